"""Pictures of a potential: U(r, r') as a map, V(r) as curves.

The map shows 4πrr' U(r, r'), the kernel that acts on u = rφ with the plain
measure dr': all of it is on one scale, while U itself is largest where the
measure 4πr'²dr' vanishes.
"""

import numpy as np

from halkit.checks import check_array, check_boolean
from halkit.displays.canvas import axis_label, figure_axes, matching, with_errors
from halkit.scaling import std

__all__ = ["LocalPotentialDisplay", "PotentialDisplay"]


def _matrix(potential, r, r_prime):
    """Return U on the nodes from a matrix or from an object with `nonlocal_potential`."""
    if hasattr(potential, "nonlocal_potential"):
        return potential.nonlocal_potential(r[:, np.newaxis], r_prime)
    return potential


def _curves(values, name):
    """Return one row for each curve."""
    return np.atleast_2d(check_array(values, name, finite=False))


class PotentialDisplay:
    """Map of a non-local potential U(r, r').

    Ten wave functions determine only a few directions of U, so that the
    difference between several fits is shown beside the map where it is known.

    Parameters
    ----------
    potential : array of shape (n_r, n_r_prime)
        U(r, r').
    r : array of shape (n_r,)
    r_prime : array of shape (n_r_prime,), default=None
        None: equal to `r`.
    truth : array of shape (n_r, n_r_prime), or interaction, default=None
        A known U, drawn beside the other on the same scale: its values, or an
        object with ``nonlocal_potential(r, r')``.
    spread : array of shape (n_r, n_r_prime), default=None
        One standard deviation of U, drawn on a scale of its own.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of matplotlib Axes
        One per panel: the potential, then the truth and the spread if given.
    images_ : list of matplotlib QuadMesh

    Raises
    ------
    ValueError
        If a shape does not fit the nodes.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import PotentialDisplay
    >>> r = np.linspace(0.1, 5.0, 20)
    >>> display = PotentialDisplay(-np.exp(-r[:, None] - r), r)
    >>> display.potential.shape
    (20, 20)
    """

    def __init__(self, potential, r, r_prime=None, *, truth=None, spread=None):
        self.r = check_array(r, "r")
        self.r_prime = self.r if r_prime is None else check_array(r_prime, "r_prime")
        shape = (self.r.size, self.r_prime.size)
        truth = _matrix(truth, self.r, self.r_prime)
        self.potential = matching(potential, shape, "potential")
        self.truth = None if truth is None else matching(truth, shape, "truth")
        self.spread = None if spread is None else matching(spread, shape, "spread")

    @classmethod
    def from_estimator(
        cls, estimator, r=None, r_prime=None, *, truth=None, weighted=True, units=None, ax=None
    ):
        """Draw the potential of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            Anything with ``predict_potential(r, r_prime)``, and nodes ``r_`` and
            ``r_out_`` unless `r` is given.
        r, r_prime : array, default=None
            Radii. None: the nodes of the fit, where the spread over
            ``estimator.starts_`` is drawn too if there are several starts.
            `r_prime` alone may be left out: it is `r` then.
        truth : array or interaction, default=None
            See the class.
        weighted : bool, default=True
        units : pair of str, default=None
        ax : sequence of matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        PotentialDisplay
        """
        spread = None
        if r is None:
            if r_prime is not None:
                raise ValueError("r_prime without r: expected both or r alone, got r=None")
            r, r_prime = estimator.r_out_, estimator.r_
            starts = [start.potential for start in getattr(estimator, "starts_", ())]
            spread = std(starts, axis=0, ddof=1) if len(starts) > 1 else None
        r_prime = r if r_prime is None else r_prime
        potential = estimator.predict_potential(r, r_prime)
        display = cls(potential, r, r_prime, truth=truth, spread=spread)
        return display.plot(ax, weighted=weighted, units=units)

    @classmethod
    def from_predictions(
        cls,
        potential,
        r,
        r_prime=None,
        *,
        truth=None,
        spread=None,
        weighted=True,
        units=None,
        ax=None,
    ):
        """Draw given values of U; the parameters are those of the class and of `plot`."""
        display = cls(potential, r, r_prime, truth=truth, spread=spread)
        return display.plot(ax, weighted=weighted, units=units)

    def plot(self, ax=None, *, weighted=True, units=None):
        """Draw one map per panel.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            As many as there are panels. None: a new figure.
        weighted : bool, default=True
            Draw 4πrr' U(r, r') instead of U(r, r').
        units : pair of str, default=None
            Names of the units of length and energy, for the labels alone:
            ``("fm", "MeV")``. Nothing is converted.

        Returns
        -------
        PotentialDisplay
            Itself.
        """
        weighted = check_boolean(weighted, "weighted")
        weight = 4 * np.pi * self.r[:, np.newaxis] * self.r_prime if weighted else 1.0
        symbol = "$4\\pi r r' U(r, r')$" if weighted else "$U(r, r')$"
        length, energy = (None, None) if units is None else units
        power = 1 if weighted else 3
        unit = None if units is None else f"{energy} {length}$^{{-{power}}}$"

        signed = {"potential": self.potential, "truth": self.truth}
        panels = {name: weight * U for name, U in signed.items() if U is not None}
        limit = max(np.max(np.abs(values)) for values in panels.values()) or 1.0
        styles = [{"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}] * len(panels)
        if self.spread is not None:
            panels["spread"] = weight * self.spread
            styles.append({"cmap": "Greys", "vmin": 0.0})

        self.figure_, self.axes_ = figure_axes(ax, len(panels))
        self.images_ = []
        for axes, (name, values), style in zip(self.axes_, panels.items(), styles, strict=True):
            image = axes.pcolormesh(self.r_prime, self.r, values, shading="nearest", **style)
            axes.set(
                title=name, xlabel=axis_label("$r'$", length), ylabel=axis_label("$r$", length)
            )
            axes.set_aspect("equal")
            self.figure_.colorbar(image, ax=axes, label=axis_label(symbol, unit))
            self.images_.append(image)
        return self


class LocalPotentialDisplay:
    """Curves of local potentials V(r), one per sample.

    Parameters
    ----------
    potential : array of shape (n_r,) or (n_curves, n_r)
        V(r). Values that are not finite leave a gap: V = ∫U R / R has none
        where R vanishes.
    r : array of shape (n_r,)
    errors : array of the shape of `potential`, default=None
        One standard deviation, drawn as a band.
    labels : sequence of str, default=None
        One name per curve.
    truth : array of shape (n_r,), or interaction, default=None
        A known V, drawn as a dashed line: its values, or an object with
        ``local_potential(r)``.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    lines_ : list of matplotlib Line2D
        One per curve.
    bands_ : list of matplotlib FillBetweenPolyCollection
        One per curve if there are errors.
    truth_line_ : matplotlib Line2D or None

    Raises
    ------
    ValueError
        If a shape or the number of labels does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import LocalPotentialDisplay
    >>> r = np.linspace(0.0, 5.0, 20)
    >>> LocalPotentialDisplay([-np.exp(-r), -np.exp(-2 * r)], r).potential.shape
    (2, 20)
    """

    def __init__(self, potential, r, *, errors=None, labels=None, truth=None):
        self.r = check_array(r, "r")
        if hasattr(truth, "local_potential"):
            truth = truth.local_potential(self.r)
        potential = _curves(potential, "potential")
        shape = (len(potential), self.r.size)
        self.potential = matching(potential, shape, "potential")
        self.errors = (
            None if errors is None else matching(_curves(errors, "errors"), shape, "errors")
        )
        self.truth = None if truth is None else matching(truth, self.r.shape, "truth")
        if labels is not None and len(labels) != len(potential):
            raise ValueError(f"labels: expected {len(potential)}, one per curve, got {len(labels)}")
        self.labels = None if labels is None else list(labels)

    @classmethod
    def from_estimator(
        cls, estimator, X, *, errors=None, labels=None, truth=None, units=None, ax=None
    ):
        """Draw V(r) = ∫4πr'²dr' U(r, r') R(r') / R(r), one curve per sample.

        Parameters
        ----------
        estimator : fitted estimator
            Anything with ``localize(X)`` on the nodes ``r_out_``.
        X : array of shape (n_samples, n_r)
            Wave functions or time slices R(t, r).
        errors, labels, truth
            See the class. Without errors, those of ``localize(X, return_std=True)`` if the
            estimator has them.
        units : pair of str, default=None
        ax : matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        LocalPotentialDisplay
        """
        V, errors = with_errors(estimator.localize, X, errors)
        display = cls(
            V,
            estimator.r_out_,
            errors=errors,
            labels=labels,
            truth=truth,
        )
        return display.plot(ax, units=units)

    @classmethod
    def from_predictions(
        cls, potential, r, *, errors=None, labels=None, truth=None, units=None, ax=None
    ):
        """Draw given values of V; the parameters are those of the class and of `plot`."""
        display = cls(potential, r, errors=errors, labels=labels, truth=truth)
        return display.plot(ax, units=units)

    def plot(self, ax=None, *, units=None):
        """Draw one curve per sample, with a band where there are errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        units : pair of str, default=None
            Names of the units of length and energy, for the labels alone:
            ``("fm", "MeV")``. Nothing is converted.

        Returns
        -------
        LocalPotentialDisplay
            Itself.
        """
        self.figure_, (self.ax_,) = figure_axes(ax)
        length, energy = (None, None) if units is None else units
        self.ax_.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        self.lines_, self.bands_, self.truth_line_ = [], [], None
        for i, V in enumerate(self.potential):
            label = None if self.labels is None else self.labels[i]
            self.lines_ += self.ax_.plot(self.r, V, label=label)
            if self.errors is not None:
                low, high, color = (
                    V - self.errors[i],
                    V + self.errors[i],
                    self.lines_[i].get_color(),
                )
                band = self.ax_.fill_between(
                    self.r, low, high, color=color, alpha=0.25, linewidth=0
                )
                self.bands_.append(band)
        if self.truth is not None:
            style = {"color": "black", "linestyle": "--", "linewidth": 1.0}
            (self.truth_line_,) = self.ax_.plot(self.r, self.truth, label="truth", **style)
        self.ax_.set(xlabel=axis_label("$r$", length), ylabel=axis_label("$V(r)$", energy))
        if self.labels is not None or self.truth is not None:
            self.ax_.legend()
        return self
