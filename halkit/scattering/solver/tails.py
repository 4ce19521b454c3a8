"""The phase shift from a long tail beyond the channel radius a.

Outside, u ∝ F cos δ(r) + G sin δ(r) with the phase δ(r) of the potential cut at r (Calogero),

    δ'(r) = −(2m V(r)/k) [F(kr) cos δ + G(kr) sin δ]²,

from δ(a) of the R-matrix to δ(∞). Picard's iteration solves it up to kr_c = 40 + l(l+1). Beyond,
first order in V suffices: with F = A sin φ, G = A cos φ, φ' = k/A² and g = m V A²/k,

    δ(∞) = δ(r_c) − ∫ g dr − h sin 2(φ + δ) − (h'/2φ') cos 2(φ + δ),    h = g/2φ',

where the last two terms, at r_c, are the first of an integration by parts of
∫ g cos 2(φ + δ) dr.

A tail counts as a power, V ∝ r^−n with n > 2, if log|V| is nearly linear in log r.

Reference: F. Calogero, Variable Phase Approach to Potential Scattering (1967), Ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from halkit.scattering.solver.rmatrix import riccati_bessel
from halkit.typing import Array

__all__ = ["LEAST_POWER", "FreeWaves", "add_tail", "bessel_waves", "power_law"]

X, W = np.polynomial.legendre.leggauss(16)
# ∫_{−1}^{x_i} ℓ_j dx of the nodes x_i.
INTEGRAL = np.linalg.solve(
    np.polynomial.legendre.legvander(X, 15).T,
    np.array(
        [
            np.polynomial.legendre.legval(X, np.polynomial.legendre.legint(row, lbnd=-1))
            for row in np.eye(16)
        ]
    ),
).T
# The highest Legendre coefficients of a function on the nodes.
HIGHEST = np.linalg.inv(np.polynomial.legendre.legvander(X, 15))[-2:].T
FAR_X, FAR_W = np.polynomial.legendre.leggauss(40)
FAR = 40.0
# Number of times the panels are halved before δ(r) is integrated step by step.
HALVINGS = 5
# Largest deviation of log|V| from linear between nodes, of n from constant over a factor e of
# r, and the least n.
BEND, DRIFT, LEAST_POWER = 0.02, 0.5, 2.05


def power_law(
    r: Array, V: Array, finer: int, least: float = LEAST_POWER
) -> tuple[float, float] | None:
    """Return the radius from which V ∝ r^−n, and n at the last radius; None without such a tail.

    Parameters
    ----------
    r, V : array of shape (n,)
        Radii, spaced geometrically, and V there.
    finer : int
        n is determined at every `finer`-th radius.
    least : float
        Least n.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, x = np.log(np.abs(V)), np.log(r)
        nodes, coarse = x[::finer], logs[::finer]
        power = -np.diff(coarse) / np.diff(nodes)
        drift = np.abs(np.diff(power)) / np.diff(nodes[1:])
        off = np.abs(logs - np.interp(x, nodes, coarse))
        good = (off < BEND) & (np.sign(V) == np.sign(V[-1])) & np.isfinite(logs)
        good &= np.interp(x, nodes[1:-1], drift) < DRIFT
    bad = np.flatnonzero(~good)
    first = bad[-1] + 1 if bad.size else 0
    if first > r.size - 5 * finer or power[-1] <= least:
        return None
    return float(r[first]), float(power[-1])


class FreeWaves(NamedTuple):
    """The waves F(ρ), G(ρ) on which a tail acts.

    Attributes
    ----------
    functions : callable
        Maps ρ to F and G.
    square : callable
        Maps ρ beyond `far` to F² + G².
    far : float
        ρ beyond which first order in V suffices.
    """

    functions: Callable[[Array], Sequence[Array]]
    square: Callable[[Array], Array]
    far: float


def bessel_waves(l: int) -> FreeWaves:
    """Return the `FreeWaves` of neutral hadrons."""

    def functions(rho):
        return riccati_bessel(l, rho)[::2]

    def square(rho):
        F, G = functions(rho)
        return F**2 + G**2

    return FreeWaves(functions, square, FAR + l * (l + 1))


def add_tail(
    V: Callable[[Array], Array],
    k: Array,
    delta: Array,
    waves: Sequence[FreeWaves],
    *,
    reduced_mass: float,
    radius: float,
) -> Array:
    """Return δ(∞) of the momenta k, shape (n_k,), for δ at the channel radius and V(r) beyond.

    `waves` has one `FreeWaves` for each k.
    """
    one = (
        _outwards(V, q, start, 2 * reduced_mass, free, radius)
        for q, start, free in zip(k, delta, waves, strict=True)
    )
    return np.array([*one])


def _outwards(V, k, delta, twice_mass, free, a):
    far = free.far / k
    if a < far:
        delta = _integrated(V, k, delta, twice_mass, free, _edges(a, far, k))
    return _from_far(V, k, delta, twice_mass, free, max(a, far))


def _edges(a, far, k):
    """Edges of panels: a factor of 3 each below 1/k, then 3/k."""
    turn = min(max(a, 1 / k), far)
    rising = np.geomspace(a, turn, int(np.ceil(np.log(turn / a) / np.log(3))) + 1)
    even = np.linspace(turn, far, int(np.ceil((far - turn) * k / 3)) + 1)
    return np.concatenate([rising[:-1], even]) if turn > a else even


def _integrated(V, k, delta, twice_mass, free, edges):
    """δ at the last edge, on panels that are halved until they resolve it."""
    for _ in range(HALVINGS):
        after, size, good = _iterated(V, k, delta, twice_mass, free, edges)
        if good:
            return after
        edges = np.sort(np.concatenate([edges, np.sqrt(edges[1:] * edges[:-1])]))
    return _step_by_step(V, k, delta, twice_mass, free, (edges[0], edges[-1]), 1e-11 * size)


def _iterated(V, k, delta, twice_mass, free, edges):
    """δ at the last edge by Picard's iteration, ∫ ``|δ'|`` dr, and whether the panels suffice."""
    half = np.diff(edges)[:, None] / 2
    r = edges[:-1, None] + half * (1 + X)
    F, G = free.functions(k * r)
    strength = -twice_mass / k * V(r.ravel()).reshape(r.shape) * half
    phase, change = np.full(r.shape, delta), np.inf
    for _ in range(40):
        slope = strength * (F * np.cos(phase) + G * np.sin(phase)) ** 2
        panels = slope @ W
        totals = np.cumsum(panels)
        if change <= 1e-15 + 1e-12 * np.abs(totals[-1]):
            break
        new = delta + slope @ INTEGRAL.T + (totals - panels)[:, None]
        change, phase = np.max(np.abs(new - phase)), new
    unseen, size = np.abs(slope @ HIGHEST).max(), np.abs(panels).sum()
    return delta + totals[-1], size, not (change > 1e-8 * size or unseen > 1e-6 * size)


def _step_by_step(V, k, delta, twice_mass, free, ends, atol):
    """δ at the last edge by a solver with adaptive steps: next to a resonance δ(r) turns fast."""

    def slope(t, phase):
        r = np.exp(t)
        F, G = free.functions(k * r)
        strength = -twice_mass / k * r * V(np.array([r]))
        return strength * (F * np.cos(phase) + G * np.sin(phase)) ** 2

    turned = solve_ivp(slope, np.log(ends), [delta], rtol=1e-10, atol=atol, method="DOP853")
    return turned.y[0, -1]


def _from_far(V, k, delta, twice_mass, free, r_c):
    def strength(r):
        square = free.square(k * r)
        return twice_mass / (2 * k) * V(r) * square, square

    t, w = (1 + FAR_X) / 2, FAR_W / 2  # r = r_c/t²
    smooth = np.sum(strength(r_c / t**2)[0] * w * 2 * r_c / t**3)
    near = r_c * np.array([1 - 1e-4, 1.0, 1 + 1e-4])
    g, square = strength(near)
    h, (F, G) = g * square / (2 * k), free.functions(k * near[1:2])
    turn = 2 * (np.arctan2(F, G).item() + delta)
    slope = (h[2] - h[0]) / (near[2] - near[0]) * square[1] / (2 * k)
    return delta - smooth - h[1] * np.sin(turn) - slope * np.cos(turn)
