"""
All times and sources at once
=============================

The time-dependent equation holds at every t before the noise and after the inelastic states, for
every source, with one and the same U. Rows of one time and of one source are therefore rows of
one regression. How much do more of them help, with noise?
"""

# %%
# Data
# ----
# The published Ω_ccc Ω_ccc potential plus a separable term, two sources, t = 18 … 30 (slices
# from 15 to 33 for seven points), relative noise 1e-3 in twenty bins: six samples of it.

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from halkit import TimeDependentHALRegressor
from halkit.datasets import make_time_dependent
from halkit.displays import draw_band
from halkit.interactions import Separable, omega_ccc
from halkit.scattering import phase_shift

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.filterwarnings("ignore", "these rows do not tell a local")  # of the fits to one source

MASS, TO_MEV = 2.073, 2333.0
truth = omega_ccc(inverse_spacing=TO_MEV) + Separable(-4e-5, 0.3)
samples = [
    make_time_dependent(
        truth, r=np.arange(1, 61) * 0.5, box_radius=48.0, hadron_mass=MASS, times=range(15, 34),
        source_radius=1.5, noise=1e-3, n_bins=20, random_state=seed,
    )
    for seed in range(6)
]  # fmt: skip

# %%
# Fits
# ----
# The same estimator, a local term and a separable one, on more and more rows.

choices = {
    "one t, one source": {"sources": ["wall"], "times": [26]},
    "one t, both sources": {"times": [26]},
    "all t, one source": {"sources": ["wall"]},
    "three t, both sources": {"times": [25, 26, 27]},
    "all t, both sources": {},
}
energy = np.geomspace(1.0, 300.0, 60)
k = np.sqrt(MASS * energy / TO_MEV)
exact = phase_shift(truth, k, reduced_mass=MASS / 2)


def errors(rows):
    """δ − truth in degrees, with the potential from these rows."""
    model = TimeDependentHALRegressor(rows.r, hadron_mass=MASS, n_init=1, random_state=0)
    model.fit(*rows.mean(), y_std=rows.sigma)
    return np.rad2deg(model.phase_shift(k) - exact)


found, seconds, counts = {}, {}, {}
for name, chosen in choices.items():
    rows = [data.rows.select(**chosen) for data in samples]
    begin = time.perf_counter()
    found[name] = np.array([errors(some) for some in rows])
    seconds[name] = (time.perf_counter() - begin) / len(samples)
    counts[name] = len(rows[0].labels)

# %%
# Errors and their spread
# -----------------------
# Over the samples of the noise and E = 1 … 300 MeV: the root mean square of δ − truth, the
# largest of its means, and the largest of its standard deviations.

print(f"{'':24s}{'rows':>5s}{'rms / °':>9s}{'mean / °':>9s}{'spread / °':>11s}{'s':>6s}")
for name, error in found.items():
    print(
        f"{name:24s}{counts[name]:5d}{np.sqrt(np.mean(error**2)):9.2f}"
        f"{np.abs(error.mean(axis=0)).max():9.2f}{error.std(axis=0, ddof=1).max():11.2f}"
        f"{seconds[name]:6.1f}"
    )

# %%
# Pictures
# --------

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.6), layout="constrained", sharex=True)
for color, (name, error) in enumerate(found.items()):
    mean, spread = error.mean(axis=0), error.std(axis=0, ddof=1)
    draw_band(left, energy, mean, spread, label=name, color=f"C{color}")
    draw_band(right, energy, np.sqrt(np.mean(error**2, axis=0)), color=f"C{color}")
left.axhline(0.0, color="k", ls="--", lw=0.8)
left.set(
    xscale="log", xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="$\\delta$ − truth [deg]",
    title="mean and spread over samples of the noise",
)  # fmt: skip
left.legend(fontsize=9)
right.set(
    yscale="log", yticks=(0.2, 0.5, 1.0, 2.0, 5.0), yticklabels=("0.2", "0.5", "1", "2", "5"),
    xlabel="$E_\\mathrm{cm}$ [MeV]", ylabel="rms error of $\\delta$ [deg]",
    title="root mean square",
)  # fmt: skip
right.yaxis.set_minor_formatter("")
plt.show()

# %%
# A single source does not tell a local from a non-local potential, however many times it has:
# its fits agree with each other and not with the truth, by 4° with all times. Three times of both
# sources leave 1.0° and thirteen 1.2°, which six samples do not tell apart; one time leaves 2.4°.
# Noise that is correlated from t to t, as on a lattice, leaves less to gain.
