"""Coupled partial waves, such as ³S₁ and ³D₁: bar phases and mixing.

    u_i'' + [k² − l_i(l_i+1)/r²] u_i = 2m Σ_j ∫ K_ij(r, r') u_j(r') dr'  (and 2m V_ij(r) u_j)

with one reduced mass and one threshold. Stapp's bar phases and mixing angle:

    S = [ e^{2iδ₁} cos 2ε           i e^{i(δ₁+δ₂)} sin 2ε ]
        [ i e^{i(δ₁+δ₂)} sin 2ε     e^{2iδ₂} cos 2ε       ].

References: H. P. Stapp, T. J. Ypsilantis and N. Metropolis, Phys. Rev. 105 (1957) 302;
J. M. Blatt and L. C. Biedenharn, Phys. Rev. 86 (1952) 399.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_momenta, refuse_overflow
from halkit.scattering.coupled.multichannel import (
    CoupledPotential,
    CoupledSystem,
    phase_parts,
    s_matrix,
)
from halkit.scattering.solver.interior import converge
from halkit.typing import Array, Number, Numbers

__all__ = [
    "CoupledPhaseShifts",
    "coupled_phase_shifts",
    "coupled_s_matrix",
]

GRID = 400
# The largest turn of a phase from one momentum to the next, radians.
TURN = 0.5


class CoupledPhaseShifts(NamedTuple):
    """Two coupled waves, for momenta k of any shape; angles in radians.

    Attributes
    ----------
    phase_shift : array of shape (..., 2)
        Bar phases of Stapp, continuous in k.
    mixing : array of shape (...)
        Mixing angle ε of Stapp, between −π/4 and π/4.
    eigenphase : array of shape (..., 2)
        Phases of the eigenvalues of S (Blatt and Biedenharn), with the same sum. The two change
        places where `eigen_mixing` jumps.
    eigen_mixing : array of shape (...)
        Mixing angle of the eigenvectors, between −π/4 and π/4; it may jump between these ends.
    """

    phase_shift: Array
    mixing: Array
    eigenphase: Array
    eigen_mixing: Array


def coupled_phase_shifts(
    interactions: CoupledPotential,
    k: Numbers,
    *,
    reduced_mass: Number,
    l: Sequence[int] | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> CoupledPhaseShifts:
    """Return the bar phase shifts and the mixing angle of two coupled waves.

    Parameters
    ----------
    interactions : list of 2 lists of 2 interactions, or object that has one
        [[V11, V12], [V21, V22]], each as in `halkit.scattering.phase_shift` or None for zero;
        or an object with this list as its attribute ``interactions``. The matrix must be
        symmetric: V12(r) = V21(r), and U12(r, r') = U21(r', r).
    k : float or array of any shape
        Momenta, k > 0.
    reduced_mass : float
        Reduced mass m (ħ = c = 1).
    l : pair of int, optional
        Orbital angular momenta. Default: the attribute ``l`` of `interactions` if there is
        one, else (0, 2).
    channel_radius, n_mesh
        As in `halkit.scattering.phase_shift`.

    Returns
    -------
    CoupledPhaseShifts
        Named tuple of ``phase_shift``, ``mixing``, ``eigenphase``, ``eigen_mixing``. At
        k → 0 the phase shift of the lower l is π times the number of bound states.

    Raises
    ------
    TypeError
        If `interactions` is neither, for example a single interaction.
    ValueError
        If an argument is out of range, or if the matrix is not symmetric.

    Warns
    -----
    AccuracyWarning
        If the potential has not decayed at the channel radius, or if the mesh is too coarse.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_phase_shifts
    >>> S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    >>> waves = coupled_phase_shifts([[S, T], [T, D]], [0.5, 1.0], reduced_mass=1.0)
    >>> np.degrees(waves.phase_shift).round(3)
    array([[131.67 ,  -0.23 ],
           [ 98.921,  -3.446]])
    >>> np.degrees(waves.mixing).round(3)
    array([-0.211, -2.025])
    """
    k = check_momenta(k)
    system = CoupledSystem(interactions, reduced_mass, l, channel_radius)
    if len(system.l) != 2:
        raise ValueError(f"interactions must couple 2 waves for bar phases, got {len(system.l)}")
    momenta = k.ravel()
    top = np.max(momenta, initial=0.0)
    start = min(np.min(momenta, initial=np.inf), 1e-2 / system.radius)
    grid = np.union1d(momenta, np.geomspace(start, max(top, 2 * start), GRID))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        phase, mixing = converge(
            lambda n: _bar_phases(system, system.levels(n), grid),
            lambda coarse, fine: np.max(np.abs(fine[0] - coarse[0])),
            n_mesh,
            n_mesh or system.mesh_size(top),
        )
    chosen = np.searchsorted(grid, momenta)
    phase, mixing = phase[chosen], refuse_overflow(mixing[chosen], "the S-matrix")
    eigenphase, eigen_mixing = _eigenphases(phase, mixing)
    shapes = (*k.shape, 2), k.shape
    return CoupledPhaseShifts(
        phase.reshape(shapes[0]),
        mixing.reshape(shapes[1])[()],
        eigenphase.reshape(shapes[0]),
        eigen_mixing.reshape(shapes[1])[()],
    )


def coupled_s_matrix(
    interactions: CoupledPotential,
    k: Numbers,
    *,
    reduced_mass: Number,
    l: Sequence[int] | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> NDArray[np.complex128]:
    """Return the S-matrix of any number of coupled waves.

    Parameters, errors and warnings as in `coupled_phase_shifts`, for any number n of waves:
    an n × n matrix of interactions and n values of l.

    Returns
    -------
    complex array of shape (..., n_waves, n_waves)
        Unitary and symmetric, for each entry of `k`.
    """
    k = check_momenta(k)
    system = CoupledSystem(interactions, reduced_mass, l, channel_radius)
    S = converge(
        lambda n: s_matrix(system, system.levels(n), k.ravel()),
        lambda coarse, fine: np.max(np.abs(fine - coarse), initial=0.0),
        n_mesh,
        n_mesh or system.mesh_size(np.max(k, initial=0.0)),
    )
    return S.reshape(*k.shape, len(system.l), len(system.l))


def _bar_phases(system, levels, k):
    """δ₁, δ₂ and ε on rising momenta, followed upwards from k → 0."""
    path, S, total = _followed(system, levels, k)
    phase = _halves(S)
    phase -= np.pi * np.round(phase[0] / np.pi)
    phase[0, np.argmin(system.l)] += np.pi * np.round((total[0] - phase[0].sum()) / np.pi)
    phase = np.unwrap(phase, period=np.pi, axis=0)
    offdiagonal = (S[:, 0, 1] + S[:, 1, 0]) / 2
    sine = np.real(-1j * offdiagonal * np.exp(-1j * phase.sum(axis=1)))
    chosen = np.searchsorted(path, k)
    return phase[chosen], np.arctan2(sine, np.abs(S[:, 0, 0]))[chosen] / 2


def _halves(S):
    """δ₁ and δ₂ modulo π."""
    return np.angle(S[:, [0, 1], [0, 1]]) / 2


def _followed(system, levels, k):
    """Momenta so dense that each phase turns little in a step, with S and the sum of phases."""

    def columns(k):
        return k, s_matrix(system, levels, k), *phase_parts(system, levels, k)

    path = columns(k)
    while True:
        k, S, inner, phi = path
        turn = np.diff(_halves(S), axis=0)
        turn -= np.pi * np.round(turn / np.pi)
        turns = np.column_stack([np.diff(inner), np.diff(phi, axis=0), turn])
        wide = np.flatnonzero((np.abs(turns).max(axis=1) > TURN) & (np.diff(k) > 1e-13 * k[1:]))
        if not wide.size:
            return k, S, inner - phi.sum(axis=1)
        between = columns((k[wide] + k[wide + 1]) / 2)
        path = [
            np.insert(old, wide + 1, new, axis=0) for old, new in zip(path, between, strict=True)
        ]


def _eigenphases(phase, mixing):
    """tan 2ε̂ = tan 2ε/sin(δ₁ − δ₂), and the difference of the eigenphases next to δ₁ − δ₂."""
    total, difference = phase.sum(axis=-1), phase[..., 0] - phase[..., 1]
    along, across = np.cos(2 * mixing) * np.sin(difference), np.sin(2 * mixing)
    sign = np.where(along < 0, -1.0, 1.0)
    eigen_mixing = np.arctan2(sign * across, sign * along) / 2
    sine = sign * np.hypot(along, across)
    apart = np.arctan2(sine, np.cos(2 * mixing) * np.cos(difference))
    apart += 2 * np.pi * np.round((difference - apart) / (2 * np.pi))
    return np.stack([total + apart, total - apart], axis=-1) / 2, eigen_mixing
