"""Radians go in, degrees are drawn."""

import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose, assert_array_equal

from halkit.displays import PhaseShiftDisplay

K = np.linspace(0.1, 1.0, 7)


class HardSphere:
    """δ(k) = -kR with R = 1."""

    def phase_shift(self, k):
        return -np.asarray(k)


def test_the_curve_is_in_degrees():
    display = PhaseShiftDisplay.from_estimator(HardSphere(), K)
    x = display.line_.get_xdata()
    assert len(x) >= 200
    assert np.isin(K, x).all()
    assert_allclose(display.line_.get_ydata(), -180 / np.pi * x, rtol=1e-14)
    assert display.ax_.get_legend() is None


def test_energy_is_k_squared_over_twice_the_reduced_mass():
    reference = (K[:2], K[:2])
    display = PhaseShiftDisplay.from_estimator(
        HardSphere(), K, reduced_mass=3.3, reference=reference, units="MeV"
    )
    assert_allclose(display.line_.get_xdata(), display.k**2 / 6.6, rtol=1e-14)
    assert_allclose(display.reference_.lines[0].get_xdata(), K[:2] ** 2 / 6.6, rtol=1e-14)
    assert display.ax_.get_xlabel() == "$E_\\mathrm{cm} = k^2/2\\mu$ [MeV]"


def test_labels_name_the_units():
    display = PhaseShiftDisplay.from_predictions(K, K, units="fm$^{-1}$")
    assert display.ax_.get_xlabel() == "$k$ [fm$^{-1}$]"
    assert display.ax_.get_ylabel() == "$\\delta$ [deg]"
    assert display.ax_.get_legend() is None


def test_a_band_is_one_standard_deviation():
    errors = 0.2 * K
    display = PhaseShiftDisplay.from_predictions(-K, K, phase_shift_std=errors, name="fit")
    corners = display.band_.get_paths()[0].vertices
    for k, error in zip(K, errors, strict=True):
        heights = np.radians(corners[np.isclose(corners[:, 0], k), 1])
        assert_allclose([heights.min(), heights.max()], [-k - error, -k + error], rtol=1e-12)


def test_the_truth_is_a_second_line():
    display = PhaseShiftDisplay.from_estimator(HardSphere(), K, truth=-2 * K)
    x, y = display.truth_line_.get_data()
    assert_allclose(y, -360 / np.pi * x, rtol=1e-12)


def test_reference_points_carry_their_errors():
    reference = (K[::2], -K[::2], np.full(4, 0.1))
    points, _, (bars,) = PhaseShiftDisplay.from_predictions(K, K, reference=reference).reference_
    assert_array_equal(points.get_xdata(), K[::2])
    assert_allclose(points.get_ydata(), -180 / np.pi * K[::2], rtol=1e-14)
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert_allclose(ends[:, 1] - ends[:, 0], np.degrees(0.2), rtol=1e-12)


def test_reference_points_may_lack_errors():
    display = PhaseShiftDisplay.from_predictions(K, K, reference=(K, K))
    assert_allclose(display.reference_.lines[0].get_ydata(), np.degrees(K), rtol=1e-14)
    assert not display.reference_.has_yerr


def test_the_curve_is_drawn_on_the_given_axes():
    figure, ax = pyplot.subplots()
    display = PhaseShiftDisplay.from_estimator(HardSphere(), K, ax=ax, name="sphere")
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.line_.get_label() == "sphere"


@pytest.mark.parametrize("name", ["phase_shift_std", "truth"])
def test_a_wrong_shape_is_named(name):
    with pytest.raises(ValueError, match=rf"{name} must have shape \(7,\), got \(6,\)"):
        PhaseShiftDisplay(K, K, **{name: K[1:]})


def test_a_wrong_reference_is_refused():
    with pytest.raises(
        ValueError, match=r"reference must be \(k, delta\) or \(k, delta, std\), got 1"
    ):
        PhaseShiftDisplay(K, K, reference=(K,))
    with pytest.raises(ValueError, match="reference std must have shape"):
        PhaseShiftDisplay(K, K, reference=(K, K, K[1:]))
