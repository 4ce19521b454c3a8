"""V(r; θ) from rows: exact parameters, their covariance, χ², and what the fit refuses."""

import copy
import warnings

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from halkit.datasets import make_separable, make_time_dependent
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.interactions import GaussianSum, Yukawa, av18, minnesota, nucleon_reduced_mass
from halkit.potentials import LocalPotentialRegressor
from halkit.potentials.forms import pointwise
from halkit.potentials.named_forms import gaussians
from halkit.resampling import JackknifeRegressor
from halkit.scattering import bound_states, phase_shift, scattering_wave_functions

R, K = np.linspace(0.1, 6.0, 60), np.linspace(0.1, 1.5, 6)
TRUE = np.array([0.8, -1.2, 0.6, 1.3])
WELL = GaussianSum(TRUE[:2], 1 / TRUE[2:] ** 2)


def rows(V, m=1.0, r=R, k=K, noise=0.0, seed=0):
    """φ, V φ with errors of several sizes, and the errors."""
    random = np.random.default_rng(seed)
    phi = scattering_wave_functions(V, k, reduced_mass=m)(r)
    y = V.local_potential(r) * phi
    sigma = noise * np.abs(y).max() * random.uniform(0.5, 2.0, y.shape)
    return phi, y + sigma * random.normal(size=y.shape), sigma


def regressor(**parameters):
    return LocalPotentialRegressor(**{"r": R, "reduced_mass": 1.0, **parameters})


def in_order(model):
    """θ and its covariance, with increasing widths."""
    n = len(model.theta_) // 2
    order = np.argsort(model.theta_[n:])
    order = np.append(order, n + order)
    return model.theta_[order], model.theta_cov_[np.ix_(order, order)]


@pytest.mark.parametrize("seed", range(24))
def test_sums_of_gaussians_are_found_without_a_start(seed):
    """One to three terms with widths .4 … 2 that differ by a third."""
    random, n = np.random.default_rng(seed), seed % 3 + 1
    b = np.ones(n)
    while np.min(np.diff(np.log(b)), initial=1.0) < 0.3:
        b = np.sort(random.uniform(0.4, 2.0, n))
    v = random.uniform(0.2, 2.0, n) * random.choice([-1, 1], n)
    model = regressor(n_terms=n).fit(*rows(GaussianSum(v, 1 / b**2))[:2])
    np.testing.assert_allclose(in_order(model)[0], [*v, *b], rtol=1e-6)
    assert model.chi2_dof_ is None
    assert not model.nonlocal_potential(R[:, None], R).any()


def test_the_law_of_the_parameters_and_of_chi_squared():
    """100 seeds: pulls, χ² of θ with its covariance, χ²/dof of the fit and of a free V(r)."""
    square, pulls, chi2 = [], [], []
    model = regressor(initial=[1.0, -1.0, 0.7, 1.2])
    for seed in range(100):
        X, y, sigma = rows(WELL, noise=0.01, seed=seed)
        theta, cov = in_order(model.fit(X, y, y_std=sigma))
        pulls.append((theta - TRUE) / np.sqrt(np.diag(cov)))
        square.append((theta - TRUE) @ np.linalg.solve(cov, theta - TRUE))
        chi2.append([356 * model.chi2_dof_, 300 * model.chi2_dof_pointwise_])
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.35
    np.testing.assert_allclose(np.std(pulls, axis=0), 1.0, atol=0.25)
    assert stats.kstest(square, stats.chi2(4).cdf).pvalue > 1e-3
    for values, n in zip(np.transpose(chi2), (356, 300), strict=True):
        assert stats.kstest(values, stats.chi2(n).cdf).pvalue > 1e-3


def test_a_linear_parameter_has_the_closed_form_of_weighted_least_squares():
    X, y, sigma = rows(WELL, noise=0.02)
    s = np.linspace(0.5, 2.0, len(X))
    model = regressor(form=two_strengths, initial=[1.0, 1.0])
    model.fit(X, y, sample_weight=s, y_std=sigma)
    weight = np.sqrt(s)[:, None] / sigma
    columns = [(weight * X * two_strengths(R, unit)).ravel() for unit in np.eye(2)]
    A, b = np.stack(columns, axis=1), (weight * y).ravel()
    theta, (loss,), _, _ = np.linalg.lstsq(A, b)
    np.testing.assert_allclose(model.theta_, theta, rtol=1e-6)
    np.testing.assert_allclose(model.theta_cov_, np.linalg.inv(A.T @ A), rtol=1e-5)
    assert model.loss_ == pytest.approx(loss / (s.sum() * len(R)))
    assert model.chi2_dof_ == pytest.approx(loss / (s.sum() * len(R) - 2))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_potential_node_by_node(n):
    """V̂_ab and its error at each node, and what it leaves, against least squares."""
    random = np.random.default_rng(n)
    phi, y, sigma = (random.normal(size=(4, n, 5)) for _ in range(3))
    found = pointwise(phi, y, 1 / np.abs(sigma))
    V, inverse_error = found.potential()
    pairs, total = np.transpose(np.triu_indices(n)), 0.0
    for i in range(5):
        A = np.zeros((4, n, len(pairs)))
        for s, a, p in np.ndindex(A.shape):
            first, second = pairs[p]
            if a in (first, second):
                A[s, a, p] = phi[s, second if a == first else first, i]
        A = (A / np.abs(sigma[:, :, i, None])).reshape(-1, len(pairs))
        value, rest, _, _ = np.linalg.lstsq(A, (y / np.abs(sigma))[:, :, i].ravel())
        np.testing.assert_allclose(V[:, i], value)
        errors = np.sqrt(np.diag(np.linalg.inv(A.T @ A)))
        np.testing.assert_allclose(inverse_error[:, i] * errors, 1.0)
        total += rest[0]
    assert found.left == pytest.approx(total)
    assert found.n_known == 5 * len(pairs)


def two_strengths(r, theta):
    return theta[0] * np.exp(-((r / 0.6) ** 2)) + theta[1] * np.exp(-((r / 1.3) ** 2))


def yukawa(r, theta):
    return theta[0] * np.exp(-theta[1] * r) / r


def test_published_potentials():
    m, r = nucleon_reduced_mass(), np.linspace(0.1, 8.0, 80)
    for spin in (0, 1):
        V = minnesota(spin)
        model = regressor(r=r, reduced_mass=m).fit(*rows(V, m, r)[:2])
        exact = phase_shift(V, K, reduced_mass=m)
        np.testing.assert_allclose(model.phase_shift(K), exact, atol=1e-6)
        expected = bound_states(V, reduced_mass=m).energy
        np.testing.assert_allclose(model.bound_states().energy, expected, rtol=1e-5)
    V = Yukawa(2.0, 0.7)
    model = regressor(form=yukawa, initial=[-1.0, 1.0], r=r).fit(*rows(V, r=r)[:2])
    np.testing.assert_allclose(model.theta_, [-2.0, 0.7], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_argonne_v18_with_six_gaussians():
    """Not of this form: more terms come closer, to .4°."""
    V, r = av18("1S0"), np.linspace(0.1, 12.0, 240)
    m, k = V.reduced_mass, np.linspace(0.1, 1.5, 15)
    errors = []
    for n in (2, 4, 6):
        model = regressor(n_terms=n, r=r, reduced_mass=m).fit(*rows(V, m, r)[:2])
        errors.append(np.abs(model.phase_shift(k) - phase_shift(V, k, reduced_mass=m)).max())
    assert np.rad2deg(errors[0]) > 10
    assert np.rad2deg(errors[1:]).max() < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_phase_shifts_within_their_errors(seed):
    """χ² of the phase shifts with the covariance that follows from that of θ."""
    X, y, sigma = rows(WELL, noise=0.01, seed=seed)
    model = regressor().fit(X, y, y_std=sigma)
    k = np.array([0.3, 1.0])
    draws = np.random.default_rng(0).multivariate_normal(model.theta_, model.theta_cov_, 30)
    delta = [phase_shift(GaussianSum(t[:2], 1 / t[2:] ** 2), k, reduced_mass=1.0) for t in draws]
    pull = (model.phase_shift(k) - phase_shift(WELL, k, reduced_mass=1.0)) / np.std(delta, axis=0)
    assert np.abs(pull).max() < 3.5
    assert np.std(delta, axis=0).max() < 0.02


# What χ² says


def test_a_non_local_truth_is_named():
    d = make_separable()
    sigma = np.full_like(d.target, 3e-3 * np.abs(d.target).max())
    y = d.target + sigma * np.random.default_rng(0).normal(size=sigma.shape)
    model = regressor(r=d.r, reduced_mass=3.3)
    with pytest.warns(MisfitWarning, match="no local potential describes the data"):
        model.fit(d.data, y, y_std=sigma)
    assert model.chi2_dof_pointwise_ > 10


def test_a_form_with_too_few_terms_is_named():
    X, y, sigma = rows(WELL, noise=0.01)
    model = regressor(n_terms=1)
    with pytest.warns(MisfitWarning, match=r"2 parameters, and .* take another form, or more"):
        model.fit(X, y, y_std=sigma)
    assert model.chi2_dof_ > 2 > model.chi2_dof_pointwise_


@pytest.mark.parametrize("seed", range(3))
def test_a_form_that_differs_from_a_free_potential_is_named(seed):
    """Two Gaussians for Argonne v18: δ is off by 40°, where the data have χ²/dof = 1.2."""
    V, r = av18("1S0"), np.linspace(0.1, 12.0, 240)
    X, y, _ = rows(V, V.reduced_mass, r)
    sigma = np.full_like(y, 3e-3 * np.abs(y).max())
    y = y + sigma * np.random.default_rng(seed).normal(size=y.shape)
    model = regressor(r=r, reduced_mass=V.reduced_mass)
    with pytest.warns(MisfitWarning, match="4 parameters, and .* from which the form differs"):
        model.fit(X, y, y_std=sigma)
    assert model.chi2_dof_ < 1.3
    model.set_params(n_terms=3).fit(X, y, y_std=sigma)


def test_as_many_parameters_as_data():
    X, y, _ = rows(WELL)
    X, y = X[:1, :4], y[:1, :4]
    model = regressor(form=two_strengths, initial=[1.0, -1.0], r=R[:4], r_out=R[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnderdeterminedWarning)
        model.fit(X, y[:, :2], y_std=np.full((1, 2), 0.1))
    assert np.isnan(model.chi2_dof_)
    assert np.isnan(model.chi2_dof_pointwise_)


def correlated_rows(V, seed, n_bins=20):
    """Rows at eight times with errors of 20 bins, correlated over two times."""
    random, n = np.random.default_rng(seed), 8
    phi = scattering_wave_functions(V, np.linspace(0.3, 0.5, n), reduced_mass=1.0)(R)
    y, t = V.local_potential(R) * phi, np.arange(n)
    size = 0.02 * np.abs(y).max() * (1 + 0.1 * t[:, None])
    root = np.linalg.cholesky(np.exp(-np.abs(t[:, None] - t) / 2))
    bins = size * (root @ random.normal(size=(n_bins, n, R.size)))
    sigma = bins.std(axis=0, ddof=1) / np.sqrt(n_bins)
    return phi, y + bins.mean(axis=0), sigma


def test_errors_that_are_correlated_in_time():
    """40 exact forms, at most one named, and 40 that lack a core, at least 38."""
    named = {1: 0, 2: 0}
    for seed in range(40):
        random = np.random.default_rng(seed)
        v, b = [random.uniform(0.3, 1.0), -1.2], [random.uniform(0.5, 0.7), 1.4]
        rows_of = correlated_rows(GaussianSum.from_ranges(v, b), seed)
        for n in named:
            initial = [*v, *b] if n == 2 else [-1.0, 1.4]
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                regressor(n_terms=n, initial=initial).fit(*rows_of[:2], y_std=rows_of[2])
            named[n] += any(w.category is MisfitWarning for w in caught)
    assert named[2] <= 1
    assert named[1] >= 38


def test_data_that_end_inside_the_potential_are_named():
    X, y, sigma = rows(WELL, noise=0.01)
    with pytest.warns(UnderdeterminedWarning, match=r"V\(r\) is .* where the data end"):
        regressor(r=R[:12]).fit(X[:, :12], y[:, :12], y_std=sigma[:, :12])


def test_rows_of_correlators():
    """Two sources at noise 1e-4, errors from the jackknife: phase shifts within three errors."""
    V = GaussianSum([0.3, -0.06], [0.5, 0.05])
    d = make_time_dependent(
        V, r=np.arange(1, 27) * 0.75, box_radius=24.0, hadron_mass=2.0, times=range(8, 15),
        noise=1e-4, n_bins=20, random_state=0,
    )  # fmt: skip
    initial = [0.2, -0.05, 1.2, 4.0]
    model = JackknifeRegressor(LocalPotentialRegressor(initial=initial, r=d.r, reduced_mass=1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)
        model.fit(d.rows.data, d.rows.target, y_std=d.sigma)
    k = np.array([0.1, 0.3, 0.5])
    delta, error = model.phase_shift(k, return_std=True)
    exact = phase_shift(V, k, reduced_mass=1.0)
    assert np.all(np.abs(delta - exact) < 3 * error + 2e-3)
    assert np.all(error < 0.05)
    assert model.estimators_[0].theta_.shape == (4,)


# The face of an estimator


def test_targets_on_some_nodes_and_a_radius():
    X, y, _ = rows(WELL)
    model = regressor(r_out=R[5:40:2], radius=3.0).fit(X, y[:, 5:40:2] * (R[5:40:2] <= 3.0))
    np.testing.assert_allclose(in_order(model)[0], TRUE, rtol=1e-6)
    assert model.predict(X).shape == (6, 18)
    assert not model.local_potential(3.01)
    assert model.interaction_.radius == 3.0
    assert model.localize(X)[0] == pytest.approx(WELL(R[5:40:2]) * (R[5:40:2] <= 3.0), rel=1e-6)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_clone_search_pickle_and_parameters_set_later(tmp_path):
    X, y, sigma = rows(WELL, noise=0.01)
    model = regressor().fit(X, y, y_std=sigma)
    np.testing.assert_array_equal(clone(model).fit(X, y, y_std=sigma).theta_, model.theta_)
    search = GridSearchCV(regressor(), {"n_terms": [1, 2]}, cv=3).fit(X, y)
    assert search.best_params_ == {"n_terms": 2}
    joblib.dump(model, tmp_path / "model.joblib")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "model.joblib").predict(X), model.predict(X)
    )
    later = copy.deepcopy(model).set_params(form=yukawa, radius=1.0)
    np.testing.assert_array_equal(later.local_potential(R), model.local_potential(R))


def test_a_p_wave_has_the_observables_of_a_p_wave():
    P = GaussianSum([-8.0], [0.5])
    phi = scattering_wave_functions(P, K, reduced_mass=1.5, l=1)(R)
    y = P.local_potential(R) * phi
    model = regressor(reduced_mass=1.5, l=1, n_terms=1).fit(phi, y)
    exact = phase_shift(P, K, reduced_mass=1.5, l=1)
    np.testing.assert_allclose(model.phase_shift(K), exact, atol=1e-6)
    assert model.interaction_.l == 1


def test_positive_widths_and_their_covariance():
    """b and −b are the same V: the fit from −b has the same θ and covariance."""
    X, y, sigma = rows(WELL, noise=0.01)
    one, other = (
        regressor(initial=[0.5, -1.0, *b]).fit(X, y, y_std=sigma)
        for b in ([0.5, 1.5], [-0.5, -1.5])
    )
    np.testing.assert_allclose(other.theta_, one.theta_, rtol=1e-6)
    np.testing.assert_allclose(other.theta_cov_, one.theta_cov_, rtol=1e-4)
    np.testing.assert_allclose(gaussians(R, one.theta_), one.local_potential(R))


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_what_the_data_do_not_determine_has_infinite_covariance():
    X, y, _ = rows(WELL)
    model = regressor(form=unused, initial=[-1.0, 1.0, 1.0]).fit(X, y)
    assert np.isinf(model.theta_cov_).all()
    few = regressor(form=unused, initial=[-1.0, 1.0, 1.0], r_out=R[:2]).fit(X[:1], y[:1, :2])
    assert np.isinf(few.theta_cov_).all()


def unused(r, theta):
    return theta[0] * np.exp(-theta[1] * r) + 0 * theta[2] * r


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_fit_that_ends_early_says_so():
    with pytest.warns(ConvergenceWarning, match="max_nfev"):
        regressor(max_nfev=1, initial=[1.0, 1.0, 1.0, 2.0]).fit(*rows(WELL)[:2])


def needs_three(r, theta):
    return theta[2] * r


def wrong_shape(r, theta):
    return r[:5]


def infinite(r, theta):
    return np.inf * r


def imaginary(r, theta):
    return 1j * r * theta[0]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"form": "yukawas"}, ValueError, r"form must be one of \['gaussians', .* or a function"),
        ({"form": None}, ValueError, "form must be one of .* got None"),
        ({"form": unused}, ValueError, "initial must be given for a form of your own"),
        ({"form": unused, "n_terms": 2}, ValueError, "n_terms must be None for a form of your own"),
        ({"form": needs_three, "initial": [1.0]}, ValueError, r"theta of the shape \(1,\).*IndexE"),
        (
            {"form": wrong_shape, "initial": [1.0]},
            ValueError,
            r"form must return the shape \(60,\)",
        ),
        ({"form": infinite, "initial": [1.0]}, ValueError, "form must be finite at initial"),
        ({"form": imaginary, "initial": [1.0]}, ValueError, "Complex data not supported: form"),
        ({"initial": [1.0, 2.0, 3.0]}, ValueError, r"initial must have shape \(2 n_terms,\)"),
        ({"initial": [1.0, 2.0], "n_terms": 2}, ValueError, "got shape .* with n_terms=2"),
        ({"n_terms": 0}, ValueError, "n_terms must be an integer ≥ 1"),
        ({"bounds": (0.0, 1.0)}, ValueError, "initial must be given with bounds"),
        ({"initial": [1.0, 2.0], "bounds": (0.0, 1.0)}, ValueError, "initial must lie within"),
        ({"r_out": R + 0.01}, ValueError, "r_out must have nodes of r"),
        ({"radius": -1.0}, ValueError, "radius"),
        ({"tol": 0.0}, ValueError, "tol"),
    ],
)
def test_fit_refuses(parameters, error, message):
    with pytest.raises(error, match=message):
        regressor(**parameters).fit(*rows(WELL)[:2])


def test_fit_refuses_waves_that_vanish():
    with pytest.raises(ValueError, match="X must not be zero"):
        regressor().fit(np.zeros((2, 60)), np.ones((2, 60)))
    X = np.where(R > 3, 1.0, 0.0) * np.ones((2, 1))
    with pytest.raises(ValueError, match="X must not be zero on all nodes of y"):
        regressor(r_out=R[:10]).fit(X, np.ones((2, 10)))


def test_an_interrupt_keeps_the_best_parameters():
    X, y, _ = rows(WELL)
    calls = []

    def form(r, theta):
        calls.append(theta)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return two_strengths(r, theta)

    model = regressor(form=form, initial=[1.0, 1.0])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert not hasattr(model, "theta_")
    found = model.interrupted_
    assert any(np.array_equal(found.theta_, theta) for theta in calls)
    assert np.isinf(found.theta_cov_).all()
    assert found.local_potential(1.0).shape == ()
