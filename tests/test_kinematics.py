"""Relativistic kinematics against mpmath, the non-relativistic limit and round trips."""

import mpmath
import numpy as np
import pytest

from halkit.kinematics import (
    energy_from_lab,
    energy_from_momentum,
    lab_energy,
    momentum_squared,
)

PAIRS = [(938.919, 938.919), (139.57, 938.919), (495.0, 939.0), (1672.45, 938.919), (1.0, 50.0)]


@pytest.mark.parametrize("masses", PAIRS, ids=str)
def test_round_trips(masses):
    energy = np.concatenate([-np.geomspace(1e-12, 0.5, 30), np.geomspace(1e-12, 20, 60)]) * min(
        masses
    )
    there = energy_from_momentum(momentum_squared(energy, masses), masses)
    np.testing.assert_allclose(there, energy, rtol=1e-13)
    np.testing.assert_allclose(
        energy_from_lab(lab_energy(energy, masses), masses), energy, rtol=1e-13
    )


@pytest.mark.parametrize("masses", PAIRS, ids=str)
def test_momentum_of_an_energy_with_forty_digits(masses):
    with mpmath.workdps(40):
        m1, m2 = map(mpmath.mpf, masses)
        for x in (1e-9, 0.3, 7.0, 123.4):
            W = m1 + m2 + mpmath.mpf(x)
            k2 = (W**2 - (m1 + m2) ** 2) * (W**2 - (m1 - m2) ** 2) / (4 * W**2)
            T = (W**2 - (m1 + m2) ** 2) / (2 * m2)
            assert abs(momentum_squared(x, masses) / k2 - 1) < 1e-14
            assert abs(lab_energy(x, masses) / T - 1) < 1e-14


def test_small_momenta_are_not_relativistic():
    m1, m2 = 3.0, 4.0
    k = np.array([1e-6, 1e-3])
    np.testing.assert_allclose(
        energy_from_momentum(k**2, (m1, m2)), k**2 / (2 * m1 * m2 / (m1 + m2)), rtol=1e-6
    )


def test_lab_energy_of_nucleons():
    """For equal masses T_lab = 2k²/m exactly."""
    m, T = 938.92, np.array([1.0, 50.0, 350.0])
    np.testing.assert_allclose(momentum_squared(energy_from_lab(T, m), m), m * T / 2, rtol=1e-14)


def test_the_target_is_the_second_hadron():
    s = (139.57 + 938.9) ** 2 + 2 * 938.9 * 100.0
    energy = energy_from_lab(100.0, (139.57, 938.9))
    np.testing.assert_allclose((139.57 + 938.9 + energy) ** 2, s, rtol=1e-14)


def test_masses_of_bins_broadcast():
    bins = np.array([1.0, 1.01]), np.array([2.0, 2.02])
    k2 = momentum_squared(np.array([[0.1], [0.2]]), bins)
    assert k2.shape == (2, 2)
    assert k2[1, 1] == momentum_squared(0.2, (1.01, 2.02))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: momentum_squared(0.1, (1.0, 2.0, 3.0)), "pair"),
        (lambda: momentum_squared(0.1, (1.0, -2.0)), "masses must be > 0"),
        (lambda: momentum_squared(-3.0, (1.0, 2.0)), "energy must be above"),
        (lambda: momentum_squared(-2.0, (1.0, 2.0)), r"energy must be above −2 min.* -2, got -2"),
        (lambda: momentum_squared(np.nan, 1.0), "energy must be finite"),
        (lambda: energy_from_momentum(-1.1, (1.0, 2.0)), "k_squared must be"),
        (lambda: energy_from_lab(-10.0, 1.0), "lab_energy must be above"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
