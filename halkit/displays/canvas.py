"""What every display draws on: axes and their labels, and arrays of the right shape."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.typing import Array

__all__ = ["axis_label", "figure_axes", "matching", "refuse_channels", "with_std"]


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
    size = (1.0 + 4.4 * n_panels, 3.8)
    figure, axes = pyplot.subplots(1, n_panels, figsize=size, squeeze=False, layout="constrained")
    return figure, axes[0]


def figure_axes(ax: Any, n_panels: int = 1) -> tuple[Any, Any]:
    """Return the figure and ``n_panels`` axes: the given axes, or new ones if `ax` is None."""
    if ax is None:
        return _new_axes(n_panels)
    axes = np.atleast_1d(np.asarray(ax, dtype=object))
    if axes.shape != (n_panels,):
        raise ValueError(f"ax must be {n_panels} axes, one per panel, got {axes.size}")
    return axes[0].figure, axes


def axis_label(symbol: str, unit: str | None = None) -> str:
    """Return "symbol [unit]", or the symbol alone without a unit."""
    return symbol if unit is None else f"{symbol} [{unit}]"


def matching(values: object, shape: tuple[int, ...], name: str) -> Array:
    """Return a copy of the values as a real array of the given shape; NaN leaves a gap."""
    return check_array(values, name, shape=shape, finite=False)


def with_std(method: Callable[..., Any], argument: Any, std: Any) -> tuple[Any, Any]:
    """Return the result of a method and its standard deviation.

    The deviation is `std` if given, otherwise from the method if it has ``return_std``.
    """
    if std is not None or "return_std" not in signature(method).parameters:
        return method(argument), std
    return method(argument, return_std=True)


def refuse_channels(estimator: Any, instead: str) -> None:
    """Refuse a fit of several channels; `instead` says what to draw.

    Raises
    ------
    ValueError
    """
    fitted = getattr(estimator, "estimator_", estimator)
    n = getattr(fitted, "n_channels_", 1)
    if n > 1:
        raise ValueError(f"estimator must have one channel to be drawn, got {n}: draw {instead}")
