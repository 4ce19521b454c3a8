"""The callbacks of scikit-learn see what a fit does, also within searches and jackknives."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import halkit
from halkit.callbacks import OF_A_FIT, Task
from halkit.gauge import sample_exact

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn ≥ 1.9 has callbacks")
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning"),
]

R = np.linspace(0.2, 5.0, 12)
X = np.random.default_rng(0).normal(size=(6, 12))
Y = -0.1 * X @ np.exp(-R[:, None] - R)
BINS = np.stack([X, 1.01 * X, 0.98 * X]), np.stack([Y, 1.02 * Y, 0.97 * Y])
LINKS = sample_exact(24, 1.0, (3, 3), random_state=0)


def exponential(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * (r + r_prime))


def network(**settings):
    settings = {"n_init": 2, "max_iter": 4, "tol": 0.0, "random_state": 0, **settings}
    return halkit.NonLocalPotentialRegressor(R, hidden_layer_sizes=(3,), **settings)


def score(model, X, y):
    return {"score": model.score(X, y)}


class Tasks:
    """Notes the tasks that begin and end, and asks for a stop at one of them."""

    def __init__(self, stop=None):
        self.begun, self.ended, self.open, self.stop = [], [], 0, stop

    def setup(self, estimator, context):  # noqa: ARG002
        self.open += 1

    def teardown(self, estimator, context):  # noqa: ARG002
        self.open -= 1

    def on_fit_task_begin(self, estimator, context):  # noqa: ARG002
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context):  # noqa: ARG002
        self.ended.append(context.task_name)
        return self.ended.count(self.stop) >= 2


class Propagated(Tasks):
    max_propagation_depth = None


FITS = {
    "network": (network(), (X, Y), {"start": 2, "epoch": 8}),
    "adam": (network(solver="adam"), (X, Y), {"start": 2, "epoch": 8}),
    "parametric": (
        halkit.ParametricPotentialRegressor(exponential, [-0.02, 0.7], r=R), (X, Y), {"step": None},
    ),
    "local": (halkit.LocalPotentialRegressor(initial=[-0.05, 2.0], r=R), (X, Y), {"step": None}),
    "process": (halkit.GaussianProcessPotentialRegressor(R, reduced_mass=1.0), (X, Y), {}),
    "separable": (halkit.ESTPotentialRegressor(R), (X, Y), {}),
    "sampler": (
        halkit.U1DiffusionSampler(hidden_channels=(4,), max_epochs=3, random_state=0),
        (LINKS, np.zeros(len(LINKS))), {"epoch": 3},
    ),
    "jackknife": (halkit.JackknifeRegressor(network()), BINS, {"mean": 1, "bins": 1, "bin": 3}),
}  # fmt: skip


@pytest.mark.parametrize("name", FITS)
def test_tasks_of_a_fit(name):
    """Each task that begins ends, and callbacks change no number."""
    model, data, counts = FITS[name]
    model = copy.deepcopy(model)
    tasks = Tasks()
    again = copy.deepcopy(model).fit(*data)
    model.set_callbacks(tasks).fit(*data)
    assert sorted(tasks.begun) == sorted(tasks.ended)
    assert tasks.open == 0
    assert set(tasks.begun) == {"fit", *counts}
    for task, n in counts.items():
        assert tasks.ended.count(task) == n or (n is None and tasks.ended.count(task) > 2)
    assert set(OF_A_FIT).isdisjoint(vars(model))
    if name == "sampler":
        assert np.array_equal(model.link_score(LINKS, 0.5), again.link_score(LINKS, 0.5))
    else:
        assert np.array_equal(model.predict(X), again.predict(X))


@pytest.mark.parametrize("name", ["network", "adam", "parametric", "local", "sampler", "jackknife"])
def test_scores_of_every_step(name):
    """The last score of a training, and that of the whole fit, are the scores of the fit."""
    model, data, counts = FITS[name]
    monitor = callback.ScoringMonitor(scoring=score)
    model = copy.deepcopy(model).fit(*data).set_callbacks(monitor)  # an earlier fit is no hindrance
    model.fit(*data)
    log = monitor.get_logs().data
    scores = {}
    for row in log:
        scores.setdefault(row["task_name"], []).append(row["score"])
    expected = model.score(*data)
    assert scores["fit"] == [expected]
    if name == "jackknife":
        assert set(scores) == {"fit"}
        return
    (inner,) = {"epoch", "step"} & set(scores)
    assert len(scores[inner]) == counts.get(inner) or counts.get(inner) is None
    assert max(scores[inner]) >= expected - 1e-12
    if name in ("network", "sampler"):
        assert expected in scores[inner]
    assert scores[inner][0] != scores[inner][-1]


@pytest.mark.parametrize(("name", "task"), [("network", "epoch"), ("parametric", "step"),
                                            ("sampler", "epoch")])  # fmt: skip
def test_a_callback_stops_a_training(name, task):
    model, data, _ = FITS[name]
    tasks = Tasks(stop=task)
    model = copy.deepcopy(model).set_params(**({"n_init": 1} if name == "network" else {}))
    model.set_callbacks(tasks).fit(*data)
    assert tasks.ended.count(task) == 2
    if name == "parametric":
        assert np.all(np.isinf(model.theta_cov_))
    else:
        assert model.n_iter_ == 2


def test_bins_pass_callbacks_on_to_their_fits():
    tasks = Propagated()
    halkit.JackknifeRegressor(network(n_init=1)).set_callbacks(tasks).fit(*BINS)
    assert tasks.ended.count("epoch") == 4 * 4
    assert sorted(tasks.begun) == sorted(tasks.ended)


def test_scores_within_a_search():
    monitor = callback.ScoringMonitor(scoring=score)
    inner = network(n_init=1).set_callbacks(monitor)
    search = GridSearchCV(inner, {"rank": [1, 2]}, cv=2).fit(X, Y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == (2 * 2 + 1) * 4
    plain = GridSearchCV(network(n_init=1), {"rank": [1, 2]}, cv=2).fit(X, Y)
    assert np.array_equal(search.cv_results_["mean_test_score"],
                          plain.cv_results_["mean_test_score"])  # fmt: skip
    assert search.best_estimator_.score(X, Y) in [row["score"] for row in rows]


def test_bars_within_a_search(capsys):
    pytest.importorskip("rich", reason="scikit-learn draws its bars with rich")
    bar = callback.ProgressBar(max_propagation_depth=None)
    model = halkit.JackknifeRegressor(network(n_init=1))
    GridSearchCV(network(n_init=1), {"rank": [1]}, cv=2).set_callbacks(bar).fit(X, Y)
    model.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(*BINS)
    text = capsys.readouterr().out
    for words in ("GridSearchCV - fit", "NonLocalPotentialRegressor - fit", "start #0",
                  "JackknifeRegressor - fit", "JackknifeRegressor - bins"):  # fmt: skip
        assert words in text
    assert "100%" in text


def test_an_error_ends_the_callbacks_and_keeps_the_fit():
    tasks = Tasks()
    model = network().fit(X, Y).set_callbacks(tasks)
    expected = model.predict(X)
    with pytest.raises(ValueError, match="y must not be zero"):
        model.fit(X, 0 * Y)
    assert tasks.open == 0
    assert np.array_equal(model.predict(X), expected)
    assert not hasattr(model, "_callback_fit_ctx")


def test_a_file_has_no_callbacks(tmp_path):
    model = network().set_callbacks(callback.ScoringMonitor(scoring=score)).fit(X, Y)
    with pytest.raises(TypeError, match=r"take callbacks off with set_callbacks\(\)"):
        halkit.save(model, tmp_path / "model.halkit")
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    halkit.save(model.set_callbacks(), tmp_path / "model.halkit")
    assert np.array_equal(halkit.load(tmp_path / "model.halkit").predict(X), model.predict(X))


def test_without_callbacks_nothing_is_computed():
    def costly():
        raise AssertionError

    with Task().part("start", n_parts=3) as task:
        assert task.part("epoch").begin().end(costly) is False
