"""Wave functions and correlators become rows (X, y) of a regression, y = ∫ U X.

A row is one wave function: one momentum (`stationary_source`), or one time slice of one source
(`time_dependent_source`; with bins `radial_rows`, `lattice_rows`).
"""

from halkit.sources.bins import radial_rows
from halkit.sources.gradient import local_approximation
from halkit.sources.identifiability import Identifiability, identifiability
from halkit.sources.lattice import lattice_rows
from halkit.sources.stationary import remove_phase, stationary_source
from halkit.sources.time import time_dependent_source, time_derivatives, time_stencil

__all__ = [
    "Identifiability",
    "identifiability",
    "lattice_rows",
    "local_approximation",
    "radial_rows",
    "remove_phase",
    "stationary_source",
    "time_dependent_source",
    "time_derivatives",
    "time_stencil",
]
