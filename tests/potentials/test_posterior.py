"""Draws from the posterior of a Gaussian process whose potential is close to binding.

The well −g e^{−r²/2} binds at g = 0.6710 for m = 1.
"""

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum
from halkit.potentials import GaussianProcessPotentialRegressor, LocalPotentialRegressor
from halkit.potentials.drawn import _standardized
from halkit.scattering import bound_states, effective_range, scattering_length


def process(depth, seed, noise=3e-4, **parameters):
    d = make_time_dependent(
        GaussianSum([-depth], [0.5]), r=np.linspace(0.3, 9.0, 30), box_radius=25.0,
        hadron_mass=2.0, times=range(12, 17), noise=noise, n_bins=20, random_state=seed,
    )  # fmt: skip
    model = GaussianProcessPotentialRegressor(
        d.r,
        reduced_mass=1.0,
        local="only",
        local_widths=np.geomspace(0.8, 4.0, 6),
        local_range=1e3,
        local_strength=0.06,
        **parameters,
    )
    return model.fit(d.data, d.target, y_std=d.sigma)


@pytest.mark.parametrize(("depth", "seed"), [(0.668, 0), (0.668, 1), (0.672, 2), (0.68, 3)])
def test_an_error_at_the_threshold_is_that_of_the_inverse_length(depth, seed):
    model = process(depth, seed)
    draws = model.draw_potentials(32)
    lengths = np.array([scattering_length(draw, reduced_mass=1.0) for draw in draws])
    assert 0 < np.sum(lengths > 0) < 32  # the raw spread of a0 means nothing
    with pytest.warns(AccuracyWarning, match=r"of 32 draws have a0 > 0.*quote 1/a0"):
        a0, std = model.scattering_length(return_std=True)
    assert np.isnan(std)
    p, p_std = model.draws().inverse_scattering_length(return_std=True)
    assert p == pytest.approx(1 / a0)
    assert p_std == pytest.approx(np.std(1 / lengths, ddof=1))
    assert (
        abs(p - 1 / scattering_length(GaussianSum([-depth], [0.5]), reduced_mass=1.0)) < 4 * p_std
    )
    r_eff, r_std = model.effective_range(return_std=True)
    ranges = [effective_range(draw, reduced_mass=1.0) for draw in draws]
    assert r_std == pytest.approx(np.std(ranges, ddof=1))
    assert r_std < r_eff


@pytest.mark.parametrize("seed", range(1, 4))
def test_phase_shifts_of_draws_on_two_branches(seed):
    model = process(0.668, seed)
    with (
        pytest.warns(AccuracyWarning, match=r"of 32 draws \(.*\) δ is a multiple of π away"),
        pytest.warns(AccuracyWarning, match="the error of δ reaches .* at k = 0.002"),
    ):
        delta, std = model.phase_shift([0.002, 0.5], return_std=True)
    cot, cot_std = model.draws().k_cot_delta([0.002, 0.5], return_std=True)
    assert std[1] == pytest.approx(np.sin(delta[1]) ** 2 / 0.5 * cot_std[1], rel=0.1)
    assert cot[1] == pytest.approx(0.5 / np.tan(delta[1]))


def test_states_of_some_draws_have_no_error():
    model = process(0.68, 3)
    with pytest.warns(AccuracyWarning, match=r"of 32 draws \d+ have 0, \d+ have 1"):
        states, std = model.bound_states(return_std=True)
    assert len(states.kappa) == len(std.kappa)
    assert np.isnan(std.kappa).all()


def test_states_of_all_draws_have_one():
    states, std = process(1.2, 0, noise=1e-4).bound_states(return_std=True)
    assert 0 < std.kappa[0] < 0.2 * states.kappa[0]
    # E = −κ²/2m
    assert std.energy[0] == pytest.approx(states.kappa[0] * std.kappa[0], rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_errors_of_bound_states_of_a_form_are_right_with_few_draws(seed):
    """κ of V = θ0 e^{−θ1 r²}, from 32 draws, has the error of linear propagation to 10 %."""
    d = make_time_dependent(
        GaussianSum([-0.3], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(12, 17), noise=1e-4, n_bins=20, random_state=seed,
    )  # fmt: skip
    form = LocalPotentialRegressor(n_terms=1, r=d.r, reduced_mass=1.0)
    form.fit(d.data, d.target, y_std=d.sigma)
    root = np.linalg.cholesky(form.theta_cov_)

    def kappa(step):
        return bound_states(form._of_theta(form.theta_ + step), reduced_mass=1.0).kappa[0]

    slope = [(kappa(0.1 * column) - kappa(-0.1 * column)) / 0.2 for column in root.T]
    _, std = form.bound_states(return_std=True)
    np.testing.assert_allclose(std.kappa, [np.linalg.norm(slope)], rtol=0.1)


def test_draws_have_the_covariance_of_the_fit_exactly():
    normal = _standardized(np.random.default_rng(0).normal(size=(8, 3)))
    np.testing.assert_allclose(normal.mean(axis=0), 0.0, atol=1e-14)
    np.testing.assert_allclose(np.cov(normal.T), np.eye(3), atol=1e-13)
    few = np.random.default_rng(0).normal(size=(3, 3))
    np.testing.assert_array_equal(_standardized(few), few)
