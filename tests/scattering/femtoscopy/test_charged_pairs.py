"""Pairs of charged hadrons, against mpmath and direct integration."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Interaction, Separable, av18
from halkit.scattering import (
    GaussianSource,
    TabulatedWaves,
    correlation_function,
    coulomb_phase_shift,
    coulomb_potential,
    pair_waves,
    scattering_wave_functions,
)
from halkit.scattering.coulomb.charges import FINE_STRUCTURE
from halkit.scattering.coulomb.density import coulomb_density, exchange_share
from halkit.units import from_mev

M = 2.4
K = np.array([0.03, 0.2, 0.7])


def gauss(low, high, n):
    x, w = np.polynomial.legendre.leggauss(n)
    return low + (high - low) * (1 + x) / 2, (high - low) * w / 2


def coulomb_wave(eta, rho, cosine):
    """e^{−πη/2} Γ(1+iη) e^{iρ cos θ} 1F1(−iη, 1, iρ(1 − cos θ))."""
    factor = mpmath.exp(-mpmath.pi * eta / 2) * mpmath.gamma(1 + 1j * eta)
    confluent = mpmath.hyp1f1(-1j * eta, 1, 1j * rho * (1 - cosine))
    return complex(factor * mpmath.exp(1j * rho * cosine) * confluent)


@pytest.mark.parametrize("eta", [-3.0, -0.4, 0.2, 1.5, 6.0])
@pytest.mark.parametrize("rho", [0.01, 1.3, 9.0])
def test_density_and_exchange_of_a_coulomb_wave(eta, rho):
    """The angular averages of |ψ(r)|² and of ψ(r) ψ(−r)^*."""
    x, w = gauss(-1, 1, 40)
    wave = np.array([coulomb_wave(eta, rho, one) for one in x])
    exact = w @ np.abs(wave) ** 2 / 2, w @ (wave * wave[::-1].conj()).real / 2
    density = coulomb_density(eta, rho)
    np.testing.assert_allclose(density, exact[0], rtol=1e-10)
    share = exchange_share(eta, np.array([rho]))
    np.testing.assert_allclose(share * density, exact[1], rtol=1e-9, atol=1e-12 * exact[0])


def test_exchange_without_charge():
    rho = np.linspace(0.1, 120, 300)
    np.testing.assert_allclose(exchange_share(0.0, rho), np.sinc(2 * rho / np.pi), atol=1e-13)


@pytest.mark.parametrize("Z", [1, -1, 40])
def test_a_small_source_sees_the_gamow_factor(Z):
    """C → 2πη/(e^{2πη} − 1) for R → 0, for bosons of spin 0 twice that."""
    options = {"reduced_mass": M, "charge_product": Z, "source": GaussianSource(1e-6)}
    eta = Z * FINE_STRUCTURE * M / K
    gamow = 2 * np.pi * eta / np.expm1(2 * np.pi * eta)
    one, two = (correlation_function([], K, spin=s, **options) for s in (None, 0))
    np.testing.assert_allclose(one, gamow, rtol=2e-5, atol=1e-12)
    np.testing.assert_allclose(two, 2 * gamow, rtol=2e-5, atol=1e-12)


@pytest.mark.parametrize("Z", [1e-9, -1e-9])
def test_little_charge_is_no_charge(Z):
    states, options = [(0.25, Separable(-0.017, 1.0)), (1.0, WELL, 1)], {"reduced_mass": M}
    options["source"] = GaussianSource(1.5)
    neutral = correlation_function(states, K, spin=0.5, **options)
    charged = correlation_function(states, K, spin=0.5, charge_product=Z, **options)
    np.testing.assert_allclose(charged, neutral, atol=1e-7)


WELL = GaussianSum([-0.4], [0.5])


def integrated(V, m, Z, k, l, end):
    """ψ(r) inside `end` by solve_ivp, and the phase shift, with mpmath's Coulomb functions."""

    def slopes(r, y):
        pull = 2 * m * (V(r) + Z * FINE_STRUCTURE / r) + l * (l + 1) / r**2 - k**2
        return [y[1], pull * y[0]]

    start = 1e-4
    kappa = Z * FINE_STRUCTURE * m / (l + 1)
    first = [start * (1 + kappa * start), l + 1 + (l + 2) * kappa * start]
    inside = solve_ivp(
        slopes, (start, end), first, rtol=1e-11, atol=1e-14, method="DOP853", dense_output=True
    )
    eta, rho = Z * FINE_STRUCTURE * m / k, k * end
    F, G = (float(f(l, eta, rho)) for f in (mpmath.coulombf, mpmath.coulombg))
    dF, dG = (
        float(mpmath.diff(lambda x, f=f: f(l, eta, x), rho))
        for f in (mpmath.coulombf, mpmath.coulombg)
    )
    u, du = inside.y[0, -1], inside.y[1, -1] / k
    alpha, beta = du * G - u * dG, u * dF - du * F
    size = np.hypot(alpha, beta)
    return lambda r: inside.sol(r)[0] / size / (k * r), np.arctan2(beta, alpha)


def change(psi, k, Z, m, l, source, end):
    """∫ 4πr² S (ψ² − (F/ρ)²) dr."""
    r, w = gauss(1e-4, end, 60)
    eta = Z * FINE_STRUCTURE * m / k
    F = np.array([float(mpmath.coulombf(l, eta, k * x)) for x in r]) / (k * r)
    return np.sum(w * 4 * np.pi * r**2 * source(r) * (psi(r) ** 2 - F**2))


def pure(k, Z, m, source, exchange):
    """The Coulomb wave alone: ∫ over r and cos θ of mpmath's wave."""
    r, w = gauss(0, 9.5 * source.R, 40)
    x, v = gauss(-1, 1, 24)
    eta, total = Z * FINE_STRUCTURE * m / k, 0.0
    for one, weight in zip(r, w * 4 * np.pi * r**2 * source(r), strict=True):
        wave = np.array([coulomb_wave(eta, k * one, cosine) for cosine in x])
        both = np.abs(wave) ** 2 + exchange * (wave * wave[::-1].conj()).real
        total += weight * (v @ both / 2)
    return total


def test_two_protons():
    """AV18 in ¹S₀, ³P₀ and ³P₁ with the Coulomb force of points."""
    source, k = GaussianSource(1.3), from_mev(np.array([10.0, 60.0]))
    waves = [(1 / 4, "1S0", 0), (1 / 4, "3P0", 1), (3 / 4, "3P1", 1)]
    states = [(w, av18(name, "pp"), l) for w, name, l in waves]
    m = states[0][1].reduced_mass
    C = correlation_function(states, k, reduced_mass=m, source=source, spin=0.5, charge_product=1)
    for momentum, value in zip(k, C, strict=True):
        expected = pure(momentum, 1, m, source, -1 / 2)
        for weight, V, l in states:
            psi, _ = integrated(lambda r, V=V: float(V(r)), m, 1, momentum, l, 30.0)
            expected += 2 * weight * change(psi, momentum, 1, m, l, source, 13.0)
        assert value == pytest.approx(expected, abs=1e-5)
    assert C[0] > 2  # the ¹S₀ attracts


@pytest.mark.parametrize("Z", [-1, 2])
def test_any_charge(Z):
    """An attraction and a repulsion of two hadrons, S and P wave."""
    source, k = GaussianSource(1.1), 0.15
    states = [(1.0, WELL, 0), (3.0, WELL, 1)]
    C = correlation_function(states, k, reduced_mass=M, source=source, charge_product=Z)
    expected = pure(k, Z, M, source, 0.0)
    for weight, V, l in states:
        psi, _ = integrated(lambda r, V=V: float(V(r)), M, Z, k, l, 11.0)
        expected += weight * change(psi, k, Z, M, l, source, 11.0)
    assert float(C) == pytest.approx(expected, abs=2e-7)


@pytest.mark.parametrize(("Z", "l"), [(1, 0), (-3, 1), (30, 2)])
def test_charged_wave_functions(Z, l):
    """Inside and outside the channel radius, against direct integration to r = 25."""
    options = {"reduced_mass": M, "charge_product": Z, "l": l}
    waves = scattering_wave_functions(WELL, K[1:], **options)
    r = np.array([0.2, 1.0, 4.0, 9.0, 24.0])
    assert waves.mesh.radius < 9.0
    for k, ours, delta in zip(K[1:], waves(r), waves.phase_shift, strict=True):
        psi, exact = integrated(lambda r: float(WELL(r)), M, Z, k, l, 25.0)
        np.testing.assert_allclose(np.abs(ours), np.abs(psi(r)), atol=1e-8)
        assert np.sin(delta - exact) == pytest.approx(0, abs=1e-7)
    phases = coulomb_phase_shift(WELL, K[1:], **options)
    np.testing.assert_allclose(waves.phase_shift, phases, atol=1e-9)


def test_deep_below_the_barrier_the_wave_vanishes():
    """2πη = 2750: the amplitude is not even a denormal number, and nothing overflows."""
    waves = scattering_wave_functions(WELL, 1e-3, reduced_mass=M, charge_product=25)
    np.testing.assert_array_equal(waves([1.0, 50.0]), 0.0)
    density = pair_waves(WELL, 1e-3, reduced_mass=M, charge_product=25)([1.0])
    np.testing.assert_array_equal(density, 0.0)


def test_dipoles_weaken_the_repulsion():
    options = {"reduced_mass": M, "charge_product": 20}
    one, two = (
        scattering_wave_functions(
            Interaction(), 0.3, channel_radius=30.0, dipole_radius=d, **options
        )
        for d in (None, 2.0)
    )
    assert np.abs(two(0.1)[0]) > 1.2 * np.abs(one(0.1)[0])
    r, start = 20.0, 1e-3

    def slopes(r, y):
        V = coulomb_potential(r, charge_product=20, dipole_radius=2.0)
        return [y[1], (2 * M * V - 0.09) * y[0]]

    inside = solve_ivp(slopes, (start, r), [start, 1], rtol=1e-11, atol=1e-14, method="DOP853",
                       t_eval=[1.0, 5.0, 20.0])  # fmt: skip
    ratio = two([1.0, 5.0, 20.0])[0] * [1.0, 5.0, 20.0] / inside.y[0]
    np.testing.assert_allclose(ratio / ratio[0], 1, atol=1e-7)


def test_given_waves_replace_the_interaction():
    """A table of waves, or the waves solved before, for charged pairs too."""
    options = {"reduced_mass": M, "charge_product": -1}
    source, r = GaussianSource(1.2), np.linspace(0.0, 14.0, 700)
    exact = correlation_function(WELL, K, source=source, **options)
    waves = scattering_wave_functions(WELL, K, **options)
    assert correlation_function(waves, K, source=source, **options) == pytest.approx(
        exact, abs=1e-12
    )
    table = TabulatedWaves(waves(r) * np.exp(0.3j), r, K)
    assert correlation_function(table, K, source=source, **options) == pytest.approx(
        exact, abs=1e-7
    )


def test_given_waves_of_other_charges_are_refused():
    waves = scattering_wave_functions(WELL, K, reduced_mass=M, charge_product=-1)
    r, source = np.linspace(0.0, 14.0, 700), GaussianSource(1.2)
    for Z in (None, 1, -2):
        with pytest.raises(ValueError, match="charge_product must be that of the given waves"):
            correlation_function(waves, K, source=source, reduced_mass=M, charge_product=Z)
    for psi in (waves(r) * K[:, None], 1.2 * waves(r)):
        table = TabulatedWaves(psi, r, K)
        with pytest.raises(ValueError, match=r"psi must be normalised to .* got an amplitude of"):
            correlation_function(table, K, source=source, reduced_mass=M, charge_product=-1)
    with pytest.raises(TypeError, match="charge_product must be a number without coupled"):
        correlation_function(WELL, K, source=source, reduced_mass=M, charge_product=(-1, None))


def test_waves_are_solved_once_for_many_sources():
    options = {"reduced_mass": M, "charge_product": 1, "spin": 0.5}
    waves = pair_waves([(0.25, WELL)], K, **options)
    for R in (0.8, 2.5):
        again = correlation_function([(0.25, WELL)], K, source=GaussianSource(R), **options)
        np.testing.assert_array_equal(waves.correlation(GaussianSource(R)), again)
    r, w = gauss(0, 20, 120)
    average = waves(r)[0] @ (w * 4 * np.pi * r**2 * GaussianSource(0.8)(r))
    np.testing.assert_allclose(average, waves.correlation(GaussianSource(0.8)), atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"charge_product": 0}, "charge_product must be a number other than 0"),
        ({"dipole_radius": 1.0}, "dipole_radius must have a charge_product with it"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    given = {"reduced_mass": M, "source": GaussianSource(1.0)} | arguments
    for states in (WELL, []):
        with pytest.raises(ValueError, match=message):
            correlation_function(states, 0.1, **given)


def test_a_wide_source_of_charged_pairs():
    """A source with a tail r^−4: the density 1 − η/ρ … is followed to its end."""

    def cauchy(r, R=2.0):
        return R / (np.pi**2 * (r**2 + R**2) ** 2)

    C = correlation_function([], 0.2, reduced_mass=M, charge_product=1, source=cauchy)
    r, w = (
        np.concatenate(x) for x in zip(*(gauss(a, b, 60) for a, b in pieces(3000.0)), strict=True)
    )
    weight = w * 4 * np.pi * r**2 * cauchy(r)
    eta = FINE_STRUCTURE * M / 0.2
    density = coulomb_density(eta, 0.2 * r)
    # beyond: 1 − η/ρ
    beyond = 4 * 2.0 / np.pi * (1 / 3000.0 - eta / 0.2 / (2 * 3000.0**2))
    assert float(C) == pytest.approx(weight @ density + beyond, abs=1e-6)


def pieces(end):
    edges = np.append(np.arange(0, 60, 15.0), np.linspace(60, end, 60))
    return pairwise(edges)


def test_charges_that_overlap_are_warned_of():
    with pytest.warns(AccuracyWarning, match="the charge distributions overlap"):
        scattering_wave_functions(
            Interaction(),
            0.2,
            reduced_mass=M,
            charge_product=4,
            dipole_radius=3.0,
            channel_radius=3.0,
        )
