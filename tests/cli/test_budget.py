"""`halkit budget` and its pictures: the numbers of `ErrorBudget`, and refusals of wrong keys."""

import csv
import io
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_array_equal
from sklearn.exceptions import FitFailedWarning

import halkit
from halkit.cli import main
from halkit.correlators import load_correlators, save_correlators
from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum
from halkit.resampling import blocks

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]
CONFIG = """
files = ["nn.npz"]
holdout = "source"
p_min = 0.001

[estimator]
estimator = { name = "local", n_terms = 1, tol = 1e-10 }
times = "14-15"
stencil = 3

[variations]
times = ["15-16"]
stencil = [5]
estimator = [{ name = "local", n_terms = 1, tol = 1e-3 }]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("budget")
    d = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=6, random_state=0,
    )  # fmt: skip
    save_correlators(folder / "nn.npz", {"nn": replace(d.correlators, inverse_spacing=2000.0)})
    (folder / "budget.toml").write_text(CONFIG, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def budget(folder):
    """The same with the library."""

    def form(tol):
        return halkit.LocalPotentialRegressor(n_terms=1, tol=tol)

    centre = halkit.CorrelatorRegressor(form(1e-10), times=[14, 15], stencil=3)
    variations = {"times": [[15, 16]], "stencil": [5], "estimator": [form(1e-3)]}
    budget = halkit.ErrorBudget(centre, variations, holdout="source", p_min=0.001)
    return budget.fit(blocks(load_correlators(folder / "nn.npz")))


@pytest.fixture(scope="module")
def saved(folder):
    """The file is found from the folder of its configuration."""
    assert main(["budget", str(folder / "budget.toml"), "-o", str(folder / "nn.halkit")]) == 0
    return folder / "nn.halkit"


def test_phase_shifts_with_both_errors(saved, budget, capsys):
    assert main(["phase-shift", str(saved), "--k", "0.1,0.2", "--csv"]) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    quoted = budget.phase_shift([0.1, 0.2])
    assert header[2:] == [
        "delta [rad]", "statistical error of delta [rad]", "systematic error of delta [rad]"
    ]  # fmt: skip
    expected = [quoted.value, quoted.statistical, quoted.systematic]
    assert_array_equal(np.array(rows, dtype=float)[:, 2:].T, expected)
    assert main(["phase-shift", str(saved), "--k", "0.1,0.2"]) == 0
    last = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]]
    assert last == [str(entry) for entry in (180 / np.pi * quoted)]


def test_what_moves_a0(saved, budget, capsys):
    assert main(["observables", str(saved), "--shifts"]) == 0
    printed = capsys.readouterr().out
    a0 = budget.scattering_length()
    assert printed.splitlines()[1].split() == ["a0", str(a0), "a"]
    assert budget.table(a0) in printed
    with pytest.raises(SystemExit, match="2"):
        main(["observables", str(saved), "--shifts", "--csv"])


def test_variations_are_listed(folder, budget, tmp_path, monkeypatch, capsys):
    """The configuration may come from stdin, with paths from the working folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONFIG.encode())))
    assert main(["budget", "-", "-o", str(tmp_path / "b")]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["variation", "data", "chi2/dof", "p", "accepted"]
    for i, line in enumerate(lines):
        assert line.startswith(budget.results_["name"][i])
        assert line.split()[-3:] == [
            f"{budget.results_['chi2'][i]:.3f}", f"{budget.results_['p_value'][i]:.3f}",
            "yes" if budget.accepted_[i] else "no",
        ]  # fmt: skip
    assert len(lines) == 4


WRONG = {
    "key": (("holdout", "holdut"), "there is no key 'holdut': did you mean 'holdout'?"),
    "no files": (("files", "#"), "must have files, got holdout"),
    "no file": (("nn.npz", "n.npz"), "no file at"),
    "files": (('["nn.npz"]', "3"), "files must be a text, or a list of texts, got 3"),
    "choice": (('"source"', '"sauce"'), "holdout must be one of"),
    "central parameter": (("stencil = 3", "stencl = 3"), "did you mean 'stencil'?"),
    "varied parameter": (("stencil = [5]", "stencl = [5]"), "no parameter to vary 'stencl'"),
    "no list": (("stencil = [5]", "stencil = 5"), "must have a list of values for stencil, got 5"),
    "estimator": (('{ name = "local", n_terms = 1, tol = 1e-10 }', '"lokal"'), "'local'?"),
    "no name": (('name = "local", n', "n"), "must be a name, or a table with a name"),
    "its parameter": (("n_terms = 1", "n_term = 1"), "did you mean 'n_terms'?"),
    "times": (('"14-15"', '"14to15"'), "times must be a number, got '14to15'"),
    "other times": (('"14-15"', '"1-5"'), "times must be among"),
    "TOML": (("[variations]", "[variations"), "must be TOML"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_keys_are_named(change, message, folder, tmp_path, capsys):
    (tmp_path / "nn.npz").symlink_to(folder / "nn.npz")
    assert change[0] in CONFIG
    (tmp_path / "b.toml").write_text(CONFIG.replace(*change, 1), encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["budget", str(tmp_path / "b.toml"), "-o", str(tmp_path / "new")])
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "new").exists()


def test_bytes_that_are_no_text(tmp_path, capsys):
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit, match="2"):
        main(["budget", str(tmp_path / "b.toml"), "-o", str(tmp_path / "new")])
    assert "b.toml must be TOML" in capsys.readouterr().err


PICTURES = {
    "phase-shift": ["--energy", "5:50:10", "--units", "MeV"],
    "k-cot-delta": ["--k", "0.02:0.3:10", "--units", "fm"],
    "potential": [],
    "leading-order": [],
    "budget": [],
}


def test_why_a_variation_failed_stands_below_the_table(folder, tmp_path, capsys):
    text = CONFIG.replace("stencil = [5]", "stencil = [7]").replace(
        '"nn.npz"', f'"{folder}/nn.npz"'
    )
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("always", FitFailedWarning)
        assert main(["budget", str(tmp_path / "b.toml"), "-o", str(tmp_path / "b.halkit")]) == 0
    out, told = capsys.readouterr()
    assert "(stencil = 7): ValueError: a stencil of 7 points does not fit" in told
    (line,) = [line for line in out.splitlines() if line.startswith("stencil = 7  ")]
    assert line.split()[3:] == ["-", "-", "-", "failed"]
    assert "nan" not in out
    reason = halkit.load(tmp_path / "b.halkit").results_["reason"][2]
    assert f"stencil = 7 failed: {reason}" in out


def test_variations_with_names(folder, tmp_path, capsys):
    """A named table changes all of its parameters together."""
    named = """estimator = [{ name = "local", n_terms = 1, tol = 1e-3 }]

[variations."late, looser"]
times = "15-16"
estimator__tol = 1e-3
"""
    text = CONFIG.replace('"nn.npz"', f'"{folder}/nn.npz"').replace(CONFIG.splitlines()[-1], named)
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    assert main(["budget", str(tmp_path / "b.toml"), "-o", str(tmp_path / "b.halkit")]) == 0
    budget = halkit.load(tmp_path / "b.halkit")
    assert budget.results_["name"].tolist()[-1] == "late, looser"
    last = budget.models_[-1].get_params()
    assert (last["times"], last["estimator__tol"]) == ([15, 16], 1e-3)
    assert "\nlate, looser " in capsys.readouterr().out
    (tmp_path / "b.toml").write_text(text.replace("__tol", "__toll"), encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["budget", str(tmp_path / "b.toml"), "-o", str(tmp_path / "c.halkit")])
    assert "got 'estimator__toll' (did you mean 'estimator__tol'?)" in capsys.readouterr().err


@pytest.mark.parametrize("what", PICTURES)
def test_pictures(what, saved, tmp_path, monkeypatch):
    """Each is one file of its format; what is drawn is seen before the figure is closed."""
    pyplot.switch_backend("Agg")
    seen = {}
    monkeypatch.setattr("halkit.cli.plot._close", lambda figure: seen.update(figure=figure))
    words = ["plot", str(saved), "--what", what, *PICTURES[what], "-o", str(tmp_path / "p.pdf")]
    assert main(words) == 0
    assert (tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")
    labels = " ".join(f"{ax.get_xlabel()} {ax.get_ylabel()}" for ax in seen["figure"].axes)
    assert {"phase-shift": "MeV", "k-cot-delta": "fm", "budget": "$a_0$"}.get(
        what, "[fm]"
    ) in labels
    pyplot.close("all")


def test_the_curve_of_a_budget_is_its_median(saved, budget, tmp_path, monkeypatch):
    pyplot.switch_backend("Agg")
    seen = {}
    monkeypatch.setattr("halkit.cli.plot._close", lambda figure: seen.update(figure=figure))
    words = ["plot", str(saved), "--k", "0.05:0.3:3", "--x", "k", "-o", str(tmp_path / "p.png")]
    assert main(words) == 0
    curve = max(seen["figure"].axes[0].lines, key=lambda line: len(line.get_xdata()))
    k, delta = (np.asarray(values, dtype=float) for values in curve.get_data())
    ends = budget.phase_shift([0.05, 0.3]).value
    np.testing.assert_allclose(k[[0, -1]], [100.0, 600.0], rtol=1e-12)
    np.testing.assert_allclose(delta[[0, -1]], np.degrees(ends), rtol=1e-8)
    pyplot.close("all")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nn.halkit", "-o", "p.pdf"], "phase-shift needs two momenta at least, --k or --energy"),
        (
            ["nn.halkit", "--k", "0.1", "-o", "p.pdf"],
            "phase-shift needs two momenta at least, --k or --energy",
        ),
        (["nn.halkit", "--k", "0.1:0.2:5", "-o", "p.doc"], "must end in .pdf, .png or .svg"),
        (
            ["nn.halkit", "--what", "nonlocal-potential", "-o", "p.pdf"],
            "has no non-local potential, U(r, r') = 0: draw --what potential",
        ),
        (["nn.npz", "-o", "p.pdf"], "--what must be leading-order for correlators"),
        (["nn.npz", "--what", "leading-order", "--sources", "x", "-o", "p.pdf"], "must be among"),
        (["nn.halkit", "--what", "budget", "--k", "1,2", "-o", "p.pdf"], "must be one momentum"),
    ],
)
def test_pictures_that_are_refused(words, message, saved, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit, match="2"):
        main(["plot", *words])
    assert message in capsys.readouterr().err
    assert not (folder / "p.pdf").exists()
