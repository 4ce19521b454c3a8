"""Phase shifts of coupled channels, followed from the lowest threshold upwards.

arg(S_aa)/2 is δ_a modulo π. The sum of all δ_a is known on its branch at each energy, from the
number of levels; in one open channel it is the phase shift. Above, energies are inserted until
neither the sum nor a phase turns much from one to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from halkit.scattering.coupled.multichannel import outside, phase_sum, s_matrix
from halkit.scattering.coupled.projection import Projection, projected
from halkit.scattering.coupled.system import CoupledSystem, Levels, Pencil
from halkit.typing import Array

__all__ = ["followed"]

# Number of energies above the lowest threshold, and above each of the others.
GRID, UPPER = 150, 50
# The largest turn of a phase from one energy to the next, radians.
TURN = 0.5
# The closest to an upper threshold, in units of a momentum times the channel radius.
CLOSE = 1e-3


def followed(
    system: CoupledSystem, inside: Levels | Pencil, energy: Array, exact: NDArray[np.complex128]
) -> Array:
    """Return δ_a at each energy, shape (n_E, n), NaN in closed channels, from the S found there."""
    grid = _grid(system, energy)
    model: Levels | Pencil | Projection = inside
    if isinstance(inside, Pencil):
        of_grid = system.channels.momentum_squared(grid)
        model = projected(inside, of_grid, lambda R, square: s_matrix(R, outside(system, square)))

    def columns(E):
        square = system.channels.momentum_squared(E)
        (R, below), waves = model(square), outside(system, square)
        return E, s_matrix(R, waves), phase_sum(R, below, waves), waves.phase

    E, S, inner, phi = _dense(columns, grid)
    phase = _halves(S)
    opened = ~np.isnan(phase)
    phase[~opened] = 0.0
    phase[0] -= np.pi * np.round(phase[0] / np.pi)
    phase = np.unwrap(phase, period=np.pi, axis=0)
    lowest = np.flatnonzero(np.array(system.channels.threshold) == 0)
    first = lowest[np.argmin(np.array(system.channels.l)[lowest])]
    total = inner - phi.sum(axis=1)
    phase[:, first] += np.pi * np.round((total - phase.sum(axis=1)) / np.pi)
    phase[~opened] = np.nan
    near = phase[np.searchsorted(E, energy)]
    if model is inside:
        return near
    turn = _halves(exact) - near
    return near + turn - np.pi * np.round(turn / np.pi)


def _grid(system, energy):
    """The energies of the caller and others, the closer together the nearer to a threshold."""
    mu, thresholds = system.channels.reduced_mass, system.channels.threshold
    top = np.max(energy, initial=0.0)
    start = min(np.min(energy, initial=np.inf), (1e-2 / system.radius) ** 2 / (2 * mu[0]))
    parts = [energy, np.geomspace(start, max(top, 4 * start), GRID)]
    for m, threshold in set(zip(mu, thresholds, strict=True)):
        close = (CLOSE / system.radius) ** 2 / (2 * m)
        if 0 < threshold < top - 2 * close:
            above = threshold + np.geomspace(close, top - threshold, UPPER)
            below = threshold - np.geomspace(close, threshold / 2, UPPER // 4)
            parts += [below, [threshold], above]
    grid = np.unique(np.concatenate(parts))
    return grid[grid >= start]


def _halves(S):
    """arg(S_aa)/2 of all channels."""
    return np.angle(np.diagonal(S, axis1=1, axis2=2)) / 2


def _dense(columns, energy):
    """Columns at energies so dense that each phase turns little in a step."""
    path = columns(energy)
    while True:
        E, S, inner, phi = path
        turn = np.nan_to_num(np.diff(_halves(S), axis=0))
        turn -= np.pi * np.round(turn / np.pi)
        turns = np.column_stack([np.diff(inner), np.diff(phi, axis=0), turn])
        wide = np.flatnonzero((np.abs(turns).max(axis=1) > TURN) & (np.diff(E) > 1e-13 * E[1:]))
        if not wide.size:
            return path
        between = columns((E[wide] + E[wide + 1]) / 2)
        path = [
            np.insert(old, wide + 1, new, axis=0) for old, new in zip(path, between, strict=True)
        ]
