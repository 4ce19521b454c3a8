"""Synthetic correlators of coupled channels, returned with the interaction that they come from.

The states of a sphere with energies E_n above the lowest threshold give, in each channel a,

    R_a(t, r) = e^{M_a t} C_a(t, r) = Σ_n A_n φ_na(r) e^{−(E_n − Δ_a) t},    Δ_a = M_a − M_1.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.utils import Bunch

from halkit.channels import ChannelList
from halkit.checks import check_array, check_nodes, check_positive
from halkit.correlators import Correlators
from halkit.datasets.hadron import SOURCES, source_shapes, validate_times
from halkit.datasets.noise import noisy_bins
from halkit.equations import coupled_rows
from halkit.equations.dispersion import EnergyRange
from halkit.equations.rows import check_choices
from halkit.equations.time import Stencil, time_stencil
from halkit.interactions import InteractionMatrix
from halkit.interactions.matrix import InteractionRows
from halkit.radial import Order, RadialGrid
from halkit.scattering import coupled_box_states
from halkit.seeds import check_random_state
from halkit.typing import Numbers, Random

__all__ = ["make_coupled"]

# States with a smaller e^{−Et} are left out.
CUT = 1e-8
# Share of the other channels in an operator.
MIXING = 0.3


def make_coupled(
    interactions: InteractionMatrix | InteractionRows,
    *,
    channels: ChannelList | None = None,
    r: Numbers,
    box_radius: float,
    times: Iterable[float],
    sources: Iterable[str] = SOURCES,
    operators: Numbers | None = None,
    source_radius: float | None = None,
    noise: float = 0.0,
    noise_floor: float = 0.03,
    n_bins: int | None = None,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
    space_order: Order = 6,
    units: str = "fm",
    random_state: Random = None,
) -> Bunch:
    """Correlators R_a(t, r) of coupled channels in a sphere, and the rows of their equation.

    R_a(t, r) = Σ_n A_n φ_na(r) e^{−(E_n − Δ_a)t}, with the relativistic states of
    `halkit.scattering.coupled_box_states` and A_n = Σ_a o_a ∫ 4πr² s(r) (r/box_radius)^l_a φ_na dr
    for a source s ("wall" s = 1, "exp" s = e^{−r/b}) and an operator o that excites channel a with
    the amplitude o_a. Each pair of a source and an operator is one quark source: "wall 1",
    "wall 2", …, "exp 1", …. Its R_a of all channels are divided by one number, the mean of
    ``|R_a|`` over channels and nodes on the first slice.

    Parameters
    ----------
    interactions : InteractionMatrix, or list of n lists of n interactions
        The truth, symmetric, within `box_radius`.
    channels : list of halkit.Channel, optional
        Channels with masses; by default the channels of the matrix.
    r : array-like of shape (n_r,)
        Nodes, increasing, up to `box_radius`.
    box_radius : float
        Radius of the sphere.
    times : array-like of shape (n_t,)
        Times > 0 of the slices, evenly spaced, three at least.
    sources : sequence of {"wall", "exp"}
        Shapes of the sources.
    operators : array-like of shape (n_operators, n_channels), optional
        Amplitudes o_a of each operator. By default one operator for each channel, with amplitude
        1 there and 0.3 in the others.
    source_radius : float, optional
        Radius b of the "exp" source; by default `box_radius` / 10.
    noise : float
        Relative noise of R, averaged over bins, independent at each t and r.
    noise_floor : float
        The noise of R is `noise` times ``|R|``, but at least `noise` times `noise_floor` times the
        largest ``|R|`` of the same slice and channel: where R is small its error is not.
    n_bins : int, optional
        Number of jackknife bins; by default R is a mean without an error.
    stencil, energy_range, space_order
        See `halkit.equations.coupled_rows`.
    units : str
        Units of lengths, times and masses; see `halkit.correlators.Correlators`. They change no
        number.
    random_state : int, RandomState, Generator or None
        Seed of the noise.

    Returns
    -------
    Bunch
        data, target (n_rows, n_channels · n_r): X and y of a fit, channels side by side, averaged
        over bins, all rows of the first source first; sigma, of their shape: errors of y, or None
        without bins; r, weights (n_r,): nodes and trapezoidal weights of 4πr²dr; correlators: tuple
        of `halkit.correlators.Correlators`, one for each channel, each with all sources; rows:
        `halkit.equations.Rows`, X and y of each bin; channels: tuple of halkit.Channel; energies
        (n_states,): E_n above the lowest threshold; interaction:
        `halkit.interactions.InteractionMatrix`, the truth.

    Raises
    ------
    ValueError, TypeError
        If channels have no masses, times are not positive or do not rise in equal steps, a source
        is unknown, the operators do not fit the channels, there are fewer than two bins, or
        `noise` is negative.

    References
    ----------
    S. Aoki et al. (HAL QCD), Proc. Japan Acad. B 87 (2011) 509.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit import Channel
    >>> from halkit.datasets import make_coupled
    >>> from halkit.interactions import GaussianSum, InteractionMatrix
    >>> V = GaussianSum([-0.2], [1.0])
    >>> truth = InteractionMatrix([[V, V], [V, V]], channels=[Channel(masses=5.6),
    ...                                                       Channel(masses=(4.8, 6.7))])
    >>> d = make_coupled(truth, r=np.linspace(0.1, 4.0, 40), box_radius=6.0, times=[1.0, 1.1, 1.2])
    >>> d.correlators[1].sources
    ('wall 1', 'wall 2', 'exp 1', 'exp 2')
    >>> d.data.shape, d.rows.labels[1]
    ((4, 80), ('wall 2', 1.1))
    """
    shapes = check_choices(sources, SOURCES, "sources")
    r, t = check_nodes(r), validate_times(times)
    box_radius = check_positive(box_radius, "box_radius")
    time_stencil(t.size, stencil)
    matrix = _with_channels(interactions, channels)
    resolved = matrix.resolved(relativistic=True)
    o = _checked_operators(operators, resolved.size)
    names = [f"{shape} {i + 1}" for shape in shapes for i in range(len(o))]
    box = coupled_box_states(
        matrix, radius=box_radius, n_states=_n_states(resolved, box_radius, t), relativistic=True
    )
    A = _amplitudes(box, box_radius, resolved.l, shapes, o, source_radius)
    R = _sums(box, A, resolved.threshold, t, r)
    R = noisy_bins(R, noise, n_bins, check_random_state(random_state), noise_floor)
    kind = "mean" if n_bins is None else "jackknife"
    correlators = tuple(
        Correlators(
            R=dict(zip(names, np.moveaxis(one, 1, 2), strict=True)), r=r, t=t, kind=kind,
            hadron_mass=masses[0] if masses[0] == masses[1] else masses, units=units,
        )
        for one, masses in zip(R, resolved.masses or (), strict=True)
    )  # fmt: skip
    rows = coupled_rows(
        correlators, channels=matrix.channels, stencil=stencil, energy_range=energy_range,
        space_order=space_order,
    )  # fmt: skip
    X, y = rows.mean()
    return Bunch(
        data=X, target=y, sigma=rows.sigma, r=rows.r, weights=rows.weights,
        correlators=correlators, rows=rows, channels=matrix.channels, energies=box.energy,
        interaction=matrix,
    )  # fmt: skip


def _with_channels(interactions, channels):
    rows = getattr(interactions, "interactions", interactions)
    channels = getattr(interactions, "channels", None) if channels is None else channels
    if channels is None:
        raise ValueError("channels must be given with interactions that have none, got None")
    return InteractionMatrix(rows, channels=channels)


def _checked_operators(operators, n):
    if operators is None:
        return np.where(np.eye(n), 1.0, MIXING)
    operators = check_array(operators, "operators", n=n)
    if operators.ndim != 2 or not np.all(np.any(operators, axis=1)):
        raise ValueError(
            f"operators must be rows of {n} amplitudes, not all zero, got {operators.tolist()}"
        )
    return operators


def _n_states(channels, radius, t):
    """The number of free states with e^{−Et} > CUT on the first slice, and a few more."""
    k2 = channels.momentum_squared(-np.log(CUT) / t[0])
    return 5 + int(np.sum(np.ceil(np.sqrt(np.maximum(k2, 0.0)) * radius / np.pi)))


def _amplitudes(box, radius, waves, shapes, operators, source_radius):
    """A_n of each source, shape (n_sources, n_states), all operators of the first shape first."""
    grid = RadialGrid.gauss_legendre(radius, 100 + 4 * box.energy.size)
    known = source_shapes(grid.r, radius, source_radius)
    centrifugal = np.array([(grid.r / radius) ** l for l in waves])
    measured = [grid.weights * known[shape] * centrifugal for shape in shapes]
    waves = np.array([wave(grid.r) for wave in box.wave_function])
    overlaps = np.einsum("sar,anr->san", np.array(measured), waves)
    return np.einsum("oa,san->son", operators, overlaps).reshape(-1, box.energy.size)


def _sums(box, A, thresholds, t, r):
    """R_a(t, r) of each source, shape (n_channels, n_sources, n_t, n_r), normalised."""
    energy = box.energy - np.array(thresholds)[:, np.newaxis]
    decay = np.exp(-energy[:, np.newaxis] * t[:, np.newaxis])
    waves = np.array([wave(r) for wave in box.wave_function])
    R = np.einsum("sn,atn,anr->astr", A, decay, waves, optimize=True)
    return R / np.abs(R[:, :, :1]).mean(axis=(0, 3), keepdims=True)
