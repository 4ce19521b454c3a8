r"""From uniform links to samples along falling widths σ of noise on the links, with a scaled score.

"annealed" follows kinetic Langevin dynamics in the density p_σ^{β/β0} of every width
(`halkit.gauge.chains.langevin`); at σ → 0 this is the density of the coupling β. "sde" and "ode"
are the reverse processes of the noise with the scaled score in them,

    dθ = −(β/β0) s dσ² + dW(σ²)    and    dθ = −½ (β/β0) s dσ²,

which are right at β = β0 alone: p_σ^{β/β0} is not the noisy density of the coupling β, and
the coupling that they reach is about 2β − β0. Their steps are of second order (Heun). On a lattice
100 steps of Langevin dynamics at widths below 0.15 follow, which bring the plaquette to the
coupling β; large loops and the charge stay as they are.
"""

import math
from itertools import pairwise

import torch

from halkit.gauge.chains.langevin import kinetic_langevin
from halkit.gauge.diffusion.noise import SIGMA_MAX, noise_levels

__all__ = ["METHODS", "anneal", "reverse_process", "settle", "smallest_width", "stiffness"]

METHODS = ("annealed", "sde", "ode")
N_STEPS = 100
N_SETTLED, SETTLED = 100, 0.15
# Largest width in the plaquette's force that the first level still leaves.
FAINT = 0.3
SIGMA_MIN = 0.03
# Step: STEP/√κ where the wells are narrow, and STEP/√SOFT where they are wide and anharmonic.
STEP, SOFT = 0.9, 30.0


def stiffness(sigma, beta, ratio, *, lattice):
    """Return a bound on the curvature of −log p_σ^{β/β0}.

    8β e^{−2σ²} for plaquettes; (β/β0)/σ² for any density.
    """
    return 8 * beta * math.exp(-2 * sigma**2) if lattice else ratio / sigma**2


def smallest_width(beta):
    """Return the width at which the noise has no effect any more at the coupling β."""
    return SIGMA_MIN / math.sqrt(max(beta, 1.0))


def anneal(score, theta, beta, ratio, *, lattice, generator, n_steps=None):
    """Follow kinetic Langevin dynamics, one step per width.

    Parameters
    ----------
    score : callable
        From (θ, σ) to the score s at β0, of the shape of θ; σ is a float.
    theta : Tensor of shape (n, …)
        Where to start: uniform angles, which are already right at β = 0.
    beta, ratio : float
        Coupling β, and β/β0.
    lattice : bool
        Whether the angles are links of a lattice with plaquettes.
    generator : torch.Generator
        Source of the random numbers, on the CPU.
    n_steps : int, optional
        Number of steps, each with one score: 100 by default.

    Returns
    -------
    Tensor of the shape of theta
        Not wrapped.
    """
    if not ratio:
        return theta
    levels = _annealing_levels(n_steps or N_STEPS, beta, lattice=lattice)
    return _langevin(score, theta, beta, ratio, levels, lattice=lattice, generator=generator)


def _annealing_levels(n_steps, beta, *, lattice):
    """Return σ from where the noise hides the action to almost nothing, denser at small σ."""
    first = SIGMA_MAX
    if lattice:
        first = min(first, math.sqrt(max(math.log(8 * beta / FAINT), 0.1) / 2))
    last = smallest_width(beta)
    return last + (first - last) * torch.linspace(1, 0, n_steps, dtype=torch.float64) ** 2


def settle(score, theta, beta, ratio, *, generator):
    """Follow kinetic Langevin dynamics on a lattice for 100 steps from a width of 0.15 down.

    Takes and returns what `anneal` does, but theta is already a sample of about that width.
    The plaquette then is as good as the score at small widths.
    """
    last = smallest_width(beta)
    levels = last + (SETTLED - last) * torch.linspace(1, 0, N_SETTLED, dtype=torch.float64) ** 2
    return _langevin(score, theta, beta, ratio, levels, lattice=True, generator=generator)


def _langevin(score, theta, beta, ratio, levels, *, lattice, generator):
    levels = levels.tolist()
    curvature = (stiffness(sigma, beta, ratio, lattice=lattice) for sigma in levels)
    steps = [STEP / math.sqrt(SOFT + bound) for bound in curvature]
    return kinetic_langevin(
        lambda x, sigma: ratio * score(x, sigma),
        theta,
        list(zip(levels, steps, strict=True)),
        lambda x: _normal(x, generator),
    )


def _normal(theta, generator):
    return torch.randn(theta.shape, generator=generator).to(theta)


def reverse_process(score, theta, beta, ratio, *, noisy, generator, n_steps=None):
    """Run the noise backwards by Heun's method, with the scaled score: "sde" if noisy, else "ode".

    A step from the width σ to σ' takes the mean of the drifts at both ends, with one noise of
    the variance D = σ² − σ'²: of second order in D, the noise being additive. The last step
    ends without noise on the links, at σ' = 0, where it takes the drift at σ.

    Takes and returns what `anneal` does; a step has two scores, and there are 100 of them
    by default.
    """
    levels = [*noise_levels(n_steps or N_STEPS, smallest_width(beta)).tolist(), 0.0]
    share = ratio if noisy else ratio / 2
    for sigma, following in pairwise(levels):
        fall, drift = sigma**2 - following**2, share * score(theta, sigma)
        if noisy:
            theta = theta + math.sqrt(fall) * _normal(theta, generator)
        if following:
            drift = (drift + share * score(theta + fall * drift, following)) / 2
        theta = theta + fall * drift
    return theta
