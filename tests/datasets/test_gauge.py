"""Configurations that are made are exact, by either method."""

import numpy as np
import pytest

from halkit.datasets import make_u1_configurations
from halkit.gauge import sample_exact, sample_report


@pytest.mark.parametrize("method", ["exact", "hmc"])
def test_configurations_are_exact(method):
    theta = make_u1_configurations(800, 4.0, (6, 8), method=method, random_state=0)
    report = sample_report(theta, 4.0)
    assert max(abs(row.z) for row in report.rows) < 3.5, str(report)
    assert report.charge_p_value > 1e-3


@pytest.mark.parametrize("method", ["exact", "hmc"])
def test_seeds_and_shapes(method):
    one, again = (
        make_u1_configurations(3, 2.0, 4, method=method, random_state=1) for _ in range(2)
    )
    assert np.array_equal(one, again)
    assert one.shape == (3, 2, 4, 4)
    assert make_u1_configurations(1, 1.0, [2, 5], method=method).shape == (1, 2, 2, 5)


def test_exact_is_the_exact_sampler():
    made = make_u1_configurations(3, 2.0, 4, random_state=np.random.default_rng(2))
    assert np.array_equal(made, sample_exact(3, 2.0, (4, 4), random_state=np.random.default_rng(2)))


@pytest.mark.parametrize(
    ("arguments", "method", "error", "message"),
    [
        ((3, 2.0, 4), "magic", ValueError, "method must be one of .*, got 'magic'"),
        ((0, 2.0, 4), "exact", ValueError, "n must be an integer ≥ 1"),
        ((3, 2.0, 1), "exact", ValueError, "lattice_size must be an integer ≥ 2, got 1"),
        ((3, 2.0, (1, 2)), "exact", ValueError, "each at least 2"),
        ((3, 2.0, 4.0), "hmc", TypeError, "lattice_size must be an integer ≥ 2, got 4.0"),
        ((3, -2.0, 4), "hmc", ValueError, "beta must be a finite number ≥ 0"),
    ],
)
def test_bad_input_is_refused(arguments, method, error, message):
    with pytest.raises(error, match=message):
        make_u1_configurations(*arguments, method=method)
