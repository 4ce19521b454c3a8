"""Kernels that are not smooth where r = r', or elsewhere: right, or warned of by what they miss."""

import re
import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Interaction, NonLocal, PereyBuck, Separable
from halkit.scattering import bound_states, phase_shift
from halkit.scattering.solver.interior import converge
from halkit.scattering.solver.mesh import hamiltonian, is_smooth_across, lagrange_mesh

K = np.array([0.1, 0.7, 2.0])


def green_function_phase(k, nu, strength, end, V=np.zeros_like, m=1.0):
    """δ modulo π of U = strength e^{−r−r'−ν|r−r'|} up to r = end.

    I(r) = ∫ e^{−ν|r−r'|} r' e^{−r'} u dr' solves I'' = ν² I − 2ν r e^{−r} u, I'(0) = ν I(0),
    I'(end) = −ν I(end): two solutions of a local system, added so that the last one holds.
    """

    def slopes(r, y):
        u, du, integral, slope = y
        g = r * np.exp(-r)
        push = 2 * m * (4 * np.pi * strength * g * integral + V(r) * u) - k**2 * u
        return [du, push, slope, nu**2 * integral - 2 * nu * g * u]

    first, second = (
        solve_ivp(slopes, (0, end), y, rtol=1e-12, atol=1e-16, method="DOP853").y[:, -1]
        for y in ([0, 1, 0, 0], [0, 0, 1, nu])
    )
    miss = [y[3] + nu * y[2] for y in (first, second)]
    u, du, *_ = first * miss[1] - second * miss[0]
    return np.arctan2(k * u, du) - k * end


def cusp(nu, strength, radius=None):
    return NonLocal(lambda r, s: strength * np.exp(-(r + s) - nu * np.abs(r - s)), radius=radius)


@pytest.mark.parametrize("n_mesh", [None, 40, 80])
@pytest.mark.parametrize(("nu", "strength"), [(0.5, -0.3), (1.0, -0.3), (3.0, 0.4), (5.0, -2.0)])
def test_cusp(nu, strength, n_mesh):
    end = 18.0 / max(nu, 1.2)
    U = cusp(nu, strength, end)
    delta = phase_shift(U, K, reduced_mass=1.0, n_mesh=n_mesh)
    exact = [green_function_phase(k, nu, strength, end) for k in K]
    np.testing.assert_allclose(np.sin(delta - exact), 0, atol=1e-7)


def test_cusp_and_well_that_ends_inside():
    U = cusp(2.0, -0.5, 5.0) + GaussianSum([-1.0], [0.5])
    delta = phase_shift(U, 0.7, reduced_mass=1.0)
    alone = phase_shift(U, 0.7, reduced_mass=1.0, n_mesh=150)
    assert delta == pytest.approx(alone, abs=1e-8)
    inside = green_function_phase(0.7, 2.0, -0.5, 5.0, lambda r: -np.exp(-0.5 * r**2))
    cut = NonLocal(U.terms[0].f, radius=5.0) + Cut()
    assert np.sin(phase_shift(cut, 0.7, reduced_mass=1.0) - inside) == pytest.approx(0, abs=1e-8)


class Cut(Interaction):
    has_local, radius = True, 5.0

    def local_potential(self, r):
        return -np.exp(-0.5 * np.square(r))


def test_a_lopsided_cusp_and_its_transpose():
    U = NonLocal(lambda r, s: -0.4 * np.exp(-r - 2 * s - 2 * np.abs(r - s)))
    UT = NonLocal(lambda r, s: -0.4 * np.exp(-s - 2 * r - 2 * np.abs(r - s)))
    delta = phase_shift(U, K, reduced_mass=1.0)
    np.testing.assert_allclose(delta, phase_shift(UT, K, reduced_mass=1.0), atol=1e-8)


def test_a_jump_on_the_diagonal():
    """U below r' = r only, and its transpose; as accurate as a smooth kernel."""
    lower = NonLocal(lambda r, s: -0.5 * np.exp(-r - s) * (r > s))
    upper = NonLocal(lambda r, s: -0.5 * np.exp(-r - s) * (s > r))
    delta = phase_shift(lower, K, reduced_mass=1.0)
    np.testing.assert_allclose(delta, phase_shift(upper, K, reduced_mass=1.0), atol=1e-8)
    fine = phase_shift(lower, K, reduced_mass=1.0, n_mesh=120)
    np.testing.assert_allclose(delta, fine, atol=1e-8)


def test_bound_states_of_a_cusp():
    energy = [bound_states(cusp(2.0, -2.0), reduced_mass=1.0, n_mesh=n).energy for n in (45, 90)]
    assert energy[0].size == energy[1].size == 2
    np.testing.assert_allclose(energy[0], energy[1], rtol=1e-8)


def test_the_kernel_matrix_stays_symmetric():
    mesh = lagrange_mesh(20.0, 40)
    H = hamiltonian(cusp(1.0, -0.3), mesh, reduced_mass=1.0)
    assert H.symmetric
    assert np.array_equal(H.matrix, H.matrix.T)


def test_smooth_kernels_are_recognised():
    mesh = lagrange_mesh(20.0, 40)
    smooth = [
        Separable(-0.3, 1.0),
        PereyBuck(0.36, 3.0, 0.65, 0.85),
        PereyBuck(0.36, 3.0, 0.65, 0.2),
        NonLocal(lambda r, s: 1.0 + 0 * r * s),
        NonLocal(lambda r, s: 0 * r * s),
    ]
    for U in smooth:
        assert is_smooth_across(U, mesh)
    for U in (cusp(0.1, 1.0), cusp(20.0, 1.0), NonLocal(lambda r, s: np.exp(-r - s) * (r > s)),
              NonLocal(lambda r, s: np.minimum(r, s) * np.exp(-r - s))):  # fmt: skip
        assert not is_smooth_across(U, mesh)


FAMILY = {
    "smooth": lambda r, s: -0.3 * np.exp(-r - s),
    "cusp": lambda r, s: -0.3 * np.exp(-r - s - 3 * np.abs(r - s)),
    "narrow cusp": lambda r, s: -3 * np.exp(-r - s - 30 * np.abs(r - s)),
    "root": lambda r, s: -0.1 * np.exp(-r - s) * np.sqrt(np.abs(r - s)),
    "kink": lambda r, s: -0.3 * np.exp(-r - s) * np.maximum(0, 2 - r) * np.maximum(0, 2 - s),
    "jump": lambda r, s: -0.3 * np.exp(-r - s) * (r < 2.2) * (s < 2.2),
    "antidiagonal": lambda r, s: -0.3 * np.exp(-r - s) * np.abs(r + s - 2),
    "ray": lambda r, s: -0.3 * np.exp(-r - s) * np.abs(r - 2 * s),
}


@pytest.mark.parametrize("kind", FAMILY)
def test_what_a_warning_says_covers_the_error(kind):
    """The true error is below 3 times what is said, or 3e-4 without a warning."""
    U = NonLocal(FAMILY[kind], radius=16.0)
    diagonal = kind in ("root", "cusp", "narrow cusp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = phase_shift(U, K, reduced_mass=1.0, n_mesh=160 if diagonal else 500)
    for n_mesh in (40, 60, 100):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            delta = phase_shift(U, K, reduced_mass=1.0, n_mesh=n_mesh)
        said = [re.search(r"off by ([\d.e+-]+)\)", str(one.message)) for one in seen]
        least = max([1e-4, *(float(one[1]) for one in said)])
        assert np.max(np.abs(delta - exact)) < 3 * least


def test_second_order_convergence_is_told():
    """An error of 5/n² in place of its change by a tenth of the mesh."""
    with pytest.warns(
        AccuracyWarning, match=r"changes by 0.0007 .* off by 0.003\) between"
    ) as seen:
        converge(lambda n: 5 / n**2, lambda a, b: abs(a - b), 40, 40)
    assert len(seen) == 1
