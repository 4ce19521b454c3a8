r"""Statistical and systematic errors together: an analysis, its variations, and what they share.

Each variation of the analysis is fitted to the same bins. Those that describe data which they have
not used are accepted; `halkit.resampling.quoted` says how they make one result with two errors.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from operator import methodcaller
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils.validation import check_is_fitted

from halkit.checks import check_array, check_callable, check_choice, check_momenta, check_number
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions.bound import BoundStates
from halkit.resampling.blocks import chosen_blocks
from halkit.resampling.correlators import CorrelatorRegressor
from halkit.resampling.quoted import QUANTILES, QuotedValue, quoted_value, table_of
from halkit.resampling.variations import Judged, judged, name_of, parameters_of, varied
from halkit.resampling.workers import run_bins
from halkit.samples import standard_error
from halkit.scattering import Ensemble
from halkit.scattering.branches import matched_states, may_be, nearest_branch
from halkit.scattering.members import warn_of_wide
from halkit.scattering.phase import sign_factor
from halkit.scattering.thresholds import length_unit
from halkit.training import unchanged_on_error
from halkit.typing import Number, Numbers, SignConvention
from halkit.versions import Versioned

__all__ = ["ErrorBudget"]


class ErrorBudget(MetaEstimatorMixin, Versioned):
    r"""Results with statistical and systematic errors, from variations of one analysis.

    Every variation is a jackknife (or bootstrap) on the same bins. It is accepted if it describes
    data that it has not used: blocks of other volumes or sources, on the rows of the centre, with
    the covariance of their bins. Of an observable f, with f_v of the accepted variations,

        value = med_v f_v,  statistical = error over bins b of med_v f_vb,
        systematic = half the distance from the 16 % to the 84 % quantile of f_v.

    Parameters
    ----------
    estimator : CorrelatorRegressor
        The centre of the analysis, which is a variation itself.
    variations : dict of str to list, or list of such dicts
        Parameters of `estimator`, such as times, stencil, r_max, sources, volumes,
        estimator__envelope_radius, or estimator. A dict: one parameter changes at a time. A list:
        all combinations within each dict, as in `sklearn.model_selection.ParameterGrid`. What
        equals the centre or another variation counts once.
    holdout : {"auto", "volume", "source", None}
        The data that decide. Volumes (or sources) of X that a variation does not fit are reserved
        for the test. If it fits all of them, each is left out in turn. None: the data of the fit,
        which hardly tell a wrong prior. "auto": volumes if X has several, else sources, else None
        with a warning. With two sources only one is fitted when the other is left out, which
        cannot tell a local from a non-local potential: take three sources, or reserve a volume.
    p_min : float
        Least p-value of an accepted variation, with the errors of its fit. With 0 none is refused
        for its p-value.
    chi2_ratio : float
        Largest χ²/dof of an accepted variation, over the smallest of all that reach `p_min`. This
        χ² is that of the fit to the mean: it refuses fits with errors so large that they agree
        with everything.
    n_jobs : int or None
        Number of processes of joblib, over variations. Within ``joblib.parallel_config("dask")``
        they go to the cluster. Results do not depend on it.
    verbose : int
        1: a bar over the variations.

    Attributes
    ----------
    estimator_ : CorrelatorRegressor
        The fitted centre.
    models_ : list of CorrelatorRegressor
        The fit of each variation, the centre first; None where it failed.
    ensembles_ : list of halkit.scattering.Ensemble
        Their bins; None where the fit failed.
    results_ : dict of arrays
        One entry for each variation: "name", "params", "param_…" (masked where as in the centre),
        "criterion" (the data that decide), "chi2" (χ²/dof with a fit of each bin) and its
        "p_value", "score" (−χ²/dof of the fit to the mean), "accepted", "reason" (of a failure),
        "fit_time" in seconds.
    accepted_ : ndarray of bool of shape (n_variations,)
        Which variations count.

    See Also
    --------
    halkit.displays.BudgetDisplay : a picture of what moves a result.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit import CorrelatorRegressor, ErrorBudget, GaussianProcessPotentialRegressor
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.resampling import blocks
    >>> from halkit.scattering import phase_shift
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
    ...     hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=10, random_state=0,
    ... )
    >>> centre = CorrelatorRegressor(
    ...     GaussianProcessPotentialRegressor(local="only"), times=[14, 15, 16], stencil=5
    ... )
    >>> budget = ErrorBudget(centre, {"stencil": [3], "times": [[14, 15], [15, 16]]})
    >>> budget = budget.fit(blocks(d.correlators))
    >>> budget.results_["name"].tolist()
    ['centre', 'stencil = 3', 'times = 14 15', 'times = 15 16']
    >>> delta = budget.phase_shift(0.1)
    >>> exact = phase_shift(d.interaction, 0.1, reduced_mass=1.0)
    >>> bool(abs(delta.value - exact) < 3 * delta.total)
    True
    """

    def __init__(
        self, estimator: Any, variations: Any, *,
        holdout: Literal["auto", "volume", "source"] | None = "auto", p_min: Number = 0.01,
        chi2_ratio: Number = 2.0, n_jobs: int | None = None, verbose: int = 0,
    ) -> None:  # fmt: skip
        self.estimator = estimator
        self.variations = variations
        self.holdout = holdout
        self.p_min = p_min
        self.chi2_ratio = chi2_ratio
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.two_d_array = False
        return tags

    def __sklearn_is_fitted__(self):
        return hasattr(self, "models_")

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Fit all variations, and judge them.

        Parameters
        ----------
        X : list of Correlators
            One source on one volume each, as from `blocks`, with bins. What the centre does not
            fit (its `volumes` or `sources`) is there for the test.
        y : None
            Not used.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is unknown or out of range, if X has no bins, or if the centre cannot be
            fitted or judged.

        Warns
        -----
        FitFailedWarning
            If a variation cannot be fitted or judged, with the reason; it is not accepted.
        MisfitWarning
            If no variation is accepted, or the centre is not. If variations are judged in sample,
            for lack of other sources or volumes.
        Warning
            As for the estimator, once for all variations, with their names.
        """
        by = self._checked(X)
        with unchanged_on_error(self):
            records = chosen_blocks(X, None, None)
            parameters = parameters_of(self.estimator, self.variations)
            names, n = [name_of(entry) for entry in parameters], len(parameters)
            done = run_bins(
                judged, [varied(self.estimator, entry) for entry in parameters], [records] * n,
                [clone(self.estimator)] * n, [by] * n, n_jobs=self.n_jobs, numbers=names,
                noun="variation", bar=self.verbose > 0,
            )  # fmt: skip
            done = _of_one_kind(done)
            self.accepted_ = self._accepted(done)
            self.models_ = [entry.model for entry in done]
            self.estimator_ = self.models_[0]
            self.results_ = _results(parameters, names, done, self.accepted_)
            self._warn(by)
        return self

    def _checked(self, X):
        """What is left out, "volume", "source" or None, after a check of the parameters."""
        if not isinstance(self.estimator, CorrelatorRegressor):
            raise TypeError(
                f"estimator must be a CorrelatorRegressor, got a {type(self.estimator).__name__}"
            )
        if self.estimator.resample in ("mean", "seeds"):
            raise ValueError(
                "resample of the estimator must be that of the bins, which errors come from, got "
                f"{self.estimator.resample!r}"
            )
        check_choice(self.holdout, "holdout", ["auto", "volume", "source", None])
        check_number(self.p_min, "p_min", least=0, below=1)
        check_number(self.chi2_ratio, "chi2_ratio", least=1)
        if self.holdout != "auto":
            return self.holdout
        records = chosen_blocks(X, None, None)
        return "volume" if len({record.L for record in records}) > 1 else "source"

    def _accepted(self, done):
        """Which variations describe the data that they have not used."""
        p_value, chi2 = (
            np.array(x) for x in zip(*((d.p_value, -d.score) for d in done), strict=True)
        )
        good = p_value >= self.p_min
        best = np.min(chi2[good], initial=np.inf)
        return good & (chi2 <= self.chi2_ratio * best)

    def _warn(self, by):
        """Warn of failures, of what was judged in sample, and of poor fits."""
        results, names = self.results_, self.results_["name"]
        failed, inside = results["reason"] != "", results["criterion"] == "in sample"
        if failed.any():
            first = results["reason"][failed][0]
            warnings.warn(
                f"{failed.sum()} of {len(names)} variations failed and are not accepted "
                f"({'; '.join(names[failed])}): {first}",
                FitFailedWarning,
                stacklevel=3,
            )
        if by is not None and inside.any():
            warnings.warn(
                f"X has one {by} for {'; '.join(names[inside])}: the data of the fit decide, which "
                "hardly tell a wrong prior. Add sources or volumes, or accept it with holdout=None",
                MisfitWarning,
                stacklevel=3,
            )
        if not self.accepted_[0]:
            warnings.warn(_refusal(results, self.accepted_), MisfitWarning, stacklevel=3)

    @property
    def ensembles_(self) -> list[Ensemble | None]:
        """The bins of each variation; None where the fit failed."""
        check_is_fitted(self)
        return [None if model is None else model.ensemble_ for model in self.models_]

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
            If no variation is accepted, or the values are complex or differ in shape.
        """
        return self._quoted(*self._values(check_callable(function, "function")))

    def local_potential(self, r: Numbers) -> QuotedValue:
        """V(r) of the local term."""
        return self.evaluate(methodcaller("local_potential", r))

    def predict_potential(self, r: Numbers, r_prime: Numbers) -> QuotedValue:
        """The non-local potential U(r, r'), (n, m)."""
        return self.evaluate(methodcaller("predict_potential", r, r_prime))

    def phase_shift(
        self, k: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """Phase shifts δ(k) of one channel, in radians.

        Parameters
        ----------
        k : array-like
            Momenta k > 0, in the inverse unit of r.
        channel_radius, n_mesh : optional
            See `halkit.scattering.phase_shift`.

        Warns
        -----
        AccuracyWarning
            If accepted variations have δ a multiple of π away from the centre, as with another
            number of bound states: they are compared modulo π. If the total error exceeds π/6.
        """
        angles, bins = self._angles(k, channel_radius, n_mesh)
        centres = nearest_branch(angles, angles[0])
        moved = nearest_branch(bins, centres[:, np.newaxis])
        away = (np.abs(moved - bins) > 1).any(axis=1) | (np.abs(centres - angles) > 1)
        away = away.reshape(len(away), -1).any(axis=1) & self.accepted_
        if away.any():
            _warn(
                f"in {away.sum()} accepted variations ({'; '.join(self.results_['name'][away])}) δ "
                "is a multiple of π away from the centre, as with another number of bound states: "
                "errors are for δ modulo π"
            )
        quoted = self._quoted(centres, moved)
        warn_of_wide(self.estimator_.ensemble_, "k", k, np.asarray(quoted.total))
        return quoted

    def k_cot_delta(
        self, k: Numbers, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """k cot δ(k), smooth at a threshold; parameters as in ``phase_shift``.

        Errors are NaN, with an AccuracyWarning, where δ may be a multiple of π.
        """
        lengths = [np.tan(x) / k for x in self._angles(k, channel_radius, n_mesh)]
        return self._of_lengths(*lengths, np.reciprocal, 0.0, "k cot δ", channel_radius, n_mesh)

    def scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> QuotedValue:  # fmt: skip
        """a0 in k cot δ = −1/a0 + r_eff k²/2; `sign` as in `halkit.scattering`.

        Errors are NaN, with an AccuracyWarning, where a0 may be infinite: quote
        ``inverse_scattering_length`` there.
        """
        mesh, factor = (channel_radius, n_mesh), sign_factor(sign)
        lengths = self._lengths(*mesh)
        return factor * self._of_lengths(*lengths, np.positive, np.pi / 2, "a0", *mesh)

    def inverse_scattering_length(
        self, *, sign: SignConvention = "nuclear", channel_radius: Number | None = None,
        n_mesh: int | None = None,
    ) -> QuotedValue:  # fmt: skip
        """1/a0 = −k cot δ at k = 0; errors are NaN, with an AccuracyWarning, where a0 may be 0."""
        mesh, factor = (channel_radius, n_mesh), sign_factor(sign)
        return factor * self._of_lengths(*self._lengths(*mesh), np.reciprocal, 0.0, "1/a0", *mesh)

    def effective_range(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> QuotedValue:
        """r_eff in k cot δ; errors are NaN, with an AccuracyWarning, where a0 may be 0."""
        mesh = (channel_radius, n_mesh)
        quoted = self._quoted(*self._values(_method("effective_range", *mesh)))
        return self._without_pole(quoted, *self._lengths(*mesh), 0.0, "r_eff", *mesh)

    def bound_states(
        self, *, channel_radius: Number | None = None, n_mesh: int | None = None
    ) -> BoundStates:
        """Bound states of the centre, deepest first: energies and binding momenta with errors.

        Returns
        -------
        halkit.scattering.BoundStates
            Of two `QuotedValue`. States of the variations are matched by their binding momenta.
            Errors are NaN for a state that is missing in an accepted variation or its bins.

        Warns
        -----
        AccuracyWarning
            If accepted variations, or their bins, have another number of states.
        """
        self._refuse_channels("bound_states")
        observable = _method("bound_states", channel_radius, n_mesh)
        states = observable(self.estimator_.estimator_)

        def matched(fit):
            found = observable(fit)
            padded = np.column_stack([np.stack(found), [np.nan, np.nan]])
            index = matched_states(found.kappa, states.kappa)
            return np.concatenate([[len(found.kappa)], padded[:, index].ravel()])

        centres, bins = self._values(matched)
        numbers = np.column_stack([centres[:, 0], bins[:, :, 0]])
        other = (numbers != len(states.kappa)).any(axis=1) & self.accepted_
        if other.any():
            _warn(
                f"the centre has {len(states.kappa)} bound states, and {other.sum()} accepted "
                f"variations ({'; '.join(self.results_['name'][other])}), or some of their bins, "
                "have others: the errors of the states that come and go are NaN"
            )
        quoted = self._quoted(centres[:, 1:], bins[:, :, 1:])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a state that all variations lack
            value = np.nanmedian(quoted.variations[self.accepted_], axis=0)
        quoted = replace(quoted, value=value)
        return BoundStates(quoted[: len(states.kappa)], quoted[len(states.kappa) :])  # type: ignore[arg-type]

    def table(self, observable: QuotedValue | Callable[[Any], Any]) -> str:
        """What moves a number: value, shift from the centre, χ², p-value of each variation.

        Parameters
        ----------
        observable : QuotedValue or callable
            A number from another method of this budget, or a function as for ``evaluate``. Errors
            in it are statistical.

        Returns
        -------
        str
        """
        check_is_fitted(self)
        quoted = observable if isinstance(observable, QuotedValue) else self.evaluate(observable)
        return table_of(quoted, self.results_)

    def _quoted(self, centres, bins):
        self._refuse_none()
        return quoted_value(centres, bins, self.estimator_.resample_, self.accepted_)

    def _refuse_none(self):
        check_is_fitted(self)
        if not self.accepted_.any():
            raise ValueError(_refusal(self.results_, self.accepted_))

    def _values(self, function):
        """Values (n_variations, ...) of the fits to the mean and (n_variations, n_bins, ...)."""
        self._refuse_none()
        models = [model for model in self.models_ if model is not None]
        names = [name for name, model in zip(self.results_["name"], self.models_, strict=True)
                 if model is not None]  # fmt: skip
        found = run_bins(
            _of_fits, models, [function] * len(models), n_jobs=self.n_jobs, numbers=names,
            noun="variation",
        )  # fmt: skip
        shapes = sorted({values.shape[1:] for values in found})
        if len(shapes) > 1:
            raise ValueError(f"function must return values of one shape, got {shapes}")
        values = np.full((len(self.models_), *found[0].shape), np.nan)
        values[[model is not None for model in self.models_]] = found
        return values[:, 0], values[:, 1:]

    def _angles(self, k, channel_radius, n_mesh):
        """Phase shifts of the fits, as they are."""
        self._refuse_channels("phase_shift")
        check_momenta(k)
        return self._values(_method("phase_shift", channel_radius, n_mesh, k))

    def _lengths(self, channel_radius, n_mesh):
        """a0 of the fits."""
        return self._values(_method("scattering_length", channel_radius, n_mesh))

    def _refuse_channels(self, name):
        self._refuse_none()
        n = getattr(self.estimator_.estimator_, "n_channels_", 1)
        if n > 1:
            raise ValueError(
                f"{name} must be that of one channel, got {n}: evaluate(function) takes any number"
            )

    def _of_lengths(self, centres, bins, function, pole, name, channel_radius, n_mesh):
        """Quote a function of a length that may be infinite, whose pole is given by its angle."""
        with np.errstate(divide="ignore"):
            quoted = self._quoted(function(centres), function(bins))
        mesh = channel_radius, n_mesh
        return self._without_pole(quoted, centres, bins, pole, name, *mesh)

    def _without_pole(self, quoted, centres, bins, pole, name, channel_radius, n_mesh):
        """NaN for errors within which the angle arctan(length/L) may be at a pole."""
        scale = length_unit(self.estimator_.ensemble_, channel_radius, n_mesh)
        centres, bins = (np.arctan(x / scale) for x in (centres, bins))
        chosen = nearest_branch(centres, centres[0])[self.accepted_]
        angle = np.median(chosen, axis=0)
        moved = np.median(nearest_branch(bins[self.accepted_], chosen[:, np.newaxis]), axis=0)
        error = standard_error(moved, self.estimator_.resample_)
        statistical = may_be(pole, moved, angle, error)
        systematic = may_be(pole, np.quantile(chosen, QUANTILES, axis=0), angle, np.zeros(()))
        if np.any(statistical | systematic):
            _warn(f"{name} may be infinite within its errors, which are NaN there")
        return replace(
            quoted,
            statistical=np.where(statistical, np.nan, quoted.statistical)[()],
            systematic=np.where(systematic, np.nan, quoted.systematic)[()],
        )


def _method(name, channel_radius, n_mesh, *arguments):
    return methodcaller(name, *arguments, channel_radius=channel_radius, n_mesh=n_mesh)


def _warn(message):
    warnings.warn(message, AccuracyWarning, stacklevel=3)


def _of_fits(model, function):
    """Values of the fit to the mean, and of each bin, (1 + n_bins, ...)."""
    values = [function(fit) for fit in (model.estimator_, *model.estimators_)]
    shapes = sorted({np.shape(value) for value in values})
    if len(shapes) > 1:
        raise ValueError(f"function must return values of one shape, got {shapes}")
    return check_array(values, "values of the function", finite=False)


def _of_one_kind(done):
    """Refuse a centre without bins; variations need the same bins."""
    centre = done[0]
    if centre.model is None:
        raise ValueError(f"estimator must have a fit that succeeds, it failed: {centre.reason}")
    kind, n = centre.model.resample_, len(centre.model.estimators_)
    for i, entry in enumerate(done):
        if entry.model is None:
            continue
        other = entry.model.resample_, len(entry.model.estimators_)
        if other != (kind, n):
            reason = f"it has {other[1]} {other[0]} bins, and the centre has {n} {kind} bins"
            done[i] = Judged(reason=reason, seconds=entry.seconds)
    return done


def _refusal(results, accepted):
    """Why the centre, or no variation at all, is accepted."""
    best = np.nanargmax(results["score"])
    of = (
        f"the best variation ({results['name'][best]}) has χ²/dof = {-results['score'][best]:.3g}"
        f" and p = {results['p_value'][best]:.2g}"
    )
    data = results["criterion"][best]
    if accepted.any():
        return (
            f"the centre is not accepted ({data}): it has χ²/dof = {-results['score'][0]:.3g} and "
            f"p = {results['p_value'][0]:.2g}, {of}. The result comes from the other variations"
        )
    return (
        f"no variation is accepted ({data}): {of}. Add variations that describe the data, hold out "
        "other data (of two sources, each alone cannot tell a local from a non-local potential), "
        "or accept with p_min=0 what is within chi2_ratio of the best"
    )


def _results(parameters, names, done, accepted):
    """A dictionary of arrays, one entry for each variation, as `cv_results_` of a search."""
    results = {"name": np.array(names), "params": parameters}
    for name in dict.fromkeys(name for entry in parameters for name in entry):
        values = np.ma.masked_all(len(parameters), dtype=object)
        for i, entry in enumerate(parameters):
            if name in entry:
                values[i] = entry[name]
        results[f"param_{name}"] = values
    for name in ("criterion", "chi2", "p_value", "score", "reason"):
        results[name] = np.array([getattr(entry, name) for entry in done])
    results["accepted"] = accepted
    results["fit_time"] = np.array([entry.seconds for entry in done])
    return results
