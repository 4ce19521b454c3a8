"""The border: what one argument may be, and what comes in as an array.

A wrong type raises a TypeError, a wrong value a ValueError; both say what is allowed and what
came. Callers use what is returned: a plain float, int or bool, or a plain array of float64.

An array holds real numbers. Masked entries, texts, dates, records, complex numbers, truth values
and numbers that carry their own errors are refused, because a cast to float would lose the mask,
the unit, the imaginary part or the error. A masked array without a masked entry is an array.
"""

from numbers import Complex, Integral, Real

import numpy as np

__all__ = [
    "as_numbers",
    "check_array",
    "check_boolean",
    "check_callable",
    "check_choice",
    "check_distances",
    "check_integer",
    "check_integers",
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

# Lengths, masses and momenta that the solvers take, and their inverse.
LARGEST = 1e60
# How a number with an error is recognised, and what turns it into samples.
ERRORS = {
    "sdev": "halkit.resampling.from_gvar turns them into samples, a bin each; or ",
    "dvalue": "halkit.resampling.from_obs turns them into samples, a bin each; or ",
    "std_dev": "",
}
COMPLEX = (
    "Complex data not supported: {name} has dtype {dtype}; "
    "halkit.equations.remove_phase strips the constant phase of a wave function"
)
SIGNS = {"≥ 0": (np.greater_equal, "not be negative"), "> 0": (np.greater, "be positive")}


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
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must be {what}, got a masked one")
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


def check_boolean(value, name):
    """Return True or False; a text or a number is refused, since "False" would count as true.

    Raises
    ------
    TypeError
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_choice(value, name, choices):
    """Return the one of the choices that the value is; else raise a ValueError that lists them.

    False is not the number 0; 1 is True where that is a choice.
    """
    for choice in choices:
        alike = isinstance(choice, bool) or not isinstance(value, bool | np.bool_)
        if value is choice or (alike and np.ndim(value) == 0 and value == choice):
            return choice
    raise ValueError(f"{name} must be one of {list(choices)}, got {value!r}")


def check_array(
    values, name, n=None, *, shape=None, sign=None, finite=True, booleans=False, single=False,
    copy=True,
):  # fmt: skip
    """Return real numbers as a new array of float64, in C order and with positive strides.

    Who keeps it shares no memory with the caller.

    Parameters
    ----------
    values : array-like
        Of any shape, unless `n` or `shape` is given.
    name : str
        What messages call it.
    n : int, optional
        Number of entries on the last axis.
    shape : tuple of int, optional
    sign : {"≥ 0", "> 0"}, optional
        Of every entry; NaN has none.
    finite : bool
        Whether NaN and infinite entries are refused.
    booleans : bool
        Whether False and True count as 0 and 1.
    single : bool
        Whether float32 stays float32.
    copy : bool
        Whether an array that is plain already is copied too. False where nothing is kept.

    Raises
    ------
    TypeError
        If the values are not real numbers; see the head of this module.
    ValueError
        If they are complex, masked, not finite, of another sign or of another shape.
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


def check_integers(values, name):
    """Return integers as an array of int64; floats are refused, even whole ones.

    Raises
    ------
    TypeError, ValueError
        If the values are not integers, as for `check_array`, or beyond 2⁶³.
    """
    values = as_numbers(values, name, kinds="iu")
    integers = _plain(values, np.int64)
    if np.any(integers != values):
        raise ValueError(f"{name} must be below 2^63, got {values.max()}")
    return integers


def as_numbers(values, name, *, kinds="iuf"):
    """Return an array of real numbers in a dtype of the given kinds; NaN is one of them.

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
        raise ValueError(COMPLEX.format(name=name, dtype=array.dtype))
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {_kind(kinds)}, got an array of dtype {array.dtype}")
    return array


def check_callable(f, name):
    """Return f if it can be called."""
    if not callable(f):
        raise TypeError(f"{name} must be callable, got {type(f).__name__}")
    return f


def is_array(potential):
    """Return whether a potential is given by its values."""
    return isinstance(potential, list | tuple) or hasattr(potential, "__array__")


def check_distances(values, name):
    """Return an array of distances ≥ 0 as float64, or say what came instead."""
    return check_array(values, name, sign="≥ 0", finite=False, copy=False)


def check_values(values, shape, what):
    """Return the values of a function as float64 if they are real and have the shape."""
    return check_array(values, what, shape=shape, finite=False, copy=False)


def check_scale(value, name, *, optional=False):
    """Return a positive number of a size whose powers are finite, or None if it is optional.

    Raises
    ------
    TypeError, ValueError
        If it is something else, or not between 1e-60 and 1e60.
    """
    number = check_positive(value, name, optional=optional)
    if number is not None:
        refuse_extremes(np.array(number), name)
    return number


def check_momenta(k):
    """Return momenta k > 0 as float64, or say what came instead."""
    k = check_array(k, "k", sign="> 0")
    refuse_extremes(k, "k")
    return k


def refuse_extremes(values, name):
    """Refuse positive numbers whose powers overflow.

    Raises
    ------
    ValueError
        If one is not between 1e-60 and 1e60.
    """
    extreme = values[(values < 1 / LARGEST) | (values > LARGEST)]
    if extreme.size:
        raise ValueError(
            f"{name} must be between {1 / LARGEST:g} and {LARGEST:g}, got {extreme[0]:g}: "
            "choose a unit that is of the size of the system"
        )


def refuse_overflow(values, what):
    """Return a result if it is finite, raise a ValueError if it overflows."""
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{what} overflows: choose units that are of the size of the system")
    return values


def check_nodes(r, name="r"):
    """Return radial nodes as float64: one axis, finite, not negative, strictly increasing.

    Raises
    ------
    TypeError, ValueError
        If the nodes are anything else.
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


def numbers_or_table(values, name):
    """Return `as_numbers`, or a table itself, whose columns have names that scikit-learn keeps."""
    array = as_numbers(values, name)
    return values if hasattr(values, "columns") else array


def refuse_masked(values, name):
    """Refuse masked entries, also in arrays inside a list, whose mask numpy would drop.

    Raises
    ------
    ValueError
    """
    if _is_masked(values):
        count = f", got {np.ma.count_masked(values)}" if np.ma.is_masked(values) else ""
        raise ValueError(f"{name} must have no masked entries{count}: drop or fill them")


def _is_masked(values):
    if isinstance(values, list | tuple):
        return any(_is_masked(entry) for entry in values if not isinstance(entry, float | int))
    return np.ma.is_masked(values)


def _plain(values, dtype, *, copy=True):
    """The values in C order. An axis of one entry may keep a negative stride, so look at it."""
    with np.errstate(over="ignore"):
        plain = np.asarray(values, dtype, order="C")
    strided = min(plain.strides, default=0) < 0
    return plain.copy() if strided or (copy and np.may_share_memory(plain, values)) else plain


def _from_objects(array, name, kinds):
    """An object array as numbers, if each of its entries is one and carries no error."""
    for entry in array.flat:
        for attribute, way in ERRORS.items():
            if hasattr(entry, attribute):
                raise TypeError(
                    f"{name} needs real numbers, got {type(entry).__name__} objects: {way}"
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
    return (
        "integers"
        if "f" not in kinds
        else "real or complex numbers"
        if "c" in kinds
        else "real numbers"
    )


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
