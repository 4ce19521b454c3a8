"""NonLocalPotentialRegressor on the exactly solvable separable potential."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback

from halkit.datasets import make_separable
from halkit.equations import stationary_target
from halkit.interactions import GaussianSum, Local, Separable, Yukawa
from halkit.potentials import NonLocalPotentialRegressor
from halkit.radial import trapezoid_weights
from halkit.scattering import bound_states, phase_shift, scattering_wave_functions

K = np.linspace(0.05, 1.0, 20)
MASS = 3.3


@pytest.fixture(scope="module")
def toy():
    return make_separable()


def regressor(toy, **parameters):
    return NonLocalPotentialRegressor(
        toy.r, reduced_mass=MASS, **{"random_state": 0, "n_init": 1, **parameters}
    )


@pytest.fixture(scope="module")
def fitted(toy):
    return regressor(toy).fit(toy.data, toy.target)


def error_of_u(model, toy):
    """Frobenius error of U, weighted by sqrt(w w'), relative."""
    w = np.sqrt(np.outer(toy.weights, toy.weights))
    return np.linalg.norm(w * (model.potential_ - toy.potential)) / np.linalg.norm(
        w * toy.potential
    )


def error_of_delta(model, toy):
    """Largest error of δ in degrees for k = 0.05 … 1."""
    exact = toy.interaction.phase_shift(K, reduced_mass=MASS)
    return np.abs(np.rad2deg(model.phase_shift(K) - exact)).max()


@pytest.mark.parametrize(
    ("network", "seed"),
    [*(("separable", seed) for seed in range(3)), *(("symmetric", seed) for seed in range(2))],
)
def test_potential_and_phase_shifts_of_the_toy_model(toy, network, seed):
    model = NonLocalPotentialRegressor(
        r=toy.r, reduced_mass=MASS, random_state=seed, network=network
    ).fit(toy.data, toy.target)
    assert error_of_u(model, toy) < 1e-3
    assert error_of_delta(model, toy) < 0.03


def test_bound_state_and_low_energy_constants(fitted):
    """Closed form: κ = 0.19717524, a0 = 7.39708747, r_eff = 3.29349325."""
    assert fitted.bound_states().kappa == pytest.approx([0.19717524], rel=2e-3)
    assert fitted.scattering_length() == pytest.approx(7.39708747, rel=1e-3)
    assert fitted.effective_range() == pytest.approx(3.29349325, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("network", "hidden"), [("symmetric", (8, 8)), ("plain", (16, 16))])
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_the_envelope_improves_the_potential_tenfold(toy, network, hidden):
    settings = {"network": network, "hidden_layer_sizes": hidden}
    bare = regressor(toy, envelope=None, max_iter=60, **settings)
    with pytest.warns(ConvergenceWarning):
        bare.fit(toy.data, toy.target)
    enveloped = regressor(toy, max_iter=60, network="symmetric").fit(toy.data, toy.target)
    assert error_of_u(bare, toy) > 10 * error_of_u(enveloped, toy)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_the_talks_recipe_does_not_get_there(toy):
    """Adam for 1000 epochs without an envelope ends degrees off, and says so.

    After 4000 epochs, as in the talk, 51°, 4° and 204° with seeds 0, 1 and 2; the way is chaotic,
    and with other instructions of the processor seed 0 ended 8° off.
    """
    model = regressor(toy, network="symmetric", envelope=None, solver="adam", max_iter=1000)
    with pytest.warns(ConvergenceWarning, match="max_iter=1000"):
        model.fit(toy.data, toy.target)
    assert error_of_delta(model, toy) > 1


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_solvers_share_history_and_callbacks(toy):
    class Counter(Callback):
        seen = 0

        def on_epoch_end(self, net, **kwargs):  # noqa: ARG002
            type(self).seen += 1

    for solver in ("lm", "lbfgs", "adam"):
        Counter.seen = 0
        model = regressor(toy, solver=solver, max_iter=20, tol=0, callbacks=[Counter()])
        with pytest.warns(ConvergenceWarning):
            model.fit(toy.data, toy.target)
        assert len(model.history_) == Counter.seen
        assert set(model.history_[0]) == {"epoch", "train_loss", "dur"}
        assert model.history_[-1]["train_loss"] < model.history_[0]["train_loss"]
        assert model.n_iter_ == 20 or (solver == "lbfgs" and 10 < model.n_iter_ < 20)


def test_the_start_with_the_lowest_loss_is_kept(toy):
    model = regressor(toy, n_init=3, max_iter=8, tol=0)
    with pytest.warns(ConvergenceWarning):
        model.fit(toy.data, toy.target)
    losses = [start.loss for start in model.starts_]
    assert len(losses) == 3
    assert model.loss_ == min(losses) < max(losses)
    kept = model.starts_[int(np.argmin(losses))]
    np.testing.assert_array_equal(kept.potential, model.potential_)


def test_one_seed_gives_one_fit_and_leaves_the_global_generators_alone(toy):
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = regressor(toy).fit(toy.data, toy.target).potential_
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    np.testing.assert_array_equal(regressor(toy).fit(toy.data, toy.target).potential_, first)
    other = regressor(toy, random_state=1).fit(toy.data, toy.target).potential_
    assert np.abs(other - first).max() > 0


def test_prediction_is_the_sum_over_nodes(fitted, toy):
    expected = (toy.data * toy.weights) @ fitted.potential_.T
    np.testing.assert_allclose(fitted.predict(toy.data), expected, rtol=1e-10, atol=1e-18)


def test_the_potential_acts_on_another_grid(fitted):
    r = np.linspace(0.02, 11.0, 173)
    exact = Separable(-0.017, 1.0)
    X = exact.wave_function(K, r, reduced_mass=MASS)
    y = exact.target(K, r, reduced_mass=MASS)
    scale = np.abs(y).max()
    np.testing.assert_allclose(fitted.apply_potential(X, r), y, atol=2e-3 * scale)
    rows = fitted.apply_potential(X, r, trapezoid_weights(r), r_out=[0.5, 1.0])
    expected = -0.017 * np.exp(-np.array([0.5, 1.0]))
    overlap = (X * trapezoid_weights(r)) @ np.exp(-r)
    np.testing.assert_allclose(rows, np.outer(overlap, expected), atol=1e-3 * scale)


def test_predict_potential_on_any_points(fitted):
    r, r_prime = np.array([0.0, 0.7, 2.0]), np.array([0.1, 4.0])
    U = fitted.predict_potential(r, r_prime)
    exact = -0.017 * np.exp(-r[:, None] - r_prime)
    assert U.shape == (3, 2)
    np.testing.assert_allclose(U, exact, atol=0.02 * 0.017)
    np.testing.assert_allclose(fitted.predict_potential(r), fitted.predict_potential(r, r).T)


def test_localized_potential_survives_the_nodes_of_a_wave_function(fitted, toy):
    X = toy.data.copy()
    X[0, 40] = 0.0
    V = fitted.localize(X)
    assert np.isnan(V[0, 40])
    assert np.isfinite(np.delete(V[0], 40)).all()
    near = np.abs(toy.data) > 0.05 * np.abs(toy.data).max(axis=1, keepdims=True)
    np.testing.assert_allclose(
        fitted.localize(toy.data)[near], (toy.target / toy.data)[near], rtol=0.02, atol=1e-5
    )


def test_one_output_row(toy):
    """The talk's first set-ups fit the single row r = R."""
    row = [19]
    model = regressor(toy, r_out=toy.r[row]).fit(toy.data, toy.target[:, row])
    assert model.potential_.shape == (1, len(toy.r))
    w = np.sqrt(toy.weights)
    error = np.linalg.norm(w * (model.potential_ - toy.potential[row]))
    assert error < 0.1 * np.linalg.norm(w * toy.potential[row])
    flat = regressor(toy, r_out=toy.r[row]).fit(toy.data, toy.target[:, 19])
    assert flat.predict(toy.data).shape == (len(toy.data),)
    np.testing.assert_array_equal(flat.potential_, model.potential_)


def test_local_potential_alone():
    """A Gaussian well: V and its phase shifts from ten wave functions."""
    well, r, k = GaussianSum([-1.1], [1.0]), np.linspace(0.02, 8.0, 400), np.linspace(0.2, 2.0, 10)
    X = np.array([numerov(well, r, momentum) for momentum in k])
    y = stationary_target(X, k, r, reduced_mass=1.0)
    model = NonLocalPotentialRegressor(r, reduced_mass=1.0, local="only", random_state=0)
    model.fit(X, y)
    near = r < 3
    np.testing.assert_allclose(model.local_potential(r[near]), well(r[near]), atol=2e-3)
    exact = phase_shift(well, k, reduced_mass=1.0)
    np.testing.assert_allclose(model.phase_shift(k), exact, atol=np.deg2rad(0.05))
    assert not model.potential_.any()


def test_a_local_potential_with_a_pole(yukawa):
    """−2 e^{−r}/r on r = 0.01 … 5: δ of the potential cut at 5, and the bound states, to 0.01°."""
    r, X, y = yukawa
    cut = Local(YUKAWA.local_potential, radius=5.0)
    exact, bound = phase_shift(cut, K, reduced_mass=MASS), bound_states(cut, reduced_mass=MASS)
    settings = {"reduced_mass": MASS, "local": "only", "n_init": 1, "random_state": 0}
    model = NonLocalPotentialRegressor(r, local_basis="yukawa", **settings).fit(X, y)
    fit = Local(model.local_potential, radius=5.0)
    np.testing.assert_allclose(phase_shift(fit, K, reduced_mass=MASS), exact, atol=np.deg2rad(0.01))
    energies = bound_states(fit, reduced_mass=MASS).energy
    np.testing.assert_allclose(energies, bound.energy, rtol=1e-4)
    gaussians = NonLocalPotentialRegressor(r, **settings).fit(X, y)
    fit = Local(gaussians.local_potential, radius=5.0)
    assert np.abs(phase_shift(fit, K, reduced_mass=MASS) - exact).max() < np.deg2rad(0.5)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.local_potential(r), model.local_potential(r))


def test_widths_of_the_local_term(yukawa):
    """With the one width that V has the fit is that one coefficient: −2 e^{−r}/r."""
    r, X, y = yukawa
    model = NonLocalPotentialRegressor(
        r, reduced_mass=MASS, local="only", local_basis="yukawa", local_widths=[1.0], n_init=1
    ).fit(X, y)
    np.testing.assert_allclose(model.local_potential(r), YUKAWA(r), rtol=1e-9)


YUKAWA = Yukawa(2.0, 1.0)


@pytest.fixture(scope="module")
def yukawa():
    """Waves at k = 1, 2, 3 and their sources by finite differences."""
    r, k = np.linspace(0.01, 5.0, 500), np.array([1.0, 2.0, 3.0])
    X = scattering_wave_functions(YUKAWA, k, reduced_mass=MASS)(r)
    return r, X, stationary_target(X, k, r, reduced_mass=MASS, order=8)


def numerov(interaction, r, k, steps=40):
    """Regular solution of u'' = (2V − k²) u, φ = u/r, by Numerov's method on a finer grid."""
    h = r[0] / steps if r[0] < 0.01 else (r[1] - r[0]) / steps
    x = np.arange(0, r[-1] + h, h)
    f = np.zeros_like(x)
    f[1:] = 2 * interaction(x[1:]) - k**2
    f[0] = f[1]
    u = np.zeros_like(x)
    u[1] = h
    g = 1 - h * h * f / 12
    for n in range(1, len(x) - 1):
        u[n + 1] = ((12 - 10 * g[n]) * u[n] - g[n - 1] * u[n - 1]) / g[n + 1]
    u = np.interp(r, x, u)
    return u / r / np.abs(u).max()


def test_score_is_variance_weighted(fitted, toy):
    rng = np.random.default_rng(0)
    noisy = toy.target + 0.01 * np.abs(toy.target).max() * rng.normal(size=toy.target.shape)
    score = fitted.score(toy.data, noisy)
    w = rng.uniform(0.5, 2.0, len(noisy))
    prediction = fitted.predict(toy.data)
    assert score == pytest.approx(r2_score(noisy, prediction, multioutput="variance_weighted"))
    assert score > r2_score(noisy, prediction)
    assert fitted.score(toy.data, noisy, sample_weight=w) == pytest.approx(
        r2_score(noisy, prediction, sample_weight=w, multioutput="variance_weighted")
    )
    constant = np.full_like(noisy, 0.3)
    assert fitted.score(toy.data, noisy, y_std=constant) == pytest.approx(score, rel=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_errors_of_y_decide_what_is_believed(toy):
    """One corrupted output column is ignored where its error is large."""
    y = toy.target.copy()
    y[:, 5] *= 3.0
    sigma = np.full_like(y, 1e-4 * np.abs(y).max())
    sigma[:, 5] *= 1e5
    model = regressor(toy).fit(toy.data, y, y_std=sigma)
    assert error_of_u(model, toy) < 0.03
    score = model.score(toy.data, y, y_std=sigma)
    assert score > 0.999 > model.score(toy.data, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_grid_search_over_regulator_and_architecture_in_a_pipeline(toy):
    data = make_separable(n_k=20, n_r=40)
    steps = Pipeline(
        [
            ("identity", FunctionTransformer()),
            ("potential", regressor(data, max_iter=15, tol=1e-2)),
        ]
    )
    grid = [
        {
            "potential__regulator": [0.0, 0.1],
            "potential__regulator_radius": [4.0],
            "potential__hidden_layer_sizes": [(4,), (8, 8)],
        },
        {"potential__network": ["symmetric"], "potential__max_iter": [8]},
        {"potential__rank": [1, 3]},
    ]
    searches = [
        GridSearchCV(steps, grid, cv=5, n_jobs=n_jobs).fit(data.data, data.target)
        for n_jobs in (1, 2)
    ]
    serial, parallel = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(serial, parallel)
    assert np.isfinite(serial).all()
    best = searches[1].best_estimator_.named_steps["potential"]
    exact = data.interaction.phase_shift(K, reduced_mass=MASS)
    assert np.abs(np.rad2deg(best.phase_shift(K) - exact)).max() < 1.0


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_string_scorer_averages_uniformly_and_needs_two_samples(toy):
    model = regressor(toy, max_iter=10, tol=1e-1)
    scores = cross_val_score(model, toy.data, toy.target, scoring="r2", cv=2)
    assert np.isfinite(scores).all()


def test_saved_model_is_small_and_the_same_in_another_process(fitted, toy, tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(fitted, path)
    assert path.stat().st_size < 100_000
    code = (
        "import joblib, sys, numpy as np\n"
        f"m = joblib.load({str(path)!r})\n"
        "from halkit.datasets import make_separable\n"
        "X = make_separable().data\n"
        f"np.savez({str(tmp_path / 'out.npz')!r}, p=m.predict(X), "
        "u=m.predict_potential([0.3, 1.7]), d=m.phase_shift([0.1, 0.9]))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_array_equal(out["p"], fitted.predict(toy.data))
        np.testing.assert_array_equal(out["u"], fitted.predict_potential([0.3, 1.7]))
        np.testing.assert_array_equal(out["d"], fitted.phase_shift([0.1, 0.9]))


def test_a_pickle_holds_no_net_and_a_missing_device_falls_back_to_the_cpu(fitted, toy):
    state = fitted.__getstate__()
    assert "net_" not in state
    state = pickle.loads(pickle.dumps(state))
    state["_device"] = "cuda"
    loaded = NonLocalPotentialRegressor.__new__(NonLocalPotentialRegressor)
    if torch.cuda.is_available():
        loaded.__setstate__(state)
    else:
        with pytest.warns(RuntimeWarning, match="CPU"):
            loaded.__setstate__(state)
    np.testing.assert_allclose(loaded.predict(toy.data), fitted.predict(toy.data), rtol=1e-12)
    assert clone(fitted).get_params()["device"] == "cpu"


def test_predicting_changes_nothing(fitted, toy):
    before = set(vars(fitted))
    fitted.predict(toy.data)
    fitted.localize(toy.data)
    fitted.phase_shift([0.5])
    assert set(vars(fitted)) == before


def test_verbose_draws_a_bar(toy, capsys):
    with pytest.warns(ConvergenceWarning):
        regressor(toy, verbose=1, max_iter=2).fit(toy.data, toy.target)
    assert "start 1/1" in capsys.readouterr().err
