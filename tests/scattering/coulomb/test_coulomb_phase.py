"""Charged hadrons: the published Ω_ccc pair, direct integration, and what Coulomb alone does."""

import time

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import psi

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Interaction, NonLocal, Separable
from halkit.interactions.hal import OMEGA_CCC_MASS, omega_ccc
from halkit.scattering import (
    DerivativeExpansion,
    coulomb_effective_range,
    coulomb_phase_shift,
    coulomb_potential,
    coulomb_scattering_length,
    phase_shift,
)
from halkit.scattering.coulomb.charges import FINE_STRUCTURE
from halkit.units import from_mev

M = from_mev(OMEGA_CCC_MASS) / 2
K = np.array([0.2, 0.5, 1.0, 2.5])
OMEGA = {"reduced_mass": M, "charge_product": 4}


@pytest.mark.parametrize(
    ("dipole_radius", "a0", "r_eff"), [(0.41, -17.1, 0.450), (None, -11.7, 0.463)]
)
def test_omega_ccc(dipole_radius, a0, r_eff):
    """Y. Lyu et al., Phys. Rev. Lett. 127 (2021) 072003: about −19(7) fm, 0.45(1) fm."""
    options = {**OMEGA, "dipole_radius": dipole_radius}
    assert coulomb_scattering_length(omega_ccc(), **options) == pytest.approx(a0, abs=0.05)
    assert coulomb_effective_range(omega_ccc(), **options) == pytest.approx(r_eff, abs=5e-4)


class Smooth(Interaction):
    """V = −3 (1 − r²/4)³ inside r = 2, by its radius alone."""

    has_local = True
    radius = 2.0

    def local_potential(self, r):
        return -3 * (1 - np.square(r) / 4) ** 3


def test_the_strong_interaction_ends_at_its_radius():
    """Also where the charge distributions reach further; without charge δ is that of the well."""
    k, size = np.array([0.1, 1.0]), 2.0
    neutral = phase_shift(Smooth(), k, reduced_mass=1.0)
    charged = coulomb_phase_shift(
        Smooth(), k, reduced_mass=1.0, charge_product=1e-9, dipole_radius=size
    )
    np.testing.assert_allclose(charged, neutral, atol=1e-6)


def test_signs_of_the_scattering_length():
    nuclear = coulomb_scattering_length(omega_ccc(), **OMEGA)
    assert coulomb_scattering_length(omega_ccc(), **OMEGA, sign="lattice") == -nuclear > 0
    with pytest.raises(ValueError, match=r"sign must be one of .*, got 'hal'"):
        coulomb_scattering_length(omega_ccc(), **OMEGA, sign="hal")


@pytest.mark.parametrize("dipole_radius", [None, 0.41])
@pytest.mark.parametrize("l", [0, 2])
@pytest.mark.parametrize("charge_product", [4, -2])
def test_direct_integration(dipole_radius, l, charge_product):
    m, end, start = M, 6.0, 1e-5
    charges = {"charge_product": charge_product, "dipole_radius": dipole_radius}
    strong = omega_ccc()

    def slopes(r, y):
        V = strong(r) + coulomb_potential(r, **charges)
        return [*y[4:], *((l * (l + 1) / r**2 + 2 * m * V - K**2) * y[:4])]

    kappa = charge_product * FINE_STRUCTURE * m * (dipole_radius is None) / (l + 1)
    first = np.repeat([start * (1 + kappa * start), l + 1 + (l + 2) * kappa * start], 4)
    y = solve_ivp(slopes, (start, end), first, rtol=1e-11, atol=1e-14, method="DOP853").y[:, -1]
    delta = coulomb_phase_shift(strong, K, reduced_mass=m, l=l, **charges)
    for k, u, slope, ours in zip(K, y[:4], y[4:], delta, strict=True):
        du = slope / k
        eta = charge_product * FINE_STRUCTURE * m / k
        F, G = mpmath.coulombf(l, eta, k * end), mpmath.coulombg(l, eta, k * end)
        dF = mpmath.diff(lambda x, e=eta: mpmath.coulombf(l, e, x), k * end)
        dG = mpmath.diff(lambda x, e=eta: mpmath.coulombg(l, e, x), k * end)
        direct = mpmath.atan2(u * dF - du * F, du * G - u * dG)
        assert np.sin(ours - float(direct)) == pytest.approx(0, abs=2e-8)


@pytest.mark.parametrize(
    "interaction",
    [
        Separable(-0.017, 1.0),
        NonLocal(lambda r, s: -0.02 * np.exp(-r - 1.3 * s)),
        GaussianSum([-0.3], [0.5]) + Separable(-0.01, 1.0),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dipole_radius", [None, 1.2])
def test_effective_range_expansion(interaction, dipole_radius):
    """C² k cot δ + 2kη h(η) at small k, from the phase shifts themselves."""
    m, Z = 3.3, 3.0
    charges = {"charge_product": Z, "dipole_radius": dipole_radius, "reduced_mass": m}
    a0 = coulomb_scattering_length(interaction, **charges)
    r_eff = coulomb_effective_range(interaction, **charges)
    kappa = Z * FINE_STRUCTURE * m
    k = kappa * np.array([0.7, 0.9])
    delta, eta = coulomb_phase_shift(interaction, k, **charges), kappa / k
    C2 = 2 * np.pi * eta / np.expm1(2 * np.pi * eta)
    K = C2 * k / np.tan(delta) + 2 * kappa * (psi(1j * eta).real - np.log(eta))
    rest = K - (-1 / a0 + r_eff * k**2 / 2)
    assert rest / k**4 == pytest.approx(np.mean(rest / k**4) * np.ones(2), rel=0.05, abs=1e-2)
    assert np.max(np.abs(rest)) < 2 * np.max(k**4)


@pytest.mark.parametrize("l", range(3))
@pytest.mark.parametrize("Z", [1, 20, -3])
def test_points_alone(l, Z):
    k = np.linspace(0.05, 3, 20)
    delta = coulomb_phase_shift(
        Interaction(), k, reduced_mass=2.0, charge_product=Z, l=l, channel_radius=8.0
    )
    np.testing.assert_allclose(delta, 0, atol=1e-7)


def test_little_charge_is_no_charge():
    U = Separable(-0.017, 1.0)
    delta = coulomb_phase_shift(U, K, reduced_mass=3.3, charge_product=1e-8)
    np.testing.assert_allclose(delta, phase_shift(U, K, reduced_mass=3.3), atol=1e-7)


@pytest.mark.parametrize("channel_radius", [None, 30.0, 40.0])
def test_result_does_not_depend_on_the_channel_radius(channel_radius):
    U, options = Separable(-0.017, 1.0), {"reduced_mass": 3.3, "charge_product": 2}
    reference = coulomb_phase_shift(U, K, channel_radius=35.0, **options)
    delta = coulomb_phase_shift(U, K, channel_radius=channel_radius, **options)
    np.testing.assert_allclose(delta, reference, atol=1e-8)
    a0 = coulomb_scattering_length(U, channel_radius=channel_radius, **options)
    expected = coulomb_scattering_length(U, channel_radius=35.0, **options)
    assert a0 == pytest.approx(expected, rel=1e-7)


def test_phase_shift_is_continuous():
    """With a bound state that the Coulomb force leaves bound: δ(0+) = π."""
    k = np.geomspace(0.02, 20, 300)
    deep = GaussianSum([-8.0], [1.0])
    delta = coulomb_phase_shift(deep, k, reduced_mass=1.0, charge_product=10)
    assert np.max(np.abs(np.diff(delta))) < 0.3
    assert delta[0] == pytest.approx(np.pi, abs=0.1)
    assert delta[-1] == pytest.approx(0, abs=0.5)


def test_dipole_potential():
    r = np.geomspace(1e-9, 30, 200)
    V = coulomb_potential(r, charge_product=4, dipole_radius=0.41)
    assert np.all(np.diff(V) <= 1e-12)
    assert coulomb_potential(0.0, charge_product=4, dipole_radius=0.41) == pytest.approx(V[0])
    far = r > 4
    np.testing.assert_allclose(V[far], coulomb_potential(r[far], charge_product=4), rtol=1e-12)
    x = mpmath.mpf(2) * mpmath.sqrt(6) * 0.03 / 0.41
    form = 1 - mpmath.exp(-x) * (1 + 11 * x / 16 + 3 * x**2 / 16 + x**3 / 48)
    one = coulomb_potential(0.03, charge_product=4, dipole_radius=0.41)
    assert one == pytest.approx(float(form) * 4 * FINE_STRUCTURE / 0.03, rel=1e-12)


def test_a_thousand_momenta_are_fast():
    k = np.linspace(0.01, 3, 1000)
    coulomb_phase_shift(omega_ccc(), k, **OMEGA)
    start = time.perf_counter()
    coulomb_phase_shift(omega_ccc(), k, **OMEGA)
    assert time.perf_counter() - start < 10.0


def test_v2_goes_through():
    U = DerivativeExpansion(GaussianSum([-0.3], [0.5]), lambda r: -0.1 * np.exp(-(r**2)))
    delta = coulomb_phase_shift(U, K, reduced_mass=1.0, charge_product=1e-8)
    np.testing.assert_allclose(delta, phase_shift(U, K, reduced_mass=1.0), atol=1e-7)


def test_charges_that_overlap_at_the_channel_radius_warn():
    with pytest.warns(AccuracyWarning, match="the charge distributions overlap"):
        coulomb_phase_shift(omega_ccc(), K, channel_radius=3.0, dipole_radius=3.0, **OMEGA)


def test_charges_wider_than_the_strong_interaction_widen_the_channel():
    V, k = GaussianSum([-4.0], [25.0]), np.array([0.1, 0.4])
    charges = {"charge_product": 30, "dipole_radius": 5.0, "reduced_mass": 2.0}
    wide = coulomb_phase_shift(V, k, channel_radius=50.0, **charges)
    np.testing.assert_allclose(coulomb_phase_shift(V, k, **charges), wide, atol=1e-7)


@pytest.mark.parametrize("x", [6, 12])
@pytest.mark.parametrize(("size", "Z"), [(0.01, 3), (1.0, -3), (100.0, 3)])
def test_the_stated_overlap_bounds_the_change(size, Z, x):
    """It lies a little above 2m ∫_a^∞ r ``|ΔV|`` dr, ΔV what the dipoles lack of the points."""
    m, k = 10 / size, np.array([0.2, 0.5, 1.0, 2.0]) / size
    charges = {"charge_product": Z, "dipole_radius": 2 * np.sqrt(6) * size}
    V = GaussianSum([-1.0], [4 / size**2])
    with pytest.warns(AccuracyWarning, match="may be off by") as caught:
        near = coulomb_phase_shift(V, k, reduced_mass=m, channel_radius=x * size, **charges)
    far = coulomb_phase_shift(V, k, reduced_mass=m, channel_radius=45 * size, **charges)
    stated = float(str(caught[0].message).split("off by ")[1].split()[0])

    def lack(r):
        return coulomb_potential(r, charge_product=Z) - coulomb_potential(r, **charges)

    born = 2 * m * abs(quad(lambda r: r * lack(r), x * size, 60 * size)[0])
    assert np.max(np.abs(far - near)) < born < stated < 7 * born


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0.0}, "k must be positive"),
        ({"charge_product": 0}, "charge_product must be a number other than 0"),
        ({"charge_product": np.inf}, "charge_product must be a finite number"),
        ({"dipole_radius": -1.0}, "dipole_radius must be a finite number > 0"),
        ({"l": -1}, "l must be an integer"),
        ({"reduced_mass": 0}, "reduced_mass must be a finite number > 0"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    arguments = {"interaction": omega_ccc(), "k": 0.1, **OMEGA} | arguments
    with pytest.raises(ValueError, match=message):
        coulomb_phase_shift(**arguments)


@pytest.mark.parametrize("dipole_radius", [None, 0.41])
@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_the_potential_is_a_function_of_distances(bad, dipole_radius):
    with pytest.raises(ValueError, match=f"r must not be negative or NaN, got {bad:g}"):
        coulomb_potential([1.0, bad], charge_product=4, dipole_radius=dipole_radius)


def test_there_is_one_charge_product():
    with pytest.raises(TypeError, match=r"charge_product must be a finite number, got \[1, 2\]"):
        coulomb_phase_shift(Interaction(), 1.0, reduced_mass=1.0, charge_product=[1, 2])
