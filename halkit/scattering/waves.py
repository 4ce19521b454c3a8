"""Wave functions at all r: the mesh expansion inside the channel radius, known waves outside.

Inside, (H − E) c = f_j(a) u'(a)/2m gives the coefficients of u up to a factor. Outside,
u = α F_l(kr) + β G_l(kr), with Riccati-Bessel or Coulomb functions. α, β follow from u(a) and
u'(a), and the factor makes

    u(r) → sin(kr − lπ/2 + δ)  or  sin(kr − η ln 2kr − lπ/2 + σ_l + δ),    ψ_k(r) = u(r)/(kr).

A bound state continues as u ∝ κr k_l(κr), and 4π ∫ r² φ² dr = ∫ u² dr = 1, φ = u/(√4π r).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import spherical_jn, spherical_yn

from halkit.checks import check_array, check_momenta
from halkit.interactions.conversion import Potential
from halkit.scattering.bound import (
    binding_momenta,
    bound_energies,
    relative_change,
    slopes,
    warn_of_tail,
)
from halkit.scattering.coulomb.charges import Charges
from halkit.scattering.coulomb.waves import charged_surface, coulomb_functions
from halkit.scattering.solver.interior import measured_interior, open_interior
from halkit.scattering.solver.levels import levels
from halkit.scattering.solver.mesh import Hamiltonian, LagrangeMesh
from halkit.scattering.solver.partial_wave import tell_momenta
from halkit.scattering.solver.rmatrix import (
    RMatrix,
    decay_logarithm,
    decay_ratio,
    phase_shifts,
    r_matrix,
    surface_functions,
)
from halkit.typing import Array, Number, Numbers

__all__ = [
    "BoundWaves",
    "ScatteringWaves",
    "WaveFunctions",
    "bound_wave_functions",
    "decaying_waves",
    "first_sign",
    "outer_waves",
    "probe",
    "scattering_wave_functions",
    "tail_moments",
    "waves_on_mesh",
]

PROBES = np.linspace(0.05, 0.95, 12)
# Of the tail of a bound state.
X, W = np.polynomial.legendre.leggauss(120)
# Part of its largest value above which a wave function is not just rounding errors.
SEEN = 1e-6


class WaveFunctions:
    """Wave functions as functions of r: called with r they return an array (n_states, n_r).

    Parameters
    ----------
    mesh : LagrangeMesh
    coefficients : real or complex array of shape (n_states, n_mesh)
        Inside the channel radius.
    outside : callable
        Maps r of shape (n_r,) beyond the channel radius to the values (n_states, n_r).
    """

    def __init__(
        self,
        mesh: LagrangeMesh,
        coefficients: NDArray[Any],
        outside: Callable[[Array], NDArray[Any]],
    ) -> None:
        self.mesh = LagrangeMesh(*mesh)
        self.coefficients = coefficients
        self.outside = outside

    def __call__(self, r: Numbers) -> NDArray[Any]:
        """Return the wave functions at r ≥ 0, shape (n_states, n_r)."""
        r = np.atleast_1d(check_array(r, "r"))
        if r.ndim != 1 or np.any(r < 0):
            raise ValueError(
                f"r must be one number or one axis, and ≥ 0, got shape {r.shape} with the "
                f"smallest value {np.min(r, initial=np.inf):g}"
            )
        values = np.empty((len(self.coefficients), r.size), self.coefficients.dtype)
        inside = r <= self.mesh.radius
        values[:, inside] = self.mesh.interpolate(self.coefficients, r[inside])
        values[:, ~inside] = self.outside(r[~inside])
        return values

    def __repr__(self) -> str:
        states, a = len(self.coefficients), self.mesh.radius
        return f"{type(self).__name__}({states} states, channel radius {a:g})"


class ScatteringWaves(WaveFunctions):
    """Scattering wave functions ψ_k(r), called with r; see `scattering_wave_functions`.

    Attributes
    ----------
    k, phase_shift : array of shape (n_k,)
        Momenta, and δ_l(k) in radians.
    l : int
    eta : array of shape (n_k,) or None
        Sommerfeld parameters of charged hadrons.
    """

    def __init__(
        self,
        mesh: LagrangeMesh,
        coefficients: Array,
        outside: Callable[[Array], Array],
        k: Array,
        phase_shift: Array,
        l: int,
        eta: Array | None = None,
    ) -> None:
        super().__init__(mesh, coefficients, outside)
        self.k, self.phase_shift, self.l, self.eta = k, phase_shift, l, eta

    def __call__(self, r: Numbers) -> Array:
        """Return ψ_k(r) at r ≥ 0, shape (n_k, n_r)."""
        return super().__call__(r)


class BoundWaves(NamedTuple):
    """Bound states with their wave functions, deepest first.

    Attributes
    ----------
    energy, kappa : array of shape (n_bound,)
        E = −κ²/2m and κ, as in `halkit.scattering.bound_states`.
    rms_radius : array of shape (n_bound,)
        √⟨r²⟩ of the distance r between the two hadrons (not r/2).
    wave_function : WaveFunctions
        ``wave_function(r)`` returns φ_n(r), shape (n_bound, n_r), with ∫ 4πr² φ_n² dr = 1
        and φ_n > 0 next to the origin.
    """

    energy: Array
    kappa: Array
    rms_radius: Array
    wave_function: WaveFunctions


def scattering_wave_functions(
    interaction: Potential,
    k: Numbers,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    charge_product: Number | None = None,
    dipole_radius: Number | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> ScatteringWaves:
    """Return the scattering wave functions ψ_k(r) → sin(kr − lπ/2 + δ)/(kr), at any r.

    ψ is the radial part u/(kr) of a partial wave, real; e^{iδ} ψ belongs to the plane wave
    Σ (2l+1) i^l j_l(kr) P_l(cos θ). If U is not symmetric, U(r, r') acts on ψ(r'). Charged
    hadrons have ψ_k(r) → sin(kr − η ln 2kr − lπ/2 + σ_l + δ)/(kr) with η = Z1 Z2 α m/k.

    Parameters
    ----------
    interaction, reduced_mass, l, channel_radius, n_mesh, r
        As in `halkit.scattering.phase_shift`: the strong interaction alone.
    k : float or array of shape (n_k,)
        Momenta, k > 0.
    charge_product, dipole_radius : float, optional
        Charges, as in `halkit.scattering.coulomb_phase_shift`. Default: no Coulomb force.

    Returns
    -------
    ScatteringWaves
        A function: called with r of shape (n_r,) it returns ψ_k(r), shape (n_k, n_r); r
        may lie inside or outside the channel radius. Its attributes ``k`` and
        ``phase_shift`` have shape (n_k,).

    Raises
    ------
    ValueError
        If a momentum or a mass is not positive, or if the potential is complex, infinite on the
        mesh, or does not decay.

    Warns
    -----
    AccuracyWarning
        If the potential has not decayed at the channel radius, or if the mesh is too coarse
        for the largest k.
    UnderdeterminedWarning
        As `halkit.scattering.phase_shift`, of a fitted estimator.

    References
    ----------
    D. Baye, Phys. Rep. 565 (2015) 1.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import scattering_wave_functions
    >>> U = Separable(omega=-0.017, mu=1.0)
    >>> waves = scattering_wave_functions(U, [0.1, 0.5], reduced_mass=3.3)
    >>> waves([1.0, 50.0]).round(6)
    array([[2.082023, 0.183186],
           [1.023107, 0.028532]])
    """
    k = np.atleast_1d(check_array(k, "k"))
    if k.ndim != 1 or np.any(k <= 0):
        raise ValueError(f"k must be one number or one axis, and > 0, got {k.tolist()!r:.60}")
    check_momenta(k)
    interior = open_interior(interaction, reduced_mass, l, channel_radius, r, k=k)
    eta = None
    if charge_product is not None:
        charges = Charges.of(charge_product, dipole_radius)
        interior = charges.inside(interior, channel_radius)
        eta = charges.sommerfeld(k, interior.reduced_mass)
    elif dipole_radius is not None:
        raise ValueError("dipole_radius must have a charge_product with it, got None")
    waves, H = interior.converged(
        lambda H: (waves_on_mesh(H, k, eta), H),
        lambda coarse, fine: np.max(np.abs(probe(fine[0], k) - probe(coarse[0], k)), initial=0.0),
        n_mesh,
        np.max(k, initial=0.0),
    )
    solved = H if eta is None else None
    tell_momenta(interaction, k, reduced_mass=interior.reduced_mass, solved=solved)
    return waves


def bound_wave_functions(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> BoundWaves:
    """Return the bound states of a partial wave with their wave functions and radii.

    Parameters as in `halkit.scattering.phase_shift`, warnings as in
    `halkit.scattering.bound_states`.

    Returns
    -------
    BoundWaves
        Named tuple of ``energy``, ``kappa``, ``rms_radius``, each of shape (n_bound,), and
        the function ``wave_function``; deepest state first.

    Examples
    --------
    >>> from halkit.interactions import Yamaguchi
    >>> from halkit.scattering import bound_wave_functions
    >>> deuteron = Yamaguchi(alpha=0.2316053, beta=1.3918324, reduced_mass=2.379)
    >>> states = bound_wave_functions(deuteron, reduced_mass=2.379)
    >>> states.rms_radius.round(6), states.wave_function([0.0, 1.0]).shape
    (array([3.871877]), (1, 2))
    """
    interior, beyond = measured_interior(interaction, reduced_mass, l, channel_radius, r)

    def change(coarse, fine):
        if coarse.kappa.size != fine.kappa.size:
            return np.inf
        old, new = (probe(states.wave_function, 1.0) for states in (coarse, fine))
        scale = np.max(np.abs(new), axis=-1, keepdims=True, initial=1e-300)
        moved = np.max(np.abs(new - old) / scale, initial=0.0)
        return max(relative_change(coarse.kappa, fine.kappa), moved)

    states = interior.converged(_bound, change, n_mesh)
    warn_of_tail(interior, beyond, states.kappa, n_mesh)
    return states


def probe(waves: WaveFunctions, k: Array | float) -> NDArray[Any]:
    """Return r φ of bound states (k = 1) or k r ψ on a few points inside."""
    r = PROBES * waves.mesh.radius
    return waves(r) * np.multiply.outer(k, r)


def waves_on_mesh(H: Hamiltonian, k: Array, eta: Array | None = None) -> ScatteringWaves:
    """Return the waves of a Hamiltonian on its mesh, with charges if η of each k is given."""
    rho = k * H.mesh.radius
    surface = surface_functions(H.l, rho) if eta is None else charged_surface(H.l, eta, rho)
    delta = phase_shifts(H, k, surface)
    inside, value, slope = _response(H, np.square(k) / (2 * H.reduced_mass))
    phi, P, S = surface
    # of A (α, β), turned by φ; A² = ρ/P
    along, across = slope - S * value, P * value
    alpha = along * np.cos(phi) + across * np.sin(phi)
    beta = across * np.cos(phi) - along * np.sin(phi)
    factor = np.hypot(along, across)
    factor *= np.where(alpha * np.cos(delta) + beta * np.sin(delta) < 0, -1, 1)
    with np.errstate(under="ignore"):
        amplitude = np.sqrt(rho * P) / factor
    coefficients = inside * (amplitude / k)[:, None] * H.scale
    outside = partial(outer_waves, H.l, k, eta, alpha / factor, beta / factor)
    return ScatteringWaves(H.mesh, coefficients, outside, k, delta, H.l, eta)


def outer_waves(
    l: int, k: Array, eta: Array | None, alpha: NDArray[Any], beta: NDArray[Any], r: Array
) -> NDArray[Any]:
    """Return (α F + β G)/(kr), shape (n_k, n_r); ``eta`` is None without charges."""
    x = np.multiply.outer(k, r)
    if eta is None:
        return alpha[:, None] * spherical_jn(l, x) - beta[:, None] * spherical_yn(l, x)
    waves = coulomb_functions(l, eta[:, None], x)
    # deep in a barrier β vanishes faster than G grows
    G = np.where(np.isfinite(waves.G), waves.G, 0.0)
    return (alpha[:, None] * waves.F + beta[:, None] * G) / x


def _response(H, energy):
    """c of (H − E) c ∝ f_j(a), u(a) = f·c and a u'(a), up to a factor for each E."""
    f, m, a = H.surface, H.reduced_mass, H.mesh.radius
    if H.symmetric:
        level, vectors = levels(H.matrix)
        gap = level - energy[:, None]
        gap = np.where(gap == 0, np.finfo(np.float64).eps * np.abs(level), gap)
        nearest = np.min(np.abs(gap), axis=1, initial=np.inf)
        c = (nearest[:, None] / gap * (f @ vectors)) @ vectors.T
    else:
        both = np.array([_null_vector(H.matrix, E, f) for E in energy]).reshape(-1, f.size + 1)
        c, nearest = both[:, :-1], both[:, -1]
    return c, c @ f, 2 * m * a * nearest


def _null_vector(matrix, energy, f):
    """(c, s) with (H − E) c = f s, also where E is a level and s = 0."""
    equations = np.column_stack([matrix - energy * np.eye(f.size), -f])
    return scipy.linalg.qr(equations.T)[0][:, -1]


def _bound(H):
    m, a, l = H.reduced_mass, H.mesh.radius, H.l
    kappa, c = _symmetric_states(H) if H.symmetric else _states(H)
    energy = -np.square(kappa) / (2 * m)
    value, c = c @ H.surface, c * H.scale
    norm, square = tail_moments(l, kappa, a)
    total = np.sum(c**2, axis=1) + value**2 * norm
    radius = np.sqrt((c**2 @ H.mesh.r**2 + value**2 * square) / total)
    factor = first_sign(c) / np.sqrt(total)
    at_surface = value * factor
    outside = partial(decaying_waves, l, kappa, a, at_surface / np.sqrt(4 * np.pi))
    waves = WaveFunctions(H.mesh, c * factor[:, None] / np.sqrt(4 * np.pi), outside)
    return BoundWaves(energy, kappa, radius, waves)


def first_sign(c: Array) -> NDArray[np.int_]:
    """Return the sign of each row of (n_states, n) at its first entry beyond rounding errors."""
    size = np.abs(c)
    first = np.argmax(size > SEEN * size.max(axis=1, keepdims=True, initial=0.0), axis=1)
    return np.where(c[np.arange(len(c)), first] < 0, -1, 1)


def _symmetric_states(H):
    """κ and c of the bound states, from one decomposition H = Σ E_n v_n v_nᵀ, γ_n = f·v_n.

    c ∝ Σ γ_n v_n/(E_n − E), divided by the term of the level i next to E: with S of 1 = S R(E),

        c = v_i + x Σ_{n≠i} γ_n v_n/(E_n − E),    x = S γ_i/(2ma [1 − S Σ_{n≠i} γ_n²/2ma(E_n − E)]).

    Levels whose waves end inside the channel radius (to 1e-12 of E) have no share in other states.
    """
    a, scale = H.mesh.radius, 2 * H.reduced_mass * H.mesh.radius
    level, vectors = levels(H.matrix)
    gamma = H.surface @ vectors
    R = RMatrix(level, gamma**2 / scale, a, H.reduced_mass, H.l)
    inner, inside, outside = bound_energies(R, 1e-12)
    E = np.append(inside, outside)
    gap = np.where(inner, np.inf, level - E[:, None])
    i = np.argmin(np.abs(gap), axis=1)
    i[: inside.size] = np.flatnonzero(inner)
    gap[np.arange(E.size), i] = np.inf
    terms, S = gamma / gap, slopes(R, E)
    x = S * gamma[i] / (scale - S * (terms @ gamma))
    c = vectors[:, i].T + x[:, None] * (terms @ vectors.T)
    order = np.argsort(E)
    return np.sqrt(-2 * H.reduced_mass * E[order]), c[order]


def _states(H):
    """κ and c of the bound states; where U is not symmetric, c is the null vector of H − E."""
    m, a, f = H.reduced_mass, H.mesh.radius, H.surface
    kappa = binding_momenta(r_matrix(H))
    c = [
        scipy.linalg.svd(
            H.matrix
            - decay_logarithm(H.l, x * a) / (2 * m * a) * np.outer(f, f)
            + x**2 / (2 * m) * np.eye(f.size)
        )[2][-1]
        for x in kappa
    ]
    return kappa, np.reshape(c, (kappa.size, f.size))


def decaying_waves(
    l: int, kappa: Array, a: float, at_surface: NDArray[Any], r: Array
) -> NDArray[Any]:
    """Return u(a) (κr k_l(κr) / κa k_l(κa)) / r, shape (n_bound, n_r)."""
    return at_surface[:, None] * decay_ratio(l, kappa[:, None], a, r) / r


def tail_moments(l: int, kappa: Array, a: float) -> tuple[Array, Array]:
    """Return ∫_a^∞ (u/u(a))² r^p dr for p = 0 and 2; Gauss-Legendre in s = log(r/a)."""
    edge = kappa[:, None] * a
    s_max = np.log1p(20 / edge)
    s = s_max * (1 + X) / 2
    r = a * np.exp(s)
    u = decay_ratio(l, kappa[:, None], a, r)
    integrand = u**2 * r * W * s_max / 2
    return integrand.sum(axis=1), (integrand * r**2).sum(axis=1)
