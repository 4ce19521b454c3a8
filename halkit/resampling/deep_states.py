"""Bound states of a fit to correlators that the time stencil moves by more than their errors."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from halkit.correlators import Correlators
from halkit.potentials.deep_states import warn_of_deep_states
from halkit.samples import standard_error

__all__ = ["warn_of_stencil"]

# Gauss-Legendre points of ∫_0^1 ds, r = R s².
S, W = np.polynomial.legendre.leggauss(64)
S, W = (S + 1) / 2, W / 2


def warn_of_stencil(model: Any, records: list[Correlators]) -> None:
    """Warn as `warn_of_deep_states`, with the errors of the bins.

    Parameters
    ----------
    model : CorrelatorRegressor
        With its fits and rows. Coupled channels are not looked at.
    records : list of Correlators
        What was fitted. Of different time steps the largest counts.

    Warns
    -----
    AccuracyWarning
    """
    if not (model._settles and hasattr(model.estimator_, "_scattering")):
        return
    if model.estimator_.n_channels_ > 1:
        return
    steps, rows = [float(record.t[1] - record.t[0]) for record in records], model.rows_
    known = len(model.estimators_) > 1 and model.resample_ != "seeds"
    warn_of_deep_states(
        model.estimator_, model.hadron_mass_, rows.stencil, max(steps), rows.energy_range,
        partial(_errors, model) if known else None,
    )  # fmt: skip


def _errors(model, states):
    """Errors of the energies of the bound states, to first order in the U and μ of the bins.

    A search for the states of each bin takes twenty times as long.
    """
    centre, fits = model.estimator_, model.estimators_
    r = model.rows_.r[-1] * S**2  # dense at the origin, where noise is large
    weights = 8 * np.pi * r**2 * np.sqrt(r * model.rows_.r[-1]) * W
    psi = states.wave_function(r)

    def mean(fit):
        """⟨U⟩ of a fit in the states of the centre."""
        return np.sum(weights * psi * fit.apply_potential(psi, r, weights, r), axis=1)

    kinetic = (states.energy - mean(centre)) * centre._known_mass()
    energies = np.array([mean(fit) + kinetic / fit._known_mass() for fit in fits])
    return standard_error(energies, model.resample_)
