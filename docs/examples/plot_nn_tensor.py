"""
The tensor force of two nucleons
================================

Central and tensor potentials of the Argonne v18 potential in ³S₁–³D₁ are learned from correlators
of an S-wave and of a D-wave source,

.. math:: V_{11} = V_C, \\quad V_{12} = \\sqrt 8\\, V_T, \\quad V_{22} = V_C - 2 V_T - 3 V_{LS},

and give bar phases, the mixing angle and the deuteron. Quadratic forces are part of V_22, as V_LS
is. Lengths in fm.
"""

# %%
# Correlators
# -----------
# The sources are flat (wall sources) with the angular momentum of the S or of the D wave; R has
# both waves in either case, which the tensor force mixes. Ten times 0.81 … 1.62 fm, twenty bins,
# relative noise 1e-4. A third source, S wave with another smearing, serves for comparison. The four
# times of a source share their relative errors, which twenty bins know to 16 % only.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from halkit import Channel, GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.datasets import make_coupled
from halkit.displays import draw_band
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import av18
from halkit.scattering import coupled_bound_states, coupled_phase_shifts
from halkit.units import from_mev, to_mev

truth = av18("3S1-3D1")
channels = [Channel(l=l, masses=2 * truth.reduced_mass) for l in (0, 2)]
data = make_coupled(
    truth, channels=channels, r=np.arange(1, 81) * 0.1, box_radius=10.0,
    times=0.09 * np.arange(9, 19), operators=[[1, 0], [0, 1]], source_radius=0.8, noise=1e-4,
    n_bins=20, random_state=0,
)  # fmt: skip
print(data.rows)


# %%
# Fits of local potentials
# ------------------------
# Eighteen Gaussians, 0.1 … 4 fm, span the core and the tail of one-pion exchange. V_22 acts on D
# waves alone, and S-wave sources have little of it: a fit to two of them describes its data as
# well, and warns.

energy = np.array([1.0, 5, 10, 25, 50, 75, 100, 125, 150, 175])
E = from_mev(energy)
exact = coupled_phase_shifts(truth, E, channels=channels)
potential = GaussianProcessPotentialRegressor(
    data.r, weights=data.weights, channels=channels, local="only",
    local_widths=np.geomspace(0.1, 4.0, 18),
)  # fmt: skip
V = np.moveaxis(truth.matrix(data.r), 0, -1)
choices = {
    "an S and a D source": ("wall 1", "wall 2"),
    "two S sources": ("wall 1", "exp 1"),
    "one S source": ("wall 1",),
}
models = {}
print("median and largest error of δ1, δ2, ε in degrees, E ≤ 175 MeV; error of V_22 in MeV")
for name, sources in choices.items():
    rows = data.rows.select(sources=sources)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UnderdeterminedWarning)
        models[name] = model = clone(potential).fit(*rows.mean(), y_std=rows.pooled_sigma())
    waves = model.phase_shift(E)
    angles = np.column_stack([waves.phase_shift - exact.phase_shift, waves.mixing - exact.mixing])
    angles = np.rad2deg(np.abs(angles))
    numbers = [f"{f(one):.2f}" for one in angles.T for f in (np.median, np.max)]
    off = to_mev(np.abs(model.local_potential(data.r) - V))[1, 1][(data.r > 0.5) & (data.r < 2)]
    print(f"{name:20s} χ² {model.loss_:.2f}  {'  '.join(numbers)}  V_22 {off.max():.1f}")
    for warning in told:
        print("   warns:", str(warning.message).split(":")[0])

# %%
# Phases, mixing and the deuteron
# -------------------------------
# With errors, from the S and the D source. Argonne v18 is used without its electromagnetic terms,
# and with relativistic momenta, which correlators obey.

rows = data.rows.select(sources=choices["an S and a D source"])
jackknife = JackknifeRegressor(potential).fit(rows.data, rows.target, y_std=rows.pooled_sigma())
waves, std = jackknife.phase_shift(energy=E, return_std=True)
print("E / MeV      δ1 / °                  δ2 / °                  ε / °         (truth)")
for i in (0, 2, 4, 6, 9):
    parts = [(x.phase_shift[i, 0], x.phase_shift[i, 1], x.mixing[i]) for x in (waves, std, exact)]
    values = zip(*np.rad2deg(parts), strict=True)
    print(f"{energy[i]:5.0f}" + "".join("  {:7.2f} ± {:4.2f} ({:7.2f})".format(*v) for v in values))
deuteron, deuteron_std = jackknife.bound_states(return_std=True)
known = coupled_bound_states(truth, channels=channels)
for name, unit in (("energy", to_mev(1.0)), ("probability", 100.0), ("rms_radius", 0.5)):
    value, error, exactly = (
        unit * np.ravel(getattr(x, name))[-1] for x in (deuteron, deuteron_std, known)
    )
    text = {"energy": "E / MeV", "probability": "D-state probability / %", "rms_radius": "r / fm"}
    print(f"deuteron: {text[name]} = {value:.3f} ± {error:.3f}, truth {exactly:.3f}")

# %%
# Pictures
# --------

fine = np.linspace(1.0, 175.0, 200)
curves = coupled_phase_shifts(truth, from_mev(fine), channels=channels)
learned, band = (to_mev(x) for x in jackknife.local_potential(data.r, return_std=True))
figure, ((potentials, tensor, diagonal), (first, second, mixing)) = plt.subplots(
    2, 3, figsize=(15, 8), layout="constrained"
)
elements = {
    "$V_C$": (0, 0, 1.0, "C0"),
    "$V_T$": (0, 1, np.sqrt(8), "C1"),
    "$V_{22}$": (1, 1, 1.0, "C2"),
}
for name, (a, b, factor, color) in elements.items():
    V_ab, error = learned[a, b] / factor, band[a, b] / factor
    draw_band(potentials, data.r, V_ab, error, color=color, label=name)
    draw_band(potentials, data.r, to_mev(V[a, b]) / factor, color="k", linestyle="--")
potentials.set(xlim=(0.2, 3), ylim=(-120, 200), ylabel="$V$ [MeV]", title="dashed: truth")
for ax, name in ((tensor, "$V_T$"), (diagonal, "$V_{22}$")):
    a, b, factor, _ = elements[name]
    for (label, model), style in zip(models.items(), ("C0-", "C1-.", "C3:"), strict=True):
        color, line = style[:2], style[2:]
        off = to_mev(model.local_potential(data.r)[a, b] - V[a, b]) / factor
        half = band[a, b] / factor if label.startswith("an S and a D") else None
        draw_band(ax, data.r, off, half, color=color, linestyle=line, label=label)
    ax.axhline(0.0, color="k", lw=0.9, ls="--")
    ax.set(xlim=(0.4, 3), ylim=(-15, 15), ylabel="error [MeV]", title=f"{name}, learned − truth")
for ax in (potentials, tensor, diagonal):
    ax.set_xlabel("$r$ [fm]")
potentials.legend()
tensor.legend()
for ax, of, title in (
    (first, lambda x: x.phase_shift[:, 0], "\\delta_1"),
    (second, lambda x: x.phase_shift[:, 1], "\\delta_2"),
    (mixing, lambda x: x.mixing, "\\varepsilon"),
):
    ax.plot(fine, np.rad2deg(of(curves)), "k--", lw=0.9, label="truth")
    ax.errorbar(
        energy, np.rad2deg(of(waves)), np.rad2deg(of(std)), fmt="C0o", ms=4, capsize=2,
        label="an S and a D source",
    )  # fmt: skip
    one = np.rad2deg(of(models["one S source"].phase_shift(E)))
    draw_band(ax, energy, one, color="C3", linestyle=":", label="one S source")
    ax.set(xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel=f"$\\bar{title}$ [deg]")
first.legend()
plt.show()
