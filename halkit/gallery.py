"""The examples of the documents as one report.

An example is a script ``plot_*.py`` whose docstring begins with a title. It runs unchanged; the
lines that it prints and the figures that it draws become a `Section`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import runpy
import traceback
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from halkit.report import Section, check_matplotlib, run_sections

__all__ = ["examples", "reproduce_all", "run_example"]


def examples(folder: str | os.PathLike[str] | None = None) -> list[Path]:
    """Return the paths of the examples, in alphabetical order.

    Parameters
    ----------
    folder : path, optional
        Default: ``docs/examples`` of the checkout from which halkit is imported.

    Raises
    ------
    FileNotFoundError
        If the folder has no examples; an installed halkit comes without them.
    """
    folder = Path(__file__).parents[1] / "docs" / "examples" if folder is None else Path(folder)
    paths = sorted(folder.glob("plot_*.py"))
    if not paths:
        raise FileNotFoundError(
            f"no examples plot_*.py in {folder}: run from a checkout, or name their folder"
        )
    return paths


def run_example(path: str | os.PathLike[str]) -> Section:
    """Run one example without a screen.

    Parameters
    ----------
    path : path
        The script.

    Returns
    -------
    Section
        Title and first paragraph of its docstring, the printed lines and the figures. The
        metric ``failed`` is True if the example raised an exception; then the printed lines end
        with the traceback.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    ValueError
        If the script does not begin with a docstring that has a title.
    """
    check_matplotlib()
    import matplotlib
    from matplotlib import pyplot

    path = Path(path)
    title, text = _heading(path)
    printed, failed = io.StringIO(), False
    with matplotlib.rc_context(), warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        pyplot.switch_backend("Agg")
        pyplot.close("all")
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive", UserWarning)
        try:
            runpy.run_path(str(path), run_name="__main__")
        except Exception:  # the other examples still run
            failed = True
            traceback.print_exc(file=printed)
        figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    names = [f"{path.stem.removeprefix('plot_')}_{i}" for i in range(1, len(figures) + 1)]
    return Section(
        title, text, figures=dict(zip(names, figures, strict=True)), metrics={"failed": failed},
        printed=printed.getvalue(),
    )  # fmt: skip


def _heading(path):
    """The title of an example, and the first paragraph below it."""
    lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
    if len(lines) < 2 or set(lines[1]) != {"="}:
        raise ValueError(f"{path.name} must begin with a docstring: a title underlined by =")
    paragraph = "\n".join(lines[2:]).strip().split("\n\n")[0]
    return lines[0], " ".join(paragraph.split())


def reproduce_all(
    out: str | os.PathLike[str] = "report",
    *,
    names: Iterable[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    data: str | os.PathLike[str] | None = None,
) -> dict[str, Section]:
    """Run every example, or some, and write one report, ``index.html``.

    Parameters
    ----------
    out : path
        Folder for the report; made if missing.
    names : list of str, optional
        Examples to run, with or without ``plot_`` and ``.py``; default: all.
    folder : path, optional
        Folder of the examples; see `examples`.
    data : path, optional
        The file with the real correlators. Without it the examples that need them say so.

    Returns
    -------
    dict of str to Section
        One for each example, in the order in which they ran; ``metrics`` tells the ``seconds``
        and whether it ``failed``.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra.
    OSError
        If the folder holds no examples, or the report cannot be written.
    ValueError
        If a name is not the name of an example; before any runs.
    """
    known = {path.stem: path for path in examples(folder)}
    wanted = known if names is None else [_known(name, known) for name in names]
    sections: dict[str, Section] = {}

    def job(name: str) -> Section:
        sections[name] = run_example(known[name])
        return sections[name]

    with _environment("HALKIT_DATA", None if data is None else str(Path(data).parent)):
        run_sections(out, {name: partial(job, name) for name in wanted})
    return sections


def _known(name: str, known: Iterable[str]) -> str:
    """The example that a name means; a ValueError lists them all."""
    stem = f"plot_{name.removesuffix('.py').removeprefix('plot_')}"
    if stem not in known:
        listed = ", ".join(other.removeprefix("plot_") for other in known)
        raise ValueError(f"`example` must be one of {listed}, got {name!r}")
    return stem


@contextlib.contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """Set an environment variable, or unset it, within the block."""
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
