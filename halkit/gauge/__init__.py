"""Two-dimensional U(1) gauge links: observables, exact results, exact samples, Markov chains."""

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
    "flux_links",
    "force",
    "gauge_transform",
    "plaquette",
    "polyakov_loop",
    "sine_charge",
    "susceptibility",
    "topological_charge",
    "wilson_loop",
    "wrap",
]
