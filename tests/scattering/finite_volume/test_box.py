"""States in a sphere: orthonormal, and at the levels that the phase shift gives."""

import pickle

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import spherical_jn, spherical_yn

from halkit.interactions import GaussianSum, Interaction, NonLocal, Separable, Yukawa
from halkit.scattering import bound_states, phase_shift, spherical_box_states

TOY, M, R = Separable(omega=-0.017, mu=1.0), 3.3, 30.0
WELL = GaussianSum([-4.0, 3.0], [0.5, 2.0])
BOUNDARIES = ["neumann", "dirichlet"]


def quadrature(n=200):
    x, w = np.polynomial.legendre.leggauss(n)
    r = R * (x + 1) / 2
    return r, 4 * np.pi * r**2 * R * w / 2


def test_free_neumann_levels():
    """φ = j0(kr), j0'(kR) = 0: tan kR = kR, and the constant."""
    energy, wave = spherical_box_states(Interaction(), radius=R, reduced_mass=M)
    roots = [
        brentq(lambda x: x * np.cos(x) - np.sin(x), n * np.pi, (n + 0.5) * np.pi)
        for n in range(1, 20)
    ]
    np.testing.assert_allclose(energy, np.square([0, *roots]) / R**2 / (2 * M), atol=1e-12)
    constant = wave([0.0, 3.0, R])[0]
    np.testing.assert_allclose(constant, (4 * np.pi * R**3 / 3) ** -0.5, rtol=1e-10)


def test_free_dirichlet_levels():
    states = spherical_box_states(Interaction(), radius=R, reduced_mass=M, boundary="dirichlet")
    expected = (np.pi * np.arange(1, 21) / R) ** 2 / (2 * M)
    np.testing.assert_allclose(states.energy, expected, rtol=1e-9)


def zeros(f, count, top=100.0):
    """The first zeros of a function on x > 0."""
    x = np.linspace(0.02, top, 20_000)
    change = np.flatnonzero(np.sign(f(x[:-1])) != np.sign(f(x[1:])))[:count]
    return np.array([brentq(f, x[i], x[i + 1], xtol=1e-13) for i in change])


@pytest.mark.parametrize("l", [1, 2, 5])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_free_partial_waves(l, boundary):
    """j_l(kR) = 0 or j_l'(kR) = 0, and the wave functions j_l(kr)."""
    states = spherical_box_states(
        Interaction(), radius=R, reduced_mass=M, l=l, boundary=boundary, n_states=12
    )
    k = zeros(lambda x: spherical_jn(l, x, derivative=boundary == "neumann"), 12) / R
    np.testing.assert_allclose(states.energy, k**2 / (2 * M), rtol=1e-9)
    r, w = quadrature()
    exact = spherical_jn(l, np.outer(k, r))
    exact /= np.sqrt(exact**2 @ w)[:, None]
    np.testing.assert_allclose(states.wave_function(r), exact, atol=1e-9)


@pytest.mark.parametrize("l", [1, 3])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_levels_of_partial_waves_follow_from_the_phase_shift(l, boundary):
    """φ ∝ cos δ j_l(kR) − sin δ y_l(kR) outside the interaction."""
    energy, _ = spherical_box_states(WELL, radius=R, reduced_mass=M, l=l, boundary=boundary)
    k = np.sqrt(2 * M * energy[energy > 0])
    delta, slope = phase_shift(WELL, k, reduced_mass=M, l=l), boundary == "neumann"
    j, y = (f(l, k * R, derivative=slope) for f in (spherical_jn, spherical_yn))
    np.testing.assert_allclose(k * R * (np.cos(delta) * j - np.sin(delta) * y), 0, atol=1e-7)


def test_a_bound_p_wave_in_a_large_sphere():
    energy = spherical_box_states(WELL, radius=R, reduced_mass=M, l=1).energy
    bound = bound_states(WELL, reduced_mass=M, l=1).energy
    np.testing.assert_allclose(energy[: bound.size], bound, atol=1e-10)
    assert bound.size > 0
    assert energy[bound.size] > 0


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("interaction", [TOY, Yukawa(2.0, 1.0), TOY + Yukawa(1.0, 0.5)], ids=repr)
def test_orthonormal(boundary, interaction):
    states = spherical_box_states(interaction, radius=R, reduced_mass=M, boundary=boundary)
    r, w = quadrature()
    phi = states.wave_function(r)
    np.testing.assert_allclose((phi * w) @ phi.T, np.eye(20), atol=1e-9)
    assert np.all(np.diff(states.energy) > 0)
    assert np.all(states.wave_function([1e-3]) > 0)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_levels_follow_from_the_phase_shift(boundary):
    """Outside u = sin(kr + δ): sin(kR + δ) = 0, or kR cos(kR + δ) = sin(kR + δ)."""
    energy, _ = spherical_box_states(TOY, radius=R, reduced_mass=M, boundary=boundary)
    k = np.sqrt(2 * M * energy[energy > 0])
    phase = k * R + TOY.phase_shift(k, reduced_mass=M)
    mismatch = np.sin(phase) - (boundary == "neumann") * k * R * np.cos(phase)
    np.testing.assert_allclose(mismatch, 0, atol=1e-8)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_walls(boundary):
    states = spherical_box_states(TOY, radius=R, reduced_mass=M, boundary=boundary)
    r, h = np.array([R - 1e-4, R]), 1e-4
    at_wall = states.wave_function(r)
    scale = np.abs(states.wave_function(np.linspace(0, R, 50))).max(axis=1)
    if boundary == "dirichlet":
        np.testing.assert_allclose(at_wall[:, 1] / scale, 0, atol=1e-10)
    else:
        np.testing.assert_allclose((at_wall[:, 1] - at_wall[:, 0]) / h / scale, 0, atol=1e-3)


def test_they_solve_the_equation():
    """E φ − H0 φ = ∫ U φ: with the separable U, a multiple of e^{−μr}, at all r."""
    energy, wave = spherical_box_states(TOY, radius=R, reduced_mass=M, n_states=5)
    s, w = quadrature()
    overlap = (wave(s) * w) @ np.exp(-s)
    r, h = np.linspace(0.5, 6, 9), 0.02
    offsets, weights = h * np.arange(-2, 3), np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
    second = sum(c * (r + d) * wave(r + d) for c, d in zip(weights, offsets, strict=True))
    left = energy[:, None] * r * wave(r) + second / (2 * M)
    right = -0.017 * r * np.exp(-r) * overlap[:, None]
    np.testing.assert_allclose(left, right, atol=1e-8)


def test_bound_state_of_a_large_sphere():
    energy = spherical_box_states(TOY, radius=60.0, reduced_mass=M).energy
    bound = bound_states(TOY, reduced_mass=M).energy
    assert energy[0] == pytest.approx(bound[0], abs=1e-10)
    assert energy[1] > 0


def test_u_that_is_not_symmetric():
    U = NonLocal(lambda r, s: -0.02 * np.exp(-r - 1.3 * s))
    UT = NonLocal(lambda r, s: -0.02 * np.exp(-s - 1.3 * r))
    one = spherical_box_states(U, radius=R, reduced_mass=M)
    two = spherical_box_states(UT, radius=R, reduced_mass=M)
    np.testing.assert_allclose(one.energy, two.energy, atol=1e-9)
    # right and left eigenfunctions are orthogonal
    r, w = quadrature()
    overlap = (one.wave_function(r) * w) @ two.wave_function(r).T
    np.testing.assert_allclose(overlap - np.diag(np.diag(overlap)), 0, atol=1e-7)


def test_complex_energies_are_refused():
    # a rotation in the plane of two modes
    def turn(r, s):
        f, g = np.exp(-r - s) * (r - s), 40.0
        return g * f

    with pytest.raises(ValueError, match="must be nearly symmetric, got the complex energy"):
        spherical_box_states(NonLocal(turn), radius=10.0, reduced_mass=M, n_mesh=60)


def test_a_table_and_a_pickle():
    r = np.linspace(0.01, 25, 100)
    U = TOY.nonlocal_potential(r[:, None], r)
    table = spherical_box_states(U, radius=25.0, reduced_mass=M, r=r)
    exact = spherical_box_states(TOY, radius=25.0, reduced_mass=M)
    np.testing.assert_allclose(table.energy, exact.energy, atol=1e-8)
    again = pickle.loads(pickle.dumps(table))
    np.testing.assert_array_equal(again.wave_function(r), table.wave_function(r))


def test_number_of_states():
    for n in (1, 7, 40):
        energy, wave = spherical_box_states(TOY, radius=R, reduced_mass=M, n_states=n)
        assert energy.shape == (n,)
        assert wave(np.ones(3)).shape == (n, 3)
    assert (
        spherical_box_states(Interaction(), radius=R, reduced_mass=M, n_mesh=30).energy.size == 10
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"radius": -1.0}, "radius must be a finite number > 0"),
        ({"reduced_mass": 0}, "reduced_mass must be a finite number > 0"),
        ({"boundary": "periodic"}, "boundary must be one of .*, got 'periodic'"),
        ({"n_states": 0}, "n_states must be an integer ≥ 1, got 0"),
        ({"n_states": 30, "n_mesh": 40}, "n_mesh must be at least 60 for 30 states, got 40"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        spherical_box_states(TOY, **({"radius": R, "reduced_mass": M} | arguments))


@pytest.mark.parametrize("r", [[R + 0.1], [-0.1], [np.nan], [[1.0]]])
def test_wave_functions_live_in_the_box(r):
    states = spherical_box_states(TOY, radius=R, reduced_mass=M)
    with pytest.raises(
        ValueError, match=r"r must be (one number or one axis, between 0 and|finite)"
    ):
        states.wave_function(r)


@pytest.mark.parametrize("strength", [-100.0, -150.0, -400.0])
def test_a_narrow_well_in_a_wide_box_is_resolved(strength):
    """The mesh grows until the levels stop to move: the lowest one is the bound state."""
    V = GaussianSum([strength], [20.0])
    bound = bound_states(V, reduced_mass=1.0, n_mesh=150).energy
    box = spherical_box_states(V, radius=25.0, reduced_mass=1.0, n_states=3)
    np.testing.assert_allclose(box.energy[: bound.size], bound, rtol=1e-8)


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("mass", [1e-4, 1.0, 1e4])
def test_box_levels_are_right_in_any_unit(length, mass):
    """r → λr, m → μm, V → V/μλ²: E → E/μλ², also where the mesh has to grow for a narrow well."""
    depth, exponent = 150 / (mass * length**2), 20 / length**2
    V = GaussianSum([-depth], [exponent])
    states = spherical_box_states(V, radius=25 * length, reduced_mass=mass, n_states=3)
    expected = spherical_box_states(
        GaussianSum([-150.0], [20.0]), radius=25.0, reduced_mass=1.0, n_states=3, n_mesh=300
    )
    np.testing.assert_allclose(
        states.energy * mass * length**2, expected.energy, rtol=1e-9, atol=1e-9
    )
