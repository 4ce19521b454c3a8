r"""Interactions of coupled channels: a matrix of V_ab(r) and U_ab(r, r').

    (Vφ)_a(r) = Σ_b [ V_ab(r) φ_b(r) + ∫ 4πr'² dr' U_ab(r, r') φ_b(r') ].

With real wave functions H is Hermitian if V_ab = V_ba and U_ab(r, r') = U_ba(r', r); solvers check
it on their own mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from halkit.channels import ChannelList, Channels, resolve_channels
from halkit.checks import check_distances
from halkit.interactions.conversion import as_interaction
from halkit.interactions.interaction import (
    HasInteraction,
    Interaction,
    Scaled,
    Sum,
    interaction_of,
    is_factor,
)
from halkit.interactions.mass import own_mass
from halkit.typing import Array, Number, Numbers

__all__ = ["InteractionMatrix", "InteractionRows", "Transposed"]

InteractionRows: TypeAlias = Sequence[Sequence[Interaction | HasInteraction | None]]


class InteractionMatrix:
    """The interactions of n coupled channels, n × n.

    ``matrix[a, b]`` is the interaction that leads from channel b to channel a, ``matrix(r)``
    returns V(r) and ``matrix(r, r_prime)`` returns U(r, r'). Matrices of one size add and
    subtract, also with fits of coupled channels, and take a number as factor, as an `Interaction`.

    Parameters
    ----------
    interactions : list of n lists of n interactions
        Each an `Interaction`, a fitted estimator of one channel, or None for zero. Estimators on
        the diagonal are solved with their own reduced masses alone.
    channels : list of halkit.Channel, optional
        Partial waves, masses and thresholds, with which `halkit.scattering` finds all it needs.

    Attributes
    ----------
    interactions : tuple of n tuples of n Interaction
    channels : tuple of Channel or None

    Raises
    ------
    ValueError
        If the lists do not make a square, or there is another number of channels.
    TypeError
        If an entry is not an interaction, or has a V2(r) ∇².

    Examples
    --------
    >>> from halkit.interactions import GaussianSum, InteractionMatrix
    >>> S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    >>> V = InteractionMatrix([[S, T], [T, D]])
    >>> V(0.0)
    array([[-2., -1.],
           [-1.,  1.]])
    >>> len(V), V[0, 1]
    (2, GaussianSum(strengths=[-1.0], exponents=[0.5]))
    """

    __array_ufunc__: None = None  # np.float64(2) * matrix asks the matrix, as for `Interaction`

    def __init__(
        self, interactions: InteractionRows, *, channels: ChannelList | None = None
    ) -> None:
        self.interactions = _square(interactions)
        self.channels = None if channels is None else tuple(channels)
        if self.channels is not None and len(self.channels) != len(self):
            raise ValueError(
                f"channels must be {len(self)}, one for each row of interactions, got "
                f"{len(self.channels)}"
            )

    def __len__(self) -> int:
        return len(self.interactions)

    def __getitem__(self, pair: tuple[int, int]) -> Interaction:
        a, b = pair
        return self.interactions[a][b]

    @property
    def l(self) -> tuple[int, ...] | None:  # noqa: E743
        """Orbital angular momenta, None if the channels do not all know theirs."""
        waves = [channel.l for channel in self.channels or ()]
        known = [l for l in waves if l is not None]
        return tuple(known) if known and len(known) == len(self) else None

    @property
    def has_local(self) -> bool:
        return any(one.has_local for row in self.interactions for one in row)

    @property
    def has_nonlocal(self) -> bool:
        return any(one.has_nonlocal for row in self.interactions for one in row)

    def resolved(self, **common: Any) -> Channels:
        """Return the `Channels`; `common` as in `halkit.channels.resolve_channels`."""
        if self.channels is None:
            raise ValueError("channels must be given, got None: the matrix has none of its own")
        return resolve_channels(self.channels, **common)

    def local_potential(self, r: Array) -> Array:
        """Return V_ab(r), shape (n, n, ...) for `r` of shape (...)."""
        return self._each(lambda one: one.local_potential(r))

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U_ab(r, r'), shape (n, n, ...) with r and r' broadcast against each other."""
        return self._each(lambda one: one.nonlocal_potential(r, r_prime))

    def _each(self, function: Callable[[Interaction], Array]) -> Array:
        return np.array([[function(one) for one in row] for row in self.interactions])

    def __call__(self, *points: Numbers) -> Array:
        """Return V_ab(r) for one array of points r ≥ 0, and U_ab(r, r') for two.

        Each element ends at its own radius.

        Raises
        ------
        TypeError
            If there are neither one nor two arguments.
        ValueError
            If a distance is negative or NaN.
        """
        if len(points) not in (1, 2):
            raise TypeError(f"a matrix is a function of r or r and r_prime, got {len(points)}")
        r = [*map(check_distances, points, ("r", "r_prime"))]
        part = "has_local" if len(r) == 1 else "has_nonlocal"
        zero = np.zeros(np.broadcast_shapes(*(x.shape for x in r)))
        return self._each(lambda one: one(*r) if getattr(one, part) else zero)

    def __add__(self, other: Any) -> InteractionMatrix:
        other = _as_matrix(other, len(self))
        if len(other) != len(self):
            raise ValueError(
                f"matrices must have one size to add, got {len(self)} and {len(other)}"
            )
        rows = [
            [Sum(*pair) for pair in zip(*rows, strict=True)]
            for rows in zip(self.interactions, other.interactions, strict=True)
        ]
        return InteractionMatrix(rows, channels=_common_channels(self, other))

    def __radd__(self, other: Any) -> InteractionMatrix:
        if isinstance(other, int) and other == 0:  # sum([...]) starts from 0
            return self
        return _as_matrix(other, len(self)) + self

    def __neg__(self) -> InteractionMatrix:
        return -1.0 * self

    def __sub__(self, other: Any) -> InteractionMatrix:
        return self + -_as_matrix(other, len(self))

    def __rsub__(self, other: Any) -> InteractionMatrix:
        return _as_matrix(other, len(self)) - self

    def __mul__(self, factor: Number) -> InteractionMatrix:
        if not is_factor(factor):
            raise TypeError(
                "the factor of an InteractionMatrix must be a real number, got "
                f"{type(factor).__name__}"
            )
        rows = [[Scaled(factor, one) for one in row] for row in self.interactions]
        return InteractionMatrix(rows, channels=self.channels)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number) -> InteractionMatrix:
        return self * (1 / float(divisor) if is_factor(divisor) else divisor)

    def __repr__(self) -> str:
        of = "" if self.channels is None else f", channels={list(self.channels)}"
        return f"{type(self).__name__}({len(self)} × {len(self)}{of})"


class Transposed(Interaction):
    """An interaction with r and r' exchanged: V(r) and U(r', r), as U_ba from U_ab.

    Parameters
    ----------
    interaction : Interaction
        Without a V2(r) ∇².
    """

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.has_local, self.has_nonlocal = interaction.has_local, interaction.has_nonlocal
        self.radius, self.nonlocal_radius = interaction.radius, interaction.nonlocal_radius
        self.edges, self.l = interaction.edges, interaction.l
        self.has_jumps = interaction.has_jumps
        self.terms = (interaction,)

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        return self.interaction.local_potential(r)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r', r), broadcasting."""
        return self.interaction.nonlocal_potential(r_prime, r)

    def kernel(self, r: Array, r_prime: Array) -> Array:
        """Return K(r', r), broadcasting."""
        return self.interaction.kernel(r_prime, r)

    def __repr__(self) -> str:
        return f"Transposed({self.interaction!r})"


def _common_channels(*terms):
    """The channels of the terms of a sum; a channel without l is an S wave, as elsewhere."""
    known = {term.channels: term for term in terms if term.channels is not None}
    if len(known) > 1:
        try:
            same = len({term.resolved() for term in known.values()}) == 1
        except ValueError:  # of channels without masses
            same = False
        if not same:
            raise ValueError(f"terms must have the same channels to add, got {[*known]}")
    return max(known, key=lambda some: sum(c.l is not None for c in some), default=None)


def _as_matrix(other, n):
    """The matrix of a term of a sum with an n × n one."""
    matrix = interaction_of(other)
    if not isinstance(matrix, InteractionMatrix):
        raise TypeError(
            f"terms must be an InteractionMatrix of {n} channels, or a fit of them, got "
            f"{type(other).__name__}: InteractionMatrix([[V11, V12], [V21, V22]]) makes one, with "
            "None for zero"
        )
    return matrix


def _square(interactions):
    try:
        rows = [list(row) for row in interactions]
    except TypeError:
        came = type(interactions).__name__
        if np.iterable(interactions):
            came += f" of {[type(row).__name__ for row in interactions]}"
        raise TypeError(
            "interactions must be a list of lists, [[V11, V12], [V21, V22]], or an "
            f"InteractionMatrix, got {came}"
        ) from None
    n = len(rows)
    if not n or any(len(row) != n for row in rows):
        raise ValueError(
            f"interactions must be n lists of n, got {n} of lengths {[len(row) for row in rows]}"
        )
    square = tuple(
        tuple(Interaction() if one is None else _element(one) for one in row) for row in rows
    )
    if any(one.has_laplacian for row in square for one in row):
        raise TypeError("interactions of coupled channels must not have a V2(r) ∇², got one")
    return square


def _element(one):
    """The interaction of an element; that of a fitted estimator knows its reduced mass."""
    interaction = as_interaction(one)
    return interaction if interaction is one or own_mass(one) is None else Sum(one)
