"""Scattering: cost against mesh points and momenta, beside jitr, and of each kind of answer.

``make bench`` runs it. The column ``error_deg`` (in the JSON, ``--benchmark-json``) is the
largest error of δ. jitr (if it can be imported) gets the matrix of the interaction ready
made through its ``interaction_matrix`` argument, and its free matrix scaled from one that
is computed before: what is timed is its solver alone.
"""

import numpy as np
import pytest

from halkit.interactions import GaussianSum, NonLocal, Separable
from halkit.interactions.hal import OMEGA_CCC_MASS, omega_ccc
from halkit.scattering import (
    GaussianSource,
    bound_wave_functions,
    correlation_function,
    coulomb_phase_shift,
    coupled_phase_shifts,
    lattice_spectrum,
    phase_shift,
    scattering_wave_functions,
    zeta_00,
)
from halkit.units import from_mev

TOY, MASS, RADIUS = Separable(omega=-0.017, mu=1.0), 3.3, 28.0
LOPSIDED = NonLocal(lambda r, s: -0.0195 * np.exp(-r - 1.05 * s))
POTENTIALS = {"Hermitian": TOY, "non-Hermitian": LOPSIDED}
K = np.linspace(0.01, 2.0, 1000)
MESH = 50


def solve(potential, k, n_mesh):
    return phase_shift(potential, k, reduced_mass=MASS, channel_radius=RADIUS, n_mesh=n_mesh)


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


def jitr_phases(jitr, potential, k):
    """Return a function that solves for all k with jitr's solver, its inputs ready made."""
    solver = jitr.rmatrix.Solver(MESH)
    mesh = solver.kernel.quadrature
    r, w = RADIUS * np.asarray(mesh.abscissa), RADIUS * np.asarray(mesh.weights)
    V = np.sqrt(np.outer(w, w)) * potential.kernel(r[:, None], r) + 0j
    one, none = np.ones(1), np.zeros(1, dtype=np.int64)
    kinetic = solver.kinetic_matrix(1.0, none)
    overlap = solver.energy_matrix(1.0, none)
    boundary = solver.precompute_boundaries(1.0)
    inputs = []
    for q in k:
        a, energy = q * RADIUS, q**2 / (2 * MASS)
        plus = np.exp([1j * a])
        channels = jitr.reactions.system.Channels(
            energy * one, q * one, MASS * one, 0 * one, a, none, np.zeros((1, 1))
        )
        outside = jitr.reactions.system.Asymptotics(plus, plus.conj(), 1j * plus, -1j * plus.conj())
        inputs.append((channels, outside, V / energy, kinetic / a**2 - overlap))

    def run():
        S = [
            solver.solve(
                channels,
                outside,
                interaction_matrix=matrix,
                free_matrix=free,
                basis_boundary=boundary,
            )[1][0, 0]
            for channels, outside, matrix, free in inputs
        ]
        return np.angle(S) / 2

    return run


@pytest.mark.benchmark(group="50 mesh points: halkit and jitr")
@pytest.mark.parametrize("n_k", [20, 1000])
@pytest.mark.parametrize("solver", ["halkit", "jitr"])
@pytest.mark.parametrize("kind", list(POTENTIALS))
def bench_against_jitr(benchmark, kind, solver, n_k):
    potential, k = POTENTIALS[kind], np.linspace(0.01, 2.0, n_k)
    if solver == "halkit":
        delta = benchmark(solve, potential, k, MESH)
    else:
        jitr = pytest.importorskip("jitr")
        run = jitr_phases(jitr, potential, k)
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
    benchmark(coupled_phase_shifts, [[S, T], [T, D]], K, reduced_mass=1.0)


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
