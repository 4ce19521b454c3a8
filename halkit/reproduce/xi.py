"""ΞΞ(¹S₀) on the 64³ lattice: one potential from real correlators of two quark sources."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from halkit.correlators import load_correlators
from halkit.correlators.files import opened
from halkit.correlators.limits import named_errors
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.equations import Rows, lattice_rows
from halkit.potentials import TimeDependentHALRegressor, leading_order
from halkit.report import Section, Table
from halkit.reproduce.parts import BANDS, figures_of, first_order, phases_within, warned
from halkit.resampling import quote
from halkit.units import HBARC

__all__ = ["xixi", "xixi_rows"]

TIMES = (12, 13, 14, 15)
SOURCES = {"exp": "smeared"}
TITLE = "Real correlators: ΞΞ(¹S₀) at m_π = 510 MeV, L = 64"


def xixi_rows(path: str | os.PathLike[str], *, times: Sequence[int] = TIMES) -> tuple[Any, Rows]:
    """The correlators on the 64³ lattice and their rows; a ValueError for another file."""
    correlators: Any = load_correlators(path, lattice="L64")
    r_max = correlators.from_fm(2.4)
    rows = lattice_rows(correlators, times=times, sources=("wall", "exp"), r_max=r_max)
    _published_phases(Path(path), correlators.inverse_spacing)
    return correlators, rows


def xixi(
    path: str | os.PathLike[str], *, random_state: int = 0, times: Sequence[int] = TIMES
) -> Section:
    """ΞΞ(¹S₀) on the 64³ lattice: one potential from two sources, beside the published phases."""
    correlators, rows = xixi_rows(path, times=times)
    to_mev, mass = correlators.inverse_spacing, correlators.hadron_mass
    X, y = rows.mean()
    model = TimeDependentHALRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, hadron_mass=mass, max_iter=600,
        random_state=random_state,
    )  # fmt: skip
    jackknife, _, messages = first_order(model, rows)
    V, V_std = (part * to_mev for part in jackknife.localize(X, return_std=True))
    residual = (jackknife.estimator_.predict(X) - y) / rows.sigma
    metrics: dict[str, Any] = {
        "chi2_per_point": float(np.mean(residual**2)),
        "effective_mev_at_0.4_fm": _at_one_radius(rows, V, to_mev),
    }
    k, published = _published_phases(Path(path), to_mev)
    fine = np.linspace(10.0, 400.0, 200) / to_mev
    *angles, unseen = phases_within(jackknife, [*k, *fine], rows.r[-1])
    delta, std = map(np.rad2deg, angles)
    metrics |= {"delta_deg": delta[: len(k)].tolist(), "delta_std_deg": std[: len(k)].tolist()}
    curve = fine, delta[len(k) :], std[len(k) :]
    return Section(
        TITLE,
        f"One local + non-local potential from wall and smeared sources at t = {times[0]} … "
        f"{times[-1]}. Squared residual per point {metrics['chi2_per_point']:.2f}. {BANDS} "
        "Forces beyond it add up to 15 % to the error of δ at low momenta (times 12 … 15)."
        + warned("The fit", [*messages, *unseen]),
        look="One potential for both sources: V_eff(0.402 fm) at t = 13 is "
        + _effective(metrics["effective_mev_at_0.4_fm"]) + _distance(delta, published),
        tables=[Table(
            ["k / MeV", "δ / °", "error / °", "published δ / ° (V0 + V2∇², t = 13)", "error / °"],
            _table(k * to_mev, delta, std, published),
        )],
        figures=_draw_xixi(jackknife, rows, (V, V_std), k, curve, published, to_mev),
        metrics=metrics,
    )  # fmt: skip


def _at_one_radius(rows, V, to_mev):
    """V_eff of each source at 0.402 fm and t = 13 in MeV: of the fit, of the data, its error."""
    data, found = leading_order(rows), {}
    places = [int(np.argmin(np.abs(r * HBARC / to_mev - 0.402))) for r in (rows.r_out, data.r)]
    for source in ("wall", "exp"):
        i = rows.labels.index((source, 13))
        points = (part[i, places[1]] * to_mev for part in (data.V, data.V_std))
        found[SOURCES.get(source, source)] = [float(x) for x in (V[i, places[0]], *points)]
    return found


def _effective(values):
    parts = (
        f"{learned:.1f} MeV for the {source} source (data {quote(value, error)})"
        for source, (learned, value, error) in values.items()
    )
    return " and ".join(parts) + "."


def _distance(delta, published):
    """How far δ is from the published values, in their errors; nothing where they are unknown."""
    if published is None:
        return ""
    values, errors = published
    off = np.abs(delta[: len(values)] - values) / errors
    return (
        " δ and the published analysis of the same correlators differ by "
        f"{off.max():.1f} of its errors at most."
    )


def _table(momenta, delta, std, published):
    """Momenta in MeV, δ with errors, and the published ones; "–" where they are not at hand."""
    n = len(momenta)
    numbers = np.column_stack([delta[:n], std[:n], *(() if published is None else published)])
    unknown = ["–"] * (4 - numbers.shape[1])
    return [
        [f"{k:.0f}", *(f"{x:.2f}" for x in row), *unknown]
        for k, row in zip(momenta, numbers, strict=True)
    ]


def _published_phases(path, to_mev):
    """Momenta (lattice units) and, if the published file is there, (δ, error) in degrees."""
    file = path.with_name("xixi_1s0_published.npz")
    if not file.is_file():
        return np.sqrt(np.linspace(0.01, 0.6, 12)) * 510.0 / to_mev, None
    with opened(file) as archive, named_errors(file):
        k2 = archive.array("k2_n2lo_w_v2_t13")
        bins = archive.array("delta_n2lo_w_v2_t13_jk")
        bins = np.rad2deg(np.unwrap(bins, axis=1, period=np.pi))
    some = np.arange(5, len(k2), 8)
    error = np.sqrt(len(bins) - 1) * bins.std(axis=0)
    return np.sqrt(k2[some]), (bins.mean(axis=0)[some], error[some])


def _draw_xixi(jackknife, rows, potentials, k, curve, published, to_mev):
    figures, axes = figures_of("xixi", ["phase_shift", "potential", "u", "u_std"])
    fm = HBARC / to_mev
    data = leading_order(rows)
    far, at_13 = data.r * fm > 0.34, [i for i, (_, t) in enumerate(rows.labels) if t == 13]
    V, V_std = (part[at_13][:, far] for part in potentials)
    points = [part[at_13][:, far] * to_mev for part in (data.V, data.V_std)]
    names = [f"{SOURCES.get(source, source)}, t = 13" for source, t in rows.labels if t == 13]
    LocalPotentialDisplay(
        V, data.r[far] * fm, potential_std=V_std, labels=[f"{name}: from U" for name in names],
        data=(data.r[far] * fm, *points), data_labels=[f"{name}: data" for name in names],
    ).plot(axes["potential"], units=("fm", "MeV"))  # fmt: skip
    axes["potential"].set_title("ΞΞ(¹S₀), localised U")
    near = np.linspace(0.2, 14.0, 60)
    U, std = jackknife.predict_potential(near, near, return_std=True)
    PotentialDisplay(U, near, potential_std=std, inverse_spacing=to_mev).plot(
        [axes["u"], axes["u_std"]]
    )
    axes["u"].set_title("ΞΞ(¹S₀), non-local part")
    axes["u_std"].set_title("its statistical error")
    momenta, delta, error = curve
    reference = None if published is None else (k, *np.deg2rad(published))
    PhaseShiftDisplay(
        np.deg2rad(delta), momenta, phase_shift_std=np.deg2rad(error), reference=reference,
        name="ΞΞ(¹S₀), V + U", reference_name="published, V0 + V2∇²", inverse_spacing=to_mev,
    ).plot(axes["phase_shift"])  # fmt: skip
    return figures
