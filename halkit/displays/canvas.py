"""What every display draws on: axes and their labels, legends, arrays of the right shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.typing import Array

__all__ = [
    "axis_label",
    "curve",
    "errors_of",
    "figure_axes",
    "hides",
    "matching",
    "place_legend",
    "power_of",
    "refuse_channels",
    "with_std",
]

SIZE = (5.4, 3.8)
PLACES = ("best", *(f"{side} {end}" for side in ("upper", "lower") for end in ("right", "left")))


def figure_axes(ax: Any, n_panels: int = 1) -> tuple[Any, Any]:
    """Return the figure and ``n_panels`` axes: the given axes, or new ones if `ax` is None."""
    if ax is None:
        return _new_axes(n_panels)
    axes = np.atleast_1d(np.asarray(ax, dtype=object))
    if axes.shape != (n_panels,):
        raise ValueError(f"ax must be {n_panels} axes, one per panel, got {axes.size}")
    return axes[0].figure, axes


def _new_axes(n_panels: int) -> tuple[Any, Any]:
    """Return a new figure and ``n_panels`` axes side by side.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("drawing needs matplotlib: pip install 'halkit[plot]'") from error
    width, height = SIZE
    size = (1.0 + (width - 1.0) * n_panels, height)
    figure, axes = pyplot.subplots(1, n_panels, figsize=size, squeeze=False, layout="constrained")
    return figure, axes[0]


def axis_label(symbol: str, unit: str | None = None) -> str:
    """Return "symbol [unit]", or the symbol alone without a unit."""
    return symbol if unit is None else f"{symbol} [{unit}]"


def power_of(unit: str | None, exponent: int) -> str | None:
    """Return the text of a power of a unit: "MeV" and 2 give "MeV$^2$".

    Examples
    --------
    >>> from halkit.displays.canvas import power_of
    >>> power_of("MeV", 2), power_of("fm$^{-1}$", 2), power_of("fm", -3)
    ('MeV$^{2}$', 'fm$^{-2}$', 'fm$^{-3}$')
    """
    if unit is None or exponent == 1:
        return unit
    simple = re.fullmatch(r"(\w+)(?:\$\^\{(-?\d+)\}\$)?", unit)
    if simple is None:
        return f"({unit})$^{{{exponent}}}$"
    return f"{simple[1]}$^{{{exponent * int(simple[2] or 1)}}}$"


def place_legend(ax: Any) -> None:
    """Draw a legend that hides no line, point or band, if something has a label.

    Where no corner is free, and the limits of the axis are automatic, the axis grows upwards.
    """
    if not ax.get_legend_handles_labels()[1]:
        return
    ax.legend(loc="best")
    ax.figure.canvas.figure.draw_without_rendering()  # the layout changes the size of the axes
    for place in PLACES:
        ax.legend(loc=place)
        if not hides(ax):
            return
    ax.legend(loc="upper right" if ax.get_autoscaley_on() else "best")
    if not ax.get_autoscaley_on():
        return
    box, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
    free = min(box.height / panel.height + 0.06, 0.6)
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(np.array(ax.get_ylim()))
    top = scale.inverted().transform(np.array([low + (high - low) / (1 - free)]))[0]
    ax.update_datalim([(ax.dataLim.x0, top)], updatex=False)
    ax.autoscale_view(scalex=False)


def hides(ax: Any) -> bool:
    """Return whether the legend covers part of a line, a point with its error, or a band."""
    box = ax.get_legend().get_window_extent()
    paths = []
    for line in ax.lines:
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() == "None":
            if np.any(box.count_contains(path.vertices)):
                return True
        elif len(line.get_xdata()) > 2:  # not that of axhline
            paths.append(path)
    for collection in ax.collections:
        place = collection.get_transform()
        paths += [place.transform_path(path) for path in collection.get_paths()]
    return any(path.intersects_bbox(box, filled=False) for path in paths)


def matching(values: object, shape: tuple[int, ...], name: str) -> Array:
    """Return a copy of the values as a real array of the given shape; NaN leaves a gap."""
    return check_array(values, name, shape=shape, finite=False)


def curve(values: object, shape: tuple[int, ...], name: str) -> Array:
    """Return what a figure is of: as `matching`, and something must be there.

    Raises
    ------
    ValueError
        If all values are NaN.
    """
    found = matching(values, shape, name)
    if found.size and np.isnan(found).all():
        raise ValueError(f"{name} must have a value to be drawn, got NaN everywhere")
    return found


def errors_of(values: object, shape: tuple[int, ...], name: str) -> Array:
    """Return errors, as `matching`.

    Raises
    ------
    ValueError
        If one is negative.
    """
    found = matching(values, shape, name)
    negative = found[found < 0]
    if negative.size:
        raise ValueError(f"{name} must be ≥ 0, or NaN for a gap, got {negative[0]:g}")
    return found


def with_std(method: Callable[..., Any], *arguments: Any, std: Any = None) -> tuple[Any, Any]:
    """Return the result of a method and its standard deviation.

    The deviation is `std` if given, otherwise from the method if it has ``return_std``; None if
    it is NaN everywhere.
    """
    if std is not None or "return_std" not in signature(method).parameters:
        return method(*arguments), std
    value, std = method(*arguments, return_std=True)
    return value, None if np.all(np.isnan(std)) else std


def refuse_channels(potential: Any, instead: str) -> None:
    """Refuse several channels; `instead` says what to draw.

    Raises
    ------
    ValueError
    """
    fitted = potential
    while hasattr(fitted, "estimator_"):  # a budget has a fit with bins
        fitted = fitted.estimator_
    n = getattr(fitted, "n_channels_", getattr(fitted, "n_channels", 1))
    if n > 1:
        raise ValueError(f"estimator must have one channel to be drawn, got {n}: draw {instead}")
