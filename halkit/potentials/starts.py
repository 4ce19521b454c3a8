"""One start of a neural fit: an interaction, with its loss and the iterations that it took."""

from halkit.interactions import Interaction
from halkit.potentials.parts import NetworkParts

__all__ = ["Start"]


class Start(NetworkParts, Interaction):
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

    # Not what the class defines, but what the module has.
    has_local, has_nonlocal = NetworkParts.has_local, NetworkParts.has_nonlocal

    def __init__(self, module, *, loss, n_iter, check_radii):
        self._module, self.loss, self.n_iter = module, loss, n_iter
        self._check_radii = check_radii

    def local_potential(self, r):
        """V(r) of the local term, zero without one; any shape."""
        return self._local(*self._check_radii(r=r))

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast against each other."""
        return self._nonlocal(*self._check_radii(r=r, r_prime=r_prime))

    @property
    def potential(self):
        r_out, r = (x.detach().cpu().numpy() for x in (self._module.r_out, self._module.r))
        return self._nonlocal(r_out[:, None], r[None, :])
