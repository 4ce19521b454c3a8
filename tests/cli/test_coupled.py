"""Coupled channels on the command line: the numbers of the library, from files to tables."""

import csv
import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import halkit
from halkit import Channel, CorrelatorRegressor, ErrorBudget, GaussianProcessPotentialRegressor
from halkit.cli import main
from halkit.correlators import CoupledCorrelators, save_correlators
from halkit.datasets import make_coupled
from halkit.interactions import GaussianSum, InteractionMatrix
from halkit.resampling import blocks

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.PriorWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]
TIMES = (0.09 * np.arange(9, 18)).round(6)
PRIOR = {"local": "only", "local_range": 0.6, "local_strength": 15.0}
CONFIG = f"""
files = ["ll.h5", "nxi.h5"]
channels = 2
holdout = "source"
p_min = 0.0

[estimator]
estimator = {{ name = "gp", local = "only", local_range = 0.6, local_strength = 15.0 }}
times = {TIMES[3:6].tolist()}
errors = "pooled"

[variations]
stencil = [3]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """ΛΛ–NΞ-like correlators, one file for each channel."""
    folder = tmp_path_factory.mktemp("coupled")
    mixing = GaussianSum.from_ranges([0.15], [0.8])
    V = InteractionMatrix(
        [[GaussianSum.from_ranges([-0.15], [1.0]), mixing],
         [mixing, GaussianSum.from_ranges([-0.5], [1.0])]],
        channels=[Channel(masses=5.65), Channel(masses=(4.76, 6.67))],
    )  # fmt: skip
    d = make_coupled(
        V, r=np.arange(1, 21) * 0.3, box_radius=8.0, times=TIMES, source_radius=0.8, noise=5e-4,
        n_bins=6, random_state=0,
    )  # fmt: skip
    for name, record in zip(("ll", "nxi"), d.correlators, strict=True):
        save_correlators(folder / f"{name}.h5", {name: record})
    save_correlators(folder / "both.npz", dict(zip(("ll", "nxi"), d.correlators, strict=True)))
    (folder / "budget.toml").write_text(CONFIG, encoding="utf-8")
    return folder, blocks(CoupledCorrelators(d.correlators))


def centre():
    prior = GaussianProcessPotentialRegressor(**PRIOR)
    return CorrelatorRegressor(prior, times=TIMES[3:6].tolist(), errors="pooled")


def table(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.parametrize("given", [["ll.h5", "nxi.h5"],
                                   ["both.npz", "--group", "ll", "--group", "nxi"]])  # fmt: skip
def test_a_fit_has_the_numbers_of_the_library(folder, given, tmp_path, capsys):
    path, X = folder
    model, times = tmp_path / "fit.halkit", ",".join(map(str, TIMES[3:6]))
    files = [str(path / word) if "." in word else word for word in given]
    sets = [word for name, value in PRIOR.items() for word in ("--set", f"{name}={value}")]
    words = ["fit", *files, "--channels", 2, "-o", model, *sets]
    assert main([*map(str, words), "--times", times, "--errors", "pooled"]) == 0
    capsys.readouterr()
    rows = table(capsys, "phase-shift", model, "--energy", "0.05,0.3", "--csv")
    fit = centre().fit(X)
    value, error = fit.phase_shift(energy=[0.05, 0.3], return_std=True)
    assert_array_equal([float(row["delta_1 [rad]"]) for row in rows], value.phase_shift[:, 0])
    assert_array_equal([float(row["error of eta_2"]) for row in rows], error.inelasticity[:, 1])


def test_a_budget_quotes_both_errors(folder, tmp_path, capsys):
    path, X = folder
    model = tmp_path / "budget.halkit"
    assert main(["budget", str(path / "budget.toml"), "-o", str(model)]) == 0
    capsys.readouterr()
    rows = table(capsys, "phase-shift", model, "--energy", "0.05,0.3", "--csv")
    budget = ErrorBudget(centre(), {"stencil": [3]}, holdout="source", p_min=0.0).fit(X)
    quoted = budget.phase_shift(energy=[0.05, 0.3]).phase_shift
    assert_array_equal([float(row["delta_1 [rad]"]) for row in rows], quoted.value[:, 0])
    name = "systematic error of delta_1 [rad]"
    assert_array_equal([float(row[name]) for row in rows], quoted.systematic[:, 0])
    assert halkit.load(model).models_[0].estimator_.n_channels_ == 2
    assert main(["plot", str(model), "--energy", "0.05:0.4:3", "-o", str(tmp_path / "S.svg")]) == 0
    assert (tmp_path / "S.svg").stat().st_size > 10_000


@pytest.mark.parametrize(("words", "message"), [
    (["ll.h5", "--channels", "2"], "must have 2 channels of each volume, got 1"),
    (["nxi.h5", "ll.h5", "--channels", "2"], "in the order of their thresholds"),
    (["ll.h5", "nxi.h5"], "hadron_mass must be the same in all blocks"),
])  # fmt: skip
def test_channels_that_do_not_go_together(folder, words, message, tmp_path, capsys):
    path, _ = folder
    files = [str(path / word) if "." in word else word for word in words]
    with pytest.raises(SystemExit, match="2"):
        main(["fit", *files, "-o", str(tmp_path / "fit.halkit")])
    assert message in capsys.readouterr().err
