"""The Lagrange-Legendre mesh of (0, a), mapped so that its outer nodes crowd less.

Let x_j, λ_j be the nodes and weights of the N-point Gauss-Legendre rule on (0, 1), ℓ_j(x) the
polynomials with ℓ_j(x_i) = δ_ij, and r = a h(x) a map of (0, 1) onto (0, a). In the functions

    f_j(r) = (x/x_j) ℓ_j(x) / √w_j,    w_j = a h'(x_j) λ_j,

u(r) = Σ_j c_j f_j(r) has c_j = √w_j u(r_j), a local potential is V(r_i) δ_ij and a non-local
one √(w_i w_j) K(r_i, r_j). The kinetic matrix represents −d²/dr² + δ(r − a) d/dr (Bloch
operator for u'(a) = 0), ∫ f_i' f_j' dr by the same Gauss rule: CᵀC with, in units of 1/a,

    C_ij = (−1)^{i−j} √[x_i (1 − x_j) / ((1 − x_i) x_j h'_i h'_j)] / (x_i − x_j),
    C_jj = 1 / [2 x_j (1 − x_j) h'_j].

With h(x) = x this is Baye's mesh. Its nodes crowd at both ends, and in the middle they are π/2
times as far apart as even ones: good at the origin, for the core of a potential, but wasteful at
the channel radius. Here

    h'(x) ∝ 1/√[(2.2 + t)(1.2 − t)],    t = 2x − 1,

which hardly changes the origin (h'(0) = 0.89) and spreads the outer nodes (h'(1) = 1.8), so that
all others move closer (by 1.08 in the middle). For the same error of δ, the potentials with a
hard core that were tried need 5 % fewer points, and waves that oscillate everywhere 10 % fewer; a
potential with structure in the outermost tenth needs more. The singularities of h, at t = −2.2
and 1.2, limit the accuracy of phase shifts and energies to the order of 1.86^{−2N}, and of wave
functions between the nodes to 1.86^{−N}.

References: D. Baye, Phys. Rep. 565 (2015) 1, Eq. 3.122 and the following; P. Descouvemont,
Comput. Phys. Commun. 200 (2016) 199; D. Kosloff and H. Tal-Ezer, J. Comput. Phys. 104 (1993)
457 (such a map, the same at both ends); N. Hale and L. N. Trefethen, SIAM J. Numer. Anal. 46
(2008) 930 (cost and gain of such maps).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.interactions.derivative import kinetic_scale
from halkit.interactions.interaction import Interaction, part_values, within
from halkit.scattering.solver.panels import Panels, barycentric_ratios, panel_functions
from halkit.typing import Array

__all__ = [
    "Hamiltonian",
    "LagrangeMesh",
    "hamiltonian",
    "is_smooth_across",
    "lagrange_mesh",
    "node_spacing",
    "potential_matrix",
]

LARGEST = 3000
# Search for a cusp of a kernel: number of radii, and the largest distance from r' = r over r.
PROBES, ACROSS = 20, 1e-3
BESIDE = 1 + ACROSS * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
# K at r' = r, its second differences over both distances, and its first differences.
DIFFERENCES = np.array(
    [[0, 0, 1, 0, 0], [1, 0, -2, 0, 1], [0, 1, -2, 1, 0], [-1, 0, 0, 0, 1], [0, -1, 0, 1, 0]]
).T.astype(float)

# The map is r/a = (θ − θ_0)/(θ_1 − θ_0) with t = middle + half_width sin θ, θ = ±π/2 at its
# singularities.
SINGULARITIES = (-2.2, 1.2)
MIDDLE, HALF_WIDTH = np.mean(SINGULARITIES), np.ptp(SINGULARITIES) / 2
START = np.arcsin((-1 - MIDDLE) / HALF_WIDTH)
SPAN = np.arcsin((1 - MIDDLE) / HALF_WIDTH) - START


class LagrangeMesh(NamedTuple):
    """The mesh on (0, a).

    Attributes
    ----------
    r, weights : array of shape (n,)
        Nodes and weights, Σ w f(r) ≈ ∫_0^a f dr.
    kinetic : array of shape (n, n)
        Matrix of −d²/dr² + δ(r − a) d/dr.
    surface : array of shape (n,)
        f_j(a), so that u(a) = Σ c_j f_j(a).
    radius : float
        a.
    panels : Panels or None
        Of a mesh with several panels, or with one that starts at a core.
    """

    r: Array
    weights: Array
    kinetic: Array
    surface: Array
    radius: float
    panels: Panels | None = None

    def sides(self) -> tuple[Array, Array, NDArray[np.int_]]:
        """Return the radii at which a potential is evaluated, their weights and their nodes."""
        if self.panels is None:
            return self.r, self.weights, np.arange(self.r.size)
        return self.panels.sides()

    def interpolate(self, coefficients: Array, r: Array) -> Array:
        """Return φ(r) = u(r)/r = Σ c_j f_j(r)/r for coefficients (n_states, n)."""
        return coefficients @ self.basis(np.atleast_1d(r)).T

    def basis(self, r: Array) -> Array:
        """Return f_j(r)/r, shape (n_r, n).

        Barycentric interpolation in x stays accurate next to a node: errors of the differences
        x(r) − x_j cancel between numerator and denominator.
        """
        if self.panels is not None:
            return Panels(*self.panels).basis(r) / np.sqrt(self.weights)
        node, rho = self.r / self.radius, r / self.radius
        x, y, slope = _unmap(node)
        barycentric = np.sqrt(x * y * self.weights / slope) * (-1.0) ** np.arange(x.size)
        ratio = barycentric_ratios(barycentric, np.subtract.outer(_unmap(rho)[0], x))
        tiny = np.finfo(float).tiny
        x_over_rho = _difference(rho + tiny, rho) / (rho + tiny)
        return ratio / (np.sqrt(self.weights) * x) * (x_over_rho / self.radius)[:, None]


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
    potential : array of shape (n, n)
        The part of the matrix from V and U.
    """

    matrix: Array
    symmetric: bool
    mesh: LagrangeMesh
    reduced_mass: float
    l: int
    scale: Array | float
    potential: Array

    @property
    def surface(self) -> Array:
        """The vector whose product with the coefficients is u(a)."""
        return self.mesh.surface * self.scale


def lagrange_mesh(radius: float, n: int, panels: Panels | None = None) -> LagrangeMesh:
    """Return the Lagrange-Legendre mesh of n functions on (0, radius), or the mesh of `Panels`."""
    if panels is not None:
        _refuse_endless(n)
        return LagrangeMesh(*panel_functions(panels), radius, panels)
    x, weights, kinetic, surface = _unit_mesh(n)
    a = radius
    return LagrangeMesh(a * x, a * weights, kinetic / a**2, surface / np.sqrt(a), a)


@lru_cache(maxsize=32)
def _unit_mesh(n):
    _refuse_endless(n)
    x, weights = _gauss_legendre(n)
    y = x[::-1]  # 1 − x without cancellation
    rho, slope = _map(x)
    late = np.logical_and.outer(x > 0.5, x > 0.5)
    difference = np.where(late, np.subtract.outer(y, y).T, np.subtract.outer(x, x)) + np.eye(n)
    sign, odds = (-1.0) ** np.arange(n), np.sqrt(x / y)
    derivative = np.outer(sign * odds, sign / odds) / difference
    np.fill_diagonal(derivative, 1 / (2 * x * y))
    derivative /= np.sqrt(np.outer(slope, slope))
    surface = sign[::-1] / np.sqrt(x * y * slope)
    return rho, slope * weights, derivative.T @ derivative, surface


def _refuse_endless(n):
    if n > LARGEST:
        raise ValueError(
            f"a mesh of {n} points is needed, more than {LARGEST}: lower k or the channel radius"
        )


def _map(x):
    """Return h(x), with a relative error of rounding, and h'(x)."""
    sin_start, cos_start = np.sin(START), np.cos(START)
    step = 2 * x / HALF_WIDTH  # sin θ − sin θ_0
    sin = sin_start + step
    cos = np.sqrt(1 - sin**2)
    # sin θ − sin θ_0 = 2 sin[(θ − θ_0)/2] cos[(θ + θ_0)/2]
    middle = np.arctan2(sin + sin_start, cos + cos_start)
    return 2 * np.arcsin(step / (2 * np.cos(middle))) / SPAN, 2 / (HALF_WIDTH * SPAN * cos)


def _unmap(rho):
    """Return x, 1 − x and h'(x) where h(x) = ρ."""
    slope = 2 / (HALF_WIDTH * SPAN * np.cos(START + SPAN * rho))
    return _difference(rho, rho), _difference(1 - rho, 1 + rho), slope


def _difference(step, total):
    """Return x_2 − x_1 for the difference and the sum of h(x_2) and h(x_1)."""
    return HALF_WIDTH * np.sin(SPAN / 2 * step) * np.cos(START + SPAN / 2 * total)


def node_spacing(rho: Array) -> Array:
    """Return the distance between the nodes near r = ρa, times n/a: π √(x(1 − x)) h'(x)."""
    x, y, slope = _unmap(rho)
    return np.pi * np.sqrt(x * y) * slope


@lru_cache(maxsize=512)
def _gauss_legendre(n):
    """Nodes and weights on (0, 1), read-only, with x and 1 − x to relative rounding.

    The usual nodes z on (−1, 1) give x = (1 + z)/2 with an absolute error that spoils an
    effective range. Newton's method in t = 1 − z, with the recurrence for P_j − P_{j−1}, avoids
    the cancellation.
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
    nodes = np.append(x, 1 - x[middle]), np.append(weights, weights[middle])
    for array in nodes:  # shared by all meshes
        array.flags.writeable = False
    return nodes


def hamiltonian(
    interaction: Interaction, mesh: LagrangeMesh, *, reduced_mass: float, l: int = 0
) -> Hamiltonian:
    """Return −(d²/dr² − l(l+1)/r²)/2m + V + U on the mesh, with the Bloch operator.

    V2(r) (d²/dr² − l(l+1)/r²) is included, see `halkit.interactions.derivative`.
    """
    m = reduced_mass
    side_scale = None
    if interaction.has_laplacian:
        side_scale = kinetic_scale(interaction, mesh.sides()[0], m)
    free = mesh.kinetic / (2 * m) + np.diag(l * (l + 1) / (2 * m * mesh.r**2))
    potential, symmetric = potential_matrix(interaction, mesh, side_scale)
    scale: Array | float = 1.0
    if side_scale is not None:
        scale = _mean_scale(mesh, side_scale)
        free = free * np.outer(scale, scale)
    return Hamiltonian(free + potential, symmetric, mesh, m, l, scale, potential)


def potential_matrix(
    interaction: Interaction, mesh: LagrangeMesh, side_scale: Array | None = None
) -> tuple[Array, bool]:
    """Return V + U on the mesh and whether it is symmetric.

    With `side_scale`, the scale s(r) of a V2∇² on the sides of the nodes, it acts on u/s: it is
    s (V + U)/s² s, with (V + U)/s² averaged over the two sides of an edge.
    """
    r = mesh.sides()[0]
    inside = within(interaction.radius, r) * 1.0
    square = 1.0 if side_scale is None else side_scale**2
    matrix, symmetric = np.zeros((mesh.r.size, mesh.r.size)), True
    if interaction.has_nonlocal:
        matrix, symmetric = _nonlocal_matrix(interaction, mesh, square)
    if interaction.has_local:
        local = inside * part_values(interaction, "local_potential", r) / square
        matrix = matrix + np.diag(_mean(mesh, local))
    if side_scale is not None:
        scale = _mean_scale(mesh, side_scale)
        matrix = matrix * np.outer(scale, scale)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"the potential {interaction!r} is not finite inside r = {mesh.radius:g}")
    return matrix, symmetric


def _mean(mesh, values):
    """The mean of a function over the sides of each node."""
    if mesh.panels is None:
        return values
    _, weights, node = mesh.sides()
    return np.bincount(node, weights * values) / mesh.weights


def _mean_scale(mesh, side_scale):
    return 1 / np.sqrt(_mean(mesh, 1 / side_scale**2))


def _nonlocal_matrix(interaction, mesh, square):
    r, weights, _ = mesh.sides()
    inside = within(interaction.nonlocal_end, r) * 1.0
    kernel = part_values(interaction, "kernel", r[:, None], r[None, :])
    symmetric = bool(np.max(np.abs(kernel - kernel.T)) <= 1e-10 * np.max(np.abs(kernel)))
    root = np.sqrt(weights) * inside
    if is_smooth_across(interaction, mesh):
        matrix = np.outer(root / square, root) * kernel
        if mesh.panels is not None:
            matrix = _joined(_joined(matrix, mesh).T, mesh).T
    else:
        matrix = _joined((root / square)[:, None] * _split_integrals(interaction, mesh), mesh)
    symmetric = symmetric and np.ndim(square) == 0
    return (matrix + matrix.T) / 2 if symmetric else matrix, symmetric


def _joined(rows, mesh):
    """The rows of the sides of each node summed to one: Σ √(w_side/w) row."""
    if mesh.panels is None:
        return rows
    _, weights, node = mesh.sides()
    rows = rows * np.sqrt(weights / mesh.weights[node])[:, None]
    return np.add.reduceat(rows, np.flatnonzero(np.diff(node, prepend=-1)), axis=0)


def is_smooth_across(interaction: Interaction, mesh: LagrangeMesh) -> bool:
    """Return whether K(r, r') is smooth at r' = r, from its differences next to the diagonal."""
    r = mesh.r[:: max(1, mesh.r.size // PROBES)]
    for edge in (mesh.radius,) if mesh.panels is None else mesh.panels.edges:
        r = r[np.abs(r - edge) > 2 * ACROSS * r]
    kernel = r[:, None] * part_values(interaction, "kernel", r[:, None], np.outer(r, BESIDE))
    here, bend, half_bend, step, half_step = np.abs(kernel @ DIFFERENCES).sum(axis=0).tolist()
    least = 1e-6 * here + 1e-300
    return (bend < least or half_bend < 0.35 * bend) and (step < least or half_step < 0.75 * step)


def _split_integrals(interaction, mesh):
    """``∫ K(r_i, r') f_j(r') dr'`` for each side i, by Gauss rules between the edges and r_i."""
    r = mesh.sides()[0]
    edges = np.array([0.0, mesh.radius] if mesh.panels is None else mesh.panels.edges)
    ends = np.sort(np.column_stack([np.tile(edges, (r.size, 1)), r]), axis=1)
    z, w = np.polynomial.legendre.leggauss(mesh.r.size // (2 * (edges.size - 1)) + 12)
    widths = np.diff(ends, axis=1)[:, :, None]
    points = (ends[:, :-1, None] + widths * (1 + z) / 2).reshape(r.size, -1)
    rule = (widths * w / 2).reshape(r.size, -1) * within(interaction.nonlocal_end, points)
    values = rule * points * part_values(interaction, "kernel", r[:, None], points)
    return np.array([row @ mesh.basis(x) for x, row in zip(points, values, strict=True)])
