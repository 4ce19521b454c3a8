r"""The rows of a linear fit in blocks of radii, so that the memory does not grow with the data.

Least squares need the rows only through the triangle R of A = QR, for RᵀR = AᵀA. With blocks A_i,

    R ← triangle of (R above A_i),

which takes the memory of one block and of R.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials.coupled_prior import CoupledPrior, local_columns
from halkit.potentials.coupling import split
from halkit.potentials.prior import PotentialPrior, beside_local
from halkit.potentials.validation import node_columns
from halkit.scaling import exponent
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = [
    "VISIBLE",
    "Triangle",
    "blocks_of",
    "condensed",
    "signal_of",
    "triangle_of",
    "warn_of_signal",
]

VISIBLE = 3.0
BYTES = 8 * 2**20
# Columns of a panel of the QR decomposition.
PANEL = 24
Block: TypeAlias = tuple[NDArray[np.integer[Any]], Array]


class Triangle:
    """R of rows that come in blocks: an upper triangle, or fewer rows than columns."""

    def __init__(self) -> None:
        self.R: Array | None = None

    def add(self, rows: Array) -> None:
        """Take rows of shape (n_rows, n_columns) into account; they may be overwritten."""
        stacked = rows if self.R is None else np.concatenate([self.R, rows])
        self.R = triangle_of(stacked)

    @property
    def singular_values(self) -> NDArray[np.floating[Any]]:
        """Of all rows."""
        assert self.R is not None
        return np.linalg.svd(self.R, compute_uv=False)


def triangle_of(rows: Array) -> Array:
    """R of rows of shape (n_rows, n_columns), with min(n_rows, n_columns) rows.

    R has the signs of `numpy.linalg.qr`. Panels are recursive, so that most of the work is in
    products of matrices. Rows in Fortran's order are overwritten instead of copied.
    """
    n = min(rows.shape)
    return np.triu(lapack.dgeqrt(min(n, PANEL), rows, overwrite_a=1)[0][:n])


def blocks_of(
    prior: PotentialPrior | CoupledPrior, X: Array, W: Array, r: Array, weights: Array,
    r_out: Array,
) -> Iterator[Block]:  # fmt: skip
    """Yield blocks of the weighted design of a prior.

    Parameters
    ----------
    prior : PotentialPrior or CoupledPrior
    X : ndarray of shape (n_samples, n·n_r)
        Wave functions of n channels.
    W : ndarray of shape (n_samples, n·n_out)
        Weights of the residuals.
    r, weights, r_out : ndarray
        Nodes, measure and output nodes.

    Yields
    ------
    columns : ndarray of int
        The columns of W, those of one channel after another.
    A : ndarray of shape (n_samples, n_columns, n_parameters)
        W times ∂(targets)/∂θ.
    """
    n, n_out = prior.n, len(r_out)
    per_node = 8 * len(X) * n * prior.n_parameters
    step = max(1, BYTES // max(per_node, 1))
    for start in range(0, n_out, step):
        nodes = np.arange(start, min(start + step, n_out))
        columns = (np.arange(n)[:, None] * n_out + nodes).ravel()
        A = prior.design(X, r, weights, r_out[nodes])
        A *= W[:, columns, None]
        yield columns, A


def signal_of(
    prior: PotentialPrior | CoupledPrior, X: Array, W: Array, r: Array, r_out: Array,
    blocks: Iterator[Block],
) -> Iterator[tuple[NDArray[np.integer[Any]], Array, Array]]:  # fmt: skip
    """Yield blocks with the rows of U that no V(r) can imitate, (n_rows, n_of_U).

    The singular values of all of them are the signal of U beside V; see `beside_local`.
    """
    n = prior.n
    waves, w = split(X, n)[:, :, node_columns(r_out, r)], split(W, n)
    scale = -exponent(local_columns(w, waves, prior))
    for columns, A in blocks:
        nodes = columns[: len(columns) // n]
        phi = np.ldexp(local_columns(w[:, :, nodes], waves[:, :, nodes], prior), scale)
        U = A[:, :, ~prior.is_local].reshape(*phi.shape[:2], -1)
        yield columns, A, beside_local(U, phi)


def condensed(
    blocks: Iterable[tuple[Any, ...]], b: Array
) -> tuple[Array, NDArray[np.floating[Any]]]:
    """Return R of the rows (A, b) of all blocks, and the singular values of U beside V.

    Parameters
    ----------
    blocks : iterable of tuple
        As from `blocks_of`, without U, or from `signal_of`.
    b : ndarray of shape (n_samples, n·n_out)
        Weighted targets.
    """
    data, signal = Triangle(), Triangle()
    for columns, A, *beside in blocks:
        rows = np.empty((b[:, columns].size, A.shape[2] + 1), order="F")
        rows[:, :-1], rows[:, -1] = A.reshape(len(rows), -1), b[:, columns].ravel()
        data.add(rows)
        for rest in beside:
            signal.add(rest)
    assert data.R is not None
    return data.R, np.zeros(0) if signal.R is None else signal.singular_values


def warn_of_signal(
    signal: float, what: str = "U of the prior", unit: str = "standard deviations"
) -> None:
    """Warn of rows that do not see U beside V."""
    if signal < VISIBLE:
        warn_caller(
            "these rows do not tell a local from a non-local potential, which have different "
            f"phase shifts: beside V(r), {what} is seen at {round(signal, 3):.2g} {unit}. Fit rows "
            "of two sources, or of more with smaller errors, or choose local='only' or local=False",
            UnderdeterminedWarning,
        )
