"""What may seed random numbers: an integer, a RandomState, a Generator or None.

One rule for all of halkit. An integer starts anew at each call. A `numpy.random.RandomState` or
`numpy.random.Generator` goes on from call to call, and None is the global RandomState of numpy.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state as of_sklearn

from halkit.typing import Random

__all__ = ["as_generator", "check_random_state", "fixed_seed"]


def check_random_state(random_state: Random | Any) -> np.random.RandomState:
    """Return a RandomState: a new one of an integer, the global one of None.

    That of a Generator draws from its bits, so that both go on together.

    Raises
    ------
    TypeError
        If `random_state` is something else, such as a boolean or a text.
    ValueError
        If an integer is negative or too large.

    Examples
    --------
    >>> from halkit.seeds import check_random_state
    >>> check_random_state(3).randint(10, size=4)
    array([8, 9, 3, 8])
    """
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    try:
        if not isinstance(random_state, bool | np.bool_):
            return of_sklearn(random_state)
    except ValueError as error:
        if "cannot be used" not in str(error):
            raise ValueError(
                f"random_state must be from 0 to 2^32 - 1, got {random_state!r}"
            ) from error
    raise TypeError(
        "random_state must be an integer, a numpy.random.RandomState or Generator, or None, got a "
        f"{type(random_state).__name__}"
    )


def as_generator(random_state: Random | Any) -> np.random.Generator:
    """Return a Generator: itself, or one that is seeded from the RandomState of the others.

    Raises
    ------
    TypeError, ValueError
        As `check_random_state`.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    return np.random.default_rng(check_random_state(random_state).randint(2**31, size=4))


def fixed_seed(random_state: Random | Any) -> int:
    """Return an integer itself; one seed of the others, which go on by one draw.

    Raises
    ------
    TypeError, ValueError
        As `check_random_state`.
    """
    random = check_random_state(random_state)
    return int(random_state if isinstance(random_state, Integral) else random.randint(2**31 - 1))
