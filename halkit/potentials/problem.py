r"""What every fit of a potential starts from: data, and the weights of the residual.

For samples φ_s with sources y_s, the measure w and row weights W, a fit minimises

    Σ_si W_si² [ Σ_j U(r_i, r_j) w_j φ_sj + V(r_i) φ_si − y_si ]².

X and y of a problem are the user's times one power of two, which makes the largest entry of X
about 1 and leaves U and V as they are. Fits of c X and c y are therefore those of X and y,
whatever the size of c, and bit for bit if c is a power of two.
"""

from typing import NamedTuple

import numpy as np

from halkit.scaling import exponent, norm

__all__ = ["Problem", "make_problem", "row_weights", "singular_at_origin", "unshifted"]

# Where the largest |W y| may lie between 2^LOWEST and 2^HIGHEST without a shift.
LOWEST, HIGHEST = -10, 30
# Rows whose form at the origin can be told.
FEWEST = 5


class Problem(NamedTuple):
    """Data of a fit and their weights.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_r)
    y : ndarray of shape (n_samples, n_out)
    W : ndarray of shape (n_samples, n_out)
        Weights of the residual.
    total : float
        Their total, the sum of the sample weights times n_out.
    has_errors : bool
        Whether W comes from errors of y.
    shift : int
        2^shift W brings the squares (W y)² into range; 0 unless they are far from 1.
    """

    X: np.ndarray
    y: np.ndarray
    W: np.ndarray
    total: float
    has_errors: bool
    shift: int

    def shifted(self, *strengths):
        """W and the strengths of other terms of the sum, times 2^shift and 2^(2 shift).

        Other terms that are not zero bound the shift: they must not leave the range either.
        """
        shift = min(self.shift, 0) if any(strengths) else self.shift
        with np.errstate(under="ignore"):
            return shift, np.ldexp(self.W, shift), *(np.ldexp(s, 2 * shift) for s in strengths)


def unshifted(loss, shift):
    """A sum of squares of 2^shift W as one of W."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(loss, -2 * shift))


def make_problem(X, y, weights, weights_out, *, sample_weight=None, y_std=None):
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
        If X is zero without `y_std`, or if a ratio y/X, y_std/X or y/y_std is beyond the
        range of floating-point numbers.
    """
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


def _ratio(values, scale, name):
    """Values times 2^scale, refused where that overflows or where all of them vanish."""
    scaled = np.ldexp(values, scale)
    if not np.all(np.isfinite(scaled)) or (np.any(values) and not np.any(scaled)):
        raise ValueError(
            f"{name} must be within the range of floating-point numbers, got entries up to "
            f"{np.abs(values).max():.2g} beside X up to 2^{-scale}"
        )
    return scaled


def row_weights(X, y, weights, weights_out, *, sample_weight=None, y_std=None):
    """Weights W (n_samples, n_out) of the residual, and the total weight N.

    With `y_std`, W = 1/(σ sqrt(N)). Without, the residual is that of u = rφ
    (W_i ∝ sqrt(w_i)), each sample divided by the norm of its wave function, and the
    whole by a constant that makes Σ W² y² = 1. A node without measure (r = 0) gets
    the weight of its neighbour: its row is used in the φ form.

    Raises
    ------
    ValueError
        Without `y_std`, if X is zero; with it, if y/σ overflows.
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
    if not X.any():
        raise ValueError("X must not be zero: wave functions have a norm")
    g = np.ones(1) if y.shape[1] == 1 else np.sqrt(weights_out)
    g = np.where(g > 0, g, np.roll(g, -1))
    e = exponent(X, axis=1, keepdims=True)
    length = np.ldexp(np.sqrt(np.ldexp(X, -e) ** 2 @ weights)[:, None], e)
    W = np.sqrt(s)[:, None] * g / np.where(length > 0, length, 1.0)
    size = norm(W * y)
    return W / (size if size > 0 else np.sqrt(n)), total


def singular_at_origin(y, r_out):
    """Whether the sources grow as 1/r towards the origin, as those of Yamaguchi's potential do.

    r y(r) = r U(r, r') … is zero at r = 0 for a U that is finite there. The parabola through its
    first three values tells the two apart, for the largest direction of the sources.
    """
    if len(r_out) < FEWEST or r_out[0] == 0:
        return False
    unit = np.ldexp(y, -exponent(y)) * r_out
    shape = np.linalg.svd(unit, full_matrices=False)[2][0]
    at_origin = np.polynomial.Polynomial.fit(r_out[:3], shape[:3], 2)(0.0)
    return bool(np.abs(at_origin) > 0.5 * np.abs(shape).max())
