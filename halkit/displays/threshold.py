"""Pictures of k cot δ against k²: a straight line, −1/a0 + r_eff k²/2, near the threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.checks import check_array, check_positive
from halkit.displays.bands import draw_band, refined, smooth
from halkit.displays.canvas import (
    axis_label,
    curve,
    errors_of,
    figure_axes,
    matching,
    place_legend,
    refuse_channels,
)
from halkit.displays.momenta import (
    UnitSystem,
    known_mass,
    known_system,
    momentum_axis,
    unit_system,
)
from halkit.displays.observed import in_parts, is_budget, k_cot
from halkit.displays.scattering import (
    COUPLED,
    POINTS,
    TRUTH,
    on_points,
    reference_points,
    systematic_error,
)
from halkit.typing import Number, Numbers

__all__ = ["KCotDeltaDisplay"]

# Values this many times the median size, beside a pole, do not set the limits of the axis.
FAR = 20.0


class KCotDeltaDisplay:
    """k cot δ against k².

    Parameters
    ----------
    k_cot_delta : array of shape (n_k,)
        In the unit of k. Where it changes sign at a pole, δ is a multiple of π, and the curve has
        a gap.
    k : array of shape (n_k,)
        Momenta in the centre-of-mass frame.
    k_cot_delta_std : array of shape (n_k,), default=None
        Standard deviation, drawn as a band.
    k_cot_delta_sys : array of shape (n_k,) or (2, n_k), default=None
        Systematic error, or its parts below and above; see `PhaseShiftDisplay`.
    truth : array of shape (n_k,), default=None
        Known values, drawn as a dashed line.
    reference : tuple of arrays, default=None
        ``(k, k_cot_delta)`` or ``(k, k_cot_delta, std)``, drawn as points, such as those of
        Lüscher's formula.
    name : str, default=None
        Name of the curve in the legend, such as the system.
    reference_name : str, default="reference"
    inverse_spacing : float, default=None
        a⁻¹ in MeV; see `PhaseShiftDisplay`.
    pion_mass : float, default=None
        m_π in the unit of k: the axes are then k²/m_π² and k cot δ/m_π.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    line_ : matplotlib Line2D
    band_, total_band_ : matplotlib FillBetweenPolyCollection or None
    truth_line_ : matplotlib Line2D or None
    reference_ : matplotlib ErrorbarContainer or None

    Raises
    ------
    ValueError
        If a shape differs from the shape of `k`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import KCotDeltaDisplay
    >>> k = np.linspace(0.1, 1.0, 10)
    >>> KCotDeltaDisplay(0.2 + k**2, k, k_cot_delta_std=0.1 + 0 * k).k_cot_delta.shape
    (10,)
    """

    def __init__(
        self,
        k_cot_delta: Numbers,
        k: Numbers,
        *,
        k_cot_delta_std: Numbers | None = None,
        k_cot_delta_sys: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        inverse_spacing: Number | None = None,
        pion_mass: Number | None = None,
    ) -> None:
        self.k = check_array(k, "k")
        shape = self.k.shape
        self.k_cot_delta = curve(k_cot_delta, shape, "k_cot_delta")
        self.k_cot_delta_std = (
            None
            if k_cot_delta_std is None
            else errors_of(k_cot_delta_std, shape, "k_cot_delta_std")
        )
        self.k_cot_delta_sys = systematic_error(k_cot_delta_sys, shape, "k_cot_delta_sys")
        self.truth = None if truth is None else matching(truth, shape, "truth")
        self.reference = None if reference is None else reference_points(reference)
        self.name, self.reference_name = name, reference_name
        self.inverse_spacing = inverse_spacing
        self.pion_mass = check_positive(pion_mass, "pion_mass", optional=True)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        k: Numbers,
        *,
        k_cot_delta_sys: Any = None,
        truth: Any = None,
        reference: tuple[Numbers, ...] | None = None,
        reduced_mass: Number | None = None,
        l: int = 0,
        r: Numbers | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        inverse_spacing: Number | None = None,
        pion_mass: Number | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> KCotDeltaDisplay:
        """Draw k cot δ of a fit, an interaction, an ensemble or an error budget.

        Parameters
        ----------
        estimator : fitted estimator, interaction, Ensemble, ErrorBudget, or table
            See `PhaseShiftDisplay.from_estimator`. Ensembles, and what has one, have a band; a
            budget has both.
        k : array of shape (n_k,)
            Momenta; at fewer than 200 the curve is computed between them too, but not of a budget.
        k_cot_delta_sys : array of shape (n_k,) or Ensemble, default=None
        truth : array of shape (n_k,), or interaction, default=None
        reference, name, reference_name, pion_mass
            See the class.
        reduced_mass, l, r : optional
            For interactions, see `halkit.scattering.phase_shift`.
        inverse_spacing : float, default=None
            See the class; by default what the estimator knows.
        units, ax : optional
            See `plot`.

        Returns
        -------
        KCotDeltaDisplay
        """
        refuse_channels(estimator, COUPLED)
        k = check_array(k, "k")
        fine = k if is_budget(estimator) else refined(k)
        own = known_system(estimator)
        found = k_cot(estimator, fine, reduced_mass=reduced_mass, l=l, r=r)

        def of_others(other):
            mass = known_mass(estimator) if reduced_mass is None else reduced_mass
            return k_cot(other, fine, reduced_mass=mass, l=l)

        sys = on_points(k, fine, k_cot_delta_sys, "k_cot_delta_sys", of_others)
        value, std, sys = in_parts(found, sys)
        display = cls(
            value,
            fine,
            k_cot_delta_std=std,
            k_cot_delta_sys=sys,
            truth=on_points(k, fine, truth, "truth", of_others),
            reference=reference,
            name=name,
            reference_name=reference_name,
            inverse_spacing=own["inverse_spacing"] if inverse_spacing is None else inverse_spacing,
            pion_mass=pion_mass,
        )
        return display.plot(ax, units=units)

    @classmethod
    def from_predictions(
        cls,
        k_cot_delta: Numbers,
        k: Numbers,
        *,
        k_cot_delta_std: Numbers | None = None,
        k_cot_delta_sys: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        inverse_spacing: Number | None = None,
        pion_mass: Number | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> KCotDeltaDisplay:
        """Draw given values; for the parameters see the class and `plot`."""
        display = cls(
            k_cot_delta,
            k,
            k_cot_delta_std=k_cot_delta_std,
            k_cot_delta_sys=k_cot_delta_sys,
            truth=truth,
            reference=reference,
            name=name,
            reference_name=reference_name,
            inverse_spacing=inverse_spacing,
            pion_mass=pion_mass,
        )
        return display.plot(ax, units=units)

    def plot(
        self, ax: Any = None, *, units: str | None = None, color: Any = None
    ) -> KCotDeltaDisplay:
        """Draw k cot δ.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        units : str, default=None
            As of `PhaseShiftDisplay.plot`; not used with `pion_mass`.
        color : optional
            Of the curve, as in matplotlib.

        Returns
        -------
        KCotDeltaDisplay
            Itself.
        """
        system, symbols = unit_system(self.inverse_spacing, units), ("$k^2$", "$k\\,\\cot\\delta$")
        axis = momentum_axis("k_squared", system=system)
        label = axis_label(symbols[1], system.unit)
        if self.pion_mass is not None:
            system = UnitSystem(1 / self.pion_mass, 1.0, None, None)
            axis = momentum_axis("k_squared", system=system)._replace(label="$k^2/m_\\pi^2$")
            label = f"{symbols[1]}$/m_\\pi$"
        self.figure_, (self.ax_,) = figure_axes(ax)
        self.truth_line_ = self.reference_ = None
        scale, x = system.energy, axis(self.k)
        self.ax_.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        std, systematic = (
            None if error is None else scale * error
            for error in (self.k_cot_delta_std, self.k_cot_delta_sys)
        )
        value = scale * self.k_cot_delta
        self.line_, self.band_, self.total_band_ = draw_band(
            self.ax_, x, without_poles(value), std, systematic, label=self.name, color=color
        )
        if self.truth is not None:
            fine, truth = smooth(x, without_poles(scale * self.truth))
            (self.truth_line_,) = self.ax_.plot(fine, truth, label="truth", **TRUTH)
        if self.reference is not None:
            k, points, error = self.reference
            bars = None if error is None else scale * error
            self.reference_ = self.ax_.errorbar(
                axis(k), scale * points, bars, label=self.reference_name, **POINTS
            )
        self.ax_.set(xlabel=axis.label, ylabel=label)
        place_legend(self.ax_)
        return self


def without_poles(values: Numbers) -> Any:
    """Return values with NaN beside poles, where they are far larger than elsewhere."""
    values = np.array(values, dtype=float)
    size = np.abs(values)
    finite = np.isfinite(values)
    if np.any(finite):
        values[~finite | (size > FAR * np.median(size[finite]))] = np.nan
    flips = np.flatnonzero(values[:-1] * values[1:] < 0)
    rise = np.abs(np.diff(values))
    for i in flips:
        # a zero is passed at the slope of its neighbours, a pole is not
        near = np.append(rise[max(i - 1, 0) : i], rise[i + 1 : i + 2])
        if near.size and rise[i] > 10 * np.nanmax(near):
            values[i : i + 2] = np.nan
    return values
