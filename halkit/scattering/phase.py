"""Phase shifts δ_l(k), and the scattering length and effective range at zero energy.

The radial equation of u = rφ, with ħ = c = 1 and m the reduced mass, is

    u'' + [k² − l(l+1)/r² − 2m V(r)] u = 2m ∫ K(r, r') u(r') dr',   K = 4π r r' U(r, r').

It is solved on a mapped Lagrange-Legendre mesh up to the channel radius a, where the R-matrix
joins it to the free waves.
"""

import numpy as np

from halkit.checks import check_momenta
from halkit.scattering.solver.channel import converge, open_channel
from halkit.scattering.solver.rmatrix import phase_shifts
from halkit.scattering.solver.tails import LEAST_POWER, add_tail, bessel_waves
from halkit.scattering.solver.weak import is_graded, low_energy, small_phases, with_power_tail

__all__ = ["effective_range", "phase_shift", "scattering_length", "sign_factor"]

# A phase shift below which rounding errors count, relative to it.
SMALL = 1e-5
# How far the mesh goes into a long tail for a0 and for r_eff, over the channel radius.
REACH = 1e3, 1e2


def phase_shift(interaction, k, *, reduced_mass, l=0, channel_radius=None, n_mesh=None, r=None):
    """Return the phase shifts δ_l(k).

    Parameters
    ----------
    interaction : Interaction, fitted estimator, or array
        See `halkit.interactions.as_interaction`. U(r, r') may be asymmetric.
    k : float or array of any shape
        Momenta, k > 0.
    reduced_mass : float
        Reduced mass m, in the inverse of the unit of r (ħ = c = 1).
    l : int, default 0
        Orbital angular momentum. A non-local U(r, r') is that of this partial wave.
    channel_radius : float, optional
        Where the mesh ends. Default: ``interaction.radius``, else where the rest of the
        potential would add 1e-10 to δ, times its strength if that is less (without such a
        radius: 1e-7 or 1e-4). A local tail V ∝ r^−n, n > 2, is integrated beyond the mesh, also
        beyond a given radius; cut it with the ``radius`` of the interaction.
    n_mesh : int, optional
        Mesh points. Default: as many as δ needs to change by less than 1e-7 rad (and 1e-3 of
        itself where it is small) from one mesh to the next. Where that is not reached, a change
        that may leave more than 1e-4 is warned of.
    r : array of shape (n,), optional
        The nodes, if `interaction` is an array of values on them. A table is cut at
        its last node, which costs accuracy (see `halkit.interactions.Tabulated`).

    Returns
    -------
    float array of the shape of `k`
        δ in radians, continuous in k, with δ(∞) = 0, so that δ(0+) is π times the number
        of bound states (Levinson; if U is not symmetric, those of complex energy count).

    Raises
    ------
    ValueError
        If a momentum or a mass is not positive, or if the potential does not decay.

    Warns
    -----
    AccuracyWarning
        If the potential is not over at the channel radius, if the mesh is too coarse, or if
        V(r) has structure that no mesh sees.

    Notes
    -----
    The mesh is split where V or U jumps, and starts where V is infinite or so high that the wave
    does not reach the origin: there u = 0. Phases of 1e-9 rad are right to a part of 1e-3.

    Before that V(r) and the diagonal of U are looked at on radii that are 1/700 of r apart, up to
    r = 1e4/m and down to a hundredth of the channel radius. Shells and bumps that are wider than
    r/700 are found; state the ``edges`` of narrower ones. Away from its diagonal U is looked at
    in steps of 1/128 of the channel radius only, and of r/7 beyond.

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
    k = check_momenta(k)
    channel = open_channel(
        interaction,
        reduced_mass=reduced_mass,
        l=l,
        channel_radius=channel_radius,
        r=r,
        k=k,
        least_power=LEAST_POWER,
    )
    delta = converge(
        lambda n: _phases(channel.hamiltonian(n), k),
        _phase_change,
        n_mesh,
        n_mesh or channel.mesh_size(np.max(k, initial=0.0)),
    )
    if channel.power is None:
        return delta
    V, m = channel.interaction.local_potential, channel.reduced_mass
    waves = [bessel_waves(channel.l)] * k.size
    outside = add_tail(V, k.ravel(), np.ravel(delta), waves, reduced_mass=m, radius=channel.radius)
    return outside.reshape(k.shape)[()]


def _phase_change(coarse, fine):
    """The largest change of δ; the relative one, times 1e-4, where δ is smaller than that."""
    scale = np.clip(1e4 * np.abs(np.sin(fine)), 1e-5, 1.0)
    return np.max(np.abs(fine - coarse) / scale, initial=0.0)


def _phases(hamiltonian, k):
    """δ(k), where it is small by the way that keeps its relative accuracy."""
    delta = phase_shifts(hamiltonian, k)
    small = (np.abs(np.sin(delta)) < SMALL) | is_graded(hamiltonian.mesh)
    if np.any(small) and not np.ndim(hamiltonian.scale):
        delta, chosen = np.array(delta), k[small]
        turn = small_phases(hamiltonian, chosen) - delta[small]
        delta[small] += turn - np.pi * np.round(turn / np.pi)
        delta = delta[()]
    return delta


def scattering_length(
    interaction, *, reduced_mass, sign="nuclear", channel_radius=None, n_mesh=None, r=None
):
    """Return the S-wave scattering length a0, defined by k cot δ = −1/a0 + r_eff k²/2.

    It is taken at zero energy, from the wave u → r − a0, positive if there is one shallow
    bound state, negative if there is attraction and none. With
    ``sign="lattice"`` it is defined by k cot δ = +1/a0 + r_eff k²/2 instead.

    Parameters and warnings are those of `phase_shift`.

    Raises
    ------
    ValueError
        Also if `sign` is neither "nuclear" nor "lattice", and if V falls like r^−3 or more
        slowly: then there is no scattering length.

    Returns
    -------
    float
        In the unit of r.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import scattering_length
    >>> round(scattering_length(Separable(omega=-0.017, mu=1.0), reduced_mass=3.3), 6)
    7.397087
    """
    factor = sign_factor(sign)
    return factor * _low_energy(interaction, reduced_mass, channel_radius, n_mesh, r, 0)


def effective_range(interaction, *, reduced_mass, channel_radius=None, n_mesh=None, r=None):
    """Return the S-wave effective range r_eff, defined by k cot δ = −1/a0 + r_eff k²/2.

    It is taken at zero energy, from the wave u → r − a0 and r_eff a0²/2 = ∫ [(r − a0)² − u²] dr.
    It grows like 1/a0² where a0 → 0, and is infinite without an interaction.

    Parameters and warnings are those of `phase_shift`.

    Raises
    ------
    ValueError
        Also if V falls like r^−5 or more slowly: then there is no effective range.

    Returns
    -------
    float
        In the unit of r.

    Examples
    --------
    >>> from halkit.interactions import Separable
    >>> from halkit.scattering import effective_range
    >>> round(effective_range(Separable(omega=-0.017, mu=1.0), reduced_mass=3.3), 6)
    3.293493
    """
    return _low_energy(interaction, reduced_mass, channel_radius, n_mesh, r, 1)


def sign_factor(sign):
    """Return what a0 of nuclear physics is multiplied with in a convention."""
    factors = {"nuclear": 1, "lattice": -1}
    if sign not in factors:
        raise ValueError(f'sign must be "nuclear" or "lattice", got {sign!r}')
    return factors[sign]


def _low_energy(interaction, reduced_mass, channel_radius, n_mesh, r, which):
    """a0 (which = 0) or r_eff (1) at zero energy, with a long tail where it has one."""
    channel = open_channel(
        interaction,
        reduced_mass=reduced_mass,
        channel_radius=channel_radius,
        r=r,
        least_power=LEAST_POWER,
    )
    m, power = channel.reduced_mass, channel.power
    if power is None:
        wide, start = channel, n_mesh or channel.mesh_size()
    else:
        _refuse_slow_tail(channel, which)
        wide, start = channel.wider(REACH[which])
        start = n_mesh or start
    R = wide.radius

    def solve(n):
        values = low_energy(wide.hamiltonian(n))
        if power is not None:
            V = wide.interaction.local_potential(np.array([R]))[0]
            values = with_power_tail(*values, V, power, reduced_mass=m, radius=R)
        return values[which]

    return converge(solve, _change(channel), n_mesh, start)


def _refuse_slow_tail(channel, which):
    name, least = (("scattering length", 3), ("effective range", 5))[which]
    if channel.power <= least + 0.02:
        raise ValueError(
            f"{channel.interaction!r} falls like r^-{channel.power:.3g}: it has no {name}, "
            f"which exists from beyond r^-{least} on; cut it with a radius"
        )


def _change(channel):
    """How much a length differs between two meshes, relative to itself or to a/100."""

    def change(coarse, fine):
        return 0.0 if fine == coarse else abs(fine - coarse) / max(abs(fine), channel.radius / 100)

    return change
