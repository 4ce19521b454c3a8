"""Blocks, their folds and their rows."""

import pickle
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_validate

from halkit import CorrelatorRegressor, GaussianProcessPotentialRegressor
from halkit.datasets import make_time_dependent
from halkit.equations import radial_rows
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import GaussianSum
from halkit.resampling import (
    LeaveBlocksOut,
    blocks,
    leave_configurations_out,
    leave_one_source_out,
    leave_one_volume_out,
)
from halkit.resampling.blocks import chosen_blocks, rows_of

RADIAL = {"r_max": None, "r_prime_max": None, "energy_range": None, "l": 0, "space_order": 6}


@pytest.fixture(scope="module")
def correlators():
    return make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(10, 20), noise=1e-4, n_bins=6, random_state=0,
    ).correlators  # fmt: skip


@pytest.fixture
def volumes(correlators):
    return [replace(correlators, L=L) for L in (32, 48)]


def test_blocks_have_one_source_each(volumes):
    found = blocks(*volumes)
    assert [(b.sources, b.L) for b in found] == [
        (("wall",), 32), (("exp",), 32), (("wall",), 48), (("exp",), 48),
    ]  # fmt: skip
    np.testing.assert_array_equal(found[1].R["exp"], volumes[0].R["exp"])


@pytest.fixture
def three_sources(volumes):
    """Three sources on two volumes; the third is another normalisation of the second."""
    return [replace(v, R={**v.R, "wide": 2 * v.R["exp"]}) for v in volumes]


@pytest.mark.parametrize(
    ("folds", "left_out"),
    [
        (leave_one_source_out, [[0, 3], [1, 4], [2, 5]]),
        (leave_one_volume_out, [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_folds_leave_out_sources_or_volumes(three_sources, folds, left_out):
    X = blocks(*three_sources)
    found = list(folds.split(X))
    assert folds.get_n_splits(X) == len(found) == len(left_out)
    assert [test.tolist() for _, test in found] == left_out
    assert all(sorted([*train, *test]) == list(range(6)) for train, test in found)
    assert pickle.loads(pickle.dumps(folds)).by == folds.by


def test_two_sources_are_fitted_together(volumes, three_sources):
    """A fit to one of them says nothing of non-locality: configurations are left out instead."""
    for folds, records in (
        (leave_one_source_out, volumes),
        (leave_configurations_out, volumes),
        (leave_configurations_out, three_sources),
    ):
        X = blocks(*records)
        told = (
            pytest.warns(UnderdeterminedWarning, match="X has two sources")
            if folds is leave_one_source_out
            else nullcontext()
        )
        with told:
            ((train, test),) = folds.split(X)
        assert train.tolist() == test.tolist() == list(range(len(X)))
        assert folds.get_n_splits(X) == 1
    ((train, test),) = leave_configurations_out.split(blocks(*volumes)[:1])
    assert train.tolist() == test.tolist() == [0]


def test_a_score_needs_bins(volumes):
    X = [replace(v, R={name: C[:, :3] for name, C in v.R.items()}) for v in volumes]
    with pytest.raises(ValueError, match="X must have 4 bins or more, whose covariance"):
        next(leave_configurations_out.split(blocks(*X)))


@pytest.mark.parametrize("kind", ["correlators", "rows"])
def test_a_record_is_not_a_list_of_samples(correlators, kind):
    """Searches say what they take; a record has no length, and is true as any other object."""
    model = CorrelatorRegressor(GaussianProcessPotentialRegressor(local="only"))
    one, told = correlators, "X must be a list of blocks, as halkit.resampling.blocks makes"
    if kind == "rows":
        one, told = radial_rows(correlators), "X must be an array, such as the first of rows.mean"
    with pytest.raises(ValueError, match=told):
        GridSearchCV(model, {"stencil": [3, 5]}).fit(one)
    with pytest.raises(ValueError, match=told):
        cross_validate(model, one, cv=leave_configurations_out)
    with pytest.raises(ValueError, match=told):
        len(one)
    with pytest.raises(TypeError, match=told):
        one[0]
    assert one
    assert not np.iterable(one)
    assert np.array([one, one]).shape == (2,)


def test_volumes_may_be_left_out_with_all_their_sources_in_one_record(volumes):
    assert [test.tolist() for _, test in leave_one_volume_out.split(volumes)] == [[0], [1]]
    with pytest.raises(ValueError, match="one source each, got \\('wall', 'exp'\\)"):
        list(leave_one_source_out.split(volumes))


def test_a_block_may_not_count_twice(correlators):
    twice = replace(correlators, R={**correlators.R, "copy": correlators.R["wall"]})
    with pytest.raises(ValueError, match=r"same R.* for 'wall' and 'copy'"):
        chosen_blocks(twice, None, None)
    with pytest.raises(ValueError, match="each block once"):
        chosen_blocks(blocks(correlators, correlators), None, None)
    assert len(chosen_blocks(twice, ["exp", "copy"], None)) == 2


def test_faults_of_folds(correlators):
    X = blocks(correlators)
    with pytest.raises(ValueError, match="two volumes L at least"):
        leave_one_volume_out.get_n_splits(X)
    with pytest.raises(ValueError, match="two sources at least, got \\['wall'\\]"):
        leave_one_source_out.get_n_splits(X[:1])
    with pytest.raises(ValueError, match="X must be a list of blocks"):
        leave_one_source_out.get_n_splits(correlators)
    with pytest.raises(TypeError, match="got a str in it"):
        leave_one_source_out.get_n_splits(["wall"])
    with pytest.raises(ValueError, match="by must be"):
        LeaveBlocksOut("time").get_n_splits(X)
    with pytest.raises(TypeError, match="got a list in it"):
        blocks(X)


@pytest.mark.parametrize(
    ("times", "stencil", "points", "expected"),
    [
        (None, "auto", 7, [13, 14, 15, 16]),
        (None, 3, 3, list(range(11, 19))),
        ((12, 16), "auto", 5, [12, 16]),
        ((11, 14), 3, 3, [11, 14]),
        ((13, 14), "designed", 7, [13, 14]),
    ],
)
def test_rows_have_the_window(correlators, times, stencil, points, expected):
    rows = rows_of(correlators, times=times, stencil=stencil, **RADIAL)
    assert rows.stencil == points
    assert list(rows.times) == expected
    mine = radial_rows(correlators, stencil=points if stencil != "designed" else "designed")
    np.testing.assert_array_equal(rows.target, mine.select(times=expected).target)


def test_radii_are_cut(correlators):
    whole = rows_of(correlators, times=[14], stencil=5, **RADIAL)
    cut = rows_of(correlators, times=[14], stencil=5, **{**RADIAL, "r_max": 6.0, "r_prime_max": 9})
    assert cut.r[-1] == 9.0
    assert cut.r_out[-1] == 6.0
    np.testing.assert_array_equal(cut.weights, whole.weights[: cut.r.size])
    np.testing.assert_array_equal(cut.target, whole.target[..., : cut.r_out.size])
    np.testing.assert_array_equal(cut.sigma, whole.sigma[..., : cut.r_out.size])
    with pytest.raises(ValueError, match="radii must obey"):
        rows_of(correlators, times=[14], stencil=5, **{**RADIAL, "r_max": 13.0})
    by_volume = {**RADIAL, "r_max": {32: 6.0}}
    with pytest.raises(ValueError, match="r_max must have an entry for L = 48"):
        rows_of(replace(correlators, L=48), times=[14], stencil=5, **by_volume)
    assert rows_of(replace(correlators, L=32), times=[14], stencil=5, **by_volume).r_out[-1] == 6


def test_rows_are_made_once(correlators):
    options = {"times": (14,), "stencil": 5, **RADIAL}
    assert rows_of(correlators, **options) is rows_of(correlators, **options)
    assert rows_of(replace(correlators), **options) is not rows_of(correlators, **options)
