"""Bound states of an interaction, in closed form or from a solver."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from halkit.typing import Array

__all__ = ["BoundStates"]


class BoundStates(NamedTuple):
    """Bound states, deepest first.

    Attributes
    ----------
    energy : array of shape (n_bound,)
        E = −κ²/2m < 0.
    kappa : array of shape (n_bound,)
        Binding momenta κ > 0: the wave function falls like e^{−κr}/r.
    """

    energy: Array
    kappa: Array

    @classmethod
    def from_kappa(cls, kappa: Array, reduced_mass: float) -> BoundStates:
        """Return the states with binding momenta κ, which fall from the first to the last."""
        return cls(-np.square(kappa) / (2 * reduced_mass), kappa)
