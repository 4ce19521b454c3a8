"""The pages that `halkit reproduce` writes: text, tables, printed lines and pictures."""

from __future__ import annotations

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
    """One experiment: text, a table, printed lines, figures by name, and its numbers.

    The widths of its figures in inches are kept when they are written.
    """

    title: str
    text: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    printed: str = ""
    widths: dict[str, float] = field(default_factory=dict)


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


DPI = 120
# Figures of several panels, wider than this many inches, have a line of the page for themselves.
WIDE = 8.0
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>halkit: report</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right }}
td:first-child, th:first-child {{ text-align: left }} tr:nth-child(even) {{ background: #f3f3f3 }}
.table, .wide {{ overflow-x: auto }} .wide img {{ min-width: 44rem }}
.figures {{ display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 }}
.figures a {{ flex: 1 1 28rem; max-width: 34rem; min-width: 0 }} .figures a.wide {{ flex: 1 1 100%;
max-width: 100% }} img {{ width: 100%; height: auto }}
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
                    figure.savefig(file, format="png", dpi=DPI)
                section.widths[name] = figure.get_figwidth()
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

    def picture(name):
        wide = ' class="wide"' if section.widths.get(name, 0) > WIDE else ""
        return f'<a href="{name}.png"{wide}><img src="{name}.png" alt="{name}"></a>'

    parts = [f"<h2>{escape(section.title)}</h2>", f"<p>{escape(section.text)}</p>"]
    if section.rows:
        table = [row(section.header, "th"), *(row(cells, "td") for cells in section.rows)]
        parts += ['<div class="table"><table>', *table, "</table></div>"]
    if section.printed:
        parts.append(f"<pre>{escape(section.printed)}</pre>")
    if section.figures:
        parts += ['<div class="figures">', *(picture(name) for name in section.figures), "</div>"]
    return "\n".join(parts)
