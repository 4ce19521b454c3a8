r"""Relativistic kinematics of two hadrons: momentum, energy above threshold, laboratory energy.

With masses m1, m2, the momentum k of each hadron in the centre-of-mass frame and
W = √(m1² + k²) + √(m2² + k²),

    ΔW = W − m1 − m2,    k² = ΔW (W + M)(W² − (m1 − m2)²)/4W²,  M = m1 + m2,
    T_lab = (W² − M²)/2m2,

where hadron 1 hits hadron 2 at rest. Everything is in one unit with ħ = c = 1: lattice units, MeV,
or 1/fm, see `halkit.units`. Masses and energies may be arrays, of bins for example, that broadcast.
k² < 0 and ΔW < 0 belong to bound states.

Reference: Particle Data Group, Review of Particle Physics, "Kinematics".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.typing import Numbers

__all__ = [
    "energy_from_lab",
    "energy_from_momentum",
    "lab_energy",
    "momentum_squared",
    "squared_momentum",
]

MASSES = "masses must be one mass or a pair (m1, m2), each a number or an array of bins"


def momentum_squared(energy: Numbers, masses: Any) -> Any:
    """Return k² at the energy ΔW = W − m1 − m2 above threshold.

    Parameters
    ----------
    energy : float or array
        ΔW > −2 min(m1, m2), which is W > ``|m1 − m2|``; below it k² is positive again.
    masses : float, array, or pair of them
        Mass of both hadrons, or (m1, m2); a pair is a tuple or a list.

    Returns
    -------
    float or ndarray
        k², negative below threshold.

    Raises
    ------
    ValueError, TypeError
        If a mass is not positive, or the energy is below its limit.

    Examples
    --------
    >>> from halkit.kinematics import energy_from_momentum, momentum_squared
    >>> k2 = momentum_squared(0.1, (1.0, 2.0))
    >>> float(round(k2, 6)), float(round(energy_from_momentum(k2, (1.0, 2.0)), 12))
    (0.136631, 0.1)
    """
    m1, m2 = _masses(masses)
    x = check_array(energy, "energy")
    W = m1 + m2 + x
    if not np.all(abs(m1 - m2) < W):
        limit = -2 * np.minimum(m1, m2)
        raise ValueError(
            "energy must be above −2 min(m1, m2), where W = |m1 − m2| and k² is positive again, "
            f"{np.max(limit):g}, got {np.min(x):g}"
        )
    return squared_momentum(x, m1, m2)[()]


def squared_momentum(x: Any, m1: Any, m2: Any) -> Any:
    """Return k² without checks, also at complex ΔW = x: for solvers."""
    W = m1 + m2 + x
    return x * (W + m1 + m2) * (W + m1 - m2) * (W - m1 + m2) / (4 * W**2)


def energy_from_momentum(k_squared: Numbers, masses: Any) -> Any:
    """Return the energy ΔW above threshold of hadrons with momenta ±k; see `momentum_squared`.

    Parameters
    ----------
    k_squared : float or array
        k² ≥ −m² of the lighter hadron.
    masses : float, array, or pair of them

    Raises
    ------
    ValueError, TypeError
        If a mass is not positive, or an energy is not real.
    """
    m1, m2 = _masses(masses)
    k2 = check_array(k_squared, "k_squared")
    if not np.all(k2 >= -(np.minimum(m1, m2) ** 2)):
        raise ValueError(f"k_squared must be ≥ −m² of the lighter hadron, got {np.min(k2):g}")
    return sum(k2 / (np.sqrt(m**2 + k2) + m) for m in (m1, m2))[()]


def lab_energy(energy: Numbers, masses: Any) -> Any:
    """Return the kinetic energy T_lab of hadron 1 on hadron 2 at rest, from ΔW.

    Parameters
    ----------
    energy : float or array
        ΔW above threshold.
    masses : float, array, or pair of them
        (m1, m2): beam and target.

    Examples
    --------
    Two nucleons at T_lab = 100 MeV:

    >>> from halkit.kinematics import energy_from_lab, lab_energy
    >>> delta = energy_from_lab(100.0, 938.92)
    >>> float(round(delta, 4)), float(round(lab_energy(delta, 938.92), 10))
    (49.3515, 100.0)
    """
    m1, m2 = _masses(masses)
    x = check_array(energy, "energy")
    return (x * (x + 2 * (m1 + m2)) / (2 * m2))[()]


def energy_from_lab(lab_energy: Numbers, masses: Any) -> Any:
    """Return ΔW from T_lab, the inverse of `lab_energy`.

    Raises
    ------
    ValueError, TypeError
        If a mass is not positive, or no W belongs to the energy.
    """
    m1, m2 = _masses(masses)
    T = check_array(lab_energy, "lab_energy")
    M = m1 + m2
    square = M**2 + 2 * m2 * T
    if not np.all(square > 0):
        raise ValueError(f"lab_energy must be above −(m1 + m2)²/2m2, got {np.min(T):g}")
    return (2 * m2 * T / (np.sqrt(square) + M))[()]


def _masses(masses):
    pair = masses if isinstance(masses, tuple | list) else (masses, masses)
    if len(pair) != 2:
        raise ValueError(f"{MASSES}, got {len(pair)} entries")
    m1, m2 = (check_array(mass, "masses") for mass in pair)
    if not (np.all(m1 > 0) and np.all(m2 > 0)):
        raise ValueError(f"masses must be > 0, got {masses!r}")
    return m1, m2
