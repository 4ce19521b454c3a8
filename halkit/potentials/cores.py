r"""Whether a fit is at the origin what the wave functions of correlators are there.

Data at nodes do not see V below the first of them, a, and a fit continues it to the origin as a
smooth function. Rows of correlators are sums of waves of many energies, but near the origin waves
of near energies are alike: a few states ψ_n of the fitted potential, in a sphere that ends with the
data, span them. With another V at r < a there is a part of the irregular solution beyond a, the
same for every V there but for its size α. So, with a core w = λ(1/r − 1/a) at r < a,

    R(r) = Σ_n c_n [ψ_n(r) + α (ψ'_n(r) − ψ_n(r))],   r > a,

where ψ'_n are the states of the fit with w added. α of least squares, from a few numbers of states
and of nodes, is zero for a fit that is right. V + αw has the phase shifts that the rows ask for.

Waves on the shells of a lattice are not smooth functions of r, and are not looked at.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import Interaction, Local
from halkit.potentials.problem import Problem
from halkit.potentials.seen import node_spacing
from halkit.scaling import norm
from halkit.scattering import Ensemble, phase_shift, spherical_box_states
from halkit.typing import Array
from halkit.warn import warn_caller

__all__ = [
    "Core",
    "box_waves",
    "core_of",
    "next_to_origin",
    "stated_error",
    "turned",
    "warn_of_core",
]

# λ in units of 1/ma; the step of differences in α; numbers of states and of nodes.
STRENGTH, STEP, STATES, NODES = 0.3, 0.2, (2, 3, 4, 5), (8, 12, 18, 27)
# Mesh points of a state: α is wanted to a percent, without the time of meshes that converge.
MESH = 80
# Fewest nodes beyond the number of parameters, and the most rows that are looked at.
SPARE, ROWS = 4, 8
# Draws of a stated error, and of networks, which take a tenth of a second each.
DRAWS, NETWORK_DRAWS = 32, 8
# A difference in radians, and in errors, that counts; the largest α; number of momenta compared.
DIFFERENT, SIGNIFICANT, LARGEST, MOMENTA = np.deg2rad(1), 2.0, 50.0, 12


class Core(NamedTuple):
    """α and its error, what it leaves of the rows, relative to them, and w."""

    size: float
    error: float
    residual: float
    potential: Local


def core_of(potential: Interaction, X: Array, r: Array, reduced_mass: float) -> Core | None:
    """The `Core` of rows of correlators; None on a lattice, or where there are not enough nodes.

    Its error is that of the residuals, the difference between two numbers of nodes, and the scatter
    of rows.

    Parameters
    ----------
    potential : Interaction
        The fit.
    X : ndarray of shape (n_rows, n_r)
        Rows that are not zero.
    r : ndarray of shape (n_r,)
        Nodes.
    reduced_mass : float
    """
    a = max(r[r > 0][0], node_spacing(r))
    if _on_lattice(r, a):
        return None
    beyond = r > a
    most = np.count_nonzero(beyond)
    choices = [(n, k) for n in NODES for k in STATES if k + SPARE < n <= most]
    if len({n for n, _ in choices}) < 2:
        return None
    w = _core(STRENGTH / (reduced_mass * a), a)
    nodes = np.array([n for n, _ in choices])

    def step(size):
        """From a core of this size to α, its error and the residual."""
        psi, other = (
            box_waves(potential + one * w, r, reduced_mass, potential.l or 0, STATES[-1])[:, beyond]
            for one in (size, size + STEP)
        )
        change, rows = (other - psi) / STEP, X[:, beyond]
        found = [_fit(rows[:, :n], psi[:k, :n], change[:k, :n]) for n, k in choices]
        move, *rest = _of_rows(np.array(found), nodes)
        return size + move, *rest

    size, error, left = step(0.0)
    if SIGNIFICANT * error < abs(size) < LARGEST:
        size, error, left = step(size)
    return Core(size, error, left, w)


def _on_lattice(r, a):
    """Whether nodes contain the origin, or are shells of a lattice, where waves are not smooth."""
    square = (r / a) ** 2
    return r[0] == 0 or (np.diff(r).min() < 0.9 * a and np.allclose(square, np.round(square)))


def _core(strength, end):
    def w(r):
        return strength * np.maximum(1 / np.maximum(r, 1e-9 * end) - 1 / end, 0.0)

    return Local(w, radius=end, edges=[end])


def box_waves(
    potential: Interaction, r: Array, reduced_mass: float, l: int, n_states: int
) -> Array:
    """The first states in a sphere that ends with r, (n_states, n_r), of one sign at the origin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        psi = spherical_box_states(
            potential, radius=r[-1], reduced_mass=reduced_mass, l=l, n_states=n_states, n_mesh=MESH
        ).wave_function(r)
    return psi * np.sign(psi[:, r > 0][:, :1])


def next_to_origin(rows: Array) -> tuple[Array, Array]:
    """One over the size of rows (n_rows, n), and rows in this unit, both (n_rows, n, 1)."""
    unit = np.divide(1.0, np.abs(rows), out=np.zeros_like(rows), where=rows != 0)
    return unit[..., None], (rows * unit)[..., None]


def _fit(rows, psi, change):
    """α in first order, its error and the residual of each row, (3, n_rows)."""
    unit, y = next_to_origin(rows)
    psi, change = psi.T * unit, change.T * unit
    n, states = psi.shape[1:]
    with np.errstate(all="ignore"):
        Q, R = np.linalg.qr(psi)
        tangent = change @ np.linalg.solve(R, Q.mT @ y)
        tangent, rest = (part - Q @ (Q.mT @ part) for part in (tangent, y))
        size = np.sum(tangent**2, axis=1, keepdims=True)
        alpha = np.sum(tangent * rest, axis=1, keepdims=True) / size
        left = norm(rest - alpha * tangent, axis=1)[:, 0]
        error = left / np.sqrt((n - states - 1) * size[:, 0, 0])
    return alpha[:, 0, 0], error, left / np.sqrt(n)


def _of_rows(found, nodes):
    """α, its error and the residual of all rows, from (n_choices, 3, n_rows)."""
    sizes, errors, left = np.where(np.isfinite(found), found, np.inf).swapaxes(0, 1)
    order, row = np.argsort(errors, axis=0), np.arange(sizes.shape[1])
    best = order[0]
    others = np.argmax(nodes[order] != nodes[best], axis=0)
    size = sizes[best, row]
    if not np.isfinite([size, errors[best, row]]).all():
        raise ValueError("rows must tell V below the first node, got a singular fit")
    error = np.hypot(errors[best, row], size - sizes[order[others, row], row])
    weight = 1 / np.maximum(error, np.finfo(float).tiny ** 0.25) ** 2
    mean = np.average(size, weights=weight)
    scatter = np.average((size - mean) ** 2, weights=weight)
    error = np.sqrt(scatter + 1 / weight.mean())
    return tuple(map(float, (mean, error, np.median(left[best, row]))))


def warn_of_core(model: Any, problem: Problem) -> None:
    """Warn of a fit with other phase shifts than its rows ask for at the origin.

    Parameters
    ----------
    model : PotentialMixin
        Fitted to the problem, to rows of correlators, of one channel with a mass.
    problem : Problem

    Warns
    -----
    MisfitWarning
    """
    rows = np.flatnonzero(problem.X.any(axis=1) & problem.W.any(axis=1))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, ROWS).astype(int))]
    try:
        core = core_of(model._learned, problem.X[rows], model.r_, model._mass())
        if core is None or not SIGNIFICANT * core.error < abs(core.size) < LARGEST:
            return
        k, shift, error = _shifts(model, core)
    except ValueError:  # a U without a basis of states, or a core that no mesh resolves
        return
    counts = np.where(np.abs(shift) > SIGNIFICANT * error, np.abs(shift), 0.0)
    i = int(np.argmax(counts))
    if counts[i] > DIFFERENT:
        warn_caller(
            f"the wave functions at r > {core.potential.radius:.3g} ask for another V(r) below, "
            "next to the origin, than that of the fit, which changes the phase shift at "
            f"k = {k[i]:.4g} by {np.rad2deg(counts[i]):.2g}° ± {np.rad2deg(error[i]):.1g}°. The "
            "nodes miss structure of V there, such as a core that rises as 1/r: take finer nodes, "
            "or a form that has the core, such as LocalPotentialRegressor('yukawa')",
            MisfitWarning,
        )


def _shifts(model, core):
    """Momenta, the change of δ by a core, and its error with that of δ that the fit states."""
    V, mass, R, w = model._learned, model._mass(), model.r_[-1], core.potential
    k = np.linspace(0.3 / R, min(6 * np.pi / R, np.pi / (2 * w.radius)), MOMENTA)

    def delta(size):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            return phase_shift(V + size * w, k, reduced_mass=mass, l=V.l or 0)

    here = delta(0.0)
    shift = turned(delta(core.size) - here)
    if np.abs(shift).max() < DIFFERENT:
        return k, shift, np.zeros_like(k)
    either = [np.abs(turned(delta(core.size + s * core.error) - here) - shift) for s in (-1, 1)]
    return k, shift, np.hypot(np.mean(either, axis=0), stated_error(model, k))


def turned(angle: Array) -> Array:
    """Modulo π, in (−π/2, π/2]."""
    return np.pi / 2 - np.mod(np.pi / 2 - angle, np.pi)


def stated_error(model: Any, k: Array) -> Array:
    """The error of δ(k) that a fit states, from draws around it; 0 for one that states none."""
    if not hasattr(model, "draw_potentials"):
        return np.zeros_like(k)
    settings = {"reduced_mass": model._mass(), "l": model._wave or 0}
    try:
        drawn = model.draw_potentials(NETWORK_DRAWS if hasattr(model, "net_") else DRAWS, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AccuracyWarning)
            ensemble = Ensemble(drawn, kind="draws", centre=model._learned, **settings)
            return ensemble.phase_shift(k, return_std=True)[1]
    except ValueError:  # a covariance that is infinite
        return np.full_like(k, np.inf)
