"""The ΞΞ (¹S₀) potentials of HAL QCD at m_π = 510 MeV, to leading order and to N²LO.

    V(r) = Σ_i c_i e^{−b_i r²}                                        (leading order)
    U(r, r') = [V0(r) + V2(r) ∇²] δ(r − r'),                           (N²LO)
    V2(r) = q_0 e^{−q_1 (r − q_2)²} + q_3 e^{−q_4 (r − q_5)²}.

All numbers are in lattice units, a⁻¹ = 2194 MeV, with m_Ξ = 0.665. The parameters are means over
20 jackknife samples at t/a = 13. Reference: T. Iritani et al. (HAL QCD), Phys. Rev. D 99
(2019) 014514 [arXiv:1805.02365].
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from halkit.interactions.derivative import DerivativeExpansion
from halkit.interactions.functions import Laplacian
from halkit.interactions.local import GaussianSum
from halkit.typing import Array

__all__ = [
    "XIXI_INVERSE_SPACING",
    "XIXI_PION_MASS",
    "XI_MASS",
    "xixi_leading_order",
    "xixi_n2lo",
]

XIXI_INVERSE_SPACING = 2194.0
"""a⁻¹ in MeV of the ΞΞ potentials."""

XI_MASS = 0.665
"""Mass of the Ξ in lattice units; the reduced mass is half of it."""

XIXI_PION_MASS = 510.0
"""Pion mass in MeV on the lattice of the ΞΞ potentials."""

LEADING_ORDER = {
    "wall": (
        (0.8758875354, 0.4261062704, 0.2010080716, -0.02922255348),
        (1.204031055, 0.3028031818, 0.0737253221, 0.008976576584),
    ),
    "smeared": (
        (0.8794624993, 0.4530187712, 0.1822942377, -0.02187948211),
        (1.211478842, 0.2759049622, 0.06011767574, 0.006220035877),
    ),
}
N2LO_V0 = (
    (1.142582133, 0.4244801922, 0.2414666403, -0.03005392845),
    (0.9332450236, 0.235795939, 0.07875819054, 0.009106600587),
)
N2LO_V2 = (
    (-0.5291468838, 0.07574915359, 2.19533289),
    (-0.1091349848, 0.2177105974, 7.024952783),
)


def xixi_leading_order(source: Literal["wall", "smeared", "exp"] = "wall") -> GaussianSum:
    """Return the leading-order ΞΞ (¹S₀) potential, a sum of four Gaussians, in lattice units.

    Parameters
    ----------
    source : str, default "wall"
        Quark source: "wall", or "smeared", which the data files call "exp". The potentials
        differ because the interaction is non-local.

    Returns
    -------
    GaussianSum

    Raises
    ------
    ValueError
        If `source` is another text.

    References
    ----------
    T. Iritani et al. (HAL QCD), Phys. Rev. D 99 (2019) 014514 [arXiv:1805.02365].

    Examples
    --------
    >>> from halkit.interactions import XI_MASS, xixi_leading_order
    >>> from halkit.scattering import scattering_length
    >>> a0 = scattering_length(xixi_leading_order(), reduced_mass=XI_MASS / 2)
    >>> bool(-13 < a0 < -12)  # attractive, not bound
    True
    """
    if source not in (*LEADING_ORDER, "exp"):
        raise ValueError(f"source must be 'wall' or 'smeared' (also 'exp'), got {source!r}")
    return GaussianSum(*LEADING_ORDER["smeared" if source == "exp" else source])


def xixi_n2lo() -> DerivativeExpansion:
    """Return the ΞΞ (¹S₀) potential V0 + V2 ∇² to next-to-next-to-leading order.

    Returns
    -------
    DerivativeExpansion
        In lattice units. V0 is a sum of four Gaussians; V2, of two shifted Gaussians, is negative.

    References
    ----------
    T. Iritani et al. (HAL QCD), Phys. Rev. D 99 (2019) 014514 [arXiv:1805.02365].

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import XI_MASS, xixi_n2lo
    >>> from halkit.scattering import phase_shift
    >>> float(np.degrees(phase_shift(xixi_n2lo(), 0.1, reduced_mass=XI_MASS / 2)).round(1))
    16.3
    """
    return DerivativeExpansion(GaussianSum(*N2LO_V0), Laplacian(_shifted_gaussians))


def _shifted_gaussians(r: Array) -> Array:
    q, b, centre = np.transpose(N2LO_V2)
    x = np.asarray(r, dtype=np.float64)[..., None] - centre
    return np.exp(-b * x**2) @ q
