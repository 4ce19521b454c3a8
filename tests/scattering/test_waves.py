"""Wave functions against closed forms, direct integration, and the laws they obey."""

import pickle

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import spherical_jn

from halkit.exceptions import AccuracyWarning
from halkit.interactions import (
    GaussianSum,
    Interaction,
    Local,
    NonLocal,
    Separable,
    Yamaguchi,
    Yukawa,
)
from halkit.scattering import (
    bound_states,
    bound_wave_functions,
    phase_shift,
    scattering_wave_functions,
)

TOY, M = Separable(omega=-0.017, mu=1.0), 3.3
K = np.array([0.01, 0.1, 0.5, 1.0, 2.0])
R = np.concatenate([[0, 1e-3], np.linspace(0.1, 40, 60), [200.0]])


def lopsided(r, s):
    return -0.02 * np.exp(-r - 1.3 * s) + 0.05 * np.exp(-0.8 * r - 2 * s) * s


def test_momenta_are_copied():
    k = np.array([0.1, 0.5])
    waves = scattering_wave_functions(TOY, k, reduced_mass=M)
    before = waves(R)
    k *= 2
    np.testing.assert_array_equal(waves(R), before)
    np.testing.assert_array_equal(waves.k, [0.1, 0.5])


def integral(f, end, n=400):
    x, w = np.polynomial.legendre.leggauss(n)
    r = end * (x + 1) / 2
    return f(r) @ w * end / 2


@pytest.mark.parametrize("channel_radius", [None, 30.0, 45.0])
def test_separable(channel_radius):
    waves = scattering_wave_functions(TOY, K, reduced_mass=M, channel_radius=channel_radius)
    np.testing.assert_allclose(waves(R), TOY.wave_function(K, R, reduced_mass=M), atol=2e-8)
    np.testing.assert_allclose(waves.phase_shift, TOY.phase_shift(K, reduced_mass=M), atol=1e-9)


def test_yamaguchi():
    U = Yamaguchi(0.2316053, 1.3918324, reduced_mass=2.4)
    waves = scattering_wave_functions(U, K, reduced_mass=2.4)
    np.testing.assert_allclose(waves(R), U.wave_function(K, R), atol=2e-8)


# k, r, φ: the closed form of S. Aoki and K. Yazaki, PTEP 2022 (2022) 033B04, check_values anew.
PUBLISHED = [(0.1, 2.5, 1.26307787357), (0.5, 5.0, -0.121490519873), (1.0, 1.0, 0.764977699528)]


@pytest.mark.parametrize(("k", "r", "phi"), PUBLISHED)
def test_table_of_the_separable_model(k, r, phi):
    assert scattering_wave_functions(TOY, k, reduced_mass=M)(r) == pytest.approx(phi, abs=1e-9)


@pytest.mark.parametrize("l", [0, 1, 2])
@pytest.mark.parametrize(
    ("V", "start"), [(Yukawa(2.0, 1.0), 1e-6), (GaussianSum([3, -2], [2, 0.3]), 1e-6)]
)
def test_local_potential_by_direct_integration(V, start, l):
    k, points = 0.7, np.array([0.2, 1.0, 3.0, 9.0, 33.0])

    def slopes(r, y):
        return [y[1], (l * (l + 1) / r**2 + 2 * M * V(r) - k**2) * y[0]]

    # the Coulomb-like start of a Yukawa potential: u = r^{l+1} (1 + m c r/(l+1))
    c = float(V(start) * start) if isinstance(V, Yukawa) else 0.0
    first = [
        start ** (l + 1) * (1 + M * c * start / (l + 1)),
        (l + 1) * start**l + M * c * (l + 2) / (l + 1) * start ** (l + 1),
    ]
    scale = start ** (l + 1)
    u = solve_ivp(
        slopes,
        (start, 33.0),
        np.array(first) / scale,
        rtol=1e-12,
        atol=1e-14,
        method="DOP853",
        t_eval=points,
    ).y[0]
    waves = scattering_wave_functions(V, k, reduced_mass=M, l=l)
    ours = waves(points)[0] * k * points
    np.testing.assert_allclose(u * ours[-1] / u[-1], ours, atol=2e-7)


@pytest.mark.parametrize("l", range(5))
def test_free_waves(l):
    waves = scattering_wave_functions(Interaction(), K, reduced_mass=M, l=l, channel_radius=10.0)
    np.testing.assert_allclose(waves(R), spherical_jn(l, np.outer(K, R)), atol=1e-8)


@pytest.mark.parametrize(
    ("interaction", "l"),
    [(TOY, 0), (NonLocal(lopsided), 0), (TOY + Yukawa(1.0, 0.5), 0), (Yukawa(2.0, 1.0), 2)],
    ids=repr,
)
def test_asymptotic_form_and_smooth_joint(interaction, l):
    waves = scattering_wave_functions(interaction, K, reduced_mass=M, l=l)
    np.testing.assert_allclose(
        waves.phase_shift, phase_shift(interaction, K, reduced_mass=M, l=l), atol=1e-7
    )
    r = 3e4 + np.linspace(0, 3, 7)
    expected = np.sin(np.outer(K, r) - l * np.pi / 2 + waves.phase_shift[:, None])
    if l == 0:
        np.testing.assert_allclose(waves(r) * np.outer(K, r), expected, atol=1e-8)
    else:
        np.testing.assert_allclose((waves(r) * np.outer(K, r))[1:], expected[1:], atol=3e-3)
    a = waves.mesh.radius
    x = a + 1e-3 * np.array([-2, -1, 1, 2])
    left, near, beyond, right = waves(x).T
    np.testing.assert_allclose(near - left, right - beyond, atol=2e-5 * np.max(K))


@pytest.mark.parametrize("interaction", [TOY, NonLocal(lopsided), TOY + Yukawa(1.0, 0.5)], ids=repr)
def test_integral_equation(interaction):
    """u(r) = sin kr cos δ + ∫ G (V + U) u, seen as ∫ sin(kr) (V+U)u = −k sin δ/2m."""
    waves = scattering_wave_functions(interaction, K, reduced_mass=M)
    x, w = np.polynomial.legendre.leggauss(300)
    r = 30 * (x + 1)
    u = waves(r) * np.outer(K, r)
    acting = interaction.local_potential(r) * u + (u * w * 30) @ interaction.kernel(r[:, None], r).T
    projection = (np.sin(np.outer(K, r)) * acting) @ w * 30
    np.testing.assert_allclose(projection, -K * np.sin(waves.phase_shift) / (2 * M), atol=1e-8)


@pytest.mark.parametrize("interaction", [TOY, Yukawa(2.0, 1.0)], ids=repr)
def test_waves_of_two_energies_are_orthogonal_up_to_the_surface(interaction):
    """(k² − q²) ∫_0^b u_k u_q dr = u_k u_q' − u_k' u_q at b, for a symmetric potential."""
    b = 45.0
    waves = scattering_wave_functions(interaction, [0.3, 0.8], reduced_mass=M)
    overlap = integral(lambda r: np.prod(waves(r) * np.outer(waves.k, r), axis=0), b)
    k, phase = waves.k, waves.k * b + waves.phase_shift
    u, slope = np.sin(phase), k * np.cos(phase)
    surface = u[0] * slope[1] - slope[0] * u[1]
    assert (k[0] ** 2 - k[1] ** 2) * overlap == pytest.approx(surface, abs=1e-7)


def test_scaling():
    """r → λr, k → k/λ, m fixed: V → V/λ² leaves ψ as a function of r/λ."""
    wide = GaussianSum([-0.5 / 9], [0.4 / 9])
    one = scattering_wave_functions(GaussianSum([-0.5], [0.4]), K, reduced_mass=M)
    three = scattering_wave_functions(wide, K / 3, reduced_mass=M)
    np.testing.assert_allclose(three(3 * R), one(R), atol=1e-8)


def test_a_momentum_on_a_level_of_the_interior():
    waves = scattering_wave_functions(
        Interaction(), np.pi / 20 * np.array([1, 3, 5]), reduced_mass=M, channel_radius=10.0
    )
    r = np.array([1.0, 9.0, 11.0])
    np.testing.assert_allclose(waves(r), np.sinc(np.outer(waves.k, r) / np.pi), atol=1e-9)


def test_a_table_and_a_pickle():
    r = np.linspace(0.01, 25, 100)
    waves = scattering_wave_functions(TOY.nonlocal_potential(r[:, None], r), K, reduced_mass=M, r=r)
    np.testing.assert_allclose(waves(R), TOY.wave_function(K, R, reduced_mass=M), atol=1e-6)
    again = pickle.loads(pickle.dumps(waves))
    np.testing.assert_array_equal(again(R), waves(R))
    bound = bound_wave_functions(TOY, reduced_mass=M)
    again = pickle.loads(pickle.dumps(bound))
    np.testing.assert_array_equal(again.wave_function(R), bound.wave_function(R))


@pytest.mark.parametrize("alpha", [0.02, 0.2316053, 2.0])
def test_bound_state_of_yamaguchi(alpha):
    """u = N (e^{−αr} − e^{−βr}), N² = 2αβ(α+β)/(β−α)²."""
    beta = 1.3918324
    states = bound_wave_functions(Yamaguchi(alpha, beta, reduced_mass=2.4), reduced_mass=2.4)
    norm = np.sqrt(2 * alpha * beta * (alpha + beta)) / abs(beta - alpha)
    r = R[1:]
    u = norm * np.abs(np.exp(-alpha * r) - np.exp(-beta * r))
    phi = u / r / np.sqrt(4 * np.pi)
    np.testing.assert_allclose(states.wave_function(r)[0], phi, atol=1e-8)
    square = norm**2 * (1 / alpha**3 + 1 / beta**3 - 16 / (alpha + beta) ** 3) / 4
    assert states.rms_radius == pytest.approx([np.sqrt(square)], rel=1e-8)


@pytest.mark.parametrize(
    ("interaction", "l"),
    [
        (Yukawa(2.0, 1.0), 0),
        (Yukawa(2.0, 1.0), 1),
        (GaussianSum([-40.0], [1.0]), 0),
        (GaussianSum([-40.0], [1.0]), 3),
    ],
    ids=repr,
)
def test_bound_states_are_orthonormal(interaction, l):
    states = bound_wave_functions(interaction, reduced_mass=M, l=l)
    np.testing.assert_allclose(
        states.kappa, bound_states(interaction, reduced_mass=M, l=l).kappa, rtol=1e-7
    )
    x, w = np.polynomial.legendre.leggauss(400)
    r = 60 * (x + 1) ** 2 / 4
    w = 60 * (x + 1) / 2 * w * 4 * np.pi * r**2
    phi = states.wave_function(r)
    np.testing.assert_allclose((phi * w) @ phi.T, np.eye(len(phi)), atol=2e-7)
    np.testing.assert_allclose(states.rms_radius**2, phi**2 @ (w * r**2), rtol=1e-6)
    nodes = [
        np.sum(np.diff(np.sign(wave[np.abs(wave) > 1e-6 * np.max(np.abs(wave))])) != 0)
        for wave in phi
    ]
    assert nodes == list(range(len(phi)))
    assert np.all(states.wave_function([1e-2]) > 0)


@pytest.mark.parametrize(("l", "depth"), [(1, 6.6), (2, 14.5), (4, 37.5)])
def test_bound_state_does_not_depend_on_the_channel_radius(l, depth):
    """Also where the tail κr k_l(κr) starts well inside its 1/r^l."""
    well = GaussianSum([-depth], [1.0])
    near, far = (
        bound_wave_functions(well, reduced_mass=1.0, l=l, channel_radius=a) for a in (6.0, 30.0)
    )
    assert near.kappa.size == 1
    assert near.kappa[0] < 0.9
    r = np.array([0.5, 1.9, 5.0, 7.0, 20.0, 40.0])
    np.testing.assert_allclose(far.kappa, near.kappa, rtol=1e-9)
    np.testing.assert_allclose(far.rms_radius, near.rms_radius, rtol=1e-8)
    np.testing.assert_allclose(far.wave_function(r), near.wave_function(r), atol=1e-9)


def test_radius_of_a_shallow_state():
    """Far outside the range ⟨r²⟩ → 1/2κ²: a shallow state."""
    states = bound_wave_functions(Yamaguchi(1e-3, 1.4, reduced_mass=2.4), reduced_mass=2.4)
    assert states.rms_radius == pytest.approx([np.sqrt(0.5) * 1e3], rel=3e-3)


def test_nothing_bound():
    states = bound_wave_functions(Separable(0.017, 1.0), reduced_mass=M)
    assert states.kappa.shape == states.rms_radius.shape == (0,)
    assert states.wave_function([1.0, 100.0]).shape == (0, 2)


def test_bound_state_of_a_potential_that_is_not_symmetric():
    """(E − H0) φ = ∫ U φ, by differences."""
    U = NonLocal(lambda r, s: -0.03 * np.exp(-r - 1.3 * s) * (1 + s))
    states = bound_wave_functions(U, reduced_mass=M)
    x, w = np.polynomial.legendre.leggauss(300)
    s, w = 30 * (x + 1), 30 * w
    r, h = np.linspace(0.5, 6, 9), 0.02
    offsets, weights = h * np.arange(-2, 3), np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
    u = states.wave_function
    second = sum(c * (r + d) * u(r + d) for c, d in zip(weights, offsets, strict=True))
    right = (u(s) * s * w) @ U.kernel(r[:, None], s).T
    np.testing.assert_allclose(
        states.energy[:, None] * r * u(r) + second / (2 * M), right, atol=1e-7
    )


def test_a_mesh_that_is_too_coarse_for_k_warns():
    with pytest.warns(AccuracyWarning, match="raise n_mesh"):
        scattering_wave_functions(TOY, 20.0, reduced_mass=M, channel_radius=30, n_mesh=60)
    with pytest.raises(ValueError, match="lower k or the channel radius"):
        scattering_wave_functions(TOY, 1e4, reduced_mass=M)


class Optical(Interaction):
    has_local = True

    def local_potential(self, r):
        return -np.exp(-r) * (1 + 0.1j)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": [0.1, 0.0]}, "k must be one number or one axis, and > 0"),
        ({"k": [[0.1]]}, "k must be one number or one axis, and > 0"),
        ({"k": np.nan}, "k must be finite"),
        ({"reduced_mass": -1.0}, "reduced_mass must be a finite number > 0"),
        ({"l": -1}, "l must be an integer ≥ 0"),
        ({"interaction": Local(lambda r: r * np.nan, radius=2.0)}, "is not finite"),
        ({"interaction": Optical(), "channel_radius": 30.0}, "Complex data not supported"),
        ({"interaction": np.ones((3, 4)), "r": np.arange(3.0)}, "must have 3 entries"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    arguments = {"interaction": TOY, "k": 0.1, "reduced_mass": M} | arguments
    with pytest.raises(ValueError, match=message):
        scattering_wave_functions(**arguments)


@pytest.mark.parametrize("r", [-0.1, [[1.0]], np.nan])
def test_bad_distances_are_refused(r):
    waves = scattering_wave_functions(TOY, 0.1, reduced_mass=M)
    with pytest.raises(ValueError, match="r must be"):
        waves(r)


class Fitted:
    """What a fitted estimator offers."""

    @property
    def interaction_(self):
        return GaussianSum([-0.2], [0.5]) + TOY


def test_a_fitted_estimator():
    same = TOY + GaussianSum([-0.2], [0.5])
    ours, theirs = (scattering_wave_functions(U, K, reduced_mass=M)(R) for U in (Fitted(), same))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    ours, theirs = (bound_wave_functions(U, reduced_mass=M) for U in (Fitted(), same))
    np.testing.assert_allclose(ours.energy, theirs.energy, rtol=1e-12)
    np.testing.assert_allclose(ours.wave_function(R), theirs.wave_function(R), atol=1e-12)


def test_wronskian_of_two_energies():
    """u1 u2' − u1' u2 = (k1² − k2²) ∫ u1 u2 dr at any radius beyond a symmetric potential."""
    potential = Separable(-0.017, 1.0) + GaussianSum([-0.2], [0.5])
    k, a = np.array([0.4, 0.7]), 40.0
    waves = scattering_wave_functions(potential, k, reduced_mass=3.3)
    x, w = np.polynomial.legendre.leggauss(200)
    r = a * (1 + x) / 2
    u1, u2 = waves(r) * r * k[:, np.newaxis]
    integral = np.sum(w * u1 * u2) * a / 2
    phase = k * a + waves.phase_shift
    s, c = np.sin(phase), np.cos(phase)
    wronskian = s[0] * k[1] * c[1] - k[0] * c[0] * s[1]
    assert (k[0] ** 2 - k[1] ** 2) * integral == pytest.approx(wronskian, rel=1e-8)


@pytest.mark.parametrize("length", [1e-4, 1e-2, 1.0, 100.0])
def test_a_narrow_well_scatters_alike_in_any_unit(length):
    """r → λr, k → k/λ: V → V/λ²; a default mesh is as good as a fine one, inside the well, too."""
    r, k = np.array([0.01, 0.05, 0.1, 0.3, 1.0, 4.0]), np.array([0.1, 0.7])

    def waves(length, n_mesh=None):
        V = GaussianSum(np.array([-400.0, 0.5]) / length**2, np.array([100.0, 0.1]) / length**2)
        states = scattering_wave_functions(V, k / length, reduced_mass=1.0, n_mesh=n_mesh)
        return states(r * length)

    np.testing.assert_allclose(waves(length), waves(1.0, n_mesh=400), atol=5e-8)
