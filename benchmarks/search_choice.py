"""How well a search chooses, on raw correlators of random truths from two or three quark sources.

``python benchmarks/search_choice.py [FIRST LAST N_SOURCES LEFT_OUT]``: by default truths 100 to 109
with two sources and ``cv=LeaveBlocksOut("source")``, which take two minutes of one core. The error
of a candidate is the root mean square error of the phase shift over eight momenta. A line for each
truth has

expected   the root mean square error of the choice over sets of noise, in units of the smallest one
           that a candidate has. This is what a choice can be judged by.
at hand    the error of the choice for one set, in units of the smallest one for this very noise,
           which is the luck of one in 36 candidates; beside it the same of the candidate with the
           smallest expected error. Means over sets are geometric.
"""

import sys
import time
import warnings
from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.correlators import two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.interactions import GaussianSum, NonLocal, Separable
from halkit.resampling import LeaveBlocksOut, blocks, jackknife_samples
from halkit.scattering import phase_shift
from halkit.units import reduced_mass

L, K, N_SETS, N_SEARCHES = 20, np.linspace(0.05, 0.4, 8), 8, 3
WINDOWS = {"stencil": [3, 5], "times": [(7, 8, 9, 10), (9, 10, 11)]}
GRID = [
    {**WINDOWS, "estimator__local": ["only"]},
    {
        **WINDOWS, "estimator__envelope_radius": [3.0, 5.5],
        "estimator__amplitude": [1e-6, 1e-5, 1e-4, 1e-3],
    },
]  # fmt: skip
MODEL = CorrelatorRegressor(
    GaussianProcessPotentialRegressor(local_range=2.5), r_max=8.5, resample="mean"
)


def perey_buck(strength, radius, width):
    """The s wave of w e^{−((r + r')/2R)²} e^{−|r − r'|²/β²}/(√π β)³."""

    def kernel(r, s):
        z = np.maximum(2 * r * s / width**2, 1e-8)
        angle = (np.exp(-(((r - s) / width) ** 2)) - np.exp(-(((r + s) / width) ** 2))) / (2 * z)
        return strength * np.exp(-(((r + s) / (2 * radius)) ** 2)) / (np.pi**1.5 * width**3) * angle

    return NonLocal(kernel)


def gaussian(strength, radius):
    """w e^{−(r² + r'²)/R²}."""
    return NonLocal(lambda r, s: strength * np.exp(-(r**2 + s**2) / radius**2))


def draw(seed):
    """A truth, its masses, its noise, and the form of its U: a core, a well or a hill, and U."""
    random = np.random.default_rng([seed, 7])
    equal = random.uniform() < 0.5
    masses = random.uniform(0.6, 1.0) if equal else random.uniform([0.5, 0.7], [0.9, 1.1])
    masses = float(masses) if equal else tuple(masses.tolist())
    twice_mu = 2 * reduced_mass(masses)
    b = random.uniform(2.2, 4.0)
    V0 = random.choice([-1, -1, 1]) * random.uniform(0.3, 1.2) * 2.68 / (twice_mu * b**2)
    core, radius = random.uniform(0, 0.4), random.uniform(1.2, 1.9)
    V = GaussianSum.from_ranges([V0, core], [b, radius])
    form = str(
        random.choice(["local", "separable", "Gaussian", "Perey-Buck"], p=[0.3, 0.3, 0.2, 0.2])
    )
    w = random.choice([-1, 1]) * random.uniform(0.3, 1.0) / twice_mu
    if form == "separable":
        mu = random.uniform(0.45, 0.8)
        V = V + Separable(float(w * mu**5 / (4 * np.pi)), mu)
    elif form == "Gaussian":
        c = random.uniform(2.0, 3.2)
        V = V + gaussian(1.2 * w / (np.pi**1.5 * c**5), c)
    elif form == "Perey-Buck":
        c = random.uniform(2.0, 3.2)
        V = V + perey_buck(1.5 * w / c**2, c, random.uniform(1.0, 1.8))
    return V, masses, float(10 ** random.uniform(-3.3, -2.5)), form


def records(truth, masses, noise, seed, n_sources=2):
    """Blocks of a wall source and of one or two exponentials, from 80 configurations."""
    raw = {"L": L, "times": range(3, 16), "masses": masses, "noise": noise}
    found = []
    for extra in ({}, {"sources": ["exp"], "source_radius": L / 5})[: n_sources - 1]:
        d = make_lattice_correlators(truth, **raw, **extra, random_state=seed + 5000 * len(found))
        C = [
            None if c is None else jackknife_samples(c, bin_size=4) for c in (d.C_NM, d.C_N, d.C_M)
        ]
        record = two_hadron_ratio(
            *C, t=d.t, wedge=d.wedge, kind="jackknife", masses=masses, bin_size=4
        )
        found.append(replace(record, R={"wide": record.R["exp"]}) if extra else record)
    return blocks(*found)


def errors(X, truth, masses):
    """Errors of all candidates in degrees."""
    exact = phase_shift(truth, K, reduced_mass=reduced_mass(masses))
    fits = [clone(MODEL).set_params(**p).fit(X) for p in ParameterGrid(GRID)]
    away = np.array([fit.phase_shift(K) for fit in fits]) - exact
    return np.rad2deg(np.sqrt(np.mean((away - np.pi * np.round(away / np.pi)) ** 2, axis=1)))


def study(seed, n_sources, left_out):
    """Choices of searches, their seconds, and errors (n_sets, n_candidates)."""
    truth, masses, noise, form = draw(seed)
    found, chosen, seconds = [], [], []
    for j in range(N_SETS):
        X = records(truth, masses, noise, 100 * seed + j, n_sources)
        found.append(errors(X, truth, masses))
        if j < N_SEARCHES:
            begin = time.process_time()
            search = GridSearchCV(MODEL, GRID, cv=LeaveBlocksOut(left_out)).fit(X)
            seconds.append(time.process_time() - begin)
            chosen.append(search.best_index_)
    return f"{form}, noise {noise:.1e}", np.array(found), np.array(chosen), np.mean(seconds)


def report(seeds, n_sources=2, left_out="source"):
    """Print a line for each truth, and the means of all."""
    lines = []
    print("truth  expected  smallest  at hand  best expected, at hand  seconds")
    for seed in seeds:
        name, found, chosen, seconds = study(seed, n_sources, left_out)
        expected = np.sqrt(np.mean(found**2, axis=0))
        ratio = np.sqrt(np.mean(expected[chosen] ** 2)) / expected.min()
        luck = found[: len(chosen)].min(axis=1)
        at_hand = np.exp(np.mean(np.log(found[np.arange(len(chosen)), chosen] / luck)))
        unavoidable = np.exp(np.mean(np.log(found[: len(chosen), expected.argmin()] / luck)))
        lines.append((ratio, at_hand, unavoidable))
        print(
            f"{seed:5d} {ratio:9.2f} {expected.min():8.2f}° {at_hand:8.2f} {unavoidable:23.2f} "
            f"{seconds:8.1f}  {name}", flush=True,
        )  # fmt: skip
    mean, worst = np.exp(np.mean(np.log(lines), axis=0)), np.max(lines, axis=0)
    print(f"geometric mean {mean.round(2)}, largest {worst.round(2)}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    arguments = sys.argv[1:] or ["100", "110"]
    report(range(*map(int, arguments[:2])), *map(int, arguments[2:3]), *arguments[3:4])
