"""Hadron interactions from lattice-QCD wave functions and correlators.

Correlators become sources, sources train a potential, a potential gives
observables. Names below are loaded when they are first used, so that
``import halkit`` does not import torch.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "FrozenBasisRegressor": "halkit.potentials",
    "GaussianProcessPotentialRegressor": "halkit.potentials",
    "JackknifeRegressor": "halkit.resampling",
    "NonLocalPotentialRegressor": "halkit.potentials",
    "ParametricPotentialRegressor": "halkit.potentials",
    "TimeDependentHALRegressor": "halkit.potentials",
    "RadialGrid": "halkit.radial",
    "U1DiffusionSampler": "halkit.gauge",
}
_ROOMS = (
    "correlators", "datasets", "displays", "equations", "exceptions", "gauge", "interactions",
    "potentials", "radial", "resampling", "scattering", "units",
)  # fmt: skip

__all__ = ["__version__", *_HOME, *_ROOMS]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"halkit.{name}")
    raise AttributeError(f"module 'halkit' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
