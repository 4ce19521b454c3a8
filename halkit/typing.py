"""Types of arguments and results: numbers, arrays of numbers, and what stands for them.

`Numbers` is what functions take as an array: a number, an array, nested sequences, or an object
with ``__array__``, as of pandas and torch. `Array` is what they return.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Masses", "Number", "Numbers", "Random", "SignConvention", "SupportsArray"]

Array: TypeAlias = NDArray[np.float64]
Number: TypeAlias = float | np.floating[Any] | np.integer[Any]
Random: TypeAlias = int | np.random.RandomState | None
SignConvention: TypeAlias = Literal["nuclear", "lattice"]


class SupportsArray(Protocol):
    """What numpy turns into an array."""

    def __array__(self, *arguments: Any, **options: Any) -> NDArray[Any]: ...


Numbers: TypeAlias = Number | SupportsArray | Sequence["Numbers"]
Masses: TypeAlias = Number | Sequence[Number]
