r"""Channels of coupled scattering: partial waves, masses, thresholds, and momenta at an energy.

A channel a has two hadrons of masses m1, m2 in the partial wave l. With M_a = m1 + m2, the
reduced mass μ_a and the threshold Δ_a = M_a − M_1 above the lowest one, its momentum at the energy
E above the lowest threshold is

    k_a² = 2μ_a (E − Δ_a)                                   (non-relativistic),
    k_a² = [W² − M_a²][W² − (m1 − m2)²]/4W²,  W = M_1 + E   (relativistic).

ε_a = k_a²/2μ_a is the energy that enters the Schrödinger equation of the channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_boolean, check_integer, check_masses, check_number, check_scale
from halkit.kinematics import squared_momentum
from halkit.typing import Masses, Number
from halkit.units import reduced_mass as reduced_mass_of

__all__ = [
    "Channel",
    "ChannelList",
    "Channels",
    "check_channels",
    "momentum_or_energy",
    "resolve_channels",
]

# Relative difference of two values that count as the same: masses are often rounded.
SAME = 1e-9


@dataclass(frozen=True)
class Channel:
    """One of several coupled channels: its partial wave, and its masses or its threshold.

    Give `masses`, which fix the reduced mass and the threshold and make momenta relativistic; or
    `reduced_mass`, and `threshold` for channels above the lowest. What is None is taken from the
    function or the estimator that the channels are given to.

    Parameters
    ----------
    l : int, optional
        Orbital angular momentum; 0 if nothing else says it.
    masses : float or pair of float, optional
        Mass of both hadrons, or of each of the two, in the inverse of the unit of r (ħ = c = 1).
    reduced_mass : float, optional
        m1 m2/(m1 + m2).
    threshold : float, optional
        Energy of the threshold above the lowest threshold, ≥ 0.

    Raises
    ------
    ValueError, TypeError
        If a value is out of range, or contradicts the masses.

    Examples
    --------
    >>> from halkit import Channel
    >>> Channel(l=0, masses=(2.0, 3.0))
    Channel(l=0, masses=(2.0, 3.0))
    """

    l: int | None = None
    masses: Masses | None = None
    reduced_mass: Number | None = None
    threshold: Number | None = None

    def __post_init__(self) -> None:
        check_integer(self.l, "l", least=0, optional=True)
        for name, number in (
            ("reduced_mass", check_scale(self.reduced_mass, "reduced_mass", optional=True)),
            ("threshold", check_number(self.threshold, "threshold", least=0, optional=True)),
        ):
            if not isinstance(getattr(self, name), Real | None):  # an array of the caller
                object.__setattr__(self, name, number)
        if self.masses is None:
            return
        masses = check_masses(self.masses, "masses")
        object.__setattr__(self, "masses", masses)
        if self.reduced_mass is not None:
            _same("reduced_mass", self.reduced_mass, reduced_mass_of(masses), f"masses = {masses}")

    def __repr__(self) -> str:
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        arguments = ", ".join(f"{name}={value!r}" for name, value in given if value is not None)
        return f"Channel({arguments})"


ChannelList: TypeAlias = Sequence[Channel]


class Channels(NamedTuple):
    """Channels with all their data, in the order of their thresholds.

    Attributes
    ----------
    l : tuple of int
    reduced_mass, threshold : tuple of float
        μ_a, and Δ_a above the lowest threshold.
    masses : tuple of pair of float, or None
        None if not all masses are known.
    relativistic : bool
        Whether k_a(E) is relativistic.
    """

    l: tuple[int, ...]
    reduced_mass: tuple[float, ...]
    threshold: tuple[float, ...]
    masses: tuple[tuple[float, float], ...] | None
    relativistic: bool

    @property
    def size(self) -> int:
        """The number of channels."""
        return len(self.l)

    @property
    def alike(self) -> bool:
        """Whether all channels have the same momentum at each energy."""
        same = len(set(self.reduced_mass)) == 1 and len(set(self.threshold)) == 1
        return same and (not self.relativistic or len(set(map(frozenset, self.masses or ()))) == 1)

    def momentum_squared(self, energy: Any) -> NDArray[Any]:
        """Return k_a², shape (..., n_channels), at energies E of shape (...), real or complex."""
        x = np.asarray(energy)[..., None] - np.array(self.threshold)
        mu = np.array(self.reduced_mass)
        if not self.relativistic:
            return 2 * mu * x
        return squared_momentum(x, *np.array(self.masses).T)

    def kinetic_energy(self, energy: Any) -> NDArray[Any]:
        """Return ε_a = k_a²/2μ_a, of the shape of `momentum_squared`."""
        return self.momentum_squared(energy) / (2 * np.array(self.reduced_mass))

    def kinetic_slope(self, energy: Any) -> NDArray[Any]:
        """Return dε_a/dE, of the shape of `momentum_squared`: 1 non-relativistically."""
        x = np.asarray(energy)[..., None] - np.array(self.threshold)
        if not self.relativistic:
            return np.ones_like(x * 1.0)
        m1, m2 = np.array(self.masses).T
        W = m1 + m2 + x
        return (W - (m1**2 - m2**2) ** 2 / W**3) / (4 * np.array(self.reduced_mass))


def check_channels(channels: ChannelList) -> list[Channel]:
    """Return `channels` as a list, after a check that it is a sequence of `Channel`.

    Raises
    ------
    TypeError, ValueError
        If it is something else, or empty.
    """
    if isinstance(channels, Channel) or not isinstance(channels, Sequence):
        raise TypeError(f"channels must be a list of halkit.Channel, got {channels!r}")
    for channel in channels:
        if not isinstance(channel, Channel):
            raise TypeError(f"channels must be a list of halkit.Channel, got {channel!r} in it")
    if not channels:
        raise ValueError("channels must have at least one entry, got none")
    return list(channels)


def momentum_or_energy(n: int, given: Any, k: Any, energy: Any) -> Any:
    """Return momenta of one channel or energies of several, which came by position or by name.

    Raises
    ------
    ValueError
        If the other one is given, both, or none.
    """
    name, value, other = ("k", k, energy) if n == 1 else ("energy", energy, k)
    if other is not None:
        why = "" if n == 1 else ": a momentum belongs to one channel"
        several = "one channel" if n == 1 else f"{n} channels"
        raise ValueError(f"{name} must be given for {several}, got the other{why}")
    if (given is None) == (value is None):
        raise ValueError(f"{name} must be given once, got {(given, value)}")
    return value if given is None else given


def resolve_channels(
    channels: ChannelList,
    *,
    l: int | Sequence[int] | None = None,
    reduced_mass: Number | None = None,
    hadron_mass: Masses | None = None,
    relativistic: bool | None = None,
) -> Channels:
    """Return the `Channels` of a list of `Channel`.

    Parameters
    ----------
    channels : sequence of Channel
        In the order of their thresholds.
    l : int or sequence of int, optional
        Of channels that have none.
    reduced_mass : float, optional
        The same.
    hadron_mass : float or pair of float, optional
        Masses of channels that have neither masses nor a reduced mass.
    relativistic : bool, optional
        Whether momenta are relativistic. By default they are if all masses are known.

    Raises
    ------
    TypeError
        If `channels` is not a sequence of Channel.
    ValueError
        If a value is missing, contradicts another one, or the thresholds are not in order.

    Examples
    --------
    >>> from halkit import Channel
    >>> from halkit.channels import resolve_channels
    >>> two = [Channel(masses=(2.0, 2.0)), Channel(masses=(1.5, 3.0))]
    >>> resolve_channels(two, l=0).threshold
    (0.0, 0.5)
    """
    channels = check_channels(channels)
    n = len(channels)
    waves = l if np.iterable(l) else [l] * n
    if len(waves) != n:
        raise ValueError(f"l must have one entry for each of the {n} channels, got {l!r}")
    momenta = [_one_value("l", c.l, wave) for c, wave in zip(channels, waves, strict=True)]
    masses = [_masses(channel, hadron_mass) for channel in channels]
    known = tuple(mass for mass in masses if mass is not None)
    own = [channel.reduced_mass for channel in channels]
    if reduced_mass is None and (lacking := _without(own, masses)):
        raise ValueError(
            "reduced_mass or masses of every channel must be given, got neither for "
            f"{lacking} of {channels}"
        )
    mu = [_reduced_mass(*pair, reduced_mass) for pair in zip(channels, masses, strict=True)]
    if known and len(known) < n:
        raise ValueError(
            "channels must all have masses, or none of them: momenta need a common unit and a "
            f"common energy, got no masses for {_without(masses)} of {channels}"
        )
    if relativistic and not known:
        raise ValueError("channels must have masses for relativistic momenta, got none")
    if relativistic is not None:
        check_boolean(relativistic, "relativistic")
    return Channels(
        tuple(0 if wave is None else check_integer(wave, "l", least=0) for wave in momenta),
        tuple(mu),
        _thresholds(channels, mu, known),
        known or None,
        bool(known) if relativistic is None else relativistic,
    )


def _masses(channel, hadron_mass):
    if channel.masses is None:
        if hadron_mass is None or channel.reduced_mass is not None:
            return None
        return check_masses(hadron_mass, "hadron_mass")
    if hadron_mass is not None and check_masses(hadron_mass, "hadron_mass") != channel.masses:
        raise ValueError(
            f"hadron_mass must be None or the masses {channel.masses} of the channel, got "
            f"{hadron_mass!r}"
        )
    return channel.masses


def _reduced_mass(channel, masses, common):
    if masses is not None:
        mu = reduced_mass_of(masses)
        if common is not None:
            _same("reduced_mass", common, mu, f"the masses {masses} of a channel")
        return mu
    return check_scale(_one_value("reduced_mass", channel.reduced_mass, common), "reduced_mass")


def _without(*values):
    """The channels for which all values are None, in words."""
    lacking = [
        str(i) for i, row in enumerate(zip(*values, strict=True), 1) if row == (None,) * len(row)
    ]
    return f"channel{'s' if len(lacking) > 1 else ''} {' and '.join(lacking)}" if lacking else ""


def _thresholds(channels, mu, masses):
    given = [channel.threshold for channel in channels]
    if masses:
        lowest = sum(masses[0])
        thresholds = [sum(mass) - lowest for mass in masses]
        for value, threshold, mass in zip(given, thresholds, masses, strict=True):
            if value is not None:
                _same("threshold", value, threshold, f"masses {mass}", scale=lowest)
    else:
        if given[0] and None in given[1:]:
            raise ValueError(
                "channels must be in the order of their thresholds, got "
                f"{given[0]:g} for the first channel and another one without a threshold"
            )
        for i, (value, one) in enumerate(zip(given[1:], mu[1:], strict=True), 2):
            if value is None and one != mu[0]:
                raise ValueError(
                    "threshold must be given for channels of another reduced mass, got None for "
                    f"channel {i}, which has {one:.10g} beside {mu[0]:.10g} of channel 1"
                )
        thresholds = [0.0 if value is None else float(value) for value in given]
        if thresholds[0] != 0:
            raise ValueError(
                f"threshold of the first channel must be 0, the lowest one, got {thresholds[0]:g}"
            )
    if np.any(np.diff(thresholds) < 0):
        raise ValueError(f"channels must be in the order of their thresholds, got {thresholds}")
    return tuple(thresholds)


def _one_value(name, own, common):
    """The value of the channel or of all channels; both must agree."""
    if own is not None and common is not None and own != common:
        raise ValueError(
            f"{name} must be given once, or be the same, got {common!r} for all channels and "
            f"{own!r} in a channel"
        )
    return common if own is None else own


def _same(name, value, expected, reason, scale=None):
    if abs(value - expected) > SAME * (scale or abs(expected)):
        raise ValueError(f"{name} must be {expected:.10g} for {reason}, got {value!r}")
