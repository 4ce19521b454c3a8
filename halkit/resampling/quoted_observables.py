"""Observables of the variations of an analysis, quoted with statistical and systematic errors.

Phase shifts and scattering lengths of variations and bins are compared on the circles where they
live, as those of one ensemble are: see `halkit.scattering.branches`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from halkit.channels import momentum_or_energy
from halkit.checks import check_callable, check_momenta
from halkit.resampling.counted import of_fits, refusal, tell_failures, without_failures
from halkit.resampling.quoted import QUANTILES, QuotedValue, quoted_value
from halkit.resampling.quoted_channels import quoted_matrix, quoted_phases
from halkit.resampling.quoted_states import quoted_poles, quoted_states
from halkit.resampling.workers import run_bins
from halkit.samples import standard_error
from halkit.scattering import BoundStates, CoupledBoundStates, Resonances
from halkit.scattering.branches import angle_error, may_be, nearest_branch
from halkit.scattering.members import not_finite, warn_of_wide
from halkit.scattering.phase import sign_factor
from halkit.scattering.thresholds import length_unit, warn_of_curvature
from halkit.typing import Number, Numbers, SignConvention
from halkit.warn import warn_caller

__all__ = ["QuotedObservables"]


class QuotedObservables:
    """Observables of fits to the same bins, of which some are accepted.

    A subclass stores ``n_jobs`` and fits ``models_`` (the centre first; None where a fit failed),
    ``accepted_`` and ``results_``.
    """

    n_jobs: int | None
    models_: list[Any]
    accepted_: Any
    results_: dict[str, Any]

    @property
    def estimator_(self) -> Any:
        """The fitted centre."""
        check_is_fitted(self)
        return self.models_[0]

    def evaluate(self, function: Callable[[Any], Any]) -> QuotedValue:
        """Return any function of a fit, with its errors.

        Parameters
        ----------
        function : callable
            ``function(estimator)``, a real number or an array, of one fit at a time. Values are
            compared as they are; only the methods for phase shifts and scattering lengths know
            branches and poles.

        Raises
        ------
        ValueError, TypeError
            If no variation is accepted, or the values are complex or differ in shape. A ValueError
            of the function if it comes from the centre.

        Warns
        -----
        AccuracyWarning
            If variations raise a ValueError: they do not count, and are named with the reason, as
            by all observables. If the function returns NaN or an infinite value for an accepted
            variation, which makes the result NaN.
        UnderdeterminedWarning
            If the function computes phase shifts beyond π/a, with the spacing a of the nodes.
        """
        check_callable(function, "function")
        centres, bins, accepted = self._values(function, warns=True)
        bad = (not_finite(centres) | not_finite(bins)) & accepted
        if bad.any():
            warn_caller(
                f"function is NaN or infinite in {bad.sum()} of {accepted.sum()} accepted "
                f"variations ({'; '.join(self.results_['name'][bad])}), or in some of their bins: "
                "the value, or its errors, are NaN there"
            )
        return self._quoted(centres, bins, accepted)

    def local_potential(self, r: Numbers) -> QuotedValue:
        """V(r) of the local term; of coupled channels V_ab(r), (n_channels, n_channels, n_r)."""
        return self.evaluate(methodcaller("local_potential", r))

    def predict_potential(self, r: Numbers, r_prime: Numbers) -> QuotedValue:
        """The non-local potential U(r, r'), (n, m); of coupled channels before them two axes."""
        return self.evaluate(methodcaller("predict_potential", r, r_prime))

    def phase_shift(
        self, k_or_energy: Numbers | None = None, /, *, k: Numbers | None = None,
        energy: Numbers | None = None, channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> Any:  # fmt: skip
        """Phase shifts in radians: δ(k) of one channel, or at energies of coupled channels.

        Parameters
        ----------
        k_or_energy : array-like
            Momenta k > 0 of one channel, in the inverse unit of r; energies E > 0 above the lowest
            threshold of several.
        k, energy : array-like, optional
            The same by name.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.

        Returns
        -------
        QuotedValue, or CoupledPhaseShifts
            Of several channels a `halkit.scattering.CoupledPhaseShifts` of `QuotedValue`, NaN where
            channels are closed.

        Warns
        -----
        AccuracyWarning
            If accepted variations have δ a multiple of π away from the centre, as with another
            number of bound states: they are compared modulo π. If the total error exceeds π/6.
        UnderdeterminedWarning
            Where the data of the centre do not determine δ: beyond π/a, and where what they leave
            open moves δ by more than two total errors.
        """
        self._refuse_none()
        n = self._n_channels()
        given = momentum_or_energy(n, k_or_energy, k, energy)
        if n > 1:
            mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
            return quoted_phases(self, given, mesh)
        return self._one_phase(given, channel_radius, n_mesh)

    def s_matrix(
        self, energy: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """S(E) of coupled channels, a complex `QuotedValue` of shape (..., n, n).

        Parameters as in ``phase_shift``. Re S and Im S have their own errors.

        Raises
        ------
        ValueError
            If there is one channel, whose S = e^{2iδ}.
        """
        self._refuse_none()
        if self._n_channels() == 1:
            raise ValueError("channels must be several for s_matrix, got one: see phase_shift")
        return quoted_matrix(self, energy, {"channel_radius": channel_radius, "n_mesh": n_mesh})

    def _one_phase(self, k, channel_radius, n_mesh):
        """δ(k) of one channel."""
        angles, bins, accepted = self._angles(k, channel_radius, n_mesh)
        centres = nearest_branch(angles, angles[0])
        moved = nearest_branch(bins, centres[:, np.newaxis])
        away = (np.abs(moved - bins) > 1).any(axis=1) | (np.abs(centres - angles) > 1)
        away = away.reshape(len(away), -1).any(axis=1) & accepted
        if away.any():
            warn_caller(
                f"in {away.sum()} accepted variations ({'; '.join(self.results_['name'][away])}) δ "
                "is a multiple of π away from the centre, as with another number of bound states: "
                "errors are for δ modulo π"
            )
        quoted = self._quoted(centres, moved, accepted)
        warn_of_wide("k", k, np.asarray(quoted.total))
        self.estimator_._warn_of_phases(k, quoted.total)
        return quoted

    def k_cot_delta(
        self, k: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """k cot δ(k), smooth at a threshold; parameters as in ``phase_shift``.

        Errors are NaN, with an AccuracyWarning, where δ may be a multiple of π. Warns as
        ``phase_shift`` of momenta at which the data do not determine δ.
        """
        self._refuse_channels("k_cot_delta")
        k = check_momenta(k)
        *angles, accepted = self._angles(k, channel_radius, n_mesh)
        lengths, mesh = [*(np.tan(x) / k for x in angles), accepted], (channel_radius, n_mesh)
        quoted = self._of_lengths(lengths, np.reciprocal, 0.0, "k cot δ", mesh)
        self.estimator_._warn_of_phases(k, angle_error(k, quoted.value, quoted.total))
        return quoted

    def scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> QuotedValue:  # fmt: skip
        """a0 in k cot δ = −1/a0 + r_eff k²/2; `sign` as in `halkit.scattering`.

        Errors are NaN, with an AccuracyWarning, where a0 may be infinite: quote
        ``inverse_scattering_length`` there.
        """
        mesh, factor = (channel_radius, n_mesh), sign_factor(sign)
        lengths = self._lengths(mesh)
        return factor * self._of_lengths(lengths, np.positive, np.pi / 2, "a0", mesh)

    def inverse_scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> QuotedValue:  # fmt: skip
        """1/a0 = −k cot δ at k = 0; errors are NaN, with an AccuracyWarning, where a0 may be 0."""
        mesh, factor = (channel_radius, n_mesh), sign_factor(sign)
        return factor * self._of_lengths(self._lengths(mesh), np.reciprocal, 0.0, "1/a0", mesh)

    def effective_range(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """r_eff in k cot δ; errors are NaN, with an AccuracyWarning, where a0 may be 0.

        For ``|a0| < |r_eff|`` r_eff may not be linear in the data, which an AccuracyWarning says.
        """
        self._refuse_channels("effective_range")
        mesh = (channel_radius, n_mesh)
        methods = [_method(name, *mesh) for name in ("effective_range", "scattering_length")]
        centres, bins, accepted = self._values(lambda fit: [method(fit) for method in methods])
        quoted = self._quoted(centres[:, 0], bins[..., 0], accepted)
        lengths = centres[:, 1], bins[..., 1], accepted
        _, poles, _ = _on_circle(self.estimator_, lengths, 0.0, "r_eff", mesh)
        if not (poles[0] or poles[1] or getattr(self.estimator_.ensemble_, "l", 0)):
            _tell_curvature(quoted.value, centres[accepted], bins[accepted], self.estimator_)
        return _without_errors(quoted, *poles)

    def bound_states(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> BoundStates | CoupledBoundStates:
        """Bound states of the centre, deepest first: energies and binding momenta with errors.

        Returns
        -------
        halkit.scattering.BoundStates, or CoupledBoundStates
            Of `QuotedValue`; coupled channels without ``wave_function``. States of the variations
            are matched by their binding momenta. Errors are NaN for a state that is missing in an
            accepted variation or its bins.

        Warns
        -----
        AccuracyWarning
            If accepted variations, or their bins, have another number of states.
        """
        self._refuse_none()
        return quoted_states(self, {"channel_radius": channel_radius, "n_mesh": n_mesh})

    def resonances(
        self, start: ArrayLike, *, sheet: Sequence[int] | None = None,
        channel_radius: Number | None = None, n_mesh: int | None = None,
    ) -> Resonances:  # fmt: skip
        """Poles of S of the centre next to complex energies `start`, with errors.

        Parameters
        ----------
        start, sheet, channel_radius, n_mesh
            See `halkit.scattering.resonances`.

        Returns
        -------
        halkit.scattering.Resonances
            ``energy``, ``momentum`` and ``residue`` are complex `QuotedValue`; the real and the
            imaginary part have their own errors. Variations and bins are searched from the poles of
            the centre, on the same sheets. Errors are NaN for a pole that is missing in one of
            them.

        Warns
        -----
        AccuracyWarning
            If poles are missing in accepted variations or their bins.
        """
        self._refuse_none()
        mesh = {"channel_radius": channel_radius, "n_mesh": n_mesh}
        return quoted_poles(self, start, sheet, mesh)

    def _quoted(self, centres, bins, accepted):
        return quoted_value(centres, bins, self.estimator_.resample_, accepted)

    def _refuse_none(self):
        check_is_fitted(self)
        if not self.accepted_.any():
            raise ValueError(refusal(self.results_, self.accepted_))

    def _values(self, function, *, warns=False):
        """Values (n_variations, ...) of the fits to the mean and (n_variations, n_bins, ...).

        Also which variations count: the accepted ones that have the observable.
        """
        self._refuse_none()
        models = [model for model in self.models_ if model is not None]
        names = [name for name, model in zip(self.results_["name"], self.models_, strict=True)
                 if model is not None]  # fmt: skip
        found = run_bins(
            of_fits, models, [function] * len(models), [warns] * len(models),
            n_jobs=self.n_jobs, numbers=names, noun="variation",
        )  # fmt: skip
        found, without = without_failures(dict(zip(names, found, strict=True)))
        values = np.full((len(self.models_), *next(iter(found.values())).shape), np.nan)
        for i, name in enumerate(self.results_["name"]):
            values[i] = found.get(name, np.nan)
        accepted = self.accepted_ & ~np.isin(self.results_["name"], [*without])
        tell_failures(without, accepted)
        return values[:, 0], values[:, 1:], accepted

    def _angles(self, k, channel_radius, n_mesh):
        """Phase shifts of the fits, as they are."""
        check_momenta(k)
        return self._values(_method("phase_shift", channel_radius, n_mesh, k))

    def _lengths(self, mesh):
        """a0 of the fits."""
        self._refuse_channels("scattering_length")
        return self._values(_method("scattering_length", *mesh))

    def _refuse_channels(self, name):
        self._refuse_none()
        n = self._n_channels()
        if n > 1:
            raise ValueError(
                f"{name} must be that of one channel, got {n}: coupled channels have "
                "phase_shift(energy=...), s_matrix, bound_states and resonances, and "
                "evaluate(function) takes any number"
            )

    def _n_channels(self):
        return getattr(self.estimator_.estimator_, "n_channels_", 1)

    def _of_lengths(self, lengths, function, pole, name, mesh):
        """Quote a function of a length, by its angle arctan(length/L), with a pole at an angle."""
        angles, poles, scale = _on_circle(self.estimator_, lengths, pole, name, mesh)

        def of(angle):
            with np.errstate(divide="ignore"):
                return function(scale * np.tan(angle))

        kind, (centres, bins), accepted = self.estimator_.resample_, angles, lengths[2]
        chosen, medians = centres[accepted], np.median(bins[accepted], axis=0)
        low, high = of(np.quantile(chosen, QUANTILES, axis=0))
        return _without_errors(
            QuotedValue(
                value=of(np.median(chosen, axis=0))[()],
                statistical=standard_error(of(medians), kind),
                systematic=np.abs(high - low) / 2,
                variations=of(centres),
                variation_errors=standard_error(of(bins), kind, axis=1),
                shift_errors=standard_error(of(bins) - of(bins[0]), kind, axis=1),
                accepted=accepted,
            ),
            *poles,
        )


def _on_circle(model, lengths, pole, name, mesh):
    """Angles of lengths next to the centre, where each error may reach the pole, and L."""
    kind = model.resample_
    scale = length_unit(model.ensemble_, *mesh)
    *lengths, accepted = lengths
    centres, bins = (np.arctan(x / scale) for x in lengths)
    centres = nearest_branch(centres, centres[0])
    bins = nearest_branch(bins, centres[:, np.newaxis])
    chosen, moved = centres[accepted], np.median(bins[accepted], axis=0)
    angle = np.median(chosen, axis=0)
    poles = (
        may_be(pole, moved, angle, standard_error(moved, kind)),
        may_be(pole, chosen, angle, np.zeros_like(angle)),
        may_be(pole, np.moveaxis(bins, 1, 0), centres, standard_error(bins, kind, axis=1)),
    )
    if np.any(poles[0] | poles[1]):
        warn_caller(f"{name} may be infinite within its errors, which are NaN there")
    return (centres, bins), poles, scale


def _tell_curvature(value, centres, bins, model):
    """Warn of r_eff that is not linear in the data; (r_eff, a0) of variations and their bins."""
    error, a0 = partial(standard_error, kind=model.resample_), np.median(centres[:, 1])
    ranges, lengths = np.median(bins, axis=0).T
    warn_of_curvature(error, value, ranges, a0, lengths)


def _without_errors(quoted, statistical, systematic, variations):
    """NaN for the errors within which a quantity may be infinite."""
    masks = {
        "statistical": statistical, "systematic": systematic, "variation_errors": variations,
        "shift_errors": variations | variations[0],
    }  # fmt: skip
    return replace(
        quoted,
        **{name: np.where(mask, np.nan, getattr(quoted, name))[()] for name, mask in masks.items()},
    )


def _method(name, channel_radius, n_mesh, *arguments):
    return methodcaller(name, *arguments, channel_radius=channel_radius, n_mesh=n_mesh)
