r"""Whether rows tell the U of a network from a local potential, before the network has chosen.

A fit with both may give all of the targets to V, as on rows of one quark source, where its U is
near zero whatever the truth. The size of the fitted U says nothing then, and another U is asked: the
first term of the network,

    U(r, r') = c e(r) e(r')

with the envelope e of the fit, of such a size that its action is a quarter of the targets, in units
of the errors and without their noise,

    Σ (U R/σ)² = [Σ (y/σ)² − N]/16.

What the best V(r), free at each node, leaves of it is the signal of U, in standard deviations. Fits
of V and U describe exact data to 1e-3 of their norm, which is their error here.

The share and the limit of three were chosen on nine truths (separable, non-local Gaussian and local
ones, of both signs, and sums), one source and two, noise 1e-4 … 1e-2, one to eight times; the
docstring of `tests/potentials/test_beside.py` has what they do on others.
"""

from typing import Any

import numpy as np
import torch

from halkit.potentials.networks import Envelope
from halkit.potentials.prior import beside_local
from halkit.potentials.problem import Problem
from halkit.potentials.row_blocks import VISIBLE, warn_of_signal
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.typing import Array

__all__ = ["signal_beside_local", "warn_of_one_source"]

SHARE, EXACT = 0.25, 1e-3
# A warm start warns if the rows of the fit before were clearly better, and not with every bin.
BETTER = 2.0


def signal_beside_local(
    problem: Problem, r: Array, weights: Array, r_out: Array, envelope: Envelope
) -> float:
    """The signal of U beside V(r) in standard deviations, 0 for a single row.

    Parameters
    ----------
    problem : Problem
        Of one channel.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    r_out : ndarray of shape (n_out,)
        Nodes of y, among r.
    envelope : Envelope
        e; its first radius counts.
    """
    with torch.no_grad():
        e, e_out = (envelope(torch.tensor(x))[:, 0].numpy() for x in (r, r_out))
    with np.errstate(over="ignore", under="ignore"):
        _, W = problem.shifted()
        action = W * np.outer(problem.X @ (weights * e), e_out)
        waves = W * problem.X[:, node_columns(r_out, r)]
        if not (action.any() and waves.any()):
            return 0.0
        action, waves = (one[:, :, None] / norm(one) for one in (action, waves))
        left = SHARE * float(norm(beside_local(action, waves)))
        if not problem.has_errors:
            return left / EXACT
        chi2 = problem.total * float(norm(problem.W * problem.y)) ** 2
        return left * float(np.sqrt(max(chi2 - problem.total, 0.0)))


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
    envelope = model._design["envelope"]
    before = vars(model).get("_signal", np.inf) if warm else np.inf
    e = Envelope(**{**envelope, "kind": envelope["kind"] or "exponential"})
    nodes = model.r_, model.weights_, model.r_out_
    model._signal = signal_beside_local(problem, *nodes, e)
    if before > BETTER * VISIBLE:
        unit = "standard deviations" if problem.has_errors else "times what fits leave"
        warn_of_signal(model._signal, "a U with a quarter of the targets", unit)
