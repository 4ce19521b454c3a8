"""What one argument may be: a number, an integer, or one of some choices.

A wrong type raises a TypeError, a wrong value a ValueError; both say what is allowed and what
came. The value is returned as a plain float or int.
"""

from numbers import Integral, Real

import numpy as np

__all__ = ["check_choice", "check_integer", "check_number", "check_positive"]


def check_number(value, name, *, least=None, above=None, below=None, optional=False):
    """Return a finite number as a float, or None if it is optional.

    Raises
    ------
    TypeError
        If the value is not one real number; booleans and texts are none.
    ValueError
        If it is NaN or infinite, smaller than `least`, not above `above`, not below `below`.
    """
    if optional and value is None:
        return None
    what = _described("a finite number", least, above, below, optional)
    if not isinstance(value, Real) and np.asarray(value).dtype.kind not in "iuf":
        raise TypeError(f"{name} must be {what}, got {value!r}")
    if isinstance(value, bool) or np.ndim(value):
        raise TypeError(f"{name} must be {what}, got {value!r}")
    number = float(value)
    if not np.isfinite(number) or not _inside(number, least, above, below):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return number


def check_positive(value, name, *, optional=False):
    """Return a finite number > 0 as a float, or None if it is optional; see `check_number`."""
    return check_number(value, name, above=0, optional=optional)


def check_integer(value, name, *, least=None, optional=False):
    """Return an integer as an int, or None if it is optional.

    Raises
    ------
    TypeError
        If the value is not an integer; booleans and floats are none.
    ValueError
        If it is smaller than `least`.
    """
    if optional and value is None:
        return None
    what = _described("an integer", least, optional=optional)
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be {what}, got {value!r}")
    if not _inside(value, least):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return int(value)


def check_choice(value, name, choices):
    """Return one of the choices; else raise a ValueError that lists them."""
    if not any(value is choice or value == choice for choice in choices):
        raise ValueError(f"{name} must be one of {list(choices)}, got {value!r}")
    return value


def _inside(value, least=None, above=None, below=None):
    return (
        (least is None or value >= least)
        and (above is None or value > above)
        and (below is None or value < below)
    )


def _described(kind, least=None, above=None, below=None, optional=False):
    bounds = {"≥": least, ">": above, "<": below}
    texts = [f"{sign} {bound:g}" for sign, bound in bounds.items() if bound is not None]
    return " ".join([kind, " and ".join(texts)]).rstrip() + (" or None" if optional else "")
