"""The separable network of coupled channels: derivatives, known truths, borders."""

import pickle
import warnings
from functools import cache

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from halkit import Channel
from halkit.datasets import make_coupled
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import InteractionMatrix, SeparableMatrix, lambda_lambda_n_xi_model
from halkit.potentials import (
    FrozenBasisRegressor,
    NonLocalPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.potentials.coupling import act
from halkit.potentials.networks import InputMap, LocalTerm, SeparableNetwork
from halkit.potentials.objective import Potential
from halkit.potentials.scales import _seen_signs
from halkit.radial import RadialGrid
from halkit.resampling import JackknifeRegressor
from halkit.scattering import coupled_box_states, coupled_s_matrix
from halkit.units import HBARC, from_mev

quiet = pytest.mark.filterwarnings("ignore::UserWarning")

GRID = RadialGrid.gauss_legendre(8.0, 40)
ENERGY = from_mev(np.linspace(2, 200, 12))
SOME = ENERGY[[0, 2, 8]]  # below and above the second threshold
# λ, β, n, l, reduced masses and thresholds in MeV: a quasi-bound and a bound state, light hadrons,
# coupled S and D waves, and three channels.
SEPARABLE = {
    "quasi-bound": ([[-1.59, 0.69], [0.69, -1.85]], (2.0, 1.5), (0, 0), (0, 0),
                    (557.8, 548.4), (0.0, 25.8)),
    "bound": ([[-15.7, 4.0], [4.0, -5.0]], (2.5, 2.0), (1, 1), (0, 0), (557.8, 548.4), (0.0, 25.8)),
    "light": ([[-21.1, 10.5], [10.5, -14.6]], (3.0, 2.5), (0, 0), (0, 0),
              (123.7, 324.4), (0.0, 103.4)),
    "tensor": ([[-13.0, -10.0], [-10.0, 15.0]], (2.2, 2.2), (1, 2), (0, 2),
               (469.5, 469.5), (0.0, 0.0)),
    "three": ([[-8.0, 3.0, 1.0], [3.0, -6.0, 2.0], [1.0, 2.0, 5.0]], (2.4, 2.1, 2.0), (1, 1, 1),
              (0, 0, 1), (557.8, 548.4, 500.0), (0.0, 25.8, 60.0)),
}  # fmt: skip
SIGNS = {
    "quasi-bound": [-1, -1], "bound": [-1, -1], "light": [-1, -1], "tensor": [-1, 1],
    "three": [-1, -1, 1],
}  # fmt: skip


@cache
def separable(name):
    """A truth in closed form, and eight states of a sphere with their targets."""
    strengths, beta, n, l, mu, threshold = SEPARABLE[name]
    channels = [
        Channel(l=one, reduced_mass=m / HBARC, threshold=t / HBARC)
        for one, m, t in zip(l, mu, threshold, strict=True)
    ]
    truth = SeparableMatrix(strengths, beta=beta, powers=n, channels=channels)
    box = coupled_box_states(truth, radius=8.0, n_states=8, relativistic=False)
    fine = RadialGrid.gauss_legendre(8.0, 200)
    phi, waves = (np.array([wave(x) for wave in box.wave_function]) for x in (GRID.r, fine.r))
    U = truth.nonlocal_potential(GRID.r[:, None], fine.r)
    y = np.einsum("abij,bsj->asi", U, waves * fine.weights)
    return truth, np.concatenate(phi, axis=-1), np.concatenate(y, axis=-1)


def network(truth, **parameters):
    settings = {"weights": GRID.weights, "channels": truth.channels, "random_state": 0, "n_init": 1}
    return NonLocalPotentialRegressor(GRID.r, **{**settings, **parameters})


def s_error(model, truth):
    return np.nanmax(np.abs(model.s_matrix(ENERGY) - truth.s_matrix(ENERGY)))


@pytest.mark.filterwarnings("ignore:the data do not determine S")  # beyond their energies
@pytest.mark.parametrize("name", SEPARABLE)
def test_separable_truths(name):
    """S in closed form, of any l and masses, at and between thresholds; without other warnings."""
    truth, X, y = separable(name)
    model = network(truth).fit(X, y)
    assert s_error(model, truth) < 2e-3
    assert model.score(X, y) > 1 - 1e-5
    assert sorted(model._design["signs"]) == SIGNS[name]


@pytest.mark.parametrize("name", SEPARABLE)
def test_rounding_errors_are_no_terms_of_u(name):
    """Exact data show the terms of U alone, whichever way they are rounded."""
    truth, X, y = separable(name)
    rng, eps = np.random.default_rng(0), np.finfo(float).eps
    nodes = {"r": GRID.r, "weights": GRID.weights, "r_out": GRID.r, "n": len(truth.channels)}
    for _ in range(50):
        rounded = [a * (1 + eps * rng.integers(-1, 2, a.shape)) for a in (X, y)]
        assert sorted(_seen_signs(*rounded, **nodes)) == SIGNS[name]


@pytest.mark.parametrize("regulator", [0.0, 0.5])
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("n", [2, 3])
def test_the_jacobian_is_the_derivative(n, local, regulator, monkeypatch):
    """2 Jᵀρ is the gradient of the loss, in blocks of a few rows too."""
    monkeypatch.setattr("halkit.potentials.objective.BLOCK_ENTRIES", 700)
    torch.manual_seed(0)
    r = np.linspace(0.3, 3.0, 7)
    net = SeparableNetwork(
        (3,), inputs=InputMap(1.0), envelope={"kind": "exponential", "radius": 1.0}, amplitude=0.7,
        signs=np.array([1.0, -1.0]), n_channels=n,
    )  # fmt: skip
    scales = np.random.default_rng(1).uniform(1, 2, (n * (n + 1) // 2, 2))
    term = LocalTerm([0.5, 1.0], scales) if local else None
    module = Potential(
        net, term, r=r, weights=r**2, r_out=r[1:6], out_columns=np.arange(1, 6),
        regulator=regulator, regulator_radius=2.0, decay=0.1,
    )  # fmt: skip
    if local:
        term.coefficients.data[:] = torch.randn(len(term.coefficients))
    X, y = torch.randn(4, n * 7).double(), torch.randn(4, n * 5).double()
    W = torch.rand(4, n * 5).double()
    loss = module.objective(module(X), y, W)
    size = loss.item()
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, [*module.parameters()])])
    with torch.no_grad():
        blocks = [*module.residual_blocks(X, y, W)]
    assert len(blocks) > 2
    assert sum(float(rho @ rho) for rho, _ in blocks) == pytest.approx(size, rel=1e-12)
    product = sum(2 * J.T @ rho for rho, J in blocks)
    torch.testing.assert_close(product, gradient, rtol=1e-10, atol=1e-10)


@pytest.fixture(scope="module")
def fitted():
    truth, X, y = separable("quasi-bound")
    model = network(truth, n_init=2, local=True, max_iter=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    del model._data_waves  # test_seen.py: at which energies the data determine S
    return model, X, y


@pytest.mark.filterwarnings("ignore:the data do not determine S")
def test_the_face_of_coupled_estimators(fitted):
    model, X, _ = fitted
    r = np.array([0.2, 0.9, 3.0])
    U, V = model.predict_potential(r), model.local_potential(r)
    assert isinstance(model.interaction_, InteractionMatrix)
    np.testing.assert_array_equal(U, U.transpose(1, 0, 3, 2))
    np.testing.assert_array_equal(V, V.transpose(1, 0, 2))
    assert np.all(np.abs(V[0, 1]) > 0)
    assert model.potential_.shape == (2, 2, 40, 40)
    assert model.envelope_radii_.shape == (2, len(model._design["signs"]))
    assert not np.any(model.nonlocal_potential(8.1, r))
    phi = X.reshape(len(X), 2, -1)
    y = np.einsum("abij,sbj->sai", model.potential_ * GRID.weights, phi)
    y = (y + np.einsum("abi,sbi->sai", model.local_potential(GRID.r), phi)).reshape(X.shape)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-12 * np.abs(y).max())
    with torch.no_grad():
        module = model.net_.module_(torch.tensor(X)).numpy()
    np.testing.assert_allclose(module, y, atol=1e-12 * np.abs(y).max())
    rows = model.localize(X[:2]) @ np.eye(40)
    local = np.einsum("abi,sbi->sai", rows, phi[:2])
    near = GRID.r < 3
    scale = 1e-6 * np.abs(y).max()
    np.testing.assert_allclose(local[..., near], y[:2].reshape(2, 2, -1)[..., near], atol=scale)
    S = model.s_matrix(SOME)
    np.testing.assert_allclose(model.phase_shift(SOME).s_matrix, S, atol=1e-7)
    np.testing.assert_allclose(coupled_s_matrix(model, SOME), S, atol=1e-12)
    assert np.all(model.bound_states().energy < 0)


def test_starts(fitted):
    model, X, _ = fitted
    best, other = sorted(model.starts_.members, key=lambda start: start.loss)
    assert best.loss == model.loss_
    assert best.n_iter == 4
    np.testing.assert_array_equal(best.potential, model.potential_)
    np.testing.assert_array_equal(
        act(best, X, GRID.r, GRID.weights, GRID.r), model.predict(X)
    )  # fmt: skip
    value, spread = model.starts_.s_matrix(SOME, return_std=True)
    np.testing.assert_allclose(value, model.s_matrix(SOME), atol=1e-12)
    assert np.nanmax(np.abs(spread)) > 0
    assert np.abs(other.potential - best.potential).max() > 0


@quiet
def test_copies_files_and_warm_starts(fitted, tmp_path):
    model, X, y = fitted
    joblib.dump(model, tmp_path / "model.joblib")
    S = model.s_matrix(SOME)
    for copy in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(copy.predict(X), model.predict(X))
        np.testing.assert_array_equal(copy.s_matrix(SOME), S)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))
    longer = clone(model).fit(X, y).set_params(warm_start=True, max_iter=20)
    assert longer.fit(X, y).loss_ < 0.5 * model.loss_
    with pytest.raises(ValueError, match="warm_start must keep the nodes, weights and channels"):
        longer.set_params(channels=None, reduced_mass=1.0).fit(X[:, :40], y[:, :40])


@pytest.mark.filterwarnings("error")
def test_local_and_nonlocal_parts_of_exact_correlators():
    """ΛΛ–NΞ, four sources, default settings: S to 1e-3 (median) and 5e-3, without a warning.

    U has two attractive terms; two terms of opposite signs leave 0.02 (median) and 0.05.
    """
    d = make_coupled(
        lambda_lambda_n_xi_model(), r=np.arange(1, 61) * 0.1, box_radius=8.0,
        times=np.arange(9, 19) * 0.09, source_radius=0.5,
    )  # fmt: skip
    model = NonLocalPotentialRegressor(
        d.r, channels=d.channels, local=True, n_init=1, random_state=0
    ).fit(d.data, d.target)
    E = from_mev(np.array([2.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0]))
    error = np.nanmax(np.abs(model.s_matrix(E) - coupled_s_matrix(d.interaction, E)), axis=(1, 2))
    assert np.median(error) < 1e-3
    assert error.max() < 5e-3
    assert model.loss_ < 1e-7


@quiet
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("n", [1, 2])
def test_default_number_of_terms(n, local):
    """Two for each channel; the data tell it to the stationary fit without a local term."""
    truth, X, y = separable("three")
    X, y = X[:, : n * 40], y[:, : n * 40]
    channels = truth.channels[:n]
    settings = {"channels": channels, "max_iter": 1, "n_init": 1, "random_state": 0}
    model = TimeDependentHALRegressor(GRID.r, local=local, **settings).fit(X, y)
    given = clone(model).set_params(rank=2 * n).fit(X, y)
    assert len(model._design["signs"]) == 2 * n
    np.testing.assert_array_equal(model.predict(X), given.predict(X))
    if local:
        model = NonLocalPotentialRegressor(GRID.r, local=True, **settings).fit(X, y)
        assert len(model._design["signs"]) == 2 * n


@pytest.mark.filterwarnings("error::halkit.exceptions.UnderdeterminedWarning")
def test_correlators_with_noise():
    """ΛΛ–NΞ, V and U, four sources: δ1 to .3° (median) and .6°, δ2 to .3°, η 2e-3."""
    d = make_coupled(
        lambda_lambda_n_xi_model(), r=np.arange(1, 61) * 0.1, box_radius=8.0,
        times=np.arange(9, 19) * 0.09, noise=1e-4, n_bins=100, source_radius=0.5, random_state=0,
    )  # fmt: skip
    model = TimeDependentHALRegressor(
        d.r,
        channels=d.channels,
        rank=4,
        n_init=1,
        random_state=0,
        envelope_radius=0.81,
        local_range=0.6,
    )
    model.fit(d.data, d.target, y_std=d.sigma)
    E = from_mev(np.array([5.0, 15.0, 20.0, 26.5, 30.0, 40.0, 60.0, 80.0, 120.0]))
    S, exact = model.s_matrix(E), coupled_s_matrix(d.interaction, E)
    turn = np.angle(np.diagonal(S * exact.conj(), axis1=1, axis2=2)) / 2
    delta = np.degrees(np.abs(turn))
    assert np.median(delta[:, 0]) < 0.3
    assert delta[:, 0].max() < 0.6
    assert np.nanmax(delta[:, 1]) < 0.3
    assert np.max(np.abs(np.abs(S) - np.abs(exact))[:, 0, 0]) < 2e-3
    assert 0.9 < model.loss_ < 1.2


@quiet
def test_linear_and_warm_refits_have_the_errors_of_full_ones():
    d = make_coupled(
        lambda_lambda_n_xi_model(), r=np.arange(1, 31) * 0.2, box_radius=8.0,
        times=np.arange(9, 13) * 0.09, noise=1e-3, n_bins=6, source_radius=0.5, random_state=0,
    )  # fmt: skip
    model = TimeDependentHALRegressor(
        d.r, channels=d.channels, n_init=1, random_state=0, local="only", local_range=0.5
    )
    X, y = d.rows.data, d.rows.target
    errors = {}
    for refit in ("linear", "warm"):
        jackknife = JackknifeRegressor(clone(model), refit=refit).fit(X, y)
        S, errors[refit] = jackknife.s_matrix(ENERGY[2:5], return_std=True)
        np.testing.assert_allclose(S, jackknife.estimator_.s_matrix(ENERGY[2:5]), atol=1e-10)
    for part in (np.real, np.imag):
        linear, warm = (part(errors[refit][:, 0, 0]) for refit in ("linear", "warm"))
        np.testing.assert_allclose(linear, warm, rtol=0.1)


@quiet
def test_one_source_leaves_the_potentials_open():
    truth, X, y = separable("quasi-bound")
    with pytest.warns(UnderdeterminedWarning, match="potentials of 2 channels apart"):
        network(truth, local=True, max_iter=2).fit(X[:1], y[:1])


class Own(torch.nn.Module):
    def forward(self, x, x_prime):
        return x + x_prime


def test_what_is_refused(fitted):
    model, X, y = fitted
    for other in ("plain", "symmetric", Own):
        with pytest.raises(ValueError, match="network must be 'separable' for 2 channels, got"):
            clone(model).set_params(network=other).fit(X, y)
    with pytest.raises(ValueError, match="channels of the estimator must be None or one channel"):
        FrozenBasisRegressor(FrozenEstimator(model)).fit(X, y)
    with pytest.raises(ValueError, match="y must be given for 2 channels, got None"):
        TimeDependentHALRegressor(GRID.r, channels=model.channels).fit(X, times=np.arange(8) * 0.1)
    with pytest.raises(ValueError, match="energy must be given for 2 channels"):
        model.phase_shift(k=0.1)
    with pytest.raises(ValueError, match="X must have 80 columns, one per node of r and channel"):
        clone(model).fit(X[:, :40], y[:, :40])


@quiet
@pytest.mark.parametrize(
    ("name", "noise"), [("quasi-bound", 1e-2), ("light", 1e-3), ("tensor", 1e-3)]
)
def test_S_has_errors_of_the_posterior(name, noise):
    """From noisy states of a sphere; U of the first two truths grows as 1/r at the origin."""
    truth, X, y = separable(name)
    r = np.tile(GRID.r, len(truth.channels))
    std = noise * np.sqrt(np.mean((r * y) ** 2)) / r * np.ones_like(y)
    y = y + std * np.random.default_rng(0).standard_normal(y.shape)
    model = network(truth, weight_decay=1.0, max_iter=1000).fit(X, y, y_std=std)
    assert model.loss_ < 1.2
    S, error = model.s_matrix(SOME, return_std=True, n_draws=8)
    exact = coupled_s_matrix(truth, SOME)
    assert np.array_equal(np.isnan(error), np.isnan(exact))  # where a channel is closed
    pulls = np.abs(S - exact) / np.abs(error)
    assert np.sqrt(np.nanmean(pulls**2)) < 2
    assert np.nanmax(np.abs(error)) < 5 * noise
