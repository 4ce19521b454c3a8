"""Types of arguments and results.

`Numbers` is what functions take as an array: a number, an array, nested sequences of numbers, or
an object with ``__array__``, such as those of pandas and torch. `Array` is what functions return.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Masses", "Number", "Numbers", "Random", "SignConvention", "SupportsArray"]

Array: TypeAlias = NDArray[np.float64]
Number: TypeAlias = float | np.floating[Any] | np.integer[Any]
Random: TypeAlias = int | np.random.RandomState | np.random.Generator | None
SignConvention: TypeAlias = Literal["nuclear", "lattice"]


class SupportsArray(Protocol):
    """What numpy turns into an array."""

    def __array__(self, *arguments: Any, **options: Any) -> NDArray[Any]: ...


# Spelt out to four axes: a recursive alias would let a str pass, which is a sequence of str.
_Entry: TypeAlias = Number | SupportsArray
_Axis1: TypeAlias = _Entry | Sequence[_Entry]
_Axis2: TypeAlias = _Entry | Sequence[_Axis1]
_Axis3: TypeAlias = _Entry | Sequence[_Axis2]
Numbers: TypeAlias = _Entry | Sequence[_Axis3]
Masses: TypeAlias = Number | Sequence[Number]
