"""What a solver takes for an interaction: an interaction, a fitted estimator, or a table."""

from typing import Protocol, TypeAlias, cast

from halkit.checks import is_array
from halkit.interactions.interaction import Interaction
from halkit.interactions.tabulated import Tabulated
from halkit.typing import Numbers

__all__ = ["HasInteraction", "Potential", "as_interaction"]


class HasInteraction(Protocol):
    """A fitted estimator."""

    @property
    def interaction_(self) -> Interaction:
        """What was learned."""


Potential: TypeAlias = Interaction | HasInteraction | Numbers


def as_interaction(potential: Potential, r: Numbers | None = None) -> Interaction:
    """Return `potential` as an interaction.

    Parameters
    ----------
    potential : Interaction, fitted estimator, or array
        An `Interaction` passes through; a fitted estimator gives its ``interaction_``; an array
        of shape (n,) or (n, n) becomes a `Tabulated` potential on the nodes `r`.
    r : array of shape (n,), optional
        The nodes of an array.

    Raises
    ------
    TypeError
        If it is something else, an array without nodes, or nodes come without an array.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    """
    fitted = hasattr(type(potential), "interaction_") or hasattr(potential, "interaction_")
    if isinstance(potential, Interaction) or fitted:
        if r is not None:
            raise TypeError(
                f"r goes with an array of values, not with {type(potential).__name__}(...)"
            )
        interaction = cast(HasInteraction, potential).interaction_ if fitted else potential
        if not isinstance(interaction, Interaction):
            raise TypeError(
                f"expected one interaction, got an {type(interaction).__name__} of several: call "
                "its own methods, or choose one"
            )
        return interaction
    if is_array(potential) and r is not None:
        return Tabulated(potential, r)
    raise TypeError(
        "potential must be an interaction, a fitted estimator, or an array of values with its "
        f"nodes r, got {type(potential).__name__}" + (" without r" if is_array(potential) else "")
    )
