"""From correlators to phase shifts in one estimator, and searches over blocks."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.correlators import load_correlators
from halkit.datasets import make_time_dependent
from halkit.equations import lattice_rows, radial_rows
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import ESTPotentialRegressor, TimeDependentHALRegressor
from halkit.resampling import (
    JackknifeRegressor,
    blocks,
    held_out_volume,
    jackknife_samples,
    leave_one_source_out,
    leave_one_volume_out,
    pooled_errors,
)
from halkit.scattering import phase_shift

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]
K = np.linspace(0.05, 0.4, 8)
TRUTH = GaussianSum([-0.03, 0.04], [0.1, 0.5]) + Separable(1e-3, 0.6)
PRIOR = GaussianProcessPotentialRegressor(amplitude=1e-3, envelope_radius=4.0)


def correlators(truth=TRUTH, seed=0, noise=1e-4, n_bins=10, sources=("wall", "exp"), b=2.0):
    return make_time_dependent(
        truth, r=np.linspace(0.5, 16.0, 32), box_radius=24.0, hadron_mass=2.0,
        times=range(10, 19), source_radius=b, noise=noise, noise_floor=0.05, n_bins=n_bins,
        sources=sources, random_state=seed,
    ).correlators  # fmt: skip


def three_blocks(truth=TRUTH, seed=0, **options):
    """Blocks of a wall source and of exponentials of radius 2 and 4."""
    wide = correlators(truth, seed + 1000, sources=["exp"], b=4.0, **options)
    wide = replace(wide, R={"wide": wide.R["exp"]})
    return blocks(correlators(truth, seed, **options), wide)


@pytest.fixture(scope="module")
def X():
    return three_blocks()


@pytest.fixture(scope="module")
def model(X):
    return CorrelatorRegressor(PRIOR, times=[13, 14, 15], stencil=5).fit(X[:2])


def test_it_is_the_jackknife_of_the_rows(model):
    rows = radial_rows(correlators(), stencil=5).select(times=[13, 14, 15])
    by_hand = JackknifeRegressor(
        clone(PRIOR).set_params(r=rows.r, weights=rows.weights, r_out=rows.r, reduced_mass=1.0)
    ).fit(rows.data, rows.target, y_std=rows.sigma)
    for mine, other in zip(
        model.phase_shift(K, return_std=True), by_hand.phase_shift(K, return_std=True), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-9)
    assert model.local_strength_ == by_hand.local_strength_
    assert model.volumes_ == (None,) * 6
    assert (model.hadron_mass_, model.system_, model.inverse_spacing_) == (2.0, "lattice", None)
    V, error = model.local_potential([1.0, 2.0], return_std=True)
    assert np.all(error > 0)
    assert np.shape(V) == (2,)


def test_the_truth_is_found(model):
    delta, error = model.phase_shift(K, return_std=True)
    assert np.all(np.abs(delta - phase_shift(TRUTH, K, reduced_mass=1.0)) < 4 * error)
    assert np.rad2deg(error).max() < 3


def test_prediction_and_goodness(model, X):
    y = model.predict(X)
    assert [part.shape for part in y] == [(3, 32)] * 3
    np.testing.assert_allclose(y[0], model.estimator_.predict(model.rows_.mean()[0][:3]))
    good = model.goodness_of_fit(X)
    assert good.p_value > 0.01
    assert set(good.by_row) == {(None, s, t) for s in ("wall", "exp", "wide") for t in (13, 14, 15)}
    assert -1.5 < model.score(X[2:]) < -0.5
    local = clone(model).set_params(estimator__local="only").fit(X[:2])
    bad = local.goodness_of_fit(X)
    assert bad.p_value < 1e-6
    assert bad.chi2 / bad.dof > 3
    assert local.score(X[2:]) < -2


def test_scores_compare_fits_of_all_windows_on_the_same_rows(X):
    """χ² of y itself, of a potential that is zero: it does not depend on what was fitted."""
    nothing = GaussianProcessPotentialRegressor(amplitude=1e-30, local="only", local_strength=1e-9)
    scores = {
        CorrelatorRegressor(nothing, resample="mean", **window).fit(X[:2]).score(X[2:])
        for window in ({"stencil": 3}, {"times": [14]}, {"times": [12, 15], "stencil": 5})
    }
    assert np.ptp([*scores]) < 1e-6 * abs(max(scores))
    window = {"times": [12], "stencil": 5}
    fit = CorrelatorRegressor(PRIOR, resample="mean").fit(X)
    assert fit.score(X, **window) != fit.score(X)


def test_clones_copies_and_threads(model, X):
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).phase_shift(K), model.phase_shift(K)
    )
    grid = {"estimator__envelope_radius": [2.0, 4.0]}
    base = clone(model).set_params(resample="mean")
    with parallel_config("threading"):
        one, two = (
            GridSearchCV(base, grid, cv=leave_one_source_out, n_jobs=n).fit(X) for n in (1, 2)
        )
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    done = cross_validate(make_pipeline(base), X, cv=leave_one_source_out, return_estimator=True)
    np.testing.assert_array_equal(
        done["test_score"],
        [clone(base).fit([b for b in X if b is not a]).score([a]) for a in X],
    )


def draw(seed):
    """A truth, in seven of ten cases non-local."""
    random = np.random.default_rng(seed)
    V = GaussianSum(
        [-0.04 * random.uniform(0.3, 1.2), 0.06 * random.uniform(0, 1)],
        [random.uniform(2.5, 4) ** -2, random.uniform(1, 2) ** -2],
    )
    U = Separable(
        float(random.choice([-1, 1]) * 10 ** random.uniform(-3.7, -2.7)), random.uniform(0.4, 0.8)
    )
    return V + U if random.uniform() < 0.7 else V


def test_a_search_over_prior_window_and_stencil():
    """Errors of δ of three truths: chosen, smallest of all in hindsight, and median.

    The smallest of one set of noise is partly luck: against the candidate that is best over sets,
    as measured for ten truths in docs/correlators.md, the ratio is smaller.
    """
    prior = {"estimator__envelope_radius": [4.0, 8.0], "estimator__amplitude": [1e-6, 1e-3]}
    grid = [
        {"stencil": [3], "times": [(12, 13, 14, 15)], **prior},
        {"stencil": [5], "times": [(14, 15)], **prior},
    ]
    base = CorrelatorRegressor(GaussianProcessPotentialRegressor(), resample="mean")
    found = []
    for seed in (0, 1, 2):
        X = three_blocks(draw(seed), seed, noise=3e-4, n_bins=20)
        exact = phase_shift(draw(seed), K, reduced_mass=1.0)
        search = GridSearchCV(base, grid, cv=leave_one_source_out, refit=False).fit(X)
        deltas = np.array(
            [
                clone(base).set_params(**p).fit(X).phase_shift(K)
                for p in search.cv_results_["params"]
            ]
        )
        turned = deltas - exact - np.pi * np.round((deltas - exact) / np.pi)
        errors = np.rad2deg(np.sqrt(np.mean(turned**2, axis=1)))
        found.append((errors[search.best_index_], errors.min(), np.median(errors)))
    chosen, best, median = np.sqrt(np.mean(np.square(found), axis=0))
    assert chosen < 3 * best
    assert chosen < 0.5 * median


def test_volumes_left_out_of_published_correlators(data_dir):
    """Radii that differ by volume, the scorer, and that narrow beats wide and local."""
    records = [load_correlators(data_dir, lattice=f"L{L}") for L in (40, 48)]
    base = CorrelatorRegressor(
        GaussianProcessPotentialRegressor(), times=[12, 13, 14, 15], r_max={40: 12.0, 48: 16.0},
        resample="mean",
    )  # fmt: skip
    grid = [
        {"estimator__local": ["only"]},
        {"estimator__envelope_radius": [5.5, 12.0], "estimator__amplitude": [1e-5]},
    ]
    common = partial(held_out_volume, r_max=12.0)
    search = GridSearchCV(base, grid, cv=leave_one_volume_out, scoring=common)
    search.fit(blocks(*records))
    assert search.best_params_["estimator__envelope_radius"] == 5.5
    local, narrow, wide = search.cv_results_["mean_test_score"]
    assert local < 3 * narrow < narrow
    assert wide < narrow
    fit = search.best_estimator_
    assert fit.volumes_.count(40) == fit.volumes_.count(48) == 8
    rows = lattice_rows(records[0], times=[12, 13, 14, 15], r_max=12.0)
    n = rows.r_out.size
    np.testing.assert_allclose(fit.rows_.target[:, :8, :n], rows.target)
    np.testing.assert_allclose(fit.rows_.sigma[:8, :n], rows.sigma)
    with pytest.raises(ValueError, match="volumes that were not fitted, got L = \\[40\\]"):
        held_out_volume(fit, blocks(records[0]))
    with pytest.raises(TypeError, match="estimator must be a CorrelatorRegressor"):
        held_out_volume(fit.estimator_, blocks(records[0]))


def test_choices_of_blocks_and_weights(X):
    base = CorrelatorRegressor(PRIOR, times=[14], resample="mean")
    wall = clone(base).set_params(sources=["wall"]).fit(X)
    assert wall.rows_.sources == ("wall",)
    assert clone(base).fit(correlators()).rows_.sources == ("wall", "exp")
    pooled = clone(base).set_params(errors="pooled", times=[13, 15]).fit(X[:1]).rows_
    plain = clone(base).set_params(times=[13, 15]).fit(X[:1]).rows_
    np.testing.assert_array_equal(pooled.sigma, pooled_errors(plain.sigma, plain.mean()[0]))
    volumes = [replace(block, L=L) for block, L in zip(X, (32, 48, 48), strict=True)]
    assert clone(base).set_params(volumes=[48]).fit(volumes).volumes_ == (48, 48)
    network = TimeDependentHALRegressor(local="only", n_init=1, max_iter=30, random_state=0)
    assert clone(base).set_params(estimator=network).fit(X).estimator_.hadron_mass == 2.0


def test_without_bins_there_are_no_errors():
    fit = CorrelatorRegressor(PRIOR).fit(blocks(correlators(noise=0.0, n_bins=None)))
    delta, error = fit.phase_shift(K, return_std=True)
    assert np.abs(delta - phase_shift(TRUTH, K, reduced_mass=1.0)).max() < np.deg2rad(1.0)
    assert np.all(np.isnan(error))
    with pytest.raises(ValueError, match="X must have bins"):
        fit.score(blocks(correlators(noise=0.0, n_bins=None)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sources": ["point"]}, "sources must be among"),
        ({"volumes": [99]}, "volumes must be among"),
        ({"errors": "none"}, "errors must be"),
        ({"resample": "bootstrap"}, "resample must be 'jackknife' for these bins"),
        ({"resample": "blocks"}, "resample must be"),
        ({"times": [99]}, "times must be among"),
        ({"estimator__reduced_mass": 3.0}, "reduced_mass of the estimator must be"),
        ({"estimator": make_pipeline(PRIOR)}, "estimator must take y_std"),
    ],
)
def test_faults(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        CorrelatorRegressor(clone(PRIOR)).set_params(**parameters).fit(X)


def test_blocks_that_do_not_belong_together(X):
    base = CorrelatorRegressor(PRIOR, times=[14], resample="mean")
    heavier = replace(X[1], hadron_mass=2.5)
    with pytest.raises(
        ValueError, match=r"hadron_mass must be the same .* MassFit, or the masses, of"
    ):
        base.fit([X[0], heavier])
    fewer = replace(X[1], R={"exp": jackknife_samples(np.moveaxis(X[1].R["exp"], 1, 0)[:8])
                            .swapaxes(0, 1)})  # fmt: skip
    with pytest.raises(ValueError, match="n_bins must be the same in all rows: bins of two"):
        base.fit([X[0], fewer])
    with pytest.raises(TypeError, match="X must be a list of Correlators, got a dict"):
        base.fit({})
    fit = CorrelatorRegressor(PRIOR, times=[14]).fit(X)
    with pytest.raises(ValueError, match="X must have 10 bins as the fit had, got 8"):
        fit.goodness_of_fit([fewer])
    assert not hasattr(base, "estimators_")


def test_estimators_without_errors_are_refused_or_fit(X):
    """The separable expansion takes y_std; its fit has no prior."""
    fit = CorrelatorRegressor(ESTPotentialRegressor(), times=[14], resample="mean").fit(X)
    assert fit.estimator_.reduced_mass == 1.0
