"""Observables of whatever has them, with the errors that it knows.

An `halkit.scattering.Ensemble`, and what has one (a `JackknifeRegressor` with its bins, a Gaussian
process with its draws), gives values with errors; an interaction, a fitted estimator or a table
gives values. A `halkit.ErrorBudget` gives values with both errors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from halkit import scattering
from halkit.displays.canvas import with_std
from halkit.interactions import Interaction, InteractionMatrix, as_interaction
from halkit.interactions.mass import own_mass
from halkit.typing import Array, Number, Numbers

__all__ = [
    "coupled",
    "ensemble_of",
    "evaluated",
    "in_parts",
    "is_budget",
    "k_cot",
    "local_values",
    "nonlocal_values",
    "phases",
]


def ensemble_of(potential: Any) -> scattering.Ensemble | None:
    """Return the ensemble of a potential with errors, or None."""
    if isinstance(potential, scattering.Ensemble):
        return potential
    if hasattr(potential, "ensemble_"):
        return potential.ensemble_
    draws = getattr(potential, "draws", None)
    return draws() if callable(draws) else None


def evaluated(potential: Any, function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return a function of an interaction or estimator, and its error or None."""
    ensemble = ensemble_of(potential)
    if ensemble is None:
        return function(potential), None
    value, std = ensemble.evaluate(function)
    return value, None if np.all(np.isnan(std)) else std


def is_budget(potential: Any) -> bool:
    """Return whether a potential is a fitted `halkit.ErrorBudget`."""
    return hasattr(potential, "accepted_")


def in_parts(found: tuple[Any, Any], systematic: Any = None) -> tuple[Any, Any, Any]:
    """Return a value, its statistical and its systematic error; only a budget has the latter.

    Parameters
    ----------
    found : tuple
        A value, or a `halkit.resampling.QuotedValue`, and its statistical error or None.
    systematic : array, optional
        In the place of what the budget knows.
    """
    value, std = found
    if not hasattr(value, "systematic"):
        return value, std, systematic
    return (
        value.value,
        value.statistical if std is None else std,
        value.systematic if systematic is None else systematic,
    )


def phases(
    potential: Any,
    k: Array,
    *,
    std: Numbers | None = None,
    reduced_mass: Number | None = None,
    l: int = 0,
    r: Numbers | None = None,
) -> tuple[Array, Any]:
    """Return δ(k) in radians and its error or None."""
    bare = isinstance(potential, Interaction) or not hasattr(potential, "phase_shift")
    if not bare:
        return with_std(potential.phase_shift, k, std=std)
    if reduced_mass is None and own_mass(potential) is None:
        raise ValueError("reduced_mass must be given for phase shifts of an interaction, got None")
    return scattering.phase_shift(potential, k, reduced_mass=reduced_mass, l=l, r=r), std


def k_cot(potential: Any, k: Array, **settings: Any) -> tuple[Array, Any]:
    """Return k cot δ(k) and its error or None; settings as of `phases`."""
    has_errors = is_budget(potential) or hasattr(potential, "ensemble_")
    ensemble = potential if has_errors else ensemble_of(potential)
    if ensemble is not None:
        return with_std(ensemble.k_cot_delta, k)
    delta, _ = phases(potential, k, **settings)
    with np.errstate(divide="ignore"):
        return k / np.tan(delta), None


def coupled(
    potential: Any, energy: Array, channels: Any
) -> tuple[scattering.CoupledPhaseShifts, scattering.CoupledPhaseShifts | None]:
    """Return the phase shifts of coupled channels at energies, and their errors or None.

    Of a budget they are `halkit.resampling.QuotedValue`.
    """
    if ensemble_of(potential) is not None:
        return potential.phase_shift(energy=energy, return_std=True)
    if hasattr(potential, "phase_shift") and not isinstance(potential, InteractionMatrix):
        return potential.phase_shift(energy=energy), None
    return scattering.coupled_phase_shifts(potential, energy, channels=channels), None


def nonlocal_values(potential: Any, r: Array, r_prime: Array) -> tuple[Array, Any]:
    """Return U(r, r') of shape (n_r, n_r') and its error or None."""
    if hasattr(potential, "predict_potential"):
        return with_std(potential.predict_potential, r, r_prime)
    return evaluated(potential, partial(_nonlocal, r=r[:, np.newaxis], r_prime=r_prime))


def local_values(potential: Any, r: Array) -> tuple[Array, Any]:
    """Return V(r), a `QuotedValue` of a budget, and its error or None."""
    if is_budget(potential):
        return potential.local_potential(r), None
    return evaluated(potential, partial(_local, r=r))


def _nonlocal(potential, r, r_prime):
    return as_interaction(potential).nonlocal_potential(r, r_prime)


def _local(potential, r):
    if hasattr(potential, "local_potential"):
        return potential.local_potential(r)
    return as_interaction(potential).local_potential(r)
