"""The record of rows: one set of axes, selections, means, and what it refuses."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.channels import Channel
from halkit.equations import Rows

LABELS = [(source, t) for source in ("wall", "exp") for t in (7, 8, 9)]
SHAPES = {
    "data": (4, 6, 5), "target": (4, 6, 3), "laplacian": (4, 6, 3), "sigma": (6, 3), "r": (5,),
    "weights": (5,), "r_out": (3,),
}  # fmt: skip


def make(**changes):
    random = np.random.default_rng(0)
    given = {name: np.sort(random.uniform(1, 2, shape)) for name, shape in SHAPES.items()}
    return Rows(**{**given, "labels": LABELS, "stencil": 3, "kind": "jackknife", **changes})


def test_rows_and_their_mean():
    rows = make()
    assert (rows.n_bins, rows.sources, rows.times) == (4, ("wall", "exp"), (7, 8, 9))
    X, y = rows.mean()
    assert_array_equal(X, rows.data.mean(axis=0))
    assert_array_equal(y, rows.target.mean(axis=0))
    assert_array_equal(make(r_out=None, target=rows.data, sigma=None, laplacian=None).r_out, rows.r)


@pytest.mark.parametrize(
    ("chosen", "keep"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"sources": ["exp"]}, [3, 4, 5]),
        ({"times": (9, 7)}, [0, 2, 3, 5]),
        ({"sources": ["exp", "wall"], "times": range(8, 9)}, [1, 4]),
    ],
)
def test_a_selection_of_sources_and_times(chosen, keep):
    rows, some = make(), make().select(**chosen)
    assert list(some.labels) == [LABELS[i] for i in keep]
    for name in ("data", "target", "laplacian"):
        assert_array_equal(getattr(some, name), getattr(rows, name)[:, keep])
    assert_array_equal(some.sigma, rows.sigma[keep])
    assert_array_equal(some.weights, rows.weights)
    assert make(sigma=None, laplacian=None).select(**chosen).sigma is None


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        (
            {"sources": ["point"]},
            ValueError,
            r"sources must be among \['wall', 'exp'\], got 'point'",
        ),
        ({"times": [7, 10]}, ValueError, r"times must be among \[7, 8, 9\], got 10"),
        ({"times": []}, ValueError, "times must be at least one of"),
        ({"times": [7, 7]}, ValueError, "each once, got"),
        ({"sources": "wall"}, TypeError, "sources must be a sequence of some of"),
        ({"times": 7}, TypeError, "times must be a sequence of some of"),
    ],
)
def test_a_selection_of_rows_that_are_not_there(chosen, error, message):
    with pytest.raises(error, match=message):
        make().select(**chosen)


def test_a_source_and_a_time_without_a_common_row():
    rows = make(labels=[*LABELS[:5], ("exp", 10)])
    with pytest.raises(ValueError, match=r"rows of \['wall'\] at t = \[10\], got none"):
        rows.select(sources=["wall"], times=[10])


def test_rows_say_what_they_hold():
    rows = make(r=np.arange(5), r_out=np.arange(3))
    assert repr(rows) == (
        "Rows of wall, exp\n"
        "  t = 7 8 9, 3-point stencil, 4 jackknife bins\n"
        "  X: 6 rows on 5 radii up to 4, y on 3 up to 2"
    )


def unpickled(record):
    return pickle.loads(pickle.dumps(record))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, replace, unpickled])
def test_nothing_changes_rows(again):
    rows, other = make(), again(make())
    for entry in fields(Rows):
        assert_array_equal(getattr(other, entry.name), getattr(rows, entry.name))
    for name in SHAPES:
        with pytest.raises(ValueError, match="read-only"):
            getattr(other, name)[...] = 0.0
    with pytest.raises(FrozenInstanceError):
        other.labels = ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({key: np.ones((2, 2))}, f"{key} must have shape") for key in SHAPES if key[0] != "r"),
        ({"r": np.ones((1, 5))}, r"r must have one axis, got the shape \(1, 5\)"),
        ({"r_out": np.ones((1, 3))}, r"r_out must have one axis, got the shape \(1, 3\)"),
        *(({key: np.full(n, np.nan)}, f"{key} must be finite") for key, n in SHAPES.items()),
        ({"labels": LABELS[:5]}, r"data must have shape .* = \(n_bins, 5, 5\) .*got \(4, 6, 5\)"),
        ({"kind": "configs"}, r"kind must be one of \['jackknife', .*got 'configs'"),
        ({"weights": -np.ones(5)}, "weights must not be negative"),
    ],
)
def test_rows_that_do_not_hold_together(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_pooled_sigma_averages_relative_errors_of_each_source():
    """Columns of X at r_out, of each channel its own; a pool of one time changes nothing."""
    rows = make(r_out=None, target=make().data, laplacian=None, sigma=np.full((6, 5), 0.1))
    rows = replace(rows, r_out=rows.r[[1, 3]], target=rows.target[..., :2], sigma=rows.sigma[:, :2])
    relative = (rows.sigma / (X := rows.mean()[0][:, [1, 3]])).reshape(2, 3, 2)
    expected = np.sqrt(np.mean(relative**2, axis=1, keepdims=True)) * X.reshape(2, 3, 2)
    np.testing.assert_allclose(rows.pooled_sigma(), expected.reshape(6, 2), rtol=1e-14)
    alone = rows.select(times=[8])
    np.testing.assert_allclose(alone.pooled_sigma(), alone.sigma, rtol=1e-14)
    with pytest.raises(ValueError, match="sigma must be given"):
        replace(rows, sigma=None).pooled_sigma()
    with pytest.raises(ValueError, match="r_out must be among r"):
        replace(rows, r_out=rows.r[[1, 3]] + 1e-3).pooled_sigma()


def test_pooled_sigma_of_coupled_channels_is_nearer_to_the_errors():
    """Relative errors of 20 bins scatter by 1/√38 = 16 %, over ten times by 16/√10 %."""
    rng, n_times = np.random.default_rng(1), 10
    wave = rng.uniform(1, 2, (n_times, 20))
    y = wave * (1 + 0.01 * rng.standard_normal((20, n_times, 20)))
    sigma = np.std(y, axis=0, ddof=1) / np.sqrt(20)
    r, channels = np.arange(1.0, 11.0), [Channel(masses=1.0), Channel(masses=1.2, threshold=0.4)]
    rows = Rows(
        data=np.tile(wave, (20, 1, 1)), target=y, sigma=sigma, r=r, weights=r**2, stencil=3,
        labels=[("wall", t) for t in range(n_times)], kind="jackknife", channels=channels,
    )  # fmt: skip
    true = 0.01 * wave / np.sqrt(20)
    before, after = (np.std(error / true) for error in (sigma, rows.pooled_sigma()))
    assert before == pytest.approx(1 / np.sqrt(38), rel=0.2)
    assert after == pytest.approx(before / np.sqrt(n_times), rel=0.5)
