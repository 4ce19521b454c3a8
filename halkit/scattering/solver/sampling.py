"""The radii at which a potential is sampled before it gets a mesh: how narrow structure may be.

V(r) and the diagonal K(r, r) of a kernel are sampled in steps of r/700, which finds each shell,
bump or hole that is wider. Pairs (r, r') away from the diagonal are sampled more coarsely: in
steps of r/7 to find the channel radius, with more steps around peaks of the diagonal, then in
even steps of 1/128 of the channel radius. So a narrow bump far out and far from the diagonal can
be missed. Narrower structure is found between two ``edges`` of an interaction, which get 12 radii
in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from halkit.interactions.edges import stated_edges
from halkit.interactions.interaction import Interaction, part_values, within
from halkit.typing import Array

__all__ = [
    "FINE",
    "FINER",
    "NODES",
    "between",
    "fine_radii",
    "kernel_nodes",
    "local_density",
    "missed_by_kernel_mesh",
    "missed_by_mesh",
    "nonlocal_density",
    "sampled_radii",
]

# Nodes r m, and the number of samples in each step between them.
STEPS, FINER = 119, 96
NODES = np.geomspace(1e-3, 1e4, STEPS + 1)
FINE = np.geomspace(1e-3, 1e4, STEPS * FINER + 1)
# The samples inside a channel radius, in units of it.
SAMPLES = np.concatenate(
    [
        np.geomspace(1e-12, 1e-5, 40, endpoint=False),
        np.geomspace(1e-5, 1e-2, 400, endpoint=False),
        np.geomspace(1e-2, 1, 3300),
    ]
)
# Radii between two edges.
BETWEEN = (np.arange(12) + 0.5) / 12
# Ratio of a peak of the diagonal to both nodes beside it, and the samples around a peak.
PEAK, AROUND = 3.0, np.array([-32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32])
# Windows in which a mesh may miss a potential, and the share from which they count.
WINDOWS, SHARE = 50, 0.01
# Even steps in both arguments of a kernel, and steps per window.
EVEN, BLOCK = 128, 8


def between(edges: Iterable[float]) -> Array:
    """Return radii between each two neighbours of the edges."""
    edges = np.unique(np.array([*edges], dtype=np.float64))
    return (edges[:-1, None] + np.diff(edges)[:, None] * BETWEEN).ravel()


def fine_radii(interaction: Interaction, reduced_mass: float) -> Array:
    """Return the radii up to 1e4/m at which V(r) is sampled, rising."""
    return _with_edges(FINE / reduced_mass, stated_edges(interaction))


def _with_edges(radii, edges):
    return np.union1d(radii, between(edges)) if len(edges) > 1 else radii


def sampled_radii(interaction: Interaction, radius: float) -> Array:
    """Return the radii inside a channel radius at which V(r) and K(r, r) are sampled, rising."""
    edges = [edge for edge in stated_edges(interaction) if edge < radius]
    return _with_edges(radius * SAMPLES, [*edges, radius])


def local_density(
    interaction: Interaction, r: Array, measure: Callable[[Array], Array] = np.abs
) -> Array:
    """Return ``|V(r)|``, or another measure of V."""
    if not interaction.has_local:
        return np.zeros_like(r)
    V = part_values(interaction, "local_potential", r)
    return measure(V) * within(interaction.radius, r)


def kernel_nodes(interaction: Interaction, nodes: Array, fine: Array) -> Array:
    """Return the nodes, and more around the peaks of ``|K(r, r)|`` between them."""
    diagonal = _kernel(interaction, fine, fine)
    place = np.searchsorted(fine, nodes)
    beside = np.maximum(diagonal[place[:-1]], diagonal[place[1:]])
    steps = np.flatnonzero(np.maximum.reduceat(diagonal, place)[:-1] > PEAK * beside)
    peaks = [place[i] + np.argmax(diagonal[place[i] : place[i + 1]]) for i in steps]
    around = np.clip(np.add.outer(np.array(peaks, dtype=int), AROUND), 0, fine.size - 1)
    return np.unique(
        np.concatenate([nodes, fine[around.ravel()], between(stated_edges(interaction))])
    )


def nonlocal_density(interaction: Interaction, r: Array) -> Array:
    """Return ``∫ |K(r, r')| dr'`` on nodes, or ``∫ |K(r', r)| dr'`` if that is larger."""
    if not interaction.has_nonlocal:
        return np.zeros_like(r)
    kernel = _kernel(interaction, r[:, None], r[None, :])
    inside = within(interaction.nonlocal_end, r)
    weights = inside * r * np.gradient(np.log(r))
    return np.maximum(kernel @ weights, kernel.T @ weights) * inside


def _kernel(interaction, r, r_prime):
    return np.abs(part_values(interaction, "kernel", r, r_prime))


def missed_by_mesh(r: Array, values: Array, x: Array, at_x: Array) -> float:
    """Return the part of ∫ ``|f|`` dr that straight lines between the nodes x miss.

    If larger, a third of the part missed in the worst of 50 windows.

    Parameters
    ----------
    r, values : array of shape (n,)
        f(r) on many radii.
    x, at_x : array of shape (n_mesh,)
        f on the nodes of a mesh.
    """
    middle, values = (r[1:] + r[:-1]) / 2, (values[1:] + values[:-1]) / 2
    width = np.diff(r) * (middle > x[0])
    missed = np.abs(values - np.interp(middle, x, at_x)) * width
    window = (middle * (WINDOWS / r[-1])).astype(int)
    return _worst(*(np.bincount(window, part) for part in (missed, np.abs(values) * width)))


def _worst(missed, size):
    total = size.sum()
    if total == 0:
        return 0.0
    return max(missed.sum() / total, np.max(missed / (size + SHARE * total)) / 3)


def missed_by_kernel_mesh(interaction: Interaction, radius: float) -> Callable[[Array], float]:
    """Return a function of the nodes x: the part of ∫∫ ``|K|`` √(rr') dr dr' that they miss."""
    r = radius * (np.arange(EVEN) + 0.5) / EVEN

    def weighted(x):
        kernel = part_values(interaction, "kernel", x[:, None], x[None, :])
        return kernel * np.sqrt(np.multiply.outer(x, x)) * within(interaction.nonlocal_end, x)

    values = weighted(r)

    def missed(x):
        inside = r > x[0]
        high = np.clip(np.searchsorted(x, r), 1, x.size - 1)
        part = np.clip((r - x[high - 1]) / (x[high] - x[high - 1]), 0, 1)[:, None]
        lines = weighted(x)
        for _ in range(2):
            lines = ((1 - part) * lines[high - 1] + part * lines[high]).T
        seen = np.multiply.outer(inside, inside)
        return _worst(*map(_blocks, (np.abs(values - lines) * seen, np.abs(values) * seen)))

    return missed


def _blocks(values):
    n = EVEN // BLOCK
    return values.reshape(n, BLOCK, n, BLOCK).sum(axis=(1, 3))
