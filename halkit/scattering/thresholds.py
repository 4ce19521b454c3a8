"""Whether a0 of an ensemble may be infinite or zero within its error, where others have none."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.exceptions import AccuracyWarning
from halkit.scattering.branches import length_scale, may_be, nearest_branch
from halkit.scattering.members import Members
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = [
    "STATISTICAL",
    "error_at_zero",
    "length_unit",
    "lengths_of",
    "may_pass",
    "warn_of_curvature",
    "warn_of_outliers",
]

# Kinds of ensembles with errors that add in quadrature.
STATISTICAL = "jackknife", "bootstrap", "draws"
# Changes of r_eff to the two sides that differ by more than this factor have no normal error.
UNEVEN = 1.5


def length_unit(ensemble: Members, channel_radius: Number | None, n_mesh: int | None) -> float:
    """L of `halkit.scattering.branches`, from the centre."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)  # only the order of r_eff counts
        names = ("scattering_length", "effective_range")[: 1 if ensemble.l else 2]
        values = [ensemble._centre(name, channel_radius, n_mesh) for name in names]
    return length_scale(*values) if ensemble.l == 0 else float(abs(values[0])) or 1.0


def may_pass(ensemble: Members, target: float, tangents: Array, tangent: Any) -> Any:
    """Whether the centre's arctan may be the target: within its error, or in a member."""
    centre = np.arctan(tangent)
    angles = nearest_branch(np.arctan(tangents), centre)
    return may_be(target, angles, centre, ensemble.error(angles, centre))


def lengths_of(
    ensemble: Members, channel_radius: Number | None, n_mesh: int | None
) -> tuple[Array, Any, Any]:
    """a0 of the members, and whether a0 may be infinite or zero within the error."""
    a0 = ensemble._centre("scattering_length", channel_radius, n_mesh)
    lengths = ensemble.samples(ensemble._observable("scattering_length", channel_radius, n_mesh))
    scale = length_unit(ensemble, channel_radius, n_mesh)
    poles = np.pi / 2, 0.0
    return lengths, *(may_pass(ensemble, pole, lengths / scale, a0 / scale) for pole in poles)


def error_at_zero(ensemble: Members, std: Any, lengths: Array, zero: Any, name: str) -> Any:
    """The error of 1/a0 or r_eff, NaN where a0 may vanish."""
    if not zero:
        return std
    warn_caller(
        f"a0 = {lengths.mean():.3g} ± {ensemble.error(lengths):.2g} passes through zero within "
        f"its error, where {name} is infinite: the error of {name} is NaN"
    )
    return np.nan


def warn_of_outliers(ranges: Array) -> None:
    """Warn of r_eff whose standard deviation is that of a few members; ranges (n_members,).

    Warns
    -----
    AccuracyWarning
        If it is more than twice half the distance from the 16 % to the 84 % quantile.
    """
    low, high = np.quantile(ranges, (0.16, 0.84))
    std = float(np.std(ranges))
    if std > high - low:
        warn_caller(
            f"the error of r_eff is that of a few members: 68 % of them are between {low:.3g} and "
            f"{high:.3g}, and their standard deviation is {std:.2g}. Quote a0 and phase shifts"
        )


def warn_of_curvature(
    error: Callable[[Array], Any], value: float, ranges: Array, a0: float, lengths: Array
) -> None:
    """Warn of an r_eff that is not linear in the data, because a0 is small.

    tan δ/k = −a0 − M k²/2 with M = r_eff a0² is smooth as a0 → 0. For ``|a0| < |r_eff|`` a0 and M
    move together by the error of a0, to both sides, and r_eff = M/a0² with them.

    Parameters
    ----------
    error : callable
        The statistical error of a quantity from its values in the members.
    value, a0 : float
        r_eff and a0 of the centre, in the S wave.
    ranges, lengths : ndarray of shape (n_members,)
        Of the members.

    Warns
    -----
    AccuracyWarning
        If the changes to the two sides differ by more than a factor of 1.5, and the larger exceeds
        the error.
    """
    std = float(error(lengths))
    if not 0 < std < abs(a0) < abs(value):
        return
    M, members = value * a0**2, ranges * lengths**2
    of_M = float(error(members)) or 1.0
    plus, minus = (error(lengths / std + sign * members / of_M) ** 2 for sign in (1, -1))
    along = (plus - minus) / 4 * of_M  # the change of M that goes with the error of a0
    up, down = ((M + sign * along) / (a0 + sign * std) ** 2 - value for sign in (1, -1))
    near, far = sorted((abs(up), abs(down)))
    if far > UNEVEN * near and far > error(ranges):
        warn_caller(
            f"r_eff = {value:.4g} is not linear in the data: with a0 = {a0:.3g} ± {std:.1g} it "
            f"moves by {up:+.2g} and {down:+.2g}, and its error is too small on one side. Quote "
            "a0 and phase shifts"
        )
