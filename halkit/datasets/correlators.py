"""Published correlators, read without unpickling: R(t, bin, point) on the wedge of a lattice."""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from halkit.radial import Wedge, validate_values

__all__ = ["load_correlators"]

FILE = "xixi_1s0_rcorr.npz"
SOURCES = ("wall", "exp")
SCALARS = {"hadron_mass": "m_xi_lat", "inverse_spacing": "ainv_MeV", "pion_mass": "mpi_MeV"}
CITATION = (
    "T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007, arXiv:1812.08539; see also "
    "Phys. Rev. D 99, 014514 (2019), arXiv:1805.02365"
)
LICENSE = "MIT, Copyright (c) 2019 Takumi Iritani; its text must accompany the data"


def load_correlators(path, lattice="L64"):
    """Read the published ΞΞ(¹S₀) correlators of one lattice.

    R(r, t) is the four-point correlator over the square of the Ξ correlator, projected on A1 and
    formed per jackknife sample; its overall constant drops out of potentials.

    Parameters
    ----------
    path : str or path
        The file ``xixi_1s0_rcorr.npz``, or the folder that holds it.
    lattice : {"L40", "L48", "L64"}
        Which lattice; 64 sites are 5.76 fm.

    Returns
    -------
    Bunch
        correlators: R of the sources "wall" and "exp" (smeared), each (n_t, n_bins, n_wedge);
        wedge: `halkit.radial.Wedge`, which orders the last axis; L; t (n_t,): times in lattice
        units; hadron_mass: of the Ξ, lattice units; inverse_spacing, pion_mass: in MeV; n_bins;
        kind: "jackknife", that is errors are sqrt(n_bins − 1) times the standard deviation over
        bins; units; citation; license.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the lattice is another one, or if keys, shapes or the order of the points are not those
        of the published file; the message names the key.

    References
    ----------
    T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007, arXiv:1812.08539. Published under the MIT
    licence, Copyright (c) 2019 Takumi Iritani.

    Notes
    -----
    ``halkit.sources.lattice_rows(correlators, times=[12, 13, 14, 15], sources=["wall", "exp"],
    r_max=26.7)`` makes the rows of a fit of them.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; expected {FILE}")
    with np.load(path, allow_pickle=False) as archive:
        _validate_lattice(archive, lattice, path)
        L = int(lattice[1:])
        wedge = Wedge(L)
        if not np.array_equal(_read(archive, f"{lattice}_xyz", path), wedge.xyz):
            raise ValueError(
                f"{lattice}_xyz of {path} must list the wedge L/2 ≥ x ≥ y ≥ z ≥ 0 of L = {L}, "
                "z fastest"
            )
        t = _read(archive, "t", path).astype(int)
        correlators = {source: _read(archive, f"{lattice}_{source}", path) for source in SOURCES}
        scalars = {name: float(_read(archive, key, path)) for name, key in SCALARS.items()}
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


def _read(archive, key, path):
    if key not in archive.files:
        raise ValueError(f"{path} must hold the key {key!r}, got {sorted(archive.files)}")
    return validate_values(archive[key], key)


def _validate_lattice(archive, lattice, path):
    known = [key.removesuffix("_xyz") for key in archive.files if key.endswith("_xyz")]
    if not known:
        raise ValueError(f"{path} must hold keys like 'L64_xyz', got {sorted(archive.files)}")
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
