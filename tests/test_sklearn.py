"""scikit-learn's own checks on every public estimator."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from skops.io import dumps, get_untrusted_types, loads

from halkit.datasets import make_u1_configurations
from halkit.gauge import Phi4DiffusionSampler, SU2DiffusionSampler, U1DiffusionSampler
from halkit.potentials import (
    ESTPotentialRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import JackknifeRegressor

WEIGHTS = (
    "a repeated sample and a doubled weight give the same objective; the optimiser's path "
    "from a random start differs by rounding"
)


def exponentials(r, r_prime, theta):
    """A function of a module, so that a model with it can be pickled."""
    return theta[0] * np.exp(-(theta[1] ** 2) * r - theta[2] ** 2 * r_prime)


REGRESSORS = [
    NonLocalPotentialRegressor(n_init=1, max_iter=20),
    TimeDependentHALRegressor(n_init=1, max_iter=20),
    ParametricPotentialRegressor(exponentials, [0.1, 0.5, 0.5]),
    ESTPotentialRegressor(),
    LocalPotentialRegressor(n_terms=1),
    GaussianProcessPotentialRegressor(reduced_mass=1.0),
    FrozenBasisRegressor(TimeDependentHALRegressor(n_init=1, max_iter=5, random_state=0)),
    JackknifeRegressor(TimeDependentHALRegressor(n_init=1, max_iter=5, random_state=0)),
]
ESTIMATORS = [
    *REGRESSORS,
    U1DiffusionSampler(hidden_channels=(8,), max_epochs=2),
    SU2DiffusionSampler(),
    Phi4DiffusionSampler(n_steps=3),
]


def expected_failures(estimator):
    if not isinstance(getattr(estimator, "estimator", estimator), NonLocalPotentialRegressor):
        return {}
    return {"check_sample_weight_equivalence_on_dense_data": WEIGHTS}


def all_checks():
    """scikit-learn's checks, under names without the address of a function."""
    mark = parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures).mark
    kwargs, old_ids = dict(mark.kwargs), mark.kwargs["ids"]
    kwargs["ids"] = lambda obj: re.sub("at0x[0-9a-f]+", "", old_ids(obj) or "") or None
    names, pairs = mark.args
    once = {tuple(map(old_ids, pair)): pair for pair in pairs}  # old versions repeat a check
    return pytest.mark.parametrize(names, list(once.values()), **kwargs)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")  # of random y
@pytest.mark.filterwarnings("ignore:X has angles beyond 2π")
@pytest.mark.filterwarnings("ignore:X has ⟨φ ∂S/∂φ⟩")
@pytest.mark.filterwarnings("ignore:X has rows of .* numbers, which are on no square lattice")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@all_checks()
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_poor_scores_are_admitted_only_without_nodes(estimator):
    assert get_tags(estimator).regressor_tags.poor_score
    inner = "estimator__" if "estimator" in estimator.get_params() else ""
    estimator = clone(estimator).set_params(**{f"{inner}r": [0.5, 1.0]})
    assert not get_tags(estimator).regressor_tags.poor_score
    assert get_tags(estimator).target_tags.multi_output


def of_this_package(names):
    """Return the names; fail if one is not a class of halkit or the function above."""
    assert all(name.startswith("halkit.") or name.endswith(".exponentials") for name in names)
    return names


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("estimator", REGRESSORS)
def test_skops_keeps_a_fit_without_pickle(estimator):
    r = 0.5 * np.arange(1, 9)
    shape = (5, 6, 8) if isinstance(estimator, JackknifeRegressor) else (6, 8)
    X = np.random.default_rng(0).normal(size=shape)
    inner = "estimator__" if "estimator" in estimator.get_params() else ""
    model = clone(estimator).set_params(**{f"{inner}r": r})
    model.fit(X, -0.1 * X @ np.exp(-r[:, None] - r))
    file = dumps(model)
    restored = loads(file, trusted=of_this_package(get_untrusted_types(data=file)))
    X = X.reshape(-1, 8)
    assert np.array_equal(restored.predict(X), model.predict(X))
    assert np.array_equal(restored.predict_potential(r, r), model.predict_potential(r, r))


def test_skops_keeps_a_sampler_without_pickle():
    links = make_u1_configurations(64, 1.0, 4, random_state=0)
    model = U1DiffusionSampler(hidden_channels=(4,), max_epochs=1, random_state=0)
    file = dumps(model.fit(links))
    restored = loads(file, trusted=of_this_package(get_untrusted_types(data=file)))
    draw = {"n_samples": 2, "beta": 1.5, "lattice_size": 4, "random_state": 1}
    assert np.array_equal(restored.sample(**draw), model.sample(**draw))
