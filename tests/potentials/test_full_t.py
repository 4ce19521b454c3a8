"""One regression for all times and sources, against one time and one source."""

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.interactions import Separable, omega_ccc
from halkit.potentials import TimeDependentHALRegressor
from halkit.scattering import phase_shift

MASS, TO_MEV = 2.073, 2333.0
TRUTH = omega_ccc(inverse_spacing=TO_MEV) + Separable(-4e-5, 0.3)
K = np.sqrt(MASS * np.geomspace(1.0, 300.0, 25) / TO_MEV)


@pytest.fixture(scope="module")
def samples():
    """Noise 1e-3, t = 18 … 30 of two sources; two samples of the noise."""
    return [
        make_time_dependent(
            TRUTH, r=np.arange(1, 61) * 0.5, box_radius=48.0, hadron_mass=MASS,
            times=range(15, 34), source_radius=1.5, noise=1e-3, n_bins=20, random_state=seed,
        )
        for seed in range(2)
    ]  # fmt: skip


def rms_error(samples, sources, times):
    """Root mean square of δ − truth in degrees, over samples and energies."""
    exact = phase_shift(TRUTH, K, reduced_mass=MASS / 2)
    errors = []
    for data in samples:
        rows = data.rows.select(sources=sources, times=times)
        model = TimeDependentHALRegressor(rows.r, hadron_mass=MASS, n_init=1, random_state=0)
        model.fit(*rows.mean(), y_std=rows.sigma)
        errors.append(np.rad2deg(model.phase_shift(K) - exact))
    return np.sqrt(np.mean(np.square(errors)))


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:the data do not determine δ")
def test_a_second_source_and_more_times_help(samples):
    both, every = ("wall", "exp"), range(18, 31)
    all_rows = rms_error(samples, both, every)
    three_times = rms_error(samples, both, range(25, 28))
    one_time = rms_error(samples, both, [26])
    one_source = rms_error(samples, ["wall"], every)
    assert all_rows < 1.2
    assert max(all_rows, three_times) < one_time
    assert one_source > 2 * all_rows
