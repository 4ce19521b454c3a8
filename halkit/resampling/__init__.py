"""Statistical errors of potentials: jackknife and bootstrap over bins; the spread over seeds."""

from halkit.resampling.regressor import JackknifeRegressor
from halkit.resampling.samples import (
    bootstrap_samples,
    jackknife_error,
    jackknife_mean,
    jackknife_samples,
    resampling_error,
)

__all__ = [
    "JackknifeRegressor",
    "bootstrap_samples",
    "jackknife_error",
    "jackknife_mean",
    "jackknife_samples",
    "resampling_error",
]
