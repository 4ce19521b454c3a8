r"""Spin components of ³S₁–³D₁ correlators on an L³ lattice become S and D waves on shells.

R_αβ(x) has the two spins of the hadrons; the source has spin 1, J_z = m and the spin state χ_αβ.
With the tensor operator S₁₂ = 3 (σ₁·r̂)(σ₂·r̂) − σ₁·σ₂ at each site, on a shell of N sites

    φ_S = N⁻¹ Σ χ†R,    φ_D = N⁻¹ Σ χ†S₁₂R/√8.

Σ S₁₂ = 0 on a shell and S₁₂² = 8 − 2 S₁₂ at each site. So for U = V_C(r) + V_T(r) S₁₂ and any field
on the lattice, whatever its partial waves,

    y_S = V_C φ_S + √8 V_T φ_D,    y_D = √8 V_T φ_S + (V_C − 2V_T) φ_D.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.channels import Channel
from halkit.checks import as_numbers, check_array, check_choice, check_masses, check_number
from halkit.correlators.record import KINDS, SCATTER
from halkit.equations.coupled import Radii, joined, times_of
from halkit.equations.dispersion import EnergyRange
from halkit.equations.rows import Rows
from halkit.equations.time import Stencil, choose_stencil, time_part
from halkit.typing import Masses, Numbers

__all__ = ["SpinProjections", "spin_projections", "tensor_rows"]

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
# χ_αβ of two spins 1/2 with S = 1 and S_z = m.
TRIPLET = {
    1: np.array([[1.0, 0.0], [0.0, 0.0]]),
    0: np.array([[0.0, 1.0], [1.0, 0.0]]) / np.sqrt(2),
    -1: np.array([[0.0, 0.0], [0.0, 1.0]]),
}


class SpinProjections(NamedTuple):
    """S and D waves on shells 0 < r < L/2.

    Attributes
    ----------
    r, weights : ndarray of shape (n_shells,)
        Radii, and numbers of sites.
    wave, laplacian : ndarray of shape (..., 2, n_shells)
        φ_S and φ_D, and the same projections of ∇²R.
    """

    r: NDArray[np.float64]
    weights: NDArray[np.int64]
    wave: NDArray
    laplacian: NDArray


def spin_projections(R: Numbers, *, m: Literal[1, 0, -1] = 0) -> SpinProjections:
    r"""S and D waves of the spin components of a ³S₁ correlator on an L³ lattice.

    The way from a lattice calculation to rows:

    1. The four-point function with both sink spins free, R[α, β, x, y, z], of the relative distance
       (x, y, z) with the origin at index 0; upper Dirac components, α of the first and β of the
       second hadron. Its source has total spin 1 and J_z = m, say (↑↓ + ↓↑)/√2 for m = 0.
    2. Divided by the product of the two-point functions, for each time and bin, it comes here. The
       slices can come one by one; ``np.stack`` joins their waves.
    3. Waves of different m agree but for noise: average them. They are real up to noise, by time
       reversal, if the sources are: pass `wave.real` and `laplacian.real` on.
    4. `tensor_rows` makes the rows of two coupled channels.

    Parameters
    ----------
    R : array-like of shape (..., 2, 2, L, L, L)
        Spins ↑ and ↓ of the first and of the second hadron, and the sites; real or complex.
    m : {1, 0, -1}
        J_z of the source.

    Returns
    -------
    SpinProjections

    Raises
    ------
    ValueError, TypeError
        If `R` is not of this shape, L < 3, or values are not finite numbers.

    References
    ----------
    N. Ishii, S. Aoki, T. Hatsuda, Phys. Rev. Lett. 99, 022001 (2007); S. Aoki, T. Hatsuda,
    N. Ishii, Prog. Theor. Phys. 123, 89 (2010), section on tensor potentials.

    Examples
    --------
    A field without D wave:

    >>> import numpy as np
    >>> from halkit.equations import spin_projections
    >>> x = np.fft.fftfreq(8, 1 / 8)
    >>> f = np.exp(-(x[:, None, None]**2 + x[:, None]**2 + x**2) / 4)
    >>> up_up = np.zeros((2, 2, 8, 8, 8))
    >>> up_up[0, 0] = f
    >>> waves = spin_projections(up_up, m=1)
    >>> S, D = waves.wave
    >>> bool(np.allclose(S, np.exp(-waves.r**2 / 4))), bool(np.abs(D).max() < 1e-15)
    (True, True)
    """
    chi = TRIPLET[check_choice(m, "m", list(TRIPLET))]
    R = as_numbers(R, "R", kinds="iufc")
    L = R.shape[-1] if R.ndim >= 5 else 0
    if L < 3 or R.shape[-5:] != (2, 2, L, L, L):
        raise ValueError(f"R must have shape (..., 2, 2, L, L, L) with L ≥ 3, got {R.shape}")
    if not np.all(np.isfinite(R)):
        raise ValueError("R must be finite, got NaN or infinite entries")
    around = sum(np.roll(R, step, axis) for axis in (-1, -2, -3) for step in (1, -1))
    squared, sites, starts = _shells(L)
    tensor = _tensor_on(chi, sites)
    index = np.ravel_multi_index(tuple(np.mod(sites, L).T), (L, L, L))
    counts = np.diff(np.append(starts, len(sites)))

    def waves(field):
        spins = field.reshape(*field.shape[:-5], 2, 2, L**3)[..., index]
        S = np.einsum("ab,...abn->...n", chi, spins)
        D = np.einsum("nab,...abn->...n", tensor.conj(), spins) / np.sqrt(8)
        return np.add.reduceat(np.stack([S, D], axis=-2), starts, axis=-1) / counts

    return SpinProjections(np.sqrt(squared), counts, waves(R), waves(around - 6 * R))


def _shells(L):
    """Return r² of the shells 0 < r < L/2, their sites (n, 3) in order, and where each begins."""
    side = np.arange(-((L - 1) // 2), (L - 1) // 2 + 1)
    sites = np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1).reshape(-1, 3)
    squared = (sites**2).sum(axis=1)
    sites = sites[(squared > 0) & (4 * squared < L**2)]
    squared = (sites**2).sum(axis=1)
    order = np.argsort(squared, kind="stable")
    shells, starts = np.unique(squared[order], return_index=True)
    return shells, sites[order], starts


def _tensor_on(chi, sites):
    """S₁₂(r̂)χ at sites (n, 3), shape (n, 2, 2); σ₁·σ₂ of a spin triplet is 1."""
    unit = sites / np.sqrt((sites**2).sum(axis=1, keepdims=True))
    along = np.einsum("ni,iab->nab", unit, PAULI)
    return 3 * along @ chi @ along.transpose(0, 2, 1) - chi


def tensor_rows(
    projections: Mapping[str, SpinProjections],
    *,
    t: Numbers,
    hadron_mass: Masses,
    mass_bins: Numbers | None = None,
    kind: str,
    r_max: float,
    r_prime_max: float | None = None,
    times: Sequence[float] | None = None,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
) -> Rows:
    r"""Rows of the coupled ³S₁–³D₁ channels from S and D waves of lattice correlators.

    Local potentials act as V_11 = V_C, V_12 = √8 V_T and V_22 = V_C − 2V_T, which spin-orbit and
    quadratic forces change to V_22 = V_C − 2V_T − 3V_LS …. Each row is divided by one constant, as
    in `coupled_rows`, whose errors these are.

    Parameters
    ----------
    projections : mapping of str to SpinProjections
        Of each quark source, with real waves (n_t, n_bins, 2, n_shells).
    t : array-like of shape (n_t,)
        Consecutive slices, in lattice units as everything here.
    hadron_mass : float or pair of float
        Mass of one hadron, or of each of the two.
    mass_bins : array-like of shape (n_bins,) or (n_bins, 2), optional
        Masses of each bin; see `halkit.correlators.Correlators`.
    kind : {"jackknife", "bootstrap", "mean"}
        What the bins are.
    r_max : float
        Largest radius of y, below L/2.
    r_prime_max : float, optional
        Largest radius of X; by default three sites further, below L/2.
    times, stencil, energy_range
        See `coupled_rows`.

    Returns
    -------
    Rows
        With `channels` of l = 0 and 2.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, waves are complex, or as in `coupled_rows`.
    """
    if not isinstance(projections, Mapping) or not projections:
        raise TypeError(
            f"projections must be a mapping with one source at least, got {projections!r}"
        )
    t = check_array(t, "t")
    if t.ndim != 1 or t.size < 3 or np.any(np.diff(t) != 1):
        raise ValueError(f"t must be three consecutive slices at least, got {t}")
    masses, kind = check_masses(hadron_mass, "hadron_mass"), check_choice(kind, "kind", KINDS[1:])
    radii = _radii(projections, r_max, r_prime_max)
    times, points = times_of(t, times, stencil)
    energies = choose_stencil(stencil, masses, 1.0, energy_range)
    X, y, half = [], [], points // 2
    own = None if mass_bins is None else _masses_of_bins(mass_bins, masses)
    for source, waves in projections.items():
        wave, laplacian = _checked(waves, t.size, source)
        for time in times:
            at = int(np.searchsorted(t, time))
            slices = wave[at - half : at + half + 1]
            mu, part = _time_part(slices, masses, own, points, energies)
            X.append(wave[at])
            y.append(part[0] + laplacian[at] / (2 * mu))
    if len({values.shape for values in X}) > 1:
        raise ValueError("waves must have the same number of bins in all sources, got several")
    stacked, targets = (np.stack(values).transpose(2, 1, 0, 3) for values in (X, y))
    labels = [(source, time) for source in projections for time in times]
    return joined(
        stacked, targets, radii, labels=labels,
        stencil=points, energy_range=(energies, energies),
        channels=[Channel(l=0, masses=masses), Channel(l=2, masses=masses)], kind=kind,
        mass_bins=None if own is None else np.stack([own, own], axis=1),
    )  # fmt: skip


def _masses_of_bins(masses, central):
    """Masses of bins with two columns."""
    values = check_array(masses, "mass_bins", sign="> 0")
    if values.ndim not in (1, 2) or values.shape[1:] not in ((), (2,)):
        raise ValueError(f"mass_bins must have shape (n_bins,) or (n_bins, 2), got {values.shape}")
    pairs = np.broadcast_to(values.reshape(len(values), -1), (len(values), 2))
    if np.any(np.abs(pairs / np.array(central) - 1) > SCATTER):
        raise ValueError(
            f"mass_bins must be within {SCATTER:.0%} of hadron_mass = {central}, got "
            f"{pairs.min():g} to {pairs.max():g}"
        )
    return pairs


def _time_part(slices, masses, own, points, energies):
    """μ and the part that differs in time, with the masses of bins if there are any."""
    if own is None:
        return time_part(slices, masses, points, 1.0, energies)
    if len(own) != slices.shape[1]:
        raise ValueError(f"mass_bins must be of {slices.shape[1]} bins, got {len(own)}")
    mu, part = time_part(slices, own, points, 1.0, energies)
    return np.reshape(mu, (-1, 1, 1)), part


def _checked(waves, n_t, source):
    """Return the waves of a source and their Laplacians, (n_t, n_bins, 2, n_shells)."""
    wave = check_array(waves.wave, f"wave of {source!r}", waves.r.size)
    if wave.ndim != 4 or wave.shape[0] != n_t or wave.shape[2] != 2:
        raise ValueError(
            f"wave of {source!r} must have shape (n_t, n_bins, 2, n_shells) = ({n_t}, n_bins, 2, "
            f"{waves.r.size}), got {wave.shape}"
        )
    return wave, check_array(waves.laplacian, f"laplacian of {source!r}", shape=wave.shape)


def _radii(projections, r_max, r_prime_max):
    """The common radii of all sources."""
    first = next(iter(projections.values()))
    for source, waves in projections.items():
        if not isinstance(waves, SpinProjections):
            raise TypeError(f"{source!r} must have SpinProjections, got a {type(waves).__name__}")
        if not np.array_equal(waves.r, first.r):
            raise ValueError(f"r must be the same for all sources, got another one in {source!r}")
    r, r_max = first.r, check_number(r_max, "r_max")
    r_prime_max = min(r_max + 3, r[-1]) if r_prime_max is None else r_prime_max
    r_prime_max = check_number(r_prime_max, "r_prime_max")
    if not r[0] <= r_max <= r_prime_max <= r[-1]:
        raise ValueError(
            f"radii must obey {r[0]:g} <= r_max <= r_prime_max <= {r[-1]:g}, got r_max = {r_max:g} "
            f"and r_prime_max = {r_prime_max:g}"
        )
    ends = (int(np.searchsorted(r, limit, "right")) for limit in (r_prime_max, r_max))
    return Radii(r, first.weights.astype(float), *(slice(0, end) for end in ends))
