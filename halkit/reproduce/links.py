"""U(1) links at every coupling and size, from one training at β = 1."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from halkit.gauge import (
    SampleReport,
    U1DiffusionSampler,
    charge_probability,
    exact_susceptibility,
    exact_wilson_loop,
    hmc,
    sample_exact,
    topological_charge,
    wilson_loop,
)
from halkit.report import Section, Table
from halkit.reproduce.parts import figures_of

__all__ = ["u1_links"]

TRAINED = (16, 16)
COUPLINGS = (1.0, 2.0, 4.0, 7.0, 10.0, 14.0, 20.0)
SIZES = (8, 16, 32)
SHOWN = (7.0, 16)
WAYS = {"raw": None, "with rejection": "auto"}


class Drawn(NamedTuple):
    """A report of configurations; Wilson loops R × R, charges of one size and coupling."""

    report: SampleReport
    loops: Any
    charge: Any


def u1_links(
    *, random_state: int = 0, n_train: int = 4096, n_samples: int = 1024, max_epochs: int = 4,
    couplings: Sequence[float] = COUPLINGS, sizes: Sequence[int] = SIZES,
) -> Section:  # fmt: skip
    """Train once, draw at every coupling and size, and compare with the exact formulas."""
    begin = time.perf_counter()
    theta = sample_exact(n_train, 1.0, TRAINED, random_state=random_state)
    model = U1DiffusionSampler(max_epochs=max_epochs, random_state=random_state).fit(theta)
    training = time.perf_counter() - begin
    rng = np.random.default_rng(random_state)
    drawn = {
        (way, beta, L): _draws(model, n_samples, beta, L, correction, rng)
        for L in sizes
        for beta in couplings
        for way, correction in WAYS.items()
    }
    z = {
        way: np.array([_z(one.report) for key, one in drawn.items() if key[0] == way])
        for way in WAYS
    }
    metrics = {
        "harmonics": model.harmonics_.tolist(),
        "training_seconds": training,
        "rms_z": {way: np.sqrt(np.mean(x**2, axis=0)).tolist() for way, x in z.items()},
        "beyond_2_errors": {way: int(np.sum(np.abs(x) > 2)) for way, x in z.items()},
    }
    first = ", ".join(f"{a:.4f}" for a in model.harmonics_)
    return Section(
        "U(1): every coupling from one training",
        f"{n_train} configurations of 2D U(1) links at β = 1 on 16 × 16 train a network once, in "
        f"{training:.0f} s; it learns the force of one plaquette, Σ aₙ sin nP with a = "
        f"({first}); the action has (1, 0, 0). {n_samples} configurations for each β and L, raw "
        "and with rejection of what the network has wrong. Errors are standard errors of "
        "independent configurations; z = (mean − exact)/error, for χ = ⟨Q²⟩/V with the exact "
        "error: a sample may miss rare charges.",
        look=f"β = {min(couplings):g} … {max(couplings):g} and L = {sizes[0]} … {sizes[-1]} come "
        + _look(metrics["beyond_2_errors"], z["raw"].size),
        tables=[Table(["L", "β", "plaquette", "error", "exact", "z", "raw z", "χ a²", "error",
                       "exact", "z", "raw z", "kept"], _table(drawn))],
        figures=_pictures(model, drawn, n_samples, couplings, sizes, rng),
        metrics=metrics,
    )  # fmt: skip


def _draws(model, n, beta, L, correction, rng):
    theta = model.sample(n, beta=beta, lattice_size=L, correction=correction, random_state=rng)
    sides = np.arange(1, 7) if (beta, L) == SHOWN else []
    loops = np.array([wilson_loop(theta, R, R) for R in sides])
    charge = topological_charge(theta) if len(sides) else None
    return Drawn(model.sample_report(theta, beta), loops, charge)


def _look(beyond, n):
    return (
        f"from one training: with rejection {beyond['with rejection']} of {n} values are more than "
        f"two errors from the exact ones ({0.0455 * n:.0f} expected), raw {beyond['raw']}. The "
        "charge does not freeze, as it does in a Markov chain."
    )


def _z(report):
    """Of the plaquette and of Q²."""
    return report.rows[0].z, report.rows[-1].z


def _table(drawn):
    rows = []
    for (way, beta, L), one in drawn.items():
        if way == "with rejection":
            raw, mine = drawn["raw", beta, L].report, one.report
            _, mean, error, exact, z = mine.rows[0]
            chi = _susceptibility(mine)
            rows.append([
                str(L), f"{beta:g}", f"{mean:.5f}", f"{error:.5f}", f"{exact:.5f}", f"{z:.2f}",
                f"{_z(raw)[0]:.2f}", *(f"{x:.3g}" for x in chi[:3]), f"{chi[3]:.2f}",
                f"{_z(raw)[1]:.2f}", f"{mine.acceptance:.2f}",
            ])  # fmt: skip
    return rows


def _susceptibility(report):
    """Mean, error and exact value of χ = ⟨Q²⟩/V, and z."""
    row, volume = report.rows[-1], np.prod(report.lattice_shape)
    return row.mean / volume, row.error / volume, row.exact / volume, row.z


def _pictures(model, drawn, n, couplings, sizes, rng):
    figures, axes = figures_of("u1", ["plaquette", "susceptibility", "loops", "charge", "history"])
    _against_coupling(axes, drawn, couplings, sizes)
    shown = {way: drawn[way, *SHOWN] for way in WAYS}
    _at_one_coupling(axes["loops"], axes["charge"], shown, n)
    beta, sites = SHOWN[0], (8, 8)
    chain = hmc(np.zeros((1, 2, *sites)), beta, n_trajectories=200, n_warmup=50, random_state=rng)
    frozen = [topological_charge(state.theta)[0] for state in chain]
    free = topological_charge(model.sample(200, beta=beta, lattice_size=8, random_state=rng))
    axes["history"].step(range(200), free, lw=0.8, label="with rejection, independent")
    axes["history"].step(range(200), frozen, lw=1.5, label="hybrid Monte Carlo")
    axes["history"].set(
        xlabel="configuration", ylabel="Q", title=f"history of the charge, β = {beta:g}, L = 8",
        ylim=(-2.5, 3.5),
    )  # fmt: skip
    axes["history"].legend(loc="upper left")
    return figures


def _against_coupling(axes, drawn, couplings, sizes):
    fine = np.geomspace(min(couplings), max(couplings), 200)
    for i, L in enumerate(sizes):
        exact = [exact_susceptibility(beta, (L, L)) for beta in fine]
        axes["susceptibility"].plot(fine, exact, f"C{i}", lw=1, label=f"exact, L = {L}")
        for way, fill, shift in (("raw", "none", 0.97), ("with rejection", None, 1.03)):
            reports = [drawn[way, beta, L].report for beta in couplings]
            x = shift * np.array(couplings) * (1 + 0.01 * (i - 1))
            style = {"fmt": f"C{i}o", "ms": 4, "mfc": fill or f"C{i}"}
            chi = np.array([_susceptibility(report)[:2] for report in reports])
            axes["susceptibility"].errorbar(x, *chi.T, **style)
            loops = [report.rows[0] for report in reports]
            off = [[1e3 * (row.mean / row.exact - 1), 1e3 * row.error / row.exact] for row in loops]
            axes["plaquette"].errorbar(x, *np.transpose(off), **style, label=f"{way}, L = {L}")
    axes["susceptibility"].set(xscale="log", yscale="log", xlabel="β", ylabel="χ [1/a²]")
    axes["susceptibility"].set_title("topological susceptibility; open: raw")
    axes["susceptibility"].legend()
    axes["plaquette"].axhline(0, color="k", lw=0.8)
    axes["plaquette"].set(xscale="log", xlabel="β", ylabel="10³ (plaquette/exact − 1)")
    axes["plaquette"].set_title("plaquette; open: raw")
    axes["plaquette"].legend(ncols=2, fontsize="small")


def _at_one_coupling(loops, charge, shown, n):
    beta, L = SHOWN
    sides, q = np.arange(1, 7), np.arange(-4, 5)
    exact = np.array([exact_wilson_loop(R * R, beta, (L, L)) for R in sides])
    for (way, one), shift in zip(shown.items(), (-0.06, 0.06), strict=True):
        values = one.loops / exact[:, None]
        error = values.std(axis=1) / np.sqrt(n)
        loops.errorbar(sides + shift, values.mean(axis=1), error, fmt="o", ms=4, label=way)
        counts = np.array([(one.charge == value).mean() for value in q])
        std = np.sqrt(counts * (1 - counts) / n)
        charge.bar(q + 3 * shift, counts, yerr=std, width=0.35, label=way)
    loops.axhline(1, color="k", lw=0.8)
    loops.set(xlabel="R", ylabel="W(R × R)/exact", title=f"Wilson loops, β = {beta:g}, L = {L}")
    loops.legend(loc="upper left")
    charge.plot(q, charge_probability(q, beta, (L, L)), "k_", ms=22, label="exact")
    charge.set(xlabel="Q", ylabel="P(Q)", title=f"topological charge, β = {beta:g}, L = {L}")
    charge.legend()
