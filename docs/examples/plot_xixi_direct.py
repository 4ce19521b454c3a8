"""
ΞΞ: energies beside the potential
=================================

The direct method and the potential from the same correlators, ΞΞ(¹S₀) at m_π = 510 MeV on three
lattices (Iritani et al., JHEP 03 (2019) 007). Plateaux of the wall and of the smeared source
disagree; with the eigenfunctions of the potential at the sink both agree with its levels.

The correlators are not part of the package: the environment variable ``HALKIT_DATA`` names
the folder that holds ``xixi_1s0_rcorr.npz``. Without it this page has no numbers.
"""

# %%
# The potential and its levels
# ----------------------------
# U is learned from L = 64, as in `plot_xixi_joint.py`. Errors of the levels are to first order in
# what a bin changes, E + ⟨ψ|U_bin − U|ψ⟩. Energies are relativistic, ΔW = 2√(m² + k²) − 2m, as
# correlators fall.

import os
import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.correlators import effective_energy, load_correlators
from halkit.equations import lattice_rows
from halkit.resampling import jackknife_error
from halkit.scattering import lattice_spectrum, luscher_k_cot_delta, normality_check

folder, BOXES, WINDOW = os.environ.get("HALKIT_DATA"), (40, 48, 64), (12, 15)
if folder is None:
    print("Left out: HALKIT_DATA, the folder with the published correlators, is not set.")
else:
    begin = time.perf_counter()
    records = {L: load_correlators(folder, lattice=f"L{L}") for L in BOXES}
    mass, to_mev = records[64].hadron_mass, records[64].inverse_spacing
    pion = records[64].from_mev(510.0)
    rows = lattice_rows(
        records[64], times=(12, 13, 14, 15), r_max=records[64].from_fm(2.4), stencil=3
    )
    model = JackknifeRegressor(
        GaussianProcessPotentialRegressor(
            rows.r, weights=rows.weights, r_out=rows.r_out, reduced_mass=mass / 2
        )
    ).fit(rows.data, rows.target, y_std=rows.sigma)

    def level(L):
        """Ground state of the fit, its energy and its error."""
        states = lattice_spectrum(model.estimator_, L=L, masses=mass, n_states=1)
        wedge = records[L].wedge
        psi, n = wedge.to_shells(states.wave_function), wedge.shell_weights

        def expectation(m):
            return np.sum(n * psi * m.apply_potential(psi, wedge.shell_r, n, wedge.shell_r))

        shifts = model.samples(expectation) / np.sum(n * psi**2)
        return states.energy[0], jackknife_error(shifts), states.wave_function[0]

    levels = {L: level(L) for L in BOXES}
    print(f"potential and levels: {time.perf_counter() - begin:.1f} s")

# %%
# Plateaux
# --------
# One exponential on t = 12 … 15. Both sources share the noise of the configurations: the error of
# their difference is that of its bins.

if folder is not None:
    fits, curves = {}, {}
    for L in BOXES:
        for name, sink in (("at rest", None), ("projected", levels[L][2])):
            curves[L, name] = effective_energy(records[L], sink)
            fits[L, name] = fit = curves[L, name].fit(WINDOW, correlated=False)
            E, E_std = fit.energy * to_mev, fit.std * to_mev
            apart = np.abs(E[1] - E[0]) / (
                to_mev * jackknife_error(fit.bins[:, 1] - fit.bins[:, 0])
            )
            print(
                f"L = {L} {name:9s}: wall {E[0]:5.2f}({E_std[0]:.2f}), smeared {E[1]:5.2f}"
                f"({E_std[1]:.2f}) MeV, {apart:.1f} errors apart"
            )
        print(f"L = {L} from U   : {levels[L][0] * to_mev:5.2f}({levels[L][1] * to_mev:.2f}) MeV")

# %%
# Lüscher's formula and the normality check
# -----------------------------------------
# 1/a0 and r_eff of the line through the three energies, in units of m_π. Projected, the smeared
# source has an energy within its error of the free level in L = 64, where k cot δ is infinite.

if folder is not None:
    checks = {}
    for i, source, name in (
        (0, "wall", "at rest"),
        (0, "wall", "projected"),
        (1, "exp", "at rest"),
    ):
        E, E_std = np.transpose([(fits[L, name].energy[i], fits[L, name].std[i]) for L in BOXES])
        checks[source, name] = check = normality_check(E, L=BOXES, energy_std=E_std, masses=mass)
        c, r = check.inverse_scattering_length / pion, check.effective_range * pion
        c_std, r_std = np.sqrt(np.diag(check.covariance)) * (1 / pion, pion)
        print(
            f"{source:4s} {name:9s}: −1/a0 = {-c:.2f}({c_std:.2f}), r_eff = {r:.0f}({r_std:.0f}), "
            f"p = {check.p_value:.2f}, κ = {check.kappa / pion:.2f}"
        )
    (c, r), (c_std, r_std) = model.evaluate(
        lambda m: np.array([-1 / m.scattering_length() / pion, m.effective_range() * pion])
    )
    print(f"from U        : −1/a0 = {c:.2f}({c_std:.2f}), r_eff = {r:.1f}({r_std:.1f})")

# %%
# Pictures
# --------

if folder is not None:
    figure, axes = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
    for ax, name in zip(axes, ("at rest", "projected"), strict=False):
        E, E_std = (value * to_mev for value in levels[48][:2])
        ax.axhspan(E - E_std, E + E_std, color="0.8", label="level of U")
        found = curves[48, name]
        for i, source in enumerate(("wall", "smeared")):
            ax.errorbar(
                found.t + 0.05 * i, found.energy[i] * to_mev, found.std[i] * to_mev, fmt="so"[i],
                ms=4, capsize=2, label=source,
            )  # fmt: skip
        ax.set(xlabel="$t/a$", ylabel="$\\Delta E$ [MeV]", title=f"L = 48, {name}", ylim=(-14, 2))
        ax.legend(loc="lower left")
    square = np.linspace(-0.052, -0.002, 200)
    energy, ax = square * pion**2 / mass, axes[2]
    for L in BOXES:
        ax.plot(
            square, luscher_k_cot_delta(energy, L=L, reduced_mass=mass / 2) / pion, "0.7", lw=0.8
        )
    bins = model.samples(
        lambda m: -1 / m.scattering_length() / pion + m.effective_range() * pion * square / 2
    )
    line, band = c + r * square / 2, jackknife_error(bins)
    ax.fill_between(square, line - band, line + band, color="0.6", alpha=0.4, label="U")
    for (source, name), check in checks.items():
        ax.errorbar(
            check.k_squared / pion**2, check.k_cot_delta / pion, check.k_cot_delta_std / pion,
            xerr=check.k_squared_std / pion**2, fmt="s" if source == "wall" else "o", ms=5,
            color="C0" if source == "wall" else "C1", mfc="none" if name == "at rest" else None,
            lw=0.8, label=f"{'wall' if source == 'wall' else 'smeared'}, {name}",
        )  # fmt: skip
    ax.set(
        xlabel="$k^2/m_\\pi^2$", ylabel="$k\\,\\cot\\delta/m_\\pi$", ylim=(-0.25, 0.8),
        title="Lüscher, L = 40, 48, 64",
    )  # fmt: skip
    ax.legend(fontsize=8)
    plt.show()
