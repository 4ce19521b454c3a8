"""Lattice fields in two dimensions: theories, chains that sample them, diffusion that learns them.

The theories are U(1), SU(2) and the scalar φ⁴; a coupling instead of a theory means U(1).

Imports run one way, theory ← chains ← diffusion.

The samplers are loaded when they are first used: they alone need torch.
"""

from importlib import import_module

from halkit.gauge.chains.autocorrelation import AutocorrelationTime, autocorrelation_time
from halkit.gauge.chains.correction import correct, tail_length
from halkit.gauge.chains.markov import Trajectory, hmc, integrate, winding_hit
from halkit.gauge.chains.smc import ParticleSample, sample_smc
from halkit.gauge.chains.weights import WeightedSample
from halkit.gauge.theory.charge import (
    Susceptibility,
    flux_links,
    sine_charge,
    susceptibility,
    topological_charge,
)
from halkit.gauge.theory.exact import (
    charge_probability,
    exact_log_prob,
    exact_susceptibility,
    exact_wilson_loop,
)
from halkit.gauge.theory.independent import sample_exact
from halkit.gauge.theory.lattice import (
    action,
    force,
    gauge_transform,
    plaquette,
    polyakov_loop,
    wilson_loop,
    wrap,
)
from halkit.gauge.theory.report import Observable, SampleReport, sample_report
from halkit.gauge.theory.su3 import sample_su3_plaquettes
from halkit.gauge.theory.theories import SU2, SU3, U1, Phi4

__all__ = [
    "SU2",
    "SU3",
    "U1",
    "AutocorrelationTime",
    "Observable",
    "ParticleSample",
    "Phi4",
    "Phi4DiffusionSampler",
    "SU2DiffusionSampler",
    "SampleReport",
    "Susceptibility",
    "Trajectory",
    "U1DiffusionSampler",
    "WeightedSample",
    "action",
    "autocorrelation_time",
    "charge_probability",
    "correct",
    "exact_log_prob",
    "exact_susceptibility",
    "exact_wilson_loop",
    "flux_links",
    "force",
    "gauge_transform",
    "hmc",
    "integrate",
    "plaquette",
    "polyakov_loop",
    "sample_exact",
    "sample_report",
    "sample_smc",
    "sample_su3_plaquettes",
    "sine_charge",
    "susceptibility",
    "tail_length",
    "topological_charge",
    "wilson_loop",
    "winding_hit",
    "wrap",
]

_SAMPLERS = {
    "Phi4DiffusionSampler": "phi4",
    "SU2DiffusionSampler": "su2",
    "U1DiffusionSampler": "sampler",
}


def __getattr__(name):
    if name in _SAMPLERS:
        return getattr(import_module(f"{__name__}.diffusion.{_SAMPLERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
