"""Sequential Monte Carlo against Z, P(Q) and Wilson loops of the torus, and its own gate."""

import numpy as np
import pytest
from scipy.special import ive
from sklearn.exceptions import ConvergenceWarning

from halkit.gauge import (
    U1,
    ParticleSample,
    exact_susceptibility,
    exact_wilson_loop,
    sample_smc,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.chains.smc import _systematic
from halkit.gauge.theory.bessel import partition
from halkit.gauge.theory.torus import wilson_action


def log_z(beta, shape):
    """ln Z(β)/Z(0) = ln e^{−βV} Σ_n I_n(β)^V."""
    ratio = ive(np.abs(np.arange(-60, 61)), beta)
    return np.prod(shape) * np.log(ratio.max()) + np.log(
        np.sum((ratio / ratio.max()) ** np.prod(shape))
    )


@pytest.mark.parametrize(("shape", "beta"), [((4, 4), 3.0), ((6, 5), 6.0), ((6, 6), 2.0)], ids=str)
def test_loops_charges_and_z_are_exact(shape, beta):
    sample = sample_smc(1600, beta, shape, random_state=0)
    assert sample.converged
    assert sample.weights.sum() == pytest.approx(1.0)
    square = exact_susceptibility(beta, shape) * np.prod(shape)
    loop = exact_wilson_loop(4, beta, shape)
    for values, exact in (
        (topological_charge(sample.theta) ** 2, square),
        (wilson_loop(sample.theta, 2, 2), loop),
    ):
        mean, error = sample.mean(values)
        assert abs(mean - exact) < 3.5 * error
        assert error < 0.2 * exact
    assert sample.resampled(1).shape == sample.theta.shape
    assert sample.resampled(1, n=7).shape == (7, 2, *shape)
    error = sample.log_z.std(ddof=1) / 2
    assert abs(sample.log_z.mean() - log_z(beta, shape)) < 5 * error + 0.02


def test_families_of_two_populations_are_not_one():
    """error² = Σ over families (Σ w (x − x̄))²: particles 1 and 1 of two populations are two."""
    rng = np.random.default_rng(0)
    population, ancestor = np.repeat(np.arange(3), 40), rng.integers(0, 15, 120)
    weights, values = rng.uniform(size=120) / 60, rng.normal(size=120)
    weights /= weights.sum()
    sample = ParticleSample(None, weights, population, ancestor, np.zeros(1), None, 1.0, 1)
    share = weights * (values - weights @ values)
    families = dict.fromkeys(zip(population, ancestor, strict=True), 0.0)
    for p, a, part in zip(population, ancestor, share, strict=True):
        families[p, a] += part
    expected = np.sqrt(sum(part**2 for part in families.values()))
    assert sample.mean(values) == pytest.approx((weights @ values, expected), rel=1e-12)


def test_errors_cover_the_truth():
    """Pulls of ⟨Q²⟩ over 16 runs of four populations."""
    exact = exact_susceptibility(3.0, (3, 4)) * 12
    pulls = []
    for seed in range(16):
        sample = sample_smc(1200, 3.0, (3, 4), random_state=seed, n_levels=60)
        mean, error = sample.mean(topological_charge(sample.theta) ** 2)
        pulls.append((mean - exact) / error)
    assert abs(np.mean(pulls)) * np.sqrt(16) < 3.5
    assert 0.6 < np.std(pulls) < 1.5


def test_too_few_levels_are_found_out():
    with pytest.warns(ConvergenceWarning, match="not converged: .* distinct ancestors"):
        sample = sample_smc(800, 8.0, (8, 8), n_levels=20, random_state=0)
    assert not sample.converged
    assert sample.ess > 100  # the final effective size tells nothing
    exact = exact_susceptibility(8.0, (8, 8)) * 64
    assert (topological_charge(sample.theta) ** 2).mean() > 1.5 * exact


@pytest.mark.parametrize("beta", [60.0, 1e6])
@pytest.mark.filterwarnings("ignore:not converged")
def test_large_couplings_need_logarithmically_many_levels(beta):
    """ln Z and the plaquette at couplings where a linear ramp would have up to 9e6 levels."""
    shape = (3, 3)
    sample = sample_smc(1600, beta, shape, n_populations=2, random_state=2)
    assert sample.distinct_ancestors.min() > 50
    assert sample.n_force_evaluations < 5 * 800
    exact = 9 * np.log(ive(0, beta)) + np.log(partition(beta, 9))
    assert np.abs(sample.log_z - exact).max() < 0.6
    mean, error = sample.mean(wilson_action(sample.theta, beta))
    assert abs(mean - beta * 9 * (1 - exact_wilson_loop(1, beta, shape))) < 4 * error + 1e-3
    assert error < 0.5


def test_zero_coupling_is_the_haar_measure():
    sample = sample_smc(800, 0.0, (3, 4), random_state=1)
    np.testing.assert_allclose(sample.weights, 1 / 800)
    np.testing.assert_allclose(sample.log_z, 0.0, atol=1e-12)
    assert sample.distinct_ancestors.tolist() == [200] * 4


def test_a_seed_gives_one_sample_and_leaves_numpy_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (sample_smc(400, 1.0, (3, 3), random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first.theta, second.theta)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_systematic_resampling_takes_floor_or_ceiling():
    weights = np.random.default_rng(0).dirichlet(np.ones(50))
    counts = np.bincount(_systematic(weights, 1000, np.random.default_rng(1)), minlength=50)
    assert np.all(np.abs(counts - 1000 * weights) < 1)


def test_one_family_has_the_error_of_one_draw():
    """Values of two families, two populations: error from families and from populations."""
    sample = ParticleSample(
        np.zeros((4, 2, 2, 2)), np.full(4, 0.25), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]),
        np.zeros(2), np.array([1, 2]), 4.0, 1,
    )  # fmt: skip
    mean, error = sample.mean([1.0, 1.0, 0.0, 0.0])
    assert mean == 0.5
    assert error == pytest.approx(0.5)  # populations 1 and 0: sd 0.7/√2
    with pytest.raises(ValueError, match=r"shape \(4,\), got \(3,\)"):
        sample.mean([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ((10, 1.0, (4, 4)), {}, ValueError, "multiple of n_populations = 4; got 10"),
        ((0, 1.0, (4, 4)), {}, ValueError, "n "),
        ((8, -1.0, (4, 4)), {}, ValueError, "beta"),
        ((8, 1.0, (4, 1)), {}, ValueError, "lattice"),
        ((8, 1.0, (4, 4)), {"n_levels": 0}, ValueError, "n_levels"),
        ((8, 1.0, (4, 4)), {"n_steps": 1.5}, TypeError, "n_steps"),
    ],
)
def test_bad_input_is_refused(arguments, settings, error, message):
    with pytest.raises(error, match=message):
        sample_smc(*arguments, **settings)


class Interpolated:
    """A poor guide: the Wilson action of another coupling, times u."""

    def __init__(self, beta):
        self.beta = beta

    def energy(self, theta, u):
        return wilson_action(theta, u * self.beta)

    def force(self, theta, u):
        momentum = np.zeros(theta.shape)
        U1(u * self.beta).kick(momentum, theta, 1.0)
        return momentum


@pytest.mark.parametrize("guide", [0.0, 6.0])
def test_any_path_ends_in_the_true_action(guide):
    """Along a guide of coupling 0 or more than the target: same loops, charges and ln Z."""
    shape, beta = (4, 5), 3.0
    sample = sample_smc(1200, beta, shape, path=Interpolated(guide), n_levels=200, random_state=3)
    assert sample.converged
    square = exact_susceptibility(beta, shape) * np.prod(shape)
    for values, exact in (
        (topological_charge(sample.theta) ** 2, square),
        (wilson_loop(sample.theta, 1, 2), exact_wilson_loop(2, beta, shape)),
    ):
        mean, error = sample.mean(values)
        assert abs(mean - exact) < 3.5 * error
        assert error < 0.2 * exact
    error = sample.log_z.std(ddof=1) / 2
    assert abs(sample.log_z.mean() - log_z(beta, shape)) < 5 * error + 0.02


def test_a_constant_energy_of_the_start_does_not_count():
    """ln Z(β)/Z(0) = V ln I0 e^{−β} and more, whatever constant the path begins with."""

    class Raised(Interpolated):
        def energy(self, theta, u):
            return super().energy(theta, u) + 5.0

    plain, raised = (
        sample_smc(800, 2.0, (3, 3), n_populations=2, path=kind(0.3), random_state=4).log_z
        for kind in (Interpolated, Raised)
    )
    np.testing.assert_allclose(raised, plain, atol=1e-9)


def test_a_path_without_energy_is_the_ramp():
    ramp = sample_smc(800, 2.0, (3, 3), n_populations=2, random_state=4)
    guided = sample_smc(800, 2.0, (3, 3), n_populations=2, path=Interpolated(0.0), random_state=4)
    np.testing.assert_allclose(guided.log_z, ramp.log_z, atol=1e-9)
    np.testing.assert_allclose(guided.weights, ramp.weights, rtol=1e-7)


def broken(name, values):
    """A path one of whose functions returns these values."""
    path = Interpolated(1.0)
    setattr(path, name, lambda *_: values)
    return path


@pytest.mark.parametrize(
    ("path", "error", "match"),
    [
        (3.0, TypeError, "energy.theta, u. and force"),
        (broken("energy", np.arange(40.0)), ValueError, "constant at u = 0"),
        (
            broken("energy", np.zeros(3)),
            ValueError,
            "energy of path must have shape .40,., got .3,.",
        ),
        (broken("force", np.zeros(3)), ValueError, "force of path must have shape"),
        (broken("force", np.full((40, 2, 3, 3), np.nan)), ValueError, "force of path must be fin"),
    ],
)
def test_what_is_no_path(path, error, match):
    with pytest.raises(error, match=match):
        sample_smc(40, 1.0, (3, 3), n_populations=1, path=path, random_state=0)
