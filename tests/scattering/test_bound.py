"""Bound states against closed forms and tables, shallow and deep, symmetric or not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from halkit.interactions import GaussianSum, Local, NonLocal, Separable, Yamaguchi, Yukawa
from halkit.scattering import bound_states, bound_wave_functions, phase_shift

M = 3.3


def test_separable():
    states = bound_states(Separable(-0.017, 1.0), reduced_mass=M)
    assert states.kappa == pytest.approx([0.19717523748], abs=1e-10)
    assert states.energy == pytest.approx([-0.0058906173146], abs=1e-11)


@given(omega=st.floats(-20, -0.2))
@settings(max_examples=25, deadline=None)
def test_separable_at_any_strength(omega):
    U = Separable(omega, 1.0)
    exact = U.bound_states(reduced_mass=1.0)
    found = bound_states(U, reduced_mass=1.0)
    assert type(exact) is type(found)
    np.testing.assert_allclose(found.energy, exact.energy, rtol=1e-7, atol=1e-11)
    np.testing.assert_allclose(found.kappa, exact.kappa, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("alpha", [1e-3, 0.2316053, 2.0, 8.0])
def test_yamaguchi_binds_with_alpha(alpha):
    """Also when 1/κ is forty times the channel radius, and when κa is 200."""
    U = Yamaguchi(alpha, 1.3918324, reduced_mass=2.4)
    kappa = bound_states(U, reduced_mass=2.4).kappa
    assert kappa == pytest.approx([alpha], abs=1e-8)


@pytest.mark.parametrize(
    ("l", "energies"), [(0, [-4.8080636, -0.351902895]), (1, [-0.270134699]), (2, [])]
)
def test_yukawa(l, energies):
    states = bound_states(Yukawa(2.0, 1.0), reduced_mass=M, l=l)
    assert states.energy == pytest.approx(energies, abs=4e-9)
    np.testing.assert_allclose(states.kappa, np.sqrt(-2 * M * states.energy), rtol=1e-14)


def test_square_well():
    """√(q0² − κ²) cot(R √(q0² − κ²)) = −κ with q0² = 2m V0."""
    R, depth = 2.0, 1.0
    states = bound_states(Local(lambda r: np.full_like(r, -depth), radius=R), reduced_mass=M)

    def mismatch(q):
        return q * np.cos(q * R) + np.sqrt(2 * M * depth - q**2) * np.sin(q * R)

    q = [brentq(mismatch, np.pi / 4, np.pi / 2), brentq(mismatch, 3 * np.pi / 4, 2.56)]
    np.testing.assert_allclose(states.energy, np.square(q) / (2 * M) - depth, rtol=1e-9)


def test_many_states_come_deepest_first():
    states = bound_states(GaussianSum([-400.0], [1.0]), reduced_mass=M)
    assert states.energy.size == 20
    assert np.all(np.diff(states.energy) > 0)


def test_result_does_not_depend_on_the_channel_radius():
    well = GaussianSum([-2.0], [0.5])
    energies = [
        bound_states(well, reduced_mass=M, channel_radius=a).energy for a in (8.0, 12.0, 40.0)
    ]
    np.testing.assert_allclose(energies, energies[0] * np.ones((3, 1)), rtol=1e-9)


def test_nothing_bound_gives_empty_arrays():
    energy, kappa = bound_states(Separable(0.017, 1.0), reduced_mass=M)
    assert energy.shape == kappa.shape == (0,)


def rank_one(strength):
    def U(r, s):
        return strength * np.exp(-r - 1.3 * s) * (1 - 1.2 * r) * (1 - 0.3 * s)

    return NonLocal(U), NonLocal(lambda r, s: U(s, r))


@pytest.mark.parametrize(("strength", "kappa", "turns"), [(0.9, [1.65274209], 1), (-0.9, [], 2)])
def test_u_that_is_not_symmetric(strength, kappa, turns):
    """U and its transpose bind alike; the second case binds a pair of complex energy only."""
    U, UT = rank_one(strength)
    states, transposed = bound_states(U, reduced_mass=M), bound_states(UT, reduced_mass=M)
    np.testing.assert_allclose(states.kappa, kappa, rtol=1e-7)
    np.testing.assert_allclose(transposed.kappa, kappa, rtol=1e-7)
    assert phase_shift(U, 1e-3, reduced_mass=M) == pytest.approx(turns * np.pi, abs=0.02)


def sine_basis_energies(V, U, m, radius=12.0, n=240):
    """E < 0 of V + U, not symmetric, from plane waves in a sphere (u = 0 at its wall)."""
    step = radius / (n + 1)
    r = step * np.arange(1, n + 1)
    waves = np.sqrt(2 / (n + 1)) * np.sin(np.pi * np.outer(np.arange(1, n + 1), r) / radius)
    kinetic = (waves.T * (np.pi * np.arange(1, n + 1) / radius) ** 2) @ waves / (2 * m)
    kernel = 4 * np.pi * np.outer(r, r) * U(r[:, None], r) * step
    energy = np.linalg.eigvals(kinetic + np.diag(V(r)) + kernel)
    return np.sort(energy[energy.real < 0].real)


@pytest.mark.parametrize("size", [1e-8, 1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("depth", [-11.8, -10.0, -9.689])
def test_deep_states_of_a_slightly_asymmetric_potential(depth, size):
    """Their residues at the surface are rounding errors, whose signs mean nothing."""
    V, U = GaussianSum([depth], [0.7]), NonLocal(lambda r, s: size * np.exp(-r - 0.5 * s))
    states = bound_states(V + U, reduced_mass=1.0)
    assert states.energy == pytest.approx(sine_basis_energies(V, U, 1.0), rel=1e-5)
    assert bound_wave_functions(V + U, reduced_mass=1.0).energy == pytest.approx(states.energy)
    assert phase_shift(V + U, 1e-6, reduced_mass=1.0) == pytest.approx(2 * np.pi, abs=1e-4)
