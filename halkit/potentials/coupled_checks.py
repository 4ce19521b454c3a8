r"""Warnings about rows of coupled channels that χ² does not give.

Sources of one operator excite the channels in one ratio, and leave combinations of V_ab open; see
`halkit.equations.pointwise_errors`.

Correlators that lack the factors Z of their sinks have √(Z_a/Z_b) U_ab instead of U_ab. The S
matrix allows it, exchange symmetry does not. With channel c multiplied by e^{ζ_c} the prediction
changes by Σ_c ζ_c G_c. Let ρ = Aθ − b be the whitened residual and C = (AᵀA + 1)⁻¹ at the minimum:

    ζ = −M⁻¹ Gᵀρ,   M = GᵀG − GᵀA C AᵀG,

with covariance M⁻¹, lowers the sum of squares by ζᵀMζ.

Factors of any size follow without a fit. For symmetric U and V, with the rows of channel c
multiplied by z_c,

    Σ_c z_c² A^c_st = 0,   A^c_st = ⟨φ^c_s|y^c_t⟩ − ⟨φ^c_t|y^c_s⟩,

which is linear in z_c²/z_1².
"""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.equations import pointwise_errors
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.potentials.coupling import Learned, act, split
from halkit.potentials.posterior import Ridge
from halkit.potentials.problem import Problem
from halkit.potentials.validation import node_columns
from halkit.scaling import exponent
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = [
    "NOT_APART",
    "normalisations",
    "scale_derivatives",
    "scales",
    "warn_of_normalisation",
    "warn_of_scales",
    "warn_of_sources",
]

# How the warning of sources that are alike begins.
NOT_APART = "these rows do not tell the potentials of"
# Errors of ζ, and share of the sum of squares, beyond which a channel has another normalisation;
# the largest ζ to which the linear estimate is trusted, and χ² per datum of a fit that tells it.
SIGNIFICANT, NOTICEABLE, LARGEST, MISFIT = 4.0, 0.02, 0.5, 2.0
# Loss without errors below which a fit is exact; part of Σ A² that the factors may leave, without
# errors and with them; least change of a factor, and of Σ A² in squared errors.
EXACT, LEFT, LEFT_OF_ERRORS, CHANGED, SEEN = 1e-8, 0.1, 0.3, 0.01, 25.0
# Singular values of waves that count, in units of the largest.
DISTINCT = 1e-2


def warn_of_sources(phi: Array, y: Array, W: Array, n: int) -> bool:
    """Warn if rows do not tell the local potentials of n channels apart; return whether they do.

    Parameters
    ----------
    phi, y, W : ndarray of shape (n_samples, n·n_out)
        Wave functions at the radii of y, targets, and weights of the residual.
    """
    counted = np.all(W > 0, axis=1)
    errors = pointwise_errors(phi[counted], y[counted], 1 / W[counted], n_channels=n)
    if errors.underdetermined:
        warn_caller(
            f"{NOT_APART} {n} channels apart: one combination of "
            f"V_a1 … V_a{n} is known {np.max(errors.ratio):.3g} times less well than the best. Fit "
            "rows of one source per operator at least, and twice as many for a non-local "
            "potential. If they are there, the channels are alike in all of them, as where they "
            "mix strongly, or one is deep or behind a centrifugal barrier: errors may be too small",
            UnderdeterminedWarning,
        )
    return not errors.underdetermined


def scale_derivatives(
    learned: Learned, X: Array, r: Array, weights: Array, r_out: Array, n: int
) -> Array:
    """∂(prediction)/∂ζ_c of all channels but the first, (n − 1, n_samples, n·n_out)."""
    waves = split(X, n)
    alone = [np.where(np.arange(n)[:, None] == b, waves, 0.0).reshape(X.shape) for b in range(n)]
    parts = np.array([split(act(learned, one, r, weights, r_out), n) for one in alone])
    G = parts.copy()
    for c in range(n):
        G[c, :, c] -= parts[:, :, c].sum(axis=0)
    return G[1:].reshape(n - 1, len(X), -1)


def scales(AG: Array, rest: Array, G: Array, posterior: Ridge) -> tuple[Array, Array, float]:
    """Return ζ, its standard deviations, and by which share it lowers the sum of squares.

    Parameters
    ----------
    AG : ndarray of shape (p, n − 1)
        AᵀG.
    rest : ndarray of shape (n_data,)
        A θ − b of the solution.
    G : ndarray of shape (n_data, n − 1)
        Whitened, like A and b.
    posterior : Ridge
        The solution of A θ = b.
    """
    seen = posterior.factor.T @ AG
    M = G.T @ G - seen.T @ seen
    zeta = np.asarray(-np.linalg.lstsq(M, G.T @ rest, rcond=None)[0], dtype=np.float64)
    std = np.asarray(np.sqrt(np.diag(np.linalg.pinv(M))), dtype=np.float64)
    return zeta, std, float(zeta @ M @ zeta / (rest @ rest))


def warn_of_scales(zeta: Array, std: Array, share: float, loss: float) -> None:
    """Warn if channels fit better with another normalisation.

    Parameters
    ----------
    zeta, std, share
        Of `scales`.
    loss : float
        χ² per datum of the fit. A potential that does not describe the data says nothing.
    """
    if loss * (1 - share) > MISFIT:
        return
    wrong = (np.abs(zeta) > SIGNIFICANT * std) & (np.abs(zeta) < LARGEST)
    if share > NOTICEABLE and wrong.any():
        c = int(np.argmax(np.where(wrong, np.abs(zeta) / std, 0.0)))
        warn_caller(
            f"channel {c + 2} fits better, by {share:.1%} of χ², if its rows are multiplied by "
            f"{np.exp(zeta[c]):.4g} ± {std[c]:.1g} relative to channel 1: divide correlators by "
            "the square roots of Z of their sinks, without which U_ab(r, r') is not U_ba(r', r)",
            UnderdeterminedWarning,
        )


def normalisations(
    phi: Array, y: Array, weights: Array, sigma: Array | None = None
) -> tuple[Array, float, float]:
    """Return the factors z_c/z_1 that make ⟨φ_s|y_t⟩ symmetric.

    Parameters
    ----------
    phi, y : ndarray of shape (n_samples, n, n_out)
    weights : ndarray of shape (n_out,)
    sigma : ndarray, optional
        Errors of y; without them samples count alike.

    Returns
    -------
    z : ndarray of shape (n − 1,)
        NaN if no real factors do, or the samples are too few to tell.
    left : float
        Part of Σ A² that is left with these factors.
    size : float
        Σ A² in squared errors with z = 1; relative to Σ_c (A^c)² without them.
    """
    n_samples, n, _ = phi.shape
    length = np.sqrt(np.einsum("sci,i->s", phi**2, weights))
    length = np.where(length > 0, length, 1.0)[:, None, None]
    phi, y = phi / length, y / length
    s, t = np.triu_indices(n_samples, 1)
    M = np.einsum("sci,tci->cst", phi * weights, y)
    A = (M - M.swapaxes(1, 2))[:, s, t]
    if sigma is not None:
        square = np.einsum("sci,tci->st", (phi * weights) ** 2, (sigma / length) ** 2)
        A = A / np.sqrt(square + square.T)[s, t]
    values = np.linalg.svd((phi * np.sqrt(weights)).reshape(n_samples, -1), compute_uv=False)
    k = np.count_nonzero(values > DISTINCT * values[0])
    before, total = np.sum(A.sum(axis=0) ** 2), np.sum(A**2)
    if k * (k - 1) // 2 <= n or not before > 0:
        return np.full(n - 1, np.nan), 1.0, 0.0
    square = np.linalg.lstsq(A[1:].T, -A[0], rcond=None)[0]
    rest = np.sum((A[0] + square @ A[1:]) ** 2)
    if not np.all(square > 0):
        return np.full(n - 1, np.nan), 1.0, 0.0
    z = np.sqrt(square)
    return z, float(rest / before), float(before / (total if sigma is None else 1.0))


def warn_of_normalisation(model: Any, problem: Problem, loss: float) -> bool:
    """Warn if other factors of the channels make ⟨φ_s|y_t⟩ symmetric; return whether they do.

    Parameters
    ----------
    model : PotentialMixin
        Fitted, with a symmetric potential.
    problem : Problem
    loss : float
        χ² per datum with errors, the part of Σ W² y² that is left without. Fits that describe the
        data say nothing.

    Warns
    -----
    MisfitWarning
    """
    n = model.n_channels_
    bad = loss > (MISFIT if problem.has_errors else EXACT)
    if n == 1 or not bad or not np.isin(model.r_out_, model.r_).all():
        return False
    columns = node_columns(model.r_out_, model.r_)
    counted = np.all(problem.W > 0, axis=1)
    unit, W = -exponent(problem.y), problem.W[counted]
    sigma = None
    if problem.has_errors:
        sigma = split(np.ldexp(1 / (W * np.sqrt(problem.total)), unit), n)
    phi = split(problem.X[counted], n)[:, :, columns]
    y = split(np.ldexp(problem.y[counted], unit), n)
    z, left, size = normalisations(phi, y, model.weights_[columns], sigma)
    least, most = (SEEN, LEFT_OF_ERRORS) if problem.has_errors else (CHANGED**2, LEFT)
    if left > most or (1 - left) * size < least or np.max(np.abs(z - 1)) < CHANGED:
        return False
    factors = ", ".join(f"those of channel {c + 2} by {one:.4g}" for c, one in enumerate(z))
    warn_caller(
        f"⟨φ_s|y_t⟩ would be symmetric, as for any symmetric potential, with the rows of X and y "
        f"multiplied by other factors: {factors}, relative to channel 1. Divide correlators by the "
        "square roots of Z of their sinks, without which U_ab(r, r') is not U_ba(r', r)",
        MisfitWarning,
    )
    return True
