r"""The size of V a priori, chosen with the help of the bins.

The prior of V(r) = Σ_m θ_m B_m v(r/b_m), θ ~ N(0, 1) and B_m ∝ s, pulls phase shifts towards a
weaker potential, in all bins alike, so that the spread of the bins does not show it. A fit takes
the errors of y as independent. For noise that is white in r they are not: the Laplacian makes the
errors alternate from node to node, a smooth V is known far better than they suggest, and the prior,
weighed against such errors, may pull by many errors of the bins. For noise that is smooth in r it
pulls by a fraction of one error. With a larger s the prior pulls less, and the errors are larger.
s = s_0, 3 s_0, 9 s_0 … matters as long as Δ = δ_3s − δ_s exceeds the errors σ of the bins,

    rms_k Δ(k) > rms_k σ[δ_s(k)]   and   rms_k Δ(k) > 2 rms_k σ[Δ(k)],

after Lepski's principle: the smallest s that agrees with larger ones.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.exceptions import PriorWarning
from halkit.potentials.problem import FEWEST
from halkit.resampling.samples import Resampling
from halkit.samples import standard_error

__all__ = ["settled"]

STEP, MOST = 3.0, 4
# Errors of the phase shift that a change must reach to matter, and to be warned of; its own errors.
RELEVANT, NOTICEABLE, SIGNIFICANT = 1.0, 1.5, 2.0
# Ratio of s to its default that is told.
FAR = 10.0
# Numerical error of a phase shift, in radians.
ROUNDING = 1e-6
# Momenta in units of π/R, where the data end at R.
MOMENTA = np.array([0.25, 0.5, 1.0])


def settled(
    centre: Any, fits: list[Any], fit_mean: Callable[..., Any],
    fit_bins: Callable[[Any], list[Any]], kind: Resampling,
) -> tuple[Any, list[Any]]:  # fmt: skip
    """Return fits with a strength of V that does not matter; a strength given by hand is kept.

    Parameters
    ----------
    centre : fitted estimator
        The fit to the mean. Without ``local_strength_``, a unit of length and a few nodes it is
        returned unchanged. s is raised if its parameter ``local_strength`` is None.
    fits : list of fitted estimators
        The fits of the bins.
    fit_mean : callable
        ``fit_mean(local_strength=s)`` returns another centre.
    fit_bins : callable
        ``fit_bins(centre)`` returns the fits of its bins.
    kind : {"jackknife", "bootstrap"}

    Returns
    -------
    centre, fits

    Warns
    -----
    PriorWarning
        If s may not be raised, or not further, and phase shifts still change by 1.5 errors; if s
        was raised to more than ten times its default.
    """
    if getattr(centre, "local_strength_", None) is None:
        return centre, fits
    if not centre._nodes_given or len(centre.r_out_) < FEWEST:
        return centre, fits
    raises, default = MOST if centre.local_strength is None else 0, centre.local_strength_
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fits have warned
        for left in range(raises, -1, -1):
            stronger, stronger_fits, change = _stronger(centre, fits, fit_mean, fit_bins, kind)
            if change is None or not left:
                break
            centre, fits = stronger, stronger_fits
    _warn_of_raise(default, centre.local_strength_)
    if change is not None and change[1] > NOTICEABLE:
        warnings.warn(
            f"the prior of V pulls phase shifts: local_strength = {stronger.local_strength_:g} "
            f"instead of {centre.local_strength_:g} moves them by {change[0]:.2g} rad, "
            f"{change[1]:.2g} of their errors, and the bins, all of them pulled alike, do not show "
            "it. Raise local_strength until they stay, or leave it at None; and check that "
            "local_range is 1/m_π",
            PriorWarning,
            stacklevel=3,
        )
    return centre, fits


def _warn_of_raise(default, strength):
    """Warn of a strength that is far from its default."""
    if strength > FAR * default:
        warnings.warn(
            f"local_strength was raised from {default:g} to {strength:g}, until phase shifts "
            "stayed within their errors: a priori V is that many times the depth at which a well "
            "binds, and errors grow with it. If the hadrons do not bind as deeply, check that "
            "local_range is 1/m_π in the unit of r, and that y_std are errors of y; pass "
            f"local_strength={strength:g} to accept it without this warning",
            PriorWarning,
            stacklevel=4,
        )


def _stronger(centre, fits, fit_mean, fit_bins, kind):
    """Fits with 3s, and the change of δ in radians and in errors, None if it does not matter."""
    angles = _angles_of(centre)
    stronger = fit_mean(local_strength=STEP * centre.local_strength_)
    delta, other = angles(centre), angles(stronger)
    bins = delta + _turned([angles(fit) for fit in fits] - delta)
    change, error = _rms(_turned(other - delta)), _rms(standard_error(bins, kind))
    if not change > RELEVANT * error:
        return stronger, None, None
    stronger_fits = fit_bins(stronger)
    changes = _turned([angles(fit) for fit in stronger_fits] - bins)
    if not change > SIGNIFICANT * _rms(standard_error(changes, kind)):
        return stronger, stronger_fits, None
    return stronger, stronger_fits, (change, change / error)


def _angles_of(centre):
    """Phase shifts of a fit as a function, at a few momenta of the lowest and the highest channel.

    For coupled channels δ_a = arg(S_aa)/2 of the open ones.
    """
    k = MOMENTA * np.pi / centre.r_out_[-1]
    if centre.n_channels_ == 1:
        return lambda fit: fit.phase_shift(k)
    channels = centre.interaction_.resolved()
    energy = np.concatenate(
        [channels.threshold[a] + k**2 / (2 * channels.reduced_mass[a]) for a in (0, -1)]
    )

    def angles(fit):
        S = np.diagonal(fit.s_matrix(energy), axis1=1, axis2=2)
        return np.angle(S[~np.isnan(S)]) / 2

    return angles


def _turned(angles):
    """Angles modulo π, nearest to zero."""
    return angles - np.pi * np.round(angles / np.pi)


def _rms(angles):
    return float(np.hypot(np.sqrt(np.mean(np.square(angles))), ROUNDING))
