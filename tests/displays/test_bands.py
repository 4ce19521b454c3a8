"""The shared band: what is drawn, and the interpolation between few points."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from halkit.displays import draw_band
from halkit.displays.bands import refined, smooth

X = np.array([0.0, 0.3, 1.0, 1.2, 2.0])


def extent(band, x):
    corners = band.get_paths()[0].vertices
    y = corners[np.isclose(corners[:, 0], x), 1]
    return y.min(), y.max()


def test_both_bands_lie_around_the_curve():
    value, stat, sys = X**2, 0.3 + 0 * X, 0.4 + 0 * X
    band = draw_band(Figure().subplots(), X, value, stat, sys, label="name")
    assert band.line.get_label() == "name"
    for x, y in zip(X, value, strict=True):
        assert_allclose(extent(band.statistical, x), (y - 0.3, y + 0.3), atol=1e-12)
        assert_allclose(extent(band.total, x), (y - 0.5, y + 0.5), atol=1e-12)


def test_a_systematic_error_may_have_two_sides():
    band = draw_band(Figure().subplots(), X, X, 0.3 + 0 * X, [0.4 + 0 * X, 0 * X])
    assert_allclose(extent(band.total, X[2]), (X[2] - 0.5, X[2] + 0.3), atol=1e-12)
    alone = draw_band(Figure().subplots(), X, X, None, [0.4 + 0 * X, 0.1 + 0 * X])
    assert alone.statistical is None
    assert_allclose(extent(alone.total, X[2]), (X[2] - 0.4, X[2] + 0.1), atol=1e-12)


def test_without_errors_there_is_no_band():
    band = draw_band(Figure().subplots(), X, X)
    assert band.statistical is None
    assert band.total is None


def test_refined_points_contain_the_given_ones():
    fine = refined(X)
    assert len(fine) >= 200
    assert np.isin(X, fine).all()
    assert np.all(np.diff(fine) > 0)
    for same in (np.linspace(0, 1, 200), np.array([1.0]), np.array([2.0, 1.0, 3.0])):
        assert refined(same) is same


@pytest.mark.parametrize("seed", range(5))
def test_the_interpolation_is_monotone_between_points(seed):
    y = np.random.default_rng(seed).normal(size=X.size)
    fine, curve = smooth(X, y)
    assert_allclose(curve[np.isin(fine, X)], y)
    for i in range(X.size - 1):
        inside = (fine >= X[i]) & (fine <= X[i + 1])
        rise = np.diff(curve[inside]) * np.sign(y[i + 1] - y[i])
        assert np.all(rise >= -1e-12)


def test_lines_stay_lines_and_smooth_curves_are_close():
    fine, line = smooth(X, 2 * X - 1)
    assert_allclose(line, 2 * fine - 1, atol=1e-12)
    x = np.linspace(0, 3, 30)
    fine, curve = smooth(x, np.exp(-x))
    assert np.abs(curve - np.exp(-fine)).max() < 1e-3


def test_gaps_stay_gaps():
    y = np.array([1.0, 2.0, np.nan, 3.0, 4.0])
    fine, curve = smooth(X, y)
    assert_array_equal(np.isnan(curve), (fine > X[1]) & (fine < X[3]))


@pytest.mark.parametrize("name", ["value", "statistical", "systematic"])
def test_a_wrong_shape_is_named(name):
    arguments = {"value": X, "statistical": X, "systematic": X, name: X[1:]}
    with pytest.raises(ValueError, match=f"{name} must have shape"):
        draw_band(Figure().subplots(), X, **arguments)
