"""Variations of a budget that lack an observable do not count for it, and are named."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit import CorrelatorRegressor, ErrorBudget, LocalPotentialRegressor
from halkit.datasets import make_time_dependent
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.resampling import blocks


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
    with pytest.raises(ValueError, match="V has not decayed"):
        budget.evaluate(depth)


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
