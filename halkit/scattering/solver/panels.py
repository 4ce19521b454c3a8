"""Panels side by side: the mesh of an interaction with jumps, or with an impenetrable core.

The edges e_0 < e_1 < … < e_P = a lie where the potential jumps, and e_0 where u = 0: at the
origin or in a core. Panel p has the N_p + 1 nodes of the Gauss-Lobatto rule, both edges among
them, and the polynomials ℓ_j of degree N_p that are 1 on one node and 0 on the others. Neighbours
share the node on their edge, so that u is continuous:

    f_j(r) = ℓ_j(r) / √w_j,    f = (ℓ_left + ℓ_right) / √(w_left + w_right) on an edge,

with the kinetic matrix ∫ f_i' f_j' dr, for which the rule is exact. A potential is evaluated on
both sides of an edge, and each side has its own weight.

References: T. N. Rescigno and C. W. McCurdy, Phys. Rev. A 62 (2000) 032706; H. Wang,
D. Huybrechs and S. Vandewalle, Math. Comp. 83 (2014) 2893 (barycentric weights (−1)^j √w_j).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre, roots_jacobi

from halkit.typing import Array

__all__ = ["Panels", "barycentric_ratios", "panel_functions"]

# Distance of both sides of an edge, relative to its radius.
NEXT_TO = 1e-13


class Panels(NamedTuple):
    """The edges of the panels of a mesh, and their degrees.

    Attributes
    ----------
    edges : tuple of P + 1 floats
    degrees : tuple of P ints
        N_p: the number of nodes of a panel without its first edge.
    inner : float
        A potential is evaluated from this radius.
    """

    edges: tuple[float, ...]
    degrees: tuple[int, ...]
    inner: float = 0.0

    def pieces(self) -> Iterator[tuple[float, float, int, int]]:
        """Yield the edges e_p, e_{p+1}, the degree and the place of the first node but e_p."""
        first = 0
        for low, high, degree in zip(self.edges, self.edges[1:], self.degrees, strict=False):
            yield low, high, degree, first
            first += degree

    def sides(self) -> tuple[Array, Array, NDArray[np.int_]]:
        """Return nodes r, weights w and the number of their function, edges once for each side."""
        r, w, index = [], [], []
        for low, high, degree, first in self.pieces():
            x, weights, _ = _lobatto(degree)
            points = low + (high - low) * x
            points[0], points[-1] = low * (1 + NEXT_TO), high * (1 - NEXT_TO)
            skip = int(first == 0)  # u = 0 on the first edge
            r.append(points[skip:])
            w.append((high - low) * weights[skip:])
            index.append(np.arange(first - 1 + skip, first + degree))
        nodes = np.maximum(np.concatenate(r), self.inner * (1 + NEXT_TO))
        return nodes, np.concatenate(w), np.concatenate(index)

    @property
    def first_weight(self) -> float:
        """The weight of e_0, where u = 0, in the rule of the first panel."""
        return (self.edges[1] - self.edges[0]) * _lobatto(self.degrees[0])[1][0]

    def first_slope(self, u: Array) -> Array:
        """Return u'(e_0) for values u, shape (n_states, n), on the nodes."""
        degree = self.degrees[0]
        derivative = _lobatto(degree)[2][0, 1:] / (self.edges[1] - self.edges[0])
        return u[:, :degree] @ derivative

    def basis(self, r: Array) -> Array:
        """Return the functions u(r)/r, shape (n_r, n), that are u = 1 on one node; 0 below e_0."""
        result = np.zeros((r.size, sum(self.degrees) + 1))
        for low, high, degree, first in self.pieces():
            here = (r > low) & (r <= high) if low > 0 else r <= high
            if np.any(here):
                columns = slice(first, first + degree + 1)
                result[here, columns] = _interpolation(degree, low, high, r[here])
        return result[:, 1:]


def _interpolation(degree, low, high, r):
    """ℓ_j(r)/r inside one panel; next to the origin u/r is a polynomial through the other nodes."""
    x, weights, _ = _lobatto(degree)
    factor = np.sqrt(weights) * (-1.0) ** np.arange(x.size)
    difference = np.subtract.outer((r - low) / (high - low), x)
    if low > 0:
        return barycentric_ratios(factor, difference) / r[:, None]
    ratios = barycentric_ratios((factor * x)[1:], difference[:, 1:]) / (high * x[1:])
    return np.column_stack([np.zeros(r.size), ratios])


def barycentric_ratios(factor: Array, difference: Array) -> Array:
    """Return ℓ_j(x), shape (n_x, n), of weights (n,) and the differences x − x_j (n_x, n)."""
    at_node = np.argwhere(difference == 0)
    difference[difference == 0] = 1.0
    ratio = factor / difference
    ratio /= ratio.sum(axis=1, keepdims=True)
    ratio[at_node[:, 0]] = 0.0
    ratio[at_node[:, 0], at_node[:, 1]] = 1.0
    return ratio


def panel_functions(panels: Panels) -> tuple[Array, Array, Array, Array]:
    """Return nodes, weights, the kinetic matrix and f_j(a) of a mesh of `Panels`."""
    n = sum(panels.degrees)
    kinetic, weights, r = np.zeros((n + 1, n + 1)), np.zeros(n + 1), np.zeros(n + 1)
    for low, high, degree, first in panels.pieces():
        x, rule, derivative = _lobatto(degree)
        here = slice(first, first + degree + 1)
        kinetic[here, here] += (derivative.T * rule) @ derivative / (high - low)
        weights[here] += rule * (high - low)
        r[here] = low + (high - low) * x
        r[first + degree] = high
    kinetic, weights, r = kinetic[1:, 1:], weights[1:], r[1:]
    root = np.sqrt(weights)
    surface = np.zeros(n)
    surface[-1] = 1 / root[-1]
    return r, weights, kinetic / np.outer(root, root), surface


@lru_cache(maxsize=64)
def _lobatto(degree):
    """Nodes and weights of the Gauss-Lobatto rule on (0, 1), and the matrix of ℓ_j'(x_i).

    The inner nodes are the zeros of P_N', of a Jacobi polynomial; the weights 1/[N(N+1) P_N²].
    """
    N = degree
    z = np.concatenate([[-1.0], roots_jacobi(N - 1, 1, 1)[0], [1.0]])
    P = eval_legendre(N, z)
    off = np.subtract.outer(z, z) + np.eye(N + 1)
    derivative = np.divide.outer(P, P) / off
    np.fill_diagonal(derivative, 0.0)
    np.fill_diagonal(derivative, -derivative.sum(axis=1))
    return (1 + z) / 2, 1 / (N * (N + 1) * P**2), 2 * derivative
