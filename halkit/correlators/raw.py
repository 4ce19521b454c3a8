r"""Raw correlators from HDF5 files of any layout, from numpy's files and from tables of text.

A file is described by the names of its axes, or of its columns; the result is an array with the
axes in a stated order, for `halkit.resampling.jackknife_samples`, `halkit.radial.Wedge.project` and
`halkit.correlators.two_hadron_ratio`. Numbers of any byte order and precision become float64.

HDF5 files are read as `halkit.correlators.files` reads them: no link and no data set that leads to
another file, sizes before data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_choice
from halkit.correlators.axes import (
    CHOICES,
    are_several,
    axis_names,
    finished,
    gathered,
    joined,
    matching_names,
    raw_paths,
    refuse_unknown,
)
from halkit.correlators.files import HDF5
from halkit.correlators.hdf5 import Hdf5
from halkit.correlators.limits import Budget, named_errors
from halkit.correlators.npz import Npy, Npz
from halkit.radial import Wedge
from halkit.typing import Array

__all__ = ["RawTable", "list_arrays", "read_hdf5", "read_npz", "read_table"]

Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]
Imaginary: TypeAlias = Literal["check", "drop", "keep"]


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
    return _read(
        partial(_arrays, Hdf5), path, name, axes, order=order, stack=stack, wedge=wedge,
        imaginary=imaginary, max_bytes=max_bytes,
    )  # fmt: skip


def read_npz(
    path: Paths,
    name: str | None = None,
    *,
    axes: Sequence[str],
    order: Sequence[str] | None = None,
    stack: str = "config",
    wedge: Wedge | None = None,
    imaginary: Imaginary = "check",
    max_bytes: int | None = None,
) -> NDArray[Any]:
    """Read arrays of numpy's npz or npy files into one array with named axes.

    Nothing is unpickled, and sizes are read before data.

    Parameters
    ----------
    path : str, path, or sequence of them
        As of `read_hdf5`.
    name : str, optional
        Array of an npz archive, as of `read_hdf5`. An npy file has one array, without a name.
    axes, order, stack, wedge, imaginary, max_bytes
        See `read_hdf5`.

    Returns
    -------
    ndarray of float64, or complex128 with "keep"

    Raises
    ------
    FileNotFoundError, OSError, ValueError, TypeError
        As `read_hdf5`; if an archive comes without a name, or an npy file with one.

    Warns
    -----
    ImaginaryPartWarning
        If an imaginary part was dropped after its check.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from halkit.correlators import read_npz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number in (1000, 200):
    ...         np.savez(Path(folder) / f"c{number}.npz", C2=np.full(4, float(number)))
    ...     C = read_npz(Path(folder) / "c*.npz", "C2", axes=["t"])
    >>> C[:, 0]
    array([ 200., 1000.])
    """
    return _read(
        _npz, path, name, axes, order=order, stack=stack, wedge=wedge, imaginary=imaginary,
        max_bytes=max_bytes,
    )  # fmt: skip


def list_arrays(path: str | PathLike[str]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the arrays of an HDF5, npz or npy file by name, with their shapes and types.

    The array of an npy file has the name "". No data are read.

    Raises
    ------
    FileNotFoundError, OSError, ImportError, ValueError
        As `read_hdf5` and `read_npz`.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from halkit.correlators import list_arrays
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder) / "raw.npz", C2=np.ones((80, 32)))
    ...     list_arrays(Path(folder) / "raw.npz")
    {'C2': ((80, 32), 'float64')}
    """
    (found,) = raw_paths([path])
    with named_errors(found):
        if found.suffix == ".npy":
            shape, dtype = Npy(found, Budget(found)).header()
            return {"": (shape, str(dtype))}
        with closing((Hdf5 if found.suffix in HDF5 else Npz)(found, Budget(found))) as file:
            headers = {name: file.header(name) for name in file.data_sets()}
    return {name: (tuple(map(int, shape)), str(dtype)) for name, (shape, dtype) in headers.items()}


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
    columns, axes = axis_names(columns, "columns", but="_"), axis_names(axes, "axes")
    check_choice(imaginary, "imaginary", CHOICES)
    parts_of_value = (values,) if isinstance(values, str) else tuple(values)
    used = [*axes, *parts_of_value]
    if len(parts_of_value) > 2 or set(columns) - {"_"} != set(used) or len(set(used)) < len(used):
        raise ValueError(
            f"columns must be axes or values, each once, and '_' for all others; got {columns}, "
            f"axes {axes} and values {parts_of_value}"
        )
    grids: list[tuple[NDArray[Any], Mapping[str, Array], Path]] = []
    paths = raw_paths(path)
    for one in paths:
        with named_errors(one):
            grids.append((*_grid(_lines(one, columns, delimiter, max_bytes), axes, used), one))
    coordinates = grids[0][1]
    for _, other, one in grids:
        different = [a for a in axes if not np.array_equal(other[a], coordinates[a])]
        if different:
            raise ValueError(f"{different[0]} of {one} must be that of {grids[0][2]}")
    parts = [(grid, "values", one) for grid, _, one in grids]
    grid, final = joined(parts, axes, stack, are_several(path, paths))
    return RawTable(
        finished(grid, final, None, stack, imaginary, "values of the table"), coordinates
    )


def _read(data_sets, path, name, axes, *, order, stack, wedge, imaginary, max_bytes):
    """One array of all data sets of this name in the files."""
    axes, paths = axis_names(axes, "axes"), raw_paths(path)
    several = are_several(path, paths) or "*" in (name or "")
    refuse_unknown(axes, {stack, *(order or ())})
    check_choice(imaginary, "imaginary", CHOICES)
    if name is not None and name.count("*") > 1:
        raise ValueError(
            f"name must have one * at most, got {name!r}: sources and configurations are axes of "
            "their own, read one source after the other"
        )
    parts = (
        (values, found, one) for one in paths for found, values in data_sets(one, name, max_bytes)
    )
    return gathered(
        parts, axes, order=order, stack=stack, wedge=wedge, imaginary=imaginary, several=several,
        name=name or "the array",
    )  # fmt: skip


def _arrays(kind, path, name, max_bytes):
    """Yield the arrays of a file that have such a name, one after the other."""
    with named_errors(path):
        file = kind(path, Budget(path, max_bytes))
    with closing(file):
        for found in [""] if kind is Npy else matching_names(name, file.data_sets(), path):
            with named_errors(path):
                values = file.array(found)
            yield found or "the array", values


def _npz(path, name, max_bytes):
    """The arrays of an archive that have such a name, or the array of an npy file."""
    single = path.suffix == ".npy"
    if single != (name is None):
        what = "not be given for an npy file" if single else "name an array of an archive"
        raise ValueError(f"name must {what}, got {name!r} for {path}")
    return _arrays(Npy if single else Npz, path, name, max_bytes)


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
