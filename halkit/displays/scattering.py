"""Pictures of scattering: the phase shift δ(k).

Angles are given in radians, as everywhere in halkit, and drawn in degrees. The
axis is the momentum k, or the energy E = k²/2m if the reduced mass m is given.
"""

from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.displays.canvas import axis_label, figure_axes, matching, refuse_channels, with_std
from halkit.typing import Array, Number, Numbers

__all__ = ["PhaseShiftDisplay"]


def _reference(points: tuple[Numbers, ...]) -> tuple[Array, Array, Array | None]:
    """(k, δ, std or None) as float arrays of equal length."""
    if len(points) not in (2, 3):
        raise ValueError(
            f"reference must be (k, delta) or (k, delta, std), got {len(points)} entries"
        )
    k = check_array(points[0], "reference k")
    delta = matching(points[1], k.shape, "reference delta")
    std = matching(points[2], k.shape, "reference std") if len(points) == 3 else None
    return k, delta, std


class PhaseShiftDisplay:
    """Phase shift in degrees against momentum or energy.

    Parameters
    ----------
    phase_shift : array of shape (n_k,)
        δ(k) in radians.
    k : array of shape (n_k,)
        Momenta.
    phase_shift_std : array of shape (n_k,), default=None
        Standard deviation of δ in radians, drawn as a band.
    truth : array of shape (n_k,), default=None
        A known δ in radians, drawn as a dashed line.
    reference : tuple of arrays, default=None
        ``(k, delta)`` or ``(k, delta, std)`` in radians, drawn as points, for
        example a published result.
    name : str, default=None
        Name of the curve in the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    line_ : matplotlib Line2D
    band_ : matplotlib FillBetweenPolyCollection or None
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
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        name: str | None = None,
    ) -> None:
        self.k = check_array(k, "k")
        self.phase_shift = matching(phase_shift, self.k.shape, "phase_shift")
        self.phase_shift_std = (
            None
            if phase_shift_std is None
            else matching(phase_shift_std, self.k.shape, "phase_shift_std")
        )
        self.truth = None if truth is None else matching(truth, self.k.shape, "truth")
        self.reference = None if reference is None else _reference(reference)
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        k: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        reduced_mass: Number | None = None,
        name: str | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> "PhaseShiftDisplay":
        """Draw ``estimator.phase_shift(k)``.

        Parameters
        ----------
        estimator : fitted estimator
            Any object with ``phase_shift(k)``.
        k : array of shape (n_k,)
            Momenta.
        phase_shift_std, truth, reference
            See the class. The default of `phase_shift_std` comes from
            ``phase_shift(k, return_std=True)`` if the estimator has it.
        name : str, default=None
            None: the name of the estimator's class.
        reduced_mass : float, default=None
        units : str, default=None
        ax : matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        PhaseShiftDisplay
        """
        refuse_channels(estimator, "columns of phase_shift(energy=…).phase_shift")
        delta, phase_shift_std = with_std(estimator.phase_shift, k, phase_shift_std)
        display = cls(
            delta,
            k,
            phase_shift_std=phase_shift_std,
            truth=truth,
            reference=reference,
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax, reduced_mass=reduced_mass, units=units)

    @classmethod
    def from_predictions(
        cls,
        phase_shift: Numbers,
        k: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        truth: Numbers | None = None,
        reference: tuple[Numbers, ...] | None = None,
        reduced_mass: Number | None = None,
        name: str | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> "PhaseShiftDisplay":
        """Draw given phase shifts; for the parameters see the class and `plot`."""
        display = cls(
            phase_shift,
            k,
            phase_shift_std=phase_shift_std,
            truth=truth,
            reference=reference,
            name=name,
        )
        return display.plot(ax, reduced_mass=reduced_mass, units=units)

    def plot(
        self, ax: Any = None, *, reduced_mass: Number | None = None, units: str | None = None
    ) -> "PhaseShiftDisplay":
        """Draw δ in degrees.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        reduced_mass : float, default=None
            If given, the axis is the energy E = k²/2m instead of k.
        units : str, default=None
            Unit of the axis, such as ``"MeV"``, for the label only:
            the numbers are not converted.

        Returns
        -------
        PhaseShiftDisplay
            Itself.
        """
        self.figure_, (self.ax_,) = figure_axes(ax)
        self.band_ = self.truth_line_ = self.reference_ = None
        symbol = "$k$" if reduced_mass is None else "$E$"

        def axis(k: Array) -> Any:
            return k if reduced_mass is None else k**2 / (2 * reduced_mass)

        x, delta = axis(self.k), np.degrees(self.phase_shift)
        self.ax_.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        (self.line_,) = self.ax_.plot(x, delta, label=self.name)
        if self.phase_shift_std is not None:
            std, color = np.degrees(self.phase_shift_std), self.line_.get_color()
            self.band_ = self.ax_.fill_between(
                x, delta - std, delta + std, color=color, alpha=0.25, linewidth=0
            )
        if self.truth is not None:
            style = {"color": "black", "linestyle": "--", "linewidth": 1.0}
            (self.truth_line_,) = self.ax_.plot(x, np.degrees(self.truth), label="truth", **style)
        if self.reference is not None:
            k, delta, error = self.reference
            bars = None if error is None else np.degrees(error)
            style = {"fmt": "o", "color": "0.3", "markersize": 3, "capsize": 2}
            self.reference_ = self.ax_.errorbar(
                axis(k), np.degrees(delta), bars, label="reference", **style
            )
        self.ax_.set(xlabel=axis_label(symbol, units), ylabel=axis_label("$\\delta$", "deg"))
        if self.ax_.get_legend_handles_labels()[1]:
            self.ax_.legend()
        return self
