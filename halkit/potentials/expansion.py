r"""Separable interpolation: the U of least rank that reproduces given waves.

For waves φ_i with targets y_i = U φ_i,

    U = Σ_ij |y_i⟩ (M⁻¹)_ij ⟨y_j|,   M_ij = ⟨φ_i|y_j⟩ = Σ_r w(r) φ_i(r) y_j(r),

acts on each φ_i as the truth does. M is symmetric for a Hermitian truth, but not positive: with
M = Σ_a λ_a v_a v_aᵀ,

    U(r, r') = Σ_a sign(λ_a) g_a(r) g_a(r'),   g_a(r) = Σ_i v_ia y_i(r)/√|λ_a|.

M − Mᵀ is an error of the data or of the sum over r; directions with a smaller ``|λ_a|`` are left
out. D. J. Ernst, C. M. Shakin, R. M. Thaler, Phys. Rev. C 8, 46 (1973).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from halkit.interactions.interaction import Interaction
from halkit.interactions.spline import Spline
from halkit.scaling import norm
from halkit.typing import Array

__all__ = ["FormFactors", "Overlap", "SeparableExpansion", "overlap_matrix"]


class Overlap(NamedTuple):
    """M in the unit of the norms √(‖φ_i‖ ‖y_i‖), and what goes with it.

    Attributes
    ----------
    M : ndarray of shape (n_samples, n_samples)
        Symmetrised.
    targets : ndarray of shape (n_samples, n_out)
        y in the same unit.
    asymmetry, asymmetry_std : float
        ‖M − Mᵀ‖/‖M + Mᵀ‖ (Frobenius), and its size for the errors of y alone; 0 without errors.
    """

    M: Array
    targets: Array
    asymmetry: float
    asymmetry_std: float

    def without(self, i: int) -> Overlap:
        """The same without one wave."""
        M = np.delete(np.delete(self.M, i, 0), i, 1)
        return self._replace(M=M, targets=np.delete(self.targets, i, 0))

    def form_factors(self, rcond: float) -> tuple[Array, Array, Array]:
        """g_a, sign(λ_a) and ``|λ_a|`` of the directions above `rcond` of the largest.

        The largest come first.
        """
        size, vectors = np.linalg.eigh(self.M)
        kept = np.argsort(-np.abs(size))
        kept = kept[np.abs(size[kept]) >= rcond * np.max(np.abs(size))]
        size, vectors = size[kept], vectors[:, kept]
        root = np.sqrt(np.abs(size))
        return (vectors / root).T @ self.targets, np.sign(size), np.abs(size)


def overlap_matrix(
    X: Array, y: Array, weights: Array, *, sample_weight: Array | None = None,
    y_std: Array | None = None,
) -> Overlap:  # fmt: skip
    """The `Overlap` of waves and targets on the same nodes.

    Parameters
    ----------
    X, y : ndarray of shape (n_samples, n_out)
    weights : ndarray of shape (n_out,)
        The measure.
    sample_weight : ndarray of shape (n_samples,), optional
        s counts as s equal rows.
    y_std : ndarray of shape (n_samples, n_out), optional
    """
    root = np.sqrt(weights)
    sizes = np.sqrt(norm(X * root, axis=1)) * np.sqrt(norm(y * root, axis=1))
    s = np.ones(len(X)) if sample_weight is None else sample_weight / np.max(sample_weight)
    scale = np.divide(np.sqrt(s), sizes, out=np.zeros_like(sizes), where=sizes > 0)[:, None]
    X, y = scale * X, scale * y
    M = (X * weights) @ y.T
    size, std = norm(M + M.T), 0.0
    if y_std is not None:
        errors = ((X * weights) ** 2) @ ((scale * y_std) ** 2).T
        std = np.sqrt(np.sum(errors + errors.T) - 2 * np.trace(errors))
    asymmetry, std = (float(x / size) if size > 0 else 0.0 for x in (norm(M - M.T), std))
    return Overlap((M + M.T) / 2, y, asymmetry, std)


class FormFactors:
    """Functions g_a(r) known on nodes, zero beyond the last one.

    Between the nodes r g_a(r) is a spline of degree 5, which is 0 at r = 0 unless g_a grows as 1/r.

    Parameters
    ----------
    r : ndarray of shape (n_r,)
        Nodes, increasing.
    values : ndarray of shape (rank, n_r)
    singular : bool
        Whether g_a grows as 1/r towards the origin.
    """

    def __init__(self, r: Array, values: Array, *, singular: bool = False) -> None:
        self.end = float(r[-1])
        x, u = r, (r * values).T
        if r[0] > 0 and not singular:
            x, u = np.append(0.0, r), np.concatenate([np.zeros((1, len(values))), u])
        degree = min(5, (len(x) - 2) // 2 * 2 + 1) if len(x) > 1 else 0
        self.spline = Spline.through(x, u, degree)

    def __call__(self, r: Array) -> Array:
        """Return g_a(r), shape (..., rank)."""
        r = np.asarray(r, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            g = self.spline(np.minimum(r, self.end)) / r[..., None]
        if not np.all(r):
            g = np.where(r[..., None] > 0, g, self.spline.derivative()(0.0))
        return np.where(r[..., None] <= self.end, g, 0.0)


class SeparableExpansion(Interaction):
    r"""U(r, r') = Σ_a c_a g_a(r) h_a(r'), zero beyond the nodes of the form factors.

    Parameters
    ----------
    g, h : FormFactors
    c : ndarray of shape (rank,)
    """

    def __init__(self, g: FormFactors, h: FormFactors, c: Array) -> None:
        self.g, self.h, self.c, self.radius = g, h, c, max(g.end, h.end)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r'), broadcasting."""
        return np.asarray((self.c * self.g(r) * self.h(r_prime)).sum(axis=-1))

    def __repr__(self) -> str:
        return f"SeparableExpansion(rank {len(self.c)}, r ≤ {self.radius:g})"
