r"""The density of the Coulomb wave of two points, averaged over angles.

With the partial waves F_l(η, ρ) of the Coulomb wave ψ(r) of unit flux,

    ∫ |ψ(r)|² dΩ/4π         = Σ_l (2l+1) F_l²/ρ²         = F_0'² + (1 − 2η/ρ) F_0²,
    ∫ ψ(r) ψ(−r)^* dΩ/4π    = Σ_l (−1)^l (2l+1) F_l²/ρ²,

1 and sin(2ρ)/2ρ without charges. The closed form follows from |ψ|² = F_0'(t)² + F_0(t)² with
t = ρ(1 − cos θ)/2 and from d/dt {t [F_0'² + (1 − 2η/t) F_0²]} = F_0'² + F_0². At ρ → 0 it is the
Gamow factor 2πη/(e^{2πη} − 1).
"""

from __future__ import annotations

import numpy as np

from halkit.scattering.coulomb.waves import regular_coulomb
from halkit.typing import Array

__all__ = ["coulomb_density", "exchange_share"]

LARGEST = 1e100


def coulomb_density(eta: Array, rho: Array) -> Array:
    """Return Σ_l (2l+1) F_l²/ρ² for η and ρ > 0 that broadcast."""
    F, slope = regular_coulomb(0, eta, rho)
    return slope**2 + (1 - 2 * eta / rho) * F**2


def exchange_share(eta: float, rho: Array) -> Array:
    """Return Σ (−1)^l (2l+1) F_l² / Σ (2l+1) F_l² for one η and ρ of shape (n,).

    F_l follow from the recurrence downwards, where they grow (Miller's algorithm).
    """
    top, pull = np.max(rho, initial=0.0) ** 2, 2 * abs(eta) * np.max(rho, initial=0.0)
    beyond = np.sqrt(top + pull)  # the largest l that reaches ρ, if charges attract
    start = int(25 + beyond + 8 * np.cbrt(beyond) + 8 * np.sqrt(np.sqrt(pull)))
    above, here = np.zeros_like(rho), np.ones_like(rho)
    sums = {0: np.zeros_like(rho), 1: np.zeros_like(rho)}
    for l in range(start, 0, -1):
        sums[l % 2] += (2 * l + 1) * here**2
        slope = (2 * l + 1) * (1 / rho + eta / (l * (l + 1)))
        new = slope * here - np.hypot(1, eta / (l + 1)) * above
        above, here = here, new / np.hypot(1, eta / l)
        large = np.abs(here) > LARGEST
        if np.any(large):
            shrink = np.where(large, 1 / LARGEST, 1.0)
            above, here = above * shrink, here * shrink
            sums = {parity: part * shrink**2 for parity, part in sums.items()}
    even, odd = sums[0] + here**2, sums[1]
    return (even - odd) / (even + odd)
