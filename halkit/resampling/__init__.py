"""Statistical errors of potentials: jackknife and bootstrap over bins; the spread over seeds."""

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
    "bootstrap_samples",
    "from_gvar",
    "from_obs",
    "jackknife_error",
    "jackknife_mean",
    "jackknife_samples",
    "pooled_errors",
    "resampling_error",
    "to_gvar",
    "to_obs",
]
