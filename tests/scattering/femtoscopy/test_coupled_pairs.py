"""Femtoscopy of coupled channels: closed forms, limits, and rotated single channels."""

import numpy as np
import pytest
from scipy.special import spherical_jn

from halkit import Channel
from halkit.interactions import GaussianSum, InteractionMatrix, NonLocal, Sum, av18
from halkit.scattering import (
    Ensemble,
    GaussianSource,
    TabulatedWaves,
    correlation_function,
    coupled_wave_functions,
    pair_waves,
)

MU, THRESHOLD = np.array([2.8, 2.5]), 0.12
MASSES = ((5.6, 5.6), (4.7, 6.62))
BETA, LAMBDA = np.array([1.6, 2.1]), np.array([[-0.9, 0.8], [0.8, -1.6]])
SIMPLE = [Channel(reduced_mass=MU[0]), Channel(reduced_mass=MU[1], threshold=THRESHOLD)]
A, B = GaussianSum([-0.5], [0.5]), GaussianSum([-0.9], [0.6])
SOURCE = GaussianSource(1.2)
K = np.array([0.1, 0.5, 1.1])


def separable(channels=SIMPLE, strength=LAMBDA):
    """K_ab = λ_ab e^{−β_a r − β_b r'}, as U = K/4πrr'."""

    def one(a, b):
        def U(r, s):
            return strength[a][b] * np.exp(-BETA[a] * r - BETA[b] * s) / (4 * np.pi * r * s)

        return NonLocal(U)

    return InteractionMatrix([[one(0, 0), one(0, 1)], [one(1, 0), one(1, 1)]], channels=channels)


def gauss(high, n=160):
    x, w = np.polynomial.legendre.leggauss(n)
    return high * (1 + x) / 2, high * w / 2


def closed_form(square, mu, a, r):
    """ψ_b of one energy with the incoming channel a, shape (2, n_r)."""
    k = np.sqrt(square + 0j)
    seen = np.zeros(2, dtype=complex)
    seen[a] = k[a] / (BETA[a] ** 2 + square[a])
    J = 1 / (2 * BETA) - 1 / (BETA - 1j * k)
    D = np.linalg.solve(np.diag((BETA**2 + square) / (2 * mu)) - LAMBDA * J, LAMBDA @ seen)
    u = D[:, None] * (np.exp(-np.outer(BETA, r)) - np.exp(1j * np.outer(k, r)))
    u[a] += np.sin(k[a].real * r)
    return u / (k[a].real * r)


@pytest.mark.parametrize("observed", [0, 1])
@pytest.mark.parametrize("relativistic", [False, True])
@pytest.mark.parametrize("spin", [None, 0.5])
def test_a_separable_matrix(observed, relativistic, spin):
    """A closed and an open channel, other sources and weights; ψ_b in closed form."""
    sources, omega = [GaussianSource(1.1), GaussianSource(1.6)], 0.7
    channels, mu = SIMPLE, MU
    if relativistic:
        channels = [Channel(masses=pair) for pair in MASSES]
        mu = np.array([a * b / (a + b) for a, b in MASSES])
    weight = 0.25
    C = correlation_function(
        [(weight, separable(channels))], K, source=sources, production=[1.0, omega],
        observed=observed, spin=spin,
    )  # fmt: skip
    r, w = gauss(16.0)
    one, two = (w * 4 * np.pi * r**2 * S(r) for S in sources)
    for k, value in zip(K, C, strict=True):
        E = k**2 / (2 * mu[observed]) + THRESHOLD * observed
        if relativistic:
            E = sum(np.hypot(k, m) for m in MASSES[observed]) - sum(MASSES[0])
        square = 2 * mu * (E - np.array([0.0, THRESHOLD]))
        if relativistic:
            m1, m2 = np.array(MASSES).T
            W = 11.2 + E
            square = (W**2 - (m1 + m2) ** 2) * (W**2 - (m1 - m2) ** 2) / (4 * W**2)
        psi = np.abs(closed_form(square, mu, observed, r)) ** 2
        change = (
            one @ (psi[observed] - np.sinc(k * r / np.pi) ** 2) + omega * two @ psi[1 - observed]
        )
        expected = 1 + weight * change
        if spin:
            exchange = one @ np.sinc(2 * k * r / np.pi)
            expected = 1 - exchange / 2 + 2 * weight * change
        assert value == pytest.approx(expected, abs=2e-8)


def test_without_coupling_it_is_one_channel():
    matrix = InteractionMatrix([[A, None], [None, B]], channels=SIMPLE)
    for a, V in enumerate((A, B)):
        C = correlation_function([(0.5, matrix)], K, source=SOURCE, observed=a)
        alone = correlation_function([(0.5, V)], K, source=SOURCE, reduced_mass=MU[a])
        np.testing.assert_allclose(C, alone, atol=1e-8)


def rotated(l=0, mass=2.0, angle=0.6):
    """O diag(A, B) Oᵀ in two waves of one pair: the waves are O diag(ψ_A, ψ_B) Oᵀ."""
    c, s = np.cos(angle), np.sin(angle)

    def mix(x, y):
        return GaussianSum([-0.5 * x, -0.9 * y], [0.5, 0.6])

    rows = [[mix(c * c, s * s), mix(c * s, -c * s)], [mix(c * s, -c * s), mix(s * s, c * c)]]
    return InteractionMatrix(rows, channels=[Channel(l=l, reduced_mass=mass)] * 2)


@pytest.mark.parametrize("charge", [None, 1, -2])
@pytest.mark.parametrize("l", [0, 1])
def test_partial_waves_of_one_pair(charge, l):
    """Both waves are observed: Σ |ψ_ab|² = ψ_A² + ψ_B², with the charges of the pair too."""
    options = {"source": SOURCE, "reduced_mass": 2.0}
    if charge:
        options["charge_product"] = charge
    C = correlation_function([(0.5, rotated(l))], K, observed=(0, 1), **options)
    apart = correlation_function([(0.5, A, l), (0.5, B, l)], K, **options)
    np.testing.assert_allclose(C, apart, atol=1e-7)


def test_charges_of_each_channel():
    """One number is the charge of the observed channel; the other is neutral."""
    V = InteractionMatrix(
        [[A, GaussianSum([-0.3], [0.5])], [GaussianSum([-0.3], [0.5]), B]], channels=SIMPLE
    )
    options = {"source": SOURCE, "k": np.array([0.9, 1.4])}
    one = correlation_function([(1.0, V)], charge_product=-1, **options)
    two = correlation_function([(1.0, V)], charge_product=(-1, None), **options)
    np.testing.assert_array_equal(one, two)
    both = correlation_function([(1.0, V)], charge_product=(-1, 1), **options)
    neutral = correlation_function([(1.0, V)], **options)
    assert np.all(np.abs(both - one) > 1e-5)
    assert np.all(one > neutral + 1e-3)
    with pytest.raises(ValueError, match=r"above the threshold 0\.12 of a channel with charges"):
        correlation_function([(1.0, V)], 0.1, charge_product=(-1, 1), source=SOURCE)
    with pytest.raises(ValueError, match="one or None for each of the 2 channels"):
        correlation_function([(1.0, V)], 0.9, charge_product=(-1, 1, 1), source=SOURCE)


def test_proton_and_neutron():
    """¹S₀ and ³S₁-³D₁ of AV18, the components of all incoming waves by another quadrature."""
    single, coupled = av18("1S0"), av18("3S1-3D1")
    m, k = single.reduced_mass, np.array([0.1, 0.4])
    C = correlation_function(
        [(0.25, single), (0.75, coupled)], k, reduced_mass=m, source=SOURCE, observed=(0, 1)
    )
    r, w = gauss(13.0, 220)
    weights = w * 4 * np.pi * r**2 * SOURCE(r)
    expected = correlation_function([(0.25, single)], k, reduced_mass=m, source=SOURCE)
    for a, l in ((0, 0), (1, 2)):
        psi = coupled_wave_functions(coupled, k=k, incoming=a)(r)
        square = np.sum(np.abs(psi) ** 2, axis=0) - spherical_jn(l, np.outer(k, r)) ** 2
        expected = expected + 0.75 * square @ weights
    np.testing.assert_allclose(C, expected, atol=1e-7)


def test_a_table_of_coupled_waves():
    V, r = separable(), np.linspace(0.0, 16.0, 900)
    E = K**2 / (2 * MU[0])
    psi = coupled_wave_functions(V, E)(r)
    given = TabulatedWaves(psi, r, K)
    options = {"source": SOURCE, "production": [1.0, 0.4]}
    found = correlation_function([(0.5, given)], K, reduced_mass=MU[0], **options)
    exact = correlation_function([(0.5, V)], K, **options)
    np.testing.assert_allclose(found, exact, atol=1e-6)


def test_density_of_all_channels():
    waves = pair_waves([(0.5, separable())], K)
    r = np.array([0.3, 2.0])
    assert waves.n_channels == 2
    assert waves(r).shape == (2, 3, 2)
    for k, ours in zip(K, np.swapaxes(waves(r), 0, 1), strict=True):
        psi = np.abs(closed_form(2 * MU * (k**2 / (2 * MU[0]) - [0, THRESHOLD]), MU, 0, r)) ** 2
        free = np.sinc(k * r / np.pi) ** 2
        np.testing.assert_allclose(ours, [1 + (psi[0] - free) / 2, psi[1] / 2], atol=1e-8)


def test_errors_of_a_correlation_function():
    """Ensembles of interactions and of matrices: the spread of the members."""
    rng = np.random.default_rng(5)
    scale = 1 + 0.02 * rng.standard_normal(6)
    wells = [GaussianSum([-0.5 * s], [0.5]) for s in scale]

    def single(member):
        return correlation_function(member, K, reduced_mass=2.0, source=SOURCE)

    def coupled(member):
        return correlation_function(member, K, source=SOURCE)

    matrices = [separable(strength=LAMBDA * s) for s in scale]
    for members, centre, function in (
        (wells, A, single),
        (matrices, separable(), coupled),
    ):
        C, error = Ensemble(members, kind="bootstrap", centre=centre).evaluate(function)
        np.testing.assert_array_equal(C, function(centre))
        spread = np.std([function(one) for one in members], axis=0, ddof=1)
        np.testing.assert_allclose(error, spread, rtol=0.1)
        assert np.all(error > 0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"observed": 2}, ValueError, "observed must be among the 2 channels, got"),
        ({"observed": (0, 1)}, ValueError, "observed must be the partial waves of one pair"),
        ({"observed": (0, 0)}, ValueError, "observed must be among the 2 channels, got"),
        ({"reduced_mass": 1.0}, ValueError, "reduced_mass"),
        ({"production": [0.5, 1.0]}, ValueError, "production must be ≥ 0, and 1 for the observed"),
        ({"production": [1.0, -1.0]}, ValueError, "production must be ≥ 0, and 1 for the observed"),
        ({"production": [1.0]}, ValueError, "production must have shape"),
        ({"source": [SOURCE]}, TypeError, "or a list of 2, one for each channel"),
        ({"spin_states": A, "observed": 1}, ValueError, "must come with an InteractionMatrix"),
        ({"spin_states": A}, ValueError, "reduced_mass must be given, got None"),
        ({"spin_states": [(1.0, separable(), 0)]}, ValueError, "l must be left out"),
        ({"spin_states": [(2.0, separable())]}, ValueError, "a sum of at most 1 for l = 0"),
        (
            {"spin_states": [(0.5, separable()), (0.5, Sum(A))], "reduced_mass": 1.0},
            ValueError,
            "reduced_mass",
        ),
    ],
)
def test_refusals_say_what_came(arguments, error, message):
    given = {"spin_states": separable(), "k": 0.3, "source": SOURCE}
    with pytest.raises(error, match=message):
        correlation_function(**(given | arguments))
