r"""Scales of the prior, read off the data before a fit.

The local term starts from its own weighted least-squares solution. The rest of y, compared with
e(r) ∫ e φ for the envelope e, sets the scale and the sign of U.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from halkit.potentials.coupling import split
from halkit.potentials.networks import Envelope, LocalTerm
from halkit.potentials.validation import node_columns
from halkit.scaling import exponent, norm
from halkit.typing import Array

__all__ = ["PriorScales", "prior_scales"]

MAX_TERMS = 4
RIDGE = 1e-11
LARGEST = 1e300


class PriorScales(NamedTuple):
    """Scale of U, signs of its terms, coefficients of V to start from, and their errors.

    `factor` is a root of the covariance of the coefficients, for W in units of 1/σ; None without V.
    """

    amplitude: float
    signs: Array
    coefficients: Array
    factor: Array | None


def prior_scales(
    X: Array, y: Array, W: Array, *, r: Array, weights: Array, r_out: Array,
    envelope: dict[str, Any], rank: int | None, local: dict[str, Any] | None, decay: float,
    tol: float, n_channels: int = 1,
) -> PriorScales:  # fmt: skip
    """Scales for samples X with targets y and residual weights W.

    Channels stand side by side in X, y and W.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_r)
    y, W : ndarray of shape (n_samples, n_out)
    r, weights : ndarray of shape (n_r,)
    r_out : ndarray of shape (n_out,)
    envelope : dict
        Parameters of the `Envelope` of U; without one an exponential sets the scale.
    rank : int or None
        Number of terms; None takes as many as the data show, from 1 to 4, and beside a local
        term two for each channel: U_ab = ω_ab g(r) g(r') of n channels has n terms, of any signs.
    local : dict or None
        Parameters of the `LocalTerm`.
    decay : float
        Strength of the N(0, 1) prior relative to Σ W² (…)².
    tol : float
        Relative residual that counts as zero. Where V alone comes so near, U starts at a
        thousandth of the rest, which does not change a fit that is at its end already.
    """
    unit, weight = exponent(y), exponent(W * y if y.any() else W)
    y, W = np.ldexp(y, -unit), np.ldexp(W, unit - weight)
    with np.errstate(over="ignore", under="ignore"):
        decay = min(np.ldexp(float(decay), -2 * weight), LARGEST)
    coefficients, factor, before = np.zeros(0), None, np.sum((W * y) ** 2)
    if local is not None:
        phi = split(X, n_channels)[:, :, node_columns(r_out, r)].reshape(y.shape)
        term = LocalTerm(**{**local, "scales": np.ldexp(local["scales"], -unit)})
        coefficients, factor = _local_start(phi, y, W, r_out, term, decay)
        with np.errstate(over="ignore", under="ignore"):
            factor = np.ldexp(factor, -weight)
        y = y - _local_action(phi, r_out, term, coefficients)
    decay_function = Envelope(**{**envelope, "kind": envelope["kind"] or "exponential"})
    with torch.no_grad():
        e, e_out = (decay_function(torch.tensor(x))[:, 0].numpy() for x in (r, r_out))
    overlap = (X.reshape(-1, len(r)) @ (weights * e)).reshape(len(X), n_channels)
    shape = np.outer(overlap, e_out).reshape(y.shape)
    size = np.sum((W * np.outer(norm(overlap, axis=1), np.tile(e_out, n_channels))) ** 2)
    left = np.sum((W * y) ** 2)
    amplitude = np.sqrt(left / size) if size > 0 else 0.0
    if local is not None and left <= tol**2 * before:
        amplitude *= 1e-3
    sign = 1.0 if np.sum((W * y) * (W * shape)) > 0 else -1.0
    if local is None:
        seen = _seen_signs(X, y, r=r, weights=weights, r_out=r_out, n=n_channels)[:rank]
        signs = _alternating(seen, rank or (len(seen) or 1), default=sign)
    else:
        signs = _alternating([], rank or 2 * n_channels, default=sign)
    return PriorScales(float(np.ldexp(amplitude or 1.0, unit)), signs, coefficients, factor)


def _seen_signs(X, y, *, r, weights, r_out, n):
    """Signs of the terms of U that the data show, the strongest first, at most `MAX_TERMS`.

    M_st = ⟨φ_s|y_t⟩ = ⟨φ_s|U φ_t⟩ has as many positive and negative eigenvalues as U has within
    the span of the φ (Sylvester's law of inertia; separable expansion of Ernst, Shakin, Thaler,
    PRC 8 (1973) 46). M − Mᵀ vanishes for a symmetric U and exact data; its size tells which of the
    eigenvalues are noise, and the bound n ε of a sum of n products which are rounding errors.
    Beside a local term, y is the rest that V leaves, which does not tell.
    """
    if len(r_out) <= MAX_TERMS or not np.isin(r_out, r).all():
        return np.zeros(0)
    columns, weights = node_columns(r_out, r), np.tile(weights, n)
    size = np.sqrt(X**2 @ weights)
    size = np.where(size > 0, size, 1.0)[:, None]
    at = split(X / size * weights, n)[:, :, columns].reshape(y.shape)
    M = at @ (y / size).T
    eigenvalues = np.linalg.eigvalsh((M + M.T) / 2)
    eigenvalues = eigenvalues[np.argsort(-np.abs(eigenvalues))]
    rounding = X.shape[1] * np.finfo(np.float64).eps * np.abs(eigenvalues[0])
    noise = max(np.linalg.norm(M - M.T, 2), rounding)
    return np.sign(eigenvalues[np.abs(eigenvalues) > noise])[:MAX_TERMS]


def _alternating(seen, rank, *, default):
    """The signs that the data show, then alternating ones, beginning with the default."""
    first = -seen[-1] if len(seen) else default
    others = first * (-1.0) ** np.arange(rank - len(seen))
    return np.concatenate([seen, others])


def _local_action(phi, r_out, term, coefficients):
    n, radii = term.n_channels, torch.tensor(r_out)
    rows = coefficients.reshape(term.scales.shape)[term.number]
    V = [[term.basis(radii, (a, b)).numpy() @ rows[a, b] for b in range(n)] for a in range(n)]
    return np.sum(np.array(V) * split(phi, n)[:, None], axis=2).reshape(phi.shape)


def _local_start(phi, y, W, r_out, term, decay):
    """Coefficients of V alone, in least squares, and a root of their covariance.

    Exact data get a ridge far below their size.
    """
    n, tensors = term.scales.numel(), map(torch.tensor, (r_out, phi, W))
    columns = term.action_jacobian(*tensors).numpy().reshape(-1, n)
    ridge = np.sqrt(max(decay, RIDGE * np.sum((W * y) ** 2)))
    A = np.vstack([columns, ridge * np.eye(n)])
    left, size, right = np.linalg.svd(A, full_matrices=False)
    size = np.maximum(size, size[0] * np.finfo(float).eps * len(A))
    factor = right.T / size
    return factor @ (left[: len(columns)].T @ (W * y).ravel()), factor
