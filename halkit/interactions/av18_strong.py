"""The strong part of Argonne v18: phenomenological core, two pions, one pion, by operator.

    Y(x) = e^{−x}/x C(r),  T(x) = (1 + 3/x + 3/x²) Y(x) C(r),  C(r) = 1 − e^{−cr²},
    I = T(μr)²,  W = 1/(1 + e^{(r − r0)/a}),  W_p = W [1 + (r/a) e^{−r0/a} W(0)],

with the mean pion mass μ, c = 2.1 fm⁻², r0 = 0.5 fm, a = 0.2 fm. Operator i has the radial
function I^i I + P^i W_p + Q^i μr W + R^i (μr)² W. Exchange of a neutral or charged pion adds

    ± (f²/3) (m/m_±)² m { σ·σ [Y(mr) − (c/m) r W/W(0)] + S₁₂ T(mr) },   f² = 0.075.

All numbers are in MeV and fm. Reference: R. B. Wiringa, V. G. J. Stoks and R. Schiavilla,
Phys. Rev. C 51 (1995) 38, Sec. III.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, exprel

from halkit.interactions.av18_electromagnetic import HBARC
from halkit.typing import Array

__all__ = ["strong_operators"]

NEUTRAL, CHARGED = 134.9739 / HBARC, 139.5675 / HBARC
MEAN = (NEUTRAL + 2 * CHARGED) / 3
CUTOFF = 2.1
CORE_RADIUS, INVERSE_WIDTH = 0.5, 5.0
COUPLING = 0.075

# (I, P, Q, R) in MeV of v_c, v_t, v_ls, v_l2, v_ls2, by spin and isospin
STRENGTHS: dict[tuple[int, int], dict[str, Any]] = {
    (0, 1): {
        "c": {
            "pp": (-11.27028, 3346.6874, 0, 0),
            "np": (-10.66788, 3126.5542, 0, 0),
            "nn": (-11.27028, 3342.7664, 0, 0),
        },
        "l2": (0.12472, 16.7780, 0, 0),
    },
    (0, 0): {
        "c": {"np": (-2.09971, 1204.4301, 0, 0)},
        "l2": (-0.31452, 217.4559, 0, 0),
    },
    (1, 0): {
        "c": {"np": (-8.62770, 2605.2682, 0, 441.9733)},
        "t": (1.485601, 0, -1126.8359, 370.1324),
        "ls": (0.10180, 86.0658, 0, -356.5175),
        "l2": (-0.13201, 253.4350, 0, -1.0076),
        "ls2": (0.07357, -217.5791, 0, 18.3935),
    },
    (1, 1): {
        "c": {
            "pp": (-7.62701, 1815.4920, 0, 1847.8059),
            "np": (-7.62701, 1813.5315, 0, 1847.8059),
            "nn": (-7.62701, 1811.5710, 0, 1847.8059),
        },
        "t": (1.07985, 0, -190.0949, -811.2040),
        "ls": (-0.62697, -570.5571, 0, 819.1222),
        "l2": (0.06709, 342.0669, 0, -615.2339),
        "ls2": (0.74129, 9.3418, 0, -376.4384),
    },
}


def strong_operators(r: Array, spin: int, isospin: int, pair: str) -> dict[str, Array]:
    """Return the radial functions v of 1, S₁₂, L·S, L² and (L·S)², with one-pion exchange.

    Parameters
    ----------
    r : array
        Distances in fm.
    spin, isospin : int
        S and T, 0 or 1.
    pair : str
        "np", "nn" or "pp".

    Returns
    -------
    dict of str to array
        "c", "t", "ls", "l2", "ls2": arrays of the shape of `r`, in MeV.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions.av18_strong import strong_operators
    >>> strong_operators(np.array([1.0, 3.0]), 0, 1, "np")["c"].round(3)
    array([-92.939,  -0.916])
    """
    W = expit((CORE_RADIUS - r) * INVERSE_WIDTH)
    center = expit(CORE_RADIUS * INVERSE_WIDTH)
    slope = INVERSE_WIDTH * np.exp(-CORE_RADIUS * INVERSE_WIDTH) * center
    x = MEAN * r
    shapes = np.stack([_tensor(r, MEAN) ** 2, W * (1 + slope * r), W * x, W * x**2], axis=-1)
    strengths = STRENGTHS[spin, isospin]
    strengths = {**strengths, "c": strengths["c"][pair]}
    zero = (0.0,) * 4
    v = {name: shapes @ strengths.get(name, zero) for name in ("c", "t", "ls", "l2", "ls2")}
    neutral, charged = _charges(isospin, pair)
    spin_spin = 4 * spin - 3
    for mu, sign in ((NEUTRAL, neutral), (CHARGED, charged)):
        strength = sign * COUPLING * (mu / CHARGED) ** 2 * mu * HBARC / 3
        v["c"] = v["c"] + spin_spin * strength * (_yukawa(r, mu) - CUTOFF / mu * r * W / center)
        v["t"] = v["t"] + strength * _tensor(r, mu)
    return v


def _charges(isospin: int, pair: str) -> tuple[int, int]:
    """Weights of neutral and charged exchange, which add up to τ₁·τ₂."""
    if pair != "np":
        return 1, 0
    return (-1, 2) if isospin else (-1, -2)


def _yukawa(r, mu):
    """Y(μr), regular at r = 0."""
    return np.exp(-mu * r) * CUTOFF * r / mu * exprel(-CUTOFF * r**2)


def _tensor(r, mu):
    """T(μr), regular at r = 0."""
    x = mu * r
    cutoff = CUTOFF * exprel(-CUTOFF * r**2)
    return np.exp(-x) * (3 + x * (3 + x)) * cutoff**2 * r / mu**3
