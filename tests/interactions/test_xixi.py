"""The published ΞΞ potentials against the published phase shifts.

T. Iritani et al. (HAL QCD), Phys. Rev. D 99 (2019) 014514. The phase shifts there are means
over jackknife samples, those here belong to the mean parameters: the two differ by up to
0.01 degrees (0.05 for the smeared source, whose errors are 5 degrees).
"""

import numpy as np
import pytest

from halkit.interactions import xixi_leading_order, xixi_n2lo
from halkit.interactions.xixi import XI_MASS, XIXI_INVERSE_SPACING, XIXI_PION_MASS
from halkit.scattering import phase_shift, scattering_length
from halkit.units import from_fm

MASS = XI_MASS / 2
MOMENTA = np.sqrt(
    [
        0.000323232422,
        0.000646464744,
        0.000969697067,
        0.00161616171,
        0.00258585868,
        0.00323232332,
        0.00484848493,
        0.00646464654,
        0.00808080816,
        0.00969696977,
        0.012929293,
        0.0161616162,
        0.0193939394,
        0.0258585859,
        0.032,
    ]
)
PUBLISHED = {
    "LO_wall": (
        [
            12.0149,
            15.8118,
            18.1153,
            20.7067,
            22.3053,
            22.636,
            22.3184,
            21.2469,
            19.8887,
            18.4341,
            15.5225,
            12.7906,
            10.2895,
            5.9748,
            2.5753,
        ],
        0.3413,
        0.012,
    ),
    "LO_smeared": (
        [
            17.4617,
            22.0034,
            24.343,
            26.3584,
            26.7566,
            26.3175,
            24.3431,
            21.9877,
            19.6289,
            17.3807,
            13.322,
            9.8264,
            6.8104,
            1.8834,
            -1.8092,
        ],
        0.2227,
        0.06,
    ),
    "N2LO_V0_only": (
        [
            11.1692,
            14.7382,
            16.918,
            19.3941,
            20.9294,
            21.2499,
            20.9241,
            19.8525,
            18.4913,
            17.0264,
            14.0764,
            11.2867,
            8.7186,
            4.242,
            0.6803,
        ],
        0.3684,
        0.012,
    ),
    "N2LO_V0_V2": (
        [
            11.6306,
            15.2915,
            17.4987,
            19.9514,
            21.3901,
            21.6317,
            21.101,
            19.8268,
            18.2716,
            16.6184,
            13.3039,
            10.1556,
            7.2335,
            2.0479,
            -2.1856,
        ],
        0.3523,
        0.012,
    ),
}


def at(name, k):
    """Return the potential that acts at momentum k."""
    if name == "N2LO_V0_V2":
        return xixi_n2lo().at_momentum(k, reduced_mass=MASS)
    return xixi_n2lo().V0 if name == "N2LO_V0_only" else xixi_leading_order(name[3:])


@pytest.mark.parametrize("name", PUBLISHED)
def test_phase_shifts(name):
    degrees, k_cot, tolerance = PUBLISHED[name]
    delta = [phase_shift(at(name, k), k, reduced_mass=MASS) for k in MOMENTA]
    np.testing.assert_allclose(np.degrees(delta), degrees, atol=tolerance)
    a0 = scattering_length(at(name, 0.0), reduced_mass=MASS)
    pion = XIXI_PION_MASS / XIXI_INVERSE_SPACING
    assert -1 / (a0 * pion) == pytest.approx(k_cot, abs=5e-4)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("wall", [(0.2011105, 447.77), (0.4022211, 48.15), (0.8044422, -30.09)]),
        ("smeared", [(0.2011105, 494.77), (0.4022211, 80.73), (0.8044422, -25.46)]),
    ],
)
def test_fits_go_through_the_potential_from_the_correlators(source, expected):
    """V(r) in MeV at r in fm on the L = 64 lattice; the fit is off by up to 2.5 % of 450 MeV."""
    r, V = np.transpose(expected)
    fit = xixi_leading_order(source)(from_fm(r, inverse_spacing=XIXI_INVERSE_SPACING))
    np.testing.assert_allclose(fit * XIXI_INVERSE_SPACING, V, atol=12)


def test_values_written_out():
    r = np.array([0.0, 1.0, 5.0, 12.0])
    V0 = 1.142582133 * np.exp(-0.9332450236 * r**2) + 0.4244801922 * np.exp(-0.235795939 * r**2)
    V0 += 0.2414666403 * np.exp(-0.07875819054 * r**2)
    V0 -= 0.03005392845 * np.exp(-0.009106600587 * r**2)
    V2 = -0.5291468838 * np.exp(-0.07574915359 * (r - 2.19533289) ** 2)
    V2 -= 0.1091349848 * np.exp(-0.2177105974 * (r - 7.024952783) ** 2)
    expansion = xixi_n2lo()
    np.testing.assert_allclose(expansion.V0(r), V0, rtol=1e-12)
    np.testing.assert_allclose(expansion.V2(r), V2, rtol=1e-12)
    at_threshold = expansion.at_momentum(0.0, reduced_mass=MASS)(r)
    np.testing.assert_allclose(at_threshold, V0 / (1 - XI_MASS * V2), rtol=1e-12)


def test_unknown_source_is_refused():
    message = r"source must be 'wall' or 'smeared' \(also 'exp'\), got 'point'"
    with pytest.raises(ValueError, match=message):
        xixi_leading_order("point")


def test_the_smeared_source_has_the_name_of_the_data_files_too():
    assert repr(xixi_leading_order("exp")) == repr(xixi_leading_order("smeared"))


@pytest.mark.parametrize(
    ("k", "error"), [([0.1], TypeError), ("0.1", TypeError), (-0.1, ValueError)]
)
def test_the_equivalent_potential_is_that_of_one_momentum(k, error):
    with pytest.raises(error, match="k must be a finite number ≥ 0, got"):
        xixi_n2lo().at_momentum(k, reduced_mass=MASS)


def test_the_expansion_itself_has_the_phase_shift_of_the_equivalent_potentials():
    whole = xixi_n2lo()
    for k in (0.05, 0.2):
        one = xixi_n2lo().at_momentum(k, reduced_mass=MASS)
        delta = phase_shift(whole, k, reduced_mass=MASS)
        assert delta == pytest.approx(phase_shift(one, k, reduced_mass=MASS), abs=1e-6)
