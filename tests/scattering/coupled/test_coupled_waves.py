"""Wave functions of coupled channels: separable closed forms, S matrices, direct integration."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from halkit import Channel
from halkit.interactions import GaussianSum, InteractionMatrix, NonLocal, av18
from halkit.scattering import (
    coulomb_functions,
    coupled_s_matrix,
    coupled_wave_functions,
    scattering_wave_functions,
)
from halkit.scattering.coulomb.charges import FINE_STRUCTURE, Charges
from halkit.scattering.coupled import waves as module
from halkit.scattering.coupled.system import CoupledSystem
from halkit.scattering.coupled.waves import solve_coupled, with_charges

MU, THRESHOLD = (2.8, 2.5), (0.0, 0.12)
BETA, LAMBDA = (1.6, 2.1), ((-0.9, 0.8), (0.8, -1.6))
MASSES = ((5.6, 5.6), (4.7, 6.62))
SIMPLE = [Channel(reduced_mass=m, threshold=d) for m, d in zip(MU, THRESHOLD, strict=True)]


def separable(strength=LAMBDA):
    """K_ab = λ_ab e^{−β_a r − β_b r'}, as U = K/4πrr'."""
    return InteractionMatrix(
        [
            [
                NonLocal(
                    lambda r, s, a=a, b=b: (
                        strength[a][b] * np.exp(-BETA[a] * r - BETA[b] * s) / (4 * np.pi * r * s)
                    )
                )
                for b in (0, 1)
            ]
            for a in (0, 1)
        ]
    )


def closed_form(square, mu, incoming, r):
    """u_b = δ_ba sin k_a r + D_b (e^{−β_b r} − e^{ik_b r}) of each energy, shape (2, n_E, n_r)."""
    result = []
    for one in square:
        k, beta = np.sqrt(one + 0j), np.array(BETA)
        seen = np.zeros(2, dtype=complex)
        seen[incoming] = k[incoming] / (beta[incoming] ** 2 + one[incoming])
        J = 1 / (2 * beta) - 1 / (beta - 1j * k)
        strength = np.array(LAMBDA)
        D = np.linalg.solve(
            np.diag((beta**2 + one) / (2 * np.array(mu))) - strength * J, strength @ seen
        )
        u = D[:, None] * (np.exp(-np.outer(beta, r)) - np.exp(1j * np.outer(k, r)))
        u[incoming] += np.sin(k[incoming].real * r)
        result.append(u / (k[incoming].real * r))
    return np.swapaxes(result, 0, 1)


R = np.array([0.05, 0.4, 1.3, 3.0, 9.0, 40.0])


@pytest.mark.parametrize("incoming", [0, 1])
@pytest.mark.parametrize("relativistic", [False, True])
def test_a_separable_matrix(incoming, relativistic):
    """Closed channels, open ones, energies next to and at the threshold; u up to a phase."""
    channels, mu = SIMPLE, MU
    if relativistic:
        channels = [Channel(masses=pair) for pair in MASSES]
        mu = [a * b / (a + b) for a, b in MASSES]
    limit = 0.12
    E = np.array([0.03, 0.119, 0.12, 0.1201, 0.2, 1.5])
    E = E[limit < E] if incoming else E
    waves = coupled_wave_functions(separable(), E, channels=channels, incoming=incoming)
    square = 2 * np.array(mu) * (E[:, None] - [0.0, limit])
    if relativistic:
        m1, m2 = np.array(MASSES).T
        W = 11.2 + E[:, None]
        square = (W**2 - (m1 + m2) ** 2) * (W**2 - (m1 - m2) ** 2) / (4 * W**2)
    exact = closed_form(square, mu, incoming, R)
    np.testing.assert_allclose(waves.k, np.sqrt(square[:, incoming]), rtol=1e-10)
    limits = np.where(limit == E, 1e-7, 2e-8)[:, None]  # at the threshold κ is a root of rounding
    assert np.all(np.abs(waves(R) - exact) < limits)


def test_outside_it_is_the_s_matrix():
    """ψ_b → −(i/2k_a r) √(μ_b k_a/μ_a k_b) S_ba H⁺ and −H⁻ in the incoming channel, any l."""
    A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.4, -1.0))
    two = [Channel(l=0, reduced_mass=1.0), Channel(l=2, reduced_mass=1.2, threshold=0.5)]
    E, r = np.array([0.7, 1.0, 3.0]), 13.0
    S = coupled_s_matrix([[A, T], [T, B]], E, channels=two)
    mu, k = np.array([1.0, 1.2]), np.sqrt(np.array([2 * E, 2.4 * (E - 0.5)]))
    for a in (0, 1):
        waves = coupled_wave_functions([[A, T], [T, B]], E, channels=two, incoming=a)
        assert waves.radius < r
        for b in (0, 1):
            free = coulomb_functions(two[b].l, 0.0, k[b] * r)
            flux = np.sqrt(mu[b] * k[a] / (mu[a] * k[b]))
            expected = (a == b) * (free.G - 1j * free.F) - flux * S[:, b, a] * (
                free.G + 1j * free.F
            )
            np.testing.assert_allclose(waves(r)[b, :, 0], expected * 0.5j / (k[a] * r), atol=1e-10)


def test_without_coupling_it_is_one_channel():
    A, B = GaussianSum([-0.5], [0.5]), GaussianSum([-1.0], [0.5])
    E = np.array([0.2, 0.9])
    waves = coupled_wave_functions([[A, None], [None, B]], E, channels=SIMPLE, incoming=1)
    alone = scattering_wave_functions(B, np.sqrt(2 * MU[1] * (E - 0.12)), reduced_mass=MU[1])
    delta = alone.phase_shift
    np.testing.assert_allclose(waves(R)[1], np.exp(1j * delta)[:, None] * alone(R), atol=1e-9)
    np.testing.assert_allclose(waves(R)[0], 0, atol=1e-12)


def test_on_a_level_of_the_interior():
    """H − E is singular there, the equation with the boundary is not."""
    system = CoupledSystem(separable(), channels=SIMPLE)
    level = system.inside(60).energy
    level = level[level > 0.2][:2]
    waves = coupled_wave_functions(separable(), level, channels=SIMPLE, n_mesh=60)
    square = 2 * np.array(MU) * (level[:, None] - np.array(THRESHOLD))
    np.testing.assert_allclose(waves(R), closed_form(square, MU, 0, R), atol=1e-7)


@pytest.mark.parametrize("distance", [0.0, 1e-14, 1e-10, 1e-7, 1e-4, 1e-2, 0.3])
def test_real_and_complex_equations_agree_next_to_a_level(distance, monkeypatch):
    system = CoupledSystem(separable(), channels=SIMPLE)
    level = system.inside(60).energy
    E = (1 + distance) * level[level > 0.2][:4]
    found = []
    for limit in (module.NEAR_LEVEL, 0.0):
        monkeypatch.setattr(module, "NEAR_LEVEL", limit)
        waves = solve_coupled(system, E, [0, 1], 60)
        found.append(np.array([one(R) for one in waves]))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


@pytest.mark.parametrize("incoming", [0, 1])
def test_charges_in_one_channel(incoming):
    """Against direct integration of two local channels; Z = −3 in the first alone."""
    A, T, B = (GaussianSum([c], [0.6]) for c in (-0.3, -0.4, -0.5))
    channels = [Channel(l=0, reduced_mass=2.0), Channel(l=1, reduced_mass=2.3, threshold=0.1)]
    charges = [Charges.of(-3), None]
    system = with_charges(CoupledSystem([[A, T], [T, B]], channels=channels), charges, None)
    E = 0.4
    (waves,) = solve_coupled(system, np.array([E]), [incoming], None, charges)
    mu, l = np.array([2.0, 2.3]), np.array([0, 1])
    square = 2 * mu * (E - np.array([0.0, 0.1]))
    start, end = 1e-4, 9.0

    def slopes(r, y):
        u = y[:2]
        V = np.exp(-0.6 * r**2) * np.array([[-0.3, -0.4], [-0.4, -0.5]])
        V[0, 0] -= 3 * FINE_STRUCTURE / r
        return np.append(y[2:], 2 * mu * (V @ u) + (l * (l + 1) / r**2 - square) * u)

    grid = np.array([0.3, 1.0, 2.5, 6.0, end])
    kappa = -3 * FINE_STRUCTURE * 2.0
    starts = (
        [start * (1 + kappa * start), 0, 1 + 2 * kappa * start, 0],
        [0, start**2, 0, 2 * start],
    )
    one, two = (
        solve_ivp(slopes, (start, end), y, rtol=1e-11, atol=1e-16, t_eval=grid, method="DOP853").y
        for y in starts
    )
    k, eta = np.sqrt(square), [kappa / np.sqrt(square[0]), 0.0]
    # x one + y two = δ F + A H⁺, values and slopes at the end
    rows, right = np.zeros((4, 4), dtype=complex), np.zeros(4, dtype=complex)
    rows[:, 0], rows[:, 1] = one[:, -1], two[:, -1]
    for b in (0, 1):
        F, dF, G, dG = coulomb_functions(l[b], eta[b], k[b] * end)
        rows[b, 2 + b], rows[2 + b, 2 + b] = -(G + 1j * F), -k[b] * (dG + 1j * dF)
        if b == incoming:
            right[[b, 2 + b]] = F, k[b] * dF
    x, y, *_ = np.linalg.solve(rows, right)
    exact = (x * one[:2] + y * two[:2]) / (k[incoming] * grid)
    np.testing.assert_allclose(waves(grid)[:, 0], exact, atol=1e-8)


def test_nucleons_in_coupled_waves():
    """|ψ|² of AV18 in ³S₁-³D₁: flux in = flux out, and symmetric amplitudes."""
    V = av18("3S1-3D1")
    k, r = np.array([0.3, 1.0]), 60.0
    S = coupled_s_matrix(V, k=k)
    first, second = (coupled_wave_functions(V, k=k, incoming=a) for a in (0, 1))
    assert first(1.0).shape == (2, 2, 1)
    np.testing.assert_allclose(np.abs(S[:, 0, 1]), np.abs(S[:, 1, 0]), atol=1e-10)
    for waves, a in ((first, 0), (second, 1)):
        other = waves(r)[1 - a, :, 0]
        free = coulomb_functions(2 if a == 0 else 0, 0.0, k * r)
        size = np.abs(S[:, 0, 1]) * np.hypot(free.F, free.G) / (2 * k * r)
        np.testing.assert_allclose(np.abs(other), size, rtol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"incoming": 2}, "incoming must be below 2, got 2"),
        ({"incoming": 1}, "energy must be above the threshold 0.12 of the incoming channel"),
        ({"incoming": -1}, "incoming must be an integer ≥ 0"),
        ({"energy": [[0.1]]}, "energy or k must be one number or one axis"),
        ({"energy": None}, "energy or k must be given"),
        ({"energy": -0.1}, "energy must be positive"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        coupled_wave_functions(separable(), **({"energy": 0.05, "channels": SIMPLE} | arguments))
