"""Loops of two-dimensional SU(3) from its characters.

    ⟨W(A)⟩ = Σ_s Σ_{r ∈ s ⊗ 3} d_s/(3 d_r) u_r^{V−A} u_s^A / Σ_r u_r^V,    u_r = c_r/c_0,
    c_r = Σ_q det I_{λ_j − j + i + q}(β/3)/d_r

with the representation r of the Young rows λ = (p + q, q, 0); in the plane u_3^A is left (A. A.
Migdal 1975; J.-M. Drouffe, J.-B. Zuber, Phys. Rep. 102, 1 (1983)).
"""

from functools import lru_cache

import numpy as np
from scipy.special import ive

__all__ = ["su3_loop"]


def su3_loop(beta, area, volume):
    """Return ⟨⅓ Re tr⟩ of a loop; without a volume, in the plane."""
    area = np.asarray(area, dtype=float)
    u, dimension = _ratios(beta, 2 if volume is None else 8 + int(5 * np.sqrt(beta / volume)))
    if volume is None:
        return u[1, 0] ** area
    cut, loop = len(u) - 1, 0.0
    p, q = (index.ravel() for index in np.indices((cut, cut)))
    for step in ((1, 0), (-1, 1), (0, -1)):  # s ⊗ 3 has (p, q) + each of them
        a, b = p + step[0], q + step[1]
        inside = (a >= 0) & (b >= 0)
        s, r = (p[inside], q[inside]), (a[inside], b[inside])
        weight = dimension[s] / (3 * dimension[r])
        powers = u[r] ** (volume - area[..., None]) * u[s] ** area[..., None]
        loop = loop + (weight * powers).sum(axis=-1)
    return loop / (u[:cut, :cut] ** volume).sum()


@lru_cache(maxsize=32)
def _ratios(beta, cut):
    """Return u_r and d_r of p, q = 0 … cut."""
    p, q = np.indices((cut + 1, cut + 1))
    rows = np.stack([p + q, q, 0 * p], axis=-1)
    shift = np.arange(3)[:, None] - np.arange(3)
    reach = np.arange(-(40 + int(8 * np.sqrt(beta))), 41 + int(8 * np.sqrt(beta)))
    order = np.abs(rows[..., None, None, :] + shift + reach[:, None, None])
    matrices = ive(order, beta / 3)
    dimension = (p + 1) * (q + 1) * (p + q + 2) / 2
    c = np.linalg.det(matrices).sum(axis=-1) / dimension
    u = np.where(c > 1e-15 * c[0, 0], c / c[0, 0], 0.0)
    return u, dimension
