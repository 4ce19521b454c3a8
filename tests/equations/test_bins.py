"""Rows of correlators on radial nodes, with bins."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import Bunch

from halkit.correlators import load_correlators, save_correlators
from halkit.datasets import make_time_dependent
from halkit.equations import radial_rows
from halkit.interactions import GaussianSum

WELL = GaussianSum([-0.04], [0.1])


@pytest.fixture(scope="module")
def correlators():
    return make_time_dependent(
        WELL, r=np.linspace(0.2, 12.0, 30), box_radius=30.0, hadron_mass=(2.0, 3.0),
        times=range(20, 27), noise=1e-4, n_bins=7, random_state=0,
    )  # fmt: skip


def test_the_rows_are_those_of_the_data_set(correlators):
    """As many bins as times: their axes are not to be told from the shape."""
    rows = radial_rows(correlators)
    assert_array_equal(rows.data, correlators.data_bins)
    assert_allclose(rows.target, correlators.target_bins, rtol=1e-12)
    assert_allclose(rows.sigma, correlators.sigma, rtol=1e-9)
    assert (rows.labels, rows.kind) == (correlators.labels, "jackknife")
    assert_array_equal(rows.weights, correlators.weights)


def test_one_source_from_a_file(correlators, tmp_path):
    kept = ("correlators", "r", "t", "kind", "hadron_mass")
    values = {name: correlators[name] for name in kept}
    save_correlators(tmp_path / "well.npz", {"well": Bunch(**values, units="lattice")})
    loaded = load_correlators(tmp_path / "well.npz")
    rows = radial_rows(loaded, sources=["exp"], stencil=3)
    assert rows.labels == [("exp", t) for t in range(21, 26)]
    V = np.mean(rows.target / rows.data, axis=(0, 1))
    assert_allclose(V[:10], WELL(rows.r[:10]), atol=0.01)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"sources": ["point"]}, "sources must be among .*, got 'point'"),
        ({"kind": "configs"}, {}, "got 'configs': average single configurations"),
        (
            {"correlators": {"wall": np.ones((7, 30))}},
            {},
            r"\(n_t, n_bins, n_points\) = .* got \(7, 30\)",
        ),
        ({"t": np.arange(6)}, {}, r"\(6, n_bins, 30\), .*; got \(7, 7, 30\)"),
    ],
)
def test_what_does_not_fit_is_refused(correlators, changes, options, message):
    with pytest.raises(ValueError, match=message):
        radial_rows(Bunch(**{**correlators, **changes}), **options)


def test_a_lattice_has_no_radial_nodes():
    with pytest.raises(TypeError, match=r"without r$"):
        radial_rows(Bunch(correlators={}, t=[1], hadron_mass=1.0))
