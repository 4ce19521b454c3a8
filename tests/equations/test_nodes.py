"""Rows of correlators on radial nodes, with bins."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import load_correlators, save_correlators
from halkit.datasets import make_time_dependent
from halkit.equations import local_approximation, radial_rows, time_dependent_rows
from halkit.interactions import GaussianSum
from halkit.radial import Wedge, trapezoid_weights

WELL = GaussianSum([-0.04], [0.1])


@pytest.fixture(scope="module")
def data():
    return make_time_dependent(
        WELL, r=np.linspace(0.2, 12.0, 30), box_radius=30.0, hadron_mass=(2.0, 3.0),
        times=range(20, 27), noise=1e-4, n_bins=7, random_state=0,
    )  # fmt: skip


def test_the_rows_are_those_of_each_bin_alone(data):
    """As many bins as times: the shape does not tell the axes."""
    c, rows = data.correlators, radial_rows(data.correlators)
    labels = [(source, t) for source in ("wall", "exp") for t in (22, 23, 24)]
    assert (list(rows.labels), rows.stencil, rows.kind) == (labels, 5, "jackknife")
    for b in range(7):
        X, y = (
            np.concatenate(part)
            for part in zip(
                *(time_dependent_rows(R[:, b], c.r, hadron_mass=(2.0, 3.0)) for R in c.R.values()),
                strict=True,
            )
        )
        assert_array_equal(rows.data[b], X)
        assert_allclose(rows.target[b], y, rtol=1e-12)
    ratio = rows.target / rows.data
    sigma = np.sqrt(6) * ratio.std(axis=0) * np.abs(rows.data.mean(axis=0))
    assert_allclose(rows.sigma, sigma, rtol=1e-9)
    assert_array_equal(rows.weights, trapezoid_weights(c.r))


def test_a_mean_has_rows_without_errors(data):
    mean = replace(
        data.correlators,
        R={source: R.mean(axis=1, keepdims=True) for source, R in data.correlators.R.items()},
        kind="mean",
    )
    rows = radial_rows(mean)
    assert (rows.n_bins, rows.sigma, rows.kind) == (1, None, "mean")
    for found, expected in zip(rows.mean(), (data.data, data.target), strict=True):
        assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


def test_one_source_from_a_file(data, tmp_path):
    save_correlators(tmp_path / "well.npz", {"well": data.correlators})
    loaded = load_correlators(tmp_path / "well.npz")
    rows = radial_rows(loaded, sources=["exp"], stencil=3)
    assert list(rows.labels) == [("exp", t) for t in range(21, 26)]
    V = local_approximation(*rows.mean()).V
    assert_allclose(V[:10], WELL(rows.r[:10]), atol=0.01)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"sources": ["point"]}, "sources must be among .*, got 'point'"),
        ({"kind": "configs"}, {}, "got 'configs': average single configurations"),
        ({"r": None, "wedge": Wedge(6)}, {}, "on radial nodes, got the wedge .*lattice_rows"),
    ],
)
def test_what_does_not_fit_is_refused(data, changes, options, message):
    if "wedge" in changes:
        changes = {**changes, "R": {"wall": np.ones((7, 7, 20))}}
    changed = replace(data.correlators, **changes)
    with pytest.raises(ValueError, match=message):
        radial_rows(changed, **options)


def test_arrays_do_not_pass_for_correlators():
    with pytest.raises(TypeError, match=r"must be a Correlators, got a dict: .*load_correlators"):
        radial_rows({"wall": np.ones((7, 7, 30))})
