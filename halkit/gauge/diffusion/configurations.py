r"""From chains of plaquettes to configurations on a torus: raw or exact, and their density.

Raw: the plaquettes of a configuration are chains of the density g each, and only the last step
knows of the others. Given the noisy plaquettes, with means μ_i and variances v_i, their sum is
normal; a set is kept with a probability proportional to its density at the multiples of 2π,

    Σ_k e^{−(2πk − M)²/2Σ}/√Σ,    M = Σ_i μ_i,    Σ = Σ_i v_i,

one of the k is drawn, and the step is taken under the condition Σ_i P_i = 2πk. The result has the
density Π g(P)/Z_g: nothing in it but what was learned. Its normalisation is known,

    Z_g = (1/2π) Σ_m C_m^V,    C_m = ∫ g cos mP dP.

Exact: each plaquette is kept with a probability proportional to e^{β cos P}/g, which makes it a
draw of the true density whatever g is, and `halkit.gauge.theory.independent.close` does the rest.
A hundredth of the plaquettes is uniform, so that no tail of g is too thin. Neither way has a
Markov chain: configurations are independent.
"""

import numpy as np

from halkit.gauge.diffusion.plaquettes import interpolate, log_density
from halkit.gauge.theory.exact import log_bessel, orders, partition
from halkit.gauge.theory.independent import close, links_of
from halkit.gauge.theory.torus import TWO_PI, plaquette_sum, wrap

__all__ = ["effective_size", "exact_links", "log_prob", "plaquette_acceptance", "raw_links"]

UNIFORM = 0.01
MARGIN = 1 + 1e-6  # of the largest ratio, which is looked for on a grid
WIDTHS = 9.0
BATCH = 2**16
COLD = 25.0


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
    beta : float
    lattice_shape : (int, int)
    rng : Generator

    Returns
    -------
    array of shape (n, 2, L0, L1)
        Angles in [−π, π).
    """
    log_g, acceptance = chain.log_density(chain.points()[0]), plaquette_acceptance(chain, beta)
    floor = UNIFORM * chain.scale / TWO_PI
    log_norm = np.log(TWO_PI) + log_bessel(beta) - np.log(acceptance)

    def draw(count):
        angle, done = np.empty(count), 0
        while done < count:
            tried = min(BATCH, 16 + int(1.02 * (count - done) / acceptance))
            P = chain.draw(tried, rng)
            uniform = np.flatnonzero(rng.random(tried) < UNIFORM)
            P[uniform] = rng.uniform(-np.pi, np.pi, len(uniform)) / chain.scale
            mixture = (1 - UNIFORM) * np.exp(interpolate(log_g, P, chain.scale)) + floor
            chance = np.exp(log_density(P, (beta,)) - log_norm) / mixture
            kept = P[rng.random(tried) < chance][: count - done]
            angle[done : done + len(kept)] = kept
            done += len(kept)
        return angle

    return close(draw, n, beta, lattice_shape, rng)


def plaquette_acceptance(chain, beta):
    """Return the part of the plaquettes that is kept for exact draws of the coupling β."""
    P = chain.points()[0]
    mixture = (1 - UNIFORM) * np.exp(chain.log_density(P)) + UNIFORM * chain.scale / TWO_PI
    return float(1 / (MARGIN * (np.exp(_log_target(P, beta)) / mixture).max()))


def _log_target(P, beta):
    """Return the logarithm of the normalised density of a plaquette on an infinite lattice."""
    return log_density(P, (beta,)) - np.log(TWO_PI) - log_bessel(beta)


def log_prob(chain, links):
    """Return the logarithm of the density of links (n, 2, L0, L1) among raw configurations."""
    volume = links.shape[2] * links.shape[3]
    log_g = chain.log_density(wrap(plaquette_sum(links))).sum(axis=(1, 2))
    beta = max(_curvature(chain), 0.0)
    log_z = _log_sum(chain, np.exp(chain.log_density(chain.points()[0])), beta, volume)
    return log_g - log_z - volume * np.log(TWO_PI)


def _curvature(chain):
    return sum(k**2 * b for k, b in enumerate(chain.harmonics, 1))


def effective_size(chain, beta, lattice_shape):
    """Return the effective size of one raw configuration, 0 to 1, with weights e^{−S}/density.

    (Σ w)²/(n Σ w²) for n → ∞, in closed form: Z_f²/(Z_g Z_{f²/g}).
    """
    volume, (P, _) = int(np.prod(lattice_shape)), chain.points()
    log_f, log_g = _log_target(P, beta), chain.log_density(P)
    if chain.scale > 1 and log_density(P[-1], (beta,)) > -COLD:
        return 0.0  # f is wider than the part of the circle that g fills
    stiff = max(beta, _curvature(chain))
    log_ess = 2 * np.log(partition(beta, volume)) - sum(
        _log_sum(chain, density, stiff, volume)
        for density in (np.exp(log_g), np.exp(2 * log_f - log_g))
    )
    return float(np.exp(log_ess))


def _log_sum(chain, density, beta, volume):
    """Return log Σ_m C_m^V of an even density at the points of the chain."""
    P, weight = chain.points()
    order = orders(beta, volume)
    order = order[len(order) // 2 :]
    c = np.cos(np.outer(order, P)) @ (weight * density)
    step = order[1] - order[0]
    total = step * (2 * ((c / c[0]) ** volume).sum() - 1)
    return volume * np.log(c[0]) + np.log(total)
