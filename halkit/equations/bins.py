"""Correlators on radial nodes, with bins, become rows (X, y, σ) as those of a lattice do."""

import numpy as np
from sklearn.utils import Bunch

from halkit.checks import as_numbers, check_nodes
from halkit.equations.lattice import (
    ratio_errors,
    validate_bins,
    validate_kind,
    validate_sources,
)
from halkit.equations.time import time_dependent_rows
from halkit.radial import trapezoid_weights

__all__ = ["radial_rows"]

NEEDED = ("correlators", "t", "hadron_mass", "r")


def radial_rows(correlators, *, sources=None, stencil="auto", space_order=6):
    """Rows of the time-dependent equation from correlators on radial nodes, of each bin.

    Files hold the times first and the bins after them, `time_dependent_rows` takes bins in
    front: this function knows of both.

    Parameters
    ----------
    correlators : Bunch
        As `halkit.correlators.load_correlators` returns it for radial nodes, and
        `halkit.datasets.make_time_dependent` with bins: ``correlators``, the arrays (n_t, n_bins,
        n_r) of each source; ``t`` (n_t,), evenly spaced; ``hadron_mass``; ``r``; ``kind`` of the
        bins, "jackknife" (the default) or "bootstrap".
    sources : sequence of str, optional
        All of them by default.
    stencil, space_order
        See `time_dependent_rows`.

    Returns
    -------
    Bunch
        data, target (n_bins, n_rows, n_r): X and y of each bin, source by source; sigma (n_rows,
        n_r): ``|R|`` times the error of y/R over bins; r, weights (n_r,): nodes and trapezoid
        rule; labels: the pairs (source, t) of the rows; kind: of the bins, which is the
        parameter ``resample`` of `halkit.JackknifeRegressor`.

    Raises
    ------
    ValueError
        For an unknown source, for arrays without an axis of bins, for a single bin, for bins that
        are no samples yet, and as `time_dependent_rows`.
    TypeError
        For correlators that are not of radial nodes.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_time_dependent
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.equations import radial_rows
    >>> R = make_time_dependent(
    ...     GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12, 60), box_radius=30.0,
    ...     hadron_mass=2.0, times=range(20, 29), noise=1e-4, n_bins=10, random_state=0,
    ... )
    >>> rows = radial_rows(R, sources=["wall"])
    >>> rows.data.shape, rows.labels[0]
    ((10, 3, 60), ('wall', 23.0))
    """
    missing = [name for name in NEEDED if not hasattr(correlators, name)]
    if missing:
        raise TypeError(
            f"correlators must have {', '.join(NEEDED)}; got a {type(correlators).__name__} "
            f"without {', '.join(missing)}"
        )
    known = correlators.correlators
    sources = list(known) if sources is None else validate_sources(sources, known)
    kind = validate_kind(correlators.get("kind", "jackknife"))
    t, r = as_numbers(correlators.t, "t"), check_nodes(correlators.r)
    options = {"hadron_mass": correlators.hadron_mass, "times": t}
    options.update(stencil=stencil, space_order=space_order)
    R = validate_bins(correlators, sources, len(r))
    rows = [time_dependent_rows(np.moveaxis(R[s], 1, 0), r, **options) for s in sources]
    data, target = (np.concatenate(part, axis=1) for part in zip(*rows, strict=True))
    margin = (len(t) - rows[0][0].shape[1]) // 2
    inner = t[margin : len(t) - margin].tolist()
    return Bunch(
        data=data,
        target=target,
        sigma=ratio_errors(data, target, kind),
        r=r,
        weights=trapezoid_weights(r),
        labels=[(source, time) for source in sources for time in inner],
        kind=kind,
    )
