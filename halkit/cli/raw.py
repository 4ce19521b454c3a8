"""Raw arrays of files, found by the words KEY=NAME, with their axes in order."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from halkit.correlators import list_arrays, read_hdf5, read_npz, read_table
from halkit.correlators.axes import natural_order
from halkit.radial import Wedge
from halkit.typing import Array
from halkit.writing import existing_file

__all__ = ["Raw"]

ARCHIVES = (".h5", ".hdf5", ".npz")
SITES = ("x", "y", "z")
POINTS = {*SITES, "r", "point"}
LEADING = ("source", "config", "bin", "t")
KNOWN = {*LEADING, *POINTS}


class Raw:
    """The arrays of raw files by their keys.

    Parameters
    ----------
    options : Namespace
        ``raw``, ``map``, ``axes``, ``columns``, ``stack``, ``imaginary``, ``wedge``, ``irrep``.

    Attributes
    ----------
    names : dict of str to str
        Name of the data set of each key, as ``C_NM/wall``.
    wedge : Wedge or None
        Of the last array with sites or points.
    coordinates : dict of str to ndarray
        Of the axes of tables.
    """

    def __init__(self, options: Namespace) -> None:
        self.files = [existing_file(name) for name in sorted(options.raw, key=natural_order)]
        found = [pair for key, name in options.map for pair in self._sources(key, name)]
        self.names = dict(found)
        if len(self.names) < len(found):
            raise ValueError(f"--map must have each key once, got {[key for key, _ in found]}")
        self._refuse_other_configurations()
        self.axes, self.columns = _by_key(options.axes), _by_key(options.columns)
        self.options = options
        self.wedge: Wedge | None = None
        self.coordinates: dict[str, Array] = {}

    def _refuse_other_configurations(self):
        """Raise if correlators of several files have other numbers in their names."""
        paths = {key: self._where(key)[0] for key in self.names}
        numbers = {key: {_number(path) for path in some} for key, some in paths.items()}
        first, *others = [key for key, some in paths.items() if len(some) > 1] or [None]
        for key in others:
            if numbers[key] != numbers[first]:
                alone = sorted(map(str, numbers[key] ^ numbers[first]))
                raise ValueError(
                    f"files of {first} and {key} must be of the same configurations, got one "
                    f"without the other for {', '.join(alone[:10])}"
                )

    def sources(self, what: str) -> dict[str | None, str]:
        """Return the keys of a correlator by source; None without a source."""
        found: dict[str | None, str] = {}
        for key in self.names:
            name, slash, source = key.partition("/")
            if name == what:
                found[source if slash else None] = key
        return found

    def array(self, key: str) -> tuple[Array, tuple[str, ...]]:
        """Return an array and its axes: source, config or bin, t, points."""
        paths, name = self._where(key)
        if paths[0].suffix in (*ARCHIVES, ".npy"):
            return self._of_archives(key, paths, name)
        return self._of_tables(key, paths)

    def plain(self, key: str) -> Array:
        """Return an array whose axes have no names, as of r, t or masses."""
        paths, name = self._where(key)
        if len(paths) > 1:
            raise ValueError(f"{key} must be in one file, got {[*map(str, paths)]}")
        if paths[0].suffix not in (*ARCHIVES, ".npy"):
            return np.atleast_1d(np.loadtxt(paths[0]))
        shape = self._shape(paths[0], name)
        axes = ["r", "t"][: len(shape)]
        return self._read(paths, name, {"axes": axes, "order": axes, "stack": "config"})

    def _sources(self, key, name):
        """The pairs of a key with a *, which stands for the sources in names of data sets."""
        if "*" not in key:
            return [(key, name)]
        pattern, _, wanted = name.rpartition(":")
        if key.count("*") > 1 or wanted.count("*") != 1:
            raise ValueError(
                f"--map must have one * in the key and one in the name, got {key}={name}"
            )
        before, _, after = wanted.strip("/").partition("*")
        archives = [path for path in self.files if path.suffix in ARCHIVES]
        sources = dict.fromkeys(
            one[len(before) : len(one) - len(after)]
            for path in archives
            if not pattern or fnmatchcase(path.name, pattern)
            for one in list_arrays(path)
            if _fits(one, wanted)
        )
        if not sources:
            raise ValueError(f"--map {key}={name} names no data set of {[*map(str, archives)]}")
        return [(key.replace("*", source), name.replace("*", source)) for source in sources]

    def _of_archives(self, key, paths, name):
        axes = self._axes_of(key)
        wedge = self._wedge_for(axes, paths[0], name)
        kept = [axis for axis in axes if axis not in SITES and axis != "complex"]
        several = len(paths) > 1 or "*" in (name or "")
        if several and self.options.stack not in kept:
            kept.append(self.options.stack)
        points = ["point"] if wedge is not None and "point" not in kept else []
        order = _in_order([*kept, *points], key)
        options = {"axes": axes, "order": order, "stack": self.options.stack,
                   "imaginary": self.options.imaginary}  # fmt: skip
        if points:
            options["wedge"] = wedge
        return self._read(paths, name, options), order

    def _read(self, paths, name, options):
        path = paths if len(paths) > 1 else paths[0]
        if paths[0].suffix in (".h5", ".hdf5"):
            return read_hdf5(path, name, **options)
        return read_npz(path, name, **options)

    def _of_tables(self, key, paths):
        columns = self.columns.get(key) or self.columns.get(key.partition("/")[0])
        if columns is None:
            columns = self.columns.get("")
        if columns is None:
            raise ValueError(f"--columns {key}=… must name the columns of {paths[0]}")
        axes = [name for name in columns if name in KNOWN]
        values = [name for name in columns if name not in KNOWN and name != "_"]
        if len(values) not in (1, 2):
            raise ValueError(f"--columns must have one column of numbers, or two, got {columns}")
        table = read_table(
            paths if len(paths) > 1 else paths[0], columns, axes=axes, stack=self.options.stack,
            values=values[0] if len(values) == 1 else tuple(values),
            imaginary=self.options.imaginary,
        )  # fmt: skip
        for axis, points in table.coordinates.items():
            if not np.array_equal(self.coordinates.setdefault(axis, points), points):
                raise ValueError(f"{axis} of {key} must be as of the other tables")
        if "point" in axes and self.options.wedge is not None:
            self.wedge = _counted(table.coordinates["point"], key, self.options)
        kept = [self.options.stack, *axes] if table.values.ndim > len(axes) else axes
        order = _in_order(kept, key)
        return table.values.transpose([kept.index(axis) for axis in order]), order

    def _axes_of(self, key):
        """Axes of a key: its own, or the common ones, without points for a single hadron."""
        name = key.partition("/")[0]
        for known in (key, name):
            if known in self.axes:
                return self.axes[known]
        if "" not in self.axes:
            raise ValueError(f"--axes must name the axes of {key}, as config,t,r")
        common = self.axes[""]
        return common if name in ("C_NM", "R") else [a for a in common if a not in POINTS]

    def _wedge_for(self, axes, path, name):
        """The wedge of sites x, y, z, or of points."""
        L, irrep = self.options.wedge, self.options.irrep
        if set(SITES) <= set(axes):
            L = self._shape(path, name)[axes.index("x")]
        if L is not None and POINTS & {*axes} - {"r"}:
            self.wedge = Wedge(L, irrep)
            return self.wedge
        return None

    def _shape(self, path, name):
        arrays = list_arrays(path)
        return next(shape for found, (shape, _) in arrays.items() if _fits(found, name or ""))

    def _where(self, key):
        """The files of a key, and the name of its data set in them."""
        value = self.names[key]
        single = [path for path in self.files if fnmatchcase(path.name, Path(value).name)]
        if single and not any(path.suffix in ARCHIVES for path in single):
            return single, None
        pattern, _, name = value.rpartition(":")
        chosen = [
            path
            for path in self.files
            if path.suffix in ARCHIVES and (not pattern or fnmatchcase(path.name, pattern))
        ]
        found = [p for p in chosen if any(_fits(one, name) for one in list_arrays(p))]
        if not found:
            known = sorted({one for path in chosen for one in list_arrays(path)})
            more = ", …" if len(known) > 20 else ""
            raise ValueError(
                f"--map {key}={value} names no data set and no file, known are "
                f"{', '.join(known[:20]) or [path.name for path in self.files]}{more}"
            )
        return found, name


def _fits(found: str, name: str) -> bool:
    """Whether a data set has such a name; * stands for anything but /."""
    parts, wanted = found.split("/"), name.strip("/").split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _counted(points: Array, key: str, options: Namespace) -> Wedge:
    """The wedge whose points a table counts from 0."""
    wedge = Wedge(options.wedge, options.irrep)
    if not np.array_equal(points, np.arange(wedge.size)):
        raise ValueError(
            f"point of {key} must count the {wedge.size} points of {wedge!r} from 0, got "
            f"{len(points)} of them, {points[0]:g} … {points[-1]:g}"
        )
    return wedge


def _by_key(words: Sequence[str]) -> Mapping[str, list[str]]:
    """Lists of names by the key before "="; the key is "" without one."""
    found: dict[str, list[str]] = {}
    for word in words:
        key, equals, names = word.rpartition("=")
        found[key if equals else ""] = [name.strip() for name in names.split(",")]
    return found


def _in_order(axes: Sequence[str], key: str) -> tuple[str, ...]:
    """Source, config or bin, t, points; refuse other axes."""
    order = tuple(a for a in (*LEADING, "r", "point") if a in axes)
    lost = [axis for axis in axes if axis not in order]
    if lost or {"config", "bin"} <= {*axes}:
        raise ValueError(f"axes of {key} must be source, config or bin, t, r or point, got {axes}")
    return order


def _number(path):
    """The last number in the name of a file, as of its configuration."""
    found = re.findall(r"\d+", path.stem)
    return int(found[-1]) if found else None
