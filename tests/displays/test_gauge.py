"""Charges and loops are drawn where they belong."""

import numpy as np
import pytest

from halkit.displays import TopologyDisplay, WilsonLoopDisplay
from halkit.gauge import charge_probability, sample_exact, sample_report, topological_charge


@pytest.fixture(scope="module")
def theta():
    return sample_exact(400, 2.0, (6, 6), random_state=0)


def test_histogram_and_history_of_the_charge(theta):
    charge = topological_charge(theta)
    probability = charge_probability(np.arange(-9, 10), 2.0, (6, 6))
    display = TopologyDisplay(charge, probability, name="exact sampler").plot()
    heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in display.bars_}
    assert heights[0] == pytest.approx(np.mean(charge == 0))
    assert heights[-1] == pytest.approx(np.mean(charge == -1))
    assert sum(heights.values()) == pytest.approx(1.0)
    np.testing.assert_array_equal(display.exact_line_.get_ydata(), probability)
    np.testing.assert_array_equal(display.history_line_.get_ydata(), charge)
    assert display.axes_[0].get_legend_handles_labels()[1] == ["exact $P(Q)$", "exact sampler"]
    assert TopologyDisplay([0, 3]).plot().exact_line_ is None


def test_loops_and_their_deviations(theta):
    report = sample_report(theta, 2.0)
    display = WilsonLoopDisplay.from_report(report)
    loops = report.rows[:3]
    np.testing.assert_allclose(display.exact_line_.get_ydata(), [row.exact for row in loops])
    np.testing.assert_allclose(display.axes_[1].lines[1].get_ydata(), [row.z for row in loops])
    assert [text.get_text() for text in display.axes_[0].get_xticklabels()] == display.labels
    frozen = WilsonLoopDisplay(["1x1"], [1.0], [0.0], [1.0]).plot()
    assert np.isnan(frozen.axes_[1].lines[1].get_ydata()).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TopologyDisplay([0.5]), "1-D array of integers"),
        (lambda: TopologyDisplay([]), "at least one"),
        (lambda: TopologyDisplay([0], [0.5, 0.5]), r"got shape \(2,\)"),
        (lambda: WilsonLoopDisplay(["a"], [1.0, 2.0], [1.0], [1.0]), "mean must have shape"),
        (lambda: WilsonLoopDisplay(["a"], [1j], [1.0], [1.0]), "Complex data not supported: mean"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_given_axes_are_used(theta):
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 2)
    assert TopologyDisplay(topological_charge(theta)).plot(axes).figure_ is axes[0].figure
    with pytest.raises(ValueError, match="ax must be 2 axes"):
        TopologyDisplay([0]).plot(axes[0])


def test_charges_are_finite_and_loops_are_there():
    with pytest.raises(ValueError, match="charge must be a 1-D array of integers"):
        TopologyDisplay([0.0, np.inf])
    report = sample_report(sample_exact(10, 1.0, (4, 4), random_state=0), 1.0, loops=())
    with pytest.raises(ValueError, match="report must have Wilson loops among its rows"):
        WilsonLoopDisplay.from_report(report)


@pytest.mark.parametrize("largest", [10**9, 2**62, -(2**40)])
def test_few_charges_need_few_bins(largest):
    charge = np.array([0, largest, 2, 2])
    display = TopologyDisplay(charge)
    np.testing.assert_array_equal(display.charges, np.unique(charge))
    np.testing.assert_array_equal(
        display.frequency(), [np.mean(charge == q) for q in display.charges]
    )
    with_exact = TopologyDisplay(charge, [0.25, 0.5, 0.25])
    np.testing.assert_array_equal(with_exact.charges, np.unique([-1, 1, *charge]))
    assert with_exact.frequency().sum() == pytest.approx(1)
    assert len(TopologyDisplay([10**9, 0, 0]).plot().bars_) == 2


@pytest.mark.parametrize("charge", [[1e30], [2.0**63], [-(2.0**64)], [2**63], ["1"], [True]])
def test_charges_are_integers_that_fit(charge):
    with pytest.raises((ValueError, TypeError), match=r"1-D array of integers below 2|dtype"):
        TopologyDisplay(charge)
