"""
ΞΞ in lattice QCD, with errors
==============================

One potential from all correlators R(t, r) of two Ξ baryons in the ¹S₀ channel, from wall and
smeared sources on a 64³ lattice at m_π = 510 MeV (Iritani et al., JHEP 03 (2019) 007): a local
term and a smooth non-local one, in closed form, with statistical errors by jackknife.

The correlators are not part of the package: the environment variable ``HALKIT_DATA`` names
the folder that holds ``xixi_1s0_rcorr.npz``. Without it this page has no numbers.
"""

# %%
# Leading order
# -------------
# V(r) = y/R of each source, where y is the left-hand side of the time-dependent equation. The
# two sources do not agree: a local potential is not enough.

import os
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.correlators import load_correlators
from halkit.equations import identifiability, lattice_rows
from halkit.exceptions import MisfitWarning
from halkit.resampling import blocks, jackknife_error
from halkit.scattering import lattice_spectrum
from halkit.units import HBARC

folder, VOLUMES = os.environ.get("HALKIT_DATA"), (40, 48, 64)
if folder is None:
    print("Left out: HALKIT_DATA, the folder with the published correlators, is not set.")
else:
    volumes = {L: load_correlators(folder, lattice=f"L{L}") for L in VOLUMES}
    mass, to_mev = volumes[64].hadron_mass, volumes[64].inverse_spacing
    fm, pion = HBARC / to_mev, 510.0 / to_mev
    r_max, r_unseen = 2.4 / fm, 2.0 / fm
    rows = lattice_rows(volumes[64], times=(12, 13, 14, 15), stencil=3, r_max=r_max)
    at_13 = rows.select(times=[13])
    r = rows.r_out * fm
    node = int(np.argmin(np.abs(r - 0.402)))
    leading = at_13.target / at_13.data[..., : len(r)] * to_mev
    V_leading, V_error = leading.mean(axis=0), jackknife_error(leading)
    print(rows)
    for name, V, error in zip(("wall", "smeared"), V_leading, V_error, strict=True):
        print(f"leading order, {name}: V(0.40 fm) = {V[node]:.1f}({error[node]:.1f}) MeV")

# %%
# One potential for both sources
# ------------------------------
# The defaults of the regressor are those that a volume left out of the fit prefers, see
# `plot_xixi_selection.py`. `CorrelatorRegressor` makes the rows and fits their mean and each of 20
# jackknife bins, with weights and hyperparameters in common. Bins share 19/20 of their data: they
# are not cross-validation samples, and hyperparameters are chosen before, on the means. L = 48 is
# not fitted. χ² has the covariance of the bins, and the errors of the fit count.

if folder is not None:
    joint = CorrelatorRegressor(
        GaussianProcessPotentialRegressor(), times=(12, 13, 14, 15), stencil=3, r_max=r_max
    )
    begin = time.perf_counter()
    model = joint.fit(blocks(volumes[64]))
    print(f"{len(model.estimators_)} bins: {time.perf_counter() - begin:.1f} s")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)  # one V(r) for both sources
        local = clone(joint).set_params(estimator__local="only").fit(blocks(volumes[64]))
    for name, fit in {"one U": model, "local only": local}.items():
        fitted = fit.goodness_of_fit(blocks(volumes[64]))
        unseen = fit.goodness_of_fit(blocks(volumes[48]), r_max=r_unseen)
        print(
            f"{name:10s} χ²/dof of L = 64, fitted: {fitted.chi2 / fitted.dof:5.2f};  of L = 48: "
            f"{unseen.chi2 / unseen.dof:5.2f}, p = {unseen.p_value:.2g}"
        )
    V_learned, V_spread = (V * to_mev for V in model.localize(at_13.data, return_std=True))
    for name, V, error in zip(("wall", "smeared"), V_learned, V_spread, strict=True):
        print(f"one U, {name}: V(0.40 fm) = {V[node]:.1f}({error[node]:.1f}) MeV")

# %%
# What the data determine
# -----------------------
# Few functions of r' stand above the noise of the wave functions, of which the overall size is
# no information. And of the non-local prior, few directions are seen beside any V(r): the rest
# of U is prior, and its elements are not results. Phase shifts are.

if folder is not None:
    size = rows.data @ rows.weights
    sigma = jackknife_error(rows.data / size[..., None]) * size.mean(axis=0)[:, None]
    found = identifiability(rows.mean()[0], sigma, weights=rows.weights)
    signal = model.estimator_.nonlocal_sensitivity_
    print(f"directions above the noise: {found.n_directions}")
    print(f"directions of U above 3σ beside V(r): {np.count_nonzero(signal > 3)}")
    print(
        f"effective parameters: {model.estimator_.n_effective_:.1f} of "
        f"{len(model.estimator_.coefficients_)}"
    )

# %%
# Phase shifts
# ------------
# The published phases, from the expansion V0 + V2∇² at t = 13, are drawn if they lie beside the
# correlators. Distances are in combined errors, which counts common noise twice.

if folder is not None:
    k = np.linspace(5.0, 400.0, 200) / to_mev
    delta, band = np.rad2deg(model.phase_shift(k, return_std=True))
    cot, cot_error = model.evaluate(lambda m: -1 / m.scattering_length() / pion)
    print(f"k cot δ(0)/m_π = {cot:.3f}({cot_error:.3f})")
    print(f"bound states: {len(model.bound_states().energy)}")
    for momentum in (100.0, 200.0, 300.0):
        centre, error = np.rad2deg(model.phase_shift(momentum / to_mev, return_std=True))
        print(f"δ({momentum:.0f} MeV) = {centre:.2f}({error:.2f})°")
    file, published = Path(folder, "xixi_1s0_published.npz"), None
    if file.is_file():
        with np.load(file, allow_pickle=False) as archive:
            square = archive["k2_n2lo_w_v2_t13"][1:41:3]
            bins = np.unwrap(archive["delta_n2lo_w_v2_t13_jk"], axis=1, period=np.pi)[:, 1:41:3]
        published = (
            np.sqrt(square),
            np.rad2deg(bins.mean(axis=0)),
            np.rad2deg(jackknife_error(bins)),
        )
        mine, error = np.rad2deg(model.phase_shift(published[0], return_std=True))
        pull = (mine - published[1]) / np.hypot(error, published[2])
        print(f"largest distance to the published phases: {np.abs(pull).max():.2f} σ")

# %%
# Energies in boxes
# -----------------
# The lowest state of the learned potential on three periodic lattices, of which L = 40 and 48
# were not fitted. Energies of the bins are to first order in what the bin changes,
# E + ⟨ψ|U_bin − U|ψ⟩, with ψ of the fit to the mean; solved anew for each bin, L = 40 and 48 give
# the same two digits of the error.

if folder is not None:

    def ground_state(L):
        """Energy and jackknife error in MeV."""
        wedge = volumes[L].wedge
        state = lattice_spectrum(model.estimator_, L=L, reduced_mass=mass / 2, n_states=1)
        psi, n = wedge.to_shells(state.wave_function), wedge.shell_weights

        def expectation(m):
            return np.sum(n * psi * m.apply_potential(psi, wedge.shell_r, n, wedge.shell_r))

        shifts = model.samples(expectation) / np.sum(n * psi**2)
        return state.energy[0] * to_mev, jackknife_error(shifts) * to_mev

    begin = time.perf_counter()
    table = {40: (-4.59, 0.27), 48: (-2.82, 0.18), 64: (-1.29, 0.09)}
    box = {L: ground_state(L) for L in VOLUMES}
    for L, (energy, error) in box.items():
        print(
            f"L = {L}: E0 = {energy:.2f}({error:.2f}) MeV, "
            f"published {table[L][0]:.2f}({table[L][1]:.2f}) MeV"
        )
    print(f"three boxes: {time.perf_counter() - begin:.1f} s")

# %%
# Systematics
# -----------
# Window, stencil, prior and sources are varied in `plot_xixi_budget.py`, with smaller volumes to
# decide which variations count.

# %%
# Pictures
# --------

if folder is not None:
    figure, axes = plt.subplots(2, 3, figsize=(16, 9), layout="constrained")
    (local_ax, phase_ax, box_ax), (values_ax, directions_ax, cot_ax) = axes
    for i, name in enumerate(("wall", "smeared")):
        local_ax.errorbar(
            r, V_leading[i], V_error[i], fmt=".", ms=3, lw=0.8, color=f"C{i}", alpha=0.5,
            label=f"{name}, leading order",
        )  # fmt: skip
        local_ax.fill_between(
            r, V_learned[i] - V_spread[i], V_learned[i] + V_spread[i], color=f"C{i}", alpha=0.4
        )
        local_ax.plot(r, V_learned[i], f"C{i}", label=f"{name}, from one U")
    local_ax.set(
        xlim=(0.15, 2.0), ylim=(-50, 150), xlabel="$r$ [fm]", ylabel="$V(r)$ [MeV]",
        title="localised, t = 13",
    )  # fmt: skip

    phase_ax.fill_between(k * to_mev, delta - band, delta + band, alpha=0.3)
    phase_ax.plot(k * to_mev, delta, label="learned, jackknife band")
    if published is not None:
        phase_ax.errorbar(
            published[0] * to_mev, *published[1:], fmt="k.", label="published, V0 + V2∇², t = 13"
        )
    phase_ax.set(xlabel="$k$ [MeV]", ylabel="$\\delta$ [deg]", title="ΞΞ(¹S₀)")

    lengths = np.array(VOLUMES) * fm
    box_ax.errorbar(lengths - 0.02, *np.transpose(list(box.values())), fmt="o", label="learned")
    box_ax.errorbar(
        lengths + 0.02, *np.transpose(list(table.values())), fmt="ks", label="published"
    )
    box_ax.set(xlabel="$La$ [fm]", ylabel="$E_0$ [MeV]", title="lowest state in the box")

    number = np.arange(1, len(found.singular_values) + 1)
    values_ax.semilogy(number, found.singular_values, "o", label="wave functions")
    values_ax.axhline(
        np.sqrt(len(rows.labels)), color="C0", ls="--", lw=0.8, label="what noise alone could reach"
    )
    values_ax.semilogy(number, signal[: len(number)], "s", color="C1", label="U beside any V(r)")
    values_ax.axhline(3.0, color="C1", ls=":", lw=0.8, label="3σ")
    values_ax.set(
        xlabel="direction", ylabel="singular value [errors]", title="what the data determine"
    )

    for a in range(found.n_directions):
        chi = found.directions[a] * np.sign(found.directions[a][np.argmax(rows.r > 3)])
        directions_ax.plot(rows.r * fm, 1e3 * chi, label=f"direction {a + 1}")
    directions_ax.axhline(0.0, color="k", lw=0.5)
    directions_ax.set(
        xlabel="$r'$ [fm]", ylabel="$\\chi(r')$ [$10^{-3}\\,a^{-3/2}$]",
        title="directions above the noise",
    )  # fmt: skip

    k_cot, k_cot_error = (
        x / pion for x in model.k_cot_delta(k[k < 1.2 * pion / 2], return_std=True)
    )
    square = (k[k < 1.2 * pion / 2] / pion) ** 2
    cot_ax.fill_between(square, k_cot - k_cot_error, k_cot + k_cot_error, alpha=0.3)
    cot_ax.plot(square, k_cot, label="learned, jackknife band")
    cot_ax.set(
        xlabel="$k^2/m_\\pi^2$",
        ylabel="$k\\,\\cot\\delta/m_\\pi$",
        title="effective-range expansion",
    )
    for ax in axes.flat:
        ax.legend(fontsize=9)
    plt.show()
