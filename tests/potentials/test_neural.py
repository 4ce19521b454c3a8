"""What a fit of a network keeps: after set_params, after an error, after Ctrl-C."""

import copy
import pickle
import signal
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback, EarlyStopping

from halkit.datasets import make_separable
from halkit.equations import time_dependent_rows
from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials import (
    FrozenBasisRegressor,
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import JackknifeRegressor
from halkit.scattering import phase_shift
from halkit.training import StopTraining

R = np.linspace(0.2, 6.0, 12)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 12))
Y = -0.1 * X @ np.exp(-R[:, None] - R) + 0.2 * np.exp(-(R**2)) * X
SETTINGS = {"n_init": 2, "max_iter": 12, "tol": 0.0, "hidden_layer_sizes": (3,), "random_state": 0}

pytestmark = [
    pytest.mark.filterwarnings("ignore:the fit had not converged"),
    pytest.mark.filterwarnings("ignore:the fit leaves"),
    pytest.mark.filterwarnings("ignore:the nodes are too coarse"),
    # The data of these tests end where U does not.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    # Their waves are random, or few.
    pytest.mark.filterwarnings("ignore:the data do not determine δ"),
]


@pytest.fixture(autouse=True)
def keyboard():
    """The handler of Ctrl-C, which a process that was started in the background does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def regressor(**parameters):
    return NonLocalPotentialRegressor(R, **{"reduced_mass": 1.0, **SETTINGS, **parameters})


def answers(model):
    starts = np.array([start.potential for start in model.starts_])
    return [
        model.predict(X),
        model.local_potential(R),
        model.nonlocal_potential(R[:, None], R),
        model.phase_shift([0.3, 0.7]),
        starts,
    ]


def assert_same(model, expected):
    for found, value in zip(answers(model), expected, strict=True):
        np.testing.assert_array_equal(found, value)


CHANGES = [
    {"local": "only"},
    {"local": True},
    {"local": False},
    {"envelope": "gaussian"},
    {"envelope": None},
    {"hidden_layer_sizes": (4, 4)},
    {"network": "plain"},
    {"rank": 3},
    {"envelope_radius": 3.0, "amplitude": 2.0, "fit_envelope": False},
    {"local_basis": "yukawa", "local_widths": [0.5]},
    {"regulator": 0.5, "solver": "adam", "learning_rate": 0.5, "max_iter": 1, "verbose": 2},
    {"solver": "no solver", "regulator": None, "weight_decay": "much"},
]


@pytest.fixture(scope="module", params=[False, True])
def local_and_fit(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = regressor(local=request.param).fit(X, Y)
    return model, answers(model)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_fit_does_not_change_with_the_parameters(local_and_fit, change):
    fitted, expected = local_and_fit
    model = copy.deepcopy(fitted).set_params(**change)
    assert_same(model, expected)
    assert_same(pickle.loads(pickle.dumps(model)), expected)


def test_a_fit_without_an_envelope_ends_at_the_last_node():
    model = regressor(envelope=None).fit(X, Y)
    assert model.set_params(envelope="gaussian").interaction_.radius == R[-1]
    assert regressor(local=True).fit(X, Y).set_params(envelope=None).interaction_.radius is None
    assert not hasattr(model, "envelope_radii_")
    with pytest.raises(AttributeError, match="envelope must be given for envelope_radii_"):
        _ = model.envelope_radii_


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_the_length_of_the_networks_input_is_that_of_the_fit():
    model = TimeDependentHALRegressor(R, **SETTINGS, envelope_radius=2.0).fit(X, Y)
    expected = model.predict(X)
    model = pickle.loads(pickle.dumps(model.set_params(envelope_radius=1.0)))
    np.testing.assert_array_equal(model.predict(X), expected)


# Errors


class Fail(Callback):
    """An error of a callback, or of the keyboard, after some iterations of all starts."""

    def __init__(self, iterations, error=RuntimeError):
        self.iterations, self.error = iterations, error

    def on_epoch_begin(self, net, **kwargs):  # noqa: ARG002
        self.iterations -= 1
        if self.iterations < 0:
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_a_first_fit_that_fails_is_no_fit(error):
    model = regressor(callbacks=[Fail(3, error)])
    before = dict(vars(model))
    with pytest.raises(error):
        model.fit(X, Y)
    assert vars(model) == before
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_fit_that_fails_leaves_the_earlier_one(warm_start):
    model = regressor(local=True, warm_start=warm_start).fit(X, Y)
    expected = answers(model)
    nodes = R if warm_start else R + 0.1
    model.set_params(callbacks=[Fail(3)], r=nodes)
    with pytest.raises(RuntimeError):
        model.fit(2 * X[:3], Y[:3])
    assert_same(model, expected)
    assert_same(pickle.loads(pickle.dumps(model.set_params(callbacks=None))), expected)
    with pytest.raises(ValueError, match="12 columns"):
        model.fit(0 * X[:, :5], Y[:, :5])
    assert_same(model, expected)


def test_coefficients_that_cannot_be_found_leave_the_earlier_ones():
    model = FrozenBasisRegressor(regressor()).fit(X, Y)
    expected = model.predict(X)
    model.set_params(estimator=regressor(network="plain"))
    with pytest.raises(ValueError, match="must be a network regressor with network='separable'"):
        model.fit(2 * X, Y)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_bins_that_fail_leave_the_earlier_ones():
    model = JackknifeRegressor(regressor()).fit(X, Y)
    with pytest.raises(ValueError, match="12 columns"):
        model.fit(X[:, :5], Y[:, :5])
    assert model.n_features_in_ == 12


# The keyboard


class Signal(Callback):
    """Ctrl-C in some iteration of the first start, in the middle of a step or at its end."""

    def __init__(self, iteration, method):
        self.iteration, self.method, self.seen_ = iteration, method, 0

    def on_batch_begin(self, net, **kwargs):  # noqa: ARG002
        self.seen_ += 1
        self.press("on_batch_begin")

    def on_batch_end(self, net, **kwargs):  # noqa: ARG002
        self.press("on_batch_end")

    def on_epoch_end(self, net, **kwargs):  # noqa: ARG002
        self.press("on_epoch_end")

    def press(self, method):
        if self.seen_ == self.iteration and self.method == method:
            signal.raise_signal(signal.SIGINT)


def interrupted(model, *data, match="interrupted_ is the best"):
    """What a fit that is interrupted offers; the model itself stays as it was."""
    before = {name: value for name, value in vars(model).items() if name != "interrupted_"}
    with pytest.raises(KeyboardInterrupt, match=match):
        model.fit(*(data or (X, Y)))
    after = dict(vars(model))
    found = after.pop("interrupted_")
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    return found


def test_the_spread_of_the_starts_is_one_call():
    d = make_separable()
    model = NonLocalPotentialRegressor(d.r, reduced_mass=3.3, n_init=3, random_state=0)
    model.fit(d.data, d.target)
    k = [0.3, 1.0]
    delta, std = model.starts_.phase_shift(k, return_std=True)
    np.testing.assert_array_equal(delta, model.phase_shift(k))
    each = [phase_shift(start, k, reduced_mass=3.3) for start in model.starts_]
    np.testing.assert_allclose(std, np.std(each, axis=0, ddof=1))
    np.testing.assert_array_equal(model.starts_.centre.potential, model.potential_)
    nameless = NonLocalPotentialRegressor(reduced_mass=3.3, n_init=1, random_state=0)
    starts = nameless.fit(d.data, d.target).starts_
    assert starts[0].potential.shape == (100, 100)
    with pytest.raises(ValueError, match="r must be given, got None"):
        starts.phase_shift(k)


@pytest.mark.parametrize("solver", ["lm", "adam"])
@pytest.mark.parametrize(
    ("method", "kept"), [("on_batch_begin", 2), ("on_batch_end", 2), ("on_epoch_end", 3)]
)
@pytest.mark.parametrize("n_init", [1, 3])
def test_the_keyboard_ends_the_fit_and_offers_what_was_found(method, kept, n_init, solver):
    """The weights are those after the last full iteration, as if max_iter had been that."""
    model = regressor(n_init=n_init, solver=solver, callbacks=[Signal(3, method)])
    found = interrupted(model, match=f"in start 1 of {n_init}")
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert found.n_iter_ == len(found.history_) == kept
    assert len(found.starts_) == 1
    assert found.interrupted_ is None
    short = regressor(n_init=n_init, solver=solver, max_iter=kept).fit(X, Y)
    np.testing.assert_array_equal(found.potential_, next(s.potential for s in short.starts_))
    assert short.interrupted_ is None
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert_same(copied.interrupted_, answers(found))


def test_an_interrupt_in_a_later_start_offers_the_earlier_ones():
    full = regressor(n_init=3).fit(X, Y)
    model = regressor(n_init=3, callbacks=[Signal(12 + 3, "on_batch_begin")])
    found = interrupted(model, match="in start 2 of 3")
    assert len(found.starts_) == 2
    assert found.starts_[0].loss == full.starts_[0].loss == found.loss_
    at_once = regressor(n_init=3, callbacks=[Signal(12 + 1, "on_batch_begin")])
    assert len(interrupted(at_once, match="in start 2 of 3").starts_) == 1


def test_an_interrupt_before_anything_was_found_offers_nothing():
    assert interrupted(regressor(callbacks=[Signal(1, "on_batch_end")]), match=None) is None


@pytest.mark.parametrize("iterations", [0, 2, 14])
@pytest.mark.parametrize("warm_start", [False, True])
def test_an_interrupt_of_a_callback_leaves_the_earlier_fit(iterations, warm_start):
    model = regressor(warm_start=warm_start, max_iter=20).fit(X, Y)
    expected = answers(model)
    model.set_params(callbacks=[Fail(iterations, KeyboardInterrupt)])
    found = interrupted(model, 2 * X, Y, match=None)
    assert (found is None) == (iterations == 0)
    assert_same(model, expected)
    assert found is None or found.n_iter_ == iterations
    assert model.set_params(callbacks=None).fit(X, Y).interrupted_ is None


def test_lbfgs_that_was_interrupted():
    """An epoch is ten iterations."""
    model = regressor(solver="lbfgs", max_iter=40, callbacks=[Signal(2, "on_batch_begin")])
    found = interrupted(model)
    assert 0 < found.n_iter_ <= 10
    assert len(found.history_) == 1


def test_early_stopping_ends_its_start_alone():
    stop = EarlyStopping("train_loss", patience=2, threshold=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = regressor(callbacks=[stop], n_init=3, max_iter=50).fit(X, Y)
    assert len(model.starts_) == 3
    assert max(start.n_iter for start in model.starts_) < 50
    assert model.interrupted_ is None


class StopAfter(Callback):
    """A rule of the user's own."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, net, **kwargs):  # noqa: ARG002
        if len(net.history) == self.epochs:
            raise StopTraining


class StopWithin(StopAfter):
    """The same within the next epoch, which then does not count."""

    def on_epoch_end(self, net, **kwargs):
        """It comes too late."""

    def on_batch_end(self, net, **kwargs):  # noqa: ARG002
        if len(net.history) == self.epochs + 1:
            raise StopTraining


@pytest.mark.parametrize("rule", [StopAfter(4), StopWithin(4)])
def test_a_rule_of_the_users_own_ends_its_start_alone(rule):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = regressor(callbacks=[rule], n_init=3).fit(X, Y)
    short = regressor(max_iter=4, n_init=3).fit(X, Y)
    assert_same(model, answers(short))


def test_what_was_found_can_be_trained_on():
    found = interrupted(regressor(n_init=1, callbacks=[Signal(4, "on_epoch_end")]))
    whole = found.set_params(warm_start=True, callbacks=None, max_iter=40).fit(X, Y)
    assert whole.loss_ < whole.history_[0]["train_loss"]
    assert whole.interrupted_ is None


class Total(Callback):
    """Ctrl-C after some iterations of all copies together."""

    def __init__(self, left):
        self.left = left

    def __sklearn_clone__(self):
        return self

    def on_batch_end(self, net, **kwargs):  # noqa: ARG002
        self.left[0] -= 1
        if self.left[0] == 0:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore:in 3 of 3 bins")
def test_an_interrupted_bin_leaves_the_earlier_bins():
    bins = X[None] + 0.01 * RNG.normal(size=(3, *X.shape))
    y = np.repeat(Y[None], 3, axis=0)
    model = JackknifeRegressor(regressor(n_init=1)).fit(bins, y)
    expected = model.predict(X, return_std=True)
    stop = Total([12 + 3])
    assert interrupted(model.set_params(estimator__callbacks=[stop]), bins, y, match=None) is None
    np.testing.assert_array_equal(model.predict(X, return_std=True), expected)
    first = JackknifeRegressor(regressor(callbacks=[Total([3])]))
    assert interrupted(first, bins, y, match=None) is None
    assert not hasattr(first, "n_features_in_")


# Parameters


@pytest.mark.parametrize("max_iter", [1, 7, 10, 15, 33])
def test_lbfgs_makes_no_more_iterations_than_it_may(max_iter):
    model = regressor(solver="lbfgs", max_iter=max_iter, n_init=1).fit(X, Y)
    assert max_iter - 10 < model.n_iter_ <= max_iter


def test_the_first_step_of_adam_is_the_learning_rate():
    """Adam divides its gradient by its size: each parameter moves by ± the learning rate."""
    start = regressor(solver="adam", learning_rate=1e-12, max_iter=1, n_init=1).fit(X, Y)
    for rate in (1e-3, 5e-3):
        model = regressor(solver="adam", learning_rate=rate, max_iter=1, n_init=1).fit(X, Y)
        before, after = (dict(m.net_.module_.named_parameters()) for m in (start, model))
        moves = [(after[n] - before[n]).detach().abs().numpy().ravel() for n in before]
        np.testing.assert_allclose(np.concatenate(moves), rate, rtol=1e-3)


def test_an_envelope_is_learned_or_left():
    kept = regressor(fit_envelope=False, envelope_radius=1.3).fit(X, Y)
    np.testing.assert_allclose(kept.envelope_radii_, 1.3, rtol=1e-15)
    learned = regressor(fit_envelope=True, envelope_radius=1.3).fit(X, Y)
    assert np.abs(learned.envelope_radii_ - 1.3).min() > 1e-3
    loaded = pickle.loads(pickle.dumps(learned))
    np.testing.assert_array_equal(loaded.envelope_radii_, learned.envelope_radii_)
    assert regressor(local="only").fit(X, Y).envelope_radii_.shape == (0,)


def test_a_perceptron_of_pairs_needs_a_hidden_layer():
    with pytest.raises(ValueError, match="one width at least for network='symmetric'"):
        regressor(network="symmetric", hidden_layer_sizes=()).fit(X, Y)
    for network in ("plain", "separable"):
        regressor(network=network, hidden_layer_sizes=()).fit(X, Y)


def test_few_output_nodes_do_not_bound_the_nonlocal_part():
    """U(r_out, r') is seen as far as the wave functions go, whatever r_out is."""
    d = make_separable()
    at = 9
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnderdeterminedWarning)
        NonLocalPotentialRegressor(d.r, r_out=d.r[[at]], **SETTINGS).fit(d.data, d.target[:, at])
    local = {"local": True, "local_widths": [1.0, 6.0], **SETTINGS}
    with pytest.warns(
        UnderdeterminedWarning, match="the widest local width is 6: beyond"
    ) as caught:
        NonLocalPotentialRegressor(d.r, r_out=d.r[[at]], **local).fit(d.data, d.target[:, at])
    (message,) = (str(w.message) for w in caught if w.category is UnderdeterminedWarning)
    assert "envelope_radius" not in message
    assert "lattice units" not in message


def slices():
    """Slices of two states on R."""
    t = np.arange(13.0)[:, None]
    return np.exp(-0.05 * t - R / 2) + 0.3 * np.exp(-0.2 * t - R)


def times(**parameters):
    settings = {**SETTINGS, "n_init": 1, "local": "only", "local_widths": [0.5, 1.0, 2.0]}
    return TimeDependentHALRegressor(R, hadron_mass=1.3, **{**settings, **parameters})


def test_the_spacing_of_the_slices_counts():
    """Every second slice is the fit of its rows, and not that of slices one apart."""
    every_second, t = slices()[::2], np.arange(0, 13, 2)
    model = times().fit(every_second, times=t)
    rows = time_dependent_rows(every_second, R, hadron_mass=1.3, times=np.arange(0, 13, 2))
    expected = times().fit(*rows).local_potential(R)
    np.testing.assert_array_equal(model.local_potential(R), expected)
    assert model.score(every_second, times=t) == times().fit(*rows).score(*rows)
    assert (
        np.abs(times().fit(every_second, times=t / 2).local_potential(R) / expected - 1).max() > 0.1
    )


@pytest.mark.parametrize("points", [3, 5, 7])
def test_the_width_of_the_stencil_counts(points):
    R_t = slices()
    model = times(stencil=points).fit(R_t, times=np.arange(13))
    X, y = time_dependent_rows(R_t, R, hadron_mass=1.3, stencil=points)
    assert len(X) == 13 - points + 1
    expected = times().fit(X, y).local_potential(R)
    np.testing.assert_array_equal(model.local_potential(R), expected)
    assert (points == 7) == np.array_equal(
        times().fit(R_t, times=np.arange(13)).local_potential(R), expected
    )


def test_a_potential_without_an_envelope_ends_at_its_radius():
    model = regressor(envelope=None).fit(X, Y)
    assert model.interaction_.radius == R[-1]
    beyond = model.nonlocal_potential([R[-1] + 0.1, 1.0, 30.0], [1.0, R[-1] + 0.1, 30.0])
    np.testing.assert_array_equal(beyond, 0.0)
    assert model.nonlocal_potential(R[-1], R[-1]) != 0
    r = np.linspace(0.1, 12.0, 120)
    wave = np.exp(-r)[None]
    cut = model.apply_potential(np.where(r <= R[-1], wave, 0.0), r, r_out=R[:3])
    np.testing.assert_array_equal(model.apply_potential(wave, r, r_out=R[:3]), cut)


@pytest.mark.parametrize("network", ["separable", "symmetric"])
def test_a_regulator_without_effect_is_named(network):
    """Under the default envelope λ changes no phase shift; where it acts nothing is said."""
    d = make_separable(n_k=4)
    settings = {"reduced_mass": 3.3, "n_init": 1, "max_iter": 8, "random_state": 0}
    model = NonLocalPotentialRegressor(d.r, network=network, **settings)
    delta = model.fit(d.data, d.target).phase_shift([0.1, 0.5])
    model.set_params(regulator=0.1)
    with pytest.warns(
        UserWarning, match="regulator has no effect: .*regulator_radius = 10 already"
    ):
        model.fit(d.data, d.target)
    np.testing.assert_allclose(model.phase_shift([0.1, 0.5]), delta, rtol=1e-6)
    for acts in ({"envelope": None}, {"regulator_radius": 2.0}, {"envelope_radius": 6.0}):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            NonLocalPotentialRegressor(
                d.r, network=network, **{**settings, "regulator": 1e3, **acts}
            ).fit(d.data, d.target)
        assert not any("regulator has no effect" in str(one.message) for one in found)


def test_training_under_inference_mode():
    """Gradients are known to a fit, whatever its caller does; the numbers are the same."""
    expected = regressor(local=True).fit(X, Y)
    for mode in (torch.inference_mode, torch.no_grad):
        with mode():
            model = regressor(local=True).fit(X, Y)
            assert_same(model, answers(expected))
        assert_same(model, answers(expected))
        model.set_params(warm_start=True).fit(X, Y)
