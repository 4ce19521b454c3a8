"""What is kept is a copy: arrays that change afterwards change no answer."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from halkit import datasets, displays, equations, gauge, interactions, resampling, scattering
from halkit.correlators import Correlators
from halkit.potentials import (
    ESTPotentialRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.radial import RadialGrid, Wedge, trapezoid_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning"),
]

AT = np.linspace(0.3, 5.0, 5)
D = datasets.make_separable()
KEEP = {"r_out": D.r[:30].copy(), "weights": 1.1 * D.weights}


def exponentials(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * r - theta[2] * r_prime)


def decay(r, theta):
    return theta[0] * np.exp(-theta[1] * r) + 1e-3 * theta[2] * np.exp(-r)


def network(arrays, **settings):
    return NonLocalPotentialRegressor(
        arrays["r"], weights=arrays["weights"], r_out=arrays["r_out"], reduced_mass=3.3,
        n_init=2, max_iter=4, random_state=0, **settings,
    )  # fmt: skip


ESTIMATORS = {
    "network": network,
    "yukawas": lambda a: network(
        a, local=True, local_basis="yukawa", local_widths=a["local_widths"], envelope=None
    ),
    "time": lambda a: TimeDependentHALRegressor(
        a["r"], weights=a["weights"], r_out=a["r_out"], hadron_mass=a["hadron_mass"],
        local_widths=a["local_widths"], n_init=1, max_iter=4, random_state=0,
    ),
    "parametric": lambda a: ParametricPotentialRegressor(
        exponentials, a["initial"], r=a["r"], weights=a["weights"], r_out=a["r_out"],
        reduced_mass=3.3, bounds=(a["low"], a["high"]), max_nfev=5,
    ),
    "interpolation": lambda a: ESTPotentialRegressor(
        a["r"], weights=a["weights"], r_out=a["r_out"], reduced_mass=3.3,
    ),
    "form": lambda a: LocalPotentialRegressor(
        decay, a["initial"], r=a["r"], weights=a["weights"], r_out=a["r_out"],
        reduced_mass=3.3, bounds=(a["low"], a["high"]), max_nfev=5,
    ),
    "process": lambda a: GaussianProcessPotentialRegressor(
        a["r"], weights=a["weights"], r_out=a["r_out"], reduced_mass=3.3,
        local_widths=a["local_widths"],
    ),
    "frozen": lambda a: FrozenBasisRegressor(network(a, local=True, local_widths=[0.7, 2.0])),
    "jackknife": lambda a: resampling.JackknifeRegressor(network(a), refit="warm"),
    "linear": lambda a: resampling.JackknifeRegressor(network(a), refit="linear"),
}  # fmt: skip


def answers(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            model.predict(D.data),
            model.score(D.data, D.target[:, :30]),
            model.predict_potential(AT),
            model.local_potential(AT),
            model.localize(D.data),
            model.phase_shift([0.3, 0.7]),
            model.r_.copy(),
            model.weights_.copy(),
            model.r_out_.copy(),
            *(start.potential for start in getattr(model, "starts_", ())),
        ]


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def spoil(arrays):
    for array in arrays.values():
        np.multiply(array, 0.09, out=array)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_fit_keeps_no_array_of_the_caller(name):
    arrays = {
        "r": D.r.copy(), "weights": 1.1 * D.weights, "r_out": D.r[:30].copy(),
        "local_widths": np.array([0.7, 2.0]), "initial": np.array([-0.01, 0.7, 0.7]),
        "low": np.array([-1.0, 0.1, 0.1]), "high": np.array([1.0, 3.0, 3.0]),
        "hadron_mass": np.array([6.0, 7.0]),
    }  # fmt: skip
    model = ESTIMATORS[name](arrays)
    X, y = D.data.copy(), D.target[:, :30].copy()
    data = {"y_std": 0.01 + 0.01 * np.abs(y), "sample_weight": np.linspace(1, 2, len(X))}
    if isinstance(model, resampling.JackknifeRegressor):
        X, y = np.stack([X, 1.01 * X]), np.stack([y, 1.02 * y])
    model.fit(X, y, **data)
    # the masses of the parameters are read when an observable is computed
    del arrays["hadron_mass"]
    expected = answers(model)
    spoil({**arrays, **data, "X": X, "y": y})
    assert_same(answers(model), expected)


def test_a_frozen_network_that_is_fitted_again():
    inner = network({"r": D.r, "weights": None, "r_out": None})
    inner.fit(D.data, D.target)
    model = FrozenBasisRegressor(FrozenEstimator(inner)).fit(D.data, D.target)
    expected = model.predict_potential(AT)
    inner.set_params(random_state=7).fit(D.data, -3 * D.target)
    np.testing.assert_array_equal(model.predict_potential(AT), expected)


def test_a_search_result_and_a_clone_are_their_own():
    first = network({"r": D.r.copy(), "weights": None, "r_out": None})
    second = clone(first).fit(D.data, D.target)
    expected = second.predict_potential(AT)
    first.r *= 0.09
    np.testing.assert_array_equal(second.predict_potential(AT), expected)


# Interactions, grids, records, displays


def one(**arrays):
    return {name: np.array(values, dtype=float) for name, values in arrays.items()}


TABLE = np.linspace(0.1, 5.0, 30)
K = np.linspace(0.2, 1.0, 4)
V = interactions.GaussianSum([-0.5], [1.0])
OBJECTS = {
    "GaussianSum": (
        one(c=[-1.0, 0.3], b=[0.5, 2.0]),
        lambda a: interactions.GaussianSum(a["c"], a["b"]),
        lambda V: V(AT),
    ),
    "from_ranges": (
        one(c=[-1.0, 0.3], d=[0.5, 2.0]),
        lambda a: interactions.GaussianSum.from_ranges(a["c"], a["d"]),
        lambda V: V(AT),
    ),
    "a table of V": (
        one(V=-np.exp(-TABLE), r=TABLE),
        lambda a: interactions.Tabulated(a["V"], a["r"]),
        lambda V: np.append(V(AT), V(0.01)),
    ),
    "a table of U": (
        one(U=-np.exp(-TABLE[:, None] - TABLE), r=TABLE),
        lambda a: interactions.as_interaction(a["U"], a["r"]),
        lambda U: U(AT[:, None], AT),
    ),
    "a short table": (
        one(V=[-1.0, -0.5, -0.1], r=[1.0, 2.0, 3.0]),
        lambda a: interactions.Sum(interactions.Tabulated(a["V"], a["r"], degree=1)),
        lambda V: V(AT),
    ),
    "RadialGrid": (
        one(r=TABLE, weights=trapezoid_weights(TABLE)),
        lambda a: RadialGrid(a["r"], a["weights"]),
        lambda grid: np.append(grid.r, grid.weights),
    ),
    "scattering waves": (
        one(k=K),
        lambda a: scattering.scattering_wave_functions(V, a["k"], reduced_mass=1.0),
        lambda waves: np.append(waves(AT), [waves.k, waves.phase_shift]),
    ),
    "rows of bare slices": (
        one(R=np.exp(-0.1 * np.arange(7)[:, None] - TABLE), r=TABLE),
        lambda a: equations.time_dependent_rows(a["R"], a["r"], hadron_mass=2.0),
        np.concatenate,
    ),
    "phases": (one(phi=np.ones((2, 5))), lambda a: equations.remove_phase(a["phi"]), np.asarray),
    "correlators": (
        one(r=TABLE),
        lambda a: datasets.make_time_dependent(
            V, r=a["r"], box_radius=12.0, hadron_mass=2.0, times=range(20, 25)
        ),
        lambda d: np.concatenate([d.r, d.data.ravel(), d.target.ravel()]),
    ),
    "jackknife samples": (
        one(x=np.arange(6.0) ** 2),
        lambda a: resampling.jackknife_samples(a["x"]),
        np.asarray,
    ),
    "wrapped angles": (
        one(theta=np.linspace(-1, 1, 8).reshape(1, 2, 2, 2)),
        lambda a: gauge.gauge_transform(a["theta"], np.zeros((1, 2, 2))),
        np.asarray,
    ),
    "PotentialDisplay": (
        one(U=np.ones((30, 30)), r=TABLE, s=TABLE, t=np.ones((30, 30)), d=np.ones((30, 30))),
        lambda a: displays.PotentialDisplay(
            a["U"], a["r"], a["s"], truth=a["t"], potential_std=a["d"]
        ),
        lambda d: np.concatenate([d.potential, d.truth, d.potential_std, [d.r], [d.r_prime]]),
    ),
    "LocalPotentialDisplay": (
        one(V=np.ones(30), r=TABLE, e=np.ones(30), t=np.ones(30)),
        lambda a: displays.LocalPotentialDisplay(
            a["V"], a["r"], potential_std=a["e"], truth=a["t"]
        ),
        lambda d: np.concatenate([d.potential[0], d.potential_std[0], d.truth, d.r]),
    ),
    "PhaseShiftDisplay": (
        one(delta=K, k=K, e=K, t=K, x=K, y=K),
        lambda a: displays.PhaseShiftDisplay(
            a["delta"], a["k"], phase_shift_std=a["e"], truth=a["t"], reference=(a["x"], a["y"])
        ),
        lambda d: np.concatenate(
            [d.phase_shift, d.k, d.phase_shift_std, d.truth, *d.reference[:2]]
        ),
    ),
    "KCotDeltaDisplay": (
        one(c=K, k=K, e=K, s=K, t=K, x=K, y=K),
        lambda a: displays.KCotDeltaDisplay(
            a["c"],
            a["k"],
            k_cot_delta_std=a["e"],
            k_cot_delta_sys=a["s"],
            truth=a["t"],
            reference=(a["x"], a["y"]),
        ),
        lambda d: np.concatenate(
            [d.k_cot_delta, d.k, d.k_cot_delta_std, d.k_cot_delta_sys, d.truth, *d.reference[:2]]
        ),
    ),
    "CorrelationDisplay": (
        one(C=K, k=K, e=K, s=K),
        lambda a: displays.CorrelationDisplay(
            a["C"], a["k"], correlation_std=a["e"], correlation_sys=a["s"]
        ),
        lambda d: np.concatenate(
            [d.correlation[0], d.k, d.correlation_std[0], d.correlation_sys[0]]
        ),
    ),
    "CoupledPhaseShiftDisplay": (
        one(d=np.ones((len(K), 2)), n=np.ones((len(K), 2)), k=K, e=np.ones((len(K), 2))),
        lambda a: displays.CoupledPhaseShiftDisplay(
            a["d"],
            a["n"],
            a["k"],
            phase_shift_std=a["e"],
            thresholds=[0.0, 1.0],
            truth=SimpleNamespace(phase_shift=a["d"], inelasticity=a["n"]),
        ),
        lambda d: np.concatenate(
            [d.energy, *d.phase_shift, *d.inelasticity, *d.phase_shift_std, *d.truth["phase_shift"]]
        ),
    ),
    "WilsonLoopDisplay": (
        one(m=K, e=K, x=K),
        lambda a: displays.WilsonLoopDisplay(list("abcd"), a["m"], a["e"], a["x"]),
        lambda d: np.concatenate([d.mean, d.error, d.exact]),
    ),
    "TopologyDisplay": (
        one(q=[-1, 0, 1, 1], p=[0.2, 0.6, 0.2]),
        lambda a: displays.TopologyDisplay(a["q"], a["p"]),
        lambda d: np.append(d.charge, d.probability),
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_keeps_no_array_of_the_caller(name):
    arrays, make, answer = OBJECTS[name]
    arrays = {key: array.copy() for key, array in arrays.items()}
    thing = make(arrays)
    expected = np.array(answer(thing))
    spoil(arrays)
    np.testing.assert_array_equal(answer(thing), expected)


def test_rows_of_records_are_their_own():
    R = np.exp(-0.1 * np.arange(7)[:, None, None] - TABLE + np.zeros((3, 1)))
    R *= 1 + 0.01 * np.arange(3)[:, None]
    arrays = {"r": TABLE.copy(), "t": np.arange(7.0) / 2, "note": np.arange(3.0)}
    record = Correlators(
        R={"wall": R}, r=arrays["r"], t=arrays["t"], kind="jackknife", hadron_mass=2.0, units="fm",
        attributes={"note": arrays["note"]},
    )  # fmt: skip
    kept = {"r": record.r, "t": record.t, "note": record.attributes["note"], "R": record.R["wall"]}
    rows = equations.radial_rows(record)
    kept |= {name: getattr(rows, name) for name in ("data", "target", "sigma", "weights")}
    expected = {name: np.array(value) for name, value in kept.items()}
    spoil({"R": R, **arrays})
    for name, value in expected.items():
        np.testing.assert_array_equal(kept[name], value)
        with pytest.raises(ValueError, match="read-only"):
            kept[name][...] = 0.0
    lattice = Wedge(8)
    field = np.ones((2, len(lattice.xyz)))
    shells = lattice.to_shells(field)
    field *= 2
    np.testing.assert_array_equal(shells, 1.0)


def test_links_of_a_fit_and_of_a_display_are_their_own():
    X = gauge.sample_exact(24, 1.0, (3, 3), random_state=0)
    settings = {"hidden_channels": (4,), "max_epochs": 1, "random_state": 0}
    links = X.copy()
    model = gauge.U1DiffusionSampler(**settings).fit(links)
    expected = model.score_samples(X)
    links *= 0.09
    np.testing.assert_array_equal(model.score_samples(X), expected)


@pytest.mark.parametrize("l", [0, 1])
def test_meshes_are_shared_by_nobody(l):
    """A wave function that is changed by its owner changes no other one."""
    k = np.array([0.4])
    waves = scattering.scattering_wave_functions(V, k, reduced_mass=1.0, l=l)
    expected = scattering.phase_shift(V, k, reduced_mass=1.0, l=l)
    for array in waves.mesh:
        if isinstance(array, np.ndarray) and array.flags.writeable:
            np.multiply(array, 0.5, out=array)
    np.testing.assert_array_equal(scattering.phase_shift(V, k, reduced_mass=1.0, l=l), expected)
