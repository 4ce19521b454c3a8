"""Whether a0 of an ensemble may be infinite or zero within its error, where others have none."""

import warnings
from typing import Any

import numpy as np

from halkit.exceptions import AccuracyWarning
from halkit.scattering.branches import length_scale, may_be, nearest_branch
from halkit.scattering.members import Members
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = ["error_at_zero", "length_unit", "lengths_of", "may_pass"]


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
