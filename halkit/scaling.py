"""Powers of two that keep squares within the range of floating-point numbers.

Squares of 1e±160 overflow or vanish. Numbers are multiplied by a power of two first, which is
exact, so that results do not depend on the unit that the numbers are given in.
"""

import numpy as np

__all__ = ["exponent", "norm", "std"]


def exponent(values, axis=None, keepdims=False):
    """The integers e with 2^(e−1) ≤ max ``|values|`` < 2^e along the axis; 0 where all vanish."""
    return np.frexp(np.max(np.abs(values), axis=axis, keepdims=keepdims, initial=0.0))[1]


def norm(values, axis=None):
    """√(Σ values²) along the axis, for values of any size.

    Examples
    --------
    >>> from halkit.scaling import norm
    >>> [f"{x:.1e}" for x in norm([[3e200, 4e200], [3e-200, 4e-200]], axis=1)]
    ['5.0e+200', '5.0e-200']
    """
    e = exponent(values, axis, keepdims=True)
    root = np.sqrt(np.sum(np.ldexp(values, -e) ** 2, axis=axis))
    return np.ldexp(root, np.squeeze(e, axis))


def std(values, axis=None, ddof=0):
    """Standard deviation along the axis, for values of any size."""
    e = exponent(values, axis, keepdims=True)
    return np.ldexp(np.std(np.ldexp(values, -e), axis=axis, ddof=ddof), np.squeeze(e, axis))
