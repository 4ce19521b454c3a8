"""The electromagnetic part of Argonne v18: Coulomb, two photons, Darwin-Foldy, vacuum, moments.

The nucleons have dipole form factors with b = 4.27 fm⁻¹. With x = br, and f(r) = F_C/r the
potential of one charge distribution in the other,

    f(r)      = [1 − e^{−x} (1 + 11x/16 + 3x²/16 + x³/48)] / r
    F_δ(r)    = −∇²f = b³ e^{−x} (1 + x + x²/3) / 16
    F_t/r³    = (f'' − f'/r)/3 = [1 − e^{−x} (1 + x + x²/2 + x³/6 + x⁴/24 + x⁵/144)] / r³
    F_ls/r³   = −f'/r = [1 − e^{−x} (1 + x + x²/2 + 7x³/48 + x⁴/48)] / r³
    F_np(r)   = b³ e^{−x} (15 + 15x + 6x² + x³) / 384.

To avoid cancellation at small r, each bracket is written as the incomplete gamma function
P(n, x) = 1 − e^{−x} Σ_{k<n} x^k/k! plus the remaining polynomial times e^{−x}.

All numbers are in MeV and fm. Reference: R. B. Wiringa, V. G. J. Stoks and R. Schiavilla,
Phys. Rev. C 51 (1995) 38, Sec. II.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammainc

from halkit.typing import Array
from halkit.units import reduced_mass

__all__ = ["MASSES", "TERMS", "Operators", "electromagnetic_operators"]

HBARC = 197.327053
ALPHA = 1 / 137.035989
MASSES = {"p": 938.27231, "n": 939.56563}
ELECTRON_MASS = 0.510999
MOMENTS = {"p": 2.7928474, "n": -1.9130427}
NEUTRON_CHARGE = 0.0189
B = 4.27

TERMS = {"pp": ("C1", "C2", "DF", "VP", "MM"), "np": ("C1", "MM"), "nn": ("MM",)}
"""The terms of each pair: one and two photons, Darwin-Foldy, vacuum polarisation, moments."""


class Operators(NamedTuple):
    """Radial functions of the operators 1, σ·σ, S₁₂ and L·S, in MeV."""

    central: Array
    spin: Array
    tensor: Array
    spin_orbit: Array


def electromagnetic_operators(r: Array, pair: str, terms: tuple[str, ...]) -> Operators:
    """Return the radial functions of the chosen terms for an array of r > 0 in fm.

    Parameters
    ----------
    r : array
        Distances in fm.
    pair : str
        "np", "nn" or "pp".
    terms : tuple of str
        A subset of ``TERMS[pair]``.

    Returns
    -------
    Operators
        Arrays of the shape of `r`, in MeV.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions.av18_electromagnetic import electromagnetic_operators
    >>> V = electromagnetic_operators(np.array([5.0]), "pp", ("C1",))
    >>> V.central.round(5)  # e²/r
    array([0.28799])
    """
    zero = np.zeros_like(r)
    central = sum((_CENTRAL[term](r, pair) for term in terms if term != "MM"), zero)
    if "MM" not in terms:
        return Operators(central, zero, zero, zero)
    return Operators(central, *_magnetic(r, pair))


def one_photon(r: Array, pair: str = "pp") -> Array:
    """Return α ħc F_C/r for pp, or α ħc β_n F_np from the charge distribution of n for np."""
    x = B * r
    if pair == "np":
        shape = np.exp(-x) * (15 + x * (15 + x * (6 + x))) / 384
        return ALPHA * HBARC * NEUTRON_CHARGE * B**3 * shape
    rest = np.exp(-x) * x * (5 / 16 + x * (5 / 16 + 7 * x / 48))
    return ALPHA * HBARC * (gammainc(4, x) + rest) / r


def two_photons(r: Array, _: str = "pp") -> Array:
    """Return −V_C1²/m_p."""
    return -(one_photon(r) ** 2) / MASSES["p"]


def darwin_foldy(r: Array, _: str = "pp") -> Array:
    """Return −α ħc³ F_δ/4m_p²."""
    return -ALPHA * HBARC**3 * contact(r) / (4 * MASSES["p"] ** 2)


def vacuum_polarisation(r: Array, _: str = "pp") -> Array:
    """Return (2α/3π) V_C1 ∫_1^∞ dx e^{−2m_e r x} (1 + 1/2x²) √(x²−1)/x².

    With x = cosh t the trapezoidal rule converges exponentially.
    """
    t = np.arange(0, 18, 0.2)
    x = np.cosh(t)
    weights = 0.2 * (1 + 1 / (2 * x**2)) * np.square(np.tanh(t))
    integral = np.exp(-2 * ELECTRON_MASS / HBARC * r[..., None] * x) @ weights
    return 2 * ALPHA / (3 * np.pi) * one_photon(r) * integral


def contact(r: Array) -> Array:
    """Return F_δ in fm⁻³: its volume integral is 4π."""
    x = B * r
    return B**3 * np.exp(-x) * (1 + x + x**2 / 3) / 16


def tensor(r: Array) -> Array:
    """Return F_t/r³ in fm⁻³."""
    x = B * r
    return (gammainc(6, x) + np.exp(-x) * x**5 / 720) / r**3


def spin_orbit(r: Array) -> Array:
    """Return F_ls/r³ in fm⁻³."""
    x = B * r
    return (gammainc(5, x) + np.exp(-x) * x**3 * (1 + x) / 48) / r**3


_CENTRAL = {
    "C1": one_photon,
    "C2": two_photons,
    "DF": darwin_foldy,
    "VP": vacuum_polarisation,
}


def _magnetic(r: Array, pair: str) -> tuple[Array, Array, Array]:
    first, second = pair[0], pair[1]
    mass, moment = MASSES[first] * MASSES[second], MOMENTS[first] * MOMENTS[second]
    unit = -ALPHA * HBARC**3
    spin = unit * moment / (6 * mass) * contact(r)
    S12 = unit * moment / (4 * mass) * tensor(r)
    strength = {
        "pp": (4 * MOMENTS["p"] - 1) / (2 * mass),
        "np": MOMENTS["n"] / (2 * MASSES["n"] * reduced_mass((MASSES["n"], MASSES["p"]))),
        "nn": 0.0,
    }[pair]
    return spin, S12, unit * strength * spin_orbit(r)
