"""
ΞΞ in lattice QCD
=================

Correlators R(t, r) of two Ξ baryons in the ¹S₀ channel, from wall and smeared sources on a
64³ lattice at m_π = 510 MeV, published with Iritani et al., JHEP 03 (2019) 007. One potential,
V(r) δ(r − r') + U(r, r'), is learned from both sources, and gives phase shifts.

The correlators are not part of the package: the environment variable ``HALKIT_DATA`` names
the folder that holds ``xixi_1s0_rcorr.npz``. Without it this page has no numbers.
"""

# %%
# Rows
# ----
# Four time slices of each source. The Laplacian and the time differences are taken on the
# lattice, then averaged over shells of equal r².

import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from halkit import TimeDependentHALRegressor
from halkit.correlators import load_correlators
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay
from halkit.equations import lattice_rows
from halkit.potentials import leading_order
from halkit.resampling import JackknifeRegressor

folder = os.environ.get("HALKIT_DATA")
if folder is None:
    print("Left out: HALKIT_DATA, the folder with the published correlators, is not set.")
else:
    correlators = load_correlators(folder, lattice="L64")
    rows = lattice_rows(correlators, times=(12, 13, 14, 15), r_max=correlators.from_fm(2.4))
    X, y = rows.mean()
    print(correlators)
    print(rows)

# %%
# Fit
# ---
# Residuals are divided by the jackknife errors of y, which are strongly correlated: their mean
# square measures the fit, but does not follow a χ² distribution. The network is fitted to the
# mean of the bins; the 20 jackknife bins follow to first order in its parameters.

if folder is not None:
    begin = time.perf_counter()
    network = TimeDependentHALRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, hadron_mass=correlators.hadron_mass,
        n_init=1, random_state=0,
    )  # fmt: skip
    model = JackknifeRegressor(network, refit="linear").fit(
        rows.data, rows.target, y_std=rows.sigma
    )
    residual = (model.predict(X) - y) / rows.sigma
    print(f"{model.estimator_.n_iter_} iterations and {model.n_bins_} bins: ", end="")
    print(f"{time.perf_counter() - begin:.1f} s")
    print(f"mean square of residual/σ: {np.mean(residual**2):.2f}")

# %%
# Potentials and phase shifts
# ---------------------------
# The localised potentials of the two sources differ by 30 MeV at 0.4 fm, which one non-local
# potential explains. The published phases, from the expansion V0 + V2∇² at t = 13, are drawn
# if they lie beside the correlators. Bands are statistical errors, one standard deviation of the
# jackknife; the pull of the prior is not in them.

if folder is not None:
    at_13 = rows.select(times=[13])
    V, V_std = (correlators.to_mev(part) for part in model.localize(at_13.data, return_std=True))
    r = correlators.to_fm(rows.r_out)
    data, far = leading_order(at_13), r > 0.34
    points = (correlators.to_mev(part)[:, far] for part in (data.V, data.V_std))
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    LocalPotentialDisplay(
        V[:, far], r[far], potential_std=V_std[:, far],
        labels=["wall: from U", "smeared: from U"],
        data=(r[far], *points), data_labels=["wall: data", "smeared: data"],
    ).plot(left, units=("fm", "MeV"))  # fmt: skip
    left.set_title("ΞΞ(¹S₀), t = 13")

    momenta = np.append(np.linspace(10.0, 400.0, 200), [100.0, 200.0, 300.0])
    k, published = correlators.from_mev(momenta), np.empty(0)
    reference, file = None, Path(folder, "xixi_1s0_published.npz")
    if file.is_file():
        with np.load(file, allow_pickle=False) as archive:
            published = np.sqrt(archive["k2_n2lo_w_v2_t13"][5::8])
            bins = np.unwrap(archive["delta_n2lo_w_v2_t13_jk"], axis=1, period=np.pi)[:, 5::8]
        error = np.sqrt(len(bins) - 1) * bins.std(axis=0)
        reference = correlators.to_mev(published), bins.mean(axis=0), error
    # one call for all momenta: the bins are solved once
    delta, std = model.phase_shift(np.append(k, published), return_std=True)
    PhaseShiftDisplay(
        delta[:200], momenta[:200], phase_shift_std=std[:200], reference=reference, name="learned",
        reference_name="published, V0 + V2∇²",
    ).plot(right, units="MeV")  # fmt: skip
    right.set_title("ΞΞ(¹S₀)")
    plt.show()
    at = np.argmin(np.abs(r - 0.402))
    for source, potential, spread in zip(("wall", "smeared"), V, V_std, strict=True):
        print(f"V(0.40 fm), {source}: {potential[at]:.1f} ± {spread[at]:.1f} MeV")
    for i in range(200, 203):
        print(f"δ({momenta[i]:.0f} MeV) = {np.rad2deg(delta[i]):.2f}° ± {np.rad2deg(std[i]):.2f}°")
    if reference is not None:
        pull = np.abs(delta[203:] - reference[1]) / np.hypot(std[203:], reference[2])
        print(f"largest distance to the published phases: {pull.max():.2f} combined errors")
