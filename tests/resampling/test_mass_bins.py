"""Observables of a bin take the masses of this bin."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit import Channel
from halkit.datasets import make_time_dependent
from halkit.equations import radial_rows
from halkit.interactions import GaussianSum
from halkit.potentials import (
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.potentials.coupling import set_masses
from halkit.resampling import JackknifeRegressor
from halkit.scattering import phase_shift

MASS, N_BINS, K = 2.0, 6, [0.2, 0.5]


@pytest.fixture(scope="module")
def rows():
    """One local well; R of each bin has noise, and masses of its own."""
    d = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12.0, 60), box_radius=30.0,
        hadron_mass=MASS, times=range(20, 25), noise=1e-5, n_bins=N_BINS, random_state=0,
    )  # fmt: skip
    masses = MASS + 0.01 * np.random.default_rng(1).standard_normal(N_BINS)
    return radial_rows(replace(d.correlators, mass_bins=masses))


def fitted(rows, estimator, **options):
    model = JackknifeRegressor(estimator, resample=rows.kind)
    return model.fit(rows.data, rows.target, y_std=rows.sigma, **options)


def local(rows, **masses):
    return LocalPotentialRegressor(n_terms=1, r=rows.r, weights=rows.weights, **masses)


def test_each_bin_has_its_reduced_mass(rows):
    model = fitted(rows, local(rows, reduced_mass=MASS / 2), mass_bins=rows.mass_bins)
    assert model.estimator_.reduced_mass == MASS / 2
    mu = rows.mass_bins[:, 0] / 2
    assert_allclose([bin_.reduced_mass for bin_ in model.estimators_], mu, rtol=1e-15)
    expected = [
        phase_shift(bin_.interaction_, K, reduced_mass=m)
        for bin_, m in zip(model.estimators_, mu, strict=True)
    ]
    assert_allclose(model.samples(lambda m: m.phase_shift(K)), expected, atol=1e-8)


def test_without_the_masses_of_bins_their_error_counts_twice(rows):
    """2μU = ∇²R/R + 2μ(time part): the mass enters through the small second term alone."""
    estimator = local(rows, reduced_mass=MASS / 2)
    _, error = fitted(rows, estimator, mass_bins=rows.mass_bins).phase_shift(K, return_std=True)
    _, twice = fitted(rows, estimator).phase_shift(K, return_std=True)
    assert np.all(twice > 2 * error)


def test_masses_of_every_kind_of_estimator():
    pair = np.array([[1.0, 3.0]])
    r = np.linspace(0.2, 5.0, 20)
    by_mass = GaussianProcessPotentialRegressor(r, reduced_mass=0.7)
    set_masses(by_mass, pair)
    assert by_mass.reduced_mass == 0.75
    hadrons = TimeDependentHALRegressor(r, hadron_mass=(1.1, 3.1))
    set_masses(hadrons, pair)
    assert hadrons.hadron_mass == (1.0, 3.0)
    set_masses(hadrons, [[2.0, 2.0]])
    assert hadrons.hadron_mass == 2.0
    coupled = GaussianProcessPotentialRegressor(
        r, channels=[Channel(l=0, masses=(1.1, 3.1)), Channel(l=2, masses=(1.2, 3.2))]
    )
    set_masses(coupled, [[1.0, 3.0], [1.3, 3.3]])
    assert [(c.l, c.masses) for c in coupled.channels] == [(0, (1.0, 3.0)), (2, (1.3, 3.3))]
    with pytest.raises(ValueError, match="masses must be of 2 channels, got 1"):
        set_masses(coupled, pair)
    with pytest.raises(ValueError, match="estimator must have a reduced_mass, a hadron_mass"):
        set_masses(NonLocalPotentialRegressor(r), pair)


@pytest.mark.parametrize(
    ("masses", "message"),
    [
        (np.ones((N_BINS - 1, 2)), r"mass_bins must have shape \(n_bins, 2\) .* n_bins = 6, got"),
        (np.ones(N_BINS), "mass_bins must have 2 entries on its last axis"),
        (np.zeros((N_BINS, 2)), "mass_bins must be positive"),
        (np.ones((N_BINS, 2, 2)), "masses must be of 1 channels, got 2"),
    ],
)
def test_masses_that_do_not_fit(rows, masses, message):
    with pytest.raises(ValueError, match=message):
        fitted(rows, local(rows, reduced_mass=1.0), mass_bins=masses)


def test_masses_need_bins(rows):
    model = JackknifeRegressor(local(rows, reduced_mass=1.0))
    X, y = rows.mean()
    with pytest.raises(ValueError, match="mass_bins must be None for seeds"):
        model.fit(X, y, mass_bins=rows.mass_bins)
    assert not hasattr(model, "estimators_")
    assert_array_equal(rows.mass_bins[:, 0], rows.mass_bins[:, 1])
