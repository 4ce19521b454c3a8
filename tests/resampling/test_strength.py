"""The strength of V that a jackknife settles on: published potentials, wells and hills.

White noise in r, which the prior of V weighs as if it were independent, and noise smooth in r.
"""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.exceptions import PriorWarning
from halkit.interactions import (
    N_PHI_MASSES,
    OMEGA_OMEGA_MASSES,
    GaussianSum,
    n_phi,
    omega_omega,
    xixi_leading_order,
)
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.resampling import JackknifeRegressor, nonlocality_test
from halkit.resampling.strength import settled
from halkit.scattering import phase_shift
from halkit.units import HBARC

INVERSE_SPACING = HBARC / 0.09
K = np.array([0.02, 0.05, 0.1])
STRONG = {
    "ΞΞ": (xixi_leading_order(), (0.66, 0.66)),
    "ΩΩ": (
        omega_omega(inverse_spacing=INVERSE_SPACING),
        tuple(np.array(OMEGA_OMEGA_MASSES) / INVERSE_SPACING),
    ),
    "Nφ": (
        n_phi(inverse_spacing=INVERSE_SPACING),
        tuple(np.array(N_PHI_MASSES) / INVERSE_SPACING),
    ),
}
# that the prior of U is hardly seen beside V
pytestmark = pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")


def weak(seed):
    """A well or a hill, 0.2 … 0.8 times the strength that binds, with a core or without."""
    random = np.random.default_rng(seed)
    mass, b, core = random.uniform(0.6, 2.0), random.uniform(3.0, 5.0), random.uniform(1.2, 2.0)
    depth = random.choice([-1, 1]) * random.uniform(0.2, 0.8) * 2.7 / (mass * b**2)
    hill = random.uniform(0, 1) * 2.7 / (mass * core**2)
    return GaussianSum.from_ranges([depth, hill], [b, core]), (mass, mass)


def correlators(V, masses, noise, seed, n_bins=20):
    return make_time_dependent(
        V, r=np.arange(1, 61) * 0.75, box_radius=60.0, hadron_mass=masses, times=range(10, 18),
        noise=noise, n_bins=n_bins, random_state=seed,
    )  # fmt: skip


def prior(d, masses, **settings):
    mu = masses[0] * masses[1] / sum(masses)
    return GaussianProcessPotentialRegressor(d.r, reduced_mass=mu, **settings)


def jackknife(d, masses, **settings):
    return JackknifeRegressor(prior(d, masses, **settings)).fit(
        d.rows.data, d.rows.target, y_std=d.sigma
    )


def pull(model, V, masses):
    """Root mean square of (δ − exact)/error."""
    mu = masses[0] * masses[1] / sum(masses)
    delta, error = model.phase_shift(K, return_std=True)
    change = delta - phase_shift(V, K, reduced_mass=mu)
    return np.sqrt(np.mean(((change - np.pi * np.round(change / np.pi)) / error) ** 2))


@pytest.mark.parametrize(
    ("name", "noise", "seed"),
    [("ΞΞ", 1e-3, 41), ("ΩΩ", 1e-3, 42), ("Nφ", 1e-3, 43), ("ΩΩ", 1e-4, 44)],
)
def test_the_strength_is_raised_until_phase_shifts_stay(name, noise, seed):
    """With s = 5 they are 3 … 9 errors off, and a warning says so."""
    V, masses = STRONG[name]
    d = correlators(V, masses, noise, seed)
    with pytest.warns(PriorWarning, match=r"local_strength = 15 instead of 5 moves them by"):
        by_hand = jackknife(d, masses, local_strength=5.0)
    assert by_hand.estimator_.local_strength_ == 5.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", PriorWarning)
        model = jackknife(d, masses)
    strength = model.local_strength_
    assert strength == model.estimator_.local_strength_
    assert strength in {15.0, 45.0}  # more than 50 would be warned of
    assert {m.local_strength_ for m in model.estimators_} == {strength}
    assert model.estimator.local_strength is None
    assert pull(by_hand, V, masses) > 3
    assert pull(model, V, masses) < 2.5


@pytest.mark.parametrize("seed", range(3))
def test_a_strength_that_does_not_matter_stays(seed):
    V, masses = weak(seed)
    d = correlators(V, masses, 1e-3 if seed % 2 else 1e-4, seed=seed)
    for strength in (None, 5.0):
        with warnings.catch_warnings():
            warnings.simplefilter("error", PriorWarning)
            model = jackknife(d, masses, local_strength=strength)
        assert model.estimator_.local_strength_ == 5.0
    assert pull(model, V, masses) < 3


@pytest.mark.parametrize("name", ["ΞΞ", "ΩΩ"])
def test_published_potentials_look_local(name):
    """And non-local with local_strength=1, which is warned of."""
    V, masses = STRONG[name]
    d = correlators(V, masses, 5e-4, seed=51 + list(STRONG).index(name))
    data = {"X": d.rows.data, "y": d.rows.target, "y_std": d.sigma, "random_state": 0}
    assert nonlocality_test(prior(d, masses), **data, n_bootstrap=19).p_value > 0.05
    with pytest.warns(PriorWarning, match="the prior of V pulls"):
        result = nonlocality_test(prior(d, masses, local_strength=1.0), **data, n_bootstrap=19)
    assert result.p_value == 1 / 20


def test_what_has_no_prior_is_returned_as_it_came():
    centre = SimpleNamespace(n_channels_=1, _nodes_given=True, r_out_=np.arange(1.0, 11))
    fits = [centre, centre]
    assert settled(centre, fits, None, None, "jackknife") == (centre, fits)


@pytest.mark.parametrize("kind", ["jackknife", "bootstrap"])
def test_bins_that_say_they_are_of_the_other_kind(kind):
    """`y_std` is the spread of bootstrap samples, and √(N − 1) times that of jackknife bins."""
    V, masses = weak(1)
    d = correlators(V, masses, 1e-3, seed=3)
    X, y, sigma = d.rows.data, d.rows.target, d.sigma
    if kind == "bootstrap":
        X, y = (v.mean(axis=0) + np.sqrt(19) * (v - v.mean(axis=0)) for v in (X, y))
    other = "bootstrap" if kind == "jackknife" else "jackknife"
    message = f"must be '{kind}' for these bins, got '{other}'"
    with pytest.raises(ValueError, match=f"resample {message}"):
        JackknifeRegressor(prior(d, masses), resample=other).fit(X, y, y_std=sigma)
    with pytest.raises(ValueError, match=f"bins {message}"):
        nonlocality_test(prior(d, masses), X, y, y_std=sigma, bins=other)
    model = JackknifeRegressor(prior(d, masses, local="only"), resample=kind)
    assert model.fit(X, y, y_std=sigma).resample_ == kind
    assert model.fit(X, y, y_std=10 * sigma).resample_ == kind


class Pulled:
    """δ = 1 − c/s: what remains of the pull of a prior of strength s; bins scatter by `noise`."""

    _nodes_given, n_channels_, r_out_ = True, 1, np.arange(1.0, 11)

    def __init__(self, c, local_strength=None, noise=0.0):
        self.c, self.local_strength, self.noise = c, local_strength, noise
        self.local_strength_ = local_strength or 5.0

    def bound_states(self):
        """It has none."""

    def _phases(self, k):
        return 1 - self.c / self.local_strength_ + self.noise + 0 * k

    def _phases_alike(self, k):
        return self._phases(k), lambda other: other._phases(k)


@pytest.mark.parametrize(
    ("c", "strength"), [(0.06, 5.0), (0.2, 15.0), (0.5, 45.0), (1.5, 135.0), (5.0, 405.0)]
)
def test_a_strength_far_from_its_default_is_told(c, strength):
    """(2/3) c/s ≤ σ = 0.01 decides; 135 and 405 are more than ten times 5."""
    noise = 0.01 * np.array([1.0, -1.0, 1.0, -1.0]) * np.sqrt(3 / 4)

    def fit_mean(**parameters):
        model = Pulled(c, **parameters)
        model.local_strength = None
        return model

    def fit_bins(centre):
        return [Pulled(c, centre.local_strength_, x) for x in noise]

    def settle():
        return settled(Pulled(c), fit_bins(Pulled(c)), fit_mean, fit_bins, "bootstrap")

    if strength > 50:
        with pytest.warns(PriorWarning, match=f"was raised from 5 to {strength:g}, until"):
            centre, fits = settle()
    else:
        centre, fits = settle()
    assert centre.local_strength_ == strength
    assert [fit.local_strength_ for fit in fits] == [strength] * 4
