"""The partial wave that an interaction is made for, and the refusal of any other."""

from halkit.interactions import as_interaction

__all__ = ["interaction_in_wave"]


def interaction_in_wave(potential, l=0, r=None, *, laplacian=False):
    """Return `potential` as an interaction that acts in the wave l.

    Parameters
    ----------
    potential, r
        As in `halkit.interactions.as_interaction`.
    l : int, default 0
        Orbital angular momentum.
    laplacian : bool, default False
        Whether it may have a term V2(r) ∇².

    Raises
    ------
    ValueError
        If the interaction is made for another l.
    TypeError
        If it has a V2, and the caller takes none.
    """
    interaction = as_interaction(potential, r)
    if interaction.l not in (None, l):
        raise ValueError(f"{interaction!r} is made for l = {interaction.l}, got l = {l}")
    if interaction.has_laplacian and not laplacian:
        raise TypeError(f"the interaction must be without a V2(r) ∇², got {interaction!r}")
    return interaction
