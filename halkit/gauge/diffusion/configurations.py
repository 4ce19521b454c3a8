r"""From chains of plaquettes to configurations on a torus: raw or exact, and their density.

Raw: the plaquettes of a configuration are chains of the density g each, and only the last step
depends on the others. Given the noisy plaquettes, with means μ_i and variances v_i, their sum is
normal; a set is kept with a probability proportional to its density at the multiples of 2π,

    Σ_k e^{−(2πk − M)²/2Σ}/√Σ,    M = Σ_i μ_i,    Σ = Σ_i v_i,

one of the k is drawn, and the step is taken under the condition Σ_i P_i = 2πk. The result has the
density Π g(P)/Z_g, which contains only what was learned. Its normalisation is known,

    Z_g = (1/2π) Σ_m C_m^V,    C_m = ∫ g cos mP dP.

Exact: each plaquette is kept with a probability proportional to e^{β cos P}/g, which makes it a
draw of the true density whatever g is, and `halkit.gauge.theory.independent.close` does the rest.
A hundredth of the plaquettes is uniform, so that no tail of g is too thin. Neither way has a
Markov chain: configurations are independent.

Plaquettes of SU(2) are closed by `halkit.gauge.theory.commutator`, raw and exact ones alike.
"""

import numpy as np

from halkit.gauge.diffusion.plaquettes import interpolate, log_density
from halkit.gauge.theory import commutator
from halkit.gauge.theory.bessel import orders
from halkit.gauge.theory.independent import close, links_of
from halkit.gauge.theory.spaces import QUATERNIONS
from halkit.gauge.theory.theories import SU2, U1, as_theory
from halkit.gauge.theory.torus import TWO_PI, wrap

__all__ = ["effective_size", "exact_links", "log_prob", "plaquette_acceptance",
           "plaquette_draws", "raw_links"]  # fmt: skip

UNIFORM = 0.01
MARGIN = 1 + 1e-6  # of the largest ratio, which is looked for on a grid
WIDTHS = 9.0
BATCH = 2**16
COLD = 25.0
TINY = 1e-300


def raw_links(chain, n, lattice_shape, rng):
    """Return n independent configurations of the density Π g(P)/Z_g.

    Parameters
    ----------
    chain : PlaquetteChain
    n : int
    lattice_shape : (int, int)
    rng : Generator

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Angles in [−π, π).
    """
    if chain.space is QUATERNIONS:
        return commutator.close(
            lambda count: chain.draw(count, rng), lambda angle: np.exp(chain.log_density(angle)),
            n, lattice_shape, rng,
        )  # fmt: skip
    volume, period = int(np.prod(lattice_shape)), TWO_PI * chain.scale
    least = volume * float(chain.width[-1].min()) ** 2
    largest = _sectors(np.zeros(1), np.array([least]), period)[1].sum()
    links, done = np.empty((n, 2, *lattice_shape)), 0
    while done < n:
        tried = min(max(1, BATCH // volume), 2 + int(1.2 * (n - done)))
        x = wrap(chain.noisy(tried * volume, rng).astype(float)).reshape(tried, volume)
        mean, width = chain.last_step(x)
        sectors, weight = _sectors(mean.sum(axis=1), np.square(width).sum(axis=1), period)
        kept = np.flatnonzero(rng.uniform(size=tried) * largest < weight.sum(axis=1))[: n - done]
        mean, width, weight = mean[kept], width[kept], np.cumsum(weight[kept], axis=1)
        chosen = (rng.uniform(size=(len(kept), 1)) * weight[:, -1:] > weight).sum(axis=1)
        target = period * np.take_along_axis(sectors[kept], chosen[:, None], axis=1)
        angle = mean + width * rng.standard_normal(mean.shape)
        share = np.square(width)
        share /= share.sum(axis=1, keepdims=True)
        angle += share * (target - angle.sum(axis=1, keepdims=True))
        angle = (angle / chain.scale).reshape(-1, *lattice_shape)
        links[done : done + len(kept)] = links_of(angle, rng)
        done += len(kept)
    return links


def _sectors(mean, variance, period):
    """Return the k near mean/period, and the normal densities there; both of shape (n, …)."""
    reach = int(np.ceil(WIDTHS * np.sqrt(variance.max()) / period)) + 1
    k = np.round(mean / period)[:, None] + np.arange(-reach, reach + 1)
    distance, variance = period * k - mean[:, None], variance[:, None]
    return k, np.exp(-np.square(distance) / (2 * variance)) / np.sqrt(variance)


def exact_links(chain, n, beta, lattice_shape, rng):
    """Return n independent configurations of e^{−S}, by rejection plaquette by plaquette.

    Parameters
    ----------
    chain : PlaquetteChain
    n : int
    beta : float or theory
    lattice_shape : (int, int)
    rng : Generator

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Angles in [−π, π).
    """
    theory = as_theory(beta)
    return close(plaquette_draws(chain, theory, rng), n, theory, lattice_shape, rng)


def plaquette_draws(chain, theory, rng):
    """Return the function that draws so many independent exact plaquettes, by rejection."""
    space = chain.space
    log_g, acceptance = chain.log_density(chain.points()[0]), plaquette_acceptance(chain, theory)
    floor = UNIFORM * chain.scale / space.volume
    log_norm = theory.log_norm - np.log(acceptance)

    def draw(count):
        angle, done = np.empty(count), 0
        while done < count:
            tried = min(BATCH, 16 + int(1.02 * (count - done) / acceptance))
            P = chain.draw(tried, rng)
            uniform = np.flatnonzero(rng.random(tried) < UNIFORM)
            P[uniform] = space.uniform(len(uniform), rng) / chain.scale
            mixture = (1 - UNIFORM) * np.exp(interpolate(log_g, P, chain.scale)) + floor
            chance = np.exp(log_density(P, (theory.beta,)) - log_norm) / mixture
            kept = P[rng.random(tried) < chance][: count - done]
            angle[done : done + len(kept)] = kept
            done += len(kept)
        return angle

    return draw


def plaquette_acceptance(chain, beta):
    """Return the part of the plaquettes that is kept for exact draws of the coupling or theory."""
    P, floor = chain.points()[0], UNIFORM * chain.scale / chain.space.volume
    mixture = (1 - UNIFORM) * np.exp(chain.log_density(P)) + floor
    return float(1 / (MARGIN * (np.exp(_log_target(P, as_theory(beta))) / mixture).max()))


def _log_target(P, theory):
    """Return the logarithm of the normalised density of a plaquette on an infinite lattice."""
    return log_density(P, (theory.beta,)) - theory.log_norm


def log_prob(chain, links):
    """Return the logarithm of the density of links (n, 2, L0, L1) among raw configurations."""
    volume = int(np.prod(chain.space.lattice_shape(links)))
    log_g = chain.log_density(class_angles(chain.space, links)).sum(axis=(1, 2))
    beta = max(_curvature(chain), 0.0)
    log_z = _log_sum(chain, np.exp(chain.log_density(chain.points()[0])), beta, volume)
    return log_g - log_z - volume * np.log(chain.space.volume)


def class_angles(space, links):
    """Return the class angles of the plaquettes of links (n, 2, L0, L1, …)."""
    return (SU2 if space is QUATERNIONS else U1)().class_angle(links)


def _curvature(chain):
    return sum(k**2 * b for k, b in enumerate(chain.harmonics, 1))


def effective_size(chain, beta, lattice_shape):
    """Return the effective size of one raw configuration, 0 to 1, with weights e^{−S}/density.

    `beta` is a coupling or a theory.

    (Σ w)²/(n Σ w²) for n → ∞, in closed form: Z_f²/(Z_g Z_{f²/g}).
    """
    theory, volume, (P, _) = as_theory(beta), int(np.prod(lattice_shape)), chain.points()
    log_f, log_g = _log_target(P, theory), chain.log_density(P)
    if chain.scale > 1 and log_density(P[-1], (theory.beta,)) > -COLD:
        return 0.0  # f is wider than the part of the circle that g fills
    stiff = max(theory.beta, _curvature(chain))
    log_z = np.log(theory.partition(volume))
    log_ess = 2 * log_z - sum(
        _log_sum(chain, density, stiff, volume)
        for density in (np.exp(log_g), np.exp(2 * log_f - log_g))
    )
    return float(np.exp(log_ess))


def _log_sum(chain, density, beta, volume):
    """Return log Σ_m C_m^V of an even density at the points of the chain."""
    P, weight = chain.points()
    if chain.space is QUATERNIONS:
        u = commutator.harmonics(
            lambda angle: np.exp(np.interp(angle, P, np.log(np.maximum(density, TINY))))
        )
        return volume * np.log(u[0]) + np.log(((u / u[0]) ** volume).sum())
    order = orders(beta, volume)
    order = order[len(order) // 2 :]
    c = np.cos(np.outer(order, P)) @ (weight * density)
    step = order[1] - order[0]
    total = step * (2 * ((c / c[0]) ** volume).sum() - 1)
    return volume * np.log(c[0]) + np.log(total)
