"""From correlators of coupled channels to S with errors, in one estimator."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import halkit
from halkit import (
    Channel,
    CorrelatorRegressor,
    FrozenBasisRegressor,
    GaussianProcessPotentialRegressor,
    JackknifeRegressor,
    LocalPotentialRegressor,
)
from halkit.cli import main
from halkit.correlators import Correlators, CoupledCorrelators
from halkit.datasets import make_coupled
from halkit.equations import coupled_rows, stack_rows
from halkit.exceptions import UnderdeterminedWarning
from halkit.interactions import GaussianSum, InteractionMatrix
from halkit.potentials import TimeDependentHALRegressor
from halkit.radial import Wedge
from halkit.resampling import (
    blocks,
    leave_configurations_out,
    leave_one_source_out,
    leave_one_volume_out,
    time_independence_test,
)
from halkit.resampling.blocks import rows_of
from halkit.resampling.goodness import NoiseModel, noise_of
from halkit.samples import standard_error
from halkit.scattering import coupled_s_matrix
from halkit.units import from_mev

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]
ENERGY = from_mev(np.array([5.0, 15.0, 40.0, 80.0]))
PRIOR = GaussianProcessPotentialRegressor(local="only", local_range=0.6, local_strength=15.0)
TIMES = 0.09 * np.arange(9, 18)
WINDOW = TIMES[3:6].tolist()


def truth(seed):
    """Wells with cores, of ranges 0.6 … 1.1 fm; one in two has a threshold at 10 … 60 MeV."""
    random = np.random.default_rng(seed)
    mass, gap = from_mev(random.uniform(1000, 1250)), from_mev(random.uniform(10, 60) * (seed % 2))
    split = from_mev(random.uniform(0, 400))

    def diagonal(low):
        strengths = from_mev(np.array([random.uniform(low, 20), random.uniform(0, 250)]))
        return GaussianSum.from_ranges(strengths, [random.uniform(0.7, 1.1), 0.45])

    strength = from_mev(random.choice([-1, 1]) * random.uniform(15, 50))
    mixing = GaussianSum.from_ranges([strength], [random.uniform(0.6, 1.0)])
    heavy = Channel(masses=(mass + (gap - split) / 2, mass + (gap + split) / 2))
    return InteractionMatrix(
        [[diagonal(-60), mixing], [mixing, diagonal(-100)]], channels=[Channel(masses=mass), heavy]
    )


def correlators(seed=1, n_bins=10, noise=1e-3, **options):
    d = make_coupled(
        truth(seed), r=np.arange(1, 31) * 0.2, box_radius=8.0, times=TIMES, source_radius=0.8,
        noise=noise, n_bins=n_bins, random_state=seed, **options,
    )  # fmt: skip
    return CoupledCorrelators(d.correlators)


@pytest.fixture(scope="module")
def record():
    return correlators()


@pytest.fixture(scope="module")
def X(record):
    return blocks(record)


@pytest.fixture(scope="module")
def model(X):
    return CorrelatorRegressor(PRIOR, times=WINDOW).fit(X)


def with_masses(record, seed=0):
    """Masses of each bin, which fluctuate by 1e-3."""
    random = np.random.default_rng(seed)
    return CoupledCorrelators([
        replace(c, mass_bins=np.array(c.hadron_mass) * random.normal(
            1, 1e-3, (c.n_bins, *np.shape(c.hadron_mass))))
        for c in record.channels
    ])  # fmt: skip


@pytest.mark.parametrize(("errors", "masses_of_bins"), [("bins", False), ("pooled", True)])
def test_it_is_the_jackknife_of_the_rows(record, masses_of_bins, errors):
    record = with_masses(record) if masses_of_bins else record
    model = CorrelatorRegressor(PRIOR, times=WINDOW, errors=errors).fit(record)
    rows = coupled_rows(record.channels, times=WINDOW)
    sigma = rows.sigma if errors == "bins" else rows.pooled_sigma()
    by_hand = JackknifeRegressor(
        clone(PRIOR).set_params(r=rows.r, weights=rows.weights, channels=rows.channels)
    ).fit(rows.data, rows.target, y_std=sigma, mass_bins=rows.mass_bins)
    for mine, other in zip(
        model.phase_shift(energy=ENERGY[1:3], return_std=True),
        by_hand.phase_shift(energy=ENERGY[1:3], return_std=True),
        strict=True,
    ):
        for part, expected in zip(mine, other, strict=True):
            assert_allclose(part, expected, rtol=1e-12, atol=1e-12)
    assert_allclose(model.rows_.sigma, sigma, rtol=1e-12)
    assert model.estimator_.channels == list(rows.channels)
    assert model.hadron_mass_ == record.hadron_mass
    assert (model.system_, model.volumes_) == ("fm", (None,) * 12)


def test_the_fit_has_observables_and_copies(X, model, tmp_path):
    S, std = model.s_matrix(ENERGY, return_std=True)
    assert_array_equal(pickle.loads(pickle.dumps(model)).s_matrix(ENERGY), S)
    assert_allclose(np.abs(S[:2, 0, 0]) > 0.9, True)
    assert std.shape == (4, 2, 2)
    assert [part.shape for part in model.predict(X)] == [(3, 60)] * 4
    assert_allclose(model.predict(X)[2], model.estimator_.predict(model.rows_.mean()[0][6:9]))
    V, error = model.local_potential([0.5, 1.0], return_std=True)
    assert V.shape == error.shape == (2, 2, 2)
    assert np.all(error > 0)
    for call in (model.scattering_length, lambda: model.k_cot_delta([0.1])):
        with pytest.raises(ValueError, match=r"channels must be one|energy must be given for 2"):
            call()
    with pytest.raises(ValueError, match="energy must be given for 2 channels"):
        model.phase_shift(k=0.1)


def test_the_command_line_reads_it(X, tmp_path, capsys):
    fit = CorrelatorRegressor(PRIOR, times=WINDOW, resample="mean").fit(X)
    path = tmp_path / "fit.halkit"
    halkit.save(fit, path)
    main(["phase-shift", str(path), "--energy", "40", "--units", "MeV", "--csv"])
    delta = float(capsys.readouterr().out.splitlines()[1].split(",")[1])
    expected = fit.phase_shift(energy=from_mev(40.0)).phase_shift[0]
    assert delta == pytest.approx(expected, rel=1e-9)
    main(["info", str(path)])
    assert "of wall 1, wall 2, exp 1, exp 2 in 2 coupled channels" in capsys.readouterr().out


def test_the_truths_are_found():
    """Three truths: pulls of δ1, δ2 and η, and χ² of the right fit and of one without V_12."""
    pulls = []
    for seed in (0, 1, 3):
        X, exact = blocks(correlators(seed, n_bins=12)), coupled_s_matrix(truth(seed), ENERGY)
        fit = CorrelatorRegressor(PRIOR, times=WINDOW, errors="pooled").fit(X)
        away, std = fit.evaluate(partial(distance, exact=exact))
        pulls.append(away / std)
        assert fit.goodness_of_fit(X).p_value > 0.01
        for form, low, high in ((strengths, 0.01, 1.0), (without_mixing, -1.0, 1e-6)):
            known = LocalPotentialRegressor(partial(form, V=truth(seed)), initial=np.ones(5))
            one = CorrelatorRegressor(known, times=WINDOW, resample="mean").fit(X)
            assert low < one.goodness_of_fit(X).p_value < high
    pulls = np.concatenate(pulls)
    assert pulls.size > 25
    assert 0.5 < np.sqrt(np.mean(pulls**2)) < 1.6
    assert np.abs(pulls).max() < 4


def distance(model, exact):
    """δ_a of the open channels, and η where two are open, relative to the truth."""
    S = model.s_matrix(ENERGY)
    turn = np.diagonal(S * exact.conj(), axis1=1, axis2=2)
    eta = (np.abs(S) - np.abs(exact))[~np.isnan(S[:, 1, 1]), 0, 0]
    return np.append(np.angle(turn[~np.isnan(turn)]) / 2, eta)


def strengths(r, theta, V):
    """Gaussians of the truth with other strengths; the last multiplies V_12."""
    found = theta[4] * V.local_potential(r)
    for a in (0, 1):
        terms = V[a, a].strengths, V[a, a].exponents
        parts = [c * np.exp(-x * np.square(r)) for c, x in zip(*terms, strict=True)]
        found[a, a] = theta[2 * a] * parts[0] + theta[2 * a + 1] * parts[1]
    return found


def without_mixing(r, theta, V):
    return strengths(r, np.append(theta[:4], 0.0), V)


def test_sources_that_were_left_out(X, model):
    """−χ²/dof by hand, with the noise of y/s; and searches over folds of sources."""
    three = clone(model).set_params(sources=["wall 1", "wall 2", "exp 1"]).fit(X)
    (test,) = X[3:]
    rows = coupled_rows(test)
    n, (X_, y) = len(rows.labels), rows.mean()
    scaled = []
    for a in range(2):
        R, of_channel = rows.data[..., 30 * a : 30 * a + 30], rows.target[..., 30 * a : 30 * a + 30]
        mean = R.mean(axis=0)
        size = np.einsum("bsi,si->bs", R, mean) / np.einsum("si,si->s", mean, mean)
        scaled.append(of_channel / size[..., None])
    noise = NoiseModel(np.concatenate(scaled, axis=-1).reshape(10, -1), "jackknife")
    left = (y - three.estimator_.predict(X_)).ravel()
    by_hand = -noise.chi2(left) / noise.of_noise().mean()
    assert three.score(X[3:]) == pytest.approx(by_hand, rel=1e-10)
    assert -1.6 < by_hand < -0.5
    assert noise_of(rows)[0].noise.shape == (10, n * 60)
    # where δ of a scale of its own does not enter, times say which data are compared
    assert -1.6 < three.score(X, times=WINDOW) < -0.4
    search = GridSearchCV(
        CorrelatorRegressor(clone(PRIOR), times=WINDOW, resample="mean"),
        {"estimator__local_strength": [15.0, 1e-9]},
        cv=leave_one_source_out,
    )
    with pytest.warns(UnderdeterminedWarning, match="X has 4 sources, and U of 2 coupled channels"):
        search.fit(X)
    assert search.best_params_ == {"estimator__local_strength": 15.0}
    assert search.cv_results_["mean_test_score"][1] < -5


def test_scores_that_are_of_one_channel(X, model):
    with pytest.raises(ValueError, match="blocks that were not fitted, for a score of 2 coupled"):
        model.score(X)
    for folds, few in ((leave_configurations_out, X), (leave_one_source_out, X[:2])):
        with pytest.raises(ValueError, match="cv must leave out sources, three at least, or vol"):
            list(folds.split(few))
    volumes = [CoupledCorrelators([replace(c, L=L) for c in x.channels])
               for L, x in zip((24, 32), X, strict=False)]  # fmt: skip
    assert leave_one_volume_out.get_n_splits(volumes) == 2
    with pytest.raises(ValueError, match="rows must be in one channel, where V = y/R, got 2"):
        time_independence_test(model.rows_)


def test_noise_where_r_of_a_channel_has_zeros():
    """y/s has finite errors where y/R has none, and no error of the normalisation of a bin."""
    random = np.random.default_rng(0)
    r, n = np.linspace(0.2, 6.0, 30), 40
    noise = 1 + 1e-5 * random.standard_normal((2, 5, n, r.size))
    waves = np.stack([np.exp(-r), np.cos(2 * r) * np.exp(-r) / 50])[:, None, None]
    R = waves * noise * (1 + 0.02 * random.standard_normal((2, 1, n, 1)))
    mean = R.mean(axis=2, keepdims=True)
    given = {"r": r, "t": np.arange(5), "kind": "jackknife", "units": "lattice"}
    record = CoupledCorrelators([
        Correlators(R={"wall": one}, hadron_mass=mass, **given)
        for one, mass in zip(mean - (R - mean) / (n - 1), (2.0, 2.1), strict=True)
    ])  # fmt: skip
    rows = coupled_rows(record)
    found, _ = noise_of(rows)
    sigma = np.sqrt(np.sum(found.noise**2, axis=0)).reshape(rows.sigma.shape)
    assert_allclose(sigma, rows.sigma, rtol=1e-9)
    plain = standard_error(rows.target, "jackknife")
    assert np.median(plain / sigma) > 5


def test_radii_are_cut_in_every_channel(record, X):
    rows = coupled_rows(X[0], times=WINDOW)
    cut = CorrelatorRegressor(PRIOR, times=WINDOW, r_max=3.0, r_prime_max=4.0)._rows(X[0])
    assert (cut.r[-1], cut.r_out[-1], cut.r.size, cut.r_out.size) == (4.0, 3.0, 20, 15)
    for a in range(2):
        at, out = 30 * a + np.arange(20), 30 * a + np.arange(15)
        assert_array_equal(cut.data[..., 20 * a : 20 * a + 20], rows.data[..., at])
        assert_array_equal(cut.target[..., 15 * a : 15 * a + 15], rows.target[..., out])
        assert_array_equal(cut.sigma[:, 15 * a : 15 * a + 15], rows.sigma[:, out])
    with pytest.raises(ValueError, match=r"radii must obey 0\.2 <= r_max <= r_prime_max <= 6"):
        CorrelatorRegressor(PRIOR, r_max=7.0).fit(record)


def test_volumes_have_radii_of_their_own(X):
    """A smaller volume is filled up in each channel, and found again among what was fitted."""
    volumes = [
        CoupledCorrelators([replace(c, L=L) for c in x.channels])
        for L, x in zip((24, 32, 24, 32), X, strict=True)
    ]
    fit = CorrelatorRegressor(
        PRIOR, times=WINDOW, r_max={24: 4.0, 32: 5.0}, r_prime_max={24: 4.4, 32: 5.4},
        resample="mean",
    ).fit(volumes)  # fmt: skip
    parts = [fit._rows(block) for block in volumes]
    assert [part.r_out.size for part in parts] == [20, 25, 20, 25]
    by_hand = stack_rows(parts)
    assert_array_equal(fit.rows_.target, by_hand.target)
    assert fit.volumes_ == (24,) * 3 + (32,) * 3 + (24,) * 3 + (32,) * 3
    assert all(fit._was_fitted(block) for block in volumes)
    other = CoupledCorrelators([replace(c, L=32) for c in volumes[0].channels])
    assert not fit._was_fitted(other)
    assert fit.goodness_of_fit(volumes).p_value > 0.001


def test_rows_of_a_lattice():
    """r_max must be given, r_prime_max is three sites further, and the wedge says l."""
    random = np.random.default_rng(3)
    for irrep, l in (("A1", 0), ("T1", 1)):
        wedge = Wedge(12, irrep)
        factor = wedge.xyz[:, 2] if l else 1.0
        record = CoupledCorrelators([
            Correlators(
                R={"wall": factor * random.uniform(1, 2, (5, 4, wedge.size))}, t=np.arange(5),
                hadron_mass=mass, wedge=wedge, kind="jackknife", units="lattice",
            )
            for mass in (0.8, (0.7, 1.0))
        ])  # fmt: skip
        rows = CorrelatorRegressor(PRIOR, times=[2], stencil=3, r_max=2.0)._rows(record)
        by_hand = coupled_rows(record, times=[2], stencil=3, r_max=2.0, r_prime_max=5.0)
        assert_array_equal(rows.data, by_hand.data)
        assert_array_equal(rows.target, by_hand.target)
        assert [channel.l for channel in rows.channels] == [l, l]
        with pytest.raises(ValueError, match="r_max must be given on a lattice, got None"):
            CorrelatorRegressor(PRIOR).fit(record)
    base = CorrelatorRegressor(clone(PRIOR).set_params(l=0), r_max=2.0)
    with pytest.raises(ValueError, match="l must be 1 of a field in T1, got 0"):
        base.fit(record)


def test_a_single_field_on_a_lattice_has_its_partial_wave():
    """One channel: the estimator takes l of the wedge, or has the same."""
    wedge, random = Wedge(10, "T1"), np.random.default_rng(3)
    record = Correlators(
        R={s: wedge.xyz[:, 2] * random.uniform(1, 1.01, (5, 6, wedge.size)) for s in "ab"},
        t=np.arange(5), hadron_mass=0.8, wedge=wedge, kind="jackknife", units="lattice",
    )  # fmt: skip
    base = CorrelatorRegressor(PRIOR, r_max=3.0, stencil=3, resample="mean")
    channels = [Channel(l=1)]
    for estimator in (
        PRIOR,
        clone(PRIOR).set_params(l=1),
        clone(PRIOR).set_params(channels=channels),
    ):
        fit = clone(base).set_params(estimator=estimator).fit(record)
        assert fit.estimator_.interaction_.l == 1
    for l in (0, 2):
        with pytest.raises(
            ValueError, match=f"l of the estimator must be 1 .* T1, or None, got {l}"
        ):
            clone(base).set_params(estimator__l=l).fit(record)
    field = Wedge(10)
    plain = replace(record, wedge=field, R={"a": random.uniform(1, 1.01, (5, 6, field.size))})
    assert clone(base).fit(plain).estimator_.l is None


def test_channels_of_the_estimator(record, X):
    """None, with l alone, or with the same masses: one fit; others are refused."""
    base = CorrelatorRegressor(clone(PRIOR), times=WINDOW, resample="mean")
    S = clone(base).fit(X).s_matrix(ENERGY)
    masses = record.hadron_mass
    for channels in ([Channel(l=0)] * 2, tuple(Channel(masses=pair) for pair in masses)):
        same = clone(base).set_params(estimator__channels=channels).fit(X)
        assert_allclose(same.s_matrix(ENERGY), S, rtol=1e-12)
    waves = clone(base).set_params(estimator__channels=[Channel(), Channel(l=2)])
    rows = coupled_rows(X[0], channels=[Channel(), Channel(l=2)], times=WINDOW)
    assert_array_equal(waves._rows(X[0]).target, rows.target)
    assert waves.fit(X).estimator_.interaction_.resolved().l == (0, 2)
    p_waves = clone(base).set_params(estimator__l=1)
    assert p_waves._rows(X[0]).channels[1].l == 1
    for name, value, error, message in (
        ("channels", [Channel()] * 3, ValueError, "channels must be 2, one for each of the corr"),
        ("channels", [Channel(masses=9.0), Channel()], ValueError, "masses of a channel must be"),
        ("channels", [0, 0], TypeError, r"channels must be a list of halkit\.Channel"),
        ("reduced_mass", 2.0, ValueError, "reduced_mass of the estimator must be None for coupl"),
    ):
        with pytest.raises(error, match=message):
            clone(base).set_params(**{f"estimator__{name}": value}).fit(X)
    network = TimeDependentHALRegressor(hadron_mass=2.0, n_init=1, random_state=0)
    with pytest.raises(ValueError, match="hadron_mass of the estimator must be None for coupled"):
        clone(base).set_params(estimator=network).fit(X)
    frozen = FrozenBasisRegressor(TimeDependentHALRegressor())
    with pytest.raises(ValueError, match="estimator must have the parameter channels for coupled"):
        clone(base).set_params(estimator=frozen).fit(X)
    two = clone(base).set_params(estimator__channels=[Channel()] * 2)
    with pytest.raises(ValueError, match="channels of the estimator must be None or one for Corr"):
        two.fit(record.channels[0])


def test_one_source_is_named(X):
    """The fit to the mean warns, once for all bins."""
    with pytest.warns(UnderdeterminedWarning, match="do not tell the potentials of 2 channels"):
        CorrelatorRegressor(PRIOR, times=WINDOW, sources=["wall 1"], resample="mean").fit(X)


def test_blocks_that_do_not_belong_together(record, X):
    base = CorrelatorRegressor(PRIOR, times=WINDOW, resample="mean")
    first, second = record.channels
    assert [block.sources for block in X] == [("wall 1",), ("wall 2",), ("exp 1",), ("exp 2",)]
    with pytest.raises(
        ValueError, match=r"X must have blocks of one number of channels, got \[1, 2"
    ):
        blocks(record, first)
    with pytest.raises(TypeError, match="got a list in it: join coupled channels in CoupledCorrel"):
        base.fit([[first, second]])
    with pytest.raises(ValueError, match=r"hadron_mass must be the same .* and join coupled chann"):
        base.fit([first, second])
    heavier = CoupledCorrelators([first, replace(second, hadron_mass=6.5)])
    with pytest.raises(ValueError, match="hadron_mass must be the same in all blocks"):
        base.fit([X[0], heavier.of_source("wall 2")])
    copied = replace(X[0].channels[1], R={"wall 3": X[0].channels[1].R["wall 1"]})
    other = replace(X[1].channels[0], R={"wall 3": X[1].channels[0].R["wall 2"]})
    with pytest.raises(ValueError, match="X must have each block once, got the same R"):
        base.fit([X[0], CoupledCorrelators([other, copied])])
    with pytest.raises(ValueError, match="n_bins must be the same in all rows"):
        base.fit([X[0], _fewer(X[1])])
    assert rows_of(X[0], times=None, r_max=None, r_prime_max=None, stencil=3, energy_range=None,
                   space_order=6, channels=None).stencil == 3  # fmt: skip


def _fewer(block):
    return CoupledCorrelators([
        replace(c, R={s: R[:, :8] for s, R in c.R.items()}) for c in block.channels
    ])  # fmt: skip
