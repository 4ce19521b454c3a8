"""Hadron interactions from lattice-QCD wave functions and correlators.

Correlators become rows, rows train an interaction, an interaction has observables, and each comes
with its errors. The names below are loaded at first use, so ``import halkit`` does not import
torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Channel": "halkit.channels",
    "CorrelatorRegressor": "halkit.resampling",
    "ESTPotentialRegressor": "halkit.potentials",
    "ErrorBudget": "halkit.resampling",
    "FrozenBasisRegressor": "halkit.potentials",
    "GaussianProcessPotentialRegressor": "halkit.potentials",
    "JackknifeRegressor": "halkit.resampling",
    "LocalPotentialRegressor": "halkit.potentials",
    "NonLocalPotentialRegressor": "halkit.potentials",
    "ParametricPotentialRegressor": "halkit.potentials",
    "TimeDependentHALRegressor": "halkit.potentials",
    "Phi4DiffusionSampler": "halkit.gauge",
    "RadialGrid": "halkit.radial",
    "SU2DiffusionSampler": "halkit.gauge",
    "U1DiffusionSampler": "halkit.gauge",
    "load": "halkit.persistence",
    "save": "halkit.persistence",
}
_ROOMS = (
    "channels", "correlators", "datasets", "displays", "equations", "exceptions", "gauge",
    "interactions", "kinematics", "persistence", "potentials", "radial", "resampling",
    "scattering", "units",
)  # fmt: skip

__all__ = ["__version__", *_HOME, *_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"halkit.{name}")
    raise AttributeError(f"module 'halkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
