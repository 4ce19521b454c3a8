"""What a potential takes from correlators: channels and masses, nodes and the measure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from halkit.channels import Channel, check_channels
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
    ValueError, TypeError
        If the estimator has several channels, and the record is that of one.
    """
    given = _parameters(estimator)
    channels = given.get("channels")
    if channels is not None:
        check_channels(channels)
    if isinstance(record, CoupledCorrelators):
        known = [Channel()] * record.n_channels if channels is None else channels
        return {"channels": tuple(_in_wave(c, given.get("l")) for c in known)}
    if channels is not None and len(channels) > 1:
        raise ValueError(
            f"channels of the estimator must be None or one for Correlators, got {len(channels)}: "
            "CoupledCorrelators join the correlators of several channels"
        )
    return {"l": _wave(given) or 0}


def filled(estimator: Any, rows: Rows, record: Block) -> Any:
    """A clone of an estimator on the nodes, in the channels and with the masses of the rows.

    Raises
    ------
    ValueError
        If the estimator has other masses or another wave, takes no errors, or knows one channel of
        several.
    """
    if rows.sigma is not None and not has_fit_parameter(estimator, "y_std"):
        raise ValueError(
            f"estimator must take y_std in its fit, got {type(estimator).__name__}: in a "
            "Pipeline, make CorrelatorRegressor the last step"
        )
    model = clone(estimator)
    given = _parameters(model)
    coupled = isinstance(record, CoupledCorrelators)
    own = (
        _channels(model, given, rows) if coupled
        else _masses(given, record) | _wave_of_field(given, record.wedge)
    )  # fmt: skip
    nodes = {"r": rows.r, "weights": rows.weights, "r_out": rows.r_out}
    own |= {name: nodes[name] for name in nodes if name in given and given[name] is None}
    return model.set_params(**own)


def _parameters(estimator):
    return estimator.get_params() if hasattr(estimator, "get_params") else {}


def _in_wave(channel, l):
    return replace(channel, l=l) if channel.l is None else channel


def _wave(given):
    """l of the estimator of one channel, None if it is not given."""
    channels = given.get("channels")
    return channels[0].l if given.get("l") is None and channels else given.get("l")


def _channels(model, given, rows):
    """The channels of the rows, already compared with the estimator."""
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


def _wave_of_field(given, wedge):
    """The partial wave of a field on a lattice, if the estimator takes and does not have it."""
    own = _wave(given)
    if wedge is None or "l" not in given or own == wedge.partial_wave:
        return {}
    if own is not None:
        raise ValueError(
            f"l of the estimator must be {wedge.partial_wave} of a field in {wedge.irrep}, or "
            f"None, got {own}"
        )
    return {"l": wedge.partial_wave} if wedge.partial_wave else {}
