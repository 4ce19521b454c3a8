r"""Forms of local potentials V_ab(r; θ), and what rows y_a(r) = Σ_b V_ab(r) φ_b(r) say of V.

The rows of all samples determine V at each node, with errors. With the pairs p = (a ≤ b) of
channels, V_ab = V_ba, the weighted residuals of one node are linear in its V_p,

    Σ_sa W_sa² [Σ_b V_ab φ_sb − y_sa]² = ‖R V − c‖² + L0,

with R from a QR decomposition. A form is fitted to R and c. Σ L0, which no V(r) describes, tests
whether the truth is local.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import least_squares

from halkit.checks import check_array
from halkit.interactions.interaction import Interaction, cut
from halkit.scaling import exponent, norm
from halkit.typing import Array

__all__ = [
    "Form",
    "LocalForm",
    "Pointwise",
    "gaussian_start",
    "gaussians",
    "gaussians_of_pairs",
    "pointwise",
]

Form: TypeAlias = Literal["gaussians"] | Callable[..., Any]
# Widths of Gaussians in the list of starts, sets of them that are tried, and the least singular
# value of a set.
N_WIDTHS, N_STARTS, RIDGE = 16, 6, 1e-9
# Least singular value of R at a node whose V_p are all known.
SINGULAR = 1e-12


def gaussians(r: Array, theta: Array) -> Array:
    """V(r) = Σ_m v_m e^{−(r/b_m)²} for θ = (v_1 … v_n, b_1 … b_n), of the shape of `r`."""
    v, b = np.split(theta, 2)
    return np.asarray(np.exp(-((np.asarray(r)[..., None] / b) ** 2)) @ v)


class Pointwise(NamedTuple):
    """What rows say of V at each node.

    Attributes
    ----------
    R : ndarray of shape (n_out, k, n_pairs)
    c : ndarray of shape (n_out, k)
    left : float
        Σ L0, in the unit of W².
    n_known : int
        Number of V_p(r) that the rows determine.
    """

    R: Array
    c: Array
    left: float
    n_known: int

    def potential(self) -> tuple[Array, Array]:
        """V̂_p(r) and the inverse of its error, both (n_pairs, n_out); 0 where it is not known."""
        unit = exponent(self.R)
        u, s, vt = np.linalg.svd(np.ldexp(self.R, -unit), full_matrices=False)
        known = s > SINGULAR * s.max(axis=-1, keepdims=True, initial=0.0)
        inverse = np.divide(1.0, s, out=np.zeros_like(s), where=known)
        V = np.einsum("imp,im,ikm,ik->pi", vt, inverse, u, self.c)
        std = np.sqrt(np.einsum("imp,im->pi", vt**2, inverse**2))
        a = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)
        return np.ldexp(V, -unit), np.ldexp(a, unit)


def pointwise(phi: Array, y: Array, W: Array) -> Pointwise:
    """The `Pointwise` of rows.

    Parameters
    ----------
    phi, y, W : ndarray of shape (n_samples, n, n_out)
        Wave functions and targets of n channels at the nodes of V, and weights of the residual.
    """
    n_samples, n, n_out = phi.shape
    pairs = np.transpose(np.triu_indices(n))
    columns = np.zeros((n_out, n_samples, n, len(pairs)))
    for p, (a, b) in enumerate(pairs):
        columns[:, :, a, p] = (W[:, a] * phi[:, b]).T
        columns[:, :, b, p] = (W[:, b] * phi[:, a]).T
    target = np.moveaxis(W * y, 2, 0).reshape(n_out, -1)
    Q, R = np.linalg.qr(columns.reshape(n_out, -1, len(pairs)))
    c = np.einsum("iqk,iq->ik", Q, target)
    left = float(norm(target - np.einsum("iqk,ik->iq", Q, c)) ** 2)
    size = np.linalg.svd(R, compute_uv=False)
    known = np.count_nonzero((size > SINGULAR * size.max(axis=-1, keepdims=True)) & (size > 0))
    return Pointwise(R, c, left, int(known))


def gaussian_start(r: Array, V: Array, a: Array, n_terms: int) -> Array:
    """θ of a sum of Gaussians close to the V of least Σ a² (form − V)².

    For given widths the strengths follow from linear least squares. The best sets of widths of a
    list, from the first node to r[-1]/2, are each brought to their minimum; the lowest is taken.
    """
    low, high = r[r > 0][0], r[-1] / 2
    listed = np.log(np.geomspace(min(low, high / 2), high, max(N_WIDTHS, n_terms)))

    def columns(log_widths):
        A = a[:, None] * np.exp(-((r[:, None] / np.exp(log_widths)) ** 2))
        size = norm(A, axis=0)
        size = np.where(size > 0, size, 1.0)
        return A / size, size

    def left(log_widths):
        A, _ = columns(log_widths)
        return target - A @ np.linalg.lstsq(A, target, rcond=RIDGE)[0]

    unit = norm(a * V)
    target = a * V / (unit if unit > 0 else 1.0)
    A, _ = columns(listed)
    terms, gram, b = np.array([*combinations(range(len(listed)), n_terms)]), A.T @ A, A.T @ target
    block = gram[terms[:, :, None], terms[:, None, :]] + RIDGE * np.eye(n_terms)
    explained = np.sum(np.linalg.solve(block, b[terms][..., None])[..., 0] * b[terms], axis=1)
    bounds = listed[0] - np.log(2), listed[-1] + np.log(4)
    found = [
        least_squares(left, listed[chosen], bounds=bounds)
        for chosen in terms[np.argsort(-explained)[:N_STARTS]]
    ]
    log_widths = np.sort(min(found, key=lambda solution: solution.cost).x)
    A, size = columns(log_widths)
    v = np.linalg.lstsq(A, a * V, rcond=RIDGE)[0] / size
    return np.concatenate([v, np.exp(log_widths)])


def gaussians_of_pairs(r: Array, theta: Array, n: int) -> Array:
    """V_ab(r) of n channels, (n, n, ...): θ holds one block of `gaussians` for each pair a ≤ b."""
    V, pairs = np.zeros((n, n, *np.shape(r))), np.transpose(np.triu_indices(n))
    for (a, b), block in zip(pairs, np.split(theta, len(pairs)), strict=True):
        V[a, b] = V[b, a] = gaussians(r, block)
    return V


class LocalForm(Interaction):
    """One V_ab(r) of a form, zero beyond a radius.

    Parameters
    ----------
    form : callable or "gaussians"
        ``form(r, theta)`` of arrays.
    theta : ndarray of shape (n_parameters,)
    radius : float or None
    n : int
        Number of channels; with several the form returns (n, n, ...).
    pair : tuple of int
        a and b.
    """

    def __init__(
        self, form: Form, theta: Array, radius: float | None, n: int = 1,
        pair: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        self.form, self.theta, self.radius, self.n, self.pair = form, theta, radius, n, pair

    def local_potential(self, r: Array) -> Array:
        """Return V_ab(r), elementwise."""
        return np.array(self.matrix(r)[self.pair])

    def matrix(self, r: Array) -> Array:
        """Return V_ab(r) of all channels, (n, n, ...)."""
        r = np.asarray(r, dtype=np.float64)
        if callable(self.form):
            V = check_array(self.form(r, self.theta), "form", finite=False)
        else:
            V = gaussians_of_pairs(r, self.theta, self.n)
        shape = (self.n, self.n, *r.shape)
        expected = r.shape if self.n == 1 else shape
        if callable(self.form) and V.shape not in {expected, () if self.n == 1 else expected}:
            raise ValueError(
                f"form must return the shape {expected} for r of shape {r.shape}, got {V.shape}"
            )
        return cut(np.broadcast_to(V, shape), self.radius, r)

    def __repr__(self) -> str:
        name = getattr(self.form, "__name__", None) or repr(self.form)
        return f"LocalForm({name}, theta={np.round(self.theta, 6).tolist()})"
