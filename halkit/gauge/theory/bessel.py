"""Modified Bessel functions of real order at any coupling, and sums of their powers."""

import numpy as np
from scipy.special import ive

from halkit.gauge.theory.torus import TWO_PI

__all__ = ["log_bessel", "log_bessel_ratio", "orders", "partition"]

# From here on the uniform expansion of I_n(β)/I_0(β) is good to 1e-14.
UNIFORM = 1e3


def log_bessel_ratio(order, beta):
    """Return log(I_n(β)/I_0(β)) for real n, by the uniform expansion in 1/√(n² + β²) at large β.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 10.41.3 and 10.41.10.
    """
    order = np.abs(np.asarray(order, dtype=float))
    if beta < UNIFORM:
        with np.errstate(divide="ignore"):
            return np.log(ive(order, beta)) - np.log(ive(0, beta))
    radius, slope = np.hypot(order, beta), order / beta
    exponent = order * (order / (radius + beta)) - order * np.arcsinh(slope)
    correction = np.log1p(_uniform(radius, order)) - np.log1p(_uniform(beta, 0.0))
    return exponent - np.log1p(slope**2) / 4 + correction


def log_bessel(beta):
    """Return log[e^{−β} I_0(β)], minus the free energy of a plaquette on an infinite lattice."""
    if beta < UNIFORM:
        return float(np.log(ive(0, beta)))
    return float(np.log1p(_uniform(beta, 0.0)) - np.log(TWO_PI * beta) / 2)


def _uniform(radius, order):
    """Return u_1/n + u_2/n² + u_3/n³ with t = n/radius, written without the division by n."""
    t2 = (order / radius) ** 2
    u1 = (3 - 5 * t2) / 24
    u2 = (81 - 462 * t2 + 385 * t2**2) / 1152
    u3 = (30375 - 369603 * t2 + 765765 * t2**2 - 425425 * t2**3) / 414720
    return ((u3 / radius + u2) / radius + u1) / radius


def orders(beta, volume):
    """Return the n of a sum over i_n^V, as far as it is above 1e-20, a few to its width."""
    width = np.sqrt(beta / volume)
    step = max(1.0, np.floor(width / 3))
    n = step * np.arange(np.ceil((30 + 10 * width) / step) + 1)
    return np.concatenate([-n[:0:-1], n])


def partition(beta, volume):
    """Return Σ_n i_n^V."""
    order = orders(beta, volume)
    step = order[1] - order[0]
    return step * np.exp(volume * log_bessel_ratio(order, beta)).sum()
