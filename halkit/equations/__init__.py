"""Wave functions and correlators become rows (X, y) of a regression, y = ∫ U X.

A row is one wave function: one momentum (`stationary_target`), or one time slice of one source
(`time_dependent_rows`; with bins `radial_rows`, `lattice_rows`).
"""

from halkit.equations.bins import radial_rows
from halkit.equations.gradient import local_approximation
from halkit.equations.identifiability import Identifiability, identifiability
from halkit.equations.lattice import lattice_rows
from halkit.equations.stationary import remove_phase, stationary_target
from halkit.equations.time import time_dependent_rows, time_derivatives, time_stencil

__all__ = [
    "Identifiability",
    "identifiability",
    "lattice_rows",
    "local_approximation",
    "radial_rows",
    "remove_phase",
    "stationary_target",
    "time_dependent_rows",
    "time_derivatives",
    "time_stencil",
]
