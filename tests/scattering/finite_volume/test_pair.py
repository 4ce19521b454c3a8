"""Relativistic levels of two hadrons: lattices, spheres and Lüscher's formula with masses."""

import numpy as np
import pytest

from halkit.correlators import Correlators
from halkit.equations import lattice_rows
from halkit.interactions import N_OMEGA_MASSES, GaussianSum, n_omega
from halkit.kinematics import energy_from_momentum, momentum_squared
from halkit.potentials import leading_order
from halkit.radial import Wedge
from halkit.scattering import (
    lattice_spectrum,
    luscher_k_cot_delta,
    luscher_levels,
    phase_shift,
    spherical_box_states,
)
from halkit.units import from_mev, reduced_mass, to_mev

MASSES = 0.4, 0.7
V, MU = GaussianSum([-0.15], [0.3]), reduced_mass(MASSES)
LATTICE = {"L": 16, "n_states": 4}


def test_levels_of_n_omega():
    """k²/2m = 243.7 MeV is ΔW = 230.5 MeV for the masses of N and Ω."""
    k2 = 2 * reduced_mass(N_OMEGA_MASSES) * 243.7
    assert energy_from_momentum(k2, N_OMEGA_MASSES) == pytest.approx(230.5, abs=0.05)
    a = 2333.0
    masses = tuple(from_mev(np.array(N_OMEGA_MASSES), inverse_spacing=a))
    U = n_omega(inverse_spacing=a)
    settings = {"L": 48, "n_states": 3}
    kinetic = lattice_spectrum(U, reduced_mass=reduced_mass(masses), **settings).energy
    energy = lattice_spectrum(U, masses=masses, **settings).energy
    k2 = to_mev(to_mev(2 * reduced_mass(masses) * kinetic, inverse_spacing=a), inverse_spacing=a)
    expected = np.sqrt(k2 + np.square(N_OMEGA_MASSES)[:, None]).sum(axis=0) - sum(N_OMEGA_MASSES)
    np.testing.assert_allclose(to_mev(energy, inverse_spacing=a), expected, rtol=1e-9)
    assert np.all(energy < kinetic)


@pytest.mark.parametrize("states", [
    lambda **pair: lattice_spectrum(V, **LATTICE, **pair),
    lambda **pair: spherical_box_states(V, radius=12.0, n_states=4, **pair),
], ids=["lattice", "sphere"])  # fmt: skip
def test_masses_change_energies_and_not_waves(states):
    of_mass, relativistic = states(reduced_mass=MU), states(masses=MASSES)
    k2 = momentum_squared(relativistic.energy, MASSES)
    np.testing.assert_allclose(k2 / (2 * MU), of_mass.energy, rtol=1e-12)
    waves = [state.wave_function for state in (of_mass, relativistic)]
    if not isinstance(waves[0], np.ndarray):
        waves = [wave(np.linspace(0, 12, 20)) for wave in waves]
    np.testing.assert_array_equal(*waves)


def test_energies_of_a_lattice_give_the_phase_shifts_of_its_potential():
    """ΔW of unequal masses through Lüscher's formula; as k²/2m they would miss δ by degrees."""
    levels = lattice_spectrum(
        V, masses=MASSES, L=24, n_states=4, laplacian="spectral"
    ).energy[1:3]  # fmt: skip
    k = np.sqrt(momentum_squared(levels, MASSES))
    exact = phase_shift(V, k, reduced_mass=MU)
    found = np.arctan2(k, luscher_k_cot_delta(levels, L=24, masses=MASSES))
    assert np.abs(np.sin(found - exact)).max() < 2e-4
    wrong_k = np.sqrt(2 * MU * levels)
    wrong = np.arctan2(wrong_k, luscher_k_cot_delta(levels, L=24, reduced_mass=MU))
    assert np.abs(np.sin(wrong - phase_shift(V, wrong_k, reduced_mass=MU))).max() > 0.02


@pytest.mark.parametrize("masses", [MASSES, 0.5], ids=str)
def test_levels_and_k_cot_delta_are_inverse(masses):
    levels = luscher_levels(lambda k2: 0.3 + 0.2 * k2, L=12.0, masses=masses, n_levels=4)
    k2 = momentum_squared(levels, masses)
    found = luscher_k_cot_delta(levels, L=12.0, masses=masses)
    np.testing.assert_allclose(found, 0.3 + 0.2 * k2, rtol=1e-7)


def test_bins_of_energies_and_masses():
    energy, m1, m2 = np.array([0.1, 0.12]), np.array([0.4, 0.41]), np.array([0.7, 0.69])
    bins = luscher_k_cot_delta(energy, L=12.0, masses=(m1, m2))
    each = [
        luscher_k_cot_delta(e, L=12.0, masses=(a, b))
        for e, a, b in zip(energy, m1, m2, strict=True)
    ]
    np.testing.assert_array_equal(bins, each)


@pytest.mark.parametrize("call", [
    lambda **pair: lattice_spectrum(V, L=8, n_states=2, **pair),
    lambda **pair: spherical_box_states(V, radius=5.0, **pair),
    lambda **pair: luscher_levels(lambda _: 0.3, L=8, **pair),
    lambda **pair: luscher_k_cot_delta(0.1, L=8, **pair),
], ids=["lattice", "sphere", "levels", "k cot"])  # fmt: skip
def test_refuses(call):
    with pytest.raises(ValueError, match="reduced_mass or masses must be given, got neither"):
        call()
    with pytest.raises(ValueError, match="reduced_mass or masses must be given, got both"):
        call(reduced_mass=1.0, masses=(1.0, 2.0))
    with pytest.raises(ValueError, match=r"masses must be .*> 0"):
        call(masses=(1.0, -2.0))


def test_a_state_deeper_than_a_mass_is_refused():
    deep = GaussianSum([-5.0], [0.3])
    with pytest.raises(ValueError, match="masses must be above the binding momenta"):
        lattice_spectrum(deep, L=8, n_states=2, masses=MASSES)


def test_correlators_that_fall_with_these_energies_have_this_potential():
    """R = Σ φ_n e^{−ΔW_n t} on a lattice: rows give V back, from k²/2m they would not."""
    states = lattice_spectrum(V, L=16, n_states=4, masses=MASSES)
    t, wedge = np.arange(6, 15), Wedge(16)
    kinetic = lattice_spectrum(V, L=16, n_states=4, reduced_mass=MU).energy
    waves = [1.0, 0.5, -0.3, 0.2] * states.wave_function.T
    errors = []
    for energy in (states.energy, kinetic):
        R = np.exp(-np.multiply.outer(t, energy)) @ waves.T
        correlators = Correlators(
            R={"wall": R[:, None]},
            wedge=wedge,
            t=t,
            kind="mean",
            hadron_mass=MASSES,
            units="lattice",
        )  # fmt: skip
        rows = lattice_rows(
            correlators, times=[10], r_max=6.0, energy_range=(-0.05, energy[-1] + 0.05)
        )
        data = leading_order(rows)
        errors.append(np.abs(data.V[0] - V(data.r)).max())
    assert errors[0] < 1e-6
    assert errors[1] > 1e-3
