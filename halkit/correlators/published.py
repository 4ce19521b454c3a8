"""Correlators from files, read without unpickling: R(t, bin, point) on a wedge or radial nodes."""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import check_array
from halkit.correlators.files import holds_groups, opened, read_group
from halkit.correlators.limits import named_errors
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


def load_correlators(path, lattice=None, *, group=None, max_bytes=None):
    """Read correlators: one group of a file of `save_correlators`, or the published ΞΞ(¹S₀).

    The layout of files is that of `halkit.correlators.files`; `save_correlators` writes your own.
    The published correlators are those of the reference, in one file ``xixi_1s0_rcorr.npz`` that
    does not come with halkit: ``L64_wall``, ``L64_exp`` (n_t, n_bins, n_points) and the points of
    the wedge ``L64_xyz`` (n_points, 3), the same of L40 and L48, and ``t``, ``m_xi_lat``,
    ``ainv_MeV``, ``mpi_MeV``. One lattice is read. R(r, t) is the four-point correlator over the
    square of the Ξ correlator, projected on A1 and formed per jackknife sample; its overall
    constant drops out of potentials.

    Parameters
    ----------
    path : str or path
        An npz file; an HDF5 file, which ends in ``.h5`` or ``.hdf5`` (needs h5py, the extra
        ``io``); or the folder that holds ``xixi_1s0_rcorr.npz``.
    lattice : {"L40", "L48", "L64"}, optional
        Which lattice of the published file, L64 by default; 64 sites are 5.76 fm.
    group : str, optional
        Which group of another file; not needed where there is one.
    max_bytes : int, optional
        Memory that the group may need; by default 16 times what the file takes on disk, and
        256 MiB at least. Sizes are compared before data are read.

    Returns
    -------
    Bunch
        correlators: R of each source, (n_t, n_bins, n_points) each; wedge and L:
        `halkit.radial.Wedge`, which orders the last axis; or r (n_points,): radial nodes; t
        (n_t,): times; hadron_mass: of one hadron, or of both; n_bins; kind: of the bins, with
        "jackknife" errors are sqrt(n_bins − 1) times the standard deviation over bins, with
        "bootstrap" the standard deviation, and "configs" are no samples yet
        (`halkit.resampling.jackknife_samples`); units; and what else the file has, as bin_size
        or inverse_spacing in MeV. Of the published file: the sources "wall" and "exp" (smeared),
        lattice units, pion_mass in MeV, citation and license.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If h5py is needed and missing.
    ValueError
        If the lattice or the group is another one, or a lattice is named where there are groups;
        if the file is no correlator file, damaged, or larger than `max_bytes` once unpacked; if
        something in it is missing, does not fit or is not finite; the message names the file
        and what is wrong. Objects that would need unpickling and HDF5 links that lead to other
        places are not read.
    OSError
        If the system refuses, as without permission to read.

    Warns
    -----
    IntegrityWarning
        If an HDF5 file has no digest, as those of other programs: damage could have changed its
        numbers. `save_correlators` writes digests; npz archives always have check sums.

    References
    ----------
    T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007, arXiv:1812.08539. Published under the MIT
    licence, Copyright (c) 2019 Takumi Iritani.

    Notes
    -----
    ``halkit.equations.lattice_rows(correlators, times=[12, 13, 14, 15], sources=["wall", "exp"],
    r_max=26.7)`` makes the rows of a fit of the published ones.
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
    """The Bunch of one lattice of the published file."""
    _validate_lattice(file, lattice)
    L = int(lattice[1:])
    wedge = Wedge(L)
    if not np.array_equal(_read(file, f"{lattice}_xyz"), wedge.xyz):
        raise ValueError(
            f"{lattice}_xyz of {file.path} must list the wedge L/2 ≥ x ≥ y ≥ z ≥ 0 of L = {L}, "
            "z fastest"
        )
    t = _read(file, "t")
    if np.any(t != np.rint(t)):
        raise ValueError(f"t of {file.path} must be whole time slices, got {t}")
    t = t.astype(int)
    correlators = {source: _read(file, f"{lattice}_{source}") for source in SOURCES}
    scalars = {name: float(_read(file, key)) for name, key in SCALARS.items()}
    n_bins = _validate_shapes(correlators, lattice, t.size, len(wedge.xyz))
    return Bunch(
        correlators=correlators,
        wedge=wedge,
        L=L,
        t=t,
        **scalars,
        n_bins=n_bins,
        kind="jackknife",
        units="lattice units; inverse_spacing and pion_mass in MeV",
        citation=CITATION,
        license=LICENSE,
    )


def _read(file, key):
    return check_array(file.array(key), key)


def _validate_lattice(file, lattice):
    known = [key.removesuffix("_xyz") for key in file.entries if key.endswith("_xyz")]
    if not known:
        found = sorted(file.entries)[:100]
        raise ValueError(f"{file.path} must hold keys like 'L64_xyz', got {found}")
    if lattice not in known:
        raise ValueError(f"lattice must be one of {known}, got {lattice!r}")


def _validate_shapes(correlators, lattice, n_t, n_points):
    """Return the number of bins, the same for every source."""
    n_bins = {R.shape[1] if R.ndim == 3 else None for R in correlators.values()}
    for source, R in correlators.items():
        if R.ndim != 3 or (R.shape[0], R.shape[2]) != (n_t, n_points) or len(n_bins) > 1:
            raise ValueError(
                f"{lattice}_{source} must have shape (n_t, n_bins, n_wedge) = "
                f"({n_t}, n_bins, {n_points}) with as many bins as the other source, "
                f"got {R.shape}"
            )
    return n_bins.pop()
