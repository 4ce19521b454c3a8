"""Learn the non-local potential U(r, r') from wave functions and correlators."""

from halkit.potentials.parametric import ParametricPotentialRegressor
from halkit.potentials.stationary import NonLocalPotentialRegressor
from halkit.potentials.time_dependent import TimeDependentHALRegressor

__all__ = [
    "NonLocalPotentialRegressor",
    "ParametricPotentialRegressor",
    "TimeDependentHALRegressor",
]
