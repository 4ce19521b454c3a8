"""Effective masses and fits: closed forms, pulls of correlated noise, p-values."""

import warnings

import numpy as np
import pytest
from scipy.stats import kstest

from halkit.correlators import effective_mass, fit_mass
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.resampling import bootstrap_samples, jackknife_samples

T = np.arange(24)


def configurations(rng, n, *, mass=0.45, excited=0.0, gap=0.4, extent=None, noise=0.02):
    """n configurations of C(t) with noise that is correlated in t."""
    C = np.exp(-mass * T) + excited * np.exp(-(mass + gap) * T)
    if extent is not None:
        C = C + np.exp(-mass * (extent - T))
    correlation = 0.8 ** np.abs(np.subtract.outer(T, T))
    errors = rng.multivariate_normal(np.zeros(len(T)), correlation, size=n)
    return C * (1 + noise * errors)


def test_cosh_and_solve_see_the_wave_that_comes_back():
    C = np.cosh(0.3 * (T - 16))
    np.testing.assert_allclose(effective_mass(C, method="cosh"), 0.3, rtol=1e-12)
    solved = effective_mass(C[:17], method="solve", extent=32)
    np.testing.assert_allclose(solved, 0.3, rtol=1e-8)
    log = effective_mass(C)
    assert 0.29 < log[0] < 0.3
    assert log[15] < 0.1


def test_spacing_and_bins():
    C = np.exp(-0.7 * 0.25 * T) * np.ones((3, 1))
    assert effective_mass(C, dt=0.25).shape == (3, 23)
    for method, options in [("log", {}), ("cosh", {}), ("solve", {"extent": 400.0})]:
        np.testing.assert_allclose(
            effective_mass(C, method=method, dt=0.25, **options), 0.7, rtol=1e-9
        )


def test_noise_has_no_mass():
    found = effective_mass([1.0, -0.5, 0.2, 0.3])
    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[2])
    assert np.isnan(effective_mass([1.0, 2.0, 1.0], method="cosh")[0])


@pytest.mark.parametrize("extent", [None, 48])
@pytest.mark.parametrize("correlated", [True, False])
def test_pulls_of_a_mass(correlated, extent):
    rng, pulls = np.random.default_rng(3), []
    for _ in range(120):
        bins = jackknife_samples(configurations(rng, 80, extent=extent))
        fit = fit_mass(bins, window=(4, 16), kind="jackknife", correlated=correlated, extent=extent)
        pulls.append((fit.mass - 0.45) / fit.std)
    assert 0.8 < np.std(pulls) < 1.2  # three errors of 120 pulls
    assert abs(np.mean(pulls)) < 3.5 / np.sqrt(120)


def test_p_values_are_uniform():
    rng = np.random.default_rng(5)
    p = [
        fit_mass(
            jackknife_samples(configurations(rng, 40)), window=(4, 14), kind="jackknife"
        ).p_value
        for _ in range(150)
    ]
    assert kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")  # of p < 1e-3
@pytest.mark.parametrize(
    ("n_bins", "n_t", "n_states"), [(10, 6, 1), (10, 8, 1), (10, 6, 2), (12, 8, 2), (20, 8, 1)]
)
def test_pulls_and_p_values_of_few_bins(n_bins, n_t, n_states):
    """As well as errors from few bins can: t of n_bins − 1 exceeds 3 in 1.5 % for 10 bins."""
    rng, pulls, p = np.random.default_rng(17), [], []
    noise = 0.02 if n_states == 1 else 0.002
    for _ in range(100):
        configs = configurations(rng, n_bins, excited=n_states - 1, gap=0.6, noise=noise)
        fit = fit_mass(
            jackknife_samples(configs), window=(0, n_t - 1), kind="jackknife", n_states=n_states
        )
        pulls.append((fit.mass - 0.45) / fit.std)
        p.append(fit.p_value)
    assert 0.85 < np.sqrt(np.mean(np.square(pulls))) < 1.35
    assert np.sum(np.abs(pulls) > 3) <= 5  # 100 × 2 %, and two errors
    assert np.abs(pulls).max() < 7
    assert kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.parametrize(("n_configs", "known"), [(10, False), (10, True), (30, True)])
def test_pulls_of_bootstrap_samples(n_configs, known):
    """As with jackknife samples, whether the number of configurations is given or found."""
    rng, pulls, p = np.random.default_rng(17), [], []
    given = {"n_configs": n_configs} if known else {}
    for seed in range(60):
        configs = configurations(rng, n_configs)
        samples = bootstrap_samples(configs, n_samples=100, random_state=seed)
        if known:
            samples = samples[:, :8]
        fit = fit_mass(samples, window=(0, 6), kind="bootstrap", **given)
        pulls.append((fit.mass - 0.45) / fit.std)
        p.append(fit.p_value)
    assert 0.8 < np.sqrt(np.mean(np.square(pulls))) < 1.25
    assert np.sum(np.abs(pulls) > 3) <= 5
    assert kstest(p, "uniform").pvalue > 1e-3


def test_bootstrap_samples_of_unknown_origin_are_named():
    """Where few configurations are possible, and matter; the least number is right."""
    configs = configurations(np.random.default_rng(1), 12)
    samples = bootstrap_samples(configs, n_samples=60)
    fit = fit_mass(samples, window=(0, 6), kind="bootstrap")
    one = fit_mass(samples[:, :13], window=(0, 6), kind="bootstrap", n_configs=12)
    assert fit.std == one.std
    assert fit.std == pytest.approx(
        fit_mass(jackknife_samples(configs), window=(0, 6), kind="jackknife").std, rel=0.35
    )
    with pytest.warns(AccuracyWarning, match=r"a factor of 3.* only 9 configurations"):
        narrow = fit_mass(samples[:, :8], window=(0, 6), kind="bootstrap")
    assert narrow.std < 0.8 * fit.std
    copies = np.concatenate([samples[:, :8], samples[:, 7::-1]], axis=1)
    with pytest.warns(AccuracyWarning, match="only 9 configurations"):
        fit_mass(copies, window=(0, 6), kind="bootstrap")
    fit_mass(samples[:, :8], window=(0, 6), kind="bootstrap", correlated=False)
    with pytest.raises(ValueError, match=r"n_configs must be 12 at least, .* got 11"):
        fit_mass(samples, window=(0, 6), kind="bootstrap", n_configs=11)
    with pytest.raises(ValueError, match="more bins than the 7 times"):
        fit_mass(samples[:, :7], window=(0, 6), kind="bootstrap", n_configs=8)
    with pytest.warns(AccuracyWarning, match="only 11 independent directions, as many as 12"):
        fit_mass(samples, window=(0, 6), kind="bootstrap", n_configs=120)
    with pytest.raises(ValueError, match="n_configs must be None for jackknife samples"):
        fit_mass(samples, window=(0, 6), kind="jackknife", n_configs=12)


def test_many_configurations_are_not_asked_for():
    """Of 24 times and of 200 configurations, correlated, with a scale of e^{−0.45·23}."""
    samples = bootstrap_samples(configurations(np.random.default_rng(4), 200), 400)
    with_number = fit_mass(samples, window=(4, 6), kind="bootstrap", n_configs=200)
    without = fit_mass(samples, window=(4, 6), kind="bootstrap")
    assert with_number.std == pytest.approx(without.std, rel=0.01)
    assert with_number.p_value == pytest.approx(without.p_value, abs=0.05)


def test_bins_enough_for_their_covariance():
    """With 24 bins of 8 times, generalised least squares with the factor of Percival et al."""
    bins = jackknife_samples(np.log(configurations(np.random.default_rng(9), 24, noise=1e-6)))[
        :, :8
    ]
    fit = fit_mass(np.exp(bins), window=(0, 7), kind="jackknife")
    line = np.stack([-T[:8], np.ones(8)], axis=1)
    weight = np.linalg.inv(np.cov(bins.T) * 23**2 / 24)
    slopes = np.linalg.solve(line.T @ weight @ line, line.T @ weight @ bins.T)[0]
    factor = np.sqrt(23 * 22 / (17 * 16))
    assert fit.mass == pytest.approx(slopes.mean(), abs=1e-4 * fit.std)
    assert fit.std == pytest.approx(factor * np.std(slopes) * np.sqrt(23), rel=1e-4)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
def test_two_states_where_one_is_biased():
    rng, one, two = np.random.default_rng(8), [], []
    for _ in range(30):
        bins = jackknife_samples(configurations(rng, 100, excited=0.8, noise=0.005))
        for pulls, n_states in ((one, 1), (two, 2)):
            fit = fit_mass(bins, window=(1, 18), kind="jackknife", n_states=n_states)
            pulls.append((fit.mass - 0.45) / fit.std)
    assert np.mean(one) > 10
    assert abs(np.mean(two)) < 3.5 / np.sqrt(30)
    assert 0.7 < np.std(two) < 1.4


@pytest.mark.filterwarnings("ignore::UserWarning")  # of rounding, beside noise of 1e-9
def test_two_exact_states():
    rng = np.random.default_rng(1)
    C = 2 * np.exp(-0.4 * T) + np.exp(-0.9 * T) * (1 + 1e-9 * rng.normal(size=(60, len(T))))
    fit = fit_mass(jackknife_samples(C), window=(1, 20), kind="jackknife", n_states=2)
    np.testing.assert_allclose(fit.energies, [[0.4, 0.9]] * 60, rtol=1e-6)
    np.testing.assert_allclose(fit.amplitudes, [[2.0, 1.0]] * 60, rtol=1e-5)
    assert fit.mass == pytest.approx(fit.bins.mean(), rel=1e-8)


def test_bootstrap_and_jackknife_agree():
    configs = configurations(np.random.default_rng(2), 200)
    options = {"window": (4, 16), "correlated": False}
    one = fit_mass(jackknife_samples(configs), kind="jackknife", **options)
    other = fit_mass(
        bootstrap_samples(configs, n_samples=300, random_state=0), kind="bootstrap", **options
    )
    assert one.std == pytest.approx(other.std, rel=0.15)
    assert abs(one.mass - other.mass) < 0.3 * one.std


def test_the_units_do_not_matter():
    configs = configurations(np.random.default_rng(4), 60)
    fit = fit_mass(jackknife_samples(configs), window=(4, 16), kind="jackknife")
    far = fit_mass(jackknife_samples(1e-30 * configs), window=(4, 16), kind="jackknife", dt=0.5)
    np.testing.assert_allclose([far.mass / 2, far.std / 2], [fit.mass, fit.std], rtol=1e-8)
    assert far.chi2 == pytest.approx(fit.chi2)


@pytest.mark.parametrize("extent", [None, 23.5])
def test_the_times_of_a_record(extent):
    """Two exact exponentials, or hyperbolic cosines, that begin at t = 1.5 in steps of 0.5."""
    t, random = 1.5 + 0.5 * np.arange(20), np.random.default_rng(6)
    C = np.exp(-0.4 * t) + (0 if extent is None else np.exp(-0.4 * (extent - t)))
    bins = jackknife_samples(C * (1 + 1e-3 * random.standard_normal((60, 20))))
    fit = fit_mass(bins, t=t, window=(2.5, 6), kind="jackknife", extent=extent)
    assert fit.dof == 6
    assert abs(fit.mass - 0.4) < 3 * fit.std < 0.003
    np.testing.assert_allclose(fit.amplitudes.mean(), 1.0, atol=0.01)
    if extent is None:
        slices = fit_mass(bins, window=(2, 9), kind="jackknife", dt=0.5)
        np.testing.assert_allclose([slices.mass, slices.std], [fit.mass, fit.std], rtol=1e-9)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ((16, 10), r"the 24 times, first before last, got \(16, 10\)"),
        ((10, 11), r"must hold 4 times for the fit, got \(10, 11\)"),
        ((2, 9), r"must begin and end at times of t"),
    ],
)
def test_messages_about_windows_name_times(window, message):
    C = jackknife_samples(configurations(np.random.default_rng(0), 40))
    with pytest.raises(ValueError, match=message):
        fit_mass(C, t=T + 3, window=window, kind="jackknife", n_states=2)
    if window == (2, 9):
        tilted = C * (1 + 0.3 * (T % 2))
        with pytest.warns(MisfitWarning, match=r"in the window \(10, 15\)"):
            fit_mass(tilted, t=T + 3, window=(10, 15), kind="jackknife")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": (4, 40)}, "window must lie within the 24 slices"),
        ({"window": (4, 5), "n_states": 2}, "window must hold 4 slices"),
        ({"window": 4}, "window must be a pair"),
        ({"kind": "mean"}, "kind must be"),
        ({"n_states": 3}, "n_states must be 1 or 2"),
        ({"window": (0, 20)}, "correlated must be False"),
        ({"C": np.ones((20, 24))}, "must have errors"),
        ({"C": np.ones(24)}, "shape"),
        ({"extent": -1.0}, "extent must be"),
        ({"t": np.arange(9)}, "t must have shape"),
        ({"t": np.arange(24) ** 2}, "t must increase in equal steps"),
        ({"t": np.arange(3, 27), "window": (2, 9)}, "window must begin and end at times of t"),
    ],
)
def test_bad_input(change, message):
    bins = jackknife_samples(configurations(np.random.default_rng(0), 20))
    options = {"C": bins, "window": (4, 10), "kind": "jackknife"} | change
    with pytest.raises((ValueError, TypeError), match=message):
        fit_mass(options.pop("C"), **options)


def test_a_growing_correlator_is_refused():
    C = np.exp(0.1 * T) * (1 + 0.01 * np.random.default_rng(0).normal(size=(30, 24)))
    with pytest.raises(ValueError, match="must decay"):
        fit_mass(C, window=(4, 10), kind="jackknife")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "solve"}, "extent must be given"),
        ({"extent": 32}, "extent must be given"),
        ({"method": "sinh"}, "method must be"),
        ({"C": [1.0]}, "times enough"),
    ],
)
def test_bad_input_of_effective_masses(arguments, message):
    with pytest.raises(ValueError, match=message):
        effective_mass(**({"C": [3.0, 2.0, 1.0]} | arguments))


@pytest.mark.parametrize("correlated", [True, False])
def test_a_hopeless_fit_is_named(correlated):
    """An excited state in the window, and the wave that comes back."""
    rng, options = np.random.default_rng(4), {"kind": "jackknife", "correlated": correlated}
    for change, window in (
        ({"excited": 0.8, "noise": 0.002}, (0, 10)),
        ({"extent": 32, "noise": 0.002}, (4, 15)),
    ):
        bins = jackknife_samples(configurations(rng, 100, **change))
        with pytest.warns(MisfitWarning, match=r"leaves χ²/dof = .* another window, n_states=2"):
            fit_mass(bins, window=window, **options)


def test_good_fits_are_silent():
    """200 fits; p is uniform, so that 1 in 1000 is below 1e-3."""
    rng, n = np.random.default_rng(17), 0
    for seed in range(200):
        bins = jackknife_samples(configurations(rng, 60, noise=0.1))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit_mass(bins, window=(4, 12), kind="jackknife", correlated=bool(seed % 2))
        n += len(caught)
    assert n <= 3


def common(seed, size, independent, n=40):
    """C(t) whose level and slope fluctuate together at all times; the mean is one exponential."""
    rng = np.random.default_rng(seed)
    level, slope = size * rng.standard_normal((2, n, 1))
    noise = 1 + independent * rng.standard_normal((n, len(T)))
    return jackknife_samples(np.exp(-0.45 * T) * (1 + level + 0.1 * slope * (T - 8)) * noise)


def test_fluctuations_that_all_times_share_are_named():
    """Pulls of 1.5 where nearly all fits warn; of 1 where few do."""
    for size, independent, widest, warned in ((0.3, 0.01, 1.5, (14, 30)), (0.1, 0.01, 1.3, (0, 1))):
        pulls, n = [], 0
        for seed in range(30):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fit = fit_mass(common(seed, size, independent), window=(4, 12), kind="jackknife")
            n += any(w.category is AccuracyWarning for w in caught)
            pulls.append((fit.mass - 0.45) / fit.std)
        assert np.std(pulls) < widest
        assert warned[0] <= n <= warned[1]


@pytest.mark.parametrize("seed", range(3))
def test_a_factor_of_the_decay_adds_to_the_mass(seed):
    """C e^{−st} has mass + s, also where the fit starts at 1, whose logarithm is all but zero."""
    noise, t = np.random.default_rng(seed).standard_normal((60, 7)), np.arange(7)
    bins = jackknife_samples(np.exp(-0.45 * t) * (1 + 0.3 * noise))
    plain = fit_mass(bins, window=(0, 6), kind="jackknife")
    start = np.median(effective_mass(bins.mean(axis=0))[3:])
    for mass in [0.7, *(1 + np.arange(-6, 7) * 2e-16)]:
        shift = mass - start
        moved = fit_mass(bins * np.exp(-shift * t), window=(0, 6), kind="jackknife")
        np.testing.assert_allclose(moved.bins, plain.bins + shift, atol=1e-8)


@pytest.mark.filterwarnings("ignore::halkit.exceptions.AccuracyWarning")
def test_noise_alone_is_a_value_error_or_a_mass_with_a_large_error():
    refused = []
    for seed in range(30, 60):
        noise = jackknife_samples(np.random.default_rng(seed).standard_normal((50, 12)))
        try:
            fit = fit_mass(noise, window=(6, 11), kind="jackknife")
        except ValueError as error:  # a LinAlgError is a ValueError with another message
            refused.append(str(error))
        else:
            assert fit.std > 0.25 * fit.mass
    assert all("C must decay in the window" in message for message in refused)
    assert len(refused) > 20


def test_a_fit_shows_itself_in_one_line():
    bins = jackknife_samples(configurations(np.random.default_rng(0), 60))
    fit = fit_mass(bins, window=(4, 12), kind="jackknife")
    assert repr(fit).startswith(f"MassFit: mass = {fit.mass:.6g} ± {fit.std:.1g}, χ²/dof = ")
    assert f"p = {fit.p_value:.2g}, 60 bins" in repr(fit)
    assert "uncorrelated" in repr(fit._replace(p_value=np.nan))
