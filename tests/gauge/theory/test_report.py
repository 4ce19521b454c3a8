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
    assert [row.error for row in report.rows] == [0.0] * 4
    assert report.rows[0].z == np.inf
    assert np.isnan(report.rows[2].z)
    assert np.isnan(report.charge_p_value)


def test_it_prints_a_table():
    text = str(sample_report(sample_exact(100, 2.0, (4, 8), random_state=4), 2.0))
    assert text.splitlines()[0] == "100 configurations, beta = 2, 4 x 8"
    assert len({len(line) for line in text.splitlines()[1:-1]}) == 1


def test_bad_input_is_refused():
    theta = sample_exact(3, 2.0, (4, 4), random_state=5)
    with pytest.raises(ValueError, match="at least two configurations"):
        sample_report(theta[:1], 2.0)
    with pytest.raises(ValueError, match="longer than"):
        sample_report(theta, 2.0, loops=((5, 1),))
    with pytest.raises(ValueError, match="beta must be a finite number ≥ 0"):
        sample_report(theta, -2.0)


def test_loops_that_fit_are_the_default():
    report = sample_report(sample_exact(100, 1.0, (3, 7), random_state=0), 1.0)
    assert [row.name for row in report.rows] == ["W(1x1)", "W(2x2)", "Q^2"]
