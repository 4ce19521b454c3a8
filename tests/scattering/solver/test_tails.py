"""Long tails: direct integration far out, Born's approximation, and where no length exists."""

import functools

import numpy as np
import pytest
from scipy.integrate import quad, quad_vec, solve_ivp
from scipy.special import spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, Separable, Yukawa, av18
from halkit.scattering import effective_range, phase_shift, scattering_length
from halkit.scattering.solver.interior import open_interior
from halkit.scattering.solver.tails import LEAST_POWER, add_tail, bessel_waves, power_law

K = np.array([1e-3, 0.1, 1.0])
POWERS = (2.5, 3, 4, 6)
STRENGTHS = {0: -1.0, 1: 3.0, 2: -2.0}


def power(strength, n):
    return Local(lambda r: strength / (1 + r**2) ** (n / 2))


def free(l, x):
    """F, F', G, G' of Riccati and Bessel."""
    j, y = spherical_jn(l, x), spherical_yn(l, x)
    dj, dy = spherical_jn(l, x, derivative=True), spherical_yn(l, x, derivative=True)
    return x * j, j + x * dj, -x * y, -y - x * dy


@functools.cache
def direct(l, m=0.5, far=600.0):
    """δ modulo π for all n and K[1:], in log kr up to 600, and the mean of what is beyond."""
    powers, k = (part.ravel() for part in np.meshgrid(POWERS, K[1:], indexing="ij"))

    def V(r):
        return STRENGTHS[l] / (1 + r**2) ** (powers / 2)

    def slopes(t, y):
        (u, du), r = np.split(y, 2), np.exp(t) / k
        return [*du, *(du + (2 * m * V(r) * r**2 + l * (l + 1) - (k * r) ** 2) * u)]

    first = np.repeat([1.0, l + 1.0], len(k))
    y = solve_ivp(
        slopes, (np.log(1e-4), np.log(far)), first, rtol=1e-11, atol=0, method="DOP853"
    ).y[:, -1]
    u, du = np.split(y, 2) / np.array([[1.0], [far]])
    F, dF, G, dG = free(l, far)
    beyond = quad_vec(lambda t: V(np.exp(t) / k) * np.exp(t) / k, np.log(far), np.log(far) + 30,
                      epsabs=1e-14)[0]  # fmt: skip
    delta = np.arctan2(u * dF - du * F, du * G - u * dG) - m / k * beyond
    return dict(zip(POWERS, delta.reshape(len(POWERS), -1), strict=True))


def born(V, k, l, m=0.5):
    edges = np.array([0, *np.geomspace(1e-3, 1, 5), *np.linspace(1, 300, 150)[1:]]) / k
    edges = np.unique([*edges, *np.geomspace(0.1, 10, 5)])  # V changes near 1, whatever k is
    x, w = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, None] / 2
    r = edges[:-1, None] + half * (x + 1)
    inner = np.sum(half * w * V(r) * (r * spherical_jn(l, k * r)) ** 2)
    far = np.log(edges[-1])
    outer = quad(lambda t: V(np.exp(t)) * np.exp(t), far, far + 30, epsabs=0)[0] / (2 * k**2)
    return -2 * m * k * (inner + outer)


@pytest.mark.parametrize("n", POWERS)
@pytest.mark.parametrize("l", STRENGTHS)
def test_phase_shift(n, l):
    delta = phase_shift(power(STRENGTHS[l], n), K[1:], reduced_mass=0.5, l=l)
    np.testing.assert_allclose(np.sin(delta - direct(l)[n]), 0, atol=3e-7)


@pytest.mark.parametrize("n", [2.5, 3, 3.7, 4, 6])
@pytest.mark.parametrize("l", [0, 1, 2])
def test_weak_tail(n, l):
    V = power(-1e-7, n)
    exact = [born(V.local_potential, k, l) for k in K]
    np.testing.assert_allclose(phase_shift(V, K, reduced_mass=0.5, l=l), exact, rtol=1e-4)


def test_a_tail_that_is_all_of_a_small_phase():
    """−1/(1+r²)², l = 2: nearly all of δ comes from r ≈ 1/k, where V = −1/r⁴."""
    delta = phase_shift(power(-1.0, 4), 1e-3, reduced_mass=0.5, l=2)
    # −2mk ∫ (r j_2)² r⁻⁴ dr = k² π/105 for a pure 1/r⁴
    assert delta == pytest.approx(np.pi / 105 * 1e-6, rel=2e-3)
    assert np.degrees(delta) == pytest.approx(1.71e-6, rel=3e-3)


def test_av18_with_its_magnetic_tail():
    """The mesh to 142 fm cuts 9e-5 degrees off; one to 3000 fm a twentieth of it."""
    V = av18("3P0", electromagnetic=True)
    k = 0.1098
    delta = phase_shift(V, k, reduced_mass=V.reduced_mass, l=1)
    cut = Local(V.local_potential, radius=3000.0)
    wide = phase_shift(cut, k, reduced_mass=V.reduced_mass, l=1)
    near = phase_shift(Local(V.local_potential, radius=142.0), k, reduced_mass=V.reduced_mass, l=1)
    assert np.degrees(delta - wide) == pytest.approx(0, abs=2e-6)
    assert np.degrees(delta - near) == pytest.approx(9e-5, abs=1e-5)


def test_the_channel_radius_hardly_matters():
    V = power(-1.0, 3)
    delta = phase_shift(V, K, reduced_mass=0.5)
    for radius in (8.0, 20.0, 60.0):
        other = phase_shift(V, K, reduced_mass=0.5, channel_radius=radius)
        np.testing.assert_allclose(other, delta, rtol=1e-6)


def test_a_tail_and_a_kernel():
    V = power(-0.3, 3) + Separable(-0.02, 1.0)
    delta = phase_shift(V, K, reduced_mass=0.5)
    other = phase_shift(V, K, reduced_mass=0.5, channel_radius=60.0)
    np.testing.assert_allclose(delta, other, rtol=1e-6)
    assert open_interior(V, reduced_mass=0.5, least_power=LEAST_POWER).radius > 15  # U is over


@pytest.mark.parametrize(("n", "rel"), [(3.5, 2e-5), (4, 1e-6), (5, 1e-8), (6, 1e-8)])
@pytest.mark.parametrize("strength", [-1.0, 3.0])
def test_scattering_length(n, rel, strength):
    """u(r) to 1e4 and the first order of what is beyond."""
    V, R = power(strength, n), 1e4
    y = solve_ivp(
        lambda t, y: [np.exp(t) * y[1], np.exp(t) * V.local_potential(np.exp(t)) * y[0]],
        (np.log(1e-6), np.log(R)), [1e-6, 1], rtol=1e-12, atol=1e-30, method="DOP853",
    ).y[:, -1]  # fmt: skip
    a0 = R - y[0] / y[1]
    beyond = strength * (R ** (3 - n) / (n - 3) - 2 * a0 * R ** (2 - n) / (n - 2))
    assert scattering_length(V, reduced_mass=0.5) == pytest.approx(a0 + beyond, rel=rel)


@pytest.mark.parametrize("n", [6, 8])
@pytest.mark.parametrize("strength", [-1.0, 3.0])
def test_effective_range_is_the_slope_of_the_phases(n, strength):
    V, k = power(strength, n), 2e-3
    a0, r_eff = (f(V, reduced_mass=0.5) for f in (scattering_length, effective_range))
    slope = (k / np.tan(phase_shift(V, k, reduced_mass=0.5)) + 1 / a0) * 2 / k**2
    # the next term is of the order k³ for r⁻⁶
    assert slope == pytest.approx(r_eff, rel=6e-3 if n == 6 else 1e-4)


def test_lengths_that_do_not_exist_are_named():
    for n in (2.5, 3):
        with pytest.raises(ValueError, match=rf"falls like r\^-{n}: it has no scattering length"):
            scattering_length(power(-1.0, n), reduced_mass=0.5)
    for n in (3, 4, 5):
        with pytest.raises(ValueError, match=rf"falls like r\^-{n}: it has no effective range"):
            effective_range(power(-1.0, n), reduced_mass=0.5)


def test_what_is_no_power_stays_as_it_was():
    fine = np.geomspace(1e-3, 1e4, 953)
    for V in (Yukawa(1.0, 1.0), Yukawa(1.0, 1e-2), GaussianSum([1.0], [1e-6])):
        assert power_law(fine, V.local_potential(fine), 8) is None
        assert open_interior(V, reduced_mass=1.0, least_power=LEAST_POWER).power is None
    assert power_law(fine, np.sin(fine) / fine**3, 8) is None
    assert power_law(fine, 1 / fine, 8) is None
    start, n = power_law(fine, -1 / (1 + fine**2) ** 2, 8)
    assert 1 < start < 10
    assert n == pytest.approx(4, abs=1e-6)
    with pytest.raises(ValueError, match="has not decayed"):
        phase_shift(Local(lambda r: 1 / (1 + r)), 0.5, reduced_mass=1.0)
    with pytest.warns(AccuracyWarning, match="not decayed at the channel radius"):
        phase_shift(Local(lambda r: 1 / (1 + r)), 0.5, reduced_mass=1.0, channel_radius=9.0)


@pytest.mark.parametrize("l", [0, 1, 2])
def test_the_tail_of_a_well_is_its_phase_outside(l):
    """An exponential beyond a: δ(∞) from δ(a) is that of the whole."""
    V, m, k, a = GaussianSum([-2.0], [0.3]), 1.0, np.array([0.05, 0.4, 3.0]), 1.5
    inside = phase_shift(Local(V.local_potential, radius=a), k, reduced_mass=m, l=l)
    whole = add_tail(
        V.local_potential, k, inside, [bessel_waves(l)] * k.size, reduced_mass=m, radius=a
    )
    np.testing.assert_allclose(np.sin(whole - phase_shift(V, k, reduced_mass=m, l=l)), 0, atol=1e-7)


@pytest.mark.parametrize("l", [0, 1, 2])
def test_the_tail_of_a_tail(l):
    """From kr = 50, or from there to 300 by the equation of δ(r) and then from 300."""

    def V(r):
        return -(r**-3.0)

    def slope(r, delta):
        F, _, G, _ = free(l, r)
        return -V(r) * (F * np.cos(delta) + G * np.sin(delta)) ** 2

    options = {"reduced_mass": 0.5}
    far = solve_ivp(slope, (50.0, 300.0), [0.2], rtol=1e-10, atol=1e-11, method="DOP853").y[:, -1]
    waves, k = [bessel_waves(l)], np.ones(1)
    near = add_tail(V, k, np.array([0.2]), waves, radius=50.0, **options)
    np.testing.assert_allclose(
        near, add_tail(V, k, far, waves, radius=300.0, **options), rtol=0, atol=8e-9
    )
