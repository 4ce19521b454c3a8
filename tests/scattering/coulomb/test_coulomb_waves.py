"""Coulomb functions against mpmath, and the solutions at zero energy against their limits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halkit.scattering import coulomb_functions
from halkit.scattering.coulomb.waves import (
    coulomb_surface,
    regular_coulomb,
    threshold_functions,
)
from halkit.scattering.solver.rmatrix import riccati_bessel, surface_functions


@pytest.mark.parametrize("l", [0, 1, 4])
@pytest.mark.parametrize("eta", [-8.0, -0.3, 1e-4, 0.5, 3.0, 20.0, 60.0])
@pytest.mark.parametrize("rho", [1e-3, 0.4, 5.0, 12.0, 40.0, 150.0])
def test_against_mpmath(l, eta, rho):
    """F to 1e-11 of itself below the barrier, else of the amplitude."""
    F, _, G, _ = coulomb_functions(l, eta, rho)
    with mpmath.workdps(20):
        F_exact, G_exact = mpmath.coulombf(l, eta, rho), mpmath.coulombg(l, eta, rho)
        amplitude = mpmath.sqrt(F_exact**2 + G_exact**2)
        scale = abs(F_exact) if abs(F_exact) < 0.01 * abs(G_exact) else amplitude
        assert abs(F_exact - F) < 1e-11 * scale
        assert abs(G_exact - G) < 1e-11 * amplitude


@pytest.mark.parametrize("l", [0, 1, 5])
@pytest.mark.parametrize("eta", [-5.0, -0.3, 0.0, 0.5, 4.0])
@pytest.mark.parametrize("rho", [300.0, 4e3, 3e5])
def test_far_out(l, eta, rho):
    F, dF, G, dG = coulomb_functions(l, eta, rho)
    with mpmath.workdps(20):
        exact = mpmath.coulombf(l, eta, rho), mpmath.coulombg(l, eta, rho)
    np.testing.assert_allclose([F, G], [float(x) for x in exact], atol=1e-14 + 3e-16 * rho)
    assert dF * G - F * dG == pytest.approx(1, rel=1e-13)


@pytest.mark.parametrize("l", [0, 1, 5])
@pytest.mark.parametrize("eta", [-30.0, -0.3, 0.0, 0.5, 40.0])
def test_regular_function_next_to_the_origin(l, eta):
    """Where the power series ends it meets the other methods."""
    rho = np.array([1e-3, 0.05, 0.4, 2.4, 2.6, 30.0])
    F, slope = regular_coulomb(l, eta, rho)
    for x, *ours in zip(rho, F, slope, strict=True):
        exact = mpmath.coulombf(l, eta, x), mpmath.diff(lambda t: mpmath.coulombf(l, eta, t), x)
        size = max(abs(exact[0]), abs(exact[1]))
        assert max(abs(a - b) for a, b in zip(ours, exact, strict=True)) < 1e-10 * size


@given(
    l=st.integers(0, 5),
    eta=st.floats(-20, 40).filter(lambda x: abs(x) > 1e-9),
    rho=st.floats(0.02, 100),
)
@settings(max_examples=60, deadline=None)
def test_wronskian_and_equation(l, eta, rho):
    F, dF, G, dG = coulomb_functions(l, eta, rho)
    assert dF * G - F * dG == pytest.approx(1, rel=1e-9)
    h = 1e-4 * min(rho, 1, rho / (abs(eta) + l + 1))
    beside = coulomb_functions(l, eta, rho + h * np.array([-1, 1]))
    pull = 2 * eta / rho + l * (l + 1) / rho**2 - 1
    slope = (beside.G_prime[1] - beside.G_prime[0]) / (2 * h)
    scale = abs(G) * (abs(pull) + 1) + abs(dG)
    assert slope == pytest.approx(pull * G, abs=1e-6 * scale)
    first = (beside.F[1] - beside.F[0]) / (2 * h)
    assert first == pytest.approx(dF, abs=1e-6 * (abs(dF) + abs(F)))


@pytest.mark.parametrize("l", range(4))
def test_without_charge(l):
    rho = np.geomspace(0.01, 200, 40)
    for ours, free in zip(coulomb_functions(l, 0.0, rho), riccati_bessel(l, rho), strict=True):
        np.testing.assert_allclose(ours, free, rtol=1e-10, atol=1e-11)
    phi, p, log_A = coulomb_surface(l, np.zeros_like(rho), rho)
    expected, penetration, shift = surface_functions(l, rho)
    np.testing.assert_allclose(phi, expected, atol=1e-11)
    np.testing.assert_allclose(rho * np.exp(-2 * log_A), penetration, rtol=1e-10)
    np.testing.assert_allclose(rho * p, shift, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("l", [0, 2])
@pytest.mark.parametrize("eta", [-5.0, 0.7, 15.0])
def test_phase_is_continuous(l, eta):
    """φ' = 1/A², and φ → ρ − η ln 2ρ − lπ/2 + arg Γ(l + 1 + iη)."""
    rho = np.linspace(0.5, 80, 4000)
    phi, _, log_A = coulomb_surface(l, np.full_like(rho, eta), rho)
    slope = np.gradient(phi, rho)
    np.testing.assert_allclose(slope[2:-2], np.exp(-2 * log_A)[2:-2], atol=6e-3)
    far = np.array([8e3])
    phi, _, _ = coulomb_surface(l, np.array([eta]), far)
    sigma = float(mpmath.arg(mpmath.gamma(l + 1 + 1j * eta)))
    theta = far - eta * np.log(2 * far) - l * np.pi / 2 + sigma
    assert np.sin(phi - theta) == pytest.approx(0, abs=0.02)


def test_deep_below_the_barrier():
    for eta in (500.0, 999.0, 1001.0, 1e6):
        F, _, G, _ = coulomb_functions(0, eta, 1.0)
        assert F == 0
        assert np.isposinf(G)
        phi, p, _ = coulomb_surface(0, np.array([eta]), np.array([1.0]))
        assert phi == 0
        assert p == pytest.approx(-np.sqrt(2 * eta - 1) + 0.25, rel=1e-3)


@pytest.mark.parametrize(("kappa", "r"), [(0.35, 4.0), (0.0173, 20.0), (2.0, 1.0)])
def test_zero_energy(kappa, r):
    """f = r I1(x)/(x/2), g = x K1(x), x = √(8κr); the slopes by differences at small k²."""
    zero, slope = threshold_functions(kappa, r)
    x = np.sqrt(8 * kappa * r)
    f, g = (float(part) for part in (mpmath.besseli(1, x) * 2 * r / x, x * mpmath.besselk(1, x)))
    assert zero[0] == pytest.approx(f, rel=1e-12)
    assert zero[2] == pytest.approx(g, rel=1e-9)
    assert zero[0] * zero[3] - zero[1] * zero[2] == pytest.approx(-1, abs=1e-9)

    def analytic(k2):
        with mpmath.workdps(40):
            k = mpmath.sqrt(k2)
            eta = kappa / k
            C = mpmath.sqrt(2 * mpmath.pi * eta / mpmath.expm1(2 * mpmath.pi * eta))
            h = mpmath.re(mpmath.digamma(1j * eta)) - mpmath.log(eta)
            f = mpmath.coulombf(0, eta, k * r) / (C * k)
            return f, C * mpmath.coulombg(0, eta, k * r) - 2 * kappa * h * f

    step = mpmath.mpf(1e-3) * kappa**2
    one, two, three = (analytic(n * step) for n in (1, 2, 3))
    for i, expected in enumerate((slope[0], slope[2])):
        difference = (-5 * one[i] + 8 * two[i] - 3 * three[i]) / (2 * step)
        assert float(difference) == pytest.approx(expected, rel=3e-5)


def test_attraction_at_zero_energy():
    """f = r J1(x)/(x/2), x = √(−8κr)."""
    zero, _ = threshold_functions(-0.2, 5.0)
    x = np.sqrt(8 * 0.2 * 5.0)
    assert zero[0] == pytest.approx(float(mpmath.besselj(1, x)) * 10 / x, rel=1e-12)
    assert zero[2] == pytest.approx(float(-mpmath.pi * x / 2 * mpmath.bessely(1, x)), rel=1e-11)


def test_shapes_and_refusals():
    waves = coulomb_functions(0, np.array([[0.1], [0.2]]), np.array([1.0, 2.0, 3.0]))
    assert waves.G.shape == (2, 3)
    with pytest.raises(ValueError, match="rho must be positive, got 0"):
        coulomb_functions(0, 1.0, 0.0)
    with pytest.raises(ValueError, match="rho must be at most about 20000, got 1e\\+06"):
        coulomb_functions(0, 1e3, 1e6)
    with pytest.raises(ValueError, match="rho must be at most 1e\\+08, got 1e\\+09"):
        coulomb_functions(0, 1.0, 1e9)
    with pytest.raises(ValueError, match="l must be an integer"):
        coulomb_functions(-1, 1.0, 1.0)
    with pytest.raises(ValueError, match="eta must be finite"):
        coulomb_functions(0, np.nan, 1.0)
