"""The lazy names of halkit, for type checkers."""

from halkit import channels as channels
from halkit import correlators as correlators
from halkit import datasets as datasets
from halkit import displays as displays
from halkit import equations as equations
from halkit import exceptions as exceptions
from halkit import gauge as gauge
from halkit import interactions as interactions
from halkit import kinematics as kinematics
from halkit import persistence as persistence
from halkit import potentials as potentials
from halkit import radial as radial
from halkit import resampling as resampling
from halkit import scattering as scattering
from halkit import units as units
from halkit.channels import Channel as Channel
from halkit.gauge import Phi4DiffusionSampler as Phi4DiffusionSampler
from halkit.gauge import SU2DiffusionSampler as SU2DiffusionSampler
from halkit.gauge import U1DiffusionSampler as U1DiffusionSampler
from halkit.persistence import load as load
from halkit.persistence import save as save
from halkit.potentials import ESTPotentialRegressor as ESTPotentialRegressor
from halkit.potentials import FrozenBasisRegressor as FrozenBasisRegressor
from halkit.potentials import GaussianProcessPotentialRegressor as GaussianProcessPotentialRegressor
from halkit.potentials import LocalPotentialRegressor as LocalPotentialRegressor
from halkit.potentials import NonLocalPotentialRegressor as NonLocalPotentialRegressor
from halkit.potentials import ParametricPotentialRegressor as ParametricPotentialRegressor
from halkit.potentials import TimeDependentHALRegressor as TimeDependentHALRegressor
from halkit.radial import RadialGrid as RadialGrid
from halkit.resampling import CorrelatorRegressor as CorrelatorRegressor
from halkit.resampling import ErrorBudget as ErrorBudget
from halkit.resampling import JackknifeRegressor as JackknifeRegressor

__version__: str
