r"""Separable potentials of coupled channels, with scattering in closed form.

    K_ab(r, r') = λ_ab g_a(r) g_b(r'),    g_a(r) = r^n_a e^{−β_a r},

acts on u_a = rφ_a in the partial wave l_a. With the transform ĝ and the loop J of each channel,

    ĝ(k) = ∫ F_l(kr) g(r) dr,    J(k) = −2μ ∫∫ g(r) F_l(kr_<) H⁺_l(kr_>) g(r')/k dr dr',

    S_ab = δ_ab − 4i √(μ_a μ_b/k_a k_b) ĝ_a τ_ab ĝ_b,    τ = λ(1 − Jλ)⁻¹,

F_l(x) = x j_l(x). In closed channels k = iκ. Poles of S are the zeros of det(1 − Jλ).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, newton

from halkit.channels import ChannelList, Channels
from halkit.checks import check_array, check_integer
from halkit.interactions.bound import BoundStates
from halkit.interactions.interaction import Interaction
from halkit.interactions.matrix import InteractionMatrix
from halkit.typing import Array, Numbers

__all__ = ["SeparableCoupling", "SeparableMatrix"]


class _Form(NamedTuple):
    """ĝ = factor β^power k^{l+1}/(k² + β²)^m, J = −2μ P(s)/(β + s)^{2m} with s = −ik.

    P = Σ_j polynomial_j β^{degree − j} s^j / (scale β^{degree + 1}).
    """

    factor: float
    power: int
    m: int
    polynomial: tuple[float, ...]
    scale: float


FORMS = {
    (0, 0): _Form(1, 0, 1, (1,), 2),
    (0, 1): _Form(2, 1, 2, (5, 4, 1), 4),
    (1, 1): _Form(2, 0, 2, (1, 4, 1), 4),
    (1, 2): _Form(8, 1, 3, (7, 42, 42, 18, 3), 4),
    (2, 2): _Form(8, 0, 3, (3, 18, 38, 18, 3), 4),
}


class SeparableCoupling(Interaction):
    """One element K(r, r') = λ r^n e^{−βr} r'^n' e^{−β'r'} of a `SeparableMatrix`.

    Parameters
    ----------
    strength : float
        λ.
    beta, power : pair of float, pair of int
        β and β', n and n'.
    """

    has_jumps = False

    def __init__(self, strength: float, beta: tuple[float, float], power: tuple[int, int]) -> None:
        self.strength, self.beta, self.power = strength, beta, power

    def kernel(self, r: Array, r_prime: Array) -> Array:
        """Return K(r, r'), broadcasting."""
        return self._product(r, r_prime, 0)

    def nonlocal_potential(self, r: Array, r_prime: Array) -> Array:
        """Return U(r, r') = K/(4π r r'), broadcasting; infinite at r = 0 if n = 0."""
        with np.errstate(divide="ignore"):
            return self._product(r, r_prime, 1) / (4 * np.pi)

    def _product(self, r, r_prime, lower):
        left, right = (
            np.power(np.asarray(x, dtype=float), n - lower) * np.exp(-beta * np.asarray(x))
            for x, n, beta in zip((r, r_prime), self.power, self.beta, strict=True)
        )
        return self.strength * left * right

    def __repr__(self) -> str:
        return (
            f"SeparableCoupling(strength={self.strength:g}, beta={self.beta}, power={self.power})"
        )


class SeparableMatrix(InteractionMatrix):
    r"""Coupled channels with K_ab(r, r') = λ_ab r^n_a e^{−β_a r} r'^n_b e^{−β_b r'}.

    One channel with l = n = 0 is Yamaguchi's potential; l = 0 and n = 1 is
    `halkit.interactions.Separable` with λ = 4πω.

    Parameters
    ----------
    strengths : array-like of shape (n_channels, n_channels)
        λ_ab, symmetric, in (length)^{−2−n_a−n_b}.
    beta : array-like of shape (n_channels,)
        Inverse ranges β_a > 0.
    powers : sequence of int
        n_a, with (l_a, n_a) one of (0, 0), (0, 1), (1, 1), (1, 2), (2, 2).
    channels : list of halkit.Channel
        Partial waves, and masses or reduced masses and thresholds. With masses the momenta are
        relativistic unless a method is told otherwise.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, λ is not symmetric, a β is not positive, there is no closed form for
        an (l, n), or the channels do not know what they need.

    References
    ----------
    Y. Yamaguchi, Phys. Rev. 95 (1954) 1628, for one channel.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit import Channel
    >>> from halkit.interactions import SeparableMatrix
    >>> U = SeparableMatrix(
    ...     [[-1.6, 0.7], [0.7, -1.8]], beta=[2.0, 1.5], powers=[0, 0],
    ...     channels=[Channel(reduced_mass=2.8), Channel(reduced_mass=2.8, threshold=0.13)],
    ... )
    >>> S = U.s_matrix([0.05, 0.2])
    >>> np.abs(S[0, 0, 0]).round(12), np.isnan(S[0, 1, 1])
    (np.float64(1.0), np.True_)
    >>> bool(np.allclose(S[1] @ S[1].conj().T, np.eye(2)))
    True
    """

    def __init__(
        self,
        strengths: Numbers,
        beta: Numbers,
        powers: Sequence[int],
        *,
        channels: ChannelList,
    ) -> None:
        n = len(channels)
        self.strengths = check_array(strengths, "strengths", shape=(n, n))
        if not np.array_equal(self.strengths, self.strengths.T):
            raise ValueError(f"strengths must be symmetric, got {self.strengths.tolist()}")
        self.beta = check_array(beta, "beta", shape=(n,), sign="> 0")
        if not np.iterable(powers) or len(powers) != n:
            raise ValueError(f"powers must be {n} integers, one for each channel, got {powers!r}")
        self.powers = tuple(check_integer(power, "powers", least=0) for power in powers)
        rows = [[self._coupling(a, b) for b in range(n)] for a in range(n)]
        super().__init__(rows, channels=channels)
        for wave in zip(self.resolved().l, self.powers, strict=True):
            if wave not in FORMS:
                raise ValueError(f"(l, powers) must be among {[*FORMS]}, got {wave}")

    def _coupling(self, a, b):
        beta = self.beta.tolist()
        return SeparableCoupling(
            float(self.strengths[a, b]), (beta[a], beta[b]), (self.powers[a], self.powers[b])
        )

    def s_matrix(
        self, energy: Numbers, *, relativistic: bool | None = None
    ) -> NDArray[np.complex128]:
        """Return S(E), symmetric, and unitary among the open channels.

        Parameters
        ----------
        energy : array-like of shape (n_E,)
            Energies E above the lowest threshold, > 0.
        relativistic : bool, optional
            Whether momenta are relativistic. By default they are if masses are known.

        Returns
        -------
        complex array of shape (n_E, n_channels, n_channels)
            NaN in closed channels, as of `halkit.scattering.coupled_s_matrix`.
        """
        energy = np.atleast_1d(check_array(energy, "energy", sign="> 0"))
        channels = self.resolved(relativistic=relativistic)
        k = np.sqrt(channels.momentum_squared(energy).astype(complex))
        tau = self.strengths @ np.linalg.inv(self._determinant_matrix(channels, k))
        side = np.sqrt(np.array(channels.reduced_mass) / k) * self._transforms(channels, k)
        S = np.eye(len(self)) - 4j * side[:, :, None] * tau * side[:, None, :]
        closed = k.real == 0
        S[closed[:, :, None] | closed[:, None, :]] = np.nan
        return S

    def phase_shift(self, energy: Numbers, *, relativistic: bool | None = None) -> Array:
        """Return δ_a = arg(S_aa)/2 in radians, modulo π, shape (n_E, n_channels).

        Between −π/2 and π/2; NaN in closed channels. For two channels of one threshold these are
        Stapp's bar phases where cos 2ε > 0.
        """
        return np.angle(self._diagonal(energy, relativistic)) / 2

    def inelasticity(self, energy: Numbers, *, relativistic: bool | None = None) -> Array:
        """Return ``η_a = |S_aa|``, shape (n_E, n_channels); NaN in closed channels."""
        return np.abs(self._diagonal(energy, relativistic))

    def _diagonal(self, energy, relativistic):
        return np.einsum("eaa->ea", self.s_matrix(energy, relativistic=relativistic))

    def bound_states(self, *, relativistic: bool | None = None) -> BoundStates:
        """Return the states bound below all thresholds, deepest first.

        Returns
        -------
        BoundStates
            Named tuple of ``energy`` E < 0, shape (n_bound,), above the lowest threshold, and
            ``kappa``, the κ_a of each channel, shape (n_bound, n_channels).

        Raises
        ------
        ValueError
            If a state lies so deep that k²(W) of a channel no longer falls with W.
        """
        channels = self.resolved(relativistic=relativistic)

        def eigenvalues(E):
            k = 1j * np.sqrt(-channels.momentum_squared(E))
            root = np.sqrt(-self._loops(channels, k).real)
            return np.linalg.eigvalsh(np.eye(len(self)) + root[:, None] * self.strengths * root)

        n_bound = np.count_nonzero(eigenvalues(-0.0) < 0)
        lowest = _lowest_energy(channels)
        E = -float(np.min(self.beta**2 / np.array(channels.reduced_mass)))
        while n_bound and eigenvalues(max(E, lowest))[0] < 0:
            if lowest >= E:
                raise ValueError(f"the potential must bind by less than {-lowest:g}, got more")
            E = 2 * E
        E = max(E, lowest)
        roots = [
            brentq(lambda x, i=i: eigenvalues(x)[i], E, 0.0, xtol=1e-300, rtol=1e-14)
            for i in range(n_bound)
        ]
        energy = np.array(roots)
        return BoundStates(energy, np.sqrt(-channels.momentum_squared(energy)))

    def pole(
        self, start: complex, *, sheet: Sequence[int], relativistic: bool | None = None
    ) -> complex:
        """Return the energy of a pole of S, a zero of det(1 − Jλ), by the secant method.

        Parameters
        ----------
        start : complex
            Energy near the pole.
        sheet : sequence of {1, −1}
            Sign of Im k_a of each channel: (1, 1) for states bound below both thresholds, (−1, 1)
            for resonances of the lower channel below the upper threshold.
        relativistic : bool, optional
            As in `s_matrix`.

        Returns
        -------
        complex

        Raises
        ------
        ValueError
            If a sign is not 1 or −1, or no pole is found from `start`.
        """
        if len(sheet) != len(self) or not all(sign in (1, -1) for sign in sheet):
            raise ValueError(f"sheet must be {len(self)} signs, 1 or -1, got {sheet!r}")
        channels = self.resolved(relativistic=relativistic)

        def determinant(E):
            k = np.sqrt(channels.momentum_squared(E).astype(complex))
            k = np.where(k.imag < 0, -k, k) * np.array(sheet)
            return np.linalg.det(self._determinant_matrix(channels, k))

        first = complex(start)
        with np.errstate(all="ignore"):
            found, result = newton(
                determinant, first, x1=first * (1 + 1e-4), tol=1e-14 * abs(first), rtol=1e-14,
                maxiter=100, full_output=True, disp=False,
            )  # fmt: skip
        if not result.converged or not np.isfinite(found):
            raise ValueError(f"start must be near a pole, got {start!r}, from which none is found")
        return complex(found)

    def _determinant_matrix(self, channels, k):
        """1 − Jλ, shape (..., n, n), at momenta (..., n)."""
        return np.eye(len(self)) - self._loops(channels, k)[..., :, None] * self.strengths

    def _loops(self, channels, k):
        """J_a(k_a), of the shape of k."""
        s = -1j * k
        J = np.empty(np.shape(s), dtype=complex)
        for a, (form, beta, mu) in enumerate(self._forms(channels)):
            x = s[..., a] / beta
            P = np.polynomial.polynomial.polyval(x, form.polynomial) / form.scale
            J[..., a] = -2 * mu * P / (beta * (1 + x) ** (2 * form.m)) / beta ** (2 * form.m)
        return J

    def _transforms(self, channels, k):
        """ĝ_a(k_a), of the shape of k."""
        g = np.empty(np.shape(k), dtype=complex)
        for a, (form, beta, _) in enumerate(self._forms(channels)):
            p = k[..., a]
            top = form.factor * beta**form.power * p ** (channels.l[a] + 1)
            g[..., a] = top / (p**2 + beta**2) ** form.m
        return g

    def _forms(self, channels):
        waves = zip(channels.l, self.powers, strict=True)
        return [
            (FORMS[wave], beta, mu)
            for wave, beta, mu in zip(waves, self.beta, channels.reduced_mass, strict=True)
        ]


def _lowest_energy(channels: Channels) -> float:
    """The energy below which k² of some channel rises again, −∞ if there is none."""
    if not channels.relativistic or channels.masses is None:
        return -np.inf
    turns = [np.sqrt(abs(m1**2 - m2**2)) for m1, m2 in channels.masses]
    return float(max(max(turns) - sum(channels.masses[0]), -sum(channels.masses[0]) * (1 - 1e-9)))
