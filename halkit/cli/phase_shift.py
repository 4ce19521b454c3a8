"""``halkit phase-shift``: δ of a model at momenta or energies, with errors, as a table."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from halkit.cli.measured import Result
from halkit.cli.models import Model, load_model
from halkit.cli.output import write_table
from halkit.typing import Array

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Write the table."""
    model = load_model(options)
    shown = np.array(options.energy if options.k is None else options.k)
    if not np.all(shown > 0):
        raise ValueError(f"momenta and energies must be above 0, got {shown.min():g}")
    if model.n_channels > 1:
        if options.k is not None:
            raise ValueError(f"{options.model} has coupled channels: give --energy in place of --k")
        columns = _coupled(model, shown, options)
    else:
        columns = _single(model, shown, options)
    write_table(columns, options)
    return 0


def _single(model: Model, shown: Array, options: Namespace) -> dict[str, list[Any]]:
    """k, E, δ and its error; what was given is shown as it was."""
    units, given = model.units, model.units.from_table(shown)
    k = given if options.energy is None else model.momenta(given)
    model.warn_beyond(k)
    columns = {f"k{units.energy}": units.energies(k) if options.k is None else shown}
    if options.k is None or model.knows_energies:
        energy = shown if options.k is None else units.energies(model.energies(k))
        columns[f"{model.energy_label}{units.energy}"] = energy
    unit, angle = _angle(options)
    with model.explaining(k):
        delta = Result(model, "phase_shift", k).part().each(angle)
    listed = {label: values.tolist() for label, values in columns.items()}
    return {**listed, **delta.columns("delta", unit, options.csv)}


def _coupled(model: Model, shown: Array, options: Namespace) -> dict[str, list[Any]]:
    """E, then δ_a and η_a of each channel and the mixing angle of two, with errors."""
    unit, angle = _angle(options)
    energy = model.units.from_table(shown)
    model.warn_beyond(energies=energy)
    with model.explaining(energies=energy):
        found = Result(model, "phase_shift", energy=energy)
    columns = {f"E{model.units.energy}": shown.tolist()}
    for a in range(model.n_channels):
        delta = found.part(partial(_channel, name="phase_shift", a=a)).each(angle)
        eta = found.part(partial(_channel, name="inelasticity", a=a))
        columns |= delta.columns(f"delta_{a + 1}", unit, options.csv)
        columns |= eta.columns(f"eta_{a + 1}", "", options.csv)
    if model.n_channels == 2:
        mixing = found.part(attrgetter("mixing")).each(angle)
        columns |= mixing.columns("epsilon", unit, options.csv)
    return columns


def _channel(phases: Any, name: str, a: int) -> Array:
    return getattr(phases, name)[:, a]


def _angle(options: Namespace) -> tuple[str, Callable[[Any], Any]]:
    """Unit of the angles, and what turns radians into it."""
    radians = options.angle == "rad" or (options.angle is None and options.csv)
    return (" [rad]", np.asarray) if radians else (" [deg]", np.degrees)
