"""Lüscher's formula: energies in a periodic box L³ ↔ S-wave phase shifts.

    k cot δ(k) = 2 Z00(1; q²) / (√π L),    q = kL/2π,    k² = 2mE,

exact for s waves up to e^{−L/range} and the mixing with l = 4, 6, …. The zeta function

    Z00(1; q²) = (1/√4π) Σ_{n ∈ Z³} 1/(n² − q²),    regularised,

is summed with 1/(n²−q²) = e^{−T(n²−q²)}/(n²−q²) + ∫_0^T e^{−t(n²−q²)} dt and Poisson's
formula under the integral; T ~ 1/q² keeps both sums short and free of cancellation. Below
q² = −1 Poisson's formula suffices, with κ = √−q²:

    Z00(1; q²) = ½√π [ −2πκ + Σ_{n≠0} e^{−2πκ|n|}/|n| ].
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import dawsn, erf

from halkit.checks import check_array, check_integer, check_scale
from halkit.scattering.finite_volume.pair import resolve_pair, squared_momentum_of
from halkit.typing import Array, Masses, Number, Numbers

__all__ = ["luscher_k_cot_delta", "luscher_levels", "zeta_00"]

EXPONENT = 40.0
QUADRATURE = 60
LARGEST = 1e4
# Least q² of the search; k cot δ is rarely known as far below threshold.
EDGE = -100.0
# Least slope of the mismatch at a level, relative to the slope of 2 Z00/(√π L).
FLATTEST = 1e-2


def zeta_00(q2: Numbers) -> Array:
    """Return Lüscher's zeta function Z00(1; q²) for the rest frame of a cubic box.

    Parameters
    ----------
    q2 : float or array of any shape
        q² = (kL/2π)² ≤ 10⁴, of either sign; Z00 has poles at q² = n² (0, 1, 2, 3, 4, 5, 6,
        8, …).

    Returns
    -------
    float array of the shape of `q2`
        Right to about 13 digits; infinite on a pole.

    Raises
    ------
    ValueError
        If a q² is NaN, infinite or larger than 10⁴.

    References
    ----------
    M. Lüscher, Nucl. Phys. B 354 (1991) 531.

    Examples
    --------
    >>> from halkit.scattering import zeta_00
    >>> round(float(zeta_00(0.5)), 9)
    0.312058047
    """
    q2 = check_array(q2, "q2")
    if np.any(q2 > LARGEST):
        raise ValueError(
            f"q² = (kL/2π)² must be at most {LARGEST:g}, got {np.max(q2):g}: "
            "give k and L, or energy, mass and L, in the same units"
        )
    with np.errstate(over="ignore"):  # next to the pole at 0
        return np.reshape([_zeta(float(x)) for x in q2.flat], q2.shape)[()]


def nearest_poles(q2: Array) -> tuple[Array, Array]:
    """The poles n² of Z00 on both sides of q², −∞ below the first."""
    poles, _ = _shells(int(max(np.max(q2), 0)) + 8)
    place = np.searchsorted(poles, q2, side="right")
    return np.append(-np.inf, poles)[place], poles[place]


def _zeta(q2):
    if q2 < -1:
        return _zeta_of_images(np.sqrt(-q2))
    T = 1 / max(1.0, abs(q2))
    n2, number = _shells(int((EXPONENT + max(q2, 0.0) * T) / T) + 1)
    gap = n2 - q2
    if np.any(gap == 0):
        return np.inf
    near = np.sum(number * np.exp(-T * gap) / gap)
    x, w = _gauss_legendre()
    t, w = T * (1 + x) / 2, T * w / 2
    n2, number = _shells(int(EXPONENT * T / np.pi**2) + 1)
    images = np.exp(-(np.pi**2) * np.divide.outer(n2[1:], t)) * number[1:, None]
    far = np.sum(w * np.exp(q2 * t) * (np.pi / t) ** 1.5 * images.sum(axis=0))
    root = np.sqrt(abs(q2) * T)
    if q2 > 0:
        zeroth = 4 * root * np.exp(root**2) * dawsn(root) - 2 * np.exp(root**2)
    else:
        zeroth = -2 * np.sqrt(np.pi) * root * erf(root) - 2 * np.exp(-(root**2))
    return (near + far + np.pi**1.5 * zeroth / np.sqrt(T)) / np.sqrt(4 * np.pi)


def _zeta_of_images(kappa):
    exponent = 2 * np.pi * kappa
    n2, number = _shells(int((EXPONENT / exponent) ** 2) + 1)
    n, number = np.sqrt(n2[1:]), number[1:]
    return np.sqrt(np.pi) / 2 * (np.sum(number / n * np.exp(-exponent * n)) - exponent)


@lru_cache(maxsize=1)
def _gauss_legendre():
    return np.polynomial.legendre.leggauss(QUADRATURE)


def _shells(largest):
    """The n² of points of Z³ up to the largest, and the number of points on each shell."""
    n2, number = _many_shells(int(np.ceil(np.log2(largest))))
    end = np.searchsorted(n2, largest, side="right")
    return n2[:end], number[:end]


@lru_cache(maxsize=32)
def _many_shells(exponent):
    """The shells up to 2^exponent: (Σ_n x^{n²})³, by Fourier transform."""
    largest = 2**exponent
    one = np.zeros(4 * largest)
    one[np.arange(int(np.sqrt(largest)) + 1) ** 2] = 2
    one[0] = 1
    count = np.rint(np.fft.irfft(np.fft.rfft(one) ** 3)[: largest + 1])
    occupied = np.flatnonzero(count)
    return occupied.astype(np.float64), count[occupied]


def luscher_k_cot_delta(
    energy: Numbers, *, L: Number, reduced_mass: Number | None = None, masses: Any = None
) -> Array:
    """Return k cot δ at energies of two hadrons at rest in a periodic box.

    Parameters
    ----------
    energy : float or array of any shape
        E = k²/2m, or ΔW with `masses`, measured from threshold; negative below it.
    L : float
        Side of the box, in the unit of 1/m: the number of sites only in lattice units.
    reduced_mass : float, optional
        Reduced mass m.
    masses : float, array, or pair of them, optional
        Masses of the two hadrons in place of `reduced_mass`, also of bins that broadcast with
        `energy`: then energies are ΔW = √(m1² + k²) + √(m2² + k²) − m1 − m2, as correlators have
        them.

    Returns
    -------
    float array of the shape of `energy`
        k cot δ = 2 Z00(1; (kL/2π)²) / (√π L), in 1/L; infinite at a level of free hadrons.
        Below threshold a bound state of the infinite volume has k cot δ = −κ.

    Raises
    ------
    ValueError
        If an argument is out of range; (kL/2π)² may be at most 10⁴.

    References
    ----------
    M. Lüscher, Nucl. Phys. B 354 (1991) 531.

    Examples
    --------
    >>> from halkit.scattering import luscher_k_cot_delta
    >>> round(float(luscher_k_cot_delta(0.1, L=10.0, reduced_mass=0.5)), 6)
    -0.254226
    """
    L = check_scale(L, "L")
    with np.errstate(over="ignore"):
        q2 = squared_momentum_of(energy, reduced_mass, masses) * (L / (2 * np.pi)) ** 2
    return 2 * zeta_00(q2) / (np.sqrt(np.pi) * L)


def luscher_levels(
    k_cot_delta: Callable[[float], Number], *, L: Number, reduced_mass: Number | None = None,
    masses: Masses | None = None, n_levels: int = 5,
) -> Array:  # fmt: skip
    """Return the lowest energies of two hadrons at rest in a periodic box, from k cot δ.

    The inverse of `luscher_k_cot_delta`: roots of k cot δ(k²) = 2 Z00(1; q²)/(√π L) at which

        d/dk² [k cot δ(k²) − 2 Z00(1; q²)/(√π L)] < 0,

    as the residue of a state requires. Continued below threshold, −1/a0 + r_eff k²/2 with
    r_eff > 0 also has a root near κ = 2/r_eff with the opposite slope; it is not physical. Roots
    where the slopes agree to 1 % are dropped too: k cot δ continued past a left-hand cut may
    touch the other curve.

    Parameters
    ----------
    k_cot_delta : callable
        Maps k² (a float of either sign) to k cot δ, finite; below threshold its continuation,
        such as −1/a0 + r_eff k²/2.
    L : float
        Side of the box.
    reduced_mass : float, optional
        Reduced mass m.
    masses : float or pair of float, optional
        Masses of the two hadrons in place of `reduced_mass`.
    n_levels : int, default 5

    Returns
    -------
    array of shape (n_levels,)
        E = k²/2m, or ΔW with `masses`, in rising order. States bound more deeply than q² = −100
        are not found.

    Raises
    ------
    TypeError
        If `k_cot_delta` is not callable, or does not return a real number.
    ValueError
        If `n_levels` is below 1, if k cot δ is NaN or infinite at a k², or if fewer than
        `n_levels` levels are found.

    References
    ----------
    M. Lüscher, Nucl. Phys. B 354 (1991) 531; T. Iritani et al. (HAL QCD), Phys. Rev. D 96
    (2017) 034521 [arXiv:1703.07210] (the sign of the residue).

    Examples
    --------
    >>> from halkit.scattering import luscher_levels
    >>> luscher_levels(lambda k2: 0.5 + 0.1 * k2, L=10.0, reduced_mass=0.5, n_levels=3).round(5)
    array([-0.01566,  0.2926 ,  0.64392])
    """
    L, pair = check_scale(L, "L"), resolve_pair(reduced_mass, masses)
    n_levels = check_integer(n_levels, "n_levels", least=1)
    if not callable(k_cot_delta):
        raise TypeError(
            "k_cot_delta must be a callable that maps k² to k cot δ, "
            f"got {type(k_cot_delta).__name__}"
        )
    unit = (2 * np.pi / L) ** 2

    def zeta(q2):
        return 2 * _zeta(q2) / (np.sqrt(np.pi) * L)

    def mismatch(q2):
        return zeta(q2) - _real_number(k_cot_delta, unit * q2)

    roots: list[float] = []
    edge, most = EDGE, 3 * n_levels + 30
    for pole in _shells(2 * most)[0][:most]:
        found = _roots(mismatch, zeta, edge, pole, unit)
        if found is None:
            break
        roots, edge = roots + found, pole
        if len(roots) >= n_levels:
            return pair.energy(np.array(roots[:n_levels]) * unit / (2 * pair.reduced_mass))
    raise ValueError(
        f"only {len(roots)} of n_levels={n_levels} levels are found up to k² = {unit * edge:g}: "
        "where k_cot_delta is very large, levels coincide with those of free hadrons"
    )


def _real_number(k_cot_delta, k2):
    given = k_cot_delta(k2)
    value = np.asarray(given)
    if value.dtype.kind not in "iuf" or value.ndim:
        place = _place(k2) if value.dtype.kind == "c" else f"at k² = {k2:g}"
        raise TypeError(f"k_cot_delta must return a real number, got {given!r} {place}")
    if np.isnan(value):
        raise ValueError(f"k_cot_delta must be finite, got nan {_place(k2)}")
    return float(value)


def _place(k2):
    below = ": it must also exist for k² < 0, as −1/a0 + r_eff k²/2 does" if k2 < 0 else ""
    return f"at k² = {k2:g}{below}"


def _roots(f, zeta, low, high, unit):
    """Rising roots between two poles of Z00; None if one is too close to a pole to be found.

    A sign change at a pole of k cot δ is not a root.
    """
    s = np.linspace(0, np.pi, 42)
    x = (low + high) / 2 - (high - low) / 2 * np.cos(s) * (1 - 1e-9)
    if low == EDGE:
        x = high - np.geomspace(high - low, 1e-9, 100)
    y = np.array([f(point) for point in x])
    infinite = np.flatnonzero(np.isinf(y))
    if infinite.size:
        i = infinite[0]
        raise ValueError(f"k_cot_delta must be finite, got {-y[i]} {_place(unit * x[i])}")
    if y[-1] <= 0 or (low > EDGE and y[0] >= 0):
        return None
    x, y = _with_extrema(f, x, y)
    found = []
    for i in np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0)):
        root = brentq(f, x[i], x[i + 1], xtol=1e-13)
        h = 1e-4 * min(root - low, high - root)
        slope, most = (np.diff([g(root - h), g(root + h)]) for g in (f, zeta))
        if abs(f(root)) <= 1e-3 * max(abs(y[i]), abs(y[i + 1])) and slope > FLATTEST * most:
            found.append(root)
    return found


def _with_extrema(f, x, y):
    """The points and the extrema between them, which separate two roots close together."""
    inner = y[1:-1]
    toward = (np.abs(inner) < np.abs(y[:-2])) & (np.abs(inner) <= np.abs(y[2:]))
    same = (np.sign(y[:-2]) == np.sign(inner)) & (np.sign(y[2:]) == np.sign(inner))
    for i in np.flatnonzero(toward & same) + 1:
        sign = np.sign(y[i])
        best = minimize_scalar(
            lambda q2, sign=sign: sign * f(q2), bounds=(x[i - 1], x[i + 1]), method="bounded"
        )
        x, y = np.append(x, best.x), np.append(y, sign * best.fun)
    order = np.argsort(x)
    return x[order], y[order]
