"""Rows of several volumes become one set of rows, on the radii of the largest.

Below L/2 the shells of equal r² and their weights are the same in every box. In a smaller box
the sum over r' ends earlier, as its wave function does, which is set to zero beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from halkit.equations.rows import Rows

__all__ = ["NO_WEIGHT", "stack_rows"]

# Errors of the targets that a smaller volume does not have, in units of the largest error.
NO_WEIGHT = 1e9


def stack_rows(rows: Sequence[Rows]) -> Rows:
    """Stack rows of several sources, windows or volumes for one fit.

    Bins pair up in their order: the configurations of one lattice must be in the same bins, and
    bins of independent lattices may stand in any order, since their noise adds in quadrature.

    Parameters
    ----------
    rows : sequence of Rows
        Of one stencil, with as many bins of one kind, in the same channels. The radii of each must
        be the first ones of the largest, with the same weights: choose ``r_prime_max < L/2`` on
        lattices.

    Returns
    -------
    Rows
        All rows in their order. Where a volume has no radius, X and y of each channel are 0 and σ
        is 1e9 times the largest error: these targets have no weight.

    Raises
    ------
    ValueError
        If bins, kinds, stencils, channels or radii do not fit, or rows of different radii have no
        errors.
    TypeError
        If `rows` is not a sequence of `Rows`.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.equations import Rows, stack_rows
    >>> def of(r):
    ...     return Rows(data=np.ones((2, 1, len(r))), target=np.ones((2, 1, len(r))), r=r,
    ...                 weights=np.ones(len(r)), labels=[("wall", 7)], stencil=3,
    ...                 kind="jackknife", sigma=np.ones((1, len(r))))
    >>> rows = stack_rows([of([1.0, 2.0]), of([1.0, 2.0, 3.0])])
    >>> rows.data[0].tolist(), float(rows.sigma[0, 2])
    ([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]], 1000000000.0)
    """
    rows = _checked(rows)
    widest = max(rows, key=lambda part: part.r.size)
    out = max((part.r if part.r_out is None else part.r_out for part in rows), key=len)
    sigma = [part.sigma for part in rows if part.sigma is not None]
    largest = NO_WEIGHT * max(part.max() for part in sigma) if len(sigma) == len(rows) else None
    for part in rows:
        _check_radii(part, widest, out, largest)
    laplacians = all(part.laplacian is not None for part in rows)
    n = widest.n_channels
    return replace(
        widest,
        data=_padded([part.data for part in rows], n, widest.r.size),
        target=_padded([part.target for part in rows], n, out.size),
        sigma=None if largest is None else _padded(sigma, n, out.size, largest),
        laplacian=_padded([p.laplacian for p in rows], n, out.size) if laplacians else None,
        labels=[label for part in rows for label in part.labels],
        r_out=out,
        mass_bins=_masses(rows),
    )


def _checked(rows):
    """Return a list of rows that fit together in all but their radii."""
    if isinstance(rows, Rows) or not isinstance(rows, Sequence):
        raise TypeError(f"rows must be a list of Rows, got a {type(rows).__name__}")
    if not rows:
        raise ValueError("rows must have at least one entry, got none")
    for part in rows:
        if not isinstance(part, Rows):
            raise TypeError(f"rows must be a list of Rows, got a {type(part).__name__} in it")
        for name in ("kind", "n_bins", "stencil", "energy_range", "channels"):
            mine, other = getattr(rows[0], name), getattr(part, name)
            if mine != other:
                hint = ": bins of two volumes pair up" if name == "n_bins" else ""
                raise ValueError(
                    f"{name} must be the same in all rows{hint}, got {mine} and {other}"
                )
    return rows


def _masses(rows):
    """The masses of the bins that rows have, which are the same."""
    given = [part.mass_bins for part in rows if part.mass_bins is not None]
    if not all(np.array_equal(given[0], other) for other in given):
        raise ValueError(
            "mass_bins must be the same in all rows, got others: give two_hadron_ratio of all "
            "volumes the MassFit of one of them"
        )
    return given[0] if given else None


def _check_radii(part, widest, out, largest):
    n, r_out = part.r.size, part.r if part.r_out is None else part.r_out
    for name, mine, other in (
        ("r", part.r, widest.r[:n]),
        ("weights", part.weights, widest.weights[:n]),
        ("r_out", r_out, out[: r_out.size]),
    ):
        if not np.allclose(mine, other, rtol=1e-12, atol=0):
            raise ValueError(
                f"{name} of each volume must be the first ones of the largest, got others at the "
                "same place: on lattices choose r_prime_max < L/2, below which shells are alike"
            )
    if largest is None and (n, r_out.size) != (widest.r.size, out.size):
        raise ValueError(
            "rows of different radii must have errors (sigma), so that those which a volume lacks "
            "get no weight; got none"
        )


def _padded(arrays, n, width, fill=0.0):
    """One array of all rows, the axis before the last, with n channels side by side."""
    padded = []
    for one in arrays:
        channels = one.reshape(*one.shape[:-1], n, -1)
        pads = [(0, 0)] * one.ndim + [(0, width - channels.shape[-1])]
        filled = np.pad(channels, pads, constant_values=fill)
        padded.append(filled.reshape(*one.shape[:-1], n * width))
    return np.concatenate(padded, axis=-2)
