"""Networks: exchange symmetry, decay, and derivatives against finite differences."""

import numpy as np
import pytest
import torch
import user_networks
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from halkit.potentials.activations import activation_class
from halkit.potentials.networks import (
    NETWORKS,
    Envelope,
    InputMap,
    LocalTerm,
    SeparableNetwork,
)

R = torch.linspace(0.05, 6.0, 9, dtype=torch.float64)
R_OUT = torch.tensor([0.3, 1.0, 2.2, 5.0], dtype=torch.float64)


def make(name, *, kind="exponential", learned=True, hidden=(8, 8), rank=2):
    torch.manual_seed(3)
    settings = {"signs": [1.0, -1.0, 1.0][:rank]} if name == "separable" else {}
    return NETWORKS[name](
        hidden,
        inputs=InputMap(1.2),
        envelope={"kind": kind, "radius": 2.0, "learned": learned},
        amplitude=0.02,
        **settings,
    )


def finite_difference(function, network, step=1e-6):
    """∂function/∂θ by central differences, parameters last."""
    theta = parameters_to_vector(network.parameters()).detach()
    columns = []
    for p in range(len(theta)):
        shift = torch.zeros_like(theta)
        shift[p] = step
        vector_to_parameters(theta + shift, network.parameters())
        plus = function().detach()
        vector_to_parameters(theta - shift, network.parameters())
        columns.append((plus - function().detach()) / (2 * step))
    vector_to_parameters(theta, network.parameters())
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("separable", "exponential", 108),
        ("symmetric", "exponential", 170),
        ("symmetric", None, 169),
        ("plain", None, 105),
    ],
)
def test_number_of_parameters(name, kind, count):
    assert sum(p.numel() for p in make(name, kind=kind).parameters()) == count


@pytest.mark.parametrize("name", ["separable", "symmetric"])
def test_exchange_symmetry(name):
    with torch.no_grad():
        U = make(name)(R[:, None], R[None, :])
    torch.testing.assert_close(U, U.T, rtol=1e-13, atol=0)


def test_plain_network_has_no_symmetry():
    with torch.no_grad():
        U = make("plain")(R[:, None], R[None, :])
    assert (U - U.T).abs().max() > 0.1 * U.abs().max()


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("kind", [None, "exponential", "gaussian"])
def test_jacobian_is_the_derivative_of_u(name, kind):
    network = make(name, kind=kind)
    with torch.no_grad():
        exact = network.jacobian(R_OUT, R)
    numeric = finite_difference(lambda: network(R_OUT[:, None], R[None, :]), network)
    torch.testing.assert_close(exact, numeric, rtol=1e-6, atol=1e-10)


class InPlace(torch.nn.Module):
    def forward(self, x):
        return x.tanh_()


class Shares(torch.nn.Module):
    """Not elementwise: the units of a layer see each other."""

    def forward(self, x):
        return torch.softmax(x, dim=-1)


@pytest.mark.parametrize(
    "activation", [torch.nn.SiLU, activation_class("prelu"), user_networks.Swish, InPlace, Shares]
)
@pytest.mark.parametrize("envelope", [{}, {"learned": False}, {"singular": True}], ids=str)
@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
def test_jacobian_of_form_factors(activation, envelope, hidden):
    network = SeparableNetwork(
        hidden, inputs=InputMap(1.2), envelope={"kind": "gaussian", "radius": 2.0, **envelope},
        amplitude=0.02, signs=[1.0, -1.0, 1.0], activation=activation,
    )  # fmt: skip
    with torch.no_grad():
        h, exact = network.factor_jacobian(R)
        assert torch.equal(h, network.form_factors(R))
    numeric = finite_difference(lambda: network.form_factors(R), network)
    torch.testing.assert_close(exact, numeric, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_jacobian_on_one_set_of_nodes_is_that_of_two_equal_sets(name):
    network = make(name)
    with torch.no_grad():
        torch.testing.assert_close(
            network.jacobian(R, R), network.jacobian(R, R.clone()), rtol=1e-12, atol=1e-16
        )


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("r_out", [R, R_OUT], ids=["square", "rectangular"])
def test_action_and_its_jacobian_are_contractions(name, r_out):
    network = make(name)
    phi = torch.randn(5, len(R), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        U, J = network(r_out[:, None], R[None, :]), network.jacobian(r_out, R)
        torch.testing.assert_close(network.action(r_out, R, phi), phi @ U.T)
        torch.testing.assert_close(
            network.action_jacobian(r_out, R, phi), torch.einsum("sj,ijp->sip", phi, J)
        )


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_separable_network_has_its_rank(rank):
    with torch.no_grad():
        U = make("separable", rank=rank)(R[:, None], R[None, :]).numpy()
    assert np.linalg.matrix_rank(U, tol=1e-10 * np.abs(U).max()) == rank


def test_signs_are_the_signs_of_the_eigenvalues():
    with torch.no_grad():
        U = make("separable", rank=3)(R[:, None], R[None, :]).numpy()
    eigenvalues = np.linalg.eigvalsh(U)
    large = eigenvalues[np.abs(eigenvalues) > 1e-10 * np.abs(eigenvalues).max()]
    assert (np.sum(large > 0), np.sum(large < 0)) == (2, 1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, np.ones(9)),
        ("exponential", np.exp(-R.numpy() / 2)),
        ("gaussian", np.exp(-(R.numpy() ** 2) / 8)),
    ],
)
def test_envelope(kind, expected):
    values = Envelope(kind, 2.0)(R)[:, 0].detach().numpy()
    np.testing.assert_allclose(values, expected, rtol=1e-14)


def test_only_a_wanted_envelope_is_learned():
    assert len(list(Envelope("gaussian", 2.0).parameters())) == 1
    assert not list(Envelope("gaussian", 2.0, learned=False).parameters())
    assert not list(Envelope(None, 2.0).parameters())


def test_input_maps():
    r = R.numpy()
    np.testing.assert_allclose(InputMap(2.5)(R), r / 2.5, rtol=1e-15)
    np.testing.assert_allclose(InputMap(2.0, stretched=True)(R), np.arcsinh(r / 2), rtol=1e-14)


def test_local_term_is_linear_in_its_coefficients():
    local = LocalTerm([0.5, 2.0], [3.0, 1.5])
    local.coefficients.data[:] = torch.tensor([1.0, -2.0])
    r = R.numpy()
    expected = 3 * (np.exp(-((r / 0.5) ** 2)) - np.exp(-((r / 2) ** 2)))
    np.testing.assert_allclose(local(R).detach(), expected, rtol=1e-13)
    local.kind = "yukawa"
    expected = 3 * (np.exp(-r / 0.5) * 0.5 / r - np.exp(-r / 2) * 2 / r)
    np.testing.assert_allclose(local(R).detach(), expected, rtol=1e-13)
