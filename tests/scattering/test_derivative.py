"""V0(r) + V2(r) ∇²: the published ΞΞ analysis, direct integration, and limits."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from halkit.interactions import GaussianSum, Laplacian, Separable, as_interaction
from halkit.scattering import (
    DerivativeExpansion,
    bound_states,
    fourier_potential,
    phase_shift,
    scattering_length,
    scattering_wave_functions,
    spherical_box_states,
)

WELL, K = GaussianSum([-0.9, 0.5], [0.6, 2.0]), np.array([0.2, 0.7, 1.5])


def V2(r):
    return -0.15 * np.exp(-0.7 * r**2) + 0.05 * np.exp(-((r - 1.5) ** 2) / 0.5)


# ΞΞ(¹S₀), t/a = 13, m_π = 510 MeV, lattice units: T. Iritani et al. (HAL QCD),
# Phys. Rev. D 99 (2019) 014514 and JHEP 03 (2019) 007; data of the public analysis (MIT licence).
M_XI, M_PI = 0.665, 510.0 / 2194.0
K2 = np.array([0.000323232422, 0.00161616171, 0.00484848493, 0.012929293, 0.0258585859, 0.032])
DEGREES = {
    "LO_wall": [12.0149, 20.7067, 22.3184, 15.5225, 5.9748, 2.5753],
    "LO_smeared": [17.4617, 26.3584, 24.3431, 13.322, 1.8834, -1.8092],
    "N2LO_V0_only": [11.1692, 19.3941, 20.9241, 14.0764, 4.242, 0.6803],
    "N2LO_V0_V2": [11.6306, 19.9514, 21.101, 13.3039, 2.0479, -2.1856],
}
K_COT_0 = {"LO_wall": 0.3413, "N2LO_V0_only": 0.3684, "N2LO_V0_V2": 0.3523}


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("LO_wall", 0.02), ("LO_smeared", 0.06), ("N2LO_V0_only", 0.02), ("N2LO_V0_V2", 0.02)],
)
def test_published_phase_shifts(published, name, tolerance):
    """At the mean parameters; published is the mean over samples, which the wide ones feel."""
    delta = np.degrees(phase_shift(published(name), np.sqrt(K2), reduced_mass=M_XI / 2))
    np.testing.assert_allclose(delta, DEGREES[name], atol=tolerance)


@pytest.mark.data
@pytest.mark.parametrize(("name", "key"), [("LO_wall", "wall"), ("LO_smeared", "exp")])
def test_published_phase_shifts_sample_by_sample(data_dir, name, key):
    with np.load(data_dir / "xixi_1s0_published.npz", allow_pickle=False) as archive:
        samples = archive[f"v0_4gauss_{key}_t13_jk"]
    waves = [GaussianSum(p[::2], p[1::2]) for p in samples]
    delta = np.mean([phase_shift(V, np.sqrt(K2), reduced_mass=M_XI / 2) for V in waves], axis=0)
    np.testing.assert_allclose(np.degrees(delta), DEGREES[name], atol=0.02)


@pytest.mark.parametrize("name", K_COT_0)
def test_published_k_cot_delta_at_zero(published, name):
    a0 = scattering_length(published(name), reduced_mass=M_XI / 2, sign="lattice")
    assert 1 / (a0 * M_PI) == pytest.approx(K_COT_0[name], abs=0.01)


@pytest.mark.parametrize("l", [0, 1])
def test_direct_integration(l):
    """u'' = [l(l+1)/r² − (k² − 2m V0)/(1 − 2m V2)] u."""
    m, end, start = 1.2, 12.0, 1e-4
    U = DerivativeExpansion(WELL, V2)
    waves = scattering_wave_functions(U, K, reduced_mass=m, l=l)
    r = np.array([0.5, 1.0, 2.0, 5.0, end])
    for k, ours in zip(K, waves(r) * np.outer(K, r), strict=True):

        def slopes(r, y, k=k):
            pull = (k**2 - 2 * m * WELL(r)) / (1 - 2 * m * V2(r))
            return [y[1], (l * (l + 1) / r**2 - pull) * y[0]]

        first = [start, l + 1]
        u = solve_ivp(
            slopes, (start, end), first, rtol=1e-11, atol=1e-14, method="DOP853", t_eval=r
        ).y[0]
        np.testing.assert_allclose(ours, u * ours[-1] / u[-1], atol=1e-6)
    np.testing.assert_allclose(waves.phase_shift, phase_shift(U, K, reduced_mass=m, l=l), atol=1e-7)


def test_without_v2_nothing_changes():
    none = DerivativeExpansion(WELL + Separable(-0.1, 1.0), lambda r: 0 * r)
    delta = phase_shift(none, K, reduced_mass=1.2)
    np.testing.assert_allclose(
        delta, phase_shift(WELL + Separable(-0.1, 1.0), K, reduced_mass=1.2), atol=1e-9
    )


def test_bound_state_solves_the_equation():
    """An attractive V2 makes the pair heavy inside: it binds where V0 alone does not."""
    U = DerivativeExpansion(GaussianSum([-1.2], [1.0]), lambda r: 0.3 * np.exp(-(r**2)))
    (kappa,) = bound_states(U, reduced_mass=1.0).kappa
    assert bound_states(GaussianSum([-1.2], [1.0]), reduced_mass=1.0).kappa.size == 0

    def slopes(r, y):
        pull = (-(kappa**2) + 2 * 1.2 * np.exp(-(r**2))) / (1 - 0.6 * np.exp(-(r**2)))
        return [y[1], -pull * y[0]]

    u, du = solve_ivp(slopes, (0, 7), [0, 1], rtol=1e-12, atol=1e-14, method="DOP853").y[:, -1]
    assert du / u == pytest.approx(-kappa, abs=1e-6)


def test_a_non_local_v0():
    U = DerivativeExpansion(WELL + Separable(-0.02, 0.9), V2)
    waves = scattering_wave_functions(U, K, reduced_mass=1.2)
    x, w = np.polynomial.legendre.leggauss(200)
    s, w = 20 * (x + 1), 20 * w
    r, h = np.linspace(0.5, 6, 9), 0.02
    offsets, weights = h * np.arange(-2, 3), np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
    second = sum(c * (r + d) * waves(r + d) for c, d in zip(weights, offsets, strict=True))
    right = (waves(s) * s * w) @ U.V0.kernel(r[:, None], s).T + WELL(r) * r * waves(r)
    left = K[:, None] ** 2 / 2.4 * r * waves(r) + (1 / 2.4 - V2(r)) * second
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_it_adds_to_other_interactions():
    """V0 + V2 ∇² is the same whether V0 is inside of it or added to it."""
    U = DerivativeExpansion(WELL, V2)
    rest = GaussianSum([0.3], [1.1])
    delta = phase_shift(DerivativeExpansion(WELL + rest, V2), K, reduced_mass=1.0)
    np.testing.assert_allclose(phase_shift(U + rest, K, reduced_mass=1.0), delta, atol=1e-9)
    delta = phase_shift(WELL + Laplacian(V2), K, reduced_mass=1.0)
    np.testing.assert_allclose(phase_shift(U, K, reduced_mass=1.0), delta, atol=1e-12)
    assert as_interaction(U) is U


def test_what_takes_no_v2_refuses_it():
    U = DerivativeExpansion(WELL, V2)
    for call in (
        lambda: spherical_box_states(U, radius=10.0, reduced_mass=1.0),
        lambda: fourier_potential(U, np.linspace(0.1, 9, 50), [0.0, 1.0]),
    ):
        with pytest.raises(TypeError, match=r"must not have a V2\(r\) ∇², got DerivativeExp"):
            call()
    assert "DerivativeExpansion(GaussianSum" in repr(U)


def test_a_kinetic_energy_that_is_not_positive_is_refused():
    U = DerivativeExpansion(WELL, lambda r: 0.6 * np.exp(-(r**2)))
    with pytest.raises(ValueError, match=r"1 - 2 m V2\(r\) must be positive"):
        phase_shift(U, K, reduced_mass=1.0)
