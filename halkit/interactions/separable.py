"""Separable potentials with scattering in closed form.

They are U(r, r') = ω e^{−μr} e^{−μr'} (Aoki and Doi) and Yamaguchi's potential. For both,
k cot δ is a polynomial in k², and the S waves are

    φ_k(r) = [ sin(kr + δ) − sin δ e^{−μr} (1 + s r) ] / (kr) → sin(kr + δ) / (kr),

with s = (μ² + k²)/2μ for the first, and with s = 0 and β in place of μ for the second. The first
has P waves in closed form too, with q² = μ² + k² and n_1 = −cos x/x² − sin x/x:

    φ_k(r) = cos δ j_1(kr) − sin δ { n_1(kr) + e^{−μr} [q² r/2 + μ + 1/r]/(k² r) }.

`halkit.interactions.SeparableMatrix` has more forms, and coupled channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import exprel, hyp1f1, spherical_jn

from halkit.checks import (
    as_numbers,
    check_choice,
    check_distances,
    check_integer,
    check_momenta,
    check_number,
    check_positive,
)
from halkit.interactions.bound import BoundStates
from halkit.interactions.interaction import Interaction
from halkit.typing import Array, Number, Numbers

__all__ = ["Separable", "SeparableGaussian", "Yamaguchi"]

# Partial waves of `Separable` with a closed form.
WAVES = (0, 1)


class Separable(Interaction):
    """The separable potential U(r, r') = ω e^{−μr} e^{−μr'}.

    Parameters
    ----------
    omega : float
        Strength ω; negative attracts.
    mu : float
        Inverse range μ > 0.

    References
    ----------
    S. Aoki and T. Doi, Front. Phys. 8 (2020) 307; S. Aoki and K. Yazaki,
    PTEP 2022 (2022) 033B04 [arXiv:2109.07665].

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Separable
    >>> U = Separable(omega=-0.017, mu=1.0)
    >>> float(np.degrees(U.phase_shift(0.05, reduced_mass=3.3)).round(6))
    159.118331
    """

    has_jumps = False

    def __init__(self, omega: Number, mu: Number) -> None:
        self.omega = check_number(omega, "omega")
        if self.omega == 0:
            raise ValueError(f"omega must be a finite number other than 0, got {omega!r}")
        self.mu = check_positive(mu, "mu")

    def __repr__(self) -> str:
        return f"Separable(omega={self.omega:g}, mu={self.mu:g})"

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r') = ω e^{−μ(r + r')}, broadcasting."""
        return self.omega * np.exp(-self.mu * np.add(r, r_prime))

    def k_cot_delta(
        self, k: Numbers | complex, *, reduced_mass: Number, l: int = 0
    ) -> NDArray[Any]:
        """Return k^{2l+1} cot δ, a polynomial in k². `k` may be complex.

        For l = 0, −(1/4μ²) [ 2μ(μ²−k²) − (3μ²+k²)(μ²+k²)²/4μ³ + (μ²+k²)⁴/8πmω ]; for l = 1,
        −[ (μ²−k²)(μ⁴+10μ²k²+k⁴)/16μ³ + (μ²+k²)⁴/32πmω ]. A bound state has
        k^{2l+1} cot δ = (−1)^{l+1} κ^{2l+1} at k = iκ.
        """
        m, mu = check_positive(reduced_mass, "reduced_mass"), self.mu
        k2 = np.square(as_numbers(k, "k", kinds="iufc"))
        q2 = mu**2 + k2
        strength = q2**4 / (32 * np.pi * m * self.omega)
        if check_choice(l, "l", WAVES):
            shape = (mu**2 - k2) * (mu**4 + 10 * mu**2 * k2 + k2**2) / (16 * mu**3)
            return -(shape + strength)
        bracket = 2 * mu * (mu**2 - k2) - (2 * mu**2 + q2) * q2**2 / (4 * mu**3)
        return -(bracket + 4 * strength) / (4 * mu**2)

    def phase_shift(self, k: Numbers, *, reduced_mass: Number, l: int = 0) -> Array:
        """Return δ(k) in radians, continuous, with δ(∞) = 0.

        Parameters
        ----------
        k : array of any shape
            Momenta, k > 0.
        reduced_mass : float
            Reduced mass m.
        l : {0, 1}
            Orbital angular momentum; of all methods.

        Returns
        -------
        array of the shape of `k`
            δ(0+) = π if there is a bound state (Levinson).
        """
        k = check_momenta(k)
        branch = np.pi if self.omega > 0 else 0.0
        k_cot_delta = self.k_cot_delta(k, reduced_mass=reduced_mass, l=l)
        return np.arctan2(k ** (2 * l + 1), k_cot_delta) - branch

    def wave_function(self, k: Numbers, r: Numbers, *, reduced_mass: Number, l: int = 0) -> Array:
        """Return the real wave functions φ_k(r) → sin(kr − lπ/2 + δ)/(kr).

        Parameters
        ----------
        k : float or array of shape (n_k,)
            Momenta, k > 0.
        r : array of shape (n_r,)
            Distances; φ is finite at r = 0.
        reduced_mass : float
            Reduced mass m.
        l : {0, 1}
            Orbital angular momentum.

        Returns
        -------
        array of shape (n_k, n_r)
        """
        k, r = _column_and_row(k, r)
        delta = self.phase_shift(k, reduced_mass=reduced_mass, l=l)
        if l == 0:
            return _scattering_wave(k, r, delta, self.mu, (self.mu**2 + k**2) / (2 * self.mu))
        return _p_wave(k, r, delta, self.mu)

    def target(self, k: Numbers, r: Numbers, *, reduced_mass: Number, l: int = 0) -> Array:
        """Return (E_k − H0) φ_k(r) = −sin δ (μ² + k²)² e^{−μr} / (4 m μ^{1−l} k^{1+l}).

        Shapes as in `wave_function`; E_k = k²/2m, H0 = −∇²/2m in the wave l.
        """
        k, r = _column_and_row(k, r)
        sine = np.sin(self.phase_shift(k, reduced_mass=reduced_mass, l=l))
        q2 = self.mu**2 + k**2
        scale = 4 * reduced_mass * self.mu ** (1 - l) * k ** (1 + l)
        return -sine * q2**2 / scale * np.exp(-self.mu * r)

    def bound_states(self, *, reduced_mass: Number, l: int = 0) -> BoundStates:
        """Return the bound states, as `halkit.scattering.bound_states` does; there is at most one.

        s = 1 + κ/μ solves s⁴ = A (s² + 2s ± 2) with A = −2πmω/μ⁵, + for l = 0 and − for l = 1.

        Returns
        -------
        BoundStates
            Named tuple of the arrays ``energy`` and ``kappa``, of shape (0,) or (1,).
        """
        m = check_positive(reduced_mass, "reduced_mass")
        c = 2 - 4 * check_choice(l, "l", WAVES)
        A = -2 * np.pi * m * self.omega / self.mu**5
        if (3 + c) * A <= 1:
            return BoundStates.from_kappa(np.empty(0), m)
        s = brentq(lambda s: s**4 - A * (s**2 + 2 * s + c), 1, np.sqrt(5 * A), xtol=1e-15)
        return BoundStates.from_kappa(np.array([self.mu * (s - 1)]), m)

    def scattering_length(self, *, reduced_mass: Number, l: int = 0) -> float:
        """Return a_l, defined by k^{2l+1} cot δ = −1/a_l + O(k²); > 0 if there is a bound state.

        a_0 is the scattering length, a_1 the scattering volume.
        """
        return float(-1 / self.k_cot_delta(0.0, reduced_mass=reduced_mass, l=l))

    def effective_range(self, *, reduced_mass: Number) -> float:
        """Return r_eff of the S wave, defined by k cot δ = −1/a0 + r_eff k²/2 + O(k⁴)."""
        m = check_positive(reduced_mass, "reduced_mass")
        return 15 / (8 * self.mu) - self.mu**4 / (4 * np.pi * m * self.omega)


class Yamaguchi(Interaction):
    """Yamaguchi's potential, K(r, r') = −(1/2m) 2β (α+β)² e^{−β(r + r')} on u = rφ.

    Its bound state has κ = α exactly. U = K/(4π r r') is infinite at r = 0 and at r' = 0, where
    the kernel K is finite.

    Parameters
    ----------
    alpha : float
        Binding momentum α; −β < α < 0 gives a virtual state.
    beta : float
        Inverse range β > 0.
    reduced_mass : float
        Reduced mass m, in units with ħ = c = 1.

    References
    ----------
    Y. Yamaguchi, Phys. Rev. 95 (1954) 1628; deuteron parameters from
    P. Descouvemont, Comput. Phys. Commun. 200 (2016) 199.

    Examples
    --------
    >>> from halkit.interactions import Yamaguchi
    >>> U = Yamaguchi(alpha=0.2316053, beta=1.3918324, reduced_mass=2.379)
    >>> round(U.scattering_length(), 6)
    5.423
    """

    has_jumps = False

    def __init__(self, alpha: Number, beta: Number, *, reduced_mass: Number) -> None:
        self.beta = check_positive(beta, "beta")
        self.alpha = check_number(alpha, "alpha")
        if self.alpha + self.beta <= 0:
            raise ValueError(f"alpha must be above -beta = {-beta!r}, got {alpha!r}")
        self.reduced_mass = check_positive(reduced_mass, "reduced_mass")

    def __repr__(self) -> str:
        return (
            f"Yamaguchi(alpha={self.alpha:g}, beta={self.beta:g}, "
            f"reduced_mass={self.reduced_mass:g})"
        )

    def kernel(self, r: Array, r_prime: Array) -> Array:
        """Return K(r, r'), broadcasting; finite everywhere."""
        strength = self.beta * (self.alpha + self.beta) ** 2 / self.reduced_mass
        return -strength * np.exp(-self.beta * np.add(r, r_prime))

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r') = K(r, r')/(4π r r'), broadcasting; −∞ at r = 0 or r' = 0."""
        with np.errstate(divide="ignore"):
            return self.kernel(r, r_prime) / (4 * np.pi * np.multiply(r, r_prime))

    def k_cot_delta(self, k: Numbers | complex) -> NDArray[Any]:
        """Return k cot δ = [−αβ²(α+2β) + (α²+2αβ+3β²) k² + k⁴] / (2β(α+β)²); `k` may be complex."""
        alpha, beta, k2 = self.alpha, self.beta, np.square(as_numbers(k, "k", kinds="iufc"))
        c0, c1 = -alpha * beta**2 * (alpha + 2 * beta), alpha**2 + 2 * alpha * beta + 3 * beta**2
        return (c0 + c1 * k2 + k2**2) / (2 * beta * (alpha + beta) ** 2)

    def phase_shift(self, k: Numbers) -> Array:
        """Return δ(k) in radians for k > 0, continuous, with δ(∞) = 0."""
        k = check_momenta(k)
        return np.arctan2(k, self.k_cot_delta(k))

    def wave_function(self, k: Numbers, r: Numbers) -> Array:
        """Return φ_k(r) → sin(kr + δ)/(kr), shape (n_k, n_r), for k > 0; finite at r = 0."""
        k, r = _column_and_row(k, r)
        return _scattering_wave(k, r, self.phase_shift(k), self.beta, 0.0)

    def target(self, k: Numbers, r: Numbers) -> Array:
        """Return (E_k − H0) φ_k(r) = −sin δ (β² + k²) e^{−βr} / (2mkr), shape (n_k, n_r)."""
        k, r = _column_and_row(k, r)
        amplitude = np.sin(self.phase_shift(k)) * (self.beta**2 + k**2) / (2 * self.reduced_mass)
        with np.errstate(divide="ignore"):
            return -amplitude * np.exp(-self.beta * r) / (k * r)

    def bound_states(self) -> BoundStates:
        """Return the bound state, κ = α and E = −α²/2m; empty arrays unless α > 0."""
        kappa = np.array([self.alpha] if self.alpha > 0 else [])
        return BoundStates.from_kappa(kappa, self.reduced_mass)

    def scattering_length(self) -> float:
        """Return a0, defined by k cot δ = −1/a0 + r_eff k²/2."""
        return float(-1 / self.k_cot_delta(0.0))

    def effective_range(self) -> float:
        """Return r_eff = (α² + 2αβ + 3β²) / (β(α+β)²)."""
        alpha, beta = self.alpha, self.beta
        return (alpha**2 + 2 * alpha * beta + 3 * beta**2) / (beta * (alpha + beta) ** 2)


class SeparableGaussian(Interaction):
    """The separable potential U_l(r, r') = ω (r r'/ρ²)^l e^{−(r² + r'²)/ρ²} / ρ³ of one wave.

    Parameters
    ----------
    omega : float
        Strength ω, an energy; negative attracts.
    rho : float
        Range ρ > 0.
    l : int, default 0
        Orbital angular momentum.

    Examples
    --------
    >>> from halkit.interactions import SeparableGaussian
    >>> SeparableGaussian(-2.0, 0.5)(0.0, 0.0)
    array(-16.)
    """

    has_jumps = False

    def __init__(self, omega: Number, rho: Number, *, l: int = 0) -> None:
        self.omega = check_number(omega, "omega")
        self.rho = check_positive(rho, "rho")
        self.l = check_integer(l, "l", least=0)

    def __repr__(self) -> str:
        return f"SeparableGaussian(omega={self.omega:g}, rho={self.rho:g}, l={self.l})"

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r'), broadcasting."""
        x, y = np.divide(r, self.rho), np.divide(r_prime, self.rho)
        return self.omega / self.rho**3 * (x * y) ** (self.l or 0) * np.exp(-(x**2) - y**2)


def _column_and_row(k: Numbers, r: Numbers) -> tuple[Array, Array]:
    """Momenta as a column and distances as a row, checked."""
    return np.atleast_1d(check_momenta(k))[:, None], np.atleast_1d(check_distances(r, "r"))


def _scattering_wave(k, r, delta, mu, s):
    """φ = cos δ j0(kr) + (sin δ/k) [cos kr − e^{−μr}(1 + s r)]/r, without cancellation at r → 0."""
    x = k * r / 2
    bracket = mu * exprel(-mu * r) - k * np.sin(x) * np.sinc(x / np.pi) - s * np.exp(-mu * r)
    return np.cos(delta) * np.sinc(2 * x / np.pi) + np.sin(delta) / k * bracket


def _p_wave(k, r, delta, mu):
    """φ = cos δ j_1 + (sin δ/k²) {k²(sin x/x − c) + μ²[(1 − e^{−y})/y − e] − e^{−y}(μ² + k²)/2}.

    x = kr, y = μr, c = (1 − cos x)/x² and e = (e^{−y} − 1 + y)/y², without cancellation at r → 0.
    """
    x, y = k * r, mu * r
    c, e = np.sinc(x / (2 * np.pi)) ** 2 / 2, hyp1f1(1, 3, -y) / 2
    bracket = k**2 * (np.sinc(x / np.pi) - c) + mu**2 * (exprel(-y) - e)
    irregular = bracket - np.exp(-y) * (mu**2 + k**2) / 2
    return np.cos(delta) * spherical_jn(1, x) + np.sin(delta) / k**2 * irregular
