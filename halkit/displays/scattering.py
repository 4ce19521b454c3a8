"""Pictures of phase shifts δ against momentum or energy.

Angles are given in radians, as everywhere in halkit, and drawn in degrees. Curves come with the
band of the statistical error, and around it that of the total error if a systematic one is known.
"""

from __future__ import annotations

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
)
from halkit.displays.momenta import Quantity, known_mass, known_system, momentum_axis, unit_system
from halkit.displays.observed import ensemble_of, in_parts, is_budget, phases
from halkit.typing import Array, Number, Numbers

__all__ = ["PhaseShiftDisplay", "on_points", "reference_points", "systematic_error"]

COUPLED = "columns of phase_shift(energy=…).phase_shift, or a CoupledPhaseShiftDisplay"
TRUTH: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.0}
POINTS: dict[str, Any] = {"fmt": "o", "color": "0.3", "markersize": 3, "capsize": 2}


def reference_points(points: tuple[Numbers, ...]) -> tuple[Array, Array, Array | None]:
    """Return (k, δ, std or None) as float arrays of equal length."""
    if len(points) not in (2, 3):
        raise ValueError(
            f"reference must be (k, delta) or (k, delta, std), got {len(points)} entries"
        )
    k = check_array(points[0], "reference k")
    delta = curve(points[1], k.shape, "reference delta")
    std = errors_of(points[2], k.shape, "reference std") if len(points) == 3 else None
    return k, delta, std


def systematic_error(values: Any, shape: tuple[int, ...], name: str) -> Array | None:
    """Return a systematic error as an array of the shape, or with its two sides, (2, n)."""
    if values is None:
        return None
    return errors_of(values, shape if np.ndim(values) == len(shape) else (2, *shape), name)


def on_points(
    k: Array, fine: Array, values: Any, name: str, observable: Any = None
) -> Numbers | None:
    """Return values given at k, or of an interaction or an ensemble, at the points of the curve."""
    if values is None:
        return None
    if observable is not None and not isinstance(values, np.ndarray | list | tuple):
        if hasattr(values, "interaction_") or hasattr(values, "local_potential"):
            return observable(values)[0]
        if ensemble_of(values) is not None:
            return observable(values)[1]
    return smooth(k, matching(values, k.shape, name))[1] if fine is not k else values


class PhaseShiftDisplay:
    """Phase shift in degrees against momentum or energy.

    Parameters
    ----------
    phase_shift : array of shape (n_k,)
        δ(k) in radians.
    k : array of shape (n_k,)
        Momenta in the centre-of-mass frame.
    phase_shift_std : array of shape (n_k,), default=None
        Standard deviation of δ in radians, drawn as a band.
    phase_shift_sys : array of shape (n_k,) or (2, n_k), default=None
        Systematic error of δ in radians, or its parts below and above; the wider band is the
        quadratic sum with the standard deviation.
    truth : array of shape (n_k,), default=None
        A known δ in radians, drawn as a dashed line.
    reference : tuple of arrays, default=None
        ``(k, delta)`` or ``(k, delta, std)`` in radians, drawn as points, for
        example a published result.
    name : str, default=None
        Name of the curve in the legend, such as the system, "ΞΞ(¹S₀)".
    reference_name : str, default="reference"
        Name of the points in the legend.
    masses : float or pair of float, default=None
        (m1, m2) in the unit of k, for axes of energy.
    inverse_spacing : float, default=None
        a⁻¹ in MeV, if k is in lattice units; `halkit.units.HBARC` if it is in 1/fm. The figure is
        then in MeV.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    line_ : matplotlib Line2D
    band_, total_band_ : matplotlib FillBetweenPolyCollection or None
        Of the statistical and of the total error.
    truth_line_ : matplotlib Line2D or None
    reference_ : matplotlib ErrorbarContainer or None

    Raises
    ------
    ValueError
        If a shape differs from the shape of `k`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import PhaseShiftDisplay
    >>> k = np.linspace(0.1, 1.0, 10)
    >>> display = PhaseShiftDisplay(np.arctan(k), k)
    >>> display.phase_shift.shape
    (10,)
    """

    def __init__(
        self,
        phase_shift: Numbers,
        k: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        phase_shift_sys: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        masses: Any = None,
        inverse_spacing: Number | None = None,
    ) -> None:
        self.k = check_array(k, "k")
        shape = self.k.shape
        self.phase_shift = curve(phase_shift, shape, "phase_shift")
        self.phase_shift_std = (
            None
            if phase_shift_std is None
            else errors_of(phase_shift_std, shape, "phase_shift_std")
        )
        self.phase_shift_sys = systematic_error(phase_shift_sys, shape, "phase_shift_sys")
        self.truth = None if truth is None else matching(truth, shape, "truth")
        self.reference = None if reference is None else reference_points(reference)
        self.name, self.reference_name = name, reference_name
        self.masses, self.inverse_spacing = masses, inverse_spacing

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        k: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        phase_shift_sys: Any = None,
        truth: Any = None,
        reference: tuple[Numbers, ...] | None = None,
        reduced_mass: Number | None = None,
        l: int = 0,
        r: Numbers | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        masses: Any = None,
        inverse_spacing: Number | None = None,
        x: Quantity | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> PhaseShiftDisplay:
        """Draw the phase shift of a fit, an interaction, an ensemble or an error budget.

        Parameters
        ----------
        estimator : fitted estimator, interaction, Ensemble, ErrorBudget, or table
            Whatever `halkit.scattering.phase_shift` takes, or an object with ``phase_shift(k)``.
            Errors come from ``phase_shift(k, return_std=True)`` if it has it. A budget gives both
            bands.
        k : array of shape (n_k,)
            Momenta. δ is computed at these and, if they are fewer than 200, between them; of a
            budget at these alone, which a smooth curve joins.
        phase_shift_std : array of shape (n_k,), default=None
            See the class; replaces the errors of the estimator.
        phase_shift_sys : array of shape (n_k,) or Ensemble, default=None
            See the class. An ensemble of variations gives its error.
        truth : array of shape (n_k,), or interaction, default=None
            See the class.
        reference, name, reference_name
            See the class.
        reduced_mass, l, r : optional
            For interactions, see `halkit.scattering.phase_shift`; `reduced_mass` also chooses the
            axis, see `plot`.
        masses, inverse_spacing : optional
            See the class; by default what the estimator knows.
        x, units, ax : optional
            See `plot`.

        Returns
        -------
        PhaseShiftDisplay
        """
        refuse_channels(estimator, COUPLED)
        k = check_array(k, "k")
        fine = k if is_budget(estimator) else refined(k)
        own = known_system(estimator)
        std = on_points(k, fine, phase_shift_std, "phase_shift_std")
        found = phases(estimator, fine, std=std, reduced_mass=reduced_mass, l=l, r=r)

        def of_others(other):
            mass = known_mass(estimator) if reduced_mass is None else reduced_mass
            return phases(other, fine, reduced_mass=mass, l=l)

        sys = on_points(k, fine, phase_shift_sys, "phase_shift_sys", of_others)
        delta, std, sys = in_parts(found, sys)
        display = cls(
            delta,
            fine,
            phase_shift_std=std,
            phase_shift_sys=sys,
            truth=on_points(k, fine, truth, "truth", of_others),
            reference=reference,
            name=name,
            reference_name=reference_name,
            masses=own["masses"] if masses is None else masses,
            inverse_spacing=own["inverse_spacing"] if inverse_spacing is None else inverse_spacing,
        )
        return display.plot(ax, x=x, reduced_mass=reduced_mass, units=units)

    @classmethod
    def from_predictions(
        cls,
        phase_shift: Numbers,
        k: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        phase_shift_sys: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        reduced_mass: Number | None = None,
        name: str | None = None,
        reference_name: str = "reference",
        masses: Any = None,
        inverse_spacing: Number | None = None,
        x: Quantity | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> PhaseShiftDisplay:
        """Draw given phase shifts; for the parameters see the class and `plot`."""
        display = cls(
            phase_shift,
            k,
            phase_shift_std=phase_shift_std,
            phase_shift_sys=phase_shift_sys,
            truth=truth,
            reference=reference,
            name=name,
            reference_name=reference_name,
            masses=masses,
            inverse_spacing=inverse_spacing,
        )
        return display.plot(ax, x=x, reduced_mass=reduced_mass, units=units)

    def plot(
        self,
        ax: Any = None,
        *,
        reduced_mass: Number | None = None,
        units: str | None = None,
        x: Quantity | None = None,
        color: Any = None,
    ) -> PhaseShiftDisplay:
        """Draw δ in degrees.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        reduced_mass : float, default=None
            In the unit of k. If given, the energy is k²/2μ, and the default of `x`.
        units : str, default=None
            With `inverse_spacing` "MeV" (default), "GeV" or "1/fm", to which numbers are converted.
            Without it a text for the label, such as "MeV": the numbers are not converted.
        x : {"k", "k_squared", "energy", "total_energy", "lab_energy"}, default=None
            What the axis shows: k or k²; ΔW = E_cm − m1 − m2, or k²/2μ with `reduced_mass`; E_cm;
            T_lab of hadron 1 on hadron 2 at rest. The last three need `masses`.
        color : optional
            Of the curve, as in matplotlib.

        Returns
        -------
        PhaseShiftDisplay
            Itself.

        Raises
        ------
        ValueError
            If a mass is missing for the axis, or a unit is unknown.
        """
        system = unit_system(self.inverse_spacing, units)
        axis = momentum_axis(x, reduced_mass=reduced_mass, masses=self.masses, system=system)
        self.figure_, (self.ax_,) = figure_axes(ax)
        self.truth_line_ = self.reference_ = None
        self.ax_.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        values = axis(self.k)
        errors = (
            None if std is None else np.degrees(std)
            for std in (self.phase_shift_std, self.phase_shift_sys)
        )
        self.line_, self.band_, self.total_band_ = draw_band(
            self.ax_, values, np.degrees(self.phase_shift), *errors, label=self.name, color=color
        )
        if self.truth is not None:
            fine, truth = smooth(values, np.degrees(self.truth))
            (self.truth_line_,) = self.ax_.plot(fine, truth, label="truth", **TRUTH)
        if self.reference is not None:
            k, delta, error = self.reference
            bars = None if error is None else np.degrees(error)
            self.reference_ = self.ax_.errorbar(
                axis(k), np.degrees(delta), bars, label=self.reference_name, **POINTS
            )
        self.ax_.set(xlabel=axis.label, ylabel=axis_label("$\\delta$", "deg"))
        place_legend(self.ax_)
        return self
