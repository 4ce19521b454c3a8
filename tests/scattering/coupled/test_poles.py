"""Poles of the S matrix against zeros of det(1 − Jλ), and the residues of closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq, newton
from scipy.special import jv
from separable_channels import BOUND, HBARC, QUASI_BOUND, TENSOR, WIDE, Model, random_model
from sklearn.exceptions import ConvergenceWarning

from halkit import Channel
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Local, Separable
from halkit.scattering import (
    bound_states,
    coupled_bound_states,
    coupled_phase_shifts,
    phase_shift,
    resonances,
)

# Energies in MeV above the lowest threshold, in 12 digits.
KNOWN = [
    (QUASI_BOUND, 20.9523278094 - 2.67765246084j, (-1, 1)),
    (BOUND, -1.22365890047, (1, 1)),
    (WIDE, 58.2794246392 - 41.0406879633j, (-1, 1)),
    (TENSOR, -5.6246264282, (1, 1)),
]


@pytest.mark.parametrize(("model", "energy", "sheet"), KNOWN)
@pytest.mark.parametrize("factor", [1.0, 0.7, 1.2 + 0.1j])
def test_published_poles(model, energy, sheet, factor):
    """From nearby, and from energies on the real axis that are far from a wide state."""
    start = np.real(energy) if factor == 1 else energy * factor
    poles = resonances(model.interactions, start / HBARC, relativistic=False)
    np.testing.assert_allclose(poles.energy * HBARC, [energy], atol=1e-6)
    np.testing.assert_array_equal(poles.sheet, [sheet])
    np.testing.assert_array_equal(np.sign(poles.momentum.imag), [sheet])


def residue(model, energy, sheet, relativistic):
    """Of the closed form, by a contour around the pole."""
    circle = 1e-4 * abs(energy) * np.exp(2j * np.pi * np.arange(16) / 16)
    S = model.continued(energy + circle, np.tile(sheet, (16, 1)), relativistic)
    return np.mean(S * circle[:, None, None], axis=0)


CASES = [(QUASI_BOUND, 0.1), (WIDE, 0.3), (BOUND, -0.01), (random_model(6, 2), 0.4)]
CASES += [(random_model(4, 1), 0.03), (random_model(0, 2), 0.06), (random_model(2, 3), 0.43)]


@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize(("model", "start"), CASES)
def test_poles_and_residues(model, start, relativistic):
    poles = resonances(model.interactions, start, relativistic=relativistic)
    (energy,), (sheet,) = poles.energy, poles.sheet
    zero = newton(lambda E: model.determinant(E, sheet, relativistic), energy + 1e-5, tol=1e-14)
    assert energy == pytest.approx(zero, abs=1e-7)
    expected = residue(model, zero, sheet, relativistic)
    np.testing.assert_allclose(poles.residue[0], expected, rtol=1e-5, atol=1e-7)
    values = np.linalg.svd(poles.residue[0], compute_uv=False)
    assert np.all(values[1:] < 1e-12 * values[0])


def test_many_starts_find_each_pole_once():
    """The quasi-bound state and a virtual state of one sheet, from energies on the real axis."""
    start = np.linspace(1, 100, 8) / HBARC
    poles = resonances(WIDE.interactions, start, sheet=(-1, 1), relativistic=False)
    assert np.all(np.diff(poles.energy.real) > 0)
    np.testing.assert_allclose(
        WIDE.determinant(poles.energy, poles.sheet), 0, atol=1e-7 * np.max(np.abs(poles.energy))
    )
    assert np.min(np.abs(poles.energy * HBARC - KNOWN[2][1])) < 1e-6
    assert poles.residue.shape == (poles.energy.size, 2, 2)


def test_virtual_state_of_one_channel():
    """The Yamaguchi potential binds or not with the same formula, κ = √(…) − β of either sign."""
    mu, beta, kappa = 2.0, 1.5, -0.2
    strength = -beta * (beta + kappa) ** 2 / mu
    model = Model(((4.0, 4.0),), (0,), (0,), (beta,), np.array([[strength]]))
    poles = resonances(model.interactions, -0.02, sheet=(-1,), relativistic=False)
    np.testing.assert_allclose(poles.energy, [-(kappa**2) / (2 * mu)], rtol=1e-9)
    np.testing.assert_allclose(poles.momentum, [[1j * kappa]], rtol=1e-9)
    assert poles.energy.imag[0] == 0


def test_p_wave_resonance():
    """Closed form of U = ω e^{−(r+r')} in l = 1: k = .115063923262 − .0218759373919i."""
    waves = [Channel(l=1, reduced_mass=3.3)]
    poles = resonances([[Separable(-0.045, 1.0)]], 0.002, channels=waves)
    assert poles.energy[0] == pytest.approx(0.00193350754539 - 0.000762767024648j, abs=1e-9)
    assert poles.momentum[0, 0] == pytest.approx(0.115063923262 - 0.0218759373919j, abs=1e-8)


@pytest.mark.parametrize("coupling", [0.0, 1e-6, 0.01, 0.05])
def test_the_width_of_a_quasi_bound_state(coupling):
    """Γ = ``|residue_11|`` for a narrow one; where the phase rises, and how fast."""
    A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, coupling, -2.0))
    two = [Channel(l=0, reduced_mass=1.0), Channel(l=0, reduced_mass=1.2, threshold=1.0)]
    poles = resonances([[A, T], [T, B]], 0.52, channels=two)
    energy, width = poles.energy[0].real, -2 * poles.energy[0].imag
    alone = coupled_bound_states([[B]], channels=[Channel(l=0, reduced_mass=1.2)]).energy[0]
    assert energy == pytest.approx(1.0 + alone, abs=coupling**2 + 1e-10)
    assert width == pytest.approx(np.abs(poles.residue[0, 0, 0]), rel=0.05, abs=1e-11)
    if coupling >= 0.01:
        E = energy + width * np.array([-0.5, 0.5])
        phase = coupled_phase_shifts([[A, T], [T, B]], E, channels=two).phase_shift[:, 0]
        assert phase[1] - phase[0] == pytest.approx(np.pi / 2, rel=0.02)


@pytest.mark.parametrize("core", [0.0, 0.6])
def test_a_shape_resonance(core):
    """Of a well behind a barrier, with and without a hard core: Γ from the phase shift."""

    def V(r):
        x = r - core
        wall = 14.0 * np.exp(-((x - 2.2) ** 2) / 0.15) - 3.0 * np.exp(-((x - 1) ** 2) / 0.3)
        return np.where(r < core, np.inf, wall)

    one = [Channel(l=0, reduced_mass=1.0)]
    poles = resonances([[Local(V)]], 1.2, channels=one)
    energy, width = poles.energy[0].real, -2 * poles.energy[0].imag
    assert 0 < width < 0.1 * energy
    assert abs(poles.residue[0, 0, 0]) == pytest.approx(width, rel=0.02)
    E = energy + width * np.array([-1e-3, 1e-3])
    phase = phase_shift(Local(V), np.sqrt(2 * E), reduced_mass=1.0)
    assert np.diff(phase) / np.diff(E) == pytest.approx(2 / width, rel=0.05)


def test_a_channel_far_below_its_threshold():
    """Its κ = 24 is larger than any slope of log V inside: no e^{−κr} within the radius, so NaN."""
    V = [GaussianSum([c], [0.5]) for c in (-1.0, -0.3, -0.5)]
    channels = [Channel(l=0, reduced_mass=1.0), Channel(reduced_mass=1.0, threshold=300.0)]
    poles = resonances([[V[0], V[1]], [V[1], V[2]]], -0.1, channels=channels)
    np.testing.assert_array_equal(np.isnan(poles.residue[0]), [[False, True], [True, True]])
    alone = resonances([[V[0]]], -0.1, channels=channels[:1])
    np.testing.assert_allclose(poles.energy, alone.energy, rtol=5e-3)
    np.testing.assert_allclose(poles.residue[0, 0, 0], alone.residue[0, 0, 0], rtol=5e-3)


def test_bound_states_are_poles():
    model = random_model(4, 3)
    states = coupled_bound_states(model.interactions)
    poles = resonances(model.interactions, 1.1 * states.energy)
    np.testing.assert_allclose(poles.energy, states.energy, rtol=1e-9)
    np.testing.assert_allclose(poles.momentum, 1j * states.kappa, rtol=1e-9)
    V = GaussianSum([-2.0], [0.5])
    pole = resonances([[V]], -0.3, channels=[Channel(l=0, reduced_mass=1.0)])
    np.testing.assert_allclose(pole.energy, bound_states(V, reduced_mass=1.0).energy, rtol=1e-9)


def test_the_asymptotic_normalisation_of_a_bound_state():
    """The residue is C²κ/μ with u → C e^{−κr}; C² is known for Yamaguchi's potential."""
    beta, kappa, mu = 1.5, 0.3, 2.0
    strength = -beta * (beta + kappa) ** 2 / mu
    model = Model(((4.0, 4.0),), (0,), (0,), (beta,), np.array([[strength]]))
    pole = resonances(model.interactions, -0.02, relativistic=False)
    square = 2 * kappa * beta * (beta + kappa) / (beta - kappa) ** 2
    assert pole.energy[0] == pytest.approx(-(kappa**2) / (2 * mu), rel=1e-9)
    assert abs(pole.residue[0, 0, 0]) == pytest.approx(square * kappa / mu, rel=1e-7)


def test_nothing_there():
    repulsive = [[GaussianSum([1.0], [0.5])]]
    with pytest.warns(ConvergenceWarning, match=r"no pole was found from start = \[\(-0.1.*1\]"):
        poles = resonances(repulsive, -0.1, channels=[Channel(l=0, reduced_mass=1.0)])
    assert [part.shape for part in poles] == [(0,), (0, 1), (0, 1), (0, 1, 1)]


def test_a_tail_that_a_complex_momentum_feels():
    """V = −(z²/8μ) e^{−r} has a virtual state k = −iκ if J_{−2κ}(z) = 0; none holds κ → 1/2."""
    channel = [Channel(l=0, reduced_mass=1.0)]

    def pole(kappa, factor):
        z = brentq(lambda z: jv(-2 * kappa, z), 0.1, 2.4)
        V = Local(lambda r: -(z**2) / 8 * np.exp(-r))
        return resonances([[V]], -factor * kappa**2 / 2, sheet=(-1,), channels=channel).momentum

    np.testing.assert_allclose(pole(0.1, 1.1), [[-0.1j]], atol=1e-8)
    np.testing.assert_allclose(pole(0.2, 0.8), [[-0.2j]], atol=1e-6)
    with pytest.warns(AccuracyWarning) as warned:
        far = pole(0.4, 1.1)
    assert any("poles move by" in str(one.message) for one in warned)
    assert 1e-4 < abs(far[0, 0] + 0.4j) < 1e-2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": np.nan}, "start must"),
        ({"start": np.ma.array([0.1], mask=[True])}, "start must have no masked entries, got 1"),
        ({"start": [[0.1]]}, r"start must be one number or one axis, got shape \(1, 1\)"),
        ({"sheet": (1,)}, r"sheet must be 2 signs, each 1 or -1, got \(1,\)"),
        ({"sheet": (1, 0)}, r"sheet must be 2 signs, each 1 or -1, got \(1, 0\)"),
        ({"sheet": 1}, "sheet must be 2 signs, each 1 or -1, got 1"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        resonances(QUASI_BOUND.interactions, **({"start": 0.1} | arguments))


def test_one_interaction_is_one_channel():
    V = Separable(-0.045, 1.0)
    (known,) = resonances([[V]], 0.05, channels=[Channel(l=1, reduced_mass=3.3)]).energy
    assert known.imag < -1e-4
    assert resonances(V, 0.05, reduced_mass=3.3, l=1).energy == known
    assert resonances(V, 0.05, channels=[Channel(l=1, reduced_mass=3.3)]).energy == known
    shallow = resonances(GaussianSum([-0.5], [0.5]), -0.01, reduced_mass=1.0, sheet=[-1])
    assert shallow.energy.imag == 0
    assert shallow.energy < 0
