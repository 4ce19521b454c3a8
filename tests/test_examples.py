"""Every example of the documents runs and draws.

They take minutes: `make test` leaves them to `make docs`, which asks the same of them.
"""

import re
from pathlib import Path

import pytest

from halkit.cli.arguments import make_parser
from halkit.gallery import examples, run_example

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = examples(DOCS / "examples")
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


def test_the_commands_of_the_talk_name_examples():
    """Each step has a command that the program takes, and the page names the picture beside it."""
    text = (DOCS / "talk.md").read_text(encoding="utf-8")
    steps = re.findall(r"^halkit (reproduce .*)$", text, re.MULTILINE)
    run = {name for step in steps for name in make_parser().parse_args(step.split()).example}
    assert len(steps) >= 18
    assert run <= {path.stem.removeprefix("plot_") for path in EXAMPLES}
    assert {f"plot_{name}" for name in run} == set(re.findall(r"`(plot_\w+)`", text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_begins_with_a_title(path):
    """As the gallery wants it: a docstring whose second line underlines the first."""
    quotes, title, underline = path.read_text(encoding="utf-8").split("\n")[:3]
    assert quotes == '"""'
    assert underline == "=" * len(title)
