"""The partial wave to which an interaction belongs, and the momenta that its data determine."""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.checks import check_scale
from halkit.interactions import Interaction, as_interaction
from halkit.interactions.conversion import Potential
from halkit.typing import Number, Numbers

__all__ = ["SAME", "interaction_in_wave", "mass_of", "own_mass", "tell_momenta"]

# Two masses that differ by less are taken as the same pair; masses of bins scatter a little.
SAME = 0.05


def interaction_in_wave(
    potential: Potential, l: int = 0, r: Numbers | None = None, *, laplacian: bool = False
) -> Interaction:
    """Return `potential` as an interaction that acts in the wave l.

    Parameters
    ----------
    potential, r
        As in `halkit.interactions.as_interaction`.
    l : int, default 0
        Orbital angular momentum.
    laplacian : bool, default False
        Whether a term V2(r) ∇² is allowed.

    Raises
    ------
    ValueError
        If the interaction is made for another l.
    TypeError
        If it has a V2 that is not allowed.
    """
    interaction = as_interaction(potential, r)
    if interaction.l not in (None, l):
        raise ValueError(f"{interaction!r} is made for l = {interaction.l}, got l = {l}")
    if interaction.has_laplacian and not laplacian:
        raise TypeError(f"interaction must not have a V2(r) ∇², got {interaction!r}")
    return interaction


def mass_of(potential: Any, reduced_mass: Number | None) -> float:
    """Return the reduced mass, by default that of a fitted estimator.

    Raises
    ------
    ValueError, TypeError
        If it is not a positive number, not known, or not that of the estimator.
    """
    own = own_mass(potential)
    if reduced_mass is None:
        if own is None:
            raise ValueError("reduced_mass must be given, got None")
        return own
    mass = check_scale(reduced_mass, "reduced_mass")
    if own is not None and not np.isclose(mass, own, rtol=SAME, atol=0):
        raise ValueError(
            f"reduced_mass must be {own:.10g}, that of the fitted {type(potential).__name__}, or "
            f"left out, got {mass:.10g}. To solve the potential with other masses, give its "
            "interaction_"
        )
    return mass


def own_mass(potential: Any) -> float | None:
    """Return the reduced mass of an estimator of one channel, None if it knows none."""
    mass = getattr(potential, "_mass", lambda: None)()
    return None if mass is None else float(mass)


def tell_momenta(potential: Any, k: Any, **known: Any) -> None:
    """Let a fitted estimator warn of momenta at which its data do not determine δ.

    Parameters
    ----------
    potential
        As in `halkit.interactions.as_interaction`; only estimators know their data.
    k : array
        Momenta of the open channels.
    **known
        ``std``, the error of δ, and ``reduced_mass``, if the estimator does not know its own.
    """
    warn = getattr(potential, "_warn_of_momenta", None)
    if warn is not None:
        warn(k, **known)
