"""Synthetic data with their truth: wave functions, correlators, U(1) configurations."""

from halkit.datasets.coupled import make_coupled
from halkit.datasets.gauge import make_u1_configurations
from halkit.datasets.hadron import make_separable, make_time_dependent

__all__ = ["make_coupled", "make_separable", "make_time_dependent", "make_u1_configurations"]
