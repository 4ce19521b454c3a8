"""Perey and Buck's potential: its partial waves, plane waves in a constant well, β → 0."""

import numpy as np
import pytest
from scipy.special import eval_legendre, spherical_jn

from halkit.interactions import Local, PereyBuck
from halkit.radial import RadialGrid
from halkit.scattering import bound_states, phase_shift
from halkit.units import from_mev, to_fm

WELL = {"depth": 0.25, "half_radius": 3.0, "diffuseness": 0.6}
MASS = from_mev(900.0)


@pytest.mark.parametrize("l", [0, 1, 2, 5])
def test_projection_is_the_angular_integral(l):
    U = PereyBuck(**WELL, nonlocality=0.85, l=l)
    r, s = np.array([0.0, 0.1, 0.7, 2.0, 4.0])[:, None, None], np.array([0.05, 0.9, 2.5])[:, None]
    cosine, weights = np.polynomial.legendre.leggauss(120)
    distance_squared = r**2 + s**2 - 2 * r * s * cosine
    gaussian = np.exp(-distance_squared / 0.85**2) / (np.pi**1.5 * 0.85**3)
    integrand = U.well((r + s) / 2) * gaussian * eval_legendre(l, cosine)
    expected = integrand @ weights / 2
    np.testing.assert_allclose(U(r[..., 0], s[:, 0]), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("l", [0, 1, 3])
def test_constant_well_acts_on_plane_waves_by_a_gaussian(l):
    """∫ 4πr'² U_l(r, r') j_l(kr') dr' = −V0 e^{−k²β²/4} j_l(kr) in a well without an edge."""
    U = PereyBuck(0.3, 1e4, 0.6, 0.85, l=l)
    grid, r, k = RadialGrid.gauss_legendre(12.0, 200), np.array([0.3, 1.0, 4.0]), 1.3
    acted = U(r[:, None], grid.r) @ (grid.weights * spherical_jn(l, k * grid.r))
    expected = -0.3 * np.exp(-((k * 0.85) ** 2) / 4) * spherical_jn(l, k * r)
    np.testing.assert_allclose(acted, expected, rtol=1e-10)


@pytest.mark.parametrize("l", [0, 2])
def test_local_limit(l):
    """δ(β) = δ(0) + c β² + O(β⁴), δ(0) from the local Woods-Saxon well."""
    k = np.array([0.8, 1.3])

    def delta(beta):
        U = PereyBuck(**WELL, nonlocality=beta, l=l)
        return phase_shift(U, k, reduced_mass=MASS, l=l, channel_radius=16.0, n_mesh=400)

    local = Local(PereyBuck(**WELL, nonlocality=1.0).well)
    limit = phase_shift(local, k, reduced_mass=MASS, l=l, channel_radius=16.0)
    wide, narrow = delta(0.2), delta(0.1)
    assert np.all(np.abs(wide - limit) > 1e-3)
    np.testing.assert_allclose(
        (4 * narrow - wide) / 3, limit, atol=0.02 * np.max(np.abs(wide - limit))
    )


def test_symmetric_kernel_and_bound_states():
    """Non-locality weakens the attraction: neutrons in lead-208 are bound less deeply."""
    U = PereyBuck.neutron(208)
    r = np.linspace(0, 12, 40)
    np.testing.assert_array_equal(U.kernel(r[:, None], r), U.kernel(r[:, None], r).T)
    m = from_mev(939.565 * 208 / 209)
    states = bound_states(U, reduced_mass=m).energy
    local = bound_states(Local(U.well), reduced_mass=m).energy
    assert states.size == 4
    assert np.all(states > local[:4])


def test_lattice_units():
    a = to_fm(1.0, inverse_spacing=2000.0)
    plain, fine = PereyBuck.neutron(40, l=1), PereyBuck.neutron(40, l=1, inverse_spacing=2000.0)
    assert fine(2.0 / a, 2.5 / a) == pytest.approx(a**4 * plain(2.0, 2.5))


@pytest.mark.parametrize("l", [1, 4])
def test_large_distances(l):
    """Where the Bessel function changes to its asymptotic series nothing jumps."""
    U = PereyBuck(1.0, 1e9, 1.0, 1.0, l=l)
    r = np.sqrt(np.array([0.999e7, 1.001e7]) / 2)
    below, above = r**2 * U(r, r)
    assert above == pytest.approx(below, rel=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PereyBuck(np.nan, 1.0, 1.0, 1.0), "depth must be a finite number"),
        (lambda: PereyBuck(1.0, -1.0, 1.0, 1.0), "half_radius must be a finite number > 0"),
        (lambda: PereyBuck(1.0, 1.0, 1.0, 0.0), "nonlocality must be a finite number > 0"),
        (lambda: PereyBuck(1.0, 1.0, 1.0, 1.0, l=0.5), "l must be an integer"),
        (lambda: PereyBuck.neutron(0), "mass_number must be a finite number > 0"),
    ],
)
def test_refusals_say_what_came(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
