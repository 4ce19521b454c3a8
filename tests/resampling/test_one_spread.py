"""One spread of V gives one error, whatever its members are called and whoever holds them.

U = ω e^{−μ(r+r')} with 1/ω_b = (1 + ε_b)/ω. Bins of a `JackknifeRegressor` are data of ω_b, each
of them fitted; draws, seeds and starts are the interactions themselves. Jackknife bins scatter by
√N/(N − 1) of the error, the others by the error. k cot δ is linear in 1/ω, with or without a bound
state, so that all errors follow from those of 1/ω in closed form.
"""

import functools
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import Separable
from halkit.potentials import ParametricPotentialRegressor
from halkit.radial import trapezoid_weights
from halkit.resampling import JackknifeRegressor
from halkit.samples import standard_error
from halkit.scattering import Ensemble

MU, MASS, N = 1.0, 3.3, 8
CRITICAL = -(MU**5) / (10 * np.pi * MASS)  # 1/a0 = 0
STRENGTHS = {"unbound": 0.5 * CRITICAL, "bound": 2 * CRITICAL, "threshold": 1.002 * CRITICAL}
R = np.linspace(0.1, 9.0, 30)
K = np.array([0.1, 0.4, 1.0])
SPREAD = 1e-2
KINDS = ["jackknife", "bootstrap", "draws", "seeds", "starts"]


def exponential(r, r_prime, theta):
    return theta[0] * np.exp(-MU * (r + r_prime))


def holder(kind, omega):
    """What has the observables: a regressor of bins, or an ensemble of interactions."""
    epsilon = np.random.default_rng(5).standard_normal(N)
    epsilon -= epsilon.mean()
    members = omega / (1 + SPREAD * epsilon / standard_error(epsilon, kind))
    if kind not in ("jackknife", "bootstrap"):
        interactions = [Separable(member, MU) for member in members]
        centre = Separable(omega, MU)
        return Ensemble(interactions, kind=kind, centre=centre, reduced_mass=MASS)
    X = np.exp(-np.outer([0.5, 1.0], R))
    y = (X * trapezoid_weights(R)) @ np.exp(-MU * (R[:, None] + R))
    model = ParametricPotentialRegressor(exponential, [omega], r=R, reduced_mass=MASS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)  # X are not wave functions of this U
        return JackknifeRegressor(model, resample=kind).fit(
            np.array([X] * N), members[:, None, None] * y
        )


@functools.cache
def observables(kind, where):
    """Central values and errors of one holder, and its warnings."""
    h = holder(kind, STRENGTHS[where])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = {
            "delta": h.phase_shift(K, return_std=True),
            "k_cot_delta": h.k_cot_delta(K, return_std=True),
            "inverse": h.inverse_scattering_length(return_std=True),
            "length": h.scattering_length(return_std=True),
            "kappa": [states.kappa for states in h.bound_states(return_std=True)],
        }
    assert {w.category for w in caught} <= {AccuracyWarning}
    return found, " | ".join(str(w.message) for w in caught)


def slope(function, omega):
    """SPREAD times the derivative of a function of ω by ln(1/ω)."""
    return SPREAD * np.abs(function(omega * 1.0001) - function(omega / 1.0001)) / 2e-4


def k_cot_delta(omega, k=K):
    return Separable(omega, MU).k_cot_delta(k, reduced_mass=MASS)


def kappa(omega):
    return Separable(omega, MU).bound_states(reduced_mass=MASS).kappa


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", STRENGTHS)
def test_smooth_observables_have_the_exact_error_of_every_kind(where, kind):
    found, _ = observables(kind, where)
    omega = STRENGTHS[where]
    at_zero = functools.partial(k_cot_delta, k=0.0)
    for name, function, sign in (("k_cot_delta", k_cot_delta, 1), ("inverse", at_zero, -1)):
        value, std = found[name]
        assert_allclose(std, slope(function, omega), 1e-3)
        # the mean of ω_b is off by the square of the spread
        assert np.all(np.abs(value - sign * function(omega)) < 0.02 * std)
    errors = np.sin(found["delta"][0]) ** 2 / K * slope(k_cot_delta, omega)
    assert_allclose(found["delta"][1], errors, 0.01)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["unbound", "bound"])
def test_one_spread_of_length_and_binding_momentum_on_each_side(where, kind):
    found, warned = observables(kind, where)
    omega = STRENGTHS[where]
    a0, std = found["length"]
    assert std == pytest.approx(a0**2 * found["inverse"][1], rel=0.02)
    expected = kappa(omega), slope(kappa, omega)
    assert len(expected[0]) == (where == "bound")
    assert_allclose(found["kappa"], expected, 0.01)
    assert warned == ""


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_has_an_error_of_what_comes_and_goes_at_the_threshold(kind):
    found, warned = observables(kind, "threshold")
    assert np.isnan(found["length"][1])
    assert np.isnan(found["kappa"][1]).all()
    assert "passes through infinity" in warned
    assert "the centre has 1 bound states" in warned
