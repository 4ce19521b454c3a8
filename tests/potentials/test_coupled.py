"""Coupled channels: the dense Gaussian process, known truths, warnings, borders."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skops.io import dumps, get_untrusted_types, loads

from halkit import Channel, displays
from halkit.datasets import make_coupled, make_separable, make_time_dependent
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.interactions import (
    NonLocal,
    av18,
    lambda_lambda_n_xi_model,
    nucleon_reduced_mass,
    p_wave_model,
)
from halkit.potentials import (
    GaussianProcessPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    lattice_prior,
)
from halkit.potentials.coupling import act, local_matrix
from halkit.radial import RadialGrid
from halkit.scattering import (
    Ensemble,
    coupled_phase_shifts,
    coupled_s_matrix,
    phase_shift,
    resonances,
    scattering_length,
)
from halkit.units import from_mev, to_mev

quiet = pytest.mark.filterwarnings("ignore::UserWarning")

R = np.linspace(0.4, 8.0, 14)
W = RadialGrid.from_nodes(R).weights
RNG = np.random.default_rng(7)
WAVES = np.array(
    [np.r_[a * np.sin(k * R) / (k * R), b * np.exp(-q * R)]
     for a, b, k, q in ((1, 0.3, 0.2, 0.3), (0.4, 1, 0.3, 0.2), (1, -0.5, 0.6, 0.5))]
)  # fmt: skip
SIGMA = 1e-4 * RNG.uniform(0.5, 2.0, WAVES.shape)
TARGETS = -0.02 * WAVES[:, ::-1] + 1e-3 * RNG.normal(size=WAVES.shape)
TWO = [Channel(reduced_mass=1.0), Channel(reduced_mass=1.5, threshold=0.05)]
PRIOR = {"length_scale": 2.0, "envelope_radius": 3.0, "amplitude": 0.01}


def fit(X=WAVES, y=TARGETS, y_std=SIGMA, channels=TWO, **parameters):
    model = GaussianProcessPotentialRegressor(R, channels=channels, **{**PRIOR, **parameters})
    return model.fit(X, y, y_std=y_std)


def data_covariance(prior, P, Q, *, local):
    """⟨y y⟩ between the waves P and Q: the covariance of V_ab and U_ab, pair by pair."""
    c = np.exp(-((R[:, None] - R) ** 2) / 8) * np.exp(-(R[:, None] ** 2 + R**2) / 18)
    p, q = (waves.reshape(-1, 2, len(R)) for waves in (P, Q))
    total = np.zeros((len(p), 2, len(R), len(q), 2, len(R)))
    for a, b, d, e in np.ndindex(2, 2, 2, 2):
        same, turned = (a, b) == (d, e), prior.symmetric and (a, b) == (e, d)
        if not (same or turned):
            continue
        left, right = p[:, b] * W, q[:, e] * W
        plain = np.einsum("st,ik->sitk", left @ c @ right.T, c)
        crossed = np.einsum("ti,sk->sitk", right @ c, left @ c)
        diagonal = prior.symmetric and a == b
        U = (plain + crossed) / 2 if diagonal else (plain if same else crossed)
        total[:, a, :, :, d, :] += 1e-4 * U
        if local:
            f = prior.entry(a, b).prior.local.functions(R)
            total[:, a, :, :, d, :] += np.einsum("si,ik,tk->sitk", p[:, b], f @ f.T, q[:, e])
    return total.reshape(P.size, Q.size)


@quiet
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("local", [True, False])
def test_it_is_the_dense_gaussian_process(local, symmetric):
    """Mean, errors and evidence without the expansion of the prior."""
    sigma = 30 * SIGMA
    model = fit(local=local, symmetric=symmetric, y_std=sigma, tol=1e-7)
    new = WAVES[:2] * np.exp(-np.tile(R, 2) / 4) + WAVES[1:]
    K = data_covariance(model._prior, WAVES, WAVES, local=local) + np.diag(sigma.ravel() ** 2)
    K_new = data_covariance(model._prior, new, WAVES, local=local)
    mean = (K_new @ np.linalg.solve(K, TARGETS.ravel())).reshape(new.shape)
    variance = data_covariance(model._prior, new, new, local=local)
    variance = variance - K_new @ np.linalg.solve(K, K_new.T)
    prediction, std = model.predict(new, return_std=True)
    np.testing.assert_allclose(prediction, mean, atol=1e-5 * np.abs(mean).max())
    exact = np.sqrt(np.diag(variance).clip(0)).reshape(new.shape)
    np.testing.assert_allclose(std, exact, rtol=1e-3, atol=1e-4 * exact.max())
    evidence = stats.multivariate_normal(np.zeros(TARGETS.size), K).logpdf(TARGETS.ravel())
    assert model.log_marginal_likelihood_ == pytest.approx(evidence, rel=1e-5)


@quiet
@pytest.mark.parametrize("symmetric", [True, False])
def test_exchange_of_channels_and_radii(symmetric):
    model = fit(symmetric=symmetric)
    V, U = model.local_potential(R), model.predict_potential(R, R)
    assert V.shape == (2, 2, 14)
    assert U.shape == model.potential_.shape == (2, 2, 14, 14)
    mirrored = U.transpose(1, 0, 3, 2)
    if symmetric:
        np.testing.assert_allclose(U, mirrored, atol=1e-10 * np.abs(U).max())
        np.testing.assert_array_equal(V[0, 1], V[1, 0])
    else:
        assert np.abs(U - mirrored).max() > 1e-3 * np.abs(U).max()
        assert np.abs(V[0, 1] - V[1, 0]).max() > 1e-3 * np.abs(V).max()
    np.testing.assert_allclose(model.nonlocal_potential(1.0, 2.0), model.interaction_(1.0, 2.0))


@quiet
def test_predictions_are_the_action_of_the_matrix():
    model = fit()
    phi = WAVES.reshape(-1, 2, 14)
    y = np.einsum("abij,sbj->sai", model.predict_potential(R, R) * W, phi)
    y += np.einsum("abi,sbi->sai", model.local_potential(R), phi)
    size = 1e-7 * np.abs(y).max()
    np.testing.assert_allclose(model.predict(WAVES), y.reshape(WAVES.shape), atol=size)
    other = model.apply_potential(WAVES, R, r_out=R[2:5])
    np.testing.assert_allclose(other, y[:, :, 2:5].reshape(3, -1), atol=size)


@quiet
def test_errors_are_the_spread_of_the_draws():
    model = fit(y_std=300 * SIGMA)
    draws = model.draw_potentials(600, random_state=3)
    r, s = np.array([0.5, 2.0]), np.array([0.7, 1.5, 3.0])
    error = model.predict_potential(r, s, return_std=True)[1]
    spread = np.std([one.nonlocal_potential(r[:, None], s) for one in draws], axis=0)
    np.testing.assert_allclose(spread, error, rtol=0.15)
    error = model.localize(WAVES, return_std=True)[1]
    phi = WAVES.reshape(-1, 2, 14)
    made = [
        local_matrix(act(one, WAVES, R, W, R).reshape(-1, 2, 14), phi)[:, :, 3] for one in draws
    ]
    np.testing.assert_allclose(np.std(made, axis=0), error[:, :, 3], rtol=0.15)


@quiet
def test_localize_of_a_local_matrix_is_that_matrix():
    model = fit(local="only")
    for rows in (WAVES[:2], WAVES):
        V, error = model.localize(rows, return_std=True)
        np.testing.assert_allclose(V, model.local_potential(R), rtol=1e-7, atol=1e-10)
        assert V.shape == error.shape == (2, 2, 14)
    twice = np.r_[WAVES[:1], 2 * WAVES[:1]]
    assert np.isnan(model.localize(twice)).all()
    with pytest.raises(ValueError, match="X must have at least 2 rows, as many as there are chan"):
        model.localize(WAVES[:1])


def exponential(r, r_prime, theta):
    return theta[0] * np.exp(-r - r_prime)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@quiet
@pytest.mark.parametrize(
    "make",
    [
        lambda **p: GaussianProcessPotentialRegressor(RS, reduced_mass=3.3, noise=1e-4, **p),
        lambda **p: NonLocalPotentialRegressor(
            RS, reduced_mass=3.3, n_init=1, max_iter=5, random_state=0, **p
        ),
        lambda **p: ParametricPotentialRegressor(
            exponential, [-0.01], r=RS, reduced_mass=3.3, radius=12.0, **p
        ),
    ],
    ids=["gaussian process", "network", "parametric"],
)
def test_one_channel_is_no_channels_bit_for_bit(make):
    plain, one = (make(**p).fit(TOY.data, TOY.target) for p in ({}, {"channels": [Channel()]}))
    assert one.n_channels_ == 1
    np.testing.assert_array_equal(one.predict(TOY.data), plain.predict(TOY.data))
    np.testing.assert_array_equal(one.localize(TOY.data), plain.localize(TOY.data))
    np.testing.assert_array_equal(one.phase_shift([0.2, 0.7]), plain.phase_shift([0.2, 0.7]))
    own = make(channels=[Channel(reduced_mass=3.3)]).fit(TOY.data, TOY.target)
    np.testing.assert_array_equal(own.phase_shift(k=0.4), plain.phase_shift(0.4))


TOY = make_separable(4, n_r=20)
RS = TOY.r


@pytest.fixture(scope="module")
def lambda_lambda():
    """ΛΛ–NΞ with V and U: two operators, a wall and an exponential source of each."""
    return make_coupled(
        lambda_lambda_n_xi_model(), r=np.arange(1, 61) * 0.1, box_radius=8.0,
        times=np.arange(9, 19) * 0.09, noise=1e-4, n_bins=100, source_radius=0.5, random_state=0,
    )  # fmt: skip


def of_lambda_lambda(d, **parameters):
    prior = {**lattice_prior(1.0, n_channels=2), "local_range": 0.6, **parameters}
    return GaussianProcessPotentialRegressor(d.r, channels=d.channels, **prior)


def errors(S, exact):
    """Errors of δ_a modulo π in degrees, and of η."""
    turn = np.angle(np.diagonal(S * exact.conj(), axis1=1, axis2=2)) / 2
    return np.degrees(np.abs(turn)), np.abs(np.abs(S) - np.abs(exact))[:, 0, 0]


@pytest.mark.filterwarnings("error::halkit.exceptions.UnderdeterminedWarning")
def test_four_sources_give_the_s_matrix(lambda_lambda):
    """δ1 to .1° (median) and .5° (next to the quasi-bound state too), δ2 .1°, η 1e-3."""
    d = lambda_lambda
    model = of_lambda_lambda(d).fit(d.data, d.target, y_std=d.sigma)
    E = from_mev(np.array([5.0, 15.0, 20.0, 26.5, 30.0, 40.0, 60.0, 80.0, 120.0]))
    exact = coupled_s_matrix(d.interaction, E)
    delta, eta = errors(model.s_matrix(E), exact)
    assert np.median(delta[:, 0]) < 0.1
    assert delta[:, 0].max() < 0.5
    assert np.nanmedian(delta[:, 1]) < 0.1
    assert eta.max() < 1e-3
    waves = model.phase_shift(E[-2:])
    np.testing.assert_allclose(waves.s_matrix, model.s_matrix(E[-2:]), atol=1e-7)
    assert 0.9 < model.loss_ < 1.2


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_one_operator_leaves_the_potentials_open(lambda_lambda):
    d = lambda_lambda
    for other, warned in (([], True), (["exp 1"], True), (["wall 2"], False)):
        rows = d.rows.select(sources=["wall 1", *other])
        model = of_lambda_lambda(d, local="only")
        if warned:
            with pytest.warns(UnderdeterminedWarning, match="potentials of 2 channels apart"):
                model.fit(*rows.mean(), y_std=rows.sigma)
        else:
            model.fit(*rows.mean(), y_std=rows.sigma)


def test_a_missing_normalisation_is_found(lambda_lambda):
    """√Z of the second channel 5 % too large: the warning names the factor."""
    d = lambda_lambda
    factor = np.repeat([1.0, 1.05], len(d.r))
    with pytest.warns(UnderdeterminedWarning, match="channel 2 fits better") as record:
        of_lambda_lambda(d).fit(d.data * factor, d.target * factor, y_std=d.sigma * factor)
    [message] = [str(w.message) for w in record if "fits better" in str(w.message)]
    value, error = message.split("multiplied by ")[1].split(" relative")[0].split(" ± ")
    assert abs(float(value) - 1 / 1.05) < 3 * float(error) < 0.03


@pytest.mark.parametrize("factor", [3.0, 0.5])
@pytest.mark.parametrize("with_errors", [True, False])
def test_a_large_missing_normalisation_is_found(lambda_lambda, factor, with_errors):
    """Beyond the linear estimate, where χ² is bad; and without errors."""
    d, f = lambda_lambda, np.repeat([1.0, factor], len(lambda_lambda.r))
    with pytest.warns(MisfitWarning) as record:
        of_lambda_lambda(d).fit(
            d.data * f, d.target * f, y_std=d.sigma * f if with_errors else None
        )
    [message] = [str(w.message) for w in record if "would be symmetric" in str(w.message)]
    assert float(message.split("channel 2 by ")[1].split(",")[0]) == pytest.approx(
        1 / factor, rel=0.02
    )


def test_sources_under_wrong_names_are_a_possibility_that_is_named(lambda_lambda):
    """Channel 2 with the first two sources exchanged; its factor is not the reason."""
    d, n = lambda_lambda, len(lambda_lambda.r)
    labels = np.array([source for source, _ in d.rows.labels])
    first, second = (np.flatnonzero(labels == name) for name in d.rows.sources[:2])
    order = np.arange(len(labels))
    order[first], order[second] = second, first
    X, y, sigma = (np.c_[one[:, :n], one[order, n:]] for one in (d.data, d.target, d.sigma))
    with pytest.warns(MisfitWarning, match="or its sources have names of others") as record:
        of_lambda_lambda(d).fit(X, y, y_std=sigma)
    assert not any("would be symmetric" in str(w.message) for w in record)


@quiet
def test_masses_after_the_fit_move_observables_alone(lambda_lambda):
    d = lambda_lambda
    model = of_lambda_lambda(d, local="only").fit(d.data, d.target, y_std=d.sigma)
    E, predicted = from_mev(40.0), model.predict(d.data)
    heavier = [Channel(masses=tuple(1.01 * m for m in c.masses)) for c in d.channels]
    before, after = model.s_matrix(E), model.set_params(channels=heavier).s_matrix(E)
    np.testing.assert_array_equal(model.predict(d.data), predicted)
    assert np.abs(after - before).max() > 1e-3
    exact = coupled_s_matrix(model.interaction_.interactions, E, channels=heavier)
    np.testing.assert_allclose(after, exact, atol=1e-10)
    with pytest.raises(ValueError, match="channels must be 2, as many as in the fit, got 1"):
        model.set_params(channels=heavier[:1]).s_matrix(E)


@quiet
def test_searches_pipelines_copies_and_files(lambda_lambda):
    d = lambda_lambda
    model = of_lambda_lambda(d).fit(d.data, d.target)
    np.testing.assert_array_equal(
        clone(model).fit(d.data, d.target).predict(d.data), model.predict(d.data)
    )
    pipeline = make_pipeline("passthrough", clone(model)).fit(d.data, d.target)
    np.testing.assert_array_equal(pipeline.predict(d.data), model.predict(d.data))
    search = GridSearchCV(model, {"local": ["only", True]}, cv=2).fit(d.data, d.target)
    assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))
    best = clone(model).set_params(**search.best_params_).fit(d.data, d.target)
    np.testing.assert_array_equal(search.predict(d.data), best.predict(d.data))
    file = dumps(model)
    restored = loads(file, trusted=get_untrusted_types(data=file))
    assert restored.channels == tuple(d.channels)
    np.testing.assert_array_equal(restored.predict(d.data), model.predict(d.data))


@quiet
@pytest.mark.parametrize(
    ("parameters", "columns", "message"),
    [
        ({"channels": None}, 28, "X must have 14 columns, one per node of r, or channels="),
        ({}, 14, "X must have 28 columns, one per node of r and channel of 2, got 14"),
        ({}, 27, "X must have the same number of columns for each of 2 channels, got 27"),
        ({"channels": [Channel(l=1)] * 2, "l": 0}, 28, "l must be given once"),
        ({"channels": [Channel(reduced_mass=2.0)] * 2, "reduced_mass": 1.0}, 28, "given once"),
        ({"channels": TWO[::-1]}, 28, "channels must be in the order of their thresholds"),
        ({"channels": [Channel()] * 2}, 28, "reduced_mass or hadron_mass must be given"),
        ({"l": -1}, 28, "l must be"),
        ({"channels": ()}, 28, "channels must have at least one"),
    ],
)
def test_bad_input(parameters, columns, message):
    X = RNG.normal(size=(3, columns))
    parameters = {"channels": TWO, **parameters}
    with pytest.raises(ValueError, match=message):
        GaussianProcessPotentialRegressor(R, **parameters, **PRIOR).fit(X, X)


@quiet
def test_what_several_channels_refuse():
    model = fit()
    with pytest.raises(ValueError, match="energy must be given for 2 channels, got the other"):
        model.phase_shift(k=0.1)
    with pytest.raises(ValueError, match="channels must be one for a parameter at threshold"):
        model.scattering_length()
    with pytest.raises(TypeError, match="channels must be a list of"):
        fit(channels=Channel())
    for draw in (
        lambda: displays.PotentialDisplay.from_estimator(model),
        lambda: displays.LocalPotentialDisplay.from_estimator(model, WAVES),
        lambda: displays.PhaseShiftDisplay.from_estimator(model, [0.1]),
    ):
        with pytest.raises(ValueError, match="estimator must have one channel to be drawn, got 2"):
            draw()
    one = GaussianProcessPotentialRegressor(RS, reduced_mass=3.3).fit(TOY.data, TOY.target)
    with pytest.raises(ValueError, match="k must be given for one channel, got the other"):
        one.phase_shift(energy=0.1)
    with pytest.raises(ValueError, match="channels must be several for s_matrix, got one"):
        one.s_matrix(0.1)


P_WAVE = p_wave_model()


@pytest.fixture(scope="module")
def p_wave():
    return make_time_dependent(
        P_WAVE, l=1, r=np.arange(1, 61) * 0.1, box_radius=8.0, hadron_mass=from_mev(939.0),
        times=np.arange(9, 19) * 0.09, noise=1e-4, n_bins=200, source_radius=0.5, units="fm",
        noise_floor=0.03, random_state=0,
    )  # fmt: skip


def test_p_wave_data_give_p_wave_phase_shifts(p_wave):
    """Two sources: .1° in the median, .3° at most, through the resonance."""
    d, mu = p_wave, from_mev(939.0) / 2
    k = np.sqrt(2 * mu * from_mev(np.array([5.0, 20, 40, 60, 80, 100, 150])))
    model = GaussianProcessPotentialRegressor(
        d.r, reduced_mass=mu, l=1, **{**lattice_prior(1.0, l=1), "local_range": 0.6}
    ).fit(*d.rows.mean(), y_std=d.sigma)
    exact = phase_shift(P_WAVE, k, reduced_mass=mu, l=1)
    error = np.degrees(np.abs(model.phase_shift(k) - exact))
    assert np.median(error) < 0.1
    assert error.max() < 0.3
    np.testing.assert_array_equal(model.phase_shift(k), phase_shift(model, k, reduced_mass=mu, l=1))
    with pytest.raises(ValueError, match="made for l = 1, got l = 0"):
        phase_shift(model, k, reduced_mass=mu)
    assert np.all(model.phase_shift(k, return_std=True, n_draws=8)[1] > 0)
    volume = scattering_length(P_WAVE, reduced_mass=mu, l=1)
    found, std = model.scattering_length(return_std=True, n_draws=8)
    assert found == pytest.approx(volume, rel=0.01)
    assert 0 < std < 0.05 * abs(volume)
    pole = resonances(P_WAVE, from_mev(12 - 9j), reduced_mass=mu, l=1).energy
    near = model.resonances(pole)
    assert np.abs(to_mev(near.energy - pole)) < 0.1
    one = Ensemble([model], kind="draws", centre=model)
    assert one.resonances(pole).energy == near.energy


@quiet
@pytest.mark.parametrize("given", [{"l": 1}, {"channels": [Channel(l=1)]}])
def test_waves_of_a_network_and_of_a_form(given):
    """Stationary P-wave data: the wave reaches the phase shifts, members and starts."""
    d = make_separable(6, l=1, n_r=40)
    k = np.array([0.3, 0.8])
    exact = phase_shift(d.interaction, k, reduced_mass=3.3, l=1)
    network = NonLocalPotentialRegressor(
        d.r, reduced_mass=3.3, n_init=1, max_iter=40, random_state=0, **given
    ).fit(d.data, d.target)
    np.testing.assert_allclose(network.phase_shift(k), exact, atol=np.radians(1.0))
    np.testing.assert_allclose(network.starts_.phase_shift(k), network.phase_shift(k), atol=1e-12)
    form = ParametricPotentialRegressor(exponential, [-0.01], r=d.r, reduced_mass=3.3, **given).fit(
        d.data, d.target
    )
    np.testing.assert_allclose(form.phase_shift(k), exact, atol=np.radians(0.2))
    for model in (network, form):
        assert model.interaction_.l == 1
        with pytest.raises(ValueError, match="made for l = 1, got l = 0"):
            phase_shift(model, k, reduced_mass=3.3)


def pair_of_yamaguchi(r, r_prime, theta):
    """Two channels of range 1/theta[3] that share a form."""
    strengths = np.array([[theta[0], theta[1]], [theta[1], theta[2]]])
    g, h = (np.exp(-theta[3] * x) for x in (r, r_prime))
    return np.multiply.outer(strengths, g * h)


@pytest.fixture(scope="module")
def stationary():
    """Waves of two channels of a separable potential, targets by the quadrature itself."""
    k = np.linspace(0.1, 1.0, 6)[:, None]
    waves = np.concatenate(
        [np.c_[np.sin(k * R) / (k * R), b * np.cos(k * R) / (1 + R)] for b in (0.4, -1.0)]
    )
    theta = np.array([-0.05, 0.02, 0.03, 0.8])
    U = pair_of_yamaguchi(R[:, None], R, theta)
    y = np.einsum("abij,sbj->sai", U * W, waves.reshape(-1, 2, 14)).reshape(waves.shape)
    return waves, y, theta


def test_a_form_of_two_channels_is_found(stationary):
    X, y, theta = stationary
    start = 0.7 * theta
    model = ParametricPotentialRegressor(pair_of_yamaguchi, start, r=R, channels=TWO).fit(X, y)
    np.testing.assert_allclose(model.theta_, theta, rtol=1e-6)
    U = model.predict_potential(R, R)
    np.testing.assert_allclose(U, pair_of_yamaguchi(R[:, None], R, theta), rtol=1e-5)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-5, atol=1e-9)
    E = np.array([0.03, 0.2])
    form = [
        [NonLocal(lambda r, s, c=c: c * np.exp(-0.8 * (r + s))) for c in row]
        for row in ((theta[0], theta[1]), (theta[1], theta[2]))
    ]
    exact = coupled_s_matrix(form, E, channels=TWO)
    np.testing.assert_allclose(model.s_matrix(E), exact, atol=1e-5)
    with pytest.raises(ValueError, match="function must broadcast r of shape"):
        ParametricPotentialRegressor(exponential, [-0.05], r=R, channels=TWO).fit(X, y)


def test_the_tensor_force_from_sources_of_s_and_d_type():
    """AV18 ³S₁–³D₁ with a pion tail: δ1, δ2 and ε to .1°, .25° and .1° in the median."""
    nucleons = av18("3S1-3D1")
    mass = 2 * nucleon_reduced_mass()
    channels = [Channel(l=l, masses=(mass, mass)) for l in (0, 2)]
    d = make_coupled(
        nucleons.interactions, channels=channels, r=np.arange(1, 61) * 0.1, box_radius=8.0,
        times=np.arange(9, 19) * 0.09, operators=[[1.0, 0.0], [0.0, 1.0]], source_radius=0.8,
        noise=1e-4, n_bins=200, random_state=0,
    )  # fmt: skip
    rows = d.rows.select(sources=["wall 1", "exp 2"])
    model = GaussianProcessPotentialRegressor(
        d.r, channels=channels, local="only", local_range=1.43
    ).fit(*rows.mean(), y_std=rows.sigma)
    E = from_mev(np.array([5.0, 25.0, 50.0, 100.0, 150.0]))
    exact = coupled_phase_shifts(nucleons.interactions, E, channels=channels)
    found = model.phase_shift(energy=E)
    turn = np.degrees(found.phase_shift - exact.phase_shift)
    turn = np.abs(turn - 180 * np.round(turn / 180))
    assert np.all(np.median(turn, axis=0) < (0.1, 0.25))
    assert np.degrees(np.abs(found.mixing - exact.mixing)).max() < 0.1
    deuteron = to_mev(model.bound_states().energy)
    assert deuteron == pytest.approx([-2.2246], abs=0.1)


@quiet
def test_three_channels():
    """Exchange symmetry, the action of the matrix, a unitary S, and localize, for n = 3."""
    channels = [*TWO, Channel(reduced_mass=1.2, threshold=0.1)]
    X = np.c_[WAVES, 0.5 * WAVES[::-1, 14:]]
    model = fit(X, np.c_[TARGETS, TARGETS[:, :14]], np.c_[SIGMA, SIGMA[:, :14]], channels)
    U = model.predict_potential(R, R)
    assert U.shape == (3, 3, 14, 14)
    np.testing.assert_allclose(U, U.transpose(1, 0, 3, 2), atol=1e-10 * np.abs(U).max())
    phi, V = X.reshape(-1, 3, 14), model.local_potential(R)
    y = np.einsum("abij,sbj->sai", U * W, phi) + np.einsum("abi,sbi->sai", V, phi)
    np.testing.assert_allclose(model.predict(X), y.reshape(X.shape), atol=1e-7 * np.abs(y).max())
    np.testing.assert_allclose(
        np.einsum("abi,sbi->sai", model.localize(X), phi), y, atol=1e-6 * np.abs(y).max()
    )
    S = model.s_matrix([0.05, 0.08, 0.3], n_mesh=60)
    assert np.isnan(S[0, 1:]).all()
    assert np.isnan(S[1, 2]).all()
    np.testing.assert_allclose(S[2] @ S[2].conj().T, np.eye(3), atol=1e-8)
    assert len(model.coefficients_) == sum(p.n_parameters for p in model._prior.priors)
    assert len(model._prior.priors) == 6
