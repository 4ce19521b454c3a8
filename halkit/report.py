"""The pages that `halkit reproduce` writes: text, tables, printed lines and pictures."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from halkit import __version__
from halkit.writing import whole_file

__all__ = ["Section", "check_matplotlib", "make_folder", "run_sections", "write_report"]


@dataclass
class Section:
    """One experiment: text, a table, printed lines, figures by name, and its numbers."""

    title: str
    text: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    printed: str = ""


def check_matplotlib() -> None:
    """Raise an ImportError that names the extra if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError("a report needs matplotlib: pip install 'halkit[plot]'") from error


def make_folder(out: str | os.PathLike[str]) -> Path:
    """Make the folder of a report, and check that files can be written there.

    Parameters
    ----------
    out : path
        The folder, made with its parents if missing.

    Returns
    -------
    Path

    Raises
    ------
    OSError
        If `out` is a file, or the system refuses to make the folder or to write into it.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out):
        return out


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>halkit: report</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right }}
td:first-child, th:first-child {{ text-align: left }} tr:nth-child(even) {{ background: #f3f3f3 }}
img {{ max-width: 100% }}
pre {{ background: #f3f3f3; padding: .5rem .8rem; overflow-x: auto }}
</style>
<h1>halkit {version}: report</h1>
{sections}
</html>
"""


def run_sections(
    out: str | os.PathLike[str], jobs: Mapping[str, Callable[[], Section]], *, note: str = ""
) -> dict[str, dict[str, Any]]:
    """Run experiments one by one and write the report after each.

    Parameters
    ----------
    out : path
        Folder for the report; made if missing.
    jobs : dict of str to callable
        Each returns a `Section`.
    note : str
        Last paragraph of the report.

    Returns
    -------
    dict of str to dict
        The metrics of each section, with the ``seconds`` that it took.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    OSError
        If the folder cannot be made or written to.
    """
    check_matplotlib()
    from tqdm.auto import tqdm

    folder, sections = make_folder(out), {}
    for name in (bar := tqdm(jobs, disable=None)):
        bar.set_description(name)
        begin = time.perf_counter()
        sections[name] = jobs[name]()
        sections[name].metrics["seconds"] = time.perf_counter() - begin
        write_report(folder, sections, note=note)
    return {name: section.metrics for name, section in sections.items()}


def write_report(
    out: str | os.PathLike[str], sections: Mapping[str, Section], *, note: str = ""
) -> None:
    """Write ``index.html``, the pictures and ``metrics.json``, each as a whole.

    Parameters
    ----------
    out : path
        An existing folder.
    sections : dict of str to Section
        The finished sections, which an interrupted run keeps. Their figures are dropped.
    note : str
        Last paragraph of the report.
    """
    parts = []
    for section in sections.values():
        for name, figure in section.figures.items():
            if figure is not None:
                with whole_file(Path(out, f"{name}.png"), overwrite=True) as file:
                    figure.savefig(file, format="png", dpi=100)
        section.figures = dict.fromkeys(section.figures)  # frees the memory
        parts.append(_html(section))
    if note:
        parts.append(f"<p>{escape(note)}</p>")
    page = PAGE.format(version=__version__, sections="\n".join(parts))
    metrics = {name: section.metrics for name, section in sections.items()}
    for name, text in (("index.html", page), ("metrics.json", json.dumps(metrics, indent=1))):
        with whole_file(Path(out, name), overwrite=True) as file:
            file.write(text.encode())


def _html(section):
    def row(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells) + "</tr>"

    parts = [f"<h2>{escape(section.title)}</h2>", f"<p>{escape(section.text)}</p>"]
    if section.rows:
        table = [row(section.header, "th"), *(row(cells, "td") for cells in section.rows)]
        parts += ["<table>", *table, "</table>"]
    if section.printed:
        parts.append(f"<pre>{escape(section.printed)}</pre>")
    parts += [f'<p><img src="{name}.png" alt="{name}"></p>' for name in section.figures]
    return "\n".join(parts)
