"""Data with their truth (`make_*`), and correlator files (`load_*`, `save_*`, `iter_*`)."""

from halkit.datasets.correlators import load_correlators
from halkit.datasets.files import iter_correlators, save_correlators
from halkit.datasets.gauge import make_u1_configurations
from halkit.datasets.hadron import make_separable, make_time_dependent

__all__ = [
    "iter_correlators",
    "load_correlators",
    "make_separable",
    "make_time_dependent",
    "make_u1_configurations",
    "save_correlators",
]
