r"""Potentials between plane waves: the S-wave Fourier-Bessel transform, its inverse, and a sum.

With j0(x) = sin(x)/x,

    Ũ(p, p') = 4π ∫∫ r² r'² j0(pr) U(r, r') j0(p'r') dr dr' + ∫ r² j0(pr) V(r) j0(p'r) dr,
    U(r, r') = (1/π³) ∫∫ p² p'² j0(pr) Ũ(p, p') j0(p'r') dp dp',

so that 4πŨ is ⟨p|U|p'⟩ with plane waves e^{ip·r}, and (2/π) Ũ the potential V(p, p') of the
Lippmann-Schwinger equation T = V + ∫ q² dq V T / (E − q²/2m). Integrals are sums over nodes.
On the nodes of `sine_grids` j0 is the matrix of the discrete sine transform, which is its own
inverse, so the round trip is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from halkit.checks import (
    check_array,
    check_integer,
    check_nodes,
    check_scale,
    is_array,
    refuse_overflow,
)
from halkit.interactions.conversion import Potential
from halkit.interactions.interaction import part_values, within
from halkit.radial import RadialGrid
from halkit.scattering.solver.partial_wave import interaction_in_wave
from halkit.typing import Array, Number, Numbers

__all__ = [
    "discrete_fourier_potential",
    "fourier_potential",
    "inverse_fourier_potential",
    "sine_grids",
]


def sine_grids(radius: Number, n: int) -> tuple[RadialGrid, RadialGrid]:
    """Return nodes r and p on which functions that end at `radius` transform exactly.

    r_i = i h and p_j = jπ/radius with i, j = 1 … n and h = radius/(n + 1): the discrete sine
    transform (of type I) of rf(r), with rf = 0 at r = 0 and at the radius.

    Parameters
    ----------
    radius : float
    n : int
        Number of nodes.

    Returns
    -------
    r, p : RadialGrid
        Nodes and the measures 4πr²h and 4πp²π/radius.

    Raises
    ------
    ValueError, TypeError
        If the radius is not positive, or `n` is not an integer ≥ 1.

    Examples
    --------
    >>> from halkit.scattering import sine_grids
    >>> r, p = sine_grids(20.0, 99)
    >>> float(r.r[-1]), float(p.r[0].round(6))
    (19.8, 0.15708)
    """
    radius = check_scale(radius, "radius")
    n = check_integer(n, "n", least=1)
    index = np.arange(1, n + 1)
    r, p = (
        RadialGrid(step * index, 4 * np.pi * (step * index) ** 2 * step)
        for step in (radius / (n + 1), np.pi / radius)
    )
    return r, p


def fourier_potential(
    potential: Potential,
    r: Numbers,
    p: Numbers,
    p_prime: Numbers | None = None,
    *,
    weights: Numbers | None = None,
) -> Array:
    """Return the potential between S waves of momenta p and p'.

    Ũ(p, p') = 4π ∫∫ r² r'² j0(pr) U(r, r') j0(p'r') dr dr' + ∫ r² j0(pr) V(r) j0(p'r) dr.

    For U = ω e^{−μ(r + r')} it is 16π μ² ω / [(μ² + p²)² (μ² + p'²)²].

    Parameters
    ----------
    potential : Interaction, fitted estimator, or array of shape (n, n) or (n,)
        See `halkit.interactions.as_interaction`; an array holds U(r_i, r_j) or V(r_i).
    r : array-like of shape (n,)
        Nodes of the sums. For an array its own nodes; for a function any that resolve it and the
        waves, such as `RadialGrid.gauss_legendre`. The sums end at the last node.
    p, p_prime : array-like of shape (n_p,), (n_p_prime,)
        Momenta ≥ 0, in the inverse of the unit of r; `p_prime` is `p` by default.
    weights : array-like of shape (n,), optional
        Measure, Σ w f ≈ ∫ 4πr² f dr; by default of the trapezoidal rule.

    Returns
    -------
    ndarray of shape (n_p, n_p_prime)
        In units of an energy times a length cubed.

    Raises
    ------
    ValueError, TypeError
        If nodes or momenta are negative or do not increase, if an array is complex, infinite or
        does not fit the nodes, or if `potential` has another type.

    See Also
    --------
    inverse_fourier_potential : The way back.
    sine_grids : Nodes for which both ways together are exact.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Separable
    >>> from halkit.radial import RadialGrid
    >>> from halkit.scattering import fourier_potential
    >>> grid, p = RadialGrid.gauss_legendre(40.0, 80), np.array([0.0, 0.5, 2.0])
    >>> U = fourier_potential(Separable(-0.017, 1.0), grid.r, p, weights=grid.weights)
    >>> exact = 16 * np.pi * -0.017 / np.outer((1 + p**2) ** 2, (1 + p**2) ** 2)
    >>> bool(np.allclose(U, exact, rtol=1e-10))
    True
    """
    r = check_nodes(r)
    w = _measure(weights, r, "weights")
    p = check_nodes(p, "p")
    p_prime = p if p_prime is None else check_nodes(p_prime, "p_prime")
    matrix = _on_nodes(potential, r, w)
    return _between(p, p_prime, r, w, matrix, 4 * np.pi)


def inverse_fourier_potential(
    potential: Numbers,
    p: Numbers,
    r: Numbers,
    r_prime: Numbers | None = None,
    *,
    weights: Numbers | None = None,
) -> Array:
    """Return the potential between two points from the potential between S waves.

    U(r, r') = (1/π³) ∫∫ p² p'² j0(pr) Ũ(p, p') j0(p'r') dp dp'.

    Parameters
    ----------
    potential : array-like of shape (n, n)
        Ũ(p_i, p_j).
    p : array-like of shape (n,)
        Momenta ≥ 0 of the sums, increasing. The sums end at the last one.
    r, r_prime : array-like of shape (n_r,), (n_r_prime,)
        Distances ≥ 0; `r_prime` is `r` by default.
    weights : array-like of shape (n,), optional
        Measure, Σ w f ≈ ∫ 4πp² f dp; by default of the trapezoidal rule.

    Returns
    -------
    ndarray of shape (n_r, n_r_prime)
        In units of an energy divided by a length cubed. A local potential comes back as
        V(r) δ(r − r')/(4πr'²), as sharp as the momenta allow.

    Raises
    ------
    ValueError, TypeError
        As in `fourier_potential`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.scattering import fourier_potential, inverse_fourier_potential, sine_grids
    >>> r, p = sine_grids(20.0, 60)
    >>> U = -np.exp(-r.r[:, None] - 0.5 * r.r)
    >>> waves = fourier_potential(U, r.r, p.r, weights=r.weights)
    >>> back = inverse_fourier_potential(waves, p.r, r.r, weights=p.weights)
    >>> bool(np.allclose(back, U, rtol=0, atol=1e-12))
    True
    """
    p = check_nodes(p, "p")
    w = _measure(weights, p, "weights")
    r = check_nodes(r)
    r_prime = r if r_prime is None else check_nodes(r_prime, "r_prime")
    matrix = _square(potential, p)
    return _between(r, r_prime, p, w, matrix, 16 * np.pi**5)


def discrete_fourier_potential(potential: Numbers) -> NDArray[np.complex128]:
    """Return the plain double sum u(p, p') = Σ_rr' U(r, r') e^{−2πi(rp + r'p')/N} of a matrix.

    r and p count the nodes, 0 … N − 1. The sum has neither the measure 4πr² nor the spacing;
    `fourier_potential` returns the potential between waves of momenta p and p'.

    Parameters
    ----------
    potential : array-like of shape (N, N)
        U on equidistant nodes.

    Returns
    -------
    complex ndarray of shape (N, N)

    Raises
    ------
    ValueError, TypeError
        If the matrix is complex, infinite or not square.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.scattering import discrete_fourier_potential
    >>> discrete_fourier_potential(np.ones((2, 2))).real
    array([[4., 0.],
           [0., 0.]])
    """
    matrix = check_array(potential, "potential")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"potential must be a square matrix, got shape {matrix.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.fft.fft2(matrix)
    refuse_overflow(total.view(np.float64), "the sum")
    return total


def _measure(weights, nodes, name):
    if weights is None:
        return RadialGrid.from_nodes(nodes).weights
    weights = check_array(weights, name)
    if weights.shape != nodes.shape:
        raise ValueError(f"{name} must have shape {nodes.shape}, got {weights.shape}")
    return weights


def _square(values, nodes):
    matrix = check_array(values, "potential", nodes.size)
    if matrix.shape != (nodes.size, nodes.size):
        raise ValueError(
            f"potential must have shape ({nodes.size}, {nodes.size}) for {nodes.size} nodes, "
            f"got {matrix.shape}"
        )
    return matrix


def _on_nodes(potential, r, w):
    """U(r_i, r_j), and V(r_i)/w_i added on the diagonal: δ³(r − r') is δ_ij/w_j."""
    if is_array(potential):
        values = check_array(potential, "potential", r.size)
        return _diagonal(values, w) if values.ndim == 1 else _square(values, r)
    interaction = interaction_in_wave(potential)
    inside = within(interaction.radius, r) * 1.0
    matrix = np.zeros((r.size, r.size))
    if interaction.has_nonlocal:
        U = part_values(interaction, "nonlocal_potential", r[:, None], r[None, :])
        ends = within(interaction.nonlocal_end, r) * 1.0
        matrix += np.outer(ends, ends) * U
    if interaction.has_local:
        matrix += _diagonal(inside * part_values(interaction, "local_potential", r), w)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"potential must be finite on every node of r, got {interaction!r}")
    return matrix


def _diagonal(values, w):
    with np.errstate(over="ignore"):
        return np.diag(np.divide(values, w, out=np.zeros_like(values), where=w > 0))


def _between(q, q_prime, x, w, matrix, norm):
    """Σ j0(q_i x_k) w_k M_kl w_l j0(q'_j x_l)/norm."""
    with np.errstate(over="ignore", invalid="ignore"):
        left, right = (np.sinc(np.outer(p, x) / np.pi) * w for p in (q, q_prime))
        return refuse_overflow(left @ matrix @ right.T / norm, "the transform")
