"""Bound states and poles of the variations of an analysis, matched to the centre."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from halkit.resampling.quoted import QuotedValue, complex_value
from halkit.scattering import BoundStates, CoupledBoundStates, Resonances
from halkit.scattering.branches import matched_states
from halkit.scattering.coupled.members import nearest_poles
from halkit.warn import warn_caller

__all__ = ["quoted_poles", "quoted_states"]


def quoted_states(budget: Any, mesh: dict[str, Any]) -> BoundStates | CoupledBoundStates:
    """Bound states of `QuotedValue`; see `QuotedObservables.bound_states`."""
    states = _table(budget.estimator_.estimator_, mesh)
    centres, bins, accepted = budget._values(partial(_matched, states=states, mesh=mesh))
    numbers = np.column_stack([centres[:, 0, 0], bins[:, :, 0, 0]])
    other = (numbers != len(states)).any(axis=1) & accepted
    if other.any():
        warn_caller(
            f"the centre has {len(states)} bound states, and {other.sum()} accepted "
            f"variations ({'; '.join(budget.results_['name'][other])}), or some of their bins, "
            "have others: the errors of the states that come and go are NaN"
        )
    found: Any = _of_some(budget._quoted(centres[:, 1:], bins[:, :, 1:], accepted))
    n = budget.estimator_.estimator_.n_channels_
    if n == 1:
        return BoundStates(found[:, 0], found[:, 1])
    kappa, probability = found[:, 1 : n + 1], found[:, n + 1 : 2 * n + 1]
    return CoupledBoundStates(found[:, 0], kappa, probability, found[:, -1], ())


def quoted_poles(
    budget: Any, start: ArrayLike, sheet: Sequence[int] | None, mesh: dict[str, Any]
) -> Resonances:
    """`Resonances` with complex `QuotedValue`; see `QuotedObservables.resonances`."""
    poles = budget.estimator_.estimator_.resonances(start, sheet=sheet, **mesh)
    if not len(poles.energy):  # as `resonances` has warned
        return poles
    settings = {"reduced_mass": None, **mesh}
    values = budget._values(partial(_near, poles=poles, settings=settings))
    centres, bins, accepted = values
    missing = np.isnan(np.concatenate([centres[:, np.newaxis], bins], axis=1)[..., 0, 0])
    without = missing.any(axis=(1, 2)) & accepted
    if without.any():
        warn_caller(
            f"{without.sum()} accepted variations ({'; '.join(budget.results_['name'][without])}), "
            f"or some of their bins, lack a pole next to {poles.energy}: the errors of poles that "
            "are missing are NaN"
        )
    parts = (budget._quoted(centres[..., i], bins[..., i], accepted) for i in (0, 1))
    found: Any = complex_value(*map(_of_some, parts))
    n = poles.sheet.shape[1]
    matrix = [[1 + n + a * n + b for b in range(n)] for a in range(n)]
    return Resonances(found[:, 0], poles.sheet, found[:, 1 : n + 1], found[:, matrix])


def _of_some(quoted: QuotedValue) -> QuotedValue:
    """The median of those accepted variations that have a state, whose errors may be NaN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a state that all variations lack
        value = np.nanmedian(quoted.variations[quoted.accepted], axis=0)
    return replace(quoted, value=value)


def _table(fit, mesh):
    """A row for each state: E and κ, of coupled channels with their shares, and the radius."""
    return np.column_stack(fit.bound_states(**mesh)[:4])


def _matched(fit, states, mesh):
    """The number of states in a row of its own, then the states that belong to some states."""
    found = _table(fit, mesh)
    padded = np.vstack([found, np.full((1, found.shape[1]), np.nan)])
    chosen = padded[matched_states(found[:, 1], states[:, 1])]
    return np.vstack([np.full((1, found.shape[1]), len(found)), chosen])


def _near(fit, poles, settings):
    """E, k_a and residues of the poles next to some poles, (n_poles, 1 + n + n², 2), real."""
    energy, momentum, residue = nearest_poles(fit, poles, settings)
    parts = [energy[:, np.newaxis], momentum, residue.reshape(len(energy), -1)]
    joined = np.concatenate(parts, axis=1)
    return np.stack([joined.real, joined.imag], axis=-1)
