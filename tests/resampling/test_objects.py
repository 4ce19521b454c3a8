"""gvar and pyerrors: what they carry becomes samples, and samples become what they carry."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit.checks import check_array
from halkit.potentials import TimeDependentHALRegressor
from halkit.resampling import (
    JackknifeRegressor,
    from_gvar,
    from_obs,
    jackknife_error,
    jackknife_samples,
    resampling_error,
    to_gvar,
    to_obs,
)

DATA = np.random.default_rng(0).multivariate_normal(
    [1.0, 2.0, -1.0], [[0.04, 0.03, 0.0], [0.03, 0.09, 0.01], [0.0, 0.01, 0.01]], 60
)


class GVar(SimpleNamespace):
    """Looks like gvar's."""


class Obs(SimpleNamespace):
    """Looks like pyerrors'."""


@pytest.mark.parametrize(
    ("entry", "way"),
    [(GVar(mean=1.0, sdev=0.1), "from_gvar"), (Obs(value=1.0, dvalue=0.1), "from_obs")],
)
def test_objects_with_errors_are_refused_with_the_way_out(entry, way):
    X = np.full((5, 4), entry, dtype=object)
    y = np.ones((5, 4))
    for model in (TimeDependentHALRegressor(), JackknifeRegressor(TimeDependentHALRegressor())):
        with pytest.raises(TypeError, match=f"halkit.resampling.{way}"):
            model.fit(X, y)
        with pytest.raises(TypeError, match=f"halkit.resampling.{way}"):
            model.fit(y, X)
    with pytest.raises(TypeError, match=f"halkit.resampling.{way}"):
        jackknife_samples(X)
    with pytest.raises(TypeError, match=f"halkit.resampling.{way}"):
        check_array(X, "R")


def test_samples_of_gvars_have_their_means_and_covariance():
    gvar = pytest.importorskip("gvar")
    x = gvar.gvar([1.0, 2.0], [[0.04, 0.03], [0.03, 0.09]])
    product = np.array([[x[0] * x[1], x[0], 3.0]])
    a, b = from_gvar(x, product, n_samples=4000, random_state=0)
    assert (a.shape, b.shape) == ((4000, 2), (4000, 1, 3))
    assert_allclose(a.mean(axis=0), [1.0, 2.0], rtol=1e-12)
    assert_allclose(np.cov(a.T), gvar.evalcov(x), atol=4 * 0.09 * np.sqrt(2 / 4000))
    assert_allclose(b[:, 0, 1], a[:, 0], rtol=1e-7)
    assert_allclose(b[:, 0, 2], 3.0)
    error = resampling_error(b[:, 0, 0], "bootstrap")
    assert error == pytest.approx(product[0, 0].sdev, rel=4 / np.sqrt(8000))
    with pytest.raises(TypeError, match="must hold GVars or numbers, got a str"):
        from_gvar(["a"])
    for nothing in ((), ([],)):
        with pytest.raises(TypeError, match="must hold GVars, got none"):
            from_gvar(*nothing)


def test_gvars_of_samples():
    gvar = pytest.importorskip("gvar")
    samples = jackknife_samples(DATA)
    x = to_gvar(samples)
    assert_allclose(gvar.mean(x), DATA.mean(axis=0))
    assert_allclose(gvar.sdev(x), jackknife_error(samples))
    assert_allclose(gvar.evalcov(x), np.cov(DATA.T) / 60)
    ratio = x[0] / x[1]
    exact = jackknife_error(samples[:, 0] / samples[:, 1])
    assert ratio.sdev == pytest.approx(exact, rel=0.02)
    assert to_gvar(samples[:, 0], centre=5.0).mean == 5.0
    assert_allclose(gvar.sdev(to_gvar(DATA, "bootstrap")), DATA.std(axis=0, ddof=1))
    there = to_gvar(from_gvar(x, n_samples=1000, random_state=1), "bootstrap")
    assert_allclose(gvar.mean(there), gvar.mean(x))
    assert_allclose(gvar.sdev(there), gvar.sdev(x), rtol=4 / np.sqrt(2000))


@pytest.fixture
def pyerrors():
    return pytest.importorskip("pyerrors")


def test_samples_of_obs_are_those_of_their_data(pyerrors):
    x = np.array([pyerrors.Obs([column], ["A"]) for column in DATA.T])
    assert_allclose(from_obs(x), jackknife_samples(DATA), rtol=1e-12)
    assert_allclose(from_obs(x, bin_size=4), jackknife_samples(DATA, bin_size=4), rtol=1e-12)
    a, b = from_obs(x[:1], x[1:].reshape(2, 1))
    assert (a.shape, b.shape) == ((60, 1), (60, 2, 1))
    assert_allclose(b[:, :, 0], jackknife_samples(DATA)[:, 1:], rtol=1e-12)


def test_obs_there_and_back(pyerrors):
    samples = jackknife_samples(DATA)
    x = to_obs(samples, "A")
    assert_allclose(from_obs(x), samples, rtol=1e-10)
    ratio = x[0] / x[1]
    ratio.gamma_method(S=0)
    exact = jackknife_error(samples[:, 0] / samples[:, 1])
    assert ratio.dvalue == pytest.approx(exact, rel=0.03)
    one = to_obs(samples[:, 0], "A", centre=5.0)
    assert one.value == 5.0


def test_obs_of_different_configurations_are_refused(pyerrors):
    a, b = (pyerrors.Obs([DATA[:, 0]], [name]) for name in ("A", "B"))
    with pytest.raises(ValueError, match="same configurations, got some of 'A'"):
        from_obs([a, b])
    with pytest.raises(ValueError, match="one ensemble and replicum"):
        from_obs([a + b])
    with pytest.raises(TypeError, match="must hold Obs, got a float"):
        from_obs([1.0])
    short = pyerrors.Obs([DATA[:50, 0]], ["A"])
    with pytest.raises(ValueError, match="same configurations"):
        from_obs([a, short])
    with pytest.raises(ValueError, match="with configurations, got 'c' with a covariance alone"):
        from_obs(pyerrors.cov_Obs(1.0, 0.1, "c"))
    for nothing in ((), ([],)):
        with pytest.raises(TypeError, match="must hold Obs, got none"):
            from_obs(*nothing)


@pytest.mark.parametrize(
    ("samples", "centre", "message"),
    [
        (np.ones((1, 3)), None, "two samples at least"),
        ([1.0, np.nan], None, "samples must be finite"),
        (np.ones((4, 3)), [1.0], r"centre must have shape \(3,\), got \(1,\)"),
    ],
)
def test_samples_that_have_no_covariance(samples, centre, message, monkeypatch):
    for package in ("gvar", "pyerrors"):
        monkeypatch.setitem(sys.modules, package, SimpleNamespace())
    with pytest.raises(ValueError, match=message):
        to_gvar(samples, centre=centre)
    with pytest.raises(ValueError, match=message):
        to_obs(samples, "A", centre=centre)


def test_without_the_packages_they_are_named(monkeypatch):
    for package in ("gvar", "pyerrors"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match="pip install gvar"):
        to_gvar([1.0, 2.0])
    with pytest.raises(ImportError, match="pip install gvar"):
        from_gvar([1.0, 2.0])
    with pytest.raises(ImportError, match="pip install pyerrors"):
        to_obs([1.0, 2.0], "A")


def test_a_covariance_that_belongs_to_no_distribution_is_refused():
    gvar = pytest.importorskip("gvar")
    for correlation in (2.0, 1.0 + 1e-6):
        x = gvar.gvar([1.0, 1.0], [[1.0, correlation], [correlation, 1.0]])
        with pytest.raises(
            ValueError, match="must have no negative eigenvalue, got correlations with"
        ):
            from_gvar(x)


@pytest.mark.parametrize("size", [1e-12, 1e6])
def test_rounding_in_a_singular_covariance_is_none_of_that(size):
    gvar = pytest.importorskip("gvar")
    covariance = np.outer([1.0, size, 3.0], [1.0, size, 3.0])
    samples = from_gvar(gvar.gvar(np.zeros(3), covariance), n_samples=50, random_state=0)
    assert_allclose(samples[:, 1:], samples[:, :1] * [size, 3.0], rtol=1e-6)


@pytest.mark.parametrize("missing", [range(6, 50), [3], [2, 4]])
def test_bins_of_a_chain_with_a_gap_are_refused(pyerrors, missing):
    numbers = [i for i in range(1, 60) if i not in missing][:10]
    x = pyerrors.Obs([DATA[:10, 0]], ["A"], idl=[numbers])
    with pytest.raises(ValueError, match=r"with gaps, got configuration .* of 'A' after"):
        from_obs([x], bin_size=2)
    assert_allclose(from_obs([x]), jackknife_samples(DATA[:10, :1]), rtol=1e-12)


def test_bins_of_every_third_configuration(pyerrors):
    x = pyerrors.Obs([DATA[:10, 0]], ["A"], idl=[range(5, 35, 3)])
    expected = jackknife_samples(DATA[:10, :1], bin_size=5)
    assert_allclose(from_obs([x], bin_size=5), expected, rtol=1e-12)


def test_other_configurations_of_one_ensemble_are_named(pyerrors):
    numbers = [*range(1, 10), 10], [*range(1, 10), 12]
    a, b = (pyerrors.Obs([DATA[:10, 0]], ["A"], idl=[idl]) for idl in numbers)
    with pytest.raises(ValueError, match="'A' with configuration 10 where others have 12"):
        from_obs([a, b])
