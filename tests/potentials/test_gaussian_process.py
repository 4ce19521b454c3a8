"""GaussianProcessPotentialRegressor: the dense Gaussian process, exact cases, coverage, borders."""

import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn.exceptions import NotFittedError

from halkit.datasets import make_separable, make_time_dependent
from halkit.exceptions import OverfitWarning, UnderdeterminedWarning
from halkit.interactions import GaussianSum, PereyBuck
from halkit.potentials import GaussianProcessPotentialRegressor, lattice_prior
from halkit.potentials.local import LATTICE_RANGE
from halkit.potentials.prior import SmoothBasis
from halkit.radial import RadialGrid
from halkit.scattering import phase_shift, scattering_wave_functions

pytestmark = [
    # The data of these tests are of no potential, and end where U does not.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

R = np.linspace(0.3, 12.0, 24)
RNG = np.random.default_rng(5)
X = np.array([np.sin(k * R) / (k * R) for k in (0.1, 0.25, 0.4, 0.7)])
NEW = np.array([np.sin(0.55 * R) / (0.55 * R), np.exp(-R / 3)])
W = RadialGrid.from_nodes(R).weights
SIGMA = 1e-4 * RNG.uniform(0.5, 2.0, X.shape)
Y = -0.02 * np.exp(-R / 2) * X + 0.001 * RNG.normal(size=X.shape)


def covariance(r, s, *, length=4.0, radius=5.5, envelope="gaussian"):
    """c(r, s) of the docstring."""
    r, s = np.asarray(r)[:, None], np.asarray(s)[None, :]
    decay = {"gaussian": lambda x: np.exp(-(x**2) / 2), "exponential": lambda x: np.exp(-x)}
    e = decay[envelope]
    return e(r / radius) * e(s / radius) * np.exp(-((r - s) ** 2) / (2 * length**2))


def local_covariance(r, s):
    """Σ_m B_m² e^{−(r² + s²)/b_m²} for 1/2m < λ/3: b_m from 0.85 of the first step to 5λ."""
    ends = 0.85 * max(R[0], R[1] - R[0]), 5 * LATTICE_RANGE
    b = np.geomspace(*ends, 1 + int(np.ceil(np.log(ends[1] / ends[0]) / np.log(1.2))))
    scale = (
        5
        * np.sqrt(np.log(b[1] / b[0]))
        * LATTICE_RANGE
        / (3 * b**2)
        * np.exp(-((b / 2 / LATTICE_RANGE) ** 2))
    )
    f, g = (scale * np.exp(-((np.asarray(x)[:, None] / b) ** 2)) for x in (r, s))
    return f @ g.T


def data_covariance(P, Q, *, local, symmetric, amplitude=1e-5):
    """⟨y y⟩ between the sources of the wave functions P and of Q, from the kernels alone."""
    c, p, q = covariance(R, R), P * W, Q * W
    plain = np.einsum("st,ik->sitk", p @ c @ q.T, c)
    if symmetric:
        plain = (plain + np.einsum("ti,sk->sitk", q @ c, p @ c)) / 2
    total = amplitude**2 * plain
    if local:
        total = total + np.einsum("si,ik,tk->sitk", P, local_covariance(R, R), Q)
    return total.reshape(P.size, Q.size)


def fit(X=X, y=Y, *, y_std=SIGMA, sample_weight=None, r=R, reduced_mass=1.0, **parameters):
    model = GaussianProcessPotentialRegressor(r, reduced_mass=reduced_mass, **parameters)
    return model.fit(X, y, sample_weight=sample_weight, y_std=y_std)


@pytest.mark.parametrize("envelope", ["gaussian", "exponential"])
def test_the_basis_sums_to_the_kernel(envelope):
    basis = SmoothBasis(1.3, 2.5, envelope, 1e-7)
    r, s = np.linspace(0, 9, 31), np.array([0.0, 0.17, 1.0, 4.4])
    exact = covariance(r, s, length=1.3, radius=2.5, envelope=envelope)
    np.testing.assert_allclose(basis(r) @ basis(s).T, exact, atol=1e-10)
    assert np.all(np.diff(basis.size) < 0)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_prior_of_the_nonlocal_term(symmetric):
    prior = fit(symmetric=symmetric)._prior.nonlocal_
    r, r_prime = np.array([0.2, 3.0, 5.0]), np.array([1.0, 3.0, 0.1])
    f = prior.functions(r, r_prime)
    direct = covariance(r, r) * covariance(r_prime, r_prime)
    if symmetric:
        direct = (direct + covariance(r, r_prime) * covariance(r_prime, r)) / 2
    np.testing.assert_allclose(f @ f.T, 1e-10 * direct, atol=1e-15)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("local", [True, False, "only"])
def test_it_is_the_dense_gaussian_process(local, symmetric):
    """Mean and standard deviation of new sources, without the expansion of the prior."""
    settings = {"local": local, "symmetric": symmetric}
    model = fit(**settings)
    dense = {
        "local": bool(local), "symmetric": symmetric, "amplitude": 0.0 if local == "only" else 1e-5
    }  # fmt: skip
    K = data_covariance(X, X, **dense) + np.diag(SIGMA.ravel() ** 2)
    K_new = data_covariance(NEW, X, **dense)
    mean = (K_new @ np.linalg.solve(K, Y.ravel())).reshape(NEW.shape)
    variance = data_covariance(NEW, NEW, **dense) - K_new @ np.linalg.solve(K, K_new.T)
    prediction, std = model.predict(NEW, return_std=True)
    scale = np.abs(mean).max()
    np.testing.assert_allclose(prediction, mean, atol=1e-6 * scale)
    exact = np.sqrt(np.diag(variance).clip(0)).reshape(NEW.shape)
    np.testing.assert_allclose(std, exact, rtol=1e-4, atol=1e-5 * exact.max())


@pytest.mark.parametrize("local", [True, False])
def test_evidence_is_the_density_of_the_data(local):
    sigma = 30 * SIGMA
    K = data_covariance(X, X, local=local, symmetric=True) + np.diag(sigma.ravel() ** 2)
    exact = stats.multivariate_normal(np.zeros(Y.size), K).logpdf(Y.ravel())
    model = fit(local=local, y_std=sigma)
    assert model.log_marginal_likelihood_ == pytest.approx(exact, rel=1e-7)


def test_weights_and_repeated_samples_are_the_same():
    twice = fit(np.r_[X, X[:1]], np.r_[Y, Y[:1]], y_std=np.r_[SIGMA, SIGMA[:1]])
    weighted = fit(sample_weight=[2.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(weighted.predict(NEW), twice.predict(NEW), rtol=1e-8)
    np.testing.assert_allclose(weighted.covariance_, twice.covariance_, atol=1e-8)


def test_what_the_data_told():
    model = fit()
    p = len(model.coefficients_)
    C, theta = model.covariance_, model.coefficients_
    assert model.n_effective_ == pytest.approx(p - np.trace(C), rel=1e-9)
    divergence = (np.trace(C) + theta @ theta - p - np.linalg.slogdet(C)[1]) / 2
    assert model.information_gain_ == pytest.approx(divergence, rel=1e-6)
    loose = fit(y_std=1e6 * np.ones_like(Y), local=False)
    assert loose.n_effective_ < 1e-3
    assert abs(loose.information_gain_) < 1e-3


def test_posterior_covers_the_truth():
    """Potentials drawn from the prior, 150 data sets: (θ − m)ᵀ C⁻¹ (θ − m) is χ² with p degrees."""
    random, model = np.random.default_rng(11), fit()
    design = model._prior.design(X, R, W, R)
    p, distances, pulls = design.shape[2], [], []
    functions = model._prior.nonlocal_.functions(2.0, 3.0)
    for _ in range(150):
        theta = random.standard_normal(p)
        model.fit(X, design @ theta + SIGMA * random.standard_normal(X.shape), y_std=SIGMA)
        offset = np.linalg.solve(model._posterior.factor, theta - model.coefficients_)
        distances.append(offset @ offset)
        U, error = model.predict_potential([2.0], [3.0], return_std=True)
        pulls.append((U - functions @ theta[model._prior.n_local :]) / error)
    assert stats.kstest(distances, stats.chi2(p).cdf).pvalue > 0.01
    assert stats.kstest(np.ravel(pulls), stats.norm.cdf).pvalue > 0.01


def test_separable_potential():
    """The toy model: δ within 0.01°, one bound state, a0 and r_eff to a part in a thousand."""
    d = make_separable()
    model = fit(
        d.data, d.target, y_std=None, r=d.r, reduced_mass=3.3, local=False, amplitude=0.02,
        envelope="exponential", envelope_radius=1.0,
    )  # fmt: skip
    k = np.linspace(0.05, 1.0, 20)
    exact = d.interaction.phase_shift(k, reduced_mass=3.3)
    delta, error = model.phase_shift(k, return_std=True)
    assert np.rad2deg(np.abs(delta - exact)).max() < 0.01
    assert np.rad2deg(error).max() < 0.1
    assert model.bound_states().kappa == pytest.approx([0.197175], rel=1e-3)
    assert model.scattering_length() == pytest.approx(7.39709, rel=1e-3)
    assert model.effective_range() == pytest.approx(3.29349, rel=1e-3)
    root = np.sqrt(d.weights)
    wrong = np.linalg.norm(np.outer(root, root) * (model.potential_ - d.potential))
    assert wrong < 1e-3 * np.linalg.norm(np.outer(root, root) * d.potential)


@pytest.mark.parametrize(("depth", "mass"), [(0.10, 2.38), (0.36, 3.8)])
def test_perey_buck(depth, mass):
    """Ten waves give δ within 0.001° between them, and not U: it is 30 to 50 % off."""
    U, grid = PereyBuck(depth, 1.9, 0.65, 0.85), RadialGrid.gauss_legendre(12.0, 100)
    waves = scattering_wave_functions(U, np.linspace(0.05, 1.2, 10), reduced_mass=mass)(grid.r)
    exact = U(grid.r[:, None], grid.r)
    model = GaussianProcessPotentialRegressor(
        grid.r, weights=grid.weights, reduced_mass=mass, local=False, envelope_radius=3.0,
        length_scale=1.0, amplitude=0.01, noise=1e-4,
    ).fit(waves, waves @ (exact * grid.weights).T)  # fmt: skip
    k = np.linspace(0.1, 1.1, 21)
    error = model.phase_shift(k) - phase_shift(U, k, reduced_mass=mass)
    assert np.rad2deg(np.abs(error)).max() < 0.001
    root = np.sqrt(grid.weights)
    wrong = np.linalg.norm(np.outer(root, root) * (model.potential_ - exact))
    assert 0.3 < wrong / np.linalg.norm(np.outer(root, root) * exact) < 0.5


def test_another_unit_of_length():
    """The same data in lattice units and in fm, with the prior scaled: the same phases."""
    a = 0.09
    lattice = fit(reduced_mass=1.0)
    fm = fit(y=Y / a, y_std=SIGMA / a, r=R * a, reduced_mass=1.0 / a, **lattice_prior(1.0))
    k = np.array([0.05, 0.2, 0.4])
    np.testing.assert_allclose(fm.phase_shift(k / a), lattice.phase_shift(k), atol=1e-6)
    unscaled = lattice_prior(a)
    np.testing.assert_array_equal(
        fit(reduced_mass=1.0, **unscaled).phase_shift(k), lattice.phase_shift(k)
    )
    for wider in ({"n_channels": 2}, {"l": 1}):
        prior = lattice_prior(a, **wider)
        assert prior["length_scale"] == pytest.approx(9.0)
        assert prior["envelope_radius"] == pytest.approx(9.0)


def test_standard_deviations_have_the_shapes_of_their_values():
    model = fit(reduced_mass=2.0)
    for values in (
        model.predict(NEW, return_std=True),
        model.localize(NEW, return_std=True),
        model.predict_potential([0.0, 1.0], [2.0, 3.0, 4.0], return_std=True),
        model.predict_potential(return_std=True),
        model.phase_shift([[0.1, 0.2]], return_std=True, n_draws=3),
        model.scattering_length(return_std=True, n_draws=3),
        model.effective_range(return_std=True, n_draws=3),
    ):
        assert np.shape(values[0]) == np.shape(values[1])
        assert np.all(values[1] > 0)
    only = fit(local="only", reduced_mass=2.0)
    assert not only.predict_potential(return_std=True)[1].any()
    assert not only.nonlocal_potential(1.0, [2.0, 3.0]).any()
    assert not fit(local=False).local_potential([1.0, 2.0]).any()


def test_one_row():
    row = slice(-1, None)
    model = fit(y=Y[:, -1], y_std=SIGMA[:, -1], r_out=R[row], local=False)
    y, error = model.predict(NEW, return_std=True)
    assert y.shape == error.shape == (2,)


def test_a_node_of_the_wave_function():
    waves = np.array([np.sin(np.pi * R / R[5]) / R, np.exp(-R)])
    waves[0, 5] = 0.0
    V, error = fit().localize(waves, return_std=True)
    assert np.isnan(V[0, 5])
    assert np.isnan(error[0, 5])
    assert np.isfinite(V).sum() == np.isfinite(error).sum() == V.size - 1


def test_draws_have_the_spread_of_the_posterior():
    model = fit()
    draws = model.draw_potentials(4000, random_state=1)
    r, r_prime = np.array([0.5, 2.0, 4.0]), np.array([1.0, 2.0, 6.0])
    U, error = (np.diag(values) for values in model.predict_potential(r, r_prime, return_std=True))
    values = np.array([draw.nonlocal_potential(r, r_prime) for draw in draws])
    z = (values.mean(axis=0) - U) / error * np.sqrt(4000)
    assert np.all(np.abs(z) < 4)
    np.testing.assert_allclose(values.std(axis=0), error, rtol=0.05)


def test_a_fit_does_not_change_with_the_parameters():
    for local in (True, False, "only"):
        model = fit(local=local)
        y, V, U = model.predict(X), model.local_potential(R), model.predict_potential()
        for other in (True, False, "only"):
            model.set_params(local=other, envelope="exponential", length_scale=1.0)
            for same in (model, pickle.loads(pickle.dumps(model))):
                np.testing.assert_array_equal(same.predict(X), y)
                np.testing.assert_array_equal(same.local_potential(R), V)
                np.testing.assert_array_equal(same.predict_potential(), U)
                assert same.interaction_.has_local == (local is not False)
                assert same.interaction_.has_nonlocal == (local != "only")


@pytest.mark.parametrize("rows", [0 * X, X[:, :5]])
def test_a_fit_that_fails_leaves_the_earlier_one(rows):
    model = fit()
    expected = model.predict(X)
    with pytest.raises(ValueError, match="X"):
        model.set_params(local=False).fit(rows, Y[:, : rows.shape[1]])
    np.testing.assert_array_equal(model.predict(X), expected)
    first = GaussianProcessPotentialRegressor(R)
    before = dict(vars(first))
    with pytest.raises(ValueError, match="X"):
        first.fit(rows, Y[:, : rows.shape[1]])
    assert vars(first) == before


def test_radii_are_not_negative():
    model = fit()
    with pytest.raises(ValueError, match="r must be finite"):
        model.local_potential([1.0, np.nan])
    with pytest.raises(ValueError, match="r must not be negative, got -1"):
        model.nonlocal_potential(-1.0, 1.0)


def test_tol_leaves_out_small_functions():
    """Those that are left differ from all of them by `tol` in the covariance of the prior."""
    r, r_prime = R[:, None], R
    exact = fit(tol=1e-7, y_std=30 * SIGMA)
    sizes = []
    for tol in (1e-2, 1e-4):
        model = fit(tol=tol, y_std=30 * SIGMA)
        basis = model._prior.nonlocal_.basis
        error = np.abs(basis(R) @ basis(R).T - covariance(R, R)).max()
        assert 1e-2 * tol**2 < error < 1e2 * tol**2 + 1e-12
        sizes.append(len(model.coefficients_))
        U = exact.nonlocal_potential(r, r_prime)
        error = np.abs(model.nonlocal_potential(r, r_prime) - U).max()
        assert error < 10 * tol * np.abs(U).max()
    assert sizes[0] < sizes[1] < len(exact.coefficients_)


@pytest.mark.filterwarnings("ignore:the error of δ reaches")  # of two draws, 0.77 rad
def test_the_number_of_draws_is_that_of_the_standard_deviation():
    model = fit(reduced_mass=1.0, y_std=30 * SIGMA)
    k = [0.2, 0.5]
    for n in (2, 5):
        draws = [phase_shift(draw, k, reduced_mass=1.0) for draw in model.draw_potentials(n)]
        _, std = model.phase_shift(k, return_std=True, n_draws=n)
        np.testing.assert_allclose(std, np.std(draws, axis=0, ddof=1), rtol=1e-10)
        assert len(draws) == n


def test_draws_are_seeded():
    model = fit(reduced_mass=2.0)
    first, second = (model.phase_shift([0.2], return_std=True, n_draws=4) for _ in range(2))
    again = pickle.loads(pickle.dumps(model)).phase_shift([0.2], return_std=True, n_draws=4)
    assert first == second == again
    other = fit(reduced_mass=2.0, random_state=1).phase_shift([0.2], return_std=True, n_draws=4)
    assert first[0] == other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize("seed", range(6))
def test_draws_of_a_seed_do_not_depend_on_rounding(correlators, seed):
    """Rows in another order have other rounding errors, also where the data see nothing of U."""
    d = correlators
    order = np.random.default_rng(seed).permutation(len(d.data))
    V = []
    for rows in (slice(None), order):
        model = GaussianProcessPotentialRegressor(d.r, reduced_mass=1.0, random_state=seed)
        model.fit(d.data[rows], d.target[rows], y_std=d.sigma[rows])
        V.append([draw(d.r) for draw in model.draw_potentials(3)])
    np.testing.assert_allclose(V[0], V[1], rtol=0, atol=1e-6 * np.abs(V[0]).max())


def test_symmetry_is_a_choice():
    r = np.linspace(0.5, 8.0, 5)
    U = fit(symmetric=True).predict_potential(r)
    np.testing.assert_allclose(U, U.T, atol=1e-12 * np.abs(U).max())
    U = fit(symmetric=False).predict_potential(r)
    assert np.abs(U - U.T).max() > 0.1 * np.abs(U).max()


@pytest.fixture(scope="module")
def correlators():
    return make_time_dependent(
        GaussianSum.from_ranges([-0.04], [4.0]), r=np.arange(1, 51) * 0.5, box_radius=40.0,
        hadron_mass=2.0, times=range(20, 29), source_radius=1.5, noise=1e-3, n_bins=20,
        random_state=0,
    )  # fmt: skip


def test_one_source_does_not_tell_local_from_nonlocal(correlators):
    d = correlators
    both = fit(d.data, d.target, y_std=d.sigma, r=d.r)
    assert both.nonlocal_sensitivity_[0] > 3
    n = len(d.data) // 2
    for one in (slice(0, n), slice(n, None)):
        with pytest.warns(UnderdeterminedWarning, match="Fit rows of two sources"):
            model = fit(d.data[one], d.target[one], y_std=d.sigma[one], r=d.r)
        assert model.nonlocal_sensitivity_[0] < 3
        assert fit(
            d.data[one], d.target[one], y_std=d.sigma[one], r=d.r, local="only"
        ).nonlocal_sensitivity_.size == 0  # fmt: skip


def test_a_single_sample_shows_no_nonlocality():
    with pytest.warns(UnderdeterminedWarning):
        model = fit(X[:1], Y[:1], y_std=SIGMA[:1])
    assert model.nonlocal_sensitivity_[0] < 1e-6


def test_a_bound_state_that_the_data_do_not_hold():
    """Noise of 1 % taken for signal binds a second state: that one is named, the true one not."""
    d = make_separable(noise=1e-2, random_state=0)
    model = fit(
        d.data, d.target, y_std=None, r=d.r, reduced_mass=3.3, local=False, amplitude=0.02,
        envelope_radius=2.0, length_scale=2.0, noise=1e-5,
    )  # fmt: skip
    with pytest.warns(OverfitWarning, match=r"at E = \[-0.1\d*\] .* rest on the prior"):
        kappa = model.bound_states().kappa
    assert len(kappa) == 2
    assert kappa[1] == pytest.approx(0.197175, rel=0.01)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"length_scale": 0.0}, ValueError, "length_scale"),
        ({"envelope_radius": -1.0}, ValueError, "envelope_radius"),
        ({"amplitude": "big"}, TypeError, "amplitude must be a finite number > 0"),
        ({"local_strength": np.inf}, ValueError, "local_strength"),
        ({"nonlocal_strength": 0.0}, ValueError, "nonlocal_strength"),
        ({"local_range": 0.0}, ValueError, "local_range"),
        ({"local_range": None}, TypeError, "local_range must be a finite number > 0, got None"),
        ({"reduced_mass": None}, ValueError, "reduced_mass or hadron_mass must be given"),
        ({"reduced_mass": 0.0}, ValueError, "reduced_mass"),
        ({"noise": 0.0}, ValueError, "noise"),
        ({"tol": 1e-9}, ValueError, "tol must be a finite number ≥ 1e-07 and < 1"),
        ({"envelope": "box"}, ValueError, "gaussian.*box"),
        ({"local": "both"}, ValueError, "only.*both"),
        ({"symmetric": 2}, TypeError, "symmetric must be True or False, got 2"),
        ({"local_widths": [1.0, -2.0]}, ValueError, "local_widths must be strictly increasing"),
        ({"local_widths": 3.0}, ValueError, "local_widths must be a one-dimensional array"),
        ({"length_scale": 0.01}, ValueError, "must be longer .* nodes, more than 3000"),
        ({"length_scale": 0.2}, ValueError, "at most 3000 functions of"),
        ({"r_out": R + 0.01}, ValueError, "r_out must have nodes of r"),
        ({"X": X + 0j}, ValueError, "remove_phase"),
        ({"y": np.where(Y > 0, np.nan, Y)}, ValueError, "NaN"),
        ({"y_std": -SIGMA}, ValueError, "positive"),
        ({"y_std": SIGMA[:, :3]}, ValueError, r"\(4, 24\).*\(4, 3\)"),
        ({"sample_weight": np.ones(3)}, ValueError, r"\(4,\).*\(3,\)"),
    ],
)
def test_fit_refuses(parameters, error, message):
    with pytest.raises(error, match=message):
        fit(**parameters)


def test_what_needs_a_fit_and_what_needs_draws():
    model = GaussianProcessPotentialRegressor(R)
    for method in (model.draw_potentials, model.bound_states, model.predict_potential):
        with pytest.raises(NotFittedError):
            method()
    with pytest.raises(NotFittedError):
        _ = model.covariance_
    with pytest.raises(ValueError, match="n_draws must be an integer ≥ 2"):
        fit(reduced_mass=1.0).phase_shift([0.1], return_std=True, n_draws=1)
    with pytest.raises(TypeError, match="n_draws must be an integer"):
        fit().draw_potentials(2.5)
    with pytest.raises(ValueError, match="unit"):
        lattice_prior(0.0)


def test_a_prior_in_another_unit_is_noticed():
    fm = {"r": 0.09 * R, "local": "only"}
    with pytest.warns(UnderdeterminedWarning, match=r"the widest local width is 21.5[.:]"):
        fit(**fm)
    fit(**fm, local_range=0.09 * LATTICE_RANGE)


def test_tol_is_below_one():
    with pytest.raises(ValueError, match="tol must be a finite number ≥ 1e-07 and < 1, got 2"):
        fit(tol=2)


@pytest.mark.parametrize("local", [True, np.True_, 1])
def test_any_truth_means_both_parts(local):
    """As a parameter grid in an array gives it."""
    with pytest.warns(UnderdeterminedWarning):
        model = fit(X[:1], Y[:1], y_std=SIGMA[:1], local=local)
    assert model.nonlocal_sensitivity_.size


def test_a_noise_without_effect_is_refused():
    with pytest.raises(ValueError, match=r"noise must be None where y_std is given, got 0.01"):
        fit(noise=0.01)
    assert fit(y_std=None).loss_ == fit(y_std=None, noise=1e-3).loss_
