"""Where a potential ends, and what is said if it does not."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from halkit.exceptions import AccuracyWarning
from halkit.interactions import (
    Interaction,
    Local,
    NonLocal,
    PereyBuck,
    Separable,
    Yukawa,
    av18,
)
from halkit.scattering import coupled_phase_shifts, phase_shift, scattering_length
from halkit.scattering.solver.interior import converge, open_interior, tail

TOY, M = Separable(omega=-0.017, mu=1.0), 3.3


def test_radius_by_definition_is_the_channel_radius():
    well = Local(lambda r: -np.exp(-r), radius=2.5)
    assert open_interior(well, reduced_mass=1.0).radius == 2.5


@pytest.mark.parametrize("mu", [0.05, 1.0, 20.0])
def test_radius_scales_with_the_range(mu):
    for interaction in (Separable(-0.02 * mu**4, mu), Yukawa(0.1, mu)):
        assert 20 < open_interior(interaction, reduced_mass=mu).radius * mu < 45


def test_tail_is_the_integral():
    """2m ∫_a^∞ r α e^{−μr}/r dr = 2mα e^{−μa}/μ."""
    a, beyond = tail(Yukawa(2.0, 0.5), 1.0)
    some = (a > 0.1) & (a < 20)
    np.testing.assert_allclose(beyond[some], 8 * np.exp(-0.5 * a[some]), rtol=0.1)


def test_tail_of_a_kernel_looks_at_both_arguments():
    U = NonLocal(lambda r, s: np.exp(-r - 5 * s))
    UT = NonLocal(lambda r, s: np.exp(-s - 5 * r))
    np.testing.assert_allclose(tail(U, 1.0), tail(UT, 1.0), rtol=1e-12)


def test_an_interaction_for_one_partial_wave():
    """Without its l, 1P1 would be solved as an S wave."""
    with pytest.raises(ValueError, match=r"is made for l = 1, got l = 0"):
        phase_shift(av18("1P1"), 1.0, reduced_mass=2.379)
    U = PereyBuck(0.36, 7.2, 0.65, 0.85, l=2)
    with pytest.raises(ValueError, match=r"is made for l = 2, got l = 0"):
        coupled_phase_shifts([[U, None], [None, U]], k=1.0, reduced_mass=2.379)


def test_nothing_needs_no_room():
    assert open_interior(Interaction(), reduced_mass=1.0).radius > 0


@pytest.mark.parametrize("m", [0.5, 1.0])
def test_the_length_of_a_hard_core_is_its_radius(m):
    """Also of a core that ends on a node of the search for the channel radius."""
    nodes = tail(Yukawa(1.0, 1.0), m)[0]
    for core in [*nodes[:70:3] * (1 - 1e-14), *nodes[:70:7], *np.geomspace(3e-4, 3, 30) / m]:
        V = Local(lambda r, c=core: np.where(r < c, np.inf, 0.0))
        assert scattering_length(V, reduced_mass=m) == pytest.approx(core, rel=1e-9)
        assert open_interior(V, reduced_mass=m).radius < max(1.35 * core, 2e-3 / m)


@pytest.mark.parametrize("core", [0.99, 0.9985, 0.9995, 1 - 1e-5])
def test_a_core_that_ends_next_to_a_given_radius(core):
    """So that at most a few of the radii at which V is sampled lie between."""
    V = Local(lambda r: np.where(r < core, np.inf, 0.0))
    a0 = scattering_length(V, reduced_mass=1.0, channel_radius=1.0)
    assert a0 == pytest.approx(core, rel=1e-9)


def test_a_wider_channel_costs_few_points():
    interior = open_interior(Local(lambda r: -5 * np.exp(-(r**2))), reduced_mass=1.0)
    wide, n = interior.wider(6.0)
    assert wide.layout.edges[-1] == pytest.approx(6 * interior.radius, rel=1e-14)
    assert wide.mesh(n).radius == wide.layout.edges[-1] == wide.radius
    assert interior.mesh_size() < n < 4 * interior.mesh_size()


@pytest.mark.parametrize("power", [2, 4])
@pytest.mark.parametrize("n_mesh", [40, 90])
def test_what_is_stated_of_a_mesh_bounds_what_is_left(power, n_mesh):
    """An error of c/n² is stated as it is; one that falls faster leaves less than is stated."""
    with pytest.warns(AccuracyWarning, match="may be off by") as caught:
        result = converge(
            lambda n: 1 + 7 * (30 / n) ** power, lambda old, new: abs(new - old), n_mesh, n_mesh
        )
    stated = float(str(caught[0].message).split("may be off by ")[1].split(")")[0])
    left = result - 1
    assert 0.95 * left < stated < (1.05 if power == 2 else 3) * left


def test_a_channel_that_cuts_the_potential_warns():
    with pytest.warns(AccuracyWarning, match="not decayed at the channel radius 9"):
        phase_shift(TOY, 0.1, reduced_mass=M, channel_radius=9)
    cut = NonLocal(TOY.nonlocal_potential, radius=9.0)
    phase_shift(cut, 0.1, reduced_mass=M)
    with pytest.warns(AccuracyWarning, match="not decayed at the channel radius 5"):
        phase_shift(cut, 0.1, reduced_mass=M, channel_radius=5)


def test_a_slow_tail_warns_and_an_endless_one_is_refused():
    slow = Local(lambda r: -3 / (1 + r) ** 3)
    with pytest.warns(AccuracyWarning, match="raise channel_radius"):
        open_interior(slow, reduced_mass=1.0)
    with pytest.raises(ValueError, match=r"has not decayed at r = 3030.3: give channel_radius"):
        open_interior(Local(lambda r: 1 / r), reduced_mass=M)


def test_convergence_stops_when_the_answer_does():
    asked = []

    def solve(n):
        asked.append(n)
        return 1 + 0.5**n

    assert converge(solve, lambda a, b: abs(a - b), None, 20) == pytest.approx(1, abs=1e-7)
    assert asked == sorted(asked)
    assert asked[-1] < 60


def test_convergence_warns_when_there_is_none():
    with pytest.warns(AccuracyWarning, match="still changes by 1 "):
        converge(lambda n: n, lambda a, b: b / a, None, 20)


def test_a_potential_that_is_nan_is_named_as_such():
    hole = Local(lambda r: np.where((r > 1) & (r < 2), np.nan, -np.exp(-r)))
    with pytest.raises(ValueError, match="NaN"):
        phase_shift(hole, 0.5, reduced_mass=1.0)


@pytest.mark.parametrize(("inner", "value"), [(0.3, np.inf), (0.3, -np.inf), (-1.0, -np.inf)])
def test_an_infinity_that_is_no_core_is_refused(inner, value):
    """A wall with room inside, and infinite wells."""
    wall = Local(lambda r: np.where((r > inner) & (r < 0.6), value, -np.exp(-r)))
    with pytest.raises(ValueError, match="is not finite inside r = "):
        phase_shift(wall, 0.5, reduced_mass=1.0)


def shell_phase(k, depth, inner, outer):
    """δ modulo π of a shell −depth between two radii, 2m = 2: sines that join at both."""
    K = np.sqrt(k**2 + 2 * depth)
    value, slope = np.sin(k * inner), k * np.cos(k * inner)
    turn = K * (outer - inner)
    value, slope = (
        value * np.cos(turn) + slope / K * np.sin(turn),
        slope * np.cos(turn) - K * value * np.sin(turn),
    )
    return np.arctan2(k * value, slope) - k * outer


@pytest.mark.parametrize(("inner", "outer"), [(1.0, 1.1), (2.0, 2.2), (10.0, 11.0)])
def test_a_shell_between_the_nodes_of_the_tail_is_seen(inner, outer):
    shell = Local(lambda r: np.where((r > inner) & (r < outer), -3.0, 0.0))
    delta = phase_shift(shell, 0.5, reduced_mass=1.0)
    assert np.sin(delta - shell_phase(0.5, 3.0, inner, outer)) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("end", [0.7, 1.5])
def test_a_well_without_its_radius(end):
    """The jump is found; with the radius it is known."""
    well = Local(lambda r: np.where(r <= end, -0.5, 0.0))
    assert scattering_length(well, reduced_mass=1.0) == pytest.approx(end - np.tan(end), rel=1e-8)
    a0 = scattering_length(Local(lambda r: -0.5 + 0 * r, radius=end), reduced_mass=1.0)
    assert a0 == pytest.approx(end - np.tan(end), rel=1e-9)


def test_a_narrow_barrier_inside_a_wide_well():
    """Two meshes may miss it alike; the nodes are chosen for what V(r) looks like."""

    def V(r):
        return -0.002 * np.exp(-((r / 40) ** 2)) + 2 * np.exp(-(((r - 30) / 0.3) ** 2))

    wave = solve_ivp(
        lambda r, y: [y[1], 2 * V(r) * y[0]], (0, 250), [0, 1], rtol=1e-11, atol=1e-13, max_step=0.1
    )
    value, slope = wave.y[:, -1]
    a0 = scattering_length(Local(V), reduced_mass=1.0)
    assert a0 == pytest.approx(250 - value / slope, rel=1e-4)


@pytest.mark.filterwarnings("ignore:the result still changes")
def test_structure_that_no_mesh_sees_is_warned_of():
    V = Local(lambda r: np.exp(-(r**2)) * np.sin(900 * r))
    with pytest.warns(AccuracyWarning, match="structure that 800 mesh points miss"):
        phase_shift(V, 0.5, reduced_mass=1.0)
