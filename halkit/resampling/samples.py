r"""From configurations to resampled averages, and from averages to errors.

With N bins of configurations and their averages x_b, a jackknife sample leaves one bin out,

    x̄_b = (Σ_c x_c − x_b)/(N − 1),   σ² = (N − 1)/N Σ_b (x̄_b − x̄)²,

a bootstrap sample is the average of N bins drawn with replacement, and σ is the standard
deviation of the samples. Both go through any function f: σ_f follows from f(x̄_b).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, overload

import numpy as np

from halkit.checks import check_array, check_choice, check_integer
from halkit.samples import bin_averages, jackknife_samples, standard_error, with_samples
from halkit.seeds import check_random_state
from halkit.typing import Array, Numbers, Random

__all__ = [
    "RESAMPLINGS",
    "Resampling",
    "bootstrap_samples",
    "check_bins",
    "check_resample",
    "jackknife_error",
    "jackknife_mean",
    "jackknife_samples",
    "refuse_other_kind",
    "resampling_error",
]

Resampling: TypeAlias = Literal["jackknife", "bootstrap", "seeds"]
RESAMPLINGS: tuple[Resampling, ...] = ("jackknife", "bootstrap", "seeds")


@overload
def bootstrap_samples(
    configs: Mapping[str, Numbers], n_samples: int, *, bin_size: int = 1, random_state: Random = 0
) -> dict[str, Array]: ...


@overload
def bootstrap_samples(
    configs: Numbers, n_samples: int, *, bin_size: int = 1, random_state: Random = 0
) -> Array: ...


def bootstrap_samples(
    configs: Any, n_samples: int, *, bin_size: int = 1, random_state: Random = 0
) -> Any:
    """Averages of bins of configurations drawn with replacement.

    Calls with the same numbers of bins and samples and the same integer `random_state` draw the
    same bins, as the correlators of one ensemble must: then the fluctuations that they share
    cancel in ratios.

    Parameters
    ----------
    configs : array-like of shape (n_configs, ...), or mapping of str to such
        Measurements, in the order of the Markov chain; of each quark source by its name. All arrays
        of a mapping have the same draws.
    n_samples : int
        Number of samples, at least 2.
    bin_size : int
        Consecutive configurations in a bin.
    random_state : int, RandomState, Generator or None
        Seed of the draws, by default 0. With None, or a RandomState or Generator, which go on, each
        call draws other bins: only for ensembles that are independent of each other, as of two
        volumes.

    Returns
    -------
    ndarray of shape (n_samples, ...), or dict of str to such

    Raises
    ------
    ValueError, TypeError
        As `jackknife_samples`; if the arrays of a mapping differ in the number of configurations.

    Examples
    --------
    >>> from halkit.resampling import bootstrap_samples
    >>> bootstrap_samples([[1.0, 3.0]] * 5, 100).shape
    (100, 2)
    """
    n_samples = check_integer(n_samples, "n_samples", least=2)
    of = configs if isinstance(configs, Mapping) else {"": configs}
    bins = {name: bin_averages(values, bin_size) for name, values in of.items()}
    numbers = {name: len(values) for name, values in bins.items()}
    if len(set(numbers.values())) > 1:
        raise ValueError(f"configs must have the same number of bins, got {numbers}")
    if not numbers:
        raise ValueError("configs must have one array at least, got none")
    n = next(iter(numbers.values()))
    drawn = check_random_state(random_state).randint(n, size=(n_samples, n))
    weights = np.stack([np.bincount(draw, minlength=n) for draw in drawn]) / n
    samples = {name: np.tensordot(weights, values, axes=1) for name, values in bins.items()}
    return samples if isinstance(configs, Mapping) else samples[""]


def jackknife_mean(samples: Numbers, axis: int = 0) -> Array:
    """Mean of jackknife samples; for averages it is the mean of all measurements.

    Parameters
    ----------
    samples : array-like
        Jackknife samples of a number or an array.
    axis : int
        The axis of the samples.
    """
    return with_samples(samples, "samples").mean(axis=axis)


def jackknife_error(samples: Numbers, axis: int = 0) -> Array:
    """Standard error sqrt((N − 1)/N Σ_b (x_b − x̄)²) from N jackknife samples.

    Parameters
    ----------
    samples : array-like
        Jackknife samples of a number or an array.
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray
        Without that axis; NaN where a sample is NaN or infinite.

    Raises
    ------
    ValueError
        For a single sample.

    Examples
    --------
    The error of an average is σ/√N:

    >>> import numpy as np
    >>> from halkit.resampling import jackknife_error, jackknife_samples
    >>> x = np.array([1.0, 2.0, 4.0, 9.0])
    >>> bool(np.isclose(jackknife_error(jackknife_samples(x)), x.std(ddof=1) / 2))
    True
    """
    return resampling_error(samples, "jackknife", axis)


def resampling_error(samples: Numbers, resample: Resampling, axis: int = 0) -> Array:
    """Standard error from N samples of one kind.

    Parameters
    ----------
    samples : array-like
    resample : {"jackknife", "bootstrap", "seeds"}
        Jackknife: sqrt((N − 1)/N Σ_b (x_b − x̄)²). Bootstrap and seeds: the standard deviation,
        sqrt(Σ_b (x_b − x̄)²/(N − 1)).
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray
        Without that axis; NaN where a sample is NaN or infinite.

    Raises
    ------
    ValueError
        For a single sample.
    """
    check_resample(resample)
    values = with_samples(samples, "samples")
    if values.shape[axis] < 2:
        raise ValueError(f"samples must be two at least, got {values.shape[axis]}")
    return standard_error(values, resample, axis=axis)


def check_resample(resample: object) -> None:
    """Refuse a kind of samples that gives no error, such as the "mean" of an ensemble.

    Raises
    ------
    ValueError
    """
    if isinstance(resample, str) and resample == "mean":
        raise ValueError(
            f"resample must be one of {[*RESAMPLINGS]}, got 'mean': the mean of an ensemble has no "
            "bins, and so no errors. Fit the estimator itself, to X, y = rows.mean(); or make rows "
            "of jackknife or bootstrap bins"
        )
    check_choice(resample, "resample", RESAMPLINGS)


def refuse_other_kind(y: Array, y_std: Array, resample: Resampling, name: str) -> None:
    """Refuse bins that are of the other kind according to `y_std`.

    N jackknife samples scatter by σ/√(N − 1) around their mean, N bootstrap samples by σ.

    Parameters
    ----------
    y : ndarray of shape (n_bins, ...)
    y_std : ndarray of shape (...)
        Errors of the mean of y.
    resample : {"jackknife", "bootstrap"}
        The kind of the bins according to the parameter `name`.

    Raises
    ------
    ValueError
        If `y_std` agrees within a factor of 1.5 with the error of y as bins of the other kind, and
        differs by more than a factor of 2 from the error as bins of this kind.
    """
    other = RESAMPLINGS[1 - RESAMPLINGS.index(resample)]
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        this, that = (
            np.abs(np.log(np.median(standard_error(y, kind) / y_std))) for kind in (resample, other)
        )
    if that < np.log(1.5) and this > np.log(2.0):
        raise ValueError(
            f"{name} must be {other!r} for these bins, got {resample!r}: y_std is their error as "
            f"{other} samples, and {np.exp(this):.2g} times off as {resample} samples"
        )


def check_bins(values: object, name: str) -> Array:
    """Finite numbers with bins on the first axis; an error names the bins."""
    values = check_array(values, name, finite=False)
    if not values.size or not values.ndim:
        raise ValueError(f"{name} must have bins of samples, got shape {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if bad.size:
        raise ValueError(
            f"{name} must be finite, got NaN or infinity in {bad.size} of {len(values)} bins: "
            f"{', '.join(map(str, bad))}"
        )
    return values
