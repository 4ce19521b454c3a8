"""Correlation functions against tables, closed forms, and the exchange of identical hadrons."""

import numpy as np
import pytest
from scipy.integrate import quad

from halkit.interactions import GaussianSum, Interaction, Local, NonLocal, Separable
from halkit.scattering import (
    GaussianSource,
    correlation_function,
    lednicky_lyuboshitz,
    scattering_wave_functions,
)
from halkit.units import from_mev

K_MEV = [10, 20, 30, 50, 75, 100, 150, 200, 300]
K = from_mev(K_MEV)


def fm(mev):
    return np.asarray(from_mev(mev))


def n_omega(r):
    """T. Iritani et al. (HAL QCD), Phys. Lett. B 792 (2019) 284, t/a = 12, unrounded."""
    pion = np.exp(-fm(146.0) * r) / r
    form = 1 - np.exp(-0.845829 * r**2)
    return fm(-312.982) * np.exp(-81.70974 * r**2) + fm(-251.6464) * form * pion**2


# ΩΩ(¹S₀): S. Gongyo et al. (HAL QCD), Phys. Rev. Lett. 120 (2018) 212001.
POTENTIALS = {
    "OmegaOmega": (GaussianSum.from_ranges(fm([914.0, 305, -112]), [0.143, 0.305, 0.949]), 855.765),
    "NOmega": (Local(n_omega), 612.8453675),
}
LOW_ENERGY = {"OmegaOmega": (4.4895777, 1.2670613), "NOmega": (5.2862546, 1.2778707)}
# Computed with these potentials by an independent Numerov solution (C of the full wave
# function), and the closed form of Lednický and Lyuboshitz.
KOONIN_PRATT = {
    ("OmegaOmega", 1.0): [2.5452738, 2.3086652, 2.0052636, 1.4494742, 1.0426914, 0.8818889,
                          0.8570554, 0.9103308, 0.96909],
    ("OmegaOmega", 3.0): [0.3364204, 0.4361497, 0.5657829, 0.7928682, 0.9265817, 0.9688117,
                          0.9904158, 0.9957755, 0.9987301],
    ("NOmega", 1.0): [4.1528484, 3.6058737, 2.9632181, 1.9276557, 1.2570201, 0.9939118,
                      0.9019416, 0.935087, 0.9793532],
    ("NOmega", 3.0): [0.4090766, 0.4903939, 0.6017572, 0.8079728, 0.9333867, 0.9726899,
                      0.9921996, 0.9968029, 0.9991346],
}  # fmt: skip
LEDNICKY = {
    ("OmegaOmega", 1.0): [2.3288192, 2.1177114, 1.847237, 1.3534979, 0.9972368, 0.8632437,
                          0.8592765, 0.9173862, 0.9746141],
    ("OmegaOmega", 3.0): [0.3355015, 0.4354865, 0.5654429, 0.793112, 0.9272317, 0.9695995,
                          0.9911605, 0.9963557, 0.9990148],
    ("NOmega", 1.0): [3.7690005, 3.272795, 2.6907675, 1.7571749, 1.1612268, 0.9369105,
                      0.8783664, 0.9236577, 0.9757307],
    ("NOmega", 3.0): [0.4071917, 0.4886349, 0.6001658, 0.8067077, 0.9324361, 0.9719764,
                      0.9917975, 0.9965748, 0.9990559],
}  # fmt: skip


@pytest.mark.parametrize(("name", "R"), KOONIN_PRATT)
def test_table(name, R):
    V, m = POTENTIALS[name]
    C = correlation_function(V, K, reduced_mass=from_mev(m), source=GaussianSource(R))
    np.testing.assert_allclose(C, KOONIN_PRATT[name, R], atol=2e-6)


@pytest.mark.parametrize(("name", "R"), LEDNICKY)
def test_table_of_lednicky_and_lyuboshitz(name, R):
    a0, r_eff = LOW_ENERGY[name]
    C = lednicky_lyuboshitz(K, R=R, scattering_length=a0, effective_range=r_eff)
    np.testing.assert_allclose(C, LEDNICKY[name, R], atol=2e-7)


TOY, M = Separable(-0.017, 1.0), 3.3
WALL = Local(np.ones_like, radius=1.0)
k = np.array([0.05, 0.3, 1.0])


def cauchy(r, R=2.0):
    return R / (np.pi**2 * (r**2 + R**2) ** 2)


@pytest.mark.parametrize(
    "source", [GaussianSource(1.5), cauchy, lambda r: np.exp(-r / 1.3) / (8 * np.pi * 1.3**3)]
)
def test_a_non_local_interaction_and_any_source(source):
    """Against adaptive quadrature of the closed-form wave function."""
    C = correlation_function(TOY, k, reduced_mass=M, source=source)
    for momentum, value in zip(k, C, strict=True):

        def integrand(r, momentum=momentum):
            wave = TOY.wave_function(momentum, [r], reduced_mass=M)[0, 0]
            free = np.sinc(momentum * r / np.pi)
            return 4 * np.pi * r**2 * source(r) * (wave**2 - free**2)

        parts = [quad(integrand, a, b, limit=400, epsabs=1e-9)[0] for a, b in [(0, 40), (40, 400)]]
        assert value - 1 == pytest.approx(sum(parts), abs=3e-6)


def test_large_source_is_asymptotic():
    C = correlation_function(TOY, k, reduced_mass=M, source=GaussianSource(60.0))
    a0, r_eff = TOY.scattering_length(reduced_mass=M), TOY.effective_range(reduced_mass=M)
    near = lednicky_lyuboshitz(k, R=60.0, scattering_length=a0, effective_range=r_eff)
    np.testing.assert_allclose(C, near, atol=1e-5)


def test_free_hadrons():
    free, source = Interaction(), GaussianSource(1.2)
    np.testing.assert_allclose(correlation_function(free, k, reduced_mass=M, source=source), 1)
    for spin, factor in [(0, 1), (0.5, -1 / 2), (1, 1 / 3), (1.5, -1 / 4)]:
        C = correlation_function([], k, reduced_mass=M, source=source, spin=spin)
        np.testing.assert_allclose(C, 1 + factor * np.exp(-4 * k**2 * 1.44), atol=1e-9)


def test_spin_states_add_with_their_weights():
    source = GaussianSource(1.5)
    well = GaussianSum([-0.2], [0.5])
    options = {"reduced_mass": M, "source": source}
    one, two = (correlation_function(V, k, **options) - 1 for V in (TOY, well))
    both = correlation_function([(0.25, TOY), (0.75, well)], k, **options)
    np.testing.assert_allclose(both, 1 + 0.25 * one + 0.75 * two, atol=1e-9)
    part = correlation_function([(0.25, TOY)], k, **options)
    np.testing.assert_allclose(part, 1 + 0.25 * one, atol=1e-9)


def test_identical_fermions_by_the_antisymmetric_wave_function():
    """The singlet of two spin-1/2 fermions: (e^{ikr} + e^{−ikr})/√2 with its S wave replaced."""
    R, momentum = 1.4, 0.4
    C = correlation_function(
        [(0.25, TOY)], momentum, reduced_mass=M, source=GaussianSource(R), spin=0.5
    )
    x, w = np.polynomial.legendre.leggauss(200)
    r, cosine = 15 * (x + 1), x
    psi = TOY.wave_function(momentum, r, reduced_mass=M)[0]
    delta = TOY.phase_shift(momentum, reduced_mass=M)
    plane = np.exp(1j * momentum * np.outer(r, cosine))
    swave = (np.exp(1j * delta) * psi - np.sinc(momentum * r / np.pi))[:, None]
    even = (plane + plane.conj() + 2 * swave) / np.sqrt(2)
    odd = (plane - plane.conj()) / np.sqrt(2)
    average = (np.abs(even) ** 2 / 4 + 3 * np.abs(odd) ** 2 / 4) @ w / 2
    expected = np.sum(15 * w * 4 * np.pi * r**2 * GaussianSource(R)(r) * average)
    assert float(C) == pytest.approx(expected, abs=1e-8)


def spin_states(spin):
    """Number of antisymmetric and of all spin states of two hadrons, by counting pairs."""
    n = int(2 * spin + 1)
    return sum(1 for i in range(n) for j in range(i)), n**2


@pytest.mark.parametrize("spin", [0, 0.5, 1, 1.5, 2])
def test_pauli_leaves_the_s_wave_a_part_of_the_spin_states(spin):
    """Antisymmetric spin states for fermions, symmetric ones for bosons; the rest is refused."""
    antisymmetric, all_states = spin_states(spin)
    part = antisymmetric if 2 * spin % 2 else all_states - antisymmetric
    most = part / all_states
    options = {"reduced_mass": M, "source": GaussianSource(0.8), "spin": spin}
    assert np.all(correlation_function([(most, TOY)], k, **options) > 0)
    if most == 1:
        bare = correlation_function(TOY, k, **options)
        np.testing.assert_array_equal(bare, correlation_function([(1, TOY)], k, **options))
        return
    message = f"l = 0 must add up to at most {most:.6g} for two identical hadrons of spin {spin}, "
    message += "got "
    with pytest.raises(ValueError, match=message + f"{most + 0.01:.6g}: give"):
        correlation_function([(most, TOY), (0.01, WALL)], k, **options)
    with pytest.raises(
        ValueError, match=message + r"one .* give \[\(weight, interaction, l\), …\]"
    ):
        correlation_function(TOY, k, **options)


@pytest.mark.parametrize(
    "states", [[[0.25, TOY]], ((0.25, TOY),), ([0.25, TOY],), [(0.25, TOY, 0)]], ids=str
)
def test_spin_states_may_be_lists_or_tuples(states):
    options = {"reduced_mass": M, "source": GaussianSource(1.5), "spin": 0.5}
    expected = correlation_function([(0.25, TOY)], k, **options)
    np.testing.assert_array_equal(correlation_function(states, k, **options), expected)


@pytest.mark.parametrize(
    "states", [(0.25, TOY), [(0.25, TOY), TOY], [(TOY, 0.25)], [0.25]], ids=str
)
def test_other_spin_states_are_refused(states):
    message = r"must be an interaction or a list of pairs \(weight, interaction\), or .* got"
    with pytest.raises(TypeError, match=message):
        correlation_function(states, k, reduced_mass=M, source=GaussianSource(1.5))


@pytest.mark.parametrize(
    ("spin", "error"),
    [
        ("1/2", TypeError),
        (True, TypeError),
        ([1], TypeError),
        (np.nan, ValueError),
        (np.inf, ValueError),
    ],
)
def test_spins_are_integer_or_half_integer(spin, error):
    with pytest.raises(error, match="spin must be 0, 1/2, 1, 3/2, … or None, got"):
        correlation_function([], k, reduced_mass=M, source=GaussianSource(1.5), spin=spin)


def over_source(low, high, density, momentum, n=120):
    """1 + ∫ 4πr² S (ψ² − j0²) dr from low to high, with the closed form of ψ."""
    x, w = np.polynomial.legendre.leggauss(n)
    r, w = low + (high - low) * (1 + x) / 2, (high - low) * w / 2
    change = (
        TOY.wave_function(momentum, r, reduced_mass=M)[0] ** 2 - np.sinc(momentum * r / np.pi) ** 2
    )
    return 1 + np.sum(w * 4 * np.pi * r**2 * density(r) * change)


@pytest.mark.parametrize("R", [1.0, 2.3, 3.7, 6.0])
def test_a_uniform_sphere(R):
    """The edge of the source lies anywhere."""
    density = 3 / (4 * np.pi * R**3)
    C = correlation_function(
        TOY, k, reduced_mass=M, source=lambda r: np.where(r <= R, density, 0.0)
    )
    expected = [over_source(0, R, lambda r: density + 0 * r, momentum) for momentum in k]
    np.testing.assert_allclose(C, expected, atol=1e-7)


@pytest.mark.parametrize("width", [0.05, 0.01])
def test_a_thin_shell(width):
    """∫ 4πr² e^{−(r−R)²/w²} dr = 4π√π w (R² + w²/2)."""
    R = 5.0

    def shell(r):
        return np.exp(-np.square((r - R) / width)) / norm

    norm = 4 * np.pi**1.5 * width * (R**2 + width**2 / 2)
    C = correlation_function(TOY, k, reduced_mass=M, source=shell)
    expected = [over_source(R - 7 * width, R + 7 * width, shell, momentum) for momentum in k]
    np.testing.assert_allclose(C, expected, atol=1e-7)


@pytest.mark.parametrize(("n_steps", "tolerance"), [(40, 1e-7), (1000, 1e-3)])
def test_a_source_of_many_steps(n_steps, tolerance):
    edges, x = np.linspace(0, 8, n_steps + 1), np.random.default_rng(0).random(n_steps)
    x /= np.sum(x * 4 * np.pi / 3 * np.diff(edges**3))

    def steps(r):
        return np.append(x, 0)[np.searchsorted(edges[1:], r)]

    found = correlation_function(TOY, 0.3, reduced_mass=M, source=steps)
    bins = zip(edges, edges[1:], x, strict=False)
    change = [over_source(a, b, lambda r, c=c: c + 0 * r, 0.3, n=20) - 1 for a, b, c in bins]
    assert found == pytest.approx(1 + np.sum(change), abs=tolerance)


def test_a_source_of_few_digits():
    """Errors of single precision are no edges."""
    options = {"reduced_mass": M, "k": k}
    exact = correlation_function(TOY, source=GaussianSource(1.5), **options)
    single = correlation_function(
        TOY, source=lambda r: GaussianSource(1.5)(r).astype(np.float32), **options
    )
    np.testing.assert_allclose(single, exact, atol=1e-7)


class Fitted:
    """What a fitted estimator offers."""

    interaction_ = TOY


def test_estimators_tables_and_shapes():
    options = {"reduced_mass": M, "source": GaussianSource(1.5)}
    exact = correlation_function(TOY, k, **options)
    np.testing.assert_allclose(correlation_function(Fitted(), k, **options), exact, atol=1e-9)
    r = np.linspace(0.01, 25, 100)
    table = correlation_function(TOY.nonlocal_potential(r[:, None], r), k, r=r, **options)
    np.testing.assert_allclose(table, exact, atol=1e-6)
    assert np.shape(correlation_function(TOY, 0.3, **options)) == ()
    assert correlation_function(TOY, np.full((2, 3), 0.3), **options).shape == (2, 3)
    assert correlation_function(TOY, [], **options).shape == (0,)


def test_a_potential_that_is_not_symmetric():
    U = NonLocal(lambda r, s: -0.02 * np.exp(-r - 1.3 * s))
    C = correlation_function(U, 0.3, reduced_mass=M, source=GaussianSource(1.5))
    wave = scattering_wave_functions(U, 0.3, reduced_mass=M)
    x, w = np.polynomial.legendre.leggauss(200)
    r = 12 * (x + 1)
    change = wave(r)[0] ** 2 - np.sinc(0.3 * r / np.pi) ** 2
    expected = 1 + np.sum(12 * w * 4 * np.pi * r**2 * GaussianSource(1.5)(r) * change)
    assert float(C) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0.0}, "k must be positive"),
        ({"source": lambda r: np.exp(-r)}, "source must be normalised to .* got 25.13"),
        (
            {"source": lambda r: np.exp(-np.square((r - 5) / 1e-4))},
            "source must be normalised to .* narrower than r/200 may be missed",
        ),
        ({"source": lambda _: 1.0}, "must have the shape"),
        ({"source": lambda r: r * np.nan}, "must be finite"),
        ({"spin": 0.3}, "spin must be"),
        ({"spin": -0.5}, "spin must be"),
        ({"spin_states": [(0.8, TOY), (0.4, TOY)]}, "with a sum of at most 1 for l = 0, got"),
        ({"spin_states": [(-0.1, TOY)]}, "must be ≥ 0 with a sum"),
        (
            {"k": [1e-3, 50.0], "source": GaussianSource(2e3), "spin_states": WALL},
            "must end before r = .* for waves of k = 50",
        ),
    ],
)
def test_refusals_say_what_came(arguments, message):
    arguments = {
        "spin_states": TOY,
        "k": 0.1,
        "reduced_mass": M,
        "source": GaussianSource(1.0),
    } | arguments
    with pytest.raises(ValueError, match=message):
        correlation_function(**arguments)


def test_more_refusals():
    with pytest.raises(TypeError, match="source must be a function"):
        correlation_function(TOY, 0.1, reduced_mass=M, source=1.5)
    with pytest.raises(ValueError, match="R must be a finite number > 0"):
        GaussianSource(0.0)
    with pytest.raises(ValueError, match="scattering_length must be a number other than 0"):
        lednicky_lyuboshitz(0.1, R=1.0, scattering_length=0.0)
    with pytest.raises(ValueError, match="k must be positive"):
        lednicky_lyuboshitz(-0.1, R=1.0, scattering_length=1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"scattering_length": [1.0, 2.0]},
            TypeError,
            r"scattering_length must be a finite number, got \[1",
        ),
        ({"effective_range": [1.0, 2.0]}, TypeError, r"effective_range must be a finite number"),
        ({"scattering_length": np.inf}, ValueError, "scattering_length must be a finite number"),
        ({"effective_range": np.nan}, ValueError, "effective_range must be a finite number"),
        ({"scattering_length": "1"}, TypeError, "scattering_length must be a finite number"),
    ],
)
def test_one_scattering_length_and_one_effective_range(arguments, error, message):
    with pytest.raises(error, match=message):
        lednicky_lyuboshitz(**{"k": 0.1, "R": 1.0, "scattering_length": 1.0} | arguments)


def test_a_source_is_a_function_of_distances():
    with pytest.raises(ValueError, match="r must not be negative or NaN, got -1"):
        GaussianSource(1.0)([0.0, -1.0])
    with pytest.raises(ValueError, match="r must not be negative or NaN, got nan"):
        GaussianSource(1.0)(np.nan)
    with pytest.raises(TypeError, match="R must be a finite number > 0, got '1'"):
        GaussianSource("1")
