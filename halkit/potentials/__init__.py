"""From wave functions or correlators and their targets to V(r) and U(r, r')."""

from halkit.potentials.est import ESTPotentialRegressor
from halkit.potentials.frozen import FrozenBasisRegressor
from halkit.potentials.gaussian_process import GaussianProcessPotentialRegressor
from halkit.potentials.leading import LeadingOrder, leading_order
from halkit.potentials.local_form import LocalPotentialRegressor
from halkit.potentials.parametric import ParametricPotentialRegressor
from halkit.potentials.prior import lattice_prior
from halkit.potentials.stationary import NonLocalPotentialRegressor
from halkit.potentials.time_dependent import TimeDependentHALRegressor

__all__ = [
    "ESTPotentialRegressor",
    "FrozenBasisRegressor",
    "GaussianProcessPotentialRegressor",
    "LeadingOrder",
    "LocalPotentialRegressor",
    "NonLocalPotentialRegressor",
    "ParametricPotentialRegressor",
    "TimeDependentHALRegressor",
    "lattice_prior",
    "leading_order",
]
