"""R from raw correlators: its value, the masses of its bins in the rows, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import (
    Correlators,
    fit_mass,
    load_correlators,
    save_correlators,
    two_hadron_ratio,
)
from halkit.equations import lattice_rows, radial_rows
from halkit.exceptions import MisfitWarning
from halkit.radial import Wedge
from halkit.resampling import bootstrap_samples, jackknife_samples
from halkit.samples import standard_error

T, R_NODES, N_BINS = np.arange(4, 13), np.linspace(0.5, 6.0, 23), 20
RNG = np.random.default_rng(7)
C_N = np.exp(-0.5 * T) * RNG.uniform(0.9, 1.1, (N_BINS, T.size))
C_M = np.exp(-0.8 * T) * RNG.uniform(0.9, 1.1, (N_BINS, T.size))
C_NM = np.exp(-1.3 * T)[:, np.newaxis] * RNG.uniform(0.5, 1.5, (N_BINS, T.size, R_NODES.size))


def ratio(**changes):
    given = {
        "C_NM": C_NM, "C_N": C_N, "C_M": C_M, "t": T, "r": R_NODES, "kind": "jackknife",
        "masses": (0.5, 0.8),
    }  # fmt: skip
    given |= changes
    return two_hadron_ratio(given.pop("C_NM"), given.pop("C_N"), given.pop("C_M"), **given)


def test_the_ratio_of_every_bin_time_and_point():
    c = ratio(bin_size=4, inverse_spacing=2000.0, attributes={"ensemble": "A"})
    assert (c.sources, c.hadron_mass, c.mass_bins, c.bin_size) == (("R",), (0.5, 0.8), None, 4)
    for b, i, x in [(0, 0, 0), (3, 5, 7), (19, 8, 22)]:
        assert c.R["R"][i, b, x] == pytest.approx(C_NM[b, i, x] / (C_N[b, i] * C_M[b, i]))
    same = ratio(C_M=None, masses=0.5)
    assert_allclose(same.R["R"][2, 3], C_NM[3, 2] / C_N[3, 2] ** 2, rtol=1e-14)
    assert same.hadron_mass == 0.5


def test_sources_have_their_own_correlators():
    sources = {"wall": C_NM, "exp": 2 * C_NM}
    c = ratio(C_NM=sources, C_N={"exp": 3 * C_N, "wall": C_N})
    assert c.sources == ("wall", "exp")
    assert_allclose(c.R["exp"], c.R["wall"] * 2 / 3, rtol=1e-14)
    assert_allclose(ratio(C_NM=sources).R["exp"], 2 * c.R["wall"], rtol=1e-14)


def test_masses_of_bins_are_kept():
    m1, m2 = RNG.uniform(0.49, 0.51, N_BINS), RNG.uniform(0.79, 0.81, N_BINS)
    c = ratio(masses=(m1, m2))
    assert c.hadron_mass == (m1.mean(), m2.mean())
    assert_array_equal(c.mass_bins, np.stack([m1, m2], axis=-1))
    assert_array_equal(c.masses, c.mass_bins)
    assert_array_equal(ratio(masses=(m1, 0.8)).mass_bins[:, 1], np.full(N_BINS, 0.8))
    one = ratio(C_M=None, masses=m1)
    assert_array_equal(one.mass_bins, m1)
    assert_array_equal(one.masses, np.stack([m1, m1], axis=-1))
    assert_array_equal(ratio().masses, np.tile([0.5, 0.8], (N_BINS, 1)))


def test_a_mass_fit_gives_its_centre_and_its_bins():
    bins = jackknife_samples(np.exp(-0.5 * T) * (1 + 0.01 * RNG.standard_normal((20, T.size))))
    fit = fit_mass(bins, window=(0, 8), kind="jackknife")
    c = ratio(C_N=bins, C_M=None, masses=fit)
    assert c.hadron_mass == fit.mass
    assert_array_equal(c.mass_bins, fit.bins)
    error = float(standard_error(fit.bins, "jackknife"))
    assert f"hadron_mass = {fit.mass:.6g} ± {error:.1g} by bins, lattice units" in repr(c)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("n_hadrons", [1, 2])
def test_files_keep_the_masses_of_bins(tmp_path, suffix, n_hadrons):
    if suffix == ".h5":
        pytest.importorskip("h5py")
    masses = RNG.uniform(0.79, 0.81, (N_BINS, 2))
    c = ratio(masses=tuple(masses.T))
    if n_hadrons == 1:
        c = replace(c, hadron_mass=0.8, mass_bins=masses[:, 0])
    save_correlators(tmp_path / f"c{suffix}", {"a": c, "b": ratio()})
    loaded = load_correlators(tmp_path / f"c{suffix}", group="a")
    assert_array_equal(loaded.mass_bins, c.mass_bins)
    assert loaded.hadron_mass == c.hadron_mass
    assert load_correlators(tmp_path / f"c{suffix}", group="b").mass_bins is None


def single(c, b):
    """Bin b alone, with its masses as those of a mean."""
    R = {source: values[:, b : b + 1] for source, values in c.R.items()}
    return replace(c, R=R, kind="mean", mass_bins=None, hadron_mass=tuple(c.masses[b]))


@pytest.mark.parametrize("stencil", [5, "designed"])
def test_rows_of_a_bin_have_its_masses(stencil):
    """Rows of all bins, two of them with the same masses, are those of each bin alone."""
    masses = RNG.uniform(0.98, 1.02, (N_BINS, 2)) * [0.5, 0.8]
    masses[7] = masses[3]
    energies = {"energy_range": (-0.01, 0.26)} if stencil == "designed" else {}
    c = ratio(masses=tuple(masses.T))
    rows = radial_rows(c, stencil=stencil, **energies)
    wedge = Wedge(6)
    R = RNG.uniform(1, 2, (T.size, N_BINS, wedge.size))
    on_lattice = replace(c, r=None, wedge=wedge, R={"R": R})
    choices = {"times": [8, 9], "r_max": 3.0, "stencil": stencil, **energies}
    sites = lattice_rows(on_lattice, **choices)
    for b in (0, 3, 7, 19):
        alone = radial_rows(single(c, b), stencil=stencil, **energies)
        assert_allclose(rows.target[b], alone.target[0], rtol=1e-10, atol=1e-12)
        one = lattice_rows(single(on_lattice, b), **choices)
        size = sites.data[b, :, :1] / one.data[0, :, :1]
        assert_allclose(sites.target[b], size * one.target[0], rtol=1e-10, atol=1e-12)
    assert_array_equal(rows.mass_bins, masses)
    assert_array_equal(sites.select(times=[9]).mass_bins, masses)
    central = radial_rows(replace(c, mass_bins=None), stencil=stencil, **energies)
    assert central.mass_bins is None
    assert np.abs(central.target[0] - rows.target[0]).max() > 1e-3


# Pulls: V of a state with known energy, from configurations whose masses fluctuate

MASS, BOUND, DEPTH = 0.6, -0.02, 0.4


def well_state(r):
    """A wave sin(qr)/r in a well of this depth, and its energy ΔW: V = −DEPTH where it lives."""
    k2 = BOUND * (MASS + BOUND / 4)
    return np.sin(np.sqrt(k2 + DEPTH * MASS) * r) / r


def raw_correlators(seed, n=40):
    """C_N with noise that is correlated in time, so that masses fluctuate; R has less noise."""
    random = np.random.default_rng(seed)
    slope, level = 0.02 * random.standard_normal((2, n, 1))
    single = np.exp(-MASS * T) * (
        1 + level + slope * (T - 8) + 0.02 * random.standard_normal((n, T.size))
    )
    wave = np.exp(-BOUND * T)[:, np.newaxis] * well_state(R_NODES)
    noise = 1 + 3e-6 * random.standard_normal((n, T.size, R_NODES.size))
    mean = jackknife_samples(single)
    return mean, jackknife_samples(wave * noise) * mean[..., np.newaxis] ** 2


def test_pulls_are_normal_with_the_masses_of_bins_and_too_large_without():
    """60 sets: V(r) of each within its error, z of unit width; without mass errors, several."""
    with_bins, without = [], []
    for seed in range(60):
        single_hadron, pair = raw_correlators(seed)
        fit = fit_mass(single_hadron, window=(0, 8), kind="jackknife")
        c = two_hadron_ratio(
            pair, single_hadron, t=T, r=R_NODES, kind="jackknife", masses=fit
        )  # fmt: skip
        for record, pulls in ((c, with_bins), (replace(c, mass_bins=None), without)):
            rows = radial_rows(record, stencil=7, space_order=8)
            V = (rows.target / rows.data)[:, 1, 11]
            pulls.append((V.mean() + DEPTH) / standard_error(V, "jackknife"))
    assert abs(np.mean(with_bins)) < 0.4  # three errors of 60
    assert 0.8 < np.std(with_bins) < 1.3
    assert np.std(without) > 3


def test_the_ratio_of_averages_differs_from_the_average_of_ratios():
    """Jackknife samples first: bootstrap samples go the same way."""
    configs = np.exp(-0.5 * T) * RNG.uniform(0.2, 1.8, (40, T.size))
    pairs = configs[..., np.newaxis] ** 2 * np.ones(R_NODES.size)
    for sample, kind in (
        (lambda x: bootstrap_samples(x, 30, random_state=3), "bootstrap"),
        (lambda x: jackknife_samples(x, bin_size=2), "jackknife"),
    ):
        c = ratio(C_NM=sample(pairs), C_N=sample(configs), C_M=None, masses=0.5, kind=kind)
        assert_allclose(c.R["R"].mean(), 1 + 0.8**2 / 3, rtol=0.06)  # ⟨x²⟩/⟨x⟩²


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kind": "configs"}, ValueError, "average first, with halkit.resampling.jackknife_samp"),
        ({"kind": "mean"}, ValueError, "kind must be one of"),
        ({"r": None}, ValueError, "either r or a wedge, got neither"),
        ({"wedge": Wedge(6)}, ValueError, "either r or a wedge, got both"),
        ({"wedge": 6, "r": None}, TypeError, "wedge must be a halkit.radial.Wedge, got 6"),
        (
            {"C_NM": np.swapaxes(C_NM, 0, 1)},
            ValueError,
            r"C_NM must have shape \(n_bins, n_t, n_points\) = \(n_bins, 9, 23\), bins first .* "
            r"got \(9, 20, 23\)",
        ),
        ({"C_NM": C_NM[:, 0]}, ValueError, "C_NM must have shape"),
        ({"C_NM": C_NM[:1], "C_N": C_N[:1], "C_M": C_M[:1]}, ValueError, "two at least"),
        ({"C_N": C_N[:-1]}, ValueError, r"C_N must have shape \(n_bins, n_t\) = \(20, 9"),
        ({"C_M": C_M[:, 1:]}, ValueError, r"C_M must have shape .* got \(20, 8\)"),
        (
            {"C_NM": {"wall": C_NM, "exp": C_NM[:9]}},
            ValueError,
            r"C_NM\['exp'\] must have shape .* = \(20, 9, 23\)",
        ),
        ({"C_N": {"wall": C_N}}, ValueError, r"C_N must hold the sources \['R'\] of C_NM"),
        ({"C_NM": {}}, ValueError, "C_NM must hold named sources, got"),
        ({"C_N": C_N - C_N[3, 3]}, ValueError, "C_N must be of one sign"),
        ({"C_M": C_M - 1.5 * C_M[3, 3]}, ValueError, "C_M must be of one sign"),
        (
            {"C_NM": C_NM[:9], "C_N": C_N[:9].T, "C_M": C_M[:9]},
            ValueError,
            "C_N must have bins first and times second, got values that decay along the bins",
        ),
        ({"C_NM": C_NM + 0j}, ValueError, "Complex data not supported: C_NM"),
        ({"masses": 0.5}, TypeError, "masses must be a tuple of two, for the hadrons of C_N"),
        ({"C_M": None}, TypeError, "masses must be one, for the hadrons of C_N, got 2"),
        ({"masses": (0.5, np.ones(3))}, ValueError, r"shape \(n_bins,\) = \(20,\)"),
        (
            {"masses": (0.5, 1755.0)},
            ValueError,
            r"masses must be near the decay rate of C_M, 0.[78]\d* in .* got 1.76e\+03: convert",
        ),
        ({"masses": (5.0, 0.8)}, ValueError, "masses must be near the decay rate of C_N"),
        ({"masses": (0.5, -0.8)}, ValueError, "masses must be positive, got -0.8"),
    ],
)  # fmt: skip
def test_what_does_not_fit(changes, error, message):
    with pytest.raises(error, match=message):
        ratio(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mass_bins": np.full(20, 0.5)}, r"mass_bins must have shape \(20, 2\), got \(20,\)"),
        ({"mass_bins": np.full((20, 2), 0.5)}, r"mass_bins must be within 20% of hadron_mass = "),
        ({"hadron_mass": 0.5, "mass_bins": np.full(19, 0.5)}, r"must have shape \(20,\), got"),
        ({"hadron_mass": 0.5, "mass_bins": np.zeros(20)}, "mass_bins must be positive"),
        (
            {"hadron_mass": 0.5, "mass_bins": np.full(20, 0.5), "kind": "configs"},
            'mass_bins must be None unless bins are "jackknife" or "bootstrap" averages',
        ),
    ],
)  # fmt: skip
def test_masses_of_bins_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(ratio(), **changes)


def test_masses_of_bins_are_read_only():
    c = ratio(masses=(np.full(N_BINS, 0.5), 0.8))
    assert isinstance(c, Correlators)
    for array in (c.mass_bins, c.masses):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize("seed", range(12))
def test_masses_of_other_hadrons_are_named(seed):
    """C_N of families with an excited state; half the mass, or the two exchanged."""
    random = np.random.default_rng(seed)
    t = np.arange(8) + random.integers(3, 9)
    amplitude, gap = random.uniform(0, 1.5), random.uniform(0.2, 0.6)
    pair = np.array([0.4, 0.6]) * random.uniform(0.6, 1.6)
    noise = 1 + 10 ** random.uniform(-3, -2) * random.standard_normal((2, 40, len(t)))
    C = np.exp(-pair[:, None, None] * t) * (1 + amplitude * np.exp(-gap * t)) * noise
    C_N, C_M = (jackknife_samples(one) for one in C)
    C_NM = (C_N * C_M)[..., None] * np.ones(R_NODES.size)
    given = {"C_NM": C_NM, "C_N": C_N, "C_M": C_M, "t": t}
    ratio(**given, masses=tuple(pair))  # silent
    for wrong in (pair[::-1], pair / 2, 1.5 * pair):
        with pytest.warns(MisfitWarning, match=r"masses must be those .* from fit_mass\(C_[NM]\)"):
            ratio(**given, masses=tuple(wrong))
