"""Activations of networks: a name of torch.nn, a class or a function comes in, a class goes out."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

__all__ = ["activation_class", "may_jump"]

# Where the networks of halkit are.
OWN = "halkit.potentials.networks"
# Activations that are known to be continuous.
CONTINUOUS = (nn.Tanh, nn.Sigmoid, nn.Softplus, nn.SiLU, nn.GELU, nn.ELU, nn.ReLU)


class _PReLU(nn.PReLU):
    """As torch's, which has no derivatives for many radii at once."""

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


def activation_class(activation: Any) -> Any:
    """Return the class of a name of torch.nn, in any case; other things as they are.

    Raises
    ------
    ValueError
        If torch.nn has no activation of this name.
    """
    if not isinstance(activation, str):
        return _PReLU if activation is nn.PReLU else activation
    names = {name.lower(): name for name in nn.modules.activation.__all__}
    if activation.lower() not in names:
        raise ValueError(
            "activation must be a class, a function or a name of torch.nn such as 'tanh' or "
            f"'softplus', got {activation!r}"
        )
    return activation_class(getattr(nn, names[activation.lower()]))


def may_jump(network: nn.Module) -> bool:
    """Whether a network may jump: it has layers that are not halkit's, nor known as continuous."""
    known = nn.Linear, nn.Sequential, *CONTINUOUS
    return not all(
        isinstance(part, known) or type(part).__module__ == OWN for part in network.modules()
    )
