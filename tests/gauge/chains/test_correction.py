"""The corrector against exact moments, from starts that are far off; its length against τ."""

import numpy as np
import pytest

from halkit.gauge import (
    action,
    autocorrelation_time,
    correct,
    exact_susceptibility,
    exact_wilson_loop,
    flux_links,
    hmc,
    plaquette,
    polyakov_loop,
    sample_exact,
    sample_report,
    tail_length,
    topological_charge,
    wilson_loop,
    wrap,
)
from halkit.gauge.chains.correction import ENERGY_TIME, _moves, _turned


def uniform(n, shape, seed=0):
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (n, 2, *shape))


def wrong_charges(n, shape, beta, seed=0):
    """Locally in equilibrium, but with χ about 2.7 times too large."""
    theta = sample_exact(n, beta, shape, random_state=seed)
    spread = np.sqrt(1.7 * exact_susceptibility(beta, shape) * np.prod(shape))
    extra = np.rint(np.random.default_rng(seed + 1).normal(size=n) * spread)
    return wrap(theta + extra[:, None, None, None] * flux_links(1, shape))


def assert_exact(theta, beta, limit=3.5):
    report = sample_report(theta, beta, loops=((1, 1), (2, 2), (1, 3)))
    assert max(abs(row.z) for row in report.rows) < limit, str(report)
    assert not report.charge_p_value < 1e-3, str(report)


CASES = [((8, 8), 1.0), ((8, 8), 7.0), ((6, 4), 11.0), ((4, 4), 0.0), ((3, 10), 4.0)]


@pytest.mark.parametrize(("shape", "beta"), CASES, ids=str)
def test_uniform_links_become_exact(shape, beta):
    assert_exact(correct(uniform(500, shape), beta, random_state=1), beta)


@pytest.mark.parametrize(("shape", "beta"), [((8, 8), 5.0), ((12, 10), 7.0)], ids=str)
def test_a_wrong_topology_becomes_exact(shape, beta):
    start = wrong_charges(400, shape, beta)
    assert sample_report(start, beta).rows[-1].z > 4
    assert_exact(correct(start, beta, random_state=2), beta)


def test_too_short_a_tail_is_seen():
    theta = correct(uniform(500, (8, 8)), 7.0, n_trajectories=3, random_state=3)
    report = sample_report(theta, 7.0)
    assert all(abs(row.z) > 4 for row in report.rows)


@pytest.mark.parametrize("beta", [1.0, 3.0, 7.0])
def test_the_tail_is_many_autocorrelation_times(beta):
    shape, n = (12, 12), 200
    length, hits = _moves(beta, shape)
    theta = sample_exact(40, beta, shape, random_state=4)
    settings = {"trajectory_length": length, "spread": 0.5, "winding_hits": hits}
    chains = hmc(theta, beta, n_warmup=20, n_trajectories=n, random_state=5, **settings)
    series = []
    for state in chains:
        P = plaquette(state.theta)
        wave = np.abs(np.fft.rfft(np.sin(P).sum(axis=1))[:, 1]) ** 2
        charge = topological_charge(state.theta)
        loops = [np.cos(P).mean(axis=(1, 2)), wilson_loop(state.theta, 4, 4)]
        series.append([*loops, wave, charge, charge**2])
    times = [autocorrelation_time(chain.T).value for chain in np.moveaxis(series, 0, 1)]
    assert max(times) < ENERGY_TIME
    assert tail_length(beta, shape) >= 10 * max(times)


def test_length_of_the_tail():
    lengths = [[tail_length(beta, (L, L)) for L in (8, 16, 32, 64, 128)] for beta in (0, 3, 7, 11)]
    assert np.all(np.diff(lengths, axis=1)[:, 1:] >= -1)
    assert np.all(np.diff(lengths, axis=0) <= 0)
    assert np.min(lengths) == 40
    assert tail_length(1e4, (8, 8)) == 40
    assert tail_length(7.0, (4, 32)) == tail_length(7.0, (32, 4))


def test_rows_batches_seeds_and_no_side_effects(monkeypatch):
    theta = uniform(7, (3, 4)).astype(np.float32)
    kept = theta.copy()
    settings = {"n_trajectories": 4, "random_state": 6}
    corrected = correct(theta, 2.0, **settings)
    assert corrected.dtype == np.float64
    assert corrected.shape == theta.shape
    assert np.abs(corrected).max() <= np.pi
    assert np.array_equal(theta, kept)
    rows = correct(theta.reshape(7, -1), 2.0, lattice_shape=(3, 4), **settings)
    assert np.array_equal(rows, corrected.reshape(7, -1))
    monkeypatch.setattr("halkit.gauge.chains.correction.SITES", 96)
    batches = correct(uniform(700, (3, 4)), 2.0, random_state=6)
    assert_exact(batches, 2.0)


def test_bad_input_is_refused():
    theta = uniform(2, (4, 4))
    with pytest.raises(ValueError, match="n_trajectories must be an integer ≥ 1"):
        correct(theta, 1.0, n_trajectories=0)
    with pytest.raises(ValueError, match="beta must be a finite number"):
        correct(theta, -1.0)
    with pytest.raises(ValueError, match="theta must be finite"):
        correct(theta * np.nan, 1.0)
    with pytest.raises(ValueError, match="each at least 2"):
        tail_length(1.0, (1, 8))
    with pytest.raises(ValueError, match="beta must be a finite number"):
        tail_length(np.inf, (8, 8))


@pytest.mark.parametrize(("beta", "shape"), [(20.0, (2, 2)), (50.0, (2, 2)), (30.0, (4, 4))])
def test_no_chain_is_left_behind_on_a_small_lattice(beta, shape):
    """From uniform links a few chains stay hot, and reject every step that suits the others."""
    theta = correct(uniform(16384, shape), beta, random_state=3)
    loops = wilson_loop(theta, 1, 1)
    z = (loops.mean() - exact_wilson_loop(1, beta, shape)) / loops.std() * np.sqrt(len(theta))
    assert abs(z) < 4


def test_the_two_polyakov_loops_turn_apart():
    """⟨P0 P1⟩ = ⟨P0 P1*⟩ = 0 of cold links after the turn, which leaves the plaquettes alone."""
    theta = _turned(np.zeros((4000, 2, 3, 4)), np.random.default_rng(0))
    assert np.allclose(plaquette(theta), 0, atol=1e-12)
    P0, P1 = (polyakov_loop(theta, mu)[:, 0] for mu in (0, 1))
    for product in (P0, P1, P0 * P1, P0 * np.conj(P1)):
        z = product.mean() * np.sqrt(2 * len(theta))
        assert max(abs(z.real), abs(z.imag)) < 4


def test_the_polyakov_loops_forget_the_start():
    """On 16 x 2 their phases move slowly; a turn of all links across one line is a symmetry."""
    theta = correct(np.zeros((4000, 2, 16, 2)), 7.0, random_state=1)
    for mu in (0, 1):
        loops = polyakov_loop(theta, mu).reshape(len(theta), -1)[:, 0]
        assert abs(loops.mean()) < 4 / np.sqrt(2 * len(theta)) * np.abs(loops).max()


@pytest.mark.parametrize("beta", [1e2, 1e4, 1e6, 1e12])
def test_uniform_links_become_exact_at_every_coupling(beta):
    """The action of the (V − 1) oscillators is ½ each, from β each."""
    theta = correct(uniform(200, (4, 4)), beta, random_state=6)
    values = action(theta, beta)
    exact = beta * 16 * (1 - exact_wilson_loop(1, beta, (4, 4)))
    z = (values.mean() - exact) / (values.std() / np.sqrt(200))
    assert abs(z) < 3.5
    assert np.sort(values)[-5] < 30
    assert values.max() < 300
    assert not topological_charge(theta).any()


def test_trajectories_end_with_the_slowest_wave():
    """ω·length ≤ 2π, and as long as before at the couplings where this is longer."""
    for beta, shape, length in [(7.0, (16, 16), 1.0), (11.0, (4, 4), 1.0), (7.0, (32, 8), 2.0)]:
        assert _moves(beta, shape)[0] == length
    for beta in (1e3, 1e9):
        wave = 2 * np.sqrt(beta) * np.sin(np.pi / 6)
        assert _moves(beta, (6, 4))[0] == pytest.approx(2 * np.pi / wave)
    assert tail_length(1e9, (8, 8)) - tail_length(1e6, (8, 8)) == pytest.approx(55.3, abs=1)
    assert tail_length(1e12, (8, 8)) == 188
