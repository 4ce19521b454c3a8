"""Phase shifts against closed forms and published tables, and the laws they obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import (
    GaussianSum,
    Interaction,
    Local,
    NonLocal,
    Separable,
    Tabulated,
    Yamaguchi,
    Yukawa,
)
from halkit.scattering import bound_states, effective_range, phase_shift, scattering_length

TOY, M = Separable(omega=-0.017, mu=1.0), 3.3
k = np.array([0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0])
MICRO = np.radians(1e-6)


def lopsided(r, s):
    return -0.02 * np.exp(-r - 1.3 * s) + 0.05 * np.exp(-0.8 * r - 2 * s) * s


@pytest.mark.parametrize("channel_radius", [None, 25.0, 30.0, 45.0])
def test_separable(channel_radius):
    delta = phase_shift(TOY, k, reduced_mass=M, channel_radius=channel_radius)
    np.testing.assert_allclose(delta, TOY.phase_shift(k, reduced_mass=M), atol=MICRO)


@pytest.mark.parametrize("n_mesh", [50, 80, 200])
def test_result_does_not_depend_on_the_mesh(n_mesh):
    delta = phase_shift(TOY, k, reduced_mass=M, channel_radius=30, n_mesh=n_mesh)
    np.testing.assert_allclose(delta, TOY.phase_shift(k, reduced_mass=M), atol=MICRO / 10)


@pytest.mark.parametrize(("radius", "n_mesh", "degrees"), [(25, 34, 1e-6), (28, 41, 1e-9)])
def test_few_points_suffice(radius, n_mesh, degrees):
    """Up to k = 2, where 25 and 28 are 16 and 18 half waves."""
    delta = phase_shift(TOY, k, reduced_mass=M, channel_radius=radius, n_mesh=n_mesh)
    exact = phase_shift(TOY, k, reduced_mass=M, channel_radius=radius, n_mesh=160)
    np.testing.assert_allclose(delta, exact, atol=np.radians(degrees))


@given(omega=st.floats(-3, 0.2).filter(lambda x: abs(x) > 1e-3), mu=st.floats(0.05, 20))
@settings(max_examples=30, deadline=None)
def test_separable_in_any_unit(omega, mu):
    U = Separable(omega * mu**4, mu)
    delta = phase_shift(U, k * mu, reduced_mass=mu)
    np.testing.assert_allclose(delta, U.phase_shift(k * mu, reduced_mass=mu), atol=5 * MICRO)


def test_low_energy_constants():
    a0 = scattering_length(TOY, reduced_mass=M)
    r_eff = effective_range(TOY, reduced_mass=M)
    assert a0 == pytest.approx(TOY.scattering_length(reduced_mass=M), rel=1e-9)
    assert r_eff == pytest.approx(TOY.effective_range(reduced_mass=M), rel=1e-8)


def test_sign_of_the_scattering_length():
    """k cot δ = −1/a0 + …, or +1/a0 with the sign of the lattice."""
    U, k = Separable(-0.004, 1.0), 1e-3
    delta = phase_shift(U, k, reduced_mass=1.0)
    nuclear, lattice = (
        scattering_length(U, reduced_mass=1.0, sign=sign) for sign in ("nuclear", "lattice")
    )
    assert k / np.tan(delta) == pytest.approx(-1 / nuclear, rel=1e-4)
    assert k / np.tan(delta) == pytest.approx(1 / lattice, rel=1e-4)


def test_yamaguchi():
    m = 1 / (2 * 41.472)
    U = Yamaguchi(0.2316053, 1.3918324, reduced_mass=m)
    momenta = np.sqrt(np.array([0.1, 1, 10, 50, 100]) / 41.472)
    delta = phase_shift(U, momenta, reduced_mass=m)
    np.testing.assert_allclose(delta, U.phase_shift(momenta), atol=MICRO / 10)
    assert scattering_length(U, reduced_mass=m) == pytest.approx(U.scattering_length(), rel=1e-9)
    assert effective_range(U, reduced_mass=m) == pytest.approx(U.effective_range(), rel=1e-8)


# V = −2 e^{−r}/r, m = 3.3: direct integration with relative tolerance 1e-12.
YUKAWA_DEGREES = {
    0: [378.044822, 360.551783, 318.441282, 259.306514, 220.792765],
    1: [180.493046, 204.926155, 200.416408, 166.722473, 142.916883],
    2: [0.004308, 5.86589, 46.520517, 82.995193, 84.849699],
}


@pytest.mark.parametrize("l", YUKAWA_DEGREES)
def test_yukawa(l):
    delta = phase_shift(Yukawa(2.0, 1.0), [0.1, 0.5, 1, 2, 3], reduced_mass=M, l=l)
    np.testing.assert_allclose(np.degrees(delta), YUKAWA_DEGREES[l], atol=1e-6)


def test_yukawa_low_energy_constants():
    a0 = scattering_length(Yukawa(2.0, 1.0), reduced_mass=M)
    r_eff = effective_range(Yukawa(2.0, 1.0), reduced_mass=M)
    assert (a0, r_eff) == pytest.approx((-3.96858277, 10.5923667), rel=1e-8)


@pytest.mark.parametrize("l", range(5))
def test_square_well(l):
    """V = −2 inside r < 1.7: the spherical Bessel functions join at the wall."""
    well, R = Local(lambda r: np.full_like(r, -2.0), radius=1.7), 1.7
    momenta = np.linspace(0.1, 6, 40)
    q = np.sqrt(momenta**2 + 2 * M * 2)
    j, dj = spherical_jn(l, momenta * R), momenta * spherical_jn(l, momenta * R, derivative=True)
    y, dy = spherical_yn(l, momenta * R), momenta * spherical_yn(l, momenta * R, derivative=True)
    inside, slope = spherical_jn(l, q * R), q * spherical_jn(l, q * R, derivative=True)
    delta = phase_shift(well, momenta, reduced_mass=M, l=l)
    error = np.sin(delta) * (dy * inside - y * slope) - np.cos(delta) * (dj * inside - j * slope)
    scale = np.hypot(dy * inside - y * slope, dj * inside - j * slope)
    np.testing.assert_allclose(error / scale, 0, atol=1e-9)


def test_local_and_separable_together():
    """u = u_V + S u_1, S = ∫ g u / (…): two local equations, integrated directly."""
    V, m, momentum, end = GaussianSum([-0.4], [0.2]), 1.5, 0.6, 30.0
    U = Separable(-0.03, 0.9)

    def g(r):
        return r * np.exp(-0.9 * r)

    def slopes(r, y):
        u, du, v, dv, _, _ = y
        pull = 2 * m * V(r) - momentum**2
        push = 2 * m * 4 * np.pi * (-0.03) * g(r)
        return [du, pull * u, dv, pull * v + push, g(r) * u, g(r) * v]

    y = solve_ivp(slopes, (0, end), [0, 1, 0, 0, 0, 0], rtol=1e-11, atol=1e-13, method="DOP853").y
    u, du, v, dv, gu, gv = y[:, -1]
    S = gu / (1 - gv)
    direct = np.arctan2(u + S * v, (du + S * dv) / momentum) - momentum * end
    delta = phase_shift(V + U, momentum, reduced_mass=m)
    assert np.sin(delta - direct) == pytest.approx(0, abs=1e-8)


def test_transposing_u_leaves_the_phase_shift():
    U, UT = NonLocal(lopsided), NonLocal(lambda r, s: lopsided(s, r))
    delta = phase_shift(U, k, reduced_mass=M)
    np.testing.assert_allclose(delta, phase_shift(UT, k, reduced_mass=M), atol=1e-10)
    symmetric = NonLocal(lambda r, s: (lopsided(r, s) + lopsided(s, r)) / 2)
    assert np.max(np.abs(delta - phase_shift(symmetric, k, reduced_mass=M))) > 0.02


def test_a_hint_of_asymmetry_changes_nothing():
    """The general solver on a kernel that is symmetric to 1e-9."""
    U = NonLocal(lambda r, s: -0.017 * np.exp(-r - (1 + 1e-9) * s))
    delta = phase_shift(U, k, reduced_mass=M)
    np.testing.assert_allclose(delta, TOY.phase_shift(k, reduced_mass=M), atol=1e-7)


@pytest.mark.parametrize("l", range(7))
@pytest.mark.parametrize("depth", [5.0, 100.0, 400.0])
def test_levinson(l, depth):
    well = GaussianSum([-depth], [1.0])
    delta = phase_shift(well, [1e-3], reduced_mass=M, l=l)
    n_bound = bound_states(well, reduced_mass=M, l=l).energy.size
    assert delta / np.pi == pytest.approx(n_bound, abs=0.02)


@pytest.mark.parametrize("strength", [-1.0, 0.9])
def test_phase_shift_is_continuous_and_ends_at_zero(strength):
    U = NonLocal(lambda r, s: strength * np.exp(-r - 1.3 * s) * (1 - 1.2 * r) * (1 - 0.3 * s))
    delta = phase_shift(U, np.geomspace(0.01, 20, 400), reduced_mass=M)
    assert np.max(np.abs(np.diff(delta))) < 0.2
    assert abs(delta[-1]) < 1e-2


@pytest.mark.parametrize("l", range(5))
def test_no_interaction_no_phase_shift(l):
    free = phase_shift(Interaction(), np.linspace(0.1, 9, 50), reduced_mass=M, l=l)
    np.testing.assert_allclose(free, 0, atol=1e-12)
    boxed = phase_shift(
        Interaction(), np.linspace(0.1, 9, 50), reduced_mass=M, l=l, channel_radius=10
    )
    np.testing.assert_allclose(boxed, 0, atol=1e-8)
    assert scattering_length(Interaction(), reduced_mass=M) == pytest.approx(0, abs=1e-12)
    assert effective_range(Interaction(), reduced_mass=M) == np.inf


@pytest.mark.parametrize("interaction", [Yukawa(1.0, 1.0), NonLocal(lopsided)], ids=repr)
def test_born_limit(interaction):
    """δ → −(2m/k) ∫∫ sin kr [V(r) δ(r−r') + K(r, r')] sin kr' for a weak interaction."""
    small, x, w = 1e-5, *np.polynomial.legendre.leggauss(200)
    r, w = 20 * (x + 1), 20 * w
    weak = Local(lambda r: small * interaction.local_potential(r), radius=40.0) + NonLocal(
        lambda r, s: small * interaction.nonlocal_potential(r, s), radius=40.0
    )
    sine = np.sin(k[:, None] * r) * w
    acting = sine @ interaction.kernel(r[:, None], r) + np.sin(
        k[:, None] * r
    ) * interaction.local_potential(r)
    born = -2 * M / k * small * np.sum(sine * acting, axis=1)
    np.testing.assert_allclose(phase_shift(weak, k, reduced_mass=M), born, rtol=2e-3)


@pytest.mark.parametrize(("r_max", "tolerance"), [(12.5, 0.04), (25.0, 1e-5)])
def test_table_on_100_uniform_nodes(r_max, tolerance):
    """In degrees. The cut at the last node is what costs accuracy, not the spline."""
    r = np.linspace(0.01, r_max, 100)
    U = TOY.nonlocal_potential(r[:, None], r)
    momenta = np.linspace(0.05, 1, 20)
    delta = np.degrees(phase_shift(U, momenta, reduced_mass=M, r=r))
    exact = np.degrees(TOY.phase_shift(momenta, reduced_mass=M))
    np.testing.assert_allclose(delta, exact, atol=tolerance)
    again = np.degrees(phase_shift(Tabulated(U, r), momenta, reduced_mass=M))
    np.testing.assert_array_equal(again, delta)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_shape_of_k(shape):
    assert np.shape(phase_shift(TOY, np.ones(shape), reduced_mass=M)) == shape


def test_momenta_do_not_know_of_each_other():
    together = phase_shift(TOY, k, reduced_mass=M, n_mesh=60)
    alone = [phase_shift(TOY, x, reduced_mass=M, n_mesh=60) for x in k]
    np.testing.assert_allclose(together, alone, atol=1e-13)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": [0.1, 0.0]}, "k must be positive, got 0"),
        ({"k": -0.5}, "k must be positive, got -0.5"),
        ({"k": np.nan}, "k must be finite"),
        ({"k": 1j}, "Complex data not supported: k"),
        ({"reduced_mass": 0.0}, "reduced_mass must be a finite number > 0"),
        ({"reduced_mass": -3.3}, "reduced_mass must be a finite number > 0"),
        ({"l": -1}, "l must be an integer ≥ 0, got -1"),
        ({"l": 0.5}, "l must be an integer ≥ 0, got 0.5"),
        ({"channel_radius": 0}, "channel_radius must be a finite number > 0"),
        ({"n_mesh": 2}, "n_mesh must be an integer ≥ 5 or None, got 2"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    arguments = {"interaction": TOY, "k": 0.1, "reduced_mass": M} | arguments
    with pytest.raises((TypeError, ValueError), match=message):
        phase_shift(**arguments)


@pytest.mark.parametrize("name", ["reduced_mass", "channel_radius"])
@pytest.mark.parametrize("value", ["1", True, [1.0], 1j])
def test_a_text_is_no_number(name, value):
    arguments = {"interaction": TOY, "k": 0.1, "reduced_mass": M} | {name: value}
    with pytest.raises(TypeError, match=f"{name} must be a finite number > 0, got"):
        phase_shift(**arguments)


def test_a_coarse_mesh_warns():
    with pytest.warns(AccuracyWarning, match="between meshes of 10 and 12 points; raise n_mesh"):
        phase_shift(TOY, k, reduced_mass=M, n_mesh=12)
