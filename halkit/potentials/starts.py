"""One start of a neural fit: an interaction, with its loss and the iterations that it took."""

import numpy as np

from halkit.interactions import Interaction
from halkit.interactions.interaction import cut
from halkit.training import evaluate

__all__ = ["Start"]


class Start(Interaction):
    """The potential that one start of a fit ended with.

    Attributes
    ----------
    loss : float
        As ``loss_`` of the fit.
    n_iter : int
        Iterations.
    potential : ndarray of shape (n_out, n_r)
        U on the nodes of the fit.
    """

    def __init__(self, module, radius, nonlocal_radius, *, loss, n_iter, check_radii):
        self.module, self.loss, self.n_iter = module, loss, n_iter
        self.radius, self.nonlocal_radius = radius, nonlocal_radius
        self._check_radii = check_radii
        self.has_local, self.has_nonlocal = module.local is not None, module.network is not None

    def local_potential(self, r):
        """V(r) of the local term, zero without one; any shape."""
        (r,) = self._check_radii(r=r)
        return evaluate(self.module.local, r) if self.has_local else np.zeros(r.shape)

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast against each other."""
        return self._nonlocal(*self._check_radii(r=r, r_prime=r_prime))

    def _nonlocal(self, r, r_prime):
        if not self.has_nonlocal:
            return np.zeros(np.broadcast_shapes(r.shape, r_prime.shape))
        return cut(evaluate(self.module.network, r, r_prime), self.nonlocal_radius, r, r_prime)

    @property
    def potential(self):
        r_out, r = (x.detach().cpu().numpy() for x in (self.module.r_out, self.module.r))
        return self._nonlocal(r_out[:, None], r[None, :])
