"""Estimators by a short name, with parameters from words of the command line or a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from halkit.potentials import (
    ESTPotentialRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    TimeDependentHALRegressor,
)

__all__ = ["make_estimator", "parsed", "refuse_unknown"]

CLASSES: dict[str, type[Any]] = {
    "gp": GaussianProcessPotentialRegressor,
    "network": TimeDependentHALRegressor,
    "local": LocalPotentialRegressor,
    "est": ESTPotentialRegressor,
}


def make_estimator(
    name: str, parameters: Mapping[str, Any], *, random_state: int | None = None
) -> Any:
    """Return the estimator of a name of `halkit.cli.arguments.ESTIMATORS`.

    Raises
    ------
    ValueError
        If it has no parameter of a name, or has no random numbers.
    """
    refuse_unknown([name], CLASSES, "estimator")
    estimator = CLASSES[name]()
    known = estimator.get_params()
    refuse_unknown(parameters, known, f"parameter of the estimator {name}")
    given = dict(parameters)
    if random_state is not None:
        if "random_state" not in known:
            raise ValueError(f"--seed has no effect: the estimator {name} has no random numbers")
        given["random_state"] = random_state
    return estimator.set_params(**given)


def parsed(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the values of NAME=VALUE: TOML if they are TOML, texts otherwise."""
    return {name: _value(text) for name, text in pairs}


def refuse_unknown(given: Collection[str], known: Collection[str], what: str) -> None:
    """Refuse names that are not known, with the one that was probably meant.

    Raises
    ------
    ValueError
    """
    for name in given:
        if not isinstance(name, str) or name not in known:
            near = get_close_matches(str(name), known, 1)
            listed = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise ValueError(f"there is no {what} {name!r}: {listed}")


def _value(text):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
