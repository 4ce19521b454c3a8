"""The energy of a network, and sequential Monte Carlo along it."""

import numpy as np
import pytest

from halkit.gauge import (
    U1DiffusionSampler,
    exact_susceptibility,
    exact_wilson_loop,
    sample_exact,
    sample_smc,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.theory.torus import wilson_action


@pytest.fixture(scope="module")
def with_energy():
    X = sample_exact(2048, 1.0, (8, 8), random_state=0)
    return U1DiffusionSampler(
        network="gauge_energy", hidden_channels=(8,), learning_rate=1e-2, max_epochs=6,
        random_state=0,
    ).fit(X)  # fmt: skip


def test_the_energy_becomes_the_wilson_action(with_energy):
    """At small noise: E − β0 S is a constant; 15 % of the spread of S after a short training."""
    theta = sample_exact(256, 1.0, (8, 8), random_state=10)
    energy, action = with_energy.energy_path().energy(theta, 1 - 1e-4), wilson_action(theta, 1.0)
    assert np.std(energy - action) < 0.15 * np.std(action)
    assert np.std(action) > 4


def test_force_of_the_path_is_its_slope(with_energy):
    theta, h = sample_exact(3, 1.0, (4, 5), random_state=10), 1e-2
    path, along = with_energy.energy_path(2.5), np.random.default_rng(0).normal(size=theta.shape)
    up, down = (path.energy(theta + s * h * along, 0.4) for s in (1, -1))
    slope = np.sum(path.force(theta, 0.4) * along, axis=(1, 2, 3))
    np.testing.assert_allclose((down - up) / (2 * h), slope, rtol=0.01, atol=0.01)
    assert not path.energy(theta, 0).any()
    assert np.abs(slope).max() > 1


def test_sequential_monte_carlo_along_the_energy_is_exact(with_energy):
    """The network's energy is the way; the true action, the end."""
    shape, beta = (4, 4), 2.0
    path = with_energy.energy_path(beta)
    sample = sample_smc(500, beta, shape, path=path, n_populations=2, random_state=0)
    assert sample.converged
    for values, exact in (
        (topological_charge(sample.theta) ** 2, exact_susceptibility(beta, shape) * 16),
        (wilson_loop(sample.theta, 1, 1), exact_wilson_loop(1, beta, shape)),
    ):
        mean, error = sample.mean(values)
        assert abs(mean - exact) < 3.5 * error
        assert error < 0.2 * exact


def test_paths_that_cannot_be(tiny):
    with pytest.raises(ValueError, match='no energy: fit with network="gauge_energy"'):
        tiny.energy_path()
