"""Local potentials take the values of their formulas."""

import numpy as np
import pytest

from halkit.interactions import GaussianSum, Yukawa

r = np.array([0.01, 0.1, 0.5, 1, 2, 5])


def test_yukawa_values():
    expected = [-198.00996675, -18.0967483607, -2.42612263885, -0.735758882343]
    np.testing.assert_allclose(Yukawa(2.0, 1.0)(r[:4]), expected, rtol=1e-11)
    assert Yukawa(2.0, 1.0)(0.0) == -np.inf


def test_gaussians_by_exponent_and_by_range():
    V = GaussianSum([914, 305, -112], 1 / np.square([0.143, 0.305, 0.949]))
    W = GaussianSum.from_ranges([914, 305, -112], [0.143, 0.305, 0.949])
    np.testing.assert_allclose(V(r), W(r), rtol=1e-13)
    # the ΩΩ potential in MeV and fm: Gongyo et al., Phys. Rev. Lett. 120 (2018) 212001
    expected = [723.6393387, 220.5219843, -36.89042069]
    np.testing.assert_allclose(W([0.1, 0.2, 1.0]), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GaussianSum([1, 2], [1]),
            "strengths and exponents must be lists of the same length",
        ),
        (lambda: GaussianSum([1, 2], [1, -1]), "exponents must be positive"),
        (lambda: GaussianSum.from_ranges([1], [0]), "ranges must be positive"),
        (lambda: GaussianSum([np.nan], [1]), "strengths must be finite"),
        (lambda: Yukawa(np.inf, 1.0), "alpha must be a finite number"),
        (lambda: Yukawa(1.0, -1.0), "mu must be a finite number > 0"),
    ],
)
def test_refusals_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()
