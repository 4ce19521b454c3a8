"""Warnings name the line that called halkit."""

import inspect
import pickle
import warnings

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import GaussianSum, Local
from halkit.potentials import ESTPotentialRegressor
from halkit.scattering import Ensemble, phase_shift
from halkit.warn import gathered, is_ignored, warn_caller, warn_once


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


def grumble(text, category=AccuracyWarning):
    warnings.warn(text, category, stacklevel=1)
    return len(text)


def test_warnings_of_members_are_told_once():
    """By category and words, whatever their numbers; each with its members."""
    texts = {0: ["off by 1e-3 at k = 2"], 3: ["off by 0.5 at k = 17", "NaN"], 4: [], 7: ["NaN"]}
    caught = {n: [gathered(grumble, text)[1][0] for text in some] for n, some in texts.items()}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warn_once(caught, "draws")
    assert [str(one.message) for one in told] == [
        "in 2 of 4 draws (0, 3): off by 1e-3 at k = 2", "in 2 of 4 draws (3, 7): NaN",
    ]  # fmt: skip
    assert gathered(grumble, "NaN") == (3, [(AccuracyWarning, "NaN")])


def test_draws_of_a_noisy_form_warn_once_of_the_mesh():
    wells = [GaussianSum([-c], [0.5]) for c in (0.5, 1.0, 1.5, 2.0)]
    steep = [GaussianSum([-c], [0.5]) for c in (1e6, 2e6, 4e6)]
    members = Ensemble([*wells, *steep], kind="draws", centre=wells[1], reduced_mass=1.0)
    with pytest.warns(AccuracyWarning) as told:
        members.phase_shift([0.5, 1.0], return_std=True)
    mesh = [str(one.message) for one in told if "between meshes" in str(one.message)]
    assert len(mesh) == 1
    assert mesh[0].startswith("in 3 of 7 draws (4, 5, 6): the result still changes by ")
    again = pickle.loads(pickle.dumps(members))
    assert again.samples(lambda well: well(0.0)).shape == (7,)
    with warnings.catch_warnings():
        warnings.simplefilter("error", AccuracyWarning)
        with pytest.raises(AccuracyWarning, match="in 3 of 7 draws"):
            members.phase_shift([0.5, 1.0], return_std=True)
