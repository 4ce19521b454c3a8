r"""Correlator files, HDF5 or npz: one group for each channel on one lattice, which holds::

    R                (n_bin, n_t, n_points), or (n_source, n_bin, n_t, n_points)
    r  or  xyz       nodes (n_points,), or the wedge points (n_points, 3) of an L³ lattice
    t                (n_t,), evenly spaced
    kind             "configs", "jackknife" or "bootstrap": what the bins are
    bin_size         configurations in a bin
    hadron_mass      one mass, or both
    units            "lattice" (r, t in a, masses in 1/a), "fm" (fm, 1/fm) or "MeV" (1/MeV, MeV);
                     words after the first are a remark
    sources          names of the sources, for four axes
    L, inverse_spacing (a⁻¹ in MeV), and other numbers, texts and lists of them, as they come

In HDF5 the first three rows are data sets, and so are lists of more than 4000 entries; the others
are attributes. In npz all are arrays, named group/name. An optional ``r_units``, ``t_units``,
``mass_units`` says the unit of one quantity, where it must be that of ``units``.
"""

import os
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from halkit.checks import check_boolean
from halkit.datasets.groups import group_of, pack, plain_single, unpack, validate_kinds

__all__ = ["holds_groups", "iter_correlators", "read_group", "save_correlators"]

HDF5 = (".h5", ".hdf5")
DATA_SETS = ("R", "r", "xyz", "t")
# An attribute has at most 64 kB, and an entry of a list at most 16 bytes.
LONGEST_ATTRIBUTE = 4000


def save_correlators(path, groups, *, overwrite=False):
    """Write correlators to a file that `load_correlators` and `iter_correlators` read.

    The file appears as a whole or not at all.

    Parameters
    ----------
    path : str or path
        Ending in ``.h5`` or ``.hdf5`` (needs h5py, the extra ``io``), or in ``.npz``.
    groups : mapping of str to Bunch
        For each channel what `load_correlators` returns: ``correlators``, the arrays (n_t,
        n_bins, n_points) of each source; ``wedge`` or ``r``; ``t``; ``kind``; ``hadron_mass``;
        ``units``; other numbers, texts, and lists of them (``bin_size``, ``configs``, ...).
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If there is such a file and `overwrite` is not set.
    ValueError, TypeError
        If a group lacks something or holds something else, the same that `load_correlators`
        refuses; nothing is written then.
    ImportError
        If h5py is needed and missing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn.utils import Bunch
    >>> from halkit.datasets import load_correlators, save_correlators
    >>> R = Bunch(
    ...     correlators={"wall": np.ones((5, 20, 60))}, r=np.linspace(0.5, 30.0, 60),
    ...     t=np.arange(10, 15), kind="jackknife", bin_size=4, hadron_mass=0.665, units="lattice",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_correlators(Path(folder) / "xixi.npz", {"xixi_1s0": R})
    ...     load_correlators(Path(folder) / "xixi.npz").n_bins
    20
    """
    path = Path(path)
    if path.suffix not in (*HDF5, ".npz"):
        raise ValueError(f"path must end in .h5, .hdf5 or .npz, got {path}")
    if not check_boolean(overwrite, "overwrite") and path.exists():
        raise FileExistsError(f"there is a file {path} already; overwrite=True replaces it")
    if not groups:
        raise ValueError("groups needs at least one channel, got none")
    _validate_names(groups)
    packed = {name: pack(group, name) for name, group in groups.items()}
    _validate_nesting(packed)
    validate_kinds({name: group["kind"] for name, group in packed.items()}, path)
    with _whole(path) as part:
        (_write_hdf5 if path.suffix in HDF5 else _write_npz)(part, packed)


def iter_correlators(path):
    """Read the channels of a file one after the other.

    Parameters
    ----------
    path : str or path
        As `save_correlators` writes it.

    Yields
    ------
    name : str
        Of the group.
    correlators : Bunch
        As `load_correlators` returns it. The reader keeps none: memory is that of one group,
        as long as the caller lets go of the one before.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_correlators`.
    """
    path = Path(path)
    with _opened(path) as file:
        for name in _known(file, path):
            yield name, unpack(_read(file, name, path), f"{name} of {path}")


def holds_groups(path):
    """Tell whether a file is one of this layout."""
    with _opened(Path(path)) as file:
        return path.suffix in HDF5 or bool(file.names())


def read_group(path, name):
    """Return the Bunch of one group; see `load_correlators`."""
    with _opened(Path(path)) as file:
        known = _known(file, path)
        if name is None and len(known) == 1:
            name = known[0]
        if name not in known:
            raise ValueError(f"group must be one of {known}, those of {path}; got {name!r}")
        return unpack(_read(file, name, path), f"{name} of {path}")


def _validate_names(groups):
    for name in groups:
        parts = set(name.split("/")) if isinstance(name, str) and "\0" not in name else {""}
        if parts & {"", ".", ".."} or name != name.strip(" "):
            raise ValueError(
                f"groups needs names like 'xixi_1s0' or 'xixi/L48', without parts that are empty, "
                f"'.' or '..', got {name!r}"
            )


def _validate_nesting(packed):
    """Refuse a group in the place where a group around it has one of its values."""
    for name in packed:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            outer, key = "/".join(parts[:depth]), parts[depth]
            if key in packed.get(outer, ()):
                raise ValueError(
                    f"group {name!r} has the place of {key!r} of group {outer!r}: rename it"
                )


def _known(file, path):
    names = file.names()
    if not names:
        raise ValueError(f"{path} must hold groups with a data set R each, got none")
    validate_kinds({name: plain_single(file.kind(name)) for name in names}, path)
    return names


def _read(file, name, path):
    try:
        return file.read(name)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"{name} of {path} cannot be read, the file is damaged: {error}"
        ) from error


class _Hdf5:
    """Groups of an open HDF5 file."""

    def __init__(self, path):
        self.file = _h5py().File(path, "r")

    def close(self):
        self.file.close()

    def names(self):
        found = []

        def visit(name, item):
            if hasattr(item, "keys") and _is_data_set(item.get("R")):
                found.append(name)

        self.file.visititems(visit)
        return found

    def kind(self, name):
        group = self.file[name]
        stored = group.get("kind")
        return group.attrs.get("kind", stored[()] if _is_data_set(stored) else None)

    def read(self, name):
        group = self.file[name]
        arrays = {key: item[()] for key, item in group.items() if _is_data_set(item)}
        return {**arrays, **group.attrs}


def _is_data_set(item):
    return hasattr(item, "shape")


class _Npz:
    """Groups of an open npz file; objects that would need unpickling are refused by numpy."""

    def __init__(self, path):
        self.stream = path.open("rb")
        try:
            self.file = _load(self.stream, path)
            if not hasattr(self.file, "files"):
                raise ValueError(f"{path} must be an npz archive, got a single array")
        except BaseException:
            self.stream.close()
            raise

    def close(self):
        self.file.close()
        self.stream.close()

    def names(self):
        return [group_of(key) for key in self.file.files if key.endswith("/R")]

    def kind(self, name):
        key = f"{name}/kind"
        return self.file[key][()] if key in self.file.files else None

    def read(self, name):
        return {
            key.rpartition("/")[2]: self.file[key][()]
            for key in self.file.files
            if group_of(key) == name
        }


def _load(stream, path):
    try:
        return np.load(stream, allow_pickle=False)
    except ValueError as error:
        raise ValueError(
            f"{path} is no correlator file: it must be an npz archive, or end in .h5 or .hdf5"
        ) from error


@contextmanager
def _opened(path):
    """The reader of a whole file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    reader, form = (_Hdf5, "HDF5") if path.suffix in HDF5 else (_Npz, "npz")
    try:
        file = reader(path)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path} is no whole {form} file: {error}") from error
    try:
        yield file
    finally:
        file.close()


@contextmanager
def _whole(path):
    """A temporary file beside `path` that takes its place once it is complete."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield part
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)  # as of any new file; mkstemp's are for the owner alone
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _write_npz(part, packed):
    arrays = {f"{name}/{key}": v for name, group in packed.items() for key, v in group.items()}
    np.savez_compressed(part, **arrays)


def _write_hdf5(part, packed):
    with _h5py().File(part, "w") as file:
        for name, values in packed.items():
            group = file.require_group(name)
            for key, value in values.items():
                if key in DATA_SETS or np.size(value) > LONGEST_ATTRIBUTE:
                    group.create_dataset(key, data=value)
                else:
                    group.attrs[key] = value


def _h5py():
    try:
        import h5py
    except ImportError as error:
        raise ImportError("HDF5 files need h5py: pip install 'halkit[io]'") from error
    return h5py
