r"""What wave functions determine: the directions in r' that stand above their noise.

In y(r) = ∫ U(r, r') φ(r') the data see a potential only through their wave functions. With the
measure w and errors σ of the samples,

    M_sj = √w_j φ_sj / ε_s,    ε_s² = Σ_j w_j σ_sj²,

where ε_s is the norm of the noise of a sample. The right singular vectors of M are the
directions; a singular value says how far its direction stands above the noise. Noise alone gives
at most √N, when all N samples fluctuate along one direction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_array, check_integer
from halkit.scaling import norm
from halkit.typing import Numbers

__all__ = ["Identifiability", "PointwiseErrors", "identifiability", "pointwise_errors"]

# Largest ratio of the errors of two combinations of potentials, for which both count as known.
MOST_UNEQUAL = 20.0


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


class PointwiseErrors(NamedTuple):
    """Errors of combinations Σ_b c_b V_ab(r), Σ c_b² = 1, of local potentials at one radius.

    Attributes
    ----------
    worst, best : ndarray of shape (n_channels, n_r)
        Of the combination that the rows determine least and of the one that they determine best,
        for each channel a of y^a, in units of y/X. Infinite where no row determines it.
    ratio : ndarray of shape (n_channels,)
        Median of worst/best over the radii, each weighted by the significance Σ_i (y^a_i/σ^a_i)²
        of its targets, so that the radii count where the interaction is seen.
    """

    worst: NDArray[np.float64]
    best: NDArray[np.float64]
    ratio: NDArray[np.float64]

    @property
    def underdetermined(self) -> bool:
        """Whether a `ratio` exceeds 20, so that rows leave a combination of potentials open.

        Measured on a family of potentials like those of ΛΛ–NΞ with noise of 1e-4 to 1e-2: sources
        of one operator have 35 to 400, also with two smearings; one source per operator 3 to 10.
        ³S₁–³D₁ of Argonne v18: S-wave sources alone have 140 to 550, with a D-wave source 9 to 12.
        """
        return bool(np.any(self.ratio > MOST_UNEQUAL))


def pointwise_errors(X: Numbers, y: Numbers, sigma: Numbers, *, n_channels: int) -> PointwiseErrors:
    r"""How well rows tell the local potentials V_ab(r) of coupled channels apart, at each radius.

    At one radius y^a_i = Σ_b V_ab X^b_i is a linear equation for each row i. With the singular
    values s of X^b_i/σ^a_i, n_rows × n_channels, the errors of the best and of the worst
    combination of V_a1 … V_an are 1/s_max and 1/s_min. χ² does not see a bad one: rows of sources
    that excite the channels in one ratio fit with any V along it.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_channels n_r)
        Wave functions at the radii of y, channels side by side.
    y : array-like of the shape of X
        Targets.
    sigma : array-like of the shape of X
        Errors of y; only their size relative to each other matters for `ratio`.
    n_channels : int
        Number of channels.

    Returns
    -------
    PointwiseErrors

    Raises
    ------
    ValueError, TypeError
        If an error is not positive, the columns are not `n_channels` times some radii, or an
        array is complex, not finite or of another shape.

    Examples
    --------
    Two sources that differ by 2 % in the content of the second channel:

    >>> import numpy as np
    >>> from halkit.equations import pointwise_errors
    >>> X = np.array([[1.0, 0.5], [1.0, 0.51]])
    >>> errors = pointwise_errors(X, X @ [[-0.3, 0.1], [0.1, -0.2]], np.ones((2, 2)), n_channels=2)
    >>> errors.ratio.round(), errors.underdetermined
    (array([251., 251.]), True)
    """
    n = check_integer(n_channels, "n_channels", least=1)
    X = check_array(X, "X")
    if X.ndim != 2 or not X.size or X.shape[1] % n:
        raise ValueError(f"X must have shape (n_rows, {n} n_r), got {X.shape}")
    y = check_array(y, "y", shape=X.shape)
    sigma = check_array(sigma, "sigma", shape=X.shape, sign="> 0")
    # Axes: channel, radius, row.
    X, y, sigma = (values.reshape(len(X), n, -1).transpose(1, 2, 0) for values in (X, y, sigma))
    found = np.linalg.svd(X.transpose(1, 2, 0) / sigma[..., np.newaxis], compute_uv=False)
    s = np.zeros((*found.shape[:2], n))
    s[..., : found.shape[-1]] = found
    with np.errstate(divide="ignore", invalid="ignore"):
        worst, best, unequal = 1 / s[..., -1], 1 / s[..., 0], s[..., 0] / s[..., -1]
    significance = np.sum((y / sigma) ** 2, axis=-1)
    ratio = [_median(*pair) for pair in zip(unequal, significance, strict=True)]
    return PointwiseErrors(worst, best, np.array(ratio))


def _median(values, weights):
    """The weighted median; NaN stands for what is not determined, the largest of all."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    middle = np.nan_to_num(values[order], nan=np.inf)[np.searchsorted(total, total[-1] / 2)]
    return middle if total[-1] > 0 else np.inf
