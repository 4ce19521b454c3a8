"""Published HAL QCD potentials, as functions of r in consistent units (ħ = c = 1).

A potential published as V in MeV and r in fm becomes V/ħc in fm⁻¹ and r in fm, or, with
the inverse lattice spacing a⁻¹, V a and r/a in lattice units. `reduced_mass` gives the reduced
mass in the same units, from the masses of the two hadrons on the same lattice.

All are S-wave potentials without the Coulomb force, near the physical point (m_π = 146 MeV).
"""

from __future__ import annotations

from typing import Literal

from halkit.checks import check_choice, check_masses
from halkit.interactions.interaction import Sum
from halkit.interactions.local import GaussianSum, TwoPionTail
from halkit.typing import Masses, Number
from halkit.units import from_fm, from_mev
from halkit.units import reduced_mass as reduced_mass_of

__all__ = [
    "N_ETA_C_MASSES",
    "N_JPSI_MASSES",
    "N_OMEGA_MASSES",
    "N_PHI_MASSES",
    "OMEGA_CCC_MASS",
    "OMEGA_OMEGA_MASSES",
    "n_eta_c",
    "n_jpsi",
    "n_omega",
    "n_phi",
    "omega_ccc",
    "omega_omega",
    "reduced_mass",
]

OMEGA_CCC_MASS = 4795.6
"""Mass of the Ω_ccc in MeV for `omega_ccc`."""

OMEGA_OMEGA_MASSES = (1711.53, 1711.53)
"""Masses of Ω and Ω in MeV for `omega_omega`."""

N_OMEGA_MASSES = (954.69, 1711.53)
"""Masses of N and Ω in MeV for `n_omega`."""

N_PHI_MASSES = (954.0, 1048.0)
"""Masses of N and φ in MeV for `n_phi`."""

N_JPSI_MASSES = (954.0, 3121.1)
"""Masses of N and J/ψ in MeV for `n_jpsi`."""

N_ETA_C_MASSES = (954.0, 3023.1)
"""Masses of N and η_c in MeV for `n_eta_c`."""

# V = Σ a e^{−(r/b)²} of the nucleon and charmonium: a in MeV, b in fm.
CHARMONIUM = {
    "J/psi 4": ((-51, -13, -22), (0.09, 0.49, 0.82)),
    "J/psi 2": ((-101, -33, -23), (0.13, 0.44, 0.83)),
    "eta_c": ((-264, -28, -22), (0.11, 0.24, 0.77)),
}


def reduced_mass(masses: Masses, *, inverse_spacing: Number | None = None) -> float:
    """Return the reduced mass m1 m2/(m1 + m2) in the units of the potentials.

    Parameters
    ----------
    masses : float or pair of float
        The mass of both hadrons, or m1 and m2, in MeV.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: fm⁻¹.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If a mass is not a real number.
    ValueError
        If there are more than two, or one is not positive.

    See Also
    --------
    halkit.units.reduced_mass : Without a conversion of units.

    Examples
    --------
    >>> from halkit.interactions import N_OMEGA_MASSES, reduced_mass
    >>> round(reduced_mass(N_OMEGA_MASSES), 5)
    3.10574
    """
    mass = reduced_mass_of(check_masses(masses, "masses"))
    return float(from_mev(mass, inverse_spacing=inverse_spacing))


def omega_ccc(*, inverse_spacing: Number | None = None) -> GaussianSum:
    """Return the strong Ω_ccc Ω_ccc (¹S₀) potential, V(r) = Σ c_i e^{−b_i r²}.

    c = (239.5, −62.7, −98.8) MeV, b = (48.5, 7.8, 3.4) fm⁻². It binds by 5.5 MeV (published:
    5.68 MeV with unrounded parameters), a0 = 1.58 fm, r_eff = 0.574 fm.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV (2333 in the reference). Given: lattice units; default: V in fm⁻¹ and
        r in fm.

    Returns
    -------
    GaussianSum

    References
    ----------
    Y. Lyu et al., Phys. Rev. Lett. 127 (2021) 072003 [arXiv:2102.00181].

    Examples
    --------
    >>> from halkit.interactions import OMEGA_CCC_MASS, omega_ccc, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(omega_ccc(), reduced_mass=reduced_mass(OMEGA_CCC_MASS)), 4)
    1.5824
    """
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    strengths = _energies((239.5, -62.7, -98.8), inverse_spacing)
    return GaussianSum(strengths, [b / fm**2 for b in (48.5, 7.8, 3.4)])


def omega_omega(*, inverse_spacing: Number | None = None) -> GaussianSum:
    """Return the ΩΩ (¹S₀) potential, V(r) = Σ c_i e^{−(r/d_i)²}.

    c = (914, 305, −112) MeV, d = (0.143, 0.305, 0.949) fm. It binds by 1.63 MeV (published:
    1.6(6) MeV), a0 = 4.49 fm, r_eff = 1.27 fm. Masses: `OMEGA_OMEGA_MASSES`.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    GaussianSum

    References
    ----------
    S. Gongyo et al., Phys. Rev. Lett. 120 (2018) 212001 [arXiv:1709.00654].

    Examples
    --------
    >>> from halkit.interactions import OMEGA_OMEGA_MASSES, omega_omega, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(omega_omega(), reduced_mass=reduced_mass(OMEGA_OMEGA_MASSES)), 3)
    4.49
    """
    ranges = [from_fm(d, inverse_spacing=inverse_spacing) for d in (0.143, 0.305, 0.949)]
    return GaussianSum.from_ranges(_energies((914, 305, -112), inverse_spacing), ranges)


def n_omega(*, inverse_spacing: Number | None = None) -> Sum:
    """Return the NΩ (⁵S₂) potential: a Gaussian and the exchange of two pions (fit at t/a = 12).

    V(r) = b1 e^{−b2 r²} + b3 (1 − e^{−b4 r²}) (e^{−m_π r}/r)²,
    b1 = −312.982 MeV, b2 = 81.70974 fm⁻², b3 = −251.6464 MeV fm², b4 = 0.845829 fm⁻²,
    m_π = 146 MeV. It binds by 1.54 MeV, a0 = 5.29 fm, r_eff = 1.28 fm
    at zero energy (published 1.26 fm, fitted over a range of k²). Masses: `N_OMEGA_MASSES`.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV (2333 in the reference). Given: lattice units; default: V in fm⁻¹ and
        r in fm.

    Returns
    -------
    Sum
        A `GaussianSum` plus a `TwoPionTail`.

    References
    ----------
    T. Iritani et al., Phys. Lett. B 792 (2019) 284 [arXiv:1810.03416].

    Examples
    --------
    >>> from halkit.interactions import n_omega
    >>> from halkit.units import to_mev
    >>> to_mev(n_omega()([0.5, 1.0])).round(3)
    array([-91.545, -32.705])
    """
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    core = GaussianSum(_energies((-312.982,), inverse_spacing), [81.70974 / fm**2])
    (strength,) = _energies((-251.6464,), inverse_spacing)
    pion = from_mev(146.0, inverse_spacing=inverse_spacing)
    return core + TwoPionTail(strength * fm**2, 0.845829 / fm**2, pion)


def n_phi(*, inverse_spacing: Number | None = None) -> Sum:
    """Return the Nφ (⁴S₃/₂) potential: two Gaussians and the exchange of two pions (fit A).

    V(r) = a1 e^{−(r/b1)²} + a2 e^{−(r/b2)²} + a3 (1 − e^{−(r/b3)²})² (e^{−m_π r}/r)²,
    a = (−371 MeV, −119 MeV, −97 MeV fm²), b = (0.13, 0.30, 0.63) fm, m_π = 146.4 MeV. It
    binds no state: a0 = −1.44 fm, r_eff = 2.40 fm. Masses: `N_PHI_MASSES`. The tail has the
    square of the form factor, which reproduces the published a0 = −1.43 fm.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    Sum
        A `GaussianSum` plus a `TwoPionTail`.

    References
    ----------
    Y. Lyu et al., Phys. Rev. D 106 (2022) 074507 [arXiv:2205.10544].

    Examples
    --------
    >>> from halkit.interactions import N_PHI_MASSES, n_phi, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(n_phi(), reduced_mass=reduced_mass(N_PHI_MASSES)), 3)
    -1.441
    """
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    core = GaussianSum.from_ranges(_energies((-371, -119), inverse_spacing), [0.13 * fm, 0.30 * fm])
    (strength,) = _energies((-97,), inverse_spacing)
    pion = from_mev(146.4, inverse_spacing=inverse_spacing)
    return core + TwoPionTail(strength * fm**2, 1 / (0.63 * fm) ** 2, pion, power=2)


def n_jpsi(multiplicity: Literal[2, 4], *, inverse_spacing: Number | None = None) -> GaussianSum:
    """Return the N–J/ψ potential in the ⁴S (J = 3/2) or ²S (J = 1/2) wave, V = Σ a_i e^{−(r/b_i)²}.

    ⁴S: a = (−51, −13, −22) MeV, b = (0.09, 0.49, 0.82) fm; ²S: a = (−101, −33, −23) MeV,
    b = (0.13, 0.44, 0.83) fm. The parameters were recalled, not looked up. They give a0 = 0.298 and
    0.381 fm, defined by k cot δ → +1/a0; published are 0.30(2) and 0.38(4) fm. Masses:
    `N_JPSI_MASSES`.

    Parameters
    ----------
    multiplicity : {2, 4}
        2S + 1: 4 for spin 3/2, 2 for spin 1/2.
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    GaussianSum

    References
    ----------
    Y. Lyu, T. Doi, T. Hatsuda, T. Sugiura, arXiv:2410.22755.

    Examples
    --------
    >>> from halkit.interactions import N_JPSI_MASSES, n_jpsi, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> m = reduced_mass(N_JPSI_MASSES)
    >>> round(scattering_length(n_jpsi(4), reduced_mass=m, sign="lattice"), 3)
    0.298
    """
    return _charmonium(
        f"J/psi {check_choice(multiplicity, 'multiplicity', (2, 4))}", inverse_spacing
    )


def n_eta_c(*, inverse_spacing: Number | None = None) -> GaussianSum:
    """Return the N–η_c potential in the ²S wave, V = Σ a_i e^{−(r/b_i)²}.

    a = (−264, −28, −22) MeV, b = (0.11, 0.24, 0.77) fm. The parameters were recalled, not looked
    up. They give a0 = 0.222 fm, defined by k cot δ → +1/a0; published is 0.21(2) fm. Masses:
    `N_ETA_C_MASSES`.

    Parameters
    ----------
    inverse_spacing : float, optional
        a⁻¹ in MeV. Given: lattice units; default: V in fm⁻¹ and r in fm.

    Returns
    -------
    GaussianSum

    References
    ----------
    Y. Lyu, T. Doi, T. Hatsuda, T. Sugiura, arXiv:2410.22755.

    Examples
    --------
    >>> from halkit.interactions import N_ETA_C_MASSES, n_eta_c, reduced_mass
    >>> from halkit.scattering import scattering_length
    >>> m = reduced_mass(N_ETA_C_MASSES)
    >>> round(scattering_length(n_eta_c(), reduced_mass=m, sign="lattice"), 3)
    0.222
    """
    return _charmonium("eta_c", inverse_spacing)


def _charmonium(name: str, inverse_spacing: Number | None) -> GaussianSum:
    strengths, ranges = CHARMONIUM[name]
    lengths = [from_fm(b, inverse_spacing=inverse_spacing) for b in ranges]
    return GaussianSum.from_ranges(_energies(strengths, inverse_spacing), lengths)


def _energies(values: tuple[float, ...], inverse_spacing: Number | None) -> list[float]:
    return [from_mev(value, inverse_spacing=inverse_spacing) for value in values]
