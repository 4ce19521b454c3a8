"""Models have the scattering lengths, thresholds and poles that their docstrings state."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit import Channel
from halkit.interactions import (
    KN_MASSES,
    kaon_nucleon_model,
    lambda_lambda_n_xi_model,
    p_wave_model,
    pi_sigma_kbar_n_model,
    reduced_mass,
)
from halkit.scattering import (
    bound_states,
    coupled_bound_states,
    phase_shift,
    resonances,
    scattering_length,
)
from halkit.units import from_fm, from_mev, to_fm, to_mev

KN = [(isospin, part) for isospin in (0, 1) for part in (False, True)]


@pytest.mark.parametrize(("isospin", "nonlocal_part"), KN)
def test_kaon_nucleon_has_the_scattering_length_of_its_isospin(isospin, nonlocal_part):
    for spacing in (None, 2333.0):
        m = reduced_mass(KN_MASSES, inverse_spacing=spacing)
        V = kaon_nucleon_model(isospin, nonlocal_part=nonlocal_part, inverse_spacing=spacing)
        a0 = to_fm(scattering_length(V, reduced_mass=m, sign="lattice"), inverse_spacing=spacing)
        assert a0 == pytest.approx((0.028, -0.226)[isospin], abs=1e-5)
    assert V.has_nonlocal is nonlocal_part
    assert bound_states(V, reduced_mass=m).energy.size == 0


def test_kaon_nucleon_without_the_non_local_part_is_good_up_to_10_mev():
    m = reduced_mass(KN_MASSES)
    k = np.sqrt(2 * m * from_mev(np.array([1.0, 10.0, 100.0])))
    local, full = (
        np.degrees(phase_shift(kaon_nucleon_model(0, nonlocal_part=part), k, reduced_mass=m))
        for part in (False, True)
    )
    assert_allclose(full[:2], local[:2], atol=0.1)
    assert_allclose([local[2], full[2]], [0.6, -0.7], atol=0.05)


def test_only_isospin_0_has_a_pocket():
    r = np.linspace(0.0, 3.0, 301)
    assert np.all(kaon_nucleon_model(1)(r) > 0)
    V = to_mev(kaon_nucleon_model(0)(r))
    assert V[0] > 500
    assert -30 < V.min() < -10


def test_lambda_lambda_n_xi_in_mev_and_fm():
    model = lambda_lambda_n_xi_model()
    r, s = 0.6, 1.1
    V = to_mev(model(r))
    core = np.exp(-((r / 0.45) ** 2))
    expected = [
        [-40 * np.exp(-(r**2)) + 250 * core, -45 * np.exp(-((r / 0.7) ** 2))],
        [-45 * np.exp(-((r / 0.7) ** 2)), -95 * np.exp(-((r / 1.05) ** 2)) + 300 * core],
    ]
    assert_allclose(V, expected, rtol=1e-12)
    shape = np.exp(-(r**2 + s**2) / 0.64) / 0.512
    assert_allclose(to_mev(model(r, s)), shape * np.array([[-25, 15], [15, -30]]), rtol=1e-12)
    assert not lambda_lambda_n_xi_model("local").has_nonlocal
    assert_allclose(to_mev(model.resolved().threshold), [0, 25.838], atol=1e-9)


@pytest.mark.parametrize(
    ("make", "pole"),
    [
        (lambda **o: lambda_lambda_n_xi_model("separable", **o), 20.9523278094 - 2.67765246084j),
        (pi_sigma_kbar_n_model, 58.2794246392 - 41.0406879633j),
    ],
)
@pytest.mark.parametrize("spacing", [None, 2333.0])
def test_quasi_bound_states(make, pole, spacing):
    model = make(inverse_spacing=spacing)
    start = from_mev(pole * 1.05, inverse_spacing=spacing)
    found = model.pole(start, sheet=(-1, 1), relativistic=False)
    assert abs(to_mev(found, inverse_spacing=spacing) - pole) < 1e-9


def test_states_of_the_non_local_model():
    model = lambda_lambda_n_xi_model()
    assert_allclose(to_mev(coupled_bound_states(model).energy), [-0.1104], atol=1e-4)
    (pole,) = to_mev(resonances(model, from_mev(19 - 2j), sheet=(-1, 1)).energy)
    assert abs(pole - (18.5835 - 2.1806j)) < 1e-3


def test_p_wave_has_a_resonance():
    m, spacing = reduced_mass(939.0), 2333.0
    k = np.sqrt(2 * m * from_mev(np.array([10.0, 40.0, 150.0])))
    full = phase_shift(p_wave_model(), k, reduced_mass=m, l=1)
    local = phase_shift(p_wave_model(nonlocal_part=False), k, reduced_mass=m, l=1)
    assert_allclose(np.degrees(full), [26.8, 92.8, 68.5], atol=0.1)
    assert_allclose(np.degrees(local), [2.9, 17.4, 30.5], atol=0.1)
    lattice = phase_shift(
        p_wave_model(inverse_spacing=spacing),
        k / from_fm(1.0, inverse_spacing=spacing),
        reduced_mass=reduced_mass(939.0, inverse_spacing=spacing),
        l=1,
    )
    assert_allclose(lattice, full, atol=1e-7)
    channels = [Channel(l=1, reduced_mass=m)]
    (pole,) = resonances([[p_wave_model()]], from_mev(10 - 5j), channels=channels).energy
    assert abs(to_mev(pole) - (12.3927 - 9.0198j)) < 1e-3


def test_models_can_be_pickled():
    for model in (kaon_nucleon_model(0, nonlocal_part=True), lambda_lambda_n_xi_model()):
        again = pickle.loads(pickle.dumps(model))
        assert_allclose(again(0.5, 0.7), model(0.5, 0.7))


def test_refusals():
    with pytest.raises(ValueError, match="isospin must be"):
        kaon_nucleon_model(2)
    with pytest.raises(TypeError, match="nonlocal_part must be"):
        kaon_nucleon_model(0, nonlocal_part=1)
    with pytest.raises(ValueError, match="kind must be"):
        lambda_lambda_n_xi_model("yamaguchi")
    with pytest.raises(ValueError, match="l = 1, got l = 0"):
        phase_shift(p_wave_model(), 0.5, reduced_mass=2.0)
