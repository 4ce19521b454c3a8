"""Narrow structure: shells and bumps wider than r/700 are found, narrower ones at stated edges."""

import numpy as np
import pytest
from scipy.integrate import cumulative_simpson, simpson

from halkit.interactions import GaussianSum, Local, NonLocal
from halkit.scattering import bound_states, bound_wave_functions, phase_shift
from halkit.scattering.solver.interior import tail

X = np.array([0.3, 1.5, 3.0])


def shell(start, width, height, edges=()):
    return Local(lambda r: np.where((r > start) & (r < start + width), height, 0.0), edges=edges)


def shell_phase(k, m, start, width, height):
    """tan(kr + δ)/k = u/u' behind a shell in which u'' = −q² u."""
    q = np.sqrt(k**2 - 2 * m * height + 0j)
    u, slope = np.sin(k * start), k * np.cos(k * start)
    after = u * np.cos(q * width) + slope * np.sin(q * width) / q
    slope = slope * np.cos(q * width) - u * q * np.sin(q * width)
    return np.arctan2(k * after.real, slope.real) - k * (start + width)


@pytest.mark.parametrize("seed", range(25))
def test_thin_shells_anywhere(seed):
    """Closed form, widths of r/690 to r/10, 0.2 to 4 times 2m ``|V|`` r w = 1, masses at random."""
    random = np.random.default_rng(seed)
    start, m = np.exp(random.uniform(np.log([0.3, 0.3]), np.log([30, 5])))
    width = start / np.exp(random.uniform(np.log(10), np.log(690)))
    strength = random.choice([-1, 1]) * np.exp(random.uniform(np.log(0.2), np.log(4)))
    height, k = strength / (2 * m * width * start), X / start
    delta = phase_shift(shell(start, width, height), k, reduced_mass=m)
    exact = shell_phase(k, m, start, width, height)
    np.testing.assert_allclose(np.sin(delta - exact), 0.0, atol=1e-7)


@pytest.mark.parametrize("part", [1e-4, 1e-6])
def test_a_thinner_shell_with_edges(part):
    start, m = 3.0, 1.0
    width = part * start
    height = -1.5 / (2 * m * width * start)
    V = shell(start, width, height, edges=[start, start + width])
    delta = phase_shift(V, X / start, reduced_mass=m)
    exact = shell_phase(X / start, m, start, width, height)
    np.testing.assert_allclose(np.sin(delta - exact), 0.0, atol=1e-7)
    V = V + GaussianSum([-1.0], [1.0])
    first, second = (phase_shift(V, X, reduced_mass=m, n_mesh=n) for n in (80, 160))
    np.testing.assert_allclose(first, second, atol=1e-7)


def two_term_determinant(kappa, m, terms):
    """det[1 − ⟨g_i|G_0|g_j⟩ λ_j], zero at a bound state; G_0 = −(2m/κ) sinh(κr_<) e^{−κr_>}."""
    r = np.linspace(0.0, 16.0, 60_001)
    G = [r * g(r) for g, _ in terms]
    grown = [cumulative_simpson(x * np.sinh(kappa * r), x=r, initial=0) for x in G]
    half = np.array([[simpson(x * np.exp(-kappa * r) * y, x=r) for y in grown] for x in G])
    M = -2 * m / kappa * (half + half.T) * 4 * np.pi * [strength for _, strength in terms]
    return np.linalg.det(np.eye(2) - M)


def crosses_zero(kappa, terms):
    """Whether a bound state lies within 1e-5 of κ, at reduced mass 1."""
    low, high = (two_term_determinant(x * kappa, 1.0, terms) for x in (1 - 1e-5, 1 + 1e-5))
    return low * high < 0


BUMPS = [(9.3, 0.1, -0.187), (4.1, 0.15, -0.4), (12.0, 0.2, -0.03), (7.0, 0.5, -0.02)]


@pytest.mark.parametrize(("centre", "width", "strength"), BUMPS)
@pytest.mark.parametrize("stated", [False, True])
def test_a_narrow_bump_of_u_far_out(centre, width, strength, stated):
    """The first is bound by 10.5, and was missed with mesh points that follow V alone."""

    def bump(r):
        return np.exp(-(((r - centre) / width) ** 2))

    edges = [centre - 6 * width, centre + 6 * width] if stated else ()
    U = NonLocal(lambda r, s: -0.3 * np.exp(-r - s) + strength * bump(r) * bump(s), edges=edges)
    kappa = bound_states(U, reduced_mass=1.0).kappa
    terms = [(lambda r: np.exp(-r), -0.3), (bump, strength)]
    assert kappa.size == 2
    for one in kappa:
        assert crosses_zero(one, terms)


def test_narrow_bumps_away_from_the_diagonal():
    """U = λ(f g + g f), f next to the origin and g a bump of r/60: two terms, λ/2 (f ± g)²."""

    def f(r):
        return np.exp(-(((r - 1.0) / 0.05) ** 2))

    def g(r):
        return np.exp(-(((r - 3.0) / 0.05) ** 2))

    U = NonLocal(lambda r, s: -4.0 * (f(r) * g(s) + g(r) * f(s)))
    kappa = bound_states(U, reduced_mass=1.0, channel_radius=5.0).kappa
    terms = [(lambda r: f(r) + g(r), -2.0), (lambda r: f(r) - g(r), 2.0)]
    assert crosses_zero(kappa[0], terms)


def test_the_tail_of_a_bump():
    """2m ∫∫ r |K(r, r')| dr dr' of a bump, to a quarter, wherever it lies between the nodes."""
    for centre in np.geomspace(3.0, 3.5, 7):
        width = centre / 150

        def bump(r, centre=centre, width=width):
            return np.exp(-(((r - centre) / width) ** 2))

        U = NonLocal(lambda r, s, bump=bump: bump(r) * bump(s))
        exact = 8 * np.pi * np.pi * width**2 * centre**3
        assert tail(U, 1.0)[1][0] == pytest.approx(exact, rel=0.25)


@pytest.mark.parametrize("core", [(4480.7, 0.44311, 6.95), (4894.9, 0.4751, 7.0), (1e7, 0.6, 9.0)])
def test_waves_behind_a_steep_core(core):
    """The sign of a wave is taken where it is more than rounding errors: two meshes agree."""
    height, edge, depth = core
    V = Local(lambda r: height * np.exp(-((r / edge) ** 8)) - depth * np.exp(-((r / 1.5) ** 2)))
    states, energy = bound_wave_functions(V, reduced_mass=1.0), bound_states(V, reduced_mass=1.0)
    np.testing.assert_allclose(states.energy, energy.energy, rtol=1e-7)
    assert states.energy.size > 0
    assert np.all(states.wave_function([1.0]) > 0)


def test_edges_are_checked():
    with pytest.raises(ValueError, match="edges must be positive, got"):
        Local(np.exp, edges=[0.0, 1.0])
    with pytest.raises(ValueError, match="edges must have one axis, got shape"):
        NonLocal(np.add, edges=np.ones((2, 2)))
    assert Local(np.exp, edges=[2.0, 1.0, 2.0]).edges == (1.0, 2.0)
