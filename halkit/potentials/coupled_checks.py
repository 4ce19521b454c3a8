r"""Warnings about rows of coupled channels that χ² does not give.

Sources of one operator excite the channels in one ratio, and leave combinations of V_ab open; see
`halkit.equations.pointwise_errors`.

Correlators that lack the factors Z of their sinks have √(Z_a/Z_b) U_ab in the place of U_ab. The S
matrix allows it, exchange symmetry does not. With channel c multiplied by e^{ζ_c} the prediction
changes by Σ_c ζ_c G_c. Let ρ = Aθ − b be the whitened residual and C = (AᵀA + 1)⁻¹ at the minimum:

    ζ = −M⁻¹ Gᵀρ,   M = GᵀG − GᵀA C AᵀG,

with covariance M⁻¹, lowers the sum of squares by ζᵀMζ.
"""

import warnings

import numpy as np

from halkit.equations import pointwise_errors
from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials.coupling import Learned, act, split
from halkit.potentials.posterior import Ridge
from halkit.typing import Array

__all__ = ["scale_derivatives", "scales", "warn_of_scales", "warn_of_sources"]

# Errors of ζ, and share of the sum of squares, beyond which a channel has another normalisation;
# the largest ζ to which the linear estimate is trusted, and χ² per datum of a fit that tells it.
SIGNIFICANT, NOTICEABLE, LARGEST, MISFIT = 4.0, 0.02, 0.5, 2.0


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
        warnings.warn(
            f"these rows do not tell the potentials of {n} channels apart: one combination of "
            f"V_a1 … V_a{n} is known {np.max(errors.ratio):.3g} times less well than the best. Fit "
            "rows of one source per operator at least, and twice as many for a non-local potential",
            UnderdeterminedWarning,
            stacklevel=4,
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


def scales(A: Array, b: Array, G: Array, posterior: Ridge) -> tuple[Array, Array, float]:
    """Return ζ, its standard deviations, and by which share it lowers the sum of squares.

    Parameters
    ----------
    A : ndarray of shape (n_data, p)
    b : ndarray of shape (n_data,)
    G : ndarray of shape (n_data, n − 1)
        Whitened, like A and b.
    posterior : Ridge
        The solution of A θ = b.
    """
    rest = A @ posterior.mean - b
    seen = posterior.factor.T @ (A.T @ G)
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
        warnings.warn(
            f"channel {c + 2} fits better, by {share:.1%} of χ², if its rows are multiplied by "
            f"{np.exp(zeta[c]):.4g} ± {std[c]:.1g} relative to channel 1: divide correlators by "
            "the square roots of Z of their sinks, without which U_ab(r, r') is not U_ba(r', r)",
            UnderdeterminedWarning,
            stacklevel=4,
        )
