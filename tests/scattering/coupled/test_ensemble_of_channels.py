"""Errors of coupled channels against separable matrices, whose S(E) is known in closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit import Channel
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, InteractionMatrix, Separable, SeparableMatrix
from halkit.samples import standard_error
from halkit.scattering import Ensemble, coupled_s_matrix, resonances

LAMBDA = np.array([[-1.6, 0.7], [0.7, -1.8]])
TWO = [Channel(reduced_mass=2.8), Channel(reduced_mass=2.8, threshold=0.13)]
E = np.array([0.02, 0.1, 0.16, 0.3])


def matrix(scale=1.0):
    return SeparableMatrix(scale * LAMBDA, beta=[2.0, 1.5], powers=[0, 0], channels=TWO)


@pytest.fixture(scope="module")
def ensemble():
    scales = 1 + 0.01 * np.random.default_rng(0).standard_normal(6)
    members = [matrix(scale) for scale in scales]
    return Ensemble(members, kind="bootstrap", centre=matrix())


def halves(S):
    """arg(S_aa)/2."""
    return np.angle(np.diagonal(S, axis1=-2, axis2=-1)) / 2


def nearest(angles, centre):
    return angles - np.pi * np.round((angles - centre) / np.pi)


def test_errors_are_those_of_the_closed_form(ensemble):
    exact = np.array([member.s_matrix(E) for member in ensemble.members])
    S, std = ensemble.s_matrix(E, return_std=True)
    assert_allclose(S, matrix().s_matrix(E), atol=1e-7)
    spread = standard_error(exact.real, "bootstrap") + 1j * standard_error(exact.imag, "bootstrap")
    assert_allclose(std, spread, rtol=1e-4, atol=1e-8)
    waves, error = ensemble.phase_shift(E, return_std=True)
    angles = nearest(halves(exact), waves.phase_shift)
    assert_allclose(error.phase_shift, standard_error(angles, "bootstrap"), rtol=1e-4, atol=1e-8)
    eta = standard_error(np.abs(np.diagonal(exact, axis1=2, axis2=3)), "bootstrap")
    assert_allclose(error.inelasticity, eta, rtol=1e-3, atol=1e-7)
    assert np.all(np.isnan(error.phase_shift[:2, 1]))
    assert_allclose(error.s_matrix, std, atol=1e-12)


def bar_mixing(S, phase):
    """ε of S_12 = i e^{i(δ1 + δ2)} sin 2ε for given δ."""
    return np.arcsin(np.real(-1j * S[..., 0, 1] * np.exp(-1j * phase.sum(axis=-1)))) / 2


@pytest.mark.filterwarnings("ignore:the error of δ reaches")
def test_the_mixing_angle_follows_the_branch_of_the_phases():
    """A member with a bound state is π away in δ1, and has the other sign of ε."""

    def member(strength):
        rows = [[strength, -0.5], [-0.5, 0.3]]
        rows = [[GaussianSum([c], [0.5]) for c in row] for row in rows]
        two = [Channel(l=l, reduced_mass=1.0) for l in (0, 2)]
        return InteractionMatrix(rows, channels=two)

    members = [member(-0.2), member(-4.0)]
    ensemble = Ensemble(members, kind="bootstrap", centre=members[0])
    E = np.array([0.5, 1.0])
    with pytest.warns(AccuracyWarning, match="a multiple of π away from the centre"):
        waves, error = ensemble.phase_shift(E, return_std=True)
    S = np.array([coupled_s_matrix(one, E) for one in members])
    angles = nearest(halves(S), waves.phase_shift)
    mixing = bar_mixing(S, angles)
    assert_allclose(waves.mixing, mixing[0], atol=1e-6)
    assert_allclose(error.mixing, standard_error(mixing, "bootstrap"), rtol=1e-5)
    assert_allclose(error.phase_shift, standard_error(angles, "bootstrap"), rtol=1e-5)
    as_they_are = [Ensemble([one], kind="draws").phase_shift(E).mixing for one in members]
    assert np.all(np.abs(as_they_are[1] - mixing[1]) > 1e-3)


def test_eigenphases_that_change_places_are_matched():
    """Two uncoupled waves whose order differs between members have the error of each wave."""

    def member(a, b):
        V = [GaussianSum([-x], [0.5]) for x in (a, b)]
        rows = [[V[0], GaussianSum([1e-6], [0.5])], [GaussianSum([1e-6], [0.5]), V[1]]]
        return InteractionMatrix(rows, channels=[Channel(reduced_mass=1.0)] * 2)

    members = [member(0.30, 0.301), member(0.302, 0.299)]
    ensemble = Ensemble(members, kind="bootstrap", centre=member(0.301, 0.3005))
    _, error = ensemble.phase_shift(0.2, return_std=True)
    assert_allclose(np.sort(error.eigenphase), np.sort(error.phase_shift), rtol=0.1)


def test_bound_states_that_come_and_go():
    ensemble = Ensemble([matrix(s) for s in (1.1, 1.45, 1.6)], kind="draws", centre=matrix(1.5))
    with pytest.warns(AccuracyWarning, match="1 have 0, 2 have 1"):
        states, std = ensemble.bound_states(return_std=True)
    assert len(states.energy) == 1
    assert np.isnan(std.energy).all()
    bound = Ensemble([matrix(s) for s in (1.5, 1.54)], kind="draws", centre=matrix(1.52))
    states, std = bound.bound_states(return_std=True)
    energies = [Ensemble([m], kind="draws").bound_states().energy[0] for m in bound.members]
    assert_allclose(std.energy, np.std(energies, ddof=1), rtol=1e-6)
    assert std.kappa.shape == states.kappa.shape == std.probability.shape == (1, 2)


def test_poles_have_the_spread_of_the_members(ensemble):
    start = resonances(matrix(), 0.1).energy
    poles, std = ensemble.resonances(start, return_std=True)
    found = np.array([resonances(m, start).energy for m in ensemble.members])
    assert_allclose(std.energy.real, np.std(found.real, axis=0, ddof=1), rtol=1e-6)
    assert_allclose(std.energy.imag, np.std(found.imag, axis=0, ddof=1), rtol=1e-6)
    assert std.residue.shape == poles.residue.shape


def test_poles_of_one_channel():
    """A resonance in the P wave, and the error of a complex number."""
    wells = [Separable(scale * -0.045, 1.0) for scale in (0.99, 1.0, 1.02)]
    e = Ensemble(wells, kind="bootstrap", centre=wells[1], reduced_mass=3.3, l=1)
    poles, std = e.resonances(0.05, return_std=True)
    found = np.array([resonances(V, 0.05, reduced_mass=3.3, l=1).energy for V in wells])
    assert_allclose(poles.energy, found[1])
    assert_allclose(std.energy.real, np.std(found.real, axis=0, ddof=1), rtol=1e-6)
    assert_allclose(std.energy.imag, np.std(found.imag, axis=0, ddof=1), rtol=1e-6)
    centre, error = e.evaluate(lambda V: resonances(V, 0.05, reduced_mass=3.3, l=1).energy)
    assert_allclose(centre, poles.energy)
    assert_allclose(error, std.energy)
    with pytest.raises(ValueError, match="reduced_mass must be given, got None"):
        Ensemble(wells, kind="bootstrap").resonances(0.05)


def test_the_mean_of_matrices_is_the_centre():
    members = [matrix(0.9), matrix(1.1)]
    ensemble = Ensemble(members, kind="draws")
    assert_allclose(ensemble.centre(0.3, 0.5), matrix()(0.3, 0.5), rtol=1e-12)
    assert_allclose(ensemble.s_matrix(E), matrix().s_matrix(E), atol=1e-7)


def test_what_is_refused():
    V = GaussianSum([-1.0], [0.5])
    with pytest.raises(ValueError, match="interactions must have one number of channels"):
        Ensemble([matrix(), V], kind="draws")
    with pytest.raises(ValueError, match="l must be 0 for matrices"):
        Ensemble([matrix()], kind="draws", l=1)
    with pytest.raises(ValueError, match="energy must be given for 2 channels"):
        Ensemble([matrix()], kind="draws").phase_shift(k=0.1)
    one = Ensemble([V], kind="draws", reduced_mass=1.0)
    with pytest.raises(ValueError, match="interactions must have several channels for s_matrix"):
        one.s_matrix(0.1)
    with pytest.raises(ValueError, match="k must be given for one channel"):
        one.phase_shift(energy=0.1)
    other = SeparableMatrix(LAMBDA, beta=[2.0, 1.5], powers=[0, 0], channels=[TWO[0]] * 2)
    with pytest.raises(ValueError, match="centre must be given where members have different"):
        Ensemble([matrix(), other], kind="draws")
