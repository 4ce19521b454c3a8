"""Pickles and joblib files of estimators know the version of halkit that kept them."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone

import halkit
from halkit.exceptions import VersionWarning
from halkit.versions import Versioned

R = np.linspace(0.5, 4.0, 8)
X = np.random.default_rng(0).normal(size=(4, 8))
Y = -0.1 * X @ np.exp(-R[:, None] - R)
GAUSSIAN_PROCESS = halkit.GaussianProcessPotentialRegressor(R, reduced_mass=1.0)
ESTIMATORS = [
    halkit.CorrelatorRegressor(GAUSSIAN_PROCESS),
    halkit.ESTPotentialRegressor(R),
    halkit.FrozenBasisRegressor(halkit.NonLocalPotentialRegressor(R)),
    GAUSSIAN_PROCESS,
    halkit.JackknifeRegressor(GAUSSIAN_PROCESS),
    halkit.LocalPotentialRegressor(r=R),
    halkit.NonLocalPotentialRegressor(R),
    halkit.ParametricPotentialRegressor(np.hypot, [0.1], r=R),
    halkit.TimeDependentHALRegressor(R),
    halkit.U1DiffusionSampler(),
]


def test_every_public_estimator_knows_its_version():
    public = [getattr(halkit, name) for name in halkit.__all__]
    found = [entry for entry in public if isinstance(entry, type) and hasattr(entry, "get_params")]
    assert {type(model) for model in ESTIMATORS} <= set(found)
    assert [entry.__name__ for entry in found if not issubclass(entry, Versioned)] == []


def kept_by(version, model, monkeypatch):
    """The pickle of a model by another version of halkit."""
    with monkeypatch.context() as patch:
        patch.setattr("halkit.versions.__version__", version)
        return pickle.dumps(model)


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_another_version_warns(model, monkeypatch):
    kept = kept_by("0.0.7", model, monkeypatch)
    name = type(model).__name__
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        again = pickle.loads(kept)
    assert {warning.category for warning in caught} == {VersionWarning}
    assert f"this {name} was kept by halkit 0.0.7 and is read by" in str(caught[-1].message)
    assert repr(again) == repr(model)
    assert not any("version" in name for name in vars(again))


def test_a_file_without_a_version_warns():
    model = halkit.ESTPotentialRegressor(R)
    with pytest.warns(VersionWarning, match="of an unknown version"):
        halkit.ESTPotentialRegressor.__new__(type(model)).__setstate__(dict(vars(model)))


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning")
def test_the_same_version_is_silent(tmp_path, monkeypatch):
    model = clone(GAUSSIAN_PROCESS).fit(X, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copies = joblib.load(tmp_path / "model.joblib"), copy.deepcopy(model), copy.copy(model)
    for again in copies:
        assert np.array_equal(again.predict(X), model.predict(X))
    with pytest.warns(VersionWarning):
        older = pickle.loads(kept_by("0.0.7", model, monkeypatch))
    assert np.array_equal(older.predict(X), model.predict(X))
