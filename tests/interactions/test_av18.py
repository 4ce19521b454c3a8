"""Argonne v18: published observables, its formulas written out again, and the deuteron.

R. B. Wiringa, V. G. J. Stoks and R. Schiavilla, Phys. Rev. C 51 (1995) 38. The table of the
¹S₀ np channel (MeV, fm, degrees) is recomputed with an independent integrator.
"""

from itertools import pairwise

import numpy as np
import pytest
from numpy.polynomial import Chebyshev
from scipy.integrate import quad

from halkit.interactions import av18
from halkit.interactions import av18_electromagnetic as em
from halkit.scattering import effective_range, phase_shift, scattering_length
from halkit.scattering.solver.mesh import lagrange_mesh
from halkit.units import to_fm, to_mev

POINTS = {
    "r": [0.1, 0.5, 0.7, 0.9, 1.0, 1.5, 2.0, 3.0],
    "k": [
        0.109764706,
        0.245441344,
        0.347106478,
        0.548823531,
        0.776153681,
        1.09764706,
        1.34433761,
        1.55230736,
        1.73553239,
        1.90118048,
        2.05350962,
    ],
}
TABLES = {
    False: {
        **POINTS,
        "a0": -23.083889,
        "r_eff": 2.7038375,
        "E": [],
        "V": [
            2705.860087,
            457.7122416,
            -36.8575294,
            -110.4014483,
            -92.93934986,
            -20.00035889,
            -6.011869691,
            -0.9164779343,
        ],
        "delta": [
            61.520104,
            63.24658,
            59.58675,
            50.47766,
            39.985901,
            25.941653,
            15.915166,
            7.933746,
            1.225565,
            -4.598951,
            -9.765845,
        ],
    },
    True: {
        **POINTS,
        "a0": -23.731933,
        "r_eff": 2.6972888,
        "E": [],
        "V": [
            2705.138824,
            457.3121072,
            -37.10854975,
            -110.5486885,
            -93.04997745,
            -20.02351579,
            -6.016042459,
            -0.9165830711,
        ],
        "delta": [
            62.01521,
            63.502554,
            59.77798,
            50.610096,
            40.087847,
            26.021095,
            15.98415,
            7.996305,
            1.283673,
            -4.544138,
            -9.713573,
        ],
    },
}
r = np.array([0.05, 0.3, 0.7, 1.2, 2.5, 5.0])


@pytest.mark.parametrize("inverse_spacing", [None, 2000.0])
@pytest.mark.parametrize("electromagnetic", [False, True])
def test_np_singlet(electromagnetic, inverse_spacing, check_table):
    V = av18("1S0", electromagnetic=electromagnetic, inverse_spacing=inverse_spacing)
    check_table(V, V.reduced_mass, TABLES[electromagnetic], inverse_spacing)


@pytest.mark.parametrize(
    ("pair", "electromagnetic", "a0", "r_eff"),
    [
        ("np", False, -23.084, 2.703),
        ("np", True, -23.732, 2.697),
        ("nn", False, -18.818, 2.834),
        ("nn", True, -18.487, 2.840),
        ("pp", False, -17.164, 2.865),
    ],
)
def test_published_low_energy_parameters(pair, electromagnetic, a0, r_eff):
    V = av18("1S0", pair, electromagnetic=electromagnetic)
    assert scattering_length(V, reduced_mass=V.reduced_mass) == pytest.approx(a0, abs=6e-4)
    assert effective_range(V, reduced_mass=V.reduced_mass) == pytest.approx(r_eff, abs=1e-3)


@pytest.mark.parametrize(
    ("channel", "degrees"),
    [("3P0", [8.13, 10.70, 8.46]), ("1P1", [-6.31, -9.67, -14.52])],
)
def test_p_waves_are_those_of_the_partial_wave_analysis(channel, degrees):
    """Nijmegen's np analysis of 1993 at 25, 50 and 100 MeV in the laboratory, to a degree."""
    V = av18(channel)
    k = [0.548823531, 0.776153681, 1.09764706]
    delta = np.degrees(phase_shift(V, k, reduced_mass=V.reduced_mass, l=V.l))
    np.testing.assert_allclose(delta, degrees, atol=1.0)


def test_deuteron():
    """E = −2.224574 MeV and 5.76 % of D wave, with the electromagnetic part."""
    V = av18("3S1-3D1", electromagnetic=True)
    m, mesh = V.reduced_mass, lagrange_mesh(40.0, 140)
    matrix, kinetic = V.matrix(mesh.r), mesh.kinetic / (2 * m)
    H = np.block([[np.diag(matrix[:, i, j]) + (i == j) * kinetic for j in (0, 1)] for i in (0, 1)])
    H += np.diag(np.concatenate([l * (l + 1) / (2 * m * mesh.r**2) for l in V.l]))
    energy, states = np.linalg.eigh(H)
    assert to_mev(energy[0]) == pytest.approx(-2.224574, abs=1e-6)
    assert np.sum(states[140:, 0] ** 2) == pytest.approx(0.0576, abs=1e-5)
    assert energy[1] > 0


def written_out(r):
    """Return I, W_p, W_x, W_x², and v, t of neutral and charged pions, as in the paper."""
    hbarc, neutral, charged = 197.327053, 134.9739, 139.5675
    mean = (neutral + 2 * charged) / (3 * hbarc)
    C = 1 - np.exp(-2.1 * r**2)
    W, W0 = 1 / (1 + np.exp((r - 0.5) / 0.2)), 1 / (1 + np.exp(-0.5 / 0.2))
    x = mean * r
    T = (1 + 3 / x + 3 / x**2) * np.exp(-x) / x * C**2
    pions = []
    for mass in (neutral, charged):
        mu, f2 = mass / hbarc, 0.075 * (mass / charged) ** 2 * mass / 3
        y = mu * r
        pions.append(f2 * (np.exp(-y) / y * C - 2.1 / mu * r * W / W0))
        pions.append(f2 * (1 + 3 / y + 3 / y**2) * np.exp(-y) / y * C**2)
    return T**2, W * (1 + 5 * np.exp(-2.5) * W0 * r), W * x, W * x**2, *pions


def test_triplet_matrix_written_out():
    two, wp, wx, wx2, v0, t0, vc, tc = written_out(r)
    c = -8.62770 * two + 2605.2682 * wp + 441.9733 * wx2 - v0 - 2 * vc
    t = 1.485601 * two - 1126.8359 * wx + 370.1324 * wx2 - t0 - 2 * tc
    ls = 0.10180 * two + 86.0658 * wp - 356.5175 * wx2
    l2 = -0.13201 * two + 253.4350 * wp - 1.0076 * wx2
    ls2 = 0.07357 * two - 217.5791 * wp + 18.3935 * wx2
    off, d = np.sqrt(8) * t, c - 2 * t - 3 * ls + 6 * l2 + 9 * ls2
    expected = np.moveaxis(np.array([[c, off], [off, d]]), -1, 0)
    V = av18("3S1-3D1")
    np.testing.assert_allclose(to_mev(V.matrix(r)), expected, rtol=1e-9)
    for i, row in enumerate(V.interactions):
        for j, element in enumerate(row):
            np.testing.assert_array_equal(element(r), V.matrix(r)[:, i, j])


@pytest.mark.parametrize(
    ("pair", "core", "neutral", "charged"),
    [("np", 1813.5315, -1, 2), ("nn", 1811.5710, 1, 0), ("pp", 1815.4920, 1, 0)],
)
def test_triplet_p_waves_written_out(pair, core, neutral, charged):
    two, wp, wx, wx2, v0, t0, vc, tc = written_out(r)
    c = -7.62701 * two + core * wp + 1847.8059 * wx2 + neutral * v0 + charged * vc
    t = 1.07985 * two - 190.0949 * wx - 811.2040 * wx2 + neutral * t0 + charged * tc
    ls = -0.62697 * two - 570.5571 * wp + 819.1222 * wx2
    l2 = 0.06709 * two + 342.0669 * wp - 615.2339 * wx2
    ls2 = 0.74129 * two + 9.3418 * wp - 376.4384 * wx2
    expected = c - 4 * t - 2 * ls + 2 * l2 + 4 * ls2
    np.testing.assert_allclose(to_mev(av18("3P0", pair)(r)), expected, rtol=1e-9)
    expected = c + 2 * t - ls + 2 * l2 + ls2
    np.testing.assert_allclose(to_mev(av18("3P1", pair)(r)), expected, rtol=1e-9)
    F2 = av18("3P2-3F2", pair).matrix(r)
    expected = [c - 0.4 * t + ls + 2 * l2 + ls2, c - 1.6 * t - 4 * ls + 12 * l2 + 16 * ls2]
    np.testing.assert_allclose(to_mev(F2[:, [0, 1], [0, 1]].T), expected, rtol=1e-9)
    np.testing.assert_allclose(to_mev(F2[:, 0, 1]), 6 * np.sqrt(6) / 5 * t, rtol=1e-9)


def test_singlets_written_out():
    two, wp, _, _, v0, _, vc, _ = written_out(r)
    expected = -2.09971 * two + 1204.4301 * wp + 3 * (v0 + 2 * vc)
    expected += 2 * (-0.31452 * two + 217.4559 * wp)
    np.testing.assert_allclose(to_mev(av18("1P1")(r)), expected, rtol=1e-9)
    expected = -11.27028 * two + 3346.6874 * wp - 3 * v0 + 6 * (0.12472 * two + 16.7780 * wp)
    np.testing.assert_allclose(to_mev(av18("1D2", "pp")(r)), expected, rtol=1e-9)


def test_potentials_are_regular_at_the_origin():
    V = av18("1S0", "pp", electromagnetic=["C1", "DF", "MM", "C2"])
    assert V(0.0) == pytest.approx(V(1e-5), rel=1e-5)
    assert np.all(np.isfinite(av18("3S1-3D1", electromagnetic=True).matrix(0.0)))
    assert av18("3S1-3D1").matrix(np.zeros((3, 4))).shape == (3, 4, 2, 2)


def test_magnetic_terms_are_derivatives_of_the_potential_of_the_charges():
    f = Chebyshev.interpolate(em.one_photon, 60, domain=[0.2, 6]) / (em.ALPHA * em.HBARC)
    x = np.linspace(0.4, 5.8, 9)
    slope, curvature = f.deriv()(x), f.deriv(2)(x)
    np.testing.assert_allclose(em.contact(x), -curvature - 2 * slope / x, atol=1e-7)
    np.testing.assert_allclose(em.tensor(x), (curvature - slope / x) / 3, atol=1e-7)
    np.testing.assert_allclose(em.spin_orbit(x), -slope / x, atol=1e-8)


def test_charges_and_moments_are_normalised():
    assert em.one_photon(30.0) * 30 == pytest.approx(em.ALPHA * em.HBARC, rel=1e-12)
    assert quad(lambda s: s**2 * em.contact(s), 0, 30)[0] == pytest.approx(1, rel=1e-9)
    neutron = quad(lambda s: s**2 * em.one_photon(s, "np"), 0, 30)[0]
    assert neutron == pytest.approx(em.ALPHA * em.HBARC * em.NEUTRON_CHARGE, rel=1e-9)


def test_vacuum_polarisation_is_its_integral():
    def integrand(x, s):
        decay = np.exp(-2 * em.ELECTRON_MASS / em.HBARC * s * x)
        return decay * (1 + 1 / (2 * x**2)) * np.sqrt(x**2 - 1) / x**2

    for s in (1.0, 20.0, 200.0):
        top = 1 + 40 * em.HBARC / (2 * em.ELECTRON_MASS * s)
        panels = pairwise(np.linspace(1, top, 9))
        integral = sum(quad(integrand, *panel, args=(s,), limit=200)[0] for panel in panels)
        expected = 2 * em.ALPHA / (3 * np.pi) * em.one_photon(s) * integral
        assert em.vacuum_polarisation(np.array(s)) == pytest.approx(expected, rel=1e-7)


def test_electromagnetic_terms_add_up():
    full = av18("3P0", "pp", electromagnetic=True)(r)
    parts = [av18("3P0", "pp", electromagnetic=[term])(r) for term in em.TERMS["pp"]]
    strong = av18("3P0", "pp")(r)
    np.testing.assert_allclose(full - strong, sum(part - strong for part in parts), atol=1e-10)
    coulomb = to_mev(av18("1S0", "pp", electromagnetic=["C1"])(40.0)) * 40
    assert coulomb == pytest.approx(em.ALPHA * em.HBARC, rel=1e-5)


def test_lattice_units():
    fine, plain = av18("3P0", inverse_spacing=1973.269804), av18("3P0")
    a = to_fm(1.0, inverse_spacing=1973.269804)
    np.testing.assert_allclose(fine(r / a), a * plain(r), rtol=1e-12)
    assert fine.reduced_mass == pytest.approx(a * plain.reduced_mass)


@pytest.mark.parametrize(
    ("channel", "arguments", "message"),
    [
        ("1S0", {"pair": "pn"}, "pair must be 'np', 'nn' or 'pp'"),
        ("deuteron", {}, "channel must be like '1S0' or '3S1-3D1'"),
        ("3S1", {}, "channel must be a complete channel, .* got '3S1'"),
        ("3S0", {}, "channel must be a complete channel, .* got '3S0'"),
        ("1P0", {}, "channel must be a complete channel, .* got '1P0'"),
        ("3S1-3D1", {"pair": "nn"}, "pair must be 'np' in 3S1-3D1, which has isospin 0, got 'nn'"),
        ("1S0", {"electromagnetic": ["DF"]}, "electromagnetic terms of np must be among"),
    ],
)
def test_refusals_say_what_came(channel, arguments, message):
    with pytest.raises(ValueError, match=message):
        av18(channel, **arguments)
