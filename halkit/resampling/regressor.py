r"""One fit for each bin of resampled correlators, with everything else in common.

The centre is the fit to the mean X̄ = Σ_b X_b / n_bins. The error of an observable f follows from
its samples f(fit of X_b), see `halkit.resampling.resampling_error`.
"""

from __future__ import annotations

import copy
import warnings
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from halkit.callbacks import with_callbacks
from halkit.checks import as_numbers, check_array, check_choice, check_integer
from halkit.exceptions import MisfitWarning
from halkit.potentials.coupling import set_masses
from halkit.potentials.seen import taken_waves
from halkit.potentials.tangent import TangentPotential
from halkit.potentials.validation import check_pair, check_samples, check_y_std
from halkit.resampling.observables import ResampledPotential
from halkit.resampling.samples import (
    Resampling,
    check_bins,
    check_resample,
    refuse_other_kind,
)
from halkit.resampling.sharing import share_equal
from halkit.resampling.strength import settled
from halkit.resampling.workers import run_bins
from halkit.seeds import check_random_state
from halkit.training import unchanged_on_error
from halkit.typing import Numbers
from halkit.versions import Versioned

__all__ = ["JackknifeRegressor"]


class JackknifeRegressor(ResampledPotential, MetaEstimatorMixin, RegressorMixin, Versioned):
    r"""A potential with statistical errors: one fit for each bin, common hyperparameters.

    Bins share almost all of their data, and cannot serve as cross-validation samples. First search
    hyperparameters on the mean, with `GridSearchCV` over whole volumes or quark sources; then pass
    the best estimator as `estimator`.

    The weights of a fit, `y_std`, are common to all bins as well. With 20 bins the error itself is
    uncertain by 1/√38 = 16 %, and weights that scatter like this between sets of configurations
    move the result by more than the bins show: average them where the noise is alike, see
    `pooled_errors`. On synthetic sets of two quark sources with three times each, with 20 bins,

    ====================================  =======================  =============  ===============
    potential                             `y_std`                  error/scatter  inside 2 errors
    ====================================  =======================  =============  ===============
    Gaussian process, 100 sets            of the bins              0.78           86(2) %
    Gaussian process, 100 sets            pooled over the rows     0.98           89(2) %
    Gaussian process, 150 sets            one relative error       0.98           93.5(1.5) %
    network, weight_decay=0.1, 16 sets    pooled over the rows     –              82 %
    ====================================  =======================  =============  ===============

    "One relative error" takes the relative error of R at all radii, although the error of y at the
    first node is twelve times as large; it has the smallest bias, 0.2 to 0.4 of the scatter. Take
    the smaller `weight_decay` for the network (`TimeDependentHALRegressor`, ``refit="warm"``): with
    the default it is off by four errors above 100 MeV, where it rests on its prior.

    Parameters
    ----------
    estimator : regressor
        A potential; a clone is fitted to every bin. All clones start from the same random
        numbers, so that the spread over bins is statistical.
    resample : {"jackknife", "bootstrap", "seeds"}
        The kind of the bins, which decides on the error: sqrt((N − 1)/N Σ_b (f_b − f̄)²) for
        samples that each leave one out, the standard deviation for bootstrap samples; `kind` of
        `halkit.equations.Rows` says which they are. "seeds" gives the spread of the optimisation,
        not an error of the data: `n_seeds` fits to the same data, from other
        random numbers; bins of X are averaged.
    refit : {"full", "warm", "linear"}
        How a bin is fitted. Every bin takes the prior of the fit to the mean. "full" trains the
        whole potential from a random start. "warm" begins with the parameters of the fit to the
        mean, for an estimator with `warm_start`, and is two to ten times faster. Warm and full
        errors agree to 5 % where the fit has one minimum: measured to 0.1 … 3 % for one or two
        quark sources with noise of 1e-2 … 1e-5, with and without a non-local part. Where U alone
        is fitted to few quark sources, the network has a valley of equally good parameters, and
        phase shifts beyond the data depend (there by 15 %) on where in the valley a fit ends:
        "seeds" shows by how much. "linear" propagates errors to first order in all parameters of a
        network, with its prior: one least-squares problem for each bin, free of the noise of the
        optimiser, exact for a local potential, and within 1 … 15 % of warm refits with a non-local
        part; with U alone from few quark sources errors are up to twice as large.
    n_seeds : int
        Number of fits with ``resample="seeds"``.
    n_jobs : int or None
        Number of processes of joblib. Within ``joblib.parallel_config("dask")`` the bins go to the
        cluster. Results do not depend on it.
    verbose : int
        Above 0 bars show how many bins are done, of fits and of observables.

    Attributes
    ----------
    estimator_ : regressor
        The fit to the mean over bins, which gives central values.
    local_strength_ : float
        s of the prior of V, of a Gaussian process with a local term. With ``local_strength=None``
        it is 5, or 15, 45, 135 or 405 if phase shifts would move by more than their errors
        otherwise. Quote it with the result.
    nonlocal_reach_ : float
        Factor of the radius of the envelope of U, of a Gaussian process with U. With
        ``nonlocal_reach=None`` and an s wave of one channel it is 1, or 1.33, 1.78 or 2.37 if phase
        shifts would move by more than their errors otherwise.
    nonlocal_strength_ : float
        Factor of the amplitude of U. With ``nonlocal_strength=None`` it is 1, or 9, 27 or 81 if
        phase shifts would move by more than half of their errors otherwise.
    estimators_ : list of regressor
        The fits of the bins.
    ensemble_ : halkit.scattering.Ensemble
        Both together, with the observables and their errors.
    n_bins_ : int
        Number of fits in ``estimators_``.
    resample_ : str
        `resample` of the fit.

    See Also
    --------
    jackknife_samples, bootstrap_samples : bins from single configurations.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.potentials import TimeDependentHALRegressor
    >>> from halkit.resampling import JackknifeRegressor
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12.0, 30), box_radius=30.0,
    ...     hadron_mass=2.0, times=range(20, 25), noise=1e-4, n_bins=8, random_state=0,
    ... )
    >>> potential = TimeDependentHALRegressor(d.r, hadron_mass=2.0, local="only", random_state=0)
    >>> model = JackknifeRegressor(potential).fit(d.rows.data, d.rows.target, y_std=d.sigma)
    >>> V, V_std = model.local_potential([2.0, 4.0], return_std=True)
    >>> V.shape, bool(np.all(V_std > 0)), model.n_bins_
    ((2,), True, 8)
    """

    # whether local_strength is looked at, and raised where it is None
    _settles = True

    def __init__(
        self, estimator: Any, *, resample: Resampling = "jackknife",
        refit: Literal["full", "warm", "linear"] = "full", n_seeds: int = 10,
        n_jobs: int | None = None, verbose: int = 0,
    ) -> None:  # fmt: skip
        self.estimator = estimator
        self.resample = resample
        self.refit = refit
        self.n_seeds = n_seeds
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = inner.regressor_tags.poor_score
        return tags

    def __sklearn_is_fitted__(self):
        """Only a complete fit has ``estimators_``."""
        return hasattr(self, "estimators_")

    @with_callbacks
    def fit(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None, mass_bins: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Fit the mean, then every bin.

        Parameters
        ----------
        X : array-like of shape (n_bins, n_samples, n_r)
            Wave functions of each bin, at least two bins. An array (n_samples, n_r) is one set of
            data; its errors are NaN.
        y : array-like of shape (n_bins, n_samples, n_out) or (n_bins, n_samples)
            Their targets; without the axis of bins if X has none.
        sample_weight : array-like of shape (n_samples,), optional
            The same for all bins.
        y_std : array-like of shape (n_samples, n_out), optional
            Standard deviations of the mean of y, which weight the residuals of all bins alike.

        mass_bins : array-like of shape (n_bins, 2) or (n_bins, n_channels, 2), optional
            Masses of the two hadrons in each bin, as `halkit.equations.Rows` have them, for the
            observables of the bin. U of a bin goes with its reduced mass: with one mass for all the
            error of the mass would count twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If shapes do not fit, for a single bin, for complex or infinite values (the message
            names the bins), if `y_std` is the error of bins of another kind than `resample`, and
            as for the estimator.
        KeyboardInterrupt
            From the keyboard; ``interrupted_`` is None, since some of the bins give no error.

        Warns
        -----
        PriorWarning
            If the prior of V or the envelope of U moves phase shifts by more than 1.5 of their
            errors, or the amplitude of U by more than 0.75, or if ``local_strength_`` is more than
            ten times its default: see ``local_strength``, ``nonlocal_reach`` and
            ``nonlocal_strength`` of `GaussianProcessPotentialRegressor`. If bins have another
            number of deep bound states than the mean, or if U of coupled channels reaches as far
            as its prior.
        OverfitWarning
            If a bound state of such a fit lies outside the span of the wave functions of the data.
        Warning
            As for the estimator, once for all bins, with their numbers; a MisfitWarning of the fit
            to the mean alone.
        """
        self._check_parameters()
        parts = None if getattr(self.estimator, "_automatic_strength", False) else 2
        task = self._task(X, y, sample_weight, max_subtasks=parts)
        with task, unchanged_on_error(self):
            bins = self._validated_data(X, y)
            n_bins = len(bins[0])
            given = (("sample_weight", sample_weight), ("y_std", y_std))
            common = {name: value for name, value in given if value is not None}
            if y_std is not None and n_bins > 1 and self.resample != "seeds":
                errors = check_y_std(y_std, bins[1].shape[1:])
                refuse_other_kind(bins[1], errors, self.resample, "resample")
            masses = self._checked_masses(mass_bins, n_bins)
            first, seeds = self._random_states()
            mean = [values.mean(axis=0) for values in bins]

            def fit_mean(**parameters):
                model = clone(self.estimator).set_params(**first, **parameters)
                return _fit(model, *mean, common, task.part("mean"))

            def fit_bins(centre):
                models = self._models(centre, seeds, mean, common, n_bins)
                data = ([m] * len(models) for m in mean) if self.resample == "seeds" else bins
                options = [common] * len(models)
                fit = _fit if self.resample == "seeds" else _fit_bin
                with task.part("bins", n_parts=len(models), numbered=True) as part:
                    parts = [part.part("bin", number=b) for b in range(len(models))]
                    return run_bins(fit, models, *data, options, parts, **self._workers)

            centre = fit_mean()
            fits = fit_bins(centre) if n_bins > 1 or self.resample == "seeds" else [centre]
            if n_bins > 1 and self.resample != "seeds" and self._settles:
                centre, fits = settled(centre, fits, fit_mean, fit_bins, self.resample)
            if masses is not None:
                for model, of_bin in zip(fits, masses, strict=True):
                    set_masses(model, of_bin)
            share_equal([centre, *fits])
            self._data_waves = taken_waves([centre, *fits])
            self.estimator_, self.estimators_, self.n_bins_ = centre, fits, len(fits)
            self.resample_ = self.resample
        return self

    def _models(self, centre, seeds, mean, common, n_bins):
        """The estimators to fit, one for each bin or seed."""
        if self.resample == "seeds":
            return _sharing([clone(centre).set_params(**seed) for seed in seeds], centre)
        if self.refit == "warm":
            return [copy.deepcopy(centre).set_params(warm_start=True) for _ in range(n_bins)]
        if self.refit == "linear":
            offset = TangentPotential(centre).fit(*mean, **common).delta_
            return [TangentPotential(centre, offset) for _ in range(n_bins)]
        return _sharing([clone(centre) for _ in range(n_bins)], centre)

    def score(
        self, X: Numbers, y: Numbers, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None,
    ) -> float:  # fmt: skip
        """R² of the fit to the mean; bins of X and y are averaged.

        Parameters
        ----------
        X, y, sample_weight, y_std
            As in `fit`.
        """
        check_is_fitted(self)
        if as_numbers(X, "X").ndim == 3:
            X, y = (check_bins(values, name) for values, name in ((X, "X"), (y, "y")))
            if len(X) != len(y):
                raise ValueError(f"y must have as many bins as X, {len(X)}, got {len(y)}")
            X, y = X.mean(axis=0), y.mean(axis=0)
        else:
            X = check_samples(self, X, reset=False)
        errors = {} if y_std is None else {"y_std": y_std}
        return self.estimator_.score(X, y, sample_weight=sample_weight, **errors)

    def _check_parameters(self):
        known = hasattr(self.estimator, "fit") and hasattr(self.estimator, "__sklearn_tags__")
        if not known or isinstance(self.estimator, type):
            raise TypeError(
                "estimator must be an instance of a regressor that inherits from "
                f"sklearn.base.BaseEstimator, got {self.estimator!r}"
            )
        check_resample(self.resample)
        check_choice(self.refit, "refit", ["full", "warm", "linear"])
        if self.resample == "seeds" and self.refit != "full":
            raise ValueError(f"refit must be 'full' with resample='seeds', got {self.refit!r}")
        if self.refit == "linear" and not hasattr(self.estimator, "network"):
            raise ValueError(
                "estimator must be a network for refit='linear', got a "
                f"{type(self.estimator).__name__}"
            )
        if self.refit == "warm" and "warm_start" not in self.estimator.get_params(deep=False):
            raise ValueError(
                "estimator must have the parameter warm_start for refit='warm', got a "
                f"{type(self.estimator).__name__}"
            )
        check_integer(self.n_seeds, "n_seeds", least=2)
        check_integer(self.verbose, "verbose", least=0)

    def _checked_masses(self, masses, n_bins):
        """Masses (n_bins, n_channels, 2), or None."""
        if masses is None:
            return None
        if self.resample == "seeds" or self.refit == "linear" or n_bins < 2:
            raise ValueError(
                "mass_bins must be None for seeds, for refit='linear', and for data without bins"
            )
        masses = check_array(masses, "mass_bins", n=2, sign="> 0")
        if masses.ndim not in (2, 3) or len(masses) != n_bins:
            raise ValueError(
                f"mass_bins must have shape (n_bins, 2) or (n_bins, n_channels, 2), n_bins = "
                f"{n_bins}, got {masses.shape}"
            )
        return masses.reshape(n_bins, -1, 2)

    def _validated_data(self, X, y):
        """X (n_bins, n_samples, n_r) and y with the same leading axes."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if as_numbers(X, "X").ndim != 3:
            X, y = check_pair(self, X, y)
            return X[np.newaxis], y[np.newaxis]
        X, y = check_bins(X, "X"), check_bins(y, "y")
        if y.ndim not in (2, 3) or y.shape[:2] != X.shape[:2]:
            raise ValueError(
                f"y must have the axes (n_bins, n_samples) = {X.shape[:2]} of X, then n_out, got "
                f"shape {y.shape}"
            )
        validate_data(self, X[0], y[0], multi_output=True)
        if len(X) < 2 and self.resample != "seeds":
            raise ValueError(
                f"X must have at least two bins, got {len(X)}: pass data without bins, which have "
                "no error, as (n_samples, n_r)"
            )
        return X, y

    def _random_states(self):
        """The random_state of the estimator as parameters: for all bins, and for each seed."""
        names = [
            name
            for name in self.estimator.get_params()
            if name == "random_state" or name.endswith("__random_state")
        ]
        if self.resample == "seeds" and not names:
            raise ValueError(
                "estimator must have a random_state for resample='seeds', got a "
                f"{type(self.estimator).__name__}, whose fits do not depend on seeds"
            )
        first, seeds = {}, [{} for _ in range(self.n_seeds)]
        for name, state in clone(self.estimator).get_params().items():
            if name in names:
                first[name] = int(state) if isinstance(state, Integral) else _draw(state, 1)[0]
                for seed, value in zip(seeds, _draw(first[name], self.n_seeds), strict=True):
                    seed[name] = value
        return first, seeds


def _draw(state, n):
    """Seeds from a random state; from the system's entropy where it is None."""
    if state is None:
        state = int(np.random.default_rng().integers(2**32))
    return [int(seed) for seed in check_random_state(state).randint(2**31 - 1, size=n)]


def _sharing(models, centre):
    """Models with the prior of the mean, which a network reads off its data."""
    shared = hasattr(centre, "share_prior")
    return [model.share_prior(centre) for model in models] if shared else models


def _fit(estimator, X, y, options, task):
    with task.fit_of(estimator):
        return estimator.fit(X, y, **options)


def _fit_bin(estimator, X, y, options, task):
    """The fit to a bin: bootstrap samples scatter by `y_std` around the mean, which raises χ²."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)
        return _fit(estimator, X, y, options, task)
