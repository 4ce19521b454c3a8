"""The main job as a report: toy model, synthetic correlators, real correlators.

Each experiment fits potentials through the public estimators, compares them with the
truth or with the published result, and returns a `Section`. `reproduce` writes them as
``index.html`` with pictures, and their numbers as ``metrics.json``.
"""

import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from halkit.correlators import load_correlators
from halkit.correlators.files import opened
from halkit.correlators.limits import named_errors
from halkit.datasets import make_separable, make_time_dependent
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.equations import lattice_rows
from halkit.exceptions import AccuracyWarning, MisfitWarning, UnderdeterminedWarning
from halkit.interactions import Separable, omega_ccc
from halkit.potentials import NonLocalPotentialRegressor, TimeDependentHALRegressor
from halkit.report import Section, check_matplotlib, make_folder, run_sections
from halkit.scattering import phase_shift
from halkit.units import HBARC

__all__ = ["omega_ccc_like", "reproduce", "toy_model", "xixi", "xixi_rows"]

TIMES = (12, 13, 14, 15)
NO_DATA = "Real correlators: left out, no file was given (--data, HALKIT_DATA)."


def reproduce(out="report", *, data=None, random_state=0):
    """Run the experiments and write their report.

    Parameters
    ----------
    out : path
        Folder for ``index.html``, the pictures and ``metrics.json``; made if missing.
    data : path, optional
        The real ΞΞ(¹S₀) correlators; without them the report leaves this experiment out and
        says so.
    random_state : int
        Seed of the starts.

    Returns
    -------
    dict
        The numbers in ``metrics.json``.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    ValueError, OSError
        If `data` does not hold the correlators, or `out` cannot be written; before any fit.
    """
    check_matplotlib()
    make_folder(out)
    if data is not None:
        xixi_rows(data)
    jobs = {
        "toy": lambda: toy_model(random_state=random_state),
        "omega_ccc": lambda: omega_ccc_like(random_state=random_state),
    }
    if data is not None:
        jobs["xixi"] = lambda: xixi(data, random_state=random_state)
    return run_sections(out, jobs, note="" if data is not None else NO_DATA)


LADDER = {
    "plain": {"network": "plain", "hidden_layer_sizes": (16, 16), "envelope": None},
    "symmetric": {"network": "symmetric", "envelope": None},
    "symmetric + regulator": {"network": "symmetric", "envelope": None, "regulator": 1.0},
    "symmetric + envelope": {"network": "symmetric"},
    "separable (default)": {},
}


def toy_model(*, random_state=0):
    """The separable potential of Aoki and Doi by five networks, each with more physics."""
    d, mass, k = make_separable(), 3.3, np.linspace(0.05, 1.0, 40)
    exact = d.interaction.phase_shift(k, reduced_mass=mass)
    w = np.sqrt(np.outer(d.weights, d.weights))
    models, rows, metrics = {}, [], {}
    for name, settings in LADDER.items():
        model = NonLocalPotentialRegressor(
            d.r, reduced_mass=mass, n_init=1, random_state=random_state, **settings
        )
        seconds = _fit(model, d.data, d.target)
        error = w * (model.potential_ - d.potential)
        delta = np.abs(np.rad2deg(_quietly(model.phase_shift, k) - exact)).max()
        numbers = {
            "residual": float(np.sqrt(model.loss_)),
            "error_u": float(np.linalg.norm(error) / np.linalg.norm(w * d.potential)),
            "error_delta_deg": float(delta),
            "seconds": seconds,
            "iterations": model.n_iter_,
        }
        models[name], metrics[name] = model, numbers
        rows.append([name, *(f"{v:.2g}" for v in numbers.values())])
    return Section(
        "Toy model: U = ω e^{−μr} e^{−μr'}",
        "Ten wave functions, k = 0.01 … 1, on 100 nodes up to r = 12.5 (μ = 1). The error of U "
        "is its relative Frobenius norm with the measure as weight; the error of δ, in degrees, is "
        "the largest for k = 0.05 … 1.",
        ["network", "residual", "error of U", "error of δ / °", "seconds", "iterations"],
        rows,
        _draw_toy(models, d, k, exact),
        metrics,
    )


def _draw_toy(models, d, k, exact):
    figure, axes = _figure(2, 3, width=15)
    near, best, some = d.r < 5, models["separable (default)"], [0, 4, 9]
    maps = {"symmetric, no envelope": models["symmetric"].potential_, "separable": best.potential_}
    for ax, (name, U) in zip(axes, {**maps, "truth": d.potential}.items(), strict=False):
        PotentialDisplay(U[np.ix_(near, near)], d.r[near]).plot([ax])
        ax.set_title(name)
    labels = [f"k = {d.k[i]:.2f}" for i in some]
    LocalPotentialDisplay(best.localize(d.data[some]), d.r, labels=labels).plot(axes[3])
    axes[3].plot(d.r, (d.target[some] / d.data[some]).T, "k:", lw=1)
    axes[3].set(xlim=(0, 6), ylim=(-0.3, 0.1), title="localised; dots: truth")
    PhaseShiftDisplay(best.phase_shift(k), k, truth=exact, name="separable").plot(axes[4])
    for name, model in models.items():
        error = np.abs(np.rad2deg(_quietly(model.phase_shift, k) - exact))
        axes[5].semilogy(k, error, label=name)
    axes[5].set(xlabel="$k$", ylabel="error of $\\delta$ [deg]")
    axes[5].legend()
    return {"toy": figure}


def omega_ccc_like(*, random_state=0, noise=1e-4):
    """Correlators of two sources with a local and a non-local potential, and their phases."""
    mass, spacing = 2.073, HBARC / 2333.0
    truth = omega_ccc(inverse_spacing=2333.0) + Separable(-4e-5, 0.3)
    d = make_time_dependent(
        truth, r=np.arange(1, 61) * 0.5, box_radius=48.0, hadron_mass=mass,
        times=np.arange(22, 31), source_radius=1.5, noise=noise, n_bins=20,
        random_state=random_state,
    )  # fmt: skip
    energy = np.geomspace(1.0, 300.0, 25)
    k = np.sqrt(mass * energy / 2333.0)
    exact = phase_shift(truth, k, reduced_mass=mass / 2)
    rows, metrics, curves = [], {}, {}
    for name, local in (("local + separable", True), ("local only", "only")):
        model = TimeDependentHALRegressor(
            d.r, hadron_mass=mass, local=local, weight_decay=0.1, random_state=random_state
        )
        seconds = _fit(model, d.data, d.target, y_std=d.sigma)
        curves[name] = _quietly(model.phase_shift, k)
        error = np.abs(np.rad2deg(curves[name] - exact)).max()
        metrics[name] = {"error_delta_deg": float(error), "seconds": seconds}
        rows.append([name, f"{error:.2g}", f"{seconds:.2g}"])
    figure, axes = _figure(1, 1, width=7)
    for name, delta in curves.items():
        PhaseShiftDisplay(delta, k, name=name).plot(axes[0], reduced_mass=mass / 2)
    axes[0].plot(energy / 2333.0, np.rad2deg(exact), "k:", label="truth")
    axes[0].legend()
    return Section(
        "Synthetic correlators like Ω_ccc Ω_ccc (¹S₀)",
        f"The published three-Gaussian potential plus a separable one, in lattice units "
        f"(a = {spacing:.4f} fm, m = {mass}), wall and exponential sources, relative noise "
        f"{noise:g}. The error of δ is the largest for E = 1 … 300 MeV.",
        ["potential", "error of δ / °", "seconds"],
        rows,
        {"omega_ccc": figure},
        metrics,
    )


def xixi_rows(path, *, times=TIMES):
    """The correlators on the 64³ lattice and their rows; a ValueError for another file."""
    correlators = load_correlators(path, lattice="L64")
    r_max = correlators.from_fm(2.4)
    rows = lattice_rows(correlators, times=times, sources=("wall", "exp"), r_max=r_max)
    _published_phases(Path(path), correlators.inverse_spacing)
    return correlators, rows


def xixi(path, *, random_state=0, times=TIMES):
    """ΞΞ(¹S₀) on the 64³ lattice: one potential from two sources, beside the published phases."""
    correlators, rows = xixi_rows(path, times=times)
    to_mev, mass = correlators.inverse_spacing, correlators.hadron_mass
    fm = HBARC / to_mev
    X, y = rows.mean()
    model = TimeDependentHALRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, hadron_mass=mass,
        random_state=random_state,
    )  # fmt: skip
    seconds = _fit(model, X, y, y_std=rows.sigma)
    V = model.localize(X) * to_mev
    at = int(np.argmin(np.abs(rows.r_out * fm - 0.402)))
    metrics = {
        "seconds": seconds,
        "chi2_per_point": float(np.mean(((model.predict(X) - y) / rows.sigma) ** 2)),
        "effective_mev_at_0.4_fm": {
            source: float(V[rows.labels.index((source, 13)), at]) for source in ("wall", "exp")
        },
    }
    k, published = _published_phases(Path(path), to_mev)
    delta = np.rad2deg(model.phase_shift(k))
    table = [[f"{q * to_mev:.0f}", f"{mine:.2f}", *theirs] for q, mine, theirs in
             zip(k, delta, _columns(published, len(k)), strict=True)]  # fmt: skip
    metrics["delta_deg"] = delta.tolist()
    return Section(
        "ΞΞ(¹S₀) at m_π = 510 MeV, L = 64",
        f"One local + non-local potential from wall and smeared sources at t = {times[0]} … "
        f"{times[-1]}. V_eff(0.402 fm) at t = 13: wall "
        f"{metrics['effective_mev_at_0.4_fm']['wall']:.1f} MeV (data 48.2(7)), smeared "
        f"{metrics['effective_mev_at_0.4_fm']['exp']:.1f} MeV (data 80.7(2.6)). Squared residual "
        f"per point {metrics['chi2_per_point']:.2f}. Statistical errors of δ come from "
        "refitting jackknife bins and are not part of this table.",
        ["k / MeV", "δ / °", "published δ / ° (V0 + V2∇², t = 13)"],
        table,
        _draw_xixi(model, X, y, rows, k, delta, published, fm, to_mev),
        metrics,
    )


def _published_phases(path, to_mev):
    """Momenta (lattice units) and, if the published file is there, (δ, error) in degrees."""
    file = path.with_name("xixi_1s0_published.npz")
    if not file.is_file():
        return np.sqrt(np.linspace(0.01, 0.6, 12)) * 510.0 / to_mev, None
    with opened(file) as archive, named_errors(file):
        k2 = archive.array("k2_n2lo_w_v2_t13")
        bins = archive.array("delta_n2lo_w_v2_t13_jk")
        bins = np.rad2deg(np.unwrap(bins, axis=1, period=np.pi))
    some = np.arange(5, len(k2), 8)
    error = np.sqrt(len(bins) - 1) * bins.std(axis=0)
    return np.sqrt(k2[some]), (bins.mean(axis=0)[some], error[some])


def _columns(published, n):
    if published is None:
        return [["–"]] * n
    return [[f"{value:.2f} ± {error:.2f}"] for value, error in zip(*published, strict=True)]


def _draw_xixi(model, X, y, rows, k, delta, published, fm, to_mev):
    figure, axes = _figure(1, 3, width=17)
    r = rows.r_out * fm
    V, data = model.localize(X) * to_mev, y / X[:, : y.shape[1]] * to_mev
    error = rows.sigma / np.abs(X[:, : y.shape[1]]) * to_mev
    for (source, t), fit, points, bars in zip(rows.labels, V, data, error, strict=True):
        if t == 13:
            line = axes[0].plot(r, fit, label=f"{source}, U learned", zorder=3)[0]
            axes[0].errorbar(r, points, bars, fmt=".", ms=3, color=line.get_color(), alpha=0.4)
    axes[0].set(xlim=(0.15, 2.2), ylim=(-50, 150), xlabel="r / fm", ylabel="V_eff / MeV")
    axes[0].set_title("localised, t = 13: points are data")
    axes[0].legend()
    near = np.linspace(0.2, 14.0, 60)
    U = model.predict_potential(near, near)
    PotentialDisplay(U * to_mev / fm**3, near * fm).plot([axes[1]], units=("fm", "MeV"))
    axes[1].set_title("non-local part")
    reference = None if published is None else (k * to_mev, *np.deg2rad(published))
    PhaseShiftDisplay(np.deg2rad(delta), k * to_mev, reference=reference, name="learned U").plot(
        axes[2], units="MeV"
    )
    return {"xixi": figure}


def _fit(model, X, y, **arrays):
    """Return the seconds of a fit; the table, not a warning, tells what it missed."""
    begin = time.perf_counter()
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, MisfitWarning, UnderdeterminedWarning):
            warnings.simplefilter("ignore", category)
        model.fit(X, y, **arrays)
    return time.perf_counter() - begin


def _quietly(function, *arguments):
    """Phase shifts of potentials that do not decay: the report shows their errors instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        return function(*arguments)


def _figure(n_rows, n_columns, *, width):
    check_matplotlib()
    from matplotlib.figure import Figure

    size = (width, 0.8 * width * n_rows / n_columns)
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
