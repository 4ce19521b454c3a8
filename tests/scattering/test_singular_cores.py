"""Cores r^−p, r^−12 and hard ones, alone and beside channels without a core."""

import warnings

import numpy as np
import pytest
import scipy.linalg

from halkit import Channel
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local
from halkit.scattering import (
    bound_states,
    bound_wave_functions,
    coulomb_bound_states,
    coupled_bound_states,
    coupled_box_states,
    coupled_phase_shifts,
    coupled_wave_functions,
    phase_shift,
    resonances,
    scattering_wave_functions,
    spherical_box_states,
)
from halkit.scattering.solver.levels import level, levels

pytestmark = pytest.mark.filterwarnings("error")
TOLERANCE = 1e-5
TWO = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.0, threshold=0.2)]
RELATIVISTIC = [Channel(l=0, masses=(2.0, 2.0)), Channel(l=0, masses=(2.0, 2.2))]


def gauss(strength):
    return GaussianSum([strength], [0.5])


def core(p, c, depth=6.0):
    return Local(lambda r: (c / r) ** p * np.exp(-r) - depth * np.exp(-r * r))


CORES = {
    "r^-12": Local(lambda r: 40 * ((0.5 / r) ** 12 - (0.5 / r) ** 6) * np.exp(-r * r / 16)),
    "r^-4": core(4, 0.4, 3.0),
    "r^-2.4": core(2.4, 0.4, 3.0),
    "hard": Local(lambda r: np.where(r < 0.4, 1e20, -4 * np.exp(-r * r)), edges=[0.4]),
}


def on_a_grid(V, l, radius=20.0, n=12000):
    """Energies below zero from differences of u/√r on an even grid of log r, extrapolated."""
    x, h = np.linspace(np.log(1e-9), np.log(radius), n, retstep=True)
    energies = []
    for step in (1, 2):
        r, d = np.exp(x[step:-1:step]), (step * h) ** 2
        W = 2 * r**2 * V.local_potential(r) + (l + 0.5) ** 2
        diagonal, off = (2 / d + W) / (2 * r**2), -1 / (2 * d * r[1:] * r[:-1])
        energies.append(
            scipy.linalg.eigvalsh_tridiagonal(
                diagonal,
                off,
                select="v",
                select_range=(-50.0, -1e-3),
                lapack_driver="stebz",
                tol=1e-12,
            )
        )
    return (4 * energies[0] - energies[1]) / 3


@pytest.mark.parametrize("l", [0, 1])
@pytest.mark.parametrize("c", [0.05, 0.2, 0.4])
def test_bound_states_of_singular_cores(c, l):
    """Against differences on a grid of log r, extrapolated."""
    for p in (2.2, 2.6, 3.5, 12):
        V = core(p, c, 8.0 + 12 * l)
        expected = on_a_grid(V, l)
        assert expected.size > 0
        energy = bound_states(V, reduced_mass=1.0, l=l).energy
        np.testing.assert_allclose(energy, expected, rtol=TOLERANCE)
        waves = bound_wave_functions(V, reduced_mass=1.0, l=l)
        np.testing.assert_allclose(waves.energy, energy, rtol=1e-6)
        if c == 0.4:
            weak = coulomb_bound_states(V, reduced_mass=1.0, charge_product=1e-6, l=l, n_states=9)
            np.testing.assert_allclose(weak.energy, energy, rtol=1e-6)


@pytest.mark.parametrize("p", [2.2, 2.4, 2.8, 3.5])
@pytest.mark.parametrize("boundary", ["neumann", "dirichlet"])
def test_box_states_of_singular_cores(p, boundary):
    """Energies at which the wave of this phase shift obeys the boundary condition."""
    V, R = core(p, 0.4, 3.0), 8.0
    energy = spherical_box_states(
        V, radius=R, reduced_mass=1.0, n_states=6, boundary=boundary
    ).energy
    k = np.sqrt(2 * energy[energy > 0])
    assert k.size == 5
    phase = k * R + phase_shift(core(p, 0.4, 3.0), k, reduced_mass=1.0, channel_radius=R)
    free = np.arctan(k * R) if boundary == "neumann" else 0.0
    off = (phase - free) / np.pi
    np.testing.assert_allclose(off, np.round(off), atol=1e-5)
    bound = bound_states(V, reduced_mass=1.0).energy
    assert abs(energy[0] - bound[0]) < 1e-3


@pytest.mark.parametrize("which", list(CORES))
def test_a_core_in_one_of_two_channels(which):
    """Without a coupling each channel is as it is alone."""
    V, other = CORES[which], gauss(-0.3)
    M, E = [[V, None], [None, other]], np.array([0.1, 0.125, 0.7])
    for channels in (TWO, RELATIVISTIC):
        k = np.sqrt(2 * E)
        if channels is RELATIVISTIC:
            k = np.sqrt((4 + E) ** 2 / 4 - 4)
        alone = phase_shift(V, k, reduced_mass=1.0)
        found = coupled_phase_shifts(M, E, channels=channels).phase_shift
        np.testing.assert_allclose(found[:, 0], alone, atol=1e-6)
    bound = bound_states(V, reduced_mass=1.0).energy
    np.testing.assert_allclose(coupled_bound_states(M, channels=TWO).energy, bound, rtol=1e-6)
    deep = coupled_bound_states([[V, None], [None, gauss(-4.0)]], channels=TWO).energy
    lower = bound_states(gauss(-4.0), reduced_mass=1.0).energy + 0.2
    np.testing.assert_allclose(deep, np.append(lower, bound), rtol=1e-6)
    boxes = [spherical_box_states(one, radius=8.0, reduced_mass=1.0).energy for one in (V, other)]
    expected = np.sort(np.append(boxes[0], boxes[1] + 0.2))[:8]
    found = coupled_box_states(M, channels=TWO, radius=8.0, n_states=8).energy
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("which", list(CORES))
def test_waves_and_poles_beside_a_core(which):
    V, r = CORES[which], np.linspace(0.1, 8.0, 60)
    E = np.array([0.1, 0.7])
    waves = coupled_wave_functions([[V, None], [None, gauss(-0.3)]], E, channels=TWO)
    alone = scattering_wave_functions(V, np.sqrt(2 * E), reduced_mass=1.0)
    np.testing.assert_allclose(np.abs(waves.wave_function[0](r)), np.abs(alone(r)), atol=1e-5)
    bound = bound_states(V, reduced_mass=1.0).energy
    if bound.size:
        poles = resonances([[V, None], [None, gauss(-4.0)]], bound, channels=TWO, sheet=(1, 1))
        np.testing.assert_allclose(poles.energy, bound, atol=1e-7)


@pytest.mark.parametrize("size", [1e-8, 1e-3, 1.0])
def test_a_coupling_that_is_not_symmetric_beside_a_core(size):
    M = [[CORES["r^-12"], gauss(size)], [gauss(1.001 * size), gauss(-0.3)]]
    with pytest.raises(
        ValueError, match=r"symmetric matrix, got another one for channels \(0, 1\)"
    ):
        coupled_phase_shifts(M, 0.1, channels=TWO)
    tail = Local(lambda r: CORES["r^-12"].local_potential(r) + size * np.exp(-r * r))
    M = [[gauss(-1.0), CORES["r^-12"]], [tail, gauss(-0.3)]]
    with pytest.raises(ValueError, match="symmetric matrix"):
        coupled_bound_states(M, channels=TWO)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("height", [1e6, 1e18, 1e30])
def test_levels_of_graded_matrices(seed, height):
    """A matrix with a few huge rows, whose levels are those of the rest and of perturbations."""
    rng = np.random.default_rng(seed)
    n, high = 40, 7
    A = rng.standard_normal((n, n))
    H = A + A.T - 3 * np.eye(n)
    D = np.where(np.arange(n) < high, np.sqrt(height), 1.0)
    core = np.diag(D**2 - 1)
    rest = H[high:, high:] - H[high:, :high] @ H[:high, high:] / height
    expected = np.linalg.eigvalsh(rest)
    energy, vectors = levels(H + core)
    np.testing.assert_allclose(
        energy[: n - high], expected, atol=1e-11 + 1e4 / height**2 + 2e3 / height**1.5
    )
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(n), atol=1e-12)
    for i in (0, 5, n - high - 1):
        assert level(H + core, i)[0] == pytest.approx(energy[i], abs=1e-11)
    f = rng.standard_normal(n)
    energy, vectors = levels(H, f)
    basis = scipy.linalg.null_space(f[None, :])
    np.testing.assert_allclose(energy[:-1], np.linalg.eigvalsh(basis.T @ H @ basis), atol=1e-11)
    np.testing.assert_allclose(f @ vectors[:, :-1], 0, atol=1e-11)


def test_one_warning_at_the_line_of_the_caller():
    tail = Local(lambda r: -1 / (1 + r) ** 3)
    M = [[gauss(-1.0), tail], [tail, gauss(-0.3)]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        coupled_phase_shifts(M, 0.1, channels=TWO, channel_radius=20.0)
    (one,) = caught
    assert one.filename == __file__
    assert issubclass(one.category, AccuracyWarning)
    assert str(one.message).startswith("the potential of channels (0, 1) has not decayed")


@pytest.mark.parametrize("threshold", [0.6, 1.0, 1.4])
def test_a_pole_from_a_start_at_the_threshold(threshold):
    for coupling in (0.2, 0.4):
        M = [[gauss(-0.2), gauss(coupling)], [gauss(coupling), gauss(-2.0)]]
        two = [TWO[0], Channel(l=0, reduced_mass=1.2, threshold=threshold)]
        at, below = (resonances(M, x * threshold, channels=two) for x in (1.0, 0.999))
        np.testing.assert_allclose(at.energy, below.energy, rtol=1e-8)
        np.testing.assert_array_equal(at.sheet, [[-1, 1]])
