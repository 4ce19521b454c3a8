"""The test of non-locality on families of local and of non-local truths, drawn at random."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import (
    GaussianProcessPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import jackknife_error, nonlocality_test

pytestmark = [
    pytest.mark.filterwarnings("ignore:these rows do not tell a local"),
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
]


def correlators(seed, strength=0.0, **settings):
    """Attraction or repulsion with a core; ranges, mass, and noise 1e-4 … 5e-3 at random."""
    random = np.random.default_rng(seed)
    mass = random.uniform(0.6, 2.2)
    b, core = random.uniform(2.0, 4.5), random.uniform(1.0, 2.0)
    binding = 2.7 / mass  # of a Gaussian well, 2 m V b² = 2.7
    depth = random.choice([-1, 1]) * random.uniform(0.2, 0.8) * binding / b**2
    V = GaussianSum([depth, random.uniform(0, 1) * binding / core**2], [1 / b**2, 1 / core**2])
    noise, mu = 10 ** random.uniform(-4, -2.3), random.uniform(0.35, 0.6)
    omega = random.choice([-1, 1]) * strength * random.uniform(0.5, 1) * mu**5 / (4 * np.pi * mass)
    return make_time_dependent(
        V + Separable(omega, mu) if strength else V, r=np.arange(1, 25) * 0.75, box_radius=24.0,
        hadron_mass=mass, times=np.arange(10, 19), noise=noise, n_bins=20, random_state=seed,
        **settings,
    )  # fmt: skip


def outcome(d, *, amplitude=1e-5, **parameters):
    prior = GaussianProcessPotentialRegressor(
        d.r, reduced_mass=d.hadron_mass / 2, amplitude=amplitude
    )
    settings = {"y_std": d.sigma, "random_state": 0, **parameters}
    return nonlocality_test(prior, d.rows.data, d.rows.target, **settings)


@pytest.mark.slow
@pytest.mark.parametrize(("amplitude", "n_truths", "most"), [(1e-5, 24, 4), (1e-3, 12, 3)])
def test_local_truths(amplitude, n_truths, most):
    """p ≤ 0.05 in at most four of 24 (1.2 expected), in three of 12 with wider priors of U.

    Of 19 data sets made from the local fit and that of the data, the data have the largest T in
    one of 20 cases: p ≤ 0.05 has this probability exactly, as it has with any 20 n − 1 sets.
    The mean of p is 0.525 with errors of 0.288/√n. A T of the data that is 15 % larger has
    p = 0.05 in all of them.
    """
    every = [
        outcome(correlators(seed), amplitude=amplitude, n_bootstrap=19).p_value
        for seed in range(n_truths)
    ]
    p = np.array(every)
    assert np.sum(p <= 0.05) <= most
    assert abs(p.mean() - 0.525) < 3 * 0.288 / np.sqrt(n_truths)


@pytest.mark.parametrize("seed", range(8))
def test_non_local_truths(seed):
    result = outcome(correlators(seed, strength=3.0), n_bootstrap=19)
    assert result.statistic > result.bootstrap.max()
    assert result.p_value == 1 / 20


# the prior of U is too narrow for the non-local truth, which the warning says
@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.parametrize(("seed", "noise"), [(0, 1e-3), (1, 3e-4), (2, 1e-4)])
def test_what_the_sensitivity_does_not_tell(seed, noise):
    """The prior is seen as well beside a local truth as beside a non-local one."""
    seen, p = [], []
    for strength in (0.0, 3.0):
        d = correlators(seed, strength)
        prior = GaussianProcessPotentialRegressor(d.r, reduced_mass=d.hadron_mass / 2).fit(
            d.data, d.target, y_std=noise * np.abs(d.target).max() + 0 * d.target
        )
        seen.append(prior.nonlocal_sensitivity_[0])
        p.append(outcome(d).p_value)
    assert 0.2 < seen[0] / seen[1] < 5
    assert p[0] >= 0.05 > p[1]


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_one_source_says_less(seed):
    """One V(r) describes the rows of a wall source, not those of both."""
    both, wall = (
        outcome(correlators(seed, strength=3.0, sources=sources), n_bootstrap=1).statistic
        for sources in (("wall", "exp"), ("wall",))
    )
    assert both > 2
    assert wall < 1.2


def test_the_result():
    d = correlators(1)
    first, again = (outcome(d, n_bootstrap=9, random_state=3) for _ in range(2))
    assert_array_equal(first.bootstrap, again.bootstrap)
    assert first.bootstrap.shape == (9,)
    larger = np.sum(first.bootstrap >= first.statistic)
    assert first.p_value == (1 + larger) / 10
    own = outcome(d, n_bootstrap=9, y_std=None)
    given = outcome(d, n_bootstrap=9, y_std=jackknife_error(d.rows.target))
    assert own.statistic == given.statistic


@pytest.mark.filterwarnings("ignore:the fit had not converged")
def test_a_network_is_tested_too():
    d = correlators(6, strength=3.0)
    network = TimeDependentHALRegressor(
        d.r, hadron_mass=d.hadron_mass, hidden_layer_sizes=(4,), rank=1, n_init=1, max_iter=20,
        tol=1e-2, random_state=0,
    )  # fmt: skip
    result = nonlocality_test(
        network, d.rows.data, d.rows.target, y_std=d.sigma, n_bootstrap=3, random_state=0
    )
    assert result.p_value == 1 / 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones((3, 4))}, r"shapes \(n_bins, n_samples, n_r\)"),
        ({"y": np.ones((2, 3, 4))}, "with at least two bins, got"),
        ({"X": np.full((3, 3, 4), np.nan)}, "NaN"),
        ({"y": 1j * np.ones((3, 3, 4))}, "Complex"),
        ({"bins": "seeds"}, "bins must be one of"),
        ({"n_bootstrap": 0}, "n_bootstrap must be"),
        ({"y_std": np.zeros((3, 4))}, "y_std"),
        ({"estimator": ParametricPotentialRegressor(np.exp, [1.0])}, "the parameter local"),
    ],
)
def test_bad_input_is_refused(change, message):
    settings = {
        "estimator": GaussianProcessPotentialRegressor(),
        "X": np.ones((3, 3, 4)),
        "y": np.ones((3, 3, 4)),
        **change,
    }
    with pytest.raises(ValueError, match=message):
        nonlocality_test(**settings)
