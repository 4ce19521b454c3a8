r"""The S matrix of coupled channels and the branch of their phases, from the R matrix.

With v_a = u_a/√μ_a, a the channel radius and γ_na = u_na(a)/√μ_a,

    v_a(a) = Σ_b R_ab a v_b'(a),    R_ab = (1/2a) Σ_n γ_na γ_nb/(E_n − E).

R is symmetric, in v but not in u. Outside, open channels have H^± = G ± iF at ρ_a = k_a a, and
closed ones a wave that decays with a v_c'/v_c = B_c. Flux-normalised,

    S = (H⁺ − R ρ H⁺')⁻¹ (H⁻ − R ρ H⁻'),    S_ab → √(k_a/k_b) S_ab,

with 1 − R B instead in the columns of closed channels. The levels tell the branch of the sum of all
phases, however narrow a resonance is.

Reference: P. Descouvemont and D. Baye, Rep. Prog. Phys. 73 (2010) 036301, Sec. 3.
"""

import numpy as np
from numpy.typing import NDArray

from halkit.scattering.coupled.system import CoupledSystem
from halkit.scattering.solver.rmatrix import (
    NEVER_ZERO,
    decay_logarithm,
    riccati_bessel,
    surface_functions,
)
from halkit.typing import Array

__all__ = ["phase_parts", "s_matrix"]


def s_matrix(system: CoupledSystem, R: Array, square: Array) -> NDArray[np.complex128]:
    """Return S, shape (n_E, n, n), NaN in closed channels.

    Parameters
    ----------
    system : CoupledSystem
    R : array of shape (n_E, n, n)
        The R matrix.
    square : array of shape (n_E, n)
        k_a²; a channel is open where it is positive.
    """
    opened, k = _momenta(square)
    value, slope = (np.ones(square.shape, dtype=complex) for _ in range(2))
    for a, l in enumerate(system.channels.l):
        rho = k[:, a] * system.radius
        chosen = opened[:, a]
        F, dF, G, dG = riccati_bessel(l, rho[chosen])
        value[chosen, a], slope[chosen, a] = G + 1j * F, rho[chosen] * (dG + 1j * dF)
        slope[~chosen, a] = decay_logarithm(l, rho[~chosen])
    Z = np.eye(system.channels.size) * value[:, None, :] - R * slope[:, None, :]
    flux = np.sqrt(k[:, :, None] / np.where(opened, k, 1.0)[:, None, :])
    S = flux * np.linalg.solve(Z, Z.conj())
    S[~(opened[:, :, None] & opened[:, None, :])] = np.nan
    return S


def phase_parts(
    system: CoupledSystem, R: Array, below: NDArray[np.int_], square: Array
) -> tuple[Array, Array]:
    """Return the parts of the sum of phases Σδ = Φ − Σφ_a over open channels: Φ, and all φ_a.

    φ_a are hard-sphere phases, zero in closed channels. With Q = R⁻¹ − diag(S_a), where S_a is
    the shift function of an open channel and B_a of a closed one, and Q_oo − Q_oc Q_cc⁻¹ Q_co,

        Φ = Σ arccot c_j + π [n_D + n(Q_cc)],

    c_j are the eigenvalues of P^{−1/2} (…) P^{−1/2}, n_D is the number of levels that have a node
    at a, those with u'(a) = 0 less the negative eigenvalues of R, and n(Q_cc) counts negative
    eigenvalues. Φ also counts the states bound in closed channels, which makes it continuous at the
    thresholds.
    """
    opened, k = _momenta(square)
    phi, P, S = np.zeros((3, *square.shape))
    for a, l in enumerate(system.channels.l):
        rho, chosen = k[:, a] * system.radius, opened[:, a]
        phi[chosen, a], P[chosen, a], S[chosen, a] = surface_functions(l, rho[chosen])
        S[~chosen, a] = decay_logarithm(l, rho[~chosen])
    value, vector = np.linalg.eigh(R)
    value[value == 0] = NEVER_ZERO
    Q = (vector / value[:, None, :]) @ vector.transpose(0, 2, 1)
    Q -= np.eye(system.channels.size) * S[:, None, :]
    turns = below - (value < 0).sum(axis=1)
    inner, number = np.pi * turns, opened.sum(axis=1)
    for n in np.unique(number[number > 0]):
        chosen = number == n
        o, c = slice(0, n), slice(n, None)
        some = Q[chosen]
        matrix = some[:, o, o] - some[:, o, c] @ np.linalg.solve(some[:, c, c], some[:, c, o])
        root = np.sqrt(P[chosen, o])
        cotangent = np.linalg.eigvalsh(matrix / (root[:, :, None] * root[:, None, :]))
        closed = (np.linalg.eigvalsh(some[:, c, c]) < 0).sum(axis=1)
        inner[chosen] += np.arctan2(1, cotangent).sum(axis=1) + np.pi * closed
    return inner, phi


def _momenta(square):
    """Which channels are open, and k_a there, κ_a in closed ones."""
    return square > 0, np.sqrt(np.abs(square))
