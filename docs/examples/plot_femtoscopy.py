"""
From correlators to femtoscopy
==============================

What a collider counts, from what a lattice measures. The published NΩ (⁵S₂) potential (Iritani et
al., PLB 792 (2019) 284) makes correlators R(t, r) of two quark sources with noise; a potential is
learned back from them; its waves, with the Coulomb force of a proton and an Ω⁻, give the momentum
correlation of pΩ⁻ pairs, with the errors of the correlators.
"""

# %%
# The fit
# -------
# Twenty jackknife bins, noise 1e-3, lattice units with a⁻¹ = 2333 MeV. V(r) is a Gaussian process,
# in closed form; its prior knows that no potential reaches further than 1/m_π. With U(r, r') beside
# it the fit warns that these rows show none: the truth is local.

import matplotlib.pyplot as plt
import numpy as np

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.datasets import make_time_dependent
from halkit.displays import CorrelationDisplay, PhaseShiftDisplay
from halkit.interactions import N_OMEGA_MASSES, GaussianSum, n_omega
from halkit.resampling import blocks
from halkit.scattering import GaussianSource, bound_states, pair_waves, phase_shift
from halkit.units import HBARC

TO_MEV = 2333.0
FM = TO_MEV / HBARC
masses = tuple(mass / TO_MEV for mass in N_OMEGA_MASSES)
reduced_mass = masses[0] * masses[1] / sum(masses)
truth = n_omega(inverse_spacing=TO_MEV)
data = make_time_dependent(
    truth, r=np.arange(1, 97) * 0.5, box_radius=48.0, hadron_mass=masses, times=range(9, 18),
    noise=1e-3, n_bins=20, random_state=0,
)  # fmt: skip
model = CorrelatorRegressor(
    GaussianProcessPotentialRegressor(local="only", local_range=FM * HBARC / 146.0),
    times=[12, 13, 14],
).fit(blocks(data.correlators))

# %%
# Phase shift and bound state
# ---------------------------

momenta = np.linspace(6.0, 300.0, 50)
k = momenta / TO_MEV
delta, error = np.rad2deg(model.phase_shift(k, return_std=True))
exact = np.rad2deg(phase_shift(truth, k, reduced_mass=reduced_mass))
states, states_error = model.bound_states(return_std=True)
binding = -TO_MEV * bound_states(truth, reduced_mass=reduced_mass).energy[0]
print(f"largest |pull| of δ: {np.abs((delta - exact) / error).max():.1f}")
for energy, spread in zip(states.energy, states_error.energy, strict=True):
    print(f"B = {-TO_MEV * energy:.2f}({TO_MEV * spread:.2f}) MeV, truth {binding:.2f} MeV")

# %%
# Pairs of proton and Ω⁻
# ----------------------
# Five of the eight spin states are ⁵S₂. ³S₁, which couples to ΛΞ and ΣΞ, is taken without a strong
# force. The sources are Gaussians of three radii; a proton and an Ω⁻ attract each other also by
# their charges.

sizes = np.array([0.8, 1.2, 2.0])  # fm


def correlations(potential):
    """C(k) of all sources: the waves are solved once."""
    states = [(5 / 8, potential)]
    waves = pair_waves(states, k, reduced_mass=reduced_mass, charge_product=-1)
    return np.array([waves.correlation(GaussianSource(size * FM)) for size in sizes])


C, C_error = model.evaluate(correlations)
C_exact = correlations(truth)
charges = correlations(GaussianSum([0.0], [1.0]))
print("learned ± error (truth, charges alone)")
for size, values in zip(sizes, zip(C, C_error, C_exact, charges, strict=True), strict=True):
    at = [np.searchsorted(momenta, momentum) for momentum in (24.0, 60.0, 102.0)]
    line = ", ".join("{:.2f} ± {:.2f} ({:.2f}, {:.2f})".format(*(v[i] for v in values)) for i in at)
    print(f"R = {size:.1f} fm, C(24, 60, 102 MeV) = {line}")
print(f"largest |pull| of C: {np.abs((C - C_exact) / C_error).max():.1f}")

# %%
# Pictures
# --------
# Bands are one standard deviation.

figure, (phases, pairs) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
PhaseShiftDisplay(
    np.deg2rad(delta), momenta, phase_shift_std=np.deg2rad(error), truth=np.deg2rad(exact),
    name="learned",
).plot(phases, units="MeV")  # fmt: skip
phases.set_title("NΩ (⁵S₂)")
labels = [f"R = {size:.1f} fm" for size in sizes]
display = CorrelationDisplay(C, momenta, correlation_std=C_error, labels=labels)
display.plot(pairs, units="MeV")
pairs.plot(momenta, C_exact.T, "k--", lw=0.8, label=["truth", None, None])
pairs.plot(momenta, charges.T, "0.6", ls=":", label=["charges alone", None, None])
pairs.set(title="pΩ⁻", ylim=(0.5, 6.0))
pairs.legend()
plt.show()
