"""``halkit plot``: pictures of a model, or of correlators, through `halkit.displays`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from halkit.cli.models import Model, load_model
from halkit.cli.output import check_new
from halkit.cli.records import load_records
from halkit.displays import (
    BudgetDisplay,
    CoupledPhaseShiftDisplay,
    KCotDeltaDisplay,
    LocalPotentialDisplay,
    PhaseShiftDisplay,
    PotentialDisplay,
)
from halkit.equations import stack_rows
from halkit.potentials import leading_order
from halkit.resampling import ErrorBudget, QuotedValue, blocks
from halkit.resampling.blocks import chosen_blocks, rows_of
from halkit.typing import Array
from halkit.writing import whole_file

__all__ = ["run"]

FORMATS = (".pdf", ".png", ".svg")
UNITS = {"MeV": "MeV", "fm": "1/fm", None: None}
# Points of the curves of a budget, which has no values between them.
POINTS = 60


def run(options: Namespace) -> int:
    """Draw, and write the picture as a whole."""
    output = check_new(options.output, options.force, [options.model])
    if output.suffix not in FORMATS:
        raise ValueError(f"--output must end in .pdf, .png or .svg, got {output}")
    if Path(options.model).suffix in (".h5", ".hdf5", ".npz"):
        figure = _correlators(options).figure_
    else:
        figure = DRAWINGS[options.what](load_model(options), options).figure_
    with whole_file(output, overwrite=options.force) as file:
        figure.savefig(file, format=output.suffix[1:], dpi=150)
    _close(figure)
    return 0


def _close(figure: Any) -> None:
    from matplotlib import pyplot

    pyplot.close(figure)


def _correlators(options: Namespace) -> Any:
    """V(r; t) of each source and time of a file."""
    if options.what != "leading-order":
        raise ValueError(f"--what must be leading-order for correlators, got {options.what}")
    records = blocks(*load_records([options.model], options.group, options.lattice))
    if len({record.L for record in records}) > 1:
        raise ValueError("correlators must be of one volume: give --lattice or --group")
    chosen = chosen_blocks(records, options.sources, None)
    rows = stack_rows(
        [
            rows_of(record, times=options.times, stencil="auto", r_max=options.r_max,
                    r_prime_max=None, energy_range=None, l=0, space_order=6)
            for record in chosen
        ]
    )  # fmt: skip
    unit = chosen[0].inverse_spacing if chosen[0].system == "lattice" else None
    return LocalPotentialDisplay.from_leading_order(leading_order(rows), inverse_spacing=unit)


def _phase_shift(model: Model, options: Namespace) -> Any:
    """δ, of a single channel or of coupled ones."""
    shown = _grid(options)
    given, common = model.units.from_table(shown), _common(model, options)
    if model.n_channels > 1:
        model.warn_beyond(energies=given)
        with model.explaining(energies=given):
            return CoupledPhaseShiftDisplay.from_estimator(model.potential, given, **common)
    k = given if options.energy is None else model.momenta(given)
    model.warn_beyond(k)
    axis = {"x": options.x, "masses": model.masses, **common}
    if options.x is None:
        axis["x"] = "energy" if model.masses else "k"
    with model.explaining(k):
        if not isinstance(model.potential, ErrorBudget):
            return PhaseShiftDisplay.from_estimator(model.potential, k, name=options.name, **axis)
        quoted, k = _quoted(model.potential.phase_shift, k)
    return PhaseShiftDisplay.from_predictions(
        quoted.value, k, phase_shift_std=quoted.statistical, phase_shift_sys=quoted.systematic,
        name=options.name, **axis,
    )  # fmt: skip


def _k_cot_delta(model: Model, options: Namespace) -> Any:
    """k cot δ against k²."""
    shown = model.units.from_table(_grid(options))
    k, common = shown if options.energy is None else model.momenta(shown), _common(model, options)
    model.warn_beyond(k)
    with model.explaining(k):
        if not isinstance(model.potential, ErrorBudget):
            return KCotDeltaDisplay.from_estimator(model.potential, k, name=options.name, **common)
        quoted, k = _quoted(model.potential.k_cot_delta, k)
    return KCotDeltaDisplay.from_predictions(
        quoted.value, k, k_cot_delta_std=quoted.statistical, k_cot_delta_sys=quoted.systematic,
        name=options.name, **common,
    )  # fmt: skip


def _potential(model: Model, options: Namespace) -> Any:
    """V(r) of the local part, from the first to the last node of the fit."""
    if getattr(model.fit, "n_channels_", 1) == 1 and not np.any(
        model.fit.local_potential(model.fit.r_)
    ):
        raise ValueError(
            f"{options.model} has no local potential, V(r) = 0: draw --what nonlocal-potential"
        )
    labels = None if options.name is None else [options.name]
    return LocalPotentialDisplay.from_interactions(
        [model.fit], model.fit.r_, labels=labels, **_lengths(model)
    )


def _nonlocal_potential(model: Model, options: Namespace) -> Any:
    """U(r, r') with its error beside it."""
    fit, n = model.fit, getattr(model.fit, "n_channels_", 1)
    if n == 1 and not np.any(fit.predict_potential()):
        raise ValueError(
            f"{options.model} has no non-local potential, U(r, r') = 0: draw --what potential"
        )
    return PotentialDisplay.from_estimator(model.fit, **_lengths(model))


def _leading_order(model: Model, options: Namespace) -> Any:  # noqa: ARG001
    """V(r; t) of the rows of the fit."""
    if not hasattr(model.fit, "rows_"):
        raise ValueError("leading-order needs a fit to correlators, as of halkit fit")
    return LocalPotentialDisplay.from_leading_order(
        leading_order(model.fit.rows_), **_lengths(model)
    )


def _budget(model: Model, options: Namespace) -> Any:
    """What moves a0 or 1/a0, or δ at a single momentum."""
    if not isinstance(model.potential, ErrorBudget):
        raise ValueError("budget needs a model of halkit budget")
    if options.k is None:
        quoted, label, unit = model.potential.scattering_length(), "$a_0$", model.units.length()
        factor = float(model.units.lengths(1.0))
    else:
        (k,) = options.k if len(options.k) == 1 else [None]
        if k is None:
            raise ValueError(f"--k must be one momentum for the budget of δ, got {options.k}")
        own = float(model.units.from_table(k))
        with model.explaining(np.array(own)):
            quoted = model.potential.phase_shift(own)
        label, unit, factor = f"$\\delta$ at $k$ = {k:g}{model.units.energy}", "deg", 180 / np.pi
    return BudgetDisplay.from_estimator(
        model.potential, factor * quoted, label=label, units=unit.strip(" []") or None
    )


DRAWINGS: dict[str, Callable[[Model, Namespace], Any]] = {
    "phase-shift": _phase_shift,
    "k-cot-delta": _k_cot_delta,
    "potential": _potential,
    "nonlocal-potential": _nonlocal_potential,
    "leading-order": _leading_order,
    "budget": _budget,
}


def _grid(options: Namespace) -> Array:
    """Momenta or energies of the curve."""
    given = options.energy if options.k is None else options.k
    if given is None or len(given) < 2:
        raise ValueError(
            f"{options.what} needs two momenta at least, --k or --energy, as 0.01:0.4:40"
        )
    if not min(given) > 0:
        raise ValueError(f"momenta and energies must be above 0, got {min(given):g}")
    return np.array(given)


def _quoted(method: Callable[[Array], QuotedValue], k: Array) -> tuple[QuotedValue, Array]:
    """A quantity of a budget on momenta that are dense enough for a smooth curve."""
    k = np.linspace(k.min(), k.max(), max(POINTS, len(k)))
    return method(k), k


def _common(model: Model, options: Namespace) -> dict[str, Any]:
    """The unit of energies of a figure."""
    return {"inverse_spacing": model.units.unit_in_mev(), "units": UNITS[options.units]}


def _lengths(model: Model) -> dict[str, Any]:
    return {"inverse_spacing": model.units.unit_in_mev()}
