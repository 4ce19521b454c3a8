"""The integrated autocorrelation time, against AR(1) series whose time is known."""

import warnings

import numpy as np
import pytest
from scipy.signal import lfilter

from halkit.exceptions import AccuracyWarning
from halkit.gauge import autocorrelation_time


def ar1(a, shape, seed=0):
    """x_t = a x_{t−1} + noise in equilibrium: ρ(t) = a^t, τ_int = (1 + a)/(1 − a)/2."""
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[..., 0] /= np.sqrt(1 - a * a)
    return lfilter([1], [1, -a], noise, axis=-1)


@pytest.mark.parametrize("a", [0.0, 0.3, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("shape", [(60_000,), (20, 3000)])
def test_ar1(a, shape):
    exact = (1 + a) / (1 - a) / 2
    tau = autocorrelation_time(ar1(a, shape))
    assert abs(tau.value - exact) < 4 * tau.error
    assert tau.error < 0.15 * exact
    assert tau.window < 15 * exact + 5


@pytest.mark.parametrize("a", [0.3, 0.7, 0.9, 0.98])
def test_pyerrors_finds_the_same(a):
    """Two programs, one method: the same window, and τ up to terms of order 1/N."""
    pyerrors = pytest.importorskip("pyerrors")
    series = ar1(a, 60_000, seed=3)
    observable = pyerrors.Obs([series], ["chain"])
    observable.gamma_method(S=1.5)
    tau = autocorrelation_time(series)
    assert tau.window == observable.e_windowsize["chain"]
    assert tau.value == pytest.approx(observable.e_tauint["chain"], rel=1e-4)
    assert tau.error == pytest.approx(observable.e_dtauint["chain"], rel=0.02)


@pytest.mark.parametrize("a", [0.5, 0.9])
def test_the_error_is_the_scatter(a):
    tau = [autocorrelation_time(ar1(a, 20_000, seed)) for seed in range(100)]
    value, error, _ = np.transpose(tau)
    assert abs(value.mean() / ((1 + a) / (1 - a) / 2) - 1) < 0.03
    assert 0.7 < error.mean() / value.std() < 1.4


def test_units_and_order_of_chains_do_not_matter():
    series = ar1(0.8, (5, 2000))
    tau = autocorrelation_time(series)
    assert autocorrelation_time(series[::-1] * -3 + 7) == pytest.approx(tau, rel=1e-10)
    assert autocorrelation_time(series[0]) == autocorrelation_time(series[:1])


def test_correlation_by_its_definition():
    series = ar1(0.6, (3, 200))
    tau = autocorrelation_time(series)
    shifted, n = series - series.mean(), series.shape[1]
    gamma = [(shifted[:, : n - t] * shifted[:, t:]).mean() for t in range(tau.window + 1)]
    value = 0.5 + sum(gamma[1:]) / gamma[0]
    assert tau.value == pytest.approx(value * (1 + (2 * tau.window + 1) / series.size), rel=1e-10)


@pytest.mark.parametrize("level", [0, 0.1, 1e9])
def test_a_frozen_chain_has_no_time(level):
    with pytest.warns(AccuracyWarning, match="constant"):
        tau = autocorrelation_time(np.full((3, 500), level))
    assert np.isnan(tau.value)
    assert np.isnan(tau.error)


def test_chains_frozen_in_different_sectors_have_no_time():
    sectors = np.repeat([[0], [1], [-1], [0]], 100, axis=1)
    with pytest.warns(AccuracyWarning, match="constant"):
        assert np.isnan(autocorrelation_time(sectors).value)
    sectors[0, 60:] = 1
    with pytest.warns(AccuracyWarning, match="lower bound"):
        assert autocorrelation_time(sectors).value > 10


def test_a_short_chain_gives_a_warning():
    with pytest.warns(AccuracyWarning, match="longer chains"):
        autocorrelation_time(ar1(0.99, 200))


def test_a_chain_is_short_below_twenty_of_its_times():
    told = []
    for seed in range(300):
        series = ar1(0.4, 24, seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            tau = autocorrelation_time(series)
        told.append((series.size / tau.value, any("shorter" in str(w.message) for w in caught)))
    assert all(short == (ratio < 20) for ratio, short in told)
    assert any(19 < ratio < 20 for ratio, _ in told)
    assert any(20 < ratio < 21 for ratio, _ in told)


@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        (np.zeros(7), ValueError, "at least 8"),
        (np.zeros((2, 2, 20)), ValueError, "n_chains, n_measurements"),
        (np.array([np.nan] * 20), ValueError, "finite"),
        (np.zeros(20) + 1j, ValueError, "Complex data"),
    ],
)
def test_bad_input_is_refused(series, error, message):
    with pytest.raises(error, match=message):
        autocorrelation_time(series)


@pytest.mark.parametrize("rho", [-0.2, -0.5, -0.8, -0.9])
def test_measurements_that_alternate(rho):
    """AR(1) with ρ < 0: τ_int = (1 + ρ)/2(1 − ρ), less than ½."""
    noise = np.random.default_rng(0).normal(size=(4, 50000))
    tau = autocorrelation_time(lfilter([1], [1, -rho], noise, axis=1))
    assert tau.value == pytest.approx((1 + rho) / (1 - rho) / 2, abs=5 * tau.error + 1e-3)
    assert tau.error > 0


def test_short_noise_has_a_positive_time():
    rng = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        times = [autocorrelation_time(rng.normal(size=8)) for _ in range(200)]
    assert min(tau.value for tau in times) > 0
    assert min(tau.error for tau in times) > 0
