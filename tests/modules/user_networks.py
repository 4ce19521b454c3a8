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
