"""What every potential offers: borders of scores and of sums over other nodes."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UndefinedMetricWarning

from halkit.interactions import Sum, Yukawa
from halkit.potentials import GaussianProcessPotentialRegressor, ParametricPotentialRegressor
from halkit.potentials.problem import singular_at_origin

pytestmark = [
    # The data of these tests end where U does not, and are random.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

R = np.linspace(0.2, 6.0, 12)
X = np.random.default_rng(0).normal(size=(5, 12))


def exponential(r, r_prime, theta):
    return theta[0] * np.exp(-r - r_prime)


Y = X @ exponential(R[:, None], R, [-0.1])


@pytest.fixture(scope="module", params=["parametric", "gaussian process"])
def model(request):
    if request.param == "parametric":
        return ParametricPotentialRegressor(exponential, [-0.05], r=R).fit(X, Y)
    return GaussianProcessPotentialRegressor(R, local=False).fit(X, Y)


def test_a_fit_that_fails_leaves_the_earlier_one(model):
    expected = model.predict(X)
    with pytest.raises(ValueError, match="12 columns"):
        model.fit(X[:, :5], Y[:, :5])
    np.testing.assert_array_equal(model.predict(X), expected)
    first = clone(model)
    before = dict(vars(first))
    with pytest.raises(ValueError, match="12 columns"):
        first.fit(X[:, :5], Y[:, :5])
    assert vars(first) == before


def test_a_fit_adds_and_scales_like_its_interaction(model):
    V, U, pairs = Yukawa(-0.5, 1.0), model.predict_potential(), (R[:, None], R)
    for total in (model + V, V + model, sum([model, V]), sum([V, model]), V - -1 * model):
        np.testing.assert_allclose(total(*pairs), U, rtol=1e-15)
        np.testing.assert_allclose(total(R), V(R), rtol=1e-15)
    for half in (model / 2, np.float64(0.5) * model, model - model / 2, -(model * -0.5)):
        np.testing.assert_allclose(half(*pairs), U / 2, rtol=1e-14)
    assert sum([model]) is not model
    np.testing.assert_array_equal(sum([model])(*pairs), U)


def test_a_model_that_is_not_fitted_adds_to_nothing(model):
    V, empty = Yukawa(-0.5, 1.0), clone(model)
    for add in (
        lambda: V + empty, lambda: empty + V, lambda: empty + empty, lambda: V - empty,
        lambda: sum([empty]), lambda: 2 * empty, lambda: -empty, lambda: Sum(V, empty),
    ):  # fmt: skip
        with pytest.raises(NotFittedError, match=f"{type(model).__name__} instance is not fitted"):
            add()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.full(12, np.nan), "weights must be finite"),
        (-np.ones(12), "weights must not be negative, got -1"),
        (np.zeros(12), "weights must not all be 0"),
        (np.ones(11), r"weights must have shape \(12,\).*\(11,\)"),
    ],
)
def test_a_measure_is_not_negative(model, weights, message):
    with pytest.raises(ValueError, match=message):
        model.apply_potential(X, R, weights)


def test_the_measure_of_another_sum(model):
    once = model.apply_potential(X, R, np.ones(12))
    np.testing.assert_allclose(model.apply_potential(X, R, [2] * 12), 2 * once, rtol=1e-12)
    one = np.eye(12)[3]
    expected = X[:, [3]] * model.nonlocal_potential(R, R[3])
    np.testing.assert_allclose(model.apply_potential(X, R, one), expected, rtol=1e-9)


@pytest.mark.parametrize("y_std", [None, np.full((1, 12), 0.1)])
def test_one_sample_has_no_score(model, y_std):
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(model.score(X[:1], Y[:1], y_std=y_std))


@pytest.mark.parametrize("y_std", [None, np.full((5, 12), 0.1)])
def test_weights_of_a_score_are_not_negative(model, y_std):
    with pytest.raises(ValueError, match="sample_weight must not be negative, got -1"):
        model.score(X, Y, sample_weight=[1, 1, 1, 1, -1], y_std=y_std)
    with pytest.raises(ValueError, match=r"sample_weight must have shape \(5,\)"):
        model.score(X, Y, sample_weight=[1, 1], y_std=y_std)


def test_sources_that_do_not_vary_have_the_score_of_scikit_learn(model):
    """0 for a wrong prediction of a constant, with y_std and without."""
    rows, y = np.repeat(X[:1], 3, axis=0), np.ones((3, 12))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.score(rows, y) == model.score(rows, y, y_std=np.ones((3, 12))) == 0.0
        exact = model.predict(rows)
        assert model.score(rows, exact) == model.score(rows, exact, y_std=np.ones((3, 12))) == 1.0


@pytest.mark.parametrize("y_std", [None, np.full(Y.shape, 0.1)])
def test_one_sample_with_a_weight_has_no_score(model, y_std):
    weight = np.zeros(len(X))
    weight[2] = 1.0
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(model.score(X, Y, sample_weight=weight, y_std=y_std))


@pytest.mark.parametrize("step", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("noise", [1e-3, 1e-2])
def test_targets_with_errors_tell_whether_they_grow_at_the_origin(step, noise):
    """Yamaguchi's e^{−r}/r against a Gaussian, an exponential and a core; r y has even noise."""
    r = step * np.arange(1, 40)
    shapes = {"yamaguchi": np.exp(-r) / r, "gaussian": np.exp(-(r**2)), "exponential": np.exp(-r),
              "core": np.exp(-(r**2)) - 0.3 * np.exp(-r / 2)}  # fmt: skip
    random = np.random.default_rng(0)
    for name, shape in shapes.items():
        y = random.uniform(0.5, 2.0, (6, 1, 1)) * shape
        std = np.broadcast_to(noise * np.abs(r * shape).max() / r, y.shape)
        found = [singular_at_origin(y + std * random.standard_normal(y.shape), r, std)
                 for _ in range(20)]  # fmt: skip
        assert np.mean(found) == (name == "yamaguchi")
