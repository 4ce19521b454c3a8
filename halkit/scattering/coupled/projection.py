r"""R of a `Pencil` at many energies, from its solutions at a few.

With the solutions X of [H − diag ε(E_j)] X = γ at some energies as columns of W,

    R(E) = γᵀ W [Wᵀ (H − diag ε(E)) W]⁻¹ Wᵀ γ

is exact at these, and between them its error is of second order in the residual of the equations.
Energies are added where the residual is largest, until S there is what the model said before. It is
good enough to follow phases; what is quoted is solved exactly.

Reference: A. Quarteroni, A. Manzoni, F. Negri, Reduced Basis Methods for Partial Differential
Equations (Springer, 2016), ch. 7 (greedy choice).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dsysv

from halkit.scattering.coupled.system import Pencil, negative_eigenvalues, shifted_solutions
from halkit.typing import Array

__all__ = ["Projection", "projected"]

# Smallest pencil that gains by a projection; energies at the start and at most; pieces of the grid,
# with one more energy from each per step.
LARGE, START, MOST, PIECES = 250, 9, 60, 4
# Largest error of S.
CLOSE = 1e-3


class Projection:
    """A `Pencil` on the span of its solutions: as the pencil, a function of k_a².

    Parameters
    ----------
    pencil : Pencil
    """

    def __init__(self, pencil: Pencil) -> None:
        self.pencil, self.offset = pencil, 0
        self.gamma = pencil.surface.T / np.sqrt(pencil.reduced_mass)
        self.W, self.MW = np.zeros((2, len(pencil.matrix), 0))

    def solve(self, square: Array) -> tuple[Array, int]:
        """Return R and the number of levels for k_a², shape (n_channels,), from the pencil itself.

        Its solution is added to the span.
        """
        ((X, below),) = shifted_solutions(
            self.pencil.matrix, self._shifts(square[None]), self.gamma
        )
        R = self.gamma.T @ X
        W = X / np.linalg.norm(X, axis=0)
        for _ in range(2):  # twice is enough
            W = W - self.W @ (self.W.T @ W)
        W, _ = np.linalg.qr(W)
        self.W = np.hstack([self.W, W])
        self.MW = np.hstack([self.MW, self.pencil.matrix @ W])
        return (R + R.T) / (4 * self.pencil.radius), below

    def __call__(self, square: Array) -> tuple[Array, NDArray[np.int_]]:
        """Return R and the number of levels for k_a², shape (n_E, n_channels)."""
        R, below, _ = self.with_residual(square)
        return R, below

    def with_residual(self, square: Array) -> tuple[Array, NDArray[np.int_], Array]:
        """Return also the norm of the residual of the equations at each energy."""
        n = self.gamma.shape[1]
        M, g = self.W.T @ self.MW, self.W.T @ self.gamma
        of_channel = (self.pencil.scale[:, None] * self.W).reshape(n, -1, len(M))
        metric = of_channel.transpose(0, 2, 1) @ of_channel
        epsilon = square / (2 * self.pencil.reduced_mass)
        R, below = np.empty((len(square), n, n)), np.empty(len(square), dtype=int)
        residual = np.empty(len(square))
        for i, shift in enumerate(self._shifts(square)):
            A = M - np.tensordot(epsilon[i], metric, axes=1)
            factor, pivot, y, _ = dsysv(A, g, lower=1)
            R[i], below[i] = g.T @ y, negative_eigenvalues(factor, pivot)
            left = self.MW @ y - shift[:, None] * (self.W @ y) - self.gamma
            residual[i] = np.linalg.norm(left)
        R = (R + R.transpose(0, 2, 1)) / (4 * self.pencil.radius)
        return R, below + self.offset, residual

    def _shifts(self, square):
        points = len(self.pencil.matrix) // self.gamma.shape[1]
        epsilon = square / (2 * self.pencil.reduced_mass)
        return np.repeat(epsilon, points, axis=1) * self.pencil.scale**2


def projected(
    pencil: Pencil, square: Array, s_matrix: Callable[[Array, Array], NDArray[np.complex128]]
) -> Pencil | Projection:
    """Return a `Projection` that is good between the k_a² of a grid, or the pencil if none is.

    Parameters
    ----------
    pencil : Pencil
    square : ndarray of shape (n_E, n_channels)
        In rising order of the energies.
    s_matrix : callable
        ``s_matrix(R, square)`` returns S for R of shape (n_E, n_channels, n_channels).
    """
    if len(pencil.matrix) < LARGE or len(square) < MOST:
        return pencil
    model, guess = Projection(pencil), None
    solved: list[int] = []
    counts: list[int] = []
    new = np.linspace(0, len(square) - 1, START).astype(int)
    while len(solved) + len(new) <= MOST:
        R, below = zip(*[model.solve(square[i]) for i in new], strict=True)
        solved, counts = [*solved, *new], [*counts, *below]
        if not np.all(np.isfinite(model.W)):
            break
        if guess is not None:
            true, said = (s_matrix(np.array(one), square[new]) for one in (R, guess))
            if np.nanmax(np.abs(true - said)) < CLOSE:
                return _with_offset(model, square[solved], np.array(counts))
        found, _, residual = model.with_residual(square)
        residual[solved] = 0.0
        pieces = np.array_split(np.arange(len(square)), PIECES)
        new = np.array([piece[np.argmax(residual[piece])] for piece in pieces])
        guess = found[new]
    return pencil


def _with_offset(model, square, counts):
    """The model with the levels that do not reach the surface; the pencil if one is in between."""
    missed = np.unique(counts - model(square)[1])
    model.offset = int(missed[0])
    return model if len(missed) == 1 else model.pencil
