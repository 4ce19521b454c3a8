"""Every example of the documents runs and draws."""

import runpy
import warnings
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "docs" / "examples").glob("plot_*.py"))
REAL = [path for path in EXAMPLES if "HALKIT_DATA" in path.read_text(encoding="utf-8")]
SYNTHETIC = [path for path in EXAMPLES if path not in REAL]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script without a screen; what it prints, and its figures."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    pyplot.close("all")
    monkeypatch.setattr(pyplot, "show", lambda: None)

    def run(path):
        with warnings.catch_warnings():
            runpy.run_path(str(path))
        return capsys.readouterr().out, [pyplot.figure(n) for n in pyplot.get_fignums()]

    yield run
    pyplot.close("all")


def check_drawn(figures):
    assert figures
    for figure in figures:
        assert all(ax.has_data() for ax in figure.axes)
        figure.canvas.draw()


@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("path", SYNTHETIC, ids=lambda path: path.stem)
def test_example_prints_and_draws(path, run):
    printed, figures = run(path)
    assert printed
    check_drawn(figures)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_example_on_real_correlators(path, run, data_dir, monkeypatch):
    monkeypatch.setenv("HALKIT_DATA", str(data_dir))
    printed, figures = run(path)
    assert "MeV" in printed
    check_drawn(figures)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_example_says_that_it_has_no_correlators(path, run, monkeypatch):
    monkeypatch.delenv("HALKIT_DATA", raising=False)
    printed, figures = run(path)
    assert printed.startswith("Left out: HALKIT_DATA")
    assert not figures


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_begins_with_a_title(path):
    """As the gallery wants it: a docstring whose second line underlines the first."""
    quotes, title, underline = path.read_text(encoding="utf-8").split("\n")[:3]
    assert quotes == '"""'
    assert underline == "=" * len(title)
