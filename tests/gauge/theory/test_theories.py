"""Every theory: force, reversibility, fixed points, and loops against printed values.

Values of SU(2) and SU(3) are from the character expansion, computed beside this package with 40
digits; free fields and the 2 × 2 lattice of φ⁴ from closed forms and quadrature.
"""

import numpy as np
import pytest
from scipy.special import ive

from halkit.gauge import (
    SU2,
    SU3,
    U1,
    Phi4,
    action,
    exact_wilson_loop,
    force,
    hmc,
    integrate,
    plaquette,
    sample_exact,
    sample_report,
    sample_su3_plaquettes,
    wilson_loop,
)
from halkit.gauge.theory import commutator
from halkit.gauge.theory.quaternion import concentrated, exponential, haar, product
from halkit.gauge.theory.su2 import gauge_rotation

# (N, beta): W(1x1), W(2x2) in the plane and at L = 4, W(4x4) in the plane and at L = 8, 16.
LOOPS = {
    (2, 1): (0.2401937238700897, 0.00332848513210225, 0.003328494350675499,
             1.227401035740234e-10, 1.227401035740234e-10, 1.227401035740234e-10),
    (2, 2): (0.4331274267223118, 0.03519352279111485, 0.03520437677948857,
             1.534090440117286e-06, 1.534090440118188e-06, 1.534090440117286e-06),
    (2, 8): (0.8192494103556205, 0.4504686270888269, 0.462786067891472,
             0.04117733158696241, 0.04119467934772393, 0.04117733158696241),
    (2, 16): (0.9078148458807505, 0.6791866215050659, 0.696762542338995,
              0.2127925851293262, 0.2148786995999299, 0.2127925851473416),
    (3, 1): (0.06012655483356476, 1.306968981123623e-05, 1.30696898114843e-05,
             2.91783763478393e-20, 2.91783763478393e-20, 2.91783763478393e-20),
    (3, 3): (0.2030750500302189, 0.00170069437619975, 0.001700694925532167,
             8.365754243979402e-12, 8.365754243979402e-12, 8.365754243979402e-12),
    (3, 12): (0.6776720373751355, 0.2109008175481604, 0.2121674328665593,
              0.001978395215501529, 0.001978396080948359, 0.001978395215501529),
    (3, 24): (0.8354524057717007, 0.4871770887160018, 0.4968250881090978,
              0.0563309951079058, 0.05635342000883882, 0.0563309951079058),
}  # fmt: skip
THEORIES = [U1(2.5), SU2(2.5), Phi4(0.27, 0.022), Phi4(0.5, 0.022), Phi4(0.2, 0.0)]


def drawn(theory, n, shape, seed):
    """A rough field, not of the theory."""
    rng = np.random.default_rng(seed)
    if isinstance(theory, SU2):
        return haar((n, 2, *shape), rng)
    return rng.normal(size=(n, *theory.space.shape(shape)))


@pytest.mark.parametrize(("group", "beta"), list(LOOPS))
def test_loops_of_the_plane_and_of_the_torus(group, beta):
    """To 13 digits."""
    theory, values = {2: SU2, 3: SU3}[group](beta), LOOPS[group, beta]
    places = [(1, None), (4, None), (4, (4, 4)), (16, None), (16, (8, 8)), (16, (16, 16))]
    found = [float(exact_wilson_loop(area, theory, shape)) for area, shape in places]
    assert found == pytest.approx(values, rel=1e-12, abs=1e-15)
    assert exact_wilson_loop(0, theory, (4, 4)) == pytest.approx(1, rel=1e-13)


def test_loops_of_areas_and_of_no_coupling():
    areas = np.arange(5)
    assert exact_wilson_loop(areas, SU2(0.0), (2, 2)).tolist() == [1, 0, 0, 0, 0.25]
    assert exact_wilson_loop(areas, U1(2.0)) == pytest.approx(0.6977746579640079**areas)
    assert exact_wilson_loop(16, SU2(0.01), (4, 4)) == pytest.approx(0.25, abs=1e-5)  # 1/N²
    large = exact_wilson_loop(1, SU2(1e7), (4, 4))
    assert (1 - large) * 1e7 == pytest.approx(1.5 * 15 / 16, rel=0.1)
    with pytest.raises(ValueError, match="beta must be at most 1000"):
        SU3(1e4)
    with pytest.raises(TypeError, match="must be a theory that has action"):
        action(np.zeros((1, 2, 2, 2)), SU3(1.0))


@pytest.mark.parametrize("theory", THEORIES, ids=str)
def test_the_force_is_the_derivative_of_the_action(theory):
    """Central differences along a random direction."""
    field = drawn(theory, 3, (3, 4), 0)
    pull, rng, step = force(field, theory), np.random.default_rng(1), 1e-5
    direction, values = rng.normal(size=pull.shape), []
    for sign in (step, -step):
        moved = field.copy()
        theory.space.drift(moved, direction, sign, np.empty_like(direction))
        values.append(action(moved, theory))
    slope = (values[0] - values[1]) / (2 * step)
    assert slope == pytest.approx(-(pull * direction).reshape(3, -1).sum(axis=1), abs=2e-7)


@pytest.mark.parametrize("integrator", ["leapfrog", "omelyan"])
@pytest.mark.parametrize("theory", THEORIES, ids=str)
def test_trajectories_are_reversible(theory, integrator):
    start = drawn(theory, 3, (3, 4), 2)
    momentum = np.random.default_rng(3).normal(size=force(start, theory).shape)
    settings = {"step_size": 0.1, "n_steps": 9, "integrator": integrator}
    end, back = integrate(start, momentum, theory, **settings)
    assert np.abs(end - start).max() > 0.1
    end, back = integrate(end, -back, theory, **settings)
    assert np.abs(end - start).max() < 1e-12
    assert np.abs(back + momentum).max() < 1e-12


@pytest.mark.parametrize("theory", THEORIES, ids=str)
def test_the_energy_error_is_of_second_order(theory):
    start = drawn(theory, 3, (3, 4), 4)
    momentum = np.random.default_rng(5).normal(size=force(start, theory).shape)

    def error(step):
        end, last = integrate(
            start, momentum, theory, step_size=step, n_steps=round(0.4 / step),
            integrator="leapfrog",
        )  # fmt: skip
        kinetic = (np.square(last) - np.square(momentum)).reshape(3, -1).sum(axis=1) / 2
        return np.abs(kinetic + action(end, theory) - action(start, theory)).max()

    assert error(0.01) / error(0.02) == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize(
    ("theory", "shape"), [(U1(2.0), (4, 6)), (SU2(4.0), (4, 6)), (Phi4(0.2, 0.0), (4, 6))], ids=str
)
def test_hmc_has_the_theory_as_its_fixed_point(theory, shape):
    """From exact links, or long after a cold start; ⟨e^{−ΔH}⟩ = 1, and the report's z-scores."""
    n = 200 if isinstance(theory, SU2) else 500
    if isinstance(theory, Phi4):
        start, warm = np.zeros((n, *shape)), 60
    else:
        start, warm = sample_exact(n, theory, shape, random_state=0), 20
    states = list(hmc(start, theory, n_trajectories=20, n_warmup=warm, spread=0.5, random_state=1))
    ratio = np.exp(-np.array([state.delta_h for state in states]))
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(ratio.size)
    assert 0.6 < np.mean([state.accepted.mean() for state in states]) < 0.999
    report = sample_report(states[-1].theta, theory)
    rows = [row for row in report.rows if not np.isnan(row.z)]
    assert len(rows) >= 3 - isinstance(theory, SU2)
    assert all(abs(row.z) < 3.5 for row in rows), str(report)


def test_winding_hits_are_those_of_u1():
    with pytest.raises(ValueError, match="winding_hits must be 0"):
        hmc(np.zeros((1, 4, 4)), Phi4(), n_trajectories=1, winding_hits=1)


# SU(2)


def test_concentrated_angles_have_their_characters():
    rng, n = np.random.default_rng(0), 50_000
    for k in (1e-9, 2.0, 16.0, 1e4):
        a = concentrated(np.full(n, k), rng)
        for number in (2, 3):
            character = np.sin(number * a) / (number * np.sin(a))
            expected = ive(number, k) / ive(1, k)
            assert abs(character.mean() - expected) < 4 * character.std() / np.sqrt(n)


@pytest.mark.parametrize(
    ("beta", "shape", "n"),
    [(0.5, (2, 2), 2000), (2.0, (3, 5), 2000), (8.0, (8, 8), 1000), (100.0, (4, 4), 1000)],
    ids=str,
)
def test_closed_links_of_su2_are_exact(beta, shape, n):
    links = sample_exact(n, SU2(beta), shape, random_state=3)
    report = sample_report(links, SU2(beta))
    assert all(abs(row.z) < 3.5 for row in report.rows), str(report)
    assert np.abs(np.square(links).sum(axis=-1) - 1).max() < 1e-13
    values = action(links, SU2(beta))
    exact = beta * np.prod(shape) * (1 - exact_wilson_loop(1, SU2(beta), shape))
    assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(n)
    whole = wilson_loop(links, *shape)
    exact = exact_wilson_loop(int(np.prod(shape)), SU2(beta), shape)
    assert abs(whole.mean() - exact) < 4 * whole.std() / np.sqrt(n)


def test_the_part_of_the_closed_sets_is_known():
    theory, tried = SU2(4.0), []

    def draw(count):
        tried.append(count)
        return concentrated(np.full(count, 4.0), rng)

    rng = np.random.default_rng(0)
    commutator.close(draw, theory.density, 2000, (3, 3), rng)
    u = commutator.harmonics(theory.density)
    assert u[1] == pytest.approx(exact_wilson_loop(1, theory), rel=1e-12)
    part = commutator.closing_acceptance(u, 9)
    assert 2000 * 8 / sum(tried) < 1.1 * part


def test_loops_of_su2_are_gauge_invariant_and_need_unit_quaternions():
    links, rng = sample_exact(3, SU2(2.0), (4, 6), random_state=0), np.random.default_rng(1)
    turned = gauge_rotation(links, haar((3, 4, 6), rng))
    assert np.allclose(wilson_loop(turned, 2, 3), wilson_loop(links, 2, 3))
    rows = links.reshape(3, -1)
    assert np.array_equal(wilson_loop(rows, 2, 3, lattice_shape=(4, 6)), wilson_loop(links, 2, 3))
    with pytest.raises(ValueError, match="theta must be unit quaternions; got norms from 2"):
        wilson_loop(2 * links, 1, 1)
    with pytest.raises(ValueError, match=r"theta must have shape \(n, 2, L0, L1, 4\)"):
        action(links[..., :3], SU2(2.0))
    with pytest.raises(ValueError, match="theta must have shape"):
        plaquette(links)


def test_links_of_one_direction_are_a_subgroup_u1():
    """e^{iθ σ_3}: the loops, actions and forces of U(1)."""
    theta = np.random.default_rng(0).uniform(-3, 3, (2, 2, 3, 4))
    links = np.zeros((*theta.shape, 4))
    links[..., 0], links[..., 3] = np.cos(theta), np.sin(theta)
    assert np.allclose(wilson_loop(links, 2, 2), wilson_loop(theta, 2, 2))
    assert np.allclose(action(links, SU2(3.0)), action(theta, 3.0))
    assert np.allclose(force(links, SU2(3.0))[..., 2], force(theta, 3.0))
    assert np.allclose(force(links, SU2(3.0))[..., :2], 0)
    turn = exponential(np.array([0.0, 0.0, 0.3]))
    assert np.allclose(product(turn, turn), exponential(np.array([0.0, 0.0, 0.6])))


# SU(3)


@pytest.mark.parametrize("beta", [1.0, 3.0, 12.0, 24.0])
def test_su3_plaquettes_with_open_boundaries(beta):
    n = 60
    P = sample_su3_plaquettes(n, beta, (8, 8), random_state=1)
    assert np.abs(P @ P.conj().swapaxes(-1, -2) - np.eye(3)).max() < 1e-13
    assert np.abs(np.linalg.det(P) - 1).max() < 1e-12
    for size in (1, 2, 4):
        blocks = P.reshape(n, 8 // size, size, 8 // size, size, 3, 3)
        loop = np.eye(3)
        for x in range(size):
            for y in range(size):
                loop = loop @ blocks[:, :, x, :, y]
        traces = np.trace(loop, axis1=-2, axis2=-1).real.ravel() / 3
        exact = exact_wilson_loop(size**2, SU3(beta))
        assert abs(traces.mean() - exact) < 3.5 * traces.std() / np.sqrt(traces.size)


# φ⁴


def test_the_smallest_torus_of_a_scalar_field():
    """2 × 2 by quadrature in four dimensions; both images of a neighbour count."""
    x, w = np.polynomial.legendre.leggauss(30)
    x, w, theory = 4.5 * x, 4.5 * w, Phi4(0.21, 0.022)
    field = np.stack(np.meshgrid(x, x, x, x, indexing="ij"), -1).reshape(-1, 2, 2)
    weight = np.einsum("a,b,c,d->abcd", w, w, w, w).ravel() * np.exp(-action(field, theory))
    weight /= weight.sum()
    M = field.mean(axis=(1, 2))
    assert 4 * weight @ M**2 == pytest.approx(2.291732568393198, rel=1e-6)
    assert weight @ action(field, theory) / 4 == pytest.approx(0.4547261167653346, rel=1e-6)


def test_report_of_a_free_field_and_of_another_sample():
    theory, n = Phi4(0.21, 0.0), 3000
    rng, shape = np.random.default_rng(0), (8, 8)
    cosines = np.cos(2 * np.pi * np.arange(8) / 8)
    cosines = cosines[:, None] + cosines
    white = np.fft.fft2(rng.normal(size=(n, *shape)))
    field = np.fft.ifft2(white / np.sqrt(2 * (1 - 0.42 * cosines))).real
    report = sample_report(field, theory)
    values = {row.name: row.exact for row in report.rows}
    assert values["chi_2"] == pytest.approx(3.125)
    assert values["phi^2"] == pytest.approx(0.6640756626112545)
    assert values["|M|"] == pytest.approx(0.17630924485867383)
    assert len(report.rows) == 10
    assert all(abs(row.z) < 3.5 for row in report.rows), str(report)
    other = sample_report(field[:1500], Phi4(0.21, 0.01), reference=field[1500:])
    assert all(abs(row.z) < 3.5 for row in other.rows if row.name != "identity")
    assert "phi^4, kappa = 0.21, lambda = 0.01" in str(other)
    weights = sample_report(field, theory, log_weight=np.zeros(n))
    assert weights.ess == pytest.approx(1)
    assert weights.rows[0].mean == pytest.approx(report.rows[0].mean)
    with pytest.raises(ValueError, match="loops must be None"):
        sample_report(field, theory, loops=[(1, 1)])
    with pytest.raises(ValueError, match="must be None for a gauge theory"):
        sample_report(np.zeros((2, 2, 2, 2)), 1.0, log_weight=np.zeros(2))


def test_couplings_of_a_scalar_field():
    with pytest.raises(ValueError, match="kappa must be below 1/4"):
        Phi4(0.3, 0.0)
    with pytest.raises(ValueError, match="lam"):
        Phi4(0.3, -1.0)
    assert Phi4(0.5, 0.022).vacuum == pytest.approx(4.8710, abs=1e-4)


def test_a_loop_that_is_too_long_names_the_sides_of_the_lattice():
    links = sample_exact(2, SU2(1.0), (4, 6), random_state=0)
    for theta in (links, np.zeros((2, 2, 4, 6))):
        with pytest.raises(
            ValueError, match=r"sides \(L0, L1\) = \(4, 6\) of the lattice; a 5 x 1"
        ):
            wilson_loop(theta, 5, 1)
