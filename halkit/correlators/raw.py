r"""Raw correlators from HDF5 files of any layout and from tables of text.

A file is described by the names of its axes, or of its columns; the result is an array with the
axes in a stated order, for `halkit.resampling.jackknife_samples`, `halkit.radial.Wedge.project` and
`halkit.correlators.two_hadron_ratio`. Numbers of any byte order and precision become float64.

HDF5 files are read as `halkit.correlators.files` reads them: no link and no data set that leads to
another file, sizes before data.
"""

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import as_numbers, check_choice
from halkit.correlators.hdf5 import Hdf5
from halkit.correlators.limits import Budget, named_errors
from halkit.correlators.real import without_imaginary
from halkit.radial import Wedge
from halkit.typing import Array

__all__ = ["RawTable", "read_hdf5", "read_table"]

Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]
Imaginary: TypeAlias = Literal["check", "drop", "keep"]
CHOICES = ("check", "drop", "keep")
SITES = ("x", "y", "z")
KNOWN_AXES = ("config", "bin", "source", "t", *SITES, "r", "point", "complex")


class RawTable(NamedTuple):
    """Values of a table of text on a grid.

    Attributes
    ----------
    values : ndarray
        With the axes that were asked for.
    coordinates : mapping of str to ndarray
        Values of the column of each axis, increasing.
    """

    values: NDArray[Any]
    coordinates: Mapping[str, Array]


def read_hdf5(
    path: Paths,
    name: str,
    *,
    axes: Sequence[str],
    order: Sequence[str] | None = None,
    stack: str = "config",
    wedge: Wedge | None = None,
    imaginary: Imaginary = "check",
    max_bytes: int | None = None,
) -> NDArray[Any]:
    """Read data sets of HDF5 files of any layout into one array with named axes.

    Parameters
    ----------
    path : str, path, or sequence of them
        One file, or several, as one for each configuration, in their order. A * in the name of a
        file stands for any characters, as in "data/c*.h5": numbers in the order of their values.
    name : str
        Data set within its groups, as "proton/C2". A * stands for any characters but /, as in
        "conf*/C4": all data sets with such names are joined, numbers in names in the order of
        their values.
    axes : sequence of str
        Names of the axes of each data set, as ("t", "x", "y", "z"). "complex" is an axis of two,
        real and imaginary parts. Numbers may also be complex, or pairs named re and im. The others
        are config, bin, source, t, x, y, z, r and point; `stack` or `order` may name more.
    order : sequence of str, optional
        Axes of the result; by default `stack`, then the others as they are. The axes x, y, z that
        `wedge` projects are one axis "point" at the end.
    stack : str
        Axis along which several data sets are joined. If it is one of `axes` they follow each
        other there, else it is new.
    wedge : Wedge, optional
        Project each data set, which has the axes x, y, z of the L³ lattice, on these points: memory
        for the points alone is needed. See `halkit.radial.Wedge.project`.
    imaginary : {"check", "drop", "keep"}
        "check": an imaginary part must be zero within its error over the configurations, and is
        dropped with an `ImaginaryPartWarning`; see `real_part`. "drop" drops it, "keep" returns
        complex numbers.
    max_bytes : int, optional
        Memory that the data sets of one file may need; see `load_correlators`.

    Returns
    -------
    ndarray of float64, or complex128 with "keep"

    Raises
    ------
    FileNotFoundError, OSError
        If a file does not exist or cannot be read.
    ImportError
        If h5py is missing (the extra ``io``).
    ValueError, TypeError
        If the data set does not exist, axes do not fit its shape or shapes differ, numbers are not
        finite or not numbers, or the imaginary part is not zero within its error; if a file is
        damaged or too large, or leads to another file. The message names the file.

    Warns
    -----
    ImaginaryPartWarning
        If an imaginary part was dropped after its check.

    Notes
    -----
    Files of other programs have no digest: damage within the numbers goes unnoticed unless they
    have check sums (Fletcher32), and a damaged structure may crash the HDF5 library. Read files
    that you trust, and keep R with `save_correlators`, which writes a digest.

    Examples
    --------
    >>> import tempfile, h5py, numpy as np
    >>> from pathlib import Path
    >>> from halkit.correlators import read_hdf5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(Path(folder) / "raw.h5", "w") as file:
    ...         for number in (1000, 200):
    ...             file[f"conf{number}/C4"] = np.full((4, 8, 8, 8), number, dtype=">f4")
    ...     C = read_hdf5(Path(folder) / "raw.h5", "conf*/C4", axes=("t", "x", "y", "z"))
    >>> C.shape, C[:, 0, 0, 0, 0]
    ((2, 4, 8, 8, 8), array([ 200., 1000.]))
    """
    axes, paths = _names(axes, "axes"), _paths(path)
    several = _are_several(path, paths) or "*" in name
    _refuse_unknown(axes, {stack, *(order or ())})
    check_choice(imaginary, "imaginary", CHOICES)
    if name.count("*") > 1:
        raise ValueError(
            f"name must have one * at most, got {name!r}: sources and configurations are axes of "
            "their own, read one source after the other"
        )
    final = _axes_of_one(axes, wedge)
    parts = []
    for one in paths:
        for found, values in _data_sets(one, name, max_bytes):
            numbers = _numbers(values, f"{found} of {one}")
            parts.append((_one(numbers, axes, wedge, f"{found} of {one}"), found, one))
    values, final = _joined(parts, final, stack, several)
    return _finished(values, final, order, stack, imaginary, name)


def read_table(
    path: Paths,
    columns: Sequence[str],
    *,
    axes: Sequence[str],
    values: str | tuple[str, str] = ("re", "im"),
    stack: str = "config",
    delimiter: str | None = None,
    imaginary: Imaginary = "check",
    max_bytes: int | None = None,
) -> RawTable:
    """Read tables of text, a number with its coordinates on each line, into one array.

    Lines come in any order, but each combination of coordinates once. Lines that begin with # are
    comments.

    Parameters
    ----------
    path : str, path, or sequence of them
        One file, or several, as one for each configuration. A * in the name of a file stands for
        any characters, as in "data/c*.txt": numbers in the order of their values.
    columns : sequence of str
        Name of each column in its order, as ("config", "t", "r", "re", "im"); "_" for columns that
        are not read.
    axes : sequence of str
        Columns that are the axes of the result, in their order.
    values : str, or pair of str
        Column of the numbers, or columns of their real and imaginary parts.
    stack : str
        New first axis along which several files are joined, in the order of `path`; the
        configurations of one file are its axis of this name.
    delimiter : str, optional
        Between columns; by default white space.
    imaginary, max_bytes
        See `read_hdf5`.

    Returns
    -------
    RawTable
        ``values`` with the axes, and ``coordinates`` of each but those of several files.

    Raises
    ------
    FileNotFoundError, OSError
        If a file does not exist or cannot be read.
    ValueError, TypeError
        If columns do not fit, something is not a finite number, a combination of coordinates is
        missing or comes twice, files have other coordinates, or the imaginary part is not zero.

    Warns
    -----
    ImaginaryPartWarning
        If an imaginary part was dropped after its check.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from halkit.correlators import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "nucleon.txt"
    ...     _ = path.write_text("# config t C\\n10 0 1.0\\n10 1 0.6\\n20 0 1.1\\n20 1 0.7\\n")
    ...     table = read_table(path, ["config", "t", "C"], axes=("config", "t"), values="C")
    >>> table.values.tolist(), table.coordinates["config"].tolist()
    ([[1.0, 0.6], [1.1, 0.7]], [10.0, 20.0])
    """
    columns, axes = _names(columns, "columns", but="_"), _names(axes, "axes")
    check_choice(imaginary, "imaginary", CHOICES)
    parts_of_value = (values,) if isinstance(values, str) else tuple(values)
    used = [*axes, *parts_of_value]
    if len(parts_of_value) > 2 or set(columns) - {"_"} != set(used) or len(set(used)) < len(used):
        raise ValueError(
            f"columns must be axes or values, each once, and '_' for all others; got {columns}, "
            f"axes {axes} and values {parts_of_value}"
        )
    grids: list[tuple[NDArray[Any], Mapping[str, Array], Path]] = []
    paths = _paths(path)
    for one in paths:
        with named_errors(one):
            grids.append((*_grid(_lines(one, columns, delimiter, max_bytes), axes, used), one))
    coordinates = grids[0][1]
    for _, other, one in grids:
        different = [a for a in axes if not np.array_equal(other[a], coordinates[a])]
        if different:
            raise ValueError(f"{different[0]} of {one} must be that of {grids[0][2]}")
    parts = [(grid, "values", one) for grid, _, one in grids]
    grid, final = _joined(parts, axes, stack, _are_several(path, paths))
    return RawTable(
        _finished(grid, final, None, stack, imaginary, "values of the table"), coordinates
    )


def _names(names, what, but=None):
    """Return names as a tuple, each once."""
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} must be a sequence of names, got {names!r}")
    counted = [name for name in names if name != but]
    if not counted or len(set(counted)) < len(counted):
        raise ValueError(f"{what} must be different names, got {tuple(names)}")
    return tuple(names)


def _refuse_unknown(axes, named):
    unknown = [axis for axis in axes if axis not in {*KNOWN_AXES, *named}]
    if unknown:
        raise ValueError(
            f"axes must be among {', '.join(KNOWN_AXES)}, or be named in order or stack, got "
            f"{unknown[0]!r}"
        )


def _are_several(path, paths):
    """Tell whether files are joined along an axis: a sequence, or a name with a *."""
    return not isinstance(path, str | PathLike) or paths != [Path(path)]


def _paths(path):
    """The files of a path; those whose names match a *, numbers in the order of their values."""
    if isinstance(path, str | PathLike):
        one = Path(path)
        found = [] if one.is_file() or "*" not in one.name else one.parent.glob(one.name)
        path = sorted(found, key=lambda other: _natural(other.name)) or [one]
    paths = [Path(one) for one in path]
    if not paths or len(set(paths)) < len(paths):
        raise ValueError(f"path must be one file or several, each once, got {[*map(str, paths)]}")
    for one in paths:
        if not one.is_file():
            raise FileNotFoundError(f"there is no file {one}")
    return paths


def _data_sets(path, name, max_bytes):
    """Yield the data sets of a file that have such a name, one after the other."""
    with named_errors(path):
        file = Hdf5(path, Budget(path, max_bytes))
    try:
        for found in _matching(file, name):
            with named_errors(path):
                values = file.data_set(found)
            yield found, values
    finally:
        file.close()


def _matching(file, name):
    """The data sets with such a name, numbers in the order of their values."""
    pattern = re.compile("[^/]*".join(map(re.escape, name.strip("/").split("*"))))
    known = file.data_sets()
    found = [one for one in known if pattern.fullmatch(one)]
    if not found:
        shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
        raise ValueError(f"name must be of data sets in {file.path}, got {name!r} among {shown}")
    return sorted(found, key=_natural)


def _natural(name):
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def _numbers(values, where):
    """Real or complex numbers in the native byte order, finite."""
    values = as_numbers(values, where, kinds="iufc")
    values = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64, copy=False)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{where} must be finite, got NaN or infinite entries")
    return values


def _axes_of_one(axes, wedge):
    """The axes of a data set after its complex numbers and the projection."""
    axes = tuple(axis for axis in axes if axis != "complex")
    if wedge is None:
        return axes
    if not isinstance(wedge, Wedge):
        raise TypeError(f"wedge must be a halkit.radial.Wedge, got {wedge!r}")
    if not set(SITES) <= set(axes):
        raise ValueError(f"axes must have x, y and z to project on a wedge, got {axes}")
    return (*(axis for axis in axes if axis not in SITES), "point")


def _one(values, axes, wedge, where):
    """A data set as real or complex numbers, on the points of the wedge if there is one."""
    if values.ndim != len(axes):
        raise ValueError(f"{where} must have the axes {axes}, got shape {values.shape}")
    if "complex" in axes:
        values = np.moveaxis(values, axes.index("complex"), -1)
        if values.shape[-1] != 2 or np.iscomplexobj(values):
            raise ValueError(
                f"{where} must have two real numbers on its axis 'complex', got shape "
                f"{values.shape} of {values.dtype} with it last"
            )
        values = values[..., 0] + 1j * values[..., 1]
        axes = tuple(axis for axis in axes if axis != "complex")
    if wedge is None:
        return values
    values = np.moveaxis(values, [axes.index(site) for site in SITES], (-3, -2, -1))
    if values.shape[-3:] != (wedge.L,) * 3:
        raise ValueError(f"{where} must have L = {wedge.L} sites on x, y, z, got {values.shape}")
    if np.iscomplexobj(values):
        return wedge.project(values.real) + 1j * wedge.project(values.imag)
    return wedge.project(values)


def _joined(parts, axes, stack, several):
    """One array of all data sets, and its axes."""
    if not several:
        return parts[0][0], axes
    at = axes.index(stack) if stack in axes else None
    first, name, path = parts[0]
    shape = _without(first.shape, at)
    for values, other, one in parts[1:]:
        if _without(values.shape, at) != shape:
            raise ValueError(
                f"{other} of {one} must have the shape of {name} of {path}, {first.shape}, got "
                f"{values.shape}"
            )
    arrays = [values for values, *_ in parts]
    if at is not None:
        return np.concatenate(arrays, axis=at), axes
    return np.stack(arrays), (stack, *axes)


def _without(shape, at):
    return shape if at is None else (*shape[:at], *shape[at + 1 :])


def _finished(values, axes, order, stack, imaginary, name):
    """The array with its axes in order, real if it should be."""
    if order is None:
        order = (stack, *(a for a in axes if a != stack)) if stack in axes else axes
    order = _names(order, "order")
    if set(order) != set(axes):
        raise ValueError(f"order must have the axes {axes}, got {order}")
    values = np.ascontiguousarray(values.transpose([axes.index(axis) for axis in order]))
    if imaginary == "keep":
        return values
    axis = order.index(stack) if stack in order else None
    return without_imaginary(values, axis, name, check=imaginary == "check")


def _lines(path, columns, delimiter, max_bytes):
    """The numbers of a table by column."""
    Budget(path, max_bytes)
    table = np.loadtxt(path, dtype=np.float64, comments="#", delimiter=delimiter, ndmin=2)
    if table.shape[1] != len(columns) or not len(table):
        raise ValueError(f"{path} must have {len(columns)} columns {columns}, got {table.shape[1]}")
    if not np.all(np.isfinite(table)):
        raise ValueError(f"{path} must hold finite numbers, got NaN or infinite ones")
    return dict(zip(columns, table.T, strict=True))


def _grid(lines, axes, used):
    """The numbers on the grid of their coordinates, and the coordinates."""
    unique = {axis: np.unique(lines[axis], return_inverse=True) for axis in axes}
    coordinates = {axis: points for axis, (points, _) in unique.items()}
    shape = tuple(map(len, coordinates.values()))
    index = np.ravel_multi_index([where.ravel() for _, where in unique.values()], shape)
    counts = np.bincount(index, minlength=int(np.prod(shape)))
    if np.any(counts != 1):
        i = np.unravel_index(np.flatnonzero(counts != 1)[0], shape)
        where = ", ".join(
            f"{a} = {points[j]:g}" for (a, points), j in zip(coordinates.items(), i, strict=True)
        )
        n = counts[np.ravel_multi_index(i, shape)]
        raise ValueError(f"each combination of {axes} must come once, got {n} lines of {where}")
    numbers = [lines[column] for column in used[len(axes) :]]
    flat = numbers[0] if len(numbers) == 1 else numbers[0] + 1j * numbers[1]
    values = np.empty(flat.size, flat.dtype)
    values[index] = flat
    return values.reshape(shape), coordinates
