"""Momentum space: phase shifts from the Lippmann-Schwinger equation, and potentials as Ũ(p, p').

K(p, k) = V(p, k) + 2m P∫ dq q² V(p, q) K(q, k)/(k² − q²), tan δ = −π m k K(k, k), with
V(p, p') = (2/π) ∫∫ r j0(pr) K(r, r') r' j0(p'r') dr dr'. The principal value is subtracted.
"""

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.interactions import GaussianSum, Interaction, NonLocal, Separable, Yamaguchi
from halkit.potentials import NonLocalPotentialRegressor
from halkit.radial import RadialGrid
from halkit.scattering import (
    discrete_fourier_potential,
    fourier_potential,
    inverse_fourier_potential,
    phase_shift,
    scattering_length,
    sine_grids,
)

M = 1.7
MICRO = np.radians(1e-6)


def interval(n, end):
    x, w = np.polynomial.legendre.leggauss(n)
    return end * (1 + x) / 2, end * w / 2


def half_line(n, scale):
    x, w = np.polynomial.legendre.leggauss(n)
    angle = np.pi / 4 * (1 + x)
    return scale * np.tan(angle), scale * np.pi / 4 * w / np.cos(angle) ** 2


def momentum_matrix(interaction, p, end, n):
    """V(p_i, p_j)."""
    r, w = interval(n, end)
    wave = np.sin(np.outer(p, r)) / p[:, None]
    matrix = (wave * w) @ interaction.kernel(r[:, None], r) @ (wave * w).T
    if interaction.has_local:
        matrix += (wave * w * interaction.local_potential(r)) @ wave.T
    return 2 / np.pi * matrix


def lippmann_schwinger(V, k, m, q, w, end):
    """δ modulo π, from V(p) → matrix, with the momenta q up to the end."""
    green = np.append(2 * m * w * q**2 / (k**2 - q**2), 0.0)
    beyond = 0.0 if end == np.inf else np.log((end + k) / (end - k)) / (2 * k)
    green[-1] = 2 * m * k**2 * (beyond - np.sum(w / (k**2 - q**2)))
    V = V(np.append(q, k))
    K = np.linalg.solve(np.eye(q.size + 1) - V * green, V[:, -1])
    return np.arctan(-np.pi * m * k * K[-1])


def direct(interaction, k, m, *, q_max, n_q, r_max, n_r):
    def V(p):
        return momentum_matrix(interaction, p, r_max, n_r)

    return lippmann_schwinger(V, k, m, *interval(n_q, q_max), q_max)


class SmoothNonLocal(Interaction):
    """Gaussians, not symmetric on request, with a local part."""

    has_local, has_nonlocal = True, True

    def __init__(self, skew):
        self.skew = skew

    def local_potential(self, r):
        return -0.6 * np.exp(-0.3 * np.square(r))

    def nonlocal_potential(self, r, s):
        r, s = np.asarray(r), np.asarray(s)
        one = -0.3 * np.exp(-0.5 * r**2 - (0.5 + self.skew) * s**2)
        return one + 0.2 * np.exp(-0.3 * (r**2 + s**2) + 0.2 * r * s) * (1 + self.skew * s**2)


@pytest.mark.parametrize("skew", [0.0, 0.2])
@pytest.mark.parametrize("k", [0.15, 0.6, 1.3, 2.4])
def test_gaussian_kernels(skew, k):
    U = SmoothNonLocal(skew)
    delta = phase_shift(U, k, reduced_mass=M)
    expected = direct(U, k, M, q_max=14.0, n_q=80, r_max=25.0, n_r=300)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.5, 1.5])
def test_rank_two_of_exponentials(k):
    U = NonLocal(lambda r, s: -0.017 * np.exp(-1.1 * (r + s)) + 0.03 * r * s * np.exp(-2 * (r + s)))
    delta = phase_shift(U, k, reduced_mass=3.3)
    expected = direct(U, k, 3.3, q_max=60.0, n_q=160, r_max=35.0, n_r=1400)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.7])
def test_local_and_separable(k):
    U = GaussianSum([2.0, -1.0], [1.5, 0.4]) + Separable(-0.01, 0.9)
    delta = phase_shift(U, k, reduced_mass=M)
    expected = direct(U, k, M, q_max=60.0, n_q=160, r_max=35.0, n_r=1400)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.7])
def test_the_yardstick_itself(k):
    """Yamaguchi: V(p, p') = −(β(α+β)²/m) (2/π) g(p) g(p'), g = 1/(p² + β²)."""
    alpha, beta = 0.2316053, 1.3918324
    U = Yamaguchi(alpha, beta, reduced_mass=2.4)

    def V(p):
        g = 1 / (p**2 + beta**2)
        return -beta * (alpha + beta) ** 2 / 2.4 * 2 / np.pi * np.outer(g, g)

    expected = lippmann_schwinger(V, k, 2.4, *half_line(60, 1.0), np.inf)
    assert np.sin(expected - U.phase_shift(k)) == pytest.approx(0, abs=1e-12)
    assert np.sin(expected - phase_shift(U, k, reduced_mass=2.4)) == pytest.approx(0, abs=MICRO)


def test_sign_of_the_scattering_length():
    U = Separable(-0.017, 1.0)
    nuclear = scattering_length(U, reduced_mass=3.3)
    assert nuclear == pytest.approx(7.39708747, abs=1e-8)
    assert scattering_length(U, reduced_mass=3.3, sign="lattice") == -nuclear
    k = 1e-3
    delta = phase_shift(U, k, reduced_mass=3.3)
    assert k / np.tan(delta) == pytest.approx(1 / -nuclear, rel=1e-4)
    with pytest.raises(ValueError, match=r"sign must be one of .*, got 'hal'"):
        scattering_length(U, reduced_mass=3.3, sign="hal")


TOY = Separable(-0.017, 1.0)


def toy_in_momentum_space(p):
    """16π μ² ω / [(μ² + p²)² (μ² + p'²)²], μ = 1."""
    return -0.017 * 16 * np.pi / np.outer((1 + p**2) ** 2, (1 + p**2) ** 2)


def on_nodes(interaction, r):
    return interaction.nonlocal_potential(r[:, None], r)


def test_closed_form_of_the_toy():
    grid, p = RadialGrid.gauss_legendre(40.0, 80), np.linspace(0.0, 6.0, 25)
    exact = toy_in_momentum_space(p)
    U = fourier_potential(TOY, grid.r, p, weights=grid.weights)
    np.testing.assert_allclose(U, exact, rtol=0, atol=1e-12)
    assert U[0, 0] == pytest.approx(-0.017 * 16 * np.pi, rel=1e-12)
    rectangle = fourier_potential(TOY, grid.r, p[:3], p[1:], weights=grid.weights)
    np.testing.assert_allclose(rectangle, U[:3, 1:], rtol=0, atol=1e-14)


@pytest.mark.parametrize(("radius", "n"), [(12.5, 100), (25.0, 100), (20.0, 200)])
def test_closed_form_on_equidistant_nodes(radius, n):
    """Within 1e-4 of Ũ(0, 0), from the matrix on 100 nodes as well."""
    r, p = sine_grids(radius, n)
    U = fourier_potential(on_nodes(TOY, r.r), r.r, p.r, weights=r.weights)
    scale = 0.017 * 16 * np.pi
    np.testing.assert_allclose(U, toy_in_momentum_space(p.r), rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("skew", [0.0, 0.2])
@pytest.mark.parametrize("n", [1, 2, 75])
def test_there_and_back(skew, n):
    """The round trip, from either side, and Parseval's ∫∫p²p'²Ũ² = 4π⁴ ∫∫r²r'²U²."""
    r, p = sine_grids(15.0, n)
    U = on_nodes(SmoothNonLocal(skew), r.r)
    waves = fourier_potential(U, r.r, p.r, weights=r.weights)
    scale = np.abs(U).max()
    back = inverse_fourier_potential(waves, p.r, r.r, weights=p.weights)
    np.testing.assert_allclose(back, U, rtol=0, atol=1e-12 * scale)
    again = fourier_potential(back, r.r, p.r, weights=r.weights)
    np.testing.assert_allclose(again, waves, rtol=0, atol=1e-12 * np.abs(waves).max())
    in_r, in_p = r.weights @ U**2 @ r.weights, p.weights @ waves**2 @ p.weights
    assert in_p == pytest.approx(4 * np.pi**4 * in_r, rel=1e-12)


def test_back_to_points_between_the_nodes():
    grid = RadialGrid.gauss_legendre(60.0, 300)
    s = np.array([0.4, 0.7, 3.0])
    U = inverse_fourier_potential(
        toy_in_momentum_space(grid.r), grid.r, s, s[1:], weights=grid.weights
    )
    exact = -0.017 * np.exp(-s[:, None] - s[1:])
    np.testing.assert_allclose(U, exact, rtol=0, atol=1e-4 * 0.017)


def test_a_local_potential_depends_on_the_momentum_transfer():
    """−e^{−br²} gives −√(π/b) [e^{−(p−q)²/4b} − e^{−(p+q)²/4b}] / 4pq."""
    b, p, grid = 0.5, np.array([0.3, 1.0, 2.5]), RadialGrid.gauss_legendre(12.0, 60)
    well = GaussianSum([-1.0], [b])
    plus, minus = np.add.outer(p, p), np.subtract.outer(p, p)
    bracket = np.exp(-(minus**2) / (4 * b)) - np.exp(-(plus**2) / (4 * b))
    exact = -np.sqrt(np.pi / b) * bracket / (4 * np.outer(p, p))
    U = fourier_potential(well, grid.r, p, weights=grid.weights)
    np.testing.assert_allclose(U, exact, rtol=1e-10)
    table = fourier_potential(well(grid.r), grid.r, p, weights=grid.weights)
    np.testing.assert_array_equal(table, U)
    both = fourier_potential(well + TOY, grid.r, p, weights=grid.weights)
    alone = fourier_potential(TOY, grid.r, p, weights=grid.weights)
    np.testing.assert_allclose(both, U + alone, rtol=1e-13)


def test_beyond_its_radius_a_potential_is_zero():
    cut = NonLocal(TOY.nonlocal_potential, radius=2.0)
    far, near = RadialGrid.uniform(8.0, 80), RadialGrid.uniform(2.0, 20)
    p = np.array([0.2, 0.9])
    weights = far.weights[:20]
    expected = fourier_potential(TOY, near.r, p, weights=weights)
    np.testing.assert_allclose(fourier_potential(cut, far.r, p), expected, rtol=1e-12)


@pytest.mark.parametrize("k", [0.2, 0.8])
def test_phase_shift_of_a_fitted_potential_from_its_momentum_matrix(k):
    """V(p, p') = (2/π) Ũ(p, p') in the Lippmann-Schwinger equation."""
    d = make_separable()
    model = NonLocalPotentialRegressor(d.r, reduced_mass=3.3, n_init=1, random_state=0)
    model.fit(d.data, d.target)
    grid = RadialGrid.gauss_legendre(d.r[-1], 700)

    def V(p):
        order = np.argsort(p)
        U = np.empty((p.size, p.size))
        U[np.ix_(order, order)] = fourier_potential(model, grid.r, p[order], weights=grid.weights)
        return 2 / np.pi * U

    delta = lippmann_schwinger(V, k, 3.3, *interval(160, 60.0), 60.0)
    assert np.sin(delta - model.phase_shift(k)) == pytest.approx(0, abs=MICRO)


def test_the_plain_sum_is_the_two_dimensional_transform():
    U = on_nodes(TOY, np.linspace(0.1, 3.0, 6))
    n = np.arange(6)
    phase = np.exp(-2j * np.pi * np.outer(n, n) / 6)
    np.testing.assert_allclose(discrete_fourier_potential(U), phase @ U @ phase, atol=1e-14)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"potential": np.ones((3, 2))}, ValueError, "2 entries on its last axis|shape"),
        ({"potential": np.ones((2, 2)) * 1j}, ValueError, "Complex data not supported"),
        ({"potential": np.full((2, 2), np.nan)}, ValueError, "finite"),
        ({"potential": "toy"}, TypeError, "potential must be an interaction"),
        (
            {"potential": NonLocal(lambda r, s: 1 / (r - r + s - s))},
            ValueError,
            "must be finite on every node",
        ),
        ({"p": [-1.0, 1.0]}, ValueError, "p must not be negative"),
        ({"p": [1.0, 0.5]}, ValueError, "p must be strictly increasing"),
        ({"r": [0.5, 0.2]}, ValueError, "r must be strictly increasing"),
        ({"weights": np.ones(3)}, ValueError, r"weights must have shape \(2,\), got \(3,\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_the_transform_refuses(change, error, match):
    arguments = {"potential": np.ones((2, 2)), "r": [0.5, 1.0], "p": [0.1, 0.2], **change}
    with pytest.raises(error, match=match):
        fourier_potential(**arguments)


def test_what_the_other_functions_refuse():
    with pytest.raises(ValueError, match=r"potential must have shape \(2, 2\) for 2 nodes"):
        inverse_fourier_potential(np.ones((3, 2)), [0.1, 0.2], [1.0])
    with pytest.raises(ValueError, match="square matrix"):
        discrete_fourier_potential(np.ones((3, 2)))
    with pytest.raises(TypeError, match=r"n must be an integer ≥ 1, got 2\.5"):
        sine_grids(1.0, 2.5)
    with pytest.raises(ValueError, match="radius must be a finite number > 0"):
        sine_grids(0.0, 2)
