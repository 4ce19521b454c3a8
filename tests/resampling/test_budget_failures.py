"""Variations of a budget that lack an observable do not count for it, and are named.

An effective range that is not linear in the data is named, as by an ensemble.
"""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator

from halkit import CorrelatorRegressor, ErrorBudget, LocalPotentialRegressor
from halkit.datasets import make_time_dependent
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.resampling import blocks
from halkit.resampling.quoted_observables import QuotedObservables
from halkit.scattering import Ensemble, effective_range, scattering_length


@pytest.fixture(scope="module")
def budget():
    data = make_time_dependent(
        GaussianSum([-0.05], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(11, 17), noise=1e-4, n_bins=6, random_state=0,
    )  # fmt: skip
    centre = CorrelatorRegressor(LocalPotentialRegressor(n_terms=1), times=[14], stencil=5)
    variations = {"stencil": [3], "times": [[13]]}
    budget = ErrorBudget(centre, variations, holdout=None, p_min=0, chi2_ratio=1e6)
    return budget.fit(blocks(data.correlators))


def test_a_variation_without_an_observable_does_not_count(budget):
    """As if it had not been accepted; a failure of the centre is one."""
    bad = {id(budget.models_[2].estimators_[1])}

    def depth(fit):
        if id(fit) in bad:
            raise ValueError("V has not decayed")
        return fit.local_potential([1.0])[0]

    message = r"1 of 3 variations do not have.*\(times = 13\): V has not decayed"
    with pytest.warns(AccuracyWarning, match=message) as caught:
        quoted = budget.evaluate(depth)
    assert len(caught) == 1
    assert np.isnan(quoted.variations[2])
    assert quoted.accepted.tolist() == [True, True, False]
    whole = budget.local_potential([1.0])[0]
    assert_allclose(quoted.value, np.median(whole.variations[:2]), rtol=1e-12)
    assert_allclose(quoted.variations[:2], whole.variations[:2], rtol=1e-12)
    assert "median of 2 of 3 variations" in budget.table(quoted)
    bad.add(id(budget.models_[0].estimators_[1]))
    both = r"centre does not have this observable, nor .* \(times = 13\): V has not decayed"
    with pytest.raises(ValueError, match=both):
        budget.evaluate(depth)


def test_an_observable_that_no_variation_has(budget):
    def refuse(fit):
        raise ValueError("V has not decayed")

    every = r"centre .*, nor have the variations \(stencil = 3\); \(times = 13\): V has not decayed"
    with pytest.raises(ValueError, match=every):
        budget.evaluate(refuse)


@pytest.mark.parametrize("name", ["phase_shift", "scattering_length", "effective_range"])
def test_observables_leave_out_the_same(budget, monkeypatch, name):
    given = [0.1] if name == "phase_shift" else []
    whole = getattr(budget, name)(*given)

    def refuse(*given, **settings):
        raise ValueError("V has not decayed")

    monkeypatch.setattr(budget.models_[1].estimator_, name, refuse)
    with pytest.warns(AccuracyWarning, match=r"1 of 3 .*\(stencil = 3\)") as caught:
        quoted = getattr(budget, name)(*given)
    assert len(caught) == 1
    expected = np.median(whole.variations[[0, 2]])
    assert_allclose(quoted.value, expected, rtol=1e-4)  # of a0 the median of angles
    assert quoted.accepted.tolist() == [True, False, True]


class Fit:
    """A fit with a given potential."""

    def __init__(self, strengths):
        self.V = GaussianSum.from_ranges(strengths, [1.5, 2.6, 4.0])

    def effective_range(self, **mesh):
        return effective_range(self.V, reduced_mass=0.5, **mesh)

    def scattering_length(self, **mesh):
        return scattering_length(self.V, reduced_mass=0.5, **mesh)


def fit_of(centre, bins):
    """The fit of a variation, with the bins of its potential."""
    fits = [Fit(one) for one in bins]
    ensemble = Ensemble(
        [fit.V for fit in fits], kind="jackknife", centre=Fit(centre).V, reduced_mass=0.5
    )
    return SimpleNamespace(
        estimator_=Fit(centre), estimators_=fits, ensemble_=ensemble, resample_="jackknife"
    )


class Fitted(QuotedObservables, BaseEstimator):
    """A budget of given fits, all accepted."""

    n_jobs = None

    def __init__(self, models):
        self.models_ = models
        self.results_ = {"name": np.array([f"variation {i}" for i in range(len(models))])}
        self.accepted_ = np.ones(len(models), dtype=bool)

    def fit(self):
        """For scikit-learn, which asks for it."""
        return self


@pytest.mark.parametrize("attractive", [False, True])
def test_a_curved_effective_range_of_a_budget_is_named(attractive):
    """Where the ensemble of the centre is; variations that are alike change nothing."""
    v = np.array([0.0, -0.2, 0.0] if attractive else [0.45, -0.12, 0.0])
    for seed in range(2):
        random, told = np.random.default_rng(seed), []
        bins = random.normal(size=(8, 3)) * [0.03, 0.008, 0.002] / 3
        models = [fit_of(f * v, f * v + bins) for f in (1, 1.003, 0.997)]
        for quote in (
            lambda: models[0].ensemble_.effective_range(return_std=True),  # noqa: B023
            Fitted(models[:1]).effective_range, Fitted(models).effective_range,
        ):  # fmt: skip
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                quote()
            text = [str(w.message) for w in caught]
            told.append(any("not linear" in one for one in text))
        assert told == [told[0]] * 3
        assert not (attractive and told[0])
    assert attractive or told[0]
