"""
Kaon and nucleon: unequal masses, local and not
===============================================

The S waves of KN with isospin 0 and 1, masses 495 and 939 MeV. Two models of each isospin, V(r)
alone and V(r) + U(r, r'), have one scattering length: that of a lattice calculation at the
physical point, −0.226(5) fm for I = 1 and +0.028(61) fm for I = 0 (arXiv:2509.00838; k cot δ →
+1/a0). It is the input of the models, not a result. Lengths in fm.
"""

# %%
# Local or not: the truth
# -----------------------
# Phase shifts at low energies do not tell the models apart: those of I = 0 agree to 0.1° up to
# 10 MeV, those of I = 1 to 0.3° up to 50 MeV.

import warnings

import matplotlib.pyplot as plt
import numpy as np

from halkit import GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.datasets import make_time_dependent
from halkit.displays import draw_band
from halkit.exceptions import MisfitWarning
from halkit.interactions import KN_MASSES, kaon_nucleon_model, reduced_mass
from halkit.potentials import lattice_prior
from halkit.scattering import phase_shift, scattering_length
from halkit.units import from_mev, to_mev

masses, mass = tuple(from_mev(np.array(KN_MASSES))), reduced_mass(KN_MASSES)
energy = np.geomspace(1.0, 300.0, 200)
k = np.sqrt(2 * mass * from_mev(energy))
truths = {
    (isospin, name): kaon_nucleon_model(isospin, nonlocal_part=name == "V + U")
    for isospin in (0, 1)
    for name in ("V", "V + U")
}
exact = {case: phase_shift(V, k, reduced_mass=mass) for case, V in truths.items()}
for isospin in (0, 1):
    apart = np.rad2deg(np.abs(exact[isospin, "V"] - exact[isospin, "V + U"]))
    print(f"I = {isospin}: V and V + U differ by", end="")
    values = ((np.interp(at, energy, apart), at) for at in (10, 50, 100, 300))
    print("".join(f" {value:.2f}° at {at} MeV," for value, at in values), end="")
    a0 = scattering_length(truths[isospin, "V + U"], reduced_mass=mass, sign="lattice")
    print(f" a0 = {a0:.3f} fm")

# %%
# Correlators of unequal masses
# -----------------------------
# k²(W) of two unequal masses is an endless series of time derivatives. The default is a designed
# stencil: one weighted sum of seven slices, right for the energies that occur, here up to 600 MeV.
# In exact data of V alone it leaves y − V R smaller than derivatives do.


def correlators(isospin, name, spacing=0.1, **settings):
    return make_time_dependent(
        truths[isospin, name], r=np.arange(spacing, 4.0 + spacing / 2, spacing), box_radius=6.0,
        hadron_mass=masses, times=0.09 * np.arange(9, 19), source_radius=0.3, units="fm",
        **settings,
    )  # fmt: skip


for stencil in ("designed", 7):
    rest = []
    for isospin in (0, 1):
        d = correlators(isospin, "V", spacing=0.05, stencil=stencil)
        off = np.abs(d.target - truths[isospin, "V"](d.r) * d.data)
        rest.append(to_mev(off / np.abs(d.data).max(axis=1, keepdims=True))[:, d.r > 0.3].max())
    print(f"{stencil!s:8s} stencil: y − V R up to {rest[0]:.2f} (I = 0), {rest[1]:.2f} MeV (I = 1)")

# %%
# Local fits and U
# ----------------
# A wall source and a smeared one, 0.3 fm; noise 1e-4 of R, twenty bins. V is fitted to either
# source and to both, V + U to both.

fits = {
    "V, wall": ("only", ("wall",)),
    "V, smeared": ("only", ("exp",)),
    "V, both": ("only", ("wall", "exp")),
    "V + U, both": (True, ("wall", "exp")),
}
phases, stds = {}, {}
print("                            χ²      error of δ/°, E ≤ 10, 100, 300 MeV    a0 / fm")
for case in truths:
    isospin, name = case
    rows = correlators(*case, noise=1e-4, noise_floor=0.03, n_bins=20, random_state=isospin).rows
    for fit, (local, sources) in fits.items():
        some = rows.select(sources=sources)
        model = GaussianProcessPotentialRegressor(
            some.r, weights=some.weights, reduced_mass=mass, local=local, **lattice_prior(1.0)
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", MisfitWarning)
            model.fit(*some.mean(), y_std=some.sigma)
        phases[case, fit] = model.phase_shift(k)
        error = np.rad2deg(np.abs(phases[case, fit] - exact[case]))
        sizes = "".join(f"{error[energy <= top].max():8.2f}" for top in (10, 100, 300))
        a0 = f"{model.scattering_length(sign='lattice'):8.4f}"
        if local is True:
            bins = JackknifeRegressor(model).fit(some.data, some.target, y_std=some.sigma)
            stds[case] = bins.phase_shift(k, return_std=True)[1]
            a0 += f" ± {bins.scattering_length(return_std=True)[1]:.4f}"
        a0 += "  MisfitWarning" * bool(told)
        print(f"I = {isospin}, {name:5s} by {fit:12s}{model.loss_:6.2f}{sizes}               {a0}")

# %%
# The potential of the wall source is right at low energies, within the noise, and fails above
# 100 MeV; that of the smeared source is right at the energies of that source, and fails near
# threshold. Each describes its own source; one V cannot describe both, as χ² says. V + U is
# right at all energies; on data of V alone it adds nothing to V.

figure, axes = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
styles = {"V, wall": ("C1", "-."), "V, smeared": ("C2", ":")}
for isospin, ax in enumerate(axes[:2]):
    case = isospin, "V + U"
    for name, color in (("V + U", "k"), ("V", "0.6")):
        label = "truth, V + U" if name == "V + U" else "the other truth, V"
        draw_band(ax, energy, np.rad2deg(exact[isospin, name]), color=color, label=label)
    for fit, (color, style) in styles.items():
        draw_band(
            ax, energy, np.rad2deg(phases[case, fit]), color=color, linestyle=style,
            label=f"fit of {fit}",
        )  # fmt: skip
    delta, std = (np.rad2deg(x) for x in (phases[case, "V + U, both"], stds[case]))
    draw_band(ax, energy, delta, std, color="C0", label="fit of V + U")
    ax.set(xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="$\\delta$ [deg]", title=f"KN, I = {isospin}")
case = 0, "V + U"
for fit, (color, style) in {**styles, "V, both": ("C3", "--")}.items():
    off = np.rad2deg(phases[case, fit] - exact[case])
    draw_band(axes[2], energy, off, color=color, linestyle=style, label=f"fit of {fit}")
off, std = (np.rad2deg(x) for x in (phases[case, "V + U, both"] - exact[case], stds[case]))
draw_band(axes[2], energy, off, std, color="C0", label="fit of V + U")
axes[2].axhline(0.0, color="k", lw=0.9)
axes[2].set(
    xscale="log", xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="error of $\\delta$ [deg]",
    title="KN, I = 0",
)  # fmt: skip
for ax in axes[1:]:
    ax.legend()
plt.show()
