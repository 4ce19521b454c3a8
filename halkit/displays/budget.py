"""A picture of an error budget: what moves a result, beside its statistical and total error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from halkit.checks import check_array, check_number
from halkit.displays.canvas import axis_label, errors_of, figure_axes
from halkit.typing import Number, Numbers

__all__ = ["BudgetDisplay"]


class BudgetDisplay:
    """Values of the variations of an analysis, with the result and its errors as bands.

    Parameters
    ----------
    values, errors : array of shape (n_variations,)
        The result of each variation with its statistical error. NaN, of a fit that failed, leaves
        an empty line.
    labels : sequence of str
        Names of the variations.
    value, statistical, total : float
        The result, its statistical and its total error.
    accepted : array of bool of shape (n_variations,), default=None
        Which variations count; by default all. Others are drawn open and grey.
    reference : tuple of float, default=None
        ``(value, error)``, for example a published result, drawn in a line of its own.
    text : str, default=None
        The result as text, the title; by default there is none.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    points_ : list of matplotlib ErrorbarContainer
        One for each variation with a value.
    statistical_band_, total_band_ : matplotlib Polygon
    line_ : matplotlib Line2D
        The result.
    reference_ : matplotlib ErrorbarContainer or None

    Raises
    ------
    ValueError
        If numbers of values, errors and labels differ.

    Examples
    --------
    >>> from halkit.displays import BudgetDisplay
    >>> display = BudgetDisplay(
    ...     [1.0, 1.2], [0.1, 0.1], ["centre", "stencil = 3"],
    ...     value=1.1, statistical=0.1, total=0.14,
    ... )
    >>> display.accepted.tolist()
    [True, True]
    """

    def __init__(
        self, values: Numbers, errors: Numbers, labels: Sequence[str], *, value: Number,
        statistical: Number, total: Number, accepted: Any = None,
        reference: tuple[Number, Number] | None = None, text: str | None = None,
    ) -> None:  # fmt: skip
        self.values = check_array(values, "values", finite=False)
        if self.values.ndim != 1:
            raise ValueError(f"values must have one axis, got shape {self.values.shape}")
        self.errors = errors_of(errors, self.values.shape, "errors")
        self.labels = [str(label) for label in labels]
        if len(self.labels) != len(self.values):
            raise ValueError(
                f"labels must be {len(self.values)}, one per variation, got {len(self.labels)}"
            )
        self.value = check_number(value, "value")
        self.statistical, self.total = (float(np.float64(x)) for x in (statistical, total))
        every = np.ones(len(self.values), dtype=bool)
        self.accepted = every if accepted is None else np.array(accepted, dtype=bool)
        if self.accepted.shape != self.values.shape:
            raise ValueError(
                f"accepted must have shape {self.values.shape}, got {self.accepted.shape}"
            )
        self.reference = reference
        self.text = text

    @classmethod
    def from_estimator(
        cls, estimator: Any, observable: Any, *, label: str | None = None,
        units: str | None = None, reference: tuple[Number, Number] | None = None, ax: Any = None,
    ) -> BudgetDisplay:  # fmt: skip
        """Draw a number of a fitted `halkit.ErrorBudget`.

        Parameters
        ----------
        estimator : ErrorBudget
        observable : QuotedValue or callable
            A number from one of its methods, or a function as for its ``evaluate``.
        reference
            See the class.
        label, units, ax
            See `plot`.

        Returns
        -------
        BudgetDisplay
        """
        quoted = estimator.evaluate(observable) if callable(observable) else observable
        if np.ndim(quoted.value):
            raise ValueError(
                "observable must be a number to be drawn, got an array of shape "
                f"{np.shape(quoted.value)}: choose an entry by its index"
            )
        display = cls(
            quoted.variations, quoted.variation_errors, estimator.results_["name"],
            value=quoted.value, statistical=quoted.statistical, total=quoted.total,
            accepted=quoted.accepted, reference=reference, text=str(quoted),
        )  # fmt: skip
        return display.plot(ax, label=label, units=units)

    def plot(
        self, ax: Any = None, *, label: str | None = None, units: str | None = None
    ) -> BudgetDisplay:
        """Draw one line per variation.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure, whose height follows the number of variations.
        label : str, default=None
            Name of the quantity, for the axis and before the title.
        units : str, default=None
            For the label only.

        Returns
        -------
        BudgetDisplay
            Itself.
        """
        self.figure_, (self.ax_,) = figure_axes(ax)
        n = len(self.values) + (self.reference is not None)
        if ax is None:
            self.figure_.set_size_inches(7.0, 1.5 + 0.26 * n)
        self.total_band_, self.statistical_band_ = (
            self.ax_.axvspan(
                self.value - error, self.value + error, color="C0", alpha=alpha, linewidth=0,
                label=name,
            )
            for error, alpha, name in (
                (self.total, 0.15, "total error"), (self.statistical, 0.25, "statistical error"),
            )
        )  # fmt: skip
        self.line_ = self.ax_.axvline(self.value, color="C0", linewidth=1.0)
        self.points_ = [
            self.ax_.errorbar(value, -i, xerr=error, **_style(accepted))
            for i, (value, error, accepted) in enumerate(
                zip(self.values, self.errors, self.accepted, strict=True)
            )
            if np.isfinite(value)
        ]
        self._draw_reference()
        names = [*self.labels, *(["reference"] if self.reference else [])]
        self.ax_.set_yticks(-np.arange(n), names)
        self.ax_.set_ylim(-n + 0.4, 0.6)
        for tick, accepted in zip(self.ax_.get_yticklabels(), self.accepted, strict=False):
            tick.set_color("black" if accepted else "0.55")
        if ax is None:
            self.figure_.legend(loc="outside lower center", ncols=2)
        else:
            self.ax_.legend(loc="best")
        if label is not None:
            self.ax_.set_xlabel(axis_label(label, units))
        if self.text is not None:
            title = self.text if label is None else f"{label} = {self.text}"
            self.ax_.set_title(title if units is None else f"{title} {units}")
        return self

    def _draw_reference(self):
        self.reference_ = None
        if self.reference is not None:
            value, error = self.reference
            self.reference_ = self.ax_.errorbar(
                value, -len(self.values), xerr=error, fmt="s", color="black", markersize=4,
                capsize=2,
            )  # fmt: skip


def _style(accepted):
    """Points that count are filled, others are open."""
    common = {"fmt": "o", "markersize": 4, "capsize": 2}
    if accepted:
        return {**common, "color": "C0"}
    return {**common, "color": "0.55", "markerfacecolor": "white"}
