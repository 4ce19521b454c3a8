r"""Whether a form V(r; θ) describes its data, beside a V(r) that is free at each radius.

With N data, a free V at n radii and errors f times y_std, χ² is the sum of what no V(r) describes
and of the distance between the form and the free V. Errors of rows at neighbouring times are
correlated, which moves χ² from the first part into the second: if the free V has τ times the
variance that independent errors give, the first part is f² (N − nτ) on average, and the second
f² τ per degree of freedom. So the first tells τ, by which the distance is divided. Correlated
errors come from bins, and 20 bins know f² to a factor of 1.5.
"""

from __future__ import annotations

import numpy as np

from halkit.exceptions import MisfitWarning
from halkit.potentials.misfit import OF_CHANNELS
from halkit.warn import warn_caller

__all__ = ["warn_of_form"]

# χ²/dof of data that no V(r) describes, and of the distance of a form from a free V(r); number of
# standard deviations, and of χ² itself in the second case: errors that all data share, as of a
# mass, are seen in the distance alone.
BAD, WORSE, SIGNIFICANT, SEEN = 2.5, 1.5, 5.0, 3.0
# f² of correlated errors, at most.
UNCERTAIN = 1.5


def warn_of_form(
    n_parameters: int, chi2: float, free: float, dof: float, dof_pointwise: float, *,
    correlated: bool | None, n_channels: int = 1,
) -> None:  # fmt: skip
    """Warn of a χ² that this form, or any local potential, cannot bring down.

    Parameters
    ----------
    n_parameters : int
    chi2, free : float
        χ²/dof of the form, and of V(r) free at each radius.
    dof, dof_pointwise : float
        Their degrees of freedom.
    correlated : bool or None
        Whether the errors of different rows are correlated. None: the data are a table of V(r).
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
    is_table = correlated is None
    if dof_pointwise > 0 and not is_table:
        n_data = dof + n_parameters
        left = rest / UNCERTAIN if correlated else rest
        excess /= max((n_data - left) / (n_data - dof_pointwise), 1.0)
    if free > _limit(dof_pointwise, BAD):
        reason = (
            f"no function of r describes the table: values at one radius differ from their mean "
            f"with a χ²/dof of {free:.3g}. V is not isotropic, or its errors are too small"
            if is_table
            else f"no local potential describes the data: χ²/dof is {free:.3g} with V(r) free at "
            "each node. The interaction is non-local, or y_std too small; try "
            f"GaussianProcessPotentialRegressor{f'. Or {OF_CHANNELS}' if n_channels > 1 else ''}"
        )
    elif excess > _limit(by_form, WORSE) and (correlated or chi2 > 1 + SEEN * np.sqrt(2 / dof)):
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
