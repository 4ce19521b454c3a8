r"""Wave functions of coupled channels: one incoming wave, and the components of all channels.

With a wave of unit flux that comes in through channel a, u_b = δ_ba F_a + A_b H⁺_b outside, and a
decaying wave in a closed channel. With L_b = ρ H⁺_b'/H⁺_b, or B_b of a closed channel, as
boundaries, the interior is

    (H − diag ε_b − Σ_b |f_b⟩ L_b/(2μ_b R) ⟨f_b|) c = |f_a⟩ k_a/(2μ_a H⁺_a),

R the channel radius and f_b the vectors with u_b(R) = f_b·c: a regular matrix at each real energy,
also at a level of the interior. Elsewhere c follows from the real (H − diag ε_b)⁻¹ f_b. ψ_b =
u_b/(k_a r). Charged channels have Coulomb functions F, H⁺.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from halkit.channels import ChannelList, Channels
from halkit.checks import check_integer
from halkit.scattering.coulomb.charges import Charges
from halkit.scattering.coulomb.waves import charged_surface
from halkit.scattering.coupled.phase import energies, tell_energies
from halkit.scattering.coupled.system import CoupledPotential, CoupledSystem, shifted_solutions
from halkit.scattering.solver.interior import converge
from halkit.scattering.solver.rmatrix import decay_logarithm, surface_functions
from halkit.scattering.waves import WaveFunctions, decaying_waves, outer_waves, probe
from halkit.typing import Array, Number, Numbers

__all__ = [
    "CoupledWaves",
    "coupled_wave_functions",
    "energy_of",
    "solve_coupled",
    "waves_on_mesh_of",
    "with_charges",
]

# R L next to a level: where it is larger, digits would be lost.
NEAR_LEVEL = 1e3


class CoupledWaves:
    """Scattering waves of coupled channels; see `coupled_wave_functions`.

    Attributes
    ----------
    energy : array of shape (n_E,)
        Above the lowest threshold.
    k : array of shape (n_E,)
        Momenta in the incoming channel.
    incoming : int
    wave_function : tuple of WaveFunctions
        The components ψ_b, each a function of r, complex (n_E, n_r).
    """

    def __init__(
        self, energy: Array, k: Array, incoming: int, wave_function: tuple[WaveFunctions, ...]
    ) -> None:
        self.energy, self.k, self.incoming = energy, k, incoming
        self.wave_function = wave_function

    @property
    def radius(self) -> float:
        """The channel radius."""
        return self.wave_function[0].mesh.radius

    def __call__(self, r: Numbers) -> NDArray[np.complex128]:
        """Return ψ_b(r) for r ≥ 0, shape (n_channels, n_E, n_r)."""
        return np.array([one(r) for one in self.wave_function])

    def __repr__(self) -> str:
        return (
            f"CoupledWaves({self.energy.size} energies, {len(self.wave_function)} channels, "
            f"incoming in {self.incoming})"
        )


def coupled_wave_functions(
    interactions: CoupledPotential,
    energy: Numbers | None = None,
    *,
    incoming: int = 0,
    channels: ChannelList | None = None,
    k: Numbers | None = None,
    reduced_mass: Number | None = None,
    l: int | Sequence[int] | None = None,
    relativistic: bool | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> CoupledWaves:
    """Return the wave functions of coupled channels at any r, for a wave coming in through one.

    In the incoming channel a, ψ_a → (i/2kr)[e^{−iθ} − S_aa e^{iθ}] with θ = kr − l_aπ/2; in the
    others ψ_b → −(i/2kr) √(μ_b k_a/μ_a k_b) S_ba e^{iθ_b}, with k = k_a, or a wave that decays.

    Parameters
    ----------
    interactions, energy, channels, k, reduced_mass, l, relativistic, channel_radius, n_mesh
        As in `halkit.scattering.coupled_s_matrix`; `energy` or `k` of shape (n_E,) or a number.
    incoming : int, default 0
        Index of the channel through which the wave comes in. It has to be open.

    Returns
    -------
    CoupledWaves
        A function: called with r of shape (n_r,) it returns ψ_b(r), complex, shape
        (n_channels, n_E, n_r).

    Raises
    ------
    TypeError, ValueError
        As in `coupled_s_matrix`, and if the incoming channel is closed.

    Warns
    -----
    AccuracyWarning
        If the potential has not decayed at the channel radius, or if the mesh is too coarse.
    UnderdeterminedWarning
        As `coupled_s_matrix`, of a fitted estimator.

    References
    ----------
    P. Descouvemont and D. Baye, Rep. Prog. Phys. 73 (2010) 036301, Sec. 3.

    Examples
    --------
    >>> from halkit import Channel
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import coupled_wave_functions
    >>> A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.4, -1.0))
    >>> two = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.2, threshold=0.5)]
    >>> waves = coupled_wave_functions([[A, T], [T, B]], [0.4, 1.0], channels=two)
    >>> abs(waves([1.0, 3.0])).round(3)
    array([[[0.541, 0.315],
            [0.638, 0.197]],
    <BLANKLINE>
           [[1.9  , 0.344],
            [0.243, 0.09 ]]])
    """
    system = CoupledSystem(interactions, channels, reduced_mass, l, relativistic, channel_radius)
    E = np.atleast_1d(energies(system, energy, k))
    if E.ndim != 1:
        raise ValueError(f"energy or k must be one number or one axis, got shape {E.shape}")
    incoming = check_integer(incoming, "incoming", least=0)
    if incoming >= system.channels.size:
        raise ValueError(f"incoming must be below {system.channels.size}, got {incoming}")
    (waves,) = solve_coupled(system, E, [incoming], n_mesh)
    tell_energies(interactions, system, E)
    return waves


def solve_coupled(
    system: CoupledSystem,
    energy: Array,
    incoming: Sequence[int],
    n_mesh: int | None,
    charges: Sequence[Charges | None] | None = None,
) -> list[CoupledWaves]:
    """Return the waves of a `CoupledSystem` for each of the incoming channels.

    The system has the Coulomb forces of the charges.
    """
    square, boundary = _outer(system, energy, incoming, charges)
    return converge(
        lambda n: _waves(system, energy, square, incoming, boundary, n),
        lambda coarse, fine: np.max(np.abs(_probes(fine) - _probes(coarse)), initial=0.0),
        n_mesh,
        system.mesh_size(square, n_mesh),
    )


def waves_on_mesh_of(
    system: CoupledSystem, n: int, energy: Array, incoming: Sequence[int]
) -> list[CoupledWaves]:
    """Return the waves on the mesh of n points that a system has for higher energies."""
    square, boundary = _outer(system, energy, incoming, None)
    return _waves(system, energy, square, incoming, boundary, n)


def _outer(system, energy, incoming, charges):
    """k² of all channels, and their waves at the channel radius."""
    channels = system.channels
    square = channels.momentum_squared(energy)
    for a in incoming:
        if np.any(square[:, a] <= 0):
            raise ValueError(
                f"energy must be above the threshold {channels.threshold[a]:g} of the incoming "
                f"channel, got {energy[square[:, a] <= 0][0]:g}"
            )
    charges = [None] * channels.size if charges is None else charges
    return square, _boundary(system, square, charges)


def with_charges(
    system: CoupledSystem, charges: Sequence[Charges | None], channel_radius: Number | None
) -> CoupledSystem:
    """Return the system with the Coulomb forces of its channels."""
    interiors, n = list(system.interiors), system.channels.size
    for b, force in enumerate(charges):
        if force is not None:
            interiors[b * (n + 1)] = force.inside(interiors[b * (n + 1)], channel_radius)
    return system.with_interiors(interiors)


def energy_of(channels: Channels, a: int, k: Array) -> Array:
    """Return the energies above the lowest threshold at which channel a has the momenta k."""
    threshold = channels.threshold[a]
    if not channels.relativistic or channels.masses is None:
        return threshold + k**2 / (2 * channels.reduced_mass[a])
    kinetic = [k**2 / (np.hypot(k, m) + m) for m in channels.masses[a]]
    return threshold + kinetic[0] + kinetic[1]


def _boundary(system, square, charges):
    """For each channel: momenta, η, which energies are open, L, and 1/H⁺ at the radius."""
    result = []
    for b, (l, mu) in enumerate(zip(system.channels.l, system.channels.reduced_mass, strict=True)):
        opened, k = square[:, b] > 0, np.sqrt(np.abs(square[:, b]))
        rho, force = k * system.radius, charges[b]
        eta = None if force is None else force.sommerfeld(k, mu)
        if eta is not None and not np.all(opened):
            raise ValueError(
                f"energy must be above the threshold {system.channels.threshold[b]:g} of a channel "
                "with charges, got a closed one"
            )
        L, inverse = np.zeros((2, k.size), dtype=complex)
        x = rho[opened]
        phi, P, S = surface_functions(l, x) if eta is None else charged_surface(l, eta, x)
        L[opened] = S + 1j * P
        inverse[opened] = np.sqrt(P / x) * np.exp(-1j * phi)
        L[~opened] = decay_logarithm(l, rho[~opened])
        result.append((k, eta, opened, L, inverse))
    return result


def _waves(system, energy, square, incoming, boundary, n):
    interior = system.hamiltonian(n)
    (H, surface, scale), mesh = interior.scaled(), interior.mesh
    mu, size = system.reduced_mass, system.channels.size
    slopes = np.array([side[3] for side in boundary]).T / (2 * mu * system.radius)
    sources = np.zeros((energy.size, size, len(incoming)), dtype=complex)
    for i, a in enumerate(incoming):
        sources[:, a, i] = boundary[a][0] * boundary[a][4] / (2 * mu[a])
    shifts = np.repeat(square / (2 * mu), n, axis=1) * scale**2
    c = np.empty((len(incoming), energy.size, size, n), dtype=complex)
    for i, (inside, _) in enumerate(shifted_solutions(H, shifts, surface.T)):
        # c = inside·x with x = source + L f·c: real equations for all of the mesh
        mixing = slopes[i][:, None] * (surface @ inside)
        if np.max(np.abs(mixing)) < NEAR_LEVEL:
            solution = inside @ np.linalg.solve(np.eye(size) - mixing, sources[i])
        else:
            matrix = H - np.diag(shifts[i]) - (surface.T * slopes[i]) @ surface
            solution = np.linalg.solve(matrix, surface.T @ sources[i])
        c[:, i] = (scale * solution.T).reshape(-1, size, n)
    result = []
    for a, inside in zip(incoming, c, strict=True):
        k, functions = boundary[a][0], []
        for b, side in enumerate(boundary):
            value = inside[:, b] @ mesh.surface
            place = system.channels.l[b], system.radius
            outside = partial(_outside, place, side, k, value, float(a == b))
            functions.append(WaveFunctions(mesh, inside[:, b] / k[:, None], outside))
        result.append(CoupledWaves(energy, k, a, tuple(functions)))
    return result


def _outside(place, side, k, value, comes_in, r):
    """ψ_b beyond the channel radius from u_b(R)."""
    (l, radius), (own, eta, opened, _, inverse) = place, side
    result, closed = np.empty((k.size, r.size), dtype=complex), ~opened
    size = np.maximum(np.abs(inverse[opened]), 1e-150)
    F = -comes_in * inverse[opened].imag / size**2
    A, q = (value[opened] - F) * inverse[opened], own[opened]
    charge = None if eta is None else eta[opened]
    waves = outer_waves(l, q, charge, comes_in + 1j * A, A, r)
    result[opened] = waves * (q / k[opened])[:, None]
    surface = value[closed] / k[closed]
    result[closed] = decaying_waves(l, own[closed], radius, surface, r)
    return result


def _probes(solutions):
    return np.array([probe(one, waves.k) for waves in solutions for one in waves.wave_function])
