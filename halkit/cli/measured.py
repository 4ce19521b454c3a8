"""Numbers with the errors that a model knows: of its bins, statistical and systematic, or without.

In a table for people a number is written with its errors in parentheses, 0.351(51)(28); with
``--csv`` value and errors have columns of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from halkit.cli.models import Model
from halkit.resampling import QuotedValue, quote

__all__ = ["Measured", "Result"]


class Measured(NamedTuple):
    """Values and their errors by kind, each of one shape; of a budget, with all its variations."""

    value: Any
    errors: Mapping[str, Any]
    quoted: QuotedValue | None = None

    def each(self, change: Callable[[Any], Any]) -> Measured:
        """Return the same in another unit, to which `change` is proportional."""
        errors = {kind: change(error) for kind, error in self.errors.items()}
        quoted = None if self.quoted is None else float(change(1.0)) * self.quoted
        return Measured(change(self.value), errors, quoted)

    def columns(self, label: str, unit: str, as_csv: bool) -> dict[str, list[Any]]:
        """Return the columns of a table."""
        values = np.ravel(self.value).tolist()
        errors = {kind: np.ravel(error).tolist() for kind, error in self.errors.items()}
        if as_csv:
            own = {f"{kind} of {label}{unit}": error for kind, error in errors.items()}
            return {f"{label}{unit}": values, **own}
        if errors:
            values = [quote(*entries) for entries in zip(values, *errors.values(), strict=True)]
        return {f"{label}{unit}": values}


class Result:
    """What a method of a model returns, with errors if it has them.

    Parameters
    ----------
    model : Model
    name : str
        Of its method.
    *arguments, **options
        Of the method.
    """

    def __init__(self, model: Model, name: str, *arguments: Any, **options: Any) -> None:
        method = getattr(model.potential, name)
        with_std = "return_std" in signature(method).parameters
        if with_std:
            options["return_std"] = True
        found = method(*arguments, channel_radius=model.channel_radius, **options)
        self.value: Any
        self.std: Any
        self.value, self.std = found if with_std else (found, None)

    def part(self, of: Callable[[Any], Any] = lambda found: found) -> Measured:
        """Return a part of the result, by default all of it."""
        value = of(self.value)
        if isinstance(value, QuotedValue):
            errors = {"statistical error": value.statistical, "systematic error": value.systematic}
            return Measured(value.value, errors, value)
        return Measured(value, {} if self.std is None else {"error": of(self.std)})
