r"""Networks that represent a non-local potential U(r, r').

    plain      U = e(r) e(r') A f(x, x')                       (also a user's module f)
    symmetric  U = e(r) e(r') A g(f(x) + f(x'))                (exchange symmetry)
    separable  U = Σ_a c_a h_a(r) h_a(r'),  h_a = sqrt(A) e_a(r) f_a(x),  c_a = ±1

x is the scaled radius, e a decay envelope with a learnable radius, A the prior scale of U, and f, g
multilayer perceptrons. [f(x, x') + f(x', x)]/2 in place of f(x, x') makes U symmetric. A local term
V(r) δ(r − r') is a sum of Gaussians or Yukawa potentials, linear in its coefficients. The separable
network and the local term know coupled channels, side by side in wave functions and in actions; the
argument `pair` is the element (a, b) of their matrices U_ab and V_ab. Every network
knows the derivative of U with respect to its parameters: the residual of the Schrödinger equation
is linear in U, so that this derivative, contracted with the data, is the Jacobian of a Gauss-Newton
step.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from halkit.potentials.activations import activation_class
from halkit.potentials.layers import Pairs, Sum, by_pair, only_linear_layers_learn, passed
from halkit.typing import Array

__all__ = [
    "NETWORKS",
    "Envelope",
    "InputMap",
    "LocalTerm",
    "PlainNetwork",
    "SeparableNetwork",
    "SymmetricNetwork",
    "UserNetwork",
    "make_network",
]


class InputMap(nn.Module):
    """x = r/scale, or arsinh(r/scale) for radii that span many scales."""

    def __init__(self, scale: float, *, stretched: bool = False) -> None:
        super().__init__()
        self.scale, self.stretched = scale, stretched

    def forward(self, r: Tensor) -> Tensor:
        """Return x."""
        x = r / self.scale
        return torch.asinh(x) if self.stretched else x


class Envelope(nn.Module):
    """exp(−r/ρ) or exp(−r²/2ρ²), with ρ = 3 radius/(2 + e^{−s}) and s learned from 0.

    ρ stays below 3/2 radius, so that U has vanished where the data end. A singular envelope has the
    additional factor radius/r, with which r U(r, r') is finite at the origin.
    """

    log_ratio: Tensor

    def __init__(
        self, kind: Literal["exponential", "gaussian"] | None, radius: float, *, n_radii: int = 1,
        learned: bool = True, singular: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kind, self.radius, self.singular = kind, radius, singular
        s = torch.zeros(n_radii, dtype=torch.float64)
        if kind is not None and learned:
            self.log_ratio = nn.Parameter(s)
        else:
            self.register_buffer("log_ratio", s, persistent=False)

    @property
    def radii(self) -> Tensor:
        """ρ, one for each term of U."""
        return self._radii(self.log_ratio)

    def _radii(self, s):
        return self.radius * 3 / (2 + (-s).exp())

    def forward(self, r: Tensor) -> Tensor:
        """Values at r (...,), shape (..., n_radii)."""
        return self._values(r, self.log_ratio)

    def _values(self, r, s):
        factor = (self.radius / r if self.singular else torch.ones_like(r))[..., None]
        if self.kind is None:
            return factor
        x = r[..., None] / self._radii(s)
        return factor * torch.exp(-x if self.kind == "exponential" else -0.5 * x**2)

    def with_slope(self, r: Tensor) -> tuple[Tensor, Tensor | None]:
        """Values at r (n,) and their derivatives by s, None if the radii are not learned."""
        if not isinstance(self.log_ratio, nn.Parameter):
            return self(r), None
        with torch.enable_grad():
            s = self.log_ratio.detach().expand(len(r), -1).clone().requires_grad_()
            e = self._values(r, s)
            (slope,) = torch.autograd.grad(e.sum(), s)
        return e.detach(), slope


class PairNetwork(nn.Module):
    """U = A e(r) e(r') f(x, x'), differentiated pair by pair; a subclass gives f as ``shape``.

    `symmetric` takes the symmetric part of f; ``exchange_symmetric`` says whether U is symmetric.
    """

    def __init__(
        self, *, inputs: InputMap, envelope: dict[str, Any], amplitude: float,
        symmetric: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.inputs, self.amplitude = inputs, amplitude
        self.averaged = self.exchange_symmetric = symmetric
        self.envelope = Envelope(**envelope)

    @abstractmethod
    def shape(self, x: Tensor, x_prime: Tensor) -> Tensor:
        """Return f(x, x')."""

    def forward(self, r: Tensor, r_prime: Tensor) -> Tensor:
        """U(r, r'), the arguments broadcast against each other."""
        envelope = (self.envelope(r) * self.envelope(r_prime))[..., 0]
        x, x_prime = self.inputs(r), self.inputs(r_prime)
        f = self.shape(x, x_prime)
        if self.averaged:
            f = (f + self.shape(x_prime, x)) / 2
        return self.amplitude * envelope * f

    def action(self, r_out: Tensor, r: Tensor, phi: Tensor) -> Tensor:
        """Σ_j U(r_i, r_j) φ_sj, with the measure inside φ; shape (n_samples, n_out)."""
        return phi @ self(r_out[:, None], r[None, :]).T

    def jacobian(self, r_out: Tensor, r: Tensor) -> Tensor:
        """∂U(r_i, r_j)/∂θ_p, shape (n_out, n_r, n_parameters)."""
        return torch.cat([*self._pieces(r_out, r, lambda table: table)], dim=2)

    def _pieces(self, r_out, r, summed):
        """∂U(r_i, r_j)/∂θ for one part of θ after the other, `summed` over j."""
        pairs = Pairs(r_out, r, half=self.exchange_symmetric and r_out is r)
        (e, slope), (e_prime, slope_prime) = pairs.each(self.envelope.with_slope)
        shape = self._shape_pieces(pairs, self.amplitude * (e * e_prime)[:, 0], summed)
        if shape is None:
            yield summed(by_pair(self, pairs))
            return
        f, pieces = shape
        if slope is not None:
            change = slope * e_prime + e * slope_prime
            yield summed(pairs.spread(self.amplitude * f[:, None] * change))
        yield from pieces

    def _shape_pieces(self, pairs: Pairs, weight: Tensor, summed: Sum) -> Any:  # noqa: ARG002
        """f at the pairs, and weight ∂f/∂θ in pieces; None if f is known as a whole only."""
        known: Any = None
        return known

    def kernel(self, r_out: Tensor, r: Tensor) -> Tensor:
        """U(r_i, r_j), shape (n_out, n_r)."""
        return self(r_out[:, None], r[None, :])

    def row_size(self, n_samples: int, n_r: int) -> int:
        """Number of derivatives by one parameter that one output row takes in memory."""
        return max(n_samples, n_r)

    def action_jacobian(self, r_out: Tensor, r: Tensor, phi: Tensor) -> Tensor:
        """∂(action)/∂θ_p, shape (n_samples, n_out, n_parameters)."""
        pieces = self._pieces(r_out, r, lambda table: torch.matmul(phi, table))
        return torch.cat([*pieces], dim=2).transpose(0, 1)


class PlainNetwork(PairNetwork):
    """U = A e(r) e(r') f(x, x') with a perceptron f of both radii."""

    def __init__(
        self, hidden: Sequence[int], *, activation: Any = nn.Tanh, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.mlp = _perceptron((2, *hidden, 1), activation)

    def shape(self, x: Tensor, x_prime: Tensor) -> Tensor:
        """Return f(x, x')."""
        pair = torch.broadcast_tensors(x, x_prime)
        return self.mlp(torch.stack(pair, dim=-1))[..., 0]

    def _shape_pieces(self, pairs, weight, summed):
        if self.averaged or not only_linear_layers_learn(self.mlp):
            return None
        of = passed(self.mlp, torch.stack([self.inputs(r) for r in pairs.radii], dim=-1))
        return of.value[:, 0], pairs.products(of, weight, summed)


def _perceptron(sizes, activation=nn.Tanh):
    """Linear layers, activations between them; weights N(0, 1/fan_in), biases N(0, 1)."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        linear = nn.Linear(n_in, n_out, dtype=torch.float64)
        nn.init.normal_(linear.weight, std=1 / math.sqrt(n_in))
        nn.init.normal_(linear.bias, std=1.0)
        layers += [linear, activation().double()]
    return nn.Sequential(*layers[:-1])


class SymmetricNetwork(PairNetwork):
    """U = A e(r) e(r') g(f(x) + f(x')): U(r, r') = U(r', r) by construction."""

    def __init__(
        self, hidden: Sequence[int], *, activation: Any = nn.Tanh, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.exchange_symmetric = True
        self.f = _perceptron((1, *hidden), activation)
        self.g = nn.Sequential(
            activation().double(), _perceptron((hidden[-1], *hidden[1:], 1), activation)
        )

    def shape(self, x: Tensor, x_prime: Tensor) -> Tensor:
        """Return f(x, x')."""
        return self.g(self.f(x[..., None]) + self.f(x_prime[..., None]))[..., 0]

    def _shape_pieces(self, pairs, weight, summed):
        layers = [self.g[0], *self.g[1]]
        if not only_linear_layers_learn([*self.f, *layers]):
            return None
        inner = [passed(self.f, self.inputs(r)[:, None]) for r in pairs.sets[pairs.half :]]
        u = inner[0].value[pairs.i] + inner[-1].value[pairs.j]
        of = passed(layers, u)
        slope = weight[:, None] * of.of_input[:, 0]
        f = pairs.sums(inner[0], inner[-1], slope, summed)
        return of.value[:, 0], chain(f, pairs.products(of, weight, summed))


class UserNetwork(PairNetwork):
    """U = A e(r) e(r') f(x, x') with a user's module f; see `halkit.potentials.contract`."""

    def __init__(self, factory: Callable[[], nn.Module], **settings: Any) -> None:
        super().__init__(**settings)
        self.f = factory().double()

    def shape(self, x: Tensor, x_prime: Tensor) -> Tensor:
        """Return f(x, x')."""
        x, x_prime = torch.broadcast_tensors(x, x_prime)
        return self.f(x.reshape(-1), x_prime.reshape(-1)).reshape(x.shape)


class SeparableNetwork(nn.Module):
    """U_ab = Σ_k c_k h_ka(r) h_kb(r') with fixed signs c_k: symmetric and of low rank.

    One perceptron gives the form factors of all channels; each has its own envelope. With a single
    channel, U(r, r').
    """

    exchange_symmetric = True
    signs: Tensor

    def __init__(
        self, hidden: Sequence[int], *, inputs: InputMap, envelope: dict[str, Any],
        amplitude: float, signs: Array, n_channels: int = 1, activation: Any = nn.Tanh,
    ) -> None:  # fmt: skip
        super().__init__()
        self.inputs, self.amplitude, self.n_channels = inputs, amplitude, n_channels
        n_factors = n_channels * len(signs)
        self.envelope = Envelope(**envelope, n_radii=n_factors)
        self.mlp = _perceptron((1, *hidden, n_factors), activation)
        fixed = torch.tensor(signs, dtype=torch.float64)
        self.register_buffer("signs", fixed, persistent=False)

    def form_factors(self, r: Tensor) -> Tensor:
        """h_ka(r), shape (..., n_channels·rank), all k of the first channel first."""
        x = self.inputs(r)[..., None]
        return math.sqrt(self.amplitude) * self.envelope(r) * self.mlp(x)

    def forward(self, r: Tensor, r_prime: Tensor, pair: tuple[int, int] = (0, 0)) -> Tensor:
        """U_ab(r, r'), the radii broadcast against each other."""
        h, h_prime = (
            self.form_factors(x).unflatten(-1, (self.n_channels, -1))[..., c, :]
            for x, c in zip((r, r_prime), pair, strict=True)
        )
        return (h * self.signs * h_prime).sum(-1)

    def _stacked(self, factors):
        """Form factors (n, n_channels·rank, ...) as (n_channels·n, rank, ...)."""
        return factors.unflatten(1, (self.n_channels, -1)).transpose(0, 1).flatten(0, 1)

    def kernel(self, r_out: Tensor, r: Tensor) -> Tensor:
        """U_ab(r_i, r_j), shape (n_channels·n_out, n_channels·n_r)."""
        h_out, h = (self._stacked(self.form_factors(x)) for x in (r_out, r))
        return (h_out[:, None] * self.signs * h).sum(-1)

    def action(self, r_out: Tensor, r: Tensor, phi: Tensor) -> Tensor:
        """Σ_bj U_ab(r_i, r_j) φ_sbj, with the measure inside φ; (n_samples, n_channels·n_out)."""
        h = self._stacked(self.form_factors(r))
        once = r_out is r and not torch.is_grad_enabled()  # gradients would be rounded otherwise
        h_out = h if once else self._stacked(self.form_factors(r_out))
        return (phi @ h * self.signs) @ h_out.T

    def factor_jacobian(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """h_q(r_i) (n, n_channels·rank) and ∂h_q(r_i)/∂θ_p (n, n_channels·rank, n_parameters).

        One pass back through the layers for each q = (k, a), for all radii at once. Activations
        with parameters of their own are differentiated radius by radius.
        """
        if not only_linear_layers_learn(self.mlp):
            return self._jacobian_by_radius(r)
        of, root = passed(self.mlp, self.inputs(r)[:, None]), math.sqrt(self.amplitude)
        f = of.value
        e, slope = self.envelope.with_slope(r)
        parts = [] if slope is None else [torch.diag_embed(root * slope * f)]
        for x, slopes in zip(of.entered, of.slopes, strict=True):
            bias = root * e[:, :, None] * slopes
            parts += [(bias[..., None] * x[:, None, None, :]).flatten(2), bias]
        return root * e * f, torch.cat(parts, dim=2)

    def _jacobian_by_radius(self, r):
        parameters = dict(self.named_parameters())

        def factors(parameters, a):
            h = functional_call(
                _FormFactors(self), {f"network.{n}": p for n, p in parameters.items()}, (a,)
            )
            return h, h

        derivatives, h = vmap(jacrev(factors, has_aux=True), in_dims=(None, 0))(parameters, r)
        return h, torch.cat([d.reshape(*h.shape, -1) for d in derivatives.values()], dim=2)

    def jacobian(self, r_out: Tensor, r: Tensor) -> Tensor:
        """∂(kernel)/∂θ_p, shape (n_channels·n_out, n_channels·n_r, n_parameters)."""
        h_out, d_out = map(self._stacked, self.factor_jacobian(r_out))
        h, d = map(self._stacked, self.factor_jacobian(r))
        left = torch.einsum("a,iap,ja->ijp", self.signs, d_out, h)
        return left + torch.einsum("a,ia,jap->ijp", self.signs, h_out, d)

    def row_size(self, n_samples: int, n_r: int) -> int:  # noqa: ARG002
        """Number of derivatives by one parameter that one output row takes in memory."""
        return self.n_channels * n_samples

    def action_jacobian(self, r_out: Tensor, r: Tensor, phi: Tensor) -> Tensor:
        """∂(action)/∂θ_p, shape (n_samples, n_channels·n_out, n_parameters)."""
        h, d = self.factor_jacobian(r)
        n_out = len(r_out)
        first = torch.equal(r_out, r[:n_out])
        h_out, d_out = (h[:n_out], d[:n_out]) if first else self.factor_jacobian(r_out)
        h, d, h_out, d_out = map(self._stacked, (h, d, h_out, d_out))
        left = torch.einsum("sa,iap->sip", phi @ h * self.signs, d_out)
        right = torch.einsum("ia,sap->sip", h_out * self.signs, torch.tensordot(phi, d, 1))
        return left + right


class _FormFactors(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, r):
        return self.network.form_factors(r)


class LocalTerm(nn.Module):
    """V(r) = Σ_m θ_m B_m v(r/b_m), v(x) = exp(−x²) or exp(−x)/x, with fixed b_m and B_m.

    Coupled channels have V_ab = V_ba with scales of shape (n_pairs, n_widths), for the pairs
    (1, 1), (1, 2), … (2, 2), …; so stand the coefficients.
    """

    widths: Tensor
    scales: Tensor

    def __init__(
        self, widths: Array, scales: Array, kind: Literal["gaussian", "yukawa"] = "gaussian"
    ) -> None:
        super().__init__()
        self.kind, scales = kind, np.atleast_2d(scales) * np.ones(len(widths))
        self.n_channels = int(np.sqrt(2 * len(scales)))
        self.number = np.zeros((self.n_channels, self.n_channels), dtype=int)
        upper = np.triu_indices(self.n_channels)
        self.number[upper] = self.number.T[upper] = np.arange(len(scales))
        for name, value in (("widths", widths), ("scales", scales)):
            tensor = torch.tensor(value, dtype=torch.float64)
            self.register_buffer(name, tensor, persistent=False)
        self.coefficients = nn.Parameter(torch.zeros(scales.size, dtype=torch.float64))

    def basis(self, r: Tensor, pair: tuple[int, int] = (0, 0)) -> Tensor:
        """B_m v(r/b_m), shape (..., n_widths)."""
        x = r[..., None] / self.widths
        scales = self.scales[self.number[pair]]
        return scales * (torch.exp(-(x**2)) if self.kind == "gaussian" else torch.exp(-x) / x)

    def forward(self, r: Tensor, pair: tuple[int, int] = (0, 0)) -> Tensor:
        """V_ab(r)."""
        rows = self.coefficients.reshape(self.scales.shape)
        return self.basis(r, pair) @ rows[self.number[pair]]

    def action(self, r: Tensor, phi: Tensor) -> Tensor:
        """Σ_b V_ab(r_i) φ_sb(r_i), shape (n_samples, n_channels·n)."""
        n, waves = self.n_channels, phi.reshape(len(phi), self.n_channels, -1)
        rows = [sum(self(r, (a, b)) * waves[:, b] for b in range(n)) for a in range(n)]
        return torch.cat(rows, dim=1)

    def action_jacobian(self, r: Tensor, phi: Tensor, W: Tensor | None = None) -> Tensor:
        """∂(action)/∂θ_p, times W of its shape; (n_samples, n_channels·n, n_parameters)."""
        n, waves = self.n_channels, phi.reshape(len(phi), self.n_channels, -1)
        rows = torch.ones_like(waves) if W is None else W.reshape(waves.shape)
        J = waves.new_zeros(*waves.shape, *self.scales.shape)
        for a, b in np.ndindex(n, n):
            column = (rows[:, a] * waves[:, b])[:, :, None]
            J[:, a, :, self.number[a, b]] = column * self.basis(r, (a, b))
        return J.flatten(3).flatten(1, 2)


NETWORKS: dict[str, Any] = {
    "plain": PlainNetwork,
    "symmetric": SymmetricNetwork,
    "separable": SeparableNetwork,
}


def make_network(
    network: Any, hidden: Sequence[int], *, activation: Any, signs: Array, symmetric: bool,
    n_channels: int = 1, **settings: Any,
) -> nn.Module:  # fmt: skip
    """Return the network of a name or of a user's factory, with fresh parameters."""
    if not isinstance(network, str):
        return UserNetwork(network, symmetric=symmetric, **settings)
    extra: dict[str, dict[str, Any]]
    extra = {
        "separable": {"signs": signs, "n_channels": n_channels},
        "plain": {"symmetric": symmetric},
    }
    activation = activation_class(activation)
    return NETWORKS[network](hidden, activation=activation, **extra.get(network, {}), **settings)
