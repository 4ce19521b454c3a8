"""One trajectory of hybrid Monte Carlo: Hamilton's equations, then accept or stay.

    θ̇ = π,    π̇ = −∂S/∂θ,    H = ½ Σ π² + S(θ),    accepted with min(1, e^{−ΔH})

An integrator is a palindrome of kicks and drifts, so that it is reversible and keeps volumes.
A theory has ``action(theta)``, ``kick(momentum, theta, scale)``, which adds scale times the force
in place, and the space that says how fields move along momenta.
Sums over shifted arrays are fastest where the configurations lie next to each other in memory:
`batch_innermost` makes it so; the functions here keep whatever layout they get.
"""

import numpy as np

__all__ = [
    "INTEGRATORS",
    "batch_innermost",
    "follow",
    "keep",
    "metropolis",
    "trajectory",
]

# Kicks and drifts of one step. The Omelyan number makes the error term of second order least.
OMELYAN = 0.1931833275037836
INTEGRATORS = {
    "leapfrog": ((0.5, 0.5), (1.0,)),
    "omelyan": ((OMELYAN, 1 - 2 * OMELYAN, OMELYAN), (0.5, 0.5)),
}


def batch_innermost(links):
    """Return a copy of fields (n, …) whose fastest index in memory is the first."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(links, 0, -1)), -1, 0)


def follow(theta, momentum, theory, step_size, n_steps, integrator):
    """Return links and momenta after n_steps; the ends of neighbouring steps are one kick."""
    kicks, drifts = integrator
    theta, momentum = theta.copy(order="K"), momentum.copy(order="K")
    moved = np.empty_like(momentum)
    for step in range(n_steps):
        for place, drift in enumerate(drifts):
            joined = kicks[-1] if step and not place else 0.0
            theory.kick(momentum, theta, (kicks[place] + joined) * step_size)
            theory.space.drift(theta, momentum, drift * step_size, moved)
    theory.kick(momentum, theta, kicks[-1] * step_size)
    return theta, momentum


def trajectory(theta, theory, step_size, n_steps, integrator, rng, *, before=None):
    """Return (fields, accepted, ΔH, action of the fields) after one trajectory from fresh momenta.

    `before` is the action of the start if it is known.
    """
    momentum = theory.space.momentum(theta, rng)
    before = theory.action(theta) if before is None else before
    kinetic = _kinetic(momentum)
    proposal, momentum = follow(theta, momentum, theory, step_size, n_steps, integrator)
    after = theory.action(proposal)
    delta_h = _kinetic(momentum) - kinetic + after - before
    accepted = metropolis(delta_h, rng)
    return (
        keep(accepted, theory.space.closed(proposal), theta),
        accepted,
        delta_h,
        np.where(accepted, after, before),
    )


def _kinetic(momentum):
    return np.square(momentum).sum(axis=tuple(range(1, momentum.ndim)), dtype=np.float64) / 2


def metropolis(difference, rng):
    """Return which of the proposals are accepted with min(1, e^{−difference})."""
    return rng.exponential(size=len(difference)) > difference


def keep(accepted, new, old):
    """Return the accepted of the new fields, else the old ones, in the layout of the old."""
    kept = old.copy(order="K")
    np.copyto(kept, new, where=accepted.reshape(-1, *[1] * (old.ndim - 1)))
    return kept
