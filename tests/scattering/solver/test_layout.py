"""Jumps and singular cores: closed forms, direct integration, and what must not be found."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, NonLocal, PereyBuck, Separable, Yukawa
from halkit.scattering import (
    DerivativeExpansion,
    bound_states,
    bound_wave_functions,
    coupled_phase_shifts,
    effective_range,
    phase_shift,
    scattering_length,
    scattering_wave_functions,
    spherical_box_states,
)
from halkit.scattering.solver.interior import open_interior
from halkit.scattering.solver.layout import Layout, joined, profile
from halkit.scattering.solver.panels import Panels, panel_functions

K = np.array([0.05, 0.3, 1.0, 2.5, 6.0])


def free(l, q, r):
    """r j_l(qr), −r y_l(qr) and their derivatives, for real or imaginary q."""
    j, y = spherical_jn(l, q * r), spherical_yn(l, q * r)
    dj, dy = spherical_jn(l, q * r, derivative=True), spherical_yn(l, q * r, derivative=True)
    return r * j, j + q * r * dj, -r * y, -y - q * r * dy


def steps_phase(k, radii, values, *, m, l, core=0.0):
    """δ modulo π of V = values[i] up to radii[i], zero beyond: Bessel functions that join."""
    u, du, r = 0.0, 1.0, core
    for end, V in zip(radii, values, strict=True):
        q = np.sqrt(k**2 - 2 * m * V + 0j)
        if r == 0:
            u, du, _, _ = free(l, q, end)
        else:
            a, da, b, db = free(l, q, r)
            c, dc, d, dd = free(l, q, end)
            first, second = (
                (u * db - du * b) / (a * db - da * b),
                (a * du - da * u) / (a * db - da * b),
            )
            u, du = first * c + second * d, first * dc + second * dd
        r = end
    a, da, b, db = free(l, k, r)
    return np.arctan(np.real((a * du - da * u) / (u * db - du * b)))


def direct_phase(V, k, *, m, l, start, end):
    """δ modulo π by integration from u = 0 at start."""

    def slope(r, y):
        return [y[1], (2 * m * V(r) + l * (l + 1) / r**2 - k**2) * y[0]]

    y = solve_ivp(slope, (start, end), [0, 1], rtol=1e-11, atol=1e-30, method="DOP853").y
    u, du = y[:, -1]
    a, da, b, db = free(l, k, end)
    return np.arctan((a * du - da * u) / (u * db - du * b))


def assert_same_angles(found, expected, atol):
    np.testing.assert_allclose(np.sin(found - expected), 0, atol=atol)


def lennard_jones(cut=0.0):
    def V(r):
        x = np.maximum(r, cut)
        return 40 * (x**-12.0 - x**-6.0)

    return Local(V, radius=20.0)


# Jumps


def test_a_well_that_ends_inside_a_longer_tail():
    """−20 up to r = 1, and a Gaussian: integrated piece by piece."""
    V = Local(lambda r: -20 + 0 * r, radius=1.0) + GaussianSum([1.0], [0.1])

    def piece(depth, y, start, end):
        def slope(r, y):
            return [y[1], (np.exp(-0.1 * r**2) - depth - 4) * y[0]]

        return solve_ivp(slope, (start, end), y, rtol=1e-12, atol=1e-14).y[:, -1]

    u, du = piece(0.0, piece(20.0, [0, 1], 0.0, 1.0), 1.0, 16.0)
    direct = np.arctan2(2 * u, du) - 32
    assert_same_angles(phase_shift(V, 2.0, reduced_mass=0.5), direct, 1e-9)


@pytest.mark.parametrize("l", range(4))
@pytest.mark.parametrize("known", [True, False])
def test_two_steps(l, known):
    if known:
        V = Local(lambda r: -20 + 0 * r, radius=1.0) + Local(lambda r: 3 + 0 * r, radius=2.2)
    else:
        V = Local(lambda r: np.where(r < 1, -17.0, np.where(r < 2.2, 3.0, 0.0)))
    delta = phase_shift(V, K, reduced_mass=0.5, l=l)
    assert_same_angles(delta, steps_phase(K, [1.0, 2.2], [-17.0, 3.0], m=0.5, l=l), 1e-10)


@pytest.mark.parametrize(("n", "seed"), [(3, 0), (10, 1), (10, 2), (25, 3)])
def test_many_steps(n, seed):
    rng = np.random.default_rng(seed)
    radii, values = np.sort(rng.uniform(0.2, 6, n)), 4 * rng.normal(size=n)
    V = Local(lambda r: np.append(values, 0.0)[np.searchsorted(radii, r)])
    delta = phase_shift(V, K, reduced_mass=0.5)
    assert_same_angles(delta, steps_phase(K, radii, values, m=0.5, l=0), 5e-7)


@pytest.mark.filterwarnings("ignore:the result still changes")
def test_more_jumps_than_panels_are_warned_of():
    V = Local(lambda r: np.where(r < 6, np.floor(7 * r) % 2, 0.0))
    with pytest.warns(AccuracyWarning, match="more than 30 other radii"):
        phase_shift(V, 0.5, reduced_mass=0.5)


@pytest.mark.parametrize("radius", [1.0, 2.34, 5.0])
def test_a_kernel_that_ends_inside(radius):
    """By its own radius in a sum, or by a function that jumps; alone its mesh ends there."""

    def f(r, s):
        return -0.05 * np.exp(-r - s) * np.cos(r - s)

    cut = NonLocal(f, radius=radius)
    alone = phase_shift(cut, K, reduced_mass=1.0)
    together = phase_shift(cut + GaussianSum([0.0], [0.1]), K, reduced_mass=1.0)
    np.testing.assert_allclose(together, alone, atol=1e-8)
    jumps = NonLocal(lambda r, s: f(r, s) * ((r <= radius) & (s <= radius)))
    found = phase_shift(jumps, K, reduced_mass=1.0, channel_radius=25.0)
    np.testing.assert_allclose(found, alone, atol=1e-8)


def test_kernel_and_well_of_different_radii():
    """Against a mesh that is told of one edge only by being cut there twice."""
    U = NonLocal(lambda r, s: -0.05 * np.exp(-r - s), radius=3.1)
    V = Local(lambda r: -1 + 0 * r, radius=1.7)
    delta = phase_shift(U + V, K, reduced_mass=1.0)
    jump = Local(lambda r: np.where(r <= 1.7, -1.0, 0.0), radius=3.1)
    np.testing.assert_allclose(phase_shift(U + jump, K, reduced_mass=1.0), delta, atol=1e-9)


def test_a_jump_of_v2():
    """D = 1/2m − V2 in a sphere: u and u' join, with q² = k²/(1 − 2m V2) inside."""
    V2 = Local(lambda r: -0.4 + 0 * r, radius=1.5)
    V = DerivativeExpansion(GaussianSum([0.0], [0.2]), V2)
    q = K / np.sqrt(1.8)
    expected = np.arctan(K / q * np.tan(1.5 * q)) - 1.5 * K
    delta = phase_shift(V, K, reduced_mass=1.0, channel_radius=8.0)
    assert_same_angles(delta, expected, 1e-8)


def test_smooth_potentials_have_one_panel():
    for V in (Yukawa(2.0, 1.0), GaussianSum([-5.0, 80.0], [0.1, 9.0]), Separable(-0.02, 1.0),
              PereyBuck(0.36, 3.0, 0.65, 0.85)):  # fmt: skip
        assert open_interior(V, reduced_mass=2.0).layout.simple
        assert open_interior(V, reduced_mass=2.0).mesh(40).panels is None


def test_a_steep_slope_is_no_jump():
    V = Local(lambda r: -np.tanh((2 - r) / 1e-3) - 1)
    assert profile(V, 5.0, 0.5).jumps.size == 0
    jump = Local(lambda r: np.where(r < 2, -2.0, 0.0) + np.exp(-r))
    np.testing.assert_allclose(profile(jump, 5.0, 0.5).jumps, [2.0], rtol=1e-14)


def test_two_jumps_beside_each_other_are_told_apart():
    jumps = Local(lambda r: -2.0 * (r < 2) - 1.5 * (r < 2.0003) - 3.0 * (r < 2.0005))
    np.testing.assert_allclose(np.sort(profile(jumps, 5.0, 0.5).jumps), [2, 2.0003, 2.0005])


def test_a_well_takes_the_points_of_its_momentum():
    """A well of depth q²/2m asks for the points that a momentum q does where there is none."""
    q, m = 9.0, 2.0

    def points(depth, k):
        V = Local(lambda r: -depth + 0 * r, radius=1.0) + Local(lambda r: 1e-9 * r, radius=4.0)
        return open_interior(V, reduced_mass=m, k=k).layout.points

    deep, fast, slow = points(q**2 / (2 * m), 0.0), points(1e-9, q), points(1e-9, 0.0)
    assert deep[0] - slow[0] == pytest.approx(fast[0] - slow[0], rel=0.02)
    # a polynomial needs π nodes in a wavelength, 0.5 per radian; many more are wasted
    assert 0.5 < (fast[0] - slow[0]) / q < 1
    assert deep[1] == pytest.approx(slow[1], rel=0.02)
    assert fast[1] - slow[1] == pytest.approx(3 * (fast[0] - slow[0]), rel=0.02)


@pytest.mark.parametrize("start", [0.0, 0.3])
def test_functions_of_panels_are_polynomials_that_join(start):
    """One on their node and zero on others; exact for r(r − e_0) and its kinetic energy."""
    panels = Panels((start, 1.0, 2.5), (6, 7))
    r, weights, kinetic, surface = panel_functions(panels)
    np.testing.assert_allclose(panels.basis(r) * r[:, None], np.eye(r.size), atol=1e-12)

    def u(x):
        return x * (x - start) * (1 - x / 4) if start else x * (1 - x / 4)

    x = np.linspace(start, 2.5, 41)[1:]
    c = np.sqrt(weights) * u(r)
    np.testing.assert_allclose(panels.basis(x) @ u(r), u(x) / x, atol=1e-12)
    assert surface @ c == pytest.approx(u(2.5), rel=1e-12)
    slope = np.polynomial.Polynomial.fit(x, u(x), 3).deriv()
    energy = (slope**2).integ()
    assert c @ kinetic @ c == pytest.approx(energy(2.5) - energy(start), rel=1e-10)
    assert panels.first_slope(u(r)[None])[0] == pytest.approx(slope(start), rel=1e-10)
    below = panels.basis(np.array([0.0, start / 2])) @ u(r)
    np.testing.assert_allclose(below, 0.0 if start else slope(0.0), atol=1e-10)


def test_panels_share_the_points():
    layout = Layout((0.0, 1.0, 5.0), np.array([20.0, 40.0]))
    for n in (8, 9, 61, 100):
        assert sum(layout.panels(n).degrees) == n
    assert layout.panels(5).degrees == (4, 4)
    assert layout.panels(300).degrees == (101, 199)
    other = Layout((0.5, 2.0, 5.0), np.array([20.0, 40.0]), inner=0.5)
    both = joined([layout, other], [other])
    assert (both.edges, both.inner) == ((0.5, 1.0, 2.0, 5.0), 0.5)


# Cores


@pytest.mark.parametrize("l", range(4))
@pytest.mark.parametrize("core", [1e-3, 0.05, 0.7])
def test_hard_core(l, core):
    """tan δ = j_l(kc)/y_l(kc), −kc for l = 0; also where δ is 1e-9, and in a wide mesh."""
    core_alone = Local(lambda r: np.where(r < core, np.inf, 0.0))
    expected = np.arctan(spherical_jn(l, K * core) / spherical_yn(l, K * core))
    delta = phase_shift(core_alone, K, reduced_mass=0.5, l=l)
    np.testing.assert_allclose(np.tan(delta), np.tan(expected), rtol=1e-9)
    some = np.abs(np.sin(expected)) > 1e-9
    wide = phase_shift(core_alone, K, reduced_mass=0.5, l=l, channel_radius=10.0)
    np.testing.assert_allclose(np.tan(wide)[some], np.tan(expected)[some], rtol=1e-3)
    np.testing.assert_array_less(np.abs(np.sin(wide - expected)), 1e-7)


def test_hard_core_at_zero_energy():
    core = Local(lambda r: np.where(r < 0.7, np.inf, 0.0))
    assert scattering_length(core, reduced_mass=1.0) == pytest.approx(0.7, rel=1e-12)
    assert effective_range(core, reduced_mass=1.0) == pytest.approx(2 * 0.7 / 3, rel=1e-10)


@pytest.mark.parametrize("height", [1e3, 1e6, 1e10, 1e14, np.inf])
@pytest.mark.parametrize("l", [0, 2])
def test_core_and_well(height, l):
    V = Local(lambda r: np.where(r < 0.5, height, np.where(r < 1.3, -9.0, 0.0)))
    delta = phase_shift(V, K, reduced_mass=0.5, l=l)
    if height < 1e4:
        expected = steps_phase(K, [0.5, 1.3], [height, -9.0], m=0.5, l=l)
    else:  # as an infinite one that ends at c − 1/κ, right to (k/κ)³
        core = 0.5 - 1 / np.sqrt(height)
        expected = steps_phase(K, [1.3], [-9.0], m=0.5, l=l, core=core)
    assert_same_angles(delta, expected, 1e-6)


@pytest.mark.parametrize("l", [0, 1, 2])
def test_a_hundred_points_see_a_narrow_core(l):
    """c = 0.01, 3000 times less than the interior: u varies like a power of r next to it."""
    V = Local(lambda r: np.where(r < 0.01, np.inf, 0.0)) + Yukawa(3.0, 1.0)
    few, many = (phase_shift(V, [0.5, 2.0], reduced_mass=0.5, l=l, n_mesh=n) for n in (100, 300))
    np.testing.assert_allclose(few, many, atol=1e-9)


@pytest.mark.parametrize("l", [0, 1, 3])
def test_hard_core_and_yukawa(l):
    V = Local(lambda r: np.where(r < 0.4, np.inf, 0.0)) + Yukawa(3.0, 1.0)
    delta = phase_shift(V, [0.5, 3.0], reduced_mass=1.0, l=l)
    expected = [
        direct_phase(Yukawa(3.0, 1.0), k, m=1.0, l=l, start=0.4, end=30.0) for k in (0.5, 3.0)
    ]
    assert_same_angles(delta, expected, 1e-9)


@pytest.mark.parametrize("cut", [0.0, 1e-4, 0.01, 0.05, 0.1, 0.3, 0.5])
def test_lennard_jones_binds_once_at_any_cutoff(cut):
    found = bound_states(lennard_jones(cut), reduced_mass=0.5, n_mesh=300)
    assert found.energy == pytest.approx([-0.49553222], abs=1e-8)
    assert bound_states(lennard_jones(cut), reduced_mass=0.5).energy == pytest.approx(found.energy)


@pytest.mark.parametrize("cut", [0.0, 1e-3, 0.4])
def test_lennard_jones_phase_shifts(cut):
    V = lennard_jones(cut)
    for l, k in [(0, 0.5), (1, 3.0), (3, 10.0)]:
        expected = direct_phase(lennard_jones(), k, m=0.5, l=l, start=0.47, end=20.0)
        assert_same_angles(phase_shift(V, k, reduced_mass=0.5, l=l), expected, 1e-9)


@pytest.mark.parametrize(
    ("V", "start"),
    [
        (lambda r: np.exp(-r) * (r**-8.0 - 8), 0.12),
        (lambda r: np.exp(-r) * (3 * r**-4.0 - 8), 5e-3),
        (lambda r: np.exp(-r) * (np.exp(np.minimum(3 / r, 600)) - 30), 0.3),
    ],
)
def test_other_singular_cores(V, start):
    delta = phase_shift(Local(V), [0.5, 2.0], reduced_mass=1.0)
    expected = [direct_phase(V, k, m=1.0, l=0, start=start, end=32.0) for k in (0.5, 2.0)]
    assert_same_angles(delta, expected, 1e-8)


@pytest.mark.parametrize("power", [3, 4, 6])
def test_an_attractive_singularity_has_no_answer(power):
    """Nothing converges, and the warning says how little."""
    V = Local(lambda r: -np.exp(-r) * r ** -float(power))
    with pytest.warns(AccuracyWarning):
        phase_shift(V, 0.5, reduced_mass=1.0)


def test_the_wave_function_is_zero_in_a_core():
    V = Local(lambda r: np.where(r < 0.4, np.inf, 0.0)) + Yukawa(9.0, 1.0)
    r = np.array([0.0, 0.2, 0.4, 0.41, 1.0, 40.0])
    waves = scattering_wave_functions(V, [0.5, 2.0], reduced_mass=0.5)(r)
    states = bound_wave_functions(V, reduced_mass=0.5)
    for values in (waves, states.wave_function(r)):
        assert np.all(values[:, :3] == 0)
        assert np.all(values[:, 3:5] > 0)
    x = np.linspace(0.4, 30, 20001)
    density = 4 * np.pi * x**2 * states.wave_function(x)[0] ** 2
    assert np.trapezoid(density, x) == pytest.approx(1, abs=1e-5)


def test_levinson_with_a_core():
    delta = phase_shift(lennard_jones(), 1e-4, reduced_mass=0.5)
    assert delta / np.pi == pytest.approx(1, abs=1e-3)


def test_a_sphere_with_a_core():
    """φ(R) = 0 at both ends: k = nπ/5."""
    core = Local(lambda r: np.where(r < 1, np.inf, 0.0))
    box = spherical_box_states(core, radius=6.0, reduced_mass=0.5, boundary="dirichlet", n_states=4)
    np.testing.assert_allclose(np.sqrt(box.energy) * 5 / np.pi, [1, 2, 3, 4], rtol=1e-9)


def test_coupled_waves_with_jumps_and_cores():
    """Without a coupling each wave is alone."""
    well = Local(lambda r: -2 + 0 * r, radius=1.0) + GaussianSum([1.0], [0.5])
    step = Local(lambda r: 3 + 0 * r, radius=2.5)
    for V, W in [(well, step), (lennard_jones(), lennard_jones(0.2))]:
        both = coupled_phase_shifts([[V, None], [None, W]], k=K[:4], reduced_mass=0.5, l=(0, 2))
        for i, (one, l) in enumerate([(V, 0), (W, 2)]):
            alone = phase_shift(one, K[:4], reduced_mass=0.5, l=l)
            assert_same_angles(both.phase_shift[:, i], alone, 1e-7)


def test_a_core_that_overflows():
    """e^{3/r} is infinite at small r, and closed long before."""

    def V(r):
        return np.exp(-r) * (np.exp(3 / r) - 30)

    delta = phase_shift(Local(V), 0.5, reduced_mass=1.0)
    expected = direct_phase(V, 0.5, m=1.0, l=0, start=0.3, end=32.0)
    assert_same_angles(delta, expected, 1e-8)
