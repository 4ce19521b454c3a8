"""Fields of one irreducible representation: against all sites of the lattice, brute force."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import eval_legendre

from halkit.correlators import Correlators, load_correlators, save_correlators
from halkit.equations import lattice_rows, local_approximation, time_derivatives
from halkit.exceptions import AccuracyWarning
from halkit.radial import Wedge

HIGHER = ["T1", "E"]
DEGREE = {"A1": 0, "T1": 1, "E": 2}


def sites_of(L):
    return np.array(list(product(range(L), repeat=3)))


def vectors_of(L):
    """Coordinates −L/2 < x ≤ L/2 of all sites, (L³, 3)."""
    sites = sites_of(L)
    return np.where(2 * sites > L, sites - L, sites)


def spread(wedge, field):
    """The field (..., L, L, L) on the lattice of values on the wedge."""
    sites = sites_of(wedge.L)
    full = field[..., wedge.index(sites)] * wedge.sign(sites)
    return full.reshape(*field.shape[:-1], *(wedge.L,) * 3)


def random_field(wedge, seed=0, n=()):
    return np.random.default_rng(seed).standard_normal((*n, len(wedge.xyz)))


@pytest.mark.parametrize("irrep", HIGHER)
@pytest.mark.parametrize("L", [3, 4, 7, 10])
def test_points_and_signs(L, irrep):
    wedge = Wedge(L, irrep)
    assert wedge.size == len(wedge.xyz)
    assert_array_equal(wedge.index(wedge.xyz), np.arange(wedge.size))
    assert_array_equal(wedge.sign(wedge.xyz), 1)
    sites = sites_of(L)
    seen = wedge.sign(sites) != 0
    assert_array_equal(np.bincount(wedge.index(sites[seen])), wedge.multiplicities)
    full = spread(wedge, random_field(wedge))
    parity = -1 if irrep == "T1" else 1
    flipped = [np.roll(np.flip(full, axis), 1, axis) for axis in range(3)]
    for axis, image in enumerate(flipped):
        assert_array_equal(image, parity * full if axis == 2 else full)
    assert_array_equal(full.swapaxes(0, 1), full)


def test_the_number_of_points_of_a_p_wave():
    assert Wedge(32, "T1").size == 2295


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
@pytest.mark.parametrize("L", [4, 5, 10])
def test_the_laplacian_is_that_of_the_lattice(L, irrep):
    wedge = Wedge(L, irrep)
    field = random_field(wedge, L, (2,))
    full = spread(wedge, field)
    expected = sum(np.roll(full, s, axis) for s in (1, -1) for axis in (1, 2, 3)) - 6 * full
    assert_allclose(spread(wedge, wedge.laplacian(field)), expected, atol=1e-13)


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
def test_fields_on_the_lattice_are_averaged_over_their_symmetry(irrep):
    wedge = Wedge(8, irrep)
    field = random_field(wedge, 1, (3,))
    assert_allclose(wedge.project(spread(wedge, field)), field, atol=1e-14)
    anything = np.random.default_rng(2).standard_normal((8, 8, 8))
    projected = wedge.project(anything)
    # A projection is orthogonal: what is left has no overlap with fields of this symmetry.
    left = anything - spread(wedge, projected)
    assert abs(np.vdot(left, spread(wedge, field[0]))) < 1e-12


def waves(wedge, seed, noise=0.0, smooth=0.0):
    """A field of Gaussians of any range and sign with noise, which may be smooth in space."""
    rng, L = np.random.default_rng([seed, wedge.L]), wedge.L
    x = np.stack(np.indices((L,) * 3), axis=-1)
    images = x - L * np.array(list(product((0, 1), repeat=3)))[:, None, None, None]
    squared, b = (images**2).sum(axis=-1), rng.uniform(1.0, max(1.5, L / 4))
    f = np.exp(-squared / b**2) + rng.uniform(-0.4, 0.4) * np.exp(-squared / (1.7 * b) ** 2)
    z = images[..., 2]
    harmonic = {"A1": 1.0, "T1": z, "E": 3 * z**2 - squared}[wedge.irrep]
    field = spread(wedge, wedge.project((f * harmonic).sum(axis=0), check_origin=False))
    k = np.square(2 * np.pi * np.fft.fftfreq(L))
    low = np.exp(-(smooth**2) / 2 * (k[:, None, None] + k[:, None] + k))
    random = np.fft.ifftn(low * np.fft.fftn(rng.standard_normal((L,) * 3))).real
    return 1.0 * (wedge.irrep == "A1") + 0.1 * (
        rng.choice([-1, 1]) * field / field.std() + noise * random / random.std()
    )


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0, 30.0])
def test_an_origin_at_index_0_is_not_warned_of(irrep, noise):
    for L, smooth, seed in product((4, 7, 8, 12), (0.0, 2.0), range(6)):
        Wedge(L, irrep).project(waves(Wedge(L, irrep), seed, noise, smooth))
    constant = 1 + 1e-15 * np.random.default_rng(0).standard_normal((3, 8, 8, 8))
    for field in (constant, 0 * constant, waves(Wedge(8, "T1"), 0)):
        Wedge(8, irrep).project(field)
    other = 0.3 * waves(Wedge(8, "T1"), 1)  # another wave beside this one
    Wedge(8, irrep).project(waves(Wedge(8, irrep), 2) + np.swapaxes(other, 0, 2))


@pytest.mark.parametrize("L", [8, 11, 16])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_an_origin_elsewhere_is_named(L, noise):
    """Of A1: fftshift along all axes or some, and one site away."""
    half, wedge = L // 2, Wedge(L)
    shifts = [(half,) * 3, (half, 0, 0), (0, half, half), (1, 0, 0), (0, L - 1, 0), (L - 1,) * 3]
    for seed, shift in product(range(4), shifts):
        if sum(shift) in (1, L - 1) and noise:
            continue  # a shift that is small beside noise may be missed
        field = np.roll(waves(wedge, seed, noise), shift, (0, 1, 2))
        with pytest.warns(AccuracyWarning, match="origin at index 0") as caught:
            wedge.project(np.stack([0.5 * field, field]))
        assert f"index {shift}" in str(caught[0].message)
        assert len(caught) == 1
        wedge.project(field, check_origin=False)


@pytest.mark.parametrize("irrep", HIGHER)
def test_an_origin_of_a_p_or_d_wave_one_site_away(irrep):
    wedge = Wedge(12, irrep)
    for seed, shift in product(range(4), [(0, 0, 1), (0, 11, 0), (1, 1, 1)]):
        with pytest.warns(AccuracyWarning, match=rf"index \({', '.join(map(str, shift))}\)"):
            wedge.project(np.roll(waves(wedge, seed), shift, (0, 1, 2)))


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
def test_shells_project_on_the_harmonic(irrep):
    L = 10
    wedge, x = Wedge(L, irrep), vectors_of(L)
    field, r = spread(wedge, random_field(wedge)).ravel(), np.sqrt((x**2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        Y = np.where(r > 0, eval_legendre(DEGREE[irrep], x[:, 2] / r), irrep == "A1")
    for i, radius in enumerate(wedge.shell_r):
        if radius < L / 2:
            on = np.isclose(r, radius)
            expected = np.sum(Y[on] * field[on]) / np.sum(Y[on] ** 2)
            found = wedge.to_shells(random_field(wedge))[i]
            assert_allclose(found, expected, atol=1e-13)
            total = (2 * wedge.partial_wave + 1) * np.sum(Y[on] ** 2)
            assert_allclose(wedge.shell_weights[i], total, rtol=1e-12)
            if irrep != "E":
                assert_allclose(total, on.sum(), rtol=1e-12)


def test_shells_without_the_harmonic_are_left_out():
    squared = {irrep: np.rint(Wedge(12, irrep).shell_r ** 2)[:9].astype(int) for irrep in DEGREE}
    assert_array_equal(squared["A1"], [0, 1, 2, 3, 4, 5, 6, 8, 9])
    assert_array_equal(squared["T1"], [1, 2, 3, 4, 5, 6, 8, 9, 10])
    assert_array_equal(squared["E"], [1, 2, 4, 5, 6, 8, 9, 10, 11])  # (1, 1, 1) alone has r² = 3


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
def test_a_kernel_of_this_partial_wave_acts_on_the_shells(irrep):
    """U(r, r') = (2l + 1) P_l(cos γ) U_l(r, r') on a field with any other content."""
    L = 8
    wedge, x = Wedge(L, irrep), vectors_of(L)
    r = np.sqrt((x**2).sum(axis=1))
    inside = (r < L / 2) & ((r > 0) | (irrep == "A1"))
    x, r = x[inside], r[inside]
    unit = x / np.maximum(r, 1)[:, np.newaxis]
    l = DEGREE[irrep]
    U = np.exp(-((r[:, np.newaxis] - r) ** 2) / 3 - (r[:, np.newaxis] + r) / 4)
    kernel = (2 * l + 1) * eval_legendre(l, np.clip(unit @ unit.T, -1, 1)) * U
    field = random_field(wedge, 4)
    y = np.zeros(L**3)
    y[inside] = kernel @ spread(wedge, field).ravel()[inside]
    keep = wedge.shell_r < L / 2
    shells, weights = wedge.shell_r[keep], wedge.shell_weights[keep]
    U_l = np.exp(
        -((shells[:, np.newaxis] - shells) ** 2) / 3 - (shells[:, np.newaxis] + shells) / 4
    )
    expected = U_l @ (weights * wedge.to_shells(field)[keep])
    found = wedge.to_shells(wedge.project(y.reshape(L, L, L)))[keep]
    assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


MU = 0.4


def potential(r):
    return -0.06 * np.exp(-((r / 2.5) ** 2)) + 0.05 * np.exp(-(r**2))


def lattice_correlators(irrep, L=12):
    """Two sources of five bins, of eigenstates of −∇²/2μ + V on the lattice."""
    wedge, t, random = Wedge(L, irrep), np.arange(4, 12), np.random.default_rng(0)
    H = -wedge.laplacian(np.eye(wedge.size)).T / (2 * MU)
    H += np.diag(potential(np.sqrt(wedge.distance_squared)))
    root = np.sqrt(wedge.multiplicities)
    energy, states = np.linalg.eigh(root[:, np.newaxis] * H / root)
    R, states = {}, states.T[:5] / root
    # Decays of which seven-point derivatives give exactly −∂t + ∂t²/8μ = E.
    d1, d2, _ = (d[0] for d in time_derivatives(np.eye(7), points=7))
    rate = [root_of(lambda x: np.exp(-x * np.arange(-3, 4)) @ (d2 / (8 * MU) - d1), E) for E in
            energy[:5]]  # fmt: skip
    for name in ("wall", "exp"):
        a = random.uniform(0.5, 1.0, 5) * (1 + 1e-3 * random.standard_normal((5, 5)))
        R[name] = np.einsum("bn,tn,nx->tbx", a, np.exp(-np.outer(t, rate)), states)
    return Correlators(R=R, t=t, hadron_mass=2 * MU, wedge=wedge, kind="jackknife", units="lattice")


def root_of(f, value):
    x = value
    for _ in range(60):
        x -= (f(x) - value) / ((f(x + 1e-6) - f(x - 1e-6)) / 2e-6)
    return x


@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
def test_a_local_potential_is_exact_on_shells(irrep):
    """|y_l/φ_l − V| < 1e-8 of |V| = .06, whatever l = 3, 4, 5 the states hold."""
    correlators = lattice_correlators(irrep)
    rows = lattice_rows(correlators, times=[7, 8], r_max=4.0)
    X, y = rows.mean()
    V = local_approximation(X[:, : rows.r_out.size], y).V
    assert_allclose(V, potential(rows.r_out), atol=1e-8 * 0.06)
    assert rows.r_out[0] == (0 if irrep == "A1" else 1)
    assert irrep in repr(correlators) or irrep == "A1"
    if irrep == "T1":
        shape = correlators.R["wall"][4, 0]
        wedge = correlators.wedge
        whole = np.sum(wedge.multiplicities * shape**2)
        P_wave = np.sum(wedge.shell_weights * wedge.to_shells(shape) ** 2) / 3
        assert 1 - P_wave / whole > 1e-3  # the rest is l = 3, 5 …


def test_the_ratio_at_sites_does_not_exist_where_a_p_wave_vanishes():
    """Site by site y/φ is V too, but φ = 0 at z = 0: the wedge has no such point."""
    assert Wedge(12, "T1").xyz[:, 2].min() == 1
    assert Wedge(12, "T1").xyz[:, 2].max() == 5
    assert Wedge(11, "T1").xyz[:, 2].max() == 5


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("irrep", ["A1", *HIGHER])
def test_files_keep_the_representation(irrep, suffix, tmp_path):
    correlators = lattice_correlators(irrep, L=6)
    save_correlators(tmp_path / f"c{suffix}", {"p": correlators})
    loaded = load_correlators(tmp_path / f"c{suffix}")
    assert loaded.wedge == correlators.wedge == Wedge(6, irrep)
    assert_array_equal(loaded.R["exp"], correlators.R["exp"])
    assert not loaded.attributes


def group(**changes):
    wedge = Wedge(6, "T1")
    values = {
        "R": np.ones((4, 3, wedge.size)), "xyz": wedge.xyz, "t": [3, 4, 5], "L": 6,
        "kind": "jackknife", "hadron_mass": 0.7, "units": "lattice", "irrep": "T1",
    }  # fmt: skip
    return {**values, **changes}


def test_a_foreign_file_names_its_representation(tmp_path):
    np.savez(tmp_path / "c.npz", **{f"p/{key}": value for key, value in group().items()})
    assert load_correlators(tmp_path / "c.npz").wedge == Wedge(6, "T1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"irrep": "E"}, "all points of a wedge 3 ≥ x ≥ y ≥ 0 in E, got 20"),
        ({"irrep": "T2"}, r"irrep of .* must be one of \['A1', 'T1', 'E'\], got 'T2'"),
        ({"irrep": "A1"}, "xyz of .* must list the wedge of L = 6"),
    ],
)
def test_files_of_another_representation_are_refused(changes, message, tmp_path):
    np.savez(tmp_path / "c.npz", **{f"p/{k}": v for k, v in group(**changes).items()})
    with pytest.raises(ValueError, match=message):
        load_correlators(tmp_path / "c.npz")


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="irrep must be one of"):
        Wedge(8, "T2")
    with pytest.raises(ValueError, match="L must be an integer ≥ 3, got 2"):
        Wedge(2, "T1")
    with pytest.raises(ValueError, match=r"field must have shape \(..., 8, 8, 8\), got \(8, 8\)"):
        Wedge(8).project(np.ones((8, 8)))
    correlators = lattice_correlators("T1", L=8)
    with pytest.raises(ValueError, match=r"the first shell 1 <= r_max .* below L/2 = 3.74"):
        lattice_rows(correlators, times=[7], r_max=4.0)
    with pytest.raises(ValueError, match="got r_max = 3 and r_prime_max = 4"):
        lattice_rows(correlators, times=[7], r_max=3.0, r_prime_max=4.0)
    with pytest.raises(ValueError, match="attributes must not hold 'irrep'"):
        Correlators(
            R=correlators.R, t=correlators.t, hadron_mass=0.8, wedge=correlators.wedge,
            kind="jackknife", units="lattice", attributes={"irrep": "T1"},
        )  # fmt: skip
