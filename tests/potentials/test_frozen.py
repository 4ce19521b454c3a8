"""Frozen form factors: a linear problem, against its normal equations and against full refits."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

from halkit.datasets import make_separable, make_time_dependent
from halkit.interactions import Separable, omega_ccc
from halkit.potentials import (
    FrozenBasisRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import JackknifeRegressor

pytestmark = [
    # The data of these tests end where U does not, and tell little of it beside V.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    pytest.mark.filterwarnings("ignore:these rows do not tell a local"),
]


@pytest.fixture(scope="module")
def correlators():
    """Ω_ccc-like, with a separable non-local part; two sources, ten bins."""
    return make_time_dependent(
        omega_ccc(inverse_spacing=2333.0) + Separable(-4e-5, 0.3), r=np.arange(1, 61) * 0.5,
        box_radius=48.0, hadron_mass=2.073, times=np.arange(22, 31), source_radius=1.5,
        noise=1e-3, n_bins=10, random_state=0,
    )  # fmt: skip


def network(d, **parameters):
    settings = {"hadron_mass": 2.073, "n_init": 1, "amplitude": 4e-5, "tol": 1e-3}
    return TimeDependentHALRegressor(d.r, random_state=0, **{**settings, **parameters})


@pytest.fixture(scope="module")
def trained(correlators):
    return network(correlators).fit(correlators.data, correlators.target, y_std=correlators.sigma)


def test_the_network_is_its_own_refit(correlators, trained):
    """At the minimum of the network's loss new coefficients have next to nothing to gain."""
    d = correlators
    frozen = FrozenBasisRegressor(FrozenEstimator(trained)).fit(d.data, d.target, y_std=d.sigma)
    network = frozen.estimator_.estimator
    assert network is not trained
    np.testing.assert_array_equal(network.predict(d.data), trained.predict(d.data))
    k = np.linspace(0.05, 0.5, 5)
    assert_allclose(frozen.phase_shift(k), trained.phase_shift(k), atol=np.deg2rad(1.5))
    before, after = (
        np.mean(((m.predict(d.data) - d.target) / d.sigma) ** 2) for m in (trained, frozen)
    )
    assert after < 1.01 * before
    assert_allclose(frozen.C_, frozen.C_.T)


def test_the_coefficients_solve_the_normal_equations(correlators, trained):
    """The gradient of the loss, by differences of the loss itself, vanishes."""
    d = correlators
    frozen = FrozenBasisRegressor(FrozenEstimator(trained)).fit(
        d.rows.data[3], d.rows.target[3], y_std=d.sigma
    )
    signs = trained._design["signs"]

    def loss():
        pulls = (frozen.predict(d.rows.data[3]) - d.rows.target[3]) / d.sigma
        prior = np.sum(frozen.local_coefficients_**2) + np.sum((frozen.C_ - np.diag(signs)) ** 2)
        return np.mean(pulls**2) + prior / d.target.size

    best = loss()
    assert best == pytest.approx(frozen.loss_, rel=1e-9)
    v, C = frozen.local_coefficients_, frozen.C_
    directions = np.random.default_rng(0).standard_normal((6, len(v) + 4))
    for step in directions:
        up = []
        for h in (1e-3, -1e-3):
            frozen.local_coefficients_ = v + h * step[: len(v)]
            change = step[len(v) :].reshape(2, 2)
            frozen.C_ = C + h * (change + change.T)
            up.append(loss() - best)
        assert min(up) > 0
        assert up[0] == pytest.approx(up[1], rel=1e-5)
    frozen.local_coefficients_, frozen.C_ = v, C


def test_the_fit_is_linear_in_the_sources():
    d = make_separable()
    model = NonLocalPotentialRegressor(
        d.r, reduced_mass=3.3, n_init=1, random_state=0, weight_decay=0.0
    ).fit(d.data, d.target)
    refit = FrozenBasisRegressor(FrozenEstimator(model))
    U = [refit.fit(d.data, f * d.target).predict_potential() for f in (1.0, 1.3)]
    assert_allclose(U[1], 1.3 * U[0], rtol=1e-6)
    assert not refit.interaction_.has_local
    assert_array_equal(refit.local_potential(d.r), 0.0)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_local_term_alone(correlators):
    d = correlators
    model = network(d, local="only").fit(d.data, d.target, y_std=d.sigma)
    frozen = FrozenBasisRegressor(FrozenEstimator(model)).fit(d.data, d.target, y_std=d.sigma)
    assert frozen.C_.shape == (0, 0)
    assert_allclose(frozen.local_potential(d.r), model.local_potential(d.r), atol=1e-5)
    assert_array_equal(frozen.nonlocal_potential(d.r[:, None], d.r), 0.0)


def test_a_network_is_trained_where_none_is_frozen(correlators):
    d = correlators
    model = FrozenBasisRegressor(network(d, tol=0.1)).fit(d.data, d.target, y_std=d.sigma)
    restored = pickle.loads(pickle.dumps(model))
    assert_array_equal(restored.phase_shift([0.1]), model.phase_shift([0.1]))
    assert restored.predict(d.data).shape == d.target.shape


def test_what_has_no_form_factors_is_refused(correlators):
    d = correlators
    rows = {"X": d.data, "y": d.target, "y_std": d.sigma}
    symmetric = network(d, network="symmetric", hidden_layer_sizes=(2,), tol=0.5)
    with pytest.raises(ValueError, match="must be a network regressor with network='separable'"):
        FrozenBasisRegressor(symmetric).fit(**rows)
    known = ParametricPotentialRegressor(scaled, [1.0], r=d.r)
    with pytest.raises(ValueError, match="got a ParametricPotentialRegressor"):
        FrozenBasisRegressor(known).fit(**rows)
    with pytest.raises(NotFittedError):
        FrozenBasisRegressor(FrozenEstimator(network(d))).fit(**rows)
    with pytest.raises(ValueError, match="refit must be 'full' with resample='seeds'"):
        JackknifeRegressor(network(d), resample="seeds", refit="linear").fit(d.data, d.target)


def scaled(r, r_prime, theta):
    return theta[0] * np.exp(-r - r_prime)
