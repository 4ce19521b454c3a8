"""Every example of the documents runs and draws.

They take minutes: `make test` leaves them to `make docs`, which asks the same of them.
"""

from pathlib import Path

import pytest

from halkit.gallery import examples, run_example

EXAMPLES = examples(Path(__file__).parents[1] / "docs" / "examples")
REAL = [path for path in EXAMPLES if "HALKIT_DATA" in path.read_text(encoding="utf-8")]
SYNTHETIC = [path for path in EXAMPLES if path not in REAL]


def run(path):
    """Return what a script prints, and its figures."""
    section = run_example(path)
    assert not section.metrics["failed"], section.printed
    return section.printed, list(section.figures.values())


def check_drawn(figures):
    assert figures
    for figure in figures:
        assert all(ax.has_data() for ax in figure.axes)
        figure.canvas.draw()


@pytest.mark.example
@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("path", SYNTHETIC, ids=lambda path: path.stem)
def test_example_prints_and_draws(path):
    printed, figures = run(path)
    assert printed
    check_drawn(figures)


@pytest.mark.data
@pytest.mark.example
@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_example_on_real_correlators(path, data_dir, monkeypatch):
    monkeypatch.setenv("HALKIT_DATA", str(data_dir))
    printed, figures = run(path)
    assert "MeV" in printed
    check_drawn(figures)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_example_says_that_it_has_no_correlators(path, monkeypatch):
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
