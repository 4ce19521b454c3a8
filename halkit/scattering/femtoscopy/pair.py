"""The observed pair: its mass, its charges, its place among coupled channels, and its waves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from halkit.channels import ChannelList
from halkit.checks import check_integer, check_scale
from halkit.interactions.mass import own_mass
from halkit.scattering.coulomb.charges import Charges
from halkit.scattering.coupled.phase import tell_energies
from halkit.scattering.coupled.system import CoupledSystem
from halkit.scattering.coupled.waves import energy_of, solve_coupled, with_charges
from halkit.scattering.femtoscopy.states import State
from halkit.scattering.femtoscopy.tables import TabulatedWaves
from halkit.scattering.waves import ScatteringWaves, scattering_wave_functions
from halkit.typing import Array, Number

__all__ = ["Pair", "Part", "find_pair"]

SAME = 1e-9


class Part(NamedTuple):
    """Waves of one spin state; those of a table end.

    Attributes
    ----------
    weight : float
    l : int
        Of the incoming wave.
    waves : callable
        Maps r to the components, shape (n_components, n_k, n_r), or to one, shape (n_k, n_r).
    channels : tuple of int
        The channel of each component, 0 for the observed one.
    radius : float
        The channel radius, or the end of the table.
    ends : bool
    """

    weight: float
    l: int
    waves: Any
    channels: tuple[int, ...]
    radius: float
    ends: bool = False

    def square(self, r: Array) -> list[tuple[int, Array]]:
        """Return the channel and ``|ψ|²`` of each component."""
        values = self.waves(r)
        values = values if values.ndim == 3 else values[None]
        return [*zip(self.channels, np.abs(values) ** 2, strict=True)]


class Pair(NamedTuple):
    """The observed pair.

    Attributes
    ----------
    reduced_mass : float
    observed : tuple of int
        Its place, or places, among the coupled channels.
    charge_product, dipole_radius : float or None
    """

    reduced_mass: float
    observed: tuple[int, ...]
    charge_product: Any
    dipole_radius: Number | None

    @property
    def charges(self) -> Charges | None:
        """The charges of the pair."""
        own = self.charge_product
        if isinstance(own, Sequence) and not isinstance(own, str):
            own = own[self.observed[0]]
        return None if own is None else Charges.of(own, self.dipole_radius)

    def single_part(self, state: State, k: Array, **settings: Any) -> Part:
        """Return the waves of a state with one partial wave."""
        waves, l, force = state.interaction, state.l or 0, self.charges
        if isinstance(waves, ScatteringWaves | TabulatedWaves):
            self._check(waves, k)
        else:
            waves = scattering_wave_functions(
                waves,
                k,
                l=l,
                reduced_mass=self.reduced_mass,
                charge_product=None if force is None else force.charge_product,
                dipole_radius=None if force is None else self.dipole_radius,
                **settings,
            )
        if isinstance(waves, TabulatedWaves):
            channels = tuple(range(waves.n_channels))
            return Part(state.weight, waves.l, waves, channels, waves.radius, ends=True)
        return Part(state.weight, waves.l, waves, (0,), waves.mesh.radius)

    def sommerfeld(self, k: Array) -> Array | None:
        """Return η of the pair, None without charges."""
        force = self.charges
        return None if force is None else force.sommerfeld(k, self.reduced_mass)

    def _check(self, waves, k):
        """Raise unless waves that are given have the momenta and the charges of the pair."""
        if waves.k.shape != k.shape or not np.allclose(waves.k, k, rtol=SAME, atol=0):
            raise ValueError(f"k must be the momenta of the given waves, got those of {waves}")
        eta = self.sommerfeld(k)
        if isinstance(waves, TabulatedWaves):
            waves.check_amplitude(eta)
        elif (eta is None) != (waves.eta is None) or not np.allclose(
            0.0 if eta is None else eta, 0.0 if waves.eta is None else waves.eta, rtol=1e-6, atol=0
        ):
            raise ValueError("charge_product must be that of the given waves, got another one")

    def coupled_parts(
        self, state: State, system: CoupledSystem, k: Array, channel_radius: Number | None,
        n_mesh: int | None,
    ) -> list[Part]:  # fmt: skip
        """Return the waves of a state with coupled channels, one for each observed wave."""
        size, observed = system.channels.size, self.observed
        charges = self._of_channels(size)
        system = with_charges(system, charges, channel_radius)
        others = [b for b in range(size) if b not in observed]
        place = tuple(0 if b in observed else 1 + others.index(b) for b in range(size))
        energy = energy_of(system.channels, observed[0], k)
        waves = solve_coupled(system, energy, observed, n_mesh, charges)
        tell_energies(state.interaction, system, energy)
        return [
            Part(state.weight, system.channels.l[a], one, place, system.radius)
            for a, one in zip(observed, waves, strict=True)
        ]

    def _of_channels(self, size):
        """The charges of each of the coupled channels."""
        given = self.charge_product
        if not isinstance(given, Sequence) or isinstance(given, str):
            return [self.charges if b in self.observed else None for b in range(size)]
        if len(given) != size:
            raise ValueError(
                f"charge_product must be a number, or one or None for each of the {size} channels, "
                f"got {given!r}"
            )
        charges = [None if one is None else Charges.of(one, self.dipole_radius) for one in given]
        if len({charges[a] for a in self.observed}) > 1:
            raise ValueError(f"charge_product must be one for the observed channels, got {given!r}")
        return charges


def find_pair(
    states: Sequence[State],
    *,
    reduced_mass: Number | None,
    channels: ChannelList | None,
    observed: int | Sequence[int],
    relativistic: bool | None,
    charge_product: Any,
    dipole_radius: Number | None,
    channel_radius: Number | None,
) -> tuple[Pair, list[CoupledSystem | None]]:
    """Return the pair, and for each state the system of its channels if they are coupled."""
    places = tuple(check_integer(a, "observed", least=0) for a in np.atleast_1d(observed).tolist())
    options: dict[str, Any] = {
        "channels": channels, "reduced_mass": reduced_mass, "relativistic": relativistic,
        "channel_radius": channel_radius,
    }  # fmt: skip
    systems = [CoupledSystem(s.interaction, **options) if s.coupled else None for s in states]
    coupled = [system for system in systems if system is not None]
    if not coupled and (channels is not None or relativistic is not None or places != (0,)):
        raise ValueError(
            "channels, relativistic and observed must come with an InteractionMatrix among the "
            "spin_states, got none"
        )
    if not coupled and isinstance(charge_product, Sequence):
        raise TypeError(
            f"charge_product must be a number without coupled channels, got {charge_product!r}"
        )
    if dipole_radius is not None and charge_product is None:
        raise ValueError("dipole_radius must have a charge_product with it, got None")
    m = None if reduced_mass is None else check_scale(reduced_mass, "reduced_mass")
    for system in coupled:
        m = _observed_mass(system, places, m)
    for state in states:
        own = own_mass(state.interaction)
        m = own if m is None else m
    if m is None:
        raise ValueError("reduced_mass must be given, got None")
    if len({system.channels.size for system in coupled}) > 1:
        raise ValueError("spin_states must have matrices of one size, got several")
    return Pair(m, places, charge_product, dipole_radius), systems


def _observed_mass(system, places, m):
    """The reduced mass of the observed channels, which are one pair."""
    known = system.channels
    if max(places) >= known.size or len(set(places)) < len(places):
        raise ValueError(f"observed must be among the {known.size} channels, got {places}")
    kinds = [(known.reduced_mass[a], known.threshold[a]) for a in places]
    if len(set(kinds)) > 1:
        raise ValueError(
            f"observed must be the partial waves of one pair, got channels {places} of different "
            "masses or thresholds"
        )
    if m is not None and abs(kinds[0][0] - m) > SAME * m:
        raise ValueError(
            f"reduced_mass must be that of the observed channel, {kinds[0][0]:.10g}, got {m:.10g}"
        )
    return kinds[0][0]
