"""From a potential to observables: phase shifts, bound states, low-energy constants, box states."""

from halkit.scattering.bound import BoundStates, bound_states
from halkit.scattering.box import BoxStates, spherical_box_states
from halkit.scattering.phase import effective_range, phase_shift, scattering_length

__all__ = [
    "BoundStates",
    "BoxStates",
    "bound_states",
    "effective_range",
    "phase_shift",
    "scattering_length",
    "spherical_box_states",
]
