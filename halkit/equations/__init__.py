"""Wave functions and correlators become rows (X, y) of a regression, y = ∫ U X.

In: wave functions and `halkit.correlators.Correlators`. Out: arrays or `Rows`. A row is one wave
function: one momentum (`stationary_target`), or one time slice of one quark source
(`time_dependent_rows`; with bins `radial_rows`, `lattice_rows` and `coupled_rows`).
"""

from halkit.equations.coupled import coupled_rows
from halkit.equations.dispersion import designed_stencil
from halkit.equations.gradient import local_approximation
from halkit.equations.identifiability import (
    Identifiability,
    PointwiseErrors,
    identifiability,
    pointwise_errors,
)
from halkit.equations.lattice import lattice_rows
from halkit.equations.nodes import radial_rows
from halkit.equations.rows import Rows
from halkit.equations.stack import stack_rows
from halkit.equations.stationary import remove_phase, stationary_target
from halkit.equations.tensor import SpinProjections, spin_projections, tensor_rows
from halkit.equations.time import time_dependent_rows, time_derivatives, time_stencil

__all__ = [
    "Identifiability",
    "PointwiseErrors",
    "Rows",
    "SpinProjections",
    "coupled_rows",
    "designed_stencil",
    "identifiability",
    "lattice_rows",
    "local_approximation",
    "pointwise_errors",
    "radial_rows",
    "remove_phase",
    "spin_projections",
    "stack_rows",
    "stationary_target",
    "tensor_rows",
    "time_dependent_rows",
    "time_derivatives",
    "time_stencil",
]
