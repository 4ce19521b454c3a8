"""The integrated autocorrelation time of a Markov chain, by the Γ-method.

    τ_int = ½ + Σ_{t=1}^{W} ρ(t),    ρ(t) = Γ(t)/Γ(0),    Γ(t) = ⟨(a_s − ā)(a_{s+t} − ā)⟩

The window W is the first at which the error e^{−W/τ} of cutting the sum falls below the
statistical one; the variance of a mean of N measurements is 2 τ_int Γ(0)/N. Where successive
measurements are anticorrelated, the sum stops at W = 1.
"""

from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from halkit.checks import check_array
from halkit.warn import warn_caller

__all__ = ["AutocorrelationTime", "autocorrelation_time"]

LENGTH = 20
RATIO = 1.5  # S of Wolff (2004): the assumed ratio of τ, the exponential time, to τ_int.


class AutocorrelationTime(NamedTuple):
    """Integrated autocorrelation time.

    Attributes
    ----------
    value : float
        τ_int in units of the spacing of the measurements; ½ if they are independent.
    error : float
        Its statistical error.
    window : int
        Largest separation W in the sum.
    """

    value: float
    error: float
    window: int


def autocorrelation_time(series):
    """Return the integrated autocorrelation time of a measured quantity.

    Parameters
    ----------
    series : array of shape (n_measurements,) or (n_chains, n_measurements)
        Real measurements at equal spacing, of one chain or of chains of the same length that
        sample the same distribution: they share one mean.

    Returns
    -------
    AutocorrelationTime
        Named tuple of ``value``, ``error`` and ``window``. NaN if every chain is constant, for
        a chain that never moved tells nothing about how long it takes to move.

    Raises
    ------
    ValueError, TypeError
        If the series is not real and finite, or has fewer than 8 measurements.

    Warns
    -----
    AccuracyWarning
        If every chain is constant, or shorter than 20 τ_int, or if τ_int of anticorrelated
        measurements is not to be told from zero.

    References
    ----------
    U. Wolff, Comput. Phys. Commun. 156, 143 (2004); the window of series that alternate, ρ(1) < 0:
    C. J. Geyer, Statist. Sci. 7, 473 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import autocorrelation_time
    >>> noise = np.random.default_rng(0).normal(size=(4, 5000))
    >>> round(autocorrelation_time(noise).value, 1)
    0.5
    """
    series = _check_series(series)
    if (np.ptp(series, axis=1) <= 1e-14 * np.abs(series).max(axis=1)).all():
        warn_caller(
            "every chain is constant: its autocorrelation time is unknown; run a longer chain"
        )
        return AutocorrelationTime(np.nan, np.nan, 0)
    n_total = series.size
    rho = _normalised_correlation(series)
    partial = np.cumsum(rho) - 0.5
    window = _window(partial, n_total)
    if rho[1] < -3 / np.sqrt(n_total) or partial[window] <= 0:
        window = _window_of_pairs(rho)
    # The mean is estimated from the same data: Wolff's correction of order W/N.
    value = float(partial[window] * (1 + (2 * window + 1) / n_total))
    if value <= 0:
        warn_caller(
            "the measurements are anticorrelated, and too few to tell τ_int from zero: 0.5, that "
            "of independent ones, is an upper bound; run longer chains",
        )
        value = 0.5
    if series.shape[1] < LENGTH * value:
        warn_caller(
            f"chains of {series.shape[1]} measurements are shorter than {LENGTH} autocorrelation "
            f"times of {value:.3g}: take it as a lower bound, and run longer chains",
        )
    error = 2 * value * np.sqrt(max(window + 0.5 - value, 0.5) / n_total)
    return AutocorrelationTime(value, float(error), window)


def _check_series(series):
    series = np.atleast_2d(check_array(series, "series", booleans=True))
    if series.ndim != 2 or series.shape[1] < 8:
        raise ValueError(
            "series must have shape (n_measurements,) or (n_chains, n_measurements), with at "
            f"least 8 measurements; got {series.shape}"
        )
    return series


def _normalised_correlation(series):
    """Return ρ(t) for t = 0 … n/2, the mean over the chains about their common mean."""
    n = series.shape[1]
    size = next_fast_len(2 * n, real=True)
    spectrum = np.abs(rfft(series - series.mean(), size)) ** 2
    sums = irfft(spectrum.sum(axis=0), size)[: n // 2 + 1]
    gamma = sums / (n - np.arange(len(sums)))
    return gamma / gamma[0]


def _window_of_pairs(rho):
    """Return the last lag before ρ(2k) + ρ(2k + 1) ceases to be positive.

    A reversible chain has positive pairs, whatever the signs of ρ (C. J. Geyer, Statist. Sci. 7,
    473 (1992)).
    """
    pairs = rho[: len(rho) // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    return max(2 * int(ends[0] if ends.size else len(pairs)) - 1, 1)


def _window(partial, n_total):
    """Return the window at which the sum of cutting and statistical error is least.

    g(W) = e^{−W/τ} − τ/√(W N) is minus the derivative of that sum; τ follows from τ_int(W)
    as if ρ were one exponential, S = `RATIO`.
    """
    W = np.arange(1, len(partial))
    tau_int = np.maximum(partial[1:], 0.5 + 1e-9)
    tau = RATIO / np.log((2 * tau_int + 1) / (2 * tau_int - 1))
    falls = np.exp(-W / tau) < tau / np.sqrt(W * n_total)
    return int(W[np.argmax(falls)] if falls.any() else W[-1])
