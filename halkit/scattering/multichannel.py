"""The R-matrix of coupled waves: one matrix of interactions, one Hamiltonian, one channel radius.

    u_i(a) = Σ_j R_ij(E) a u_j'(a),    R_ij = (1/2ma) Σ_n γ_ni γ_nj / (E_n − E),

and S = (H⁺ − aR H⁺')⁻¹ (H⁻ − aR H⁻'), H^± = G ± iF.

Reference: D. Baye, Phys. Rep. 565 (2015) 1, Sec. 5.
"""

import numpy as np
import scipy.linalg

from halkit.interactions import Interaction
from halkit.scattering.channel import open_channel, validate_l
from halkit.scattering.mesh import lagrange_mesh, potential_matrix
from halkit.scattering.rmatrix import decay_logarithm, riccati_bessel

__all__ = ["CoupledSystem", "s_matrix"]


class CoupledSystem:
    """A validated matrix of interactions, with the radius that encloses all of them.

    Parameters
    ----------
    interactions, reduced_mass, l, channel_radius
        As in `halkit.scattering.coupled_phase_shifts`.
    """

    def __init__(self, interactions, reduced_mass, l, channel_radius):
        rows = _rows(interactions)
        if l is None:
            l = getattr(interactions, "l", (0, 2))
        if not np.iterable(l):
            raise TypeError(f"l must hold one integer for each wave, such as (0, 2), got {l!r}")
        self.l = tuple(validate_l(one) for one in l)
        n = len(self.l)
        if len(rows) != n or any(len(row) != n for row in rows):
            raise ValueError(
                f"interactions must be {n} lists of {n} for l = {self.l}, "
                f"got lists of {[len(row) for row in rows]}"
            )
        channels = [
            [
                open_channel(
                    Interaction() if one is None else one,
                    reduced_mass=reduced_mass,
                    channel_radius=channel_radius,
                )
                for one in row
            ]
            for row in rows
        ]
        self.channels = [channel for row in channels for channel in row]
        if any(channel.V2 is not None for channel in self.channels):
            raise TypeError("coupled waves take interactions without a V2")
        self.radius = max(channel.radius for channel in self.channels)
        self.reduced_mass = self.channels[0].reduced_mass

    def mesh_size(self, k):
        """Return the number of points to start with."""
        wide = (channel._replace(radius=self.radius) for channel in self.channels)
        return max(channel.mesh_size(k) for channel in wide)

    def hamiltonian(self, n):
        """Return the matrix of all waves, the vectors that give u_i(a), and the mesh."""
        mesh, m, size = lagrange_mesh(self.radius, n), self.reduced_mass, len(self.l)
        blocks = [potential_matrix(channel.interaction, mesh)[0] for channel in self.channels]
        H = np.block([blocks[size * i : size * (i + 1)] for i in range(size)])
        if np.max(np.abs(H - H.T)) > 1e-10 * np.max(np.abs(H)):
            raise ValueError("the matrix of interactions must be symmetric, got one that is not")
        free = [mesh.kinetic / (2 * m) + np.diag(l * (l + 1) / (2 * m * mesh.r**2)) for l in self.l]
        surface = np.kron(np.eye(size), mesh.surface)
        return (H + H.T) / 2 + scipy.linalg.block_diag(*free), surface, mesh

    def levels(self, n):
        """Return E_n, γ_ni and the number of bound states."""
        H, surface, _ = self.hamiltonian(n)
        energy, vectors = scipy.linalg.eigh(H, driver="evd")
        at_zero = H - self.boundary(surface, 0.0)
        bound = scipy.linalg.eigvalsh(at_zero, subset_by_value=(-np.inf, 0.0)).size
        return energy, surface @ vectors, bound

    def boundary(self, surface, energy):
        """Return the Bloch operator of waves that decay outside."""
        x = np.sqrt(max(-2 * self.reduced_mass * energy, 0.0)) * self.radius
        slopes = np.array([float(decay_logarithm(l, x)) for l in self.l])
        return (surface.T * slopes) @ surface / (2 * self.reduced_mass * self.radius)


def _rows(interactions):
    """The lists of interactions, or those of the attribute ``interactions``."""
    rows = getattr(interactions, "interactions", interactions)
    try:
        return [list(row) for row in rows]
    except TypeError:
        came = type(rows).__name__
        if np.iterable(rows):
            came += f" of {[type(row).__name__ for row in rows]}"
        raise TypeError(
            "interactions must be a list of lists, [[V11, V12], [V21, V22]], or an object that "
            f"has one as its attribute interactions; got {came}"
        ) from None


def s_matrix(system, levels, k):
    """Return S(k), shape (n_k, n_waves, n_waves), from the levels of a `CoupledSystem`."""
    energy, gamma, _ = levels
    m, a, n = system.reduced_mass, system.radius, len(system.l)
    gap = energy - (k**2 / (2 * m))[:, None]
    gap = np.where(gap == 0, np.finfo(np.float64).eps * np.abs(energy), gap)
    pairs = (gamma[:, None] * gamma).reshape(n * n, -1)
    R = ((1 / gap) @ pairs.T).reshape(-1, n, n) / (2 * m * a)
    F, dF, G, dG = np.array([riccati_bessel(l, k * a) for l in system.l]).transpose(1, 2, 0)
    scaled = R * (k * a)[:, None, None]
    Z = np.eye(n) * (G + 1j * F)[:, None, :] - scaled * (dG + 1j * dF)[:, None, :]
    return np.linalg.solve(Z, Z.conj())
