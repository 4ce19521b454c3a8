"""ParametricPotentialRegressor: exact parameters, their covariance, and what it refuses."""

import copy
import math
import pickle

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

from halkit.datasets import make_separable
from halkit.exceptions import MisfitWarning
from halkit.potentials import ParametricPotentialRegressor
from halkit.radial import RadialGrid

pytestmark = pytest.mark.filterwarnings(
    # The data of these tests end where U does not.
    "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
)

MASS, R, OMEGA = 3.3, 2.5, -0.017


def two_parameters(r, r_prime, theta):
    return OMEGA * np.exp(-theta[0] * r - theta[1] * r_prime)


def three_parameters(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * r - theta[2] * r_prime)


def linear(r, r_prime, theta):
    return theta[0] * np.exp(-r - r_prime) + theta[1] * np.exp(-0.5 * (r**2 + r_prime**2))


def gaussians(r, r_prime, theta):
    return OMEGA * np.exp(-theta[0] * r**2 - theta[1] * r_prime**2)


@pytest.fixture(scope="module")
def toy():
    """The talk's first set-up: twenty momenta, and the source at r = R alone."""
    d = make_separable(n_k=20)
    d.row = d.interaction.target(d.k, np.array([R]), reduced_mass=MASS)
    return d


def regressor(r, function=two_parameters, initial=(0.5, 0.5), **parameters):
    return ParametricPotentialRegressor(
        function, list(initial), r=r, reduced_mass=MASS, **parameters
    )


@pytest.fixture(scope="module")
def fitted(toy):
    return regressor(toy.r, three_parameters, (-0.01, 0.5, 0.5)).fit(toy.data, toy.target)


def test_two_parameters_from_one_row(toy):
    model = regressor(toy.r, r_out=[R]).fit(toy.data, toy.row)
    np.testing.assert_allclose(model.theta_, 1.0, atol=2e-4)
    assert model.predict(toy.data).shape == (20, 1)
    flat = regressor(toy.r, r_out=[R]).fit(toy.data, toy.row[:, 0])
    assert flat.predict(toy.data).shape == (20,)
    np.testing.assert_array_equal(flat.theta_, model.theta_)


def test_a_sum_that_reaches_further_gives_better_parameters(toy):
    d = make_separable(n_k=20, n_r=400, r_max=20.0)
    model = regressor(d.r, r_out=[R]).fit(d.data, toy.row)
    np.testing.assert_allclose(model.theta_, 1.0, atol=1e-5)
    grid = RadialGrid.gauss_legendre(20.0, 60)
    X = toy.interaction.wave_function(toy.k, grid.r, reduced_mass=MASS)
    model = regressor(grid.r, weights=grid.weights, r_out=[R]).fit(X, toy.row)
    np.testing.assert_allclose(model.theta_, 1.0, atol=1e-6)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_measure_with_one_power_of_r_gives_other_parameters(toy):
    """4πr'Δr for 4πr'²Δr: the fit ends at (1.13, 0.57) if all samples count alike."""
    weights = toy.weights / toy.r
    model = regressor(toy.r, weights=weights, r_out=[R])
    with pytest.warns(MisfitWarning, match="another form than function"):
        model.fit(toy.data, toy.row, y_std=np.full_like(toy.row, 1e-4))
    np.testing.assert_allclose(model.theta_, [1.13, 0.57], atol=0.01)
    relative = regressor(toy.r, weights=weights, r_out=[R]).fit(toy.data, toy.row)
    np.testing.assert_allclose(relative.theta_, [1.153, 0.538], atol=0.002)


def test_a_linear_parameter_has_the_closed_form_of_weighted_least_squares(toy):
    """θ = (AᵀA)⁻¹Aᵀb and its covariance (AᵀA)⁻¹, A and b divided by σ."""
    rng = np.random.default_rng(1)
    sigma = 1e-3 * np.abs(toy.target).max() * rng.uniform(0.5, 2.0, toy.target.shape)
    y, s = toy.target + sigma * rng.normal(size=sigma.shape), rng.uniform(0.5, 2.0, 20)
    model = regressor(toy.r, linear, (1.0, 1.0)).fit(toy.data, y, sample_weight=s, y_std=sigma)
    weight = np.sqrt(s)[:, None] / sigma
    columns = [
        weight * ((toy.data * toy.weights) @ linear(toy.r[:, None], toy.r, unit).T)
        for unit in np.eye(2)
    ]
    A, b = np.stack([column.ravel() for column in columns], axis=1), (weight * y).ravel()
    theta, (loss,), _, _ = np.linalg.lstsq(A, b)
    np.testing.assert_allclose(model.theta_, theta, rtol=1e-6)
    np.testing.assert_allclose(model.theta_cov_, np.linalg.inv(A.T @ A), rtol=1e-5)
    assert model.loss_ == pytest.approx(loss / (s.sum() * len(toy.r)))


@pytest.mark.parametrize("absolute", [True, False])
def test_covariance_against_an_ensemble(toy, absolute):
    """300 noisy fits: spread against prediction, and the law of the two parameters' χ².

    Without errors the noise has one size for the weighted residuals, which the fit finds.
    """
    rng = np.random.default_rng(2)
    norm = np.sqrt(toy.data**2 @ toy.weights)[:, None]
    size = 0.01 * np.abs(toy.row).mean()
    sigma = size * (np.ones_like(norm) if absolute else norm / norm.mean())
    model, reference = (regressor(toy.r, r_out=[R]) for _ in range(2))
    clean = reference.fit(toy.data, toy.row, y_std=sigma if absolute else None).theta_
    thetas, covariances, chi2 = [], [], []
    for _ in range(300):
        y = toy.row + sigma * rng.normal(size=sigma.shape)
        model.fit(toy.data, y, y_std=sigma if absolute else None)
        pull = model.theta_ - clean
        thetas.append(model.theta_)
        covariances.append(model.theta_cov_)
        chi2.append(pull @ np.linalg.solve(model.theta_cov_, pull))
    predicted = np.sqrt(np.diag(np.mean(covariances, axis=0)))
    spread = np.std(thetas, axis=0, ddof=1)
    np.testing.assert_allclose(spread / predicted, 1.0, atol=0.15)
    z = (np.mean(thetas, axis=0) - clean) / (spread / np.sqrt(300))
    assert np.abs(z).max() < 3.5
    law = stats.chi2(2) if absolute else stats.f(2, 18, scale=2)
    assert stats.kstest(chi2, law.cdf).pvalue > 1e-3


def test_the_same_face_as_the_other_regressors(fitted, toy):
    np.testing.assert_allclose(fitted.theta_, [OMEGA, 1.0, 1.0], rtol=1e-3)
    expected = (toy.data * toy.weights) @ fitted.potential_.T
    np.testing.assert_allclose(fitted.predict(toy.data), expected, rtol=1e-12)
    assert fitted.score(toy.data, toy.target) > 1 - 1e-6
    np.testing.assert_allclose(fitted.apply_potential(toy.data, toy.r), expected, rtol=1e-12)
    exact = toy.interaction.phase_shift(toy.k, reduced_mass=MASS)
    np.testing.assert_allclose(fitted.phase_shift(toy.k), exact, atol=np.deg2rad(0.05))
    assert fitted.bound_states().kappa == pytest.approx([0.19717524], rel=2e-3)
    assert fitted.scattering_length() == pytest.approx(7.39708747, rel=2e-3)
    assert fitted.effective_range() == pytest.approx(3.29349325, rel=2e-3)
    V = fitted.localize(toy.data)
    near = np.abs(toy.data) > 0.05
    np.testing.assert_allclose(V[near], (toy.target / toy.data)[near], rtol=0.01, atol=1e-6)
    assert not fitted.local_potential(toy.r).any()


def test_radius_cuts_the_potential(toy):
    """Cut at R = 2.5 the toy loses its bound state; the sum ignores what lies beyond."""
    model = regressor(toy.r, radius=R)
    inside = (toy.r <= R) * np.exp(-toy.r)
    y = OMEGA * np.outer((toy.data * toy.weights) @ inside, inside)
    with pytest.warns(MisfitWarning, match="X and y may be of different potentials"):
        model.fit(toy.data, y)
    np.testing.assert_allclose(model.theta_, 1.0, atol=1e-6)
    assert not model.nonlocal_potential(np.array([R + 0.01]), toy.r).any()
    assert model.bound_states().energy.size == 0
    assert model.interaction_.radius == R


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_bounds_hold_a_parameter(toy):
    model = regressor(toy.r, r_out=[R], bounds=([0.4, 0.4], [0.9, 2.0]))
    theta = model.fit(toy.data, toy.row).theta_
    assert theta[0] == pytest.approx(0.9, abs=1e-6)
    assert abs(theta[1] - 1) > 0.01


def test_what_the_data_do_not_determine_has_infinite_covariance(toy):
    """The row r = R knows ω e^{−θ1 R} alone; and one residual leaves nothing over."""
    model = regressor(toy.r, three_parameters, (-0.01, 0.5, 0.5), r_out=[R])
    theta = model.fit(toy.data, toy.row).theta_
    assert np.isinf(model.theta_cov_).all()
    assert theta[0] * np.exp(-theta[1] * R) == pytest.approx(OMEGA * np.exp(-R), rel=1e-3)
    few = regressor(toy.r, r_out=[R]).fit(toy.data[:2], toy.row[:2])
    assert np.isinf(few.theta_cov_).all()


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_fit_that_ends_early_says_so(toy):
    with pytest.warns(ConvergenceWarning, match="max_nfev"):
        regressor(toy.r, r_out=[R], max_nfev=2).fit(toy.data, toy.row)


def test_a_form_of_one_argument_is_spread_over_the_other(toy):
    def only_r_prime(r, r_prime, theta):
        return theta[0] * np.exp(-r_prime)

    model = regressor(toy.r, only_r_prime, (-0.01,), r_out=[R]).fit(toy.data, toy.row)
    assert model.theta_[0] == pytest.approx(OMEGA * np.exp(-R), rel=1e-3)
    assert model.nonlocal_potential(toy.r[:3, None], toy.r).shape == (3, 100)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_clone_search_and_pickle(fitted, toy, tmp_path):
    again = clone(fitted).fit(toy.data, toy.target)
    np.testing.assert_array_equal(again.theta_, fitted.theta_)
    scores = cross_val_score(fitted, toy.data, toy.target, cv=4)
    assert scores.min() > 0.999
    search = GridSearchCV(
        regressor(toy.r), {"function": [two_parameters, gaussians], "radius": [None, R]}, cv=3
    ).fit(toy.data, toy.target)
    assert search.best_params_ == {"function": two_parameters, "radius": None}
    joblib.dump(fitted, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict(toy.data), fitted.predict(toy.data))
    model = regressor(toy.r, lambda r, s, theta: theta[0] * np.exp(-r - s), (1.0,))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(model)


def with_loop(r, r_prime, theta):
    return math.exp(-theta[0] * r) * math.exp(-theta[1] * r_prime)


def needs_three(r, r_prime, theta):
    return theta[2] * np.exp(-r - r_prime)


def wrong_shape(r, r_prime, theta):
    return r[:5] * r_prime[:, :5]


def imaginary(r, r_prime, theta):
    return 1j * two_parameters(r, r_prime, theta)


def nothing(r, r_prime, theta):
    return None


def infinite(r, r_prime, theta):
    return np.inf * r * r_prime


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"function": "exp"}, TypeError, "function must be a callable.*'exp'"),
        ({"function": with_loop}, ValueError, r"r of shape \(100, 1\).*TypeError"),
        ({"function": needs_three}, ValueError, r"theta of the shape \(2,\) .*IndexError"),
        ({"function": wrong_shape}, ValueError, r"broadcast.*\(5, 5\)"),
        ({"function": imaginary}, ValueError, "Complex data not supported: function"),
        ({"function": nothing}, TypeError, "function must hold real numbers.*NoneType"),
        ({"function": infinite}, ValueError, "function must be finite at initial"),
        ({"initial": 0.5}, ValueError, r"initial must have shape .*\(\)"),
        ({"initial": [[0.5, 0.5]]}, ValueError, r"initial must have shape .*\(1, 2\)"),
        ({"initial": []}, ValueError, "initial must have shape"),
        ({"initial": [0.5, np.nan]}, ValueError, "initial must be finite"),
        ({"initial": ["a", "b"]}, TypeError, "initial must hold real numbers"),
        ({"initial": None}, TypeError, "initial must hold real numbers"),
        ({"bounds": (1.0, 2.0)}, ValueError, "initial must lie within bounds"),
        ({"bounds": (2.0, 1.0)}, ValueError, "lowest < highest"),
        ({"bounds": ([0.0], [1.0])}, ValueError, r"arrays of the shape \(2,\).*\(1,\)"),
        ({"bounds": (0.0, 1.0, 2.0)}, ValueError, "bounds must be a pair"),
        ({"radius": 0.0}, ValueError, "radius"),
        ({"max_nfev": 1.5}, TypeError, "max_nfev must be an integer ≥ 1 or None"),
        ({"tol": 0.0}, ValueError, "tol"),
        ({"reduced_mass": "1"}, TypeError, "reduced_mass"),
        ({"weights": np.ones(3)}, ValueError, "weights"),
        ({"r_out": [0.5, 1.0]}, ValueError, "2 columns"),
    ],
)
def test_fit_refuses(toy, parameters, error, message):
    settings = {"function": two_parameters, "initial": [0.5, 0.5], "r": toy.r, **parameters}
    with pytest.raises(error, match=message):
        ParametricPotentialRegressor(**settings).fit(toy.data, toy.target)


def test_fit_refuses_complex_data_and_wrong_errors(toy):
    model = regressor(toy.r)
    with pytest.raises(ValueError, match="Complex data not supported"):
        model.fit(toy.data + 0j, toy.target)
    with pytest.raises(ValueError, match="positive"):
        model.fit(toy.data, toy.target, y_std=np.zeros_like(toy.target))


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("predict", (np.ones((2, 100)),)),
        ("localize", (np.ones((2, 100)),)),
        ("predict_potential", ()),
        ("nonlocal_potential", (1.0, 2.0)),
        ("phase_shift", (0.3,)),
    ],
)
def test_nothing_works_before_fit(toy, method, arguments):
    with pytest.raises(NotFittedError):
        getattr(regressor(toy.r), method)(*arguments)


def test_parameters_set_after_the_fit_change_nothing(fitted):
    model, r = copy.deepcopy(fitted), np.linspace(0.5, 9.0, 7)
    model.set_params(radius=2.5, function=linear)
    assert model.phase_shift(0.3) == fitted.phase_shift(0.3)
    np.testing.assert_array_equal(model.predict_potential(r, r), fitted.predict_potential(r, r))
