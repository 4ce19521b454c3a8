"""From a potential to a converged R-matrix: where the potential ends, how fine the mesh must be.

The channel radius is the first a beyond which the tails

    2m ∫_a^∞ r |V(r)| dr    and    2m ∫_a^∞ dr r ∫ |K(r, r')| dr'

(about the change of δ, in radians) are negligible. The mesh grows until the answer stops
changing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from halkit.checks import check_integer, check_scale
from halkit.interactions import Interaction
from halkit.interactions.conversion import Potential
from halkit.interactions.edges import stated_edges
from halkit.interactions.interaction import part_values, within
from halkit.scattering.solver.layout import (
    LEAST,
    MOST_JUMPS,
    Layout,
    Profile,
    find_layout,
    profile,
)
from halkit.scattering.solver.mesh import (
    Hamiltonian,
    LagrangeMesh,
    hamiltonian,
    lagrange_mesh,
    node_spacing,
)
from halkit.scattering.solver.partial_wave import interaction_in_wave, mass_of
from halkit.scattering.solver.sampling import (
    FINE,
    FINER,
    NODES,
    fine_radii,
    kernel_nodes,
    local_density,
    missed_by_kernel_mesh,
    missed_by_mesh,
    nonlocal_density,
    sampled_radii,
)
from halkit.scattering.solver.tails import power_law
from halkit.typing import Array, Number, Numbers
from halkit.warn import warn_caller

__all__ = [
    "Interior",
    "converge",
    "measured_interior",
    "mesh_of",
    "open_interior",
    "tail",
    "warn_of_radius",
]

T = TypeVar("T")

# Largest mesh tried in the search for one that resolves all structure.
FINEST = 800
# Radii at which wells are sampled, in channel radii.
WELLS = np.geomspace(1e-3, 1, 40)
NOTICEABLE = 1e-4
# Potentials above this count as infinite: their squares would overflow.
INFINITE = 1e120
# Largest tail ∝ r^−n left out of the mesh.
SHORT = 1.0
TOLERANCE = 1e-7
# Factor by which the change falls from mesh to mesh if it falls faster than a power.
FALLING = 2.5


class _Fields(NamedTuple):
    interaction: Interaction
    radius: float
    reduced_mass: float
    l: int
    k: float = 0.0
    power: float | None = None


class Interior(_Fields):
    """One partial wave of an interaction that ends at the channel radius.

    Parameters
    ----------
    interaction : Interaction
    radius, reduced_mass : float
    l : int
    k : float, default 0
        The largest momentum at which a singular core must keep the wave out.
    power : float, optional
        n of a tail V ∝ r^−n beyond the channel radius, None without such a tail.
    """

    @cached_property
    def profile(self) -> Profile | None:
        """The `halkit.scattering.solver.layout.Profile` of V(r), None without a local part."""
        if not self.interaction.has_local:
            return None
        return profile(self.interaction, self.radius, self.reduced_mass)

    @cached_property
    def layout(self) -> Layout:
        """The start of the mesh, and its panels."""
        return find_layout(self.interaction, self.radius, self.reduced_mass, self.profile, k=self.k)

    def mesh(self, n: int) -> LagrangeMesh:
        """Return a mesh of n points, 4 or more in each panel."""
        return mesh_of(self.layout, n)

    def wider(self, reach: float) -> tuple[Interior, int]:
        """Return the interior with panels up to `reach` times its radius, and its mesh points."""
        a, layout = self.radius, self.layout
        edges = np.geomspace(a, reach * a, 8)
        wide = self._replace(radius=float(edges[-1]))
        inside = layout.points * (self.mesh_size() / layout.points.sum())
        points = np.concatenate([inside, np.full(7, LEAST)])
        wide.layout = Layout((*layout.edges[:-1], *edges.tolist()), points, layout.inner)
        return wide, int(points.sum())

    def hamiltonian(self, n: int) -> Hamiltonian:
        """Return the Hamiltonian on a mesh of n points."""
        m, l = self.reduced_mass, self.l
        return hamiltonian(self.interaction, self.mesh(n), reduced_mass=m, l=l)

    def converged(
        self, solve: Callable[[Hamiltonian], T], distance: Callable[[T, T], Any],
        n_mesh: int | None, k: float = 0.0,
    ) -> T:  # fmt: skip
        """Return `converge` of solve(hamiltonian), from the mesh for momenta up to k."""
        n_start = n_mesh or self.mesh_size(k)
        return converge(lambda n: solve(self.hamiltonian(n)), distance, n_mesh, n_start)

    def mesh_size(self, k: float = 0.0) -> int:
        """Return the number of points to start with.

        A few nodes must fit into the local wavelength ``2π/√(k² + 2m|V|)`` inside wells, and into
        each panel.
        """
        a, m = self.radius, self.reduced_mass
        r = a * WELLS
        with np.errstate(all="ignore"):
            depth = local_density(self.interaction, r, _attraction)
        depth = depth + nonlocal_density(self.interaction, r)
        self._refuse_infinite(depth)
        phase = a * node_spacing(r / a) * np.sqrt(2 * m * depth)  # per node, times n
        n = 36 + int(0.55 * k * a + min(0.35 * np.max(phase), 300))
        n, missed = self._structure(self.layout.mesh_size(n))
        if missed > 0.3:
            warn_caller(
                f"the potential has structure that {n} mesh points miss; raise n_mesh",
            )
        elif self.profile is not None and self.profile.jumps.size > MOST_JUMPS:
            warn_caller(
                f"the potential jumps at r = {self.profile.jumps[MOST_JUMPS]:.3g} and at more than "
                f"{MOST_JUMPS} other radii: the error may exceed the change between two meshes",
            )
        return n

    def _refuse_infinite(self, values):
        if not np.all(np.abs(values) < INFINITE):
            raise ValueError(
                f"the potential {self.interaction!r} is not finite inside r = {self.radius:g}"
            )

    def _structure(self, n):
        """The number of points that resolve V and U, and the part of them that it misses."""
        missed = self._missed()
        while True:
            x = self.mesh(n).sides()[0]
            part = max((of(x) for of in missed), default=0.0)
            if part < 0.1 or n >= FINEST:
                return n, part
            n = min(4 * n // 3, FINEST)

    def _missed(self):
        """Functions of mesh points: the parts of V(r), K(r, r) and K(r, r') that they miss."""
        interaction, a, missed = self.interaction, self.radius, []
        if interaction.has_local:
            seen, factor = self.profile, 2 * self.reduced_mass

            def of_local(x):
                V = factor * local_density(interaction, x, np.positive)
                return missed_by_mesh(seen.r, seen.r * seen.values, x, x * V)

            missed.append(of_local)
        if interaction.has_nonlocal:
            r = sampled_radii(interaction, a)
            diagonal = part_values(interaction, "kernel", r, r)

            def of_diagonal(x):
                return missed_by_mesh(r, diagonal, x, part_values(interaction, "kernel", x, x))

            missed.extend([of_diagonal, missed_by_kernel_mesh(interaction, a)])
        return missed


def mesh_of(layout: Layout, n: int) -> LagrangeMesh:
    """Return the mesh of a `halkit.scattering.solver.layout.Layout`."""
    panels = layout.panels(n)
    return lagrange_mesh(layout.edges[-1], n if panels is None else sum(panels.degrees), panels)


def _attraction(V):
    return np.maximum(-V, 0)


def open_interior(potential: Potential, *where: Any, **options: Any) -> Interior:
    """Return the validated `Interior`, with its radius found if it is not given.

    A singular core keeps out waves of momenta up to k. With `least_power` the caller integrates
    a tail V ∝ r^−n of larger n.
    """
    interior, beyond = measured_interior(potential, *where, **options)
    warn_of_radius(interior, beyond)
    return interior


def warn_of_radius(interior: Interior, beyond: float, of: str = "") -> None:
    """Warn if much of a potential lies beyond its channel radius; `of` says which potential."""
    if beyond > NOTICEABLE:
        warn_caller(
            f"the potential{of} has not decayed at the channel radius {interior.radius:g}: "
            f"a phase shift may be off by {beyond:.1g} rad; raise channel_radius"
        )


def measured_interior(
    potential: Potential,
    reduced_mass: Number | None,
    l: int = 0,
    channel_radius: Number | None = None,
    r: Numbers | None = None,
    *,
    k: Array | float = 0.0,
    least_power: float | None = None,
) -> tuple[Interior, float]:
    """Return the validated `Interior`, and the tail of the potential beyond its radius."""
    l = check_integer(l, "l", least=0)
    interaction = interaction_in_wave(potential, l, r, laplacian=True)
    m = mass_of(potential, reduced_mass)
    radius, beyond, power = _find_radius(interaction, m, channel_radius, least_power)
    top = float(np.max(k, initial=0.0))
    return Interior(interaction, radius, m, l, top, power), beyond


def _find_radius(
    interaction: Interaction,
    m: float,
    channel_radius: Number | None = None,
    least_power: float | None = None,
) -> tuple[float, float, float | None]:
    """Return the channel radius, found if it is not given, the tail beyond it, and n.

    n belongs to a tail V ∝ r^−n, n > `least_power`, that the caller integrates; else None.
    """
    radius, defined = None, interaction.radius
    if channel_radius is not None:
        radius = check_scale(channel_radius, "channel_radius")
    if defined is not None and (radius is None or defined <= radius):
        return float(radius or defined), 0.0, None
    nodes, tails = tail(interaction, m)
    if least_power is not None and tails[-9] < 1e6 * tails[-1]:
        found = _long_tail(interaction, m, nodes, tails, radius, least_power)
        if found is not None:
            return found
    if radius is None:
        return *_decay_radius(interaction, nodes, tails), None
    return radius, float(np.interp(radius, nodes, tails)), None


def tail(interaction: Interaction, reduced_mass: float) -> tuple[Array, Array]:
    """Return nodes r, spaced geometrically, and the tail of the potential beyond each.

    V2(r) ∇² counts like V2(r) m², at a momentum of the size of m. Module
    `halkit.scattering.solver.sampling` describes the sampling between the nodes.
    """
    fine, density, other = _densities(interaction, reduced_mass)
    nodes = NODES / reduced_mass
    return nodes, _tail_of(fine, density + other, nodes, reduced_mass)


def _densities(interaction, reduced_mass):
    """Radii, the density of V, and the density of U and V2."""
    fine = fine_radii(interaction, reduced_mass)
    with np.errstate(all="ignore"):  # inside a core
        density = local_density(interaction, fine)
    other = np.zeros_like(fine)
    if interaction.has_nonlocal:
        r = kernel_nodes(interaction, NODES / reduced_mass, fine)
        other = np.interp(fine, r, nonlocal_density(interaction, r))
    if interaction.has_laplacian:
        V2 = part_values(interaction, "laplacian_potential", fine)
        other = other + np.abs(V2) * within(interaction.radius, fine) * reduced_mass**2
    return fine, density, other


def _tail_of(fine, density, nodes, reduced_mass):
    # trapezoid in log r: ∫ r f dr = ∫ r² f dlog r; beyond the last node as for f ∝ 1/r³
    integrand = 2 * reduced_mass * fine**2 * density
    panels = integrand * np.gradient(np.log(fine))
    beyond = np.cumsum(panels[::-1])[::-1] + integrand[-1]
    return beyond[np.searchsorted(fine, nodes)]


def _long_tail(interaction, m, nodes, tails, radius, least_power):
    """The radius from which a tail V ∝ r^−n may be left out of the mesh, zero, and n.

    None without such a tail, or if the mesh can include it cheaply.
    """
    even = FINE / m
    with np.errstate(all="ignore"):
        V = local_density(interaction, even, np.positive)
    found = power_law(even, V, FINER, least_power)
    if found is None:
        return None
    start, power = found
    start = max(start, *stated_edges(interaction), 0.0)
    fine, _, other = _densities(interaction, m)
    others = _tail_of(fine, other, nodes, m)
    strength = min(1.0, tails[0])
    enough = (nodes >= start) & (tails <= SHORT * strength) & (others <= 1e-10 * strength)
    if radius is not None:
        return (radius, 0.0, power) if enough[np.searchsorted(nodes, radius) :].all() else None
    far = nodes[tails <= 1e-10 * strength]
    if not enough.any() or (far.size and nodes[np.argmax(enough)] > far[0] / 3):
        return None
    return float(nodes[np.argmax(enough)]), 0.0, power


def _decay_radius(interaction, nodes, tails):
    """The first node with a small tail, and the tail beyond it."""
    if np.isnan(tails).any():
        raise ValueError(f"{interaction!r} is NaN at some radii up to r = {nodes[-1]:g}")
    strength = min(1.0, tails[0])
    for tolerance in (1e-10, 1e-7, NOTICEABLE, 1e-2):
        small = np.flatnonzero(tails <= tolerance * strength)
        if small.size:
            closed = _is_closed(interaction, nodes[small[0]])
            first = min(small[0] + closed, nodes.size - 1)
            return float(nodes[first]), float(tails[first])
    raise ValueError(
        f"{interaction!r} has not decayed at r = {nodes[-1]:g}: give channel_radius to cut it off"
    )


def _is_closed(interaction, radius):
    """Whether an infinite core ends at this radius or beyond."""
    with np.errstate(all="ignore"):
        return bool(np.isinf(local_density(interaction, np.array([0.999 * radius]))[0]))


def converge(
    solve: Callable[[int], T],
    distance: Callable[[T, T], Any],
    n_mesh: int | None,
    n_start: int,
    tolerance: float = TOLERANCE,
) -> T:
    """Return ``solve(n)`` on a mesh fine enough that ``distance(coarser, result)`` is small.

    A given `n_mesh` is used as it is, and a coarser mesh only estimates its error. If errors
    fall like 1/n², the remaining one is 1/[(n/coarser)² − 1] of the distance; where that matters
    a third mesh tells whether they fall faster.
    """
    n = check_integer(n_mesh, "n_mesh", least=5, optional=True) or n_start
    largest = n if n_mesh else max(400, 2 * n_start)
    coarse_n = 9 * n // 10 if n_mesh else 3 * n // 4
    coarse = solve(coarse_n)
    while True:
        result = solve(n)
        error = distance(coarse, result)
        if error <= tolerance or n >= largest:
            break
        coarse, coarse_n, n = result, n, min(largest, 4 * n // 3)
    left = error * max(1.0, 1 / ((n / coarse_n) ** 2 - 1))
    if error <= NOTICEABLE < left:
        before = distance(solve(max(coarse_n * coarse_n // n, 4)), coarse)
        left = error if before > FALLING * error else left
    if left > NOTICEABLE:
        warn_caller(
            f"the result still changes by {error:.1g} (radians or relative; it may be off by "
            f"{left:.1g}) between meshes of {coarse_n} and {n} points; raise n_mesh",
        )
    return result
