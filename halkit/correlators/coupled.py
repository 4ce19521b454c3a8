"""Coupled channels on one lattice: correlators of each, alike in all but the masses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_masses
from halkit.correlators.record import Correlators, Record
from halkit.radial import Wedge

__all__ = ["CoupledCorrelators", "check_alike"]

# What all channels share, and what they share if it is known.
SHARED = ("t", "kind", "n_bins", "system", "inverse_spacing", "L", "r", "wedge")
KNOWN = ("bin_size", "n_configs", "pion_mass")


@dataclass(frozen=True, eq=False, repr=False)
class CoupledCorrelators(Record):
    """Correlators of coupled channels on one lattice, of the same quark sources.

    Each channel has R^a normalised by the masses of its own hadrons. For U_ab(r, r') = U_ba(r', r)
    it must also carry 1/√(Z_1 Z_2); see `halkit.equations.coupled_rows`. Two records are equal only
    if they are the same object.

    Parameters
    ----------
    channels : sequence of Correlators
        One for each channel, two at least, in the order of their thresholds m1 + m2. Sources,
        times, bins, points and units are the same in all of them.

    Attributes
    ----------
    n_channels : int
    sources : tuple of str
        Names of the quark sources, in the order of the first channel.
    hadron_mass : tuple of pair of float
        (m1, m2) of each channel.
    t, kind, n_bins, system, inverse_spacing, L, r, wedge
        Of all channels; see `Correlators`.

    Raises
    ------
    ValueError
        If there are fewer than two channels, they differ in more than their masses, or they are not
        in the order of their thresholds.
    TypeError
        If `channels` is not a sequence of `Correlators`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import Correlators, CoupledCorrelators
    >>> given = {"r": np.linspace(0.5, 30.0, 60), "t": np.arange(10, 15), "kind": "jackknife",
    ...          "units": "lattice"}
    >>> R = {"wall": np.ones((5, 20, 60)), "smeared": np.ones((5, 20, 60))}
    >>> CoupledCorrelators([
    ...     Correlators(R=R, hadron_mass=0.51, **given),
    ...     Correlators(R=R, hadron_mass=(0.43, 0.6), **given),
    ... ])
    CoupledCorrelators of wall, smeared
      2 channels, hadron_mass = 0.51; (0.43, 0.6)
      t = 10 … 14 (5 slices), 20 jackknife bins
      60 radial nodes, r = 0.5 … 30
      lattice units
    """

    channels: Sequence[Correlators]

    _samples = "X must be a list of blocks, as halkit.resampling.blocks makes of correlators"

    def __post_init__(self) -> None:
        if isinstance(self.channels, Correlators) or not isinstance(self.channels, Sequence):
            raise TypeError(
                "channels must be a list with the Correlators of each channel, got a "
                f"{type(self.channels).__name__}"
            )
        for channel in self.channels:
            if not isinstance(channel, Correlators):
                raise TypeError(
                    f"channels must be a list of Correlators, got a {type(channel).__name__} in it"
                )
        if len(self.channels) < 2:
            raise ValueError(
                f"channels must be two or more, got {len(self.channels)}: a single channel is a "
                "Correlators"
            )
        check_alike(self.channels)
        thresholds = [sum(pair) for pair in map(_masses, self.channels)]
        if np.any(np.diff(thresholds) < 0):
            raise ValueError(
                f"channels must be in the order of their thresholds m1 + m2, got {thresholds}"
            )
        self._set(channels=tuple(self.channels))

    @property
    def n_channels(self) -> int:
        return len(self.channels)

    @property
    def sources(self) -> tuple[str, ...]:
        return self.channels[0].sources

    @property
    def t(self) -> NDArray[Any]:
        return self.channels[0].t

    @property
    def kind(self) -> str:
        return self.channels[0].kind

    @property
    def n_bins(self) -> int:
        return self.channels[0].n_bins

    @property
    def system(self) -> str:
        return self.channels[0].system

    @property
    def inverse_spacing(self) -> float | None:
        return self.channels[0].inverse_spacing

    @property
    def L(self) -> int | None:  # noqa: N802
        return self.channels[0].L

    @property
    def r(self) -> NDArray[np.float64] | None:
        return self.channels[0].r

    @property
    def wedge(self) -> Wedge | None:
        return self.channels[0].wedge

    @property
    def hadron_mass(self) -> tuple[tuple[float, float], ...]:
        return tuple(_masses(channel) for channel in self.channels)

    def of_source(self, source: str) -> Self:
        """Return the record of one quark source.

        Raises
        ------
        ValueError
            If the record has no source of this name.
        """
        return type(self)([channel.of_source(source) for channel in self.channels])

    def __repr__(self) -> str:
        first = self.channels[0]
        masses = "; ".join(channel._mass_text() for channel in self.channels)
        return "\n".join([
            f"{type(self).__name__} of {', '.join(self.sources)}",
            f"  {self.n_channels} channels, hadron_mass = {masses}",
            f"  {first._axes_text()}",
            f"  {first._units_text()}",
        ])  # fmt: skip


def _masses(channel):
    return check_masses(channel.hadron_mass, "hadron_mass")


def check_alike(channels: Sequence[Correlators]) -> None:
    """Refuse records of channels that differ in more than their masses.

    Raises
    ------
    ValueError
    """
    first = channels[0]
    for a, channel in enumerate(channels[1:], start=2):
        for name in (*SHARED, *KNOWN):
            mine, other = getattr(first, name), getattr(channel, name)
            unknown = name in KNOWN and None in (mine, other)
            if not unknown and not np.array_equal(mine, other):
                raise ValueError(
                    f"{name} must be the same in all channels, got {mine} in channel 1 and {other} "
                    f"in channel {a}"
                )
        if set(first.sources) != set(channel.sources):
            raise ValueError(
                f"sources must be the same in all channels, got {first.sources} in channel 1 and "
                f"{channel.sources} in channel {a}"
            )
