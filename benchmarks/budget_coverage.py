"""Coverage of the total errors of an analysis like the tutorial's, over sets of raw correlators.

``python benchmarks/budget_coverage.py [FIRST LAST]``: by default 100 sets, which take about twenty
minutes of one core. A line for a0 and for δ at each of five momenta.
"""

import sys
import warnings

import numpy as np

from halkit import (
    CorrelatorRegressor,
    ErrorBudget,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
)
from halkit.correlators import fit_mass, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.interactions import GaussianSum, TwoPionTail
from halkit.resampling import blocks, jackknife_samples
from halkit.scattering import phase_shift, scattering_length
from halkit.units import reduced_mass

PION, MASSES = 0.4, (0.823, 0.960)
TRUTH = GaussianSum.from_ranges([-0.33], [3.4]) + TwoPionTail(-1.0, 0.25, PION, power=2)
K = np.array([0.05, 0.1, 0.2, 0.3, 0.4])
CENTRE = CorrelatorRegressor(
    GaussianProcessPotentialRegressor(local_range=1 / PION, envelope_radius=4.0),
    times=[9, 10, 11, 12], r_max={24: 11.0, 20: 9.0}, volumes=[24],
)  # fmt: skip
FORM = LocalPotentialRegressor("gaussians+two_pion", n_terms=1, mu=PION, power=2)
VARIATIONS = {
    "times": [[8, 9, 10, 11], [10, 11, 12]], "stencil": [5], "estimator__local": ["only"],
    "estimator__local_range": [1.5 / PION], "estimator__envelope_radius": [3.0],
    "form": {"estimator": FORM},
}  # fmt: skip


def records(seed):
    """Blocks of two volumes with two sources, from 80 configurations each."""
    raw = [
        make_lattice_correlators(
            TRUTH, L=L, times=range(3, 17), masses=MASSES, noise=3e-3, random_state=seed + 1000 * i
        )
        for i, L in enumerate((24, 20))
    ]
    bins = [[jackknife_samples(C, bin_size=4) for C in (d.C_NM, d.C_N, d.C_M)] for d in raw]
    masses = tuple(
        fit_mass(C["wall"], t=raw[0].t, window=(11, 16), kind="jackknife") for C in bins[0][1:]
    )
    return blocks(
        *(
            two_hadron_ratio(
                *C, t=d.t, wedge=d.wedge, kind="jackknife", masses=masses, bin_size=4
            )
            for C, d in zip(bins, raw, strict=True)
        )
    )  # fmt: skip


def study(seeds):
    """Distance from the truth and total error of a0 and of δ at five momenta, of each set."""
    mu = reduced_mass(MASSES)
    exact = np.append(
        scattering_length(TRUTH, reduced_mass=mu), phase_shift(TRUTH, K, reduced_mass=mu)
    )
    away, total = np.empty((2, len(seeds), exact.size))
    for i, seed in enumerate(seeds):
        budget = ErrorBudget(CENTRE, VARIATIONS).fit(records(seed))
        a0, delta = budget.scattering_length(), budget.phase_shift(K)
        away[i] = np.append(a0.value, delta.value) - exact
        total[i] = np.append(a0.total, delta.total)
    return away, total


def report(away, total):
    """Print the coverage, and mean total errors over the scatter."""
    pull = np.abs(away / total)
    ratio = total.mean(axis=0) / away.std(axis=0)
    bias = away.mean(axis=0) / away.std(axis=0)
    print(f"{len(away)} sets       within 1σ  within 2σ  error/scatter  bias/scatter")
    for i, name in enumerate(["a0", *(f"δ({k:.2f})" for k in K)]):
        print(
            f"{name:10s} {np.mean(pull[:, i] < 1):12.2f} {np.mean(pull[:, i] < 2):10.2f} "
            f"{ratio[i]:12.2f} {bias[i]:13.2f}"
        )
    print(f"{'all':10s} {np.mean(pull < 1):12.2f} {np.mean(pull < 2):10.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 1 else (0, 100)
    report(*study(range(first, last)))
