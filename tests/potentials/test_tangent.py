"""Linear propagation of errors: a derivative, and a linear problem where V is linear."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum, Separable
from halkit.potentials import TimeDependentHALRegressor
from halkit.potentials.tangent import TangentPotential
from halkit.resampling import JackknifeRegressor, pooled_errors
from halkit.training import load_parameters, parameter_arrays

K = {"k": [0.05, 0.15], "channel_radius": 40.0, "n_mesh": 80, "return_std": True}


def correlators(noise=1e-3, n_bins=8, **settings):
    return make_time_dependent(
        GaussianSum([-0.05, 0.3], [0.1, 1.0]) + Separable(-2e-3, 0.6), r=np.arange(1.0, 25.0),
        box_radius=30.0, hadron_mass=0.7, times=np.arange(8, 15), noise=noise, n_bins=n_bins,
        random_state=1, **settings,
    )  # fmt: skip


def fitted(d, **parameters):
    network = TimeDependentHALRegressor(
        d.r, hadron_mass=0.7, **{"n_init": 1, "random_state": 0, **parameters}
    )
    return network.fit(d.data, d.target, y_std=d.sigma)


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
@pytest.mark.filterwarnings("ignore:the fit had not converged")
@pytest.mark.parametrize(
    "form", [{}, {"network": "symmetric", "hidden_layer_sizes": (3,)}, {"local": "only"}]
)
def test_it_is_the_derivative_of_the_network(form):
    d = correlators()
    network = fitted(d, max_iter=3, **form)
    tangent = TangentPotential(network).fit(d.data, d.target, y_std=d.sigma)
    tangent.delta_ = np.random.default_rng(0).standard_normal(tangent.delta_.size)
    before, n = parameter_arrays(network.net_.module_), 0
    r, s = np.linspace(0.3, 9.0, 5)[:, None], np.array([0.5, 2.0, 7.0])
    changes = []
    for h in (1e-4, -1e-4):
        n, moved = 0, {}
        for name, value in before.items():
            step = tangent.delta_[n : n + value.size].reshape(value.shape)
            moved[name], n = value + h * step, n + value.size
        load_parameters(network.net_.module_, moved)
        changes.append((network.local_potential(r), network.nonlocal_potential(r, s)))
    load_parameters(network.net_.module_, before)
    for i, (f, g) in enumerate(((network.local_potential(r), tangent.local_potential(r)),
                                (network.nonlocal_potential(r, s),
                                 tangent.nonlocal_potential(r, s)))):  # fmt: skip
        slope = (changes[0][i] - changes[1][i]) / 2e-4
        assert_allclose(g - f, slope, rtol=1e-4, atol=1e-6 * np.abs(slope).max())


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
def test_the_data_of_the_fit_move_nothing():
    d = correlators()
    data = {"X": d.data, "y": d.target, "y_std": d.sigma}
    network = fitted(d)
    offset = TangentPotential(network).fit(**data).delta_
    own = TangentPotential(network, offset).fit(**data)
    assert_allclose(own.phase_shift(K["k"]), network.phase_shift(K["k"]))
    assert_array_equal(own.predict(d.data), network.predict(d.data))


@pytest.mark.filterwarnings("ignore:these rows do not tell a local")
@pytest.mark.parametrize(
    ("settings", "parameters", "tolerance"),
    [
        ({"noise": 1e-2}, {"local": "only"}, 1e-2),
        ({"noise": 1e-5, "sources": ("wall",)}, {"local": "only"}, 1e-2),
        ({"noise": 1e-2}, {}, 0.15),
        ({"noise": 1e-3}, {}, 0.2),
        ({"noise": 1e-4}, {"rank": 1}, 0.2),
    ],
)
def test_linear_errors_are_those_of_warm_refits(settings, parameters, tolerance):
    """Form factors that are kept made them up to five times too small; here 1 … 15 %."""
    d = correlators(n_bins=4, **settings)
    sigma = pooled_errors(d.sigma, d.data)
    potential = TimeDependentHALRegressor(
        d.r, hadron_mass=0.7, random_state=0, **{"n_init": 1, **parameters}
    )
    linear, warm = (
        JackknifeRegressor(potential, refit=refit).fit(d.rows.data, d.rows.target, y_std=sigma)
        for refit in ("linear", "warm")
    )
    assert_array_equal(linear.phase_shift(K["k"]), warm.phase_shift(K["k"]))
    assert_allclose(linear.phase_shift(**K)[1], warm.phase_shift(**K)[1], rtol=tolerance)
