"""Complex values that are real up to a constant phase: how far they are, and who may have one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IMAGINARY", "phase_hint", "turned"]

# Part of the norm that may stay imaginary.
IMAGINARY = 1e-6
# Arguments that are wave functions, correlators, or what a Hamiltonian makes of them.
WAVES = {"C_NM", "R", "X", "data", "f", "phi", "psi", "target", "y"}


def turned(values: NDArray[Any]) -> tuple[NDArray[np.complex128], NDArray[np.float64], Any]:
    """Turn each row by the constant phase that leaves the least imaginary part.

    Parameters
    ----------
    values : ndarray of shape (..., n)
        Finite.

    Returns
    -------
    turned : ndarray of shape (..., n)
        Divided by the largest modulus of its row.
    largest : ndarray of shape (..., 1)
        That modulus.
    left : ndarray of shape (...)
        Part of the norm that is imaginary.
    """
    largest = np.max(np.abs(values), axis=-1, keepdims=True, initial=0.0)
    values = values / np.where(largest > 0, largest, 1.0)
    rotated = values * np.exp(-0.5j * np.angle(np.sum(values**2, axis=-1, keepdims=True)))
    size = np.linalg.norm(rotated, axis=-1)
    return rotated, largest, np.linalg.norm(rotated.imag, axis=-1) / np.where(size > 0, size, 1.0)


def phase_hint(values: NDArray[Any], name: str) -> str:
    """Return the end of a message about complex values: the way out, where there is one."""
    rows = values.ndim > 0 and values.shape[-1] > 1 and np.all(np.isfinite(values))
    if name in WAVES and rows and np.all(turned(values)[2] <= IMAGINARY):
        return "; halkit.equations.remove_phase strips the constant phase of a wave function"
    real = values.size and not np.any(values.imag)
    return "; all imaginary parts are 0: pass its real part" if real else ""
