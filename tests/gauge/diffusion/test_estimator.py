"""U1DiffusionSampler as an estimator: fits, scores, copies, interrupts, refusals."""

import copy
import pickle
import resource
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

from halkit.gauge import U1DiffusionSampler, sample_exact
from halkit.training import StopTraining

TINY = {"hidden_channels": (4,), "max_epochs": 2, "random_state": 0}


def test_global_random_numbers_are_left_alone(X):
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    expected = np.random.random(), torch.rand(1)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    U1DiffusionSampler(**TINY).fit(X).sample(2, correction=None, random_state=0)
    assert (np.random.random(), torch.rand(1)) == expected  # noqa: NPY002


def test_fits_repeat_bit_for_bit(tiny, X):
    again = clone(tiny).fit(X)
    assert np.array_equal(again.score_samples(X), tiny.score_samples(X))
    assert again.history_[-1]["valid_loss"] == tiny.history_[-1]["valid_loss"]


def test_bars_are_drawn_on_demand(X, capsys):
    draw = {"method": "annealed", "correction": "hmc", "random_state": 0}
    model = U1DiffusionSampler(**TINY).fit(X)
    model.sample(2, **draw)
    assert capsys.readouterr() == ("", "")
    model.set_params(verbose=1).fit(X).sample(2, **draw)
    printed = capsys.readouterr().err
    assert all(name in printed for name in ("fit", "sample", "correct"))


def test_scores_do_not_depend_on_order_or_subset(fitted):
    theta = sample_exact(700, 1.0, (8, 8), random_state=6)
    scores = fitted.score_samples(theta)
    order = np.random.default_rng(0).permutation(700)
    assert np.abs(fitted.score_samples(theta[order]) - scores[order]).max() < 1e-12
    assert abs(fitted.score_samples(theta[5:6]) - scores[5])[0] < 1e-12
    assert fitted.score(theta) == pytest.approx(scores.mean(), abs=1e-14)


def test_rows_are_lattices(tiny, X):
    rows = U1DiffusionSampler(**TINY).fit(X.reshape(60, -1))
    assert rows.lattice_shape_ == (4, 4)
    assert np.array_equal(rows.score_samples(X), tiny.score_samples(X.reshape(60, -1)))
    assert rows.n_features_in_ == tiny.n_features_in_ == 32


def test_rectangles():
    X = sample_exact(20, 1.0, (3, 6), random_state=0)
    rectangle = U1DiffusionSampler(lattice_shape=(3, 6), **TINY).fit(X.reshape(20, -1))
    told = r"rows of 36 numbers, .* with network=\"mlp\"\. If they .* give lattice_shape=\(L0, L1\)"
    with pytest.warns(UserWarning, match=told):
        rows = U1DiffusionSampler(**TINY).fit(X.reshape(20, -1))
    assert rows.lattice_shape_ is None  # 36 is not 2L²
    U1DiffusionSampler(**{**TINY, "network": "mlp"}).fit(X.reshape(20, -1))  # as was asked for
    assert rectangle.sample(2).shape == (2, 2, 3, 6)
    assert U1DiffusionSampler(**TINY).fit(X).lattice_shape_ == (3, 6)
    drawn = rectangle.sample(2, beta=2.0, lattice_size=(5, 4))
    assert drawn.shape == (2, 2, 5, 4)


def test_rows_that_are_no_lattice_are_angles():
    """Seven angles around their own centres: the circular means and widths come back."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(-3, 3, 7)
    X = centre + 0.5 * rng.normal(size=(1000, 7))
    model = U1DiffusionSampler(
        hidden_channels=(32, 32), max_epochs=20, learning_rate=1e-2, random_state=0
    ).fit(X)
    assert model.lattice_shape_ is None
    raw = {"method": "annealed", "correction": None}
    draws = model.sample(1000, random_state=1, **raw)
    assert draws.shape == (1000, 7)
    mean = np.exp(1j * (draws - centre)).mean(axis=0)
    assert np.abs(np.angle(mean)).max() < 0.1
    assert np.abs(np.abs(mean) - np.exp(-(0.5**2) / 2)).max() < 0.06
    with pytest.raises(ValueError, match="without a lattice"):
        model.sample_report(draws)
    with pytest.raises(ValueError, match="without a lattice"):
        model.log_prob(draws)
    assert model.harmonics_ is None
    assert model.score(X) == model.denoising_score(X)
    assert np.array_equal(model.sample(9, method="annealed", random_state=1),
                          model.sample(9, random_state=1, **raw))  # fmt: skip
    wrong = {}, {**raw, "lattice_size": 4}, {"correction": None}, {**raw, "correction": "hmc"}
    for arguments in wrong:
        with pytest.raises(ValueError, match="without a lattice"):
            model.sample(2, **arguments)


@pytest.mark.parametrize("rows", [False, True])
def test_grid_search(X, rows):
    data = X.reshape(60, -1) if rows else X
    grid = {"network": ["gauge_equivariant", "unet"], "hidden_channels": [(4,), (4, 4)]}
    search = GridSearchCV(U1DiffusionSampler(**TINY), grid, cv=2, error_score="raise").fit(data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(2).shape == (2, 2, 4, 4)


RELOAD = """
import sys, joblib, numpy as np
model = joblib.load(sys.argv[1])
np.save(sys.argv[2], model.sample(3, beta=2.0, lattice_size=5, random_state=0))
np.save(sys.argv[5], model.sample(3, beta=2.0, method="annealed", correction="hmc", random_state=0))
np.save(sys.argv[3], model.score_samples(np.load(sys.argv[4])))
"""


@pytest.mark.slow
def test_a_new_process_draws_the_same(tiny, X, tmp_path):
    paths = [
        tmp_path / name
        for name in (
            "model.joblib",
            "draws.npy",
            "scores.npy",
            "X.npy",
            "links.npy",
        )
    ]
    joblib.dump(tiny, paths[0])
    np.save(paths[3], X)
    subprocess.run([sys.executable, "-c", RELOAD, *map(str, paths)], check=True)
    draws = tiny.sample(3, beta=2.0, lattice_size=5, random_state=0)
    assert np.array_equal(np.load(paths[1]), draws)
    links = tiny.sample(3, beta=2.0, method="annealed", correction="hmc", random_state=0)
    assert np.array_equal(np.load(paths[4]), links)
    assert np.array_equal(np.load(paths[2]), tiny.score_samples(X))


def test_a_pickle_holds_arrays_and_parameters_only(tiny):
    assert type(tiny.harmonics_) is np.ndarray
    state = tiny.__getstate__()
    assert "net_" not in state
    assert {type(value) for value in state["_weights"].values()} == {np.ndarray}


def test_most_configurations_train(X):
    """Half of an odd number is rounded in favour of the training."""
    sizes = []

    class Count(Callback):
        def on_train_begin(self, net, X=None, y=None, **kwargs):  # noqa: ARG002
            sizes.append(len(X))

    for n, fraction in ((60, 0.1), (5, 0.5), (3, 0.5), (2, 0.5), (7, 0.01)):
        U1DiffusionSampler(validation_fraction=fraction, callbacks=[Count()], **TINY).fit(X[:n])
    assert sizes == [54, 3, 2, 1, 6]


@pytest.mark.parametrize("name", U1DiffusionSampler().get_params())
def test_parameters_set_after_the_fit_change_no_pickle(tiny, X, name):
    model = copy.deepcopy(tiny).set_params(**{name: "z"})
    again = pickle.loads(pickle.dumps(model))
    assert getattr(again, name) == "z"
    assert np.array_equal(again.score_samples(X), tiny.score_samples(X))
    draws = (
        m.set_params(verbose=0).sample(2, random_state=0) for m in (again, copy.deepcopy(tiny))
    )
    assert np.array_equal(*draws)


def test_memory_does_not_grow(fitted):
    """Peak of the process, in kB, after each of five draws of the same size."""
    draw = {"lattice_size": 16, "method": "annealed", "correction": "hmc"}
    fitted.sample(100, random_state=0, **draw)
    fitted.sample(2000, lattice_size=16, random_state=0)
    peaks = []
    for seed in range(5):
        fitted.sample(2000, lattice_size=16, random_state=seed)
        fitted.sample(100, random_state=seed, **draw)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert peaks[-1] - peaks[0] < 8_000


class Interrupt(Callback):
    """The keyboard, after some batches."""

    def __init__(self, batches):
        self.batches = batches

    def on_train_begin(self, net, **kwargs):  # noqa: ARG002
        self.left_ = self.batches

    def on_batch_begin(self, net, training=False, **kwargs):  # noqa: ARG002
        self.left_ -= training
        if self.left_ < 0:
            raise KeyboardInterrupt


def test_an_interrupted_fit_offers_its_weights(X):
    model = U1DiffusionSampler(**{**TINY, "max_epochs": 9}, callbacks=[Interrupt(4)])
    with pytest.raises(KeyboardInterrupt, match="after 4 of 9 epochs"):
        model.fit(X)
    with pytest.raises(NotFittedError):
        model.sample(2)
    found = pickle.loads(pickle.dumps(model)).interrupted_
    assert found.n_iter_ == len(found.history_) == 4
    assert found.sample(2).shape == (2, 2, 4, 4)
    assert np.array_equal(found.score_samples(X), model.interrupted_.score_samples(X))


class StopAfter(Callback):
    """A rule of the user's own."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, net, **kwargs):  # noqa: ARG002
        if len(net.history) == self.epochs:
            raise StopTraining


def test_a_rule_of_the_users_own_ends_a_training(X):
    model = U1DiffusionSampler(**{**TINY, "max_epochs": 9}, callbacks=[StopAfter(3)]).fit(X)
    assert model.n_iter_ == 3
    assert model.interrupted_ is None


def test_a_fit_interrupted_at_once_keeps_the_earlier_one(X):
    model = U1DiffusionSampler(**TINY).fit(X)
    before = model.score_samples(X)
    model.set_params(callbacks=[Interrupt(0)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(sample_exact(20, 1.0, (3, 3)))
    assert np.array_equal(model.score_samples(X), before)
    assert model.interrupted_ is None
    with pytest.raises(KeyboardInterrupt):
        clone(model).fit(X)


def test_a_failed_fit_keeps_the_earlier_one(X):
    model = U1DiffusionSampler(**TINY).fit(X)
    before = model.score_samples(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full((4, 18), np.nan))
    assert np.array_equal(model.score_samples(X), before)


def test_an_interrupted_draw_loses_nothing(tiny, monkeypatch):
    draw = {"method": "annealed", "correction": None, "random_state": 0}
    before = tiny.sample(2, **draw)
    module = tiny.net_.module_
    forward, calls = module.forward, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) > 20:
            raise KeyboardInterrupt
        return forward(*args)

    monkeypatch.setattr(module, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny.sample(2, **draw)
    monkeypatch.undo()
    assert torch.is_grad_enabled()
    assert np.array_equal(tiny.sample(2, **draw), before)


def test_a_training_that_diverges_leaves_the_model_as_it_was(tiny, X):
    model = copy.deepcopy(tiny)
    with pytest.raises(ValueError, match=r"diverged in epoch \d+: lower learning_rate"):
        model.set_params(learning_rate=1e30, max_epochs=5).fit(X)
    assert model.score(X) == tiny.score(X)


def test_a_lattice_shape_after_the_fit_changes_nothing(tiny, X):
    model = copy.deepcopy(tiny).set_params(lattice_shape=(3, 3))
    assert model.score(X) == tiny.score(X)


# Bad input


@pytest.mark.parametrize(
    "method", ["score_samples", "score", "sample_report", "log_prob", "denoising_score"]
)
def test_not_fitted(X, method):
    with pytest.raises(NotFittedError):
        getattr(U1DiffusionSampler(), method)(X)
    with pytest.raises(NotFittedError):
        U1DiffusionSampler().sample()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (np.zeros((5, 3, 4, 4)), r"\(n, 2, L0, L1\)"),
        (np.zeros((5, 4, 4, 2)), r"\(n, 2, L0, L1\)"),
        (np.zeros((5, 2, 4)), r"X must have shape \(n, 2, L0, L1\), or .*got \(5, 2, 4\)"),
        (np.zeros((5, 2, 1, 4)), "at least 2"),
        (np.zeros((5, 2, 1, 1)), "at least 2"),
        (np.full((5, 2, 4, 4), np.nan), "X must be finite"),
        (np.full((5, 32), np.inf), "infinity"),
        (np.zeros((1, 2, 4, 4)), "minimum of 2"),
        (np.zeros((0, 2, 4, 4)), "X must hold at least one"),
    ],
)
def test_bad_configurations(data, match):
    with pytest.raises(ValueError, match=match):
        U1DiffusionSampler(**TINY).fit(data)


def test_messages_call_the_configurations_x(tiny, X):
    with pytest.raises(ValueError, match="Complex data not supported: X"):
        tiny.fit(X * 1j)
    for method in (tiny.score, tiny.sample_report):
        with pytest.raises(ValueError, match="X must have shape"):
            method(X[:, :1])
    with pytest.warns(UserWarning, match="X has angles beyond 2π"):
        tiny.score(X + 10)
    with pytest.raises(ValueError, match="theta must have shape"):
        tiny.link_score(X[:, :1], 0.1)


@pytest.mark.parametrize("network", ["gauge_equivariant", "mlp"])
def test_views_with_negative_strides_are_arrays_too(X, network):
    model, again = (
        U1DiffusionSampler(network=network, **TINY).fit(links)
        for links in (X[::-1], X[::-1].copy())
    )
    assert np.array_equal(model.score_samples(X), again.score_samples(X))
    for view in (X[::-1], X[:, ::-1], X[..., ::-1], X.reshape(60, -1)[:, ::-1]):
        assert np.array_equal(model.score_samples(view), model.score_samples(view.copy()))
        assert model.score(view) == model.score(view.copy())
    for view in (X[::-1], X[:, ::-1]):
        assert np.array_equal(model.link_score(view, 0.1), model.link_score(view.copy(), 0.1))


def test_links_of_another_coupling_are_noticed():
    """At β = 1 the plaquette is 0.4464; at β = 1.1 it is 8 % off, at 1.02 less than 2 %."""
    model = U1DiffusionSampler(**TINY)
    for beta in (0.0, 1.1, 7.0):
        X = sample_exact(2000, beta, (8, 8), random_state=0)
        with pytest.warns(
            UserWarning, match=r"the mean plaquette -?\d.* at beta=1 it is 0.4464: beta"
        ):
            model.fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(sample_exact(2000, 1.02, (8, 8), random_state=0))  # within 5 %
        model.fit(sample_exact(9, 7.0, (8, 8), random_state=0))  # too few for an error
        model.fit(sample_exact(20, 1.3, (2, 2), random_state=0))  # within the error


@pytest.mark.parametrize("shape", [(10, 2, 4, 4), (10, 32), (10, 7)])
def test_degrees_are_wrapped_with_a_warning(shape):
    X = np.random.default_rng(0).integers(0, 360, shape).astype(float)
    model = U1DiffusionSampler(**TINY)
    with pytest.warns(UserWarning, match="beyond 2π"):
        model.fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wrapped = clone(model).fit(np.angle(np.exp(1j * X)))
    with pytest.warns(UserWarning, match="beyond 2π"):
        assert np.allclose(model.score_samples(X), wrapped.score_samples(X), atol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ({"beta": -1.0}, ValueError, "beta"),
        ({"beta": np.inf}, ValueError, "beta"),
        ({"beta": np.nan}, ValueError, "beta"),
        ({"beta": "1"}, TypeError, "beta"),
        ({"network": "resnet"}, ValueError, "gauge_equivariant"),
        ({"hidden_channels": ()}, ValueError, "hidden_channels"),
        ({"hidden_channels": (0,)}, ValueError, "each of hidden_channels must be an integer ≥ 1"),
        ({"hidden_channels": (2.5,)}, TypeError, "each of hidden_channels must be an integer"),
        ({"hidden_channels": 4}, ValueError, "must be a tuple or list of integers, .* got 4"),
        ({"device": "gpu"}, ValueError, "device must be 'cpu', 'cuda', .* got 'gpu'"),
        ({"device": 2.5}, ValueError, "device must be 'cpu', 'cuda', .* got 2.5"),
        ({"lattice_shape": (4, 5)}, ValueError, "lattice"),
        ({"lattice_shape": (1, 16)}, ValueError, "at least 2"),
        ({"max_epochs": 0}, ValueError, "max_epochs"),
        ({"batch_size": 2.5}, TypeError, "batch_size"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate"),
        ({"learning_rate": True}, TypeError, "learning_rate"),
        ({"network": ["unet"]}, ValueError, "network must be one of"),
        ({"verbose": "a"}, TypeError, "verbose must be an integer ≥ 0, got 'a'"),
        ({"callbacks": 3}, TypeError, "callbacks must be a list of skorch callbacks, got 3"),
        (
            {"validation_fraction": 0.999},
            ValueError,
            "validation_fraction must be a finite number > 0 and ≤ 0.5, .*; got 0.999",
        ),
        ({"validation_fraction": 0.51}, ValueError, "validation_fraction must be .* got 0.51"),
        ({"validation_fraction": 0.0}, ValueError, "validation_fraction must be .* > 0"),
        ({"validation_fraction": "half"}, TypeError, "validation_fraction must be .* > 0"),
    ],
)
def test_bad_parameters(X, parameters, error, match):
    with pytest.raises(error, match=match):
        U1DiffusionSampler(**{**TINY, **parameters}).fit(X)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_samples": 0}, ValueError, "n_samples"),
        ({"n_samples": 2.0}, TypeError, "n_samples"),
        ({"beta": -1.0}, ValueError, "beta"),
        ({"beta": np.nan}, ValueError, "beta"),
        ({"lattice_size": 1}, ValueError, "lattice_size must be an integer ≥ 2"),
        ({"lattice_size": (4, 4, 4)}, ValueError, "lattice_shape"),
        ({"correction": "metropolis"}, ValueError, "correction"),
        ({"correction": "smc"}, ValueError, "correction"),
        (
            {"method": "sde", "correction": "rejection"},
            ValueError,
            'correction="rejection" needs .* of method="plaquette"',
        ),
        ({"method": "euler"}, ValueError, "annealed"),
        ({"n_steps": 0}, ValueError, "n_steps"),
    ],
)
def test_bad_requests(tiny, arguments, error, match):
    with pytest.raises(error, match=match):
        tiny.sample(**arguments)


def test_other_lattices_are_not_scored(tiny):
    with pytest.raises(ValueError, match=r"\(5, 5\)"):
        tiny.score_samples(np.zeros((2, 2, 5, 5)))
    with pytest.raises(ValueError, match="32"):
        tiny.score_samples(np.zeros((2, 50)))


def test_dense_layers_cannot_change_their_size(X):
    model = U1DiffusionSampler(network="mlp", **TINY).fit(X)
    draw = {"method": "annealed", "correction": None}
    assert model.sample(2, **draw).shape == (2, 2, 4, 4)
    with pytest.raises(ValueError, match="cannot change"):
        model.sample(2, lattice_size=5, **draw)
    assert model.sample(2, lattice_size=5).shape == (2, 2, 5, 5)


@pytest.mark.parametrize("fraction", [0.01, 0.5])
def test_both_parts_have_a_configuration(X, fraction):
    model = U1DiffusionSampler(validation_fraction=fraction, **TINY).fit(X[:2])
    assert np.isfinite(model.history_[0]["train_loss"])
    assert np.isfinite(model.history_[0]["valid_loss"])


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, "1"])
def test_width_of_the_link_score(tiny, X, sigma):
    with pytest.raises((TypeError, ValueError), match="sigma"):
        tiny.link_score(X, sigma)


@pytest.mark.parametrize("network", ["gauge_energy", "unet", "plaquette"])
def test_a_network_without_effect_on_rows_is_refused(network):
    rows = np.random.default_rng(0).uniform(-3, 3, (6, 7))
    model = U1DiffusionSampler(network=network, **TINY)
    with pytest.raises(ValueError, match=f"network='{network}' needs a lattice"):
        model.fit(rows)
    default, mlp = (
        U1DiffusionSampler(**{**TINY, **chosen}).fit(rows).score(rows)
        for chosen in ({}, {"network": "mlp"})
    )
    assert default == mlp


def test_a_warm_start_begins_with_the_weights_of_the_fit_before():
    links = sample_exact(64, 1.0, (3, 3), random_state=0)
    model = U1DiffusionSampler(hidden_channels=(4,), max_epochs=3, random_state=0).fit(links)
    before = model.link_score(links, 0.5)
    tiny = {"learning_rate": 1e-12, "max_epochs": 1}
    model.set_params(warm_start=True, **tiny).fit(links)
    np.testing.assert_allclose(model.link_score(links, 0.5), before, rtol=1e-5, atol=1e-6)
    cold = U1DiffusionSampler(hidden_channels=(4,), random_state=0, **tiny).fit(links)
    assert np.abs(cold.link_score(links, 0.5) - before).max() > 1e-3
    with pytest.raises(ValueError, match="warm_start must keep the network, hidden_channels"):
        model.set_params(hidden_channels=(5,)).fit(links)
    np.testing.assert_allclose(model.link_score(links, 0.5), before, rtol=1e-5, atol=1e-6)
