"""Lattice units, fm and MeV, joined by ħc = 197.3269804 MeV fm; the reduced mass.

Inside halkit ħ = c = 1 and the unit is the user's: energies, masses and momenta are in 1/fm
where lengths are in fm, or in 1/a where lengths are in a (lattice units). In every function
``inverse_spacing`` is a⁻¹ in MeV; without it the values are in fm and 1/fm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from halkit.checks import as_numbers, check_masses
from halkit.typing import Masses, Number, Numbers

__all__ = [
    "HBARC",
    "from_fm",
    "from_mev",
    "hbar2_over_2mu",
    "reduced_mass",
    "spacing",
    "to_fm",
    "to_mev",
]

HBARC = 197.3269804
"""ħc in MeV fm (CODATA 2018, exact to the digits given)."""


def spacing(inverse_spacing: Number) -> float:
    """Return the lattice spacing a = ħc / a⁻¹ in fm, for a⁻¹ in MeV.

    Examples
    --------
    >>> from halkit.units import spacing
    >>> round(spacing(2333), 5)
    0.08458
    """
    if np.ndim(inverse_spacing):
        raise TypeError(f"inverse_spacing must be one number, in MeV, got {inverse_spacing!r}")
    return HBARC / float(_positive(inverse_spacing, "inverse_spacing"))


def to_fm(length: Numbers, *, inverse_spacing: Number | None = None) -> Any:
    """Return lengths in fm, from lattice units (or from fm, unchanged)."""
    return _applied(np.multiply, length, _unit_length(inverse_spacing), "length")


def from_fm(length: Numbers, *, inverse_spacing: Number | None = None) -> Any:
    """Return lengths in lattice units (or in fm, unchanged), from fm."""
    return _applied(np.divide, length, _unit_length(inverse_spacing), "length")


def to_mev(energy: Numbers, *, inverse_spacing: Number | None = None) -> Any:
    """Return energies, masses or momenta in MeV, from lattice units (or from 1/fm).

    Examples
    --------
    >>> from halkit.units import to_mev
    >>> float(round(to_mev(2.0), 4))
    394.654
    >>> float(to_mev(2.0, inverse_spacing=2333))
    4666.0
    """
    return _applied(np.multiply, energy, HBARC / _unit_length(inverse_spacing), "energy")


def from_mev(energy: Numbers, *, inverse_spacing: Number | None = None) -> Any:
    """Return energies, masses or momenta in lattice units (or in 1/fm), from MeV."""
    return _applied(np.multiply, energy, _unit_length(inverse_spacing) / HBARC, "energy")


def reduced_mass(hadron_mass: Masses) -> float:
    """Return the reduced mass m1 m2/(m1 + m2) of two hadrons, in the unit of their masses.

    Parameters
    ----------
    hadron_mass : float or pair of float
        The mass of both hadrons, or m1 and m2.

    Raises
    ------
    TypeError
        If a mass is not a real number.
    ValueError
        If there are more than two, or one is not positive.

    Examples
    --------
    >>> from halkit.units import reduced_mass
    >>> reduced_mass(2.0), reduced_mass((1.0, 3.0))
    (1.0, 0.75)
    """
    m1, m2 = check_masses(hadron_mass, "hadron_mass")
    return m1 * m2 / (m1 + m2)


def hbar2_over_2mu(reduced_mass: Numbers) -> Any:
    """Return ħ²/2μ in MeV fm², for the reduced mass μ > 0 in MeV."""
    return HBARC**2 / (2 * _positive(reduced_mass, "reduced_mass"))[()]


def _applied(operation: Callable[..., Any], value: Numbers, factor: float, name: str) -> Any:
    try:
        return operation(value, factor)
    except TypeError as error:
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}") from error


def _unit_length(inverse_spacing: Number | None) -> float:
    return 1.0 if inverse_spacing is None else spacing(inverse_spacing)


def _positive(value: Numbers, name: str) -> NDArray[Any]:
    array = as_numbers(value, name)
    if not np.all((array > 0) & (array < np.inf)):
        raise ValueError(f"{name} must be positive, in MeV, got {value!r}")
    return array
