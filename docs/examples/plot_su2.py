"""
SU(2): one training, every coupling
===================================

In two dimensions the action of SU(2) links is one function of the class angle of a plaquette. The
sampler learns it at β = 1 and draws independent exact configurations at every β: plaquettes by
diffusion on the group, closed on the torus by two holonomies.
"""

# %%
# Training
# --------

import matplotlib.pyplot as plt
import numpy as np

from halkit import SU2DiffusionSampler
from halkit.datasets import make_su2_configurations
from halkit.gauge import SU2, exact_wilson_loop, wilson_loop

model = SU2DiffusionSampler(beta=1.0).fit(make_su2_configurations(2000, 8, 1.0, random_state=0))
a = ", ".join(f"{x:+.4f}" for x in model.harmonics_)
print(f"a = ({a}), truth (1, 0, 0)")

# %%
# Loops at four couplings
# -----------------------

fig, ax = plt.subplots(figsize=(5, 3.5))
areas = np.arange(1, 17)
for beta in (1.0, 2.0, 8.0, 16.0):
    links = model.sample(500, beta=beta, random_state=1)
    print(model.sample_report(links, beta))
    (line,) = ax.semilogy(areas, exact_wilson_loop(areas, SU2(beta), (8, 8)), label=f"β = {beta:g}")
    loops = [wilson_loop(links, n, n) for n in (1, 2, 4)]
    mean = [loop.mean() for loop in loops]
    error = [loop.std() / np.sqrt(len(loop)) for loop in loops]
    ax.errorbar([1, 4, 16], mean, error, fmt="o", color=line.get_color())
ax.set(xlabel="area of the loop", ylabel="mean of ½ tr", ylim=(1e-5, 1.2))
ax.legend()
fig.tight_layout()
