r"""The potential of a network to first order in its parameters: linear propagation of errors.

Around the parameters θ of a fit,

    U + δ·∂U/∂θ,    V + δ·∂V/∂θ,

is linear in δ. Data close to the data of the fit, such as bins of a jackknife, move it by the
solution δ of one least-squares problem,

    Σ_si W_si² (prediction − y)²_si + (η/N) |θ + δ|²,

minus the δ_0 of the data of the fit. δ_0 vanishes at the minimum; where the fit ended before the
minimum, it is common to all bins.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import RegressorMixin
from torch.func import functional_call, vjp
from torch.nn.utils import parameters_to_vector

from halkit.callbacks import with_callbacks
from halkit.potentials.base import PotentialMixin
from halkit.potentials.learned import NetworkInteraction, of_pairs
from halkit.scaling import norm
from halkit.training import one_thread, unchanged_on_error
from halkit.typing import Array, Numbers
from halkit.versions import Versioned

__all__ = ["TangentPotential"]


class _Moved(NetworkInteraction):
    """A network with each parameter moved by δ, to first order."""

    def __init__(self, module, delta):
        super().__init__(module, "TangentPotential")
        self.delta = delta

    def local_term(self, r: Array) -> Array:
        n = len(self.module.local.coefficients)
        return _moved(self.module.local, self.delta[-n:], r, **self.pair)

    def uncut(self, r: Array, r_prime: Array) -> Array:
        return _moved(self.module.network, self.delta, r, r_prime, **self.pair)


class TangentPotential(PotentialMixin, RegressorMixin, Versioned):
    """The potential of a fitted network, moved by data close to its own.

    Parameters
    ----------
    network : NeuralPotential
        Fitted.
    offset : ndarray of shape (n_parameters,), optional
        δ_0, the ``delta_`` of the data of the fit.
    """

    def __init__(self, network: Any, offset: Array | None = None) -> None:
        self.network = network
        self.offset = offset

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find δ; arguments as for `NonLocalPotentialRegressor.fit`."""
        with self._task(X, y, sample_weight), unchanged_on_error(self):
            problem = self._problem(X, y, sample_weight, y_std, like=self.network)
            with one_thread(), torch.no_grad():
                self.delta_, self.loss_ = self._solve(problem)
            if self.offset is not None:
                self.delta_ = self.delta_ - self.offset
        return self

    def _solve(self, problem):
        """δ by singular values, and the remaining loss."""
        module, decay = self._module, self.network._design["decay"]
        X, W = torch.tensor(problem.X), torch.tensor(problem.W)
        theta = parameters_to_vector(module.parameters()).numpy()
        J = W[..., None] * module.jacobian(X, slice(0, len(self.r_out_)))
        rest = W * (torch.tensor(problem.y) - module(X))
        root = np.sqrt(decay)
        A = np.vstack([J.reshape(-1, len(theta)).numpy(), root * np.eye(len(theta))])
        b = np.concatenate([rest.numpy().ravel(), -root * theta])
        delta = np.linalg.lstsq(A, b, rcond=None)[0]
        with np.errstate(over="ignore", under="ignore"):
            return delta, float(norm(A @ delta - b) ** 2)

    @property
    def _module(self):
        return self.network.net_.module_

    @property
    def r(self) -> Any:
        """The nodes given to the network."""
        return self.network.r

    def _owner(self):
        return self.network

    @property
    def _learned(self):
        make = partial(_Moved, self._module, self.delta_)
        return self._in_channels(of_pairs(make, self.n_channels_))


def _moved(module, delta, *radii, **pair):
    """f + δ·∂f/∂θ of a module, whose parameters come first in δ."""
    radii = tuple(torch.tensor(np.array(r, dtype=np.float64)) for r in radii)
    theta = {name: value.detach() for name, value in module.named_parameters()}
    parts = torch.tensor(delta[: sum(value.numel() for value in theta.values())])
    parts = parts.split([value.numel() for value in theta.values()])
    change = {
        name: part.reshape(value.shape)
        for (name, value), part in zip(theta.items(), parts, strict=True)
    }
    with one_thread():
        value, pull = vjp(lambda p: functional_call(module, p, radii, pair), theta)
        # vᵀ ∂f/∂θ is linear in v; its derivative by v, contracted with δ, is δ·∂f/∂θ
        _, push = vjp(lambda v: pull(v)[0], torch.zeros_like(value))
        (moved,) = push(change)
    return (value + moved).detach().numpy()
