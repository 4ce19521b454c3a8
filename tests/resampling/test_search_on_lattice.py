"""A search over stencil, window and prior on raw correlators of two hadrons of different mass."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.correlators import fit_mass, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.interactions import GaussianSum
from halkit.resampling import blocks, jackknife_samples, leave_one_source_out
from halkit.scattering import phase_shift


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_search_that_leaves_out_sources():
    truth = GaussianSum([-0.33], [0.0865])
    raw = make_lattice_correlators(
        truth, L=16, times=range(3, 15), masses=(0.823, 0.960), random_state=2
    )
    C_NM, C_N, C_M = (jackknife_samples(C, bin_size=4) for C in (raw.C_NM, raw.C_N, raw.C_M))
    masses = tuple(
        fit_mass(C["wall"], t=raw.t, window=(9, 14), kind="jackknife") for C in (C_N, C_M)
    )
    X = blocks(
        two_hadron_ratio(
            C_NM, C_N, C_M, t=raw.t, wedge=raw.wedge, kind="jackknife", masses=masses, bin_size=4
        )
    )
    prior = GaussianProcessPotentialRegressor(local="only", local_range=2.5)
    search = GridSearchCV(
        CorrelatorRegressor(prior, r_max=7.5, resample="mean"),
        {
            "stencil": [3, 5, "auto"], "times": [[8, 9, 10], [9, 10]],
            "estimator__local_widths": [None, [8.0]],
        },
        cv=leave_one_source_out,
    ).fit(X)  # fmt: skip
    assert search.best_params_["estimator__local_widths"] is None  # a width that is too large
    assert search.best_score_ > -2
    best = clone(search.best_estimator_).set_params(resample=None).fit(X)
    k = np.array([0.1, 0.2, 0.3])
    delta, error = best.phase_shift(k, return_std=True)
    exact = phase_shift(truth, k, reduced_mass=raw.reduced_mass)
    assert np.all(np.abs(delta - exact) < 3.5 * error)
    assert np.all(error < 0.05)
