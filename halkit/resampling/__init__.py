"""From bins of wave functions and targets to potentials and observables with statistical errors."""

from halkit.resampling.blocks import (
    LeaveBlocksOut,
    blocks,
    leave_configurations_out,
    leave_one_source_out,
    leave_one_volume_out,
)
from halkit.resampling.budget import ErrorBudget
from halkit.resampling.compared import CorrelatorGoodness
from halkit.resampling.correlators import CorrelatorRegressor
from halkit.resampling.goodness import (
    GoodnessOfFit,
    TimeIndependence,
    goodness_of_fit,
    time_independence_test,
)
from halkit.resampling.held_out import held_out_volume
from halkit.resampling.nonlocality import NonlocalityTest, nonlocality_test
from halkit.resampling.objects import from_gvar, from_obs, to_gvar, to_obs
from halkit.resampling.quoted import QuotedValue, quote
from halkit.resampling.regressor import JackknifeRegressor
from halkit.resampling.samples import (
    bootstrap_samples,
    jackknife_error,
    jackknife_mean,
    jackknife_samples,
    resampling_error,
)
from halkit.samples import pooled_errors

__all__ = [
    "CorrelatorGoodness",
    "CorrelatorRegressor",
    "ErrorBudget",
    "GoodnessOfFit",
    "JackknifeRegressor",
    "LeaveBlocksOut",
    "NonlocalityTest",
    "QuotedValue",
    "TimeIndependence",
    "blocks",
    "bootstrap_samples",
    "from_gvar",
    "from_obs",
    "goodness_of_fit",
    "held_out_volume",
    "jackknife_error",
    "jackknife_mean",
    "jackknife_samples",
    "leave_configurations_out",
    "leave_one_source_out",
    "leave_one_volume_out",
    "nonlocality_test",
    "pooled_errors",
    "quote",
    "resampling_error",
    "time_independence_test",
    "to_gvar",
    "to_obs",
]
