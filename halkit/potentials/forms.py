r"""Forms of local potentials V_ab(r; θ), and what rows y_a(r) = Σ_b V_ab(r) φ_b(r) say of V.

The rows of all samples determine V at each node, with errors. With the pairs p = (a ≤ b) of
channels, V_ab = V_ba, the weighted residuals of one node are linear in its V_p,

    Σ_sa W_sa² [Σ_b V_ab φ_sb − y_sa]² = ‖R V − c‖² + L0,

with R from a QR decomposition. A form is fitted to R and c. Σ L0, which no V(r) describes, tests
whether the truth is local. What is left of q rows at N nodes, beside V, has a covariance matrix of
the rows: its largest eigenvalue is at most (1 + √(q/N))² of the mean for independent errors
(Marchenko and Pastur), and 1.3 … 4 times as large for correlators at neighbouring times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from halkit.checks import check_array
from halkit.interactions.interaction import Interaction, cut
from halkit.potentials.named_forms import FormName, NamedForm
from halkit.scaling import exponent, norm
from halkit.typing import Array

__all__ = ["Form", "LocalForm", "Pointwise", "pointwise"]

Form: TypeAlias = FormName | Callable[..., Any]
# Least singular value of R at a node whose V_p are all known.
SINGULAR = 1e-12
# Largest eigenvalue of what is left, over the bound of Marchenko and Pastur, of independent errors.
INDEPENDENT = 1.2


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
    correlated : bool
        Whether errors of different rows are correlated, or too few rows are left to tell.
    """

    R: Array
    c: Array
    left: float
    n_known: int
    correlated: bool

    def act(self, V: Array) -> Array:
        """R V of the V_p(r), (n_pairs, n_out)."""
        return np.einsum("ikp,pi->ik", self.R, V)

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
    rest = target - np.einsum("iqk,ik->iq", Q, c)
    size = np.linalg.svd(R, compute_uv=False)
    known = np.count_nonzero((size > SINGULAR * size.max(axis=-1, keepdims=True)) & (size > 0))
    return Pointwise(R, c, float(norm(rest) ** 2), int(known), _correlated(rest, R.shape[1]))


def _correlated(rest, n_fitted):
    """Whether rows of residuals (n_out, n_rows), of which a V took n_fitted, are correlated."""
    eigenvalues = np.linalg.svd(rest, compute_uv=False)[: rest.shape[1] - n_fitted] ** 2
    if len(eigenvalues) < 2:
        return True
    q = rest.shape[1] - n_fitted
    bound = (1 + np.sqrt(q / len(rest))) ** 2 * np.sum(eigenvalues) / q
    return bool(eigenvalues[0] > INDEPENDENT * bound)


class LocalForm(Interaction):
    """One V_ab(r) of a form, zero beyond a radius.

    Parameters
    ----------
    form : callable or NamedForm
        ``form(r, theta)`` of arrays.
    theta : ndarray of shape (n_parameters,)
    radius : float or None
    n : int
        Number of channels; with several the form returns (n, n, ...).
    pair : tuple of int
        a and b.
    """

    def __init__(
        self, form: Callable[..., Any], theta: Array, radius: float | None, n: int = 1,
        pair: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        self.form, self.theta, self.radius, self.n, self.pair = form, theta, radius, n, pair

    def local_potential(self, r: Array) -> Array:
        """Return V_ab(r), elementwise."""
        return np.array(self.matrix(r)[self.pair])

    def matrix(self, r: Array) -> Array:
        """Return V_ab(r) of all channels, (n, n, ...)."""
        r = np.asarray(r, dtype=np.float64)
        shape = (self.n, self.n, *r.shape)
        if isinstance(self.form, NamedForm):
            return cut(self._of_pairs(r, shape), self.radius, r)
        V = check_array(self.form(r, self.theta), "form", finite=False)
        expected = r.shape if self.n == 1 else shape
        if V.shape not in {expected, () if self.n == 1 else expected}:
            raise ValueError(
                f"form must return the shape {expected} for r of shape {r.shape}, got {V.shape}"
            )
        return cut(np.broadcast_to(V, shape), self.radius, r)

    def _of_pairs(self, r, shape):
        """V_ab of a named form: θ holds one block of parameters for each pair a ≤ b."""
        V, pairs = np.zeros(shape), np.transpose(np.triu_indices(self.n))
        for (a, b), block in zip(pairs, np.split(self.theta, len(pairs)), strict=True):
            V[a, b] = V[b, a] = self.form(r, block)
        return V

    def __repr__(self) -> str:
        name = getattr(self.form, "__name__", None) or repr(self.form)
        return f"LocalForm({name}, theta={np.round(self.theta, 6).tolist()})"
