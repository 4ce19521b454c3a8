r"""Whether the time stencil of a fit was made for its bound states.

For a state R ∝ e^{−ΔW t} the stencil gives s(ΔW) instead of k²/2μ, and the fit binds it at s(ΔW).
The two agree at energies well below 1/a. A deep state gets a wrong energy, and the fitted potential
is wrong at all momenta.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.checks import check_masses
from halkit.equations.dispersion import STEEPEST, EnergyRange, check_energy_range
from halkit.equations.time import STENCILS, reduced_mass_and_asymmetry, stencil_energy
from halkit.exceptions import AccuracyWarning
from halkit.kinematics import energy_from_momentum, squared_momentum
from halkit.potentials.posterior import SEEN
from halkit.scattering import bound_wave_functions
from halkit.scattering.waves import BoundWaves
from halkit.typing import Array, Masses
from halkit.warn import warn_caller

__all__ = ["stencil_misses", "warn_of_deep_states"]

# Largest part of an energy that a stencil may add to it where errors are not known, and the part
# that never matters.
RELATIVE, NEGLIGIBLE = 0.01, 1e-4
# Depth of a proposed energy range, in units of the energy of the state.
DEEPER = 1.2
# Least k² in units of m² of the lighter hadron (at −1 equal masses have W = 0), and number of
# energies from 0 down to it.
DEEPEST, N_ENERGIES = -1 + 1e-9, 1001


def stencil_misses(
    fitted: Array, hadron_mass: Masses, points: int, dt: float, energy_range: EnergyRange | None
) -> tuple[Array, Array]:
    """Return ΔW of the bound states of a fit, and what the stencil adds to their k²/2μ.

    Parameters
    ----------
    fitted : ndarray of shape (n_states,)
        −κ²/2μ of the fit, which has that addition.
    hadron_mass, points, dt, energy_range
        Of the rows; with an energy range the stencil is designed.

    Returns
    -------
    energy, miss : ndarray of shape (n_states,)
        NaN for an artefact of the fit, which no energy of two hadrons gives with the stencil.
    """
    masses = check_masses(hadron_mass, "hadron_mass")
    lowest = energy_from_momentum(DEEPEST * min(masses) ** 2, masses)
    grid = np.linspace(0, max(lowest, -STEEPEST / dt), N_ENERGIES)
    made = stencil_energy(grid, masses, points, dt, energy_range)
    below = made <= fitted[:, None]
    at = np.maximum(below.argmax(axis=1), 1)
    share = (fitted - made[at - 1]) / (made[at] - made[at - 1])
    # near the turning point noise may put a state below the minimum of s
    found = below.any(axis=1)
    energy = np.where(found, grid[at - 1] + share * grid[1], grid[made.argmin()])
    miss = _miss(energy, masses, points, dt, energy_range)
    found |= made.min() - fitted < np.abs(miss)
    return np.where(found, energy, np.nan), np.where(found, miss, np.nan)


def _miss(energy, masses, *stencil):
    mu, _ = reduced_mass_and_asymmetry(masses)
    return stencil_energy(energy, masses, *stencil) - squared_momentum(energy, *masses) / (2 * mu)


def warn_of_deep_states(
    model: Any, hadron_mass: Masses, points: int, dt: float, energy_range: EnergyRange | None,
    errors: Callable[[BoundWaves], Array] | None = None,
) -> None:  # fmt: skip
    """Warn of a bound state for which the time stencil of the fit was not made.

    States that rest on the prior of a Gaussian process have a warning of their own.

    Parameters
    ----------
    model : estimator
        Fitted, of one channel.
    hadron_mass, points, dt, energy_range
        See `stencil_misses`.
    errors : callable, optional
        ``errors(states)`` returns the statistical errors of their energies; it is called where they
        may matter.

    Warns
    -----
    AccuracyWarning
        If the stencil moves the energy of a state by more than its error, or by more than 1 % where
        this is not known.
    """
    stencil = hadron_mass, points, dt, energy_range
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            states = bound_wave_functions(model, **model._scattering(None, None))
        except ValueError:  # of potentials without observables; who asks for them is told
            return
        energy, miss = stencil_misses(states.energy, *stencil)
        limit = -NEGLIGIBLE * states.energy
        if not np.any(np.abs(miss) > limit):
            return
        std = errors(states) if errors else None
        limit = -RELATIVE * states.energy if std is None else np.fmax(std, limit)
        moved = (np.abs(miss) > limit) & _supported(model, states)
    if moved.any():
        at = int(np.argmax(np.where(moved, np.abs(miss) / limit, 0)))
        fitted = states.energy[at]
        size = (
            f"{abs(miss[at] / fitted):.2g} of it" if std is None
            else f"{abs(miss[at]) / limit[at]:.2g} of its errors"
        )  # fmt: skip
        warn_caller(
            f"the time stencil was not made for the bound state at E = −κ²/2μ = {fitted:.4g}: it "
            f"moves E by {miss[at]:.2g}, {size}, and with E the potential and phase shifts. "
            f"{_better(energy[at], limit[at], *stencil)}",
            AccuracyWarning,
        )


def _supported(model, states):
    """Which states lie in the span of the data, where the fit knows it."""
    if not hasattr(model, "_share_seen"):
        return True
    return model._share_seen(states.wave_function(model.r_)) >= SEEN


def _better(energy, limit, hadron_mass, points, dt, energy_range):
    """What to do: the fewest points that move E by less than half the limit."""
    masses = check_masses(hadron_mass, "hadron_mass")
    low = max(DEEPER * energy, (energy - sum(masses)) / 2, -STEEPEST / dt)
    _, high = check_energy_range(energy_range, masses, dt)
    designed = f'stencil="designed" of {{}} points with energy_range=({low:.3g}, {high:.3g})'
    found = []
    for way, energies in (("stencil={}", None), (designed, (low, high))):
        for n in STENCILS:
            if n >= points and abs(_miss(energy, masses, n, dt, energies)) < limit / 2:
                found.append(way.format(n))
                break
    if not found:
        return "No stencil of up to 7 points moves it by less than half of that: take closer slices"
    return f"Take {' or '.join(found)}"
