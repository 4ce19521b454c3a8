"""Every example of the documents runs and draws."""

import runpy
import warnings
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "docs" / "examples").glob("plot_*.py"))


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    pyplot.close("all")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    yield
    pyplot.close("all")


def figures():
    from matplotlib import pyplot

    return [pyplot.figure(number) for number in pyplot.get_fignums()]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_draws(path, capsys):
    with warnings.catch_warnings():
        runpy.run_path(str(path))
    printed = capsys.readouterr().out
    assert printed
    drawn = figures()
    if "HALKIT_DATA" not in printed:
        assert drawn
    for figure in drawn:
        assert all(ax.has_data() for ax in figure.axes)
        figure.canvas.draw()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_begins_with_a_title(path):
    """As the gallery wants it: a docstring whose second line of text underlines the first."""
    title, underline = path.read_text(encoding="utf-8").split("\n")[1:3]
    assert path.read_text(encoding="utf-8").startswith('"""\n')
    assert underline == "=" * len(title)
