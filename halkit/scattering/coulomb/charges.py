"""The Coulomb force between two hadrons: points, or dipole form factors.

V_C(r) = Z1 Z2 α/r                                             (points)
V_C(r) = Z1 Z2 α/r [1 − e^{−x} (1 + 11x/16 + 3x²/16 + x³/48)],  x = 2√6 r/r_d   (dipoles)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from halkit.checks import check_distances, check_number, check_scale
from halkit.interactions import Local, Sum
from halkit.scattering.solver.interior import Interior
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["FINE_STRUCTURE", "Charges", "coulomb_potential"]

FINE_STRUCTURE = 1 / 137.035999084
"""α (CODATA 2018)."""


def coulomb_potential(
    r: Numbers, *, charge_product: Number, dipole_radius: Number | None = None
) -> Array:
    """Return the Coulomb potential V_C(r) of two points, or of two dipole charge distributions.

    Parameters
    ----------
    r : array of any shape
        Distances, r ≥ 0.
    charge_product : float
        Z1 Z2, positive if it repels; not zero.
    dipole_radius : float, optional
        r_d of V_C = Z1 Z2 α/r [1 − e^{−x}(1 + 11x/16 + 3x²/16 + x³/48)], x = 2√6 r/r_d.
        Default: points.

    Returns
    -------
    array of the shape of `r`
        In the inverse of the unit of r (ħ = c = 1).

    Raises
    ------
    ValueError, TypeError
        If a distance is negative or NaN, or another argument is out of range.

    References
    ----------
    Y. Lyu et al., Phys. Rev. Lett. 127 (2021) 072003 [arXiv:2102.00181].

    Examples
    --------
    >>> from halkit.scattering import coulomb_potential
    >>> float(coulomb_potential(1.0, charge_product=4).round(6))
    0.029189
    >>> float(coulomb_potential(0.0, charge_product=4, dipole_radius=0.41).round(6))
    0.108993
    """
    r = check_distances(r, "r")
    return Charges.of(charge_product, dipole_radius).potential(r)


class Charges(NamedTuple):
    """The charges of two hadrons.

    Attributes
    ----------
    strength : float
        Z1 Z2 α, not zero.
    dipole_radius : float or None
        None for points.
    """

    strength: float
    dipole_radius: float | None

    @classmethod
    def of(cls, charge_product: Number, dipole_radius: Number | None = None) -> Charges:
        """Return the validated charges."""
        charge = check_number(charge_product, "charge_product")
        if charge == 0:
            raise ValueError(
                "charge_product must be a number other than 0, got 0: leave it out, or use "
                "phase_shift, without charges"
            )
        check_scale(abs(charge), "|charge_product|")
        size = check_scale(dipole_radius, "dipole_radius", optional=True)
        return cls(charge * FINE_STRUCTURE, size)

    @property
    def charge_product(self) -> float:
        """Z1 Z2."""
        return self.strength / FINE_STRUCTURE

    def potential(self, r: Array) -> Array:
        """Return V_C(r), elementwise."""
        if self.dipole_radius is None:
            with np.errstate(divide="ignore", over="ignore"):
                return self.strength / r
        x_over_r = 2 * np.sqrt(6) / self.dipole_radius
        with np.errstate(over="ignore"):
            x = np.where(r > 0, x_over_r * r, 1.0)
        y = np.minimum(x, 800.0)  # where e^{−x} is 0
        form = -np.expm1(-y) - y * np.exp(-y) * (11 / 16 + 3 * y / 16 + y**2 / 48)
        return self.strength * x_over_r * np.where(r > 0, form / x, 5 / 16)

    def sommerfeld(self, k: Array, reduced_mass: float) -> Array:
        """Return η = Z1 Z2 α m/k."""
        return self.strength * reduced_mass / k

    def inside(self, interior: Interior, radius: Number | None) -> Interior:
        """Return the interior with V_C; it grows to hold the charges unless a radius is given."""
        a = interior.radius
        if self.dipole_radius is not None:
            size = self.dipole_radius / (2 * np.sqrt(6))
            a = max(a, 35 * size) if radius is None else a
            x = a / size
            beyond = 2 * interior.reduced_mass * abs(self.strength) * a
            beyond *= np.exp(-x) * (1 + x) ** 3 / 48
            if beyond > 1e-4:
                warn_caller(
                    f"the charge distributions overlap at the channel radius {a:g}: a phase "
                    f"shift may be off by {beyond:.1g} rad; raise channel_radius",
                )
        both = Sum(interior.interaction, Local(self.potential))
        return interior._replace(interaction=both, radius=a)
