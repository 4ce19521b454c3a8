r"""Diffusion of a scalar field: a Gaussian for every mode, two for the zero mode, learned terms.

White noise of variance s on the sites adds s to the variance C_p of every mode, and a reverse step
from s_{i+1} to s_i = s_{i+1} − D has by Tweedie's formula the mean and variance

    x + D h(x),    D − D² ⟨h²⟩,    h = ∂ log p_s/∂x.

The zero mode z has two Gaussians of width √c around ±m, whose reverse step is known. What is left
of the score is found by least squares at every s. Its target, for a clean field φ,

    a_p [F_p + φ_p/C_p],    a_p = C_p/(C_p + s),    F = −∂S/∂φ,

has the score of the noisy field as its mean, less the score of the Gaussians, and no variance where
the field is Gaussian. It is expanded in odd products of neighbouring sites of the denoised field
y = x + s h, times a_p and a polynomial in p². The density of the whole path is known: the ratio

    w = e^{−S(x_0)} Π q(x_{i+1}|x_i) / [g(x_N) Π g(x_i|x_{i+1})]

with the noise q makes weighted means exact, even if little was learned.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft2, rfft2

from halkit.gauge.theory.scalar import neighbours
from halkit.gauge.theory.theories import Phi4

__all__ = ["Learned", "ModeChain", "draw", "learn", "log_paths", "mode_chain", "momenta"]

N_POWERS, N_FEATURES = 2, 12
REACH = 6.0  # the largest noise, over the largest variance of a mode
RIDGE = 1e-9
SITES = 2**17
SPREAD = 5.0  # largest ratio of the variance of a step to the variance of a Gaussian step
SIGNIFICANT = 3.0  # errors of U_L from which on the zero mode has two peaks


class Learned(NamedTuple):
    """What a training keeps; only the zero mode depends on the lattice.

    Attributes
    ----------
    momenta : array of shape (n_shells,)
        p² = Σ 4 sin²(p_μ/2), from 0 on.
    variances : array of shape (n_shells,)
        C_p; c for the zero mode.
    centre : float
        m.
    volume : int
        Sites of the lattice of the training.
    noise : array of shape (n_steps + 1,)
        s_i, from 0 on.
    coefficients : array of shape (n_steps, 12, 2)
        Of the products of fields, and powers of p².
    spread : array of shape (n_steps, n_shells)
        Variances of the steps over the variances of Gaussian steps.
    """

    momenta: np.ndarray
    variances: np.ndarray
    centre: float
    volume: int
    noise: np.ndarray
    coefficients: np.ndarray
    spread: np.ndarray


class ModeChain(NamedTuple):
    """The steps on one lattice."""

    theory: Phi4
    lattice_shape: tuple
    p2: np.ndarray
    multiplicity: np.ndarray
    C: np.ndarray
    centre: float
    noise: np.ndarray
    coefficients: np.ndarray
    variances: np.ndarray


def momenta(lattice_shape):
    """Return p² and the number of modes that each entry of a half plane stands for."""
    size_0, size_1 = lattice_shape
    half = size_1 // 2 + 1
    p2 = 4 * np.add.outer(
        np.sin(np.pi * np.arange(size_0) / size_0) ** 2,
        np.sin(np.pi * np.arange(half) / size_1) ** 2,
    )
    count = np.full((size_0, half), 2.0)
    count[:, [0] if size_1 % 2 else [0, -1]] = 1
    return p2, count


def learn(field, theory, n_steps, rng):
    """Learn from fields (n, L0, L1) of a theory.

    Returns
    -------
    Learned
    """
    shape = field.shape[1:]
    volume = int(np.prod(shape))
    (p2, count), force = momenta(shape), theory.force(field)
    shells, place = np.unique(p2.round(9), return_inverse=True)
    place = place.reshape(p2.shape)

    def in_shells(values):
        weights = np.bincount(place.ravel(), count.ravel())
        return np.bincount(place.ravel(), (values * count).ravel()) / weights

    phi, pull = _modes(field), _modes(force)
    virial = in_shells(-(phi * pull.conj()).real.mean(axis=0))
    power = np.maximum(in_shells((np.abs(phi) ** 2).mean(axis=0)), 1e-12)
    C = power / np.where((virial > 0.5) & (virial < 2), virial, 1.0)
    centre, C[0] = _two_gaussians(phi[:, 0, 0].real, C[0])
    first = C[1:].min() if len(C) > 1 else C[0]
    noise = first * np.expm1(np.linspace(0, np.log1p(REACH * C.max() / first), n_steps + 1))
    coefficients, spread = [], []
    for before, s in pairwise(noise):
        theta, strength = _level(phi, pull, C[place], centre, s, (p2, count), volume, rng)
        coefficients.append(theta)
        step = s - before
        spread.append(1 - step * in_shells(strength) * (C + s) / (C + before))
    spread = np.clip(spread, 1 / SPREAD, SPREAD)
    return Learned(shells, C, centre, volume, noise, np.array(coefficients), spread)


def _modes(field):
    return rfft2(field, norm="ortho")


def _two_gaussians(z, c):
    """Return m and c of the likeliest two Gaussians of one width, or 0 and c if one suffices."""
    square = (z**2).mean()
    cumulant = 1 - (z**4).mean() / (3 * square**2)
    if cumulant < SIGNIFICANT * np.sqrt(24 / len(z)) / 3:
        return 0.0, c
    m = np.sqrt(square * np.sqrt(1.5 * min(cumulant, 0.66666)))
    for _ in range(300):
        c = max(square - m**2, 1e-6 * square)
        m = (z * np.tanh(m * z / c)).mean()
    return float(m), float(max(square - m**2, 1e-6 * square))


def _level(phi, pull, C, centre, s, modes, volume, rng):
    """Return the coefficients at one noise, and by how much ⟨h²⟩ exceeds 1/(C + s) with them."""
    (p2, count), a, n = modes, C / (C + s), len(phi)
    shape = (C.shape[0], volume // C.shape[0])
    gram, product, cross = 0.0, 0.0, 0.0
    for start in range(0, n, max(1, SITES // volume)):
        part = slice(start, start + max(1, SITES // volume))
        x = phi[part] + np.sqrt(s) * _modes(rng.standard_normal((len(phi[part]), *shape)))
        h, clean, sign = _gaussian(C, centre, s, x)
        left = a * (pull[part] + phi[part] / C) - x / (C + s) - h
        f = _modes(_products(_sites(clean, shape), sign, centre / np.sqrt(volume)))
        f = np.moveaxis(f.reshape(*f.shape[:2], -1), 2, 0)  # (mode, n, feature)
        dual = f.conj().transpose(0, 2, 1)
        gram = gram + (dual @ f).real
        product, cross = (
            total + (dual @ one.reshape(len(one), -1).T[..., None])[..., 0].real
            for total, one in ((product, left), (cross, h))
        )
    powers = (p2.ravel() / 8)[:, None] ** np.arange(N_POWERS) * a.ravel()[:, None]
    scale = count.ravel()
    normal = np.einsum("p,pd,pe,pjk->jdke", scale, powers, powers, gram, optimize=True)
    size = N_FEATURES * N_POWERS
    normal = normal.reshape(size, size)
    right = np.einsum("p,pd,pj->jd", scale, powers, product).ravel()
    unit = np.sqrt(np.diag(normal))
    unit[unit == 0] = 1.0
    matrix = normal / np.outer(unit, unit) + RIDGE * np.eye(size)
    theta = (np.linalg.solve(matrix, right / unit) / unit).reshape(N_FEATURES, N_POWERS)
    weight = powers @ theta.T
    change = 2 * np.einsum("pj,pj->p", weight, cross)
    change = change + np.einsum("pj,pjk,pk->p", weight, gram, weight, optimize=True)
    return theta, change.reshape(C.shape) / n


def _sites(modes, lattice_shape):
    return irfft2(modes, s=lattice_shape, norm="ortho")


def _products(y, sign, centre):
    """Return twelve odd products of the field, and of the field minus its peak at ±centre."""
    N, y2, s = neighbours(y) / 4, y * y, sign[:, None, None]
    e = y - centre * s
    M, near = neighbours(e) / 4, neighbours(y2) / 4
    return np.stack([
        y, y * y2, y * y2 * y2, y2 * N, y * N * N, N**3, y * near, neighbours(y * near) / 4,
        s * e * e, s * e * M, s * M * M, s * neighbours(e * e) / 4,
    ], axis=1)  # fmt: skip


def _gaussian(C, centre, s, x):
    """Return the score of the Gaussians, the denoised modes and tanh(m z/(c + s)) of modes x."""
    width, z = C[0, 0] + s, x[:, 0, 0].real
    sign = np.tanh(centre * z / width)
    h = -x / (C + s)
    h[:, 0, 0] += centre * sign / width
    return h, x + s * h, sign


def mode_chain(learned, theory, lattice_shape):
    """Make the steps on a lattice; between the momenta of the training 1/C_p is interpolated.

    On another volume the peaks of φ and the variance around them stay the same.
    """
    p2, count = momenta(lattice_shape)
    volume, shells = int(np.prod(lattice_shape)), learned.momenta
    centre, c = learned.centre, learned.variances[0]
    if volume != learned.volume:
        if centre < np.sqrt(c):  # one peak: ⟨z²⟩ stays the same
            centre, c = 0.0, c + centre**2
        centre *= np.sqrt(volume / learned.volume)
    inverse = 1 / learned.variances
    inverse[0] = 1 / c
    C = 1 / _between(p2, shells, inverse)
    C[0, 0] = c
    spread = np.array([np.interp(p2, shells, one) for one in learned.spread])
    before, after = (learned.noise[side, None, None] for side in (np.s_[:-1], np.s_[1:]))
    variances = spread * (after - before) * (C + before) / (C + after)
    return ModeChain(
        theory, lattice_shape, p2, count, C, centre, learned.noise, learned.coefficients, variances
    )


def _between(p2, shells, inverse):
    """Interpolate 1/C_p; below the first shell along the line through the first two."""
    if len(shells) < 3:
        return np.interp(p2, shells, inverse)
    slope = (inverse[2] - inverse[1]) / (shells[2] - shells[1])
    low = np.maximum(inverse[1] - slope * (shells[1] - p2), inverse[1] / 10)
    return np.where(p2 < shells[1], low, np.interp(p2, shells[1:], inverse[1:]))


def draw(chain, n, rng):
    """Draw n independent fields, and the logarithms of their path weights.

    Raises
    ------
    ValueError
        If fields diverge.
    """
    shape = chain.lattice_shape
    fields, log_weight = np.empty((n, *shape)), np.empty(n)
    size = max(1, SITES // int(np.prod(shape)))
    for first in range(0, n, size):
        part = slice(first, min(first + size, n))
        with np.errstate(over="ignore", invalid="ignore"):
            fields[part], log_weight[part] = _draw_part(chain, part.stop - first, rng)
    lost = np.count_nonzero(~np.isfinite(log_weight))
    if lost:
        raise ValueError(
            f"the model must have learned a stable score, got {lost} of {n} fields that diverge: "
            "fit it to more fields of its theory"
        )
    return fields, log_weight


def _draw_part(chain, n, rng):
    """Fields that fit into memory, and their weights; NaN where they diverge."""
    step = _start(chain, n)
    x = _drawn(chain, step, rng)
    log_w = -_log_density(chain, step, x)
    for level in reversed(range(len(chain.variances))):
        step = _reverse(chain, level, x)
        noisy, x = x, _drawn(chain, step, rng)
        log_w += _log_noise(chain, level, x, noisy)
        log_w -= _log_density(chain, step, x)
    fields = _sites(x, chain.lattice_shape)
    return fields, log_w - chain.theory.action(fields)


def _reverse(chain, level, x):
    """Return a step: means of the modes, chances and means of the peaks of zero mode, variances."""
    s, before = chain.noise[level + 1], chain.noise[level]
    h, clean, sign = _gaussian(chain.C, chain.centre, s, x)
    shape, volume = chain.lattice_shape, np.prod(chain.lattice_shape)
    f = _products(_sites(clean, shape), sign, chain.centre / np.sqrt(volume))
    theta = chain.coefficients[level]
    a = chain.C / (chain.C + s)
    for power in range(N_POWERS):
        terms = np.einsum("njxy,j->nxy", f, theta[:, power], optimize=True)
        h += a * (chain.p2 / 8) ** power * _modes(terms)
    mean = x + (s - before) * h
    shift = (s - before) * chain.centre / (chain.C[0, 0] + s)
    z = mean[:, 0, 0].real
    peaks = [((1 + one * sign) / 2, z + shift * (one - sign)) for one in (1, -1)]
    return mean, peaks, chain.variances[level]


def _log_density(chain, step, x):
    """Logarithm of the density of modes x after a step, without (2π)^{−V/2}."""
    mean, peaks, variance = step
    square = chain.multiplicity * np.abs(x - mean) ** 2 / variance
    square[:, 0, 0] = 0
    z, width = x[:, 0, 0].real, variance[0, 0]
    with np.errstate(divide="ignore"):
        terms = [np.log(chance) - (z - at) ** 2 / (2 * width) for chance, at in peaks]
    zero = np.logaddexp(*terms)
    return zero - square.sum((1, 2)) / 2 - (chain.multiplicity * np.log(variance)).sum() / 2


def _start(chain, n):
    """The step from nothing to modes with the largest noise."""
    peaks = [(np.full(n, 0.5), np.full(n, one * chain.centre)) for one in (1, -1)]
    return np.zeros((n, *chain.C.shape)), peaks, chain.C + chain.noise[-1]


def _log_noise(chain, level, x, noisy):
    """Logarithm of the density of a step that adds noise, without (2π)^{−V/2}."""
    step = chain.noise[level + 1] - chain.noise[level]
    square = (chain.multiplicity * np.abs(noisy - x) ** 2).sum((1, 2)) / step
    return -(square + np.prod(chain.lattice_shape) * np.log(step)) / 2


def _drawn(chain, step, rng):
    """Draw the modes after a step."""
    mean, peaks, variance = step
    white = _modes(rng.standard_normal((len(mean), *chain.lattice_shape)))
    x = mean + np.sqrt(variance) * white
    up = rng.random(len(mean)) < peaks[0][0]
    x[:, 0, 0] = np.where(up, peaks[0][1], peaks[1][1]) + np.sqrt(variance[0, 0]) * white[:, 0, 0]
    return x


def log_paths(chain, fields, rng):
    """Return log [g(path)/q(path|φ)] of a noisy path of each field, all with the same noise.

    Its mean over paths is a lower bound of the logarithm of the density of the draws.
    """
    x = _modes(fields)
    total = np.full(len(x), -np.prod(chain.lattice_shape) * np.log(2 * np.pi) / 2)
    for level in range(len(chain.variances)):
        step = chain.noise[level + 1] - chain.noise[level]
        white = _modes(rng.standard_normal((1, *fields.shape[1:])))
        clean, x = x, x + np.sqrt(step) * white
        total += _log_density(chain, _reverse(chain, level, x), clean)
        total -= _log_noise(chain, level, clean, x)
    return total + _log_density(chain, _start(chain, len(x)), x)
