r"""A score for fits of one channel to all sources: configurations are left out, δ has to be known.

A fit to one of two sources cannot tell a local from a non-local potential, and the source that is
left out ranks priors by what they guess. Fits to both are ranked by

    score = −ln(χ²/dof) − (p/2) ln(σ² + Δ² + ε²),    p = 0.1,

so that a twice as large error of the phase shift weighs as much as 7 % of χ².

χ² is that of a fifth of the configurations, predicted by a fit to the others, for all fifths.
Jackknife samples x_b, with the mean x̄, give independent blocks N x̄ − (N − 1) x_b. The noise of the
fit and that of its test are then independent. But χ² alone prefers potentials that are far too
wide, since they describe the sources of the fit as well as others do; what they do elsewhere is
not tested. Their phase shifts are uncertain instead:

* σ is the statistical error of δ, from the same five fits, at k = 1/4, 1/2 and 1 in units of π/R,
* Δ is the part of δ from U beyond R, where the data end, in first order,
* ε is the statistical error of δ in Born approximation from y/R, without a fit. A prior that is too
  stiff to follow the data has a small σ, and gains nothing by it.

Bootstrap samples have no independent blocks. There the fits are those of five samples, and χ² is
that of the mean.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import spherical_jn
from sklearn.base import clone

from halkit.equations import Rows
from halkit.potentials.problem import FEWEST
from halkit.potentials.reach import beyond_data
from halkit.resampling.goodness import noise_of
from halkit.resampling.workers import run_bins
from halkit.samples import standard_error
from halkit.typing import Array

__all__ = ["configurations_score", "contains", "independent_blocks"]

N_FOLDS = 5
# p: what a logarithm of the error of δ weighs against a logarithm of χ².
WEIGHT = 0.1
# Momenta in units of π/R.
MOMENTA = np.array([0.25, 0.5, 1.0])


def configurations_score(
    model: Any, rows: Rows, tests: list[Rows], fitted: list[bool], reduced_mass: float, *,
    n_jobs: int | None = None,
) -> float:  # fmt: skip
    """The score of a fit, larger is better: see the module.

    Parameters
    ----------
    model : fitted estimator
        The fit to the mean.
    rows : Rows
        What was fitted, with bins.
    tests : list of Rows
        Rows that are predicted, of one block each.
    fitted : list of bool
        Whether the block was fitted. Of others the mean is predicted.
    reduced_mass : float
    n_jobs : int or None
        As for `run_bins`.
    """
    jackknife = rows.kind == "jackknife"
    n_folds = min(N_FOLDS, rows.n_bins // 2)
    groups = [np.arange(f, rows.n_bins, n_folds) for f in range(n_folds)]
    data = [_left_out(rows, group) if jackknife else _sample(rows, group) for group in groups]
    k = MOMENTA * np.pi / rows.r_out[-1]  # type: ignore[index]
    fits = run_bins(
        _fit, [model] * len(groups), data, [rows.sigma] * len(groups), n_jobs=n_jobs, noun="fold"
    )
    chi2 = dof = 0.0
    for fit, group in zip(fits, groups, strict=True):
        for test, seen in zip(tests, fitted, strict=True):
            noise, expected = noise_of(test)
            out = seen and jackknife
            X, y = _mean(test, group) if out else test.mean()
            left = y - fit.apply_potential(X, test.r, test.weights, test.r_out)
            share = len(group) / test.n_bins if out else 1.0
            chi2, dof = chi2 + share * noise.chi2(left.ravel()), dof + expected
    l = getattr(model, "l", None) or 0
    square = np.mean(
        _statistical(model, fits, k, rows.kind) ** 2 + _born_error(rows, k, reduced_mass, l) ** 2
    )
    square += _beyond(model, rows, reduced_mass) ** 2
    return float(-np.log(chi2 / dof) - WEIGHT / 2 * np.log(square))


def contains(rows: Rows, volumes: Sequence[Any], block: Rows, L: Any) -> bool:
    """Whether rows, each of one of the volumes, have all rows of a block of the volume L."""
    index = {(L, *label): i for i, (L, label) in enumerate(zip(volumes, rows.labels, strict=True))}
    at = [index.get((L, *label), -1) for label in block.labels]
    mine, other = (part.target.reshape(*part.target.shape[:2], part.n_channels, -1)
                   for part in (rows, block))  # fmt: skip
    return -1 not in at and np.array_equal(mine[:, at, :, : other.shape[-1]], other)


def independent_blocks(bins: Array, group: Sequence[int] | Array) -> Array:
    """Mean of N x̄ − (N − 1) x_b over a group: of the data that these samples leave out."""
    n = len(bins)
    return n * bins.mean(axis=0) - (n - 1) * bins[group].mean(axis=0)


def _mean(rows, group):
    """X and y of the configurations of a group."""
    return independent_blocks(rows.data, group), independent_blocks(rows.target, group)


def _left_out(rows, group):
    """X and y of all others."""
    return _mean(rows, np.setdiff1d(np.arange(rows.n_bins), group))


def _sample(rows, group):
    """X and y of one bootstrap sample."""
    return rows.data[group[0]], rows.target[group[0]]


def _fit(model, data, sigma):
    """A fit with the prior of the model; the model has warned of its faults, and is watched."""
    other = clone(model)
    other.__dict__.pop("_skl_callbacks", None)
    if hasattr(other, "share_prior"):
        other.share_prior(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return other.fit(*data, y_std=sigma)


def _statistical(model, fits, k, kind):
    """Errors of δ(k), which counts modulo π."""
    delta, other = model._phases_alike(k)
    change = np.array([other(fit) for fit in fits]) - delta
    return standard_error(change - np.pi * np.round(change / np.pi), kind)


def _born_error(rows, k, reduced_mass, l):
    r"""Errors of −2mk ∫ r² dr j_l(kr) y(r), whose R is 1 on average, of the mean over all rows."""
    n = rows.r_out.size
    R = rows.data[..., :n]
    seen = np.where(R == 0, 1.0, R)  # shells beyond a smaller box
    y = np.where(R == 0, 0.0, np.abs(R.mean(axis=0)) * rows.target / seen).mean(axis=1)
    waves = rows.weights[:n] * spherical_jn(l, k[:, np.newaxis] * rows.r_out)
    return standard_error(reduced_mass * k / (2 * np.pi) * (y @ waves.T), rows.kind)


def _beyond(model, rows, reduced_mass):
    """The phase shift in radians from beyond the data."""
    U = model.interaction_
    if not U.has_nonlocal or rows.r_out.size < FEWEST:
        return 0.0
    return beyond_data(U.nonlocal_potential, rows.r_out[-1], reduced_mass).shift
