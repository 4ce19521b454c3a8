r"""The derivative expansion of U to next order: [V0(r) + V2(r) ∇²] δ(r − r').

Its Hamiltonian is H = V0 − D ∇² with D(r) = 1/2m − V2(r) > 0. H is not symmetric, but
s⁻¹ H s = V0 + s (−∇²/2m) s with s = √(2mD) is symmetric. So solvers compute u/s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.checks import check_number, check_positive
from halkit.interactions.conversion import Potential, as_interaction
from halkit.interactions.edges import stated_edges
from halkit.interactions.functions import Laplacian, Local
from halkit.interactions.interaction import Interaction, Sum, cut, part_values
from halkit.typing import Array, Number

__all__ = ["DerivativeExpansion", "kinetic_scale"]


class DerivativeExpansion(Sum):
    """The potential V0(r) + V2(r) ∇², for a reduced mass m with 2m V2(r) < 1.

    An S wave u = rφ of energy E = k²/2m obeys

        u'' = −(k² − 2m V0)/(1 − 2m V2) u.

    `spherical_box_states`, `fourier_potential` and coupled channels do not accept V2.

    Parameters
    ----------
    V0 : Interaction or fitted estimator
        An energy; see `halkit.interactions.as_interaction`.
    V2 : callable
        Maps an array of r to the array of V2(r), an energy times a squared length. It must decay.

    References
    ----------
    T. Iritani et al. (HAL QCD), Phys. Rev. D 99 (2019) 014514 [arXiv:1805.02365].

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import DerivativeExpansion, GaussianSum
    >>> from halkit.scattering import phase_shift
    >>> U = DerivativeExpansion(GaussianSum([-0.5], [1.0]), lambda r: -0.1 * np.exp(-(r**2)))
    >>> phase_shift(U, [0.5, 1.0], reduced_mass=1.0).round(6)
    array([0.226571, 0.224756])
    """

    def __init__(self, V0: Potential, V2: Callable[..., Any]) -> None:
        self.V0 = as_interaction(V0)
        if isinstance(V2, Local):
            V2 = Laplacian(V2.f, radius=V2.radius, edges=V2.edges)
        elif isinstance(V2, Interaction) and not isinstance(V2, Laplacian):
            V2 = Laplacian(V2, radius=V2.radius, edges=sorted(stated_edges(V2)))
        self.V2 = V2 if isinstance(V2, Laplacian) else Laplacian(V2)
        super().__init__(self.V0, self.V2)

    def at_momentum(self, k: Number, *, reduced_mass: Number) -> Local:
        """Return V(r) = (V0 − k² V2)/(1 − 2m V2), with the same wave function at momentum k.

        Parameters
        ----------
        k : float
            Momentum, k ≥ 0; 0 is the threshold.
        reduced_mass : float
            Reduced mass m.

        Returns
        -------
        Local
            For this k only.

        Raises
        ------
        ValueError
            If V0 is not local.
        """
        m, k2 = check_positive(reduced_mass, "reduced_mass"), check_number(k, "k", least=0) ** 2
        if self.has_nonlocal:
            raise ValueError(f"V0 must be local, got {self.V0!r}")

        def equivalent(r: Array) -> Array:
            V2 = self.laplacian_potential(r)
            return (self.local_potential(r) - k2 * V2) / (1 - 2 * m * V2)

        return Local(equivalent)

    def __repr__(self) -> str:
        return f"DerivativeExpansion({self.V0!r}, {self.V2!r})"


def kinetic_scale(interaction: Interaction, r: Array, reduced_mass: float) -> Array:
    """Return s(r) = √(1 − 2m V2(r)) of an interaction, elementwise.

    Raises
    ------
    ValueError
        If 1 − 2m V2(r) is not positive everywhere.
    """
    V2 = cut(part_values(interaction, "laplacian_potential", r), interaction.radius, r)
    square = 1 - 2 * reduced_mass * V2
    if not np.all(square > 0):
        i = np.argmin(square)
        raise ValueError(
            "1 - 2 m V2(r) must be positive, as a factor of the kinetic energy, "
            f"got {square[i]:g} at r = {r[i]:g}"
        )
    return np.sqrt(square)
