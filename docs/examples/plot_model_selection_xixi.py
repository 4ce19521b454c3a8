"""
A volume left out chooses the prior
===================================

How far a non-local potential reaches, and how strong it may be, are parameters of its prior.
Training residuals always prefer more freedom, since they take the correlated noise of a lattice
correlator for signal. A volume that the fit has not seen does not share that noise: the grid
search below leaves out one of three volumes of the ΞΞ(¹S₀) correlators at a time.

The environment variable ``HALKIT_DATA`` names the folder that holds ``xixi_1s0_rcorr.npz``.
"""

# %%
# One set of shells
# -----------------
# Inside half of the smallest box all volumes have the same shells with the same number of
# sites, so that their rows stack.

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn import config_context
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut

from halkit import GaussianProcessPotentialRegressor
from halkit.datasets import load_correlators
from halkit.exceptions import UnderdeterminedWarning
from halkit.sources import lattice_rows

RADII, AMPLITUDES = [4.0, 5.5, 8.0, 12.0], [1e-6, 1e-5, 1e-4]
folder = os.environ.get("HALKIT_DATA")
if folder is None:
    print("Left out: HALKIT_DATA, the folder with the published correlators, is not set.")
else:
    volumes, stacked = (40, 48, 64), {"data": [], "target": [], "sigma": []}
    for L in volumes:
        correlators = load_correlators(folder, lattice=f"L{L}")
        rows = lattice_rows(
            correlators, times=(12, 13, 14, 15), sources=("wall", "exp"), r_max=19.9,
            r_prime_max=19.9,
        )  # fmt: skip
        stacked["data"].append(rows.data.mean(axis=0))
        stacked["target"].append(rows.target.mean(axis=0))
        stacked["sigma"].append(rows.sigma)
    X, y, sigma = (np.concatenate(values) for values in stacked.values())
    groups = np.repeat(volumes, len(rows.labels))
    print(f"m = {correlators.pion_mass:.0f} MeV; {X.shape[0]} rows, {X.shape[1]} shells")

# %%
# The search
# ----------
# The score is the mean of (residual/σ)², so the errors have to reach the fit and the score: with
# metadata routing GridSearchCV cuts them like the rows. The weakest and narrowest prior is hardly
# seen beside V(r), of which the fits warn; here that is one cell among others.


def mean_chi2(y_true, y_pred, *, y_std):
    """Mean of (residual/σ)²."""
    return np.mean(((y_pred - y_true) / y_std) ** 2)


if folder is not None:
    with config_context(enable_metadata_routing=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", UnderdeterminedWarning)
        model = GaussianProcessPotentialRegressor(
            rows.r, weights=rows.weights, reduced_mass=correlators.hadron_mass / 2
        ).set_fit_request(y_std=True)
        scorer = make_scorer(mean_chi2, greater_is_better=False).set_score_request(y_std=True)
        search = GridSearchCV(
            model, {"envelope_radius": RADII, "amplitude": AMPLITUDES}, scoring=scorer,
            cv=LeaveOneGroupOut(), return_train_score=True, refit=False,
        ).fit(X, y, groups=groups, y_std=sigma)  # fmt: skip
        local = GridSearchCV(
            model, {"local": ["only"]}, scoring=scorer, cv=LeaveOneGroupOut(), refit=False
        ).fit(X, y, groups=groups, y_std=sigma)  # fmt: skip
    print(f"a local potential alone leaves {-local.cv_results_['mean_test_score'][0]:.1f}")

# %%
# What is left of a volume that the fit did not see
# -------------------------------------------------
# The training residual falls towards wide and strong priors throughout; the volume left out is
# worse again there.

if folder is not None:
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for ax, name in zip(axes, ("train", "test"), strict=True):
        table = -search.cv_results_[f"mean_{name}_score"].reshape(len(AMPLITUDES), len(RADII))
        ax.imshow(np.log(table), cmap="viridis", aspect="auto")
        for (i, j), value in np.ndenumerate(table):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", color="k" if value > 7 else "w")
        ax.set(
            title=f"mean (residual/σ)², {name}", xlabel="envelope radius ρ [a]",
            xticks=range(len(RADII)), xticklabels=RADII,
            yticks=range(len(AMPLITUDES)), yticklabels=AMPLITUDES, ylabel="amplitude",
        )  # fmt: skip
        i, j = np.unravel_index(table.argmin(), table.shape)
        print(f"{name}: least at ρ = {RADII[j]}, amplitude {AMPLITUDES[i]:g}: {table[i, j]:.2f}")
        print(f"{name} at the defaults: {table[1, 1]:.2f}; at 12, 1e-4: {table[2, 3]:.2f}")
    plt.show()
