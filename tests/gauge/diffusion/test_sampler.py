"""U1DiffusionSampler with noise on links: what the networks learn, and what it draws."""

from functools import cache

import numpy as np
import pytest
import torch

from halkit.gauge import (
    U1DiffusionSampler,
    exact_susceptibility,
    exact_wilson_loop,
    force,
    gauge_transform,
    plaquette,
    sample_exact,
    sample_report,
    susceptibility,
    topological_charge,
    wilson_loop,
)

TINY = {"hidden_channels": (4,), "max_epochs": 2, "random_state": 0}


def plaquette_error(theta, beta):
    """(⟨W(1×1)⟩/exact − 1, its standard error)."""
    loops = wilson_loop(theta, 1, 1) / exact_wilson_loop(1, beta, theta.shape[2:])
    return loops.mean() - 1, loops.std() / np.sqrt(len(loops))


# What is learned


@pytest.mark.parametrize("sigma", [0.001, 0.03, 0.05])
def test_the_scalar_becomes_the_force_at_small_noise(fitted, sigma):
    """h → −β0 sin P: 3 % rms of what is left without the mean, which no link feels."""
    theta = sample_exact(500, 1.0, (8, 8), random_state=2)
    with torch.no_grad():
        h = fitted.net_.module_.scalar(
            torch.tensor(theta, dtype=torch.float32), torch.full((500,), sigma)
        )
    h, exact = h.double().numpy(), -np.sin(plaquette(theta))
    h, exact = (x - x.mean(axis=(1, 2), keepdims=True) for x in (h, exact))
    assert np.sqrt(np.mean((h - exact) ** 2) / np.mean(exact**2)) < 0.03


def test_link_score_becomes_the_force_on_other_lattices(fitted):
    theta = sample_exact(100, 1.0, (6, 10), random_state=2)
    exact = force(theta, 1.0)
    assert np.linalg.norm(fitted.link_score(theta, 0.03) - exact) < 0.03 * np.linalg.norm(exact)


def test_score_of_strong_noise_is_that_of_the_wrapped_normal_of_one_plaquette(fitted):
    """To the first order in e^{−2σ²}: h = −2 W(1×1) e^{−2σ²} sin P."""
    sigma = 1.2
    rng = np.random.default_rng(0)
    theta = rng.uniform(-np.pi, np.pi, (200, 2, 8, 8))
    strength = 2 * exact_wilson_loop(1, 1.0, (8, 8)) * np.exp(-2 * sigma**2)
    exact = force(theta, strength)
    assert np.linalg.norm(fitted.link_score(theta, sigma) - exact) < 0.3 * np.linalg.norm(exact)


def test_symmetries_of_the_trained_network(fitted):
    theta = sample_exact(20, 1.0, (16, 16), random_state=3)
    phase = np.random.default_rng(4).uniform(-np.pi, np.pi, (20, 16, 16))
    for sigma in (0.05, 0.5):
        score = fitted.link_score(theta, sigma)
        limit = 1e-5 * np.abs(score).max()
        for other in (
            fitted.link_score(gauge_transform(theta, phase), sigma),
            np.roll(fitted.link_score(np.roll(theta, (3, 5), (-2, -1)), sigma), (-3, -5), (-2, -1)),
            -fitted.link_score(-theta, sigma),
            fitted.link_score(np.tile(theta, (1, 1, 2, 2)), sigma)[..., 16:, :16],
        ):
            assert np.abs(other - score).max() < limit


def test_history(fitted):
    losses = [row["valid_loss"] for row in fitted.history_]
    assert len(losses) == fitted.n_iter_ <= fitted.max_epochs
    assert losses[-1] < losses[0] < 0


def test_denoising_score_finds_the_coupling_of_the_training(fitted):
    """The denoising loss is least for configurations as those of the fit, noise included."""
    right, wrong = (sample_exact(300, beta, (8, 8), random_state=5) for beta in (1.0, 0.0))
    assert fitted.denoising_score(right) > fitted.denoising_score(wrong) + 0.01


def test_a_unet_learns_too():
    """The denoising loss is below that of one plaquette, which is no good fit at β = 4."""
    X, held_out = (sample_exact(n, 4.0, (8, 8), random_state=n) for n in (1024, 200))
    unet = U1DiffusionSampler(beta=4.0, network="unet", max_epochs=6, random_state=0)
    trained = unet.fit(X).denoising_score(held_out)
    untrained = unet.set_params(max_epochs=1, learning_rate=1e-12).fit(X)
    assert trained > untrained.denoising_score(held_out) + 2e-3


# What is drawn


@pytest.mark.parametrize(
    ("beta", "shape", "n"),
    [(1.0, (8, 8), 1500), (7.0, (12, 6), 200), (11.0, (16, 16), 60)],
    ids=str,
)
def test_annealed_samples_have_the_plaquette_of_any_coupling_and_size(fitted, beta, shape, n):
    draw = {"correction": None, "method": "annealed", "random_state": 0}
    theta = fitted.sample(n, beta=beta, lattice_size=shape, **draw)
    assert theta.shape == (n, 2, *shape)
    assert np.abs(theta).max() <= np.pi
    error, spread = plaquette_error(theta, beta)
    assert spread < 0.005
    assert abs(error) < 0.01 + 2 * spread


@pytest.mark.parametrize("method", ["annealed", "sde", "ode"])
def test_noise_on_links_freezes_a_charge_that_is_too_large(fitted, method):
    """The plaquette is right all the same."""
    theta = fitted.sample(400, beta=7.0, correction=None, method=method, random_state=1)
    chi = susceptibility(theta)
    assert chi.value - 5 * chi.error > 2 * exact_susceptibility(7.0, (8, 8))
    error, spread = plaquette_error(theta, 7.0)
    assert abs(error) < 0.01 + 3 * spread


SHORT = [
    ("gauge_equivariant", (4,), 512, 8, 2.0, 1, "annealed"),
    ("gauge_energy", (12,), 1024, 8, 1.0, 2, "annealed"),
    ("unet", (8, 8), 1024, 8, 1.0, 2, "annealed"),
    ("mlp", (16,), 2048, 4, 2.0, 3, "annealed"),
    ("plaquette", (1,), 2048, 4, 2.0, 1, "annealed"),
    ("gauge_equivariant", (12,), 2048, 8, 2.0, 3, "sde"),
    ("gauge_equivariant", (12,), 2048, 8, 2.0, 3, "ode"),
    ("gauge_equivariant", (12,), 2048, 4, 0.5, 8, "sde"),
]


@cache
def short_training(network, channels, n, size, beta, epochs):
    X = sample_exact(n, beta, (size, size), random_state=7)
    model = U1DiffusionSampler(
        beta=beta, network=network, hidden_channels=channels, max_epochs=epochs, random_state=0
    ).fit(X)
    return model, plaquette_error(X, beta)[1]


@pytest.mark.parametrize(("network", "channels", "n", "size", "beta", "epochs", "method"), SHORT)
def test_short_trainings_draw_the_plaquette_of_their_data(
    network, channels, n, size, beta, epochs, method
):
    """Right to 1 %, and to what the data know of the plaquette."""
    model, known = short_training(network, channels, n, size, beta, epochs)
    theta = model.sample(400, method=method, correction=None, random_state=1)
    error, spread = plaquette_error(theta, beta)
    assert abs(error) < 0.01 + 3 * np.hypot(spread, known)


@pytest.mark.parametrize(("beta", "size", "n"), [(7.0, 8, 400), (5.0, (4, 12), 400)], ids=str)
def test_corrected_samples_are_exact(fitted, beta, size, n):
    draw = {"method": "annealed", "correction": "hmc", "random_state": 4}
    theta = fitted.sample(n, beta=beta, lattice_size=size, **draw)
    report = fitted.sample_report(theta, beta)
    assert [row.name for row in report.rows] == ["W(1x1)", "W(2x2)", "W(4x4)", "Q^2"]
    assert max(abs(row.z) for row in report.rows) < 3.5, str(report)
    assert report.charge_p_value > 1e-3


@pytest.mark.parametrize(
    ("method", "exact"),
    [("plaquette", "rejection"), ("annealed", "hmc"), ("sde", "hmc"), ("ode", "hmc")],
)
def test_the_default_correction_makes_every_method_exact(tiny, method, exact):
    draw = {"beta": 3.0, "method": method, "random_state": 4}
    if method != "plaquette":
        draw["n_steps"] = 10
    theta = tiny.sample(300, **draw)
    assert np.array_equal(theta, tiny.sample(300, correction=exact, **draw))
    assert np.array_equal(theta, tiny.sample(300, correction="auto", **draw))
    report = tiny.sample_report(theta, 3.0)
    assert max(abs(row.z) for row in report.rows) < 3.5, str(report)


def test_more_steps_bring_the_raw_charge_nearer(fitted):
    draw = {"method": "annealed", "correction": None, "random_state": 5}
    squares = [
        topological_charge(fitted.sample(300, beta=7.0, n_steps=n_steps, **draw)) ** 2
        for n_steps in (40, 400)
    ]
    fast, slow = (square.mean() for square in squares)
    error = np.sqrt(sum(square.var() for square in squares) / 300)
    assert fast - slow > 4 * error
    assert slow > exact_susceptibility(7.0, (8, 8)) * 64


def test_report_sees_the_bias_of_raw_samples(fitted):
    draw = {"method": "annealed", "correction": None, "random_state": 1}
    theta = fitted.sample(400, beta=7.0, **draw)
    assert fitted.sample_report(theta, 7.0).rows[-1].z > 5
    rows = fitted.sample_report(theta.reshape(400, -1), 7.0)
    assert rows == fitted.sample_report(theta, 7.0)
    assert rows.rows == sample_report(theta, 7.0).rows
    assert fitted.sample_report(theta).beta == fitted.beta


@pytest.mark.parametrize(
    ("method", "correction"), [("plaquette", "rejection"), ("plaquette", None), ("annealed", "hmc")]
)
def test_without_coupling_the_links_are_uniform(fitted, method, correction):
    theta = fitted.sample(500, beta=0, method=method, correction=correction, random_state=3)
    for n in (1, 2):
        z = np.cos(n * theta).mean() / np.sqrt(0.5 / theta.size)
        assert abs(z) < 3.5
    assert abs(wilson_loop(theta, 1, 1).mean()) < 3.5 * np.sqrt(0.5 / (500 * 64))


def test_a_model_of_the_haar_measure(X):
    model = U1DiffusionSampler(beta=0, **TINY).fit(np.random.default_rng(0).uniform(0, 6, X.shape))
    for settings in ({}, {"correction": None}, {"correction": None, "method": "sde"}):
        assert model.sample(3, **settings).shape == (3, 2, 4, 4)
    uniform = -np.log(2 * np.pi)
    assert model.score(X) == pytest.approx(uniform, abs=1e-12)
    with pytest.raises(ValueError, match="beta=0 has no score"):
        model.sample(beta=1.0, correction=None)


@pytest.mark.parametrize("method", ["plaquette", "annealed", "sde", "ode"])
def test_draws_repeat_and_differ_between_seeds(tiny, method):
    one, two, other = (
        tiny.sample(3, correction=None, method=method, random_state=seed) for seed in (0, 0, 1)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_draws_have_their_own_random_state(tiny):
    """That of the constructor is of the training: draws without one differ."""
    assert tiny.random_state == 0
    one, two = (tiny.sample(3) for _ in range(2))
    assert not np.array_equal(one, two)
