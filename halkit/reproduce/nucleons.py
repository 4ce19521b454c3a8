"""Two nucleons: the ¹S₀ potential and the tensor force of Argonne v18, learned from correlators."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from halkit import datasets
from halkit.channels import Channel
from halkit.displays import draw_band
from halkit.interactions import av18
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.report import Section, Table
from halkit.reproduce.parts import figures_of
from halkit.resampling import JackknifeRegressor, quote
from halkit.scattering import (
    coupled_bound_states,
    coupled_phase_shifts,
    phase_shift,
    scattering_length,
)
from halkit.typing import Array
from halkit.units import from_mev, to_mev

__all__ = ["two_nucleons"]

ENERGIES = np.array([1.0, 5, 10, 25, 50, 75, 100, 125, 150, 175])
ANGLES = {
    "1s0": ("δ(¹S₀)", "\\delta(^1S_0)"),
    "delta_1": ("δ₁(³S₁)", "\\bar\\delta_1(^3S_1)"),
    "delta_2": ("δ₂(³D₁)", "\\bar\\delta_2(^3D_1)"),
    "mixing": ("ε₁", "\\bar\\varepsilon_1"),
}
DATA: dict[str, Any] = {
    "r": np.arange(1, 81) * 0.1, "box_radius": 10.0, "times": 0.09 * np.arange(9, 19),
    "source_radius": 0.8,
}  # fmt: skip
WIDTHS = np.geomspace(0.1, 4.0, 18)


class Learned(NamedTuple):
    """Each as (value, error, truth): angles in radians at energies, numbers, V(r) in MeV."""

    angles: dict[str, Array]
    numbers: dict[str, Array]
    potential: dict[str, Array]


def two_nucleons(*, random_state: int = 0, noise: float = 3e-4, n_bins: int = 20) -> Section:
    """Learn both potentials from synthetic correlators; phases, mixing and the deuteron."""
    settings = DATA | {"noise": noise, "n_bins": n_bins, "random_state": random_state}
    E = np.union1d(np.linspace(1.0, 175.0, 30), ENERGIES)
    parts = zip(_singlet(settings, E), _triplet(settings, E), strict=True)
    angles, numbers, potential = (one | other for one, other in parts)
    angles = {name: np.rad2deg(values) for name, values in angles.items()}
    at = np.searchsorted(E, ENERGIES)
    off = {name: (v[0] - v[2])[at] for name, v in angles.items()}
    pulls = {name: off[name] / v[1][at] for name, v in angles.items()}
    rms = {name: float(np.sqrt(np.mean(pull**2))) for name, pull in pulls.items()}
    deuteron = numbers["deuteron: E / MeV"]
    return Section(
        "Two nucleons: a central and a tensor force, learned",
        "Correlators of the Argonne v18 potential without electromagnetic terms: wall and smeared "
        "sources for ¹S₀, flat S- and D-wave sources for ³S₁–³D₁; r = 0.1 … 8 fm, ten times, 0.81 "
        f"… 1.62 fm, {n_bins} bins, relative noise {noise:g}. A Gaussian process with eighteen "
        "Gaussians, 0.1 … 4 fm, learns local potentials. Bar phases; bands are jackknife errors.",
        look="Phases of ten energies E_cm up to 175 MeV differ from the truth by, in errors (rms), "
        + ", ".join(f"{rms[name]:.1f} ({ANGLES[name][0]})" for name in ANGLES)
        + f". The fit binds the deuteron at {_minus(quote(*deuteron[:2]))} MeV; the truth is "
        f"{_minus(format(deuteron[2], '.3f'))} MeV.",
        tables=_tables(at, E, angles, numbers),
        figures=_draw(E, angles, potential),
        metrics={
            "error_deg": {name: float(np.abs(x).max()) for name, x in off.items()},
            "rms_pull": rms,
            "numbers": {name: [float(x) for x in values] for name, values in numbers.items()},
        },
    )  # fmt: skip


def _minus(number):
    return number.replace("-", "−")


def _tables(at, E, angles, numbers):
    names = [f"{name} {end}" for name, _ in ANGLES.values() for end in ("/ °", "error", "truth")]
    phases = np.reshape([angles[name] for name in ANGLES], (-1, len(E))).T
    rows = [[f"{E[i]:.0f}", *(f"{x:.3f}" for x in phases[i])] for i in at]
    others = [[name, *(f"{x:.4g}" for x in values)] for name, values in numbers.items()]
    return [
        Table(["E_cm / MeV", *names], rows),
        Table(["quantity", "learned", "error", "truth"], others),
    ]


def _singlet(settings, energy):
    truth = av18("1S0")
    mass = truth.reduced_mass
    d = datasets.make_time_dependent(truth, hadron_mass=2 * mass, **settings)
    fit = _jackknife(d.rows, d.weights, reduced_mass=mass)
    k = np.sqrt(2 * mass * from_mev(energy))
    delta = *fit.phase_shift(k, return_std=True), phase_shift(truth, k, reduced_mass=mass)
    a0 = *fit.scattering_length(return_std=True), scattering_length(truth, reduced_mass=mass)
    V = *fit.local_potential(d.r, return_std=True), truth(d.r)
    return Learned(
        {"1s0": np.array(delta)}, {"a₀(¹S₀) / fm": np.array(a0)}, {"^1S_0": to_mev(np.array(V))}
    )


def _jackknife(rows, weights, **settings):
    potential = GaussianProcessPotentialRegressor(
        rows.r, weights=weights, local="only", local_widths=WIDTHS, **settings
    )
    return JackknifeRegressor(potential).fit(rows.data, rows.target, y_std=rows.pooled_sigma())


def _triplet(settings, energy):
    truth = av18("3S1-3D1")
    channels = [Channel(l=l, masses=2 * truth.reduced_mass) for l in (0, 2)]
    d = datasets.make_coupled(truth, channels=channels, operators=[[1, 0], [0, 1]], **settings)
    fit = _jackknife(d.rows.select(sources=("wall 1", "wall 2")), d.weights, channels=channels)
    E = from_mev(energy)
    exact = coupled_phase_shifts(truth, E, channels=channels)
    waves = *fit.phase_shift(energy=E, return_std=True), exact
    angles = {f"delta_{a + 1}": np.array([w.phase_shift[:, a] for w in waves]) for a in (0, 1)}
    known = coupled_bound_states(truth, channels=channels)
    states = *fit.bound_states(return_std=True), known
    numbers = {
        "E / MeV": [to_mev(x.energy) for x in states],
        "D state / %": [100 * x.probability[..., 1] for x in states],
        "radius / fm": [x.rms_radius / 2 for x in states],
    }
    V = to_mev(np.array([*fit.local_potential(d.r, return_std=True),
                         np.moveaxis(truth.matrix(d.r), 0, -1)]))  # fmt: skip
    return Learned(
        angles | {"mixing": np.array([w.mixing for w in waves])},
        {f"deuteron: {name}": np.ravel(values) for name, values in numbers.items()},
        {"^3S_1": V[:, 0, 0], "tensor": V[:, 0, 1] / np.sqrt(8)},
    )


def _draw(E: Any, angles: Any, potential: Any) -> dict[str, Any]:
    names = ["potential", "tensor", *(f"{name}_phase_shift" for name in ANGLES), "distance"]
    figures, axes = figures_of("nn", names)
    tensor = potential.pop("tensor")
    _potentials(axes["potential"], {f"$V_C({name})$": V for name, V in potential.items()})
    _potentials(axes["tensor"], {"$V_T$": tensor})
    axes["potential"].set_ylim(-130, 200)
    axes["tensor"].set_ylim(-160, 20)
    for i, (name, (text, symbol)) in enumerate(ANGLES.items()):
        ax, (value, error, truth) = axes[f"{name}_phase_shift"], angles[name]
        draw_band(ax, E, value, error, label="learned")
        draw_band(ax, E, truth, color="k", linestyle="--", label="Argonne v18")
        ax.set(ylabel=f"${symbol}$ [deg]", title="NN")
        draw_band(axes["distance"], E, value - truth, error, label=text, color=f"C{i}")
        for panel in (ax, axes["distance"]):
            panel.set_xlabel("$E_\\mathrm{cm}$ [MeV]")
            panel.legend()
    axes["distance"].axhline(0, color="k", lw=0.8)
    axes["distance"].set(ylabel="learned − truth [deg]", title="NN, all phases")
    return figures


def _potentials(ax, curves):
    for name, (value, error, truth) in curves.items():
        draw_band(ax, DATA["r"], value, error, label=name)
        draw_band(ax, DATA["r"], truth, color="k", linestyle="--")
    ax.set(xlim=(0.2, 3), xlabel="$r$ [fm]", ylabel="$V(r)$ [MeV]", title="NN; dashed: truth")
    ax.legend()
