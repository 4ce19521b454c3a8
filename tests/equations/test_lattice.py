"""Rows of lattice correlators: exact on the lattice for every U(|r|, |r'|), and the real data."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq

from halkit.correlators import Correlators
from halkit.equations import lattice_rows, time_derivatives
from halkit.radial import Wedge

MASS = 0.8


def potential(r, r_prime):
    return -2e-4 * np.exp(-((r - r_prime) ** 2) / 8 - (r + r_prime) / 3)


def lattice_states(wedge):
    """Return k² and the states of −∇²/m + U on the L³ lattice, in the wedge."""
    n = len(wedge.xyz)
    r = np.sqrt(wedge.distance_squared)
    H = -wedge.laplacian(np.eye(n)).T / MASS
    H = H + potential(r[:, np.newaxis], r) * wedge.multiplicities
    root = np.sqrt(wedge.multiplicities)
    energy, states = np.linalg.eigh(root[:, np.newaxis] * H / root)
    return energy, states.T / root


def decay(energy):
    """Return ΔW for which the seven-point stencils give −∂t + ∂t²/4m = E exactly."""

    def excess(delta_w):
        first, second, _ = time_derivatives(np.exp(-delta_w * np.arange(-3, 4)), points=7)
        return second[0] / (4 * MASS) - first[0] - energy

    return brentq(excess, -0.5, 1.0, xtol=1e-15)


@pytest.fixture(scope="module")
def correlators():
    """Two sources of five bins, made of lattice states: the equation holds to rounding."""
    wedge, t, random = Wedge(12), np.arange(4, 15), np.random.default_rng(0)
    energy, states = lattice_states(wedge)
    delta_w = [decay(E) for E in energy[:4]]
    R = {}
    for name in ("wall", "exp"):
        a = random.uniform(0.5, 1.0, 4) * (1 + 1e-3 * random.standard_normal((5, 4)))
        R[name] = np.einsum("bn,tn,nx->tbx", a, np.exp(-np.outer(t, delta_w)), states[:4])
    return Correlators(R=R, t=t, hadron_mass=MASS, wedge=wedge, kind="jackknife", units="lattice")


def test_the_equation_holds_on_shells(correlators):
    rows = lattice_rows(correlators, times=[9], sources=["wall", "exp"], r_max=4.0, r_prime_max=6.0)
    assert rows.stencil == 7
    wedge = correlators.wedge
    everywhere = wedge.shell_weights * potential(rows.r_out[:, np.newaxis], wedge.shell_r)
    for i, source in enumerate(("wall", "exp")):
        whole = wedge.to_shells(correlators.R[source][5])
        size = whole[:, :1] / rows.data[:, i, :1]
        assert_allclose(rows.target[:, i] * size, whole @ everywhere.T, rtol=1e-9)


def test_rows_shells_and_labels(correlators):
    rows = lattice_rows(correlators, times=[7, 8], sources=["exp", "wall"], r_max=3.0)
    assert list(rows.labels) == [("exp", 7), ("exp", 8), ("wall", 7), ("wall", 8)]
    assert rows.stencil == 7
    squared = np.rint(rows.r**2).astype(int)
    assert_array_equal(squared[:10], [0, 1, 2, 3, 4, 5, 6, 8, 9, 10])
    assert_array_equal(rows.weights[:10], [1, 6, 12, 8, 6, 24, 24, 12, 30, 24])
    assert rows.r[-1] == 6.0
    assert rows.r_out[-1] == 3.0
    assert rows.data.shape == (5, 4, rows.r.size)
    assert rows.target.shape == (5, 4, rows.r_out.size)
    assert rows.sigma.shape == (4, rows.r_out.size)
    weights = rows.weights[: rows.r_out.size]
    means = np.average(rows.data.mean(axis=0)[:, : rows.r_out.size], axis=1, weights=weights)
    assert_allclose(np.abs(means), 1.0, rtol=1e-12)


def test_one_constant_per_row_leaves_the_ratio(correlators):
    rows = lattice_rows(correlators, times=[8], sources=["wall"], r_max=4.0, stencil=3)
    R = correlators.R["wall"][3:6]
    wedge = correlators.wedge
    y = (R[2] - 2 * R[1] + R[0]) / (4 * MASS) - (R[2] - R[0]) / 2 + wedge.laplacian(R[1]) / MASS
    n = rows.r_out.size
    ratio = wedge.to_shells(y)[:, :n] / wedge.to_shells(R[1])[:, :n]
    assert_allclose(rows.target[:, 0] / rows.data[:, 0, :n], ratio, rtol=1e-10)
    error = np.sqrt(4) * ratio.std(axis=0) * np.abs(rows.data[:, 0, :n].mean(axis=0))
    assert_allclose(rows.sigma[0], error, rtol=1e-9)


def test_a_common_normalisation_is_no_error(correlators):
    factors = np.linspace(0.9, 1.1, 5)[:, np.newaxis]
    same = {"wall": np.repeat(correlators.R["wall"][:, :1], 5, axis=1) * factors}
    rows = lattice_rows(replace(correlators, R=same), times=[8], sources=["wall"], r_max=4.0)
    assert np.all(rows.sigma < 1e-13)
    assert np.all(rows.target.std(axis=0)[0, 1:5] > 1e-5)


def test_one_stencil_for_all_rows(correlators):
    points = {
        t: lattice_rows(correlators, times=sorted({9, t}), sources=["wall"], r_max=3.0).stencil
        for t in (5, 6, 7, 9, 11, 12, 13)
    }
    assert points == {5: 3, 6: 5, 7: 7, 9: 7, 11: 7, 12: 5, 13: 3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": [4]}, r"times must be among \[5, .*, 13\], got 4"),
        ({"times": [7.5]}, "times must be among .* got 7.5"),
        ({"times": []}, "times must be at least one of"),
        ({"times": [5], "stencil": 5}, "stencil of 5 points does not fit around all times"),
        ({"times": [5], "stencil": 6}, 'stencil must be "auto", "designed", 3, 5 or 7, got 6'),
        ({"sources": ["smeared"]}, r"must be among \['wall', 'exp'\], got 'smeared'"),
        ({"sources": []}, "sources must be at least one of"),
        ({"times": [8, 8]}, r"times must be .*, each once, got \[8, 8\]"),
        ({"sources": ["wall", "wall"]}, "sources must be .* each once, got .*'wall', 'wall'"),
        ({"r_max": 7.0}, "r_max <= r_prime_max <= L/2 = 6"),
        ({"r_max": 4.0, "r_prime_max": 3.0}, "got r_max = 4 and r_prime_max = 3"),
    ],
)
def test_what_the_correlators_do_not_have_is_refused(correlators, options, message):
    options = {"times": [8], "sources": ["wall"], "r_max": 3.0, **options}
    with pytest.raises(ValueError, match=message):
        lattice_rows(correlators, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": 8}, "times must be a sequence of some of .* got 8"),
        ({"sources": "wall"}, r"sources must be a sequence of some of \['wall', .* got 'wall'"),
        ({"sources": 1}, "sources must be a sequence of some of .* got 1"),
    ],
)
def test_one_time_or_source_is_no_sequence(correlators, options, message):
    options = {"times": [8], "sources": ["wall"], "r_max": 3.0, **options}
    with pytest.raises(TypeError, match=message):
        lattice_rows(correlators, **options)


def test_correlators_that_are_not_of_a_lattice_are_refused(correlators):
    options = {"times": [8], "sources": ["wall"], "r_max": 3.0}
    message = r"must be a Correlators, got a dict: .*load_correlators reads one.*R=\.\.\., \.\.\.\)"
    with pytest.raises(TypeError, match=message):
        lattice_rows(dict(correlators.R), **options)
    radial = replace(correlators, wedge=None, L=None, r=np.arange(1.0, 85.0))
    with pytest.raises(ValueError, match=r"wedge of a lattice, got radial nodes: .*radial_rows"):
        lattice_rows(radial, **options)
    with pytest.raises(ValueError, match=r"units must be 'lattice' on a wedge.* got 'fm'"):
        lattice_rows(replace(correlators, units="fm"), **options)


def test_a_single_bin_has_no_error(correlators):
    one = {"wall": correlators.R["wall"][:, :1]}
    with pytest.raises(ValueError, match="at least 2 jackknife bins, got 1"):
        lattice_rows(replace(correlators, R=one), times=[8], sources=["wall"], r_max=3.0)


KINDS = ["jackknife", "bootstrap"]


def test_errors_of_each_kind_of_bins(correlators):
    """Of the same bins, bootstrap errors are jackknife errors times sqrt(N)/(N − 1)."""
    options = {"times": [8], "sources": ["wall"], "r_max": 3.0}
    rows = {k: lattice_rows(replace(correlators, kind=k), **options) for k in KINDS}
    assert [row.kind for row in rows.values()] == KINDS
    jackknife, bootstrap = (row.sigma for row in rows.values())
    assert_allclose(lattice_rows(correlators, **options).sigma, jackknife)
    assert_allclose(bootstrap, jackknife * np.sqrt(5) / 4, rtol=1e-12)
    with pytest.raises(ValueError, match="got 'configs': average single configurations"):
        lattice_rows(replace(correlators, kind="configs"), **options)


def test_two_bins_have_an_error(correlators):
    """The jackknife error of y/R of two bins is half their difference."""
    two = replace(correlators, R={s: R[:, :2] for s, R in correlators.R.items()})
    options = {"times": [8], "sources": ["wall"], "r_max": 3.0}
    rows = lattice_rows(two, **options)
    keep = np.isin(rows.r, rows.r_out)
    ratio = rows.target[:, 0] / rows.data[:, 0][:, keep]
    expected = np.abs(rows.data[:, 0][:, keep].mean(axis=0)) * np.abs(ratio[1] - ratio[0]) / 2
    assert_allclose(rows.sigma[0], expected, rtol=1e-9)


def test_unequal_masses_on_the_lattice(correlators):
    """The rows of a pair of masses are the series in ∂t with its μ and δ, bin by bin."""
    m1, m2 = 0.6, 1.1
    rows = lattice_rows(
        replace(correlators, hadron_mass=(m1, m2)),
        times=[8, 9], sources=["wall", "exp"], r_max=4.0, stencil=7,
    )  # fmt: skip
    mu, delta, wedge, n = m1 * m2 / (m1 + m2), (m1 - m2) / (m1 + m2), correlators.wedge, 0
    for source in ("wall", "exp"):
        for at in (4, 5):
            R = correlators.R[source][at - 3 : at + 4]
            d1, d2, d3 = (d[0] for d in time_derivatives(R, points=7))
            y = -d1 + (1 + 3 * delta**2) / (8 * mu) * d2 + wedge.laplacian(R[3]) / (2 * mu)
            y = wedge.to_shells(y + delta**2 * (1 - delta**2) / (8 * mu**2) * d3)
            ratio = (y / wedge.to_shells(R[3]))[:, : rows.r_out.size]
            assert_allclose(rows.target[:, n] / rows.data[:, n, : rows.r_out.size], ratio)
            error = np.sqrt(4) * ratio.std(axis=0) * np.abs(rows.data[:, n].mean(axis=0))[
                : rows.r_out.size
            ]  # fmt: skip
            assert_allclose(rows.sigma[n], error, rtol=1e-8)
            n += 1


def with_bins_first(correlators):
    return {name: np.moveaxis(R, 1, 0) for name, R in correlators.R.items()}


def with_fewer_bins(correlators):
    R = correlators.R
    return {"wall": R["wall"], "exp": R["exp"][:, :3]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_bins_first, r"R\['wall'\] must have shape .* = \(11, n_bins, 84\)"),
        (with_fewer_bins, r"R\['exp'\] must have shape .* = \(11, 5, 84\).*got \(11, 3, 84\)"),
        (lambda c: {"wall": c.R["wall"][:-1]}, r"got \(10, 5, 84\)"),
        (lambda c: {"wall": c.R["wall"][..., :-1]}, r"got \(11, 5, 83\)"),
        (lambda c: {"wall": c.R["wall"][:, 0]}, r"got \(11, 84\)"),
    ],
)
def test_axes_that_do_not_fit_are_refused(correlators, change, message):
    with pytest.raises(ValueError, match=message):
        replace(correlators, R=change(correlators))
