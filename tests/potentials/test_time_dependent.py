"""TimeDependentHALRegressor on synthetic correlators with a known potential, and on real ones."""

import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from halkit.correlators import load_correlators
from halkit.datasets import make_time_dependent
from halkit.equations import lattice_rows, time_dependent_rows
from halkit.exceptions import MisfitWarning, UnderdeterminedWarning
from halkit.interactions import GaussianSum, Separable, omega_ccc
from halkit.potentials import NonLocalPotentialRegressor, TimeDependentHALRegressor
from halkit.radial import Wedge
from halkit.resampling import JackknifeRegressor
from halkit.scattering import phase_shift

MASS, INVERSE_SPACING = 2.073, 2333.0
ENERGY = np.geomspace(1.0, 300.0, 25)  # MeV
K = np.sqrt(MASS * ENERGY / INVERSE_SPACING)
WELL = GaussianSum.from_ranges([-0.04], [4.0])


@pytest.fixture(scope="module")
def correlators():
    """Ω_ccc-like: the published local potential plus a separable one, two sources."""
    truth = omega_ccc(inverse_spacing=INVERSE_SPACING) + Separable(-4e-5, 0.3)
    return make_time_dependent(
        truth, r=np.arange(1, 61) * 0.5, box_radius=48.0, hadron_mass=MASS,
        times=np.arange(22, 31), source_radius=1.5, noise=1e-4, n_bins=20, random_state=0,
    )  # fmt: skip


def error_of_delta(d, **parameters):
    model = TimeDependentHALRegressor(d.r, hadron_mass=MASS, random_state=0, **parameters)
    model.fit(d.data, d.target, y_std=d.sigma)
    exact = phase_shift(d.interaction, K, reduced_mass=MASS / 2)
    return np.abs(np.rad2deg(model.phase_shift(K) - exact)).max(), model


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:the data do not determine δ")  # above 280 MeV
def test_local_and_nonlocal_parts_of_synthetic_correlators(correlators):
    """Two sources, relative noise 1e-4, defaults: δ within 0.9° for E = 1 … 300 MeV.

    A weaker prior, whose widths end where V does, comes within half a degree.
    """
    assert error_of_delta(correlators)[0] < 0.9
    weak = {"local_range": 1e3, "local_strength": 0.15, "local_widths": np.geomspace(0.6, 9, 11)}
    error, model = error_of_delta(correlators, weight_decay=0.1, n_init=1, **weak)
    assert error < 0.5
    assert model.loss_ < 1.5


def test_a_local_potential_cannot_describe_two_sources(correlators):
    """With one V(r) for both sources the non-local part has nowhere to go: χ² and δ show it."""
    with pytest.warns(MisfitWarning, match="the data need a non-local part"):
        error, model = error_of_delta(correlators, local="only")
    assert error > 5.0
    assert model.loss_ > 3.0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:the data do not determine δ")  # above 280 MeV
def test_both_potentials_reproduce_the_localized_one(correlators):
    """Localising is no test of U: V_eff is right wherever the data are."""
    _, model = error_of_delta(correlators, weight_decay=0.1)
    near = (correlators.r > 1) & (correlators.r < 6)
    V, data = model.localize(correlators.data), correlators.target / correlators.data
    sigma = correlators.sigma / np.abs(correlators.data)
    pulls = ((V - data) / sigma)[:, near]
    assert np.sqrt(np.mean(pulls**2)) < 1.5


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("local", [True, False])
def test_another_unit_of_length(correlators, local):
    """The same slices in lattice units and in fm: the same δ, once all lengths are scaled."""
    R, r = correlators.correlators.R["wall"][:, 0], correlators.r
    delta = []
    for a in (1.0, 0.09):
        model = TimeDependentHALRegressor(
            a * r, hadron_mass=MASS / a, envelope_radius=5.5 * a, local=local,
            local_range=4.3 * a, n_init=1, max_iter=10, random_state=0,
        )  # fmt: skip
        model.fit(R, times=a * correlators.correlators.t)
        delta.append(np.rad2deg(model.phase_shift(K / a)))
    np.testing.assert_allclose(delta[1], delta[0], atol=1e-3)


def bare_slices():
    d = make_time_dependent(
        WELL, r=np.arange(1, 61) * 0.5, box_radius=40.0, hadron_mass=2.0,
        times=range(20, 29), sources=["wall"],
    )  # fmt: skip
    return d, d.correlators.R["wall"][:, 0]


def test_fit_of_bare_slices_is_the_fit_of_their_rows():
    d, R = bare_slices()
    settings = {"hadron_mass": 2.0, "local": "only", "random_state": 0}
    direct = TimeDependentHALRegressor(d.r, **settings).fit(R, times=d.correlators.t)
    X, y = time_dependent_rows(R, d.r, hadron_mass=2.0)
    prepared = TimeDependentHALRegressor(d.r, **settings).fit(X, y)
    np.testing.assert_array_equal(direct.local_potential(d.r), prepared.local_potential(d.r))
    assert direct.score(R, times=d.correlators.t) == prepared.score(X, y) > 0.9999
    near = d.r < 10
    np.testing.assert_allclose(direct.local_potential(d.r)[near], WELL(d.r)[near], atol=2e-4)


@pytest.mark.parametrize(
    "times",
    [
        [20, 21, 22, 23, 25, 26, 27, 28, 29],
        [28, 27, 26, 25, 24, 23, 22, 21, 20],
        [20, 21, 22, 23, 24, 25, 26, 27, 27.5],
        [20, 20, 20, 20, 20, 20, 20, 20, 20],
    ],
)
def test_slices_that_are_not_neighbours_are_refused(times):
    d, R = bare_slices()
    model = TimeDependentHALRegressor(d.r, hadron_mass=2.0, local="only")
    with pytest.raises(ValueError, match="times must increase in equal steps"):
        model.fit(R, times=times)
    with pytest.raises(ValueError, match=r"fit\(R, times=t\)"):
        model.fit(R)
    with pytest.raises(ValueError, match=r"times must have shape \(9,\), got \(8,\)"):
        model.fit(R, times=times[:8])


def test_folds_split_the_times_with_the_slices():
    """Slices of a half are neighbours; those around the middle third are not."""
    d, R = bare_slices()
    settings = {"hadron_mass": 2.0, "local": "only", "n_init": 1, "random_state": 0}
    with config_context(enable_metadata_routing=True):
        model = TimeDependentHALRegressor(d.r, **settings)
        model.set_fit_request(times=True).set_score_request(times=True)
        options = {"params": {"times": d.correlators.t}, "error_score": "raise"}
        scores = cross_val_score(model, R, cv=KFold(2), **options)
        with pytest.raises(ValueError, match="times must increase in equal steps"):
            cross_val_score(model, R, cv=[([0, 1, 2, 6, 7, 8], [3, 4, 5])], **options)
        search = GridSearchCV(model, {"stencil": [3, 5]}, cv=KFold(2), error_score="raise")
        with pytest.raises(ValueError, match="a stencil of 5 points needs at least 5"):
            search.fit(R, times=d.correlators.t)
    first, last = R[:5], R[5:]
    once = TimeDependentHALRegressor(d.r, **settings).fit(first, times=d.correlators.t[:5])
    assert scores[1] == once.score(last, times=d.correlators.t[5:])


def test_a_search_over_the_stencil_of_prepared_rows_fails():
    d, R = bare_slices()
    rows = time_dependent_rows(R, d.r, hadron_mass=2.0)
    model = TimeDependentHALRegressor(d.r, hadron_mass=2.0, local="only")
    with pytest.raises(ValueError, match="stencil must not be given with y"):
        GridSearchCV(model, {"stencil": [3, 7]}, cv=2).fit(*rows)
    with pytest.raises(ValueError, match="Invalid parameter 'dt'"):
        model.set_params(dt=2)


def test_one_source_does_not_determine_a_nonlocal_part():
    d, R = bare_slices()
    model = TimeDependentHALRegressor(d.r, hadron_mass=2.0, n_init=1, tol=0.5, random_state=0)
    with pytest.warns(UnderdeterminedWarning, match="one source"):
        model.fit(R, times=d.correlators.t)


def test_phase_shift_of_a_local_potential():
    d, R = bare_slices()
    model = TimeDependentHALRegressor(d.r, hadron_mass=2.0, local="only", random_state=0)
    model.fit(R, times=d.correlators.t)
    k = np.array([0.05, 0.1, 0.2])
    exact = phase_shift(WELL, k, reduced_mass=1.0)
    np.testing.assert_allclose(model.phase_shift(k), exact, atol=np.deg2rad(0.3))


def test_reduced_mass_is_that_of_the_pair():
    d, R = bare_slices()
    equal, single = (
        TimeDependentHALRegressor(d.r, hadron_mass=mass, local="only").fit(R, times=d.correlators.t)
        for mass in ((2.0, 2.0), 2.0)
    )
    np.testing.assert_array_equal(equal.phase_shift([0.1]), single.phase_shift([0.1]))
    assert equal._reduced_mass() == 1.0
    assert TimeDependentHALRegressor(hadron_mass=(1.0, 3.0))._reduced_mass() == 0.75


def test_a_node_at_the_origin_is_used():
    """Lattice shells start at r = 0, where the u form has no weight."""
    d = make_time_dependent(
        WELL, r=np.arange(1, 41) * 0.5, box_radius=40.0, hadron_mass=2.0, times=range(20, 29)
    )
    V = WELL(np.r_[0.0, d.r])
    X = np.column_stack([d.data[:, 0], d.data])
    model = TimeDependentHALRegressor(
        np.r_[0.0, d.r], hadron_mass=2.0, local="only", random_state=0
    ).fit(X, V * X)
    assert model.local_potential(0.0) == pytest.approx(V[0], abs=1e-3)


def test_defaults_differ_from_the_stationary_ones():
    stationary, lattice = NonLocalPotentialRegressor(), TimeDependentHALRegressor()
    assert "reduced_mass" not in lattice.get_params()
    only_stationary = {"reduced_mass", "local_basis"}
    assert set(stationary.get_params()) - only_stationary < set(lattice.get_params())
    assert (lattice.envelope, lattice.envelope_radius, lattice.local) == ("gaussian", None, True)
    for lattice.n_channels_, radius in ((1, 5.5), (2, 9.0)):
        assert lattice._default_radius() == radius


@pytest.fixture(scope="module")
def xixi(data_dir):
    correlators = load_correlators(data_dir / "xixi_1s0_rcorr.npz", lattice="L64")
    fm = 197.3269804 / correlators.inverse_spacing
    rows = lattice_rows(
        correlators, times=[12, 13, 14, 15], sources=["wall", "exp"], r_max=2.4 / fm
    )
    return correlators, rows, fm


@pytest.fixture(scope="module")
def linear(xixi):
    """A network with linear refits of the bins; its `estimator_` is the fit to their mean."""
    correlators, rows, _ = xixi
    network = TimeDependentHALRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, hadron_mass=correlators.hadron_mass,
        n_init=1, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return JackknifeRegressor(network, refit="linear").fit(
            rows.data, rows.target, y_std=rows.sigma
        )


@pytest.mark.data
@pytest.mark.slow
def test_linear_refits_of_real_correlators(xixi, linear):
    """k cot δ(0)/m_π of ΞΞ(¹S₀), L = 64: .38 with an error of .042."""
    correlators, _, _ = xixi
    k_cot, error = linear.evaluate(
        lambda m: -1 / m.scattering_length(channel_radius=50.0, n_mesh=150)
    )
    unit = correlators.pion_mass / correlators.inverse_spacing
    assert k_cot / unit == pytest.approx(0.354, abs=0.02)
    assert 0.025 < error / unit < 0.07


@pytest.mark.data
@pytest.mark.slow
def test_one_potential_for_both_sources_of_real_correlators(xixi, linear, data_dir):
    """ΞΞ(¹S₀), L = 64: V_eff(0.4 fm) of both sources within 3σ of 48.2(7) and 80.7(2.6) MeV."""
    correlators, rows, fm = xixi
    (X, y), model = rows.mean(), linear.estimator_
    at = np.argmin(np.abs(rows.r_out * fm - 0.402))
    V = dict(zip(rows.labels, model.localize(X)[:, at] * correlators.inverse_spacing, strict=True))
    assert abs(V["wall", 13] - 48.2) < 3 * 0.7
    assert abs(V["exp", 13] - 80.7) < 3 * 2.6
    assert np.mean(((model.predict(X) - y) / rows.sigma) ** 2) < 2.0

    other = load_correlators(data_dir / "xixi_1s0_rcorr.npz", lattice="L48")
    unseen = lattice_rows(other, times=[13, 14, 15], sources=["exp"], r_max=2.0 / fm)
    predicted = model.apply_potential(
        unseen.data.mean(axis=0), unseen.r, unseen.weights, unseen.r_out
    )
    pulls = (predicted - unseen.target.mean(axis=0)) / unseen.sigma
    assert np.mean(pulls**2) < 2.0  # a local potential leaves 18 here

    # Published V0 + V2∇² at t = 13 (Iritani et al., PRD 99, 014514): 21.7(1.4) degrees at its top.
    k = np.sqrt(np.linspace(0.002, 0.03, 30))
    assert np.rad2deg(model.phase_shift(k)).max() == pytest.approx(21.7, abs=3 * 1.4)


@pytest.mark.data
def test_a_local_potential_fails_on_real_correlators(xixi):
    correlators, rows, _ = xixi
    X, y = rows.mean()
    model = TimeDependentHALRegressor(
        rows.r, weights=rows.weights, r_out=rows.r_out, hadron_mass=correlators.hadron_mass,
        local="only", n_init=1,
    )  # fmt: skip
    with pytest.warns(MisfitWarning, match="the data need a non-local part"):
        model.fit(X, y, y_std=rows.sigma)
    assert np.mean(((model.predict(X) - y) / rows.sigma) ** 2) > 5.0


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_shells_carry_the_measure_of_the_lattice():
    """apply_potential with multiplicities is the sum over all lattice sites."""
    wedge = Wedge(12)
    keep = wedge.shell_r <= 6
    r, weights = wedge.shell_r[keep], wedge.shell_weights[keep].astype(float)
    X = np.exp(-((r / 3) ** 2))[None]
    y = 0.5 * np.exp(-r / 2)[None] * ((X[0] * weights) @ np.exp(-r / 2))
    model = NonLocalPotentialRegressor(
        r, weights=weights, envelope_radius=2.0, n_init=1, random_state=0
    ).fit(X, y)
    sites = np.indices((13, 13, 13)).reshape(3, -1) - 6
    distance = np.sqrt((sites**2).sum(axis=0))
    inside = distance <= 6
    phi = np.exp(-((distance[inside] / 3) ** 2))
    images = np.where(np.abs(sites[:, inside]) == 6, 0.5, 1.0).prod(axis=0)
    U = model.nonlocal_potential(1.0, distance[inside])
    full = np.sum(U * phi * images)
    rows = model.apply_potential(X, r, weights)[0]
    assert rows[np.searchsorted(r, 1.0)] == pytest.approx(full, rel=1e-10)
