r"""Correlator files, HDF5 or npz: one group for each channel on one lattice, which holds::

    R                (n_bins, n_t, n_points), or (n_sources, n_bins, n_t, n_points)
    r  or  xyz       nodes (n_points,), or the wedge points (n_points, 3) of an L³ lattice
    t                (n_t,), evenly spaced
    kind, hadron_mass, units, and optionally bin_size, n_configs, L, inverse_spacing, pion_mass,
                     citation
    mass_bins        optionally masses of each bin, (n_bins,) or (n_bins, 2)
    sources          names of the sources, for four axes
    irrep            with xyz: "A1" (by default), "T1" or "E"; see `halkit.radial.Wedge`
    anything else    numbers, texts and lists of them

The words mean what they mean for `halkit.correlators.Correlators`; anything else goes to its
``attributes``. In HDF5 the first three rows are data sets, and so are lists of more than 60 kB; the
others are attributes. In npz all are arrays, named group/name. ``r_units``, ``t_units`` and
``mass_units`` may name the unit of one quantity, which must agree with ``units``.

**Damage.** `save_correlators` writes SHA-256 digests and the readers compare them: one of the whole
HDF5 file, in its user block (`halkit.correlators.hdf5`), or one of each group of an npz archive, in
its entry ``sha256`` (`halkit.correlators.npz`). Archives of other programs have the CRC-32 of zip.
An HDF5 file without a digest is read with an `halkit.exceptions.IntegrityWarning`.

**Untrusted files.** Nothing is unpickled; HDF5 links and data sets that lead to other files are
refused, soft links too. Sizes are read before data: a group may need `max_bytes` of memory, by
default 16 times the size of the file on disk, but at least 256 MiB (`halkit.correlators.limits`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from halkit.checks import check_boolean
from halkit.correlators.groups import (
    pack,
    plain_single,
    unpack,
    validate_kinds,
    validate_name,
    validate_nesting,
)
from halkit.correlators.hdf5 import Hdf5, import_h5py, write_hdf5
from halkit.correlators.limits import CONVERT, MOST_ENTRIES, Budget, named_errors
from halkit.correlators.npz import Npz, validate_magic, write_npz
from halkit.correlators.record import Correlators
from halkit.exceptions import IntegrityWarning
from halkit.warn import warn_caller
from halkit.writing import existing_file, whole_file

__all__ = ["holds_groups", "iter_correlators", "opened", "read_group", "save_correlators"]

HDF5 = (".h5", ".hdf5")


def save_correlators(
    path: str | PathLike[str], groups: Mapping[str, Correlators], *, overwrite: bool = False
) -> None:
    """Write correlators to a file that `load_correlators` and `iter_correlators` read.

    The file appears as a whole or not at all, with a digest that the readers compare; see
    `halkit.writing.whole_file`.

    Parameters
    ----------
    path : str or path
        Ending in ``.h5`` or ``.hdf5`` (needs h5py, the extra ``io``), or in ``.npz``.
    groups : mapping of str to Correlators
        One record for each channel.
    overwrite : bool
        Whether an existing file may be replaced; its mode is kept. A symbolic link stays, and the
        file behind it is written.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False. Of several processes that save to one path at
        the same time, one succeeds.
    OSError
        If the file cannot be written: write protection, a full disk. An old file stays.
    ValueError, TypeError
        If a group is not a `Correlators`, or has attributes that a file cannot keep; nothing is
        written then.
    ImportError
        If h5py is needed and missing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from halkit.correlators import Correlators, load_correlators, save_correlators
    >>> xixi = Correlators(
    ...     R={"wall": np.ones((5, 20, 60))}, r=np.linspace(0.5, 30.0, 60), t=np.arange(10, 15),
    ...     kind="jackknife", bin_size=4, hadron_mass=0.665, units="lattice",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_correlators(Path(folder) / "xixi.npz", {"xixi_1s0": xixi})
    ...     load_correlators(Path(folder) / "xixi.npz").n_bins
    20
    """
    path = Path(path)
    if path.suffix not in (*HDF5, ".npz"):
        raise ValueError(f"path must end in .h5, .hdf5 or .npz, got {path}")
    overwrite = check_boolean(overwrite, "overwrite")
    if path.exists() and not overwrite:  # before the work; whole_file decides
        raise FileExistsError(f"there is a file {path} already; overwrite=True replaces it")
    if isinstance(groups, Correlators):
        raise TypeError(
            "groups must be a mapping of names, as {'xixi': correlators}, got one record"
        )
    if not groups:
        raise ValueError("groups must hold at least one channel, got none")
    for name in groups:
        validate_name(name)
    packed = {name: pack(group, name) for name, group in groups.items()}
    validate_nesting(packed)
    validate_kinds({name: group["kind"] for name, group in packed.items()}, path)
    if (n_entries := sum(map(len, packed.values()))) > MOST_ENTRIES:
        raise ValueError(
            f"groups must hold at most {MOST_ENTRIES} values together, got {n_entries}"
        )
    if path.suffix in HDF5:
        import_h5py()
    with whole_file(path, overwrite=overwrite) as file:
        (write_hdf5 if path.suffix in HDF5 else write_npz)(file, packed)


def iter_correlators(
    path: str | PathLike[str], *, max_bytes: int | None = None
) -> Iterator[tuple[str, Correlators]]:
    """Read the channels of a file one after the other.

    Parameters
    ----------
    path : str or path
        As `save_correlators` writes it.
    max_bytes : int, optional
        Memory that one group may need; see `load_correlators`.

    Yields
    ------
    name : str
        Of the group.
    correlators : Correlators
        The reader keeps no group: with each one released before the next, the memory of one
        group is enough.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_correlators`.
    """
    with opened(path, max_bytes) as file:
        for name in _known(file):
            yield name, _unpacked(file, name)


@contextmanager
def opened(path, max_bytes=None):
    """The reader of a correlator file, npz or HDF5."""
    path = existing_file(path)
    with named_errors(path):
        budget = Budget(path, max_bytes)
        if path.suffix not in HDF5:
            with path.open("rb") as stream:
                validate_magic(stream, path, f": {CONVERT}")
        file = (Hdf5 if path.suffix in HDF5 else Npz)(path, budget)
    try:
        if not file.verifiable and file.names():
            warn_caller(
                f"{path} has no digest, so damage may have changed its numbers: "
                "save_correlators(path, dict(iter_correlators(path)), overwrite=True) adds one",
                IntegrityWarning,
            )
        yield file
    finally:
        file.close()


def holds_groups(file):
    """Tell whether an open file has groups."""
    with named_errors(file.path):
        return isinstance(file, Hdf5) or bool(file.names())


def read_group(file, name):
    """Return the `Correlators` of one group of an open file; see `load_correlators`."""
    known = _known(file)
    if name is None and len(known) == 1:
        name = known[0]
    if name not in known:
        raise ValueError(f"group must be one of {known} in {file.path}, got {name!r}")
    return _unpacked(file, name)


def _known(file):
    with named_errors(file.path):
        names = file.names()
        if not names:
            found = sorted(file.data_sets())[:100]
            raise ValueError(
                f"{file.path} must hold groups with a data set R each, got {found}: {CONVERT}"
            )
        kinds = {name: str(plain_single(file.kind(name)))[:60] for name in names}
        validate_kinds(kinds, file.path)
    return names


def _unpacked(file, name):
    with named_errors(file.path, name):
        return unpack(file.read(name), f"{name} of {file.path}")
