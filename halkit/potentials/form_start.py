r"""A θ from which the fit of a named form starts: the lowest of many minima.

The strengths v of a form V(r; θ) = Σ_m v_m f_m(r; z) follow, for given logarithms z of widths and
masses, from linear least squares. What is left, ρ(z) = t − A(z) v(z), is a function of z alone
(variable projection), with the derivative −P ∂A/∂z v in Kaufman's approximation, where P projects
on what A does not reach. Sets of a list that lie apart are brought downhill at the same time by
the method of Levenberg and Marquardt; the lowest are then brought to their minima.

G. H. Golub and V. Pereyra, Inverse Problems 19, R1 (2003).
"""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
from scipy.optimize import least_squares

from halkit.potentials.named_forms import NamedForm
from halkit.scaling import norm
from halkit.typing import Array

__all__ = ["form_start"]

# Widths of Gaussians and values of a parameter of a tail in the list of starts, and the least
# singular value of a set.
N_WIDTHS, N_TAILS, RIDGE = 16, 5, 1e-9
# Starts, how far apart they lie at least, their steps downhill, and how many are brought to their
# minima.
N_STARTS, APART, N_STEPS, N_MINIMA = 48, (0.25, 0.5), 20, 4
# Step of differences, first damping, and longest step downhill.
STEP, DAMPING, LONGEST = 1e-5, 1e-2, 0.7


def form_start(form: NamedForm, r: Array, V: Array, a: Array, n_terms: int) -> Array:
    """θ of a form close to the V of least Σ a² (form − V)².

    Parameters
    ----------
    form : NamedForm
    r, V, a : ndarray of shape (n,)
        Radii, potential, and inverse errors.
    n_terms : int
        Number of Gaussians.
    """
    widths, tails = _grid(form, r, n_terms)
    low, high = _bounds(widths, tails, n_terms)
    unit = norm(a * V)
    target = a * V / (unit if unit > 0 else 1.0)

    def shapes(z):
        return a[:, None] * _shapes(form, r, z, n_terms)

    def strengths(z):
        A = shapes(z)
        size = norm(A, axis=0)
        size = np.where(size > 0, size, 1.0)
        v = np.linalg.lstsq(A / size, target, rcond=RIDGE)[0] / size
        return v, target - A @ v

    listed = [np.exp(-((r[:, None] / np.exp(widths)) ** 2))]
    if form.has_tail:
        listed += [form.tail(r, np.exp(tail))[:, None] for tail in tails]
    z = _apart(a[:, None] * np.hstack(listed), target, widths, tails, n_terms)
    best = z[0]
    if best.size:
        z, cost = _downhill(shapes, target, z, low, high)
        starts = z[np.argsort(cost)[:N_MINIMA]]
        found = [least_squares(lambda z: strengths(z)[1], x, bounds=(low, high)) for x in starts]
        best = min(found, key=lambda solution: solution.cost).x
    best[:n_terms] = np.sort(best[:n_terms])
    v = strengths(best)[0] * unit
    shape = np.exp(best)
    return np.concatenate([v[:n_terms], shape[:n_terms], v[n_terms:], shape[n_terms:]])


def _shapes(form, r, z, n_terms):
    """Potentials of strength 1, (..., n, n_columns), for z of shape (..., n_z)."""
    shape = np.exp(z)
    columns = np.exp(-((r[:, None] / shape[..., None, :n_terms]) ** 2))
    if not form.has_tail:
        return columns
    tail = form.tail(r, np.moveaxis(shape[..., n_terms:], -1, 0)[..., None])
    return np.concatenate([columns, tail[..., None]], axis=-1)


def _grid(form, r, n_terms):
    """Logarithms of widths, from the first node to r[-1]/2, and of tails, (n_tails, n_tail)."""
    low, high = r[r > 0][0], r[-1] / 2
    low = min(low, high / 2)
    lists = [np.geomspace(low, high, N_TAILS), np.geomspace(0.5 / high, 0.5 / low, N_TAILS)]
    lists = lists[form.name == "yukawa" : 2 - (form.mu is not None)]
    tails = np.log([*product(*lists)]) if form.n_tail else np.zeros((1, 0))
    return np.log(np.geomspace(low, high, max(N_WIDTHS, n_terms))), tails


def _bounds(widths, tails, n_terms):
    """Lowest and highest logarithms of widths and of a tail."""
    low = np.append(np.full(n_terms, widths[0]), tails.min(axis=0)) - np.log(2)
    return low, np.append(np.full(n_terms, widths[-1]), tails.max(axis=0)) + np.log(4)


def _apart(columns, target, widths, tails, n_terms):
    """The sets of a list that explain the target best and lie apart, (n_starts, n_z)."""
    terms = np.array([*combinations(range(len(widths)), n_terms)], dtype=int)
    terms = terms.reshape(comb(len(widths), n_terms), n_terms)
    place, tail = np.divmod(np.arange(len(terms) * len(tails)), len(tails))
    z = np.hstack([widths[terms[place]], tails[tail]])
    has_tail = columns.shape[1] > len(widths)
    sets = np.column_stack([terms[place], len(widths) + tail]) if has_tail else terms[place]
    A = columns / np.where((size := norm(columns, axis=0)) > 0, size, 1.0)
    gram, b = A.T @ A, A.T @ target
    block = gram[sets[:, :, None], sets[:, None, :]] + RIDGE * np.eye(sets.shape[1])
    explained = np.sum(np.linalg.solve(block, b[sets][..., None])[..., 0] * b[sets], axis=1)
    return z[np.unique([i for apart in APART for i in _spread(z, explained, apart)])]


def _spread(z, explained, apart):
    """The best sets that lie apart."""
    open_, chosen = np.array(explained), []
    while len(chosen) < N_STARTS and np.any(np.isfinite(open_)):
        chosen.append(np.argmax(open_))
        open_[np.all(np.abs(z - z[chosen[-1]]) < apart, axis=1)] = -np.inf
    return chosen


def _downhill(shapes, target, z, low, high):
    """Several z after steps downhill, each for itself, and Σ ρ² of each."""
    n = z.shape[1]
    steps = STEP * np.concatenate([np.eye(n), -np.eye(n)])[:, None]

    def at(z):
        A = shapes(z)
        size = norm(A, axis=-2)
        A = A / np.where(size > 0, size, 1.0)[..., None, :]
        T = A.swapaxes(-1, -2)
        gram = T @ A + RIDGE * np.eye(A.shape[-1])
        v = np.linalg.solve(gram, T @ target[:, None])
        rho = target - (A @ v)[..., 0]
        return A, T, gram, v[..., 0] / np.where(size > 0, size, 1.0), rho, np.sum(rho**2, axis=-1)

    damping, here = np.full(len(z), DAMPING), at(z)
    for _ in range(N_STEPS):
        A, T, gram, v, rho, cost = here
        moved = np.einsum("jsnm,sm->jsn", shapes(z + steps), v)
        slope = np.moveaxis(moved[:n] - moved[n:], 0, -1) / (2 * STEP)
        J = A @ np.linalg.solve(gram, T @ slope) - slope
        H, g = J.swapaxes(-1, -2) @ J, np.einsum("snj,sn->sj", J, rho)
        D = damping[:, None] * np.einsum("sjj->sj", H) + 1e-300
        step = -np.linalg.solve(H + D[..., None] * np.eye(n), g[..., None])[..., 0]
        trial = np.clip(z + np.clip(step, -LONGEST, LONGEST), low, high)
        there = at(trial)
        better = there[-1] < cost
        z = np.where(better[:, None], trial, z)
        damping = np.where(better, damping / 5, damping * 5)
        here = tuple(
            np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(there, here, strict=True)
        )
    return z, here[-1]
