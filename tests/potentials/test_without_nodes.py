"""A fit without nodes r predicts sources, and refuses whatever needs a unit of length."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from halkit import scattering
from halkit.datasets import make_separable
from halkit.displays import LocalPotentialDisplay, PhaseShiftDisplay, PotentialDisplay
from halkit.interactions import GaussianSum
from halkit.potentials import (
    ESTPotentialRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    LocalPotentialRegressor,
    NonLocalPotentialRegressor,
    ParametricPotentialRegressor,
    TimeDependentHALRegressor,
)
from halkit.resampling import JackknifeRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]

D = make_separable()
R = D.r
SETTINGS = {"n_init": 1, "max_iter": 10, "random_state": 0}


def exponentials(r, r_prime, theta):
    return theta[0] * np.exp(-theta[1] * r - theta[2] * r_prime)


NETWORK = NonLocalPotentialRegressor(reduced_mass=3.3, **SETTINGS)
MODELS = {
    "network": NETWORK,
    "local": clone(NETWORK).set_params(local="only", local_widths=[0.5, 2.0]),
    "time": TimeDependentHALRegressor(hadron_mass=6.6, **SETTINGS),
    "parametric": ParametricPotentialRegressor(exponentials, [-0.01, 0.1, 0.1], reduced_mass=3.3),
    "interpolation": ESTPotentialRegressor(reduced_mass=3.3),
    "form": LocalPotentialRegressor(reduced_mass=3.3),
    "process": GaussianProcessPotentialRegressor(reduced_mass=3.3, local=False),
    "frozen": FrozenBasisRegressor(NETWORK),
    "jackknife": JackknifeRegressor(NETWORK),
    "jackknife, linear": JackknifeRegressor(NETWORK, refit="linear"),
}
OBSERVABLES = {
    "phase_shift": lambda m: m.phase_shift(0.5),
    "bound_states": lambda m: m.bound_states(),
    "scattering_length": lambda m: m.scattering_length(),
    "effective_range": lambda m: m.effective_range(),
    "local_potential": lambda m: m.local_potential([1.0]),
    "predict_potential": lambda m: m.predict_potential(R),
    "columns of predict_potential": lambda m: m.predict_potential(r_prime=R),
    "localize": lambda m: m.localize(D.data),
    "PotentialDisplay": PotentialDisplay.from_estimator,
    "LocalPotentialDisplay": lambda m: LocalPotentialDisplay.from_estimator(m, D.data),
    "PhaseShiftDisplay": lambda m: PhaseShiftDisplay.from_estimator(m, [0.5]),
}
OF_ONE_FIT = {
    "nonlocal_potential": lambda m: m.nonlocal_potential(1.0, 2.0),
    "interaction": lambda m: m.interaction_,
    "apply_potential": lambda m: m.apply_potential(D.data, R),
    "scattering": lambda m: scattering.phase_shift(m, 0.5, reduced_mass=3.3),
    "waves": lambda m: scattering.scattering_wave_functions(m, 0.5, reduced_mass=3.3),
    "a sum": lambda m: scattering.scattering_length(
        GaussianSum([-0.1], [1.0]) + m, reduced_mass=3.3
    ),
    "box": lambda m: scattering.spherical_box_states(m, radius=20.0, reduced_mass=3.3),
}


@pytest.fixture(scope="module", params=MODELS)
def name_and_fit(request):
    model = clone(MODELS[request.param])
    X, y = D.data[:6], D.target[:6]
    if isinstance(model, JackknifeRegressor):
        X, y = np.stack([X, 1.01 * X]), np.stack([y, 1.02 * y])
    return request.param, model.fit(X, y)


def test_a_fit_without_nodes_predicts(name_and_fit):
    _, model = name_and_fit
    assert model.predict(D.data).shape == D.target.shape
    assert np.isfinite(model.score(D.data, D.target))
    assert np.isfinite(model.predict_potential()).all()


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_every_observable_refuses_a_fit_without_nodes(name_and_fit, observable):
    with pytest.raises(ValueError, match="r must be given, got None"):
        OBSERVABLES[observable](name_and_fit[1])


@pytest.mark.parametrize("observable", OF_ONE_FIT)
def test_scattering_refuses_a_fit_without_nodes(name_and_fit, observable):
    name, model = name_and_fit
    model = model.estimator_ if "jackknife" in name else model
    with pytest.raises(ValueError, match="r must be given, got None"):
        OF_ONE_FIT[observable](model)


def test_draws_of_a_fit_without_nodes():
    model = clone(MODELS["process"]).fit(D.data, D.target)
    assert model.predict(D.data, return_std=True)[1].shape == D.target.shape
    with pytest.raises(ValueError, match="r must be given, got None"):
        model.draw_potentials()


def test_nodes_that_come_later_do_not_count():
    model = clone(NETWORK).fit(D.data, D.target).set_params(r=R)
    with pytest.raises(ValueError, match="r must be given, got None"):
        model.phase_shift(0.5)
    model = model.fit(D.data, D.target).set_params(r=None)
    assert np.isfinite(model.phase_shift(0.5))
    frozen = FrozenBasisRegressor(FrozenEstimator(model)).fit(D.data, D.target)
    assert np.isfinite(frozen.phase_shift(0.5))


def test_output_nodes_need_the_nodes():
    with pytest.raises(ValueError, match="r must be given where r_out is"):
        clone(NETWORK).set_params(r_out=[1.0, 2.0]).fit(D.data, D.target[:, :2])


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_measure_of_the_fit_is_not_replaced_by_the_trapezoid_rule(scale):
    """With weights of its own, as lattice multiplicities, U is that of this measure."""
    weights = scale * make_separable().r ** 2
    model = clone(NETWORK).set_params(r=R, weights=weights).fit(D.data, D.target)
    applied = model.apply_potential(D.data, R)
    np.testing.assert_allclose(applied, model.predict(D.data), rtol=1e-12)
    with pytest.raises(ValueError, match="weights must be given for other nodes"):
        model.apply_potential(D.data[:, ::2], R[::2])
    given = model.apply_potential(D.data[:, ::2], R[::2], weights=2 * weights[::2])
    np.testing.assert_allclose(given, model.predict(D.data)[:, ::2], rtol=0.1, atol=1e-4)
    plain = clone(NETWORK).set_params(r=R).fit(D.data, D.target)
    assert plain.apply_potential(D.data[:, ::2], R[::2]).shape == (len(D.data), len(R[::2]))
