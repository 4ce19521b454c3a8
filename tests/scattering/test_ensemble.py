"""Spreads on both sides of a threshold, against separable potentials solved in closed form.

For U = ω e^{−μ(r+r')} every k cot δ(k) is A(k)/ω + B(k): members with 1/ω = c + s ξ_b have
k cot δ = centre + A s ξ_b exactly, with or without a bound state.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Separable
from halkit.samples import KINDS, standard_error
from halkit.scattering import Ensemble, bound_states, phase_shift
from halkit.scattering.branches import length_scale, matched_states, may_be, nearest_branch

SPREADS = ["bootstrap", "draws", "seeds", "starts"]
MU, MASS, FREE = 1.0, 3.3, {"reduced_mass": 3.3}


def critical():
    """ω at which 1/a0 = 0, from two solutions of the linear relation."""
    low, high = (-0.02, -0.01)
    a, b = (inverse_length(omega) for omega in (low, high))
    slope = (a - b) / (1 / low - 1 / high)
    return 1 / (1 / low - a / slope), slope


def inverse_length(omega):
    k = 1e-4
    return -k / np.tan(float(Separable(omega, MU).phase_shift([k], reduced_mass=MASS)[0]))


def straddling(seed, n=8, shift=0.1, spread=0.5, kind="draws"):
    """Members whose 1/ω scatter around the threshold; the centre `shift` spreads above it
    in 1/|ω|, where nothing is bound."""
    omega, _ = critical()
    x = np.random.default_rng(seed).standard_normal(n)
    x = spread * (x - x.mean()) / x.std(ddof=1)
    inverse = 1 / omega * (1 + 0.1 * (shift * spread + x))
    centre = Separable(omega / (1 + 0.1 * shift * spread), MU)
    members = [Separable(1 / i, MU) for i in inverse]
    return Ensemble(members, kind=kind, centre=centre, **FREE), inverse


@pytest.mark.parametrize("kind", SPREADS)
@pytest.mark.parametrize("seed", range(3))
def test_the_inverse_length_has_the_exact_error_across_the_threshold(kind, seed):
    e, inverse = straddling(seed, kind=kind)
    value, std = e.inverse_scattering_length(return_std=True)
    assert value == pytest.approx(inverse_length(e.centre.omega), abs=1e-5)
    assert std == pytest.approx(abs(critical()[1]) * inverse.std(ddof=1), rel=1e-3)
    with pytest.warns(AccuracyWarning, match=r"passes through infinity.*1/a0 = .* ± "):
        a0, nothing = e.scattering_length(return_std=True)
    assert a0 == pytest.approx(1 / value)
    assert np.isnan(nothing)


@pytest.mark.parametrize("seed", range(3))
def test_k_cot_delta_and_the_effective_range_are_smooth_at_the_threshold(seed):
    e, inverse = straddling(seed)
    k = np.array([0.05, 0.2])
    value, std = e.k_cot_delta(k, return_std=True)
    exact = [k / np.tan(Separable(1 / i, MU).phase_shift(k, reduced_mass=MASS)) for i in inverse]
    assert_allclose(std, np.std(exact, axis=0, ddof=1), rtol=1e-4)
    assert_allclose(value, k / np.tan(e.centre.phase_shift(k, reduced_mass=MASS)), rtol=1e-4)
    r_eff, error = e.effective_range(return_std=True)
    assert 0 < error < 0.1 * r_eff


@pytest.mark.parametrize("seed", range(3))
def test_phase_shifts_on_two_branches(seed):
    """The error is that of k cot δ, by dδ/d(k cot δ) = −sin²δ/k, where it is small."""
    e, _ = straddling(seed, spread=0.1)
    k = np.array([0.2, 0.5])
    with (
        pytest.warns(AccuracyWarning, match=r"of 8 draws \(.*\) δ is a multiple of π away"),
        pytest.warns(AccuracyWarning, match="the error of δ reaches .* at k = 0.001: δ modulo π"),
    ):
        near = e.phase_shift([1e-3], return_std=True)[1]
    assert near < np.pi / 2
    delta, std = e.phase_shift(k, return_std=True)
    assert_allclose(std, np.sin(delta) ** 2 / k * e.k_cot_delta(k, return_std=True)[1], rtol=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_jackknife_bins_on_one_side_with_an_error_on_both(seed):
    """The bins scatter by a fraction of the error: none binds, but the threshold is within."""
    e, inverse = straddling(seed, n=20, shift=0.9 * 19 / np.sqrt(20), spread=0.02, kind="jackknife")
    assert all(not len(s.kappa) for s in map(bound_of, e))
    with pytest.warns(AccuracyWarning, match="0 of 20 bins have a0 > 0"):
        assert np.isnan(e.scattering_length(return_std=True)[1])
    std = e.inverse_scattering_length(return_std=True)[1]
    expected = abs(critical()[1]) * standard_error(inverse, "jackknife")
    assert std == pytest.approx(expected, rel=1e-3)


def bound_of(interaction):
    return bound_states(interaction, **FREE)


def test_far_from_the_threshold_the_length_has_its_error():
    members = [GaussianSum([-2 + x], [0.5]) for x in (-0.02, 0.0, 0.02)]
    e = Ensemble(members, kind="bootstrap", reduced_mass=1.0)
    a0, std = e.scattering_length(return_std=True)
    p, p_std = e.inverse_scattering_length(return_std=True)
    assert std == pytest.approx(a0**2 * p_std, rel=1e-3)
    assert p == pytest.approx(1 / a0)
    assert e.scattering_length(sign="lattice", return_std=True) == (-a0, std)
    assert e.inverse_scattering_length(sign="lattice", return_std=True) == (-p, p_std)


@pytest.mark.parametrize("length", [1e-3, 1e3])
def test_errors_of_lengths_scale_with_the_unit(length):
    """r → λr, V → V/λ²: a0, 1/a0, r_eff and their errors, which exist in any unit or in none."""

    def values(length):
        V = [GaussianSum([(-2 + x) / length**2], [0.5 / length**2]) for x in (-0.05, 0.0, 0.1)]
        e = Ensemble(V, kind="bootstrap", reduced_mass=1.0)
        a0, r_eff = e.scattering_length(return_std=True), e.effective_range(return_std=True)
        inverse = e.inverse_scattering_length(return_std=True)
        return np.array([*a0, *r_eff]) / length, np.array(inverse) * length

    for found, expected in zip(values(length), values(1.0), strict=True):
        assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("strength", [0.01, 0.02, 0.04])
def test_a_length_that_vanishes_has_an_error_and_its_inverse_has_none(strength):
    """Weak attraction and repulsion: a0 = 2m ∫ r² V dr of Born, through zero."""
    x = np.array([-1.0, -0.5, 0.1, 0.6, 0.9])
    members = [GaussianSum([strength * i], [0.5]) for i in x]
    e = Ensemble(members, kind="bootstrap", reduced_mass=1.0)
    born = 2 * np.sqrt(np.pi) / 4 / 0.5**1.5
    a0, std = e.scattering_length(return_std=True)
    assert (a0, std) == pytest.approx(
        (born * strength * x.mean(), born * strength * x.std(ddof=1)), rel=0.2
    )
    for observable in (e.inverse_scattering_length, e.effective_range):
        with pytest.warns(AccuracyWarning, match="a0 = .* passes through zero"):
            assert np.isnan(observable(return_std=True)[1])
    with pytest.warns(AccuracyWarning, match="δ may be a multiple of π at k = 0.1, 0.3"):
        assert np.isnan(e.k_cot_delta([0.1, 0.3], return_std=True)[1]).all()


def test_states_that_come_and_go_have_no_error():
    e, _ = straddling(0, shift=-0.5)  # the centre binds
    with pytest.warns(AccuracyWarning, match="centre has 1 bound states, of 8 draws . have 0"):
        states, std = e.bound_states(return_std=True)
    assert len(states.kappa) == 1
    assert np.isnan(std).all()


def test_a_ghost_of_one_member_leaves_the_other_states_their_errors():
    """A member with an additional deep state: the shallow one keeps its partner."""
    wells = [GaussianSum([-2 + x], [0.5]) for x in (-0.02, 0.0, 0.02)]
    ghost = wells[1] + GaussianSum([-3000.0], [500.0])
    e = Ensemble([wells[0], ghost, wells[2]], kind="bootstrap", centre=wells[1], reduced_mass=1.0)
    plain = Ensemble(wells, kind="bootstrap", centre=wells[1], reduced_mass=1.0)
    with pytest.warns(AccuracyWarning, match="of 3 samples 2 have 1, 1 have 2"):
        std = e.bound_states(return_std=True)[1]
    expected = plain.bound_states(return_std=True)[1]
    assert std.kappa.shape == (1,)
    assert std.kappa < 3 * expected.kappa  # the deep state lies at κ = 40


def test_a_state_bound_by_less_than_its_error():
    e, _ = straddling(1, n=20, shift=-0.9 * 19 / np.sqrt(20), spread=0.02, kind="jackknife")
    with pytest.warns(AccuracyWarning, match=r"shallowest state has κ = .* may be unbound"):
        e.bound_states(return_std=True)


def test_variations_give_their_largest_distance_from_the_centre():
    wells = [GaussianSum([g], [0.5]) for g in (-0.10, -0.12, -0.11, -0.11)]
    e = Ensemble(wells, kind="variations", centre=wells[2], reduced_mass=1.0)
    k = [0.3]
    delta, std = e.phase_shift(k, return_std=True)
    exact = [phase_shift(well, k, reduced_mass=1.0) for well in wells]
    assert std == pytest.approx(np.abs(np.array(exact) - delta).max())


def test_the_centre_is_the_mean_of_the_potentials():
    terms = [GaussianSum([-0.1], [0.5]) + Separable(-0.01, 1.0), GaussianSum([-0.3], [0.5])]
    e = Ensemble(terms, kind="seeds", reduced_mass=1.0)
    mean = GaussianSum([-0.2], [0.5]) + Separable(-0.005, 1.0)
    assert_allclose(e.phase_shift([0.1, 1.0]), phase_shift(mean, [0.1, 1.0], reduced_mass=1.0))
    assert (len(e), list(e), e[1]) == (2, terms, terms[1])
    assert repr(e) == "Ensemble of 2 seeds"


def test_partial_waves():
    wells = [GaussianSum([-2 + x], [0.5]) for x in (-0.02, 0.02)]
    e = Ensemble(wells, kind="draws", reduced_mass=1.0, l=1)
    std = e.phase_shift([0.5], return_std=True)[1]
    exact = [phase_shift(well, [0.5], reduced_mass=1.0, l=1) for well in wells]
    assert std == pytest.approx(np.std(exact, ddof=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "bins"}, "kind must be one of"),
        ({"interactions": []}, "interactions must have at least one member, got none"),
        (
            {"reduced_mass": None},
            "reduced_mass must be given, got None: mean of 1 interactions has no mass",
        ),
        ({"reduced_mass": -1.0}, "reduced_mass must be"),
        ({"l": -1}, "l must be"),
    ],
)
def test_bad_input_is_refused(change, message):
    settings = {"interactions": [GaussianSum([-1.0], [1.0])], "kind": "draws", "reduced_mass": 1.0}
    with pytest.raises(ValueError, match=message):
        Ensemble(**{**settings, **change}).phase_shift([0.1])


def test_one_member_has_no_error():
    e = Ensemble([GaussianSum([-2.0], [0.5])], kind="jackknife", reduced_mass=1.0)
    assert np.isnan(e.phase_shift([0.1], return_std=True)[1]).all()
    assert np.isnan(e.scattering_length(return_std=True)[1])
    assert np.isnan(e.bound_states(return_std=True)[1].kappa).all()


@pytest.mark.parametrize("turns", [-2, 1, 3])
def test_branches_are_a_circle(turns):
    random = np.random.default_rng(7)
    centre = random.uniform(-4, 4, 5)
    angles = centre + random.uniform(-1.5, 1.5, (7, 5))
    assert_allclose(nearest_branch(angles + turns * np.pi, centre), angles)
    inside = may_be(centre + 0.1 + turns * np.pi, centre + np.zeros((2, 5)), centre, 0.2)
    outside = may_be(centre + 0.3 + turns * np.pi, centre + np.zeros((2, 5)), centre, 0.2)
    assert inside.all()
    assert not outside.any()


def test_scale_and_match():
    assert length_scale(-8.0, 1.0) == 1.0
    assert length_scale(-1e-3, 1e6) == pytest.approx(1.0)
    assert length_scale(3.0, np.inf) == 3.0
    assert length_scale(0.0, np.inf) == 1.0
    assert list(matched_states(np.array([5.0, 0.21]), np.array([0.2]))) == [1]
    assert list(matched_states(np.array([0.21]), np.array([5.0, 0.2]))) == [-1, 0]
    assert list(matched_states(np.array([]), np.array([5.0, 0.2]))) == [-1, -1]


@pytest.mark.parametrize("kind", ["jackknife", "variations"])
def test_members_without_interaction_have_an_infinite_inverse_length(kind):
    """1/a0 and k cot δ of V = 0 are infinite in each member, which no warning of numpy tells."""
    free = [GaussianSum([0.0], [0.5])] * 3
    e = Ensemble(free, kind=kind, centre=free[0], reduced_mass=1.0)
    with pytest.warns(AccuracyWarning, match="a0 = 0 ± 0 passes through zero"):
        assert np.isnan(e.inverse_scattering_length(return_std=True)[1])
    with pytest.warns(AccuracyWarning, match="δ may be a multiple of π at k = 0.3"):
        assert np.isnan(e.k_cot_delta(0.3, return_std=True)[1])


def test_a_function_must_return_numbers():
    e = Ensemble([GaussianSum([-1.0], [0.5])] * 2, kind="bootstrap", reduced_mass=1.0)
    with pytest.raises(TypeError, match="values of the function must hold real or complex"):
        e.evaluate(repr)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_each_kind(kind):
    x = np.random.default_rng(0).standard_normal((9, 4))
    expected = {
        "jackknife": np.sqrt(8 / 9 * np.sum((x - x.mean(0)) ** 2, axis=0)),
        "variations": np.abs(x - 0.5).max(axis=0),
    }.get(kind, x.std(axis=0, ddof=1))
    assert_allclose(standard_error(x, kind, centre=np.full(4, 0.5)), expected)
    x[2, :3] = np.nan, np.inf, -np.inf
    found = standard_error(x, kind, centre=np.full(4, 0.5))
    assert np.isnan(found).tolist() == [True, True, True, False]


def test_a_missing_kind_is_told_of_the_ensemble():
    with pytest.raises(TypeError, match=r"Ensemble.__init__\(\) missing 1 .* 'kind'"):
        Ensemble([GaussianSum([-0.9], [0.5])])


@pytest.mark.parametrize("attractive", [False, True])
def test_an_effective_range_with_curvature_is_named(attractive):
    """Bins of a core and a tail of opposite signs, with a0 next to zero, or of one well."""
    told = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        v = [0.0, -0.2, 0.0] if attractive else [0.45, -0.12, 0.0]
        bins = random.normal(size=(20, 3)) * [0.03, 0.008, 0.002]
        members = [GaussianSum.from_ranges([*(v + x)], [1.5, 2.6, 4.0]) for x in bins / 4]
        e = Ensemble(members, kind="jackknife", reduced_mass=0.5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            e.effective_range(return_std=True)
        told.append(any("not linear" in str(w.message) or "zero" in str(w.message) for w in caught))
    assert not any(told) if attractive else all(told)
