"""Checks of the arrays and nodes of the regressors, made once, where they enter."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.utils.validation import validate_data

from halkit.checks import check_array, check_nodes, numbers_or_table
from halkit.exceptions import UnderdeterminedWarning
from halkit.radial import RadialGrid
from halkit.typing import Array, Number
from halkit.warn import warn_caller

__all__ = [
    "check_pair",
    "check_radii",
    "check_reach",
    "check_sample_weight",
    "check_samples",
    "check_weights",
    "check_widths",
    "check_y_std",
    "like_input",
    "node_columns",
    "resolve_nodes",
]


def check_samples(model: Any, X: Any, **options: Any) -> Array:
    """X of fit or predict, 2-D and plain, after scikit-learn's checks of its features."""
    X = validate_data(model, numbers_or_table(X, "X"), dtype=np.float64, **options)
    return check_array(X, "X")


def check_pair(model: Any, X: Any, y: Any) -> tuple[Array, Array]:
    """X and y of fit, after scikit-learn's checks of both; see `check_samples`."""
    y = None if y is None else numbers_or_table(y, "y")
    X, y = validate_data(
        model, numbers_or_table(X, "X"), y, multi_output=True, y_numeric=True, dtype=np.float64
    )
    return check_array(X, "X"), check_array(y, "y")


def like_input(result: Any, X: Any) -> Any:
    """The result, as a tensor on the device of X where scikit-learn's dispatch asks for it."""
    if get_config()["array_api_dispatch"] and isinstance(X, torch.Tensor):
        dtype = X.dtype if X.is_floating_point() else None
        return torch.as_tensor(result, dtype=dtype, device=X.device)
    return result


def check_y_std(y_std: object, shape: tuple[int, ...]) -> Array:
    """Positive errors of the shape of y."""
    return check_array(y_std, "y_std", shape=shape, sign="> 0")


def check_sample_weight(sample_weight: object, n_samples: int) -> Array | None:
    """Finite weights >= 0 of shape (n_samples,), or None; False and True count as 0 and 1."""
    if sample_weight is None:
        return None
    s = check_array(sample_weight, "sample_weight", sign="≥ 0", booleans=True)
    s = np.full(n_samples, s) if s.ndim == 0 else s
    if s.shape != (n_samples,):
        raise ValueError(f"sample_weight must have shape ({n_samples},), got {s.shape}")
    if not np.any(s > 0):
        raise ValueError("sample_weight must not be zero for all samples")
    return s


def check_radii(**radii: object) -> list[Array]:
    """Radii >= 0 as float64 arrays, whose shapes broadcast.

    Raises
    ------
    ValueError, TypeError
    """
    arrays = [check_array(values, name, sign="≥ 0") for name, values in radii.items()]
    try:
        np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        shapes = ", ".join(
            f"{name} of shape {x.shape}" for name, x in zip(radii, arrays, strict=True)
        )
        raise ValueError(f"radii must have shapes that broadcast, got {shapes}") from error
    return arrays


def check_reach(
    r: Array, r_out: Array, radius: Number | None, widths: Array | None, *, lattice_defaults: bool
) -> None:
    """Warn of a prior that reaches far beyond the data, as in another unit of length.

    Parameters
    ----------
    r, r_out : ndarray
        Nodes of the wave functions, where U ends, and of the targets, where V ends.
    radius : float or None
        ρ of the envelope of U.
    widths : ndarray or None
        b_m of the local term.
    lattice_defaults : bool
        Whether the defaults are meant for lattice units.
    """
    found = []
    if radius is not None and radius > r[-1]:
        found.append(f"the data end at r = {r[-1]:.4g}, envelope_radius is {radius:.4g}")
    widest = 0.0 if widths is None else np.max(widths)
    if widest / 2 > r_out[-1]:
        found.append(f"r_out ends at {r_out[-1]:.4g}, the widest local width is {widest:.4g}")
    if not found:
        return
    hint = (
        ". If these are defaults, they are meant for lattice units at a spacing near 0.09 fm: "
        "give envelope_radius and local_widths in the unit of r"
    )
    warn_caller(
        f"{'; '.join(found)}: beyond the data the potential is free{hint * lattice_defaults}",
        UnderdeterminedWarning,
    )


def check_widths(widths: object, name: str) -> Array:
    """Positive, strictly increasing widths as a 1-D array.

    Raises
    ------
    TypeError, ValueError
    """
    widths = check_nodes(widths, name)
    if widths[0] == 0:
        raise ValueError(f"{name} must be > 0, got 0")
    return widths


def node_columns(r_out: Array, r: Array) -> NDArray[np.int64]:
    """Columns of r that hold the nodes r_out.

    Raises
    ------
    ValueError
        If a node of r_out is not a node of r.
    """
    columns = np.minimum(np.searchsorted(r, r_out), len(r) - 1)
    missing = r[columns] != r_out
    if missing.any():
        raise ValueError(
            "r_out must have nodes of r, since a local term acts on φ(r_out), got others: "
            f"{r_out[missing][:5]}"
        )
    return columns


def resolve_nodes(
    r: object, weights: object, r_out: object, *, n_features: int, n_outputs: int,
    n_channels: int = 1,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Nodes r, their measure, the output nodes and the measure there, of each of n channels.

    Raises
    ------
    ValueError
        If the lengths do not fit the data.
    """
    if r is None and r_out is not None:
        raise ValueError("r must be given where r_out is, got None: both are radii in one unit")
    _check_blocks(n_channels, X=n_features, y=n_outputs)
    if r is None:
        r = np.arange(1.0, n_features // n_channels + 1)
        if n_outputs > n_features:
            raise ValueError(
                f"y must have at most the {n_features} columns of X, got {n_outputs}: give r and "
                "r_out"
            )
        r_out = r[: n_outputs // n_channels]
    r = check_nodes(r)
    of = f" and channel of {n_channels}" if n_channels > 1 else ""
    if n_channels * len(r) != n_features:
        multiple = n_channels == 1 and n_features % len(r) == 0
        hint = ", or channels=[…] with one channel for each block of columns" * multiple
        raise ValueError(
            f"X must have {n_channels * len(r)} columns, one per node of r{of}{hint}, got "
            f"{n_features}"
        )
    if r_out is None and n_outputs != n_features:
        raise ValueError(
            f"r_out must be given where y has other columns than the {n_features} nodes of r{of}, "
            f"got {n_outputs} columns"
        )
    r_out = r if r_out is None else check_nodes(r_out, "r_out")
    if n_channels * len(r_out) != n_outputs:
        raise ValueError(
            f"y must have {n_channels * len(r_out)} columns, one per node of r_out{of}, got "
            f"{n_outputs}"
        )
    grid = RadialGrid.from_nodes(r)
    w = grid.weights if weights is None else check_weights(weights, r)
    shared = np.isin(r_out, r).all()
    w_out = w[node_columns(r_out, r)] if shared else RadialGrid.from_nodes(r_out).weights
    return r, w, r_out, w_out


def _check_blocks(n_channels, **columns):
    for name, n in columns.items():
        if n % n_channels:
            raise ValueError(
                f"{name} must have the same number of columns for each of {n_channels} channels, "
                f"got {n}"
            )


def check_weights(weights: object, r: Array) -> Array:
    """A finite measure >= 0 of the shape of r, not 0 everywhere, as a new array."""
    weights = check_array(weights, "weights", shape=r.shape, sign="≥ 0")
    if not np.any(weights > 0):
        raise ValueError("weights must not all be 0")
    return weights
