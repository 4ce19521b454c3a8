"""Two-dimensional U(1) on the torus, solved: loops, charges, independent configurations.

With i_n = I_n(β)/I_0(β) and V plaquettes (Migdal 1975, Rusakov 1990)

    ⟨W(A)⟩ = Σ_n i_n^{V−A} i_{n+1}^A / Σ_n i_n^V,
    P(Q) = ∫ dk φ(k)^V cos 2πkQ / Σ_n i_n^V,    φ(k) = Σ_n i_n sin π(k−n) / π(k−n).

The plaquettes are independent von Mises angles but for one condition, that their sum is a
multiple of 2π; so V − 1 of them are drawn, the last is minus their sum, and the set is kept
with probability exp(β (cos last − 1)).
"""

from functools import lru_cache

import numpy as np
from scipy.special import ive

from halkit.checks import check_integer, check_integers
from halkit.gauge.torus import TWO_PI, as_generator, check_beta, check_lattice_shape, wrap

__all__ = ["charge_probability", "exact_susceptibility", "exact_wilson_loop", "sample_exact"]

BATCH = 2**20


def exact_wilson_loop(area, beta, lattice_shape):
    """Return the mean ⟨cos(angle around a loop)⟩ of a loop that encloses some plaquettes.

    Parameters
    ----------
    area : int or array of int
        Plaquettes inside, 0 ≤ area ≤ L0·L1; R·T for a rectangle, 1 for the mean plaquette.
    beta : float
        Coupling β ≥ 0.
    lattice_shape : (int, int)
        (L0, L1).

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
    beta, volume = check_beta(beta), int(np.prod(check_lattice_shape(lattice_shape)))
    area = check_integers(area, "area")
    if area.size and not (area.min() >= 0 and area.max() <= volume):
        raise ValueError(f"area must lie between 0 and {volume} plaquettes; got {area}")
    ratio = _bessel_ratios(beta)[1]
    n = area[..., None]
    loops = (ratio[:-1] ** (volume - n) * ratio[1:] ** n).sum(axis=-1)
    return loops / (ratio**volume).sum()


def _bessel_ratios(beta):
    """Return n = −N … N and I_n(β)/I_0(β), with N so large that the rest is below 1e-20."""
    largest = 30 + int(np.sqrt(100 * beta))
    n = np.arange(-largest, largest + 1)
    return n, ive(np.abs(n), beta) / ive(0, beta)


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
        With an absolute error of about 1e-12.

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
    size = np.abs(charge)
    inside = size < len(probability)
    return np.where(inside, probability[np.where(inside, size, 0)], 0.0)[()]


@lru_cache(maxsize=64)
def _charge_table(beta, lattice_shape):
    """Return P(Q) for Q = 0, 1, … as far as it does not vanish.

    φ^V is the characteristic function of a sum of bounded angles, so that the trapezoidal
    rule in k with step 1/M is exact as soon as no |Q| ≥ M/2 occurs.
    """
    volume = int(np.prod(lattice_shape))
    n, ratio = _bessel_ratios(beta)
    # |Q| stays below V/2, and twenty standard deviations are never seen.
    variance = np.pi**2 / 3 + 2 * ((-1.0) ** n * ratio / np.maximum(n * n, 1) * (n != 0)).sum()
    largest = min(volume // 2, 20 + int(20 * np.sqrt(volume * variance) / TWO_PI))
    step = 1 / (2 * largest + 1)
    # φ falls like a Gaussian, then like ρ(π) sin πk/k with the von Mises density ρ.
    edge = np.exp(-2 * beta) / ive(0, beta)
    end = 2 + np.sqrt(92 * beta / volume) + edge / np.pi * 10 ** (13 / (volume - 1))
    k = np.arange(0, end, step)
    power = np.concatenate(
        [(np.sinc(some[:, None] - n) @ ratio) ** volume for some in _chunks(k, len(n))]
    )
    power[1:] *= 2
    integral = _cosine_sum(power, largest, step)
    probability = np.maximum(integral / (ratio**volume).sum(), 0)
    probability.flags.writeable = False
    return probability


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


def sample_exact(n, lattice_shape, beta, *, random_state=None):
    """Draw independent configurations from e^{−S}, with no Markov chain.

    The links follow from the plaquettes by cumulative sums; two holonomies and a gauge
    transformation, all uniform, are what the plaquettes leave open.

    Parameters
    ----------
    n : int
        Number of configurations, at least 1.
    lattice_shape : (int, int)
        (L0, L1).
    beta : float
        Coupling β ≥ 0; at β = 0 all links are uniform.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Link angles in [−π, π).

    Raises
    ------
    ValueError, TypeError
        If n < 1, the lattice is smaller than 2 × 2, or beta is negative or not finite.

    Examples
    --------
    >>> from halkit.gauge import sample_exact, wilson_loop
    >>> theta = sample_exact(500, (4, 6), 2.0, random_state=0)
    >>> theta.shape
    (500, 2, 4, 6)
    >>> float(wilson_loop(theta, 1, 1).mean().round(2))
    0.7
    """
    n, beta = check_integer(n, "n", least=1), check_beta(beta)
    lattice_shape = check_lattice_shape(lattice_shape)
    rng = as_generator(random_state)
    plaquettes = _draw_plaquettes(n, int(np.prod(lattice_shape)), beta, rng)
    theta = _links_of(plaquettes.reshape(n, *lattice_shape))
    theta[:, 0, :, :] += rng.uniform(0, TWO_PI, (n, 1, 1)) * _first(lattice_shape[0])[:, None]
    theta[:, 1, :, -1] += rng.uniform(0, TWO_PI, (n, 1))
    alpha = rng.uniform(0, TWO_PI, (n, *lattice_shape))
    theta[:, 0] += alpha - np.roll(alpha, -1, axis=1)
    theta[:, 1] += alpha - np.roll(alpha, -1, axis=2)
    return wrap(theta)


def _first(size):
    return np.eye(1, size)[0]


def _draw_plaquettes(n, volume, beta, rng):
    """Return n accepted sets of angles (n, V) whose sums are multiples of 2π."""
    kept, missing = [], n
    most = max(1, BATCH // volume)
    acceptance = 1.0
    while missing:
        tried = min(most, 16 + int(1.1 * missing / acceptance))
        angle = rng.vonmises(0, beta, (tried, volume - 1))
        last = -angle.sum(axis=1)
        weight = np.exp(beta * (np.cos(last) - 1))
        accept = np.flatnonzero(rng.uniform(size=tried) < weight)[:missing]
        kept.append(np.column_stack([angle[accept], last[accept]]))
        missing -= len(accept)
        acceptance = max(weight.mean(), 1 / np.sqrt(volume) / 8)
    return np.concatenate(kept)


def _links_of(plaquettes):
    """Return links with these plaquettes, zero but for θ_0 at y > 0 and θ_1 at y = L1 − 1."""
    theta = np.zeros((len(plaquettes), 2, *plaquettes.shape[1:]))
    theta[:, 0, :, 1:] = -np.cumsum(plaquettes[:, :, :-1], axis=2)
    theta[:, 1, 1:, -1] = np.cumsum(plaquettes.sum(axis=2), axis=1)[:, :-1]
    return theta
