"""Effective masses: the decay of a two-point function from one time to the next."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.optimize import brentq

from halkit.checks import check_array, check_choice, check_positive
from halkit.typing import Array, Number, Numbers

__all__ = ["effective_mass"]

METHODS = ("log", "cosh", "solve")


def effective_mass(
    C: Numbers, *, method: Literal["log", "cosh", "solve"] = "log", extent: Number | None = None,
    dt: Number = 1.0,
) -> Array:  # fmt: skip
    """Return the effective mass of two-point functions.

    Parameters
    ----------
    C : array-like of shape (..., n_t)
        C(t) at consecutive times, beginning with t = 0 for "solve"; leading axes are bins.
    method : {"log", "cosh", "solve"}
        "log": ln C(t)/C(t + 1), belonging to t + 1/2. "cosh": arcosh of
        [C(t + 1) + C(t − 1)]/2C(t), belonging to t, without knowing T. "solve": the m that
        gives C(t)/C(t + 1) = cosh m(t − T/2)/cosh m(t + 1 − T/2), belonging to t + 1/2.
    extent : float, optional
        T in the unit of `dt`, for "solve" only.
    dt : float
        Spacing of the times.

    Returns
    -------
    ndarray of shape (..., n_t − 1), or (..., n_t − 2) for "cosh"
        NaN where no mass gives these numbers, as in noise.

    Raises
    ------
    ValueError, TypeError
        If there are too few times, or the extent does not go with the method.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.correlators import effective_mass
    >>> t = np.arange(5)
    >>> effective_mass(2 * np.exp(-0.5 * t))
    array([0.5, 0.5, 0.5, 0.5])
    >>> C = np.exp(-0.5 * t) + np.exp(-0.5 * (32 - t))
    >>> effective_mass(C, method="solve", extent=32).round(12)
    array([0.5, 0.5, 0.5, 0.5])
    """
    check_choice(method, "method", METHODS)
    C, dt = check_array(C, "C"), check_positive(dt, "dt")
    if C.ndim == 0 or C.shape[-1] < (3 if method == "cosh" else 2):
        raise ValueError(f"C must have shape (..., n_t) with times enough, got {C.shape}")
    if (extent is None) == (method == "solve"):
        raise ValueError(f'extent must be given for "solve" only, got {extent!r} for {method!r}')
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "log":
            ratio = C[..., :-1] / C[..., 1:]
            return np.log(np.where(ratio > 0, ratio, np.nan)) / dt
        if method == "cosh":
            # near 1, whatever the unit of C: sums of the largest numbers overflow
            unit = np.frexp(C[..., 1:-1])[1]
            before, middle, after = (
                np.ldexp(values, -unit) for values in (C[..., :-2], C[..., 1:-1], C[..., 2:])
            )
            mean = (after + before) / (2 * middle)
            return np.arccosh(np.where(mean >= 1, mean, np.nan)) / dt
        return _solved(C[..., :-1] / C[..., 1:], check_positive(extent, "extent"), dt)


def _solved(ratio, extent, dt):
    """m of cosh m(t − T/2)/cosh m(t + dt − T/2) = ratio, NaN where there is none."""
    start = dt * np.arange(ratio.shape[-1]) - extent / 2
    masses = np.full(ratio.shape, np.nan)
    for index in np.ndindex(ratio.shape):
        a, b = np.abs(start[index[-1]]), np.abs(start[index[-1]] + dt)
        target = ratio[index]
        if not (target > 0 and (a - b) * (target - 1) > 0):
            continue

        def distance(m, a=a, b=b, target=target):
            lost = np.log1p(np.exp(-2 * m * a)) - np.log1p(np.exp(-2 * m * b))
            return m * (a - b) + lost - np.log(target)

        # between zero and the mass without the wave that comes back
        top = 2 * (abs(np.log(target)) + np.log(2)) / abs(a - b)
        if distance(0.0) * distance(top) < 0:
            masses[index] = brentq(distance, 0.0, top, xtol=1e-15 / dt, rtol=1e-14)
    return masses
