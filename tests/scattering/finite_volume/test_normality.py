"""The normality check: levels of known expansions, roots of no state, plateaux that are fake."""

import re

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from halkit.correlators import effective_energy, load_correlators
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.kinematics import energy_from_momentum, momentum_squared
from halkit.scattering import (
    bound_states,
    effective_range,
    lattice_spectrum,
    luscher_k_cot_delta,
    luscher_levels,
    normality_check,
    scattering_length,
    zeta_00,
)
from halkit.units import reduced_mass

MASSES = 0.5, 0.8
EXPANSIONS = [(4.0, 1.2), (-3.0, 2.0), (12.0, -1.0), (-0.8, 0.5), (6.0, 2.0)]


def levels(a0, r_eff, L, n_levels=2, **pair):
    def line(k2):
        return -1 / a0 + r_eff * k2 / 2

    return [
        luscher_levels(line, L=size, n_levels=n_levels, **(pair or {"masses": MASSES}))
        for size in L
    ]


@pytest.mark.parametrize(("a0", "r_eff"), EXPANSIONS)
@pytest.mark.parametrize("pair", [{"masses": MASSES}, {"reduced_mass": 0.3}], ids=["ΔW", "k²/2m"])
def test_levels_of_an_expansion_are_normal(a0, r_eff, pair):
    L = np.array([12.0, 16.0, 20.0])
    E = np.ravel(levels(a0, r_eff, L, **pair))
    check = normality_check(E, L=np.repeat(L, 2), energy_std=np.full(6, 1e-4), **pair)
    assert check.inverse_scattering_length == pytest.approx(1 / a0, abs=1e-6)
    assert check.effective_range == pytest.approx(r_eff, abs=1e-5)
    assert check.chi2 < 1e-6
    assert (check.dof, check.normal.all()) == (4, True)
    found = luscher_k_cot_delta(E, L=12.0, **pair)[:2]
    np.testing.assert_allclose(check.k_cot_delta[:2], found, rtol=1e-12)
    if a0 > 0:
        kappa = check.kappa
        assert -1 / a0 - r_eff * kappa**2 / 2 == pytest.approx(-kappa, abs=1e-6)
        assert r_eff * kappa < 1
    else:
        assert np.isnan(check.kappa)


def test_slopes_are_derivatives():
    """s, and its error from the energies, against differences."""
    L, std = np.array([12.0, 14.0, 20.0]), np.array([1e-3, 2e-3, 3e-3])
    E = np.ravel(levels(5.0, 1.5, L, n_levels=1))
    check = normality_check(E, L=L, energy_std=std, masses=MASSES)
    k2, h = momentum_squared(E, MASSES), 1e-6

    def curve(k2):
        return 2 * zeta_00(k2 * (L / (2 * np.pi)) ** 2) / (np.sqrt(np.pi) * L)

    slope = 0.75 - (curve(k2 + h) - curve(k2 - h)) / (2 * h)
    np.testing.assert_allclose(check.slope, slope, rtol=1e-4)
    moved = []
    for j in range(3):
        step = 1e-3 * std * (np.arange(3) == j)
        up, down = (
            normality_check(E + s, L=L, energy_std=std, masses=MASSES) for s in (step, -step)
        )
        moved.append((up.slope - down.slope) / 2e-3)
    np.testing.assert_allclose(check.slope_std, np.linalg.norm(moved, axis=0), rtol=1e-3)
    rate = (momentum_squared(E + h, MASSES) - momentum_squared(E - h, MASSES)) / (2 * h)
    np.testing.assert_allclose(check.k_squared_std, rate * std, rtol=1e-6)
    cot = (curve(k2 + h) - curve(k2 - h)) / (2 * h) * rate * std
    np.testing.assert_allclose(check.k_cot_delta_std, np.abs(cot), rtol=1e-5)


def test_the_deeper_pole_of_an_expansion_is_not_normal():
    """Roots of the wrong slope: two nucleons "bound" by 28 MeV (a0 = 5.513, r_eff = 1.893 fm)."""
    a0, r_eff, m, L = 5.513, 1.893, 938.92 / 2 / 197.327, np.array([8.0, 9.0, 10.0])
    ghosts = [
        brentq(
            lambda k2, L=size: 2 * zeta_00(k2 * (L / (2 * np.pi)) ** 2) / (np.sqrt(np.pi) * L)
            + 1 / a0 - r_eff * k2 / 2,
            -1.0, -0.5,
        )
        for size in L
    ]  # fmt: skip
    E = np.array(ghosts) / (2 * m)
    assert E[2] * 197.327 == pytest.approx(-28.15, abs=0.2)
    k2 = np.append(ghosts, 2 * m * luscher_levels(lambda k2: -1 / a0 + r_eff * k2 / 2, L=9.0,
                                                  reduced_mass=m, n_levels=2)[1])  # fmt: skip
    check = normality_check(k2 / (2 * m), L=[*L, 9.0], energy_std=np.full(4, 1e-5), reduced_mass=m)
    assert check.effective_range == pytest.approx(r_eff, abs=1e-3)
    np.testing.assert_array_equal(check.normal, [False, False, False, True])
    assert np.all(check.slope[:3] > 5 * check.slope_std[:3])


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize(("a0", "r_eff"), EXPANSIONS[:3])
def test_pulls_and_p_values(a0, r_eff, correlation):
    """Normal pulls of 1/a0 and r_eff, uniform p, for small errors of energies."""
    L = np.array([12.0, 16.0, 20.0])
    E = np.ravel(levels(a0, r_eff, L))
    std = 3e-4 * np.array([1, 2, 1, 3, 2, 1])
    cov = np.outer(std, std) * (np.eye(6) + correlation * (1 - np.eye(6)))
    random, pulls, p = np.random.default_rng(4), [], []
    for _ in range(60):
        noisy = E + np.linalg.cholesky(cov) @ random.standard_normal(6)
        check = normality_check(noisy, L=np.repeat(L, 2), energy_cov=cov, masses=MASSES)
        away = [check.inverse_scattering_length - 1 / a0, check.effective_range - r_eff]
        pulls.append(away / np.sqrt(np.diag(check.covariance)))
        p.append(check.p_value)
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    for pull in np.transpose(pulls):
        assert stats.kstest(pull, "norm").pvalue > 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_one_energy_in_all_boxes_gives_a_steep_line(seed):
    """ΔE = −0.03(4) in every box, as of fake plateaux: r_eff far above that of any potential."""
    L, random = np.array([10.0, 12.0, 16.0]), np.random.default_rng(seed)
    std = np.full(3, 0.004)
    E = -0.03 + 0.5 * std * random.standard_normal(3)
    fake = normality_check(E, L=L, energy_std=std, reduced_mass=0.5)
    true = np.ravel(levels(4.0, 1.2, L, n_levels=1, reduced_mass=0.5)) + (E + 0.03)
    normal = normality_check(true, L=L, energy_std=std, reduced_mass=0.5)
    assert abs(fake.effective_range) > 25
    assert abs(normal.effective_range - 1.2) < 3 * normal.covariance[1, 1] ** 0.5 < 12
    assert normal.normal.all()


def test_exactly_one_energy_is_a_vertical_line():
    check = normality_check([-0.03] * 3, L=[10, 12, 16], energy_std=[0.004] * 3, reduced_mass=0.5)
    assert check.effective_range == np.inf
    assert np.all(np.isnan([check.inverse_scattering_length, check.kappa, *check.slope_std]))
    assert not check.normal.any()
    assert check.chi2 < 1e-9


def test_levels_of_a_lattice_have_the_expansion_of_the_potential():
    """m1 ≠ m2: 1/a0, r_eff and κ of V, to what a lattice of one site and k⁴ leave."""
    V, mu = GaussianSum([-0.12], [0.12]), reduced_mass(MASSES)
    L = np.array([20, 26, 32])
    E = [
        lattice_spectrum(V, L=size, masses=MASSES, n_states=1, laplacian="spectral").energy[0]
        for size in L
    ]
    check = normality_check(E, L=L, energy_std=np.full(3, 1e-5), masses=MASSES)
    assert check.inverse_scattering_length == pytest.approx(
        1 / scattering_length(V, reduced_mass=mu), abs=2e-3
    )
    assert check.effective_range == pytest.approx(effective_range(V, reduced_mass=mu), rel=0.05)
    bound = bound_states(V, reduced_mass=mu).kappa
    assert (
        np.isnan(check.kappa)
        if not bound.size
        else check.kappa == pytest.approx(bound[0], rel=0.02)
    )


@pytest.mark.data
def test_xixi_is_normal_once_projected(data_dir):
    """Wall source, ground states of three boxes: the expansion of the published potential.

    Those of the smeared source lie within two errors of one energy, −7 MeV, and far from V.
    """
    p = [0.8758875354, 1.204031055, 0.4261062704, 0.3028031818,
         0.2010080716, 0.0737253221, -0.02922255348, 0.008976576584]  # fmt: skip
    V, boxes, found = GaussianSum(p[::2], p[1::2]), (40, 48, 64), {}
    exact = -1 / scattering_length(V, reduced_mass=0.665 / 2)
    for L in boxes:
        record = load_correlators(data_dir, f"L{L}")
        phi = lattice_spectrum(V, L=L, masses=record.hadron_mass, n_states=1).wave_function
        for name, sink in (("bare", None), ("projected", phi[0])):
            fit = effective_energy(record, sink).fit((12, 15), correlated=False)
            found.setdefault(name, []).append((fit.energy, fit.std))
    energy, std = np.transpose(found["projected"], (1, 2, 0))
    check = normality_check(energy[0], L=boxes, energy_std=std[0], masses=0.665)
    assert check.normal.all()
    assert check.p_value > 0.05
    assert abs(-check.inverse_scattering_length - exact) < 2 * check.covariance[0, 0] ** 0.5
    assert np.isnan(check.kappa)  # unbound
    energy, std = np.transpose(found["bare"], (1, 2, 0))
    bare = normality_check(energy[1], L=boxes, energy_std=std[1], masses=0.665)
    away = bare.k_cot_delta[1:] - exact
    assert np.all(away < -5 * bare.k_cot_delta_std[1:])
    assert bare.kappa > 0  # a bound state that is not there


# Refusals

GIVEN = {"energy": [-0.03, -0.02], "L": [10.0, 12.0], "energy_std": [1e-3, 1e-3], "masses": MASSES}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"energy": [-0.03]}, "energy must have shape (n_levels,) with two levels at least"),
        ({"L": [10.0, 12.0, 14.0]}, "L must be one side, or one for each of 2 levels"),
        ({"L": [10.0, -12.0]}, "L must be"),
        ({"energy": [-0.03, -0.03], "L": 10.0}, "energy must have each level of a box once"),
        ({"energy_std": None}, "energy_std or energy_cov must be given, got neither"),
        ({"energy_cov": np.eye(2)}, "energy_std or energy_cov must be given, got both"),
        ({"energy_std": [1e-3, 0.0]}, "energy_std must be"),
        ({"energy_std": None, "energy_cov": -np.eye(2)}, "energy_cov must be symmetric and"),
        ({"energy_std": None, "energy_cov": [[1, 1], [1, 1]]}, "energy_cov must be symmetric and"),
        ({"energy_std": None, "energy_cov": [[1, 0.5], [0, 1]]}, "energy_cov must be symmetric"),
        ({"masses": None}, "reduced_mass or masses must be given, got neither"),
        ({"reduced_mass": 1.0}, "reduced_mass or masses must be given, got both"),
        ({"energy_std": [0.05, 1e-3]}, "energy must be further than its error from the levels of"),
        ({"energy": [0.0, -0.02]}, "energy must be further than its error from the levels of free"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        normality_check(**{**GIVEN, **changes})


def test_an_energy_above_a_free_level_is_told_from_one_below():
    E = energy_from_momentum((2 * np.pi / 12) ** 2, MASSES)
    free = {"L": 12.0, "energy_std": [1e-3, 1e-3], "masses": MASSES}
    with pytest.warns(AccuracyWarning, match=r"only 2 errors away from a level of free"):
        assert normality_check([-0.02, E + 2e-3], **free).dof == 0
    with pytest.raises(ValueError, match=r"q² = 1\.00"):
        normality_check([-0.02, E + 5e-4], **free)
    assert np.isnan(normality_check([-0.02, E - 4e-3], **free).p_value)
