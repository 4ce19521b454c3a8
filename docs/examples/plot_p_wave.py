"""
A P-wave resonance on a lattice
===============================

Two hadrons of 939 MeV with a resonance in the P wave, on a 48³ lattice of spacing 0.1 fm. The
correlators are sums of eigenstates of the lattice Hamiltonian in the representation T1⁻, which
holds l = 1, 3, 5, …; projected on l = 1 they give V(r) and U(r, r') of the P wave, and these the
phase shift and the pole in the continuum. Lattice units, unless a unit is given.
"""

# %%
# Fields
# ------
# R(t, r) = Σ A_n φ_n(r) e^{−ΔW_n t} with the twelve lowest states and the relativistic energy ΔW_n
# of each. The wedge keeps the sites that fix a field with the symmetry of z. Of two sources, one is
# a standing wave along z and one is smeared over 0.5 fm.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from halkit import GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.correlators import Correlators
from halkit.displays import draw_band
from halkit.equations import lattice_rows
from halkit.exceptions import MisfitWarning
from halkit.interactions import p_wave_model
from halkit.potentials import lattice_prior
from halkit.radial import Wedge
from halkit.resampling import jackknife_samples
from halkit.scattering import lattice_spectrum, phase_shift, resonances
from halkit.units import HBARC

L, SPACING = 48, 0.1
TO_MEV = HBARC / SPACING
mass = 939.0 / TO_MEV
truth = p_wave_model(inverse_spacing=TO_MEV)
states = lattice_spectrum(truth, L=L, reduced_mass=mass / 2, n_states=12, sector="T1")
print("E_n / MeV =", (states.energy * TO_MEV).round(1))

wedge = Wedge(L, "T1")
z, r = wedge.xyz[:, 2], np.sqrt(wedge.distance_squared)
shapes = {"wave": np.sin(2 * np.pi * z / L), "smeared": z * np.exp(-r * SPACING / 0.5)}
times, delta_w = np.arange(10, 20), 2 * np.sqrt(mass**2 + mass * states.energy) - 2 * mass
decays = np.exp(-np.outer(times, delta_w))
fields = {
    name: (decays * (states.wave_function @ (wedge.multiplicities * shape))) @ states.wave_function
    for name, shape in shapes.items()
}

# %%
# Rows
# ----
# Noise of 1e-4, in twenty bins. Time differences and the Laplacian are taken on the lattice, then
# the shells of equal r² are projected with z/r, which is exact for V(r) whatever l = 3 the field
# holds. Without noise the rows obey the equation with the V and U of the continuum.


def correlators(noise, n_bins=20):
    rng, R = np.random.default_rng(1), {}
    for name, field in fields.items():
        largest = np.abs(field).max(axis=1, keepdims=True)
        error = noise * np.maximum(np.abs(field), 0.03 * largest) * np.sqrt(n_bins)
        bins = field + error * rng.standard_normal((n_bins, *field.shape))
        R[name] = np.moveaxis(jackknife_samples(bins), 0, 1)
    return Correlators(
        R=R, wedge=wedge, t=times, hadron_mass=mass, kind="jackknife", units="lattice"
    )


settings = {"times": [13, 14, 15, 16], "r_max": 23.0}
exact_rows, rows = (lattice_rows(correlators(noise), **settings) for noise in (0.0, 1e-4))
print(rows)
X, y = exact_rows.mean()
U = truth.nonlocal_potential(rows.r_out[:, np.newaxis], rows.r)
rest = y - truth.local_potential(rows.r_out) * X[:, : rows.r_out.size] - (X * rows.weights) @ U.T
sizes = (np.abs(values).max() * TO_MEV for values in (rest, y))
print("without noise: y − V R − U R up to {:.2f} MeV, y up to {:.0f} MeV".format(*sizes))

# %%
# The fit
# -------
# The same estimator as for S waves, with l = 1; a local fit for comparison.

E = np.array([2.0, 5, 8, 11, 14, 17, 20, 25, 30, 40, 50, 60, 80, 100]) / TO_MEV
k = np.sqrt(mass * E)
exact = phase_shift(truth, k, reduced_mass=mass / 2, l=1)
pole = resonances(truth, (12 - 9j) / TO_MEV, reduced_mass=mass / 2, l=1)
potential = GaussianProcessPotentialRegressor(
    rows.r, weights=rows.weights, r_out=rows.r_out, reduced_mass=mass / 2, l=1,
    **lattice_prior(SPACING, l=1),
)  # fmt: skip
jackknife = JackknifeRegressor(potential).fit(rows.data, rows.target, y_std=rows.sigma)
local = clone(potential).set_params(local="only")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always", MisfitWarning)
    local.fit(*rows.mean(), y_std=rows.sigma)

delta, std = jackknife.phase_shift(k, return_std=True)
poles, poles_std = jackknife.resonances(pole.energy, return_std=True)
off = np.rad2deg(np.abs(delta - exact))
print(f"V + U: χ² {jackknife.estimator_.loss_:.2f}, δ within {off.max():.2f}° of the truth,")
print(f"at most {np.max(np.abs(delta - exact) / std):.1f} errors, of {np.rad2deg(std).max():.2f}°")
away = np.rad2deg(np.abs(local.phase_shift(k) - exact)).max()
print(f"V: χ² {local.loss_:.2f}, δ within {away:.2f}°; warns: {told[0].category.__name__}")
for name, part in (("Re E", np.real), ("Im E", np.imag)):
    value, error, known = (part(x.energy[0]) * TO_MEV for x in (poles, poles_std, pole))
    print(f"{name} = {value:.2f} ± {error:.2f} MeV, truth {known:.2f} MeV")

# %%
# Pictures
# --------
# δ passes 90° 20 MeV above Re E of the pole, and falls again: the resonance is wide.

energy, fine = E * TO_MEV, np.geomspace(1.0, 100.0, 200) / TO_MEV
momenta, fm = np.sqrt(mass * fine), rows.r_out * SPACING
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
curve = phase_shift(truth, momenta, reduced_mass=mass / 2, l=1)
left.semilogx(fine * TO_MEV, np.rad2deg(curve), "k--", lw=0.9, label="truth")
left.semilogx(fine * TO_MEV, np.rad2deg(local.phase_shift(momenta)), "C3:", label="fit of V")
left.errorbar(energy, np.rad2deg(delta), np.rad2deg(std), fmt="C0o", ms=4, capsize=2, label="V + U")
left.set(xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="$\\delta_1$ [deg]", title="P wave")
V, V_std = jackknife.local_potential(rows.r_out, return_std=True)
alone, known = (x.local_potential(rows.r_out) * TO_MEV for x in (local, truth))
draw_band(middle, fm, V * TO_MEV, V_std * TO_MEV, color="C0", label="V of V + U")
draw_band(middle, fm, alone, color="C3", linestyle=":", label="V alone")
draw_band(middle, fm, known, color="k", linestyle="--", label="truth")
middle.set(xlabel="$r$ [fm]", ylabel="$V$ [MeV]", title="local part; the rest of V + U is U")
near = local.resonances(pole.energy).energy * TO_MEV
right.plot(near.real, near.imag, "C3v", label="fit of V")
right.errorbar(
    poles.energy.real * TO_MEV, poles.energy.imag * TO_MEV, poles_std.energy.imag * TO_MEV,
    poles_std.energy.real * TO_MEV, fmt="C0o", capsize=2, label="fit of V + U",
)  # fmt: skip
right.plot(pole.energy.real * TO_MEV, pole.energy.imag * TO_MEV, "k+", ms=12, label="truth")
right.set(xlabel="Re $E$ [MeV]", ylabel="Im $E$ [MeV]", title="the pole")
for ax in (left, middle, right):
    ax.legend()
plt.show()
