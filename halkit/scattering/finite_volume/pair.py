"""Two hadrons whose kinetic energy k²/2m becomes an energy above threshold.

Eigenvalues of H0 + V + U are ε = k²/2m. With masses, a correlator of the state falls with
ΔW = √(m1² + k²) + √(m2² + k²) − m1 − m2, which is below ε.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from halkit.checks import check_array, check_masses, check_scale
from halkit.kinematics import energy_from_momentum, momentum_squared
from halkit.typing import Masses, Number, Numbers
from halkit.units import reduced_mass as reduced_mass_of

__all__ = ["Pair", "resolve_pair", "squared_momentum_of"]


class Pair(NamedTuple):
    """Two hadrons.

    Attributes
    ----------
    reduced_mass : float
    masses : tuple of float, or None
        None: energies are k²/2m.
    """

    reduced_mass: float
    masses: tuple[float, float] | None

    def energy(self, kinetic: Numbers) -> Any:
        """Return the energy above threshold at ε = k²/2m."""
        if self.masses is None:
            return kinetic
        k_squared = 2 * self.reduced_mass * np.asarray(kinetic)
        if np.min(k_squared) < -(min(self.masses) ** 2):
            raise ValueError(
                f"masses must be above the binding momenta of all states, got {self.masses} beside "
                f"√−k² = {np.sqrt(-np.min(k_squared)):.4g}: with reduced_mass energies are k²/2m"
            )
        return energy_from_momentum(k_squared, self.masses)


def resolve_pair(reduced_mass: Number | None, masses: Masses | None) -> Pair:
    """Return the pair from the one that is given.

    Raises
    ------
    ValueError, TypeError
        If both or neither is given, or a mass is not positive.
    """
    _refuse_both(reduced_mass, masses)
    if masses is None:
        return Pair(check_scale(reduced_mass, "reduced_mass"), None)
    pair = check_masses(masses, "masses")
    return Pair(check_scale(reduced_mass_of(pair), "reduced_mass"), pair)


def squared_momentum_of(energy: Numbers, reduced_mass: Number | None, masses: Any) -> Any:
    """Return k² at energies above threshold; energies and masses may be bins.

    Raises
    ------
    ValueError, TypeError
        As for `resolve_pair` and `halkit.kinematics.momentum_squared`.
    """
    _refuse_both(reduced_mass, masses)
    if masses is None:
        return 2 * check_scale(reduced_mass, "reduced_mass") * check_array(energy, "energy")
    return momentum_squared(check_array(energy, "energy"), masses)


def _refuse_both(reduced_mass, masses):
    if (reduced_mass is None) == (masses is None):
        both = "neither" if masses is None else "both"
        raise ValueError(f"reduced_mass or masses must be given, got {both}")
