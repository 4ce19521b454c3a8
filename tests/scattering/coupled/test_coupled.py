"""Coupled waves against direct integration, momentum space, and waves that do not couple."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import spherical_jn

from halkit import Channel
from halkit.interactions import (
    GaussianSum,
    Interaction,
    InteractionMatrix,
    Local,
    NonLocal,
    Separable,
    Yukawa,
    av18,
)
from halkit.scattering import (
    DerivativeExpansion,
    bound_states,
    bound_wave_functions,
    coupled_bound_states,
    coupled_phase_shifts,
    coupled_s_matrix,
    phase_shift,
)
from halkit.scattering.solver.rmatrix import decay_logarithm, riccati_bessel

M, K = 1.2, np.array([0.1, 0.4, 1.0, 2.0])


def tensor(r):
    return -1.5 * r**2 * np.exp(-0.8 * r**2)


# an S wave that binds, a repulsive D wave, and a coupling like that of a tensor force
S, T, D = GaussianSum([-1.9, 1.0], [0.6, 3.0]), Local(tensor), GaussianSum([0.8], [0.5])
LOCAL = [[S, T], [T, D]]


def outwards(k2, end, start=1e-3):
    """Two regular solutions and their derivatives at the end: arrays (2 waves, 2 solutions)."""

    def slopes(r, y):
        u, du = y[:4].reshape(2, 2), y[4:]
        V = 2 * M * np.array([[S(r), T(r)], [T(r), D(r)]]) - k2 * np.eye(2)
        V[1, 1] += 6 / r**2
        return np.append(du, (V @ u).ravel())

    # u_S = r mixes r³ ln r/… into the D wave only at order V12: V12 ∝ r² leaves r^5
    first = np.array([start, 0, 0, start**3, 1, 0, 0, 3 * start**2])
    first[[3, 7]] /= start**2
    y = solve_ivp(slopes, (start, end), first, rtol=1e-12, atol=1e-14, method="DOP853").y[:, -1]
    return y[:4].reshape(2, 2), y[4:].reshape(2, 2)


@pytest.mark.parametrize("k", K)
def test_direct_integration(k):
    u, du = outwards(k**2, 9.0)
    F, dF, G, dG = np.array([riccati_bessel(l, 9.0 * k) for l in (0, 2)]).T
    alpha = (du / k) * G[:, None] - u * dG[:, None]
    beta = u * dF[:, None] - (du / k) * F[:, None]
    tangent = beta @ np.linalg.inv(alpha)
    expected = (np.eye(2) + 1j * tangent) @ np.linalg.inv(np.eye(2) - 1j * tangent)
    np.testing.assert_allclose(coupled_s_matrix(LOCAL, k=k, reduced_mass=M), expected, atol=1e-7)


def test_bound_state_by_direct_integration():
    """The determinant of the regular solutions against those that decay."""

    def mismatch(kappa):
        end = 7.0
        u, du = outwards(-(kappa**2), end)
        ratio = np.array([decay_logarithm(l, kappa * end) / end for l in (0, 2)])
        return np.linalg.det(du - ratio[:, None] * u)

    states = coupled_bound_states(LOCAL, reduced_mass=M)
    kappa = states.kappa[0, 0]
    assert brentq(mismatch, 0.98 * kappa, 1.02 * kappa) == pytest.approx(kappa, abs=1e-7)
    assert 0.005 < states.probability[0, 1] < 0.2


def test_bound_state_solves_the_equation():
    states = coupled_bound_states(LOCAL, reduced_mass=M)
    x, w = np.polynomial.legendre.leggauss(300)
    r, w = 20 * (x + 1), 20 * w * 4 * np.pi
    phi = np.array([wave(r)[0] for wave in states.wave_function])
    share = phi**2 @ (w * r**2)
    np.testing.assert_allclose(share, states.probability[0], atol=1e-9)
    assert np.sum(phi**2 @ (w * r**4)) == pytest.approx(states.rms_radius[0] ** 2, rel=1e-7)
    r, h = np.linspace(0.4, 5, 9), 0.02
    offsets, weights = h * np.arange(-2, 3), np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
    one, two = ((lambda s, wave=wave: s * wave(s)[0]) for wave in states.wave_function)
    second = [sum(c * u(r + d) for c, d in zip(weights, offsets, strict=True)) for u in (one, two)]
    k2 = -(states.kappa[0, 0] ** 2)
    left = [second[0] + k2 * one(r), second[1] + (k2 - 6 / r**2) * two(r)]
    right = 2 * M * np.array([S(r) * one(r) + T(r) * two(r), T(r) * one(r) + D(r) * two(r)])
    np.testing.assert_allclose(left, right, atol=2e-6)


def interval(n, end):
    x, w = np.polynomial.legendre.leggauss(n)
    return end * (1 + x) / 2, end * w / 2


NONLOCAL = [
    [
        NonLocal(lambda r, s: -0.5 * np.exp(-0.5 * (r**2 + s**2))),
        NonLocal(lambda r, s: 0.2 * s**2 * np.exp(-0.6 * r**2 - 0.4 * s**2)),
    ],
    [
        NonLocal(lambda r, s: 0.2 * r**2 * np.exp(-0.4 * r**2 - 0.6 * s**2)),
        NonLocal(lambda r, s: -0.02 * (r * s) ** 2 * np.exp(-0.4 * (r**2 + s**2))),
    ],
]


@pytest.mark.parametrize("k", [0.3, 1.0])
def test_momentum_space(k):
    """K = V + V G K with the principal value subtracted; S = (1 + iK')/(1 − iK'), K' = −πmk K."""
    q, w = interval(70, 14.0)
    p = np.append(q, k)
    r, weight = interval(240, 20.0)
    wave = [spherical_jn(l, np.outer(p, r)) * r * weight for l in (0, 2)]
    V = np.block(
        [
            [2 / np.pi * wave[i] @ NONLOCAL[i][j].kernel(r[:, None], r) @ wave[j].T for j in (0, 1)]
            for i in (0, 1)
        ]
    )
    green = np.append(2 * M * w * q**2 / (k**2 - q**2), 0.0)
    beyond = np.log((14.0 + k) / (14.0 - k)) / (2 * k)
    green[-1] = 2 * M * k**2 * (beyond - np.sum(w / (k**2 - q**2)))
    on = [q.size, 2 * q.size + 1]
    K = np.linalg.solve(np.eye(2 * p.size) - V * np.tile(green, 2), V[:, on])[on]
    tangent = -np.pi * M * k * K
    expected = (np.eye(2) + 1j * tangent) @ np.linalg.inv(np.eye(2) - 1j * tangent)
    np.testing.assert_allclose(coupled_s_matrix(NONLOCAL, k=k, reduced_mass=M), expected, atol=2e-8)


@pytest.mark.parametrize("interactions", [LOCAL, NONLOCAL], ids=["local", "non-local"])
def test_s_matrix_is_unitary_symmetric_and_made_of_the_angles(interactions):
    S = coupled_s_matrix(interactions, k=K, reduced_mass=M)
    np.testing.assert_allclose(S @ S.conj().transpose(0, 2, 1), np.eye(2) + 0 * S, atol=1e-9)
    np.testing.assert_allclose(S, S.transpose(0, 2, 1), atol=1e-9)
    waves = coupled_phase_shifts(interactions, k=K, reduced_mass=M)
    half = np.exp(1j * waves.phase_shift)[:, :, None] * np.eye(2)
    c, s = np.cos(2 * waves.mixing), 1j * np.sin(2 * waves.mixing)
    bar = np.moveaxis(np.array([[c, s], [s, c]]), -1, 0)
    np.testing.assert_allclose(half @ bar @ half, S, atol=1e-7)
    c, s = np.cos(waves.eigen_mixing), np.sin(waves.eigen_mixing)
    turn = np.moveaxis(np.array([[c, -s], [s, c]]), -1, 0)
    diagonal = np.exp(2j * waves.eigenphase)[:, :, None] * np.eye(2)
    np.testing.assert_allclose(turn @ diagonal @ turn.transpose(0, 2, 1), S, atol=1e-7)


@pytest.mark.parametrize("l", [(0, 2), (1, 3), (2, 0)])
def test_without_coupling(l):
    V = [Yukawa(2.0, 1.0), GaussianSum([-3.0], [0.8])]
    waves = coupled_phase_shifts(
        [[V[0], None], [None, V[1]]], k=K, reduced_mass=M, l=l, channel_radius=30.0
    )
    for i in (0, 1):
        alone = phase_shift(V[i], K, reduced_mass=M, l=l[i])
        error = waves.phase_shift[:, i] - alone
        np.testing.assert_allclose(np.sin(error), 0, atol=1e-7)
    np.testing.assert_allclose(waves.mixing, 0, atol=1e-9)
    states = coupled_bound_states(
        [[V[0], None], [None, V[1]]], reduced_mass=M, l=l, channel_radius=30.0
    )
    both = [bound_states(V[i], reduced_mass=M, l=l[i]).energy for i in (0, 1)]
    np.testing.assert_allclose(states.energy, np.sort(np.concatenate(both)), rtol=1e-8)
    np.testing.assert_allclose(np.sort(states.probability, axis=1)[:, 0], 0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.2, -0.5])
def test_a_rotation_of_two_s_waves(angle):
    """V = O diag(V1, V2) Oᵀ: eigenphases δ1, δ2 and the angle of O, at all k."""
    V = [Separable(-0.15, 1.0), GaussianSum([-0.2], [0.5])]
    c, s = np.cos(angle), np.sin(angle)

    class Mixed(Interaction):
        has_local = has_nonlocal = True

        def __init__(self, one, two):
            self.factors = one, two

        def local_potential(self, r):
            return self.factors[1] * V[1].local_potential(r)

        def nonlocal_potential(self, r, r_prime):
            return self.factors[0] * V[0].nonlocal_potential(r, r_prime)

    off = Mixed(c * s, -c * s)
    matrix = [[Mixed(c * c, s * s), off], [off, Mixed(s * s, c * c)]]
    waves = coupled_phase_shifts(matrix, k=K, reduced_mass=M, l=(0, 0))
    alone = [phase_shift(one, K, reduced_mass=M) for one in V]
    total = waves.eigenphase.sum(axis=-1)
    np.testing.assert_allclose(np.sin(total - alone[0] - alone[1]), 0, atol=1e-7)
    np.testing.assert_allclose(np.tan(2 * waves.eigen_mixing), np.tan(2 * angle), atol=1e-5)
    states = coupled_bound_states(matrix, reduced_mass=M, l=(0, 0))
    single = bound_wave_functions(V[0], reduced_mass=M)
    np.testing.assert_allclose(states.energy, single.energy, rtol=1e-8)
    np.testing.assert_allclose(states.probability, [[c * c, s * s]], atol=1e-8)
    np.testing.assert_allclose(states.rms_radius, single.rms_radius, rtol=1e-7)
    r = np.array([0.3, 2.0, 60.0])
    np.testing.assert_allclose(
        np.abs(states.wave_function[1](r)), np.abs(s * single.wave_function(r)), atol=1e-9
    )


def test_levinson_and_continuity():
    """The eigenphase sum starts at π for one bound state and ends at zero."""
    k = np.append(np.geomspace(1e-3, 25, 500), 60.0)
    waves = coupled_phase_shifts(LOCAL, k=k, reduced_mass=M)
    assert waves.phase_shift[0] == pytest.approx([np.pi, 0], abs=0.02)
    assert np.max(np.abs(np.diff(waves.phase_shift[:-1], axis=0))) < 0.2
    assert np.max(np.abs(np.diff(waves.mixing[:-1]))) < 0.1
    np.testing.assert_allclose(waves.phase_shift[-1], 0, atol=0.05)
    np.testing.assert_allclose(waves.eigenphase.sum(axis=1), waves.phase_shift.sum(axis=1))


@pytest.mark.parametrize("depth", [-13.0, -13.2, -13.35])
def test_a_narrow_resonance_is_not_stepped_over(depth):
    """The phases at one k do not depend on the other k of the call; without coupling they are
    those of the waves alone."""
    wide, narrow = GaussianSum([-1.0], [1.0]), GaussianSum([depth], [1.0])
    coupled = [[wide, GaussianSum([-0.05], [1.0])], [GaussianSum([-0.05], [1.0]), narrow]]
    one = coupled_phase_shifts(coupled, k=1.0, reduced_mass=1.0)
    many = coupled_phase_shifts(coupled, k=np.linspace(1e-3, 1, 20001), reduced_mass=1.0)
    assert one.phase_shift == pytest.approx(many.phase_shift[-1], abs=1e-9)
    assert one.mixing == pytest.approx(many.mixing[-1], abs=1e-9)
    assert np.max(np.abs(np.diff(many.phase_shift, axis=0))) < 1.6
    free = coupled_phase_shifts([[wide, None], [None, narrow]], k=1.0, reduced_mass=1.0)
    alone = [phase_shift(V, 1.0, reduced_mass=1.0, l=l) for V, l in ((wide, 0), (narrow, 2))]
    assert free.phase_shift == pytest.approx(alone, abs=1e-7)


def test_a_hard_core_at_high_momentum():
    core = Local(lambda r: 2000.0 + 0 * r, radius=2.0)
    waves = coupled_phase_shifts([[core, None], [None, core]], k=50.0, reduced_mass=1.0)
    alone = [phase_shift(core, 50.0, reduced_mass=1.0, l=l) for l in (0, 2)]
    assert waves.phase_shift == pytest.approx(alone, abs=1e-6)


def test_threshold_powers():
    """δ_S ∝ k, ε ∝ k³, δ_D ∝ k⁵."""
    waves = coupled_phase_shifts(LOCAL, k=[0.01, 0.02], reduced_mass=M)
    low = [waves.phase_shift[:, 0] - np.pi, waves.mixing, waves.phase_shift[:, 1]]
    for angle, power in zip(low, (1, 3, 5), strict=True):
        assert angle[1] / angle[0] == pytest.approx(2**power, rel=0.02)


@pytest.mark.parametrize("channel_radius", [8.0, 15.0, 30.0])
def test_result_does_not_depend_on_the_channel_radius(channel_radius):
    options = {"reduced_mass": M, "channel_radius": channel_radius}
    S = coupled_s_matrix(LOCAL, k=K, **options)
    np.testing.assert_allclose(S, coupled_s_matrix(LOCAL, k=K, reduced_mass=M), atol=1e-7)
    states = coupled_bound_states(LOCAL, **options)
    reference = coupled_bound_states(LOCAL, reduced_mass=M)
    np.testing.assert_allclose(states.energy, reference.energy, rtol=1e-8)
    np.testing.assert_allclose(states.probability, reference.probability, atol=1e-8)


def test_three_waves():
    V = [GaussianSum([c], [0.5]) for c in (-1.0, 0.4, 0.2)]
    matrix = [[V[0], V[2], None], [V[2], V[1], V[2]], [None, V[2], V[0]]]
    S = coupled_s_matrix(matrix, k=K, reduced_mass=M, l=(0, 1, 2))
    np.testing.assert_allclose(S @ S.conj().transpose(0, 2, 1), np.eye(3) + 0 * S, atol=1e-9)
    states = coupled_bound_states(matrix, reduced_mass=M, l=(0, 1, 2))
    np.testing.assert_allclose(states.probability.sum(axis=1), 1)
    assert len(states.wave_function) == 3


def test_shapes():
    waves = coupled_phase_shifts(LOCAL, k=0.5, reduced_mass=M)
    assert waves.phase_shift.shape == (2,)
    assert np.shape(waves.mixing) == ()
    waves = coupled_phase_shifts(LOCAL, k=np.ones((3, 2)), reduced_mass=M)
    assert waves.eigenphase.shape == (3, 2, 2)
    assert waves.mixing.shape == (3, 2)
    assert coupled_s_matrix(LOCAL, k=np.ones((3, 2)), reduced_mass=M).shape == (3, 2, 2, 2)
    nothing = coupled_bound_states([[D, None], [None, D]], reduced_mass=M)
    assert nothing.probability.shape == (0, 2)
    assert nothing.wave_function[0]([1.0]).shape == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": -1.0}, "k must be positive"),
        ({"reduced_mass": 0}, "reduced_mass must be a finite number > 0"),
        ({"l": (0, -1)}, "l must be an integer"),
        ({"interactions": [[S, T]]}, r"interactions must be n lists of n, got 1 of lengths \[2\]"),
        ({"l": (0, 1, 2)}, r"interactions must be 3 lists of 3 for l = \(0, 1, 2\), got 2"),
        (
            {"interactions": [[S, T], [D, S]]},
            r"interactions must be a symmetric matrix, got another one for channels \(0, 1\)",
        ),
        (
            {"interactions": [[S]]},
            "channels or l must be given for 1 channels, got neither",
        ),
    ],
)
def test_refusals_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        coupled_phase_shifts(**({"interactions": LOCAL, "k": K, "reduced_mass": M} | arguments))


def test_a_matrix_brings_its_own_channels():
    """As that of AV18; neither l nor the reduced mass may contradict it."""
    own = InteractionMatrix(LOCAL, channels=[Channel(l=l, reduced_mass=M) for l in (1, 3)])
    S = coupled_s_matrix(own, k=K)
    np.testing.assert_array_equal(S, coupled_s_matrix(LOCAL, k=K, reduced_mass=M, l=(1, 3)))
    other = coupled_s_matrix(own, k=K, channels=[Channel(l=l) for l in (0, 2)], reduced_mass=M)
    np.testing.assert_array_equal(other, coupled_s_matrix(LOCAL, k=K, reduced_mass=M))
    with pytest.raises(ValueError, match="l must be given once, or be the same"):
        coupled_s_matrix(own, k=K, l=(0, 2))
    with pytest.raises(ValueError, match="reduced_mass must be given once, or be the same"):
        coupled_bound_states(av18("3S1-3D1"), reduced_mass=2.0)


@pytest.mark.parametrize(
    ("interactions", "came"),
    [
        (S, "got GaussianSum"),
        (av18("1S0"), "got AV18"),
        (1.5, "got float"),
        ([S, T], r"got list of \['GaussianSum', 'Local'\]"),
    ],
)
def test_one_interaction_is_no_matrix(interactions, came):
    message = rf"interactions must be a list of lists, \[\[V11, V12\], .*{came}"
    for call in (coupled_phase_shifts, coupled_s_matrix):
        with pytest.raises(TypeError, match=message):
            call(interactions, k=K, reduced_mass=M)
    with pytest.raises(TypeError, match=message):
        coupled_bound_states(interactions, reduced_mass=M)


def test_one_l_is_not_enough():
    with pytest.raises(TypeError, match=r"l must hold one integer for each wave, .* got 2"):
        coupled_phase_shifts(LOCAL, k=K, reduced_mass=M, l=2)


def test_a_v2_is_refused():
    U = DerivativeExpansion(S, lambda r: -0.1 * np.exp(-(r**2)))
    with pytest.raises(TypeError, match="must not have a V2"):
        coupled_phase_shifts([[U, T], [T, D]], k=K, reduced_mass=M)
