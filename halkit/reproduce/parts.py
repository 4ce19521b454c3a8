"""What the sections share: quiet fits with their seconds, phases with errors, empty pictures."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

from halkit.exceptions import AccuracyWarning, UnderdeterminedWarning
from halkit.report import check_matplotlib
from halkit.resampling import JackknifeRegressor
from halkit.typing import Array, Numbers

__all__ = [
    "BANDS",
    "N_MESH",
    "figures_of",
    "first_order",
    "phases_within",
    "quietly",
    "timed_fit",
    "warned",
]

N_MESH = 64
BANDS = (
    "Bands are jackknife errors to first order in the parameters, with forces within the radius "
    "of the data."
)


def timed_fit(model: Any, X: Numbers, y: Numbers, **arrays: Any) -> tuple[float, list[str]]:
    """Return the seconds of a fit, and what it warns of."""
    begin = time.perf_counter()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(X, y, **arrays)
    messages = dict.fromkeys(str(one.message) for one in told)
    return time.perf_counter() - begin, list(messages)


def quietly(function: Any, *arguments: Any, **settings: Any) -> Any:
    """Phase shifts of potentials that do not decay: the report shows their errors instead."""
    with warnings.catch_warnings():
        for category in (AccuracyWarning, UnderdeterminedWarning):
            warnings.simplefilter("ignore", category)
        return function(*arguments, **settings)


def first_order(model: Any, rows: Any) -> tuple[JackknifeRegressor, float, list[str]]:
    """Return fits of the bins, to first order, their seconds, and what they warn of."""
    jackknife = JackknifeRegressor(model, resample=rows.kind, refit="linear")
    return jackknife, *timed_fit(jackknife, rows.data, rows.target, y_std=rows.sigma)


def phases_within(
    jackknife: JackknifeRegressor, k: Numbers, radius: float
) -> tuple[Array, Array, list[str]]:
    """Return δ of the fit to the mean, the errors of the bins with forces within the radius, and
    what halkit says of momenta that the data leave open.
    """
    delta = quietly(jackknife.estimator_.phase_shift, k)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore", AccuracyWarning)
        warnings.simplefilter("always", UnderdeterminedWarning)
        _, std = jackknife.phase_shift(k, channel_radius=radius, n_mesh=N_MESH, return_std=True)
    return delta, std, [str(one.message) for one in told]


def warned(name: str, messages: Sequence[str]) -> str:
    """What a fit warns of, as a sentence of the report, in lattice units."""
    told = "; ".join(f"“{message}”" for message in dict.fromkeys(messages))
    return f" {name} warns, in lattice units: {told}." if told else ""


def figures_of(section: str, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of one panel each, by name, and their axes: a page may put them side by side."""
    check_matplotlib()
    from matplotlib.figure import Figure

    figures = {f"{section}_{name}": Figure((5.4, 3.8), layout="constrained") for name in names}
    axes = [figure.subplots() for figure in figures.values()]
    return figures, dict(zip(names, axes, strict=True))
