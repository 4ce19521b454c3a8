"""Groups of a correlator file and the `Correlators` that they stand for.

The file has the bins first, R (n_bins, n_t, n_points); in memory time comes first, (n_t, n_bins,
n_points), for time differences.
"""

from dataclasses import fields

import numpy as np

from halkit.checks import as_numbers, check_array, check_choice, refuse_masked
from halkit.correlators.record import Correlators
from halkit.radial import Wedge

__all__ = [
    "group_of",
    "pack",
    "plain_single",
    "unpack",
    "validate_kinds",
    "validate_name",
    "validate_nesting",
]

NEEDED = ("R", "t", "kind", "hadron_mass", "units")
ARRAYS = ("R", "sources", "xyz")
PER_BIN = ("R", "mass_bins")
FIELDS = {entry.name for entry in fields(Correlators)} - {"attributes", "wedge"}
SINGLE = FIELDS - {*PER_BIN, "t", "r", "hadron_mass", "citation"} | {
    "r_units", "t_units", "mass_units", "n_bins", "irrep",
}  # fmt: skip
DEEPEST = 32


def group_of(key):
    """Return the group of an npz key ``group/name``."""
    return key.rpartition("/")[0]


def validate_kinds(kinds, where):
    """Refuse groups with bins of different kinds, which have no joint error.

    Parameters
    ----------
    kinds : mapping of str to str
        The kind of each group.
    """
    if len(set(map(str, kinds.values()))) > 1:
        raise ValueError(f"all groups of {where} must have bins of one kind, got {kinds}")


def validate_name(name, where="groups"):
    """Refuse group names that lead out of the file, and very long ones."""
    parts = name.split("/") if isinstance(name, str) and "\0" not in name else [""]
    if {"", ".", ".."} & set(parts) or name != name.strip(" ") or len(parts) > DEEPEST:
        raise ValueError(
            f"{where} must have names like 'xixi_1s0' or 'xixi/L48', without parts that are empty, "
            f"'.' or '..', {DEEPEST} parts at most, got {name!r}"
        )


def validate_nesting(packed):
    """Refuse a group in the place where a group around it has one of its values."""
    for name in packed:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            outer, key = "/".join(parts[:depth]), parts[depth]
            if key in packed.get(outer, ()):
                raise ValueError(
                    f"group {name!r} has the place of {key!r} of group {outer!r}: rename it"
                )


def pack(correlators, name):
    """Return the arrays and attributes of a group."""
    where = f"groups[{name!r}]"
    if not isinstance(correlators, Correlators):
        raise TypeError(
            f"{where} must be a halkit.correlators.Correlators, got a {type(correlators).__name__}"
        )
    values = {entry.name: getattr(correlators, entry.name) for entry in fields(correlators)}
    R, masses, wedge, attributes = (values.pop(key) for key in (*PER_BIN, "wedge", "attributes"))
    for key in attributes:
        if not isinstance(key, str) or "/" in key or not key.strip("."):
            raise ValueError(f"{where} must name its values without '/' and not '.', got {key!r}")
    values = {**values, **attributes, "sources": list(R)}
    values = {k: _attribute(v, k, where) for k, v in values.items() if v is not None}
    values["R"] = np.stack([np.moveaxis(bins, 0, 1) for bins in R.values()])
    if masses is not None:
        values["mass_bins"] = masses
    if wedge is None:
        return values
    irrep = {} if wedge.irrep == "A1" else {"irrep": wedge.irrep}
    return {**values, **irrep, "xyz": wedge.xyz}


def unpack(group, where):
    """Return the `Correlators` of a group.

    Raises
    ------
    ValueError, TypeError
        If something is missing, does not fit or is not finite; the message names it.
    """
    group = {
        key: plain_single(value) if key in SINGLE else _plain(value) for key, value in group.items()
    }
    for key in NEEDED:
        if key not in group:
            raise ValueError(f"{where} must hold {key!r}, got {sorted(group)}")
    if ("r" in group) == ("xyz" in group):
        raise ValueError(f"{where} must hold either r or xyz, got {sorted(group)}")
    wedge = None
    if "xyz" in group:
        wedge = _wedge(group["xyz"], group.get("L"), group.pop("irrep", "A1"), where)
    n_points = np.size(group["r"]) if wedge is None else len(wedge.xyz)
    R = _by_source(group["R"], group.get("sources"), np.size(group["t"]), n_points, where)
    n_bins = next(iter(R.values())).shape[1]
    if not np.array_equal(told := group.pop("n_bins", n_bins), n_bins):
        raise ValueError(f"n_bins of {where} must be {n_bins} as of R, got {told}")
    values = {key: group[key] for key in FIELDS & set(group)}
    attributes = {key: group[key] for key in group if key not in {*FIELDS, *ARRAYS}}
    return Correlators(**{**values, "R": R}, wedge=wedge, attributes=attributes)


def plain_single(value):
    """A number or a text; some programs write it as a list of one."""
    value = _plain(value)
    entries = np.ravel(value).tolist()
    return entries[0] if len(entries) == 1 else value


def _attribute(value, key, where):
    """A number, a text, an array of numbers or a list of texts: what an attribute holds."""
    refuse_masked(value, f"{key} of {where}")
    array = np.asarray(value)
    fits = array.dtype.kind in "biuf" or _are_texts(value)
    if not fits or array.ndim > 1:
        raise TypeError(
            f"{where} can hold numbers, texts without NUL, and lists of numbers or of texts beside "
            f"its correlators, got {key} of type {type(value).__name__}: leave it out"
        )
    return _plain(value)


def _are_texts(value):
    entries = np.asarray(value, dtype=object).ravel()
    return all(isinstance(entry, str) and "\0" not in entry for entry in entries)


def _plain(value):
    """Numbers and texts out of their zero-dimensional arrays, and lists of texts."""
    array = np.asarray(value)
    return _decoded(array.tolist()) if array.ndim == 0 or array.dtype.kind in "SUO" else array


def _decoded(value):
    """Text for bytes, also inside of lists; bytes that are not UTF-8 stay."""
    if isinstance(value, list):
        return [_decoded(entry) for entry in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _wedge(xyz, L, irrep, where):
    xyz = as_numbers(xyz, f"xyz of {where}")
    check_choice(irrep, f"irrep of {where}", ["A1", "T1", "E"])
    half = int(xyz.max(initial=0))
    if L not in (2 * half, 2 * half + 1):
        raise ValueError(f"L of {where} must be {2 * half} or {2 * half + 1} for xyz, got {L!r}")
    wedge = Wedge(int(L), irrep)
    if len(xyz) != wedge.size:
        order = f"{half} ≥ x ≥ y ≥ z ≥ 0" if irrep == "A1" else f"{half} ≥ x ≥ y ≥ 0 in {irrep}"
        raise ValueError(f"xyz of {where} must list all points of a wedge {order}, got {len(xyz)}")
    if not np.array_equal(xyz, wedge.xyz):
        raise ValueError(f"xyz of {where} must list the wedge of L = {L} with z fastest")
    return wedge


def _by_source(R, sources, n_t, n_points, where):
    """Return the arrays (n_t, n_bins, n_points) of each source."""
    R = check_array(R, f"R of {where}", finite=False, copy=False)
    R = R[np.newaxis] if R.ndim == 3 else R
    sources = ["R"] if sources is None else np.ravel(np.asarray(sources, dtype=object)).tolist()
    if not all(isinstance(source, str) for source in sources):
        raise ValueError(f"sources of {where} must be texts in UTF-8, got {sources}")
    if R.ndim != 4 or len(sources) != len(R) or R.shape[2:] != (n_t, n_points):
        raise ValueError(
            f"R of {where} must have shape (n_bins, n_t, n_points) = (n_bins, {n_t}, {n_points}), "
            f"or four axes with its sources {sources} first; got shape {R.shape}"
        )
    if R.shape[1] < 1 or len(set(sources)) < len(sources):
        raise ValueError(
            f"R of {where} must have bins and different sources, got {R.shape}, {sources}"
        )
    return {source: np.moveaxis(R[i], 1, 0) for i, source in enumerate(sources)}
