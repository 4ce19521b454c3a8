"""
Two Ω_ccc baryons
=================

The published potential of Ω_ccc Ω_ccc (¹S₀), a sum of three Gaussians (Lyu et al., PRL 127 (2021)
072003), makes correlators R(t, r) of a wall source and of an exponential one, t = 25, 26, 27 at
a⁻¹ = 2333 MeV and m = 2.073/a. From them a potential is learned back, first in the form of the
talk, and then its phase shifts, with statistical errors.
"""

# %%
# Correlators
# -----------
# Sums over the states of a sphere, without noise, on nodes of a/2 up to 3.7 fm. Slices from
# t = 22 to 30 allow a stencil of seven points at 25, 26 and 27.

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from halkit import LocalPotentialRegressor, TimeDependentHALRegressor
from halkit.datasets import make_time_dependent
from halkit.displays import draw_band
from halkit.exceptions import AccuracyWarning, UnderdeterminedWarning
from halkit.interactions import omega_ccc
from halkit.resampling import JackknifeRegressor
from halkit.scattering import bound_states, phase_shift, scattering_length
from halkit.units import HBARC

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.simplefilter("ignore", AccuracyWarning)
warnings.simplefilter("ignore", UnderdeterminedWarning)

MASS, TO_MEV = 2.073, 2333.0
FM = TO_MEV / HBARC
r = np.arange(1, 89) * 0.5
truth = omega_ccc(inverse_spacing=TO_MEV)


def correlators(mass=MASS, **options):
    return make_time_dependent(
        truth, r=r, box_radius=48.0, hadron_mass=mass, times=range(22, 31), source_radius=1.5,
        **options,
    )  # fmt: skip


data = correlators()
wall = slice(0, 3)
bias = np.abs(data.target / data.data - truth(r))[:, r < 20].max(axis=0) * TO_MEV
print(data.rows)
print(f"y/R − V: {bias[0]:.1f} MeV at r = a/2, at most {bias[3:].max():.3f} MeV from 2a on")

# %%
# Four fits
# ---------
# The talk's form is U = g(f(r) + f(r')), with a penalty on U beyond 3 fm, from the wall source.
# Then comes, one by one, what the later sections of the documents ask for: an envelope, the
# second source, and a local term V(r) δ(r − r') beside a separable U. Without that term halkit
# warns that the data prefer a local potential.

smooth = {"network": "symmetric", "local": False, "max_iter": 150}
talk = {**smooth, "envelope": None, "regulator": 1.0, "regulator_radius": 3 * FM}
ladder = {
    "talk": (wall, talk),
    "+ envelope": (wall, smooth),
    "+ second source": (slice(None), smooth),
    "local + separable": (slice(None), {"tol": 1e-5, "max_iter": 600}),
}
models, seconds = {}, {}
for name, (rows, settings) in ladder.items():
    model = TimeDependentHALRegressor(r, hadron_mass=MASS, n_init=1, random_state=0, **settings)
    begin = time.perf_counter()
    models[name] = model.fit(data.data[rows], data.target[rows])
    seconds[name] = time.perf_counter() - begin

# %%
# Localised V, and what follows from U
# ------------------------------------
# V = ∫U R/R of the wall source at t = 26 is compared with y/R for r = 0.2 … 1.7 fm (root mean
# square), the phase shifts with those of the truth up to E = 100 and 300 MeV (largest distance).

energy = np.geomspace(1.0, 300.0, 200)
k = np.sqrt(MASS * energy / TO_MEV)
exact = np.rad2deg(phase_shift(truth, k, reduced_mass=MASS / 2))
near, at_26 = (r > 0.2 * FM) & (r < 1.7 * FM), data.rows.labels.index(("wall", 26))


def observables(potential, mass):
    energies = bound_states(potential, reduced_mass=mass / 2).energy
    binding = -TO_MEV * energies[0] if len(energies) else 0.0
    return scattering_length(potential, reduced_mass=mass / 2) / FM, binding


columns = ("residual", "V / MeV", "δ(100) / °", "δ(300) / °", "a0 / fm", "B / MeV", "s")
print(f"{'':18s}" + "".join(f"{column:>11s}" for column in columns))
deltas = {name: np.rad2deg(model.phase_shift(k)) for name, model in models.items()}
localised = {name: model.localize(data.data)[at_26] for name, model in models.items()}
for name, model in models.items():
    distance = (localised[name] - data.target[at_26] / data.data[at_26])[near] * TO_MEV
    a0, binding = observables(model, MASS)
    error = np.abs(deltas[name] - exact)
    print(
        f"{name:18s}{np.sqrt(model.loss_):11.0e}{np.sqrt(np.mean(distance**2)):11.2f}"
        f"{error[energy < 101].max():11.2f}{error.max():11.2f}{a0:11.4f}{binding:11.3f}"
        f"{seconds[name]:11.1f}"
    )
a0, binding = observables(truth, MASS)
print(f"{'truth':62s}{a0:11.4f}{binding:11.3f}")

# %%
# Every fit reproduces the localised V to a fraction of an MeV; that U does so says little about
# how it acts on other waves. The talk's form is off by 70°, with other seeds by 142° and 117°,
# and binds by 3.7, 0.0 and 0.0 MeV. (Adam's 2000 epochs, as in the talk, leave V off by 21 MeV.)
# With an envelope and two sources a smooth U is right to half a degree up
# to 100 MeV, and still wrong by 13° at 300 MeV, of which the correlators hold little. The local
# term is what is needed here.
#
# The mass
# --------
# The published a0 = 1.57 fm and B = 5.68 MeV are those of the lattice mass; 2.073/a is 4836 MeV,
# and the parameters above belong to 4795.6 MeV, where B is smaller.

for mass in (MASS, 4795.6 / TO_MEV):
    d = data if mass == MASS else correlators(mass)
    model = models["local + separable"]
    if mass != MASS:
        settings = ladder["local + separable"][1]
        model = TimeDependentHALRegressor(r, hadron_mass=mass, random_state=0, **settings)
        model.fit(d.data, d.target)
    mine, theirs = observables(model, mass), observables(truth, mass)
    print(
        f"m = {mass * TO_MEV:.1f} MeV: a0 = {mine[0]:.4f} fm (truth {theirs[0]:.4f}), "
        f"B = {mine[1]:.3f} MeV (truth {theirs[1]:.3f})"
    )

# %%
# Statistical errors
# ------------------
# Twenty jackknife bins, relative noise 1e-3 of their mean at every node and time, without
# correlations: one fit for each bin.

noisy = correlators(noise=1e-3, n_bins=20, random_state=0)
begin = time.perf_counter()
jackknife = JackknifeRegressor(
    TimeDependentHALRegressor(r, hadron_mass=MASS, n_init=1, random_state=0)
).fit(noisy.rows.data, noisy.rows.target, y_std=noisy.sigma)
delta, error = np.rad2deg(jackknife.phase_shift(k, return_std=True))
print(f"{jackknife.n_bins_} bins: {time.perf_counter() - begin:.1f} s")
pull = (delta - exact) / error
print(f"σ(δ) = {error.min():.2f}° … {error.max():.2f}°; |pull| < 2 at {np.mean(abs(pull) < 2):.0%}")
length, length_error = np.array(jackknife.scattering_length(return_std=True)) / FM
states, states_error = jackknife.bound_states(return_std=True)
print(f"a0 = {length:.3f}({length_error:.3f}) fm, truth {a0:.3f} fm")
print(
    f"B = {-TO_MEV * states.energy[0]:.2f}({TO_MEV * states_error.energy[0]:.2f}) MeV, "
    f"truth {binding:.2f} MeV"
)

# %%
# Without Gaussians?
# ------------------
# The usual way is to fit a form to V(r) = y/R, here three Gaussians, which are the truth. The talk
# needs no such form. Nor does a term V(r) in a wide set of Gaussians with a prior, whose number
# and widths nobody chooses; U stands beside it. Same noise, errors from the same bins.

alone = {"hadron_mass": MASS, "n_init": 1, "random_state": 0}
forms = {
    "three Gaussians": LocalPotentialRegressor(r=r, n_terms=3, reduced_mass=MASS / 2),
    "V(r) alone": TimeDependentHALRegressor(r, local="only", **alone),
    "V(r) + U": jackknife,
}
print(f"{'':18s}{'χ²/point':>11s}{'δ − truth / °':>15s}{'σ(δ) / °':>15s}{'|pull|':>9s}")
for name, form in forms.items():
    fit = form
    if form is not jackknife:
        fit = JackknifeRegressor(form).fit(noisy.rows.data, noisy.rows.target, y_std=noisy.sigma)
    values, spread = np.rad2deg(fit.phase_shift(k, return_std=True))
    off = np.abs(values - exact)
    print(
        f"{name:18s}{fit.estimator_.loss_:11.2f}{off.max():15.2f}"
        f"{spread.min():8.2f} … {spread.max():.2f}{(off / spread).max():9.1f}"
    )

# %%
# Pictures
# --------
# k cot δ goes on to the left of zero as −1/a0 + r_eff k²/2 and meets the bound state, where
# k cot δ = −κ.

figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
(local, phases), (cot, pulls) = axes
for name, style in zip(models, (":", "-.", "--", "-"), strict=True):
    draw_band(local, r / FM, localised[name] * TO_MEV, linestyle=style, label=name)
    phases.semilogx(energy, deltas[name], style, label=name)
V, spread = (v[at_26] * TO_MEV for v in jackknife.localize(noisy.rows.data, return_std=True))
draw_band(local, r / FM, V, 2 * spread, color="C4", label="20 bins, noise 1e-3: 2σ")
draw_band(local, r / FM, truth(r) * TO_MEV, color="k", linestyle="--", label="truth")
local.set(
    xlim=(0, 2), ylim=(-130, 60), xlabel="$r$ [fm]", ylabel="$V(r)$ [MeV]",
    title="localised, wall source, t = 26",
)  # fmt: skip
phases.semilogx(energy, exact, "k--", lw=0.8, label="truth")
phases.set(
    xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="$\\delta$ [deg]", title="phase shifts, no noise"
)

square = (k * FM) ** 2
low = square < 2.5
centre, spread = jackknife.evaluate(lambda m: k * FM / np.tan(m.phase_shift(k)))
cot.fill_between(
    square[low], (centre - 2 * spread)[low], (centre + 2 * spread)[low], alpha=0.3,
    label="20 bins, noise 1e-3: 2σ",
)  # fmt: skip
quiet = k * FM / np.tan(np.deg2rad(deltas["local + separable"]))
cot.plot(square[low], quiet[low], "C3", label="local + separable, no noise")
below, effective_range = np.linspace(-0.9, 0.0, 50), jackknife.effective_range() / FM
cot.plot(
    below, -1 / length + effective_range * below / 2, "C0:",
    label="$-1/a_0 + r_{\\mathrm{eff}} k^2/2$, learned",
)  # fmt: skip
cot.plot(below, -np.sqrt(-below), color="0.6", lw=0.8, label="$-\\sqrt{-k^2}$")
kappa, kappa_error = states.kappa[0] * FM, states_error.kappa[0] * FM
cot.errorbar(-(kappa**2), -kappa, 2 * kappa_error, 4 * kappa * kappa_error, fmt="C0o", ms=4)
known = bound_states(truth, reduced_mass=MASS / 2).kappa[0] * FM
cot.plot(-(known**2), -known, "kx", label="bound state: circle learned, cross truth")
cot.plot(square[low], (k * FM / np.tan(np.deg2rad(exact)))[low], "k--", lw=0.8, label="truth")
cot.set(xlabel="$k^2$ [fm$^{-2}$]", ylabel="$k\\,\\cot\\delta$ [fm$^{-1}$]", title="k cot δ")

pulls.axhline(0.0, color="k", ls="--", lw=0.8)
for n, alpha in ((2, 0.2), (1, 0.3)):
    pulls.fill_between(energy, -n * error, n * error, color="C0", alpha=alpha, label=f"{n}σ")
pulls.semilogx(energy, delta - exact, "C0", label="20 bins, noise 1e-3")
pulls.semilogx(energy, deltas["local + separable"] - exact, "C3", label="no noise")
pulls.set(
    xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="$\\delta$ − truth [deg]", title="distance to the truth"
)
pulls.set_ylim(top=1.9 * np.abs(2 * error).max())
for ax in axes.flat:
    ax.legend(fontsize=9)
plt.show()
