r"""What wave functions determine: the directions in r' that stand above their noise.

In y(r) = ∫ U(r, r') φ(r') a potential is only ever seen through the wave functions of the
data. With the measure w and errors σ of the samples,

    M_sj = √w_j φ_sj / ε_s,    ε_s² = Σ_j w_j σ_sj²,

where ε_s is the norm of the noise of a sample. The right singular vectors of M are the
directions, and its singular values how far each stands above the noise: that of N samples
reaches √N if the noise of all of them points into one direction, and never more.
"""

from typing import NamedTuple

import numpy as np

from halkit.checks import check_array
from halkit.scaling import norm

__all__ = ["Identifiability", "identifiability"]


class Identifiability(NamedTuple):
    """The directions of wave functions, the best determined first.

    Attributes
    ----------
    singular_values : ndarray of shape (n,)
        Of the noise-whitened wave functions, n = min(n_samples, n_r).
    n_directions : int
        How many of them are above √n_samples, what noise alone could reach.
    directions : ndarray of shape (n, n_r)
        Functions χ_a(r) with Σ_j w_j χ_a χ_b = δ_ab; zero where a weight is.
    """

    singular_values: np.ndarray
    n_directions: int
    directions: np.ndarray


def identifiability(X, sigma, *, weights=None):
    """Directions in r' in which a potential is determined by wave functions with errors.

    A function of r' that is orthogonal to the ``n_directions`` first directions may be added
    to U(r, r'), times any function of r, and the data do not tell: there U is prior.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_r)
        Wave functions.
    sigma : array-like that broadcasts to the shape of X
        Their standard deviations. An error common to a whole sample is none of its direction:
        take those of the sample divided by its norm or mean.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r'; without it every node counts the same.

    Returns
    -------
    Identifiability
        Named tuple of ``singular_values``, ``n_directions`` and ``directions``.

    Raises
    ------
    ValueError, TypeError
        For errors that are not positive, weights that are negative, and arrays that are
        complex, infinite or do not fit.

    Examples
    --------
    Ten waves of the separable potential known to one per cent tell six directions:

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
        raise ValueError("sigma must be positive where the weights are, got a sample without error")
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
