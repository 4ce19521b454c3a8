"""Momenta at which the data of a fit do not determine δ, on families of truths."""

import re
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

from halkit import Channel, CorrelatorRegressor, ErrorBudget
from halkit.datasets import make_coupled, make_separable, make_time_dependent
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import (
    GaussianSum,
    InteractionMatrix,
    NonLocal,
    Separable,
    lambda_lambda_n_xi_model,
)
from halkit.potentials import (
    ESTPotentialRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    seen,
)
from halkit.potentials.problem import make_problem
from halkit.potentials.seen import (
    DataWaves,
    data_waves,
    node_spacing,
    phase_error,
    unseen_coupled,
    unseen_shifts,
    warn_of_momenta,
)
from halkit.radial import RadialGrid, trapezoid_weights
from halkit.resampling import JackknifeRegressor, blocks
from halkit.scattering import (
    Ensemble,
    GaussianSource,
    correlation_function,
    coulomb_phase_shift,
    coupled_box_states,
    coupled_phase_shifts,
    coupled_s_matrix,
    coupled_wave_functions,
    phase_shift,
    scattering_wave_functions,
)
from halkit.scattering.coupled.phase import s_matrix_of
from halkit.scattering.coupled.system import CoupledSystem
from halkit.scattering.phase import solution

R, WAVES = np.linspace(0.01, 12.5, 100), np.linspace(0.01, 1.0, 10)


def gaussian(seed):
    """A U of many terms, ω e^{−μ²(r² + r'²)/2 − cμ²(r − r')²/2}, and a mass."""
    random = np.random.default_rng(seed)
    mu, c, m = random.uniform(0.7, 1.4), random.uniform(0.2, 1.0), random.uniform(0.5, 4.0)
    omega = random.choice([-1, 1]) * random.uniform(0.2, 2.0) * mu**5 / (10 * m)

    def U(r, r_prime):
        return omega * np.exp(-(mu**2) * (r**2 + r_prime**2 + c * (r - r_prime) ** 2) / 2)

    return NonLocal(U), m


def rows(U, m):
    waves, grid = (
        scattering_wave_functions(U, WAVES, reduced_mass=m),
        RadialGrid.gauss_legendre(20, 150),
    )
    kernel = U.nonlocal_potential(R[:, None], grid.r)
    return waves(R), (waves(grid.r) * grid.weights) @ kernel.T


def named(function):
    """What a call returns, and the warnings of momenta."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function()
    return value, [str(w.message) for w in caught if w.category is UnderdeterminedWarning]


@pytest.mark.parametrize("seed", range(6))
def test_errors_beyond_the_data_are_named(seed):
    """Interpolations of ten waves up to k = 1: no warning to 1.15; errors above 0.01 are named."""
    U, m = gaussian(seed)
    model = ESTPotentialRegressor(R, reduced_mass=m).fit(*rows(U, m))
    inside, beyond = np.linspace(0.05, 1.15, 12), np.linspace(1.2, 4.0, 15)
    delta, warned = named(lambda: model.phase_shift(inside))
    assert not warned
    np.testing.assert_allclose(delta, phase_shift(U, inside, reduced_mass=m), atol=1e-3)
    for k in beyond:
        delta, warned = named(lambda k=k: model.phase_shift(k))
        away = abs(np.sin(delta - phase_shift(U, k, reduced_mass=m)))
        assert warned or away < 0.01


def test_what_is_left_of_a_wave():
    """A wave of the data leaves nothing, data orthogonal to it the whole phase of first order."""
    U, m, k, w = Separable(-0.01, 1.0), 1.5, np.array([0.7]), trapezoid_weights(R)
    phi = scattering_wave_functions(U, k, reduced_mass=m)(R)[0]
    e = np.sqrt(U.nonlocal_potential(R[:, None], R) ** 2 @ w * w)
    other = np.random.default_rng(0).normal(size=R.size)
    other -= (other @ (e * phi)) / np.sum((e * phi) ** 2) * e * phi
    found = [
        unseen_shifts(U, DataWaves(np.atleast_2d(row), 1e-3, True), R, w, k, m)
        for row in (3.0 * phi, other / e)
    ]
    whole = m * k / (2 * np.pi) * 0.01 * np.sum(np.abs(phi) * np.exp(-R) * w) ** 2
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert found[1] == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_solution_of_the_phase_shift_is_good_enough(seed):
    """Δδ of the mesh that gave δ, or S, is that of a mesh of its own."""
    (U, m), k, w = gaussian(seed), np.array([0.3, 1.5, 3.0]), trapezoid_weights(R)
    data = DataWaves(scattering_wave_functions(U, WAVES, reduced_mass=m)(R), 1e-3, True)
    _, known = solution(U, k, reduced_mass=m)
    own = unseen_shifts(U, data, R, w, k, m)
    np.testing.assert_allclose(unseen_shifts(U, data, R, w, k, **known), own, rtol=1e-3, atol=1e-9)
    matrix, E = coupled_gaussian(seed), np.array([0.05, 0.4, 1.0]) / m
    data = DataWaves(np.random.default_rng(0).normal(size=(3, 2 * R.size)), 1e-3, True)
    system = CoupledSystem(matrix)
    _, n = s_matrix_of(system, E, None)
    own = unseen_coupled(matrix, data, R, w, E)
    shared = unseen_coupled(matrix, data, R, w, E, (system, n))
    np.testing.assert_allclose(shared, own, rtol=1e-3)


@pytest.mark.parametrize("seed", range(2))
def test_a_phase_shift_is_solved_once(seed, monkeypatch):
    """The warning of a fit takes the solution that gave its phase shifts."""
    U, m = gaussian(seed)
    model = ESTPotentialRegressor(R, reduced_mass=m).fit(*rows(U, m))
    monkeypatch.setattr(seen, "measured_interior", None)
    for of in (model.phase_shift, lambda k: scattering_wave_functions(model, k)):
        assert len(named(lambda of=of: of([0.5, 6.0]))[1]) == 1
    assert named(lambda: phase_shift(model, [0.5, 6.0]))[1]


def test_more_rows_than_nodes_keep_their_span():
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 3)) @ random.normal(size=(3, 8))
    problem = make_problem(X, X, np.ones(8), np.ones(8))
    rows_of = data_waves(problem).rows
    assert rows_of.shape == (8, 8)
    assert np.linalg.matrix_rank(np.concatenate([rows_of, X]), tol=1e-9) == 3


def test_the_lattice_ends_at_pi_over_a():
    """Also for a V(r) alone, and for a form that is known."""
    V, m, r = GaussianSum([-1.0], [0.6]), 1.0, np.linspace(0.1, 6.0, 60)
    X = scattering_wave_functions(V, [0.2, 1.0], reduced_mass=m)(r)
    for model in (
        LocalPotentialRegressor(n_terms=1, r=r, reduced_mass=m),
        NonLocalPotentialRegressor(r, reduced_mass=m, local="only", n_init=1, random_state=0),
    ):
        model.fit(X, V(r) * X)
        assert not named(lambda model=model: model.phase_shift(0.99 * np.pi / 0.1))[1]
        with pytest.warns(UnderdeterminedWarning, match=r"k = 31.73 is beyond π/a = 31.42"):
            model.phase_shift([0.1, 1.01 * np.pi / 0.1])


def test_a_known_form_is_known_at_all_momenta():
    d = make_separable()

    def form(r, r_prime, theta):
        return theta[0] * np.exp(-theta[1] * (r + r_prime))

    model = ParametricPotentialRegressor(form, [-0.02, 1.2], r=d.r, reduced_mass=3.3)
    model.fit(d.data, d.target)
    assert not named(lambda: model.phase_shift([0.5, 4.0]))[1]


def test_stated_errors_cover_what_is_open():
    """A Gaussian process of correlators knows that it does not know; bins say less."""
    truth = GaussianSum.from_ranges([-0.04], [4.0]) + Separable(-4e-5, 0.3)
    d = make_time_dependent(
        truth, r=np.arange(1, 41) * 0.75, box_radius=40.0, hadron_mass=2.0, times=range(10, 19),
        noise=1e-3, n_bins=4, random_state=0,
    )  # fmt: skip
    model = GaussianProcessPotentialRegressor(
        d.r, reduced_mass=1.0, local_strength=5, nonlocal_strength=1, nonlocal_reach=1
    )
    model.fit(d.data, d.target, y_std=d.sigma)
    assert not named(lambda: model.phase_shift([0.1, 0.2, 0.3]))[1]
    assert not named(lambda: model.phase_shift([0.3, 1.0], return_std=True))[1]
    message = "do not determine δ at k = 1 and above"
    with pytest.warns(UnderdeterminedWarning, match=message):
        model.phase_shift([0.3, 1.0])
    bins = JackknifeRegressor(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bins.fit(d.rows.data, d.rows.target, y_std=d.sigma)
    assert len(named(lambda: bins.phase_shift([0.3, 1.0]))[1]) == 1
    assert not named(lambda: bins.phase_shift([0.1, 0.3], return_std=True))[1]


def test_the_distance_of_nodes():
    """On a wedge of a lattice a = 1, though radii are closer to each other."""
    wedge = np.sqrt([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0])
    assert node_spacing(wedge) == node_spacing(np.r_[0.0, wedge]) == 1.0
    for start in (0.01, 2.0):
        assert node_spacing(np.linspace(start, start + 5, 11)) == pytest.approx(0.5)


def test_an_unknown_error_covers_nothing():
    """A fit to the mean alone has NaN as its error."""
    d = make_separable(n_k=4)
    model = NonLocalPotentialRegressor(d.r, reduced_mass=3.3, n_init=1, random_state=0)
    model.fit(d.data, d.target)
    for std in (None, [np.nan]):
        with pytest.warns(UnderdeterminedWarning, match="the data do not determine"):
            warn_of_momenta(model, model._data_waves, [6.0], std)


@pytest.fixture(scope="module")
def exact():
    """Interpolations of ten waves of a non-local U, on nodes with a = 0.13: π/a = 24.9."""
    U, m = gaussian(0)
    return ESTPotentialRegressor(R, reduced_mass=m).fit(*rows(U, m)), m


@pytest.mark.parametrize("k", [1.0, [0.5, 4.0], [0.5, 26.0]])
def test_solvers_warn_as_the_estimator_does(exact, k):
    """Once, whether or not it knows its mass; an interaction knows no data."""
    model, m = exact
    delta, told = named(lambda: model.phase_shift(k))
    assert len(told) == (np.max(k) > 1)
    bare = clone(model).set_params(reduced_mass=None).fit(*rows(gaussian(0)[0], m))
    for one in (model, bare):
        found, warned = named(lambda one=one: phase_shift(one, k, reduced_mass=m))
        assert warned == told
        np.testing.assert_array_equal(found, delta)
    assert not named(lambda: phase_shift(model.interaction_, k, reduced_mass=m))[1]
    waves = {"k": k, "reduced_mass": m, "charge_product": 1}
    for function in (
        scattering_wave_functions,
        coulomb_phase_shift,
        partial(correlation_function, source=GaussianSource(2.0)),
    ):
        assert named(lambda f=function: f(model, **waves))[1] == told
        assert not named(lambda f=function: f(model.interaction_, **waves))[1]


@pytest.mark.parametrize("method", ["phase_shift", "k_cot_delta"])
def test_ensembles_warn_for_their_centre(exact, method):
    """Once for all members; an error of δ covers what the data leave open, but not π/a."""
    model, m = exact
    for centre in (model, None):
        members = [model, model]
        e = Ensemble(members, kind="bootstrap", centre=centre, reduced_mass=m)
        f = getattr(e, method)
        assert not named(lambda f=f: f([0.5, 1.0]))[1]
        (told,) = named(lambda f=f: f([0.5, 4.0]))[1]
        assert "do not determine δ at k = 4" in told
        for k, return_std in ((26.0, False), (26.0, True)):
            (told,) = named(lambda f=f, k=k, s=return_std: f(k, return_std=s))[1]
            assert told.startswith("k = 26 is beyond π/a = 24.9")


def coupled_gaussian(seed):
    """A matrix of U of many terms, ω e^{−μ²(r² + r'²)/2 − cμ²(r − r')²/2}, with a threshold."""
    random = np.random.default_rng(seed)
    mu, c, m = (random.uniform(*ends, n) for *ends, n in ((0.7, 1.4, 3), (0.2, 1, 3), (0.5, 4, 2)))
    threshold = random.uniform(0, 0.3) / m.max()
    omega = random.choice([-1, 1], 3) * random.uniform(0.2, 2.0, 3) * mu**5 / 10
    omega /= np.sqrt([m[0] ** 2, m[1] ** 2, m[0] * m[1]])

    def U(i):
        return NonLocal(
            lambda r, s: omega[i] * np.exp(-(mu[i] ** 2) * (r**2 + s**2 + c[i] * (r - s) ** 2) / 2)
        )

    channels = [Channel(reduced_mass=m[0]), Channel(reduced_mass=m[1], threshold=threshold)]
    return InteractionMatrix([[U(0), U(2)], [U(2), U(1)]], channels=channels)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [2, 9, 14])
def test_coupled_networks_beyond_their_energies(seed):
    """Silent up to E_max of ten states of a sphere, where S is right; named from 3 E_max on.

    Of 22 such networks, 73 of 76 errors above 0.03 at 1.5 … 16 E_max are named. The others are
    0.09 at 1.5 E_max, and 0.03 and 0.06 at 2 E_max.
    """
    truth = coupled_gaussian(seed)
    grid, fine = RadialGrid.gauss_legendre(10.0, 50), RadialGrid.gauss_legendre(10.0, 200)
    box = coupled_box_states(truth, radius=10.0, n_states=10, relativistic=False)
    phi, waves = (np.array([wave(x) for wave in box.wave_function]) for x in (grid.r, fine.r))
    U = truth.nonlocal_potential(grid.r[:, None], fine.r)
    y = np.einsum("abij,bsj->asi", U, waves * fine.weights)
    model = NonLocalPotentialRegressor(
        grid.r, weights=grid.weights, channels=truth.channels, random_state=0, n_init=1
    ).fit(np.hstack(phi), np.hstack(y))

    def error(E):
        S = coupled_s_matrix(model.interaction_, E)
        return np.nanmax(np.abs(S - coupled_s_matrix(truth, E)))

    largest = box.energy[-1]
    assert error(largest * np.array([0.25, 0.5, 1.0])) < 0.03
    assert error(largest * np.array([3.0, 4.0])) > 0.05
    every = model.s_matrix, model.phase_shift, partial(coupled_wave_functions, model)
    for of in every if seed == 2 else every[:1]:
        assert not named(lambda of=of: of(largest * np.array([0.25, 0.5, 1.0])))[1]
        (told,) = named(lambda of=of: of(largest * np.array([1.0, 3.0, 4.0])))[1]
        assert told.startswith(f"the data do not determine S at E = {3 * largest:.4g} and above")


@pytest.mark.parametrize("error", [0.04, 0.06])
def test_a_stated_error_of_s_covers_what_is_open(error, monkeypatch):
    """Two errors of the phase shift that is known worst, also of S = e^{2iδ}."""
    model = SimpleNamespace(interaction_=coupled_gaussian(0), r_=R, weights_=trapezoid_weights(R))
    data = DataWaves(np.ones((1, 2 * R.size)), 1e-3, exact=False)
    monkeypatch.setattr(seen, "unseen_coupled", lambda *_: np.array([0.1]))
    phases = np.array([[0.01, error]])
    S = coupled_phase_shifts(model.interaction_, 0.2)._replace(phase_shift=phases)
    for std in (phase_error(S), phase_error(2 * phases[:, None] * np.array([[1.0], [1j]]))):
        told = named(lambda std=std: seen.warn_of_energies(model, data, [0.2], std))[1]
        assert len(told) == (error < 0.05)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning")
def test_coupled_channels_end_at_pi_over_a():
    """The channel with the largest momentum counts: π/a = 7.854 at a = 0.4."""
    d = make_coupled(
        lambda_lambda_n_xi_model("local"), r=np.arange(1, 16) * 0.4, box_radius=8.0,
        times=np.arange(9, 12) * 0.09, source_radius=0.5, noise=1e-3, n_bins=2, random_state=0,
    )  # fmt: skip
    model = GaussianProcessPotentialRegressor(
        d.r, channels=d.channels, local="only", local_range=0.6, local_strength=15.0
    )
    bins = JackknifeRegressor(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(d.data, d.target, y_std=d.sigma)
        bins.fit(d.rows.data, d.rows.target, y_std=d.sigma)
    energy = np.linspace(1.0, 10.0, 901)
    k = np.sqrt(model.interaction_.resolved().momentum_squared(energy).max(axis=1))
    last = energy[k < np.pi / 0.4][-1]
    inside, beyond, mesh = last - 0.1, last + 0.1, {"channel_radius": 6.0, "n_mesh": 40}
    calls = [
        model.phase_shift,
        model.s_matrix,
        bins.phase_shift,
        bins.s_matrix,
        partial(model.s_matrix, return_std=True, n_draws=2),
        partial(model.phase_shift, return_std=True, n_draws=2),
        partial(coupled_phase_shifts, model),
        partial(coupled_s_matrix, model),
        partial(coupled_wave_functions, model),
    ]
    for call in calls:
        at = partial(call, **mesh)
        assert not named(lambda at=at: at(inside))[1]
        (told,) = named(lambda at=at: at(beyond))[1]
        assert re.match(r"k = 7\.\d+ is beyond π/a = 7.854 of nodes with the spacing", told)
    assert not named(lambda: coupled_s_matrix(model.interaction_, beyond, **mesh))[1]
    channels = model.interaction_.resolved()
    for E, n_told in ((inside, 0), (beyond, 1)):
        momentum = float(np.sqrt(channels.momentum_squared(np.array([E]))[0, 0]))
        pair = partial(correlation_function, model, momentum, source=GaussianSource(1.0), **mesh)
        assert len(named(pair)[1]) == n_told


def test_functions_of_a_fit_warn_beyond_pi_over_a():
    """What bins of a fit evaluate, and k cot δ, as their phase shifts; the fit stays as it is."""
    truth = GaussianSum.from_ranges([-0.04], [4.0])
    d = make_time_dependent(
        truth, r=np.arange(1, 25) * 0.5, box_radius=24.0, hadron_mass=2.0, times=range(10, 17),
        noise=1e-3, n_bins=6, random_state=0,
    )  # fmt: skip
    model = CorrelatorRegressor(GaussianProcessPotentialRegressor(local="only"), times=[13])
    budget = ErrorBudget(model, {"estimator__local_range": [3.0]}, holdout=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        budget.fit(blocks(d.correlators))
    fit = budget.estimator_

    def by_method(one, k):
        return one.phase_shift(k)

    def by_solver(one, k):
        return phase_shift(one, k, reduced_mass=1.0)

    for function in (by_method, by_solver):
        for one in (fit, budget):
            call = partial(one.evaluate, partial(function, k=6.2))
            assert not named(call)[1]
            (told,) = named(partial(one.evaluate, partial(function, k=6.4)))[1]
            assert "k = 6.4 is beyond π/a = 6.283" in told
    for one in (fit, partial(fit.k_cot_delta, return_std=True), budget):
        f = one if isinstance(one, partial) else one.k_cot_delta
        assert not named(lambda f=f: f([0.1, 6.2]))[1]
        (told,) = named(lambda f=f: f([0.1, 6.4]))[1]
        assert "k = 6.4 is beyond π/a = 6.283" in told
    assert all("_data_waves" not in vars(one) for one in (fit.estimator_, *fit.estimators_))
