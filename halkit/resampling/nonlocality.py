r"""Does a set of correlators need a non-local potential? A parametric bootstrap.

The statistic compares two fits to the mean over bins, of V(r) alone and of V(r) with U(r, r'),

    T = χ²_local / χ²_full,    χ² = Σ ((prediction − ȳ)/σ)².

Under the null hypothesis the data are the local fit plus noise. The bins, with their wave functions
X_b and residuals ρ_b = y_b − V X_b, give the size and the correlations of the noise:

    X* = X̄ + sqrt((N − 1)/N) Σ_b ξ_b (X_b − X̄),            ξ_b ~ N(0, 1),
    y* = V X* + sqrt((N − 1)/N) Σ_b ξ_b (ρ_b − ρ̄)

have the jackknife covariance of the mean. X and y fluctuate together: y contains derivatives of
the noise of X, which a wide U learns to predict. With noise in y alone such a fit would be
significant on local data. The p-value is the share of data sets, including the measured one, whose
T is at least as large.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.base import clone

from halkit.checks import check_array, check_choice, check_integer
from halkit.exceptions import MisfitWarning, OverfitWarning, UnderdeterminedWarning
from halkit.potentials.validation import check_y_std
from halkit.resampling.samples import RESAMPLINGS, refuse_other_kind, resampling_error
from halkit.resampling.strength import settled
from halkit.resampling.workers import run_bins
from halkit.seeds import check_random_state
from halkit.typing import Array, Numbers, Random

__all__ = ["NonlocalityTest", "nonlocality_test"]


class NonlocalityTest(NamedTuple):
    """Result of `nonlocality_test`.

    Attributes
    ----------
    p_value : float
        Probability of such a T or a larger one if the potential is local; at least
        1/(n_bootstrap + 1).
    statistic : float
        T = χ²_local/χ²_full of the data.
    bootstrap : ndarray of shape (n_bootstrap,)
        T of the data sets made from the local fit.
    """

    p_value: float
    statistic: float
    bootstrap: Array


def nonlocality_test(
    estimator: Any, X: Numbers, y: Numbers, *, y_std: Numbers | None = None,
    bins: Literal["jackknife", "bootstrap"] = "jackknife", n_bootstrap: int = 39,
    random_state: Random = None, n_jobs: int | None = None,
) -> NonlocalityTest:  # fmt: skip
    """Test the hypothesis that a local potential describes correlators.

    A local and a non-local potential that describe the same correlators have different phase
    shifts. The test is whether one V(r) describes all rows: take at least two quark sources,
    because a V(r) exists for any single wave function. A bias of the rows, as from a time stencil
    of three points, counts as non-locality.

    Parameters
    ----------
    estimator : regressor
        A potential with the parameter ``local``: `GaussianProcessPotentialRegressor`, or a
        network, which is slower. It is cloned, with ``local="only"`` and ``local=True``.
    X : array-like of shape (n_bins, n_samples, n_r)
        Resampled wave functions: `data` of `halkit.equations.Rows`.
    y : array-like of shape (n_bins, n_samples, n_out)
        Their targets: `target` of the rows.
    y_std : array-like of shape (n_samples, n_out), optional
        Standard deviations of the mean of y; by default from the bins.
    bins : {"jackknife", "bootstrap"}
        The kind of the bins.
    n_bootstrap : int
        Number of data sets made from the local fit.
    random_state : int, RandomState, Generator or None
        Seeds their noise.
    n_jobs : int or None
        Number of processes of joblib.

    Returns
    -------
    NonlocalityTest
        The p-value, T of the data, and T of the data sets of the local fit.

    Raises
    ------
    ValueError, TypeError
        For an estimator without the parameter ``local``, for arrays without bins, and as for the
        estimator.

    Warns
    -----
    PriorWarning
        If the prior of V, with a strength chosen by hand, moves phase shifts by more than 1.5 of
        their errors: V of such a size looks non-local.
    Warning
        As for the estimator: an UnderdeterminedWarning for rows of one quark source.

    References
    ----------
    A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application (1997), eq. (4.11).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum, Separable
    >>> from halkit.potentials import GaussianProcessPotentialRegressor
    >>> from halkit.resampling import nonlocality_test
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]) + Separable(-2e-3, 0.5), r=np.linspace(0.5, 12.0, 24),
    ...     box_radius=24.0, hadron_mass=2.0, times=range(12, 20), noise=1e-4, n_bins=20,
    ...     random_state=0,
    ... )
    >>> prior = GaussianProcessPotentialRegressor(d.r, reduced_mass=1.0, amplitude=1e-3)
    >>> nonlocality_test(
    ...     prior, d.rows.data, d.rows.target, y_std=d.sigma, random_state=0
    ... ).p_value
    0.025
    """
    waves, targets, errors = _validated(estimator, X, y, y_std, bins, n_bootstrap)
    fit = _local_fit(estimator, waves, targets, errors, bins)
    strength = getattr(fit, "local_strength_", None)
    given = {} if strength is None else {"local_strength": strength}
    local, full = (clone(estimator).set_params(local=local, **given) for local in ("only", True))
    statistic = _ratio(local, full, waves.mean(axis=0), targets.mean(axis=0), errors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fits to the data have warned
        made = _made(fit, waves, targets, bins, n_bootstrap, check_random_state(random_state))
        ratio = partial(_ratio, y_std=errors)
        models = [local] * n_bootstrap, [full] * n_bootstrap
        bootstrap = np.array(run_bins(ratio, *models, *made, n_jobs=n_jobs))
    p_value = (1 + np.sum(bootstrap >= statistic)) / (1 + n_bootstrap)
    return NonlocalityTest(float(p_value), statistic, bootstrap)


def _local_fit(estimator, X, y, y_std, bins):
    """The fit of V alone to the mean, with a strength that does not matter: see `settled`."""
    data = X.mean(axis=0), y.mean(axis=0)

    def fit(data, **parameters):
        with warnings.catch_warnings():
            # the test is about a V alone that does not suit the data
            warnings.simplefilter("ignore", UnderdeterminedWarning)
            warnings.simplefilter("ignore", MisfitWarning)
            return clone(estimator).set_params(local="only", **parameters).fit(*data, y_std=y_std)

    def fit_bins(centre):
        return [fit(bin_, local_strength=centre.local_strength) for bin_ in zip(X, y, strict=True)]

    centre = fit(data)
    if getattr(centre, "local_strength_", None) is None:
        return centre
    with warnings.catch_warnings():
        # a strength that does not matter is what the test is for, however large
        warnings.filterwarnings("ignore", "local_strength was raised")
        # and V alone may bind what the data do not have
        warnings.simplefilter("ignore", OverfitWarning)
        warnings.filterwarnings("ignore", "in .* bins the fit has another number")
        return settled(centre, fit_bins(centre), partial(fit, data), fit_bins, bins)[0]


def _validated(estimator, X, y, y_std, bins, n_bootstrap):
    if "local" not in getattr(estimator, "get_params", dict)():
        raise ValueError(
            f"estimator must have the parameter local, got {type(estimator).__name__} without"
        )
    check_choice(bins, "bins", RESAMPLINGS[:2])
    check_integer(n_bootstrap, "n_bootstrap", least=1)
    X, y = check_array(X, "X"), check_array(y, "y")
    if X.ndim != 3 or y.ndim != 3 or X.shape[:2] != y.shape[:2] or len(X) < 2:
        raise ValueError(
            "X and y must have shapes (n_bins, n_samples, n_r) and (n_bins, n_samples, n_out) with "
            f"at least two bins, got {X.shape} and {y.shape}"
        )
    y_std = resampling_error(y, bins) if y_std is None else y_std
    y_std = check_y_std(y_std, y.shape[1:])
    refuse_other_kind(y, y_std, bins, "bins")
    return X, y, y_std


def _ratio(local, full, X, y, y_std):
    """T of two fits to the same rows."""
    with warnings.catch_warnings():
        # the test is about a V alone that does not suit the data
        warnings.simplefilter("ignore", UnderdeterminedWarning)
        warnings.simplefilter("ignore", MisfitWarning)
        local_chi2, full_chi2 = (
            np.sum(((clone(model).fit(X, y, y_std=y_std).predict(X) - y) / y_std) ** 2)
            for model in (local, full)
        )
    return float(local_chi2 / full_chi2)


def _made(fit, X, y, bins, n_bootstrap, random):
    """Wave functions and targets of the local fit, with the noise of the mean."""
    mean = X.mean(axis=0)
    residuals = y - np.array([fit.predict(bin_) for bin_ in X])
    n = len(X)
    size = np.sqrt((n - 1) / n if bins == "jackknife" else 1 / (n - 1))
    xi = size * random.standard_normal((n_bootstrap, n))
    noise, rest = (np.tensordot(xi, v - v.mean(axis=0), axes=1) for v in (X, residuals))
    made = mean + noise
    return made, np.array([fit.predict(one) for one in made]) + rest
