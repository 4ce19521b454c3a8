"""The examples of the documents as one report: every experiment, with its numbers and pictures.

An example is a script ``plot_*.py`` whose docstring begins with a title. It is run as it
stands; what it prints and draws becomes a `Section`.
"""

import ast
import contextlib
import io
import os
import runpy
import time
import traceback
import warnings
from pathlib import Path

from halkit.report import Section, check_matplotlib, make_folder, write_report

__all__ = ["examples", "reproduce_all", "run_example"]


def examples(folder=None):
    """Return the paths of the examples, in alphabetic order.

    Parameters
    ----------
    folder : path, optional
        Default: ``docs/examples`` of the checkout that halkit is imported from.

    Raises
    ------
    FileNotFoundError
        If there are none: an installed halkit comes without its documents.
    """
    folder = Path(__file__).parents[1] / "docs" / "examples" if folder is None else Path(folder)
    paths = sorted(folder.glob("plot_*.py"))
    if not paths:
        raise FileNotFoundError(
            f"no examples plot_*.py in {folder}: run from a checkout, or name their folder"
        )
    return paths


def run_example(path):
    """Run one example without a screen.

    Parameters
    ----------
    path : path
        The script.

    Returns
    -------
    Section
        Title and first paragraph of its docstring, the lines that it printed, its figures,
        and in the metrics the seconds that it took. An example that fails is a section too,
        with the traceback at the end of the lines and ``failed`` in the metrics.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    ValueError
        If the script does not begin with a docstring with a title.
    """
    check_matplotlib()
    import matplotlib
    from matplotlib import pyplot

    path = Path(path)
    title, text = _heading(path)
    printed, begin, failed = io.StringIO(), time.perf_counter(), False
    with matplotlib.rc_context(), warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        pyplot.switch_backend("Agg")
        pyplot.close("all")
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive", UserWarning)
        try:
            runpy.run_path(str(path), run_name="__main__")
        except Exception:  # the others go on
            failed = True
            traceback.print_exc(file=printed)
        figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    names = [f"{path.stem.removeprefix('plot_')}_{i}" for i in range(1, len(figures) + 1)]
    metrics = {"seconds": time.perf_counter() - begin, "failed": failed}
    return Section(
        title, text, figures=dict(zip(names, figures, strict=True)), metrics=metrics,
        printed=printed.getvalue(),
    )  # fmt: skip


def _heading(path):
    """The title of an example, and the first paragraph below it."""
    lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
    if len(lines) < 2 or set(lines[1]) != {"="}:
        raise ValueError(f"{path.name} must begin with a docstring: a title underlined by =")
    paragraph = "\n".join(lines[2:]).strip().split("\n\n")[0]
    return lines[0], " ".join(paragraph.split())


def reproduce_all(out="report", *, folder=None, data=None):
    """Run every example and write their report, ``index.html``, after each.

    Parameters
    ----------
    out : path
        Folder for the report; made if missing.
    folder : path, optional
        Where the examples are; see `examples`.
    data : path, optional
        The file with the real correlators; without it the examples that need them say so.

    Returns
    -------
    dict
        Seconds, and whether it failed, by the name of the example.
    """
    from tqdm.auto import tqdm

    paths = examples(folder)
    out, sections = make_folder(out), {}
    with _environment("HALKIT_DATA", None if data is None else str(Path(data).parent)):
        for path in (bar := tqdm(paths, disable=None)):
            bar.set_description(path.stem)
            sections[path.stem] = run_example(path)
            write_report(out, sections)
    return {name: section.metrics for name, section in sections.items()}


@contextlib.contextmanager
def _environment(name, value):
    """An environment variable set, or unset, for a while."""
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
