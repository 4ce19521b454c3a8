"""Bins in other processes and on a cluster: the same bits, one thread each, a bar."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

import halkit
from halkit.resampling.workers import run_bins

R = np.linspace(0.2, 5.0, 12)
X = np.random.default_rng(0).normal(size=(6, 12))
Y = -0.1 * X @ np.exp(-R[:, None] - R)
BINS = np.stack([X, 1.01 * X, 0.98 * X]), np.stack([Y, 1.02 * Y, 0.97 * Y])


def network(**settings):
    return halkit.NonLocalPotentialRegressor(
        R, hidden_layer_sizes=(3,), n_init=1, max_iter=4, tol=0.0, random_state=0, **settings
    )


def loss(model, X, y):
    return {"score": model.score(X, y)}


def threads(bin_):
    import torch

    np.linalg.inv(np.eye(3))
    return bin_, torch.get_num_threads(), max(pool["num_threads"] for pool in threadpool_info())


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_every_bin_runs_on_one_thread(n_jobs):
    with threadpool_limits(2):
        found = run_bins(threads, range(4), n_jobs=n_jobs)
    assert found == [(b, 1, 1) for b in range(4)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_bars_of_bins(n_jobs, capsys):
    model = halkit.JackknifeRegressor(network(), verbose=1, n_jobs=n_jobs).fit(*BINS)
    text = capsys.readouterr().err
    assert "bins:" in text
    assert "/3 [" in text
    quiet = halkit.JackknifeRegressor(network(), n_jobs=n_jobs).fit(*BINS)
    assert capsys.readouterr().err == ""
    for fit, other in zip(model.estimators_, quiet.estimators_, strict=True):
        assert np.array_equal(fit.predict(X), other.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_callbacks_follow_fits_into_other_processes():
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn ≥ 1.9 has callbacks")
    logs = []
    for n_jobs in (None, 2):
        monitor = callback.ScoringMonitor(scoring=loss)
        model = network().set_callbacks(monitor)
        GridSearchCV(model, {"rank": [1, 2]}, cv=2, n_jobs=n_jobs).fit(X, Y)
        rows = monitor.get_logs().data
        logs.append(sorted(row["score"] for row in rows if row["task_name"] == "epoch"))
    assert logs[0] == logs[1]
    assert len(logs[0]) == (2 * 2 + 1) * 4


def test_verbose_is_a_number():
    with pytest.raises(ValueError, match="verbose must be"):
        halkit.JackknifeRegressor(network(), verbose=-1).fit(*BINS)


@pytest.fixture(scope="module")
def cluster():
    """A process of Dask, with two threads that know no limit of threads."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            distributed.LocalCluster(
                n_workers=1, threads_per_worker=2, dashboard_address=None, processes=True
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_bits(cluster):
    """Scores of a search and all bins, as in this process; each bin on one thread."""
    assert len(cluster.scheduler_info()["workers"]) == 1
    grid = {"rank": [1, 2]}
    serial = GridSearchCV(network(), grid, cv=3).fit(X, Y)
    one = halkit.JackknifeRegressor(network()).fit(*BINS)
    with parallel_config("dask"):
        search = GridSearchCV(network(), grid, cv=3).fit(X, Y)
        other = halkit.JackknifeRegressor(network(), verbose=1).fit(*BINS)
        found = run_bins(threads, range(4))
    for name in ("mean_test_score", "split0_test_score", "split2_test_score"):
        assert np.array_equal(search.cv_results_[name], serial.cv_results_[name])
    for fit, expected in zip(other.estimators_, one.estimators_, strict=True):
        assert np.array_equal(fit.predict(X), expected.predict(X))
    assert found == [(b, 1, 1) for b in range(4)]
