"""Networks of a user, in a module that other processes can import, too."""

import math

import numpy as np
import torch
from torch import nn


class Perceptron(nn.Module):
    """The network "plain" of halkit, once more."""

    def __init__(self, width=8):
        super().__init__()
        self.first, self.second = linear(2, width), linear(width, 1)

    def forward(self, x, x_prime):
        return self.second(torch.tanh(self.first(torch.stack([x, x_prime], dim=-1))))[..., 0]


class FormFactors(nn.Module):
    """The network "separable" of halkit, once more, of rank 2 and without its envelope."""

    def __init__(self, hidden=(8, 8)):
        super().__init__()
        sizes = [1, *hidden, 2]
        self.layers = nn.ModuleList(map(linear, sizes[:-1], sizes[1:]))

    def form_factors(self, x):
        h = x[..., None]
        for layer in self.layers[:-1]:
            h = torch.tanh(layer(h))
        return self.layers[-1](h)

    def forward(self, x, x_prime):
        h, h_prime = self.form_factors(x), self.form_factors(x_prime)
        return -h[..., 0] * h_prime[..., 0] + h[..., 1] * h_prime[..., 1]


class Gaussians(nn.Module):
    """Σ_m c_m exp(−(x − x_m)²/2 − (x' − x'_m)²/2): single precision, no layer of torch."""

    def __init__(self, n=4):
        super().__init__()
        self.centres = nn.Parameter(2 * torch.rand(n, 2))
        self.coefficients = nn.Parameter(torch.randn(n))

    def forward(self, x, x_prime):
        distance = torch.stack([x, x_prime], dim=-1)[..., None, :] - self.centres
        return torch.exp(-0.5 * (distance**2).sum(dim=-1)) @ self.coefficients


class Waves(nn.Module):
    """Linear in random Fourier features, which are drawn once and kept as a buffer."""

    def __init__(self, n=6):
        super().__init__()
        self.register_buffer("frequencies", torch.randn(2, n))
        self.coefficients = nn.Parameter(torch.randn(n))

    def forward(self, x, x_prime):
        return torch.cos(torch.stack([x, x_prime], dim=-1) @ self.frequencies) @ self.coefficients


class Swish(nn.Module):
    """An activation: x sigmoid(b x), b learned."""

    def __init__(self):
        super().__init__()
        self.b = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return x * torch.sigmoid(self.b * x)


class DenseField(nn.Module):
    """The network "mlp" of the sampler, once more, with one hidden layer."""

    def __init__(self, n_angles=32, width=4):
        super().__init__()
        self.embedding = nn.Linear(8, 8)
        self.first, self.film = nn.Linear(2 * n_angles, width), nn.Linear(8, 2 * width)
        self.last = nn.Linear(width, n_angles)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, theta, sigma):
        k = 2.0 ** torch.arange(8, device=theta.device)
        damping = torch.exp(-0.5 * k * sigma[:, None] ** 2)
        width = nn.functional.silu(self.embedding(4 * damping - 2))
        scale, shift = self.film(width).chunk(2, dim=1)
        angle = theta.flatten(1)
        x = self.first(torch.cat([torch.cos(angle), torch.sin(angle)], dim=1))
        return self.last(nn.functional.silu(shift + x * (1 + scale))).reshape(theta.shape)


class LinkField(nn.Module):
    """A convolution of cosines and sines of links and plaquettes: it depends on the gauge."""

    def __init__(self, channels=4):
        super().__init__()
        self.register_buffer("scale", torch.rand(channels))
        periodic = {"kernel_size": 3, "padding": 1, "padding_mode": "circular"}
        self.first = nn.Conv2d(6, channels, **periodic)
        self.last = nn.Conv2d(channels, 2, **periodic)

    def forward(self, theta, sigma):
        u, v = theta[:, 0], theta[:, 1]
        P = u + v.roll(-1, -2) - u.roll(-1, -1) - v
        angle = torch.stack([u, v, P], dim=1)
        x = self.first(torch.cat([torch.cos(angle), torch.sin(angle)], dim=1))
        width = torch.exp(-self.scale * sigma[:, None] ** 2)
        return self.last(torch.tanh(x * width[:, :, None, None]))


def linear(n_in, n_out):
    """As halkit draws it."""
    layer = nn.Linear(n_in, n_out, dtype=torch.float64)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(n_in))
    nn.init.normal_(layer.bias, std=1.0)
    return layer


def wide_perceptron():
    """A factory."""
    return Perceptron(12)


# What is refused


class Column(Perceptron):
    def forward(self, x, x_prime):
        return super().forward(x, x_prime)[:, None]


class Single(Perceptron):
    def forward(self, x, x_prime):
        return super().forward(x, x_prime).float()


class Inverse(Perceptron):
    def forward(self, x, x_prime):
        return super().forward(x, x_prime) / x


class Pair(Perceptron):
    def forward(self, x, x_prime):
        return super().forward(x, x_prime), x


class OneRadius(Perceptron):
    def forward(self, x):
        return super().forward(x, x)


class Normalised(Perceptron):
    def forward(self, x, x_prime):
        f = super().forward(x, x_prime)
        return f - f.mean()


class Dropping(Perceptron):
    def forward(self, x, x_prime):
        return nn.functional.dropout(super().forward(x, x_prime), 0.5)


class Unregistered(Perceptron):
    def __init__(self):
        super().__init__()
        self.scale = torch.rand(())

    def forward(self, x, x_prime):
        return self.scale * super().forward(x, x_prime)


class FromNumpy(Perceptron):
    def __init__(self):
        super().__init__()
        self.second.bias.data[:] = float(np.random.normal())  # noqa: NPY002


class Fixed(Perceptron):
    def __init__(self):
        super().__init__()
        self.first.bias.requires_grad_(False)


class Complex(Perceptron):
    def __init__(self):
        super().__init__()
        self.phase = nn.Parameter(torch.zeros(1, dtype=torch.complex64))


class Constant(nn.Module):
    def forward(self, x, x_prime):
        return torch.exp(-x - x_prime)


class Branching(Perceptron):
    def forward(self, x, x_prime):
        f = super().forward(x, x_prime)
        return f if float(x[0]) < 100 else 2 * f


class Cusp(Perceptron):
    """Its derivative is NaN where x = x'."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.ones(()))

    def forward(self, x, x_prime):
        f = super().forward(x, x_prime)
        return f + torch.sqrt(self.slope**2 * (x - x_prime) ** 2)


class OneChannel(LinkField):
    def forward(self, theta, sigma):
        return super().forward(theta, sigma)[:, :1]


class DoubleField(LinkField):
    def forward(self, theta, sigma):
        return super().forward(theta, sigma).double()


class InfiniteField(LinkField):
    def forward(self, theta, sigma):
        return super().forward(theta, sigma) / (sigma[:, None, None, None] - 0.5)


class FieldAndWidth(LinkField):
    def forward(self, theta, sigma):
        return super().forward(theta, sigma), sigma


class NoWidth(LinkField):
    def forward(self, theta):
        return super().forward(theta, theta[:, 0, 0, 0])


class CentredField(LinkField):
    def forward(self, theta, sigma):
        f = super().forward(theta, sigma)
        return f - f.mean(dim=0)


class DroppingField(LinkField):
    def forward(self, theta, sigma):
        return nn.functional.dropout(super().forward(theta, sigma), 0.5)


class AngleField(nn.Module):
    """A convolution of the angles themselves, which begins at zero."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular")
        nn.init.zeros_(self.layer.weight)
        nn.init.zeros_(self.layer.bias)

    def forward(self, theta, sigma):
        return self.layer(theta) + 0 * sigma[:, None, None, None]


class DetachedField(LinkField):
    def forward(self, theta, sigma):
        return super().forward(theta, sigma).detach()


class RootField(LinkField):
    """Its derivative is NaN."""

    def forward(self, theta, sigma):
        zero = 0 * self.first.weight.sum()
        return super().forward(theta, sigma) + torch.sqrt(zero**2)


class FixedField(LinkField):
    def __init__(self):
        super().__init__()
        self.first.bias.requires_grad_(False)


class UnregisteredField(LinkField):
    def __init__(self):
        super().__init__()
        self.factor = torch.rand(())

    def forward(self, theta, sigma):
        return self.factor * super().forward(theta, sigma)


SHARED = Perceptron()


def shared():
    return SHARED


def no_module():
    return torch.tanh


class Outer:
    class Inner(Perceptron):
        pass

    @classmethod
    def make(cls):
        return Perceptron()


def local_class():
    class Local(Perceptron):
        pass

    return Local


nameless = lambda: Perceptron(3)  # noqa: E731
