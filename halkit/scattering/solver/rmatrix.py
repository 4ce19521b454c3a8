"""The R-matrix: one decomposition inside the channel radius a serves all energies.

    u(a) = R(E) a u'(a),    R(E) = (1/2ma) Σ_n γ_n² / (E_n − E),

with E_n the levels of the interior with u'(a) = 0 and γ_n = u_n(a). If U(r, r') is not
symmetric, γ_n² is the product of the right and the left eigenvector at the surface. If it is
symmetric, phase shifts follow without eigenvectors: in the tridiagonal form whose first direction
is the surface vector f, with diagonal d_i and off-diagonal e_i, R is a continued fraction,

    R(E) = (f²/2ma) / p_1,    p_i = d_i − E − e_i² / p_{i+1},

and as many p_i are negative as there are levels below E (Sturm's sequence).

Outside, with F, G the Riccati-Bessel functions, G + iF = A e^{iφ}, ρ = ka, P = ρ/A²,
S = ρA'/A, the phase shift is

    δ = −φ(ρ) + arg[1 − S R + i P R] + π n(E),

and n(E) the number of levels below E. This is the continuous branch with δ(∞) = 0: a
bounded potential moves every level by a bounded amount, so that n(E) is the free count at
high energy, and δ(0+) is π times the number of bound states.

References: D. Baye, Phys. Rep. 565 (2015) 1, Sec. 5; A. M. Lane and R. G. Thomas,
Rev. Mod. Phys. 30 (1958) 257; B. N. Parlett, The Symmetric Eigenvalue Problem (1998),
Ch. 3 and 7.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyr2
from scipy.linalg.lapack import dgeev, dgesv, dsytrd
from scipy.special import spherical_jn, spherical_yn

from halkit.scattering.solver.levels import levels, unit_scale
from halkit.scattering.solver.mesh import Hamiltonian
from halkit.typing import Array, Numbers

__all__ = [
    "ContinuedFraction",
    "RMatrix",
    "continued_fraction",
    "decay_logarithm",
    "decay_ratio",
    "phase_shifts",
    "r_matrix",
    "riccati_bessel",
    "surface_functions",
    "threshold",
]

# Replaces a zero, so that R stays finite on a level.
NEVER_ZERO = 1e-100
# Largest value of a wave: its square is still finite.
LARGEST = 1e150


class RMatrix(NamedTuple):
    """Poles and residues of R(E) = Σ_n strength_n / (E_n − E).

    Attributes
    ----------
    energy, strength : array of shape (n,)
        E_n and γ_n²/2ma; complex pairs may occur if U is not symmetric.
    radius, reduced_mass : float
    l : int
    """

    energy: NDArray[Any]
    strength: NDArray[Any]
    radius: float
    reduced_mass: float
    l: int

    def evaluate(self, energy: Numbers) -> tuple[Array, Array]:
        """Return R(E) and n(E), each of the shape of `energy`.

        n(E) is the number of levels minus the real ones above E, each with the sign of its
        strength.
        """
        energy = np.asarray(energy, dtype=np.float64)
        gap = self.energy - energy[..., None]
        sign = np.where(self.energy.imag == 0, np.sign(self.strength.real), 0.0)
        below = self.energy.size - (gap.real >= 0) @ sign
        if not gap.all():
            gap[gap == 0] = NEVER_ZERO
        return np.real(np.reciprocal(gap) @ self.strength), below

    def __call__(self, energy: Numbers) -> Array:
        """Return R(E): an array of the shape of `energy`."""
        return self.evaluate(energy)[0]

    def split(self, chosen: NDArray[np.bool_]) -> tuple[RMatrix, RMatrix]:
        """Return the R-matrix without the levels of a mask, and the R-matrix of these levels."""
        rest, part = (
            self._replace(energy=self.energy[mask], strength=self.strength[mask])
            for mask in (~chosen, chosen)
        )
        return rest, part

    def bound_levels(self) -> tuple[Array, Array]:
        """Return the real E_n < 0 in rising order, and the signs of their strengths."""
        bound = np.isreal(self.energy) & (self.energy.real < 0)
        energy, sign = self.energy[bound].real, np.sign(self.strength[bound].real)
        order = np.argsort(energy)
        return energy[order], sign[order]


class ContinuedFraction(NamedTuple):
    """R(E) of a symmetric interaction from its tridiagonal form.

    Attributes
    ----------
    diagonal : array of shape (n,)
    square : array of shape (n − 1,)
        Squares of the off-diagonal.
    numerator : float
        f²/2ma.
    """

    diagonal: Array
    square: Array
    numerator: float

    def evaluate(self, energy: Numbers) -> tuple[Array, NDArray[np.int_]]:
        """Return R(E) and the number of levels below E, each of the shape of `energy`."""
        energy = np.asarray(energy, dtype=np.float64)
        pivots = np.subtract.outer(self.diagonal, energy.reshape(-1))
        pivot, quotient = pivots[-1], np.empty_like(pivots[-1])
        divide, subtract = np.divide, np.subtract
        with np.errstate(divide="ignore"):
            for square, row in zip(self.square[::-1].tolist(), pivots[-2::-1], strict=True):
                pivot = subtract(row, divide(square, pivot, quotient), row)
        below = (pivots < 0).sum(axis=0)
        if not pivot.all():
            pivot[pivot == 0] = NEVER_ZERO
        return (self.numerator / pivot).reshape(energy.shape), below.reshape(energy.shape)


def phase_shifts(
    hamiltonian: Hamiltonian, k: Array, surface: tuple[Array, Array, Array] | None = None
) -> Array:
    """Return δ(k) in radians on the branch δ(∞) = 0.

    `surface` holds φ, P and S of the waves outside, by default those of neutral hadrons.
    """
    m, a = hamiltonian.reduced_mass, hamiltonian.mesh.radius
    energy = np.square(k) / (2 * m)
    solver = continued_fraction if hamiltonian.symmetric else r_matrix
    R, below = solver(hamiltonian).evaluate(energy)
    phi, P, S = surface or surface_functions(hamiltonian.l, k * a)
    return np.arctan2(P * R, 1 - S * R) - phi + np.pi * below


def continued_fraction(hamiltonian: Hamiltonian) -> ContinuedFraction:
    """Return the `ContinuedFraction` of a symmetric `Hamiltonian`.

    A reflection takes f to the first axis, which Householder's reduction from the lower
    triangle does not change.
    """
    H, f = hamiltonian.matrix, hamiltonian.surface
    length = float(np.linalg.norm(f))
    v = f / length
    v[0] += np.copysign(1.0, v[0])
    v /= np.sqrt(2 * abs(v[0]))  # its length
    w = H @ v
    w -= (v @ w) * v
    reflected = dsyr2(-2.0, v, w, a=H, lower=1)  # H − 2vwᵀ − 2wvᵀ, its lower triangle
    _, diagonal, off, _, _ = dsytrd(reflected, lower=1, overwrite_a=1)
    scale = 2 * hamiltonian.reduced_mass * hamiltonian.mesh.radius
    return ContinuedFraction(diagonal, off**2, length**2 / scale)


def r_matrix(hamiltonian: Hamiltonian) -> RMatrix:
    """Return the R-matrix of a `Hamiltonian`."""
    H, f, m = hamiltonian.matrix, hamiltonian.surface, hamiltonian.reduced_mass
    a = hamiltonian.mesh.radius
    if hamiltonian.symmetric:
        energy, vectors = levels(H)
        strength = np.square(f @ vectors)
    else:
        energy, strength = _poles(H, f)
    return RMatrix(energy, strength / (2 * m * a), a, m, hamiltonian.l)


def _poles(H, f):
    """Return the eigenvalues of H, and f·v times (V⁻¹f) of each eigenvector v.

    LAPACK stores the vectors of a complex pair as their real and imaginary parts; V⁻¹f is
    computed in this real basis.
    """
    real, imaginary, _, vectors, failed = dgeev(H, compute_vl=0)
    *_, right, singular = dgesv(vectors, f)
    if failed or singular:
        raise np.linalg.LinAlgError("the eigenvectors of the Hamiltonian are not complete")
    left = f @ vectors
    if not imaginary.any():
        return real, left * right
    strength = (left * right).astype(complex)
    first = np.flatnonzero(imaginary > 0)
    second = first + 1
    pair = (left[first] + 1j * left[second]) * (right[first] - 1j * right[second]) / 2
    strength[first], strength[second] = pair, pair.conj()
    return real + 1j * imaginary, strength


def threshold(hamiltonian: Hamiltonian) -> tuple[float, float]:
    """Return R and dR/dk² at zero energy, R = f·H⁻¹f/2ma with f = f_j(a).

    A linear solve, scaled by the diagonal: the matrix is graded (large where r is small),
    and the rounding errors of its eigenvalues would grow like a³ in the effective range.
    """
    H, f = hamiltonian.matrix, hamiltonian.surface
    m, a = hamiltonian.reduced_mass, hamiltonian.mesh.radius
    scale = unit_scale(H)
    scaled = H * np.outer(scale, scale)
    x = scale * np.linalg.solve(scaled, scale * f)
    second = scale * np.linalg.solve(scaled, scale * x)
    return float(f @ x / (2 * m * a)), float(f @ second / (4 * m**2 * a))


def surface_functions(l: int, rho: Numbers) -> tuple[Array, Array, Array]:
    """Return the hard-sphere phase φ (continuous, φ(0) = 0), the penetration P and the shift S."""
    rho = np.asarray(rho, dtype=np.float64)
    if l == 0:
        return rho, rho, np.zeros(rho.shape)
    F, dF, G, dG = riccati_bessel(l, rho)
    square = F**2 + G**2
    phi = np.arctan2(F, G)
    phi += 2 * np.pi * np.round((_debye_phase(l, rho) - phi) / (2 * np.pi))
    return phi, rho / square, rho * (F * dF + G * dG) / square


def riccati_bessel(l: int, rho: Array) -> tuple[Array, Array, Array, Array]:
    """Return F, F', G, G' of the free waves: F → sin(ρ − lπ/2), G → cos(ρ − lπ/2)."""
    with np.errstate(over="ignore", invalid="ignore"):
        j, y = spherical_jn(l, rho), spherical_yn(l, rho)
        dF = j + rho * spherical_jn(l, rho, derivative=True)
        dG = -y - rho * spherical_yn(l, rho, derivative=True)
        F, G = rho * j, -rho * y
    if not np.all(np.abs(dG) < LARGEST):
        raise ValueError(
            f"k times the channel radius is too small for l = {l}, got {np.min(rho):g}: "
            "the free waves overflow"
        )
    return F, dF, G, dG


def _debye_phase(l, rho):
    """φ to a fraction of a radian, which fixes its branch: Debye's expansion with ν = l + 1/2."""
    nu = l + 0.5
    ratio = np.minimum(nu / rho, 1.0)
    return rho * np.sqrt(1 - ratio**2) - nu * np.arccos(ratio) + np.pi / 4 * (ratio < 1)


def decay_logarithm(l: int, x: NDArray[Any]) -> NDArray[Any]:
    """Return a u'(a)/u(a) for the wave u ∝ x k_l(x), x = κa, that decays outside: −κa if l = 0.

    Outgoing waves of momentum k have x = −ika.
    """
    p = _decay_polynomial(l)
    return -x - l + x * np.polyval(np.polyder(p), x) / np.polyval(p, x)


def decay_ratio(l: int, kappa: Array, a: float, r: Array) -> Array:
    """Return u(r)/u(a) of the wave u ∝ x k_l(x), x = κr, that decays: (a/r)^l if κ = 0."""
    p = _decay_polynomial(l)
    size = np.polyval(p, kappa * r) / np.polyval(p, kappa * a)
    return size * (a / r) ** l * np.exp(kappa * (a - r))


def _decay_polynomial(l):
    """p(x) = Σ_j (l+j)! / (j! (l−j)! 2^j) x^{l−j}, with x k_l(x) ∝ e^{−x} x^{−l} p(x)."""
    return np.cumprod([1.0, *((l + 1 + j) * (l - j) / (2 * (j + 1)) for j in range(l))])
