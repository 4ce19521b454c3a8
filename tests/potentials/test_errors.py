"""Bad input is refused with a message that says what was expected and what came."""

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials import (
    ESTPotentialRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)

pytestmark = [
    # The data of these tests end where U does not, and the fits end early.
    pytest.mark.filterwarnings(
        "ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning"
    ),
    pytest.mark.filterwarnings("ignore:the fit leaves"),
    pytest.mark.filterwarnings("ignore:the nodes are too coarse"),
]

R = np.linspace(0.2, 6.0, 12)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 12))
Y = RNG.normal(size=(5, 12))
SETTINGS = {"n_init": 1, "max_iter": 1000, "tol": 0.5}


def fit(X=X, y=Y, *, r=R, y_std=None, sample_weight=None, **parameters):
    model = NonLocalPotentialRegressor(r, **{"reduced_mass": 1.0, **SETTINGS, **parameters})
    return model.fit(X, y, y_std=y_std, sample_weight=sample_weight)


class GVar:
    """A number with an error, as the error-propagating packages have it."""

    mean, sdev = 1.0, 0.1


def with_entry(value, dtype=float):
    array = X.astype(dtype)
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"X": with_entry(np.nan)}, ValueError, "NaN"),
        ({"X": with_entry(np.inf)}, ValueError, "infinity"),
        ({"y": with_entry(np.nan)}, ValueError, "NaN"),
        ({"X": X + 0j}, ValueError, "Complex data not supported.*remove_phase"),
        ({"y": Y + 0j}, ValueError, "Complex data not supported.*remove_phase"),
        ({"X": with_entry(GVar(), object)}, TypeError, "GVar objects.*y_std"),
        ({"y": with_entry(GVar(), object)}, TypeError, "GVar objects.*y_std"),
        ({"X": X[:, :11]}, ValueError, "12 columns.*got 11"),
        ({"y": Y[:, :11]}, ValueError, "r_out must be given .* 12 nodes of r, got 11 columns"),
        ({"y": None}, ValueError, "requires y to be passed"),
        ({"r": R[::-1]}, ValueError, "increasing"),
        ({"r": np.r_[R[:2], R[1:11]]}, ValueError, "increasing"),
        ({"r": R - 1.0}, ValueError, "negative"),
        ({"r": R[:10]}, ValueError, "10 columns.*got 12"),
        ({"r": R[None]}, ValueError, "one-dimensional"),
        ({"r_out": R[:3]}, ValueError, "3 columns.*got 12"),
        (
            {"r_out": R + 0.01, "local": True},
            ValueError,
            "r_out must have nodes of r, .* got others",
        ),
        ({"weights": np.ones(3)}, ValueError, r"shape \(12,\).*\(3,\)"),
        ({"weights": -np.ones(12)}, ValueError, "weights"),
        ({"regulator": -1.0}, ValueError, "regulator.*-1"),
        ({"regulator": 1.0, "regulator_radius": 7.0}, ValueError, "regulator_radius.*6.0.*7"),
        (
            {"regulator": 1.0, "r_out": R[:3], "y": Y[:, :3]},
            ValueError,
            "regulator_radius must be below 1.25.*, got 4.8",
        ),
        ({"local_basis": "spline"}, ValueError, "yukawa.*spline"),
        ({"local_widths": [1.0, 0.5]}, ValueError, "local_widths must be strictly increasing"),
        ({"local_widths": [0.0, 0.5]}, ValueError, "local_widths must be > 0, got 0"),
        (
            {"r": np.append(0.0, R[:-1]), "local": "only", "local_basis": "yukawa"},
            ValueError,
            "r_out must have nodes > 0 .* infinite at r = 0",
        ),
        ({"regulator": "1"}, TypeError, "regulator must be a finite number ≥ 0"),
        ({"network": "deep"}, ValueError, "separable.*deep"),
        ({"solver": "sgd"}, ValueError, "lbfgs.*sgd"),
        ({"envelope": "box"}, ValueError, "gaussian.*box"),
        ({"local": "both"}, ValueError, "only.*both"),
        ({"rank": 0}, ValueError, "rank"),
        ({"n_init": 1.5}, TypeError, "n_init must be an integer ≥ 1"),
        ({"hidden_layer_sizes": (8, 0)}, ValueError, "hidden_layer_sizes"),
        ({"reduced_mass": 0.0}, ValueError, "reduced_mass"),
        ({"amplitude": -1.0}, ValueError, "amplitude"),
        ({"weight_decay": -1.0}, ValueError, "weight_decay"),
        ({"y_std": np.zeros((5, 12))}, ValueError, "positive"),
        ({"y_std": np.ones((5, 3))}, ValueError, r"\(5, 12\).*\(5, 3\)"),
        ({"sample_weight": np.ones(4)}, ValueError, r"\(5,\).*\(4,\)"),
        ({"sample_weight": -np.ones(5)}, ValueError, "sample_weight must not be negative, got -1"),
    ],
)
def test_fit_refuses(parameters, error, message):
    with pytest.raises(error, match=message):
        fit(**parameters)


def test_more_outputs_than_nodes_need_their_radii():
    with pytest.raises(ValueError, match="give r and r_out"):
        NonLocalPotentialRegressor().fit(X[:, :5], Y)


@pytest.mark.parametrize("k", [0.0, -0.1, [0.3, 0.0], np.nan])
def test_phase_shift_refuses_momenta_that_are_not_positive(k):
    with pytest.raises(ValueError, match="k"):
        fit().phase_shift(k)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("predict", (X,)),
        ("score", (X, Y)),
        ("predict_potential", ()),
        ("localize", (X,)),
        ("apply_potential", (X, R)),
        ("phase_shift", (0.3,)),
        ("bound_states", ()),
        ("scattering_length", ()),
        ("effective_range", ()),
    ],
)
def test_nothing_works_before_fit(method, arguments):
    with pytest.raises(NotFittedError):
        getattr(NonLocalPotentialRegressor(R), method)(*arguments)


def test_predict_refuses_other_nodes():
    model = fit()
    with pytest.raises(ValueError, match="11 features"):
        model.predict(X[:, :11])
    with pytest.raises(ValueError, match=r"12 entries on its last axis, got shape \(5, 11\)"):
        model.apply_potential(X[:, :11], R)
    with pytest.raises(ValueError, match="increasing"):
        model.predict_potential(R[::-1])
    with pytest.raises(ValueError, match=r"r_out must have nodes of r, .* got others"):
        fit(local=True).apply_potential(X, R, r_out=[0.21])


def test_time_slices_must_be_three_at_least():
    model = TimeDependentHALRegressor(R, hadron_mass=2.0, **SETTINGS)
    with pytest.raises(ValueError, match="at least 3 consecutive time slices, got 2"):
        model.fit(X[:2], times=[1, 2])


def test_bare_slices_need_nodes_and_take_no_weights():
    with pytest.raises(ValueError, match="nodes r"):
        TimeDependentHALRegressor().fit(X, times=range(5))
    with pytest.raises(ValueError, match="prepared rows"):
        TimeDependentHALRegressor(R).fit(X, sample_weight=np.ones(5), times=range(5))


@pytest.mark.parametrize(
    ("mass", "error"), [(0.0, ValueError), ((1.0, 2.0, 3.0), ValueError), ("heavy", TypeError)]
)
def test_hadron_mass_is_one_number_or_two(mass, error):
    with pytest.raises(error, match="hadron_mass"):
        TimeDependentHALRegressor(R, hadron_mass=mass, **SETTINGS).fit(X, Y)


def test_a_fit_that_failed_is_no_fit():
    model = NonLocalPotentialRegressor(R, regulator=1.0, regulator_radius=7.0)
    with pytest.raises(ValueError, match="regulator_radius"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_reversed_views_are_data():
    """Momenta in falling order: torch has no negative strides."""
    model = fit(X[::-1], Y[::-1], random_state=0)
    np.testing.assert_allclose(model.predict(X[::-1]), model.predict(X)[::-1], rtol=1e-12)
    assert model.loss_ == fit(X[::-1].copy(), Y[::-1].copy(), random_state=0).loss_


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("make", [NonLocalPotentialRegressor, TimeDependentHALRegressor])
def test_observables_need_the_mass_and_the_fit_does_not(make):
    mass = "reduced_mass" if make is NonLocalPotentialRegressor else "hadron_mass"
    model = make(R, n_init=1, max_iter=1000, tol=0.5, random_state=0).fit(X, Y)
    for observable in (model.scattering_length, model.bound_states, model.effective_range):
        with pytest.raises(
            ValueError, match="reduced_mass or hadron_mass must be given for an observable"
        ):
            observable()
    model.set_params(**{mass: 1.0})
    assert np.isfinite(model.scattering_length())
    assert model.scattering_length(sign="lattice") == -model.scattering_length()


def test_bare_slices_need_the_mass():
    with pytest.raises(ValueError, match="hadron_mass must be given for bare time slices"):
        TimeDependentHALRegressor(R).fit(X, times=range(5))


def test_what_no_potential_can_fit():
    with pytest.raises(ValueError, match="y must not be zero without y_std"):
        fit(y=0 * Y)
    with pytest.raises(ValueError, match=r"X must not be zero"):
        fit(X * 0.0)
    with pytest.raises(ValueError, match="y/y_std must not overflow"):
        fit(y=1e200 * Y, y_std=np.full_like(Y, 1e-200))
    for size in (1e-200, 1e200):
        with pytest.raises(ValueError, match="y/X must be within the range"):
            fit(X / size, Y * size)
    fit(y=0 * Y, y_std=np.ones_like(Y))


@pytest.mark.parametrize("size", [1e-250, 1e-60, 1e60, 1e250])
def test_the_size_of_the_wave_functions_does_not_matter(size):
    model, other = fit(random_state=0), fit(X * size, Y * size, random_state=0)
    assert other.loss_ == pytest.approx(model.loss_, rel=1e-6)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"hidden_layer_sizes": 8}, TypeError, "hidden_layer_sizes must be a tuple"),
        ({"callbacks": "a"}, TypeError, "callbacks must be a list"),
        ({"verbose": "x"}, TypeError, "verbose must be an integer ≥ 0"),
        ({"y_std": 1e-3}, ValueError, r"y_std must have shape \(5, 12\), got \(\)"),
    ],
)
def test_types(parameters, error, message):
    with pytest.raises(error, match=message):
        fit(**parameters)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("stencil", [3, 5, 7, 4])
def test_the_time_stencil_has_no_say_over_prepared_rows(stencil):
    model = TimeDependentHALRegressor(R, stencil=stencil)
    with pytest.raises(ValueError, match="stencil must not be given with y"):
        model.fit(X, Y)
    with pytest.raises(ValueError, match="times and stencil must not be given with y"):
        model.fit(X, Y, times=range(5))
    with pytest.raises(ValueError, match="times must not be given with y"):
        fit_time().score(X, Y, times=range(5))


def fit_time():
    return TimeDependentHALRegressor(R, **SETTINGS, random_state=0).fit(X, Y)


def test_a_time_stencil_of_bare_slices_is_known():
    with pytest.raises(ValueError, match='stencil must be "auto", "designed", 3, 5 or 7, got 4'):
        TimeDependentHALRegressor(R, hadron_mass=2.0, stencil=4).fit(X, times=range(5))


def test_radii_of_a_fitted_potential():
    model = fit(local=True)
    with pytest.raises(ValueError, match="r must not be negative, got -1"):
        model.local_potential([-1.0, 0.5])
    with pytest.raises(ValueError, match="r_prime must be finite"):
        model.nonlocal_potential(1.0, np.nan)
    with pytest.raises(ValueError, match=r"r of shape \(2,\), r_prime of shape \(3,\)"):
        model.nonlocal_potential([0.0, 1.0], [1.0, 2.0, 3.0])


def test_defaults_in_another_unit_are_noticed():
    """The prior of lattice units on nodes in fm."""
    fm = 0.09 * np.arange(1, 13) * 2
    model = TimeDependentHALRegressor(fm, n_init=1, max_iter=1000, tol=0.5)
    with pytest.warns(UnderdeterminedWarning, match="the data end at r = 2.16, envelope_radius"):
        model.fit(X, Y)
    model.set_params(envelope_radius=0.5, local_widths=[0.2, 0.5, 1.0]).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_warm_start_goes_on_from_the_fit_before():
    model = fit(random_state=0, tol=1e-8, max_iter=40)
    first = model.loss_, model.amplitude_, model.n_iter_
    cold = fit(X + 1e-3, Y, random_state=0, tol=1e-8, max_iter=3).loss_
    model = pickle.loads(pickle.dumps(model)).set_params(warm_start=True, max_iter=3)
    warm = model.fit(X + 1e-3, Y)
    assert warm.loss_ < first[0] * 1.01
    assert warm.loss_ < cold - 0.01
    assert warm.amplitude_ == first[1]
    assert len(warm.starts_) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r": R + 1}, "warm_start must keep the nodes, weights and channels"),
        ({"hidden_layer_sizes": (3,)}, "got changes of hidden_layer_sizes"),
        ({"local": True, "envelope_radius": 2.0}, "got changes of envelope_radius, local$"),
        ({"amplitude": 2.0}, "got changes of amplitude"),
        ({"warm_start": "yes"}, "warm_start must be True or False"),
    ],
)
def test_a_warm_start_needs_the_same_potential(change, message):
    model = fit(random_state=0, warm_start=True)
    with pytest.raises((ValueError, TypeError), match=message):
        model.set_params(**change).fit(X, Y)


@pytest.mark.parametrize("errors", [{}, {"y_std": np.full(Y.shape, 0.1)}])
@pytest.mark.parametrize(
    "model",
    [
        NonLocalPotentialRegressor(R, **SETTINGS),
        TimeDependentHALRegressor(R, hadron_mass=2.0, **SETTINGS),
        GaussianProcessPotentialRegressor(R, reduced_mass=1.0),
        LocalPotentialRegressor(r=R, n_terms=1, reduced_mass=1.0),
        ParametricPotentialRegressor(lambda r, s, p: p[0] * np.exp(-r - s), [-0.1], r=R),
        ESTPotentialRegressor(R, reduced_mass=1.0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_waves_of_zero_are_refused(model, errors):
    with pytest.raises(ValueError, match="X must not be zero"):
        model.fit(0 * X, Y, **errors)
