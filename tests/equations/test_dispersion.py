"""The designed time stencil: k²/2μ of states of unequal masses, and what it costs in noise.

Masses and errors are in MeV, at inverse lattice spacings around 2333 MeV and dt = a.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import spherical_jn

from halkit.correlators import Correlators
from halkit.datasets import make_time_dependent
from halkit.equations import (
    designed_stencil,
    lattice_rows,
    radial_rows,
    time_dependent_rows,
    time_derivatives,
)
from halkit.interactions import GaussianSum
from halkit.radial import Wedge, radial_laplacian

PAIRS = {
    "NN": (939.0, 939.0),
    "NΞ": (938.9, 1318.3),
    "NΩ": (938.9, 1672.5),
    "KN": (495.0, 939.0),
    "Nπ": (939.0, 139.57),
}


def kinetic(x, m1, m2):
    """k²/2μ at W = √(m1² + k²) + √(m2² + k²) = m1 + m2 + x."""
    W = m1 + m2 + x
    k2 = (W**2 + m1**2 - m2**2) ** 2 / (4 * W**2) - m1**2
    return k2 * (m1 + m2) / (2 * m1 * m2)


def taylor_stencil(m1, m2):
    """The weights of −∂t + c2 ∂t² + c3 ∂t³ with seven points."""
    mu, d = m1 * m2 / (m1 + m2), (m1 - m2) / (m1 + m2)
    first, second, third = (part[0] for part in time_derivatives(np.eye(7), points=7))
    return -first + (1 + 3 * d**2) / (8 * mu) * second + d**2 * (1 - d**2) / (8 * mu**2) * third


def symbol_error(c, masses, spacing, x):
    """max |Σ c_j e^{−xj dt} − k²/2μ| in MeV over energies x in MeV."""
    half = len(c) // 2
    symbol = np.exp(-np.outer(np.asarray(x) / spacing, np.arange(-half, half + 1))) @ c
    return np.max(np.abs(symbol * spacing - kinetic(np.asarray(x), *masses)))


def stencil_of(pair, spacing=2333.0, **options):
    return designed_stencil(np.array(PAIRS[pair]) / spacing, **options)


LOW, HIGH = np.linspace(-20, 200, 45), np.linspace(-20, 600, 125)


@pytest.mark.parametrize(
    ("pair", "to_200", "to_600", "noise"),
    [
        ("NN", 0.004, 0.06, 1550),
        ("NΞ", 0.004, 0.06, 1500),
        ("NΩ", 0.004, 0.06, 1500),
        ("KN", 0.004, 0.06, 1850),
        ("Nπ", 0.15, 1.0, 18000),
    ],
)
def test_the_symbol_of_seven_points(pair, to_200, to_600, noise):
    c = stencil_of(pair)
    assert symbol_error(c, PAIRS[pair], 2333, LOW) < to_200
    assert symbol_error(c, PAIRS[pair], 2333, HIGH) < to_600
    assert np.linalg.norm(c) * 2333 < noise
    assert abs(c.sum()) < 1e-14 * np.abs(c).sum()  # blind to a constant


@pytest.mark.parametrize(("pair", "error", "noise"), [("KN", 7.7, 11090), ("Nπ", 187, 90000)])
def test_what_the_derivatives_of_unequal_masses_leave_out(pair, error, noise):
    """The series of three derivatives misses MeV, at five to six times the noise."""
    c = taylor_stencil(*np.array(PAIRS[pair]) / 2333)
    assert_allclose(symbol_error(c, PAIRS[pair], 2333, HIGH), error, rtol=0.05)
    assert_allclose(np.linalg.norm(c) * 2333, noise, rtol=0.01)
    assert np.linalg.norm(c) > 5 * np.linalg.norm(stencil_of(pair))


@pytest.mark.parametrize("spacing", [1500.0, 2000.0, 2800.0, 3500.0])
@pytest.mark.parametrize("pair", ["NΩ", "KN", "Nπ"])
def test_the_default_range_serves_other_spacings(pair, spacing):
    """Within .01 MeV to 200 MeV (N–π .4), below half of the derivatives' noise (N–π a quarter)."""
    c = stencil_of(pair, spacing)
    taylor = taylor_stencil(*np.array(PAIRS[pair]) / spacing)
    assert symbol_error(c, PAIRS[pair], spacing, LOW) < (0.4 if pair == "Nπ" else 0.01)
    assert np.linalg.norm(c) < 0.4 * np.linalg.norm(taylor)
    reach = np.linspace(0, min(0.25 * spacing, 600), 100)
    designed, series = (symbol_error(s, PAIRS[pair], spacing, reach) for s in (c, taylor))
    assert designed < series / 4


@pytest.mark.parametrize(("points", "error"), [(5, 0.01), (3, 0.2)])
def test_fewer_points_are_less_exact(points, error):
    """The error of K–N to 200 MeV; seven points have .002 MeV."""
    found = symbol_error(stencil_of("KN", points=points), PAIRS["KN"], 2333, LOW)
    assert symbol_error(stencil_of("KN"), PAIRS["KN"], 2333, LOW) < found / 4
    assert 0.5 * error < found < error


def test_a_range_includes_states_far_below_the_threshold():
    """π–Σ states in a closed K̄–N channel, 103 MeV below its threshold."""
    below = np.linspace(-120, 200, 65)
    wide = stencil_of("KN", energy_range=np.array([-123, 600]) / 2333)
    assert symbol_error(wide, PAIRS["KN"], 2333, below) < 0.02
    assert symbol_error(stencil_of("KN"), PAIRS["KN"], 2333, below) > 0.03


@pytest.mark.parametrize("factor", [0.1, 197.3])
def test_the_stencil_scales_with_the_unit(factor):
    masses = np.array([0.3, 0.9])
    expected = designed_stencil(masses, energy_range=(-0.02, 0.3)) * factor
    found = designed_stencil(
        masses * factor, dt=1 / factor, energy_range=(-0.02 * factor, 0.3 * factor)
    )
    assert_allclose(found, expected, rtol=1e-6)
    assert_allclose(designed_stencil(masses * factor, dt=1 / factor),
                    designed_stencil(masses) * factor, rtol=1e-6)  # fmt: skip


R = np.linspace(0.25, 12.0, 48)


def box_correlator(masses, times, source_radius, spacing=2333.0, box=8.0):
    """R(t, r) of free states in a sphere of 8 fm to 3.4 GeV, and (k²/2μ) R, in lattice units.

    A source of a given radius (fm) excites them as k² e^{−(kb)²/2}; 0 is a wall.
    """
    fm = 197.3269804 / spacing
    k = np.pi * np.arange(1, 400) / (box / fm)
    m1, m2 = np.array(masses) / spacing
    x = np.hypot(m1, k) - m1 + np.hypot(m2, k) - m2
    k, x = k[x < 3400 / spacing], x[x < 3400 / spacing]
    smeared = k**2 * np.exp(-((k * source_radius / fm) ** 2) / 2)
    a = smeared if source_radius else -((-1.0) ** np.arange(1, k.size + 1))
    states = a * np.exp(-np.multiply.outer(times, x))
    waves = spherical_jn(0, np.outer(k, R))
    return states @ waves, (states * kinetic(x, m1, m2)) @ waves


@pytest.mark.parametrize(
    ("pair", "taylor", "designed"), [("NΩ", 0.01, 0.005), ("KN", 0.2, 0.006), ("Nπ", 15, 0.1)]
)
def test_the_rows_of_a_smeared_source(pair, taylor, designed):
    """The time part on a mixture of states to 3.4 GeV, in MeV: t = 12 … 15, radii to 1 fm."""
    t = np.arange(9, 19)
    wave, exact = box_correlator(PAIRS[pair], t, source_radius=0.8)
    masses = tuple(np.array(PAIRS[pair]) / 2333)
    mu = np.prod(masses) / np.sum(masses)
    errors = {}
    for stencil in (7, "auto"):
        X, y = time_dependent_rows(wave, R, hadron_mass=masses, times=t, stencil=stencil)
        part = y - radial_laplacian(X, R, order=6) / (2 * mu)
        errors[stencil] = np.abs((part - exact[3:-3]) / X).max() * 2333
    assert errors["auto"] < designed
    assert errors[7] > 0.9 * taylor


def test_the_spacing_of_the_times_counts():
    """Slices at every second time: the stencil is made for dt = 2."""
    masses, t = (495 / 2333, 939 / 2333), np.arange(6, 20, 2)
    wave, exact = box_correlator(PAIRS["KN"], t, source_radius=0.0)
    options = {"hadron_mass": masses, "times": t, "stencil": "designed"}
    X, y = time_dependent_rows(wave, R, energy_range=(-0.01, 0.2), **options)
    mu = np.prod(masses) / np.sum(masses)
    error = (y - radial_laplacian(X, R, order=6) / (2 * mu) - exact[2:-2]) / X
    assert np.abs(error).max() * 2333 < 0.02


def test_equal_masses_keep_derivatives():
    t = np.arange(9)
    wave, _ = box_correlator(PAIRS["NN"], t + 9, 0.8)
    auto = time_dependent_rows(wave, R, hadron_mass=0.4)
    seven = time_dependent_rows(wave, R, hadron_mass=(0.4, 0.4), stencil=7)
    np.testing.assert_array_equal(auto, seven)
    c = designed_stencil(0.4)
    X, y = time_dependent_rows(wave, R, hadron_mass=0.4, stencil="designed")
    part = np.stack([np.tensordot(c, wave[i : i + 7], 1) for i in range(3)])
    assert_allclose(y - radial_laplacian(X, R, order=6) / 0.4, part, rtol=1e-6, atol=1e-12)


def test_rows_remember_their_stencil():
    data = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12.0, 30), box_radius=30.0,
        hadron_mass=(2.0, 3.0), times=range(20, 29), noise=1e-4, n_bins=5, random_state=0,
    )  # fmt: skip
    assert data.rows.energy_range == (-0.01, 0.26)
    assert "designed 7-point stencil" in repr(data.rows)
    assert data.rows.select(times=[24]).energy_range == (-0.01, 0.26)
    given = radial_rows(data.correlators, stencil="designed", energy_range=(-0.05, 0.5))
    assert given.energy_range == (-0.05, 0.5)
    derivatives = radial_rows(data.correlators, stencil=7)
    assert derivatives.energy_range is None
    assert "24 25, 7-point stencil" in repr(derivatives)


def test_lattice_rows_have_the_designed_stencil():
    wedge, t, random = Wedge(8), np.arange(5, 14), np.random.default_rng(3)
    values = random.uniform(1, 2, (9, 4, len(wedge.xyz)))
    correlators = Correlators(
        R={"wall": values}, t=t, hadron_mass=(0.2, 0.4), wedge=wedge, kind="jackknife",
        units="lattice",
    )  # fmt: skip
    rows = lattice_rows(correlators, times=[8, 9], r_max=3.0, energy_range=(-0.02, 0.3))
    c = designed_stencil((0.2, 0.4), energy_range=(-0.02, 0.3))
    n, mu = rows.r_out.size, 0.2 * 0.4 / 0.6
    for i, at in enumerate((3, 4)):
        part = np.tensordot(c, values[at - 3 : at + 4], 1) + wedge.laplacian(values[at]) / (2 * mu)
        expected = wedge.to_shells(part) / wedge.to_shells(values[at])
        assert_allclose(rows.target[:, i] / rows.data[:, i, :n], expected[:, :n], rtol=1e-9)
    five = lattice_rows(correlators, times=[7, 9], r_max=3.0)
    assert (five.stencil, five.energy_range) == (5, (-0.01, 0.26))
    equal = replace(correlators, hadron_mass=0.4)
    assert lattice_rows(equal, times=[8], r_max=3.0).energy_range is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 4}, "points must be one of"),
        ({"dt": -1.0}, "dt must be a finite number > 0"),
        ({"hadron_mass": (1.0, 2.0, 3.0)}, "hadron_mass must be one number or a pair"),
        ({"energy_range": (0.1, 0.3)}, r"energy_range must obey .* got \(0.1, 0.3\)"),
        ({"energy_range": (-0.1, 0.0)}, r"energy_range must obey .* got \(-0.1, 0\)"),
        ({"energy_range": (-1.5, 0.3)}, r"−\(m1 \+ m2\) = -1.3 < low"),
        ({"energy_range": (-0.1, 300.0)}, r"within 10/dt = 10, got \(-0.1, 300\)"),
        ({"energy_range": 0.3}, r"energy_range must have shape \(2,\)"),
        ({"energy_range": (-0.1, np.nan)}, "energy_range must be finite"),
    ],
)
def test_bad_values_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        designed_stencil(**{"hadron_mass": (0.4, 0.9), **options})


def test_derivatives_have_no_range():
    wave = np.ones((7, R.size))
    for masses, stencil in ((0.4, "auto"), ((0.4, 0.9), 7)):
        with pytest.raises(ValueError, match=r'energy_range must be None .* stencil="designed"'):
            time_dependent_rows(
                wave, R, hadron_mass=masses, stencil=stencil, energy_range=(-0.1, 0.3)
            )
    with pytest.raises(ValueError, match='points must be "auto", 3, 5 or 7 for derivatives'):
        time_derivatives(wave, points="designed")
