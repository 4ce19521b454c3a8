r"""A Gaussian prior over potentials, in the basis in which its coefficients are independent.

    V(r)     = Σ_m θ_m B_m e^{−(r/b_m)²},                         θ ~ N(0, 1),
    U(r, r') ~ GP(0, A² c(r, s) c(r', s')),     c(r, s) = e(r) e(s) e^{−(r−s)²/2ℓ²},

with the envelope e(r) = e^{−r²/2ρ²} or e^{−r/ρ}. A symmetric U is the mean of such a draw and its
transpose. The Karhunen-Loève expansion c(r, s) = Σ_a f_a(r) f_a(s), with f_a orthogonal on
0 < r < ∞ and of decreasing size, makes U a finite sum

    U(r, r') = A Σ_ab θ_ab f_a(r) f_b(r').

The f_a are computed on a quadrature and continued by c itself (Nyström), so that they are smooth
functions of r. The action of U on data is linear in θ: the fit is a ridge regression.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_integer, check_positive
from halkit.potentials.local import LATTICE_RANGE
from halkit.potentials.validation import node_columns
from halkit.typing import Array, Number

__all__ = [
    "Entry",
    "LocalPrior",
    "NonLocalPrior",
    "PotentialPrior",
    "SmoothBasis",
    "beside_local",
    "lattice_prior",
    "nonlocal_lengths",
    "smooth_basis",
]

LARGEST = 3000
SPACING = 0.09
# Sets of radii whose functions are kept, and the most radii of one set.
SETS, MOST_RADII = 32, 16384


class SmoothBasis:
    """The functions f_a(r) with Σ_a f_a(r) f_a(s) = e(r) e(s) e^{−(r−s)²/2ℓ²}.

    The bins of a jackknife share them, and their phase shifts the radii at which they are needed:
    the values on the last few sets of radii are kept.

    Parameters
    ----------
    length_scale, envelope_radius : float
        ℓ and ρ.
    envelope : {"gaussian", "exponential"}
        e^{−r²/2ρ²} or e^{−r/ρ}.
    tol : float
        Functions whose root mean square is below tol times the largest are left out.
    """

    def __init__(
        self, length_scale: float, envelope_radius: float, envelope: str, tol: float
    ) -> None:
        self.length_scale, self.envelope_radius = length_scale, envelope_radius
        self.envelope, self.tol = envelope, tol
        decades = np.log(1e3 / tol)
        reach = np.sqrt(2 * decades) if envelope == "gaussian" else decades
        self.nodes, measure = _half_line(reach * envelope_radius, length_scale)
        root = np.sqrt(measure)
        variance, vectors = np.linalg.eigh(root[:, None] * self._covariance(self.nodes) * root)
        variance, vectors = variance[::-1], vectors[:, ::-1]
        kept = np.count_nonzero(variance > tol**2 * variance[0])
        self.size = np.sqrt(variance[:kept])
        self._continuation = root[:, None] * vectors[:, :kept] / self.size
        for array in self.nodes, self.size, self._continuation:  # shared by all fits
            array.flags.writeable = False

    def _envelope(self, r):
        x = np.abs(r) / self.envelope_radius
        return np.exp(-0.5 * x**2 if self.envelope == "gaussian" else -x)

    def _covariance(self, r):
        """c(r, nodes), shape (..., n_nodes)."""
        r = np.asarray(r, dtype=float)[..., None]
        smooth = np.exp(-0.5 * ((r - self.nodes) / self.length_scale) ** 2)
        return self._envelope(r) * self._envelope(self.nodes) * smooth

    def __eq__(self, other: object) -> bool:
        """Whether all functions are the same to the last bit, whichever way they came here."""
        return isinstance(other, SmoothBasis) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash((self.length_scale, self.envelope_radius))

    def _state(self):
        arrays = self.nodes.tobytes(), self._continuation.tobytes()
        return self.length_scale, self.envelope_radius, self.envelope, *arrays

    def __call__(self, r: Array) -> Array:
        """f_a(r), shape (..., n_functions), read-only."""
        r = np.asarray(r, dtype=np.float64)
        few = r.size <= MOST_RADII
        values = _kept(self, r.tobytes()) if few else self._evaluate(r.ravel())
        return values.reshape(*r.shape, self.size.size)

    def _evaluate(self, r):
        """f_a(r) of radii (n,); they vanish where the envelope does."""
        values = np.zeros((r.size, self.size.size))
        reached = self._envelope(r) > 0
        values[reached] = self._covariance(r[reached]) @ self._continuation
        values.flags.writeable = False
        return values


@lru_cache(maxsize=SETS)
def _kept(basis, radii):
    return basis._evaluate(np.frombuffer(radii))


@lru_cache(maxsize=SETS)
def smooth_basis(
    length_scale: float, envelope_radius: float, envelope: str, tol: float
) -> SmoothBasis:
    """The `SmoothBasis` of these parameters, the same object for equal ones."""
    return SmoothBasis(length_scale, envelope_radius, envelope, tol)


def _half_line(reach, length_scale):
    """Gauss-Legendre nodes and weights on (0, reach) that resolve the length scale."""
    n = 40 + int(8 * reach / length_scale)
    if n > LARGEST:
        raise ValueError(
            f"length_scale must be longer for an envelope that reaches to r = {reach:.3g}, got "
            f"{length_scale:g}: it takes {n} nodes, more than {LARGEST}"
        )
    x, w = np.polynomial.legendre.leggauss(n)
    return reach * (1 + x) / 2, reach * w / 2


class LocalPrior:
    """V(r) = Σ_m θ_m B_m e^{−(r/b_m)²}; B_m as in `halkit.potentials.local`."""

    def __init__(self, widths: Array, scales: Array) -> None:
        self.widths, self.scales = widths, scales
        self.n_parameters = len(widths)

    def functions(self, r: Array) -> Array:
        """The functions that θ multiplies, shape (..., n_parameters).

        The bins of a jackknife share the e^{−(r/b_m)²}, as they do a `SmoothBasis`.
        """
        r, widths = np.asarray(r, dtype=np.float64), np.asarray(self.widths, dtype=np.float64)
        find = _kept_gaussians if r.size <= MOST_RADII else _gaussians
        gaussians = find(widths.tobytes(), r.tobytes())
        return self.scales * gaussians.reshape(*r.shape, self.n_parameters)

    def design(self, phi: Array, r_out: Array) -> Array:
        """∂(V(r_i) φ_si)/∂θ, shape (n_samples, n_out, n_parameters), for φ at r_out."""
        return phi[:, :, None] * self.functions(r_out)

    def potential(self, theta: Array, r: Array) -> Array:
        """V(r), elementwise."""
        return self.functions(r) @ theta


def _gaussians(widths, radii):
    """e^{−(r/b_m)²} of bytes, shape (n_r, n_widths), read-only."""
    values = np.exp(-((np.frombuffer(radii)[:, None] / np.frombuffer(widths)) ** 2))
    values.flags.writeable = False
    return values


_kept_gaussians = lru_cache(maxsize=SETS)(_gaussians)


class NonLocalPrior:
    """U(r, r') = A Σ_ab θ_ab f_a(r) f_b(r'), over pairs whose scale is above the tolerance.

    Parameters
    ----------
    basis : SmoothBasis
    amplitude : float
        A, the standard deviation of U(0, 0).
    symmetric : bool
        Whether U(r, r') = U(r', r): then U = (W + Wᵀ)/2 for a draw W of the plain prior.
    """

    def __init__(self, basis: SmoothBasis, amplitude: float, symmetric: bool) -> None:
        self.basis, self.symmetric = basis, symmetric
        size = basis.size / basis.size[0]
        kept = np.outer(size, size) > basis.tol
        self.left, self.right = np.nonzero(np.triu(kept) if symmetric else kept)
        self.n_parameters = len(self.left)
        if self.n_parameters > LARGEST:
            raise ValueError(
                f"the prior must have at most {LARGEST} functions of (r, r'), got "
                f"{self.n_parameters}: raise length_scale or tol, or lower envelope_radius"
            )
        # (θ_ab + θ_ba)/2 has the variance 1/2; terms with a = b come twice in `_pairs`
        halved = np.where(self.left == self.right, 0.5, np.sqrt(0.5))
        self.scale = amplitude * (halved if symmetric else 1.0)

    def _pairs(self, f, g):
        """f_a g_b, and its transpose where U is symmetric, scaled; f and g broadcast."""
        pairs = f[..., self.left] * self.scale * g[..., self.right]
        if self.symmetric:
            pairs += f[..., self.right] * self.scale * g[..., self.left]
        return pairs

    def functions(self, r: Array, r_prime: Array) -> Array:
        """The functions of (r, r') that θ multiplies, shape (..., n_parameters)."""
        return self._pairs(self.basis(r), self.basis(r_prime))

    def design(
        self, X: Array, r: Array, weights: Array, r_out: Array, *, transposed: bool = False
    ) -> Array:
        """∂(Σ_j U(r_i, r_j) w_j φ_sj)/∂θ, shape (n_samples, n_out, n_parameters).

        With `transposed` U(r_j, r_i) acts instead.
        """
        factors = self.basis(r_out), ((X * weights) @ self.basis(r))[:, None, :]
        return self._pairs(*(factors[::-1] if transposed else factors))

    def potential(self, theta: Array, r: Array, r_prime: Array) -> Array:
        """U(r, r'), the arguments broadcast."""
        n = len(self.basis.size)
        matrix = np.zeros((n, n))
        matrix[self.left, self.right] = self.scale * theta
        if self.symmetric:
            matrix += matrix.T
        f, g = self.basis(r), self.basis(r_prime)
        f = (f.reshape(-1, n) @ matrix).reshape(f.shape)
        if (
            r.ndim == 2
            and r.shape[1] == 1
            and r_prime.shape in {(r_prime.size,), (1, r_prime.size)}
        ):
            return f[:, 0] @ g.reshape(-1, n).T  # a table of all pairs
        return np.einsum("...a,...a->...", f, g)


class Entry(NamedTuple):
    """The `prior` of V_ab and U_ab, its coefficients in θ, and whether U has r and r' exchanged."""

    prior: PotentialPrior
    rows: slice
    transposed: bool

    def nonlocal_functions(self, r: Array, r_prime: Array) -> tuple[Array, slice]:
        """Return the functions of (r, r') in U_ab, and their coefficients in θ."""
        assert self.prior.nonlocal_ is not None
        points = (r_prime, r) if self.transposed else (r, r_prime)
        start = self.rows.start + self.prior.n_local
        return self.prior.nonlocal_.functions(*points), slice(start, self.rows.stop)

    def local_functions(self, r: Array) -> tuple[Array, slice]:
        """Return the functions of r in V_ab, and their coefficients in θ."""
        assert self.prior.local is not None
        start = self.rows.start
        return self.prior.local.functions(r), slice(start, start + self.prior.n_local)


class PotentialPrior:
    """Both terms or one of them; the local coefficients come first in θ."""

    n, number = 1, np.zeros((1, 1), dtype=int)

    def __init__(self, local: LocalPrior | None, nonlocal_: NonLocalPrior | None) -> None:
        self.local, self.nonlocal_ = local, nonlocal_
        self.n_local = local.n_parameters if local else 0

        self.n_parameters = self.n_local + (nonlocal_.n_parameters if nonlocal_ else 0)

    def design(
        self, X: Array, r: Array, weights: Array, r_out: Array, *, transposed: bool = False
    ) -> Array:
        """∂(targets at r_out)/∂θ, shape (n_samples, n_out, n_parameters).

        With `transposed` U(r', r) acts instead of U(r, r').
        """
        parts = []
        if self.local:
            parts.append(self.local.design(X[:, node_columns(r_out, r)], r_out))
        if self.nonlocal_:
            parts.append(self.nonlocal_.design(X, r, weights, r_out, transposed=transposed))
        return np.concatenate(parts, axis=2)

    def entry(self, *pair: int) -> Entry:  # noqa: ARG002
        """Return itself, as the prior of the only pair of channels."""
        return Entry(self, slice(0, self.n_parameters), False)

    @property
    def is_local(self) -> NDArray[np.bool_]:
        """Which coefficients belong to V, shape (n_parameters,)."""
        return np.arange(self.n_parameters) < self.n_local

    def local_potential(self, theta: Array, r: Array) -> Array:
        """V(r), elementwise; zero without a local term."""
        r = np.asarray(r, dtype=float)
        return self.local.potential(theta[: self.n_local], r) if self.local else np.zeros(r.shape)

    def nonlocal_potential(self, theta: Array, r: Array, r_prime: Array) -> Array:
        """U(r, r'), zero without a non-local term; the arguments broadcast."""
        r, r_prime = np.asarray(r, dtype=float), np.asarray(r_prime, dtype=float)
        if self.nonlocal_:
            return self.nonlocal_.potential(theta[self.n_local :], r, r_prime)
        return np.zeros(np.broadcast_shapes(r.shape, r_prime.shape))


def beside_local(design: Array, phi: Array) -> Array:
    """A non-local design without what is the effect of any local V(r), shape (n_rows, n_of_U).

    Parameters
    ----------
    design : ndarray of shape (n_data, n_out, n_parameters)
        In units of the errors of y.
    phi : ndarray of shape (n_data, n_out, n_local)
        The effect of each V(r_i) on the data at r_i, in the same units: one wave function for each
        entry of the matrix of potentials.
    """
    rest = design
    for unit in _orthonormal(phi):
        rest = rest - unit[:, :, None] * np.einsum("di,dip->ip", unit, rest)
    return rest.reshape(-1, design.shape[2])


def _orthonormal(phi):
    """Orthonormal columns of the same span at each r, (n_local, n_data, n_out); zero if fewer."""
    if phi.shape[2] == 1:
        norm = np.linalg.norm(phi, axis=0)
        return np.moveaxis(phi / np.where(norm > 0, norm, 1.0), 2, 0)
    u, s, _ = np.linalg.svd(np.moveaxis(phi, 1, 0), full_matrices=False)
    return np.moveaxis(u * (s > 1e-12 * s[:, :1])[:, None, :], (2, 0), (0, 2))


def nonlocal_lengths(n_channels: int, l: int) -> dict[str, float]:
    """The default ℓ and ρ of U, in lattice units at a spacing near 0.09 fm.

    Several channels have fewer data for each U_ab, and take a smoother one: on eight models of two
    channels (ranges of V and U, signs, masses, thresholds; Gaussian, exponential and Perey-Buck
    forms; four sources, noise 1e-4 and 1e-3) the median error of phase shifts is three to six times
    smaller with ℓ = ρ = 9 than with 4 and 5.5. U of a higher wave falls like (r r')^l towards the
    origin, and lies further outside: on four models of P and D waves, two sources, the median error
    is two to three hundred times smaller.
    """
    lengths = (4.0, 5.5) if n_channels == 1 and l == 0 else (9.0, 9.0)
    return dict(zip(("length_scale", "envelope_radius"), lengths, strict=True))


def lattice_prior(unit: Number, *, n_channels: int = 1, l: int = 0) -> dict[str, float]:
    """The prior that suited ΞΞ(¹S₀) at a = 0.09 fm, in another unit of length.

    Lengths scale as 1/unit and U as unit⁴ (ħ = c = 1); V scales with the reduced mass.

    Parameters
    ----------
    unit : float
        The unit of length in fm: a lattice spacing; 1 for r in fm and energies in 1/fm.
    n_channels, l : int
        Number of coupled channels, and the orbital angular momentum of a single one. U is smoother
        and wider for several channels, and for l > 0.

    Returns
    -------
    dict
        The parameters ``length_scale``, ``envelope_radius``, ``amplitude`` and ``local_range`` of
        `GaussianProcessPotentialRegressor`.

    Examples
    --------
    >>> from halkit.potentials import GaussianProcessPotentialRegressor, lattice_prior
    >>> prior = lattice_prior(0.06)
    >>> prior["length_scale"], round(prior["envelope_radius"], 9)
    (6.0, 8.25)
    >>> model = GaussianProcessPotentialRegressor(**prior)
    """
    x = check_positive(unit, "unit") / SPACING
    n = check_integer(n_channels, "n_channels", least=1)
    lengths = nonlocal_lengths(n, check_integer(l, "l", least=0))
    return {
        **{name: length / x for name, length in lengths.items()},
        "amplitude": 1e-5 * x**4,
        "local_range": LATTICE_RANGE / x,
    }
