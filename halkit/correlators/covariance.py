r"""The covariance of times, from bins: weights of a fit, its errors and its p-value.

A covariance of d times from N bins is itself uncertain: with n = N − 1 and q = d − p, for p
parameters, the variance of a parameter is v = n(n − 1)/(n − q)(n − q − 1) times the spread of fits
with fixed weights. Fitted bins are moved away from the centre by the root of v.

This holds on average. Where n − q < 14, single fits are far off: with 10 bins of 8 times one in
twenty by more than 3 errors. Then the correlation matrix is shrunk, (1 − λ) R + λ 1, with the λ of
Schäfer and Strimmer, which makes weights that fluctuate less. What these fits do to noise follows
from the bins: each of them, less the mean of the others, is noise that the covariance of the others
has not seen. The size of the parameters fitted to it is the error of N − 1 bins. Its χ² has a mean
and a variance, and so as many degrees of freedom as a χ² distribution of the same relative
variance, ν ≤ q; the χ² of the fit over this mean follows F(ν, Nν).

Bootstrap samples, S averages of N bins drawn with replacement, have the covariance of N bins times
(N − 1)/N, known as that of n + 1 bins with 1/n = 1/(N − 1) + 1/(S − 1). Bins with normal noise and
a given covariance are a random rotation of any others, so that n + 1 normal ones with this
covariance take their place. N is given, or follows from more times than N: samples have N − 1
independent directions.

References: D. Toussaint, W. Freeman, arXiv:0808.2211 (χ² with an estimated covariance: F
distribution); W. J. Percival et al., MNRAS 439 (2014) 2531 (errors of parameters with one);
J. Schäfer, K. Strimmer, Stat. Appl. Genet. Mol. Biol. 4 (2005) 32 (λ).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from halkit.samples import Kind, fluctuations, left_out, shrinkage, standard_error
from halkit.scaling import exponent
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["Weights", "bins_of_samples", "warn_of_unknown_bins"]

# Bins less 1 and less the degrees of freedom, below which R is shrunk.
FEW = 14
# Rounding of samples, in units of their size, and a direction beside the largest that is none.
ROUNDING, NO_DIRECTION = 1e-13, 1e-9
# Factor by which errors may be too small without a warning.
UNKNOWN = 1.2


def bins_of_samples(samples: Array, n_bins: int | None = None) -> tuple[int | None, int]:
    """Return the number of bins that bootstrap samples are drawn from, or None, and the least one.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_t)
    n_bins : int, optional
        The number according to the user.

    Raises
    ------
    ValueError
        If there are more directions than `n_bins` bins have.

    Warns
    -----
    AccuracyWarning
        If there are fewer directions, although the samples have room for more.
    """
    samples = np.ldexp(samples, -exponent(samples, axis=0, keepdims=True))
    away = samples - samples.mean(axis=0)
    std = np.sqrt(np.mean(away**2, axis=0))
    known = std > ROUNDING * np.abs(samples).max(axis=0)
    if not known.any():
        return n_bins, 2
    Z = away[:, known] / std[known]
    alike = np.abs(np.triu(Z.T @ Z / len(Z), 1)) > 1 - 1e-12  # times that are copies of others
    Z = Z[:, ~alike.any(axis=0)]
    size = np.linalg.svd(Z, compute_uv=False)
    noise = ROUNDING * np.max(np.abs(samples).max(axis=0)[known] / std[known]) * np.sqrt(len(Z))
    rank = int(np.count_nonzero(size > max(noise, NO_DIRECTION * size[0])))
    if n_bins is not None and rank >= n_bins:
        raise ValueError(
            f"n_configs must be {rank + 1} at least, as many as the samples have independent "
            f"directions and one, got {n_bins}"
        )
    seen = rank < min(len(Z) - 1, Z.shape[1])
    if seen and n_bins is not None and n_bins > rank + 1:
        warn_caller(
            f"n_configs is {n_bins}, and the samples have only {rank} independent directions, as "
            f"many as {rank + 1} configurations, or bins of them, have: give n_configs={rank + 1}, "
            "or errors are too small"
        )
    return rank + 1 if seen and n_bins is None else n_bins, rank + 1


class Weights:
    """Weights of a fit to the mean of bins.

    Parameters
    ----------
    y : ndarray of shape (n_bins, n_t)
    kind : {"jackknife", "bootstrap"}
    correlated : bool
        Whether the covariance of the times weights the residuals; otherwise their errors.
    dof : int
        Times less parameters.
    n_bins : int, optional
        The number of bins that bootstrap samples are drawn from, if it is known.

    Attributes
    ----------
    whiten : ndarray of shape (n_t, n_t)
        Turns residuals of the mean into independent ones of unit variance.
    n_drawn : int or None
        `n_bins`.

    Raises
    ------
    ValueError
        If a time has no error, if there are too few bins, or if the covariance is singular.
    """

    def __init__(
        self, y: Array, kind: Kind, correlated: bool, dof: int, n_bins: int | None = None
    ) -> None:
        self.correlated, self.dof, self.n_drawn = correlated, dof, n_bins
        self.known = kind == "jackknife" or n_bins is not None
        self.narrow = 1.0 if kind == "jackknife" or n_bins is None else np.sqrt(1 - 1 / n_bins)
        self.errors = standard_error(y, kind) / self.narrow
        if not np.all(self.errors > 0):
            raise ValueError("C must have errors in the window, got equal bins at some time")
        self.noise = fluctuations((y - y.mean(axis=0)) / self.errors, kind)
        self.shrinkage: float | None = None
        if not correlated:
            self.whiten = np.diag(1 / self.errors)
            return
        drawn = "" if n_bins is None else f" that count, of {n_bins} that samples are drawn from"
        if kind == "bootstrap" and n_bins is not None:
            self.noise = _like_bins(self.noise / self.narrow, n_bins)
        n_bins, n_t = self.noise.shape
        if n_bins <= n_t + 1:
            raise ValueError(
                f"correlated must be False, or there must be more bins than the {n_t} times + 1 of "
                f"the window for their covariance, got {n_bins}{drawn}"
            )
        if dof > 0 and n_bins - 1 - dof < FEW:
            self.shrinkage = shrinkage(self.noise)
        self.whiten = self._root(self.noise) / self.errors

    @property
    def _variance(self) -> float:
        """Of a parameter, in spreads of fits with fixed weights."""
        return _inflation(len(self.noise) - 1, self.dof)

    def _root(self, noise: Array) -> Array:
        """The root of the inverse covariance of fluctuations, in units of the errors."""
        errors = np.sqrt(np.sum(noise**2, axis=0))
        correlation = (noise / errors).T @ (noise / errors)
        if self.shrinkage is not None:
            correlation = (1 - self.shrinkage) * correlation + self.shrinkage * np.eye(len(errors))
        value, vector = np.linalg.eigh(correlation)
        if value[0] < 1e-12 * value[-1]:
            raise ValueError(
                "correlated must be False, or the window shorter: the covariance of its times is "
                f"singular, with eigenvalues {value[0]:.1e} and {value[-1]:.1e} of the correlation"
            )
        return (vector / np.sqrt(value)).T / errors

    def spread_factors(self, tangents: Array) -> Any:
        """Errors of parameters in spreads of fits with fixed weights.

        Parameters
        ----------
        tangents : ndarray of shape (n_t, n_parameters)
            Derivatives of the fit by its parameters.

        Returns
        -------
        float, or ndarray of shape (n_parameters,)
        """
        if not self.correlated:
            return 1 / self.narrow
        if self.shrinkage is None:
            return np.sqrt(self._variance) / self.narrow
        fixed = self.noise @ _fitted(self._root(self.noise), tangents / self.errors[:, None]).T
        square = np.mean(self._of_noise(tangents)[0] ** 2, axis=0) / np.sum(fixed**2, axis=0)
        return np.sqrt(square * len(fixed) / (len(fixed) - 1)) / self.narrow

    def judge(self, chi2: float, tangents: Array) -> tuple[float, Any]:
        """Return χ², with the mean `dof` on noise if R is shrunk, and its p-value."""
        dof, n_bins = self.dof, len(self.noise)
        if not self.correlated or not dof:
            return chi2, np.nan
        if self.shrinkage is not None:
            of_noise = self._of_noise(tangents)[1]
            chi2 *= dof / of_noise.mean()
            # the known covariance has the most, dof; a mean of N values has N times as many
            like = min(2 * of_noise.mean() ** 2 / of_noise.var(ddof=1), dof)
            return chi2, float(fdtrc(like, like * n_bins, chi2 / dof))
        if not self.known:
            return chi2, float(chdtrc(dof, chi2))
        # for jackknife bins χ² (N − dof)/(N − 1)dof follows F(dof, N − dof)
        scaled = chi2 * (n_bins - dof) / ((n_bins - 1) * dof)
        return chi2, float(fdtrc(dof, n_bins - dof, scaled))

    def _of_noise(self, tangents):
        """Parameters (n_bins, n_parameters) fitted to each bin as noise, and χ² (n_bins,)."""
        parameters, chi2, tangents = [], [], tangents / self.errors[:, None]
        for mean, around in left_out(self.noise):
            root = self._root(around)
            parameters.append(_fitted(root, tangents) @ mean)
            chi2.append(np.sum((root @ (mean - tangents @ parameters[-1])) ** 2))
        return np.array(parameters), np.array(chi2)


def _like_bins(noise, n_bins):
    """Normal fluctuations with the covariance of bootstrap samples of some bins."""
    n = 1 + int(1 / (1 / (n_bins - 1) + 1 / (len(noise) - 1)) + 0.5)
    n_t = noise.shape[1]
    if n <= n_t + 1:
        return noise[:n]  # too few, which is told with their number
    normal = np.random.default_rng(0).standard_normal((n, n_t))
    basis, _ = np.linalg.qr(normal - normal.mean(axis=0))
    value, vector = np.linalg.eigh(noise.T @ noise)
    return basis @ (vector * np.sqrt(np.maximum(value, 0.0))).T


def warn_of_unknown_bins(least: int, dof: int) -> None:
    """Warn of a correlated fit to bootstrap samples that may come from few bins.

    Parameters
    ----------
    least : int
        The least number of bins.
    dof : int
    """
    factor = np.sqrt(_inflation(least - 1, dof)) if least > dof + 2 else np.inf
    if factor > UNKNOWN:
        size = "any factor" if np.isinf(factor) else f"a factor of {factor:.2g}"
        warn_caller(
            f"n_configs is not known: the error of the mass may be too small by {size}, if these "
            f"bootstrap samples are drawn from only {least} configurations, or bins of them. Give "
            "n_configs, more times of C, or jackknife samples"
        )


def _inflation(n, q):
    """The variance of a parameter over the spread of fits with fixed weights."""
    return n * (n - 1) / ((n - q) * (n - q - 1))


def _fitted(root, tangents):
    """The matrix from residuals to parameters, by the root of the weights."""
    basis = root @ tangents
    size = np.linalg.norm(basis, axis=0)
    return np.linalg.pinv(basis / size) @ root / size[:, None]
