"""Finite volumes: an interaction and a box or a lattice come in, energy levels go out."""

from halkit.scattering.finite_volume.box import BoxStates, spherical_box_states
from halkit.scattering.finite_volume.coupled_box import CoupledBoxStates, coupled_box_states
from halkit.scattering.finite_volume.lattice import LatticeStates, lattice_spectrum
from halkit.scattering.finite_volume.luscher import luscher_k_cot_delta, luscher_levels, zeta_00
from halkit.scattering.finite_volume.normality import NormalityCheck, normality_check

__all__ = [
    "BoxStates",
    "CoupledBoxStates",
    "LatticeStates",
    "NormalityCheck",
    "coupled_box_states",
    "lattice_spectrum",
    "luscher_k_cot_delta",
    "luscher_levels",
    "normality_check",
    "spherical_box_states",
    "zeta_00",
]
