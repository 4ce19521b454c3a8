"""Bound states of coupled waves, such as the deuteron: energies and the share of each wave.

Outside each wave decays, u_i ∝ κr k_{l_i}(κr). With that boundary at energy E the interior
has the levels ε_n(E), which fall as E rises; a bound state is a root of ε_n(E) = E, and
there is one for each ε_n(0) < 0.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.optimize import brentq

from halkit.scattering.bound import relative_change
from halkit.scattering.coupled.multichannel import CoupledPotential, CoupledSystem
from halkit.scattering.solver.interior import converge
from halkit.scattering.waves import (
    WaveFunctions,
    decaying_waves,
    first_sign,
    tail_moments,
)
from halkit.typing import Array, Number

__all__ = ["CoupledBoundStates", "coupled_bound_states"]


class CoupledBoundStates(NamedTuple):
    """Bound states of coupled waves, deepest first.

    Attributes
    ----------
    energy, kappa : array of shape (n_bound,)
        E = −κ²/2m and κ.
    probability : array of shape (n_bound, n_waves)
        Share of each wave; the rows add up to 1.
    rms_radius : array of shape (n_bound,)
        √⟨r²⟩ of the distance between the two hadrons (not r/2).
    wave_function : tuple of WaveFunctions
        One function for each wave: called with r it returns φ(r), shape (n_bound, n_r);
        the sum over waves of ∫ 4πr² φ² dr is 1.
    """

    energy: Array
    kappa: Array
    probability: Array
    rms_radius: Array
    wave_function: tuple[WaveFunctions, ...]


def coupled_bound_states(
    interactions: CoupledPotential,
    *,
    reduced_mass: Number,
    l: Sequence[int] | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> CoupledBoundStates:
    """Return the bound states of coupled waves, and the share of each wave.

    Parameters, errors and warnings as in `coupled_phase_shifts`, for any number n of waves:
    an n × n matrix of interactions and n values of l.

    Returns
    -------
    CoupledBoundStates
        Named tuple of ``energy``, ``kappa``, ``probability``, ``rms_radius``,
        ``wave_function``; deepest state first.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_bound_states
    >>> S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    >>> states = coupled_bound_states([[S, T], [T, D]], reduced_mass=1.0)
    >>> states.energy.round(6), states.probability.round(5)
    (array([-0.437563]), array([[0.98836, 0.01164]]))
    """
    system = CoupledSystem(interactions, reduced_mass, l, channel_radius)

    def change(coarse, fine):
        moved = relative_change(coarse.kappa, fine.kappa)
        if np.isinf(moved):
            return moved
        return max(moved, np.max(np.abs(coarse.probability - fine.probability), initial=0.0))

    return converge(lambda n: _bound(system, n), change, n_mesh, n_mesh or system.mesh_size(0.0))


def _bound(system, n):
    """Roots of ε_n(E) = E; the levels ε_n have the boundary of waves that decay at energy E."""
    H, surface, mesh = system.hamiltonian(n)
    m, a, waves = system.reduced_mass, system.radius, len(system.l)

    def level(energy, i):
        matrix = H - system.boundary(surface, energy)
        return scipy.linalg.eigh(matrix, subset_by_index=(i, i))

    def root(i, low):
        low = 1.001 * low - rounding
        return brentq(lambda E: level(E, i)[0][0] - E, low, 0.0, xtol=-1e-15 * low)

    rounding = 1e-15 * np.max(np.abs(H))
    at_zero = scipy.linalg.eigvalsh(
        H - system.boundary(surface, 0.0), subset_by_value=(-np.inf, -rounding)
    )
    energy = np.array([root(i, low) for i, low in enumerate(at_zero)])
    kappa = np.sqrt(-2 * m * energy)
    c = np.array([level(E, i)[1][:, 0] for i, E in enumerate(energy)]).reshape(-1, waves, n)
    value = c @ mesh.surface
    moments = np.array([tail_moments(l, kappa, a) for l in system.l])
    tail, square = moments.transpose(1, 2, 0) * value**2
    share = np.sum(c**2, axis=2) + tail
    total = share.sum(axis=1)
    radius = np.sqrt(np.sum(c**2 @ mesh.r**2 + square, axis=1) / total)
    factor = first_sign(c[:, np.argmin(system.l)]) / np.sqrt(4 * np.pi * total)
    functions = tuple(
        WaveFunctions(
            mesh,
            c[:, i] * factor[:, None],
            partial(decaying_waves, l, kappa, a, value[:, i] * factor),
        )
        for i, l in enumerate(system.l)
    )
    return CoupledBoundStates(energy, kappa, share / total[:, None], radius, functions)
