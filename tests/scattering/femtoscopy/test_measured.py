"""Feed-down and the resolution of a detector."""

import numpy as np
import pytest
from scipy.integrate import quad

from halkit.exceptions import AccuracyWarning
from halkit.scattering import combine_correlations, lednicky_lyuboshitz, smear_momentum

K = np.linspace(0.02, 4.0, 200)


def genuine(k):
    return lednicky_lyuboshitz(k, R=1.2, scattering_length=-3.0, effective_range=1.0)


def test_feed_down():
    C, other = genuine(K), 1 + np.exp(-(K**2)) / 3
    np.testing.assert_array_equal(combine_correlations([(1.0, C)]), 1 + (C - 1))
    np.testing.assert_allclose(combine_correlations([(0.0, C)]), 1)
    np.testing.assert_allclose(combine_correlations([(0.3, np.ones(5)), (0.7, np.ones(5))]), 1)
    found = combine_correlations([(0.51, C), (0.2, other)])
    np.testing.assert_allclose(found, 0.51 * C + 0.2 * other + 0.29, atol=1e-14)


@pytest.mark.parametrize(
    ("contributions", "message"),
    [
        ([(0.7, [1.0]), (0.4, [1.0])], "λ must add up to at most 1, got 1.1"),
        ([(-0.1, [1.0])], "λ must be a finite number ≥ 0"),
        ([(0.1, [1.0]), (0.1, [1.0, 2.0])], "contributions must have C of one shape"),
        ([], "contributions must have C of one shape"),
    ],
)
def test_contributions_that_are_refused(contributions, message):
    with pytest.raises(ValueError, match=message):
        combine_correlations(contributions)


def test_a_constant_stays():
    rng = np.random.default_rng(1)
    for resolution in (0.03, 0.4, rng.random((7, K.size))):
        np.testing.assert_allclose(smear_momentum(np.full(K.size, 1.7), K, resolution), 1.7)


def test_a_gaussian_of_pairs_in_phase_space():
    """∫ k'² e^{−(k−k')²/2σ²} C(k') dk' over the same without C, from k' = 0."""
    width, shown = 0.05, K[:150]
    found = smear_momentum(genuine(K), K, width)
    for i in (0, 3, 40, 149):

        def pairs(q, k=shown[i]):
            return q**2 * np.exp(-(((q - k) / width) ** 2) / 2)

        ends = max(0.0, shown[i] - 9 * width), shown[i] + 9 * width
        top = quad(lambda q, p=pairs: p(q) * genuine(max(q, 1e-9)), *ends)[0]
        assert found[i] == pytest.approx(top / quad(pairs, *ends)[0], abs=2e-4)


def test_a_narrow_resolution_changes_nothing():
    fine = np.linspace(0.02, 1.0, 1500)
    found = smear_momentum(genuine(fine), fine, 8e-4)
    np.testing.assert_allclose(found[150:-10], genuine(fine)[150:-10], atol=2e-4)


def test_a_correlation_that_ends_too_early_is_warned_of():
    """The stated change has the size of what C(k) further on changes."""
    whole = smear_momentum(genuine(K), K, 0.1)
    with pytest.warns(AccuracyWarning, match="beyond the last momentum 0.5") as caught:
        cut = smear_momentum(genuine(K[:25]), K[:25], 0.1)
    stated = float(str(caught[0].message).split("off by ")[1].split()[0])
    change = np.abs(cut - whole[:25])
    assert 0.3 < stated / change.max() < 3
    first = float(str(caught[0].message).split("k ≥ ")[1].split(";")[0])
    assert np.all(change[K[:25] < first] < 3e-3)


def test_a_matrix_of_pairs():
    """Rows are normalised: numbers of pairs or shares give the same; errors may be stacked."""
    M = np.array([[80.0, 20, 0], [10, 80, 10]])
    C = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 2.0]])
    expected = [[2.8, 2.0], [1.0, 1.1]]
    np.testing.assert_allclose(smear_momentum(C, K[:3], M), expected)
    np.testing.assert_allclose(smear_momentum(C, K[:3], M / 7), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": 0.0}, "resolution must be a finite number > 0"),
        ({"resolution": 1e-3}, "a width of at least the spacing 0.02 of k"),
        ({"resolution": np.ones((2, 3))}, "a matrix with 200 columns"),
        ({"resolution": -np.ones((2, 200))}, "rows that are ≥ 0"),
        ({"resolution": np.zeros((2, 200))}, "not 0 everywhere"),
        ({"k": K[::-1]}, "increasing momenta"),
        ({"C": np.ones(3)}, "C must have"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        smear_momentum(**({"C": genuine(K), "k": K, "resolution": 0.1} | arguments))
