"""``halkit convert``: raw correlators → sources averaged, bins, masses, R(t, r) → a file."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np

from halkit.cli.output import check_new
from halkit.cli.raw import Raw
from halkit.correlators import (
    Correlators,
    average_sources,
    fit_mass,
    save_correlators,
    two_hadron_ratio,
)
from halkit.samples import jackknife_samples
from halkit.typing import Array

__all__ = ["run"]

KEYS = ("C_NM", "C_N", "C_M", "R", "t", "r", "mass")


def run(options: Namespace) -> int:
    """Write the correlator file, and print the masses and the record."""
    output = check_new(options.out, options.force, options.raw)
    raw = Raw(options)
    unknown = [key for key in raw.names if key.partition("/")[0] not in KEYS]
    if unknown:
        raise ValueError(f"--map must have keys among {', '.join(KEYS)}, got {unknown[0]!r}")
    if bool(raw.sources("R")) == bool(raw.sources("C_NM")):
        raise ValueError("--map must name either C_NM, with C_N, or R")
    record = _ratio_given(raw, options) if raw.sources("R") else _ratio_formed(raw, options)
    save_correlators(output, {options.group: record}, overwrite=options.force)
    print(record)
    return 0


def _ratio_formed(raw: Raw, options: Namespace) -> Correlators:
    """R from the four- and two-point functions."""
    signs = _signs(options.boundary_sign, 2 if raw.sources("C_M") else 1)
    pair = _bins(raw, "C_NM", options, signs[0] * signs[-1])
    hadrons = [
        _bins(raw, what, options, sign) for what, sign in zip(("C_N", "C_M"), signs, strict=False)
    ]
    if not hadrons[0]:
        raise ValueError("--map must name C_N, the two-point function of the hadron")
    t = _times(raw, options, next(iter(pair.values())).shape[1])
    masses = _masses(options, t, hadrons)
    keep = _kept(t, options.times)
    cut = [{source: values[:, keep] for source, values in C.items()} for C in (pair, *hadrons)]
    arrays = [C[None] if set(C) == {None} else C for C in cut]
    two = len(hadrons) == 2
    found: dict[str, Any] = {**_points(raw), **_common(options)}
    if options.kind is None and options.n_configs is None:
        found["n_configs"] = len(next(iter(pair.values()))) * found["bin_size"]
    return two_hadron_ratio(
        arrays[0], arrays[1], arrays[2] if two else None, t=t[keep],
        masses=masses if two else masses[0], **found,
    )  # fmt: skip


def _ratio_given(raw: Raw, options: Namespace) -> Correlators:
    """R that is formed already."""
    R = {
        source or "R": np.moveaxis(values, 1, 0)
        for source, values in _bins(raw, "R", options, 1).items()
    }
    t = _times(raw, options, len(next(iter(R.values()))))
    keep = _kept(t, options.times)
    bins = raw.plain("mass") if "mass" in raw.names else None
    if (bins is None) == (options.masses is None):
        raise ValueError("the masses must be given with R: --masses, or bins with --map mass=NAME")
    mass = options.masses if bins is None else np.atleast_1d(bins.mean(axis=0)).tolist()
    common: dict[str, Any] = {**_points(raw), **_common(options)}
    if next(iter(R.values())).shape[1] == 1:
        common["kind"] = "mean"
    return Correlators(
        R={source: values[keep] for source, values in R.items()}, t=t[keep], mass_bins=bins,
        hadron_mass=mass[0] if len(mass) == 1 else tuple(mass), **common,
    )  # fmt: skip


def _bins(raw: Raw, what: str, options: Namespace, sign: int) -> dict[Any, Array]:
    """Bins (n_bins, n_t[, n_points]) of a correlator by source."""
    found = {}
    for source, key in raw.sources(what).items():
        values, axes = raw.array(key)
        if "t" not in axes:
            raise ValueError(f"axes of {key} must have t, got {axes}")
        if "source" in axes:
            if options.source_times is None:
                raise ValueError("--source-times must be given for the axis source, as 0,16,32,48")
            values = average_sources(
                values, options.source_times, axis=axes.index("t"), boundary_sign=sign
            )
            axes = axes[1:]
        found[source] = _averaged(values, axes, key, options)
    return found


def _averaged(values: Array, axes: tuple[str, ...], key: str, options: Namespace) -> Array:
    """Bins first: of configurations, as they are, or one."""
    if axes[0] == "config":
        if what := [
            n for n, given in (("R", key.startswith("R")), ("--kind", options.kind)) if given
        ]:
            raise ValueError(f"{what[0]} goes with the axis bin, got configurations")
        return jackknife_samples(values, bin_size=options.bin_size or 1)
    if axes[0] == "bin":
        if options.kind is None:
            raise ValueError("--kind must tell what the axis bin is: jackknife or bootstrap")
        return values
    if not key.startswith("R"):
        raise ValueError(f"axes of {key} must have config or bin, got {axes}")
    return values[np.newaxis]


def _signs(words: list[str], n: int) -> list[int]:
    if not set(words) <= {"1", "+1", "-1"} or len(words) not in (1, n):
        raise ValueError(f"--boundary-sign must be 1 or -1 for each hadron, got {','.join(words)}")
    return [int(word) for word in words] * (n if len(words) == 1 else 1)


def _times(raw: Raw, options: Namespace, n_t: int) -> Any:
    """Times of the slices."""
    if "t" in raw.names:
        return raw.plain("t")
    if "t" in raw.coordinates:
        return raw.coordinates["t"]
    return options.first_time + options.dt * np.arange(n_t, dtype=np.float64)


def _kept(t: Array, wanted: list[float] | None) -> Any:
    """Indices of the times that are kept."""
    return np.arange(len(t)) if wanted is None else np.array([_index(t, time) for time in wanted])


def _index(t: Array, time: float) -> int:
    found = np.flatnonzero(np.isclose(t, time, rtol=1e-9, atol=1e-12))
    if not found.size:
        raise ValueError(f"times must be among {t[0]:g} … {t[-1]:g}, got {time:g}")
    return int(found[0])


def _masses(options: Namespace, t: Array, hadrons: list[dict[Any, Array]]) -> Any:
    """A mass for each hadron: fitted to one source, or given."""
    if (options.mass_window is None) == (options.masses is None):
        raise ValueError("either --mass-window or --masses must be given")
    n = len(hadrons)
    given = options.masses or options.mass_window
    if len(given) not in (1, n):
        raise ValueError(f"there must be one mass, or window, for each of {n} hadrons, got {given}")
    given = [*given] * (n if len(given) == 1 else 1)
    if options.masses is not None:
        return tuple(given)
    if options.extent is not None and t[0] != 0:
        raise ValueError(f"--extent needs correlators from t = 0 on, got t = {t[0]:g}")
    fits, n_configs = [], None
    if options.kind == "bootstrap" and options.n_configs is not None:
        n_configs = options.n_configs // (options.bin_size or 1)
    for name, C, (first, last) in zip(("C_N", "C_M"), hadrons, given, strict=False):
        fit = fit_mass(
            _of_source(C, options.mass_source, name), t=t,
            window=(t[_index(t, first)], t[_index(t, last)]), kind=options.kind or "jackknife",
            n_states=options.mass_states, extent=options.extent, n_configs=n_configs,
        )  # fmt: skip
        print(f"{name}: {fit}")
        fits.append(fit)
    return tuple(fits)


def _of_source(C: dict[Any, Array], source: str | None, name: str) -> Array:
    """The correlator of a source, by default of the first."""
    source = next(iter(C)) if source is None else source
    if source not in C and [*C] == [None]:
        raise ValueError(
            f"--mass-source must be a name of a source, as in --map {name}/{source}=NAME: {name} "
            "has none"
        )
    if source not in C:
        raise ValueError(f"--mass-source must be a source of {name}, {[*C]}, got {source!r}")
    return C[source]


def _points(raw: Raw) -> dict[str, Any]:
    """The radial nodes, or the wedge."""
    if raw.wedge is not None:
        return {"wedge": raw.wedge}
    if "r" in raw.names:
        return {"r": raw.plain("r")}
    if "r" in raw.coordinates:
        return {"r": raw.coordinates["r"]}
    raise ValueError("radii must be given: --map r=NAME, or --wedge L for points of a wedge")


def _common(options: Namespace) -> dict[str, Any]:
    made = 1 if options.kind is None else None
    return {
        "kind": options.kind or "jackknife", "units": options.units,
        "bin_size": options.bin_size or made, "n_configs": options.n_configs,
        "inverse_spacing": options.inverse_spacing, "pion_mass": options.pion_mass,
        "citation": options.citation,
    }  # fmt: skip
