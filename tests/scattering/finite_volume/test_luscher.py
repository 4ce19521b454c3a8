"""The zeta function against known zeros and sums; energies in a box and phase shifts, both ways."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halkit.interactions import GaussianSum, NonLocal, Separable
from halkit.scattering import (
    bound_states,
    lattice_spectrum,
    luscher_k_cot_delta,
    luscher_levels,
    phase_shift,
    zeta_00,
)

# Zeros of Z00(1; q²): unitarity levels, as printed by many authors to 4 digits or more.
ZEROS = [-0.0959007, 0.4728943, 1.4415913, 2.6270076, 3.5366199, 4.2517060, 5.5377008]


@pytest.mark.parametrize("q2", ZEROS)
def test_known_zeros(q2):
    assert zeta_00(q2 - 1e-7) < 0 < zeta_00(q2 + 1e-7)


def test_threshold_expansion():
    """√4π Z00 + 1/q² → −8.91363292 + 16.53231596 q² + 8.40192397 q⁴: Lüscher's constants."""
    q2 = np.array([-1e-2, 1e-2])
    even = np.sqrt(4 * np.pi) * zeta_00(q2) + 1 / q2
    series = -8.91363291758 + 16.53231595950 * q2 + 8.40192397480 * q2**2
    np.testing.assert_allclose(even, series + 6.9458079 * q2**3, atol=1e-7)


@pytest.mark.parametrize("q2", [-3e4, -5000.0, -60.0, -20.0, -8.0])
def test_far_below_threshold(q2):
    """Z00 → −π^{3/2} κ + √π Σ (6/n…) e^{−2πκn}: the image sum of a bound state."""
    kappa = np.sqrt(-q2)
    shells = [(6, 1.0), (12, np.sqrt(2)), (8, np.sqrt(3)), (6, 2.0), (24, np.sqrt(5))]
    images = sum(c * np.exp(-2 * np.pi * n * kappa) / n for c, n in shells)
    expected = np.sqrt(np.pi) / 2 * (images - 2 * np.pi * kappa)
    assert zeta_00(q2) == pytest.approx(expected, rel=1e-13)


@given(q2=st.floats(-30, 30))
@settings(max_examples=40, deadline=None)
def test_slope_is_a_convergent_sum(q2):
    """dZ00/dq² = Σ 1/(n²−q²)²/√4π: summed over a cube, with an integral over the rest."""
    side = np.arange(-30, 31) ** 2
    n2 = side[:, None, None] + side[:, None] + side
    distance = np.min(np.abs(n2 - q2))
    if distance < 0.05:
        return
    h = 1e-3 * distance
    slope = (zeta_00(q2 + h) - zeta_00(q2 - h)) / (2 * h)
    ball = np.sum(1 / (n2[n2 < 900] - q2) ** 2.0)
    rest = 4 * np.pi / 30 * (1 + 2 * q2 / (3 * 900))  # ∫ 4πn² dn/(n² − q²)², n > 30
    assert slope == pytest.approx((ball + rest) / np.sqrt(4 * np.pi), rel=1e-3)


# By Ewald's sum with T = 1 and the Taylor series of its zeroth image, in 40 digits (mpmath).
PRECISE = [
    (-3.0, -9.6445255670577594),
    (-2.2, -8.2586737388407248),
    (-1.01, -5.5853912963160528),
    (-0.99, -5.5289798647480612),
    (-0.3, -2.801469465831965),
    (0.5, 0.31205804745211187),
    (1.7, 7.6642078893669837),
    (3.3, -6.3857904527101564),
    (5.4999, -2.2424438054764738),
]


@pytest.mark.parametrize(("q2", "expected"), PRECISE)
def test_thirteen_digits(q2, expected):
    assert zeta_00(q2) == pytest.approx(expected, rel=1e-13, abs=1e-14)


def test_far_above_threshold():
    """Differences are a convergent sum: over a ball, with an integral over the rest."""
    side = np.arange(151)
    n2 = (side[:, None, None] ** 2 + side[:, None] ** 2 + side**2).ravel()
    twice = np.where(side == 0, 1, 2)
    number = (twice[:, None, None] * twice[:, None] * twice).ravel()
    n2, number = n2[n2 < 150**2], number[n2 < 150**2]
    a, b = 5000.5, 5003.3
    ball = np.sum(number * (1 / (n2 - a) - 1 / (n2 - b)))
    rest = 4 * np.pi * (a - b) / 150 * (1 + (a + b) / (3 * 150**2))
    expected = (ball + rest) / np.sqrt(4 * np.pi)
    assert zeta_00(a) - zeta_00(b) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("q2", [-3e4, -5000.0, 9999.5])
def test_memory_is_bounded(q2):
    tracemalloc.start()
    zeta_00(q2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8


def test_a_large_q2_asks_about_the_units():
    """L in fm for momenta in MeV, for example."""
    message = r"q² = \(kL/2π\)² must be at most 10000, got 25330.*in the same units"
    with pytest.raises(ValueError, match=message):
        zeta_00([0.1, 25330.3])
    with pytest.raises(ValueError, match=message):
        luscher_k_cot_delta(500.0, L=10.0, reduced_mass=10.0)


def expansion(a0, r_eff):
    return lambda k2: -1 / a0 + r_eff * k2 / 2


def energies_of_the_pole(a0, r_eff, m):
    """The two κ of 1/a0 − κ + r_eff κ²/2 = 0 as energies, the deeper one first."""
    kappa = (1 + np.array([1, -1]) * np.sqrt(1 - 2 * r_eff / a0)) / r_eff
    return -(kappa**2) / (2 * m)


def test_the_deeper_pole_of_the_effective_range_expansion_is_no_level():
    """Two nucleons in 12 fm: the residue at −28 MeV has the wrong sign, the one at −3.29 not."""
    MEV, m = 197.327, 938.92 / 2 / 197.327
    ghost, _ = energies_of_the_pole(5.513, 1.893, m) * MEV
    energy = luscher_levels(expansion(5.513, 1.893), L=12.0, reduced_mass=m) * MEV
    assert ghost == pytest.approx(-28.15, abs=0.2)
    assert energy[0] == pytest.approx(-3.29, abs=0.01)
    assert energy[1] > 0


@pytest.mark.parametrize(
    ("a0", "r_eff", "m", "L"),
    [(3.0, 0.9, 0.5, 25.0), (20.0, 2.0, 1.0, 200.0), (5.0, 2.4, 2.0, 45.0)],
)
def test_the_shallow_pole_is_a_level(a0, r_eff, m, L):
    """In a wide box: E = −κ²/2m, and next the scattering state 2πa0/mL³ (1 − …) above threshold."""
    true = energies_of_the_pole(a0, r_eff, m)[1]
    energy = luscher_levels(expansion(a0, r_eff), L=L, reduced_mass=m, n_levels=2)
    assert energy[0] == pytest.approx(true, rel=1e-3)
    assert energy[1] > 0


@pytest.mark.parametrize(("a0", "r_eff"), [(-5.0, 1.0), (-1.3, 0.5), (-30.0, 4.0)])
def test_without_a_bound_state_the_ground_state_is_next_to_threshold(a0, r_eff):
    """κ = [1 + √(1 + 2 r_eff/|a0|)]/r_eff solves 1/|a0| − r_eff κ²/2 = −κ, and is no state."""
    L, m = 20.0, 0.5
    energy = luscher_levels(expansion(a0, r_eff), L=L, reduced_mass=m, n_levels=2)
    free = (2 * np.pi / L) ** 2 / (2 * m)
    assert -0.4 * free < energy[0] < 0 < energy[1] < free
    ghost = energies_of_the_pole(a0, r_eff, m)[0]
    back = luscher_k_cot_delta(ghost, L=L, reduced_mass=m)
    assert back == pytest.approx(expansion(a0, r_eff)(2 * m * ghost), rel=0.05)


@settings(max_examples=30, deadline=None)
@given(
    a0=st.floats(-50, 50).filter(lambda x: abs(x) > 0.3),
    r_eff=st.floats(-2, 3),
    L=st.floats(8.0, 40.0),
)
def test_every_level_has_the_slope_of_a_state(a0, r_eff, L):
    """d/dk² of k cot δ less that of 2 Z00/(√π L), by differences."""
    m = 0.7
    if r_eff > 0 and 0 < a0 < 2 * r_eff:
        return
    energy = luscher_levels(expansion(a0, r_eff), L=L, reduced_mass=m, n_levels=4)
    h = 1e-6 * (2 * np.pi / L) ** 2 / m
    up, down = (luscher_k_cot_delta(energy + s * h, L=L, reduced_mass=m) for s in (1, -1))
    assert np.all((up - down) / (2 * h) / (2 * m) > r_eff / 2)


def test_two_roots_that_nearly_touch_are_told_apart():
    """a0 slightly above 2 r_eff: both poles lie in one panel of the search."""
    a0, r_eff, L, m = 4.002, 2.0, 30.0, 1.0
    ghost, true = energies_of_the_pole(a0, r_eff, m)
    energy = luscher_levels(expansion(a0, r_eff), L=L, reduced_mass=m, n_levels=1)
    assert energy[0] == pytest.approx(true, rel=1e-3)
    assert abs(energy[0] - true) < abs(energy[0] - ghost)


def test_poles_and_shape():
    assert zeta_00([0.0, 1.0, 6.0]).tolist() == [np.inf] * 3
    assert np.isfinite(zeta_00(7.0))  # no three squares add up to 7
    assert zeta_00(np.full((2, 3), 0.5)).shape == (2, 3)
    assert np.shape(zeta_00(0.5)) == ()


WELL = GaussianSum([-0.35], [0.16])
TWO = NonLocal(lambda r, s: -0.02 * np.exp(-(r**2 + s**2) / 6))


@pytest.mark.parametrize(
    ("interaction", "tolerance"), [(WELL, 2e-4), (TWO, 1e-6), (WELL + TWO, 2e-4)], ids=repr
)
def test_levels_of_a_box_give_the_phase_shift(interaction, tolerance):
    """Plane waves on the lattice: the continuum in a box. The local well also mixes in l = 4."""
    L, m = 30, 0.6
    energy = lattice_spectrum(
        interaction, L=L, reduced_mass=m, n_states=5, laplacian="spectral"
    ).energy
    energy = energy[energy > 0][:3]
    k = np.sqrt(2 * m * energy)
    from_box = np.arctan2(k, luscher_k_cot_delta(energy, L=L, reduced_mass=m))
    delta = phase_shift(interaction, k, reduced_mass=m)
    np.testing.assert_allclose(np.degrees(np.sin(from_box - delta)), 0, atol=np.degrees(tolerance))


def test_bound_state_in_a_box():
    """k cot δ continued below threshold, in closed form; e^{−μr} has a cusp that costs O(a⁴)."""
    m, mu, omega, L = 0.6, 0.9, -0.05, 24
    U = Separable(omega, mu)
    kappa = U.bound_states(reduced_mass=m).kappa
    assert kappa.size == 1

    def k_cot_delta(k2):
        q2 = mu**2 + k2
        bracket = 2 * mu * (mu**2 - k2) - (2 * mu**2 + q2) * q2**2 / (4 * mu**3)
        return -(bracket + q2**4 / (8 * np.pi * m * omega)) / (4 * mu**2)

    energy = luscher_levels(k_cot_delta, L=L, reduced_mass=m, n_levels=3)
    direct = lattice_spectrum(
        U, L=2 * L, spacing=1 / 2, reduced_mass=m, n_states=3, laplacian="spectral"
    ).energy
    np.testing.assert_allclose(direct, energy, atol=1.5e-4)
    assert energy[0] < bound_states(U, reduced_mass=m).energy[0] < 0


@given(
    a0=st.floats(-8, 8).filter(lambda x: abs(x) > 0.2),
    r_eff=st.floats(0.0, 1.0),
    L=st.floats(8.0, 30.0),
)
@settings(max_examples=8, deadline=None)
def test_there_and_back(a0, r_eff, L):
    def k_cot_delta(k2):
        return -1 / a0 + r_eff * k2 / 2

    energy = luscher_levels(k_cot_delta, L=L, reduced_mass=0.7, n_levels=5)
    assert np.all(np.diff(energy) > 0)
    back = luscher_k_cot_delta(energy, L=L, reduced_mass=0.7)
    np.testing.assert_allclose(back, k_cot_delta(1.4 * energy), atol=1e-6, rtol=1e-6)


def test_one_level_between_two_free_ones():
    free = np.array([0, 1, 2, 3, 4, 5, 6, 8]) * (2 * np.pi / 10) ** 2
    energy = luscher_levels(lambda k2: 0.2 + 0.1 * k2, L=10.0, reduced_mass=0.5, n_levels=8)
    assert energy[0] < 0
    assert np.all((energy[1:] > free[:-1]) & (energy[1:] < free[1:]))


def test_a_pole_of_k_cot_delta_is_no_level():
    """δ passes 0 at k² = 0.5: k cot δ changes sign without a level there."""
    energy = luscher_levels(lambda k2: 0.3 / (0.5 - k2), L=10.0, reduced_mass=0.5, n_levels=4)
    back = luscher_k_cot_delta(energy, L=10.0, reduced_mass=0.5)
    np.testing.assert_allclose(back, 0.3 / (0.5 - energy), rtol=1e-6)


def test_weak_interaction():
    """E0 → 2π a0/(mL³) (1 + 2.837297 a0/L + 6.375183 a0²/L²), a0 > 0 repulsive here."""
    a0, L, m = 0.05, 10.0, 0.5
    (energy,) = luscher_levels(lambda _: -1 / a0, L=L, reduced_mass=m, n_levels=1)
    x = a0 / L
    expected = 2 * np.pi * a0 / (m * L**3) * (1 + 2.837297 * x + 6.375183 * x**2)
    assert energy == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zeta_00(np.nan), "q2 must be finite"),
        (lambda: luscher_k_cot_delta(0.1, L=-1, reduced_mass=1), "L must be a finite number > 0"),
        (
            lambda: luscher_k_cot_delta(0.1, L=1, reduced_mass=0),
            "reduced_mass must be a finite number > 0",
        ),
        (lambda: luscher_levels(abs, L=1, reduced_mass=1, n_levels=0), "n_levels must be"),
    ],
)
def test_refusals_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_k_cot_delta_must_be_finite(value):
    with pytest.raises(ValueError, match=rf"got {value} at k² = -39.4784: .* exist for k² < 0"):
        luscher_levels(lambda _: value, L=10.0, reduced_mass=1.0)


def test_k_cot_delta_must_be_given_below_threshold():
    with pytest.raises(
        ValueError, match=r"must be finite, got nan at k² = -39.4784: it must also exist"
    ):
        luscher_levels(lambda k2: k2**0.5 if k2 >= 0 else np.nan, L=10.0, reduced_mass=1.0)


def test_k_cot_delta_must_be_finite_above_threshold():
    with pytest.raises(ValueError, match=r"got nan at k² = 0\.\d+$"):
        luscher_levels(lambda k2: np.nan if k2 > 0.5 else 0.2, L=10.0, reduced_mass=1.0)


def test_fewer_levels_are_an_error():
    """So large a k cot δ has its levels at those of free hadrons, to more digits than there are."""
    with pytest.raises(ValueError, match="only 0 of n_levels=1 levels are found up to k² = "):
        luscher_levels(lambda _: 1e12, L=10.0, reduced_mass=1.0, n_levels=1)


@pytest.mark.parametrize(
    ("k_cot_delta", "message"),
    [
        (0.5, "must be a callable that maps k² to k cot δ, got float"),
        (lambda _: None, "must return a real number, got None at k² = -39.4784$"),
        (lambda _: 1j, "must return a real number, .* it must also exist for k² < 0"),
        (lambda _: [1.0, 2.0], r"must return a real number, got \[1.0, 2.0\] at k² = -39.4784$"),
    ],
)
def test_k_cot_delta_must_be_a_function(k_cot_delta, message):
    with pytest.raises(TypeError, match=message):
        luscher_levels(k_cot_delta, L=10.0, reduced_mass=1.0)
