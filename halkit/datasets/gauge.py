"""Configurations of two-dimensional U(1) links at a known coupling."""

import numpy as np

from halkit.checks import check_integer
from halkit.gauge import correct, sample_exact
from halkit.gauge.theory.torus import as_generator, check_beta, check_lattice_shape

__all__ = ["make_u1_configurations"]


def make_u1_configurations(n, beta, lattice_size, *, method="exact", random_state=None):
    """Independent configurations of e^{−S}, S = β Σ (1 − cos P), on a torus.

    Parameters
    ----------
    n : int
        Number of configurations.
    beta : float
        Coupling β ≥ 0.
    lattice_size : int or (int, int)
        L for L × L, or (L0, L1).
    method : {"exact", "hmc"}
        `halkit.gauge.sample_exact`, or chains from uniform links: `halkit.gauge.correct`.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    float64 array of shape (n, 2, L0, L1)
        Link angles in [−π, π), radians, the direction μ on axis 1.

    Raises
    ------
    ValueError, TypeError
        If n < 1, beta is negative or not finite, a side of the lattice is below 2, or `method` is
        unknown.

    Examples
    --------
    >>> from halkit.datasets import make_u1_configurations
    >>> theta = make_u1_configurations(10, 2.0, 4, random_state=0)
    >>> theta.shape
    (10, 2, 4, 4)
    """
    n, beta = check_integer(n, "n", least=1), check_beta(beta)
    if not isinstance(lattice_size, tuple | list):
        lattice_size = (check_integer(lattice_size, "lattice_size", least=2),) * 2
    shape = check_lattice_shape(lattice_size)
    rng = as_generator(random_state)
    if method == "exact":
        return sample_exact(n, beta, shape, random_state=rng)
    if method == "hmc":
        start = rng.uniform(-np.pi, np.pi, (n, 2, *shape))
        return correct(start, beta, random_state=rng)
    raise ValueError(f"method must be 'exact' or 'hmc'; got {method!r}")
