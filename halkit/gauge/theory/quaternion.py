"""SU(2) as unit quaternions q = (cos a, n̂ sin a), U = q_0 + i q·σ, so that
(0, a)(0, b) = (−a·b, −a × b); the components are on the last axis.

The class angle a lies in [0, π], ½ tr U = cos a, and Haar's measure is (2/π) sin² a da times the
uniform directions n̂. All functions trust their arguments.
"""

import numpy as np

__all__ = [
    "class_angle",
    "concentrated",
    "conjugate",
    "directed",
    "exponential",
    "haar",
    "product",
    "rotated",
]


def product(a, b):
    """Return ab, in the memory layout of the larger of the two."""
    out = np.empty_like(b if b.size >= a.size else a)
    a0, a1, a2, a3 = np.moveaxis(a, -1, 0)
    b0, b1, b2, b3 = np.moveaxis(b, -1, 0)
    out[..., 0] = a0 * b0 - a1 * b1 - a2 * b2 - a3 * b3
    out[..., 1] = a0 * b1 + a1 * b0 - a2 * b3 + a3 * b2
    out[..., 2] = a0 * b2 + a2 * b0 - a3 * b1 + a1 * b3
    out[..., 3] = a0 * b3 + a3 * b0 - a1 * b2 + a2 * b1
    return out


def conjugate(q):
    """Return q†, the inverse of a unit quaternion."""
    inverse = np.negative(q)
    inverse[..., 0] *= -1
    return inverse


def rotated(q, v):
    """Return the vector part of q† v q for vectors v (..., 3)."""
    cross = _cross(q[..., 1:], v)
    return v + 2 * (q[..., :1] * cross + _cross(q[..., 1:], cross))


def _cross(a, b):
    out = np.empty_like(b)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


def exponential(v):
    """Return (cos v, v̂ sin v), v the length of vectors (..., 3)."""
    out = np.empty((*v.shape[:-1], 4))
    angle = np.sqrt(np.square(v).sum(axis=-1))
    out[..., 0] = np.cos(angle)
    out[..., 1:] = np.sinc(angle / np.pi)[..., None] * v
    return out


def class_angle(q):
    """Return a in [0, π]."""
    return np.arctan2(np.sqrt(np.square(q[..., 1:]).sum(axis=-1)), q[..., 0])


def haar(shape, rng):
    """Return uniform elements of the group, an array of this shape times 4."""
    return _unit(rng.standard_normal((*shape, 4)))


def directed(angle, rng):
    """Return elements with these class angles and uniform directions."""
    axis = _unit(rng.standard_normal((*np.shape(angle), 3)))
    return np.concatenate([np.cos(angle)[..., None], np.sin(angle)[..., None] * axis], axis=-1)


def _unit(v):
    return v / np.sqrt(np.square(v).sum(axis=-1, keepdims=True))


def concentrated(k, rng):
    """Return class angles of the density ∝ e^{k cos a} with respect to Haar's measure.

    Parameters
    ----------
    k : array of shape (n,)
        Concentrations k ≥ 0.
    rng : Generator

    Returns
    -------
    array of shape (n,)

    References
    ----------
    A. T. A. Wood, Commun. Stat. Simul. Comput. 23, 157 (1994), in four dimensions.
    """
    b = 3 / (2 * k + np.sqrt(4 * k**2 + 9))
    low, half, left = 2 * b / (1 + b), np.empty(len(k)), np.arange(len(k))
    while left.size:  # 1 − w = 2 sin²(a/2) and 1 − x_0 keep their digits at large k
        z, (c, one, away) = rng.beta(1.5, 1.5, left.size), (k[left], b[left], low[left])
        loss = 2 * one * z / (1 - (1 - one) * z)
        bound = c * (away - loss) + 3 * np.log((away + (1 - away) * loss) / (away * (2 - away)))
        kept = rng.exponential(size=left.size) > -bound
        half[left[kept]] = loss[kept] / 2
        left = left[~kept]
    return 2 * np.arcsin(np.sqrt(half))
