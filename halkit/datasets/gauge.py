"""Configurations of two-dimensional theories at known couplings."""

import numpy as np

from halkit.checks import check_choice, check_integer
from halkit.gauge import SU2, Phi4, correct, hmc, sample_exact
from halkit.gauge.theory.torus import as_lattice_shape, check_beta
from halkit.seeds import as_generator

__all__ = ["make_phi4_configurations", "make_su2_configurations", "make_u1_configurations"]

# Trajectories of length 2, at L = 8: ten autocorrelation times at the critical point.
CRITICAL, SHORTEST = 60, 60
SITES = 2**17


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
    shape = as_lattice_shape(lattice_size)
    rng = as_generator(random_state)
    if check_choice(method, "method", ("exact", "hmc")) == "exact":
        return sample_exact(n, beta, shape, random_state=rng)
    start = rng.uniform(-np.pi, np.pi, (n, 2, *shape))
    return correct(start, beta, random_state=rng)


def make_su2_configurations(n, lattice_size, beta, *, random_state=None):
    """Independent configurations of e^{−S}, S = β Σ (1 − ½ tr P), on a torus.

    Parameters
    ----------
    n : int
        Number of configurations.
    lattice_size : int or (int, int)
        L for L × L, or (L0, L1).
    beta : float
        Coupling β ≥ 0.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    array of shape (n, 2, L0, L1, 4)
        Links as unit quaternions q, U = q0 + i q·σ, drawn by `halkit.gauge.sample_exact`.

    Raises
    ------
    ValueError, TypeError
        If n < 1, beta is negative or not finite, or a side of the lattice is below 2.

    Examples
    --------
    >>> from halkit.datasets import make_su2_configurations
    >>> make_su2_configurations(10, 4, 2.0, random_state=0).shape
    (10, 2, 4, 4, 4)
    """
    return sample_exact(n, SU2(beta), as_lattice_shape(lattice_size), random_state=random_state)


def make_phi4_configurations(
    n, lattice_size, *, kappa=0.21, lam=0.022, n_trajectories=None, random_state=None
):
    """Independent fields of e^{−S}, each from a chain of hybrid Monte Carlo of its own.

    The chains start at a constant field of the least action, and the sign of every field is drawn
    at the end, which is a symmetry of the action.

    Parameters
    ----------
    n : int
        Number of fields.
    lattice_size : int or (int, int)
        L for L × L, or (L0, L1).
    kappa, lam : float, default 0.21 and 0.022
        κ and λ, see `halkit.gauge.Phi4`.
    n_trajectories : int, optional
        Trajectories of length 2 before a field is taken; by default 60 (L/8)² with the longer side
        L, at least 60, which is ten autocorrelation times where they are longest, at κ = 0.27.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    array of shape (n, L0, L1)

    Raises
    ------
    ValueError, TypeError
        If n < 1, a side of the lattice is below 1, or a coupling is out of its range.

    Examples
    --------
    >>> from halkit.datasets import make_phi4_configurations
    >>> make_phi4_configurations(10, (4, 6), kappa=0.21, lam=0.022, random_state=0).shape
    (10, 4, 6)
    """
    n, theory = check_integer(n, "n", least=1), Phi4(kappa, lam)
    shape = as_lattice_shape(lattice_size, least=1)
    if n_trajectories is None:
        n_trajectories = max(SHORTEST, round(CRITICAL * (max(shape) / 8) ** 2))
    n_trajectories = check_integer(n_trajectories, "n_trajectories", least=2)
    rng, fields = as_generator(random_state), np.empty((n, *shape))
    size = max(1, SITES // int(np.prod(shape)))
    for start in range(0, n, size):
        part = fields[start : start + size]
        *_, state = hmc(
            np.full(part.shape, theory.vacuum), theory, n_trajectories=-(-n_trajectories // 2),
            n_warmup=n_trajectories // 2, trajectory_length=2.0, spread=0.5, random_state=rng,
        )  # fmt: skip
        part[:] = state.theta * rng.choice([-1.0, 1.0], (len(part), 1, 1))
    return fields
