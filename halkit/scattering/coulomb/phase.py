"""Scattering of charged hadrons by the strong interaction and the Coulomb force.

At the channel radius the R-matrix of strong force plus V_C is matched to the Coulomb functions
of η = Z1 Z2 α m/k, so δ is relative to the waves of two point charges.
At low energy, with C² = 2πη/(e^{2πη} − 1) and h(η) = Re ψ(iη) − ln|η|,

    C² k cot δ + 2kη h(η) = −1/a0 + r_eff k²/2 + …
"""

from __future__ import annotations

import numpy as np

from halkit.checks import check_momenta
from halkit.interactions.conversion import Potential
from halkit.scattering.coulomb.charges import Charges
from halkit.scattering.coulomb.waves import (
    charged_surface,
    coulomb_waves,
    threshold_functions,
    zero_energy_size,
)
from halkit.scattering.phase import sign_factor
from halkit.scattering.solver.interior import (
    NOTICEABLE,
    measured_interior,
    open_interior,
    tail,
)
from halkit.scattering.solver.partial_wave import tell_momenta
from halkit.scattering.solver.rmatrix import phase_shifts, threshold
from halkit.scattering.solver.tails import add_tail
from halkit.typing import Array, Number, Numbers, SignConvention
from halkit.warn import warn_caller

__all__ = [
    "coulomb_effective_range",
    "coulomb_phase_shift",
    "coulomb_scattering_length",
]

# Factor by which the interior is widened to measure the effect of a slow tail.
WIDER = 2.0
# Least n of a tail V ∝ r^−n that is integrated to infinity at k > 0.
LEAST_POWER = 1.8


def coulomb_phase_shift(
    interaction: Potential,
    k: Numbers,
    *,
    reduced_mass: Number | None = None,
    charge_product: Number,
    dipole_radius: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> Array:
    """Return the phase shifts δ_l(k) of charged hadrons, relative to point Coulomb functions.

    u → sin(kr − η ln 2kr − lπ/2 + σ_l + δ), η = Z1 Z2 α m/k.

    Parameters
    ----------
    interaction, reduced_mass, l, channel_radius, n_mesh, r
        As in `halkit.scattering.phase_shift`: the strong interaction alone.
    k : float or array of any shape
        Momenta, k > 0.
    charge_product : float
        Z1 Z2, positive if it repels; not zero.
    dipole_radius : float, optional
        As in `coulomb_potential`. Default: points.

    Returns
    -------
    float array of the shape of `k`
        δ in radians, continuous in k, with δ(∞) = 0.

    Raises
    ------
    ValueError
        If an argument is out of range, or if the strong interaction does not decay.

    Warns
    -----
    AccuracyWarning
        If the strong interaction has not decayed at the channel radius, if the charges reach
        beyond it, or if the mesh is too coarse. A tail V ∝ r^−n with n > 1.8 is integrated.
    UnderdeterminedWarning
        As `halkit.scattering.phase_shift`, of a fitted estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import OMEGA_CCC_MASS, omega_ccc
    >>> from halkit.scattering import coulomb_phase_shift
    >>> from halkit.units import from_mev
    >>> m = from_mev(OMEGA_CCC_MASS) / 2
    >>> delta = coulomb_phase_shift(
    ...     omega_ccc(), [0.5, 1.0], reduced_mass=m, charge_product=4, dipole_radius=0.41
    ... )
    >>> np.degrees(delta).round(3)
    array([131.015, 116.841])
    """
    k = check_momenta(k)
    strong = open_interior(interaction, reduced_mass, l, channel_radius, r, least_power=LEAST_POWER)
    charges = Charges.of(charge_product, dipole_radius)
    interior = charges.inside(strong, channel_radius)
    momenta, m = k.ravel(), interior.reduced_mass
    eta = charges.sommerfeld(momenta, m)
    surface = charged_surface(interior.l, eta, momenta * interior.radius)
    delta = interior.converged(
        lambda H: phase_shifts(H, momenta, surface),
        lambda coarse, fine: np.max(np.abs(fine - coarse), initial=0.0),
        n_mesh,
        np.max(momenta, initial=0.0),
    )
    if strong.power is not None:
        delta = add_tail(
            strong.interaction.local_potential, momenta, delta,
            [coulomb_waves(interior.l, one) for one in eta], reduced_mass=m, radius=interior.radius,
        )  # fmt: skip
    tell_momenta(interaction, k, reduced_mass=m)
    return delta.reshape(k.shape)[()]


def coulomb_scattering_length(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    charge_product: Number,
    dipole_radius: Number | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
    sign: SignConvention = "nuclear",
) -> float:
    """Return the Coulomb-modified S-wave scattering length a0.

    Defined at zero energy by C² k cot δ + 2kη h(η) = −1/a0 + r_eff k²/2, or, with
    ``sign="lattice"``, by +1/a0 + r_eff k²/2. The other parameters are as in
    `coulomb_phase_shift`.

    With a tail that falls like a power of r the limit of zero energy does not exist: behind the
    Coulomb barrier the regular function grows like e^{2√(2κr)}, κ = Z1 Z2 α m. By default the
    interaction is cut where the rest matters least, and a0 is relative to the functions of V_C
    and this rest. `coulomb_phase_shift` includes the whole tail; its effective-range expansion
    depends on the momenta by about the change that the warning states.

    Raises
    ------
    ValueError
        Also if `sign` is unknown.

    Warns
    -----
    AccuracyWarning
        If twice the channel radius changes the result by more than 1e-4 of itself (it states the
        change), if the mesh is too coarse, or if the Coulomb functions are inaccurate.

    Returns
    -------
    float
        In the unit of r.

    References
    ----------
    H. A. Bethe, Phys. Rev. 76 (1949) 38.

    Examples
    --------
    >>> from halkit.interactions import OMEGA_CCC_MASS, omega_ccc
    >>> from halkit.scattering import coulomb_scattering_length
    >>> from halkit.units import from_mev
    >>> m = from_mev(OMEGA_CCC_MASS) / 2
    >>> round(coulomb_scattering_length(omega_ccc(), reduced_mass=m, charge_product=4), 1)
    -11.7
    """
    factor = sign_factor(sign)
    charges = Charges.of(charge_product, dipole_radius)
    return factor * _low_energy(0, interaction, reduced_mass, charges, channel_radius, n_mesh, r)


def coulomb_effective_range(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    charge_product: Number,
    dipole_radius: Number | None = None,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> float:
    """Return the Coulomb-modified S-wave effective range r_eff.

    Defined at zero energy by C² k cot δ + 2kη h(η) = −1/a0 + r_eff k²/2. Parameters, warnings
    and the treatment of a slow tail are as in `coulomb_scattering_length`.

    Returns
    -------
    float
        In the unit of r.

    References
    ----------
    H. A. Bethe, Phys. Rev. 76 (1949) 38.

    Examples
    --------
    >>> from halkit.interactions import OMEGA_CCC_MASS, omega_ccc
    >>> from halkit.scattering import coulomb_effective_range
    >>> from halkit.units import from_mev
    >>> m = from_mev(OMEGA_CCC_MASS) / 2
    >>> round(coulomb_effective_range(omega_ccc(), reduced_mass=m, charge_product=4), 3)
    0.463
    """
    charges = Charges.of(charge_product, dipole_radius)
    return _low_energy(1, interaction, reduced_mass, charges, channel_radius, n_mesh, r)


def _low_energy(which, interaction, reduced_mass, charges, radius, n_mesh, r):
    """a0 (which = 0) or r_eff (1); a wider interior measures the effect of a slow tail."""
    interior, _ = measured_interior(interaction, reduced_mass, channel_radius=radius, r=r)
    strength = charges.strength
    a, felt = _threshold_radius(interior, strength, radius)

    def value(a):
        charged = charges.inside(interior._replace(radius=a), radius)
        return _at_threshold(charged, strength, n_mesh, which)

    result = value(a)
    if felt > NOTICEABLE / 10:
        change = abs(value(WIDER * a) - result)
        if change > NOTICEABLE * abs(result):
            warn_caller(
                f"the interaction has not decayed at the channel radius {a:g}: the result "
                f"changes by {change:.2g} if it is cut at {WIDER * a:.3g} instead",
            )
    return result


def _threshold_radius(interior, strength, radius):
    """The radius a beyond which the interaction changes a0 least, and by how much.

    At zero energy u = f − a0 g, and V changes a0 by 2m ∫ V u² dr. Behind a Coulomb barrier f
    grows like e^{2√(2κr)}, so a tail that falls like a power changes a0 more the further out it
    is kept. The radius minimises 2m ∫_a^{2a} ``|V|`` (f + r g)² dr/a.
    """
    interaction, m = interior.interaction, interior.reduced_mass
    defined = interaction.radius
    if defined is not None and (radius is None or defined <= radius):
        return interior.radius, 0.0
    nodes, tails = tail(interaction, m)
    panels = np.append(-np.diff(tails), 0.0)
    with np.errstate(over="ignore"):
        weight = np.square(zero_energy_size(strength * m, nodes) / nodes)
    last = np.searchsorted(nodes, 2 * nodes, side="right")
    with np.errstate(over="ignore", invalid="ignore"):
        parts = np.where(panels > 0, panels * weight, 0.0) * nodes
        total = np.append(0.0, np.cumsum(parts))
        felt = np.nan_to_num((total[last] - total[:-1]) / nodes, nan=np.inf)
    if radius is not None:
        return interior.radius, float(np.interp(interior.radius, nodes, felt))
    felt = felt[last < nodes.size]
    start = min(np.searchsorted(-tails, -1e-2), felt.size - 1)
    small = np.flatnonzero(np.maximum.accumulate(felt[::-1])[::-1] <= 1e-10)
    i = small[0] if small.size else start + np.argmin(felt[start:])
    return float(nodes[i]), float(felt[i])


def _at_threshold(interior, strength, n_mesh, which):
    """a0 (which = 0) or r_eff (1), from −1/a0 + r_eff k²/2 = (g − aR g')/(aR f' − f)."""
    a, kappa = interior.radius, strength * interior.reduced_mass
    with np.errstate(over="ignore", invalid="ignore"):
        (f, df, g, dg), (f1, df1, g1, dg1) = threshold_functions(kappa, a)
        wronskian = f * dg - df * g + 1
    if not abs(wronskian) < 1e-2:
        raise ValueError(
            f"the Coulomb functions at the channel radius {a:g} cannot be computed at zero energy; "
            "lower channel_radius"
        )
    if abs(wronskian) > 1e-7:
        warn_caller(
            f"the Coulomb functions at the channel radius {a:g} are accurate to only "
            f"{abs(wronskian):.1g}; lower channel_radius",
        )

    def solve(hamiltonian):
        R0, R1 = a * np.array(threshold(hamiltonian))
        top, bottom = g - R0 * dg, R0 * df - f
        if which == 0:
            return float(-bottom / top)
        top1, bottom1 = g1 - R0 * dg1 - R1 * dg, R0 * df1 + R1 * df - f1
        return float(2 * (top1 - top / bottom * bottom1) / bottom)

    return interior.converged(
        solve, lambda coarse, fine: abs(fine - coarse) / max(abs(fine), a), n_mesh
    )
