"""Fits do not depend on the unit of the wave functions, of the sources or of their errors.

U and V are those of X and y: c X and c y have the same, X and c y have c U and c V, and errors
that are all multiplied by c change nothing but the loss. Where c is a power of two, nothing is
rounded, and the results agree bit for bit.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from halkit.datasets import make_separable
from halkit.potentials import (
    ESTPotentialRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import JackknifeRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
    pytest.mark.filterwarnings("ignore:no local potential describes the data"),
]

D = make_separable()
R, X, Y = D.r, D.data, D.target
SIGMA = 0.01 * np.abs(Y) + 1e-3 * np.abs(Y).max()
AT = np.linspace(0.3, 8.0, 7)
LARGE, SMALL = 2.0**830, 2.0**-830  # 7e249 and 1e-250


def exponentials(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * r - theta[2] * r_prime)


SETTINGS = {"n_init": 1, "max_iter": 6, "random_state": 0}
NETWORK = NonLocalPotentialRegressor(R, reduced_mass=3.3, **SETTINGS)
BOTH = clone(NETWORK).set_params(local=True, local_widths=[0.5, 2.0], weight_decay=0.0)
PARAMETRIC = ParametricPotentialRegressor(exponentials, [-0.01, 0.5, 0.5], r=R, reduced_mass=3.3)
PROCESS = GaussianProcessPotentialRegressor(
    R, reduced_mass=3.3, local=False, envelope="exponential", envelope_radius=1.0, amplitude=0.02,
    noise=1e-5,
)  # fmt: skip
MODELS = {
    "lm": NETWORK,
    "lbfgs": clone(NETWORK).set_params(solver="lbfgs"),
    "adam": clone(NETWORK).set_params(solver="adam"),
    "local and not": BOTH,
    "regulated": clone(NETWORK).set_params(regulator=0.1, regulator_radius=3.0, weight_decay=0.01),
    "plain": clone(NETWORK).set_params(network="plain", hidden_layer_sizes=(3,), max_iter=4),
    "time": TimeDependentHALRegressor(R, hadron_mass=6.6, **SETTINGS),
    "parametric": PARAMETRIC,
    "process": PROCESS,
    "frozen": FrozenBasisRegressor(BOTH),
    "interpolation": ESTPotentialRegressor(R, reduced_mass=3.3),
    "form": LocalPotentialRegressor(r=R, reduced_mass=3.3),
}
FREE = [
    "lm",
    "lbfgs",
    "adam",
    "local and not",
    "plain",
    "parametric",
    "frozen",
    "interpolation",
    "form",
]  # no prior scale


def potentials(model):
    return [model.nonlocal_potential(AT[:, None], AT), model.local_potential(AT), model.potential_]


def assert_potentials(model, expected, c=1.0, rtol=0.0):
    for found, value in zip(potentials(model), expected, strict=True):
        np.testing.assert_allclose(found / c, value, rtol=rtol, atol=rtol * np.abs(value).max())


def with_errors(model, errors):
    """The model without its noise where errors are given."""
    return model.set_params(noise=None) if errors and "noise" in model.get_params() else model


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_wave_functions_and_sources_in_another_unit(name, errors):
    y_std = SIGMA if errors else None
    model = with_errors(clone(MODELS[name]), errors).fit(X, Y, y_std=y_std)
    expected = potentials(model)
    score = model.score(X, Y, y_std=y_std)
    for c in (LARGE, SMALL):
        std = c * SIGMA if errors else None
        scaled = clone(model).fit(c * X, c * Y, y_std=std)
        assert_potentials(scaled, expected)
        assert scaled.loss_ == model.loss_
        assert scaled.score(c * X, c * Y, y_std=std) == score
        np.testing.assert_array_equal(scaled.predict(c * X) / c, model.predict(X))


@pytest.mark.parametrize("c", [LARGE, SMALL])
@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("name", FREE)
def test_sources_in_another_unit(name, errors, c):
    """U in another unit: a start of the parameters, where it has one, goes along."""
    y_std = SIGMA if errors else None
    model = clone(MODELS[name])
    expected = potentials(model.fit(X, Y, y_std=y_std))
    scaled = clone(model)
    if name == "parametric":
        scaled.set_params(initial=[-0.01 * c, 0.5, 0.5])
    scaled.fit(X, c * Y, y_std=c * SIGMA if errors else None)
    assert_potentials(scaled, expected, c, rtol=1e-9 if name in ("parametric", "form") else 0.0)
    assert scaled.loss_ == pytest.approx(model.loss_, rel=1e-9)
    if name == "parametric":
        np.testing.assert_allclose(scaled.theta_ / [c, 1, 1], model.theta_, rtol=1e-9)


@pytest.mark.parametrize("c", [1e200, 1e-150, 1e-200])
@pytest.mark.parametrize("name", ["lm", "local and not", "parametric", "frozen"])
def test_errors_in_another_unit_change_nothing(name, c):
    model = clone(MODELS[name]).fit(X, Y, y_std=SIGMA)
    scaled = clone(model).fit(X, Y, y_std=c * SIGMA)
    # the optimiser stops at its tolerance, of χ² where the errors are small
    if name in ("local and not", "frozen"):  # V and U share the sources in many ways
        expected = model.predict(X)
        assert np.abs(scaled.predict(X) - expected).max() < 0.01 * np.abs(expected).max()
        return
    rtol = 1e-9 if name == "parametric" else 1e-2
    assert_potentials(scaled, potentials(model), rtol=rtol)
    assert scaled.score(X, Y, y_std=c * SIGMA) == pytest.approx(model.score(X, Y, y_std=SIGMA))
    power = clone(model).fit(X, Y, y_std=2.0**660 * SIGMA)
    assert_potentials(power, potentials(model), rtol=rtol)


@pytest.mark.parametrize("c", [1e200, 1e-200, 1e-300])
def test_sample_weights_in_another_unit_change_nothing(c):
    s = np.linspace(0.5, 2.0, len(X))
    expected = potentials(clone(NETWORK).fit(X, Y, s))
    assert_potentials(clone(NETWORK).fit(X, Y, c * s), expected, rtol=1e-5)
    assert_potentials(clone(NETWORK).fit(X, Y, 2.0**660 * s), expected)
    model = clone(NETWORK).fit(X, Y)
    assert model.score(X, Y, c * s) == pytest.approx(model.score(X, Y, s), rel=1e-12)


def test_a_sample_of_its_own_size():
    """Every sample is divided by its norm: one of 1e-200 counts as much as the others."""
    size = np.ones((len(X), 1))
    size[[1, 4]] = [[2.0**-660], [2.0**300]]
    expected = potentials(clone(NETWORK).fit(X, Y))
    assert_potentials(clone(NETWORK).fit(size * X, size * Y), expected)


@pytest.mark.parametrize("c", [LARGE, SMALL])
def test_a_process_in_another_unit(c):
    """Sources, prior and potentials times c, with the standard deviations."""
    expected = clone(PROCESS).fit(X, Y)
    scaled = clone(PROCESS).set_params(amplitude=0.02 * c).fit(X, c * Y)
    assert_potentials(scaled, potentials(expected), c, rtol=1e-12)
    for method, arguments in (("predict", (X,)), ("predict_potential", (AT,))):
        value, std = getattr(expected, method)(*arguments, return_std=True)
        other, other_std = getattr(scaled, method)(*arguments, return_std=True)
        np.testing.assert_allclose(other / c, value, rtol=1e-9, atol=1e-12 * np.abs(value).max())
        np.testing.assert_allclose(other_std / c, std, rtol=1e-9)
    assert scaled.loss_ == pytest.approx(expected.loss_, rel=1e-9)


@pytest.mark.parametrize("c", [1e200, 1e-200])
def test_a_process_with_errors_of_any_size(c):
    """Errors far beyond the prior leave the prior, those far below it the data alone."""
    model = clone(PROCESS).set_params(local="only", local_widths=[1.0, 3.0], noise=None)
    y = -0.3 * np.exp(-(R**2)) * X
    model.fit(X, y, y_std=np.full_like(y, c))
    if c > 1:
        np.testing.assert_allclose(model.coefficients_, 0.0, atol=1e-300)
        np.testing.assert_allclose(model.covariance_, np.eye(2), rtol=1e-12)
    else:
        np.testing.assert_allclose(model.local_potential(AT), -0.3 * np.exp(-(AT**2)), atol=1e-13)


def test_errors_of_a_jackknife_scale():
    rng = np.random.default_rng(1)
    bins = Y * (1 + 1e-3 * rng.normal(size=(4, *Y.shape)))
    X_bins = np.broadcast_to(X, (4, *X.shape))
    model = JackknifeRegressor(NETWORK, refit="linear").fit(X_bins, bins)
    other = JackknifeRegressor(NETWORK, refit="linear").fit(LARGE * X_bins, LARGE * bins)
    for found, expected in zip(
        other.predict(LARGE * X, return_std=True), model.predict(X, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(found / LARGE, expected)
    delta, error = model.phase_shift([0.5], return_std=True)
    np.testing.assert_array_equal(other.phase_shift([0.5], return_std=True), (delta, error))


@pytest.mark.parametrize(
    ("scale", "initial"), [(1e12, 0.0), (1e-12, 1e-13), (1e120, 0.0), (1e-100, 1e-101)]
)
def test_parameters_of_any_size(scale, initial):
    """A range far from 1, and a strength whose start says nothing about its size."""
    model = ParametricPotentialRegressor(strength, [initial], r=R)
    fit = model.fit(X, scale * (X * model_weights()) @ strength(R[:, None], R, [1.0]).T)
    np.testing.assert_allclose(fit.theta_, [scale], rtol=1e-9)
    assert np.isfinite(fit.theta_cov_).all()


def strength(r, r_prime, theta):
    return -theta[0] * np.exp(-r - r_prime)


def ranges(r, r_prime, theta):
    return -theta[0] * np.exp(-(r + r_prime) / theta[1])


def model_weights():
    return clone(PARAMETRIC).fit(X, Y).weights_


@pytest.mark.parametrize("unit", [1e-13, 1e9])
def test_a_range_in_another_unit_of_length(unit):
    """Steps for the derivatives are those of the parameter, not of the number 1."""
    start = [0.01, 0.7]
    expected = ParametricPotentialRegressor(ranges, start, r=R).fit(X, Y)
    np.testing.assert_allclose(expected.theta_, [0.017, 1.0], rtol=1e-3)
    other = ParametricPotentialRegressor(ranges, [0.01 / unit**3, 0.7 * unit], r=unit * R)
    other.fit(X, Y)
    np.testing.assert_allclose(other.theta_ * [unit**3, 1 / unit], expected.theta_, rtol=1e-7)


def test_a_start_that_is_lost_in_rounding_is_named():
    model = clone(PARAMETRIC).set_params(initial=[-1e-200, 0.5, 0.5])
    with pytest.warns(ConvergenceWarning, match="must give a potential of the size of the targets"):
        model.fit(X, 1e150 * Y)


def test_the_fit_of_large_errors_is_not_taken_for_converged():
    """χ² below tol² says nothing where the errors are large: the residual of the sources does."""
    fit = clone(NETWORK).set_params(max_iter=100).fit(X, Y, y_std=1e6 * SIGMA)
    assert fit.n_iter_ > 3
    assert fit.score(X, Y) > 0.998
