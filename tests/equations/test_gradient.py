"""The derivative expansion: exact where it is exact, and the published V0 and V2."""

import numpy as np
import pytest

from halkit.correlators import load_correlators
from halkit.equations import lattice_rows, local_approximation
from halkit.interactions import Separable

R = np.linspace(0.1, 6.0, 120)
V0, V2 = -1.5 * np.exp(-(R**2)), 0.2 * np.exp(-R)
# Two functions with their Laplacians in closed form: j0(kr) and e^{−r²}.
WAVES = np.array([np.sinc(1.3 * R / np.pi), np.exp(-(R**2))])
LAPLACIANS = np.array([-(1.3**2) * WAVES[0], (4 * R**2 - 6) * WAVES[1]])
SOURCES = V0 * WAVES + V2 * LAPLACIANS


def test_one_sample_gives_the_quotient():
    V = local_approximation(WAVES[:1], SOURCES[:1]).V
    np.testing.assert_allclose(V, SOURCES[0] / WAVES[0], rtol=1e-12)


def test_two_samples_determine_the_next_order():
    result = local_approximation(WAVES, SOURCES, order=2, laplacian=LAPLACIANS)
    near = R < 2.5
    np.testing.assert_allclose(result.V0[near], V0[near], atol=1e-8)
    np.testing.assert_allclose(result.V2[near], V2[near], atol=1e-8)
    assert np.isnan(result.V0[R > 5.5]).all()  # e^{−r²} is lost beside j0


def test_laplacian_from_the_nodes():
    result = local_approximation(WAVES, SOURCES, R, order=2)
    near = R < 3
    np.testing.assert_allclose(result.V0[near], V0[near], atol=2e-4)
    np.testing.assert_allclose(result.V2[near], V2[near], atol=1e-4)


def test_more_samples_are_weighted_by_their_errors():
    bad = np.vstack([SOURCES, SOURCES[:1] + 1.0])
    sigma = np.ones_like(bad)
    sigma[2] = 1e6
    result = local_approximation(
        np.vstack([WAVES, WAVES[:1]]), bad, order=2, y_std=sigma,
        laplacian=np.vstack([LAPLACIANS, LAPLACIANS[:1]]),
    )  # fmt: skip
    near = R < 2
    np.testing.assert_allclose(result.V0[near], V0[near], atol=1e-6)


def test_bins_are_leading_axes():
    both = np.stack([SOURCES, 2 * SOURCES])
    result = local_approximation(
        np.stack([WAVES, WAVES]), both, order=2, laplacian=np.stack([LAPLACIANS, LAPLACIANS])
    )
    np.testing.assert_allclose(result.V0[1], 2 * result.V0[0], atol=1e-12)


def test_what_is_not_determined_is_nan():
    X = WAVES.copy()
    X[:, 7] = 0.0
    assert np.isnan(local_approximation(X, SOURCES).V[7])
    same = local_approximation(
        WAVES[[0, 0]], SOURCES[[0, 0]], order=2, laplacian=LAPLACIANS[[0, 0]]
    )
    assert np.isnan(same.V0).all()
    assert np.isnan(same.V2).all()


def test_leading_order_of_a_nonlocal_potential_depends_on_the_momentum():
    """V(r) = ω e^{−μr} ∫ 4πr'² e^{−μr'} φ / φ(r): closed form through the source."""
    toy, k = Separable(-0.017, 1.0), np.array([0.2, 0.9])
    X, y = (f(k, R, reduced_mass=3.3) for f in (toy.wave_function, toy.target))
    V = [local_approximation(X[i : i + 1], y[i : i + 1]).V for i in (0, 1)]
    assert np.abs(V[0] - V[1]).max() > 0.05
    np.testing.assert_allclose(V[0] * X[0], y[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": 1}, r"one of \[0, 2\], got 1"),
        ({"order": 2}, "nodes r"),
        ({"order": 2, "laplacian": WAVES[:1]}, "laplacian must have shape"),
        ({"y_std": -WAVES}, "positive"),
        ({"X": WAVES[0]}, "one shape"),
        ({"X": WAVES[:1], "y": SOURCES[:1], "order": 2, "laplacian": WAVES[:1]}, "two samples"),
        ({"X": WAVES * np.nan}, "finite"),
    ],
)
def test_bad_input(settings, message):
    with pytest.raises(ValueError, match=message):
        local_approximation(**{"X": WAVES, "y": SOURCES, **settings})


@pytest.mark.data
def test_published_next_order_potentials(data_dir):
    """ΞΞ(¹S₀), t = 13, L = 64: V0 and V2 beside the fits of Iritani et al., PRD 99, 014514."""
    correlators = load_correlators(data_dir / "xixi_1s0_rcorr.npz", lattice="L64")
    rows = lattice_rows(correlators, times=[13], sources=["wall", "exp"], r_max=12.0)
    n_out = len(rows.r_out)
    result = local_approximation(
        rows.data[..., :n_out], rows.target, order=2, laplacian=rows.laplacian
    )
    r = rows.r_out
    c0, b0 = np.array([
        [1.142582133, 0.9332450236], [0.4244801922, 0.235795939],
        [0.2414666403, 0.07875819054], [-0.03005392845, 0.009106600587],
    ]).T  # fmt: skip
    q = np.array([-0.5291468838, 0.07574915359, 2.19533289, -0.1091349848, 0.2177105974,
                  7.024952783])  # fmt: skip
    published = {
        "V0": np.exp(-np.outer(r**2, b0)) @ c0,
        "V2": q[0] * np.exp(-q[1] * (r - q[2]) ** 2) + q[3] * np.exp(-q[4] * (r - q[5]) ** 2),
    }
    window = (r > 3.5) & (r < 8)
    for name, fit in published.items():
        bins = result[name][:, window]
        error = np.sqrt(len(bins) - 1) * bins.std(axis=0)
        pulls = (bins.mean(axis=0) - fit[window]) / error
        assert np.sqrt(np.mean(pulls**2)) < 1.5


@pytest.mark.parametrize("size", [1e-170, 1e-85, 1e80, 1e150])
def test_the_size_of_the_samples_does_not_matter(size):
    """Neither squares nor products of four run out of digits."""
    for order, names in ((0, ["V"]), (2, ["V0", "V2"])):
        plain = local_approximation(WAVES, SOURCES, order=order, laplacian=LAPLACIANS)
        scaled = local_approximation(
            size * WAVES, size * SOURCES, order=order, laplacian=size * LAPLACIANS
        )
        for name in names:
            np.testing.assert_allclose(scaled[name], plain[name], rtol=1e-6, atol=1e-12)
