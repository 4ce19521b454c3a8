"""Phases of relativistic channels, followed on a projection, agree with the full solver."""

import numpy as np
import pytest

from halkit import Channel
from halkit.interactions import GaussianSum, InteractionMatrix
from halkit.scattering import coupled_phase_shifts
from halkit.scattering.coupled import branch, projection
from halkit.scattering.coupled.multichannel import outside, s_matrix
from halkit.scattering.coupled.system import CoupledSystem, Pencil

N = 130  # mesh points of a channel: the matrix is large enough for a projection
ENERGY = np.array([0.01, 0.05, 0.0999, 0.1001, 0.2, 0.35, 0.6])


def family(seed):
    """Wells and hills, a second threshold at 0.1 and, for most seeds, a resonance below it."""
    random = np.random.default_rng(seed)
    depth, coupling = random.uniform(-1.2, 0.4), random.choice([1e-3, 0.02, 0.3])
    rows = [
        [GaussianSum([depth], [random.uniform(0.2, 0.8)]), GaussianSum([coupling], [0.5])],
        [GaussianSum([coupling], [0.5]), GaussianSum([random.uniform(-2.0, -0.3)], [0.4])],
    ]
    return InteractionMatrix(rows, channels=[Channel(masses=2.0), Channel(masses=(1.9, 2.2))])


def grid_of(system):
    grid = branch._grid(system, ENERGY)
    return system.channels.momentum_squared(grid)


@pytest.mark.parametrize("seed", range(8))
def test_phases_are_those_of_the_full_solver(seed, monkeypatch):
    matrix = family(seed)
    solved = []
    whole = projection.projected

    def counted(*arguments):
        model = whole(*arguments)
        solved.append(getattr(model, "W", np.empty((0, 999))).shape[1] // 2)
        return model

    monkeypatch.setattr(branch, "projected", counted)
    found = coupled_phase_shifts(matrix, ENERGY, n_mesh=N)
    assert 0 < solved[0] <= projection.MOST
    monkeypatch.setattr(branch, "projected", lambda pencil, *_: pencil)
    exact = coupled_phase_shifts(matrix, ENERGY, n_mesh=N)
    for name, value in exact._asdict().items():
        np.testing.assert_allclose(getattr(found, name), value, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("seed", range(4))
def test_r_between_the_energies_that_are_solved(seed):
    system = CoupledSystem(family(seed))
    square = grid_of(system)
    pencil = system.inside(N)
    assert isinstance(pencil, Pencil)

    def S(R, square):
        return s_matrix(R, outside(system, square))

    model = projection.projected(pencil, square, S)
    assert isinstance(model, projection.Projection)
    some = square[:: len(square) // 40]
    (R, below), (exact, count) = model(some), pencil(some)
    np.testing.assert_array_equal(below, count)
    np.testing.assert_allclose(S(R, some), S(exact, some), atol=projection.CLOSE)
    # its error is of second order in the residual: exact where it was solved
    one = model.solve(square[7])
    np.testing.assert_allclose(model(square[7:8])[0][0], one[0], rtol=1e-7, atol=1e-9)


def test_a_level_that_does_not_reach_the_surface_is_left_to_the_full_solver():
    """Without a coupling, a bound state of the closed channel is in no solution of the other."""
    V = GaussianSum([-1.0], [0.4])
    matrix = InteractionMatrix(
        [[0.0 * V, None], [None, 1.4 * V]], channels=[Channel(masses=2.0), Channel(masses=2.2)]
    )
    system = CoupledSystem(matrix, channel_radius=60.0)
    square = system.channels.momentum_squared(np.geomspace(1e-4, 0.5, 200))
    pencil = system.inside(N)
    levels = pencil(square)[1]
    model = projection.projected(pencil, square, lambda R, k2: s_matrix(R, outside(system, k2)))
    np.testing.assert_array_equal(model(square[::20])[1], levels[::20])


def test_small_matrices_and_short_grids_are_solved_as_they_are():
    system = CoupledSystem(family(0))
    square = grid_of(system)
    small, large = system.inside(60), system.inside(N)
    assert projection.projected(small, square, None) is small
    assert projection.projected(large, square[:20], None) is large
