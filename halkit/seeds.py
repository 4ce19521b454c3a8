"""What may seed random numbers: an integer, a RandomState or None, as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state as of_sklearn

from halkit.typing import Random

__all__ = ["check_random_state"]


def check_random_state(random_state: Random | Any) -> np.random.RandomState:
    """Return a RandomState: a new one of an integer, the global one of None.

    Raises
    ------
    TypeError
        If `random_state` is something else, such as a numpy Generator.
    ValueError
        If an integer is negative or too large.

    Examples
    --------
    >>> from halkit.seeds import check_random_state
    >>> check_random_state(3).randint(10, size=4)
    array([8, 9, 3, 8])
    """
    try:
        return of_sklearn(random_state)
    except ValueError as error:
        if "cannot be used" not in str(error):
            raise ValueError(
                f"random_state must be from 0 to 2^32 - 1, got {random_state!r}"
            ) from error
    advice = ""
    if isinstance(random_state, np.random.Generator):
        advice = ". Take an integer of it, int(generator.integers(2**31))"
    raise TypeError(
        "random_state must be an integer, a numpy.random.RandomState or None, got a "
        f"{type(random_state).__name__}{advice}"
    )
