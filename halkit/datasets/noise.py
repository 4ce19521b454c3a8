"""Relative noise of synthetic correlators, as one mean or as jackknife bins."""

import numpy as np

from halkit.checks import check_integer, check_number

__all__ = ["noise_factors", "noisy_bins"]


def noise_factors(noise, shape, random, n_bins=1):
    """Return 1 + noise √n_bins · ξ, with independent standard normal ξ."""
    size = check_number(noise, "noise", least=0) * np.sqrt(n_bins)
    return 1 + size * random.standard_normal(shape)


def noisy_bins(R, noise, n_bins, random, floor=0.0):
    """Return noisy R (..., n_t, n_r) as one bin or as jackknife bins, (..., n_bins, n_t, n_r).

    The error of each value is noise times ``|R|``, or times `floor` · max_r ``|R|`` of its slice
    if that is more. Without one of N measurements x_i, the mean is x̄ − (x_i − x̄)/(N − 1).
    """
    floor = check_number(floor, "noise_floor", least=0)
    n_bins = check_integer(n_bins, "n_bins", least=2, optional=True)
    shape = (*R.shape[:-2], n_bins or 1, *R.shape[-2:])
    factors = noise_factors(noise, shape, random, n_bins or 1)
    if n_bins is not None:
        mean = factors.mean(axis=-3, keepdims=True)
        factors = mean - (factors - mean) / (n_bins - 1)
    R = R[..., np.newaxis, :, :]
    largest = np.abs(R).max(axis=-1, keepdims=True)
    beyond = np.copysign(np.maximum(np.abs(R), floor * largest), R) - R
    return R * factors + beyond * (factors - 1)
