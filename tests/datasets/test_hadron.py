"""The data obey the equation that they claim, with the potential that they are returned with."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.datasets import make_separable, make_time_dependent
from halkit.equations import stationary_target, time_dependent_rows
from halkit.interactions import (
    GaussianSum,
    Interaction,
    Separable,
    omega_ccc,
    p_wave_model,
)
from halkit.radial import RadialGrid
from halkit.units import HBARC, to_mev

# S. Aoki, K. Yazaki, arXiv:2109.07665, recomputed: k, r, φ_k(r), (E_k − H0) φ_k(r).
TOY = [
    (0.1, 0.1, 2.42138770869, -0.45079106519),
    (0.1, 5.0, 0.367868900202, -0.00335685311457),
    (0.5, 1.0, 1.02310660532, -0.0696559037105),
    (1.0, 2.5, 0.121850267941, -0.00627320573301),
]


@pytest.mark.parametrize(("k", "r", "phi", "source"), TOY)
def test_the_toy_model_has_its_published_values(k, r, phi, source):
    d = make_separable(n_k=1, n_r=2, r_max=r, k_range=(k, k))
    assert_allclose([d.data[0, 1], d.target[0, 1]], [phi, source], rtol=1e-10)


def test_the_toy_model_of_the_talk():
    d = make_separable()
    assert d.data.shape == d.target.shape == (10, 100)
    assert_allclose([d.k[0], d.k[-1], d.r[0], d.r[-1]], [0.01, 1.0, 0.01, 12.5])
    assert_allclose(d.potential, -0.017 * np.exp(-np.add.outer(d.r, d.r)), rtol=1e-14)
    # 0.4 % is the trapezoidal rule, 1e-4 what lies beyond the last node.
    assert_allclose(d.data @ (d.potential * d.weights).T, d.target, rtol=5e-3)
    y = stationary_target(d.data, d.k, d.r, reduced_mass=3.3, order=8)
    assert_allclose(y, d.target, atol=1e-6)


def test_the_sum_over_nodes_converges_to_the_source():
    errors = []
    for n_r in (500, 1000):
        d = make_separable(n_r=n_r, r_max=40.0)
        errors.append(np.abs(d.data @ (d.potential * d.weights).T / d.target - 1).max())
    assert errors[1] < 1e-5
    assert errors[0] / errors[1] > 3.5


def test_noise_of_the_toy_is_relative_and_seeded():
    exact, noisy = make_separable(), make_separable(noise=0.01, random_state=3)
    deviation = noisy.target / exact.target - 1
    assert_array_equal(noisy.data, exact.data)
    assert_allclose(deviation.std(), 0.01, rtol=0.1)
    assert_array_equal(noisy.target, make_separable(noise=0.01, random_state=3).target)


def test_the_p_wave_of_the_toy_model():
    """φ_k(r) and δ of a resonance at ω = −0.045, m = 3.3, μ = 1; see test_separable."""
    d = make_separable(n_k=2, n_r=3, r_max=1.99, k_range=(0.1, 1.0), omega=-0.045, l=1)
    assert_allclose(d.r, [0.01, 1.0, 1.99])
    assert_allclose(d.data[:, 1], [4.38145785485, 0.409947832692], rtol=1e-10)
    d = make_separable(omega=-0.045, l=1)
    y = stationary_target(d.data, d.k, d.r, reduced_mass=3.3, l=1, order=8)
    assert_allclose(y[:, 2:], d.target[:, 2:], atol=1e-6)
    assert_allclose(d.data @ (d.potential * d.weights).T, d.target, rtol=5e-3)
    with pytest.raises(ValueError, match=r"l must be one of \[0, 1\], got 2"):
        make_separable(l=2)


@pytest.mark.parametrize("name", ["n_k", "n_r"])
def test_numbers_of_momenta_and_nodes_are_counts(name):
    for value in (2.5, "3", True):
        with pytest.raises(TypeError, match=f"{name} must be an integer ≥ 1, got {value!r}"):
            make_separable(**{name: value})
    with pytest.raises(ValueError, match=f"{name} must be an integer ≥ 1, got 0"):
        make_separable(**{name: 0})


TRUTH = omega_ccc(inverse_spacing=2333.0) + Separable(-1.5e-4, 0.6)
SETTINGS = {"r": np.linspace(0.25, 30.0, 120), "box_radius": 48.0, "hadron_mass": 2.073}
TIMES = range(22, 31)


@pytest.fixture(scope="module")
def omega():
    return make_time_dependent(TRUTH, times=TIMES, **SETTINGS)


def apply(interaction, d, X):
    U = interaction.nonlocal_potential(d.r[:, np.newaxis], d.r)
    return interaction.local_potential(d.r) * X + X @ (U * d.weights).T


def test_rows_are_seven_point_stencils_of_two_sources(omega):
    assert list(omega.rows.labels) == [(s, t) for s in ("wall", "exp") for t in (25, 26, 27)]
    assert omega.rows.stencil == 7
    assert omega.data.shape == omega.target.shape == (6, 120)
    assert omega.correlators.R["exp"].shape == (9, 1, 120)
    assert_array_equal(omega.data[3:], omega.correlators.R["exp"][3:6, 0])


def test_the_equation_holds_with_the_returned_interaction(omega):
    residual = omega.target - apply(omega.interaction, omega, omega.data)
    assert np.abs(residual / omega.data).max() < 2e-5
    assert np.abs(TRUTH.local_potential(omega.r)).max() > 2e-2


def test_the_stencil_is_what_is_left():
    bias = []
    for order in (3, 5, 7):
        d = make_time_dependent(
            TRUTH, times=range(8, 17), stencil=order, space_order=8, sources=("exp",), **SETTINGS
        )
        residual = d.target - apply(TRUTH, d, d.data)
        bias.append(np.abs(residual / d.data)[:, 10:80].max())
    assert bias[0] > 5 * bias[1] > 25 * bias[2]


def test_energies_obey_the_dispersion_relation():
    free = make_time_dependent(Interaction(), times=[5, 6, 7], **SETTINGS)
    # tan kR = kR
    k = np.array([0.0, 4.493409458, 7.725251837, 10.904121659]) / 48.0
    assert_allclose(free.energies[:4], 2 * np.hypot(2.073, k) - 2 * 2.073, rtol=1e-6, atol=1e-9)
    assert_allclose(free.correlators.R["wall"], 1.0, rtol=1e-6)
    assert np.abs(free.target[:1]).max() < 1e-7


def test_p_waves_obey_their_equation():
    truth = p_wave_model()
    settings = {"r": np.arange(0.1, 6.05, 0.1), "box_radius": 8.0, "hadron_mass": 939 / HBARC}
    d = make_time_dependent(
        truth, times=0.09 * np.arange(12, 22), l=1, source_radius=0.8, space_order=8, **settings
    )
    residual = to_mev((d.target - apply(truth, d, d.data)) / d.data)[:, 2:-8]
    assert np.abs(to_mev(d.target / d.data)).max() > 50
    assert np.abs(residual).max() < 0.05


def test_free_p_waves():
    """j_1'(kR) = 0: the lowest state has kR = 2.0815759778."""
    free = make_time_dependent(Interaction(), times=[5, 6, 7], l=1, **SETTINGS)
    k = np.array([2.0815759778, 5.9403699905]) / 48.0
    assert_allclose(free.energies[:2], 2 * np.hypot(2.073, k) - 2 * 2.073, rtol=1e-7)
    # Early, R still has the shape r/R of the source.
    ratio = free.correlators.R["wall"][0, 0] / free.r
    assert_allclose(ratio[:60] / ratio[0], 1.0, atol=1e-3)


def test_noise_with_a_floor():
    options = {"times": TIMES, "noise": 1e-3, "random_state": 1, "sources": ("exp",), **SETTINGS}
    exact = make_time_dependent(TRUTH, **{**options, "noise": 0.0}).correlators.R["exp"]
    largest = np.abs(exact).max(axis=-1, keepdims=True)
    for floor in (0.0, 0.5):
        R = make_time_dependent(TRUTH, noise_floor=floor, **options).correlators.R["exp"]
        pull = (R - exact) / (1e-3 * np.maximum(np.abs(exact), floor * largest))
        assert abs(pull.var() - 1) * np.sqrt(pull.size / 2) < 4


def test_unequal_masses_obey_their_dispersion_relation():
    settings = {**SETTINGS, "hadron_mass": (1.2, 2.073)}
    free = make_time_dependent(Interaction(), times=[5, 6, 7], **settings)
    k = 4.493409458 / 48.0
    expected = np.hypot(1.2, k) + np.hypot(2.073, k) - 1.2 - 2.073
    assert_allclose(free.energies[1], expected, rtol=1e-6)


def test_the_ground_state_is_left_at_late_times():
    late = make_time_dependent(TRUTH, times=[6000, 6001, 6002], **SETTINGS)
    for R in late.correlators.R.values():
        assert_allclose(R[1] / R[0], np.exp(-late.energies[0]), rtol=1e-5)
        assert_allclose(R[0], late.correlators.R["wall"][0], rtol=1e-4)


def test_early_times_have_their_states():
    few = make_time_dependent(TRUTH, times=[2, 3, 4], **SETTINGS)
    both = make_time_dependent(TRUTH, times=[2, 3, 4, 5, 6, 7, 8], stencil=3, **SETTINGS)
    assert len(few.energies) == len(both.energies)
    later = make_time_dependent(TRUTH, times=[6, 7, 8], **SETTINGS)
    R = both.correlators.R["exp"][4:]
    assert len(later.energies) < len(both.energies)
    assert_allclose(R / np.abs(R[0]).mean(), later.correlators.R["exp"], rtol=1e-7)


def test_source_shapes_and_radius():
    """Without interaction R(t → 0) is the source itself; at small t it has spread by little."""
    settings = {"r": np.linspace(0.5, 25.0, 50), "box_radius": 40.0, "hadron_mass": 8.0}
    d = make_time_dependent(
        Interaction(), times=[1, 2, 3], sources=("exp",), source_radius=8.0, **settings
    )
    shape = np.exp(-d.r / 8.0)
    middle = slice(10, 40)
    ratio = d.correlators.R["exp"][0, 0, middle] / shape[middle]
    assert_allclose(ratio / ratio[0], 1.0, atol=0.01)


def test_noise_is_relative():
    noisy = make_time_dependent(TRUTH, times=TIMES, noise=1e-3, random_state=1, **SETTINGS)
    exact = make_time_dependent(TRUTH, times=TIMES, **SETTINGS)
    deviation = noisy.correlators.R["wall"] / exact.correlators.R["wall"] - 1
    assert_allclose(deviation.std(), 1e-3, rtol=0.1)
    again = make_time_dependent(TRUTH, times=TIMES, noise=1e-3, random_state=1, **SETTINGS)
    assert_array_equal(noisy.target, again.target)


def test_bins_are_a_jackknife(omega):
    d = make_time_dependent(TRUTH, times=TIMES, noise=1e-3, n_bins=40, random_state=1, **SETTINGS)
    assert d.rows.kind == d.correlators.kind == "jackknife"
    assert d.rows.data.shape == d.rows.target.shape == (40, 6, 120)
    R = d.correlators.R["wall"]
    assert R.shape == (9, 40, 120)
    error = np.sqrt(39) * R.std(axis=1) / R.mean(axis=1)
    assert_allclose(np.sqrt(np.mean(error**2)), 1e-3, rtol=0.03)
    deviation = R.mean(axis=1) / omega.correlators.R["wall"][:, 0] - 1
    assert_allclose(deviation.std(), 1e-3, rtol=0.1)
    pull = (d.target - apply(TRUTH, d, d.data)) / d.sigma
    assert 0.9 < np.mean(pull**2) < 1.3
    assert_allclose(d.rows.target.mean(axis=0), d.target)


def test_rows_are_those_of_the_sources_module(omega):
    X, y = time_dependent_rows(omega.correlators.R["exp"][:, 0], omega.r, hadron_mass=2.073)
    assert_array_equal(omega.data[3:], X)
    assert_allclose(omega.target[3:], y, rtol=1e-12)


def test_the_measure_is_that_of_the_nodes(omega):
    assert_array_equal(omega.weights, RadialGrid.from_nodes(omega.r).weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": [0, 1, 2]}, "times > 0"),
        ({"times": [5, 6]}, "at least 3 consecutive time slices, got 2"),
        ({"times": [5, 6, 8]}, "increase in equal steps"),
        ({"sources": ("smeared",)}, r"among \['wall', 'exp'\], got 'smeared'"),
        ({"sources": ("wall", "wall")}, "each once"),
        ({"sources": ()}, "at least one of"),
        ({"noise": -1.0}, "noise must be a finite number ≥ 0"),
        ({"n_bins": 1}, "n_bins must be an integer ≥ 2 or None, got 1"),
        ({"source_radius": 0.0}, "source_radius must be a finite number > 0"),
        ({"box_radius": np.nan}, "box_radius must be a finite number > 0, got nan"),
        ({"box_radius": -1.0}, "box_radius must be a finite number > 0, got -1"),
        ({"r": [1.0, 0.5]}, "r must be strictly increasing"),
        ({"r": np.linspace(1, 60, 60)}, "the radius 48"),
        ({"hadron_mass": 0.0}, "hadron_mass must be a finite number > 0"),
        ({"interaction": GaussianSum([-40.0], [0.01])}, "too deep for hadrons of mass"),
    ],
)
def test_bad_values_are_refused(options, message):
    options = {"interaction": TRUTH, "times": TIMES, **SETTINGS, **options}
    with pytest.raises(ValueError, match=message):
        make_time_dependent(options.pop("interaction"), **options)


@pytest.mark.parametrize("k_range", [(0.0, 1.0), (1.0, 0.5)])
def test_momenta_are_positive_and_increase(k_range):
    with pytest.raises(ValueError, match="0 < k_min <= k_max"):
        make_separable(k_range=k_range)


SMALL = {"r": np.linspace(1.0, 9.0, 9), "box_radius": 30.0, "hadron_mass": 2.0}


def test_times_and_sources_are_sequences():
    with pytest.raises(TypeError, match="times must be a sequence of numbers, got 12"):
        make_time_dependent(GaussianSum([-0.04], [0.1]), **SMALL, times=12)
    with pytest.raises(TypeError, match=r"sources must be a sequence of some of .* got 'wall'"):
        make_time_dependent(GaussianSum([-0.04], [0.1]), **SMALL, times=[5, 6, 7], sources="wall")


def test_times_and_sources_may_come_one_by_one():
    times, sources = [5, 6, 7, 8], ["wall", "exp"]
    whole = make_time_dependent(Interaction(), **SMALL, times=times, sources=sources)
    single = make_time_dependent(
        Interaction(), **SMALL, times=(t for t in times), sources=(s for s in sources)
    )
    assert single.rows.labels == whole.rows.labels == tuple((s, t) for s in sources for t in (6, 7))
    assert list(single.correlators.sources) == sources
    assert_array_equal(single.target, whole.target)
