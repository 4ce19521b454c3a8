"""Synthetic data with their truth: wave functions, correlators, lattice configurations."""

from halkit.datasets.coupled import make_coupled
from halkit.datasets.gauge import (
    make_phi4_configurations,
    make_su2_configurations,
    make_u1_configurations,
)
from halkit.datasets.hadron import make_separable, make_time_dependent
from halkit.datasets.lattice import make_lattice_correlators

__all__ = [
    "make_coupled",
    "make_lattice_correlators",
    "make_phi4_configurations",
    "make_separable",
    "make_su2_configurations",
    "make_time_dependent",
    "make_u1_configurations",
]
