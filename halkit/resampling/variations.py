"""Variations of an analysis: a grid of parameters around a centre, their names, their goodness.

A variation is judged by data that its fit has not used, on the rows of the centre: χ² of the fit to
the mean, which ranks variations, and the p-value, in which the error of the fit counts.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid

from halkit.callbacks import Task
from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials import LocalPotentialRegressor
from halkit.potentials.coupled_checks import NOT_APART
from halkit.resampling.blocks import Block, channels_of, check_blocks, chosen_blocks
from halkit.resampling.correlators import CorrelatorRegressor
from halkit.resampling.goodness import joint, noise_of, residuals_of

__all__ = ["Judged", "few_sources", "judged", "name_of", "parameters_of"]


class Judged(NamedTuple):
    """A fitted variation, or the reason why there is none, and its goodness.

    χ² over its expectation and the p-value are those of each bin with its own fit; `score` is
    minus the same ratio of the fit to the mean, as of `CorrelatorRegressor.score`.
    """

    model: Any = None
    criterion: str = ""
    chi2: float = np.nan
    p_value: float = np.nan
    score: float = np.nan
    reason: str = ""
    seconds: float = np.nan


def parameters_of(centre: Any, variations: Any) -> list[tuple[str, dict[str, Any]]]:
    """Name, and parameters that differ from the centre, of each variation; the centre first.

    Raises
    ------
    ValueError, TypeError
        If `variations` is no grid, has parameters that the centre lacks, or gives two variations
        that differ the same name.
    """
    named: list[tuple[str, Any]]
    if isinstance(variations, Mapping):
        named = [
            (name, {key: [value] for key, value in values.items()})
            if isinstance(values, Mapping)
            else ("", {name: values})
            for name, values in variations.items()
        ]
    else:
        listed = isinstance(variations, Sequence) and not isinstance(variations, str)
        grids = list(variations) if listed else []
        if not listed or not all(isinstance(grid, Mapping) for grid in grids):
            raise TypeError(
                f"variations must be a dict of lists, or a list of them, got {variations!r}"
            )
        named = [("", grid) for grid in grids]
    found: dict[Any, tuple[str, dict[str, Any]]] = {_key(centre): ("centre", {})}
    for own, grid in named:
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
                raise TypeError(f"variations must have a list of values for {name}, got {values!r}")
        for parameters in ParameterGrid({name: list(values) for name, values in grid.items()}):
            name = own or name_of(parameters)
            found.setdefault(_key(varied(centre, parameters)), (name, parameters))
    _refuse_one_name_twice([name for name, _ in found.values()])
    return list(found.values())


def _refuse_one_name_twice(names):
    for name, n in Counter(names).items():
        if n > 1:
            raise ValueError(
                f"variations must have names of their own, got {n} that differ and are called "
                f'{name!r}: give them others, as {{"name": {{parameter: value}}}}'
            )


def varied(centre: Any, parameters: Mapping[str, Any]) -> Any:
    """A clone of the centre with other parameters.

    Raises
    ------
    ValueError
        If there is no parameter of a name.
    """
    own = {name: clone(value, safe=False) for name, value in parameters.items()}
    model = clone(centre)
    if "estimator" in own:
        model.set_params(estimator=own.pop("estimator"))
    known = model.get_params()
    for name in own:
        if name not in known:
            raise ValueError(_unknown(name, known))
    return model.set_params(**own)


def _unknown(name, known):
    """The message for a parameter that is unknown, with the names that are known beside it."""
    near = get_close_matches(str(name), known, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    nested = str(name).startswith("estimator__")
    listed = [other for other in known if other.startswith("estimator__") == nested]
    return (
        f"variations must be of parameters of the estimator, got {name!r}{hint}: known are "
        f"{', '.join(listed)}{'' if nested else ' and estimator__…'}"
    )


def name_of(parameters: Mapping[str, Any]) -> str:
    """Parameters as a text."""
    texts = [
        f"{name.removeprefix('estimator__')} = {_text(value)}" for name, value in parameters.items()
    ]
    return ", ".join(texts)


def _text(value):
    if isinstance(value, BaseEstimator):
        return " ".join(repr(value).split())
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return " ".join(map(_text, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _key(model):
    """What tells two estimators apart: equal ones have equal parameters."""
    return tuple(sorted((name, _plain(value)) for name, value in model.get_params().items()))


def _plain(value):
    if isinstance(value, BaseEstimator):
        return type(value).__qualname__
    if isinstance(value, Mapping):
        return repr(sorted((repr(key), _plain(entry)) for key, entry in value.items()))
    if isinstance(value, np.ndarray | Sequence) and not isinstance(value, str):
        return repr([_plain(entry) for entry in value])
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return repr(float(value)) if number else repr(value)


def few_sources(models: Sequence[CorrelatorRegressor], records: Sequence[Block]) -> str:
    """Why sources may not judge fits of coupled channels; empty if they may.

    Of n channels U takes 2n sources: a fit to fewer predicts the others less well than a local one.
    """
    n = len(channels_of(records[0]))
    every = {record.sources[0] for record in records}
    for model in models if n > 1 else ():
        fitted = every if model.sources is None else every & {*model.sources}
        kept = len(fitted) - (fitted == every)  # of all of them one is left out
        if kept < 2 * n and _has_u(model.estimator):
            return (
                f"a potential with U of {n} coupled channels needs {2 * n} sources beside those "
                f"that are left out, got {kept}"
            )
    return ""


def _has_u(estimator):
    is_local = isinstance(estimator, LocalPotentialRegressor)
    return not is_local and getattr(estimator, "local", None) != "only"


def judged(
    model: CorrelatorRegressor, X: Any, centre: CorrelatorRegressor, by: str | None,
    task: Task | None = None,
) -> Judged:  # fmt: skip
    """Fit a variation, and judge it by data that it has not used.

    Parameters
    ----------
    model : CorrelatorRegressor
        Not yet fitted.
    X : list of Correlators
    centre : CorrelatorRegressor
        Not fitted; its rows are compared with.
    by : {"source", "volume", None}
        See `ErrorBudget`.
    task : Task, optional
        What callbacks know of the fit.
    """
    begin = time.perf_counter()
    try:
        with (task or Task()).fit_of(model):
            model = model.fit(X)
        criterion, splits = _splits(model, X, by)
        goodness = _goodness(model, centre, splits)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return Judged(reason=reason, seconds=time.perf_counter() - begin)
    chi2, p_value, score = goodness
    return Judged(model, criterion, chi2, p_value, score, "", time.perf_counter() - begin)


def _splits(model, X, by):
    """How a fit is judged: pairs of blocks to fit, None for the fit as it is, and to compare."""
    used = chosen_blocks(X, model.sources, model.volumes)
    if by is None:
        return "in sample", [(None, used)]

    def labels(block):
        pair = block.L, block.sources[0]
        return pair if by == "volume" else pair[::-1]

    fitted, others = (dict.fromkeys(label) for label in zip(*map(labels, used), strict=True))
    rest = [
        block
        for block in chosen_blocks(check_blocks(X), None, None)
        if labels(block)[0] not in fitted and labels(block)[1] in others
    ]
    if rest:
        return f"held-out {by}", [(None, rest)]
    if len(fitted) == 1:
        return "in sample", [(None, used)]
    return f"leave one {by} out", [
        (
            [block for block in used if labels(block)[0] != left],
            [block for block in used if labels(block)[0] == left],
        )
        for left in fitted
    ]


def _goodness(model, centre, splits):
    """χ² over its expectation and p-value of each bin's fit, and the score of the fit to the mean.

    Blocks of one volume share their configurations, and volumes are independent.
    """
    bins: dict[Any, list[Any]] = {}
    chi2 = dof = 0.0
    for train, test in splits:
        fit = model
        if train is not None:
            fit = _refitted(model, train)
        for block in test:
            rows = centre._rows(block)
            left = residuals_of(rows, fit._fits_for(rows))
            bins.setdefault(block.L, []).append(left.reshape(rows.n_bins, -1))
            X, y = rows.mean()
            acted = fit.estimator_.apply_potential(X, rows.r, rows.weights, rows.r_out)
            noise, expected = noise_of(rows)
            chi2, dof = chi2 + noise.chi2((y - acted).ravel()), dof + expected
    whole = joint([np.concatenate(parts, axis=1) for parts in bins.values()], model.resample_)
    return whole.chi2 / whole.dof, whole.p_value, -chi2 / dof


def _refitted(model, train):
    """The same fit of fewer blocks: its prior is that of the whole fit, which has warned."""
    other = clone(model).set_params(sources=None, volumes=None)
    for name in ("local_strength", "nonlocal_strength", "nonlocal_reach"):
        size = getattr(model.estimator_, f"{name}_", None)
        if size is not None:
            other.set_params(**{f"estimator__{name}": size})
    other._settles = False
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        other = other.fit(train)
    for one in told:
        if issubclass(one.category, UnderdeterminedWarning) and NOT_APART in str(one.message):
            raise ValueError(f"one source may not be left out: {one.message}")
    return other
