"""The reduced mass that a fit knows, and its sums, multiples and matrices with it.

The ``interaction_`` of a fit is a function of r alone, without a mass, as closed forms are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["SAME", "common_mass", "own_mass", "same_mass"]

# Two masses that differ by less are taken as the same pair; masses of bins scatter a little.
SAME = 0.05


def own_mass(potential: Any) -> float | None:
    """Return the reduced mass of an estimator of one channel, or of a sum with such, or None."""
    mass = getattr(potential, "_mass", lambda: None)()
    return None if mass is None else float(mass)


def same_mass(mass: float, other: float) -> bool:
    """Return whether two reduced masses may belong to the same pair of hadrons."""
    return bool(np.isclose(mass, other, rtol=SAME, atol=0))


def common_mass(terms: Iterable[Any]) -> float | None:
    """Return the mean of the reduced masses that terms of a sum know, None if none does.

    Raises
    ------
    ValueError
        If they belong to different pairs of hadrons.
    """
    known = [mass for mass in map(own_mass, terms) if mass is not None]
    if not known:
        return None
    if not same_mass(max(known), min(known)):
        masses = ", ".join(f"{mass:.10g}" for mass in known)
        raise ValueError(
            f"terms of a sum must be fits with the same reduced mass, got {masses}. To add "
            "potentials of different hadrons, give the interaction_ of the fits"
        )
    return float(np.mean(known))
