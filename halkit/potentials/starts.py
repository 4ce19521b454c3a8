"""One start of a neural fit: an interaction, with its loss and the iterations that it took."""

from halkit.potentials.base import Learned
from halkit.potentials.parts import ModuleParts

__all__ = ["Start"]


class Start(Learned):
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

    def __init__(self, module, *, loss, n_iter, check_radii):
        super().__init__(ModuleParts(module))
        self.loss, self.n_iter, self._check_radii = loss, n_iter, check_radii

    def local_potential(self, r):
        """V(r) of the local term, zero without one; any shape."""
        return super().local_potential(*self._check_radii(r=r))

    def nonlocal_potential(self, r, r_prime):
        """U(r, r'), the arguments broadcast against each other."""
        return super().nonlocal_potential(*self._check_radii(r=r, r_prime=r_prime))

    @property
    def potential(self):
        module = self.model._module
        r_out, r = (x.detach().cpu().numpy() for x in (module.r_out, module.r))
        return self.model._nonlocal(r_out[:, None], r[None, :])

    def __repr__(self):
        return f"Start(loss={self.loss:.3g}, n_iter={self.n_iter})"
