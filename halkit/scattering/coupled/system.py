"""Coupled channels on a mesh: a matrix of interactions, one radius, and the equation inside it.

With u = rφ, reduced masses μ_a and ε_a = k_a²/2μ_a,

    −u_a''/2μ_a + l_a(l_a+1)/2μ_a r² u_a + Σ_b [V_ab u_b + ∫ K_ab(r, r') u_b(r') dr'] = ε_a u_a.

Non-relativistically ε_a = E − Δ_a, and one decomposition serves all energies, see `Levels`. The
ε_a(E) of relativistic channels are different functions, see `Pencil`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg.lapack import dsysv, dsysv_lwork

from halkit.channels import Channel, ChannelList, check_channels, resolve_channels
from halkit.interactions.mass import SAME, own_mass, same_mass
from halkit.interactions.matrix import InteractionMatrix, InteractionRows
from halkit.scattering.solver.interior import Interior, measured_interior, mesh_of, warn_of_radius
from halkit.scattering.solver.layout import joined
from halkit.scattering.solver.levels import levels, unit_scale
from halkit.scattering.solver.mesh import LagrangeMesh, potential_matrix
from halkit.scattering.solver.partial_wave import interaction_in_wave
from halkit.typing import Array, Number

__all__ = [
    "CoupledHamiltonian",
    "CoupledPotential",
    "CoupledSystem",
    "HasMatrix",
    "Levels",
    "Pencil",
    "negative_eigenvalues",
    "shifted_solutions",
]


# By how much of its size V_ab may differ from V_ba.
SYMMETRIC = 1e-10
# The same relative to the smallest kinetic energy on the mesh: a rounding error of H.
NEGLIGIBLE = 1e-15


class HasMatrix(Protocol):
    """A fitted estimator of coupled channels."""

    @property
    def interaction_(self) -> InteractionMatrix: ...


CoupledPotential: TypeAlias = InteractionMatrix | InteractionRows | HasMatrix


class CoupledHamiltonian(NamedTuple):
    """The parts of H without thresholds, with the Bloch operators for u_a'(a) = 0.

    Attributes
    ----------
    potential, free : array of shape (n, n)
    surface : array of shape (n_channels, n)
        The vectors that give u_a(a).
    mesh : LagrangeMesh
        Of each channel.
    """

    potential: Array
    free: Array
    surface: Array
    mesh: LagrangeMesh

    @property
    def matrix(self) -> Array:
        """H, a new array."""
        return self.potential + self.free

    def scaled(self) -> tuple[Array, Array, Array]:
        """Return D H D with the diagonal ±1, the surface vectors times D, and D.

        Linear equations of it have no rounding errors of the size of a core.
        """
        scale = unit_scale(self.matrix)
        return self.matrix * np.outer(scale, scale), self.surface * scale, scale


class Levels(NamedTuple):
    """The interior of channels whose ε_a differ by constants.

    Attributes
    ----------
    energy : array of shape (n,)
        The levels E_n with u_a'(a) = 0, in rising order.
    gamma : array of shape (n_channels, n)
        u_na(a)/√μ_a.
    twice_mass, radius : float
        2μ_1, and the channel radius a.
    """

    energy: Array
    gamma: Array
    twice_mass: float
    radius: float

    def __call__(self, square: Array) -> tuple[Array, NDArray[np.int_]]:
        """Return R and the number of levels below the energy for k_a², shape (n_E, n_channels).

        R_ab = Σ_n γ_na γ_nb/(E_n − E)/2a, next to a level where E is on it.
        """
        energy, gamma = self.energy, self.gamma
        E = square[:, 0] / self.twice_mass
        gap = energy - E[:, None]
        gap = np.where(gap == 0, np.finfo(np.float64).eps * np.abs(energy), gap)
        n = len(gamma)
        pairs = (gamma[:, None] * gamma).reshape(n * n, -1)
        R = ((1 / gap) @ pairs.T).reshape(-1, n, n) / (2 * self.radius)
        return R, np.searchsorted(energy, E)


class Pencil(NamedTuple):
    """The interior D (H − diag ε_a) D, factorised at each energy.

    Attributes
    ----------
    matrix : array of shape (n, n)
        D H D.
    surface : array of shape (n_channels, n)
        The vectors that give u_a(a), times D.
    scale : array of shape (n,)
        D, see `CoupledHamiltonian.scaled`.
    reduced_mass : array of shape (n_channels,)
    radius : float
    """

    matrix: Array
    surface: Array
    scale: Array
    reduced_mass: Array
    radius: float

    def __call__(self, square: Array) -> tuple[Array, NDArray[np.int_]]:
        """Return R and the number of negative eigenvalues for k_a², shape (n_E, n_channels).

        H − diag ε = LDLᵀ has as many as D, in which each 2 × 2 block has one.
        """
        n, points = self.surface.shape[0], self.matrix.shape[0] // self.surface.shape[0]
        gamma = self.surface.T / np.sqrt(self.reduced_mass)
        epsilon = np.repeat(square / (2 * self.reduced_mass), points, axis=1) * self.scale**2
        R, below = np.empty((len(square), n, n)), np.empty(len(square), dtype=int)
        for i, (inside, below[i]) in enumerate(shifted_solutions(self.matrix, epsilon, gamma)):
            R[i] = gamma.T @ inside
        return (R + R.transpose(0, 2, 1)) / (4 * self.radius), below


def shifted_solutions(H: Array, shifts: Array, right: Array) -> Iterator[tuple[Array, int]]:
    """Yield X of (H − diag s) X = right for each s, and the number of negative eigenvalues.

    X is NaN where the symmetric matrix is singular.
    """
    H = np.asfortranarray(H)
    room, diagonal = int(dsysv_lwork(len(H), lower=1)[0]), np.diag_indices_from(H)
    for shift in shifts:
        shifted = H.copy(order="F")
        shifted[diagonal] -= shift
        factor, pivot, inside, singular = dsysv(shifted, right, lwork=room, lower=1, overwrite_a=1)
        yield inside * (np.nan if singular else 1.0), negative_eigenvalues(factor, pivot)


def negative_eigenvalues(factor: Array, pivot: NDArray[np.int_]) -> int:
    """Return the number of negative eigenvalues of LDLᵀ; a 2 × 2 block of D has one."""
    return int(np.sum((np.diag(factor) < 0) & (pivot > 0)) + np.sum(pivot < 0) // 2)


class CoupledSystem:
    """A validated matrix of interactions, and a radius that encloses all of them.

    Parameters
    ----------
    interactions, channels, reduced_mass, l, relativistic, channel_radius
        As in `halkit.scattering.coupled_s_matrix`.
    wall : bool, default False
        Whether the interactions end at the channel radius, which must be given.

    Attributes
    ----------
    channels : Channels
    radius : float
    """

    def __init__(
        self,
        interactions: CoupledPotential,
        channels: ChannelList | None = None,
        reduced_mass: Number | None = None,
        l: int | Sequence[int] | None = None,
        relativistic: bool | None = None,
        channel_radius: Number | None = None,
        *,
        wall: bool = False,
    ) -> None:
        matrix = _matrix(interactions)
        n = len(matrix)
        self.channels = resolve_channels(
            _with_masses_of_fits(matrix, _channels(matrix, channels, l), reduced_mass),
            l=l if channels or matrix.channels else None,
            reduced_mass=reduced_mass,
            relativistic=relativistic,
        )
        if isinstance(getattr(interactions, "interaction_", None), InteractionMatrix):
            _refuse_other_pairs(matrix.resolved(), self.channels, type(interactions).__name__)
        if self.channels.size != n:
            raise ValueError(
                f"channels must be {n}, one for each row of interactions, got {self.channels.size}"
            )
        _refuse_other_masses(matrix, self.channels.reduced_mass)
        of_row = zip(matrix.interactions, self.channels.reduced_mass, self.channels.l, strict=True)
        interior = _walled_interior if wall else measured_interior
        measured = [
            interior(one, mu, wave, channel_radius) for row, mu, wave in of_row for one in row
        ]
        interiors, beyond = zip(*measured, strict=True)
        worst = int(np.argmax(beyond))
        warn_of_radius(interiors[worst], beyond[worst], f" of channels {divmod(worst, n)}")
        self.k = 0.0
        self.reduced_mass = np.array(self.channels.reduced_mass)
        self._enclose(interiors, max(interior.radius for interior in interiors))

    def _enclose(self, interiors, radius):
        self.radius = radius
        self.interiors = [interior._replace(radius=radius) for interior in interiors]
        layouts = [interior.layout for interior in self.interiors]
        self._slow = joined(layouts, layouts[:: self.channels.size + 1])
        self.allot(self.k)

    def wider(self, factor: float) -> CoupledSystem:
        """Return the system with a larger channel radius."""
        wide = copy(self)
        wide._enclose(self.interiors, factor * self.radius)
        return wide

    def alike(self, interactions: CoupledPotential) -> CoupledSystem:
        """Return the system of another matrix in the same radius, with the same panels."""
        other, flat = copy(self), [one for row in _matrix(interactions).interactions for one in row]
        pairs = zip(self.interiors, flat, strict=True)
        other.interiors = [
            interior._replace(interaction=interaction_in_wave(one, interior.l))
            for interior, one in pairs
        ]
        return other

    def with_interiors(self, interiors: Sequence[Interior]) -> CoupledSystem:
        """Return the system with other interiors, row by row, in a radius that encloses all."""
        other = copy(self)
        other._enclose(interiors, max(interior.radius for interior in interiors))
        return other

    def allot(self, k: float) -> None:
        """Give the panels points for waves of momenta up to k."""
        self.k, self.layout = k, self._slow.oscillating(k)

    def mesh_size(self, square: Array, n_mesh: int | None = None) -> int:
        """Return the number of points to start with, for all k_a² or −κ_a² in an array.

        It is `n_mesh` if that is given; the panels share it for these momenta.
        """
        k = float(np.sqrt(np.max(np.abs(square), initial=0.0)))
        self.allot(k)
        if n_mesh:
            return n_mesh
        n = self.channels.size
        upper = (self.interiors[n * i + j] for i in range(n) for j in range(i, n))
        return self.layout.mesh_size(max(interior.mesh_size(k) for interior in upper))

    def hamiltonian(self, n: int) -> CoupledHamiltonian:
        """Return the `CoupledHamiltonian` on a mesh of n points for each channel."""
        mesh, size = mesh_of(self.layout, n), self.channels.size
        blocks = [potential_matrix(interior.interaction, mesh)[0] for interior in self.interiors]
        V = np.block([blocks[size * i : size * (i + 1)] for i in range(size)])
        free = [
            mesh.kinetic / (2 * m) + np.diag(l * (l + 1) / (2 * m * mesh.r**2))
            for l, m in zip(self.channels.l, self.channels.reduced_mass, strict=True)
        ]
        for i, j in combinations(range(size), 2):
            least = NEGLIGIBLE * min(np.min(np.diag(free[one])) for one in (i, j))
            _refuse_asymmetric(blocks[size * i + j], blocks[size * j + i].T, (i, j), least)
        surface = scipy.linalg.block_diag(*[mesh.surface] * size)
        return CoupledHamiltonian((V + V.T) / 2, scipy.linalg.block_diag(*free), surface, mesh)

    def inside(self, n: int) -> Levels | Pencil:
        """Return the interior on a mesh of n points for each channel: a function of k_a²."""
        hamiltonian = self.hamiltonian(n)
        if self.channels.relativistic and not self.channels.alike:
            return Pencil(*hamiltonian.scaled(), self.reduced_mass, self.radius)
        H, surface = hamiltonian.matrix, hamiltonian.surface
        H += np.diag(np.repeat(self.channels.threshold, len(H) // self.channels.size))
        energy, vectors = levels(H)
        gamma = surface @ vectors / np.sqrt(self.reduced_mass)[:, None]
        return Levels(energy, gamma, 2 * self.channels.reduced_mass[0], self.radius)


def _refuse_asymmetric(one, other, pair, least):
    """Refuse V_ab ≠ V_baᵀ, each at its size from there outwards."""
    size = np.maximum(np.abs(one), np.abs(other)).max(axis=1)
    outwards = np.maximum.accumulate(size[::-1])[::-1]
    if np.any(np.abs(one - other) > SYMMETRIC * np.maximum.outer(outwards, outwards) + least):
        raise ValueError(
            f"interactions must be a symmetric matrix, got another one for channels {pair} than "
            f"for {pair[::-1]}"
        )


def _walled_interior(interaction, reduced_mass, l, channel_radius):
    """The interior of a wave that ends at a wall, whatever the interaction is beyond it, and 0."""
    return Interior(interaction_in_wave(interaction, l), channel_radius, reduced_mass, l), 0.0


def _refuse_other_pairs(own, given, name):
    """Refuse masses or thresholds that a fit does not have."""
    for what, rtol in (("reduced_mass", SAME), ("threshold", 1e-6)):
        mine, other = getattr(own, what), getattr(given, what)
        if len(mine) == len(other) and not np.allclose(mine, other, rtol=rtol, atol=0):
            raise ValueError(
                f"channels must have the {what} of the fitted {name}, {mine}, or be left out, got "
                f"{other}. To solve the potential with others, give its interaction_"
            )


def _refuse_other_masses(matrix, reduced_masses):
    """Refuse fits of one channel on the diagonal with other masses than the channel has."""
    for a, mass in enumerate(reduced_masses):
        own = own_mass(matrix[a, a])
        if own is not None and not same_mass(mass, own):
            raise ValueError(
                f"channels must have the reduced_mass {own:.10g} of the fit for channel {a + 1}, "
                f"got {mass:.10g}. To solve the potential with others, give its interaction_"
            )


def _matrix(interactions):
    """The `InteractionMatrix` of what a user may give."""
    inner = interactions
    if hasattr(type(inner), "interaction_") or hasattr(inner, "interaction_"):
        inner = inner.interaction_
    return inner if isinstance(inner, InteractionMatrix) else InteractionMatrix(interactions)


def _with_masses_of_fits(matrix, channels, reduced_mass):
    """Channels that have no mass take the one of the fit on the diagonal, if it knows its own."""
    if reduced_mass is not None or len(channels := check_channels(channels)) != len(matrix):
        return channels
    return [
        replace(channel, reduced_mass=own_mass(matrix[a, a]))
        if channel.masses is None and channel.reduced_mass is None
        else channel
        for a, channel in enumerate(channels)
    ]


def _channels(matrix, channels, l):
    """The channels given, those of the matrix, or waves of one mass."""
    if channels is not None:
        return channels
    if matrix.channels is not None:
        return matrix.channels
    n = len(matrix)
    if l is None and n == 2:
        l = (0, 2)
    if l is None:
        raise ValueError(f"channels or l must be given for {n} channels, got neither")
    if not np.iterable(l):
        raise TypeError(f"l must hold one integer for each wave, such as (0, 2), got {l!r}")
    if len(l) != n:
        raise ValueError(f"interactions must be {len(l)} lists of {len(l)} for l = {l}, got {n}")
    return [Channel(l=one) for one in l]
