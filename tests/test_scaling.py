"""Sums of squares of numbers of any size."""

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.equations import identifiability, local_approximation
from halkit.resampling import jackknife_error, resampling_error
from halkit.scaling import exponent, norm, std

X = np.random.default_rng(0).normal(size=(4, 5))


@pytest.mark.parametrize("c", [2.0**-900, 1e-250, 1.0, 1e250, 2.0**900])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
def test_norms_and_spreads_scale_with_their_numbers(c, axis):
    np.testing.assert_allclose(norm(c * X, axis) / c, np.sqrt(np.sum(X**2, axis)), rtol=1e-14)
    np.testing.assert_allclose(std(c * X, axis, 1) / c, np.std(X, axis, ddof=1), rtol=1e-14)


@pytest.mark.parametrize("resample", ["jackknife", "bootstrap", "seeds"])
def test_errors_scale_with_their_samples(resample):
    expected = resampling_error(X, resample)
    for power in (-900, 900):
        scaled = resampling_error(np.ldexp(X, power), resample)
        np.testing.assert_array_equal(np.ldexp(scaled, -power), expected)
    np.testing.assert_allclose(jackknife_error(1e200 * X) / 1e200, jackknife_error(X), rtol=1e-13)


def test_rows_of_very_different_size():
    sizes = np.array([5e-324, 1e-300, 0.0, 1e300])
    np.testing.assert_array_equal(norm(sizes[:, None], axis=1), sizes)
    np.testing.assert_array_equal(exponent(sizes[:, None], axis=1), np.frexp(sizes)[1])
    assert norm([]) == 0.0
    assert np.isnan(norm([1.0, np.nan]))
    assert norm([1.0, np.inf]) == np.inf


@pytest.mark.parametrize("power", [-900, 900])
def test_directions_do_not_depend_on_the_unit(power):
    d = make_separable()
    sigma = 0.01 * np.abs(d.data)
    expected = identifiability(d.data, sigma, weights=d.weights)
    scaled = identifiability(np.ldexp(d.data, power), np.ldexp(sigma, power), weights=d.weights)
    for found, value in zip(scaled, expected, strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("power", [-900, 900])
@pytest.mark.parametrize("order", [0, 2])
def test_local_approximations_do_not_depend_on_the_unit_of_the_errors(order, power):
    d = make_separable()
    std = 0.01 + np.abs(d.target)
    expected = local_approximation(d.data, d.target, r=d.r, order=order, y_std=std)
    scaled = local_approximation(d.data, d.target, r=d.r, order=order, y_std=np.ldexp(std, power))
    for name, value in expected.items():
        np.testing.assert_array_equal(scaled[name], value)
