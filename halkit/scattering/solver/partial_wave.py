"""The partial wave to which an interaction belongs, and the momenta that its data determine."""

from typing import Any

from halkit.interactions import Interaction, as_interaction
from halkit.interactions.conversion import Potential
from halkit.typing import Numbers

__all__ = ["interaction_in_wave", "tell_momenta"]


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
