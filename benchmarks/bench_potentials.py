"""Fits of a potential: seconds until δ is right to 0.1°, and cost against size.

``make bench`` runs it. The first table gives the ratios side by side; its columns
``n_iter`` and ``error_deg`` (in the JSON, ``--benchmark-json``) say how far each fit
went. A fit that never reaches the accuracy is timed at its last iteration.
"""

import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from halkit.datasets import make_separable
from halkit.interactions import NonLocal
from halkit.potentials import NonLocalPotentialRegressor
from halkit.potentials.problem import row_weights
from halkit.potentials.solvers import LevenbergMarquardt
from halkit.scattering import phase_shift
from halkit.training import StopTraining

K = np.linspace(0.05, 1.0, 20)
MASS, ACCURACY = 3.3, 0.1
ADAM = {"solver": "adam", "max_iter": 4000}
CASES = {
    "default (separable, lm)": {},
    "separable, lbfgs": {"solver": "lbfgs", "max_iter": 1000},
    "separable, adam": ADAM,
    "symmetric + envelope, lm": {"network": "symmetric"},
    "symmetric + envelope, lbfgs": {"network": "symmetric", "solver": "lbfgs", "max_iter": 1000},
    "symmetric + envelope, adam": {"network": "symmetric", **ADAM},
    "talk: symmetric, adam, no envelope": {"network": "symmetric", "envelope": None, **ADAM},
}


class StopWhenAccurate(Callback):
    """Ends a fit when δ, computed from the network, is right to `ACCURACY`."""

    def __init__(self, exact, radius, every):
        self.exact, self.radius, self.every = exact, radius, every

    def on_epoch_end(self, net, **kwargs):  # noqa: ARG002
        if len(net.history) % self.every == 0:
            self.error_ = error_of_delta(net.module_.network, self.exact, self.radius)
            if self.error_ < ACCURACY:
                raise StopTraining


def error_of_delta(network, exact, radius):
    def potential(r, r_prime):
        with torch.no_grad():
            return network(torch.tensor(r), torch.tensor(r_prime)).numpy()

    delta = phase_shift(NonLocal(potential), K, reduced_mass=MASS, channel_radius=radius)
    return np.abs(np.rad2deg(delta - exact)).max()


def fit(data, **settings):
    model = NonLocalPotentialRegressor(
        data.r, reduced_mass=MASS, **{"n_init": 1, "random_state": 0, **settings}
    )
    return model.fit(data.data, data.target)


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.benchmark(group="seconds until the phase shift is right to 0.1 degrees")
@pytest.mark.parametrize("case", list(CASES))
def bench_time_to_accuracy(benchmark, case):
    data, settings = make_separable(), CASES[case]
    exact = data.interaction.phase_shift(K, reduced_mass=MASS)
    stop = StopWhenAccurate(exact, data.r[-1], every=100 if settings.get("solver") == "adam" else 1)
    n_iter = fit(data, **settings, callbacks=[stop]).n_iter_
    settings = {**settings, "max_iter": n_iter, "tol": 0.0}
    rounds = 1 if n_iter > 1000 else 5
    benchmark.pedantic(fit, args=(data,), kwargs=settings, rounds=rounds, warmup_rounds=1)
    benchmark.extra_info.update(
        n_iter=n_iter, error_deg=stop.error_, reached=bool(stop.error_ < ACCURACY)
    )
    print(f"\n{case}: {n_iter} iterations, largest error of delta {stop.error_:.3g} degrees")


TEN_STEPS = {"max_iter": 10, "tol": 0.0}


@pytest.mark.benchmark(group="ten steps against the number of nodes")
@pytest.mark.parametrize(
    ("network", "n_r"),
    [("separable", n) for n in (50, 100, 200, 400)] + [("symmetric", n) for n in (50, 100, 200)],
)
def bench_nodes(benchmark, network, n_r):
    data = make_separable(n_r=n_r)
    benchmark.pedantic(fit, args=(data,), kwargs={"network": network, **TEN_STEPS}, rounds=3)


@pytest.mark.benchmark(group="ten steps against the number of samples")
@pytest.mark.parametrize("n_k", [3, 10, 30, 100])
def bench_samples(benchmark, n_k):
    benchmark.pedantic(fit, args=(make_separable(n_k=n_k),), kwargs=TEN_STEPS, rounds=3)


@pytest.mark.benchmark(group="ten steps against the number of parameters")
@pytest.mark.parametrize("hidden", [(4, 4), (8, 8), (16, 16), (32, 32)], ids=str)
def bench_parameters(benchmark, hidden):
    settings = {"hidden_layer_sizes": hidden, **TEN_STEPS}
    benchmark.pedantic(fit, args=(make_separable(),), kwargs=settings, rounds=3)


@pytest.mark.benchmark(group="one start of Levenberg-Marquardt: with skorch, and its steps alone")
@pytest.mark.parametrize("loop", ["skorch", "bare"])
def bench_overhead_of_skorch(benchmark, loop):
    data = make_separable()
    if loop == "skorch":
        benchmark.pedantic(fit, args=(data,), kwargs={"max_iter": 40, "tol": 0.0}, rounds=5)
        return
    model = fit(data, max_iter=1, tol=0.0)

    def bare():
        net = model._restore(model._starts[0][2], "cpu")
        W, _ = row_weights(data.data, data.target, data.weights, data.weights)
        X, y, W = (torch.tensor(values) for values in (data.data, data.target, W))
        optimizer = LevenbergMarquardt(net.module_.parameters())
        with torch.no_grad():
            for _ in range(40):
                optimizer.step(
                    lambda: net.module_.objective(net.module_(X), y, W),
                    net.module_.residual_blocks(X, y, W),
                )

    benchmark.pedantic(bare, rounds=5, warmup_rounds=1)
