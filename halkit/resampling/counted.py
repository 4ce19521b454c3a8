"""Which variations of an analysis count, and the values of a function of their fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.checks import check_array
from halkit.potentials.seen import lent_waves
from halkit.warn import warn_caller

__all__ = ["of_fits", "refusal", "tell_failures", "without_failures"]


def of_fits(model: Any, function: Callable[[Any], Any], warns: bool) -> Any:
    """Values of the fit to the mean, and of each bin, (1 + n_bins, ...); or why there are none."""
    waves = vars(model).get("_data_waves") if warns else None
    try:
        with lent_waves(model.estimator_, waves) as centre:
            values = [function(centre)]
        values += [function(fit) for fit in model.estimators_]
    except ValueError as error:
        return error
    shapes = sorted({np.shape(value) for value in values})
    if len(shapes) > 1:
        raise ValueError(f"function must return values of one shape, got {shapes}")
    return check_array(values, "values of the function", finite=False)


def without_failures(found: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split the results by name into values and errors."""
    failed = {name: x for name, x in found.items() if isinstance(x, ValueError)}
    centre = next(iter(found))
    values = {name: x for name, x in found.items() if name not in failed}
    if centre in failed:
        names = "; ".join(f"({name})" for name in failed if name != centre)
        others = f", nor have the variations {names}" if names else ""
        error = failed[centre]
        raise ValueError(f"the centre does not have this observable{others}: {error}") from error
    shapes = sorted({x.shape[1:] for x in values.values()})
    if len(shapes) > 1:
        raise ValueError(f"function must return values of one shape, got {shapes}")
    return values, failed


def tell_failures(failed: dict[str, Any], accepted: Any) -> None:
    """Warn of variations that lack an observable; raise if no accepted one has it."""
    reasons = "; ".join(f"({name}): {error}" for name, error in failed.items())
    if not accepted.any():
        raise ValueError(f"no accepted variation has this observable: {reasons}")
    if failed:
        warn_caller(
            f"{len(failed)} of {len(accepted)} variations do not have this observable and do not "
            f"count for it: {reasons}"
        )


def refusal(results: dict[str, Any], accepted: Any) -> str:
    """Why the centre, or no variation at all, is accepted."""
    best = np.nanargmax(results["score"])
    of = (
        f"the best variation ({results['name'][best]}) has χ²/dof = {-results['score'][best]:.3g}"
        f" and p = {results['p_value'][best]:.2g}"
    )
    data = results["criterion"][best]
    if accepted.any():
        return (
            f"the centre is not accepted ({data}): it has χ²/dof = {-results['score'][0]:.3g} and "
            f"p = {results['p_value'][0]:.2g}, {of}. The result comes from the other variations"
        )
    return (
        f"no variation is accepted ({data}): {of}. Add variations that describe the data, hold out "
        "other data (of two sources, each alone cannot tell a local from a non-local potential), "
        "or accept with p_min=0 what is within chi2_ratio of the best"
    )
