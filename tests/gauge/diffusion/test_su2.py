"""Diffusion of SU(2) plaquettes: its own density, exactness at every coupling, what was learned."""

import io
import pickle

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import GridSearchCV
from skops.io import dumps, get_untrusted_types, loads

from halkit import load, save
from halkit.datasets import make_su2_configurations
from halkit.gauge import (
    SU2,
    SU2DiffusionSampler,
    exact_wilson_loop,
    sample_report,
    wilson_loop,
)
from halkit.gauge.diffusion.configurations import effective_size, log_prob
from halkit.gauge.diffusion.force import plaquette_force
from halkit.gauge.diffusion.plaquettes import plaquette_chain
from halkit.gauge.theory.quaternion import haar
from halkit.gauge.theory.spaces import QUATERNIONS
from halkit.gauge.theory.su2 import gauge_rotation


@pytest.fixture(scope="module")
def model():
    """Learned from 4000 configurations at β = 1, L = 8."""
    return SU2DiffusionSampler(beta=1.0).fit(make_su2_configurations(4000, 8, 1.0, random_state=0))


@pytest.mark.parametrize("beta", [0.0, 0.3, 2.0, 16.0, 100.0])
def test_draws_have_the_density_that_the_chain_knows(beta):
    """Histogram of 60 bins of equal probability; normalisation; the mean plaquette by design."""
    n_steps = 6 if beta < 30 else 9
    chain, n = plaquette_chain((beta,), beta, n_steps, QUATERNIONS), 60_000
    P, weight = chain.points()
    g = np.exp(chain.log_density(P))
    assert weight @ g == pytest.approx(1, abs=1e-6)
    half = np.concatenate([[0], np.cumsum((g * weight)[1:] + (g * weight)[:-1])])
    edges = np.interp(np.linspace(0, half[-1], 61), half, P)
    edges[[0, -1]] = 0, np.pi
    counts, _ = np.histogram(chain.draw(n, np.random.default_rng(1)), edges)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert weight @ (g * np.cos(P)) == pytest.approx(exact_wilson_loop(1, SU2(beta)), abs=1e-7)


def test_an_action_with_two_harmonics_can_be_drawn_and_learned():
    harmonics = (2.0, -0.8, 0.3)
    chain = plaquette_chain(harmonics, 8.0, 40, QUATERNIONS)
    P, weight = chain.points()
    f = np.exp(sum(b * np.cos(k * P) for k, b in enumerate(harmonics, 1)))
    f /= weight @ f
    assert weight @ np.abs(np.exp(chain.log_density(P)) - f) < 0.1
    x = np.random.default_rng(0).choice(P, (3000, 100), p=f * weight / (f @ weight))
    assert plaquette_force(x) == pytest.approx(harmonics, abs=0.03)


@pytest.mark.parametrize(("beta", "shape"), [(0.5, (4, 4)), (2.0, (2, 2)), (8.0, (3, 5))], ids=str)
def test_score_matching_finds_the_coupling(beta, shape):
    """Within 4 errors of the likeliest coupling, at most 1.5 times as large here."""
    n = 3000
    a = plaquette_force(make_su2_configurations(n, shape, beta, random_state=3))
    error = 1.5 * max(beta, 2.0) * np.sqrt(2 / 3 / (n * (np.prod(shape) - 1)))
    assert abs(a[0] - beta) < 4 * error
    assert not a[1:].any()


@pytest.mark.parametrize(
    ("beta", "size", "n"),
    [(1.0, 8, 1000), (2.0, 8, 1000), (8.0, 8, 1000), (16.0, 8, 1000), (1.0, 16, 300),
     (16.0, 16, 300), (500.0, (4, 6), 60)],
)  # fmt: skip
def test_rejection_is_exact_at_every_coupling(model, beta, size, n):
    links = model.sample(n, beta=beta, lattice_size=size, random_state=5)
    report = model.sample_report(links, beta)
    assert len(report.rows) == 3 if size != (4, 6) else 2
    assert all(abs(row.z) < 3.5 for row in report.rows), str(report)
    assert report.plaquette_acceptance > 0.95
    assert report.ess > 0.95
    assert "SU2, beta" in str(report)
    assert "charges" not in str(report)


def test_own_density_is_that_of_raw_draws():
    """⟨f/(Z p)⟩ = 1 over raw draws, and its spread is the effective size in closed form."""
    wrong = SU2DiffusionSampler(beta=1.0)
    with pytest.warns(UserWarning, match="beta must be the coupling"):
        wrong.fit(make_su2_configurations(1000, 4, 1.3, random_state=0))
    beta, n, theory = 3.0, 3000, SU2(3.0)
    links = wrong.sample(n, beta=beta, lattice_size=3, correction=None, random_state=1)
    log_w = -theory.action(links) - 9 * theory.log_norm - np.log(theory.partition(9))
    weight = np.exp(log_w - wrong.log_prob(links, beta))
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(n)
    ess = weight.mean() ** 2 / (weight**2).mean()
    assert ess == pytest.approx(effective_size(wrong._chain(beta), theory, (3, 3)), abs=0.05)
    assert ess < 0.9
    report = wrong.sample_report(wrong.sample(1000, beta=beta, random_state=2), beta)
    assert all(abs(row.z) < 3.5 for row in report.rows), str(report)


def test_density_is_gauge_invariant_and_score_prefers_the_truth(model):
    X = make_su2_configurations(500, 8, 1.0, random_state=8)
    turned = gauge_rotation(X, haar((500, 8, 8), np.random.default_rng(0)))
    assert np.allclose(model.log_prob(turned), model.log_prob(X))
    theory = SU2(1.0)
    exact = -theory.action(X) - 64 * theory.log_norm - np.log(theory.partition(64))
    assert exact.mean() / 128 - 1e-4 < model.score(X) < exact.mean() / 128 + 1e-6
    other = plaquette_chain((1.5,), 1.5, 6, QUATERNIONS)
    assert log_prob(other, X).mean() / 128 < model.score(X) - 0.01


def test_raw_loops_are_close(model):
    links = model.sample(1000, beta=8.0, correction=None, random_state=4)
    loops = wilson_loop(links, 1, 1)
    bias = loops.mean() / exact_wilson_loop(1, SU2(8.0), (8, 8)) - 1
    assert abs(bias) < 0.002 + 3 * loops.std() / np.sqrt(1000)


def test_rows_search_and_open_boundaries(model):
    X = make_su2_configurations(120, 3, 2.0, random_state=0).reshape(120, -1)
    one = SU2DiffusionSampler(beta=2.0).fit(X)
    assert one.lattice_shape_ == (3, 3)
    assert one.n_features_in_ == 72
    assert one.sample_report(X).lattice_shape == (3, 3)
    search = GridSearchCV(SU2DiffusionSampler(beta=2.0), {"n_harmonics": [1, 2]}, cv=2).fit(X)
    assert np.isfinite(search.best_score_)
    angles = one._theory(2.0).class_angle(X.reshape(-1, 2, 3, 3, 4)).reshape(120, -1)
    plane = SU2DiffusionSampler(beta=2.0).fit(np.vstack([angles, -angles]))
    assert plane.lattice_shape_ is None
    drawn = plane.sample(3000, beta=8.0, random_state=0)
    assert drawn.shape == (3000, 9)
    loops = np.cos(drawn)
    exact = exact_wilson_loop(1, SU2(8.0))
    assert abs(loops.mean() - exact) < 4 * loops.std() / np.sqrt(loops.size)
    assert plane.sample(2, correction=None, random_state=0).shape == (2, 9)
    assert np.isfinite(plane.score(angles))
    with pytest.raises(ValueError, match="lattice_size must be None"):
        plane.sample(2, lattice_size=4)
    with pytest.raises(ValueError, match="must know its lattice"):
        plane.log_prob(X)


def test_what_is_refused(model):
    with pytest.raises(ValueError, match="X must have shape"):
        model.fit(np.zeros((2, 2, 4, 4)))
    with pytest.raises(ValueError, match="X must be unit quaternions"):
        SU2DiffusionSampler(lattice_shape=(2, 2)).fit(np.ones((3, 32)))
    links = make_su2_configurations(5, (2, 3), 1.0, random_state=0)
    with pytest.raises(ValueError, match="got unit quaternions: give them as"):
        SU2DiffusionSampler().fit(links.reshape(5, -1))
    with pytest.raises(ValueError, match="beta must be at most 10000"):
        model.sample(1, beta=1e5)
    with pytest.raises(ValueError, match="n_steps"):
        model.sample(1, beta=1e4, n_steps=6, random_state=0)
    with pytest.raises(ValueError, match="correction must be"):
        model.sample(1, correction="hmc")
    zero = SU2DiffusionSampler(beta=0.0).fit(make_su2_configurations(50, 2, 0.0, random_state=0))
    assert zero.sample(2, random_state=0).shape == (2, 2, 2, 2, 4)
    with pytest.raises(ValueError, match="beta=0 has no score"):
        zero.sample(1, beta=1.0)
    assert model.harmonics_ == pytest.approx([1, 0, 0], abs=0.02)


def test_files_keep_a_fit(model, tmp_path):
    draw = {"n_samples": 3, "beta": 2.0, "lattice_size": (2, 3), "random_state": 1}
    expected, file = model.sample(**draw), dumps(model)
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    save(model, tmp_path / "model")
    for copy in (
        loads(file, trusted=get_untrusted_types(data=file)), joblib.load(buffer),
        pickle.loads(pickle.dumps(model)), load(tmp_path / "model"),
    ):  # fmt: skip
        assert np.array_equal(copy.sample(**draw), expected)
    assert sample_report(expected, SU2(2.0)).n_samples == 3
