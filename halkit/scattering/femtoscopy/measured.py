"""From the genuine correlation function to the measured one: feed-down and resolution.

C(k) = 1 + Σ_i λ_i [C_i(k) − 1],        C(k_i) → Σ_j M_ij C(k_j) / Σ_j M_ij.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from halkit.checks import check_array, check_number
from halkit.radial import trapezoid_weights
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["combine_correlations", "smear_momentum"]

# A Gaussian reaches this many widths, in this many steps; it is as wide as a spacing of k at least.
REACH, STEPS, FINEST = 5.0, 50, 1.0
# Least change of C that is warned of.
NOTICEABLE = 1e-3


def combine_correlations(contributions: Iterable[tuple[Number, Numbers]]) -> Array:
    """Return C = 1 + Σ λ_i (C_i − 1) of genuine pairs and of those from decays.

    Parameters
    ----------
    contributions : iterable of (λ, C)
        The share λ_i ≥ 0 of the pairs, and their C_i(k), arrays of one shape. The rest,
        1 − Σ λ_i, is uncorrelated.

    Returns
    -------
    array of the shape of the C_i

    Raises
    ------
    ValueError
        If a λ is negative, if they add up to more than 1, or if shapes differ.

    References
    ----------
    S. Acharya et al. (ALICE), Phys. Rev. C 99 (2019) 024001 [arXiv:1805.12455].

    Examples
    --------
    >>> from halkit.scattering import combine_correlations
    >>> combine_correlations([(0.6, [3.0, 1.5]), (0.2, [0.5, 1.0])])
    array([2.1, 1.3])
    """
    pairs = [(check_number(share, "λ", least=0), check_array(C, "C")) for share, C in contributions]
    total = sum(share for share, _ in pairs)
    if total > 1 + 1e-12:
        raise ValueError(f"λ must add up to at most 1, got {total:.6g}")
    if len({C.shape for _, C in pairs}) != 1:
        raise ValueError(
            f"contributions must have C of one shape, got {[C.shape for _, C in pairs]}"
        )
    return np.sum([share * (C - 1) for share, C in pairs], axis=0) + 1


def smear_momentum(C: Numbers, k: Numbers, resolution: Numbers) -> Array:
    """Return C(k) as a detector of finite momentum resolution sees it.

    Parameters
    ----------
    C : array of shape (..., n_k)
        Correlation function at the momenta k.
    k : array of shape (n_k,)
        Increasing momenta.
    resolution : float, or array of shape (n_out, n_k)
        The width σ of a Gaussian in k, for uncorrelated pairs of density k² dk. Or a matrix: the
        number of uncorrelated pairs (of mixed events) of true momentum k_j that are measured in
        bin i, up to a factor for each row.

    Returns
    -------
    array of shape (..., n_k) or (..., n_out)

    Raises
    ------
    ValueError
        If a row of the matrix is negative somewhere or zero everywhere, if σ is not positive or
        less than the spacing of k, or if shapes do not fit.

    Warns
    -----
    AccuracyWarning
        If the Gaussian, which is cut at the last momentum, matters beyond it: if C(k) going on
        as at the last momentum would change the result by more than 1e-3.

    References
    ----------
    S. Acharya et al. (ALICE), Phys. Rev. C 99 (2019) 024001 [arXiv:1805.12455].

    Examples
    --------
    >>> from halkit.scattering import smear_momentum
    >>> smear_momentum([3.0, 2.0, 1.0], [0.1, 0.2, 0.3], [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1]])
    array([2.8, 2. ])
    """
    k = check_array(k, "k")
    if k.ndim != 1 or k.size < 2 or np.any(np.diff(k) <= 0) or k[0] < 0:
        raise ValueError(f"k must be at least two increasing momenta ≥ 0, got {k.tolist()!r:.60}")
    C = check_array(C, "C", k.size)
    M, width = check_array(resolution, "resolution"), None
    if M.ndim == 0:
        width = check_number(resolution, "resolution", above=0)
        M = _gaussian(k, width)
    if M.ndim != 2 or M.shape[1] != k.size:
        raise ValueError(
            f"resolution must be a number, or a matrix with {k.size} columns, one for each k, got "
            f"shape {M.shape}"
        )
    total = M.sum(axis=1)
    if np.any(M < 0) or np.any(total <= 0):
        raise ValueError("resolution must have rows that are ≥ 0, and not 0 everywhere")
    smeared = C @ (M / total[:, None]).T
    if width is not None:
        _warn_of_end(C, k, smeared, width, total)
    return smeared


def _gaussian(k, width):
    """Pairs of density k² dk on the momenta k, in a Gaussian around each."""
    if np.max(np.diff(k)) > width / FINEST:
        raise ValueError(
            f"resolution must be a width of at least the spacing {np.max(np.diff(k)):g} of k, got "
            f"{width:g}"
        )
    return np.exp(-(((k[:, None] - k) / width) ** 2) / 2) * trapezoid_weights(k)


def _warn_of_end(C, k, smeared, width, total):
    """Warn if the pairs beyond the last momentum would change the result."""
    step = REACH * width / STEPS
    beyond = k[-1] + step * (np.arange(STEPS) + 0.5)
    pairs = np.exp(-(((k[:, None] - beyond) / width) ** 2) / 2) @ (4 * np.pi * beyond**2 * step)
    change = np.abs(C[..., -1:] - smeared) * pairs / (total + pairs)
    if np.max(change) > NOTICEABLE:
        far = k[np.flatnonzero(np.max(change.reshape(-1, k.size), axis=0) > NOTICEABLE)[0]]
        warn_caller(
            f"the resolution reaches beyond the last momentum {k[-1]:g}: C may be off by "
            f"{np.max(change):.1g} for k ≥ {far:.4g}; give C(k) further",
        )
