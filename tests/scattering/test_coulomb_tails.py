"""Tails ∝ r^−n of charged hadrons: δ against direct integration and Coulomb functions far out."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import psi

from halkit.exceptions import AccuracyWarning
from halkit.interactions import Local, av18
from halkit.scattering import (
    coulomb_effective_range,
    coulomb_functions,
    coulomb_phase_shift,
    coulomb_potential,
    coulomb_scattering_length,
)
from halkit.scattering.coulomb.charges import FINE_STRUCTURE


def integrated(V, m, Z, k, l, R, dipole_radius=None):
    """δ of V cut at R."""

    def slopes(r, y):
        charges = coulomb_potential(r, charge_product=Z, dipole_radius=dipole_radius)
        return [y[1], (2 * m * (V(np.array([r]))[0] + charges) + l * (l + 1) / r**2 - k**2) * y[0]]

    start = 1e-3
    first = [start ** (l + 1), (l + 1) * start**l]
    u, du = solve_ivp(slopes, (start, R), first, rtol=1e-10, atol=1e-30, method="DOP853").y[:, -1]
    w, du = coulomb_functions(l, Z * FINE_STRUCTURE * m / k, k * R), du / k
    return np.arctan2(u * w.F_prime - du * w.F, du * w.G - u * w.G_prime)


def apart(delta, other):
    return np.abs(np.remainder(delta - other + 0.5, np.pi) - 0.5)


CASES = [(3, 1, 0), (3, -1, 0), (3, 5, 1), (4, 1, 0), (4, -1, 1), (4, 5, 0), (6, 1, 0), (6, 5, 1)]


@pytest.mark.parametrize(("n", "Z", "l"), CASES)
def test_power_tails(n, Z, l):
    """What the reference leaves out beyond R is (m/k) ∫_R^∞ 1.6 r^−n dr to a part in 2kR."""
    V, k = Local(lambda r: -1.6 / (1 + r**2) ** (n / 2)), np.array([0.05, 0.3])
    delta = coulomb_phase_shift(V, k, reduced_mass=1.0, charge_product=Z, l=l)
    R = 700.0
    left = 1.6 * R ** (1 - n) / (n - 1) / k
    exact = [integrated(V.local_potential, 1.0, Z, q, l, R) for q in k]
    np.testing.assert_allclose(apart(delta, exact + left), 0.0, atol=1e-6)


def test_two_protons_to_all_distances():
    """−V_C²/M of AV18 is followed to its end, without a warning; −V_C²/M ∝ α²/r² beyond R."""
    V = av18("1S0", "pp", electromagnetic=["C2", "DF", "MM"])
    size, m = 2 * np.sqrt(6) / 4.27, V.reduced_mass
    k, R = np.array([0.02, 0.1]), 1000.0
    delta = coulomb_phase_shift(V, k, reduced_mass=m, charge_product=1, dipole_radius=size)
    left = -m / k * R * V.local_potential(np.array([R]))
    exact = [integrated(V.local_potential, m, 1, q, 0, R, size) for q in k]
    np.testing.assert_allclose(apart(delta, exact + left), 0.0, atol=3e-7)


def test_the_tail_of_two_protons_in_their_effective_range_function():
    """The warning has the size, to a factor 2, of what a fit to 0.05 … 0.15 fm⁻¹ changes."""
    V = av18("1S0", "pp", electromagnetic=["C2", "DF", "MM"])
    size, m = 2 * np.sqrt(6) / 4.27, V.reduced_mass
    k, kappa = np.linspace(0.05, 0.15, 8), FINE_STRUCTURE * m
    delta = coulomb_phase_shift(V, k, reduced_mass=m, charge_product=1, dipole_radius=size)
    eta = kappa / k
    K = 2 * np.pi * eta / np.expm1(2 * np.pi * eta) * k / np.tan(delta)
    K += 2 * kappa * (psi(1j * eta).real - np.log(eta))
    fit = np.polyfit(k**2, K, 3)
    for function, other in (
        (coulomb_scattering_length, -1 / fit[-1]),
        (coulomb_effective_range, 2 * fit[-2]),
    ):
        with pytest.warns(AccuracyWarning, match="if it is cut at") as caught:
            value = function(V, reduced_mass=m, charge_product=1, dipole_radius=size)
        warned = float(str(caught[0].message).split("changes by ")[1].split()[0])
        assert 0.5 < abs(value - other) / warned < 2
