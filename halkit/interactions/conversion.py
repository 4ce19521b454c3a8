"""From what a solver accepts (an interaction, a fitted estimator, a table) to an interaction."""

from __future__ import annotations

from typing import TypeAlias, cast

from halkit.checks import is_array
from halkit.interactions.edges import check_ends
from halkit.interactions.interaction import HasInteraction, Interaction
from halkit.interactions.tabulated import Tabulated
from halkit.typing import Numbers

__all__ = ["HasInteraction", "Potential", "as_interaction"]


Potential: TypeAlias = Interaction | HasInteraction | Numbers


def as_interaction(potential: Potential, r: Numbers | None = None) -> Interaction:
    """Return `potential` as an interaction.

    Parameters
    ----------
    potential : Interaction, fitted estimator, or array
        An `Interaction` is returned unchanged, a fitted estimator gives its ``interaction_``,
        and an array V(r_i) of shape (n,) or U(r_i, r_j) of shape (n, n) becomes `Tabulated`.
    r : array of shape (n,), optional
        The nodes of the array.

    Returns
    -------
    Interaction

    Raises
    ------
    TypeError
        If `potential` has another type, or if `r` comes without an array or an array without `r`.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import as_interaction
    >>> r = np.linspace(0.0, 5.0, 50)
    >>> as_interaction(-np.exp(-(r**2)), r)
    Tabulated(50 values, r = 0 … 5)
    """
    fitted = hasattr(type(potential), "interaction_") or hasattr(potential, "interaction_")
    if isinstance(potential, Interaction) or fitted:
        if r is not None:
            raise TypeError(
                f"r must come with an array of values, not with {type(potential).__name__}(...)"
            )
        interaction = cast(HasInteraction, potential).interaction_ if fitted else potential
        if not isinstance(interaction, Interaction):
            raise TypeError(
                f"potential must have one interaction, got an {type(interaction).__name__} of "
                "several: call its own methods, or choose one"
            )
        check_ends(interaction)
        return interaction
    if hasattr(potential, "ensemble_"):
        raise TypeError(
            f"potential must be one interaction, got a {type(potential).__name__}: call its own "
            "methods, or pass its estimator_"
        )
    if is_array(potential) and r is not None:
        return Tabulated(potential, r)
    raise TypeError(
        "potential must be an interaction, a fitted estimator, or an array of values with its "
        f"nodes r, got {type(potential).__name__}" + (" without r" if is_array(potential) else "")
    )
