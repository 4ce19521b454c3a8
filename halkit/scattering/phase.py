"""Phase shifts δ_l(k), and the scattering length and effective range at zero energy.

The radial equation of u = rφ, with ħ = c = 1 and m the reduced mass, is

    u'' + [k² − l(l+1)/r² − 2m V(r)] u = 2m ∫ K(r, r') u(r') dr',   K = 4π r r' U(r, r').

It is solved on a mapped Lagrange-Legendre mesh up to the channel radius a, where the R-matrix
joins it to the free waves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from halkit.checks import check_choice, check_momenta
from halkit.interactions.conversion import Potential
from halkit.scattering.solver.interior import converge, open_interior
from halkit.scattering.solver.mesh import hamiltonian
from halkit.scattering.solver.partial_wave import interaction_in_wave, tell_momenta
from halkit.scattering.solver.rmatrix import phase_shifts
from halkit.scattering.solver.tails import LEAST_POWER, add_tail, bessel_waves
from halkit.scattering.solver.weak import (
    is_graded,
    low_energy,
    low_energy_of_wave,
    small_phases,
    with_power_tail,
)
from halkit.typing import Array, Number, Numbers, SignConvention

__all__ = [
    "effective_range",
    "on_mesh_of",
    "phase_shift",
    "scattering_length",
    "sign_factor",
    "solution",
]

# Below this |sin δ| rounding errors matter relative to δ.
SMALL = 1e-5
# How far the mesh reaches into a long tail for a0 and for r_eff, in channel radii.
REACH = 1e3, 1e2


def phase_shift(
    interaction: Potential,
    k: Numbers,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> Array:
    """Return the phase shifts δ_l(k).

    Parameters
    ----------
    interaction : Interaction, fitted estimator, or array
        See `halkit.interactions.as_interaction`. U(r, r') may be asymmetric.
    k : float or array of any shape
        Momenta, k > 0.
    reduced_mass : float, optional
        Reduced mass m, in the inverse of the unit of r (ħ = c = 1). By default that of a fitted
        estimator, which refuses another one: solve its ``interaction_`` with other masses.
    l : int, default 0
        Orbital angular momentum. A non-local U(r, r') acts in this partial wave.
    channel_radius : float, optional
        Where the mesh ends. Default: ``interaction.radius``; without one, where the rest of the
        potential would add 1e-10 to δ, or less for a weak potential (if no radius reaches that:
        1e-7 or 1e-4). A local tail V ∝ r^−n, n > 2, is integrated beyond the mesh, also
        beyond a given radius; cut it with the ``radius`` of the interaction.
    n_mesh : int, optional
        Mesh points. Default: so many that δ changes by less than 1e-7 rad (and 1e-3 of itself
        where it is small) from one mesh to the next. If it does not, a warning tells when the
        error may exceed 1e-4.
    r : array of shape (n,), optional
        The nodes, if `interaction` is an array of values on them. A table is cut at
        its last node, which costs accuracy (see `halkit.interactions.Tabulated`).

    Returns
    -------
    float array of the shape of `k`
        δ in radians, continuous in k, with δ(∞) = 0, so that δ(0+) is π times the number
        of bound states (Levinson; if U is not symmetric, including states of complex energy).

    Raises
    ------
    ValueError
        If a momentum or a mass is not positive, or if the potential does not decay.

    Warns
    -----
    AccuracyWarning
        If the potential has not decayed at the channel radius, if the mesh is too coarse, or if
        V(r) has structure that no mesh resolves.
    UnderdeterminedWarning
        If `interaction` is a fitted estimator whose data do not determine δ, as its own
        ``phase_shift``.

    Notes
    -----
    The mesh is split where V or U jumps. It starts, with u = 0, at the edge of a core that is
    infinite or so high that the wave does not reach the origin. Phases of 1e-9 rad are right to a
    part in 1e3.

    V(r) and the diagonal of U are first sampled in steps of r/700, up to r = 1e4/m and down to a
    hundredth of the channel radius. This finds shells and bumps wider than r/700; state the
    ``edges`` of narrower ones. Away from its diagonal U is sampled in steps of 1/128 of the
    channel radius, and of r/7 beyond it.

    References
    ----------
    D. Baye, Phys. Rep. 565 (2015) 1.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import phase_shift
    >>> delta = phase_shift(Separable(omega=-0.017, mu=1.0), [0.05, 1.0], reduced_mass=3.3)
    >>> np.degrees(delta).round(5)
    array([159.11833,  14.60755])
    """
    settings = {"reduced_mass": reduced_mass, "l": l, "channel_radius": channel_radius}
    delta, solved = solution(interaction, k, **settings, n_mesh=n_mesh, r=r)
    tell_momenta(interaction, k, **solved)
    return delta


def solution(
    interaction: Potential, k: Numbers, *, r: Numbers | None = None, n_mesh: int | None = None,
    **where: Any,
) -> tuple[Array, dict[str, Any]]:  # fmt: skip
    """Return δ(k), and what `tell_momenta` needs: the mass and the Hamiltonian that gave δ.

    Parameters as in `phase_shift`. The Hamiltonian is None if V has a tail beyond its mesh.
    """
    k = check_momenta(k)
    interior = open_interior(interaction, **where, r=r, k=k, least_power=LEAST_POWER)
    delta, H = _converged(interior, k, n_mesh)
    own = H if interior.power is None else None
    return delta, {"reduced_mass": interior.reduced_mass, "solved": own}


def on_mesh_of(
    first: Potential,
    k: Array,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
) -> tuple[Array, Callable[[Potential], Array]]:
    """Return phase shifts, and a function that solves similar potentials on the same mesh.

    Parameters
    ----------
    first : Interaction, fitted estimator
        The potential whose mesh converges.
    k : ndarray of shape (n_k,)
    reduced_mass, l, channel_radius, n_mesh
        As in `phase_shift`.

    Returns
    -------
    delta : ndarray of shape (n_k,)
    other : callable
        ``other(potential)`` returns δ of a potential of the same range and similar strength, such
        as a fit to a bin. It solves once, on the mesh of `first`, and does not warn. If `first` has
        a tail ∝ r^−n, it calls `phase_shift`.
    """
    interior = open_interior(first, reduced_mass, l, channel_radius, k=k, least_power=LEAST_POWER)
    delta, H = _converged(interior, k, n_mesh)
    mesh = H.mesh

    def other(potential: Potential) -> Array:
        interaction = interaction_in_wave(potential, l, laplacian=True)
        if interior.power is not None:
            return phase_shift(interaction, k, reduced_mass=reduced_mass, l=l)
        H = hamiltonian(interaction, mesh, reduced_mass=interior.reduced_mass, l=interior.l)
        return _phases(H, k)

    return delta, other


def _converged(interior, k, n_mesh):
    """δ(k), and the Hamiltonian on the mesh of the interior."""
    delta, H = interior.converged(
        lambda H: (_phases(H, k), H),
        lambda coarse, fine: _phase_change(coarse[0], fine[0]),
        n_mesh, np.max(k, initial=0.0),
    )  # fmt: skip
    if interior.power is None:
        return delta, H
    V, m = interior.interaction.local_potential, interior.reduced_mass
    waves = [bessel_waves(interior.l)] * k.size
    outside = add_tail(V, k.ravel(), np.ravel(delta), waves, reduced_mass=m, radius=interior.radius)
    return outside.reshape(k.shape)[()], H


def _phase_change(coarse, fine):
    """The largest change of δ; where |sin δ| < 1e-4, 1e-4 times the relative change."""
    scale = np.clip(1e4 * np.abs(np.sin(fine)), 1e-5, 1.0)
    return np.max(np.abs(fine - coarse) / scale, initial=0.0)


def _phases(hamiltonian, k):
    """δ(k); where it is small, from the integral that keeps its relative accuracy."""
    delta = phase_shifts(hamiltonian, k)
    small = (np.abs(np.sin(delta)) < SMALL) | is_graded(hamiltonian.mesh)
    if np.any(small) and not np.ndim(hamiltonian.scale):
        delta, chosen = np.array(delta), k[small]
        turn = small_phases(hamiltonian, chosen) - delta[small]
        delta[small] += turn - np.pi * np.round(turn / np.pi)
        delta = delta[()]
    return delta


def scattering_length(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    sign: SignConvention = "nuclear",
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> float:
    """Return the scattering length a_l: for S waves, k cot δ = −1/a0 + r_eff k²/2.

    The zero-energy wave u → r − a0 gives it: a0 > 0 with one shallow bound state, a0 < 0 if V
    attracts without binding. With ``sign="lattice"`` the definition is
    k cot δ = +1/a0 + r_eff k²/2 instead. For l > 0,

        k^{2l+1} cot δ = −1/a_l + r_l k²/2,    u → r^{l+1} − (2l+1)!! (2l−1)!! a_l r^{−l};

    a_1 is the scattering volume. A hard sphere has a_l = c^{2l+1}/(2l+1)!!(2l−1)!!.

    Parameters and warnings as in `phase_shift`.

    Raises
    ------
    ValueError
        Also if `sign` is unknown, and if V falls like r^{−2l−3} or more slowly: then a scattering
        length does not exist.

    Returns
    -------
    float
        In the unit of r, to the power 2l + 1.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(Separable(omega=-0.017, mu=1.0), reduced_mass=3.3), 6)
    7.397087
    """
    factor = sign_factor(sign)
    return factor * _low_energy(interaction, reduced_mass, l, channel_radius, n_mesh, r, 0)


def effective_range(
    interaction: Potential,
    *,
    reduced_mass: Number | None = None,
    l: int = 0,
    channel_radius: Number | None = None,
    n_mesh: int | None = None,
    r: Numbers | None = None,
) -> float:
    """Return the effective range r_l: for S waves, k cot δ = −1/a0 + r_eff k²/2.

    The zero-energy wave u → r − a0 gives it: r_eff a0²/2 = ∫ [(r − a0)² − u²] dr. It grows like
    1/a0² as a0 → 0, and is infinite without an interaction. For l > 0 it is r_l of
    k^{2l+1} cot δ = −1/a_l + r_l k²/2.

    Parameters and warnings as in `phase_shift`.

    Raises
    ------
    ValueError
        Also if V falls like r^{−2l−5} or more slowly: then an effective range does not exist.

    Returns
    -------
    float
        In the unit of r, to the power 1 − 2l.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import effective_range
    >>> round(effective_range(Separable(omega=-0.017, mu=1.0), reduced_mass=3.3), 6)
    3.293493
    """
    return _low_energy(interaction, reduced_mass, l, channel_radius, n_mesh, r, 1)


def sign_factor(sign: SignConvention) -> int:
    """Return the sign of a0 in a convention, relative to the nuclear one."""
    return 1 if check_choice(sign, "sign", ("nuclear", "lattice")) == "nuclear" else -1


def _low_energy(interaction, reduced_mass, l, channel_radius, n_mesh, r, which):
    """a_l (which = 0) or r_l (1) at zero energy, with the long tail of V if it has one."""
    interior = open_interior(
        interaction, reduced_mass, l, channel_radius, r, least_power=LEAST_POWER
    )
    m, power = interior.reduced_mass, interior.power
    if power is None:
        wide, start = interior, n_mesh or interior.mesh_size()
    else:
        _refuse_slow_tail(interior, which)
        wide, start = interior.wider(REACH[which])
        start = n_mesh or start
    R = wide.radius

    def solve(n):
        values = (low_energy_of_wave if l else low_energy)(wide.hamiltonian(n))
        if power is not None:
            V = wide.interaction.local_potential(np.array([R]))[0]
            values = with_power_tail(*values, V, power, reduced_mass=m, radius=R, l=l)
        return values[which]

    least = 0.0 if which and l else (interior.radius / 100) ** (2 * l + 1)
    return converge(solve, _change(least), n_mesh, start)


def _refuse_slow_tail(interior, which):
    name, least = (("scattering length", 3), ("effective range", 5))[which]
    least += 2 * interior.l
    if interior.power <= least + 0.02:
        raise ValueError(
            f"{interior.interaction!r} falls like r^-{interior.power:.3g}: it has no {name}, "
            f"which needs a fall faster than r^-{least}; cut it with a radius"
        )


def _change(least: float) -> Callable[[float, float], float]:
    """The change between two meshes, relative to the value or to the least one that counts."""

    def change(coarse, fine):
        return 0.0 if fine == coarse else abs(fine - coarse) / max(abs(fine), least)

    return change
