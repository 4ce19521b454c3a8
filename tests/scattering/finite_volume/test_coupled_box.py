"""States of coupled channels in a sphere: against one channel, shooting, and their equation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit import Channel
from halkit.interactions import (
    GaussianSum,
    Interaction,
    InteractionMatrix,
    lambda_lambda_n_xi_model,
    p_wave_model,
    pi_sigma_kbar_n_model,
)
from halkit.scattering import coupled_box_states, spherical_box_states
from halkit.units import from_mev

MASSES = [(2.4, 3.1), (2.2, 3.6)]
SCALAR = [GaussianSum([c], [1.2]) for c in (-0.9, 0.35, -1.4)]


def coupled(l=(0, 0)):
    V11, V12, V22 = SCALAR
    channels = [Channel(l=wave, masses=pair) for wave, pair in zip(l, MASSES, strict=True)]
    return InteractionMatrix([[V11, V12], [V12, V22]], channels=channels)


def quadrature(radius, n=300):
    x, w = np.polynomial.legendre.leggauss(n)
    r = radius * (1 + x) / 2
    return r, 4 * np.pi * r**2 * radius * w / 2


@pytest.mark.parametrize("l", [0, 1, 2])
@pytest.mark.parametrize("relativistic", [False, True])
def test_one_channel_has_the_states_of_one_channel(l, relativistic):
    channels = [Channel(l=l, masses=(2.4, 3.1))]
    matrix = InteractionMatrix([[SCALAR[0]]], channels=channels)
    box = coupled_box_states(matrix, radius=9.0, n_states=8, relativistic=relativistic)
    mu = 2.4 * 3.1 / 5.5
    one = spherical_box_states(SCALAR[0], radius=9.0, reduced_mass=mu, l=l, n_states=8)
    known = matrix.resolved(relativistic=relativistic)
    assert_allclose(known.kinetic_energy(box.energy)[:, 0], one.energy, atol=1e-9)
    r = np.array([0.2, 1.0, 5.0])
    h = 1e-5
    slope = (known.kinetic_energy(box.energy + h) - known.kinetic_energy(box.energy - h)) / (2 * h)
    assert_allclose(box.wave_function[0](r) * np.sqrt(slope), one.wave_function(r), atol=1e-8)


def test_channels_without_coupling_are_alone():
    matrix = coupled()
    alone = InteractionMatrix([[SCALAR[0], None], [None, SCALAR[2]]], channels=matrix.channels)
    box = coupled_box_states(alone, radius=9.0, n_states=10)
    single = [
        coupled_box_states(
            [[V]], channels=[channel], radius=9.0, n_states=10
        ).energy + threshold
        for V, channel, threshold in zip(
            (SCALAR[0], SCALAR[2]), matrix.channels, alone.resolved().threshold, strict=True
        )
    ]  # fmt: skip
    assert_allclose(box.energy, np.sort(np.concatenate(single))[:10], atol=1e-9)
    r, w = quadrature(9.0)
    shares = np.array([np.abs(wave(r)) ** 2 @ w for wave in box.wave_function])
    assert np.all(shares.min(axis=0) < 1e-12 * shares.max(axis=0))


@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize("l", [(0, 0), (0, 2)])
def test_energies_by_shooting(l, relativistic):
    """Two solutions regular at the origin; det[R u' − u] at the wall vanishes at E_n."""
    matrix, R = coupled(l), 6.0
    channels = matrix.resolved(relativistic=relativistic)
    energy = coupled_box_states(matrix, radius=R, n_states=5, relativistic=relativistic).energy
    grid = np.linspace(energy[0] - 0.02, energy[4] + 0.01, 40)
    E = np.concatenate([energy - 1e-5, energy + 1e-5, grid])
    twice, barrier = 2 * np.array(channels.reduced_mass), np.array([x * (x + 1) for x in l])
    epsilon = channels.kinetic_energy(E)

    def second(r, u):
        V = matrix.local_potential(r) - epsilon[:, :, None] * np.eye(2)
        return twice[:, None] * (V @ u) + (barrier / r**2)[:, None] * u

    r, power = np.geomspace(1e-2, R, 1500), np.array(l) + 1.0
    u, v = np.tile(np.diag(r[0] ** power), (E.size, 1, 1)), np.diag(power * r[0] ** (power - 1))
    for r0, h in zip(r, np.diff(r), strict=False):
        a = second(r0, u)
        b = second(r0 + h / 2, u + h / 2 * v + h**2 / 8 * a)
        c = second(r0 + h, u + h * v + h**2 / 2 * b)
        u, v = u + h * v + h**2 / 6 * (a + 2 * b), v + h / 6 * (a + 4 * b + c)
    signs = np.sign(np.linalg.det(R * v - u))
    assert np.all(signs[:5] == -signs[5:10])
    assert np.count_nonzero(np.diff(signs[10:])) == 5


@pytest.mark.parametrize("relativistic", [False, True])
def test_normalisation_and_orthogonality(relativistic):
    """Σ_a ∫ φ_n φ_m [ε_a(E_n) − ε_a(E_m)]/(E_n − E_m) = δ_nm, with ε_a' for n = m."""
    matrix = lambda_lambda_n_xi_model()
    box = coupled_box_states(matrix, radius=8.0, n_states=12, relativistic=relativistic)
    r, w = quadrature(8.0)
    overlap = [(wave(r) * w) @ wave(r).T for wave in box.wave_function]
    channels = matrix.resolved(relativistic=relativistic)
    E = box.energy + 1e-6 * np.diag(np.ones(12))
    ratio = (channels.kinetic_energy(E) - channels.kinetic_energy(E.T - 2e-6 * np.eye(12))) / (
        E - E.T + 2e-6 * np.eye(12)
    )[..., None]
    assert_allclose(np.einsum("anm,nma->nm", overlap, ratio), np.eye(12), atol=1e-7)


@pytest.mark.parametrize(
    "matrix", [lambda_lambda_n_xi_model(), lambda_lambda_n_xi_model("separable"),
               pi_sigma_kbar_n_model()],
)  # fmt: skip
def test_states_obey_their_equation(matrix):
    box = coupled_box_states(matrix, radius=8.0, n_states=30)
    channels, r, h = matrix.resolved(), np.array([0.4, 1.1, 3.0]), 0.01
    s, w = quadrature(8.0)
    u = np.array([[(r + n * h) * wave(r + n * h) for n in range(-3, 4)]
                  for wave in box.wave_function])  # fmt: skip
    second = np.einsum("n,ansr->asr", [2, -27, 270, -490, 270, -27, 2], u) / (180 * h**2)
    epsilon = channels.kinetic_energy(box.energy).T[..., None]
    left = epsilon * u[:, 3] + second / (2 * np.array(channels.reduced_mass)[:, None, None])
    phi = np.array([wave(s) for wave in box.wave_function])
    kernel = matrix.nonlocal_potential(r[:, None], s) * w
    right = r * (
        np.einsum("abr,bnr->anr", matrix.local_potential(r), u[:, 3] / r)
        + np.einsum("abrs,bns->anr", kernel, phi)
    )
    assert_allclose(left, right, atol=1e-6 * np.abs(right).max())
    for wave in box.wave_function:
        slope = (wave([8.0]) - wave([8.0 - 1e-4])) / 1e-4
        assert np.abs(slope).max() < 1e-3 * np.abs(wave(s)).max()


def test_free_states_with_relativistic_energies():
    free = InteractionMatrix([[None, None], [None, None]], channels=coupled().channels)
    box = coupled_box_states(free, radius=10.0, n_states=6)
    k = np.array([0.0, 4.493409458, 7.725251837, 10.904121659]) / 10
    expected = [np.hypot(m1, k) + np.hypot(m2, k) - 5.5 for m1, m2 in MASSES]
    assert_allclose(box.energy, np.sort(np.ravel(expected))[:6], atol=1e-9)


def test_a_finer_mesh_changes_nothing():
    matrix = lambda_lambda_n_xi_model()
    box, fine = (coupled_box_states(matrix, radius=8.0, n_states=40, n_mesh=n) for n in (None, 130))
    assert_allclose(fine.energy, box.energy, atol=from_mev(1e-6))
    r = np.linspace(0, 8, 30)
    for one, other in zip(box.wave_function, fine.wave_function, strict=True):
        assert_allclose(one(r), other(r), atol=1e-8)


def test_lists_take_channels_and_matrices_other_ones():
    matrix = coupled()
    rows = [list(row) for row in matrix.interactions]
    expected = coupled_box_states(matrix, radius=6.0, n_states=4).energy
    listed = coupled_box_states(rows, channels=matrix.channels, radius=6.0, n_states=4)
    assert_allclose(listed.energy, expected)
    waves = [Channel(l=1, masses=pair) for pair in MASSES]
    assert (
        coupled_box_states(matrix, channels=waves, radius=6.0, n_states=4).energy[0] > expected[0]
    )


ONE = [Channel(masses=MASSES[0])]
BAD = [
    (coupled(), {"radius": -1.0}, "radius must be a finite number > 0"),
    (coupled(), {"n_states": 0}, "n_states must be an integer ≥ 1"),
    (coupled(), {"n_states": 40, "n_mesh": 20}, "n_mesh must be at least 40"),
    ([[None, SCALAR[0]], [None, None]], {"channels": coupled().channels}, "a symmetric matrix"),
    ([[Interaction()]], {}, "channels or l must be given"),
    ([[GaussianSum([-60.0], [0.3])]], {"channels": ONE}, "must bind by less than"),
    ([[GaussianSum([-6.0], [0.3])]], {"channels": ONE}, "must bind by less than"),
    ([[p_wave_model()]], {"channels": ONE}, "made for l = 1, got l = 0"),
]


@pytest.mark.parametrize(("matrix", "options", "message"), BAD)
def test_bad_arguments_are_refused(matrix, options, message):
    with pytest.raises(ValueError, match=message):
        coupled_box_states(matrix, **{"radius": 6.0, **options})
