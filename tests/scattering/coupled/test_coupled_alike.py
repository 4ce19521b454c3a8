"""Matrices that differ little, on the mesh of one of them."""

import numpy as np
import pytest
from separable_channels import QUASI_BOUND, TENSOR, WIDE, random_model

from halkit.interactions import GaussianSum, InteractionMatrix
from halkit.scattering import coupled_phase_shifts
from halkit.scattering.coupled.phase import on_mesh_of


@pytest.mark.parametrize("model", [QUASI_BOUND, WIDE, TENSOR, random_model(1, 3)])
def test_coupled_channels(model):
    """S, and the sum of phases on its branch, as if each matrix had been solved alone."""
    E, first, V = np.linspace(0.05, 3.0, 7), model.interactions, GaussianSum([-0.05], [0.5])
    _, other = on_mesh_of(first, E)
    for scale in (0.0, 0.1, 1.0):
        rows = [[x + scale * V for x in row] for row in first.interactions]
        matrix = InteractionMatrix(rows, channels=first.channels)
        waves = coupled_phase_shifts(matrix, E)
        S, total = other(matrix)
        np.testing.assert_allclose(S, waves.s_matrix, rtol=0, atol=1e-6)
        few = np.isfinite(waves.phase_shift).sum(axis=1) < 3
        sums = np.nansum(waves.phase_shift, axis=1)
        np.testing.assert_allclose(total[few], sums[few], rtol=0, atol=1e-6)
