"""matplotlib is optional."""

import sys

import numpy as np
import pytest

from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay

R = np.linspace(0.1, 1.0, 4)


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
