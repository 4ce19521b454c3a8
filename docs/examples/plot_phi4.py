"""
φ⁴: exact by the weights of paths
=================================

A diffusion model learns two-dimensional φ⁴ near its critical point from fields of hybrid Monte
Carlo. Every path of the reverse diffusion has a known density, so that its weight makes means
exact. The effective size of the weights measures how good the learning is.
"""

# %%
# Training
# --------
# 1500 independent fields, κ = 0.27, λ = 0.022, L = 8, as in L. Wang, G. Aarts, K. Zhou,
# JHEP 05 (2024) 060.

import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import Phi4DiffusionSampler
from halkit.datasets import make_phi4_configurations
from halkit.gauge import autocorrelation_time

couplings = {"kappa": 0.27, "lam": 0.022}
X = make_phi4_configurations(1500, 8, **couplings, random_state=0)
begin = time.process_time()
model = Phi4DiffusionSampler(**couplings, random_state=0).fit(X)
print(f"fit in {time.process_time() - begin:.1f} CPU seconds")

# %%
# Weighted fields
# ---------------
# The column "exact" has the means over fields of hybrid Monte Carlo, and 1 for the identity
# ⟨2S/V + 2λφ⁴⟩ = 1.

sample = model.weighted_sample(3000, random_state=1)
reference = make_phi4_configurations(3000, 8, **couplings, random_state=2)
print(model.sample_report(sample, reference=reference))

# %%
# A Metropolis chain
# ------------------
# Refused proposals repeat a field. M changes its sign freely; in hybrid Monte Carlo its
# autocorrelation time is about 57 trajectories here.

chain = model.sample(3000, random_state=3)
M = chain.mean(axis=(1, 2))
print(f"autocorrelation time of M: {autocorrelation_time(M).value:.2f} proposals")

# %%
# Magnetisation and weights
# -------------------------

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
bins = np.linspace(-2, 2, 41)
for values, weights, label in (
    (sample.field, sample.weight, "weighted"),
    (sample.field, None, "raw"),
    (reference, None, "hybrid Monte Carlo"),
):
    left.hist(
        values.mean(axis=(1, 2)), bins, weights=weights, density=True, histtype="step", label=label
    )
left.set(xlabel="M", ylabel="density")
left.legend()
right.hist(sample.log_weight - sample.log_weight.mean(), 40, histtype="step")
right.set(xlabel="log weight", ylabel="fields", title=f"ESS = {sample.ess:.2f}")
fig.tight_layout()
