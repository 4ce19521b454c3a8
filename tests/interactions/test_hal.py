"""The published HAL QCD potentials, in fm and in lattice units.

The papers are named in the docstrings of `halkit.interactions.hal`; values in MeV and fm and
phase shifts in degrees are recomputed from their fits with an independent integrator
(relative tolerance 1e-12).
"""

import pytest

from halkit.interactions import TwoPionTail, n_eta_c, n_jpsi, n_omega, n_phi, omega_ccc, omega_omega
from halkit.interactions.hal import (
    N_ETA_C_MASSES,
    N_JPSI_MASSES,
    N_OMEGA_MASSES,
    N_PHI_MASSES,
    OMEGA_CCC_MASS,
    OMEGA_OMEGA_MASSES,
    reduced_mass,
)
from halkit.scattering import bound_states, scattering_length
from halkit.units import to_fm, to_mev

POINTS = {
    "r": [0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 1.5, 2.0],
    "k": [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0],
}
TABLES = {
    omega_ccc: {
        **POINTS,
        "masses": (OMEGA_CCC_MASS, OMEGA_CCC_MASS),
        "a0": 1.5823619,
        "r_eff": 0.57371924,
        "E": [-5.53872454],
        "V": [
            -6.033055577,
            -97.71499794,
            -100.7835271,
            -51.14788094,
            -11.63912929,
            -3.322969455,
            -0.04703465756,
            -0.0001225609157,
        ],
        "delta": [
            175.471172,
            170.967955,
            162.134432,
            153.666836,
            138.24123,
            122.046709,
            108.864604,
            88.863881,
            74.287682,
        ],
    },
    omega_omega: {
        **POINTS,
        "masses": OMEGA_OMEGA_MASSES,
        "a0": 4.4895777,
        "r_eff": 1.2670613,
        "E": [-1.63270627],
        "V": [
            723.6393387,
            220.5219843,
            25.77139484,
            -64.09078363,
            -54.71548504,
            -36.89042069,
            -9.208870466,
            -1.319193213,
        ],
        "delta": [
            167.260356,
            155.19767,
            134.610578,
            118.844134,
            96.903476,
            78.463379,
            64.692153,
            44.540135,
            30.69284,
        ],
    },
    n_omega: {
        **POINTS,
        "masses": N_OMEGA_MASSES,
        "a0": 5.2862546,
        "r_eff": 1.2778707,
        "E": [-1.54148272],
        "V": [
            -321.0461034,
            -167.5882538,
            -131.6774545,
            -91.54511872,
            -50.31382825,
            -32.70502406,
            -10.33942227,
            -3.150785973,
        ],
        "delta": [
            165.074118,
            151.317308,
            129.296841,
            113.74852,
            93.629939,
            77.929682,
            67.051487,
            52.519517,
            43.232343,
        ],
    },
    n_phi: {
        **POINTS,
        "masses": N_PHI_MASSES,
        "a0": -1.4405283,
        "r_eff": 2.3983524,
        "E": [],
        "V": [
            -316.9653488,
            -127.6554841,
            -74.00841987,
            -47.75413511,
            -29.73851002,
            -18.59940375,
            -4.623344714,
            -1.246911295,
        ],
        "delta": [
            4.102045,
            8.059997,
            15.085311,
            20.525178,
            26.826085,
            29.085048,
            28.445176,
            24.65849,
            20.791307,
        ],
    },
}


@pytest.mark.parametrize("inverse_spacing", [None, 2333.0])
@pytest.mark.parametrize("potential", TABLES, ids=lambda potential: potential.__name__)
def test_published_observables(potential, inverse_spacing, check_table):
    table = TABLES[potential]
    m = reduced_mass(table["masses"], inverse_spacing=inverse_spacing)
    check_table(potential(inverse_spacing=inverse_spacing), m, table, inverse_spacing)


@pytest.mark.parametrize(("power", "center"), [(1, -0.6), (2, 0.0)])
def test_two_pion_tail_is_regular_at_the_origin(power, center):
    V = TwoPionTail(strength=-2.0, exponent=0.3, mu=0.7, power=power)
    assert V(0.0) == center
    assert V(1e-6) == pytest.approx(center, abs=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TwoPionTail(float("nan"), 1.0, 1.0), "strength must be a finite number"),
        (lambda: TwoPionTail(1.0, 0.0, 1.0), "exponent must be a finite number > 0"),
        (lambda: TwoPionTail(1.0, 1.0, -1.0), "mu must be a finite number > 0"),
        (lambda: TwoPionTail(1.0, 1.0, 1.0, power=0), "power must be an integer ≥ 1"),
        (lambda: reduced_mass((0.0, 1.0)), "masses must be a finite number > 0"),
    ],
)
def test_refusals_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("masses", "error", "message"),
    [
        ((1.0, 2.0, 3.0), ValueError, "masses must be one number or a pair, got"),
        ([], ValueError, "masses must be one number or a pair, got"),
        ("np", TypeError, "masses must be a finite number > 0, got 'np'"),
        (("n", "p"), TypeError, "masses must be a finite number > 0, got 'n'"),
    ],
)
def test_there_are_one_or_two_masses(masses, error, message):
    with pytest.raises(error, match=message):
        reduced_mass(masses)


@pytest.mark.parametrize("inverse_spacing", [None, 2333.0])
def test_one_mass_stands_for_both_hadrons(inverse_spacing):
    both = reduced_mass((939.0, 939.0), inverse_spacing=inverse_spacing)
    assert reduced_mass(939.0, inverse_spacing=inverse_spacing) == both
    assert to_mev(both, inverse_spacing=inverse_spacing) == pytest.approx(469.5, rel=1e-15)


@pytest.mark.parametrize(
    ("make", "masses", "a0"),
    [
        (lambda **o: n_jpsi(4, **o), N_JPSI_MASSES, 0.298380),
        (lambda **o: n_jpsi(2, **o), N_JPSI_MASSES, 0.381391),
        (n_eta_c, N_ETA_C_MASSES, 0.222191),
    ],
)
@pytest.mark.parametrize("spacing", [None, 2333.0])
def test_nucleon_and_charmonium(make, masses, a0, spacing):
    """Published, with statistical errors: 0.30(2), 0.38(4) and 0.21(2) fm."""
    V, m = make(inverse_spacing=spacing), reduced_mass(masses, inverse_spacing=spacing)
    found = scattering_length(V, reduced_mass=m, sign="lattice")
    assert to_fm(found, inverse_spacing=spacing) == pytest.approx(a0, abs=1e-6)
    assert bound_states(V, reduced_mass=m).energy.size == 0
    with pytest.raises(ValueError, match="multiplicity must be"):
        n_jpsi(3)
