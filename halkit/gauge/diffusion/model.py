"""A trained score network: what it is made of, what it says, what it draws."""

import copy
import math
from typing import NamedTuple

import numpy as np
import torch

from halkit.gauge.chains.correction import progress as bar
from halkit.gauge.diffusion import contract, denoising, links
from halkit.gauge.diffusion.baseline import NO_MOMENTS
from halkit.gauge.diffusion.networks import NETWORKS, UserNetwork
from halkit.gauge.diffusion.noise import wrapped_normal_score
from halkit.modules import Named, qualified_name
from halkit.training import one_thread, seeded

__all__ = [
    "Architecture",
    "NetworkPath",
    "as_tensor",
    "denoising_scores",
    "draw",
    "evaluate_score",
]

# Angles of one batch: 64 configurations of 16 × 16 links.
BATCH = 2**15
SCORE_DRAWS = 16


class Architecture(NamedTuple):
    """The network, its channels, the shape and the moments of what it was made for.

    The network is a name, or the code of a user as a `halkit.modules.Named`, which has no channels.
    """

    network: str | Named
    hidden_channels: tuple
    shape: tuple
    moments: tuple = NO_MOMENTS

    def build(self, seed):
        """The network with fresh parameters."""
        with seeded(seed):
            if isinstance(self.network, Named):
                return UserNetwork(self.network.value, self.moments)
            module = NETWORKS[self.network](
                self.hidden_channels, int(np.prod(self.shape)), self.moments
            )
        return module.to(memory_format=torch.channels_last)

    @property
    def name(self):
        """What messages call the network."""
        named = isinstance(self.network, Named)
        return qualified_name(self.network.value) if named else repr(self.network)

    def check_takes(self, module, shape):
        """Refuse another lattice than it was made for, if the network cannot take it."""
        if tuple(shape) == self.shape:
            return
        if isinstance(self.network, Named):
            contract.check_takes(module.network, self.name, shape)
        elif not NETWORKS[self.network].any_size:
            raise ValueError(
                f"the network {self.name} was made for the lattice {self.shape[1:]} and cannot "
                f"change to {tuple(shape[1:])}: use 'gauge_equivariant', 'gauge_energy' or 'unet'"
            )


def as_tensor(X, dtype):
    """A tensor of its own memory; torch takes no array with negative strides."""
    return torch.tensor(np.ascontiguousarray(X), dtype=dtype)


def evaluate_score(module, X, sigma):
    """The score s(θ, σ) of numpy angles, in batches.

    Parameters
    ----------
    module : Module
    X : array of shape (n, …)
    sigma : float

    Returns
    -------
    float32 array of the shape of X
    """
    device = next(module.parameters()).device
    parts = []
    with torch.no_grad(), one_thread():
        for start in range(0, len(X), _batch(X.shape[1:])):
            theta = as_tensor(X[start : start + _batch(X.shape[1:])], torch.float32)
            parts.append(_score(module)(theta.to(device), sigma).cpu().numpy())
    return np.concatenate(parts)


def _batch(shape):
    return max(1, BATCH // int(np.prod(shape)))


def _score(module):
    def score(theta, sigma):
        return module(theta, torch.full((len(theta),), sigma).to(theta)) / sigma

    return score


class NetworkPath:
    """The energy of a network times β/β0, along falling widths: a path for `sample_smc`.

    At the place u the width is that where the noise leaves u of cos P, u = e^{−2σ²}: all of the
    energy is hidden at u = 0, and none at u = 1.

    Parameters
    ----------
    module : GaugeEnergyNetwork
    ratio : float
        β/β0.
    """

    def __init__(self, module, ratio):
        self.module, self.ratio = module, ratio

    def energy(self, theta, u):
        """Return E of links (n, 2, L0, L1), as an array (n,)."""
        return self._collect(theta, u, self._batch_energy, (len(theta),))

    def force(self, theta, u):
        """Return −∂E/∂θ, of the shape of the links."""
        return self._collect(theta, u, self._batch_force, theta.shape)

    def _batch_energy(self, links, sigma):
        with torch.no_grad():
            return self.module.density(links, sigma).sum(dim=(1, 2), dtype=torch.float64)

    def _batch_force(self, links, sigma):
        with torch.enable_grad():
            energy = self.module.density(links.requires_grad_(), sigma).sum()
            (slope,) = torch.autograd.grad(energy, links)
        return -slope

    def _collect(self, theta, u, of_batch, shape):
        values = np.zeros(shape)
        if u == 0:
            return values
        sigma, device = math.sqrt(-math.log(u) / 2), next(self.module.parameters()).device
        size = _batch(theta.shape[1:])
        with one_thread():
            for start in range(0, len(theta), size):
                links = np.ascontiguousarray(theta[start : start + size], dtype=np.float32)
                links = torch.from_numpy(links).to(device)
                part = of_batch(links, torch.full((len(links),), sigma).to(links))
                values[start : start + size] = part.cpu().numpy()
        return self.ratio * values


def denoising_scores(module, X):
    """``−|f(θ ± σε, σ) ∓ σt|²`` of each sample, averaged over links and over the same draws (σ, ε).

    Parameters
    ----------
    module : Module
    X : array of shape (n, …)

    Returns
    -------
    array of shape (n,)
    """
    module = copy.deepcopy(module).cpu().double()
    generator = torch.Generator().manual_seed(0)
    sigma, epsilon = denoising.draw_noise((SCORE_DRAWS, *X.shape[1:]), generator=generator)
    sigma, epsilon = sigma.double(), epsilon.double()
    width = sigma.reshape(-1, *[1] * (X.ndim - 1))
    constant = (width * wrapped_normal_score(width * epsilon, width)).square().mean()
    loss = np.zeros(len(X))
    with torch.no_grad(), one_thread():
        for start in range(0, len(X), _batch(X.shape[1:])):
            theta = as_tensor(X[start : start + _batch(X.shape[1:])], torch.float64)
            for s, noise in zip(sigma, epsilon, strict=True):
                part = denoising.denoising_loss(
                    module, theta, s.expand(len(theta)), noise.expand_as(theta)
                )
                loss[start : start + len(theta)] += part.numpy()
    return -(loss / SCORE_DRAWS + float(constant))


def draw(module, n, shape, *, beta, ratio, method, seed, lattice, n_steps=None, progress=False):
    """Draw angles, in batches, from uniform ones; see `halkit.gauge.diffusion.links`.

    Parameters
    ----------
    module : Module
    n : int
    shape : tuple
        Shape of one sample.
    beta, ratio : float
        β, and β/β0.
    method : {"annealed", "sde", "ode"}
    seed : int
    lattice : bool
    n_steps : int, optional
    progress : bool
        Whether to show a bar.

    Returns
    -------
    float64 array of shape (n, …), not wrapped
    """
    device = next(module.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    starts, samples = range(0, n, _batch(shape)), np.empty((n, *shape))
    with torch.no_grad(), one_thread():
        for start in bar(starts, "sample", progress):
            size = min(_batch(shape), n - start)
            theta = math.pi * (2 * torch.rand((size, *shape), generator=generator) - 1)
            theta = theta.to(device)
            score = _score(module)
            arguments = score, theta, beta, ratio
            options = {"generator": generator, "n_steps": n_steps}
            if method == "annealed":
                theta = links.anneal(*arguments, lattice=lattice, **options)
            else:
                theta = links.reverse_process(*arguments, noisy=method == "sde", **options)
                if lattice:
                    theta = links.settle(score, theta, beta, ratio, generator=generator)
            samples[start : start + size] = theta.cpu().numpy()
    return samples
