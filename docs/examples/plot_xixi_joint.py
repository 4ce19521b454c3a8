"""
ΞΞ from all correlators, with errors
====================================

One potential V(r) δ(r − r') + U(r, r') of two Ξ baryons in the ¹S₀ channel, learned in closed form
from two sources and four times on the 64³ lattice (m_π = 510 MeV; published with Iritani et al.,
JHEP 03 (2019) 007), with statistical errors by jackknife: what it says about phase shifts and box
energies, and what the data determine of it.

The environment variable ``HALKIT_DATA`` names the folder that holds ``xixi_1s0_rcorr.npz``.
"""

# %%
# Rows
# ----
# Each of the twenty jackknife bins has eight rows. The errors are those of y/R times R.

import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from halkit import GaussianProcessPotentialRegressor, JackknifeRegressor
from halkit.datasets import load_correlators
from halkit.resampling import jackknife_error
from halkit.scattering import lattice_spectrum
from halkit.sources import identifiability, lattice_rows
from halkit.units import HBARC

folder = os.environ.get("HALKIT_DATA")
if folder is None:
    print("Left out: HALKIT_DATA, the folder with the published correlators, is not set.")
else:
    volumes = {L: load_correlators(folder, lattice=f"L{L}") for L in (48, 64)}
    mass, to_mev = volumes[64].hadron_mass, volumes[64].inverse_spacing
    fm, pion = HBARC / to_mev, volumes[64].pion_mass / to_mev


def rows_of(L=64, times=(12, 13, 14, 15), sources=("wall", "exp"), r_max=2.4):
    return lattice_rows(volumes[L], times=times, sources=sources, r_max=r_max / fm)


def process(rows, **settings):
    return GaussianProcessPotentialRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, reduced_mass=mass / 2, **settings
    )


# %%
# What the data determine
# -----------------------
# Three directions in r' stand above the noise with both sources, two with one. And beside any
# V(r) the non-local part is seen only with both: U of the prior moves the data by so many
# standard deviations.

if folder is not None:
    rows = rows_of()
    X, y = rows.data.mean(axis=0), rows.target.mean(axis=0)
    size = (rows.data**2 @ rows.weights) ** 0.5
    noise = jackknife_error(rows.data / size[..., None]) * size.mean(axis=0)[:, None]
    directions = {}
    for name, some in {"both": slice(None), "wall": slice(4), "smeared": slice(4, 8)}.items():
        directions[name] = identifiability(X[some], noise[some], weights=rows.weights)
        print(f"{name}: {directions[name].n_directions} directions above the noise")

# %%
# The fit, bin by bin
# -------------------
# Bins are not cross-validation samples: the prior (ρ = 5.5a, ℓ = 4a, 1e-5) was chosen before, by
# volumes left out.

if folder is not None:
    begin = time.perf_counter()
    model = JackknifeRegressor(process(rows)).fit(rows.data, rows.target, y_std=rows.sigma)
    centre = model.estimator_
    print(f"{model.n_bins_ + 1} fits: {time.perf_counter() - begin:.1f} s")
    print(f"U beside V(r): {centre.nonlocal_signal_[:3].round(1)} standard deviations")


def chi2(fitted, rows):
    prediction = fitted.apply_potential(rows.data.mean(axis=0), rows.r, rows.weights, rows.r_out)
    return np.mean(((prediction - rows.target.mean(axis=0)) / rows.sigma) ** 2)


if folder is not None:
    unseen = {
        "L = 48, wall": rows_of(48, sources=("wall",), r_max=2.0),
        "L = 48, smeared": rows_of(48, (13, 14, 15), ("exp",), 2.0),
    }
    local = process(rows, local="only").fit(X, y, y_std=rows.sigma)
    for name, some in {"trained": rows, **unseen}.items():
        print(
            f"mean (residual/σ)², {name}: {chi2(centre, some):.2f}; "
            f"local potential alone: {chi2(local, some):.2f}"
        )

# %%
# Phase shifts and box energies
# -----------------------------
# k cot δ at threshold in units of m_π; the ground states of the periodic boxes beside the
# published −4.59(27), −2.82(18) and −1.29(9) MeV.


def k_cot_delta(fitted):
    return -1 / (fitted.scattering_length() * pion)


if folder is not None:
    value, error = model.evaluate(k_cot_delta)
    print(
        f"k cot δ(0) = {value:.3f}({error:.3f}) m_π; bound states: {len(centre.bound_states()[0])}"
    )
    for L in (40, 48, 64):
        energy = lattice_spectrum(centre, L=L, reduced_mass=mass / 2, n_states=1).energy[0]
        print(f"E0(L = {L}) = {energy * to_mev:.2f} MeV")

# %%
# Systematic spread
# -----------------
# One thing at a time: the window of times, the radius of the prior, the basis of V(r).

if folder is not None:
    variations = {
        "t = 12 … 14": (rows_of(times=(12, 13, 14)), {}),
        "t = 13 … 15": (rows_of(times=(13, 14, 15)), {}),
        "ρ = 4a": (rows, {"envelope_radius": 4.0}),
        "ρ = 7a": (rows, {"envelope_radius": 7.0}),
        "16 widths": (rows, {"local_widths": np.geomspace(0.6, 9.0, 16)}),
        "widths to 7a": (rows, {"local_widths": np.geomspace(0.6, 7.0, 11)}),
        "widths to 12a": (rows, {"local_widths": np.geomspace(0.6, 12.0, 11)}),
    }
    varied = {
        name: process(some, **settings).fit(
            some.data.mean(axis=0), some.target.mean(axis=0), y_std=some.sigma
        )
        for name, (some, settings) in variations.items()
    }
    for name, other in varied.items():
        print(f"{name:14s} k cot δ(0) = {k_cot_delta(other):.3f} m_π")

# %%
# Pictures
# --------
# The leading-order potentials y/R of the two sources differ, which one U explains.

if folder is not None:
    figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
    (potentials, phases), (spectrum, spread) = axes
    r = rows.r_out * fm
    V, band = model.localize(rows.data, return_std=True)
    ratio = rows.target / rows.data[..., : len(r)]
    points, bars = ratio.mean(axis=0), jackknife_error(ratio)
    at = np.argmin(np.abs(r - 0.402))
    for color, label, source in (("C0", "wall", "wall"), ("C1", "smeared", "exp")):
        i = rows.labels.index((source, 13))
        potentials.errorbar(
            r, points[i] * to_mev, bars[i] * to_mev, fmt=".", ms=3, color=color, alpha=0.4
        )
        low, high = (V[i] - band[i]) * to_mev, (V[i] + band[i]) * to_mev
        potentials.fill_between(r, low, high, color=color, alpha=0.5, label=f"{label}, one U")
        print(f"V(0.40 fm), {label}: {V[i, at] * to_mev:.1f}({band[i, at] * to_mev:.1f}) MeV")
    potentials.set(
        xlim=(0.15, 2.2), ylim=(-50, 150), xlabel="$r$ [fm]", ylabel="$V(r)$ [MeV]",
        title="leading order, t = 13: points; localised U: bands",
    )  # fmt: skip
    k = np.linspace(10.0, 400.0, 60) / to_mev
    delta, error = np.rad2deg(model.phase_shift(k, return_std=True))
    phases.fill_between(k * to_mev, delta - error, delta + error, alpha=0.4, label="learned, 1σ")
    file = Path(folder, "xixi_1s0_published.npz")
    if file.is_file():
        with np.load(file, allow_pickle=False) as archive:
            published = np.sqrt(archive["k2_n2lo_w_v2_t13"][5::8]) * to_mev
            bins = np.unwrap(archive["delta_n2lo_w_v2_t13_jk"], axis=1, period=np.pi)[:, 5::8]
        phases.errorbar(
            published, np.rad2deg(bins.mean(axis=0)), np.rad2deg(jackknife_error(bins)),
            fmt="k.", label="published, V0 + V2∇², t = 13",
        )  # fmt: skip
    phases.set(xlabel="$k$ [MeV]", ylabel="$\\delta$ [deg]", title="¹S₀ phase shift")
    for name, found in directions.items():
        values = found.singular_values
        spectrum.semilogy(np.arange(1, len(values) + 1), values, "o-", ms=4, label=name)
        spectrum.axhline(np.sqrt(len(values)), color="0.6", lw=0.6)
    spectrum.set(
        xlabel="direction", ylabel="singular value / noise",
        title="wave functions above their noise (lines: √n)",
    )  # fmt: skip
    spread.fill_between(k * to_mev, -error, error, color="0.85", label="statistical, 1σ")
    for name, other in varied.items():
        spread.plot(k * to_mev, np.rad2deg(other.phase_shift(k)) - delta, label=name)
    spread.set(xlabel="$k$ [MeV]", ylabel="change of $\\delta$ [deg]", title="systematic spread")
    for ax in axes.flat:
        ax.legend(fontsize=8)
    plt.show()
