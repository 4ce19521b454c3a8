"""The code in README.md and docs/*.md, pasted, runs.

All blocks marked ``python`` in one file run in order, in one namespace, in an
empty folder. A traceback names the file and line of the document.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md"))]


def python_blocks(text):
    """Return (line number of the first line of code, code) of every ``python`` block."""
    fences = re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, fence.start(1)) + 1, fence[1]) for fence in fences]


def run_blocks(path):
    """Run the blocks of a document in order, in one namespace."""
    namespace = {"__name__": "__main__"}
    for line, code in python_blocks(path.read_text()):
        padded = "\n" * (line - 1) + code
        exec(compile(padded, str(path), "exec"), namespace)
    return namespace


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_code_of_a_document_runs(path, tmp_path, monkeypatch):
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    pyplot.switch_backend("Agg")
    run_blocks(path)
    pyplot.close("all")


def test_the_readme_is_short_and_starts_with_code():
    text = README.read_text()
    assert len(text.splitlines()) <= 120
    first, _ = python_blocks(text)[0]
    assert first <= 30


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *sorted(set(ROOT.glob("*.md")) - {README})], ids=lambda path: path.name
)
def test_local_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_blocks_share_a_namespace_and_keep_their_lines(tmp_path):
    document = tmp_path / "document.md"
    document.write_text(
        "# Title\n\n```python\na = 1\n```\n\n```sh\nls\n```\n\n```python\nb = a + 1\n```\n"
    )
    assert [line for line, _ in python_blocks(document.read_text())] == [4, 12]
    assert run_blocks(document)["b"] == 2


def test_an_error_names_the_line_of_the_document(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("```python\nx = 1\n```\n\ntext\n\n```python\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as caught:
        run_blocks(document)
    assert caught.traceback[-1].lineno + 1 == 8
