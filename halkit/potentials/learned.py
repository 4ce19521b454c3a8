"""The interactions of neural fits: V(r) and U(r, r') of a trained module, or their matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.interactions import InteractionMatrix
from halkit.interactions.interaction import Interaction, cut
from halkit.potentials.activations import may_jump
from halkit.potentials.coupling import Learned
from halkit.potentials.objective import Potential
from halkit.training import evaluate
from halkit.typing import Array

__all__ = ["CoupledStart", "NetworkInteraction", "Start", "of_pairs"]


class NetworkInteraction(Interaction):
    """V and U of a trained `halkit.potentials.objective.Potential`.

    U is zero beyond the last node of the fit; so is V if U has no envelope to make it decay.

    Attributes
    ----------
    module : Potential
        What ``local_term`` and ``uncut`` evaluate; subclasses override these two.
    pair : dict
        The element of coupled channels, as a keyword of the module; empty with a single channel.
    """

    pair: dict[str, tuple[int, int]] = {}  # noqa: RUF012

    def __init__(self, module: Potential, name: str = "NetworkInteraction") -> None:
        self.module, self.name = module, name
        network, local = module.network, module.local
        self.has_local, self.has_nonlocal = local is not None, network is not None
        self.nonlocal_radius = float(module.r[-1]) if self.has_nonlocal else None
        ends = self.has_nonlocal and (local is None or network.envelope.kind is None)
        self.radius = self.nonlocal_radius if ends else None
        self.has_jumps = network is not None and may_jump(network)

    def local_potential(self, r: Array) -> Array:
        """V(r), elementwise."""
        r = np.asarray(r, dtype=np.float64)
        return self.local_term(r) if self.has_local else np.zeros(r.shape)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """U(r, r'), broadcasting."""
        r, r_prime = (np.asarray(x, dtype=np.float64) for x in (r, r_prime))
        if not self.has_nonlocal:
            return super().nonlocal_potential(r, r_prime)
        return cut(self.uncut(r, r_prime), self.nonlocal_radius, r, r_prime)

    def local_term(self, r: Array) -> Array:
        """Return V(r) of the module."""
        return evaluate(self.module.local, r, **self.pair)

    def uncut(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r') of the network, also beyond the last node."""
        return evaluate(self.module.network, r, r_prime, **self.pair)

    def __repr__(self):
        return f"{self.name}(...)"


def of_pairs(make: Callable[[], NetworkInteraction], n: int) -> Learned:
    """Return the interaction that `make` makes, or the n × n matrix of its elements."""
    if n == 1:
        return make()
    rows = [[make() for _ in range(n)] for _ in range(n)]
    for a, row in enumerate(rows):
        for b, one in enumerate(row):
            one.pair = {"pair": (a, b)}
    return InteractionMatrix(rows)


class Start(NetworkInteraction):
    """The interaction in which one start of a fit ended.

    Attributes
    ----------
    loss : float
        Its loss; see ``loss_`` of the fit.
    n_iter : int
        Iterations.
    potential : ndarray of shape (n_out, n_r)
        U on the nodes of the fit.
    """

    def __init__(
        self, module: Potential, loss: float, n_iter: int, check_nodes: Callable[[], Any]
    ) -> None:
        super().__init__(module)
        self.loss, self.n_iter, self._check_nodes = loss, n_iter, check_nodes

    def local_potential(self, r: Array) -> Array:
        """V(r), if the fit has a unit of length."""
        self._check_nodes()
        return super().local_potential(r)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """U(r, r'), if the fit has a unit of length."""
        self._check_nodes()
        return super().nonlocal_potential(r, r_prime)

    @property
    def potential(self) -> Array:
        """U on the nodes of the fit."""
        r_out, r = (x.detach().cpu().numpy() for x in (self.module.r_out, self.module.r))
        return super().nonlocal_potential(r_out[:, None], r[None, :])

    def __repr__(self):
        return f"Start(loss={self.loss:.3g}, n_iter={self.n_iter})"


class CoupledStart(InteractionMatrix):
    """A matrix of `Start` of one start, with its ``loss``, ``n_iter`` and ``potential``."""

    @property
    def _first(self) -> Any:
        return self[0, 0]

    @property
    def loss(self) -> float:
        """The loss of the start."""
        return self._first.loss

    @property
    def n_iter(self) -> int:
        """Iterations."""
        return self._first.n_iter

    @property
    def potential(self) -> Array:
        """U_ab on the nodes of the fit, shape (n, n, n_out, n_r)."""
        return np.array([[one.potential for one in row] for row in self.interactions])
