"""Two-dimensional U(1) on the torus, solved: loops, charges, the density of configurations.

With i_n = I_n(β)/I_0(β) and V plaquettes (Migdal 1975, Rusakov 1990)

    ⟨W(A)⟩ = Σ_n i_n^{V−A} i_{n+1}^A / Σ_n i_n^V,
    P(Q) = ∫ dk φ(k)^V cos 2πkQ / Σ_n i_n^V,    φ(k) = Σ_n i_n sin π(k−n) / π(k−n).

At large β the sums run over thousands of n without structure: i_n falls like e^{−n²/2β}, and a
sum over every s-th n, s well below the width √(β/V) of i_n^V, times s differs from the full one
by e^{−2π²β/(Vs²)} (Poisson). P(Q) falls like e^{−2π²βQ²/V} there, and is integrated along
k + iκ, through the saddle point of φ^V e^{2πikQ}, where nothing cancels:

    P(Q) = e^{−2πκQ} ∫ dk φ(k + iκ)^V e^{2πikQ} / Σ_n i_n^V.
"""

from functools import lru_cache

import numpy as np
from scipy.special import ive

from halkit.checks import check_integers
from halkit.gauge.theory.bessel import log_bessel, log_bessel_ratio, orders, partition
from halkit.gauge.theory.theories import as_theory
from halkit.gauge.theory.torus import (
    TWO_PI,
    as_links,
    check_beta,
    check_lattice_shape,
    wilson_action,
)

__all__ = [
    "charge_probability",
    "exact_log_prob",
    "exact_susceptibility",
    "exact_wilson_loop",
]

BATCH = 2**20
# From here on φ(k) = I_k(β)/I_0(β): the plaquettes do not see that their range ends at ±π.
NARROW = 30.0
# β/V from which P(1) is below 1e-300, and 2π²β/V from which P(Q ≠ 0) is rare.
COLD, RARE = 60.0, 7.0
ROUNDING = 1e-14
NODES = np.polynomial.legendre.leggauss(256)


def exact_wilson_loop(area, beta, lattice_shape=None):
    """Return the mean ⟨cos(angle around a loop)⟩ of a loop that encloses some plaquettes.

    For SU(2) and SU(3) it is the mean of ½ tr and of ⅓ Re tr.

    Parameters
    ----------
    area : int or array of int
        Plaquettes inside, 0 ≤ area ≤ L0·L1; R·T for a rectangle, 1 for the mean plaquette.
    beta : float or theory
        Coupling β ≥ 0 of U(1), or a `halkit.gauge.U1`, `SU2` or `SU3`.
    lattice_shape : (int, int), optional
        (L0, L1) of a torus; by default the infinite plane.

    Returns
    -------
    float, or array of the shape of area

    Raises
    ------
    ValueError, TypeError
        If the area does not fit the lattice, or beta is negative or not finite.

    References
    ----------
    A. A. Migdal, Sov. Phys. JETP 42, 413 (1975); B. Rusakov, Mod. Phys. Lett. A 5, 693 (1990).

    Examples
    --------
    >>> from halkit.gauge import exact_wilson_loop
    >>> float(round(exact_wilson_loop(1, 7.0, (16, 16)), 10))
    0.9255322109
    """
    theory, area = as_theory(beta, "exact_loop"), check_integers(area, "area")
    volume = None if lattice_shape is None else int(np.prod(check_lattice_shape(lattice_shape)))
    if area.size and not 0 <= area.min() <= area.max() <= (volume or np.inf):
        raise ValueError(f"area must lie between 0 and {volume} plaquettes; got {area}")
    return theory.exact_loop(area, volume)


def exact_log_prob(theta, beta, *, lattice_shape=None):
    """Return the logarithm of the normalised density of links, in units of 1/radian^(2·L0·L1).

        log p = −S − 2V log 2π − V log[e^{−β} I_0(β)] − log Σ_n i_n^V

    Minus its mean over exact configurations is their entropy; its mean minus the mean of another
    normalised density is the relative entropy of the two.

    Parameters
    ----------
    theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Link angles in radians.
    beta : float
        Coupling β ≥ 0.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError, TypeError
        If theta is not on a lattice, or beta is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import exact_log_prob
    >>> exact_log_prob(np.zeros((1, 2, 2, 2)), 0.0) / np.log(2 * np.pi)
    array([-8.])
    """
    links, beta = as_links(theta, lattice_shape), check_beta(beta)
    volume = links.shape[2] * links.shape[3]
    log_z = volume * (2 * np.log(TWO_PI) + log_bessel(beta)) + np.log(partition(beta, volume))
    return -wilson_action(links, beta) - log_z


def charge_probability(charge, beta, lattice_shape):
    """Return the probability P(Q) of the topological charge.

    Parameters
    ----------
    charge : int or array of int
        Charges Q.
    beta, lattice_shape
        As for `exact_wilson_loop`.

    Returns
    -------
    float, or array of the shape of charge
        With an absolute error of about 1e-12. Where β > 0.36 V, with V ≥ 8 plaquettes, the
        relative error for ``|Q|`` ≤ V/8 is 1e-9 as well; below 1e-300 it is zero.

    Raises
    ------
    ValueError, TypeError
        If a charge is no integer, or as for `exact_wilson_loop`.

    Examples
    --------
    >>> from halkit.gauge import charge_probability
    >>> charge_probability([0, 1, -1], 7.0, (8, 8)).round(8)
    array([0.78458854, 0.10742253, 0.10742253])
    """
    charge = check_integers(charge, "charge")
    probability = _charge_table(check_beta(beta), check_lattice_shape(lattice_shape))
    inside = (charge < len(probability)) & (charge > -len(probability))
    return np.where(inside, probability[np.abs(np.where(inside, charge, 0))], 0.0)[()]


@lru_cache(maxsize=64)
def _charge_table(beta, lattice_shape):
    """Return P(Q) for Q = 0, 1, … as far as it does not vanish."""
    volume = int(np.prod(lattice_shape))
    if beta > COLD * volume:
        probability = np.ones(1)
    else:
        probability = _fourier_table(beta, volume)
        if RARE * volume < 2 * np.pi**2 * beta and volume >= 8:
            for charge in range(1, min(len(probability), volume // 8 + 1)):
                probability[charge] = _rare(charge, beta, volume)
    probability.flags.writeable = False
    return probability


def _fourier_table(beta, volume):
    """Return P(Q) with an absolute error of 1e-12.

    φ^V is the characteristic function of a sum of bounded angles, so that the trapezoidal
    rule in k with step 1/M is exact as soon as no |Q| ≥ M/2 occurs.
    """
    # |Q| stays below V/2, and twenty standard deviations are never seen; α² ≤ ½π² (1 − cos α).
    variance = -(np.pi**2) / 2 * np.expm1(float(log_bessel_ratio(1, beta)))
    largest = min(volume // 2, 20 + int(20 * np.sqrt(volume * variance) / TWO_PI))
    step = 1 / (2 * largest + 1)
    # φ falls like a Gaussian, then like ρ(π) sin πk/k with the von Mises density ρ.
    edge = np.exp(-2 * beta) / ive(0, beta)
    end = 2 + np.sqrt(92 * beta / volume) + edge / np.pi * 10 ** (13 / (volume - 1))
    power = _characteristic_power(np.arange(0, end, step), beta, volume)
    power[1:] *= 2
    probability = _cosine_sum(power, largest, step) / partition(beta, volume)
    return np.where(probability < ROUNDING, 0, probability)


def _characteristic_power(k, beta, volume):
    """Return φ(k)^V."""
    if beta > NARROW:
        return np.exp(volume * log_bessel_ratio(k, beta))
    n = orders(beta, 1)
    ratio = np.exp(log_bessel_ratio(n, beta))
    parts = [np.sinc(some[:, None] - n) @ ratio for some in _chunks(k, len(n))]
    return np.concatenate(parts) ** volume


def _rare(charge, beta, volume):
    """Return P(Q), to 1e-9 of itself, by the integral through the saddle point κ = −β sin m.

    There the plaquettes have the mean m = 2πQ/V, and x = α − m the weight e^{g(x)}; in k the
    integrand is a Gaussian, with a remainder like k^{−V} from the ends at α = ±π.
    """
    mean = TWO_PI * charge / volume
    stiff = beta * np.cos(mean)
    low, high = np.clip([-14 / np.sqrt(stiff), 14 / np.sqrt(stiff)], -np.pi - mean, np.pi - mean)
    x = (high + low) / 2 + (high - low) / 2 * NODES[0]
    g = -stiff * 2 * np.sin(x / 2) ** 2 + beta * np.sin(mean) * (x - np.sin(x))
    weight = (high - low) / 2 * NODES[1] * np.exp(g)
    k = np.arange(0, 30 + 9 * np.sqrt(stiff / volume), 0.1)
    ratio = np.exp(1j * k[:, None] * x) @ weight / weight.sum()
    integral = 0.1 * (2 * (ratio**volume).real.sum() - 1)
    exponent = np.log(weight.sum() / TWO_PI / ive(0, beta)) - beta * 2 * np.sin(mean / 2) ** 2
    return integral * np.exp(volume * exponent) / partition(beta, volume)


def _chunks(k, width):
    return np.array_split(k, 1 + len(k) * width // BATCH)


def _cosine_sum(power, largest, step):
    """Return step·Σ_j power_j cos(2π j step Q) for Q = 0 … largest; the cosines repeat in j."""
    period = 2 * largest + 1
    folded = np.zeros(-(-len(power) // period) * period)
    folded[: len(power)] = power
    folded = folded.reshape(-1, period).sum(axis=0)
    return step * np.fft.fft(folded).real[: largest + 1]


def exact_susceptibility(beta, lattice_shape):
    """Return the topological susceptibility χ = ⟨Q²⟩/V on a finite torus.

    Parameters, errors and accuracy are those of `charge_probability`.

    Returns
    -------
    float

    Examples
    --------
    >>> from halkit.gauge import exact_susceptibility
    >>> round(exact_susceptibility(7.0, (16, 16)), 10)
    0.0039313053
    """
    lattice_shape = check_lattice_shape(lattice_shape)
    probability = _charge_table(check_beta(beta), lattice_shape)
    square = np.arange(len(probability)) ** 2
    return float(2 * square @ probability / np.prod(lattice_shape))
