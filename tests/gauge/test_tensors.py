"""Observables of torch tensors are those of arrays; automatic differentiation knows the force."""

import numpy as np
import pytest
import torch

from halkit.gauge import (
    action,
    force,
    gauge_transform,
    integrate,
    plaquette,
    polyakov_loop,
    sample_exact,
    sine_charge,
    susceptibility,
    topological_charge,
    wilson_loop,
)

THETA = sample_exact(3, (4, 6), 2.0, random_state=0)
FUNCTIONS = {
    "plaquette": plaquette,
    "wilson_loop": lambda theta: wilson_loop(theta, 2, 3),
    "polyakov_loop": lambda theta: polyakov_loop(theta, 1),
    "action": lambda theta: action(theta, 2.0),
    "force": lambda theta: force(theta, 2.0),
    "gauge_transform": lambda theta: gauge_transform(theta, THETA[:, 0]),
    "topological_charge": topological_charge,
    "sine_charge": sine_charge,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_gives_the_tensor_of_the_array(function, dtype):
    tensor = torch.tensor(THETA, dtype=dtype)
    result, expected = function(tensor), function(tensor.numpy())
    assert isinstance(result, torch.Tensor)
    np.testing.assert_array_equal(result.numpy(), expected)
    assert result.numpy().dtype == expected.dtype


def test_susceptibility_of_a_tensor():
    assert susceptibility(torch.tensor(THETA)) == susceptibility(THETA)


def test_gradients_are_not_cut_silently():
    with pytest.raises(TypeError, match=r"pass theta\.detach\(\)"):
        plaquette(torch.tensor(THETA, requires_grad=True))


def test_automatic_differentiation_of_the_action_is_minus_the_force():
    theta = torch.tensor(THETA, requires_grad=True)
    along_0, along_1 = theta[:, 0], theta[:, 1]
    P = along_0 + along_1.roll(-1, 1) - along_0.roll(-1, 2) - along_1
    S = 2.0 * (1 - torch.cos(P)).sum(dim=(1, 2))
    np.testing.assert_allclose(S.detach(), action(THETA, 2.0), rtol=1e-12)
    (gradient,) = torch.autograd.grad(S.sum(), theta)
    np.testing.assert_allclose(force(THETA, 2.0), -gradient, atol=1e-12)


def test_integration_promotes_its_arguments():
    momentum = np.random.default_rng(0).normal(size=THETA.shape)
    single = integrate(THETA.astype(np.float32), momentum, 2.0, step_size=0.1, n_steps=3)
    assert [part.dtype for part in single] == [np.float64] * 2
    whole = integrate(THETA, np.ones(THETA.shape, dtype=int), 2.0, step_size=0.1, n_steps=3)
    expected = integrate(THETA, np.ones(THETA.shape), 2.0, step_size=0.1, n_steps=3)
    np.testing.assert_array_equal(whole, expected)
    with pytest.raises(TypeError, match="momentum must be real"):
        integrate(THETA, momentum + 0j, 2.0, step_size=0.1, n_steps=3)
