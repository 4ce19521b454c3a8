"""Units: conversions are inverse to each other, and join published numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halkit.units import (
    HBARC,
    from_fm,
    from_mev,
    hbar2_over_2mu,
    reduced_mass,
    spacing,
    to_fm,
    to_mev,
)

INVERSE_SPACINGS = st.one_of(st.none(), st.floats(100, 1e5))


@pytest.mark.parametrize(("to", "back"), [(to_fm, from_fm), (to_mev, from_mev)])
@given(value=st.floats(1e-6, 1e6), inverse_spacing=INVERSE_SPACINGS)
@settings(deadline=None)
def test_conversions_are_inverse(to, back, value, inverse_spacing):
    there = to(value, inverse_spacing=inverse_spacing)
    np.testing.assert_allclose(back(there, inverse_spacing=inverse_spacing), value, rtol=1e-14)


@given(inverse_spacing=INVERSE_SPACINGS)
@settings(deadline=None)
def test_energy_times_length_is_hbarc(inverse_spacing):
    product = to_mev(3.0, inverse_spacing=inverse_spacing) * to_fm(
        2.0, inverse_spacing=inverse_spacing
    )
    np.testing.assert_allclose(product, 6 * HBARC, rtol=1e-14)


def test_published_lattice_spacings():
    # a⁻¹ = 2333 MeV: a = 0.0846 fm (Lyu et al., 2021); a⁻¹ = 2194 MeV: a = 0.09 fm
    np.testing.assert_allclose([spacing(2333), spacing(2194)], [0.0846, 0.09], atol=1e-4)


def test_hbar2_over_2mu():
    # the reduced mass of two Ω_ccc of 4795.6 MeV
    np.testing.assert_allclose(hbar2_over_2mu(2397.8), 8.11951313575, rtol=1e-11)


MASSES = st.floats(1e-6, 1e6)


@given(m1=MASSES, m2=MASSES, unit=MASSES)
@settings(deadline=None)
def test_inverse_masses_add_up_to_the_inverse_reduced_mass(m1, m2, unit):
    mu = reduced_mass((m1, m2))
    np.testing.assert_allclose(1 / mu, 1 / m1 + 1 / m2, rtol=1e-14)
    assert mu == reduced_mass([m2, m1])
    np.testing.assert_allclose(reduced_mass((unit * m1, unit * m2)), unit * mu, rtol=1e-14)
    assert reduced_mass(m1) == reduced_mass(np.array([m1])) == pytest.approx(m1 / 2, rel=1e-15)


@pytest.mark.parametrize(
    ("masses", "error", "message"),
    [
        ((1.0, 2.0, 3.0), ValueError, "hadron_mass must be one number or a pair, got"),
        ([], ValueError, "hadron_mass must be one number or a pair, got"),
        ((1.0, 0.0), ValueError, "hadron_mass must be a finite number > 0, got 0.0"),
        ((np.inf, 1.0), ValueError, "hadron_mass must be a finite number > 0, got inf"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), ValueError, "no masked entries"),
        ((True, 1.0), TypeError, "hadron_mass must be a finite number > 0, got True"),
        (([1.0], 2.0), TypeError, "hadron_mass must be a finite number > 0, got"),
        ("np", TypeError, "hadron_mass must be a finite number > 0, got 'np'"),
        (None, TypeError, "hadron_mass must be a finite number > 0, got None"),
    ],
)
def test_the_reduced_mass_is_of_one_or_two_masses(masses, error, message):
    with pytest.raises(error, match=message):
        reduced_mass(masses)


def test_arrays_keep_their_shape():
    assert to_mev(np.ones((2, 3)), inverse_spacing=2333).shape == (2, 3)


@pytest.mark.parametrize("inverse_spacing", [0, -1.0, np.inf, np.nan])
def test_inverse_spacing_must_be_positive(inverse_spacing):
    with pytest.raises(ValueError, match="inverse_spacing must be positive, in MeV"):
        spacing(inverse_spacing)


@pytest.mark.parametrize("convert", [to_fm, from_fm, to_mev, from_mev])
def test_conversions_need_a_positive_inverse_spacing(convert):
    with pytest.raises(ValueError, match="inverse_spacing must be positive, in MeV, got -2333"):
        convert(1.0, inverse_spacing=-2333)
    with pytest.raises(TypeError, match="inverse_spacing must hold real numbers, got"):
        convert(1.0, inverse_spacing="2333")
    with pytest.raises(TypeError, match="inverse_spacing must be one number"):
        convert(1.0, inverse_spacing=[2333.0, 2194.0])


@pytest.mark.parametrize("convert", [to_fm, from_fm, to_mev, from_mev])
def test_conversions_need_numbers(convert):
    for value in ("3", None, ["3", "4"], np.array(["3"]), np.array(["3"], dtype=object)):
        with pytest.raises(TypeError, match=r"(length|energy) must be a number or an array of num"):
            convert(value)


@pytest.mark.parametrize("reduced_mass", [0, -1, np.nan, np.inf, [938.0, 0.0]])
def test_reduced_mass_must_be_positive(reduced_mass):
    with pytest.raises(ValueError, match="reduced_mass must be positive, in MeV"):
        hbar2_over_2mu(reduced_mass)


@pytest.mark.parametrize("reduced_mass", ["938", True, 1j, np.ma.masked])
def test_reduced_mass_must_be_a_number(reduced_mass):
    with pytest.raises((TypeError, ValueError), match=r"reduced_mass (must h|has dtype complex)"):
        hbar2_over_2mu(reduced_mass)
