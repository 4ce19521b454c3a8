"""Ctrl-C, sent to another process: it ends a search, and a fit offers what it had found."""

import json
import signal
import subprocess
import sys

import pytest

CHILD = """
import json, signal, time, warnings
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback
from halkit.gauge import U1DiffusionSampler, sample_exact
from halkit.potentials import NonLocalPotentialRegressor, ParametricPotentialRegressor
from halkit.resampling import JackknifeRegressor

signal.signal(signal.SIGINT, signal.default_int_handler)
warnings.simplefilter("ignore")
R = np.linspace(0.2, 6.0, 12)
X = np.random.default_rng(0).normal(size=(6, 12))
y = -0.1 * X @ np.exp(-R[:, None] - R)
left = [0]

def wait():
    left[0] -= 1
    if left[0] == 0:
        print("ready", flush=True)
        time.sleep(60)

class Wait(Callback):
    def on_batch_end(self, net, **kwargs):
        wait()

def exponential(r, r_prime, theta):
    wait()
    return -theta[0] * np.exp(-r - r_prime)

network = NonLocalPotentialRegressor(
    R, n_init=2, max_iter=6, tol=0.0, hidden_layer_sizes=(3,), random_state=0, callbacks=[Wait()]
)
parametric = ParametricPotentialRegressor(exponential, [0.02], r=R)
sampler = U1DiffusionSampler(hidden_channels=(4,), max_epochs=6, random_state=0,
                             callbacks=[Wait()])
links = sample_exact(24, 1.0, (3, 3), random_state=0)
bins = np.stack([X, 1.01 * X, 0.99 * X])
data = X, y
CASES = {
    "network": (network, data, 8),
    "parametric": (parametric, data, 7),
    "sampler": (sampler, (links,), 5),
    "jackknife": (JackknifeRegressor(network), (bins, np.stack([y] * 3)), 15),
    "search": (GridSearchCV(network, {"rank": [1, 2]}, cv=2), data, 8),
    "search of parameters": (GridSearchCV(parametric, {"tol": [1e-6, 1e-8]}, cv=2), data, 7),
    "search of samplers": (GridSearchCV(sampler, {"batch_size": [4, 8]}, cv=2), (links,), 5),
    "pipeline": (make_pipeline(network), data, 8),
}
for name, (model, arguments, after) in CASES.items():
    left[0] = after
    before = set(vars(model))
    try:
        model.fit(*arguments)
        outcome = "ended"
    except KeyboardInterrupt:
        outcome = "interrupted"
    found = getattr(model, "interrupted_", None)
    new = sorted(set(vars(model)) - before)
    offered = None if found is None else float(np.abs(found.score(*arguments)))
    report = {"name": name, "outcome": outcome, "new": new, "offered": offered}
    print(json.dumps(report), flush=True)
"""


@pytest.fixture(scope="module")
def reports():
    """What every case of the child says after a SIGINT in the middle of its fit."""
    found = {}
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.strip() == "ready":
                child.send_signal(signal.SIGINT)
            else:
                report = json.loads(line)
                found[report["name"]] = report
    assert child.returncode == 0
    return found


@pytest.mark.parametrize("name", ["network", "parametric", "sampler"])
def test_a_fit_offers_what_it_had_found(reports, name):
    assert reports[name]["outcome"] == "interrupted"
    assert reports[name]["new"] == ["interrupted_"]
    assert reports[name]["offered"] > 0


def test_part_of_the_bins_is_no_error(reports):
    assert reports["jackknife"]["outcome"] == "interrupted"
    assert reports["jackknife"]["new"] == ["interrupted_"]
    assert reports["jackknife"]["offered"] is None


@pytest.mark.parametrize(
    "name", ["search", "search of parameters", "search of samplers", "pipeline"]
)
def test_a_search_ends(reports, name):
    """A broken-off fit is not scored, and the search does not go on."""
    assert reports[name]["outcome"] == "interrupted"
    assert not {"best_score_", "best_estimator_", "cv_results_"} & set(reports[name]["new"])
