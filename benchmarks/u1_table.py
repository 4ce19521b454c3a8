"""Page of the diffusion sampler against the exact formulas, for every coupling and size.

    python benchmarks/u1_table.py [--samples 4096] [--output docs/u1.md]

It trains once at β = 1 on 16 × 16 links, draws at every β and L, and writes the page and its
picture, ``images/u1_freezing.png`` beside it. CPU time counts this process alone, on one thread.
"""

import argparse
import platform
import time
from itertools import product
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from halkit.gauge import (
    U1DiffusionSampler,
    action,
    exact_log_prob,
    exact_susceptibility,
    exact_wilson_loop,
    hmc,
    sample_exact,
    sample_report,
    sample_smc,
    susceptibility,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.theory.independent import links_of
from halkit.writing import whole_file

BETAS = (1.0, 3.0, 5.0, 7.0, 11.0, 20.0)
SHAPES = ((8, 8), (16, 16), (24, 16), (32, 32))
FREEZING = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
LINK_NOISE = [(1.0, "annealed"), (1.0, "sde"), (1.0, "ode"), (7.0, "annealed"), (7.0, "sde")]
NETWORKS = [
    ("plaquette", (1,), 1e-2),
    ("gauge_equivariant", (12,), 1e-2),
    ("gauge_energy", (12,), 1e-2),
    ("unet", (8, 8), 5e-3),
]
# Eight settings, some of them hopeless, for the correlation of score and bias.
SETTINGS = [
    ("plaquette", 1e-2), ("gauge_equivariant", 1e-2), ("gauge_equivariant", 1.0),
    ("gauge_equivariant", 2.0), ("gauge_equivariant", 3.0), ("gauge_energy", 1.0),
    ("gauge_energy", 2.0), ("unet", 0.5),
]  # fmt: skip


def timed(call, *arguments, **options):
    """(result, CPU seconds)."""
    begin = time.process_time()
    return call(*arguments, **options), time.process_time() - begin


def rows(header, lines):
    """A table of Markdown, printed line by line."""
    table = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for line in lines:
        table.append(f"| {' | '.join(map(str, line))} |")
        print(table[-1], flush=True)
    return "\n".join(table)


def of(mean, error, digits=2):
    return f"{mean:.{digits}f}({error:.{digits}f})"


def plaquette_bias(theta, beta):
    """(⟨W(1×1)⟩/exact − 1, its error), in per cent."""
    loops = 100 * (wilson_loop(theta, 1, 1) / exact_wilson_loop(1, beta, theta.shape[2:]) - 1)
    return loops.mean(), loops.std(ddof=1) / np.sqrt(len(loops))


def chi_ratio(theta, beta):
    """(χ/exact, its error)."""
    chi, exact = susceptibility(theta), exact_susceptibility(beta, theta.shape[2:])
    return chi.value / exact, chi.error / exact


def own_bias(model, beta):
    """Bias in per cent of the plaquette in the density of the model's own chains, V → ∞."""
    chain = model._chain(beta)
    P, weight = chain.points()
    lost = weight @ (np.exp(chain.log_density(P)) * 2 * np.sin(P / 2) ** 2)
    return 100 * ((1 - lost) / exact_wilson_loop(1, beta, (64, 64)) - 1)


def last_plaquette_closure(n, beta, shape, rng):
    """The exact sampler without projection: the last plaquette is minus the sum of all others."""
    volume, kept = int(np.prod(shape)), []
    while sum(map(len, kept)) < n:
        angle = rng.vonmises(0, beta, (2**18 // volume, volume - 1))
        last = -angle.sum(axis=1)
        accept = rng.uniform(size=len(last)) < np.exp(beta * (np.cos(last) - 1))
        kept.append(np.column_stack([angle[accept], last[accept]]))
    drawn = sum(map(len, kept))
    return links_of(np.concatenate(kept).reshape(drawn, *shape), rng), drawn


def number_of_parameters(model):
    if model.network == "plaquette":
        return len(model.harmonics_)
    return sum(p.numel() for p in model.net_.module_.parameters())


def train(n, epochs):
    X = sample_exact(n, 1.0, (16, 16), random_state=0)
    wall = time.perf_counter()
    model, seconds = timed(U1DiffusionSampler(max_epochs=epochs, random_state=0).fit, X)
    closed, closed_seconds = timed(U1DiffusionSampler(network="plaquette", random_state=0).fit, X)
    wall, a = time.perf_counter() - wall, ", ".join(f"{x:+.4f}" for x in model.harmonics_)
    b = ", ".join(f"{x:+.4f}" for x in closed.harmonics_)
    weights = number_of_parameters(model)
    text = (
        f"{n} exact configurations, {model.n_iter_} epochs, {weights} parameters (the defaults): "
        f"{seconds:.0f} CPU seconds on one thread ({wall:.0f} s on the clock of a machine with "
        f"other work; {platform.machine()}, torch {torch.__version__}). a = ({a}). "
        f'network="plaquette", in closed form: {closed_seconds:.1f} CPU seconds, a = ({b}). '
        "(1, 0, 0) is the truth."
    )
    print(text, flush=True)
    return model, text


def samples(model, n):
    """Raw and rejected samples of every coupling and size."""
    header = ["β", "lattice", "raw: own density / %", "plaquette / %", "χ/exact", "ESS",
              "rejected: z(W1)", "z(W2)", "z(W4)", "z(Q²)", "p(Q)", "kept plaquettes",
              "configurations", "raw / ms", "rejected / ms"]  # fmt: skip
    zs, ps = [], []

    def lines():
        for number, (shape, beta) in enumerate(product(SHAPES, BETAS)):
            draw = {"beta": beta, "lattice_size": shape, "random_state": 100 + number}
            raw, raw_seconds = timed(model.sample, n, correction=None, **draw)
            theta, seconds = timed(model.sample, n, **draw)
            report = model.sample_report(theta, beta)
            z = [observable.z for observable in report.rows]
            zs.extend(z)
            ps.append(report.charge_p_value)
            yield [
                f"{beta:g}", f"{shape[0]} × {shape[1]}", f"{own_bias(model, beta):+.3f}",
                of(*plaquette_bias(raw, beta), 3), of(*chi_ratio(raw, beta)), f"{report.ess:.3f}",
                *[f"{value:+.2f}" for value in z], f"{report.charge_p_value:.3f}",
                f"{report.plaquette_acceptance:.3f}", f"{report.acceptance:.3f}",
                f"{1e3 * raw_seconds / n:.3f}", f"{1e3 * seconds / n:.3f}",
            ]  # fmt: skip

    table = rows(header, lines())
    worst, smallest = max(zs, key=abs), np.nanmin(ps)
    chance = -np.expm1(len(zs) * np.log1p(-2 * stats.norm.sf(abs(worst))))
    verdict = (
        f"Largest |z| of the rejected samples: {abs(worst):.2f} in {len(zs)} numbers; the largest "
        f"of as many independent ones is so large or larger with the probability {chance:.2g}. "
        f"Smallest p-value of the charges: {smallest:.2g} in {np.isfinite(ps).sum()}."
    )
    return table, verdict


def ways(model):
    """CPU time of one independent configuration at β = 7 and 11, by every way, in one run."""
    header = ["β", "L", "way", "n", "plaquette / %", "W(2×2), z", "χ/exact", "ms"]

    def line(beta, size, way, theta, seconds, count):
        report = sample_report(theta, beta)
        return [
            f"{beta:g}", size, way, count, of(*plaquette_bias(theta, beta), 3),
            f"{report.rows[1].z:+.2f}", of(*chi_ratio(theta, beta)), f"{1e3 * seconds / count:.3f}",
        ]  # fmt: skip

    def lines():
        for size, beta in product((16, 32), (7.0, 11.0)):
            draw = {"beta": beta, "lattice_size": size, "random_state": 3}
            for way, n, options in (
                ("plaquette noise, raw", 2048, {"correction": None}),
                ("plaquette noise, rejection", 2048, {}),
                ("link noise, raw", 96, {"method": "annealed", "correction": None}),
                ("link noise, HMC + winding", 96, {"method": "annealed", "correction": "hmc"}),
            ):
                model.sample(16, **draw, **options)
                theta, seconds = timed(model.sample, n, **draw, **options)
                yield line(beta, size, way, theta, seconds, n)
            shape, rng = (size, size), np.random.default_rng(4)
            (theta, count), seconds = timed(last_plaquette_closure, 1024, beta, shape, rng)
            yield line(beta, size, "exact, closed by the last plaquette", theta, seconds, count)
            theta, seconds = timed(sample_exact, 2048, beta, shape, random_state=4)
            yield line(beta, size, "exact, projected", theta, seconds, 2048)

    return rows(header, lines())


def learning():
    """What networks, an untrained one, and one of another coupling have learned."""
    X, held_out = (sample_exact(n, 1.0, (12, 12), random_state=n) for n in (2048, 1000))
    entropy = exact_log_prob(held_out, 1.0).mean() / held_out[0].size
    header = ["model", "parameters", "fit / CPU s", "score − exact", "denoising score",
              "own plaquette / %, β = 1", "β = 7", "ESS, β = 7, L = 16",
              "plaquettes that rejection keeps", "rejected: largest z"]  # fmt: skip

    def models():
        for name, channels, rate in NETWORKS:
            yield name, X, {
                "network": name, "hidden_channels": channels, "learning_rate": rate, "max_epochs": 6
            }  # fmt: skip
        uniform = sample_exact(2048, 0.0, (12, 12), random_state=1)
        untrained = {"max_epochs": 1, "learning_rate": 1e-12}
        yield "untrained, on uniform links", uniform, untrained
        yield (
            "β0 = 1.5 taken for 1",
            sample_exact(2048, 1.5, (12, 12), random_state=1),
            {"network": "plaquette"},
        )

    def lines():
        for name, data, settings in models():
            model, seconds = timed(U1DiffusionSampler(random_state=0, **settings).fit, data)
            theta = model.sample(2048, beta=7.0, lattice_size=16, random_state=5)
            report = model.sample_report(theta, 7.0)
            yield [
                name, number_of_parameters(model), f"{seconds:.1f}",
                f"{model.score(held_out) - entropy:+.2e}", f"{model.denoising_score(held_out):.4f}",
                f"{own_bias(model, 1.0):+.2f}", f"{own_bias(model, 7.0):+.3f}", f"{report.ess:.3f}",
                f"{report.plaquette_acceptance:.3f}",
                f"{max((row.z for row in report.rows), key=abs):+.2f}",
            ]  # fmt: skip

    return rows(header, lines())


def ranking():
    """Spearman's correlation of score and bias over eight settings, and the same of the loss."""
    X, held_out = (sample_exact(n, 1.0, (8, 8), random_state=n) for n in (1024, 4096))
    scores, losses, biases = [], [], []
    for name, rate in SETTINGS:
        model = U1DiffusionSampler(
            network=name, learning_rate=rate, hidden_channels=(4, 4), max_epochs=2, random_state=0
        ).fit(X)
        scores.append(model.score(held_out))
        losses.append(model.denoising_score(held_out))
        biases.append(abs(own_bias(model, 1.0)))
    one, other = (stats.spearmanr(values, biases).statistic for values in (scores, losses))
    listed = ", ".join(f"{bias:.2f}" for bias in biases)
    return (
        f"Eight settings, from good to hopeless, with plaquettes off by {listed} %: Spearman's "
        f"correlation of the bias with `score` is {one:.2f}, with `denoising_score` {other:.2f}."
    )


def independence(model, n=10_000):
    theta = model.sample(n, beta=7.0, lattice_size=16, random_state=8)
    parts = []
    for name, series in (("Q", topological_charge(theta)), ("S", action(theta, 7.0))):
        one = (series - series.mean()) / series.std()
        parts.append(f"{(one[1:] * one[:-1]).mean():+.4f} ({name})")
    return (
        f"Correlation of neighbours among {n} rejected configurations, β = 7, L = 16: "
        f"{', '.join(parts)}, each ± {n**-0.5:.4f}."
    )


def link_noise(model):
    header = ["β", "method", "n", "plaquette / %", "χ/exact", "ms"]

    def lines():
        for beta, method in LINK_NOISE:
            n = 512 if beta == 1 else 128
            draw = {"beta": beta, "lattice_size": 16, "method": method, "correction": None}
            theta, seconds = timed(model.sample, n, random_state=5, **draw)
            yield [f"{beta:g}", method, n, of(*plaquette_bias(theta, beta)),
                   of(*chi_ratio(theta, beta)), f"{1e3 * seconds / n:.1f}"]  # fmt: skip

    return rows(header, lines())


def short_trainings():
    header = ["β0", "n", "epochs", "its data / %", "annealed / %", "sde / %", "ode / %"]

    def lines():
        for beta, n, epochs in ((1.0, 2048, 3), (1.0, 2048, 8), (2.0, 512, 8), (2.0, 2048, 3)):
            X = sample_exact(n, beta, (8, 8), random_state=3)
            model = U1DiffusionSampler(beta=beta, max_epochs=epochs, random_state=0).fit(X)
            draws = [
                model.sample(int(4096 / beta), method=method, correction=None, random_state=7)
                for method in ("annealed", "sde", "ode")
            ]
            yield [f"{beta:g}", n, epochs,
                   *[of(*plaquette_bias(theta, beta)) for theta in (X, *draws)]]  # fmt: skip

    return rows(header, lines())


def freezing(model, picture, n=200, shape=(8, 8)):
    """Changes of the charge in 200 unit trajectories, and between as many independent draws."""
    histories = {}
    header = ["", *[f"β = {beta:g}" for beta in FREEZING]]
    changes = {"HMC, one chain": [], "HMC, mean of 32 chains": [], "rejection": []}
    for beta in FREEZING:
        start = np.zeros((32, 2, *shape))
        chain = hmc(start, beta, n_trajectories=n, n_warmup=100, random_state=int(beta))
        charge = np.array([topological_charge(state.theta) for state in chain])
        moved = (np.diff(charge, axis=0) != 0).sum(axis=0)
        theta = model.sample(n, beta=beta, lattice_size=shape, random_state=int(beta))
        draws = topological_charge(theta)
        histories[beta] = charge[:, 0], draws
        changes["HMC, one chain"].append(moved[0])
        changes["HMC, mean of 32 chains"].append(f"{moved.mean():.1f}")
        changes["rejection"].append((np.diff(draws) != 0).sum())
    if picture:
        draw_histories(histories, picture)
    return rows(header, [[name, *values] for name, values in changes.items()])


def draw_histories(histories, path):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(histories), 2, figsize=(9, 9), sharex=True, sharey="row", layout="constrained"
    )
    for line, (beta, pair) in zip(axes, histories.items(), strict=True):
        for ax, charge in zip(line, pair, strict=True):
            ax.plot(charge, drawstyle="steps-mid", lw=0.8)
        line[0].set_ylabel(f"Q, β = {beta:g}")
    axes[0, 0].set_title("hybrid Monte Carlo")
    axes[0, 1].set_title("plaquette noise, rejection")
    axes[-1, 0].set_xlabel("trajectory")
    axes[-1, 1].set_xlabel("configuration")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def sequential():
    header = ["β", "L", "ancestors", "spread of ln Z", "z(W1)", "z(Q²)", "CPU / s"]

    def lines():
        for beta, size in ((3.0, 4), (5.0, 6)):
            shape = (size, size)
            sample, seconds = timed(sample_smc, 4096, beta, shape, random_state=1)
            loop, loop_error = sample.mean(wilson_loop(sample.theta, 1, 1))
            square, error = sample.mean(topological_charge(sample.theta) ** 2)
            exact = exact_susceptibility(beta, shape) * size**2
            ancestors = sample.distinct_ancestors
            yield [
                f"{beta:g}", size, f"{ancestors.min()} to {ancestors.max()}",
                f"{sample.scatter:.2f}",
                f"{(loop - exact_wilson_loop(1, beta, shape)) / loop_error:+.2f}",
                f"{(square - exact) / error:+.2f}", f"{seconds:.1f}",
            ]  # fmt: skip

    return rows(header, lines())


TEXT = """# Diffusion of U(1) links, checked

`U1DiffusionSampler` is trained once, at β = 1 on 16 × 16 links, and draws at every coupling and
size, exactly and without a Markov chain. `python benchmarks/u1_table.py --output docs/u1.md`
trains, draws, and writes this page and its picture.

## What is learned

{training}

In two dimensions the plaquettes are independent of each other but for their sum, and so everything
that there is to learn is *one odd function of one plaquette*, the force −Σ_k a_k k sin kP. Times
β/β0 it is the force of the coupling β, and the noise is put on plaquettes, where its effect on
any such force is known in closed form at every width. That is why one training serves all couplings
and sizes, and why nothing freezes: a plaquette has one well, and no topology.

This does not carry over to four dimensions as it is. There plaquettes obey the Bianchi identity in
every cube and cannot be drawn one by one: closing them to links takes more than one condition on
their sum. Noise on links, hybrid Monte Carlo, winding hits and sequential Monte Carlo stay here for
theories that have no such variables, with what they cost below.

## Samples of one training

{n} configurations in each cell. Raw: the plaquette's bias in the density of the chains (V → ∞) and
of the samples, χ = ⟨Q²⟩/V over its exact value, and the effective size of a raw
configuration with weights; nothing but the learned action enters. Numbers in brackets are standard
errors. Rejected: z-scores of the loops 1 × 1, 2 × 2, 4 × 4 and of Q², the p-value of the
charges against P(Q), and the parts of plaquettes and of closed configurations that are kept.
CPU milliseconds for a configuration, on one thread.

{samples}

{verdict}

{independence}

## Every way, in one run

Link noise is the talk's way, with its bias: the plaquette is right, its charge freezes while
the noise falls, and hybrid Monte Carlo with winding hits has to repair it. The exact samplers use
the action and no training. "Closed by the last plaquette" is how `sample_exact` worked before it
projected.

{ways}

## What raw samples say of the learning

Trained on 2048 configurations, β0 = 1, L = 12, six epochs. Rejection is exact whatever was learned;
that it is says nothing of the network. `score` is the mean of log p per link of held-out
configurations under the model's own density; the column shows it relative to the exact density.

{learning}

{ranking}

## Noise on links

L = 16, 100 steps, not corrected. The score of the noisy links at another β differs from the one
at β0 times β/β0. The published sampler of this kind, with 100 widths of 400 steps each, has
χ = 0.0063(3) at β = 7, 1.60(8) times the exact value.

{link_noise}

Short trainings, L = 8, 4096/β0 raw samples at β = β0: the plaquette against exact, beside the
plaquette of the training data, which the learned coupling cannot know better.

{short}

## The freezing of the charge

Changes of Q in 200 unit trajectories of hybrid Monte Carlo on 8 × 8 after 100 from a cold start,
and between 200 configurations by rejection. The talk has 158, 27 and 0 on the way from β = 1 to 7.

{freezing}

![Charge against Monte Carlo time](images/u1_freezing.png)

## Sequential Monte Carlo

Four populations of 1024 from uniform links along the ramp of β, without any move for topology.

{sequential}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--training", type=int, default=10_240)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--output", type=Path, default=None)
    options = parser.parse_args()
    model, training = train(options.training, options.epochs)
    table, verdict = samples(model, options.samples)
    picture = options.output and options.output.parent / "images" / "u1_freezing.png"
    page = TEXT.format(
        training=training, n=options.samples, samples=table, verdict=verdict,
        independence=independence(model), ways=ways(model), learning=learning(),
        ranking=ranking(), link_noise=link_noise(model), short=short_trainings(),
        freezing=freezing(model, picture), sequential=sequential(),
    )  # fmt: skip
    print(page)
    if options.output:
        with whole_file(options.output, overwrite=True) as file:
            file.write(page.encode())


if __name__ == "__main__":
    main()
