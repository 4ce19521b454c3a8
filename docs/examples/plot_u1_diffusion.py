"""
One training, every coupling
============================

A score network learns two-dimensional U(1) links at β = 1 on 16 × 16 alone. What it learns is one
force of one plaquette. Times β it draws links at β = 7, on 16 × 16 and 32 × 32: noise on the
plaquettes in place of the links keeps the topological charge from freezing, and rejection makes
independent exact configurations, with no Markov chain.
"""

# %%
# Training
# --------
# 4096 independent configurations, from the exact sampler, and a network of 810 parameters.

import time

import matplotlib.pyplot as plt
import numpy as np

from halkit import U1DiffusionSampler
from halkit.gauge import (
    charge_probability,
    exact_wilson_loop,
    hmc,
    sample_exact,
    topological_charge,
    wilson_loop,
)

begin = time.perf_counter()
X = sample_exact(4096, 1.0, (16, 16), random_state=0)
model = U1DiffusionSampler(max_epochs=4, random_state=0).fit(X)
a = ", ".join(f"{x:+.4f}" for x in model.harmonics_)
print(f"{model.n_iter_} epochs, {time.perf_counter() - begin:.0f} s; a = ({a}), truth (1, 0, 0)")

# %%
# Samples at β = 7
# ----------------
# 1024 configurations of two sizes. ``correction=None`` returns what was learned;
# the default, ``"auto"``, is rejection here. The report compares with the exact formulas of the
# torus, z = (mean − exact)/error, and says how good the raw samples are and what rejection keeps.

BETA, N = 7.0, 1024
raw, exact = {}, {}
for L in (16, 32):
    draw = {"beta": BETA, "lattice_size": L, "random_state": L}
    raw[L] = model.sample(N, correction=None, **draw)
    begin = time.perf_counter()
    exact[L] = model.sample(N, **draw)
    seconds = time.perf_counter() - begin
    print("raw\n", model.sample_report(raw[L], BETA), sep="")
    print("rejected, in ", f"{seconds:.1f} s\n", model.sample_report(exact[L], BETA), sep="")

# %%
# Pictures
# --------
# Left: Wilson loops R × R over their exact values. Middle: the charge. Right: the charge on 8 × 8
# in the order of a Markov chain, which is frozen, and of independent configurations.

figure, (loops, charge, history) = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
sides, q = np.arange(1, 7), np.arange(-4, 5)
for L, shift in ((16, -0.1), (32, 0.1)):
    for theta, name, offset in ((raw[L], "raw", -0.04), (exact[L], "rejected", 0.04)):
        truth = [exact_wilson_loop(r * r, BETA, (L, L)) for r in sides]
        values = np.array([wilson_loop(theta, r, r) / w for r, w in zip(sides, truth, strict=True)])
        errors = values.std(axis=1) / np.sqrt(N)
        x = sides + shift + offset
        loops.errorbar(x, values.mean(axis=1), errors, fmt="o", ms=4, label=f"{name}, L = {L}")
loops.axhline(1, color="k", lw=0.8)
loops.set(xlabel="R", ylabel="W(R × R) / exact", title="Wilson loops at β = 7", xticks=sides)
loops.legend(loc="upper left")
for theta, label, shift in ((raw[16], "raw", -0.2), (exact[16], "rejected", 0.2)):
    counts = [(topological_charge(theta) == value).mean() for value in q]
    charge.bar(q + shift, counts, width=0.35, label=label)
charge.plot(q, charge_probability(q, BETA, (16, 16)), "k_", ms=22, label="exact")
charge.set(xlabel="Q", ylabel="P(Q)", title="topological charge, L = 16")
charge.legend()

chain = hmc(np.zeros((1, 2, 8, 8)), BETA, n_trajectories=200, n_warmup=50, random_state=0)
frozen = [topological_charge(state.theta)[0] for state in chain]
free = topological_charge(model.sample(200, beta=BETA, lattice_size=8, random_state=0))
history.step(range(200), free, lw=0.8, label="rejected")
history.step(range(200), frozen, lw=1.5, label="hybrid Monte Carlo")
history.set(xlabel="configuration", ylabel="Q", title="history of the charge, L = 8")
history.set_ylim(-1.2, 2.2)
history.set_yticks((-1, 0, 1))
history.legend(loc="upper left")
plt.show()

# %%
# Scaling one function of one plaquette works since plaquettes are independent in two dimensions,
# but for their sum. In four dimensions they are not; there noise has to be put on links, as with
# ``method="annealed"``, and Markov chains have to repair the charge.
