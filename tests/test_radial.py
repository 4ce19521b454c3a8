"""Quadrature and Laplacians against closed forms and against the full lattice."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import BSpline
from scipy.special import spherical_jn

from halkit.checks import check_array, check_nodes
from halkit.interactions import GaussianSum
from halkit.radial import RadialGrid, Wedge, radial_laplacian, radial_weights, trapezoid_weights

K = 1.3


def bessel_error(r, l, order):
    """Return the error of ∇² j_l(kr) = −k² j_l(kr) at each node."""
    f = spherical_jn(l, K * r)
    return np.abs(radial_laplacian(f, r, l=l, order=order) + K**2 * f)


def uniform(n):
    return np.arange(1, n + 1) * 6.0 / n


def stretched(n):
    s = np.arange(1, n + 1) / n
    return 6.0 * (0.4 * s + 0.6 * s**2)


@pytest.mark.parametrize("nodes", [uniform, stretched])
@pytest.mark.parametrize("order", [2, 4, 6, 8])
@pytest.mark.parametrize("l", [0, 1, 2])
def test_differences_converge_with_the_stated_order(nodes, order, l):
    coarse, fine = (bessel_error(nodes(n), l, order).max() for n in (60, 120))
    assert np.log2(coarse / fine) > order - (1.3 if l % 2 else 0.1 * order)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_the_order_holds_at_the_origin(order):
    inner = [bessel_error(uniform(n), 0, order)[: n // 4].max() for n in (40, 80)]
    assert np.log2(inner[0] / inner[1]) > 0.9 * order


def test_the_spline_is_of_fourth_order():
    coarse, fine = (bessel_error(uniform(n), 0, "spline").max() for n in (40, 80))
    assert np.log2(coarse / fine) > 3.5


@pytest.mark.parametrize("order", [2, 4, 6, 8, "spline"])
@pytest.mark.parametrize("l", [0, 1, 2])
def test_the_node_at_the_origin_takes_the_limit(order, l):
    r = np.linspace(0.0, 3.0, 121)
    tolerance = {2: 3e-3, "spline": 3e-6}.get(order, 2e-6)
    assert_allclose(bessel_error(r, l, order)[:4], 0.0, atol=tolerance * (100 if l == 1 else 1))


@pytest.mark.parametrize("order", [4, 6, 8])
def test_a_cusp_at_the_origin_costs_no_more_than_one_order(order):
    errors = []
    for n in (60, 120):
        r = uniform(n)
        exact = np.exp(-r) * (r - 3)
        errors.append(np.abs(radial_laplacian(np.exp(-r) * (1 + r), r, order=order) - exact).max())
    assert np.log2(errors[0] / errors[1]) > 0.9 * (order - 1)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_a_slope_at_the_origin_costs_no_more_than_one_order(order):
    """e^{−r}, on the nodes next to the origin, where u'' is divided by r = O(h)."""
    errors = []
    for n in (20, 40):
        r = np.arange(1, n + 1) * 4 / n
        error = radial_laplacian(np.exp(-r), r, order=order) - (1 - 2 / r) * np.exp(-r)
        errors.append(np.abs(error[:order]).max())
    assert np.log2(errors[0] / errors[1]) > order - 1


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_polynomials_are_exact(order):
    r = np.array([0.03, 0.2, 0.5, 0.6, 1.0, 1.1, 1.7, 2.0, 2.2, 2.9, 3.0])
    power = order - 2
    assert_allclose(
        radial_laplacian(r**power, r, order=order),
        power * (power + 1) * r ** np.maximum(power - 2.0, 0.0) * (power > 0),
        rtol=1e-9,
        atol=1e-9,
    )


def test_the_spline_has_degree_five():
    """Exact for u = r⁵, and off in the middle by O(h⁴) for u = r⁶."""
    errors = []
    for n in (30, 60):
        r = np.linspace(0.0, 3.0, n + 1)
        assert_allclose(radial_laplacian(r**4, r, order="spline"), 20 * r**2, atol=1e-8)
        error = radial_laplacian(r**5, r, order="spline") - 30 * r**3
        errors.append(np.abs(error[n // 2]))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("shift", [1e-3, 0.02])
def test_the_spline_is_the_not_a_knot_quintic(shift):
    """Against its own B-spline collocation, on uneven nodes."""
    r = np.sort(np.append(np.linspace(0.1, 3.0, 12), 1.0 + shift))
    x, f = np.append(0.0, r), np.exp(-r) / (1 + r)
    knots = np.concatenate([np.repeat(x[0], 6), x[3:-3], np.repeat(x[-1], 6)])
    design = BSpline.design_matrix(x, knots, 5).toarray()
    u = BSpline(knots, np.linalg.solve(design, np.append(0.0, r * f)), 5)
    assert_allclose(radial_laplacian(f, r, order="spline"), u(r, 2) / r, rtol=1e-8, atol=1e-8)


def test_nodes_far_from_the_origin_need_no_parity():
    r = np.linspace(2.0, 4.0, 80)
    assert_allclose(radial_laplacian(np.exp(r), r, order=8), np.exp(r) * (1 + 2 / r), rtol=1e-8)


def test_laplacian_is_linear_and_keeps_leading_axes():
    r = uniform(30)
    f = np.random.default_rng(0).standard_normal((2, 3, 30))
    whole = RadialGrid.from_nodes(r).laplacian(f)
    assert whole.shape == f.shape
    assert_allclose(whole[1, 2], radial_laplacian(f[1, 2], r), rtol=1e-13)
    assert_allclose(radial_laplacian(f[0] - 2 * f[1], r), whole[0] - 2 * whole[1], atol=1e-8)


@pytest.mark.parametrize(
    "grid",
    [
        RadialGrid.uniform(9.0, 300),
        RadialGrid.uniform(9.0, 301, r_min=0.0),
        RadialGrid.gauss_legendre(9.0, 40),
    ],
    ids=["uniform", "from zero", "gauss"],
)
def test_weights_integrate_a_gaussian(grid):
    assert_allclose(grid.weights @ np.exp(-(grid.r**2)), np.pi**1.5, rtol=1e-12)


@pytest.mark.parametrize("weights", [radial_weights, trapezoid_weights])
def test_a_node_at_the_origin_has_no_weight(weights):
    r = stretched(30)
    assert_allclose(weights(np.append(0.0, r)), np.append(0.0, weights(r)), rtol=1e-12)


def test_trapezoid_converges_with_second_order_on_uneven_nodes():
    errors = []
    for n in (100, 200):
        r = 1.5 * stretched(n)
        errors.append(abs(trapezoid_weights(r) @ (r**2 * np.exp(-r)) - 96 * np.pi * CUT))
    assert np.log2(errors[0] / errors[1]) > 1.9


R_END = 9.0
CUT = 1 - np.exp(-R_END) * sum(R_END**m / f for m, f in enumerate((1, 1, 2, 6, 24)))


def test_a_grid_is_frozen_and_owns_its_arrays():
    r = np.linspace(0.1, 1.0, 5)
    grid = RadialGrid.from_nodes(r)
    r[0] = 0.05
    assert len(grid) == 5
    assert grid.r[0] == 0.1
    with pytest.raises(ValueError, match="read-only"):
        grid.r[0] = 0.0
    with pytest.raises(AttributeError):
        grid.weights = r


def on_the_lattice(wedge, field):
    """Return the field on all L³ sites, by the rule of the wedge spelled out site by site."""
    where = {tuple(map(int, site)): i for i, site in enumerate(wedge.xyz)}
    full = np.empty((wedge.L,) * 3)
    for site in product(range(wedge.L), repeat=3):
        folded = sorted((min(c, wedge.L - c) for c in site), reverse=True)
        full[site] = field[where[tuple(folded)]]
    return full


@pytest.mark.parametrize("L", [2, 3, 6, 7, 12])
def test_the_wedge_laplacian_is_that_of_the_lattice(L):
    wedge = Wedge(L)
    full = on_the_lattice(wedge, field := np.random.default_rng(L).standard_normal(len(wedge.xyz)))
    expected = sum(np.roll(full, s, axis) for s in (1, -1) for axis in range(3)) - 6 * full
    assert_allclose(on_the_lattice(wedge, wedge.laplacian(field)), expected, atol=1e-13)


@pytest.mark.parametrize("L", [2, 5, 8, 48])
def test_wedge_points_are_ordered_and_multiplicities_fill_the_lattice(L):
    wedge = Wedge(L)
    half = L // 2 + 1
    expected = [(x, y, z) for x in range(half) for y in range(x + 1) for z in range(y + 1)]
    assert_array_equal(wedge.xyz, expected)
    assert_array_equal(wedge.index(wedge.xyz), np.arange(len(expected)))
    assert wedge.multiplicities.sum() == L**3
    assert wedge.shell_weights.sum() == L**3


def test_multiplicities_count_the_sites():
    wedge = Wedge(7)
    sites = np.array(list(product(range(7), repeat=3)))
    assert_array_equal(np.bincount(wedge.index(sites)), wedge.multiplicities)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 40), st.lists(st.integers(-200, 200), min_size=3, max_size=3))
def test_cubic_symmetry_and_translations_by_L_change_no_index(L, site):
    wedge = Wedge(L)
    images = [np.array(p) * s for p in permutations(site) for s in (1, -1)]
    images.append(np.array(site) + np.array([L, -2 * L, 0]))
    assert len({int(wedge.index(image)) for image in images}) == 1


def test_a_plane_wave_is_an_eigenvector_of_the_wedge_laplacian():
    wedge = Wedge(16)
    p = 2 * np.pi * 3 / 16
    wave = np.cos(p * wedge.xyz).sum(axis=1)
    assert_allclose(wedge.laplacian(wave), -4 * np.sin(p / 2) ** 2 * wave, atol=1e-12)


def test_shells_merge_points_of_equal_distance():
    wedge = Wedge(12)
    marked = np.isin(wedge.index(np.array([[3, 0, 0], [2, 2, 1]])), np.arange(len(wedge.xyz)))
    assert marked.all()
    shell = np.flatnonzero(np.isclose(wedge.shell_r, 3.0))
    assert shell.size == 1
    assert wedge.shell_weights[shell] == 6 + 24
    field = np.zeros(len(wedge.xyz))
    field[wedge.index([3, 0, 0])], field[wedge.index([2, 2, 1])] = 10.0, 1.0
    assert_allclose(wedge.to_shells(field)[shell], (6 * 10 + 24 * 1) / 30)


def test_shells_keep_sums_over_the_lattice():
    wedge = Wedge(10)
    field = np.random.default_rng(3).standard_normal((2, len(wedge.xyz)))
    assert_allclose(
        wedge.to_shells(field) @ wedge.shell_weights, field @ wedge.multiplicities, rtol=1e-12
    )
    radial = np.exp(-wedge.distance_squared / 5)
    assert_allclose(wedge.to_shells(radial), np.exp(-(wedge.shell_r**2) / 5), rtol=1e-13)


@pytest.mark.parametrize(
    ("r", "message"),
    [
        ([0.1, 0.3, 0.2], r"strictly increasing, got r\[1\] = 0.3 before r\[2\] = 0.2"),
        ([0.1, 0.1, 0.2], "strictly increasing"),
        ([-0.1, 0.1], r"not be negative, got r\[0\] = -0.1"),
        ([0.1, np.nan], "must be finite, got 1 NaN"),
        ([[0.1, 0.2]], r"one-dimensional array of nodes, got shape \(1, 2\)"),
        ([], "one-dimensional array of nodes"),
        ([0.1 + 0j], "Complex data not supported"),
    ],
)
def test_invalid_nodes_are_refused(r, message):
    with pytest.raises(ValueError, match=message):
        check_nodes(r)


@pytest.mark.parametrize("values", [["a"], [None], [True], np.array([1.0, "2"], dtype=object)])
def test_a_field_must_hold_numbers(values):
    with pytest.raises(TypeError, match="f must hold real numbers"):
        check_array(values, "f")


def test_complex_values_name_the_helper():
    with pytest.raises(ValueError, match=r"Complex data not supported.*remove_phase"):
        check_array([1j, 2j], "f")


@pytest.mark.parametrize(
    ("values", "name", "end"),
    [
        (1j * np.array([1.0, -2.0]), "phi", "constant phase of a wave function"),
        (np.exp(1j * np.arange(4.0)), "phi", "complex128"),  # a phase that runs
        (np.array([1j, 2j]), "k", "complex128"),  # momenta have no phase
        (np.array([1.0, 2.0 + 0j]), "k", "all imaginary parts are 0: pass its real part"),
        (np.array(1j), "y", "complex128"),
        (np.array([1j]), "y", "complex128"),
        (np.zeros((0, 2), complex), "sigma", "complex128"),
    ],
)
def test_only_a_constant_phase_is_said_to_be_removed(values, name, end):
    with pytest.raises(ValueError, match=f"Complex data not supported: {name} .*{end}$"):
        check_array(values, name)


def test_what_does_not_fit_is_refused():
    r = uniform(5)
    with pytest.raises(ValueError, match=r"5 entries on its last axis, got shape \(4,\)"):
        radial_laplacian(r[:4], r, order=2)
    with pytest.raises(ValueError, match="order 4 needs at least 7 nodes, the origin"):
        radial_laplacian(r, r, order=4)
    with pytest.raises(ValueError, match='order must be 2, 4, 6, 8 or "spline", got 3'):
        radial_laplacian(r, r, order=3)
    with pytest.raises(ValueError, match="l must be an integer ≥ 0, got -1"):
        radial_laplacian(r, r, l=-1, order=2)
    with pytest.raises(ValueError, match=r"weights must have shape \(5,\), got \(1, 5\)"):
        RadialGrid(r, [r])
    with pytest.raises(ValueError, match="L must be an integer ≥ 2, got 1"):
        Wedge(1)


def test_masked_entries_are_refused():
    """numpy would take what lies under the mask for a value."""
    masked = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, True])
    for use in (check_array, check_nodes):
        with pytest.raises(ValueError, match="k must have no masked entries, got 2: drop or fill"):
            use(masked, "k")
    with pytest.raises(ValueError, match="r must have no masked entries, got 2"):
        GaussianSum([1.0], [1.0])(masked)
    assert_array_equal(check_array(np.ma.masked_array([1.0, 2.0]), "k"), [1.0, 2.0])


def test_what_counts_is_an_integer():
    with pytest.raises(ValueError, match="n must be an integer ≥ 1, got 0"):
        RadialGrid.uniform(8.0, 0)
    with pytest.raises(TypeError, match="sites must hold integers, got an array of dtype float64"):
        Wedge(4).index([[1.5, 2.0, 3.0]])
    with pytest.raises(ValueError, match="order must be 2, 4, 6, 8"):
        radial_laplacian(np.ones(20), np.arange(1.0, 21.0), order=4.0)
