"""Charged hadrons: an interaction and charges come in, Coulomb-modified phase shifts go out."""

from halkit.scattering.coulomb.bound import coulomb_bound_states
from halkit.scattering.coulomb.charges import coulomb_potential
from halkit.scattering.coulomb.phase import (
    coulomb_effective_range,
    coulomb_phase_shift,
    coulomb_scattering_length,
)
from halkit.scattering.coulomb.waves import CoulombWaves, coulomb_functions

__all__ = [
    "CoulombWaves",
    "coulomb_bound_states",
    "coulomb_effective_range",
    "coulomb_functions",
    "coulomb_phase_shift",
    "coulomb_potential",
    "coulomb_scattering_length",
]
