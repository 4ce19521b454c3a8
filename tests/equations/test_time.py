"""The time-dependent source of single states against their dispersion relation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import spherical_jn

from halkit.equations import (
    designed_stencil,
    time_dependent_rows,
    time_derivatives,
    time_stencil,
)
from halkit.equations.time import stencil_energy
from halkit.kinematics import momentum_squared

NODES = np.linspace(0.1, 8.0, 80)

# k² = [W² − (m1+m2)²][W² − (m1−m2)²]/4W², with W = m1 + m2 + ΔW: m1, m2, ΔW, k².
DISPERSION = [
    (0.665, 0.665, 0.02, 0.0134),
    (0.40921, 0.73362, 0.01, 0.0052846797046777),
    (0.40921, 0.73362, 0.05, 0.027036261002514),
    (0.40921, 0.73362, -0.02, -0.010382661398213),
]


def free_state(delta_w, k2, t):
    """Return e^{−ΔW t} j0(kr), also for k² < 0."""
    k = np.sqrt(np.abs(k2))
    wave = spherical_jn(0, k * NODES) if k2 > 0 else np.sinh(k * NODES) / (k * NODES)
    return np.exp(-delta_w * np.asarray(t))[:, np.newaxis] * wave


@pytest.mark.parametrize("delta_w", [0.02, 0.3, -0.05])
@pytest.mark.parametrize("points", [3, 5, 7])
def test_a_free_state_of_equal_masses_has_no_source(delta_w, points):
    m, bias = 0.9, []
    for dt in (0.5, 0.25):
        R = free_state(delta_w, m * delta_w + delta_w**2 / 4, dt * np.arange(-3, 4))
        X, y = time_dependent_rows(R, NODES, hadron_mass=m, dt=dt, stencil=points, space_order=8)
        bias.append(np.abs(y / X).max())
    leading = {3: 1 / 6, 5: 1 / 30, 7: 1 / 140}[points] * np.abs(delta_w) ** points
    assert_allclose(bias[0], leading * 0.5 ** (points - 1), rtol=0.35, atol=1e-9)
    if bias[1] > 1e-8:
        assert abs(np.log2(bias[0] / bias[1]) - (points - 1)) < 0.1


@pytest.mark.parametrize(("m1", "m2", "delta_w", "k2"), DISPERSION)
def test_unequal_masses_follow_the_series(m1, m2, delta_w, k2):
    """The first term left out is of fourth order, 5δ²(1 − δ²)² ΔW⁴ / 128μ³."""
    mu, delta = m1 * m2 / (m1 + m2), (m1 - m2) / (m1 + m2)
    R = free_state(delta_w, k2, np.arange(7))
    X, y = time_dependent_rows(R, NODES, hadron_mass=(m1, m2), stencil=7, space_order=8)
    left_out = -5 * delta**2 * (1 - delta**2) ** 2 / (128 * mu**3) * delta_w**4
    assert_allclose(y / X, left_out, rtol=0.2, atol=3e-9)


@pytest.mark.parametrize("l", [1, 2])
def test_a_free_state_of_any_partial_wave_has_no_source(l):
    """With the wrong l the source is l(l + 1)/2μr², which dwarfs the energy 0.1."""
    m, delta_w, t = 0.9, 0.1, np.arange(7)
    k = np.sqrt(m * delta_w + delta_w**2 / 4)
    R = np.exp(-delta_w * t)[:, np.newaxis] * spherical_jn(l, k * NODES)
    X, y = time_dependent_rows(R, NODES, hadron_mass=m, l=l, space_order=8)
    assert np.abs(y / X).max() < 2e-6
    X, y = time_dependent_rows(R, NODES, hadron_mass=m, space_order=8)
    inner = slice(5, -5)
    assert_allclose(
        (y / X)[:, inner], (l * (l + 1) / NODES**2 / m)[inner] + 0 * X[:, inner], rtol=1e-4
    )


def test_three_points_leave_out_the_third_derivative():
    m1, m2, delta_w, k2 = DISPERSION[2]
    mu, delta = m1 * m2 / (m1 + m2), (m1 - m2) / (m1 + m2)
    R = free_state(delta_w, k2, np.arange(-2, 3) * 0.01)
    X, y = time_dependent_rows(R, NODES, hadron_mass=(m1, m2), dt=0.01, stencil=3, space_order=8)
    third = delta**2 * (1 - delta**2) / (8 * mu**2) * delta_w**3
    assert_allclose(y / X, third, rtol=0.08)


def test_a_pair_of_equal_masses_is_one_mass():
    R = np.random.default_rng(0).uniform(1, 2, (5, 80))
    one = time_dependent_rows(R, NODES, hadron_mass=0.7)[1]
    assert_allclose(time_dependent_rows(R, NODES, hadron_mass=(0.7, 0.7))[1], one, rtol=1e-14)
    swapped = time_dependent_rows(R, NODES, hadron_mass=(0.4, 0.7))[1]
    assert_allclose(time_dependent_rows(R, NODES, hadron_mass=(0.7, 0.4))[1], swapped)


def test_times_give_the_spacing():
    R = np.random.default_rng(0).uniform(1, 2, (5, 80))
    by_times = time_dependent_rows(R, NODES, hadron_mass=1.0, times=[3, 3.5, 4, 4.5, 5])
    by_dt = time_dependent_rows(R, NODES, hadron_mass=1.0, dt=0.5)
    assert_allclose(by_times, by_dt, rtol=1e-12)
    with pytest.raises(ValueError, match="dt must not be given with times"):
        time_dependent_rows(R, NODES, hadron_mass=1.0, times=[3, 3.5, 4, 4.5, 5], dt=0.5)


def test_leading_axes_are_bins():
    R = np.random.default_rng(1).uniform(1, 2, (2, 3, 6, 80))
    X, y = time_dependent_rows(R, NODES, hadron_mass=1.0)
    assert X.shape == y.shape == (2, 3, 4, 80)
    single = time_dependent_rows(R[1, 2], NODES, hadron_mass=1.0)
    assert_allclose((X[1, 2], y[1, 2]), single, rtol=1e-12)


@pytest.mark.parametrize("points", [3, 5, 7])
def test_derivatives_are_exact_for_polynomials(points):
    t = 0.5 * np.arange(2, 2 + points)
    for power in range(points):
        first, second, third = time_derivatives(t**power, points=points, dt=0.5)
        at = t[points // 2]
        assert_allclose(first[0], power * at ** (power - 1.0), rtol=1e-11, atol=1e-11)
        assert_allclose(second[0], power * (power - 1) * at ** (power - 2.0), rtol=1e-9, atol=1e-9)
        if third is not None:
            expected = power * (power - 1) * (power - 2) * at ** (power - 3.0)
            assert_allclose(third[0], expected, rtol=1e-8, atol=1e-8)
    assert (third is None) == (points == 3)


def test_derivatives_of_an_exponential_in_ever_higher_order():
    R = np.exp(-0.3 * np.arange(7.0))
    errors = [abs(time_derivatives(R, points=n)[0][3 - n // 2] / R[3] + 0.3) for n in (3, 5, 7)]
    assert_allclose(errors, [0.3**3 / 6, 0.3**5 / 30, 0.3**7 / 140], rtol=0.05)


def test_slices_need_a_spacing():
    with pytest.raises(ValueError, match="dt must be a finite number > 0, got 0"):
        time_derivatives(np.ones(5), points=5, dt=0)


@given(st.integers(3, 60))
def test_auto_is_the_widest_stencil_that_leaves_three_rows(n):
    points = time_stencil(n)
    assert points == 3 or n - points + 1 >= 3
    assert points == 7 or n - (points + 2) + 1 < 3
    assert time_dependent_rows(np.ones((n, 80)), NODES, hadron_mass=1.0)[0].shape[0] >= 1


R3 = np.ones((3, 80))


@pytest.mark.parametrize(
    ("R", "options", "message"),
    [
        (R3[:2], {}, "at least 3 consecutive time slices, got 2"),
        (
            R3,
            {"stencil": 5},
            "stencil of 5 points needs at least 5 consecutive time slices, got 3",
        ),
        (R3, {"stencil": 4}, 'stencil must be "auto", "designed", 3, 5 or 7, got 4'),
        (R3, {"times": [1, 2, 4]}, "times must increase in equal steps"),
        (R3, {"times": [3, 2, 1]}, "times must increase in equal steps"),
        (R3, {"times": [1, 2]}, r"times must have shape \(3,\), got \(2,\)"),
        (R3, {"l": -1}, "l must be an integer ≥ 0, got -1"),
        (R3, {"dt": 0.0}, "dt must be a finite number > 0"),
        (R3, {"hadron_mass": -1.0}, "hadron_mass must be a finite number > 0"),
        (R3, {"hadron_mass": (1.0, 1.0, 1.0)}, "one number or a pair"),
        (R3[0], {}, r"R must have shape \(..., n_t, n_r\), got \(80,\)"),
        (R3[:, 1:], {}, "R must have 80 entries on its last axis"),
        (R3 * np.nan, {}, "R must be finite, got 240 NaN"),
        (R3 * 1j, {}, "Complex data not supported.*remove_phase"),
    ],
)
def test_bad_values_are_refused(R, options, message):
    with pytest.raises(ValueError, match=message):
        time_dependent_rows(R, NODES, **{"hadron_mass": 1.0, **options})


def k_squared(delta_w, m1, m2):
    """k² of two free hadrons of total energy m1 + m2 + ΔW, without cancellation at small ΔW."""
    W, M, D = m1 + m2 + delta_w, m1 + m2, m1 - m2
    return delta_w * (2 * M + delta_w) * (W**2 - D**2) / (4 * W**2)


@pytest.mark.parametrize(("points", "power"), [(3, 3), (5, 4), (7, 4)])
def test_order_of_truncation_for_unequal_masses(points, power):
    """What is left of a free state falls like ΔW³ without the third derivative, ΔW⁴ with it.

    Slices are dense (dt = 0.01/ΔW), so that the stencils add less than the series leaves out.
    The second of two bins is the first times −2.
    """
    m1, m2 = 0.5, 1.5
    left = []
    for delta_w in (0.08, 0.04):
        dt = 0.01 / delta_w
        R = free_state(delta_w, k_squared(delta_w, m1, m2), dt * np.arange(-3, 4))
        bins = np.stack([R, -2 * R])
        X, y = time_dependent_rows(
            bins, NODES, hadron_mass=(m1, m2), dt=dt, stencil=points, space_order=8
        )
        assert_allclose(y[1] / X[1], y[0] / X[0], rtol=1e-6)
        left.append(np.median(np.abs(y / X)))
    assert abs(np.log2(left[0] / left[1]) - power) < 0.15


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_what_stencils_make_of_an_energy(dt):
    """Three points: hyperbolic functions. All: the source of a free state is s(ΔW) − k²/2μ."""
    x = np.array([-0.4, -0.02, 0.3])
    closed = np.sinh(x * dt) / dt + (np.cosh(x * dt) - 1) / (4 * 0.45 * dt**2)
    assert_allclose(stencil_energy(x, 0.9, 3, dt), closed, rtol=1e-12)
    c = designed_stencil((0.4, 0.7), points=5, dt=dt, energy_range=(-0.3, 0.2))
    found = stencil_energy(x, (0.4, 0.7), 5, dt, (-0.3, 0.2))
    assert_allclose(found, np.exp(-np.outer(x * dt, np.arange(-2, 3))) @ c, rtol=1e-9)
    for points, m, delta_w in ((3, (0.9, 0.9), -0.3), (7, (0.4, 0.7), -0.2)):
        k2 = momentum_squared(delta_w, m)
        R = free_state(delta_w, k2, dt * np.arange(points))
        X, y = time_dependent_rows(R, NODES, hadron_mass=m, dt=dt, stencil=points, space_order=8)
        miss = stencil_energy(delta_w, m, points, dt) - k2 * sum(m) / (2 * m[0] * m[1])
        assert_allclose(y / X, miss, rtol=1e-3)
