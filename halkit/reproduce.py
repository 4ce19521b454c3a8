"""The main job as a report: toy model, synthetic correlators, real correlators.

Each experiment fits potentials through the public estimators, compares them with the
truth or with the published result, and returns a `Section`. `reproduce` writes them as
``index.html`` with pictures, and their numbers as ``metrics.json``.
"""

import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from halkit.correlators import load_correlators
from halkit.correlators.files import opened
from halkit.correlators.limits import named_errors
from halkit.datasets import make_separable, make_time_dependent
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.equations import lattice_rows
from halkit.exceptions import AccuracyWarning, MisfitWarning, UnderdeterminedWarning
from halkit.interactions import Separable, omega_ccc
from halkit.potentials import (
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
    leading_order,
)
from halkit.report import Section, check_matplotlib, make_folder, run_sections
from halkit.resampling import JackknifeRegressor
from halkit.scattering import phase_shift
from halkit.units import HBARC

__all__ = ["omega_ccc_like", "reproduce", "toy_model", "xixi", "xixi_rows"]

TIMES = (12, 13, 14, 15)
SOURCES = {"exp": "smeared"}
TOY_UNITS = ("1/μ", "μ")
N_SEEDS = 4
N_MESH = 64
BANDS = (
    "Bands are jackknife errors to first order in the parameters; those of δ count forces within "
    "the radius of the data, beyond which the tail adds 10 to 15 % to them at low momenta."
)
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
    d, mass, k = make_separable(), 3.3, np.linspace(0.05, 1.0, 200)
    exact = d.interaction.phase_shift(k, reduced_mass=mass)
    w = np.sqrt(np.outer(d.weights, d.weights))
    models, deltas, rows, metrics = {}, {}, [], {}
    for name, settings in LADDER.items():
        model = NonLocalPotentialRegressor(
            d.r, reduced_mass=mass, n_init=1, random_state=random_state, **settings
        )
        seconds = _fit(model, d.data, d.target)
        error = w * (model.potential_ - d.potential)
        deltas[name] = np.abs(np.rad2deg(_quietly(model.phase_shift, k) - exact))
        numbers = {
            "residual": float(np.sqrt(model.loss_)),
            "error_u": float(np.linalg.norm(error) / np.linalg.norm(w * d.potential)),
            "error_delta_deg": float(deltas[name].max()),
            "seconds": seconds,
            "iterations": model.n_iter_,
        }
        models[name], metrics[name] = model, numbers
        rows.append([name, *(f"{v:.2g}" for v in numbers.values())])
    return Section(
        "Toy model: U = ω exp(−μ(r + r'))",
        "Ten wave functions, k = 0.01 … 1, on 100 nodes up to r = 12.5 (μ = 1). The error of U "
        "is its relative Frobenius norm with the measure as weight; the error of δ, in degrees, is "
        "the largest for k = 0.05 … 1. The band of δ and the standard deviation of U are those of "
        f"{N_SEEDS} seeds of the separable network; without noise there is no statistical error.",
        ["network", "residual", "error of U", "error of δ / °", "seconds", "iterations"],
        rows,
        _draw_toy(models, d, k, exact, deltas),
        metrics,
    )


def _draw_toy(models, d, k, exact, deltas):
    near, best, some = d.r < 5, models["separable (default)"], [0, 4, 9]
    seeds = JackknifeRegressor(clone(best), resample="seeds", n_seeds=N_SEEDS)
    _fit(seeds, d.data, d.target)
    U, std = seeds.predict_potential(d.r[near], d.r[near], return_std=True)
    figures, axes = _figures("toy", ["u", "u_std", "truth", "localised", "phase_shift", "error"])
    display = PotentialDisplay(
        U, d.r[near], potential_std=std, truth=d.potential[np.ix_(near, near)]
    )
    display.plot([axes["u"], axes["truth"], axes["u_std"]], units=TOY_UNITS)
    for image in display.images_:
        image.colorbar.set_label("$4\\pi r r' U(r, r')$ [μ²]")
    axes["u"].set_title("U learned, separable network")
    axes["truth"].set_title("U, the truth")
    axes["u_std"].set_title(f"spread over {N_SEEDS} seeds")
    labels = [f"k = {d.k[i]:.2f} μ" for i in some]
    LocalPotentialDisplay(best.localize(d.data[some]), d.r, labels=labels).plot(
        axes["localised"], units=TOY_UNITS
    )
    axes["localised"].plot(d.r, (d.target[some] / d.data[some]).T, "k:", lw=1)
    axes["localised"].set(xlim=(0, 6), ylim=(-0.3, 0.1), title="localised U; dots: truth")
    delta, spread = seeds.phase_shift(k, return_std=True)
    PhaseShiftDisplay(
        delta, k, phase_shift_std=spread, truth=exact, name="separable network"
    ).plot(axes["phase_shift"], units="μ")  # fmt: skip
    for name, values in deltas.items():
        axes["error"].semilogy(k, values, label=name)
    axes["error"].set(xlabel="$k$ [μ]", ylabel="error of $\\delta$ [deg]")
    low, high = axes["error"].get_ylim()
    axes["error"].set_ylim(low, high * (high / low) ** 0.5)
    axes["error"].legend(loc="upper left", ncols=2, fontsize="small")
    return figures


def omega_ccc_like(*, random_state=0, noise=1e-4):
    """Correlators of two sources with a local and a non-local potential, and their phases."""
    mass, spacing = 2.073, HBARC / 2333.0
    truth = omega_ccc(inverse_spacing=2333.0) + Separable(-4e-5, 0.3)
    d = make_time_dependent(
        truth, r=np.arange(1, 61) * 0.5, box_radius=48.0, hadron_mass=mass, n_bins=20,
        times=np.arange(22, 31), source_radius=1.5, noise=noise, random_state=random_state,
    )  # fmt: skip
    energy = np.geomspace(1.0, 300.0, 200)
    k = np.sqrt(mass * energy / 2333.0)
    exact = phase_shift(truth, k, reduced_mass=mass / 2)
    rows, metrics, curves, told = [], {}, {}, ""
    for name, local in (("local + separable", True), ("local only", "only")):
        model = TimeDependentHALRegressor(
            d.r, hadron_mass=mass, local=local, weight_decay=0.1, random_state=random_state
        )
        jackknife, seconds = _jackknife(model, d.rows)
        *curves[name], warned = _phases(jackknife, k, d.r[-1])
        told += warned and f" {name.capitalize()}:{warned}"
        error = np.abs(np.rad2deg(curves[name][0] - exact)).max()
        metrics[name] = {"error_delta_deg": float(error), "seconds": seconds}
        rows.append([name, f"{error:.2g}", f"{seconds:.2g}"])
    figures, axes = _figures("omega_ccc", ["phase_shift", "distance"])
    for (name, (delta, std)), color in zip(curves.items(), ("C0", "C1"), strict=True):
        for ax, centre in ((axes["phase_shift"], 0.0), (axes["distance"], exact)):
            if name != "local only" or ax is not axes["distance"]:
                PhaseShiftDisplay(
                    delta - centre, k, phase_shift_std=std, name=name, inverse_spacing=2333.0,
                    truth=exact if ax is axes["phase_shift"] and color == "C1" else None,
                ).plot(ax, reduced_mass=mass / 2, color=color)  # fmt: skip
    axes["phase_shift"].set(title="$\\Omega_{ccc}\\Omega_{ccc}$-like, ¹S₀", xscale="log")
    axes["distance"].set(ylabel="$\\delta$ − truth [deg]", xscale="log")
    return Section(
        "Synthetic correlators like Ω_ccc Ω_ccc (¹S₀)",
        f"The published three-Gaussian potential plus a separable one, in lattice units "
        f"(a = {spacing:.4f} fm, m = {mass}), wall and exponential sources, relative noise "
        f"{noise:g}. The error of δ is the largest for E = 1 … 300 MeV. {BANDS}{told}",
        ["potential", "error of δ / °", "seconds"],
        rows,
        figures,
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
    jackknife, seconds = _jackknife(model, rows)
    V, V_std = (part * to_mev for part in jackknife.localize(X, return_std=True))
    at = int(np.argmin(np.abs(rows.r_out * fm - 0.402)))
    residual = (jackknife.estimator_.predict(X) - y) / rows.sigma
    metrics = {
        "seconds": seconds,
        "chi2_per_point": float(np.mean(residual**2)),
        "effective_mev_at_0.4_fm": {
            source: float(V[rows.labels.index((source, 13)), at]) for source in ("wall", "exp")
        },
    }
    k, published = _published_phases(Path(path), to_mev)
    fine = np.linspace(10.0, 400.0, 200) / to_mev
    *angles, told = _phases(jackknife, [*k, *fine], rows.r[-1])
    delta, std = map(np.rad2deg, angles)
    table = [[f"{q * to_mev:.0f}", f"{mine:.2f} ± {error:.2f}", *theirs]
             for q, mine, error, theirs in
             zip(k, delta, std, _columns(published, len(k)), strict=False)]  # fmt: skip
    metrics |= {"delta_deg": delta[: len(k)].tolist(), "delta_std_deg": std[: len(k)].tolist()}
    curve = fine, delta[len(k) :], std[len(k) :]
    return Section(
        "ΞΞ(¹S₀) at m_π = 510 MeV, L = 64",
        f"One local + non-local potential from wall and smeared sources at t = {times[0]} … "
        f"{times[-1]}. V_eff(0.402 fm) at t = 13: wall "
        f"{metrics['effective_mev_at_0.4_fm']['wall']:.1f} MeV (data 48.2(7)), smeared "
        f"{metrics['effective_mev_at_0.4_fm']['exp']:.1f} MeV (data 80.7(2.6)). Squared residual "
        f"per point {metrics['chi2_per_point']:.2f}. {BANDS}{told}",
        ["k / MeV", "δ / °", "published δ / ° (V0 + V2∇², t = 13)"],
        table,
        _draw_xixi(jackknife, rows, (V, V_std), k, curve, published, to_mev),
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


def _draw_xixi(jackknife, rows, potentials, k, curve, published, to_mev):
    figures, axes = _figures("xixi", ["phase_shift", "potential", "u", "u_std"])
    fm = HBARC / to_mev
    data = leading_order(rows)
    far, at_13 = data.r * fm > 0.34, [i for i, (_, t) in enumerate(rows.labels) if t == 13]
    V, V_std = (part[at_13][:, far] for part in potentials)
    points = [part[at_13][:, far] * to_mev for part in (data.V, data.V_std)]
    names = [f"{SOURCES.get(source, source)}, t = 13" for source, t in rows.labels if t == 13]
    LocalPotentialDisplay(
        V, data.r[far] * fm, potential_std=V_std, labels=[f"{name}: from U" for name in names],
        data=(data.r[far] * fm, *points), data_labels=[f"{name}: data" for name in names],
    ).plot(axes["potential"], units=("fm", "MeV"))  # fmt: skip
    axes["potential"].set_title("ΞΞ(¹S₀), localised U")
    near = np.linspace(0.2, 14.0, 60)
    U, std = jackknife.predict_potential(near, near, return_std=True)
    PotentialDisplay(U, near, potential_std=std, inverse_spacing=to_mev).plot(
        [axes["u"], axes["u_std"]]
    )
    axes["u"].set_title("ΞΞ(¹S₀), non-local part")
    axes["u_std"].set_title("its statistical error")
    momenta, delta, error = curve
    reference = None if published is None else (k, *np.deg2rad(published))
    PhaseShiftDisplay(
        np.deg2rad(delta), momenta, phase_shift_std=np.deg2rad(error), reference=reference,
        name="ΞΞ(¹S₀), V + U", reference_name="published, V0 + V2∇²", inverse_spacing=to_mev,
    ).plot(axes["phase_shift"])  # fmt: skip
    return figures


def _jackknife(model, rows):
    """Return fits of the bins, to first order, and the seconds that they took."""
    jackknife = JackknifeRegressor(model, resample=rows.kind, refit="linear")
    return jackknife, _fit(jackknife, rows.data, rows.target, y_std=rows.sigma)


def _phases(jackknife, k, radius):
    """Return δ of the fit to the mean, the errors of the bins with forces within the radius, and
    what the fit warns of.
    """
    k = np.asarray(k)
    delta = _quietly(jackknife.estimator_.phase_shift, k)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore", AccuracyWarning)
        warnings.simplefilter("always", UnderdeterminedWarning)
        _, std = jackknife.phase_shift(k, channel_radius=radius, n_mesh=N_MESH, return_std=True)
    return delta, std, "".join(f" {warning.message}, in units of a." for warning in told)


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


def _figures(section, names):
    """Figures of one panel each, by name, and their axes: a page may put them side by side."""
    check_matplotlib()
    from matplotlib.figure import Figure

    figures = {f"{section}_{name}": Figure((5.4, 3.8), layout="constrained") for name in names}
    axes = [figure.subplots() for figure in figures.values()]
    return figures, dict(zip(names, axes, strict=True))
