"""Coverage of the total errors of an analysis like the tutorial's, over sets of raw correlators.

``python benchmarks/budget_coverage.py [FIRST LAST]``: by default 100 sets, which take about twenty
minutes of one core. A line for a0 and for δ at each of five momenta.

``python benchmarks/budget_coverage.py criteria [FIRST LAST]``: by default 20 sets of as many truths
on small lattices, local and non-local in turn, of unequal masses. A line for each `p_min` and
`chi2_ratio`, and one in which all variations count.
"""

import itertools
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
from halkit.interactions import GaussianSum, Separable, TwoPionTail
from halkit.resampling import blocks, jackknife_samples
from halkit.resampling.quoted import quoted_value
from halkit.scattering import phase_shift, scattering_length
from halkit.scattering.branches import nearest_branch
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


SMALL = {16: 7.5, 12: 5.5}
P_MIN, CHI2_RATIO = (0.001, 0.01, 0.05), (1.5, 2.0, 4.0)


def drawn(seed):
    """A truth and two masses, at random; non-local for odd seeds."""
    random = np.random.default_rng(seed)
    depth, core = random.uniform(0.05, 0.2), random.uniform(0.0, 0.4)
    ranges = random.uniform(2.0, 2.8), random.uniform(1.0, 1.5)
    V = GaussianSum.from_ranges([-depth, core], ranges)
    masses = random.uniform(0.6, 0.9), random.uniform(0.9, 1.3)
    strength, mu = random.choice([-1, 1]) * random.uniform(3e-4, 2e-3), random.uniform(0.5, 0.8)
    return (V + Separable(strength, mu) if seed % 2 else V), masses


def small_records(truth, masses, seed):
    """Blocks of two small volumes with two sources, ten bins each."""
    found = []
    for i, L in enumerate(SMALL):
        d = make_lattice_correlators(
            truth, L=L, times=range(5, 13), masses=masses, n_configurations=40, noise=2e-3,
            random_state=seed + 1000 * i,
        )  # fmt: skip
        C = [jackknife_samples(values, bin_size=4) for values in (d.C_NM, d.C_N, d.C_M)]
        settings = {"kind": "jackknife", "masses": masses, "bin_size": 4}
        found.append(two_hadron_ratio(*C, t=d.t, wedge=d.wedge, **settings))
    return blocks(*found)


def variations_of(seed):
    """Of one truth: p-values, χ², δ − exact (n_variations, n_k), and of bins (…, n_bins, n_k)."""
    truth, masses = drawn(seed)
    centre = CorrelatorRegressor(
        GaussianProcessPotentialRegressor(envelope_radius=3.0), times=[8, 9, 10], r_max=SMALL,
        volumes=[16],
    )  # fmt: skip
    variations = {
        "times": [[7, 8, 9]], "stencil": [3], "estimator__local": ["only"],
        "estimator__local_range": [6.4], "estimator__envelope_radius": [2.25],
        "form": {"estimator": LocalPotentialRegressor(n_terms=2)},
    }  # fmt: skip
    budget = ErrorBudget(centre, variations).fit(small_records(truth, masses, seed))
    models = [model for model in budget.models_ if model is not None]
    fitted = [model is not None for model in budget.models_]
    exact = phase_shift(truth, K, reduced_mass=reduced_mass(masses))
    delta = np.array([model.phase_shift(K) for model in models])
    bins = np.array([[fit.phase_shift(K) for fit in model.estimators_] for model in models])
    results = budget.results_["p_value"][fitted], -budget.results_["score"][fitted]
    return *results, nearest_branch(delta - exact, 0.0), nearest_branch(bins - exact, 0.0)


def criteria(seeds):
    """Print coverage and mean total errors over the scatter, for each criterion."""
    sets = [variations_of(seed) for seed in seeds]
    print(f"{len(sets)} truths    accepted  none  within 1σ  within 2σ  error/deviation")
    for p_min, ratio in [(0.0, np.inf), *itertools.product(P_MIN, CHI2_RATIO)]:
        away, total, count = [], [], []
        for p, chi2, delta, bins in sets:
            good = p >= p_min
            good &= chi2 <= ratio * np.min(chi2[good], initial=np.inf)
            count.append(good.mean())
            if good.any():
                quoted = quoted_value(delta, bins, "jackknife", good)
                away.append(quoted.value)
                total.append(quoted.total)
        pull, size = np.abs(np.divide(away, total)), np.median(np.abs(away))
        print(
            f"{p_min:5.3f} {ratio:4.1f} {np.mean(count):11.2f} {len(sets) - len(away):5d} "
            f"{np.mean(pull < 1):10.2f} {np.mean(pull < 2):10.2f} {np.median(total) / size:16.2f}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    arguments = sys.argv[1:]
    of_criteria = arguments[:1] == ["criteria"]
    numbers = [int(argument) for argument in arguments[of_criteria:]]
    seeds = range(*numbers) if numbers else range(20 if of_criteria else 100)
    criteria(seeds) if of_criteria else report(*study(seeds))
