"""Members of one kind, their centre, and any function of them with its error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import methodcaller
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import as_numbers, check_choice, check_integer, check_positive
from halkit.interactions import Interaction, InteractionMatrix, Sum
from halkit.interactions.conversion import HasInteraction, as_interaction
from halkit.samples import KINDS, Kind, standard_error
from halkit.scattering.bound import bound_states
from halkit.scattering.branches import nearest_branch
from halkit.scattering.phase import effective_range, phase_shift, scattering_length
from halkit.scattering.solver.partial_wave import mass_of, tell_momenta
from halkit.stamp import stamped, unstamped
from halkit.typing import Array, Number, Numbers
from halkit.warn import gathered, warn_caller, warn_once

__all__ = [
    "Member",
    "Members",
    "compare_counts",
    "listed",
    "not_finite",
    "on_branch",
    "refuse_interactions",
    "warn_of_wide",
]

Member: TypeAlias = Interaction | InteractionMatrix | HasInteraction

SOLVERS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (phase_shift, bound_states, scattering_length, effective_range)
}
# Three errors of this size on each side fill the half turn of an angle known modulo π.
LARGEST = np.pi / 6
NOUNS = {"jackknife": "bins", "bootstrap": "samples"}


class Members:
    """Members of one kind, their centre, and any function of them.

    Parameters as of `halkit.scattering.Ensemble`.
    """

    def __init__(
        self,
        interactions: Sequence[Member],
        *,
        kind: Kind,
        centre: Member | None = None,
        reduced_mass: Number | None = None,
        l: int = 0,
        map: Callable[..., Any] | None = None,  # noqa: A002
    ) -> None:
        self.kind: Kind = check_choice(kind, "kind", KINDS)
        self.members = list(interactions)
        if not self.members:
            raise ValueError("interactions must have at least one member, got none")
        self.reduced_mass = check_positive(reduced_mass, "reduced_mass", optional=True)
        self.l = check_integer(l, "l", least=0)
        members = self.members if centre is None else [*self.members, centre]
        self.n_channels = _same_count(members)
        if self.reduced_mass is not None:
            for one in members:
                mass_of(one, self.reduced_mass)
        if self.n_channels > 1 and self.l:
            raise ValueError(f"l must be 0 for matrices, whose channels have their l, got {l}")
        self.centre: Member = _mean(self.members) if centre is None else centre
        self._map = partial(_serial, nouns=self.noun) if map is None else map

    __init__.__qualname__ = "Ensemble.__init__"  # for messages of missing arguments

    def __len__(self) -> int:
        return len(self.members)

    def __getstate__(self) -> dict[str, Any]:
        return stamped(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(unstamped(state, type(self).__name__))

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
            Of the shape that the function returns. The error of a complex number has the errors of
            its real and imaginary parts.

        Warns
        -----
        AccuracyWarning
            If the function returns NaN or an infinite value, which makes its error NaN.

        Raises
        ------
        TypeError
            If the function returns no numbers.
        """
        return self._with_error(function(self.centre), function)

    def _with_error(self, centre, function):
        """The value of the centre, and the error of a function; warns of values without one."""
        samples = self.samples(function)
        bad, of_centre = not_finite(samples), not_finite([centre]).any()
        if bad.any() or of_centre:
            which = f" ({listed(np.flatnonzero(bad))})" if 0 < bad.sum() < len(bad) else ""
            warn_caller(
                f"function is NaN or infinite in {bad.sum()} of {len(self)} {self.noun}{which}"
                f"{' and in the centre' if of_centre else ''}: the value or its error is not "
                "finite there"
            )
        return centre, self.error(samples, centre)

    def error(self, samples: Numbers, centre: Any = None) -> Any:
        """Return the error from the members' values; only variations need the `centre`."""
        samples = np.asarray(samples)
        if samples.dtype.kind == "c":
            real, imag = (None if centre is None else f(centre) for f in (np.real, np.imag))
            return self.error(samples.real, real) + 1j * self.error(samples.imag, imag)
        return standard_error(samples.astype(np.float64), self.kind, centre=centre)

    def _observable(self, name, channel_radius, n_mesh, **arguments):
        """An observable as a function of a member, which other processes can unpickle."""
        settings = {**arguments, "channel_radius": channel_radius, "n_mesh": n_mesh}
        if self.reduced_mass is None:
            refuse_interactions([self.centre, *self.members], self.l)
            return methodcaller(name, **settings)
        settings |= {"reduced_mass": self.reduced_mass, "l": self.l}
        return partial(_solved, solver=SOLVERS[name], settings=settings)

    def _tell_momenta(self, k, std=None):
        """Let the centre warn of momenta; estimators that know their mass do it themselves."""
        if self.reduced_mass is not None:
            one = self.members[0] if isinstance(self.centre, _Mean) else self.centre
            tell_momenta(one, k, std=std, reduced_mass=self.reduced_mass)

    def _centre(self, name, channel_radius, n_mesh):
        return np.float64(self._observable(name, channel_radius, n_mesh)(self.centre))


def _solved(member, solver, settings):
    """An observable of a member, whatever its data know of it."""
    return solver(as_interaction(member), **settings)


def not_finite(samples: Any) -> NDArray[np.bool_]:
    """Which samples have values that are NaN or infinite."""
    values = as_numbers(samples, "values of the function", kinds="iufcb")
    return ~np.isfinite(values).reshape(len(values), -1).all(axis=1)


def _same_count(members):
    counts = sorted({_count(member) for member in members})
    if len(counts) > 1:
        raise ValueError(f"interactions must have one number of channels, got {counts}")
    return counts[0]


def _count(member):
    """The number of channels of an interaction, a matrix, or a fitted estimator."""
    if isinstance(member, InteractionMatrix):
        return len(member)
    return 1 if isinstance(member, Interaction) else getattr(member, "n_channels_", 1)


def _mean(members):
    """The mean of interactions, or of matrices of them."""
    if _count(members[0]) == 1:
        return _Mean(*members)
    matrices = [getattr(member, "interaction_", member) for member in members]
    channels = {matrix.channels for matrix in matrices}
    if len(channels) > 1:
        raise ValueError("centre must be given where members have different channels, got None")
    n = len(matrices[0])
    rows = [[_Mean(*(m[a, b] for m in matrices)) for b in range(n)] for a in range(n)]
    return InteractionMatrix(rows, channels=channels.pop())


class _Mean(Sum):
    """The mean of interactions."""

    def __repr__(self) -> str:
        return f"mean of {len(self.terms)} interactions"

    def _sum(self, part: str, function: str, *points: Array) -> Array:
        return super()._sum(part, function, *points) / len(self.terms)


def _serial(function, members, *arguments, nouns="members"):
    """The values of all members in this process; what several of them warn of is said once."""
    rows = zip(members, *arguments, strict=True)
    values, caught = zip(*[gathered(function, *row) for row in rows], strict=True)
    warn_once(dict(enumerate(caught)), nouns)
    return list(values)


def refuse_interactions(members: Sequence[Member], l: int) -> None:
    """Raise unless every member, and the centre, is an estimator that knows its mass."""
    bare = next((m for m in members if isinstance(m, Interaction)), None)
    if bare is not None:
        raise ValueError(f"reduced_mass must be given, got None: {bare!r} has no mass of its own")
    if l:
        raise ValueError(f"l must be 0 for fitted estimators, got {l}")


def on_branch(ensemble: Members, angles: Array, centre: Array) -> Array:
    """Phase shifts on the branch of the centre; warns of members on another one."""
    moved = nearest_branch(angles, centre)
    away = np.abs(moved - angles) > np.pi / 2
    elsewhere = np.flatnonzero(away.reshape(len(angles), -1).any(axis=1))
    if elsewhere.size:
        warn_caller(
            f"in {elsewhere.size} of {len(ensemble)} {ensemble.noun} ({listed(elsewhere)}) δ is "
            "a multiple of π away from the centre, as with another number of bound states: the "
            "error is for δ modulo π"
        )
    return moved


def warn_of_wide(name: str, k: Any, std: Array) -> None:
    """Warn of errors too large for an angle modulo π."""
    if np.any(std > LARGEST):
        points = np.broadcast_to(k, np.shape(std))[std > LARGEST]
        other = "k_cot_delta" if name == "k" else "s_matrix"
        warn_caller(
            f"the error of δ reaches {np.nanmax(std):.2g} rad, at {name} = {listed(points)}: δ "
            f"modulo π is hardly known there; {other} has an error"
        )


def compare_counts(ensemble: Members, states: Any, found: Sequence[Any]) -> None:
    """Warn of members with another number of bound states than the centre."""
    counts = np.array([len(member.kappa) for member in found])
    if np.all(counts == len(states.kappa)):
        return
    numbers = ", ".join(f"{np.sum(counts == n)} have {n}" for n in np.unique(counts))
    warn_caller(
        f"the centre has {len(states.kappa)} bound states, of {len(ensemble)} {ensemble.noun} "
        f"{numbers}: the errors of the states that come and go are NaN"
    )


def listed(values: Iterable[float]) -> str:
    """Numbers for a message."""
    return ", ".join(f"{value:.6g}" for value in values)
