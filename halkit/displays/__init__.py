"""Pictures, with scikit-learn's Display protocol: arrays or estimators come in, axes go out.

``__init__`` takes the data, ``plot(ax=None)`` draws, and ``from_estimator`` or
``from_predictions`` does both. An estimator is any object with the right methods. matplotlib is
imported when something is drawn.
"""

from halkit.displays.budget import BudgetDisplay
from halkit.displays.gauge import TopologyDisplay, WilsonLoopDisplay
from halkit.displays.potential import LocalPotentialDisplay, PotentialDisplay
from halkit.displays.scattering import PhaseShiftDisplay

__all__ = [
    "BudgetDisplay",
    "LocalPotentialDisplay",
    "PhaseShiftDisplay",
    "PotentialDisplay",
    "TopologyDisplay",
    "WilsonLoopDisplay",
]
