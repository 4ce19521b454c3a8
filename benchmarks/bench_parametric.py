"""Two-parameter fits: seconds, and how far θ is from the truth (column ``error``)."""

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.potentials import ParametricPotentialRegressor


def exponentials(r, r_prime, theta):
    return -0.017 * np.exp(-theta[0] * r - theta[1] * r_prime)


@pytest.mark.benchmark(group="two parameters from one row or from all")
@pytest.mark.parametrize("rows", ["r = R", "all"])
@pytest.mark.parametrize("n_r", [100, 400])
def bench_two_parameters(benchmark, rows, n_r):
    d = make_separable(n_k=20, n_r=n_r)
    r_out = [2.5] if rows == "r = R" else d.r
    y = d.interaction.target(d.k, np.asarray(r_out), reduced_mass=3.3)
    model = ParametricPotentialRegressor(
        exponentials, [0.5, 0.5], r=d.r, r_out=r_out, reduced_mass=3.3
    )
    benchmark(model.fit, d.data, y)
    benchmark.extra_info["error"] = float(np.abs(model.theta_ - 1).max())
