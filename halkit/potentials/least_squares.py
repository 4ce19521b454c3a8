r"""Least squares for the parameters θ of a potential of known form.

With the residuals ρ = W (prediction(θ) − y), the loss is L = Σ ρ² + L0, where L0 is what no
θ can change. With J = ∂ρ/∂θ and the total weight N, the covariance of θ is (N JᵀJ)⁻¹ where the
errors of y are known, else L/(n_residuals − n_θ) (JᵀJ)⁻¹.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from sklearn.exceptions import ConvergenceWarning

from halkit.callbacks import Task
from halkit.checks import check_array, check_integer, check_number, check_positive
from halkit.potentials.problem import Problem, unshifted
from halkit.scaling import norm
from halkit.training import Interrupted
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["at_limits", "check_start", "fit_theta"]

# Three-point differences take steps of eps^(1/3) and are right to eps^(2/3) = 4e-11 of a column.
STEP, RESOLUTION = 6e-6, 1e-9
# Part of its largest value at which a parameter counts as there.
REACHED = 0.999


def check_start(model: Any, initial: object) -> tuple[Array, tuple[Any, Any]]:
    """θ at the start and its bounds, after a check of the parameters of the fit.

    Parameters
    ----------
    model : estimator
        With ``reduced_mass``, ``radius``, ``bounds``, ``max_nfev`` and ``tol``.
    initial : array-like of shape (n_parameters,)

    Raises
    ------
    ValueError, TypeError
    """
    check_positive(model.reduced_mass, "reduced_mass", optional=True)
    check_number(model.tol, "tol", least=np.finfo(float).eps)
    check_positive(model.radius, "radius", optional=True)
    check_integer(model.max_nfev, "max_nfev", least=1, optional=True)
    start = check_array(initial, "initial")
    if start.ndim != 1 or not len(start):
        raise ValueError(f"initial must have shape (n_parameters,), got {start.shape}")
    return start, _check_bounds(model.bounds, start)


def _check_bounds(bounds, start):
    if bounds is None:
        return -np.inf, np.inf
    if len(bounds) != 2:
        raise ValueError(f"bounds must be a pair (lowest, highest), got {bounds!r}")
    lowest, highest = (check_array(bound, "bounds", finite=False) for bound in bounds)
    for bound in (lowest, highest):
        if bound.shape not in {(), start.shape}:
            raise ValueError(
                f"bounds must be numbers or arrays of the shape {start.shape} of initial, got "
                f"shape {bound.shape}"
            )
    if not np.all(lowest < highest):
        raise ValueError(f"bounds must have lowest < highest, got {bounds!r}")
    if not np.all((lowest <= start) & (start <= highest)):
        raise ValueError(f"initial must lie within bounds {bounds!r}, got {start}")
    return lowest, highest


def fit_theta(
    model: Any, problem: Problem, prediction: Callable[[Array], Array], y: Array, W: Array,
    start: Array, bounds: tuple[Any, Any], *, limits: Array | None = None, left: float = 0.0,
    task: Task | None = None,
) -> None:  # fmt: skip
    """Give the model the θ of least loss: ``theta_``, ``theta_cov_``, ``n_iter_`` and ``loss_``.

    Parameters
    ----------
    model : estimator
        With ``max_nfev`` and ``tol``.
    problem : Problem
        Tells the number of residuals, their total weight and their unit.
    prediction : callable
        Maps θ to an array of the shape of `y`.
    y, W : ndarray
        Targets and weights, in the unit of ``problem.shifted()``.
    start : ndarray of shape (n_parameters,)
    bounds : pair
        Lowest and highest θ.
    limits : ndarray of shape (n_parameters,), optional
        Largest absolute θ. What reaches them counts as known in the covariance.
    left : float
        L0.
    task : Task, optional
        Each θ that lowers the loss is a part of it. One at which a callback stops the fit is kept,
        with an infinite covariance.

    Raises
    ------
    FloatingPointError
        If the fit does not stay finite.
    Interrupted
        After an interrupt; the model has the best θ so far.

    Warns
    -----
    ConvergenceWarning
        If `max_nfev` was reached, or the prediction does not change with θ.
    """
    best, task = _Best(), task or Task()

    def residual(theta):
        rho = (W * (prediction(theta) - y)).ravel()
        if best.improved(theta, rho):
            step = {"theta_": best.theta, "loss_": unshifted(best.loss + left, problem.shift)}
            if task.part("step").begin().end(lambda: step):
                raise _StoppedError
        return rho

    try:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            size = np.hypot(norm(W * y), np.sqrt(left))
            unit = _units(lambda theta: W * prediction(theta), start, size)
            bounds = bounds if limits is None else (-limits, limits)
            solution = least_squares(
                lambda z: residual(unit * z), start / unit, jac="3-point", x_scale="jac",
                bounds=[np.clip(bound / unit, -np.inf, np.inf) for bound in bounds],
                max_nfev=model.max_nfev, ftol=model.tol, xtol=model.tol, gtol=model.tol,
            )  # fmt: skip
    except (KeyboardInterrupt, _StoppedError) as error:
        if best.theta is None:
            raise
        nowhere = np.full((len(start), len(start)), np.inf)
        n_iter = best.n // (2 * len(start) + 1)
        _keep(model, best.theta, nowhere, n_iter, unshifted(best.loss + left, problem.shift))
        if isinstance(error, _StoppedError):
            return
        raise Interrupted(
            f"after {best.n} evaluations: interrupted_ has the best theta (loss {model.loss_:.2g})",
            model,
        ) from error
    _keep_solution(model, solution, problem, unit, limits, left)


def _keep_solution(model, solution, problem, unit, limits, left):
    """Keep θ of a finished fit, in units of `unit`, with its covariance."""
    loss = 2 * solution.cost + left
    _check_solution(model, solution, loss)
    n_left = np.count_nonzero(problem.W) - len(unit)
    size = loss / n_left if n_left > 0 else np.inf
    with np.errstate(over="ignore", under="ignore"):
        known = np.ldexp(1.0, 2 * problem.shift) / problem.total
        size = known if problem.has_errors else size
        theta = unit * solution.x
        cov = np.zeros((len(theta), len(theta)))
        free = np.full(len(theta), True) if limits is None else ~at_limits(theta, limits)
        cov[np.ix_(free, free)] = _covariance(solution.jac[:, free], size)
        cov *= np.outer(unit, unit)
    _keep(model, theta, cov, solution.njev, unshifted(loss, problem.shift))


def at_limits(theta: Array, limits: Array) -> NDArray[np.bool_]:
    """Which parameters a fit has brought to their largest absolute values."""
    return np.abs(theta) >= REACHED * limits


def _keep(model, theta, cov, n_iter, loss):
    model.theta_, model.theta_cov_ = theta, cov
    model.n_iter_, model.loss_ = int(n_iter), float(loss)


def _check_solution(model, solution, loss):
    """Refuse a solution that is not finite, and warn of one that is not at its minimum."""
    if not (np.all(np.isfinite(solution.x)) and np.isfinite(solution.cost)):
        raise FloatingPointError(
            f"function must be finite near initial={model.initial}, or have bounds, got a fit "
            "that became infinite or NaN"
        )
    if solution.status == 0:
        warn_caller(
            f"the fit had not converged after {solution.nfev} evaluations "
            f"(loss {loss:.2g}): raise max_nfev, or tol, now {model.tol:g}",
            ConvergenceWarning,
        )


class _StoppedError(Exception):
    """A callback ends the fit."""


class _Best:
    """The parameters with the least sum of squares so far."""

    def __init__(self):
        self.theta, self.loss, self.n = None, np.inf, 0

    def improved(self, theta, rho):
        """Compare θ with the best; whether it is better."""
        self.n += 1
        loss = float(rho @ rho)
        if better := loss < self.loss:
            self.theta, self.loss = np.array(theta), loss
        return better


def _units(prediction, start, size):
    """Powers of two of the size of changes of each θ that change the prediction.

    Differences step by 6e-6 of them. A θ that begins at 0, or to which the prediction is more
    sensitive than to changes of 1e-3, takes its size from the slope. The targets have the norm
    `size`.

    Warns
    -----
    ConvergenceWarning
        If changes of θ by its size are invisible beside the targets: the fit may end where it
        began.

    Raises
    ------
    FloatingPointError
        If the function is finite only at the start.
    """
    here, slopes = prediction(start), np.zeros(len(start))
    for i, theta in enumerate(start):
        step = STEP * (abs(theta) or 1.0) * (np.arange(len(start)) == i)
        sizes = [norm(prediction(start + side * step) - here) for side in (1, -1)]
        slopes[i] = np.fmax(*sizes) / step[i]
    if not np.all(np.isfinite(slopes)):
        raise FloatingPointError(f"function must be finite near initial = {start}, got inf or NaN")
    own = (slopes > 0) & ((slopes > 1e3) | (start == 0))
    e = np.where(own, -np.frexp(slopes)[1], np.maximum(np.frexp(start)[1], 0))
    unit = np.ldexp(1.0, e)
    if np.max(slopes * unit) < RESOLUTION * size:
        warn_caller(
            f"initial must give a potential of the size of the targets, got {start}: changes of "
            f"theta by its own size move the prediction by {np.max(slopes * unit) / size:.2g} of "
            "the targets at most, and the fit may end where it began",
            ConvergenceWarning,
        )
    return unit


def _covariance(J, size):
    """size · (JᵀJ)⁻¹, infinite where J is singular to the accuracy of its differences."""
    scale = norm(J, axis=0)
    if np.all(scale > 0) and J.shape[0] >= J.shape[1] and np.isfinite(size):
        _, s, Vt = np.linalg.svd(J / scale, full_matrices=False)
        if s[-1] > RESOLUTION * s[0]:
            return size * ((Vt.T / s**2) @ Vt) / np.outer(scale, scale)
    return np.full((J.shape[1], J.shape[1]), np.inf)
