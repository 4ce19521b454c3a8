"""The spin states of a pair: each with its weight, its partial wave and its interaction."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from halkit.checks import check_array, check_integer
from halkit.interactions.conversion import Potential
from halkit.interactions.matrix import InteractionMatrix
from halkit.scattering.coupled.system import HasMatrix
from halkit.scattering.femtoscopy.tables import TabulatedWaves
from halkit.scattering.waves import ScatteringWaves
from halkit.typing import Number, Numbers

__all__ = [
    "PairState",
    "SpinStates",
    "State",
    "Statistics",
    "check_weights",
    "spin_states_of",
    "statistics_of",
]

PairState: TypeAlias = Potential | InteractionMatrix | HasMatrix | ScatteringWaves | TabulatedWaves
SpinStates: TypeAlias = PairState | Sequence[tuple[Number | PairState, ...]]


class State(NamedTuple):
    """Spin states with one interaction, in one partial wave or in coupled ones.

    Attributes
    ----------
    weight : float
    interaction : interaction, InteractionMatrix, fitted estimator or waves
    l : int or None
        None for a matrix.
    """

    weight: float
    interaction: Any
    l: int | None

    @property
    def coupled(self) -> bool:
        """Whether the interaction is a matrix."""
        return self.l is None


class Statistics(NamedTuple):
    """How the exchange of the two hadrons acts.

    Attributes
    ----------
    identical : bool
    exchange : float
        ±1/(2s+1), 0 for distinguishable hadrons.
    most : pair of float
        Part of the spin states that Pauli's principle leaves to even and to odd partial waves.
    """

    identical: bool
    exchange: float
    most: tuple[float, float]


def statistics_of(spin: Number | None) -> Statistics:
    """Return the `Statistics` of two identical hadrons of a spin, or of two others (None)."""
    if spin is None:
        return Statistics(False, 0.0, (1.0, 1.0))
    what = f"spin must be 0, 1/2, 1, 3/2, … or None, got {spin!r}"
    if isinstance(spin, bool) or not isinstance(spin, Real):
        raise TypeError(what)
    twice = 2 * float(spin)
    if not twice >= 0 or not twice.is_integer():
        raise ValueError(what)
    parts = (twice + 2) / (2 * (twice + 1)), twice / (2 * (twice + 1))
    if twice % 2 == 1:
        return Statistics(True, -1 / (twice + 1), parts[::-1])
    return Statistics(True, 1 / (twice + 1), parts)


def spin_states_of(spin_states: SpinStates, r: Numbers | None) -> tuple[list[State], bool]:
    """Return the states, and whether there was one interaction without a weight."""
    if not _is_list(spin_states, r):
        l = getattr(spin_states, "l", 0) if _is_solved(spin_states) else 0
        return [_state(2.0 * l + 1, spin_states)], True
    entries: Any = spin_states
    return [_state(*entry) for entry in entries], False


def check_weights(
    weights: Sequence[tuple[int, float]], statistics: Statistics, spin: Number | None, bare: bool
) -> None:
    """Raise unless the weights of each l add up to at most those of the partial wave."""
    for l in sorted({l for l, _ in weights}):
        _refuse_excess([weight for own, weight in weights if own == l], l, statistics, spin, bare)


def _state(weight, interaction, l=None):
    value = check_array(weight, "weights of spin_states")
    if value.ndim:
        raise TypeError(f"weights of spin_states must be numbers, got {weight!r}")
    weight = float(value)
    matrix = getattr(interaction, "interaction_", interaction)
    if isinstance(matrix, InteractionMatrix):
        if l is not None:
            raise ValueError(f"l must be left out: the channels of a matrix have theirs, got {l!r}")
        return State(weight, interaction, None)
    if _is_solved(interaction):
        if l not in (None, interaction.l):
            raise ValueError(f"l must be {interaction.l}, that of the wave functions, got {l!r}")
        return State(weight, interaction, interaction.l)
    return State(weight, interaction, 0 if l is None else check_integer(l, "l", least=0))


def _is_solved(interaction):
    return isinstance(interaction, ScatteringWaves | TabulatedWaves)


def _is_list(spin_states, r):
    """Whether `spin_states` is a list of pairs: not an interaction or, with r, a table."""
    if type(spin_states) not in (list, tuple):
        return False
    entries = all(
        isinstance(entry, (list, tuple)) and len(entry) in (2, 3) and not isinstance(entry[1], Real)
        for entry in spin_states
    )
    if not entries and r is None:
        raise TypeError(
            "spin_states must be an interaction or a list of pairs (weight, interaction), or "
            f"(weight, interaction, l), got {spin_states!r:.80}"
        )
    return entries


def _refuse_excess(weights, l, statistics, spin, bare):
    total, most = np.sum(weights), statistics.most[l % 2] * (2 * l + 1)
    if min(weights) < 0 or total > 2 * l + 1 + 1e-12:
        raise ValueError(
            f"weights of spin_states must be ≥ 0 with a sum of at most {2 * l + 1} for l = {l}, "
            f"got {weights}"
        )
    if total > most + 1e-12:
        got = f"one interaction of weight {total:.6g}" if bare else f"{total:.6g}"
        raise ValueError(
            f"weights of l = {l} must add up to at most {most:.6g} for two identical hadrons of "
            f"spin {spin}, got {got}: give [(weight, interaction, l), …]"
        )
