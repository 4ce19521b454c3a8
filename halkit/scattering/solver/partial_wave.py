"""The partial wave to which an interaction belongs, and the momenta that its data determine."""

from __future__ import annotations

from typing import Any

from halkit.checks import check_scale
from halkit.interactions import Interaction, as_interaction
from halkit.interactions.conversion import Potential
from halkit.interactions.mass import own_mass, same_mass
from halkit.typing import Number, Numbers

__all__ = ["interaction_in_wave", "mass_of", "tell_momenta"]


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
    """Return the reduced mass, by default that of a fitted estimator, or of a sum with one.

    Raises
    ------
    ValueError, TypeError
        If it is not a positive number, not known, or not that of the estimators.
    """
    own = own_mass(potential)
    if reduced_mass is None:
        if own is None:
            raise ValueError("reduced_mass must be given, got None")
        return own
    mass = check_scale(reduced_mass, "reduced_mass")
    if own is not None and not same_mass(mass, own):
        fit, give = f"the fitted {type(potential).__name__}", "give its interaction_"
        if isinstance(potential, Interaction):
            fit, give = "the fits in this sum", "add the interaction_ of the fits"
        raise ValueError(
            f"reduced_mass must be {own:.10g}, that of {fit}, or left out, got {mass:.10g}. To "
            f"solve the potential with other masses, {give}"
        )
    return mass


def tell_momenta(potential: Any, k: Any, **known: Any) -> None:
    """Let a fitted estimator warn of momenta at which its data do not determine δ.

    Parameters
    ----------
    potential
        As in `halkit.interactions.as_interaction`; only estimators know their data.
    k : array
        Momenta of the open channels.
    **known
        ``std``, the error of δ; ``reduced_mass``, if the estimator does not know its own; and
        ``solved``, the Hamiltonian on a mesh for these momenta, or None.
    """
    warn = getattr(potential, "_warn_of_momenta", None)
    if warn is not None:
        warn(k, **known)
