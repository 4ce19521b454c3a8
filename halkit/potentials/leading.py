"""V(r; t) at leading order of the derivative expansion, of each source and time, with errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from halkit.checks import check_choice, check_integer
from halkit.equations import Rows, local_approximation
from halkit.potentials.validation import node_columns
from halkit.samples import KINDS, standard_error
from halkit.typing import Array

__all__ = ["LeadingOrder", "leading_order"]


class LeadingOrder(NamedTuple):
    """V(r; t) = y(r)/R(t, r) of each row, as data of fits and figures.

    Attributes
    ----------
    r : ndarray of shape (n_out,)
        Radii.
    V : ndarray of shape (n_rows, n_out)
        From the mean of the bins, in the unit of y/R. NaN where R vanishes.
    V_std : ndarray of shape (n_rows, n_out)
        Errors from the bins; NaN for the "mean", which has none.
    bins : ndarray of shape (n_bins, n_rows, n_out)
        V of each bin.
    labels : tuple of pair
        (source, t) of each row.
    kind : str
        What the bins are.
    """

    r: Array
    V: Array
    V_std: Array
    bins: Array
    labels: tuple[tuple[str, float], ...]
    kind: str

    def covariance(self, row: int, points: ArrayLike | None = None) -> Array:
        """Return the covariance of V(r) of one row, for a correlated fit.

        The inverse of a covariance from n bins is too large on average, for p points by the factor
        (n − 1)/(n − p − 2). The matrix comes times this factor, so that χ² is p on average.

        Parameters
        ----------
        row : int
            Index of the row.
        points : array of int or of bool, optional
            Radii to keep, an index of `r`; by default all.

        Returns
        -------
        ndarray of shape (p, p)

        Raises
        ------
        ValueError, TypeError
            If the bins are not "jackknife", or not more than p + 2; if there is no such row or
            point.

        References
        ----------
        J. Hartlap, P. Simon and P. Schneider, Astron. Astrophys. 464, 399 (2007).
        """
        if self.kind != "jackknife":
            raise ValueError(
                f"kind must be 'jackknife' for a covariance, got {self.kind!r}: the number of "
                "independent measurements must be known"
            )
        row = check_integer(row, "row", least=0)
        if row >= len(self.labels):
            raise ValueError(f"row must be below {len(self.labels)}, got {row}")
        values = self.bins[:, row]
        if points is not None:
            values = values[:, _indices(points, values.shape[1])]
        n, p = values.shape
        if n <= p + 2:
            raise ValueError(
                f"points must be at most {max(n - 3, 0)} for a covariance of {n} bins, got {p}: "
                "take fewer radii, or fit with V_std"
            )
        part = values - values.mean(axis=0)
        return (n - 1) / n * (n - 1) / (n - p - 2) * (part.T @ part)


def leading_order(rows: Rows) -> LeadingOrder:
    """Return V(r; t) = y(r)/R(t, r) of every row of `halkit.equations.Rows`, with its errors.

    Parameters
    ----------
    rows : Rows
        In one channel, from `halkit.equations.lattice_rows` or `radial_rows`.

    Returns
    -------
    LeadingOrder
        ``LocalPotentialRegressor.fit_table(data.r, data.V[i], data.V_std[i])`` fits row i.

    Raises
    ------
    TypeError, ValueError
        If `rows` is not a Rows of one channel, or its output radii are not among those of R.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.equations import Rows
    >>> from halkit.potentials import leading_order
    >>> R, scale = np.array([[1.0, 2.0]]), np.array([1.0, 1.1, 0.9])[:, None, None]
    >>> rows = Rows(data=R + 0 * scale, target=-0.5 * R * scale, r=[1.0, 2.0], weights=[1, 1],
    ...             labels=[("wall", 12)], stencil=3, kind="jackknife")
    >>> data = leading_order(rows)
    >>> data.labels, data.V.round(3).tolist(), data.V_std.round(4).tolist()
    ((('wall', 12),), [[-0.5, -0.5]], [[0.0577, 0.0577]])
    """
    if not isinstance(rows, Rows):
        raise TypeError(f"rows must be a halkit.equations.Rows, got a {type(rows).__name__}")
    if rows.n_channels > 1:
        raise ValueError("rows must be in one channel, got rows of coupled channels")
    r = np.array(rows.r if rows.r_out is None else rows.r_out)
    columns = node_columns(r, rows.r)

    def ratio(X, y):
        return local_approximation(X[..., None, columns], y[..., None, :]).V

    bins = ratio(rows.data, rows.target)
    V = ratio(*rows.mean())
    V_std = np.full_like(V, np.nan)
    if rows.kind != "mean":
        V_std = standard_error(bins, check_choice(rows.kind, "kind", KINDS))
    return LeadingOrder(r, V, V_std, bins, tuple(rows.labels), rows.kind)


def _indices(points, n):
    """Indices of points, from indices or a mask."""
    points = np.asarray(points)
    if points.dtype == bool and points.shape == (n,):
        return np.flatnonzero(points)
    if points.ndim != 1 or points.dtype.kind not in "iu" or not points.size:
        raise TypeError(f"points must be a list of indices or a mask of {n} radii, got {points!r}")
    if points.min() < 0 or points.max() >= n or len(np.unique(points)) < len(points):
        raise ValueError(f"points must be different indices of {n} radii, got {points.tolist()}")
    return points
