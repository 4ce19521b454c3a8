"""The partial wave that an interaction is made for, and the refusal of any other."""

from halkit.interactions import as_interaction
from halkit.interactions.interaction import partial_wave

__all__ = ["interaction_in_wave"]


def interaction_in_wave(potential, l=0, r=None):
    """Return `potential` as an interaction that acts in the wave l.

    Parameters
    ----------
    potential, r
        As in `halkit.interactions.as_interaction`.
    l : int, default 0
        Orbital angular momentum.

    Raises
    ------
    ValueError
        If the interaction, or a term of it, is made for another l.
    """
    interaction = as_interaction(potential, r)
    own = partial_wave(interaction)
    if own is not None and own != l:
        raise ValueError(f"{interaction!r} is made for l = {own}, got l = {l}")
    return interaction
