r"""The channels of an estimator, and how a matrix of potentials acts on their wave functions.

Channels lie side by side: a row of X holds φ_1, φ_2, … on the same nodes, and a row of y

    y_a(r_i) = Σ_b [ V_ab(r_i) φ_b(r_i) + Σ_j U_ab(r_i, r_j) w_j φ_b(r_j) ].

A single channel is the case n = 1, with a plain interaction instead of a matrix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from halkit.channels import Channel, Channels, check_channels, resolve_channels
from halkit.checks import check_integer
from halkit.interactions import Interaction, InteractionMatrix
from halkit.potentials.validation import node_columns
from halkit.typing import Array

__all__ = [
    "Learned",
    "act",
    "count_channels",
    "full_channels",
    "local_inverse",
    "local_matrix",
    "own_wave",
    "pair_masses",
    "reduced_masses",
    "refuse_other_count",
    "refuse_other_networks",
    "resolved",
    "set_masses",
    "split",
]

Learned: TypeAlias = Interaction | InteractionMatrix


def count_channels(model: Any) -> int:
    """Return the number of channels of an estimator, after a check of `channels` and `l`.

    Raises
    ------
    TypeError, ValueError
        If `channels` is not a list of Channel, `l` is not an integer ≥ 0, or the two, or masses of
        the estimator and of its channels, contradict each other.
    """
    check_integer(model.l, "l", least=0, optional=True)
    if model.channels is None:
        return 1
    reduced_masses(model)
    own_wave(model)
    return len(check_channels(model.channels))


def refuse_other_networks(model: Any) -> None:
    """Refuse networks of more than one channel that are not separable.

    Raises
    ------
    ValueError
    """
    n = count_channels(model)
    if n > 1 and model.local != "only" and model.network != "separable":
        raise ValueError(
            f"network must be 'separable' for {n} channels, got {model.network!r}, which knows one "
            "channel; GaussianProcessPotentialRegressor, ESTPotentialRegressor, "
            "LocalPotentialRegressor and ParametricPotentialRegressor learn coupled channels, too"
        )


def pair_masses(
    model: Any, n: int, *, symmetric: bool = True
) -> dict[tuple[int, int], float | None]:
    """Return pairs of n channels, a ≤ b if symmetric, and their reduced masses or None."""
    pairs = [(a, b) for a in range(n) for b in range(a if symmetric else 0, n)]
    if n == 1:
        return {(0, 0): model._mass()}
    masses = reduced_masses(model)
    if masses is None:
        return dict.fromkeys(pairs)
    return {(a, b): float(np.sqrt(masses[a] * masses[b])) for a, b in pairs}


def refuse_other_count(model: Any, n: int) -> None:
    """Refuse another number of channels than n, that of the fit.

    Raises
    ------
    ValueError
    """
    count = count_channels(model)
    if count != n:
        raise ValueError(f"channels must be {n}, as many as in the fit, got {count}")


def own_wave(model: Any) -> int | None:
    """Return l of an estimator of one channel, None if nothing says it.

    Raises
    ------
    ValueError
        If the estimator and its channel have different l.
    """
    waves = {model.l, *(c.l for c in model.channels or ())} - {None}
    if model.l is not None and len(waves) > 1:
        raise ValueError(
            f"l must be given once, or be the same, got {model.l} for all channels and "
            f"{sorted(waves - {model.l})} in channels"
        )
    return waves.pop() if len(waves) == 1 else None


def resolved(model: Any) -> Channels:
    """Return the `Channels` of an estimator, with what its channels take from it."""
    return resolve_channels(
        model.channels,
        l=model.l,
        reduced_mass=getattr(model, "reduced_mass", None),
        hadron_mass=getattr(model, "hadron_mass", None),
    )


def reduced_masses(model: Any) -> tuple[float, ...] | None:
    """Return the reduced mass of each channel, None if not all of them are known."""
    common = (getattr(model, name, None) for name in ("reduced_mass", "hadron_mass"))
    if any(mass is not None for mass in common):
        return resolved(model).reduced_mass
    channels = check_channels(model.channels)
    if any(c.masses is None and c.reduced_mass is None for c in channels):
        return None
    return resolved(model).reduced_mass


def set_masses(model: Any, masses: Any) -> None:
    """Set the masses of hadrons, (n_channels, 2), that observables of a fitted estimator read.

    Raises
    ------
    ValueError
        If the estimator has no masses, or another number of channels.
    """
    channels = getattr(model, "channels", None)
    pairs = [tuple(map(float, pair)) for pair in masses]
    if len(pairs) != len(channels or [None]):
        raise ValueError(f"masses must be of {len(channels or [None])} channels, got {len(pairs)}")
    first = pairs[0]
    mu = first[0] * first[1] / sum(first)
    if getattr(model, "hadron_mass", None) is not None:
        model.set_params(hadron_mass=first[0] if first[0] == first[1] else first)
    elif getattr(model, "reduced_mass", None) is not None:
        model.set_params(reduced_mass=mu)
    elif channels is not None and all(c.masses is not None for c in channels):
        own = [replace(c, masses=pair) for c, pair in zip(channels, pairs, strict=True)]
        model.set_params(channels=own)
    else:
        raise ValueError(
            "estimator must have a reduced_mass, a hadron_mass or channels with masses, which "
            f"masses of bins replace, got {model!r}"
        )


def full_channels(model: Any) -> list[Channel] | None:
    """Return the channels with all their data, None without masses."""
    if reduced_masses(model) is None:
        return None
    known = resolved(model)
    if known.masses is not None:
        return [Channel(l, masses) for l, masses in zip(known.l, known.masses, strict=True)]
    return [
        Channel(l, None, *rest)
        for l, *rest in zip(known.l, known.reduced_mass, known.threshold, strict=True)
    ]


def split(X: Array, n: int) -> Array:
    """Return rows of n channels side by side as (n_samples, n, n_r)."""
    return X.reshape(len(X), n, -1)


def act(interaction: Learned, X: Array, r: Array, weights: Array, r_out: Array) -> Array:
    """Return the action of V and U on wave functions, channels side by side.

    Parameters
    ----------
    interaction : Interaction or InteractionMatrix
    X : ndarray of shape (n_samples, n·n_r)
    r, weights : ndarray of shape (n_r,)
        Nodes, and the measure of the sum over r'.
    r_out : ndarray of shape (n_out,)

    Returns
    -------
    ndarray of shape (n_samples, n·n_out)
    """
    rows: Any = ((interaction,),)
    if isinstance(interaction, InteractionMatrix):
        rows = interaction.interactions
    waves, y = split(X, len(rows)), np.zeros((len(X), len(rows), len(r_out)))
    for a, row in enumerate(rows):
        for b, one in enumerate(row):
            phi = waves[:, b]
            if one.has_nonlocal:
                y[:, a] += (phi * weights) @ one.nonlocal_potential(r_out[:, None], r[None, :]).T
            if one.has_local:
                y[:, a] += one.local_potential(r_out) * phi[:, node_columns(r_out, r)]
    return y.reshape(len(X), -1)


def local_matrix(y: Array, phi: Array) -> Array:
    """Return V_ab with y_a = Σ_b V_ab φ_b at each radius, by least squares over the samples.

    Samples count alike, each divided by the norm of its wave function.

    Parameters
    ----------
    y, phi : ndarray of shape (n_samples, n, n_out)

    Returns
    -------
    ndarray of shape (n, n, n_out)
        NaN where the wave functions are linearly dependent.

    Raises
    ------
    ValueError
        If there are fewer samples than channels.
    """
    return np.einsum("bsi,sai->abi", local_inverse(phi), y)


def local_inverse(phi: Array) -> Array:
    """Return M (n, n_samples, n_out) with V_ab = Σ_s M_bs y_as; see `local_matrix`."""
    n_samples, n, _ = phi.shape
    if n_samples < n:
        raise ValueError(
            f"X must have at least {n} rows, as many as there are channels, for a local matrix, "
            f"got {n_samples}"
        )
    size = np.sqrt(np.sum(phi**2, axis=(1, 2)))
    size = np.where(size > 0, size, 1.0)
    at = np.moveaxis(phi / size[:, None, None], 2, 0)
    u, s, vt = np.linalg.svd(at, full_matrices=False)
    dependent = s[:, -1] <= np.finfo(np.float64).eps * n_samples * np.abs(at).max()
    inverse = np.where(dependent[:, None], np.nan, 1 / np.where(s > 0, s, 1.0))
    return np.einsum("ikb,ik,isk->bsi", vt, inverse, u) / size[:, None]
