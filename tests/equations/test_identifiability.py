"""identifiability: what ten waves tell, what noise reaches, and laws of the directions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from halkit.correlators import load_correlators
from halkit.datasets import make_separable
from halkit.equations import identifiability, lattice_rows

TOY = make_separable(n_r=400)


def test_ten_waves_tell_six_directions_at_one_per_cent():
    """Singular values relative to the first, as computed apart for the toy model."""
    found = identifiability(TOY.data, 0.01 * np.abs(TOY.data), weights=TOY.weights)
    assert found.n_directions == 6
    relative = found.singular_values / found.singular_values[0]
    assert_allclose(relative[:6], [1, 0.78, 0.73, 0.35, 0.17, 0.026], rtol=0.02)
    assert_allclose(relative[6:8], [1.3e-3, 3e-5], rtol=0.2)


def test_directions_are_orthonormal_in_the_measure_and_span_the_waves():
    found = identifiability(TOY.data, 1e-12, weights=TOY.weights)
    chi, w = found.directions, TOY.weights
    assert_allclose(chi * w @ chi.T, np.eye(10), atol=1e-10)
    assert_allclose((TOY.data * w @ chi.T) @ chi, TOY.data, atol=1e-8)
    assert found.n_directions >= 7


def test_the_unit_of_a_sample_is_nothing():
    sigma, factor = 0.02 * np.abs(TOY.data), np.geomspace(1e-3, 1e3, 10)[:, None]
    one = identifiability(TOY.data, sigma, weights=TOY.weights)
    other = identifiability(factor * TOY.data, factor * sigma, weights=TOY.weights)
    assert_allclose(other.singular_values, one.singular_values, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("correlation", ["none", "in r", "in r and of samples"])
def test_noise_alone_has_no_direction(correlation):
    """Its singular values stay below √n_samples in the mean square, however it is correlated."""
    random, shape = np.random.default_rng(3), (6, 50)
    squares = []
    for _ in range(400):
        noise = {
            "none": random.standard_normal(shape),
            "in r": np.tile(random.standard_normal((6, 1)), 50),
            "in r and of samples": np.full(shape, random.standard_normal()),
        }[correlation]
        squares.append(identifiability(noise, 1.0).singular_values[0] ** 2)
    assert np.mean(squares) < 6 * (1 + 3 * np.sqrt(2 / 400))


def test_nodes_without_weight_do_not_count():
    w = TOY.weights.copy()
    w[-100:] = 0
    found = identifiability(TOY.data, 0.1, weights=w)
    cut = identifiability(TOY.data[:, :-100], 0.1, weights=w[:-100])
    assert_allclose(found.singular_values, cut.singular_values, rtol=1e-9, atol=1e-9)
    assert not found.directions[:, -100:].any()


@pytest.mark.data
def test_real_correlators_tell_three_directions(data_dir):
    """Four slices of two sources of ΞΞ: 3 directions, 2 from either source alone."""
    correlators = load_correlators(data_dir, lattice="L64")
    rows = lattice_rows(correlators, times=(12, 13, 14, 15), sources=("wall", "exp"), r_max=26.7)
    mean = np.average(rows.data, axis=-1, weights=rows.weights)[..., None]
    shape = rows.data / mean
    sigma = np.sqrt(len(shape) - 1) * shape.std(axis=0)
    X = shape.mean(axis=0)
    numbers = [
        identifiability(X[part], sigma[part], weights=rows.weights).n_directions
        for part in (slice(None), slice(0, 4), slice(4, 8))
    ]
    assert numbers == [3, 2, 2]


@pytest.mark.parametrize(
    ("X", "sigma", "weights", "message"),
    [
        (np.ones(3), 1.0, None, r"shape \(n_samples, n_r\)"),
        (np.ones((2, 0)), 1.0, None, r"shape \(n_samples, n_r\)"),
        (np.ones((2, 3)), np.ones(2), None, r"broadcast to the shape \(2, 3\) of X, got \(2,\)"),
        (np.ones((2, 3)), -1.0, None, "must not be negative"),
        (np.ones((2, 3)), [[1, 1, 1], [0, 0, 0]], None, "a sample without error"),
        (np.ones((2, 3)), 1.0, [1, -1, 1], "weights must not be negative, got -1"),
        (np.ones((2, 3)), 1.0, [1, 1], r"weights must have shape \(3,\), got \(2,\)"),
        (np.full((2, 3), np.nan), 1.0, None, "X must be finite"),
        (1j * np.ones((2, 3)), 1.0, None, "Complex data not supported"),
        (np.ones((2, 3)), [np.inf], None, "sigma must be finite"),
    ],
)
def test_bad_input(X, sigma, weights, message):
    with pytest.raises(ValueError, match=message):
        identifiability(X, sigma, weights=weights)
