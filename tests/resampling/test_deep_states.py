"""Bound states too deep for the time stencil of a fit are named, and only these."""

import warnings
from ast import literal_eval

import numpy as np
import pytest

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.correlators import load_correlators
from halkit.datasets import make_time_dependent
from halkit.equations.time import stencil_energy
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.kinematics import momentum_squared
from halkit.potentials import TimeDependentHALRegressor
from halkit.potentials.deep_states import stencil_misses
from halkit.resampling import blocks
from halkit.scattering import bound_states

EQUAL, UNEQUAL = (2.0, 2.0), (1.0, 2.0)
DEEP, SHALLOW, UNBOUND = (GaussianSum([-V], [0.1]) for V in (0.78, 0.25, 0.05))
LOCAL = GaussianProcessPotentialRegressor(local="only")


def correlators(truth, masses=EQUAL, noise=1e-3, seed=0, n_bins=8, times=range(10, 19)):
    return make_time_dependent(
        truth, r=np.linspace(0.5, 16.0, 32), box_radius=24.0, hadron_mass=masses, times=times,
        source_radius=2.0, noise=noise, noise_floor=0.05, n_bins=n_bins, random_state=seed,
    ).correlators  # fmt: skip


def warned(record, estimator=LOCAL, **options):
    """Messages of the fit about stencils, and the fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = CorrelatorRegressor(estimator, **options).fit(blocks(record))
    mine = [w for w in caught if "time stencil" in str(w.message)]
    assert all(w.category is AccuracyWarning and w.filename == __file__ for w in mine)
    return [str(w.message) for w in mine], fit


def reduced(masses):
    return masses[0] * masses[1] / sum(masses)


@pytest.mark.parametrize("masses", [EQUAL, (0.6, 0.6), UNEQUAL])
@pytest.mark.parametrize("points", [3, 5, 7])
@pytest.mark.parametrize("energy_range", [None, (-0.01, 0.26)])
def test_the_energy_behind_a_state_of_the_fit(masses, points, energy_range):
    x = np.array([-0.3, -0.2, -0.02])
    exact = momentum_squared(x, masses) / (2 * reduced(masses))
    fitted = stencil_energy(x, masses, points, 1.0, energy_range)
    energy, miss = stencil_misses(fitted, masses, points, 1.0, energy_range)
    np.testing.assert_allclose(energy, x, rtol=1e-4)
    np.testing.assert_allclose(miss, fitted - exact, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("masses", [EQUAL, UNEQUAL])
def test_states_that_no_energy_of_two_hadrons_makes(masses):
    deepest = -(masses[0] ** 2) / (2 * reduced(masses))
    for points, energy_range in ((3, None), (7, (-3.5, 0.26) if masses == EQUAL else (-1.2, 0.26))):
        made = stencil_misses(np.array([0.9 * deepest, -100.0]), masses, points, 1.0, energy_range)
        np.testing.assert_array_equal(np.isfinite(made), [[True, False]] * 2)


def test_a_state_next_to_the_turning_point_of_a_stencil():
    """The default of these masses makes −0.3116 at least, where k²/2μ is −0.332."""
    energy, miss = stencil_misses(np.array([-0.312]), (0.45, 0.9), 7, 1.0, (-0.01, 0.26))
    assert energy == pytest.approx(-0.515, abs=0.01)
    assert miss == pytest.approx(0.021, abs=0.003)


@pytest.mark.parametrize("masses", [EQUAL, UNEQUAL])
def test_states_are_named_where_the_stencil_moves_them(masses):
    """The energy is off by what is said; the stencils that are recommended are right."""
    record = correlators(DEEP, masses, noise=3e-4)
    exact = bound_states(DEEP, reduced_mass=reduced(masses)).energy[0]
    (text,), fit = warned(record, stencil=3, times=[13, 14, 15])
    states, std = fit.bound_states(return_std=True)
    off = states.energy[0] - exact
    assert off < -4 * std.energy[0]
    said = float(text.split("moves E by ")[1].split(",")[0])
    assert abs(off - said) < 2 * std.energy[0] + 0.05 * abs(said)
    assert f"{states.energy[0]:.4g}" in text
    assert "Take stencil=5 or" in text
    low, high = literal_eval(text.split("energy_range=")[1])
    for options in ({"stencil": 5}, {"stencil": "designed", "energy_range": (low, high)}):
        messages, right = warned(record, **options)
        states, std = right.bound_states(return_std=True)
        assert not messages
        assert abs(states.energy[0] - exact) < 3 * std.energy[0]


def test_the_default_stencil_of_unequal_masses_is_named_too():
    record = correlators(DEEP, UNEQUAL, noise=1e-4)
    (text,), fit = warned(record)
    assert fit.rows_.energy_range == (-0.01, 0.26)
    assert "energy_range=(-0.2" in text


@pytest.mark.parametrize("truth", [SHALLOW, UNBOUND])
@pytest.mark.parametrize("stencil", [3, 5, 7, "designed"])
def test_shallow_states_and_unbound_systems_are_not_named(truth, stencil):
    assert not warned(correlators(truth, noise=3e-4, seed=1), stencil=stencil)[0]


def test_without_errors_one_per_cent_counts():
    exact = correlators(DEEP, noise=0.0, n_bins=None)
    (text,), fit = warned(exact, stencil=3)
    states = fit.bound_states().energy
    _, miss = stencil_misses(states, EQUAL, 3, 1.0, None)
    assert f"{abs(miss[0] / states[0]):.2g} of it" in text
    assert not warned(exact, stencil=5)[0]
    assert warned(correlators(DEEP), stencil=3, resample="mean")[0]
    assert not warned(correlators(SHALLOW), stencil=3, resample="mean")[0]


def test_bare_slices_of_a_network():
    record = correlators(DEEP, noise=0.0, n_bins=None)
    R = record.R["exp"][:, 0]
    model = TimeDependentHALRegressor(
        record.r, hadron_mass=2.0, local="only", stencil=3, random_state=0
    )
    with pytest.warns(AccuracyWarning, match="the time stencil was not made for the bound state"):
        model.fit(R, times=record.t)
    with warnings.catch_warnings():
        warnings.simplefilter("error", AccuracyWarning)
        right = model.set_params(stencil=7).fit(R, times=record.t).bound_states()
        with pytest.raises(AccuracyWarning):
            model.set_params(stencil=3).fit(R, times=record.t)
    assert model.bound_states().energy == right.energy, "the earlier fit stays"


def test_no_stencil_is_recommended_where_none_is_right():
    deeper = GaussianSum([-2.0], [0.1])
    record = correlators(deeper, noise=1e-4, times=range(4, 13))
    (text,), _ = warned(record, stencil=7, resample="mean")
    assert text.endswith("take closer slices")


def test_published_correlators_are_not_named(data_dir):
    """ΞΞ has no bound state that any stencil would move."""
    record = load_correlators(data_dir, lattice="L48")
    for stencil in (3, "designed"):
        estimator = GaussianProcessPotentialRegressor()
        messages, _ = warned(record, estimator, times=[13, 14], stencil=stencil, r_max=14.0)
        assert not messages
