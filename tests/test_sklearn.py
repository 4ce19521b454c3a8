"""scikit-learn's own checks on every public estimator."""

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from halkit.potentials import NonLocalPotentialRegressor, TimeDependentHALRegressor

WEIGHTS = (
    "a repeated sample and a doubled weight give the same objective; the optimiser's path "
    "from a random start differs by rounding"
)
ESTIMATORS = [
    NonLocalPotentialRegressor(n_init=1, max_iter=20),
    TimeDependentHALRegressor(n_init=1, max_iter=20),
]


def expected_failures(estimator):
    return {"check_sample_weight_equivalence_on_dense_data": WEIGHTS}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_poor_scores_are_admitted_only_without_nodes(estimator):
    assert get_tags(estimator).regressor_tags.poor_score
    estimator = type(estimator)(r=[0.5, 1.0])
    assert not get_tags(estimator).regressor_tags.poor_score
    assert get_tags(estimator).target_tags.multi_output
