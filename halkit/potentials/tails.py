r"""Whether a fit has the phase shifts that its wave functions show at large r.

Data at nodes r_1, r_2, … do not see V below r_1. A fit continues it to the origin as a smooth
function, and an attractive core that rises as 1/r is missed there. But stationary waves know what
this core has done to them. On the outer half of the nodes, up to the last one R,

    u'' + [k² − l(l + 1)/r²] u = 2m r y(r),    u = rφ,

with the solution u = A F + B G + p, where F = kr j_l(kr) and G = −kr y_l(kr), and with

    p(r) = (2m/k) ∫_R^r [F(r) G(r') − G(r) F(r')] r' y(r') dr'.

For y of the fit this is linear in A and B for each k. The k of least squares, and tan δ = B/A, need
the tail alone. A wave of the fitted potential with the same k, on the same nodes, must have this δ.
Rows that are not one wave, as most of correlators are not, leave residuals, or have another δ on
a shorter window; or two waves of the fit describe them on all nodes (`halkit.potentials.mixtures`).
Waves with kR < 1 are too straight to show it, and do not count. Where nothing is found, rows are
compared with the fit next to the origin (`halkit.potentials.cores`).

Errors σ of y, or without them what the fit leaves of y, move δ of the fit in first order by

    (2m/kC²) √Σ_i (w_i φ_i σ_i/4π)²,    C² = A² + B²,

and less if other rows see the same potential.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy.special import spherical_jn, spherical_yn

from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import Interaction
from halkit.potentials.angular import WAVES, tell_wave, warn_of_wave
from halkit.potentials.cores import stated_error, turned, warn_of_core
from halkit.potentials.coupling import act
from halkit.potentials.misfit import describes
from halkit.potentials.mixtures import left_by_pair
from halkit.potentials.problem import Problem
from halkit.potentials.validation import node_columns
from halkit.scaling import norm
from halkit.scattering import scattering_wave_functions
from halkit.typing import Array
from halkit.warn import is_ignored, warn_caller

__all__ = ["Tail", "tail_of", "tail_shifts", "warn_of_tails"]

# Where the window and a shorter one start, in units of R, and the fewest nodes of the shorter one.
STARTS, FEWEST = (0.5, 0.65), 4
# Steps of the search for k, in units of the inverse length of the window; its least kR; iterations.
STEP, LEAST, ITERATIONS = 0.3, 0.03, 12
# Largest residual of a single wave, relative to it; kR from which on it bends.
SINGLE, BENT = 0.03, 1.0
# A difference in radians, and in errors, that counts; errors that a fit states may cover it up to
# LARGE; most rows that are looked at.
DIFFERENT, SIGNIFICANT, LARGE, COVERED, ROWS = 8e-3, 3.0, np.deg2rad(1), 2.0, 8


class Tail(NamedTuple):
    """k and δ modulo π of a wave at large r, the error of δ, the residual, and C of u."""

    k: float
    phase_shift: float
    error: float
    residual: float
    amplitude: float


class _Window:
    """A wave u = rφ with the source 2m r y on the nodes r ≥ `start`, in units of R and of its norm.

    k is kR here.
    """

    def __init__(self, phi, y, r, l, reduced_mass, start=0.0):
        inside = r >= start
        self.r, self.l = r[inside] / r[-1], l
        u = r[inside] * phi[inside]
        self.size = float(norm(u)) or 1.0
        self.u = u / self.size
        self.source = 2 * reduced_mass * r[-1] * (self.r * r[-1] * y[inside] * r[-1] / self.size)

    def _split(self, k):
        """u − p, (n_k, n), and F and G, (n_k, n, 2)."""
        x = k[:, None] * self.r
        if self.l:
            F, G = x * spherical_jn(self.l, x), -x * spherical_yn(self.l, x)
        else:
            F, G = np.sin(x), np.cos(x)
        waves = np.stack([F, G], axis=-1)
        steps = waves * self.source[:, None]
        steps = np.diff(self.r)[:, None] * (steps[:, 1:] + steps[:, :-1]) / 2
        integral = np.zeros_like(waves)  # from R inwards
        integral[:, :-1] = -np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        p = waves[..., 0] * integral[..., 1] - waves[..., 1] * integral[..., 0]
        return self.u - p / k[:, None], waves

    def residual(self, k):
        """The part of u − p, relative to it, that is not A F + B G, for k of shape (n_k,)."""
        free, waves = self._split(k)
        basis, _ = np.linalg.qr(waves)
        rest = free - np.einsum("kni,kmi,km->kn", basis, basis, free)
        size = norm(free, axis=1)
        return np.divide(norm(rest, axis=1), size, out=np.full_like(k, np.inf), where=size > 0)

    def momentum(self):
        """The k of least residual: from a first estimate by Gauss and Newton."""
        step, least, most = STEP / (1 - self.r[0]), LEAST, np.pi / np.diff(self.r).max()
        near = np.clip(self._estimate() + step * np.arange(-3, 4), least, most)
        k = start = near[np.argmin(self.residual(near))]
        for _ in range(ITERATIONS):
            _, rest, tangents = self._linear(k)
            scale = norm(tangents, axis=0)
            move = np.linalg.lstsq(tangents / scale, rest, rcond=None)[0][2] / scale[2]
            before, k = k, float(np.clip(k + move, max(start - step, least / 2), start + step))
            if abs(k - before) < 1e-10 * step:
                break
        return k

    def _estimate(self):
        """k² of least squares in ∫ (g'' − l(l + 1) g/r²) u + k² ∫ g u = ∫ g s, which is linear.

        g = sin²(πx) cos(mπx) on the window, 0 < x < 1, vanishes at its ends with g'.
        """
        length = 1 - self.r[0]
        x = np.pi * (self.r - self.r[0]) / length
        m = np.arange(max(3 * len(x) // 4, 1))[:, None]
        even, odd = np.cos(m * x), m * np.sin(m * x)
        g = np.sin(x) ** 2 * even
        bent = (2 * np.cos(2 * x) * even - 2 * np.sin(2 * x) * odd - m**2 * g) * (
            np.pi / length
        ) ** 2
        u, source = (np.gradient(self.r) * values for values in (self.u, self.source))
        seen, told = g @ u, g @ (source + self.l * (self.l + 1) * u / self.r**2) - bent @ u
        return np.sqrt(max(told @ seen / max(seen @ seen, np.finfo(float).tiny), 0.0))

    def _linear(self, k):
        """A and B of least squares, what they leave of u − p, and how it falls with A, B and k."""
        h = 1e-4
        free, waves = self._split(np.array([k, k - h, k + h]))
        scale = norm(waves[0], axis=0)
        found = np.linalg.lstsq(waves[0] / scale, free[0], rcond=None)[0] / scale
        rest, below, above = free - waves @ found
        return found, rest, np.column_stack([waves[0], (below - above) / (2 * h)])

    def phase(self, k):
        """δ at k, its error from the residuals, with the error of k, and C."""
        (A, B), rest, tangents = self._linear(k)
        scale = norm(tangents, axis=0)
        size = np.hypot(A, B)
        along = np.array([-B, A, 0]) / size / size / scale
        noise = norm(rest) / np.sqrt(len(self.r) - 3)
        error = noise * norm(along @ np.linalg.pinv(tangents / scale, rcond=1e-13))
        return float(np.arctan2(B, A)), float(error), float(size) * self.size


def tail_of(phi: Array, y: Array, r: Array, l: int, reduced_mass: float) -> Tail | None:
    """The `Tail` of a wave function with the targets y, both on the nodes r of shape (n_r,).

    The error is that of the residuals, and the change of δ on a shorter window, in quadrature. None
    if it is bent too little, or not a single wave.
    """
    first, second = (_Window(phi, y, r, l, reduced_mass, start * r[-1]) for start in STARTS)
    k = first.momentum()
    residual = float(first.residual(np.array([k]))[0])
    if k <= BENT or residual >= SINGLE:
        return None
    delta, error, size = first.phase(k)
    change = turned(second.phase(second.momentum())[0] - delta)
    return Tail(k / float(r[-1]), delta, float(np.hypot(error, change)), residual, size)


def tail_shifts(
    potential: Interaction, X: Array, r: Array, weights: Array, reduced_mass: float
) -> dict[int, tuple[Tail, float]]:
    """The `Tail` of each row that is one wave, and its δ less that of the potential.

    Parameters
    ----------
    potential : Interaction
        The fit.
    X : ndarray of shape (n_samples, n_r)
        Wave functions that are not zero.
    r, weights : ndarray of shape (n_r,)
        Nodes and measure of the sum over r'.
    reduced_mass : float
    """
    outer = r >= STARTS[0] * r[-1]
    wave: tuple[Any, ...] = (r[outer], potential.l or 0, reduced_mass)

    def outside(phi):
        return zip(phi[:, outer], act(potential, phi, r, weights, r[outer]), strict=True)

    every = {i: tail_of(*row, *wave) for i, row in enumerate(outside(X))}
    tails = {i: tail for i, tail in every.items() if tail is not None}
    if not tails:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        phi = scattering_wave_functions(
            potential, [tail.k for tail in tails.values()], reduced_mass=reduced_mass, l=wave[1]
        )(r)
    found = {}
    for (i, tail), row in zip(tails.items(), outside(phi), strict=True):
        delta, *_ = _Window(*row, *wave).phase(tail.k * r[-1])
        found[i] = tail, float(turned(tail.phase_shift - delta))
    return found


def warn_of_tails(model: Any, problem: Problem, *, unfinished: bool = False) -> None:
    """Warn of a fit with other phase shifts than its wave functions have at large r.

    Parameters
    ----------
    model : PotentialMixin
        Fitted to the problem. Without nodes or a mass, or with several channels, nothing is said.
    problem : Problem
    unfinished : bool, default False
        Whether a fit far from its minimum is told of elsewhere: nothing is said then.

    Warns
    -----
    MisfitWarning
    """
    if unfinished or is_ignored(MisfitWarning) or not _comparable(model):
        return
    if not describes(model, problem):
        return
    if warn_of_wave(model, problem):
        return
    r, mass = model.r_, model._mass()
    rows = np.flatnonzero(problem.X.any(axis=1) & problem.W.any(axis=1))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, ROWS).astype(int))]
    found = tail_shifts(model._learned, problem.X[rows], r, model.weights_, mass)
    wrong, waves = _wrong(model, problem, rows, found)
    if 2 * len(waves) > len(found):
        tell_wave(max(waves, key=waves.count))
        return
    for row, shift, error in wrong:
        tail, _ = found[row]
        if not _is_pair(model, problem.X[rows[row]], tail):
            _tell(tail.k, np.rad2deg(shift), np.rad2deg(error), r[r > 0][0])
            return
    warn_of_core(model, problem)


def _wrong(model, problem, rows, found):
    """Tails that differ from the fit, with shift and error, the largest first; others' l > 0."""
    noise = _noise_of_targets(model, problem, rows)
    wrong, waves = [], []
    for i, (tail, shift) in found.items():
        of_targets = 2 * model._mass() * noise[i] / tail.k / tail.amplitude / tail.amplitude
        error = np.hypot(tail.error, of_targets)
        if abs(shift) > max(DIFFERENT, SIGNIFICANT * error):
            l = _other_wave(model, problem.X[rows[i]], tail.residual)
            waves += [l] * bool(l)
            wrong += [(i, abs(shift), error)] * (not l)
    wrong.sort(key=lambda one: -one[1])
    if wrong and wrong[0][1] < LARGE:
        stated = stated_error(model, np.array([found[i][0].k for i, *_ in wrong]))
        pairs = zip(wrong, stated, strict=True)
        wrong = [one for one, known in pairs if one[1] > COVERED * known]
    return wrong, waves


def _is_pair(model, phi, tail):
    """Whether two waves of the fit describe a wave as well as its tail is a single one."""
    n = np.count_nonzero(model.r_ >= STARTS[0] * model.r_[-1])
    single = tail.residual * tail.amplitude * np.sqrt(n / 2 / (n - 3))
    try:
        return left_by_pair(model._learned, phi, model.r_, model._mass(), tail.k) < single
    except ValueError:  # no mesh for its momenta
        return False


def _tell(k, shift, error, first):
    warn_caller(
        f"the wave function with k = {k:.4g} has at large r a phase shift that differs by "
        f"{shift:.2g}° ± {error:.1g}° from that of the fitted potential. X may be rφ, or a "
        "mixture of states; reduced_mass, l or the unit of r may be wrong; X and y may be of "
        "different potentials; the prior may be too smooth; or the nodes miss structure of V, such "
        f"as a core that rises as 1/r below the first one, r = {first:.3g}: take finer nodes, or a "
        "form that has the core, such as LocalPotentialRegressor('yukawa')",
        MisfitWarning,
    )


def _other_wave(model, phi, residual):
    """The l > 0 of a wave that clearly has it, where nothing says its l, or None."""
    if model._wave is not None:
        return None
    r = model.r_
    outer = r >= STARTS[0] * r[-1]
    y = act(model._learned, phi[None], r, model.weights_, r[outer])[0]
    tails = {l: tail_of(phi[outer], y, r[outer], l, model._mass()) for l in WAVES}
    left = {l: tail.residual for l, tail in tails.items() if tail is not None}
    l = min(left, key=left.__getitem__, default=None)
    return l if l and left[l] < residual / 2 else None


def _comparable(model):
    """Whether a fit has a unit of length, a mass, one channel, and nodes to the end and enough."""
    r, out = model.r_, model.r_out_
    if not model._nodes_given or model.n_channels_ > 1 or model._mass() is None:
        return False
    enough = np.count_nonzero(r >= STARTS[-1] * r[-1]) >= FEWEST
    return enough and out[-1] >= STARTS[0] * r[-1] and np.isin(r[r <= out[-1]], [0.0, *out]).all()


def _noise_of_targets(model, problem, rows):
    """√Σ (w φ σ/4π)² of some rows, with the errors σ of y, or what the fit leaves of y."""
    columns = node_columns(model.r_out_, model.r_)
    X, W = problem.X[rows], problem.W[rows]
    if problem.has_errors:
        with np.errstate(divide="ignore"):
            sigma = np.where(W > 0, 1 / W, 0.0) / np.sqrt(problem.total)
    else:
        sigma = problem.y[rows] - act(model._learned, X, model.r_, model.weights_, model.r_out_)
    return norm(X[:, columns] * model.weights_[columns] * sigma, axis=1) / (4 * np.pi)
