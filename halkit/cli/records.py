"""Correlators and models that the words of a command name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from halkit.correlators import Correlators, load_correlators

__all__ = ["load_records", "refuse_folder"]


def refuse_folder(name: str) -> Path:
    """Return the path of a file, with the error of the system if it is a folder or missing."""
    path = Path(name)
    if path.is_dir():
        raise IsADirectoryError(f"{name} is a folder, not a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {name}")
    return path


def load_records(
    files: Sequence[str], groups: Sequence[str] = (), lattices: Sequence[str] = ()
) -> list[Correlators]:
    """Return the correlators of files, in each the groups or lattices that were asked for."""
    chosen: list[dict[str, Any]] = [
        *({"group": group} for group in groups), *({"lattice": lattice} for lattice in lattices),
    ]  # fmt: skip
    return [
        load_correlators(path, **choice)
        for path in map(refuse_folder, files)
        for choice in chosen or [{}]
    ]
