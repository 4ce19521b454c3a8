r"""Axes of momentum and energy, with their frame and unit.

Momenta k in the centre-of-mass frame become what `x` names: "k", "k_squared", "energy" (ΔW = W −
m1 − m2 if both masses are known, otherwise k²/2μ), "total_energy" W, or "lab_energy" T_lab. With
``inverse_spacing``, a⁻¹ in MeV, numbers in lattice units are converted; numbers in 1/fm have
``inverse_spacing=halkit.units.HBARC``.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from halkit.checks import check_choice, check_masses, check_positive
from halkit.displays.canvas import axis_label, power_of
from halkit.interactions.mass import own_mass
from halkit.kinematics import energy_from_momentum, lab_energy
from halkit.typing import Array, Number
from halkit.units import HBARC
from halkit.units import reduced_mass as mass_of

__all__ = [
    "Axis",
    "Quantity",
    "UnitSystem",
    "known_mass",
    "known_system",
    "momentum_axis",
    "unit_system",
]

Quantity: TypeAlias = Literal["k", "k_squared", "energy", "total_energy", "lab_energy"]

SYMBOLS = {
    "k": "$k$",
    "k_squared": "$k^2$",
    "total_energy": "$E_\\mathrm{cm}$",
    "lab_energy": "$T_\\mathrm{lab}$",
}
RELATIVISTIC = "$\\Delta W = E_\\mathrm{cm} - m_1 - m_2$"
NONRELATIVISTIC = "$E_\\mathrm{cm} = k^2/2\\mu$"
INVERSE_FM = "fm$^{-1}$"
FROM_MEV = {"MeV": 1.0, "GeV": 1e-3, "1/fm": 1 / HBARC, INVERSE_FM: 1 / HBARC}


class UnitSystem(NamedTuple):
    """Factors from the numbers of a display to those of the figure, and the text of the unit.

    Attributes
    ----------
    energy : float
        Factor of momenta and energies.
    length : float
        Factor of lengths, to fm; 1 if nothing is converted.
    unit : str or None
        Text of the unit of momenta and energies.
    length_unit : str or None
    """

    energy: float
    length: float
    unit: str | None
    length_unit: str | None


class Axis(NamedTuple):
    """Values on an axis as a function of k, and its label."""

    convert: Any
    label: str

    def __call__(self, k: Array) -> Array:
        """Return the values at momenta k."""
        return self.convert(k)


def unit_system(
    inverse_spacing: Number | None, units: str | None, length: str | None = None
) -> UnitSystem:
    """Return the units of a figure.

    Parameters
    ----------
    inverse_spacing : float or None
        a⁻¹ in MeV. None: nothing is converted, and `units` and `length` are texts of labels.
    units : {"MeV", "GeV", "1/fm"} or str or None
        Unit of momenta and energies; "MeV" by default if they are converted.
    length : str, optional
        Text of the unit of length.

    Raises
    ------
    ValueError, TypeError
        If a⁻¹ is not positive, or the unit unknown.
    """
    scale = check_positive(inverse_spacing, "inverse_spacing", optional=True)
    if scale is None:
        return UnitSystem(1.0, 1.0, INVERSE_FM if units == "1/fm" else units, length)
    units = check_choice("MeV" if units is None else units, "units", FROM_MEV)
    if length not in (None, "fm"):
        raise ValueError(f"units of length must be 'fm' with inverse_spacing, got {length!r}")
    text = INVERSE_FM if units == "1/fm" else units
    return UnitSystem(scale * FROM_MEV[units], HBARC / scale, text, "fm")


def momentum_axis(
    x: Quantity | None,
    *,
    reduced_mass: Number | None = None,
    masses: Any = None,
    system: UnitSystem,
) -> Axis:
    """Return the axis of a quantity.

    Parameters
    ----------
    x : {"k", "k_squared", "energy", "total_energy", "lab_energy"} or None
        None: "energy" if `reduced_mass` is given, otherwise "k".
    reduced_mass : float, optional
        For "energy", in the unit of k; k²/2μ is then the energy.
    masses : float or pair of float, optional
        (m1, m2) in the unit of k; in the laboratory hadron 2 is at rest.
    system : UnitSystem

    Raises
    ------
    ValueError, TypeError
        If a mass that the quantity needs is missing or not positive.
    """
    x = ("k" if reduced_mass is None else "energy") if x is None else x
    check_choice(x, "x", [*SYMBOLS, "energy"])
    factor = system.energy
    if x in ("k", "k_squared"):
        power = 1 if x == "k" else 2
        unit = power_of(system.unit, power)
        return Axis(lambda k: (factor * k) ** power, axis_label(SYMBOLS[x], unit))
    if x == "energy" and reduced_mass is not None:
        mass = check_positive(reduced_mass, "reduced_mass")
        label = axis_label(NONRELATIVISTIC, system.unit)
        return Axis(lambda k: factor * k**2 / (2 * mass), label)
    if masses is None:
        other = " or reduced_mass" if x == "energy" else ""
        raise ValueError(f"masses{other} must be given for x={x!r}, got None")
    pair = check_masses(masses, "masses")

    def convert(k):
        energy = energy_from_momentum(np.asarray(k) ** 2, pair)
        if x == "total_energy":
            energy = energy + sum(pair)
        return factor * (lab_energy(energy, pair) if x == "lab_energy" else energy)

    return Axis(convert, axis_label(SYMBOLS.get(x, RELATIVISTIC), system.unit))


def known_system(potential: Any) -> dict[str, Any]:
    """Return the `masses` and the `inverse_spacing` that a fit knows; None where it does not."""
    potential = _centre(potential)
    fitted = getattr(potential, "estimator_", potential)
    own = getattr(fitted, "hadron_mass", None)
    return {
        "masses": getattr(potential, "hadron_mass_", own),
        "inverse_spacing": getattr(potential, "inverse_spacing_", None),
    }


def known_mass(potential: Any) -> float | None:
    """Return the reduced mass that a fit, a sum of fits or an ensemble knows, or None."""
    potential = _centre(potential)
    fitted = getattr(potential, "estimator_", potential)
    masses = getattr(fitted, "hadron_mass", None)
    if masses is None:
        return getattr(fitted, "reduced_mass", None) or own_mass(fitted)
    return mass_of(masses)


def _centre(potential):
    """The centre of an error budget, itself a fit with bins; other potentials as they are."""
    return potential.estimator_ if hasattr(potential, "accepted_") else potential
