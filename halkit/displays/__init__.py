"""Pictures, after scikit-learn's Display protocol.

Data go into ``__init__``, drawing is done by ``plot(ax=None)``, and
``from_estimator`` or ``from_predictions`` does both. Estimators are taken as
duck types. matplotlib is imported when something is drawn.
"""

from halkit.displays.gauge import TopologyDisplay, WilsonLoopDisplay
from halkit.displays.potential import LocalPotentialDisplay, PotentialDisplay
from halkit.displays.scattering import PhaseShiftDisplay

__all__ = [
    "LocalPotentialDisplay",
    "PhaseShiftDisplay",
    "PotentialDisplay",
    "TopologyDisplay",
    "WilsonLoopDisplay",
]
