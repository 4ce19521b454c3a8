"""``halkit info``: what is in a file, and what is missing."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from halkit.correlators import Correlators, iter_correlators, list_arrays, load_correlators
from halkit.persistence import load, read_versions
from halkit.writing import existing_file

__all__ = ["run"]

ARRAYS = (".npz", ".npy", ".h5", ".hdf5")
# What correlators may lack, and what is not possible without it.
USES = {
    "inverse_spacing": "no MeV and fm",
    "mass_bins": "masses have no error",
    "bin_size": "",
    "n_configs": "",
    "pion_mass": "",
    "L": "",
    "citation": "",
}


def run(options: Namespace) -> int:
    """Print what is in each file."""
    for number, name in enumerate(options.files):
        path = existing_file(name)
        with path.open("rb") as file:
            begin = file.read(64)
        if begin.startswith(b"\x80") or begin[30:41] == b"halkit.json":
            lines = _model(path, options.trust)
        elif path.suffix in ARRAYS:
            lines = _arrays(path)
        else:
            lines = _table(path)
        print("\n" * (number > 0) + "\n".join([f"{name}:", *lines]))
    return 0


def _model(path: Path, trusted: list[str]) -> list[str]:
    """Versions and contents of a model file."""
    manifest = read_versions(path)
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    lines = [f"model file of {manifest['model']}, format {manifest['format_version']}",
             f"versions: {versions}"]  # fmt: skip
    model = load(path, trusted=trusted)
    lines.append(repr(model))
    if isinstance(model, Correlators):
        lines.append(_missing(model))
    if hasattr(model, "rows_"):
        lines += [f"fitted to {model.rows_!r}", f"  {_system(model)}"]
    elif hasattr(model, "fit") and not any(name.endswith("_") for name in vars(model)):
        lines.append("not fitted")
    return lines


def _system(model: Any) -> str:
    """Units and masses of a fit to correlators."""
    a = model.inverse_spacing_ if model.system_ == "lattice" else None
    spacing = "" if a is None else f", 1/a = {a:g} MeV"
    lack = ": no MeV and fm without 1/a" if a is None and model.system_ == "lattice" else ""
    return f"hadron_mass = {model.hadron_mass_}, {model.system_} units{spacing}{lack}"


def _arrays(path: Path) -> list[str]:
    """Correlators of each channel or lattice; other arrays with their shapes."""
    arrays = {} if path.suffix == ".npy" else list_arrays(path)
    if any(name.endswith("/R") for name in arrays):
        return [
            line
            for name, record in iter_correlators(path)
            for line in (f"group {name}: {record!r}", _missing(record))
        ]
    lattices = [name.removesuffix("_xyz") for name in arrays if name.endswith("_xyz")]
    if lattices:
        return [
            line
            for name in lattices
            for record in [load_correlators(path, name)]
            for line in (f"lattice {name}: {record!r}", _missing(record))
        ]
    return _other(arrays or list_arrays(path))


def _missing(record: Correlators) -> str:
    """What a record does not have."""
    lacking = [
        f"{name} ({why})" if why else name
        for name, why in USES.items()
        if getattr(record, name) is None and not (name == "n_configs" and _told_by_bins(record))
    ]
    return f"  missing: {', '.join(lacking) or 'nothing'}"


def _told_by_bins(record: Correlators) -> bool:
    """Tell whether the number of configurations follows from the bins."""
    return record.kind == "jackknife" and record.bin_size is not None


def _other(arrays: dict[str, tuple[tuple[int, ...], str]]) -> list[str]:
    """Published fits with parameters of bins, and arrays without a meaning to halkit."""
    fits = [name for name in arrays if f"{name[:-3]}_jk" in arrays and name.endswith("_av")]
    lines = [
        f"fit {name[:-3]}: {arrays[name][0][0]} parameters, "
        f"{arrays[name[:-3] + '_jk'][0][0]} jackknife bins (Ensemble.from_parameters)"
        for name in fits
    ]
    taken = {name[:-3] + end for name in fits for end in ("_av", "_jk")}
    lines += [
        f"array {name}: {' × '.join(map(str, shape)) or 'one number'}, {dtype}".replace(" :", ":")
        for name, (shape, dtype) in arrays.items()
        if name not in taken
    ]
    print("not correlators of halkit: convert makes them from raw arrays", file=sys.stderr)
    return lines


def _table(path: Path) -> list[str]:
    """Size of a table of text."""
    try:
        rows, columns = np.loadtxt(path, ndmin=2).shape
    except ValueError as error:
        raise ValueError(
            f"{path} must be correlators (.h5, .npz), a model file, an array of numpy, or a table "
            "of numbers"
        ) from error
    return [f"table of text, {rows} lines of {columns} numbers"]
