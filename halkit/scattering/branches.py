r"""Phase shifts and scattering lengths of many members, compared on the circles where they live.

δ is known modulo π. a0 passes through infinity where a state becomes bound, one more point of the
circle of the angle θ,

    a0 = L tan θ,    L = min(|r_eff|, (|r_eff| a0²)^{1/3}).

L is about the size of the interaction: at the threshold r_eff is of this size, and as a0 → 0 it
grows like 1/a0². Members are compared with the centre along the shorter arc. Since tan has a
pole, a number whose pole lies within the error of its angle has no error bar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from halkit.typing import Array

__all__ = ["angle_error", "length_scale", "matched_states", "may_be", "nearest_branch"]


def nearest_branch(angles: Array, centre: Array) -> Array:
    """Move angles by multiples of π to within π/2 of the centre.

    Parameters
    ----------
    angles : ndarray of shape (n, ...)
        In radians.
    centre : ndarray of shape (...)

    Returns
    -------
    ndarray of shape (n, ...)
    """
    return angles - np.pi * np.round((angles - centre) / np.pi)


def may_be(target: float, angles: Array, centre: Array, error: Array) -> NDArray[np.bool_]:
    """Return whether an angle may equal the target modulo π: within its error, or in a member.

    Parameters
    ----------
    target : float
        In radians.
    angles : ndarray of shape (n, ...)
        Angles of the members, on the branch of the centre.
    centre, error : ndarray of shape (...)
        Where the error is NaN only the members count.

    Returns
    -------
    ndarray of bool of shape (...)
    """
    error = np.where(np.isnan(error), 0.0, error)
    up = np.maximum(error, np.max(angles - centre, axis=0))
    down = np.maximum(error, np.max(centre - angles, axis=0))
    distance = np.mod(target - centre, np.pi)
    return (up >= distance) | (down >= np.pi - distance)


def angle_error(k: Any, k_cot_delta: Any, std: Any) -> Any:
    """Return the error of δ of an error of k cot δ: dδ = sin²δ d(k cot δ)/k, NaN at a pole."""
    with np.errstate(invalid="ignore"):
        return np.asarray(std) * k / (np.square(k) + np.square(k_cot_delta))


def length_scale(scattering_length: float, effective_range: float) -> float:
    """Return L, which turns a0 into an angle; ``|a0|``, or 1, without a finite r_eff."""
    if 0 < abs(effective_range) < np.inf and 0 < abs(scattering_length) < np.inf:
        size = (abs(effective_range) * scattering_length**2) ** (1 / 3)
        return float(min(abs(effective_range), size))
    return float(abs(scattering_length)) or 1.0


def matched_states(kappa: Array, centre: Array) -> NDArray[np.int_]:
    """Return the index of the member's state that belongs to each state of the centre.

    Parameters
    ----------
    kappa : ndarray of shape (n,)
        Binding momenta of a member.
    centre : ndarray of shape (m,)
        Binding momenta of the centre.

    Returns
    -------
    ndarray of int of shape (m,)
        The pairs with the smallest sum of ``|κ − κ'|``; −1 for a state without a partner.
    """
    index = np.full(len(centre), -1)
    rows, columns = linear_sum_assignment(np.abs(np.subtract.outer(centre, kappa)))
    index[rows] = columns
    return index
