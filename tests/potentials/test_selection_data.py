"""Which prior describes a volume that was left out of the fit, and which the training prefers.

ΞΞ(¹S₀) correlators of T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007 [arXiv:1812.08539],
L = 40, 48, 64, wall and smeared ("exp") sources, t = 12 … 15.
"""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut

from halkit.correlators import load_correlators
from halkit.equations import lattice_rows
from halkit.potentials import GaussianProcessPotentialRegressor

pytestmark = [
    pytest.mark.data,
    # some candidates of the searches are poor, which is what the searches have to find
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

VOLUMES, TIMES, MASS = (40, 48, 64), (12, 13, 14, 15), 0.665
NO_WEIGHT = 1e9
GRID = [
    {"local": ["only"]},
    {"envelope_radius": [5.5], "amplitude": [1e-6, 1e-5]},
    {"envelope_radius": [12.0], "amplitude": [1e-4]},
]
LOCAL, WEAK, BEST, WIDE = range(4)


@pytest.fixture(scope="module")
def volumes(data_dir):
    return {L: load_correlators(data_dir, lattice=f"L{L}") for L in VOLUMES}


def prepare(volumes, limits):
    """Rows of each volume with its limits of r and r'."""
    return [
        lattice_rows(
            volumes[L], times=TIMES, sources=("wall", "exp"), r_max=r_max, r_prime_max=limit
        )
        for L, (r_max, limit) in limits.items()
    ]


def padded(arrays, fill):
    width = arrays[-1].shape[1]
    return np.concatenate(
        [np.pad(a, ((0, 0), (0, width - a.shape[1])), constant_values=fill) for a in arrays]
    )


def chi2(target, prediction, *, y_std):
    return np.mean((((prediction - target) / y_std) ** 2)[y_std < NO_WEIGHT])


def search(rows, groups):
    shells = rows[-1]
    X = padded([part.data.mean(axis=0) for part in rows], 0.0)
    y = padded([part.target.mean(axis=0) for part in rows], 0.0)
    sigma = padded([part.sigma for part in rows], NO_WEIGHT)
    model = GaussianProcessPotentialRegressor(
        shells.r, weights=shells.weights, r_out=shells.r_out, reduced_mass=MASS / 2
    )
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(chi2, greater_is_better=False).set_score_request(y_std=True)
        found = GridSearchCV(
            model.set_fit_request(y_std=True), GRID, scoring=scorer, cv=LeaveOneGroupOut(),
            return_train_score=True,
        ).fit(X, y, groups=groups, y_std=sigma)  # fmt: skip
    results = found.cv_results_
    return found, -results["mean_train_score"], -results["mean_test_score"]


@pytest.fixture(scope="module")
def own(volumes):
    """Each volume with r' up to its own half."""
    return prepare(volumes, {40: (17.0, 19.9), 48: (21.0, 23.9), 64: (26.0, 29.0)})


def test_shells_are_common_where_boxes_overlap(own):
    for part in own[:-1]:
        n = len(part.r)
        np.testing.assert_array_equal(part.r, own[-1].r[:n])
        np.testing.assert_array_equal(part.weights, own[-1].weights[:n])


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_a_volume_left_out_ranks_the_priors(own):
    found, training, left_out = search(own, np.repeat(VOLUMES, 8))
    assert found.best_index_ == BEST
    assert found.best_params_ == {"envelope_radius": 5.5, "amplitude": 1e-5}
    assert 1.7 < left_out[BEST] < 2.0
    assert left_out[BEST] < left_out[WEAK] < left_out[LOCAL] < left_out[WIDE]
    assert 14 < left_out[LOCAL] < 20
    assert left_out[WIDE] > 1000
    assert np.argmin(training) == WIDE
    assert not found.best_estimator_.bound_states().energy.size


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_a_time_left_out_prefers_the_prior_that_fails(own):
    slices = np.array([t for part in own for _, t in part.labels])
    found, _, left_out = search(own, slices)
    assert np.argmin(left_out) == WIDE
    assert found.best_estimator_.bound_states().energy.size == 1


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_rows_on_one_common_set_of_shells_stack(volumes):
    """Without the outer r' the wide prior is worse too, but no longer by a factor of 1000."""
    rows = prepare(volumes, dict.fromkeys(VOLUMES, (17.0, 19.9)))
    assert len({part.r.tobytes() for part in rows}) == 1
    found, training, left_out = search(rows, np.repeat(VOLUMES, 8))
    assert found.best_index_ == BEST
    assert np.argmin(training) == WIDE
    assert 2.2 < left_out[WIDE] < 3.5
    assert left_out[LOCAL] > 20
