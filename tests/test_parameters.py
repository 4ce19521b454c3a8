"""Laws of parameters: truth values are True or False, a number in an array is that number."""

import importlib
import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from halkit import displays, gauge
from halkit.checks import check_boolean, check_choice, check_number
from halkit.correlators import Correlators, fit_mass, save_correlators
from halkit.datasets import make_separable
from halkit.equations import local_approximation
from halkit.interactions import Separable, av18, kaon_nucleon_model
from halkit.potentials import (
    GaussianProcessPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.radial import Wedge
from halkit.resampling import JackknifeRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    # X of these tests are not wave functions of any potential.
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

R = np.linspace(0.2, 6.0, 12)
X = np.exp(-np.outer([0.3, 0.5, 0.7, 0.9, 1.1], R))
Y = -0.1 * X * np.exp(-R)
ROOMS = ("radial", "correlators", "equations", "interactions", "scattering", "potentials",
         "resampling", "gauge", "datasets", "displays", "units")  # fmt: skip
CHOICES = {"local", "electromagnetic"}
LINKS = np.zeros((2, 2, 2, 2))
U = -np.exp(-R[:, None] - R)


def process():
    return GaussianProcessPotentialRegressor(R, reduced_mass=1.0).fit(X, Y)


def jackknife():
    return JackknifeRegressor(GaussianProcessPotentialRegressor(R, reduced_mass=1.0)).fit(X, Y)


def with_std(make):
    yield lambda v: make().predict(X, return_std=v)
    yield lambda v: make().localize(X, return_std=v)
    yield lambda v: make().predict_potential(return_std=v)
    yield lambda v: make().phase_shift(0.3, return_std=v)
    yield lambda v: make().scattering_length(return_std=v)
    yield lambda v: make().effective_range(return_std=v)


class Report:
    rows = (gauge.Observable("W(1x1)", 0.5, 0.1, 0.5, 0.0),)


TABLE = {
    "fit_envelope": [
        lambda v: NonLocalPotentialRegressor(R, fit_envelope=v).fit(X, Y),
        lambda v: TimeDependentHALRegressor(R, fit_envelope=v).fit(X, Y),
    ],
    "warm_start": [
        lambda v: NonLocalPotentialRegressor(R, warm_start=v).fit(X, Y),
        lambda v: gauge.U1DiffusionSampler(warm_start=v).fit(LINKS),
    ],
    "symmetric": [
        lambda v: NonLocalPotentialRegressor(R, symmetric=v).fit(X, Y),
        lambda v: GaussianProcessPotentialRegressor(R, symmetric=v).fit(X, Y),
    ],
    "return_std": [*with_std(process), *with_std(jackknife)],
    "check_origin": [lambda v: Wedge(4).project(np.ones((4, 4, 4)), check_origin=v)],
    "correlated": [
        lambda v: fit_mass(X, window=(0, 3), kind="jackknife", correlated=v),
    ],
    "single": [lambda v: gauge.hmc(LINKS, 1.0, n_trajectories=1, single=v)],
    "verbose": [
        lambda v: gauge.correct(LINKS, 1.0, n_trajectories=1, verbose=v),
        lambda v: gauge.sample_smc(4, 0.1, (2, 2), n_levels=1, verbose=v),
    ],
    "overwrite": [
        lambda v: save_correlators("nowhere.npz", {"a": make_groups()}, overwrite=v),
    ],
    "nonlocal_part": [lambda v: kaon_nucleon_model(0, nonlocal_part=v)],
    "weighted": [lambda v: displays.PotentialDisplay(U, R).plot(weighted=v)],
    "draw": [lambda v: displays.WilsonLoopDisplay.from_report(Report, draw=v)],
}


def make_groups(**changes):
    t, R_t = np.arange(3.0), np.ones((3, 2, 12))
    given = {
        "R": {"wall": R_t}, "t": t, "r": R, "kind": "jackknife", "hadron_mass": 1.0,
        "units": "lattice units",
    }  # fmt: skip
    return Correlators(**{**given, **changes})


@pytest.mark.parametrize("value", ["False", "True", 0, 1.0, None, np.zeros(1)])
@pytest.mark.parametrize("name", TABLE)
def test_truth_values_are_true_or_false(name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for function in TABLE[name]:
        with pytest.raises(TypeError, match=f"{name} must be True or False, got"):
            function(value)


def public_signatures():
    for room in ROOMS:
        module = importlib.import_module(f"halkit.{room}")
        for thing in (getattr(module, name) for name in module.__all__):
            parts = [thing]
            if inspect.isclass(thing):
                names = [name for name in dir(thing) if not name.startswith(("_", "set_", "get_"))]
                parts += [getattr(thing, name) for name in names]
            for part in filter(callable, parts):
                try:
                    yield inspect.signature(part).parameters.values()
                except ValueError:  # written in C
                    continue


def test_the_table_has_every_truth_value():
    found = {
        parameter.name
        for parameters in public_signatures()
        for parameter in parameters
        if isinstance(parameter.default, bool)
    }
    assert found - CHOICES == set(TABLE)


def test_choices_between_truth_values_and_texts():
    for model in (NonLocalPotentialRegressor, GaussianProcessPotentialRegressor):
        for value in ("False", 2, 0.5, None, np.array([True])):
            with pytest.raises(ValueError, match=r"local must be one of \[False, True, 'only'\]"):
                model(R, local=value).fit(X, Y)
    with pytest.raises(ValueError, match="electromagnetic terms"):
        av18("1S0", electromagnetic="False")
    assert check_choice(np.True_, "x", [False, True]) is check_choice(1, "x", [False, True]) is True
    with pytest.raises(ValueError, match=r"order must be one of \[0, 2\], got False"):
        local_approximation(X, Y, order=False)
    assert check_boolean(np.False_, "x") is False


NETWORK = NonLocalPotentialRegressor(R, n_init=1, max_iter=5, random_state=0)
NUMBERS = {
    "envelope_radius": (NETWORK, 1.5),
    "regulator": (clone(NETWORK).set_params(envelope=None), 0.5),
    "tol": (NETWORK, 0.01),
    "amplitude": (NETWORK, 0.02),
    "weight_decay": (NETWORK, 0.1),
    "learning_rate": (clone(NETWORK).set_params(solver="adam"), 0.02),
    "reduced_mass": (NETWORK, 1.5),
    "length_scale": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2.0),
    "local_range": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2.0),
    "local_strength": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2.0),
    "nonlocal_strength": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2.0),
    "nonlocal_reach": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2.0),
    "noise": (GaussianProcessPotentialRegressor(R, reduced_mass=1.0), 2e-3),
    "radius": (
        ParametricPotentialRegressor(lambda r, s, p: p[0] * np.exp(-r - s), [-0.1], r=R),
        4.0,
    ),
}


@pytest.mark.filterwarnings("ignore:the nodes are too coarse")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_in_an_array_is_that_number(name):
    model, number = NUMBERS[name]
    array = np.array(number)
    expected = clone(model).set_params(**{name: number}).fit(X, Y)
    found = clone(model).set_params(**{name: array}).fit(X, Y)
    found.set_params(reduced_mass=1.0)
    before = found.predict(X)
    np.testing.assert_array_equal(before, expected.predict(X))
    array[...] = np.nan
    np.testing.assert_array_equal(found.predict(X), before)
    assert np.isfinite(found.nonlocal_potential(1.0, 2.0))


def test_a_masked_number_is_refused():
    for masked in (np.ma.masked, np.ma.masked_array(2.0, mask=True)):
        with pytest.raises(ValueError, match="x must be a finite number, got a masked one"):
            check_number(masked, "x")
        with pytest.raises(ValueError, match="reduced_mass must be"):
            Separable(-0.017, 1.0).phase_shift(0.3, reduced_mass=masked)


DISPATCH = """
import sys
import torch
from sklearn import config_context
from sklearn.model_selection import cross_val_score
sys.path.insert(0, {folder!r})
import test_border as border

X, Y = torch.tensor(border.X), torch.tensor(border.Y)
with config_context(array_api_dispatch=True):
    for name, model in border.MODELS.items():
        model = border.clone(model)
        expected = border.fitted(name) if name != "jackknife" else model.fit(border.X, border.Y)
        expected = expected.predict(border.X)
        found = model.fit(X, Y).predict(X)
        assert isinstance(found, torch.Tensor), name
        assert torch.allclose(found, torch.tensor(expected), rtol=1e-7, atol=1e-12), name
        assert model.score(X, Y) == model.score(border.X, border.Y)
        for scoring in (None, "r2"):
            cross_val_score(model, X, Y, cv=2, scoring=scoring, error_score="raise")
    links = torch.tensor(border.LINKS)
    sampler = border.gauge.U1DiffusionSampler(hidden_channels=(2,), max_epochs=1, random_state=0)
    assert sampler.fit(links).score(links) == sampler.fit(border.LINKS).score(border.LINKS)
"""


def test_tensors_under_array_api_dispatch():
    # An older one needs array-api-compat for it, and skops fails where that is installed.
    pytest.importorskip("sklearn", minversion="1.7")
    code = DISPATCH.format(folder=os.path.dirname(__file__))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_truth_of_the_toy_model_takes_numbers_in_arrays():
    d = make_separable(mu=np.array(1.0), omega=np.array(-0.017), noise=np.array(0.0))
    np.testing.assert_array_equal(d.target, make_separable().target)


@pytest.mark.parametrize("name", ["R", "t", "r", "hadron_mass", "attributes"])
def test_masked_entries_are_not_written_to_a_file(name, tmp_path):
    masked = np.ma.masked_array(np.ones(3), [False, True, False])
    bins = {"wall": np.ma.masked_equal(np.eye(3)[:, :2, None], 0)}
    value = {"R": bins, "attributes": {"note": masked}}.get(name, masked)
    with pytest.raises(ValueError, match="must have no masked entries, got"):
        save_correlators(tmp_path / "masked.npz", {"a": make_groups(**{name: value})})
    assert not list(tmp_path.iterdir())
