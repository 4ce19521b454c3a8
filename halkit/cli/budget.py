"""``halkit budget``: an `ErrorBudget` from a TOML file, kept with `halkit.save`."""

from __future__ import annotations

import sys
import tomllib
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from halkit.checks import check_integer
from halkit.cli import words
from halkit.cli.estimators import make_estimator, refuse_unknown
from halkit.cli.output import check_new, table
from halkit.cli.records import load_records
from halkit.persistence import save
from halkit.resampling import CorrelatorRegressor, ErrorBudget, blocks
from halkit.writing import existing_file

__all__ = ["run"]

DATA = ("files", "group", "lattice", "channels")
STDIN = "-"


def run(options: Namespace) -> int:
    """Fit the variations, save, and print how they were judged."""
    output = check_new(options.output, options.force)
    config, folder = _read(options.config)
    parameters = _of(ErrorBudget, DATA)
    refuse_unknown(config, parameters, "key")
    for needed in ("files", "estimator", "variations"):
        if needed not in config:
            raise ValueError(f"{options.config} must have {needed}, got {', '.join(config)}")
    files = [str(folder / name) for name in _list(config, "files")]
    check_new(options.output, options.force, [options.config, *files])
    n_channels = check_integer(config.get("channels", 1), "channels", least=1)
    records = load_records(files, _list(config, "group"), _list(config, "lattice"), n_channels)
    given = {name: value for name, value in config.items() if name not in DATA}
    given["estimator"] = CorrelatorRegressor(**_centre(config["estimator"]))
    given["variations"] = _variations(config["variations"], given["estimator"])
    if options.jobs is not None:
        given["n_jobs"] = options.jobs
    given.setdefault("verbose", int(sys.stderr.isatty()))
    budget = ErrorBudget(**given).fit(blocks(*records))
    save(budget, output, overwrite=options.force)
    sys.stdout.write(_judged(budget.results_))
    return 0


def _judged(results: Mapping[str, Any]) -> str:
    """How the variations were judged, and below the table why some of them failed."""
    failed = results["reason"] != ""
    columns = {
        "variation": results["name"],
        "data": ["-" if lost else data for data, lost in _pairs(results["criterion"], failed)],
        "chi2/dof": ["-" if lost else f"{x:.3f}" for x, lost in _pairs(results["chi2"], failed)],
        "p": ["-" if lost else f"{x:.3f}" for x, lost in _pairs(results["p_value"], failed)],
        "accepted": [
            "failed" if lost else "yes" if accepted else "no"
            for accepted, lost in _pairs(results["accepted"], failed)
        ],
    }
    reasons = _pairs(results["name"][failed], results["reason"][failed])
    return table(columns) + "".join(
        f"{name} failed: {' '.join(reason.split())}\n" for name, reason in reasons
    )


def _pairs(one: Any, other: Any) -> list[tuple[Any, Any]]:
    return list(zip(one, other, strict=True))


def _read(name: str) -> tuple[dict[str, Any], Path]:
    """The keys of a TOML file, and the folder that its files are in."""
    path = Path() if name == STDIN else existing_file(name)
    data = sys.stdin.buffer.read() if name == STDIN else path.read_bytes()
    try:
        return tomllib.loads(data.decode()), path.parent
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{name} must be TOML: {error}") from error


def _of(kind: Any, more: tuple[str, ...] = ()) -> list[str]:
    return [*more, *signature(kind).parameters]


def _list(config: Mapping[str, Any], key: str) -> list[str]:
    value = config.get(key, [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
        raise ValueError(f"{key} must be a text, or a list of texts, got {value!r}")
    return listed


def _centre(given: Any) -> dict[str, Any]:
    """Parameters of the central CorrelatorRegressor; the estimator is gp by default."""
    if not isinstance(given, Mapping):
        raise ValueError(f"estimator must be a table of parameters, got {given!r}")
    refuse_unknown(given, _of(CorrelatorRegressor), "parameter of the central fit")
    return {"estimator": make_estimator("gp", {}),
            **{name: _value(name, value) for name, value in given.items()}}  # fmt: skip


def _variations(given: Any, centre: CorrelatorRegressor) -> Any:
    """Lists of values and named tables of parameters, in a table; or several tables of lists."""
    if isinstance(given, list):
        return [_lists(entry, centre) for entry in given]
    if not isinstance(given, Mapping):
        raise ValueError(f"variations must be a table of lists, or several, got {given!r}")
    own = centre.get_params()
    named = {k for k, v in given.items() if isinstance(v, Mapping) and k not in own}
    lists = _lists({k: v for k, v in given.items() if k not in named}, centre)
    return {
        name: {k: _value(k, v) for k, v in value.items()} if name in named else lists[name]
        for name, value in given.items()
    }


def _lists(given: Any, centre: CorrelatorRegressor) -> dict[str, list[Any]]:
    """Lists of values of parameters."""
    if not isinstance(given, Mapping):
        raise ValueError(f"variations must be tables of lists, got {given!r}")
    own = centre.get_params()
    refuse_unknown([name for name in given if name not in own], own, "parameter to vary")
    for name, values in given.items():
        if not isinstance(values, list):
            raise ValueError(f"variations must have a list of values for {name}, got {values!r}")
    return {name: [_value(name, value) for value in values] for name, values in given.items()}


def _value(name: str, value: Any) -> Any:
    """What a value of TOML stands for: an estimator, times, radii of volumes, or itself."""
    if name == "estimator":
        if isinstance(value, str):
            return make_estimator(value, {})
        if not isinstance(value, Mapping) or "name" not in value:
            raise ValueError(f"estimator must be a name, or a table with a name, got {value!r}")
        return make_estimator(value["name"], {k: v for k, v in value.items() if k != "name"})
    if name in ("times", "volumes") and isinstance(value, str):
        return _word(words.times, name, value)
    if name in ("r_max", "r_prime_max") and isinstance(value, Mapping):
        return {_word(words.count, name, L): radius for L, radius in value.items()}
    return value


def _word(reads: Any, name: str, text: str) -> Any:
    try:
        return reads(text)
    except ArgumentTypeError as error:
        raise ValueError(f"{name} {error}") from error
