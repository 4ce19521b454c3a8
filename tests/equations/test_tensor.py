"""S and D waves of spin components: exact on the lattice for V_C + V_T S₁₂ (Pauli matrices)."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit import Channel
from halkit.equations import spin_projections, tensor_rows, time_derivatives

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
CHI = {1: [1, 0, 0, 0], 0: [0, 0.5**0.5, 0.5**0.5, 0], -1: [0, 0, 0, 1]}


def vectors(L):
    """Coordinates of all sites, nearest images, (L³, 3)."""
    sites = np.array(list(product(range(L), repeat=3)))
    return np.where(2 * sites >= L, sites - L, sites)


def tensor_operator(x):
    """S₁₂ of spins (α, β) at vectors (n, 3), as 4 × 4 matrices; 0 at the origin."""
    r = np.sqrt((x**2).sum(axis=1))
    unit = x / np.where(r > 0, r, 1)[:, np.newaxis]
    first = [np.kron(s, np.eye(2)) for s in SIGMA]
    second = [np.kron(np.eye(2), s) for s in SIGMA]
    along = [np.einsum("ni,iab->nab", unit, np.array(s)) for s in (first, second)]
    together = sum(a @ b for a, b in zip(first, second, strict=True))
    return (3 * along[0] @ along[1] - together) * (r > 0)[:, np.newaxis, np.newaxis]


def central(r):
    return -0.05 * np.exp(-((r / 2) ** 2)) + 0.1 * np.exp(-(r**2))


def tensor(r):
    return -0.04 * np.exp(-((r / 1.8) ** 2))


def interaction(L):
    """V_C + V_T S₁₂ on each site, (L³, 4, 4)."""
    x = vectors(L)
    r = np.sqrt((x**2).sum(axis=1))[:, np.newaxis, np.newaxis]
    return central(r) * np.eye(4) + tensor(r) * tensor_operator(x)


def on_spins(operator, R, L):
    """Apply site matrices (L³, 4, 4) to fields (..., 2, 2, L, L, L)."""
    flat = R.reshape(*R.shape[:-5], 4, L**3)
    return np.einsum("nab,...bn->...an", operator, flat).reshape(R.shape)


def random_spins(L, seed, n=()):
    random = np.random.default_rng(seed)
    return random.standard_normal((*n, 2, 2, L, L, L)) + 1j * random.standard_normal(
        (*n, 2, 2, L, L, L)
    )


@pytest.mark.parametrize("m", [1, 0, -1])
@pytest.mark.parametrize("L", [7, 8])
def test_the_waves_are_exact_for_any_field(L, m):
    """y_S = V_C φ_S + √8 V_T φ_D and y_D = √8 V_T φ_S + (V_C − 2V_T) φ_D to rounding."""
    R = random_spins(L, seed=m + 5)
    waves = spin_projections(R, m=m)
    y = spin_projections(on_spins(interaction(L), R, L), m=m).wave
    (S, D), r = waves.wave, waves.r
    V_C, V_T = central(r), tensor(r)
    assert_allclose(y[0], V_C * S + np.sqrt(8) * V_T * D, atol=1e-15)
    assert_allclose(y[1], np.sqrt(8) * V_T * S + (V_C - 2 * V_T) * D, atol=1e-15)


@pytest.mark.parametrize("m", [1, 0, -1])
def test_waves_of_a_state_of_spin_one(m):
    """R = f χ + g S₁₂χ/√8 has φ_S = f and φ_D = g; a spin singlet has neither."""
    L = 9
    x = vectors(L)
    r = np.sqrt((x**2).sum(axis=1))
    f, g, chi = np.exp(-r / 2), r * np.exp(-r), np.array(CHI[m])
    state = f[:, None] * chi + g[:, None] * (tensor_operator(x) @ chi) / np.sqrt(8)
    singlet = r[:, None] * np.array([0, 1, -1, 0])
    R = (state + singlet).T.reshape(2, 2, L, L, L)
    waves = spin_projections(R, m=m)
    assert_allclose(waves.wave[0], np.exp(-waves.r / 2), rtol=1e-13)
    assert_allclose(waves.wave[1], waves.r * np.exp(-waves.r), rtol=1e-13)
    counted = [np.sum(np.isclose(r, radius)) for radius in waves.r]
    assert_allclose(waves.weights, counted)
    assert waves.r[0] == 1
    assert waves.r[-1] < L / 2 < waves.r[-1] + 0.3


def test_the_laplacian_is_that_of_the_lattice():
    R = random_spins(6, seed=1, n=(2,))
    around = sum(np.roll(R, s, axis) for s in (1, -1) for axis in (3, 4, 5)) - 6 * R
    assert_allclose(spin_projections(R).laplacian, spin_projections(around).wave, atol=1e-14)


MASS, L_STATES = 0.8, 6


@pytest.fixture(scope="module")
def states():
    """Four bins of two sources of J_z = 0, of eigenstates of −∇²/m + V_C + V_T S₁₂ on 6³ sites."""
    L, t = L_STATES, np.arange(8)
    n = L**3
    hop = sum(
        np.eye(n)[np.roll(np.arange(n).reshape(L, L, L), s, axis).ravel()]
        for s in (1, -1) for axis in range(3)
    ) - 6 * np.eye(n)  # fmt: skip
    H = np.kron(np.eye(4), -hop / MASS).astype(complex).reshape(4, n, 4, n)
    H[:, np.arange(n), :, np.arange(n)] += interaction(L)
    energy, vectors_ = np.linalg.eigh(H.reshape(4 * n, 4 * n))
    wall = np.repeat(np.array(CHI[0]), n)
    r2 = (vectors(L) ** 2).sum(axis=1)
    tensor_source = (tensor_operator(vectors(L)) @ np.array(CHI[0])).T * np.exp(-r2 / 4)
    d1, d2, _ = (d[0] for d in time_derivatives(np.eye(7), points=7))
    keep = energy < 3.5
    rates = np.array([rate_of(d2 / (4 * MASS) - d1, E) for E in energy[keep]])
    random, R = np.random.default_rng(0), {}
    for name, source in (("S wall", wall), ("D", wall + 3 * tensor_source.ravel())):
        overlap = vectors_[:, keep].conj().T @ source
        overlap = overlap * (1 + 0.05 * random.standard_normal((4, keep.sum())))
        terms = overlap * np.exp(-np.multiply.outer(t, rates))[:, np.newaxis]
        R[name] = (terms @ vectors_[:, keep].T).reshape(t.size, 4, 2, 2, L, L, L)
    return t, {name: spin_projections(field) for name, field in R.items()}


def rate_of(weights, E):
    """x with Σ_j c_j e^{−xj} = E, for which the seven-point stencil is exact."""
    x, j = E, np.arange(-3, 4)
    for _ in range(60):
        x -= (weights @ np.exp(-x * j) - E) / (weights @ (-j * np.exp(-x * j)))
    return x


def real(projections):
    return {
        name: waves._replace(wave=waves.wave.real, laplacian=waves.laplacian.real)
        for name, waves in projections.items()
    }


OPTIONS = {"hadron_mass": MASS, "kind": "jackknife", "r_max": np.sqrt(8)}


def test_rows_of_eigenstates_know_the_tensor_force(states):
    """Two sources give V_C, V_T and V_22 = V_C − 2V_T at each radius, exactly, in each bin."""
    t, projections = states
    for waves in projections.values():
        assert np.abs(waves.wave.imag).max() < 1e-10 * np.abs(waves.wave).max()
    rows = tensor_rows(real(projections), t=t, **OPTIONS)
    assert rows.channels == (Channel(l=0, masses=MASS), Channel(l=2, masses=MASS))
    assert rows.stencil == 5
    rows = tensor_rows(real(projections), t=t, times=[3, 4], stencil=7, **OPTIONS)
    r, n = rows.r, rows.r.size
    assert n == rows.r_out.size
    X, y = (values.reshape(4, 4, 2, n) for values in (rows.data, rows.target))
    X, y = (np.moveaxis(values[:, [0, 2]], -1, 1) for values in (X, y))  # bin, r, source, channel
    V = np.swapaxes(np.linalg.solve(X, y), -1, -2)
    V_C, V_T = central(r), tensor(r)
    for found, expected in [
        (V[..., 0, 0], V_C), (V[..., 0, 1], np.sqrt(8) * V_T),
        (V[..., 1, 0], np.sqrt(8) * V_T), (V[..., 1, 1], V_C - 2 * V_T),
    ]:  # fmt: skip
        assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-9)


def test_rows_of_a_bin_have_its_masses(states):
    t, projections = states
    waves = real(projections)
    masses = MASS * (1 + 0.01 * np.arange(-1.0, 3.0))
    rows = tensor_rows(waves, t=t, mass_bins=masses, **OPTIONS)
    assert_array_equal(rows.mass_bins, np.tile(masses[:, None, None], (1, 2, 2)))
    for b, mass in enumerate(masses):
        alone = {
            source: w._replace(wave=w.wave[:, b : b + 1], laplacian=w.laplacian[:, b : b + 1])
            for source, w in waves.items()
        }
        one = tensor_rows(alone, t=t, **{**OPTIONS, "hadron_mass": mass, "kind": "mean"})
        size = rows.data[b, :, :1] / one.data[0, :, :1]
        assert_allclose(rows.target[b], size * one.target[0], rtol=1e-9, atol=1e-11)
    for wrong, message in [
        (masses[:3], "mass_bins must be of 4 bins, got 3"),
        (2 * masses, "mass_bins must be within 20% of hadron_mass"),
        (np.ones((4, 3)), r"mass_bins must have shape \(n_bins,\) or \(n_bins, 2\), got"),
    ]:
        with pytest.raises(ValueError, match=message):
            tensor_rows(waves, t=t, mass_bins=wrong, **OPTIONS)


def test_rows_are_normalised_and_have_errors(states):
    t, projections = states
    rows = tensor_rows(real(projections), t=t, times=[3, 4], **OPTIONS)
    assert list(rows.labels) == [(s, x) for s in ("S wall", "D") for x in (3, 4)]
    mean = np.abs(rows.mean()[0]) @ np.tile(rows.weights, 2) / (2 * rows.weights.sum())
    assert_allclose(mean, 1, rtol=1e-12)
    n = rows.r.size
    X, y = (values[:, 2, n:] for values in (rows.data, rows.target))
    size = X @ X.mean(axis=0) / np.sum(X.mean(axis=0) ** 2)
    error = np.sqrt(3) * (y / size[:, None]).std(axis=0)
    assert_allclose(rows.sigma[2, n:], error, rtol=1e-9)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 2, 4, 4, 5), r"R must have shape \(..., 2, 2, L, L, L\) with L ≥ 3, got \(2, 2, 4, 4"),
        ((4, 4, 4, 4), r"R must have shape"),
        ((2, 2, 2, 2, 2), r"with L ≥ 3"),
    ],
)
def test_fields_of_another_shape_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        spin_projections(np.ones(shape))


def test_bad_values_are_refused(states):
    with pytest.raises(ValueError, match="m must be one of"):
        spin_projections(np.ones((2, 2, 4, 4, 4)), m=2)
    with pytest.raises(ValueError, match="R must be finite"):
        spin_projections(np.full((2, 2, 4, 4, 4), np.nan))
    t, projections = states
    waves = real(projections)
    for changes, message in [
        ({"r_max": 3.0}, "radii must obey 1 <= r_max"),
        ({"r_max": 2.0, "r_prime_max": 1.5}, "got r_max = 2 and r_prime_max = 1.5"),
        ({"t": t[:-1]}, r"must have shape \(n_t, n_bins, 2, n_shells\) = \(7, n_bins"),
        ({"t": 2 * t}, "t must be three consecutive slices"),
        ({"kind": "configs"}, "kind must be one of"),
        ({"hadron_mass": -1.0}, "hadron_mass must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            tensor_rows(waves, **{"t": t, **OPTIONS, **changes})
    with pytest.raises(ValueError, match="Complex data not supported"):
        tensor_rows(projections, t=t, **OPTIONS)
    fewer = waves["D"]._replace(wave=waves["D"].wave[:, :3], laplacian=waves["D"].laplacian[:, :3])
    with pytest.raises(ValueError, match="same number of bins in all sources"):
        tensor_rows({**waves, "D": fewer}, t=t, **OPTIONS)
    other = spin_projections(np.ones((8, 4, 2, 2, 8, 8, 8)))
    with pytest.raises(ValueError, match="r must be the same for all sources"):
        tensor_rows({**waves, "other": other}, t=t, **OPTIONS)
    with pytest.raises(TypeError, match="'a' must have SpinProjections, got a ndarray"):
        tensor_rows({"a": np.ones(3)}, t=t, **OPTIONS)
    with pytest.raises(TypeError, match="projections must be a mapping"):
        tensor_rows([], t=t, **OPTIONS)
