"""Files of estimators know the version of halkit that kept them; notebooks show what is stored."""

import copy
import pickle
import warnings
from email.message import Message
from importlib import import_module

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV

import halkit
from halkit.datasets import (
    make_phi4_configurations,
    make_su2_configurations,
    make_u1_configurations,
)
from halkit.exceptions import VersionWarning
from halkit.gauge import Phi4DiffusionSampler, SU2DiffusionSampler
from halkit.interactions import GaussianSum
from halkit.scattering import Ensemble
from halkit.versions import Versioned, documentation, public_name

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
    SU2DiffusionSampler(),
    Phi4DiffusionSampler(),
    halkit.ErrorBudget(halkit.CorrelatorRegressor(GAUSSIAN_PROCESS), {"stencil": [3]}),
]
WELL = GaussianSum([-1.0], [0.5])
ENSEMBLE = Ensemble([WELL, WELL], kind="bootstrap", reduced_mass=1.0)


def test_every_public_estimator_knows_its_version():
    public = [getattr(halkit, name) for name in halkit.__all__]
    found = [entry for entry in public if isinstance(entry, type) and hasattr(entry, "get_params")]
    rooms = [import_module(f"halkit.{room}") for room in ("gauge", "potentials", "resampling")]
    found += [getattr(room, name) for room in rooms for name in room.__all__]
    found = [entry for entry in dict.fromkeys(found) if isinstance(entry, type)]
    found = [entry for entry in found if issubclass(entry, BaseEstimator)]
    assert {type(model) for model in ESTIMATORS} == set(found)
    assert [entry.__name__ for entry in found if not issubclass(entry, Versioned)] == []


def kept_by(version, model, monkeypatch):
    """The pickle of a model by another version of halkit."""
    with monkeypatch.context() as patch:
        patch.setattr("halkit.stamp.__version__", version)
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


def test_another_version_of_an_ensemble_warns(monkeypatch, tmp_path):
    monkeypatch.setattr("halkit.stamp.__version__", "0.0.7")
    kept = pickle.dumps(ENSEMBLE)
    monkeypatch.undo()
    with pytest.warns(VersionWarning, match="this Ensemble was kept by halkit 0.0.7 and is read"):
        again = pickle.loads(kept)
    assert again.scattering_length() == ENSEMBLE.scattering_length()
    joblib.dump(ENSEMBLE, tmp_path / "ensemble.joblib")
    halkit.save(ENSEMBLE, tmp_path / "ensemble.halkit")
    copies = joblib.load(tmp_path / "ensemble.joblib"), halkit.load(tmp_path / "ensemble.halkit")
    for other in (*copies, copy.copy(ENSEMBLE)):
        assert other.scattering_length() == ENSEMBLE.scattering_length()
        assert not any("version" in name for name in vars(other))


class Trap:
    """Runs code when a pickle of it is read."""

    def __reduce__(self):
        return pytest.fail, ("code of the file was run",)


@pytest.mark.parametrize("model", [*ESTIMATORS, ENSEMBLE], ids=lambda model: type(model).__name__)
def test_files_of_every_kind_are_refused_unless_they_are_whole(model, tmp_path, monkeypatch):
    """Cut off, changed, foreign, or of a newer format: an error says which, and no code is run."""
    path = tmp_path / "model.halkit"
    halkit.save(model, path)
    whole = path.read_bytes()
    for part in (whole[:1], whole[: len(whole) // 2], whole[:-1], b""):
        path.write_bytes(part)
        with pytest.raises(ValueError, match=r"cut off or changed|must be a file of halkit\.save"):
            halkit.load(path)
    for at in (100, len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ValueError, match=r"is damaged, or was changed|cut off or changed"):
            halkit.load(path)
    path.write_bytes(pickle.dumps([model, Trap()]))
    with pytest.raises(ValueError, match="is a pickle"):
        halkit.load(path)
    monkeypatch.setattr("halkit.persistence.archive.FORMAT_VERSION", 2)
    halkit.save(model, path, overwrite=True)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"has the format 2 of halkit .*: install a newer halkit"):
        halkit.load(path)


def test_a_file_without_a_version_warns():
    model = halkit.ESTPotentialRegressor(R)
    with pytest.warns(VersionWarning, match="of an unknown version"):
        halkit.ESTPotentialRegressor.__new__(type(model)).__setstate__(dict(vars(model)))


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
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


class Counted(halkit.NonLocalPotentialRegressor):
    """Counts how often a property is computed."""

    n_computed = 0

    @property
    def potential_(self):
        type(self).n_computed += 1
        return super().potential_

    @property
    def starts_(self):
        type(self).n_computed += 1
        return super().starts_


def small_fit(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(R, n_init=3, max_iter=4, random_state=0).fit(X, Y)


def test_a_notebook_computes_nothing():
    """What the fit has stored is shown; U on the nodes and the nets of all starts are not made."""
    model = small_fit(Counted)
    text = model._repr_html_()
    assert Counted.n_computed == 0
    assert len(model.potential_) == len(R)
    assert Counted.n_computed == 1
    if hasattr(BaseEstimator, "_get_fitted_attr_html"):
        assert ">loss_<" in text
        assert f"{model.loss_:.4g}" in text
    assert "potential_<" not in text


def test_links_of_a_notebook_lead_to_the_page_of_the_class(monkeypatch):
    assert halkit.ESTPotentialRegressor(R)._get_doc_link() == ""
    monkeypatch.setattr("halkit.versions.documentation", lambda: "https://docs.example/")
    expected = "https://docs.example/reference/names/halkit.potentials.ESTPotentialRegressor.html"
    model = halkit.ESTPotentialRegressor(R)
    assert model._get_doc_link() == expected
    assert f'href="{expected}"' in model._repr_html_()
    sampler = halkit.U1DiffusionSampler()._get_doc_link()
    assert sampler.endswith("/halkit.gauge.U1DiffusionSampler.html")
    assert Counted(R)._get_doc_link() == ""


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_the_link_names_what_the_reference_lists(model):
    *room, name = public_name(type(model)).split(".")
    assert name in import_module(".".join(room)).__all__


def test_the_address_is_the_project_url(monkeypatch):
    written = Message()
    monkeypatch.setattr("halkit.versions.metadata", {"halkit": written}.get)
    documentation.cache_clear()
    assert documentation() == ""
    written["Project-URL"] = "Source, https://source.example"
    written["Project-URL"] = "Documentation, https://docs.example"
    documentation.cache_clear()
    assert documentation() == "https://docs.example"
    documentation.cache_clear()


SAMPLERS = {
    "U1": lambda: (
        halkit.U1DiffusionSampler(beta=1.0, network="plaquette", random_state=0),
        {"random_state": [0, 1]},
        make_u1_configurations(40, 1.0, 4, random_state=0),
    ),
    "SU2": lambda: (
        SU2DiffusionSampler(beta=1.0),
        {"n_harmonics": [2, 3]},
        make_su2_configurations(40, 4, 1.0, random_state=0),
    ),
    "Phi4": lambda: (
        Phi4DiffusionSampler(random_state=0),
        {"n_steps": [4, 8]},
        make_phi4_configurations(60, 4, random_state=0, n_trajectories=10),
    ),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_search_over_a_sampler_has_a_best_one_whose_picture_computes_nothing(name, monkeypatch):
    sampler, grid, X = SAMPLERS[name]()
    search = GridSearchCV(sampler, grid, cv=2).fit(X)
    best = search.best_estimator_
    assert search.best_params_.items() <= best.get_params().items()
    assert best.sample(3, random_state=0).shape == X[:3].shape
    assert search.score(X) == best.score(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def computed(self):
        pytest.fail("a property was computed")

    for kind in type(best).__mro__:
        for entry, value in vars(kind).items():
            if isinstance(value, property) and not entry.startswith("_"):
                monkeypatch.setattr(kind, entry, property(computed))
    for method in ("sample", "score_samples", "fit"):
        monkeypatch.setattr(type(best), method, computed)
    assert type(best).__name__ in best._repr_html_()
    assert type(best).__name__ in search._repr_html_()
