"""Members of one kind, their centre, and any function of them with its error."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from operator import methodcaller
from typing import Any, TypeAlias

import numpy as np

from halkit.checks import check_choice, check_integer, check_positive
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction, Sum
from halkit.interactions.conversion import HasInteraction
from halkit.samples import KINDS, Kind, standard_error
from halkit.scattering.bound import bound_states
from halkit.scattering.phase import effective_range, phase_shift, scattering_length
from halkit.typing import Array, Number, Numbers

__all__ = ["Member", "Members"]

Member: TypeAlias = Interaction | HasInteraction

SOLVERS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (phase_shift, bound_states, scattering_length, effective_range)
}
PARTIAL_WAVES = "phase_shift", "bound_states"
NOUNS = {"jackknife": "bins", "bootstrap": "samples"}


class Members:
    """Members of one kind, their centre, and any function of them.

    Parameters as of `halkit.scattering.Ensemble`.
    """

    def __init__(
        self,
        interactions: Sequence[Member],
        kind: Kind,
        centre: Member | None,
        reduced_mass: Number | None,
        l: int,
        run: Callable[..., Any] | None,
    ) -> None:
        self.kind: Kind = check_choice(kind, "kind", KINDS)
        self.members = list(interactions)
        if not self.members:
            raise ValueError("interactions must have at least one member, got none")
        self.reduced_mass = check_positive(reduced_mass, "reduced_mass", optional=True)
        self.l = check_integer(l, "l", least=0)
        self.centre: Member = _Mean(*self.members) if centre is None else centre
        self._map = _serial if run is None else run

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, index: int) -> Member:
        return self.members[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {len(self)} {self.noun}"

    @property
    def noun(self) -> str:
        """The noun for the members in messages."""
        return NOUNS.get(self.kind, self.kind)

    def samples(self, function: Callable[..., Any], *arguments: Sequence[Any]) -> Array:
        """Return the values of a function of each member.

        Parameters
        ----------
        function : callable
            ``function(member, *arguments of the member)``, a number or an array of one shape.
        *arguments : sequences of length n_members
            Other arguments, one entry for each member.

        Returns
        -------
        ndarray of shape (n_members, ...)

        Raises
        ------
        ValueError
            If an argument has another length, or if the values differ in shape.
        """
        lengths = [len(argument) for argument in arguments]
        if any(length != len(self) for length in lengths):
            raise ValueError(f"arguments need {len(self)} {self.noun} each, got {lengths}")
        values = self._map(function, self.members, *arguments)
        shapes = sorted({np.shape(value) for value in values})
        if len(shapes) > 1:
            raise ValueError(
                f"the function needs values of one shape for all {self.noun}, got shapes {shapes}"
            )
        return np.array(values)

    def evaluate(self, function: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Return the central value and the error of any function of an interaction.

        Only the methods for phase shifts and scattering lengths know branches and poles.

        Parameters
        ----------
        function : callable
            ``function(member)``, a number or an array.

        Returns
        -------
        centre, std
            Of the shape that the function returns.
        """
        centre = function(self.centre)
        return centre, self.error(self.samples(function), centre)

    def error(self, samples: Numbers, centre: Any = None) -> Any:
        """Return the error from the members' values; only variations need the `centre`."""
        return standard_error(np.asarray(samples, dtype=np.float64), self.kind, centre=centre)

    def _observable(self, name, channel_radius, n_mesh, **arguments):
        """An observable as a function of a member, which other processes can unpickle."""
        settings = {**arguments, "channel_radius": channel_radius, "n_mesh": n_mesh}
        if self.reduced_mass is None:
            _refuse_interactions([self.centre, *self.members], self.l)
            return methodcaller(name, **settings)
        if name in PARTIAL_WAVES:
            settings["l"] = self.l
        return partial(SOLVERS[name], reduced_mass=self.reduced_mass, **settings)

    def _centre(self, name, channel_radius, n_mesh):
        return np.float64(self._observable(name, channel_radius, n_mesh)(self.centre))

    def _warn(self, message):
        warnings.warn(message, AccuracyWarning, stacklevel=4)


class _Mean(Sum):
    """The mean of interactions."""

    def __repr__(self) -> str:
        return f"mean of {len(self.terms)} interactions"

    def _sum(self, part: str, function: str, *points: Array) -> Array:
        return super()._sum(part, function, *points) / len(self.terms)


def _serial(function, members, *arguments):
    return [function(*row) for row in zip(members, *arguments, strict=True)]


def _refuse_interactions(members, l):
    """Raise unless every member, and the centre, is an estimator that knows its mass."""
    bare = next((m for m in members if isinstance(m, Interaction)), None)
    if bare is not None:
        raise ValueError(f"reduced_mass must be given, got None: {bare!r} has no mass of its own")
    if l:
        raise ValueError(f"l must be 0 for fitted estimators, got {l}")
