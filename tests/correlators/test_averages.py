"""Averages over source times and over forward and backward propagation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import average_sources, effective_mass, fold

RNG = np.random.default_rng(3)
EXTENT = 8


def test_each_source_moves_to_the_origin():
    """C of a source at t_0 is C(t − t_0), with the sign of the boundary beyond it."""
    C = RNG.standard_normal((5, EXTENT, 2))
    starts = [0, 3, 7]
    for sign in (1, -1):
        measured = np.empty((3, 5, EXTENT, 2))
        for i, start in enumerate(starts):
            for t in range(EXTENT):
                factor = sign if t < start else 1
                measured[i, :, t] = factor * C[:, (t - start) % EXTENT]
        averaged = average_sources(measured, starts, axis=2, boundary_sign=sign)
        assert_allclose(averaged, C, atol=1e-15)
        assert_array_equal(average_sources(measured, starts, axis=-2, boundary_sign=sign), averaged)


@pytest.mark.parametrize("sign", [1, -1])
def test_folding_keeps_symmetric_correlators(sign):
    t = np.arange(16)
    C = np.exp(-0.3 * t) + sign * np.exp(-0.3 * (16 - t))
    folded = fold(np.stack([C, 2 * C]), sign=sign)
    assert folded.shape == (2, 9)
    assert_allclose(folded[0], C[:9], rtol=1e-14)
    assert_allclose(folded[1], 2 * C[:9], rtol=1e-14)
    if sign == 1:
        assert_allclose(effective_mass(folded[0], method="solve", extent=16), 0.3, rtol=1e-10)
    assert fold(C[:15], sign=sign).shape == (8,)


def test_folding_averages_independent_noise():
    noise = RNG.standard_normal((4000, 16))
    folded = fold(noise)
    assert_allclose(folded[:, 1:8].std(axis=0), 1 / np.sqrt(2), rtol=0.06)
    assert_array_equal(folded[:, [0, 8]], noise[:, [0, 8]])


def test_a_backward_hadron_of_its_own():
    """B(t) = −C(T − t): folded with its sign the average is C, at all times and on any axis."""
    C = RNG.standard_normal((EXTENT, 3))
    backward = np.stack([-C[-t % EXTENT] for t in range(EXTENT)])
    assert_allclose(fold(C, backward=backward, sign=-1, axis=0), C, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: average_sources(np.ones((2, 8)), [0]), ValueError, "source_times must be one for"),
        (lambda: average_sources(np.ones((2, 8)), [0, 8]), ValueError, "must be 0 … 7 on"),
        (lambda: average_sources(np.ones((1, 8)), [0.5]), TypeError, "source_times must hold int"),
        (lambda: average_sources(np.ones((2, 8)), [0, 1], axis=0), ValueError, "axis must be one"),
        (lambda: average_sources(np.ones((1, 8)), [0], boundary_sign=2), ValueError, "boundary"),
        (lambda: average_sources(np.ones(8), [0]), ValueError, "axis must be one of the times"),
        (lambda: fold(np.ones(8), axis=1), ValueError, r"axis must be one .* shape \(8,\), got 1"),
        (lambda: fold(np.ones(8), sign=0), ValueError, "sign must be one of"),
        (lambda: fold(np.ones(8), backward=np.ones(7)), ValueError, "backward must have the shape"),
    ],
)  # fmt: skip
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
