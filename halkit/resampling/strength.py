r"""The sizes of V and of U a priori, chosen with the help of the bins.

The prior of V(r) = Σ_m θ_m B_m v(r/b_m), θ ~ N(0, 1) and B_m ∝ s, pulls phase shifts towards a
weaker potential, in all bins alike, so that the spread of the bins does not show it. A fit takes
the errors of y as independent. For noise that is white in r they are not: the Laplacian makes the
errors alternate from node to node, a smooth V is known far better than they suggest, and the prior,
weighed against such errors, may pull by many errors of the bins. For noise that is smooth in r it
pulls by a fraction of one error. The prior of U(r, r'), of size s A, does the same. With a larger s
the prior pulls less, and the errors are larger. s = s_0, 3 s_0, 9 s_0 … matters as long as
Δ = δ_3s − δ_s exceeds the errors σ of the bins,

    rms_k Δ(k) > f rms_k σ[δ_s(k)]   and   rms_k Δ(k) > 2 rms_k σ[Δ(k)],

after Lepski's principle: the smallest s that agrees with the next one, f = 1 for V. U is looked at
in several groups of momenta: in one channel two of them have to change, or one by 3 σ[Δ]. Each step
changes δ by a little for the amplitude A, which multiplies many functions: f = 1/2, and an s that
was raised goes one step further, where the pull is small against the errors instead of similar to
them. The envelope of U, of radius s ρ, pulls as well: a U that is wider than its prior takes a much
too large A, with errors that are several times too small. Steps of ρ are 4/3, with f = 1, up to ρ =
R/4 where the data end at R, for s waves of one channel. Priors of coupled channels and higher waves
are wide already: there δ rests on ρ, and a wider prior does not come closer to the truth. In
coupled channels δ stands for each δ_a, and for half the modulus of each transition S_ab; where 3ρ/4
instead of ρ moves all of them by more than 2.5 errors, a warning says so. V is settled first, with
the default U, then ρ, then A; where one pulls still, the next is left alone.
What was settled before the last raise is looked at again, until all of them stay.

δ is compared modulo π. The sum of all phases at a large momentum, on its branch, also counts the
deep bound states. A prior that is wide enough to fit noise can have one that the data do not need,
with the same δ modulo π: the step beyond the first s that agrees is not taken if it adds one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

from halkit.exceptions import AccuracyWarning, PriorWarning
from halkit.potentials.coupling import own_wave
from halkit.potentials.problem import FEWEST
from halkit.resampling.samples import Resampling
from halkit.samples import standard_error

__all__ = ["settled"]

# Factor of a change that matters from where on it is told, and own errors that it must reach, also
# where it is seen in one of several groups of momenta alone.
NOTICEABLE, SIGNIFICANT, ALONE = 1.5, 2.0, 3.0
# Ratio of s of V to its default that is told.
FAR = 10.0
# Largest ρ of U, in units of the last radius.
INSIDE = 0.25
# Errors by which a U of coupled channels with 3/4 of ρ moves S where ρ is told.
REACHING = 2.5
# Numerical error of a phase shift, in radians.
ROUNDING = 1e-6
# Momenta in units of π/R, where the data end at R: small ones, and a large one for U. A still
# larger one is that of π/ρ, if U is short, in units of π/ρ.
SMALL, LARGE, OF_U = np.array([0.25, 0.5, 1.0]), 2.0, 0.25


class Prior(NamedTuple):
    """The size of a potential a priori, and when it matters.

    Attributes
    ----------
    potential, name : str
        V or U, and the parameter that multiplies its size or ρ; the fitted one ends in _.
    step, most : float, int
        Factor of a step, and the largest number of steps.
    relevant : float
        f: errors of the phase shift that a change must reach to matter.
    further : int
        Steps from the s that agrees with the next one, if it was raised.
    large : bool
        Whether phase shifts are compared at large momenta too, each for itself.
    check : str
        What to check where it still matters.
    """

    potential: str
    name: str
    step: float
    most: int
    relevant: float
    further: int
    large: bool
    check: str

    def of(self, fit: Any) -> float | None:
        """Return s of a fit, None if it has no such potential."""
        return getattr(fit, f"{self.name}_", None)

    def room(self, fit: Any) -> int:
        """Return how many steps a fit with s_0 has."""
        if self.of(fit) is None:
            return 0
        if self.name != REACH.name:
            return self.most
        if fit.n_channels_ > 1 or own_wave(fit):
            return 0
        steps = np.log(INSIDE * fit.r_out_[-1] / fit.envelope_radius_) / np.log(self.step)
        return int(np.clip(steps, 0, self.most))

    def steps(self, first: Any, fit: Any) -> int:
        """Return how many steps a fit is above the first one."""
        size, larger = (getattr(one, f"{self.name}_") for one in (first, fit))
        return round(np.log(larger / size) / np.log(self.step))


LOCAL = Prior(
    "V", "local_strength", step=3.0, most=4, relevant=1.0, further=0, large=False,
    check="local_range is 1/m_π",
)  # fmt: skip
REACH = Prior(
    "U", "nonlocal_reach", step=4 / 3, most=3, relevant=1.0, further=0, large=True,
    check="the data reach beyond U",
)  # fmt: skip
AMPLITUDE = Prior(
    "U", "nonlocal_strength", step=3.0, most=4, relevant=0.5, further=1, large=True,
    check="length_scale and envelope_radius are not larger than those of U",
)  # fmt: skip


def settled(
    centre: Any, fits: list[Any], fit_mean: Callable[..., Any],
    fit_bins: Callable[[Any], list[Any]], kind: Resampling,
) -> tuple[Any, list[Any]]:  # fmt: skip
    """Return fits with sizes of V and U that do not matter; sizes given by hand are kept.

    Parameters
    ----------
    centre : fitted estimator
        The fit to the mean. Without sizes, a unit of length and a few nodes it is returned
        unchanged. A size is raised if its parameter, ``local_strength`` of V, ``nonlocal_reach`` or
        ``nonlocal_strength`` of U, is None.
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
        If a size may not be raised, or not further, and phase shifts still change by 1.5 errors, or
        0.75 for the amplitude of U; if the size of V was raised to more than ten times its default;
        if bins have another number of deep bound states than the fit to the mean; if 3/4 of the
        envelope of U of coupled channels moves S by more than 2.5 errors.
    OverfitWarning
        If a bound state lies outside the span of the wave functions of the data.
    """
    priors = [prior for prior in (LOCAL, REACH, AMPLITUDE) if prior.room(centre)]
    if not priors or not centre._nodes_given or len(centre.r_out_) < FEWEST:
        return centre, fits
    most = [prior.room(centre) if getattr(centre, prior.name) is None else 0 for prior in priors]
    chosen, climbs = _Fits(centre, fits, {}), dict[Prior, tuple[Any, ...]]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fits have warned
        for prior, steps in cycle(zip(priors, most, strict=True)):
            if prior in climbs and climbs[prior][2] == chosen.given:
                break  # nothing was raised since
            left = steps - prior.steps(centre, chosen.centre)
            larger = _larger(prior, fit_mean, fit_bins)
            chosen, change, instead = _climb(prior, chosen, larger, kind, left)
            climbs[prior] = change, instead, chosen.given
            # a larger U would stand in for a V that may not be as large as it is
            if _pulls(prior, change):
                break
        bins, rests = chosen.bins, _rest_on_reach(chosen, fit_mean, kind)
    if LOCAL in priors:
        _warn_of_raise(LOCAL.of(centre), LOCAL.of(chosen.centre))
    for prior, (change, instead, _) in climbs.items():
        _warn_of_pull(prior, change, instead, prior.of(chosen.centre))
    _warn_of_reach(rests, chosen.centre)
    _warn_of_states(chosen)
    return chosen.centre, bins


class _Fits:
    """The fits to the mean and to the bins. Bins are fitted when they are first asked for.

    The parameters in which the estimators differ from the first ones are `given`.
    """

    def __init__(self, centre, bins, given):
        self.centre, self.given, self._make = centre, given, bins

    @cached_property
    def bins(self):
        return self._make(self.centre) if callable(self._make) else self._make

    @cached_property
    def _solution(self):
        return _solved(self.centre)

    @property
    def angles(self):
        return self._solution[0].angles

    @property
    def total(self):
        """The sum of phases of the fit to the mean at a large momentum."""
        return self._solution[0].total

    @property
    def bin_totals(self):
        """The sums of phases of the bins."""
        return np.array([of_bin.total for of_bin in self._of_bins])

    @cached_property
    def _of_bins(self):
        return [self._solution[1](fit) for fit in self.bins]

    @cached_property
    def bin_angles(self):
        """Angles of the bins, each (n_bins, n), on the branch of the mean."""
        groups = zip(*(of_bin.angles for of_bin in self._of_bins), strict=True)
        return [c + _turned(b - c) for c, b in zip(self.angles, groups, strict=True)]


def _larger(prior, fit_mean, fit_bins):
    """A function that returns the fits with a step more."""

    def larger(fits):
        given = {**fits.given, prior.name: prior.step * prior.of(fits.centre)}
        return _Fits(fit_mean(**given), fit_bins, given)

    return larger


def _climb(prior, fits, larger, kind, most):
    """The fits with the s that is chosen, the change of δ that remains, and s of this change."""
    raised = False
    for left in range(most, -1, -1):
        above = larger(fits)
        change = _change(fits, above, kind, prior)
        if change is None and raised and left and prior.further:
            return (fits if _more_states(fits, above) else above), None, None
        if change is None or not left:
            break
        fits, raised = above, True
    return fits, change, prior.of(above.centre)


def _change(fits, above, kind, prior):
    """The largest change of δ by a step, in errors and in radians; None if it is small."""
    found = []
    n = fits.centre.n_channels_
    for group in range(len(fits.angles) if prior.large else n * (n + 1) // 2):
        bins, moved = fits.bin_angles[group], _turned(above.angles[group] - fits.angles[group])
        change, error = _rms(moved), _rms(standard_error(bins, kind))
        own = _rms(standard_error(_turned(above.bin_angles[group] - bins), kind))
        if change > prior.relevant * error and change > SIGNIFICANT * own:
            found.append((change / error, change, change / own))
    alone = len(found) == 1 and n == 1 and prior.large
    if not found or (alone and found[0][2] < ALONE):
        return None
    return max(found)[:2]


def _rest_on_reach(fits, fit_mean, kind):
    """By how many of their errors a narrower U moves the S matrix elements of coupled channels.

    The least of all elements, at all momenta together; 0 for one channel.
    """
    n, reach = fits.centre.n_channels_, getattr(fits.centre, "nonlocal_reach_", None)
    if n == 1 or reach is None:
        return 0.0
    narrow = fit_mean(**{**fits.given, REACH.name: reach / REACH.step})
    moved = [_turned(a - b) for a, b in zip(_solved(narrow)[0].angles, fits.angles, strict=True)]
    errors = [standard_error(bins, kind) for bins in fits.bin_angles]
    pairs = n * (n + 1) // 2
    joined = (map(np.concatenate, (moved[i::pairs], errors[i::pairs])) for i in range(pairs))
    return min(_rms(change) / _rms(error) for change, error in joined)


def _more_states(fits, above):
    """Whether a step adds a deep bound state, or removes one."""
    return round((above.total - fits.total) / np.pi) != 0


def _pulls(prior, change):
    return change is not None and change[0] > NOTICEABLE * prior.relevant


def _warn_of_raise(default, strength):
    """Warn of a strength of V that is far from its default."""
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


def _warn_of_pull(prior, change, instead, strength):
    """Warn of a prior that moves phase shifts, and may not be made larger."""
    if _pulls(prior, change):
        warnings.warn(
            f"the prior of {prior.potential} pulls phase shifts: {prior.name} = {instead:g} "
            f"instead of {strength:g} moves them by {change[1]:.2g} rad, {change[0]:.2g} of their "
            "errors, and the bins, all of them pulled alike, do not show it. Raise "
            f"{prior.name} until they stay, or leave it at None; and check that {prior.check}",
            PriorWarning,
            stacklevel=4,
        )


def _warn_of_reach(errors, fit):
    """Warn of a U of coupled channels that may reach beyond its prior."""
    if errors > REACHING:
        radius = fit.envelope_radius_
        warnings.warn(
            f"phase shifts rest on the reach of U: envelope_radius = {radius / REACH.step:.3g} "
            f"instead of {radius:.3g} moves all of them, and the inelasticity, by {errors:.2g} or "
            "more of their errors. If U falls more slowly than its prior, these errors are too "
            "small. Compare other priors, or add sources",
            PriorWarning,
            stacklevel=4,
        )


def _warn_of_states(fits):
    """Warn of bound states that the data do not support, and that a part of the bins has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        try:
            fits.centre.bound_states()
        except ValueError as error:  # a state deeper than relativistic momenta allow
            warnings.warn(f"of the fit to the mean, {error}", PriorWarning, stacklevel=4)
        turns = np.round((fits.bin_totals - fits.total) / np.pi)
    if turns.any():
        warnings.warn(
            f"in {np.count_nonzero(turns)} of {len(turns)} bins the fit has another number of deep "
            "bound states than the fit to the mean: phase shifts differ by π at all momenta, and "
            "their errors, modulo π, do not show it. Lower local_strength or nonlocal_strength, "
            "and compare bound_states of the bins",
            PriorWarning,
            stacklevel=4,
        )


class _Phases(NamedTuple):
    """Phase shifts at the sets of momenta of the lowest and the highest channel, in groups.

    A set has one group of δ; for coupled channels one for each δ_a = arg(S_aa)/2, and one for each
    ``|S_ab|/2``, where the channels are open. `total` is the sum of phases at a large momentum of
    the highest channel, with π for each deep state.
    """

    angles: list[Any]
    total: float


def _solved(fit):
    """Phases of a fit, and a function that solves the fit to a bin on the same mesh."""
    end, radius = fit.r_out_[-1], getattr(fit, "envelope_radius_", None)
    of_u = round(OF_U * end * fit.nonlocal_reach_ / radius, 6) if radius else 0.0
    large = [LARGE, of_u] if of_u > LARGE else [LARGE]
    sets = [np.atleast_1d(k) * np.pi / end for k in (SMALL, *large)]
    ends = np.cumsum([len(k) for k in sets])[:-1]
    if fit.n_channels_ == 1:
        first, other = fit._phases_alike(np.concatenate(sets))

        def phases(delta):
            return _Phases(np.split(delta, ends), float(delta[ends[0]]))

    else:
        channels = fit.interaction_.resolved()
        threshold, mass = (
            np.array(x)[[0, -1]] for x in (channels.threshold, channels.reduced_mass)
        )
        energy = [(threshold + k[:, None] ** 2 / (2 * mass)).ravel() for k in sets]
        first, other = fit._s_matrix_alike(np.concatenate(energy))

        def phases(found):
            S, total = found
            return _Phases(_elements(np.split(S, 2 * ends)), float(total[2 * ends[0] + 1]))

    return phases(first), lambda fit: phases(other(fit))


def _elements(S):
    """Angles of sets of S: δ_a, and half the modulus of each transition, where they are open."""
    n = S[0].shape[-1]
    pairs = [(a, b) for a in range(n) for b in range(a, n)]
    elements = [(a == b, one[~np.isnan(one[:, a, b]), a, b]) for one in S for a, b in pairs]
    return [(np.angle(x) if diagonal else np.abs(x)) / 2 for diagonal, x in elements]


def _turned(angles):
    """Angles modulo π, nearest to zero."""
    return angles - np.pi * np.round(angles / np.pi)


def _rms(angles):
    return float(np.hypot(np.sqrt(np.mean(np.square(angles))), ROUNDING))
