r"""Correlators are real on average: their imaginary part is dropped only after a check.

Over n configurations, z = Im C̄/σ with σ the error of the mean of Im C. If Im C vanishes on average,
z follows Student's distribution with n − 1 degrees of freedom. The largest z of all entries is too
large if as many independent ones would exceed it once in 10⁴ cases.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from halkit.checks import as_numbers, check_integer
from halkit.exceptions import ImaginaryPartWarning
from halkit.scaling import std
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = ["real_part", "without_imaginary"]

RARE = 1e-4
# Imaginary parts of this size, in units of the largest modulus, are rounding.
ROUNDING = 1e-14


def real_part(C: NDArray[np.complexfloating], *, axis: int = 0) -> Array:
    """Return the real part of correlators whose imaginary part is zero within its error.

    Parameters
    ----------
    C : array of complex numbers
    axis : int
        Axis of the configurations, two at least.

    Returns
    -------
    ndarray of the shape of C

    Raises
    ------
    ValueError
        If the imaginary part is not zero within its error, or has no error; for complex numbers
        that are not finite.

    Warns
    -----
    ImaginaryPartWarning
        With the largest deviation from zero, in errors, if the imaginary part does not vanish.

    Examples
    --------
    >>> import warnings, numpy as np
    >>> from halkit.correlators import real_part
    >>> noise = np.random.default_rng(0).standard_normal((50, 4))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     real_part(1 + 0.1j * noise).shape
    (50, 4)
    """
    C = as_numbers(C, "C", kinds="iufc")
    number = check_integer(axis, "axis")
    if not -C.ndim <= number < C.ndim:
        raise ValueError(f"axis must be one of C with shape {C.shape}, got {axis}")
    return without_imaginary(C, number, "C")


def without_imaginary(values, axis, name, *, check=True):
    """Return the real part; axis None: there are no configurations."""
    if not np.iscomplexobj(values):
        return np.asarray(values, dtype=np.float64)
    if check:
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            raise ValueError(f"{name} must be finite, got {bad} NaN or infinite entries")
        _check(values.imag, np.abs(values).max(initial=0), axis, name)
    return np.ascontiguousarray(values.real, dtype=np.float64)


def _check(imaginary, largest, axis, name):
    if np.all(np.abs(imaginary) <= ROUNDING * largest):
        return
    n = 1 if axis is None else imaginary.shape[axis]
    if n < 2:
        raise ValueError(
            f"{name} must be real, or have several configurations, whose imaginary parts have an "
            f"error; got {n} with imaginary parts up to {np.abs(imaginary).max():.2g}"
        )
    mean = imaginary.mean(axis=axis)
    error = std(imaginary, axis=axis, ddof=1) / np.sqrt(n)
    far = np.abs(mean) > ROUNDING * largest
    z = np.abs(mean[far]) / np.maximum(error[far], np.finfo(float).tiny)
    worst, allowed = z.max(initial=0.0), -stdtrit(n - 1, RARE / (2 * max(z.size, 1)))
    if worst > allowed:
        raise ValueError(
            f"the imaginary part of {name} must be zero within its error, got {worst:.3g} errors "
            f"where {allowed:.3g} are allowed: a phase or a wrong operator"
        )
    warn_caller(
        f"the imaginary part of {name} was dropped: it is zero within {worst:.3g} errors",
        ImaginaryPartWarning,
    )
