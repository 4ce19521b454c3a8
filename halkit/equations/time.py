"""Consecutive time slices become rows (X, y) of the time-dependent HAL QCD equation.

With μ the reduced mass and δ = (m1 − m2)/(m1 + m2),

    y(t, r) = { −∂t + (1 + 3δ²)/(8μ) ∂t² + δ²(1 − δ²)/(8μ²) ∂t³ + ∇²/2μ } R(t, r).

For equal masses δ = 0, μ = m/2, and the equation is exact below the inelastic threshold. For
unequal masses the series goes on: a designed stencil (`halkit.equations.dispersion`) replaces it.
"""

from __future__ import annotations

from functools import reduce
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_array, check_masses, check_nodes, check_positive
from halkit.equations.dispersion import EnergyRange, check_energy_range, designed_stencil
from halkit.radial import Order, radial_laplacian
from halkit.typing import Numbers

__all__ = [
    "STENCILS",
    "Stencil",
    "choose_stencil",
    "common_stencil",
    "reduced_mass_and_asymmetry",
    "rows_of_slices",
    "stencil_energy",
    "time_dependent_rows",
    "time_derivatives",
    "time_part",
    "time_stencil",
]

Stencil: TypeAlias = Literal["auto", "designed", 3, 5, 7]
STENCILS = (3, 5, 7)

# Integer weights and their common denominator of ∂t, ∂t², ∂t³.
WEIGHTS = {
    3: (([-1, 0, 1], 2), ([1, -2, 1], 1)),
    5: (([1, -8, 0, 8, -1], 12), ([-1, 16, -30, 16, -1], 12), ([-1, 2, 0, -2, 1], 2)),
    7: (
        ([-1, 9, -45, 0, 45, -9, 1], 60),
        ([2, -27, 270, -490, 270, -27, 2], 180),
        ([1, -8, 13, 0, -13, 8, -1], 8),
    ),
}


def time_stencil(n_times: int, stencil: Stencil = "auto") -> int:
    """Points of the time stencil: "auto" takes the widest of 7, 5, 3 that leaves three rows.

    Three points bias y by O(dt²), most for sources with excited states, and a fit takes the bias
    for non-locality. Fewer than three rows of a source say little about its potential.

    Parameters
    ----------
    n_times : int
        Number of consecutive time slices, three at least.
    stencil : {"auto", "designed", 3, 5, 7}
        "designed" has the points of "auto".

    Returns
    -------
    int
        3, 5 or 7; "auto" gives 3 for three to six slices.

    Examples
    --------
    >>> from halkit.equations import time_stencil
    >>> [time_stencil(n) for n in (3, 6, 7, 9)]
    [3, 3, 5, 7]
    """
    known = not isinstance(stencil, bool | float) and stencil in ("auto", "designed", *STENCILS)
    if not known:
        raise ValueError(f'stencil must be "auto", "designed", 3, 5 or 7, got {stencil!r}')
    if isinstance(stencil, str):
        return _affordable(max([3, *(n for n in STENCILS if n_times >= n + 2)]), n_times)
    return _affordable(stencil, n_times)


def _affordable(points: int, n_times: int) -> int:
    if n_times < points:
        raise ValueError(
            f"a stencil of {points} points needs at least {points} consecutive time slices, "
            f"got {n_times}"
        )
    return points


def common_stencil(t, times, stencil):
    """Return the points of the widest stencil that every requested time allows."""
    at = np.searchsorted(t, times)
    margin = min(at.min(), (len(t) - 1 - at).min())
    if stencil in ("auto", "designed"):
        return max(points for points in STENCILS if points // 2 <= margin)
    if time_stencil(len(t), stencil) // 2 > margin:
        raise ValueError(
            f"a stencil of {stencil} points does not fit around all times {list(times)} in "
            f"t = {t[0]} … {t[-1]}"
        )
    return stencil


def time_derivatives(
    R: Numbers, *, points: Stencil, dt: float = 1.0
) -> list[NDArray[np.float64] | None]:
    """Central differences ∂tR, ∂t²R and ∂t³R.

    Parameters
    ----------
    R : array-like of shape (n_t, ...)
        Consecutive time slices.
    points : {3, 5, 7, "auto"}
        Width of the stencil. ∂t and ∂t² have errors O(dt^(points − 1)), ∂t³ O(dt^(points − 3)).
        Three points give no ∂t³, and None is returned.
    dt : float
        Spacing of the slices.

    Returns
    -------
    list of three ndarrays of shape (n_t − points + 1, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.equations import time_derivatives
    >>> [float(d[0]) for d in time_derivatives(np.arange(5.0) ** 3, points=5)]
    [12.0, 12.0, 6.0]
    """
    R, dt = check_array(R, "R"), check_positive(dt, "dt")
    if points == "designed":
        raise ValueError(
            'points must be "auto", 3, 5 or 7 for derivatives, got "designed": '
            "halkit.equations.designed_stencil replaces their sum"
        )
    width = time_stencil(len(R), points)
    slices = [R[i : i + len(R) - width + 1] for i in range(width)]
    derivatives: list[NDArray[np.float64] | None] = [
        reduce(np.add, map(np.multiply, weights, slices)) / (denominator * dt**n)
        for n, (weights, denominator) in enumerate(WEIGHTS[width], start=1)
    ]
    return derivatives if len(derivatives) == 3 else [*derivatives, None]


def time_dependent_rows(
    R: Numbers,
    r: Numbers,
    *,
    hadron_mass: float | tuple[float, float],
    times: Numbers | None = None,
    dt: float | None = None,
    l: int = 0,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
    space_order: Order = 6,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows (X, y) of the time-dependent equation from consecutive slices of one source.

    Parameters
    ----------
    R : array-like of shape (..., n_t, n_r)
        R(t, r), at least three slices; leading axes are bins. `radial_rows` takes
        `halkit.correlators.Correlators`, where time comes first.
    r : array-like of shape (n_r,)
        Nodes, increasing, of any spacing.
    hadron_mass : float or pair of float
        Mass of one hadron, or of each of the two.
    times : array-like of shape (n_t,), optional
        Times of the slices, in equal steps.
    dt : float, optional
        Spacing of the slices, in the place of `times`; by default 1.
    l : int
        Angular momentum of the wave R(t, r).
    stencil : {"auto", "designed", 3, 5, 7}
        Time stencil. 3, 5 and 7 points: the derivatives above. "designed": the weighted sum of
        slices of `designed_stencil`, exact for each state of an energy in `energy_range`. "auto":
        the widest that leaves three rows, derivatives for equal masses and designed for unequal.
    energy_range : pair of float, optional
        Lowest and highest energy above m1 + m2 that occur in R, for the designed stencil, in the
        inverse unit of t; see `designed_stencil`.
    space_order : {2, 4, 6, 8, "spline"}
        See `stationary_target`.

    Returns
    -------
    X, y : ndarray of shape (..., n_t − points + 1, n_r)
        The inner slices, and the left-hand sides of the equation there.

    Raises
    ------
    ValueError, TypeError
        If there are too few slices, times have a gap or come with `dt`, a mass is not positive,
        `energy_range` comes with derivatives, or an array is complex, not finite or of another
        shape.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012); unequal masses: T. Iritani et al.
    (HAL QCD), Phys. Lett. B 792, 284 (2019).

    Examples
    --------
    The target of a free state vanishes, here with ΔW = −0.01 and m = 2, so that
    k² = mΔW + ΔW²/4 < 0:

    >>> import numpy as np
    >>> from halkit.equations import time_dependent_rows
    >>> r, t, kappa = np.linspace(0.1, 5.0, 50), np.arange(7), np.sqrt(0.02 - 0.01**2 / 4)
    >>> R = np.exp(0.01 * t)[:, np.newaxis] * np.sinh(kappa * r) / r
    >>> X, y = time_dependent_rows(R, r, hadron_mass=2.0)
    >>> X.shape, bool(np.abs(y).max() < 1e-9)
    ((3, 50), True)
    """
    r = check_nodes(r)
    R = check_array(R, "R", r.size)
    if R.ndim < 2:
        raise ValueError(f"R must have shape (..., n_t, n_r), got {R.shape}")
    n_times = R.shape[-2]
    if times is not None and dt is not None:
        raise ValueError(f"dt must not be given with times, which have a spacing; got {dt!r}")
    if times is not None:
        dt = _spacing(times, n_times)
    dt = 1.0 if dt is None else check_positive(dt, "dt")
    points = time_stencil(n_times, stencil)
    energies = choose_stencil(stencil, hadron_mass, dt, energy_range)
    return rows_of_slices(
        np.moveaxis(R, -2, 0), r, hadron_mass, points, dt, energies, l=l, order=space_order
    )


def rows_of_slices(R, r, masses, points, dt, energies, *, l, order):
    """Return X and y (..., n_rows, n_r) of slices R (n_t, ..., n_r); masses as in `time_part`."""
    inner = R[points // 2 : len(R) - points // 2]
    mu, part = time_part(R, masses, points, dt, energies)
    y = part + radial_laplacian(inner, r, l=l, order=order) / (2 * mu)
    return np.moveaxis(inner, 0, -2), np.moveaxis(y, 0, -2)


def choose_stencil(stencil, hadron_mass, dt, energy_range, threshold=0.0):
    """Return the energies (low, high) of the designed stencil, or None for derivatives.

    Raises
    ------
    ValueError, TypeError
        If `energy_range` is out of range, or given for derivatives.
    """
    masses = check_masses(hadron_mass, "hadron_mass")
    if stencil == "designed" or (stencil == "auto" and masses[0] != masses[1]):
        return check_energy_range(energy_range, masses, dt, threshold)
    if energy_range is not None:
        raise ValueError(
            "energy_range must be None for derivatives, where it has no effect, got "
            f'{energy_range!r}: stencil="designed" uses it'
        )
    return None


def time_part(R, hadron_mass, points, dt, energy_range=None):
    """Return μ and the part of y that differs in time, for slices R (n_t, ...), full stencils only.

    With an energy range that is the sum of the designed stencil, else (−∂t + c2 ∂t² + c3 ∂t³) R.
    Masses of bins, an array (n_bins, 2), go with R (n_t, n_bins, n_points); μ is (n_bins, 1) if
    they differ.
    """
    if np.ndim(hadron_mass) == 2:
        return _time_part_of_bins(R, hadron_mass, points, dt, energy_range)
    mu, delta = reduced_mass_and_asymmetry(hadron_mass)
    if energy_range is not None:
        c = designed_stencil(hadron_mass, points=points, dt=dt, energy_range=energy_range)
        n = len(R) - points + 1
        return mu, reduce(np.add, (c[i] * R[i : i + n] for i in range(points)))
    first, second, third = time_derivatives(R, points=points, dt=dt)
    part = (1 + 3 * delta**2) / (8 * mu) * second - first
    if third is not None and delta:
        part = part + delta**2 * (1 - delta**2) / (8 * mu**2) * third
    return mu, part


def stencil_energy(energy, hadron_mass, points, dt, energy_range=None):
    """Return what a stencil gives instead of k²/2μ for states R ∝ e^{−ΔW t}.

    `energy` is ΔW, of shape (n_states,), in the unit of the masses; so is the result.
    """
    t = dt * (np.arange(points) - points // 2)
    slices = np.exp(-np.multiply.outer(t, energy))
    return time_part(slices, hadron_mass, points, dt, energy_range)[1][0]


def _time_part_of_bins(R, masses, *choices):
    different, which = np.unique(masses, axis=0, return_inverse=True)
    if len(different) == 1:
        return time_part(R, different[0], *choices)
    which = which.ravel()
    parts = [time_part(R[:, which == i], m, *choices) for i, m in enumerate(different)]
    mu = np.array([[mass] for mass, _ in parts])[which]
    part = np.concatenate([values for _, values in parts], axis=1)
    return mu, part[:, np.argsort(np.argsort(which, kind="stable"))]


def reduced_mass_and_asymmetry(hadron_mass):
    """Return the reduced mass and asymmetry (m1 − m2)/(m1 + m2)."""
    m1, m2 = check_masses(hadron_mass, "hadron_mass")
    return m1 * m2 / (m1 + m2), (m1 - m2) / (m1 + m2)


def _spacing(times, n):
    """Return the spacing of evenly spaced, increasing times."""
    times = check_array(times, "times", shape=(n,))
    steps = np.diff(times)
    if not steps.size or steps[0] <= 0 or np.ptp(steps) > 1e-9 * abs(steps[0]):
        raise ValueError(
            "times must increase in equal steps, since differences are taken between neighbours; "
            f"got {times}"
        )
    return float(steps[0])
