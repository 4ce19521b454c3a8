r"""Whether rows tell the U of a network from a local potential, before the network has chosen.

A fit with both may give all of the targets to V, as on rows of one quark source, where its U is
near zero whatever the truth. The size of the fitted U says nothing then, and others are asked,

    U(r, r') = c e(r) e(r'),

with the envelope e of the fit and an action that is a quarter of the targets, and with a quarter of
the radius and an action of 3/2 of the targets: in units of the errors and without their noise,

    Σ (U R/σ)² = s² [Σ (y/σ)² − N],    s = 1/4 or 3/2.

What the best V(r), free at each node, leaves of it is the signal of U, in standard deviations. Fits
of V and U describe exact data to about 1.5e-3 of their norm, which is their error here.

Radii and shares were chosen on drawn truths and checked on fresh ones, see
`tests/potentials/test_beside.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from halkit.potentials.networks import Envelope
from halkit.potentials.prior import beside_local
from halkit.potentials.problem import Problem
from halkit.potentials.row_blocks import VISIBLE, warn_of_signal
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.typing import Array

__all__ = ["Signal", "signal_beside_local", "warn_of_one_source"]

EXACT = 1.5e-3
# Radii of U in units of the envelope's, and its action in units of the targets.
HIDDEN = ((1.0, 0.25), (0.25, 1.5))
# A warm start warns if the rows of the fit before were clearly better, and not with every bin.
BETTER = 2.0


class Signal(NamedTuple):
    """The least signal of U, and the action of this U in units of the targets."""

    size: float
    share: float


def signal_beside_local(
    problem: Problem, r: Array, weights: Array, r_out: Array, envelope: dict[str, Any]
) -> Signal:
    """The signal of U beside V(r) in standard deviations, 0 for a single row.

    Parameters
    ----------
    problem : Problem
        Of one channel.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    r_out : ndarray of shape (n_out,)
        Nodes of y, among r.
    envelope : dict
        Parameters of the `Envelope` of U; without one an exponential is taken.
    """
    whole = 1 / EXACT
    with np.errstate(over="ignore", under="ignore"):
        if problem.has_errors:
            chi2 = problem.total * np.square(norm(problem.W * problem.y))
            whole = float(np.sqrt(max(chi2 - problem.total, 0.0)))
        found = [
            Signal(share * whole * _left(problem, r, weights, r_out, scaled), share)
            for radius, share in HIDDEN
            for scaled in [{**envelope, "radius": radius * envelope["radius"]}]
        ]
    return min(found)


def _left(problem, r, weights, r_out, envelope):
    """The part of the action of e(r) e(r') that no V(r) imitates, relative to its norm."""
    e = Envelope(**{**envelope, "kind": envelope["kind"] or "exponential"})
    with torch.no_grad():
        inner, outer = (e(torch.tensor(x))[:, 0].numpy() for x in (r, r_out))
    _, W = problem.shifted()
    action = W * np.outer(problem.X @ (weights * inner), outer)
    waves = W * problem.X[:, node_columns(r_out, r)]
    if not (action.any() and waves.any()):
        return 0.0
    return float(norm(beside_local(*(one[:, :, None] / norm(one) for one in (action, waves)))))


def warn_of_one_source(model: Any, problem: Problem, *, warm: bool) -> None:
    """Warn of rows that do not tell U from V, unless a fit to their mean has done so.

    Parameters
    ----------
    model : NeuralPotential
        Fitted to the problem; its ``_signal`` is set.
    problem : Problem
    warm : bool
        Whether the fit has begun with the parameters of another.
    """
    before = vars(model).get("_signal", np.inf) if warm else np.inf
    nodes = model.r_, model.weights_, model.r_out_
    model._signal, share = signal_beside_local(problem, *nodes, model._design["envelope"])
    if before > BETTER * VISIBLE:
        unit = "standard deviations" if problem.has_errors else "times what fits leave"
        warn_of_signal(model._signal, f"a U whose action is {share:g} times the targets", unit)
