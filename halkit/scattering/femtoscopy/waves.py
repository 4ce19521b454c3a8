"""The waves of a pair, solved once for any number of sources.

The density of the pair is ∫ |Ψ_k(r)|² dΩ/4π, averaged over spins:

    ρ(k, r) = B(k, r) + f Σ_s w_s [ψ_s(r)² − φ_l(r)²],     C(k) = ∫ 4πr² S(r) ρ(k, r) dr,

with f = 1 and B = 1 for two different hadrons, f = 2 and B = 1 ± j0(2kr)/(2s+1) for identical
ones, and φ_l = j_l(kr). With charges φ_l = F_l/kr, and `halkit.scattering.coulomb.density` has B.

A pair can also come from another channel b, ρ_b = f Σ_s w_s |ψ_b|² with ψ_b the component of the
wave that has the flux of ψ in the observed channel; then C has ω_b ∫ 4πr² S_b ρ_b dr besides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import spherical_jn

from halkit.channels import ChannelList
from halkit.checks import check_array, check_momenta
from halkit.scattering.coulomb.density import coulomb_density, exchange_share
from halkit.scattering.coulomb.waves import regular_coulomb
from halkit.scattering.femtoscopy.pair import Pair, Part, find_pair
from halkit.scattering.femtoscopy.sources import Source, quadrature
from halkit.scattering.femtoscopy.states import (
    SpinStates,
    Statistics,
    check_weights,
    spin_states_of,
    statistics_of,
)
from halkit.typing import Array, Number, Numbers

__all__ = ["PairWaves", "pair_waves"]

# Largest part of ∫ 4πr² S dr that a table of wave functions may miss.
MISSED = 1e-6


class PairWaves:
    """The waves of a pair of hadrons; called with r, it returns their density.

    Made by `halkit.scattering.pair_waves`.

    Attributes
    ----------
    k : array
        Relative momenta.
    n_channels : int
        1 without coupled channels. The observed channel comes first.
    """

    def __init__(
        self,
        k: Array,
        parts: Sequence[Part],
        statistics: Statistics,
        pair: Pair,
    ) -> None:
        self.k = k
        self.n_channels = 1 + max((c for part in parts for c in part.channels), default=0)
        self._parts, self._statistics = list(parts), statistics
        self._length, self._eta = 1 / pair.reduced_mass, pair.sommerfeld(k.ravel())
        self._edges = np.unique([part.radius for part in parts])
        self._end = min((part.radius for part in parts if part.ends), default=np.inf)

    def __call__(self, r: Numbers) -> Array:
        """Return the density ∫ ``|Ψ|²`` dΩ/4π at r > 0, shape (n_channels, n_k, n_r)."""
        r = np.atleast_1d(check_array(r, "r"))
        if r.ndim != 1 or np.any(r <= 0):
            raise ValueError(f"r must be one number or one axis, and > 0, got {r.tolist()!r:.60}")
        if np.any(r > self._end):
            raise ValueError(
                f"r must lie inside the tables of wave functions, which end at {self._end:g}, got "
                f"{np.max(r):g}"
            )
        return self._density(r)

    def correlation(
        self, source: Source | Sequence[Source], *, production: Numbers | None = None
    ) -> Array:
        """Return C(k) = Σ_b ω_b ∫ 4πr² S_b(r) ρ_b(k, r) dr.

        Parameters
        ----------
        source : callable, or list of one for each channel
            S(r), normalised to ∫ 4πr² S dr = 1, such as `halkit.scattering.GaussianSource`.
        production : array of shape (n_channels,), optional
            ω_b, how many pairs of a channel are produced for one of the observed channel, which
            has 1. Default: 1 for all.

        Returns
        -------
        float array of the shape of `k`

        Raises
        ------
        ValueError
            If a source is not normalised to 0.1 %, or reaches beyond a table of waves.
        """
        sources = [source] * self.n_channels if callable(source) else source
        omega = _production(production, self.n_channels)
        if isinstance(sources, str) or not isinstance(sources, Sequence):
            raise TypeError(f"source must be a function S(r), got {source!r}")
        if len(sources) != self.n_channels or not all(map(callable, sources)):
            raise TypeError(
                f"source must be a function S(r), or a list of {self.n_channels}, one for each "
                f"channel, got {source!r}"
            )
        C = np.ones(self.k.size)
        for one in dict.fromkeys(sources if self.k.size else []):
            r, weights = self._quadrature(one)
            share = omega * [other is one for other in sources]
            density = self._density(r)
            density[0] -= 1
            C += share @ (density @ weights)
        return C.reshape(self.k.shape)[()]

    def _quadrature(self, source):
        slow = self._eta is not None
        k, edges, end = self.k.ravel(), self._edges, self._end
        r, weights = quadrature(source, k, edges=edges, length=self._length, slow=slow)
        left = np.cumsum(np.abs(weights)[::-1])[::-1]
        if np.any(left[r > end] > MISSED):
            raise ValueError(
                f"wave functions must reach to r = {r[left > MISSED][-1]:.3g}, where the source "
                f"ends, got a table that ends at {end:g}"
            )
        return r[r <= end], weights[r <= end]

    def _density(self, r):
        rho = np.outer(self.k.ravel(), r)
        density = np.zeros((self.n_channels, *rho.shape))
        density[0] = self._background(rho)
        factor = 2 if self._statistics.identical else 1
        free = {l: self._free(l, rho) for l in {part.l for part in self._parts}}
        for part in self._parts:
            weight = factor * part.weight
            density[0] -= weight * free[part.l]
            for channel, square in part.square(r):
                density[channel] += weight * square
        return density

    def _background(self, rho):
        """The density without a strong interaction."""
        exchange, eta = self._statistics.exchange, self._eta
        if eta is None:
            return 1 + exchange * np.sinc(2 * rho / np.pi)
        density = coulomb_density(eta[:, None], rho)
        if exchange:
            share = [exchange_share(*pair) for pair in zip(eta, rho, strict=True)]
            density *= 1 + exchange * np.array(share)
        return density

    def _free(self, l, rho):
        if self._eta is None:
            return spherical_jn(l, rho) ** 2
        return (regular_coulomb(l, self._eta[:, None], rho)[0] / rho) ** 2

    def __repr__(self) -> str:
        return f"PairWaves({self.k.size} momenta, {len(self._parts)} spin states)"


def _production(production, n):
    omega = np.ones(n) if production is None else check_array(production, "production", shape=(n,))
    if np.any(omega < 0) or omega[0] != 1:
        raise ValueError(
            f"production must be ≥ 0, and 1 for the observed channel, got {omega.tolist()}"
        )
    return omega


def pair_waves(
    spin_states: SpinStates,
    k: Numbers,
    *,
    reduced_mass: Number | None = None,
    spin: Number | None = None,
    channels: ChannelList | None = None,
    observed: int | Sequence[int] = 0,
    relativistic: bool | None = None,
    charge_product: Number | Sequence[Number | None] | None = None,
    dipole_radius: Number | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> PairWaves:
    """Return the waves of a pair of hadrons, solved once for any number of sources.

    Parameters and errors as in `halkit.scattering.correlation_function`, which is
    ``pair_waves(…).correlation(source)``.

    Returns
    -------
    PairWaves
        ``waves.correlation(source)`` is C(k); ``waves(r)`` is the density of the pair.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import GaussianSource, pair_waves
    >>> waves = pair_waves(Separable(omega=-0.017, mu=1.0), [0.1, 0.5], reduced_mass=3.3)
    >>> [waves.correlation(GaussianSource(R)).round(5).tolist() for R in (1.0, 2.0)]
    [[2.25822, 0.83364], [0.7854, 0.88654]]
    """
    k, statistics = check_momenta(k), statistics_of(spin)
    states, bare = spin_states_of(spin_states, r)
    pair, systems = find_pair(
        states, reduced_mass=reduced_mass, channels=channels, observed=observed,
        relativistic=relativistic, charge_product=charge_product, dipole_radius=dipole_radius,
        channel_radius=channel_radius,
    )  # fmt: skip
    momenta, parts = k.ravel(), []
    for state, system in zip(states, systems, strict=True):
        if system is None:
            parts.append(
                pair.single_part(state, momenta, channel_radius=channel_radius, n_mesh=n_mesh, r=r)
            )
        else:
            parts += pair.coupled_parts(state, system, momenta, channel_radius, n_mesh)
    check_weights([(part.l, part.weight) for part in parts], statistics, spin, bare)
    return PairWaves(k, parts, statistics, pair)
