"""Networks of the user in the sampler: as the built-in ones, and back from a file bit for bit."""

import functools
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
import user_networks
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io import dumps, get_untrusted_types, loads

from halkit.gauge import U1DiffusionSampler, force
from halkit.gauge.diffusion.contract import check_network
from halkit.gauge.diffusion.networks import NETWORKS
from halkit.gauge.diffusion.noise import wrapped_normal_score

RAW = {"method": "annealed", "correction": None, "n_steps": 20, "random_state": 0}


def sampler(network=user_networks.LinkField, **parameters):
    return U1DiffusionSampler(
        **{"network": network, "max_epochs": 2, "random_state": 0, **parameters}
    )


@pytest.fixture(scope="module")
def own(X):
    return sampler().fit(X)


# What is learned


@pytest.mark.parametrize("rows", [False, True])
def test_a_score_network_declared_again_gives_the_same_fit(X, rows):
    """The same draws of parameters and noise; single precision adds up in another order."""
    data, n = (X.reshape(60, -1)[:, :7], 7) if rows else (X, 32)
    builtin = sampler("mlp", hidden_channels=(4,), max_epochs=4).fit(data)
    own = sampler(functools.partial(user_networks.DenseField, n), max_epochs=4).fit(data)
    for name in ("train_loss", "valid_loss"):
        losses = [[row[name] for row in model.history_] for model in (own, builtin)]
        assert_allclose(*losses, rtol=1e-4)
    scores = [model.link_score(data, 0.5) for model in (own, builtin)]
    assert_allclose(*scores, atol=1e-5 * np.abs(scores[1]).max())
    assert own.denoising_score(data) == pytest.approx(builtin.denoising_score(data), rel=1e-5)
    if not rows:
        assert_allclose(own.harmonics_, builtin.harmonics_, atol=1e-4)


def test_a_network_of_the_user_finds_the_score_of_noisy_angles():
    """Of normal angles of the width w: the wrapped normal one of √(w² + σ²), to 13 to 18 %."""
    rng, width = np.random.default_rng(0), 0.6
    centre = np.array([-2.5, 0.3, 1.4])
    data = centre + width * rng.standard_normal((4000, 3))
    model = sampler(
        functools.partial(user_networks.DenseField, 3, 32), max_epochs=10, learning_rate=2e-2
    ).fit(np.angle(np.exp(1j * data)))
    for sigma in (0.1, 0.5, 1.0):
        theta = data[:300] + sigma * rng.standard_normal((300, 3))
        exact = wrapped_normal_score(torch.tensor(theta - centre), np.hypot(width, sigma)).numpy()
        error = model.link_score(np.angle(np.exp(1j * theta)), sigma) - exact
        assert np.sqrt(np.square(error).mean() / np.square(exact).mean()) < 0.2


def test_without_noise_the_score_is_the_force(own, X):
    """A network of random parameters spoils little of it: 1 − e^{−8σ²} is 0.007 at σ = 0.03."""
    exact = force(X, own.harmonics_[0])
    assert np.abs(own.link_score(X, 0.03) - exact).max() < 0.03 * np.abs(exact).max()
    strength = -own.net_.module_.baseline(torch.zeros(1, dtype=torch.float64))
    assert_allclose(own.harmonics_, [float(strength), 0, 0], atol=0.02)


def test_samples_with_a_network_that_depends_on_the_gauge_are_exact(own):
    theta = own.sample(2000, beta=2.0, lattice_size=(5, 4), random_state=0)
    assert max(abs(row.z) for row in own.sample_report(theta, beta=2.0).rows) < 3.5
    for method in ("annealed", "sde", "ode"):
        drawn = own.sample(3, lattice_size=5, **{**RAW, "method": method})
        assert drawn.shape == (3, 2, 5, 5)
        assert np.abs(drawn).max() <= np.pi


def test_a_network_made_for_one_lattice_says_so(X):
    dense = sampler(user_networks.DenseField).fit(X)
    assert dense.sample(2, lattice_size=5, random_state=0).shape == (2, 2, 5, 5)
    assert dense.sample(2, **RAW).shape == (2, 2, 4, 4)
    message = r"user_networks.DenseField cannot change to the lattice \(5, 5\): network must take"
    with pytest.raises(ValueError, match=message):
        dense.sample(2, lattice_size=5, **RAW)
    with pytest.raises(ValueError, match=message):
        dense.link_score(np.zeros((1, 2, 5, 5)), 0.1)


def test_a_network_of_the_user_has_no_energy(own):
    with pytest.raises(ValueError, match=r"user_networks\.LinkField has a score but no energy"):
        own.energy_path()


@pytest.mark.parametrize("network", ["gauge_equivariant", "gauge_energy", "unet", "mlp"])
def test_builtin_networks_keep_the_contract(network):
    check_network(functools.partial(NETWORKS[network], (3,), 32), (2, 4, 4), 1.0)


# The life of an estimator


def test_a_search_over_score_networks_in_a_pipeline(X):
    grid = [user_networks.LinkField, functools.partial(user_networks.DenseField, width=3), "unet"]
    settings = {"hidden_channels": (2,), "max_epochs": 2}
    pipeline = Pipeline([("links", FunctionTransformer()), ("sampler", sampler(**settings))])
    search = GridSearchCV(pipeline, {"sampler__network": grid}, cv=2, error_score="raise").fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 3
    assert search.best_params_["sampler__network"] is grid[scores.argmax()]
    restored = pickle.loads(pickle.dumps(search))
    assert restored.score(X) == search.score(X)


def test_parameters_and_copies_of_a_sampler(own, X):
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert own.get_params()["network"] is user_networks.LinkField
    assert "network=<class 'user_networks.LinkField'>" in repr(own)
    for other in (clone(own).fit(X), pickle.loads(pickle.dumps(own))):
        assert other.network is user_networks.LinkField
        assert_array_equal(other.link_score(X, 0.3), own.link_score(X, 0.3))
        assert_array_equal(other.harmonics_, own.harmonics_)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    differs = clone(own).set_params(random_state=1).fit(X)
    assert not np.array_equal(differs.link_score(X, 0.3), own.link_score(X, 0.3))


LOADING = """
import sys, joblib, numpy as np
folder, modules = sys.argv[1:]
try:
    joblib.load(f"{folder}/model.joblib")
except ImportError as error:
    print(error)
sys.path.append(modules)
model = joblib.load(f"{folder}/model.joblib")
raw = {"method": "annealed", "correction": None, "n_steps": 20, "random_state": 0}
np.savez(f"{folder}/draws.npz", exact=model.sample(3, beta=2.0, random_state=0),
         raw=model.sample(3, lattice_size=5, **raw), harmonics=model.harmonics_)
"""


def test_a_sampler_gives_the_same_bits_in_another_process(own, tmp_path):
    joblib.dump(own, tmp_path / "model.joblib")
    modules = Path(user_networks.__file__).parent
    paths = [path for path in sys.path if Path(path) != modules]
    found = subprocess.run(
        [sys.executable, "-c", LOADING, str(tmp_path), str(modules)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "network=user_networks.LinkField of this file was kept by its name" in found.stdout
    with np.load(tmp_path / "draws.npz") as file:
        assert_array_equal(file["exact"], own.sample(3, beta=2.0, random_state=0))
        assert_array_equal(file["raw"], own.sample(3, lattice_size=5, **RAW))
        assert_array_equal(file["harmonics"], own.harmonics_)


def test_skops_lists_the_score_network_among_the_types_to_trust(X):
    model = sampler(functools.partial(user_networks.LinkField, channels=3)).fit(X)
    file = dumps(model)
    types = get_untrusted_types(data=file)
    assert {"user_networks.LinkField", "functools.partial"} <= set(types)
    restored = loads(file, trusted=types)
    assert restored.network.keywords == {"channels": 3}
    assert_array_equal(restored.sample(2, **RAW), model.sample(2, **RAW))


def test_a_score_network_that_has_changed_since_is_told(own, monkeypatch):
    kept = pickle.dumps(own)
    monkeypatch.setattr(user_networks.LinkField.__init__, "__defaults__", (5,))
    with pytest.raises(
        ValueError, match=r"got others for .*network\.scale: its class may have changed since"
    ):
        pickle.loads(kept)


# Networks that are refused


def local_field():
    class Local(user_networks.LinkField):
        pass

    return Local


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("no", "be one of .*, or a class or function that makes one, got 'no'"),
        (user_networks.LinkField(), "got an instance of LinkField"),
        (user_networks.nameless, "define it at the top level of a module"),
        (local_field(), "define it at the top level of a module"),
        (NETWORKS["unet"], "missing a required argument: 'hidden_channels': bind it"),
        (user_networks.OneChannel, r"shape \(3, 2, 4, 4\), got shape \(3, 1, 4, 4\)"),
        (user_networks.DoubleField, "return float32, got torch.float64"),
        (user_networks.InfiniteField, "be finite, got -?inf at sigma=0.5"),
        (user_networks.FieldAndWidth, "return a tensor, got tuple"),
        (user_networks.NoWidth, r"shape \(3, 2, 4, 4\), \(3,\), got .* 3 were given"),
        (user_networks.CentredField, "of each configuration alone.*normalisation over the batch"),
        (user_networks.DroppingField, r"of each configuration alone.*\(dropout"),
        (user_networks.AngleField, "be periodic, with 2π in every angle"),
        (user_networks.DetachedField, "differentiable by its parameters"),
        (user_networks.RootField, "have finite derivatives"),
        (user_networks.FixedField, "learn all of its parameters"),
        (user_networks.UnregisteredField, "keep constants .* with register_buffer"),
        (user_networks.shared, "a new module at each call"),
        (user_networks.no_module, "make a torch.nn.Module"),
    ],
)
def test_score_networks_that_are_refused(X, network, message):
    model = sampler(network)
    with pytest.raises((ValueError, TypeError), match=f"network must .*{message}"):
        model.fit(X)
    assert not model.__sklearn_is_fitted__()


def test_a_refused_score_network_leaves_the_earlier_fit(own, X):
    model = pickle.loads(pickle.dumps(own)).set_params(network=user_networks.OneChannel)
    with pytest.raises(ValueError, match="must return one value"):
        model.fit(X)
    assert_array_equal(model.link_score(X, 0.3), own.link_score(X, 0.3))
