"""Small phase shifts and scattering lengths from ∫ F V u, not from a difference of large numbers.

With u = α F + β G outside, F u' − F' u grows by 2m ∫ F V u dr from where the mesh starts, so

    tan δ = β/α,    kβ = −2m ∫ F(kr) [V u + ∫ K u dr'] dr − F(kc) u'(c),    α = u'(a) G/k − u(a) G',

where c = 0 or the edge of a core. At zero energy u → r − a0, and y = u − (r − c) solves
H y = −V (r − c), so that a0 = c − y(a) and

    r_eff a0²/2 = ∫_0^∞ [(r − a0)² − u_left u] dr,

with u_left the solution for U(r', r). For λ(V + U), λ → 0, β and y are ∝ λ without any
cancellation.

In a wave l > 0, u → r^{l+1} − b r^{−l} with b = (2l+1)!! (2l−1)!! a_l, and y = u − (r^{l+1} −
c^{2l+1} r^{−l}) ends like r^{−l}, so that b = c^{2l+1} − a^l y(a), and

    [(2l+1)!! a_l]² r_l/2 = ∫_0^a (r^{2l+2} − u_left u) dr − b a² − b² a^{1−2l}/(2l−1).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from halkit.scattering.solver.levels import levels
from halkit.scattering.solver.mesh import Hamiltonian, LagrangeMesh
from halkit.scattering.solver.rmatrix import riccati_bessel
from halkit.typing import Array

__all__ = ["is_graded", "low_energy", "low_energy_of_wave", "small_phases", "with_power_tail"]

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
        level, vectors = levels(H.matrix)
        gap = level - energy[:, None]
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


def low_energy_of_wave(hamiltonian: Hamiltonian) -> tuple[float, float]:
    """Return a_l and r_l of a `Hamiltonian` with l > 0, k^{2l+1} cot δ = −1/a_l + r_l k²/2."""
    H, mesh, l = hamiltonian, hamiltonian.mesh, hamiltonian.l
    core = 0.0 if mesh.panels is None else mesh.panels.edges[0]
    c, a, r, root = core ** (2 * l + 1), mesh.radius, mesh.r, np.sqrt(mesh.weights)
    square, outer = np.square(H.scale), np.outer(mesh.surface, mesh.surface)
    matrix, V = (x / np.multiply.outer(H.scale, H.scale) for x in (H.matrix, H.potential))
    matrix = matrix + l / (2 * H.reduced_mass * a) * outer
    free = r ** (l + 1) - c * r**-l
    y = left = _graded_solve(matrix, -V @ (root * free))
    if not H.symmetric:
        left = _graded_solve(matrix.T, -V.T @ (root * free))
    first = _double_factorial(2 * l + 1)
    b = c - a**l * (y @ mesh.surface)
    length = b / (first * _double_factorial(2 * l - 1))
    if length**2 == 0:
        return float(length), np.inf
    y, left = y / root, left / root
    inside = free * (y + left) + y * left + (free + y) * (free + left) * (1 / square - 1)
    power = 1 - 2 * l
    total = mesh.weights @ inside + (b - c) * a**2 + (b**2 - c**2) * a**power / -power
    if core:
        total += c * core**2 + c**2 * core**power / -power - core ** (2 * l + 3) / (2 * l + 3)
    return float(length), float(-2 * total / (first * length) ** 2)


def _double_factorial(n):
    return float(np.prod(np.arange(n, 0, -2.0)))


def _graded_solve(matrix, right):
    """Solve after a scaling by the diagonal, which is large where r is small."""
    scale = 1 / np.sqrt(np.abs(np.diag(matrix)))
    return scale * np.linalg.solve(matrix * np.outer(scale, scale), scale * right)


def with_power_tail(
    length: float, r_eff: float, V: float, n: float, *, reduced_mass: float, radius: float, l: int
) -> tuple[float, float]:
    """Return a_l and r_l with the first-order change from V(r) = V (r/R)^−n beyond R.

    k^{2l+1} cot δ changes by 2m ∫ V φ² dr, φ = k^{2l+1} cot δ F k^{−l−1} + G k^l.
    """
    R, first, second = radius, _double_factorial(2 * l + 1), _double_factorial(2 * l - 1)

    def integral(one, other):
        pairs = product(one.items(), other.items())
        return sum(x * y * V * R ** (p + q + 1) / (n - p - q - 1) for (p, x), (q, y) in pairs)

    # powers of r in φ, times −a_l (2l+1)!!, and in its derivative by k² at zero energy
    wave = {l + 1: 1.0, -l: -first * second * length}
    change = 2 * reduced_mass * integral(wave, wave) / first**2
    if n > 2 * l + 5 and np.isfinite(r_eff):
        next_order = {
            l + 1: r_eff / (2 * first),
            l + 3: 1 / (2 * (2 * l + 3) * length * first),
            2 - l: second / (2 * (2 * l - 1)),
        }
        r_eff -= 8 * reduced_mass * integral(wave, next_order) / (length * first)
    return float(length + change), float(r_eff)
