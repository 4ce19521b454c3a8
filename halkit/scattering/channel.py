"""From a potential to a converged R-matrix: where the potential ends, how fine the mesh must be.

The channel radius is the first a beyond which the tails

    2m ∫_a^∞ r |V(r)| dr    and    2m ∫_a^∞ dr r ∫ |K(r, r')| dr'

(about the change of δ, in radians) are negligible. The mesh grows until the answer stops
changing.
"""

from typing import NamedTuple
from warnings import warn

import numpy as np

from halkit.checks import check_integer
from halkit.exceptions import AccuracyWarning
from halkit.interactions import Interaction
from halkit.interactions.functions import check_scale, within
from halkit.scattering.derivative import DerivativeExpansion
from halkit.scattering.mesh import hamiltonian, lagrange_mesh, node_spacing, real_values
from halkit.scattering.partial_wave import interaction_in_wave

__all__ = [
    "Channel",
    "converge",
    "find_radius",
    "measured_channel",
    "open_channel",
    "tail",
    "validate_l",
    "validate_mesh_size",
]

# Where the search for a mesh that sees all structure ends, and the points that are looked at.
FINEST, SAMPLES = 800, 1000
# Parts of a step between two nodes of the tail on which V(r) is looked at.
FINER = 8
NOTICEABLE = 1e-4
# Potentials whose squares overflow count as infinite.
INFINITE = 1e120
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
        depth = _local_density(self.interaction, r, _attraction)
        depth = depth + _nonlocal_density(self.interaction, r)
        self._refuse_infinite(depth)
        phase = a * node_spacing(r / a) * np.sqrt(2 * m * depth)  # per node, times n
        n = 36 + int(0.55 * k * a + min(0.35 * np.max(phase), 300))
        if not self.interaction.has_local:
            return n
        n, missed, jump, where = self._structure(n)
        if missed > 0.3:
            warn(
                f"the potential has structure that {n} mesh points miss; raise n_mesh",
                AccuracyWarning,
                stacklevel=3,
            )
        elif jump > NOTICEABLE:
            warn(
                f"the potential jumps at r = {where:.3g}: results may be off by more than two "
                "meshes tell; give the radius of a potential that ends there, or raise n_mesh",
                AccuracyWarning,
                stacklevel=3,
            )
        return n

    def _refuse_infinite(self, values):
        if not np.all(np.abs(values) < INFINITE):
            raise ValueError(
                f"the potential {self.interaction!r} is not finite inside r = {self.radius:g}"
            )

    def _structure(self, n):
        """The number of points that see the structure of V(r), and what they do not see.

        That is the part of ∫ r ``|V|`` dr that straight lines from node to node miss; and the
        largest jump, as 2m r ``|ΔV|`` times the distance of nodes, and where it is.
        """
        a, factor = self.radius, 2 * self.reduced_mass
        r = a * (np.arange(SAMPLES) + 0.5) / SAMPLES

        def strength(r):
            return factor * r * _local_density(self.interaction, r, np.positive)

        V = strength(r)
        self._refuse_infinite(V)
        steps = np.append(np.abs(np.diff(V)), 0.0)
        jumps = steps[1:-1] - 4 * np.maximum(steps[:-2], steps[2:])  # alone among its neighbours
        i = np.argmax(jumps)
        jump = jumps[i] if jumps[i] > 0.05 * np.max(np.abs(V)) else 0.0
        while True:
            x = lagrange_mesh(a, n).r
            missed = np.abs(V - np.interp(r, x, strength(x)))[r > x[0]].sum()
            missed /= max(np.abs(V).sum(), NOTICEABLE)
            if missed < 0.1 or n >= FINEST:
                return n, missed, jump * a / n, a * (i + 2) / SAMPLES
            n = min(4 * n // 3, FINEST)


def _attraction(V):
    return np.maximum(-V, 0)


def open_channel(potential, *, reduced_mass, l=0, channel_radius=None, r=None):
    """Return the validated `Channel`, with its radius found if it is not given."""
    channel, beyond = measured_channel(potential, reduced_mass, l, channel_radius, r)
    if beyond > NOTICEABLE:
        warn(
            f"the potential has not decayed at the channel radius {channel.radius:g}: "
            f"a phase shift may be off by {beyond:.1g} rad; raise channel_radius",
            AccuracyWarning,
            stacklevel=3,
        )
    return channel


def measured_channel(potential, reduced_mass, l=0, channel_radius=None, r=None):
    """Return the validated `Channel`, and the tail of the potential beyond its radius."""
    if isinstance(potential, DerivativeExpansion):
        potential, V2 = potential.V0, potential.V2
    else:
        V2 = None
    m = check_scale(reduced_mass, "reduced_mass")
    l = validate_l(l)
    interaction = interaction_in_wave(potential, l, r)
    radius, beyond = find_radius(interaction, m, channel_radius, V2)
    return Channel(interaction, radius, m, l, V2), beyond


def validate_l(l):
    """Return an orbital angular momentum as an integer, at least 0."""
    return check_integer(l, "l", least=0)


def find_radius(interaction, m, channel_radius=None, V2=None):
    """Return the channel radius, found if it is not given, and the tail beyond it."""
    defined = interaction.radius if V2 is None else None
    if channel_radius is None:
        return _decay_radius(interaction, m, defined, V2)
    radius = check_scale(channel_radius, "channel_radius")
    if defined is None or defined > radius:
        return radius, float(np.interp(radius, *tail(interaction, m, V2)))
    return radius, 0.0


def tail(interaction, reduced_mass, V2=None):
    """Return nodes r, spaced geometrically, and the tail of the potential beyond each.

    V2(r) ∇² counts like V2(r) m², at a momentum of the size of m. V(r) is also looked at between
    the nodes, for structure as narrow as a fiftieth of r.
    """
    fine = np.geomspace(1e-3, 1e4, 119 * FINER + 1) / reduced_mass
    r = fine[::FINER]
    density = _local_density(interaction, fine)
    if V2 is not None:
        density = density + np.abs(V2.local_potential(fine)) * reduced_mass**2
    density += np.interp(fine, r, _nonlocal_density(interaction, r))
    # trapezoid in log r: ∫ r f dr = ∫ r² f dlog r; beyond the last node as for f ∝ 1/r³
    integrand = 2 * reduced_mass * fine**2 * density
    panels = integrand * np.log(fine[1] / fine[0])
    return r, (np.cumsum(panels[::-1])[::-1] + integrand[-1])[::FINER]


def _local_density(interaction, r, measure=np.abs):
    """``|V(r)|``, or another measure of V than its modulus."""
    if not interaction.has_local:
        return np.zeros_like(r)
    V = real_values(interaction.local_potential(r), "V(r)")
    return measure(V) * within(interaction.radius, r)


def _nonlocal_density(interaction, r):
    """``∫ |K(r, r')| dr'`` on nodes that are spaced geometrically, or over r if that is larger."""
    if not interaction.has_nonlocal:
        return np.zeros_like(r)
    kernel = np.abs(real_values(interaction.kernel(r[:, None], r[None, :]), "U(r, r')"))
    weights = within(interaction.radius, r) * r * np.log(r[1] / r[0])
    return np.maximum(kernel @ weights, kernel.T @ weights) * within(interaction.radius, r)


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
