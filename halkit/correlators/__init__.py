"""Measured correlators R(t, bin, point) from files and into files.

In: npz and HDF5 files, or arrays. Out: `Correlators` of one channel on one lattice, checked, with
their axes, masses and units, for `halkit.equations`.
"""

from halkit.correlators.files import iter_correlators, save_correlators
from halkit.correlators.masses import MassFit, effective_mass, fit_mass
from halkit.correlators.published import load_correlators
from halkit.correlators.record import Correlators

__all__ = [
    "Correlators",
    "MassFit",
    "effective_mass",
    "fit_mass",
    "iter_correlators",
    "load_correlators",
    "save_correlators",
]
