"""The R-matrix of coupled waves: one matrix of interactions, one Hamiltonian, one channel radius.

    u_i(a) = Σ_j R_ij(E) a u_j'(a),    R_ij = (1/2ma) Σ_n γ_ni γ_nj / (E_n − E),

and S = (H⁺ − aR H⁺')⁻¹ (H⁻ − aR H⁻'), H^± = G ± iF. The levels tell the branch of the sum of all
phases, as in `halkit.scattering.solver.rmatrix`, however narrow a resonance is.

Reference: D. Baye, Phys. Rep. 565 (2015) 1, Sec. 5.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from halkit.checks import check_integer
from halkit.interactions import Interaction
from halkit.interactions.conversion import Potential
from halkit.scattering.solver.interior import mesh_of, open_interior
from halkit.scattering.solver.layout import joined
from halkit.scattering.solver.mesh import LagrangeMesh, potential_matrix
from halkit.scattering.solver.rmatrix import (
    NEVER_ZERO,
    decay_logarithm,
    riccati_bessel,
    surface_functions,
)
from halkit.typing import Array, Number

__all__ = ["CoupledPotential", "CoupledSystem", "Levels", "phase_parts", "s_matrix"]

_Rows: TypeAlias = Sequence[Sequence[Potential | None]]


class _HasRows(Protocol):
    @property
    def interactions(self) -> Sequence[Sequence[Interaction | None]]: ...


CoupledPotential: TypeAlias = _Rows | _HasRows


class Levels(NamedTuple):
    """The levels E_n of the interior in rising order, and γ_ni = u_ni(a), shape (n_waves, n)."""

    energy: Array
    gamma: Array


class CoupledSystem:
    """A validated matrix of interactions, and a radius that encloses all of them.

    Parameters
    ----------
    interactions, reduced_mass, l, channel_radius
        As in `halkit.scattering.coupled_phase_shifts`.
    """

    def __init__(
        self,
        interactions: CoupledPotential,
        reduced_mass: Number,
        l: Sequence[int] | None,
        channel_radius: Number | None,
    ) -> None:
        rows = _rows(interactions)
        if l is None:
            l = getattr(interactions, "l", (0, 2))
        if not np.iterable(l):
            raise TypeError(f"l must hold one integer for each wave, such as (0, 2), got {l!r}")
        self.l = tuple(check_integer(one, "l", least=0) for one in l)
        n = len(self.l)
        if len(rows) != n or any(len(row) != n for row in rows):
            raise ValueError(
                f"interactions must be {n} lists of {n} for l = {self.l}, "
                f"got lists of {[len(row) for row in rows]}"
            )
        interiors = [
            [
                open_interior(
                    Interaction() if one is None else one,
                    reduced_mass=reduced_mass,
                    l=wave,
                    channel_radius=channel_radius,
                )
                for one in row
            ]
            for row, wave in zip(rows, self.l, strict=True)
        ]
        self.interiors = [interior for row in interiors for interior in row]
        if any(interior.interaction.has_laplacian for interior in self.interiors):
            raise TypeError("interactions of coupled waves must not have a V2(r) ∇², got one")
        self.radius = max(interior.radius for interior in self.interiors)
        self.interiors = [interior._replace(radius=self.radius) for interior in self.interiors]
        self.reduced_mass = self.interiors[0].reduced_mass
        layouts = [interior.layout for interior in self.interiors]
        self.layout = joined(layouts, layouts[:: n + 1])

    def mesh_size(self, k: float) -> int:
        """Return the number of points to start with."""
        points = 0 if self.layout.simple else int(self.layout.points.sum())
        return max(points, *(interior.mesh_size(k) for interior in self.interiors))

    def hamiltonian(self, n: int) -> tuple[Array, Array, LagrangeMesh]:
        """Return the matrix of all waves, the vectors that give u_i(a), and the mesh."""
        mesh, m, size = mesh_of(self.layout, n), self.reduced_mass, len(self.l)
        blocks = [potential_matrix(interior.interaction, mesh)[0] for interior in self.interiors]
        H = np.block([blocks[size * i : size * (i + 1)] for i in range(size)])
        if np.max(np.abs(H - H.T)) > 1e-10 * np.max(np.abs(H)):
            raise ValueError("interactions must be a symmetric matrix, got one that is not")
        free = [mesh.kinetic / (2 * m) + np.diag(l * (l + 1) / (2 * m * mesh.r**2)) for l in self.l]
        surface = scipy.linalg.block_diag(*[mesh.surface] * size)
        return (H + H.T) / 2 + scipy.linalg.block_diag(*free), surface, mesh

    def levels(self, n: int) -> Levels:
        """Return the `Levels` on a mesh of n points for each wave."""
        H, surface, _ = self.hamiltonian(n)
        energy, vectors = scipy.linalg.eigh(H, driver="evd")
        return Levels(energy, surface @ vectors)

    def boundary(self, surface: Array, energy: float) -> Array:
        """Return the Bloch operator of waves that decay outside."""
        x = np.sqrt(max(-2 * self.reduced_mass * energy, 0.0)) * self.radius
        slopes = np.array([float(decay_logarithm(l, x)) for l in self.l])
        return (surface.T * slopes) @ surface / (2 * self.reduced_mass * self.radius)


def _rows(interactions):
    """The lists of interactions, from the attribute ``interactions`` if there is one."""
    rows = getattr(interactions, "interactions", interactions)
    try:
        return [list(row) for row in rows]
    except TypeError:
        came = type(rows).__name__
        if np.iterable(rows):
            came += f" of {[type(row).__name__ for row in rows]}"
        raise TypeError(
            "interactions must be a list of lists, [[V11, V12], [V21, V22]], or an object with "
            f"such an attribute interactions, got {came}"
        ) from None


def s_matrix(system: CoupledSystem, levels: Levels, k: Array) -> NDArray[np.complex128]:
    """Return S(k), shape (n_k, n_waves, n_waves), from the levels of a `CoupledSystem`."""
    rho, n = k * system.radius, len(system.l)
    F, dF, G, dG = np.array([riccati_bessel(l, rho) for l in system.l]).transpose(1, 2, 0)
    scaled = _r_matrix(system, levels, k) * rho[:, None, None]
    Z = np.eye(n) * (G + 1j * F)[:, None, :] - scaled * (dG + 1j * dF)[:, None, :]
    return np.linalg.solve(Z, Z.conj())


def phase_parts(system: CoupledSystem, levels: Levels, k: Array) -> tuple[Array, Array]:
    """Return the two parts of the sum of phases Σδ = Φ − Σφ_i at each k: Φ, and φ_i of each wave.

    φ_i are hard-sphere phases, and Φ = Σ arccot c_j + π n_D(E), with c_j the eigenvalues of
    P^{−1/2} (R⁻¹ − S) P^{−1/2} and n_D the number of levels below E that have a node at a: those
    with u'(a) = 0, less the negative eigenvalues of R(E).
    """
    phi, P, S = np.array([surface_functions(l, k * system.radius) for l in system.l]).transpose(
        1, 2, 0
    )
    value, vector = np.linalg.eigh(_r_matrix(system, levels, k))
    value[value == 0] = NEVER_ZERO
    inverse = (vector / value[:, None, :]) @ vector.transpose(0, 2, 1)
    inverse -= np.eye(len(system.l)) * S[:, None, :]
    c = np.linalg.eigvalsh(inverse / np.sqrt(P[:, :, None] * P[:, None, :]))
    below = np.searchsorted(levels.energy, k**2 / (2 * system.reduced_mass))
    return np.arctan2(1, c).sum(axis=1) + np.pi * (below - (value < 0).sum(axis=1)), phi


def _r_matrix(system, levels, k):
    """R_ij at each k; next to a level where E is on it."""
    energy, gamma = levels
    m, n = system.reduced_mass, len(system.l)
    gap = energy - (k**2 / (2 * m))[:, None]
    gap = np.where(gap == 0, np.finfo(np.float64).eps * np.abs(energy), gap)
    pairs = (gamma[:, None] * gamma).reshape(n * n, -1)
    return ((1 / gap) @ pairs.T).reshape(-1, n, n) / (2 * m * system.radius)
