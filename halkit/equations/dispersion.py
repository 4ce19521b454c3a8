r"""The time stencil of unequal masses: weights that give k²/2μ over a range of energies.

A state of energy x = W − m1 − m2 has R ∝ e^{−xt}, and the time-dependent equation needs

    k²/2μ = x (x + 2M)(x + 2m1)(x + 2m2) / 8μ(M + x)²,    M = m1 + m2,

of each state in R. For equal masses that is x + x²/8μ, two derivatives. For unequal masses the
derivative expansion goes on, and each further term costs noise. The designed stencil takes the
weights c_j of the slices t + j dt that minimise

    ⟨ w(x)² [Σ_j c_j e^{−xj dt} − k²/2μ]² ⟩ + λ Σ_j c_j²,    Σ_j c_j = 0,

over the energies that occur, with w = (1 + (2x/x_max)²)⁻². It is exact at threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from halkit.channels import Channel, resolve_channels
from halkit.checks import check_array, check_choice, check_masses, check_number, check_positive
from halkit.typing import Masses, Number

__all__ = ["EnergyRange", "check_energy_range", "designed_stencil"]

EnergyRange = tuple[float, float]

# By default energies from −LOWEST/dt to HIGHEST/dt; at a⁻¹ = 2.3 GeV these are −23 and 600 MeV.
LOWEST, HIGHEST = 0.01, 0.26
RIDGE = 1e-11
N_ENERGIES = 101
# Energies beyond this many 1/dt would decay by e⁻¹⁰ within one step.
STEEPEST = 10.0


def designed_stencil(
    hadron_mass: Masses,
    *,
    points: int = 7,
    dt: Number = 1.0,
    energy_range: tuple[Number, Number] | None = None,
) -> NDArray[np.float64]:
    """Weights of the time slices that replace the time derivatives for unequal masses.

    Σ_j c_j R(t + j dt) stands for {−∂t + (1 + 3δ²)/8μ ∂t² + …} R, all terms together. The noise
    of y per noise of R is sqrt(Σ c_j²) if slices fluctuate independently.

    Parameters
    ----------
    hadron_mass : float or pair of float
        Mass of both hadrons, or of each of the two.
    points : {3, 5, 7}
        Number of slices.
    dt : float
        Spacing of the slices, in the inverse unit of the masses (ħ = c = 1).
    energy_range : pair of float, optional
        Lowest and highest energy above m1 + m2 that occur in R, in the unit of the masses. By
        default −0.01/dt and 0.26/dt, but no more than half of the lighter mass below and m1 + m2
        above. At dt = a = 0.085 fm these are −23 and 600 MeV. A bound state, or a state below the
        threshold of a closed channel, has a negative energy.

    Returns
    -------
    ndarray of shape (points,)
        c_j for j = −(points − 1)/2 … (points − 1)/2, in the unit of the masses.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Examples
    --------
    A kaon and a nucleon at a⁻¹ = 2333 MeV: at 200 MeV the stencil misses k²/2μ by

    >>> import numpy as np
    >>> from halkit.equations import designed_stencil
    >>> masses, x = np.array([495.0, 939.0]) / 2333, 200 / 2333
    >>> c = designed_stencil(masses)
    >>> W = x + masses.sum()
    >>> k2 = x * (x + 2 * masses.sum()) * (W**2 - (masses[1] - masses[0]) ** 2) / (4 * W**2)
    >>> kinetic = k2 * masses.sum() / (2 * masses.prod())
    >>> bool(abs(c @ np.exp(-x * np.arange(-3, 4)) - kinetic) * 2333 < 0.01)  # MeV
    True
    """
    masses, dt = check_masses(hadron_mass, "hadron_mass"), check_positive(dt, "dt")
    half = check_choice(points, "points", [3, 5, 7]) // 2
    low, high = check_energy_range(energy_range, masses, dt)
    x = np.linspace(low, high, N_ENERGIES)
    kinetic = resolve_channels([Channel(masses=masses)]).kinetic_energy(x)[:, 0]
    weight = 1 / (1 + (2 * x / high) ** 2) ** 2 / np.sqrt(N_ENERGIES)
    j = np.delete(np.arange(-half, half + 1), half)
    # c_0 = −Σ_{j≠0} c_j leaves e^{−xj dt} − 1, and makes Σ c_j² the form of 1 + 1 1ᵀ.
    size = np.sqrt(RIDGE) * np.linalg.cholesky(np.eye(2 * half) + 1).T
    system = np.vstack([weight[:, np.newaxis] * np.expm1(-np.outer(x * dt, j)), size])
    target = np.append(weight * kinetic * dt, np.zeros(2 * half))
    c = np.linalg.lstsq(system, target, rcond=None)[0] / dt
    return np.insert(c, half, -c.sum())


def check_energy_range(energy_range, masses, dt, threshold=0.0):
    """Return the lowest and the highest energy of a stencil above its own threshold.

    Parameters
    ----------
    energy_range : pair of float or None
        None: the default of `designed_stencil`.
    threshold : float
        Of this channel above the lowest: closed channels begin at its negative.
    """
    M = sum(masses)
    if energy_range is None:
        low, high = -min(LOWEST / dt, min(masses) / 2), min(HIGHEST / dt, M)
    else:
        low, high = check_array(energy_range, "energy_range", shape=(2,)).tolist()
    low -= check_number(threshold, "threshold", least=0)
    if not -M < low <= 0 < high or max(-low, high) * dt > STEEPEST:
        raise ValueError(
            f"energy_range must obey −(m1 + m2) = {-M:g} < low <= 0 < high, within {STEEPEST:g}/dt "
            f"= {STEEPEST / dt:g}, got ({low:g}, {high:g})"
        )
    return low, high
