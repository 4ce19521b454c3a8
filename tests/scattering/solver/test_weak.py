"""Phases and lengths that are tiny, and still right: Born's approximation and closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import spherical_jn

from halkit.interactions import GaussianSum, Interaction, Local, NonLocal, Separable
from halkit.scattering import DerivativeExpansion, effective_range, phase_shift, scattering_length
from halkit.scattering.solver.mesh import hamiltonian, lagrange_mesh
from halkit.scattering.solver.rmatrix import phase_shifts
from halkit.scattering.solver.weak import low_energy, small_phases, with_power_tail

K = np.array([0.01, 0.1, 0.5, 1.0, 2.0, 4.0])
SHAPES = {
    "gauss": (lambda r: -np.exp(-0.2 * r**2), 1.0),
    "yukawa": (lambda r: np.exp(-r) / r, 2.0),
    "exponential": (lambda r: -np.exp(-r), 0.5),
    "both signs": (lambda r: (1 - r) * np.exp(-r), 1.0),
}


def born(f, k, m, l):
    def integrand(r):
        return f(r) * (r * spherical_jn(l, k * r)) ** 2

    return -2 * m * k * quad(integrand, 0, 45, epsabs=0, epsrel=1e-10, limit=400)[0]


@pytest.mark.parametrize("l", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_born(shape, l):
    """λV: relative to Born's approximation, wherever δ ≥ 1e-9 and far below."""
    f, m = SHAPES[shape]
    exact = np.array([born(f, k, m, l) for k in K])
    for scale in (1e-7, 1e-9, 1e-12):
        delta = phase_shift(Local(lambda r, s=scale: s * f(r)), K, reduced_mass=m, l=l)
        np.testing.assert_allclose(delta, scale * exact, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1e-6, 1e-9, 1e-12])
def test_separable(scale):
    U = Separable(-0.3 * scale, 1.0)
    delta = phase_shift(U, K, reduced_mass=1.0)
    np.testing.assert_allclose(delta, U.phase_shift(K, reduced_mass=1.0), rtol=2e-4)
    a0, r_eff = (f(U, reduced_mass=1.0) for f in (scattering_length, effective_range))
    assert a0 == pytest.approx(U.scattering_length(reduced_mass=1.0), rel=1e-8)
    assert r_eff == pytest.approx(U.effective_range(reduced_mass=1.0), rel=1e-7)


def test_a_lopsided_kernel():
    scale = 1e-8
    U = NonLocal(lambda r, s: -scale * np.exp(-r - 1.5 * s))
    left, right = 2 * K / (1 + K**2) ** 2, 3 * K / (1.5**2 + K**2) ** 2
    exact = 8 * np.pi / K * scale * left * right
    np.testing.assert_allclose(phase_shift(U, K, reduced_mass=1.0), exact, rtol=1e-6)


@pytest.mark.parametrize("depth", [1e-3, 1e-6, 1e-9])
def test_well_at_zero_energy(depth):
    """a0 = R (1 − tan q/q), a0² r_eff → 2q²R³/15, as series in q = R √(2mV)."""
    R, q2 = 1.5, 1.5**2 * 2 * depth
    a0 = -R * (q2 / 3 + 2 * q2**2 / 15 + 17 * q2**3 / 315 + 62 * q2**4 / 2835)
    well = Local(lambda r: -depth + 0 * r, radius=R)
    assert scattering_length(well, reduced_mass=1.0) == pytest.approx(a0, rel=1e-9)
    r_eff = effective_range(well, reduced_mass=1.0)
    assert r_eff * a0**2 == pytest.approx(2 * q2 * R**3 / 15, rel=2 * q2 + 1e-8)


def test_core_and_weak_well():
    """A hard core of c = 1e-6: −kc, and what the well adds."""
    V = Local(lambda r: np.where(r < 1e-6, np.inf, 0.0)) + GaussianSum([-1e-9], [0.2])
    exact = np.array([-k * 1e-6 + 1e-9 * born(SHAPES["gauss"][0], k, 1.0, 0) for k in K])
    np.testing.assert_allclose(phase_shift(V, K, reduced_mass=1.0), exact, rtol=1e-5)


@pytest.mark.parametrize(("core", "width"), [(0.3, 1.1), (1.0, 0.5), (1e-3, 1e-3), (50.0, 80.0)])
@pytest.mark.parametrize("q", [0.4, 1.3])
def test_core_and_well_at_zero_energy(core, width, q):
    """u = sin q(r − c) up to b = c + w: a0 = b − tan(qw)/q, r_eff = 2 ∫ [(1 − r/a0)² − u²] dr."""
    q, b = q / width, core + width
    V = Local(lambda r: np.where(r < core, np.inf, -(q**2) / 2), radius=b)
    a0, r_eff = (f(V, reduced_mass=1.0) for f in (scattering_length, effective_range))
    exact = b - np.tan(q * width) / q
    outside = (1 - (1 - b / exact) ** 3) * exact / 3
    inside = ((1 - b / exact) / np.sin(q * width)) ** 2 * (
        width / 2 - np.sin(2 * q * width) / 4 / q
    )
    assert a0 == pytest.approx(exact, rel=1e-9)
    assert r_eff == pytest.approx(2 * (outside - inside), rel=1e-8, abs=1e-8 * b**3 / exact**2)


@pytest.mark.parametrize(
    ("strength", "n", "l", "atol"), [(3.0, 6, 0, 1e-4), (2.0, 7, 0, 3e-6), (2.0, 9, 1, 3e-6)]
)
def test_a_tail_makes_up_for_a_cut(strength, n, l, atol):
    """Cut at 20 or at 60, a0 and r_eff are the same once the first order of the tail is added."""

    def V(r):
        return -np.exp(-(r**2) / 4) + strength * (1 + r**2) ** (-n / 2)

    def lengths(R):
        cut = Local(V, radius=R)
        a0, r_eff = (f(cut, reduced_mass=1.0, l=l) for f in (scattering_length, effective_range))
        return with_power_tail(a0, r_eff, V(R), n, reduced_mass=1.0, radius=R, l=l)

    (near, near_range), (far, far_range) = lengths(20.0), lengths(60.0)
    assert near == pytest.approx(far, abs=atol / 50)
    assert near_range == pytest.approx(far_range, abs=atol)


@pytest.mark.parametrize("l", [0, 1, 3])
def test_both_ways_agree_where_neither_is_bad(l):
    H = hamiltonian(GaussianSum([-3.0], [0.5]), lagrange_mesh(9.0, 60), reduced_mass=1.0, l=l)
    for some in (K[2:], np.linspace(0.5, 3, 20)):  # equations, and levels
        np.testing.assert_allclose(
            np.sin(small_phases(H, some) - phase_shifts(H, some)), 0, atol=1e-9
        )
        np.testing.assert_allclose(
            np.sin(small_phases(H._replace(symmetric=False), some) - phase_shifts(H, some)),
            0,
            atol=1e-9,
        )


def test_zero_energy_with_a_v2_is_the_limit_of_phases():
    V = DerivativeExpansion(GaussianSum([-0.5], [1.0]), lambda r: -0.1 * np.exp(-(r**2)))
    a0, r_eff = (f(V, reduced_mass=1.0) for f in (scattering_length, effective_range))
    k = np.array([0.01, 0.02])
    cot = k / np.tan(phase_shift(V, k, reduced_mass=1.0))
    np.testing.assert_allclose(cot, -1 / a0 + r_eff * k**2 / 2, rtol=1e-5)


def test_nothing_is_nothing():
    assert np.all(phase_shift(Interaction(), K, reduced_mass=1.0, channel_radius=5.0) == 0)
    H = hamiltonian(Interaction(), lagrange_mesh(5.0, 30), reduced_mass=1.0)
    assert low_energy(H) == (0.0, np.inf)
