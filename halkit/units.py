"""Lattice units, fm and MeV: ħc = 197.3269804 MeV fm joins them.

Inside halkit ħ = c = 1 and the unit is the user's: energies, masses and momenta in 1/fm
where lengths are in fm, or in 1/a where lengths are in a (lattice units). In every function
``inverse_spacing`` is a⁻¹ in MeV; without it the values are in fm and 1/fm.
"""

import numpy as np

from halkit.checks import as_numbers

__all__ = ["HBARC", "from_fm", "from_mev", "hbar2_over_2mu", "spacing", "to_fm", "to_mev"]

HBARC = 197.3269804
"""ħc in MeV fm (CODATA 2018, exact to the digits given)."""


def spacing(inverse_spacing):
    """Return the lattice spacing a = ħc / a⁻¹ in fm, for a⁻¹ in MeV.

    Examples
    --------
    >>> from halkit.units import spacing
    >>> round(spacing(2333), 5)
    0.08458
    """
    if np.ndim(inverse_spacing):
        raise TypeError(f"inverse_spacing must be one number, in MeV; got {inverse_spacing!r}")
    _positive(inverse_spacing, "inverse_spacing")
    return HBARC / inverse_spacing


def to_fm(length, *, inverse_spacing=None):
    """Return lengths in fm, from lattice units (or from fm, unchanged)."""
    return _applied(np.multiply, length, _unit_length(inverse_spacing), "length")


def from_fm(length, *, inverse_spacing=None):
    """Return lengths in lattice units (or in fm, unchanged), from fm."""
    return _applied(np.divide, length, _unit_length(inverse_spacing), "length")


def to_mev(energy, *, inverse_spacing=None):
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


def from_mev(energy, *, inverse_spacing=None):
    """Return energies, masses or momenta in lattice units (or in 1/fm), from MeV."""
    return _applied(np.multiply, energy, _unit_length(inverse_spacing) / HBARC, "energy")


def hbar2_over_2mu(reduced_mass):
    """Return ħ²/2μ in MeV fm², for the reduced mass μ > 0 in MeV."""
    return HBARC**2 / (2 * _positive(reduced_mass, "reduced_mass"))[()]


def _applied(operation, value, factor, name):
    try:
        return operation(value, factor)
    except TypeError as error:
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}") from error


def _unit_length(inverse_spacing):
    return 1.0 if inverse_spacing is None else spacing(inverse_spacing)


def _positive(value, name):
    array = as_numbers(value, name)
    if not np.all((array > 0) & (array < np.inf)):
        raise ValueError(f"{name} must be positive, in MeV; got {value!r}")
    return array
