"""Nodes that are too coarse are named with the size of the error, and so are local truths."""

import warnings

import numpy as np
import pytest

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, NonLocal, Separable, Yamaguchi
from halkit.potentials import NonLocalPotentialRegressor
from halkit.potentials.exact import left_by_local_potential, phase_of_quadrature
from halkit.radial import RadialGrid, radial_weights, trapezoid_weights
from halkit.scattering import bound_states, phase_shift, scattering_wave_functions

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


def local_rows(V, m, r):
    X = scattering_wave_functions(V, np.linspace(0.05, 1.0, 10), reduced_mass=m)(r)
    return X, V.local_potential(r) * X


@pytest.mark.parametrize("depth", [-0.3, -3.0, -12.0, 2.0])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning")
def test_data_of_a_local_potential_are_named(depth):
    """With a local term there is nothing to say, and all states are there."""
    V, m, r = GaussianSum([depth], [1.0]), 1.0, np.linspace(0.05, 8.0, 80)
    X, y = local_rows(V, m, r)
    settings = {"reduced_mass": m, "n_init": 1, "max_iter": 60, "random_state": 0}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        NonLocalPotentialRegressor(r, **settings).fit(X, y)
    assert sum("the data prefer a local potential" in str(w.message) for w in caught) == 1
    model = NonLocalPotentialRegressor(r, local=True, **settings).fit(X, y)
    kappa = bound_states(V, reduced_mass=m).kappa
    np.testing.assert_allclose(model.bound_states().kappa, kappa, rtol=1e-3)


@pytest.mark.parametrize("kind", ["repeated", "without weight"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_wave_function_does_not_tell(kind):
    """V(r) = y/φ describes any one sample; repeated samples are one, too."""
    r = np.linspace(0.02, 12.0, 60)
    X, y = rows(*TRUTHS["exponential"], r)
    model = NonLocalPotentialRegressor(r, reduced_mass=1.0, n_init=1, max_iter=5, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if kind == "repeated":
            model.fit(np.tile(X[3:4], (5, 1)), np.tile(y[3:4], (5, 1)))
        else:
            model.fit(X, y, sample_weight=np.arange(10) == 3)
    assert not any("local potential" in str(w.message) for w in caught)


@pytest.mark.parametrize("beta", [1.0, 0.3, 0.1, 0.03])
def test_what_a_local_potential_leaves_of_non_local_sources(beta):
    """U ∝ e^{−(r−r')²/β²}/β becomes local as β⁴, and so does what V leaves; V takes all of its."""
    r = np.linspace(0.1, 6.0, 60)
    f = np.exp(-(r**2) / 4)
    k = np.array([0.2, 0.5, 0.8, 1.1])[:, None]
    X, W = np.sin(k * r) / r, r * np.ones((4, 1))
    grid = RadialGrid.gauss_legendre(6.5, 900)

    def smeared(phi):
        K = np.exp(-(((r[:, None] - grid.r) / beta) ** 2)) / (np.sqrt(np.pi) * beta)
        return (phi * grid.weights / (4 * np.pi * grid.r**2)) @ K.T

    y = f / r * smeared(np.sin(k * grid.r))
    left = left_by_local_potential(X, y, W)
    second = -k * k * beta**2 / 4 * f * X  # (β²/4) u'' of the smeared wave
    expected = left_by_local_potential(X, f * X + second, W)
    if beta < 0.2:
        assert left == pytest.approx(expected, rel=0.1)
    assert left > 0.5e-3 * beta**4
    assert left_by_local_potential(X, f * X, W) < 1e-30
