"""U1DiffusionSampler: what it learns, what it draws, and that it is a good estimator."""

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

from halkit.gauge import (
    U1DiffusionSampler,
    exact_susceptibility,
    exact_wilson_loop,
    force,
    gauge_transform,
    plaquette,
    sample_exact,
    sample_smc,
    susceptibility,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.theory.torus import wilson_action
from halkit.training import StopTraining

QUICK = {
    "hidden_channels": (12,),
    "learning_rate": 2e-2,
    "batch_size": 128,
    "max_epochs": 10,
    "random_state": 0,
}
TINY = {"hidden_channels": (4,), "max_epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    """Six seconds of training on 10 240 configurations at β = 1, L = 8."""
    return U1DiffusionSampler(**QUICK).fit(sample_exact(10_240, 1.0, (8, 8), random_state=0))


@pytest.fixture(scope="module")
def X():
    return sample_exact(60, 1.0, (4, 4), random_state=1)


@pytest.fixture(scope="module")
def tiny(X):
    return U1DiffusionSampler(**TINY).fit(X)


def plaquette_error(theta, beta):
    """(⟨W(1×1)⟩/exact − 1, its standard error)."""
    loops = wilson_loop(theta, 1, 1) / exact_wilson_loop(1, beta, theta.shape[2:])
    return loops.mean() - 1, loops.std() / np.sqrt(len(loops))


# What is learned


@pytest.mark.parametrize("sigma", [0.001, 0.03, 0.05])
def test_the_scalar_becomes_the_force_at_small_noise(fitted, sigma):
    """h → −β0 sin P: 3 % rms of what is left without the mean, which no link feels."""
    theta = sample_exact(500, 1.0, (8, 8), random_state=2)
    with torch.no_grad():
        h = fitted.net_.module_.scalar(
            torch.tensor(theta, dtype=torch.float32), torch.full((500,), sigma)
        )
    h, exact = h.double().numpy(), -np.sin(plaquette(theta))
    h, exact = (x - x.mean(axis=(1, 2), keepdims=True) for x in (h, exact))
    assert np.sqrt(np.mean((h - exact) ** 2) / np.mean(exact**2)) < 0.03


def test_link_score_becomes_the_force_on_other_lattices(fitted):
    theta = sample_exact(100, 1.0, (6, 10), random_state=2)
    exact = force(theta, 1.0)
    assert np.linalg.norm(fitted.link_score(theta, 0.03) - exact) < 0.03 * np.linalg.norm(exact)


def test_score_of_strong_noise_is_that_of_the_wrapped_normal_of_one_plaquette(fitted):
    """To the first order in e^{−2σ²}: h = −2 W(1×1) e^{−2σ²} sin P."""
    sigma = 1.2
    rng = np.random.default_rng(0)
    theta = rng.uniform(-np.pi, np.pi, (200, 2, 8, 8))
    strength = 2 * exact_wilson_loop(1, 1.0, (8, 8)) * np.exp(-2 * sigma**2)
    exact = force(theta, strength)
    assert np.linalg.norm(fitted.link_score(theta, sigma) - exact) < 0.3 * np.linalg.norm(exact)


def test_symmetries_of_the_trained_network(fitted):
    theta = sample_exact(20, 1.0, (16, 16), random_state=3)
    phase = np.random.default_rng(4).uniform(-np.pi, np.pi, (20, 16, 16))
    for sigma in (0.05, 0.5):
        score = fitted.link_score(theta, sigma)
        limit = 1e-5 * np.abs(score).max()
        for other in (
            fitted.link_score(gauge_transform(theta, phase), sigma),
            np.roll(fitted.link_score(np.roll(theta, (3, 5), (-2, -1)), sigma), (-3, -5), (-2, -1)),
            -fitted.link_score(-theta, sigma),
            fitted.link_score(np.tile(theta, (1, 1, 2, 2)), sigma)[..., 16:, :16],
        ):
            assert np.abs(other - score).max() < limit


def test_history(fitted):
    losses = [row["valid_loss"] for row in fitted.history_]
    assert len(losses) == fitted.n_iter_ <= fitted.max_epochs
    assert losses[-1] < losses[0] < 0


def test_score_finds_the_coupling_of_the_training(fitted):
    """The denoising loss is least for configurations as those of the fit, noise included."""
    right, wrong = (sample_exact(300, beta, (8, 8), random_state=5) for beta in (1.0, 0.0))
    assert fitted.score(right) > fitted.score(wrong) + 0.01


# What is drawn


@pytest.mark.parametrize(
    ("beta", "shape", "n"),
    [(1.0, (8, 8), 6000), (3.0, (16, 16), 300), (7.0, (12, 6), 300), (11.0, (16, 16), 100)],
    ids=str,
)
def test_raw_samples_have_the_plaquette_of_any_coupling_and_size(fitted, beta, shape, n):
    theta = fitted.sample(n, beta=beta, lattice_size=shape, correction=None, random_state=0)
    assert theta.shape == (n, 2, *shape)
    assert np.abs(theta).max() <= np.pi
    error, spread = plaquette_error(theta, beta)
    assert spread < 0.005
    assert abs(error) < 0.01


def test_a_network_of_other_data_fails_where_the_trained_one_passes(fitted):
    """Links without a coupling have no score that could be scaled: the raw samples tell."""
    X = sample_exact(64, 0.0, (8, 8), random_state=0)
    untrained = clone(fitted).set_params(learning_rate=1e-12, max_epochs=1)
    with pytest.warns(UserWarning, match="beta must be the coupling"):
        untrained.fit(X)
    errors = [
        plaquette_error(
            model.sample(300, beta=3.0, lattice_size=16, correction=None, random_state=0), 3.0
        )[0]
        for model in (fitted, untrained)
    ]
    assert abs(errors[0]) < 0.01
    assert abs(errors[1]) > 0.9


def test_raw_charge_is_too_large_at_strong_coupling_and_nothing_hides_it(fitted):
    theta = fitted.sample(400, beta=7.0, correction=None, random_state=1)
    chi = susceptibility(theta)
    assert chi.value - 5 * chi.error > 2 * exact_susceptibility(7.0, (8, 8))


@pytest.mark.parametrize("method", ["sde", "ode"])
def test_reverse_processes_are_right_at_the_coupling_of_the_training_alone(fitted, method):
    (own, spread), (other, _) = (
        plaquette_error(
            fitted.sample(n, beta=beta, method=method, correction=None, random_state=2), beta
        )
        for beta, n in ((1.0, 4000), (7.0, 200))
    )
    assert spread < 0.003
    assert abs(own) < 0.01 + 3 * spread
    assert other > 0.02


SHORT = [
    ("gauge_equivariant", (12,), 2048, 8, 1.0, 3),
    ("gauge_equivariant", (4,), 512, 8, 2.0, 1),
    ("gauge_equivariant", (12,), 2048, 4, 0.5, 3),
    ("gauge_energy", (12,), 1024, 8, 1.0, 2),
    ("unet", (8, 8), 1024, 8, 1.0, 2),
    ("mlp", (16,), 2048, 4, 2.0, 3),
]


@pytest.mark.parametrize(("network", "channels", "n", "size", "beta", "epochs"), SHORT)
def test_short_trainings_draw_the_plaquette_of_their_data(network, channels, n, size, beta, epochs):
    """Right to 1 %, and to what the data know of the plaquette."""
    X = sample_exact(n, beta, (size, size), random_state=7)
    model = U1DiffusionSampler(
        beta=beta, network=network, hidden_channels=channels, max_epochs=epochs, random_state=0
    ).fit(X)
    error, spread = plaquette_error(model.sample(2000, correction=None, random_state=1), beta)
    known = plaquette_error(X, beta)[1]
    assert abs(error) < 0.01 + 3 * np.hypot(spread, known)


@pytest.mark.parametrize(
    ("beta", "size", "n"), [(1.0, 8, 1500), (7.0, 8, 600), (5.0, (4, 12), 600)], ids=str
)
def test_corrected_samples_are_exact(fitted, beta, size, n):
    theta = fitted.sample(n, beta=beta, lattice_size=size, random_state=4)
    report = fitted.sample_report(theta, beta)
    assert [row.name for row in report.rows] == ["W(1x1)", "W(2x2)", "W(4x4)", "Q^2"]
    assert max(abs(row.z) for row in report.rows) < 3.5, str(report)
    assert report.charge_p_value > 1e-3


def test_more_steps_bring_the_raw_charge_nearer(fitted):
    squares = [
        topological_charge(
            fitted.sample(300, beta=7.0, correction=None, n_steps=n_steps, random_state=5)
        )
        ** 2
        for n_steps in (60, 800)
    ]
    fast, slow = (square.mean() for square in squares)
    error = np.sqrt(sum(square.var() for square in squares) / 300)
    assert fast - slow > 4 * error
    assert slow > exact_susceptibility(7.0, (8, 8)) * 64


def test_report_sees_the_bias_of_raw_samples(fitted):
    theta = fitted.sample(400, beta=7.0, correction=None, random_state=1)
    assert fitted.sample_report(theta, 7.0).rows[-1].z > 5
    rows = fitted.sample_report(theta.reshape(400, -1), 7.0)
    assert rows == fitted.sample_report(theta, 7.0)
    assert fitted.sample_report(theta).beta == fitted.beta


def test_sequential_monte_carlo_is_a_correction_too(fitted):
    theta = fitted.sample(1500, beta=3.0, lattice_size=4, correction="smc", random_state=0)
    assert theta.shape == (1500, 2, 4, 4)
    report = fitted.sample_report(theta, 3.0)
    assert max(abs(row.z) for row in report.rows) < 5  # some particles come more than once
    for settings in ({"method": "ode"}, {"n_steps": 50}):
        with pytest.raises(ValueError, match="no effect"):
            fitted.sample(3, correction="smc", **settings)


@pytest.mark.parametrize("correction", [None, "hmc"])
def test_without_coupling_the_links_are_uniform(fitted, correction):
    theta = fitted.sample(500, beta=0, correction=correction, random_state=3)
    for n in (1, 2):
        z = np.cos(n * theta).mean() / np.sqrt(0.5 / theta.size)
        assert abs(z) < 3.5
    assert abs(wilson_loop(theta, 1, 1).mean()) < 3.5 * np.sqrt(0.5 / (500 * 64))


def test_a_model_of_the_haar_measure(X):
    model = U1DiffusionSampler(beta=0, **TINY).fit(np.random.default_rng(0).uniform(0, 6, X.shape))
    assert model.sample(3, correction=None).shape == (3, 2, 4, 4)
    with pytest.raises(ValueError, match="beta=0 has no score"):
        model.sample(beta=1.0, correction=None)


@pytest.mark.parametrize("method", ["annealed", "sde", "ode"])
def test_draws_repeat_and_differ_between_seeds(tiny, method):
    one, two, other = (
        tiny.sample(3, correction=None, method=method, random_state=seed) for seed in (0, 0, 1)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_draws_have_their_own_random_state(tiny):
    """That of the constructor is of the training: draws without one differ."""
    assert tiny.random_state == 0
    one, two = (tiny.sample(3, correction=None) for _ in range(2))
    assert not np.array_equal(one, two)


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
    model = U1DiffusionSampler(**TINY).fit(X)
    model.sample(2, random_state=0)
    assert capsys.readouterr() == ("", "")
    model.set_params(verbose=1).fit(X).sample(2, random_state=0)
    printed = capsys.readouterr().err
    assert all(name in printed for name in ("fit", "sample", "correct"))


# A good estimator


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
    rows, rectangle = (
        U1DiffusionSampler(lattice_shape=shape, **TINY).fit(X.reshape(20, -1))
        for shape in (None, (3, 6))
    )
    assert rows.lattice_shape_ is None  # 36 is not 2L²
    assert rectangle.sample(2, correction=None).shape == (2, 2, 3, 6)
    assert U1DiffusionSampler(**TINY).fit(X).lattice_shape_ == (3, 6)
    drawn = rectangle.sample(2, beta=2.0, lattice_size=(5, 4), correction=None)
    assert drawn.shape == (2, 2, 5, 4)


def test_rows_that_are_no_lattice_are_angles():
    """Seven angles around their own centres: the circular means and widths come back."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(-3, 3, 7)
    X = centre + 0.5 * rng.normal(size=(2000, 7))
    model = U1DiffusionSampler(
        hidden_channels=(32, 32), max_epochs=20, learning_rate=1e-2, random_state=0
    ).fit(X)
    assert model.lattice_shape_ is None
    draws = model.sample(1000, correction=None, random_state=1)
    assert draws.shape == (1000, 7)
    mean = np.exp(1j * (draws - centre)).mean(axis=0)
    assert np.abs(np.angle(mean)).max() < 0.1
    assert np.abs(np.abs(mean) - np.exp(-(0.5**2) / 2)).max() < 0.06
    with pytest.raises(ValueError, match="no lattice"):
        model.sample_report(draws)
    for arguments in ({}, {"correction": None, "lattice_size": 4}):
        with pytest.raises(ValueError, match="no lattice"):
            model.sample(2, **arguments)


@pytest.mark.parametrize("rows", [False, True])
def test_grid_search(X, rows):
    data = X.reshape(60, -1) if rows else X
    grid = {"network": ["gauge_equivariant", "unet"], "hidden_channels": [(4,), (4, 4)]}
    search = GridSearchCV(U1DiffusionSampler(**TINY), grid, cv=2, error_score="raise").fit(data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(2, correction=None).shape == (2, 2, 4, 4)


RELOAD = """
import sys, joblib, numpy as np
model = joblib.load(sys.argv[1])
np.save(sys.argv[2], model.sample(3, beta=2.0, lattice_size=5, random_state=0))
np.save(sys.argv[3], model.score_samples(np.load(sys.argv[4])))
"""


@pytest.mark.slow
def test_a_new_process_draws_the_same(tiny, X, tmp_path):
    paths = [tmp_path / name for name in ("model.joblib", "draws.npy", "scores.npy", "X.npy")]
    joblib.dump(tiny, paths[0])
    np.save(paths[3], X)
    subprocess.run([sys.executable, "-c", RELOAD, *map(str, paths)], check=True)
    draws = tiny.sample(3, beta=2.0, lattice_size=5, random_state=0)
    assert np.array_equal(np.load(paths[1]), draws)
    assert np.array_equal(np.load(paths[2]), tiny.score_samples(X))


def test_a_pickle_holds_arrays_and_parameters_only(tiny):
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
    fitted.sample(150, lattice_size=16, random_state=0)
    peaks = []
    for seed in range(5):
        fitted.sample(150, lattice_size=16, random_state=seed)
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
    assert found.sample(2, correction=None).shape == (2, 2, 4, 4)
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
    before = tiny.sample(2, random_state=0)
    module = tiny.net_.module_
    forward, calls = module.forward, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) > 20:
            raise KeyboardInterrupt
        return forward(*args)

    monkeypatch.setattr(module, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny.sample(2, random_state=0)
    monkeypatch.undo()
    assert torch.is_grad_enabled()
    assert np.array_equal(tiny.sample(2, random_state=0), before)


# Bad input


@pytest.mark.parametrize("method", ["score_samples", "score", "sample_report"])
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
        (np.zeros((5, 2, 4)), r"X must have shape \(n, 2, L0, L1\) or .*got \(5, 2, 4\)"),
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
        ({"lattice_size": 1}, ValueError, "at least 2"),
        ({"lattice_size": (4, 4, 4)}, ValueError, "lattice_shape"),
        ({"correction": "metropolis"}, ValueError, "correction"),
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
    assert model.sample(2, correction=None).shape == (2, 2, 4, 4)
    with pytest.raises(ValueError, match="cannot change"):
        model.sample(2, lattice_size=5, correction=None)


@pytest.mark.parametrize("fraction", [0.01, 0.5])
def test_both_parts_have_a_configuration(X, fraction):
    model = U1DiffusionSampler(validation_fraction=fraction, **TINY).fit(X[:2])
    assert np.isfinite(model.history_[0]["train_loss"])
    assert np.isfinite(model.history_[0]["valid_loss"])


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, "1"])
def test_width_of_the_link_score(tiny, X, sigma):
    with pytest.raises((TypeError, ValueError), match="sigma"):
        tiny.link_score(X, sigma)


@pytest.fixture(scope="module")
def with_energy():
    X = sample_exact(1024, 1.0, (16, 16), random_state=0)
    return U1DiffusionSampler(
        network="gauge_energy", hidden_channels=(8,), learning_rate=1e-2, max_epochs=8,
        random_state=0,
    ).fit(X)  # fmt: skip


def test_the_energy_becomes_the_wilson_action(with_energy):
    """At small noise: E − β0 S is a constant; 15 % of the spread of S after a short training."""
    theta = sample_exact(256, 1.0, (16, 16), random_state=10)
    energy, action = with_energy.energy_path().energy(theta, 1 - 1e-4), wilson_action(theta, 1.0)
    assert np.std(energy - action) < 0.15 * np.std(action)
    assert np.std(action) > 5


def test_force_of_the_path_is_its_slope(with_energy):
    theta, h = sample_exact(3, 1.0, (4, 5), random_state=10), 1e-2
    path, along = with_energy.energy_path(2.5), np.random.default_rng(0).normal(size=theta.shape)
    up, down = (path.energy(theta + s * h * along, 0.4) for s in (1, -1))
    slope = np.sum(path.force(theta, 0.4) * along, axis=(1, 2, 3))
    np.testing.assert_allclose((down - up) / (2 * h), slope, rtol=0.01, atol=0.01)
    assert not path.energy(theta, 0).any()
    assert np.abs(slope).max() > 1


def test_sequential_monte_carlo_along_the_energy_is_exact(with_energy):
    """The network's energy is the way; the true action, the end."""
    shape, beta = (4, 4), 2.0
    path = with_energy.energy_path(beta)
    sample = sample_smc(1200, beta, shape, path=path, n_populations=2, random_state=0)
    assert sample.converged
    for values, exact in (
        (topological_charge(sample.theta) ** 2, exact_susceptibility(beta, shape) * 16),
        (wilson_loop(sample.theta, 1, 1), exact_wilson_loop(1, beta, shape)),
    ):
        mean, error = sample.mean(values)
        assert abs(mean - exact) < 3.5 * error
        assert error < 0.2 * exact


def test_the_energy_is_a_choice_of_the_sampler(with_energy):
    draw = {"beta": 0.2, "lattice_size": (2, 2), "correction": "smc", "random_state": 0}
    along, ramp = (with_energy.sample(64, smc_path=path, **draw) for path in ("network", "ramp"))
    assert along.shape == ramp.shape == (64, 2, 2, 2)
    assert not np.array_equal(along, ramp)
    exact = exact_wilson_loop(1, 0.2, (2, 2))
    for theta in (along, ramp):
        loops = wilson_loop(theta, 1, 1)
        assert abs(loops.mean() - exact) < 4 * loops.std() / 8


def test_paths_that_cannot_be(tiny, with_energy):
    with pytest.raises(ValueError, match='no energy: fit with network="gauge_energy"'):
        tiny.energy_path()
    with pytest.raises(ValueError, match="no energy"):
        tiny.sample(correction="smc", smc_path="network")
    with pytest.raises(ValueError, match="smc_path='network' has no effect"):
        with_energy.sample(smc_path="network")
    with pytest.raises(ValueError, match="smc_path must be one of"):
        with_energy.sample(correction="smc", smc_path="line")


def test_a_unet_learns_too():
    """Eight epochs: the raw plaquette is 2 % off, the score above that of one plaquette."""
    X = sample_exact(2048, 1.0, (16, 16), random_state=0)
    unet = U1DiffusionSampler(network="unet", hidden_channels=(12,), max_epochs=8, random_state=0)
    draw = {"correction": None, "random_state": 0}
    error, spread = plaquette_error(unet.fit(X).sample(256, **draw), 1.0)
    assert abs(error) < 0.05 + 3 * spread
    held_out = sample_exact(200, 1.0, (16, 16), random_state=1)
    trained = unet.score(held_out)
    assert trained > unet.set_params(max_epochs=1, learning_rate=1e-12).fit(X).score(held_out)


def test_a_training_that_diverges_leaves_the_model_as_it_was(tiny, X):
    model = copy.deepcopy(tiny)
    with pytest.raises(ValueError, match=r"diverged in epoch \d+: lower learning_rate"):
        model.set_params(learning_rate=1e30, max_epochs=5).fit(X)
    assert model.score(X) == tiny.score(X)


def test_a_lattice_shape_after_the_fit_changes_nothing(tiny, X):
    model = copy.deepcopy(tiny).set_params(lattice_shape=(3, 3))
    assert model.score(X) == tiny.score(X)


@pytest.mark.parametrize("network", ["gauge_energy", "unet"])
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
