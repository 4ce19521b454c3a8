"""The reverse processes on distributions whose score is known in closed form."""

import math

import pytest
import torch

from halkit.gauge.diffusion.links import anneal, reverse_process
from halkit.gauge.diffusion.noise import SIGMA_MAX


def variance_error(variance, *, noisy, n_steps=None, n=200_000):
    """(variance of the samples/exact − 1, its standard error) for a normal distribution."""
    generator = torch.Generator().manual_seed(0)

    def score(x, sigma):
        return -x / (variance + sigma**2)

    start = math.sqrt(variance + SIGMA_MAX**2) * torch.randn(n, generator=generator).double()
    end = reverse_process(score, start, 1.0, 1.0, noisy=noisy, generator=generator, n_steps=n_steps)
    return float((end**2).mean()) / variance - 1, math.sqrt(2 / n)


@pytest.mark.parametrize("noisy", [True, False], ids=["sde", "ode"])
@pytest.mark.parametrize("variance", [0.02, 0.1, 0.5, 2.0])
def test_a_normal_distribution_comes_back(variance, noisy):
    """To 1 % of its variance, also where it is as narrow as plaquettes are at β = 50."""
    error, spread = variance_error(variance, noisy=noisy)
    assert abs(error) < 0.01 + 3 * spread


@pytest.mark.parametrize("noisy", [True, False], ids=["sde", "ode"])
def test_the_error_is_of_second_order(noisy):
    """A quarter of the error at half the step; Euler's method would leave a half."""
    coarse, fine = (variance_error(0.1, noisy=noisy, n_steps=n)[0] for n in (8, 16))
    assert abs(coarse) > 0.01
    assert abs(fine) < 0.35 * abs(coarse) + 3e-3


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("variance", [0.1, 0.5])
def test_annealing_ends_in_a_power_of_the_density(variance, ratio):
    """p^{β/β0} of a normal distribution: its variance over β/β0, to 2 %."""
    generator, n = torch.Generator().manual_seed(0), 50_000
    start = SIGMA_MAX * torch.randn(n, generator=generator).double()
    end = anneal(
        lambda x, sigma: -x / (variance + sigma**2), start, 5.0, ratio,
        lattice=False, generator=generator, n_steps=300,
    )  # fmt: skip
    error = float((end**2).mean()) * ratio / variance - 1
    assert abs(error) < 0.02 + 4 * math.sqrt(2 / n)
