"""SU(2) links as unit quaternions (n, 2, L0, L1, 4): plaquettes, loops, the covariant curl.

    P(x) = U_0(x) U_1(x+0̂) U_0†(x+1̂) U_1†(x)

A vector h per plaquette, in the frame of P(x), pulls at the links as a scalar does in U(1), but
parallel transported to the place of the link:

    s_0(x) = h(x) − U_1†(x−1̂) h(x−1̂) U_1(x−1̂),    s_1(x) = U_0†(x−0̂) h(x−0̂) U_0(x−0̂) − h(x).

All functions trust their arguments.
"""

import numpy as np

from halkit.gauge.theory.quaternion import conjugate, haar, product, rotated

__all__ = ["add_curl", "links_of", "plaquette_loss", "plaquettes", "wilson_loop"]


def plaquettes(links):
    """Return P(x), shape (n, L0, L1, 4)."""
    return _rectangle(links[:, 0], links[:, 1], 1, 1)


def _rectangle(bottom, left, R, T):
    """Product of the four sides of rectangles, given the two sides that start at each site."""
    right, top = np.roll(left, -R, 1), np.roll(bottom, -T, 2)
    return product(product(bottom, right), conjugate(product(left, top)))


def plaquette_loss(P):
    """Return 1 − cos a, which keeps its digits at small a."""
    sine = np.square(P[..., 1:]).sum(axis=-1)
    cosine = P[..., 0]
    return np.where(cosine > 0, sine / (1 + np.abs(cosine)), 1 - cosine)


def add_curl(momentum, links, h):
    """Add the pull of a vector h per plaquette (n, L0, L1, 3) to momenta, in place."""
    momentum[:, 0] += h
    momentum[:, 1] -= h
    momentum[:, 0] -= np.roll(rotated(links[:, 1], h), 1, 2)
    momentum[:, 1] += np.roll(rotated(links[:, 0], h), 1, 1)


def wilson_loop(links, R, T):
    """Return the mean over the lattice of ½ tr around R × T rectangles."""
    bottom, left = _line(links[:, 0], R, 1), _line(links[:, 1], T, 2)
    return _rectangle(bottom, left, R, T)[..., 0].mean((1, 2))


def _line(links, length, axis):
    """Product of links that start at every site and follow an axis."""
    line = links
    for step in range(1, length):
        line = product(line, np.roll(links, -step, axis))
    return line


def columns(P):
    """Return the products P(0) P(1) … P(L1 − 1) along the last axis of the lattice."""
    column = P[..., 0, :]
    for place in range(1, P.shape[-2]):
        column = product(column, P[..., place, :])
    return column


def links_of(P, A, B, rng):
    """Return links with these plaquettes (n, L0, L1, 4) and holonomies, else uniform.

    The products C_x of the columns obey C_{L0−1} … C_0 = A B A† B†. In the gauge U_1(x, y) = 1
    for y < L1 − 1, U_0(x, 0) = 1 for x < L0 − 1, A is the last U_0(x, 0), and B the U_1 at
    (0, L1 − 1).
    """
    n, size_0, size_1, _ = P.shape
    one = np.zeros((n, 4))
    one[:, 0] = 1
    links = np.empty((n, 2, size_0, size_1, 4))
    links[:, 1, :, :-1] = one[:, None, None]
    links[:, 0, :, 0] = one[:, None]
    links[:, 0, -1, 0] = A
    for y in range(size_1 - 1):
        links[:, 0, :, y + 1] = product(conjugate(P[:, :, y]), links[:, 0, :, y])
    column, links[:, 1, 0, -1] = columns(P), B
    for x in range(size_0 - 1):
        links[:, 1, x + 1, -1] = product(column[:, x], links[:, 1, x, -1])
    return gauge_rotation(links, haar((n, size_0, size_1), rng))


def gauge_rotation(links, rotation):
    """Return g(x) U_μ(x) g†(x+μ̂) for elements g (n, L0, L1, 4)."""
    ends = np.stack([np.roll(rotation, -1, axis) for axis in (1, 2)], axis=1)
    return product(
        product(np.ascontiguousarray(np.broadcast_to(rotation[:, None], links.shape)), links),
        conjugate(ends),
    )
