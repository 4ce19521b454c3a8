"""Phase shifts δ_l(k), and the scattering length and effective range at zero energy.

The radial equation of u = rφ, with ħ = c = 1 and m the reduced mass, is

    u'' + [k² − l(l+1)/r² − 2m V(r)] u = 2m ∫ K(r, r') u(r') dr',   K = 4π r r' U(r, r').

It is solved on a mapped Lagrange-Legendre mesh up to the channel radius a, where the R-matrix
joins it to the free waves.
"""

import numpy as np

from halkit.interactions.functions import check_momenta
from halkit.scattering.channel import converge, open_channel
from halkit.scattering.rmatrix import phase_shifts, threshold

__all__ = ["effective_range", "phase_shift", "scattering_length", "sign_factor"]


def phase_shift(interaction, k, *, reduced_mass, l=0, channel_radius=None, n_mesh=None, r=None):
    """Return the phase shifts δ_l(k).

    Parameters
    ----------
    interaction : Interaction, fitted regressor, array, or DerivativeExpansion
        Anything that `halkit.interactions.as_interaction` takes: a local part, a
        non-local part, or both; or V0(r) + V2(r) ∇². U need not be symmetric.
    k : float or array of any shape
        Momenta, k > 0.
    reduced_mass : float
        Reduced mass m, in the inverse of the unit of r (ħ = c = 1).
    l : int, default 0
        Orbital angular momentum. A non-local U(r, r') is that of this partial wave.
    channel_radius : float, optional
        Where the potential is over. Default: ``interaction.radius``, else where what it
        would add to δ has decayed to 1e-10 (with a slow tail: to 1e-7 or 1e-4).
    n_mesh : int, optional
        Mesh points. Default: as many as δ needs to change by less than 1e-7 rad from one mesh
        to the next. Where that is not reached, a change above 1e-4 is warned of.
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
        V(r) jumps or has structure that no mesh sees.

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
        interaction, reduced_mass=reduced_mass, l=l, channel_radius=channel_radius, r=r
    )
    return converge(
        lambda n: phase_shifts(channel.hamiltonian(n), k),
        lambda coarse, fine: np.max(np.abs(fine - coarse), initial=0.0),
        n_mesh,
        n_mesh or channel.mesh_size(np.max(k, initial=0.0)),
    )


def scattering_length(
    interaction, *, reduced_mass, sign="nuclear", channel_radius=None, n_mesh=None, r=None
):
    """Return the S-wave scattering length a0, defined by k cot δ = −1/a0 + r_eff k²/2.

    It is taken at zero energy, from the R-matrix: a0 = a [1 − R(0)], positive if there is
    one shallow bound state, negative if there is attraction and none. With
    ``sign="lattice"`` it is defined by k cot δ = +1/a0 + r_eff k²/2 instead.

    Parameters and warnings are those of `phase_shift`.

    Raises
    ------
    ValueError
        Also if `sign` is neither "nuclear" nor "lattice".

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
    channel = open_channel(
        interaction, reduced_mass=reduced_mass, channel_radius=channel_radius, r=r
    )
    return factor * converge(
        lambda n: _low_energy(channel, n)[0],
        _change(channel),
        n_mesh,
        n_mesh or channel.mesh_size(),
    )


def effective_range(interaction, *, reduced_mass, channel_radius=None, n_mesh=None, r=None):
    """Return the S-wave effective range r_eff, defined by k cot δ = −1/a0 + r_eff k²/2.

    It is taken at zero energy, from the R-matrix and its slope, by expanding

        k cot δ = (aR k sin ka + cos ka) / (aR cos ka − sin ka / k)

    to first order in k². It grows like 1/a0² where a0 → 0, and is infinite without an interaction.

    Parameters and warnings are those of `phase_shift`.

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
    channel = open_channel(
        interaction, reduced_mass=reduced_mass, channel_radius=channel_radius, r=r
    )
    return converge(
        lambda n: _low_energy(channel, n)[1],
        _change(channel),
        n_mesh,
        n_mesh or channel.mesh_size(),
    )


def sign_factor(sign):
    """Return what a0 of nuclear physics is multiplied with in a convention."""
    factors = {"nuclear": 1, "lattice": -1}
    if sign not in factors:
        raise ValueError(f'sign must be "nuclear" or "lattice", got {sign!r}')
    return factors[sign]


def _low_energy(channel, n):
    """(a0, r_eff) from k cot δ = (1 + n1 k² + …)/(−a0 + d1 k² + …)."""
    a = channel.radius
    R0, R1 = threshold(channel.hamiltonian(n))
    a0 = a * (1 - R0)
    n1 = a**2 * (R0 - 1 / 2)
    d1 = a * R1 - a**3 * (R0 / 2 - 1 / 6)
    if abs(a0) < 1e-10 * a:
        return float(a0), np.inf
    return float(a0), float(-2 * (n1 * a0 + d1) / a0**2)


def _change(channel):
    """How much a length differs between two meshes, relative to itself or to a/100."""

    def change(coarse, fine):
        return 0.0 if fine == coarse else abs(fine - coarse) / max(abs(fine), channel.radius / 100)

    return change
