r"""Two hidden faults of fits to data without errors: nodes that are too coarse, and a local truth.

A fit makes Σ_j w_j U(r, r_j) φ(r_j) equal to the targets, while observables come from the
integral over U as a function. The two differ by ΔU, a potential that moves phase shifts by

    Δδ(k) = −2mk ∫ r² φ_k(r) (ΔU φ_k)(r) dr,    φ_k → sin(kr + δ)/(kr),

in first order, with the waves φ_k of the fit itself. For Yamaguchi's and other truths, on grids
from fine to far too coarse, this agrees with the error of the fit to a tenth, up to 0.2 rad.

Within the energies of the data, many U have the targets of a local potential, y_s(r) = V(r) φ_s(r).
The U of a network is right only there: deep bound states may be missing. One number V(r_i) for
each node leaves

    Σ_i [Σ_s (W y)_si² − (Σ_s (W y)_si (W φ)_si)² / Σ_s (W φ)_si²]

of the squared targets. If this is small, and less than U leaves, the data prefer V.
"""

from __future__ import annotations

import warnings

import numpy as np

from halkit.exceptions import AccuracyWarning, UnderdeterminedWarning
from halkit.interactions import Interaction
from halkit.potentials.problem import FEWEST, Problem
from halkit.potentials.reach import EXACT, N_POINTS
from halkit.potentials.validation import node_columns
from halkit.radial import RadialGrid
from halkit.scattering import scattering_wave_functions
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = [
    "left_by_local_potential",
    "phase_of_quadrature",
    "warn_of_exact_fit",
    "warn_of_quadrature",
]

# Momenta times the radius where the data end, over π.
MOMENTA = np.array([0.25, 0.5, 1.0, 2.0])
# Least ratio of the second direction of the samples to the first: one V(r) describes any targets of
# a single wave function.
SECOND = 1e-3
# Part of ∫∫ |U φ| that is rounding.
ROUNDING = 1e-12
# Share of the squared targets that a good description leaves.
GOOD = 1e-3


def phase_of_quadrature(
    potential: Interaction, r: Array, weights: Array, reduced_mass: float
) -> float:
    """Δδ in radians, the largest in size for a few momenta up to 2π/R.

    Parameters
    ----------
    potential : interaction
        With a U(r, r') that is zero beyond R, the last node.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    reduced_mass : float
    """
    end = r[-1]
    k, grid = MOMENTA * np.pi / end, RadialGrid.gauss_legendre(end, 2 * N_POINTS)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", AccuracyWarning)
        waves = scattering_wave_functions(
            potential,
            k,
            reduced_mass=reduced_mass,
            l=potential.l or 0,
            channel_radius=end,
            n_mesh=N_POINTS,
        )
    phi, U = waves(grid.r), potential.nonlocal_potential(grid.r[:, None], grid.r)
    change = (waves(r) * weights) @ potential.nonlocal_potential(grid.r[:, None], r).T
    change -= (phi * grid.weights) @ U.T
    moved, size = (phi * change) @ grid.weights, np.abs(phi * grid.weights)
    rounding = ROUNDING * np.abs(phi).max(axis=1) * (size @ np.abs(U) @ grid.weights)
    shifts = -2 * reduced_mass * k * np.where(np.abs(moved) > rounding, moved, 0.0) / (4 * np.pi)
    return float(shifts[np.argmax(np.abs(shifts))])


def left_by_local_potential(X: Array, y: Array, W: Array) -> float:
    """The share of Σ (W y)² that the best V(r), free on each node, leaves unexplained.

    Parameters
    ----------
    X, y, W : ndarray of shape (n_samples, n_out)
        Wave functions, targets and weights at the output nodes.
    """
    waves, targets = _weighted(X, W), W * y
    size = np.linalg.norm(waves, axis=0)
    unit = np.divide(waves, size, out=np.zeros_like(waves), where=size > 0)
    left = targets - unit * np.sum(unit * targets, axis=0)
    return float(np.sum(left**2) / np.sum(targets**2))


def _weighted(X, W):
    """W φ in a unit in which its squares are in range."""
    return (W / W.max()) * (X / np.abs(X).max())


def warn_of_exact_fit(
    learned: Interaction, problem: Problem, r: Array, weights: Array, r_out: Array,
    reduced_mass: float | None, loss: float,
) -> None:  # fmt: skip
    """Warn of a U whose nodes are too coarse, or whose data come from a local potential."""
    if len(r_out) < FEWEST:
        return
    warn_of_quadrature(learned, r, weights, reduced_mass)
    if not learned.has_local and np.isin(r_out, r).all():
        _warn_of_locality(problem.X[:, node_columns(r_out, r)], problem, loss)


def warn_of_quadrature(
    learned: Interaction, r: Array, weights: Array, reduced_mass: float | None
) -> None:
    """Warn if the sum over r' differs from the integral over U, as on coarse nodes.

    Weights of the user that do not add up to the volume define another U.

    Parameters
    ----------
    learned : interaction
        The fitted U.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum.
    reduced_mass : float or None
        None: no phase shifts, no warning.
    """
    volume = 4 * np.pi / 3 * r[-1] ** 3
    if reduced_mass is None or abs(weights.sum() - volume) > 0.2 * volume:
        return
    shift = abs(phase_of_quadrature(learned, r, weights, reduced_mass))
    if shift > EXACT:
        warn_caller(
            "the nodes are too coarse for the fitted U: the sum over r' differs from ∫ U φ, which "
            f"moves phase shifts by {shift:.1g} rad. Take data on finer nodes, or nodes that start "
            f"closer to the origin than r = {r[0]:.3g}",
        )


def _warn_of_locality(phi, problem, loss):
    directions = np.linalg.svd(_weighted(phi, problem.W), compute_uv=False)
    if directions.size < 2 or directions[1] < SECOND * directions[0]:
        return
    left = left_by_local_potential(phi, problem.y, problem.W)
    if left < min(loss, GOOD):
        warn_caller(
            f"a local potential V(r) leaves {left:.1g} of the squared targets unexplained, the "
            f"fitted U {loss:.1g}: the data prefer a local potential, and this U is right only at "
            "their energies. Deeper bound states may be missing; fit with local=True or "
            "local='only'",
            UnderdeterminedWarning,
        )
