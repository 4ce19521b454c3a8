"""Powers of two that keep squares within the range of floating-point numbers.

The square of 1e160 overflows and the square of 1e-170 vanishes. Here numbers are first multiplied
by a power of two, which is exact, so that results do not depend on the unit of the numbers.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from halkit.checks import refuse_overflow
from halkit.typing import Array

__all__ = ["exponent", "in_unit", "norm", "std"]

Axis: TypeAlias = int | tuple[int, ...] | None


def exponent(values: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the integers e with 2^(e−1) ≤ max ``|values|`` < 2^e along the axis, 0 for zeros."""
    return np.frexp(np.max(np.abs(values), axis=axis, keepdims=keepdims, initial=0.0))[1]


def in_unit(values: Array, power: Any, what: str) -> Array:
    """Return the values times 2^power, or raise a ValueError with their name if they overflow."""
    with np.errstate(over="ignore"):
        return refuse_overflow(np.ldexp(values, power), what)


def norm(values: ArrayLike, axis: Axis = None) -> Any:
    """Return √(Σ values²) along the axis, for values of any size.

    Examples
    --------
    >>> from halkit.scaling import norm
    >>> [f"{x:.1e}" for x in norm([[3e200, 4e200], [3e-200, 4e-200]], axis=1)]
    ['5.0e+200', '5.0e-200']
    """
    e = exponent(values, axis, keepdims=True)
    root = np.sqrt(np.sum(np.ldexp(values, -e) ** 2, axis=axis))
    return np.ldexp(root, np.squeeze(e, axis))


def std(values: ArrayLike, axis: Axis = None, ddof: int = 0) -> Any:
    """Return the standard deviation along the axis, for values of any size."""
    e = exponent(values, axis, keepdims=True)
    return np.ldexp(np.std(np.ldexp(values, -e), axis=axis, ddof=ddof), np.squeeze(e, axis))
