"""The start of the mesh of an interaction, and the edges of its panels.

Panels end where a term of a sum ends by definition, and where V(r) jumps: closing in tells a jump
from a steep slope. The mesh starts at the edge of an infinite core, where u = 0; or inside a
repulsive core (V > k²/2m below r_1) at the depth c with

    ∫_c^{r_1} √(2mV − k²) dr = 35,

where u has fallen by e^{−35}; else at the origin. If the edge e of a core is so high that u falls
like e^{κ(r − e)} with 1/κ far below all other lengths, the core acts like an infinite one that
ends at e − 1/κ, to a relative accuracy of (k/κ)³.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from halkit.interactions.edges import stated_edges
from halkit.interactions.interaction import Interaction, cut, part_values
from halkit.scattering.solver.panels import Panels
from halkit.scattering.solver.sampling import sampled_radii
from halkit.typing import Array

__all__ = ["Layout", "Profile", "find_layout", "joined", "profile"]

# Radii of the search for jumps of a kernel, in channel radii, and the fixed other radii.
COARSE, SECTIONS = (np.arange(100) + 0.5) / 100, np.array([0.017, 0.071, 0.29])
# Depth of a core to which u enters, most jumps with an edge, points of a panel and per radian.
DEPTH, MOST_JUMPS, LEAST, PER_RADIAN = 35.0, 30, 12.0, 0.6
# κ above which u does not enter a core beyond its edge, in units of the other momenta.
STEEP = 1e4


class Profile(NamedTuple):
    """2m V(r) on radii, with both sides of its jumps, from the first radius with a finite V.

    Attributes
    ----------
    r, values : array of shape (n,)
    core : float
        Edge of an infinite core, or 0.
    jumps : array of shape (n_jumps,)
        Radii, the largest jumps first.
    """

    r: Array
    values: Array
    core: float
    jumps: Array


class Layout(NamedTuple):
    """Edges of the panels, and the number of points that each needs.

    Attributes
    ----------
    edges : tuple of floats
    points : array of shape (n_panels,)
    inner : float
        V is sampled from this radius.
    """

    edges: tuple[float, ...]
    points: Array
    inner: float = 0.0

    @property
    def simple(self) -> bool:
        """Whether the mesh is one panel from the origin."""
        return len(self.edges) == 2 and self.edges[0] == 0

    def mesh_size(self, n: int) -> int:
        """Return n, or the number of points that the panels need if that is more."""
        return n if self.simple else max(n, int(self.points.sum()))

    def oscillating(self, k: float) -> Layout:
        """Return the layout with points for waves of the momentum k everywhere."""
        return self._replace(points=self.points + PER_RADIAN * k * np.diff(self.edges))

    def panels(self, n: int) -> Panels | None:
        """Return `Panels` with n nodes, 4 or more in each; None for a simple mesh."""
        if self.simple:
            return None
        least = 4
        rest = max(n - least * self.points.size, 0) * self.points / self.points.sum()
        degrees = least + np.floor(rest).astype(int)
        missing = max(n - degrees.sum(), 0)
        degrees[np.argsort(np.floor(rest) - rest, kind="stable")[:missing]] += 1
        return Panels(self.edges, tuple(degrees.tolist()), self.inner)


def profile(interaction: Interaction, radius: float, reduced_mass: float) -> Profile:
    """Return the `Profile` of the local part of an interaction up to a radius.

    Raises
    ------
    ValueError
        If V is infinite or NaN outside a repulsive core.
    """

    def strength(r):
        with np.errstate(all="ignore"):
            values = part_values(interaction, "local_potential", r)
            return 2 * reduced_mass * cut(values, interaction.radius, r)

    r = sampled_radii(interaction, radius)
    values = strength(r)
    core, first = 0.0, 0
    if not np.all(np.isfinite(values)):
        first = int(np.flatnonzero(~np.isfinite(values))[-1]) + 1
        if first == r.size or not np.all(values[:first] == np.inf):
            raise ValueError(f"the potential {interaction!r} is not finite inside r = {radius:g}")
        edge = r[first - 1 : first + 1]
        core = _close_in(lambda x: np.isinf(strength(x)) * 1.0, edge[:1], edge[1:])[1].item()
        r, values = r[first:], values[first:]
    low, high = _jumps(strength, r, values, radius)
    if low.size:
        r = np.concatenate([r, low, high])
        values = np.concatenate([values, strength(low), strength(high)])
        order = np.argsort(r, kind="stable")
        r, values = r[order], values[order]
    return Profile(r, values, core, low)


def _jumps(V, r, values, radius):
    """Both sides of the jumps of V: steps that keep their height as intervals close in.

    A step is suspicious next to smooth neighbours. What remains of it may hold another jump.
    """
    if r.size < 4:  # too few neighbours to call a step large
        return r[:0], r[:0]
    steps = np.abs(np.diff(values))
    usual = _second_smallest(steps)
    least = 1e-9 / (r[1:] * radius / 100)
    i = np.flatnonzero(steps > 8 * usual + least)
    low, high, usual, least = r[i], r[i + 1], usual[i], least[i]
    found = [np.empty((3, 0))]
    while low.size:
        between = low + (high - low) * np.linspace(0, 1, 33)[:, None]
        finer = np.abs(np.diff(V(between.ravel()).reshape(between.shape), axis=0))
        steep = finer.max(axis=0) > finer.sum(axis=0) / 8
        low, high, usual, least = low[steep], high[steep], usual[steep], least[steep]
        if not low.size:
            break
        left, right = _close_in(V, low, high)
        height = np.abs(V(right) - V(left))
        jump = height > np.maximum(least, np.abs(V(high) - V(low)) / 4)
        found.append(np.array([left, right, left * height])[:, jump])
        ends = np.concatenate([low, right]), np.concatenate([left, high])
        usual, least = np.tile(usual, 2), np.tile(least, 2)
        again = np.tile(jump, 2) & (ends[1] - ends[0] > 1e-9 * radius)
        again &= np.abs(V(ends[1]) - V(ends[0])) > 8 * usual + least
        low, high, usual, least = ends[0][again], ends[1][again], usual[again], least[again]
    low, high, size = np.concatenate(found, axis=1)
    order = np.argsort(-size)
    return low[order], high[order]


def _second_smallest(steps):
    """The second smallest of the two neighbours on either side, mirrored at the ends."""
    x = np.concatenate([steps[2:0:-1], steps, steps[-2:-4:-1]])
    first, second, third, fourth = x[:-4], x[1:-3], x[3:-1], x[4:]
    low, high = np.minimum(first, second), np.maximum(first, second)
    other_low, other_high = np.minimum(third, fourth), np.maximum(third, fourth)
    return np.minimum(np.maximum(low, other_low), np.minimum(high, other_high))


def _close_in(f, low, high):
    """Close in on the largest step of f, elementwise, from sixteenth to sixteenth."""
    each = np.arange(low.size)
    for _ in range(13):
        points = np.append(low + (high - low) * np.arange(16)[:, None] / 16, high[None], axis=0)
        steps = np.abs(np.diff(f(points.ravel()).reshape(points.shape), axis=0))
        place = np.argmax(np.where(np.isnan(steps), -1.0, steps), axis=0)
        low, high = points[place, each], points[place + 1, each]
    return low, high


def find_layout(
    interaction: Interaction,
    radius: float,
    reduced_mass: float,
    seen: Profile | None = None,
    *,
    k: float = 0.0,
) -> Layout:
    """Return the `Layout` for momenta up to k; `seen` is the `Profile` of the local part."""
    ends = [*stated_edges(interaction)]
    start = inner = 0.0
    if seen is not None:
        start, inner = max((seen.core, seen.core), _core(seen, k, radius))
        ends.extend(seen.jumps[:MOST_JUMPS].tolist())
    if interaction.has_nonlocal and interaction.has_jumps:
        ends.extend(_kernel_jumps(interaction, radius, reduced_mass)[:MOST_JUMPS].tolist())
    if start > 0:  # u varies like a power of r next to a narrow core
        ends.extend(start * 4.0 ** np.arange(1, int(np.log(radius / start) / np.log(4))))
    kept = [start]
    for end in sorted(ends):
        if end > max(kept[-1], inner) + 1e-7 * radius and end < radius * (1 - 1e-7):
            kept.append(float(end))
    edges = np.array([*kept, radius])
    radians = k * np.diff(edges)
    if seen is not None and edges.size + (start > 0) > 2:
        phase = np.sqrt(np.abs(seen.values))
        steps = np.diff(seen.r) * (phase[1:] + phase[:-1]) / 2
        total = np.interp(edges, seen.r, np.concatenate([[0.0], np.cumsum(steps)]))
        radians = radians + np.diff(total)
    return Layout(tuple(edges.tolist()), LEAST + PER_RADIAN * radians, inner)


def _kernel_jumps(interaction, radius, reduced_mass):
    """Radii r at which K(r, s) + K(s, r) jumps, for a few s."""
    s = radius * SECTIONS

    def section(r):
        pairs = (r[:, None], s), (s, r[:, None])
        kernel = sum(part_values(interaction, "kernel", *pair) for pair in pairs)
        return 2 * reduced_mass * kernel.sum(axis=1)

    r = radius * COARSE
    return _jumps(section, r, section(r), radius)[0]


def joined(layouts: Sequence[Layout], starts: Sequence[Layout]) -> Layout:
    """Return the layout of coupled waves: all edges, from the earliest of the starts."""
    first = min(starts, key=lambda layout: layout.edges[0])
    low = first.edges[0]
    later = (x for layout in layouts for x in layout.edges if x > low)
    edges = np.array([low, *sorted(set(later))])
    edges = edges[np.append(True, np.diff(edges) > 1e-7 * edges[-1])]
    points = np.zeros(edges.size - 1)
    for layout in layouts:
        total = np.append(0.0, np.cumsum(layout.points - LEAST))
        points = np.maximum(points, np.diff(np.interp(edges, layout.edges, total)))
    return Layout(tuple(edges.tolist()), LEAST + points, first.inner)


def _core(seen, k, radius):
    """The radius where u = 0, and the first radius at which V is sampled; 0 without such a core.

    The action from the end of the repulsion down to the first radius is `DEPTH`.
    """
    square = seen.values - k**2
    if square[0] <= 0:
        return 0.0, 0.0
    inside = slice(0, np.argmin(square > 0) or square.size)
    r, kappa = seen.r[inside], np.sqrt(square[inside])
    steps = np.diff(r) * (kappa[1:] + kappa[:-1]) / 2
    action = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    if action[0] < DEPTH:
        return 0.0, 0.0
    start = float(np.interp(-DEPTH, -action, r))
    for edge in -np.sort(-seen.jumps):
        i = np.searchsorted(seen.r, edge)
        other = max(k, 1 / radius, np.sqrt(np.abs(seen.values[i + 1])))
        if start < edge and seen.values[i] > (STEEP * other) ** 2:
            return float(edge - 1 / np.sqrt(seen.values[i])), float(seen.r[i + 1])
    return start, start
