"""Error budgets: variations on the same bins, judged by data that their fits have not used."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, NotFittedError

import halkit
from halkit import CorrelatorRegressor, ErrorBudget, GaussianProcessPotentialRegressor
from halkit.callbacks import OF_A_FIT
from halkit.datasets import make_time_dependent
from halkit.exceptions import AccuracyWarning, MisfitWarning
from halkit.interactions import GaussianSum
from halkit.resampling import blocks
from halkit.resampling.variations import parameters_of
from halkit.scattering import bound_states, phase_shift

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning"),
    pytest.mark.filterwarnings("ignore:r_eff = .* is not linear:halkit.exceptions.AccuracyWarning"),
    pytest.mark.filterwarnings("ignore:.*the fit leaves:halkit.exceptions.MisfitWarning"),
]
K = np.linspace(0.05, 0.3, 6)
TRUTH = GaussianSum([-0.05, 0.03], [0.1, 0.5])
PRIOR = GaussianProcessPotentialRegressor(local="only", local_strength=30.0)
# V = θ e^{−(r/3)²} is another form than the truth
POOR = clone(PRIOR).set_params(local_widths=[3.0])
CENTRE = CorrelatorRegressor(PRIOR, times=[13, 14, 15], stencil=5)


def two_blocks(truth=TRUTH, seed=0, n_bins=8, sources=("wall", "exp")):
    return blocks(
        make_time_dependent(
            truth, r=np.linspace(0.5, 12.0, 24), box_radius=24.0, hadron_mass=2.0,
            times=range(10, 19), noise=1e-4, noise_floor=0.05, n_bins=n_bins, source_radius=2.0,
            sources=sources, random_state=seed,
        ).correlators
    )  # fmt: skip


@pytest.fixture(scope="module")
def X():
    return two_blocks()


@pytest.fixture(scope="module")
def budget(X):
    """Good variations, one that cannot describe the data, and one that cannot be fitted."""
    variations = {
        "stencil": [5, 3],
        "times": [[14, 15], (13, 14, 15), [99]],
        "estimator__local_range": [5.0],
        "estimator": [POOR],
    }
    with pytest.warns(FitFailedWarning, match=r"1 of 6 variations failed.*\(times = 99\).*times"):
        return ErrorBudget(CENTRE, variations, holdout="source").fit(X)


def numbers(quoted):
    return quoted.value, quoted.statistical, quoted.systematic


def test_variations_around_the_centre(budget):
    """One parameter at a time; what equals the centre counts once."""
    results = budget.results_
    assert results["name"].tolist()[:5] == [
        "centre", "stencil = 3", "times = 14 15", "times = 99", "local_range = 5"
    ]  # fmt: skip
    assert results["name"][5].startswith("estimator = GaussianProcessPotentialRegressor(local=")
    assert results["params"][0] == {}
    assert results["params"][2] == {"times": [14, 15]}
    assert results["param_stencil"].mask.tolist() == [True, False, True, True, True, True]
    assert results["param_stencil"][1] == 3
    assert results["accepted"].tolist() == [True, True, True, False, True, False]
    assert set(results["criterion"]) == {"leave one source out", ""}
    assert results["reason"][3].startswith("ValueError: times must be among")
    assert np.all(results["p_value"][[0, 1, 2, 4]] > 0.01)
    assert results["p_value"][5] < 1e-6
    assert -2 < results["score"][0] < -0.5
    assert np.all(results["fit_time"] > 0)
    assert budget.models_[3] is budget.ensembles_[3] is None
    assert [len(e) for e in budget.ensembles_ if e is not None] == [8] * 5
    assert budget.estimator_ is budget.models_[0]


def test_the_result_covers_the_truth_and_says_what_moves_it(budget):
    delta = budget.phase_shift(K)
    exact = phase_shift(TRUTH, K, reduced_mass=1.0)
    assert np.all(np.abs(delta.value - exact) < 3 * delta.total)
    assert np.rad2deg(delta.total)[2:].max() < 3
    table = budget.table(delta[0]).split("\n")
    assert len(table) == 8
    assert table[0].split() == ["variation", "value", "shift", "χ²/dof", "p", "accepted"]
    assert table[1].startswith("centre")
    assert table[1].endswith("yes")
    assert table[4].startswith("times = 99")
    assert "failed" in table[4]
    assert "no: ValueError: times must be among" in table[4]
    assert table[6].endswith("no")
    assert table[-1].startswith(f"{delta[0]}: median of 4 of 6 variations")
    assert budget.table(lambda m: m.phase_shift(K[0])) == budget.table(delta[0])
    with pytest.raises(ValueError, match="observable must be a number for a table, got an array"):
        budget.table(delta)


def test_what_a_result_is_made_of(budget):
    """By hand from the ensembles of the accepted variations."""
    chosen = [budget.models_[i] for i in (0, 1, 2, 4)]
    centres = np.array([m.estimator_.local_potential([1.0, 3.0]) for m in chosen])
    bins = np.array([[b.local_potential([1.0, 3.0]) for b in m.estimators_] for m in chosen])
    V = budget.local_potential([1.0, 3.0])
    assert_allclose(V.value, np.median(centres, axis=0), rtol=1e-14)
    medians = np.median(bins, axis=0)
    spread = np.sum((medians - medians.mean(axis=0)) ** 2, axis=0)
    assert_allclose(V.statistical, np.sqrt(7 / 8 * spread), rtol=1e-10)
    low, high = np.quantile(centres, [0.16, 0.84], axis=0)
    assert_allclose(V.systematic, (high - low) / 2, rtol=1e-12)
    assert np.all(np.isnan(V.variations[3]))
    assert_array_equal(V.accepted, budget.accepted_)
    assert_array_equal(budget.predict_potential([1.0], [2.0, 3.0]).value, np.zeros((1, 2)))


def test_permutations_change_nothing(X, budget):
    """Of the variations, and of the parameters; a list of grids gives the same as a dict."""
    again = ErrorBudget(
        CENTRE,
        [
            {"estimator__local_range": [5.0]},
            {"times": [(14, 15)]},
            {"stencil": [3]},
        ],
        holdout="source",
    ).fit(X)
    for name in ("phase_shift", "k_cot_delta"):
        for mine, other in zip(
            numbers(getattr(again, name)(K)), numbers(getattr(budget, name)(K)), strict=True
        ):
            assert_allclose(mine, other, rtol=1e-12)


def test_a_single_variation_is_the_jackknife(X):
    """No systematic error, and the statistical one of the estimator alone."""
    alone = ErrorBudget(CENTRE, {}, holdout=None).fit(X)
    fit = clone(CENTRE).fit(X)
    assert alone.results_["criterion"].tolist() == ["in sample"]
    calls = {
        "phase_shift": (K,), "k_cot_delta": (K,), "scattering_length": (),
        "inverse_scattering_length": (), "effective_range": (), "local_potential": ([1.0, 2.0],),
    }  # fmt: skip
    for name, arguments in calls.items():
        quoted = getattr(alone, name)(*arguments)
        value, error = getattr(fit, name)(*arguments, return_std=True)
        assert_allclose(quoted.value, value, rtol=1e-9, err_msg=name)
        assert_allclose(quoted.statistical, error, rtol=1e-7, err_msg=name)
        assert_array_equal(quoted.systematic, np.zeros(np.shape(value)), err_msg=name)
    lattice = alone.scattering_length(sign="lattice")
    assert lattice.value == -alone.scattering_length().value
    assert lattice.statistical > 0


def test_all_combinations_of_a_list():
    grid = [{"stencil": [3, 5], "times": [[14], [13, 14, 15]]}, {"errors": ["pooled", "bins"]}]
    names = [name for name, _ in parameters_of(CENTRE, grid)]
    assert names == ["centre", "stencil = 3, times = 14", "stencil = 3, times = 13 14 15",
                     "stencil = 5, times = 14", "errors = pooled"]  # fmt: skip
    radii = {"r_max": [{40: 17.0}, {40: 17}, np.float64(3.0)], "estimator": [clone(PRIOR)]}
    assert len(parameters_of(CENTRE, radii)) == 3


def test_a_variation_of_several_parameters_has_a_name():
    late = {"times": (14, 15), "stencil": 3}
    found = parameters_of(CENTRE, {"late": late, "stencil": [3], "same": {"stencil": 5}})
    assert found == [("centre", {}), ("late", late), ("stencil = 3", {"stencil": 3})]


def test_two_variations_of_one_name_are_refused():
    message = "names of their own, got 2 that differ and are called 'stencil = 3'"
    with pytest.raises(ValueError, match=message):
        parameters_of(CENTRE, {"stencil = 3": {"times": (14, 15)}, "stencil": [3]})
    with pytest.raises(ValueError, match="are called 'centre'"):
        parameters_of(CENTRE, {"centre": {"stencil": 3}})
    with pytest.raises(ValueError, match="got 2 that differ and are called 'r_max = 6'"):
        parameters_of(CENTRE, {"r_max": [6.0, 6.0000001]})


@pytest.mark.parametrize(
    ("name", "hint", "known"),
    [
        ("stencill", r" \(did you mean 'stencil'\?\)", "times, .*volumes and estimator__…"),
        ("estimator__local_rang", r" \(did you mean .*local_range'\?\)", ".*estimator__amplitude,"),
        ("qqq", "", "energy_range,"),
    ],
)
def test_an_unknown_parameter_is_named_with_the_known_ones(X, name, hint, known):
    message = f"variations must be of parameters of the estimator, got '{name}'{hint}: known are "
    with pytest.raises(ValueError, match=f"{message}.*{known}"):
        ErrorBudget(CENTRE, {name: [3]}).fit(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_function_that_is_not_finite_warns(budget, bad):
    """Infinite values have no error either; numpy's own warnings are errors here."""
    told = "function is NaN or infinite in"
    with pytest.warns(AccuracyWarning, match=f"{told} 4 of 4 accepted variations"):
        assert np.isnan(budget.evaluate(lambda _: bad).value)

    def of_one(fit):
        return np.array([1.0, bad if fit is budget.models_[1].estimators_[2] else 2.0])

    match = rf"{told} 1 of 4 accepted variations \(stencil = 3\)"
    with pytest.warns(AccuracyWarning, match=match):
        quoted = budget.evaluate(of_one)
    assert np.isnan([quoted.statistical[1], quoted.variation_errors[1, 1]]).all()
    assert np.isfinite([quoted[0].statistical, quoted[0].total]).all()
    with pytest.warns(AccuracyWarning, match=rf"{told} 1 of 8 bins \(2\): the value or its error"):
        value, std = budget.models_[1].evaluate(of_one)
    assert value.tolist() == [1.0, 2.0]
    assert np.isnan(std).tolist() == [False, True]
    with pytest.warns(AccuracyWarning, match=f"{told} 8 of 8 bins and in the centre"):
        budget.estimator_.evaluate(lambda _: bad)


def test_a_file_has_equal_arrays_once(budget, tmp_path):
    """Nodes and weights of the bins and variations; of R⁻¹ the triangle."""
    for kept in (budget, reread(budget, tmp_path)):
        fits = [f for m in kept.models_ if m is not None for f in (m.estimator_, *m.estimators_)]
        for name in ("r", "weights", "r_out", "r_", "weights_", "r_out_"):
            assert len({id(getattr(fit, name)) for fit in fits}) == 1, name
        assert len({id(fit._prior) for fit in fits}) == 3  # local_range = 5, and other widths
        p = len(fits[0].coefficients_)
        assert fits[0]._posterior.triangle.shape == (p * (p + 1) // 2,)


def test_a_volume_that_is_not_fitted_decides():
    """Its χ² is that of goodness_of_fit, on the rows of the centre, whatever the window."""
    X = [replace(two_blocks(seed=seed)[0], L=L) for seed, L in ((0, 32), (1, 48))]
    centre = clone(CENTRE).set_params(volumes=[32])
    budget = ErrorBudget(centre, {"times": [[14]], "volumes": [None]}).fit(X)
    assert budget.results_["criterion"].tolist() == [
        "held-out volume", "held-out volume", "leave one volume out"
    ]  # fmt: skip
    for i, times in ((0, [13, 14, 15]), (1, [14])):
        fit = clone(centre).set_params(times=times).fit(X)
        rows = {"times": [13, 14, 15], "stencil": 5}
        good = fit.goodness_of_fit(X[1:], **rows)
        assert_allclose(budget.results_["p_value"][i], good.p_value, rtol=1e-9)
        assert_allclose(budget.results_["chi2"][i], good.chi2 / good.dof, rtol=1e-9)
        assert_allclose(budget.results_["score"][i], fit.score(X[1:], **rows), rtol=1e-9)


def test_a_source_that_is_not_fitted_decides(X):
    centre = clone(CENTRE).set_params(sources=["wall"])
    budget = ErrorBudget(centre, {"sources": [["wall", "exp"]]}, holdout="source").fit(X)
    assert budget.results_["criterion"].tolist() == ["held-out source", "leave one source out"]
    fit = clone(centre).fit(X)
    assert_allclose(budget.results_["score"][0], fit.score(X[1:], times=[13, 14, 15], stencil=5))


def test_a_single_source_is_judged_in_sample_with_a_warning(X):
    with pytest.warns(MisfitWarning, match="X has one source for centre; stencil = 3: the data of"):
        budget = ErrorBudget(CENTRE, {"stencil": [3]}).fit(X[:1])
    assert budget.results_["criterion"].tolist() == ["in sample"] * 2
    assert budget.accepted_.all()


def test_nothing_is_accepted_without_a_word(X):
    """A poor form has no result, unless one insists."""
    poor = clone(CENTRE).set_params(estimator=POOR)
    with pytest.warns(MisfitWarning, match=r"no variation is accepted \(leave one source out\)"):
        budget = ErrorBudget(poor, {"stencil": [3]}).fit(X)
    assert not budget.accepted_.any()
    with pytest.raises(ValueError, match=r"no variation is accepted .*χ²/dof = .* and p = "):
        budget.phase_shift(K)
    insists = ErrorBudget(poor, {"stencil": [3]}, p_min=0).fit(X)
    assert insists.accepted_.any()
    assert np.all(insists.phase_shift(K).total > 0)
    with pytest.warns(MisfitWarning, match="the centre is not accepted"):
        other = ErrorBudget(poor, {"estimator": [PRIOR]}).fit(X)
    assert other.accepted_.tolist() == [False, True]


# the strong prior has six bound states, which the warning says
@pytest.mark.filterwarnings("ignore::halkit.exceptions.OverfitWarning")
def test_fits_that_agree_with_everything_are_refused(X):
    """A wide and strong prior of U has a large p-value, since its errors are large."""
    strong = GaussianProcessPotentialRegressor(
        length_scale=2.0, envelope_radius=6.0, amplitude=1.0, local_strength=30.0
    )
    every = ErrorBudget(CENTRE, {"estimator": [strong]}, holdout="source", chi2_ratio=1e9).fit(X)
    strict = ErrorBudget(CENTRE, {"estimator": [strong]}, holdout="source").fit(X)
    assert every.results_["p_value"][1] > 0.01
    assert every.results_["score"][1] < 10 * every.results_["score"][0]
    assert every.accepted_.tolist() == [True, True]
    assert strict.accepted_.tolist() == [True, False]


def test_bound_states_and_branches():
    """A state that one variation lacks has no errors, and δ is compared modulo π."""
    well, flat = GaussianSum([-0.25], [0.1]), GaussianSum([-0.1], [0.1])
    bound = ErrorBudget(CENTRE, {"stencil": [3]}, holdout="source").fit(two_blocks(well))
    states, exact = bound.bound_states(), bound_states(well, reduced_mass=1.0)
    assert len(states.energy) == len(exact.energy) == 1
    assert np.all(np.abs(states.kappa.value - exact.kappa) < 4 * states.kappa.total)
    assert bound.table(states.kappa[0]).count("yes") == 2
    bound.models_[1] = clone(CENTRE).fit(two_blocks(flat))
    with pytest.warns(AccuracyWarning, match=r"the centre has 1 bound states, and 1 accepted"):
        states = bound.bound_states()
    assert np.isfinite(states.kappa.value[0])
    assert np.isnan(states.kappa.statistical[0])
    with pytest.warns(AccuracyWarning, match=r"1 accepted variations \(stencil = 3\) δ is a mult"):
        assert np.ptp(bound.phase_shift(0.02).variations) < np.pi / 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(bound.inverse_scattering_length().systematic)


def test_scattering_lengths_on_their_circle(X):
    """Two wells on both sides of the threshold: 1/a0 is smooth, and a0 beyond infinity."""
    budget = ErrorBudget(CENTRE, {"stencil": [3]}, p_min=0, chi2_ratio=1e9).fit(X)
    wells = [GaussianSum([depth], [0.1]) for depth in (-0.12, -0.15)]
    for i, well in enumerate(wells):
        budget.models_[i] = clone(CENTRE).fit(two_blocks(well))
    lengths = [model.scattering_length() for model in budget.models_]
    assert lengths[0] < -20
    assert lengths[1] > 20
    inverse = budget.inverse_scattering_length()
    # quantiles of the angle: those of 1/a0 to first order
    assert_allclose(inverse.value, np.mean(1 / np.array(lengths)), rtol=0.1)
    assert_allclose(inverse.systematic, 0.34 * (1 / lengths[1] - 1 / lengths[0]), rtol=0.1)
    with pytest.warns(AccuracyWarning, match="a0 may be infinite within its errors"):
        length = budget.scattering_length()
    assert_allclose(length.value, 1 / inverse.value, rtol=1e-9)
    assert np.isnan(length.systematic)
    assert_allclose(length.variations, lengths)


def test_round_trips(X, budget, tmp_path):
    delta = numbers(budget.phase_shift(K))
    for copy in (pickle.loads(pickle.dumps(budget)), reread(budget, tmp_path)):
        assert_array_equal(numbers(copy.phase_shift(K)), delta)
        assert copy.results_["name"].tolist() == budget.results_["name"].tolist()
        assert copy.results_["param_times"].tolist() == budget.results_["param_times"].tolist()
    new = clone(budget)
    assert not hasattr(new, "models_")
    assert new.get_params()["estimator__estimator__local_strength"] == 30.0
    new.set_params(estimator__stencil=3, p_min=0.2)
    assert (new.estimator.stencil, new.p_min) == (3, 0.2)
    assert "ErrorBudget(estimator=CorrelatorRegressor(" in repr(new)
    with pytest.raises(NotFittedError):
        new.phase_shift(K)


def test_threads_give_the_same_and_leave_no_filters(X):
    variations = {"times": [[99]]}
    found, filters = [], warnings.filters[:]
    for n_jobs in (1, 2):
        with parallel_config("threading"), pytest.warns(FitFailedWarning):
            budget = ErrorBudget(CENTRE, variations, holdout=None, n_jobs=n_jobs).fit(X)
        found.append(numbers(budget.phase_shift(K)))
    assert_array_equal(*found)
    assert warnings.filters == filters


def reread(model, folder):
    halkit.save(model, folder / "budget.halkit")
    return halkit.load(folder / "budget.halkit")


def test_a_bar(X, capsys):
    ErrorBudget(CENTRE, {}, holdout=None, verbose=1).fit(X)
    assert "variations:" in capsys.readouterr().err


class Tasks:
    """Notes the tasks of a fit that begin and end, with the fits within it."""

    max_propagation_depth = None

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((type(estimator).__name__, context.task_name))

    def on_fit_task_end(self, estimator, context):
        self.ended.append((type(estimator).__name__, context.task_name))


def test_callbacks_see_every_variation(X):
    pytest.importorskip("sklearn.callback", reason="scikit-learn ≥ 1.9 has callbacks")
    tasks = Tasks()
    variations = {"times": [[14, 15], [13, 14]]}
    model = ErrorBudget(CENTRE, variations, holdout=None).set_callbacks(tasks)
    budget, plain = model.fit(X), ErrorBudget(CENTRE, variations, holdout=None).fit(X)
    assert sorted(tasks.begun) == sorted(tasks.ended)
    assert tasks.ended.count(("ErrorBudget", "fit")) == 1
    assert tasks.ended.count(("CorrelatorRegressor", "fit")) == 3
    for fit, other in zip(budget.models_, plain.models_, strict=True):
        assert_array_equal(fit.phase_shift(K), other.phase_shift(K))
        assert not vars(fit).keys() & set(OF_A_FIT)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"estimator": PRIOR}, TypeError, "estimator must be a CorrelatorRegressor, got a Gauss"),
        ({"estimator__resample": "mean"}, ValueError, "resample of the estimator must be"),
        ({"estimator__times": [99]}, ValueError, "estimator must have a fit that succeeds"),
        ({"variations": "stencil"}, TypeError, "variations must be a dict of lists"),
        ({"variations": [3]}, TypeError, "variations must be a dict of lists"),
        ({"variations": {"stencil": 3}}, TypeError, "variations must have a list of values for st"),
        ({"variations": {"stensil": [3]}}, ValueError, "variations must be of .* got 'stensil'"),
        ({"holdout": "time"}, ValueError, "holdout must be"),
        ({"p_min": 1.0}, ValueError, "p_min must be"),
        ({"chi2_ratio": 0.5}, ValueError, "chi2_ratio must be"),
    ],
)
def test_faults(X, parameters, error, message):
    with pytest.raises(error, match=message):
        ErrorBudget(clone(CENTRE), {}, holdout=None).set_params(**parameters).fit(X)


def test_faults_of_data_and_functions(X, budget):
    means = [replace(b, R={s: v.mean(axis=1, keepdims=True) for s, v in b.R.items()}, kind="mean")
             for b in X]  # fmt: skip
    with pytest.raises(ValueError, match="X must have bins, which errors come from"):
        ErrorBudget(CENTRE, {}).fit(means)
    with pytest.raises(TypeError, match="function must be callable"):
        budget.evaluate(3.0)
    with pytest.raises(ValueError, match="Complex data not supported: values of the function"):
        budget.evaluate(lambda m: 1j * m.phase_shift(0.1))
    lengths = iter(range(1, 1000))
    with pytest.raises(ValueError, match="function must return values of one shape"):
        budget.evaluate(lambda _: np.ones(next(lengths)))


def test_other_bins_are_a_failure(X):
    """Six bins of another volume do not go with eight."""
    fewer = [replace(block, L=48) for block in two_blocks(n_bins=6)]
    both = [*(replace(block, L=32) for block in X), *fewer]
    centre = clone(CENTRE).set_params(volumes=[32])
    with pytest.warns(FitFailedWarning, match="6 jackknife bins, and the centre has 8"):
        budget = ErrorBudget(centre, {"volumes": [[48]]}, holdout="source").fit(both)
    assert budget.accepted_.tolist() == [True, False]
