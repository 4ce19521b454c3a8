r"""Sequential Monte Carlo from uniform links to e^{−S}, without any move made for topology.

Particles start uniform and go through the actions S_0 = const, …, S_M = S at rising places u from
0 to 1. At level j each is weighted and then moved by one trajectory of hybrid Monte Carlo in S_j:

    w ← w e^{−(S_j − S_{j−1})},    Ẑ ← Ẑ Σ_i w_i / Σ_i w_i(before),
    S_j = u S + (1 − u) E(θ, u),

with E = 0, a ramp of β, or any other energy that is flat at u = 0, like that of a network: as
(1 − u) vanishes at the end, the target is the true action whatever E is. Where the effective
sample size (Σw)²/Σw² falls below half of the particles, they are drawn anew in proportion to w
(systematic resampling). Ẑ is an unbiased estimate of Z(β)/Z(0) = e^{−βV} Σ_n I_n(β)^V if
E(θ, 0) = 0, and weighted means are consistent.

Errors come from genealogy: particles of one ancestor at u = 0 are not independent. A final
effective sample size says nothing about that, and is no test of convergence.

The levels are equidistant in β up to β = 20. Above it the plaquettes are Gaussian, the variance of
the weights is V/2 (Δ ln β)² a level, and the levels are equidistant in ln β, ½ V ln²(β/20) of
them, so that the variances add up to one whatever β is.

References: P. Del Moral, A. Doucet, A. Jasra, J. R. Stat. Soc. B 68, 411 (2006); A. Lee,
N. Whiteley, Biometrika 105, 609 (2018).
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning

from halkit.checks import check_array, check_integer
from halkit.gauge.chains.correction import progress
from halkit.gauge.chains.trajectory import INTEGRATORS, batch_innermost, trajectory
from halkit.gauge.theory.theories import U1
from halkit.gauge.theory.torus import (
    check_beta,
    check_lattice_shape,
    wilson_action,
    wrap,
)
from halkit.seeds import as_generator
from halkit.warn import warn_caller

__all__ = ["ParticleSample", "sample_smc"]

LEAST_ANCESTORS = 100
LARGEST_SCATTER = 0.3
ACCEPTANCE = 0.8
# A wave whose half period fits into all trajectories would never change its energy.
JITTER = 0.5
GAUSSIAN = 20.0
# Largest spread of a path's energy over uniform links at u = 0, where it must be flat.
FLAT = 1e-3


class ParticleSample(NamedTuple):
    """Weighted configurations of several independent populations.

    Attributes
    ----------
    theta : array of shape (n, 2, L0, L1)
    weights : array of shape (n,)
        Their sum is 1; populations count in proportion to their estimates of Z.
    population, ancestor : int array of shape (n,)
        Which population a configuration is of, and which particle at u = 0 it descends from.
    log_z : array of shape (n_populations,)
        Estimates of ln Z(β)/Z(0).
    distinct_ancestors : int array of shape (n_populations,)
    ess : float
        Final effective sample size, of all populations.
    n_force_evaluations : int
        For each particle.
    """

    theta: np.ndarray
    weights: np.ndarray
    population: np.ndarray
    ancestor: np.ndarray
    log_z: np.ndarray
    distinct_ancestors: np.ndarray
    ess: float
    n_force_evaluations: int

    @property
    def converged(self):
        """At least 100 ancestors in each population, and ln Z scatters by at most 0.3."""
        enough = self.distinct_ancestors.min() >= LEAST_ANCESTORS
        return bool(enough and self.scatter <= LARGEST_SCATTER)

    @property
    def scatter(self):
        """Standard deviation of ln Z between populations; 0 of one."""
        return float(self.log_z.std(ddof=1)) if len(self.log_z) > 1 else 0.0

    def mean(self, values):
        """Weighted mean and its error.

        Parameters
        ----------
        values : array of shape (n,)
            An observable of each configuration.

        Returns
        -------
        (float, float)
            The error is the larger of two: from the families of common ancestors, and from
            the scatter between populations.
        """
        values = check_array(values, "values", shape=self.weights.shape)
        mean = float(self.weights @ values)
        share = self.weights * (values - mean)
        family = self.population * (self.ancestor.max() + 1) + self.ancestor
        families = np.bincount(family, share)
        error = np.sqrt(np.sum(families**2))
        n_populations = len(self.log_z)
        if n_populations > 1:
            totals = np.bincount(self.population, share, minlength=n_populations)
            error = max(error, np.sqrt(np.sum(totals**2) * n_populations / (n_populations - 1)))
        return mean, float(error)

    def resampled(self, random_state=None, *, n=None):
        """Configurations of equal weight, some of them more than once.

        Parameters
        ----------
        random_state : int, RandomState, Generator or None
        n : int, optional
            How many; as many as there are particles by default.

        Returns
        -------
        array of shape (n, 2, L0, L1)
        """
        rng = as_generator(random_state)
        n = len(self.weights) if n is None else check_integer(n, "n", least=1)
        return self.theta[rng.permutation(_systematic(self.weights, n, rng))]


def sample_smc(
    n, beta, lattice_shape, *, n_populations=4, n_levels=None, n_steps=4, path=None,
    random_state=None, verbose=False,
):  # fmt: skip
    """Sample links of the Wilson action by sequential Monte Carlo along a path of actions.

    Parameters
    ----------
    n : int
        Number of particles, a multiple of n_populations; thousand or more in each population
        make sense.
    beta : float
        Coupling β ≥ 0.
    lattice_shape : (int, int)
        (L0, L1).
    n_populations : int, default 4
        Independent runs, whose scatter is part of the error.
    n_levels : int, optional
        Actions on the way; by default βV, at least 100, and above β = 20 the levels of the module
        from there on. Twice as many levels give about
        twice as many surviving ancestors.
    n_steps : int, default 4
        Steps of leapfrog in a trajectory; the step size follows an acceptance of 0.8.
    path : object, optional
        None is the ramp u βS, u = 0 … 1. Else an energy E that is added with weight 1 − u: its
        ``energy(theta, u)`` returns E of links (n, 2, L0, L1) as an array (n,), its
        ``force(theta, u)`` −∂E/∂θ, of the shape of the links; at u = 0 it must be constant.
        `U1DiffusionSampler.energy_path` makes one of a network. Whatever E is, the weighted
        samples are those of the Wilson action; a poor one costs ancestors.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.
    verbose : bool, default False
        Show a progress bar.

    Returns
    -------
    ParticleSample

    Raises
    ------
    ValueError, TypeError
        For counts below 1, n that is no multiple of n_populations, β < 0, and a path that
        lacks its functions, is not flat at u = 0 or not finite.

    Warns
    -----
    ConvergenceWarning
        Where fewer than 100 ancestors survive in a population, or ln Z scatters by more than
        0.3 between populations: means and errors are not to be trusted then.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import exact_wilson_loop, sample_smc, wilson_loop
    >>> sample = sample_smc(2000, 2.0, (4, 4), n_populations=2, random_state=0)
    >>> mean, error = sample.mean(wilson_loop(sample.theta, 1, 1))
    >>> bool(abs(mean - exact_wilson_loop(1, 2.0, (4, 4))) < 3 * error)
    True
    """
    shape, beta = check_lattice_shape(lattice_shape), check_beta(beta)
    n = check_integer(n, "n", least=1)
    n_populations = check_integer(n_populations, "n_populations", least=1)
    n_steps = check_integer(n_steps, "n_steps", least=1)
    if n % n_populations:
        raise ValueError(f"n must be a multiple of n_populations = {n_populations}; got {n}")
    n_levels = check_integer(n_levels, "n_levels", least=1, optional=True)
    levels = _levels(beta, int(np.prod(shape)), n_levels)
    rng = as_generator(random_state)
    actions = _Ramp(beta) if path is None else _Guided(beta, path)
    runs = [
        _population(n // n_populations, shape, actions, levels, n_steps, rng, verbose)
        for _ in range(n_populations)
    ]
    theta, log_weights, ancestors, log_z = zip(*runs, strict=True)
    log_w = np.concatenate([w - logsumexp(w) + z for w, z in zip(log_weights, log_z, strict=True)])
    weights = np.exp(log_w - logsumexp(log_w))
    sample = ParticleSample(
        np.concatenate(theta),
        weights,
        np.repeat(np.arange(n_populations), n // n_populations),
        np.concatenate(ancestors),
        np.array(log_z),
        np.array([len(np.unique(a)) for a in ancestors]),
        float(1 / np.sum(weights**2)),
        len(levels) * (n_steps + 1),
    )
    if not sample.converged:
        _warn(sample)
    return sample


class _Ramp:
    """u βS."""

    def __init__(self, beta):
        self.beta = beta

    def start(self, theta):
        return np.zeros(len(theta))

    def raised(self, theta, action, before, after):
        """The action at level `after` of links whose action at level `before` is known."""
        return after / before * action if before else after * wilson_action(theta, self.beta)

    def theory(self, u):
        return U1(u * self.beta)


class _Guided:
    """u βS + (1 − u) E(θ, u)."""

    def __init__(self, beta, path):
        if not callable(getattr(path, "energy", None)) or not callable(
            getattr(path, "force", None)
        ):
            raise TypeError(
                f"path must have the methods energy(theta, u) and force(theta, u); got {path!r}"
            )
        self.beta, self.path = beta, path

    def start(self, theta):
        energy = self._energy(theta, 0.0)
        if np.ptp(energy) > FLAT:
            raise ValueError(
                "the energy of path must be constant at u = 0, where links are uniform; it "
                f"varies by {np.ptp(energy):.3g}"
            )
        return energy

    def raised(self, theta, action, before, after):  # noqa: ARG002
        return self._action(theta, after)

    def theory(self, u):
        wilson = U1(u * self.beta)

        def kick(momentum, links, scale):
            wilson.kick(momentum, links, scale)
            if u < 1:
                force = _shaped(self.path.force(links, u), links.shape, "force")
                momentum += scale * (1 - u) * force

        return SimpleNamespace(
            space=wilson.space, kick=kick, action=lambda links: self._action(links, u)
        )

    def _action(self, theta, u):
        action = wilson_action(theta, u * self.beta)
        return action if u == 1 else action + (1 - u) * self._energy(theta, u)

    def _energy(self, theta, u):
        return _shaped(self.path.energy(theta, u), (len(theta),), "energy")


def _shaped(values, shape, name):
    return check_array(values, f"{name} of path", shape=shape)


def _levels(beta, volume, n_levels):
    """Return the places u: β rises in equal steps up to `GAUSSIAN`, its logarithm from there on."""
    warm, rise = min(beta, GAUSSIAN), np.log(max(beta / GAUSSIAN, 1.0))
    n_warm, n_cold = max(100, int(np.ceil(warm * volume))), int(np.ceil(volume * rise**2 / 2))
    if n_levels is not None:
        n_cold = round(n_levels * n_cold / (n_warm + n_cold))
        n_warm = n_levels - n_cold
    places = np.arange(1, n_warm + 1) / max(n_warm, 1)
    if n_cold:
        places = places * (warm / beta)
        places = np.append(places, np.exp(-rise * (1 - np.arange(1, n_cold + 1) / n_cold)))
    return places.tolist()


def _population(n, shape, actions, levels, n_steps, rng, verbose):
    """Return links, log weights, ancestors and the estimate of ln Z of one population."""
    theta = batch_innermost(rng.uniform(-np.pi, np.pi, (n, 2, *shape)))
    action, log_w = actions.start(theta), np.zeros(n)
    log_z = -float(action.mean())  # of links that are uniform, whatever their energy
    ancestor, step_size, before = np.arange(n), 1.0, 0.0
    for u in progress(levels, "levels", verbose):
        raised = actions.raised(theta, action, before, u)
        log_w -= raised - action
        action, before = raised, u
        weights = np.exp(log_w - log_w.max())
        if np.sum(weights) ** 2 < 0.5 * n * np.sum(weights**2):
            log_z += logsumexp(log_w) - np.log(n)
            chosen = _systematic(weights / weights.sum(), n, rng)
            theta, action, ancestor = theta[chosen], action[chosen], ancestor[chosen]
            theta, log_w = batch_innermost(theta), np.zeros(n)
        step = step_size * rng.uniform(1 - JITTER, 1)
        theta, accepted, _, action = trajectory(
            theta, actions.theory(u), step, n_steps, INTEGRATORS["leapfrog"], rng, before=action
        )
        step_size = min(step_size * np.exp(0.2 * (accepted.mean() - ACCEPTANCE)), np.pi / 2)
    log_z += logsumexp(log_w) - np.log(n)
    return np.ascontiguousarray(wrap(theta)), log_w, ancestor, log_z


def _systematic(weights, n, rng):
    """Return n indices, index i either ⌊n w_i⌋ or ⌈n w_i⌉ times."""
    positions = (np.arange(n) + rng.uniform()) / n
    return np.minimum(np.searchsorted(np.cumsum(weights), positions, "right"), len(weights) - 1)


def _warn(sample):
    warn_caller(
        f"not converged: {sample.distinct_ancestors.min()} distinct ancestors in the poorest "
        f"population ({LEAST_ANCESTORS} wanted), ln Z scatters by {sample.scatter:.2g} between "
        f"populations ({LARGEST_SCATTER} allowed); raise n_levels or n",
        ConvergenceWarning,
    )
