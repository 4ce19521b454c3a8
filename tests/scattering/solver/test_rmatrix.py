"""The pieces of the matching: free waves outside, one decomposition inside."""

import numpy as np
import pytest
from scipy.special import spherical_jn, spherical_kn, spherical_yn

from halkit.interactions import Interaction, Local, NonLocal, Separable
from halkit.scattering.solver.mesh import hamiltonian, lagrange_mesh
from halkit.scattering.solver.rmatrix import (
    ContinuedFraction,
    RMatrix,
    continued_fraction,
    decay_logarithm,
    decay_ratio,
    phase_shifts,
    r_matrix,
    surface_functions,
    threshold,
)

SYMMETRIC = Separable(-0.017, 1.0)
LOPSIDED = NonLocal(lambda r, s: -0.02 * np.exp(-r - 1.3 * s) + 0.004 * s * np.exp(-0.8 * r - s))


def solved(interaction, n=60, radius=30.0, m=3.3):
    return hamiltonian(interaction, lagrange_mesh(radius, n), reduced_mass=m)


@pytest.mark.parametrize("l", range(9))
def test_hard_sphere_phase_is_continuous(l):
    """φ' = 1/A² = P/ρ, from φ(0) = 0 to φ → ρ − lπ/2."""
    rho = np.linspace(0.05, 60, 6000)
    phi, P, _ = surface_functions(l, rho)
    slope = np.gradient(phi, rho)
    np.testing.assert_allclose(slope[2:-2], (P / rho)[2:-2], atol=2e-4)
    assert abs(phi[0]) < 0.06
    far = 1e4
    assert surface_functions(l, far)[0] == pytest.approx(far - l * np.pi / 2, abs=0.01)


@pytest.mark.parametrize("l", range(6))
def test_decaying_wave(l):
    x = np.array([0.01, 0.3, 2.0, 9.0])
    slope = spherical_kn(l, x) + x * spherical_kn(l, x, derivative=True)
    np.testing.assert_allclose(decay_logarithm(l, x), slope / spherical_kn(l, x), rtol=1e-11)
    assert decay_logarithm(l, 0.0) == -l
    wave = x * spherical_kn(l, x)
    np.testing.assert_allclose(decay_ratio(l, 0.5, 0.6, 2 * x), wave / (0.3 * spherical_kn(l, 0.3)))
    np.testing.assert_allclose(decay_ratio(l, 0.0, 0.6, x), (0.6 / x) ** l)


@pytest.mark.parametrize("interaction", [SYMMETRIC, LOPSIDED], ids=["symmetric", "lopsided"])
def test_sum_over_levels_is_the_resolvent(interaction):
    H = solved(interaction)
    R, f = r_matrix(H), H.mesh.surface
    for energy in [-0.3, -1e-3, 0.02, 0.7]:
        x = np.linalg.solve(H.matrix - energy * np.eye(60), f)
        assert R(energy) == pytest.approx(f @ x / (2 * 3.3 * 30), rel=1e-8)


@pytest.mark.parametrize("interaction", [SYMMETRIC, LOPSIDED], ids=["symmetric", "lopsided"])
def test_threshold_is_value_and_slope_at_zero(interaction):
    H = solved(interaction)
    R, h = r_matrix(H), 1e-7
    value, slope = threshold(H)
    assert value == pytest.approx(R(0.0), rel=1e-9)
    assert slope == pytest.approx((R(h) - R(-h)) / (2 * h) / (2 * 3.3), rel=1e-5)


def test_general_eigensolver_agrees_with_the_symmetric_one():
    H = solved(SYMMETRIC)
    k = np.linspace(0.01, 2, 50)
    general = phase_shifts(H._replace(symmetric=False), k)
    np.testing.assert_allclose(general, phase_shifts(H, k), atol=1e-9)


@pytest.mark.parametrize("interaction", [SYMMETRIC, Interaction()], ids=["toy", "free"])
@pytest.mark.parametrize("n", [20, 60, 200])
def test_continued_fraction_is_the_sum_over_levels(interaction, n):
    H = solved(interaction, n)
    poles = r_matrix(H)
    energy = np.append(np.linspace(-0.5, 2.0, 41), 1e9).reshape(6, 7)
    R, below = continued_fraction(H).evaluate(energy)
    np.testing.assert_allclose(R, poles(energy), rtol=1e-7)
    np.testing.assert_array_equal(below, poles.evaluate(energy)[1])
    assert continued_fraction(H).evaluate(0.3)[0].shape == ()


def test_levels_are_counted_like_sorting():
    R = r_matrix(solved(Interaction()))
    energy = np.array([-1.0, 0.001, 0.1, 1.0, 1e9])
    expected = [np.sum(R.energy < e) for e in energy]
    np.testing.assert_array_equal(R.evaluate(energy)[1], expected)


def test_an_energy_on_a_level_is_not_a_crash():
    H = solved(SYMMETRIC)
    R = r_matrix(H)
    assert np.isfinite(R(R.energy[3]))
    assert np.isfinite(phase_shifts(H, np.sqrt(2 * 3.3 * R.energy[3])))
    two_levels = ContinuedFraction(np.zeros(2), np.ones(1), 99.0)  # at ±1, a pivot 0 at E = 0
    np.testing.assert_array_equal(two_levels.evaluate([0.0, 1.0])[1], [1, 1])
    assert np.isfinite(two_levels.evaluate(1.0)[0])


@pytest.mark.parametrize("l", range(4))
@pytest.mark.parametrize("symmetric", [True, False])
def test_phase_of_a_square_well(l, symmetric):
    """tan δ from j_l inside, and the branch: π for each bound state at k → 0, zero at k → ∞."""
    depth, a, m = 6.0, 2.0, 1.0
    well = Local(lambda r: -depth + 0 * r, radius=a)
    H = hamiltonian(well, lagrange_mesh(a, 60), reduced_mass=m, l=l)._replace(symmetric=symmetric)
    k = np.linspace(0.05, 4, 60)
    q = np.sqrt(k**2 + 2 * m * depth)
    ratio = q * spherical_jn(l, q * a, derivative=True) / spherical_jn(l, q * a)
    j, y = spherical_jn(l, k * a), spherical_yn(l, k * a)
    dj, dy = (k * f(l, k * a, derivative=True) for f in (spherical_jn, spherical_yn))
    delta = phase_shifts(H, k)
    np.testing.assert_allclose(
        np.sin(delta - np.arctan((dj - ratio * j) / (dy - ratio * y))), 0, atol=1e-9
    )
    assert np.max(np.abs(np.diff(delta))) < 2.8
    n_bound = np.sum(r_matrix(H).energy.real < -depth / 3)  # levels of the deep ones
    assert delta[0] / np.pi >= n_bound - 0.5
    assert phase_shifts(H, 40.0) == pytest.approx(m * depth * a / 40, rel=0.05)


@pytest.mark.parametrize("l", range(5))
def test_penetration_and_shift(l):
    """P = ρ/A² and S = ρ A'/A of A² = F² + G², by a difference; −l at ρ → 0."""
    rho, h = np.array([0.3, 1.0, 4.0, 20.0]), 1e-5

    def square(x):
        return x**2 * (spherical_jn(l, x) ** 2 + spherical_yn(l, x) ** 2)

    _, P, S = surface_functions(l, rho)
    np.testing.assert_allclose(P, rho / square(rho), rtol=1e-12)
    slope = (square(rho * (1 + h)) - square(rho * (1 - h))) / (2 * h)
    np.testing.assert_allclose(S, slope / (2 * square(rho)), atol=1e-8)
    assert surface_functions(l, 1e-3)[2] == pytest.approx(-l, abs=1e-5)


@pytest.mark.parametrize("length", [0.01, 1.0, 100.0])
def test_complex_levels(length):
    """A kernel that is antisymmetric and strong has pairs of complex levels, in any unit."""
    U = NonLocal(lambda r, s: 8 * np.sin((r - s) / length) / length**5)
    H = solved(U, radius=3 * length)
    R, f = r_matrix(H), H.mesh.surface
    assert np.any(R.energy.imag * length**2 > 1)
    for energy in np.array([-0.3, 0.02, 0.7]) / length**2:
        x = np.linalg.solve(H.matrix - energy * np.eye(60), f)
        assert R(energy) == pytest.approx(f @ x / (2 * 3.3 * 3 * length), rel=1e-8)


def test_bound_levels_are_real_and_below_zero():
    energy = np.array([3.0, -0.5, -1 + 0.1j, -1 - 0.1j, -2.0, 0.5])
    R = RMatrix(energy, np.array([1, -1, 2, 2, 1, 1.0]), 5.0, 1.0, 0)
    levels, sign = R.bound_levels()
    np.testing.assert_array_equal(levels, [-2.0, -0.5])
    np.testing.assert_array_equal(sign, [1, -1])
