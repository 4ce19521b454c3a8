"""The error of a quantity from N samples of it, for each kind of samples.

N values f_b of one quantity, with the mean f̄ and the central value f, have the error

    jackknife                       sqrt((N − 1)/N Σ_b (f_b − f̄)²),
    bootstrap, draws, seeds, starts sqrt(Σ_b (f_b − f̄)²/(N − 1)),
    variations                      max_b |f_b − f|.

A jackknife sample leaves one bin of data out. Bootstrap samples, draws from a posterior, and
fits from other seeds or starts scatter by the error itself. Variations are choices made by hand
(windows, ranges, widths). Their error is the largest distance from the centre, so that it does
not shrink with the number of choices tried.

An error from N bins is itself uncertain by 1/√(2N − 2); `pooled_errors` averages it over rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from halkit.checks import check_array, check_integer, refuse_masked
from halkit.scaling import std as spread_of
from halkit.typing import Array, Numbers

__all__ = [
    "KINDS",
    "Kind",
    "bin_averages",
    "fluctuations",
    "jackknife_samples",
    "left_out",
    "pooled_errors",
    "shrinkage",
    "standard_error",
    "with_samples",
]

Kind: TypeAlias = Literal["jackknife", "bootstrap", "draws", "seeds", "starts", "variations"]
# λ of bins that are all alike would be 0, where the covariance cannot be inverted.
LEAST = 0.01
KINDS: tuple[Kind, ...] = ("jackknife", "bootstrap", "draws", "seeds", "starts", "variations")


def standard_error(
    samples: NDArray[Any], kind: Kind, *, centre: NDArray[Any] | float | None = None, axis: int = 0
) -> Any:
    """Return the standard error of a quantity from samples of a kind.

    Parameters
    ----------
    samples : ndarray
        Real values.
    kind : {"jackknife", "bootstrap", "draws", "seeds", "starts", "variations"}
    centre : ndarray, optional
        Central values, without the axis of the samples; only variations need them. Default:
        the mean of the samples.
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray
        The errors, without that axis. NaN where a sample is NaN or infinite, and for a single
        sample, unless it is a variation with a centre.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.samples import standard_error
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> [round(float(standard_error(x, kind)) ** 2, 6) for kind in ("bootstrap", "jackknife")]
    [7.0, 9.333333]
    >>> float(standard_error(x, "variations", centre=2.0))
    4.0
    """
    n = samples.shape[axis]
    samples = np.where(np.isinf(samples), np.nan, samples)
    if kind == "variations" and centre is not None:
        return np.abs(samples - np.expand_dims(centre, axis)).max(axis=axis)
    spread = spread_of(samples, axis)
    if n < 2:
        return np.full_like(spread, np.nan)[()]
    if kind == "variations":
        return np.abs(samples - samples.mean(axis=axis, keepdims=True)).max(axis=axis)
    return spread * np.sqrt(n - 1 if kind == "jackknife" else n / (n - 1))


def pooled_errors(std: Numbers, values: Numbers, groups: Any = None) -> Array:
    """Errors of rows with similar relative errors, averaged over the rows.

    For the weights of a fit, since an error from N bins is itself uncertain by 1/√(2N − 2). Each
    column takes ``|value|`` times the root mean square of std/value over the rows of its group.

    Parameters
    ----------
    std : array-like of shape (n_samples, n_out)
        Errors of the targets y from the bins.
    values : array-like of shape (n_samples, n_out)
        Values that define relative errors, nowhere zero: the means of R(t, r) at the output nodes.
    groups : array-like of shape (n_samples,), optional
        Labels of rows that are averaged together, such as the quark source or the volume. By
        default all rows are averaged.

    Returns
    -------
    ndarray of shape (n_samples, n_out)

    Raises
    ------
    ValueError, TypeError
        If shapes differ, if an error is not positive or a value zero, and if all errors are larger
        than the values, as if the two were exchanged.

    Examples
    --------
    >>> from halkit.resampling import pooled_errors
    >>> pooled_errors([[0.1, 0.4], [0.7, 0.4]], [[1.0, 4.0], [1.0, 2.0]]).round(3)
    array([[0.5  , 0.632],
           [0.5  , 0.316]])
    """
    std, values = check_array(std, "std", sign="> 0"), check_array(values, "values")
    if std.ndim != 2 or std.shape != values.shape:
        raise ValueError(
            f"std and values must have one shape (n_samples, n_out), got {std.shape} and "
            f"{values.shape}"
        )
    if not np.all(values):
        raise ValueError("values must not be zero: errors are taken relative to them")
    if np.all(std > np.abs(values)):
        raise ValueError(
            "std must be errors, smaller than |values| at least somewhere, got larger ones "
            "everywhere: the two may have been exchanged (if not, give y in a larger unit)"
        )
    refuse_masked(groups, "groups")
    groups = np.zeros(len(std)) if groups is None else np.asarray(groups)
    if groups.shape != (len(std),):
        raise ValueError(f"groups must have shape ({len(std)},), got {groups.shape}")
    if np.any(groups != groups):  # noqa: PLR0124
        raise ValueError("groups must be labels, got NaN, which equals no label")
    square = (std / values) ** 2
    pooled = np.empty_like(std)
    for label in np.unique(groups):
        rows = groups == label
        pooled[rows] = np.sqrt(square[rows].mean(axis=0)) * np.abs(values[rows])
    return pooled


@overload
def jackknife_samples(configs: Mapping[str, Numbers], *, bin_size: int = 1) -> dict[str, Array]: ...


@overload
def jackknife_samples(configs: Numbers, *, bin_size: int = 1) -> Array: ...


def jackknife_samples(configs: Any, *, bin_size: int = 1) -> Any:
    """Averages that leave one bin of configurations out.

    Form ratios of correlators from these averages, not from single configurations.

    Parameters
    ----------
    configs : array-like of shape (n_configs, ...), or mapping of str to such
        Measurements, in the order of the Markov chain; of each quark source by its name.
    bin_size : int
        Consecutive configurations in a bin: several autocorrelation times.

    Returns
    -------
    ndarray of shape (n_configs / bin_size, ...), or dict of str to such

    Raises
    ------
    ValueError
        If bin_size does not divide the number of configurations (no configuration is dropped), or
        leaves fewer than two bins; for complex or infinite values.
    TypeError
        For objects with their own errors.

    Examples
    --------
    >>> from halkit.resampling import jackknife_samples
    >>> jackknife_samples([1.0, 3.0, 5.0, 7.0], bin_size=2)
    array([6., 2.])
    """
    if isinstance(configs, Mapping):
        return {
            name: jackknife_samples(values, bin_size=bin_size) for name, values in configs.items()
        }
    bins = bin_averages(configs, bin_size)
    return (bins.sum(axis=0) - bins) / (len(bins) - 1)


def bin_averages(configs: Numbers, bin_size: int) -> Array:
    """Return averages over consecutive configurations, (n_bins, ...), n_bins ≥ 2."""
    configs = check_array(with_samples(configs, "configs"), "configs")
    bin_size = check_integer(bin_size, "bin_size", least=1)
    n_bins, left = divmod(len(configs), bin_size)
    if left:
        raise ValueError(
            f"bin_size must divide the number of configurations, {len(configs)}, got {bin_size}: "
            f"{left} would be left over"
        )
    if n_bins < 2:
        raise ValueError(
            f"configs must fill two bins at least, got {len(configs)} configurations in bins of "
            f"{bin_size}"
        )
    return configs.reshape(n_bins, bin_size, *configs.shape[1:]).mean(axis=1)


def with_samples(values: Any, name: str) -> Array:
    """Return real numbers as float64, with at least one axis; NaN is accepted."""
    values = check_array(values, name, finite=False)
    if values.ndim == 0:
        raise ValueError(f"{name} must have an axis of samples, got a single number")
    return values


def fluctuations(bins: Array, kind: str) -> Array:
    """Fluctuations Δ (n_bins, ...) of jackknife or bootstrap bins: Δᵀ Δ is the covariance."""
    n = len(bins)
    scale = np.sqrt((n - 1) / n if kind == "jackknife" else 1 / (n - 1))
    return scale * (bins - bins.mean(axis=0))


def left_out(noise: Array) -> Iterator[tuple[Array, Array]]:
    """Yield each bin as a mean of pure noise (p,), with the `fluctuations` of the other bins.

    Both have the covariance of the mean of all bins, and are independent of each other.
    """
    n = len(noise)
    for b in range(n):
        others = np.delete(noise, b, axis=0)
        centre = others.mean(axis=0)
        # of n − 1 independent fluctuations: the sum of squares is (n − 2)/(n − 1) of all
        around = (others - centre) * np.sqrt((n - 1) / (n - 2))
        yield (noise[b] - centre) * (n - 1) / np.sqrt(n), around


def shrinkage(Z: Array) -> float:
    """λ of Schäfer and Strimmer for Z (n_bins, p) with the correlation matrix ``Z.T @ Z``."""
    n, p = Z.shape
    square = np.sum((Z @ Z.T) ** 2) - p
    each = Z * np.sqrt(n - 1)
    fourth = np.sum(np.sum(each**2, axis=1) ** 2) - np.sum(each**4)
    mean = (n - 1) / n
    variance = n / (n - 1) ** 3 * (fourth - n * mean**2 * square)
    if not square > 0:
        return 1.0
    return float(np.clip(variance / square, LEAST, 1.0))
