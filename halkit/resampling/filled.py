"""What a potential takes from correlators: channels and masses, nodes and the measure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from halkit.channels import Channel
from halkit.checks import check_masses
from halkit.correlators import CoupledCorrelators
from halkit.equations import Rows
from halkit.resampling.blocks import Block
from halkit.units import reduced_mass

__all__ = ["filled", "waves_of"]


def waves_of(estimator: Any, record: Block) -> dict[str, Any]:
    """The partial waves of the rows of a record, as options of `rows_of`.

    Raises
    ------
    ValueError
        If the estimator has several channels, and the record is that of one.
    """
    given = _parameters(estimator)
    channels, l = given.get("channels"), given.get("l")
    if isinstance(record, CoupledCorrelators):
        known = [Channel()] * record.n_channels if channels is None else channels
        return {"channels": tuple(c if c.l is not None else replace(c, l=l) for c in known)}
    if channels is not None and len(channels) > 1:
        raise ValueError(
            f"channels of the estimator must be None or one for Correlators, got {len(channels)}: "
            "CoupledCorrelators join the correlators of several channels"
        )
    own = l if l is not None or not channels else channels[0].l
    return {"l": own or 0}


def filled(estimator: Any, rows: Rows, record: Block) -> Any:
    """A clone of an estimator on the nodes, in the channels and with the masses of the rows.

    Raises
    ------
    ValueError
        If the estimator has other masses, takes no errors, or knows one channel of several.
    """
    if rows.sigma is not None and not has_fit_parameter(estimator, "y_std"):
        raise ValueError(
            f"estimator must take y_std in its fit, got {type(estimator).__name__}: in a "
            "Pipeline, make CorrelatorRegressor the last step"
        )
    model = clone(estimator)
    given = _parameters(model)
    coupled = isinstance(record, CoupledCorrelators)
    own = _channels(model, given, rows) if coupled else _masses(given, record)
    nodes = {"r": rows.r, "weights": rows.weights, "r_out": rows.r_out}
    own |= {name: nodes[name] for name in nodes if name in given and given[name] is None}
    return model.set_params(**own)


def _parameters(estimator):
    return estimator.get_params() if hasattr(estimator, "get_params") else {}


def _channels(model, given, rows):
    """The channels of the rows, which were compared with those of the estimator."""
    if "channels" not in given:
        raise ValueError(
            "estimator must have the parameter channels for coupled channels, got "
            f"{type(model).__name__}"
        )
    for name in ("reduced_mass", "hadron_mass"):
        if given.get(name) is not None:
            raise ValueError(
                f"{name} of the estimator must be None for coupled channels, whose masses are "
                f"known from the correlators, got {given[name]}"
            )
    return {"channels": list(rows.channels)}


def _masses(given, record):
    """The masses of one channel that the estimator takes, and does not have."""
    reduced, found = reduced_mass(record.hadron_mass), {}
    for name, mass, mine in (
        ("reduced_mass", reduced, reduced),
        ("hadron_mass", record.hadron_mass, check_masses(record.hadron_mass, "hadron_mass")),
    ):
        value = given.get(name)
        if value is not None and not np.allclose(value, mine, rtol=1e-9, atol=0):
            raise ValueError(
                f"{name} of the estimator must be that of the correlators, {mass}, or None, "
                f"got {value}"
            )
        if name in given and value is None:
            found[name] = mass
    return found
