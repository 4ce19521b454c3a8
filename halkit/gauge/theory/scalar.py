"""The action of two-dimensional φ⁴ on fields (n, L0, L1), periodic in both directions."""

import numpy as np

__all__ = ["action", "force", "neighbours"]


def neighbours(field):
    """Return the sum over the four neighbours of each site."""
    return sum(np.roll(field, shift, axis) for axis in (-1, -2) for shift in (1, -1))


def action(field, kappa, lam):
    """Return Σ [−2κ Σ_μ φ φ_{+μ} + (1 − 2λ) φ² + λ φ⁴] of each configuration."""
    square = field * field
    density = square * (1 - 2 * lam + lam * square) - kappa * field * neighbours(field)
    return density.sum((-2, -1), dtype=np.float64)


def force(field, kappa, lam):
    """Return −∂S/∂φ."""
    return 2 * kappa * neighbours(field) - field * (2 * (1 - 2 * lam) + 4 * lam * field * field)
