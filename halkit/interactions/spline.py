"""Splines through a table, and the polynomial that stands below its first node.

A polynomial of degree d through the first nodes takes errors of the values to r = 0 with a
factor Σ_i ``|ℓ_i(0)|``, ℓ_i the Lagrange polynomials of these nodes: for d = 5 it is 63 on nodes
h, 2h, … and 8e4 on nodes 10h, 11h, … The errors are seen in the divided differences that
vanish for a polynomial, scaled so that independent errors σ give a difference of the size σ.
"""

import numpy as np
from scipy.interpolate import NdBSpline, make_interp_spline

__all__ = ["polynomial_below", "tensor_spline"]

WINDOWS = 20


def tensor_spline(values, r, degree):
    """Return the spline through values on a grid r × r × …, which extrapolates."""
    degree = _degree_for(r.size, degree)
    knots = None
    for axis in range(values.ndim):
        spline = make_interp_spline(r, values, k=degree, axis=axis)
        knots, values = spline.t, np.moveaxis(spline.c, 0, axis)
    return NdBSpline((knots,) * values.ndim, values, (degree,) * values.ndim, extrapolate=True)


def polynomial_below(values, r, degree):
    """Return the polynomial that replaces a spline V(r) below r[0], None if it can stay.

    Its degree is the highest with an error at r = 0 that is smaller than the largest ``|V|``.
    """
    highest = _degree_for(r.size, degree)
    if r[0] == 0 or r.size < highest + 2:  # nothing to do, or no node left to see errors with
        return None
    error, largest = _error(values, r, highest + 1), np.max(np.abs(values))
    safe = (d for d in range(highest, 0, -1) if error * _factor(r[: d + 1]) <= largest)
    d = next(safe, 0)
    return None if d == highest else make_interp_spline(r[: d + 1], values[: d + 1], k=d)


def _degree_for(n, degree):
    return min(degree, (n - 2) // 2 * 2 + 1)


def _factor(r):
    """Σ_i |ℓ_i(0)| = Σ_i Π_{j≠i} r_j/|r_j − r_i|."""
    ratio = r / (np.subtract.outer(r, r) + np.diag(r))
    return np.sum(np.abs(np.prod(ratio, axis=1)))


def _error(values, r, order):
    """The error of the first values, from their divided differences of this order."""
    x, V = (np.lib.stride_tricks.sliding_window_view(a, order + 1)[:WINDOWS] for a in (r, values))
    weights = 1 / np.prod(x[:, :, None] - x[:, None, :] + np.eye(order + 1), axis=2)
    difference = np.sum(weights * V, axis=1) / np.linalg.norm(weights, axis=1)
    return np.sqrt(np.mean(difference**2))
