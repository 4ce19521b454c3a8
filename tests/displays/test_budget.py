"""Variations as points, the result as bands."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose, assert_array_equal

from halkit.displays import (
    BudgetDisplay,
    KCotDeltaDisplay,
    LocalPotentialDisplay,
    PhaseShiftDisplay,
)
from halkit.kinematics import energy_from_momentum
from halkit.resampling.quoted import quoted_value
from halkit.units import HBARC

LABELS = ["centre", "stencil = 3", "times = 12 13", "times = 99"]


class Budget:
    """A fitted budget of four variations, one of which failed and one is refused."""

    results_ = {"name": np.array(LABELS)}  # noqa: RUF012

    def evaluate(self, function):
        centres = np.array([0.35, 0.33, 0.41, np.nan])
        bins = centres[:, None] + 0.02 * np.random.default_rng(0).normal(size=(4, 6))
        accepted = np.array([True, True, False, False])
        return quoted_value(function(centres), function(bins), "jackknife", accepted)


@pytest.fixture
def quoted():
    return Budget().evaluate(np.positive)


def test_a_line_for_each_variation(quoted):
    display = BudgetDisplay.from_estimator(Budget(), quoted, label="$a$", units="fm")
    assert len(display.points_) == 3
    for i, (points, _, (bars,)) in enumerate(display.points_):
        assert_array_equal(points.get_xydata(), [[quoted.variations[i], -i]])
        (segment,) = bars.get_segments()
        assert_allclose(np.diff(segment[:, 0]), 2 * quoted.variation_errors[i], rtol=1e-12)
    filled = [points[0].get_markerfacecolor() != "white" for points in display.points_]
    assert filled == [True, True, False]
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()] == LABELS
    assert display.ax_.get_title() == f"$a$ = {quoted} fm"
    assert display.ax_.get_xlabel() == "$a$ [fm]"


def test_bands_are_the_errors(quoted):
    display = BudgetDisplay.from_estimator(Budget(), np.positive)
    for band, error in (
        (display.statistical_band_, quoted.statistical), (display.total_band_, quoted.total),
    ):  # fmt: skip
        edges = band.get_extents().transformed(display.ax_.transData.inverted()).intervalx
        assert_allclose(edges, [quoted.value - error, quoted.value + error], rtol=1e-9)
    assert_allclose(display.line_.get_xdata(), quoted.value)
    assert display.ax_.get_xlabel() == ""


def test_a_reference_has_a_line_of_its_own(quoted):
    _, ax = pyplot.subplots()
    display = BudgetDisplay.from_estimator(Budget(), quoted, reference=(0.352, 0.036), ax=ax)
    assert display.ax_ is ax
    assert_array_equal(display.reference_[0].get_xydata(), [[0.352, -4]])
    assert display.ax_.get_yticklabels()[-1].get_text() == "reference"
    assert BudgetDisplay.from_estimator(Budget(), quoted).reference_ is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[1:]}, "labels must be 4, one per variation, got 3"),
        ({"errors": [0.1, -0.1, 0.1, 0.1]}, "errors must be ≥ 0, or NaN for a gap, got -0.1"),
        ({"errors": [0.1]}, r"errors must have shape \(4,\)"),
        ({"values": np.ones((2, 2))}, r"values must have one axis, got shape \(2, 2\)"),
        ({"accepted": [True]}, r"accepted must have shape \(4,\), got \(1,\)"),
        ({"value": np.nan}, "value must be"),
    ],
)
def test_faults(change, message):
    given = {"values": np.ones(4), "errors": np.ones(4), "labels": LABELS, "value": 1.0,
             "statistical": 0.1, "total": 0.2} | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        BudgetDisplay(given.pop("values"), given.pop("errors"), given.pop("labels"), **given)


def test_an_array_is_no_number():
    with pytest.raises(ValueError, match="observable must be a number to be drawn"):
        BudgetDisplay.from_estimator(Budget(), lambda x: np.stack([x, x], axis=-1))


class Quoting:
    """A fitted budget whose curves are known."""

    accepted_ = np.array([True, True, True])
    estimator_ = SimpleNamespace(hadron_mass_=(0.8, 1.0), inverse_spacing_=2000.0)

    def phase_shift(self, k):
        bins = np.array([1.0, 1.1, 1.3])[:, None, None] * k + 0.01 * np.arange(5)[:, None]
        return quoted_value(bins.mean(axis=1), bins, "jackknife", self.accepted_)

    k_cot_delta = local_potential = phase_shift


def halves(band):
    """Points of a band, and half its width there."""
    points = band.get_paths()[0].vertices
    at = np.unique(points[:, 0])
    return at, np.array([np.ptp(points[points[:, 0] == x, 1]) / 2 for x in at])


@pytest.mark.parametrize("display", [PhaseShiftDisplay, KCotDeltaDisplay, LocalPotentialDisplay])
def test_curves_of_a_budget_have_both_bands(display):
    """The inner band is the statistical, the outer one the total error, in MeV and fm."""
    k, budget = np.linspace(0.1, 0.5, 5), Quoting()
    if display is LocalPotentialDisplay:
        drawn = display.from_interactions([budget], k)
        inner, outer = drawn.bands_[0], drawn.total_bands_[0]
        x, unit = k * HBARC / 2000.0, 2000.0
    else:
        drawn = display.from_estimator(budget, k)
        inner, outer = drawn.band_, drawn.total_band_
        angle = display is PhaseShiftDisplay
        x, unit = (2000.0 * k, np.rad2deg(1)) if angle else ((2000.0 * k) ** 2, 2000.0)
    quoted = unit * budget.phase_shift(k)
    for band, error in ((inner, quoted.statistical), (outer, quoted.total)):
        at, half = halves(band)
        assert_allclose(np.interp(x, at, half), error, rtol=1e-6)
    assert np.all(quoted.systematic > 0)


def test_the_axis_of_a_budget_knows_the_masses():
    display = PhaseShiftDisplay.from_estimator(Quoting(), np.linspace(0.1, 0.5, 5), x="energy")
    assert_allclose(
        display.line_.get_xdata()[-1], 2000.0 * energy_from_momentum(0.25, (0.8, 1.0)), rtol=1e-12
    )
