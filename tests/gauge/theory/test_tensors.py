"""Observables of torch tensors: the numbers of numpy, and derivatives."""

import sys

import numpy as np
import pytest
import torch

from halkit import gauge
from halkit.gauge import sample_exact

SHAPE, BETA = (4, 6), 2.5
ALPHA = np.random.default_rng(0).uniform(-np.pi, np.pi, SHAPE)
OBSERVABLES = {
    "plaquette": gauge.plaquette,
    "wilson_loop": lambda theta: gauge.wilson_loop(theta, 2, 3),
    "polyakov_loop 0": lambda theta: gauge.polyakov_loop(theta, 0),
    "polyakov_loop 1": lambda theta: gauge.polyakov_loop(theta, 1),
    "action": lambda theta: gauge.action(theta, BETA),
    "force": lambda theta: gauge.force(theta, BETA),
    "topological_charge": gauge.topological_charge,
    "sine_charge": gauge.sine_charge,
    "gauge_transform": lambda theta: gauge.gauge_transform(theta, ALPHA),
    "susceptibility": lambda theta: gauge.susceptibility(theta, tau_int=1.7).value,
    "its error": lambda theta: gauge.susceptibility(theta, tau_int=1.7).error,
    "wrap": lambda theta: gauge.wrap(3 * theta),
}
SMOOTH = ["wilson_loop", "action", "force", "sine_charge"]
DTYPES = {
    "topological_charge": {torch.float32: torch.int64, torch.float64: torch.int64},
    "polyakov_loop 0": {torch.float32: torch.complex64, torch.float64: torch.complex128},
}
DTYPES["polyakov_loop 1"] = DTYPES["polyakov_loop 0"]


def links(n=20, beta=1.0):
    return sample_exact(n, beta, SHAPE, random_state=1)


@pytest.mark.parametrize("name", OBSERVABLES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_numbers_are_those_of_numpy(name, dtype):
    theta, observable = links(), OBSERVABLES[name]
    found = observable(torch.as_tensor(theta, dtype=dtype))
    expected = observable(theta)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == DTYPES.get(name, {}).get(dtype, dtype)
    assert found.shape == np.shape(expected)
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    difference = found.numpy().astype(complex) - expected
    if name in ("plaquette", "gauge_transform", "wrap"):
        difference = np.exp(1j * difference) - 1
    assert np.abs(difference).max() < tolerance
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("name", ["action", "wilson_loop", "topological_charge"])
def test_rows_of_a_tensor(name):
    function = getattr(gauge, name)
    extra = {"action": (BETA,), "wilson_loop": (1, 2), "topological_charge": ()}[name]
    theta = torch.as_tensor(links())
    rows = function(theta.reshape(20, -1), *extra, lattice_shape=SHAPE)
    assert torch.equal(rows, function(theta, *extra))


def test_the_force_is_minus_the_derivative_of_the_action():
    theta = torch.tensor(links(), requires_grad=True)
    (gradient,) = torch.autograd.grad(gauge.action(theta, BETA).sum(), theta)
    assert torch.allclose(gauge.force(theta, BETA), -gradient, rtol=0, atol=1e-12)
    assert gradient.abs().max() > 1


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_are_those_of_finite_differences(name):
    theta = torch.tensor(links(2), requires_grad=True)
    assert torch.autograd.gradcheck(OBSERVABLES[name], theta)


def test_derivatives_pass_the_wrapping():
    theta = torch.tensor(links(), requires_grad=True)
    (direct,) = torch.autograd.grad(gauge.sine_charge(theta).sum(), theta)
    wrapped = torch.sin(gauge.plaquette(gauge.gauge_transform(theta, ALPHA))).sum() / (2 * np.pi)
    (through,) = torch.autograd.grad(wrapped, theta)
    assert torch.allclose(direct, through, rtol=0, atol=1e-12)


def test_derivatives_with_respect_to_the_gauge_vanish_for_the_action():
    alpha = torch.tensor(ALPHA, requires_grad=True)
    transformed = gauge.gauge_transform(torch.as_tensor(links()), alpha)
    (gradient,) = torch.autograd.grad(gauge.action(transformed, BETA).sum(), alpha)
    assert gradient.abs().max() < 1e-12


def test_tensors_are_checked_like_arrays():
    theta = torch.as_tensor(links())
    with pytest.raises(ValueError, match="Complex data not supported: theta"):
        gauge.plaquette(theta + 0j)
    with pytest.raises(TypeError, match="theta must hold real"):
        gauge.plaquette(theta > 0)
    with pytest.raises(ValueError, match="theta must be finite"):
        gauge.plaquette(theta * torch.nan)
    with pytest.raises(ValueError, match="theta must have shape"):
        gauge.plaquette(theta[0])
    with pytest.raises(ValueError, match="alpha must have shape"):
        gauge.gauge_transform(theta, ALPHA[:2])
    with pytest.raises(ValueError, match="Complex data not supported: alpha"):
        gauge.gauge_transform(theta, ALPHA + 0j)
    with pytest.raises(ValueError, match="alpha must be finite"):
        gauge.gauge_transform(theta, ALPHA * np.nan)
    with pytest.warns(UserWarning, match="beyond 2π"):
        assert gauge.plaquette(100 * theta).abs().max() <= np.pi


def test_integers_become_double():
    theta = torch.ones((1, 2, *SHAPE), dtype=torch.int64)
    assert gauge.action(theta, BETA).dtype == torch.float64


def test_chains_and_reports_take_the_values_of_a_tensor():
    theta = links()
    report = gauge.sample_report(torch.as_tensor(theta), 1.0)
    assert report.rows == gauge.sample_report(theta, 1.0).rows
    corrected = gauge.correct(torch.as_tensor(theta), 1.0, n_trajectories=2, random_state=0)
    assert np.array_equal(corrected, gauge.correct(theta, 1.0, n_trajectories=2, random_state=0))


def test_integration_promotes_its_arguments():
    theta, path = links(3), {"step_size": 0.1, "n_steps": 3}
    momentum = np.random.default_rng(0).normal(size=theta.shape)
    single = gauge.integrate(theta.astype(np.float32), momentum, 2.0, **path)
    assert [part.dtype for part in single] == [np.float64] * 2
    whole = gauge.integrate(theta, np.ones(theta.shape, dtype=int), 2.0, **path)
    assert np.array_equal(whole, gauge.integrate(theta, np.ones(theta.shape), 2.0, **path))
    with pytest.raises(ValueError, match="Complex data not supported: momentum"):
        gauge.integrate(theta, momentum + 0j, 2.0, **path)


def test_arrays_need_no_torch(monkeypatch):
    theta = links()
    expected = gauge.action(theta, BETA)
    monkeypatch.delitem(sys.modules, "torch")
    assert np.array_equal(gauge.action(theta, BETA), expected)
    assert "torch" not in sys.modules
