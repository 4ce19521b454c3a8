"""Correlators and models that the words of a command name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from halkit.correlators import Correlators, load_correlators
from halkit.writing import existing_file

__all__ = ["load_records"]


def load_records(
    files: Sequence[str], groups: Sequence[str] = (), lattices: Sequence[str] = ()
) -> list[Correlators]:
    """Return the correlators of files, in each the groups or lattices that were asked for."""
    chosen: list[dict[str, Any]] = [
        *({"group": group} for group in groups), *({"lattice": lattice} for lattice in lattices),
    ]  # fmt: skip
    return [
        load_correlators(path, **choice)
        for path in map(existing_file, files)
        for choice in chosen or [{}]
    ]
