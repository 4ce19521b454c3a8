"""V(r) and U(r, r') of a trained module: whether they are there, and where they end."""

import numpy as np

from halkit.interactions.interaction import cut
from halkit.training import evaluate

__all__ = ["ModuleParts", "NetworkParts"]


class NetworkParts:
    """V and U of the `Potential` that ``_module`` is.

    A subclass may replace the functions of the module by others of its own, ``_v(r)`` and
    ``_u(r, r_prime)``.
    """

    @property
    def has_local(self):
        """Whether there is a local term."""
        return self._module.local is not None

    @property
    def has_nonlocal(self):
        """Whether there is a non-local part."""
        return self._module.network is not None

    @property
    def nonlocal_radius(self):
        """Radius beyond which U is zero, the last node; None without U."""
        return float(self._module.r[-1]) if self.has_nonlocal else None

    @property
    def radius(self):
        """Radius beyond which the potential is zero; None where an envelope makes it decay."""
        network, local = self._module.network, self._module.local
        ends = local is None or (network is not None and network.envelope.kind is None)
        return self.nonlocal_radius if ends else None

    def _local(self, r):
        return self._v(r) if self.has_local else np.zeros(r.shape)

    def _nonlocal(self, r, r_prime):
        if not self.has_nonlocal:
            return np.zeros(np.broadcast_shapes(r.shape, r_prime.shape))
        return cut(self._u(r, r_prime), self.nonlocal_radius, r, r_prime)

    def _v(self, r):
        return evaluate(self._module.local, r)

    def _u(self, r, r_prime):
        return evaluate(self._module.network, r, r_prime)


class ModuleParts(NetworkParts):
    """The same of a module alone."""

    def __init__(self, module):
        self._module = module
