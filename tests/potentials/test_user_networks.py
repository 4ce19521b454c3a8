"""Networks of the user in a fit: as the built-in ones, and back from a file to the last bit."""

import functools
import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
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

from halkit.datasets import make_separable, make_time_dependent
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import (
    FrozenBasisRegressor,
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.potentials.networks import InputMap, PlainNetwork, SeparableNetwork, UserNetwork
from halkit.resampling import JackknifeRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore:the fit had not converged"),
    pytest.mark.filterwarnings("ignore:the nodes are too coarse"),
    pytest.mark.filterwarnings("ignore:the fit leaves"),
    pytest.mark.filterwarnings("ignore:the nodes are too coarse"),  # 12 of them
    # The data of these tests end where U does not.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    # Their waves are random, or few.
    pytest.mark.filterwarnings("ignore:the data do not determine δ"),
]

R = np.linspace(0.2, 6.0, 12)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 12))
Y = -0.1 * X @ np.exp(-R[:, None] - R)
K = [0.3, 0.7]


def stationary(**parameters):
    settings = {"n_init": 2, "max_iter": 8, "random_state": 0, **parameters}
    return NonLocalPotentialRegressor(R, reduced_mass=1.0, **settings)


def in_time(**parameters):
    settings = {"n_init": 1, "max_iter": 4, "envelope_radius": 1.5, "local_range": 1.0}
    return TimeDependentHALRegressor(
        R, hadron_mass=2.0, **{**settings, "random_state": 0, **parameters}
    )


BOTH = pytest.mark.parametrize("regressor", [stationary, in_time])


# The same network twice


def pair(**settings):
    """The built-in network and the user's, with the same parameters."""
    torch.manual_seed(2)
    settings = {
        "inputs": InputMap(1.2), "envelope": {"kind": "exponential", "radius": 2.0},
        "amplitude": 0.02, **settings,
    }  # fmt: skip
    return PlainNetwork((8,), **settings), UserNetwork(user_networks.Perceptron, **settings)


def copy_parameters(source, target):
    """In their order."""
    with torch.no_grad():
        for mine, theirs in zip(target.parameters(), source.parameters(), strict=True):
            mine.copy_(theirs.reshape(mine.shape))


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_network_declared_again_has_the_same_derivative(symmetric):
    builtin, own = pair(symmetric=symmetric)
    copy_parameters(builtin, own)
    r, r_out = (torch.linspace(0.1, 5.0, n, dtype=torch.float64) for n in (9, 4))
    phi = torch.randn(3, 9, dtype=torch.float64)
    with torch.no_grad():
        for nodes in ((r_out, r), (r, r)):
            assert_allclose(own.jacobian(*nodes), builtin.jacobian(*nodes), rtol=1e-12, atol=1e-17)
            assert_allclose(
                own.action_jacobian(*nodes, phi), builtin.action_jacobian(*nodes, phi),
                rtol=1e-12, atol=1e-16,
            )  # fmt: skip
        U = own(r[:, None], r)
    assert torch.equal(U, U.T) == symmetric


def test_autograd_of_pairs_is_the_product_rule_of_form_factors():
    """The separable network has a derivative of its own; as a user's module it has none."""
    torch.manual_seed(2)
    envelope = {"kind": "gaussian", "radius": 2.0, "learned": False}
    settings = {"inputs": InputMap(1.2), "envelope": envelope, "amplitude": 0.02}
    builtin = SeparableNetwork((8, 8), signs=[-1.0, 1.0], **settings)
    own = UserNetwork(user_networks.FormFactors, **settings)
    copy_parameters(builtin, own)
    r, r_out = (torch.linspace(0.1, 5.0, n, dtype=torch.float64) for n in (9, 4))
    with torch.no_grad():
        assert_allclose(own(r_out[:, None], r), builtin(r_out[:, None], r), rtol=1e-12, atol=1e-17)
        exact = builtin.jacobian(r_out, r)
        assert_allclose(own.jacobian(r_out, r), exact, rtol=1e-12, atol=1e-12 * exact.abs().max())


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_a_network_declared_again_gives_the_same_fit(solver, symmetric):
    settings = {"solver": solver, "symmetric": symmetric, "weight_decay": 1e-9}
    builtin = stationary(network="plain", hidden_layer_sizes=(8,), **settings).fit(X, Y)
    own = stationary(network=user_networks.Perceptron, **settings).fit(X, Y)
    assert own.loss_ == pytest.approx(builtin.loss_, rel=1e-9)
    assert_allclose(own.potential_, builtin.potential_, rtol=1e-7, atol=1e-12)
    assert symmetric == np.allclose(own.potential_, own.potential_.T, rtol=1e-13, atol=0)


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_network_of_the_user_finds_the_potential(symmetric):
    """Of make_separable: 0.25 % of U measured, and half of it if U is symmetric."""
    d = make_separable()
    model = NonLocalPotentialRegressor(
        d.r, reduced_mass=3.3, network=user_networks.Perceptron, symmetric=symmetric,
        n_init=1, random_state=0,
    ).fit(d.data, d.target)  # fmt: skip
    measure = np.sqrt(np.outer(d.weights, d.weights))
    error = np.linalg.norm(measure * (model.potential_ - d.potential))
    assert error < (2e-3 if symmetric else 5e-3) * np.linalg.norm(measure * d.potential)
    k = np.linspace(0.05, 1.0, 10)
    exact = d.interaction.phase_shift(k, reduced_mass=3.3)
    assert np.abs(np.rad2deg(model.phase_shift(k) - exact)).max() < 0.1


# The life of an estimator

SEARCH = [user_networks.Gaussians, functools.partial(user_networks.Perceptron, 4), "plain"]


@BOTH
def test_a_search_over_networks_in_a_pipeline(regressor):
    pipeline = Pipeline([("scale", FunctionTransformer()), ("potential", regressor(n_init=1))])
    grid = {"potential__network": SEARCH, "potential__activation": ["tanh", "silu"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, Y)
    scores = search.cv_results_["mean_test_score"].reshape(2, 3)
    assert np.isfinite(scores).all()
    assert_array_equal(scores[0, :2], scores[1, :2])
    assert scores[0, 2] != scores[1, 2]
    assert len(set(scores[0])) == 3
    best = search.best_estimator_["potential"]
    assert any(qualified(best.network) == qualified(network) for network in SEARCH)
    restored = pickle.loads(pickle.dumps(search))
    assert_array_equal(restored.predict(X), search.predict(X))


def qualified(network):
    return getattr(network, "func", network)


@BOTH
def test_parameters_copies_and_text(regressor):
    model = regressor(network=user_networks.Waves, activation=user_networks.Swish, symmetric=True)
    assert model.get_params()["network"] is user_networks.Waves
    copied = clone(model)
    assert copied.network is user_networks.Waves
    assert "network=<class 'user_networks.Waves'>" in repr(model)
    model.fit(X, Y)
    for other in (copied.fit(X, Y), pickle.loads(pickle.dumps(model))):
        assert other.network is user_networks.Waves
        assert_array_equal(other.potential_, model.potential_)
        assert_array_equal(other.potential_, other.potential_.T)


LOADING = """
import sys, joblib, numpy as np
folder, modules = sys.argv[1:]
try:
    joblib.load(f"{folder}/0.joblib")
except ImportError as error:
    print(error)
sys.path.append(modules)
for i in range(3):
    model = joblib.load(f"{folder}/{i}.joblib")
    U = model.nonlocal_potential(np.linspace(0, 7, 9)[:, None], np.linspace(0, 7, 8))
    np.savez(f"{folder}/{i}.npz", U=U, delta=model.phase_shift([0.3, 0.7]),
             starts=[start.potential for start in model.starts_])
"""


def test_a_file_gives_the_same_bits_in_another_process(tmp_path):
    models = [
        stationary(network=user_networks.Waves).fit(X, Y),
        in_time(network=functools.partial(user_networks.Gaussians, n=3), symmetric=True).fit(X, Y),
        stationary(activation=user_networks.Swish).fit(X, Y),
    ]
    for i, model in enumerate(models):
        joblib.dump(model, tmp_path / f"{i}.joblib")
    paths = [path for path in sys.path if Path(path) != Path(user_networks.__file__).parent]
    found = subprocess.run(
        [sys.executable, "-c", LOADING, str(tmp_path), str(Path(user_networks.__file__).parent)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "network=user_networks.Waves of this file was kept by its name" in found.stdout
    for i, model in enumerate(models):
        with np.load(tmp_path / f"{i}.npz") as file:
            U = model.nonlocal_potential(np.linspace(0, 7, 9)[:, None], np.linspace(0, 7, 8))
            assert_array_equal(file["U"], U)
            assert_array_equal(file["delta"], model.phase_shift(K))
            assert_array_equal(file["starts"], [start.potential for start in model.starts_])


def test_skops_lists_the_network_among_the_types_to_trust():
    factory = functools.partial(user_networks.Gaussians, n=3)
    model = stationary(network=factory, activation=user_networks.Swish).fit(X, Y)
    file = dumps(model)
    types = get_untrusted_types(data=file)
    assert {"user_networks.Gaussians", "user_networks.Swish", "functools.partial"} <= set(types)
    restored = loads(file, trusted=types)
    assert restored.network.keywords == {"n": 3}
    assert_array_equal(restored.phase_shift(K), model.phase_shift(K))


def test_a_class_that_has_changed_since_is_told(monkeypatch):
    kept = pickle.dumps(stationary(network=user_networks.Gaussians).fit(X, Y))
    monkeypatch.setattr(user_networks.Gaussians.__init__, "__defaults__", (5,))
    with pytest.raises(ValueError, match=r"\.f\.centres.*: its class may have changed since"):
        pickle.loads(kept)


def test_the_seed_says_all_in_every_thread():
    """Of two generators that belong to others, neither is used."""
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    networks = [user_networks.Gaussians, user_networks.Waves, user_networks.wide_perceptron] * 2
    alone = [stationary(network=network).fit(X, Y).potential_ for network in networks[:3]]

    def fit(network):
        return stationary(network=network).fit(X, Y).potential_

    with ThreadPoolExecutor(3) as pool:
        together = [*pool.map(fit, networks)]
    assert_array_equal(together, alone * 2)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    other = stationary(network=user_networks.Waves, random_state=1).fit(X, Y)
    assert np.abs(other.potential_ - alone[1]).max() > 0


def test_a_warm_start_goes_on_with_the_same_network():
    factory = functools.partial(user_networks.Waves, n=5)
    model = stationary(network=factory, warm_start=True, max_iter=2).fit(X, Y)
    loss = model.loss_
    restored = pickle.loads(pickle.dumps(model)).set_params(
        network=functools.partial(user_networks.Waves, n=5), max_iter=20
    )
    assert restored.fit(X, Y).loss_ < loss
    assert restored.history_[0]["train_loss"] <= loss
    with pytest.raises(ValueError, match="got changes of network"):
        restored.set_params(network=user_networks.Waves).fit(X, Y)
    with pytest.raises(ValueError, match="got changes of activation, symmetric"):
        restored.set_params(network=factory, activation="elu", symmetric=True).fit(X, Y)


def test_bins_move_the_parameters_of_a_users_network():
    """Linear errors are those of warm refits, as for the built-in networks."""
    U = Separable(-0.05, 1.0) + GaussianSum([-0.1], [1.0])
    d = make_time_dependent(
        U, r=R, box_radius=20.0, hadron_mass=2.0, times=np.arange(4, 9), source_radius=1.5,
        noise=1e-4, n_bins=4, random_state=0,
    )  # fmt: skip
    model = in_time(network=user_networks.Gaussians, symmetric=True, local=False, max_iter=200)
    delta = {}
    for refit in ("linear", "warm"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bins = JackknifeRegressor(model, refit=refit).fit(
                d.rows.data, d.rows.target, y_std=d.sigma
            )
        delta[refit] = bins.phase_shift(K, return_std=True)
    assert_array_equal(delta["linear"][0], delta["warm"][0])
    assert_allclose(delta["linear"][1], delta["warm"][1], rtol=0.2)


# Activations


@pytest.mark.parametrize("network", ["separable", "symmetric", "plain"])
def test_the_activation_is_the_one_between_the_layers(network):
    names = ["tanh", "Tanh", torch.nn.Tanh, None]
    models = [
        stationary(network=network, **({} if name is None else {"activation": name})).fit(X, Y)
        for name in names
    ]
    for model in models[1:]:
        assert_array_equal(model.potential_, models[0].potential_)
    soft = stationary(network=network, activation="softplus").fit(X, Y)
    kinds = {type(m) for m in soft.net_.module_.modules()}
    assert torch.nn.Softplus in kinds
    assert torch.nn.Tanh not in kinds


def test_a_learned_activation_is_learned():
    model = stationary(activation=user_networks.Swish, hidden_layer_sizes=(3,)).fit(X, Y)
    b = dict(model.net_.module_.named_parameters())["network.mlp.1.b"].detach()
    assert b.dtype == torch.float64
    assert abs(float(b) - 1) > 1e-6


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        ("no", "as 'tanh' or 'softplus', got 'no'"),
        (3, "must be a class, a function or a functools.partial of one, got 3"),
        ("rrelu", "must be a function of each number alone, got 'rrelu'"),
        ("glu", "must take 1 tensor"),
        ("threshold", "missing a required argument: 'threshold': bind it with functools.partial"),
        (user_networks.nameless, "define it at the top level of a module"),
        (user_networks.Constant, "must take 1 tensor"),
        (user_networks.Outer, "must make a torch.nn.Module, got Outer"),
    ],
)
@BOTH
def test_activations_that_are_refused(regressor, activation, message):
    with pytest.raises((ValueError, TypeError), match=f"activation must .*{message}|{message}"):
        regressor(activation=activation).fit(X, Y)


# Networks that are refused


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("no", "be one of .*, or a class or function that makes one, got 'no'"),
        (user_networks.Perceptron(), "got an instance of Perceptron"),
        (user_networks.nameless, "define it at the top level of a module"),
        (user_networks.Column, r"shape \(144,\), got shape \(144, 1\)"),
        (user_networks.Single, "return float64, got torch.float32"),
        (user_networks.Pair, "return a tensor, got tuple"),
        (user_networks.OneRadius, "take 2 tensor.* positional arguments but 3 were given"),
        (user_networks.Normalised, "of each pair alone, .*normalisation over the batch"),
        (user_networks.Dropping, r"of each pair alone, .*\(dropout"),
        (user_networks.Unregistered, "keep constants drawn .* with register_buffer"),
        (user_networks.shared, "a new module at each call"),
        (user_networks.no_module, "make a torch.nn.Module"),
        (user_networks.Branching, "torch.func.vmap .*, or choose solver='lbfgs'"),
        (user_networks.Cusp, "have finite derivatives"),
    ],
)
@BOTH
def test_networks_that_are_refused(regressor, network, message):
    model = regressor(network=network)
    with pytest.raises((ValueError, TypeError), match=f"network must .*{message}"):
        model.fit(X, Y)
    assert not model.__sklearn_is_fitted__()


def test_a_network_that_is_infinite_at_the_origin_is_refused():
    r = np.linspace(0.0, 6.0, 12)
    model = stationary(network=user_networks.Inverse).set_params(r=r)
    with pytest.raises(ValueError, match=r"network must be finite, got (nan|-?inf) at \(0, 0\)"):
        model.fit(X, Y)


@pytest.mark.parametrize("network", [user_networks.Branching, user_networks.Cusp])
def test_what_vmap_does_not_take_is_left_to_other_solvers(network):
    model = stationary(network=network, solver="lbfgs", max_iter=1, n_init=1)
    if network is user_networks.Branching:
        assert np.isfinite(model.fit(X, Y).loss_)
    else:
        with pytest.raises(FloatingPointError, match="every start became infinite or NaN"):
            model.fit(X, Y)


def test_a_refused_network_leaves_the_earlier_fit():
    model = stationary(network=user_networks.Gaussians).fit(X, Y)
    expected = model.potential_
    with pytest.raises(ValueError, match="must return one value"):
        model.set_params(network=user_networks.Column).fit(X, 2 * Y)
    assert_array_equal(model.potential_, expected)
    with pytest.raises(ValueError, match=r"network='separable'.*user_networks.Gaussians"):
        FrozenBasisRegressor(stationary(network=user_networks.Gaussians)).fit(X, Y)
