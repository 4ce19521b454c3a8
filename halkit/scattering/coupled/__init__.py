"""Coupled channels: a matrix of interactions comes in, S matrix, bound states and poles go out."""

from halkit.scattering.coupled.bound import CoupledBoundStates, coupled_bound_states
from halkit.scattering.coupled.phase import (
    CoupledPhaseShifts,
    coupled_phase_shifts,
    coupled_s_matrix,
)
from halkit.scattering.coupled.poles import Resonances, resonances
from halkit.scattering.coupled.waves import CoupledWaves, coupled_wave_functions

__all__ = [
    "CoupledBoundStates",
    "CoupledPhaseShifts",
    "CoupledWaves",
    "Resonances",
    "coupled_bound_states",
    "coupled_phase_shifts",
    "coupled_s_matrix",
    "coupled_wave_functions",
    "resonances",
]
