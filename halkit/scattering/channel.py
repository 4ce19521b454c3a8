"""From a potential to a converged R-matrix: where the potential ends, how fine the mesh must be.

The channel radius is the first a beyond which the tails

    2m ∫_a^∞ r |V(r)| dr    and    2m ∫_a^∞ dr r ∫ |K(r, r')| dr'

(about the change of δ, in radians) are negligible. The mesh grows until the answer stops
changing.
"""

from typing import NamedTuple
from warnings import warn

import numpy as np

from halkit.checks import check_integer, check_positive
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction, as_interaction
from halkit.scattering.derivative import DerivativeExpansion
from halkit.scattering.mesh import hamiltonian, lagrange_mesh, node_spacing, real_values

__all__ = [
    "Channel",
    "converge",
    "find_radius",
    "open_channel",
    "tail",
    "validate_l",
    "validate_mesh_size",
]

NOTICEABLE = 1e-4
TOLERANCE = 1e-7


class Channel(NamedTuple):
    """One partial wave of an interaction (and a V2∇²) that is over at the channel radius."""

    interaction: Interaction
    radius: float
    reduced_mass: float
    l: int
    V2: Interaction | None = None

    def hamiltonian(self, n):
        """Return the Hamiltonian on a mesh of n points."""
        mesh = lagrange_mesh(self.radius, n)
        m, l = self.reduced_mass, self.l
        return hamiltonian(self.interaction, mesh, reduced_mass=m, l=l, V2=self.V2)

    def mesh_size(self, k=0.0):
        """Return the number of points to start with.

        A few nodes have to fit into the local wavelength ``2π/√(k² + 2m|V|)``, in the wells that
        bind.
        """
        a, m = self.radius, self.reduced_mass
        r = a * np.geomspace(1e-3, 1, 40)
        depth = _density(self.interaction, r, local=_attraction)
        if np.any(np.isnan(depth)):
            raise ValueError(f"the potential {self.interaction!r} is not finite inside r = {a:g}")
        phase = a * node_spacing(r / a) * np.sqrt(2 * m * depth)  # per node, times n
        return 36 + int(0.55 * k * a + min(0.35 * np.max(phase), 300))


def _attraction(V):
    return np.maximum(-V, 0)


def open_channel(potential, *, reduced_mass, l=0, channel_radius=None, r=None):
    """Return the validated `Channel`, with its radius found if it is not given."""
    if isinstance(potential, DerivativeExpansion):
        potential, V2 = potential.V0, potential.V2
    else:
        V2 = None
    interaction = as_interaction(potential, r)
    m = check_positive(reduced_mass, "reduced_mass")
    l = validate_l(l)
    radius, beyond = find_radius(interaction, m, channel_radius, V2)
    if beyond > NOTICEABLE:
        warn(
            f"the potential has not decayed at the channel radius {radius:g}: "
            f"a phase shift may be off by {beyond:.1g} rad; raise channel_radius",
            AccuracyWarning,
            stacklevel=3,
        )
    return Channel(interaction, radius, m, l, V2)


def validate_l(l):
    """Return an orbital angular momentum as an integer, at least 0."""
    return check_integer(l, "l", least=0)


def find_radius(interaction, m, channel_radius=None, V2=None):
    """Return the channel radius, found if it is not given, and the tail beyond it."""
    defined = interaction.radius if V2 is None else None
    if channel_radius is None:
        return _decay_radius(interaction, m, defined, V2)
    radius = check_positive(channel_radius, "channel_radius")
    if defined is None or defined > radius:
        return radius, float(np.interp(radius, *tail(interaction, m, V2)))
    return radius, 0.0


def tail(interaction, reduced_mass, V2=None):
    """Return nodes r, spaced geometrically, and the tail of the potential beyond each.

    V2(r) ∇² counts like V2(r) m², at a momentum of the size of m.
    """
    r = np.geomspace(1e-3, 1e4, 120) / reduced_mass
    density = _density(interaction, r)
    if V2 is not None:
        density = density + np.abs(V2.local_potential(r)) * reduced_mass**2
    # trapezoid in log r: ∫ r f dr = ∫ r² f dlog r; beyond the last node as for f ∝ 1/r³
    integrand = 2 * reduced_mass * r**2 * density
    panels = integrand * np.log(r[1] / r[0])
    return r, np.cumsum(panels[::-1])[::-1] + integrand[-1]


def _density(interaction, r, local=np.abs):
    """|V(r)| + ∫ |K(r, r')| dr' on geometric nodes (or another measure of V than |V|)."""
    inside = np.ones_like(r) if interaction.radius is None else (r <= interaction.radius) * 1.0
    density = np.zeros_like(r)
    if interaction.has_local:
        density += local(real_values(interaction.local_potential(r), "V(r)"))
    if interaction.has_nonlocal:
        kernel = np.abs(real_values(interaction.kernel(r[:, None], r[None, :]), "U(r, r')"))
        weights = inside * r * np.log(r[1] / r[0])
        density += np.maximum(kernel @ weights, kernel.T @ weights)
    return density * inside


def _decay_radius(interaction, m, defined, V2):
    """The radius by definition or the first node with a small tail, and the tail beyond it."""
    if defined is not None:
        return float(defined), 0.0
    nodes, tails = tail(interaction, m, V2)
    if np.isnan(tails).any():
        raise ValueError(f"{interaction!r} is NaN at some radii up to r = {nodes[-1]:g}")
    for tolerance in (1e-10, 1e-7, NOTICEABLE, 1e-2):
        small = np.flatnonzero(tails <= tolerance)
        if small.size:
            return float(nodes[small[0]]), float(tails[small[0]])
    raise ValueError(
        f"{interaction!r} has not decayed at r = {nodes[-1]:g}: give channel_radius to cut it off"
    )


def validate_mesh_size(n_mesh):
    """Return the number of mesh points as an integer, or None."""
    return check_integer(n_mesh, "n_mesh", least=5, optional=True)


def converge(solve, distance, n_mesh, n_start, tolerance=TOLERANCE):
    """Return ``solve(n)`` on a mesh fine enough that ``distance(coarser, result)`` is small.

    With `n_mesh` given that mesh is used, and a coarser one only tells how good it is.
    """
    n = validate_mesh_size(n_mesh) or n_start
    largest = n if n_mesh else max(400, 2 * n_start)
    coarse_n = 9 * n // 10 if n_mesh else 3 * n // 4
    coarse = solve(coarse_n)
    while True:
        result = solve(n)
        error = distance(coarse, result)
        if error <= tolerance or n >= largest:
            break
        coarse, coarse_n, n = result, n, min(largest, 4 * n // 3)
    if error > NOTICEABLE:
        warn(
            f"the result still changes by {error:.1g} (radians or relative) "
            f"between meshes of {coarse_n} and {n} points; raise n_mesh",
            AccuracyWarning,
            stacklevel=3,
        )
    return result
