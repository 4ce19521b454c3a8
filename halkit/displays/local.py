"""Pictures of local potentials: curves V(r) with bands, and V(r; t) of the data with its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.displays.bands import draw_band, refined, smooth
from halkit.displays.canvas import (
    axis_label,
    curve,
    errors_of,
    figure_axes,
    matching,
    place_legend,
    refuse_channels,
    with_std,
)
from halkit.displays.momenta import known_system
from halkit.displays.observed import in_parts, local_values
from halkit.displays.potential import potential_units
from halkit.displays.scattering import TRUTH
from halkit.typing import Array, Number, Numbers

__all__ = ["LocalPotentialDisplay"]


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
    potential_sys : array of the shape of `potential`, default=None
        Systematic error; the wider band is the quadratic sum with the standard deviation.
    labels : sequence of str, default=None
        One name per curve.
    truth : array of shape (n_r,), or interaction, default=None
        A known V, drawn as a dashed line: its values, or an object with
        ``local_potential(r)``.
    data : tuple of arrays, default=None
        ``(r, V)`` or ``(r, V, std)``, drawn as points: V of shape (n,), or (n_sets, n) with the
        colours of the curves in their order.
    data_labels : sequence of str, default=None
        One name per set of points.
    inverse_spacing : float, default=None
        a⁻¹ in MeV, if the numbers are in lattice units; `halkit.units.HBARC` if they are in fm. The
        figure is then in fm and MeV.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    lines_ : list of matplotlib Line2D
        One per curve.
    bands_ : list of matplotlib FillBetweenPolyCollection
        One per curve if there are standard deviations.
    total_bands_ : list of matplotlib FillBetweenPolyCollection
        One per curve if there are systematic errors.
    truth_line_ : matplotlib Line2D or None
    points_ : list of matplotlib ErrorbarContainer
        One per set of points.

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
        potential_sys: Numbers | None = None,
        labels: Sequence[str] | None = None,
        truth: Any = None,
        data: tuple[Numbers, ...] | None = None,
        data_labels: Sequence[str] | None = None,
        inverse_spacing: Number | None = None,
    ) -> None:
        self.r = check_array(r, "r")
        if hasattr(truth, "local_potential"):
            truth = truth.local_potential(self.r)
        curves = _curves(potential, "potential")
        shape = (len(curves), self.r.size)
        self.potential = curve(curves, shape, "potential")
        errors = {"potential_std": potential_std, "potential_sys": potential_sys}
        self.potential_std, self.potential_sys = (
            None if values is None else errors_of(_curves(values, name), shape, name)
            for name, values in errors.items()
        )
        self.truth = None if truth is None else matching(truth, self.r.shape, "truth")
        if labels is not None and len(labels) != len(curves):
            raise ValueError(
                f"labels must have {len(curves)} entries, one per curve, got {len(labels)}"
            )
        self.labels = None if labels is None else list(labels)
        self.data = None if data is None else _points(data)
        n_sets = 0 if self.data is None else len(self.data[1])
        if data_labels is not None and len(data_labels) != n_sets:
            raise ValueError(
                f"data_labels must have {n_sets} entries, one per set of points, got "
                f"{len(data_labels)}"
            )
        self.data_labels = None if data_labels is None else list(data_labels)
        self.inverse_spacing = inverse_spacing

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Numbers,
        *, potential_std: Numbers | None = None, labels: Sequence[str] | None = None,
        truth: Any = None, data: tuple[Numbers, ...] | None = None,
        data_labels: Sequence[str] | None = None, inverse_spacing: Number | None = None,
        units: tuple[str, str] | None = None, ax: Any = None,
    ) -> LocalPotentialDisplay:  # fmt: skip
        """Draw V(r) = ∫4πr'²dr' U(r, r') R(r') / R(r), one curve per sample.

        Parameters
        ----------
        estimator : fitted estimator
            Any object with ``localize(X)`` on the nodes ``r_out_``.
        X : array of shape (n_samples, n_r)
            Wave functions or time slices R(t, r).
        potential_std, labels, truth, data, data_labels
            See the class. The default of `potential_std` comes from
            ``localize(X, return_std=True)`` if the estimator has it.
        inverse_spacing : float, default=None
            See the class; by default what the estimator knows.
        units : pair of str, default=None
        ax : matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        LocalPotentialDisplay
        """
        refuse_channels(estimator, "entries of localize(X)")
        shape = check_array(X, "X").shape
        if len(shape) == 1:
            raise ValueError(
                "X must hold wave functions on the nodes, shape (n_samples, n_r), got shape "
                f"{shape}; from_predictions(V, r) draws V at any radii"
            )
        V, potential_std = with_std(estimator.localize, X, std=potential_std)
        own = known_system(estimator)["inverse_spacing"]
        display = cls(
            V, estimator.r_out_, potential_std=potential_std, labels=labels, truth=truth,
            data=data, data_labels=data_labels,
            inverse_spacing=own if inverse_spacing is None else inverse_spacing,
        )  # fmt: skip
        return display.plot(ax, units=units)

    @classmethod
    def from_interactions(
        cls,
        interactions: Sequence[Any],
        r: Numbers,
        *, labels: Sequence[str] | None = None, truth: Any = None,
        data: tuple[Numbers, ...] | None = None, data_labels: Sequence[str] | None = None,
        inverse_spacing: Number | None = None, units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> LocalPotentialDisplay:  # fmt: skip
        """Draw the local part V(r) of interactions, fits, ensembles or error budgets.

        Parameters
        ----------
        interactions : list of interactions, fitted estimators, Ensembles or ErrorBudgets
            One curve each. Ensembles, and what has one, have a band; budgets have both.
        r : array of shape (n_r,)
            Radii; at fewer than 200 the curves are computed between them too.
        labels, truth, data, data_labels, inverse_spacing
            See the class.
        units, ax : optional
            See `plot`.

        Returns
        -------
        LocalPotentialDisplay
        """
        r = check_array(r, "r")
        fine = refined(r)
        for potential in interactions:
            refuse_channels(potential, "the entries of interaction_, such as interaction_[0, 1]")
        found = [in_parts(local_values(potential, fine)) for potential in interactions]
        if inverse_spacing is None and found:
            inverse_spacing = known_system(interactions[0])["inverse_spacing"]
        if truth is not None and not hasattr(truth, "local_potential"):
            truth = smooth(r, matching(truth, r.shape, "truth"))[1]
        display = cls(
            np.array([V for V, _, _ in found]), fine, labels=labels, truth=truth, data=data,
            potential_std=_together([std for _, std, _ in found], fine),
            potential_sys=_together([sys for _, _, sys in found], fine),
            data_labels=data_labels, inverse_spacing=inverse_spacing,
        )  # fmt: skip
        return display.plot(ax, units=units)

    @classmethod
    def from_leading_order(
        cls,
        leading: Any,
        fits: Sequence[Any] = (),
        *, r: Numbers | None = None, labels: Sequence[str] | None = None,
        names: Sequence[str] | None = None, inverse_spacing: Number | None = None,
        units: tuple[str, str] | None = None, ax: Any = None,
    ) -> LocalPotentialDisplay:  # fmt: skip
        """Draw V(r; t) of several sources and times as points, with their errors and local fits.

        Parameters
        ----------
        leading : LeadingOrder
            From `halkit.potentials.leading_order`: any object with r, V, V_std and labels.
        fits : sequence of fitted estimators, interactions or Ensembles
            Local potentials, none or one for each row; an Ensemble or a jackknife has a band.
        r : array, default=None
            Radii of the fits; by default from the first to the last of the data.
        labels : sequence of str, default=None
            Names of the rows; by default "source, t = …".
        names : sequence of str, default=None
            Names of the fits; by default they have the colour of their row and no name.
        inverse_spacing : float, default=None
            See the class.
        units, ax : optional
            See `plot`.

        Returns
        -------
        LocalPotentialDisplay

        Raises
        ------
        ValueError
            If there is not one fit per row.
        """
        rows = [f"{source}, t = {time:g}" for source, time in leading.labels]
        fits = list(fits)
        if fits and len(fits) != len(rows):
            raise ValueError(f"fits must have {len(rows)} entries, one per row, got {len(fits)}")
        known = not np.all(np.isnan(leading.V_std))
        data = (leading.r, leading.V, leading.V_std) if known else (leading.r, leading.V)
        settings: dict[str, Any] = {
            "data": data, "data_labels": rows if labels is None else labels,
            "inverse_spacing": inverse_spacing,
        }  # fmt: skip
        if fits:
            r = np.linspace(leading.r[0], leading.r[-1], 400) if r is None else r
            return cls.from_interactions(fits, r, labels=names, units=units, ax=ax, **settings)
        empty = np.empty((0, leading.r.size))
        return cls(empty, leading.r, **settings).plot(ax, units=units)

    @classmethod
    def from_predictions(
        cls,
        potential: Numbers,
        r: Numbers,
        *, potential_std: Numbers | None = None, potential_sys: Numbers | None = None,
        labels: Sequence[str] | None = None, truth: Any = None,
        data: tuple[Numbers, ...] | None = None, data_labels: Sequence[str] | None = None,
        inverse_spacing: Number | None = None, units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> LocalPotentialDisplay:  # fmt: skip
        """Draw given values of V; for the parameters see the class and `plot`."""
        display = cls(
            potential, r, potential_std=potential_std, potential_sys=potential_sys, labels=labels,
            truth=truth, data=data, data_labels=data_labels, inverse_spacing=inverse_spacing,
        )  # fmt: skip
        return display.plot(ax, units=units)

    def plot(
        self, ax: Any = None, *, units: tuple[str, str] | None = None
    ) -> LocalPotentialDisplay:
        """Draw one curve per sample, with a band if standard deviations are known.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        units : pair of str, default=None
            As of `PotentialDisplay.plot`.

        Returns
        -------
        LocalPotentialDisplay
            Itself.
        """
        self.figure_, (self.ax_,) = figure_axes(ax)
        system = potential_units(self.inverse_spacing, units)
        self.ax_.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        self.lines_, self.bands_, self.total_bands_, self.truth_line_ = [], [], [], None
        r = system.length * self.r
        colors = [f"C{i}" for i in range(max(len(self.potential), self._n_sets()))]
        self.points_ = self._draw_points(system, colors)
        for i, V in enumerate(self.potential):
            errors = (
                None if part is None else system.energy * part[i]
                for part in (self.potential_std, self.potential_sys)
            )
            label = None if self.labels is None else self.labels[i]
            color = colors[i] if self.data is not None else None
            values = np.where(np.isfinite(V), system.energy * V, np.nan)
            band = draw_band(self.ax_, r, values, *errors, label=label, color=color)
            self.lines_.append(band.line)
            if band.statistical is not None:
                self.bands_.append(band.statistical)
            if band.total is not None:
                self.total_bands_.append(band.total)
        if self.truth is not None:
            fine, truth = smooth(r, system.energy * self.truth)
            (self.truth_line_,) = self.ax_.plot(fine, truth, label="truth", **TRUTH)
        self.ax_.set(
            xlabel=axis_label("$r$", system.length_unit), ylabel=axis_label("$V(r)$", system.unit)
        )
        place_legend(self.ax_)
        return self

    def _n_sets(self):
        return 0 if self.data is None else len(self.data[1])

    def _draw_points(self, system, colors):
        if self.data is None:
            return []
        r, sets, std = self.data
        style = {"linestyle": "none", "marker": ".", "markersize": 4}
        return [
            self.ax_.errorbar(
                system.length * r, system.energy * V,
                None if std is None else system.energy * std[i], color=colors[i], alpha=0.5,
                label=None if self.data_labels is None else self.data_labels[i], zorder=1, **style,
            )
            for i, V in enumerate(sets)
        ]  # fmt: skip


def _curves(values: Numbers, name: str) -> Array:
    """The values with one row for each curve."""
    return np.atleast_2d(check_array(values, name, finite=False))


def _points(data: tuple[Numbers, ...]) -> tuple[Array, Array, Array | None]:
    """(r, V, std or None), V with one row for each set."""
    if len(data) not in (2, 3):
        raise ValueError(f"data must be (r, V) or (r, V, std), got {len(data)} entries")
    r, V = check_array(data[0], "data r"), _curves(data[1], "data V")
    shape = (len(V), r.size)
    std = None
    if len(data) == 3:
        std = errors_of(_curves(data[2], "data std"), shape, "data std")
    return r, curve(V, shape, "data V"), std


def _together(errors: Sequence[Any], r: Array) -> Array | None:
    """Errors of all curves, NaN where one has none; None if no curve has any."""
    if all(error is None for error in errors):
        return None
    return np.array([np.full(r.shape, np.nan) if error is None else error for error in errors])
