"""The spectrum of two hadrons at rest on a periodic L³ lattice.

    H = −(1/2m) ∇² + V0(r) + V2(r) ∇² + U,    (Uφ)(r) = a³ Σ_{r'} U(|r|, |r'|) φ(r'),

with ∇² the 7-point Laplacian, or the exact one of the plane waves that the lattice has.
|r| is the distance to the nearest image of the origin, so U acts through the shells of
equal r². The sectors A1, T1 and E live on a wedge of the lattice, with the harmonic Y of
`halkit.wedge`, l = 0, 1, 2, and U → (2l+1) P_l(cos γ) U(|r|, |r'|) there; a point that stands for w
sites is scaled by √w, which makes H symmetric. For V2 the scale s of
`halkit.interactions.derivative` does the same.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg

from halkit.checks import check_array, check_choice, check_integer, check_scale, is_array
from halkit.interactions.conversion import Potential
from halkit.interactions.derivative import kinetic_scale
from halkit.interactions.interaction import part_values, within
from halkit.radial import Wedge
from halkit.scattering.finite_volume.pair import resolve_pair
from halkit.scattering.finite_volume.torus import CubeFields, WedgeFields
from halkit.scattering.solver.partial_wave import interaction_in_wave, mass_of
from halkit.typing import Array, Masses, Number, Numbers
from halkit.warn import warn_caller

__all__ = ["LatticeStates", "lattice_spectrum"]

Sector: TypeAlias = Literal["A1", "T1", "E", "all"]

# Largest potential, in units of 1/2ma², with levels right to 1e-4/2ma².
STEEPEST = 1e12


class LatticeStates(NamedTuple):
    """States on a periodic lattice, lowest first.

    Attributes
    ----------
    energy : array of shape (n_states,)
        Above threshold.
    wave_function : array of shape (n_states, n_sites)
        φ_n on the sites, with a³ Σ φ_n² = 1 over all L³ sites, and positive where it is
        largest. With a V2 the norm is a³ Σ φ_n²/(1 − 2m V2) = 1.
    sites : array of shape (n_sites, 3)
        Integer coordinates: all L³ sites for "all", else those of ``halkit.Wedge(L, sector)``.
    """

    energy: Array
    wave_function: Array
    sites: NDArray[np.int_]


def lattice_spectrum(
    interaction: Potential,
    *,
    L: int,
    reduced_mass: Number | None = None,
    masses: Masses | None = None,
    n_states: int = 6,
    spacing: Number = 1.0,
    sector: Sector = "A1",
    laplacian: Literal["7-point", "spectral"] = "7-point",
    r: Numbers | None = None,
) -> LatticeStates:
    """Return the lowest states of two hadrons at rest on a periodic L³ lattice.

    Parameters
    ----------
    interaction : Interaction, fitted estimator, or array
        As in `halkit.scattering.phase_shift`; it is evaluated on the sites, so V must be finite
        at r = 0. An array without `r` holds V on the points of ``halkit.radial.Wedge(L)``, and
        may depend on more than the distance.
    L : int
        Sites per side.
    reduced_mass : float, optional
        Reduced mass m (ħ = c = 1). Energies are the eigenvalues of H, k²/2m.
    masses : float or pair of float, optional
        Masses of the two hadrons in place of `reduced_mass`: then energies are
        ΔW = √(m1² + k²) + √(m2² + k²) − m1 − m2, with which correlators fall, e^{−ΔW t}.
    n_states : int, default 6
        Number of states.
    spacing : float, default 1.0
        Lattice spacing a in the unit of r; 1 in lattice units.
    sector : {"A1", "T1", "E", "all"}
        States of one irreducible representation of the cube: A1⁺, T1⁻ or E⁺, which hold the
        partial waves l = 0, 4, …; 1, 3, …; 2, 4, …; one state, z/r or (3z² − r²)/2r², for the
        three of T1 and the two of E. Or states of the full lattice, with their multiplicity. U
        acts in the lowest l of the sector; for "all" on S waves.
    laplacian : {"7-point", "spectral"}
        The nearest-neighbour Laplacian, or the continuum −p² on the momenta 2πn/La.
    r : array of shape (n,), optional
        The nodes, if `interaction` is an array of values on them.

    Returns
    -------
    LatticeStates
        Named tuple of ``energy``, shape (n_states,), ``wave_function``, shape
        (n_states, n_sites), and ``sites``.

    Raises
    ------
    ValueError
        If an argument is out of range, or the potential is infinite on a site, or U is not
        symmetric; if not one of `reduced_mass` and `masses` is given, or a state is bound so deeply
        that k² < −m² of the lighter hadron.

    References
    ----------
    T. Iritani et al. (HAL QCD), JHEP 03 (2019) 007 [arXiv:1812.08539].

    Examples
    --------
    >>> from halkit.interactions import GaussianSum
    >>> from halkit.scattering import lattice_spectrum
    >>> V = GaussianSum([-0.2], [0.1])
    >>> lattice_spectrum(V, L=12, reduced_mass=0.5, n_states=3).energy.round(6)
    array([-0.023592,  0.221755,  0.493129])

    Relativistic energies of the same two hadrons:

    >>> lattice_spectrum(V, L=12, masses=(1.0, 1.0), n_states=3).energy.round(6)
    array([-0.023733,  0.21066 ,  0.443874])
    """
    pair, a = resolve_pair(reduced_mass, masses), check_scale(spacing, "spacing")
    m = mass_of(interaction, pair.reduced_mass)
    check_choice(sector, "sector", ("A1", "T1", "E", "all"))
    check_choice(laplacian, "laplacian", ("7-point", "spectral"))
    symmetric = Wedge(L)
    if sector == "all":
        fields: CubeFields | WedgeFields = CubeFields(symmetric, laplacian)
    else:
        fields = WedgeFields(Wedge(L, sector), laplacian)
    acting = None  # an array without r: V on the sites
    if r is not None or not is_array(interaction):
        acting = interaction_in_wave(interaction, fields.partial_wave, r, laplacian=True)
    n = fields.weights.size
    n_states = check_integer(n_states, "n_states", least=1)
    if n_states > n // 4:
        raise ValueError(f"n_states must be at most {n // 4} for L = {L}, got {n_states}")
    scale = np.ones(n)
    if acting is None:
        V = check_array(interaction, "interaction", len(symmetric.xyz))
        potential = partial(np.multiply, V[symmetric.index(fields.sites)][:, None])
    else:
        potential = _potential(acting, fields, a)
        if acting.has_laplacian:
            scale = kinetic_scale(acting, a * fields.shell_r, m)[fields.shell]
    _refuse_steep(potential, fields, 1 / (2 * m * a**2))
    solve = _blocks if sector == "all" else _lanczos
    energy, vectors = solve(fields, scale, potential, 1 / (2 * m * a**2), int(n_states))
    order = np.argsort(energy)
    field = scale / np.sqrt(fields.weights) * vectors.T[order] / a**1.5
    largest = field[np.arange(n_states), np.argmax(np.abs(field), axis=1)]
    return LatticeStates(
        pair.energy(energy[order]), field * np.sign(largest)[:, None], fields.sites
    )


def _refuse_steep(potential, fields, unit):
    """Refuse a potential so large that the kinetic energy is lost in rounding errors."""
    ones = np.ones((fields.weights.size, 1))
    with np.errstate(over="ignore"):
        largest = np.max(np.abs(potential(ones))) / unit
    if not largest < STEEPEST:
        raise ValueError(
            f"the potential must be smaller than {STEEPEST:g}/(2ma²) on the lattice, "
            f"got {largest:.3g}/(2ma²)"
        )


def _lanczos(fields, scale, potential, unit, n_states):
    """The lowest states, by Lanczos' method, repeated in the space orthogonal to those found.

    States of a representation are rarely degenerate, but Lanczos finds only one of a degenerate
    pair. What `project` removes has the energy `top`.
    """
    n, root = fields.weights.size, np.sqrt(fields.weights)
    inner, outer = scale / root, unit * scale * root
    # energies are counted from the top, where ARPACK's relative tolerance is an absolute one
    top = 3 * np.pi**2 * unit

    def project(x):
        return root * fields.project(x / root)

    def apply(x):
        x = project(x.ravel())[:, None]
        kinetic = outer * fields.minus_laplacian(inner * x[:, 0])
        return project(kinetic - top * x[:, 0] + potential(x)[:, 0])

    H = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    start = project(root * (np.exp(-fields.shell_r[fields.shell]) + np.cos(np.arange(n) ** 2)))
    basis = min(n, max(60, 4 * n_states))
    options = {"which": "SA", "v0": start, "ncv": basis, "tol": 1e-12}
    energy, vectors = eigsh(H, k=n_states, **options)
    while True:
        V = vectors
        beside = LinearOperator(
            (n, n),
            lambda x, V=V: H @ x.ravel() + 2 * top * (V @ (V.T @ x.ravel())),
            dtype=np.float64,
        )
        one, vector = eigsh(beside, k=1, **options)
        if one[0] > np.max(energy) - 1e-9 * unit:
            break
        lowest = np.argsort(np.append(energy, one))[:n_states]
        energy, vectors = np.append(energy, one)[lowest], np.hstack([V, vector])[:, lowest]
    if fields.partial_wave == 2 and np.max(energy) > -1e-6 * top:
        raise ValueError(
            f"n_states must be smaller: the states of E beyond {top:.3g} are not separated from "
            "those of A1"
        )
    return energy + top, vectors


def _blocks(fields, scale, potential, unit, n_states):
    """The lowest states, degenerate ones included: LOBPCG, preconditioned by (H0 + c)⁻¹."""
    n = fields.weights.size
    column = scale[:, None]

    def apply(X):
        X = X.reshape(n, -1)
        return unit * column * fields.minus_laplacian(column * X) + potential(X)

    soft = 1 / (fields.symbol + (2 * np.pi / fields.L) ** 2)

    def smooth(X):
        return fields.multiply(soft, X.reshape(n, -1))

    H, M = (LinearOperator((n, n), f, matmat=f, dtype=np.float64) for f in (apply, smooth))
    X = smooth(np.random.default_rng(0).standard_normal((n, n_states + 3)))
    for _ in range(8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the extra vectors beyond n_states
            energy, X = lobpcg(H, X, M=M, largest=False, tol=1e-11 * unit, maxiter=25)
        order = np.argsort(energy)[:n_states]
        residual = np.linalg.norm(apply(X[:, order]) - X[:, order] * energy[order], axis=0)
        if np.max(residual) < 1e-8 * unit:
            break
    else:
        warn_caller(
            f"the eigenvectors have not converged: the largest residual is {np.max(residual):.1g}"
        )
    return energy[order], X[:, order]


def _potential(interaction, fields, a):
    """The map X → (V + U) X on fields scaled by the root of their weights."""
    r = a * fields.shell_r
    inside = within(interaction.radius, r) * 1.0
    V = np.zeros_like(r)
    if interaction.has_local:
        V = inside * part_values(interaction, "local_potential", r)
    if not np.all(np.isfinite(V)):
        i = np.flatnonzero(~np.isfinite(V))[0]
        raise ValueError(f"V(r) must be finite on the lattice, got {V[i]} at r = {r[i]:g}")
    V = V[fields.shell][:, None]
    if not interaction.has_nonlocal:
        return lambda X: V * X
    near, U = _shell_matrix(interaction, r, a)
    on = np.flatnonzero(fields.shell < near)
    entries = fields.harmonic[on] * np.sqrt(fields.weights[on]), (fields.shell[on], on)
    shells = csr_array(entries, (near, fields.shell.size))
    sites = (2 * fields.partial_wave + 1) * shells.T.tocsr()
    return lambda X: V * X + sites @ (U @ (shells @ X))


def _shell_matrix(interaction, r, a):
    """a³ U between the shells up to the last one that matters, and their number."""
    inside = within(interaction.nonlocal_end, r) * 1.0
    U = part_values(interaction, "nonlocal_potential", r[:, None], r[None, :])
    U = a**3 * U * np.outer(inside, inside)
    if not np.all(np.isfinite(U)):
        raise ValueError(f"U(r, r') must be finite on the lattice, got {interaction!r}")
    largest = np.max(np.abs(U))
    if np.max(np.abs(U - U.T)) > 1e-10 * largest:
        raise ValueError("U(r, r') must be symmetric on a lattice, got one that is not")
    felt = np.flatnonzero(np.max(np.abs(U), axis=1) > 1e-15 * largest)
    near = int(felt[-1]) + 1 if felt.size else 1
    return near, (U[:near, :near] + U[:near, :near].T) / 2
