r"""The prior of the local term: a sum of functions of all widths up to the exchange range.

    V(r) = Σ_m θ_m B_m v(r/b_m),   θ ~ N(0, 1),
    B_m = s c/b_m² · sqrt(Δ ln b) · e^{−(b_m/2λ)²},   c = max(1/2m, λ/3),

with v(x) = e^{−x²} (or e^{−x}/x), the reduced mass m, and the step Δ ln b between widths. A well
of width b binds at a depth of order 1/2mb², which sets the scale of each term. λ = 1/m_π, the
longest range of an exchange, ends the widths. Wider or denser widths do not change the prior of V.
Potentials do not become shallower as hadrons become heavier, hence the λ/3: with 1/2m alone the
phase shifts of two Ω_ccc (m λ = 4.5) are 12° off, with errors of 0.9°; for ΞΞ at m_π = 510 MeV
(m λ = 1.4) the two choices agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_positive
from halkit.potentials.problem import Problem
from halkit.potentials.validation import check_widths
from halkit.scaling import exponent
from halkit.typing import Array

__all__ = [
    "LATTICE_RANGE",
    "check_local_prior",
    "depth_of_data",
    "local_scales",
    "local_strength",
    "local_term",
    "local_widths",
]

NARROWEST, WIDEST, RATIO = 0.85, 5.0, 1.2
# 1/m_π at 510 MeV and a spacing of 0.09 fm.
LATTICE_RANGE = 4.3
# s of the Gaussian process by default.
STRENGTH = 5.0


def local_widths(r_out: Array, local_range: float) -> Array:
    """Widths b_m in geometric progression, from 0.85 a to 5 λ with steps of at most 1.2.

    Parameters
    ----------
    r_out : ndarray of shape (n_out,)
        Nodes at which V acts. a is the larger of the first node > 0 and the first step.
    local_range : float
        λ.

    Returns
    -------
    ndarray of shape (n_widths,)
    """
    first = r_out[r_out > 0][:1]
    a = max([*np.diff(r_out[:2]), *first], default=local_range)
    low, high = min(NARROWEST * a, WIDEST * local_range), WIDEST * local_range
    steps = int(np.ceil(np.log(high / low) / np.log(RATIO)))
    return np.geomspace(low, high, steps + 1)


def local_scales(
    widths: Array, *, depth: float, local_range: float, largest: float = np.inf
) -> Array:
    """B_m, the prior standard deviations of the terms of V, in units of energy.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        b_m, increasing.
    depth : float
        s c.
    local_range : float
        λ.
    largest : float
        Bound of s c/b_m².

    Returns
    -------
    ndarray of shape (n_widths,)
    """
    step = np.gradient(np.log(widths)) if len(widths) > 1 else np.ones(1)
    cut = np.exp(-((widths / (2 * local_range)) ** 2))
    return np.minimum(depth / widths**2, largest) * np.sqrt(step) * cut


def depth_of_data(
    problem: Problem, r_out: Array, columns: NDArray[np.int64]
) -> tuple[float, float]:
    """The largest r² ``|V(r)|`` and ``|V(r)|`` of the potential that fits the data node by node.

    For data without errors the first is the depth c of the prior, in the unit of the data; the
    second bounds narrow terms, which the data do not see below the first node.

    Parameters
    ----------
    problem : Problem
    r_out : ndarray of shape (n_out,)
    columns : ndarray of int
        Columns of X that hold the nodes `r_out`, of each channel. Channels count as uncoupled.

    Returns
    -------
    tuple of two floats
    """
    phi, W = problem.X[:, columns], np.ldexp(problem.W, -exponent(problem.W))
    unit = exponent(problem.y)
    size = np.sum((W * phi) ** 2, axis=0)
    V = np.divide(np.sum(W * np.ldexp(problem.y, -unit) * (W * phi), axis=0), size,
                  out=np.zeros_like(size), where=size > 0)  # fmt: skip
    V = np.ldexp(np.abs(V), unit).reshape(-1, len(r_out)).max(axis=0)
    return float(np.max(V * r_out**2)) or 1.0, float(np.max(V)) or 1.0


def check_local_prior(model: Any) -> None:
    """Refuse parameters of the local prior that are not positive.

    Raises
    ------
    ValueError, TypeError
    """
    check_positive(model.local_range, "local_range", optional=not model._lattice_defaults)
    automatic = getattr(model, "_automatic_strength", False)
    check_positive(model.local_strength, "local_strength", optional=automatic)
    if model.local_widths is not None:
        check_widths(model.local_widths, "local_widths")


def local_strength(model: Any) -> float:
    """s of an estimator; 5 where it is None."""
    return STRENGTH if model.local_strength is None else float(model.local_strength)


def local_term(
    model: Any, r_out: Array, reduced_mass: float | None, default_range: float | None = None,
    of_data: tuple[float, float] | None = None,
) -> dict[str, Array]:  # fmt: skip
    """Widths and scales of the local term of an estimator.

    Parameters
    ----------
    model : estimator
        With ``r``, ``local_widths``, ``local_range`` and ``local_strength``.
    r_out : ndarray of shape (n_out,)
        Nodes at which V acts.
    reduced_mass : float or None
        m.
    default_range : float, optional
        λ where ``local_range`` is None.
    of_data : tuple of two floats, optional
        `depth_of_data`, in place of c for data without errors.

    Returns
    -------
    dict
        ``widths`` and ``scales``, ndarrays of shape (n_widths,).

    Raises
    ------
    ValueError
        Without a mass, where the prior counts and the nodes are given, which have a unit.
    """
    local_range: Any = model.local_range or default_range
    widths = model.local_widths
    if of_data is None:
        if reduced_mass is None and model.r is not None:
            raise ValueError(
                "reduced_mass or hadron_mass must be given for a local term, whose prior is in "
                "units of 1/2m, got None"
            )
        of_data = max(1 / (2 * (reduced_mass or 1.0)), local_range / 3), np.inf
    if widths is None:
        widths = local_widths(r_out, local_range)
    else:
        widths = check_widths(widths, "local_widths")
    depth, largest = (local_strength(model) * size for size in of_data)
    scales = local_scales(widths, depth=depth, local_range=local_range, largest=largest)
    return {"widths": widths, "scales": scales}
