"""The Gaussian process on correlators: a fit, its bins with phases, cost against shells.

``make bench`` runs it. Rows are made: smooth correlators of two sources with smooth
sources, on the shells of a lattice of L = 64; 600 shells times 8 rows are the size of the
ΞΞ correlators.
"""

import tracemalloc

import numpy as np
import pytest

from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.radial import Wedge
from halkit.resampling import JackknifeRegressor

MASS = 0.665
K = np.sqrt(np.linspace(3e-4, 0.013, 20))


def made_rows(n_shells, n_rows=8, n_bins=20):
    """Bins of rows (n_bins, n_rows, n_shells), their errors, shells and multiplicities."""
    wedge, random = Wedge(64), np.random.default_rng(0)
    r, weights = wedge.shell_r[:n_shells], wedge.shell_weights[:n_shells].astype(float)
    decay = np.geomspace(0.02, 0.2, n_rows)[:, None]
    X = 1 + 5 * decay * np.exp(-decay * r)
    bins = X * (1 + 1e-3 * random.standard_normal((n_bins, n_rows, 1)))
    y = -0.02 * np.exp(-r / 5) * bins
    sigma = 1e-4 * np.abs(X)
    return bins, y + sigma * random.standard_normal(y.shape) / np.sqrt(n_bins), sigma, r, weights


def regressor(r, weights):
    return GaussianProcessPotentialRegressor(r, weights=weights, reduced_mass=MASS / 2)


@pytest.mark.benchmark(group="one fit against the number of shells, 8 rows")
@pytest.mark.parametrize("n_shells", [75, 150, 300, 600, 1200])
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")  # short rows
def bench_shells(benchmark, n_shells):
    X, y, sigma, r, weights = made_rows(n_shells)
    model = regressor(r, weights)
    benchmark.pedantic(
        model.fit, args=(X[0], y[0]), kwargs={"y_std": sigma}, rounds=5, warmup_rounds=1
    )


def bins_and_phases(X, y, sigma, r, weights):
    model = JackknifeRegressor(regressor(r, weights)).fit(X, y, y_std=sigma)
    return model.phase_shift(K, return_std=True)


@pytest.mark.benchmark(group="a fit, 20 bins and their phases: 600 shells, 8 rows")
def bench_bins(benchmark):
    rows = made_rows(600)
    benchmark.pedantic(bins_and_phases, args=rows, rounds=3, warmup_rounds=1)
    tracemalloc.start()
    bins_and_phases(*rows)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    benchmark.extra_info["peak_MiB"] = peak
    print(f"\npeak of the arrays: {peak:.0f} MiB")
