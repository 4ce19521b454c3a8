"""A model of a file, the units of its numbers, and the kinematics that it knows."""

from __future__ import annotations

import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from halkit.channels import resolve_channels
from halkit.checks import check_masses
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction, InteractionMatrix
from halkit.kinematics import energy_from_momentum, momentum_squared
from halkit.persistence import load
from halkit.potentials.seen import node_spacing
from halkit.resampling import ErrorBudget
from halkit.typing import Array
from halkit.units import HBARC, spacing, to_mev
from halkit.writing import existing_file

__all__ = ["Model", "Units", "load_model"]

# Units of energies and of lengths that go together.
NAMES = {"lattice": ("1/a", "a"), "fm": ("1/fm", "fm"), "MeV": ("MeV", "fm")}


class Units(NamedTuple):
    """Conversion from the units of a model to the units of a table.

    Attributes
    ----------
    own : {"lattice", "fm", "MeV"} or None
        None: the model does not know them.
    wanted : {"lattice", "fm", "MeV"} or None
        None: the table has its own.
    inverse_spacing : float or None
        a⁻¹ in MeV.
    """

    own: str | None
    wanted: str | None
    inverse_spacing: float | None

    @property
    def energy(self) -> str:
        """The unit of energies and momenta as the end of a label."""
        unit = self.wanted or self.own
        return f" [{NAMES[unit][0]}]" if unit else ""

    def length(self, power: int = 1) -> str:
        """The unit of lengths to a power, in the same way."""
        unit = self.wanted or self.own
        if unit is None:
            return ""
        name, power = (
            ("MeV", -power) if self.wanted is None and unit == "MeV" else (NAMES[unit][1], power)
        )
        return f" [{name}]" if power == 1 else f" [{name}^{power}]"

    def energies(self, values: Any) -> Any:
        """Return energies or momenta of the model in the units of the table."""
        if self.wanted in (None, self.own):
            return values
        return values * self._in_mev(self.own) / self._in_mev(self.wanted)

    def from_table(self, values: Any) -> Any:
        """Return energies or momenta of the table in the units of the model."""
        if self.wanted in (None, self.own):
            return values
        return values * self._in_mev(self.wanted) / self._in_mev(self.own)

    def lengths(self, values: Any, power: int = 1) -> Any:
        """Return lengths of the model, to a power, in the units of the table."""
        if self.wanted is None or self.own == self.wanted != "MeV":
            return values
        own = HBARC if self.own == "MeV" else self._in_fm(self.own)
        return values * (own / self._in_fm(self.wanted)) ** power

    def unit_in_mev(self) -> float | None:
        """Return the unit of energies of the model in MeV, None if it is not known."""
        if self.own is None or (self.own == "lattice" and self.inverse_spacing is None):
            return None
        return float(self._in_mev(self.own))

    def _in_mev(self, system):
        return {"lattice": lambda: to_mev(1.0, inverse_spacing=self._a()), "fm": lambda: HBARC,
                "MeV": lambda: 1.0}[system]()  # fmt: skip

    def _in_fm(self, system):
        return spacing(self._a()) if system == "lattice" else 1.0

    def _a(self):
        if self.inverse_spacing is None:
            raise ValueError("a⁻¹ must be known to convert lattice units: give --inverse-spacing")
        return self.inverse_spacing


class Model(NamedTuple):
    """What has observables, its units, and its kinematics.

    Attributes
    ----------
    potential : fitted estimator, ErrorBudget or Ensemble
    fit : the same, or the centre of a budget
    units : Units
    channel_radius : float or None
        Of observables, in the units of the fit.
    """

    potential: Any
    fit: Any
    units: Units
    channel_radius: float | None = None

    @property
    def n_channels(self) -> int:
        """Number of coupled channels."""
        return getattr(self._inner, "n_channels_", getattr(self._inner, "n_channels", 1))

    @property
    def wave(self) -> int:
        """Partial wave of a single channel."""
        return getattr(self._inner, "l", None) or 0

    @property
    def masses(self) -> Any:
        """(m1, m2), of the lowest of coupled channels, or None if only a reduced mass is known."""
        mass: Any = getattr(self.fit, "hadron_mass_", getattr(self._inner, "hadron_mass", None))
        if np.ndim(mass) == 2:
            mass = mass[0]
        return None if mass is None else check_masses(mass, "hadron_mass")

    @property
    def energy_label(self) -> str:
        """What `energies` and `momenta` mean by an energy."""
        return "E_cm-m1-m2" if self.masses else "k^2/2mu"

    def energies(self, k: Array) -> Array:
        """Return the energies above threshold at momenta k."""
        if self.masses:
            return energy_from_momentum(k**2, self.masses)
        return k**2 / (2 * self._reduced_mass())

    def momenta(self, energy: Array) -> Array:
        """Return the momenta at energies above threshold."""
        if self.masses:
            return np.sqrt(momentum_squared(energy, self.masses))
        return np.sqrt(2 * self._reduced_mass() * energy)

    @property
    def knows_energies(self) -> bool:
        """Whether the model has masses."""
        return bool(self.masses) or getattr(self._inner, "reduced_mass", None) is not None

    def warn_beyond(self, k: Array | None = None, energies: Array | None = None) -> None:
        """Warn of energies that the data say nothing about.

        A designed time stencil is made for a range of energies. Nodes at distances a have no wave
        with k > π/a, which estimators tell by themselves.
        """
        of = self.units.energies
        if k is not None:
            energies = self.energies(k) if self.knows_energies else None
        highest = highest_energy(getattr(self.fit, "rows_", None))
        if highest is not None and energies is not None and np.max(energies) > highest:
            warnings.warn(
                f"E = {of(np.max(energies)):.4g}{self.units.energy} is beyond "
                f"{of(highest):.4g}{self.units.energy}, the highest energy for which the time "
                "stencil of the data is made (energy_range)",
                AccuracyWarning,
                stacklevel=2,
            )

    @contextmanager
    def explaining(self, k: Array | None = None, energies: Array | None = None) -> Iterator[None]:
        """Say in an error how far momenta are beyond π/a, and in which unit they were read."""
        try:
            yield
        except ValueError as error:
            r, unit = getattr(self._inner, "r_", None), self.units.energy
            if r is None:
                raise
            if k is None:
                channels = resolve_channels(self._inner.interaction_.channels)
                k = np.sqrt(np.maximum(channels.momentum_squared(energies), 0.0))
            largest, limit = float(np.max(k)), np.pi / node_spacing(r)
            if largest <= limit:
                raise
            of = self.units.energies
            raise ValueError(
                f"{error}. k = {of(largest):.4g}{unit} is {largest / limit:.3g} times π/a = "
                f"{of(limit):.4g}{unit} of the nodes of the fit; momenta and energies are read in"
                f"{unit or ' the unit of the fit'}, and --units sets another one"
            ) from error

    @property
    def _inner(self):
        return getattr(self.fit, "estimator_", self.fit)

    def _reduced_mass(self):
        if not self.knows_energies:
            raise ValueError("the model must know its masses for energies: give momenta with --k")
        return self._inner.reduced_mass


def highest_energy(rows: Any) -> float | None:
    """Return the highest energy of the designed time stencil of rows, None for other stencils."""
    given = getattr(rows, "energy_range", None)
    if given is None:
        return None
    ranges = given if any(np.ndim(one) or one is None for one in given) else [given]
    return max((float(one[1]) for one in ranges if one is not None), default=None)


def load_model(options: Namespace) -> Model:
    """Return the model of a file, in the units that the options ask for.

    Raises
    ------
    OSError, ValueError
        If the file is not a model file, or holds no potential; if the units of the model are
        needed and not known.
    """
    found = load(existing_file(options.model), trusted=options.trust)
    found = getattr(found, "best_estimator_", found)
    bare = isinstance(found, Interaction | InteractionMatrix)
    if bare or not callable(getattr(found, "phase_shift", None)):
        raise ValueError(
            f"{options.model} must hold a fitted potential, got a {type(found).__name__}"
        )
    fit = getattr(found, "estimator_", found) if isinstance(found, ErrorBudget) else found
    if options.jobs is not None and hasattr(found, "n_jobs"):
        found.n_jobs = options.jobs
    units, R = _units(fit, options), options.channel_radius
    return Model(found, fit, units, R if R is None else R / units.lengths(1.0))


def _units(fit: Any, options: Namespace) -> Units:
    """The units of a fit, from itself or from the options."""
    own = getattr(fit, "system_", None)
    if None not in (own, options.model_units) and own != options.model_units:
        raise ValueError(f"--model-units must be {own}, as of the fit, got {options.model_units}")
    if own is None and options.model_units is None and options.units is not None:
        raise ValueError(
            f"{options.model} does not know its units: give --model-units, or no --units"
        )
    # of a fit in fm or MeV it is the unit of energy, not 1/a
    known = getattr(fit, "inverse_spacing_", None) if own == "lattice" else None
    given = options.inverse_spacing
    if None not in (known, given) and known != given:
        raise ValueError(f"--inverse-spacing must be {known} MeV, as of the fit, got {given}")
    return Units(own or options.model_units, options.units, known or given)
