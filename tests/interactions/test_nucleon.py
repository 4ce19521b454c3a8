"""Simple nucleon-nucleon potentials against their tables, and the exchange in Minnesota's.

The papers are named in the docstrings of `halkit.interactions.nucleon`; values in MeV and fm
and phase shifts in degrees are recomputed with an independent integrator (relative tolerance
1e-12).
"""

import numpy as np
import pytest

from halkit.interactions import malfliet_tjon, minnesota, reid68
from halkit.interactions.nucleon import nucleon_reduced_mass
from halkit.scattering import phase_shift

POINTS = {
    "r": [0.1, 0.5, 0.7, 0.9, 1.0, 1.5, 2.0, 3.0],
    "k": [
        0.109803955,
        0.155286243,
        0.245529108,
        0.347230595,
        0.549019777,
        0.776431214,
        1.09803955,
        1.55286243,
        1.9018603,
    ],
}
TABLES = {
    "MT I": (
        malfliet_tjon,
        {"spin": 0},
        {
            **POINTS,
            "a0": -23.582345,
            "r_eff": 2.8785959,
            "E": [],
            "V": [
                6140.001115,
                134.1107754,
                -15.06708029,
                -44.22451591,
                -44.92038014,
                -24.47060025,
                -10.14594079,
                -1.595570321,
            ],
            "delta": [
                61.416763,
                63.511999,
                61.937892,
                57.289589,
                46.327008,
                34.472727,
                20.026897,
                3.722045,
                -6.342002,
            ],
        },
    ),
    "MT III": (
        malfliet_tjon,
        {"spin": 1},
        {
            **POINTS,
            "a0": 5.5132023,
            "r_eff": 1.8929891,
            "E": [-2.23068775],
            "V": [
                5172.96279,
                30.06819768,
                -69.57401738,
                -75.31847477,
                -68.88678461,
                -31.83154235,
                -12.68935118,
                -1.955459456,
            ],
            "delta": [
                147.133973,
                135.583655,
                116.765056,
                100.64626,
                77.948813,
                60.029857,
                41.570233,
                22.732112,
                11.64865,
            ],
        },
    ),
    "Minnesota 1S0": (
        minnesota,
        {"spin": 0},
        {
            **POINTS,
            "a0": -16.803785,
            "r_eff": 2.8850402,
            "E": [],
            "V": [
                105.6241135,
                56.13561625,
                23.37894888,
                -3.053270059,
                -12.48425167,
                -25.21578424,
                -13.77631962,
                -1.397851391,
            ],
            "delta": [
                54.958848,
                58.623771,
                58.742801,
                54.910854,
                44.160677,
                31.716985,
                16.832529,
                3.06049,
                -2.513003,
            ],
        },
    ),
    "Minnesota 3S1": (
        minnesota,
        {"spin": 1},
        {
            **POINTS,
            "a0": 5.4265163,
            "r_eff": 1.7576559,
            "E": [-2.2022692],
            "V": [
                20.18179617,
                -13.81419905,
                -33.63423578,
                -46.10982686,
                -48.74199874,
                -35.22138146,
                -13.29318352,
                -0.5656605056,
            ],
            "delta": [
                147.694858,
                136.385435,
                118.017092,
                102.296147,
                79.95207,
                61.988191,
                43.755415,
                27.757262,
                20.847763,
            ],
        },
    ),
    "Reid 1S0": (
        reid68,
        {},
        {
            **POINTS,
            "a0": -17.146839,
            "r_eff": 2.8072392,
            "E": [],
            "V": [
                38787.71121,
                414.6822098,
                -58.99473097,
                -94.54369458,
                -81.83389636,
                -23.09180989,
                -5.945913302,
                -0.7855952982,
            ],
            "delta": [
                55.61143,
                59.399932,
                60.06635,
                57.215658,
                48.816014,
                38.512723,
                24.265293,
                5.775619,
                -6.987117,
            ],
        },
    ),
}


@pytest.mark.parametrize("inverse_spacing", [None, 2000.0])
@pytest.mark.parametrize("name", TABLES)
def test_published_observables(name, inverse_spacing, check_table):
    potential, arguments, table = TABLES[name]
    V = potential(**arguments, inverse_spacing=inverse_spacing)
    m = nucleon_reduced_mass(inverse_spacing=inverse_spacing)
    check_table(V, m, table, inverse_spacing)


@pytest.mark.parametrize("spin", [0, 1])
def test_mixing_of_exchange_acts_on_odd_waves_only(spin):
    r = np.linspace(0, 3, 7)
    even = minnesota(spin)(r)
    np.testing.assert_array_equal(minnesota(spin, 2, u=0.9)(r), even)
    np.testing.assert_allclose(minnesota(spin, 1, u=0.9)(r), -0.1 * even, rtol=1e-12)
    np.testing.assert_allclose(minnesota(spin, 1, u=2.0)(r), even, rtol=1e-12)
    k, m = np.array([0.2, 1.0]), nucleon_reduced_mass()
    delta = phase_shift(minnesota(spin, 1), k, reduced_mass=m, l=1)
    np.testing.assert_allclose(delta, 0.0, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: minnesota(2), "spin must be one of \\[0, 1\\], got 2"),
        (lambda: minnesota(True), "spin must be one of \\[0, 1\\], got True"),
        (lambda: minnesota(0, -1), "l must be an integer ≥ 0"),
        (lambda: malfliet_tjon("singlet"), "spin must be one of \\[0, 1\\], got 'singlet'"),
        (
            lambda: nucleon_reduced_mass(hbar2_over_2mu=0.0),
            "hbar2_over_2mu must be a finite number > 0",
        ),
    ],
)
def test_refusals_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("value", ["41.47", True, [41.47]])
def test_the_convention_of_the_mass_is_a_number(value):
    with pytest.raises(TypeError, match="hbar2_over_2mu must be a finite number > 0, got "):
        nucleon_reduced_mass(hbar2_over_2mu=value)


@pytest.mark.parametrize("spin", [[0], "0", None, True, 0.5, np.array([1])])
def test_spin_is_zero_or_one(spin):
    with pytest.raises(ValueError, match=r"spin must be one of \[0, 1\], got"):
        minnesota(spin)


@pytest.mark.parametrize(("u", "error"), [("a", TypeError), (np.nan, ValueError)])
def test_the_mixing_is_a_number(u, error):
    with pytest.raises(error, match="u must be a finite number, got"):
        minnesota(1, 1, u=u)
