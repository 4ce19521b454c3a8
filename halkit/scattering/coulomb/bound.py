r"""Bound states of charged hadrons: interior plus V_C, joined to a Whittaker function outside.

Outside, u ∝ W_{−η, l+1/2}(2κr) with η = Z1 Z2 α m/κ. With this boundary at energy E the interior
has the levels λ_n(E), which fall as E rises; a bound state is a root of λ_n(E) = E. Charges that
attract bind infinitely many states, hadronic atoms: the radius then holds the classical turning
point Z1 Z2 α/E of the states that are asked for, beyond which W has no zero.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import kve

from halkit.checks import check_integer
from halkit.interactions.bound import BoundStates
from halkit.interactions.conversion import Potential
from halkit.scattering.bound import relative_change
from halkit.scattering.coulomb.charges import Charges
from halkit.scattering.solver.interior import Interior, converge, open_interior
from halkit.scattering.solver.levels import level as lowest
from halkit.scattering.solver.levels import rounding_error
from halkit.typing import Array, Number, Numbers

__all__ = ["coulomb_bound_states", "whittaker_slope"]

LONGEST = 20_000
# Mesh points of a panel beyond the interaction.
POINTS = 14
# The radius grows by this factor until it holds the states, to so many Bohr radii times n² and
# radii of the interaction at most; and the least one without an interaction, in Bohr radii.
GROWTH, FURTHEST, LARGEST, SMALLEST = 4.0, 60.0, 2000.0, 0.3


def coulomb_bound_states(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    charge_product: Number,
    dipole_radius: Number | None = None,
    l: int = 0,
    n_states: int = 1,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> BoundStates:
    """Return the deepest bound states of charged hadrons.

    Parameters
    ----------
    interaction, reduced_mass, charge_product, dipole_radius, l, n_mesh, r
        As in `halkit.scattering.coulomb_phase_shift`: the strong interaction alone.
    n_states : int, default 1
        The largest number of states. Charges that attract bind any number: the states of the
        hadronic atom follow the strongly bound ones.
    channel_radius : float, optional
        Where the strong interaction ends, as in `halkit.scattering.phase_shift`. The mesh reaches
        further if the states do.

    Returns
    -------
    BoundStates
        Named tuple of the arrays ``energy`` and ``kappa``, deepest state first.

    Raises
    ------
    ValueError
        If an argument is out of range, or if U is not symmetric.

    Warns
    -----
    AccuracyWarning
        If the strong interaction has not decayed at the channel radius, if the charges reach
        beyond it, or if the mesh is too coarse.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 33.14 and 13.14.

    Examples
    --------
    A hydrogen atom of two hadrons, −(Z1 Z2 α)² m/2n²:

    >>> from halkit.interactions import Interaction
    >>> from halkit.scattering import coulomb_bound_states
    >>> atom = {"reduced_mass": 1.0, "charge_product": -137.035999084}
    >>> coulomb_bound_states(Interaction(), n_states=3, **atom).energy.round(8)
    array([-0.5       , -0.125     , -0.05555556])
    """
    n_states = check_integer(n_states, "n_states", least=1)
    charges = Charges.of(charge_product, dipole_radius)
    strong = open_interior(interaction, reduced_mass, l, channel_radius, r)
    charged = charges.inside(strong, channel_radius)
    bohr = -charges.strength * charged.reduced_mass
    if bohr < 0:
        return BoundStates.from_kappa(
            _converged(charged, charges, n_states, n_mesh, charged.mesh_size()),
            charged.reduced_mass,
        )
    if not (strong.interaction.has_local or strong.interaction.has_nonlocal):
        charged = charged._replace(radius=max(charged.radius, SMALLEST / bohr))
    kappa = _converged(charged, charges, n_states, n_mesh, charged.mesh_size())
    reach = 1.0
    while kappa.size < n_states:
        reach *= GROWTH
        wide = _wider(charged, reach)
        if wide.radius > FURTHEST * (n_states + charged.l) ** 2 / bohr or reach > LARGEST:
            raise ValueError(
                f"n_states must be at most {kappa.size}, got {n_states}: the mesh does not reach "
                f"from the interaction to the next state, at Bohr radii of {1 / bohr:.3g}"
            )
        kappa = _converged(wide, charges, n_states, n_mesh, int(wide.layout.points.sum()))
    return BoundStates.from_kappa(kappa, charged.reduced_mass)


def _wider(interior: Interior, reach: float) -> Interior:
    """The interior with panels up to `reach` times its radius, for waves with a few nodes."""
    wide, _ = interior.wider(reach)
    layout, outer = wide.layout, len(wide.layout.points) - len(interior.layout.points)
    points = np.append(layout.points[:-outer], np.full(outer, float(POINTS)))
    wide.layout = layout._replace(points=points)
    return wide


def _converged(
    interior: Interior, charges: Charges, n_states: int, n_mesh: int | None, start: int
) -> Array:
    return converge(
        lambda n: _momenta(interior, charges, n_states, n),
        relative_change,
        n_mesh,
        n_mesh or start,
    )


def _momenta(interior, charges, n_states, n):
    """κ of the states below the energy at which the turning point is the radius."""
    H = interior.hamiltonian(n)
    if not H.symmetric or np.ndim(H.scale):
        raise ValueError(
            "interaction must be symmetric, U(r, r') = U(r', r), and without V2(r) ∇² for bound "
            f"states of charges, got {interior.interaction!r}"
        )
    m, a, l = interior.reduced_mass, interior.radius, interior.l
    bohr, f = charges.strength * m, H.surface

    def level(energy, i):
        slope = whittaker_slope(l, bohr, float(np.sqrt(-2 * m * energy)), a)
        matrix = H.matrix - slope / (2 * m * a) * np.outer(f, f)
        return lowest(matrix, i)[0] - energy

    top, rounding = min(charges.strength / a, 0.0), rounding_error(H.matrix)
    kappa = []
    for i in range(min(n_states, len(H.matrix))):
        at_top = level(top, i)
        if at_top >= -rounding:
            break
        low = 1.001 * (top + at_top) - rounding
        while level(low, i) < 0:
            low *= 2
        energy = brentq(level, low, top, args=(i,), xtol=-1e-15 * low)
        kappa.append(np.sqrt(-2 * m * energy))
    return np.array(kappa)


def whittaker_slope(l: int, bohr: float, kappa: float, r: float) -> float:
    """Return r u'/u of u = W_{−η, l+1/2}(2κr), η = bohr/κ, beyond its last zero.

    Steed's continued fraction of G + iF at imaginary ρ; at κ = 0, √r K_{2l+1}(√(8 bohr r)).
    """
    if kappa == 0:
        z, order = np.sqrt(8 * bohr * r), 2 * l + 1
        return float(0.5 - z * kve(order - 1, z) / (2 * kve(order, z)) - order / 2)
    y, eta = kappa * r, bohr / kappa
    # backwards from n, where the rest is nearly the fixed point of one step
    n = min(int(60 + 45 / y + 4 * abs(eta)), LONGEST)
    j, b = n + 1, y + eta + n + 2
    tail = b - np.sqrt(max(b**2 - (eta - l + j) * (eta + l + 1 + j), 0.0))
    for j in range(n, -1, -1):
        tail = (eta - l + j) * (eta + l + 1 + j) / (2 * (y + eta + j + 1) - tail)
    return float(tail - y - eta)
