"""The S matrix of coupled channels from variations of an analysis, with both errors.

Phases are known modulo π. Each variation takes the branch nearest to the centre, and each bin the
branch nearest to its variation, as in an ensemble: see `halkit.scattering.coupled.members`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.resampling.quoted import QuotedValue, complex_value
from halkit.scattering import CoupledPhaseShifts
from halkit.scattering.coupled.members import aligned
from halkit.scattering.members import warn_of_wide
from halkit.typing import Numbers
from halkit.warn import warn_caller

__all__ = ["quoted_matrix", "quoted_phases"]


def quoted_phases(budget: Any, energy: Numbers, mesh: dict[str, Any]) -> CoupledPhaseShifts:
    """`CoupledPhaseShifts` of `QuotedValue`; see `QuotedObservables.phase_shift`."""
    energy = check_array(energy, "energy", sign="> 0")
    centres, bins, accepted = budget._values(partial(_phases, energy=energy, mesh=mesh))
    n = _count(budget)
    waves, waves_of_bins = _unpacked(centres, n), _unpacked(bins, n)
    near = aligned(waves, _each(waves, lambda part: part[0]))
    of_bins = aligned(waves_of_bins, _each(near, lambda part: part[:, np.newaxis]))
    moved = (np.abs(of_bins.phase_shift - waves_of_bins.phase_shift) > 1).any(axis=1)
    away = moved | (np.abs(near.phase_shift - waves.phase_shift) > 1)
    away = away.reshape(len(away), -1).any(axis=1) & accepted
    if away.any():
        warn_caller(
            f"in {away.sum()} accepted variations ({'; '.join(budget.results_['name'][away])}) a "
            "phase is a multiple of π away from the centre, as with another number of bound or "
            "quasi-bound states: errors are for phases modulo π"
        )
    pairs = zip(near, of_bins, strict=True)
    quoted = CoupledPhaseShifts(*(_quoted(budget, *pair, accepted) for pair in pairs))
    total = _each(quoted, lambda part: part.total)
    warn_of_wide("E", energy[..., np.newaxis], total.phase_shift)
    budget.estimator_._warn_of_s_matrix(energy, (quoted, total), True)
    return quoted


def quoted_matrix(budget: Any, energy: Numbers, mesh: dict[str, Any]) -> QuotedValue:
    """S(E), a complex `QuotedValue`; see `QuotedObservables.s_matrix`."""
    energy = check_array(energy, "energy", sign="> 0")
    centres, bins, accepted = budget._values(partial(_matrix, energy=energy, mesh=mesh))
    found = _quoted(budget, _complex(centres), _complex(bins), accepted)
    budget.estimator_._warn_of_s_matrix(energy, (found, found.total), True)
    return found


def _each(waves: CoupledPhaseShifts, change: Callable[[Any], Any]) -> CoupledPhaseShifts:
    return CoupledPhaseShifts(*map(change, waves))


def _count(budget):
    return budget.estimator_.estimator_.n_channels_


def _quoted(budget, centres, bins, accepted):
    if np.iscomplexobj(centres):
        parts = ((f(centres), f(bins)) for f in (np.real, np.imag))
        return complex_value(*(budget._quoted(*pair, accepted) for pair in parts))
    return budget._quoted(centres, bins, accepted)


def _complex(pairs):
    return pairs[..., 0] + 1j * pairs[..., 1]


def _matrix(fit, energy, mesh):
    return _real(fit.s_matrix(energy, **mesh))


def _real(values):
    """Complex numbers as pairs on a new last axis."""
    return np.stack([np.real(values), np.imag(values)], axis=-1)


def _phases(fit, energy, mesh):
    """Phases of a fit as real numbers, on the last axis."""
    waves = fit.phase_shift(energy=energy, **mesh)
    parts = [np.asarray(part) for part in waves._replace(s_matrix=_real(waves.s_matrix))]
    return np.concatenate([part.reshape(*energy.shape, -1) for part in parts], axis=-1)


def _unpacked(values, n):
    """`CoupledPhaseShifts` of arrays with leading axes, from what `_phases` returns."""
    delta, eta, mixing, eigen, eigen_mixing, S = np.split(
        values, np.cumsum([n, n, 1, n, 1]), axis=-1
    )
    S = _complex(S.reshape(*S.shape[:-1], n, n, 2))
    return CoupledPhaseShifts(delta, eta, mixing[..., 0], eigen, eigen_mixing[..., 0], S)
