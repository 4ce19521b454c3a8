"""Pictures of gauge configurations: topological charges, and Wilson loops against their area.

The exact values come as arrays or as a function, from `halkit.gauge` say; nothing is computed
here but frequencies. In two dimensions ⟨W⟩ falls as e^{−σA} with the area A, and frozen chains
show in the history of Q long before they show in any loop.
"""

import numpy as np

from halkit.displays.canvas import figure_axes, matching

__all__ = ["TopologyDisplay", "WilsonLoopDisplay"]


def _integers(charge, name):
    """Return charges as integers, or raise a ValueError that names them."""
    charge = np.asarray(charge)
    if charge.dtype.kind not in "iuf" or not charge.size:
        raise ValueError(f"{name}: expected integers, got {charge.size} of dtype {charge.dtype}")
    if not np.array_equal(charge, np.rint(charge)):
        raise ValueError(
            f"{name}: a topological charge is an integer, got {charge.dtype} that isn't"
        )
    return charge.astype(np.int64)


class TopologyDisplay:
    """Histogram of the topological charge, beside its history in a Markov chain.

    Parameters
    ----------
    charge : integer array of shape (n,)
        Topological charges Q of the configurations.
    probability : callable, default=None
        The exact P(Q), called with an integer array.
    history : integer array of shape (n_trajectories,) or (n_chains, n_trajectories), default=None
        Q after each trajectory of one or more chains, drawn in a panel of its own.
    name : str, default=None
        Name of the samples in the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of matplotlib Axes
        The histogram, then the history if given.
    bars_ : matplotlib BarContainer
        Observed frequencies with their binomial errors.
    exact_ : matplotlib Line2D or None
    history_ : list of matplotlib Line2D
        One per chain.

    Raises
    ------
    ValueError
        If a charge is no integer, or an array has the wrong shape.

    Examples
    --------
    >>> from halkit.displays import TopologyDisplay
    >>> display = TopologyDisplay([0, 0, 1, -1])
    >>> display.charges, display.frequency
    (array([-1,  0,  1]), array([0.25, 0.5 , 0.25]))
    """

    def __init__(self, charge, *, probability=None, history=None, name=None):
        self.charge = _integers(charge, "charge")
        if self.charge.ndim != 1:
            raise ValueError(f"charge: expected shape (n,), got {self.charge.shape}")
        largest = int(np.abs(self.charge).max())
        self.charges = np.arange(-largest, largest + 1)
        counts = np.bincount(self.charge + largest, minlength=len(self.charges))
        self.frequency = counts / len(self.charge)
        self.probability = probability
        self.history = None if history is None else np.atleast_2d(_integers(history, "history"))
        if self.history is not None and self.history.ndim != 2:
            raise ValueError(
                "history: expected shape (n_trajectories,) or (n_chains, n_trajectories), "
                f"got {self.history.shape}"
            )
        self.name = name

    @classmethod
    def from_predictions(cls, charge, *, probability=None, history=None, name=None, ax=None):
        """Draw given charges; the parameters are those of the class and of `plot`."""
        return cls(charge, probability=probability, history=history, name=name).plot(ax)

    def plot(self, ax=None):
        """Draw the histogram, and the history if there is one.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per panel. None: a new figure.

        Returns
        -------
        TopologyDisplay
            Itself.
        """
        self.figure_, self.axes_ = figure_axes(ax, 1 if self.history is None else 2)
        self._plot_histogram(self.axes_[0])
        self.history_ = [] if self.history is None else self._plot_history(self.axes_[1])
        return self

    def _plot_histogram(self, ax):
        error = np.sqrt(self.frequency * (1 - self.frequency) / len(self.charge))
        style = {"color": "C0", "alpha": 0.6, "width": 0.8, "capsize": 2}
        self.bars_ = ax.bar(self.charges, self.frequency, yerr=error, label=self.name, **style)
        self.exact_ = None
        if self.probability is not None:
            exact = matching(self.probability(self.charges), self.charges.shape, "probability")
            style = {"color": "black", "linestyle": "none", "marker": "_", "markersize": 12}
            (self.exact_,) = ax.plot(self.charges, exact, label="exact", **style)
        ax.set(xlabel="$Q$", ylabel="$P(Q)$")
        ax.xaxis.get_major_locator().set_params(integer=True)
        if ax.get_legend_handles_labels()[1]:
            ax.legend()

    def _plot_history(self, ax):
        ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        trajectory = np.arange(1, self.history.shape[1] + 1)
        lines = [
            ax.plot(trajectory, chain, drawstyle="steps-mid", linewidth=0.8)[0]
            for chain in self.history
        ]
        ax.set(xlabel="trajectory", ylabel="$Q$")
        ax.yaxis.get_major_locator().set_params(integer=True)
        return lines


class WilsonLoopDisplay:
    """Wilson loops against their area, and their deviation from the exact values.

    Parameters
    ----------
    loops : array of shape (n_loops,)
        Measured means ⟨W⟩.
    area : array of shape (n_loops,)
        Areas in plaquettes, R·T.
    errors : array of shape (n_loops,), default=None
        One standard deviation of each mean.
    exact : array of shape (n_loops,), default=None
        Exact means, drawn as a line. With `errors` and `exact` a second panel shows
        (loops − exact)/errors.
    name : str, default=None
        Name of the points in the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of matplotlib Axes
        The loops, then the deviations if there are any.
    points_ : matplotlib ErrorbarContainer
    exact_ : matplotlib Line2D or None
    deviations_ : matplotlib Line2D or None

    Raises
    ------
    ValueError
        If a shape does not fit `area`, an area is not positive, or an error is negative.

    Examples
    --------
    >>> from halkit.displays import WilsonLoopDisplay
    >>> display = WilsonLoopDisplay([0.92, 0.71], [1, 4], errors=[0.01, 0.02], exact=[0.93, 0.73])
    >>> display.deviation.round(6)
    array([-1., -1.])
    """

    def __init__(self, loops, area, *, errors=None, exact=None, name=None):
        self.area = np.atleast_1d(np.asarray(area, dtype=np.float64))
        if self.area.ndim != 1 or not np.all(self.area > 0):
            raise ValueError(f"area: expected positive numbers of shape (n_loops,), got {area!r}")
        self.loops = matching(loops, self.area.shape, "loops")
        self.errors = None if errors is None else matching(errors, self.area.shape, "errors")
        if self.errors is not None and not np.all(self.errors >= 0):
            raise ValueError(f"errors: expected numbers of at least 0, got {errors!r}")
        self.exact = None if exact is None else matching(exact, self.area.shape, "exact")
        self.name = name

    @property
    def deviation(self):
        """(loops − exact)/errors, or None if either is unknown; not finite without an error."""
        if self.errors is None or self.exact is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.loops - self.exact) / self.errors

    @classmethod
    def from_predictions(
        cls, loops, area, *, errors=None, exact=None, name=None, logarithmic=True, ax=None
    ):
        """Draw given loops; the parameters are those of the class and of `plot`."""
        display = cls(loops, area, errors=errors, exact=exact, name=name)
        return display.plot(ax, logarithmic=logarithmic)

    def plot(self, ax=None, *, logarithmic=True):
        """Draw the loops, and their deviations if errors and exact values are known.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per panel. None: a new figure.
        logarithmic : bool, default=True
            Scale of ⟨W⟩; an area law is a straight line on it. Loops that are not positive
            are seen on the linear scale alone.

        Returns
        -------
        WilsonLoopDisplay
            Itself.
        """
        deviation = self.deviation
        self.figure_, self.axes_ = figure_axes(ax, 1 if deviation is None else 2)
        self._plot_loops(self.axes_[0], logarithmic)
        self.deviations_ = None if deviation is None else self._plot_deviation(self.axes_[1])
        return self

    def _plot_loops(self, ax, logarithmic):
        style = {"fmt": "o", "color": "C0", "markersize": 4, "capsize": 2}
        self.points_ = ax.errorbar(self.area, self.loops, self.errors, label=self.name, **style)
        self.exact_ = None
        if self.exact is not None:
            order = np.argsort(self.area, kind="stable")
            style = {"color": "black", "linestyle": "--", "linewidth": 1.0, "zorder": 0}
            (self.exact_,) = ax.plot(self.area[order], self.exact[order], label="exact", **style)
        ax.set(
            xlabel="area [plaquettes]",
            ylabel="$\\langle W \\rangle$",
            yscale="log" if logarithmic else "linear",
        )
        if ax.get_legend_handles_labels()[1]:
            ax.legend()

    def _plot_deviation(self, ax):
        ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        ax.axhspan(-1, 1, color="0.93", zorder=-1)
        (points,) = ax.plot(self.area, self.deviation, "o", color="C0", markersize=4)
        ax.set(xlabel="area [plaquettes]", ylabel="(measured − exact) / error")
        return points
