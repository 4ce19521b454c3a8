"""Closed forms of the separable potentials: they solve the equation and meet the published case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import spherical_jn, spherical_yn

from halkit.interactions import Separable, SeparableGaussian, Yamaguchi

# Parameters of Aoki and Doi, Front. Phys. 8 (2020) 307; of Yamaguchi's deuteron in
# Descouvemont, Comput. Phys. Commun. 200 (2016) 199 (ħ²/2m = 41.472 MeV fm², MeV and fm).
TOY, M = Separable(omega=-0.017, mu=1.0), 3.3
DEUTERON = Yamaguchi(0.2316053, 1.3918324, reduced_mass=1 / (2 * 41.472))
CASES = [
    (Separable(-0.017, 1.0), {"reduced_mass": 3.3}),
    (Separable(0.3, 1.3), {"reduced_mass": 0.7}),
    (Yamaguchi(0.23, 1.39, reduced_mass=2.4), {}),
    (Yamaguchi(-0.1, 1.1, reduced_mass=0.5), {}),
]
k = np.array([0.01, 0.1, 0.5, 1.0, 2.0])


def quadrature(length, n=400):
    x, w = np.polynomial.legendre.leggauss(n)
    return length * (x + 1) / 2, length * w / 2


def test_published_phase_shifts():
    degrees = [175.7643447, 159.118331, 139.8592324, 53.1101155, 14.6075492, 0.9296124]
    delta = TOY.phase_shift([0.01, 0.05, 0.1, 0.5, 1.0, 2.0], reduced_mass=M)
    np.testing.assert_allclose(np.degrees(delta), degrees, atol=5e-7)


def test_they_are_functions():
    assert float(TOY(1.0, 2.0)) == pytest.approx(-0.017 * np.exp(-3), rel=1e-15)
    beta, strength = 1.3918324, 2 * 1.3918324 * (0.2316053 + 1.3918324) ** 2 * 41.472
    expected = -strength * np.exp(-3 * beta) / (8 * np.pi)
    assert float(DEUTERON(1.0, 2.0)) == pytest.approx(expected, rel=1e-14)
    assert DEUTERON(0.0, 1.0) == -np.inf


def test_published_low_energy_constants():
    assert TOY.scattering_length(reduced_mass=M) == pytest.approx(7.39708747, abs=1e-8)
    assert TOY.effective_range(reduced_mass=M) == pytest.approx(3.293493254, abs=1e-9)
    states = TOY.bound_states(reduced_mass=M)
    assert states.kappa == pytest.approx([0.19717523748], abs=1e-11)
    assert np.sqrt(-2 * M * states.energy) == pytest.approx([0.19717523748], abs=1e-11)


def test_published_wave_functions_and_sources():
    phi = TOY.wave_function([0.1, 0.5], [0.1, 2.5], reduced_mass=M)
    expected = [[2.42138770869, 1.26307787357], [1.19764057837, 0.522893787371]]
    np.testing.assert_allclose(phi, expected, rtol=1e-10)
    source = TOY.target([0.1, 0.5], [0.1, 2.5], reduced_mass=M)
    expected = [[-0.45079106519, -0.0408948427952], [-0.171325877477, -0.0155423329502]]
    np.testing.assert_allclose(source, expected, rtol=1e-10)


def test_published_deuteron():
    momenta = np.sqrt(np.array([0.1, 1, 10, 100]) / 41.472)
    degrees = [164.921311, 136.375733, 85.63456, 29.472255]
    np.testing.assert_allclose(np.degrees(DEUTERON.phase_shift(momenta)), degrees, atol=6e-7)
    assert DEUTERON.scattering_length() == pytest.approx(5.42299986, abs=1e-8)
    assert DEUTERON.effective_range() == pytest.approx(1.77467614, abs=1e-8)
    assert DEUTERON.bound_states().energy == pytest.approx([-2.224600174], abs=1e-9)


@pytest.mark.parametrize(("interaction", "mass"), CASES)
def test_source_is_the_potential_acting_on_the_wave(interaction, mass):
    """(E − H0) φ = ∫ 4πr'² dr' U φ."""
    r = np.array([0.05, 0.7, 3.0])
    s, w = quadrature(40.0)
    wave = interaction.wave_function(k, s, **mass)
    acting = (wave * w * s) @ interaction.kernel(s[:, None], r) / r
    np.testing.assert_allclose(interaction.target(k, r, **mass), acting, rtol=1e-10)


@pytest.mark.parametrize(("interaction", "mass"), CASES)
def test_source_is_e_minus_h0_on_the_wave(interaction, mass):
    """u'' + k²u = 2m r × source, with a fourth-order difference."""
    r, h = np.linspace(0.5, 5, 12), 0.01
    offsets = h * np.arange(-2, 3)
    u = sum(
        weight * (r + offset) * interaction.wave_function(k, r + offset, **mass)
        for weight, offset in zip([-1, 16, -30, 16, -1], offsets, strict=True)
    ) / (12 * h**2)
    m = mass.get("reduced_mass") or interaction.reduced_mass
    left = u + k[:, None] ** 2 * r * interaction.wave_function(k, r, **mass)
    right = 2 * m * r * interaction.target(k, r, **mass)
    np.testing.assert_allclose(left, right, atol=2e-7 * np.abs(right).max())


@pytest.mark.parametrize(("interaction", "mass"), CASES)
def test_wave_function_far_out_is_free(interaction, mass):
    r = np.linspace(60, 80, 7)
    kr, delta = k[:, None] * r, interaction.phase_shift(k, **mass)[:, None]
    free = np.sin(kr + delta) / kr
    np.testing.assert_allclose(interaction.wave_function(k, r, **mass), free, atol=1e-12)


@pytest.mark.parametrize(("interaction", "mass"), CASES)
def test_wave_function_is_smooth_at_the_origin(interaction, mass):
    phi = interaction.wave_function(np.array([1e-6, 0.5]), [0.0, 1e-12, 1e-8, 1e-5], **mass)
    assert np.all(np.isfinite(phi))
    np.testing.assert_allclose(phi, phi[:, :1] * np.ones(4), rtol=1e-4)


# P waves, m = 3.3, μ = 1: k and δ in degrees, which a Lagrange mesh gives too, to 1e-9.
P_MOMENTA = [0.05, 0.2, 0.3, 0.5, 1.0, 3.0]
P_WAVES = {
    -0.03: [0.19056642699, 13.4513771199, 39.0289980349, 57.9330125798, 31.8830723273,
            1.41796693983],
    -0.045: [1.90710424392, 125.629746279, 117.356099796, 91.5837312157, 43.0164811837,
             2.04583018679],
    -0.06: [179.455800175, 162.468557513, 144.324010674, 109.530646824, 51.2072320462,
            2.62737279668],
    0.05: [-0.0573904220337, -2.96178899643, -7.93854084622, -21.6960161208, -46.0330269822,
           -2.99033059477],
}  # fmt: skip
VOLUMES = {-0.03: -26.3320006401, -0.045: -222.995090589, -0.06: 81.5547781921, 0.05: 8.14425340801}


@pytest.mark.parametrize("omega", P_WAVES)
def test_p_wave_phase_shifts(omega):
    U, wave = Separable(omega, 1.0), {"reduced_mass": 3.3, "l": 1}
    delta = np.degrees(U.phase_shift(P_MOMENTA, **wave))
    np.testing.assert_allclose(delta, P_WAVES[omega], atol=1e-9)
    assert U.scattering_length(**wave) == pytest.approx(VOLUMES[omega], rel=1e-10)
    kappa = U.bound_states(**wave).kappa
    assert kappa == pytest.approx([0.297642134064] if omega == -0.06 else [], abs=1e-11)


def test_p_wave_of_a_resonance():
    phi = Separable(-0.045, 1.0).wave_function([0.1, 1.0], [0.05, 1.0, 8.0], reduced_mass=3.3, l=1)
    expected = [
        [0.432859690711, 4.38145785485, 1.23759002028],
        [0.034081694559, 0.409947832692, 0.107157294539],
    ]
    np.testing.assert_allclose(phi, expected, atol=2e-11)


@pytest.mark.parametrize("omega", P_WAVES)
def test_p_wave_obeys_its_equation(omega):
    """(E − H0) φ = U φ, and u'' + (k² − 2/r²) u = 2m r × source."""
    U, wave = Separable(omega, 1.0), {"reduced_mass": 3.3, "l": 1}
    r = np.array([0.05, 0.7, 3.0])
    s, w = quadrature(40.0)
    acting = (U.wave_function(k, s, **wave) * w * s) @ U.kernel(s[:, None], r) / r
    source = U.target(k, r, **wave)
    np.testing.assert_allclose(source, acting, rtol=1e-10)
    h = 0.01
    u = [(r + n * h) * U.wave_function(k, r + n * h, **wave) for n in range(-2, 3)]
    second = np.tensordot([-1, 16, -30, 16, -1], u, 1) / (12 * h**2)
    left = second + (k[:, None] ** 2 - 2 / r**2) * u[2]
    np.testing.assert_allclose(left, 6.6 * r * source, atol=1e-6 * np.abs(source).max())


def test_p_wave_next_to_the_origin_and_far_out():
    U, wave = Separable(-0.045, 1.0), {"reduced_mass": 3.3, "l": 1}
    phi = U.wave_function([1e-3, 0.5], [0.0, 1e-9, 1e-6, 1e-3], **wave)
    assert np.all(phi[:, 0] == 0)
    np.testing.assert_allclose(phi[:, 1:] / [1e-9, 1e-6, 1e-3], phi[:, [2] * 3] * 1e6, rtol=2e-3)
    r = np.linspace(60, 80, 7)
    x, delta = k[:, None] * r, U.phase_shift(k, **wave)[:, None]
    free = np.cos(delta) * spherical_jn(1, x) - np.sin(delta) * spherical_yn(1, x)
    np.testing.assert_allclose(U.wave_function(k, r, **wave), free, atol=1e-12)


def test_p_wave_bound_state_is_a_pole():
    """k³ cot δ = κ³ at k = iκ, and the state appears at ω = −μ⁵/2πm."""
    U, m = Separable(-0.06, 1.0), 3.3
    (kappa,) = U.bound_states(reduced_mass=m, l=1).kappa
    np.testing.assert_allclose(U.k_cot_delta(1j * kappa, reduced_mass=m, l=1), kappa**3, rtol=1e-9)
    for factor, n_bound in ((0.999, 0), (1.001, 1)):
        U = Separable(-factor / (2 * np.pi * m), 1.0)
        assert U.bound_states(reduced_mass=m, l=1).kappa.size == n_bound


def test_gaussian_of_one_wave():
    U = SeparableGaussian(-60.0, 0.8, l=1)
    assert float(U(0.5, 0.7)) == pytest.approx(-60 * 0.35 * np.exp(-0.74 / 0.64) / 0.8**5)
    assert U.l == 1
    with pytest.raises(ValueError, match="rho must be a finite number > 0"):
        SeparableGaussian(1.0, 0.0)


@given(strength=st.floats(-3, 0.5).filter(lambda x: abs(x) > 1e-3), mu=st.floats(0.3, 3))
@settings(deadline=None)
def test_levinson_and_the_branch(strength, mu):
    """δ(∞) = 0, δ is continuous, and δ(0+) = π times the number of bound states."""
    interaction = Separable(strength * mu**4, mu)
    m = mu
    delta = interaction.phase_shift(np.geomspace(1e-7, 1e3, 2000) * mu, reduced_mass=m)
    bound = interaction.bound_states(reduced_mass=m).kappa
    assert np.all(np.abs(np.diff(delta)) < 1)
    assert abs(delta[-1]) < 1e-3
    if abs(1 / interaction.scattering_length(reduced_mass=m)) > 1e-4 * mu:
        assert delta[0] == pytest.approx(np.pi * bound.size, abs=0.01)


@given(omega=st.floats(-5, -0.2), mass=st.floats(0.5, 5))
@settings(deadline=None)
def test_bound_state_is_a_pole(omega, mass):
    """k cot δ = −κ at k = iκ, by continuation of the polynomial to k² = −κ²."""
    interaction = Separable(omega, 1.0)
    for kappa in interaction.bound_states(reduced_mass=mass).kappa:
        value = interaction.k_cot_delta(1j * kappa, reduced_mass=mass)
        np.testing.assert_allclose(value, -kappa, atol=1e-9 * (1 + kappa**8))


def test_scattering_constants_expand_k_cot_delta():
    x = 1e-3
    for interaction, mass in CASES:
        a0, r_eff = interaction.scattering_length(**mass), interaction.effective_range(**mass)
        k_cot = interaction.k_cot_delta(x, **mass)
        assert k_cot == pytest.approx(-1 / a0 + r_eff * x**2 / 2, abs=1e-11)


def test_virtual_state_is_not_bound():
    assert Yamaguchi(-0.1, 1.1, reduced_mass=0.5).bound_states().energy.size == 0
    assert Yamaguchi(-0.1, 1.1, reduced_mass=0.5).scattering_length() < 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TOY.phase_shift([0.1, 0.0], reduced_mass=M), "k must be positive, got 0"),
        (lambda: TOY.wave_function(-0.1, 1.0, reduced_mass=M), "k must be positive, got -0.1"),
        (
            lambda: TOY.phase_shift(1.0, reduced_mass=0.0),
            "reduced_mass must be a finite number > 0",
        ),
        (lambda: TOY.phase_shift(0.1, reduced_mass=M, l=2), r"l must be one of \[0, 1\], got 2"),
        (lambda: Separable(-1.0, 0.0), "mu must be a finite number > 0"),
        (lambda: Separable(0.0, 1.0), "omega must be a finite number other than 0, got 0.0"),
        (lambda: Yamaguchi(-2.0, 1.0, reduced_mass=1.0), "alpha must be above -beta"),
    ],
)
def test_refusals_say_what_came(make, message):
    with pytest.raises(ValueError, match=message):
        make()
