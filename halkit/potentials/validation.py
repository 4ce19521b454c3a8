"""The border of the regressors: what arrays and parameters may come in."""

import warnings

import numpy as np
from sklearn.utils import check_array

from halkit.exceptions import UnderdeterminedWarning
from halkit.radial import (
    RadialGrid,
    refuse_entries_with_errors,
    validate_nodes,
    validate_values,
)

__all__ = [
    "check_data",
    "check_radii",
    "check_reach",
    "check_sample_weight",
    "check_weights",
    "check_widths",
    "check_y_std",
    "cut",
    "node_columns",
    "refuse_complex_and_objects",
    "resolve_nodes",
]


def check_data(values, name, *, n_columns=None, shape=None):
    """A finite real array, 2-D unless `shape` says otherwise.

    Raises
    ------
    ValueError
        For complex, infinite or NaN entries and for a wrong shape.
    TypeError
        For entries that carry their own errors (GVar, Obs, ufloat).
    """
    refuse_complex_and_objects(values, name)
    array = check_array(values, dtype=np.float64, input_name=name, ensure_2d=shape is None)
    if n_columns is not None and array.shape[1] != n_columns:
        raise ValueError(f"{name} needs {n_columns} columns, one per node; got {array.shape[1]}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} needs shape {shape}; got {array.shape}")
    return array


def refuse_complex_and_objects(values, name):
    """Refuse what scikit-learn's checks would refuse without naming the way out."""
    _refuse_complex(values, name)
    _refuse_objects_with_errors(values, name)


def _refuse_complex(values, name):
    if np.asarray(values).dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} is complex. An S-wave function is real up "
            "to a constant phase; halkit.sources.remove_phase strips it."
        )


def _refuse_objects_with_errors(values, name):
    if isinstance(values, list | tuple) or getattr(values, "dtype", None) == np.dtype(object):
        refuse_entries_with_errors(np.asarray(values, dtype=object), name)


def check_y_std(y_std, shape):
    """Positive errors of the shape of y."""
    if np.ndim(y_std) == 0:
        raise ValueError(f"y_std needs shape {shape}, that of y; got one number")
    y_std = check_data(y_std, "y_std", shape=shape)
    if not np.all(y_std > 0):
        raise ValueError(f"y_std needs positive standard deviations; its minimum is {y_std.min()}")
    return y_std


def check_sample_weight(sample_weight, n_samples):
    """Finite weights >= 0 of shape (n_samples,), or None."""
    if sample_weight is None:
        return None
    s = check_array(sample_weight, dtype=np.float64, input_name="sample_weight", ensure_2d=False)
    if s.ndim == 0:
        s = np.full(n_samples, s)
    if s.shape != (n_samples,):
        raise ValueError(f"sample_weight needs shape ({n_samples},), got {s.shape}")
    if np.any(s < 0):
        raise ValueError(f"sample_weight needs values >= 0; its minimum is {s.min()}")
    if not np.any(s > 0):
        raise ValueError("sample_weight is zero for every sample")
    return s


def check_radii(**radii):
    """Radii >= 0 as float64 arrays, whose shapes broadcast.

    Raises
    ------
    ValueError, TypeError
    """
    arrays = []
    for name, values in radii.items():
        array = validate_values(values, name)
        if np.any(array < 0):
            raise ValueError(f"{name} must not be negative, got {array.min():g}")
        arrays.append(array)
    try:
        np.broadcast_shapes(*(values.shape for values in arrays))
    except ValueError as error:
        shapes = ", ".join(f"{name} of shape {np.shape(x)}" for name, x in radii.items())
        raise ValueError(f"radii need shapes that broadcast, got {shapes}") from error
    return arrays


def cut(U, radius, r, r_prime):
    """U, and zero where r or r' is beyond the radius (None: nowhere)."""
    if radius is None:
        return U
    return np.where((r <= radius) & (r_prime <= radius), U, 0.0)


def check_reach(r, r_out, radius, widths, *, lattice_defaults):
    """Warn of a prior that reaches far beyond the data, as in another unit of length.

    Parameters
    ----------
    r, r_out : ndarray
        Nodes of the wave functions, which end U, and of the sources, which end V.
    radius : float or None
        Of the envelope of U.
    widths : ndarray or None
        Of the local term.
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
    warnings.warn(
        f"{'; '.join(found)}: beyond the data the potential is free{hint * lattice_defaults}",
        UnderdeterminedWarning,
        stacklevel=4,
    )


def check_widths(widths, name):
    """Positive, strictly increasing widths as a 1-D array.

    Raises
    ------
    TypeError, ValueError
    """
    widths = validate_nodes(widths, name)
    if widths[0] == 0:
        raise ValueError(f"{name} need values > 0, got 0")
    return widths


def node_columns(r_out, r):
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
            "the wave function is needed at every output node, and r_out has nodes that are "
            f"not in r: {r_out[missing][:5]}"
        )
    return columns


def resolve_nodes(r, weights, r_out, *, n_features, n_outputs):
    """Nodes r, their measure, the output nodes and the measure there.

    Raises
    ------
    ValueError
        If the lengths do not fit the data.
    """
    if r is None and r_out is not None:
        raise ValueError("r must be given where r_out is, got None: both are radii in one unit")
    if r is None:
        r = np.arange(1.0, n_features + 1)
        if n_outputs > n_features:
            raise ValueError(
                f"y has {n_outputs} columns, more than the {n_features} of X: r and r_out are "
                "needed"
            )
        r_out = r[:n_outputs]
    r = validate_nodes(r)
    if len(r) != n_features:
        raise ValueError(f"X needs {len(r)} columns, one per node of r; got {n_features}")
    if r_out is None and n_outputs != len(r):
        raise ValueError(
            f"y has {n_outputs} columns and r has {len(r)} nodes: r_out says where the rows are"
        )
    r_out = r if r_out is None else validate_nodes(r_out, "r_out")
    if len(r_out) != n_outputs:
        raise ValueError(f"y needs {len(r_out)} columns, one per node of r_out; got {n_outputs}")
    grid = RadialGrid.from_nodes(r)
    w = grid.weights if weights is None else check_weights(weights, r)
    shared = np.isin(r_out, r).all()
    w_out = w[node_columns(r_out, r)] if shared else RadialGrid.from_nodes(r_out).weights
    return r, w, r_out, w_out


def check_weights(weights, r):
    """A finite measure >= 0 of the shape of r, not 0 everywhere, as a new array."""
    weights = np.array(weights, dtype=np.float64)
    if weights.shape != r.shape:
        raise ValueError(f"weights need shape {r.shape}, that of r; got {weights.shape}")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError("weights need finite values >= 0, not all of them 0")
    return weights
