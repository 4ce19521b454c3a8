"""
How many waves, which seed, which radius
========================================

Three scans with the separable potential of Aoki and Doi: over the number of wave functions,
over the seed of the network, and over the radius r_c beyond which the asymptotic regulator
acts. Momenta for training end at k = 1; phase shifts are compared up to k = 1.5.
"""

# %%
# Errors inside and outside
# -------------------------

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from halkit import NonLocalPotentialRegressor
from halkit.datasets import make_separable
from halkit.exceptions import AccuracyWarning

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.simplefilter("ignore", AccuracyWarning)

k = np.linspace(0.05, 1.5, 59)
inside = k <= 1.0
exact = make_separable().interaction.phase_shift(k, reduced_mass=3.3)
norm = np.sqrt(np.outer(make_separable().weights, make_separable().weights))


def errors(data, **settings):
    """Relative error of U with the measure, errors of δ in degrees inside and outside."""
    model = NonLocalPotentialRegressor(data.r, reduced_mass=3.3, n_init=1, **settings)
    model.fit(data.data, data.target)
    of_u = np.linalg.norm(norm * (model.potential_ - data.potential))
    of_delta = np.abs(np.rad2deg(model.phase_shift(k) - exact))
    scale = np.linalg.norm(norm * data.potential)
    return of_u / scale, of_delta[inside].max(), of_delta[~inside].max()


def report(label, values, seconds):
    of_u, near, far = np.median(values, axis=0)
    worst = np.max(values, axis=0)
    print(
        f"{label:30s} U {of_u:7.1e} (≤ {worst[0]:7.1e})   δ, k ≤ 1: {near:7.3f}° "
        f"(≤ {worst[1]:8.3f}°)   k ≤ 1.5: {far:7.3f}° (≤ {worst[2]:8.3f}°)   {seconds:4.1f} s"
    )


def scan(cases, seeds):
    """Median and worst over the seeds, for each case (data, settings)."""
    results = {}
    for label, (data, settings) in cases.items():
        begin = time.perf_counter()
        results[label] = np.array([errors(data, random_state=s, **settings) for s in seeds])
        report(label, results[label], time.perf_counter() - begin)
    return results


# %%
# The number of waves
# -------------------
# Three seeds of the default network: median, and the worst in brackets.

numbers = (3, 5, 10, 20, 50)
waves = scan({f"{n} waves": (make_separable(n_k=n), {}) for n in numbers}, range(3))

# %%
# Priors and seeds
# ----------------
# Ten waves. Thirty iterations; the networks without an envelope would need more.

ladder = {
    "plain": {"network": "plain", "hidden_layer_sizes": (16, 16), "envelope": None},
    "symmetric": {"network": "symmetric", "envelope": None},
    "symmetric + regulator": {"network": "symmetric", "envelope": None, "regulator": 1.0},
    "symmetric + envelope": {"network": "symmetric"},
    "separable": {},
}
ten = make_separable()
priors = scan(
    {name: (ten, {"max_iter": 30, **settings}) for name, settings in ladder.items()}, range(3)
)

# %%
# Where the regulator begins
# --------------------------
# The symmetric network without an envelope, one seed, thirty iterations, at two strengths. Its
# U reaches to 10; the truth, e^{−r−r'}, is over at about 6.

radii = (1.0, 2.0, 4.0, 8.0)
cut = {"network": "symmetric", "envelope": None, "max_iter": 30}
regulated = {
    strength: scan(
        {
            f"λ = {strength:g}, r_c = {radius:g}": (
                ten,
                {**cut, "regulator": strength, "regulator_radius": radius},
            )
            for radius in radii
        },
        [0],
    )
    for strength in (1.0, 1e4)
}

# %%
# Pictures
# --------

figure, axes = plt.subplots(1, 3, figsize=(17, 4.8), layout="constrained")
labels = ("$U$, relative", "$\\delta$ [deg], k ≤ 1", "$\\delta$ [deg], 1 < k ≤ 1.5")
for ax, results, positions in (
    (axes[0], waves, numbers),
    (axes[1], priors, range(len(ladder))),
):
    for i, label in enumerate(labels):
        values = np.array([values[:, i] for values in results.values()])
        ax.semilogy(positions, np.median(values, axis=1), f"C{i}-o", label=label)
        ax.semilogy(positions, values, f"C{i}.", alpha=0.4)
    ax.legend()
axes[0].set(xscale="log", xlabel="number of waves", ylabel="error", title="the default network")
axes[0].set_xticks(numbers, numbers)
axes[0].minorticks_off()
axes[1].set_xticks(range(len(ladder)), [name.replace(" + ", "\n+ ") for name in ladder])
axes[1].set(title="ten waves, 30 iterations, three seeds")
for (strength, results), style in zip(regulated.items(), ("-o", "--s"), strict=True):
    for i, label in enumerate(labels):
        values = [values[0, i] for values in results.values()]
        axes[2].semilogy(radii, values, f"C{i}{style}", label=f"{label}, λ = {strength:g}")
axes[2].legend(fontsize=8)
axes[2].set(xlabel="$r_c$ [$1/\\mu$]", title="regulator beyond $r_c$, no envelope")
plt.show()

# %%
# Three waves do as well as fifty: with an exponential envelope the prior all but knows this
# truth. Without an envelope thirty iterations are too few, and the seeds lie far apart. λ = 1
# changes little anywhere; λ = 10⁴ harms where r_c cuts into the potential.
