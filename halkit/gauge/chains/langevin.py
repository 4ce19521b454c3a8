r"""Kinetic Langevin dynamics along a path of densities p_t.

    dx = v dt,    dv = F_t(x) dt − γv dt + √(2γ) dW,    F_t = ∂ log p_t/∂x

is split into kick, drift, friction, drift, kick: one force per step, and in a harmonic well no
bias of the variance. What is an array here may as well be a tensor.
"""

import math

__all__ = ["kinetic_langevin"]

KEEP = 0.7


def kinetic_langevin(force, x, steps, normal):
    """Follow the dynamics, one step for every place on the path.

    Parameters
    ----------
    force : callable
        From (x, t) to F_t(x), of the shape of x.
    x : array
        Where to start.
    steps : sequence of (t, h)
        Places t on the path, and the step h in time at each of them.
    normal : callable
        From x to as many standard normal numbers.

    Returns
    -------
    array of the shape of x

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge.chains.langevin import kinetic_langevin
    >>> rng, start = np.random.default_rng(0), np.zeros(20_000)
    >>> x = kinetic_langevin(
    ...     lambda x, variance: -x / variance,
    ...     start, [(0.5, 0.4)] * 50, lambda x: rng.normal(size=x.shape)
    ... )
    >>> bool(abs(x.var() - 0.5) < 0.02)
    True
    """
    velocity = normal(x)
    pull = force(x, steps[0][0])
    for place, h in steps:
        velocity = velocity + h / 2 * pull
        x = x + h / 2 * velocity
        velocity = KEEP * velocity + math.sqrt(1 - KEEP**2) * normal(x)
        x = x + h / 2 * velocity
        pull = force(x, place)
        velocity = velocity + h / 2 * pull
    return x
