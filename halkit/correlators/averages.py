r"""Averages of correlators of one configuration: over source times, and forward and backward.

A source at t_0 on a lattice of extent T gives C(t) at t − t_0 modulo T; hadrons that cross the
boundary take its sign. A hadron that propagates backward in time, or its partner of the other
parity, arrives at T − t.

To average over configurations use `halkit.resampling.jackknife_samples` and
`bootstrap_samples`, in blocks; average over sources before, within each configuration.
"""

from __future__ import annotations

import numpy as np

from halkit.checks import check_array, check_choice, check_integer, check_integers
from halkit.typing import Array, Numbers

__all__ = ["average_sources", "fold"]


def average_sources(
    C: Numbers, source_times: Numbers, *, axis: int = -1, boundary_sign: int = 1
) -> Array:
    """Average correlators over the times of their sources, with each source moved to t = 0.

    Parameters
    ----------
    C : array-like of shape (n_sources, ...)
        Correlators of each source, with all T times of the lattice on one of the other axes.
    source_times : array-like of int, shape (n_sources,)
        Time t_0 of each source, 0 … T − 1.
    axis : int
        Axis of the times in C, not the first.
    boundary_sign : {1, −1}
        Factor of the slices t < t_0, which lie beyond the boundary: −1 for an odd number of quarks
        with antiperiodic boundary conditions, as in a baryon.

    Returns
    -------
    ndarray of shape (...)
        At t − t_0 = 0 … T − 1.

    Raises
    ------
    ValueError, TypeError
        If the number of source times is not that of the sources, a time is not on the lattice, or
        `axis` is not one of the times.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import average_sources
    >>> C = np.array([8.0, 4.0, 2.0, 1.0])
    >>> average_sources([C, np.roll(C, 3)], [0, 3])
    array([8., 4., 2., 1.])
    """
    C, sign = check_array(C, "C"), check_choice(boundary_sign, "boundary_sign", (1, -1))
    axis = _axis(C, axis, first=1)
    times, T = check_integers(source_times, "source_times"), C.shape[axis]
    if times.shape != C.shape[:1] or not times.size:
        raise ValueError(
            f"source_times must be one for each of the {C.shape[0]} sources on the first axis of "
            f"C, got {times}"
        )
    if np.any((times < 0) | (times >= T)):
        raise ValueError(f"source_times must be 0 … {T - 1} on the T = {T} slices, got {times}")
    total = np.zeros(C.shape[1:])
    for values, start in zip(np.moveaxis(C, axis, 1), times, strict=True):
        moved = np.concatenate([values[start:], sign * values[:start]])
        total += np.moveaxis(moved, 0, axis - 1)
    return total / len(times)


def fold(
    C: Numbers, *, backward: Numbers | None = None, sign: int = 1, axis: int = -1
) -> Array:  # fmt: skip
    """Average forward and backward propagation.

    Parameters
    ----------
    C : array-like
        C(t) at all times t = 0 … T − 1 of the lattice on one axis.
    backward : array-like of the shape of C, optional
        B(t) of the backward hadron, as of a baryon projected on negative energies. By default it is
        in C itself, as for mesons.
    sign : {1, −1}
        Sign of the backward part: +1 for cosh-like, −1 for sinh-like correlators.
    axis : int
        Axis of the times.

    Returns
    -------
    ndarray
        [C(t) + sign · C(T − t)]/2 at t = 0 … T/2, for t = 0 C(0); or, with `backward`,
        [C(t) + sign · B(T − t)]/2 at t = 0 … T − 1.

    Raises
    ------
    ValueError, TypeError
        If shapes do not agree, or the axis does not exist.

    Examples
    --------
    >>> from halkit.correlators import fold
    >>> fold([10.0, 4.0, 3.0, 1.0, 2.0, 6.0])
    array([10. ,  5. ,  2.5,  1. ])
    """
    C, sign = check_array(C, "C"), check_choice(sign, "sign", (1, -1))
    C = np.moveaxis(C, _axis(C, axis), -1)
    T = C.shape[-1]
    other = C
    if backward is not None:
        other = check_array(backward, "backward")
        if other.ndim != C.ndim or np.moveaxis(other, axis, -1).shape != C.shape:
            raise ValueError(f"backward must have the shape of C, got {other.shape}")
        other = np.moveaxis(other, axis, -1)
    mirrored = sign * np.take(other, -np.arange(T), axis=-1, mode="wrap")
    folded = (C + mirrored) / 2
    if backward is None:
        folded[..., 0] = C[..., 0]
        folded = folded[..., : T // 2 + 1]
    return np.ascontiguousarray(np.moveaxis(folded, -1, axis))


def _axis(C, axis, first=0):
    """Return the axis counted from the first; refuse others."""
    number = check_integer(axis, "axis")
    if not -C.ndim <= number < C.ndim or number % C.ndim < first:
        raise ValueError(f"axis must be one of the times of C with shape {C.shape}, got {axis}")
    return number % C.ndim
