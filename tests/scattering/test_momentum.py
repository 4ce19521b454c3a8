"""Phase shifts against the Lippmann-Schwinger equation in momentum space.

K(p, k) = V(p, k) + 2m P∫ dq q² V(p, q) K(q, k)/(k² − q²), tan δ = −π m k K(k, k), with
V(p, p') = (2/π) ∫∫ r j0(pr) K(r, r') r' j0(p'r') dr dr'. The principal value is subtracted.
"""

import numpy as np
import pytest

from halkit.interactions import GaussianSum, Interaction, NonLocal, Separable, Yamaguchi
from halkit.scattering import phase_shift, scattering_length

M = 1.7
MICRO = np.radians(1e-6)


def interval(n, end):
    x, w = np.polynomial.legendre.leggauss(n)
    return end * (1 + x) / 2, end * w / 2


def half_line(n, scale):
    x, w = np.polynomial.legendre.leggauss(n)
    angle = np.pi / 4 * (1 + x)
    return scale * np.tan(angle), scale * np.pi / 4 * w / np.cos(angle) ** 2


def momentum_matrix(interaction, p, end, n):
    """V(p_i, p_j)."""
    r, w = interval(n, end)
    wave = np.sin(np.outer(p, r)) / p[:, None]
    matrix = (wave * w) @ interaction.kernel(r[:, None], r) @ (wave * w).T
    if interaction.has_local:
        matrix += (wave * w * interaction.local_potential(r)) @ wave.T
    return 2 / np.pi * matrix


def lippmann_schwinger(V, k, m, q, w, end):
    """δ modulo π, from V(p) → matrix, with the momenta q up to the end."""
    green = np.append(2 * m * w * q**2 / (k**2 - q**2), 0.0)
    beyond = 0.0 if end == np.inf else np.log((end + k) / (end - k)) / (2 * k)
    green[-1] = 2 * m * k**2 * (beyond - np.sum(w / (k**2 - q**2)))
    V = V(np.append(q, k))
    K = np.linalg.solve(np.eye(q.size + 1) - V * green, V[:, -1])
    return np.arctan(-np.pi * m * k * K[-1])


def direct(interaction, k, m, *, q_max, n_q, r_max, n_r):
    def V(p):
        return momentum_matrix(interaction, p, r_max, n_r)

    return lippmann_schwinger(V, k, m, *interval(n_q, q_max), q_max)


class SmoothNonLocal(Interaction):
    """Gaussians, not symmetric on request, with a local part."""

    has_local, has_nonlocal = True, True

    def __init__(self, skew):
        self.skew = skew

    def local_potential(self, r):
        return -0.6 * np.exp(-0.3 * np.square(r))

    def nonlocal_potential(self, r, s):
        r, s = np.asarray(r), np.asarray(s)
        one = -0.3 * np.exp(-0.5 * r**2 - (0.5 + self.skew) * s**2)
        return one + 0.2 * np.exp(-0.3 * (r**2 + s**2) + 0.2 * r * s) * (1 + self.skew * s**2)


@pytest.mark.parametrize("skew", [0.0, 0.2])
@pytest.mark.parametrize("k", [0.15, 0.6, 1.3, 2.4])
def test_gaussian_kernels(skew, k):
    U = SmoothNonLocal(skew)
    delta = phase_shift(U, k, reduced_mass=M)
    expected = direct(U, k, M, q_max=14.0, n_q=80, r_max=25.0, n_r=300)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.5, 1.5])
def test_rank_two_of_exponentials(k):
    U = NonLocal(lambda r, s: -0.017 * np.exp(-1.1 * (r + s)) + 0.03 * r * s * np.exp(-2 * (r + s)))
    delta = phase_shift(U, k, reduced_mass=3.3)
    expected = direct(U, k, 3.3, q_max=60.0, n_q=160, r_max=35.0, n_r=1400)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.7])
def test_local_and_separable(k):
    U = GaussianSum([2.0, -1.0], [1.5, 0.4]) + Separable(-0.01, 0.9)
    delta = phase_shift(U, k, reduced_mass=M)
    expected = direct(U, k, M, q_max=60.0, n_q=160, r_max=35.0, n_r=1400)
    assert np.sin(delta - expected) == pytest.approx(0, abs=MICRO)


@pytest.mark.parametrize("k", [0.1, 0.7])
def test_the_yardstick_itself(k):
    """Yamaguchi: V(p, p') = −(β(α+β)²/m) (2/π) g(p) g(p'), g = 1/(p² + β²)."""
    alpha, beta = 0.2316053, 1.3918324
    U = Yamaguchi(alpha, beta, reduced_mass=2.4)

    def V(p):
        g = 1 / (p**2 + beta**2)
        return -beta * (alpha + beta) ** 2 / 2.4 * 2 / np.pi * np.outer(g, g)

    expected = lippmann_schwinger(V, k, 2.4, *half_line(60, 1.0), np.inf)
    assert np.sin(expected - U.phase_shift(k)) == pytest.approx(0, abs=1e-12)
    assert np.sin(expected - phase_shift(U, k, reduced_mass=2.4)) == pytest.approx(0, abs=MICRO)


def test_sign_of_the_scattering_length():
    U = Separable(-0.017, 1.0)
    nuclear = scattering_length(U, reduced_mass=3.3)
    assert nuclear == pytest.approx(7.39708747, abs=1e-8)
    assert scattering_length(U, reduced_mass=3.3, sign="lattice") == -nuclear
    k = 1e-3
    delta = phase_shift(U, k, reduced_mass=3.3)
    assert k / np.tan(delta) == pytest.approx(1 / -nuclear, rel=1e-4)
    with pytest.raises(ValueError, match='sign must be "nuclear" or "lattice", got \'hal\''):
        scattering_length(U, reduced_mass=3.3, sign="hal")
