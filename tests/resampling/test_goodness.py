"""Goodness of fit on noise of known covariance, and on potentials that depend on time or do not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from halkit.datasets import make_time_dependent
from halkit.equations import radial_rows, stack_rows
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.resampling import (
    bootstrap_samples,
    goodness_of_fit,
    jackknife_samples,
    time_independence_test,
)
from halkit.resampling.goodness import NoiseModel

R = np.arange(60)
SMOOTH = np.exp(-0.5 * ((R[:, None] - R) / 15.0) ** 2)
ROOTS = {
    "white": np.eye(60),
    "smooth": np.hstack([SMOOTH, 0.3 * np.eye(60)]),
    "with a Laplacian": np.hstack([np.diff(np.eye(60), n=2, axis=0, append=0, prepend=0), SMOOTH]),
}


def draws(root, n_sets, n_bins, seed):
    random = np.random.default_rng(seed)
    for _ in range(n_sets):
        yield random.standard_normal((n_bins, root.shape[1])) @ root.T


@pytest.mark.parametrize("name", ROOTS)
def test_p_values_of_noise_are_uniform(name):
    """100 sets, 20 bins: Kolmogorov and Smirnov; and 10 % ± 3σ below 0.1."""
    p = np.array(
        [goodness_of_fit(jackknife_samples(x)).p_value for x in draws(ROOTS[name], 100, 20, 1)]
    )
    assert kstest(p, "uniform").pvalue > 0.003
    assert np.mean(p < 0.1) < 0.1 + 3 * 0.03


def test_dof_is_the_mean_of_chi2_and_of_many_bins_the_number_of_points():
    found = [goodness_of_fit(jackknife_samples(x)) for x in draws(ROOTS["white"], 20, 120, 2)]
    chi2, dof = np.mean([(one.chi2, one.dof) for one in found], axis=0)
    # the mean χ² of 20 sets has an error of sqrt(2·60/20) = 2.4; 120 bins know all 60 directions
    assert abs(chi2 - dof) < 3 * 2.4
    assert abs(dof - 60) < 5


def test_a_shift_is_seen_best_where_the_bins_know_that_there_is_no_noise():
    """Two shifts of one size in units of σ: one smooth like the noise, one that alternates."""
    x = next(draws(ROOTS["smooth"], 1, 40, 3))
    error = x.std(axis=0, ddof=1) / np.sqrt(40)
    chi2 = {
        name: goodness_of_fit(jackknife_samples(x + 1.5 * error * shape)).chi2
        for name, shape in (("smooth", np.ones(60)), ("alternating", (-1.0) ** R))
    }
    assert chi2["alternating"] > 5 * chi2["smooth"]


def test_the_quadratic_form_is_that_of_the_shrunk_covariance():
    bins = jackknife_samples(next(draws(ROOTS["smooth"], 1, 20, 4)))
    model, mean = NoiseModel(bins, "jackknife"), np.random.default_rng(0).standard_normal(60)
    covariance = 19**2 / 20 * np.cov(bins.T)
    sigma = np.sqrt(np.diag(covariance))
    shrunk = (1 - model.shrinkage) * covariance + model.shrinkage * np.diag(sigma**2)
    assert model.chi2(mean) == pytest.approx(mean @ np.linalg.solve(shrunk, mean), rel=1e-9)
    assert 0.01 < model.shrinkage < 0.5


def test_shrinkage_is_one_without_correlations():
    x = next(draws(np.eye(400), 1, 20, 5))
    assert NoiseModel(jackknife_samples(x), "jackknife").shrinkage > 0.85


def test_bootstrap_and_jackknife_agree():
    x = next(draws(ROOTS["smooth"], 1, 100, 6)) + 0.1
    jackknife = goodness_of_fit(jackknife_samples(x))
    bootstrap = goodness_of_fit(bootstrap_samples(x, 2000, random_state=0)[::10], "bootstrap")
    assert bootstrap.chi2 / bootstrap.dof == pytest.approx(jackknife.chi2 / jackknife.dof, rel=0.5)


@pytest.mark.parametrize(
    ("bins", "kind", "message"),
    [
        (np.ones((3, 4)), "jackknife", "at least 4 bins, got 3"),
        (np.ones((5, 4)), "jackknife", "must fluctuate"),
        (np.full((5, 4), np.nan), "jackknife", "must be finite"),
        (np.ones((5, 4)), "seeds", "kind must be"),
    ],
)
def test_faults(bins, kind, message):
    with pytest.raises(ValueError, match=message):
        goodness_of_fit(bins, kind)


LOCAL = GaussianSum([-0.04, 0.05], [0.1, 0.4])


def data(truth, seed, first=12, noise=1e-4, n_bins=20):
    return make_time_dependent(
        truth, r=np.linspace(0.5, 12.0, 24), box_radius=24.0, hadron_mass=2.0, source_radius=2.0,
        times=range(first, 20), noise=noise, n_bins=n_bins, random_state=seed,
    )  # fmt: skip


def test_p_values_of_a_local_potential_are_uniform():
    exact, random = data(LOCAL, 0, noise=0.0, n_bins=None).correlators, np.random.default_rng(0)

    def noisy(R):
        xi = random.standard_normal((20, len(R), R.shape[-1]))
        return np.moveaxis(jackknife_samples(R[:, 0] * (1 + 5e-4 * xi)), 0, 1)

    p = [
        time_independence_test(
            radial_rows(
                replace(exact, R={s: noisy(R) for s, R in exact.R.items()}, kind="jackknife")
            )
        ).p_value
        for _ in range(60)
    ]
    assert kstest(p, "uniform").pvalue > 0.003


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_a_non_local_potential_depends_on_time():
    """V(r; t) = y/R of an excited source moves with t; what a fit of U leaves does not."""
    rows = data(LOCAL + Separable(3e-3, 0.6), 0, first=8).rows
    found = time_independence_test(rows)
    assert found.p_value < 1e-3
    assert set(found.by_source) == {"wall", "exp"}
    assert found.by_source["exp"].p_value < 1e-3
    X, y = rows.mean()
    fit = GaussianProcessPotentialRegressor(
        rows.r, reduced_mass=1.0, amplitude=1e-3, envelope_radius=3.0
    ).fit(X, y, y_std=rows.sigma)
    assert time_independence_test(rows, fit).p_value > 0.01


def test_faults_of_the_test_of_time():
    rows = data(LOCAL, 0).rows
    with pytest.raises(TypeError, match="rows must be Rows"):
        time_independence_test(rows.data)
    with pytest.raises(ValueError, match="two times of a source"):
        time_independence_test(rows.select(times=rows.times[:1]))
    short = replace(
        rows, data=rows.data[..., :9], target=rows.target[..., :9], sigma=rows.sigma[:, :9],
        r=rows.r[:9], weights=rows.weights[:9], r_out=rows.r[:9],
    )  # fmt: skip
    both = stack_rows([short, rows])
    with pytest.raises(ValueError, match="one volume"):
        time_independence_test(both)
