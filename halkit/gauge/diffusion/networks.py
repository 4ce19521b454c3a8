r"""Networks for the score of noisy links: from (θ, σ) to σ s(θ, σ), s = ∂ log p_σ/∂θ.

``gauge_equivariant``: the noisy density depends on the plaquettes alone, so that the score is
the curl of one scalar h per plaquette,

    s_0(x) = h(x) − h(x−1̂),    s_1(x) = h(x−0̂) − h(x),    h(x) = e^{−2σ²} Σ_c g_c(x) o_c(x),

with o_c = sin P, sin 2P and the sines of the 2 × 1 rectangles on x, odd under θ → −θ, and
gates g_c, a convolutional network of the cosines of the same loops, which are even;
e^{−2σ²} is what the noise on four links leaves of cos P. ``gauge_energy`` has the same layers
and gates the cosines instead: they add up to one energy,

    E(θ, σ) = e^{−2σ²} Σ_x Σ_c g_c(x) e_c(x),    s = −∂E/∂θ,

so that its score has a density, at twice to thrice the price. ``unet`` convolves cosines and
sines of links and plaquettes and is not gauge-equivariant; of the links alone, where sin P is a
product of four, it had learned nothing in the few short trainings that were tried. ``mlp`` takes
any n angles; both have the damping e^{−σ²/2} of one link. ``plaquette`` learns nothing here, but
the force of a plaquette without noise, see `halkit.gauge.diffusion.force`.

On links all of them add what they learn to the score of one plaquette, a(σ) sin P in h, see
`halkit.gauge.diffusion.baseline`, times 1 − e^{−4(1 + β̂)σ²} with β̂ = −a(0): without noise
a(0) sin P is the whole score of the Wilson action, and a short training cannot spoil it.

The width enters as e^{−kσ²/2}, k = 1, 2, 4, …, 128, and scales and shifts every channel; the
large k resolve the small widths, where the score still changes by 3σ². No layer looks at more
than a neighbourhood or averages over the lattice, so that the convolutional networks take
links of any size.
"""

from itertools import pairwise

import torch
from torch import nn

from halkit.gauge.diffusion.baseline import NO_MOMENTS, Baseline
from halkit.gauge.theory.torus import curl, plaquette_sum

__all__ = [
    "NETWORKS",
    "GaugeEnergyNetwork",
    "GaugeEquivariantNetwork",
    "MultilayerPerceptron",
    "PlaquetteNetwork",
    "UNet",
    "UserNetwork",
    "_loops",
]

EMBEDDING = 8


class Conditioned(nn.Module):
    """A layer whose channels are scaled and shifted by a function of σ, then silu."""

    def __init__(self, layer, channels, width):
        super().__init__()
        self.layer, self.film = layer, nn.Linear(width, 2 * channels)

    def forward(self, x, embedding):
        x = self.layer(x)
        scale, shift = self.film(embedding).reshape(len(x), -1, *[1] * (x.ndim - 2)).chunk(2, dim=1)
        return nn.functional.silu(torch.addcmul(shift, x, 1 + scale))


class WidthEmbedding(nn.Module):
    """Functions of σ, from powers of e^{−σ²/2}."""

    def __init__(self, width=EMBEDDING):
        super().__init__()
        self.layer = nn.Linear(EMBEDDING, width)
        self.register_buffer("power", 2.0 ** torch.arange(EMBEDDING), persistent=False)

    def forward(self, sigma):
        damping = torch.exp(-0.5 * self.power * sigma[:, None] ** 2)
        return nn.functional.silu(self.layer(4 * damping - 2))


def convolution(n_in, n_out):
    """3 × 3, periodic in both directions, stride 1."""
    return nn.Conv2d(n_in, n_out, 3, padding=1, padding_mode="circular")


class OnBaseline(nn.Module):
    """From (θ, σ) to σ s, beginning with the score of one plaquette.

    Parameters
    ----------
    moments : tuple of float
        From `halkit.gauge.diffusion.baseline.plaquette_moments`.
    """

    def __init__(self, moments):
        super().__init__()
        self.baseline = Baseline(moments)

    def strength(self, sigma):
        """The baseline's a(σ), to multiply plaquettes (n, L0, L1)."""
        return self.baseline(sigma)[:, None, None]

    def base(self, theta, sigma):
        """The score of the baseline times σ, of the shape of θ."""
        strength = sigma[:, None, None] * self.strength(sigma)
        return curl(strength * torch.sin(plaquette_sum(theta)))

    def around(self, theta, sigma, f):
        """σ s of a field f on the links, with the damping of one link; rows have no baseline."""
        damping = self.baseline.opening(sigma) * sigma * torch.exp(-(sigma**2) / 2)
        score = damping.reshape(-1, *[1] * (theta.ndim - 1)) * f
        return self.base(theta, sigma) + score if theta.ndim == 4 else score


class ScoreNetwork(OnBaseline):
    """The same, with functions of σ for the layers.

    Parameters
    ----------
    moments : tuple of float
        Of `OnBaseline`.
    """

    def __init__(self, moments):
        super().__init__(moments)
        self.embedding = WidthEmbedding()


class UserNetwork(OnBaseline):
    """The network of a user as the field f, see `halkit.gauge.diffusion.contract`.

    Parameters
    ----------
    factory : callable
        Makes the network.
    moments : tuple of float
        Of `OnBaseline`.
    """

    def __init__(self, factory, moments=NO_MOMENTS):
        super().__init__(moments)
        self.network = factory().float()

    def forward(self, theta, sigma):
        return self.around(theta, sigma, self.network(theta, sigma))


class GaugeEquivariantNetwork(ScoreNetwork):
    """Curl of one odd scalar per plaquette; see the module.

    Parameters
    ----------
    hidden_channels : tuple of int
        Channels of the 3 × 3 convolutions.
    n_features : int
        Not used: the network takes links of any size.
    moments : tuple of float
        Of `ScoreNetwork`.
    """

    any_size = True
    n_gates = 6

    def __init__(self, hidden_channels, n_features=None, moments=NO_MOMENTS):  # noqa: ARG002
        super().__init__(moments)
        sizes = [4, *hidden_channels]
        self.layers = nn.ModuleList(
            Conditioned(convolution(n, m), m, EMBEDDING) for n, m in pairwise(sizes)
        )
        self.gates = _output(nn.Conv2d(sizes[-1], self.n_gates, 1))

    def scalar(self, theta, sigma):
        """The scalar h (n, L0, L1) whose curl is the score."""
        even, odd = _loops(theta)
        return self.strength(sigma) * odd[:, 0] + self._gated(even, odd, sigma)

    def _gated(self, even, loops, sigma):
        """e^{−2σ²} Σ_c g_c(x) times the loops, g a function of the cosines."""
        x = even.contiguous(memory_format=torch.channels_last)
        embedding = self.embedding(sigma)
        for layer in self.layers:
            y = layer(x, embedding)
            x = x + y if x.shape == y.shape else y
        damping = self.baseline.opening(sigma) * torch.exp(-2 * sigma**2)
        return damping[:, None, None] * (self.gates(x) * loops).sum(dim=1)

    def forward(self, theta, sigma):
        h = sigma[:, None, None] * self.scalar(theta, sigma)
        return curl(h)


def _output(layer):
    """The last layer starts at zero: an untrained network has no score."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _loops(theta):
    """Cosines (n, 4, L0, L1) and sines (n, 6, L0, L1) of loops on every plaquette.

    Cosines of P, 2P and of the rectangles P(x) + P(x+0̂) and P(x) + P(x+1̂); sines of the same,
    and of the rectangles on the other side of x.
    """
    return _loops_of(plaquette_sum(theta))


def _loops_of(P):
    c, s = torch.cos(P), torch.sin(P)
    even, odd = [c, 2 * c * c - 1], [s, 2 * s * c]
    for axis in (-2, -1):
        c1, s1 = c.roll(-1, axis), s.roll(-1, axis)
        even.append(c * c1 - s * s1)
        rectangle = s * c1 + c * s1
        odd += [rectangle, rectangle.roll(1, axis)]
    return torch.stack(even, 1), torch.stack(odd, 1)


class GaugeEnergyNetwork(GaugeEquivariantNetwork):
    """Score of one scalar energy of the plaquettes; see the module.

    Parameters
    ----------
    hidden_channels : tuple of int
        Channels of the 3 × 3 convolutions.
    n_features : int
        Not used: the network takes links of any size.
    moments : tuple of float
        Of `ScoreNetwork`.
    """

    n_gates = 4

    def density(self, theta, sigma):
        """The energy per site (n, L0, L1); up to a constant, −log p_σ is its sum."""
        return self._density_of(plaquette_sum(theta), sigma)

    def _density_of(self, P, sigma):
        even, _ = _loops_of(P)
        return self.strength(sigma) * even[:, 0] + self._gated(even, even, sigma)

    def scalar(self, theta, sigma):
        """The scalar h (n, L0, L1) whose curl is the score: −∂E/∂P of every plaquette.

        Each plaquette is given an angle of its own, P + η, and the slope taken at η = 0.
        """
        grad = torch.is_grad_enabled()
        with torch.enable_grad():
            P = plaquette_sum(theta).detach().requires_grad_()
            energy = self._density_of(P, sigma).sum()
            (slope,) = torch.autograd.grad(energy, P, create_graph=grad)
        return -slope

    def forward(self, theta, sigma):
        grad = torch.is_grad_enabled()
        with torch.enable_grad():
            links = theta.detach().requires_grad_()
            energy = self.density(links, sigma).sum()
            (slope,) = torch.autograd.grad(energy, links, create_graph=grad)
        return -sigma[:, None, None, None] * slope


class UNet(ScoreNetwork):
    """Convolutions of stride 1 on cosines and sines of links and plaquettes, with skips.

    Parameters
    ----------
    hidden_channels : tuple of int
        Channels on the way down; the way up has the same in reverse.
    n_features : int
        Not used: the network takes links of any size.
    moments : tuple of float
        Of `ScoreNetwork`.
    """

    any_size = True

    def __init__(self, hidden_channels, n_features=None, moments=NO_MOMENTS):  # noqa: ARG002
        super().__init__(moments)
        down = [6, *hidden_channels]
        self.down = nn.ModuleList(
            Conditioned(convolution(n, m), m, EMBEDDING) for n, m in pairwise(down)
        )
        up = hidden_channels[::-1]
        self.up = nn.ModuleList(
            Conditioned(convolution(n if i == 0 else 2 * n, m), m, EMBEDDING)
            for i, (n, m) in enumerate(pairwise(up))
        )
        self.output = _output(convolution(2 * up[-1] if len(up) > 1 else up[-1], 2))

    def forward(self, theta, sigma):
        angle = torch.cat([theta, plaquette_sum(theta)[:, None]], dim=1)
        x = torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)
        x = x.contiguous(memory_format=torch.channels_last)
        embedding, skips = self.embedding(sigma), []
        for layer in self.down:
            x = layer(x, embedding)
            skips.append(x)
        skips.pop()
        for layer in self.up:
            x = torch.cat([layer(x, embedding), skips.pop()], dim=1)
        return self.around(theta, sigma, self.output(x))


class MultilayerPerceptron(ScoreNetwork):
    """Dense layers on (cos θ, sin θ) of n angles; for the size that it was made for, alone.

    Parameters
    ----------
    hidden_channels : tuple of int
        Widths of the hidden layers.
    n_features : int
        Number of angles n.
    moments : tuple of float
        Of `ScoreNetwork`; for links alone.
    """

    any_size = False

    def __init__(self, hidden_channels, n_features, moments=NO_MOMENTS):
        super().__init__(moments)
        sizes = [2 * n_features, *hidden_channels]
        self.layers = nn.ModuleList(
            Conditioned(nn.Linear(n, m), m, EMBEDDING) for n, m in pairwise(sizes)
        )
        self.output = _output(nn.Linear(sizes[-1], n_features))

    def forward(self, theta, sigma):
        angle = theta.flatten(1)
        x, embedding = torch.cat([torch.cos(angle), torch.sin(angle)], dim=1), self.embedding(sigma)
        for layer in self.layers:
            x = layer(x, embedding)
        return self.around(theta, sigma, self.output(x).reshape(theta.shape))


class PlaquetteNetwork(ScoreNetwork):
    """The score of the baseline and no more; nothing in it is trained.

    Parameters
    ----------
    hidden_channels : tuple of int
        Not used.
    n_features : int
        Not used: it takes links of any size.
    moments : tuple of float
        Of `ScoreNetwork`.
    """

    any_size = True

    def __init__(self, hidden_channels, n_features=None, moments=NO_MOMENTS):  # noqa: ARG002
        super().__init__(moments)

    def forward(self, theta, sigma):
        return self.base(theta, sigma)


NETWORKS = {
    "gauge_equivariant": GaugeEquivariantNetwork,
    "gauge_energy": GaugeEnergyNetwork,
    "unet": UNet,
    "mlp": MultilayerPerceptron,
    "plaquette": PlaquetteNetwork,
}
