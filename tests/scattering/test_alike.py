"""Potentials that differ little, on the mesh of one of them."""

import numpy as np
import pytest

from halkit.interactions import GaussianSum, Local, Separable, Yukawa
from halkit.scattering import phase_shift
from halkit.scattering.phase import on_mesh_of

K = np.array([0.1, 0.3, 1.0, 3.0])
CORE = Local(lambda r: np.where(r < 0.5, 20.0, -np.exp(-r)), radius=20.0, edges=[0.5])
U = GaussianSum([3.0], [2.0]) + Separable(-0.1, 1.0)


@pytest.mark.parametrize("l", [0, 1])
@pytest.mark.parametrize(
    "V",
    [GaussianSum([-2.0], [0.3]), Yukawa(-1.0, 0.7), CORE, U],
    ids=["well", "Yukawa", "jump", "U"],
)
def test_one_channel(V, l):
    """As if each had been solved alone."""
    others = [V + c * V for c in (-0.1, 0.02, 0.3)]
    first, other = on_mesh_of(V, K, reduced_mass=0.8, l=l)
    np.testing.assert_allclose(first, phase_shift(V, K, reduced_mass=0.8, l=l), rtol=1e-12)
    for one in others:
        exact = phase_shift(one, K, reduced_mass=0.8, l=l)
        np.testing.assert_allclose(other(one), exact, rtol=0, atol=1e-6)


def test_a_power_tail():
    V = Local(lambda r: -1.0 / (1.0 + r) ** 6)
    _, other = on_mesh_of(V, K, reduced_mass=0.8)
    one = V + GaussianSum([-0.1], [0.5])
    np.testing.assert_allclose(other(one), phase_shift(one, K, reduced_mass=0.8), rtol=1e-12)
