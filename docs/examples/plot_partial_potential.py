"""
One row of a potential
======================

Half of the separable potential of Aoki and Doi is taken as known,

.. math:: U(r, r') = \\omega\\, e^{-\\mu r} f_\\theta(r'), \\quad f(r') = e^{-\\mu r'},

and f is learned from ten wave functions and their sources at the single radius r = R = 2.5
(units μ = 1). These are ten numbers for a function: what lies between them is prior.
"""

# %%
# Data
# ----
# One output node, ``r_out``: U is a matrix of one row, 1 × 100.

import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import NonLocalPotentialRegressor
from halkit.datasets import make_separable

OMEGA, R, MASS = -0.017, 2.5, 3.3

data = make_separable(n_k=10, reduced_mass=MASS)
source = data.interaction.target(data.k, np.array([R]), reduced_mass=MASS)
print(f"X: {data.data.shape}, y: {source.shape}")

# %%
# Three priors
# ------------
# The network "plain" is f(r, r'), on one row a function of r' alone. It is fitted without any
# decay, with the default envelope e^{−r'/ρ}, ρ = 2 at the start, and with ρ = 1/μ, the range
# that the known half of U has. ρ is learned from there on. Six seeds each.

ladder = {
    "no envelope": {"envelope": None},
    "envelope, ρ = 2": {},
    "envelope, ρ = 1/μ": {"envelope_radius": 1.0},
}
truth = np.exp(-data.r)
known = OMEGA * np.exp(-R)
norm = np.sqrt(data.weights)
functions, errors, begin = {}, {}, time.perf_counter()
for name, settings in ladder.items():
    models = [
        NonLocalPotentialRegressor(
            data.r, r_out=[R], reduced_mass=MASS, network="plain", random_state=seed, **settings
        ).fit(data.data, source)
        for seed in range(6)
    ]
    functions[name] = np.array([model.potential_[0] for model in models]) / known
    distances = np.linalg.norm(norm * (functions[name] - truth), axis=1)
    errors[name] = distances / np.linalg.norm(norm * truth)
    residual = max(np.sqrt(model.loss_) for model in models)
    print(
        f"{name:18s} error of f, with the measure 4πr'²dr': {errors[name].min():.1e} … "
        f"{errors[name].max():.1e}; residuals below {residual:.0e}"
    )
print(f"{6 * len(ladder)} fits, {time.perf_counter() - begin:.1f} s")

# %%
# Pictures
# --------
# Every curve reproduces the ten sources to 1e-4. The functions r'² f(r') are drawn, since the
# sum over r' has the measure 4πr'²dr'.

figure, axes = plt.subplots(1, 4, figsize=(18, 4), layout="constrained")
for ax, (name, curves) in zip(axes, functions.items(), strict=False):
    ax.plot(data.r, (data.r**2 * curves).T, lw=0.8)
    ax.plot(data.r, data.r**2 * truth, "k--", lw=1.2, label="truth")
    ax.set(xlim=(0, 12.5), ylim=(-0.15, 0.75), xlabel="$r'$ [$1/\\mu$]", title=name)
    ax.legend()
axes[0].set_ylabel("$r'^2 f(r')$ [$1/\\mu^2$]")
for i, values in enumerate(errors.values()):
    axes[3].semilogy(np.full(len(values), i), values, "o", alpha=0.6)
axes[3].axhline(0.03, color="0.5", ls=":")
axes[3].set(xticks=range(3), xticklabels=ladder, title="relative error of f, six seeds; line: 3 %")
plt.show()
