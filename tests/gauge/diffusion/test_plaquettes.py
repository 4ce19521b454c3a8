"""Noise on plaquettes: exactness, the sampler's own density, independence, and what it proves."""

import threading

import numpy as np
import pytest
from scipy import stats
from scipy.special import ive
from sklearn.model_selection import GridSearchCV

from halkit.gauge import (
    U1DiffusionSampler,
    action,
    exact_log_prob,
    exact_susceptibility,
    exact_wilson_loop,
    flux_links,
    gauge_transform,
    plaquette,
    polyakov_loop,
    sample_exact,
    sample_report,
    susceptibility,
    topological_charge,
    wilson_loop,
    wrap,
)
from halkit.gauge.diffusion.configurations import effective_size, log_prob, plaquette_acceptance
from halkit.gauge.diffusion.force import plaquette_force
from halkit.gauge.diffusion.plaquettes import log_density, noise_variances, plaquette_chain

COUPLINGS = [0.0, 0.3, 1.0, 3.0, 7.0, 11.0, 20.0, 1e3, 1e8]


def loss(chain):
    """⟨1 − cos P⟩ of the chain's own density."""
    P, weight = chain.points()
    return float(weight @ (np.exp(chain.log_density(P)) * 2 * np.sin(P / 2) ** 2))


def exact_loss(beta):
    return float(1 - exact_wilson_loop(1, beta, (64, 64)))


@pytest.fixture(scope="module")
def model():
    """Learned from 2000 configurations at β = 1, L = 16, in closed form."""
    X = sample_exact(2000, 1.0, (16, 16), random_state=0)
    return U1DiffusionSampler(network="plaquette", random_state=0).fit(X)


@pytest.fixture(scope="module")
def wrong():
    """Told β0 = 1, but trained on uniform links, and on links of β = 1.5."""
    models = []
    for beta in (0.0, 1.5):
        X = sample_exact(2000, beta, (8, 8), random_state=0)
        with pytest.warns(UserWarning, match="beta must be the coupling"):
            models.append(U1DiffusionSampler(network="plaquette", random_state=0).fit(X))
    return models


# One plaquette


@pytest.mark.parametrize("beta", COUPLINGS)
def test_draws_have_the_density_that_the_chain_knows(beta):
    """Histogram of 80 bins of equal probability; normalisation; the first two cosines."""
    chain, n = plaquette_chain((beta,), beta, 6), 100_000
    P, weight = chain.points()
    g = np.exp(chain.log_density(P))
    assert weight @ g == pytest.approx(1, abs=1e-9)
    draws = chain.draw(n, np.random.default_rng(1))
    half = np.concatenate([[0], np.cumsum((g[1:] + g[:-1]) / 2)])
    edges = np.interp(np.linspace(0, half[-1], 41), half, P)
    counts, _ = np.histogram(draws, np.concatenate([-edges[:0:-1], edges]))
    assert stats.chisquare(counts).pvalue > 1e-3
    for k in (1, 2):
        values = np.sin(k * chain.scale * draws / 2) ** 2
        mean = weight @ (g * np.sin(k * chain.scale * P / 2) ** 2)
        assert abs(values.mean() - mean) < 4 * values.std() / np.sqrt(n)


@pytest.mark.parametrize("beta", COUPLINGS[1:])
def test_many_steps_lead_to_the_action(beta):
    """The only error is that steps are Gaussian: 0.5 % of 1 − W at 50 steps, less at 200."""
    errors = [
        abs(loss(plaquette_chain((beta,), beta, n)) / exact_loss(beta) - 1) for n in (6, 50, 200)
    ]
    assert errors[0] > 10 * errors[1]
    assert errors[1] < 0.006
    assert errors[2] < 0.002


def test_the_density_keeps_its_tails():
    """Where harmonics lose all digits, at e^{−40} of the peak, it follows the action."""
    chain = plaquette_chain((20.0,), 20.0, 50)
    P = np.array([2.0, 3.0, np.pi])
    exact = log_density(P, (20.0,)) - np.log(2 * np.pi * ive(0, 20.0))
    assert np.abs(chain.log_density(P) - exact).max() < 2


def test_noise_falls_below_the_width():
    levels = noise_variances(6, 7.0)
    assert levels[0] == pytest.approx(9)
    assert levels[-1] == pytest.approx(0.2 / 7)
    assert np.allclose(np.diff(np.cbrt(levels), 2), 0)


@pytest.mark.parametrize("harmonics", [(0.7, -0.4, 0.2), (-2.0,), (0.0, 3.0), (5.0, -1.0, 0.5)])
def test_any_action_can_be_drawn(harmonics):
    """Also with two wells, or a well at π."""
    chain = plaquette_chain(harmonics, sum(k**2 * abs(b) for k, b in enumerate(harmonics, 1)), 200)
    P, weight = chain.points()
    f = np.exp(log_density(P, harmonics))
    g, f = np.exp(chain.log_density(P)), f / (weight @ f)
    assert weight @ np.abs(g - f) < 0.03
    values = np.cos(chain.draw(20_000, np.random.default_rng(0)))
    mean = weight @ (g * np.cos(P))
    assert abs(values.mean() - mean) < 4 * values.std() / np.sqrt(20_000)


def test_an_action_that_is_too_narrow_is_refused():
    with pytest.raises(ValueError, match=r"coupling 1e\+06 where beta is 1, too narrow to draw"):
        plaquette_chain((1e6,), 1.0, 6)


# What is learned


@pytest.mark.parametrize("shape", [(8, 8), (2, 5), (2, 2)], ids=str)
@pytest.mark.parametrize("beta", [0.5, 2.0, 20.0])
def test_score_matching_finds_the_coupling(beta, shape):
    """Within 4 errors of the maximum-likelihood estimate, at most 1.5 times as large here."""
    n = 4000
    a = plaquette_force(sample_exact(n, beta, shape, random_state=3))
    error = 1.5 * max(beta, 1.0) * np.sqrt(2 / (n * (np.prod(shape) - 1)))
    assert abs(a[0] - beta) < 4 * error
    assert not a[1:].any()


def test_an_action_with_two_harmonics_is_learned():
    """Plaquettes of e^{cos P + 0.4 cos 2P}, closed as those of the model are."""
    rng = np.random.default_rng(0)
    P = rng.uniform(-np.pi, np.pi, 2_000_000)
    P = P[rng.random(len(P)) < np.exp(np.cos(P) + 0.4 * np.cos(2 * P) - 1.4)][: 64 * 6000]
    P = P.reshape(-1, 8, 8)
    theta = np.zeros((len(P), 2, 8, 8))
    theta[:, 0, :, 1:] = -np.cumsum(P[:, :, :-1], axis=2)
    theta[:, 1, 1:, -1] = np.cumsum(P.sum(axis=2), axis=1)[:, :-1]
    theta = wrap(theta)
    P = plaquette(theta)
    assert np.cos(2 * P).mean() > 0.25  # 0.11 at β = 1
    a = plaquette_force(theta)
    assert np.abs(a - [1.0, 0.4, 0.0]).max() < 0.04


def test_every_network_has_the_force(fitted, model):
    for one in (fitted, model):
        assert np.abs(one.harmonics_ - [1, 0, 0]).max() < 0.02
    assert model.history_ == []
    assert model.n_iter_ == 0


@pytest.mark.parametrize(
    ("beta", "limit"), [(1, 1e-2), (3, 1e-2), (5, 1e-3), (7, 1e-3), (20, 1e-3)]
)
def test_raw_plaquettes_of_every_coupling(fitted, model, beta, limit):
    """From the chains' own density; the links of the training know β0 to 0.3 and 0.1 %."""
    for one, known in ((fitted, 0.003), (model, 0.0015)):
        W = 1 - loss(one._chain(beta))
        exact = 1 - exact_loss(beta)
        slope = beta * (1 - exact / beta - exact**2) / exact
        assert abs(W / exact - 1) < limit + 3 * known * slope


# Raw configurations


@pytest.mark.parametrize(
    ("beta", "shape", "n"), [(1.0, (8, 8), 4000), (7.0, (16, 16), 2000), (11.0, (8, 8), 4000)]
)
def test_raw_configurations_have_the_charge(model, beta, shape, n):
    theta = model.sample(n, beta=beta, lattice_size=shape, correction=None, random_state=2)
    chi, exact = susceptibility(theta), exact_susceptibility(beta, shape)
    assert abs(chi.value / exact - 1) < 0.05 + 3 * chi.error / exact
    loops = wilson_loop(theta, 1, 1)
    bias = loops.mean() / exact_wilson_loop(1, beta, shape) - 1
    assert abs(bias) < 0.01 + 3 * loops.std() / np.sqrt(n)
    phases = [polyakov_loop(theta, mu)[:, 0] for mu in (0, 1)]
    assert max(abs(phase.mean()) for phase in phases) * np.sqrt(n) < 4


@pytest.mark.parametrize(("beta", "shape"), [(1.0, (4, 4)), (4.0, (8, 6)), (9.0, (3, 3))], ids=str)
def test_own_density_is_that_of_the_draws(model, beta, shape):
    """⟨e^{−S}/(Z p)⟩ = 1 over raw draws, and its spread is the effective size in closed form."""
    draw = {"beta": beta, "n_steps": 6}
    theta = model.sample(4000, lattice_size=shape, correction=None, random_state=3, **draw)
    weight = np.exp(exact_log_prob(theta, beta) - model.log_prob(theta, **draw))
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(4000)
    ess = weight.mean() ** 2 / (weight**2).mean()
    assert ess == pytest.approx(effective_size(model._chain(beta, 6), beta, shape), abs=0.02)
    assert ess < 0.997
    assert effective_size(model._chain(beta, 100), beta, shape) > 0.995


def test_own_density_is_normalised_on_the_smallest_torus():
    """2 × 2: three plaquettes on a grid, the fourth minus their sum, five links free."""
    chain = plaquette_chain((1.2,), 1.2, 8)
    grid = 2 * np.pi * np.arange(24) / 24 - np.pi
    a, b, c = (x.ravel() for x in np.meshgrid(grid, grid, grid))
    theta = np.zeros((len(a), 2, 2, 2))
    theta[:, 0, :, 1] = -np.column_stack([a, b])
    theta[:, 1, 1, 1] = c + a
    assert np.allclose(np.sort(np.cos(plaquette(theta)).reshape(-1, 4)),
                       np.sort(np.cos(np.column_stack([a, b, c, a + b + c]))))  # fmt: skip
    total = np.exp(log_prob(chain, theta)).sum() * (2 * np.pi / 24) ** 3 * (2 * np.pi) ** 5
    assert total == pytest.approx(1, rel=1e-6)


def test_density_is_gauge_invariant_and_knows_no_size(model):
    theta = sample_exact(5, 3.0, (6, 9), random_state=0)
    phase = np.random.default_rng(0).uniform(-3, 3, (6, 9))
    expected = model.log_prob(theta, 3.0)
    assert np.allclose(model.log_prob(gauge_transform(theta, phase), 3.0), expected)
    assert np.allclose(model.log_prob(np.roll(theta, 2, axis=-1), 3.0), expected)
    assert np.allclose(expected, exact_log_prob(theta, 3.0), atol=0.5)
    with pytest.raises(ValueError, match="theta must have shape"):
        model.log_prob(theta[0])


# Exact configurations


@pytest.mark.parametrize(
    ("beta", "shape"),
    [
        (0.5, (8, 8)), (1.0, (16, 16)), (6.0, (4, 4)), (5.0, (24, 16)), (7.0, (16, 16)),
        (11.0, (8, 8)), (20.0, (2, 2)), (20.0, (16, 16)), (1e3, (4, 4)), (1e7, (3, 5)),
        (1e12, (4, 4)),
    ],
    ids=str,
)  # fmt: skip
def test_rejection_is_exact_at_every_coupling(model, beta, shape):
    n = 2000
    theta = model.sample(n, beta=beta, lattice_size=shape, random_state=5)
    report = model.sample_report(theta, beta)
    assert all(abs(row.z) < 3.5 for row in report.rows if row.error > 1e-12), str(report)
    assert not report.charge_p_value < 1e-3
    assert report.acceptance > (0.83 if np.prod(shape) >= 64 else 0.76)
    assert report.plaquette_acceptance > 0.9
    values = action(theta, beta)
    exact = beta * np.prod(shape) * (1 - exact_wilson_loop(1, beta, shape))
    assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(n)


def test_configurations_are_independent(model):
    """Correlation of neighbours in 10 000 draws, of the charge, its square, and the action."""
    theta = model.sample(10_000, beta=7.0, lattice_size=8, random_state=6)
    charge = topological_charge(theta)
    for series in (charge, charge**2, action(theta, 7.0)):
        one = (series - series.mean()) / series.std()
        for lag in (1, 2):
            assert abs((one[lag:] * one[:-lag]).mean()) * np.sqrt(10_000) < 3.5


def test_learning_shows_in_raw_samples_and_rejection_is_exact_without(model, wrong):
    """The plaquettes that rejection keeps: 0.94; 0.18 of an untrained model at β = 7."""
    draw = {"beta": 7.0, "lattice_size": 8, "random_state": 7}
    kept = []
    for one, passes in ((model, True), *((one, False) for one in wrong)):
        raw = sample_report(one.sample(500, correction=None, **draw), 7.0)
        bias = raw.rows[0].mean / raw.rows[0].exact - 1
        assert (abs(bias) < 0.01 + 3 * raw.rows[0].error) == passes
        assert passes or abs(bias) > 0.02
        report = one.sample_report(one.sample(500, **draw), 7.0)
        assert max(abs(row.z) for row in report.rows) < 3.5
        kept.append(report.plaquette_acceptance)
        assert (report.ess > 0.99) == passes
    assert kept[0] > 0.9
    assert kept[1] < 0.2
    assert kept[2] < 0.7
    assert "effective size" in str(report)


def test_tails_that_are_too_thin_do_no_harm(wrong):
    """β = 1.5 taken for 1: g falls faster than f, and the uniform hundredth fills its tails."""
    assert plaquette_acceptance(wrong[1]._chain(20.0, 6, meant_for=20.0), 20.0) > 0.01
    theta = wrong[1].sample(1500, beta=20.0, lattice_size=4, random_state=0)
    report = sample_report(theta, 20.0)
    assert max(abs(row.z) for row in report.rows) < 3.5, str(report)


def test_hmc_follows_raw_samples_on_demand(model):
    theta = model.sample(300, beta=5.0, lattice_size=(4, 6), correction="hmc", random_state=1)
    assert max(abs(row.z) for row in sample_report(theta, 5.0).rows) < 3.5


# Scores


def test_score_is_bounded_by_the_entropy(model, wrong):
    """⟨log p⟩ of held-out links is least below that of the true density for the right model."""
    X = sample_exact(1000, 1.0, (16, 16), random_state=8)
    exact = exact_log_prob(X, 1.0).mean() / 512
    assert exact - 1e-4 < model.score(X) < exact + 1e-5
    held_out = sample_exact(1000, 1.0, (8, 8), random_state=8)
    exact = exact_log_prob(held_out, 1.0).mean() / 128
    assert all(one.score(held_out) < exact - 0.01 for one in wrong)
    expected = model.log_prob(X[:7]) / 512
    assert np.array_equal(model.score_samples(X[:7]), expected)
    assert model.score(flux_links(1, (16, 16))) == pytest.approx(
        model.log_prob(flux_links(1, (16, 16)))[0] / 512
    )


SETTINGS = [
    {"network": ["plaquette"]},
    {"network": ["gauge_equivariant"], "learning_rate": [1e-2, 1.0, 2.0, 3.0]},
    {"network": ["gauge_energy"], "learning_rate": [1.0, 2.0]},
    {"network": ["unet"], "learning_rate": [0.5]},
]


def own_score(model, X, y=None):
    return model.score(X)


def bias(model, X, y=None):
    """Minus the bias of the plaquette in the density of the model's raw samples."""
    return -abs((1 - loss(model._chain(1.0))) / (1 - exact_loss(1.0)) - 1)


def test_grid_search_ranks_by_raw_samples():
    """Spearman's correlation of score and plaquette bias over eight settings."""
    X = sample_exact(600, 1.0, (8, 8), random_state=3)
    estimator = U1DiffusionSampler(hidden_channels=(4,), max_epochs=1, random_state=0)
    scoring = {"own": own_score, "bias": bias}
    results = GridSearchCV(
        estimator, SETTINGS, cv=2, refit=False, scoring=scoring, error_score="raise"
    ).fit(X).cv_results_  # fmt: skip
    scores, biases = results["mean_test_own"], results["mean_test_bias"]
    assert biases.min() < -0.1
    assert stats.spearmanr(scores, biases).statistic > 0.8


# A good citizen


def test_threads_and_repetitions_draw_the_same(model):
    draw = {"beta": 5.0, "lattice_size": (5, 4)}
    expected = [model.sample(20, random_state=seed, **draw) for seed in range(4)]
    found = [None] * 4

    def work(seed):
        found[seed] = model.sample(20, random_state=seed, **draw)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_an_interrupt_from_the_keyboard_ends_a_draw(model, monkeypatch):
    expected, calls = model.sample(5, random_state=0), []

    def interrupted(*arguments):
        calls.append(arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("halkit.gauge.diffusion.plaquettes._cell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.sample(5, random_state=0)
    assert len(calls) == 1
    monkeypatch.undo()
    assert np.array_equal(model.sample(5, random_state=0), expected)
