r"""The start of every fit of a potential: data, and the weights of the residual.

For samples φ_s with targets y_s, the measure w and row weights W, a fit minimises

    Σ_si W_si² [ Σ_j U(r_i, r_j) w_j φ_sj + V(r_i) φ_si − y_si ]².

A problem holds X and y of the user times one power of two, which makes the largest entry of X
about 1 and does not change U and V. Fits to c X and c y therefore agree with fits to X and y for
any c, bit for bit if c is a power of two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from halkit.scaling import exponent, norm
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["Problem", "make_problem", "row_weights", "singular_at_origin", "unshifted"]

# Where the largest |W y| may lie between 2^LOWEST and 2^HIGHEST without a shift.
LOWEST, HIGHEST = -10, 30
# Fewest nodes at which the form of y at the origin can be told.
FEWEST = 5
# Mean weights from which on they look like weights in another unit.
FAR = 10.0
# Errors above which a value at the origin counts.
SIGNIFICANT = 5.0


class Problem(NamedTuple):
    """Data of a fit and their weights.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_r)
    y : ndarray of shape (n_samples, n_out)
    W : ndarray of shape (n_samples, n_out)
        Weights of the residual.
    total : float
        Total weight, the sum of the sample weights times n_out.
    has_errors : bool
        Whether W comes from errors of y.
    shift : int
        2^shift W brings the squares (W y)² into range; 0 unless these are far from 1.
    """

    X: Array
    y: Array
    W: Array
    total: float
    has_errors: bool
    shift: int

    def shifted(self, *strengths: float) -> tuple[Any, ...]:
        """The shift; W times 2^shift; the strengths of other terms times 2^(2 shift).

        With strengths that are not zero the shift is not positive, to keep them in range too.
        """
        shift = min(self.shift, 0) if any(strengths) else self.shift
        with np.errstate(under="ignore"):
            return shift, np.ldexp(self.W, shift), *(np.ldexp(s, 2 * shift) for s in strengths)


def unshifted(loss: float, shift: int) -> float:
    """Turn a sum of squares with 2^shift W into the sum with W."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(loss, -2 * shift))


def make_problem(
    X: Array, y: Array, weights: Array, weights_out: Array, *,
    sample_weight: Array | None = None, y_std: Array | None = None,
) -> Problem:  # fmt: skip
    """The `Problem` of validated arrays.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_r)
    y : ndarray of shape (n_samples, n_out)
    weights : ndarray of shape (n_r,)
    weights_out : ndarray of shape (n_out,)
    sample_weight : ndarray of shape (n_samples,), optional
    y_std : ndarray of shape (n_samples, n_out), optional

    Raises
    ------
    ValueError
        If X is zero, or if a ratio y/X, y_std/X or y/y_std is beyond the
        range of floating-point numbers.
    """
    if not X.any():
        raise ValueError("X must not be zero: wave functions have a norm, got 0")
    if y_std is not None and sample_weight is not None:
        _tell_size(sample_weight)
    scale = -exponent(X)
    with np.errstate(over="ignore", under="ignore"):
        y = _ratio(y, scale, "y/X")
        y_std = None if y_std is None else _ratio(y_std, scale, "y_std/X")
        W, total = row_weights(
            np.ldexp(X, scale), y, weights, weights_out, sample_weight=sample_weight, y_std=y_std
        )
        size = int(exponent(W * y))
        shift = 0 if LOWEST <= size <= HIGHEST or not np.any(W * y) else -size
        return Problem(np.ldexp(X, scale), y, W, total, y_std is not None, shift)


def _tell_size(sample_weight):
    """Warn of weights that are far from 1 and so change what errors mean."""
    mean = float(np.mean(sample_weight[sample_weight > 0]))
    if not 1 / FAR < mean < FAR:
        warn_caller(
            f"sample_weight is {mean:.3g} on average: beside y_std a weight of s counts as s "
            "samples, with an error that is smaller by 1/√s. Divide it by its mean if only ratios "
            "are meant",
            UserWarning,
        )


def _ratio(values, scale, name):
    """Values times 2^scale; refused if one overflows or all vanish."""
    scaled = np.ldexp(values, scale)
    if not np.all(np.isfinite(scaled)) or (np.any(values) and not np.any(scaled)):
        raise ValueError(
            f"{name} must be within the range of floating-point numbers, got entries up to "
            f"{np.abs(values).max():.2g} beside X up to 2^{-scale}"
        )
    return scaled


def row_weights(
    X: Array, y: Array, weights: Array, weights_out: Array, *,
    sample_weight: Array | None = None, y_std: Array | None = None,
) -> tuple[Array, float]:  # fmt: skip
    """Weights W (n_samples, n_out) of the residual, and the total weight N.

    With `y_std`, W = 1/(σ sqrt(N)). Without, the residual is taken for u = rφ (W_i ∝ sqrt(w_i)),
    each sample divided by the norm of its wave function, and the whole by a constant that makes
    Σ W² y² = 1. A node without measure (r = 0) gets the weight of its neighbour, so that its row
    counts as φ.

    Raises
    ------
    ValueError
        If y/σ overflows.
    """
    s = np.ones(len(y)) if sample_weight is None else sample_weight
    e = exponent(s)
    s = np.ldexp(s, -e)
    n = s.sum() * y.shape[1]
    total = float(np.ldexp(n, e))
    if y_std is not None:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            W = np.sqrt(s / n)[:, None] / y_std
            finite = np.all(np.isfinite(W)) and np.all(np.isfinite(W * y))
        if not finite:
            raise ValueError(f"y/y_std must not overflow, got y_std down to {y_std.min():g}")
        return W, total
    g = np.ones(1) if y.shape[1] == 1 else np.sqrt(weights_out)
    g = np.where(g > 0, g, np.roll(g, -1))
    e = exponent(X, axis=1, keepdims=True)
    length = np.ldexp(np.sqrt(np.ldexp(X, -e) ** 2 @ weights)[:, None], e)
    W = np.sqrt(s)[:, None] * g / np.where(length > 0, length, 1.0)
    size = norm(W * y)
    return W / (size if size > 0 else np.sqrt(n)), total


def singular_at_origin(y: Array, r_out: Array, y_std: Array | None = None) -> bool:
    """Whether the targets grow as 1/r towards the origin, as for Yamaguchi's potential.

    The targets, and their errors, have the shape (n_samples, n_channels, n_out).
    For a U that is finite at r = 0, r y(r) = r U(r, r') … vanishes there. A parabola and a cubic
    through its first values tell the two cases apart, for the largest direction of the targets. The
    value of the parabola at r = 0 must be significant.
    """
    if len(r_out) < FEWEST or r_out[0] == 0:
        return False
    scale = -exponent(y)
    unit = (np.ldexp(y, scale) * r_out).reshape(-1, len(r_out))
    samples, size, shapes = np.linalg.svd(unit, full_matrices=False)
    to_origin = [np.linalg.inv(np.vander(r_out[:n], increasing=True))[0] for n in (3, 4)]
    values = [abs(weights @ shapes[0, : len(weights)]) for weights in to_origin]
    finite = min(values) <= 0.5 * np.abs(shapes[0]).max()
    if finite or y_std is None:
        return not finite
    std = (np.ldexp(y_std, scale) * r_out).reshape(unit.shape)
    error = norm(np.outer(samples[:, 0], to_origin[0]) * std[:, :3])
    return bool(values[0] * size[0] > SIGNIFICANT * error)
