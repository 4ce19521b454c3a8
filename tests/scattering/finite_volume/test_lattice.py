"""Two hadrons on a periodic lattice: dense matrices, free levels, and the published ΞΞ levels."""

import numpy as np
import pytest

from halkit.interactions import (
    GaussianSum,
    Interaction,
    Local,
    NonLocal,
    Separable,
    Yamaguchi,
    Yukawa,
)
from halkit.radial import Wedge
from halkit.scattering import DerivativeExpansion, lattice_spectrum

WELL = GaussianSum([-0.3, 0.6], [0.1, 0.5])
U = NonLocal(lambda r, s: -0.01 * np.exp(-0.2 * (r**2 + s**2) + 0.1 * r * s))


def V2(r):
    return -0.2 * np.exp(-0.2 * r**2)


def dense(L, laplacian, m):
    """H0 on all sites, from Fourier transforms; and |r| of every site."""
    p = 2 * np.pi * np.fft.fftfreq(L)
    one = 2 - 2 * np.cos(p) if laplacian == "7-point" else p**2
    symbol = one[:, None, None] + one[:, None] + one
    n = L**3
    unit = np.fft.fftn(np.eye(n).reshape(n, L, L, L), axes=(1, 2, 3))
    minus = np.real(np.fft.ifftn(symbol * unit, axes=(1, 2, 3))).reshape(n, n)
    site = np.indices((L, L, L)).reshape(3, n)
    r = np.sqrt(np.sum(np.minimum(site, L - site) ** 2, axis=0))
    return minus / (2 * m), r


class Ends(Interaction):
    """V = −0.3 and U = −0.01 inside r = 2, by their radius alone."""

    has_local, has_nonlocal = True, True
    radius = 2.0

    def local_potential(self, r):
        return -0.3 * np.ones(np.shape(r))

    def nonlocal_potential(self, r, r_prime):
        return -0.01 * np.ones(np.broadcast_shapes(np.shape(r), np.shape(r_prime)))


@pytest.mark.parametrize("term", [Local(np.zeros_like, radius=3.0), GaussianSum([0.0], [1.0])])
def test_a_term_of_a_sum_ends_at_its_radius(term):
    H0, r = dense(8, "7-point", 0.6)
    inside = (r <= 2) * 1.0
    exact = np.linalg.eigvalsh(H0 - np.diag(0.3 * inside) - 0.01 * np.outer(inside, inside))[:6]
    found = lattice_spectrum(Ends() + term, L=8, reduced_mass=0.6, sector="all")
    np.testing.assert_allclose(found.energy, exact, atol=1e-11)


@pytest.mark.parametrize("L", [7, 8])
@pytest.mark.parametrize("laplacian", ["7-point", "spectral"])
def test_dense_matrix(L, laplacian):
    m, a = 0.6, 0.8
    H0, r = dense(L, laplacian, m)
    H = H0 / a**2 + np.diag(WELL(a * r)) + a**3 * U(a * r[:, None], a * r)
    exact = np.linalg.eigvalsh(H)[:9]
    options = {"L": L, "reduced_mass": m, "spacing": a, "laplacian": laplacian}
    whole = lattice_spectrum(WELL + U, sector="all", n_states=9, **options)
    np.testing.assert_allclose(whole.energy, exact, atol=1e-11)
    np.testing.assert_allclose(
        H @ whole.wave_function.T, whole.wave_function.T * whole.energy, atol=1e-8
    )
    symmetric = lattice_spectrum(WELL + U, n_states=2, **options)
    for energy in symmetric.energy:
        assert np.min(np.abs(exact - energy)) < 1e-11
    assert symmetric.energy[0] == pytest.approx(exact[0], abs=1e-11)


def test_a_v2_on_a_dense_matrix():
    L, m = 8, 0.6
    H0, r = dense(L, "7-point", m)
    H = np.diag(WELL(r)) + (1 - 2 * m * V2(r))[:, None] * H0
    exact = np.sort(np.linalg.eigvals(H).real)[:6]
    states = lattice_spectrum(
        DerivativeExpansion(WELL, V2), L=L, reduced_mass=m, sector="all", n_states=6
    )
    np.testing.assert_allclose(states.energy, exact, atol=1e-10)
    phi = states.wave_function
    np.testing.assert_allclose(H @ phi.T, phi.T * states.energy, atol=1e-8)
    np.testing.assert_allclose(phi / (1 - 2 * m * V2(r)) @ phi.T, np.eye(6), atol=1e-9)


@pytest.mark.parametrize("laplacian", ["7-point", "spectral"])
def test_free_levels(laplacian):
    free = Local(lambda r: 0 * r)
    L, p = 12, 2 * np.pi / 12 * np.arange(3)
    one = 2 - 2 * np.cos(p) if laplacian == "7-point" else p**2
    energy = lattice_spectrum(free, L=L, reduced_mass=0.5, n_states=5, laplacian=laplacian).energy
    expected = [0, one[1], 2 * one[1], 3 * one[1], one[2]]
    np.testing.assert_allclose(energy, np.sort(expected), atol=1e-11)


def test_two_symmetric_states_of_one_energy():
    """n² = 9 is (3, 0, 0) and (2, 2, 1)."""
    free = Local(lambda r: 0 * r)
    options = {"reduced_mass": 0.5, "laplacian": "spectral"}
    energy = lattice_spectrum(free, L=12, n_states=12, **options).energy
    expected = [0, 1, 2, 3, 4, 5, 6, 8, 9, 9, 10, 11]
    np.testing.assert_allclose(energy * (12 / (2 * np.pi)) ** 2, expected, atol=1e-9)


@pytest.mark.parametrize("sector", ["A1", "all"])
def test_orthonormal(sector):
    states = lattice_spectrum(WELL + U, L=10, reduced_mass=0.6, spacing=0.9, sector=sector)
    weights = Wedge(10).multiplicities if sector == "A1" else np.ones(1000)
    overlap = 0.9**3 * (states.wave_function * weights) @ states.wave_function.T
    np.testing.assert_allclose(overlap, np.eye(6), atol=1e-9)
    assert states.sites.shape == (weights.size, 3)


def test_the_wedge_holds_the_symmetric_states_of_the_cube():
    options = {"L": 12, "reduced_mass": 0.6}
    one = lattice_spectrum(WELL, n_states=2, **options)
    cube = lattice_spectrum(WELL, n_states=8, sector="all", **options)
    index = Wedge(12).index(cube.sites)
    field = one.wave_function[0][index]
    np.testing.assert_allclose(field, cube.wave_function[0], atol=1e-9)
    gap = np.abs(cube.energy[:, None] - one.energy)
    assert np.sum(np.min(gap, axis=1) < 1e-10) == 2


def test_lattice_spacing_goes_to_zero():
    """The 7-point Laplacian approaches the plane waves like a²."""
    exact = lattice_spectrum(WELL, L=24, reduced_mass=0.6, spacing=0.5, laplacian="spectral")
    coarse, fine = (
        lattice_spectrum(WELL, L=L, reduced_mass=0.6, spacing=12.0 / L) for L in (24, 48)
    )
    error = (coarse.energy - exact.energy)[1:4], (fine.energy - exact.energy)[1:4]
    np.testing.assert_allclose(error[0] / error[1], 4, rtol=0.05)


# Levels in MeV, m_Ξ = 0.665, a⁻¹ = 2194 MeV, t/a = 13: T. Iritani et al. (HAL QCD), JHEP 03
# (2019) 007 and Phys. Rev. D 99 (2019) 014514, as recomputed by the published analysis.
M_XI = 0.665
N2LO = {40: [-4.586, 79.624, 170.156], 48: [-2.825, 53.315, 114.503], 64: [-1.288, 28.704, 61.684]}
FIRST_SAMPLE = {
    40: [-5.2631, 78.3511, 166.1057, 246.393, 322.9844],
    48: [-2.8592, 52.6187, 112.5001, 170.0217, 224.8849, 287.8584],
    64: [-1.4152, 28.4737, 60.9962, 94.5961, 126.5854, 159.7216, 192.2124],
}


@pytest.mark.parametrize("L", N2LO)
def test_published_levels_of_v0_and_v2(published, L):
    """Published: means over samples; here: the mean parameters."""
    states = lattice_spectrum(published("N2LO_V0_V2"), L=L, reduced_mass=M_XI / 2, n_states=3)
    np.testing.assert_allclose(2194 * states.energy, N2LO[L], atol=0.015)


def leading_order(folder, L):
    with np.load(folder / "xixi_1s0_rcorr.npz", allow_pickle=False) as archive:
        before, now, after = archive[f"L{L}_wall"][2:5, 0]
    time = -(after - before) / 2 + (after - 2 * now + before) / (4 * M_XI)
    return (Wedge(L).laplacian(now) / M_XI + time) / now


@pytest.mark.data
@pytest.mark.parametrize("L", FIRST_SAMPLE)
def test_published_levels_of_an_unfitted_potential(data_dir, L):
    V = leading_order(data_dir, L)
    n = len(FIRST_SAMPLE[L])
    states = lattice_spectrum(V, L=L, reduced_mass=M_XI / 2, n_states=n)
    np.testing.assert_allclose(2194 * states.energy, FIRST_SAMPLE[L], atol=1e-4)


@pytest.mark.data
def test_a_level_that_is_not_symmetric_shows_on_the_full_lattice_only(data_dir):
    V = leading_order(data_dir, 48)
    states = lattice_spectrum(V, L=48, reduced_mass=M_XI / 2, n_states=5, sector="all")
    expected = [-2.859, 52.619, 53.104, 53.104, 53.104]
    np.testing.assert_allclose(2194 * states.energy, expected, atol=1e-3)


def test_a_table():
    r = np.linspace(0, 20, 200)
    one = lattice_spectrum(WELL(r), L=16, reduced_mass=0.6, r=r)
    two = lattice_spectrum(WELL, L=16, reduced_mass=0.6)
    np.testing.assert_allclose(one.energy, two.energy, atol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"interaction": Yukawa(1.0, 1.0)},
            "V\\(r\\) must be finite on the lattice, got -inf at r = 0",
        ),
        ({"interaction": Yamaguchi(0.2, 1.4, reduced_mass=1.0)}, "must be finite on the lattice"),
        ({"interaction": NonLocal(lambda r, s: np.exp(-r - 2 * s))}, "must be symmetric"),
        ({"interaction": np.zeros(5)}, "interaction must have 35 entries"),
        ({"L": 1}, "L must be an integer ≥ 2"),
        ({"reduced_mass": 0.0}, "reduced_mass must be a finite number > 0"),
        ({"spacing": -1.0}, "spacing must be a finite number > 0"),
        ({"sector": "T2"}, "sector must be one of .*, got 'T2'"),
        ({"laplacian": "5-point"}, "laplacian must be one of .'7-point', 'spectral'."),
        ({"n_states": 0}, "n_states must be an integer"),
        ({"n_states": 20}, "n_states must be at most 8 for L = 8"),
    ],
)
def test_refusals_say_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        lattice_spectrum(**({"interaction": WELL, "L": 8, "reduced_mass": 0.6} | arguments))


def test_a_separable_potential_needs_its_shells_only():
    """Rank one: 1 = ω a³ Σ_n |v_n|²/(E − E_n), over the free plane waves of A1."""
    omega, m, L = -0.02, 0.6, 16
    energy = lattice_spectrum(Separable(omega, 0.7), L=L, reduced_mass=m, n_states=3).energy
    site = np.indices((L, L, L))
    v = np.exp(-0.7 * np.sqrt(np.sum(np.minimum(site, L - site) ** 2, axis=0)))
    p = 2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(L))
    free = (p[:, None, None] + p[:, None] + p) / (2 * m)
    spectrum = np.abs(np.fft.fftn(v)) ** 2 / L**3
    for E in energy:
        assert omega * np.sum(spectrum / (E - free)) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("depth", [0, 3])
@pytest.mark.parametrize("sector", ["A1", "all"])
@pytest.mark.parametrize("spacing", [1e-3, 1e3])
@pytest.mark.parametrize("mass", [1e-3, 1e3])
def test_lattice_levels_in_any_unit(sector, spacing, mass, depth):
    """E = p²/2m + V with V constant, however large or small the unit 1/2ma²."""
    unit = 1 / (2 * mass * spacing**2)
    V = Local(lambda r: -depth * unit + 0 * r)
    options = {"reduced_mass": mass, "spacing": spacing, "laplacian": "spectral", "sector": sector}
    n2 = [0, 1, 2, 3, 4, 5, 6, 8, 9, 9, 10, 11, 12, 13, 14, 16, 17]
    n2 = n2 if sector == "A1" else [0] + 6 * [1] + 5 * [2]
    states = lattice_spectrum(V, L=12, n_states=len(n2), **options)
    expected = np.multiply(n2, (2 * np.pi / 12) ** 2) - depth
    np.testing.assert_allclose(states.energy / unit, expected, atol=1e-9)
