r"""Whether the nodes of the data are dense enough for the sum that stands for ∫ U φ.

A fit makes Σ_j w_j U(r, r_j) φ(r_j) equal to the sources, while observables come from the
integral over U as a function. The two differ by ΔU, a potential that moves phase shifts by

    Δδ(k) = −2mk ∫ r² φ_k(r) (ΔU φ_k)(r) dr,    φ_k → sin(kr + δ)/(kr),

in first order, with φ_k the waves of the fit itself. For Yamaguchi's and other truths on grids
from fine to far too coarse this agrees with the error of the fit to a tenth, up to 0.2 rad.
"""

import warnings

import numpy as np

from halkit.exceptions import AccuracyWarning
from halkit.potentials.problem import FEWEST
from halkit.potentials.reach import EXACT, N_POINTS
from halkit.radial import RadialGrid
from halkit.scattering import scattering_wave_functions

__all__ = ["phase_of_quadrature", "warn_of_quadrature"]

# Momenta times the radius where the data end, over π.
MOMENTA = np.array([0.25, 0.5, 1.0, 2.0])


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


def warn_of_quadrature(model):
    """Warn of nodes that are too coarse for the U of a fit whose mass is known, with the size.

    Weights of the user's own that do not add up to the volume define another U.
    """
    mass, volume = model._reduced_mass(), 4 * np.pi / 3 * model.r_[-1] ** 3
    if mass is None or len(model.r_out_) < FEWEST:
        return
    if abs(model.weights_.sum() - volume) > 0.2 * volume:
        return
    shift = abs(phase_of_quadrature(model, model.r_, model.weights_, mass))
    if shift > EXACT:
        warnings.warn(
            f"the nodes are too coarse for the fitted U: the sum over r' differs from ∫ U φ by "
            f"what moves phase shifts by {shift:.1g} rad. Take data on finer nodes, or nodes that "
            f"start closer to the origin than r = {model.r_[0]:.3g}",
            AccuracyWarning,
            stacklevel=5,
        )
