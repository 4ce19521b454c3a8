"""The Lagrange-Legendre mesh: functions on (0, a) on which H0 is exact and a potential diagonal.

With x_j, λ_j the nodes and weights of the N-point Gauss-Legendre rule on (0, 1), r_j = a x_j,

    f_j(r) = (−1)^{N−j} (r/r_j) √(r_j (1 − x_j)) P_N(2r/a − 1) / (r − r_j),

so that u(r) = Σ_j c_j f_j(r) has c_j = √(aλ_j) u(r_j), a local potential is V(r_i) δ_ij
and a non-local one √(aλ_i aλ_j) K(r_i, r_j). The kinetic matrix is that of
−d²/dr² + δ(r − a) d/dr (the Bloch operator for u'(a) = 0), which is symmetric.

References: D. Baye, Phys. Rep. 565 (2015) 1, Eq. 3.122 and the following;
P. Descouvemont, Comput. Phys. Commun. 200 (2016) 199.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from halkit.scattering.derivative import kinetic_scale

__all__ = [
    "Hamiltonian",
    "LagrangeMesh",
    "hamiltonian",
    "lagrange_mesh",
    "potential_matrix",
    "real_values",
]

LARGEST = 3000


class LagrangeMesh(NamedTuple):
    """The mesh on (0, a).

    Attributes
    ----------
    r, weights : array of shape (n,)
        Nodes and Gauss weights, Σ w f(r) ≈ ∫_0^a f dr.
    kinetic : array of shape (n, n)
        Matrix of −d²/dr² + δ(r − a) d/dr.
    surface : array of shape (n,)
        f_j(a), so that u(a) = Σ c_j f_j(a).
    radius : float
        a.
    """

    r: np.ndarray
    weights: np.ndarray
    kinetic: np.ndarray
    surface: np.ndarray
    radius: float

    def interpolate(self, coefficients, r):
        """Return φ(r) = u(r)/r = Σ c_j f_j(r)/r, a polynomial, for coefficients (n_states, n).

        Barycentric interpolation, which stays accurate next to a node.
        """
        values = coefficients / (np.sqrt(self.weights) * self.r)
        x = self.r / self.radius
        barycentric = np.sqrt(x * (1 - x) * self.weights) * (-1.0) ** np.arange(x.size)
        difference = np.subtract.outer(np.atleast_1d(r), self.r)
        node = np.argwhere(difference == 0)
        difference[difference == 0] = 1.0
        ratio = barycentric / difference
        result = values @ (ratio / ratio.sum(axis=1, keepdims=True)).T
        result[:, node[:, 0]] = values[:, node[:, 1]]
        return result


class Hamiltonian(NamedTuple):
    """H of u on a mesh, with the Bloch operator for u'(a) = 0.

    Attributes
    ----------
    matrix : array of shape (n, n)
    symmetric : bool
        Whether U(r, r') = U(r', r) on the mesh.
    mesh : LagrangeMesh
    reduced_mass : float
    l : int
    scale : array of shape (n,) or float
        The matrix acts on the coefficients of u divided by this (1 without a V2∇²).
    """

    matrix: np.ndarray
    symmetric: bool
    mesh: LagrangeMesh
    reduced_mass: float
    l: int
    scale: np.ndarray | float = 1.0

    @property
    def surface(self):
        """Vector whose product with the coefficients is u(a)."""
        return self.mesh.surface * self.scale


def lagrange_mesh(radius, n):
    """Return the Lagrange-Legendre mesh of n functions on (0, radius)."""
    x, weights, kinetic, surface = _unit_mesh(n)
    a = radius
    return LagrangeMesh(a * x, a * weights, kinetic / a**2, surface / np.sqrt(a), a)


@lru_cache(maxsize=32)
def _unit_mesh(n):
    if n > LARGEST:
        raise ValueError(
            f"a mesh of {n} points is needed, more than {LARGEST}: lower k or the channel radius"
        )
    x, weights = _gauss_legendre(n)
    y = x[::-1]  # 1 − x without cancellation
    p = x * y
    late = np.logical_and.outer(x > 0.5, x > 0.5)
    difference = np.where(late, np.subtract.outer(y, y).T, np.subtract.outer(x, x)) + np.eye(n)
    pole = (np.outer(x, y) + np.outer(y, x)) / difference**2
    sign = (-1.0) ** np.arange(n)
    kinetic = n**2 + n + 1 + pole - np.add.outer(1 / y, 1 / y)
    kinetic *= np.outer(sign / np.sqrt(p), sign / np.sqrt(p))
    np.fill_diagonal(kinetic, ((4 * n**2 + 4 * n + 3) * p + y - 5 * x) / (3 * p**2))
    surface = sign[::-1] / np.sqrt(p)
    return x, weights, kinetic, surface


def _gauss_legendre(n):
    """Nodes and weights on (0, 1), right to rounding relative to x and to 1 − x.

    The usual nodes z on (−1, 1) would give x = (1 + z)/2 with an absolute error only,
    which an effective range feels. Newton's method in t = 1 − z, with the recurrence
    for P_j − P_{j−1}, has no cancellation.
    """
    half = np.arange(1, (n + 1) // 2 + 1)
    t = 2 * np.sin(np.pi * (4 * half - 1) / (8 * n + 4)) ** 2
    for _ in range(6):
        value, step = 1 - t, -t
        for j in range(1, n):
            step = (j * step - (2 * j + 1) * t * value) / (j + 1)
            value = value + step
        slope = n * (value - step - (1 - t) * value) / (t * (2 - t))
        t = t + value / slope
    x, weights = t / 2, 1 / (t * (2 - t) * slope**2)
    middle = slice(None, None, -1) if n % 2 == 0 else slice(-2, None, -1)
    return np.append(x, 1 - x[middle]), np.append(weights, weights[middle])


def hamiltonian(interaction, mesh, *, reduced_mass, l=0, V2=None):
    """Return −(d²/dr² − l(l+1)/r²)/2m + V + U on the mesh, Bloch operator included.

    With V2 it also has V2(r) (d²/dr² − l(l+1)/r²), see `halkit.scattering.derivative`.
    """
    m, r = reduced_mass, mesh.r
    scale = 1.0 if V2 is None else kinetic_scale(V2, r, m)
    free = mesh.kinetic / (2 * m) + np.diag(l * (l + 1) / (2 * m * r**2))
    if V2 is not None:
        free = free * np.outer(scale, scale)
    potential, symmetric = potential_matrix(interaction, mesh, scale)
    return Hamiltonian(free + potential, symmetric, mesh, m, l, scale)


def potential_matrix(interaction, mesh, scale=1.0):
    """Return V + U on the mesh, acting on u/scale, and whether it is symmetric."""
    r = mesh.r
    inside = np.ones_like(r) if interaction.radius is None else (r <= interaction.radius) * 1.0
    matrix, symmetric = np.zeros((r.size, r.size)), True
    if interaction.has_nonlocal:
        kernel = real_values(interaction.kernel(r[:, None], r[None, :]), "U(r, r')")
        if np.ndim(scale):
            kernel = kernel * np.divide.outer(1 / scale, 1 / scale)
        root = np.sqrt(mesh.weights) * inside
        symmetric = bool(np.max(np.abs(kernel - kernel.T)) <= 1e-10 * np.max(np.abs(kernel)))
        matrix = np.outer(root, root) * (kernel + kernel.T if symmetric else 2 * kernel) / 2
    if interaction.has_local:
        local = inside * real_values(interaction.local_potential(r), "V(r)")
        matrix = matrix + np.diag(local)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"the potential {interaction!r} is not finite inside r = {mesh.radius:g}")
    return matrix, symmetric


def real_values(values, name):
    """Return values as they are, unless they are complex."""
    if np.iscomplexobj(values):
        raise ValueError(f"Complex data not supported: {name} has dtype {values.dtype}")
    return values
