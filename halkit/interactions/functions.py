"""Functions of one or two distances: what may come in, what has to come out, where they end."""

import numpy as np

from halkit.checks import check_array, check_positive

__all__ = [
    "check_edges",
    "check_momenta",
    "check_scale",
    "checked_function",
    "cut",
    "distances",
    "evaluated",
    "is_array",
    "refuse_extremes",
    "within",
]

# Lengths, masses and momenta that the solvers take, and their inverse.
LARGEST = 1e60


def check_edges(edges):
    """Return radii > 0, one number or one axis, as a sorted tuple."""
    edges = np.atleast_1d(check_array(edges, "edges", sign="> 0"))
    if edges.ndim != 1:
        raise ValueError(f"edges must have one axis, got shape {edges.shape}")
    return tuple(np.unique(edges).tolist())


def checked_function(f, name):
    """Return f if it can be called."""
    if not callable(f):
        raise TypeError(f"{name} must be callable, got {type(f).__name__}")
    return f


def is_array(potential):
    """Return whether a potential is given by its values."""
    return isinstance(potential, list | tuple) or hasattr(potential, "__array__")


def distances(values, name):
    """Return an array of distances ≥ 0 as float64, or say what came instead."""
    return check_array(values, name, sign="≥ 0", finite=False, copy=False)


def evaluated(values, shape, what):
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


def cut(values, radius, *points):
    """Return the values, and zero where a point lies beyond the radius (None: nowhere)."""
    return values if radius is None else np.where(within(radius, *points), values, 0.0)


def within(radius, *points):
    """Return where all points lie within the radius (None: everywhere)."""
    inside = [np.asarray(point) <= (np.inf if radius is None else radius) for point in points]
    return np.logical_and.reduce(np.broadcast_arrays(*inside))
