"""Independent configurations: plaquettes drawn one by one, then closed on the torus.

On a torus the plaquettes add up to a multiple of 2π, and are independent but for that. V angles
drawn independently from f ∝ e^{β cos P} miss it by r = ΣP − 2π round(ΣP/2π). Spread over the
lattice, P' = P − r/V, they have the density ∫ ds Π f(P' + s/V) over −π ≤ s < π, for
(P', r) ↔ P is one to one. Kept with a probability proportional to

    w = Π f(P') / ∫ ds Π f(P' + s/V) = 1 / ∫ ds exp β[C (cos(s/V) − 1) − S sin(s/V)],

C = Σ cos P', S = Σ sin P', they are independent draws of Π f on the torus: no Markov chain, and
every charge with its probability. w is largest at C = V, S = 0, so that the acceptance is

    (1/2π) Σ_n (I_n/I_0)^V · ∫ ds e^{βV (cos(s/V) − 1)},

at least 0.76, and 0.84 from 64 plaquettes on. The links follow by cumulative sums; two holonomies
and a gauge transformation, all uniform, are what the plaquettes leave open.
"""

import numpy as np

from halkit.checks import check_integer
from halkit.gauge.theory import commutator
from halkit.gauge.theory.bessel import partition
from halkit.gauge.theory.spaces import QUATERNIONS
from halkit.gauge.theory.theories import as_theory
from halkit.gauge.theory.torus import TWO_PI, check_lattice_shape, wrap
from halkit.seeds import as_generator

__all__ = ["close", "closing_acceptance", "links_of", "sample_exact"]

BATCH = 2**16
NODES = np.polynomial.legendre.leggauss(48)
WIDTHS = 9.0


def sample_exact(n, beta, lattice_shape, *, random_state=None):
    """Draw independent configurations from e^{−S}, with no Markov chain.

    Parameters
    ----------
    n : int
        Number of configurations, at least 1.
    beta : float or theory
        Coupling β ≥ 0 of U(1), or a `halkit.gauge.U1` or `SU2`; at β = 0 all links are uniform.
    lattice_shape : (int, int)
        (L0, L1).
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Link angles in [−π, π). For SU(2) unit quaternions, (n, 2, L0, L1, 4).

    Raises
    ------
    ValueError, TypeError
        If n < 1, the lattice is smaller than 2 × 2, or beta is negative or not finite.

    Examples
    --------
    >>> from halkit.gauge import sample_exact, wilson_loop
    >>> theta = sample_exact(500, 2.0, (4, 6), random_state=0)
    >>> theta.shape
    (500, 2, 4, 6)
    >>> float(wilson_loop(theta, 1, 1).mean().round(1))
    0.7
    """
    n, theory = check_integer(n, "n", least=1), as_theory(beta, "draw_plaquettes")
    lattice_shape, rng = check_lattice_shape(lattice_shape), as_generator(random_state)
    return close(lambda count: theory.draw_plaquettes(count, rng), n, theory, lattice_shape, rng)


def close(draw, n, beta, lattice_shape, rng):
    """Return n configurations of independent plaquettes that are closed and accepted.

    Parameters
    ----------
    draw : callable
        From a number to as many independent angles of the density ∝ e^{β cos P}.
    n : int
    beta : float or theory
    lattice_shape : (int, int)
    rng : Generator

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Link angles in [−π, π). For SU(2) unit quaternions, (n, 2, L0, L1, 4).
    """
    theory, volume = as_theory(beta), int(np.prod(lattice_shape))
    if theory.space is QUATERNIONS:
        return commutator.close(draw, theory.density, n, lattice_shape, rng)
    beta = theory.beta
    acceptance, most = closing_acceptance(beta, lattice_shape), max(1, BATCH // volume)
    links, done = np.empty((n, 2, *lattice_shape)), 0
    while done < n:
        tried = min(most, 2 + int(1.02 * (n - done) / acceptance))
        angle = draw(tried * volume).reshape(tried, volume)
        total = angle.sum(axis=1, keepdims=True)
        angle -= (total - TWO_PI * np.round(total / TWO_PI)) / volume
        chance = _integral(volume, 0.0, beta, volume) / _integral(
            np.cos(angle).sum(axis=1), np.sin(angle).sum(axis=1), beta, volume
        )
        kept = angle[rng.uniform(size=tried) < chance][: n - done]
        links[done : done + len(kept)] = links_of(kept.reshape(-1, *lattice_shape), rng)
        done += len(kept)
    return links


def closing_acceptance(beta, lattice_shape):
    """Return the part of the closed configurations that is accepted, in closed form.

    `beta` is a coupling of U(1) or a theory.
    """
    theory, volume = as_theory(beta), int(np.prod(lattice_shape))
    if theory.space is QUATERNIONS:
        return commutator.closing_acceptance(commutator.harmonics(theory.density), volume)
    largest = _integral(volume, 0.0, theory.beta, volume)
    return float(np.squeeze(largest) * partition(theory.beta, volume) / TWO_PI)


def _integral(cosines, sines, beta, volume):
    """Return ∫ ds exp β[C (cos(s/V) − 1) − S sin(s/V)] over the part of (−π, π) that counts.

    The integrand is one bump around s = −V arctan(S/C), of the width V/√(β√(C² + S²)).
    """
    cosines, sines = np.atleast_1d(cosines)[:, None], np.atleast_1d(sines)[:, None]
    with np.errstate(divide="ignore"):
        reach = WIDTHS * volume / np.sqrt(beta * np.hypot(cosines, sines))
    reach = np.where(cosines > 0, reach, np.inf)
    peak = np.clip(-volume * np.arctan2(sines, cosines), -np.pi, np.pi)
    low, high = np.maximum(peak - reach, -np.pi), np.minimum(peak + reach, np.pi)
    s = (high + low) / 2 + (high - low) / 2 * NODES[0]
    half = np.sin(s / (2 * volume))
    exponent = -2 * beta * half * (cosines * half + sines * np.cos(s / (2 * volume)))
    return (high - low)[:, 0] / 2 * (np.exp(exponent) @ NODES[1])


def links_of(plaquettes, rng):
    """Return links (n, 2, L0, L1) with these plaquettes (n, L0, L1), else uniform.

    The plaquettes are angles modulo 2π whose sum is a multiple of 2π.
    """
    n, *lattice_shape = plaquettes.shape
    theta = np.zeros((n, 2, *lattice_shape))
    theta[:, 0, :, 1:] = -np.cumsum(plaquettes[:, :, :-1], axis=2)
    theta[:, 1, 1:, -1] = np.cumsum(plaquettes.sum(axis=2), axis=1)[:, :-1]
    theta[:, 0, 0] += rng.uniform(0, TWO_PI, (n, 1))
    theta[:, 1, :, -1] += rng.uniform(0, TWO_PI, (n, 1))
    alpha = rng.uniform(0, TWO_PI, (n, *lattice_shape))
    theta += alpha[:, None]
    theta[:, 0, :-1] -= alpha[:, 1:]
    theta[:, 0, -1] -= alpha[:, 0]
    theta[:, 1, :, :-1] -= alpha[:, :, 1:]
    theta[:, 1, :, -1] -= alpha[:, :, 0]
    return wrap(theta)
