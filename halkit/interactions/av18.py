"""The Argonne v18 nucleon-nucleon potential, one partial wave at a time.

In a state of spin S, isospin T and charge (the pair: np, nn, pp) it is

    V = v_c + v_t S₁₂ + v_ls L·S + v_l2 L² + v_ls2 (L·S)²,

with radial functions from `halkit.interactions.av18_strong` and, if wanted, from
`halkit.interactions.av18_electromagnetic`. Uncoupled waves are local potentials; the tensor
force couples l = j − 1 and l = j + 1, where V(r) is a 2 × 2 matrix:

    [ v_c                  √8 v_t                                    ]
    [ √8 v_t    v_c − 2 v_t − 3 v_ls + 6 v_l2 + 9 v_ls2 ]      for ³S₁-³D₁.

Reference: R. B. Wiringa, V. G. J. Stoks and R. Schiavilla, Phys. Rev. C 51 (1995) 38
[arXiv:nucl-th/9408016].
"""

import re
from typing import NamedTuple

import numpy as np

from halkit.checks import check_distances
from halkit.interactions.av18_electromagnetic import (
    HBARC,
    MASSES,
    TERMS,
    electromagnetic_operators,
)
from halkit.interactions.av18_strong import strong_operators
from halkit.interactions.interaction import Interaction, Local
from halkit.units import HBARC as HBARC_NOW
from halkit.units import from_mev, to_fm

__all__ = ["AV18", "CoupledAV18", "av18"]

LETTERS = "SPDFGHIKLM"


class State(NamedTuple):
    """Two nucleons (pair) of spin S and total angular momentum j in one or two waves l."""

    spin: int
    j: int
    l: tuple
    pair: str

    @property
    def isospin(self):
        """T, so that l + S + T is odd (Pauli)."""
        return (self.l[0] + self.spin + 1) % 2

    @property
    def label(self):
        """Spectroscopic notation, such as 3S1-3D1."""
        return "-".join(f"{2 * self.spin + 1}{LETTERS[l]}{self.j}" for l in self.l)


class AV18(Interaction):
    """Argonne v18 in an uncoupled partial wave; `av18` makes it.

    Attributes
    ----------
    l : int
        Orbital angular momentum, to be given to `halkit.scattering.phase_shift`.
    reduced_mass : float
        Reduced mass of the pair, in the inverse of the unit of r.
    electromagnetic : tuple of str
        The electromagnetic terms that are included.
    """

    def __init__(self, state, *, electromagnetic=(), inverse_spacing=None):
        self.state = state
        self.l = state.l[0]
        self.electromagnetic = electromagnetic
        self.inverse_spacing = inverse_spacing
        self.reduced_mass = _reduced_mass(state.pair, inverse_spacing)

    def local_potential(self, r):
        """Return V(r), elementwise."""
        return _matrix(r, self)[..., 0, 0]

    def __repr__(self):
        return _repr(self)


class CoupledAV18:
    """Argonne v18 in two partial waves, l = j − 1 and j + 1, that its tensor force couples.

    Attributes
    ----------
    l : (int, int)
        Orbital angular momenta of the two waves.
    reduced_mass : float
        Reduced mass of the pair, in the inverse of the unit of r.
    electromagnetic : tuple of str
        The electromagnetic terms that are included.
    interactions : list of 2 lists of 2 Local
        The elements of `matrix`, one by one: [[V11, V12], [V21, V22]].
    """

    def __init__(self, state, *, electromagnetic=(), inverse_spacing=None):
        self.state = state
        self.l = state.l
        self.electromagnetic = electromagnetic
        self.inverse_spacing = inverse_spacing
        self.reduced_mass = _reduced_mass(state.pair, inverse_spacing)

    def matrix(self, r):
        """Return the symmetric matrices V(r), r ≥ 0: an array of the shape of `r`, then (2, 2)."""
        return _matrix(check_distances(r, "r"), self)

    @property
    def interactions(self):
        """The elements of `matrix` as local interactions."""

        def element(i, j):
            return Local(lambda r: _matrix(r, self)[..., i, j])

        return [[element(i, j) for j in range(2)] for i in range(2)]

    def __repr__(self):
        return _repr(self)


def av18(channel, pair="np", *, electromagnetic=False, inverse_spacing=None):
    """Return the Argonne v18 potential of a partial wave.

    The electromagnetic terms are "C1" (one photon; for pp the Coulomb potential of extended
    protons, with the static α), "C2" (two photons), "DF" (Darwin-Foldy), "VP" (vacuum
    polarisation) and "MM" (magnetic moments). For pp, C1, C2 and VP do not decay fast enough for
    phase shifts against free waves, and the spin-orbit and tensor parts of MM fall like 1/r³.

    Parameters
    ----------
    channel : str
        Spectroscopic notation ²ˢ⁺¹L_J: "1S0", "3P0", "1P1", "3D2", …; or a coupled pair
        "3S1-3D1", "3P2-3F2", ….
    pair : str, default "np"
        "np", "nn" or "pp"; the last two in channels of isospin 1 only.
    electromagnetic : bool or list of str, default False
        False: the strong interaction alone. True: with all electromagnetic terms of the pair
        (np: C1, MM; nn: MM; pp: all); a list chooses among them.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    AV18 or CoupledAV18
        With the attributes ``l`` and ``reduced_mass`` (ħ²/2m = 41.47108 MeV fm² for np).

    Raises
    ------
    ValueError
        If the channel is not one of two nucleons, or not one of the pair.

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
            raise ValueError(f"electromagnetic terms of {pair} are {allowed}, got {unknown}")
    kind = AV18 if len(state.l) == 1 else CoupledAV18
    return kind(state, electromagnetic=terms, inverse_spacing=inverse_spacing)


def _state(channel, pair):
    if pair not in TERMS:
        raise ValueError(f"pair must be 'np', 'nn' or 'pp', got {pair!r}")
    first = re.match(rf"([13])([{LETTERS}])(\d)", channel)
    if not first:
        raise ValueError(f"channel must be like '1S0' or '3S1-3D1', got {channel!r}")
    spin, l, j = (int(first[1]) - 1) // 2, LETTERS.index(first[2]), int(first[3])
    coupled = (j - 1, j + 1) if j else (1,)
    waves = (j,) if spin == 0 or l == j else coupled
    state = State(spin, j, waves, pair)
    if state.label != channel or (spin == 1 and waves == (0,)):
        raise ValueError(f"{channel!r} is not a channel; a complete one is '1S0' or '3S1-3D1'")
    if state.isospin == 0 and pair != "np":
        raise ValueError(f"{channel} has isospin 0: it is a channel of np, not of {pair}")
    return state


def _matrix(r, potential):
    """V(r) of an `AV18` or `CoupledAV18`: shape (..., n, n) for the n coupled waves."""
    state, inverse_spacing = potential.state, potential.inverse_spacing
    r = np.maximum(to_fm(np.asarray(r, dtype=np.float64), inverse_spacing=inverse_spacing), 1e-8)
    spin_spin = 4 * state.spin - 3
    photon = electromagnetic_operators(r, state.pair, potential.electromagnetic)
    v = strong_operators(r, state.spin, state.isospin, state.pair)
    v["c"] = v["c"] + photon.central + spin_spin * photon.spin
    v["t"] = v["t"] + photon.tensor
    v["ls"] = v["ls"] + photon.spin_orbit
    angular = _angular_matrices(state)
    V = sum(v[name][..., None, None] * angular[name] for name in v)
    return from_mev(V, inverse_spacing=inverse_spacing)


def _angular_matrices(state):
    """The matrices of 1, S₁₂, L·S, L² and (L·S)² in the waves of a state."""
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


def _reduced_mass(pair, inverse_spacing):
    """The mass that keeps ħ²/2m at the value of the paper, which had another ħc."""
    first, second = (MASSES[nucleon] for nucleon in pair)
    mass = first * second / (first + second) * (HBARC_NOW / HBARC) ** 2
    return float(from_mev(mass, inverse_spacing=inverse_spacing))


def _repr(potential):
    state, terms = potential.state, potential.electromagnetic
    return f"AV18({state.label} {state.pair}, electromagnetic={terms})"
