"""Measured correlators R(t, bin, point) from files and into files.

In: npz and HDF5 files. Out: the correlators of one channel on one lattice, checked, with their
axes, masses and units, ready for `halkit.equations`.
"""

from halkit.correlators.files import iter_correlators, save_correlators
from halkit.correlators.published import load_correlators

__all__ = ["iter_correlators", "load_correlators", "save_correlators"]
