"""
One training, every coupling
============================

A score network learns two-dimensional U(1) links at β = 1 alone. Its score times β draws links
at β = 5. The plaquette is 0.8 % too small; the topological charge spreads too far, since it freezes
while the noise falls. A short Markov chain with winding hits at the true action makes the samples
exact.
"""

# %%
# Training
# --------
# 10 240 independent configurations on 8 × 8 links, from the exact sampler.

import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import U1DiffusionSampler
from halkit.gauge import (
    charge_probability,
    exact_wilson_loop,
    sample_exact,
    topological_charge,
    wilson_loop,
)

begin = time.perf_counter()
X = sample_exact(10_240, 1.0, (8, 8), random_state=0)
model = U1DiffusionSampler(
    hidden_channels=(12,), batch_size=128, learning_rate=2e-2, max_epochs=10, random_state=0
).fit(X)
weights = sum(parameter.numel() for parameter in model.net_.module_.parameters())
print(f"{weights} parameters, {model.n_iter_} epochs, {time.perf_counter() - begin:.0f} s")

# %%
# Samples at β = 5
# ----------------
# ``correction=None`` returns what the network draws; ``correction="hmc"`` is the default. The
# report compares with the exact formulas of the torus: z = (mean − exact)/error.

BETA, N = 5.0, 2000
raw = model.sample(N, beta=BETA, correction=None, random_state=1)
corrected = model.sample(N, beta=BETA, random_state=1)
print("raw\n", model.sample_report(raw, BETA), sep="")
print("corrected\n", model.sample_report(corrected, BETA), sep="")

# %%
# Pictures
# --------
# Left: the loss. Middle: Wilson loops R × R over their exact values. Right: the charge.

figure, (training, loops, charge) = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
for name in ("train_loss", "valid_loss"):
    training.plot([row["epoch"] for row in model.history_], [row[name] for row in model.history_])
training.legend(["training", "validation"])
training.set(xlabel="epoch", ylabel="denoising loss", title="training at β = 1")

sides, q = np.arange(1, 5), np.arange(-3, 4)
for theta, label, shift in ((raw, "raw", -0.05), (corrected, "corrected", 0.05)):
    exact = [exact_wilson_loop(r * r, BETA, (8, 8)) for r in sides]
    values = np.array([wilson_loop(theta, r, r) / w for r, w in zip(sides, exact, strict=True)])
    errors = values.std(axis=1) / np.sqrt(N)
    loops.errorbar(sides + shift, values.mean(axis=1), errors, fmt="o", label=label)
    counts = [(topological_charge(theta) == value).mean() for value in q]
    charge.bar(q + 4 * shift, counts, width=0.35, label=label)
loops.axhline(1, color="k", lw=0.8)
loops.set(xlabel="R", ylabel="W(R × R) / exact", title="Wilson loops at β = 5", xticks=sides)
loops.legend()
charge.plot(q, charge_probability(q, BETA, (8, 8)), "k_", ms=22, label="exact")
charge.set(xlabel="Q", ylabel="P(Q)", title="topological charge at β = 5")
charge.legend()
plt.show()

# %%
# The large loops of the raw samples are small since they feel the charge: at ``|Q|`` = 1 the
# flux through 4 × 4 of 8 × 8 plaquettes is π/2. The winding hits change the charge by one in a
# single step; hybrid Monte Carlo without them needs hundreds of trajectories for it at β = 5.
