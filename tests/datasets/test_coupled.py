"""Correlators of coupled channels obey their equation, and have the noise that they state."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit import Channel
from halkit.datasets import make_coupled
from halkit.equations import time_dependent_rows
from halkit.interactions import (
    GaussianSum,
    InteractionMatrix,
    lambda_lambda_n_xi_model,
    pi_sigma_kbar_n_model,
)
from halkit.radial import RadialGrid, radial_weights
from halkit.scattering import spherical_box_states
from halkit.units import to_mev

R = np.arange(0.1, 6.05, 0.1)
SETTINGS = {"r": R, "box_radius": 8.0, "source_radius": 0.8}
TIMES = 0.09 * np.arange(9, 19)
# A cheap one.
V = GaussianSum([-0.2], [1.0])
SMALL = InteractionMatrix(
    [[V, V], [V, V]], channels=[Channel(masses=5.6), Channel(masses=(4.8, 6.7))]
)
FEW = {"r": np.linspace(0.2, 4.0, 20), "box_radius": 6.0, "times": [1.0, 1.1, 1.2]}


@pytest.fixture(scope="module")
def exact():
    return make_coupled(lambda_lambda_n_xi_model(), times=TIMES, space_order=8, **SETTINGS)


def rows(data, source, sign=-1.0, stencil=7):
    """X and y (n_channels, n_t, n_r) of one source at the common reference, in units of its R."""
    thresholds = data.interaction.resolved().threshold
    t = data.correlators[0].t[stencil // 2 : -(stencil // 2)]
    X, y = [], []
    for one, threshold in zip(data.correlators, thresholds, strict=True):
        pair = time_dependent_rows(
            one.R[source][:, 0], R, hadron_mass=one.hadron_mass, times=one.t, stencil=stencil,
            space_order=8,
        )  # fmt: skip
        factor = np.exp(sign * threshold * t)[:, np.newaxis]
        X.append(factor * pair[0])
        y.append(factor * pair[1])
    scale = np.abs(X).mean(axis=(0, 2))[:, np.newaxis]
    return np.array(X) / scale, np.array(y) / scale


def acting(data, X, weights):
    """U X by a quadrature rule."""
    truth = data.interaction
    kernel = truth.nonlocal_potential(R[:, np.newaxis], R) * weights
    local = np.einsum("abr,btr->atr", truth.local_potential(R), X)
    return local + np.einsum("abrs,bts->atr", kernel, X)


@pytest.mark.parametrize("source", ["wall 1", "wall 2", "exp 1", "exp 2"])
def test_correlators_obey_their_equation(exact, source):
    X, y = rows(exact, source)
    assert to_mev(np.abs(y).max()) > 100
    residual = to_mev(np.abs(y - acting(exact, X, exact.weights)))[:, :, 3:-8]
    assert residual.max() < (0.01 if source.startswith("wall") else 0.05)


def test_rows_hold_the_channels_side_by_side(exact):
    assert exact.data.shape == exact.target.shape == (16, 2 * R.size)
    assert exact.sigma is None
    assert exact.channels == exact.interaction.channels
    X, y = (
        values.reshape(16, 2, R.size).transpose(1, 0, 2) for values in (exact.data, exact.target)
    )
    residual = to_mev(np.abs(y - acting(exact, X, exact.weights)))[:, :, 3:-8]
    size = np.abs(X).mean(axis=(0, 2))[:, np.newaxis]
    wall = [source.startswith("wall") for source, _ in exact.rows.labels]
    assert (residual / size)[:, wall].max() < 0.01
    assert (residual / size).max() < 0.05
    own, _ = rows(exact, "exp 2")
    assert_allclose(X[:, 12:] / size[12:], own, rtol=1e-12)


def test_a_wrong_reference_is_seen(exact):
    for sign in (0.0, 1.0):
        X, y = rows(exact, "wall 1", sign)
        assert to_mev(np.abs(y - acting(exact, X, exact.weights)))[:, :, 3:-8].max() > 5


def test_a_wrong_normalisation_of_one_channel_is_seen(exact):
    """Channel 2 without its 1/√(Z1 Z2), 10 % off: U_12 and U_21 of the truth no longer fit."""
    X, y = rows(exact, "wall 1")
    for values in (X, y):
        values[1] *= 1.1
    assert to_mev(np.abs(y - acting(exact, X, exact.weights)))[:, :, 3:-8].max() > 1


def test_energies_rise_from_the_ground_state(exact):
    late = make_coupled(SMALL, **{**FEW, "times": [300.0, 301.0, 302.0]})
    step = late.energies[0] - np.array(SMALL.resolved().threshold)
    for one, energy in zip(late.correlators, step, strict=True):
        for values in one.R.values():
            assert_allclose(values[1] / values[0], np.exp(-energy), rtol=1e-6)
    assert np.all(np.diff(exact.energies) > 0)


def test_sources_add(exact):
    """The operator (1, 0.3) is the sum of (1, 0) and 0.3 times (0, 1), up to its norm."""
    pure = make_coupled(SMALL, operators=[[1, 0], [0, 1]], sources=["exp"], **FEW)
    mixed = make_coupled(SMALL, sources=["exp"], **FEW)
    one, two, sum_ = (
        np.array([c.R[name][:, 0] for c in data.correlators])
        for data, name in ((pure, "exp 1"), (pure, "exp 2"), (mixed, "exp 1"))
    )
    parts, *_ = np.linalg.lstsq(np.array([one.ravel(), two.ravel()]).T, sum_.ravel(), rcond=None)
    assert_allclose(parts[0] * one + parts[1] * two, sum_, rtol=1e-9)
    assert parts[0] > 0.5 > parts[1] > 0
    for data in (pure, mixed):
        for name in data.correlators[0].sources:
            first = [np.abs(c.R[name][0]) for c in data.correlators]
            assert np.mean(first) == pytest.approx(1.0)


def test_one_channel_is_a_sum_of_the_states_of_one_channel():
    """φ_n of ∫ 4πr² φ_n² = 1 comes with a_n/ε'(E_n), the residue of 1/[ε(E) − H]."""
    settings = {"r": np.linspace(0.2, 6.0, 30), "box_radius": 9.0, "times": [2.0, 2.2, 2.4]}
    truth = InteractionMatrix([[GaussianSum([-0.9], [1.2])]], channels=[Channel(masses=(2.4, 3.1))])
    data = make_coupled(truth, **settings)
    E, n = data.energies, data.energies.size
    box = spherical_box_states(truth[0, 0], radius=9.0, reduced_mass=2.4 * 3.1 / 5.5, n_states=n)
    epsilon, h = truth.resolved().kinetic_energy, 1e-5
    slope = (epsilon(E + h) - epsilon(E - h))[:, 0] / (2 * h)
    grid = RadialGrid.gauss_legendre(9.0, 300)
    for source, shape in (("wall 1", 1.0), ("exp 1", np.exp(-grid.r / 0.9))):
        a = box.wave_function(grid.r) @ (grid.weights * shape) / slope
        expected = np.exp(-np.outer(settings["times"], E)) @ (
            a[:, np.newaxis] * box.wave_function(settings["r"])
        )
        R = data.correlators[0].R[source][:, 0]
        assert_allclose(R / R[0, 0], expected / expected[0, 0], rtol=1e-7)
    assert data.correlators[0].hadron_mass == (2.4, 3.1)


def test_waves_with_angular_momentum_vanish_at_the_origin():
    waves = [Channel(l=0, masses=5.6), Channel(l=2, masses=5.6)]
    d = make_coupled(
        [[V, None], [None, V]], channels=waves, **{**FEW, "r": 0.01 * np.arange(1, 20)}
    )
    for values in d.correlators[1].R.values():
        assert_allclose(values[..., 1] / values[..., 0], 4.0, rtol=1e-3)


def test_noise_is_relative_with_a_floor():
    noise, floor = 1e-3, 0.2
    clean = make_coupled(SMALL, **FEW)
    pulls = []
    for seed in range(3):
        noisy = make_coupled(SMALL, noise=noise, noise_floor=floor, random_state=seed, **FEW)
        for one, other in zip(clean.correlators, noisy.correlators, strict=True):
            for name, exact in one.R.items():
                largest = np.abs(exact).max(axis=-1, keepdims=True)
                sigma = noise * np.maximum(np.abs(exact), floor * largest)
                pulls.append((other.R[name] - exact) / sigma)
    pulls = np.array(pulls).ravel()
    assert np.any(np.abs(clean.correlators[0].R["exp 1"]) < 0.1)
    assert abs(pulls.mean()) * np.sqrt(pulls.size) < 4
    assert abs(pulls.var() - 1) * np.sqrt(pulls.size / 2) < 4


def test_bins_are_a_jackknife():
    options = {"noise": 1e-3, "random_state": 3, **FEW}
    clean, bins = make_coupled(SMALL, **FEW), make_coupled(SMALL, n_bins=50, **options)
    pulls = []
    for one, other in zip(clean.correlators, bins.correlators, strict=True):
        assert other.kind == "jackknife"
        for name, exact in one.R.items():
            values = other.R[name]
            error = np.sqrt(49) * values.std(axis=1)
            floor = 0.03 * np.abs(exact[:, 0]).max(axis=-1, keepdims=True)
            assert_allclose(error / np.maximum(np.abs(exact[:, 0]), floor), 1e-3, rtol=0.5)
            pulls.append((values.mean(axis=1) - exact[:, 0]) / error)
    assert abs(np.mean(np.square(pulls)) - 1) < 0.3
    assert bins.sigma.shape == bins.target.shape
    difference = (bins.target - clean.target) / bins.sigma
    assert 0.8 < np.mean(np.square(difference)) < 1.4
    again = make_coupled(SMALL, n_bins=50, **options)
    assert_array_equal(again.correlators[1].R["exp 2"], bins.correlators[1].R["exp 2"])
    other = make_coupled(SMALL, n_bins=50, **{**options, "random_state": 4})
    assert np.any(other.correlators[1].R["exp 2"] != bins.correlators[1].R["exp 2"])


def test_a_wide_gap_and_singular_kernels():
    """πΣ and K̄N, 103 MeV apart, with U ∝ 1/(r r')."""
    d = make_coupled(pi_sigma_kbar_n_model(), times=TIMES + 0.9, **SETTINGS)
    X, y = rows(d, "wall 2")
    residual = np.abs(y - acting(d, X, radial_weights(R)))[:, :, 3:-8]
    assert residual.max() < 2e-4 * np.abs(y).max()
    assert d.correlators[1].hadron_mass[0] < d.correlators[1].hadron_mass[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": [0.0, 0.1, 0.2]}, "times > 0"),
        ({"times": [1.0, 1.1]}, "at least 3 consecutive time slices, got 2"),
        ({"sources": ("smeared",)}, r"among \['wall', 'exp'\], got 'smeared'"),
        ({"operators": [[1.0, 0.3, 0.1]]}, "operators must have 2 entries"),
        ({"operators": [[1.0, 0.3], [0.0, 0.0]]}, "operators must be rows of 2 amplitudes"),
        ({"operators": [1.0, 0.3]}, "operators must be rows of 2 amplitudes"),
        ({"noise": -1.0}, "noise must be a finite number ≥ 0"),
        ({"noise_floor": -0.1}, "noise_floor must be a finite number ≥ 0"),
        ({"n_bins": 1}, "n_bins must be an integer ≥ 2 or None, got 1"),
        ({"box_radius": -1.0}, "box_radius must be a finite number > 0"),
        ({"r": [1.0, 7.0]}, "the radius 6"),
        ({"source_radius": 0.0}, "source_radius must be a finite number > 0"),
        ({"channels": [Channel(reduced_mass=2.0)] * 2}, "channels must have masses"),
        ({"interactions": [[None]]}, "channels must be given"),
        ({"interactions": [[V, V], [None, V]], "channels": SMALL.channels}, "a symmetric matrix"),
    ],
)
def test_bad_values_are_refused(options, message):
    options = {"interactions": SMALL, **FEW, **options}
    with pytest.raises(ValueError, match=message):
        make_coupled(options.pop("interactions"), **options)
