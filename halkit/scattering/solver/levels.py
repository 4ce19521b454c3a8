"""Eigenvalues of graded Hamiltonians: rounding errors of the levels, not of the cores.

In a core the diagonal of H is many orders of magnitude above the levels that are asked for, and
eigenvalues of H have errors of its size. Those of (H − σ)⁻¹, with σ below the lowest level E_0,
do not: for large |σ|, or E next to E_0, the error of E is of the order of ε |σ|. Cholesky's
decomposition gives the inverse, with an error that depends on the matrix scaled to a unit
diagonal alone, however large a core is.

References: J. W. Demmel and K. Veselić, SIAM J. Matrix Anal. Appl. 13 (1992) 1204;
T. Ericsson and A. Ruhe, Math. Comp. 35 (1980) 1251 (shift and inverse).
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dpotrf, dpotri

from halkit.typing import Array

__all__ = ["level", "levels", "rounding_error", "unit_scale"]

# Factors by which σ is lowered until H − σ is positive, and until E_0 − σ is no small part of |σ|.
LOWER, NEAR = 8.0, 16.0
# Rounding error of a level, relative to a diagonal element that is smaller than 63 of 64.
ROUNDING = 1e-13
# Smallest eigenvalue of the inverse that is more than a rounding error, over the largest one.
NOISE = 1e-18


def levels(H: Array, node: Array | None = None) -> tuple[Array, Array]:
    """Return all eigenvalues, in rising order, and eigenvectors of a symmetric matrix.

    Parameters
    ----------
    H : array of shape (n, n)
    node : array of shape (n,), optional
        A vector f to which the eigenvectors are orthogonal, and which then is the last of them.

    Raises
    ------
    numpy.linalg.LinAlgError
        If no shift makes the matrix positive.
    """
    inverse, shift = _inverse(H)
    if node is not None:
        x = inverse @ node
        inverse -= np.outer(x, x) / (node @ x)
    value, vectors = scipy.linalg.eigh(inverse, driver="evd", overwrite_a=True)
    return _energies(value, shift), vectors[:, ::-1]


def level(H: Array, i: int) -> tuple[float, Array]:
    """Return the i-th eigenvalue of a symmetric matrix, from 0, and its eigenvector."""
    inverse, shift = _inverse(H)
    place = len(H) - 1 - i
    value, vectors = scipy.linalg.eigh(inverse, subset_by_index=(place, place), overwrite_a=True)
    return shift + 1 / max(float(value[0]), NOISE * np.trace(inverse)), vectors[:, 0]


def _energies(value, shift):
    return shift + 1 / np.maximum(value[::-1], NOISE * value[-1])


def _inverse(H):
    """(H − σ)⁻¹ and σ."""
    shift = -rounding_error(H) / ROUNDING - 2 * max(0.0, -np.diag(H).min())
    while np.isfinite(shift):
        matrix = np.array(H, order="F")
        matrix[np.diag_indices_from(H)] -= shift
        factor, failed = dpotrf(matrix, lower=1, overwrite_a=1)
        if failed:
            shift *= LOWER
            continue
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        # E_0 − σ is at most 1/max (H − σ)⁻¹_ii
        if np.diag(inverse).max() * -shift <= NEAR:
            inverse += np.tril(inverse, -1).T - np.triu(inverse, 1)
            return inverse, shift
        shift *= LOWER
    raise np.linalg.LinAlgError("the Hamiltonian is not bounded from below")


def rounding_error(H: Array) -> float:
    """Return the rounding error of the low levels of a symmetric matrix."""
    place = len(H) // 64
    return ROUNDING * float(np.partition(np.abs(np.diag(H)), place)[place])


def unit_scale(H: Array) -> Array:
    """Return the factors that give a matrix D H D the diagonal ±1, for linear equations."""
    return 1 / np.sqrt(np.maximum(np.abs(np.diag(H)), np.finfo(np.float64).tiny))
