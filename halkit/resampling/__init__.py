"""From bins of wave functions and targets to potentials and observables with statistical errors."""

from halkit.resampling.nonlocality import NonlocalityTest, nonlocality_test
from halkit.resampling.objects import from_gvar, from_obs, to_gvar, to_obs
from halkit.resampling.regressor import JackknifeRegressor
from halkit.resampling.samples import (
    bootstrap_samples,
    jackknife_error,
    jackknife_mean,
    jackknife_samples,
    pooled_errors,
    resampling_error,
)

__all__ = [
    "JackknifeRegressor",
    "NonlocalityTest",
    "bootstrap_samples",
    "from_gvar",
    "from_obs",
    "jackknife_error",
    "jackknife_mean",
    "jackknife_samples",
    "nonlocality_test",
    "pooled_errors",
    "resampling_error",
    "to_gvar",
    "to_obs",
]
