"""What displays refuse: figures of nothing, negative errors; matplotlib is optional."""

import sys
from itertools import count

import numpy as np
import pytest

from halkit import displays
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.interactions import GaussianSum

R = np.linspace(0.1, 1.0, 4)
K = np.array([0.1, 0.2, 0.3])
ONE, NOTHING, NEGATIVE = np.ones(3), np.full(3, np.nan), np.array([0.1, np.nan, -0.2])
TWO = np.ones((3, 2))


@pytest.mark.parametrize(
    "display",
    [
        PotentialDisplay(np.outer(R, R), R),
        LocalPotentialDisplay(R, R),
        PhaseShiftDisplay(R, R),
    ],
    ids=lambda display: type(display).__name__,
)
def test_without_matplotlib_the_error_names_the_extra(monkeypatch, display):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'halkit\[plot\]'"):
        display.plot()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda x: displays.PhaseShiftDisplay(x, K), "phase_shift"),
        (lambda x: displays.PhaseShiftDisplay(ONE, K, reference=(K, x)), "reference delta"),
        (lambda x: displays.KCotDeltaDisplay(x, K), "k_cot_delta"),
        (lambda x: displays.LocalPotentialDisplay(x, K), "potential"),
        (lambda x: displays.LocalPotentialDisplay(ONE, K, data=(K, x)), "data V"),
        (lambda x: displays.PotentialDisplay(np.diag(x) + x, K), "potential"),
        (lambda x: displays.CorrelationDisplay(x, K), "correlation"),
        (lambda x: displays.WilsonLoopDisplay(["a"] * 3, x, ONE, ONE), "mean"),
        (lambda x: displays.CoupledPhaseShiftDisplay(TWO * x[:, None], TWO, K), "phase_shift"),
        (lambda x: displays.PhaseShiftDisplay.from_predictions(x, K), "phase_shift"),
    ],
    ids=count(),
)
def test_a_figure_of_nothing_is_refused(make, name):
    with pytest.raises(ValueError, match=f"{name} must have a value to be drawn, got NaN every"):
        make(NOTHING)
    make(np.array([1.0, np.nan, 2.0]))  # a gap


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda x: displays.PhaseShiftDisplay(ONE, K, phase_shift_std=x), "phase_shift_std"),
        (lambda x: displays.PhaseShiftDisplay(ONE, K, phase_shift_sys=x), "phase_shift_sys"),
        (lambda x: displays.PhaseShiftDisplay(ONE, K, reference=(K, ONE, x)), "reference std"),
        (lambda x: displays.KCotDeltaDisplay(ONE, K, k_cot_delta_std=x), "k_cot_delta_std"),
        (lambda x: displays.KCotDeltaDisplay(ONE, K, k_cot_delta_sys=x), "k_cot_delta_sys"),
        (lambda x: displays.LocalPotentialDisplay(ONE, K, potential_std=x), "potential_std"),
        (lambda x: displays.LocalPotentialDisplay(ONE, K, data=(K, ONE, x)), "data std"),
        (
            lambda x: displays.PotentialDisplay(np.eye(3), K, potential_std=np.diag(x)),
            "potential_std",
        ),
        (lambda x: displays.CorrelationDisplay(ONE, K, correlation_std=x), "correlation_std"),
        (lambda x: displays.WilsonLoopDisplay(["a"] * 3, ONE, x, ONE), "error"),
        (
            lambda x: displays.CoupledPhaseShiftDisplay(
                TWO, TWO, K, inelasticity_std=TWO * x[:, None]
            ),
            "inelasticity_std",
        ),
        (lambda x: displays.draw_band(None, K, ONE, x), "statistical"),
        (lambda x: displays.draw_band(None, K, ONE, None, np.stack([x, x])), "systematic"),
    ],
    ids=count(),
)
def test_negative_errors_are_refused(make, name):
    with pytest.raises(ValueError, match=f"{name} must be ≥ 0, or NaN for a gap, got -0.2"):
        make(NEGATIVE)


def test_a_local_potential_has_no_map():
    with pytest.raises(ValueError, match="must have a non-local potential to be drawn, got U"):
        displays.PotentialDisplay.from_estimator(GaussianSum([-1.0], [0.5]), K)
    from_truth = displays.PotentialDisplay.from_estimator(
        GaussianSum([-1.0], [0.5]), K, truth=np.ones((3, 3))
    )
    assert not from_truth.potential.any()
