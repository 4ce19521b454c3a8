"""
How the charge freezes
======================

The topological charge Q of two-dimensional U(1) links against Monte Carlo time, β = 1 … 7 on 8 × 8.
Hybrid Monte Carlo changes Q less and less; with a winding move in each trajectory it changes at
every β, and so do independent configurations of the diffusion model trained at β = 1.
"""

# %%
# Three histories
# ---------------
# 200 unit trajectories after 100 from links of zero, 32 chains of each kind; 200 configurations of
# a network that has seen β = 1 on 16 × 16 alone, made exact by rejection.

import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import U1DiffusionSampler
from halkit.gauge import exact_susceptibility, hmc, sample_exact, topological_charge

SHAPE, N, BETAS = (8, 8), 200, np.arange(1.0, 8.0)
links = sample_exact(4096, 1.0, (16, 16), random_state=0)
model = U1DiffusionSampler(max_epochs=4, random_state=0).fit(links)


def chain(beta, **moves):
    """Q of 32 chains, (200, 32)."""
    states = hmc(
        np.zeros((32, 2, *SHAPE)), beta, n_trajectories=N, n_warmup=100, random_state=int(beta),
        **moves,
    )  # fmt: skip
    return np.array([topological_charge(state.theta) for state in states])


def draws(beta):
    """Q of 200 independent configurations, (200, 1)."""
    theta = model.sample(N, beta=beta, lattice_size=SHAPE, random_state=int(beta))
    return topological_charge(theta)[:, None]


ways = {
    "hybrid Monte Carlo": chain,
    "with winding hits": lambda beta: chain(beta, winding_hits=1),
    "diffusion, rejection": draws,
}
histories = {}
for name, way in ways.items():
    begin = time.process_time()
    histories[name] = [way(beta) for beta in BETAS]
    changes = [(np.diff(Q, axis=0) != 0).sum(axis=0).mean() for Q in histories[name]]
    listed = "".join(f"{number:7.1f}" for number in changes)
    print(f"changes of Q, {name:21s}{listed}   {time.process_time() - begin:5.1f} s of CPU")

# %%
# What a frozen chain hides
# -------------------------
# ⟨Q²⟩/V over the exact χ of the torus; the error is the scatter over chains, or over draws.

for name, charges in histories.items():
    ratios = []
    for beta, Q in zip(BETAS, charges, strict=True):
        samples = (Q.astype(float) ** 2).mean(axis=0) if Q.shape[1] > 1 else Q[:, 0] ** 2.0
        exact = exact_susceptibility(beta, SHAPE) * np.prod(SHAPE)
        error = samples.std(ddof=1) / np.sqrt(samples.size)
        ratios.append(f"{samples.mean() / exact:.2f}({error / exact:.2f})")
    print(f"χ/exact, {name:21s} " + " ".join(ratios))

# %%
# Plain hybrid Monte Carlo begins at Q = 0 and stays there at large β: χ is zero, with an error of
# zero, while the plaquette looks right.

figure, axes = plt.subplots(
    len(BETAS), 3, figsize=(13, 10), sharex=True, sharey="row", layout="constrained"
)
for column, (name, charges) in zip(axes.T, histories.items(), strict=True):
    for ax, Q in zip(column, charges, strict=True):
        ax.plot(Q[:, 0], drawstyle="steps-mid", lw=0.9)
    column[0].set_title(name)
    column[-1].set_xlabel("configuration" if name.startswith("diff") else "trajectory")
for ax, beta in zip(axes[:, 0], BETAS, strict=True):
    ax.set_ylabel(f"Q, β = {beta:g}")
plt.show()
