r"""The derivative of a network by its parameters, layer by layer.

A linear layer maps x to W x + b. With the derivative s_q of the output f_q by what leaves the
layer,

    ∂f_q/∂W = s_q xᵀ,    ∂f_q/∂b = s_q:

one pass back through the layers gives both for all points at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

__all__ = ["Pairs", "Passed", "Sum", "by_pair", "only_linear_layers_learn", "passed"]


# From tables (n_out, n_r, n) to themselves, or to their sums over j with wave functions φ_sj.
Sum: TypeAlias = Callable[[Tensor], Tensor]


class Passed(NamedTuple):
    """What a pass through layers and back tells.

    Attributes
    ----------
    value : Tensor of shape (n, n_outputs)
        f_q at each point.
    entered : list of Tensor of shape (n, n_in)
        What enters each linear layer.
    slopes : list of Tensor of shape (n, n_outputs, n_out)
        ∂f_q/∂(what leaves it).
    of_input : Tensor of shape (n, n_outputs, n_inputs)
        ∂f_q/∂(the point).
    """

    value: Tensor
    entered: list[Tensor]
    slopes: list[Tensor]
    of_input: Tensor


def only_linear_layers_learn(layers: Sequence[nn.Module]) -> bool:
    """Whether all parameters belong to linear layers."""
    return all(isinstance(layer, nn.Linear) or not [*layer.parameters()] for layer in layers)


def passed(layers: Sequence[nn.Module], x: Tensor) -> Passed:
    """Send points x (n, n_inputs) through the layers, and the derivatives of the outputs back.

    Each point is on its own in every layer.
    """
    with torch.enable_grad():
        start = x.detach().clone().requires_grad_()
        value, entered, left = start, [], [start]
        for layer in layers:
            if isinstance(layer, nn.Linear):
                entered.append(value.detach())
                value = layer(value)
                left.append(value)
            else:
                value = layer(value.clone())  # it may work in place
        back = [torch.autograd.grad(f.sum(), left, retain_graph=True) for f in value.unbind(1)]
    of_input, *slopes = (torch.stack(of_one, dim=1) for of_one in zip(*back, strict=True))
    return Passed(value.detach(), entered, slopes, of_input)


class Pairs:
    """The pairs (r_i, r_j) of two sets of radii; with `half`, i ≤ j of one set.

    Parameters
    ----------
    r_out, r : Tensor of shape (n_out,), (n_r,)
    half : bool
        Whether what is computed on pairs is the same at (i, j) and (j, i).
    """

    def __init__(self, r_out: Tensor, r: Tensor, *, half: bool) -> None:
        self.sets, self.half = (r_out, r), half
        self.shape = len(r_out), len(r)
        index = torch.cartesian_prod(*(torch.arange(n) for n in self.shape)).T
        self.i, self.j = torch.triu_indices(len(r), len(r)) if half else index
        self.radii = r_out[self.i], r[self.j]

    def each(self, function: Callable[[Tensor], tuple[Tensor, Tensor | None]]) -> list[Any]:
        """Two values of a function (the second may be None) at the r_i, and at the r_j."""
        sets, index = self.sets[self.half :], (self.i, self.j)
        found = [function(r) for r in sets]
        pairs = zip(index, (found[0], found[-1]), strict=True)
        return [tuple(None if v is None else v[n] for v in values) for n, values in pairs]

    def spread(self, values: Tensor) -> Tensor:
        """Values at the pairs (n_pairs, ...) as a table (n_out, n_r, ...)."""
        if not self.half:
            return values.unflatten(0, self.shape)
        table = values.new_empty(*self.shape, *values.shape[1:])
        table[self.i, self.j] = values
        table[self.j, self.i] = values
        return table

    def products(self, of: Passed, weight: Tensor, summed: Sum) -> Iterator[Tensor]:
        """weight ∂f/∂θ for f of a pair, for W and b of each linear layer in turn."""
        for x, s in zip(of.entered, of.slopes, strict=True):
            bias = self.spread(weight[:, None] * s[:, 0])
            yield summed(_outer(bias, self.spread(x)))
            yield summed(bias)

    def sums(self, of_out: Passed, of: Passed, slope: Tensor, summed: Sum) -> Iterator[Tensor]:
        """Σ_q slope_q ∂[f_q(r_i) + f_q(r_j)]/∂θ for slopes (n_pairs, n_outputs)."""
        table = self.spread(slope)
        layers = zip(of_out.entered, of_out.slopes, of.entered, of.slopes, strict=True)
        for x_out, s_out, x, s in layers:
            bias = torch.matmul(table, s_out)
            turned = bias if self.half else torch.matmul(table.transpose(0, 1), s)
            bias, turned = summed(bias), turned.transpose(0, 1).contiguous()
            yield _outer(bias, x_out[:, None]) + summed(_outer(turned, x[None]))
            yield bias + summed(turned)


def _outer(a, b):
    """a_p b_q of the last axes, as one axis."""
    return (a[..., :, None] * b[..., None, :]).flatten(2)


def by_pair(network: nn.Module, pairs: Pairs) -> Tensor:
    """∂U(r_i, r_j)/∂θ_p by a gradient at each pair, shape (n_out, n_r, n_parameters)."""

    def one(parameters, a, b):
        return functional_call(network, parameters, (a, b))

    parameters = dict(network.named_parameters())
    derivatives = vmap(grad(one), in_dims=(None, 0, 0))(parameters, *pairs.radii)
    flat = torch.cat([d.reshape(len(d), -1) for d in derivatives.values()], dim=1)
    return pairs.spread(flat)
