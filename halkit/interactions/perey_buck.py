"""The non-local potential of Perey and Buck: a Woods-Saxon well, smeared over a range β.

    U(r⃗, r⃗') = V((r + r')/2) e^{−|r⃗ − r⃗'|²/β²} / (π^{3/2} β³),    V(r) = −V0/[1 + e^{(r − R)/a}].

As in the paper the argument of V is the mean of the two distances, not the distance of the
mean, so that the partial waves U(r⃗, r⃗') = Σ (2l+1) U_l(r, r') P_l(cos θ) are in closed form:

    U_l(r, r') = V((r + r')/2) e^{−(r − r')²/β²} / (π^{3/2} β³) · e^{−z} i_l(z),    z = 2rr'/β²,

with i_l the modified spherical Bessel function (i_0 = sinh z/z). For β → 0 it is V(r) δ(r⃗ − r⃗').
"""

import numpy as np
from scipy.special import expit, exprel, ive

from halkit.checks import check_integer, check_number, check_positive
from halkit.interactions.interaction import Interaction
from halkit.units import from_fm, from_mev

__all__ = ["PereyBuck"]


class PereyBuck(Interaction):
    """A non-local well of Perey and Buck in one partial wave; real, without spin-orbit part.

    Parameters
    ----------
    depth : float
        V0, an energy; positive attracts.
    half_radius : float
        R, where the well is half as deep.
    diffuseness : float
        a of the surface.
    nonlocality : float
        β, a length.
    l : int, default 0
        Orbital angular momentum, the same as in `halkit.scattering.phase_shift`.

    References
    ----------
    F. Perey and B. Buck, Nucl. Phys. 32 (1962) 353.

    Examples
    --------
    >>> from halkit.interactions import PereyBuck
    >>> U = PereyBuck(depth=0.36, half_radius=7.2, diffuseness=0.65, nonlocality=0.85)
    >>> float(U(3.0, 3.0).round(6)), float(U(3.0, 6.0).round(9))
    (-0.002109, -4e-09)
    """

    def __init__(self, depth, half_radius, diffuseness, nonlocality, *, l=0):
        self.depth = check_number(depth, "depth")
        self.half_radius = check_positive(half_radius, "half_radius")
        self.diffuseness = check_positive(diffuseness, "diffuseness")
        self.nonlocality = check_positive(nonlocality, "nonlocality")
        self.l = check_integer(l, "l", least=0)

    @classmethod
    def neutron(cls, mass_number, *, l=0, inverse_spacing=None):
        """Return the real central part of the fit to neutrons on lead.

        V0 = 71 MeV, R = 1.22 A^{1/3} fm, a = 0.65 fm, β = 0.85 fm; the absorption and the
        spin-orbit force of the paper are left out.

        Parameters
        ----------
        mass_number : int
            A of the nucleus.
        l : int, default 0
            Orbital angular momentum.
        inverse_spacing : float, optional
            a⁻¹ in MeV. Given: lattice units; default: U in fm⁻⁴ and r in fm.
        """
        radius = 1.22 * np.cbrt(check_positive(mass_number, "mass_number"))
        lengths = (from_fm(x, inverse_spacing=inverse_spacing) for x in (radius, 0.65, 0.85))
        return cls(from_mev(71.0, inverse_spacing=inverse_spacing), *lengths, l=l)

    def well(self, r):
        """Return V(r) = −V0/[1 + e^{(r − R)/a}], elementwise."""
        return -self.depth * expit((self.half_radius - np.asarray(r)) / self.diffuseness)

    def nonlocal_potential(self, r, r_prime):
        """Return U_l(r, r'), broadcasting."""
        r, r_prime, beta = (
            np.asarray(r, np.float64),
            np.asarray(r_prime, np.float64),
            self.nonlocality,
        )
        gaussian = np.exp(-np.square((r - r_prime) / beta)) / (np.pi**1.5 * beta**3)
        return (
            self.well((r + r_prime) / 2)
            * gaussian
            * _scaled_bessel(self.l, 2 * r * r_prime / beta**2)
        )

    def __repr__(self):
        return (
            f"PereyBuck(depth={self.depth:g}, half_radius={self.half_radius:g}, "
            f"diffuseness={self.diffuseness:g}, nonlocality={self.nonlocality:g}, l={self.l})"
        )


def _scaled_bessel(l, z):
    """e^{−z} i_l(z); by its asymptotic series where z is too large for ``ive``."""
    if l == 0:
        return exprel(-2 * z)
    large = z > 1e7
    y = np.where(large | (z == 0), 1.0, z)
    values = np.where(z == 0, 0.0, np.sqrt(np.pi / (2 * y)) * ive(l + 0.5, y))
    y = np.where(large, z, 1.0)
    return np.where(large, (1 - l * (l + 1) / (2 * y)) / (2 * y), values)
