r"""What wave functions determine: the directions in r' that stand above their noise.

In y(r) = ∫ U(r, r') φ(r') the data see a potential only through their wave functions. With the
measure w and errors σ of the samples,

    M_sj = √w_j φ_sj / ε_s,    ε_s² = Σ_j w_j σ_sj²,

where ε_s is the norm of the noise of a sample. The right singular vectors of M are the
directions; a singular value says how far its direction stands above the noise. Noise alone gives
at most √N, when all N samples fluctuate along one direction.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_array
from halkit.scaling import norm
from halkit.typing import Numbers

__all__ = ["Identifiability", "identifiability"]


class Identifiability(NamedTuple):
    """The directions of wave functions, the best determined first.

    Attributes
    ----------
    singular_values : ndarray of shape (n,)
        Of the noise-whitened wave functions, n = min(n_samples, n_r).
    n_directions : int
        How many singular values exceed √n_samples, the most that noise alone gives.
    directions : ndarray of shape (n, n_r)
        Functions χ_a(r) with Σ_j w_j χ_a χ_b = δ_ab; zero where the weight is zero.
    """

    singular_values: NDArray[np.float64]
    n_directions: int
    directions: NDArray[np.float64]


def identifiability(
    X: Numbers, sigma: Numbers, *, weights: Numbers | None = None
) -> Identifiability:
    """Directions in r' in which a potential is determined by wave functions with errors.

    Add to U(r, r') any function of r times a function of r' that is orthogonal to the first
    ``n_directions`` directions: the data do not notice. There the prior decides.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_r)
        Wave functions.
    sigma : array-like that broadcasts to the shape of X
        Their standard deviations. Normalise each sample first: an error that only rescales it
        carries no direction.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r'; by default 1.

    Returns
    -------
    Identifiability
        Singular values, number of directions, and the directions.

    Raises
    ------
    ValueError, TypeError
        If an error is not positive, a weight is negative, or an array is complex, not finite or
        of another shape.

    Examples
    --------
    Ten waves of the separable potential, known to one per cent, determine six directions:

    >>> from halkit.datasets import make_separable
    >>> from halkit.equations import identifiability
    >>> d = make_separable()
    >>> identifiability(d.data, 0.01 * abs(d.data), weights=d.weights).n_directions
    6
    """
    X = check_array(X, "X")
    if X.ndim != 2 or not X.size:
        raise ValueError(f"X must have shape (n_samples, n_r), got {X.shape}")
    w = _weights(weights, X.shape[1])
    sigma = _errors(sigma, X.shape)
    root = np.sqrt(w)
    epsilon = norm(sigma * root, axis=1)
    if not np.all(epsilon > 0):
        raise ValueError(
            "sigma must be positive where the weights are, got a sample without errors"
        )
    _, s, Vt = np.linalg.svd(X * root / epsilon[:, np.newaxis], full_matrices=False)
    directions = np.divide(Vt, root, out=np.zeros_like(Vt), where=root > 0)
    return Identifiability(s, int(np.count_nonzero(s > np.sqrt(len(X)))), directions)


def _weights(weights, n_r):
    if weights is None:
        return np.ones(n_r)
    return check_array(weights, "weights", shape=(n_r,), sign="≥ 0")


def _errors(sigma, shape):
    sigma = check_array(sigma, "sigma", sign="≥ 0")
    try:
        sigma = np.broadcast_to(sigma, shape)
    except ValueError as error:
        raise ValueError(
            f"sigma must broadcast to the shape {shape} of X, got {sigma.shape}"
        ) from error
    return sigma
