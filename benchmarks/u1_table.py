"""Table of the diffusion sampler against the exact formulas, for every coupling and size.

    python benchmarks/u1_table.py [--samples 1024] [--output docs/u1.md]

It trains once at β = 1 on 16 × 16 links, draws at every β and L, and corrects what it has drawn;
each cell is printed as soon as it is ready. CPU seconds are those of this process, on one thread.
"""

import argparse
import platform
import resource
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats

from halkit.gauge import (
    U1DiffusionSampler,
    correct,
    exact_susceptibility,
    exact_wilson_loop,
    gauge_transform,
    plaquette,
    sample_exact,
    sample_smc,
    susceptibility,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.chains.correction import tail_length
from halkit.writing import whole_file

BETAS = (1.0, 3.0, 5.0, 7.0, 9.0, 11.0)
SIZES = (8, 16, 32)
DYNAMICS = [
    *[(1.0, "annealed", 100), (1.0, "sde", 100), (1.0, "ode", 100)],
    *[(7.0, "annealed", 100), (7.0, "annealed", 400), (7.0, "annealed", 1600)],
    *[(7.0, "sde", 100), (7.0, "ode", 100)],
]
# Configurations and epochs of trainings that are shorter than the first.
SHORT = [(512, 20), (2048, 3), (2048, 20)]
NETWORKS = [
    ("gauge_equivariant", (12,), 1e-2),
    ("gauge_energy", (12,), 1e-2),
    ("unet", (16, 16), 5e-3),
]
# Lattices on which sequential Monte Carlo follows the ramp of β and the energy of a network.
PATHS = [(3.0, 4), (5.0, 6)]
LIMIT_Z, LIMIT_P = 3.5, 1e-3
# Seeds that a cell beyond a limit is drawn with again, all of them pooled.
FURTHER = 6


class Cell(NamedTuple):
    """One coupling on one lattice: raw samples, and what the correction makes of them."""

    beta: float
    size: int
    n: int
    seed: int
    raw_plaquette: float
    raw_error: float
    raw_chi: object
    chi: float
    report: object
    raw_seconds: float
    seconds: float

    @property
    def passed(self):
        largest = max(abs(row.z) for row in self.report.rows)
        return largest < LIMIT_Z and not self.report.charge_p_value < LIMIT_P


def timed(call, *arguments, **options):
    """(result, CPU seconds)."""
    begin = time.process_time()
    return call(*arguments, **options), time.process_time() - begin


def relative_plaquette(theta, beta):
    """(⟨W(1×1)⟩/exact − 1, its error)."""
    loops = wilson_loop(theta, 1, 1) / exact_wilson_loop(1, beta, theta.shape[2:])
    return loops.mean() - 1, loops.std(ddof=1) / np.sqrt(len(loops))


def train(n, epochs):
    X = sample_exact(n, 1.0, (16, 16), random_state=0)
    begin = time.perf_counter()
    model = U1DiffusionSampler(max_epochs=epochs, random_state=0)
    model, seconds = timed(model.fit, X)
    return model, seconds, time.perf_counter() - begin


def force_error(model, sigma):
    """Rms of h + β0 sin P over that of β0 sin P, both without their means."""
    theta = sample_exact(512, 1.0, (16, 16), random_state=10)
    with torch.no_grad():
        h = model.net_.module_.scalar(
            torch.tensor(theta, dtype=torch.float32), torch.full((len(theta),), sigma)
        )
    h, exact = h.double().numpy(), -np.sin(plaquette(theta))
    h, exact = (x - x.mean(axis=(1, 2), keepdims=True) for x in (h, exact))
    return float(np.sqrt(np.mean((h - exact) ** 2) / np.mean(exact**2)))


def cell(model, beta, size, n, seed):
    draw = {"beta": beta, "lattice_size": size, "correction": None, "random_state": seed}
    raw, raw_seconds = timed(model.sample, n, **draw)
    theta, seconds = timed(correct, raw, beta, random_state=seed + 1)
    error, spread = relative_plaquette(raw, beta)
    chi = exact_susceptibility(beta, (size, size))
    report = model.sample_report(theta, beta)
    return Cell(
        beta, size, n, seed, error, spread, susceptibility(raw), chi, report,
        raw_seconds / n, seconds / n,
    )  # fmt: skip


HEADER = (
    "| β | L | n | raw plaquette / % | raw χ/exact | z(W1) | z(W2) | z(W4) | ⟨Q²⟩ | exact | z(Q²) "
    "| p(Q) | raw / ms | correction / ms |\n|" + "---|" * 14
)


def row(cell):
    z = [f"{observable.z:+.2f}" for observable in cell.report.rows]
    charge = cell.report.rows[-1]
    values = [
        f"{cell.beta:g}",
        f"{cell.size}",
        f"{cell.n}",
        f"{100 * cell.raw_plaquette:+.2f}({100 * cell.raw_error:.2f})",
        f"{cell.raw_chi.value / cell.chi:.2f}({cell.raw_chi.error / cell.chi:.2f})",
        *z[:3],
        f"{charge.mean:.4f}({charge.error:.4f})",
        f"{charge.exact:.4f}",
        z[3],
        f"{cell.report.charge_p_value:.3f}",
        f"{1e3 * cell.raw_seconds:.1f}",
        f"{1e3 * cell.seconds:.1f}",
    ]
    note = "" if cell.passed else f" <!-- seed {cell.seed}: beyond a limit -->"
    return "| " + " | ".join(values) + " |" + note


def dynamics(model, n, size=16):
    """One row per coupling, dynamics and number of steps, none of them corrected."""
    lines = ["| β | method | steps | n | plaquette / % | χ/exact | ms |", "|---|" + "---|" * 6]
    for beta, method, steps in DYNAMICS:
        count = 4 * n if beta == model.beta else n
        draw = {"beta": beta, "lattice_size": size, "method": method, "n_steps": steps}
        theta, seconds = timed(model.sample, count, correction=None, random_state=5, **draw)
        error, spread = relative_plaquette(theta, beta)
        chi, exact = susceptibility(theta), exact_susceptibility(beta, (size, size))
        lines.append(
            f"| {beta:g} | {method} | {steps} | {count} | {100 * error:+.2f}({100 * spread:.2f}) "
            f"| {chi.value / exact:.2f}({chi.error / exact:.2f}) | {1e3 * seconds / count:.1f} |"
        )
        print(lines[-1], flush=True)
    return lines


def short_trainings(n, size=8):
    """One row per training: its data, and its raw samples at the coupling of the training."""
    lines = [
        "| β0 | n | epochs | its data / % | annealed / % | sde / % | ode / % |\n|" + "---|" * 7
    ]
    for beta, (count, epochs) in product((0.5, 1.0, 2.0), SHORT):
        X = sample_exact(count, beta, (size, size), random_state=3)
        model = U1DiffusionSampler(beta=beta, max_epochs=epochs, random_state=0).fit(X)
        values = [relative_plaquette(X, beta)]
        for method in ("annealed", "sde", "ode"):
            theta = model.sample(n, method=method, correction=None, random_state=7)
            values.append(relative_plaquette(theta, beta))
        columns = [f"{100 * error:+.2f}({100 * spread:.2f})" for error, spread in values]
        lines.append("| " + " | ".join([f"{beta:g}", str(count), str(epochs), *columns]) + " |")
        print(lines[-1], flush=True)
    return lines


def train_networks(n, epochs):
    """[(name, channels, model, CPU seconds)] of every network on the same configurations."""
    X, trained = sample_exact(n, 1.0, (16, 16), random_state=1), []
    for name, channels, rate in NETWORKS:
        model = U1DiffusionSampler(
            network=name, hidden_channels=channels, learning_rate=rate, max_epochs=epochs,
            random_state=0,
        )  # fmt: skip
        trained.append((name, channels, *timed(model.fit, X)))
    return trained


def gauge_violation(model, sigma=0.3):
    """Rms change of the score under random gauge transformations, over the rms of the score."""
    rng = np.random.default_rng(11)
    theta = sample_exact(64, 1.0, (16, 16), random_state=11)
    theta = theta + sigma * rng.standard_normal(theta.shape)
    phase = rng.uniform(-np.pi, np.pi, (len(theta), 16, 16))
    s, moved = (
        model.link_score(x, sigma).astype(float) for x in (theta, gauge_transform(theta, phase))
    )
    return float(np.sqrt(np.mean((s - moved) ** 2) / np.mean(s**2)))


def networks(trained, n):
    """One row per network: what it has learned, and its raw samples."""
    held_out = sample_exact(256, 1.0, (16, 16), random_state=12)
    lines = [
        "| network | channels | parameters | training / s | score | gauge violation "
        "| raw plaquette / %, β = 1 | β = 7 | raw χ/exact, β = 1 | β = 7 | ms |\n|" + "---|" * 11
    ]
    for name, channels, model, seconds in trained:
        loops, chis = [], []
        for beta in (1.0, 7.0):
            theta, cost = timed(model.sample, n, beta=beta, correction=None, random_state=6)
            error, spread = relative_plaquette(theta, beta)
            loops.append(f"{100 * error:+.2f}({100 * spread:.2f})")
            chi, exact = susceptibility(theta), exact_susceptibility(beta, (16, 16))
            chis.append(f"{chi.value / exact:.2f}({chi.error / exact:.2f})")
        values = [
            name, str(channels), str(sum(p.numel() for p in model.net_.module_.parameters())),
            f"{seconds:.0f}", f"{model.score(held_out):.5f}", f"{gauge_violation(model):.1g}",
            *loops, *chis, f"{1e3 * cost / n:.1f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(values) + " |")
        print(lines[-1], flush=True)
    return lines


def paths(trained):
    """Sequential Monte Carlo along the ramp of β and along the energy of a network."""
    model = next(model for name, _, model, _ in trained if name == "gauge_energy")
    lines = [
        "| β | L | path | ancestors | spread of ln Z | z(W1) | ⟨Q²⟩ | exact | z(Q²) | CPU / s |\n|"
        + "---|" * 10
    ]
    for beta, size in PATHS:
        for name, path in (("ramp", None), ("network", model.energy_path(beta))):
            sample, seconds = timed(sample_smc, 4096, (size, size), beta, path=path, random_state=1)
            loop, loop_error = sample.mean(wilson_loop(sample.theta, 1, 1))
            square, error = sample.mean(topological_charge(sample.theta) ** 2)
            exact = exact_susceptibility(beta, (size, size)) * size**2
            z = (loop - exact_wilson_loop(1, beta, (size, size))) / loop_error
            ancestors = sample.distinct_ancestors
            lines.append(
                f"| {beta:g} | {size} | {name} | {ancestors.min()} to {ancestors.max()} "
                f"| {sample.scatter:.2f} | {z:+.2f} | {square:.4f}({error:.4f}) | {exact:.4f} "
                f"| {(square - exact) / error:+.2f} | {seconds:.1f} |"
            )
            print(lines[-1], flush=True)
    return lines


def table(model, n, n_large):
    """(cells, statements on those beyond a limit), printed as they come."""
    cells, pooled = [], []
    for number, (size, beta) in enumerate(product(SIZES, BETAS)):
        count = n_large if size == max(SIZES) else n
        cells.append(cell(model, beta, size, count, 1000 + 10 * number))
        print(row(cells[-1]), flush=True)
        if not cells[-1].passed:
            print(cells[-1].report, flush=True)
            pooled.append(pool(model, cells[-1]))
    return cells, pooled


def pool(model, outlier):
    """What six further seeds, pooled, say of a cell beyond a limit."""
    draw = {"beta": outlier.beta, "lattice_size": outlier.size}
    seeds = [outlier.seed + 1000 * (1 + number) for number in range(FURTHER)]
    theta = np.concatenate([model.sample(outlier.n, random_state=s, **draw) for s in seeds])
    report = model.sample_report(theta, outlier.beta)
    zs = ", ".join(f"z({observable.name}) = {observable.z:+.2f}" for observable in report.rows)
    first = max((observable.z for observable in outlier.report.rows), key=abs)
    return (
        f"β = {outlier.beta:g}, L = {outlier.size} is beyond |z| = {LIMIT_Z} or p = {LIMIT_P}: "
        f"z = {first:+.2f} and p = {outlier.report.charge_p_value:.2g}. {FURTHER} further seeds of "
        f"{outlier.n} configurations each, pooled: {zs}; p = {report.charge_p_value:.2g}."
    )


TEXT = """# Diffusion of U(1) links, checked

`U1DiffusionSampler` is trained once, at β = 1 on 16 × 16 links, and draws at every coupling and
size: raw, by annealed Langevin dynamics with the score times β; then corrected, by hybrid Monte
Carlo with winding hits at the true action (`halkit.gauge.correct`). `python
benchmarks/u1_table.py --output docs/u1.md` trains, draws, and writes this page.

## Training

{training}

## Samples

Differences from the exact formulas of the torus. Raw: the plaquette, in per cent, and
χ = ⟨Q²⟩/V over its exact value; the numbers in brackets are standard errors. Corrected: z-scores
of the Wilson loops 1 × 1, 2 × 2 and 4 × 4 and of Q², and the p-value of the χ² test of the
charges against P(Q). Milliseconds of CPU, one thread, per configuration.

{table}

{verdict}

The raw χ is too large from β = 3 on: the charge freezes while σ falls, at the value of a hotter
distribution. The winding hits of the correction move it. The correction takes {tails}
trajectories, a number that suffices from uniform links too: that the corrected samples are exact
says nothing of the network; the raw columns do.

## Networks

All trained on the same {n_networks} configurations for {network_epochs} epochs, and compared by
`score` on 256 others: minus the denoising loss, with the same noise for all. The violation is the
rms change of the score under gauge transformations over its rms, at σ = 0.3. {n_dynamics} raw
samples at each β, L = 16. The U-Net is not gauge-equivariant; the energy pays for its density with
a derivative.

{networks}

## Sequential Monte Carlo along an energy

Four populations of 1024 from uniform links, once along the ramp of β and once along the energy of
`gauge_energy` times β, both ending in the true action, with as many levels. Both are exact; the
energy of the noisy links is no shorter way than the ramp, and dearer.

{paths}

## Short trainings

L = 8, 810 parameters, and {n_short} raw samples at β = β0 in each column; the first is the mean
plaquette of the training data. Every network begins with the score a(σ) sin P, whose a(σ) is the
best one for these data (`halkit.gauge.diffusion.baseline`), and what it learns vanishes at σ → 0, where this
is the whole score: the annealed samples are as good as the data. "sde" and "ode" need the score
at all σ.

{short}

## Other dynamics

L = 16, not corrected. A slower annealing brings χ down, at its price. "sde" and "ode" are the
reverse processes of the noise with the scaled score in them, by Heun's method with two scores in a
step. At β = β0 = 1 they are right to 1 %. The score of the noisy links at another β differs from
the one at β0 times β/β0, so that they reach another coupling there. The published sampler of this
kind, with 100 widths of 400 steps each, has χ = 0.0063(3) at β = 7, 1.60(8) times the exact value.

{dynamics}
"""


def training_lines(model, n, seconds, wall):
    first, last = model.history_[0], model.history_[-1]
    weights = sum(p.numel() for p in model.net_.module_.parameters())
    errors = ", ".join(
        f"{100 * force_error(model, s):.1f} % at σ = {s}" for s in (0.001, 0.03, 0.05)
    )
    return (
        f"{n} exact configurations, {model.n_iter_} epochs, hidden_channels="
        f"{model.hidden_channels} and learning_rate={model.learning_rate:g} (the defaults), "
        f"{weights} parameters: {seconds:.0f} "
        f"CPU seconds on one thread ({wall:.0f} s on the clock of a machine with other work; "
        f"{platform.machine()}, torch {torch.__version__}). Validation loss "
        f"{first['valid_loss']:.4f} after the first epoch, {last['valid_loss']:.5f} after the "
        f"last. The learned scalar differs from −β0 sin P by {errors} (rms, relative, without the "
        "mean)."
    )


def verdict(cells, pooled):
    zs = [observable.z for c in cells for observable in c.report.rows]
    worst, raw = max(zs, key=abs), max(cells, key=lambda c: abs(c.raw_plaquette))
    chance = -np.expm1(len(zs) * np.log1p(-2 * stats.norm.sf(abs(worst))))
    smallest = np.nanmin([c.report.charge_p_value for c in cells])
    lines = [
        f"Largest |z| of the corrected samples: {abs(worst):.2f} in {len(zs)} numbers; the largest "
        f"of as many independent ones is so large or larger with the probability {chance:.2g}. "
        f"Smallest p-value: {smallest:.2g} in {len(cells)}, with the probability "
        f"{-np.expm1(len(cells) * np.log1p(-smallest)):.2g}. The raw plaquette is off by "
        f"{100 * abs(raw.raw_plaquette):.2f}({100 * raw.raw_error:.2f}) % at most (β = "
        f"{raw.beta:g}, L = {raw.size}).",
        *pooled,
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return "\n\n".join([*lines, f"Peak memory of the process: {peak:.0f} MB."])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--samples-32", type=int, default=1024)
    parser.add_argument("--training", type=int, default=10_240)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--networks-training", type=int, default=4096)
    parser.add_argument("--output", type=Path, default=None)
    options = parser.parse_args()
    model, seconds, wall = train(options.training, options.epochs)
    training = training_lines(model, options.training, seconds, wall)
    print(training, HEADER, sep="\n", flush=True)
    cells, pooled = table(model, options.samples, options.samples_32)
    n_dynamics = min(256, options.samples)
    network_epochs = min(options.epochs, 12)
    trained = train_networks(options.networks_training, network_epochs)
    tails = sorted({tail_length(beta, (size, size)) for beta in BETAS for size in SIZES})
    page = TEXT.format(
        training=training,
        table="\n".join([HEADER, *map(row, cells)]),
        verdict=verdict(cells, pooled),
        tails=" to ".join(map(str, sorted({tails[0], tails[-1]}))),
        n_networks=options.networks_training,
        network_epochs=network_epochs,
        networks="\n".join(networks(trained, n_dynamics)),
        paths="\n".join(paths(trained)),
        n_dynamics=n_dynamics,
        dynamics="\n".join(dynamics(model, n_dynamics)),
        n_short=2 * options.samples,
        short="\n".join(short_trainings(2 * options.samples)),
    )
    print(page)
    if options.output:
        with whole_file(options.output, overwrite=True) as file:
            file.write(page.encode())


if __name__ == "__main__":
    main()
