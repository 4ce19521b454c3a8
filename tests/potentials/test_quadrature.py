"""Nodes that are too coarse for the sum over r' are named, with the size of the error."""

import warnings

import numpy as np
import pytest

from halkit.exceptions import AccuracyWarning
from halkit.interactions import NonLocal, Separable, Yamaguchi
from halkit.potentials import NonLocalPotentialRegressor
from halkit.potentials.quadrature import phase_of_quadrature
from halkit.radial import RadialGrid, radial_weights, trapezoid_weights
from halkit.scattering import phase_shift, scattering_wave_functions

GRIDS = {
    "from 0.5": np.linspace(0.5, 9.5, 40),
    "step 0.3": np.arange(0.3, 10, 0.3),
    "from 0.4": np.arange(0.4, 10, 0.2),
    "fine": np.linspace(0.01, 12.5, 100),
    "half as fine": np.linspace(0.01, 12.5, 50),
    "from 0.2": np.arange(0.2, 9, 0.1),
}
K = np.array([0.08, 0.16, 0.32, 0.64])


def gaussian(r, s):
    return -2.0 * np.exp(-1.1 * (r**2 + s**2) - 0.4 * (r - s) ** 2)


TRUTHS = {
    "Yamaguchi": (Yamaguchi(0.2, 1.5, reduced_mass=1.0), 1.0),
    "virtual": (Yamaguchi(-0.1, 1.3, reduced_mass=2.0), 2.0),
    "exponential": (Separable(-0.3, 1.5), 1.0),
    "Gaussian": (NonLocal(gaussian), 0.8),
}


def rows(U, m, r):
    """φ_k on the nodes and ∫ U φ_k on a fine grid."""
    grid = RadialGrid.gauss_legendre(30.0, 240)
    waves = scattering_wave_functions(U, np.linspace(0.05, 1.0, 10), reduced_mass=m)
    return waves(r), (waves(grid.r) * grid.weights) @ U.nonlocal_potential(r[:, None], grid.r).T


CASES = [*zip(list(TRUTHS) * 3, list(GRIDS) * 2, strict=True)]


@pytest.mark.parametrize(("truth", "grid"), CASES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_the_error_of_the_sum_over_nodes_is_known(truth, grid):
    """The estimate is the error of the fit to a quarter, or to 2e-3 rad."""
    (U, m), r = TRUTHS[truth], GRIDS[grid]
    model = NonLocalPotentialRegressor(r, reduced_mass=m, n_init=2, max_iter=80, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(*rows(U, m, r))
    shift = phase_of_quadrature(model, model.r_, model.weights_, m)
    k = np.array([0.25, 0.5, 1.0, 2.0]) * np.pi / r[-1]
    error = model.phase_shift(k) - phase_shift(U, k, reduced_mass=m)
    error -= np.pi * np.round(error / np.pi)
    error = np.abs(error).max()
    assert abs(shift) == pytest.approx(error, rel=0.25, abs=2e-3)
    named = [str(w.message) for w in caught if w.category is AccuracyWarning]
    assert len(named) == (abs(shift) > 2e-3)
    assert all(f"moves phase shifts by {abs(shift):.1g} rad" in message for message in named)


def test_weights_of_nodes_that_start_away_from_the_origin():
    """∫ e^{−2.5r} r dr, as of Yamaguchi's sources: better than the trapezoidal rule, never worse.

    A parabola on the first panel where its cubic has a negative weight, a line where that has.
    """
    ratios = []
    for start, step in ((0.2, 0.1), (0.25, 0.1), (0.5, 0.23), (0.3, 0.1), (0.5, 0.1)):
        r = start + step * np.arange(120)
        f = np.exp(-1.5 * r) / r
        exact = 4 * np.pi / 1.5**2
        errors = [abs(w(r) @ f - exact) for w in (radial_weights, trapezoid_weights)]
        assert np.all(radial_weights(r) >= 0)
        ratios.append(errors[0] / errors[1])
    assert max(ratios) < 1.05
    assert max(ratios[:3]) < 0.5
