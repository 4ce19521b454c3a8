"""Nodes and Laplacians of partial waves: radial grids, and the wedge of a cubic lattice.

With f(r) the radial part of a partial wave, both kinds of nodes carry the measure
``Σ w f ≈ ∫ 4πr² f dr`` (on a lattice: the sum over its sites) and the Laplacian

    ∇²f = f'' + 2f'/r − l(l+1)f/r² = (1/r) [u'' − l(l+1)u/r²],   u = r f.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scipy.interpolate import make_interp_spline

from halkit.checks import (
    check_array,
    check_integer,
    check_integers,
    check_nodes,
    check_number,
    check_positive,
    refuse_overflow,
)

__all__ = [
    "RadialGrid",
    "Wedge",
    "radial_laplacian",
    "radial_weights",
    "trapezoid_weights",
]

# Distance of two nodes relative to a window of them below which differences lose their digits.
CLOSEST = 1e-9


def trapezoid_weights(r):
    """Weights w of the trapezoidal rule, Σ w_i f(r_i) ≈ ∫_0^{r_n} 4πr² f dr.

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


def radial_weights(r):
    """Weights w with Σ w_i f(r_i) ≈ ∫_0^{r_n} 4πr² f dr, of fourth order where the nodes allow it.

    On each panel the integrand 4πr²f, which vanishes at r = 0, is the cubic through the four
    nearest of the nodes and the origin: the error is O(h⁴) also for an f ∝ 1/r at the origin and
    at an end where f is still large, where the trapezoidal rule has O(h²). Nodes so uneven that a
    weight would be negative get the trapezoidal rule.

    Parameters
    ----------
    r : array of shape (n,)
        Increasing nodes.

    Returns
    -------
    weights : array of shape (n,)
        In units of r³, none negative.

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
    left, gap = x[:-1, None], np.diff(x)[:, None]
    points = left + gap * (0.5 + np.array([-0.5, 0.5]) / np.sqrt(3))
    nodes = x[window]
    ratio = (points[:, :, None, None] - nodes[:, None, None, :]) / (
        nodes[:, :, None] - nodes[:, None, :] + np.eye(4)
    )[:, None]
    ratio[:, :, np.arange(4), np.arange(4)] = 1.0
    panels = gap * ratio.prod(axis=-1).mean(axis=1)
    weights = np.bincount(window.ravel(), panels.ravel(), minlength=x.size)
    if np.any(weights[1:] < 0):
        return trapezoid_weights(r)
    return 4 * np.pi * r**2 * weights[-r.size :]


def second_derivative_weights(points, centre):
    """Weights of u'' at `centre` (...,) for rows (..., n) of distinct points, it among them.

    Exact to degree n − 1. Lagrange's polynomials with barycentric weights b have the derivatives
    D_j = (b_j/b_0)/(x_0 − x_j) and D²_j = 2 D_j (Σ_k 1/(x_0 − x_k) − 1/(x_0 − x_j)) at x_0.
    """
    x = points - centre[..., np.newaxis]
    here = x == 0
    gaps = points[..., :, np.newaxis] - points[..., np.newaxis, :] + np.eye(points.shape[-1])
    barycentric = 1 / gaps.prod(axis=-1)
    inverse = np.where(here, 0.0, -1 / np.where(here, 1.0, x))
    first = barycentric * inverse / (barycentric * here).sum(axis=-1, keepdims=True)
    second = 2 * first * (inverse.sum(axis=-1, keepdims=True) - inverse)
    return second - here * second.sum(axis=-1, keepdims=True)


def nearest_windows(x, centre, size):
    """Return the indices of the size consecutive nodes that are nearest to each centre."""
    low = centre[:, np.newaxis] - np.arange(size)[::-1]
    low = np.clip(low, 0, x.size - size)
    reach = np.maximum(x[low + size - 1] - x[centre, np.newaxis], x[centre, np.newaxis] - x[low])
    best = np.take_along_axis(low, reach.argmin(axis=1)[:, np.newaxis], axis=1)
    return best + np.arange(size)


def second_derivative(u, x, order):
    """Return u'' on the nodes x, of which x[0] = 0 is the origin.

    Windows that hold the origin have order + 3 points, since there u'' is going to be divided by
    r = O(h); others order + 1 if they are symmetric about their node, and order + 2 if not.
    """
    sizes = order + 1, order + 2, order + 3
    windows = [nearest_windows(x, np.arange(x.size), size) for size in sizes]
    offset = x[windows[0]] - x[:, np.newaxis]
    symmetric = np.all(np.abs(offset + offset[:, ::-1]) < 1e-9 * offset[:, -1:], axis=1)
    inner = windows[2][:, 0] == 0
    result = 0.0
    for window, chosen in zip(
        windows, (symmetric & ~inner, ~symmetric & ~inner, inner), strict=True
    ):
        weights = second_derivative_weights(x[window], x)
        result = result + np.einsum("...ij,ij->...i", u[..., window], weights * chosen[:, None])
    return result


def spline_second_derivative(u, x):
    """Return u'' of the quintic spline through u on the nodes x."""
    return make_interp_spline(x, u, k=5, axis=-1).derivative(2)(x)


def radial_laplacian(f, r, *, l=0, order=4):
    """Laplacian of a partial wave, ∇²f = (1/r) [u'' − l(l+1)u/r²] with u = r f.

    Nodes may have any spacing. The origin, where u = 0, is added to them; f(−r) = (−1)^l f(r) is
    not used, since f of a potential with a cusp at r = 0 does not obey it. The outer end is
    one-sided. At r = 0 the limit is 3f'' for l = 0, of an f without a cusp there, and 0 for l > 0.

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
        ends; next to the origin this is O(h^order) where f is even in r, O(h^(order−1)) where
        not (odd l, a cusp). Or a quintic spline of u, with O(h⁴) and O(h³).

    Returns
    -------
    laplacian : array of shape (..., n)
        In units of f/r².

    Raises
    ------
    ValueError
        If there are fewer than order + 3 nodes (6 for the spline) with the origin, if two nodes
        are too close (the origin counts), if l or order is something else, or if the result
        overflows.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.radial import radial_laplacian
    >>> r = np.linspace(0.0, 2.0, 41)
    >>> bool(np.allclose(radial_laplacian(r**4, r), 20 * r**2))
    True
    """
    r = check_nodes(r)
    f = check_array(f, "f", r.size)
    start = 1 if r[0] == 0 else 0
    l = check_integer(l, "l", least=0)
    _check_order(order, r.size + 1 - start)
    derive = _derivative_of(order)
    last = r[-1]
    r, x = r[start:] / last, np.append(0.0, r[start:] / last)
    _refuse_close_nodes(x, last, order)
    result, u = np.zeros_like(f), r * f[..., start:]
    with np.errstate(all="ignore"):
        curvature = derive(np.concatenate([np.zeros_like(u[..., :1]), u], axis=-1), x)[..., 1:]
        result[..., start:] = (curvature - l * (l + 1) * u / r**2) / r
        if start and l == 0:
            result[..., 0] = 3 * derive(f, x)[..., 0]
        return refuse_overflow(result / last / last, "the Laplacian")


def _refuse_close_nodes(x, unit, order):
    """Refuse two nodes so close that differences over their neighbourhood are rounding errors."""
    size = 6 if order == "spline" else order + 3
    gaps, reach = np.diff(x), x[size - 1 :] - x[: 1 - size]
    nearby = np.lib.stride_tricks.sliding_window_view(gaps, size - 1).min(axis=1)
    i = np.argmin(nearby / reach)
    if nearby[i] < CLOSEST * reach[i]:
        j = i + np.argmin(gaps[i : i + size - 1])
        raise ValueError(
            f"r must hold nodes that are further apart than 1e-9 of their neighbourhood, got "
            f"{x[j] * unit:g} and {x[j + 1] * unit:g}: leave one of them out"
        )


def _check_order(order, n):
    """Refuse an unknown order of differences, or one that n nodes cannot have."""
    if isinstance(order, bool | float) or order not in (2, 4, 6, 8, "spline"):
        raise ValueError(f'order must be 2, 4, 6, 8 or "spline", got {order!r}')
    needed = 6 if order == "spline" else order + 3
    if n < needed:
        raise ValueError(
            f"order {order!r} needs at least {needed} nodes, the origin among them, got {n}"
        )


def _derivative_of(order):
    return (
        spline_second_derivative if order == "spline" else partial(second_derivative, order=order)
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

    r: np.ndarray
    weights: np.ndarray

    def __post_init__(self):
        r = check_nodes(self.r)
        weights = check_array(self.weights, "weights", r.size)
        if weights.ndim != 1:
            raise ValueError(f"weights must have shape {r.shape}, got {weights.shape}")
        for name, values in (("r", r), ("weights", weights)):
            owned = values.copy()
            owned.setflags(write=False)
            object.__setattr__(self, name, owned)

    def __len__(self):
        return self.r.size

    @classmethod
    def from_nodes(cls, r):
        """Return the grid on given nodes with the weights of the trapezoidal rule."""
        return cls(r, trapezoid_weights(r))

    @classmethod
    def uniform(cls, r_max, n, *, r_min=None):
        """Return n equidistant nodes r_min … r_max (default r_min = r_max/n)."""
        n, r_max = check_integer(n, "n", least=1), check_positive(r_max, "r_max")
        r_min = r_max / n if r_min is None else check_number(r_min, "r_min", least=0)
        return cls.from_nodes(np.linspace(r_min, r_max, n))

    @classmethod
    def gauss_legendre(cls, r_max, n):
        """Return the n Gauss-Legendre nodes of (0, r_max)."""
        x, w = np.polynomial.legendre.leggauss(check_integer(n, "n", least=1))
        r_max = check_positive(r_max, "r_max")
        r = r_max * (1 + x) / 2
        with np.errstate(over="ignore"):
            return cls(r, 2 * np.pi * r_max * r**2 * w)

    def laplacian(self, f, l=0, order=4):
        """Return ∇²f on the nodes; see :func:`radial_laplacian`."""
        return radial_laplacian(f, self.r, l=l, order=order)


@dataclass(frozen=True)
class Wedge:
    """Irreducible wedge L/2 ≥ x ≥ y ≥ z ≥ 0 of the periodic L³ lattice with cubic symmetry.

    A field of the trivial representation (A1) is known everywhere from its wedge points, listed
    with x as the slowest and z as the fastest coordinate: 0 ≤ x ≤ L/2, 0 ≤ y ≤ x, 0 ≤ z ≤ y.

    Parameters
    ----------
    L : int
        Sites per side, at least 2.

    Examples
    --------
    >>> from halkit.radial import Wedge
    >>> wedge = Wedge(64)
    >>> wedge.xyz.shape, int(wedge.multiplicities.sum()) == 64**3
    ((6545, 3), True)
    """

    L: int

    def __post_init__(self):
        object.__setattr__(self, "L", check_integer(self.L, "L", least=2))

    @cached_property
    def xyz(self):
        """Coordinates of the points, shape (n, 3)."""
        x, y, z = np.indices((self.L // 2 + 1,) * 3)
        inside = (x >= y) & (y >= z)
        return np.stack([x[inside], y[inside], z[inside]], axis=-1)

    @cached_property
    def multiplicities(self):
        """Lattice sites that share the value of each point, shape (n,); their sum is L³."""
        x, y, z = self.xyz.T
        permutations = np.select([x == z, (x == y) | (y == z)], [1, 3], 6)
        signs = np.where((self.xyz == 0) | (2 * self.xyz == self.L), 1, 2)
        return permutations * signs.prod(axis=1)

    @cached_property
    def distance_squared(self):
        """Squared distance x² + y² + z² of each point from the origin, shape (n,)."""
        return (self.xyz**2).sum(axis=1)

    def index(self, sites):
        """Return the wedge index of lattice sites (..., 3), any integers."""
        c = np.mod(check_integers(sites, "sites"), self.L)
        x, y, z = np.moveaxis(-np.sort(-np.minimum(c, self.L - c), axis=-1), -1, 0)
        return x * (x + 1) * (x + 2) // 6 + y * (y + 1) // 2 + z

    @cached_property
    def neighbours(self):
        """Wedge indices of the six nearest neighbours, shape (6, n)."""
        steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
        return self.index(self.xyz + steps[:, np.newaxis])

    def laplacian(self, field):
        """Return the periodic 7-point Laplacian of fields (..., n)."""
        field = check_array(field, "field", len(self.xyz))
        with np.errstate(over="ignore", invalid="ignore"):
            around = sum(np.take(field, points, axis=-1) for points in self.neighbours)
            return refuse_overflow(around - 6 * field, "the Laplacian")

    @cached_property
    def _shells(self):
        """Squared radii, the points sorted by shell, and where each shell starts."""
        squared, shell = np.unique(self.distance_squared, return_inverse=True)
        order = np.argsort(shell, kind="stable")
        return squared, order, np.searchsorted(shell[order], np.arange(squared.size))

    @property
    def shell_r(self):
        """Radii of the shells of equal x² + y² + z², increasing, shape (n_shells,)."""
        return np.sqrt(self._shells[0])

    @cached_property
    def shell_weights(self):
        """Lattice sites on each shell, shape (n_shells,); their sum is L³."""
        _, order, starts = self._shells
        return np.add.reduceat(self.multiplicities[order], starts)

    def to_shells(self, field):
        """Return the mean over the sites of each shell, shape (..., n_shells)."""
        field = check_array(field, "field", len(self.xyz))
        _, order, starts = self._shells
        shell = np.searchsorted(self._shells[0], self.distance_squared)
        share = self.multiplicities / self.shell_weights[shell]
        return np.add.reduceat(np.take(field * share, order, axis=-1), starts, axis=-1)
