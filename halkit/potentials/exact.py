r"""What a fit to data without errors may hide: nodes that are too coarse, and a local truth.

A fit makes Σ_j w_j U(r, r_j) φ(r_j) equal to the sources, while observables come from the
integral over U as a function. The two differ by ΔU, a potential that moves phase shifts by

    Δδ(k) = −2mk ∫ r² φ_k(r) (ΔU φ_k)(r) dr,    φ_k → sin(kr + δ)/(kr),

in first order, with φ_k the waves of the fit itself. For Yamaguchi's and other truths on grids
from fine to far too coarse this agrees with the error of the fit to a tenth, up to 0.2 rad.

Sources of a local potential, y_s(r) = V(r) φ_s(r), are those of many U within the energies of the
data, and a U of the networks is right there alone: deep bound states may be missing. One number
V(r_i) for each node leaves

    Σ_i [Σ_s (W y)_si² − (Σ_s (W y)_si (W φ)_si)² / Σ_s (W φ)_si²]

of the squared sources; where this is little, and less than what U leaves, the data prefer V.
"""

import warnings

import numpy as np

from halkit.exceptions import AccuracyWarning, UnderdeterminedWarning
from halkit.potentials.problem import FEWEST
from halkit.potentials.reach import EXACT, N_POINTS
from halkit.potentials.validation import node_columns
from halkit.radial import RadialGrid
from halkit.scattering import scattering_wave_functions

__all__ = ["left_by_local_potential", "phase_of_quadrature", "warn_of_exact_fit"]

# Momenta times the radius where the data end, over π.
MOMENTA = np.array([0.25, 0.5, 1.0, 2.0])
# What the second of the directions of the samples has to be over the first: one V(r) describes
# any sources of a single wave function.
SECOND = 1e-3
# Squared sources that a good description leaves over.
GOOD = 1e-3


def phase_of_quadrature(potential, r, weights, reduced_mass):
    """Δδ in radians, the largest by size of a few momenta up to 2π/R.

    Parameters
    ----------
    potential : interaction
        With a U(r, r') that is zero beyond R, the last node.
    r, weights : ndarray of shape (n_r,)
        Nodes, and the measure of the sum over r'.
    reduced_mass : float
    """
    end = r[-1]
    k, grid = MOMENTA * np.pi / end, RadialGrid.gauss_legendre(end, 2 * N_POINTS)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", AccuracyWarning)
        waves = scattering_wave_functions(
            potential, k, reduced_mass=reduced_mass, channel_radius=end, n_mesh=N_POINTS
        )
    phi, U = waves(grid.r), potential.nonlocal_potential
    change = (waves(r) * weights) @ U(grid.r[:, None], r).T
    change -= (phi * grid.weights) @ U(grid.r[:, None], grid.r).T
    shifts = -2 * reduced_mass * k * ((phi * change) @ grid.weights) / (4 * np.pi)
    return float(shifts[np.argmax(np.abs(shifts))])


def left_by_local_potential(X, y, W):
    """The part of Σ (W y)² that the best V(r), free on each node, leaves unexplained.

    Parameters
    ----------
    X, y, W : ndarray of shape (n_samples, n_out)
        Wave functions, sources and weights at the output nodes.
    """
    waves, sources = _weighted(X, W), W * y
    size = np.linalg.norm(waves, axis=0)
    unit = np.divide(waves, size, out=np.zeros_like(waves), where=size > 0)
    left = sources - unit * np.sum(unit * sources, axis=0)
    return float(np.sum(left**2) / np.sum(sources**2))


def _weighted(X, W):
    """W φ in a unit in which its squares are in range."""
    return (W / W.max()) * (X / np.abs(X).max())


def warn_of_exact_fit(model, problem):
    """Warn of a U whose nodes are too coarse, or whose data are those of a local potential."""
    if len(model.r_out_) < FEWEST:
        return
    _warn_of_quadrature(model)
    if not model._has_local:
        _warn_of_locality(model, problem)


def _warn_of_quadrature(model):
    """Weights of the user's own that do not add up to the volume define another U."""
    mass, volume = model._reduced_mass(), 4 * np.pi / 3 * model.r_[-1] ** 3
    if mass is None or abs(model.weights_.sum() - volume) > 0.2 * volume:
        return
    shift = abs(phase_of_quadrature(model, model.r_, model.weights_, mass))
    if shift > EXACT:
        warnings.warn(
            f"the nodes are too coarse for the fitted U: the sum over r' differs from ∫ U φ by "
            f"what moves phase shifts by {shift:.1g} rad. Take data on finer nodes, or nodes that "
            f"start closer to the origin than r = {model.r_[0]:.3g}",
            AccuracyWarning,
            stacklevel=6,
        )


def _warn_of_locality(model, problem):
    if not np.isin(model.r_out_, model.r_).all():
        return
    X = problem.X[:, node_columns(model.r_out_, model.r_)]
    directions = np.linalg.svd(_weighted(X, problem.W), compute_uv=False)
    if directions.size < 2 or directions[1] < SECOND * directions[0]:
        return
    left = left_by_local_potential(X, problem.y, problem.W)
    if left < min(model.loss_, GOOD):
        warnings.warn(
            f"a local potential V(r) leaves {left:.1g} of the squared sources unexplained, the "
            f"fitted U {model.loss_:.1g}: the data are those of a local potential, and this U "
            "is right at their energies only. Deeper bound states may be missing; fit with "
            "local=True or local='only'",
            UnderdeterminedWarning,
            stacklevel=6,
        )
