"""Weighted samples, and the Metropolis chain that makes them unweighted."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from halkit.checks import check_array
from halkit.gauge.theory.report import effective_fraction

__all__ = ["WeightedSample", "metropolis_chain"]


def metropolis_chain(log_weight, rng):
    """Return the indices of a chain of independent proposals, accepted with min(1, w'/w).

    The chain starts at the first proposal; its fixed point is the target of the weights.
    """
    kept, state = np.empty(len(log_weight), dtype=int), 0
    bars = log_weight + rng.exponential(size=len(log_weight))
    for number, bar in enumerate(bars):
        if bar > log_weight[state]:
            state = number
        kept[number] = state
    return kept


class WeightedSample(NamedTuple):
    """Independent fields with weights.

    Attributes
    ----------
    field : array of shape (n, …)
    log_weight : array of shape (n,)
        Logarithms of the weights, up to a constant.
    """

    field: np.ndarray
    log_weight: np.ndarray

    @property
    def weight(self):
        """Weights that add up to 1."""
        return np.exp(self.log_weight - logsumexp(self.log_weight))

    @property
    def ess(self):
        """Effective size of one configuration, (Σ w)²/(n Σ w²)."""
        return effective_fraction(self.log_weight)

    def mean(self, values):
        """Weighted mean of an observable (n,) and its standard error, to first order in 1/n."""
        values = check_array(values, "values", shape=self.log_weight.shape)
        mean = float(self.weight @ values)
        return mean, float(np.sqrt(np.sum((self.weight * (values - mean)) ** 2)))
