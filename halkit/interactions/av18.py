"""The Argonne v18 nucleon-nucleon potential, one partial wave at a time.

In a state of spin S, isospin T and charge (the pair: np, nn, pp) it is

    V = v_c + v_t S₁₂ + v_ls L·S + v_l2 L² + v_ls2 (L·S)²,

with radial functions from `halkit.interactions.av18_strong` and, optionally,
`halkit.interactions.av18_electromagnetic`. In an uncoupled wave V is a local potential. The tensor
force couples l = j − 1 and l = j + 1; there V(r) is a 2 × 2 matrix:

    [ v_c                  √8 v_t                                    ]
    [ √8 v_t    v_c − 2 v_t − 3 v_ls + 6 v_l2 + 9 v_ls2 ]      for ³S₁-³D₁.

Reference: R. B. Wiringa, V. G. J. Stoks and R. Schiavilla, Phys. Rev. C 51 (1995) 38
[arXiv:nucl-th/9408016].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np

from halkit.channels import Channel
from halkit.checks import check_distances
from halkit.interactions.av18_electromagnetic import (
    HBARC,
    MASSES,
    TERMS,
    electromagnetic_operators,
)
from halkit.interactions.av18_strong import strong_operators
from halkit.interactions.interaction import Interaction
from halkit.interactions.matrix import InteractionMatrix
from halkit.typing import Array, Number, Numbers
from halkit.units import HBARC as HBARC_NOW
from halkit.units import from_mev, reduced_mass, to_fm

__all__ = ["AV18", "CoupledAV18", "av18"]

Pair: TypeAlias = Literal["np", "nn", "pp"]
Uncoupled: TypeAlias = Literal[
    "1S0", "3P0", "1P1", "3P1", "1D2", "3D2", "1F3", "3F3", "1G4", "3G4", "1H5", "3H5"
]
Coupled: TypeAlias = Literal["3S1-3D1", "3P2-3F2", "3D3-3G3", "3F4-3H4", "3G5-3I5"]
_LETTERS = "SPDFGHIKLM"


class State(NamedTuple):
    """A state of two nucleons: spin S, total angular momentum j, the wave(s) l, and the pair."""

    spin: int
    j: int
    l: tuple[int, ...]
    pair: Pair

    @property
    def isospin(self) -> int:
        """Isospin T; the Pauli principle makes l + S + T odd."""
        return (self.l[0] + self.spin + 1) % 2

    @property
    def label(self) -> str:
        """Spectroscopic notation, such as 3S1-3D1."""
        return "-".join(f"{2 * self.spin + 1}{_LETTERS[l]}{self.j}" for l in self.l)


class _Argonne:
    """The potential matrix of a state, with one or two waves."""

    def __init__(
        self,
        state: State,
        *,
        electromagnetic: tuple[str, ...] = (),
        inverse_spacing: Number | None = None,
    ) -> None:
        self.state = state
        self.electromagnetic = electromagnetic
        self.inverse_spacing = inverse_spacing
        self.reduced_mass = _reduced_mass(state.pair, inverse_spacing)

    def _matrix(self, r: Array) -> Array:
        """V(r): shape (..., n, n) for n coupled waves."""
        state, spacing = self.state, self.inverse_spacing
        r = np.maximum(to_fm(np.asarray(r, dtype=np.float64), inverse_spacing=spacing), 1e-8)
        spin_spin = 4 * state.spin - 3
        photon = electromagnetic_operators(r, state.pair, self.electromagnetic)
        v = strong_operators(r, state.spin, state.isospin, state.pair)
        v["c"] = v["c"] + photon.central + spin_spin * photon.spin
        v["t"] = v["t"] + photon.tensor
        v["ls"] = v["ls"] + photon.spin_orbit
        angular = _angular_matrices(state)
        V = sum(v[name][..., None, None] * angular[name] for name in v)
        return from_mev(V, inverse_spacing=spacing)

    def __repr__(self) -> str:
        terms = self.electromagnetic
        return f"AV18({self.state.label} {self.state.pair}, electromagnetic={terms})"


class AV18(_Argonne, Interaction):
    """Argonne v18 in an uncoupled partial wave; `av18` makes it.

    Attributes
    ----------
    l : int
        Orbital angular momentum; pass it to `halkit.scattering.phase_shift`.
    reduced_mass : float
        Reduced mass of the pair, in the inverse of the unit of r.
    electromagnetic : tuple of str
        The included electromagnetic terms.
    """

    def __init__(self, state: State, **settings: Any) -> None:
        super().__init__(state, **settings)
        self.l = state.l[0]

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        return self._matrix(r)[..., 0, 0]


class _Element(_Argonne, Interaction):
    """One element of the matrix of two coupled waves."""

    def __init__(self, state: State, *, element: tuple[int, int], **settings: Any) -> None:
        super().__init__(state, **settings)
        self.element = element

    def local_potential(self, r: Array) -> Array:
        """Return V_ab(r), elementwise."""
        return self._matrix(r)[(..., *self.element)]


class CoupledAV18(_Argonne, InteractionMatrix):
    """Argonne v18 in two partial waves, l = j − 1 and j + 1, coupled by the tensor force.

    Attributes
    ----------
    reduced_mass : float
        Reduced mass of the pair, in the inverse of the unit of r.
    channels : tuple of 2 Channel
        With it and the two l, so that `halkit.scattering` needs nothing else.
    electromagnetic : tuple of str
        The included electromagnetic terms.
    interactions : tuple of 2 tuples of 2 Interaction
        The elements of `matrix`: ((V11, V12), (V21, V22)).
    """

    def __init__(self, state: State, **settings: Any) -> None:
        _Argonne.__init__(self, state, **settings)
        rows = [[_Element(state, element=(i, j), **settings) for j in (0, 1)] for i in (0, 1)]
        channels = [Channel(l=l, reduced_mass=self.reduced_mass) for l in state.l]
        InteractionMatrix.__init__(self, rows, channels=channels)

    def matrix(self, r: Numbers) -> Array:
        """Return the symmetric matrices V(r) for r ≥ 0, shape (..., 2, 2) for `r` (...)."""
        return self._matrix(check_distances(r, "r"))


@overload
def av18(
    channel: Uncoupled, pair: Pair = ..., *, electromagnetic: bool | Sequence[str] = ...,
    inverse_spacing: Number | None = ...,
) -> AV18: ...  # fmt: skip
@overload
def av18(
    channel: Coupled, pair: Pair = ..., *, electromagnetic: bool | Sequence[str] = ...,
    inverse_spacing: Number | None = ...,
) -> CoupledAV18: ...  # fmt: skip
@overload
def av18(
    channel: str, pair: Pair = ..., *, electromagnetic: bool | Sequence[str] = ...,
    inverse_spacing: Number | None = ...,
) -> Any: ...  # fmt: skip
def av18(channel, pair="np", *, electromagnetic=False, inverse_spacing=None):
    """Return the Argonne v18 potential of a partial wave.

    The electromagnetic terms are "C1" (one photon; for pp the Coulomb potential of extended
    protons, with the static α), "C2" (two photons), "DF" (Darwin-Foldy), "VP" (vacuum
    polarisation) and "MM" (magnetic moments). For pp, C1, C2 and VP decay too slowly for phase
    shifts relative to free waves. The spin-orbit and tensor parts of MM fall like 1/r³.

    Parameters
    ----------
    channel : str
        Spectroscopic notation ²ˢ⁺¹L_J: "1S0", "3P0", "1P1", "3D2", …; or a coupled pair
        "3S1-3D1", "3P2-3F2", ….
    pair : str, default "np"
        "np", "nn" or "pp"; "nn" and "pp" have channels of isospin 1 only.
    electromagnetic : bool or list of str, default False
        False: the strong interaction alone. True: with all electromagnetic terms of the pair
        (np: C1, MM; nn: MM; pp: all). A list selects terms.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    AV18 or CoupledAV18
        With the attributes ``l`` and ``reduced_mass`` (ħ²/2m = 41.47108 MeV fm² for np).

    Raises
    ------
    ValueError
        If `channel` is not a channel of the pair, or `pair` or a term is unknown.

    References
    ----------
    R. B. Wiringa, V. G. J. Stoks and R. Schiavilla, Phys. Rev. C 51 (1995) 38.

    Examples
    --------
    >>> from halkit.interactions import av18
    >>> from halkit.scattering import scattering_length
    >>> V = av18("1S0", electromagnetic=True)
    >>> round(scattering_length(V, reduced_mass=V.reduced_mass), 3)
    -23.732
    >>> av18("3S1-3D1").matrix([1.0, 2.0]).shape
    (2, 2, 2)
    """
    state = _state(channel, pair)
    allowed = TERMS[pair]
    if isinstance(electromagnetic, bool):
        terms = allowed if electromagnetic else ()
    else:
        terms = tuple(electromagnetic)
        unknown = [term for term in terms if term not in allowed]
        if unknown:
            raise ValueError(
                f"electromagnetic terms of {pair} must be among {allowed}, got {unknown}"
            )
    kind = AV18 if len(state.l) == 1 else CoupledAV18
    return kind(state, electromagnetic=terms, inverse_spacing=inverse_spacing)


def _state(channel: str, pair: Pair) -> State:
    if pair not in TERMS:
        raise ValueError(f"pair must be 'np', 'nn' or 'pp', got {pair!r}")
    first = re.match(rf"([13])([{_LETTERS}])(\d)", channel)
    if not first:
        raise ValueError(f"channel must be like '1S0' or '3S1-3D1', got {channel!r}")
    spin, l, j = (int(first[1]) - 1) // 2, _LETTERS.index(first[2]), int(first[3])
    coupled = (j - 1, j + 1) if j else (1,)
    waves = (j,) if spin == 0 or l == j else coupled
    state = State(spin, j, waves, pair)
    if state.label != channel or (spin == 1 and waves == (0,)):
        raise ValueError(
            f"channel must be a complete channel, such as '1S0' or '3S1-3D1', got {channel!r}"
        )
    if state.isospin == 0 and pair != "np":
        raise ValueError(f"pair must be 'np' in {channel}, which has isospin 0, got {pair!r}")
    return state


def _angular_matrices(state: State) -> dict[str, Array]:
    """Matrix elements of 1, S₁₂, L·S, L² and (L·S)² between the waves of a state."""
    l, j = np.array(state.l), state.j
    if state.spin == 0:
        ls, S12 = np.zeros(1), np.zeros((1, 1))
    elif l[0] == j:
        ls, S12 = -np.ones(1), np.full((1, 1), 2.0)
    else:
        ls = np.where(l < j, j - 1.0, -j - 2.0)
        diagonal = -2 * np.where(l < j, j - 1.0, j + 2.0) / (2 * j + 1)
        mixing = 6 * np.sqrt(j * (j + 1)) / (2 * j + 1)
        S12 = np.diag(diagonal) + mixing * (1 - np.eye(l.size))
    return {
        "c": np.eye(l.size),
        "t": S12,
        "ls": np.diag(ls),
        "l2": np.diag(l * (l + 1.0)),
        "ls2": np.diag(ls**2),
    }


def _reduced_mass(pair: Pair, inverse_spacing: Number | None) -> float:
    """The reduced mass with the ħ²/2m of the paper, whose ħc differs from today's."""
    mass = reduced_mass([MASSES[nucleon] for nucleon in pair]) * (HBARC_NOW / HBARC) ** 2
    return float(from_mev(mass, inverse_spacing=inverse_spacing))
