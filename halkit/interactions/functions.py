"""Parts of an interaction given as functions of r: V(r), V2(r) ∇² and U(r, r')."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.checks import check_callable, check_distances, check_positive, check_values
from halkit.interactions.edges import check_edges
from halkit.interactions.interaction import Interaction, cut
from halkit.typing import Array, Number, Numbers

__all__ = ["Laplacian", "Local", "NonLocal"]


class _Function(Interaction):
    """A part given as a function, zero beyond a radius."""

    def __init__(
        self, f: Callable[..., Any], *, radius: Number | None = None, edges: Numbers = ()
    ) -> None:
        self.f = check_callable(f, "f")
        self.radius = radius if radius is None else check_positive(radius, "radius")
        self.edges = check_edges(edges)

    def _at(self, what: str, *points: Array) -> Array:
        x = [np.asarray(point, dtype=np.float64) for point in points]
        shape = np.broadcast_shapes(*(point.shape for point in x))
        return cut(check_values(self.f(*x), shape, what), self.radius, *x)

    def __repr__(self) -> str:
        end = "" if self.radius is None else f", radius={self.radius:g}"
        return f"{type(self).__name__}({getattr(self.f, '__qualname__', None) or self.f!r}{end})"


class Local(_Function):
    """A local potential V(r) given as a function.

    Parameters
    ----------
    f : callable
        Maps an array of r to the array of V(r).
    radius : float, optional
        V is zero beyond it.
    edges : array of shape (n,), optional
        Radii > 0 at which V jumps, or between which it has narrow structure.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Local
    >>> well = Local(lambda r: -np.ones_like(r), radius=2.0)
    >>> well(np.array([1.0, 3.0]))
    array([-1.,  0.])
    """

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        return self._at("V(r)", r)


class Laplacian(_Function):
    """The term V2(r) ∇², with V2 given as a function.

    Parameters
    ----------
    f : callable
        Maps an array of r to the array of V2(r): an energy times a squared length.
    radius : float, optional
        V2 is zero beyond it.
    edges : array of shape (n,), optional
        Radii > 0 at which V2 jumps.
    """

    def laplacian_potential(self, r: Array) -> Array:
        """Return V2(r), elementwise."""
        return self._at("V2(r)", r)

    def __call__(self, *points: Numbers) -> Array:
        """Return V2(r), elementwise, for r ≥ 0."""
        if len(points) != 1:
            raise TypeError(f"Laplacian is a function of r, got {len(points)} arguments")
        return self.laplacian_potential(check_distances(points[0], "r"))


class NonLocal(_Function):
    """A non-local potential U(r, r') given as a function.

    Parameters
    ----------
    f : callable
        Maps two arrays r and r' that broadcast to the array of U(r, r').
    radius : float, optional
        U is zero where r or r' lies beyond it.
    edges : array of shape (n,), optional
        Radii > 0 at which U jumps, in r or r', or between which it has narrow structure.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import NonLocal
    >>> U = NonLocal(lambda r, s: -np.exp(-r - s))
    >>> U(np.zeros((3, 1)), np.zeros(4)).shape
    (3, 4)
    """

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r'), broadcasting."""
        return self._at("U(r, r')", r, r_prime)
