"""Small phase shifts and scattering lengths from ∫ F V u, not from a difference of large numbers.

With u = α F + β G outside, F u' − F' u grows by 2m ∫ F V u dr from where the mesh starts, so

    tan δ = β/α,    kβ = −2m ∫ F(kr) [V u + ∫ K u dr'] dr − F(kc) u'(c),    α = u'(a) G/k − u(a) G',

where c = 0 or the edge of a core. At zero energy u → r − a0, and y = u − (r − c) solves
H y = −V (r − c), so that a0 = c − y(a) and

    r_eff a0²/2 = ∫_0^∞ [(r − a0)² − u_left u] dr,

with u_left the solution for U(r', r). For λ(V + U), λ → 0, β and y are ∝ λ without any
cancellation.
"""

import numpy as np
import scipy.linalg

from halkit.scattering.solver.mesh import Hamiltonian, LagrangeMesh
from halkit.scattering.solver.rmatrix import riccati_bessel
from halkit.typing import Array

__all__ = ["is_graded", "low_energy", "small_phases", "with_power_tail"]

# Up to this many momenta linear equations are faster than a full decomposition.
FEW = 8
# Width of a panel, in channel radii, below which linear equations are more accurate.
NARROW = 1e-3


def small_phases(hamiltonian: Hamiltonian, k: Array) -> Array:
    """Return δ(k) modulo π, shape (n_k,), with a small relative error however small δ is.

    Parameters
    ----------
    hamiltonian : Hamiltonian
        Without a V2(r) ∇².
    k : array of shape (n_k,)
    """
    H, mesh = hamiltonian, hamiltonian.mesh
    m, l, a = H.reduced_mass, H.l, mesh.radius
    c = _response(H, k**2 / (2 * m))
    slope = 2 * m
    _, _, G, dG = riccati_bessel(l, k * a)
    alpha = slope / k * G - (c @ H.surface) * dG
    wave = riccati_bessel(l, np.multiply.outer(k, mesh.r))[0] * np.sqrt(mesh.weights)
    beta = 2 * m * np.sum(wave * (c @ H.potential.T), axis=1)
    if mesh.panels is not None and mesh.panels.edges[0] > 0:
        core = riccati_bessel(l, k * mesh.panels.edges[0])[0]
        beta += core * mesh.panels.first_slope(c / np.sqrt(mesh.weights))
    return np.arctan(-beta / (k * alpha))


def _response(H, energy):
    """c of (H − E) c = f_j(a), shape (n_k, n)."""
    f = H.surface
    if H.symmetric and energy.size > FEW and not is_graded(H.mesh):
        levels, vectors = scipy.linalg.eigh(H.matrix, driver="evd")
        gap = levels - energy[:, None]
        gap[gap == 0] = np.finfo(np.float64).tiny
        return ((f @ vectors) / gap) @ vectors.T
    one = np.eye(f.size)
    return np.array([_graded_solve(H.matrix - E * one, f) for E in energy])


def is_graded(mesh: LagrangeMesh) -> bool:
    """Return whether a core or a panel is so narrow that levels lose their accuracy."""
    if mesh.panels is None:
        return False
    edges = np.array(mesh.panels.edges)
    narrowest = np.min(np.diff(edges))
    return bool(0 < edges[0] < 1e-2 * mesh.radius or narrowest < NARROW * mesh.radius)


def low_energy(hamiltonian: Hamiltonian) -> tuple[float, float]:
    """Return a0 and r_eff of a `Hamiltonian` of an S wave."""
    H, mesh = hamiltonian, hamiltonian.mesh
    core = 0.0 if mesh.panels is None else mesh.panels.edges[0]
    root, square = np.sqrt(mesh.weights), np.square(H.scale)
    matrix, V = (x / np.multiply.outer(H.scale, H.scale) for x in (H.matrix, H.potential))
    free = root * (mesh.r - core)
    y = left = _graded_solve(matrix, -V @ free)
    if not H.symmetric:
        left = _graded_solve(matrix.T, -V.T @ free)
    a0 = core - y @ mesh.surface
    if a0**2 == 0:
        return float(a0), np.inf
    z, z_left = y / root + a0 - core, left / root + a0 - core
    u = mesh.r - a0
    missing = -u * (z + z_left) - z * z_left + (u + z) * (u + z_left) * (1 - 1 / square)
    inside = ((core - a0) ** 3 + a0**3) / 3 if core else 0.0
    if mesh.panels is not None:
        inside += mesh.panels.first_weight * (core - a0) ** 2
    return float(a0), float(2 * (inside + mesh.weights @ missing) / a0**2)


def _graded_solve(matrix, right):
    """Solve after a scaling by the diagonal, which is large where r is small."""
    scale = 1 / np.sqrt(np.abs(np.diag(matrix)))
    return scale * np.linalg.solve(matrix * np.outer(scale, scale), scale * right)


def with_power_tail(
    a0: float, r_eff: float, V: float, n: float, *, reduced_mass: float, radius: float
) -> tuple[float, float]:
    """Return a0 and r_eff with the first-order change from V(r) = V (r/R)^−n beyond R.

    k cot δ changes by 2m ∫ V [cos kr + k cot δ sin(kr)/k]² dr.
    """
    R = radius

    def moment(power):
        return V * R ** (power + 1) / (n - power - 1)

    change = moment(2) - 2 * a0 * moment(1) + a0**2 * moment(0)
    if n > 5 and np.isfinite(r_eff):
        terms = r_eff / 2, -(1 + r_eff / a0) / 2, 2 / (3 * a0), -1 / (6 * a0**2)
        total = sum(term * moment(power) for power, term in enumerate(terms, 1))
        r_eff = r_eff + 8 * reduced_mass * total
    return float(a0 + 2 * reduced_mass * change), float(r_eff)
