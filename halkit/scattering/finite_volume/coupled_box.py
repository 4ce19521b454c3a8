"""Stationary states of coupled channels in a sphere, with relativistic kinematics.

Inside r < R, with φ_a'(R) = 0 in every channel,

    [−∇²/2μ_a − ε_a(E)] φ_a + Σ_b (V_ab + U_ab) φ_b = 0,    ε_a(E) = k_a²(E)/2μ_a.

ε_a is a function of E of its own in each channel, so that this is an ordinary eigenvalue problem
at each E only: the n-th state has the energy E_n at which its n-th eigenvalue λ_n(E), which falls
with E, vanishes. A correlator C_a(t, r) = Σ_n A_n φ_na(r) e^{−E_n t} of the two-point function
(ε(E) − H)⁻¹ has states with Σ_a ε_a'(E_n) ∫ 4πr² φ_na² dr = 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from halkit.channels import ChannelList
from halkit.checks import check_integer, check_scale
from halkit.scattering.coupled.system import CoupledPotential, CoupledSystem
from halkit.scattering.finite_volume.box import SphericalWaves
from halkit.scattering.solver.interior import converge
from halkit.scattering.solver.levels import level, levels
from halkit.typing import Array, Number

__all__ = ["CoupledBoxStates", "coupled_box_states"]

# Most of Newton's steps for one energy, and the last one over the spacing of levels.
STEPS, LAST = 30, 1e-7


class CoupledBoxStates(NamedTuple):
    """States of coupled channels in a sphere, lowest first.

    Attributes
    ----------
    energy : array of shape (n_states,)
        E_n above the lowest threshold.
    wave_function : tuple of SphericalWaves
        One function for each channel: called with r it returns φ_na(r), shape (n_states, n_r),
        with Σ_a ε_a'(E_n) ∫ 4πr² φ_na² dr = 1; the channel with the largest share is positive
        next to the origin.
    """

    energy: Array
    wave_function: tuple[SphericalWaves, ...]


def coupled_box_states(
    interactions: CoupledPotential,
    *,
    radius: Number,
    channels: ChannelList | None = None,
    relativistic: bool | None = None,
    n_states: int = 20,
    n_mesh: int | None = None,
) -> CoupledBoxStates:
    """Return the states of coupled channels in a sphere with φ_a'(radius) = 0.

    Parameters
    ----------
    interactions : InteractionMatrix, list of n lists of n interactions, or fitted estimator
        Symmetric, U_ab(r, r') = U_ba(r', r); cut off at the wall.
    radius : float
        Radius R of the sphere.
    channels : list of halkit.Channel, optional
        By default the channels of the matrix.
    relativistic : bool, optional
        Whether k_a(E) is relativistic. By default it is if masses are known.
    n_states : int
        Number of states.
    n_mesh : int, optional
        Mesh points of each channel. Default: enough for converged energies.

    Returns
    -------
    CoupledBoxStates
        Named tuple of ``energy`` and ``wave_function``.

    Raises
    ------
    ValueError
        If an argument is out of range, the matrix is not symmetric, or a state lies so deep that
        k²(E) of a channel no longer falls with E.

    Examples
    --------
    Two channels without interaction have the states of both, here with roots of tan kR = kR.

    >>> import numpy as np
    >>> from halkit import Channel
    >>> from halkit.scattering import coupled_box_states
    >>> two = [Channel(reduced_mass=0.5), Channel(reduced_mass=0.5, threshold=0.1)]
    >>> box = coupled_box_states([[None, None], [None, None]], radius=10.0, channels=two,
    ...                          n_states=4)
    >>> box.energy.round(4) + 0.0
    array([0.    , 0.1   , 0.2019, 0.3019])
    """
    R = check_scale(radius, "radius")
    system = CoupledSystem(
        interactions, channels=channels, relativistic=relativistic, channel_radius=R, wall=True
    )
    size = system.channels.size
    n_states = check_integer(n_states, "n_states", least=1)
    n_mesh = check_integer(n_mesh, "n_mesh", least=5, optional=True)
    if n_mesh is not None and 2 * n_states > n_mesh * size:
        raise ValueError(
            f"n_mesh must be at least {-(-2 * n_states // size)} for {n_states} states of {size} "
            f"channels, got {n_mesh}"
        )
    spacing = (np.pi / R) ** 2 / (2 * max(system.channels.reduced_mass))

    def solve(n):
        parts = system.hamiltonian(n)
        surface, mesh = parts.surface, parts.mesh
        H = parts.matrix - (surface.T / (2 * system.reduced_mass * R)) @ surface
        return mesh, H, _estimates(H, system.channels, n_states)

    system.allot(np.pi * (n_states // size + 1) / R)
    mesh, H, estimates = converge(
        solve,
        lambda coarse, fine: np.max(np.abs(fine[2] - coarse[2])) / spacing,
        n_mesh,
        system.layout.mesh_size(40 + 2 * (n_states // size + 1)),
    )
    states = [_state(H, system.channels, i, E, spacing) for i, E in enumerate(estimates)]
    coefficients = np.array([x for _, x in states]).reshape(n_states, size, -1)
    waves = (SphericalWaves(mesh, coefficients[:, a]) for a in range(size))
    return CoupledBoxStates(np.array([E for E, _ in states]), tuple(waves))


def _estimates(H, channels, n_states):
    """The lowest energies, with ε_a linear in W² (or in E), exact for equal masses."""
    M = sum(channels.masses[0]) if channels.relativistic and channels.masses else None
    epsilon, slope = _kinetic(channels, 0.1 * M if M else 0.0)
    W = 1.1 * M if M else None
    points = len(H) // channels.size
    scaled = np.repeat(slope / (2 * W) if W else slope, points)
    root = 1 / np.sqrt(scaled)
    shifted = root[:, None] * (H - np.diag(np.repeat(epsilon, points))) * root
    x = levels(shifted)[0][:n_states]
    return x if W is None else np.sqrt(np.maximum(W**2 + x, 0.0)) - M


def _state(H, channels, index, E, spacing):
    """E_n and the coefficients of u_na, by Newton's method for λ_n(E) = 0 from an estimate."""
    points = len(H) // channels.size
    for _ in range(STEPS):
        epsilon, slope = _kinetic(channels, E)
        if np.any(slope <= 0):
            raise ValueError(f"the potential must bind by less than {-E:g}, got a deeper state")
        value, vector = level(H - np.diag(np.repeat(epsilon, points)), index)
        share = np.sum(vector.reshape(channels.size, points) ** 2, axis=1)
        norm = slope @ share
        step = value / norm
        E = E + step
        if abs(step) < LAST * spacing:
            break
    sign = 1 if vector[points * np.argmax(share)] > 0 else -1
    return E, sign * vector / np.sqrt(4 * np.pi * norm)


def _kinetic(channels, E):
    """ε_a and its slope ε_a', by a complex step."""
    tiny = 1e-100
    value = channels.kinetic_energy(E + 1j * tiny)
    return value.real, value.imag / tiny
