"""Fits of named forms that find their own start: the lowest minimum, and ranges the data see."""

import warnings

import numpy as np
import pytest

from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import GaussianSum
from halkit.potentials import LocalPotentialRegressor
from halkit.potentials.named_forms import NamedForm
from halkit.scattering import phase_shift, scattering_wave_functions

# Distances of a cubic lattice.
SQUARES = np.unique(np.sum(np.indices((8, 8, 8)) ** 2, axis=0))
R = np.sqrt(SQUARES[SQUARES <= 49])


@pytest.mark.parametrize(("n", "power", "free"), [(1, 1, False), (1, 2, False), (1, 1, True),
                                                  (2, 1, False), (2, 2, False)])  # fmt: skip
def test_the_lowest_minimum_is_found_beside_a_tail(n, power, free):
    """Six truths each with a core next to the spacing; χ² is not above that from their θ."""
    for seed in range(6):
        random = np.random.default_rng([n, power, free, seed])
        b = random.uniform(0.8, 1.3, 1)
        if n == 2:
            b = np.array([random.uniform(0.7, 1.0), random.uniform(1.4, 2.2)])
        mu = random.uniform(0.2, 0.5)
        tail = [-random.uniform(0.3, 2.0), random.uniform(0.8, 2.2), mu]
        theta = np.array([*random.uniform(0.1, 0.6, n), *b, *tail[: 2 + free]])
        form = {"form": "gaussians+two_pion", "power": power, "mu": None if free else mu}
        V = NamedForm("gaussians+two_pion", None if free else mu, power)(R, theta)
        std = 10 ** random.uniform(-4, -2) * np.abs(V[1:]).max() * np.ones_like(R)
        V = V + std * random.normal(size=R.shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            at_truth = LocalPotentialRegressor(**form, initial=theta).fit_table(R, V, std)
            found = LocalPotentialRegressor(**form, n_terms=n).fit_table(R, V, std)
        assert (found.loss_ - at_truth.loss_) * len(R) < 0.1


def surplus(seed, n_terms, **parameters):
    """A fit of a Gaussian with noise of 1 %, and pulls of its phase shifts."""
    random, r, k = np.random.default_rng(seed), np.linspace(0.2, 10, 50), np.array([0.05, 0.2])
    V = GaussianSum([-1.7], [0.2])
    phi = scattering_wave_functions(V, [0.2, 0.5, 0.9], reduced_mass=2.0)(r)
    std = 0.01 * np.abs(V(r) * phi).max() * np.ones_like(phi)
    y = V(r) * phi + std * random.normal(size=phi.shape)
    model = LocalPotentialRegressor(r=r, reduced_mass=2.0, n_terms=n_terms, **parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(phi, y, y_std=std)
        named = any("twice as far as the data" in str(w.message) for w in caught)
        delta, error = model.phase_shift(k, return_std=True)
    pull = delta - phase_shift(V, k, reduced_mass=2.0)
    return model, named, (pull - np.pi * np.round(pull / np.pi)) / error


@pytest.mark.parametrize("seed", [5, 9])
def test_a_surplus_gaussian_is_not_longer_than_the_data_see(seed):
    """Without the limit it runs to 10⁴ and more, and phase shifts are refused."""
    model, named, pull = surplus(seed, 2)
    assert np.abs(model.theta_[2:]).max() == pytest.approx(20.0, rel=1e-3)
    assert named
    assert np.all(np.abs(pull) < 3)
    assert model.theta_cov_[3, 3] == 0.0
    assert np.all(np.isfinite(model.theta_cov_))


def test_the_limit_moves_no_fit_within_it():
    for seed in range(3):
        model, named, _ = surplus(seed, 1)
        free, _, _ = surplus(seed, 1, initial=model.theta_, bounds=(-np.inf, np.inf))
        assert not named
        np.testing.assert_allclose(model.theta_, free.theta_, rtol=1e-6)
        np.testing.assert_allclose(model.theta_cov_, free.theta_cov_, rtol=1e-4)


def test_a_surplus_term_of_exact_data_is_not_named():
    r = np.linspace(0.1, 6.0, 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnderdeterminedWarning)
        LocalPotentialRegressor(n_terms=2).fit_table(r, -np.exp(-(r**2)), 1e-3 + 0 * r)
