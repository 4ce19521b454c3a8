"""U(1) at β = 7: CPU time of one independent configuration, by every way to get one.

``make bench`` runs it and prints a table at the end. A chain of N trajectories holds
N/(2 τ_int) independent configurations, with the larger τ_int of ⟨W(2×2)⟩ and of Q². Plain hybrid
Monte Carlo hardly ever changes Q here: its τ_int(Q) is taken as 6000 trajectories, a lower bound,
and only the time of a trajectory is measured. Training of the diffusion model is told apart, and
spread over 10 240 configurations. χ is compared with the exact value, in errors.
"""

import time
from typing import NamedTuple

import numpy as np
import pytest

from halkit.gauge import (
    U1DiffusionSampler,
    autocorrelation_time,
    correct,
    exact_susceptibility,
    hmc,
    sample_exact,
    sample_smc,
    susceptibility,
    topological_charge,
    wilson_loop,
)

BETA, FROZEN, AMORTISED = 7.0, 6000, 10_240
SIZES = (16, 32)
TABLE = []


class Line(NamedTuple):
    size: int
    way: str
    milliseconds: float
    chi: float
    error: float
    note: str

    def __str__(self):
        exact = exact_susceptibility(BETA, (self.size, self.size))
        bias = (self.chi - exact) / self.error if self.error else np.nan
        return (
            f"{self.size:3d}  {self.way:28s} {self.milliseconds:12.2f} {self.chi:10.5f} "
            f"{exact:9.5f} {bias:7.1f}  {self.note}"
        )


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    print(f"\n  L  {'way':28s} {'CPU ms':>12s} {'χ':>10s} {'exact':>9s} {'bias/σ':>7s}")
    for line in sorted(TABLE, key=lambda line: (line.size, line.milliseconds)):
        print(line)


@pytest.fixture(scope="module")
def model():
    X = sample_exact(10_240, 1.0, (16, 16), random_state=0)
    begin = time.process_time()
    fitted = U1DiffusionSampler(
        hidden_channels=(12,), learning_rate=1e-2, max_epochs=8, random_state=0
    ).fit(X)
    fitted.training_seconds = time.process_time() - begin
    return fitted


def record(benchmark, size, way, make, per, note="", theta=None):
    """Run `make` once; `per` is how many independent configurations it is worth."""
    seconds = []

    def run():
        begin = time.process_time()
        result = make()
        seconds.append(time.process_time() - begin)
        return result

    result = benchmark.pedantic(run, rounds=1)
    links = result if theta is None else theta(result)
    chi = susceptibility(links) if links is not None else (np.nan, 0.0)
    worth = per(result) if callable(per) else per
    line = Line(size, way, 1e3 * seconds[0] / worth, *chi, note)
    TABLE.append(line)
    benchmark.extra_info.update(line._asdict())
    return result


@pytest.mark.parametrize("size", SIZES)
def bench_exact_sampler(benchmark, size):
    record(benchmark, size, "exact sampler", lambda: sample_exact(512, BETA, (size, size)), 512)


@pytest.mark.parametrize("size", SIZES)
def bench_plain_hmc(benchmark, size):
    start = sample_exact(64, BETA, (size, size), random_state=0)
    tuned = next(hmc(start, BETA, n_trajectories=1, n_warmup=20, random_state=0)).step_size
    chains = hmc(start, BETA, n_trajectories=20, step_size=tuned, random_state=1)
    record(
        benchmark, size, "hybrid Monte Carlo", lambda: list(chains), 64 * 20 / (2 * FROZEN),
        f"τ_int(Q) ≥ {FROZEN}: at least", theta=lambda _: None,
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def bench_hmc_with_winding_hits(benchmark, size):
    """One long run of many chains: τ_int decides how many of its states count."""
    start = sample_exact(32, BETA, (size, size), random_state=0)
    settings = {"spread": 0.5, "winding_hits": 4}
    tuned = next(hmc(start, BETA, n_trajectories=1, n_warmup=20, random_state=0)).step_size
    chains = hmc(start, BETA, n_trajectories=200, step_size=tuned, random_state=1, **settings)

    def worth(states):
        series = [
            (wilson_loop(state.theta, 2, 2), topological_charge(state.theta) ** 2)
            for state in states
        ]
        loops, squares = np.moveaxis(np.array(series, dtype=float), 1, 0)
        tau = max(autocorrelation_time(part.T).value for part in (loops, squares))
        return 32 * 200 / (2 * max(tau, 0.5))

    record(
        benchmark, size, "with winding hits, in a chain", lambda: list(chains), worth,
        theta=lambda states: np.concatenate([state.theta for state in states[::20]]),
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def bench_hot_start(benchmark, size):
    """The tail of the sampler from uniform links: what the network is to be compared with."""
    rng = np.random.default_rng(0)
    start = rng.uniform(-np.pi, np.pi, (512, 2, size, size))
    record(
        benchmark, size, "uniform links + tail", lambda: correct(start, BETA, random_state=1), 512
    )


DIFFUSION = {
    "diffusion of links, raw": {"method": "annealed", "correction": None},
    "diffusion of links, HMC": {"method": "annealed", "correction": "hmc"},
    "diffusion of plaquettes, raw": {"correction": None},
    "diffusion of plaquettes, exact": {},
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", DIFFUSION)
def bench_diffusion(benchmark, size, way, model):
    training = 1e3 * model.training_seconds / AMORTISED
    n, options = 256 if "links" in way else 2048, DIFFUSION[way]
    model.sample(8, beta=BETA, lattice_size=size, random_state=0, **options)
    record(
        benchmark, size, way,
        lambda: model.sample(n, beta=BETA, lattice_size=size, random_state=0, **options), n,
        f"training {model.training_seconds:.0f} s: {training:.1f} ms more each for {AMORTISED}",
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def bench_sequential_monte_carlo(benchmark):
    """Per effective configuration of ⟨Q²⟩: its exact variance over the square of its error."""
    exact = exact_susceptibility(BETA, (16, 16)) * 256

    def worth(particles):
        square = topological_charge(particles.theta).astype(float) ** 2
        _, error = particles.mean(square)
        return (particles.weights @ (square - exact) ** 2) / error**2

    record(
        benchmark, 16, "sequential Monte Carlo",
        lambda: sample_smc(2048, BETA, (16, 16), n_populations=2, random_state=0), worth,
        "2 populations of 1024", theta=lambda particles: particles.resampled(0, n=512),
    )  # fmt: skip
