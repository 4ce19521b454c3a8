"""Whether a form V(r; θ) describes its data, beside a V(r) that is free at each radius."""

import numpy as np

from halkit.exceptions import MisfitWarning
from halkit.potentials.misfit import OF_CHANNELS
from halkit.warn import warn_caller

__all__ = ["warn_of_form"]

# χ²/dof of a fit that is wrong, and of a form beside a free V(r); number of standard deviations for
# independent errors, and of χ² itself in the second case.
BAD, WORSE, SIGNIFICANT, SEEN = 2.0, 1.5, 5.0, 3.0


def warn_of_form(
    n_parameters: int, chi2: float, free: float, dof: float, dof_pointwise: float, *,
    is_table: bool, n_channels: int = 1,
) -> None:  # fmt: skip
    """Warn of a χ² that this form, or any local potential, cannot bring down.

    Parameters
    ----------
    n_parameters : int
    chi2, free : float
        χ²/dof of the form, and of V(r) free at each radius.
    dof, dof_pointwise : float
        Their degrees of freedom.
    is_table : bool
        Whether the data are values of V(r), not rows.
    n_channels : int

    Warns
    -----
    MisfitWarning
    """
    if dof <= 0:
        return
    by_form = dof - dof_pointwise
    rest = free * dof_pointwise if dof_pointwise > 0 else 0.0
    excess = (chi2 * dof - rest) / by_form if by_form > 0 else 0.0
    if free > _limit(dof_pointwise, BAD):
        reason = (
            f"no function of r describes the table: values at one radius differ from their mean "
            f"with a χ²/dof of {free:.3g}. V is not isotropic, or its errors are too small"
            if is_table
            else f"no local potential describes the data: χ²/dof is {free:.3g} with V(r) free at "
            "each node. The interaction is non-local, or y_std too small; try "
            f"GaussianProcessPotentialRegressor{f'. Or {OF_CHANNELS}' if n_channels > 1 else ''}"
        )
    elif chi2 > _limit(dof, BAD) or (
        excess > _limit(by_form, WORSE) and chi2 > 1 + SEEN * np.sqrt(2 / dof)
    ):
        reason = (
            f"χ²/dof is {chi2:.3g} with {n_parameters} parameters, and {free:.3g} with "
            f"V(r) free at each node, from which the form differs with a χ²/dof of "
            f"{excess:.3g}: take another form, or more terms"
        )
    else:
        return
    warn_caller(reason, MisfitWarning)


def _limit(dof, least):
    """χ²/dof that is too large."""
    return max(least, 1 + SIGNIFICANT * np.sqrt(2 / dof)) if dof > 0 else np.inf
