"""The report: what it contains, and the command that writes it."""

import json
import os
import re
import struct
import sys
from importlib.metadata import version

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from halkit import reproduce as report
from halkit.cli import main
from halkit.displays.canvas import hides
from halkit.gallery import examples, run_example
from halkit.report import Section, Table, write_report
from halkit.reproduce import toy

SMALL = {
    "toy_model": {"n_seeds": 2},
    "two_nucleons": {"n_bins": 8},
    "omega_ccc_like": {"n_bins": 10},
    "u1_links": {"n_train": 512, "n_samples": 256, "max_epochs": 2, "sizes": (8, 16)},
}  # fmt: skip
FEW = {"symmetric": {"network": "symmetric", "max_iter": 5, "envelope": None}, toy.BEST: {}}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small report without real correlators: its folder, and the sections with their figures."""
    out, sections = tmp_path_factory.mktemp("report"), {}

    def kept(name):
        section = getattr(report, name)

        def job(**settings):
            made = section(**SMALL[name], **settings)
            sections[name] = made, dict(made.figures)
            return made

        return job

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HALKIT_DATA", raising=False)
        patch.setattr(toy, "LADDER", FEW)
        for name in SMALL:
            patch.setattr(report, name, kept(name))
        assert main(["reproduce", "--out", str(out)]) == 0
    return out, sections


def test_numbers_of_the_report(small):
    """The truth is met: by the default network, within errors for correlators and links."""
    metrics = json.loads((small[0] / "metrics.json").read_text())
    assert list(metrics) == ["toy", "nn", "omega_ccc", "xixi", "u1"]
    assert all(numbers["seconds"] >= 0 for numbers in metrics.values())
    best, crude = metrics["toy"][toy.BEST], metrics["toy"]["symmetric"]
    assert best["worst_delta_deg"] < 0.03
    assert best["error_u"] < 1e-3 < crude["error_u"]
    assert max(metrics["nn"]["rms_pull"].values()) < 2.5
    value, error, truth = metrics["nn"]["numbers"]["deuteron: E / MeV"]
    assert abs(value - truth) < 3 * error < 0.3
    full, local = (metrics["omega_ccc"][f"local {name}"] for name in ("+ separable", "only"))
    assert full["error_delta_deg"] < 4.0 < local["error_delta_deg"]
    assert 5 * full["rms_pull"] < 10 < local["rms_pull"]
    np.testing.assert_allclose(metrics["u1"]["harmonics"], [1, 0, 0], atol=0.02)
    assert max(metrics["u1"]["rms_z"]["with rejection"]) < 1.8


def test_the_page_has_contents_looks_tables_and_ends(small):
    """Five sections from the list of contents, each with what to look at; versions, seconds."""
    page = (small[0] / "index.html").read_text(encoding="utf-8")
    targets = re.findall(r'<li><a href="#(\w+)">', page)
    assert targets == re.findall(r'<section id="(\w+)">', page)
    assert targets == ["toy", "nn", "omega_ccc", "xixi", "u1"]
    assert page.count('<p class="look">') == 4
    assert "Left out: no file was given" in page
    assert page.count("<button") == page.count("<table>") == 4 + 1 + 2
    for package in ("halkit", "numpy", "torch", "matplotlib"):
        assert f"<tr><td>{package}</td><td>{version(package)}</td></tr>" in page
    assert f"all, on {os.cpu_count()} processors" in page
    assert "prefers-color-scheme: dark" in page
    assert "metrics.json" in page


def test_pictures_are_sharp_at_double_density(small):
    page = (small[0] / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img src="(\w+\.png)" width="(\d+)" height="(\d+)"', page)
    assert len(pictures) == sum(len(figures) for _, figures in small[1].values()) > 15
    for name, *size in pictures:
        head = (small[0] / name).read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        pixels = struct.unpack(">II", head[16:])
        np.testing.assert_allclose(pixels, [2 * int(x) for x in size], atol=2)


UNITS = r"\[(MeV|fm|deg|μ|1/μ|μ²|MeV fm\$\^\{-1\}\$)\]$"


def check_panels(figures, system="", units=UNITS):
    """Every axis has a unit, every δ a band, every curve 200 points, a legend its system."""
    for name, figure in figures.items():
        figure.canvas.draw()
        assert len(figure.axes) == 1, name
        ax = figure.axes[0]
        labels = [ax.get_xlabel(), ax.get_ylabel()]
        assert all(re.search(units, label) for label in labels), (name, labels)
        smooth = [
            line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2
        ]
        assert all(len(line.get_xdata()) >= 200 for line in smooth), name
        if re.search("phase_shift|distance|error", name):
            bands = [band for band in ax.collections if isinstance(band, PolyCollection)]
            assert bands, name
        if name.endswith("phase_shift"):
            assert not hides(ax), name
        texts = [] if ax.get_legend() is None else ax.get_legend().get_texts()
        named = " ".join([ax.get_title(), *(text.get_text() for text in texts)])
        assert "Regressor" not in named
        if not name.endswith("std"):
            assert system in named, name


@pytest.mark.parametrize(("name", "system"), [("toy_model", ""), ("two_nucleons", "NN"),
                                              ("omega_ccc_like", "")])  # fmt: skip
def test_pictures_have_bands_units_and_the_system(name, system, small):
    check_panels(small[1][name][1], system)


def test_pictures_of_links_have_names_on_both_axes(small):
    figures = small[1]["u1_links"][1]
    assert len(figures) == 5
    for name, figure in figures.items():
        (ax,) = figure.axes
        assert ax.get_xlabel(), name
        assert ax.get_ylabel(), name
        assert ax.get_title(), name
        assert ax.get_legend() is not None, name


def test_a_page_fits_narrow_and_wide_windows(tmp_path):
    """Pictures of one panel stand side by side where there is room; wide ones can be scrolled."""
    from matplotlib.figure import Figure

    figures = {"one": Figure((5.4, 3.8)), "row": Figure((16.0, 4.0))}
    section = Section("Title", "text", tables=[Table(["a"], [["1"]])], figures=figures)
    for _ in range(2):  # the second time the figures are gone
        write_report(tmp_path, {"a": section})
        page = (tmp_path / "index.html").read_text(encoding="utf-8")
        assert 'name="viewport" content="width=device-width' in page
        assert (
            '<a href="one.png"><img src="one.png" width="544" height="383" alt="Title: one"' in page
        )
        assert '<a href="row.png" class="wide"><img src="row.png" width="1088"' in page
        assert '<div class="table"><table>' in page


@pytest.mark.data
@pytest.mark.slow
def test_report_of_real_correlators(data_dir):
    section = report.xixi(data_dir / "xixi_1s0_rcorr.npz", times=(12, 13))
    names = {"xixi_phase_shift", "xixi_potential", "xixi_u", "xixi_u_std"}
    assert set(section.figures) == names
    check_panels(section.figures, "ΞΞ(¹S₀)")
    _, mine, mine_std, theirs, theirs_std = np.array(section.tables[0].rows, dtype=float).T
    np.testing.assert_allclose(mine, section.metrics["delta_deg"], atol=0.005)
    assert np.all((mine_std / theirs_std > 0.4) & (mine_std / theirs_std < 2.5))
    assert np.max(np.abs(mine - theirs) / theirs_std) < 2.0
    assert theirs[1] == pytest.approx(21.45, abs=0.01)
    # V_eff at 0.402 fm: 48.2(7) and 80.7(2.6) MeV
    effective = section.metrics["effective_mev_at_0.4_fm"]
    for source, value, error in (("wall", 48.2, 0.7), ("smeared", 80.7, 2.6)):
        learned, data, _ = effective[source]
        assert abs(data - value) < error
        assert abs(learned - value) < 2 * error


def test_finished_sections_are_kept_when_a_later_one_fails(tmp_path, monkeypatch):
    done = Section("First <one>", "text", tables=[Table(["a"], [["1"]])], metrics={"value": 1.0})
    monkeypatch.setattr(report, "toy_model", lambda **_: done)

    def fail(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "two_nucleons", fail)
    with pytest.raises(KeyboardInterrupt):
        report.reproduce(tmp_path)
    assert "First &lt;one&gt;" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "metrics.json").read_text())["toy"]["value"] == 1.0


@pytest.mark.parametrize("options", [[], ["--full", "--examples", "."]])
def test_without_matplotlib_nothing_is_fitted(options, tmp_path, monkeypatch, capsys):
    """The message names the extra, before the first fit or example."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(report, "toy_model", lambda **_: pytest.fail("it was fitted"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plot_x.py").write_text("raise SystemExit", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", *options, "--out", "out"])
    assert "pip install 'halkit[plot]'" in capsys.readouterr().err


GOOD = '''"""
A good one
==========

Draws a line
and prints <what> it is.
"""
import os
import matplotlib.pyplot as plt

print("1 < 2", os.environ.get("HALKIT_DATA"))
plt.plot([0, 1], [0, 1])
plt.show()
'''
BAD = '"""\nA bad one\n=========\n\nFails.\n"""\nprint("before")\n1 / 0\n'


def test_full_report_runs_every_example_and_keeps_going(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HALKIT_DATA", "elsewhere")
    (tmp_path / "plot_a_bad.py").write_text(BAD, encoding="utf-8")
    (tmp_path / "plot_good.py").write_text(GOOD, encoding="utf-8")
    out = tmp_path / "out"
    status = main(["reproduce", "--full", "--examples", str(tmp_path), "--out", str(out)])
    assert status == 1
    assert "failed: plot_a_bad" in capsys.readouterr().err
    page = (out / "index.html").read_text(encoding="utf-8")
    for text in ("A good one", "prints &lt;what&gt; it is", "1 &lt; 2 None", "before",
                 "ZeroDivisionError"):  # fmt: skip
        assert text in page
    assert (out / "good_1.png").read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert {name: numbers["failed"] for name, numbers in metrics.items()} == {
        "plot_a_bad": True,
        "plot_good": False,
    }
    assert all(numbers["seconds"] > 0 for numbers in metrics.values())
    (tmp_path / "plot_a_bad.py").unlink()
    assert main(["reproduce", "--full", "--examples", str(tmp_path), "--out", str(out)]) == 0


@pytest.mark.parametrize("name", ["good", "plot_good", "plot_good.py"])
def test_one_example_runs_alone_and_prints(name, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("HALKIT_DATA", raising=False)
    (tmp_path / "plot_a_bad.py").write_text(BAD, encoding="utf-8")
    (tmp_path / "plot_good.py").write_text(GOOD, encoding="utf-8")
    folder = ["--examples", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(["reproduce", "--example", name, *folder]) == 0
    index = (tmp_path / "out" / "index.html").resolve()
    assert capsys.readouterr().out == f"1 < 2 None\nreport: {index}\n"
    assert list(json.loads((tmp_path / "out" / "metrics.json").read_text())) == ["plot_good"]
    assert main(["reproduce", "--example", name, "--example", "a_bad", *folder]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("1 < 2 None\n\nbefore\nTraceback")
    assert "failed: plot_a_bad" in printed.err


def test_an_unknown_example_is_refused_before_any_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("HALKIT_DATA", raising=False)
    (tmp_path / "plot_good.py").write_text("raise SystemExit", encoding="utf-8")
    options = ["--example", "good", "--example", "better", "--examples", str(tmp_path)]
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", *options, "--out", str(tmp_path / "out")])
    assert "`example` must be one of good, got 'better'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--full", "--seed", "1"], "--seed has no effect with --full"),
        (["--example", "kn", "--seed", "1"], "--seed has no effect with --example"),
        (["--example", "kn", "--full"], "--example has no effect with --full"),
        (["--examples", "."], "needs --full or --example"),
    ],
)
def test_options_that_would_be_ignored_are_refused(options, message, capsys):
    with pytest.raises(SystemExit):
        main(["reproduce", *options])
    assert message in capsys.readouterr().err


def test_the_examples_of_the_checkout_are_found():
    names = [path.stem for path in examples()]
    assert names == sorted(names)
    assert {"plot_two_parameters", "plot_priors", "plot_omega_ccc"} <= set(names)


def test_a_folder_without_examples_and_a_script_without_a_title_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no examples plot_\*\.py in"):
        examples(tmp_path)
    (tmp_path / "plot_x.py").write_text("print(1)", encoding="utf-8")
    with pytest.raises(ValueError, match=r"plot_x\.py must begin with a docstring"):
        run_example(tmp_path / "plot_x.py")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "must be an integer from 0 to 2^32 - 1, got -1"),
        (["--seed", "4294967296"], "must be an integer from 0"),
        (["--out", "foreign.npz"], "--out: no report can be written to foreign.npz: File exists"),
        (["--out", "foreign.npz/out"], "Not a directory"),
        (["--data", "foreign.npz"], "must hold keys like 'L64_xyz', or like 'nn/R', got ['a']"),
        (["--data", "garbage.npz"], "garbage.npz must be an npz archive"),
        (["--full", "--data", "foreign.npz"], "must be named xixi_1s0_rcorr.npz with --full"),
        (["--example", "kn", "--data", "foreign.npz"], "rcorr.npz with --example"),
    ],
)
def test_what_cannot_end_well_is_refused_before_the_first_fit(
    options, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(report, "toy_model", lambda **_: pytest.fail("it was fitted"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HALKIT_DATA", raising=False)
    np.savez("foreign.npz", a=np.ones(3))
    (tmp_path / "garbage.npz").write_bytes(b"garbage")
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", *options])
    assert message in capsys.readouterr().err


def test_foreign_data_are_refused_by_the_function_too(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "toy_model", lambda **_: pytest.fail("it was fitted"))
    np.savez(tmp_path / "foreign.npz", a=np.ones(3))
    with pytest.raises(ValueError, match="must hold keys like 'L64_xyz'"):
        report.reproduce(tmp_path / "out", data=tmp_path / "foreign.npz")


def test_a_missing_file_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["reproduce", "--data", "nowhere.npz"])
    assert "nowhere.npz is not a file" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--full", "--examples", "."]])
def test_a_folder_that_cannot_be_written_ends_before_the_first_fit(
    options, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(report, "toy_model", lambda **_: pytest.fail("it was fitted"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plot_x.py").write_text("raise SystemExit", encoding="utf-8")
    (tmp_path / "file").touch()
    for out in ("file", "file/inner", "/proc/report", "x" * 300):
        with pytest.raises(SystemExit, match="2"):
            main(["reproduce", *options, "--out", out])
        assert f"--out: no report can be written to {out}: " in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "plot_x.py"]


def test_pages_are_replaced_as_wholes(tmp_path, monkeypatch):
    """A page that cannot be finished leaves the one before, with its mode and its link."""
    (tmp_path / "real").write_text("old", encoding="utf-8")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "index.html").symlink_to("real")
    write_report(tmp_path, {"a": Section("First", "text")})
    before = (tmp_path / "real").read_bytes()
    assert b"First" in before
    assert (tmp_path / "index.html").is_symlink()
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(tmp_path, {"a": Section("Second", "text")})
    assert (tmp_path / "real").read_bytes() == before
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["index.html", "metrics.json", "real"]


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert "halkit 0.1.0" in capsys.readouterr().out
