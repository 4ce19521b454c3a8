"""Coulomb functions F_l(η, ρ), G_l(η, ρ): solutions of u'' = [2η/ρ + l(l+1)/ρ² − 1] u.

F ~ sin θ, G ~ cos θ at large ρ, θ = ρ − η ln 2ρ − lπ/2 + σ_l, and F G' − F' G = −1. Steed's
continued fractions give F'/F and (G + iF)'/(G + iF) beyond the turning point; G is carried
inwards from there by Taylor series, in the direction in which it grows, and F follows from
the Wronskian. Far out, an asymptotic series in 1/ρ; next to the origin, the power series of F. At
zero energy, power series of the solutions that are analytic in k².

References: A. R. Barnett, Comput. Phys. Commun. 27 (1982) 147; NIST Digital Library of
Mathematical Functions, chapter 33.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, ive, kve, loggamma

from halkit.checks import check_array, check_integer, refuse_extremes
from halkit.scattering.solver.tails import FAR, FreeWaves
from halkit.typing import Array, Numbers

__all__ = [
    "CoulombWaves",
    "charged_surface",
    "coulomb_functions",
    "coulomb_surface",
    "coulomb_waves",
    "regular_coulomb",
    "threshold_functions",
    "zero_energy_size",
]

ORDER = 30
# Terms of the other series; where they are used: ρ from FAR_OUT + 3 (η² + l(l+1)), and ρ and |η|ρ
# up to NEAR.
TERMS, FAR_OUT, NEAR = 32, 60.0, 2.5
TINY = 1e-290
LARGEST_EXPONENT = 340.0
LONGEST, FURTHEST = 20_000, 1e8
BURIED = 1000.0


class CoulombWaves(NamedTuple):
    """Coulomb functions and their derivatives with respect to ρ, arrays of one shape."""

    F: Array
    F_prime: Array
    G: Array
    G_prime: Array


def coulomb_functions(l: int, eta: Numbers, rho: Numbers) -> CoulombWaves:
    """Return the Coulomb functions F, F', G, G' of η and ρ > 0.

    Parameters
    ----------
    l : int
        Orbital angular momentum.
    eta, rho : float or arrays that broadcast
        Sommerfeld parameter η = Z1 Z2 α m/k (negative if it attracts), and ρ = kr > 0.

    Returns
    -------
    CoulombWaves
        Named tuple of ``F``, ``F_prime``, ``G``, ``G_prime``, right to about 12 digits, or to
        1e-16 ρ where that is more; F underflows to 0 and G overflows to infinity deep below a
        barrier.

    Raises
    ------
    ValueError
        If l or an argument is out of range (ρ from 1e-60 to 1e8, to about 2·10⁴ if η² + l(l+1)
        exceeds ρ/3).

    Examples
    --------
    >>> from halkit.scattering import coulomb_functions
    >>> waves = coulomb_functions(0, 0.5, 2.0)
    >>> round(float(waves.F), 6), round(float(waves.G), 6)
    (1.02112, 0.532211)
    """
    l = check_integer(l, "l", least=0)
    eta, rho = np.broadcast_arrays(check_array(eta, "eta"), check_array(rho, "rho"))
    if np.any(rho <= 0):
        raise ValueError(f"rho must be positive, got {np.min(rho):g}")
    refuse_extremes(rho, "rho")
    if np.any(rho > FURTHEST):
        raise ValueError(f"rho must be at most {FURTHEST:g}, got {np.max(rho):g}")
    refuse_extremes(np.maximum(np.abs(eta), 1.0), "|eta|")
    phi, p, exponent = coulomb_surface(l, eta.ravel(), rho.ravel())
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        A = np.exp(exponent)
        F, G = A * np.sin(phi), A * np.cos(phi)
        F = np.where(exponent > LARGEST_EXPONENT, 0.0, F)
        dF, dG = p * F + np.cos(phi) / A, p * G - np.sin(phi) / A
    return CoulombWaves(*(part.reshape(rho.shape)[()] for part in (F, dF, G, dG)))


def coulomb_waves(l: int, eta: float) -> FreeWaves:
    """Return the `halkit.scattering.solver.tails.FreeWaves` of charged hadrons."""

    def functions(rho):
        waves = coulomb_functions(l, eta, rho)
        return waves.F, waves.G

    def square(rho):
        return 1 / np.sqrt(1 - 2 * eta / rho - l * (l + 1) / rho**2)

    return FreeWaves(functions, square, FAR + l * (l + 1) + 4 * abs(eta))


def coulomb_surface(l: int, eta: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Return φ, p and log A of G + iF = A e^{iφ}, p = A'/A, for arrays of one axis.

    φ is continuous in ρ, from 0 at ρ = 0 if the Coulomb force repels; φ' = 1/A².
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        phi, p, exponent = _all_depths(l, eta, rho)
    lost = ~np.isfinite(phi + p) | np.isnan(exponent)
    if np.any(lost):
        raise ValueError(
            "the Coulomb functions cannot be computed at eta = "
            f"{eta[lost][0]:g}, rho = {rho[lost][0]:g}"
        )
    return phi, p, exponent


def charged_surface(l: int, eta: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Return φ, the penetration P = ρ/A² and the shift S = ρA'/A, for arrays of one axis."""
    phi, p, exponent = coulomb_surface(l, eta, rho)
    return phi, rho * np.exp(-2 * exponent), rho * p


def regular_coulomb(l: int, eta: Array, rho: Array) -> tuple[Array, Array]:
    """Return F and F' for η and ρ > 0 that broadcast."""
    eta, rho = np.broadcast_arrays(eta, rho)
    F, slope = np.empty(rho.shape), np.empty(rho.shape)
    near = (rho < NEAR) & (np.abs(eta) * rho < NEAR)
    F[near], slope[near] = _power_series(l, eta[near], rho[near])
    waves = coulomb_functions(l, eta[~near], rho[~near])
    F[~near], slope[~near] = waves.F, waves.F_prime
    return F, slope


def _power_series(l, eta, rho):
    """F = C_l ρ^{l+1} Σ a_n ρ^n, n(n + 2l + 1) a_n = 2η a_{n−1} − a_{n−2}; and F'."""
    log_C = l * np.log(2) - np.pi * eta / 2 - gammaln(2 * l + 2)
    log_C += loggamma(l + 1 + 1j * eta).real + l * np.log(rho)
    before, now = np.zeros_like(rho), np.ones_like(rho)
    value, slope = now.copy(), (l + 1) * now
    for n in range(1, TERMS):
        before, now = now, (2 * eta * rho * now - rho**2 * before) / (n * (n + 2 * l + 1))
        value, slope = value + now, slope + (n + l + 1) * now
    with np.errstate(under="ignore"):
        C = np.exp(log_C)
        return C * rho * value, C * slope


def _all_depths(l, eta, rho):
    far = rho > FAR_OUT + 3 * (eta**2 + l * (l + 1))
    if np.any(far):
        result = np.empty((3, rho.size))
        result[:, far] = _far_out(l, eta[far], rho[far])
        result[:, ~far] = _all_depths(l, eta[~far], rho[~far])
        return result
    buried = (eta > BURIED) & (rho < eta / 10)
    w = np.where(buried, 2 * eta / rho + l * (l + 1) / rho**2 - 1, 1.0)
    phi, exponent = np.zeros_like(rho), np.full_like(rho, np.inf)
    # WKB, F is 0 to rounding: G ∝ w^{−1/4} exp(−∫ √w)
    p = -np.sqrt(w) + (2 * eta / rho**2 + 2 * l * (l + 1) / rho**3) / (4 * w)
    here = ~buried
    phi[here], p[here], exponent[here] = _surface(l, eta[here], rho[here])
    return phi, p, exponent


def _far_out(l, eta, rho):
    """φ, p and log A from G + iF = (f + ig) e^{iθ}, series in 1/ρ (DLMF 33.11)."""
    theta = rho - eta * np.log(2 * rho) - l * np.pi / 2 + loggamma(l + 1 + 1j * eta).imag
    term, total = np.ones_like(rho) + 0j, np.ones_like(rho) + 0j
    slope = slopes = 1j * (1 - eta / rho)
    for k in range(TERMS):
        turn = (2 * k + 1) * eta + 1j * (l * (l + 1) - k * (k + 1) + eta**2)
        turn = turn / ((2 * k + 2) * rho)
        term, slope = turn * term, turn * slope - turn * term / rho
        total, slopes = total + term, slopes + slope
    size = np.abs(total) ** 2
    p = (total.conj() * slopes).real / size
    return theta + np.angle(total), p, np.log(size) / 2


def _surface(l, eta, rho):
    far = np.maximum(rho, _turning_point(l, eta) + 4 + 0.5 * np.abs(eta))
    p, q = _steed(l, eta, far)
    gamma = (_logarithmic_slope(l, eta, far) - p) / q
    F = 1 / np.sqrt(q * (1 + gamma**2))
    G = gamma * F
    G, slope, exponent = _carry_inwards(l, eta, far, rho, G, p * G - q * F)
    inside = rho < far
    deep = exponent + np.log(np.abs(G) + TINY) > LARGEST_EXPONENT
    with np.errstate(divide="ignore", over="ignore"):
        wronskian = _logarithmic_slope(l, eta, rho) * G - slope
        F = np.where(inside, np.exp(-2 * exponent) / wronskian, F * np.exp(-exponent))
    F[deep] = 0.0
    square = F**2 + G**2
    sign = np.where(G < 0, -1, 1)  # the common sign of F and G is not known before φ is
    phi = np.arctan2(sign * F, sign * G)
    phi += np.pi * np.round((_wkb_phase(l, eta, rho) - phi) / np.pi)
    dF = _logarithmic_slope(l, eta, rho) * F
    p = np.where(inside, (F * dF + G * slope) / square, p)
    return phi, p, exponent + np.log(square) / 2


def _turning_point(l, eta):
    return eta + np.sqrt(eta**2 + (l + 0.5) ** 2)


def _logarithmic_slope(l, eta, rho):
    """F'/F, by the continued fraction of the recurrence that raises l (Lentz's method)."""

    def term(n):
        return n / rho + eta / n

    f = term(l + 1)
    f = np.where(f == 0, TINY, f)
    C, D = f.copy(), np.zeros_like(f)
    for n in range(l + 1, l + LONGEST):
        a, b = -(1 + (eta / n) ** 2), term(n) + term(n + 1)
        D = b + a * D
        D = 1 / np.where(D == 0, TINY, D)
        C = b + a / C
        C = np.where(C == 0, TINY, C)
        f = f * C * D
        if np.all(np.abs(C * D - 1) < 1e-15):
            break
    else:
        raise ValueError(f"rho must be at most about {LONGEST}, got {np.max(rho):g}")
    return f


def _steed(l, eta, rho):
    """p and q of (G + iF)'/(G + iF) = p + iq, beyond the turning point (Lentz's method)."""
    b = 2 * (rho - eta) + 0j
    C, D, f = np.full_like(b, TINY), np.zeros_like(b), np.full_like(b, TINY)
    for n in range(LONGEST):
        a = (1j * eta - l + n) * (1j * eta + l + 1 + n)
        b = b + 2j
        D = 1 / (b + a * D)
        C = b + a / C
        f = f * C * D
        if np.all(np.abs(C * D - 1) < 1e-15):
            break
    result = 1j * (1 - eta / rho) + 1j / rho * f
    return result.real, result.imag


def _carry_inwards(l, eta, start, end, G, slope):
    """Taylor steps of G from start down to end ≤ start: G and G' without a factor e^exponent."""
    rho, exponent = start.copy(), np.zeros_like(start)
    G, slope = G.copy(), slope.copy()
    i = np.flatnonzero(rho > end)
    while i.size:
        x, left = rho[i], rho[i] - end[i]
        inner = 0.75 * x
        stiffness = np.abs(2 * eta[i] / inner + l * (l + 1) / inner**2 - 1) + 1
        h = -np.minimum(np.minimum(0.25 * x, 2.5 / np.sqrt(stiffness)), left)
        value, derivative = _taylor(l, eta[i], x, h, G[i], slope[i])
        size = np.hypot(value, derivative)
        G[i], slope[i], exponent[i] = value / size, derivative / size, exponent[i] + np.log(size)
        rho[i] = np.where(-h >= left, end[i], x + h)
        i = i[-h < left]
    return G, slope, exponent


def _taylor(l, eta, rho, h, y, slope):
    """y and y' at ρ + h, from the series Σ b_n of y in powers of h."""
    x = h / rho
    c0, c1, c2 = (
        (2 * eta * rho + l * (l + 1) - rho**2) * x**2,
        2 * (eta - rho) * rho * x**3,
        (rho * x**2) ** 2,
    )
    before, now, following = np.zeros_like(y), y, slope * h
    oldest = np.zeros_like(y)
    value, derivative = y + following, following.copy()
    for n in range(ORDER):
        new = (
            (c0 - n * (n - 1) * x**2) * now
            + c1 * before
            - c2 * oldest
            - 2 * x * (n + 1) * n * following
        ) / ((n + 2) * (n + 1))
        value, derivative = value + new, derivative + (n + 2) * new
        oldest, before, now, following = before, now, following, new
    return value, np.divide(derivative, h, out=slope.copy(), where=h != 0)


def _wkb_phase(l, eta, rho):
    """φ to a fraction of a radian: ∫ √(1 − 2η/x − (l+1/2)²/x²) dx from the turning point, + π/4."""
    size = np.sqrt(eta**2 + (l + 0.5) ** 2)
    x = np.maximum(rho, eta + size)
    X = np.sqrt(np.maximum(x**2 - 2 * eta * x - (l + 0.5) ** 2, 0))
    angle = np.arccos(np.clip((eta * x + (l + 0.5) ** 2) / (x * size), -1, 1))
    return X - eta * np.log((X + x - eta) / size) - (l + 0.5) * angle + np.pi / 4


def threshold_functions(kappa: float, r: float) -> Array:
    """Return f, f', g, g' at r and their derivatives with respect to k², at zero energy; l = 0.

    F = C k f and C G = g + 2ηk h(η) f, with C² = 2πη/(e^{2πη} − 1), ηk = κ, and f, g analytic
    in k²; g carries ``2κ f ln(2|κ|r)``. Power series: f = r + κr² + …, g = 1 + 2κr (2γ − 1) + ….

    Returns
    -------
    array of shape (2, 4)
        (f, f', g, g') and its derivative.
    """
    log = np.log(2 * abs(kappa) * r)
    A, B = [np.zeros(2), np.array([1.0, 0.0])], [np.array([1.0, 0.0])]
    B.append(np.array([2 * kappa * (2 * np.euler_gamma - 1), 0.0]))

    def lowered(c):
        """k² times a coefficient: its value becomes the derivative."""
        return np.array([0.0, c[0]])

    result, n = np.zeros((2, 4)), 1
    A[1], B[1] = A[1] * r, B[1] * r  # coefficients carry their power of r
    while n < 10_000:
        f, g = A[n], B[n]
        term = np.array([f, n * f / r, g + 2 * kappa * log * f])
        slope = n * g / r + 2 * kappa * (log * n * f + f) / r
        result += np.column_stack([*term, slope])
        if n > 8 and np.all(np.abs([*term, slope]) <= 1e-18 * np.max(np.abs(result))):
            break
        n += 1
        a = (2 * kappa * r * A[-1] - r**2 * lowered(A[-2])) / (n * (n - 1))
        b = 2 * kappa * r * B[-1] - r**2 * lowered(B[-2]) - 2 * kappa * (2 * n - 1) * a
        A.append(a)
        B.append(b / (n * (n - 1)))
    result[0, 2] += 1.0
    return result


def zero_energy_size(kappa: float, r: Array) -> Array:
    """Return ``|f| + r |g|`` of `threshold_functions`, infinite where it overflows.

    f = 2r I_1(x)/x and g = x K_1(x), x = 2√(2κr), behind a barrier. For attracting charges the
    functions oscillate, and the size follows from their envelope and from r.
    """
    x = np.sqrt(8 * abs(kappa) * r)
    if kappa < 0:
        return r * (1 + np.minimum(1, x**-1.5)) + r * np.sqrt(x)
    with np.errstate(over="ignore"):
        return 2 * r / x * ive(1, x) * np.exp(x) + r * x * kve(1, x) * np.exp(-x)
