"""Symmetries of the score networks with random weights, in single precision."""

import numpy as np
import pytest
import torch

from halkit.gauge import gauge_transform, sample_exact
from halkit.gauge.diffusion.networks import NETWORKS
from halkit.gauge.theory.torus import plaquette_sum

EQUIVARIANT = ["gauge_equivariant", "gauge_energy"]
LATTICE = [*EQUIVARIANT, "unet"]
SHAPES = [(16, 16), (6, 10), (3, 2)]
TOLERANCE = 1e-5


def network(name, hidden_channels=(12, 12), n_features=None, seed=0):
    """Random weights everywhere, also in the last layer, which starts at zero."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = NETWORKS[name](hidden_channels, n_features)
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return module


def links(shape, n=5, beta=1.0):
    return sample_exact(n, beta, shape, random_state=1)


def evaluate(module, theta):
    """σ s at widths from 0.03 to 1.2, one per configuration, over its largest value."""
    with torch.no_grad():
        sigma = torch.linspace(0.03, 1.2, len(theta))
        return module(torch.tensor(theta, dtype=torch.float32), sigma).numpy()


def assert_same(one, other):
    scale = np.abs(one).max()
    assert scale > 1e-2
    assert np.abs(one - other).max() < TOLERANCE * scale


@pytest.mark.parametrize("name", EQUIVARIANT)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gauge_transformations_leave_the_equivariant_score(name, shape):
    theta = links(shape)
    phase = np.random.default_rng(2).uniform(-np.pi, np.pi, (len(theta), *shape))
    module = network(name)
    assert_same(evaluate(module, theta), evaluate(module, gauge_transform(theta, phase)))


def test_the_unet_is_not_gauge_equivariant():
    theta = links((6, 6))
    phase = np.random.default_rng(2).uniform(-np.pi, np.pi, (len(theta), 6, 6))
    one, other = (evaluate(network("unet"), x) for x in (theta, gauge_transform(theta, phase)))
    assert np.abs(one - other).max() > 0.1 * np.abs(one).max()


@pytest.mark.parametrize("name", EQUIVARIANT)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equivariant_score_has_no_divergence(name, shape):
    """It pulls along no gauge transformation: what flows into a site flows out again."""
    s = evaluate(network(name), links(shape)).astype(float)
    divergence = (s[:, 0] - np.roll(s[:, 0], 1, -2)) + (s[:, 1] - np.roll(s[:, 1], 1, -1))
    assert np.abs(divergence).max() < TOLERANCE * np.abs(s).max()


@pytest.mark.parametrize("name", LATTICE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_translations(name, shape):
    theta, module = links(shape), network(name)
    moved = np.roll(theta, (2, 1), axis=(-2, -1))
    assert_same(np.roll(evaluate(module, theta), (2, 1), axis=(-2, -1)), evaluate(module, moved))


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_charge_conjugation_turns_the_equivariant_score_round(name):
    theta, module = links((8, 8)), network(name)
    assert_same(evaluate(module, theta), -evaluate(module, -theta))


@pytest.mark.parametrize("name", [*LATTICE, "mlp"])
def test_angles_count_modulo_2_pi(name):
    theta = links((4, 4))
    turns = 2 * np.pi * np.random.default_rng(3).integers(-2, 3, theta.shape)
    module = network(name, n_features=32)
    assert_same(evaluate(module, theta), evaluate(module, theta + turns))


@pytest.mark.parametrize("name", LATTICE)
def test_a_tiled_lattice_has_the_tiled_score(name):
    theta, module = links((16, 16)), network(name)
    tiled = evaluate(module, np.tile(theta, (1, 1, 2, 2)))
    assert_same(np.tile(evaluate(module, theta), (1, 1, 2, 2)), tiled)


@pytest.mark.parametrize("name", [*LATTICE, "mlp"])
def test_a_configuration_does_not_see_its_batch(name):
    theta, module = links((4, 4)), network(name, n_features=32)
    with torch.no_grad():
        x, sigma = torch.tensor(theta, dtype=torch.float32), torch.linspace(0.1, 1, len(theta))
        alone = torch.cat([module(x[i : i + 1], sigma[i : i + 1]) for i in range(len(x))])
        assert_same(module(x, sigma).numpy(), alone.numpy())


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_score_is_the_curl_of_the_scalar(name):
    """∂/∂θ of Σ_x H(P(x)) with H' = h; a plaquette counts with the sign of the link in it."""
    theta = torch.tensor(links((4, 6)), dtype=torch.float64)
    module, sigma = network(name).double(), torch.full((len(theta),), 0.4).double()
    with torch.no_grad():
        h, s = module.scalar(theta, sigma), module(theta, sigma)
    theta.requires_grad_()
    (pull,) = torch.autograd.grad((h * plaquette(theta)).sum(), theta)
    assert torch.allclose(s, 0.4 * pull, atol=1e-13)


def test_the_score_of_the_energy_is_its_slope():
    """Against differences of the energy along a random direction."""
    theta = torch.tensor(links((4, 5)), dtype=torch.float64)
    module, sigma = network("gauge_energy").double(), torch.full((len(theta),), 0.4).double()
    generator, h = torch.Generator().manual_seed(0), 1e-5
    along = torch.randn(theta.shape, generator=generator).double()
    with torch.no_grad():
        up, down = (module.density(theta + s * h * along, sigma).sum((1, 2)) for s in (1, -1))
        slope = (module(theta, sigma) / 0.4 * along).sum((1, 2, 3))
    assert torch.allclose((down - up) / (2 * h), slope, rtol=1e-6, atol=1e-6)


def plaquette(theta):
    a, b = theta.unbind(1)
    return a - a.roll(-1, -1) + b.roll(-1, -2) - b


def test_plaquettes_are_those_of_the_room():
    theta = links((3, 5))
    assert np.allclose(plaquette(torch.tensor(theta)).numpy(), plaquette_sum(theta), atol=1e-14)


@pytest.mark.parametrize("name", [*LATTICE, "mlp"])
def test_an_untrained_network_has_no_score(name):
    module = NETWORKS[name]((6, 5), 32)
    assert not evaluate(module, links((4, 4))).any()


@pytest.mark.parametrize("name", [*LATTICE, "mlp"])
@pytest.mark.parametrize("hidden_channels", [(3,), (4, 7), (8, 8, 8, 4)])
def test_any_width_and_depth(name, hidden_channels):
    module = network(name, hidden_channels, n_features=24)
    assert evaluate(module, links((3, 4))).shape == (5, 2, 3, 4)


def test_number_of_parameters():
    """Of the default: 3 × 3 convolutions 4 → 24 → 24 → 24 with scales and shifts, gates, width."""
    convolutions = (4 * 24 + 2 * 24 * 24) * 9 + 3 * 24
    widths = 8 * 8 + 8 + 3 * (8 + 1) * 48
    gates = 24 * 6 + 6
    module = NETWORKS["gauge_equivariant"]((24, 24, 24))
    assert sum(p.numel() for p in module.parameters()) == convolutions + widths + gates == 12_822


@pytest.mark.parametrize("name", LATTICE)
def test_hidden_layers_and_width_are_all_used(name):
    module = network(name)
    x, sigma = torch.tensor(links((6, 6)), dtype=torch.float32), torch.linspace(0.1, 1, 5)
    module(x, sigma).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in module.parameters())
