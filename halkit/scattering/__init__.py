"""Observables of hadron-hadron interactions.

An interaction or a fitted estimator comes in; phase shifts, bound states, scattering lengths,
wave functions, correlation functions and levels in finite volumes go out.
"""

from halkit.interactions.derivative import DerivativeExpansion
from halkit.scattering.bound import BoundStates, bound_states
from halkit.scattering.coulomb.bound import coulomb_bound_states
from halkit.scattering.coulomb.charges import coulomb_potential
from halkit.scattering.coulomb.phase import (
    coulomb_effective_range,
    coulomb_phase_shift,
    coulomb_scattering_length,
)
from halkit.scattering.coulomb.waves import CoulombWaves, coulomb_functions
from halkit.scattering.coupled.bound import CoupledBoundStates, coupled_bound_states
from halkit.scattering.coupled.phase import (
    CoupledPhaseShifts,
    coupled_phase_shifts,
    coupled_s_matrix,
)
from halkit.scattering.coupled.poles import Resonances, resonances
from halkit.scattering.coupled.waves import CoupledWaves, coupled_wave_functions
from halkit.scattering.ensemble import Ensemble
from halkit.scattering.femtoscopy.correlation import correlation_function, lednicky_lyuboshitz
from halkit.scattering.femtoscopy.measured import combine_correlations, smear_momentum
from halkit.scattering.femtoscopy.sources import GaussianSource
from halkit.scattering.femtoscopy.tables import TabulatedWaves
from halkit.scattering.femtoscopy.waves import PairWaves, pair_waves
from halkit.scattering.finite_volume.box import BoxStates, spherical_box_states
from halkit.scattering.finite_volume.coupled_box import CoupledBoxStates, coupled_box_states
from halkit.scattering.finite_volume.lattice import LatticeStates, lattice_spectrum
from halkit.scattering.finite_volume.luscher import luscher_k_cot_delta, luscher_levels, zeta_00
from halkit.scattering.finite_volume.normality import NormalityCheck, normality_check
from halkit.scattering.momentum import (
    discrete_fourier_potential,
    fourier_potential,
    inverse_fourier_potential,
    sine_grids,
)
from halkit.scattering.phase import effective_range, phase_shift, scattering_length
from halkit.scattering.tail import TailPhaseShift, tail_phase_shift
from halkit.scattering.waves import (
    BoundWaves,
    ScatteringWaves,
    bound_wave_functions,
    scattering_wave_functions,
)

__all__ = [
    "BoundStates",
    "BoundWaves",
    "BoxStates",
    "CoulombWaves",
    "CoupledBoundStates",
    "CoupledBoxStates",
    "CoupledPhaseShifts",
    "CoupledWaves",
    "DerivativeExpansion",
    "Ensemble",
    "GaussianSource",
    "LatticeStates",
    "NormalityCheck",
    "PairWaves",
    "Resonances",
    "ScatteringWaves",
    "TabulatedWaves",
    "TailPhaseShift",
    "bound_states",
    "bound_wave_functions",
    "combine_correlations",
    "correlation_function",
    "coulomb_bound_states",
    "coulomb_effective_range",
    "coulomb_functions",
    "coulomb_phase_shift",
    "coulomb_potential",
    "coulomb_scattering_length",
    "coupled_bound_states",
    "coupled_box_states",
    "coupled_phase_shifts",
    "coupled_s_matrix",
    "coupled_wave_functions",
    "discrete_fourier_potential",
    "effective_range",
    "fourier_potential",
    "inverse_fourier_potential",
    "lattice_spectrum",
    "lednicky_lyuboshitz",
    "luscher_k_cot_delta",
    "luscher_levels",
    "normality_check",
    "pair_waves",
    "phase_shift",
    "resonances",
    "scattering_length",
    "scattering_wave_functions",
    "sine_grids",
    "smear_momentum",
    "spherical_box_states",
    "tail_phase_shift",
    "zeta_00",
]
