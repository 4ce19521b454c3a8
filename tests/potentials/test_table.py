"""Tables of V(r) with repeated radii and correlated errors; leading order; named forms."""

import warnings

import joblib
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import curve_fit
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from halkit import Channel
from halkit.correlators import load_correlators
from halkit.equations import Rows, lattice_rows
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.interactions import (
    N_OMEGA_MASSES,
    DerivativeExpansion,
    GaussianSum,
    Laplacian,
    TwoPionTail,
    Yukawa,
    n_omega,
    n_phi,
    omega_ccc,
    omega_omega,
    reduced_mass,
)
from halkit.potentials import LocalPotentialRegressor, leading_order
from halkit.potentials.table import read_table
from halkit.resampling import JackknifeRegressor
from halkit.scattering import (
    Ensemble,
    bound_states,
    lattice_spectrum,
    phase_shift,
    scattering_wave_functions,
)

XI = 0.665 / 2


# Named forms


@pytest.mark.parametrize("published", [omega_ccc, omega_omega])
def test_three_gaussians_return_their_own_parameters(published):
    """From data without noise, without a start, to 1e-6."""
    V, r = published(), np.linspace(0.02, 3.5, 120)
    phi = scattering_wave_functions(V, [0.3, 1.0], reduced_mass=8.0)(r)
    model = LocalPotentialRegressor(n_terms=3, r=r).fit(phi, V(r) * phi)
    order = np.argsort(model.theta_[3:])
    expected = np.argsort(-V.exponents)
    np.testing.assert_allclose(model.theta_[:3][order], V.strengths[expected], rtol=1e-6)
    np.testing.assert_allclose(model.theta_[3:][order], V.exponents[expected] ** -0.5, rtol=1e-6)


@pytest.mark.parametrize(("published", "n", "power"), [(n_omega, 1, 1), (n_phi, 2, 2)])
@pytest.mark.parametrize("known", [True, False])
def test_gaussians_and_two_pions_return_their_own_parameters(published, n, power, known):
    V, r = published(), np.linspace(0.02, 4.0, 160)
    core, tail = V.terms
    mu = tail.mu if known else None
    phi = scattering_wave_functions(V, [0.3, 1.0], reduced_mass=3.1)(r)
    model = LocalPotentialRegressor(
        "gaussians+two_pion", n_terms=n, power=power, mu=mu, r=r, reduced_mass=3.1
    ).fit(phi, V(r) * phi)
    order = np.argsort(-core.exponents)
    expected = [*core.strengths[order], *core.exponents[order] ** -0.5, tail.strength]
    expected += [tail.exponent**-0.5, *([] if known else [tail.mu])]
    np.testing.assert_allclose(model.theta_, expected, rtol=1e-6)
    k = np.array([0.1, 0.5])
    exact = phase_shift(V, k, reduced_mass=3.1)
    np.testing.assert_allclose(model.phase_shift(k), exact, atol=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_families_with_a_tail_are_found_without_a_start(seed):
    """Cores of random depth and width with tails of random mass: V(r) to 1e-6 of its depth."""
    random, r = np.random.default_rng(seed), np.linspace(0.05, 6.0, 120)
    core = GaussianSum([random.uniform(-2, 3)], [1 / random.uniform(0.3, 0.6) ** 2])
    tail = TwoPionTail(random.uniform(-1.5, -0.3), random.uniform(0.5, 2.0), random.uniform(0.4, 1))
    V = core + tail
    model = LocalPotentialRegressor("gaussians+two_pion", n_terms=1)
    model.fit_table(r, V(r), np.full(120, 1e-3))
    np.testing.assert_allclose(model.local_potential(r), V(r), atol=1e-6 * np.abs(V(r)).max())


@pytest.mark.parametrize(("alpha", "mu"), [(2.0, 0.7), (-0.3, 3.0), (5.0, 0.2)])
def test_yukawa(alpha, mu):
    r = np.linspace(0.1, 20.0, 150)
    V = Yukawa(alpha, mu)(r)
    model = LocalPotentialRegressor("yukawa").fit_table(r, V, 0.01 / r)
    np.testing.assert_allclose(model.theta_, [-alpha, mu], rtol=1e-8)
    model.set_params(mu=mu).fit_table(r, V, 0.01 / r)
    np.testing.assert_allclose(model.theta_, [-alpha], rtol=1e-10)


def test_a_named_form_of_coupled_channels():
    r, mu = np.linspace(0.1, 6.0, 60), 0.5
    random = np.random.default_rng(0)
    V = [TwoPionTail(c, b, mu)(r) for c, b in ((-1.0, 1.0), (0.4, 2.0), (0.7, 0.6))]
    phi = random.normal(size=(4, 2, 60)).cumsum(axis=2)
    y = np.stack([V[0] * phi[:, 0] + V[1] * phi[:, 1], V[1] * phi[:, 0] + V[2] * phi[:, 1]], 1)
    two = [Channel(reduced_mass=1.0), Channel(reduced_mass=1.0, threshold=0.1)]
    model = LocalPotentialRegressor("gaussians+two_pion", r=r, mu=mu, n_terms=1, channels=two)
    model.fit(phi.reshape(4, -1), y.reshape(4, -1))
    found = model.local_potential(r)
    np.testing.assert_allclose(found[0, 1], V[1], atol=1e-5)
    np.testing.assert_allclose(found[1, 1], V[2], atol=1e-5)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_a_search_over_forms_and_bins_of_one():
    """NΩ has a tail of two pions: a search finds it, and every bin of a jackknife has it."""
    V, r = n_omega(), np.linspace(0.05, 4.0, 80)
    mass = reduced_mass(N_OMEGA_MASSES)
    phi = scattering_wave_functions(V, [0.2, 0.6, 1.0, 1.4], reduced_mass=mass)(r)
    noise = 1e-3 * np.random.default_rng(0).normal(size=(10, *phi.shape)) * np.exp(-r)
    y = V(r) * phi + (noise.mean(axis=0) + (noise.mean(axis=0) - noise) / 9)
    named = LocalPotentialRegressor(n_terms=1, r=r, reduced_mass=mass)
    search = GridSearchCV(named, {"form": ["gaussians", "gaussians+two_pion"]}, cv=2)
    assert search.fit(phi, y.mean(axis=0)).best_params_ == {"form": "gaussians+two_pion"}
    model = JackknifeRegressor(search.best_estimator_)
    model.fit(np.stack([phi] * 10), y, y_std=3e-4 * np.exp(-r) * np.ones_like(phi))
    k = np.array([0.3, 0.9])
    delta, error = model.phase_shift(k, return_std=True)
    pull = (delta - phase_shift(V, k, reduced_mass=mass)) / error
    assert np.all(np.abs(pull) < 4)
    assert np.all(error < 0.02)


def test_a_pickled_form(tmp_path):
    r = np.linspace(0.1, 5.0, 50)
    V = n_omega()(r)
    model = LocalPotentialRegressor("gaussians+two_pion", n_terms=1).fit_table(r, V, 0 * r + 0.01)
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    model.set_params(mu=3.0, power=2)
    np.testing.assert_array_equal(again.local_potential(r), model.local_potential(r))


# Tables


def test_a_table_of_values_is_least_squares():
    """Means at repeated radii and what they leave, with errors and with a covariance."""
    random = np.random.default_rng(0)
    r = random.permutation(np.repeat([0.5, 1.0, 1.5, 2.5], [1, 3, 2, 4]))
    V, std = random.normal(size=10), random.uniform(0.5, 2.0, 10)
    root = np.diag(std) @ (np.eye(10) + 0.3 * random.normal(size=(10, 10)))
    P = (r[:, None] == np.unique(r)).astype(float)
    for table, cov in (
        (read_table(r, V, std), np.diag(std**2)),
        (read_table(r, V, V_cov=root @ root.T), root @ root.T),
    ):
        trial = random.normal(size=(1, 4))
        rest = P @ trial[0] - V
        chi2 = np.sum((table.act(trial) - table.c) ** 2) + table.left
        assert chi2 == pytest.approx(rest @ np.linalg.solve(cov, rest))
        covariance = np.linalg.inv(P.T @ np.linalg.solve(cov, P))
        mean, inverse_std = table.potential()
        np.testing.assert_allclose(mean[0], covariance @ P.T @ np.linalg.solve(cov, V))
        np.testing.assert_allclose(inverse_std[0], np.diag(covariance) ** -0.5)


def test_a_table_is_the_same_fit_as_rows():
    r = np.linspace(0.1, 5.0, 40)
    random = np.random.default_rng(1)
    V = GaussianSum([2.0, -1.0], [2.0, 0.4])(r) + 0.02 * random.normal(size=(3, 40))
    std = np.full_like(V, 0.02)
    rows = LocalPotentialRegressor(r=r).fit(np.ones((3, 40)), V, y_std=std)
    order = random.permutation(120)
    flat = [np.tile(r, 3)[order], V.ravel()[order], std.ravel()[order]]
    table = LocalPotentialRegressor().fit_table(*flat)
    np.testing.assert_allclose(table.theta_, rows.theta_, rtol=1e-6)
    np.testing.assert_allclose(table.theta_cov_, rows.theta_cov_, rtol=1e-4)
    assert table.chi2_dof_ == pytest.approx(rows.chi2_dof_)
    assert table.chi2_dof_pointwise_ == pytest.approx(rows.chi2_dof_pointwise_)
    np.testing.assert_array_equal(table.predict(np.ones((1, 40)))[0], table.local_potential(r))
    for unit in (1e-80, 1e60):
        other = LocalPotentialRegressor().fit_table(flat[0], unit * flat[1], unit * flat[2])
        np.testing.assert_allclose(other.theta_[:2] / unit, table.theta_[:2], rtol=1e-6)
        assert other.chi2_dof_ == pytest.approx(table.chi2_dof_)


def test_the_law_of_correlated_fits():
    """100 seeds of noise smooth in r: pulls and χ² with its covariance."""
    r = np.linspace(0.2, 4.0, 20)
    cov = 0.02**2 * np.exp(-np.abs(np.subtract.outer(r, r)) / 0.5)
    V, root = GaussianSum([-1.5], [1 / 0.9**2])(r), np.linalg.cholesky(cov)
    model, pulls, chi2 = LocalPotentialRegressor(initial=[-1.0, 1.0]), [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)
        for seed in range(100):
            noisy = V + root @ np.random.default_rng(seed).normal(size=20)
            model.fit_table(r, noisy, V_cov=cov)
            pulls.append((model.theta_ - [-1.5, 0.9]) / np.sqrt(np.diag(model.theta_cov_)))
            chi2.append(18 * model.chi2_dof_)
    assert stats.kstest(np.ravel(pulls)[::2], "norm").pvalue > 1e-3
    assert stats.kstest(np.ravel(pulls)[1::2], "norm").pvalue > 1e-3
    assert stats.kstest(chi2, stats.chi2(18).cdf).pvalue > 1e-3


def test_values_that_are_no_function_of_r_are_named():
    r = np.repeat(np.linspace(0.2, 4.0, 20), 3)
    V = -np.exp(-(r**2)) * np.tile([0.9, 1.0, 1.1], 20)
    with pytest.warns(MisfitWarning, match="no function of r describes the table"):
        LocalPotentialRegressor(n_terms=1).fit_table(r, V, np.full(60, 0.005))
    with pytest.warns(UnderdeterminedWarning, match="where the data end"):
        LocalPotentialRegressor(n_terms=1).fit_table(r[:24], -np.exp(-r[:24]), np.full(24, 0.05))


def test_the_h_dibaryon(data_dir):
    """Two Gaussians: B = 36.93 MeV and the levels of A1; its error if points were independent.

    0.50 MeV by Σ ∂B/∂θ C ∂B/∂θ, with C from a Jacobian of this test. Refits of 2500 sets of noise
    have 0.491(7) MeV; of 40 sets, here, it has to be within three of its own errors.
    """
    r, V, V_std = np.loadtxt(data_dir / "h_dibaryon_su3_singlet.txt", unpack=True)
    model = LocalPotentialRegressor(reduced_mass=0.536).fit_table(r, V, V_std)
    mev = 197.3269804 / 0.121
    assert model.bound_states().energy[0] * mev == pytest.approx(-36.93, abs=0.005)
    for L, expected in {
        12: (-0.0704, 0.1610), 16: (-0.0459, 0.0780), 24: (-0.0283, 0.0233), 32: (-0.0243, 0.0086)
    }.items():  # fmt: skip
        levels = lattice_spectrum(model, L=L, reduced_mass=0.536, n_states=2).energy
        np.testing.assert_allclose(levels, expected, atol=6e-5)
    draws = np.random.default_rng(0).multivariate_normal(model.theta_, model.theta_cov_, 60)
    ensemble = Ensemble.from_parameters(
        lambda p: GaussianSum.from_ranges(p[:2], p[2:]), draws, "draws", centre=model.theta_,
        reduced_mass=0.536,
    )  # fmt: skip
    assert ensemble.bound_states(return_std=True)[1].energy[0] * mev == pytest.approx(0.5, abs=0.1)

    def curve(p, r=r):
        return p[0] * np.exp(-((r / p[2]) ** 2)) + p[1] * np.exp(-((r / p[3]) ** 2))

    def binding(p):
        well = GaussianSum.from_ranges(p[:2], p[2:])
        return -bound_states(well, reduced_mass=0.536).energy[0] * mev

    theta, steps = model.theta_, 1e-4 * np.diag(np.abs(model.theta_))
    jacobian, slope = (
        np.array([(f(theta + h) - f(theta - h)) / (2 * h.max()) for h in steps])
        for f in (lambda p: curve(p) / V_std, binding)
    )
    of_points = slope @ np.linalg.solve(jacobian @ jacobian.T, slope)
    assert np.sqrt(slope @ model.theta_cov_ @ slope) == pytest.approx(0.5015, abs=5e-4)
    assert np.sqrt(of_points) == pytest.approx(0.5015, abs=5e-4)
    noise = V_std * np.random.default_rng(1).standard_normal((40, r.size))
    refits = [
        binding(curve_fit(lambda r, *p: curve(p, r), r, curve(theta) + n, theta, V_std)[0])
        for n in noise
    ]
    assert np.std(refits) == pytest.approx(0.5015, abs=3 * 0.5 / np.sqrt(80))


def test_xixi_on_the_smallest_lattice(data_dir):
    """L = 40, t = 13, wall, on all sites, and at r ≤ 16 before the images of V: phases, too."""
    with np.load(data_dir / "xixi_1s0_published.npz", allow_pickle=False) as archive:
        r, V, V_std = archive["pot_L40_wall_t13"][:, [0, 7, 8]].T
        p, k2 = archive["v0_4gauss_wall_t13_av"], archive["k2_wall_t13"][5::20]
        delta = archive["delta_wall_t13_jk"][:, 5::20]
    curve, near = GaussianSum(p[::2], p[1::2]), r <= 16
    for cut in (near, np.full(r.shape, True)):
        model = LocalPotentialRegressor(n_terms=4, reduced_mass=XI)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnderdeterminedWarning)  # V(16) is not zero
            model.fit_table(r[cut], V[cut], V_std[cut])
        chi2 = np.mean(((curve(r[cut]) - V[cut]) / V_std[cut]) ** 2)
        assert np.mean(((model.local_potential(r[cut]) - V[cut]) / V_std[cut]) ** 2) <= chi2
        if cut is near:
            delta = delta[0] + (delta - delta[0] + np.pi / 2) % np.pi - np.pi / 2
            pull = np.sin(model.phase_shift(np.sqrt(k2)) - delta.mean(axis=0))
            assert np.all(np.abs(pull) < np.sqrt(19) * delta.std(axis=0))


# Leading order


def test_leading_order_of_published_correlators(data_dir):
    """V(r; t) of bins, its errors, and the fit of its mean: that of the rows."""
    correlators = load_correlators(data_dir, "L40")
    rows = lattice_rows(correlators, times=[12, 13], sources=["wall"], r_max=16.0, stencil=3)
    data = leading_order(rows)
    assert data.labels == (("wall", 12), ("wall", 13))
    n = len(data.r)
    np.testing.assert_allclose(data.bins, rows.target / rows.data[..., :n])
    X, y = rows.mean()
    np.testing.assert_allclose(data.V, y / X[:, :n])
    np.testing.assert_allclose(data.V_std, rows.sigma / np.abs(X[:, :n]))
    of_rows = LocalPotentialRegressor(n_terms=4, r=rows.r, r_out=rows.r_out, reduced_mass=XI)
    of_table = LocalPotentialRegressor(n_terms=4, reduced_mass=XI)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnderdeterminedWarning)  # V(16) is not zero
        of_rows.fit(X[1:], y[1:], y_std=rows.sigma[1:])
        of_table.fit_table(data.r, data.V[1], data.V_std[1])
    np.testing.assert_allclose(of_table.theta_, of_rows.theta_, rtol=1e-5)
    with pytest.raises(ValueError, match="points must be at most 17 for a covariance of 20 bins"):
        data.covariance(1)
    points = np.arange(0, 60, 8)
    some = clone(of_table).set_params(n_terms=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        some.fit_table(data.r[points], data.V[1, points], V_cov=data.covariance(1, points))
    assert np.isfinite(some.chi2_dof_)


def jackknife_rows(values):
    """Rows whose V of each configuration are the given values."""
    n = len(values)
    bins = (values.sum(axis=0) - values) / (n - 1)
    r = np.arange(1.0, values.shape[1] + 1)
    return Rows(
        data=np.ones((n, 1, len(r))), target=bins[:, None], r=r, weights=np.ones(len(r)),
        labels=[("wall", 12)], stencil=3, kind="jackknife",
    )  # fmt: skip


def test_the_covariance_of_few_bins_gives_chi_squared_of_its_mean():
    """20 bins of 8 correlated numbers: χ² of the truth is 8 on average, over 600 sets."""
    root, chi2 = np.linalg.cholesky(0.6 + 0.4 * np.eye(8)), []
    for seed in range(600):
        data = leading_order(
            jackknife_rows(np.random.default_rng(seed).normal(size=(20, 8)) @ root.T)
        )
        chi2.append(data.V[0] @ np.linalg.solve(data.covariance(0), data.V[0]))
    z = (np.mean(chi2) - 8) / (np.std(chi2) / np.sqrt(600))
    assert abs(z) < 3.5


def test_leading_order_refuses():
    values = np.random.default_rng(0).normal(size=(20, 4))
    data = leading_order(jackknife_rows(values))
    mask = np.array([True, False, True, False])
    np.testing.assert_array_equal(data.covariance(0, mask), data.covariance(0, [0, 2]))
    for points, error in (([0, 0], ValueError), ([4], ValueError), ([0.5], TypeError)):
        with pytest.raises(error, match="points must be"):
            data.covariance(0, points)
    with pytest.raises(ValueError, match="row must be below 1"):
        data.covariance(1)
    with pytest.raises(ValueError, match="kind must be 'jackknife'"):
        data._replace(kind="bootstrap").covariance(0)
    with pytest.raises(TypeError, match="rows must be a halkit"):
        leading_order(values)


def test_fit_table_in_bins_is_the_jackknife_of_rows():
    r = np.linspace(0.2, 4.0, 25)
    random = np.random.default_rng(0)
    values = GaussianSum([-1.0], [0.8])(r) + 0.05 * random.normal(size=(12, 25))
    rows = jackknife_rows(values)
    data, std = leading_order(rows), np.full((1, 25), 0.02)
    fits = [
        LocalPotentialRegressor(n_terms=1, reduced_mass=1.0).fit_table(r, V, std[0])
        for V in data.bins[:, 0]
    ]
    centre = clone(fits[0]).fit_table(r, data.V[0], std[0])
    ensemble = Ensemble(fits, kind="jackknife", centre=centre)
    whole = JackknifeRegressor(LocalPotentialRegressor(n_terms=1, r=r, reduced_mass=1.0))
    whole.fit(rows.data, rows.target, y_std=std)
    for one, other in zip(
        ensemble.phase_shift([0.5], return_std=True),
        whole.phase_shift([0.5], return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


R4 = np.linspace(0.5, 2.0, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"V_std": None}, "V_std or V_cov must be given, got neither"),
        ({"V_cov": np.eye(4)}, "V_std or V_cov must be given, got both"),
        ({"V_std": np.zeros(4)}, "V_std must be positive"),
        ({"V": np.ones(3)}, r"V must have shape \(4,\)"),
        ({"r": -R4}, "r must"),
        ({"r": R4[:, None]}, r"r must have shape \(n_values,\)"),
        ({"V_std": None, "V_cov": np.ones((4, 4))}, "V_cov must be symmetric and positive"),
        ({"V_std": None, "V_cov": np.triu(np.ones((4, 4)))}, "V_cov must be symmetric"),
        ({"V": np.array([1.0, np.nan, 1.0, 1.0])}, "V must be finite"),
    ],
)
def test_fit_table_refuses(arguments, message):
    model = LocalPotentialRegressor(n_terms=1)
    with pytest.raises(ValueError, match=message):
        model.fit_table(**{"r": R4, "V": R4, "V_std": R4, **arguments})
    assert not hasattr(model, "theta_")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mu": 0.5}, "mu must be None for 'gaussians'"),
        ({"power": 2}, "power must be None for 'gaussians'"),
        ({"form": "yukawa", "power": 2}, "power must be None for 'yukawa'"),
        ({"form": "yukawa", "n_terms": 1}, "n_terms must be None for 'yukawa'"),
        ({"form": "gaussians+two_pion", "power": 0}, "power must be an integer ≥ 1"),
        ({"form": "gaussians+two_pion", "mu": -1.0}, "mu must be"),
        ({"form": "gaussians+two_pion", "initial": [1.0] * 4}, r"shape \(2 n_terms \+ 3,\)"),
        ({"form": "gaussians+two_pion", "mu": 1.0, "initial": [1.0] * 3}, r"\(2 n_terms \+ 2,\)"),
        ({"form": "yukawa", "initial": [1.0] * 4}, r"shape \(2,\)"),
        ({"channels": [Channel(), Channel(threshold=0.1)]}, "channels"),
    ],
)
def test_forms_refuse(parameters, message):
    with pytest.raises(ValueError, match=message):
        LocalPotentialRegressor(**parameters).fit_table(R4, R4, R4)


def test_a_yukawa_potential_has_no_value_at_the_origin():
    with pytest.raises(ValueError, match="r of y must be > 0 for a Yukawa"):
        LocalPotentialRegressor("yukawa").fit_table([0.0, 1.0, 2.0], [1.0, 1.0, 0.5], [0.1] * 3)


def test_a_tail_that_grows_is_named():
    r = np.linspace(0.5, 5.0, 30)
    with (
        pytest.warns(UnderdeterminedWarning, match="mu must be > 0 for a tail that decays"),
        pytest.warns(UnderdeterminedWarning, match="where the data end"),
    ):
        LocalPotentialRegressor("yukawa").fit_table(r, -np.exp(0.3 * r) / r, 0.01 * np.ones(30))


# Parameters of bins


def test_ensembles_of_published_parameters(data_dir):
    """V0 + V2 ∇² of ΞΞ with 20 bins: the published phase shifts and their errors."""
    with np.load(data_dir / "xixi_1s0_published.npz", allow_pickle=False) as archive:
        bins = np.hstack([archive["v0_4gauss_n2lo_t13_jk"], archive["v2_2gauss_t13_jk"]])
        k2, delta = archive["k2_n2lo_w_v2_t13"][10::30], archive["delta_n2lo_w_v2_t13_jk"]
    ensemble = Ensemble.from_parameters(
        n2lo, bins, "jackknife", centre=bins.mean(axis=0), reduced_mass=XI
    )
    found, std = ensemble.phase_shift(np.sqrt(k2), return_std=True)
    delta = delta[:, 10::30]
    assert np.abs(np.sin(found - delta.mean(axis=0))).max() < 0.2 * std.min()
    np.testing.assert_allclose(std, np.sqrt(19) * delta.std(axis=0), rtol=0.02)


def n2lo(p):
    V2 = p[8:].reshape(2, 3)
    return DerivativeExpansion(
        GaussianSum(p[:8:2], p[1:8:2]),
        Laplacian(lambda r: sum(q * np.exp(-b * (r - c) ** 2) for q, b, c in V2)),
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"function": 3.0}, TypeError, "function must be callable"),
        ({"function": np.sum}, TypeError, "function must return an interaction"),
        ({"bins": [1.0, 2.0]}, ValueError, r"bins must have shape \(n_bins, n_parameters\)"),
        ({"centre": [1.0]}, ValueError, r"centre must have shape \(2,\)"),
        ({"kind": "bins"}, ValueError, "kind must be one of"),
    ],
)
def test_from_parameters_refuses(arguments, error, message):
    given = {"function": lambda p: GaussianSum(p[:1], p[1:]), "bins": [[1.0, 2.0]] * 3}
    with pytest.raises(error, match=message):
        Ensemble.from_parameters(**{**given, "kind": "jackknife", **arguments})
