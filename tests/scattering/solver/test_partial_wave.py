"""An interaction that is made for one partial wave is refused for any other, by every function."""

import inspect

import numpy as np
import pytest

from halkit import Channel, datasets, scattering
from halkit.interactions import GaussianSum, Interaction, PereyBuck, av18
from halkit.radial import RadialGrid

GRID = RadialGrid.gauss_legendre(10.0, 30)
ONE = {"reduced_mass": 1.0}
CHARGED = {**ONE, "charge_product": 1}
CORRELATOR = {"r": np.linspace(0.2, 5, 20), "hadron_mass": 2.0, "times": range(20, 26)}
SOURCE = scattering.GaussianSource(1.0)
TWO, HEAVY = [Channel(reduced_mass=1.0)] * 2, [Channel(masses=2.0)] * 2
BINDING = GaussianSum([-3.0], [1.0])
BOUND = scattering.bound_states(BINDING, **ONE).energy[0]

# How each public function takes an S-wave interaction.
CALLS = {
    "bound_states": lambda V: scattering.bound_states(V, **ONE),
    "bound_wave_functions": lambda V: scattering.bound_wave_functions(V, **ONE),
    "correlation_function": lambda V: scattering.correlation_function(V, 0.5, source=SOURCE, **ONE),
    "coulomb_bound_states": lambda V: scattering.coulomb_bound_states(V, **CHARGED),
    "coulomb_effective_range": lambda V: scattering.coulomb_effective_range(V, **CHARGED),
    "coulomb_phase_shift": lambda V: scattering.coulomb_phase_shift(V, 0.5, **CHARGED),
    "coulomb_scattering_length": lambda V: scattering.coulomb_scattering_length(V, **CHARGED),
    "coupled_bound_states": lambda V: scattering.coupled_bound_states(
        [[V, None], [None, None]], **ONE
    ),
    "coupled_box_states": lambda V: scattering.coupled_box_states(
        [[V, None], [None, V]], radius=9.0, channels=TWO, n_states=3
    ),
    "coupled_phase_shifts": lambda V: scattering.coupled_phase_shifts(
        [[V, None], [None, None]], k=0.5, **ONE
    ),
    "coupled_s_matrix": lambda V: scattering.coupled_s_matrix(
        [[V, None], [None, None]], k=0.5, **ONE
    ),
    "coupled_wave_functions": lambda V: scattering.coupled_wave_functions(
        [[V, None], [None, None]], 0.5, l=(0, 0), **ONE
    ),
    "effective_range": lambda V: scattering.effective_range(V, **ONE),
    "fourier_potential": lambda V: scattering.fourier_potential(V, GRID.r, [0.0, 1.0]),
    "lattice_spectrum": lambda V: scattering.lattice_spectrum(V, L=8, n_states=2, **ONE),
    "make_coupled": lambda V: datasets.make_coupled(
        [[V, None], [None, V]], channels=HEAVY, box_radius=9.0, r=CORRELATOR["r"], times=[7, 8, 9]
    ),
    "make_lattice_correlators": lambda V: datasets.make_lattice_correlators(
        V, L=8, times=range(5, 12), masses=1.0, n_configurations=4, random_state=0
    ),
    "make_time_dependent": lambda V: datasets.make_time_dependent(V, box_radius=9.0, **CORRELATOR),
    "pair_waves": lambda V: scattering.pair_waves(V, 0.5, **ONE),
    "phase_shift": lambda V: scattering.phase_shift(V, 0.5, **ONE),
    "resonances": lambda V: scattering.resonances(
        [[V, None], [None, BINDING]], 1.01 * BOUND, sheet=(1, 1), l=(0, 0), **ONE
    ),
    "scattering_length": lambda V: scattering.scattering_length(V, **ONE),
    "scattering_wave_functions": lambda V: scattering.scattering_wave_functions(V, 0.5, **ONE),
    "spherical_box_states": lambda V: scattering.spherical_box_states(
        V, radius=9.0, n_states=3, **ONE
    ),
}
# Public functions that take no interaction.
OTHERS = {
    "combine_correlations",
    "coulomb_functions",
    "coulomb_potential",
    "discrete_fourier_potential",
    "inverse_fourier_potential",
    "lednicky_lyuboshitz",
    "luscher_k_cot_delta",
    "luscher_levels",
    "normality_check",
    "sine_grids",
    "smear_momentum",
    "tail_phase_shift",
    "zeta_00",
}


class OfTheP(GaussianSum):
    l = 1


class Fitted:
    """A fitted estimator of a P wave."""

    interaction_ = OfTheP([-0.5], [1.0])


WELL = GaussianSum([-0.5], [1.0])
P_WAVES = [
    PereyBuck(0.36, 3.0, 0.65, 0.85, l=1),
    av18("3P0"),
    OfTheP([-0.5], [1.0]),
    Fitted(),
    WELL + (WELL + OfTheP([-0.5], [1.0])),
    WELL + Interaction() + PereyBuck(0.36, 3.0, 0.65, 0.85, l=1),
]
NAMES = ["PereyBuck", "AV18", "OfTheP", "Fitted", "sum", "non-local sum"]


def takes_an_interaction(module, name):
    names = set(inspect.signature(getattr(module, name)).parameters)
    return bool(names & {"interaction", "interactions", "spin_states"})


def functions(module):
    return {name for name in module.__all__ if inspect.isfunction(getattr(module, name))}


def test_the_list_of_functions_is_complete():
    """A new public function has to enter CALLS, or OTHERS if it takes no interaction."""
    makers = {name for name in functions(datasets) if takes_an_interaction(datasets, name)}
    assert functions(scattering) | makers == set(CALLS) | OTHERS
    assert not [name for name in OTHERS if takes_an_interaction(scattering, name)]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("potential", P_WAVES, ids=NAMES)
def test_a_p_wave_is_refused_for_an_s_wave(name, potential):
    with pytest.raises(ValueError, match="is made for l = 1, got l = 0"):
        CALLS[name](potential)


def test_a_derivative_expansion_keeps_the_wave_of_its_local_part():
    expansion = scattering.DerivativeExpansion(av18("3P0"), lambda r: 0 * r)
    for name in ("phase_shift", "bound_states", "lattice_spectrum", "correlation_function"):
        with pytest.raises(ValueError, match="is made for l = 1, got l = 0"):
            CALLS[name](expansion)


@pytest.mark.parametrize("potential", P_WAVES[:-1], ids=NAMES[:-1])
def test_it_is_taken_for_its_own_wave(potential):
    assert np.isfinite(scattering.phase_shift(potential, 0.5, l=1, **ONE))
    with pytest.raises(ValueError, match="is made for l = 1, got l = 2"):
        scattering.phase_shift(potential, 0.5, l=2, **ONE)


@pytest.mark.parametrize("name", CALLS)
def test_every_call_works_with_an_interaction_of_any_wave(name):
    """So that a refusal above comes from the wave."""
    CALLS[name](GaussianSum([-0.05], [1.0]))
