"""What a table of published observables demands of a potential."""

import numpy as np
import pytest

from halkit.scattering import bound_states, effective_range, phase_shift, scattering_length
from halkit.units import from_fm, to_fm, to_mev


def _check_table(V, m, table, inverse_spacing=None):
    """Compare V, with the reduced mass m, to a table in MeV, fm and degrees.

    Phase shifts to 2e-6 degrees, lengths to 5e-6 and energies to 1e-7 of themselves.
    """
    r = from_fm(table["r"], inverse_spacing=inverse_spacing)
    values = to_mev(V(r), inverse_spacing=inverse_spacing)
    np.testing.assert_allclose(values, table["V"], rtol=table.get("V_rtol", 2e-9))
    a0, r_eff = scattering_length(V, reduced_mass=m), effective_range(V, reduced_mass=m)
    assert to_fm(a0, inverse_spacing=inverse_spacing) == pytest.approx(table["a0"], rel=5e-6)
    rtol = table.get("r_eff_rtol", 5e-6)
    assert to_fm(r_eff, inverse_spacing=inverse_spacing) == pytest.approx(table["r_eff"], rel=rtol)
    energy = to_mev(bound_states(V, reduced_mass=m).energy, inverse_spacing=inverse_spacing)
    np.testing.assert_allclose(energy, table["E"], rtol=1e-7)
    k = to_fm(table["k"], inverse_spacing=inverse_spacing)
    delta = np.degrees(phase_shift(V, k, reduced_mass=m))
    np.testing.assert_allclose(delta, table["delta"], atol=2e-6)


@pytest.fixture(scope="session")
def check_table():
    """Return the function that compares a potential to a table."""
    return _check_table
