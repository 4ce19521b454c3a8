"""Checks of arguments, made once, where they enter.

A wrong type raises a TypeError, a wrong value a ValueError; the message says what is allowed and
what came. Callers use the result: a plain float, int or bool, or a plain array of float64.

An array holds real numbers. Masked entries, texts, dates, records, complex numbers, booleans and
numbers with errors of their own are refused, because a cast to float would lose the mask, the
unit, the imaginary part or the error. A masked array without masked entries is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Complex, Integral, Real
from typing import Any, Literal, TypeGuard, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from halkit.phases import phase_hint
from halkit.typing import Array, SupportsArray

__all__ = [
    "as_numbers",
    "check_array",
    "check_boolean",
    "check_callable",
    "check_choice",
    "check_distances",
    "check_integer",
    "check_integers",
    "check_masses",
    "check_momenta",
    "check_nodes",
    "check_number",
    "check_positive",
    "check_scale",
    "check_values",
    "is_array",
    "numbers_or_table",
    "refuse_extremes",
    "refuse_masked",
    "refuse_overflow",
]

T = TypeVar("T")
Sign = Literal["≥ 0", "> 0"]

# Largest length, mass or momentum that the solvers take; the smallest is its inverse.
LARGEST = 1e60
# Attributes of numbers with an error, and the way out for each.
ERRORS = {
    "sdev": "halkit.resampling.from_gvar turns them into samples, a bin each; or ",
    "dvalue": "halkit.resampling.from_obs turns them into samples, a bin each; or ",
    "std_dev": "",
}
SIGNS: dict[Sign, tuple[np.ufunc, str]] = {
    "≥ 0": (np.greater_equal, "not be negative"),
    "> 0": (np.greater, "be positive"),
}


@overload
def check_number(
    value: object, name: str, *, least: float | None = ..., above: float | None = ...,
    below: float | None = ..., optional: Literal[False] = ...,
) -> float: ...  # fmt: skip
@overload
def check_number(
    value: object, name: str, *, least: float | None = ..., above: float | None = ...,
    below: float | None = ..., optional: bool,
) -> float | None: ...  # fmt: skip
def check_number(value, name, *, least=None, above=None, below=None, optional=False):
    """Return a finite number as a float, or None if it is optional.

    Raises
    ------
    TypeError
        If the value is not one real number: a boolean, a text, an array.
    ValueError
        If it is NaN or infinite, below `least`, not above `above`, or not below `below`.
    """
    if optional and value is None:
        return None
    what = _described("a finite number", least, above, below, optional)
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must be {what}, got a masked one")
    if not isinstance(value, Real) and _kind_of(value) not in "iuf":
        raise TypeError(f"{name} must be {what}, got {value!r}")
    if isinstance(value, bool) or np.ndim(value):
        raise TypeError(f"{name} must be {what}, got {value!r}")
    number = float(value)
    if not np.isfinite(number) or not _inside(number, least, above, below):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return number


@overload
def check_positive(value: object, name: str, *, optional: Literal[False] = ...) -> float: ...
@overload
def check_positive(value: object, name: str, *, optional: bool) -> float | None: ...
def check_positive(value, name, *, optional=False):
    """Return a finite number > 0 as a float, or None if it is optional; see `check_number`."""
    return check_number(value, name, above=0, optional=optional)


def check_masses(value: object, name: str) -> tuple[float, float]:
    """Return the masses (m1, m2) > 0 of two hadrons, given one mass for both or a pair.

    Raises
    ------
    TypeError
        If a mass is not a real number.
    ValueError
        If there are more than two, or one is not positive.
    """
    refuse_masked(value, name)
    masses = np.atleast_1d(np.asarray(value, dtype=object))
    if masses.shape not in ((1,), (2,)):
        raise ValueError(f"{name} must be one number or a pair, got {value!r}")
    return check_positive(masses[0], name), check_positive(masses[-1], name)


@overload
def check_integer(
    value: object, name: str, *, least: int | None = ..., optional: Literal[False] = ...
) -> int: ...
@overload
def check_integer(
    value: object, name: str, *, least: int | None = ..., optional: bool
) -> int | None: ...
def check_integer(value, name, *, least=None, optional=False):
    """Return an integer as an int, or None if it is optional.

    Raises
    ------
    TypeError
        If the value is not an integer: a boolean, a float, even a whole one.
    ValueError
        If it is below `least`.
    """
    if optional and value is None:
        return None
    what = _described("an integer", least, optional=optional)
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be {what}, got {value!r}")
    if not _inside(value, least):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return int(value)


def check_boolean(value: object, name: str) -> bool:
    """Return True or False. Texts and numbers are refused: "False" would count as true.

    Raises
    ------
    TypeError
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_choice(value: Any, name: str, choices: Iterable[T]) -> T:
    """Return the choice that equals the value, or raise a ValueError that lists the choices.

    False does not match the number 0, but 1 matches True.
    """
    choices = list(choices)
    for choice in choices:
        alike = isinstance(choice, bool) or not isinstance(value, bool | np.bool_)
        if value is choice or (alike and np.ndim(value) == 0 and value == choice):
            return choice
    raise ValueError(f"{name} must be one of {choices}, got {value!r}")


@overload
def check_array(
    values: object, name: str, n: int | None = ..., *, shape: tuple[int, ...] | None = ...,
    sign: Sign | None = ..., finite: bool = ..., booleans: bool = ...,
    single: Literal[False] = ..., copy: bool = ...,
) -> Array: ...  # fmt: skip
@overload
def check_array(
    values: object, name: str, n: int | None = ..., *, shape: tuple[int, ...] | None = ...,
    sign: Sign | None = ..., finite: bool = ..., booleans: bool = ..., single: bool,
    copy: bool = ...,
) -> NDArray[np.floating[Any]]: ...  # fmt: skip
def check_array(
    values, name, n=None, *, shape=None, sign=None, finite=True, booleans=False, single=False,
    copy=True,
):  # fmt: skip
    """Return real numbers as a new array of float64, in C order and with positive strides.

    The new array shares no memory with the caller's.

    Parameters
    ----------
    values : array-like
        Of any shape, unless `n` or `shape` is given.
    name : str
        Name of the argument, for messages.
    n : int, optional
        Number of entries on the last axis.
    shape : tuple of int, optional
    sign : {"≥ 0", "> 0"}, optional
        Sign of every entry; NaN has no sign.
    finite : bool
        Whether NaN and infinite entries are refused.
    booleans : bool
        Whether False and True count as 0 and 1.
    single : bool
        Whether float32 stays float32.
    copy : bool
        Whether a plain array is copied too. False: for callers that do not keep it.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If they are complex, masked or not finite, or if the sign or the shape is wrong.
    """
    values = as_numbers(values, name, kinds="iufb" if booleans else "iuf")
    dtype = np.float32 if single and values.dtype == np.float32 else np.float64
    values = _plain(values, dtype, copy=copy)
    if n is not None and (values.ndim == 0 or values.shape[-1] != n):
        raise ValueError(f"{name} must have {n} entries on its last axis, got shape {values.shape}")
    if shape is not None and values.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {values.shape}")
    bad = np.count_nonzero(~np.isfinite(values)) if finite else 0
    if bad:
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite entries")
    if sign is not None:
        compare, what = SIGNS[sign]
        wrong = values[~compare(values, 0)]
        if wrong.size:
            what = what if finite else f"{what} or NaN"
            raise ValueError(f"{name} must {what}, got {wrong[0]:g}")
    return values


def check_integers(values: object, name: str) -> NDArray[np.int64]:
    """Return integers as an array of int64. Floats are refused, even whole ones.

    Raises
    ------
    TypeError
        If the values are not integers.
    ValueError
        If they are masked, or 2⁶³ and larger.
    """
    values = as_numbers(values, name, kinds="iu")
    integers = _plain(values, np.int64)
    if np.any(integers != values):
        raise ValueError(f"{name} must be below 2^63, got {values.max()}")
    return integers


def as_numbers(values: object, name: str, *, kinds: str = "iuf") -> NDArray[Any]:
    """Return an array of numbers whose dtype is of one of the given kinds; NaN may be among them.

    Raises
    ------
    TypeError, ValueError
        As for `check_array`.
    """
    refuse_masked(values, name)
    if hasattr(values, "toarray"):
        raise TypeError(
            f"{name} must be a dense array, got a sparse {type(values).__name__}: "
            "pass what its toarray() returns"
        )
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array with axes of one length: {error}") from error
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name} must be an array of numbers: {error}") from error
    if array.dtype.kind == "O":
        array = _from_objects(array, name, kinds)
    if array.dtype.kind == "c" and "c" not in kinds:
        raise ValueError(
            f"Complex data not supported: {name} has dtype {array.dtype}{phase_hint(array, name)}"
        )
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {_kind(kinds)}, got an array of dtype {array.dtype}")
    return array


def check_callable(f: T, name: str) -> T:
    """Return f, or raise a TypeError if it cannot be called."""
    if not callable(f):
        raise TypeError(f"{name} must be callable, got {type(f).__name__}")
    return f


def is_array(potential: object) -> TypeGuard[SupportsArray | Sequence[Any]]:
    """Return whether a potential is given as an array of values."""
    return isinstance(potential, list | tuple) or hasattr(potential, "__array__")


def check_distances(values: object, name: str) -> Array:
    """Return distances ≥ 0 as an array of float64; ∞ is allowed."""
    return check_array(values, name, sign="≥ 0", finite=False, copy=False)


def check_values(values: object, shape: tuple[int, ...], what: str) -> Array:
    """Return the values of a function as float64. They must be real and have the shape."""
    return check_array(values, what, shape=shape, finite=False, copy=False)


@overload
def check_scale(value: object, name: str, *, optional: Literal[False] = ...) -> float: ...
@overload
def check_scale(value: object, name: str, *, optional: bool) -> float | None: ...
def check_scale(value, name, *, optional=False):
    """Return a number between 1e-60 and 1e60, whose powers are finite, or None if it is optional.

    Raises
    ------
    TypeError, ValueError
        As for `check_positive`, or if it is beyond these bounds.
    """
    number = check_positive(value, name, optional=optional)
    if number is not None:
        refuse_extremes(np.array(number), name)
    return number


def check_momenta(k: object) -> Array:
    """Return momenta k between 1e-60 and 1e60 as an array of float64."""
    k = check_array(k, "k", sign="> 0")
    refuse_extremes(k, "k")
    return k


def refuse_extremes(values: NDArray[Any], name: str) -> None:
    """Raise a ValueError if a number is not between 1e-60 and 1e60: its powers overflow."""
    extreme = values[(values < 1 / LARGEST) | (values > LARGEST)]
    if extreme.size:
        raise ValueError(
            f"{name} must be between {1 / LARGEST:g} and {LARGEST:g}, got {extreme[0]:g}: "
            "choose a unit of the size of the system"
        )


def refuse_overflow(values: Array, what: str) -> Array:
    """Return a result, or raise a ValueError if it overflows."""
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{what} overflows: choose units of the size of the system")
    return values


def check_nodes(r: object, name: str = "r") -> Array:
    """Return radial nodes as float64: one axis, finite, not negative, strictly increasing.

    Raises
    ------
    TypeError, ValueError
        If they are not.
    """
    r = check_array(r, name)
    if r.ndim != 1 or r.size == 0:
        raise ValueError(f"{name} must be a one-dimensional array of nodes, got shape {r.shape}")
    if r[0] < 0:
        raise ValueError(f"{name} must not be negative, got {name}[0] = {r[0]:g}")
    falling = np.flatnonzero(np.diff(r) <= 0)
    if falling.size:
        i = falling[0]
        raise ValueError(
            f"{name} must be strictly increasing, "
            f"got {name}[{i}] = {r[i]:g} before {name}[{i + 1}] = {r[i + 1]:g}"
        )
    return r


def numbers_or_table(values: Any, name: str) -> Any:
    """Return an array of numbers, or a table as it is: scikit-learn reads its column names."""
    array = as_numbers(values, name)
    return values if hasattr(values, "columns") else array


def refuse_masked(values: object, name: str) -> None:
    """Raise a ValueError if an entry is masked, also inside a list, where numpy drops the mask."""
    if _is_masked(values):
        count = f", got {np.ma.count_masked(values)}" if np.ma.is_masked(values) else ""
        raise ValueError(f"{name} must have no masked entries{count}: drop or fill them")


def _kind_of(value):
    try:
        return np.asarray(value).dtype.kind
    except (TypeError, ValueError, RuntimeError):  # as of a tensor with a gradient
        return "O"


def _is_masked(values):
    if isinstance(values, list | tuple):
        return any(_is_masked(entry) for entry in values if not isinstance(entry, float | int))
    return np.ma.is_masked(values)


def _plain(values, dtype, *, copy=True):
    """The values in C order and with positive strides."""
    with np.errstate(over="ignore"):
        plain = np.asarray(values, dtype, order="C")
    # numpy keeps the negative stride of an axis of one entry
    strided = min(plain.strides, default=0) < 0
    return plain.copy() if strided or (copy and np.may_share_memory(plain, values)) else plain


def _from_objects(array, name, kinds):
    """An object array as numbers, if each entry is a number without an error."""
    for entry in array.flat:
        for attribute, way in ERRORS.items():
            if hasattr(entry, attribute):
                raise TypeError(
                    f"{name} must hold real numbers, got {type(entry).__name__} objects: {way}"
                    "pass the central values, and the standard deviations of y as y_std"
                )
        if isinstance(entry, bool) or not isinstance(entry, Complex):
            raise TypeError(
                f"{name} must hold {_kind(kinds)}: each argument must be neither a string nor "
                f"another object but a number, got {type(entry).__name__} objects"
            )
    real = all(isinstance(entry, Real) for entry in array.flat)
    try:
        return array.astype(np.float64 if real else np.complex128)
    except OverflowError as error:
        raise ValueError(f"{name} must be finite, got an integer beyond float64") from error


def _kind(kinds):
    words = {"c": "real or complex numbers", "f": "real numbers"}
    return next((word for kind, word in words.items() if kind in kinds), "integers")


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
