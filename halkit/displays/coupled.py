"""Pictures of coupled channels: phase shifts δ_a and inelasticities η_a against the energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from halkit.channels import ChannelList, resolve_channels
from halkit.checks import check_array
from halkit.displays.bands import draw_band, refined
from halkit.displays.canvas import axis_label, curve, errors_of, figure_axes, matching, place_legend
from halkit.displays.momenta import unit_system
from halkit.displays.observed import coupled, in_parts, is_budget
from halkit.displays.scattering import TRUTH
from halkit.typing import Array, Number, Numbers

__all__ = ["CoupledPhaseShiftDisplay"]


class CoupledPhaseShiftDisplay:
    """Phase shifts δ_a in degrees and inelasticities η_a of coupled channels.

    Parameters
    ----------
    phase_shift : array of shape (n_energies, n_channels)
        δ_a in radians, NaN below the threshold of a channel.
    inelasticity : array of shape (n_energies, n_channels)
        η_a = ``|S_aa|``.
    energy : array of shape (n_energies,)
        E in the centre-of-mass frame, above the lowest threshold.
    phase_shift_std, inelasticity_std : array of the same shape, default=None
        Standard deviations, drawn as bands.
    phase_shift_sys, inelasticity_sys : array of the same shape, default=None
        Systematic errors; the wider band is their quadratic sum with the standard deviation.
    thresholds : array of shape (n_channels,), default=None
        Drawn as vertical lines where they are above zero.
    truth : CoupledPhaseShifts, default=None
        Known values at the same energies, drawn as dashed lines: any object with ``phase_shift``
        and ``inelasticity``.
    names : sequence of str, default=None
        Names of the channels, such as ("ΛΛ", "NΞ"). None: their numbers.
    inverse_spacing : float, default=None
        a⁻¹ in MeV, if energies are in lattice units; `halkit.units.HBARC` if they are in 1/fm.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : array of two matplotlib Axes
        Of δ and of η.
    lines_ : list of pair of matplotlib Line2D
        Of δ_a and η_a.
    bands_ : list of pair of FillBetweenPolyCollection or None
    threshold_lines_ : list of matplotlib Line2D

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import CoupledPhaseShiftDisplay
    >>> from halkit.interactions import lambda_lambda_n_xi_model
    >>> from halkit.scattering import coupled_phase_shifts
    >>> V, E = lambda_lambda_n_xi_model(), np.linspace(0.01, 0.4, 20)
    >>> waves = coupled_phase_shifts(V, E)
    >>> CoupledPhaseShiftDisplay(waves.phase_shift, waves.inelasticity, E).n_channels
    2
    """

    def __init__(
        self,
        phase_shift: Numbers,
        inelasticity: Numbers,
        energy: Numbers,
        *,
        phase_shift_std: Numbers | None = None,
        inelasticity_std: Numbers | None = None,
        phase_shift_sys: Numbers | None = None,
        inelasticity_sys: Numbers | None = None,
        thresholds: Numbers | None = None,
        truth: Any = None,
        names: Sequence[str] | None = None,
        inverse_spacing: Number | None = None,
    ) -> None:
        self.energy = check_array(energy, "energy")
        delta = check_array(phase_shift, "phase_shift", finite=False)
        if self.energy.ndim != 1 or delta.ndim != 2 or len(delta) != len(self.energy):
            raise ValueError(
                "phase_shift must have shape (n_energies, n_channels) = "
                f"({self.energy.size}, …), got {delta.shape}"
            )
        shape = delta.shape

        def errors(values, name):
            return None if values is None else errors_of(values, shape, name)

        self.phase_shift = curve(delta, shape, "phase_shift")
        self.inelasticity = matching(inelasticity, shape, "inelasticity")
        self.phase_shift_std = errors(phase_shift_std, "phase_shift_std")
        self.inelasticity_std = errors(inelasticity_std, "inelasticity_std")
        self.phase_shift_sys = errors(phase_shift_sys, "phase_shift_sys")
        self.inelasticity_sys = errors(inelasticity_sys, "inelasticity_sys")
        self.thresholds = (
            None if thresholds is None else check_array(thresholds, "thresholds", shape=shape[1:])
        )
        self.truth: dict[str, Array] | None = None
        if truth is not None:
            self.truth = {
                key: matching(getattr(truth, key), shape, f"truth.{key}")
                for key in ("phase_shift", "inelasticity")
            }
        if names is not None and len(names) != shape[1]:
            raise ValueError(f"names must have {shape[1]} entries, one per channel, got {names}")
        numbers = [f"channel {a + 1}" for a in range(shape[1])]
        self.names = numbers if names is None else list(names)
        self.inverse_spacing = inverse_spacing

    @property
    def n_channels(self) -> int:
        """The number of channels."""
        return self.phase_shift.shape[1]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        energy: Numbers,
        *,
        channels: ChannelList | None = None,
        truth: Any = None,
        names: Sequence[str] | None = None,
        inverse_spacing: Number | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> CoupledPhaseShiftDisplay:
        """Draw the phase shifts of a fit, an `InteractionMatrix`, an ensemble or an error budget.

        Parameters
        ----------
        estimator : fitted estimator, InteractionMatrix, Ensemble, or ErrorBudget
            Of several channels. Errors come from ensembles, and from what has one. A budget gives
            both bands.
        energy : array of shape (n_energies,)
            Above the lowest threshold; at fewer than 200 the curves are computed between them too,
            but for a budget.
        channels : sequence of halkit.Channel, default=None
            Of a matrix that does not bring them.
        truth : InteractionMatrix, default=None
            Known interactions, drawn as dashed lines.
        names, inverse_spacing
            See the class.
        units, ax : optional
            See `plot`.

        Returns
        -------
        CoupledPhaseShiftDisplay
        """
        E = check_array(energy, "energy")
        E = E if is_budget(estimator) else refined(E)
        waves, std = coupled(estimator, E, channels)
        known = _channels_of(estimator) if channels is None else channels

        def parts(name):
            return in_parts((getattr(waves, name), None if std is None else getattr(std, name)))

        (delta, delta_std, delta_sys), (eta, eta_std, eta_sys) = map(
            parts, ("phase_shift", "inelasticity")
        )
        display = cls(
            delta,
            eta,
            E,
            phase_shift_std=delta_std,
            inelasticity_std=eta_std,
            phase_shift_sys=delta_sys,
            inelasticity_sys=eta_sys,
            thresholds=None if known is None else resolve_channels(known, l=0).threshold,
            truth=None if truth is None else coupled(truth, E, known)[0],
            names=names,
            inverse_spacing=inverse_spacing,
        )
        return display.plot(ax, units=units)

    def plot(self, ax: Any = None, *, units: str | None = None) -> CoupledPhaseShiftDisplay:
        """Draw δ_a on the left and η_a on the right, with the thresholds.

        Of two channels, where η_1 = η_2, only one η is drawn.

        Parameters
        ----------
        ax : two matplotlib Axes, default=None
            None: a new figure.
        units : str, default=None
            As of `PhaseShiftDisplay.plot`.

        Returns
        -------
        CoupledPhaseShiftDisplay
            Itself.
        """
        system = unit_system(self.inverse_spacing, units)
        self.figure_, self.axes_ = figure_axes(ax, 2)
        x, (left, right) = system.energy * self.energy, self.axes_
        self.lines_: list[Any] = []
        self.bands_: list[Any] = []
        self.threshold_lines_: list[Any] = []
        for a, name in enumerate(self.names):
            delta = self._draw(left, x, "phase_shift", a, np.rad2deg(1.0), name, f"C{a}")
            only = self.n_channels == 2
            eta = None
            if not (only and a):
                color = "C2" if only else f"C{a}"
                eta = self._draw(right, x, "inelasticity", a, 1.0, None if only else name, color)
            self.lines_.append((delta.line, None if eta is None else eta.line))
            self.bands_.append((delta.statistical, None if eta is None else eta.statistical))
        if self.truth is not None:
            left.plot([], [], label="truth", **TRUTH)
        self._mark(system.energy)
        left.set(ylabel=axis_label("$\\delta$", "deg"))
        right.set(ylabel="$\\eta$")
        for panel in self.axes_:
            panel.set(xlabel=axis_label("$E_\\mathrm{cm}$ above threshold", system.unit))
            place_legend(panel)
        return self

    def _draw(self, ax, x, quantity, a, factor, label, color):
        """One curve with its bands, and the truth."""
        parts = (getattr(self, quantity + end) for end in ("", "_std", "_sys"))
        curves = [None if part is None else factor * part[:, a] for part in parts]
        if self.truth is not None:
            ax.plot(x, factor * self.truth[quantity][:, a], **TRUTH)
        return draw_band(ax, x, *curves, label=label, color=color)

    def _mark(self, factor):
        thresholds = [] if self.thresholds is None else self.thresholds
        low, high = factor * self.energy.min(), factor * self.energy.max()
        for threshold, name in zip(thresholds, self.names, strict=False):
            place = factor * threshold
            if not low < place < high:
                continue
            style = {"color": "0.6", "linestyle": ":", "linewidth": 1.0, "zorder": 0}
            for panel in self.axes_:
                self.threshold_lines_.append(panel.axvline(place, **style))
                panel.annotate(
                    name, (place, 0.02), xycoords=("data", "axes fraction"), xytext=(3, 0),
                    textcoords="offset points", color="0.4", size="small",
                )  # fmt: skip


def _channels_of(potential):
    """Channels with all their data, of a fit, matrix, ensemble or budget; None if not known."""
    fitted = getattr(potential, "centre", potential)
    while hasattr(fitted, "estimator_"):  # a budget has a fit with bins
        fitted = fitted.estimator_
    return getattr(getattr(fitted, "interaction_", fitted), "channels", None)
