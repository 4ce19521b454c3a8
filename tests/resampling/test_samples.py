"""Jackknife and bootstrap samples against closed forms and coverage on Gaussian data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from halkit.resampling import (
    bootstrap_samples,
    jackknife_error,
    jackknife_mean,
    jackknife_samples,
    pooled_errors,
    resampling_error,
)
from halkit.samples import standard_error


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_the_error_of_an_average_is_sigma_over_root_n(x):
    samples = jackknife_samples(x)
    assert_allclose(jackknife_mean(samples), np.mean(x), rtol=1e-12, atol=1e-9)
    assert_allclose(jackknife_error(samples), np.std(x, ddof=1) / np.sqrt(len(x)), atol=1e-9)


def test_a_linear_functional_has_the_error_of_its_average():
    x = np.random.default_rng(0).standard_normal((24, 5, 3))
    a = np.array([1.0, -2.0, 0.5])
    error = jackknife_error(jackknife_samples(x) @ a)
    assert_allclose(error, (x @ a).std(axis=0, ddof=1) / np.sqrt(24), rtol=1e-12)


def test_bins_are_averages_of_consecutive_configurations():
    x = np.arange(12.0).reshape(6, 2)
    samples = jackknife_samples(x, bin_size=2)
    assert_allclose(samples, jackknife_samples(x.reshape(3, 2, 2).mean(axis=1)), rtol=1e-14)
    assert samples.shape == (3, 2)
    assert_allclose(samples[0], x[2:].mean(axis=0), rtol=1e-14)


def test_correlators_of_several_sources():
    x = np.random.default_rng(1).standard_normal((2, 8, 3))
    samples = jackknife_samples({"wall": x[0], "exp": x[1]}, bin_size=2)
    assert list(samples) == ["wall", "exp"]
    assert_allclose(samples["exp"], jackknife_samples(x[1], bin_size=2), rtol=1e-15)


def test_the_axis_of_the_samples():
    x = np.random.default_rng(1).standard_normal((4, 7))
    assert_allclose(jackknife_error(x.T, axis=1), jackknife_error(x))
    assert_allclose(jackknife_mean(x.T, axis=1), x.mean(axis=0))


def ratio(x):
    """A curved function of two averages."""
    return x[..., 0] / x[..., 1] ** 2


def draw(random, n):
    a, b = random.standard_normal((2, n))
    return np.stack([2 + 0.5 * a, 1.5 + 0.2 * (a + b)], axis=-1)


def test_coverage_of_the_jackknife():
    """Pulls of a ratio over 1000 ensembles of 40: mean 0, width 1 but for Student's t."""
    random = np.random.default_rng(2)
    pulls = []
    for _ in range(1000):
        samples = ratio(jackknife_samples(draw(random, 40)))
        pulls.append((samples.mean() - 2 / 1.5**2) / jackknife_error(samples))
    assert abs(np.mean(pulls)) < 4 / np.sqrt(1000)
    # Var of Student's t with 39 degrees of freedom: 39/37.
    assert abs(np.std(pulls) / np.sqrt(39 / 37) - 1) < 4 / np.sqrt(2000) + 0.02


def test_bootstrap_and_jackknife_agree():
    x = draw(np.random.default_rng(3), 200)
    jackknife = jackknife_error(ratio(jackknife_samples(x)))
    samples = ratio(bootstrap_samples(x, 4000, random_state=0))
    # The standard deviation of 4000 samples is known to 1.1 %, the small-N bias is 1/2N.
    assert_allclose(resampling_error(samples, "bootstrap"), jackknife, rtol=4 * 0.011 + 1 / 400)


def test_bootstrap_draws_bins_with_replacement():
    x = np.eye(5)
    samples = bootstrap_samples(x, 300, random_state=1)
    assert_allclose(samples.sum(axis=1), 1.0)
    assert set(np.unique(np.rint(5 * samples))) >= {0.0, 1.0, 2.0}
    assert_allclose(samples, bootstrap_samples(x, 300, random_state=1))


def test_one_sample_has_no_error_and_nan_is_not_hidden():
    for resample in ("jackknife", "bootstrap"):
        with pytest.raises(ValueError, match="samples must be two at least, got 1"):
            resampling_error([[1.0, 2.0]], resample)
    with pytest.raises(ValueError, match="samples must be two at least, got 1"):
        jackknife_error([[1.0], [2.0]], axis=1)
    error = jackknife_error([[1.0, np.nan], [2.0, 0.0]])
    assert_allclose(error, [0.5, np.nan])
    assert resampling_error([1.0, 3.0], "seeds") == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("configs", "bin_size", "message"),
    [
        (np.ones(7), 2, "bin_size must divide .* configurations, 7, got 2: 1 would be left over"),
        (np.ones(4), 4, "two bins at least, got 4 configurations in bins of 4"),
        ([1.0, np.nan], 1, "configs must be finite, got 1 NaN"),
        ([1.0, 1j], 1, "Complex data not supported"),
        (3.0, 1, "must have an axis of samples"),
        (np.ones(4), 0, "bin_size must be an integer ≥ 1"),
    ],
)
def test_what_is_no_set_of_bins_is_refused(configs, bin_size, message):
    with pytest.raises(ValueError, match=message):
        jackknife_samples(configs, bin_size=bin_size)


def test_unknown_kinds_are_listed():
    with pytest.raises(ValueError, match=r"resample must be one of .*'seeds'.*got 'mean'"):
        resampling_error([1.0, 2.0], "mean")
    with pytest.raises(ValueError, match="n_samples must be an integer ≥ 2"):
        bootstrap_samples([1.0, 2.0], 1)


def test_pooled_errors_are_better_known():
    """Relative errors alike in each group: the scatter of 20 bins falls by the root of the rows."""
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 9, (30, 200)) * np.where(rng.random((30, 200)) > 0.5, 1, -1)
    groups = np.repeat(["wall", "exp"], 15)
    relative = np.where(groups == "wall", 0.01, 0.03)[:, None]
    bins = rng.normal(size=(20, 30, 200)) * relative * np.abs(values)
    std = bins.std(axis=0, ddof=1) / np.sqrt(20)
    true = relative * np.abs(values) / np.sqrt(20)
    before, after = (np.std(x / true - 1) for x in (std, pooled_errors(std, values, groups)))
    assert before == pytest.approx(1 / np.sqrt(38), rel=0.1)
    assert after == pytest.approx(1 / np.sqrt(38 * 15), rel=0.1)
    assert abs(np.mean(pooled_errors(std, values, groups) / true) - 1) < 0.01


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9), st.floats(-1e3, 1e3))
def test_variations_are_as_far_off_as_the_furthest(x, centre):
    """From the central value, on either side; of their mean where there is none."""
    x = np.array(x)
    furthest = max(x.max() - centre, centre - x.min())
    assert standard_error(x, "variations", centre=centre) == pytest.approx(furthest)
    assert standard_error(-x, "variations", centre=-centre) == pytest.approx(furthest)
    if x.size > 1:
        furthest = max(x.max() - x.mean(), x.mean() - x.min())
        assert standard_error(x, "variations") == pytest.approx(furthest)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1], [1.0]), "one shape"),
        (([[0.1]], [[1.0, 2.0]]), "one shape"),
        (([[0.1, 0.0]], [[1.0, 2.0]]), "std must be positive"),
        (([[0.1, 0.2]], [[1.0, 0.0]]), "values must not be zero"),
        (([[0.1, 0.2]], [[1.0, np.nan]]), "values must be finite"),
        (([[1.0, -2.0]], [[0.1, 0.2]]), "std must be positive"),
        (([[1.0, 2.0]], [[0.1, 0.2]]), "may have been exchanged"),
        (([[0.1, 0.2]], [[1.0, 2.0]], ["a", "b"]), r"groups must have shape \(1,\)"),
    ],
)
def test_pooled_errors_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        pooled_errors(*arguments)


def test_pooled_errors_refuse_a_label_that_is_none():
    with pytest.raises(ValueError, match="groups must be labels, got NaN"):
        pooled_errors(np.ones((2, 3)), np.ones((2, 3)), [1.0, np.nan])


def test_correlators_of_an_ensemble_draw_the_same_bins():
    """The noise of a ratio of two correlators that share their fluctuations cancels."""
    rng = np.random.default_rng(5)
    shared = 1 + 0.1 * rng.standard_normal((40, 1))
    C = {"wall": shared * [1.0, 2.0], "point": shared * (1 + 1e-4 * rng.standard_normal((40, 3)))}
    together = bootstrap_samples(C, 60, bin_size=2)
    assert list(together) == ["wall", "point"]
    for name, values in C.items():
        assert_array_equal(together[name], bootstrap_samples(values, 60, bin_size=2))
    ratio = together["point"][:, :1] / together["wall"]
    assert np.all(resampling_error(ratio, "bootstrap") < 3e-5 * ratio.mean(axis=0))
    first, second = (bootstrap_samples(C["wall"], 60, random_state=None) for _ in range(2))
    assert np.all(resampling_error(first / second, "bootstrap") > 0.01)
    both = bootstrap_samples(C, 60, random_state=np.random.RandomState(3))
    assert_allclose(both["wall"][:, 1], 2 * both["wall"][:, 0])
    assert np.all(resampling_error(both["point"] / both["wall"][:, :1], "bootstrap") < 3e-5)
    with pytest.raises(ValueError, match="the same number of bins"):
        bootstrap_samples({"wall": C["wall"], "point": C["point"][:20]}, 10)
    with pytest.raises(ValueError, match="one array at least"):
        bootstrap_samples({}, 10)


@pytest.mark.parametrize("random_state", ["0", 1.5, np.random.PCG64(0)])
def test_what_does_not_seed_is_refused(random_state):
    name = type(random_state).__name__
    with pytest.raises(TypeError, match=f"random_state must be an integer, .*, got a {name}"):
        bootstrap_samples(np.ones((4, 2)), 5, random_state=random_state)
    with pytest.raises(ValueError, match=r"random_state must be from 0 to 2\^32"):
        bootstrap_samples(np.ones((4, 2)), 5, random_state=-1)
