"""What an interaction and the terms of a sum say of themselves: their partial wave, their edges."""

__all__ = ["partial_wave", "stated_edges"]


def partial_wave(interaction):
    """Return the orbital angular momentum that an interaction is made for, None if for any.

    Parameters
    ----------
    interaction : Interaction
        It may have an attribute ``l``, or be a `Sum` of such ones.

    Raises
    ------
    ValueError
        If the terms of a sum are made for different ones.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, PereyBuck
    >>> from halkit.interactions.terms import partial_wave
    >>> U = PereyBuck(0.36, 7.2, 0.65, 0.85, l=1)
    >>> partial_wave(U + GaussianSum([1.0], [1.0]))
    1
    """
    terms = getattr(interaction, "terms", ())
    found = {getattr(interaction, "l", None), *map(partial_wave, terms)} - {None}
    if len(found) > 1:
        raise ValueError(f"terms of a sum must have the same l, got {sorted(found)}")
    return found.pop() if found else None


def stated_edges(interaction):
    """Return the set of radii at which an interaction, or a term of a sum, ends or has an edge.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, Local
    >>> from halkit.interactions.terms import stated_edges
    >>> V = Local(lambda r: -20 + 0 * r, radius=1.0, edges=[0.5]) + GaussianSum([1.0], [0.1])
    >>> sorted(stated_edges(V))
    [0.5, 1.0]
    """
    radii = interaction.radius, getattr(interaction, "nonlocal_radius", None)
    found = {float(radius) for radius in radii if radius is not None}
    found.update(map(float, getattr(interaction, "edges", ())))
    return found.union(*map(stated_edges, getattr(interaction, "terms", ())))
