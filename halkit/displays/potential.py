"""Pictures of a potential: U(r, r') as a map, V(r) as curves.

The map shows 4πrr' U(r, r'), the kernel that acts on u = rφ with the plain measure dr'. One
colour scale suits the kernel, whereas U itself is largest where the measure 4πr'²dr' vanishes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from halkit.checks import check_array, check_boolean
from halkit.displays.canvas import axis_label, figure_axes, matching, refuse_channels, with_std
from halkit.scaling import std
from halkit.typing import Array, Numbers

__all__ = ["LocalPotentialDisplay", "PotentialDisplay"]


def _matrix(potential: Any, r: Array, r_prime: Array) -> Any:
    """U on the nodes, from a matrix or from an object with ``nonlocal_potential``."""
    if hasattr(potential, "nonlocal_potential"):
        return potential.nonlocal_potential(r[:, np.newaxis], r_prime)
    return potential


def _curves(values: Numbers, name: str) -> Array:
    """The values with one row for each curve."""
    return np.atleast_2d(check_array(values, name, finite=False))


class PotentialDisplay:
    """Map of a non-local potential U(r, r').

    A few wave functions determine only a few directions of U. The standard deviation
    between several fits, drawn beside the map, shows what they leave open.

    Parameters
    ----------
    potential : array of shape (n_r, n_r_prime)
        U(r, r').
    r : array of shape (n_r,)
    r_prime : array of shape (n_r_prime,), default=None
        None: equal to `r`.
    truth : array of shape (n_r, n_r_prime), or interaction, default=None
        A known U, drawn on the same scale: its values, or an object with
        ``nonlocal_potential(r, r')``.
    potential_std : array of shape (n_r, n_r_prime), default=None
        Standard deviation of U, drawn on its own scale.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of matplotlib Axes
        One per panel: the potential, then the truth and the standard deviation if given.
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

    def __init__(
        self,
        potential: Numbers,
        r: Numbers,
        r_prime: Numbers | None = None,
        *,
        truth: Any = None,
        potential_std: Numbers | None = None,
    ) -> None:
        self.r = check_array(r, "r")
        self.r_prime = self.r if r_prime is None else check_array(r_prime, "r_prime")
        shape = (self.r.size, self.r_prime.size)
        truth = _matrix(truth, self.r, self.r_prime)
        self.potential = matching(potential, shape, "potential")
        self.truth = None if truth is None else matching(truth, shape, "truth")
        self.potential_std = (
            None if potential_std is None else matching(potential_std, shape, "potential_std")
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        r: Numbers | None = None,
        r_prime: Numbers | None = None,
        *,
        truth: Any = None,
        weighted: bool = True,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> "PotentialDisplay":
        """Draw the potential of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            Any object with ``predict_potential(r, r_prime)``, and with nodes ``r_``
            and ``r_out_`` unless `r` is given.
        r, r_prime : array, default=None
            Radii. Without both: the nodes of the fit; the standard deviation
            over ``estimator.starts_`` is drawn too if there are several starts.
            Without `r_prime` alone: `r`.
        truth : array or interaction, default=None
            See the class.
        weighted : bool, default=True
        units : pair of str, default=None
        ax : sequence of matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        PotentialDisplay

        Raises
        ------
        ValueError
            If `r_prime` comes without `r`.
        """
        refuse_channels(estimator, "the entries of interaction_, such as interaction_[0, 1]")
        potential_std = None
        if r is None:
            if r_prime is not None:
                raise ValueError("r must be given with r_prime, got None")
            r, r_prime = estimator.r_out_, estimator.r_
            starts = [start.potential for start in getattr(estimator, "starts_", ())]
            potential_std = std(starts, axis=0, ddof=1) if len(starts) > 1 else None
        r_prime = r if r_prime is None else r_prime
        potential = estimator.predict_potential(r, r_prime)
        display = cls(potential, r, r_prime, truth=truth, potential_std=potential_std)
        return display.plot(ax, weighted=weighted, units=units)

    @classmethod
    def from_predictions(
        cls,
        potential: Numbers,
        r: Numbers,
        r_prime: Numbers | None = None,
        *,
        truth: Any = None,
        potential_std: Numbers | None = None,
        weighted: bool = True,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> "PotentialDisplay":
        """Draw given values of U; for the parameters see the class and `plot`."""
        display = cls(potential, r, r_prime, truth=truth, potential_std=potential_std)
        return display.plot(ax, weighted=weighted, units=units)

    def plot(
        self, ax: Any = None, *, weighted: bool = True, units: tuple[str, str] | None = None
    ) -> "PotentialDisplay":
        """Draw one map per panel.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per panel. None: a new figure.
        weighted : bool, default=True
            Draw 4πrr' U(r, r') instead of U(r, r').
        units : pair of str, default=None
            Units of length and energy, such as ``("fm", "MeV")``, for the labels only:
            the numbers are not converted.

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
        styles: list[dict[str, Any]] = [{"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}] * len(
            panels
        )
        if self.potential_std is not None:
            panels["standard deviation"] = weight * self.potential_std
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
        V(r). Values that are not finite, as V = ∫U R / R where R vanishes, leave
        a gap.
    r : array of shape (n_r,)
    potential_std : array of the shape of `potential`, default=None
        Standard deviation, drawn as a band.
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
        One per curve if there are standard deviations.
    truth_line_ : matplotlib Line2D or None

    Raises
    ------
    ValueError
        If a shape does not match `r`, or there is not one label per curve.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import LocalPotentialDisplay
    >>> r = np.linspace(0.0, 5.0, 20)
    >>> LocalPotentialDisplay([-np.exp(-r), -np.exp(-2 * r)], r).potential.shape
    (2, 20)
    """

    def __init__(
        self,
        potential: Numbers,
        r: Numbers,
        *,
        potential_std: Numbers | None = None,
        labels: Sequence[str] | None = None,
        truth: Any = None,
    ) -> None:
        self.r = check_array(r, "r")
        if hasattr(truth, "local_potential"):
            truth = truth.local_potential(self.r)
        curves = _curves(potential, "potential")
        shape = (len(curves), self.r.size)
        self.potential = matching(curves, shape, "potential")
        self.potential_std = (
            None
            if potential_std is None
            else matching(_curves(potential_std, "potential_std"), shape, "potential_std")
        )
        self.truth = None if truth is None else matching(truth, self.r.shape, "truth")
        if labels is not None and len(labels) != len(curves):
            raise ValueError(
                f"labels must have {len(curves)} entries, one per curve, got {len(labels)}"
            )
        self.labels = None if labels is None else list(labels)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Numbers,
        *,
        potential_std: Numbers | None = None,
        labels: Sequence[str] | None = None,
        truth: Any = None,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> "LocalPotentialDisplay":
        """Draw V(r) = ∫4πr'²dr' U(r, r') R(r') / R(r), one curve per sample.

        Parameters
        ----------
        estimator : fitted estimator
            Any object with ``localize(X)`` on the nodes ``r_out_``.
        X : array of shape (n_samples, n_r)
            Wave functions or time slices R(t, r).
        potential_std, labels, truth
            See the class. The default of `potential_std` comes from
            ``localize(X, return_std=True)`` if the estimator has it.
        units : pair of str, default=None
        ax : matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        LocalPotentialDisplay
        """
        refuse_channels(estimator, "entries of localize(X)")
        V, potential_std = with_std(estimator.localize, X, potential_std)
        display = cls(V, estimator.r_out_, potential_std=potential_std, labels=labels, truth=truth)
        return display.plot(ax, units=units)

    @classmethod
    def from_predictions(
        cls,
        potential: Numbers,
        r: Numbers,
        *,
        potential_std: Numbers | None = None,
        labels: Sequence[str] | None = None,
        truth: Any = None,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> "LocalPotentialDisplay":
        """Draw given values of V; for the parameters see the class and `plot`."""
        display = cls(potential, r, potential_std=potential_std, labels=labels, truth=truth)
        return display.plot(ax, units=units)

    def plot(
        self, ax: Any = None, *, units: tuple[str, str] | None = None
    ) -> "LocalPotentialDisplay":
        """Draw one curve per sample, with a band if standard deviations are known.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        units : pair of str, default=None
            Units of length and energy, such as ``("fm", "MeV")``, for the labels only:
            the numbers are not converted.

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
            if self.potential_std is not None:
                low, high = V - self.potential_std[i], V + self.potential_std[i]
                style = {"color": self.lines_[i].get_color(), "alpha": 0.25, "linewidth": 0}
                self.bands_.append(self.ax_.fill_between(self.r, low, high, **style))
        if self.truth is not None:
            style = {"color": "black", "linestyle": "--", "linewidth": 1.0}
            (self.truth_line_,) = self.ax_.plot(self.r, self.truth, label="truth", **style)
        self.ax_.set(xlabel=axis_label("$r$", length), ylabel=axis_label("$V(r)$", energy))
        if self.labels is not None or self.truth is not None:
            self.ax_.legend()
        return self
