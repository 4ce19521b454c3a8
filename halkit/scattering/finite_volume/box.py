"""Stationary states of two hadrons in a sphere.

The levels of H0 + V + U inside r < R, with φ'(R) = 0 ("neumann", like the wall source of
a periodic lattice) or φ(R) = 0 ("dirichlet"), in one partial wave. A correlator in a finite
volume is a sum over such states. For u = rφ the first condition means R u'(R) = u(R),
which the Bloch operator (1/2m) δ(r − R)(d/dr − 1/R) builds into the Hamiltonian.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import scipy.linalg

from halkit.checks import check_array, check_choice, check_integer, check_scale
from halkit.interactions.conversion import Potential
from halkit.scattering.finite_volume.pair import resolve_pair
from halkit.scattering.solver.interior import Interior, converge
from halkit.scattering.solver.levels import levels
from halkit.scattering.solver.mesh import LagrangeMesh
from halkit.scattering.solver.partial_wave import interaction_in_wave, mass_of
from halkit.scattering.waves import first_sign
from halkit.typing import Array, Masses, Number, Numbers

__all__ = ["BoxStates", "SphericalWaves", "spherical_box_states"]


class SphericalWaves:
    """The wave functions of a box, as a function of r: called with r it returns φ_n(r).

    Parameters
    ----------
    mesh : LagrangeMesh
    coefficients : array of shape (n_states, n_mesh)
    """

    def __init__(self, mesh: LagrangeMesh, coefficients: Array) -> None:
        self.mesh = LagrangeMesh(*mesh)
        self.coefficients = coefficients

    def __call__(self, r: Numbers) -> Array:
        """Return φ_n(r), shape (n_states, n_r), for r in the box, with ∫ 4πr² φ_n² dr = 1."""
        r = np.atleast_1d(check_array(r, "r"))
        if r.ndim != 1 or np.any(~(r >= 0) | (r > self.mesh.radius * (1 + 1e-12))):
            raise ValueError(
                f"r must be one number or one axis, between 0 and the radius {self.mesh.radius:g} "
                f"of the box, got shape {r.shape} between {r.min():g} and {r.max():g}"
            )
        return self.mesh.interpolate(self.coefficients, r)

    def __repr__(self) -> str:
        return f"SphericalWaves({len(self.coefficients)} states in r < {self.mesh.radius:g})"


class BoxStates(NamedTuple):
    """States in a sphere, lowest first.

    Attributes
    ----------
    energy : array of shape (n_states,)
    wave_function : SphericalWaves
        ``wave_function(r)`` returns φ_n(r), shape (n_states, n_r), with ∫ 4πr² φ_n² dr = 1
        and φ_n > 0 next to the origin.
    """

    energy: Array
    wave_function: SphericalWaves


def spherical_box_states(
    interaction: Potential,
    *,
    radius: Number,
    reduced_mass: Number | None = None,
    masses: Masses | None = None,
    l: int = 0,
    boundary: Literal["neumann", "dirichlet"] = "neumann",
    n_mesh: int | None = None,
    n_states: int | None = None,
    r: Numbers | None = None,
) -> BoxStates:
    """Return the states of two hadrons in a sphere, in one partial wave.

    Parameters
    ----------
    interaction : Interaction, fitted estimator, or array
        As in `halkit.scattering.phase_shift`; it is cut off at the wall.
    radius : float
        Radius R of the sphere.
    reduced_mass : float, optional
        Reduced mass m (ħ = c = 1). Energies are k²/2m.
    masses : float or pair of float, optional
        Masses of the two hadrons in place of `reduced_mass`: then energies are
        ΔW = √(m1² + k²) + √(m2² + k²) − m1 − m2.
    l : int, default 0
        Orbital angular momentum. φ is the radial part of the wave function φ(r) Y_lm.
    boundary : {"neumann", "dirichlet"}
        φ'(R) = 0 or φ(R) = 0.
    n_mesh : int, optional
        Mesh points. Default: enough for converged energies.
    n_states : int, optional
        Number of states. Default: 20, or a third of `n_mesh` if that is less.
    r : array of shape (n,), optional
        The nodes, if `interaction` is an array of values on them.

    Returns
    -------
    BoxStates
        Named tuple of ``energy``, shape (n_states,), and the function ``wave_function``.

    Raises
    ------
    ValueError
        If an argument is out of range, or if U is so far from symmetric that an energy is
        complex; if not one of `reduced_mass` and `masses` is given, or a state is bound so deeply
        that k² < −m² of the lighter hadron.

    References
    ----------
    D. Baye, Phys. Rep. 565 (2015) 1.

    Examples
    --------
    The free S waves with φ'(R) = 0: a constant, then roots of tan kR = kR.

    >>> import numpy as np
    >>> from halkit.interactions import Interaction
    >>> from halkit.scattering import spherical_box_states
    >>> box = spherical_box_states(Interaction(), radius=10.0, reduced_mass=0.5, n_states=3)
    >>> (10 * np.sqrt(np.abs(box.energy))).round(4)
    array([0.    , 4.4934, 7.7253])
    >>> box.wave_function([1.0, 2.0]).shape
    (3, 2)
    """
    l = check_integer(l, "l", least=0)
    R, pair = check_scale(radius, "radius"), resolve_pair(reduced_mass, masses)
    m = mass_of(interaction, pair.reduced_mass)
    interaction = interaction_in_wave(interaction, l, r)
    check_choice(boundary, "boundary", ("neumann", "dirichlet"))
    n_states = _validate_number(n_states, n_mesh)
    interior = Interior(interaction, R, m, l, np.pi * n_states / R)
    solve = _solver(interior, boundary, n_states)
    spacing = (np.pi / R) ** 2 / (2 * m)
    mesh, energy, coefficients = converge(
        solve,
        lambda coarse, fine: np.max(np.abs(fine[1] - coarse[1])) / spacing,
        n_mesh,
        interior.layout.mesh_size(40 + 2 * n_states),
    )
    return BoxStates(pair.energy(energy), SphericalWaves(mesh, coefficients))


def _validate_number(n_states, n_mesh):
    n_mesh = check_integer(n_mesh, "n_mesh", least=5, optional=True)
    if n_states is None:
        return 20 if n_mesh is None else min(20, n_mesh // 3)
    n_states = check_integer(n_states, "n_states", least=1)
    if n_mesh is not None and 2 * n_states > n_mesh:
        raise ValueError(
            f"n_mesh must be at least {2 * n_states} for {n_states} states, got {n_mesh}"
        )
    return int(n_states)


def _solver(interior, boundary, n_states):
    scale = 2 * interior.reduced_mass * interior.radius

    def solve(n):
        H = interior.hamiltonian(n)
        mesh = H.mesh
        if boundary == "neumann":
            matrix, node = H.matrix - np.outer(mesh.surface, mesh.surface) / scale, None
        else:
            matrix, node = H.matrix, mesh.surface
        energy, vectors = _lowest(matrix, H.symmetric, n_states, node)
        states = vectors.T / np.sqrt(4 * np.pi * np.sum(vectors**2, axis=0))[:, None]
        return mesh, energy, states * first_sign(states)[:, None]

    return solve


def _lowest(matrix, symmetric, n_states, node):
    """The lowest eigenvalues and eigenvectors, those orthogonal to `node` if it is given."""
    if symmetric:
        energy, vectors = levels(matrix, node)
        return energy[:n_states], vectors[:, :n_states]
    basis = np.eye(len(matrix)) if node is None else scipy.linalg.null_space(node[None, :])
    energy, vectors = np.linalg.eig(basis.T @ matrix @ basis)
    lowest = np.argsort(energy.real)[:n_states]
    if not np.all(np.isreal(energy[lowest])):
        raise ValueError(
            "U(r, r') must be nearly symmetric, got the complex energy "
            f"{energy[lowest][~np.isreal(energy[lowest])][0]:.6g}"
        )
    return energy[lowest].real, basis @ vectors[:, lowest].real
