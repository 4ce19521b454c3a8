r"""Diffusion of single plaquettes: from uniform angles to the learned action at any coupling.

In two dimensions the plaquettes are independent but for their sum, so that noise can be put on
them in place of the links. Links without noise have, after a training at β0, a force that is an
odd function of one plaquette, −Σ_k a_k k sin kP (`halkit.gauge.diffusion.force`), and

    f ∝ exp Σ_k b_k cos kP,    b_k = (β/β0) a_k,

is what has been learned of the coupling β. White noise of variance s multiplies the harmonics c_m
of f with e^{−m²s/2}, so that the score of the noisy plaquette is known at every s,

    h_s(P) = ∂ log Σ_m c_m e^{−m²s/2} cos mP,

and the clean plaquette has, given the noisy one, the mean and variance of a step of

    P ← P + D h_s + √(D (1 + D h_s')) ξ,    D = s_i − s_{i+1},

from s = 9, where P is uniform, down to s = 0. (Scaling the score of the noisy plaquette would be
wrong at every s > 0.) The only error is that the step is Gaussian, and the density g of what the
chain draws is known: a step from x to the mean μ(x) with the variance v(x) takes its harmonics to
∫ p(x) cos mμ(x) e^{−m²v(x)/2} dx.

At large couplings a plaquette never comes near ±π. All this is then done for κP on the same
circle, κ² = β/12, and costs no more.

For SU(2) the plaquette is its class angle a, the cosines are characters, and noise on the group
multiplies them with e^{−(n²−1)s/2} (`halkit.gauge.theory.spaces`). A step goes along a by
(e^{3D} − 1)/3 h_s, and then in a random direction of the group, by a random angle whose width takes
the mean plaquette to what it is at the next noise.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from halkit.gauge.theory.quaternion import concentrated
from halkit.gauge.theory.spaces import ANGLES, Space

__all__ = ["ClassAngleChain", "PlaquetteChain", "log_density", "noise_variances", "plaquette_chain"]

FIRST = 9.0  # the variance that hides a plaquette: e^{−9/2} = 0.011 of its cosine is left
LAST = 0.2  # the last variance, times the coupling
STIFF = 12.0  # couplings above it are scaled down to it
EMPTY = -25.0  # log f at ±π/κ from which on nothing is lost beyond
FEWEST, MOST = 48, 1024  # harmonics
KNOWN = 1e-9  # part of its peak down to which harmonics know a density
CELLS, POINTS = 2**13, 2**12  # of the tables on the circle, and on half of it
UNRESOLVED = 1e-4  # of the norm of a density
BATCH = 2**15
TURNS = 2**16  # of the circle, that keep the number of a cell positive


class PlaquetteChain(NamedTuple):
    """Steps of the reverse process, as tables, and the density of what they draw.

    Attributes
    ----------
    harmonics : tuple
        b_k of log f = Σ_k b_k cos kP.
    scale : float
        κ; the steps move κP on the circle.
    shift, width : float32 arrays of shape (n_steps, CELLS)
        μ(x) − x and √v(x) in the cells of the circle, from x = 0 on.
    log_ratio : array of shape (POINTS + 1,)
        log g/f at κP in [0, π], f normalised.
    log_norm : float
        log ∫ f dP, with f = 1 at P = 0.
    space : Angles or Quaternions
        Of the links.
    """

    harmonics: tuple
    scale: float
    shift: np.ndarray
    width: np.ndarray
    log_ratio: np.ndarray
    log_norm: float
    space: Space = ANGLES

    def noisy(self, n, rng):
        """Draw n angles κP with the last noise still on them."""
        x = np.empty(n, dtype=np.float32)
        for start in range(0, n, BATCH):
            part = x[start : start + BATCH]
            part[:] = rng.random(len(part), dtype=np.float32) * np.float32(2 * np.pi)
            for shift, width in zip(self.shift[:-1], self.width[:-1], strict=True):
                cell = _cell(part)
                noise = rng.standard_normal(len(part), dtype=np.float32)
                noise *= width.take(cell)
                part += shift.take(cell)
                part += noise
        return x

    def last_step(self, x):
        """Mean and standard deviation of the clean κP, given it with the last noise."""
        cell = _cell(x)
        return x + self.shift[-1].take(cell).astype(float), self.width[-1].take(cell).astype(float)

    def draw(self, n, rng):
        """Draw n independent angles P in [−π/κ, π/κ), of the density g."""
        mean, width = self.last_step(self.noisy(n, rng))
        x = mean + width * rng.standard_normal(n)
        return (x - 2 * np.pi * np.floor(x / (2 * np.pi) + 0.5)) / self.scale

    def log_density(self, P):
        """Return log g of angles in [−π, π)."""
        correction = interpolate(self.log_ratio, P, self.scale)
        return log_density(P, self.harmonics) - self.log_norm + correction

    def points(self):
        """POINTS + 1 angles from 0 to π/κ, and the weights of an integral over both signs."""
        weight = np.full(POINTS + 1, self.space.volume / POINTS / self.scale)
        weight[[0, -1]] /= 2
        P = np.linspace(0, np.pi / self.scale, POINTS + 1)
        return P, weight * self.space.haar(P)


class ClassAngleChain(PlaquetteChain):
    """The steps for class angles of SU(2): isotropic ones on the group, at the angles' places."""

    def noisy(self, n, rng):
        """Draw n class angles with the last noise still on them."""
        a = self.space.uniform(n, rng)
        for level in range(len(self.shift) - 1):
            a = self._step(a, level, rng)
        return a

    def draw(self, n, rng):
        """Draw n independent class angles in [0, π], of the density g."""
        return np.concatenate([
            self._step(self.noisy(min(BATCH, n - start), rng), -1, rng)
            for start in range(0, n, BATCH)
        ])  # fmt: skip

    def _step(self, a, level, rng):
        """One step, along the class angle and then by b in a random direction u = cos.

        1 − cos a' = 1 − cos(a − b) + (1 + u) sin a sin b.
        """
        a = np.abs(a + np.interp(a, self._places, self.shift[level][: CELLS // 2]))
        b = concentrated(np.full(len(a), self.width[level][0]), rng)
        across = (1 + rng.uniform(-1, 1, len(a))) * np.sin(a) * np.sin(b)
        return 2 * np.arcsin(np.sqrt(np.clip(np.sin((a - b) / 2) ** 2 + across / 2, 0, 1)))

    @property
    def _places(self):
        return 2 * np.pi * (np.arange(CELLS // 2) + 0.5) / CELLS


def _cell(x):
    """Return the number of the cell of each angle, modulo the circle."""
    cell = (x * np.float32(CELLS / (2 * np.pi)) + np.float32(TURNS)).astype(np.int32)
    cell &= CELLS - 1
    return cell


def interpolate(table, P, scale):
    """Return the values of an even function of P from its table on 0 ≤ κP ≤ π, constant beyond."""
    place = np.minimum(np.abs(P) * (scale * POINTS / np.pi), POINTS)
    low = np.minimum(place.astype(np.int32), POINTS - 1)
    place -= low
    return table.take(low) + place * np.diff(table).take(low)


def log_density(P, harmonics):
    """Return Σ_k b_k (cos kP − 1), which keeps its digits at small P."""
    return -2 * sum(b * np.square(np.sin(k / 2 * P)) for k, b in enumerate(harmonics, 1))


def noise_variances(n_steps, beta):
    """Return n_steps variances from 9 to 0.2/β, whose cubic roots are equidistant."""
    last = LAST / max(beta, 1.0)
    return np.linspace(FIRST ** (1 / 3), last ** (1 / 3), n_steps) ** 3


@lru_cache(maxsize=32)
def plaquette_chain(harmonics, beta, n_steps, space=ANGLES):
    """Make a `PlaquetteChain`, or a `ClassAngleChain`.

    Parameters
    ----------
    harmonics : tuple of float
        b_k.
    beta : float
        Coupling β that the samples are meant for, which sets the noise and the scale κ.
    n_steps : int
        Number of noise variances; each begins a step, the last one to no noise.
    space : Angles or Quaternions
        Of the links.

    Raises
    ------
    ValueError
        If f is far narrower than a density of the coupling β.
    """
    scale = _scale(harmonics, beta) if space is ANGLES else 1.0
    m = np.arange(_n_harmonics(harmonics, beta, scale) + 1)
    x = np.pi * (np.arange(4 * len(m)) + 0.5) / (4 * len(m))
    characters, haar = space.characters(x, m), space.haar(x)
    log_f = log_density(x / scale, harmonics)
    f = np.exp(log_f - log_f.max()) * haar
    clean = f @ characters / f.sum()
    centre = 2 * np.pi * (np.arange(CELLS // 2) + 0.5) / CELLS
    variances = noise_variances(n_steps, beta / scale**2)
    law, shift, width = (m == 0).astype(float), [], []
    for s, following in zip(variances, [*variances[1:], 0.0], strict=True):
        step = s - following
        noisy = clean * np.exp(-space.decay(m) * s / 2)
        score, slope = _score(space, noisy, x, characters)
        move = space.reach(step) * score
        density = characters @ (space.squares(m) * law) / len(x) * haar
        moved = space.characters(x + move, m)
        target = clean[1] * np.exp(-space.decay(1) * following / 2)
        v = space.variance(step, slope, density @ moved[:, 1], target)
        law = density @ (moved * space.kick(v, m))
        move, spread = (np.interp(centre, x, values) for values in (move, space.width(v)))
        shift.append(np.concatenate([move, -move[::-1]]).astype(np.float32))
        width.append(np.concatenate([spread, spread[::-1]]).astype(np.float32))
    log_norm = np.log(space.volume * f.mean() / scale) + log_f.max()
    log_ratio = _log_ratio(space, law, harmonics, scale, log_norm)
    kind = PlaquetteChain if space is ANGLES else ClassAngleChain
    chain = kind(harmonics, scale, np.array(shift), np.array(width), log_ratio, log_norm, space)
    if space is not ANGLES:
        _check_resolved(chain, n_steps)
    return chain


def _check_resolved(chain, n_steps):
    """Refuse steps of the group that are too long for its characters."""
    P, weight = chain.points()
    with np.errstate(over="ignore", invalid="ignore"):
        total = weight @ np.exp(chain.log_density(P))
    if not abs(total - 1) < UNRESOLVED:
        raise ValueError(
            f"n_steps must be larger for the action {chain.harmonics}, got {n_steps}: the steps "
            "are too long to know the density of what they draw"
        )


def _scale(harmonics, beta):
    """Return κ: √(β/12), if neither f nor the density of the coupling β is wider."""
    curvature = sum(k**2 * b for k, b in enumerate(harmonics, 1))
    scale = np.sqrt(max(min(beta, curvature) / STIFF, 1.0))
    edge = np.pi / scale
    return float(scale if log_density(edge, harmonics) < EMPTY else 1.0)


def _n_harmonics(harmonics, beta, scale):
    """Return how many harmonics f has on the circle of κP: its largest is e^{−m²/2b} ≈ 1e-16."""
    stiff = sum(k**2 * abs(b) for k, b in enumerate(harmonics, 1)) / scale**2
    number = FEWEST + int(np.sqrt(74 * stiff))
    if number > MOST:
        raise ValueError(
            f"what was learned gives an action of coupling {stiff * scale**2:.3g} where beta is "
            f"{beta:.3g}, too narrow to draw: beta must be the coupling of the links of the fit, "
            "and the training must not diverge"
        )
    return number


def _score(space, c, x, characters):
    """Return h and h' of a density with the harmonics c, constant where it is too small to know."""
    density = characters @ (space.squares(np.arange(len(c))) * c)
    known = density > KNOWN * density.max()
    score, slope = space.score(c, x[known], characters[known], density[known])
    return np.interp(x, x[known], score), np.interp(x, x[known], slope)


def _log_ratio(space, law, harmonics, scale, log_norm):
    """Return log g/f on [0, π] of κP, constant where g is too small to know."""
    x, m = np.linspace(0, np.pi, POINTS + 1), np.arange(len(law))
    g = space.characters(x, m) @ (space.squares(m) * law) * scale / space.volume
    known = g > KNOWN * g.max()
    ratio = np.log(g[known]) - log_density(x[known] / scale, harmonics) + log_norm
    return np.interp(x, x[known], ratio)
