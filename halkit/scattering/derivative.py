"""The derivative expansion to next order: U(r, r') = [V0(r) + V2(r) ∇²] δ(r − r').

The Hamiltonian is H = V0 − D ∇² with D(r) = 1/2m − V2(r) > 0. It is not symmetric, but
s⁻¹ H s with s = √(2mD) is: V0 + s (−∇²/2m) s. So the equation is solved for u/s.
"""

import numpy as np

from halkit.interactions import Local, as_interaction

__all__ = ["DerivativeExpansion", "kinetic_scale"]


class DerivativeExpansion:
    """A potential V0(r) + V2(r) ∇², for two hadrons of reduced mass m with 2m V2(r) < 1.

    It goes wherever `halkit.scattering` takes the interaction of one partial wave, and on a
    lattice, but not into `spherical_box_states`, `fourier_potential` or coupled waves. It is no
    interaction itself: it does not add (add to `V0` instead).

    Parameters
    ----------
    V0 : Interaction, fitted regressor
        What `halkit.interactions.as_interaction` takes. Energies.
    V2 : callable
        Maps an array of r to the array of V2(r), which has to decay. Energies × r².

    References
    ----------
    T. Iritani et al. (HAL QCD), Phys. Rev. D 99 (2019) 014514 [arXiv:1805.02365].

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import DerivativeExpansion, phase_shift
    >>> U = DerivativeExpansion(GaussianSum([-0.5], [1.0]), lambda r: -0.1 * np.exp(-(r**2)))
    >>> phase_shift(U, [0.5, 1.0], reduced_mass=1.0).round(6)
    array([0.226571, 0.224756])
    """

    def __init__(self, V0, V2):
        self.V0 = as_interaction(V0)
        self.V2 = V2 if isinstance(V2, Local) else Local(V2)

    def __repr__(self):
        return f"DerivativeExpansion({self.V0!r}, {self.V2!r})"


def kinetic_scale(V2, r, reduced_mass):
    """Return s(r) = √(1 − 2m V2(r)), elementwise.

    Raises
    ------
    ValueError
        If 1 − 2m V2(r) is not positive everywhere.
    """
    square = 1 - 2 * reduced_mass * V2.local_potential(r)
    if not np.all(square > 0):
        i = np.argmin(square)
        raise ValueError(
            "1 - 2 m V2(r) must be positive (the kinetic energy has to be), "
            f"got {square[i]:g} at r = {r[i]:g}"
        )
    return np.sqrt(square)
