r"""Whether a fitted potential ends where its data end.

Beyond the last node R no wave function sees U, and the fit is free there. Two numbers tell how
much of U lies there: the share of the weight ∫∫ (r r' U)² dr dr' outside r, r' < R, and the phase
shift that this part adds to a free wave in first order,

    Δδ(k) = −(8πm/k) ∫∫ sin(kr) r U(r, r') r' sin(kr') dr dr',

the largest for a few k up to π/R. A local term is compared with zero at R: data that end inside
the potential say nothing about its tail, and correlators that were not divided by the propagators
of the free hadrons leave a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials.problem import FEWEST
from halkit.scaling import exponent
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = ["Beyond", "beyond_data", "warn_of_reach"]

# Thresholds: a phase shift in radians, for data without errors and with errors; the share of the
# weight of U where the mass is not known.
EXACT, NOTICEABLE, NOTICEABLE_SHARE = 2e-3, 1e-2, 1e-4
SIGNIFICANT, RELATIVE = 3.0, 0.05
N_POINTS = 64
X, W = np.polynomial.legendre.leggauss(N_POINTS)
Function: TypeAlias = Callable[..., Array]


class Beyond(NamedTuple):
    """The part of a fit beyond its data, R = `end`.

    Its `share` of the weight of U, and its phase `shift` in radians, NaN without a mass.
    """

    end: float
    share: float
    shift: float


def beyond_data(
    U: Function, end: float, reduced_mass: Number | None = None, *, ends_there: bool = False
) -> Beyond:
    """The part of U beyond the data.

    Parameters
    ----------
    U : callable
        U(r, r'), not cut, the arguments broadcast.
    end : float
        R.
    reduced_mass : float, optional
        m.
    ends_there : bool
        Whether U is zero beyond R by construction: then the last tenth of r counts.

    Returns
    -------
    Beyond
    """
    bounds = np.array((0.0, 0.9 * end, end) if ends_there else (0.0, end, 4 * end))
    half = np.diff(bounds)[:, None] / 2
    r, weights = (bounds[:-1, None] + half * (1 + X)).ravel(), (half * W).ravel()
    rU = r[:, None] * U(r[:, None], r[None, :]) * r
    unit = exponent(rU)
    rU = np.ldexp(rU, -unit)
    square = rU**2 * weights[:, None] * weights
    total = square.sum()
    rU[:N_POINTS, :N_POINTS] = 0.0
    square[:N_POINTS, :N_POINTS] = 0.0
    share = float(square.sum() / total) if total > 0 else 0.0
    if reduced_mass is None:
        return Beyond(end, share, np.nan)
    k = np.array([0.125, 0.25, 0.5, 1.0]) * np.pi / end
    waves = np.sin(k[:, None] * r) * weights
    shifts = 8 * np.pi * reduced_mass / k * np.sum((waves @ rU) * waves, axis=1)
    with np.errstate(over="ignore", under="ignore"):
        return Beyond(end, share, float(np.ldexp(np.abs(shifts).max(), unit)))


def warn_of_reach(
    r_out: Array, *, U: Function | None, V: Function | None, std: Callable[[Array], float],
    reduced_mass: Number | None = None, ends_there: bool = False, exact: bool = False,
) -> None:  # fmt: skip
    """Warn of a fit whose U or V has not vanished where the data end; few nodes do not tell.

    Parameters
    ----------
    r_out : ndarray of shape (n_out,)
        Nodes of the targets.
    U, V : callable or None
        U(r, r'), not cut, and V(r), of arrays.
    std : callable
        Standard deviation of V at one radius, of shape (1,).
    reduced_mass : float, optional
    ends_there : bool
        As for `beyond_data`.
    exact : bool
        Whether the data have no errors.
    """
    if len(r_out) < FEWEST:
        return
    if U is not None:
        beyond = beyond_data(U, r_out[-1], reduced_mass, ends_there=ends_there)
        _warn_of_beyond(beyond, EXACT if exact else NOTICEABLE)
    if V is not None:
        r = r_out[r_out > 0]
        _warn_of_local_end(V(r), std(r[-1:]), r)


def _warn_of_beyond(beyond, noticeable):
    """Warn if U beyond the data is noticeable."""
    if beyond.shift > noticeable or (np.isnan(beyond.shift) and beyond.share > NOTICEABLE_SHARE):
        by = "" if np.isnan(beyond.shift) else f" and moves phase shifts by {beyond.shift:.1g} rad"
        warn_caller(
            f"a share {beyond.share:.1g} of the weight of U, ∫∫ (r r' U)², lies beyond "
            f"r = {beyond.end:.4g}, where the data end{by}. Take data that reach further, or a "
            "smaller envelope_radius",
            UnderdeterminedWarning,
        )


def _warn_of_local_end(V, std, r):
    """Warn if V differs from zero at the last of the nodes r > 0.

    V counts there if it exceeds three standard deviations and a twentieth of its depth, the largest
    ``|V|`` outside of the core, beyond a quarter of the range; and if r² V exceeds a twentieth of
    its largest value, so that the tail of a short well does not count.

    Parameters
    ----------
    V : ndarray of shape (n,)
        V(r) on the nodes.
    std : float
        Standard deviation of the last one.
    r : ndarray of shape (n,)
    """
    size, weighted = np.abs(V), np.abs(V) * r**2
    depth = size[4 * r >= r[-1]].max()
    noticeable = size[-1] > RELATIVE * depth and weighted[-1] > RELATIVE * weighted.max()
    if noticeable and size[-1] > SIGNIFICANT * std:
        warn_caller(
            f"V(r) is {V[-1]:.3g} ± {std:.1g} at r = {r[-1]:.4g}, where the data end: what "
            "follows from the potential rests on its continuation. Take data that reach further; "
            "if V should be zero there, look whether the correlators were divided by the "
            "propagators of the free hadrons",
            UnderdeterminedWarning,
        )
