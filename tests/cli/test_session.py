"""The session of docs/command_line.md runs as it stands, and prints what stands there."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from matplotlib import pyplot

from halkit.cli import main
from halkit.cli.arguments import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"
BLOCK = re.compile(r"^```(python|console|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:[^$\n].*\n|\n)*)", re.MULTILINE)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def console():
    """Yield (language, text), or ("console", command, output) for each command."""
    for language, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language != "console":
            yield language, body, ""
            continue
        for command, output in COMMAND.findall(body):
            yield language, command.replace("\\\n", " "), output


def assert_alike(printed, expected):
    """The same words; numbers to two units of their last digit, or to 1e-6 if they have all."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", expected).split()
    for one, other in zip(NUMBER.findall(printed), NUMBER.findall(expected), strict=True):
        digits = min(len(text.partition(".")[2]) for text in (one, other))
        tolerance = max(2.1 * 10.0**-digits if digits else 2.1, 1e-6 * abs(float(other)))
        assert abs(float(one) - float(other)) <= tolerance, (printed, expected)


@pytest.mark.filterwarnings("default")
def test_the_session_of_the_document(tmp_path, monkeypatch):
    pyplot.switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    n_commands = 0
    for language, text, expected in console():
        if language == "python":
            exec(compile(text, str(PAGE), "exec"), {"__name__": "__main__"})
        elif language == "toml":
            Path("budget.toml").write_text(text, encoding="utf-8")
        else:
            program, *words = shlex.split(text)
            assert program == "halkit"
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                assert main(words) == 0
            assert_alike(printed.getvalue(), expected)
            n_commands += 1
    assert n_commands == 13


def test_the_document_has_every_command():
    page = PAGE.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert re.search(rf"^\| `halkit {name}\b", page, re.MULTILINE), name


@pytest.mark.parametrize(
    ("printed", "expected", "alike"),
    [("a 0.123 b", "a  0.124 b", True), ("a 0.123", "a 0.128", False), ("a 1", "b 1", False),
     ("1.2345678901", "1.2345678999", True), ("1.2345", "1.2345 2", False)],
)  # fmt: skip
def test_outputs_are_compared(printed, expected, alike):
    if alike:
        assert_alike(printed, expected)
    else:
        with pytest.raises(AssertionError):
            assert_alike(printed, expected)
