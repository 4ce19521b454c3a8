r"""Conversion of numbers with their own errors, gvar's GVar and pyerrors' Obs, to samples and back.

GVars have means μ and a covariance C: samples are μ + C^{1/2} ξ. An Obs has the fluctuations δ_i of
its measurements: jackknife samples follow from x_i = value + δ_i. In the other direction, samples
give a mean and a covariance, or the fluctuations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.checks import check_array, check_choice, check_integer, refuse_masked
from halkit.resampling.samples import RESAMPLINGS, Resampling, jackknife_samples
from halkit.seeds import check_random_state
from halkit.typing import Numbers, Random

__all__ = ["from_gvar", "from_obs", "to_gvar", "to_obs"]

ROUNDING = 1e-10


def from_gvar(*arrays: Any, n_samples: int = 100, random_state: Random = None) -> Any:
    """Bootstrap samples of arrays of GVar, with all the correlations between them.

    Parameters
    ----------
    *arrays : array-like of GVar
        Of any shape; convert X and y in one call, so that they stay correlated.
    n_samples : int
        Number of samples. Their mean is the mean of the GVars; their errors agree with the errors
        of the GVars to a relative 1/sqrt(2 n_samples).
    random_state : int, RandomState, Generator or None

    Returns
    -------
    ndarray of shape (n_samples, ...), or a list of them
        For ``JackknifeRegressor(..., resample="bootstrap")``.

    Raises
    ------
    ImportError
        If gvar is missing.
    TypeError
        If an entry is neither a GVar nor a number, or if there are no entries.
    ValueError
        If the covariance has a negative eigenvalue beyond rounding.
    """
    gvar = _gvar()
    n_samples = check_integer(n_samples, "n_samples", least=2)
    objects = [_objects(array) for array in arrays]
    if not sum(array.size for array in objects):
        raise TypeError("arrays must hold GVars, got none")
    flat = np.concatenate([array.ravel() for array in objects])
    for entry in flat:
        number = isinstance(entry, int | float | np.number) and not isinstance(entry, bool)
        if not isinstance(entry, gvar.GVar) and not number:
            raise TypeError(f"arrays must hold GVars or numbers, got a {type(entry).__name__}")
    flat = np.array([gvar.gvar(entry, 0) if not _is_gvar(entry) else entry for entry in flat])
    root = _root(gvar.evalcov(flat))
    noise = check_random_state(random_state).standard_normal((n_samples, len(flat)))
    noise = (noise - noise.mean(axis=0)) @ root.T
    parts = np.split(gvar.mean(flat) + noise, np.cumsum([a.size for a in objects])[:-1], axis=1)
    samples = [s.reshape(n_samples, *a.shape) for s, a in zip(parts, objects, strict=True)]
    return samples[0] if len(samples) == 1 else samples


def from_obs(*arrays: Any, bin_size: int = 1) -> Any:
    """Jackknife samples of arrays of Obs.

    Parameters
    ----------
    *arrays : array-like of Obs
        Of any shape, all measured on the same configurations of one ensemble.
    bin_size : int
        Consecutive configurations in a bin: several autocorrelation times.

    Returns
    -------
    ndarray of shape (n_configs / bin_size, ...), or a list of them

    Raises
    ------
    TypeError
        If an entry is not an Obs, or if there are no entries.
    ValueError
        If they are not of one ensemble and replicum, or not of the same configurations; if they
        have no configurations, as from ``cov_Obs``; if bins of more than one configuration would
        join configurations across a gap of the chain.
    """
    bin_size = check_integer(bin_size, "bin_size", least=1)
    objects = [_objects(array) for array in arrays]
    known = None
    for entry in (entry for array in objects for entry in array.flat):
        where = _configurations(entry)
        known = where if known is None else known
        if where != known:
            raise ValueError(
                "arrays must hold Obs of the same configurations, got some of "
                f"{_differently(known, where)}"
            )
    if known is None:
        raise TypeError("arrays must hold Obs, got none")
    if bin_size > 1:
        _refuse_gaps(*known)
    samples = []
    for array in objects:
        data = np.array([entry.value + entry.deltas[known[0]] for entry in array.flat])
        samples.append(jackknife_samples(data.T.reshape(-1, *array.shape), bin_size=bin_size))
    return samples[0] if len(samples) == 1 else samples


def to_gvar(
    samples: Numbers, resample: Resampling = "jackknife", *, centre: Numbers | None = None
) -> Any:
    """GVars with the covariance of samples.

    Parameters
    ----------
    samples : array-like of shape (n_samples, ...)
        As from `JackknifeRegressor.samples`.
    resample : {"jackknife", "bootstrap", "seeds"}
        Their kind.
    centre : array-like of shape (...), optional
        Central values; the mean of the samples by default.

    Returns
    -------
    GVar, or ndarray of GVar of shape (...)
    """
    gvar = _gvar()
    check_choice(resample, "resample", RESAMPLINGS)
    values, mean = _samples_and_centre(samples, centre)
    n, shape = len(values), values.shape[1:]
    spread = (values - values.mean(axis=0)).reshape(n, -1)
    factor = (n - 1) / n if resample == "jackknife" else 1 / (n - 1)
    out = gvar.gvar(mean.ravel(), factor * spread.T @ spread)
    return out.reshape(shape) if shape else out[0]


def to_obs(samples: Numbers, name: str, *, centre: Numbers | None = None) -> Any:
    """Obs with the fluctuations of jackknife samples.

    Parameters
    ----------
    samples : array-like of shape (n_samples, ...)
        Jackknife samples.
    name : str
        Name of the ensemble: Obs with the same name are correlated, sample by sample.
    centre : array-like of shape (...), optional
        Central values; the mean of the samples by default.

    Returns
    -------
    Obs, or ndarray of Obs of shape (...)
        Bins count as independent: ``gamma_method(S=0)`` gives the jackknife error.
    """
    pyerrors = _pyerrors()
    values, mean = _samples_and_centre(samples, centre)
    columns = np.concatenate([mean[np.newaxis], values]).reshape(len(values) + 1, -1)
    out = np.empty(columns.shape[1], dtype=object)
    out[:] = [pyerrors.import_jackknife(column, name) for column in columns.T]
    return out.reshape(mean.shape) if mean.shape else out[0]


def _objects(array):
    refuse_masked(array, "arrays")
    return np.asarray(array, dtype=object)


def _root(covariance):
    """A root of the covariance, from the correlations, so that small errors keep their digits."""
    covariance = check_array(covariance, "the covariance of the GVars")
    scale = np.sqrt(check_array(np.diag(covariance), "the variance of a GVar", sign="≥ 0"))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    if values[0] < -ROUNDING * values[-1]:
        raise ValueError(
            "the covariance of the GVars must have no negative eigenvalue, got correlations with "
            f"{values[0]:.3g}: few measurements leave such ones, and gvar.regulate repairs them"
        )
    return scale[:, np.newaxis] * vectors * np.sqrt(np.maximum(values, 0.0))


def _differently(one, other):
    """The difference of two lists of configurations, in words."""
    if one[0] != other[0]:
        return f"{one[0]!r} and of {other[0]!r}"
    first = next((pair for pair in zip(one[1], other[1], strict=False) if pair[0] != pair[1]), None)
    if first is None:
        return f"{one[0]!r} with {len(one[1])} configurations and with {len(other[1])}"
    return f"{one[0]!r} with configuration {first[0]} where others have {first[1]}"


def _refuse_gaps(name, configurations):
    """Refuse to bin a chain whose configurations are not equally spaced."""
    steps = np.diff(configurations)
    gaps = np.flatnonzero(steps > min(steps, default=0))
    if gaps.size:
        i = gaps[0]
        raise ValueError(
            f"bin_size must be 1 for a chain with gaps, got configuration {configurations[i + 1]} "
            f"of {name!r} after {configurations[i]}: or bin what lies between the gaps"
        )


def _configurations(entry):
    """Return the name of an Obs' ensemble and the numbers of its configurations."""
    if not hasattr(entry, "deltas"):
        raise TypeError(f"arrays must hold Obs, got a {type(entry).__name__}")
    if len(entry.names) != 1:
        raise ValueError(f"arrays must hold Obs of one ensemble and replicum, got {entry.names}")
    name = entry.names[0]
    if name not in entry.idl:
        raise ValueError(
            f"arrays must hold Obs with configurations, got {name!r} with a covariance alone"
        )
    return name, list(entry.idl[name])


def _samples_and_centre(samples, centre):
    samples = check_array(samples, "samples")
    if samples.ndim == 0 or len(samples) < 2:
        raise ValueError(f"samples must have two samples at least, got shape {samples.shape}")
    if centre is None:
        return samples, samples.mean(axis=0)
    return samples, check_array(centre, "centre", shape=samples.shape[1:])


def _is_gvar(entry):
    return hasattr(entry, "sdev")


def _gvar():
    try:
        import gvar
    except ImportError as error:
        raise ImportError("GVars need gvar: pip install gvar") from error
    return gvar


def _pyerrors():
    try:
        import pyerrors
    except ImportError as error:
        raise ImportError("Obs need pyerrors: pip install pyerrors") from error
    return pyerrors
