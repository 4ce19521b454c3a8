r"""Whether wave functions belong to another partial wave than the fit.

A fit without `l` is solved for S waves. If its wave functions are P or D waves, they rise like r^l
at the origin. If y was made with the right l, V(r) is right, and next to the origin states
of the wave l in a sphere span the rows, while states of l = 0 do not. If y was made with l = 0,
V(r) has the centrifugal barrier, and 2m r² V(r) = l(l + 1) on the outer half of the nodes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.exceptions import MisfitWarning
from halkit.interactions import Interaction
from halkit.potentials.cores import box_waves, next_to_origin
from halkit.potentials.problem import Problem
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["WAVES", "tell_wave", "warn_of_wave", "wave_of_barrier", "wave_of_rows"]

# l that are looked for.
WAVES = (1, 2)
# Largest φ at the first node, in units of φ at twice its radius, of a wave that rises.
RISING = 0.85
# States that span waves next to the origin, and the nodes there.
STATES, NODES = 2, 8
# Residual of a wave that is spanned, and the least ratio of the residual of l = 0 to it.
SPANNED, WORSE = 0.03, 4.0
# Largest error of 2m r² V relative to l(l + 1), its distance in errors, scatter, fewest nodes.
BARRIER, SIGNIFICANT, SCATTER, FEWEST = 0.1, 3.0, 0.05, 5


def wave_of_rows(potential: Interaction, X: Array, r: Array, reduced_mass: float) -> int | None:
    """The l > 0 whose states span most rows next to the origin, where states of l = 0 do not.

    Parameters
    ----------
    potential : Interaction
        The fit.
    X : ndarray of shape (n_rows, n_r)
        Rows that are not zero.
    r : ndarray of shape (n_r,)
        Nodes.
    reduced_mass : float

    Returns
    -------
    int or None
    """
    near = np.flatnonzero(r > 0)[:NODES]
    rows = next_to_origin(X[:, near])
    left = np.array([
        _left(rows, box_waves(potential, r, reduced_mass, l, STATES)[:, near]) for l in (0, *WAVES)
    ])  # fmt: skip
    spanned = left.min(axis=0) < SPANNED
    best = np.where(left[1:].min(axis=0) < left[0] / WORSE, np.argmin(left, axis=0), 0)[spanned]
    counts = np.bincount(best, minlength=len(WAVES) + 1)
    l = int(np.argmax(counts))
    return l if l and 2 * counts[l] > len(best) else None


def _left(rows, psi):
    """What states (n_states, n) leave of rows, relative to them."""
    unit, y = rows
    Q, _ = np.linalg.qr(psi.T * unit)
    return norm(y - Q @ (Q.mT @ y), axis=1)[:, 0] / np.sqrt(y.shape[1])


def wave_of_barrier(V: Array, std: Array, r: Array, reduced_mass: float) -> int | None:
    """The l > 0 of a V(r) that is its centrifugal barrier on the outer half of the nodes, or None.

    Parameters
    ----------
    V, std, r : ndarray of shape (n,)
        V(r) and its standard deviation at r > 0, infinite where it is not known.
    reduced_mass : float
    """
    outer = (2 * r >= r[-1]) & np.isfinite(std)
    size = 2 * reduced_mass * r[outer] ** 2
    c, error = V[outer] * size, np.hypot(std[outer] * size, SCATTER)
    if len(c) < FEWEST:
        return None
    weight = error**-2
    mean = np.average(c, weights=weight)
    chi2 = np.sum(weight * (c - mean) ** 2) / (len(c) - 1)
    error = np.sqrt(max(chi2, 1.0) / weight.sum())
    for l in WAVES:
        barrier = l * (l + 1)
        known = chi2 < SIGNIFICANT**2 and error < BARRIER * barrier
        if known and abs(mean - barrier) < SIGNIFICANT * error:
            return l
    return None


def warn_of_wave(model: Any, problem: Problem) -> bool:
    """Warn of a fit in the S wave to waves of l = 1 or 2, and return whether.

    Parameters
    ----------
    model : PotentialMixin
        Fitted to the problem, of one channel with a mass.
    problem : Problem

    Warns
    -----
    MisfitWarning
    """
    r, mass = model.r_, model._mass()
    if model._wave or r[r > 0].size < NODES or len(model.r_out_) < NODES:
        return False
    rows = problem.X.any(axis=1) & problem.W.any(axis=1)
    X, W, y = (part[rows] for part in (problem.X, problem.W, problem.y))
    first, double = np.searchsorted(r, r[r > 0][0] * np.array([1, 2 - 1e-9]))
    if np.median(np.abs(X[:, first]) - RISING * np.abs(X[:, double])) > 0:
        return False
    phi = X[:, node_columns(model.r_out_, r)]
    weight = np.sum((W * phi) ** 2, axis=0)
    seen = (weight > 0) & (model.r_out_ > 0)
    V = np.sum(W**2 * phi * y, axis=0)[seen] / weight[seen]
    std = 1 / np.sqrt(weight[seen] * problem.total) if problem.has_errors else 0 * V
    l = wave_of_barrier(V, std, model.r_out_[seen], mass)
    if l is not None:
        tell_wave(l, "y has the centrifugal barrier: it was made with l = 0, as is the default of "
                  "halkit.equations")  # fmt: skip
        return True
    try:
        l = wave_of_rows(model._learned, X, r, mass)
    except ValueError:  # a U without a basis of states
        return False
    if l is not None:
        tell_wave(l)
    return l is not None


def tell_wave(l: int, why: str = "") -> None:
    """Warn of waves of l > 0 that are taken for S waves."""
    way = f"make y and fit with l={l}" if why else f"give the estimator l={l}"
    warn_caller(
        f"X are waves of l = {l}, but this fit is solved for S waves, l = 0"
        f"{why and f'; {why}'}: {way}",
        MisfitWarning,
    )
