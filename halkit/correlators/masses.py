r"""Masses of single hadrons from their two-point functions C(t).

C(t) = Σ_n A_n e^{−E_n t}, and on a lattice of extent T with equal propagation in both directions
C(t) = Σ_n A_n (e^{−E_n t} + e^{−E_n (T − t)}). A mass is fitted on a window of t to the mean with
the covariance of the bins, then to each bin with the same weights, so that masses of bins carry the
error, and its correlation with everything else of the same bins, into what follows.

A covariance from bins is itself uncertain: `covariance` says by how much errors grow, and shrinks
it where bins are few for the window.

References: C. Michael, A. McKerrell, Phys. Rev. D 51 (1995) 3745; G. Golub, V. Pereyra, Inverse
Problems 19 (2003) R1.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from halkit.checks import (
    check_array,
    check_boolean,
    check_choice,
    check_integer,
    check_positive,
)
from halkit.correlators.covariance import Weights, bins_of_samples, warn_of_unknown_bins
from halkit.correlators.effective import effective_mass
from halkit.exceptions import MisfitWarning
from halkit.samples import standard_error
from halkit.scaling import exponent, in_unit
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["MassFit", "ends_of", "fit_mass"]

# Steps of Gauss and Newton from the centre to a bin, which lies a fraction of an error away.
STEPS = 12
# Probability of χ² below which a fit is hopeless; χ²/dof of an uncorrelated one.
HOPELESS, LARGE = 1e-3, 3.0
# Second-order change of the fit for one error of the mass, in errors of the data.
CURVED = 0.1
# Energies of bins beyond this factor of the centre, and of a start within its logarithm.
FAR, EDGE = 50.0, 19.9
# Mass in inverse steps of the time above which nothing is left after one step.
LOST = 18.0
NO_STATE = "C must decay in the window, the fit finds no decaying state: take another window"


class MassFit(NamedTuple):
    """The lowest energies of a two-point function.

    Attributes
    ----------
    mass, std : float
        E_0 of the mean, and its error from the bins.
    bins : ndarray of shape (n_bins,)
        E_0 of each bin.
    energies : ndarray of shape (n_bins, n_states)
        All fitted energies of each bin, the lowest first.
    amplitudes : ndarray of shape (n_bins, n_states)
        A_n of each bin.
    chi2 : float
        Of the fit to the mean. With few bins (see `fit_mass`) in units in which noise has the
        mean `dof`.
    dof : int
        Degrees of freedom.
    p_value : float
        The probability of a larger χ², by Hotelling's distribution if the covariance comes
        from the bins, and with few bins by the χ² of their noise; NaN for an uncorrelated fit,
        whose χ² has no known distribution.
    n_configs : int or None
        Configurations, or bins of them, that bootstrap samples are drawn from, as given to
        `fit_mass` or found by it; None if unknown, and for jackknife samples.
    """

    mass: float
    std: float
    bins: Array
    energies: Array
    amplitudes: Array
    chi2: float
    dof: int
    p_value: float
    n_configs: int | None = None

    def __repr__(self) -> str:
        what = f"p = {self.p_value:.2g}" if self.p_value == self.p_value else "uncorrelated"
        return (
            f"MassFit: mass = {self.mass:.6g} ± {self.std:.1g}, χ²/dof = {self.chi2:.3g}/"
            f"{self.dof}, {what}, {len(self.bins)} bins"
        )


def fit_mass(
    C: Numbers, *, window: tuple[int, int], kind: Literal["jackknife", "bootstrap"],
    t: Numbers | None = None, n_states: int = 1, extent: Number | None = None,
    correlated: bool = True, dt: Number = 1.0, n_configs: int | None = None,
) -> MassFit:  # fmt: skip
    """Fit the mass of a hadron to the bins of its two-point function.

    Parameters
    ----------
    C : array-like of shape (n_bins, n_t)
        C(t) at the times `t`, by default at t = 0, 1, …, in steps of `dt`.
    window : pair of int, or of float
        First and last time of the fit, both included: entries of `t`, or without it numbers of
        time slices.
    kind : {"jackknife", "bootstrap"}
        What the bins are; see `halkit.correlators.Correlators`.
    t : array-like of shape (n_t,), optional
        Times of C in equal steps, such as those of the record; `dt` follows from them.
    n_states : {1, 2}
        Exponentials in the fit.
    extent : float, optional
        T, for states that propagate in both directions.
    correlated : bool
        Whether the covariance of the times weights the residuals; otherwise their errors. With
        n_bins − 1 − dof < 14 its correlations are shrunk, and errors and p-value follow from fits
        to the noise of each bin with the covariance of the others.
    dt : float
        Spacing of the times.
    n_configs : int, optional
        For bootstrap samples: the number of configurations that each sample is drawn from, or the
        number of bins if these were drawn, on which errors depend if it is small. By default as C
        shows it, which needs more times than configurations, in the window or outside of it.

    Returns
    -------
    MassFit

    Raises
    ------
    ValueError, TypeError
        If the window is outside of the data or has fewer times than parameters; if there are too
        few bins for a covariance; if the fit of the mean, or of a bin, finds no decaying state.

    Warns
    -----
    MisfitWarning
        If the window does not hold `n_states` exponentials: the p-value is below 1e-3, or the
        χ²/dof of an uncorrelated fit above 3.
    AccuracyWarning
        If the number of configurations of bootstrap samples may be small, and is not known. If the
        fit is not linear within its error: the fluctuations that all times share are so
        large beside the independent ones that sums of exponentials cannot follow them.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import fit_mass
    >>> from halkit.resampling import jackknife_samples
    >>> noise = np.random.default_rng(0).normal(size=(100, 16))
    >>> C = np.exp(-0.5 * np.arange(16)) * (1 + 0.01 * noise)
    >>> fit = fit_mass(jackknife_samples(C), window=(3, 15), kind="jackknife")
    >>> round(fit.mass, 4), round(fit.std, 5), fit.dof
    (0.5, 8e-05, 11)
    """
    check_choice(kind, "kind", ("jackknife", "bootstrap"))
    check_boolean(correlated, "correlated")
    n_states, dt = check_integer(n_states, "n_states", least=1), check_positive(dt, "dt")
    if n_states > 2:
        raise ValueError(f"n_states must be 1 or 2, got {n_states}")
    C = check_array(C, "C")
    times = None if t is None else _times(t, C)
    slices, y = _windowed(C, window, times, 2 * n_states)
    unit = exponent(y)  # in powers of two, so that squares are within the range of numbers
    y = np.ldexp(y, -unit)
    times = slices * dt if times is None else times[slices]
    extent = check_positive(extent, "extent", optional=True)
    n_configs = check_integer(n_configs, "n_configs", least=2, optional=True)
    weights = _weights(y, C, kind, correlated, len(times) - 2 * n_states, n_configs)
    model = _Exponentials(times, weights.whiten, extent)
    centre, of_bins = _decaying(model, y, n_states)
    tangents = model.tangents(centre)
    factors = np.broadcast_to(weights.spread_factors(tangents), 2 * n_states)[:n_states]
    energies, amplitudes = (
        middle + factors * (bins - middle) for middle, bins in zip(centre[:2], of_bins, strict=True)
    )
    curvature = model.curvature(centre, energies, amplitudes, standard_error(energies[:, 0], kind))
    chi2, p_value = weights.judge(centre.chi2, tangents)
    fit = MassFit(
        float(centre.energies[0]),
        float(standard_error(energies[:, 0], kind)),
        energies[:, 0].copy(),
        energies,
        in_unit(amplitudes, unit, "the amplitude of C"),
        chi2,
        weights.dof,
        p_value,
        weights.n_drawn,
    )
    _warn_of_misfit(fit, window, curvature=curvature)
    return fit


def _decaying(model, y, n_states):
    """The fit to the mean, and energies and amplitudes of the bins, if all of them decay."""
    mean, dt = y.mean(axis=0), model.t[1] - model.t[0]
    start = model.start(mean, n_states)
    with np.errstate(over="ignore", invalid="ignore"):  # of states that are refused
        centre = model.fit(mean, start)
        if centre.energies[0] * dt > LOST or not np.all(np.isfinite(centre.amplitudes)):
            raise ValueError(NO_STATE)
        of_bins = model.fit_bins(y, centre)
    if of_bins[0][:, 0].max() * dt > LOST:
        raise ValueError(NO_STATE)
    return centre, of_bins


def _weights(y, C, kind, correlated, dof, n_configs):
    """Weights of the window y of C, after a look at how many bins bootstrap samples come from."""
    if kind == "jackknife":
        if n_configs is not None:
            raise ValueError(f"n_configs must be None for jackknife samples, got {n_configs}")
        return Weights(y, kind, correlated, dof)
    n_bins, least = bins_of_samples(C, n_configs)
    weights = Weights(y, kind, correlated, dof, n_bins)
    if correlated and n_bins is None:
        warn_of_unknown_bins(least, dof)
    return weights


def _warn_of_misfit(fit, window, *, curvature):
    if fit.dof and (
        fit.p_value < HOPELESS or (np.isnan(fit.p_value) and fit.chi2 > LARGE * fit.dof)
    ):
        p = "" if np.isnan(fit.p_value) else f", p = {fit.p_value:.1g}"
        warn_caller(
            f"the fit leaves χ²/dof = {fit.chi2:.3g}/{fit.dof}{p}, in the window {window}: take "
            "another window, n_states=2, or extent= if the hadron comes back around the lattice",
            MisfitWarning,
        )
    elif curvature > CURVED:
        warn_caller(
            f"the fit is not linear within its error: one error of the mass bends it by "
            f"{curvature:.2g} errors of the data, since the times fluctuate nearly as one, and the "
            "error of the mass may be too small. Take correlated=False, or more configurations",
        )


def ends_of(window: Any, what: str) -> tuple[Any, Any]:
    """Return the two ends of a window, unchecked."""
    try:
        first, last = window
    except (TypeError, ValueError):
        raise TypeError(f"window must be a pair (first, last) of {what}, got {window!r}") from None
    return first, last


def _windowed(C, window, t, n_parameters):
    """Slices and values of C in the window of slices, or of times t."""
    if C.ndim != 2 or len(C) < 2:
        raise ValueError(f"C must have shape (n_bins, n_t) with two bins at least, got {C.shape}")
    what = "slices" if t is None else "times"
    first, last = ends_of(window, what)
    if t is None:
        first, last = (check_integer(edge, "window", least=0) for edge in (first, last))
    else:
        first, last = _slices(window, t)
    if not first < last < C.shape[1]:
        raise ValueError(
            f"window must lie within the {C.shape[1]} {what}, first before last, got {window}"
        )
    if last - first + 1 < n_parameters:
        raise ValueError(f"window must hold {n_parameters} {what} for the fit, got {window}")
    return np.arange(first, last + 1), C[:, first : last + 1]


def _times(t, C):
    t = check_array(t, "t", shape=C.shape[1:])
    steps = np.diff(t)
    if not np.all(steps > 0) or np.ptp(steps) > 1e-9 * steps[0]:
        raise ValueError(f"t must increase in equal steps, got {t}")
    return t


def _slices(window, t):
    """Slices of the times at the ends of a window."""
    slices = [np.flatnonzero(t == end) for end in check_array(window, "window", shape=(2,))]
    if not all(map(len, slices)):
        raise ValueError(f"window must begin and end at times of t, {t}, got {window}")
    return tuple(int(found[0]) for found in slices)


class _Fit(NamedTuple):
    energies: Array
    amplitudes: Array
    chi2: float


class _Exponentials:
    """Sums of exponentials on times t; amplitudes are eliminated, energies are Σ of steps > 0."""

    def __init__(self, t, whiten, extent):
        self.t, self.whiten, self.extent = t, whiten, extent

    def basis(self, energies):
        """Whitened exponentials and their derivatives by the energy, shape (..., n_t, n_states)."""
        times = [self.t - self.t[0]]
        if self.extent is not None:
            times.append(self.extent - self.t - self.t[0])
        decays = [np.exp(-t[:, None] * energies[..., None, :]) for t in times]
        slopes = [-t[:, None] * decay for t, decay in zip(times, decays, strict=True)]
        return self.whiten @ sum(decays), self.whiten @ sum(slopes)

    def tangents(self, fit):
        """Derivatives of C by the energies and the amplitudes at t[0], (n_t, n_parameters)."""
        basis, slopes = self.basis(fit.energies)
        slopes = slopes * (fit.amplitudes * np.exp(-fit.energies * self.t[0]))
        return np.linalg.solve(self.whiten, np.concatenate([slopes, basis], axis=1))

    def start(self, mean, n_states):
        slopes = effective_mass(mean, dt=self.t[1] - self.t[0])
        half = slopes[len(slopes) // 2 :]
        half = half[np.isfinite(half) & (half > 0)]
        if not half.size:
            raise ValueError("C must decay in the window, got a mean that does not: another window")
        lowest = np.log(np.median(half))
        return np.array([lowest, *[lowest + np.log(0.7)] * (n_states - 1)])

    def fit(self, y, start):
        target = self.whiten @ y
        size = np.linalg.norm(target)

        def solved(logs):
            basis, _ = self.basis(np.cumsum(np.exp(logs)))
            amplitudes, *_ = np.linalg.lstsq(basis, target, rcond=None)
            return amplitudes, basis @ amplitudes - target

        # from zero: the first step of least_squares is as long as its start
        solution = least_squares(
            lambda away: solved(start + away)[1] / size, np.zeros_like(start), xtol=1e-14,
            ftol=1e-14, gtol=1e-14, max_nfev=400, bounds=(-20, 20),
        )  # fmt: skip
        if np.any(np.abs(solution.x) > EDGE):
            raise ValueError(NO_STATE)
        energies = np.cumsum(np.exp(start + solution.x))
        amplitudes, residual = solved(start + solution.x)
        return _Fit(energies, amplitudes * np.exp(energies * self.t[0]), float(residual @ residual))

    def fit_bins(self, y, centre):
        """Energies and amplitudes of all bins: Gauss-Newton from the centre, then one by one."""
        target, n = y @ self.whiten.T, len(centre.energies)
        energies = np.tile(centre.energies, (len(y), 1))
        amplitudes = np.tile(centre.amplitudes * np.exp(-centre.energies * self.t[0]), (len(y), 1))
        far = np.zeros(len(y), dtype=bool)
        for _ in range(STEPS):
            far |= np.any((energies <= 0) | (energies > FAR * centre.energies[-1]), axis=1)
            energies = np.where(far[:, None], centre.energies, energies)
            basis, slopes = self.basis(energies)
            jacobian = np.concatenate([slopes * amplitudes[:, None, :], basis], axis=-1)
            residual = target - np.einsum("bts,bs->bt", basis, amplitudes)
            size = np.linalg.norm(jacobian, axis=1)
            size = np.where(size > 0, size, 1.0)
            step = (np.linalg.pinv(jacobian / size[:, None]) @ residual[..., None])[..., 0] / size
            energies, amplitudes = energies + step[:, :n], amplitudes + step[:, n:]
            left = np.max(np.abs(step[:, :n] / centre.energies), axis=1)
            if np.all(left < 1e-12):
                break
        amplitudes = amplitudes * np.exp(energies * self.t[0])
        ordered = np.all(np.diff(energies, axis=1, prepend=0.0) > 0, axis=1)
        for b in np.flatnonzero(far | ~(ordered & (left < 1e-9))):
            steps = np.diff(centre.energies, prepend=0.0)
            energies[b], amplitudes[b], _ = self.fit(y[b], np.log(steps))
        return energies, amplitudes

    def curvature(self, centre, energies, amplitudes, std):
        """Second-order change of the whitened fit, beyond its tangents, for one error of E_0.

        The other parameters follow E_0 as they do over the bins: the intrinsic curvature of Bates
        and Watts.
        """
        theta = np.concatenate([energies, amplitudes * np.exp(-energies * self.t[0])], axis=1)
        away, n = theta - theta.mean(axis=0), energies.shape[1]
        slope = away.T @ away[:, 0] / (away[:, 0] @ away[:, 0])
        middle = np.append(
            centre.energies, centre.amplitudes * np.exp(-centre.energies * self.t[0])
        )
        basis, slopes = self.basis(middle[:n])
        tangents, _ = np.linalg.qr(np.concatenate([slopes * middle[n:], basis], axis=1))
        values = [
            self.basis(p[:n])[0] @ p[n:]
            for p in (middle + side * std * slope for side in (1, 0, -1))
        ]
        bend = (values[0] - 2 * values[1] + values[2]) / 2
        return float(np.linalg.norm(bend - tangents @ (tangents.T @ bend)))
