r"""Do residuals agree with zero, given the covariance of their bins?

N bins know a covariance of p ≫ N numbers only in N − 1 directions. With the errors σ of the mean d
and the correlation matrix R of the bins, the quadratic form

    χ² = zᵀ [(1 − λ) R + λ 1]⁻¹ z,    z = d/σ,

takes the directions that the bins know from R, and all others as independent. λ is the estimate of
Schäfer and Strimmer, Σ_{i≠j} Var(r_ij)/Σ_{i≠j} r_ij². What noise alone gives follows from the bins:
each of them, less the mean of the others and scaled to the covariance of d, is a d of pure noise,
with a χ² from the covariance of the others. Their mean is `dof`, and a χ² distribution of their
mean and variance gives the p-value. On Gaussian noise of 60 and 400 numbers, white, smooth in r, or
with a Laplacian, 20 bins find p < 0.05 in 1.7 to 11 % of 120 sets.

Fits must not use this covariance: their errors collapse (20 bins: by a factor of 25 to 35).
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import gammaincc

from halkit.checks import check_choice
from halkit.equations import Rows
from halkit.equations.coupled import bin_sizes
from halkit.resampling.samples import RESAMPLINGS, check_bins
from halkit.samples import fluctuations, left_out, shrinkage
from halkit.typing import Array, Numbers

__all__ = [
    "FEWEST_BINS",
    "GoodnessOfFit",
    "NoiseModel",
    "TimeIndependence",
    "goodness_of_fit",
    "joint",
    "noise_of",
    "residuals_of",
    "time_independence_test",
]

# Bins of a covariance.
FEWEST_BINS = 4


class GoodnessOfFit(NamedTuple):
    """Result of `goodness_of_fit`.

    Attributes
    ----------
    chi2 : float
        χ² of the mean residual, with the covariance of the bins.
    dof : float
        χ² that noise alone has on average: chi2/dof is near 1 for a good fit.
    p_value : float
        Probability of such a χ² or a larger one by noise alone.
    """

    chi2: float
    dof: float
    p_value: float


class TimeIndependence(NamedTuple):
    """Result of `time_independence_test`.

    Attributes
    ----------
    chi2, dof, p_value : float
        As of `goodness_of_fit`, of all sources together.
    by_source : dict of str to GoodnessOfFit
        The same, for each quark source with at least two times.
    """

    chi2: float
    dof: float
    p_value: float
    by_source: dict[str, GoodnessOfFit]


class NoiseModel:
    """The noise of a mean of bins, with the shrunk covariance: see the module.

    Parameters
    ----------
    bins : ndarray of shape (n_bins, p)
        Only their fluctuations matter.
    kind : {"jackknife", "bootstrap"}
    """

    def __init__(self, bins: Array, kind: str) -> None:
        n = len(bins)
        if n < FEWEST_BINS:
            raise ValueError(f"the covariance of noise needs at least {FEWEST_BINS} bins, got {n}")
        self.noise = fluctuations(bins, kind)
        sigma = np.sqrt(np.sum(self.noise**2, axis=0))
        if not np.all(sigma > 0):
            raise ValueError("residuals must fluctuate between bins everywhere, got equal ones")
        self.shrinkage = shrinkage(self.noise / sigma)

    def chi2(self, mean: Array) -> float:
        """χ² of a mean, (p,)."""
        return _quadratic(mean, self.noise, self.shrinkage)

    def of_noise(self) -> Array:
        """χ² of each bin as a mean of pure noise, (n_bins,)."""
        pairs = left_out(self.noise)
        values = [_quadratic(mean, around, self.shrinkage) for mean, around in pairs]
        return np.array(values)


def goodness_of_fit(residuals: Numbers, kind: str = "jackknife") -> GoodnessOfFit:
    """χ² of residuals with the covariance of their bins, low rank plus shrinkage, and its p-value.

    Parameters
    ----------
    residuals : array-like of shape (n_bins, ...)
        Targets less predictions of each bin. If each bin has its own fit, the errors of the fit and
        its freedom also count.
    kind : {"jackknife", "bootstrap"}
        What the bins are. The covariance of bootstrap samples is taken as that of `n_bins`
        independent measurements: the p-value is then too small if there were fewer.

    Returns
    -------
    GoodnessOfFit
        chi2, dof and p_value.

    Raises
    ------
    ValueError, TypeError
        For fewer than four bins, values that are not finite, or residuals without fluctuations.

    References
    ----------
    J. Schäfer and K. Strimmer, Stat. Appl. Genet. Mol. Biol. 4, 32 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.resampling import goodness_of_fit, jackknife_samples
    >>> noise = np.random.default_rng(0).standard_normal((20, 50))
    >>> bool(goodness_of_fit(jackknife_samples(noise)).p_value > 0.01)
    True
    >>> bool(goodness_of_fit(jackknife_samples(noise + 0.5)).p_value < 1e-6)
    True
    """
    check_choice(kind, "kind", RESAMPLINGS[:2])
    bins = check_bins(residuals, "residuals").reshape(len(residuals), -1)  # type: ignore[arg-type]
    return joint([bins], kind)


def joint(parts: list[Array], kind: str) -> GoodnessOfFit:
    """The goodness of residuals (n_bins, p) of independent ensembles together."""
    models = [NoiseModel(bins, kind) for bins in parts]
    means = [bins.mean(axis=0) for bins in parts]
    chi2 = sum(model.chi2(mean) for model, mean in zip(models, means, strict=True))
    noise = [model.of_noise() for model in models]
    dof = float(sum(values.mean() for values in noise))
    variance = sum(values.var(ddof=1) for values in noise)
    half = dof**2 / variance
    return GoodnessOfFit(float(chi2), dof, float(gammaincc(half, half * chi2 / dof)))


def time_independence_test(rows: Rows, potential: Any = None) -> TimeIndependence:
    """Test the hypothesis that V(r; t) does not depend on t.

    V(r; t) = y/R of each source and time. A local potential gives the same V at all times; excited
    states of the hadrons, a coarse time stencil, or a non-local U (whose y/R changes with R) do
    not. The test is `goodness_of_fit` of V(r; t) less its average over the times of each source.

    Parameters
    ----------
    rows : Rows
        With bins, of one volume, and of two times or more of at least one source.
    potential : fitted estimator, optional
        Its action U R is subtracted from y first: the test is then whether what it does not
        describe depends on t.

    Returns
    -------
    TimeIndependence
        chi2, dof, p_value, and the same for each source in `by_source`.

    Raises
    ------
    ValueError, TypeError
        If there are no bins, no source has two times, or R vanishes somewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.resampling import time_independence_test
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
    ...     hadron_mass=2.0, times=range(12, 20), noise=1e-4, n_bins=20, random_state=0,
    ... )
    >>> bool(time_independence_test(d.rows).p_value > 0.01)
    True
    """
    if not isinstance(rows, Rows):
        raise TypeError(f"rows must be Rows, got a {type(rows).__name__}")
    check_choice(rows.kind, "kind of the rows", RESAMPLINGS[:2])
    if rows.n_channels > 1:
        raise ValueError(
            f"rows must be in one channel, where V = y/R, got {rows.n_channels} coupled channels: "
            "see CorrelatorRegressor.goodness_of_fit"
        )
    waves = rows.data[..., np.isin(rows.r, rows.r if rows.r_out is None else rows.r_out)]
    if waves.shape != rows.target.shape or not np.all(waves):
        raise ValueError("rows must be of one volume with R ≠ 0 at all radii, got zeros")
    V = residuals_of(rows, potential) / waves
    contrasts = {}
    for source in rows.sources:
        at = [i for i, (name, _) in enumerate(rows.labels) if name == source]
        if len(at) > 1:
            contrast = V[:, at] - V[:, at].mean(axis=1, keepdims=True)
            contrasts[source] = contrast.reshape(rows.n_bins, -1)
    if not contrasts:
        raise ValueError(f"rows must have two times of a source, got {rows.labels}")
    by_source = {source: joint([bins], rows.kind) for source, bins in contrasts.items()}
    whole = joint([np.concatenate(list(contrasts.values()), axis=1)], rows.kind)
    return TimeIndependence(*whole, by_source)


# Noise of the rows that are alive, which does not depend on the fit.
_NOISE: WeakKeyDictionary[Rows, tuple[NoiseModel, float]] = WeakKeyDictionary()


def noise_of(rows: Rows) -> tuple[NoiseModel, float]:
    """Noise of y, in which the normalisation of a bin drops out, and its mean χ².

    It is the noise of ``|R|`` y/R. Of coupled channels, where R of one of them may have zeros, it
    is that of y/s, with the size s of each bin of R^a as in `halkit.equations.coupled_rows`.
    """
    if rows not in _NOISE:
        noise = NoiseModel(_normalised(rows).reshape(rows.n_bins, -1), rows.kind)
        _NOISE[rows] = noise, float(noise.of_noise().mean())
    return _NOISE[rows]


def _normalised(rows):
    shape = *rows.target.shape[:2], rows.n_channels, -1
    R = rows.data.reshape(shape)[..., : len(rows.r_out)]
    y = rows.target.reshape(shape)
    return np.abs(R.mean(axis=0)) * y / R if rows.n_channels == 1 else y / bin_sizes(R)


def residuals_of(rows: Rows, potential: Any) -> Array:
    """y − U X of each bin, (n_bins, n_rows, n_out); a list of potentials has one for each bin."""
    if potential is None:
        return rows.target
    models = potential if isinstance(potential, list) else [potential] * rows.n_bins
    acted = [
        model.apply_potential(X, rows.r, rows.weights, rows.r_out)
        for model, X in zip(models, rows.data, strict=True)
    ]
    return rows.target - np.array(acted)


def _quadratic(mean, noise, shrinkage):
    """zᵀ [(1 − λ) R + λ]⁻¹ z by the matrix of the bins; ``noise.T @ noise`` is the covariance."""
    sigma = np.sqrt(np.sum(noise**2, axis=0))
    z, Z = mean / sigma, noise / sigma
    n, p = Z.shape
    if p <= n:
        return float(z @ np.linalg.solve(shrinkage * np.eye(p) + (1 - shrinkage) * Z.T @ Z, z))
    v = Z @ z
    gram = shrinkage * np.eye(n) + (1 - shrinkage) * Z @ Z.T
    return float((z @ z - (1 - shrinkage) * v @ np.linalg.solve(gram, v)) / shrinkage)
