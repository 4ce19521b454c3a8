"""The objective: a sum of squares whose Jacobian is right, and its invariances."""

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from halkit.potentials import objective
from halkit.potentials.networks import NETWORKS, InputMap, LocalTerm
from halkit.potentials.objective import Potential
from halkit.potentials.problem import row_weights
from halkit.radial import trapezoid_weights

R = np.linspace(0.2, 6.0, 12)
WEIGHTS = trapezoid_weights(R)


def potential(*, network="symmetric", local=True, r_out=R, **settings):
    torch.manual_seed(1)
    signs = {"signs": [1.0, -1.0]} if network == "separable" else {}
    net = network and NETWORKS[network](
        (4, 4),
        inputs=InputMap(1.2),
        envelope={"kind": "exponential", "radius": 2.0},
        amplitude=0.05,
        **signs,
    )
    term = LocalTerm([0.5, 2.0], 0.3) if local else None
    if local:
        term.coefficients.data[:] = torch.tensor([0.7, -0.4])
    return Potential(
        net, term, r=R, weights=WEIGHTS, r_out=r_out,
        out_columns=np.searchsorted(R, r_out), **settings,
    )  # fmt: skip


def data(n_out, n_samples=4):
    rng = np.random.default_rng(5)
    shapes = ((n_samples, len(R)), (n_samples, n_out), (n_samples, n_out))
    X, y, W = (torch.tensor(rng.normal(size=shape)) for shape in shapes)
    return X, y, W.abs()


CASES = [
    {},
    {"local": False},
    {"network": None},
    {"network": "separable", "regulator": 0.3, "regulator_radius": 3.0},
    {"network": "plain", "regulator": 0.3, "regulator_radius": 3.0, "decay": 0.02},
    {"network": "separable", "r_out": R[:5], "decay": 0.02},
    {"r_out": R[3:11], "regulator": 2.0, "regulator_radius": 3.0},
]


@pytest.mark.parametrize("case", CASES)
def test_objective_is_the_sum_of_squared_residuals(case):
    module = potential(**case)
    X, y, W = data(len(module.r_out))
    with torch.no_grad():
        total = sum(rho @ rho for rho, _ in module.residual_blocks(X, y, W))
        loss = module.objective(module(X), y, W)
    torch.testing.assert_close(total, loss, rtol=1e-12, atol=0)


@pytest.mark.parametrize("case", CASES)
def test_jacobian_of_the_residual(case):
    module = potential(**case)
    X, y, W = data(len(module.r_out))
    theta = parameters_to_vector(module.parameters()).detach()

    @torch.no_grad()
    def residual(values):
        vector_to_parameters(values, module.parameters())
        return torch.cat([rho for rho, _ in module.residual_blocks(X, y, W)])

    with torch.no_grad():
        exact = torch.cat([J for _, J in module.residual_blocks(X, y, W)])
    step = 1e-6 * torch.eye(len(theta), dtype=theta.dtype)
    numeric = torch.stack([(residual(theta + s) - residual(theta - s)) / 2e-6 for s in step], 1)
    torch.testing.assert_close(exact, numeric, rtol=1e-6, atol=1e-8)


def test_blocks_add_up_to_one_jacobian(monkeypatch):
    module = potential(network="plain", regulator=0.3, regulator_radius=3.0)
    X, y, W = data(len(R))
    with torch.no_grad():
        whole = [J.T @ J for _, J in module.residual_blocks(X, y, W)]
        monkeypatch.setattr(objective, "BLOCK_ENTRIES", 3 * len(R) * module.n_parameters)
        parts = [J.T @ J for _, J in module.residual_blocks(X, y, W)]
    assert len(parts) == 4 + 1
    torch.testing.assert_close(sum(parts), sum(whole))


def test_prediction_is_the_integral():
    module = potential(network="separable", r_out=R[:5])
    X, _, _ = data(5)
    with torch.no_grad():
        U = module.network(module.r_out[:, None], module.r[None, :]).numpy()
        V = module.local(module.r_out).numpy()
        prediction = module(X).numpy()
    phi = X.numpy()
    np.testing.assert_allclose(prediction, (phi * WEIGHTS) @ U.T + V * phi[:, :5], rtol=1e-12)


def test_row_weights_ignore_the_norm_of_a_sample():
    X, y, _ = (a.numpy() for a in data(len(R)))
    c = np.array([1.0, -3.0, 1e-3, 1e4])[:, None]
    W, _ = row_weights(X, y, WEIGHTS, WEIGHTS)
    W_scaled, _ = row_weights(c * X, c * y, WEIGHTS, WEIGHTS)
    np.testing.assert_allclose(W_scaled * np.abs(c), W, rtol=1e-12)
    np.testing.assert_allclose(np.sum((W * y) ** 2), 1.0, rtol=1e-12)


def test_row_weights_are_those_of_the_u_form():
    X, y, _ = (a.numpy() for a in data(len(R)))
    W, _ = row_weights(X, y, WEIGHTS, WEIGHTS)
    np.testing.assert_allclose(
        W[:, 1:] / W[:, :1], np.sqrt(WEIGHTS[1:] / WEIGHTS[0]) + 0 * W[:, 1:]
    )


def test_a_node_at_zero_is_used_with_its_neighbours_weight():
    X, y, _ = (a.numpy() for a in data(len(R)))
    w = WEIGHTS.copy()
    w[0] = 0.0
    W, _ = row_weights(X, y, w, w)
    np.testing.assert_allclose(W[:, 0], W[:, 1], rtol=1e-15)


@pytest.mark.parametrize("errors", [False, True])
def test_a_sample_weight_of_two_is_a_repeated_sample(errors):
    X, y, sigma = (a.numpy() for a in data(len(R)))
    twice = [0, 1, 1, 2, 3]
    W, total = row_weights(
        X, y, WEIGHTS, WEIGHTS, sample_weight=np.array([1.0, 2, 1, 1]),
        y_std=sigma if errors else None,
    )  # fmt: skip
    W_repeated, total_repeated = row_weights(
        X[twice], y[twice], WEIGHTS, WEIGHTS, y_std=sigma[twice] if errors else None
    )
    assert total == total_repeated == 5 * len(R)
    np.testing.assert_allclose(W[1] ** 2, 2 * W_repeated[1] ** 2, rtol=1e-12)
    np.testing.assert_allclose(W[[0, 2, 3]], W_repeated[[0, 3, 4]], rtol=1e-12)


def test_errors_weight_the_residual_by_their_inverse():
    X, y, sigma = (a.numpy() for a in data(len(R)))
    W, total = row_weights(X, y, WEIGHTS, WEIGHTS, y_std=sigma)
    np.testing.assert_allclose(W * sigma * np.sqrt(total), 1.0, rtol=1e-14)
