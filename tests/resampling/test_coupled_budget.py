"""Budgets of coupled channels: S, states and poles with both errors, on the right branches."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from halkit import Channel, CorrelatorRegressor, ErrorBudget, GaussianProcessPotentialRegressor
from halkit.correlators import CoupledCorrelators
from halkit.datasets import make_coupled
from halkit.displays import CoupledPhaseShiftDisplay, PhaseShiftDisplay
from halkit.exceptions import AccuracyWarning, MisfitWarning, UnderdeterminedWarning
from halkit.interactions import GaussianSum, InteractionMatrix
from halkit.resampling import blocks, leave_one_source_out
from halkit.resampling.quoted import QuotedValue, quoted_value
from halkit.resampling.variations import few_sources
from halkit.samples import standard_error
from halkit.scattering import coupled_bound_states, coupled_phase_shifts, resonances

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
]
TIMES = 0.09 * np.arange(9, 18)
ENERGY = np.array([0.05, 0.3])
PRIOR = GaussianProcessPotentialRegressor(local="only", local_range=0.6, local_strength=15.0)
CENTRE = CorrelatorRegressor(PRIOR, times=TIMES[3:6].tolist(), errors="pooled")


def truth(depth=-0.5):
    """ΛΛ–NΞ-like, the second threshold at 25 MeV; with a depth of −0.9 the second channel binds."""
    mixing = GaussianSum.from_ranges([0.15], [0.8])
    return InteractionMatrix(
        [
            [GaussianSum.from_ranges([-0.15], [1.0]), mixing],
            [mixing, GaussianSum.from_ranges([depth], [1.0])],
        ],
        channels=[Channel(masses=5.65), Channel(masses=(4.76, 6.67))],
    )


def sample(V, n_bins=6, seed=0):
    d = make_coupled(
        V, r=np.arange(1, 31) * 0.2, box_radius=8.0, times=TIMES, source_radius=0.8, noise=5e-4,
        n_bins=n_bins, random_state=seed,
    )  # fmt: skip
    return blocks(CoupledCorrelators(d.correlators))


@pytest.fixture(scope="module")
def X():
    return sample(truth())


@pytest.fixture(scope="module")
def budget(X):
    """Three that are right, and one whose V of a single Gaussian is not."""
    variations = {
        "times": [TIMES[3:5].tolist()],
        "estimator__local_range": [0.5],
        "estimator__local_widths": [[0.3]],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)
        return ErrorBudget(CENTRE, variations).fit(X)


@pytest.fixture(scope="module")
def phases(budget):
    return budget.phase_shift(energy=ENERGY)


def test_sources_that_are_left_out_decide(budget):
    results = budget.results_
    assert set(results["criterion"]) == {"leave one source out"}
    assert results["accepted"].tolist() == [True, True, True, False]
    assert np.all(results["p_value"][:3] > 0.01)
    assert results["p_value"][3] < 1e-6
    assert -1.5 < results["score"][0] < -0.5


def test_a_volume_that_is_not_fitted_decides(X):
    volumes = [
        CoupledCorrelators([replace(c, L=L) for c in block.channels])
        for L, blocks_ in ((32, X), (24, sample(truth(), seed=1)))
        for block in blocks_
    ]
    centre = CorrelatorRegressor(PRIOR, times=TIMES[3:6].tolist(), volumes=[32])
    results = ErrorBudget(centre, {}).fit(volumes).results_
    assert results["criterion"].tolist() == ["held-out volume"]
    assert results["p_value"][0] > 0.01


def test_what_phases_are_made_of(budget, phases):
    """By hand from the fits of the accepted variations."""
    chosen = budget.models_[:3]
    centres = [m.estimator_.phase_shift(energy=ENERGY) for m in chosen]
    bins = [[b.phase_shift(energy=ENERGY) for b in m.estimators_] for m in chosen]
    for name in phases._fields:
        of_all = np.array([getattr(one, name) for one in centres])
        of_bins = np.array([[getattr(one, name) for one in fits] for fits in bins])
        parts = (np.real, np.imag) if name == "s_matrix" else (np.asarray,)
        for part in parts:
            quoted = getattr(phases, name)
            expected = quoted_value(part(of_all), part(of_bins), "jackknife", np.ones(3, bool))
            assert_allclose(part(quoted.value), expected.value, rtol=1e-12, atol=1e-15)
            assert_allclose(part(quoted.statistical), expected.statistical, rtol=1e-9, atol=1e-15)
            assert_allclose(part(quoted.systematic), expected.systematic, rtol=1e-9, atol=1e-15)
    assert np.isnan(phases.phase_shift.value[0, 1])
    assert np.all(np.isnan(phases.phase_shift.variations[:, 0, 1]))
    S = budget.s_matrix(ENERGY)
    assert_array_equal(S.value, phases.s_matrix.value)
    assert_allclose(S.total, phases.s_matrix.total, rtol=1e-12)


def test_the_truth_is_covered(phases):
    exact = coupled_phase_shifts(truth(), ENERGY)
    for name in ("phase_shift", "inelasticity"):
        quoted, expected = getattr(phases, name), getattr(exact, name)
        known = np.isfinite(expected) & (quoted.total > 1e-9)
        assert known.sum() == (3 if name == "phase_shift" else 2)
        assert np.all(np.abs(quoted.value - expected)[known] < 3.5 * quoted.total[known])
    assert np.nanmax(np.rad2deg(phases.phase_shift.total)) < 8


def test_tables_and_pictures(budget, phases, monkeypatch):
    table = budget.table(phases.phase_shift[1, 0]).split("\n")
    assert len(table) == 6
    assert table[4].endswith("no")
    assert table[-1].startswith(f"{phases.phase_shift[1, 0]}: median of 3 of 4 variations")
    assert budget.table(phases.s_matrix[1, 0, 1].imag).count("yes") == 3
    with pytest.raises(ValueError, match="observable must be real for a table, got complex"):
        budget.table(phases.s_matrix[1, 0, 1])
    monkeypatch.setattr(budget, "phase_shift", lambda **_: phases)
    drawn = CoupledPhaseShiftDisplay.from_estimator(budget, ENERGY, truth=truth())
    assert isinstance(drawn.figure_, Figure)
    assert_array_equal(drawn.phase_shift, phases.phase_shift.value)
    assert_array_equal(drawn.phase_shift_std, phases.phase_shift.statistical)
    assert_array_equal(drawn.inelasticity_sys, phases.inelasticity.systematic)
    assert drawn.thresholds[1] == pytest.approx(0.13)
    with pytest.raises(ValueError, match="estimator must have one channel to be drawn, got 2"):
        PhaseShiftDisplay.from_estimator(budget, ENERGY)


def test_a_single_variation_is_the_jackknife():
    """With a bound state below both thresholds: S, states and a pole."""
    X, energy = sample(truth(-1.6), n_bins=5), ENERGY[1:2]
    alone = ErrorBudget(CENTRE, {}, holdout=None).fit(X)
    fit = alone.estimator_
    quoted = alone.phase_shift(energy=energy)
    value, error = fit.phase_shift(energy=energy, return_std=True)
    for name in value._fields:
        mine = getattr(quoted, name)
        assert_allclose(mine.value, getattr(value, name), rtol=1e-12, err_msg=name)
        assert_allclose(mine.statistical, getattr(error, name), rtol=1e-9, err_msg=name)
        assert_array_equal(mine.systematic, 0 * mine.value, err_msg=name)
    states, (found, std) = alone.bound_states(), fit.bound_states(return_std=True)
    assert len(found.energy) == len(coupled_bound_states(truth(-1.6)).energy) == 1
    assert states.energy.value.shape == (1,)
    assert states.kappa.value.shape == states.probability.value.shape == (1, 2)
    for name in ("energy", "kappa", "probability", "rms_radius"):
        mine = getattr(states, name)
        assert_allclose(mine.value, getattr(found, name), rtol=1e-12, err_msg=name)
        assert_allclose(mine.statistical, getattr(std, name), rtol=1e-7, err_msg=name)
    exact = coupled_bound_states(truth(-1.6)).energy[0]
    assert abs(states.energy.value[0] - exact) < 4 * states.energy.total[0]
    start = states.energy.value[0] + 0.01
    poles, (one, std) = (
        alone.resonances(start, sheet=(1, 1)),
        fit.resonances(start, sheet=(1, 1), return_std=True),
    )
    assert_array_equal(poles.sheet, one.sheet)
    for name in ("energy", "momentum", "residue"):
        mine = getattr(poles, name)
        assert_allclose(mine.value, getattr(one, name), rtol=1e-9, err_msg=name)
        assert_allclose(mine.total.real, getattr(std, name).real, rtol=1e-6, atol=1e-12)
        assert_allclose(mine.total.imag, getattr(std, name).imag, rtol=1e-6, atol=1e-12)
    assert poles.energy.value.real[0] == pytest.approx(states.energy.value[0], rel=1e-6)


class _Fit:
    """A fit with phases that are known."""

    n_channels_ = 2

    def __init__(self, V):
        self.V = V

    def phase_shift(self, *, energy, **mesh):
        return coupled_phase_shifts(self.V, energy, **mesh)

    def resonances(self, start, *, sheet=None, **mesh):
        return resonances(self.V, start, sheet=sheet, **mesh)


@pytest.fixture
def branches(budget):
    """The budget, with truths of other depths instead of its fits."""

    def of(depths, bins):
        models = []
        for depth, of_bins in zip(depths, bins, strict=True):
            model = CorrelatorRegressor(PRIOR)
            model.estimator_ = _Fit(truth(depth))
            model.estimators_ = [_Fit(truth(x)) for x in of_bins]
            model.resample_ = "jackknife"
            model._warn_of_s_matrix = lambda *_: None
            models.append(model)
        other = ErrorBudget(CENTRE, {})
        other.models_, other.accepted_ = models, np.ones(len(models), bool)
        other.results_ = {"name": np.array(["centre", "deeper", "last"][: len(models)])}
        return other

    return of


def test_variations_on_another_branch(branches):
    """In a variation, and a bin of the centre, a quasi-bound state lifts δ1 by π and lowers δ2."""
    energy, low, high = np.array([0.02, 0.3]), -0.4, -0.5
    centre, other = (coupled_phase_shifts(truth(x), energy) for x in (low, high))
    assert_allclose((other.phase_shift - centre.phase_shift)[1], [np.pi, -np.pi], atol=0.3)
    budget = branches([low, high], [[low, high, low], [high, high, high]])
    with pytest.warns(AccuracyWarning, match=r"in 2 accepted variations \(centre; deeper\) a phas"):
        found = budget.phase_shift(energy=energy)
    turn = other.s_matrix * centre.s_matrix.conj()
    apart = np.angle(np.diagonal(turn, axis1=1, axis2=2)) / 2
    assert_allclose(found.phase_shift.value, centre.phase_shift + apart / 2, rtol=1e-9)
    assert_allclose(found.phase_shift.systematic, 0.34 * np.abs(apart), rtol=1e-9)
    errors = standard_error(np.multiply.outer([0.0, 1.0, 0.0], apart), "jackknife")
    assert_allclose(found.phase_shift.variation_errors[0], errors, rtol=1e-9)
    assert np.nanmax(found.phase_shift.variation_errors[1]) < 1e-9
    assert_allclose(found.mixing.value[1], (centre.mixing + other.mixing)[1] / 2, rtol=1e-9)
    total = found.eigenphase.value[1].sum() - found.phase_shift.value[1].sum()
    assert total == pytest.approx(0, abs=1e-9)


def test_a_pole_that_a_variation_lacks(branches, monkeypatch):
    budget = branches([-0.9, -0.92], [[-0.9, -0.91], [-0.92, -0.93]])
    start = resonances(truth(-0.9), 0.1 - 0.01j).energy
    assert len(start) == 1
    poles = budget.resonances(start)
    energies = [resonances(truth(x), start).energy[0] for x in (-0.9, -0.92)]
    assert_allclose(poles.energy.value, np.mean(energies), rtol=1e-9)
    assert_allclose(poles.energy.systematic.imag, 0.34 * abs(np.diff(energies).imag), rtol=1e-6)
    assert str(poles.energy[0]).count("(") == 4
    lacking = budget.models_[1].estimators_[0]
    empty = resonances(truth(-0.9), start)
    empty = type(empty)(*(part[:0] for part in empty))
    monkeypatch.setattr(lacking, "resonances", lambda *_, **__: empty)
    with pytest.warns(AccuracyWarning, match=r"1 accepted variations \(deeper\), or some of their"):
        poles = budget.resonances(start)
    assert np.isfinite(poles.energy.value[0])
    assert np.isnan(poles.energy.statistical[0])
    monkeypatch.setattr(budget.estimator_.estimator_, "resonances", lambda *_, **__: empty)
    assert len(budget.resonances(start).energy) == 0


def test_complex_values():
    random = np.random.default_rng(0)
    z = random.standard_normal((4, 3)) + 1j * random.standard_normal((4, 3))
    parts = [
        quoted_value(part[:2], part[:, None][:2].repeat(3, 1) + random.normal(size=(2, 3, 3)),
                     "jackknife", np.ones(2, bool))
        for part in (z.real, z.imag)
    ]  # fmt: skip
    names = ("value", "statistical", "systematic", "variations", "variation_errors", "shift_errors")
    both = QuotedValue(**{name: getattr(parts[0], name) + 1j * getattr(parts[1], name)
                          for name in names}, accepted=parts[0].accepted)  # fmt: skip
    assert_allclose(both.total, parts[0].total + 1j * parts[1].total)
    assert str(both[0]) == f"{parts[0][0]} + i·{parts[1][0]}"
    turned = -2.0 * both
    assert_allclose(turned.value, -2 * both.value)
    assert_allclose(turned.systematic, 2 * both.systematic)
    assert_allclose(turned.imag.statistical, 2 * parts[1].statistical)


def test_what_one_channel_has_is_refused(budget):
    told = r"that of one channel, got 2: coupled channels have phase_shift\(energy=\.\.\.\), s_matr"
    calls = {
        "scattering_length": {}, "inverse_scattering_length": {}, "effective_range": {},
        "k_cot_delta": {"k": [0.1]},
    }  # fmt: skip
    for name, arguments in calls.items():
        with pytest.raises(ValueError, match=told):
            getattr(budget, name)(**arguments)
    with pytest.raises(ValueError, match="energy must be given for 2 channels, got the other"):
        budget.phase_shift(k=[0.1])
    with pytest.raises(ValueError, match="energy must be given once"):
        budget.phase_shift()
    for name in ("phase_shift", "s_matrix"):
        with pytest.raises(ValueError, match=r"energy must be positive, got -0\.1"):
            getattr(budget, name)([-0.1, 0.2])
    V = budget.local_potential([0.5, 1.0])
    assert V.value.shape == (2, 2, 2)
    of_one = budget.evaluate(lambda fit: fit.local_potential(0.5)[0, 1])
    assert of_one.value == pytest.approx(V.value[0, 1, 0], rel=1e-12)


def test_a_source_that_u_needs_is_not_left_out(X):
    """V and U of two channels take four sources: of four none is left out, of five one may be."""
    potential = GaussianProcessPotentialRegressor(
        local_range=0.6, length_scale=0.8, envelope_radius=0.6, amplitude=2e-3,
        local_strength=15.0, nonlocal_strength=1.0,
    )  # fmt: skip
    centre = CorrelatorRegressor(potential, times=[TIMES[4]])
    told = "needs 4 sources beside those that are left out, got 3"
    with pytest.warns(MisfitWarning, match=f"a potential with U of 2 coupled channels {told}"):
        budget = ErrorBudget(centre, {"estimator__local": ["only"]}).fit(X)
    assert set(budget.results_["criterion"]) == {"in sample"}
    local = CorrelatorRegressor(PRIOR, times=[TIMES[4]])
    mixed = {"estimator": [potential]}
    with pytest.raises(ValueError, match=f"holdout must be 'volume' or None: .* {told}"):
        ErrorBudget(local, mixed, holdout="source").fit(X)
    fifth = CoupledCorrelators([
        replace(c, R={"other": c.R["wall 1"] * c.R["exp 2"] / c.R["wall 2"]})
        for c in _joined(X)
    ])  # fmt: skip
    models = [local, CorrelatorRegressor(potential)]
    assert not few_sources(models, [*X, fifth])
    assert not few_sources([local], X)
    some = CorrelatorRegressor(potential, sources=["wall 1", "wall 2"])
    assert few_sources([some], [*X, fifth]).endswith("left out, got 2")
    folds = leave_one_source_out.split(X)
    with pytest.warns(UnderdeterminedWarning, match="X has 4 sources, and U of 2 coupled channels"):
        assert len(list(folds)) == 4


def _joined(X):
    """The channels with all sources in one record."""
    return [
        replace(X[0].channels[a], R={x.sources[0]: x.channels[a].R[x.sources[0]] for x in X})
        for a in range(2)
    ]


def test_sources_of_one_operator_do_not_judge_the_other(X):
    """Without "wall 2" three sources have two of one operator: the refit does not know V_22."""
    few = CorrelatorRegressor(PRIOR, times=[TIMES[4]], sources=["wall 1", "exp 1", "wall 2"])
    told = "it failed: ValueError: one source may not be left out: these rows do not tell"
    with pytest.raises(ValueError, match=told):
        ErrorBudget(few, {}, holdout="source").fit([X[0], X[2], X[1]])
