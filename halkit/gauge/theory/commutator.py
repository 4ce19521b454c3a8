"""Independent plaquettes of SU(2), closed on the torus by the commutator of two holonomies.

In axial gauge the torus asks of the columns C_x, the products of their plaquettes, that
C_{L0−1} … C_0 = A B A† B† with two uniform holonomies. All plaquettes but one are drawn from f,
independently; H is their product, in its order around the missing one. The commutator has the
density Σ_n χ_n/n, so that a set of V − 1 belongs to the torus with a weight

    W(H) = ∫ dG f(G H†) Σ_n χ_n(G)/n = Σ_n u_n χ_n(H)/n,    f = Σ_n n u_n χ_n,

largest at H = 1: kept with W(H)/W(1), the part Σ u_n^V/Σ u_n of the sets stays. Then A and B are
drawn until f(A B A† B† H†)/f(1) accepts them, and the last plaquette follows. The configurations
are independent draws of Π f on the torus, with no Markov chain.
"""

import numpy as np

from halkit.gauge.theory.quaternion import class_angle, conjugate, directed, haar, product
from halkit.gauge.theory.spaces import QUATERNIONS
from halkit.gauge.theory.su2 import columns, links_of

__all__ = ["close", "closing_acceptance", "harmonics"]

BATCH = 2**16
MARGIN = 1 + 1e-6  # of the largest values, which are looked for on a grid
MOST = 1024
TRIES = 2**12
ROUNDING = 1e-13


def harmonics(density):
    """Return u_n, n = 1, 2, …, of a density of class angles, as far as they are above 1e-13."""
    for count in (64, 256, MOST):
        x, m = np.pi * (np.arange(8 * count) + 0.5) / (8 * count), np.arange(count)
        u = (density(x) * QUATERNIONS.haar(x)) @ QUATERNIONS.characters(x, m) / len(x)
        if np.abs(u[-8:]).max() < ROUNDING:
            break
    return u[: 1 + np.flatnonzero(np.abs(u) > ROUNDING).max()]


def close(draw, density, n, lattice_shape, rng):
    """Return n configurations of independent plaquettes that are closed on the torus.

    Parameters
    ----------
    draw : callable
        From a number to as many independent class angles.
    density : callable
        Their density with respect to Haar's measure, at class angles.
    n : int
    lattice_shape : (int, int)
    rng : Generator

    Returns
    -------
    array of shape (n, 2, L0, L1, 4)
    """
    volume, u = int(np.prod(lattice_shape)), harmonics(density)
    x, weight = _weight(u)
    acceptance = closing_acceptance(u, volume)
    peak, most = MARGIN * density(x).max(), max(1, BATCH // volume)
    links, done = np.empty((n, 2, *lattice_shape, 4)), 0
    while done < n:
        tried = min(most, 2 + int(1.1 * (n - done) / acceptance))
        P = np.empty((tried, volume, 4))
        P[:, -1] = [1, 0, 0, 0]
        P[:, :-1] = directed(draw(tried * (volume - 1)).reshape(tried, -1), rng)
        P = P.reshape(tried, *lattice_shape, 4)
        column = columns(P)
        before = column[:, 0]
        for number in range(1, lattice_shape[0] - 1):
            before = product(column[:, number], before)
        angle = class_angle(product(column[:, -1], before))
        kept = np.flatnonzero(rng.random(tried) < np.interp(angle, x, weight))[: n - done]
        P, after, before = P[kept], column[kept, -1], before[kept]
        A, B, P[:, -1, -1] = _holonomies(after, before, density, peak, rng)
        links[done : done + len(kept)] = links_of(P, A, B, rng)
        done += len(kept)
    return links


def closing_acceptance(u, volume):
    """Return the part of the sets of V − 1 plaquettes that is kept."""
    return float((u**volume).sum() * _weight(u)[1][0] / u.sum())


def _weight(u):
    """Return class angles and W over its largest value there."""
    x = np.linspace(0, np.pi, max(4096, 16 * len(u)))
    weight = QUATERNIONS.characters(x, np.arange(len(u))) @ u
    return x, np.maximum(weight, 0) / (MARGIN * weight.max())


def _holonomies(after, before, density, peak, rng):
    """Draw A, B and the last plaquette, after† A B A† B† before†."""
    n, left = len(after), np.arange(len(after))
    A, B, last = np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 4))
    while left.size:
        index = np.repeat(left, max(1, TRIES // left.size))
        a, b = haar((len(index),), rng), haar((len(index),), rng)
        commutator = product(product(a, b), conjugate(product(b, a)))
        P = product(conjugate(after[index]), product(commutator, conjugate(before[index])))
        kept = np.flatnonzero(rng.random(len(index)) * peak < density(class_angle(P)))
        found, first = np.unique(index[kept], return_index=True)
        A[found], B[found], last[found] = a[kept[first]], b[kept[first]], P[kept[first]]
        left = np.setdiff1d(left, found)
    return A, B, last
