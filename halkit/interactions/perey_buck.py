"""The non-local potential of Perey and Buck: a Woods-Saxon well, smeared over a range β.

    U(r⃗, r⃗') = V((r + r')/2) e^{−|r⃗ − r⃗'|²/β²} / (π^{3/2} β³),    V(r) = −V0/[1 + e^{(r − R)/a}].

As in the paper the argument of V is the mean (r + r')/2 of the distances, not ``|r⃗ + r⃗'|``/2.
Then the partial waves in U(r⃗, r⃗') = Σ (2l+1) U_l(r, r') P_l(cos θ) have a closed form:

    U_l(r, r') = V((r + r')/2) e^{−(r − r')²/β²} / (π^{3/2} β³) · e^{−z} i_l(z),    z = 2rr'/β²,

with the modified spherical Bessel functions i_l (i_0 = sinh z/z). For β → 0, U is V(r) δ(r⃗ − r⃗').
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, exprel, ive

from halkit.checks import check_integer, check_number, check_positive
from halkit.interactions.interaction import Interaction
from halkit.typing import Array, Number
from halkit.units import from_fm, from_mev

__all__ = ["PereyBuck"]


class PereyBuck(Interaction):
    """A partial wave of the non-local Perey-Buck well, without absorption and spin-orbit force.

    Parameters
    ----------
    depth : float
        V0, an energy; positive attracts.
    half_radius : float
        R, where the well has half its depth.
    diffuseness : float
        Surface thickness a.
    nonlocality : float
        Range β of the non-locality.
    l : int, default 0
        Orbital angular momentum; pass the same to `halkit.scattering.phase_shift`.

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

    has_jumps = False

    def __init__(
        self,
        depth: Number,
        half_radius: Number,
        diffuseness: Number,
        nonlocality: Number,
        *,
        l: int = 0,
    ) -> None:
        self.depth = check_number(depth, "depth")
        self.half_radius = check_positive(half_radius, "half_radius")
        self.diffuseness = check_positive(diffuseness, "diffuseness")
        self.nonlocality = check_positive(nonlocality, "nonlocality")
        self.l = check_integer(l, "l", least=0)

    @classmethod
    def neutron(
        cls, mass_number: Number, *, l: int = 0, inverse_spacing: Number | None = None
    ) -> PereyBuck:
        """Return the real central part of the fit to neutron scattering from lead.

        V0 = 71 MeV, R = 1.22 A^{1/3} fm, a = 0.65 fm, β = 0.85 fm.

        Parameters
        ----------
        mass_number : float
            Mass number A of the nucleus.
        l : int, default 0
            Orbital angular momentum.
        inverse_spacing : float, optional
            a⁻¹ in MeV. Given: lattice units; default: U in fm⁻⁴ and r in fm.
        """
        radius = 1.22 * np.cbrt(check_positive(mass_number, "mass_number"))
        lengths = (from_fm(x, inverse_spacing=inverse_spacing) for x in (radius, 0.65, 0.85))
        return cls(from_mev(71.0, inverse_spacing=inverse_spacing), *lengths, l=l)

    def well(self, r: Array) -> Array:
        """Return V(r) = −V0/[1 + e^{(r − R)/a}], elementwise."""
        return -self.depth * expit((self.half_radius - np.asarray(r)) / self.diffuseness)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U_l(r, r'), broadcasting."""
        r, r_prime = np.asarray(r, np.float64), np.asarray(r_prime, np.float64)
        beta = self.nonlocality
        gaussian = np.exp(-np.square((r - r_prime) / beta)) / (np.pi**1.5 * beta**3)
        bessel = _scaled_bessel(self.l, 2 * r * r_prime / beta**2)
        return self.well((r + r_prime) / 2) * gaussian * bessel

    def __repr__(self) -> str:
        return (
            f"PereyBuck(depth={self.depth:g}, half_radius={self.half_radius:g}, "
            f"diffuseness={self.diffuseness:g}, nonlocality={self.nonlocality:g}, l={self.l})"
        )


def _scaled_bessel(l, z):
    """e^{−z} i_l(z), from its asymptotic series where z is too large for ``ive``."""
    if l == 0:
        return exprel(-2 * z)
    large = z > 1e7
    y = np.where(large | (z == 0), 1.0, z)
    values = np.where(z == 0, 0.0, np.sqrt(np.pi / (2 * y)) * ive(l + 0.5, y))
    y = np.where(large, z, 1.0)
    return np.where(large, (1 - l * (l + 1) / (2 * y)) / (2 * y), values)
