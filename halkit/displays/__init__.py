"""Pictures, with scikit-learn's Display protocol: arrays or estimators come in, axes go out.

``__init__`` takes the data, ``plot(ax=None)`` draws, and ``from_estimator`` or
``from_predictions`` does both. An estimator is a fit, an interaction, or an
`halkit.scattering.Ensemble`, which has a band. Curves have at least 200 points, axes name their
frame and unit. With ``inverse_spacing`` numbers are drawn in MeV and fm. matplotlib is imported
when something is drawn.
"""

from halkit.displays.bands import Band, draw_band
from halkit.displays.budget import BudgetDisplay
from halkit.displays.coupled import CoupledPhaseShiftDisplay
from halkit.displays.femtoscopy import CorrelationDisplay
from halkit.displays.gauge import TopologyDisplay, WilsonLoopDisplay
from halkit.displays.local import LocalPotentialDisplay
from halkit.displays.potential import PotentialDisplay
from halkit.displays.scattering import PhaseShiftDisplay
from halkit.displays.threshold import KCotDeltaDisplay

__all__ = [
    "Band",
    "BudgetDisplay",
    "CorrelationDisplay",
    "CoupledPhaseShiftDisplay",
    "KCotDeltaDisplay",
    "LocalPotentialDisplay",
    "PhaseShiftDisplay",
    "PotentialDisplay",
    "TopologyDisplay",
    "WilsonLoopDisplay",
    "draw_band",
]
