"""Bound wave functions of any potential: normalised, orthogonal, solutions of their equation."""

import warnings

import numpy as np
import pytest
from scipy.optimize import brentq

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, NonLocal
from halkit.scattering import bound_states, bound_wave_functions, scattering_wave_functions
from halkit.units import from_mev

X, W = np.polynomial.legendre.leggauss(600)
STENCIL = np.array([2, -27, 270, -490, 270, -27, 2]) / 180


def overlaps(states):
    """4π ∫ r² φ_i φ_j dr, out to where the shallowest state and the slowest U are over."""
    end = 40 + 30 / np.min(states.kappa, initial=1.0)
    r = end * (X + 1) ** 2 / 4
    phi = states.wave_function(r)
    return (phi * end * (X + 1) / 2 * W * 4 * np.pi * r**2) @ phi.T


def residual(interaction, states, m):
    """Largest of (E − H) u relative to E u + V u, on a few points, with differences for u''."""
    scale = min(1 / np.max(states.kappa), 0.5)
    r, h = scale * np.array([0.3, 0.7, 1.1, 1.9]), 0.02 * scale

    def u(r):
        return r * states.wave_function(r)

    second = sum(c * u(r + i * h) for i, c in enumerate(STENCIL, -3)) / h**2
    s = 20 * (X + 1) ** 2
    acting = interaction.local_potential(r) * u(r)
    acting += (u(s) * 40 * (X + 1) * W) @ interaction.kernel(r[:, None], s).T
    kinetic, energy = -second / (2 * m), states.energy[:, None] * u(r)
    size = np.max(np.abs(acting), axis=1) + np.max(np.abs(energy), axis=1)
    return np.max(np.abs(kinetic + acting - energy).T / size)


@pytest.mark.parametrize(
    ("strengths", "exponents", "mass", "energy"),
    [
        # Its matrix H − E is exactly singular; the energy is that of `bound_states`.
        ([1.2237254220435265, -0.3160703595638768, -0.4960521430040252], [48.5, 7.8, 3.4],
         4795.6, -0.02671356),
    ],
)  # fmt: skip
def test_an_exactly_singular_matrix(strengths, exponents, mass, energy):
    V, m = GaussianSum(strengths, exponents), from_mev(mass) / 2
    states = bound_wave_functions(V, reduced_mass=m)
    assert states.energy == pytest.approx([energy], abs=1e-8)
    assert overlaps(states) == pytest.approx(1, abs=1e-9)
    assert residual(V, states, m) < 1e-6


def random_potential(seed):
    """Gaussians of any sign and width, two of three times with a U, symmetric or not."""
    random = np.random.default_rng(seed)
    n = random.integers(1, 4)
    V = GaussianSum(
        random.normal(size=n) * random.choice([0.3, 2, 20]), random.uniform(0.1, 50, size=n)
    )
    c, skew = random.normal(size=3), 0.3 * (seed % 3 == 2)
    if seed % 3:
        V = V + NonLocal(
            lambda r, s: c[0] * np.exp(-r - s * (1 + skew * abs(c[1]))) * (1 + c[2] * r * s)
        )
    return V, random.uniform(0.3, 12), skew == 0


def check_random_potentials(seeds):
    bound = 0
    for seed in seeds:
        V, m, symmetric = random_potential(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            states = bound_wave_functions(V, reduced_mass=m)
            energy = bound_states(V, reduced_mass=m).energy
        np.testing.assert_allclose(states.energy, energy, rtol=1e-6, err_msg=str(seed))
        if energy.size == 0:
            continue
        bound += 1
        overlap = overlaps(states) if symmetric else np.diag(np.diag(overlaps(states)))
        np.testing.assert_allclose(overlap, np.eye(energy.size), atol=1e-7, err_msg=str(seed))
        assert residual(V, states, m) < 1e-3, seed
    return bound


def test_random_potentials():
    assert check_random_potentials(range(15)) > 3


@pytest.mark.slow
def test_a_hundred_random_potentials():
    """A fault in 3 % of them would be seen in 95 % of such families."""
    assert check_random_potentials(range(15, 115)) > 20


def wells(inner, outer):
    return Local(
        lambda r: -inner * np.exp(-4 * r**2) - outer * np.exp(-4 * (r - 8) ** 2), radius=12.0
    )


def ground(inner, outer):
    return bound_states(wells(inner, outer), reduced_mass=3.0, n_mesh=160).energy[0]


def test_states_of_one_energy_are_orthogonal():
    """A shell that binds like the well at the origin: the two tunnel with e^{−50}.

    Rounding errors decide how two meshes mix the two waves, and so whether there is a warning.
    """
    alone = ground(8.0, 0.0)
    depth = brentq(lambda outer: ground(0.0, outer) - alone, 1.0, 8.0, xtol=1e-15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        states = bound_wave_functions(wells(8.0, depth), reduced_mass=3.0, n_mesh=160)
    assert states.energy[:2] == pytest.approx([alone, alone], rel=1e-11)
    np.testing.assert_allclose(overlaps(states), np.eye(states.energy.size), atol=1e-7)


@pytest.mark.parametrize("strength", [-0.0075, -0.009, -0.03])
def test_a_u_that_is_not_symmetric_does_not_feel_the_channel_radius(strength):
    """Also of a shallow state, most of which lies outside."""
    U = NonLocal(lambda r, s: strength * np.exp(-r - 1.3 * s) * (1 + s))
    near, far = (bound_wave_functions(U, reduced_mass=3.3, channel_radius=a) for a in (25.0, 45.0))
    r = np.array([0.3, 2.0, 5.0, 28.0, 60.0])
    np.testing.assert_allclose(near.energy, far.energy, rtol=1e-6)
    np.testing.assert_allclose(near.rms_radius, far.rms_radius, rtol=1e-6)
    np.testing.assert_allclose(near.wave_function(r), far.wave_function(r), atol=1e-8)
    assert near.energy.size == 1
    assert residual(U, near, 3.3) < 1e-3


def test_momenta_on_levels_of_an_interior_that_is_not_symmetric():
    """U is asymmetric and negligible: free waves, on levels k = (n + 1/2)π/a of u'(a) = 0."""
    U = NonLocal(lambda r, s: 1e-200 * np.exp(-r - 2 * s))
    k = np.pi / 20 * np.array([1, 3, 5, 7])
    waves = scattering_wave_functions(U, k, reduced_mass=3.3, channel_radius=10.0)
    r = np.array([1e-3, 1.0, 9.0, 11.0])
    np.testing.assert_allclose(waves(r), np.sinc(np.outer(k, r) / np.pi), atol=1e-9)
