"""From raw correlators of hadrons to R(t, bin, point), and R from files and into files.

In: two- and four-point functions, npz and HDF5 files, or arrays. Out: masses, and `Correlators` of
one channel on one lattice, checked, with their axes, masses and units, for `halkit.equations`.
`CoupledCorrelators` joins several channels.
"""

from halkit.correlators.averages import average_sources, fold
from halkit.correlators.coupled import CoupledCorrelators
from halkit.correlators.direct import EffectiveEnergy, EnergyFit, effective_energy
from halkit.correlators.effective import effective_mass
from halkit.correlators.files import iter_correlators, save_correlators
from halkit.correlators.masses import MassFit, fit_mass
from halkit.correlators.published import load_correlators
from halkit.correlators.ratio import two_hadron_ratio
from halkit.correlators.raw import RawTable, list_arrays, read_hdf5, read_npz, read_table
from halkit.correlators.real import real_part
from halkit.correlators.record import Correlators

__all__ = [
    "Correlators",
    "CoupledCorrelators",
    "EffectiveEnergy",
    "EnergyFit",
    "MassFit",
    "RawTable",
    "average_sources",
    "effective_energy",
    "effective_mass",
    "fit_mass",
    "fold",
    "iter_correlators",
    "list_arrays",
    "load_correlators",
    "read_hdf5",
    "read_npz",
    "read_table",
    "real_part",
    "save_correlators",
    "two_hadron_ratio",
]
