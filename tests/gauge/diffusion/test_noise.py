"""The wrapped normal distribution against sums of its own, in double precision and longer."""

import math

import numpy as np
import pytest
import torch

from halkit.gauge.diffusion.noise import (
    SIGMA_MAX,
    SWITCH,
    noise_levels,
    scaled_score,
    wrapped_normal_score,
)

D = np.linspace(-math.pi, math.pi, 101)
WIDTHS = [1e-3, 0.03, 0.2, 0.7, 1.2, math.nextafter(SWITCH, 0), SWITCH, 1.8, SIGMA_MAX, 6.0]


def images(sigma):
    """(density, derivative) from 41 windings, in long double."""
    d = (D[:, None] + 2 * math.pi * np.arange(-20, 21)).astype(np.longdouble)
    weight = np.exp(-0.5 * (d / sigma) ** 2) / (np.sqrt(2 * np.longdouble(math.pi)) * sigma)
    return weight.sum(axis=1), -(weight * d).sum(axis=1) / sigma**2


def harmonics(sigma):
    """(density, derivative) from 60 harmonics."""
    n = np.arange(1, 61).astype(np.longdouble)
    weight = np.exp(-0.5 * (n * sigma) ** 2) / math.pi
    density = 1 / (2 * math.pi) + (weight * np.cos(n * D[:, None])).sum(axis=1)
    return density, -(weight * n * np.sin(n * D[:, None])).sum(axis=1)


@pytest.mark.parametrize("sigma", WIDTHS)
def test_score_is_the_sum_over_windings(sigma):
    density, derivative = images(sigma)
    score = wrapped_normal_score(torch.tensor(D), sigma).numpy()
    inside = density > 0
    expected = np.where(inside, derivative / np.where(inside, density, 1), -D / sigma**2)
    error = np.abs(score - expected)[1:-1] * min(sigma**2, 1)  # in radians at small σ
    assert error.max() < 1e-14


@pytest.mark.parametrize("sigma", [0.7, 1.2, math.nextafter(SWITCH, 0), SWITCH, 1.8, 2.5, 6.0])
def test_score_is_the_sum_over_harmonics(sigma):
    density, derivative = harmonics(sigma)
    score = wrapped_normal_score(torch.tensor(D), sigma).numpy()
    assert np.abs(score - derivative / density).max() < 1e-12


def test_the_branches_meet_at_the_switch():
    below, above = math.nextafter(SWITCH, 0), SWITCH
    scores = [wrapped_normal_score(torch.tensor(D), sigma) for sigma in (below, above)]
    assert (scores[0] - scores[1]).abs().max() < 1e-14


@pytest.mark.parametrize("sigma", [1e-3, 0.05, 1.0, 1.49, 1.51, 2.5])
def test_single_precision_is_finite_and_close(sigma):
    d = torch.linspace(-9.0, 9.0, 1001)
    score = sigma * wrapped_normal_score(d, sigma)
    exact = sigma * wrapped_normal_score(d.double(), sigma)
    assert torch.isfinite(score).all()
    assert ((score - exact).abs() / (1 + exact.abs())).max() < 2e-3 * (sigma < 0.01) + 1e-5


@pytest.mark.parametrize("sigma", [0.03, 0.5, 0.999, 1.0, 1.4, 2.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_quick_score_is_close(sigma, dtype):
    """To 3e-6 of its size over all angles; in single precision to the rounding of the angles."""
    epsilon = (torch.linspace(-12, 12, 4001, dtype=dtype) / sigma)[None]
    exact = sigma * wrapped_normal_score(sigma * epsilon.double(), sigma)
    error = scaled_score(epsilon, torch.tensor([sigma], dtype=dtype)) - exact
    inside = (torch.remainder(sigma * epsilon, 2 * math.pi) - math.pi).abs() > 1e-4
    limit = 3e-6 if dtype == torch.float64 else 1e-4
    assert (error.abs() / (1 + exact.abs()))[inside].max() < limit


def test_angles_are_taken_modulo_2_pi():
    d, sigma = torch.tensor(D[1:-1]), torch.tensor(0.4)
    turned = wrapped_normal_score(d + 6 * math.pi, sigma)
    assert torch.allclose(turned, wrapped_normal_score(d, sigma), atol=1e-11)


def test_noise_on_four_links_damps_the_plaquette():
    generator = np.random.default_rng(0)
    sigma, n = 0.8, 200_000
    cosine = np.cos(sigma * generator.normal(size=(n, 4)).sum(axis=1))
    z = (cosine.mean() - math.exp(-2 * sigma**2)) / cosine.std() * math.sqrt(n)
    assert abs(z) < 3.5
    assert math.exp(-2 * SIGMA_MAX**2) < 1e-5


def test_levels_fall_geometrically():
    levels = noise_levels(5, 0.03)
    assert levels[0] == pytest.approx(SIGMA_MAX)
    assert levels[-1] == pytest.approx(0.03)
    assert torch.allclose(levels[1:] / levels[:-1], levels[1] / levels[0])
