"""Leading order, next order and U itself on correlators of a known non-local potential."""

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.equations import local_approximation
from halkit.interactions import Separable, Tabulated, omega_ccc
from halkit.potentials import TimeDependentHALRegressor
from halkit.scattering import DerivativeExpansion, phase_shift

MASS, TO_MEV = 2.073, 2333.0
TRUTH = omega_ccc(inverse_spacing=TO_MEV) + Separable(-1e-3, 0.65)
ENERGY = np.geomspace(1.0, 300.0, 40)  # MeV
TOPS = np.array([3.0, 30.0, 100.0, 300.0])


@pytest.fixture(scope="module")
def rows():
    """Six times of each of two sources, without noise, on nodes of a/4."""
    data = make_time_dependent(
        TRUTH, r=np.arange(1, 121) * 0.25, box_radius=48.0, hadron_mass=MASS, times=range(7, 31),
        source_radius=1.5,
    )  # fmt: skip
    return data.data[::3], data.target[::3], data.r


def errors(potential):
    """Largest errors of δ in degrees, up to each of the energies TOPS."""
    k = np.sqrt(MASS * ENERGY / TO_MEV)
    exact = phase_shift(TRUTH, k, reduced_mass=MASS / 2)
    error = np.rad2deg(np.abs(phase_shift(potential, k, reduced_mass=MASS / 2) - exact))
    return np.array([error[: np.searchsorted(ENERGY, top + 1e-9)].max() for top in TOPS])


def leading(X, y, r):
    return errors(Tabulated(local_approximation(X, y).V, r))


def following(X, y, r):
    found = local_approximation(X, y, r, order=2)
    return errors(
        DerivativeExpansion(Tabulated(found.V0, r), Tabulated(found.V2, r).local_potential)
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:V is .* at the last node")
def test_next_order_beats_leading_order_and_the_network_beats_both(rows):
    X, y, r = rows
    model = TimeDependentHALRegressor(r, hadron_mass=MASS, n_init=1, random_state=0).fit(X, y)
    whole, second = errors(model), following(X, y, r)
    first = np.min([leading(X, y, r), *(leading(X[s], y[s], r) for s in _sources())], axis=0)
    assert np.all(second < first)
    assert np.all(whole < second)
    assert whole.max() < 0.1
    assert second[:3].max() < 0.3
    assert first[2:].min() > 1.0


def test_sources_disagree_at_leading_order(rows):
    """By more than 20 MeV at r = 2a, where V is −120 MeV: non-locality that can be seen."""
    X, y, r = rows
    wall, exponential = (local_approximation(X[s], y[s]).V for s in _sources())
    assert np.abs(wall - exponential)[r == 1.0] * TO_MEV > 20


def _sources():
    return slice(0, 6), slice(6, 12)
