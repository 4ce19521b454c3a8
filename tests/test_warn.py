"""Warnings name the line that called halkit."""

import inspect
import warnings

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import Local
from halkit.potentials import ESTPotentialRegressor
from halkit.scattering import Ensemble, phase_shift
from halkit.warn import is_ignored, warn_caller


def fit():
    d = make_separable(noise=0.05, random_state=0)
    return ESTPotentialRegressor(d.r, reduced_mass=3.3).fit(d.data, d.target)


def solve():
    well = Local(lambda r: -np.exp(-r))
    return phase_shift(well, 0.5, reduced_mass=1.0, channel_radius=2.0)


def spread():
    wells = [Local(lambda r, c=c: -c * np.exp(-r), radius=4.0) for c in (0.5, 5.0)]
    return Ensemble(wells, kind="bootstrap", reduced_mass=1.0).bound_states(return_std=True)


@pytest.mark.parametrize(
    ("call", "category"),
    [(fit, MisfitWarning), (solve, AccuracyWarning), (spread, AccuracyWarning)],
)
def test_the_line_is_that_of_the_caller(call, category):
    with pytest.warns(category) as caught:
        call()
    lines, start = inspect.getsourcelines(call)
    assert {warning.filename for warning in caught} == {__file__}
    assert {warning.lineno for warning in caught} == {start + len(lines) - 1}


def test_a_call_from_outside_is_its_own_line():
    with pytest.warns(AccuracyWarning, match="rough") as caught:
        warn_caller("rough")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("filters", "ignored"),
    [
        ([("ignore", MisfitWarning)], True),
        ([("ignore", Warning)], True),
        ([("ignore", AccuracyWarning)], False),
        ([("error", MisfitWarning)], False),
        ([("ignore", Warning), ("always", MisfitWarning)], False),
    ],
)
def test_warnings_that_nobody_hears(filters, ignored):
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for action, category in filters:
            warnings.simplefilter(action, category)
        assert is_ignored(MisfitWarning) is ignored
        warnings.filterwarnings("always", "one of them", MisfitWarning)
        assert not is_ignored(MisfitWarning)
