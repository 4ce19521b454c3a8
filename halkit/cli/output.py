"""Tables on stdout or in a file, and files that are new.

With ``--csv`` numbers have all their digits: read back they are the same, bit for bit.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from halkit.writing import whole_file

__all__ = ["check_new", "table", "write_table", "write_text"]

STDOUT = "-"


def check_new(path: str, force: bool, inputs: Sequence[str] = ()) -> Path:
    """Return a path that may be written; refuse it before the work.

    Raises
    ------
    OSError
        If the file exists and `force` is False, if it is one of `inputs`, which are read, or if
        its folder does not exist.
    """
    found = Path(path)
    if found.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if any(found.exists() and Path(i).exists() and found.samefile(i) for i in inputs):
        raise FileExistsError(f"{path} is read: the output must be another file")
    if found.exists() and not force:
        raise FileExistsError(f"there is a file {path} already: --force replaces it")
    if not found.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {found.parent}")
    return found


def table(columns: Mapping[str, Sequence[Any]], *, as_csv: bool = False) -> str:
    """Return the columns, by their labels, as lines of text."""
    rows = zip(*columns.values(), strict=True)
    if as_csv:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([columns, *([_exact(cell) for cell in row] for row in rows)])
        return stream.getvalue()
    cells = [[*columns], *([_short(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    first = next(iter(columns.values()), [])
    left = str.ljust if all(isinstance(cell, str) for cell in first) else str.rjust
    lines = ([left(row[0], widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in cells)
    return "".join(f"{'  '.join(line)}\n" for line in lines)


def write_table(columns: Mapping[str, Sequence[Any]], options: Any) -> None:
    """Write a table as the options ``csv``, ``output`` and ``force`` say."""
    write_text(table(columns, as_csv=options.csv), options)


def write_text(text: str, options: Any) -> None:
    """Write a text to stdout, or to a file as a whole."""
    if options.output == STDOUT:
        sys.stdout.write(text)
        return
    output = check_new(options.output, options.force, [options.model])
    with whole_file(output, overwrite=options.force) as file:
        file.write(text.encode())


def _exact(cell):
    return repr(float(cell)) if isinstance(cell, float) else str(cell)


def _short(cell):
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
