"""The tail that makes any links exact: hybrid Monte Carlo at the true action, with winding hits.

Every configuration starts a chain of its own whose fixed point is e^{−S}; what it keeps of the
start after n trajectories has died out as e^{−n/τ}, so that n = 10 τ leaves 5e-5 of it. τ is
the longest of three times, in trajectories of the length that `tail_length` describes:

    energy    4 (measured from uniform links; a trajectory shares a surplus between S and π²)
    waves     −1/ln cos(ω t),     ω = 2√β sin(π/L),  L the longer side, t the length
    charge    4 max(χV, 1)/hits,  a walk over a Gaussian of variance χV, half of the hits refused

Below β = 3 vortices make the last two shorter: there they are taken at β = 3. Above β = 10⁴ the
energy gets 2 ln(β/10⁴) of its times more, for uniform links have the action β a plaquette. A chain
that is left so hot that none in equilibrium is, with the probability 1e-15 by Chernoff's bound
P(S > s) ≤ e^{−0.9 s} Z(0.1 β)/Z(β), goes on with others like it, and a step that suits them. A
trajectory is not longer than a period of the slowest wave, 2π/ω. The phases of
Polyakov loops, which would take longest on a narrow lattice, are drawn at the end.
"""

import numpy as np

from halkit.checks import check_boolean, check_integer
from halkit.gauge.chains.markov import hmc
from halkit.gauge.theory.bessel import log_bessel, partition
from halkit.gauge.theory.exact import exact_susceptibility
from halkit.gauge.theory.torus import (
    TWO_PI,
    as_links,
    check_beta,
    check_lattice_shape,
    wilson_action,
    wrap,
)
from halkit.seeds import as_generator

__all__ = ["correct", "progress", "tail_length"]

RELAXATIONS = 10
ENERGY_TIME = 4.0
DISORDERED = 3.0
# Above it uniform links have so much energy, β a plaquette, that 2 ln β/COLD more times are needed.
COLD = 1e4
# Wide, so that chains which are still far from the others get steps that they accept.
JITTER = 0.8
# Sites of one batch, so that its arrays stay in the cache.
SITES = 2**14
# Of Chernoff's bound, and how often chains that are too hot go on.
TILT, ROUNDS = 0.9, 50
# βV up to which single precision has a ΔH that is right to 5e-4.
SINGLE = 2e5


def tail_length(beta, lattice_shape):
    """Return how many trajectories of `correct` make a configuration forget where it started.

    Ten times the longest relaxation time of the chains. A trajectory is max(1, L/16) long on
    average, with L the longer side, but at most a period of the slowest wave, and is followed by
    4 to 16 winding hits, about χV of them.

    Parameters
    ----------
    beta : float
        Coupling β ≥ 0.
    lattice_shape : (int, int)
        (L0, L1).

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        If beta is negative or not finite, or the lattice smaller than 2 × 2.

    Examples
    --------
    >>> from halkit.gauge import tail_length
    >>> tail_length(7.0, (16, 16)), tail_length(3.0, (64, 64))
    (40, 114)
    """
    beta, lattice_shape = max(check_beta(beta), DISORDERED), check_lattice_shape(lattice_shape)
    length, hits = _moves(beta, lattice_shape)
    phase = _frequency(beta, lattice_shape) * length
    wave = -1 / np.log(np.cos(min(phase, 1.0)))
    charge = 4 * max(_charge_variance(beta, lattice_shape), 1) / hits
    energy = ENERGY_TIME * (RELAXATIONS + 2 * np.log(max(beta / COLD, 1.0)))
    return int(np.ceil(max(energy, RELAXATIONS * max(wave, charge))))


def _moves(beta, lattice_shape):
    """Return the mean length of a trajectory and the number of winding hits after it."""
    beta = max(beta, DISORDERED)
    hits = np.clip(np.ceil(_charge_variance(beta, lattice_shape)), 4, 16)
    length = max(1.0, max(lattice_shape) / 16)
    return min(length, TWO_PI / _frequency(beta, lattice_shape)), int(hits)


def _frequency(beta, lattice_shape):
    """The smallest frequency ω that is not zero, of a wave along the longer side."""
    return 2 * np.sqrt(beta) * np.sin(np.pi / max(lattice_shape))


def _charge_variance(beta, lattice_shape):
    return exact_susceptibility(beta, lattice_shape) * np.prod(lattice_shape)


def correct(
    theta, beta, *, n_trajectories=None, random_state=None, lattice_shape=None, verbose=False
):
    """Return configurations of e^{−S}, each from a chain that starts at one of the given ones.

    Memory is bounded: the chains run in batches, in single precision up to βV = 2·10⁵. The step of
    the integrator is tuned in the first half of the chains of each batch, and then stays. At the
    end all links that cross one line of the lattice turn by one angle, drawn anew for each
    configuration and direction, which is a symmetry of the action.

    Parameters
    ----------
    theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Where the chains start, angles in radians: samples of a model, or uniform links.
    beta : float
        Coupling β ≥ 0.
    n_trajectories : int, optional
        By default `tail_length`, which suffices from uniform links and from a wrong charge.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.
    verbose : bool, default False
        Show a progress bar.

    Returns
    -------
    float64 array of the shape of theta
        Angles in [−π, π), as independent of each other as the starts were, and more.

    Raises
    ------
    ValueError, TypeError
        If theta is not on a lattice, beta negative or not finite, or n_trajectories below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import correct, exact_wilson_loop, wilson_loop
    >>> theta = correct(np.zeros((200, 2, 4, 4)), 2.0, random_state=0)
    >>> loops = wilson_loop(theta, 1, 1)
    >>> z = (loops.mean() - exact_wilson_loop(1, 2.0, (4, 4))) / loops.std() * np.sqrt(200)
    >>> bool(abs(z) < 3)
    True
    """
    links, beta = as_links(theta, lattice_shape), check_beta(beta)
    shape, rng = links.shape[2:], as_generator(random_state)
    hottest = np.inf
    if n_trajectories is None:
        n_trajectories, hottest = tail_length(beta, shape), _hottest(beta, int(np.prod(shape)))
    n_trajectories = check_integer(n_trajectories, "n_trajectories", least=1)
    size = max(1, SITES // int(np.prod(shape)))
    corrected = np.empty(links.shape)
    for start in progress(range(0, len(links), size), "correct", verbose):
        chains = _tail(links[start : start + size], beta, n_trajectories, rng)
        for _ in range(ROUNDS):
            hot = np.flatnonzero(wilson_action(chains, beta) > hottest)
            if not hot.size:
                break
            chains[hot] = _tail(chains[hot], beta, n_trajectories, rng)
        corrected[start : start + size] = _turned(chains, rng)
    return corrected.reshape(np.shape(theta))


def _tail(links, beta, n_trajectories, rng):
    """Return links after a tail whose step is tuned in its first half."""
    length, hits = _moves(beta, links.shape[2:])
    n_warmup = n_trajectories // 2
    *_, state = hmc(
        links,
        beta,
        n_trajectories=n_trajectories - n_warmup,
        n_warmup=n_warmup,
        trajectory_length=length,
        jitter=JITTER,
        spread=0.5,
        winding_hits=hits,
        single=beta * links[0, 0].size <= SINGLE,
        random_state=rng,
    )
    return state.theta.astype(float)


def _hottest(beta, volume):
    """Return the action above which a configuration is found with a probability below 1e-15."""
    warm, cold = (
        volume * log_bessel(b) + np.log(partition(b, volume)) for b in ((1 - TILT) * beta, beta)
    )
    return (15 * np.log(10) + warm - cold) / TILT


def _turned(theta, rng):
    """The links with phases of their Polyakov loops that are uniform, in both directions."""
    theta = theta.copy()
    angle = rng.uniform(-np.pi, np.pi, size=(2, len(theta), 1))
    theta[:, 0, 0, :] += angle[0]
    theta[:, 1, :, 0] += angle[1]
    return wrap(theta)


def progress(steps, description, verbose):
    """Return the steps, under a bar if one is wanted."""
    if not check_boolean(verbose, "verbose"):
        return steps
    from tqdm.auto import tqdm

    return tqdm(steps, desc=description, leave=False)
