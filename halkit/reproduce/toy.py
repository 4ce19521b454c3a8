"""The separable potential of Aoki and Doi, learned by five networks, each with more physics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from halkit.datasets import make_separable
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.potentials import NonLocalPotentialRegressor
from halkit.report import Section, Table
from halkit.reproduce.parts import figures_of, quietly, timed_fit
from halkit.resampling import JackknifeRegressor

__all__ = ["LADDER", "toy_model"]

MASS = 3.3
UNITS = ("1/μ", "μ")
BEST = "separable (default)"
LADDER: dict[str, dict[str, Any]] = {
    "plain": {"network": "plain", "hidden_layer_sizes": (16, 16), "envelope": None},
    "symmetric": {"network": "symmetric", "envelope": None},
    "symmetric + regulator": {"network": "symmetric", "envelope": None, "regulator": 1.0},
    "symmetric + envelope": {"network": "symmetric"},
    BEST: {},
}
FORMS = {
    "plain": "f(r, r')",
    "symmetric": "g(f(r) + f(r'))",
    "symmetric + regulator": "the same, λ⟨U²⟩ in the loss",
    "symmetric + envelope": "e(r) e(r') g(f(r) + f(r'))",
    BEST: "Σ ± h(r) h(r')",
}


def toy_model(*, n_seeds: int = 4, random_state: int = 0) -> Section:
    """Fit the five networks, each from several starts, and compare them with the truth.

    Parameters
    ----------
    n_seeds : int
        Number of further starts of each network, 2 at least.
    random_state : int
        Seed of the starts.
    """
    d = make_separable()
    fits, seconds = {}, {}
    for name, settings in LADDER.items():
        model = NonLocalPotentialRegressor(
            d.r, reduced_mass=MASS, n_init=1, random_state=random_state, **settings
        )
        fits[name] = JackknifeRegressor(model, resample="seeds", n_seeds=n_seeds)
        seconds[name] = timed_fit(fits[name], d.data, d.target)[0] / (1 + n_seeds)
    inside, beyond = (np.linspace(*ends, 200) for ends in ((0.05, 1.0), (1.0, 1.5)))
    errors = {name: _errors(fit, d, inside) for name, fit in fits.items()}
    metrics = {
        name: _numbers(fit, d)
        | _summary(errors[name].max(axis=1), "delta_deg")
        | _summary(_errors(fit, d, beyond).max(axis=1), "delta_beyond_deg")
        | {"seconds": seconds[name]}
        for name, fit in fits.items()
    }
    columns = ["error_u", "error_delta_deg", "worst_delta_deg",
               "error_delta_beyond_deg", "worst_delta_beyond_deg", "seconds"]  # fmt: skip
    rows = [
        [name, FORMS[name], *(f"{metrics[name][column]:.2g}" for column in columns)]
        for name in LADDER
    ]
    return Section(
        "Toy model: what each prior does",
        "Ten wave functions of U = ω exp(−μ(r + r')), k = 0.01 … 1 μ, on 100 nodes up to "
        f"12.5/μ, and {1 + n_seeds} starts of each network. The error of U is its relative "
        "Frobenius norm with the measure as weight, that of δ the largest in an interval of k; "
        "medians over the starts, and the worst start. In this order, the networks are free; "
        "symmetric under exchange; with a loss that grows with U beyond 0.8 r_max; with a learned "
        "exponential e that makes U decay; of low rank, the default. Bands of δ and the standard "
        "deviation of U are the spread over starts: data without noise have no statistical error.",
        look=_look(metrics),
        tables=[Table([
            "network", "U(r, r')", "error of U", "error of δ / °, k < μ", "worst / °",
            "error of δ / °, k = 1 … 1.5 μ", "worst / °", "seconds",
        ], rows)],
        figures=_draw(fits, d, inside, errors),
        metrics=metrics,
    )  # fmt: skip


def _look(metrics):
    """What the envelope and the regulator do to U, in the numbers of this run."""
    percent = {name: f"{100 * numbers['error_u']:.2g}~%" for name, numbers in metrics.items()}
    parts = ", ".join(f"{value} ({name})" for name, value in percent.items())
    return (
        "Ten waves determine six directions of U, and the prior does the rest. Median error of U: "
        f"{parts}. An envelope helps more than the exchange symmetry or the regulator."
    ).replace("~", "\N{NO-BREAK SPACE}")


def _errors(fit, d, k):
    """Errors of δ in degrees, (starts, momenta)."""
    exact = d.interaction.phase_shift(k, reduced_mass=MASS)
    return np.abs(np.rad2deg([quietly(model.phase_shift, k) - exact for model in _members(fit)]))


def _members(fit):
    return [fit.estimator_, *fit.estimators_]


def _summary(values, name):
    return {f"error_{name}": float(np.median(values)), f"worst_{name}": float(np.max(values))}


def _numbers(fit, d):
    norm = np.sqrt(np.outer(d.weights, d.weights))
    scale = np.linalg.norm(norm * d.potential)
    off = [np.linalg.norm(norm * (model.potential_ - d.potential)) for model in _members(fit)]
    residual = np.sqrt([model.loss_ for model in _members(fit)])
    return {"residual": float(np.median(residual)), "error_u": float(np.median(off) / scale)}


def _draw(fits: Mapping[str, Any], d: Any, k: Any, errors: Mapping[str, Any]) -> dict[str, Any]:
    near, best, some = d.r < 5, fits[BEST], [0, 4, 9]
    U, std = best.predict_potential(d.r[near], d.r[near], return_std=True)
    figures, axes = figures_of("toy", ["u", "truth", "u_std", "localised", "phase_shift", "error"])
    display = PotentialDisplay(
        U, d.r[near], potential_std=std, truth=d.potential[np.ix_(near, near)]
    )
    display.plot([axes["u"], axes["truth"], axes["u_std"]], units=UNITS)
    for image in display.images_:
        image.colorbar.set_label("$4\\pi r r' U(r, r')$ [μ²]")
    axes["u"].set_title("U learned, separable network")
    axes["truth"].set_title("U, the truth")
    axes["u_std"].set_title(f"spread over {len(best.estimators_)} starts")
    labels = [f"k = {d.k[i]:.2f} μ" for i in some]
    LocalPotentialDisplay(best.localize(d.data[some]), d.r, labels=labels).plot(
        axes["localised"], units=UNITS
    )
    axes["localised"].plot(d.r, (d.target[some] / d.data[some]).T, "k:", lw=1)
    axes["localised"].set(xlim=(0, 6), ylim=(-0.3, 0.1), title="localised U; dots: truth")
    delta, spread = best.phase_shift(k, return_std=True)
    exact = d.interaction.phase_shift(k, reduced_mass=MASS)
    PhaseShiftDisplay(
        delta, k, phase_shift_std=spread, truth=exact, name="separable network"
    ).plot(axes["phase_shift"], units="μ")  # fmt: skip
    _draw_errors(axes["error"], k, errors)
    return figures


def _draw_errors(ax, k, errors):
    """Errors of δ of each network: the median, and from the best to the worst start."""
    for i, (name, values) in enumerate(errors.items()):
        ax.fill_between(k, values.min(axis=0), values.max(axis=0), color=f"C{i}", alpha=0.2, lw=0)
        ax.semilogy(k, np.median(values, axis=0), color=f"C{i}", label=name)
    ax.set(xlabel="$k$ [μ]", ylabel="error of $\\delta$ [deg]")
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, 1e-6), high * (high / max(low, 1e-6)) ** 0.5)
    ax.legend(loc="upper left", ncols=2, fontsize="small")
