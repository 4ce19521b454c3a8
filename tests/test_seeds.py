"""One rule for random_state: integers, RandomStates, Generators and None, everywhere."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

import halkit
from halkit.datasets import (
    make_lattice_correlators,
    make_separable,
    make_time_dependent,
    make_u1_configurations,
)
from halkit.displays import PhaseShiftDisplay
from halkit.gauge import correct, hmc, sample_exact, winding_hit
from halkit.interactions import GaussianSum
from halkit.potentials import GaussianProcessPotentialRegressor, NonLocalPotentialRegressor
from halkit.resampling import JackknifeRegressor, bootstrap_samples
from halkit.seeds import as_generator, check_random_state, fixed_seed

V = GaussianSum([-0.1], [0.2])
D = make_separable()
K = np.array([0.3, 1.0])
SOURCE = Path(halkit.__file__).parent


def process(random_state=0):
    return GaussianProcessPotentialRegressor(
        D.r, reduced_mass=3.3, local=False, envelope="exponential", envelope_radius=1.0,
        length_scale=4.0, amplitude=0.02, noise=1e-5, random_state=random_state,
    )  # fmt: skip


def fitted(random_state=0):
    return process(random_state).fit(D.data, D.target)


FIT = fitted()
ANGLES = sample_exact(4, 1.0, (4, 4), random_state=0)
CALLS = {
    "bootstrap_samples": lambda s: bootstrap_samples(np.arange(20.0), 5, random_state=s),
    "make_separable": lambda s: make_separable(noise=0.1, random_state=s).target,
    "make_time_dependent": lambda s: make_time_dependent(
        V, r=np.linspace(0.5, 5, 10), box_radius=8.0, hadron_mass=1.0, times=range(8, 12),
        noise=0.1, n_bins=4, random_state=s,
    ).target,
    "make_lattice_correlators": lambda s: make_lattice_correlators(
        V, L=4, times=range(3, 6), masses=1.0, n_configurations=3, n_states=2, random_state=s
    ).C_N["wall"],
    "draw_potentials": lambda s: FIT.draw_potentials(1, random_state=s)[0](1.0, 1.0),
    "make_u1_configurations": lambda s: make_u1_configurations(2, 1.0, 4, random_state=s),
    "sample_exact": lambda s: sample_exact(2, 1.0, (4, 4), random_state=s),
    "hmc": lambda s: [*hmc(ANGLES, 1.0, n_trajectories=2, random_state=s)][-1].theta,
    "winding_hit": lambda s: winding_hit(ANGLES, 1.0, random_state=s)[0],
    "correct": lambda s: correct(ANGLES, 1.0, n_trajectories=2, random_state=s),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_seeds(call):
    """Integers start anew; instances go on, from the same state alike; None is not repeated."""
    assert_array_equal(call(3), call(np.int64(3)))
    assert not np.array_equal(call(3), call(4))
    assert_array_equal(call(3), call(np.random.RandomState(3)))
    for make in (np.random.RandomState, np.random.default_rng):
        one, same = make(5), make(5)
        first, second = call(one), call(one)
        assert_array_equal(first, call(same))
        assert_array_equal(second, call(same))
        assert not np.array_equal(first, second)
    if call is not CALLS["draw_potentials"]:  # where None is the random_state of the fit
        assert not np.array_equal(call(None), call(None))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "wrong", [True, "0", 1.5, np.random.PCG64(0)], ids=lambda one: type(one).__name__
)
def test_what_does_not_seed(call, wrong):
    name = type(wrong).__name__
    with pytest.raises(TypeError, match=f"RandomState or Generator, or None, got a {name}"):
        call(wrong)


def test_negative_integers():
    for call in CALLS.values():
        with pytest.raises(ValueError, match=r"random_state must be from 0 to 2\^32 - 1, got -1"):
            call(-1)


def test_integers_give_the_numbers_that_they_always_gave():
    assert check_random_state(3).randint(10, size=4).tolist() == [8, 9, 3, 8]
    by_hand = np.random.default_rng(np.random.RandomState(7).randint(2**31, size=4))
    assert_array_equal(as_generator(7).random(3), by_hand.random(3))
    assert (fixed_seed(7), fixed_seed(np.int32(7))) == (7, 7)
    assert isinstance(fixed_seed(np.int32(7)), int)


def test_a_generator_goes_on_with_its_random_state():
    """Normal numbers of the RandomState of a Generator have no share with what it draws later."""
    random = np.random.default_rng(0)
    x = check_random_state(random).standard_normal(20_000)
    y = random.standard_normal(20_000)
    z = check_random_state(random).standard_normal(20_000)
    assert abs(x.mean()) < 4 / np.sqrt(20_000)
    assert abs(x.var() - 1) < 4 * np.sqrt(2 / 20_000)
    for a, b in ((x, y), (x, z), (y, z)):
        assert abs(np.mean(a * b)) < 4 / np.sqrt(20_000)


INSTANCES = {
    "RandomState": lambda: np.random.RandomState(1),
    "Generator": lambda: np.random.default_rng(1),
    "None": lambda: None,
}


@pytest.mark.parametrize("make", INSTANCES.values(), ids=INSTANCES)
def test_a_fit_has_one_set_of_draws(make, tmp_path):
    """Whatever seeds it: two calls agree, and displays, copies and files with them."""
    model = fitted(make())
    angles, std = model.phase_shift(K, return_std=True)
    again = model.phase_shift(K, return_std=True)
    assert_array_equal(again, (angles, std))
    assert_array_equal(model.draw_potentials(2)[1](K, K), model.draw_potentials(2)[1](K, K))
    if make is INSTANCES["Generator"]:
        assert PhaseShiftDisplay.from_estimator(model, k=K).phase_shift_std[0] == std[0]
    halkit.save(model, tmp_path / "model.halkit")
    for twin in (
        copy.deepcopy(model), pickle.loads(pickle.dumps(model)),
        halkit.load(tmp_path / "model.halkit"),
    ):  # fmt: skip
        assert_array_equal(twin.phase_shift(K, return_std=True)[1], std)
    other = clone(model).fit(D.data, D.target)
    assert not np.array_equal(other.phase_shift(K, return_std=True)[1], 0 * std)
    # an integer set after the fit counts, as without an instance
    assert_array_equal(
        model.set_params(random_state=0).phase_shift(K, return_std=True)[1],
        FIT.phase_shift(K, return_std=True)[1],
    )


@pytest.mark.parametrize("make", [*INSTANCES.values()][:2], ids=[*INSTANCES][:2])
def test_networks_are_seeded_by_instances(make):
    def fit(random_state):
        model = NonLocalPotentialRegressor(
            D.r, reduced_mass=3.3, n_init=1, rank=1, random_state=random_state
        )
        return clone(model).fit(D.data, D.target).potential_

    assert_array_equal(fit(make()), fit(make()))


def test_bins_are_seeded_by_instances():
    X, y = np.stack([D.data] * 3), D.target * np.array([0.99, 1.0, 1.01])[:, None, None]

    def std(random_state):
        return (
            JackknifeRegressor(process(random_state)).fit(X, y).phase_shift(K, return_std=True)[1]
        )

    assert_array_equal(std(np.int64(2)), std(2))
    assert_array_equal(std(np.random.default_rng(1)), std(np.random.default_rng(1)))


def test_every_docstring_says_so():
    lines = [
        (path.name, line)
        for path in SOURCE.rglob("*.py")
        for line in re.findall(r"^ +random_state : (.*)$", path.read_text(), re.MULTILINE)
        if "reproduce" not in path.parts  # integers alone
    ]
    assert len(lines) > 20
    assert {line for _, line in lines} == {"int, RandomState, Generator or None"}, lines
