"""Scattering: cost against mesh points and momenta, beside jitr, and of each kind of answer.

``make bench`` runs it. The column ``error_deg`` (in the JSON, ``--benchmark-json``) is the
largest error of δ. jitr (if it can be imported) gets the matrix of the interaction through
its ``interaction_matrix`` argument. Both programs are timed at one channel radius and one
error of δ, 1e-6 and 1e-9 degrees, each with the fewest points of its own mesh that reach it,
and in two ways: from ready matrices, that is the solver alone, and from the potential, that is
its matrix and all that depends on k too, with the mesh and the free matrix, which each makes
once, ready. halkit's call from the potential also solves on a second mesh, to tell how accurate
the first is. "One mesh" gives both the same number of points.
"""

import numpy as np
import pytest

from halkit import Channel
from halkit.interactions import GaussianSum, NonLocal, Separable
from halkit.interactions.hal import OMEGA_CCC_MASS, omega_ccc
from halkit.scattering import (
    GaussianSource,
    bound_wave_functions,
    correlation_function,
    coulomb_phase_shift,
    coupled_phase_shifts,
    coupled_s_matrix,
    lattice_spectrum,
    phase_shift,
    resonances,
    scattering_wave_functions,
    zeta_00,
)
from halkit.scattering.solver.mesh import hamiltonian, lagrange_mesh
from halkit.scattering.solver.rmatrix import phase_shifts
from halkit.units import from_mev

TOY, MASS, RADIUS = Separable(omega=-0.017, mu=1.0), 3.3, 28.0
LOPSIDED = NonLocal(lambda r, s: -0.0195 * np.exp(-r - 1.05 * s))
POTENTIALS = {"Hermitian": TOY, "non-Hermitian": LOPSIDED}
K = np.linspace(0.01, 2.0, 1000)
MESH = 50
# Channel radius, mesh points of halkit and of jitr: the fewest with errors below 1e-6 and 1e-9
# degrees (jitr's rounding errors are 1e-10 to 3e-9, 1.1e-9 here), and one mesh for both.
ACCURACIES = {
    "1e-6 degrees": (25.0, 34, 38),
    "1e-9 degrees": (RADIUS, 39, 45),
    "one mesh": (RADIUS, 50, 50),
}


def solve(potential, k, n_mesh, radius=RADIUS):
    return phase_shift(potential, k, reduced_mass=MASS, channel_radius=radius, n_mesh=n_mesh)


def largest_error(potential, k, delta):
    """Against a fine mesh, in degrees, modulo 180."""
    exact = solve(potential, k, 160)
    return float(np.degrees(np.max(np.abs(np.arcsin(np.sin(delta - exact))))))


@pytest.mark.benchmark(group="20 momenta against mesh points")
@pytest.mark.parametrize("n_mesh", [40, 80, 160, 320])
@pytest.mark.parametrize("kind", list(POTENTIALS))
@pytest.mark.filterwarnings("ignore:the result still changes")
def bench_mesh(benchmark, kind, n_mesh):
    k = K[::50]
    delta = benchmark(solve, POTENTIALS[kind], k, n_mesh)
    benchmark.extra_info["error_deg"] = largest_error(POTENTIALS[kind], k, delta)


@pytest.mark.benchmark(group="50 mesh points against the number of momenta")
@pytest.mark.parametrize("n_k", [1, 10, 100, 1000, 10_000])
@pytest.mark.parametrize("kind", list(POTENTIALS))
def bench_momenta(benchmark, kind, n_k):
    benchmark(solve, POTENTIALS[kind], np.linspace(0.01, 2.0, n_k), MESH)


class Jitr:
    """Phase shifts by jitr's solver; what depends neither on k nor on the potential is ready."""

    def __init__(self, jitr, radius, n_mesh):
        self.jitr, self.solver, self.radius = jitr, jitr.rmatrix.Solver(n_mesh), radius
        mesh = self.solver.kernel.quadrature
        self.r, self.w = radius * np.asarray(mesh.abscissa), radius * np.asarray(mesh.weights)
        self.one, self.l = np.ones(1), np.zeros(1, dtype=np.int64)
        self.kinetic = self.solver.kinetic_matrix(1.0, self.l)
        self.overlap = self.solver.energy_matrix(1.0, self.l)
        self.boundary = self.solver.precompute_boundaries(1.0)

    def inputs(self, potential, k):
        r, w, one = self.r, self.w, self.one
        V = np.sqrt(np.outer(w, w)) * potential.kernel(r[:, None], r) + 0j
        system = self.jitr.reactions.system
        for q in k:
            a, energy = q * self.radius, q**2 / (2 * MASS)
            plus = np.exp([1j * a])
            channels = system.Channels(
                energy * one, q * one, MASS * one, 0 * one, a, self.l, np.zeros((1, 1))
            )
            outside = system.Asymptotics(plus, plus.conj(), 1j * plus, -1j * plus.conj())
            yield channels, outside, V / energy, self.kinetic / a**2 - self.overlap

    def phases(self, inputs):
        S = [
            self.solver.solve(
                channels,
                outside,
                interaction_matrix=matrix,
                free_matrix=free,
                basis_boundary=self.boundary,
            )[1][0, 0]
            for channels, outside, matrix, free in inputs
        ]
        return np.angle(S) / 2


def job(solver, potential, k, start, radius, n_mesh):
    """Return the function to be timed."""
    if solver == "halkit" and start == "from the potential":
        return lambda: solve(potential, k, n_mesh, radius)
    if solver == "halkit":
        H = hamiltonian(potential, lagrange_mesh(radius, n_mesh), reduced_mass=MASS)
        return lambda: phase_shifts(H, k)
    jitr = Jitr(pytest.importorskip("jitr"), radius, n_mesh)
    ready = list(jitr.inputs(potential, k))
    if start == "from the potential":
        return lambda: jitr.phases(jitr.inputs(potential, k))
    return lambda: jitr.phases(ready)


@pytest.mark.benchmark(group="halkit and jitr")
@pytest.mark.parametrize("n_k", [20, 1000])
@pytest.mark.parametrize("start", ["from ready matrices", "from the potential"])
@pytest.mark.parametrize("solver", ["halkit", "jitr"])
@pytest.mark.parametrize("accuracy", list(ACCURACIES))
@pytest.mark.parametrize("kind", list(POTENTIALS))
@pytest.mark.filterwarnings("ignore:the result still changes")
def bench_against_jitr(benchmark, kind, accuracy, solver, start, n_k):
    potential, k = POTENTIALS[kind], np.linspace(0.01, 2.0, n_k)
    radius, *points = ACCURACIES[accuracy]
    run = job(solver, potential, k, start, radius, points[solver == "jitr"])
    run()  # compiles
    delta = benchmark(run)
    benchmark.extra_info["error_deg"] = largest_error(potential, k, delta)
    benchmark.extra_info["microseconds_per_k"] = 1e6 / n_k * benchmark.stats.stats.median


@pytest.mark.benchmark(group="1000 momenta")
def bench_wave_functions(benchmark):
    r = np.linspace(0.1, 60, 200)
    benchmark(lambda: scattering_wave_functions(TOY, K, reduced_mass=MASS)(r))


@pytest.mark.benchmark(group="1000 momenta")
def bench_correlation_function(benchmark):
    benchmark(correlation_function, TOY, K, reduced_mass=MASS, source=GaussianSource(2.0))


@pytest.mark.benchmark(group="1000 momenta")
def bench_coulomb(benchmark):
    m = from_mev(OMEGA_CCC_MASS) / 2
    benchmark(
        coulomb_phase_shift, omega_ccc(), K, reduced_mass=m, charge_product=4, dipole_radius=0.41
    )


@pytest.mark.benchmark(group="1000 momenta")
def bench_coupled_waves(benchmark):
    S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    benchmark(coupled_phase_shifts, [[S, T], [T, D]], k=K, reduced_mass=1.0)


THRESHOLDS = {
    "one threshold": None,
    "two thresholds": [Channel(l=0, reduced_mass=1.0), Channel(reduced_mass=1.2, threshold=0.5)],
    "relativistic": [Channel(masses=2.0), Channel(masses=(2.0, 2.5))],
}


@pytest.mark.benchmark(group="S matrix of two channels, 2 × 70 points")
@pytest.mark.parametrize("n_energies", [20, 1000])
@pytest.mark.parametrize("kind", list(THRESHOLDS))
def bench_thresholds(benchmark, kind, n_energies):
    S, T, D = (GaussianSum([c], [0.5]) for c in (-2.0, -1.0, 1.0))
    k = np.linspace(0.3, 2.0, n_energies)
    given = {"energy": k**2 / 2, "channels": THRESHOLDS[kind]}
    if kind == "one threshold":
        given = {"k": k, "reduced_mass": 1.0, "l": (0, 0)}
    benchmark(coupled_s_matrix, [[S, T], [T, D]], n_mesh=70, **given)


@pytest.mark.benchmark(group="S matrix of two channels, 2 × 70 points")
def bench_resonance(benchmark):
    A, T, B = (GaussianSum([c], [0.5]) for c in (-0.2, -0.3, -2.0))
    channels = THRESHOLDS["two thresholds"]
    benchmark(resonances, [[A, T], [T, B]], 0.1, channels=channels, n_mesh=70)


@pytest.mark.benchmark(group="1000 momenta")
def bench_zeta_function(benchmark):
    benchmark(zeta_00, 10 * K)


@pytest.mark.benchmark(group="bound states")
def bench_bound_states(benchmark):
    benchmark(bound_wave_functions, TOY, reduced_mass=MASS)


@pytest.mark.benchmark(group="six states of a periodic lattice, A1")
@pytest.mark.parametrize("L", [24, 32, 48, 64])
@pytest.mark.parametrize("kind", ["local", "non-local"])
def bench_lattice(benchmark, kind, L):
    potential = GaussianSum([-0.3], [0.1]) if kind == "local" else Separable(-0.02, 0.7)
    benchmark.pedantic(
        lattice_spectrum, args=(potential,), kwargs={"L": L, "reduced_mass": 0.6}, rounds=3
    )
