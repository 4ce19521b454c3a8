r"""Whether a wave function is a sum of two waves of the fit.

A wave with a part of another one of near k looks at large r like a single wave with another phase
shift. Both are waves of the fitted potential, and together they span it on all nodes. A wave of
another potential is not spanned: next to the origin it has a part of the irregular solution.

Between k − w and k + w waves are polynomials of k on the nodes r ≤ R, of a degree that grows with
wR. The pair is found on a grid of momenta, and refined by Gauss and Newton.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.polynomial import chebyshev

from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction
from halkit.scaling import norm
from halkit.scattering import scattering_wave_functions
from halkit.typing import Array

__all__ = ["left_by_pair"]

# In units of 1/R: w, the least momentum, the step and width of the grid next to k, and the step of
# the other one. Degree of the polynomials; iterations.
WIDTH, LEAST, NEAR, STEP, DEGREE, ITERATIONS = 10.0, 0.2, (0.25, 2.0), 1.5, 31, 8


def left_by_pair(
    potential: Interaction, phi: Array, r: Array, reduced_mass: float, k: float
) -> float:
    """The rms of what the best pair of waves of a potential leaves of u = rφ.

    Parameters
    ----------
    potential : Interaction
    phi, r : ndarray of shape (n,)
        The wave function on its nodes.
    reduced_mass : float
    k : float
        Its momentum at large r: one of the two is near, the other within w.
    """
    R = r[-1]
    low, high = max(k - WIDTH / R, LEAST / R), k + WIDTH / R
    x = chebyshev.chebpts1(DEGREE + 1)
    momenta = low + (high - low) * (x + 1) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        waves = scattering_wave_functions(
            potential, momenta, reduced_mass=reduced_mass, l=potential.l or 0
        )(r)
    waves = r * waves * momenta[:, None] * np.sign(waves[:, r > 0][:, :1])
    table = np.linalg.solve(chebyshev.chebvander(x, DEGREE), waves)
    slope = chebyshev.chebder(table)

    def at(k, coefficients):
        return chebyshev.chebval(2 * (k - low) / (high - low) - 1, coefficients).T

    u, scale = r * phi, 2 / (high - low)
    near = np.arange(max(k - NEAR[1] / R, low), min(k + NEAR[1] / R, high), NEAR[0] / R)
    other = np.arange(low, high, STEP / R)
    best = np.inf
    for start in _starts(u, near, other, at(near, table), at(other, table)):
        pair = start
        for _ in range(ITERATIONS):
            basis = at(pair, table)
            c = np.linalg.lstsq(basis.T, u, rcond=None)[0]
            rest = u - c @ basis
            best = min(best, float(norm(rest)))
            tangents = np.vstack([basis, c[:, None] * at(pair, slope) * scale])
            move = np.linalg.lstsq(tangents.T, rest, rcond=None)[0][2:]
            pair = np.clip(pair + np.clip(move, -1 / R, 1 / R), low, high)
    return best / np.sqrt(max(len(r) - 6, 1))


def _starts(u, near, other, a, b):
    """A pair of momenta for each of the second grid, with the best of the first, (n_other, 2)."""
    aa, bb, ab = np.sum(a**2, axis=1)[:, None], np.sum(b**2, axis=1), a @ b.T
    ua, ub = (a @ u)[:, None], b @ u
    apart = aa * bb - ab**2 > 1e-9 * aa * bb
    explained = np.full(ab.shape, -np.inf)
    np.divide(
        bb * ua**2 - 2 * ab * ua * ub + aa * ub**2, aa * bb - ab**2, out=explained, where=apart
    )
    return np.column_stack([near[np.argmax(explained, axis=0)], other])
