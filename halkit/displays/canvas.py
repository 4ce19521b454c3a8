"""What every display draws on: axes and their labels, and arrays of the right shape."""

from inspect import signature

import numpy as np

from halkit.checks import check_array

__all__ = ["axis_label", "figure_axes", "matching", "new_axes", "with_errors"]


def new_axes(n_panels=1):
    """Return ``n_panels`` new axes side by side.

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


def figure_axes(ax, n_panels=1):
    """Return the figure and ``n_panels`` axes: the given ones, or new ones if `ax` is None."""
    if ax is None:
        return new_axes(n_panels)
    axes = np.atleast_1d(np.asarray(ax, dtype=object))
    if axes.shape != (n_panels,):
        raise ValueError(f"expected {n_panels} axes, one per panel, got {axes.size}")
    return axes[0].figure, axes


def axis_label(symbol, unit=None):
    """Return "symbol [unit]", or the symbol alone without a unit."""
    return symbol if unit is None else f"{symbol} [{unit}]"


def matching(values, shape, name):
    """Return a copy of the values as a real array of the given shape; NaN leaves a gap."""
    return check_array(values, name, shape=shape, finite=False)


def with_errors(method, argument, errors):
    """Return what a method gives, and the errors: the given ones, or its own if it has them."""
    if errors is not None or "return_std" not in signature(method).parameters:
        return method(argument), errors
    return method(argument, return_std=True)
