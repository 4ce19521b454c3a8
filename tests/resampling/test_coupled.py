"""Errors of coupled channels over bins, and the strength of V that they choose."""

import numpy as np
import pytest

from halkit import JackknifeRegressor
from halkit.datasets import make_coupled
from halkit.interactions import lambda_lambda_n_xi_model
from halkit.potentials import GaussianProcessPotentialRegressor
from halkit.samples import standard_error
from halkit.scattering import coupled_s_matrix
from halkit.units import from_mev

E = from_mev(np.array([10.0, 30.0, 60.0, 100.0]))

pytestmark = [
    # Bins of a few rows: the tests are about errors.
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning"),
]


def data(seed, n_bins=10, noise=1e-3):
    return make_coupled(
        lambda_lambda_n_xi_model("local"), r=np.arange(1, 31) * 0.2, box_radius=8.0,
        times=np.arange(9, 18) * 0.09, noise=noise, n_bins=n_bins, source_radius=0.5,
        random_state=seed,
    )  # fmt: skip


def potential(d):
    return GaussianProcessPotentialRegressor(
        d.r, channels=d.channels, local="only", local_range=0.6, local_strength=15.0
    )


@pytest.fixture(scope="module")
def jackknife():
    d = data(0, n_bins=6)
    return JackknifeRegressor(potential(d)).fit(d.rows.data, d.rows.target, y_std=d.sigma)


def test_the_jackknife_is_that_of_the_fits_of_the_bins(jackknife):
    model = jackknife
    S, std = model.s_matrix(E, return_std=True)
    np.testing.assert_array_equal(S, model.estimator_.s_matrix(E))
    fits = np.array([one.s_matrix(E) for one in model.estimators_])
    real, imaginary = (standard_error(part, "jackknife") for part in (fits.real, fits.imag))
    np.testing.assert_allclose(std, real + 1j * imaginary, rtol=1e-9)
    error = model.phase_shift(energy=E, return_std=True)[1]
    np.testing.assert_allclose(error.s_matrix, std, rtol=1e-6)
    eta = standard_error(np.abs(np.diagonal(fits, axis1=2, axis2=3)), "jackknife")
    np.testing.assert_allclose(error.inelasticity, eta, rtol=1e-5, atol=1e-9)
    assert np.isnan(error.phase_shift[0, 1])
    assert np.all(error.phase_shift[1:] > 0)
    V, V_std = model.local_potential([0.5, 1.0], return_std=True)
    assert V.shape == V_std.shape == (2, 2, 2)
    with pytest.raises(ValueError, match="energy must be given for 2 channels"):
        model.phase_shift(k=0.1)


def test_errors_are_calibrated():
    """Twelve sets of eight configurations: rms pull, and mean error over scatter."""
    exact = coupled_s_matrix(lambda_lambda_n_xi_model("local"), E)
    n_sets, size = 12, 8
    d = data(1, n_bins=n_sets * size, noise=1e-3 / np.sqrt(n_sets))
    sigma = d.sigma * np.sqrt(n_sets)
    X, y = (_configurations(bins).reshape(n_sets, size, *bins.shape[1:]) for bins in
            (d.rows.data, d.rows.target))  # fmt: skip
    found, errors = [], []
    for one in zip(X, y, strict=True):
        fits = [potential(d).fit(*bin_, y_std=sigma) for bin_ in zip(*map(_bins, one), strict=True)]
        centre = potential(d).fit(*(values.mean(axis=0) for values in one), y_std=sigma)
        found.append(_relative(centre, exact))
        errors.append(standard_error(np.array([_relative(f, exact) for f in fits]), "jackknife"))
    found, errors = np.array(found), np.array(errors)
    assert 0.75 < np.sqrt(np.mean((found / errors) ** 2)) < 1.35
    scatter = np.sqrt(np.mean(np.std(found, axis=0, ddof=1) ** 2))
    assert 0.7 < np.sqrt(np.mean(errors**2)) / scatter < 1.5


def _configurations(bins):
    """The configurations of which each jackknife bin leaves one out."""
    return len(bins) * bins.mean(axis=0) - (len(bins) - 1) * bins


def _bins(configurations):
    n = len(configurations)
    return (configurations.sum(axis=0) - configurations) / (n - 1)


def _relative(model, exact):
    """δ_a of the open channels, relative to the truth."""
    turn = np.diagonal(coupled_s_matrix(model.interaction_, E) * exact.conj(), axis1=1, axis2=2)
    return np.angle(turn[~np.isnan(turn)]) / 2
