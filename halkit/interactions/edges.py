"""Radii at which an interaction ends or jumps: solvers split their mesh there."""

from __future__ import annotations

import numpy as np

from halkit.checks import check_array, check_positive
from halkit.interactions.interaction import Interaction
from halkit.typing import Numbers

__all__ = ["check_edges", "check_ends", "stated_edges"]


def stated_edges(interaction: Interaction) -> set[float]:
    """Return the set of radii at which an interaction, or a term of a sum, ends or has an edge.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, Local
    >>> from halkit.interactions.edges import stated_edges
    >>> V = Local(lambda r: -20 + 0 * r, radius=1.0, edges=[0.5]) + GaussianSum([1.0], [0.1])
    >>> sorted(stated_edges(V))
    [0.5, 1.0]
    """
    radii = interaction.radius, interaction.nonlocal_radius, *interaction.edges
    found = {float(radius) for radius in radii if radius is not None}
    return found.union(*map(stated_edges, getattr(interaction, "terms", ())))


def check_ends(interaction: Interaction) -> None:
    """Refuse radii and edges that are not positive numbers.

    Raises
    ------
    TypeError, ValueError
        If ``radius``, ``nonlocal_radius`` or ``edges`` holds something else.
    """
    check_positive(interaction.radius, "radius", optional=True)
    check_positive(interaction.nonlocal_radius, "nonlocal_radius", optional=True)
    check_edges(interaction.edges)


def check_edges(edges: Numbers) -> tuple[float, ...]:
    """Return radii > 0, in order and each once."""
    values = np.atleast_1d(check_array(edges, "edges", sign="> 0"))
    if values.ndim != 1:
        raise ValueError(f"edges must have one axis, got shape {values.shape}")
    return tuple(np.unique(values).tolist())
