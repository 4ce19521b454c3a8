"""Markov chains: laws of the integrator, exact moments, and rates known from elsewhere."""

import numpy as np
import pytest

from halkit.gauge import (
    action,
    autocorrelation_time,
    charge_probability,
    exact_susceptibility,
    exact_wilson_loop,
    hmc,
    integrate,
    plaquette,
    sample_exact,
    topological_charge,
    wilson_loop,
    winding_hit,
    wrap,
)

SCHEMES = ["leapfrog", "omelyan"]


def start(shape, beta, n, seed=0):
    theta = sample_exact(n, beta, shape, random_state=seed)
    return theta, np.random.default_rng(seed + 1).normal(size=theta.shape)


def energy(theta, momentum, beta):
    return np.square(momentum).sum(axis=(1, 2, 3)) / 2 + action(theta, beta)


def z_score(values, exact):
    return (np.mean(values) - exact) / (np.std(values, ddof=1) / np.sqrt(len(values)))


@pytest.mark.filterwarnings("ignore:theta has angles beyond")
@pytest.mark.parametrize("integrator", SCHEMES)
@pytest.mark.parametrize("shape", [(8, 8), (3, 5)])
def test_reversibility(integrator, shape):
    theta, momentum = start(shape, 5.0, 20)
    path = {"step_size": 0.05, "n_steps": 20, "integrator": integrator}
    there, end = integrate(theta, momentum, 5.0, **path)
    back, opposite = integrate(there, -end, 5.0, **path)
    assert np.abs(np.exp(1j * back) - np.exp(1j * theta)).max() < 1e-10
    assert np.abs(opposite + momentum).max() < 1e-10
    assert np.abs(there - theta).max() > 0.5


@pytest.mark.parametrize("integrator", SCHEMES)
def test_volume_is_kept(integrator):
    theta, momentum = start((2, 2), 3.0, 1)
    point, step = np.concatenate([theta.ravel(), momentum.ravel()]) / 2, 1e-5

    def flow(points):
        theta, momentum = points.reshape(-1, 2, 2, 2, 2).transpose(1, 0, 2, 3, 4)
        path = {"step_size": 0.2, "n_steps": 3, "integrator": integrator}
        return np.hstack(
            [end.reshape(len(points), -1) for end in integrate(theta, momentum, 3.0, **path)]
        )

    jacobian = (flow(point + step * np.eye(16)) - flow(point - step * np.eye(16))) / (2 * step)
    assert np.linalg.det(jacobian) == pytest.approx(1, abs=1e-7)


@pytest.mark.filterwarnings("ignore:theta has angles beyond")
def test_energy_error_is_of_second_order():
    theta, momentum = start((8, 8), 4.0, 50)
    rms = {}
    for integrator in SCHEMES:
        for n_steps in (20, 40, 80):
            end = integrate(
                theta, momentum, 4.0, step_size=1 / n_steps, n_steps=n_steps, integrator=integrator
            )
            error = energy(*end, 4.0) - energy(theta, momentum, 4.0)
            rms[integrator, n_steps] = np.sqrt(np.mean(error**2))
        assert rms[integrator, 20] / rms[integrator, 40] == pytest.approx(4, rel=0.05)
        assert rms[integrator, 40] / rms[integrator, 80] == pytest.approx(4, rel=0.02)
    # At equal forces.
    assert rms["omelyan", 20] < 0.5 * rms["leapfrog", 40]


@pytest.mark.parametrize("integrator", SCHEMES)
@pytest.mark.parametrize("beta", [0.5, 3.0, 7.0])
def test_creutz_equality(integrator, beta):
    theta = sample_exact(3000, beta, (6, 8), random_state=2)
    step = {"leapfrog": 0.5, "omelyan": 0.9}[integrator] / np.sqrt(beta + 1)
    chain = hmc(
        theta, beta, n_trajectories=1, step_size=step, integrator=integrator, random_state=3
    )
    state = next(chain)
    assert 0.3 < state.accepted.mean() < 0.995
    assert abs(z_score(np.exp(-state.delta_h), 1)) < 4
    expected = np.minimum(1, np.exp(-state.delta_h)).mean()
    assert abs(state.accepted.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / 3000)


@pytest.mark.parametrize(
    ("shape", "beta", "hits"), [((6, 8), 1.0, 1), ((6, 8), 7.0, 2), ((4, 4), 0.0, 1)]
)
@pytest.mark.parametrize("integrator", SCHEMES)
def test_equilibrium_stays(shape, beta, hits, integrator):
    """Exact configurations keep their distribution, also with a coarse step."""
    theta = sample_exact(3000, beta, shape, random_state=4)
    settings = {"integrator": integrator, "winding_hits": hits, "random_state": 5}
    *_, state = hmc(theta, beta, n_trajectories=6, step_size=0.25, **settings)
    assert_exact(state.theta, beta)


def assert_exact(theta, beta):
    shape = theta.shape[2:]
    for R, T in [(1, 1), (2, 2), (1, 3)]:
        exact = exact_wilson_loop(R * T, beta, shape)
        assert abs(z_score(wilson_loop(theta, R, T), exact)) < 4
    charge = topological_charge(theta)
    chi = exact_susceptibility(beta, shape)
    assert abs(z_score(charge**2, chi * np.prod(shape))) < 4
    zero = charge_probability(0, beta, shape)
    assert abs((charge == 0).mean() - zero) < 4 * np.sqrt(zero * (1 - zero) / len(charge))


def test_winding_hits_restore_the_charge_from_a_cold_start():
    cold = np.zeros((500, 2, 8, 8))
    settings = {"n_warmup": 100, "n_trajectories": 1, "random_state": 6}
    (state,) = hmc(cold, 7.0, winding_hits=2, **settings)
    assert_exact(state.theta, 7.0)
    (frozen,) = hmc(cold, 7.0, **settings)
    assert z_score(topological_charge(frozen.theta) ** 2, 64 * exact_susceptibility(7, (8, 8))) < -4
    assert np.isnan(frozen.winding).all()


@pytest.mark.parametrize("beta", [0.0, 1.0, 7.0, 200.0, 1e4])
@pytest.mark.parametrize("target", [0.7, 0.9])
def test_tuning(beta, target):
    theta = sample_exact(40, beta, (10, 12), random_state=7)
    chain = hmc(
        theta, beta, n_warmup=60, n_trajectories=5, target_acceptance=target, random_state=8
    )
    states = list(chain)
    assert len({state.step_size for state in states}) == 1
    acceptance = np.mean([state.accepted.mean() for state in states])
    assert acceptance > target - 0.12
    if beta > 5:
        assert acceptance < target + 0.09


# Leapfrog, 10 steps of 0.1, L = 16: tau_int(Q) and its error, a run made elsewhere.
TAU_Q = {1.0: (0.99, 0.02), 2.0: (3.1, 0.1), 3.0: (11.8, 0.1), 4.0: (59, 1)}


@pytest.mark.parametrize(
    ("beta", "n", "n_trajectories"),
    [
        (1.0, 40, 150),
        (2.0, 40, 150),
        (3.0, 64, 600),
        pytest.param(4.0, 64, 2000, marks=pytest.mark.slow),
    ],
)
def test_autocorrelation_of_the_charge(beta, n, n_trajectories):
    theta = sample_exact(n, beta, (16, 16), random_state=9)
    settings = {"step_size": 0.1, "jitter": 0.0, "integrator": "leapfrog", "random_state": 10}
    chain = hmc(theta, beta, n_trajectories=n_trajectories, single=True, **settings)
    charge = np.transpose([topological_charge(state.theta) for state in chain])
    tau, (value, error) = autocorrelation_time(charge), TAU_Q[beta]
    assert abs(tau.value - value) < 3 * np.hypot(tau.error, error)
    assert tau.error < 0.15 * value


def test_jitter_and_spread_free_a_wave_that_returns():
    """Half a period, ω = 2√(β⟨cos P⟩) sin(πk/L), brings a wave back up to its sign."""
    theta, wave = sample_exact(100, 7.0, (16, 16), random_state=1), 4
    stiffness = 7.0 * exact_wilson_loop(1, 7.0, (16, 16))
    length = np.pi / (2 * np.sqrt(stiffness) * np.sin(np.pi * wave / 16))
    kept = []
    for jitter, spread in ((0.0, 0.0), (0.2, 0.0), (0.0, 0.5)):
        path = {"step_size": length / 5, "trajectory_length": length, "single": True}
        power = []
        for state in hmc(
            theta, 7.0, n_trajectories=100, jitter=jitter, spread=spread, random_state=11, **path
        ):
            h = np.sin(plaquette(state.theta)).mean(axis=1)
            power.append(np.abs(np.fft.rfft(h, axis=-1)[:, wave]) ** 2)
        deviation = np.array(power) - np.mean(power)
        kept.append(np.mean(deviation[4:] * deviation[:-4]) / np.mean(deviation**2))
    fixed, jittered, spread = kept
    assert fixed > 0.9
    assert 0.4 < jittered < 0.75
    assert abs(spread) < 0.2


# (L, beta): acceptance of a hit in equilibrium and its error, runs made elsewhere.
HITS = {
    (8, 1): (0.795, 0.003),
    (8, 5): (0.348, 0.004),
    (8, 7): (0.216, 0.004),
    (8, 11): (0.076, 0.002),
    (16, 7): (0.602, 0.004),
}


@pytest.mark.parametrize("case", HITS, ids=str)
def test_acceptance_of_winding_hits(case):
    (size, beta), (rate, error) = case, HITS[case]
    n = 8000 if size == 8 else 2000
    theta = sample_exact(n, beta, (size, size), random_state=12)
    moved, accepted = winding_hit(theta, beta, random_state=13)
    assert abs(accepted.mean() - rate) < 4 * np.hypot(error, np.sqrt(rate * (1 - rate) / n))
    assert np.array_equal(moved[~accepted], theta[~accepted])
    assert (np.abs(moved[accepted] - theta[accepted]).max(axis=(1, 2, 3)) > 0.1).all()


@pytest.mark.parametrize(("shape", "beta"), [((8, 8), 7.0), ((5, 9), 4.0), ((6, 4), 1.0)])
def test_detailed_balance_of_winding_hits(shape, beta):
    """As many hits lead from Q to Q' as back."""
    theta = sample_exact(16000, beta, shape, random_state=14)
    moved, accepted = winding_hit(theta, beta, random_state=15)
    before, after = topological_charge(theta), topological_charge(moved)
    assert np.array_equal(before[~accepted], after[~accepted])
    if beta > 5:
        assert (np.abs(after - before)[accepted] == 1).all()
    for one, other in [(0, 1), (0, -1), (1, 2)]:
        up = ((before == one) & (after == other)).sum()
        down = ((before == other) & (after == one)).sum()
        assert abs(up - down) <= 4 * np.sqrt(up + down)
    assert_exact(moved, beta)


def test_rows_seeds_and_no_side_effects():
    theta = sample_exact(4, 2.0, (3, 5), random_state=16)
    kept = theta.copy()
    settings = {"n_trajectories": 3, "winding_hits": 1, "random_state": 17}
    states = list(hmc(theta, 2.0, **settings))
    rows = list(hmc(theta.reshape(4, -1), 2.0, lattice_shape=(3, 5), **settings))
    assert all(np.array_equal(a.theta, b.theta) for a, b in zip(states, rows, strict=True))
    assert np.array_equal(theta, kept)
    assert states[0].theta.shape == (4, 2, 3, 5)
    assert np.abs(states[-1].theta).max() <= np.pi
    links, _ = winding_hit(theta.reshape(4, -1), 2.0, lattice_shape=(3, 5), random_state=0)
    assert links.shape == (4, 30)


COLD = np.zeros((1, 2, 4, 4))
BAD = {
    "trajectories": ({"n_trajectories": 0}, ValueError, "n_trajectories must be an integer ≥ 1"),
    "warm-up": ({"n_warmup": -1}, ValueError, "n_warmup must be an integer ≥ 0"),
    "hits": ({"winding_hits": 0.5}, TypeError, "winding_hits must be an integer"),
    "step": ({"step_size": 0.0}, ValueError, "step_size must be a finite number > 0"),
    "length": (
        {"trajectory_length": np.nan},
        ValueError,
        "trajectory_length must be a finite number > 0",
    ),
    "target": (
        {"target_acceptance": 1.0},
        ValueError,
        "target_acceptance must be a finite number > 0 and < 1",
    ),
    "scheme": ({"integrator": "euler"}, ValueError, "one of"),
    "no step": ({"jitter": 1.0}, ValueError, "jitter must be a finite number ≥ 0 and < 1, got 1"),
    "no length": ({"spread": 1.0}, ValueError, "spread must be a finite number ≥ 0 and < 1, got 1"),
}


@pytest.mark.parametrize(
    ("beta", "step"), [(1e-9, 0.25), (0.5, 0.25), (8.0, 1 / 16), (50.0, 0.025)]
)
def test_the_default_step_is_half_a_radian_of_the_fastest_wave(beta, step):
    """ε √(8β) = ½ with the frequency √(8β) of the stiffest wave at θ = 0, at most ¼."""
    (state,) = hmc(COLD, beta, n_trajectories=1, jitter=0.0, random_state=0)
    assert state.step_size == pytest.approx(step, rel=1e-12)


@pytest.mark.parametrize(("setting", "error", "message"), BAD.values(), ids=BAD)
def test_bad_settings_are_refused_at_once(setting, error, message):
    with pytest.raises(error, match=message):
        hmc(COLD, 1.0, **{"n_trajectories": 1, **setting})


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="beta must be a finite number ≥ 0"):
        hmc(COLD, -1.0, n_trajectories=1)
    with pytest.raises(ValueError, match="shape"):
        winding_hit(COLD[0], 1.0)
    with pytest.raises(ValueError, match="momentum must have shape"):
        integrate(COLD, COLD[:, :1], 1.0, step_size=0.1, n_steps=1)


def test_a_trajectory_goes_back_through_angles_beyond_two_pi():
    rng = np.random.default_rng(0)
    theta, momentum = rng.uniform(-np.pi, np.pi, (20, 2, 4, 4)), rng.normal(size=(20, 2, 4, 4))
    there, end = integrate(theta, momentum, 7.0, step_size=0.05, n_steps=80)
    back, _ = integrate(there, -end, 7.0, step_size=0.05, n_steps=80)
    assert np.abs(there).max() > 2 * np.pi
    np.testing.assert_allclose(back, theta, atol=1e-11)


def times(**settings):
    """Lengths of 200 trajectories of free links: their displacement is momentum times time."""
    theta, found = np.zeros((2, 2, 12, 12)), []
    for state in hmc(theta, 0.0, n_trajectories=200, random_state=0, **settings):
        found.append(np.sqrt(np.mean(wrap(state.theta - theta) ** 2)))
        theta = state.theta
    return np.array(found)


@pytest.mark.parametrize(("beta", "shape"), [(3.0, (8, 8)), (100.0, (32, 32))], ids=str)
def test_single_precision_has_the_energies_of_double(beta, shape):
    """ΔH of the same trajectories of almost the same momenta: to √(βV) 1e-6 on average."""
    theta = sample_exact(50, beta, shape, random_state=3)
    states = [
        next(hmc(theta, beta, n_trajectories=1, single=single, random_state=4))
        for single in (True, False)
    ]
    assert states[0].theta.dtype == np.float32
    assert states[1].theta.dtype == np.float64
    assert all(abs(np.exp(-state.delta_h).mean() - 1) < 0.3 for state in states)
    rng, path = np.random.default_rng(0), {"step_size": 0.02, "n_steps": 20}
    momentum = rng.normal(size=theta.shape)
    energies = []
    for dtype in (np.float32, np.float64):
        start = theta.astype(dtype), momentum.astype(dtype)
        end = integrate(*start, beta, **path)
        energies.append([
            action(x, beta) + (p.astype(float) ** 2).sum(axis=(1, 2, 3)) / 2
            for x, p in (start, end)
        ])  # fmt: skip
    rounding = np.diff(energies[0], axis=0) - np.diff(energies[1], axis=0)
    assert rounding.std() < 1e-6 * np.sqrt(beta * np.prod(shape)) + 2e-5


def test_jitter_is_the_range_of_the_steps():
    """Uniform in ε(1 ± jitter), one step each; the displacement tells it to 3 %."""
    found = times(step_size=0.1, trajectory_length=0.1, jitter=0.5)
    assert 0.045 < found.min() < 0.058
    assert 0.14 < found.max() < 0.162
    assert abs(found.mean() - 0.1) < 4 * 0.1 / np.sqrt(12 * 200)


def test_spread_is_the_range_of_the_lengths():
    """Whole numbers of steps in length(1 ± spread)."""
    settings = {"step_size": 0.02, "trajectory_length": 0.2, "jitter": 0.0, "spread": 0.5}
    found = times(**settings)
    assert 0.09 < found.min() < 0.115
    assert 0.28 < found.max() < 0.325
    assert abs(found.mean() - 0.2) < 4 * 0.2 / np.sqrt(12 * 200)
    steps = [
        state.n_steps
        for state in hmc(
            np.zeros((1, 2, 2, 2)), 0.0, n_trajectories=200, random_state=0, **settings
        )
    ]
    assert (min(steps), max(steps)) == (5, 15)
