r"""From uniform angles to samples along falling widths σ, with the score times β/β0.

"annealed" follows kinetic Langevin dynamics in the density p_σ^{β/β0} of every width,

    dθ = v dt,    dv = (β/β0) s(θ, σ) dt − γv dt + √(2γ) dW,

split into kick, drift, friction, drift, kick: one score per step, and in a harmonic well no
bias of the variance. At σ → 0 the density is that of the coupling β. "sde" and "ode" are the
reverse processes of the noise with the scaled score in them,

    dθ = −(β/β0) s dσ² + dW(σ²)    and    dθ = −½ (β/β0) s dσ²,

which are right at β = β0 alone: p_σ^{β/β0} is not the noisy density of the coupling β, and
the coupling that they reach is about 2β − β0. Their steps are of second order (Heun).
"""

import math
from itertools import pairwise

import torch

from halkit.gauge.noise import SIGMA_MAX, noise_levels

__all__ = ["METHODS", "anneal", "reverse_process", "stiffness"]

METHODS = ("annealed", "sde", "ode")
N_STEPS = 100
# Largest width in the plaquette's force that the first level still leaves.
FAINT = 0.3
SIGMA_MIN = 0.03
# Step: STEP/√κ where the wells are narrow, and STEP/√SOFT where they are wide and anharmonic.
STEP, SOFT = 0.9, 30.0
KEEP = 0.7


def stiffness(sigma, beta, ratio, *, lattice):
    """Return a bound on the curvature of −log p_σ^{β/β0}.

    8β e^{−2σ²} for plaquettes; (β/β0)/σ² for any density.
    """
    return 8 * beta * math.exp(-2 * sigma**2) if lattice else ratio / sigma**2


def _annealing_levels(n_steps, beta, *, lattice):
    """Return σ from where the noise hides the action to almost nothing, denser at small σ."""
    first = SIGMA_MAX
    if lattice:
        first = min(first, math.sqrt(max(math.log(8 * beta / FAINT), 0.1) / 2))
    last = SIGMA_MIN / math.sqrt(max(beta, 1.0))
    return last + (first - last) * torch.linspace(1, 0, n_steps, dtype=torch.float64) ** 2


def _normal(theta, generator):
    return torch.randn(theta.shape, generator=generator).to(theta)


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
    levels = _annealing_levels(n_steps or N_STEPS, beta, lattice=lattice).tolist()
    velocity = _normal(theta, generator)
    pull = ratio * score(theta, levels[0])
    for sigma in levels:
        h = STEP / math.sqrt(SOFT + stiffness(sigma, beta, ratio, lattice=lattice))
        velocity = velocity + h / 2 * pull
        theta = theta + h / 2 * velocity
        velocity = KEEP * velocity + math.sqrt(1 - KEEP**2) * _normal(theta, generator)
        theta = theta + h / 2 * velocity
        pull = ratio * score(theta, sigma)
        velocity = velocity + h / 2 * pull
    return theta


def reverse_process(score, theta, beta, ratio, *, noisy, generator, n_steps=None):
    """Run the noise backwards by Heun's method, with the scaled score: "sde" if noisy, else "ode".

    A step from the width σ to σ' takes the mean of the drifts at both ends, with one noise of
    the variance D = σ² − σ'²: of second order in D, the noise being additive. The last step
    ends without noise on the links, at σ' = 0, where it takes the drift at σ.

    Parameters and result are those of `anneal`; a step has two scores, and there are 100 of them
    by default.
    """
    last = SIGMA_MIN / math.sqrt(max(beta, 1.0))
    levels = [*noise_levels(n_steps or N_STEPS, last).tolist(), 0.0]
    share = ratio if noisy else ratio / 2
    for sigma, following in pairwise(levels):
        fall, drift = sigma**2 - following**2, share * score(theta, sigma)
        if noisy:
            theta = theta + math.sqrt(fall) * _normal(theta, generator)
        if following:
            drift = (drift + share * score(theta + fall * drift, following)) / 2
        theta = theta + fall * drift
    return theta
