"""Two-dimensional U(1) gauge links: observables, exact results, exact samples, Markov chains."""

from halkit.gauge.exact import (
    charge_probability,
    exact_susceptibility,
    exact_wilson_loop,
    sample_exact,
)
from halkit.gauge.lattice import (
    Susceptibility,
    action,
    flux_links,
    force,
    gauge_transform,
    plaquette,
    polyakov_loop,
    sine_charge,
    susceptibility,
    topological_charge,
    wilson_loop,
    wrap,
)

__all__ = [
    "Susceptibility",
    "action",
    "charge_probability",
    "exact_susceptibility",
    "exact_wilson_loop",
    "flux_links",
    "force",
    "gauge_transform",
    "plaquette",
    "polyakov_loop",
    "sample_exact",
    "sine_charge",
    "susceptibility",
    "topological_charge",
    "wilson_loop",
    "wrap",
]
