"""A Gaussian process over potentials: seconds and memory against the number of shells.

Eight rows, two sources at four times, twenty jackknife bins: the fit to the mean, one to each bin,
and phase shifts with errors at 20 momenta. Columns of the JSON (``--benchmark-json``):
``peak_MB``, the most that arrays and objects take, in one process; ``phase_error``, the largest
distance in degrees to the phases of the potential that made the correlators.
"""

import tracemalloc

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.interactions import omega_ccc
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.resampling import JackknifeRegressor
from halkit.scattering import phase_shift

MASS = 2.073
MOMENTA = np.linspace(0.02, 0.5, 20)


def correlators(n_r):
    return make_time_dependent(
        omega_ccc(inverse_spacing=2333.0), r=np.linspace(0.5, 30.0, n_r), box_radius=48.0,
        hadron_mass=MASS, times=range(22, 28), source_radius=1.5, order=3, noise=1e-5, n_bins=20,
        random_state=0,
    )  # fmt: skip


def potential(d):
    return GaussianProcessPotentialRegressor(d.r, reduced_mass=MASS / 2)


def chain(d, n_jobs):
    model = JackknifeRegressor(potential(d), n_jobs=n_jobs)
    model.fit(d.data_bins, d.target_bins, y_std=d.sigma)
    return model.phase_shift(MOMENTA, return_std=True)


def peak_megabytes(function, *arguments):
    tracemalloc.start()
    function(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


@pytest.mark.benchmark(group="fit, 20 bins and phase shifts, 8 rows")
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n_r", [150, 300, 600, 1200])
def bench_jackknife(benchmark, n_r, n_jobs):
    d = correlators(n_r)
    assert d.data_bins.shape == (20, 8, n_r)
    delta, _ = benchmark.pedantic(chain, (d, n_jobs), rounds=3, warmup_rounds=1)
    exact = phase_shift(omega_ccc(inverse_spacing=2333.0), MOMENTA, reduced_mass=MASS / 2)
    benchmark.extra_info["phase_error"] = float(np.rad2deg(np.abs(delta - exact)).max())
    benchmark.extra_info["peak_MB"] = peak_megabytes(chain, d, 1)
