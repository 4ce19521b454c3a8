"""Pictures of a non-local potential U(r, r') as a map, with its standard deviation beside it.

The map shows 4πrr' U(r, r'), the kernel that acts on u = rφ with the plain measure dr'. One
colour scale suits the kernel, whereas U itself is largest where the measure 4πr'²dr' vanishes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from halkit.checks import check_array, check_boolean
from halkit.displays.canvas import (
    axis_label,
    curve,
    errors_of,
    figure_axes,
    matching,
    power_of,
    refuse_channels,
)
from halkit.displays.momenta import UnitSystem, known_system, unit_system
from halkit.displays.observed import nonlocal_values
from halkit.scaling import std
from halkit.typing import Array, Number, Numbers

__all__ = ["PotentialDisplay", "potential_units"]


def potential_units(inverse_spacing: Number | None, units: tuple[str, str] | None) -> UnitSystem:
    """Return the units of a figure, given those of length and energy."""
    length, energy = (None, None) if units is None else units
    return unit_system(inverse_spacing, energy, length)


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
    inverse_spacing : float, default=None
        a⁻¹ in MeV, if the numbers are in lattice units; `halkit.units.HBARC` if they are in fm. The
        figure is then in fm and MeV.

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
        inverse_spacing: Number | None = None,
    ) -> None:
        self.r = check_array(r, "r")
        self.r_prime = self.r if r_prime is None else check_array(r_prime, "r_prime")
        shape = (self.r.size, self.r_prime.size)
        truth = _matrix(truth, self.r, self.r_prime)
        self.potential = curve(potential, shape, "potential")
        self.truth = None if truth is None else matching(truth, shape, "truth")
        self.potential_std = (
            None if potential_std is None else errors_of(potential_std, shape, "potential_std")
        )
        self.inverse_spacing = inverse_spacing

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        r: Numbers | None = None,
        r_prime: Numbers | None = None,
        *,
        truth: Any = None,
        weighted: bool = True,
        inverse_spacing: Number | None = None,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> PotentialDisplay:
        """Draw the potential of a fit, an interaction or an ensemble, with its error beside it.

        Parameters
        ----------
        estimator : fitted estimator, interaction, or Ensemble
            Errors come from ``predict_potential(r, r_prime, return_std=True)`` if it has it, from
            the members of an ensemble, or, at the nodes of the fit, from ``estimator.starts_`` if
            there are several.
        r, r_prime : array, default=None
            Radii. Without both: the nodes of the fit. Without `r_prime` alone: `r`.
        truth : array or interaction, default=None
            See the class.
        weighted : bool, default=True
        inverse_spacing : float, default=None
            See the class; by default what the estimator knows.
        units : pair of str, default=None
        ax : sequence of matplotlib Axes, default=None
            See `plot`.

        Returns
        -------
        PotentialDisplay

        Raises
        ------
        ValueError
            If `r_prime` comes without `r`, or `r` is missing and the estimator has no nodes. If U
            is 0 everywhere, and so is `truth`: the potential is local.
        """
        refuse_channels(estimator, "the entries of interaction_, such as interaction_[0, 1]")
        starts: list[Any] = []
        if r is None:
            if r_prime is not None:
                raise ValueError("r must be given with r_prime, got None")
            if not hasattr(estimator, "predict_potential"):
                raise ValueError("r must be given for an interaction without nodes, got None")
            r, r_prime = estimator.r_out_, estimator.r_
            starts = [start.potential for start in getattr(estimator, "starts_", ())]
        r = check_array(r, "r")
        r_prime = r if r_prime is None else check_array(r_prime, "r_prime")
        potential, potential_std = nonlocal_values(estimator, r, r_prime)
        if truth is None and not np.any(potential):
            raise ValueError(
                "estimator must have a non-local potential to be drawn, got U(r, r') = 0 "
                "everywhere: LocalPotentialDisplay draws V(r)"
            )
        if potential_std is None and len(starts) > 1:
            potential_std = std(starts, axis=0, ddof=1)
        own = known_system(estimator)["inverse_spacing"]
        display = cls(
            potential,
            r,
            r_prime,
            truth=truth,
            potential_std=potential_std,
            inverse_spacing=own if inverse_spacing is None else inverse_spacing,
        )
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
        inverse_spacing: Number | None = None,
        units: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> PotentialDisplay:
        """Draw given values of U; for the parameters see the class and `plot`."""
        display = cls(
            potential,
            r,
            r_prime,
            truth=truth,
            potential_std=potential_std,
            inverse_spacing=inverse_spacing,
        )
        return display.plot(ax, weighted=weighted, units=units)

    def plot(
        self, ax: Any = None, *, weighted: bool = True, units: tuple[str, str] | None = None
    ) -> PotentialDisplay:
        """Draw one map per panel.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per panel. None: a new figure.
        weighted : bool, default=True
            Draw 4πrr' U(r, r') instead of U(r, r').
        units : pair of str, default=None
            Units of length and energy, such as ``("fm", "MeV")``. With `inverse_spacing` numbers
            are converted to them: "fm", and "MeV" (default), "GeV" or "1/fm". Without it they are
            texts for the labels.

        Returns
        -------
        PotentialDisplay
            Itself.
        """
        weighted = check_boolean(weighted, "weighted")
        system = potential_units(self.inverse_spacing, units)
        weight = 4 * np.pi * self.r[:, np.newaxis] * self.r_prime if weighted else 1.0
        symbol, power = ("$4\\pi r r' U(r, r')$", -1) if weighted else ("$U(r, r')$", -3)
        scale = system.energy * system.length**power
        unit = system.unit and f"{system.unit} {power_of(system.length_unit, power)}"

        signed = {"potential": self.potential, "truth": self.truth}
        panels = {name: scale * weight * U for name, U in signed.items() if U is not None}
        limit = max(np.nanmax(np.abs(values)) for values in panels.values()) or 1.0
        styles: list[dict[str, Any]] = [{"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}] * len(
            panels
        )
        if self.potential_std is not None:
            panels["standard deviation"] = scale * weight * self.potential_std
            styles.append({"cmap": "Greys", "vmin": 0.0})

        self.figure_, self.axes_ = figure_axes(ax, len(panels))
        r, r_prime = system.length * self.r, system.length * self.r_prime
        labels = {"xlabel": "$r'$", "ylabel": "$r$"}
        labels = {key: axis_label(text, system.length_unit) for key, text in labels.items()}
        self.images_ = []
        for axes, (name, values), style in zip(self.axes_, panels.items(), styles, strict=True):
            image = axes.pcolormesh(r_prime, r, values, shading="nearest", **style)
            axes.set(title=name, **labels)
            axes.set_aspect("equal")
            # an inset is as high as the map, whatever the shape of the axes
            bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.04, 0.0, 0.05, 1.0)))
            bar.set_label(axis_label(symbol, unit))
            self.images_.append(image)
        return self


def _matrix(potential: Any, r: Array, r_prime: Array) -> Any:
    """U on the nodes, from a matrix or from an object with ``nonlocal_potential``."""
    if hasattr(potential, "nonlocal_potential"):
        return potential.nonlocal_potential(r[:, np.newaxis], r_prime)
    return potential
