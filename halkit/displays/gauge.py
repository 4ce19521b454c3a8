"""Pictures of U(1) configurations: topological charges and Wilson loops beside exact results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from halkit.checks import as_numbers, check_array, check_boolean
from halkit.displays.canvas import curve, errors_of, figure_axes, matching, place_legend
from halkit.typing import Array, Numbers

__all__ = ["TopologyDisplay", "WilsonLoopDisplay"]


class TopologyDisplay:
    """Histogram and history of the topological charge.

    Parameters
    ----------
    charge : int array of shape (n,)
        Q of each configuration, in the order of the Markov chain if they come from one.
    probability : array of shape (2q + 1,), default=None
        Exact P(Q) for Q = −q … q, drawn as points.
    name : str, default=None
        Name of the histogram in the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of two matplotlib Axes
    bars_ : matplotlib BarContainer
    exact_line_ : matplotlib Line2D or None
    history_line_ : matplotlib Line2D

    Raises
    ------
    ValueError
        If a charge is not an integer, or the number of probabilities is even.

    Examples
    --------
    >>> from halkit.displays import TopologyDisplay
    >>> from halkit.gauge import charge_probability, sample_exact, topological_charge
    >>> charge = topological_charge(sample_exact(500, 2.0, (8, 8), random_state=0))
    >>> display = TopologyDisplay(charge, charge_probability(range(-6, 7), 2.0, (8, 8)))
    >>> bool(abs(display.frequency().sum() - 1) < 1e-12)
    True
    """

    def __init__(
        self, charge: Numbers, probability: Numbers | None = None, *, name: str | None = None
    ) -> None:
        Q = as_numbers(charge, "charge")
        if Q.ndim != 1 or not Q.size or not _whole(Q):
            raise ValueError(
                "charge must be a 1-D array of integers below 2^63 in size, at least one, "
                f"got {charge!r}"
            )
        self.charge = Q.astype(np.int64)
        self.probability = None
        if probability is not None:
            self.probability = check_array(probability, "probability")
            shape = self.probability.shape
            if len(shape) != 1 or not shape[0] % 2:
                raise ValueError(f"probability must hold values for Q = -q … q, got shape {shape}")
        self.name = name

    @property
    def charges(self) -> NDArray[np.int64]:
        """Increasing charges Q of the histogram: all in `charge`, and −q … q of `probability`."""
        return np.union1d(self.charge, self._sectors())

    def _sectors(self) -> NDArray[np.int64]:
        q = 0 if self.probability is None else len(self.probability) // 2
        return np.arange(-q, q + 1)

    def frequency(self) -> Array:
        """Return the relative frequency of each charge in `charges`."""
        charges = self.charges
        place = np.searchsorted(charges, self.charge)
        return np.bincount(place, minlength=len(charges)) / len(self.charge)

    def plot(self, ax: Any = None) -> TopologyDisplay:
        """Draw the histogram and the history.

        Parameters
        ----------
        ax : two matplotlib Axes, default=None
            None: a new figure.

        Returns
        -------
        TopologyDisplay
            Itself.
        """
        self.figure_, self.axes_ = figure_axes(ax, 2)
        left, right = self.axes_
        frequency = self.frequency()
        error = np.sqrt(frequency * (1 - frequency) / len(self.charge))
        self.bars_ = left.bar(
            self.charges, frequency, yerr=error, color="C0", alpha=0.6, label=self.name or "sample"
        )
        self.exact_line_ = None
        if self.probability is not None:
            (self.exact_line_,) = left.plot(
                self._sectors(), self.probability, "k_", ms=12, mew=2, label="exact $P(Q)$"
            )
        left.set(xlabel="topological charge $Q$", ylabel="frequency")
        left.xaxis.get_major_locator().set_params(integer=True)
        place_legend(left)
        (self.history_line_,) = right.plot(self.charge, drawstyle="steps-mid", lw=0.8)
        right.set(xlabel="configuration", ylabel="topological charge $Q$")
        right.yaxis.get_major_locator().set_params(integer=True)
        return self


class WilsonLoopDisplay:
    """Wilson loops and their exact values, and the deviations in units of the error.

    Parameters
    ----------
    labels : sequence of str
        Names of the loops.
    mean, error, exact : array of shape (n_loops,)
        Mean of each loop, its standard error, and the exact value.
    name : str, default=None
        Name of the sample in the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of two matplotlib Axes
    points_ : matplotlib ErrorbarContainer
    exact_line_ : matplotlib Line2D

    Raises
    ------
    ValueError
        If a shape does not fit `labels`.

    Examples
    --------
    >>> from halkit.displays import WilsonLoopDisplay
    >>> from halkit.gauge import sample_exact, sample_report
    >>> report = sample_report(sample_exact(500, 3.0, (8, 8), random_state=0), 3.0)
    >>> WilsonLoopDisplay.from_report(report, draw=False).labels
    ['1x1', '2x2', '4x4']
    """

    def __init__(
        self,
        labels: Sequence[str],
        mean: Numbers,
        error: Numbers,
        exact: Numbers,
        *,
        name: str | None = None,
    ) -> None:
        self.labels = list(labels)
        shape = (len(self.labels),)
        self.mean = curve(mean, shape, "mean")
        self.error = errors_of(error, shape, "error")
        self.exact = matching(exact, shape, "exact")
        self.name = name

    @classmethod
    def from_report(
        cls, report: Any, *, name: str | None = None, ax: Any = None, draw: bool = True
    ) -> WilsonLoopDisplay:
        """Draw the loops in a report of `halkit.gauge.sample_report`.

        Parameters
        ----------
        report : SampleReport
            Any object with ``rows`` that have ``name``, ``mean``, ``error`` and ``exact``. Rows
            whose name does not begin with "W(" are skipped.
        name : str, default=None
            Name of the sample in the legend.
        ax : two matplotlib Axes, default=None
            None: a new figure.
        draw : bool, default=True
            False: return the display without drawing.

        Returns
        -------
        WilsonLoopDisplay

        Raises
        ------
        ValueError
            If the report has no Wilson loop.
        """
        loops = [row for row in report.rows if row.name.startswith("W(")]
        if not loops:
            raise ValueError("report must have Wilson loops among its rows, got none")
        columns = ([getattr(row, key) for row in loops] for key in ("mean", "error", "exact"))
        display = cls([row.name[2:-1] for row in loops], *columns, name=name)
        return display.plot(ax) if check_boolean(draw, "draw") else display

    def plot(self, ax: Any = None) -> WilsonLoopDisplay:
        """Draw the loops and their deviations.

        Parameters
        ----------
        ax : two matplotlib Axes, default=None
            None: a new figure.

        Returns
        -------
        WilsonLoopDisplay
            Itself.
        """
        self.figure_, self.axes_ = figure_axes(ax, 2)
        left, right = self.axes_
        x = np.arange(len(self.labels))
        self.points_ = left.errorbar(
            x, self.mean, self.error, fmt="o", ms=4, capsize=3, label=self.name or "sample"
        )
        (self.exact_line_,) = left.plot(x, self.exact, "k_", ms=16, mew=1.5, label="exact")
        left.set_yscale("log" if min(self.mean.min(), self.exact.min()) > 0 else "linear")
        left.set(ylabel="$\\langle W\\rangle$")
        place_legend(left)
        known = self.error > 0
        right.axhspan(-2, 2, color="0.9")
        right.axhline(0, color="k", lw=0.8)
        z = np.divide(self.mean - self.exact, self.error, where=known, out=np.full(len(x), np.nan))
        right.plot(x, z, "o", ms=4)
        right.set(ylabel="(mean − exact)/error")
        for panel in self.axes_:
            panel.set(xticks=x, xticklabels=self.labels, xlabel="Wilson loop")
        return self


def _whole(charge: NDArray[Any]) -> bool:
    within = np.all(np.isfinite(charge)) and np.all(np.abs(charge.astype(np.float64)) < 2.0**63)
    return bool(within and np.all(charge == np.rint(charge)))
