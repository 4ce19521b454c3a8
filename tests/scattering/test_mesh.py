"""The Lagrange mesh: exact for polynomials, and its nodes are right to rounding."""

import numpy as np
import pytest
from scipy.special import roots_legendre

from halkit.interactions import Interaction, Local, NonLocal, Yukawa
from halkit.scattering.mesh import hamiltonian, lagrange_mesh


@pytest.mark.parametrize("n", [5, 6, 41, 200])
def test_gauss_rule(n):
    z, w = roots_legendre(n)
    mesh = lagrange_mesh(3.0, n)
    np.testing.assert_allclose(mesh.r, 3 * (z + 1) / 2, rtol=1e-10)
    np.testing.assert_allclose(mesh.weights, 3 * w / 2, rtol=1e-10)
    np.testing.assert_allclose(mesh.weights @ mesh.r ** (2 * n - 1), 3 ** (2 * n) / (2 * n))


def test_nodes_keep_their_relative_accuracy():
    # the first zero of P_50(1 − 2x), computed with 60 digits
    assert lagrange_mesh(1.0, 50).r[0] == pytest.approx(0.0005667977899644749, rel=3e-16)


@pytest.mark.parametrize("n", [6, 11, 30])
@pytest.mark.parametrize(("p", "q"), [(1, 1), (1, 4), (3, 2), (5, 6)])
def test_kinetic_matrix_is_exact(n, p, q):
    """∫ u' v' dr between u = r^p and v = r^q, after the surface terms: p q a^{p+q−1}/(p+q−1)."""
    mesh = lagrange_mesh(2.5, n)
    u, v = (np.sqrt(mesh.weights) * mesh.r**power for power in (p, q))
    exact = p * q * 2.5 ** (p + q - 1) / (p + q - 1)
    np.testing.assert_allclose(u @ mesh.kinetic @ v, exact, rtol=1e-10)
    np.testing.assert_allclose(u @ mesh.surface, 2.5**p, rtol=1e-10)


def test_interpolation_is_exact_on_and_between_nodes():
    mesh = lagrange_mesh(2.0, 12)
    r = np.concatenate([mesh.r, mesh.r + 1e-13, np.linspace(0, 2, 30)])
    coefficients = np.sqrt(mesh.weights) * (mesh.r - mesh.r**7)
    phi = mesh.interpolate(coefficients[None, :], r)
    np.testing.assert_allclose(phi[0], 1 - r**6, atol=1e-10)


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
