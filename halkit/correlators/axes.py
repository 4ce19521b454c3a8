"""Raw arrays with named axes: from the axes of a file to those of the result."""

import re
from os import PathLike
from pathlib import Path

import numpy as np

from halkit.checks import as_numbers
from halkit.correlators.real import without_imaginary
from halkit.radial import Wedge
from halkit.writing import existing_file

__all__ = [
    "CHOICES",
    "are_several",
    "axis_names",
    "finished",
    "gathered",
    "joined",
    "matching_names",
    "natural_order",
    "raw_paths",
    "refuse_unknown",
]

CHOICES = ("check", "drop", "keep")
SITES = ("x", "y", "z")
KNOWN_AXES = ("config", "bin", "source", "t", *SITES, "r", "point", "complex")


def axis_names(names, what, but=None):
    """Return names as a tuple, each once."""
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} must be a sequence of names, got {names!r}")
    counted = [name for name in names if name != but]
    if not counted or len(set(counted)) < len(counted):
        raise ValueError(f"{what} must be different names, got {tuple(names)}")
    return tuple(names)


def refuse_unknown(axes, named):
    """Refuse names of axes that nothing stands for."""
    unknown = [axis for axis in axes if axis not in {*KNOWN_AXES, *named}]
    if unknown:
        raise ValueError(
            f"axes must be among {', '.join(KNOWN_AXES)}, or be named in order or stack, got "
            f"{unknown[0]!r}"
        )


def are_several(path, paths):
    """Tell whether files are joined along an axis: a sequence, or a name with a *."""
    return not isinstance(path, str | PathLike) or paths != [Path(path)]


def raw_paths(path):
    """The files of a path; those whose names match a *, numbers in the order of their values."""
    if isinstance(path, str | PathLike):
        one = Path(path)
        found = [] if one.is_file() or "*" not in one.name else one.parent.glob(one.name)
        path = sorted(found, key=lambda other: natural_order(other.name)) or [one]
    paths = [Path(one) for one in path]
    if not paths or len(set(paths)) < len(paths):
        raise ValueError(f"path must be one file or several, each once, got {[*map(str, paths)]}")
    return [existing_file(one) for one in paths]


def matching_names(name, known, path):
    """The data sets of this name, numbers in the order of their values."""
    pattern = re.compile("[^/]*".join(map(re.escape, name.strip("/").split("*"))))
    found = [one for one in known if pattern.fullmatch(one)]
    if not found:
        shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
        raise ValueError(f"name must be of data sets in {path}, got {name!r} among {shown}")
    return sorted(found, key=natural_order)


def natural_order(name):
    """A key that sorts names with the numbers in them in the order of their values."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def gathered(parts, axes, *, order, stack, wedge, imaginary, several, name):
    """One array of data sets with the same axes, given as (values, name, path) one by one."""
    final = _axes_of_one(axes, wedge)
    done, total = [], 0
    for values, found, path in parts:
        where = f"{found} of {path}"
        one = _one(_numbers(values, where), axes, wedge, where)
        if wedge is not None:
            total = total + one.reshape(-1, *one.shape[-3:]).sum(axis=0)
            one = _projected(one, wedge, check_origin=False)
        done.append((one, found, path))
    if wedge is not None:
        _projected(total, wedge, check_origin=True)
    values, final = joined(done, final, stack, several)
    return finished(values, final, order, stack, imaginary, name)


def _numbers(values, where):
    """Real or complex numbers in the native byte order, finite."""
    values = as_numbers(values, where, kinds="iufc")
    values = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64, copy=False)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{where} must be finite, got NaN or infinite entries")
    return values


def _axes_of_one(axes, wedge):
    """The axes of a data set after its complex numbers and the projection."""
    axes = tuple(axis for axis in axes if axis != "complex")
    if wedge is None:
        return axes
    if not isinstance(wedge, Wedge):
        raise TypeError(f"wedge must be a halkit.radial.Wedge, got {wedge!r}")
    if not set(SITES) <= set(axes):
        raise ValueError(f"axes must have x, y and z to project on a wedge, got {axes}")
    return (*(axis for axis in axes if axis not in SITES), "point")


def _one(values, axes, wedge, where):
    """A data set as real or complex numbers, with x, y, z last if there is a wedge."""
    if values.ndim != len(axes):
        raise ValueError(f"{where} must have the axes {axes}, got shape {values.shape}")
    if "complex" in axes:
        values = np.moveaxis(values, axes.index("complex"), -1)
        if values.shape[-1] != 2 or np.iscomplexobj(values):
            raise ValueError(
                f"{where} must have two real numbers on its axis 'complex', got shape "
                f"{values.shape} of {values.dtype} with it last"
            )
        values = values[..., 0] + 1j * values[..., 1]
        axes = tuple(axis for axis in axes if axis != "complex")
    if wedge is None:
        return values
    values = np.moveaxis(values, [axes.index(site) for site in SITES], (-3, -2, -1))
    if values.shape[-3:] != (wedge.L,) * 3:
        raise ValueError(f"{where} must have L = {wedge.L} sites on x, y, z, got {values.shape}")
    return values


def _projected(values, wedge, check_origin):
    """Real or complex fields on the points of the wedge; the origin is that of the real part."""
    real = wedge.project(values.real, check_origin=check_origin)
    if not np.iscomplexobj(values):
        return real
    return real + 1j * wedge.project(values.imag, check_origin=False)


def joined(parts, axes, stack, several):
    """One array of all data sets, and its axes."""
    if not several:
        return parts[0][0], axes
    at = axes.index(stack) if stack in axes else None
    first, name, path = parts[0]
    shape = _without(first.shape, at)
    for values, other, one in parts[1:]:
        if _without(values.shape, at) != shape:
            raise ValueError(
                f"{other} of {one} must have the shape of {name} of {path}, {first.shape}, got "
                f"{values.shape}"
            )
    arrays = [values for values, *_ in parts]
    if at is not None:
        return np.concatenate(arrays, axis=at), axes
    return np.stack(arrays), (stack, *axes)


def _without(shape, at):
    return shape if at is None else (*shape[:at], *shape[at + 1 :])


def finished(values, axes, order, stack, imaginary, name):
    """The array with its axes in order, real if it should be."""
    if order is None:
        order = (stack, *(a for a in axes if a != stack)) if stack in axes else axes
    order = axis_names(order, "order")
    if set(order) != set(axes):
        raise ValueError(f"order must have the axes {axes}, got {order}")
    values = np.ascontiguousarray(values.transpose([axes.index(axis) for axis in order]))
    if imaginary == "keep":
        return values
    axis = order.index(stack) if stack in order else None
    return without_imaginary(values, axis, name, check=imaginary == "check")
