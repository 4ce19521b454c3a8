"""Correlators and models that the words of a command name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from halkit.correlators import Correlators, CoupledCorrelators, load_correlators
from halkit.writing import existing_file

__all__ = ["load_records"]


def load_records(
    files: Sequence[str], groups: Sequence[str] = (), lattices: Sequence[str] = (),
    n_channels: int = 1,
) -> list[Correlators] | list[CoupledCorrelators]:  # fmt: skip
    """Return the correlators of files, in each the groups or lattices that were asked for.

    With several channels each `n_channels` of them, in their order, are of one volume.

    Raises
    ------
    ValueError
        If a volume lacks a channel, or its channels do not go together.
    """
    chosen: list[dict[str, Any]] = [
        *({"group": group} for group in groups), *({"lattice": lattice} for lattice in lattices),
    ]  # fmt: skip
    found = [
        load_correlators(path, **choice)
        for path in map(existing_file, files)
        for choice in chosen or [{}]
    ]
    if n_channels == 1:
        return found
    if len(found) % n_channels:
        raise ValueError(
            f"files must have {n_channels} channels of each volume, got {len(found)} correlators"
        )
    starts = range(0, len(found), n_channels)
    return [CoupledCorrelators(found[start : start + n_channels]) for start in starts]
