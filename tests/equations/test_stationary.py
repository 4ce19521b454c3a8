"""(E_k − H0) φ_k against closed forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import spherical_jn

from halkit.equations import remove_phase, stationary_target
from halkit.interactions import Separable

M = 3.3
K = np.array([0.01, 0.3, 0.8, 1.0])
TOY = Separable(-0.017, 1.0)


def toy_error(r, order):
    phi = TOY.wave_function(K, r, reduced_mass=M)
    return np.abs(
        stationary_target(phi, K, r, reduced_mass=M, order=order) - TOY.target(K, r, reduced_mass=M)
    )


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_sources_of_the_separable_potential_converge(order):
    errors = [toy_error(np.arange(1, n + 1) * 12.5 / n, order) for n in (60, 120)]
    far = [error[:, n // 10 - 1 :].max() for error, n in zip(errors, (60, 120), strict=True)]
    assert np.log2(far[0] / far[1]) > 0.85 * order
    # The source has a cusp at the origin, which costs one order there.
    assert np.log2(errors[0].max() / errors[1].max()) > (0.5 if order == 2 else 0.85 * (order - 1))


@pytest.mark.parametrize(
    ("order", "tolerance"), [(4, 3e-4), (6, 3e-6), (8, 4e-8), ("spline", 2e-3)]
)
def test_sources_on_the_nodes_of_the_talk(order, tolerance):
    assert toy_error(np.linspace(0.01, 12.5, 100), order).max() < tolerance


@pytest.mark.parametrize("l", [0, 1, 2, 3])
def test_free_waves_have_no_source(l):
    r = np.linspace(0.0, 10.0, 201)
    phi = spherical_jn(l, np.outer(K, r))
    assert_allclose(stationary_target(phi, K, r, reduced_mass=M, l=l, order=8), 0.0, atol=1e-8)


def test_the_wave_at_threshold():
    r, a0 = np.linspace(0.5, 9.0, 60), 2.0
    phi = (1 - a0 / r)[np.newaxis]
    assert_allclose(
        stationary_target(phi, [0.0], r, reduced_mass=M, order=8)[0, 5:], 0.0, atol=1e-5
    )


def test_the_reduced_mass_divides():
    r = np.linspace(0.1, 5.0, 50)
    phi = np.exp(-np.outer(K, r))
    assert_allclose(
        stationary_target(phi, K, r, reduced_mass=2 * M),
        stationary_target(phi, K, r, reduced_mass=M) / 2,
    )


@pytest.mark.parametrize("alpha", [0.0, 0.7, np.pi / 2, 3.0])
def test_remove_phase_leaves_the_real_wave_up_to_a_sign(alpha):
    phi = spherical_jn(0, np.outer(K, np.linspace(0.1, 9.0, 40)))
    stripped = remove_phase(phi * np.exp(1j * alpha * K[:, np.newaxis]))
    signs = np.sign(np.sum(stripped * phi, axis=1, keepdims=True))
    assert_allclose(stripped * signs, phi, atol=1e-14)
    assert stripped.dtype == np.float64


def test_remove_phase_takes_a_millionth_of_the_norm():
    """ε of an orthogonal wave in i leaves ε of the norm imaginary, whatever the common phase."""
    x = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wave, other = np.cos(x), np.sin(x)
    assert_allclose(
        np.abs(remove_phase(np.exp(0.4j) * (wave + 0.9e-6j * other))), np.abs(wave), atol=1e-12
    )
    with pytest.raises(ValueError, match=r"an imaginary part of 1\.1e-06 of the norm is left"):
        remove_phase(np.exp(0.4j) * (wave + 1.1e-6j * other))


def test_remove_phase_refuses_a_running_phase():
    with pytest.raises(ValueError, match="an imaginary part of"):
        remove_phase(np.exp(1j * np.linspace(0, 3, 20)))
    with pytest.raises(ValueError, match="phi must be finite"):
        remove_phase([1j, np.nan])
    with pytest.raises(TypeError, match=r"phi must hold real or complex numbers.* got NoneType"):
        remove_phase([None, 1j])


R = np.linspace(0.1, 1.0, 10)
PHI = np.ones((2, 10))


@pytest.mark.parametrize(
    ("phi", "k", "r", "mass", "message"),
    [
        (PHI, [0.1], R, M, r"one k per row, got \(2, 10\) and \(1,\)"),
        (PHI[0], [0.1], R, M, r"must have shape \(n_k, n_r\)"),
        (PHI, [0.1, -0.2], R, M, "k must not be negative, got -0.2"),
        (PHI, [0.1, 0.2], R, 0.0, "reduced_mass must be a finite number > 0, got 0"),
        (PHI, [0.1, 0.2], R, [M, M], "reduced_mass must be a finite number > 0"),
        (PHI * np.inf, [0.1, 0.2], R, M, "phi must be finite, got 20 NaN or infinite"),
        (PHI * 1j, [0.1, 0.2], R, M, "Complex data not supported.*halkit.equations.remove_phase"),
        (PHI, [0.1, 0.2], R[::-1], M, "r must be strictly increasing"),
        (PHI, [0.1, 0.2], R - 0.5, M, "r must not be negative"),
        (PHI, [0.1, 0.2], R[:-1], M, r"phi must have 9 entries on its last axis"),
    ],
)
def test_bad_values_are_refused(phi, k, r, mass, message):
    with pytest.raises((TypeError, ValueError), match=message):
        stationary_target(phi, k, r, reduced_mass=mass)


def test_objects_that_are_no_numbers_are_refused():
    phi = PHI.astype(object)
    y = stationary_target(phi, [0.1, 0.2], R, reduced_mass=M)
    assert_array_equal(y, stationary_target(PHI, [0.1, 0.2], R, reduced_mass=M))
    phi[0, 0] = None
    with pytest.raises(TypeError, match=r"phi must hold real numbers: .*, got NoneType objects"):
        stationary_target(phi, [0.1, 0.2], R, reduced_mass=M)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_remove_phase_at_any_size(size):
    stripped = remove_phase(size * np.array([1.0, 2.0, -1.0]) * np.exp(0.7j))
    assert_allclose(stripped * np.sign(stripped[0]), size * np.array([1.0, 2.0, -1.0]), rtol=1e-14)
