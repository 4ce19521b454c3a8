"""Local potentials in closed form: Gaussians, one-particle and two-particle exchange.

V(r) = Σ_i c_i e^{−b_i r²},   V(r) = −α e^{−μr} / r,   V(r) = c (1 − e^{−br²})^p (e^{−μr}/r)².
"""

from __future__ import annotations

import numpy as np
from scipy.special import exprel

from halkit.checks import check_array, check_integer, check_number, check_positive
from halkit.interactions.interaction import Interaction
from halkit.typing import Array, Number, Numbers

__all__ = ["GaussianSum", "TwoPionTail", "Yukawa", "two_pion"]


class GaussianSum(Interaction):
    """A sum of Gaussians V(r) = Σ_i c_i e^{−b_i r²}.

    Parameters
    ----------
    strengths : array of shape (n,)
        c_i, energies.
    exponents : array of shape (n,)
        b_i > 0, inverse squared lengths; `from_ranges` takes lengths instead.

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> V = GaussianSum([2.0, -1.0], [4.0, 0.25])
    >>> V
    GaussianSum(strengths=[2.0, -1.0], exponents=[4.0, 0.25])
    >>> float(V(0.0))
    1.0
    """

    def __init__(self, strengths: Numbers, exponents: Numbers) -> None:
        self.strengths = np.atleast_1d(check_array(strengths, "strengths"))
        self.exponents = np.atleast_1d(check_array(exponents, "exponents", sign="> 0"))
        if self.strengths.ndim != 1 or self.strengths.shape != self.exponents.shape:
            raise ValueError(
                "strengths and exponents must be lists of the same length, "
                f"got shapes {self.strengths.shape} and {self.exponents.shape}"
            )

    @classmethod
    def from_ranges(cls, strengths: Numbers, ranges: Numbers) -> GaussianSum:
        """Return V(r) = Σ_i c_i e^{−(r/d_i)²} for the ranges d_i > 0."""
        return cls(strengths, 1 / np.square(check_array(ranges, "ranges", sign="> 0")))

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        square = np.square(np.asarray(r, dtype=np.float64))[..., None]
        return np.exp(-self.exponents * square) @ self.strengths

    def __repr__(self) -> str:
        strengths, exponents = self.strengths.tolist(), self.exponents.tolist()
        return f"GaussianSum(strengths={strengths}, exponents={exponents})"


class Yukawa(Interaction):
    """The Yukawa potential V(r) = −α e^{−μr} / r.

    Parameters
    ----------
    alpha : float
        Strength α, dimensionless; positive attracts.
    mu : float
        Mass μ > 0 of the exchanged particle.

    Examples
    --------
    >>> from halkit.interactions import Yukawa
    >>> float(Yukawa(alpha=2.0, mu=1.0)(1.0).round(6))
    -0.735759
    """

    def __init__(self, alpha: Number, mu: Number) -> None:
        self.alpha = check_number(alpha, "alpha")
        self.mu = check_positive(mu, "mu")

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise; infinite at r = 0."""
        r = np.asarray(r, dtype=np.float64)
        with np.errstate(divide="ignore"):
            return -self.alpha * np.exp(-self.mu * r) / r

    def __repr__(self) -> str:
        return f"Yukawa(alpha={self.alpha:g}, mu={self.mu:g})"


def two_pion(r: Array, exponent: float, mu: float, power: int) -> Array:
    """(1 − e^{−br²})^p (e^{−μr}/r)² for the exponent b, elementwise."""
    r = np.asarray(r, dtype=np.float64)
    x = exponent * r**2
    over_square = exponent * exprel(-x) * (-np.expm1(-x)) ** (power - 1)
    return over_square * np.exp(-2 * mu * r)


class TwoPionTail(Interaction):
    """The exchange of two particles, V(r) = c (1 − e^{−br²})^p (e^{−μr}/r)², regular at r = 0.

    Parameters
    ----------
    strength : float
        c, an energy times a squared length; negative attracts.
    exponent : float
        b > 0 of the form factor, an inverse squared length.
    mu : float
        Mass μ > 0 of each exchanged particle, an inverse length.
    power : int, default 1
        Power p ≥ 1 of the form factor.

    Examples
    --------
    >>> from halkit.interactions import TwoPionTail
    >>> V = TwoPionTail(strength=-1.0, exponent=0.5, mu=0.7)
    >>> float(V(0.0)), float(V(2.0).round(6))
    (-0.5, -0.013145)
    """

    def __init__(self, strength: Number, exponent: Number, mu: Number, *, power: int = 1) -> None:
        self.strength = check_number(strength, "strength")
        self.exponent = check_positive(exponent, "exponent")
        self.mu = check_positive(mu, "mu")
        self.power = check_integer(power, "power", least=1)

    def local_potential(self, r: Array) -> Array:
        """Return V(r), elementwise."""
        return self.strength * two_pion(r, self.exponent, self.mu, self.power)

    def __repr__(self) -> str:
        return (
            f"TwoPionTail(strength={self.strength:g}, exponent={self.exponent:g}, "
            f"mu={self.mu:g}, power={self.power})"
        )
