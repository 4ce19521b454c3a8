"""Separable interpolation: exact waves, phase shifts between them, and what M says of the data."""

import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from halkit.datasets import make_separable, make_time_dependent
from halkit.exceptions import (
    AccuracyWarning,
    MisfitWarning,
    OverfitWarning,
    UnderdeterminedWarning,
)
from halkit.interactions import (
    OMEGA_CCC_MASS,
    GaussianSum,
    Local,
    Separable,
    Yamaguchi,
    av18,
    malfliet_tjon,
    minnesota,
    nucleon_reduced_mass,
    omega_ccc,
)
from halkit.potentials import ESTPotentialRegressor
from halkit.potentials.expansion import FormFactors, SeparableExpansion
from halkit.radial import trapezoid_weights
from halkit.resampling import JackknifeRegressor
from halkit.scattering import (
    bound_states,
    phase_shift,
    scattering_wave_functions,
    spherical_box_states,
)
from halkit.units import HBARC

# few waves, far from each other, are what some tests are about
pytestmark = pytest.mark.filterwarnings("ignore:the data do not determine δ")

D = make_separable()
V = av18("1S0")
MASS = V.reduced_mass
FINE = np.linspace(0.02, 12.0, 600)
BETWEEN = np.linspace(0.1, 2.0, 39)


def waves(interaction, k, r, m):
    """φ_k and y_k = V φ_k of a local potential."""
    phi = scattering_wave_functions(interaction, k, reduced_mass=m)(r)
    return phi, interaction.local_potential(r) * phi


def degrees(model, interaction, k, m):
    """Largest error of δ in degrees, modulo 180."""
    x = np.rad2deg(model.phase_shift(k) - phase_shift(interaction, k, reduced_mass=m))
    return np.abs(x - 180 * np.round(x / 180)).max()


def s_error(model, interaction, k, m):
    delta, exact = model.phase_shift(k), phase_shift(interaction, k, reduced_mass=m)
    return np.abs(np.exp(2j * delta) - np.exp(2j * exact))


def ten_waves():
    return waves(V, np.linspace(0.1, 2.0, 10), FINE, MASS)


@pytest.fixture(scope="module")
def argonne():
    return ESTPotentialRegressor(FINE, reduced_mass=MASS).fit(*ten_waves())


def test_every_wave_is_reproduced_by_a_hermitian_potential(argonne):
    X, y = ten_waves()
    np.testing.assert_allclose(argonne.predict(X), y, atol=1e-10 * np.abs(y).max())
    assert argonne.loss_ < 1e-20
    assert argonne.asymmetry_ < 1e-14
    U = argonne.predict_potential(np.array([0.3, 0.71, 2.2, 5.0]))
    np.testing.assert_allclose(U, U.T, rtol=1e-12)
    terms = argonne.form_factors_.T * argonne.signs_ @ argonne.form_factors_
    np.testing.assert_allclose(argonne.potential_, terms, atol=1e-10 * np.abs(terms).max())
    assert argonne.rank_ == len(argonne.eigenvalues_) == 10


@pytest.mark.parametrize("i", range(10))
def test_one_wave_gives_the_separable_potential(i):
    model = ESTPotentialRegressor(D.r, reduced_mass=3.3).fit(D.data[[i]], D.target[[i]])
    assert degrees(model, D.interaction, D.k, 3.3) < (0.012 if i == 0 else 0.03)
    assert model.bound_states().energy == pytest.approx(
        bound_states(D.interaction, reduced_mass=3.3).energy, rel=1e-3
    )


@pytest.mark.parametrize(("n", "limit"), [(3, 1.5), (4, 0.4), (6, 0.03), (8, 3e-3), (10, 2e-3)])
def test_more_waves_of_argonne_v18_give_better_phase_shifts(n, limit):
    """The last two are at the floor of V cut at 12 fm."""
    X, y = waves(V, np.linspace(0.1, 2.0, n), FINE, MASS)
    model = ESTPotentialRegressor(FINE, reduced_mass=MASS).fit(X, y)
    assert degrees(model, V, BETWEEN, MASS) < limit


def test_argonne_v18_at_the_momenta_of_the_data(argonne):
    assert degrees(argonne, V, np.linspace(0.2, 2.0, 10), MASS) < 1.5e-3


def test_four_waves_of_two_omega_ccc():
    m, V = OMEGA_CCC_MASS / 2 / HBARC, omega_ccc()
    X, y = waves(V, np.linspace(0.2, 3.0, 4), np.linspace(0.01, 6.0, 600), m)
    model = ESTPotentialRegressor(np.linspace(0.01, 6.0, 600), reduced_mass=m).fit(X, y)
    assert degrees(model, V, np.linspace(0.2, 3.0, 29), m) < 1e-4


def test_two_waves_give_a_separable_potential_of_rank_two():
    two, m, r = Separable(-0.1, 1.0) + Separable(0.9, 2.5), 1.5, np.linspace(1 / 48, 25.0, 1200)
    X = scattering_wave_functions(two, [0.2, 0.8, 1.4], reduced_mass=m)(r)
    w = trapezoid_weights(r)
    y = (X * w) @ two.nonlocal_potential(r[:, None], r).T
    k = np.linspace(0.05, 1.5, 30)
    one, both, three = (
        ESTPotentialRegressor(r, weights=w, reduced_mass=m).fit(X[:n], y[:n]) for n in (1, 2, 3)
    )
    assert s_error(one, two, k, m).max() > 0.1
    assert s_error(both, two, k, m).max() < 1e-8
    assert three.rank_ == 2
    assert s_error(three, two, k, m).max() < 1e-8


@pytest.mark.parametrize(("n", "limit"), [(2, 6e-3), (3, 6e-5), (4, 6e-7), (6, 1e-10)])
def test_waves_of_a_resonance_in_the_p_wave(n, limit):
    P, m, r = GaussianSum([-8.0], [0.5]), 1.5, np.linspace(0.02, 8.0, 400)
    phi = scattering_wave_functions(P, np.linspace(0.05, 1.45, n + 1)[1:], reduced_mass=m, l=1)(r)
    model = ESTPotentialRegressor(r, reduced_mass=m, l=1).fit(phi, P.local_potential(r) * phi)
    k = np.linspace(0.05, 1.45, 29)
    delta, exact = (phase_shift(U, k, reduced_mass=m, l=1) for U in (model, P))
    assert np.abs(np.exp(2j * delta) - np.exp(2j * exact)).max() < limit


@pytest.mark.parametrize(("n", "limit"), [(4, 5e-4), (6, 1e-4), (8, 3e-5)])
def test_states_of_a_box_determine_the_phase_shifts_up_to_their_energy(n, limit):
    """Levels with wave functions up to E give S up to E."""
    cut, r = Local(V.local_potential, radius=8.0), np.linspace(0.02, 8.0, 400)
    box = spherical_box_states(cut, radius=8.0, reduced_mass=MASS, n_states=n)
    phi = box.wave_function(r)
    model = ESTPotentialRegressor(r, reduced_mass=MASS)
    with pytest.warns(UnderdeterminedWarning, match="lies beyond r = 8"):
        model.fit(phi, V.local_potential(r) * phi)
    assert s_error(model, cut, np.linspace(0.1, 1.3, 15), MASS).max() < limit


def test_a_potential_that_grows_towards_the_origin():
    m = nucleon_reduced_mass()
    Y, r, k = Yamaguchi(0.2316, 1.4488, reduced_mass=m), np.linspace(0.05, 14.0, 280), [0.1, 0.5, 1]
    model = ESTPotentialRegressor(r, reduced_mass=m).fit(Y.wave_function(k, r), Y.target(k, r))
    assert model.rank_ == 1
    assert degrees(model, Y, k, m) < 2e-3
    U, exact = (V.nonlocal_potential(0.02, 0.3) for V in (model, Y))
    assert exact < 8 * Y.nonlocal_potential(0.2, 0.3) < 0
    assert pytest.approx(exact, rel=1e-3) == U


# Between the nodes


@pytest.mark.parametrize(("n", "limit"), [(300, 2e-3), (150, 3e-3), (100, 0.01)])
def test_phase_shifts_on_coarse_nodes(n, limit):
    r = np.linspace(12 / n, 12.0, n)
    model = ESTPotentialRegressor(r, reduced_mass=MASS)
    model.fit(*waves(V, np.linspace(0.1, 2.0, 10), r, MASS))
    assert degrees(model, V, BETWEEN, MASS) < limit


def test_nodes_that_are_too_coarse_are_named():
    """With 60 nodes δ is off by 2.8°, as the tails of the waves show."""
    r = np.linspace(0.2, 12.0, 60)
    model = ESTPotentialRegressor(r, reduced_mass=MASS)
    tails = pytest.warns(MisfitWarning, match=r"at large r .* differs by 2\.8°")
    with pytest.warns(AccuracyWarning, match="the nodes are too coarse"), tails:
        model.fit(*waves(V, np.linspace(0.1, 2.0, 10), r, MASS))
    assert degrees(model, V, BETWEEN, MASS) > 0.5


@pytest.mark.parametrize("n", [20, 40])
def test_form_factors_between_and_beyond_nodes(n):
    """e^{−r²} and r² e^{−r²}: of order h^6, finite at r = 0, and zero beyond the last node."""
    r = np.linspace(4 / n, 4.0, n)
    g = np.array([np.exp(-(r**2)), r**2 * np.exp(-(r**2))])
    g = FormFactors(r, g)
    U = SeparableExpansion(g, g, np.array([1.0, -1.0]))
    x = np.array([0.0, 0.03, 0.5, 1.234, 3.9, 4.1])
    h = np.array([np.exp(-(x**2)), x**2 * np.exp(-(x**2))]) * (x <= 4.0)
    error = np.abs(U(x[:, None], x) - (np.outer(h[0], h[0]) - np.outer(h[1], h[1]))).max()
    assert error < 0.015 * (20 / n) ** 5.5
    assert U.radius == 4.0


# Noise


@pytest.mark.parametrize("noise", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("seed", range(3))
def test_noise_moves_the_s_matrix_by_a_few_times_itself(noise, seed):
    """With the cut at the asymmetry of M, and at `rcond` = noise."""
    k, r = np.linspace(0.1, 1.1, 10), np.linspace(0.02, 12.0, 300)
    X, y = waves(V, k, r, MASS)
    y = y * (1 + noise * np.random.default_rng(seed).normal(size=y.shape))
    for rcond in (None, noise):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the nodes are too coarse")
            warnings.filterwarnings("ignore", "the result still changes")
            model = ESTPotentialRegressor(r, reduced_mass=MASS, rcond=rcond).fit(X, y)
            error = s_error(model, V, np.linspace(0.1, 1.1, 11), MASS)
        assert np.median(error) < 1.5 * noise
        assert error.max() < 10 * noise
        assert 2 <= model.rank_ <= 5


def test_the_asymmetry_has_the_size_of_the_errors():
    """⟨(asymmetry/std)²⟩ = 1 over 100 seeds, and a wrong energy of one wave is seen."""
    r = np.linspace(0.02, 12.0, 300)
    X, y = waves(V, np.linspace(0.1, 1.1, 4), r, MASS)
    sigma = 3e-3 * np.abs(y) + 1e-12
    random, square = np.random.default_rng(0), []
    model = ESTPotentialRegressor(r)
    for _ in range(100):
        model.fit(X, y + sigma * random.normal(size=y.shape), y_std=sigma)
        square.append((model.asymmetry_ / model.asymmetry_std_) ** 2)
    z = (np.mean(square) - 1) / (np.std(square) / 10)
    assert abs(z) < 3
    y[2] += 0.005 * X[2]
    with pytest.warns(MisfitWarning, match="asymmetric by .* where y_std explains"):
        model.fit(X, y, y_std=sigma)
    assert ESTPotentialRegressor().fit(X, y).asymmetry_std_ is None


def test_errors_of_y_raise_the_cut(argonne):
    X, y = ten_waves()
    model = ESTPotentialRegressor(FINE, reduced_mass=MASS).fit(X, y, y_std=1e-2 * np.abs(y) + 1e-9)
    assert model.rank_ < argonne.rank_
    assert model.eigenvalues_.min() > model.asymmetry_std_ > 1e-5 > model.asymmetry_
    given = clone(model).set_params(rcond=1e-12).fit(X, y, y_std=1e-2 * np.abs(y) + 1e-9)
    assert given.rank_ == argonne.rank_


@pytest.mark.filterwarnings("ignore:the wave function with k")
def test_a_potential_that_is_not_hermitian_is_named():
    r = np.linspace(0.05, 16.0, 320)
    X = scattering_wave_functions(V, [0.2, 0.6, 1.0], reduced_mass=MASS)(r)
    U = -np.exp(-r[:, None] - r) + 0.3 * np.exp(-2 * r[:, None] - r)
    model = ESTPotentialRegressor(r, reduced_mass=MASS)
    with pytest.warns(MisfitWarning, match="U is not Hermitian"):
        model.fit(X, (X * trapezoid_weights(r)) @ U.T)


@pytest.mark.parametrize("noise", [1e-4, 1e-3])
@pytest.mark.parametrize(
    "truth", [GaussianSum([-0.04], [0.1]), GaussianSum([0.3, -0.06], [0.5, 0.05])]
)
def test_time_dependent_rows_with_noise_are_named(noise, truth):
    d = make_time_dependent(
        truth, r=np.arange(1, 27) * 0.75, box_radius=24.0, hadron_mass=1.5, times=range(8, 17),
        noise=noise, n_bins=10, random_state=0,
    )  # fmt: skip
    for y_std in (None, d.sigma):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ESTPotentialRegressor(d.r, reduced_mass=0.75).fit(d.data, d.target, y_std=y_std)
        assert any("fit correlators with" in str(w.message) for w in caught)


def test_a_target_that_is_missed_is_named():
    X, y = waves(V, np.linspace(0.1, 2.0, 4), FINE, MASS)
    with pytest.warns(
        MisfitWarning, match="U misses a target by .* of its norm with 1 directions of the 4"
    ):
        ESTPotentialRegressor(FINE, reduced_mass=MASS, rcond=0.5).fit(X, y)


# Bound states


@pytest.mark.parametrize("potential", [minnesota(1), malfliet_tjon(1)])
def test_the_deuteron_from_six_scattering_waves(potential):
    m = nucleon_reduced_mass()
    model = ESTPotentialRegressor(FINE, reduced_mass=m)
    model.fit(*waves(potential, np.linspace(0.1, 2.0, 6), FINE, m))
    expected = bound_states(potential, reduced_mass=m).energy
    assert model.bound_states().energy == pytest.approx(expected, rel=2e-3)


def test_bound_states_far_from_the_data_are_named(argonne):
    """Ten waves up to 2 fm⁻¹ of a potential that binds nothing give a state at −3.7 fm⁻¹."""
    with pytest.warns(OverfitWarning, match="change by more than half when one of the waves"):
        assert argonne.bound_states().energy == pytest.approx([-3.708], rel=1e-2)
    assert bound_states(V, reduced_mass=MASS).energy.size == 0


# The face of an estimator


def test_a_weight_counts_equal_rows():
    r = np.linspace(0.02, 12.0, 300)
    X, y = waves(V, np.linspace(0.1, 1.1, 4), r, MASS)
    y = y * (1 + 1e-3 * np.random.default_rng(0).normal(size=y.shape))
    model = ESTPotentialRegressor(r, reduced_mass=MASS)
    U = model.fit(X, y, sample_weight=[1, 3, 0, 2]).potential_
    repeated = [0, 1, 1, 1, 3, 3]
    np.testing.assert_allclose(
        clone(model).fit(X[repeated], y[repeated]).potential_, U, atol=1e-9 * np.abs(U).max()
    )


def test_targets_that_end_before_the_waves():
    X, y = D.data, D.target
    model = ESTPotentialRegressor(D.r, r_out=D.r[:95], reduced_mass=3.3)
    model.fit(X[:1], y[:1, :95])
    np.testing.assert_allclose(model.predict(X[:1]), y[:1, :95], rtol=1e-9)
    assert model.interaction_.radius == D.r[94]
    assert not model.nonlocal_potential(D.r[96], D.r).any()


@pytest.mark.filterwarnings("ignore:U misses a target")
def test_clone_search_pickle_and_jackknife(tmp_path):
    k, r = np.linspace(0.1, 1.1, 10), np.linspace(0.02, 12.0, 300)
    X, y = waves(V, k, r, MASS)
    y = y * (1 + 1e-3 * np.random.default_rng(1).normal(size=y.shape))
    model = ESTPotentialRegressor(r)
    search = GridSearchCV(model, {"rcond": [0.5, 1e-3, 1e-9]}, cv=5).fit(X, y)
    assert search.best_params_ == {"rcond": 1e-3}
    assert search.score(X, y) > 1 - 1e-3
    joblib.dump(search.best_estimator_, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict(X), search.predict(X))
    bins = np.random.default_rng(2).normal(size=(8, *y.shape)) / 7
    jackknife = JackknifeRegressor(ESTPotentialRegressor(r, reduced_mass=MASS))
    jackknife.fit(np.stack([X] * 8), y * (1 + 1e-3 * (bins - bins.mean(axis=0))))
    delta, error = jackknife.phase_shift([0.3, 0.8], return_std=True)
    assert np.all((error > 1e-5) & (error < 5e-3))
    exact = phase_shift(V, [0.3, 0.8], reduced_mass=MASS)
    assert np.abs(np.exp(2j * delta) - np.exp(2j * exact)).max() < 5e-3


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"rcond": -1.0}, ValueError, "rcond must be .* ≥ 0 and < 1 or None, got -1.0"),
        ({"rcond": 1.0}, ValueError, "rcond must be .* < 1 or None, got 1.0"),
        ({"rcond": "1e-3"}, TypeError, "rcond must be a .*number.*'1e-3'"),
        ({"reduced_mass": 0.0}, ValueError, "reduced_mass"),
        ({"r_out": D.r[1:]}, ValueError, "r_out must be the first nodes of r"),
        ({"weights": np.ones(3)}, ValueError, "weights"),
    ],
)
def test_fit_refuses(parameters, error, message):
    y = D.target[:, 1:] if "r_out" in parameters else D.target
    with pytest.raises(error, match=message):
        ESTPotentialRegressor(**{"r": D.r, **parameters}).fit(D.data, y)


def test_fit_refuses_data_without_overlap():
    model = ESTPotentialRegressor(D.r)
    with pytest.raises(ValueError, match="X and y must overlap"):
        model.fit(D.data, 0 * D.target)
    with pytest.raises(ValueError, match="X and y must overlap"):
        model.fit(D.data * (D.r > 5), D.target * (D.r < 5))
    with pytest.raises(ValueError, match="positive"):
        model.fit(D.data, D.target, y_std=0 * D.target)
