r"""The residual of the Schrödinger equation, and what a fit minimises.

For samples φ_s with targets y_s, the measure w and row weights W,

    ρ_si = W_si [ Σ_j U_θ(r_i, r_j) w_j φ_sj + V_θ(r_i) φ_si − y_si ],

    L(θ) = Σ ρ² + λ ⟨U²⟩_{r, r' > R_c} / A² + η |θ|² / N,

with the prior scale A of U, the asymptotic regulator λ and the strength η of the N(0, 1) prior on
the parameters. L is a sum of squares, and ρ is linear in U: all that a Gauss-Newton step takes from
U is ∂U/∂θ contracted with the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from halkit.typing import Array

__all__ = ["Potential"]

BLOCK_ENTRIES = 40_000_000


class Potential(nn.Module):
    """U_θ and V_θ on given nodes: wave functions (n_samples, n_r) → (n_samples, n_out).

    With n > 1 channels, side by side, (n_samples, n·n_r) → (n_samples, n·n_out).

    Parameters
    ----------
    network, local : Module or None
        U_θ(r, r') and V_θ(r).
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    r_out : ndarray of shape (n_out,)
        Nodes of the output rows.
    out_columns : ndarray of int or None
        Columns of the wave functions that hold φ(r_out): the local term needs them.
    regulator, regulator_radius : float
        λ and R_c.
    decay : float
        η/N.
    """

    network: Any
    local: Any
    r: Tensor
    weights: Tensor
    r_out: Tensor
    out_columns: Any

    def __init__(
        self, network: nn.Module | None, local: nn.Module | None, *, r: Array, weights: Array,
        r_out: Array, out_columns: NDArray[np.int64] | None, regulator: float = 0.0,
        regulator_radius: float = np.inf, decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.network, self.local = network, local
        self.regulator, self.decay = regulator, decay
        self.same_nodes = np.array_equal(r_out, r)
        self.n_channels = max(getattr(part, "n_channels", 1) for part in (network, local))
        for name, value in (("r", r), ("weights", weights), ("r_out", r_out)):
            tensor = torch.tensor(value, dtype=torch.float64)
            self.register_buffer(name, tensor, persistent=False)
        self.out_columns = out_columns
        self.far = np.flatnonzero(r > regulator_radius)
        self.far_out = np.flatnonzero(r_out > regulator_radius)

    @property
    def nodes(self) -> tuple[Tensor, Tensor]:
        """(r_out, r), the same object twice where the nodes are the same."""
        return (self.r, self.r) if self.same_nodes else (self.r_out, self.r)

    @cached_property
    def n_parameters(self) -> int:
        """Number of parameters θ."""
        return sum(theta.numel() for theta in self.parameters())

    def forward(self, X: Tensor) -> Tensor:
        """Σ_j U(r_i, r_j) w_j X_sj + V(r_i) X_si."""
        out = X.new_zeros(len(X), self.n_channels * len(self.r_out))
        if self.network is not None:
            out = out + self.network.action(*self.nodes, self._measured(X))
        if self.local is not None:
            out = out + self.local.action(self.r_out, self._at(X, self.out_columns))
        return out

    def _measured(self, X):
        return X * self.weights.repeat(self.n_channels)

    def _at(self, X, columns):
        """Columns of each channel, of rows with the channels side by side."""
        return X.unflatten(1, (self.n_channels, -1))[:, :, columns].flatten(1)

    def objective(self, prediction: Tensor, y: Tensor, W: Tensor) -> Tensor:
        """L(θ), differentiable."""
        loss = torch.sum((W * (prediction - y)) ** 2)
        if self.regulated:
            r_out, r = self.far_nodes()
            far = self.network.kernel(r_out, r) / self.network.amplitude
            loss = loss + self.regulator * torch.mean(far**2)
        if self.decay:
            loss = loss + self.decay * sum(torch.sum(t**2) for t in self.parameters())
        return loss

    @property
    def regulated(self) -> bool:
        """Whether L has the term of the regulator."""
        return bool(self.regulator and self.network is not None)

    def residual_blocks(self, X: Tensor, y: Tensor, W: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Blocks (ρ, ∂ρ/∂θ) with L = Σ ρ², of at most ``BLOCK_ENTRIES`` derivatives."""
        rho = W * (self(X) - y)
        for rows in self._row_blocks(len(X)):
            jacobian = self.jacobian(X, rows) * self._at(W, rows)[..., None]
            yield self._at(rho, rows).reshape(-1), jacobian.flatten(0, 1)
        if self.regulated:
            yield self._regulator_block()
        if self.decay:
            theta = nn.utils.parameters_to_vector(self.parameters())
            scale = self.decay**0.5
            yield scale * theta, scale * torch.eye(len(theta)).to(theta)

    def jacobian(self, X: Tensor, rows: slice) -> Tensor:
        """∂(prediction)/∂θ for a slice of the output rows, (n_samples, n·n_rows, n_parameters)."""
        r_out, r = self.nodes
        if rows != slice(0, len(r_out)):
            r_out = r_out[rows]
        parts = []
        if self.network is not None:
            parts.append(self.network.action_jacobian(r_out, r, self._measured(X)))
        if self.local is not None:
            parts.append(self.local.action_jacobian(r_out, self._at(X, self.out_columns[rows])))
        return torch.cat(parts, dim=2)

    def far_nodes(self) -> tuple[Tensor, Tensor]:
        """(r_out, r) beyond the radius of the regulator."""
        r = self.r[self.far]
        return (r, r) if self.same_nodes else (self.r_out[self.far_out], r)

    def _regulator_block(self):
        r_out, r = self.far_nodes()
        far = self.network.kernel(r_out, r)
        scale = (self.regulator / far.numel()) ** 0.5 / self.network.amplitude
        jacobian = self.network.jacobian(r_out, r).flatten(0, 1) * scale
        zeros = jacobian.new_zeros(len(jacobian), self.n_parameters - jacobian.shape[1])
        return far.reshape(-1) * scale, torch.cat([jacobian, zeros], dim=1)

    def _row_blocks(self, n_samples):
        size = n_samples * self.n_channels
        if self.network is not None:
            size = self.network.row_size(n_samples, len(self.r))
        per_row = size * self.n_parameters
        step = max(1, BLOCK_ENTRIES // per_row)
        n_out = len(self.r_out)
        return [slice(i, min(i + step, n_out)) for i in range(0, n_out, step)]
