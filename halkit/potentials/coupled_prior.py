r"""A Gaussian prior over the potentials of coupled channels.

Each pair (a, b) has the prior of `halkit.potentials.prior`, with its own coefficients. Where H is
Hermitian, pairs a ≤ b suffice:

    V_ba(r) = V_ab(r),    U_ba(r, r') = U_ab(r', r),    U_aa(r, r') = U_aa(r', r).

The coefficients stand pair by pair, (1, 1), (1, 2), … (2, 2), …, in each of them V before U.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from halkit.potentials.coupling import split
from halkit.potentials.prior import Entry, PotentialPrior
from halkit.typing import Array

__all__ = ["CoupledPrior", "local_columns"]


class CoupledPrior:
    """Priors of the pairs of n channels.

    Parameters
    ----------
    n : int
        Number of channels.
    symmetric : bool
        Whether pairs a > b share the coefficients of their mirror image.
    make : callable
        ``make(a, b)`` returns the `PotentialPrior` of a pair.
    """

    def __init__(self, n: int, symmetric: bool, make: Callable[[int, int], PotentialPrior]) -> None:
        self.n, self.symmetric = n, symmetric
        pairs = [(a, b) for a in range(n) for b in range(n) if a <= b or not symmetric]
        self.priors = [make(*pair) for pair in pairs]
        ends = [0, *np.cumsum([prior.n_parameters for prior in self.priors]).tolist()]
        self.slices = [slice(*bounds) for bounds in pairwise(ends)]
        self.n_parameters = ends[-1]
        self.number = np.zeros((n, n), dtype=int)
        for i, (a, b) in enumerate(pairs):
            self.number[a, b] = i
            if symmetric:
                self.number[b, a] = i

    def entry(self, a: int, b: int) -> Entry:
        """Return the prior of V_ab and U_ab."""
        i = self.number[a, b]
        return Entry(self.priors[i], self.slices[i], self.symmetric and a > b)

    @property
    def is_local(self) -> NDArray[np.bool_]:
        """Which coefficients belong to V, shape (n_parameters,)."""
        return np.concatenate([prior.is_local for prior in self.priors])

    def design(self, X: Array, r: Array, weights: Array, r_out: Array) -> Array:
        """∂(targets at r_out)/∂θ, shape (n_samples, n·n_out, n_parameters)."""
        waves = split(X, self.n)
        D = np.zeros((len(X), self.n, len(r_out), self.n_parameters))
        for a in range(self.n):
            for b in range(self.n):
                prior, rows, transposed = self.entry(a, b)
                D[:, a, :, rows] = prior.design(
                    waves[:, b], r, weights, r_out, transposed=transposed
                )
        return D.reshape(len(X), -1, self.n_parameters)


def local_columns(W: Array, phi: Array, prior: PotentialPrior | CoupledPrior) -> Array:
    """The effect of each free V_ab(r_i) on the weighted data at r_i.

    Parameters
    ----------
    W, phi : ndarray of shape (n_samples, n, n_out)
        Weights of the residual, and the wave functions.
    prior : PotentialPrior or CoupledPrior
        Says which V_ab are the same.

    Returns
    -------
    ndarray of shape (n_samples·n, n_out, n_pairs)
    """
    n, number = prior.n, prior.number
    columns = np.zeros((*phi.shape, number.max() + 1))
    for a in range(n):
        for b in range(n):
            columns[:, a, :, number[a, b]] = W[:, a] * phi[:, b]
    return columns.reshape(-1, phi.shape[2], columns.shape[3])
