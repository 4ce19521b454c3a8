r"""Statistical and systematic errors together: an analysis, its variations, and what they share.

Each variation of the analysis is fitted to the same bins. Those that describe data which they have
not used are accepted; `halkit.resampling.quoted` says how they make one result with two errors.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils.validation import check_is_fitted

from halkit.callbacks import with_callbacks
from halkit.checks import check_choice, check_number
from halkit.exceptions import MisfitWarning
from halkit.resampling.blocks import chosen_blocks
from halkit.resampling.correlators import CorrelatorRegressor
from halkit.resampling.counted import refusal
from halkit.resampling.quoted import QuotedValue, table_of
from halkit.resampling.quoted_observables import QuotedObservables
from halkit.resampling.sharing import share_equal
from halkit.resampling.variations import Judged, few_sources, judged, parameters_of, varied
from halkit.resampling.workers import run_bins
from halkit.scattering import Ensemble
from halkit.training import unchanged_on_error
from halkit.typing import Number
from halkit.versions import Versioned

__all__ = ["ErrorBudget"]


class ErrorBudget(QuotedObservables, MetaEstimatorMixin, Versioned):
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
        all combinations within each dict, as in `sklearn.model_selection.ParameterGrid`. An entry
        {"name": {parameter: value, …}} of a dict changes several together, under this name. What
        equals the centre or another variation counts once.
    holdout : {"auto", "volume", "source", None}
        The data that decide. Volumes (or sources) of X that a variation does not fit are reserved
        for the test. If it fits all of them, each is left out in turn. None: the data of the fit,
        which hardly tell a wrong prior. "auto": volumes if X has several, else sources, else None
        with a warning. With two sources only one is fitted when the other is left out, which
        cannot tell a local from a non-local potential: take three sources, or reserve a volume. A
        potential with U of n coupled channels needs 2n sources beside those that are left out:
        with fewer "auto" is None, with a warning, and "source" is refused.
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
        One entry for each variation: "name", "params", ``"param_…"`` (masked where as in the
        centre), "criterion" (the data that decide), "chi2" (χ²/dof with a fit of each bin) and its
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

    @with_callbacks
    def fit(self, X: Any, y: Any = None) -> Self:
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
        with self._task(X, y, max_subtasks=1) as task, unchanged_on_error(self):
            records = chosen_blocks(X, None, None)
            names, parameters = map(
                list, zip(*parameters_of(self.estimator, self.variations), strict=True)
            )
            n = len(names)
            models = [varied(self.estimator, entry) for entry in parameters]
            few = few_sources(models, records) if by == "source" else ""
            if few and self.holdout == "source":
                raise ValueError(f"holdout must be 'volume' or None: {few}")
            by = None if few else by
            with task.part("variations", n_parts=n, numbered=True) as part:
                done = run_bins(
                    judged, models, [records] * n, [clone(self.estimator)] * n, [by] * n,
                    [part.part("variation", number=i) for i in range(n)],
                    n_jobs=self.n_jobs, numbers=names, noun="variation", verbose=self.verbose,
                )  # fmt: skip
            done = _of_one_kind(done)
            self.accepted_ = self._accepted(done)
            self.models_ = [entry.model for entry in done]
            fitted = [model for model in self.models_ if model is not None]
            share_equal(fit for model in fitted for fit in (model.estimator_, *model.estimators_))
            self.results_ = _results(parameters, names, done, self.accepted_)
            self._warn(by, few)
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
        records = chosen_blocks(X, None, None)
        if any(record.kind == "mean" for record in records):
            raise ValueError("X must have bins, which errors come from, got the mean")
        if self.holdout != "auto":
            return self.holdout
        return "volume" if len({record.L for record in records}) > 1 else "source"

    def _accepted(self, done):
        """Which variations describe the data that they have not used."""
        p_value, chi2 = (
            np.array(x) for x in zip(*((d.p_value, -d.score) for d in done), strict=True)
        )
        good = p_value >= self.p_min
        best = np.min(chi2[good], initial=np.inf)
        return good & (chi2 <= self.chi2_ratio * best)

    def _warn(self, by, few):
        """Warn of failures, of what was judged in sample, and of poor fits."""
        results, names = self.results_, self.results_["name"]
        failed, inside = results["reason"] != "", results["criterion"] == "in sample"
        if failed.any():
            reasons = zip(names[failed], results["reason"][failed], strict=True)
            warnings.warn(
                f"{failed.sum()} of {len(names)} variations failed and are not accepted: "
                + "; ".join(f"({name}): {reason}" for name, reason in reasons),
                FitFailedWarning,
                stacklevel=3,
            )
        if few or (by is not None and inside.any()):
            why = few or f"X has one {by} for {'; '.join(names[inside])}"
            warnings.warn(
                f"{why}: the data of the fit decide, which "
                "hardly tell a wrong prior. Add sources or volumes, or accept it with holdout=None",
                MisfitWarning,
                stacklevel=3,
            )
        if not self.accepted_[0]:
            warnings.warn(refusal(results, self.accepted_), MisfitWarning, stacklevel=3)

    @property
    def ensembles_(self) -> list[Ensemble | None]:
        """The bins of each variation; None where the fit failed."""
        check_is_fitted(self)
        return [None if model is None else model.ensemble_ for model in self.models_]

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
