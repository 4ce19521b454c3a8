"""δ from tails of wave functions: closed forms, spheres, wells of finite range, noise."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.scattering import (
    phase_shift,
    scattering_wave_functions,
    spherical_box_states,
    tail_phase_shift,
)

R, K = np.linspace(0.1, 20.0, 200), np.array([0.2, 0.5, 1.1])


def modulo_pi(angle):
    return np.mod(angle + np.pi / 2, np.pi) - np.pi / 2


@pytest.mark.parametrize("l", range(4))
def test_hard_spheres(l):
    """tan δ_l = j_l(ka)/y_l(ka), of a wave that vanishes at a = 3."""
    x, a = K[:, None] * R, 3.0 * K
    j, y = spherical_jn(l, a), spherical_yn(l, a)
    phi = spherical_jn(l, x) * y[:, None] - spherical_yn(l, x) * j[:, None]
    found = tail_phase_shift(np.where(R < 3.0, 0.0, 7.3 * phi), R, K, l, r_min=3.0)
    np.testing.assert_allclose(modulo_pi(found.phase_shift - np.arctan(j / y)), 0.0, atol=1e-9)
    assert np.all(found.error < 1e-9)
    assert np.all(found.residual < 1e-9)


def test_a_square_well():
    """δ = arctan(k tan(qa)/q) − ka with q² = k² + 2mV and a = 2, mass and depth 1."""
    q = np.sqrt(K**2 + 2.0)
    delta = np.arctan(K * np.tan(2 * q) / q) - 2 * K
    inside = np.sin(q[:, None] * R) / np.sin(2 * q[:, None])
    outside = np.sin(K[:, None] * R + delta[:, None]) / np.sin(2 * K + delta)[:, None]
    found = tail_phase_shift(np.where(R < 2, inside, outside) / R, R, K, r_min=2.0)
    np.testing.assert_allclose(modulo_pi(found.phase_shift - delta), 0.0, atol=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_the_error_covers_the_interaction_within_the_window(seed):
    """Gaussian wells of random depth, range and wave: windows from well inside V to beyond it."""
    random, l = np.random.default_rng(seed), seed % 3
    V = GaussianSum([random.uniform(-1.5, 1.5)], [1 / random.uniform(1.0, 3.0) ** 2])
    phi = scattering_wave_functions(V, K, reduced_mass=1.0, l=l)(R)
    exact = phase_shift(V, K, reduced_mass=1.0, l=l)
    for r_min in (4.0, 6.0, 8.0, 10.0):
        found = tail_phase_shift(phi, R, K, l, r_min=r_min)
        assert np.all(np.abs(modulo_pi(found.phase_shift - exact)) <= 1.5 * found.error + 1e-7)
    assert np.all(found.error < 1e-3)


def test_states_of_a_sphere():
    """φ'(20) = 0: each state has its own momentum, and its δ is that of U."""
    V = GaussianSum([-0.4], [0.2])
    box = spherical_box_states(V, radius=20.0, reduced_mass=0.7, n_states=6)
    k = np.sqrt(2 * 0.7 * box.energy[box.energy > 1e-3])
    phi = box.wave_function(R)[-len(k) :]
    found = tail_phase_shift(phi, R, k, r_min=10.0)
    exact = phase_shift(V, k, reduced_mass=0.7)
    np.testing.assert_allclose(modulo_pi(found.phase_shift - exact), 0.0, atol=1e-5)


def test_the_law_of_the_statistical_error():
    """400 sets of noise of two sizes: pulls are normal, with given errors and from residuals."""
    random = np.random.default_rng(0)
    phi = np.sin(0.5 * R + 0.7) / R * np.ones((400, 1))
    sigma = np.where(np.arange(200) % 2, 0.003, 0.006) / R
    noisy = phi + sigma * random.normal(size=phi.shape)
    given = tail_phase_shift(noisy, R, np.full(400, 0.5), phi_std=sigma * np.ones((400, 1)))
    for found, least in ((given, 1e-2), (tail_phase_shift(noisy, R, np.full(400, 0.5)), 1e-3)):
        pulls = (found.phase_shift - 0.7) / found.statistical
        assert stats.kstest(pulls, "norm").pvalue > least
        assert np.all(found.error >= found.statistical)
    n = np.count_nonzero(R >= 10.0) - 2
    assert stats.kstest(n * given.residual, stats.chi2(n).cdf).pvalue > 1e-3


def test_one_wave_is_a_number():
    found = tail_phase_shift(np.sin(0.5 * R - 0.2) / R, R, 0.5)
    assert np.ndim(found.error) == 0
    assert found.phase_shift == pytest.approx(-0.2)


def test_a_window_that_says_nothing_warns():
    random = np.random.default_rng(0)
    phi = np.sin(0.05 * R + 0.3) / R + 0.05 * random.normal(size=R.shape)
    with pytest.warns(AccuracyWarning, match="δ of the tail has errors up to"):
        tail_phase_shift(phi, R, 0.05, r_min=16.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0.0}, "k must be > 0"),
        ({"k": [0.5, 0.6]}, "k must be one momentum for each phi"),
        ({"phi": np.ones((2, 3))}, r"phi must have shape \(n_k, 200\)"),
        ({"phi": np.zeros(200)}, "phi must not vanish beyond r = 10"),
        ({"r_min": 19.8}, "r must have 4 nodes beyond"),
        ({"r_min": -1.0}, "r_min must be a finite number ≥ 0"),
        ({"l": -1}, "l must be an integer ≥ 0"),
        ({"phi_std": np.ones(3)}, "phi_std must have the shape of phi"),
        ({"phi_std": np.zeros(200)}, "phi_std must be positive"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        tail_phase_shift(**{"phi": np.sin(R) / R, "r": R, "k": 1.0, **arguments})
