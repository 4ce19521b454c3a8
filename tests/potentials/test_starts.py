"""Starts whose loss is not finite are no fits."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from skorch.callbacks import Callback

from halkit.potentials import NonLocalPotentialRegressor, ParametricPotentialRegressor
from halkit.resampling import JackknifeRegressor

pytestmark = [
    # The data of these tests end where U does not, and the fits end early.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    # Their waves are random, or few.
    pytest.mark.filterwarnings("ignore:the data do not determine δ"),
    pytest.mark.filterwarnings("ignore:the fit leaves"),
    pytest.mark.filterwarnings("ignore:the nodes are too coarse"),
]

R = np.linspace(0.2, 6.0, 12)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 12))
Y = -0.1 * X @ np.exp(-R[:, None] - R)
SETTINGS = {"max_iter": 12, "hidden_layer_sizes": (3,), "random_state": 0}


class Poison(Callback):
    """Puts a value into a parameter of some of the starts, before or after their last step."""

    def __init__(self, starts, value, method="on_epoch_begin"):
        self.starts, self.value, self.method, self.number_ = starts, value, method, 0

    def __repr__(self):
        return f"Poison({self.starts}, {self.value})"

    def on_train_begin(self, net, **kwargs):  # noqa: ARG002
        self.number_ += 1

    def on_epoch_begin(self, net, **kwargs):  # noqa: ARG002
        self.act(net, "on_epoch_begin")

    def on_train_end(self, net, **kwargs):  # noqa: ARG002
        self.act(net, "on_train_end")

    def act(self, net, method):
        if method == self.method and self.number_ in self.starts:
            with torch.no_grad():
                next(net.module_.parameters())[:] = self.value


def regressor(**parameters):
    return NonLocalPotentialRegressor(R, reduced_mass=1.0, **{**SETTINGS, **parameters})


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
@pytest.mark.parametrize("method", ["on_epoch_begin", "on_train_end"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("bad", [[1], [2, 3]])
def test_a_poisoned_start_is_left_out(solver, method, value, bad):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clean = regressor(n_init=3, solver=solver).fit(X, Y)
    model = regressor(n_init=3, solver=solver, callbacks=[Poison(bad, value, method)])
    numbers = ", ".join(map(str, bad))
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, Y)
    messages = [str(w.message) for w in caught]
    assert sum(f"loss of start {numbers} of 3 became infinite or NaN" in m for m in messages) == 1
    good = [start for i, start in enumerate(clean.starts_, start=1) if i not in bad]
    assert [start.loss for start in model.starts_] == [start.loss for start in good]
    assert model.loss_ == min(start.loss for start in good)
    assert np.isfinite(model.phase_shift(0.5))


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam", "learning_rate": 1e300},
        {"callbacks": [Poison(range(9), np.nan)]},
        {"callbacks": [Poison(range(9), np.inf, "on_train_end")], "solver": "lbfgs"},
    ],
    ids=str,
)
def test_a_fit_without_a_finite_start_is_refused(parameters):
    with pytest.raises(FloatingPointError, match="every start became infinite or NaN"):
        regressor(n_init=2, **parameters).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = regressor(n_init=2).fit(X, Y)
    expected = model.potential_, model.loss_
    model.set_params(**parameters)
    with pytest.raises(FloatingPointError, match="lower learning_rate="):
        model.fit(X, 2 * Y)
    np.testing.assert_array_equal(model.potential_, expected[0])
    assert model.loss_ == expected[1]


def test_a_diverged_training_ends_at_once():
    poison = Poison([1], np.nan)
    model = regressor(n_init=2, solver="adam", max_iter=10**6, tol=0.5, callbacks=[poison])
    with pytest.warns(ConvergenceWarning, match="start 1 of 2"):
        model.fit(X, Y)


def test_bins_without_a_finite_start_are_named():
    model = JackknifeRegressor(regressor(n_init=1), resample="seeds", n_seeds=2)
    model.set_params(estimator__solver="adam", estimator__learning_rate=1e300)
    with pytest.raises(FloatingPointError, match="every start"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def cliff(r, r_prime, theta):
    """NaN beyond θ = 0.5, where its minimum with the data would be."""
    return -np.sqrt(0.25 - theta[0] ** 2) * np.exp(-r - r_prime) - theta[0]


def blow_up(r, r_prime, theta):
    """Finite at the start alone."""
    return np.where(theta[0] == 0.1, -0.1, np.nan) * np.exp(-r - r_prime)


def test_parameters_stay_where_the_function_is_finite():
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = ParametricPotentialRegressor(cliff, [0.1], r=R).fit(X, Y)
    assert np.isfinite(model.loss_)
    assert abs(model.theta_[0]) < 0.5
    with pytest.raises(FloatingPointError, match="function must be finite near initial"):
        ParametricPotentialRegressor(blow_up, [0.1], r=R).fit(X, Y)


@pytest.mark.filterwarnings("ignore:the fit had not converged")
@pytest.mark.parametrize("local", [False, True, "only"])
@pytest.mark.parametrize("envelope", [None, "gaussian"])
def test_a_start_has_the_parts_and_the_end_of_its_fit(local, envelope):
    model = regressor(n_init=1, local=local, envelope=envelope).fit(X, Y)
    for part in (*model.starts_, model.interaction_):
        assert part.has_local == bool(local)
        assert part.has_nonlocal == (local != "only")
        assert part.nonlocal_radius == (None if local == "only" else R[-1])
        ends = local is False or (local is True and envelope is None)
        assert part.radius == (R[-1] if ends else None)
