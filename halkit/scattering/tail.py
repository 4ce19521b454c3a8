r"""δ from the tail of a wave function, independent of any potential.

Beyond the range of the interaction a wave of angular momentum l with momentum k is

    φ(r) = A [cos δ j_l(kr) − sin δ y_l(kr)] → A sin(kr − lπ/2 + δ)/(kr).

A cos δ and A sin δ follow from linear least squares of r φ on a window r ≥ r_min. Where the
interaction still acts, δ depends on the window.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import spherical_jn, spherical_yn

from halkit.checks import check_array, check_integer, check_nodes, check_number
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["TailPhaseShift", "tail_phase_shift"]

# Fewest nodes of a window, and where the later windows start, as parts of the first.
FEWEST, STARTS = 4, (0.0, 0.2, 0.4)
# An error that says nothing of an angle modulo π.
LARGEST = np.pi / 6


class TailPhaseShift(NamedTuple):
    """Result of `tail_phase_shift`.

    Attributes
    ----------
    phase_shift : ndarray of shape (n_k,)
        δ in radians, within (−π/2, π/2]: the tail knows it modulo π.
    error : ndarray of shape (n_k,)
        √(statistical² + window²).
    statistical : ndarray of shape (n_k,)
        Error from `phi_std`, or from the residuals of the fit, which count as independent.
    window : ndarray of shape (n_k,)
        Largest change of δ as the window starts later, by 20 and 40 % of its length.
    residual : ndarray of shape (n_k,)
        χ²/dof with `phi_std`; without, the norm of the residuals over that of r φ.
    """

    phase_shift: Array
    error: Array
    statistical: Array
    window: Array
    residual: Array


def tail_phase_shift(
    phi: Numbers, r: Numbers, k: Numbers, l: int = 0, *, r_min: Number | None = None,
    phi_std: Numbers | None = None,
) -> TailPhaseShift:  # fmt: skip
    """Return phase shifts from the tails of wave functions, with errors.

    Parameters
    ----------
    phi : array-like of shape (n_k, n_r) or (n_r,)
        Radial wave functions u(r)/r, of any norm, in infinite volume or within a sphere.
    r : array-like of shape (n_r,)
        Nodes.
    k : float or array-like of shape (n_k,)
        Momenta k > 0: k² = 2mE, or `halkit.kinematics.momentum_squared`.
    l : int, default 0
        Orbital angular momentum.
    r_min : float, optional
        Where the window starts, beyond the range of the interaction; by default half of the last
        node.
    phi_std : array-like of the shape of phi, optional
        Standard deviations of φ, independent from node to node.

    Returns
    -------
    TailPhaseShift
        Arrays of shape (n_k,), or numbers for one wave function.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, a momentum is not positive, a wave function vanishes on the window,
        or the last window has fewer than 4 nodes.

    Warns
    -----
    AccuracyWarning
        If an error exceeds π/6: the window is short beside 1/k, or the interaction acts there.

    References
    ----------
    S. Aoki, T. Hatsuda and N. Ishii, Prog. Theor. Phys. 123, 89 (2010), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.scattering import tail_phase_shift
    >>> r = np.linspace(0.1, 20, 200)
    >>> tail_phase_shift(np.sin(0.5 * r + 0.3) / r, r, 0.5).phase_shift.round(6)
    np.float64(0.3)
    """
    phi, r, k, l = check_array(phi, "phi"), check_nodes(r), check_array(k, "k"), _wave(l)
    single = phi.ndim == 1
    phi = np.atleast_2d(phi)
    if phi.ndim != 2 or phi.shape[1] != len(r):
        raise ValueError(f"phi must have shape (n_k, {len(r)}), got {phi.shape}")
    if k.shape not in {(), phi.shape[:1]} or (single and k.ndim):
        raise ValueError(f"k must be one momentum for each phi, got shape {k.shape}")
    if np.any(k <= 0):
        raise ValueError(f"k must be > 0, got {k.min():g}")
    k = np.broadcast_to(k, phi.shape[:1])
    std = None
    if phi_std is not None:
        std = np.atleast_2d(check_array(phi_std, "phi_std", sign="> 0"))
        if std.shape != phi.shape:
            raise ValueError(f"phi_std must have the shape of phi, got {std.shape}")
    begin = r[-1] / 2 if r_min is None else check_number(r_min, "r_min", least=0)
    starts = begin + np.multiply(STARTS, max(r[-1] - begin, 0))
    if np.count_nonzero((r >= starts[-1]) & (r > 0)) < FEWEST:
        raise ValueError(f"r must have {FEWEST} nodes beyond {starts[-1]:.4g}, got fewer")
    found = [
        np.transpose([_fit(*row, r, l, start) for row in zip(phi, k, _rows(std, k), strict=True)])
        for start in starts
    ]
    delta, statistical, residual = found[0]
    window = np.max([np.abs(_turned(other[0] - delta)) for other in found[1:]], axis=0)
    error = np.hypot(statistical, window)
    if np.any(error > LARGEST):
        warn_caller(
            f"δ of the tail has errors up to {error.max():.2g}: the window is short beside 1/k, "
            "or the interaction acts there; take a larger r_min, or nodes that reach further",
        )
    result = delta, error, statistical, window, residual
    return TailPhaseShift(*(values[0] if single else values for values in result))


def _wave(l):
    return check_integer(l, "l", least=0)


def _rows(std, k):
    return [None] * len(k) if std is None else std


def _fit(phi, k, std, r, l, start):
    """δ, its statistical error, and the residual, of one window."""
    inside = (r >= start) & (r > 0)
    r, phi = r[inside], phi[inside]
    weight = r if std is None else 1 / std[inside]
    waves = np.stack([spherical_jn(l, k * r), -spherical_yn(l, k * r)], axis=1)
    unit = np.max(np.abs(weight * phi))
    if unit == 0:
        raise ValueError(f"phi must not vanish beyond r = {start:.4g}, got 0")
    target, A = weight * phi / unit, weight[:, None] * waves
    scale = np.max(np.abs(A), axis=0)
    Q, R = np.linalg.qr(A / scale)
    a, b = np.linalg.solve(R, Q.T @ target) / scale
    rest = target - A @ [a, b]
    inverse = np.linalg.inv(R) / scale[:, None]
    along = np.array([-b, a]) / (a**2 + b**2)
    size = np.sqrt(rest @ rest / (len(r) - 2))
    noise = size if std is None else 1 / unit
    quality = np.linalg.norm(rest) / np.linalg.norm(target) if std is None else (size * unit) ** 2
    delta = _turned(np.arctan2(b, a))
    return delta, noise * np.linalg.norm(along @ inverse), quality


def _turned(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The angle modulo π, in (−π/2, π/2]."""
    return np.pi / 2 - np.mod(np.pi / 2 - angle, np.pi)
