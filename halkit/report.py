"""The page that `halkit reproduce` writes: sections of text, pictures, tables and printed lines.

It begins with a list of its contents, and ends with the versions and the seconds of each section.
"""

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
from halkit.stamp import installed_versions
from halkit.writing import whole_file

__all__ = ["Section", "Table", "check_matplotlib", "make_folder", "run_sections", "write_report"]


@dataclass
class Table:
    """A table of text: the names of its columns, and its rows."""

    header: list[str]
    rows: list[list[str]]


@dataclass
class Section:
    """One experiment: a title, what it is, and what to look at; pictures, tables, numbers.

    The sizes of its figures in inches are kept when they are written.
    """

    title: str
    text: str
    look: str = ""
    tables: list[Table] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    printed: str = ""
    sizes: dict[str, tuple[float, float]] = field(default_factory=dict)


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


# Widths in pixels of the page: of one of two pictures side by side, and of the whole page, which
# figures of several panels, wider than WIDE inches, have for themselves. Screens of double density
# show twice as many.
NARROW, FULL, WIDE = 544, 1088, 8.0
DENSITY = 2
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "skorch", "joblib", "matplotlib")
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>halkit: report</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; --stripe: #f3f3f3 }}
@media (prefers-color-scheme: dark) {{
:root {{ --stripe: #2a2a2a }} body {{ background: #181818; color: #e4e4e4 }}
a {{ color: #8ab8ff }} img {{ filter: brightness(.88) }}
}}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto;
padding: 0 1rem }}
.look {{ border-left: .25rem solid #1f77b4; padding-left: .8rem; font-weight: 600 }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
td, th {{ padding: .2rem .7rem; text-align: right }} td {{ white-space: nowrap }}
td:first-child, th:first-child {{ text-align: left }} th {{ vertical-align: bottom }}
tr:nth-child(even) {{ background: var(--stripe) }}
.table, .wide {{ overflow-x: auto; margin-bottom: 1rem }} .wide img {{ min-width: 44rem }}
.figures {{ display: grid; gap: 1rem; margin: 1.5rem 0;
grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)) }}
.figures .wide {{ grid-column: 1 / -1 }}
img {{ width: 100%; height: auto; border-radius: .3rem }}
pre {{ background: var(--stripe); padding: .5rem .8rem; overflow-x: auto }}
</style>
<h1>halkit {version}: report</h1>
<nav aria-label="Contents"><ol>
{contents}
</ol></nav>
{sections}
<h2 id="versions">Versions and seconds</h2>
{ends}
<p><a href="metrics.json">metrics.json</a> has the numbers of all sections in full.</p>
<script>
for (const button of document.querySelectorAll("button")) {{
button.hidden = false;
button.onclick = () => {{
getSelection().selectAllChildren(button.nextElementSibling);
button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
}};
}}
</script>
</html>
"""


def run_sections(
    out: str | os.PathLike[str], jobs: Mapping[str, Callable[[], Section]]
) -> dict[str, dict[str, Any]]:
    """Run experiments one by one and write the report after each.

    Parameters
    ----------
    out : path
        Folder for the report; made if missing.
    jobs : dict of str to callable
        Each returns a `Section`.

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
        write_report(folder, sections)
    return {name: section.metrics for name, section in sections.items()}


def write_report(out: str | os.PathLike[str], sections: Mapping[str, Section]) -> None:
    """Write ``index.html``, the pictures and ``metrics.json``, each as a whole.

    Parameters
    ----------
    out : path
        An existing folder.
    sections : dict of str to Section
        The finished sections, which an interrupted run keeps. Their figures are dropped.
    """
    for section in sections.values():
        for name, figure in section.figures.items():
            if figure is not None:
                section.sizes[name] = size = tuple(figure.get_size_inches())
                with whole_file(Path(out, f"{name}.png"), overwrite=True) as file:
                    figure.savefig(file, format="png", dpi=DENSITY * _pixels(size)[0] / size[0])
        section.figures = dict.fromkeys(section.figures)  # frees the memory
    page = PAGE.format(
        version=__version__, ends=_ends(sections),
        contents="\n".join(
            f'<li><a href="#{name}">{escape(section.title)}</a></li>'
            for name, section in sections.items()
        ),
        sections="\n".join(_html(name, section) for name, section in sections.items()),
    )  # fmt: skip
    metrics = {name: section.metrics for name, section in sections.items()}
    for name, text in (("index.html", page), ("metrics.json", json.dumps(metrics, indent=1))):
        with whole_file(Path(out, name), overwrite=True) as file:
            file.write(text.encode())


def _pixels(size):
    """Width and height on the page, in pixels, of a figure of a size in inches."""
    width = FULL if size[0] > WIDE else NARROW
    return width, round(width * size[1] / size[0])


def _html(name, section):
    parts = [f'<section id="{name}"><h2>{escape(section.title)}</h2>']
    if section.look:
        parts.append(f'<p class="look">{escape(section.look)}</p>')
    parts.append(f"<p>{escape(section.text)}</p>")
    if section.figures:
        pictures = (_picture(one, section.title, section.sizes[one]) for one in section.figures)
        parts += ['<div class="figures">', *pictures, "</div>"]
    parts += [_table(table) for table in section.tables]
    if section.printed:
        parts.append(f"<pre>{escape(section.printed)}</pre>")
    return "\n".join([*parts, "</section>"])


def _picture(name, title, size):
    width, height = _pixels(size)
    wide = ' class="wide"' if width == FULL else ""
    text = escape(f"{title}: {name.replace('_', ' ')}")
    image = f'<img src="{name}.png" width="{width}" height="{height}" alt="{text}" loading="lazy">'
    return f'<a href="{name}.png"{wide}>{image}</a>'


def _table(table):
    def row(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells) + "</tr>"

    rows = [row(table.header, "th"), *(row(cells, "td") for cells in table.rows)]
    button = '<button type="button" hidden>Copy the table</button>'
    return "\n".join([button, '<div class="table"><table>', *rows, "</table></div>"])


def _ends(sections):
    """What the page ends with: versions of the packages, and the seconds of each section."""
    versions = installed_versions(*PACKAGES)
    seconds = {section.title: section.metrics.get("seconds") for section in sections.values()}
    known = {title: value for title, value in seconds.items() if value is not None}
    known |= {f"all, on {os.cpu_count()} processors": sum(known.values())}
    return "\n".join([
        _table(Table(["package", "version"], [list(pair) for pair in versions.items()])),
        _table(Table(["section", "seconds"], [[k, f"{v:.1f}"] for k, v in known.items()])),
    ])  # fmt: skip
