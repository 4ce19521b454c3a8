"""Functions of one or two distances: what may come in, what has to come out, where they end."""

import numpy as np

from halkit.checks import check_positive
from halkit.radial import refuse_masked, validate_values

__all__ = [
    "check_momenta",
    "check_scale",
    "checked_function",
    "cut",
    "distances",
    "evaluated",
    "refuse_extremes",
    "within",
]

# Lengths, masses and momenta that the solvers take, and their inverse.
LARGEST = 1e60


def checked_function(f, name):
    """Return f if it can be called."""
    if not callable(f):
        raise TypeError(f"{name} must be callable, got {type(f).__name__}")
    return f


def distances(values, name):
    """Return an array of distances ≥ 0 as float64, or say what came instead."""
    refuse_masked(values, name)
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        validate_values(values, name)
    values = values.astype(np.float64, copy=False)
    if not np.all(values >= 0):
        raise ValueError(f"{name} must not be negative or NaN, got {values[~(values >= 0)][0]:g}")
    return values


def evaluated(values, shape, what):
    """Return the values of a function as float64 if they are real and have the shape."""
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{what} must be real, got an array of dtype {values.dtype}")
    if values.shape != shape:
        raise ValueError(f"{what} must have the shape {shape} of its arguments, got {values.shape}")
    return values.astype(np.float64, copy=False)


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
    k = validate_values(k, "k")
    if np.any(k <= 0):
        raise ValueError(f"k must be positive, got {np.min(k):g}")
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


def cut(values, radius, *points):
    """Return the values, and zero where a point lies beyond the radius (None: nowhere)."""
    return values if radius is None else np.where(within(radius, *points), values, 0.0)


def within(radius, *points):
    """Return where all points lie within the radius (None: everywhere)."""
    inside = [np.asarray(point) <= (np.inf if radius is None else radius) for point in points]
    return np.logical_and.reduce(np.broadcast_arrays(*inside))
