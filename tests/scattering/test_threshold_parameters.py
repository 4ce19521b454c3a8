"""a_l and r_l of k^{2l+1} cot δ = −1/a_l + r_l k²/2 for l > 0, against closed forms."""

import numpy as np
import pytest
from scipy.special import factorial2, gamma, spherical_jn

from halkit import scattering
from halkit.interactions import GaussianSum, Local, NonLocal, Separable, Yukawa
from halkit.scattering import (
    DerivativeExpansion,
    effective_range,
    phase_shift,
    scattering_length,
)


@pytest.mark.parametrize(
    ("omega", "volume"),
    [
        (-0.03, -26.3320006401),
        (-0.045, -222.995090589),
        (-0.06, 81.5547781921),
        (0.05, 8.14425340801),
    ],
)
def test_scattering_volume_of_a_separable_potential(omega, volume):
    """U_1 = ω e^{−(r+r')}; δ of the closed form gives r_1 too."""
    U, m = Separable(omega, 1.0), 3.3
    assert scattering_length(U, reduced_mass=m, l=1) == pytest.approx(volume, rel=1e-10)
    lattice = scattering_length(U, reduced_mass=m, l=1, sign="lattice")
    assert lattice == pytest.approx(-volume, rel=1e-10)

    def k3_cot(square):
        k = np.sqrt(square + 0j)
        g, J = 2 * k**2 / (square + 1) ** 2, (1 - 4j * k - square) / (4 * (1 - 1j * k) ** 4)
        strength = 4 * np.pi * omega
        return -(k**4) * (1 + 2 * m * strength * J) / (2 * m * g**2 * strength) + 1j * k**3

    circle = 0.05 * np.exp(2j * np.pi * np.arange(32) / 32)
    slope = np.mean(k3_cot(circle) / circle).real
    assert effective_range(U, reduced_mass=m, l=1) == pytest.approx(2 * slope, rel=1e-8)


@pytest.mark.parametrize("l", [1, 2, 3])
def test_hard_sphere(l):
    c, factor = 1.3, factorial2(2 * l + 1) * factorial2(2 * l - 1)
    core = Local(lambda r: np.where(r < c, np.inf, 0.0))
    length = scattering_length(core, reduced_mass=1.0, l=l)
    assert length == pytest.approx(c ** (2 * l + 1) / factor, rel=1e-9)
    expected = -factor * c ** (1 - 2 * l) * (1 / (2 * l - 1) + 1 / (2 * l + 3))
    assert effective_range(core, reduced_mass=1.0, l=l) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("l", [1, 2, 3])
@pytest.mark.parametrize("depth", [0.5, 3.0, 8.0, 30.0])
def test_square_well(l, depth):
    """u = r j_l(qr) inside joins r^{l+1} − b r^{−l}."""
    a, m = 1.4, 0.7
    q = np.sqrt(2 * m * depth)
    slope = 1 + q * a * spherical_jn(l, q * a, derivative=True) / spherical_jn(l, q * a)
    b = a ** (2 * l + 1) * (slope - l - 1) / (slope + l)
    well = Local(lambda r: -depth + 0 * r, radius=a)
    expected = b / (factorial2(2 * l + 1) * factorial2(2 * l - 1))
    assert scattering_length(well, reduced_mass=m, l=l) == pytest.approx(expected, rel=1e-9)


POTENTIALS = [
    Yukawa(2.0, 1.0),
    GaussianSum([-3.0, 20.0], [0.6, 4.0]),
    NonLocal(lambda r, s: -0.3 * r * s * np.exp(-r - 1.3 * s)),
    DerivativeExpansion(GaussianSum([-2.0], [0.7]), lambda r: -0.1 * np.exp(-(r**2))),
]


@pytest.mark.parametrize("l", [1, 2])
@pytest.mark.parametrize("potential", POTENTIALS)
def test_they_are_where_phase_shifts_extrapolate_to(potential, l):
    """Also of a U that is not symmetric, and of V2∇²."""
    k = np.linspace(0.12, 0.28, 5)
    delta = phase_shift(potential, k, reduced_mass=1.1, l=l)
    left = k ** (2 * l + 1) / np.tan(delta)
    length = scattering_length(potential, reduced_mass=1.1, l=l)
    rest = left + 1 / length
    slope = np.polyfit(k**2, rest / k**2, 3)[-1]
    r_l = effective_range(potential, reduced_mass=1.1, l=l)
    assert 2 * slope == pytest.approx(r_l, rel=2e-2)
    assert -1 / np.polyfit(k**2, left, 4)[-1] == pytest.approx(length, rel=2e-3)


@pytest.mark.parametrize("l", [1, 3])
def test_weak_potentials_keep_their_relative_accuracy(l):
    """Born: a_l = 2m ∫ V r^{2l+2} dr/(2l+1)!!²."""
    length = scattering_length(GaussianSum([1e-12], [0.5]), reduced_mass=1.0, l=l)
    integral = gamma(l + 1.5) / (2 * 0.5 ** (l + 1.5))
    assert length == pytest.approx(2e-12 * integral / factorial2(2 * l + 1) ** 2, rel=1e-8)
    assert scattering_length(GaussianSum([0.0], [1.0]), reduced_mass=1.0, l=l) == 0
    assert effective_range(GaussianSum([0.0], [1.0]), reduced_mass=1.0, l=l) == np.inf


@pytest.mark.parametrize(("l", "n"), [(1, 8), (1, 10), (2, 12)])
def test_power_of_r(l, n):
    """2mV = r^−n: u = √r K_ν(z), z ∝ r^{−(n−2)/2}, ν = (2l+1)/(n−2)."""
    V = Local(lambda r: 0.5 * r ** -float(n))
    nu = (2 * l + 1) / (n - 2)
    b = -gamma(-nu) / gamma(nu) * (n - 2) ** (-2 * nu)
    expected = b / (factorial2(2 * l + 1) * factorial2(2 * l - 1))
    assert scattering_length(V, reduced_mass=1.0, l=l) == pytest.approx(expected, rel=1e-6)


def test_a_wave_without_scattering_length():
    V = Local(lambda r: -0.1 * (1 + r**2) ** -2.25)
    with pytest.raises(ValueError, match=r"falls like r\^-4.5: it has no scattering length"):
        scattering_length(V, reduced_mass=1.0, l=1)
    V = Local(lambda r: -0.1 * (1 + r**2) ** -3.0)
    assert np.isfinite(scattering_length(V, reduced_mass=1.0, l=1))
    with pytest.raises(ValueError, match=r"it has no effective range, which .* faster than r\^-7"):
        effective_range(V, reduced_mass=1.0, l=1)
    with pytest.raises(ValueError, match="l must be an integer"):
        scattering.scattering_length(V, reduced_mass=1.0, l=-1)
