"""Numbers of the gallery that no other test holds: one row, AV18, momenta beyond the training."""

import numpy as np
import pytest

from halkit.datasets import make_separable
from halkit.equations import stationary_target
from halkit.interactions import av18
from halkit.potentials import NonLocalPotentialRegressor
from halkit.scattering import phase_shift, scattering_length, scattering_wave_functions

OMEGA, R, MASS = -0.017, 2.5, 3.3


@pytest.mark.parametrize("seed", range(3))
def test_one_row_within_three_per_cent(seed):
    """U(R, r') = ω e^{−R} f(r') from ten sources at r = R: with an envelope that starts at 1/μ."""
    data = make_separable(n_k=10, reduced_mass=MASS)
    source = data.interaction.target(data.k, np.array([R]), reduced_mass=MASS)
    truth, norm = OMEGA * np.exp(-R - data.r), np.sqrt(data.weights)

    def error(**settings):
        model = NonLocalPotentialRegressor(
            data.r, r_out=[R], reduced_mass=MASS, network="plain", random_state=seed, **settings
        ).fit(data.data, source)
        assert model.potential_.shape == (1, 100)
        assert model.loss_ < 1e-7
        return np.linalg.norm(norm * (model.potential_[0] - truth)) / np.linalg.norm(norm * truth)

    assert error(envelope_radius=1.0) < 0.03 < error(envelope=None)


def test_av18_from_ten_waves():
    """¹S₀ np: δ at momenta between those of the training to 0.05°, at defaults too."""
    truth = av18("1S0")
    mass, k, r = truth.reduced_mass, np.linspace(0.1, 2.0, 10), np.linspace(0.05, 12.0, 240)
    X = scattering_wave_functions(truth, k, reduced_mass=mass)(r)
    y = stationary_target(X, k, r, reduced_mass=mass, order=8)
    between = (k[1:] + k[:-1]) / 2
    exact = phase_shift(truth, between, reduced_mass=mass)

    def fit(**settings):
        return NonLocalPotentialRegressor(
            r, reduced_mass=mass, local="only", n_init=1, random_state=0, **settings
        ).fit(X, y)

    model = fit(local_widths=np.geomspace(0.25, 5.0, 20))
    assert np.abs(np.rad2deg(model.phase_shift(between) - exact)).max() < 0.1
    expected = scattering_length(truth, reduced_mass=mass)
    assert model.scattering_length() == pytest.approx(expected, rel=2e-3)
    assert np.abs(np.rad2deg(fit().phase_shift(between) - exact)).max() < 0.05


@pytest.mark.filterwarnings("ignore:the data do not determine δ")
@pytest.mark.parametrize("n_k", [3, 10, 50])
def test_momenta_beyond_the_training(n_k):
    data = make_separable(n_k=n_k)
    k = np.linspace(0.05, 1.5, 30)
    model = NonLocalPotentialRegressor(data.r, reduced_mass=MASS, n_init=1, random_state=0)
    delta = model.fit(data.data, data.target).phase_shift(k)
    exact = data.interaction.phase_shift(k, reduced_mass=MASS)
    assert np.abs(np.rad2deg(delta - exact)).max() < 0.05
