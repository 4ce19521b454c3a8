"""Pictures of the correlation function C(k) of two hadrons, for one or several sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.displays.bands import draw_band, refined
from halkit.displays.canvas import curve, errors_of, figure_axes, place_legend, refuse_channels
from halkit.displays.momenta import known_mass, known_system, momentum_axis, unit_system
from halkit.displays.observed import evaluated
from halkit.displays.scattering import POINTS, reference_points
from halkit.scattering import pair_waves
from halkit.typing import Number, Numbers

__all__ = ["CorrelationDisplay"]

COUPLED = "what halkit.scattering.correlation_function returns, with CorrelationDisplay itself"


class CorrelationDisplay:
    """Momentum correlations C(k), one curve for each source, with the band of their errors.

    Parameters
    ----------
    correlation : array of shape (n_k,) or (n_curves, n_k)
        C(k).
    k : array of shape (n_k,)
        Relative momenta in the rest frame of the pair.
    correlation_std, correlation_sys : array of the shape of `correlation`, default=None
        Standard deviation, and systematic error; see `draw_band`.
    labels : sequence of str, default=None
        One name per curve, such as the system or the size of the source.
    reference : tuple of arrays, default=None
        ``(k, C)`` or ``(k, C, std)``, drawn as points, such as measured ones.
    reference_name : str, default="reference"
    inverse_spacing : float, default=None
        a⁻¹ in MeV; see `PhaseShiftDisplay`.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    lines_ : list of matplotlib Line2D
    bands_ : list of FillBetweenPolyCollection or None
    reference_ : matplotlib ErrorbarContainer or None

    Raises
    ------
    ValueError
        If a shape does not match `k`, or there is not one label per curve.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.displays import CorrelationDisplay
    >>> k = np.linspace(0.1, 1.0, 10)
    >>> CorrelationDisplay(1 + np.exp(-(k**2)), k, labels=["NΩ"]).correlation.shape
    (1, 10)
    """

    def __init__(
        self,
        correlation: Numbers,
        k: Numbers,
        *,
        correlation_std: Numbers | None = None,
        correlation_sys: Numbers | None = None,
        labels: Sequence[str] | None = None,
        reference: tuple[Numbers, ...] | None = None,
        reference_name: str = "reference",
        inverse_spacing: Number | None = None,
    ) -> None:
        self.k = check_array(k, "k")
        curves = np.atleast_2d(check_array(correlation, "correlation", finite=False))
        shape = (len(curves), self.k.size)
        self.correlation = curve(curves, shape, "correlation")
        self.correlation_std, self.correlation_sys = (
            None if values is None else errors_of(np.atleast_2d(np.asarray(values)), shape, name)
            for name, values in (
                ("correlation_std", correlation_std),
                ("correlation_sys", correlation_sys),
            )
        )
        if labels is not None and len(labels) != len(curves):
            raise ValueError(
                f"labels must have {len(curves)} entries, one per curve, got {len(labels)}"
            )
        self.labels = None if labels is None else list(labels)
        self.reference = None if reference is None else reference_points(reference)
        self.reference_name, self.inverse_spacing = reference_name, inverse_spacing

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        k: Numbers,
        *,
        source: Any,
        reduced_mass: Number | None = None,
        spin: Number | None = None,
        weight: Number | None = None,
        charge_product: Number | None = None,
        reference: tuple[Numbers, ...] | None = None,
        reference_name: str = "reference",
        name: str | None = None,
        inverse_spacing: Number | None = None,
        units: str | None = None,
        ax: Any = None,
    ) -> CorrelationDisplay:
        """Draw C(k) of a fit, an interaction or an ensemble in an S wave.

        Parameters
        ----------
        estimator : fitted estimator, interaction, or Ensemble
            Ensembles, and what has one, have a band.
        k : array of shape (n_k,)
            Momenta; at fewer than 200 the curve is computed between them too.
        source : callable, or mapping of str to callable
            As of `halkit.scattering.correlation_function`; of a mapping each has a curve with its
            name in the legend.
        reduced_mass : float, default=None
            By default what the estimator knows.
        spin, charge_product : optional
            See `halkit.scattering.correlation_function`.
        weight : float, default=None
            Share of the spin states that interact. None: all of them.
        reference, reference_name
            See the class.
        name : str, default=None
            Name of the curve of a single source.
        inverse_spacing : float, default=None
            See the class; by default what the estimator knows.
        units, ax : optional
            See `plot`.

        Returns
        -------
        CorrelationDisplay

        Raises
        ------
        ValueError
            If there are several channels, or the reduced mass is not known.
        """
        refuse_channels(estimator, COUPLED)
        named = source if isinstance(source, Mapping) else {name: source}
        fine = refined(check_array(k, "k"))
        mass = known_mass(estimator) if reduced_mass is None else reduced_mass
        if mass is None:
            raise ValueError("reduced_mass must be given for an interaction, got None")
        settings = {"reduced_mass": mass, "spin": spin, "charge_product": charge_product}
        function = partial(
            _correlations, k=fine, sources=[*named.values()], weight=weight, settings=settings
        )
        value, std = evaluated(estimator, function)
        own = known_system(estimator)["inverse_spacing"]
        display = cls(
            value,
            fine,
            correlation_std=std,
            labels=None if None in named else [*named],
            reference=reference,
            reference_name=reference_name,
            inverse_spacing=own if inverse_spacing is None else inverse_spacing,
        )
        return display.plot(ax, units=units)

    def plot(self, ax: Any = None, *, units: str | None = None) -> CorrelationDisplay:
        """Draw C(k).

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: a new figure.
        units : str, default=None
            As of `PhaseShiftDisplay.plot`.

        Returns
        -------
        CorrelationDisplay
            Itself.
        """
        axis = momentum_axis("k", system=unit_system(self.inverse_spacing, units))
        self.figure_, (self.ax_,) = figure_axes(ax)
        self.ax_.axhline(1.0, color="0.8", linewidth=0.8, zorder=0)
        self.lines_, self.bands_, self.reference_ = [], [], None
        for i, C in enumerate(self.correlation):
            errors = (
                None if part is None else part[i]
                for part in (self.correlation_std, self.correlation_sys)
            )
            label = None if self.labels is None else self.labels[i]
            band = draw_band(self.ax_, axis(self.k), C, *errors, label=label)
            self.lines_.append(band.line)
            self.bands_.append(band.statistical)
        if self.reference is not None:
            k, values, error = self.reference
            self.reference_ = self.ax_.errorbar(
                axis(k), values, error, label=self.reference_name, **POINTS
            )
        self.ax_.set(xlabel=axis.label, ylabel="$C(k)$")
        place_legend(self.ax_)
        return self


def _correlations(potential, k, sources, weight, settings):
    """C(k) of each source: (n_sources, n_k)."""
    states = potential if weight is None else [(weight, potential)]
    waves = pair_waves(states, k, **settings)
    return np.array([waves.correlation(source) for source in sources])
