"""V_ab(r; θ) of coupled channels from rows: parameters, covariance, S matrix, and warnings."""

import warnings

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone

from halkit import Channel
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.interactions import GaussianSum, InteractionMatrix, Separable
from halkit.potentials import LocalPotentialRegressor
from halkit.potentials.coupled_checks import normalisations
from halkit.radial import RadialGrid
from halkit.scattering import coupled_box_states, coupled_s_matrix

R = 0.1 * np.arange(1, 61)
CHANNELS = [Channel(reduced_mass=2.8), Channel(reduced_mass=2.7, threshold=0.13)]
# v and b of V_11, V_12 and V_22
TRUE = np.array([-0.4, 0.9, 0.25, 0.8, -0.6, 1.1])
ENERGY = np.array([0.05, 0.1, 0.2, 0.4, 0.6])


def matrix(theta, channels=CHANNELS):
    """One Gaussian for each pair."""
    V = [GaussianSum([v], [1 / b**2]) for v, b in theta.reshape(3, 2)]
    return InteractionMatrix([[V[0], V[1]], [V[1], V[2]]], channels=channels)


def rows(V, n_states=6, noise=0.0, seed=0):
    """States of a sphere of 6 fm, V φ with errors of several sizes, and the errors."""
    box = coupled_box_states(V, radius=6.0, relativistic=False, n_states=n_states)
    phi, grid = np.array([wave(R) for wave in box.wave_function]), RadialGrid.gauss_legendre(6, 80)
    y = np.einsum("abr,bsr->asr", V.local_potential(R), phi)
    if V.has_nonlocal:
        fine = np.array([wave(grid.r) for wave in box.wave_function]) * grid.weights
        y += np.einsum("abij,bsj->asi", V.nonlocal_potential(R[:, None], grid.r), fine)
    X, y = (np.concatenate(both, axis=-1) for both in (phi, y))
    random = np.random.default_rng(seed)
    sigma = noise * np.abs(y).max() * random.uniform(0.5, 2.0, y.shape)
    return X, y + sigma * random.normal(size=y.shape), sigma


def regressor(**parameters):
    return LocalPotentialRegressor(**{"r": R, "channels": CHANNELS, **parameters})


def two_by_two(r, theta):
    """The same as a form of one's own."""
    v, b = theta.reshape(3, 2).T
    V = v[:, None] * np.exp(-((np.ravel(r) / b[:, None]) ** 2))
    return V[[[0, 1], [1, 2]]].reshape(2, 2, *np.shape(r))


@pytest.mark.parametrize("seed", range(6))
def test_wells_of_coupled_channels_are_found_without_a_start(seed):
    """One and two Gaussians for each pair, and the S matrix."""
    random, n = np.random.default_rng(seed), seed % 2 + 1
    blocks = []
    for _ in range(3):
        b = np.sort(random.uniform(0.5, 0.8, n)) * 1.6 ** np.arange(n)
        blocks += [[random.uniform(0.1, 0.8, n) * random.choice([-1, 1], n), b]]
    V = [GaussianSum(v, 1 / b**2) for v, b in blocks]
    V = InteractionMatrix([[V[0], V[1]], [V[1], V[2]]], channels=CHANNELS)
    model = regressor(n_terms=n).fit(*rows(V)[:2])
    theta = model.theta_.reshape(3, 2, n)
    theta = np.take_along_axis(theta, np.argsort(theta[:, 1:], axis=2), axis=2)
    np.testing.assert_allclose(theta, blocks, rtol=1e-6)
    S = model.s_matrix(ENERGY)
    np.testing.assert_allclose(S, coupled_s_matrix(V, ENERGY), atol=1e-6)
    assert model.local_potential(R).shape == (2, 2, 60)
    assert not model.predict_potential().any()


def test_the_law_of_the_parameters_and_of_chi_squared():
    """60 seeds: χ² of θ with its covariance, and χ²/dof, follow their laws."""
    square, chi2 = [], []
    X, y, _ = rows(matrix(TRUE))
    model = regressor(initial=1.1 * TRUE)
    for seed in range(60):
        random = np.random.default_rng(seed)
        sigma = 0.01 * np.abs(y).max() * random.uniform(0.5, 2.0, y.shape)
        model.fit(X, y + sigma * random.normal(size=y.shape), y_std=sigma)
        pull = model.theta_ - TRUE
        square.append(pull @ np.linalg.solve(model.theta_cov_, pull))
        chi2.append([714 * model.chi2_dof_, 540 * model.chi2_dof_pointwise_])
    assert stats.kstest(square, stats.chi2(6).cdf).pvalue > 1e-3
    for values, n in zip(np.transpose(chi2), (714, 540), strict=True):
        assert stats.kstest(values, stats.chi2(n).cdf).pvalue > 1e-3


def test_a_form_of_ones_own():
    X, y, sigma = rows(matrix(TRUE), noise=0.01)
    own = regressor(form=two_by_two, initial=TRUE).fit(X, y, y_std=sigma)
    gaussians = regressor(n_terms=1).fit(X, y, y_std=sigma)
    np.testing.assert_allclose(own.theta_, gaussians.theta_, rtol=1e-5)
    np.testing.assert_allclose(own.local_potential(0.7), gaussians.local_potential(0.7), rtol=1e-5)
    np.testing.assert_allclose(own.predict(X), gaussians.predict(X), atol=1e-6 * np.abs(y).max())
    V = own.localize(X)
    np.testing.assert_allclose(V[:, :, :20], own.local_potential(R[:20]), rtol=1e-5)


def test_one_source_does_not_determine_a_matrix():
    """Two states of nearly one wave: named, and V_ab is wrong with a good χ²."""
    X, y, _ = rows(matrix(TRUE))
    X, y = (np.stack([z[0], z[0] + 1e-4 * z[1]]) for z in (X, y))
    sigma = np.full_like(y, 1e-3 * np.abs(y).max())
    model = regressor(initial=1.3 * TRUE, max_nfev=20)
    with pytest.warns(UnderdeterminedWarning, match="do not tell the potentials of 2 channels"):
        model.fit(X, y + sigma * np.random.default_rng(0).normal(size=y.shape), y_std=sigma)
    assert model.chi2_dof_ < 1.5


def test_a_non_local_truth_is_named():
    V = matrix(TRUE).interactions
    U = Separable(omega=-0.2, mu=2.0)
    V = InteractionMatrix([[V[0][0] + U, V[0][1]], [V[1][0], V[1][1]]], channels=CHANNELS)
    X, y, sigma = rows(V, noise=1e-3)
    with pytest.warns(MisfitWarning, match="no local potential describes the data"):
        regressor(n_terms=2).fit(X, y, y_std=sigma)


def test_clone_and_pickle(tmp_path):
    X, y, sigma = rows(matrix(TRUE), noise=0.01)
    model = regressor(n_terms=1).fit(X, y, y_std=sigma)
    np.testing.assert_array_equal(clone(model).fit(X, y, y_std=sigma).theta_, model.theta_)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.interaction_.channels == model.interaction_.channels


def one_function(r, theta):
    return theta[0] * np.exp(-r)


def not_symmetric(r, theta):
    return np.array([[0, 1], [2, 0]])[..., None] * np.exp(-theta[0] * r)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"form": one_function, "initial": [1.0]}, r"form must return the shape \(2, 2, 60\)"),
        ({"form": not_symmetric, "initial": [1.0]}, "form must return V_ab = V_ba"),
        ({"initial": [1.0, 1.0]}, "for each of 3 pairs of channels"),
        ({"channels": None}, r"X must have 60 columns.*or channels="),
    ],
)
def test_fit_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        regressor(**parameters).fit(*rows(matrix(TRUE))[:2])


@pytest.mark.parametrize("factor", [1.05, np.sqrt(2.0), 3.0, 0.2])
@pytest.mark.parametrize("noise", [0.0, 1e-4])
@pytest.mark.parametrize("with_errors", [True, False])
def test_the_normalisation_of_a_channel_is_named(factor, noise, with_errors):
    """Channel 2 times a factor in X and y: the inverse of it to 2 %, exactly without noise."""
    X, y, sigma = rows(matrix(TRUE), noise=noise)
    f = np.repeat([1.0, factor], 60)
    y_std = (sigma if noise else np.full_like(y, 1e-4 * np.abs(y).max())) * f
    with pytest.warns(MisfitWarning) as caught:
        regressor(n_terms=1).fit(X * f, y * f, y_std=y_std if with_errors else None)
    [message] = [str(w.message) for w in caught if "would be symmetric" in str(w.message)]
    found = float(message.split("channel 2 by ")[1].split(",")[0])
    assert found == pytest.approx(1 / factor, rel=0.02 if noise else 1e-3)


def test_three_channels_have_two_factors():
    phi = np.random.default_rng(0).standard_normal((8, 3, 20))
    V = np.random.default_rng(1).standard_normal((3, 3, 20))
    y = np.einsum("abi,sbi->sai", V + V.swapaxes(0, 1), phi)
    scale, weights = np.array([1.0, 1.3, 0.4])[:, None], np.linspace(1, 2, 20)
    z, left, size = normalisations(phi * scale, y * scale, weights)
    np.testing.assert_allclose(z, [1 / 1.3, 1 / 0.4], rtol=1e-10)
    assert left < 1e-20
    assert size > 0.01


@pytest.mark.parametrize("seed", range(10))
def test_right_normalisations_pass_where_the_form_is_wrong(seed):
    """Forms that leave χ² of hundreds, non-local truths, noise without y_std."""
    random = np.random.default_rng(seed)
    theta = TRUE * random.uniform(0.7, 1.3, 6)
    V = matrix(theta).interactions
    U = Separable(omega=-0.2 * random.uniform(0.5, 1.0), mu=3.0)
    V = InteractionMatrix([[V[0][0] + U, V[0][1]], [V[1][0], V[1][1]]], channels=CHANNELS)
    X, y, sigma = rows(V, noise=10 ** random.uniform(-4, -2), seed=seed)
    for y_std in (sigma, None):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            regressor(form="yukawa").fit(X, y, y_std=y_std)
        assert not any("would be symmetric" in str(w.message) for w in caught)


def test_errors_of_the_s_matrix_are_the_scatter_of_repeated_data():
    """10 sets with other noise: the root mean square of pulls of Re S and Im S is near 1."""
    X, y, _ = rows(matrix(TRUE))
    exact, pulls = coupled_s_matrix(matrix(TRUE), ENERGY[2:4]), []
    for seed in range(10):
        random = np.random.default_rng(seed)
        sigma = 0.03 * np.abs(y).max() * random.uniform(0.5, 2.0, y.shape)
        model = regressor(n_terms=1, initial=TRUE)
        model.fit(X, y + sigma * random.normal(size=y.shape), y_std=sigma)
        S, std = model.s_matrix(ENERGY[2:4], return_std=True, n_draws=24)
        np.testing.assert_array_equal(S, model.s_matrix(ENERGY[2:4]))
        pulls.append([(S - exact).real / std.real, (S - exact).imag / std.imag])
    assert 0.75 < np.sqrt(np.mean(np.square(pulls))) < 1.35
    model.theta_cov_ = np.full((6, 6), np.inf)
    with pytest.raises(ValueError, match="theta_cov_ must be finite"):
        model.s_matrix(ENERGY, return_std=True)
