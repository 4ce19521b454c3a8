"""Diffusion of scalar fields: exact for a free field, by its weights for all others.

The values of φ⁴ are those of long chains of hybrid Monte Carlo, κ = 0.21 and 0.5, and with embedded
Swendsen-Wang moves at κ = 0.27; errors are of 32 groups of chains.
"""

import io
import pickle
import warnings

import joblib
import numpy as np
import pytest
from scipy import integrate
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skops.io import dumps, get_untrusted_types, loads

from halkit import load, save
from halkit.datasets import make_phi4_configurations
from halkit.exceptions import AccuracyWarning
from halkit.gauge import (
    Phi4,
    Phi4DiffusionSampler,
    WeightedSample,
    action,
    force,
    hmc,
    sample_report,
    susceptibility,
    topological_charge,
    wilson_loop,
)
from halkit.gauge.chains.weights import metropolis_chain
from halkit.gauge.diffusion.modes import Learned, draw, log_paths, mode_chain
from halkit.gauge.theory.report import effective_fraction

NAMES = ("|M|", "chi_2", "chi_2 con", "U_L", "phi^2", "S/V", "G(1)")
# (κ, L): values of NAMES and their errors, λ = 0.022.
VALUES = {
    (0.21, 8): ((0.16062, 2.584899, 0.9337761, 0.0155399, 0.6228747, 0.4758611, 0.1712023),
                (0.00024, 0.0072, 0.0029, 0.0026, 0.00032, 0.00036, 0.00021)),
    (0.27, 8): ((0.8840751, 59.72693, 9.705255, 0.5018557, 1.560167, 0.383188, 1.134316),
                (0.0016, 0.16, 0.04, 0.00095, 0.0021, 0.00032, 0.0023)),
    (0.5, 8): ((4.829946, 1493.263, 0.24686, 0.6664464, 23.46163, -11.882, 23.34646),
               (0.00014, 0.087, 0.00047, 4.2e-07, 0.0014, 0.00028, 0.0014)),
    (0.21, 16): ((0.08017031, 2.575983, 0.9306004, 0.005029925, 0.6221181, 0.4756173, 0.1705703),
                 (0.00022, 0.013, 0.0047, 0.0046, 0.00021, 0.00023, 0.00014)),
    (0.5, 16): ((4.829926, 5972.263, 0.2481247, 0.6666113, 23.46138, -11.88216, 23.34625),
                (7.7e-05, 0.19, 0.0011, 2.5e-07, 0.00071, 0.0003, 0.00074)),
}  # fmt: skip


def trained(kappa, size, n, **settings):
    X = make_phi4_configurations(n, size, kappa=kappa, lam=0.022, random_state=size)
    return Phi4DiffusionSampler(kappa=kappa, lam=0.022, random_state=0, **settings).fit(X)


@pytest.fixture(scope="module")
def models():
    return {kappa: trained(kappa, 8, 1000) for kappa in (0.21, 0.27, 0.5)}


def check(report, kappa, size):
    rows = {row.name: row for row in report.rows}
    assert abs(rows["identity"].z) < 3.5, str(report)
    for name, value, error in zip(NAMES, *VALUES[kappa, size], strict=True):
        assert abs(rows[name].mean - value) < 3.5 * np.hypot(rows[name].error, error), str(report)


@pytest.mark.parametrize(("kappa", "least"), [(0.21, 0.95), (0.27, 0.8), (0.5, 0.95)])
def test_weighted_means_are_those_of_the_theory(models, kappa, least):
    sample = models[kappa].weighted_sample(3000, random_state=3)
    report = models[kappa].sample_report(sample)
    check(report, kappa, 8)
    assert report.ess == pytest.approx(sample.ess)
    assert sample.ess > least
    mean, error = sample.mean(np.abs(sample.field.mean(axis=(1, 2))))
    row = report.rows[0]
    assert mean == pytest.approx(row.mean)
    assert error == pytest.approx(row.error, rel=0.5)


def test_a_metropolis_chain_is_exact(models):
    model = models[0.27]
    fields = model.sample(3000, random_state=2)
    check(model.sample_report(fields), 0.27, 8)
    moved = np.any(np.diff(fields, axis=0) != 0, axis=(1, 2)).mean()
    assert 0.75 < moved < 0.95
    raw = model.sample(100, correction=None, random_state=2)
    assert np.any(np.diff(raw, axis=0) != 0, axis=(1, 2)).all()
    assert model.sample_report(raw).ess > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("kappa", [0.21, 0.5])
def test_larger_lattices(kappa):
    model = trained(kappa, 16, 300)
    sample = model.weighted_sample(600, random_state=1)
    check(model.sample_report(sample), kappa, 16)
    assert sample.ess > 0.9


@pytest.mark.slow
def test_a_small_effective_size_is_said():
    """κ = 0.27, L = 16, near the critical point: 0.68 in a training of 2000 fields."""
    model = trained(0.27, 16, 400)
    with pytest.warns(AccuracyWarning, match=r"effective size of a configuration is 0\.[4-6]"):
        sample = model.weighted_sample(600, random_state=1)
    assert 0.4 < sample.ess < 0.7
    rows = {row.name: row for row in model.sample_report(sample).rows}
    X = make_phi4_configurations(300, 16, kappa=0.27, lam=0.022, random_state=99)
    for row in model.sample_report(X).rows:
        other = rows[row.name]
        assert abs(other.mean - row.mean) < 3.5 * np.hypot(other.error, row.error), row.name


@pytest.mark.parametrize("size", [8, (16, 16), (6, 5)], ids=str)
def test_a_free_field_is_exact_without_weights(size):
    """All weights equal, on lattices of other sizes as well; the report against closed forms."""
    X = make_phi4_configurations(600, (8, 8), kappa=0.21, lam=0.0, random_state=0)
    model = Phi4DiffusionSampler(kappa=0.21, lam=0.0, n_steps=10, random_state=0).fit(X)
    sample = model.weighted_sample(1000, lattice_size=size, random_state=0)
    assert sample.ess > 0.999
    report = model.sample_report(sample)
    assert all(abs(row.z) < 3.5 for row in report.rows), str(report)


def test_path_weights_estimate_the_partition_function():
    """One site, S = (1 − 2λ − 4κ) φ² + λ φ⁴: ⟨w⟩ = Z, and the bound of the density lies below."""
    kappa, lam, n = 0.3, 0.2, 4000
    x = np.linspace(-6, 6, 4001)
    weight = np.exp(-((1 - 2 * lam - 4 * kappa) * x**2 + lam * x**4))
    z = integrate.trapezoid(weight, x)
    X = np.random.default_rng(0).choice(x, (3000, 1, 1), p=weight / weight.sum())
    model = Phi4DiffusionSampler(kappa=kappa, lam=lam, n_steps=20, random_state=0).fit(X)
    chain = mode_chain(Learned(**model.learned_), Phi4(kappa, lam), (1, 1))
    fields, log_w = draw(chain, n, np.random.default_rng(1))
    w = np.exp(log_w) * np.sqrt(2 * np.pi)  # densities are kept without (2π)^{−V/2}
    assert abs(w.mean() - z) < 4 * w.std() / np.sqrt(n)
    mean, error = WeightedSample(fields, log_w).mean(fields.ravel() ** 2)
    assert abs(mean - weight @ x**2 / weight.sum()) < 4 * error
    exact = np.log(weight / z) @ weight / weight.sum()
    bound = np.mean([log_paths(chain, X, np.random.default_rng(s)).mean() for s in range(4)])
    assert exact - 0.1 < bound < exact + 0.05


def test_a_metropolis_chain_of_weights():
    """Proposals of a uniform density on 5 values, the target by weights."""
    rng, target = np.random.default_rng(0), np.array([0.1, 0.2, 0.4, 0.05, 0.25])
    drawn = rng.integers(0, 5, 60_000)
    chain = drawn[metropolis_chain(np.log(target[drawn]), rng)]
    assert np.bincount(chain) / 60_000 == pytest.approx(target, abs=0.01)
    assert effective_fraction(np.log(target)) == pytest.approx(0.2 / (target @ target))


def test_more_levels_and_more_fields_are_better(models):
    held_out = make_phi4_configurations(300, 8, kappa=0.27, lam=0.022, random_state=77)
    coarse = trained(0.27, 8, 1000, n_steps=4)
    assert coarse.score(held_out) < models[0.27].score(held_out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        assert coarse.weighted_sample(2000, random_state=0).ess < 0.7
    search = GridSearchCV(
        Phi4DiffusionSampler(kappa=0.27, random_state=0), {"n_steps": [2, 8]}, cv=2
    ).fit(held_out.reshape(300, -1))
    assert search.best_params_ == {"n_steps": 8}


def test_fits_are_reproducible_and_refuse_what_is_wrong(models):
    X = make_phi4_configurations(50, (2, 3), random_state=0)
    one, two = (Phi4DiffusionSampler(random_state=3, n_steps=5).fit(X) for _ in range(2))
    assert np.array_equal(one.sample(5, random_state=1), two.sample(5, random_state=1))
    rows = Phi4DiffusionSampler(random_state=3, n_steps=5, lattice_shape=(2, 3)).fit(
        X.reshape(50, 6)
    )
    assert np.array_equal(rows.sample(5, random_state=1), one.sample(5, random_state=1))
    with pytest.warns(UserWarning, match="kappa and lam must be the couplings of X"):
        Phi4DiffusionSampler(kappa=0.5, n_steps=2).fit(np.tile(X, (40, 1, 1)))
    with pytest.raises(ValueError, match="X is on a"):
        models[0.21].score(np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match="X must have shape"):
        models[0.21].score(np.zeros((3, 2, 4, 4)))
    with pytest.raises(TypeError, match="lattice_size must be an integer ≥ 1, got True"):
        models[0.21].sample(3, lattice_size=True)
    with pytest.raises(ValueError, match="kappa must be below"):
        Phi4DiffusionSampler(kappa=0.25, lam=0.0).fit(X)


def test_rows_that_may_be_on_a_rectangle_warn():
    """Rows of 2 × 3 are taken as a ring, of 2 × 8 as 4 × 4; five sites can only be a ring."""
    X = make_phi4_configurations(400, (2, 8), random_state=0)
    model = Phi4DiffusionSampler(random_state=3, n_steps=2)
    with pytest.warns(UserWarning, match=r"couplings of X, and 4 x 4 its lattice: see lattice_s"):
        assert model.fit(X.reshape(400, 16)).lattice_shape_ == (4, 4)
    with pytest.warns(UserWarning, match=r"rows of 6 numbers, .* taken as a ring of 6 sites\. If"):
        assert clone(model).fit(X[:9].reshape(24, 6)).lattice_shape_ == (1, 6)
    assert clone(model).fit(X[:9, 0, :5]).lattice_shape_ == (1, 5)


def test_files_keep_a_fit(models, tmp_path):
    model = models[0.21]
    expected, file, buffer = model.sample(3, random_state=1), dumps(model), io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    save(model, tmp_path / "model")
    for copy in (
        loads(file, trusted=get_untrusted_types(data=file)), joblib.load(buffer),
        pickle.loads(pickle.dumps(model)), load(tmp_path / "model"),
    ):  # fmt: skip
        assert np.array_equal(copy.sample(3, random_state=1), expected)


def test_too_few_fields_are_refused():
    fields = np.random.default_rng(0).normal(size=(5, 4, 4))
    with pytest.raises(ValueError, match="a minimum of 6 is required"):
        Phi4DiffusionSampler(random_state=0).fit(fields)


def test_fields_that_diverge_are_an_error_and_not_nan():
    """Of 15 fields at κ = 0.3 on a ring the score that is learned is unstable."""
    X = make_phi4_configurations(15, (1, 16), kappa=0.3, random_state=1, n_trajectories=20)
    model = Phi4DiffusionSampler(kappa=0.3, random_state=0).fit(X)
    for drawn in (model.weighted_sample, lambda n: model.sample(n, correction=None)):
        with pytest.raises(ValueError, match=r"of 50 fields that diverge: fit it to more fields"):
            drawn(50)


def test_a_single_field_is_not_taken_for_rows():
    field = np.random.default_rng(0).normal(size=(8, 8))
    with pytest.raises(ValueError, match=r"one field on 8 x 8 sites is too few, and 8 rows of 8"):
        Phi4DiffusionSampler().fit(field)
    ring = Phi4DiffusionSampler(lattice_shape=(1, 8), random_state=0)
    assert ring.fit(field).lattice_shape_ == (1, 8)
    theory = Phi4(0.21, 0.022)
    for call in (
        lambda: action(field, theory),
        lambda: force(field, theory),
        lambda: sample_report(field, theory),
        lambda: hmc(field, theory, n_trajectories=2),
        lambda: topological_charge(field),
        lambda: susceptibility(field),
        lambda: wilson_loop(field, 1, 1),
    ):
        with pytest.raises(ValueError, match=r"must have shape \(n, (2, )?L0, L1\)"):
            call()
