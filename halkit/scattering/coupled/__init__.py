"""Coupled channels: in comes a matrix of interactions, out go S-matrices and bound states."""

from halkit.scattering.coupled.bound import CoupledBoundStates, coupled_bound_states
from halkit.scattering.coupled.phase import (
    CoupledPhaseShifts,
    coupled_phase_shifts,
    coupled_s_matrix,
)

__all__ = [
    "CoupledBoundStates",
    "CoupledPhaseShifts",
    "coupled_bound_states",
    "coupled_phase_shifts",
    "coupled_s_matrix",
]
