"""
A nucleon-nucleon potential from its waves
==========================================

Wave functions of the Argonne v18 potential in the np ¹S₀ channel, at ten energies, stand for
the correlators of a lattice. A local potential is learned from them, and gives back the phase
shifts, also between the ten energies. Lengths in fm.
"""

# %%
# Data
# ----
# Momenta k = 0.1 … 2 fm⁻¹, up to 332 MeV in the laboratory; nodes every 0.05 fm up to 12 fm,
# and sources by differences.

import matplotlib.pyplot as plt
import numpy as np

from halkit import NonLocalPotentialRegressor
from halkit.displays import PhaseShiftDisplay
from halkit.equations import stationary_target
from halkit.interactions import av18
from halkit.scattering import phase_shift, scattering_length, scattering_wave_functions
from halkit.units import HBARC

truth = av18("1S0")
mass = truth.reduced_mass
k, r = np.linspace(0.1, 2.0, 10), np.linspace(0.05, 12.0, 240)
X = scattering_wave_functions(truth, k, reduced_mass=mass)(r)
y = stationary_target(X, k, r, reduced_mass=mass, order=8)
print(f"X: {X.shape}, E = k²/2m = {(k**2 / (2 * mass) * HBARC).round(1)} MeV")

# %%
# A local potential
# -----------------
# The core rises to 2.7 GeV within 0.1 fm and the tail of one-pion exchange reaches to 10 fm:
# twenty Gaussians of widths 0.25 … 5 fm span both. The widths of the default do, too.

models = {
    "20 Gaussians, 0.25 … 5 fm": {"local_widths": np.geomspace(0.25, 5.0, 20)},
    "default widths": {},
}
models = {
    name: NonLocalPotentialRegressor(
        r, reduced_mass=mass, local="only", n_init=1, random_state=0, **settings
    ).fit(X, y)
    for name, settings in models.items()
}
momenta = np.linspace(0.1, 2.0, 200)
exact = phase_shift(truth, momenta, reduced_mass=mass)
errors = {}
for name, model in models.items():
    errors[name] = np.abs(np.rad2deg(model.phase_shift(momenta) - exact))
    depth = np.abs(model.local_potential(r) - truth(r))[r > 0.5].max() * HBARC
    print(
        f"{name}: δ within {errors[name].max():.4f}°, V within {depth:.2f} MeV beyond 0.5 fm, "
        f"a0 = {model.scattering_length():.3f} fm"
    )
print(f"a0 of the truth = {scattering_length(truth, reduced_mass=mass):.3f} fm")

# %%
# Pictures
# --------

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 4.4), layout="constrained")
best = models["20 Gaussians, 0.25 … 5 fm"]
fine = np.linspace(0.3, 4.0, 300)
left.plot(fine, best.local_potential(fine) * HBARC, label="learned")
left.plot(fine, truth(fine) * HBARC, "k--", lw=0.9, label="Argonne v18")
left.set(xlim=(0, 4), ylim=(-130, 300), xlabel="$r$ [fm]", ylabel="$V(r)$ [MeV]")
left.legend()
PhaseShiftDisplay(
    best.phase_shift(momenta), momenta, truth=exact, name="learned",
    reference_name="momenta of the fit",
    reference=(k, phase_shift(truth, k, reduced_mass=mass)),
).plot(middle, units="fm$^{-1}$")  # fmt: skip
middle.set_title("np, ¹S₀")
for name, values in errors.items():
    right.semilogy(momenta, values, label=name)
right.axhline(0.1, color="0.6", lw=0.8)
right.set(xlabel="$k$ [fm$^{-1}$]", ylabel="error of $\\delta$ [deg]", title="np, ¹S₀; line: 0.1°")
right.legend()
plt.show()
