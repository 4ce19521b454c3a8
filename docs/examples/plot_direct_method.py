"""
Fake plateaux and the box
=========================

The direct method reads the energy of two hadrons in a box from a plateau of the effective energy,
and a phase shift from the energy by Lüscher's formula. Elastic scattering states lie about
(2π/L)²/2μ apart: a plateau of one source can last while several of them decay together. Here the
truth is known: two hadrons of different mass on three lattices, with two sources, and a potential
that attracts and does not bind. Lattice units.
"""

# %%
# Correlators and their potential
# -------------------------------
# 80 configurations in each box, in 20 bins. One local potential is fitted to L = 28 alone, to both
# sources, before any energy is looked at.

import time
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from halkit import JackknifeRegressor, LocalPotentialRegressor
from halkit.correlators import effective_energy, fit_mass, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.equations import lattice_rows
from halkit.interactions import GaussianSum
from halkit.resampling import jackknife_error, jackknife_samples
from halkit.scattering import (
    effective_range,
    lattice_spectrum,
    luscher_k_cot_delta,
    normality_check,
    scattering_length,
)
from halkit.units import reduced_mass

truth, MASSES, BOXES = GaussianSum([0.5, -0.15], [0.4, 0.08]), (0.6, 0.9), (20, 28, 36)
WINDOW, SOURCES, MU = (10, 14), ("wall", "exp"), reduced_mass(MASSES)


def record(L):
    raw = make_lattice_correlators(
        truth, L=L, times=range(8, 17), masses=MASSES, sources=SOURCES, noise=1e-3,
        noise_range=2.0, random_state=L,
    )  # fmt: skip
    C_NM, C_N, C_M = (
        {source: jackknife_samples(values, bin_size=4) for source, values in C.items()}
        for C in (raw.C_NM, raw.C_N, raw.C_M)
    )
    masses = tuple(
        fit_mass(C["wall"], window=(4, 8), kind="jackknife", correlated=False) for C in (C_N, C_M)
    )
    return two_hadron_ratio(
        C_NM, C_N, C_M, t=raw.t, wedge=raw.wedge, kind="jackknife", masses=masses, bin_size=4
    )


begin = time.perf_counter()
records = {L: record(L) for L in BOXES}
rows = lattice_rows(records[28], times=[10, 11, 12, 13], r_max=10.0, stencil="auto")
form = LocalPotentialRegressor(
    n_terms=2, r=rows.r, weights=rows.weights, r_out=rows.r_out, reduced_mass=MU
)
model = JackknifeRegressor(form).fit(
    rows.data, rows.target, y_std=rows.sigma, mass_bins=rows.mass_bins
)
a0, a0_std = model.evaluate(lambda m: 1 / m.scattering_length())
print(
    f"1/a0 from V: {a0:.3f}({a0_std:.3f}), true {1 / scattering_length(truth, reduced_mass=MU):.3f}"
)
print(f"records and fit: {time.perf_counter() - begin:.1f} s")

# %%
# Energies with and without projection
# ------------------------------------
# Without ψ at the sink both hadrons are at rest. With the eigenfunctions of the fitted potential in
# the box, of each bin its own, one state is left. The p-values of the fits do not tell the two
# apart. The levels of the potential come with the errors of its bins.


def states(m, L):
    """Energies, then wave functions, of the two lowest states of a fit."""
    found = lattice_spectrum(m, L=L, masses=MASSES, n_states=2)
    return np.column_stack([found.energy, found.wave_function])


begin = time.perf_counter()
results, bare, cured = {}, {}, {}
for L in BOXES:
    bins = model.samples(partial(states, L=L))
    energy, std, phi = (
        states(model.estimator_, L)[:, 0],
        jackknife_error(bins[..., 0]),
        bins[..., 1:],
    )
    bare[L], cured[L] = effective_energy(records[L]), effective_energy(records[L], phi)
    results[L] = energy, std, bare[L].fit(WINDOW), cured[L].fit(WINDOW)
    exact = lattice_spectrum(truth, L=L, masses=MASSES, n_states=2).energy
    print(
        f"L = {L}: true 10⁴ ΔE = {1e4 * exact[0]:.1f}, from V {1e4 * energy[0]:.1f}"
        f"({1e4 * std[0]:.1f})"
    )
    for i, source in enumerate(SOURCES):
        at_rest, state = results[L][2:]
        print(
            f"  {source:4s} at rest {1e4 * at_rest.energy[i]:6.1f}({1e4 * at_rest.std[i]:.1f}), "
            f"p = {at_rest.p_value[i]:.2f};  projected {1e4 * state.energy[i, 0]:6.1f}"
            f"({1e4 * state.std[i, 0]:.1f}), p = {state.p_value[i, 0]:.2f}"
        )
print(f"states of {model.n_bins_} bins in three boxes: {time.perf_counter() - begin:.1f} s")

# %%
# Lüscher's formula and the normality check
# -----------------------------------------
# Energies of three boxes have to lie on one line −1/a0 + r_eff k²/2. Plateaux of the smeared
# source do not: their line has another 1/a0, at which the hadrons would bind.

checks = {}
for i, source in enumerate(SOURCES):
    for name, n in (("at rest", 2), ("projected", 3)):
        fits = [results[L][n] for L in BOXES]
        E, E_std = np.transpose([(np.ravel(f.energy[i])[0], np.ravel(f.std[i])[0]) for f in fits])
        checks[source, name] = check = normality_check(E, L=BOXES, energy_std=E_std, masses=MASSES)
        print(
            f"{source:4s} {name:9s}: 1/a0 = {check.inverse_scattering_length:.3f}"
            f"({check.covariance[0, 0] ** 0.5:.3f}), r_eff = {check.effective_range:.1f}"
            f"({check.covariance[1, 1] ** 0.5:.1f}), p = {check.p_value:.2f}, κ = {check.kappa:.3f}"
        )

# %%
# Pictures
# --------

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
L = 28
for ax, effective, title in ((left, bare[L], "hadrons at rest"), (middle, cured[L], "projected")):
    for i, source in enumerate(SOURCES):
        first = (i,) if effective.energy.ndim == 2 else (i, 0)
        ax.errorbar(
            effective.t + 0.1 * i, 1e4 * effective.energy[first], 1e4 * effective.std[first],
            fmt="so"[i], ms=4, capsize=2, label=source,
        )  # fmt: skip
    energy, std = (1e4 * value[0] for value in results[L][:2])
    ax.axhspan(energy - std, energy + std, color="0.8", label="level of the fitted V")
    ax.set(xlabel="$t$", ylabel="$10^4\\,\\Delta E$", title=f"L = {L}, {title}", ylim=(-62, 8))
    ax.legend(loc="lower right")

inverse = 1 / scattering_length(truth, reduced_mass=MU)
k2 = np.linspace(-0.0068, -0.0003, 200)
line = -inverse + effective_range(truth, reduced_mass=MU) * k2 / 2
right.plot(k2, line, "k--", lw=1, label="true expansion")
for L in BOXES:
    energy = k2 / (2 * MU)
    right.plot(k2, luscher_k_cot_delta(energy, L=L, reduced_mass=MU), color="0.7", lw=0.8)
right.plot([], [], color="0.7", lw=0.8, label="Lüscher, L = 20, 28, 36")
for (source, name), check in checks.items():
    right.errorbar(
        check.k_squared, check.k_cot_delta, check.k_cot_delta_std, xerr=check.k_squared_std,
        fmt="s" if source == "wall" else "o", mfc="none" if name == "at rest" else None, ms=5,
        color=f"C{SOURCES.index(source)}", lw=0.8, label=f"{source}, {name}",
    )  # fmt: skip
right.set(
    xlabel="$k^2$",
    ylabel="$k\\,\\cot\\delta$",
    ylim=(-0.15, 0.9),
    title="three boxes, ground states",
)
right.legend(fontsize=8)
plt.show()
