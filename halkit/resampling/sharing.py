"""Equal arrays of many fits as one: memory and files hold them once."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["share_equal"]


def share_equal(models: Iterable[Any]) -> None:
    """Let attributes of the same name that are equal arrays, or equal priors, be one object.

    The bins of an analysis have the nodes, weights and prior of the fit to the mean; what another
    process returns has copies of them.

    Parameters
    ----------
    models : iterable of estimators
        Fitted.
    """
    found: dict[Any, Any] = {}
    for model in models:
        for name, value in vars(model).items():
            if name == "_prior" or (isinstance(value, np.ndarray) and not value.dtype.hasobject):
                key = name, pickle.dumps(value)
                setattr(model, name, found.setdefault(key, value))
