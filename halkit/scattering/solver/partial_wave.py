"""The partial wave to which an interaction belongs: any other is refused."""

from halkit.interactions import Interaction, as_interaction
from halkit.interactions.conversion import Potential
from halkit.typing import Numbers

__all__ = ["interaction_in_wave"]


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
