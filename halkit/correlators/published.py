"""`load_correlators`: one group of a file, or the published ΞΞ(¹S₀) correlators."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from halkit.checks import check_array
from halkit.correlators.files import holds_groups, opened, read_group
from halkit.correlators.limits import CONVERT, named_errors
from halkit.correlators.record import Correlators
from halkit.radial import Wedge

__all__ = ["load_correlators"]

FILE = "xixi_1s0_rcorr.npz"
SOURCES = ("wall", "exp")
SCALARS = {"hadron_mass": "m_xi_lat", "inverse_spacing": "ainv_MeV", "pion_mass": "mpi_MeV"}
CITATION = (
    "T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007, arXiv:1812.08539; see also "
    "Phys. Rev. D 99, 014514 (2019), arXiv:1805.02365"
)
LICENSE = "MIT, Copyright (c) 2019 Takumi Iritani; its text must accompany the data"


def load_correlators(
    path: str | PathLike[str],
    lattice: str | None = None,
    *,
    group: str | None = None,
    max_bytes: int | None = None,
) -> Correlators:
    """Read correlators: one group of a file of `save_correlators`, or the published ΞΞ(¹S₀).

    `halkit.correlators.files` describes the layout of files; `save_correlators` writes your own.
    The published correlators are in one file ``xixi_1s0_rcorr.npz``, which does not come with
    halkit: ``L64_wall``, ``L64_exp`` (n_t, n_bins, n_points) and the points of the wedge
    ``L64_xyz`` (n_points, 3), the same for L40 and L48, and ``t``, ``m_xi_lat``, ``ainv_MeV``,
    ``mpi_MeV``. One lattice is read. R is the four-point correlator over the square of the Ξ
    correlator, projected on A1 and formed for each jackknife sample.

    Parameters
    ----------
    path : str or path
        An npz file; an HDF5 file, which ends in ``.h5`` or ``.hdf5`` (needs h5py, the extra
        ``io``); or the folder that holds ``xixi_1s0_rcorr.npz``.
    lattice : {"L40", "L48", "L64"}, optional
        Which lattice of the published file, L64 by default; 64 sites are 5.76 fm.
    group : str, optional
        Which group of a file with several.
    max_bytes : int, optional
        Memory that the group may need; by default 16 times the size of the file on disk, but at
        least 256 MiB. Sizes are compared before data are read.

    Returns
    -------
    Correlators
        Of the published file: the sources "wall" and "exp" (smeared), 20 jackknife bins, lattice
        units.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ImportError
        If h5py is needed and missing.
    ValueError
        If the file lacks the lattice or the group, or has groups and a lattice is asked for; if it
        is of another form, damaged, or larger than `max_bytes` once unpacked; if something in it
        is missing, does not fit or is not finite. The message names the file and the fault.
        Pickled objects and HDF5 links that lead elsewhere are not read.
    OSError
        If the file cannot be read, for example without permission.

    Warns
    -----
    IntegrityWarning
        If an HDF5 file of another program has no digest, so that damage could have changed its
        numbers. `save_correlators` writes digests; npz archives always have check sums.

    References
    ----------
    T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007, arXiv:1812.08539. Published under the MIT
    licence, Copyright (c) 2019 Takumi Iritani.

    Notes
    -----
    ``halkit.equations.lattice_rows(correlators, times=[12, 13, 14, 15], sources=["wall", "exp"],
    r_max=26.7)`` makes the rows of a fit to the published correlators.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    with opened(path, max_bytes) as file:
        if group is not None or holds_groups(file):
            if lattice is not None:
                raise ValueError(
                    f"lattice={lattice!r} is for the published file; {path} has groups: give group"
                )
            return read_group(file, group)
        with named_errors(path):
            return _load_published(file, "L64" if lattice is None else lattice)


def _load_published(file, lattice):
    """The `Correlators` of one lattice of the published file."""
    known = [key.removesuffix("_xyz") for key in file.entries if key.endswith("_xyz")]
    if not known:
        found = sorted(file.entries)[:100]
        raise ValueError(
            f"{file.path} must hold keys like 'L64_xyz', or like 'nn/R', got {found}: {CONVERT}"
        )
    if lattice not in known:
        raise ValueError(f"lattice must be one of {known}, got {lattice!r}")
    wedge = Wedge(int(lattice[1:]))
    if not np.array_equal(check_array(file.array(f"{lattice}_xyz"), f"{lattice}_xyz"), wedge.xyz):
        raise ValueError(
            f"{lattice}_xyz of {file.path} must list the wedge L/2 ≥ x ≥ y ≥ z ≥ 0 of L = "
            f"{wedge.L}, z fastest"
        )
    return Correlators(
        R={source: file.array(f"{lattice}_{source}") for source in SOURCES},
        wedge=wedge,
        t=file.array("t"),
        kind="jackknife",
        units="lattice units; inverse_spacing and pion_mass in MeV",
        citation=CITATION,
        attributes={"license": LICENSE},
        **{name: file.array(key) for name, key in SCALARS.items()},
    )
