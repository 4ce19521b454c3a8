"""Correlators on radial nodes, with bins, become `Rows`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from halkit.correlators import Correlators
from halkit.equations.dispersion import EnergyRange
from halkit.equations.rows import Rows, check_choices, check_correlators, ratio_errors
from halkit.equations.time import Stencil, choose_stencil, rows_of_slices, time_stencil
from halkit.radial import Order, trapezoid_weights

__all__ = ["radial_rows"]


def radial_rows(
    correlators: Correlators,
    *,
    sources: Sequence[str] | None = None,
    l: int = 0,
    stencil: Stencil = "auto",
    energy_range: EnergyRange | None = None,
    space_order: Order = 6,
) -> Rows:
    """Rows of the time-dependent equation from correlators on radial nodes, of each bin.

    Every inner time slice becomes a row, source by source.

    Parameters
    ----------
    correlators : Correlators
        On radial nodes, with "jackknife" or "bootstrap" bins, or the "mean".
    sources : sequence of str, optional
        Quark sources, each once; by default all.
    l : int
        Angular momentum of the waves in the correlators.
    stencil, energy_range, space_order
        See `time_dependent_rows`.

    Returns
    -------
    Rows
        With the trapezoidal rule as weights. `mass_bins` of the correlators belong to each row.

    Raises
    ------
    ValueError
        If a source is unknown, the correlators are on a lattice or have too few time slices, or
        their bins are single configurations, or one bin that is not the mean.
    TypeError
        If `correlators` is not a `Correlators`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.equations import radial_rows
    >>> d = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12, 60), box_radius=30.0,
    ...     hadron_mass=2.0, times=range(20, 29), noise=1e-4, n_bins=10, random_state=0,
    ... )
    >>> radial_rows(d.correlators, sources=["wall"])
    Rows of wall
      t = 23 24 25, 7-point stencil, 10 jackknife bins
      X: 3 rows on 60 radii up to 12, y on 60 up to 12
    """
    check_correlators(correlators)
    if correlators.r is None:
        raise ValueError(
            "correlators must be on radial nodes, got the wedge of a lattice: "
            "halkit.equations.lattice_rows makes its rows"
        )
    sources = check_choices(sources, correlators.sources, "sources")
    r, t, kind = correlators.r, correlators.t, correlators.kind
    half = time_stencil(len(t), stencil) // 2
    energies = choose_stencil(stencil, correlators.hadron_mass, float(t[1] - t[0]), energy_range)
    rows = [
        rows_of_slices(
            correlators.R[source], r, correlators.masses, 2 * half + 1, float(t[1] - t[0]),
            energies, l=l, order=space_order,
        )
        for source in sources
    ]  # fmt: skip
    data, target = (np.concatenate(part, axis=1) for part in zip(*rows, strict=True))
    return Rows(
        data=data,
        target=target,
        sigma=ratio_errors(data, target, kind),
        r=r,
        weights=trapezoid_weights(r),
        labels=[(source, time) for source in sources for time in t[half:-half].tolist()],
        stencil=2 * half + 1,
        energy_range=energies,
        mass_bins=None if correlators.mass_bins is None else correlators.masses,
        kind=kind,
    )
