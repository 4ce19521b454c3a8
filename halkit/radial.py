"""Nodes and Laplacians of partial waves: radial grids, and the wedge of a cubic lattice.

With f(r) the radial part of a partial wave, both kinds of nodes carry the measure
``Σ w f ≈ ∫ 4πr² f dr`` (on a lattice: the sum over its sites) and the Laplacian

    ∇²f = f'' + 2f'/r − l(l+1)f/r² = (1/r) [u'' − l(l+1)u/r²],   u = r f.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.interpolate import make_interp_spline

from halkit.checks import (
    check_array,
    check_integer,
    check_nodes,
    check_number,
    check_positive,
    refuse_overflow,
)
from halkit.typing import Array, Number, Numbers
from halkit.wedge import Wedge

__all__ = [
    "RadialGrid",
    "Wedge",
    "radial_laplacian",
    "radial_weights",
    "trapezoid_weights",
]

Order: TypeAlias = Literal[2, 4, 6, 8, "spline"]

# Smallest gap between two nodes, relative to the length of their stencil: below it the
# differences are rounding errors.
_CLOSEST = 1e-9


def trapezoid_weights(r: Numbers) -> Array:
    """Return the weights w of the trapezoidal rule, Σ w_i f(r_i) ≈ ∫_0^{r_n} 4πr² f dr.

    The first panel is [0, r_1], with the integrand 4πr²f = 0 at r = 0.

    Parameters
    ----------
    r : array of shape (n,)
        Increasing nodes.

    Returns
    -------
    weights : array of shape (n,)
        In units of r³.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.radial import trapezoid_weights
    >>> r = np.linspace(0.05, 8.0, 160)
    >>> float(round(trapezoid_weights(r) @ np.exp(-r**2) / np.pi**1.5, 9))
    1.0
    """
    r = check_nodes(r)
    panels = np.diff(r, prepend=0.0)
    with np.errstate(over="ignore"):
        weights = 2 * np.pi * r**2 * (panels + np.append(panels[1:], 0.0))
    return refuse_overflow(weights, "the measure 4πr²dr")


def radial_weights(r: Numbers) -> Array:
    """Return weights w of fourth order, Σ w_i f(r_i) ≈ ∫_0^{r_n} 4πr² f dr.

    On each panel the integrand 4πr²f is the cubic through the four nearest points: nodes, or the
    origin, where it vanishes. The error is O(h⁴), also if f ∝ 1/r at the origin or if f is large
    at the last node, where the trapezoidal rule has O(h²). If very uneven nodes would give a
    negative weight, the trapezoidal rule is used.

    Parameters
    ----------
    r : array of shape (n,)
        Increasing nodes.

    Returns
    -------
    weights : array of shape (n,)
        In units of r³, not negative.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.radial import radial_weights, trapezoid_weights
    >>> r = np.linspace(0.05, 10.0, 200)
    >>> f = np.exp(-r) / r  # ∫ 4πr² f dr = 4π (1 − 11 e^{−10}) up to r = 10
    >>> exact = 4 * np.pi * (1 - 11 * np.exp(-10))
    >>> [float(np.abs(w(r) @ f / exact - 1).round(6)) for w in (radial_weights, trapezoid_weights)]
    [0.0, 0.000208]
    """
    r = check_nodes(r)
    x = np.concatenate([[0.0], r[r > 0]])
    if x.size < 4:
        return trapezoid_weights(r)
    window = np.clip(np.arange(x.size - 1) - 1, 0, x.size - 4)[:, None] + np.arange(4)
    panels = _panel_weights(x, np.arange(x.size - 1), window)
    for size in (4, 3, 2):  # the cubic, the parabola and the line through the origin
        first = np.pad(_panel_weights(x, [0], np.arange(size)[None]), ((0, 0), (0, 4 - size)))
        each = np.concatenate([first, panels[1:]])
        weights = np.bincount(window.ravel(), each.ravel(), minlength=x.size)
        if np.all(weights[1:] >= 0):
            return 4 * np.pi * r**2 * weights[-r.size :]
    return trapezoid_weights(r)


def _panel_weights(x, panel, window):
    """Weights (n, size) of ∫ from x_panel to x_{panel+1} of the polynomial through a window."""
    left, gap, size = x[panel, None], np.diff(x)[panel, None], window.shape[1]
    points = left + gap * (0.5 + np.array([-0.5, 0.5]) / np.sqrt(3))
    nodes = x[window]
    ratio = (points[:, :, None, None] - nodes[:, None, None, :]) / (
        nodes[:, :, None] - nodes[:, None, :] + np.eye(size)
    )[:, None]
    ratio[:, :, np.arange(size), np.arange(size)] = 1.0
    return gap * ratio.prod(axis=-1).mean(axis=1)


def radial_laplacian(f: Numbers, r: Numbers, *, l: int = 0, order: Order = 4) -> Array:
    """Return the Laplacian of a partial wave, ∇²f = (1/r) [u'' − l(l+1)u/r²] with u = r f.

    The nodes may have any spacing. The origin, where u = 0, is added to them. The parity
    f(−r) = (−1)^l f(r) is not used: with a cusp of the potential at r = 0, f does not obey it.
    Differences at the outer end are one-sided. At r = 0 the result is the limit 3f'' for l = 0,
    if f has no cusp there, and 0 for l > 0.

    Parameters
    ----------
    f : array of shape (..., n)
        Values on the nodes; regular at the origin.
    r : array of shape (n,)
        Increasing nodes.
    l : int, default 0
        Angular momentum.
    order : {2, 4, 6, 8, "spline"}, default 4
        Order of the finite differences: the error is O(h^order) u^(order+2)(r)/r, also at both
        ends. Next to the origin it is O(h^order) if f is even in r, and O(h^(order−1)) if not
        (odd l, a cusp). "spline": a quintic spline of u, with errors O(h⁴) and O(h³).

    Returns
    -------
    laplacian : array of shape (..., n)
        In units of f/r².

    Raises
    ------
    ValueError
        If there are fewer than order + 3 nodes (6 for the spline), counting the origin; if two
        nodes are too close; if l or order is invalid; or if the result overflows.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.radial import radial_laplacian
    >>> r = np.linspace(0.0, 2.0, 41)
    >>> bool(np.allclose(radial_laplacian(r**4, r), 20 * r**2))
    True
    """
    nodes = check_nodes(r)
    values = check_array(f, "f", nodes.size)
    start = 1 if nodes[0] == 0 else 0
    l = check_integer(l, "l", least=0)
    _check_order(order, nodes.size + 1 - start)
    unit = nodes[-1]
    x = np.append(0.0, nodes[start:] / unit)
    _check_gaps(x, unit, order)
    result = np.zeros_like(values)
    with np.errstate(all="ignore"):
        u = np.insert(x[1:] * values[..., start:], 0, 0.0, axis=-1)
        curvature = _second_derivative(u, x, order)[..., 1:]
        result[..., start:] = (curvature - l * (l + 1) * u[..., 1:] / x[1:] ** 2) / x[1:]
        if start and l == 0:
            result[..., 0] = 3 * _second_derivative(values, x, order)[..., 0]
        return refuse_overflow(result / unit / unit, "the Laplacian")


def _second_derivative(u, x, order):
    """u'' on the nodes x, with the origin at x[0] = 0, by differences or by a spline.

    Stencils that contain the origin have order + 3 points, because u'' is divided by r = O(h)
    there. Other stencils have order + 1 points if they are symmetric about their node, and
    order + 2 if not.
    """
    if order == "spline":
        return make_interp_spline(x, u, k=5, axis=-1).derivative(2)(x)
    sizes = order + 1, order + 2, order + 3
    windows = [_nearest_windows(x, np.arange(x.size), size) for size in sizes]
    offset = x[windows[0]] - x[:, np.newaxis]
    symmetric = np.all(np.abs(offset + offset[:, ::-1]) < 1e-9 * offset[:, -1:], axis=1)
    inner = windows[2][:, 0] == 0
    result = 0.0
    for window, chosen in zip(
        windows, (symmetric & ~inner, ~symmetric & ~inner, inner), strict=True
    ):
        weights = _second_derivative_weights(x[window], x)
        result = result + np.einsum("...ij,ij->...i", u[..., window], weights * chosen[:, None])
    return result


def _second_derivative_weights(points, centre):
    """Weights of u'' at `centre` (...,) for rows (..., n) of distinct points that contain it.

    They are exact to degree n − 1. The derivatives of Lagrange's polynomials at x_0 follow from
    the barycentric weights b:
    D_j = (b_j/b_0)/(x_0 − x_j) and D²_j = 2 D_j (Σ_k 1/(x_0 − x_k) − 1/(x_0 − x_j)).
    """
    x = points - centre[..., np.newaxis]
    here = x == 0
    gaps = points[..., :, np.newaxis] - points[..., np.newaxis, :] + np.eye(points.shape[-1])
    barycentric = 1 / gaps.prod(axis=-1)
    inverse = np.where(here, 0.0, -1 / np.where(here, 1.0, x))
    first = barycentric * inverse / (barycentric * here).sum(axis=-1, keepdims=True)
    second = 2 * first * (inverse.sum(axis=-1, keepdims=True) - inverse)
    return second - here * second.sum(axis=-1, keepdims=True)


def _nearest_windows(x, centre, size):
    """Indices of the `size` consecutive nodes that are nearest to each centre."""
    low = centre[:, np.newaxis] - np.arange(size)[::-1]
    low = np.clip(low, 0, x.size - size)
    reach = np.maximum(x[low + size - 1] - x[centre, np.newaxis], x[centre, np.newaxis] - x[low])
    best = np.take_along_axis(low, reach.argmin(axis=1)[:, np.newaxis], axis=1)
    return best + np.arange(size)


def _check_gaps(x, unit, order):
    """Raise a ValueError if two nodes are too close for the differences of an order."""
    size = 6 if order == "spline" else order + 3
    gaps, reach = np.diff(x), x[size - 1 :] - x[: 1 - size]
    nearby = np.lib.stride_tricks.sliding_window_view(gaps, size - 1).min(axis=1)
    i = np.argmin(nearby / reach)
    if nearby[i] < _CLOSEST * reach[i]:
        j = i + np.argmin(gaps[i : i + size - 1])
        raise ValueError(
            f"r must have nodes further apart than {_CLOSEST:g} of their stencil, got "
            f"{x[j] * unit:g} and {x[j + 1] * unit:g}: leave one of them out"
        )


def _check_order(order, n):
    """Raise a ValueError if the order is unknown or needs more than n nodes."""
    if isinstance(order, bool | float) or order not in (2, 4, 6, 8, "spline"):
        raise ValueError(f'order must be 2, 4, 6, 8 or "spline", got {order!r}')
    needed = 6 if order == "spline" else order + 3
    if n < needed:
        raise ValueError(
            f"order {order!r} needs at least {needed} nodes, the origin among them, got {n}"
        )


@dataclass(frozen=True, eq=False)
class RadialGrid:
    """Radial nodes with the weights of the measure: Σ w_i f(r_i) ≈ ∫ 4πr² f dr.

    Parameters
    ----------
    r : array of shape (n,)
        Increasing nodes, not negative.
    weights : array of shape (n,)
        In units of r³.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit import RadialGrid
    >>> grid = RadialGrid.gauss_legendre(8.0, 30)
    >>> float(round(grid.weights @ np.exp(-grid.r**2) / np.pi**1.5, 12))
    1.0
    """

    r: Array
    weights: Array

    def __init__(self, r: Numbers, weights: Numbers) -> None:
        nodes = check_nodes(r)
        for name, values in (
            ("r", nodes),
            ("weights", check_array(weights, "weights", shape=nodes.shape)),
        ):
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return self.r.size

    @classmethod
    def from_nodes(cls, r: Numbers) -> RadialGrid:
        """Return the grid on given nodes with the weights of the trapezoidal rule."""
        return cls(r, trapezoid_weights(r))

    @classmethod
    def uniform(cls, r_max: Number, n: int, *, r_min: Number | None = None) -> RadialGrid:
        """Return n equidistant nodes r_min … r_max (default r_min = r_max/n)."""
        n, r_max = check_integer(n, "n", least=1), check_positive(r_max, "r_max")
        r_min = r_max / n if r_min is None else check_number(r_min, "r_min", least=0)
        return cls.from_nodes(np.linspace(r_min, r_max, n))

    @classmethod
    def gauss_legendre(cls, r_max: Number, n: int) -> RadialGrid:
        """Return the n Gauss-Legendre nodes of (0, r_max) with their weights."""
        x, w = np.polynomial.legendre.leggauss(check_integer(n, "n", least=1))
        r_max = check_positive(r_max, "r_max")
        r = r_max * (1 + x) / 2
        with np.errstate(over="ignore"):
            return cls(r, 2 * np.pi * r_max * r**2 * w)

    def laplacian(self, f: Numbers, l: int = 0, order: Order = 4) -> Array:
        """Return ∇²f on the nodes; see :func:`radial_laplacian`."""
        return radial_laplacian(f, self.r, l=l, order=order)
