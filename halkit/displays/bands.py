r"""Smooth curves with bands: the statistical error, and around it the total error.

The total error is √(statistical² + systematic²), on each side by itself if the systematic error
is not symmetric.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from halkit.displays.canvas import errors_of, matching
from halkit.typing import Array, Numbers

__all__ = ["Band", "draw_band", "refined", "smooth"]

# Fewest points of a curve.
SMOOTH = 200


class Band(NamedTuple):
    """What `draw_band` has drawn.

    Attributes
    ----------
    line : matplotlib Line2D
    statistical, total : matplotlib FillBetweenPolyCollection or None
    """

    line: Any
    statistical: Any
    total: Any


def draw_band(
    ax: Any,
    x: Numbers,
    value: Numbers,
    statistical: Numbers | None = None,
    systematic: Numbers | None = None,
    *,
    label: str | None = None,
    color: Any = None,
    linestyle: str = "-",
) -> Band:
    """Draw a curve with the band of its statistical error and the wider one of its total error.

    Parameters
    ----------
    ax : matplotlib Axes
    x : array of shape (n,)
    value : array of shape (n,)
        NaN leaves a gap.
    statistical : array of shape (n,), optional
        Standard deviation.
    systematic : array of shape (n,) or (2, n), optional
        Systematic error, or what lies below and above the curve, both positive. The outer band is
        the quadratic sum with the statistical error.
    label, color, linestyle : optional
        Of the curve, as in matplotlib.

    Returns
    -------
    Band

    Raises
    ------
    ValueError, TypeError
        If shapes differ.

    Notes
    -----
    Fewer than 200 points in increasing order are joined by a monotone cubic interpolation, which
    passes through every point and has no extremum between two of them.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from halkit.displays import draw_band
    >>> x = np.linspace(0.0, 1.0, 5)
    >>> band = draw_band(Figure().subplots(), x, x**2, 0.1 + 0 * x, 0.2 * x)
    >>> len(band.line.get_xdata()) >= 200
    True
    """
    x = np.asarray(x)
    value = matching(value, x.shape, "value")
    inner = None if statistical is None else errors_of(statistical, x.shape, "statistical")
    below, above = _sides(systematic, x.shape)
    fine, value, inner, below, above = smooth(x, value, inner, below, above)
    (line,) = ax.plot(fine, value, label=label, color=color, linestyle=linestyle)
    style = {"color": line.get_color(), "linewidth": 0, "zorder": line.get_zorder() - 0.5}
    outer = band = None
    if inner is not None:
        band = ax.fill_between(fine, value - inner, value + inner, alpha=0.35, **style)
    if below is not None and above is not None:
        total = [side if inner is None else np.hypot(side, inner) for side in (below, above)]
        outer = ax.fill_between(fine, value - total[0], value + total[1], alpha=0.15, **style)
    return Band(line, band, outer)


def _sides(systematic, shape):
    """Errors below and above the curve, or (None, None)."""
    if systematic is None:
        return None, None
    if np.ndim(systematic) == len(shape):
        error = errors_of(systematic, shape, "systematic")
        return error, error
    below, above = errors_of(systematic, (2, *shape), "systematic")
    return below, above


def refined(x: Array) -> Array:
    """Return the points with further ones between them, evenly, 200 at least.

    All of `x` are among them. A single point, and points that do not increase, stay as they are.
    """
    if x.ndim != 1 or not 1 < x.size < SMOOTH or np.any(np.diff(x) <= 0):
        return x
    parts = -(-(SMOOTH - 1) // (x.size - 1))
    share = np.arange(parts) / parts
    return np.append((x[:-1, None] + np.diff(x)[:, None] * share).ravel(), x[-1])


def smooth(x: Array, *curves: Array | None) -> list[Any]:
    """Return refined points and the curves on them, by monotone cubic interpolation.

    Parameters
    ----------
    x : array of shape (n,)
    *curves : array of shape (n,) or None
        NaN leaves a gap; None stays None.

    Returns
    -------
    list of array
        The points, then each curve.

    References
    ----------
    F. N. Fritsch and J. Butland, SIAM J. Sci. Stat. Comput. 5, 300 (1984).
    """
    fine = refined(x)
    if fine is x:
        return [x, *curves]
    step = np.diff(x)
    left = np.minimum(np.searchsorted(x, fine, side="right") - 1, x.size - 2)
    t = (fine - x[left]) / step[left]
    return [fine, *(None if y is None else _hermite(y, step, left, t) for y in curves)]


def _hermite(y, step, left, t):
    """Cubic of each interval with the values and slopes at its ends."""
    rise = np.diff(y) / step
    slope = np.append(rise, rise[-1])
    one, two = rise[:-1], rise[1:]
    w1, w2 = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(one * two > 0, (w1 + w2) / (w1 / one + w2 / two), 0.0)
    # beside a gap the slope is that of the one interval that is there
    inner = np.where(np.isnan(two), one, np.where(np.isnan(one), two, inner))
    slope[1:-1] = inner
    h, y0, y1, m0, m1 = step[left], y[left], y[left + 1], slope[left], slope[left + 1]
    curve = (
        (1 + 2 * t) * (1 - t) ** 2 * y0
        + t * (1 - t) ** 2 * h * m0
        + t**2 * (3 - 2 * t) * y1
        - t**2 * (1 - t) * h * m1
    )
    return np.where(t == 0, y0, np.where(t == 1, y1, curve))
