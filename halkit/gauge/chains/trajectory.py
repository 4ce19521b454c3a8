"""One trajectory of hybrid Monte Carlo: Hamilton's equations, then accept or stay.

    θ̇ = π,    π̇ = −∂S/∂θ,    H = ½ Σ π² + S(θ),    accepted with min(1, e^{−ΔH})

An integrator is a palindrome of kicks and drifts, so that it is reversible and keeps volumes.
A kick is a function ``kick(momentum, theta, scale)`` that adds scale times the force in place.
Sums over shifted arrays are fastest where the configurations lie next to each other in memory:
`batch_innermost` makes it so; the functions here keep whatever layout they get.
"""

import numpy as np

from halkit.gauge.theory.torus import add_curl, plaquette_sum, wilson_action, wrap

__all__ = [
    "INTEGRATORS",
    "batch_innermost",
    "follow",
    "keep",
    "metropolis",
    "trajectory",
    "wilson_kick",
    "wilson_trajectory",
]

# Kicks and drifts of one step. The Omelyan number makes the error term of second order least.
OMELYAN = 0.1931833275037836
INTEGRATORS = {
    "leapfrog": ((0.5, 0.5), (1.0,)),
    "omelyan": ((OMELYAN, 1 - 2 * OMELYAN, OMELYAN), (0.5, 0.5)),
}


def batch_innermost(links):
    """Return a copy of links (n, 2, L0, L1) whose fastest index in memory is the first."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(links, 0, -1)), -1, 0)


def wilson_kick(beta):
    """Return the kick of the Wilson action, the curl of h = −β sin P."""

    def kick(momentum, theta, scale):
        h = plaquette_sum(theta)
        np.sin(h, out=h)
        h *= -scale * beta
        add_curl(momentum, h)

    return kick


def follow(theta, momentum, kick, step_size, n_steps, integrator):
    """Return links and momenta after n_steps; the ends of neighbouring steps are one kick."""
    kicks, drifts = integrator
    theta, momentum = theta.copy(order="K"), momentum.copy(order="K")
    moved = np.empty_like(theta)
    for step in range(n_steps):
        for place, drift in enumerate(drifts):
            joined = kicks[-1] if step and not place else 0.0
            kick(momentum, theta, (kicks[place] + joined) * step_size)
            theta += np.multiply(momentum, drift * step_size, out=moved)
    kick(momentum, theta, kicks[-1] * step_size)
    return theta, momentum


def trajectory(theta, action, kick, step_size, n_steps, integrator, rng, *, before=None):
    """Return (links, accepted, ΔH, action of the links) after one trajectory from fresh momenta.

    ``action(theta)`` gives S of each configuration; `before` is S of the start if it is known.
    """
    momentum = np.empty_like(theta)
    momentum[...] = rng.standard_normal(theta.shape, dtype=theta.dtype)
    before = action(theta) if before is None else before
    kinetic = _kinetic(momentum)
    proposal, momentum = follow(theta, momentum, kick, step_size, n_steps, integrator)
    after = action(proposal)
    delta_h = _kinetic(momentum) - kinetic + after - before
    accepted = metropolis(delta_h, rng)
    return (
        keep(accepted, wrap(proposal), theta),
        accepted,
        delta_h,
        np.where(accepted, after, before),
    )


def _kinetic(momentum):
    return np.square(momentum).sum(axis=(1, 2, 3), dtype=np.float64) / 2


def wilson_trajectory(theta, beta, step_size, n_steps, integrator, rng, *, before=None):
    """Return `trajectory` of the Wilson action at β."""
    return trajectory(
        theta,
        lambda links: wilson_action(links, beta),
        wilson_kick(beta),
        step_size,
        n_steps,
        integrator,
        rng,
        before=before,
    )


def metropolis(difference, rng):
    """Return which of the proposals are accepted with min(1, e^{−difference})."""
    return rng.exponential(size=len(difference)) > difference


def keep(accepted, new, old):
    """Return the accepted of the new links, else the old ones, in the layout of the old."""
    kept = old.copy(order="K")
    np.copyto(kept, new, where=accepted[:, None, None, None])
    return kept
