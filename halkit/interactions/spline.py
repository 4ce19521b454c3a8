"""Splines through a table, and the polynomial below its first node.

Extrapolation to r = 0 with a polynomial of degree d through the first nodes multiplies errors of
the values by Σ_i ``|ℓ_i(0)|``, where ℓ_i are the Lagrange polynomials of these nodes. For d = 5
this factor is 63 on nodes h, 2h, … and 8e4 on nodes 10h, 11h, … The errors are estimated from
divided differences of order d + 1, which vanish for a polynomial. They are scaled so that
independent errors σ give a difference of size σ.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.interpolate import BSpline, NdBSpline, make_interp_spline

from halkit.typing import Array

__all__ = ["Spline", "TensorSpline", "polynomial_below", "tensor_spline"]

# Number of neighbouring differences from which the errors of the first values are estimated.
_WINDOWS = 20


class Spline(BSpline):
    """A spline of one variable; pickles and model files keep its numbers, nothing of scipy."""

    @classmethod
    def through(cls, x: Array, y: Array, degree: int, *, axis: int = 0, knots: Any = None) -> Self:
        """The spline through y at increasing x, along an axis of y."""
        found = make_interp_spline(x, y, k=degree, axis=axis, t=knots)
        return cls.construct_fast(found.t, found.c, found.k, found.extrapolate, found.axis)

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("t", "c", "k", "extrapolate", "axis")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(self.construct_fast(**state).__dict__)


class TensorSpline(NdBSpline):
    """A spline on a grid that extrapolates; files keep its numbers, as of `Spline`."""

    def __getstate__(self) -> dict[str, Any]:
        return {"t": [np.asarray(t) for t in self.t], "c": self.c, "k": [int(k) for k in self.k]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(tuple(state["t"]), state["c"], tuple(state["k"]))  # type: ignore[misc]

    def __init__(self, t: tuple[Array, ...], c: Array, k: tuple[int, ...]) -> None:
        super().__init__(t, c, k, extrapolate=True)


def tensor_spline(values: Array, r: Array, degree: int) -> TensorSpline:
    """Return the spline through values on a grid r × r × …; it extrapolates."""
    degree = _degree_for(r.size, degree)
    knots = None
    for axis in range(values.ndim):
        spline = make_interp_spline(r, values, k=degree, axis=axis)
        knots, values = spline.t, np.moveaxis(spline.c, 0, axis)
    return TensorSpline((np.asarray(knots),) * values.ndim, values, (degree,) * values.ndim)


def polynomial_below(values: Array, r: Array, degree: int) -> Spline | None:
    """Return the polynomial that replaces the spline V(r) below r[0], or None to keep the spline.

    It has the highest degree for which the error at r = 0 is below the largest ``|V|``.
    """
    highest = _degree_for(r.size, degree)
    if r[0] == 0 or r.size < highest + 2:  # no gap below r[0], or no node to estimate errors
        return None
    error, largest = _error(values, r, highest + 1), np.max(np.abs(values))
    safe = (d for d in range(highest, 0, -1) if error * _factor(r[: d + 1]) <= largest)
    d = next(safe, 0)
    if d == highest:
        return None
    knots = np.repeat(r[[0, d]], d + 1) if d else None  # scipy < 1.15 has none for even d
    return Spline.through(r[: d + 1], values[: d + 1], d, knots=knots)


def _degree_for(n, degree):
    return min(degree, (n - 2) // 2 * 2 + 1)


def _factor(r):
    """Σ_i |ℓ_i(0)| = Σ_i Π_{j≠i} r_j/|r_j − r_i|."""
    ratio = r / (np.subtract.outer(r, r) + np.diag(r))
    return np.sum(np.abs(np.prod(ratio, axis=1)))


def _error(values, r, order):
    """Estimate of the error of the first values, from divided differences of the given order."""
    x, V = (np.lib.stride_tricks.sliding_window_view(a, order + 1)[:_WINDOWS] for a in (r, values))
    weights = 1 / np.prod(x[:, :, None] - x[:, None, :] + np.eye(order + 1), axis=2)
    difference = np.sum(weights * V, axis=1) / np.linalg.norm(weights, axis=1)
    return np.sqrt(np.mean(difference**2))
