"""
Coupled channels with a quasi-bound state
=========================================

ΛΛ and NΞ couple below and above the NΞ threshold, 25.8 MeV above that of ΛΛ. In the model behind
these data NΞ has a quasi-bound state, which decays to ΛΛ. The potentials of

.. math:: (E - H_0)_a \\varphi_a = \\sum_b \\Big[ V_{ab}(r) \\varphi_b(r)
          + \\int d^3r'\\, U_{ab}(r, r') \\varphi_b(r') \\Big]

are learned from correlators; S matrix and pole follow, with jackknife errors. Lengths in fm.
"""

# %%
# Correlators
# -----------
# Four quark sources, two operators with two smearings each, give R of both channels at ten times
# 0.81 … 1.62 fm; relative noise 1e-3 or 1e-4, twenty bins. A row of X holds ΛΛ and NΞ side by side,
# with the ΛΛ threshold as the common reference of their energies. Twenty bins know an error to
# 16 % only: the four times of a source, whose relative errors are alike, share theirs.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from halkit import GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.datasets import make_coupled
from halkit.displays import draw_band
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import lambda_lambda_n_xi_model
from halkit.potentials import lattice_prior
from halkit.scattering import coupled_phase_shifts, resonances
from halkit.units import from_mev, to_mev

truth = lambda_lambda_n_xi_model()
data = {
    noise: make_coupled(
        truth, r=np.arange(1, 61) * 0.1, box_radius=8.0, times=0.09 * np.arange(9, 19),
        source_radius=0.8, noise=noise, n_bins=20, random_state=0,
    ).rows
    for noise in (1e-3, 1e-4)
}  # fmt: skip
print(data[1e-3])


# %%
# How many sources?
# -----------------
# One source excites the two channels in one ratio, and a combination of V_11 and V_12 is left
# open. χ² does not see it; the fit warns. Sources of both operators determine local potentials, but
# not U, as phase shifts of the fit warn; twice as many, with another smearing, do. U has nine times
# the amplitude of `lattice_prior`. With that amplitude itself and noise 1e-3, the prior draws phase
# shifts by several of their errors, which one fit cannot see; the jackknife below sees it, and
# chooses.

energy = np.array([2.0, 6, 10, 14, 16, 18, 20, 22, 24, 27, 30, 40, 55, 75, 100])
E = from_mev(energy)
exact, pole = coupled_phase_shifts(truth, E), resonances(truth, from_mev(18 - 2j))
prior = lattice_prior(1.0, n_channels=2)
potential = GaussianProcessPotentialRegressor(
    data[1e-3].r,
    weights=data[1e-3].weights,
    channels=truth.channels,
    nonlocal_strength=9.0,
    **prior,
)
away = np.abs(energy - to_mev(pole.energy.real)) > 5
inelastic = energy > to_mev(truth.resolved().threshold[1])


def errors(waves):
    """Median and maximum of the errors of δ1 far from the pole and of δ2, in degrees, and of η."""
    angles = np.rad2deg(np.abs(waves.phase_shift - exact.phase_shift))
    eta = np.abs(waves.inelasticity - exact.inelasticity)[inelastic, 0]
    parts = angles[away, 0], angles[inelastic, 1], eta
    return [f(part) for part in parts for f in (np.median, np.max)]


choices = {
    "one": (1e-3, ("wall 1",)),
    "one per operator": (1e-3, ("wall 1", "wall 2")),
    "four": (1e-3, None),
    "four, noise 1e-4": (1e-4, None),
}
print("sources             χ²     δ1 / °        δ2 / °        η                pole / MeV")
models = {}
for name, (noise, sources) in choices.items():
    rows = data[noise].select(sources=sources)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UnderdeterminedWarning)
        models[name] = model = clone(potential).fit(*rows.mean(), y_std=rows.pooled_sigma())
        found = errors(model.phase_shift(E))
    numbers = "{:7.2f}{:7.2f}{:7.2f}{:7.2f}{:9.4f}{:8.4f}".format(*found)
    near = to_mev(model.resonances(pole.energy, sheet=(-1, 1)).energy)
    print(f"{name:17s}{model.loss_:6.2f}{numbers}   {near.round(2)}")
    for warning in told:
        print("   warns:", str(warning.message).split(":")[0])
print(f"truth{'':65s}{to_mev(pole.energy).round(2)}")

# %%
# S matrix and pole with errors
# -----------------------------
# One fit for each bin, with the four sources and noise 1e-3. The amplitude of U is raised from that
# of `lattice_prior` until phase shifts stay within their errors.

rows = data[1e-3]
automatic = clone(potential).set_params(nonlocal_strength=None)
jackknife = JackknifeRegressor(automatic).fit(rows.data, rows.target, y_std=rows.pooled_sigma())
print(f"amplitude of U: {jackknife.nonlocal_strength_:.0f} times that of lattice_prior")
S, S_std = jackknife.phase_shift(energy=E, return_std=True)
poles, poles_std = jackknife.resonances(pole.energy, return_std=True)
pulls = {
    "δ1": ((S.phase_shift - exact.phase_shift) / S_std.phase_shift)[:, 0],
    "δ2": ((S.phase_shift - exact.phase_shift) / S_std.phase_shift)[inelastic, 1],
    "η": ((S.inelasticity - exact.inelasticity) / S_std.inelasticity)[inelastic, 0],
}
for name, pull in pulls.items():
    print(f"{name}: {np.abs(pull).max():.1f} errors from the truth at most")
for part, name in ((np.real, "Re E"), (np.imag, "Im E")):
    value, error, exactly = (to_mev(part(x.energy[0])) for x in (poles, poles_std, pole))
    print(f"{name} = {value:.2f} ± {error:.2f} MeV, truth {exactly:.2f} MeV")

# %%
# Pictures
# --------

fine = np.concatenate([np.linspace(0.5, 25.8, 120), np.linspace(25.9, 100, 120)])
curves = coupled_phase_shifts(truth, from_mev(fine))
bands, stds = jackknife.phase_shift(energy=from_mev(fine), return_std=True)
figure, ((first, second), (eta, plane)) = plt.subplots(
    2, 2, figsize=(12, 8.5), layout="constrained"
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UnderdeterminedWarning)
    alone = models["one"].phase_shift(from_mev(fine))
threshold = to_mev(truth.resolved().threshold[1])
for ax, a in ((first, 0), (second, 1)):
    for waves, std, style, color, label in (
        (curves, None, "--", "k", "truth"), (alone, None, ":", "C3", "one source"),
        (bands, stds, "-", "C0", "four sources"),
    ):  # fmt: skip
        error = None if std is None else np.rad2deg(std.phase_shift[:, a])
        delta = np.rad2deg(waves.phase_shift[:, a])
        draw_band(ax, fine, delta, error, label=label, color=color, linestyle=style)
    ax.set(xlabel="$E_\\mathrm{cm}$ above ΛΛ [MeV]", ylabel=f"$\\delta_{a + 1}$ [deg]")
draw_band(eta, fine, curves.inelasticity[:, 0], color="k", linestyle="--")
draw_band(eta, fine, alone.inelasticity[:, 0], color="C3", linestyle=":")
draw_band(eta, fine, bands.inelasticity[:, 0], stds.inelasticity[:, 0], color="C0")
eta.set(xlabel="$E_\\mathrm{cm}$ above ΛΛ [MeV]", ylabel="$\\eta$", title="inelasticity")
for ax in (first, second, eta):
    ax.axvline(threshold, color="0.6", ls=":", lw=1, zorder=0)
first.set_title("ΛΛ, lifted by 180° by the quasi-bound state; dots: NΞ threshold")
second.set_title("NΞ")
plane.errorbar(
    to_mev(poles.energy.real), to_mev(poles.energy.imag), to_mev(poles_std.energy.imag),
    to_mev(poles_std.energy.real), fmt="C0o", capsize=2, label="four sources",
)  # fmt: skip
near = to_mev(models["one per operator"].resonances(pole.energy).energy)
plane.plot(near.real, near.imag, "C1s", label="one source per operator")
plane.plot(to_mev(pole.energy.real), to_mev(pole.energy.imag), "k+", ms=12, label="truth")
plane.set(xlabel="Re $E$ [MeV]", ylabel="Im $E$ [MeV]", title="the pole")
for ax in (first, plane):
    ax.legend()
plt.show()
