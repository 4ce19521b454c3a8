"""Potentials that fall like a power of r, charged and bound: right numbers and true warnings."""

import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import i1, j1, k1, psi, y1

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, av18, n_omega
from halkit.scattering import (
    bound_states,
    bound_wave_functions,
    coulomb_effective_range,
    coulomb_phase_shift,
    coulomb_potential,
    coulomb_scattering_length,
)
from halkit.scattering.coulomb.charges import FINE_STRUCTURE
from halkit.scattering.coulomb.waves import threshold_functions, zero_energy_size
from halkit.units import from_mev, to_mev

PP = av18("1S0", "pp", electromagnetic=["C2", "DF", "MM"])
PROTONS = {
    "reduced_mass": PP.reduced_mass,
    "charge_product": 1,
    "dipole_radius": 2 * np.sqrt(6) / 4.27,
}


def test_two_protons_with_two_photons():
    """−V_C²/M falls like 1/r²; cut at 30 fm it gives −7.826 fm.

    −7.806 fm is published with vacuum polarisation (R. B. Wiringa, V. G. J. Stoks and
    R. Schiavilla, Phys. Rev. C 51 (1995) 38). The warning says what another cut changes.
    """
    with pytest.warns(AccuracyWarning, match=r"changes by 0\.0028 if it is cut at 37"):
        a0 = coulomb_scattering_length(PP, **PROTONS)
    assert a0 == pytest.approx(-7.826, abs=2e-3)


def test_it_is_where_the_phase_shifts_extrapolate_to():
    """C² k cot δ + 2kη h(η) of phase shifts with all of the tail, k = 0.05 … 0.15 fm⁻¹."""
    k, kappa = np.linspace(0.05, 0.15, 8), FINE_STRUCTURE * PP.reduced_mass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        delta = coulomb_phase_shift(PP, k, channel_radius=200.0, **PROTONS)
        a0 = coulomb_scattering_length(PP, **PROTONS)
        r_eff = coulomb_effective_range(PP, **PROTONS)
    eta = kappa / k
    K = 2 * np.pi * eta / np.expm1(2 * np.pi * eta) * k / np.tan(delta)
    K += 2 * kappa * (psi(1j * eta).real - np.log(eta))
    fit = np.polyfit(k**2, K, 3)
    assert a0 == pytest.approx(-1 / fit[-1], abs=5e-3)
    assert r_eff == pytest.approx(2 * fit[-2], abs=0.03)


def joined_at(V, a, m, Z):
    """−a0 from direct integration and Bessel functions: u ∝ f − a0 g at a."""
    kappa, start = Z * FINE_STRUCTURE * m, 1e-6

    def slopes(r, y):
        return [y[1], 2 * m * (V(r) + Z * FINE_STRUCTURE / r) * y[0]]

    first = [start + kappa * start**2, 1 + 2 * kappa * start]
    u, du = solve_ivp(slopes, (start, a), first, rtol=1e-11, atol=1e-14, method="DOP853").y[:, -1]

    def functions(r):
        x = np.sqrt(8 * abs(kappa) * r)
        if Z > 0:
            return np.array([2 * r / x * i1(x), x * k1(x)])
        return np.array([2 * r / x * j1(x), -np.pi / 2 * x * y1(x)])

    (f, g), h = functions(a), 1e-5 * a
    df, dg = (functions(a + h) - functions(a - h)) / (2 * h)
    return (f * du - df * u) / (g * du - dg * u)


@pytest.mark.parametrize("Z", [1.0, 30.0, -1.0])
@pytest.mark.parametrize("power", [2, 3, 4])
def test_a_power_of_r_behind_a_barrier(Z, power):
    """Cut where it is felt least; the change that is warned of bounds the one to a cut at 2a."""

    def V(r):
        return -1.2 * np.exp(-(r**2)) - 1e-5 / (1 + r**2) ** (power / 2)

    options = {"reduced_mass": 1.0, "charge_product": Z}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        a0 = coulomb_scattering_length(Local(V), **options)
        cut = {a: coulomb_scattering_length(Local(V), channel_radius=a, **options) for a in (8, 20)}
    for a, value in cut.items():
        assert value == pytest.approx(joined_at(V, a, 1.0, Z), rel=1e-6)
    assert a0 == pytest.approx(cut[8], rel=2e-3)


@pytest.mark.parametrize(
    ("Z", "power", "share", "length"),
    [(1, 2, 1e-4, 1.0), (-1, 2, 1e-4, 1.0), (30, 2, 1e-4, 1.0), (30, 4, 1e-2, 1.0),
     (10, 3, 1e-2, 1.0), (10, 3, 1e-2, 0.01)],
)  # fmt: skip
def test_it_is_cut_where_the_rest_is_felt_least(Z, power, share, length):
    """The minimum of 2m ∫_a^{2a} ``|V|`` (f + r g)² dr/a beyond the well; the radius is stated."""

    def V(r):
        x2 = (r / length) ** 2
        return -(1.2 * np.exp(-x2) + share / (1 + x2) ** (power / 2)) / length**2

    with pytest.warns(AccuracyWarning, match="not decayed at the channel radius") as caught:
        coulomb_scattering_length(Local(V), reduced_mass=1.0, charge_product=Z / length)
    stated = float(str(caught[0].message).split("channel radius ")[1].split(":")[0])
    a = length * np.geomspace(3, 50, 200)[:, None]
    x, w = np.polynomial.legendre.leggauss(20)
    r = a * (3 + x) / 2
    felt = np.abs(V(r)) * zero_energy_size(Z * FINE_STRUCTURE / length, r) ** 2 @ w
    assert stated == pytest.approx(a[np.argmin(felt), 0], rel=0.12)


@pytest.mark.parametrize("Z", [1.0, -1.0])
def test_an_interaction_that_ends_at_its_radius(Z):
    """By default joined there, or further out where it is given; never warned of."""

    def V(r):
        return -3 * (1 - np.square(r) / 4) ** 3 * (r < 2)

    options = {"reduced_mass": 1.0, "charge_product": Z}
    expected = joined_at(V, 2.0, 1.0, Z)
    for a in (None, 2.0, 7.0):
        a0 = coulomb_scattering_length(Local(V, radius=2.0), channel_radius=a, **options)
        assert a0 == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("Z", [1.0, -2.0])
def test_a_warning_of_a_given_radius_states_the_change(Z):
    V = Local(lambda r: -np.exp(-(r**2)) - 0.01 / (1 + r**2))
    options = {"reduced_mass": 1.0, "charge_product": Z}
    with pytest.warns(AccuracyWarning, match="the result changes by") as caught:
        near = coulomb_scattering_length(V, channel_radius=6.0, **options)
    with pytest.warns(AccuracyWarning, match="the result changes by"):
        far = coulomb_scattering_length(V, channel_radius=12.0, **options)
    stated = float(str(caught[0].message).split("changes by ")[1].split()[0])
    assert stated == pytest.approx(abs(far - near), rel=0.06)


@pytest.mark.parametrize("kappa", [0.02, 3.0, -0.5])
def test_size_of_the_functions_at_zero_energy(kappa):
    """|f| + r|g| of the power series; with an attraction an upper bound of them."""
    r = np.array([0.05, 0.7, 2.0, 9.0])
    size = zero_energy_size(kappa, r)
    series = [abs(f) + x * abs(g) for x in r for f, _, g, _ in threshold_functions(kappa, x)[:1]]
    if kappa > 0:
        np.testing.assert_allclose(size, series, rtol=1e-9)
    else:
        assert np.all((size > np.array(series)) & (size < 10 * np.array(series)))


MASS = from_mev(938.27 * 1672.45 / (938.27 + 1672.45))
ATTRACTED = n_omega() + Local(lambda r: coulomb_potential(r, charge_product=-1))


@pytest.mark.parametrize("solve", [bound_states, bound_wave_functions])
def test_a_bound_state_well_inside_the_radius_is_not_warned_of(solve):
    """pΩ⁻ at −2.18 MeV with Coulomb's force: what lies beyond 20 fm changes it by 2e-6."""
    energy = to_mev(solve(ATTRACTED, reduced_mass=MASS, channel_radius=20.0).energy)
    assert energy == pytest.approx([-2.183654], abs=1e-5)


def test_states_that_feel_the_tail_are_warned_of_with_the_change():
    with pytest.warns(AccuracyWarning, match="1 states are bound instead of 1.* up to 0.0006 of"):
        near = bound_states(ATTRACTED, reduced_mass=MASS, channel_radius=10.0)
    far = bound_states(ATTRACTED, reduced_mass=MASS, channel_radius=20.0)
    assert abs(far.energy / near.energy - 1) == pytest.approx([6e-4], abs=1e-4)


@pytest.mark.parametrize("solve", [bound_states, bound_wave_functions])
def test_further_states_are_warned_of(solve):
    """A hydrogen atom has more states than an interior of 20 Bohr radii."""
    V = Local(lambda r: -1 / r)
    with pytest.warns(AccuracyWarning, match="5 states are bound instead of 4"):
        states = solve(V, reduced_mass=1.0, channel_radius=20.0)
    assert states.energy[:2] == pytest.approx([-0.5, -0.125], rel=1e-3)


def test_a_repulsive_tail_is_not_warned_of_either():
    V = GaussianSum([-3.0], [1.0]) + Local(lambda r: 0.01 / (0.1 + r))
    near, far = (bound_states(V, reduced_mass=1.0, channel_radius=a).energy for a in (15.0, 60.0))
    assert near == pytest.approx(far, rel=1e-6)
