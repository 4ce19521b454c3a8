r"""Correlators of coupled channels become rows (X, y, σ), with the channels side by side.

With R^a = e^{M_a t} C^a, each normalised by the masses M_a = m1a + m2a of its own threshold, and
Δ_a = M_a − M_1 above the lowest threshold,

    D_a R^a = Σ_b e^{−(Δ_b − Δ_a)t} U_ab R^b,   D_a = −∂t + … + ∇²/2μ_a.

Multiplied by e^{−Δ_a t} this is y^a = Σ_b U_ab X^b with X^a = e^{−Δ_a t} R^a for every time: one
linear map. D_a acts before the factor, and one constant divides all channels of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.channels import Channel, ChannelList, check_channels, resolve_channels
from halkit.checks import as_numbers, check_masses
from halkit.correlators import Correlators, CoupledCorrelators
from halkit.correlators.coupled import check_alike
from halkit.equations.dispersion import EnergyRange
from halkit.equations.lattice import check_lattice, radii_of
from halkit.equations.rows import Rows, check_choices, check_correlators
from halkit.equations.time import Stencil, choose_stencil, common_stencil, time_part, time_stencil
from halkit.radial import Order, radial_laplacian, trapezoid_weights
from halkit.samples import standard_error

__all__ = ["Radii", "bin_sizes", "coupled_rows", "joined", "times_of"]


def coupled_rows(
    correlators: CoupledCorrelators | Sequence[Correlators],
    *,
    channels: ChannelList | None = None,
    times: Sequence[float] | None = None,
    sources: Sequence[str] | None = None,
    r_max: float | None = None,
    r_prime_max: float | None = None,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
    space_order: Order = 6,
) -> Rows:
    r"""Rows of the time-dependent equation of coupled channels, of each bin.

    A row holds one quark source at one time, with all its channels side by side: X^a = e^{−Δ_a t}
    R^a and y^a = Σ_b U_ab X^b. Each row is divided by one constant, the mean of ``|X|`` over its
    channels and output radii.

    R^a of a channel is normalised by the two-point functions of its own hadrons. For U to be
    symmetric, U_ab(r, r') = U_ba(r', r), it must also carry 1/√(Z_1 Z_2) of its hadrons, and 1/√2
    if they are identical: divide it before, `dataclasses.replace(c, R=...)`. Other factors give
    U_ab √(Z_a/Z_b), with the same phase shifts and inelasticities if U is fitted without symmetry.

    Parameters
    ----------
    correlators : CoupledCorrelators, or sequence of Correlators
        One for each channel, in the order of their thresholds, with the same sources, times, bins
        and points. Their `hadron_mass` give the thresholds; with `mass_bins` each bin has its own
        Δ_a in e^{−Δ_a t}, with which its R fluctuates.
    channels : sequence of halkit.Channel, optional
        One for each, with its `l`; masses are filled in. By default all are S waves on radial nodes
        and the `l` of their wedge on a lattice.
    times : sequence of float, optional
        Times of the rows, each once; by default all that the stencil allows.
    sources : sequence of str, optional
        Quark sources, each once; by default all.
    r_max, r_prime_max : float, optional
        On a lattice only; see `lattice_rows`.
    stencil, energy_range
        See `time_dependent_rows`. Energies count from the threshold of each channel; Δ_a is
        subtracted from the lowest one in channel a, where the states of the lower channels occur.
    space_order : {2, 4, 6, 8, "spline"}
        On radial nodes; see `stationary_target`.

    Returns
    -------
    Rows
        With `channels`. The errors σ^a of y^a are those of y^a/s, where s is the size of R^a in a
        bin over that of the mean, in which the normalisation of each bin drops out: s = Σ R^a
        R̄^a/Σ R̄^a R̄^a over the output radii.

    Raises
    ------
    ValueError
        If sources, times, bins, points or units of the correlators differ, the channels are not
        in the order of their thresholds, `channels` and the correlators have other masses, or a
        lattice has another `l`; and as in `radial_rows` and `lattice_rows`.
    TypeError
        If `correlators` is neither, or `channels` not a sequence of `Channel`.

    References
    ----------
    S. Aoki et al. (HAL QCD), Proc. Japan Acad. B 87, 509 (2011); K. Sasaki et al. (HAL QCD),
    Nucl. Phys. A 998, 121737 (2020).

    Examples
    --------
    Two free channels, one of them closed by 0.1: the target vanishes.

    >>> import numpy as np
    >>> from halkit.correlators import Correlators
    >>> from halkit.equations import coupled_rows
    >>> r, t, E = np.linspace(0.2, 8.0, 40), np.arange(9), 0.02
    >>> def free(M, wave):
    ...     R = np.exp(-(4 + E - M) * t)[:, np.newaxis] * wave
    ...     return Correlators(R={"wall": R[:, np.newaxis]}, r=r, t=t, hadron_mass=M / 2,
    ...                        kind="mean", units="lattice")
    >>> k, kappa = np.sqrt(2 * E + E**2 / 4), np.sqrt(2.05**2 - 2.01**2)
    >>> rows = coupled_rows([free(4.0, np.sin(k * r) / r), free(4.1, np.sinh(kappa * r) / r)])
    >>> rows.data.shape, bool(np.abs(rows.target).max() < 1e-6)
    ((1, 3, 80), True)
    """
    records = _records(correlators)
    channels = _channels_of(channels, records)
    resolved, first = resolve_channels(channels), records[0]
    sources = check_choices(sources, first.sources, "sources")
    times, points = times_of(first.t, times, stencil)
    labels = [(source, time) for source in sources for time in times]
    energies = tuple(
        choose_stencil(stencil, record.hadron_mass, _spacing(record), energy_range, threshold)
        for record, threshold in zip(records, resolved.threshold, strict=True)
    )
    X, y = [], []
    for record, l, energy in zip(records, resolved.l, energies, strict=True):
        radii, operators = _points_of(record, l, r_max, r_prime_max, space_order)
        wave, target = _one_channel(record, operators, labels, points, energy)
        factor = _common_reference(first.masses, record.masses, labels)
        X.append(factor * wave)
        y.append(factor * target)
    own = None
    if any(record.mass_bins is not None for record in records):
        own = np.stack([record.masses for record in records], axis=1)
    return joined(
        np.stack(X), np.stack(y), radii, labels=labels, stencil=points, energy_range=energies,
        channels=channels, kind=first.kind, mass_bins=own,
    )  # fmt: skip


def joined(X, y, radii, *, kind, **about):
    """Return the Rows of X and y of all channels, (n_channels, n_bins, n_rows, n_points)."""
    out = radii.keep_out
    size = np.average(
        np.abs(X[..., out].mean(axis=1)).mean(axis=0), axis=-1, weights=radii.weights[out]
    )
    X, y = X / size[:, np.newaxis], y[..., out] / size[:, np.newaxis]
    return Rows(
        data=_side_by_side(X[..., radii.keep]),
        target=_side_by_side(y),
        sigma=_errors(X[..., out], y, kind),
        r=radii.r[radii.keep],
        weights=radii.weights[radii.keep],
        r_out=radii.r[out],
        kind=kind,
        **about,
    )


def _one_channel(correlators, operators, labels, points, energies):
    """Return X and y (n_bins, n_rows, n_points) of one channel, normalised by its threshold."""
    project, laplacian = operators
    half, dt, X, y = points // 2, _spacing(correlators), [], []
    for source, time in labels:
        at = int(np.searchsorted(correlators.t, time))
        R = correlators.R[source][at - half : at + half + 1]
        mu, part = time_part(R, correlators.masses, points, dt, energies)
        X.append(project(R[half]))
        y.append(project(part[0]) + laplacian(R[half]) / (2 * mu))
    return np.stack(X, axis=1), np.stack(y, axis=1)


def _common_reference(lowest, masses, labels):
    """Return e^{−Δ_a t} of each bin and row, (n_bins, n_rows, 1)."""
    delta = np.sum(masses, axis=1) - np.sum(lowest, axis=1)
    return np.exp(-np.multiply.outer(delta, [float(time) for _, time in labels]))[..., np.newaxis]


def _errors(X, y, kind):
    """Errors of y/s side by side, with s the size of each bin of X, (n_channels, n_bins, ...)."""
    if kind == "mean":
        return None
    if X.shape[1] < 2:
        raise ValueError(f"errors need at least 2 {kind} bins, got {X.shape[1]}")
    return np.concatenate(
        [standard_error(one / bin_sizes(wave), kind) for wave, one in zip(X, y, strict=True)],
        axis=-1,
    )


def bin_sizes(X):
    """Return the size s of each bin of X (n_bins, ..., n_points) over that of their mean.

    A number for each bin and row: X of a channel may have zeros, where y/X has no error.

    Raises
    ------
    ValueError
        If the mean vanishes at all points.
    """
    mean = X.mean(axis=0)
    square = np.sum(mean**2, axis=-1, keepdims=True)
    if not np.all(square > 0):
        raise ValueError("R must not vanish in any channel of a source, got zeros")
    return np.sum(X * mean, axis=-1, keepdims=True) / square


def _side_by_side(values):
    return np.concatenate(list(values), axis=-1)


class Radii(NamedTuple):
    """The radii of values, their weights, and those that rows keep for X and for y."""

    r: NDArray[np.float64]
    weights: NDArray[np.float64]
    keep: slice
    keep_out: slice


def _points_of(correlators, l, r_max, r_prime_max, order):
    """Return the radii, and what projects a field and its Laplacian on them."""
    if correlators.wedge is None:
        if r_max is not None or r_prime_max is not None:
            raise ValueError(
                "r_max and r_prime_max must be None on radial nodes, where they have no effect, "
                f"got {r_max} and {r_prime_max}"
            )
        r, all_of_them = correlators.r, slice(None)
        radii = Radii(r, trapezoid_weights(r), all_of_them, all_of_them)
        return radii, (lambda R: R, lambda R: radial_laplacian(R, r, l=l, order=order))
    wedge = check_lattice(correlators)
    if r_max is None:
        raise ValueError("r_max must be given on a lattice, got None")
    if l != wedge.partial_wave:
        raise ValueError(f"l must be {wedge.partial_wave} of a field in {wedge.irrep}, got {l}")
    keep_out, keep = radii_of(wedge, r_max, r_prime_max)
    radii = Radii(wedge.shell_r, wedge.shell_weights, keep, keep_out)
    return radii, (wedge.to_shells, lambda R: wedge.to_shells(wedge.laplacian(R)))


def _spacing(correlators):
    return float(correlators.t[1] - correlators.t[0])


def times_of(t, times, stencil):
    """Return the times of the rows and the points of the stencil."""
    if times is None:
        points = time_stencil(len(t), stencil)
        return t[points // 2 : len(t) - points // 2].tolist(), points
    times = check_choices(as_numbers(times, "times").tolist(), t[1:-1].tolist(), "times")
    return times, common_stencil(t, times, stencil)


def _records(correlators):
    """Return the record of each channel, all alike in all but the mass."""
    if isinstance(correlators, CoupledCorrelators):
        correlators = correlators.channels
    elif isinstance(correlators, Correlators) or not isinstance(correlators, Sequence):
        raise TypeError(
            "correlators must be a list with the Correlators of each channel, got a "
            f"{type(correlators).__name__}"
        )
    if not correlators:
        raise ValueError("correlators must have at least one channel, got none")
    for record in correlators:
        check_correlators(record)
    check_alike(correlators)
    return correlators


def _channels_of(channels, records):
    """Return the channels with the masses of their correlators."""
    if channels is None:
        channels = [Channel()] * len(records)
    channels = check_channels(channels)
    if len(channels) != len(records):
        raise ValueError(
            f"channels must be {len(records)}, one for each of the correlators, got {len(channels)}"
        )
    return [_completed(*pair) for pair in zip(channels, records, strict=True)]


def _completed(channel, record):
    if channel.l is None and record.wedge is not None:
        channel = replace(channel, l=record.wedge.partial_wave)
    masses = check_masses(record.hadron_mass, "hadron_mass")
    if channel.masses is None:
        return replace(channel, masses=masses)
    if not np.allclose(channel.masses, masses, rtol=1e-9, atol=0):
        raise ValueError(
            f"masses of a channel must be those of its correlators, {masses}, got {channel.masses}"
        )
    return channel
