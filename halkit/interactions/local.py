"""Local potentials in closed form: sums of Gaussians and the Yukawa potential.

V(r) = Σ_i c_i e^{−b_i r²},        V(r) = −α e^{−μr} / r.
"""

import numpy as np

from halkit.interactions.base import Interaction, positive
from halkit.radial import validate_values

__all__ = ["GaussianSum", "Yukawa"]


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

    has_local = True

    def __init__(self, strengths, exponents):
        self.strengths = validate_values(np.atleast_1d(strengths), "strengths")
        self.exponents = validate_values(np.atleast_1d(exponents), "exponents")
        if self.strengths.ndim != 1 or self.strengths.shape != self.exponents.shape:
            raise ValueError(
                "strengths and exponents must be two lists of one length, "
                f"got shapes {self.strengths.shape} and {self.exponents.shape}"
            )
        if np.any(self.exponents <= 0):
            raise ValueError(f"exponents must be positive, got {self.exponents.tolist()}")

    @classmethod
    def from_ranges(cls, strengths, ranges):
        """Return V(r) = Σ_i c_i e^{−(r/d_i)²} for the ranges d_i > 0."""
        ranges = validate_values(np.atleast_1d(ranges), "ranges")
        if np.any(ranges <= 0):
            raise ValueError(f"ranges must be positive, got {ranges.tolist()}")
        return cls(strengths, 1 / np.square(ranges))

    def local_potential(self, r):
        """Return V(r), elementwise."""
        square = np.square(np.asarray(r, dtype=np.float64))[..., None]
        return np.exp(-self.exponents * square) @ self.strengths

    def __call__(self, r):
        """Return V(r), elementwise."""
        return self.local_potential(r)

    def __repr__(self):
        strengths, exponents = self.strengths.tolist(), self.exponents.tolist()
        return f"GaussianSum(strengths={strengths}, exponents={exponents})"


class Yukawa(Interaction):
    """The Yukawa potential V(r) = −α e^{−μr} / r.

    Parameters
    ----------
    alpha : float
        Strength α, dimensionless; positive attracts.
    mu : float
        Mass μ > 0 of what is exchanged.

    Examples
    --------
    >>> from halkit.interactions import Yukawa
    >>> float(Yukawa(alpha=2.0, mu=1.0)(1.0).round(6))
    -0.735759
    """

    has_local = True

    def __init__(self, alpha, mu):
        self.alpha = float(alpha)
        if not np.isfinite(self.alpha):
            raise ValueError(f"alpha must be finite, got {alpha!r}")
        self.mu = positive(mu, "mu")

    def local_potential(self, r):
        """Return V(r), elementwise; infinite at r = 0."""
        r = np.asarray(r, dtype=np.float64)
        with np.errstate(divide="ignore"):
            return -self.alpha * np.exp(-self.mu * r) / r

    def __call__(self, r):
        """Return V(r), elementwise; infinite at r = 0."""
        return self.local_potential(r)

    def __repr__(self):
        return f"Yukawa(alpha={self.alpha:g}, mu={self.mu:g})"
