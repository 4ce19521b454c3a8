"""Coupled waves: a matrix of interactions comes in, S-matrices and bound states go out."""

from halkit.scattering.coupled.bound import CoupledBoundStates, coupled_bound_states
from halkit.scattering.coupled.phase import (
    CoupledPhaseShifts,
    coupled_phase_shifts,
    coupled_s_matrix,
)
from halkit.scattering.coupled.waves import CoupledWaves, coupled_wave_functions

__all__ = [
    "CoupledBoundStates",
    "CoupledPhaseShifts",
    "CoupledWaves",
    "coupled_bound_states",
    "coupled_phase_shifts",
    "coupled_s_matrix",
    "coupled_wave_functions",
]
