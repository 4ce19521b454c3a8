"""The pictures of the landing page: correlators, the interaction that they train, phase shifts.

``python docs/images/landing.py`` writes them beside itself, in seconds, for light and dark pages.
The correlators are synthetic, so that the truth is known: a core and a pocket, two quark
sources, twenty bins, noise 1e-3.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum
from halkit.resampling import blocks
from halkit.scattering import phase_shift
from halkit.units import to_fm, to_mev

INVERSE_SPACING = 2192.0  # MeV, a = 0.09 fm
MASS = 0.8
TRUTH = GaussianSum.from_ranges([0.25, -0.085], [2.6, 6.0])
INK = {"light": "#1b1f24", "dark": "#e8e8e8"}
COLOURS = {"light": ["#0b5fa5", "#b3430f"], "dark": ["#6cb6ff", "#ffa26b"]}


def fitted():
    """Return correlators, and a fit to all their bins."""
    data = make_time_dependent(
        TRUTH, r=np.arange(1, 49) * 0.5, box_radius=32.0, hadron_mass=MASS, times=range(9, 18),
        noise=1e-3, noise_floor=0.03, n_bins=20, random_state=0,
    )  # fmt: skip
    model = CorrelatorRegressor(GaussianProcessPotentialRegressor(local="only"), times=[12, 13, 14])
    return data.correlators, model.fit(blocks(data.correlators))


def draw_band(ax, x, value, error, colour, label=None):
    """Draw a curve with its error."""
    ax.plot(x, value, color=colour, label=label)
    ax.fill_between(x, value - error, value + error, color=colour, alpha=0.35, lw=0)


def draw_correlators(ax, correlators, _model, colours, _ink):
    """Draw R of both sources at one time, over its largest value."""
    r = to_fm(correlators.r, inverse_spacing=INVERSE_SPACING)
    for colour, (source, R) in zip(colours, correlators.R.items(), strict=True):
        bins = R[4] / R[4].mean(axis=0).max()
        error = np.sqrt(len(bins) - 1) * bins.std(axis=0)
        name = {"wall": "wall source", "exp": "smeared source"}[source]
        ax.errorbar(r, bins.mean(axis=0), error, fmt=".", color=colour, label=name)
    ax.set(title="correlators", xlabel="r [fm]", ylabel="R(t, r) / max", ylim=(0, None))
    ax.legend(frameon=False)


def draw_interaction(ax, _correlators, model, colours, ink):
    """Draw V(r) with its error, and the truth."""
    r = np.linspace(0.5, 17.0, 200)
    x = to_fm(r, inverse_spacing=INVERSE_SPACING)
    value, error = (
        to_mev(v, inverse_spacing=INVERSE_SPACING)
        for v in model.local_potential(r, return_std=True)
    )
    draw_band(ax, x, value, error, colours[0], "V(r)")
    ax.plot(
        x, to_mev(TRUTH(r), inverse_spacing=INVERSE_SPACING), "--", color=ink, lw=1, label="truth"
    )
    ax.set(title="interaction", xlabel="r [fm]", ylabel="V [MeV]")
    ax.legend(frameon=False, loc="upper right")


def draw_phase_shift(ax, _correlators, model, colours, ink):
    """Draw δ(k) with its error, and the truth."""
    k = np.linspace(0.003, 0.25, 80)
    delta, error = np.rad2deg(model.phase_shift(k, return_std=True))
    x = to_mev(k, inverse_spacing=INVERSE_SPACING)
    draw_band(ax, x, delta, error, colours[1], "δ(k)")
    exact = np.rad2deg(phase_shift(TRUTH, k, reduced_mass=MASS / 2))
    ax.plot(x, exact, "--", color=ink, lw=1, label="truth")
    ax.set(title="phase shift", xlabel="k [MeV]", ylabel="δ [degrees]")
    ax.legend(frameon=False)


PANELS = {
    "correlators": draw_correlators,
    "interaction": draw_interaction,
    "phase_shift": draw_phase_shift,
}


def main():
    """Write one picture for each panel and theme."""
    correlators, model = fitted()
    for theme, ink in INK.items():
        colour = dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink
        )
        settings = {**colour, "axes.spines.top": False, "axes.spines.right": False, "font.size": 11}
        for name, draw in PANELS.items():
            with pyplot.rc_context(settings | {"svg.hashsalt": "halkit"}):
                figure, ax = pyplot.subplots(figsize=(4.2, 3.3), layout="constrained")
                draw(ax, correlators, model, COLOURS[theme], ink)
                path = Path(__file__).parent / f"landing_{name}_{theme}.svg"
                figure.savefig(path, transparent=True, metadata={"Date": None})
                pyplot.close(figure)


if __name__ == "__main__":
    main()
