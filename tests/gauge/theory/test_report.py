"""The report on exact samples, where z is normal and p uniform, and on samples that are wrong."""

import numpy as np
import pytest
from scipy import stats

from halkit.gauge import (
    charge_probability,
    exact_susceptibility,
    exact_wilson_loop,
    flux_links,
    sample_exact,
    sample_report,
    topological_charge,
    wilson_loop,
)


def test_rows_are_means_errors_and_exact_values():
    theta = sample_exact(300, 3.0, (4, 6), random_state=0)
    report = sample_report(theta, 3.0, loops=((1, 1), (2, 3)))
    loops, charge = wilson_loop(theta, 2, 3), topological_charge(theta)
    row, square = report.rows[1:]
    assert [entry.name for entry in report.rows] == ["W(1x1)", "W(2x3)", "Q^2"]
    assert row.mean == pytest.approx(loops.mean())
    assert row.error == pytest.approx(loops.std(ddof=1) / np.sqrt(300))
    assert row.exact == pytest.approx(exact_wilson_loop(6, 3.0, (4, 6)))
    assert row.z == pytest.approx((row.mean - row.exact) / row.error)
    assert square.mean == pytest.approx((charge**2).mean())
    assert square.exact == pytest.approx(24 * exact_susceptibility(3.0, (4, 6)))
    rows = sample_report(theta.reshape(300, -1), 3.0, loops=((2, 3),), lattice_shape=(4, 6))
    assert rows.rows == report.rows[1:]


@pytest.mark.parametrize(("shape", "beta", "n"), [((6, 6), 1.0, 300), ((4, 4), 3.0, 200)])
def test_exact_samples_are_normal_and_p_is_uniform(shape, beta, n):
    theta = sample_exact(200 * n, beta, shape, random_state=1)
    reports = [sample_report(part, beta, loops=((1, 1), (2, 2))) for part in np.split(theta, 200)]
    z = np.array([[row.z for row in report.rows] for report in reports])
    assert stats.kstest(z[:, 0], "norm").pvalue > 1e-3
    assert np.all(np.abs(z.mean(axis=0)) < 0.4)
    assert np.all(np.abs(z.std(axis=0) - 1) < 0.3)
    p = np.array([report.charge_p_value for report in reports])
    assert 0.4 < p.mean() < 0.6
    assert 0.001 < (p < 0.05).mean() < 0.12


def test_charges_that_are_drawn_from_another_distribution_are_found():
    charges = np.arange(-8, 9)
    probability = charge_probability(charges, 4.0, (8, 8))
    rng = np.random.default_rng(2)
    fluxes = {q: flux_links(int(q), (8, 8)) for q in charges}
    right = rng.choice(charges, 4000, p=probability / probability.sum())
    wider = np.sqrt(probability)
    wrong = rng.choice(charges, 4000, p=wider / wider.sum())
    p_right, p_wrong = (
        sample_report(np.concatenate([fluxes[q] for q in charge]), 4.0).charge_p_value
        for charge in (right, wrong)
    )
    assert p_right > 1e-3
    assert p_wrong < 1e-10


def test_a_wrong_coupling_is_found():
    report = sample_report(sample_exact(500, 3.0, (8, 8), random_state=3), 3.3)
    assert report.rows[0].z < -8


def test_frozen_samples_have_no_z():
    report = sample_report(np.zeros((50, 2, 4, 4)), 1e4)
    assert [row.error for row in report.rows] == [0.0] * 3
    assert report.rows[0].z == np.inf
    assert report.charge_p_value == 1


def test_it_prints_a_table():
    text = str(sample_report(sample_exact(100, 2.0, (4, 8), random_state=4), 2.0))
    assert text.splitlines()[0] == "100 configurations, beta = 2, 4 x 8"
    assert len({len(line) for line in text.splitlines()[1:-1]}) == 1


def test_it_says_what_a_sample_cannot_tell():
    """A loop around the torus is 1, and hardly any Q ≠ 0 is expected: no "nan" in the table."""
    theta = sample_exact(50, 8.0, (4, 4), random_state=0)
    report = sample_report(theta, 8.0, loops=[(1, 1), (4, 4)])
    assert np.isnan(report.rows[1].z)
    around, *_, last = str(report).splitlines()[3:]
    assert around.split() == ["W(4x4)", "1.0000000", "0.0000000", "1.0000000", "–"]
    assert last.startswith("charges: p = 1; 0.0")
    assert last.endswith("configurations with Q ≠ 0 are expected, too few to tell a frozen charge "
                         "from a free one")  # fmt: skip
    assert "nan" not in str(report)
    assert str(sample_report(sample_exact(200, 2.0, (8, 8), random_state=0), 2.0)).endswith(
        f"charges: p = {sample_report(sample_exact(200, 2.0, (8, 8), random_state=0), 2.0)[1]:.3g}"
    )


def test_few_charges_are_tested_by_their_number():
    """Against the binomial law of Q ≠ 0, by hand."""
    shape, beta, n = (4, 4), 5.0, 400
    charged = 2 * float(charge_probability(np.arange(1, 9), beta, shape).sum())
    assert 0.5 < n * charged < 5
    for found in (0, 1, 2, 8):
        theta = np.zeros((n, 2, *shape))
        theta[:found] = flux_links(1, shape)
        law = stats.binom(n, charged).pmf(np.arange(n + 1))
        expected = law[law <= law[found] * (1 + 1e-7)].sum()
        assert sample_report(theta, beta).charge_p_value == pytest.approx(expected, rel=1e-9)
    assert sample_report(theta, 1e4).charge_p_value == 0


def test_a_p_value_of_few_charges_is_not_too_small_too_often():
    """P(p < α) ≤ α for a discrete law: 200 exact samples."""
    theta = sample_exact(200 * 100, 4.0, (4, 4), random_state=6)
    parts = np.split(theta, 200)
    p = np.array([sample_report(part, 4.0, loops=[(1, 1)]).charge_p_value for part in parts])
    for alpha in (0.05, 0.2):
        assert np.mean(p < alpha) < alpha + 3 * np.sqrt(alpha * (1 - alpha) / 200)


def test_bad_input_is_refused():
    theta = sample_exact(3, 2.0, (4, 4), random_state=5)
    with pytest.raises(ValueError, match="at least two configurations"):
        sample_report(theta[:1], 2.0)
    with pytest.raises(ValueError, match="longer"):
        sample_report(theta, 2.0, loops=((5, 1),))
    with pytest.raises(ValueError, match="beta must be a finite number ≥ 0"):
        sample_report(theta, -2.0)


def test_loops_that_fit_are_the_default():
    report = sample_report(sample_exact(100, 1.0, (3, 7), random_state=0), 1.0)
    assert [row.name for row in report.rows] == ["W(1x1)", "W(2x2)", "Q^2"]
