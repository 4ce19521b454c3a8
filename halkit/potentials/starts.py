"""The starts of a fit: trained one after another, on the same data and by the same rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from halkit.potentials import solvers
from halkit.potentials.problem import Problem, unshifted
from halkit.training import state_arrays
from halkit.warn import warn_caller

__all__ = ["Training", "is_unfinished", "warn_of_starts"]

HALF = 0.5

# Bounds of the unit of χ², relative to Σ (W y)²; see `_natural_units`.
ROUNDING = 1e-20


class Training:
    """Trains one net for each start, and keeps what was found.

    Parameters
    ----------
    problem : Problem
    design : dict
        ``decay`` and ``regulator``, the strengths of the other terms of the loss, and
        ``training``, the settings of the solver.
    warm : bool
        Whether the start has the parameters of another fit.

    Attributes
    ----------
    stop : dict
        When a start ends; see `solvers.Convergence`.
    found : list of (float, PotentialNet)
        The loss, of a training in the unit of 2^shift W, and the net of each start that began.
    """

    def __init__(self, problem: Problem, design: dict[str, Any], *, warm: bool) -> None:
        self.shift, W, *strengths = problem.shifted(design["decay"], design["regulator"])
        self.decay, self.regulator = map(float, strengths)
        self.data = torch.tensor(problem.X), torch.tensor(np.stack([problem.y, W], axis=1))
        units = _natural_units(problem, W, self.shift, design["training"]["tol"])
        self.stop = {**units, "warm": warm}
        self.found: list[tuple[float, solvers.PotentialNet]] = []

    def run(self, net: solvers.PotentialNet) -> None:
        """Train one start; an interrupted one is kept as it was after its last full epoch."""
        net.module.decay, net.module.regulator = self.decay, self.regulator
        try:
            solvers.train(net, *self.data)
        finally:
            if getattr(net, "history_", None):
                self.found.append((solvers.loss_of(net, *self.data), net))

    @property
    def finite(self) -> list[tuple[float, solvers.PotentialNet]]:
        """What was found with a finite loss."""
        return [(loss, net) for loss, net in self.found if np.isfinite(loss)]

    @property
    def lost(self) -> list[int]:
        """The starts whose loss is not finite, counted from 1."""
        return [i for i, (loss, _) in enumerate(self.found, start=1) if not np.isfinite(loss)]

    def now(self, net: solvers.PotentialNet) -> tuple[float, int, dict[str, Any]]:
        """Return loss, number of iterations and parameters after the last epoch."""
        loss = self.unshifted(net.history[-1, "train_loss"])
        return loss, solvers.n_iterations(net), state_arrays(net.module_)

    def unshifted(self, loss: float) -> float:
        """Return a loss of the training in the unit of the problem."""
        return unshifted(loss, self.shift)

    def history(self, net: solvers.PotentialNet) -> list[dict[str, Any]]:
        """Return the number, the loss and the seconds of each epoch."""
        rows = ((row["epoch"], row["train_loss"], row["dur"]) for row in net.history)
        return [{"epoch": e, "train_loss": self.unshifted(loss), "dur": t} for e, loss, t in rows]


def is_unfinished(model: Any, problem: Problem) -> bool:
    """Whether training was ended by `max_iter` or by a callback, or found next to nothing."""
    nothing = model.loss_ > HALF and not problem.has_errors
    return not model.net_.stopped_ or bool(model.callbacks) or nothing


def warn_of_starts(model: Any, training: Training, *, exact: bool) -> None:
    """Warn of starts that were left out, and of a fit that is not at its minimum."""
    reasons = []
    if training.lost:
        reasons.append(
            f"the loss of start {', '.join(map(str, training.lost))} of {len(training.found)} "
            "became infinite or NaN, and it was left out: lower learning_rate"
        )
    if not model.net_.stopped_:
        reasons.append(
            f"the fit had not converged after max_iter={model.max_iter} iterations of "
            f"{model.solver!r} (loss {model.loss_:.2g}): raise max_iter, or tol, now {model.tol:g}"
        )
    elif exact and model.loss_ > HALF and not model.callbacks:
        reasons.append(
            f"the fit leaves {model.loss_:.0%} of the squared targets unexplained: it has ended at "
            "U = 0 or in another poor minimum. Raise n_init, or give amplitude"
        )
    for reason in reasons:
        warn_caller(reason, ConvergenceWarning)


def _natural_units(problem, W, shift, tol):
    """What a training measures its loss by: see `solvers.Convergence`.

    The unit of χ² is bounded, so that a training can tell its progress: errors larger than the
    targets do not end it early, and errors below their rounding do not keep it going for ever.
    """
    size, unit = float(np.sum((W * problem.y) ** 2)), None
    if problem.has_errors:
        with np.errstate(over="ignore", under="ignore"):
            unit = float(np.ldexp(1 / problem.total, 2 * shift))
        unit = min(max(unit, ROUNDING * size), tol * size) or unit
    return {"size": size, "unit": unit, "total": problem.total}
