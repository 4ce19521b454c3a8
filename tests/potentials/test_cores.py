"""Rows of correlators, other partial waves, mixtures and short tails, on families with seeds."""

import warnings

import numpy as np
import pytest

from halkit.datasets import make_time_dependent
from halkit.equations import radial_rows
from halkit.exceptions import MisfitWarning
from halkit.interactions import GaussianSum, Local, Yukawa
from halkit.potentials import GaussianProcessPotentialRegressor, lattice_prior
from halkit.potentials.angular import wave_of_barrier, wave_of_rows
from halkit.potentials.cores import core_of, turned
from halkit.potentials.mixtures import left_by_pair
from halkit.scattering import phase_shift, scattering_wave_functions


def draw(kind, seed):
    """A truth, its mass, nodes at h, 2h, …, h = 0.3 … 1.2, and the generator of the rest.

    Its strength is 0.2 … 1.5 (repulsive 3) times what binds.
    """
    random = np.random.default_rng([seed, len(kind)])
    m, h = np.exp(random.uniform(np.log(0.3), np.log(3))), random.uniform(0.3, 1.2)
    sign = random.choice([-1, 1])
    f = sign * np.exp(random.uniform(np.log(0.2), np.log(3 if sign > 0 else 1.5)))
    b, mu = random.uniform(2, 4) * h, 1 / np.exp(random.uniform(np.log(0.5), np.log(3)))
    depth, end = 2.684 / (2 * m * b**2), 4 * b
    if kind == "yukawa":
        V, end = Yukawa(-f * 1.68 * mu / (2 * m), mu), 8 / mu  # positive where it attracts
    elif kind == "gaussian":
        V = GaussianSum([f * depth], [b**-2])
    elif kind == "exponential":
        mu, depth = 0.5 / h, f * 1.45 / (8 * m * h**2)
        V, end = Local(lambda r: depth * np.exp(-mu * r), radius=60 * h), 8 / mu
    else:  # a well with a core that lets little in
        core = random.uniform(1, 2) * h
        high = np.exp(random.uniform(np.log(3), np.log(100)))
        V = GaussianSum([-abs(f) * depth / 2, high * depth], [b**-2, core**-2])
    n = int(np.clip(np.ceil(end / h), 20, 60))
    return V, m, h * np.arange(1, n + 1), random


def correlators(kind, seed, noise, l=0):
    """A truth, its mass and `make_time_dependent` of it, at 0.7 … 3 inverse gaps of the box."""
    V, m, r, random = draw(kind, seed)
    R = 1.15 * r[-1]
    gap = 3 * np.pi**2 / (2 * m * R**2)
    start = random.uniform(0.7, 3) / gap
    times = start + min(0.03 / gap, start / 8) * np.arange(7)
    return V, m, make_time_dependent(
        V, r=r, box_radius=R, hadron_mass=2 * m, times=times, source_radius=R / 6, l=l,
        noise=noise, noise_floor=1e-2, n_bins=20 if noise else None, random_state=seed,
    )  # fmt: skip


def process(r, m):
    prior = lattice_prior(0.09 / r[0])
    return GaussianProcessPotentialRegressor(r, reduced_mass=m, local="only", **prior)


def told(model, X, y, y_std=None):
    """The messages of `MisfitWarning`s of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **({} if y_std is None else {"y_std": y_std}))
    return [str(one.message) for one in caught if one.category is MisfitWarning]


def judged(kind, seed, noise):
    """Whether δ is off by more than 1° and three errors, or within one error; and what is told."""
    V, m, d = correlators(kind, seed, noise)
    model = process(d.r, m)
    messages = told(model, d.data, d.target, d.sigma)
    k = np.linspace(0.3 / d.r[-1], min(6 * np.pi / d.r[-1], np.pi / (2 * d.r[0])), 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        delta, std = np.rad2deg(model.phase_shift(k, return_std=True, n_draws=12))
    off = np.abs(np.rad2deg(turned(phase_shift(V, k, reduced_mass=m) - np.deg2rad(delta))))
    fault = np.any((off > 1) & (off > 3 * std))
    return fault, np.all((off < 0.2) | (off < std)), bool(messages)


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_cores_of_correlators_are_named(noise):
    """Of the faults of Yukawa truths most, of the right fits to any truth none."""
    found = [judged("yukawa", seed, noise) for seed in range(12)]
    faults = [named for fault, _, named in found if fault]
    assert len(faults) > 2
    assert np.mean(faults) > 0.7
    for kind in ("gaussian", "exponential"):
        found += [judged(kind, seed, noise) for seed in range(3)]
    right = [named for _, right, named in found if right]
    assert len(right) > 4
    assert not any(right)


@pytest.mark.parametrize("size", [-0.8, 0.5, 2.0])
def test_the_size_of_a_core_that_is_known(size):
    """Fits of V to correlators of V + αw give α within 5 %, and zero to correlators of V."""
    V, m, r = GaussianSum([-0.25], [0.12]), 0.9, 0.6 * np.arange(1, 31)
    settings = {"r": r, "box_radius": 20.0, "hadron_mass": 2 * m, "times": np.arange(60, 67)}
    same = core_of(V, make_time_dependent(V, **settings).data, r, m)
    assert abs(same.size) < max(3 * same.error, 1e-3)
    truth = V + size * same.potential
    core = core_of(V, make_time_dependent(truth, **settings).data, r, m)
    assert core.size == pytest.approx(size, rel=0.05)
    assert core.residual < 1e-3


def test_shells_of_a_lattice_and_few_nodes_are_not_looked_at():
    V, m = GaussianSum([-0.25], [0.12]), 0.9
    shells = np.sqrt([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22])
    for r in (shells, 0.5 * np.arange(30), 0.6 * np.arange(1, 12)):
        assert core_of(V, np.ones((2, len(r))), r, m) is None


def test_a_core_is_named_once_at_the_line_of_the_caller():
    for seed in range(20):
        _, m, d = correlators("yukawa", seed, 0.0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            process(d.r, m).fit(d.data, d.target)
        if caught:
            break
    assert [(one.category, one.filename) for one in caught] == [(MisfitWarning, __file__)]
    assert "take finer nodes, or a form that has the core" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", MisfitWarning)
        process(d.r, m).fit(d.data, d.target)


@pytest.mark.parametrize("l", [1, 2])
def test_waves_of_another_l_are_named(l):
    """Correlators and stationary waves, y made with l or without; l = 1, 2 are told apart."""
    named = []
    for kind, seed in [(kind, seed) for kind in ("yukawa", "gaussian") for seed in range(3)]:
        V, m, d = correlators(kind, seed, 0.0, l=l)
        r, barrier = d.r, l * (l + 1) / (2 * m * d.r**2)
        k = np.linspace(0.3 / r[-1], min(np.pi / (2 * r[0]), 12 * np.pi / r[-1]), 6)
        phi = scattering_wave_functions(V, k, reduced_mass=m, l=l)(r)
        data = [(d.data, d.target), radial_rows(d.correlators).mean()]
        data += [(phi, V(r) * phi), (phi, (V(r) + barrier) * phi)]
        named += [told(process(r, m), *rows) for rows in data]
        right = told(process(r, m).set_params(l=l), *data[0])
        assert not any("X are waves" in one for one in right)
    expected = f"X are waves of l = {l}, but this fit is solved for S waves, l = 0"
    assert np.mean([any(expected in one for one in messages) for messages in named]) > 0.85
    assert not any(f"of l = {3 - l}, and" in one for messages in named for one in messages)


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_s_waves_are_not_taken_for_others(noise):
    """Wells with hard cores, whose waves rise at the origin, and others."""
    for kind, seed in [(kind, seed) for kind in ("hard", "yukawa") for seed in range(4)]:
        V, m, d = correlators(kind, seed, noise)
        k = np.linspace(0.3 / d.r[-1], 6 * np.pi / d.r[-1], 5)
        phi = scattering_wave_functions(V, k, reduced_mass=m)(d.r)
        for rows in ((d.data, d.target, d.sigma), (phi, V(d.r) * phi)):
            assert not any("X are waves" in one for one in told(process(d.r, m), *rows))


def test_waves_in_closed_form():
    """Free waves j_l(kr), and l(l + 1)/2mr² beside a short V, with noise and without."""
    r, m = 0.5 * np.arange(1, 31), 0.7
    free = GaussianSum([0.0], [1.0])
    for l in (0, 1, 2):
        phi = scattering_wave_functions(free, [0.1, 0.2], reduced_mass=m, l=l)(r)
        assert wave_of_rows(free, phi, r, m) == (l or None)
        barrier = l * (l + 1) / (2 * m * r**2)
        std = 0.05 / (2 * m * r**2)
        noisy = barrier + std * np.random.default_rng(l).standard_normal(r.size)
        assert wave_of_barrier(barrier - np.exp(-(r**2)), 0 * r, r, m) == (l or None)
        assert wave_of_barrier(noisy, std, r, m) == (l or None)
    for V in (np.exp(-r / 3), 1 / r, 0.7 * np.exp(-r), 2 / r**3):
        assert wave_of_barrier(V, 0 * r, r, m) is None


def mixture(seed):
    """A Gaussian truth, and a wave with 0.3 … 30 % of another of near k."""
    V, m, r, random = draw("gaussian", seed)
    k, part = random.uniform(1, 25) / r[-1], np.exp(random.uniform(np.log(0.003), np.log(0.3)))
    near = abs(k + random.choice([-1, 1]) * random.uniform(0.7, 8) / r[-1]) + 0.1 / r[-1]
    one, other = scattering_wave_functions(V, [k, near], reduced_mass=m)(r)
    return V, m, r, k, one + part * other, one


def test_a_mixture_is_left_by_no_pair_of_waves_of_its_potential():
    for seed in range(6):
        V, m, r, k, phi, _ = mixture(seed)
        size = np.sqrt(np.mean((r * phi) ** 2))
        assert left_by_pair(V, phi, r, m, k) < 1e-6 * size
        core = Yukawa(-2 / (2 * m), 2 / r[0])
        (other,) = scattering_wave_functions(V + core, [k], reduced_mass=m)(r)
        shift = turned(phase_shift(V + core, k, reduced_mass=m) - phase_shift(V, k, reduced_mass=m))
        if abs(shift) > 0.02:
            assert left_by_pair(V, other, r, m, k) > 0.02 * abs(shift) / (k * r[-1])


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_mixtures_are_not_named(noise):
    """Right fits to waves that have a part of another one."""
    for seed in range(10):
        V, m, r, _, phi, one = mixture(seed)
        random, rows = np.random.default_rng(seed), np.array([phi, one])
        std = noise * (np.abs(V(r) * rows) + 1e-3 * np.abs(V(r) * rows).max())
        y = V(r) * rows + std * random.standard_normal(rows.shape)
        assert not told(process(r, m), rows, y, std if noise else None)


def test_tails_on_few_nodes_are_compared():
    """Yukawa and square-well truths on 10 … 16 nodes: every fault of more than 1°."""
    faults = []
    for kind, seed in [(kind, seed) for kind in ("yukawa", "well") for seed in range(5)]:
        random = np.random.default_rng([seed, len(kind), 3])
        m, h, n = random.uniform(0.3, 2), random.uniform(0.3, 1.2), random.integers(10, 17)
        f, mu = random.uniform(0.2, 1.5) * random.choice([-1, 1]), 4 / (n * h)
        V = Yukawa(f * 1.68 * mu / (2 * m), mu)
        if kind == "well":
            b, depth = 1 / mu, f * 2.467 * mu**2 / (2 * m)
            V = Local(lambda r, b=b, depth=depth: depth * (r < b), radius=b, edges=[b])
        r = h * np.arange(1, n + 1)
        k = np.linspace(0.3 / r[-1], 6 * np.pi / r[-1], 8)
        phi = scattering_wave_functions(V, k, reduced_mass=m)(r)
        model = process(r, m)
        named = bool(told(model, phi, V(r) * phi))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            delta, std = model.phase_shift(k, return_std=True, n_draws=12)
        off = np.abs(turned(phase_shift(V, k, reduced_mass=m) - delta))
        faults += [named] * bool(np.any((off > np.deg2rad(1)) & (off > 3 * std)))
    assert len(faults) > 2
    assert all(faults)
