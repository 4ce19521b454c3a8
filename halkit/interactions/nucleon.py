"""Simple local nucleon-nucleon potentials: Minnesota, Malfliet-Tjon, Reid's soft core.

They are sums of Gaussians or Yukawa potentials, published in MeV and fm and returned in fm⁻¹ and
fm (or in lattice units). The reduced mass is part of each fit: ħ²/2m = 41.47 MeV fm², which
`nucleon_reduced_mass` converts.
"""

from __future__ import annotations

from typing import Literal

from halkit.checks import check_choice, check_integer, check_number, check_positive
from halkit.interactions.interaction import Sum
from halkit.interactions.local import GaussianSum, Yukawa
from halkit.typing import Number
from halkit.units import HBARC, from_fm, from_mev

__all__ = ["malfliet_tjon", "minnesota", "nucleon_reduced_mass", "reid68"]


def nucleon_reduced_mass(
    *, hbar2_over_2mu: Number = 41.47, inverse_spacing: Number | None = None
) -> float:
    """Return the reduced mass m of two nucleons from ħ²/2m.

    Parameters
    ----------
    hbar2_over_2mu : float, default 41.47
        ħ²/2m in MeV fm²; ħ²/M for two nucleons of mass M.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: fm⁻¹.

    Returns
    -------
    float

    Examples
    --------
    >>> from halkit.interactions import nucleon_reduced_mass
    >>> round(nucleon_reduced_mass(), 6)
    2.379153
    """
    mass = HBARC**2 / (2 * check_positive(hbar2_over_2mu, "hbar2_over_2mu"))
    return float(from_mev(mass, inverse_spacing=inverse_spacing))


def minnesota(
    spin: Literal[0, 1], l: int = 0, *, u: Number = 1.0, inverse_spacing: Number | None = None
) -> GaussianSum:
    """Return the central part of the Minnesota potential in the partial wave (spin, l).

    V = [V_R + ½(1+P_σ) V_t + ½(1−P_σ) V_s] [½u + ½(2−u) P_r], with the exchanges of spins P_σ
    and of positions P_r = (−1)^l, and

        V_R = 200 e^{−1.487 r²},  V_t = −178 e^{−0.639 r²},  V_s = −91.85 e^{−0.465 r²}

    (MeV, fm). The last factor is 1 for even l and u − 1 for odd l, where the interaction vanishes
    with u = 1 (Serber). Values of u from 0.9 to 1 are in use. The spin-orbit and Coulomb parts
    are left out.

    Parameters
    ----------
    spin : int
        0 (singlet) or 1 (triplet).
    l : int, default 0
        Orbital angular momentum.
    u : float, default 1.0
        Exchange mixture; matters for odd l only.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    GaussianSum
        Use it with the reduced mass `nucleon_reduced_mass`.

    References
    ----------
    D. R. Thompson, M. LeMere and Y. C. Tang, Nucl. Phys. A 286 (1977) 53.

    Examples
    --------
    >>> from halkit.interactions import minnesota, nucleon_reduced_mass
    >>> from halkit.scattering import bound_states
    >>> from halkit.units import to_mev
    >>> states = bound_states(minnesota(spin=1), reduced_mass=nucleon_reduced_mass())
    >>> to_mev(states.energy).round(4)
    array([-2.2023])
    """
    strength, exponent = ((-91.85, 0.465), (-178.0, 0.639))[check_choice(spin, "spin", (0, 1))]
    l = check_integer(l, "l", least=0)
    u = check_number(u, "u")
    factor = u - 1 if l % 2 else 1.0
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    strengths = [from_mev(factor * c, inverse_spacing=inverse_spacing) for c in (200.0, strength)]
    return GaussianSum(strengths, [1.487 / fm**2, exponent / fm**2])


def malfliet_tjon(spin: Literal[0, 1], *, inverse_spacing: Number | None = None) -> Sum:
    """Return the S-wave potential of Malfliet and Tjon: I (singlet) or III (triplet).

    V(r) = [1438.72 e^{−3.11 r} − V_A e^{−1.55 r}]/r in MeV and fm, with V_A = 513.968 MeV fm
    for spin 0 (MT I) and 626.885 MeV fm for spin 1 (MT III). These parameters are commonly used
    with ħ²/2m = 41.47 MeV fm².

    Parameters
    ----------
    spin : int
        0 (singlet, ¹S₀) or 1 (triplet, ³S₁).
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    Sum
        Two `Yukawa` potentials. Use it with `nucleon_reduced_mass`.

    References
    ----------
    R. A. Malfliet and J. A. Tjon, Nucl. Phys. A 127 (1969) 161.

    Examples
    --------
    >>> from halkit.interactions import malfliet_tjon, nucleon_reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> V = malfliet_tjon(spin=0)
    >>> round(scattering_length(V, reduced_mass=nucleon_reduced_mass()), 4)
    -23.5823
    """
    attraction = (513.968, 626.885)[check_choice(spin, "spin", (0, 1))]
    return _yukawas([(1438.72, 3.11), (-attraction, 1.55)], inverse_spacing)


def reid68(*, inverse_spacing: Number | None = None) -> Sum:
    """Return Reid's soft-core potential of 1968 in the ¹S₀ channel.

    V(r) = [−10.463 e^{−x} − 1650.6 e^{−4x} + 6484.2 e^{−7x}]/x in MeV, x = μr, μ = 0.7 fm⁻¹.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    Sum
        Three `Yukawa` potentials. Use it with `nucleon_reduced_mass`.

    References
    ----------
    R. V. Reid, Ann. Phys. (N.Y.) 50 (1968) 411.

    Examples
    --------
    >>> from halkit.interactions import nucleon_reduced_mass, reid68
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(reid68(), reduced_mass=nucleon_reduced_mass()), 4)
    -17.1468
    """
    mu = 0.7
    terms = [(-10.463, 1), (-1650.6, 4), (6484.2, 7)]
    return _yukawas([(c / mu, n * mu) for c, n in terms], inverse_spacing)


def _yukawas(terms: list[tuple[float, float]], inverse_spacing: Number | None) -> Sum:
    """Σ c e^{−μr}/r for pairs (c in MeV fm, μ in fm⁻¹)."""
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    return Sum(*(Yukawa(-c / HBARC, mu / fm) for c, mu in terms))
