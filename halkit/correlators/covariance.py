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

References: D. Toussaint, W. Freeman, arXiv:0808.2211 (χ² with an estimated covariance: F
distribution); W. J. Percival et al., MNRAS 439 (2014) 2531 (errors of parameters with one);
J. Schäfer, K. Strimmer, Stat. Appl. Genet. Mol. Biol. 4 (2005) 32 (λ).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from halkit.samples import Kind, fluctuations, left_out, shrinkage, standard_error
from halkit.typing import Array

__all__ = ["Weights"]

# Bins less 1 and less the degrees of freedom, below which R is shrunk.
FEW = 14


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

    Attributes
    ----------
    whiten : ndarray of shape (n_t, n_t)
        Turns residuals of the mean into independent ones of unit variance.

    Raises
    ------
    ValueError
        If a time has no error, if there are too few bins, or if the covariance is singular.
    """

    def __init__(self, y: Array, kind: Kind, correlated: bool, dof: int) -> None:
        self.kind, self.correlated, self.dof = kind, correlated, dof
        self.errors = standard_error(y, kind)
        if not np.all(self.errors > 0):
            raise ValueError("C must have errors in the window, got equal bins at some time")
        self.noise = fluctuations((y - y.mean(axis=0)) / self.errors, kind)
        self.shrinkage: float | None = None
        if not correlated:
            self.whiten = np.diag(1 / self.errors)
            return
        n_bins, n_t = y.shape
        if n_bins <= n_t + 1:
            raise ValueError(
                f"correlated must be False, or there must be more bins than the {n_t} times + 1 of "
                f"the window for their covariance, got {n_bins}"
            )
        if dof > 0 and n_bins - 1 - dof < FEW:
            self.shrinkage = shrinkage(self.noise)
        self.whiten = self._root(self.noise) / self.errors

    @property
    def _variance(self) -> float:
        """Of a parameter, in spreads of fits with fixed weights."""
        n = len(self.noise) - 1
        return n * (n - 1) / ((n - self.dof) * (n - self.dof - 1))

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
            return 1.0
        if self.shrinkage is None:
            return np.sqrt(self._variance)
        fixed = self.noise @ _fitted(self._root(self.noise), tangents / self.errors[:, None]).T
        square = np.mean(self._of_noise(tangents)[0] ** 2, axis=0) / np.sum(fixed**2, axis=0)
        return np.sqrt(square * len(fixed) / (len(fixed) - 1))

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
        if self.kind == "bootstrap":  # n_bins samples; the number of configurations is not known
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


def _fitted(root, tangents):
    """The matrix from residuals to parameters, by the root of the weights."""
    basis = root @ tangents
    size = np.linalg.norm(basis, axis=0)
    return np.linalg.pinv(basis / size) @ root / size[:, None]
