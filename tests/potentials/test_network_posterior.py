"""Errors of a single network: its posterior, to first order in the parameters."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import halkit
from halkit.datasets import make_time_dependent
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import GaussianProcessPotentialRegressor, TimeDependentHALRegressor
from halkit.scattering import bound_states, phase_shift
from halkit.training import load_parameters, parameter_arrays

K = np.array([0.1, 0.2, 0.4])


def correlators(truth, seed, noise=1e-3):
    return make_time_dependent(
        truth, r=np.arange(1, 33) * 0.7, box_radius=30.0, hadron_mass=2.0, times=range(12, 17),
        noise=noise, noise_floor=0.03, n_bins=20, random_state=seed,
    )  # fmt: skip


def fitted(d, **parameters):
    network = TimeDependentHALRegressor(
        d.r, hadron_mass=2.0, **{"n_init": 1, "random_state": 0, **parameters}
    )
    return network.fit(d.data, d.target, y_std=d.sigma)


def well(seed):
    random = np.random.default_rng(seed)
    return GaussianSum.from_ranges([random.uniform(-0.08, 0.03)], [random.uniform(2.5, 6.0)])


def test_the_covariance_is_that_of_a_linear_problem_with_a_normal_prior():
    """V is linear in θ: (Σ JᵀJ/σ² + 1)⁻¹ with J from two predictions."""
    d = correlators(well(0), 0)
    model = fitted(d, local="only", weight_decay=2.5)
    theta = parameter_arrays(model.net_.module_)
    ((name, start),) = theta.items()
    J = []
    for i in range(start.size):
        moved = start.copy()
        moved.flat[i] += 1.0
        load_parameters(model.net_.module_, {name: moved})
        up = model.predict(d.data)
        load_parameters(model.net_.module_, {name: start})
        J.append((up - model.predict(d.data)) / d.sigma)
    J = np.array(J).reshape(start.size, -1)
    inverse = J @ J.T + 2.5 * np.eye(start.size)
    size = np.sqrt(np.diag(inverse))
    assert_allclose(model._root.T @ model._root, inverse, atol=1e-9 * np.outer(size, size).max())


@pytest.mark.parametrize("seed", range(3))
def test_without_U_the_errors_are_those_of_the_gaussian_process(seed):
    """Both have the same prior of V; 32 draws know an error to 13 %."""
    d = correlators(well(seed), seed)
    process = GaussianProcessPotentialRegressor(d.r, reduced_mass=1.0, local="only")
    process.fit(d.data, d.target, y_std=d.sigma)
    (_, one), (_, other) = (
        m.phase_shift(K, return_std=True) for m in (fitted(d, local="only"), process)
    )
    assert_allclose(np.log(one / other), 0, atol=0.5)


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
def test_errors_cover_the_truth():
    """V and V + U, noise 3e-4 and 3e-3: also what two sources and the prior leave open."""
    pulls = []
    for seed in range(4):
        truth = well(seed) + Separable((-1) ** seed * 3e-4, 0.5) if seed % 2 else well(seed)
        d = correlators(truth, seed, noise=3e-4 if seed % 4 < 2 else 3e-3)
        delta, error = fitted(d).phase_shift(K, return_std=True, n_draws=8)
        away = delta - phase_shift(truth, K, reduced_mass=1.0)
        pulls.append((away - np.pi * np.round(away / np.pi)) / error)
    assert np.max(np.abs(pulls)) < 2
    assert np.sqrt(np.mean(np.square(pulls))) > 0.1  # and not by being huge


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
def test_errors_hold_the_scatter_of_fits_to_other_noise():
    truth = well(3)
    found = [fitted(correlators(truth, seed)).phase_shift(K) for seed in range(8)]
    _, error = fitted(correlators(truth, 0)).phase_shift(K, return_std=True, n_draws=12)
    assert np.all(np.std(found, axis=0, ddof=1) < 1.3 * error)


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
def test_every_observable_has_an_error_and_a_file_keeps_it(tmp_path):
    d = correlators(GaussianSum.from_ranges([-0.12], [4.0]), 0)
    model = fitted(d)
    states, errors = model.bound_states(return_std=True, n_draws=6)
    assert errors.energy[0] > 0
    exact = bound_states(d.interaction, reduced_mass=1.0)
    assert abs(states.energy[0] - exact.energy[0]) < 3 * errors.energy[0]
    values = model.draws(4).phase_shift(K, return_std=True)
    assert_array_equal(pickle.loads(pickle.dumps(model)).draws(4).phase_shift(K, return_std=True),
                       values)  # fmt: skip
    halkit.save(model, tmp_path / "network.halkit")
    assert_array_equal(
        halkit.load(tmp_path / "network.halkit").draws(4).phase_shift(K, return_std=True), values
    )


@pytest.mark.parametrize("change", [{"weight_decay": 0.0}, {"network": "plain",
                                    "hidden_layer_sizes": (48, 48)}])  # fmt: skip
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fit_without_a_posterior_says_so(change):
    d = correlators(well(0), 0)
    model = fitted(d, max_iter=2, solver="lbfgs", **change)
    with pytest.raises(ValueError, match="errors must come from a fit with y_std and weight_decay"):
        model.phase_shift(K, return_std=True)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_training_far_from_its_minimum_has_no_posterior():
    model = fitted(correlators(well(0), 0), max_iter=3)
    with pytest.raises(ValueError, match="at its minimum"):
        model.draws()


def test_r_eff_with_a_wide_tail_is_named():
    """A hill with a0 of a few errors: r_eff of a few draws is large, and 68 % of them are near."""
    d = correlators(GaussianSum.from_ranges([0.2], [3.0]), 0, noise=1e-3)
    model = fitted(d, local="only")
    with pytest.warns(AccuracyWarning, match="r_eff"):
        model.effective_range(return_std=True)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
def test_weights_in_another_unit_are_named_beside_errors():
    d = correlators(well(0), 0)
    model = TimeDependentHALRegressor(d.r, hadron_mass=2.0, local="only", n_init=1, random_state=0)
    with pytest.warns(UserWarning, match="sample_weight is 1e.04 on average"):
        model.fit(d.data, d.target, np.full(len(d.data), 1e4), y_std=d.sigma)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "sample_weight")
        model.fit(d.data, d.target, np.linspace(0.5, 2, len(d.data)), y_std=d.sigma)


def test_a_fit_without_errors_forgets_the_posterior_of_the_one_before():
    d = correlators(well(0), 0)
    model = fitted(d, local="only")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(d.data, d.target)
    with pytest.raises(ValueError, match="with y_std"):
        model.draws()
