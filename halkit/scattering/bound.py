"""Bound states: energies at which the interior joins a wave that decays.

Inside, a u'(a)/u(a) = 1/R(E); outside, u ∝ κr k_l(κr), κ = √(−2mE), with the logarithmic
derivative S_l(κa) (−κa for an S wave). So a bound state is a root of

    1 − S_l(κa) R(E) = 0.

The channel radius has to enclose the potential but not the bound state. If U is symmetric,
S_l R falls from one level of the interior to the next, with one root between neighbours.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from halkit.interactions.bound import BoundStates
from halkit.interactions.conversion import Potential
from halkit.scattering.solver.interior import NOTICEABLE, Interior, measured_interior
from halkit.scattering.solver.rmatrix import RMatrix, decay_logarithm, r_matrix
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = [
    "BoundStates",
    "binding_momenta",
    "bound_energies",
    "bound_states",
    "relative_change",
    "slopes",
    "warn_of_tail",
]

EPSILON = 4 * np.finfo(np.float64).eps
# Relative shift of a level by the surface below which its wave function ends inside.
INNER = 1e-8


def bound_states(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> BoundStates:
    """Return the bound states of a partial wave.

    Parameters as in `halkit.scattering.phase_shift`; `halkit.scattering.bound_wave_functions`
    returns the wave functions too. If U is not symmetric only the states of real energy are
    returned.

    Returns
    -------
    BoundStates
        Named tuple of the arrays ``energy`` and ``kappa``, deepest state first; empty
        arrays if nothing is bound.

    Warns
    -----
    AccuracyWarning
        As in `halkit.scattering.phase_shift`; but if the potential has not decayed at the
        channel radius, only where an interior of twice the radius changes the states.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import bound_states
    >>> bound_states(Separable(omega=-0.017, mu=1.0), reduced_mass=3.3).kappa.round(8)
    array([0.19717524])
    """
    interior, beyond = measured_interior(interaction, reduced_mass, l, channel_radius, r)
    kappa = _converged(interior, n_mesh)
    warn_of_tail(interior, beyond, kappa, n_mesh)
    return BoundStates.from_kappa(kappa, interior.reduced_mass)


def _converged(interior, n_mesh):
    return interior.converged(lambda H: binding_momenta(r_matrix(H)), relative_change, n_mesh)


def warn_of_tail(interior: Interior, beyond: float, kappa: Array, n_mesh: int | None) -> None:
    """Warn if a tail of the potential outside matters: if twice the radius changes the states."""
    if beyond <= NOTICEABLE:
        return
    wide = interior._replace(radius=2 * interior.radius)
    wider = _converged(wide, n_mesh and 2 * n_mesh)
    changed = 2 * relative_change(kappa, wider[: kappa.size])
    if wider.size != kappa.size or changed > NOTICEABLE:
        warn_caller(
            f"the potential has not decayed at the channel radius {interior.radius:g}: with twice "
            f"the radius {wider.size} states are bound instead of {kappa.size}, and their "
            f"energies change by up to {changed:.1g} of themselves; raise channel_radius",
        )


def relative_change(coarse: Array, fine: Array) -> float:
    """Return the largest relative change of κ; infinite if a state has come or gone."""
    if coarse.size != fine.size:
        return np.inf
    return float(np.max(np.abs(fine - coarse) / fine, initial=0.0))


def binding_momenta(R: RMatrix) -> Array:
    """Return the κ of the bound states of an R-matrix, deepest first."""
    _, inner, outer = bound_energies(R)
    return np.sqrt(-2 * R.reduced_mass * np.sort(np.concatenate([inner, outer])))


def bound_energies(R: RMatrix, least: float = INNER) -> tuple[NDArray[np.bool_], Array, Array]:
    """Return which levels are bound states inside, their energies, and the other bound energies.

    A level whose wave function ends inside the channel radius is a bound state itself, moved by
    S γ²/2ma, less than `least` relative to E. If U is not symmetric, the sign of such a γ² is
    lost in rounding errors.
    """
    slope = slopes(R, R.energy)
    inner = np.isreal(R.energy) & (np.abs(slope * R.strength) < least * -R.energy.real)
    R, inside = R.split(inner)
    moved = slope[inner] * inside.strength / (1 - slope[inner] * R(inside.energy.real))
    return inner, (inside.energy - moved).real, np.array(_outer_states(R))


def slopes(R: RMatrix, energy: NDArray[Any]) -> Array:
    """Return S_l(κa) where an energy is real and negative, elsewhere S_l(0)."""
    x = np.sqrt(np.maximum(-2 * R.reduced_mass * np.real(energy), 0.0)) * R.radius
    return decay_logarithm(R.l, x)


def _outer_states(R):
    """The roots of 1 − S R between the levels and up to zero."""

    def mismatch(energy):
        return 1 - float(slopes(R, energy) * R(energy))

    levels, sign = R.bound_levels()
    if levels.size == 0:
        return levels
    deepest = 2 * levels[0]
    while mismatch(deepest) < 0:
        deepest *= 2
    # Above a level of sign s the mismatch has the sign −s, below it s.
    edges = [(deepest, -1), *zip(levels, sign, strict=True), (0.0, np.sign(mismatch(0.0)))]
    return [
        brentq(mismatch, low * (1 - EPSILON), high * (1 + EPSILON), xtol=-EPSILON * low)
        for (low, s), (high, s_next) in pairwise(edges)
        if s * s_next > 0
    ]
