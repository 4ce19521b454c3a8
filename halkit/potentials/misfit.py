r"""Whether a fitted potential describes its data.

With errors, a fit leaves χ² = Σ (ŷ − y)²/σ² of about N, the number of data, or less. Errors that
come from n bins scatter themselves, which raises χ² by (n − 1)/(n − 3).

Whatever V(r) and symmetric U are fitted, M_st = ⟨φ_s|ŷ_t⟩ = Σ_i w_i φ_s(r_i) ŷ_t(r_i) is symmetric:
the residual ρ = y − ŷ keeps

    A_st = ⟨φ_s|ρ_t⟩ − ⟨φ_t|ρ_s⟩ = ⟨φ_s|y_t⟩ − ⟨φ_t|y_s⟩,

which no fit removes. Two numbers tell an asymmetric truth from noise and from a poor minimum: the
part of ⟨φ_s|ρ_t⟩ that is antisymmetric, and A² over what it would be if each ρ_t(r_i) had a random
sign, Σ_i (w_i φ_s ρ_t)² + (w_i φ_t ρ_s)². Coarse nodes also make M asymmetric: then
A of the trapezoid rule differs from A of fourth order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from halkit.exceptions import MisfitWarning
from halkit.potentials.coupling import act
from halkit.potentials.problem import Problem
from halkit.potentials.validation import node_columns
from halkit.radial import radial_weights, trapezoid_weights
from halkit.scaling import exponent, norm
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["OF_CHANNELS", "Asymmetry", "asymmetry", "describes", "warn_of_misfit"]

# χ² per datum of a poor fit, and its least number of standard deviations above 1.
LARGE, SIGNIFICANT = 2.5, 5.0
# Part of the squared targets, without errors, above which a fit is poor.
LEFT = 1e-3
# Least part of ⟨φ|ρ⟩ that is asymmetric, and least coherence. Symmetric truths have up to 0.63
# where the data end inside U, asymmetric ones 0.8 … 1; with y_std, which weighs ⟨φ|ρ⟩, 0.4 … 0.6.
PART, PART_OF_ERRORS, COHERENCE = 0.7, 0.35, 5.0
# r y at the last node over its largest value, above which the data end inside U.
INSIDE = 0.05
# Largest difference of A between two rules, over A.
AGREEING = 0.5

# What may be wrong with rows of coupled channels.
OF_CHANNELS = (
    "a channel has another normalisation, or masses of other hadrons in its R^a (each channel "
    "is divided by the correlators of its own two hadrons), or its sources have names of others"
)


class Asymmetry(NamedTuple):
    """The antisymmetric part of ⟨φ_s|ρ_t⟩, of its square, and the coherence of A."""

    part: float
    coherence: float


def asymmetry(X: Array, residual: Array, weights: Array) -> Asymmetry:
    """The asymmetry of a residual, zero for a single sample.

    Parameters
    ----------
    X, residual : ndarray of shape (n_samples, n_out)
        φ and ρ on the same nodes.
    weights : ndarray of shape (n_out,)
        Measure there.
    """
    X, residual = X[X.any(axis=1)], residual[X.any(axis=1)]
    unit = exponent(X, axis=1, keepdims=True)
    X, residual = np.ldexp(X, -unit), np.ldexp(residual, -unit)
    size = np.sqrt(X**2 @ weights)[:, None]
    size = np.where(size > 0, size, 1.0)
    phi, rest = X / size * weights, np.ldexp(residual, -exponent(residual)) / size
    B, scatter = phi @ rest.T, phi**2 @ (rest**2).T
    A, scatter = B - B.T, scatter + scatter.T
    pairs = np.triu_indices(len(A), 1)
    if not pairs[0].size or not np.any(B):
        return Asymmetry(0.0, 0.0)
    ratio = np.divide(A**2, scatter, out=np.zeros_like(A), where=scatter > 0)
    part = float(np.sum(A**2) / (4 * np.sum(B**2)))
    return Asymmetry(part, float(ratio[pairs].mean()))


def warn_of_misfit(
    model: Any, problem: Problem, *, symmetric: bool, unfinished: bool = False
) -> bool:
    """Warn of a fit that does not describe its data.

    Parameters
    ----------
    model : PotentialMixin
        Fitted to the problem.
    problem : Problem
    symmetric : bool
        Whether the U of the model is symmetric, as one without U is.
    unfinished : bool, default False
        Whether a fit far from its minimum is told of elsewhere: it is not again, without errors.

    Returns
    -------
    bool
        Whether the reason is that the data are of an asymmetric U.

    Warns
    -----
    MisfitWarning
    """
    residual, left, poor = _left(model, problem)
    if not poor < left < np.inf:
        return False
    asymmetric = symmetric and model.n_channels_ == 1 and _found(model, problem, residual)
    if unfinished and not problem.has_errors and not asymmetric:
        return False
    what = f"χ² = {left:.3g} per datum" if problem.has_errors else f"{left:.2g} of Σ W² y²"
    why = _other_potential(model) if asymmetric else _other_settings(model, problem.has_errors)
    warn_caller(f"the fit leaves {what}: {why}", MisfitWarning)
    return asymmetric


def describes(model: Any, problem: Problem) -> bool:
    """Whether a fit leaves as little of its data as a good one."""
    _, left, poor = _left(model, problem)
    return bool(left <= poor)


def _left(model, problem):
    """The residual, χ² per datum or the part of Σ W² y² that it is, and this of a poor fit."""
    residual = problem.y - act(model._learned, problem.X, model.r_, model.weights_, model.r_out_)
    with np.errstate(over="ignore", under="ignore"):
        left = norm(problem.W * residual) ** 2
        if not problem.has_errors:
            left /= norm(problem.W * problem.y) ** 2 or 1.0
    n = np.count_nonzero(problem.W)
    poor = max(LEFT, LARGE * (getattr(model, "noise", None) or 0) ** 2)
    if problem.has_errors:
        poor = max(LARGE, 1 + SIGNIFICANT * np.sqrt(2 / n))
    return residual, left, poor


def _found(model, problem, residual):
    if not np.isin(model.r_out_, model.r_).all():
        return False
    columns = node_columns(model.r_out_, model.r_)
    counted = problem.W.any(axis=1)
    X, weights = problem.X[counted][:, columns], model.weights_[columns]
    y = problem.y[counted]
    tail = norm(model.r_out_ * np.ldexp(y, -exponent(y)), axis=0)
    if not problem.has_errors and tail[-1] > INSIDE * tail.max():
        return False
    part, coherence = asymmetry(X, residual[counted], weights)
    if part < (PART_OF_ERRORS if problem.has_errors else PART) or coherence < COHERENCE:
        return False
    rules = trapezoid_weights(model.r_), radial_weights(model.r_)
    one, other = (_of_targets(X, y, rule[columns]) for rule in rules)
    return model._weights_given or norm(one - other) < AGREEING * norm(one)


def _of_targets(X, y, weights):
    """⟨φ_s|y_t⟩ − ⟨φ_t|y_s⟩, of y in a unit in which squares are in range."""
    M = (X * weights) @ np.ldexp(y, -exponent(y)).T
    return M - M.T


def _other_potential(model):
    ways = "fit with GaussianProcessPotentialRegressor(symmetric=False)"
    if hasattr(model, "network"):
        ways = f"take network='plain' with symmetric=False, or {ways}"
    return (
        "the data are not those of a symmetric U, for which ⟨φ_s|y_t⟩ = ⟨φ_t|y_s⟩ with any V(r). "
        f"No other start and no more iterations mend it; {ways}. If U should be symmetric, check "
        "the weights of the nodes, that all rows belong to one potential, and that they reach "
        "beyond it"
    )


def _other_settings(model, has_errors):
    few = "y_std is too small, as errors from a few bins are"
    ways = [few if has_errors else "y has errors, which y_std should tell"]
    local = getattr(model, "local", None)
    if model.n_channels_ > 1:
        ways.append(OF_CHANNELS)
    if hasattr(model, "function"):
        ways.append("the potential has another form than function")
    if hasattr(model, "form"):
        ways.append("the potential has another form, more terms, or a non-local part")
    if hasattr(model, "n_init"):
        ways.append("the training ended early or in a poor minimum (max_iter, n_init)")
    if local is False:
        ways.append("the data need a local term, local=True")
    if local == "only":
        ways.append("the data need a non-local part, local=True")
    elif local is not None:
        ways.append("U is beyond its prior (envelope_radius, amplitude, rank or length_scale)")
    if local and model.local_widths is not None:
        ways.append("local_widths cannot describe V: leave them at None, or add others")
    elif local:
        ways.append("V is larger or shorter than its prior (local_strength, local_range)")
    within = " within y_std" if has_errors else ""
    return f"it does not describe the data{within}. Either {'; or '.join(ways)}"
