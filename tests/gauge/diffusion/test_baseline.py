"""The score of one plaquette against least squares on noisy links, and its limits."""

import numpy as np
import pytest
import torch

from halkit.gauge import exact_wilson_loop, sample_exact
from halkit.gauge.diffusion.baseline import Baseline, plaquette_moments
from halkit.gauge.diffusion.networks import NETWORKS
from halkit.gauge.theory.torus import curl, plaquette_sum


def strength(links, sigma, dtype=torch.float64):
    baseline = Baseline(plaquette_moments(links))
    return float(baseline(torch.tensor([sigma], dtype=dtype))[0])


@pytest.mark.parametrize("shape", [(4, 5), (2, 3), (3, 2), (2, 2)], ids=str)
@pytest.mark.parametrize("sigma", [0.1, 0.4, 0.9])
def test_it_is_the_least_squares_fit_of_the_noise(shape, sigma):
    """⟨f·t⟩/⟨f²⟩ with t = −ε/σ, over pairs ±ε, in 4 standard deviations of its own scatter."""
    links = sample_exact(4000, 2.0, shape, random_state=0)
    epsilon = np.random.default_rng(1).normal(size=links.shape)
    plus, minus = (curl(np.sin(plaquette_sum(links + s * sigma * epsilon))) for s in (1, -1))
    product = -(epsilon * (plus - minus) / 2 / sigma).sum(axis=(1, 2, 3))
    square = ((plus**2 + minus**2) / 2).sum(axis=(1, 2, 3))
    fit = product.sum() / square.sum()
    error = np.std(product - fit * square) * np.sqrt(len(links)) / square.sum()
    assert error < 0.02 * abs(fit)
    assert abs(strength(links, sigma) - fit) < 4 * error


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.0, 7.0, 100.0])
def test_it_is_the_coupling_without_noise(beta):
    """4 Σ cos P = β Σ (sin P − sin P')² is the equation of motion, in 4 standard deviations."""
    links = sample_exact(4000, beta, (6, 6), random_state=2)
    error = max(beta, 1.0) * (2 / (4000 * 36)) ** 0.5
    assert abs(strength(links, 0.0) + beta) < 4 * error


def test_it_is_the_plaquette_under_strong_noise():
    links = sample_exact(20_000, 2.0, (6, 6), random_state=3)
    limit = -2 * exact_wilson_loop(1, 2.0, (6, 6)) * np.exp(-2 * 1.5**2)
    assert strength(links, 1.5) == pytest.approx(limit, rel=0.01)


def test_it_keeps_its_digits_at_large_couplings():
    links = sample_exact(500, 1e6, (4, 4), random_state=4)
    exact = strength(links, 1e-4)
    assert strength(links, 1e-4, torch.float32) == pytest.approx(exact, rel=1e-5)
    assert strength(links, 0.0) == pytest.approx(-1e6, rel=0.05)


def test_it_vanishes_without_moments_and_without_coupling():
    sigma = torch.tensor([0.03, 1.0])
    assert not Baseline()(sigma).any()
    assert (Baseline().opening(sigma) == 1).all()
    links = sample_exact(4000, 0.0, (6, 6), random_state=5)
    assert abs(strength(links, 0.1)) < 0.02


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_begins_with_it(name):
    links = sample_exact(50, 2.0, (4, 4), random_state=6)
    moments = plaquette_moments(links)
    module = NETWORKS[name]((3,), 32, moments)
    theta, sigma = torch.tensor(links, dtype=torch.float32), torch.full((50,), 0.2)
    with torch.no_grad():
        score = module(theta, sigma)
    expected = 0.2 * strength(links, 0.2) * curl(np.sin(plaquette_sum(links)))
    np.testing.assert_allclose(score.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "plaquette"])
def test_what_is_learned_vanishes_with_the_noise(name):
    links = sample_exact(50, 2.0, (4, 4), random_state=6)
    module = NETWORKS[name]((3,), 32, plaquette_moments(links))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.3)
        theta = torch.tensor(links, dtype=torch.float32)
        learned = [
            (module(theta, torch.full((50,), s)) - module.base(theta, torch.full((50,), s))) / s
            for s in (1e-3, 1e-2, 0.3)
        ]
    sizes = [float(part.abs().max()) for part in learned]
    assert sizes[2] > 0.1
    assert sizes[1] < 0.02 * sizes[2]
    assert sizes[0] < 0.02 * sizes[1] + 1e-3
