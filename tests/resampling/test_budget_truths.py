"""Error budgets of known truths on synthetic lattices, and of published correlators."""

import numpy as np
import pytest

from halkit import CorrelatorRegressor, ErrorBudget, GaussianProcessPotentialRegressor
from halkit.correlators import fit_mass, load_correlators, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.interactions import GaussianSum
from halkit.resampling import blocks, jackknife_samples
from halkit.scattering import phase_shift

MASSES = 0.8, 1.1
MU = MASSES[0] * MASSES[1] / sum(MASSES)


def lattice(truth, seed):
    """R(t, r) with bins from raw correlators of 60 configurations on 14³ points."""
    raw = make_lattice_correlators(
        truth, L=14, times=range(6, 14), masses=MASSES, n_configurations=60, excited=(0.3, 1.0),
        random_state=seed,
    )  # fmt: skip
    C_N, C_M, C_NM = (
        {source: jackknife_samples(values, bin_size=3) for source, values in C.items()}
        for C in (raw.C_N, raw.C_M, raw.C_NM)
    )
    masses = tuple(fit_mass(C["wall"], window=(2, 7), kind="jackknife") for C in (C_N, C_M))
    return two_hadron_ratio(
        C_NM, C_N, C_M, t=raw.t, wedge=raw.wedge, kind="jackknife", masses=masses, bin_size=3
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.slow
def test_total_errors_cover_known_truths():
    """Five truths on synthetic lattices of unequal masses, drawn at random, at three momenta."""
    k, pulls = np.array([0.15, 0.25, 0.35]), []
    centre = CorrelatorRegressor(
        GaussianProcessPotentialRegressor(local="only"), times=[8, 9, 10], stencil=5, r_max=5.5
    )
    variations = {"times": [[9, 10]], "stencil": [3], "estimator__local_range": [3.2, 6.4]}
    for seed in range(5):
        random = np.random.default_rng(seed)
        depth, core = random.uniform(0.05, 0.15), random.uniform(0.0, 0.3)
        b = random.uniform(2.0, 2.8), random.uniform(1.4, 1.8)
        truth = GaussianSum([-depth, core], [b[0] ** -2, b[1] ** -2])
        budget = ErrorBudget(centre, variations, holdout="source").fit(blocks(lattice(truth, seed)))
        delta = budget.phase_shift(k)
        pulls.append((delta.value - phase_shift(truth, k, reduced_mass=MU)) / delta.total)
        assert budget.accepted_.sum() >= 2
    rms = np.sqrt(np.mean(np.square(pulls)))
    assert 0.3 < rms < 1.6
    assert np.mean(np.abs(pulls) < 2) >= 0.8


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:in 1 of 3 variations.*U pulls:halkit.exceptions.PriorWarning")
def test_published_correlators(data_dir):
    """k cot δ(0)/m_π = .352(36) of JHEP 03 (2019) 007; smaller volumes refuse poor priors."""
    X = blocks(*(load_correlators(data_dir, lattice=f"L{L}") for L in (48, 64)))
    centre = CorrelatorRegressor(
        GaussianProcessPotentialRegressor(), times=(12, 13, 14, 15), stencil=3, volumes=[64],
        r_max={48: 21.0, 64: 26.0}, r_prime_max={48: 23.9, 64: 29.0},
    )  # fmt: skip
    poor = GaussianProcessPotentialRegressor(
        envelope_radius=4.5, nonlocal_reach=1, nonlocal_strength=1
    )
    variations = {"estimator": [poor], "times": [(13, 14, 15)]}
    budget = ErrorBudget(centre, variations).fit(X)
    assert budget.accepted_.tolist() == [True, False, True]
    threshold = -1 / (510.0 / X[0].inverse_spacing) * budget.inverse_scattering_length()
    assert abs(threshold.value - 0.352) < np.hypot(threshold.total, 0.036)
    assert 0.03 < threshold.statistical < 0.1
