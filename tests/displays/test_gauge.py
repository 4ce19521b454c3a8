"""What is drawn are frequencies, exact values and deviations in units of the error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.displays import TopologyDisplay, WilsonLoopDisplay
from halkit.gauge import charge_probability, exact_wilson_loop, sample_exact, topological_charge

AREA = np.array([1, 9, 4])
LOOPS = np.array([0.9, 0.5, 0.7])
ERRORS = np.array([0.1, 0.02, 0.05])
EXACT = np.array([0.95, 0.48, 0.7])


def exact(charge):
    return charge_probability(charge, 3.0, (8, 8))


def test_bars_are_frequencies_with_binomial_errors():
    display = TopologyDisplay.from_predictions([0, 0, 1, -2], name="samples")
    middle = [bar.get_x() + bar.get_width() / 2 for bar in display.bars_]
    assert_allclose(middle, np.arange(-2, 3), atol=1e-12)
    assert_allclose([bar.get_height() for bar in display.bars_], [0.25, 0, 0.5, 0.25, 0])
    (lines,) = display.bars_.errorbar.lines[2]
    low, high = np.array([path[:, 1] for path in lines.get_segments()]).T
    error = np.sqrt(np.array([0.25, 0, 0.5, 0.25, 0]) * [0.75, 1, 0.5, 0.75, 1] / 4)
    assert_allclose((high - low) / 2, error, atol=1e-12)
    assert display.exact_ is None
    assert len(display.axes_) == 1
    assert display.axes_[0].get_legend().get_texts()[0].get_text() == "samples"


def test_exact_probabilities_are_those_of_the_bars():
    charge = topological_charge(sample_exact(2000, (8, 8), 3.0, random_state=0))
    display = TopologyDisplay.from_predictions(charge, probability=exact)
    assert_array_equal(display.exact_.get_xdata(), display.charges)
    assert_allclose(display.exact_.get_ydata(), exact(display.charges))
    heights = np.array([bar.get_height() for bar in display.bars_])
    error = np.sqrt(exact(display.charges) / 2000)
    assert np.all(np.abs(heights - exact(display.charges)) < 4 * error + 1e-3)


@pytest.mark.parametrize("n_chains", [1, 3])
def test_the_history_has_one_line_per_chain(n_chains):
    history = np.random.default_rng(1).integers(-2, 3, (n_chains, 20))
    display = TopologyDisplay.from_predictions([0, 1], history=history.squeeze())
    assert len(display.axes_) == 2
    assert len(display.history_) == n_chains
    for line, chain in zip(display.history_, history, strict=True):
        assert_array_equal(line.get_ydata(), chain)
        assert_array_equal(line.get_xdata(), np.arange(1, 21))


def test_loops_and_exact_values_are_drawn_against_area():
    display = WilsonLoopDisplay.from_predictions(LOOPS, AREA, errors=ERRORS, exact=EXACT)
    assert_array_equal(display.points_.lines[0].get_xdata(), AREA)
    assert_array_equal(display.points_.lines[0].get_ydata(), LOOPS)
    assert_array_equal(display.exact_.get_xdata(), [1, 4, 9])
    assert_array_equal(display.exact_.get_ydata(), [0.95, 0.7, 0.48])
    assert_allclose(display.deviations_.get_ydata(), [-0.5, 1.0, 0.0], atol=1e-12)
    assert display.axes_[0].get_yscale() == "log"


@pytest.mark.parametrize("given", [{}, {"errors": ERRORS}, {"exact": EXACT}], ids=str)
def test_no_deviation_without_errors_and_exact_values(given):
    display = WilsonLoopDisplay.from_predictions(LOOPS, AREA, logarithmic=False, **given)
    assert display.deviations_ is None
    assert len(display.axes_) == 1
    assert display.axes_[0].get_yscale() == "linear"


def test_deviations_are_in_units_of_the_error():
    area = np.array([1, 2, 4])
    values = exact_wilson_loop(area, 3.0, (8, 8))
    loops = values + np.array([0.01, -0.02, 0])
    display = WilsonLoopDisplay(loops, area, errors=[0.01] * 3, exact=values)
    assert_allclose(display.deviation, [1, -2, 0], atol=1e-10)


def test_panels_are_drawn_on_given_axes():
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, 2)
    display = WilsonLoopDisplay(LOOPS, AREA, errors=ERRORS, exact=EXACT).plot(axes)
    assert list(display.axes_) == list(axes)
    with pytest.raises(ValueError, match="expected 2 axes"):
        TopologyDisplay([0], history=[0, 1]).plot(axes[0])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="charge: a topological charge is an integer"):
        TopologyDisplay([0.5, 1.0])
    with pytest.raises(ValueError, match="charge: a topological charge is an integer"):
        TopologyDisplay([np.nan, 1.0])
    with pytest.raises(ValueError, match="charge: expected integers, got 0"):
        TopologyDisplay([])
    with pytest.raises(ValueError, match=r"charge: expected shape \(n,\)"):
        TopologyDisplay([[0, 1]])
    with pytest.raises(ValueError, match="history: expected shape"):
        TopologyDisplay([0], history=np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="probability: expected shape"):
        TopologyDisplay([0, 1], probability=lambda charge: charge[:-1]).plot()
    with pytest.raises(ValueError, match="loops: expected shape"):
        WilsonLoopDisplay(LOOPS[:2], AREA)
    with pytest.raises(ValueError, match="loops: expected real"):
        WilsonLoopDisplay(LOOPS * 1j, AREA)
    with pytest.raises(ValueError, match="area: expected positive"):
        WilsonLoopDisplay(LOOPS, [0, 1, 2])
    with pytest.raises(ValueError, match="errors: expected numbers of at least 0"):
        WilsonLoopDisplay(LOOPS, AREA, errors=-ERRORS)
