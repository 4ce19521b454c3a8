"""Raw correlators of a lattice: their sum of states, their noise, and the way back to the truth."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import Correlators, fit_mass, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.equations import lattice_rows
from halkit.interactions import GaussianSum, Yukawa
from halkit.kinematics import energy_from_momentum
from halkit.radial import Wedge
from halkit.resampling import jackknife_samples
from halkit.samples import standard_error

V = GaussianSum([-0.2], [0.1])
MASSES = (0.5, 0.8)
MU = 0.4 / 1.3


def make(**changes):
    given = {"L": 10, "times": range(5, 14), "masses": MASSES, "random_state": 0}
    return make_lattice_correlators(V, **(given | changes))


def dense_states(wedge):
    """Energies and states of −∇²/2μ + V by diagonalisation of a dense matrix."""
    n, root = wedge.size, np.sqrt(wedge.multiplicities)
    H = -wedge.laplacian(np.eye(n)).T / (2 * MU) + np.diag(V(np.sqrt(wedge.distance_squared)))
    energy, states = np.linalg.eigh(root[:, np.newaxis] * H / root)
    return energy, states.T / root


def exact_record(d):
    """The truth as a record of one bin."""
    R = {source: values[:, np.newaxis] for source, values in d.R.items()}
    return Correlators(
        R=R, t=d.t, wedge=d.wedge, hadron_mass=MASSES, kind="mean", units="lattice"
    )  # fmt: skip


def on_shells(rows):
    """y/R on the output shells, V(r) for a local potential."""
    return rows.target / rows.data[..., : rows.r_out.size]


def test_the_correlator_is_the_sum_of_the_states_of_the_lattice():
    d = make(noise=0.0, hadron_noise=0.0, n_configurations=2)
    energy, states = dense_states(d.wedge)
    delta_w = energy_from_momentum(2 * MU * energy, MASSES)[:14]
    assert_allclose(d.energies, delta_w, atol=1e-10)
    r = np.sqrt(d.wedge.distance_squared)
    for source, shape in (("wall", np.ones_like(r)), ("exp", np.exp(-r))):
        a = states[:14] @ (d.wedge.multiplicities * shape)
        expected = np.einsum("n,tn,nx->tx", a, np.exp(-np.outer(d.t, delta_w)), states[:14])
        scale = d.R[source][0, 0] / expected[0, 0]
        assert_allclose(d.R[source], scale * expected, atol=1e-9)
        ratio = d.C_NM[source] / (d.C_N[source] * d.C_M[source])[..., np.newaxis]
        assert_allclose(ratio, np.stack([d.R[source]] * 2), rtol=1e-13)


def test_the_equation_holds_on_the_lattice():
    """y = V R at late times, but for the time stencil, at every shell."""
    d = make(L=12, times=range(10, 21))
    rows = lattice_rows(exact_record(d), times=[14, 15, 16], r_max=5.0, stencil=7)
    (found,) = on_shells(rows)
    assert_allclose(found[:3], np.tile(V(rows.r_out), (3, 1)), atol=1e-5)  # wall
    assert_allclose(found[3:], np.tile(V(rows.r_out), (3, 1)), atol=1e-3)  # exp


def test_single_hadrons_and_their_excited_states():
    d = make(noise=0.0, hadron_noise=0.0, n_configurations=2, excited=(0.7, 0.25))
    for C, mass in ((d.C_N, 0.5), (d.C_M, 0.8)):
        expected = np.exp(-mass * d.t) * (1 + 0.7 * np.exp(-0.25 * d.t))
        assert_allclose(C["exp"], np.tile(expected, (2, 1)), rtol=1e-13)
    assert d.reduced_mass == pytest.approx(MU)


def test_identical_hadrons_have_one_correlator():
    d = make(masses=0.5, n_configurations=4)
    assert d.C_M is None
    assert d.masses == 0.5
    assert_array_equal(make(masses=0.5, n_configurations=4).C_NM["wall"], d.C_NM["wall"])
    other = make(masses=0.5, n_configurations=4, random_state=1)
    assert not np.array_equal(other.C_NM["wall"], d.C_NM["wall"])


def test_noise_has_its_size_and_its_correlations():
    """4000 configurations: variances within 4 errors of 2 %, correlations within 0.05."""
    n = 4000
    d = make(n_configurations=n, noise=1e-4, hadron_noise=2e-4, noise_time=1.5, noise_range=1.2)
    xi = d.C_N["wall"] / (np.exp(-0.5 * d.t) * (1 + 0.3 * np.exp(-0.5 * d.t))) - 1
    assert_allclose(xi.std(axis=0) / np.sqrt(n), 2e-4, rtol=0.05)
    expected = np.exp(-np.abs(d.t[:, np.newaxis] - d.t) / 1.5)
    assert_allclose(np.corrcoef(xi.T), expected, atol=0.07)
    R = d.C_NM["exp"] / (d.C_N["exp"] * d.C_M["exp"])[..., np.newaxis]
    size = np.maximum(np.abs(d.R["exp"]), 0.03 * np.abs(d.R["exp"]).max(axis=1, keepdims=True))
    eta = (R - d.R["exp"]) / (size * np.sqrt(n))
    assert_allclose(eta.std(axis=0), 1e-4, rtol=0.06)
    assert_allclose(np.corrcoef(eta[:, :, 7].T), expected, atol=0.07)
    near, far = d.wedge.index([[3, 1, 1], [3, 2, 1], [5, 5, 5]])[1:]
    points = np.corrcoef(eta[:, 3][:, [int(d.wedge.index([3, 1, 1])), near, far]].T)
    assert points[0, 1] > 0.6
    assert abs(points[0, 2]) < 0.07
    independent = make(n_configurations=n, noise_time=0.0, noise_range=0.0)
    white = independent.C_N["wall"]
    assert abs(np.corrcoef(white.T)[0, 1]) < 0.06


def test_the_smoothing_is_a_gaussian():
    """The noise of two sites far from their images is correlated as e^{−d²/4ℓ²}."""
    d = make(L=14, n_configurations=3000, noise_range=1.5, hadron_noise=0.0, sources=["wall"])
    eta = d.C_NM["wall"] / (d.C_N["wall"] * d.C_M["wall"])[..., np.newaxis] - d.R["wall"]
    a, b = d.wedge.index([[5, 3, 1], [6, 3, 1]])
    correlation = np.corrcoef(eta[:, 0, a], eta[:, 0, b])[0, 1]
    # images of a site are two sites away at least; sums of neighbours change little
    assert correlation == pytest.approx(np.exp(-1 / (4 * 1.5**2)), abs=0.05)


def test_pulls_of_the_potential_from_raw_correlators():
    """30 sets of unequal masses, all the way: z of V(r) has unit width on inner shells."""
    z = []
    for seed in range(30):
        d = make(
            random_state=seed, noise=2e-4, hadron_noise=1e-3, excited=(0.0, 1.0), times=range(6, 17)
        )
        C_NM, C_N, C_M = (
            {source: jackknife_samples(values, bin_size=4) for source, values in C.items()}
            for C in (d.C_NM, d.C_N, d.C_M)
        )
        masses = tuple(
            fit_mass(C["wall"], window=(1, 9), kind="jackknife") for C in (C_N, C_M)
        )  # fmt: skip
        c = two_hadron_ratio(
            C_NM, C_N, C_M, t=d.t, wedge=d.wedge, kind="jackknife", masses=masses, bin_size=4
        )  # fmt: skip
        rows = lattice_rows(c, times=[11], r_max=4.0, sources=["wall"])
        truth = lattice_rows(exact_record(d), times=[11], r_max=4.0, sources=["wall"])
        shells, exact = on_shells(rows), on_shells(truth)[0]
        assert_allclose(exact[0], V(rows.r_out), atol=1e-4)  # the time stencil
        z.append(((shells.mean(axis=0) - exact) / standard_error(shells, "jackknife"))[0])
    assert 0.85 < np.std(z) < 1.25
    assert np.abs(np.mean(z, axis=0)).max() < 4 * 1.1 / np.sqrt(30)


def test_the_true_phase_shifts_come_with_the_data():
    from halkit.scattering import phase_shift

    d = make(n_configurations=2, k=[0.1, 0.3])
    assert_allclose(d.phase_shift, phase_shift(V, [0.1, 0.3], reduced_mass=MU), atol=1e-10)
    assert (d.wedge, d.interaction) == (Wedge(10), V)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": [1.5, 2.5, 3.5]}, "times must be three consecutive integers at least, got"),
        ({"times": [4, 6, 8]}, "times must be three consecutive integers"),
        ({"times": [0, 1, 2]}, "times must be one axis of times > 0"),
        ({"sources": ["point"]}, "sources must be among"),
        ({"n_configurations": 1}, "n_configurations must be an integer ≥ 2"),
        ({"n_states": 30}, "n_states must be at most 14 for L = 10, got 30"),
        ({"noise": -1.0}, "noise must be a finite number ≥ 0"),
        ({"noise_time": -1.0}, "noise_time must be"),
        ({"noise_range": -1.0}, "noise_range must be"),
        ({"excited": (0.3, 0.0)}, "excited must be a finite number > 0"),
        ({"excited": 0.3}, r"excited must have shape \(2,\)"),
        ({"masses": (0.5, -0.8)}, "masses must be"),
        ({"k": [0.0]}, "k must be positive"),
        ({"L": 1}, "L must be an integer ≥ 2"),
    ],
)
def test_bad_input(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_interactions_that_a_lattice_cannot_have():
    options = {"L": 8, "times": range(4, 8), "masses": 0.5}
    with pytest.raises(ValueError, match=r"V\(r\) must be finite on the lattice"):
        make_lattice_correlators(Yukawa(-1.0, 0.5), **options)
    with pytest.raises(ValueError, match=r"the interaction binds with k² = .*, too deep"):
        make_lattice_correlators(GaussianSum([-20.0], [0.1]), **options)
