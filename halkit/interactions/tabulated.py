"""Potentials known on nodes only: splines through V(r_i) or U(r_i, r_j)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from halkit.checks import check_array, check_choice, check_nodes
from halkit.interactions.interaction import Interaction
from halkit.interactions.spline import polynomial_below, tensor_spline
from halkit.scaling import norm
from halkit.typing import Array, Numbers
from halkit.warn import warn_caller

__all__ = ["Tabulated"]

# |V| r³ at the last node, over ∫ |V| r² dr, from which on V has not vanished there.
END = 0.1
# Values whose mean there must differ from zero, and by how many of its errors.
LAST, SIGNIFICANT = 5, 3.0


class Tabulated(Interaction):
    """A potential known on nodes only: a vector V(r_i), or a matrix U(r_i, r_j).

    Between the nodes the potential is a tensor-product spline through the values. Beyond the last
    node it is zero. Below the first node the spline extrapolates. For U this is harmless if the
    nodes start close to zero, thanks to the weight r r' of the kernel. V has no such weight: if
    the noise of the values would grow beyond the largest ``|V|`` at r = 0, a polynomial of lower
    degree through the first nodes replaces the spline there. Either way V below the first node
    is a guess.

    A function is better than a table of it. With 100 uniform nodes for e^{−μ(r+r')}, phase
    shifts are right to 0.014 degrees if the nodes end at 12.5/μ, because the potential is cut
    there, and to 1e-6 degrees if they end at 25/μ (6e-4 with a cubic spline). Noise of the values
    adds to these errors.

    Parameters
    ----------
    values : array of shape (n,) or (n, n)
        V(r_i), or U(r_i, r_j).
    r : array of shape (n,)
        The nodes, strictly increasing.
    degree : int, default 5
        The degree of the spline: 1, 3, 5 or 7; lower if there are too few nodes.
    std : array of shape (n,), optional
        Standard deviations of V(r_i), which tell whether V differs from zero at the last nodes.
        Without them the scatter of these values does, and noise that is smooth over several nodes
        is taken for V. They have no other effect.

    Raises
    ------
    ValueError
        If the shapes do not match, a value is not finite, there are fewer than 2 nodes, an error is
        negative, or U has errors.

    Warns
    -----
    AccuracyWarning
        If V(r) has clearly not vanished at the last node, where it is cut: the mean of its last
        values exceeds three errors.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Tabulated
    >>> r = np.linspace(0.1, 10, 100)
    >>> U = Tabulated(-np.exp(-r[:, None] - r), r)
    >>> bool(np.isclose(U(1.234, 2.345), -np.exp(-3.579), rtol=1e-6))
    True
    >>> U.radius
    10.0
    """

    def __init__(
        self, values: Numbers, r: Numbers, *, degree: Literal[1, 3, 5, 7] = 5,
        std: Numbers | None = None,
    ) -> None:  # fmt: skip
        self.r = check_nodes(r)
        self.values = check_array(values, "values", self.r.size)
        if self.values.ndim > 2 or self.values.shape[0] != self.r.size:
            raise ValueError(
                f"values must have shape ({self.r.size},) or ({self.r.size}, {self.r.size}) "
                f"for {self.r.size} nodes, got {self.values.shape}"
            )
        if self.r.size < 2:
            raise ValueError("r must have at least 2 nodes, got 1")
        self.degree = check_choice(degree, "degree", (1, 3, 5, 7))
        self.has_local = self.values.ndim == 1
        self.has_nonlocal = not self.has_local
        self.radius = float(self.r[-1])
        self._spline = tensor_spline(self.values, self.r, self.degree)
        self._below = None
        if self.has_local:
            self._below = polynomial_below(self.values, self.r, self.degree)
            std = None if std is None else check_array(std, "std", sign="≥ 0", shape=self.r.shape)
            _warn_of_end(self.values, self.r, std)
        elif std is not None:
            raise ValueError("std must be None for U(r_i, r_j): V(r_i) alone is compared with zero")

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise; zero beyond the last node."""
        return self._evaluate(r) if self.has_local else super().local_potential(r)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r'), broadcasting; zero beyond the last node."""
        if self.has_local:
            return super().nonlocal_potential(r, r_prime)
        return self._evaluate(r, r_prime)

    def _evaluate(self, *coordinates: Array) -> Array:
        point = np.stack(np.broadcast_arrays(*coordinates), axis=-1).astype(np.float64)
        inside = np.all(point <= self.r[-1], axis=-1)
        values = self._spline(np.minimum(point, self.r[-1]))
        if self._below is not None:
            r = point[..., 0]
            values = np.where(r < self.r[0], self._below(np.minimum(r, self.r[0])), values)
        return np.where(inside, values, 0.0)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.values.shape))
        return f"Tabulated({shape} values, r = {self.r[0]:g} … {self.radius:g})"


def _warn_of_end(V, r, std):
    """Warn of a V(r) that is cut where it is still large, by |V| r³ over ∫ |V| r² dr.

    With `std` the mean of the last values has their rms error, because noise that is smooth in r
    does not average out.
    """
    last = V[-LAST:]
    noise = np.std(last, ddof=1) / np.sqrt(last.size)
    if std is not None:
        noise = norm(std[-LAST:]) / np.sqrt(last.size)
    large = np.min(np.abs(V[-2:])) * r[-1] ** 3 > END * np.trapezoid(np.abs(V) * r**2, r)
    if large and abs(last.mean()) > SIGNIFICANT * noise:
        warn_caller(
            f"V is {V[-1]:.3g} at the last node r = {r[-1]:.4g} of its table, and 0 beyond: phase "
            "shifts belong to the cut potential. Give a longer table, or add a node with V = 0 "
            "where it ends"
        )
