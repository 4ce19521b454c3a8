"""Requirements on a network or an activation of the user.

A network is a class, a function or a `functools.partial` of either, at the top level of a module
that can be imported. Called without arguments it returns a new `torch.nn.Module`, the f in

    U(r, r') = A e(r) e(r') f(x, x').

``forward(x, x_prime)`` takes two tensors of float64 and shape (n,), the scaled radii of n pairs,
and returns n finite values of f, float64 and of shape (n,). Each value depends on its own pair and
on the parameters only: no dropout, no normalisation over the batch. The module is converted to
float64 (``module.double()``). All of its parameters are learned and kept; constants drawn in the
constructor are kept if they are registered as buffers. It draws from torch's generator, which
`random_state` seeds.

Levenberg-Marquardt takes the derivatives of each pair by `torch.func`, so ``forward`` has to work
under ``vmap``: no branches on values, no ``item()``. L-BFGS and Adam differentiate as usual.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from halkit.modules import check_factory
from halkit.potentials.activations import activation_class
from halkit.potentials.networks import InputMap
from halkit.training import check_module, output_of
from halkit.typing import Array

__all__ = ["check_activation", "check_derivative", "check_network"]

# Nodes on each axis at which a network and its derivative are tried.
TRIED, DIFFERENTIATED = 24, 5


def check_activation(activation: Any) -> None:
    """Refuse an activation that does not act on each number by itself.

    Parameters
    ----------
    activation : str, class or function
        A name of torch.nn, or a factory.

    Raises
    ------
    ValueError, TypeError
        As `halkit.modules.check_factory`; for a wrong shape, type or value of the output.
    """
    make = check_factory(activation_class(activation), "activation")
    function, x = make(), torch.linspace(-3, 3, 7, dtype=torch.float64)
    if not isinstance(function, nn.Module):
        raise TypeError(f"activation must make a torch.nn.Module, got {type(function).__name__}")
    with torch.no_grad():
        function = function.double()
        y, again = _values(function, "activation", x), function(x)
        alone = torch.cat([function(x[i : i + 1]) for i in range(len(x))])
    if not (torch.equal(y, again) and torch.equal(y, alone)):
        raise ValueError(f"activation must be a function of each number alone, got {activation!r}")


def check_network(factory: Any, inputs: InputMap, r_out: Array, r: Array) -> None:
    """Refuse a user's network that does not meet the requirements of this module.

    Parameters
    ----------
    factory : callable
    inputs : InputMap
        From radii to what the network takes.
    r_out, r : ndarray
        Nodes of the fit.

    Raises
    ------
    ValueError, TypeError
    """
    x, x_prime = (inputs(_some(nodes, TRIED)) for nodes in (r_out, r))
    pairs = [x.flatten() for x in torch.meshgrid(x, x_prime, indexing="ij")]

    def make():
        module = factory()
        return module.double() if isinstance(module, nn.Module) else module

    def evaluate(module):
        with torch.no_grad():
            f = _values(module, "network", *pairs)
            some = np.unique(np.linspace(0, len(f) - 1, 3).astype(int))
            alone = torch.cat([_values(module, "network", *(p[[i]] for p in pairs)) for i in some])
        if (f[some] - alone).abs().max() > 1e-9 * f.abs().max():
            raise ValueError(
                "network must be a function of each pair alone, got values that change from call "
                "to call or with the other pairs (dropout, normalisation over the batch?)"
            )
        return f

    check_module(make, "network", evaluate)


def check_derivative(network: Any, r_out: Array, r: Array) -> None:
    """Refuse a network that Levenberg-Marquardt cannot differentiate.

    Raises
    ------
    ValueError
    """
    one = len(r_out) == len(r) and np.array_equal(r_out, r)
    r = _some(r, DIFFERENTIATED)
    try:
        with torch.no_grad():
            jacobian = network.jacobian(r if one else _some(r_out, DIFFERENTIATED), r)
    except Exception as error:
        raise ValueError(
            "network must work under torch.func.vmap and grad with solver='lm', got "
            f"{type(error).__name__}: {error}; write it without branches on values, or choose "
            "solver='lbfgs'"
        ) from error
    if not jacobian.isfinite().all():
        raise ValueError(
            "network must have finite derivatives by its parameters at every pair of nodes, got "
            "NaN or infinity"
        )


def _some(nodes, n):
    """At most n of the nodes, the first and the last among them."""
    index = np.unique(np.linspace(0, len(nodes) - 1, n).astype(int))
    return torch.tensor(nodes[index], dtype=torch.float64)


def _values(module, name, *tensors):
    """The output of a module, checked to be finite."""
    values = output_of(module, name, *tensors)
    bad = ~values.isfinite()
    if bad.any():
        at = ", ".join(f"{float(x[bad][0]):.4g}" for x in tensors)
        raise ValueError(f"{name} must be finite, got {float(values[bad][0])} at ({at})")
    return values
