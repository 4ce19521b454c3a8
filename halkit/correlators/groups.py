"""What a group of a correlator file must hold, and the Bunch that it stands for.

The file has the bins first, R (n_bin, n_t, n_points); in memory time comes first, (n_t, n_bins,
n_points), for time differences.
"""

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import as_numbers, check_array, check_nodes, refuse_masked
from halkit.radial import Wedge

__all__ = [
    "KINDS",
    "group_of",
    "pack",
    "plain_single",
    "unpack",
    "validate_kinds",
    "validate_name",
    "validate_nesting",
]

KINDS = ("configs", "jackknife", "bootstrap")
# What r, t and masses are measured in, in each system of units.
SYSTEMS = {
    "lattice": {"r_units": "a", "t_units": "a", "mass_units": "1/a"},
    "fm": {"r_units": "fm", "t_units": "fm", "mass_units": "1/fm"},
    "MeV": {"r_units": "1/MeV", "t_units": "1/MeV", "mass_units": "MeV"},
}
FILE_ONLY = ("R", "sources", "xyz")
MEMORY_ONLY = ("correlators", "wedge")
REQUIRED = ("kind", "hadron_mass", "units")
DEEPEST = 32
SINGLE = ("kind", "units", "r_units", "t_units", "mass_units", "L", "n_bins")


def group_of(key):
    """Return the group of an npz key ``group/name``."""
    return key.rpartition("/")[0]


def validate_kinds(kinds, where):
    """Refuse groups whose bins are of different kinds: no joint error could be formed.

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
            f"{where} needs names like 'xixi_1s0' or 'xixi/L48', without parts that are empty, "
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


def pack(bunch, name):
    """Return the arrays and attributes of a group, after the same checks as on reading."""
    values = dict(bunch)
    where = f"groups[{name!r}]"
    for key in ("correlators", "t", *REQUIRED):
        if key not in values:
            raise ValueError(f"{where} must hold {key!r}, got {sorted(values)}")
    _validate_keys(values, where)
    sources = values.pop("correlators")
    if not sources:
        raise ValueError(f"{where} must hold correlators of one source at least, got none")
    arrays = {source: _time_first(R, f"{source} of {where}") for source, R in sources.items()}
    shapes = {source: R.shape for source, R in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"the sources of {where} must have one shape, got {shapes}")
    packed = {"R": np.stack([np.moveaxis(R, 0, 1) for R in arrays.values()])}
    packed["sources"] = _attribute([str(_decoded(s)) for s in arrays], "sources", where)
    packed["t"] = as_numbers(values.pop("t"), f"t of {where}")
    wedge, n_bins = values.pop("wedge", None), values.pop("n_bins", None)
    if wedge is not None:
        packed["xyz"], packed["L"] = wedge.xyz, wedge.L
    values = {key: _attribute(value, key, where) for key, value in values.items()}
    group = {**values, **packed}
    unpack(group if n_bins is None else {**group, "n_bins": n_bins}, where)
    return group


def unpack(group, where):
    """Return the checked Bunch of a group.

    Raises
    ------
    ValueError, TypeError
        If something is missing, does not fit or is not finite; the message names it.
    """
    group = {
        key: plain_single(value) if key in SINGLE else _plain(value) for key, value in group.items()
    }
    for key in ("R", "t", *REQUIRED):
        if key not in group:
            raise ValueError(f"{where} must hold {key!r}, got {sorted(group)}")
    for key in MEMORY_ONLY:
        if key in group:
            raise ValueError(f"{where} must not hold {key!r}, which is made of R and xyz")
    if not isinstance(group["kind"], str) or group["kind"] not in KINDS:
        raise ValueError(f"kind of {where} must be one of {KINDS}, got {group['kind']!r}")
    _validate_units(group, where)
    t = _validate_times(group["t"], where)
    points = _validate_points(group, where)
    R = _validate_bins(group["R"], group.get("sources"), len(t), points, where)
    n_bins = next(iter(R.values())).shape[1]
    if not np.array_equal(group.get("n_bins", n_bins), n_bins):
        raise ValueError(
            f"{where} has n_bins = {group['n_bins']}, but {n_bins} bins in correlators"
        )
    others = {key: value for key, value in group.items() if key not in FILE_ONLY}
    mass = _validate_mass(group["hadron_mass"], where)
    return Bunch(
        **{**others, **points, "correlators": R, "t": t, "n_bins": n_bins, "hadron_mass": mass}
    )


def plain_single(value):
    """A number or a text, also out of a list of one, as which some programs write it."""
    value = _plain(value)
    entries = np.ravel(value).tolist()
    return entries[0] if len(entries) == 1 else value


def _validate_keys(values, where):
    """Refuse what a file could not give back."""
    for key in values:
        if not isinstance(key, str) or "/" in key or not key.strip("."):
            raise ValueError(f"{where} must name its values without '/' and not '.', got {key!r}")
        if key in FILE_ONLY:
            raise ValueError(
                f"{where} must not hold {key!r}, which the file has from correlators and wedge: "
                "give it another name"
            )
    wedge = values.get("wedge")
    if wedge is not None and not np.array_equal(values.get("L", wedge.L), wedge.L):
        raise ValueError(f"L of {where} must be {wedge.L} as of its wedge, got {values['L']!r}")


def _time_first(R, name):
    R = as_numbers(R, name)
    if R.ndim != 3:
        raise ValueError(f"{name} must have the axes (n_t, n_bins, n_points), got shape {R.shape}")
    return R


def _attribute(value, key, where):
    """A number, a text, an array of numbers or a list of texts: what an attribute holds."""
    refuse_masked(value, f"{key} of {where}")
    array = np.asarray(value)
    fits = array.dtype.kind in "biuf" or _are_texts(value)
    if not fits or (key != "r" and array.ndim > 1):
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
    """Text for bytes, also inside of lists; bytes that are no UTF-8 stay."""
    if isinstance(value, list):
        return [_decoded(entry) for entry in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _validate_units(group, where):
    """One system of units: a length in fm and a mass in 1/a have no common ħ = c = 1."""
    system = str(group["units"]).replace(",", " ").replace(";", " ").split()[:1]
    if not system or system[0] not in SYSTEMS:
        raise ValueError(
            f"units of {where} must begin with one of {list(SYSTEMS)}, got {group['units']!r}"
        )
    expected = SYSTEMS[system[0]]
    found = {key: group[key] for key in expected if key in group}
    wrong = {key: unit for key, unit in found.items() if unit != expected[key]}
    if wrong:
        raise ValueError(
            f"{where} has units = {system[0]!r}, that is {expected}, but {wrong}: convert to one "
            "system (halkit.units)"
        )


def _validate_times(t, where):
    t = check_array(t, f"t of {where}")
    if t.ndim != 1 or t.size < 3:
        raise ValueError(f"t of {where} must list three slices at least, got {t}")
    steps = np.diff(t)
    if steps[0] <= 0 or np.ptp(steps) > 1e-9 * np.abs(steps[0]):
        raise ValueError(f"t of {where} must increase in equal steps, got {t}")
    return t.astype(int) if np.array_equal(t, np.rint(t)) else t


def _validate_points(group, where):
    """Return r, or the wedge and L."""
    if ("r" in group) == ("xyz" in group):
        raise ValueError(f"{where} must hold either r or xyz, got {sorted(group)}")
    if "r" in group:
        return {"r": check_nodes(group["r"], f"r of {where}")}
    xyz = as_numbers(group["xyz"], f"xyz of {where}")
    half = int(xyz.max(initial=0))
    if len(xyz) != (half + 1) * (half + 2) * (half + 3) // 6:
        raise ValueError(
            f"xyz of {where} has {len(xyz)} points and coordinates up to {half}: no wedge "
            "L/2 ≥ x ≥ y ≥ z ≥ 0 has"
        )
    L = group.get("L")
    if L not in (2 * half, 2 * half + 1):
        raise ValueError(f"L of {where} must be {2 * half} or {2 * half + 1} for xyz, got {L!r}")
    wedge = Wedge(int(L))
    if not np.array_equal(xyz, wedge.xyz):
        raise ValueError(f"xyz of {where} must list the wedge of L = {L} with z fastest")
    return {"wedge": wedge, "L": wedge.L}


def _validate_bins(R, sources, n_t, points, where):
    """Return the arrays (n_t, n_bins, n_points) of each source."""
    n_points = len(points["r"] if "r" in points else points["wedge"].xyz)
    R = check_array(R, f"R of {where}", finite=False)
    R = R[np.newaxis] if R.ndim == 3 else R
    sources = ["R"] if sources is None else np.ravel(np.asarray(sources, dtype=object)).tolist()
    if not all(isinstance(source, str) for source in sources):
        raise ValueError(f"sources of {where} must be texts in UTF-8, got {sources}")
    if R.ndim != 4 or len(sources) != len(R) or R.shape[2:] != (n_t, n_points):
        raise ValueError(
            f"R of {where} must have the axes (n_bin, n_t, n_points) = (n_bin, {n_t}, "
            f"{n_points}), the bins among them, or four with its sources {sources} first; got "
            f"shape {R.shape}"
        )
    if R.shape[1] < 1 or len(set(sources)) < len(sources):
        raise ValueError(f"R of {where} needs bins and different sources, got {R.shape}, {sources}")
    bad = np.argwhere(~np.isfinite(R).all(axis=(2, 3)))
    if bad.size:
        found = ", ".join(f"bin {b} of {sources[s]!r}" for s, b in bad)
        raise ValueError(f"R of {where} must be finite, got NaN or infinite values in {found}")
    return {source: np.moveaxis(R[i], 1, 0) for i, source in enumerate(sources)}


def _validate_mass(mass, where):
    values = check_array(mass, f"hadron_mass of {where}")
    if values.size not in (1, 2) or np.any(values <= 0):
        raise ValueError(f"hadron_mass of {where} must be one mass or two, > 0, got {mass}")
    values = values.ravel()
    return float(values[0]) if values.size == 1 else tuple(float(m) for m in values)
