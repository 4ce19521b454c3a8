r"""The S matrix of coupled channels and the branch of their phases, from the R matrix.

With v_a = u_a/√μ_a, a the channel radius and γ_na = u_na(a)/√μ_a,

    v_a(a) = Σ_b R_ab a v_b'(a),    R_ab = (1/2a) Σ_n γ_na γ_nb/(E_n − E).

R is symmetric, in v but not in u. Outside, an open channel has the hard-sphere phase φ_a and the
logarithmic derivative L_a = S_a + iP_a of G + iF, see `halkit.scattering.solver.rmatrix`; in a
closed one the wave decays with a real L_a. Flux-normalised,

    S_ab = δ_ab e^{−2iφ_a} + 2i √P_a e^{−iφ_a} [(1 − R L)⁻¹ R]_ab √P_b e^{−iφ_b},

accurate also where P is tiny, next to a threshold. The levels tell the branch of the sum of all
phases, however narrow a resonance is.

Reference: A. M. Lane and R. G. Thomas, Rev. Mod. Phys. 30 (1958) 257, Sec. VII; P. Descouvemont and
D. Baye, Rep. Prog. Phys. 73 (2010) 036301, Sec. 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from halkit.scattering.coupled.system import CoupledSystem
from halkit.scattering.solver.rmatrix import NEVER_ZERO, decay_logarithm, surface_functions
from halkit.typing import Array

__all__ = ["Outside", "outside", "phase_sum", "s_matrix"]


class Outside(NamedTuple):
    """Free waves of the channels at the channel radius, each an array (n_E, n_channels).

    Attributes
    ----------
    opened : array of bool
    phase, penetration : array
        φ_a and P_a, zero in closed channels.
    shift : array
        S_a, the logarithmic derivative of a closed channel.
    """

    opened: NDArray[np.bool_]
    phase: Array
    penetration: Array
    shift: Array


def outside(system: CoupledSystem, square: Array) -> Outside:
    """Return the free waves for k_a², shape (n_E, n_channels); channels are open where k_a² > 0."""
    opened, rho = square > 0, np.sqrt(np.abs(square)) * system.radius
    phi, P, S = np.zeros((3, *square.shape))
    for a, l in enumerate(system.channels.l):
        chosen = opened[:, a]
        waves = surface_functions(l, rho[chosen, a])
        phi[chosen, a], P[chosen, a], S[chosen, a] = waves
        S[~chosen, a] = decay_logarithm(l, rho[~chosen, a])
    return Outside(opened, phi, P, S)


def s_matrix(R: Array, waves: Outside) -> NDArray[np.complex128]:
    """Return S, shape (n_E, n, n), NaN in closed channels."""
    opened, phi, P, shift = waves
    one = np.eye(R.shape[-1])
    inner = np.linalg.solve(one - R * (shift + 1j * P)[:, None, :], R)
    wave = np.sqrt(P) * np.exp(-1j * phi)
    S = one * np.exp(-2j * phi)[:, None, :] + 2j * wave[:, :, None] * inner * wave[:, None, :]
    S[~(opened[:, :, None] & opened[:, None, :])] = np.nan
    return S


def phase_sum(R: Array, below: NDArray[np.int_], waves: Outside) -> Array:
    """Return Φ of the sum of phases Σδ = Φ − Σφ_a over open channels, shape (n_E,).

    With Q = R⁻¹ − diag(S_a), and o and c the open and the closed channels,

        Φ = Σ arccot c_j + π [n_D + n(Q_cc)],

    c_j are the eigenvalues of P^{−1/2} (Q_oo − Q_oc Q_cc⁻¹ Q_co) P^{−1/2}, n_D is the number of
    levels that have a node at a, those with u'(a) = 0 less the negative eigenvalues of R, and
    n(Q_cc) counts negative eigenvalues. Φ also counts the states bound in closed channels, which
    makes it continuous at the thresholds.
    """
    value, vector = np.linalg.eigh(R)
    value[value == 0] = NEVER_ZERO
    Q = (vector / value[:, None, :]) @ vector.transpose(0, 2, 1)
    Q -= np.eye(R.shape[-1]) * waves.shift[:, None, :]
    total, number = np.pi * (below - (value < 0).sum(axis=1)), waves.opened.sum(axis=1)
    for n in np.unique(number):
        chosen = number == n
        o, c = slice(0, n), slice(n, None)
        some = Q[chosen]
        matrix = some[:, o, o] - some[:, o, c] @ np.linalg.solve(some[:, c, c], some[:, c, o])
        root = np.sqrt(waves.penetration[chosen, o])
        cotangent = np.linalg.eigvalsh(matrix / (root[:, :, None] * root[:, None, :]))
        closed = (np.linalg.eigvalsh(some[:, c, c]) < 0).sum(axis=1)
        total[chosen] += np.arctan2(1, cotangent).sum(axis=1) + np.pi * closed
    return total
