"""Published HAL QCD potentials, as functions of r in consistent units (ħ = c = 1).

A potential published as V in MeV and r in fm becomes V/ħc in fm⁻¹ and r in fm, or, with
the inverse lattice spacing a⁻¹, V a and r/a in lattice units. The reduced mass goes along:
in fm⁻¹ or in lattice units (see `halkit.units`).
"""

from halkit.interactions.local import GaussianSum
from halkit.units import from_fm, from_mev

__all__ = ["OMEGA_CCC_MASS", "omega_ccc"]

OMEGA_CCC_MASS = 4795.6
"""Mass of the Ω_ccc in MeV that goes with `omega_ccc`."""

_STRENGTHS_MEV = (239.5, -62.7, -98.8)
_EXPONENTS_FM = (48.5, 7.8, 3.4)


def omega_ccc(*, inverse_spacing=None):
    """Return the Ω_ccc Ω_ccc (¹S₀) potential, V(r) = Σ c_i e^{−b_i r²}, strong part only.

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
    >>> from halkit.interactions.hal import OMEGA_CCC_MASS, omega_ccc
    >>> from halkit.scattering import scattering_length
    >>> from halkit.units import from_mev
    >>> m = from_mev(OMEGA_CCC_MASS) / 2  # reduced mass in 1/fm
    >>> round(scattering_length(omega_ccc(), reduced_mass=m), 4)
    1.5824
    """
    fm = from_fm(1.0, inverse_spacing=inverse_spacing)
    strengths = [from_mev(c, inverse_spacing=inverse_spacing) for c in _STRENGTHS_MEV]
    return GaussianSum(strengths, [b / fm**2 for b in _EXPONENTS_FM])
