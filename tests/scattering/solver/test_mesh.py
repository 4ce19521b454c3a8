"""The mapped Lagrange mesh: its rule, its derivative and its nodes against what they stand for."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import BarycentricInterpolator
from scipy.special import roots_legendre

from halkit.interactions import Interaction, Local, NonLocal, Yukawa
from halkit.scattering.solver.mesh import hamiltonian, lagrange_mesh, node_spacing

MAP_ERROR = 1.86  # 1.2 + √(1.2² − 1) = 1.863, to the power −n


def slope(x):
    """h'(x) of the module's text, normalised by quadrature."""

    def shape(x):
        return 1 / np.sqrt((1.2 + 2 * x) * (2.2 - 2 * x))

    return shape(x) / quad(shape, 0, 1, epsabs=1e-14)[0]


@pytest.mark.parametrize("n", [5, 6, 41, 200])
def test_nodes_and_weights_are_those_of_gauss_mapped(n):
    z, w = roots_legendre(n)
    x = (z + 1) / 2
    mesh = lagrange_mesh(3.0, n)
    mapped = [quad(slope, 0, end, epsabs=1e-14)[0] for end in x]
    np.testing.assert_allclose(mesh.r, 3 * np.array(mapped), rtol=1e-9)
    np.testing.assert_allclose(mesh.weights, 3 * slope(x) * w / 2, rtol=1e-10)


@pytest.mark.parametrize("n", [10, 20, 30, 60])
def test_integrals_of_polynomials_converge_with_twice_the_order(n):
    mesh, power = lagrange_mesh(3.0, n), 7
    error = mesh.weights @ mesh.r**power * (power + 1) / 3 ** (power + 1) - 1
    assert abs(error) < 20 * MAP_ERROR ** (-2 * n) + 1e-14


def test_nodes_keep_their_relative_accuracy():
    # h of the first zero of P_50(1 − 2x), computed with 40 digits
    assert lagrange_mesh(1.0, 50).r[0] == pytest.approx(0.00050574133173170767902, rel=3e-16)


def test_spacing_is_the_distance_between_nodes():
    mesh = lagrange_mesh(2.0, 200)
    middle = (mesh.r[1:] + mesh.r[:-1]) / 2
    expected = np.diff(mesh.r) * 200 / 2
    # next to the ends the zeros of a Legendre polynomial are not yet those of a cosine
    np.testing.assert_allclose(node_spacing(middle / 2)[5:-5], expected[5:-5], rtol=0.01)
    assert np.max(expected) == pytest.approx(1.449, abs=0.01)  # of Legendre's nodes: π/2


@pytest.mark.parametrize("n", [5, 8, 20])
def test_kinetic_matrix_is_the_rule_applied_to_derivatives(n):
    """Σ_q w_q f_i'(r_q) f_j'(r_q) with ℓ_j and its derivative from scipy."""
    a = 2.5
    z, w = roots_legendre(n)
    x, mesh = (z + 1) / 2, lagrange_mesh(a, n)
    norm = x * np.sqrt(mesh.weights)
    cardinal = BarycentricInterpolator(x, np.eye(n))
    derivative = (np.eye(n) + x[:, None] * cardinal.derivative(x)) / norm  # d/dx
    expected = derivative.T @ (derivative * (w / 2 / (a * slope(x)))[:, None])
    size = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(
        mesh.kinetic / np.outer(size, size), expected / np.outer(size, size), atol=1e-12
    )
    np.testing.assert_allclose(mesh.surface, cardinal(1.0) / norm, rtol=1e-10)


@pytest.mark.parametrize("n", [10, 20, 30, 60])
@pytest.mark.parametrize(("p", "q"), [(1, 1), (1, 4), (3, 2), (5, 6)])
def test_kinetic_energy_of_polynomials_converges(n, p, q):
    """∫ u' v' dr between u = r^p and v = r^q, after the surface terms: p q a^{p+q−1}/(p+q−1)."""
    mesh = lagrange_mesh(2.5, n)
    u, v = (np.sqrt(mesh.weights) * mesh.r**power for power in (p, q))
    exact = p * q * 2.5 ** (p + q - 1) / (p + q - 1)
    tolerance = 30 * MAP_ERROR**-n * n + 1e-11
    np.testing.assert_allclose(u @ mesh.kinetic @ v, exact, rtol=tolerance)
    np.testing.assert_allclose(u @ mesh.surface, 2.5**p, rtol=tolerance)


@pytest.mark.parametrize("n", [12, 40, 80])
def test_interpolation_on_and_between_nodes(n):
    mesh = lagrange_mesh(2.0, n)
    r = np.concatenate([mesh.r, mesh.r + 1e-13, [1e-300, 1e-9], np.linspace(0, 2, 30)])
    coefficients = np.sqrt(mesh.weights) * (mesh.r - mesh.r**7)
    phi = mesh.interpolate(coefficients[None, :], r)[0]
    np.testing.assert_allclose(phi[:n], 1 - mesh.r**6, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(phi, 1 - r**6, atol=200 * MAP_ERROR**-n + 1e-10)


def test_symmetry_is_recognised():
    mesh = lagrange_mesh(5.0, 10)
    symmetric = NonLocal(lambda r, s: np.exp(-r - s))
    lopsided = NonLocal(lambda r, s: np.exp(-r - 1.001 * s))
    for interaction, expected in [
        (Interaction(), True),
        (Yukawa(1.0, 1.0), True),
        (symmetric, True),
        (lopsided, False),
    ]:
        H = hamiltonian(interaction, mesh, reduced_mass=1.0)
        assert H.symmetric is expected
        assert np.array_equal(H.matrix, H.matrix.T) is expected


def test_nothing_acts_beyond_the_radius():
    class Endless(Interaction):
        has_local, has_nonlocal, radius = True, True, 2.0

        def local_potential(self, r):
            return np.ones_like(r)

        def nonlocal_potential(self, r, r_prime):
            return np.exp(-r - r_prime)

    mesh = lagrange_mesh(4.0, 20)
    free = hamiltonian(Interaction(), mesh, reduced_mass=1.0).matrix
    change = hamiltonian(Endless(), mesh, reduced_mass=1.0).matrix - free
    outside = mesh.r > 2
    assert np.any(change[~outside] != 0)
    assert np.all(change[outside] == 0)
    assert np.all(change[:, outside] == 0)


def test_infinite_potential_is_refused():
    with pytest.raises(ValueError, match="is not finite inside r = 4"):
        hamiltonian(Local(lambda r: r + np.inf), lagrange_mesh(4.0, 9), reduced_mass=1.0)


def test_endless_mesh_is_refused():
    with pytest.raises(ValueError, match="a mesh of 5000 points is needed"):
        lagrange_mesh(1.0, 5000)


def test_centrifugal_barrier():
    mesh = lagrange_mesh(4.0, 12)
    H = [hamiltonian(Interaction(), mesh, reduced_mass=1.7, l=l).matrix for l in (0, 3)]
    np.testing.assert_allclose(H[1] - H[0], np.diag(12 / (2 * 1.7 * mesh.r**2)), atol=1e-9)
