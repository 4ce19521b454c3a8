"""The deuteron and the coupled ³S₁–³D₁ waves of Argonne v18.

R. B. Wiringa, V. G. J. Stoks, R. Schiavilla, Phys. Rev. C 51 (1995) 38, tables VIII and IX:
E = −2.224574 MeV, D-state probability 5.76 %, rms matter radius 1.967 fm, with the
electromagnetic part.
"""

import numpy as np
import pytest

from halkit.exceptions import AccuracyWarning
from halkit.interactions import av18
from halkit.scattering import coupled_bound_states, coupled_phase_shifts
from halkit.units import to_mev


def test_deuteron():
    """The magnetic 1/r³ tail is still there at any radius: the solver says so."""
    V = av18("3S1-3D1", electromagnetic=True)
    with pytest.warns(AccuracyWarning, match="not decayed"):
        deuteron = coupled_bound_states(V, channel_radius=40.0)
    assert to_mev(deuteron.energy) == pytest.approx([-2.224574], abs=2e-5)
    assert deuteron.probability[0, 1] == pytest.approx(0.0576, abs=1e-4)
    assert deuteron.rms_radius[0] / 2 == pytest.approx(1.967, abs=1e-3)


def test_one_bound_state_by_levinson():
    """The ³S₁ bar phase starts at π with one deuteron, and ³D₁ at 0."""
    V = av18("3S1-3D1")
    waves = coupled_phase_shifts(V, k=np.array([0.005, 0.01]))
    np.testing.assert_allclose(waves.phase_shift[0], [np.pi, 0.0], atol=0.04)
