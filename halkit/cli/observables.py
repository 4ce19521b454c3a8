"""``halkit observables``: a0, 1/a0, r_eff and the bound states of a model, with errors."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from typing import Any, TypeAlias

from halkit.cli.measured import Measured, Result
from halkit.cli.models import Model, load_model
from halkit.cli.output import write_table
from halkit.resampling import ErrorBudget

__all__ = ["run"]

Line: TypeAlias = tuple[str, Measured, str]


def run(options: Namespace) -> int:
    """Write the table, one line for each observable."""
    model = load_model(options)
    if options.shifts and (options.csv or not isinstance(model.potential, ErrorBudget)):
        raise ValueError("--shifts needs a model of halkit budget, and no --csv")
    lines = [*(_threshold(model, options.sign) if model.n_channels == 1 else []), *_bound(model)]
    columns: dict[str, list[Any]] = {"observable": [name for name, *_ in lines]}
    for _, number, _ in lines:
        for label, values in number.columns("value", "", options.csv).items():
            columns.setdefault(label, []).extend(values)
    columns["unit"] = [unit.strip(" []") for *_, unit in lines]
    write_table(columns, options)
    if options.shifts:
        _print_shifts(model, lines)
    return 0


def _print_shifts(model: Model, lines: list[Line]) -> None:
    """Print what each variation of a budget changes in each observable."""
    for name, number, unit in lines:
        print(f"\n{name}{unit}\n{model.potential.table(number.quoted)}")


def _threshold(model: Model, sign: str) -> list[Line]:
    """a_l, 1/a_l and r_l, in powers of a length."""
    units, l = model.units, model.wave
    found = [
        (f"a{l}", Result(model, "scattering_length", sign=sign), 2 * l + 1),
        (f"r{l}", Result(model, "effective_range"), 1 - 2 * l),
    ]
    if hasattr(model.potential, "inverse_scattering_length"):
        inverse = Result(model, "inverse_scattering_length", sign=sign)
        found.insert(1, (f"1/a{l}", inverse, -2 * l - 1))
    return [
        (name, result.part().each(partial(units.lengths, power=power)), units.length(power))
        for name, result, power in found
    ]


def _bound(model: Model) -> list[Line]:
    """Energies of bound states, of one channel with their binding momenta, deepest first."""
    states = Result(model, "bound_states")
    names = ["energy"] if model.n_channels > 1 else ["energy", "kappa"]
    n = len(states.value.energy)
    if not n:
        print("no bound states", file=sys.stderr)
    return [
        (f"{name} of state {i + 1}", number.each(model.units.energies), model.units.energy)
        for i in range(n)
        for name in names
        for number in [states.part(partial(_entry, name=name, i=i))]
    ]


def _entry(states: Any, name: str, i: int) -> Any:
    return getattr(states, name)[i]
