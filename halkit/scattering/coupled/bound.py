"""Bound states of coupled channels, such as the deuteron: energies and the share of each channel.

Below all thresholds each channel decays outside, u_a ∝ κ_a r k_{l_a}(κ_a r). With these boundaries
and ε_a(E) of the channels, H − diag ε_a(E) has the eigenvalues λ_n(E), which fall as E rises; a
bound state is a root of λ_n(E) = 0, and there is one for each λ_n(0) < 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from halkit.channels import ChannelList
from halkit.scattering.bound import relative_change
from halkit.scattering.coupled.system import CoupledPotential, CoupledSystem
from halkit.scattering.solver.interior import converge
from halkit.scattering.solver.levels import level, levels, rounding_error
from halkit.scattering.solver.rmatrix import decay_logarithm
from halkit.scattering.waves import (
    WaveFunctions,
    decaying_waves,
    first_sign,
    tail_moments,
)
from halkit.typing import Array, Number

__all__ = ["CoupledBoundStates", "coupled_bound_states"]


class CoupledBoundStates(NamedTuple):
    """Bound states of coupled channels, deepest first.

    Attributes
    ----------
    energy : array of shape (n_bound,)
        E < 0, measured from the lowest threshold.
    kappa : array of shape (n_bound, n_channels)
        The κ_a with which the channels decay, −κ_a² = k_a²(E).
    probability : array of shape (n_bound, n_channels)
        Share of each channel; the rows add up to 1.
    rms_radius : array of shape (n_bound,)
        √⟨r²⟩ of the distance between the two hadrons (not r/2).
    wave_function : tuple of WaveFunctions
        One function for each channel: called with r it returns φ(r), shape (n_bound, n_r);
        the sum over channels of ∫ 4πr² φ² dr is 1.
    """

    energy: Array
    kappa: Array
    probability: Array
    rms_radius: Array
    wave_function: tuple[WaveFunctions, ...]


def coupled_bound_states(
    interactions: CoupledPotential,
    *,
    channels: ChannelList | None = None,
    reduced_mass: Number | None = None,
    l: int | Sequence[int] | None = None,
    relativistic: bool | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> CoupledBoundStates:
    """Return the states bound below all thresholds, and the share of each channel.

    Parameters, errors and warnings as in `halkit.scattering.coupled_s_matrix`. States between
    thresholds are resonances, see `halkit.scattering.resonances`.

    Returns
    -------
    CoupledBoundStates
        Named tuple of ``energy``, ``kappa``, ``probability``, ``rms_radius``,
        ``wave_function``; deepest state first.

    Raises
    ------
    ValueError
        Also if a state lies so deep that relativistic momenta do not exist, at
        ``W² < |m1² − m2²|`` of a channel.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_bound_states
    >>> S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    >>> states = coupled_bound_states([[S, T], [T, D]], reduced_mass=1.0)
    >>> states.energy.round(6), states.probability.round(5)
    (array([-0.437563]), array([[0.98836, 0.01164]]))
    """
    system = CoupledSystem(interactions, channels, reduced_mass, l, relativistic, channel_radius)

    def change(coarse, fine):
        moved = relative_change(coarse.kappa[:, 0], fine.kappa[:, 0])
        if np.isinf(moved):
            return moved
        return max(moved, np.max(np.abs(coarse.probability - fine.probability), initial=0.0))

    start = system.mesh_size(system.channels.momentum_squared(0.0), n_mesh)
    return converge(lambda n: _bound(system, n), change, n_mesh, start)


def _bound(system, n):
    """Roots of λ_n(E), the eigenvalues with the boundary of waves that decay at energy E."""
    hamiltonian = system.hamiltonian(n)
    H, surface, mesh = hamiltonian.matrix, hamiltonian.surface, hamiltonian.mesh
    a, waves = system.radius, system.channels.l

    def eigen(energy, i):
        return level(_matrix(system, H, surface, energy), i)

    rounding = rounding_error(H)
    at_zero = levels(_matrix(system, H, surface, 0.0))[0]
    at_zero = at_zero[at_zero < -rounding]
    energy = np.array(
        [
            brentq(lambda E: eigen(E, i)[0], low, 0.0, xtol=-1e-15 * low)  # noqa: B023
            for i, low in enumerate(_brackets(system, eigen, at_zero, rounding))
        ]
    )
    kappa = np.sqrt(-system.channels.momentum_squared(energy)).reshape(-1, len(waves))
    c = np.array([eigen(E, i)[1] for i, E in enumerate(energy)]).reshape(-1, len(waves), n)
    value = c @ mesh.surface
    moments = np.array([tail_moments(l, x, a) for l, x in zip(waves, kappa.T, strict=True)])
    tail, square = moments.transpose(1, 2, 0) * value**2
    share = np.sum(c**2, axis=2) + tail
    total = share.sum(axis=1)
    radius = np.sqrt(np.sum(c**2 @ mesh.r**2 + square, axis=1) / total)
    factor = first_sign(c[:, np.argmin(waves)]) / np.sqrt(4 * np.pi * total)
    functions = tuple(
        WaveFunctions(
            mesh,
            c[:, i] * factor[:, None],
            partial(decaying_waves, l, kappa[:, i], a, value[:, i] * factor),
        )
        for i, l in enumerate(waves)
    )
    return CoupledBoundStates(energy, kappa, share / total[:, None], radius, functions)


def _matrix(system, H, surface, energy):
    """H − diag ε_a, less the Bloch operator of waves that decay outside."""
    square, mu, a = system.channels.momentum_squared(energy), system.reduced_mass, system.radius
    x = np.sqrt(np.maximum(-square, 0.0)) * a
    slopes = [float(decay_logarithm(l, one)) for l, one in zip(system.channels.l, x, strict=True)]
    matrix = H - (surface.T * (slopes / (2 * mu * a))) @ surface
    matrix[np.diag_indices_from(H)] -= np.repeat(square / (2 * mu), len(H) // len(mu))
    return matrix


def _brackets(system, eigen, at_zero, rounding):
    """An energy below each bound state, where λ_n > 0."""
    least = -np.inf
    if system.channels.relativistic:
        masses = np.array(system.channels.masses)
        total = masses.sum(axis=1)
        slowest = np.sqrt(total * np.abs(masses[:, 0] - masses[:, 1]))
        least = max(np.max(slowest), 1e-9 * total[0]) - total[0]
    for i, value in enumerate(at_zero):
        low = 1.001 * value - rounding
        while eigen(max(low, least), i)[0] < 0:
            if low <= least:
                raise ValueError(
                    f"relativistic momenta must be real functions of the energy, got a state bound "
                    f"by more than {-least:.6g}; pass relativistic=False"
                )
            low = 2 * low
        yield max(low, least)
