"""Energies from the decay of R: exact sums of states, levels of boxes, pulls, and ΞΞ."""

import re
import warnings

import numpy as np
import pytest
from scipy import stats

from halkit.correlators import (
    Correlators,
    effective_energy,
    fit_mass,
    load_correlators,
    two_hadron_ratio,
)
from halkit.datasets import make_lattice_correlators
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import GaussianSum, Local, NonLocal
from halkit.radial import Wedge, radial_weights
from halkit.resampling import bootstrap_samples, jackknife_samples
from halkit.scattering import DerivativeExpansion, lattice_spectrum, spherical_box_states

V, MASSES = GaussianSum([-0.2], [0.1]), (0.5, 0.8)
U = NonLocal(lambda r, s: -0.01 * np.exp(-0.2 * (r**2 + s**2) + 0.1 * r * s))
T = np.arange(5, 12)


def exact(states, wedge, amplitudes=(1.0, 0.5, -0.3), t=T, **changes):
    """R = Σ a_n φ_n e^{−ΔW_n t} as a record of one bin."""
    R = np.exp(-np.outer(t, states.energy)) @ (np.array(amplitudes)[:, None] * states.wave_function)
    given = {
        "R": {"wall": R[:, None]}, "t": t, "wedge": wedge, "hadron_mass": MASSES, "kind": "mean",
        "units": "lattice",
    }  # fmt: skip
    return Correlators(**(given | changes))


@pytest.mark.parametrize("sector", ["A1", "T1", "E"])
@pytest.mark.parametrize("interaction", [V, V + U], ids=["local", "non-local"])
def test_an_eigenfunction_leaves_one_state(sector, interaction):
    states = lattice_spectrum(interaction, L=10, masses=MASSES, n_states=3, sector=sector)
    energy = effective_energy(exact(states, Wedge(10, sector)), states.wave_function)
    assert energy.energy.shape == (1, 3, 6)
    np.testing.assert_allclose(energy.energy[0], states.energy[:, None] + np.zeros(6), atol=1e-9)
    np.testing.assert_array_equal(energy.t, np.arange(5.5, 11))
    assert np.all(np.isnan(energy.std))


def test_states_of_a_v2_are_not_orthogonal():
    """With V2, φ_n/(1 − 2m V2) is the left eigenfunction."""
    m = 0.4 / 1.3
    V2 = Local(lambda r: -0.2 * np.exp(-0.2 * r**2))
    states = lattice_spectrum(DerivativeExpansion(V, V2), L=10, masses=MASSES, n_states=3)
    wedge = Wedge(10)
    r = np.sqrt(wedge.distance_squared)
    record = exact(states, wedge)
    left = states.wave_function / (1 - 2 * m * V2.local_potential(r))
    found = effective_energy(record, left).energy[0]
    np.testing.assert_allclose(found, states.energy[:, None] + np.zeros(6), atol=1e-9)
    assert (
        np.abs(effective_energy(record, states.wave_function).energy[0, 0] - found[0]).max() > 1e-4
    )


def test_every_site_counts_once():
    """The sum over the wedge is the sum over all sites of the cube, for odd and even L."""
    random = np.random.default_rng(0)
    for L in (7, 8):
        wedge = Wedge(L)
        site = wedge.index(np.moveaxis(np.indices((L, L, L)), 0, -1))
        R, psi = 1 + random.random((4, 1, wedge.size)), random.random(wedge.size)
        record = Correlators(
            R={"wall": R}, t=np.arange(4), wedge=wedge, hadron_mass=1.0, kind="mean",
            units="lattice",
        )  # fmt: skip
        for sink in (None, psi):
            cube = R[:, 0, site] * (1.0 if sink is None else psi[site])
            total = cube.sum(axis=(1, 2, 3))
            found = effective_energy(record, sink)
            np.testing.assert_allclose(found.correlators[0, 0], total, rtol=1e-13)
            np.testing.assert_allclose(found.energy[0], np.log(total[:-1] / total[1:]), rtol=1e-9)


def test_sinks_of_bins():
    states = lattice_spectrum(V, L=8, masses=MASSES, n_states=3)
    random = np.random.default_rng(1)
    base = exact(states, Wedge(8))
    R = base.R["wall"] * (1 + 0.01 * random.standard_normal((7, 6, 1)))
    record = exact(states, Wedge(8), R={"a": R, "b": 2 * R}, kind="jackknife")
    sinks = states.wave_function + 0.01 * random.standard_normal((6, 3, 1))
    found = effective_energy(record, sinks)
    for b in range(6):
        one = effective_energy(record, sinks[b])
        np.testing.assert_allclose(found.bins[b], one.bins[b], atol=1e-12)
    np.testing.assert_allclose(found.energy[0], found.energy[1], atol=1e-12)


def test_a_sphere():
    """Nodes up to the wall, with their measure: levels of the sphere, relativistic."""
    box = spherical_box_states(V, radius=14.0, masses=MASSES, n_states=3)
    r = np.linspace(0.1, 14.0, 140)
    phi, t = box.wave_function(r), np.arange(4.0)
    R = np.exp(-np.outer(t, box.energy)) @ ([[1.0], [0.4], [0.2]] * phi)
    given = {"t": t, "hadron_mass": MASSES, "kind": "mean", "units": "lattice"}
    record = Correlators(R={"wall": R[:, None]}, r=r, **given)
    found = effective_energy(record, phi, weights=radial_weights(r)).energy[0]
    np.testing.assert_allclose(found, box.energy[:, None] + np.zeros(3), atol=1e-4)
    with pytest.raises(ValueError, match="weights must be given for radial nodes, got None"):
        effective_energy(record, phi)
    short = Correlators(R={"wall": R[:, None, :90]}, r=r[:90], **given)
    with pytest.raises(ValueError, match="the nodes or their weights do not cover it"):
        effective_energy(short, phi[:, :90], weights=radial_weights(r[:90]))
    in_a_cube = Correlators(R={"wall": R[:, None]}, r=r, L=32, **given)
    with pytest.raises(ValueError, match=r"weights must have the sum L³ = 32768, got"):
        effective_energy(in_a_cube, weights=radial_weights(r))


def test_a_fit_is_that_of_an_exponential():
    """ΔE < 0: the same as fit_mass of R e^{−0.7 t}, less 0.7; and steps of time other than 1."""
    random = np.random.default_rng(3)
    t = 2.0 * np.arange(4, 12)
    noise = jackknife_samples(1 + 0.01 * random.standard_normal((60, 8)))
    C = -3.0 * np.exp(0.05 * t) * noise
    record = Correlators(
        R={"wall": np.repeat(C.T[..., None], Wedge(2).size, axis=2)}, t=t, wedge=Wedge(2),
        hadron_mass=1.0, kind="jackknife", units="lattice",
    )  # fmt: skip
    found = effective_energy(record).fit((10.0, 20.0))
    moved = fit_mass(C * np.exp(-0.7 * t), window=(1, 6), kind="jackknife", dt=2.0)
    assert found.energy[0] == pytest.approx(moved.mass - 0.7, abs=1e-9)
    assert found.std[0] == pytest.approx(moved.std, rel=1e-6)
    assert (found.dof, found.bins.shape) == (4, (60, 1))
    assert found.p_value[0] == pytest.approx(moved.p_value, rel=1e-5)
    np.testing.assert_allclose(found.bins[:, 0], moved.bins - 0.7, atol=1e-9)


# A synthetic lattice with known truth


def raw_record(seed, interaction=V, L=12, times=range(8, 15), **changes):
    given = {"noise": 3e-4, "hadron_noise": 1e-3, "excited": (0.0, 1.0), "masses": MASSES}
    d = make_lattice_correlators(
        interaction, L=L, times=times, random_state=seed, k=[0.1], **(given | changes)
    )
    C_NM, C_N, C_M = (
        {source: jackknife_samples(values, bin_size=2) for source, values in C.items()}
        for C in (d.C_NM, d.C_N, d.C_M)
    )
    masses = tuple(fit_mass(C["wall"], window=(0, 5), kind="jackknife") for C in (C_N, C_M))
    return two_hadron_ratio(
        C_NM, C_N, C_M, t=d.t, wedge=d.wedge, kind="jackknife", masses=masses, bin_size=2
    )  # fmt: skip


FAMILY = [
    GaussianSum([-0.2], [0.1]),
    GaussianSum([0.8, -0.12], [0.6, 0.08]),
    GaussianSum([0.15], [0.2]),
    GaussianSum([-0.45], [0.25]),
    GaussianSum([-0.1], [0.1]) + U,
]


def test_projected_correlators_fall_with_the_levels_of_the_box():
    """m1 ≠ m2, five truths, 6 sets each: pulls of ΔE_0 and ΔE_1 of both sources are normal."""
    pulls, p_values = [], []
    for i, interaction in enumerate(FAMILY):
        states = lattice_spectrum(interaction, L=12, masses=MASSES, n_states=2)
        for seed in range(6):
            record = raw_record(100 * i + seed, interaction)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AccuracyWarning)
                fit = effective_energy(record, states.wave_function).fit((8, 13))
            pulls.append((fit.energy - states.energy) / fit.std)
            p_values.append(fit.p_value)
    pulls = np.array(pulls)
    assert pulls.shape == (30, 2, 2)
    assert 0.8 < np.sqrt(np.mean(pulls**2)) < 1.3
    assert np.abs(pulls.mean(axis=0)).max() < 4 * 1.1 / np.sqrt(30)
    for n in range(2):
        assert stats.kstest(pulls[:, 0, n], "norm").pvalue > 1e-3
    assert stats.kstest(np.ravel(np.array(p_values)[:, :, 0]), "uniform").pvalue > 1e-3


def test_fake_plateaux_of_sources_and_their_cure():
    """Sources plateau with p > 1e-3 at energies many errors apart; projected, both have ΔE_0.

    With half of the potential, or one and a half, at the sink they disagree.
    """
    attraction = GaussianSum([0.5, -0.15], [0.4, 0.08])
    states = lattice_spectrum(attraction, L=28, masses=MASSES, n_states=2)
    level, z = states.energy[0], []
    for seed in range(4):
        record = raw_record(seed, attraction, L=28, noise=1e-3, noise_range=2.0)
        bare = effective_energy(record).fit((9, 13))
        cured = effective_energy(record, states.wave_function).fit((9, 13))
        assert np.all(bare.p_value > 1e-3)
        assert bare.energy[0] - bare.energy[1] > 8 * np.hypot(*bare.std)
        assert level - bare.energy[1] > 10 * bare.std[1]
        z.append((cured.energy[:, 0] - level) / cured.std[:, 0])
        for factor in (0.5, 1.5):
            wrong = lattice_spectrum(factor * attraction, L=28, masses=MASSES, n_states=1)
            fit = effective_energy(record, wrong.wave_function[0]).fit((9, 13))
            assert np.abs(np.diff(fit.energy))[0] > 3.5 * np.hypot(*fit.std)
    assert np.sqrt(np.mean(np.square(z))) < 1.7


@pytest.mark.data
def test_xixi_sources_agree_once_projected(data_dir):
    """L = 48, t = 12 … 15: −2.6(5) and −7.7(8) MeV of two sources; projected, the level of U."""
    record = load_correlators(data_dir, "L48")
    p = [0.8758875354, 1.204031055, 0.4261062704, 0.3028031818,
         0.2010080716, 0.0737253221, -0.02922255348, 0.008976576584]  # fmt: skip
    V_wall = GaussianSum(p[::2], p[1::2])  # published, t = 13
    states = lattice_spectrum(V_wall, L=48, masses=record.hadron_mass, n_states=2)
    bare, cured = (
        effective_energy(record, sink).fit((12, 15), correlated=False)
        for sink in (None, states.wave_function)
    )
    np.testing.assert_allclose(record.to_mev(bare.energy), [-2.58, -7.69], atol=0.01)

    def differ(energy, bins):
        return np.abs(energy[1] - energy[0]) / (np.sqrt(19) * np.std(bins[:, 1] - bins[:, 0]))

    assert differ(bare.energy, bare.bins) > 4
    assert differ(cured.energy[:, 0], cured.bins[..., 0]) < 2
    assert np.all(np.abs(cured.energy[:, 0] - states.energy[0]) < 2 * cured.std[:, 0])


# Refusals


def small(**changes):
    states = lattice_spectrum(V, L=8, masses=MASSES, n_states=3)
    return exact(states, Wedge(8), **changes)


def test_refusals():
    record, n = small(), Wedge(8).size
    with pytest.raises(TypeError, match="correlators must be a Correlators, got a dict"):
        effective_energy({"wall": 1.0})
    R = np.repeat(record.R["wall"], 4, axis=1)
    with pytest.raises(ValueError, match="bins of kind 'jackknife' or 'bootstrap', got 'configs'"):
        effective_energy(small(R={"wall": R}, kind="configs"))
    with pytest.raises(ValueError, match="weights must be None on a wedge"):
        effective_energy(record, weights=np.ones(n))
    with pytest.raises(ValueError, match="sink must have shape"):
        effective_energy(small(R={"wall": R}, kind="jackknife"), np.ones((3, 2, n)))
    with pytest.raises(ValueError, match="sink must"):
        effective_energy(record, np.ones(n - 1))
    with pytest.raises(ValueError, match="sink must have a value other than 0 in each state"):
        effective_energy(record, np.eye(2, 1) * np.ones(n))
    with pytest.raises(ValueError, match="kind must be one of"):
        effective_energy(record).fit((6, 9))
    odd = lattice_spectrum(V, L=8, masses=MASSES, n_states=3, sector="T1")
    with pytest.raises(ValueError, match="sink must be given in 'T1', got None"):
        effective_energy(exact(odd, Wedge(8, "T1")))


@pytest.mark.parametrize(
    ("window", "error", "message"),
    [
        (7, TypeError, "window must be a pair (first, last) of times, got 7"),
        ((4, 9), ValueError, "window must be two times of 5 … 11, first before last, got (4, 9)"),
        ((9, 6), ValueError, "window must be two times of 5 … 11"),
        ((6.5, 9), ValueError, "window must be two times of 5 … 11"),
    ],
)
def test_windows_that_are_refused(window, error, message):
    R = np.repeat(small().R["wall"], 4, axis=1)
    record = small(R={"wall": R}, kind="jackknife")
    with pytest.raises(error, match=re.escape(message)):
        effective_energy(record).fit(window)


def test_where_r_changes_its_sign_there_is_no_energy():
    random = np.random.default_rng(5)
    n = Wedge(2).size
    R = np.linspace(1.5, -1.5, 8)[:, None, None] + 0.01 * random.standard_normal((8, 20, 1))
    record = Correlators(
        R={"wall": R * np.ones(n)}, t=np.arange(8), wedge=Wedge(2), hadron_mass=1.0,
        kind="jackknife", units="lattice",
    )  # fmt: skip
    found = effective_energy(record)
    assert np.isnan(found.energy[0, 3])
    assert np.isnan(found.std[0, 3])
    assert np.all(np.isfinite(found.std[0, [0, 1, 2, 4]]))


def test_a_state_without_a_fit_is_named():
    R = np.repeat(small().R["wall"], 4, axis=1)
    record = small(R={"wall": R}, kind="jackknife")
    message = r"R\(t\) of 'wall', state 0 has no fit: C must have errors in the window"
    with pytest.raises(ValueError, match=message):
        effective_energy(record, np.ones((2, Wedge(8).size))).fit((6, 9))


def test_a_window_of_several_states_warns():
    record = raw_record(0, L=12, times=range(1, 9), noise=1e-4)
    with pytest.warns(MisfitWarning, match=r"R\(t\) of '.*': χ²/dof = .*: not one state, take"):
        effective_energy(record).fit((1, 7))


def bootstrap_record(n_configs=24, **given):
    """Samples of bins of two configurations; the mass tells the record how many bins there are."""
    random, t = np.random.default_rng(4), np.arange(9)
    noise = 1 + 0.01 * random.standard_normal((n_configs, 9))
    own = 1 + 0.01 * random.standard_normal((n_configs, 9, 1))
    pair = (np.exp(-1.05 * t) * noise**2)[..., None] * own * np.ones(20)
    C_N, C_NN = (
        bootstrap_samples(C, 60, bin_size=2) for C in (np.exp(-0.5 * t) * noise, pair)
    )  # fmt: skip
    mass = fit_mass(C_N, window=(1, 7), kind="bootstrap", n_configs=n_configs // 2)
    assert mass.n_configs == n_configs // 2
    return two_hadron_ratio(
        C_NN, C_N, t=t, wedge=Wedge(6), kind="bootstrap", masses=mass, bin_size=2, **given
    )


def test_plateaux_know_the_configurations_of_bootstrap_samples():
    """Errors as with the number given by hand, and no warning; without it they are too small."""
    record = bootstrap_record()
    assert (record.n_configs, record.n_drawn) == (24, 12)
    energy = effective_energy(record)
    known, told = energy.fit((1, 7)), energy._replace(n_drawn=None)
    np.testing.assert_array_equal(known.std, told.fit((1, 7), n_configs=12).std)
    with pytest.warns(AccuracyWarning, match="n_configs is not known"):
        unknown = told.fit((1, 7))
    assert known.std[0] > 1.2 * unknown.std[0]
    assert bootstrap_record(n_configs=40).n_configs == 40


def test_masses_that_disagree_leave_the_number_open():
    random, t = np.random.default_rng(4), np.arange(9)
    C = np.exp(-0.5 * t) * (1 + 0.01 * random.standard_normal((40, 9)))
    samples = bootstrap_samples(C, 60)
    fits = [fit_mass(samples, window=(1, 4), kind="bootstrap", n_configs=n) for n in (40, 40, 30)]
    pair = samples[..., None] ** 2 * np.ones(20)

    def record(first, second):
        return two_hadron_ratio(
            pair, samples, samples, t=t, wedge=Wedge(6), kind="bootstrap", masses=(first, second)
        )

    assert record(*fits[:2]).n_configs == 40
    assert record(fits[0], 0.5).n_configs == 40
    assert record(*fits[1:]).n_configs is None
    assert record(0.5, 0.5).n_configs is None
