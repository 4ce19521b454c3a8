"""Observables of a fitted estimator: everything that takes an interaction takes it too."""

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.interactions import GaussianSum, Local
from halkit.potentials import NonLocalPotentialRegressor
from halkit.scattering import (
    GaussianSource,
    bound_wave_functions,
    correlation_function,
    coulomb_phase_shift,
    lattice_spectrum,
    phase_shift,
    scattering_wave_functions,
    spherical_box_states,
)

MASS = 3.3
K = np.array([0.1, 0.4, 0.9])


@pytest.fixture(scope="module")
def pair():
    """A potential learned from ten waves, and the truth."""
    d = make_separable()
    model = NonLocalPotentialRegressor(d.r, reduced_mass=MASS, n_init=1, random_state=0)
    return model.fit(d.data, d.target), d.interaction


def test_scattering_and_bound_waves(pair):
    model, truth = pair
    r = np.linspace(0.1, 20.0, 50)
    waves = scattering_wave_functions(model, K, reduced_mass=MASS)(r)
    exact = truth.wave_function(K, r, reduced_mass=MASS)
    np.testing.assert_allclose(waves, exact, atol=2e-3)
    learned, known = (bound_wave_functions(x, reduced_mass=MASS) for x in pair)
    np.testing.assert_allclose(learned.rms_radius, known.rms_radius, rtol=2e-3)


def test_femtoscopic_correlation(pair):
    learned, exact = (
        correlation_function(x, K, reduced_mass=MASS, source=GaussianSource(1.5)) for x in pair
    )
    np.testing.assert_allclose(learned, exact, rtol=2e-3)
    assert np.abs(exact - 1).max() > 0.2


def test_finite_volumes(pair):
    learned, exact = (lattice_spectrum(x, L=16, reduced_mass=MASS, n_states=4) for x in pair)
    np.testing.assert_allclose(learned.energy, exact.energy, atol=2e-5)
    learned, exact = (spherical_box_states(x, radius=20.0, reduced_mass=MASS) for x in pair)
    np.testing.assert_allclose(learned.energy[:5], exact.energy[:5], atol=2e-5)


def test_coulomb_on_top(pair):
    learned, exact = (coulomb_phase_shift(x, K, reduced_mass=MASS, charge_product=1) for x in pair)
    np.testing.assert_allclose(learned, exact, atol=np.deg2rad(0.05))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_without_an_envelope_it_ends_at_the_last_node_in_sums_too():
    d = make_separable()
    model = NonLocalPotentialRegressor(
        d.r, reduced_mass=MASS, n_init=1, max_iter=3, envelope=None, random_state=0
    ).fit(d.data, d.target)
    end = d.r[-1]
    assert model.interaction_.radius == end
    beyond = np.array([1.01, 1.5]) * end
    assert np.all(model.nonlocal_potential(beyond, 1.0) == 0)
    total = model + GaussianSum([0.0], [1.0])
    for function in (total.nonlocal_potential, total.kernel):
        assert np.all(function(beyond, 1.0) == 0)
        assert np.all(function(1.0, beyond) == 0)
        assert np.all(function(beyond, beyond) == 0)
    inside = d.r[::20]
    np.testing.assert_array_equal(
        total.nonlocal_potential(inside, 1.0), model.nonlocal_potential(inside, 1.0)
    )


def test_messages_name_an_estimator_in_one_line(pair):
    """Not with all of its nodes."""
    model, _ = pair
    with pytest.raises(ValueError, match=r"is NaN at some radii|is not finite inside") as error:
        phase_shift(model + Local(lambda r: r * np.nan, radius=5.0), K, reduced_mass=MASS)
    assert f"{type(model).__name__}(...) + Local(" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
