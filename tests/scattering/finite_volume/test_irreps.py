"""Lattice states in T1 and E: characters, dense matrices, the continuum, and Lüscher's formula."""

from itertools import permutations, product

import numpy as np
import pytest

from halkit.interactions import GaussianSum, Local, NonLocal, PereyBuck, Yukawa
from halkit.radial import Wedge
from halkit.scattering import (
    DerivativeExpansion,
    bound_states,
    lattice_spectrum,
    luscher_k_cot_delta,
    phase_shift,
)

WELL = GaussianSum([-0.9, 0.6], [0.15, 0.5])
U = NonLocal(lambda r, s: -0.02 * r * s * np.exp(-0.7 * (r**2 + s**2)), radius=3.2)
WAVES = {"A1": 0, "T1": 1, "E": 2}
LAPLACIANS = ["7-point", "spectral"]


def group():
    """The 48 matrices of the cube, and the characters of A1g, T1u and Eg."""
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            g = np.zeros((3, 3), dtype=int)
            g[range(3), order] = signs
            # Eg acts on x², y², z², less A1g
            yield g, {"A1": 1, "T1": np.trace(g), "E": np.trace(np.abs(g)) - 1}


def free_levels(L, sector, laplacian):
    """Each momentum shell with the multiplicity of the representation, Σ χ(g) N(g)/48."""
    n = np.arange(-((L - 1) // 2), L // 2 + 1)
    momenta = np.array(list(product(n, n, n)))
    one = 2 - 2 * np.cos(2 * np.pi * momenta / L)
    symbol = (one if laplacian == "7-point" else (2 * np.pi * momenta / L) ** 2).sum(axis=1)
    count = np.zeros(len(momenta))
    for g, characters in group():
        image = momenta @ g.T
        count += characters[sector] * np.all((image - momenta) % L == 0, axis=1) / 48
    levels, shell = np.unique(symbol.round(9), return_inverse=True)
    number = np.rint(np.bincount(shell, count)).astype(int)
    return np.repeat(levels, number)


@pytest.mark.parametrize("L", [7, 8])
@pytest.mark.parametrize("sector", WAVES)
@pytest.mark.parametrize("laplacian", LAPLACIANS)
def test_free_levels_with_their_multiplicities(L, sector, laplacian):
    n_states = len(Wedge(L, sector).xyz) // 6
    options = {"L": L, "reduced_mass": 0.5, "n_states": n_states, "laplacian": laplacian}
    energy = lattice_spectrum(Local(np.zeros_like), sector=sector, **options).energy
    expected = free_levels(L, sector, laplacian)[:n_states]
    np.testing.assert_allclose(energy, expected, atol=2e-9)


def unfold(states, L, sector):
    """The fields on all L³ sites."""
    wedge, sites = Wedge(L, sector), np.moveaxis(np.indices((L, L, L)), 0, -1).reshape(-1, 3)
    return states.wave_function[:, wedge.index(sites)] * wedge.sign(sites), sites


def minus_laplacian(fields, L, laplacian):
    p = 2 * np.pi * np.fft.fftfreq(L)
    one = 2 - 2 * np.cos(p) if laplacian == "7-point" else p**2
    symbol = one[:, None, None] + one[:, None] + one
    cube = np.fft.fftn(fields.reshape(-1, L, L, L), axes=(1, 2, 3))
    return np.real(np.fft.ifftn(symbol * cube, axes=(1, 2, 3))).reshape(fields.shape)


@pytest.mark.parametrize("L", [9, 10])
@pytest.mark.parametrize("sector", WAVES)
@pytest.mark.parametrize("laplacian", LAPLACIANS)
def test_they_solve_the_equation_on_all_sites(L, sector, laplacian):
    """With V(|r|) and the kernel (2l+1) P_l(cos γ) U(r, r'), which ends before L/2."""
    m, a, l = 0.7, 0.8, WAVES[sector]
    V = WELL + U
    states = lattice_spectrum(
        V, L=L, reduced_mass=m, spacing=a, sector=sector, laplacian=laplacian, n_states=5
    )
    fields, sites = unfold(states, L, sector)
    image = (sites + L // 2) % L - L // 2
    r = a * np.sqrt(np.sum(image**2, axis=1))
    unit = image * a / np.where(r > 0, r, 1)[:, None]
    near = r <= 3.2
    cosine = unit[near] @ unit[near].T
    legendre = np.polynomial.legendre.Legendre.basis(l)(cosine)
    kernel = np.zeros((r.size, r.size))
    kernel[np.ix_(near, near)] = (2 * l + 1) * legendre * U(r[near][:, None], r[near])
    right = minus_laplacian(fields, L, laplacian) / (2 * m * a**2) + WELL(r) * fields
    right += a**3 * fields @ kernel
    np.testing.assert_allclose(right, states.energy[:, None] * fields, atol=1e-8)
    np.testing.assert_allclose(a**3 * fields @ fields.T, np.eye(5), atol=1e-9)


def test_the_sectors_are_states_of_the_full_lattice():
    options = {"L": 8, "reduced_mass": 0.7, "spacing": 0.9}
    every = lattice_spectrum(WELL, sector="all", n_states=40, **options).energy
    for sector, times in (("A1", 1), ("T1", 3), ("E", 2)):
        for energy in lattice_spectrum(WELL, sector=sector, n_states=3, **options).energy:
            assert np.sum(np.abs(every - energy) < 1e-9) >= times


@pytest.mark.parametrize(("sector", "l", "depth"), [("T1", 1, 6.0), ("E", 2, 8.0)])
def test_bound_states_approach_the_continuum_like_a2(sector, l, depth):
    deep = GaussianSum([-depth], [0.35])
    exact = bound_states(deep, reduced_mass=1.0, l=l).energy[0]
    energy = [
        lattice_spectrum(
            deep, L=int(7.2 / a), reduced_mass=1.0, spacing=a, sector=sector, n_states=1
        ).energy[0]
        for a in (0.45, 0.225)
    ]
    error = np.array(energy) - exact
    assert error[0] / error[1] == pytest.approx(4, rel=0.08)
    assert abs((4 * energy[1] - energy[0]) / 3 - exact) < 6e-3 * abs(exact)
    plane = lattice_spectrum(
        deep, L=24, reduced_mass=1.0, spacing=0.35, sector=sector, n_states=1, laplacian="spectral"
    ).energy[0]
    assert plane == pytest.approx(exact, abs=5e-4 * abs(exact))


def test_a_separable_p_wave_on_the_lattice():
    """A non-local interaction alone, in T1: its bound state in the continuum."""
    deep = NonLocal(lambda r, s: -0.9 * r * s * np.exp(-0.5 * (r**2 + s**2)))
    exact = bound_states(deep, reduced_mass=1.0, l=1).energy[0]
    energy = lattice_spectrum(
        deep, L=26, reduced_mass=1.0, spacing=0.4, sector="T1", n_states=1, laplacian="spectral"
    ).energy[0]
    assert exact < -0.3
    assert energy == pytest.approx(exact, rel=1e-4)


def test_luscher_for_p_waves():
    """In T1⁻ k cot δ₁ = 2 Z00/(√π L), up to l = 3 and the tail of the well at L/2."""
    V, m = GaussianSum([-2.2], [0.8]), 1.0
    energy = lattice_spectrum(
        V, L=24, reduced_mass=m, spacing=0.5, sector="T1", n_states=3, laplacian="spectral"
    ).energy
    k = np.sqrt(2 * m * energy)
    ours = k / np.tan(phase_shift(V, k, reduced_mass=m, l=1))
    found = luscher_k_cot_delta(energy, L=12.0, reduced_mass=m)
    np.testing.assert_allclose(k / ours, k / found, rtol=0.01)


def test_a_v2_in_a_p_wave():
    """V2(r) ∇²: the eigenvalue of (V0 − (1/2m − V2) (−∇²)) on all sites."""
    L, m = 10, 0.7

    def V2(r):
        return -0.2 * np.exp(-0.2 * r**2)

    states = lattice_spectrum(
        DerivativeExpansion(WELL, V2), L=L, reduced_mass=m, sector="T1", n_states=3
    )
    fields, sites = unfold(states, L, "T1")
    r = np.sqrt(np.sum(np.minimum(sites, L - sites) ** 2, axis=1))
    right = (1 / (2 * m) - V2(r)) * minus_laplacian(fields, L, "7-point") + WELL(r) * fields
    np.testing.assert_allclose(right, states.energy[:, None] * fields, atol=1e-8)


def test_a_potential_on_the_points_of_the_wedge_holds_in_every_sector():
    V = WELL(np.sqrt(Wedge(8).distance_squared))
    for sector in WAVES:
        options = {"L": 8, "reduced_mass": 0.7, "sector": sector, "n_states": 3}
        one, two = lattice_spectrum(V, **options), lattice_spectrum(WELL, **options)
        np.testing.assert_allclose(one.energy, two.energy, atol=1e-10)


def test_an_interaction_of_another_wave_is_refused():
    P = PereyBuck(0.36, 3.0, 0.65, 0.85, l=1)
    options = {"L": 8, "reduced_mass": 1.0, "n_states": 1}
    assert lattice_spectrum(P, sector="T1", **options).energy.shape == (1,)
    for sector, l in (("A1", 0), ("E", 2), ("all", 0)):
        with pytest.raises(ValueError, match=f"is made for l = 1, got l = {l}"):
            lattice_spectrum(P, sector=sector, **options)


def test_a_p_wave_does_not_see_the_origin():
    """V(0) = −∞ matters for S waves alone."""
    options = {"L": 8, "reduced_mass": 1.0, "n_states": 1}
    assert lattice_spectrum(Yukawa(1.0, 1.0), sector="T1", **options).energy.shape == (1,)
    with pytest.raises(ValueError, match="must be finite on the lattice"):
        lattice_spectrum(Yukawa(1.0, 1.0), **options)


def test_too_many_states_of_e_are_refused():
    wall = GaussianSum([1e4], [0.05])
    with pytest.raises(ValueError, match="n_states must be smaller: the states of E beyond"):
        lattice_spectrum(wall, L=6, reduced_mass=0.5, sector="E", n_states=5)
