"""The published Ω_ccc Ω_ccc potential, in fm and in lattice units.

Y. Lyu et al., Phys. Rev. Lett. 127 (2021) 072003; observables recomputed from its fit with
an independent integrator (relative tolerance 1e-12).
"""

import numpy as np
import pytest

from halkit.interactions import omega_ccc
from halkit.interactions.hal import OMEGA_CCC_MASS
from halkit.scattering import bound_states, effective_range, phase_shift, scattering_length
from halkit.units import from_mev, to_fm, to_mev


@pytest.mark.parametrize("inverse_spacing", [None, 2333.0])
class TestOmegaCCC:
    def test_values(self, inverse_spacing):
        r = np.array([0.1, 0.3, 1.0]) / to_fm(1.0, inverse_spacing=inverse_spacing)
        V = to_mev(omega_ccc(inverse_spacing=inverse_spacing)(r), inverse_spacing=inverse_spacing)
        np.testing.assert_allclose(V, [-6.033055577, -100.7835271, -3.322969455], rtol=1e-9)

    def test_observables(self, inverse_spacing):
        V = omega_ccc(inverse_spacing=inverse_spacing)
        m = from_mev(OMEGA_CCC_MASS, inverse_spacing=inverse_spacing) / 2
        fm = to_fm(1.0, inverse_spacing=inverse_spacing)
        assert fm * scattering_length(V, reduced_mass=m) == pytest.approx(1.5823619, abs=1e-7)
        assert fm * effective_range(V, reduced_mass=m) == pytest.approx(0.57371924, abs=1e-7)
        energy = bound_states(V, reduced_mass=m).energy
        assert to_mev(energy, inverse_spacing=inverse_spacing) == pytest.approx([-5.53872454])

    def test_phase_shifts(self, inverse_spacing):
        V = omega_ccc(inverse_spacing=inverse_spacing)
        m = from_mev(OMEGA_CCC_MASS, inverse_spacing=inverse_spacing) / 2
        k = np.array([0.05, 0.1, 0.5, 1.0, 2.0]) * to_fm(1.0, inverse_spacing=inverse_spacing)
        degrees = [175.471172, 170.967955, 138.24123, 108.864604, 74.287682]
        delta = np.degrees(phase_shift(V, k, reduced_mass=m))
        np.testing.assert_allclose(delta, degrees, atol=1e-6)
