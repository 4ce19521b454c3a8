"""Correlators on the wedge of an L³ lattice become rows (X, y, σ) on shells of equal r².

Time differences and the 7-point Laplacian act on the lattice; only then are sites of equal r²
projected on the partial wave l of the wedge (`halkit.wedge`), which is exact for every V(r), and
for every kernel of this l: y_l(r) = V(r) R_l(r) + Σ_r' w(r') U_l(r, r') R_l(r').
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from halkit.checks import as_numbers, check_number
from halkit.correlators import Correlators
from halkit.equations.dispersion import EnergyRange
from halkit.equations.rows import Rows, check_choices, check_correlators, ratio_errors
from halkit.equations.time import Stencil, choose_stencil, common_stencil, time_part

__all__ = ["check_lattice", "lattice_rows", "radii_of"]


def lattice_rows(
    correlators: Correlators,
    *,
    times: Sequence[int],
    sources: Sequence[str] | None = None,
    r_max: float,
    r_prime_max: float | None = None,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
) -> Rows:
    """Rows of the time-dependent equation from correlators on the wedge of an L³ lattice.

    Time differences and the 7-point Laplacian are taken on the wedge, then projected on shells of
    equal r²: the mean over sites for S waves ("A1"), exact for every ``U(|r|, |r'|)``; with z/r for
    P waves ("T1") and (3z² − r²)/2r² for D waves ("E"), exact for every V(r). Each row is divided
    by one constant, the mean of R over the output shells, so that times and sources are of one
    size.

    Parameters
    ----------
    correlators : Correlators
        On the wedge of a lattice at consecutive times, with "jackknife" or "bootstrap" bins, or
        the "mean". Their `halkit.radial.Wedge` says the representation of R.
    times : sequence of int
        Times of the rows, each once: slices with a neighbour on both sides.
    sources : sequence of str, optional
        Quark sources, each once; by default all.
    r_max : float
        Largest radius of the output rows, in lattice units, at most L/2; below L/2 in "T1", where
        the field vanishes at z = L/2.
    r_prime_max : float, optional
        Largest radius of the sum over r'; by default three sites further, within L/2.
    stencil : {"auto", "designed", 3, 5, 7}
        Time stencil, the same for all rows; "auto" and "designed" have the most points that all
        `times` allow. See `time_dependent_rows`.
    energy_range : pair of float, optional
        Of the designed stencil, in lattice units; see `designed_stencil`.

    Returns
    -------
    Rows
        On the shells and with the weights of the wedge, and with the laplacian. `mass_bins` of the
        correlators belong to each row.

    Raises
    ------
    ValueError
        If the correlators lack a source, time or radius, are on radial nodes or not in lattice
        units, or their bins are single configurations, or one bin that is not the mean.
    TypeError
        If `correlators` is not a `Correlators`, or `times` or `sources` is a single value.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012); T. Iritani et al. (HAL QCD),
    JHEP 03 (2019) 007, section 2.
    """
    check_correlators(correlators)
    wedge = check_lattice(correlators)
    t, kind = correlators.t, correlators.kind
    sources = check_choices(sources, correlators.sources, "sources")
    times = check_choices(as_numbers(times, "times").tolist(), t[1:-1].tolist(), "times")
    keep_out, keep = radii_of(wedge, r_max, r_prime_max)
    points = common_stencil(t, times, stencil)
    energies = choose_stencil(stencil, correlators.hadron_mass, 1.0, energy_range)
    labels = [(source, time) for source in sources for time in times]
    rows = [_row(correlators, *label, points, energies, keep_out, keep) for label in labels]
    data, target, laplacian = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    return Rows(
        data=data,
        target=target,
        sigma=ratio_errors(data[..., keep_out], target, kind),
        r=wedge.shell_r[keep],
        weights=wedge.shell_weights[keep],
        r_out=wedge.shell_r[keep_out],
        laplacian=laplacian,
        labels=labels,
        stencil=points,
        energy_range=energies,
        mass_bins=None if correlators.mass_bins is None else correlators.masses,
        kind=kind,
    )


def check_lattice(correlators):
    """Return the wedge of correlators in lattice units at consecutive times; refuse others."""
    if correlators.wedge is None:
        raise ValueError(
            "correlators must be on the wedge of a lattice, got radial nodes: "
            "halkit.equations.radial_rows makes their rows"
        )
    if correlators.system != "lattice":
        raise ValueError(
            "units must be 'lattice' on a wedge, whose points are in a, got "
            f"{correlators.units!r}: convert t and hadron_mass (halkit.units)"
        )
    if np.any(np.diff(correlators.t) != 1):
        raise ValueError(f"t must be consecutive slices on a lattice, got {correlators.t}")
    return correlators.wedge


def _row(correlators, source, t, points, energies, keep_out, keep):
    """Return X (n_bins, n_r), and y and ∇²R (n_bins, n_out), of R(t, r) at one time."""
    wedge, half = correlators.wedge, points // 2
    at = int(np.flatnonzero(correlators.t == t)[0])
    R = correlators.R[source][at - half : at + half + 1]
    mu, part = time_part(R, correlators.masses, points, 1.0, energies)
    X = wedge.to_shells(R[half])
    D = wedge.to_shells(wedge.laplacian(R[half]))
    y = wedge.to_shells(part[0]) + D / (2 * mu)
    size = np.average(np.abs(X.mean(axis=0)[keep_out]), weights=wedge.shell_weights[keep_out])
    return X[:, keep] / size, y[:, keep_out] / size, D[:, keep_out] / size


def radii_of(wedge, r_max, r_prime_max):
    """Return the slices of the shells up to r_max and up to r_prime_max."""
    half, r_max, r = wedge.L / 2, check_number(r_max, "r_max"), wedge.shell_r
    end, beyond = half, "L/2"
    if wedge.irrep == "T1":
        end, beyond = r[r < half].max(initial=0), "the last shell below L/2"
    if r_prime_max is None:
        r_prime_max = min(r_max + 3, end)
    r_prime_max = check_number(r_prime_max, "r_prime_max")
    if not r[0] <= r_max <= r_prime_max <= end or r_max == 0:
        least = "0 < r_max" if r[0] == 0 else f"the first shell {r[0]:g} <= r_max"
        raise ValueError(
            f"radii must obey {least} <= r_prime_max <= {beyond} = {end:g}, got r_max = {r_max:g} "
            f"and r_prime_max = {r_prime_max:g}"
        )
    return (slice(0, int(np.searchsorted(r, limit, "right"))) for limit in (r_max, r_prime_max))
