"""Whether V(r) of a table is cut where it has not vanished, with errors of its values."""

import warnings

import numpy as np
import pytest

from halkit.exceptions import AccuracyWarning
from halkit.interactions import Tabulated


def table(seed, smooth, *, short):
    """r, V, errors and values with noise that is smooth over a number of nodes.

    A well with or without a core. It ends at 1.2 … 2 ranges, or at 4.5 … 6, where it has vanished.
    """
    random = np.random.default_rng(seed)
    h, b = random.uniform(0.2, 0.6), random.uniform(0.8, 2)
    n = int(random.uniform(*((1.2, 2.0) if short else (4.5, 6.0))) * b / h)
    r = h * np.arange(1, max(n, 6) + 1)
    core = random.choice([0, 1]) * random.uniform(1, 5)
    V = -np.exp(-((r / b) ** 2)) + core * np.exp(-((2 * r / b) ** 2))
    std = random.choice([0.01, 0.05]) * (0.3 + np.exp(-((r / b) ** 2)))
    correlation = np.exp(-(((r[:, None] - r) / (smooth * h)) ** 2) / 2) + 1e-9 * np.eye(r.size)
    return r, V, std, V + std * (np.linalg.cholesky(correlation) @ random.standard_normal(r.size))


def told(values, r, **errors):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Tabulated(values, r, **errors)
    return bool(caught)


@pytest.mark.parametrize("smooth", [0.1, 1.0, 3.0, 6.0])
def test_noise_that_is_smooth_is_not_taken_for_v(smooth):
    """200 tables that end where V has vanished; without errors 3 … 75 % of them are named."""
    tables = [table(seed, smooth, short=False) for seed in range(200)]
    with_errors = [told(values, r, std=std) for r, _, std, values in tables]
    assert np.mean(with_errors) < 0.03
    if smooth == 3.0:
        assert np.mean([told(values, r) for r, _, _, values in tables]) > 0.3


@pytest.mark.parametrize("smooth", [0.1, 3.0])
def test_tables_that_end_within_v_are_named(smooth):
    """Where ``|V| r³`` at the end is a tenth of ∫ ``|V| r²`` dr at least."""
    found = []
    for seed in range(120):
        r, V, std, values = table(seed, smooth, short=True)
        if abs(V[-1]) * r[-1] ** 3 > 0.15 * np.trapezoid(np.abs(V) * r**2, r):
            found.append((told(values, r, std=std), told(values, r)))
    named, without = np.mean(found, axis=0)
    assert len(found) > 60
    assert named > 0.8
    assert named > without


def test_errors_change_no_value():
    r, V, std, _ = table(0, 3.0, short=False)
    x = np.linspace(0, r[-1], 40)
    np.testing.assert_array_equal(Tabulated(V, r, std=std)(x), Tabulated(V, r)(x))
    with pytest.warns(AccuracyWarning, match="at the last node"):
        Tabulated(np.ones(20), np.arange(20.0), std=np.full(20, 0.2))
    for bad, message in ((std[:-1], "std must have shape"), (-std, "std must not be negative")):
        with pytest.raises(ValueError, match=message):
            Tabulated(V, r, std=bad)
    with pytest.raises(ValueError, match="std must be None for U"):
        Tabulated(np.outer(V, V), r, std=std)
