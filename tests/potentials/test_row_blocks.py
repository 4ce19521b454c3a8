"""Least squares from blocks of rows: the same numbers, in the memory of a block."""

import tracemalloc

import mpmath
import numpy as np
import pytest

from halkit.channels import Channel
from halkit.potentials import GaussianProcessPotentialRegressor, row_blocks
from halkit.potentials.posterior import solve_ridge
from halkit.potentials.row_blocks import Triangle, triangle_of
from halkit.radial import trapezoid_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]


def waves(n, r, channels=1):
    """Waves with phases of a random momentum, and their targets for a V and a U, with noise."""
    random = np.random.default_rng(n)
    k = random.uniform(0.02, 0.5, (n * channels, 1))
    X = np.sin(k * r + random.uniform(0, 1, k.shape)) / r
    U = -1e-3 * np.exp(-(r[:, None] ** 2 + r**2) / 18) * trapezoid_weights(r)
    y = (X @ U.T - 0.05 * X * np.exp(-((r / 2) ** 2))).reshape(n, -1)
    sigma = np.full(y.shape, 1e-4 * np.abs(y).max())
    return X.reshape(n, -1), y + sigma * random.normal(size=y.shape), sigma


def test_the_triangle_has_the_gram_matrix_of_all_rows():
    rows = np.random.default_rng(0).normal(size=(57, 8))
    triangle = Triangle()
    for block in np.array_split(rows, 9):
        triangle.add(block)
    R = triangle.R
    np.testing.assert_allclose(R.T @ R, rows.T @ rows, rtol=1e-13, atol=1e-13)
    expected = np.linalg.svd(rows, compute_uv=False)
    np.testing.assert_allclose(triangle.singular_values, expected, rtol=1e-13)


def test_the_ridge_is_the_normal_equation():
    random = np.random.default_rng(1)
    A, b = random.normal(size=(30, 7)), random.normal(size=30)
    ridge = solve_ridge(triangle_of(np.column_stack([A, b])))
    precision = A.T @ A + np.eye(7)
    mean = np.linalg.solve(precision, A.T @ b)
    np.testing.assert_allclose(ridge.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(ridge.factor @ ridge.factor.T, np.linalg.inv(precision), rtol=1e-11)
    old = ridge._replace(triangle=ridge.factor)  # as in the files of the first versions
    np.testing.assert_array_equal(old.factor, ridge.factor)


@pytest.mark.parametrize("shape", [(57, 8), (8, 57), (300, 60), (1, 1)])
def test_the_triangle_has_the_signs_of_numpy(shape):
    rows = np.random.default_rng(2).normal(size=shape)
    expected = np.linalg.qr(rows, mode="r")
    np.testing.assert_allclose(triangle_of(rows), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("precision", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("n", [5, 30])
def test_the_ridge_of_data_of_any_precision(n, precision):
    """Smooth functions are nearly dependent: A has singular values from `precision` down to 0.

    Against 60 digits: the prediction to ten rounding errors of its terms, the posterior to ten of
    the root of its condition number.
    """
    x, random = np.linspace(0, 1, n), np.random.default_rng(3)
    A = precision * x[:, None] ** np.arange(12)
    b = precision * (np.exp(x) + 1e-3 * random.normal(size=n))
    ridge = solve_ridge(triangle_of(np.column_stack([A, b])))
    with mpmath.workdps(60):
        M = mpmath.matrix(A.tolist())
        C = (M.T * M + mpmath.eye(12)) ** -1
        mean = C * (M.T * mpmath.matrix(b.tolist()))
        residual = mpmath.matrix(b.tolist()) - M * mean
        misfit = float((residual.T * residual)[0] + (mean.T * mean)[0])
        mean, C = np.array(mean.tolist(), float)[:, 0], np.array(C.tolist(), float)
    eps = np.finfo(float).eps
    terms = np.linalg.norm(A) * np.linalg.norm(mean) + np.linalg.norm(b)
    assert np.abs(A @ (ridge.mean - mean)).max() < 10 * eps * terms
    size = 10 * eps * precision
    np.testing.assert_allclose(ridge.mean, mean, rtol=0, atol=size * np.abs(mean).max())
    np.testing.assert_allclose(ridge.factor @ ridge.factor.T, C, rtol=0, atol=size)
    np.testing.assert_allclose(ridge.misfit, misfit, rtol=size)


@pytest.mark.parametrize("settings", [
    {}, {"local": False}, {"local": "only"}, {"symmetric": False},
    {"channels": [Channel(), Channel(threshold=0.1)]},
], ids=["V and U", "U", "V", "plain", "coupled"])  # fmt: skip
def test_blocks_change_nothing_but_rounding(settings, monkeypatch):
    r = np.arange(1, 25) * 0.5
    X, y, sigma = waves(30, r, len(settings.get("channels", [0])))
    model = GaussianProcessPotentialRegressor(r, reduced_mass=1.0, **settings)
    fits = []
    for size in (2**40, 1, 2**18):
        monkeypatch.setattr(row_blocks, "BYTES", size)
        model.fit(X, y, y_std=sigma)
        scores = model.loss_, model.log_marginal_likelihood_, model.n_effective_
        fits.append([model.predict(X), np.array(scores), model.nonlocal_sensitivity_])
    for fit in fits[1:]:
        for found, expected in zip(fit, fits[0], strict=True):
            scale = np.abs(expected).max(initial=0.0)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * scale)


def test_a_thousand_samples_fit_into_a_hundred_megabytes():
    """All rows at once have 86 MB, and took four times as much."""
    r = np.arange(1, 101) * 0.25
    X, y, sigma = waves(1000, r)
    model = GaussianProcessPotentialRegressor(r, reduced_mass=1.0)
    tracemalloc.start()
    try:
        model.fit(X, y, y_std=sigma)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6
