"""Data with their truth (`make_*`), and published data (`load_*`)."""

from halkit.datasets.correlators import load_correlators
from halkit.datasets.gauge import make_u1_configurations
from halkit.datasets.hadron import make_separable, make_time_dependent

__all__ = ["load_correlators", "make_separable", "make_time_dependent", "make_u1_configurations"]
